package callback

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
	Position              int64 `push:"ArticleIdx"`
	UserDeclareState      int64
	AuditState            int64
	OriginalArticleURL    string
	OriginalArticleType   int64
	CanReprint            bool
	NeedReplaceContent    bool
	NeedShowReprintSource bool
}

// CopyrightCheckResult is what the check for originals found.
type CopyrightCheckResult struct {
	Count      int64
	ResultList []CopyrightCheck `push:"ResultList,item"`
	CheckState int64
}

// ArticleURL is the address of one article.
type ArticleURL struct {
	Position int64  `push:"ArticleIdx"`
	URL      string `push:"ArticleUrl"`
}

// ArticleURLResult lists the addresses of the articles.
type ArticleURLResult struct {
	Count      int64
	ResultList []ArticleURL `push:"ResultList,item"`
}

// PublishJobFinishEvent tells how the publication of a draft went (发布结果事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Publish/Callback_on_finish
type PublishJobFinishEvent struct {
	Header

	PublishID       string             `push:"PublishEventInfo>publish_id"`
	Status          int64              `push:"PublishEventInfo>publish_status"`
	ArticleID       string             `push:"PublishEventInfo>article_id"`
	Count           int64              `push:"PublishEventInfo>article_detail>count"`
	Articles        []PublishedArticle `push:"PublishEventInfo>article_detail>item"`
	FailedPositions []int64            `push:"PublishEventInfo>fail_idx"` // articles that did not pass, from 1
}

// PublishedArticle is an article with its address.
type PublishedArticle struct {
	Position int64  `push:"idx"`
	URL      string `push:"article_url"`
}

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
	Status     string `push:"SubscribeStatusString"` // accept or reject
	PopupScene int64  // 1 in a page, 2 in an article
}

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
	Status     string `push:"SubscribeStatusString"` // only reject is sent
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
