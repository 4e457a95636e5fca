package wechat

import (
	"context"
	"iter"
	"strconv"
	"time"
)

// Message is the content of a customer-service message: [TextMessage],
// [ImageMessage], [VoiceMessage], [VideoMessage], [MusicMessage], [NewsMessage],
// [MPNewsMessage], [MPNewsArticleMessage], [MenuMessage], [CardMessage],
// [MiniProgramMessage] or [LinkMessage].
type Message interface {
	// custom returns the content as it is sent, and what is wrong with it.
	custom() (msgType string, content any, err error)
}

// TextMessage is a text. In a customer-service message, it has up to 2,048 bytes and can
// contain links, including links to mini programs:
//
//	<a href="https://…" data-miniprogram-appid="wx…" data-miniprogram-path="pages/index">…</a>
type TextMessage struct {
	Content string `json:"content"`
}

func (m TextMessage) custom() (string, any, error) {
	return "text", m, first(notEmpty("Content", m.Content), maxBytes("Content", m.Content, 2048))
}

func (m TextMessage) mass() (string, any, error) { return "text", m, notEmpty("Content", m.Content) }

// ImageMessage is an uploaded image.
type ImageMessage struct {
	MediaID string `json:"media_id"`
}

func (m ImageMessage) custom() (string, any, error) {
	return "image", m, notEmpty("MediaID", m.MediaID)
}

// VoiceMessage is an uploaded voice recording.
type VoiceMessage struct {
	MediaID string `json:"media_id"`
}

func (m VoiceMessage) custom() (string, any, error) {
	return "voice", m, notEmpty("MediaID", m.MediaID)
}

func (m VoiceMessage) mass() (string, any, error) { return m.custom() }

// VideoMessage is an uploaded video. In a mass message, MediaID is the one that
// [Client.UploadMassVideo] returns.
type VideoMessage struct {
	MediaID      string `json:"media_id"`
	ThumbMediaID string `json:"thumb_media_id,omitempty"` // required by the official page, but missing in its older examples; must be "" in a mass message
	Title        string `json:"title,omitempty"`
	Description  string `json:"description,omitempty"`
}

func (m VideoMessage) custom() (string, any, error) {
	return "video", m, notEmpty("MediaID", m.MediaID)
}

func (m VideoMessage) mass() (string, any, error) {
	err := notEmpty("MediaID", m.MediaID)
	if m.ThumbMediaID != "" {
		err = invalid("ThumbMediaID", "must be empty in a mass message")
	}
	return "mpvideo", m, err
}

// MusicMessage is a card that plays music from the web.
type MusicMessage struct {
	Title        string `json:"title,omitempty"`
	Description  string `json:"description,omitempty"`
	URL          string `json:"musicurl"`
	HQURL        string `json:"hqmusicurl"` // a version of higher quality, which is played over Wi-Fi
	ThumbMediaID string `json:"thumb_media_id"`
}

func (m MusicMessage) custom() (string, any, error) {
	return "music", m, first(notEmpty("URL", m.URL), notEmpty("HQURL", m.HQURL), notEmpty("ThumbMediaID", m.ThumbMediaID))
}

// NewsMessage is a card that opens a web page. The platform shows one card per message.
type NewsMessage struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	URL         string `json:"url,omitempty"`
	PictureURL  string `json:"picurl,omitempty"` // JPG or PNG, 640×320 or 80×80
}

func (m NewsMessage) custom() (string, any, error) {
	content := struct {
		Articles []NewsMessage `json:"articles"`
	}{[]NewsMessage{m}}
	return "news", content, notEmpty("Title", m.Title)
}

// MPNewsMessage is one or more articles. MediaID is the media ID of their draft
// ([Client.CreateDraft]) or the one that [Client.UploadMassNews] returns. The platform
// is withdrawing this type from customer-service messages: use [MPNewsArticleMessage]
// there.
type MPNewsMessage struct {
	MediaID string `json:"media_id"`
}

func (m MPNewsMessage) custom() (string, any, error) {
	return "mpnews", m, notEmpty("MediaID", m.MediaID)
}

func (m MPNewsMessage) mass() (string, any, error) { return m.custom() }

// MPNewsArticleMessage is a card that opens a published article.
type MPNewsArticleMessage struct {
	ArticleID string `json:"article_id"`
}

func (m MPNewsArticleMessage) custom() (string, any, error) {
	return "mpnewsarticle", m, notEmpty("ArticleID", m.ArticleID)
}

// MenuMessage is a question with options to tap. Tapping one sends the account a text
// message that contains the option's ID as bizmsgmenuid.
type MenuMessage struct {
	Head  string            `json:"head_content,omitempty"`
	Items []MenuMessageItem `json:"list"`
	Tail  string            `json:"tail_content,omitempty"`
}

// MenuMessageItem is an option of a [MenuMessage].
type MenuMessageItem struct {
	ID      string `json:"id"`
	Content string `json:"content"`
}

func (m MenuMessage) custom() (string, any, error) {
	if len(m.Items) == 0 {
		return "", nil, invalid("Items", "must not be empty")
	}
	return "msgmenu", m, each("Items", m.Items, func(at string, item MenuMessageItem) error {
		return first(notEmpty(at+".ID", item.ID), notEmpty(at+".Content", item.Content))
	})
}

// CardMessage is a card or coupon. A card with custom codes cannot be sent in a
// customer-service message. A new coupon cannot be sent in a mass message: the platform
// refuses it with code 45113.
type CardMessage struct {
	CardID    string `json:"card_id"`
	Extension string `json:"card_ext,omitempty"` // JSON, such as CardExtension.String returns; only in a mass message
}

func (m CardMessage) custom() (string, any, error) {
	err := notEmpty("CardID", m.CardID)
	if m.Extension != "" {
		err = invalid("Extension", "must be empty in a customer-service message")
	}
	return "wxcard", m, err
}

func (m CardMessage) mass() (string, any, error) { return "wxcard", m, notEmpty("CardID", m.CardID) }

// MiniProgramMessage is a card that opens a page of a mini program that is linked to
// the account.
type MiniProgramMessage struct {
	Title        string `json:"title"`
	AppID        string `json:"appid"`
	PagePath     string `json:"pagepath"`
	ThumbMediaID string `json:"thumb_media_id"`
}

func (m MiniProgramMessage) custom() (string, any, error) {
	return "miniprogrampage", m, first(notEmpty("Title", m.Title), notEmpty("AppID", m.AppID), notEmpty("PagePath", m.PagePath),
		notEmpty("ThumbMediaID", m.ThumbMediaID))
}

// LinkMessage is a card that opens a web page. The official page does not list it; if
// the platform refuses it, use [NewsMessage].
type LinkMessage struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`
	ThumbURL    string `json:"thumb_url"`
}

func (m LinkMessage) custom() (string, any, error) {
	return "link", m, first(notEmpty("Title", m.Title), notEmpty("Description", m.Description), notEmpty("URL", m.URL), notEmpty("ThumbURL", m.ThumbURL))
}

// SendCustomMessageRequest is a message to one user.
type SendCustomMessageRequest struct {
	OpenID      string
	Message     Message
	KFAccount   string // the agent who is shown as the sender, such as "test1@kftest"; "" is the account itself
	AIGenerated bool   // tells the user that the content was generated by AI
	BusinessID  int64  // 0 for none
}

// SendCustomMessage sends a message to a user who recently wrote to the account or
// interacted with it in another way (发送客服消息). The account can send 5 messages
// within 48 hours of a message from the user, and 3 within one minute of a menu tap, a
// follow or a scan.
//
// It returns [ErrReplyWindowClosed] if the interaction was too long ago or the user does
// not follow the account, [ErrReplyLimit] if too many messages were sent, and
// [ErrUnknownOutcome] if the message may have been sent; it is then not retried.
//
// https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage
func (c *Client) SendCustomMessage(ctx context.Context, req SendCustomMessageRequest) error {
	if err := first(notEmpty("OpenID", req.OpenID), notNil("Message", req.Message)); err != nil {
		return err
	}
	msgType, content, err := req.Message.custom()
	if err != nil {
		return err
	}
	body := map[string]any{"touser": req.OpenID, "msgtype": msgType, msgType: content}
	if req.KFAccount != "" {
		body["customservice"] = map[string]string{"kf_account": req.KFAccount}
	}
	if req.AIGenerated {
		body["aimsgcontext"] = map[string]int{"is_ai_msg": 1}
	}
	if req.BusinessID != 0 {
		body["businessid"] = strconv.FormatInt(req.BusinessID, 10)
	}
	return c.post(ctx, "/cgi-bin/message/custom/send", body)
}

// SendCustomMessageJSON sends a customer-service message that is already encoded as JSON
// (发送客服消息). It is meant for the SendDeferred field of the Config of package callback,
// which then sends replies that are too late as customer-service messages.
//
// https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage
func (c *Client) SendCustomMessageJSON(ctx context.Context, body []byte) error {
	return c.post(ctx, "/cgi-bin/message/custom/send", body)
}

// TypingRequest selects the user who sees that the account is typing.
type TypingRequest struct {
	OpenID     string
	BusinessID int64 // 0 for none
}

// StartTyping shows the user for 15 seconds that the account is typing (客服输入状态). It
// returns [ErrNoRecentInteraction] if the user has not interacted with the account for
// 30 seconds, and [ErrAlreadyTyping] if typing is already shown.
//
// https://developers.weixin.qq.com/doc/service/api/customer/message/api_typing
func (c *Client) StartTyping(ctx context.Context, req TypingRequest) error {
	return c.setTyping(ctx, "Typing", req)
}

// StopTyping stops showing the user that the account is typing (客服输入状态).
//
// https://developers.weixin.qq.com/doc/service/api/customer/message/api_typing
func (c *Client) StopTyping(ctx context.Context, req TypingRequest) error {
	return c.setTyping(ctx, "CancelTyping", req)
}

func (c *Client) setTyping(ctx context.Context, command string, req TypingRequest) error {
	if err := notEmpty("OpenID", req.OpenID); err != nil {
		return err
	}
	body := struct {
		OpenID     string `json:"touser"`
		Command    string `json:"command"`
		BusinessID int64  `json:"businessid,omitempty,string"`
	}{req.OpenID, command, req.BusinessID}
	return c.post(ctx, "/cgi-bin/message/custom/typing", body, idempotent, alreadyDone(ErrAlreadyTyping))
}

// MessageRecord is a message between a user and an agent.
type MessageRecord struct {
	OpenID    string            `json:"openid"`
	Type      MessageRecordType `json:"opercode"`
	Text      string            `json:"text"`
	Time      Timestamp         `json:"time"`
	KFAccount string            `json:"worker"` // the agent's account
}

// MessageRecordType says who sent a message.
type MessageRecordType int

// The types of message records. Older records can have other types.
const (
	MessageRecordFromAgent MessageRecordType = 2002
	MessageRecordFromUser  MessageRecordType = 2003
)

// MessageRecordPage is a page of messages.
type MessageRecordPage struct {
	Records []MessageRecord `json:"recordlist"`
	Count   int64           `json:"number"` // on this page
	NextID  int64           `json:"msgid"`  // the AfterID for the next page
}

// ListMessageRecordsRequest selects a page of messages.
type ListMessageRecordsRequest struct {
	From, To time.Time // up to 24 hours apart
	AfterID  int64     // the NextID of the previous page, 0 for the first page
	Count    int       // 1 to 10,000
}

const (
	recordSpan  = 24 * time.Hour
	recordLimit = 10_000
)

func (r ListMessageRecordsRequest) check() error {
	if err := checkSpan("From", "To", r.From, r.To); err != nil {
		return err
	}
	if r.To.Sub(r.From) > recordSpan {
		return invalid("To", "must be at most 24h after From, but is %v after it", r.To.Sub(r.From))
	}
	return within("Count", r.Count, 1, recordLimit)
}

func checkSpan(fromName, toName string, from, to time.Time) error {
	if from.IsZero() {
		return invalid(fromName, "must be set")
	}
	if to.Before(from) {
		return invalid(toName, "must not be before %s", fromName)
	}
	return nil
}

// ListMessageRecords returns a page of the messages between agents and users
// (获取聊天记录).
//
// https://developers.weixin.qq.com/doc/service/api/customer/message/api_getmsglist
func (c *Client) ListMessageRecords(ctx context.Context, req ListMessageRecordsRequest) (*MessageRecordPage, error) {
	if err := req.check(); err != nil {
		return nil, err
	}
	body := struct {
		Start   int64 `json:"starttime"`
		End     int64 `json:"endtime"`
		AfterID int64 `json:"msgid"`
		Limit   int   `json:"number"`
	}{req.From.Unix(), req.To.Unix(), max(req.AfterID, 1), req.Count}
	return post[MessageRecordPage](ctx, c, "/customservice/msgrecord/getmsglist", body, idempotent)
}

// AllMessageRecords iterates over the messages between agents and users (获取聊天记录)
// in a time range of any length, which it requests in parts of 24 hours. A message that
// was sent in the second in which one part ends and the next begins can appear twice.
//
// https://developers.weixin.qq.com/doc/service/api/customer/message/api_getmsglist
func (c *Client) AllMessageRecords(ctx context.Context, from, to time.Time) iter.Seq2[MessageRecord, error] {
	return func(yield func(MessageRecord, error) bool) {
		if err := checkSpan("from", "to", from, to); err != nil {
			yield(MessageRecord{}, err)
			return
		}
		for at, more := from, true; more; at = at.Add(recordSpan) {
			day := ListMessageRecordsRequest{From: at, To: minTime(at.Add(recordSpan), to), Count: recordLimit}
			more = day.To.Before(to)
			for record, err := range c.messageRecords(ctx, day) {
				if !yield(record, err) || err != nil {
					return
				}
			}
		}
	}
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// messageRecords iterates over all pages of a request.
func (c *Client) messageRecords(ctx context.Context, req ListMessageRecordsRequest) iter.Seq2[MessageRecord, error] {
	return paginate(req.AfterID, func(after int64) (items []MessageRecord, next int64, more bool, err error) {
		req.AfterID = after
		page, err := c.ListMessageRecords(ctx, req)
		if err != nil {
			return nil, 0, false, err
		}
		return page.Records, page.NextID, len(page.Records) == req.Count && page.NextID != after, nil
	})
}
