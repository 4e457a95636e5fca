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

func (m *MassSendJobFinishEvent) read(n *node) {
	m.MsgID = n.int("MsgID")
	m.Status = n.string("Status")
	m.TotalCount = n.int("TotalCount")
	m.FilterCount = n.int("FilterCount")
	m.SentCount = n.int("SentCount")
	m.ErrorCount = n.int("ErrorCount")
	m.CopyrightCheckResult = readCopyrightCheckResult(n.get("CopyrightCheckResult"))
	m.ArticleURLResult = readArticleURLResult(n.get("ArticleUrlResult"))
}

// CopyrightCheck is what the check found in one article.
type CopyrightCheck struct {
	Position              int64
	UserDeclareState      int64
	AuditState            int64
	OriginalArticleURL    string
	OriginalArticleType   int64
	CanReprint            bool
	NeedReplaceContent    bool
	NeedShowReprintSource bool
}

func readCopyrightCheck(n *node) (v CopyrightCheck) {
	v.Position = n.int("ArticleIdx")
	v.UserDeclareState = n.int("UserDeclareState")
	v.AuditState = n.int("AuditState")
	v.OriginalArticleURL = n.string("OriginalArticleUrl")
	v.OriginalArticleType = n.int("OriginalArticleType")
	v.CanReprint = n.bool("CanReprint")
	v.NeedReplaceContent = n.bool("NeedReplaceContent")
	v.NeedShowReprintSource = n.bool("NeedShowReprintSource")
	return v
}

// CopyrightCheckResult is what the check for originals found.
type CopyrightCheckResult struct {
	Count      int64
	ResultList []CopyrightCheck
	CheckState int64
}

func readCopyrightCheckResult(n *node) (v CopyrightCheckResult) {
	v.Count = n.int("Count")
	v.ResultList = list(n, "ResultList", "item", readCopyrightCheck)
	v.CheckState = n.int("CheckState")
	return v
}

// ArticleURL is the address of one article.
type ArticleURL struct {
	Position int64
	URL      string
}

func readArticleURL(n *node) (v ArticleURL) {
	v.Position = n.int("ArticleIdx")
	v.URL = n.string("ArticleUrl")
	return v
}

// ArticleURLResult lists the addresses of the articles.
type ArticleURLResult struct {
	Count      int64
	ResultList []ArticleURL
}

func readArticleURLResult(n *node) (v ArticleURLResult) {
	v.Count = n.int("Count")
	v.ResultList = list(n, "ResultList", "item", readArticleURL)
	return v
}

// PublishJobFinishEvent tells how the publication of a draft went (发布结果事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Publish/Callback_on_finish
type PublishJobFinishEvent struct {
	Header

	PublishID       string
	Status          int64
	ArticleID       string
	Count           int64
	Articles        []PublishedArticle
	FailedPositions []int64 // articles that did not pass, from 1
}

func (m *PublishJobFinishEvent) read(n *node) {
	info := n.get("PublishEventInfo")
	m.PublishID = info.string("publish_id")
	m.Status = info.int("publish_status")
	m.ArticleID = info.string("article_id")
	detail := info.get("article_detail")
	m.Count = detail.int("count")
	m.Articles = list(detail, "item", "", readPublishedArticle)
	m.FailedPositions = list(info, "fail_idx", "", func(n *node) int64 { return number(n.text) })
}

// PublishedArticle is an article with its address.
type PublishedArticle struct {
	Position int64
	URL      string
}

func readPublishedArticle(n *node) (v PublishedArticle) {
	v.Position = n.int("idx")
	v.URL = n.string("article_url")
	return v
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

func (m *TemplateSendJobFinishEvent) read(n *node) {
	m.MsgID = n.int("MsgID")
	m.Status = n.string("Status")
}

// SubscribeMessagePopupEvent tells what a follower answered when he was asked
// for subscription messages (订阅通知弹窗事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/subscription_messages/push
type SubscribeMessagePopupEvent struct {
	Header

	Items []SubscribeMessagePopup
}

func (m *SubscribeMessagePopupEvent) read(n *node) {
	event := n.wrapper("SubscribeMsgPopupEvent")
	m.Items = list(event, "List", "", readSubscribeMessagePopup)
}

// SubscribeMessagePopup is the answer for one template.
type SubscribeMessagePopup struct {
	TemplateID string
	Status     string // accept or reject
	PopupScene int64  // 1 in a page, 2 in an article
}

func readSubscribeMessagePopup(n *node) (v SubscribeMessagePopup) {
	v.TemplateID = n.string("TemplateId")
	v.Status = n.string("SubscribeStatusString")
	v.PopupScene = n.int("PopupScene")
	return v
}

// SubscribeMessageChangeEvent is sent when a follower switches subscription
// messages off in his settings (订阅通知管理事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/subscription_messages/push
type SubscribeMessageChangeEvent struct {
	Header

	Items []SubscribeMessageChange
}

func (m *SubscribeMessageChangeEvent) read(n *node) {
	event := n.wrapper("SubscribeMsgChangeEvent", "SubscribeMsgPopupEvent")
	m.Items = list(event, "List", "", readSubscribeMessageChange)
}

// SubscribeMessageChange is the change of one template.
type SubscribeMessageChange struct {
	TemplateID string
	Status     string // only reject is sent
}

func readSubscribeMessageChange(n *node) (v SubscribeMessageChange) {
	v.TemplateID = n.string("TemplateId")
	v.Status = n.string("SubscribeStatusString")
	return v
}

// SubscribeMessageSentEvent tells whether subscription messages arrived
// (发送订阅通知结果事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/subscription_messages/push
type SubscribeMessageSentEvent struct {
	Header

	Items []SubscribeMessageSent
}

func (m *SubscribeMessageSentEvent) read(n *node) {
	event := n.wrapper("SubscribeMsgSentEvent")
	m.Items = list(event, "List", "", readSubscribeMessageSent)
}

// SubscribeMessageSent is one message.
type SubscribeMessageSent struct {
	TemplateID  string
	MsgID       int64
	ErrorCode   int64 // 0 is success
	ErrorStatus string
}

func readSubscribeMessageSent(n *node) (v SubscribeMessageSent) {
	v.TemplateID = n.string("TemplateId")
	v.MsgID = n.int("MsgID")
	v.ErrorCode = n.int("ErrorCode")
	v.ErrorStatus = n.string("ErrorStatus")
	return v
}
