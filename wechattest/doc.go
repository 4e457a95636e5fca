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
// # Faults
//
// [Platform.FailNext] refuses the next call of an API, [Platform.Fault] makes
// connections break, answers hang or arrive garbled. [Faults] lists every fault
// for tests that go through all of them. [Platform.RevokeToken] makes tokens die.
//
// # What is faked how well
//
// What programs ask about has state: tokens, tickets, quotas, users, tags, the
// blacklist, menus, templates, customer-service messages, agents and sessions,
// media, materials, drafts, publishing, comments, mass messages, QR codes, short
// keys, notifications, authorized pages, and API security. Every other documented
// API checks its request against the documentation and answers a valid sample. An
// API that the SDK does not know is refused, and on a Server fails the test, until
// [Platform.Handle] gives it a behaviour.
package wechattest
