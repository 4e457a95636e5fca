// Package wechattest is the platform, faked: what a program is tested against
// without an account. It keeps state (tokens, followers, tags, menus, messages,
// media, drafts, quotas), is strict about what the platform is strict about and
// answers with the errcodes that the platform documents, and pushes messages and
// events to a callback with the platform's retry rules.
//
//	srv := wechattest.NewServer(t)
//	alice := srv.AddUser(wechattest.User{Nickname: "Alice"})
//	client := srv.Client()
//
//	srv.SetCallback(handler)
//	report := alice.Sends(ctx, "hi")  // what the follower saw of it: report.Reply
//	err := client.SendCustomMessage(ctx, …)
//	alice.Messages()                  // everything that reached her
//
// A [Server] listens on the loopback interface and ends with its test. A
// [Platform] is the same without a listener and without a test: an [http.Handler],
// and with [Platform.Client] a client that calls it in process, which also works
// inside a bubble of testing/synctest, where tokens expire and pushes are repeated
// in no time.
//
// Command cmd/wechat-simulator runs a platform for programs in other languages, and
// for SDKs whose hosts are fixed.
//
// # Faults
//
// [Platform.FailNext] refuses the next call of an API, [Platform.InjectFault] makes
// connections break, answers hang or arrive garbled. [Faults] lists every fault
// for tests that go through all of them. [Platform.RevokeToken] makes tokens die.
//
// # How strict it is
//
// Where the documentation is silent or contradicts itself, the fake accepts what
// programs have been seen to send with success. [WithStrict] makes it as strict as
// the documentation, and [WithRules] keeps single rules. docs/fake.md lists what
// differs, row by row, with how it is known. APIs that the platform has withdrawn
// fail the test of a [Server] and name their successors.
//
// # What is faked how well
//
// What programs ask about has state: tokens, tickets, quotas, users, tags, the
// blacklist, menus, templates, customer-service messages, agents and sessions,
// media, materials, drafts, publishing, comments, mass messages, QR codes, short
// keys, notifications, authorized pages, and API security. Statistics are those that
// [Platform.SetStatistics] sets, and samples for the days that were asked for. Every
// other documented API checks its request against the documentation and answers a
// valid sample. An API that the SDK does not know is refused, and on a Server fails
// the test, until [Platform.Handle] gives it a behaviour.
package wechattest
