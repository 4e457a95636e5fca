// Package wechattest 是有状态的模拟微信公众平台，没有公众号也能测试程序。它记录凭据、关注者、标签、
// 菜单、消息、素材、草稿与接口额度，按官方文档校验请求、返回错误码，并按平台的重试规则把消息和事件推送到回调。
// 中文指南：https://github.com/wechatoa/wechat/tree/main/docs/zh
//
// Package wechattest is a stateful fake of the platform, for tests without an account. It
// keeps tokens, followers, tags, menus, messages, media, drafts and quotas. It is as strict
// as the platform, returns the errcodes that the platform documents, and pushes messages
// and events to a callback, following the platform's retry rules.
//
//	srv := wechattest.NewServer(t)
//	alice := srv.AddUser(wechattest.User{Nickname: "Alice"})
//	client := srv.Client()
//
//	srv.SetCallback(handler)
//	report := alice.Sends(ctx, "hi")  // report.Reply is the reply of the handler
//	err := client.SendCustomMessage(ctx, …)
//	alice.Messages()                  // everything that reached Alice
//
// A [Server] listens on the loopback interface and closes when its test ends. A [Platform]
// needs neither a listener nor a test: it is an [http.Handler], and the clients of
// [Platform.Client] call it in process. It also works inside a testing/synctest bubble,
// where tokens expire and pushes are retried without waiting.
//
// [Platform.HTTPClient] enables the fake for other SDKs whose HTTP client can be
// replaced. The command wechat-simulator runs it for programs in other languages, and for
// SDKs whose hosts are fixed.
//
// # Faults
//
// [Platform.FailNext] makes the next call to an API fail with an errcode.
// [Platform.InjectFault] breaks connections, and delays or corrupts responses. [Faults]
// returns one fault of each kind, for tests that try them all. [Platform.RevokeTokens]
// invalidates the access tokens.
//
// [Network] damages what lies in between: connections to the platform, to a callback or to
// Redis, and HTTP requests. A seed replays its random decisions.
//
// # Strictness
//
// If the official pages are silent or contradict themselves, the fake accepts what is known
// to work in practice. [WithStrict] makes it as strict as the pages, and [WithRules]
// enables individual rules. docs/fake.md lists every difference with its evidence. A call
// to an API that the platform has withdrawn fails the test of a [Server]; the failure names
// the API that replaces it.
//
// # State and recordings
//
// [Platform.SaveStateFile] and [Platform.RestoreStateFile] keep the state of a platform, so
// that tests start from a prepared account. [Replay] answers with what the real platform
// answered while wechat-simulator recorded it.
//
// # Coverage
//
// The fake keeps state for tokens, tickets, quotas, users, tags, the blacklist, menus,
// templates, customer-service messages, agents and sessions, media, materials, drafts,
// publishing, comments, mass messages, QR codes, short keys, notifications, authorization
// pages, and API security. Statistics are what [Platform.SetStatistics] has set, or sample
// figures for the requested days. Every other documented API validates its request and
// returns a sample response. A call to an API that the official pages do not document is
// refused and fails the test of a Server, unless [Platform.Handle] implements the API.
package wechattest
