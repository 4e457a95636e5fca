package wechat

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// MassMessage is the content of a mass message, which goes to many followers:
// [TextMessage], [MPNewsMessage], [MassImagesMessage], [VoiceMessage],
// [MassMusicMessage], [VideoMessage] or [CardMessage].
type MassMessage interface {
	// mass returns the content as it is sent, and what is wrong with it.
	mass() (msgType string, content any, err error)
}

// MassImagesMessage is one or more pictures. A preview shows only the first.
type MassImagesMessage struct {
	MediaIDs        []string `json:"media_ids"`
	Recommendation  string   `json:"recommend,omitempty"` // the text that recommends the pictures
	Title           string   `json:"title,omitempty"`
	OpenComment     *Flag    `json:"need_open_comment,omitempty"` // nil leaves it to the platform, see [NewFlag]
	FansOnlyComment *Flag    `json:"only_fans_can_comment,omitempty"`
}

func (m MassImagesMessage) mass() (string, any, error) {
	return "image", m, noneEmpty("MediaIDs", m.MediaIDs)
}

// MassMusicMessage is a piece of music.
type MassMusicMessage struct {
	MediaID string `json:"media_id"`
}

func (m MassMusicMessage) mass() (string, any, error) {
	return "music", m, notEmpty("MediaID", m.MediaID)
}

// SendMassRequest is a mass message to all followers, or to those with a tag.
type SendMassRequest struct {
	ToAll   bool  // to every follower
	TagID   int64 // to the followers with this tag; 0 if ToAll is set
	Message MassMessage

	// IgnoreReprint also sends articles that the platform considers to be permitted
	// reprints of another author's work. By default, they are not sent.
	IgnoreReprint bool

	// ClientMsgID, of up to 32 bytes, makes the send safe to retry: for 24 hours the
	// platform does not send another message with this ID. If it is empty, the client
	// generates one for the attempts of this call; see [WithoutClientMsgIDs]. Set it to
	// send the same message once, whatever your program repeats.
	ClientMsgID string
}

func (r SendMassRequest) check() error {
	switch {
	case r.ToAll && r.TagID != 0:
		return invalid("TagID", "must be 0 if ToAll is set, but is %d", r.TagID)
	case !r.ToAll && r.TagID <= 0:
		return invalid("TagID", "must be positive if ToAll is not set, but is %d", r.TagID)
	}
	return nil
}

// MassResult identifies a mass message that the platform has accepted.
type MassResult struct {
	Type      string `json:"type"`
	MsgID     int64  `json:"msg_id"`      // for GetMassJob and DeleteMass
	MsgDataID int64  `json:"msg_data_id"` // for the comments and statistics of articles

	// Duplicate means that the platform had accepted a message with this ClientMsgID
	// before, in an earlier attempt or call. MsgID is that of the accepted message, and
	// nothing was sent again.
	Duplicate bool `json:"-"`
}

// SendMass sends a mass message to all followers or to those with a tag
// (根据标签群发消息). The platform accepts the message and delivers it over the next
// minutes; the event MASSSENDJOBFINISH and [Client.GetMassJob] report the outcome.
//
// A subscription account can send once a day. A service account can send 100 times a
// day, but each follower receives only 4 messages a month. The quota is 60 calls a
// minute. If API protection is on, an administrator must confirm the send within 30
// minutes.
//
// If a message with the same ClientMsgID was accepted in the last 24 hours, nothing is
// sent, and the result contains the MsgID of that message. If such a message was sent a
// moment ago, the platform reports whether it was accepted only a minute later: SendMass
// waits for that once, and returns [ErrMassIDTooFast] if ctx ends before or retries are
// disabled. It returns [ErrMassQuota] if the quota is used up.
//
// https://developers.weixin.qq.com/doc/service/api/notify/message/api_sendall
func (c *Client) SendMass(ctx context.Context, req SendMassRequest) (*MassResult, error) {
	body, err := massBody(req.Message, req.IgnoreReprint)
	if err = first(req.check(), err); err != nil {
		return nil, err
	}
	filter := map[string]any{"is_to_all": req.ToAll}
	if !req.ToAll {
		filter["tag_id"] = req.TagID
	}
	body["filter"] = filter
	return c.sendMass(ctx, "/cgi-bin/message/mass/sendall", body, req.ClientMsgID)
}

// SendMassToUsersRequest is a mass message to a list of followers. Message,
// IgnoreReprint and ClientMsgID are as in [SendMassRequest].
type SendMassToUsersRequest struct {
	OpenIDs       []string // 2 to 10,000
	Message       MassMessage
	IgnoreReprint bool
	ClientMsgID   string
}

// SendMassToUsers sends a mass message to a list of 2 to 10,000 followers
// (根据OpenID群发消息). It is available to service accounts only, and its quota is 100
// calls a day. Otherwise it works like [Client.SendMass].
//
// https://developers.weixin.qq.com/doc/service/api/notify/message/api_masssend
func (c *Client) SendMassToUsers(ctx context.Context, req SendMassToUsersRequest) (*MassResult, error) {
	body, err := massBody(req.Message, req.IgnoreReprint)
	err = first(elements("OpenIDs", len(req.OpenIDs), 2, 10_000), noneEmpty("OpenIDs", req.OpenIDs), err)
	if err != nil {
		return nil, err
	}
	body["touser"] = req.OpenIDs
	return c.sendMass(ctx, "/cgi-bin/message/mass/send", body, req.ClientMsgID)
}

func massBody(m MassMessage, ignoreReprint bool) (map[string]any, error) {
	if err := notNil("Message", m); err != nil {
		return nil, err
	}
	msgType, content, err := m.mass()
	key := msgType
	if msgType == "image" {
		key = "images"
	}
	body := map[string]any{"msgtype": msgType, key: content}
	if ignoreReprint {
		body["send_ignore_reprint"] = 1
	}
	return body, err
}

const (
	maxClientMsgID  = 32
	massIDTime      = 24 * time.Hour
	massIDReuseTime = time.Minute + time.Second // the platform asks for a minute
)

// sendMass sends a mass message. After an attempt whose response was lost, the platform
// may refuse the same ID for a minute.
func (c *Client) sendMass(ctx context.Context, path string, body map[string]any, clientMsgID string) (*MassResult, error) {
	if err := maxBytes("ClientMsgID", clientMsgID, maxClientMsgID); err != nil {
		return nil, err
	}
	id := c.clientMsgID(clientMsgID)
	if id != "" {
		body["clientmsgid"] = id
	}
	req := with(Request{Method: http.MethodPost, Path: path, Body: body}, []trait{keyed(id), c.retriedFor(massIDTime)})
	result := new(MassResult)
	err := c.Do(ctx, req, result)
	tooFast := errors.Is(err, ErrMassIDTooFast) // such a message was sent a moment ago, perhaps by an attempt of this call
	if tooFast && c.cfg.retry.MaxAttempts > 1 {
		if cause := sleep(ctx, massIDReuseTime); cause != nil {
			return nil, withOutcome(&stopped{err, cause}, true)
		}
		err = c.Do(ctx, req, result)
	}
	switch {
	case errors.Is(err, ErrDuplicateMassID) && id != "":
		result.Duplicate = true
		return result, nil
	case err != nil && tooFast:
		return nil, withOutcome(err, true)
	case err != nil:
		return nil, err
	}
	return result, nil
}

// PreviewMassRequest is a preview of a mass message for one follower.
type PreviewMassRequest struct {
	OpenID   string // of a follower
	WeChatID string // of a follower; takes precedence over OpenID
	Message  MassMessage
}

// PreviewMass sends a preview of a mass message to one follower (预览消息) and returns the
// ID of the preview. The quota is 100 calls a day.
//
// https://developers.weixin.qq.com/doc/service/api/notify/message/api_preview
func (c *Client) PreviewMass(ctx context.Context, req PreviewMassRequest) (msgID int64, err error) {
	if req.OpenID == "" && req.WeChatID == "" {
		return 0, invalid("OpenID", "must not be empty if WeChatID is")
	}
	if err := notNil("Message", req.Message); err != nil {
		return 0, err
	}
	msgType, content, err := req.Message.mass()
	if err != nil {
		return 0, err
	}
	if images, ok := content.(MassImagesMessage); ok {
		content = mediaRef{images.MediaIDs[0]}
	}
	body := map[string]any{"msgtype": msgType, msgType: content}
	for name, value := range map[string]string{"touser": req.OpenID, "towxname": req.WeChatID} {
		if value != "" {
			body[name] = value
		}
	}
	sent, err := post[struct {
		MsgID int64 `json:"msg_id"`
	}](ctx, c, "/cgi-bin/message/mass/preview", body)
	if err != nil {
		return 0, err
	}
	return sent.MsgID, nil
}

// MassStatus is the status of a mass message.
type MassStatus string

// The statuses of mass messages.
const (
	MassStatusSucceeded MassStatus = "SEND_SUCCESS"
	MassStatusSending   MassStatus = "SENDING"
	MassStatusFailed    MassStatus = "SEND_FAIL"
	MassStatusDeleted   MassStatus = "DELETE"
)

// MassJob reports the progress of a mass message.
type MassJob struct {
	MsgID  int64      `json:"msg_id"`
	Status MassStatus `json:"msg_status"`
}

// GetMassJob returns the progress of a message that [Client.SendMass] or
// [Client.SendMassToUsers] sent (查询群发消息发送状态). It returns
// [ErrInvalidMessageID] if there is no such message.
//
// https://developers.weixin.qq.com/doc/service/api/notify/message/api_massmsgget
func (c *Client) GetMassJob(ctx context.Context, msgID int64) (*MassJob, error) {
	if err := positive("msgID", msgID); err != nil {
		return nil, err
	}
	body := struct {
		MsgID string `json:"msg_id"`
	}{strconv.FormatInt(msgID, 10)}
	return post[MassJob](ctx, c, "/cgi-bin/message/mass/get", body, idempotent)
}

type massRef struct {
	MsgID    int64  `json:"msg_id,omitempty"`
	Position int    `json:"article_idx,omitempty"` // from 1; 0 is all articles
	URL      string `json:"url,omitempty"`         // ignored if there is a msg_id
}

// DeleteMass deletes all articles or the video of a mass message (删除群发消息). The message
// remains in the followers' chats, but can no longer be opened. The quota is 10 calls a
// day. It returns [ErrInvalidMessageID] if there is no such message.
//
// https://developers.weixin.qq.com/doc/service/api/notify/message/api_deletemassmsg
func (c *Client) DeleteMass(ctx context.Context, msgID int64) error {
	if err := positive("msgID", msgID); err != nil {
		return err
	}
	return c.post(ctx, "/cgi-bin/message/mass/delete", massRef{MsgID: msgID}, idempotent)
}

// DeleteMassArticle deletes one article of a mass message (删除群发消息); the first article
// has position 1. Otherwise it works like [Client.DeleteMass] and shares its quota of 10
// calls a day.
//
// It returns [ErrUnknownOutcome] if the article may have been deleted. The call is then not
// retried, because the next article may have moved to this position.
//
// https://developers.weixin.qq.com/doc/service/api/notify/message/api_deletemassmsg
func (c *Client) DeleteMassArticle(ctx context.Context, msgID int64, position int) error {
	if err := first(positive("msgID", msgID), positive("position", position)); err != nil {
		return err
	}
	return c.post(ctx, "/cgi-bin/message/mass/delete", massRef{MsgID: msgID, Position: position})
}

// DeleteMassArticleByURL deletes the article with this URL (删除群发消息). Otherwise it
// works like [Client.DeleteMass] and shares its quota of 10 calls a day.
//
// https://developers.weixin.qq.com/doc/service/api/notify/message/api_deletemassmsg
func (c *Client) DeleteMassArticleByURL(ctx context.Context, url string) error {
	if err := notEmpty("url", url); err != nil {
		return err
	}
	return c.post(ctx, "/cgi-bin/message/mass/delete", massRef{URL: url}, idempotent)
}

// MassSpeed is the speed at which mass messages are sent.
type MassSpeed int

// The speeds of mass messages, in messages a minute.
const (
	MassSpeed800K MassSpeed = 0
	MassSpeed600K MassSpeed = 1
	MassSpeed450K MassSpeed = 2
	MassSpeed300K MassSpeed = 3
	MassSpeed100K MassSpeed = 4
)

// MassSpeedResult contains the speed of mass messages.
type MassSpeedResult struct {
	Speed     MassSpeed `json:"speed"`
	RealSpeed int64     `json:"realspeed"` // in units of 10,000 messages a minute; it need not match Speed
}

// GetMassSpeed returns the speed at which mass messages are sent (获取群发速度). It is
// available to verified accounts only.
//
// https://developers.weixin.qq.com/doc/service/api/notify/message/api_getspeed
func (c *Client) GetMassSpeed(ctx context.Context) (*MassSpeedResult, error) {
	return post[MassSpeedResult](ctx, c, "/cgi-bin/message/mass/speed/get", struct{}{}, idempotent)
}

// SetMassSpeed sets the speed at which mass messages are sent (设置群发速度). A lower speed
// reduces the load on a website that a message links to.
//
// https://developers.weixin.qq.com/doc/service/api/notify/message/api_setspeed
func (c *Client) SetMassSpeed(ctx context.Context, speed MassSpeed) error {
	if err := within("speed", speed, MassSpeed800K, MassSpeed100K); err != nil {
		return err
	}
	body := struct {
		Speed MassSpeed `json:"speed"`
	}{speed}
	return c.post(ctx, "/cgi-bin/message/mass/speed/set", body, idempotent)
}
