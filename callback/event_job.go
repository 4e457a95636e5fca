package callback

import "github.com/wechatoa/wechat/internal/publishing"

// MassSendJobFinishEvent tells how a mass message went (群发结果事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Batch_Sends
type MassSendJobFinishEvent struct {
	Header

	MsgID                int64
	Status               string // "send success", "send fail" or "err(num)"
	TotalCount           int64  // followers that were meant
	FilterCount          int64  // of them left after the filters
	SentCount            int64
	ErrorCount           int64
	CopyrightCheckResult CopyrightCheckResult
	ArticleURLResult     ArticleURLResult
}

// CopyrightCheck is what the check found in one article.
type CopyrightCheck struct {
	Position              int   `push:"ArticleIdx"`
	DeclaredState         int64 `push:"UserDeclareState"`
	AuditState            int64
	OriginalArticleURL    string
	OriginalArticleType   int64
	CanReprint            bool
	MustReplaceContent    bool `push:"NeedReplaceContent"`
	MustShowReprintSource bool `push:"NeedShowReprintSource"`
}

// CopyrightCheckResult is what the check for originals found.
type CopyrightCheckResult struct {
	Count      int64
	Articles   []CopyrightCheck `push:"ResultList,item"`
	CheckState int64
}

// ArticleURL is the address of one article.
type ArticleURL struct {
	Position int    `push:"ArticleIdx|idx"`
	URL      string `push:"ArticleUrl"`
}

// ArticleURLResult lists the addresses of the articles.
type ArticleURLResult struct {
	Count    int64
	Articles []ArticleURL `push:"ResultList,item"`
}

// PublishJobFinishEvent tells how the publication of a draft went (发布结果事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Publish/Callback_on_finish
type PublishJobFinishEvent struct {
	Header

	PublishID       string        `push:"PublishEventInfo>publish_id"`
	Status          PublishStatus `push:"PublishEventInfo>publish_status"`
	ArticleID       string        `push:"PublishEventInfo>article_id"`
	Count           int64         `push:"PublishEventInfo>article_detail>count"`
	Articles        []ArticleURL  `push:"PublishEventInfo>article_detail>item"`
	FailedPositions []int         `push:"PublishEventInfo>fail_idx"` // articles that did not pass, from 1
}

// PublishStatus is the state of a publishing job. It is the same type as
// PublishStatus of package wechat.
type PublishStatus = publishing.Status

// The states of publishing jobs.
const (
	PublishStatusSucceeded      PublishStatus = publishing.StatusSucceeded      // 0
	PublishStatusRunning        PublishStatus = publishing.StatusRunning        // 1
	PublishStatusNotOriginal    PublishStatus = publishing.StatusNotOriginal    // 2: the originality check failed
	PublishStatusFailed         PublishStatus = publishing.StatusFailed         // 3
	PublishStatusRejected       PublishStatus = publishing.StatusRejected       // 4: rejected by the platform's review
	PublishStatusDeletedByOwner PublishStatus = publishing.StatusDeletedByOwner // 5: succeeded, but all articles were deleted later
	PublishStatusBanned         PublishStatus = publishing.StatusBanned         // 6: succeeded, but the platform banned all articles later
)

// TemplateSendJobFinishEvent tells whether a template message arrived
// (模板消息发送结果事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface
type TemplateSendJobFinishEvent struct {
	Header

	MsgID  int64  // as SendTemplateMessage returned it
	Status string // "success", "failed:user block", "failed: system failed" or, in reports, "failed:freq limit"
}

// SubscribeMessagePopupEvent tells what a follower answered when he was asked
// for subscription messages (订阅通知弹窗事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/subscription_messages/push
type SubscribeMessagePopupEvent struct {
	Header

	Items []SubscribeMessagePopup `push:"SubscribeMsgPopupEvent>List"`
}

// SubscribeMessagePopup is the answer for one template.
type SubscribeMessagePopup struct {
	TemplateID string
	Status     SubscribeStatus `push:"SubscribeStatusString"`
	PopupScene int64           // 1 in a page, 2 in an article
}

// SubscribeStatus is what a follower chose for the messages of one template.
type SubscribeStatus string

// The choices of a follower.
const (
	SubscribeStatusAccept SubscribeStatus = "accept"
	SubscribeStatusReject SubscribeStatus = "reject"
)

// SubscribeMessageChangeEvent is sent when a follower switches subscription
// messages off in his settings (订阅通知管理事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/subscription_messages/push
type SubscribeMessageChangeEvent struct {
	Header

	Items []SubscribeMessageChange `push:"SubscribeMsgChangeEvent|SubscribeMsgPopupEvent>List"`
}

// SubscribeMessageChange is the change of one template.
type SubscribeMessageChange struct {
	TemplateID string
	Status     SubscribeStatus `push:"SubscribeStatusString"`
}

// SubscribeMessageSentEvent tells whether subscription messages arrived
// (发送订阅通知结果事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/subscription_messages/push
type SubscribeMessageSentEvent struct {
	Header

	Items []SubscribeMessageSent `push:"SubscribeMsgSentEvent>List"`
}

// SubscribeMessageSent is one message.
type SubscribeMessageSent struct {
	TemplateID  string
	MsgID       int64
	ErrorCode   int64 // 0 is success
	ErrorStatus string
}
