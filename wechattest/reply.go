package wechattest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wechatoa/wechat/internal/msgcrypt"
	"github.com/wechatoa/wechat/internal/spec"
)

// element is a named value in a push.
type element struct {
	name  string
	value any
}

// order maps the elements of a push to their positions.
type order map[string]int

// orderOf returns the order of the elements in the official samples.
func orderOf(p Push) order {
	documented, _ := spec.FindPush(p.Type, p.Event)
	o := order{}
	for i, name := range documented.Elements {
		o[name] = i
	}
	return o
}

// sort sorts fields and the fields inside them. Undocumented ones follow by name; MsgId
// is the last.
func (o order) sort(fields Fields) []element {
	list := make([]element, 0, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		list = append(list, element{name, o.value(fields[name])})
	}
	slices.SortStableFunc(list, func(a, b element) int { return cmp.Compare(o.position(a.name), o.position(b.name)) })
	return list
}

func (o order) position(name string) int {
	if i, ok := o[name]; ok {
		return i
	}
	if name == "MsgId" {
		return math.MaxInt
	}
	return len(o)
}

func (o order) value(v any) any {
	switch v := v.(type) {
	case Fields:
		return o.sort(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = o.value(v[i])
		}
		return list
	}
	return v
}

// write encodes elements in the account's format.
func (s *callbackSettings) write(elements []element) []byte {
	var buf bytes.Buffer
	if s.JSON {
		writeJSON(&buf, elements)
	} else {
		writeXML(&buf, "xml", elements)
	}
	return buf.Bytes()
}

func writeJSON(buf *bytes.Buffer, value any) {
	switch v := value.(type) {
	case []element:
		for i, e := range v {
			buf.WriteByte("{,"[min(i, 1)])
			name, _ := encode(e.name)
			buf.Write(name)
			buf.WriteByte(':')
			writeJSON(buf, e.value)
		}
		if len(v) == 0 {
			buf.WriteByte('{')
		}
		buf.WriteByte('}')
	case []any:
		for i, item := range v {
			buf.WriteByte("[,"[min(i, 1)])
			writeJSON(buf, item)
		}
		if len(v) == 0 {
			buf.WriteByte('[')
		}
		buf.WriteByte(']')
	default:
		text, err := encode(v)
		if err != nil {
			text = []byte("null") // a number that XML can represent but JSON cannot
		}
		buf.Write(text)
	}
}

func writeXML(buf *bytes.Buffer, name string, value any) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			writeXML(buf, name, item)
		}
		return
	case []element:
		buf.WriteString("<" + name + ">")
		for _, e := range v {
			writeXML(buf, e.name, e.value)
		}
	case string:
		buf.WriteString("<" + name + "><![CDATA[" + strings.ReplaceAll(v, "]]>", "]]]]><![CDATA[>") + "]]>")
	case float64:
		buf.WriteString("<" + name + ">" + strconv.FormatFloat(v, 'f', -1, 64))
	default:
		buf.WriteString("<" + name + ">" + fmt.Sprint(v))
	}
	buf.WriteString("</" + name + ">")
}

// judge decides whether the platform accepts a response to a push, and returns its
// reply. A nil reply means that there is none.
func (p *Platform) judge(r *Report, a Delivery) (*Message, error) {
	body := bytes.TrimSpace(a.Body)
	if err := checkStatus(a.Status); err != nil {
		return nil, err
	}
	if isNoReply(a.Body) {
		return nil, nil //nolint:nilnil // accepted without a reply
	}
	root, err := parseReply(body)
	if err != nil {
		return nil, err
	}
	if r.settings.Mode != CallbackModePlain {
		plain, encrypted, err := p.decrypted(r.settings, root)
		switch {
		case err != nil:
			return nil, err
		case encrypted && isNoReply(bytes.TrimSpace(plain)):
			return nil, nil //nolint:nilnil // the same, encrypted
		case encrypted:
			body = plain
			if root, err = parseReply(plain); err != nil {
				return nil, err
			}
		case r.settings.Mode == CallbackModeSafe:
			return nil, rejected(ReasonNotEncrypted, "the reply is not encrypted")
		}
	}
	m, err := p.readReply(root, r)
	if err != nil {
		return nil, err
	}
	m.Raw = body
	return m, nil
}

// isNoReply reports whether a response accepts a push without a reply.
func isNoReply(body []byte) bool {
	return len(body) == 0 || string(bytes.TrimSpace(body)) == "success"
}

// shown reports whether the follower sees the reply.
func (r *Report) shown() bool {
	if r.Reply == nil || r.Push.Type == "event" && !takesReply(r.Push.Event) {
		return false
	}
	switch r.Reply.Type {
	case "text", "image", "voice", "video", "music", "news":
		return true
	}
	return false
}

// takesReply reports whether the app shows the reply to an event.
func takesReply(event string) bool {
	switch event {
	case "subscribe", "SCAN", "CLICK", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select":
		return true
	}
	return false
}

// decrypted opens the envelope of a reply; ok is false if there is none.
func (p *Platform) decrypted(settings *callbackSettings, root *node) (plain []byte, ok bool, err error) {
	encrypt := root.text("Encrypt")
	if encrypt == "" {
		return nil, false, nil
	}
	signature := msgcrypt.Sign(settings.Token, root.text("TimeStamp"), root.text("Nonce"), encrypt)
	if !msgcrypt.Equal(signature, root.text("MsgSignature")) {
		return nil, true, rejected(ReasonSignature, "the MsgSignature of the reply is wrong")
	}
	plain, err = settings.key.Decrypt(encrypt, p.AppID)
	if err != nil {
		return nil, true, rejected(ReasonEncryption, "the reply cannot be decrypted, or belongs to another AppID")
	}
	if isNoReply(bytes.TrimSpace(plain)) && p.set.keeps(RuleReply) {
		return nil, true, rejected(ReasonContent, "the encrypted reply is empty")
	}
	return plain, true, nil
}

// readReply reads and validates a reply as the platform does.
func (p *Platform) readReply(root *node, r *Report) (*Message, error) {
	switch {
	case root.text("ToUserName") != r.Push.From:
		return nil, rejected(ReasonAddress, "the ToUserName of the reply is not the sender of the message")
	case root.text("FromUserName") != p.OriginalID:
		return nil, rejected(ReasonAddress, "the FromUserName of the reply is not the account")
	}
	if _, err := strconv.ParseInt(root.text("CreateTime"), 10, 64); err != nil && p.set.keeps(RuleReply) {
		return nil, rejected(ReasonContent, "the CreateTime of the reply is not a number")
	}
	m := &Message{Type: root.text("MsgType")}
	switch m.Type {
	case "text":
		m.Content = root.text("Content")
		if m.Content == "" || len(m.Content) > textBytes {
			return nil, rejected(ReasonContent, "the Content of the reply must have 1 to %d bytes, but has %d", textBytes, len(m.Content))
		}
	case "image":
		m.MediaID = root.child("Image").text("MediaId")
	case "voice":
		m.MediaID = root.child("Voice").text("MediaId")
	case "video":
		v := root.child("Video")
		m.MediaID, m.Title, m.Description = v.text("MediaId"), v.text("Title"), v.text("Description")
	case "music":
		v := root.child("Music")
		m.Title, m.Description, m.URL, m.HQMusicURL = v.text("Title"), v.text("Description"), v.text("MusicUrl"), v.text("HQMusicUrl")
		m.ThumbMediaID = v.text("ThumbMediaId")
	case "news":
		return m, m.readArticles(root, r.Push.Type == "event", p.set.keeps(RuleReply))
	case "transfer_customer_service":
		m.KFAccount = root.child("TransInfo").text("KfAccount")
	case "transfer_biz_ai_ivr", "hardware", "device_text", "device_status":
	default:
		return nil, rejected(ReasonReplyType, "the reply has an unknown MsgType %.32q", m.Type)
	}
	return m, p.checkReplyMedia(m)
}

// checkReplyMedia checks that the media IDs of a reply exist.
func (p *Platform) checkReplyMedia(m *Message) error {
	ids := map[string]string{"image": m.MediaID, "voice": m.MediaID, "video": m.MediaID, "music": m.ThumbMediaID}
	id, needed := ids[m.Type]
	if !needed || m.Type == "music" && id == "" && !p.set.keeps(RuleReply) {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.checkMediaID(id); err != nil {
		return rejected(ReasonMedia, "the media ID of the reply does not exist")
	}
	return nil
}

// readArticles reads a news reply. The app shows one article in reply to a message, and
// up to 8 in reply to an event. By the page, each article has all of its elements.
func (m *Message) readArticles(root *node, isEvent, complete bool) error {
	items := root.child("Articles").all("item")
	if len(items) == 0 {
		items = root.all("Articles") // a list in JSON
	}
	count, err := strconv.Atoi(root.text("ArticleCount"))
	if err != nil || count < 1 || len(items) == 0 || len(items[0].children) == 0 {
		return rejected(ReasonContent, "the news reply has no articles, or no ArticleCount")
	}
	shown := 1
	if isEvent {
		shown = maxArticles
	}
	for _, item := range items[:min(shown, len(items))] {
		for _, name := range []string{"Title", "Description", "PicUrl", "Url"} {
			if complete && item.text(name) == "" {
				return rejected(ReasonContent, "an article of the news reply has no %s", name)
			}
		}
		m.Articles = append(m.Articles, Article{
			Title: item.text("Title"), Description: item.text("Description"), PictureURL: item.text("PicUrl"), URL: item.text("Url"),
		})
	}
	return nil
}

// node is an element of a reply.
type node struct {
	name     string
	value    string
	children []*node
}

// child returns the first element with a name, or an empty one.
func (n *node) child(name string) *node {
	if all := n.all(name); len(all) > 0 {
		return all[0]
	}
	return &node{}
}

func (n *node) all(name string) []*node {
	var found []*node
	for _, c := range n.children {
		if c.name == name {
			found = append(found, c)
		}
	}
	return found
}

func (n *node) text(name string) string { return n.child(name).value }

// parseReply parses a body in either format.
func parseReply(body []byte) (*node, error) {
	if !utf8.Valid(body) {
		return nil, rejected(ReasonFormat, "the reply is not UTF-8")
	}
	if bytes.HasPrefix(body, []byte{'{'}) {
		var object map[string]any
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		if err := d.Decode(&object); err != nil {
			return nil, rejected(ReasonFormat, "the reply is not a JSON object")
		}
		return nodeOf("xml", object), nil
	}
	return parseXML(body)
}

func nodeOf(name string, value any) *node {
	n := &node{name: name}
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			list, ok := inner.([]any)
			if !ok {
				list = []any{inner}
			}
			for _, item := range list {
				n.children = append(n.children, nodeOf(key, item))
			}
		}
	case nil:
	default:
		n.value = fmt.Sprint(v)
	}
	return n
}

func parseXML(body []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	stack := []*node{{}}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, rejected(ReasonFormat, "the reply is not XML")
		}
		top := stack[len(stack)-1]
		switch t := token.(type) {
		case xml.StartElement:
			n := &node{name: t.Name.Local}
			top.children = append(top.children, n)
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.value += string(t)
		case xml.Directive:
			return nil, rejected(ReasonFormat, "the reply contains a document type")
		}
	}
	if roots := stack[0].children; len(roots) == 1 && roots[0].name == "xml" {
		return roots[0], nil
	}
	return nil, rejected(ReasonFormat, "the root of the reply is not xml")
}
