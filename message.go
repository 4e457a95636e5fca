package wechat

import (
	"context"
	"iter"
	"time"
)

// Message is the content of a customer-service message: [TextMessage],
// [ImageMessage], [VoiceMessage], [VideoMessage], [MusicMessage], [NewsMessage],
// [MPNewsMessage], [MPNewsArticleMessage], [MenuMessage], [CardMessage],
// [MiniProgramMessage] or [LinkMessage].
type Message interface {
	checker
	wire() (kind string, content any)
}

// TextMessage is a text of up to 2048 bytes. It may hold links, also to mini
// programs: <a href="https://…" data-miniprogram-appid="wx…"
// data-miniprogram-path="pages/index">…</a>.
type TextMessage struct {
	Content string `json:"content"`
}

func (m TextMessage) wire() (string, any) { return "text", m }

func (m TextMessage) check() error {
	return first(notEmpty("Content", m.Content), maxBytes("Content", m.Content, 2048))
}

// ImageMessage is an image that was uploaded as a material.
type ImageMessage struct {
	MediaID string `json:"media_id"`
}

func (m ImageMessage) wire() (string, any) { return "image", m }
func (m ImageMessage) check() error        { return notEmpty("MediaID", m.MediaID) }

// VoiceMessage is a voice recording that was uploaded as a material.
type VoiceMessage struct {
	MediaID string `json:"media_id"`
}

func (m VoiceMessage) wire() (string, any) { return "voice", m }
func (m VoiceMessage) check() error        { return notEmpty("MediaID", m.MediaID) }

// VideoMessage is a video that was uploaded as a material.
type VideoMessage struct {
	MediaID      string `json:"media_id"`
	ThumbMediaID string `json:"thumb_media_id,omitempty"` // required by the page, absent from its older examples
	Title        string `json:"title,omitempty"`
	Description  string `json:"description,omitempty"`
}

func (m VideoMessage) wire() (string, any) { return "video", m }
func (m VideoMessage) check() error        { return notEmpty("MediaID", m.MediaID) }

// MusicMessage is a piece of music on the web.
type MusicMessage struct {
	Title        string `json:"title,omitempty"`
	Description  string `json:"description,omitempty"`
	URL          string `json:"musicurl"`
	HQURL        string `json:"hqmusicurl"` // of better quality, played over Wi-Fi
	ThumbMediaID string `json:"thumb_media_id"`
}

func (m MusicMessage) wire() (string, any) { return "music", m }

func (m MusicMessage) check() error {
	return first(notEmpty("URL", m.URL), notEmpty("HQURL", m.HQURL), notEmpty("ThumbMediaID", m.ThumbMediaID))
}

// NewsMessage is a card that opens a page on the web. The platform shows one per
// message.
type NewsMessage struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	URL         string `json:"url,omitempty"`
	PictureURL  string `json:"picurl,omitempty"` // JPG or PNG, 640×320 or 80×80
}

func (m NewsMessage) wire() (string, any) {
	return "news", struct {
		Articles []NewsMessage `json:"articles"`
	}{[]NewsMessage{m}}
}

func (m NewsMessage) check() error { return notEmpty("Title", m.Title) }

// MPNewsMessage is a card that opens an article, by the media id of its draft. The
// platform is withdrawing it: use [MPNewsArticleMessage].
type MPNewsMessage struct {
	MediaID string `json:"media_id"`
}

func (m MPNewsMessage) wire() (string, any) { return "mpnews", m }
func (m MPNewsMessage) check() error        { return notEmpty("MediaID", m.MediaID) }

// MPNewsArticleMessage is a card that opens a published article.
type MPNewsArticleMessage struct {
	ArticleID string `json:"article_id"`
}

func (m MPNewsArticleMessage) wire() (string, any) { return "mpnewsarticle", m }
func (m MPNewsArticleMessage) check() error        { return notEmpty("ArticleID", m.ArticleID) }

// MenuMessage is a question with answers to tap. What the user taps comes back as
// a text message with the answer's ID in bizmsgmenuid.
type MenuMessage struct {
	Head  string            `json:"head_content,omitempty"`
	Items []MenuMessageItem `json:"list"`
	Tail  string            `json:"tail_content,omitempty"`
}

// MenuMessageItem is an answer to tap.
type MenuMessageItem struct {
	ID      string `json:"id"`
	Content string `json:"content"`
}

func (m MenuMessage) wire() (string, any) { return "msgmenu", m }

func (m MenuMessage) check() error {
	if len(m.Items) == 0 {
		return invalid("Items", "is empty")
	}
	return each("Items", m.Items, func(at string, item MenuMessageItem) error {
		return first(notEmpty(at+".ID", item.ID), notEmpty(at+".Content", item.Content))
	})
}

// CardMessage is a card or coupon; one with codes of the account's own can not be
// sent.
type CardMessage struct {
	CardID string `json:"card_id"`
}

func (m CardMessage) wire() (string, any) { return "wxcard", m }
func (m CardMessage) check() error        { return notEmpty("CardID", m.CardID) }

// MiniProgramMessage is a card that opens a page of a mini program which is linked
// to the account.
type MiniProgramMessage struct {
	Title        string `json:"title"`
	AppID        string `json:"appid"`
	PagePath     string `json:"pagepath"`
	ThumbMediaID string `json:"thumb_media_id"`
}

func (m MiniProgramMessage) wire() (string, any) { return "miniprogrampage", m }

func (m MiniProgramMessage) check() error {
	return first(notEmpty("Title", m.Title), notEmpty("AppID", m.AppID), notEmpty("PagePath", m.PagePath),
		notEmpty("ThumbMediaID", m.ThumbMediaID))
}

// LinkMessage is a card that opens a page on the web. The platform's page does not
// list it, [NewsMessage] is for accounts where it is refused.
type LinkMessage struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`
	ThumbURL    string `json:"thumb_url"`
}

func (m LinkMessage) wire() (string, any) { return "link", m }

func (m LinkMessage) check() error {
	return first(notEmpty("Title", m.Title), notEmpty("Description", m.Description), notEmpty("URL", m.URL), notEmpty("ThumbURL", m.ThumbURL))
}

// SendCustomMessage sends a message to a user who has written to the account
// lately, or done something else with it (发送客服消息): 5 messages within 48 hours of
// a message, 3 within one minute of a menu click, a follow or a scan.
// [ErrReplyWindowClosed]: too long ago, or no follower; [ErrReplyCountUsed]: too
// many. Where the outcome is not known the send is not repeated,
// [ErrUnknownOutcome].
//
// https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage
func (c *Client) SendCustomMessage(ctx context.Context, openID string, m Message) error {
	return c.SendCustomMessageWith(ctx, SendCustomMessageRequest{OpenID: openID, Message: m})
}

// SendCustomMessageRequest is a message with everything that the platform takes
// beside it.
type SendCustomMessageRequest struct {
	OpenID      string
	Message     Message
	KFAccount   string // the agent who sends it, such as "test1@kftest"; "" is the account itself
	AIGenerated bool   // shows that the content was made by AI
	BusinessID  string
}

// SendCustomMessageWith is [Client.SendCustomMessage] in the name of an agent, or
// with a mark (发送客服消息).
//
// https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage
func (c *Client) SendCustomMessageWith(ctx context.Context, req SendCustomMessageRequest) error {
	if err := req.check(); err != nil {
		return err
	}
	kind, content := req.Message.wire()
	body := map[string]any{"touser": req.OpenID, "msgtype": kind, kind: content}
	if req.KFAccount != "" {
		body["customservice"] = map[string]string{"kf_account": req.KFAccount}
	}
	if req.AIGenerated {
		body["aimsgcontext"] = map[string]int{"is_ai_msg": 1}
	}
	if req.BusinessID != "" {
		body["businessid"] = req.BusinessID
	}
	return c.post(ctx, "/cgi-bin/message/custom/send", body)
}

// SendCustomMessageJSON sends a customer-service message that is JSON already
// (发送客服消息), such as those that the package callback makes of replies which
// are too late: it fits as the Deferred of a callback.Config.
//
// https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage
func (c *Client) SendCustomMessageJSON(ctx context.Context, body []byte) error {
	return c.post(ctx, "/cgi-bin/message/custom/send", body)
}

func (r SendCustomMessageRequest) check() error {
	if err := first(notEmpty("openID", r.OpenID), notNil("message", r.Message)); err != nil {
		return err
	}
	return r.Message.check()
}

// SetTyping shows the user that somebody is typing, for 15 seconds, or takes that
// away (客服输入状态). [ErrNoRecentInteraction]: the user has done nothing with the
// account for 30 seconds; [ErrAlreadyTyping]: it is shown. businessID is one at most.
//
// https://developers.weixin.qq.com/doc/service/api/customer/message/api_typing
func (c *Client) SetTyping(ctx context.Context, openID string, on bool, businessID ...string) error {
	if err := notEmpty("openID", openID); err != nil {
		return err
	}
	body := struct {
		OpenID     string `json:"touser"`
		Command    string `json:"command"`
		BusinessID string `json:"businessid,omitempty"`
	}{OpenID: openID, Command: "CancelTyping"}
	if on {
		body.Command = "Typing"
	}
	if len(businessID) > 0 {
		body.BusinessID = businessID[0]
	}
	return c.post(ctx, "/cgi-bin/message/custom/typing", body, idempotent, alreadyDone(ErrAlreadyTyping))
}

// MessageRecord is a message between a user and an agent.
type MessageRecord struct {
	OpenID    string            `json:"openid"`
	Kind      MessageRecordKind `json:"opercode"`
	Text      string            `json:"text"`
	Time      Timestamp         `json:"time"`
	KFAccount string            `json:"worker"` // the agent's account
}

// MessageRecordKind says who sent a message.
type MessageRecordKind int

// The kinds of MessageRecord; older records have others.
const (
	MessageRecordFromAgent MessageRecordKind = 2002
	MessageRecordFromUser  MessageRecordKind = 2003
)

// MessageRecordPage is a page of records.
type MessageRecordPage struct {
	Records []MessageRecord `json:"recordlist"`
	Count   int64           `json:"number"`
	NextID  int64           `json:"msgid"` // for the AfterID of the next page
}

// ListMessageRecordsRequest says which records to list.
type ListMessageRecordsRequest struct {
	From, To time.Time // at most 24 hours
	AfterID  int64     // the NextID of the page before, 0 for the first page
	Count    int       // 1 to 10,000
}

const (
	recordSpan  = 24 * time.Hour
	recordLimit = 10_000
)

func (r ListMessageRecordsRequest) check() error {
	if err := checkSpan(r.From, r.To); err != nil {
		return err
	}
	if r.To.Sub(r.From) > recordSpan {
		return invalid("To", "is %v after From, at most 24h are allowed", r.To.Sub(r.From))
	}
	return within("Count", r.Count, 1, recordLimit)
}

func checkSpan(start, end time.Time) error {
	if start.IsZero() {
		return invalid("From", "is not set")
	}
	if end.Before(start) {
		return invalid("To", "is before From")
	}
	return nil
}

// ListMessageRecords returns what agents and users wrote to each other
// (获取聊天记录), one page of it.
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

// AllMessageRecords iterates over what agents and users wrote to each other
// (获取聊天记录) in a span of any length: it asks for 24 hours after 24 hours. A record
// of the second where two of them meet can come twice.
//
// https://developers.weixin.qq.com/doc/service/api/customer/message/api_getmsglist
func (c *Client) AllMessageRecords(ctx context.Context, start, end time.Time) iter.Seq2[MessageRecord, error] {
	return func(yield func(MessageRecord, error) bool) {
		if err := checkSpan(start, end); err != nil {
			yield(MessageRecord{}, err)
			return
		}
		for from := start; from.Before(end); from = from.Add(recordSpan) {
			day := ListMessageRecordsRequest{From: from, To: minTime(from.Add(recordSpan), end), Count: recordLimit}
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

// messageRecords iterates over the pages of one request.
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
