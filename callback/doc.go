// Package callback 接收微信公众号的消息与事件推送，并作被动回复：校验签名、加解密、去重、排队、限时应答。
// 中文指南：https://github.com/wechatoa/wechat/tree/main/docs/zh
//
// Package callback receives the messages and events that the WeChat platform sends to an
// Official Account, and replies to them.
//
//	h, err := callback.NewHandler(callback.Config{
//		Credentials: callback.NewCredentials(token, aesKey), AppID: appID, // as shown in the console (服务器配置)
//	})
//	if err != nil {
//		return err
//	}
//	callback.On(h, func(ctx context.Context, m *callback.TextMessage) (callback.Reply, error) {
//		return callback.Text("收到: " + m.Content), nil
//	})
//	http.Handle("/wechat", h)
//
// A [Handler] is an [http.Handler] and works with every router:
//
//	http.Handle("/wechat", h)               // net/http
//	router.Any("/wechat", gin.WrapH(h))     // gin
//	e.Any("/wechat", echo.WrapHandler(h))   // echo
//	r.Handle("/wechat", h)                  // chi
//
// # Pushes and deliveries
//
// A push is a message or an event that the platform sends to the account. A delivery is
// one HTTP request that carries it. The platform waits 5 seconds for a response and
// delivers a push up to three times.
//
// For each delivery, the handler verifies the signature and the timestamp and decrypts the
// body. Every request that does not match its configuration is refused, always with the
// same response. The handler parses the push into a Go type such as [*TextMessage] or
// [*ClickEvent]; a push of unknown type is an [*UnknownMessage]. Then it calls the function
// that was registered for the push; [On] lists the order of precedence. The [Reply] that
// the function returns is the response, encrypted if the push was.
//
// Each push is handled once, and all of its deliveries get the same reply. If a function
// takes longer than [Config.ResponseTimeout], the push is acknowledged, the function keeps
// running, and its reply is sent as customer-service messages through
// [Config.SendDeferred]; with [Config.HoldDeliveries], a later delivery gets the reply
// instead. If a function fails or panics, the failure is logged and the push is
// acknowledged, unless [Config.RetryFailed] is set. This page describes all states of a
// push, all time limits and the result of every failure:
//
// https://github.com/wechatoa/wechat/blob/main/docs/callback.md
//
// # Remaining risks
//
// In plain mode the platform's signature does not cover the message. Anyone who sees the
// URL of one request, for example in the log of a proxy, can forge messages for five
// minutes. If the nonce of that request can be read as a timestamp, they can do so again at
// that time, because the signature does not tell the two apart. Use safe mode and HTTPS,
// and keep query strings out of logs.
//
// The platform does not guarantee the order of pushes. It drops a push after three failed
// deliveries, and stops all pushes for a minute after many failures.
package callback
