// Package callback receives what the platform pushes to an Official Account,
// messages and events, and answers it (接收消息与事件推送、被动回复).
//
//	h, err := callback.NewHandler(callback.Config{
//		Credentials: callback.NewCredentials(token, aesKey), AppID: appID, // as in the console (服务器配置)
//	})
//	if err != nil {
//		return err
//	}
//	callback.On(h, func(ctx context.Context, m *callback.TextMessage) (callback.Reply, error) {
//		return callback.Text("收到: " + m.Content), nil
//	})
//	http.Handle("/wechat", h)
//
// A [Handler] is an [http.Handler], for every router:
//
//	http.Handle("/wechat", h)               // net/http
//	router.Any("/wechat", gin.WrapH(h))     // gin
//	e.Any("/wechat", echo.WrapHandler(h))   // echo
//	r.Handle("/wechat", h)                  // chi
//
// # What it does with a push
//
// It verifies the signature and the time, decrypts, and refuses everything that is
// not as configured, with one answer for all reasons. It reads the push into a type
// of its own, such as [*TextMessage] or [*ClickEvent]; what has no type is an
// [*UnknownMessage]. It finds the handler: [Handler.OnText], [Handler.OnEventKey], [On],
// [Handler.Fallback], in this order. It answers with the [Reply] that the handler
// returns, encrypted as the push was.
//
// The platform waits 5 seconds and delivers a push up to three times. A push is
// handled once; its other deliveries get the same answer. A handler that takes
// longer than [Config.Budget] goes on after the answer "success", and its reply
// goes out as customer-service messages by [Config.Deferred]; with [Config.Hold] it
// is the answer to a later delivery. A handler that fails or panics is logged and
// acknowledged, unless [Config.RetryFailed] says otherwise. The states of a push, the
// times and what happens on each failure are on one page:
//
// https://github.com/wechatoa/wechat/blob/main/docs/callback.md
//
// # What remains
//
// In plain mode the platform's signature does not cover the message: whoever sees
// the URL of one request, in the log of a proxy, can send others for five minutes,
// and again when the time comes that its nonce happens to spell. Use safe mode,
// HTTPS, and keep queries out of logs. The platform promises
// no order of pushes, and gives a push up after three failed deliveries; after many
// failures it pauses pushing for a minute.
package callback
