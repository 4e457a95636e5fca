package callback

import "github.com/wechatoa/wechat/internal/publishing"

// MassSendJobFinishEvent reports the result of a mass message (群发结果事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Batch_Sends
type MassSendJobFinishEvent struct {
	Header

	MsgID                int64
	Status               MassSendStatus
	TotalCount           int64 // followers that the message was for
	FilterCount          int64 // followers that remained after filtering
	SentCount            int64
	ErrorCount           int64
	CopyrightCheckResult CopyrightCheckResult
	ArticleURLResult     ArticleURLResult
}

// MassSendStatus is the result of a mass message. It is not a MassStatus of package wechat,
// which has other values.
type MassSendStatus string

// The results of mass messages.
const (
	MassSendStatusSucceeded     MassSendStatus = "send success"
	MassSendStatusFailed        MassSendStatus = "send fail"
	MassSendStatusAdvertising   MassSendStatus = "err(10001)" // suspected of advertising
	MassSendStatusPolitics      MassSendStatus = "err(20001)" // suspected of politics
	MassSendStatusPornography   MassSendStatus = "err(20002)" // suspected of pornography
	MassSendStatusSocial        MassSendStatus = "err(20004)" // suspected of harm to society
	MassSendStatusCrime         MassSendStatus = "err(20006)" // suspected of a crime
	MassSendStatusFraud         MassSendStatus = "err(20008)" // suspected of fraud
	MassSendStatusCopyright     MassSendStatus = "err(20013)" // suspected of an infringement of copyright
	MassSendStatusOther         MassSendStatus = "err(21000)" // suspected of something else
	MassSendStatusPromotion     MassSendStatus = "err(22000)" // suspected of mutual promotion
	MassSendStatusCheckError    MassSendStatus = "err(30001)" // the check for reprints had an error, and reprints are not to be sent
	MassSendStatusReprint       MassSendStatus = "err(30002)" // a reprint that is not permitted
	MassSendStatusCheckFailed   MassSendStatus = "err(30003)" // the check for reprints failed
	MassSendStatusManagerDenied MassSendStatus = "err(40001)" // an administrator refused it
	MassSendStatusManagerSilent MassSendStatus = "err(40002)" // no administrator confirmed it within 30 minutes
)

// CopyrightCheck is the result of the originality check for one article.
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

// CopyrightCheckResult is the result of the originality check for all articles.
type CopyrightCheckResult struct {
	Count      int64
	Articles   []CopyrightCheck `push:"ResultList,item"`
	CheckState int64
}

// ArticleURL is the URL of one article. The first article is at position 1.
type ArticleURL struct {
	Position int    `push:"ArticleIdx|idx"`
	URL      string `push:"ArticleUrl"`
}

// ArticleURLResult lists the URLs of the articles.
type ArticleURLResult struct {
	Count    int64
	Articles []ArticleURL `push:"ResultList,item"`
}

// PublishJobFinishEvent reports the result of publishing a draft (发布结果事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Publish/Callback_on_finish
type PublishJobFinishEvent struct {
	Header

	PublishID       string        `push:"PublishEventInfo>publish_id"`
	Status          PublishStatus `push:"PublishEventInfo>publish_status"`
	ArticleID       string        `push:"PublishEventInfo>article_id"`
	Count           int64         `push:"PublishEventInfo>article_detail>count"`
	Articles        []ArticleURL  `push:"PublishEventInfo>article_detail>item"`
	FailedPositions []int         `push:"PublishEventInfo>fail_idx"` // of the articles that failed; the first article is 1
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

// TemplateSendJobFinishEvent reports whether a template message was delivered
// (模板消息发送结果事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface
type TemplateSendJobFinishEvent struct {
	Header

	MsgID  int64 // as returned by SendTemplateMessage
	Status TemplateStatus
}

// TemplateStatus is the result of a template message.
type TemplateStatus string

// The results of template messages. The platform documents the first three.
const (
	TemplateStatusSucceeded TemplateStatus = "success"
	TemplateStatusRefused   TemplateStatus = "failed:user block"     // the user refuses messages from the account
	TemplateStatusFailed    TemplateStatus = "failed: system failed" // failed for another reason
	TemplateStatusLimited   TemplateStatus = "failed:freq limit"     // too many messages
)

// SubscribeMessagePopupEvent reports what a user chose when they were asked to allow
// subscription messages (订阅通知弹窗事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/subscription_messages/push
type SubscribeMessagePopupEvent struct {
	Header

	Items []SubscribeMessagePopup `push:"SubscribeMsgPopupEvent>List"`
}

// SubscribeMessagePopup is the choice for one template.
type SubscribeMessagePopup struct {
	TemplateID string
	Status     SubscribeStatus `push:"SubscribeStatusString"`
	PopupScene int64           // 1: in a page, 2: in an article
}

// SubscribeStatus is what a user chose for the messages of one template.
type SubscribeStatus string

// The choices of a user.
const (
	SubscribeStatusAccept SubscribeStatus = "accept"
	SubscribeStatusReject SubscribeStatus = "reject"
)

// SubscribeMessageChangeEvent is sent when a user turns subscription messages off in
// their settings (订阅通知管理事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/subscription_messages/push
type SubscribeMessageChangeEvent struct {
	Header

	Items []SubscribeMessageChange `push:"SubscribeMsgChangeEvent|SubscribeMsgPopupEvent>List"`
}

// SubscribeMessageChange is the new choice for one template. The platform sends only
// [SubscribeStatusReject].
type SubscribeMessageChange struct {
	TemplateID string
	Status     SubscribeStatus `push:"SubscribeStatusString"`
}

// SubscribeMessageSentEvent reports whether subscription messages were delivered
// (发送订阅通知结果事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/subscription_messages/push
type SubscribeMessageSentEvent struct {
	Header

	Items []SubscribeMessageSent `push:"SubscribeMsgSentEvent>List"`
}

// SubscribeMessageSent is the result for one message.
type SubscribeMessageSent struct {
	TemplateID  string
	MsgID       int64
	ErrorCode   int64 // 0 if the message was delivered
	ErrorStatus string
}
