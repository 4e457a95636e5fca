package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/wechatoa/wechat/wechattest"
)

// note is a reason for the page: a code for programs, and a text in both languages.
type note struct {
	Code    wechattest.Reason `json:"code"`
	Chinese string            `json:"zh"`
	English string            `json:"en"`
}

// The reasons of the simulator, besides those of wechattest.
const (
	reasonLate        wechattest.Reason = "late"         // a retry was accepted
	reasonNotLoopback wechattest.Reason = "not_loopback" // the callback is on another machine
	reasonURL         wechattest.Reason = "invalid_url"  // the address is not a URL
)

// texts are the reasons in Chinese and English.
var texts = map[wechattest.Reason][2]string{
	wechattest.ReasonNoCallback:   {"没有设置服务器地址(URL)，消息没有推送", "No callback URL is set, so nothing was pushed"},
	wechattest.ReasonNotFollowing: {"用户没有关注公众号，消息没有推送", "The user does not follow the account, so nothing was pushed"},
	wechattest.ReasonBlacklisted:  {"用户在黑名单中，消息没有推送", "The user is on the blacklist, so nothing was pushed"},
	wechattest.ReasonQRCode:       {"二维码已过期", "The QR code has expired"},
	wechattest.ReasonPaused:       {"连续失败后，平台暂停推送一分钟", "Pushes are paused for a minute after repeated failures"},

	wechattest.ReasonNoReply:     {"程序回应为空或 success，用户看不到回复", "The program responded with nothing or \"success\", so the follower sees no reply"},
	wechattest.ReasonNotShown:    {"程序已回复，但微信不显示对这类推送的这种回复", "The program replied, but the app shows no such reply to this push"},
	wechattest.ReasonTransferred: {"消息已转给客服或其他服务", "The message was transferred to the agents or another service"},

	wechattest.ReasonTimeout:     {"程序没有在规定时间内回应", "The program did not respond in time"},
	wechattest.ReasonRefused:     {"连接被拒绝：该地址没有程序在监听", "Connection refused: nothing listens at the address"},
	wechattest.ReasonUnknownHost: {"无法解析服务器地址的域名", "The host name of the callback cannot be resolved"},
	wechattest.ReasonUnreachable: {"无法连接服务器地址", "The callback cannot be reached"},
	wechattest.ReasonClosed:      {"程序没有回应完就关闭了连接", "The connection was closed before the response was complete"},
	wechattest.ReasonCertificate: {"TLS 握手失败，证书无效或不受信任", "The TLS handshake failed: the certificate is invalid or not trusted"},
	wechattest.ReasonCanceled:    {"推送被取消", "The push was canceled"},

	wechattest.ReasonRedirect:     {"程序回应了重定向，平台不会跟随", "The program responded with a redirect, which the platform does not follow"},
	wechattest.ReasonStatus:       {"程序回应的 HTTP 状态码不是 200", "The HTTP status of the response is not 200"},
	wechattest.ReasonEchostr:      {"程序没有原样返回 echostr", "The program did not return the echostr as it is"},
	wechattest.ReasonFormat:       {"回复不是合法的 UTF-8 XML（或 JSON）", "The reply is not valid XML (or JSON) in UTF-8"},
	wechattest.ReasonNotEncrypted: {"安全模式下，回复没有加密", "The reply is not encrypted, but the mode is safe"},
	wechattest.ReasonSignature:    {"回复的 MsgSignature 错误", "The MsgSignature of the reply is wrong"},
	wechattest.ReasonEncryption:   {"回复无法解密，或属于另一个 AppID", "The reply cannot be decrypted, or belongs to another AppID"},
	wechattest.ReasonAddress:      {"回复的 ToUserName 或 FromUserName 错误", "The ToUserName or FromUserName of the reply is wrong"},
	wechattest.ReasonReplyType:    {"回复的 MsgType 未知", "The MsgType of the reply is unknown"},
	wechattest.ReasonContent:      {"回复缺少内容，或内容过长、格式错误", "The content of the reply is missing, too long or malformed"},
	wechattest.ReasonMedia:        {"回复中的 media_id 不存在", "The media_id of the reply does not exist"},

	reasonLate: {"程序第一次回应太晚，重试后才被接受", "The first response came too late; a retry was accepted"},
	reasonURL: {
		"服务器地址必须是 http:// 或 https:// 开头的 URL，例如 http://127.0.0.1:8081/wechat",
		"The URL of the callback must begin with http:// or https://, such as http://127.0.0.1:8081/wechat",
	},
	reasonNotLoopback: {"服务器地址不在本机；要允许，请用 -allow-remote 启动", "The callback is not on this machine; start with -allow-remote to allow this"},
}

// noteOf returns the text of a reason.
func noteOf(reason wechattest.Reason) note {
	text := texts[reason]
	return note{Code: reason, Chinese: text[0], English: text[1]}
}

// noteOfError returns the reason why the callback was not accepted, with its details.
func noteOfError(err error, timeout time.Duration) *note {
	var e *wechattest.CallbackError
	if !errors.As(err, &e) {
		return nil
	}
	n := noteOf(e.Reason)
	switch e.Reason {
	case wechattest.ReasonTimeout:
		n.detail("%v", timeout)
	case wechattest.ReasonStatus, wechattest.ReasonRedirect:
		n.detail("%d", e.Status)
	case wechattest.ReasonEchostr:
		n.detail("%.80q", e.Body)
	}
	return &n
}

// detail adds a detail to both texts.
func (n *note) detail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	n.Chinese += "：" + text
	n.English += ": " + text
}

// noteOfReport returns why the follower did not see a reply, or saw it late. It returns
// nil if all went well.
func noteOfReport(r *wechattest.Report, timeout time.Duration) *note {
	failed := 0
	for _, d := range r.Deliveries {
		if d.Err != nil {
			failed++
		}
	}
	if r.Reason == "" {
		if failed == 0 || len(r.Deliveries) == 0 || r.Deliveries[0].Err == nil {
			return nil
		}
		n := noteOf(reasonLate)
		if first := noteOfError(r.Deliveries[0].Err, timeout); first != nil && first.Code != wechattest.ReasonTimeout {
			n.Chinese, n.English = "第一次推送失败（"+first.Chinese+"），重试后才被接受", "The first delivery failed ("+first.English+"); a retry was accepted"
		}
		return &n
	}
	n := noteOf(r.Reason)
	if last := len(r.Deliveries) - 1; last >= 0 && r.Deliveries[last].Err != nil {
		if of := noteOfError(r.Deliveries[last].Err, timeout); of != nil && of.Code == r.Reason {
			n = *of
		}
		n.Chinese += fmt.Sprintf("（共推送 %d 次）", len(r.Deliveries))
		n.English += fmt.Sprintf(" (%d deliveries)", len(r.Deliveries))
	}
	return &n
}
