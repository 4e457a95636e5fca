package callback

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Reply is the reply to a push (被动回复用户消息): one of the reply types of this package, or nil
// for none. The handler adds the recipient, the sender and the time.
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message
type Reply interface {
	msgType() string
	check() error
	write(w *writer)
}

// ReplyError reports which field of a reply is invalid, and why.
type ReplyError struct {
	Field  string // such as "TextReply.Content"
	Reason string // such as "must not be empty"
}

// Error returns the field and the reason.
func (e *ReplyError) Error() string { return "callback: " + e.Field + " " + e.Reason }

func needed(field, value string) error {
	if isInvisible(value) {
		return &ReplyError{field, "must not be empty"}
	}
	return nil
}

// TextReply is a text (回复文本消息). It may contain line breaks and links as <a href="…">. If
// the text has more than 2,048 bytes, the first part is the reply and the rest is sent
// through [Config.SendDeferred]; without SendDeferred, the reply is invalid.
type TextReply struct{ Content string }

// Text returns a [TextReply].
func Text(content string) Reply { return TextReply{content} }

func (TextReply) msgType() string   { return "text" }
func (r TextReply) check() error    { return needed("TextReply.Content", r.Content) }
func (r TextReply) write(w *writer) { w.text("Content", r.Content) }

// ImageReply is an uploaded picture (回复图片消息). Animated pictures are not supported.
type ImageReply struct{ MediaID string }

func (ImageReply) msgType() string { return "image" }
func (r ImageReply) check() error  { return needed("ImageReply.MediaID", r.MediaID) }
func (r ImageReply) write(w *writer) {
	w.object("Image", func() { w.text("MediaId", r.MediaID) })
}

// VoiceReply is an uploaded voice recording (回复语音消息).
type VoiceReply struct{ MediaID string }

func (VoiceReply) msgType() string { return "voice" }
func (r VoiceReply) check() error  { return needed("VoiceReply.MediaID", r.MediaID) }
func (r VoiceReply) write(w *writer) {
	w.object("Voice", func() { w.text("MediaId", r.MediaID) })
}

// VideoReply is an uploaded video (回复视频消息).
type VideoReply struct {
	MediaID     string
	Title       string // optional
	Description string // optional
}

func (VideoReply) msgType() string { return "video" }
func (r VideoReply) check() error  { return needed("VideoReply.MediaID", r.MediaID) }
func (r VideoReply) write(w *writer) {
	w.object("Video", func() {
		w.text("MediaId", r.MediaID)
		w.optional("Title", r.Title)
		w.optional("Description", r.Description)
	})
}

// MusicReply is a piece of music (回复音乐消息). According to the platform's documentation,
// ThumbMediaID is required; in practice, replies without one work if MusicURL is set. A
// customer-service message needs both.
type MusicReply struct {
	Title        string
	Description  string
	MusicURL     string
	HQMusicURL   string // played on Wi-Fi
	ThumbMediaID string // of an uploaded picture
}

func (MusicReply) msgType() string { return "music" }
func (r MusicReply) check() error {
	return needed("MusicReply.MusicURL", r.MusicURL+r.HQMusicURL+r.ThumbMediaID)
}

func (r MusicReply) write(w *writer) {
	w.object("Music", func() {
		w.optional("Title", r.Title)
		w.optional("Description", r.Description)
		w.optional("MusicUrl", r.MusicURL)
		w.optional("HQMusicUrl", r.HQMusicURL)
		w.optional("ThumbMediaId", r.ThumbMediaID)
	})
}

// Article is a link in a [NewsReply].
type Article struct {
	Title       string
	Description string
	PictureURL  string // JPG or PNG, 360×200 pixels for the first article, 200×200 for others
	URL         string // required by the platform's documentation, but articles without one work in practice
}

// NewsReply is a list of 1 to 8 links to articles (回复图文消息). In reply to a message, the
// platform shows only the first article; in reply to a menu event, it shows all of them.
type NewsReply struct{ Articles []Article }

const maxArticles = 8

func (NewsReply) msgType() string { return "news" }
func (r NewsReply) check() error {
	if n := len(r.Articles); n == 0 || n > maxArticles {
		return &ReplyError{"NewsReply.Articles", fmt.Sprintf("must have 1 to %d entries, but has %d", maxArticles, n)}
	}
	for i, a := range r.Articles {
		if err := needed(fmt.Sprintf("NewsReply.Articles[%d].Title", i), a.Title); err != nil {
			return err
		}
	}
	return nil
}

func (r NewsReply) write(w *writer) {
	w.number("ArticleCount", int64(len(r.Articles)))
	w.array("Articles", "item", len(r.Articles), func(i int) {
		a := r.Articles[i]
		w.text("Title", a.Title)
		w.text("Description", a.Description)
		w.text("PicUrl", a.PictureURL)
		w.text("Url", a.URL)
	})
}

// TransferReply transfers the message to a customer-service agent (将消息转发到客服).
type TransferReply struct {
	KFAccount string // account of the agent; "" for any agent. If that agent is offline, no other agent gets the message.
}

func (TransferReply) msgType() string { return "transfer_customer_service" }
func (TransferReply) check() error    { return nil }
func (r TransferReply) write(w *writer) {
	if r.KFAccount != "" {
		w.object("TransInfo", func() { w.text("KfAccount", r.KFAccount) })
	}
}

// AIReply lets the platform's AI reply to the message (公众号智能回复). Only some accounts have
// this feature.
type AIReply struct{}

func (AIReply) msgType() string { return "transfer_biz_ai_ivr" }
func (AIReply) check() error    { return nil }
func (AIReply) write(*writer)   {}

// DeviceReply is the reply to a push of the discontinued device platform (设备消息).
type DeviceReply struct {
	Type         string // "hardware", "device_text" or "device_status"
	DeviceType   string
	DeviceID     string
	SessionID    int64
	Content      string // in Base64
	DeviceStatus int    // 0 or 1
}

func (r DeviceReply) msgType() string { return r.Type }
func (r DeviceReply) check() error {
	switch r.Type {
	case "hardware", "device_text", "device_status":
		return needed("DeviceReply.DeviceID", r.DeviceID)
	}
	return &ReplyError{"DeviceReply.Type", "must be hardware, device_text or device_status"}
}

func (r DeviceReply) write(w *writer) {
	w.text("DeviceType", r.DeviceType)
	w.text("DeviceID", r.DeviceID)
	w.number("SessionID", r.SessionID)
	if r.Type == "device_status" {
		w.number("DeviceStatus", int64(r.DeviceStatus))
	} else {
		w.text("Content", r.Content)
	}
}

// render renders the reply to a push, without encryption.
func render(r Reply, to *Header, inJSON bool, now time.Time) []byte {
	w := writers.Get().(*writer) //nolint:forcetypeassert // see New
	defer writers.put(w)
	w.json = inJSON
	w.begin()
	w.clean("ToUserName", to.FromUserName) // a parsed header is clean
	w.clean("FromUserName", to.ToUserName)
	w.number("CreateTime", now.Unix())
	w.clean("MsgType", r.msgType())
	r.write(w)
	return bytes.Clone(w.end())
}

// writers are writers that nothing refers to any more. Some are used only for their buffers.
var writers = writerPool{sync.Pool{New: func() any { return &writer{out: make([]byte, 0, firstRead)} }}}

type writerPool struct{ sync.Pool }

const maxPooled = 16 << 10 // bytes of a buffer that is used again

func (p *writerPool) put(w *writer) {
	if cap(w.out) <= maxPooled {
		*w = writer{out: w.out[:0]}
		p.Put(w)
	}
}

// writer writes a reply in the format of its push, XML or JSON.
type writer struct {
	out  []byte
	json bool
	some bool // the current object has a member already
}

func (w *writer) begin() {
	if w.json {
		w.out = append(w.out, '{')
		return
	}
	w.out = append(w.out, "<xml>"...)
}

func (w *writer) end() []byte {
	if w.json {
		w.out = append(w.out, '}')
	} else {
		w.out = append(w.out, "</xml>"...)
	}
	return w.out
}

func (w *writer) name(name string) {
	if !w.json {
		w.tag("<", name)
		return
	}
	if w.some {
		w.out = append(w.out, ',')
	}
	w.some = true
	w.out = append(w.out, '"')
	w.out = append(w.out, name...)
	w.out = append(w.out, `":`...)
}

func (w *writer) tag(open, name string) {
	w.out = append(w.out, open...)
	w.out = append(w.out, name...)
	w.out = append(w.out, '>')
}

func (w *writer) close(name string) {
	if !w.json {
		w.tag("</", name)
	}
}

func (w *writer) number(name string, n int64) {
	w.name(name)
	w.out = strconv.AppendInt(w.out, n, 10)
	w.close(name)
}

// text writes a string, without the characters that XML does not allow.
func (w *writer) text(name, value string) { w.clean(name, repair(value)) }

// clean writes a string that needs no repair.
func (w *writer) clean(name, value string) {
	w.name(name)
	if w.json {
		w.out = appendJSON(w.out, value)
	} else {
		w.out = append(w.out, "<![CDATA["...)
		if strings.IndexByte(value, ']') >= 0 {
			value = strings.ReplaceAll(value, "]]>", "]]]]><![CDATA[>")
		}
		w.out = append(w.out, value...)
		w.out = append(w.out, "]]>"...)
	}
	w.close(name)
}

func (w *writer) optional(name, value string) {
	if value != "" {
		w.text(name, value)
	}
}

func (w *writer) object(name string, members func()) {
	w.name(name)
	w.members(members)
	w.close(name)
}

func (w *writer) members(members func()) {
	if !w.json {
		members()
		return
	}
	w.out, w.some = append(w.out, '{'), false
	members()
	w.out, w.some = append(w.out, '}'), true
}

// array writes a list: elements named item inside name, or a JSON array.
func (w *writer) array(name, item string, n int, members func(i int)) {
	w.name(name)
	if w.json {
		w.out = append(w.out, '[')
	}
	for i := range n {
		if w.json && i > 0 {
			w.out = append(w.out, ',')
		}
		if !w.json {
			w.tag("<", item)
		}
		w.members(func() { members(i) })
		w.close(item)
	}
	if w.json {
		w.out = append(w.out, ']')
	}
	w.close(name)
}

// appendJSON appends a string without \u escapes, which the platform refuses in some
// places. The only control characters in value are tab and line feed.
func appendJSON(out []byte, value string) []byte {
	out = append(out, '"')
	for i := range len(value) {
		switch b := value[i]; b {
		case '"', '\\':
			out = append(out, '\\', b)
		case '\n':
			out = append(out, `\n`...)
		case '\t':
			out = append(out, `\t`...)
		default:
			out = append(out, b)
		}
	}
	return append(out, '"')
}

// CustomMessages converts a reply to customer-service messages for a follower. It returns
// the request bodies of calls to /cgi-bin/message/custom/send, in order. A text of more
// than 2,048 bytes or a [NewsReply] with several articles needs several calls; a nil reply
// needs none. It returns a [*ReplyError] if the reply is invalid, or is of a type that
// cannot be sent that way: [TransferReply], [AIReply] or [DeviceReply].
func CustomMessages(openID string, r Reply) ([][]byte, error) {
	if r = byValue(r); r == nil {
		return nil, nil
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	switch r := r.(type) {
	case TextReply:
		var bodies [][]byte
		for _, part := range SplitText(repair(r.Content), maxTextBytes) {
			bodies = append(bodies, customerMessage(openID, "text", func(w *writer) { w.text("content", part) }))
		}
		return bodies, nil
	case ImageReply:
		return [][]byte{customerMessage(openID, "image", func(w *writer) { w.text("media_id", r.MediaID) })}, nil
	case VoiceReply:
		return [][]byte{customerMessage(openID, "voice", func(w *writer) { w.text("media_id", r.MediaID) })}, nil
	case VideoReply:
		return [][]byte{customerMessage(openID, "video", func(w *writer) {
			w.text("media_id", r.MediaID)
			w.text("thumb_media_id", r.MediaID) // required, but the platform shows the video's own
			w.optional("title", r.Title)
			w.optional("description", r.Description)
		})}, nil
	case MusicReply:
		return [][]byte{customerMessage(openID, "music", func(w *writer) {
			w.optional("title", r.Title)
			w.optional("description", r.Description)
			w.text("musicurl", r.MusicURL)
			w.text("hqmusicurl", r.HQMusicURL)
			w.text("thumb_media_id", r.ThumbMediaID)
		})}, nil
	case NewsReply:
		var bodies [][]byte
		for _, a := range r.Articles { // a message can have only one article
			bodies = append(bodies, customerMessage(openID, "news", func(w *writer) {
				w.array("articles", "", 1, func(int) {
					w.text("title", a.Title)
					w.text("description", a.Description)
					w.text("url", a.URL)
					w.text("picurl", a.PictureURL)
				})
			}))
		}
		return bodies, nil
	}
	return nil, &ReplyError{"Reply", "must be of another type: " + r.msgType() + " cannot be sent as a customer-service message"}
}

func customerMessage(openID, kind string, content func(w *writer)) []byte {
	w := &writer{json: true}
	w.begin()
	w.text("touser", openID)
	w.text("msgtype", kind)
	w.object(kind, func() { content(w) })
	return w.end()
}
