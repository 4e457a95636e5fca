package wechattest

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/wechatoa/wechat"
)

const (
	massKeyBytes = 32
	massKeyLife  = 24 * time.Hour
	massPerMonth = 4 // to each follower
	massLeast    = 2
	massMost     = 10_000
	defaultSpeed = 3
)

// masses are the mass messages of the account.
type masses struct {
	mass     map[int64]*massMessage
	massKeys map[string]keyed // by clientmsgid, or by content and recipients
	speed    int
}

type massMessage struct {
	id     int64
	kind   string       // msgtype
	pub    *publication // nil unless the message is articles
	status string
}

func (s *masses) init() {
	s.mass, s.massKeys, s.speed = map[int64]*massMessage{}, map[string]keyed{}, defaultSpeed
}

func (p *Platform) massRoutes() map[string]behavior {
	return map[string]behavior{
		"/cgi-bin/message/mass/sendall":   p.sendMass,
		"/cgi-bin/message/mass/send":      p.sendMass,
		"/cgi-bin/message/mass/preview":   p.previewMass,
		"/cgi-bin/message/mass/get":       p.getMass,
		"/cgi-bin/message/mass/delete":    p.deleteMass,
		"/cgi-bin/message/mass/speed/get": p.getSpeed,
		"/cgi-bin/message/mass/speed/set": p.setSpeed,
	}
}

// massIn is the request of a mass message.
type massIn struct {
	contentIn

	Filter struct {
		All   bool   `json:"is_to_all"`
		Tag   *int64 `json:"tag_id"`
		Group any    `json:"group_id"` // replaced by tags
	} `json:"filter"`
	Key string `json:"clientmsgid"`
}

// massContent reads the content of a mass message.
func (p *Platform) massContent(c *call) (*massIn, Message, error) {
	var in massIn
	if err := c.read(&in); err != nil {
		return nil, Message{}, err
	}
	m := in.message()
	m.Raw = c.Body
	switch {
	case m.Type == "wxcard":
		return nil, m, refuse(45113, "product and card messages are no longer supported")
	case m.Type == "text" && m.Content == "":
		return nil, m, refuse(wechat.ErrEmptyText, "empty content")
	case len(m.Content) > textBytes:
		return nil, m, refuse(wechat.ErrContentTooLong, "content size out of limit")
	case m.Type == "mpnews":
		if p.drafts[m.MediaID] == nil {
			return nil, m, refuse(wechat.ErrInvalidMediaID, "invalid media_id")
		}
	case m.Type != "text":
		ids := []string{m.MediaID}
		if m.Type == "image" && len(in.Images.MediaIDs) > 0 {
			ids = in.Images.MediaIDs
		}
		for _, id := range ids {
			if err := p.checkMediaID(id); err != nil {
				return nil, m, err
			}
		}
	}
	return &in, m, nil
}

// recipients returns the recipients of a mass message.
func (p *Platform) recipients(c *call, in *massIn) ([]*Follower, error) {
	if c.Path == "/cgi-bin/message/mass/send" {
		return p.namedRecipients(c)
	}
	if in.Filter.All {
		return p.followers(func(*Follower) bool { return true }), nil
	}
	if in.Filter.Tag == nil && in.Filter.Group != nil {
		return nil, refuse(c.codeFor("filter.tag_id"), "group_id was withdrawn from filter, use tag_id")
	}
	if in.Filter.Tag == nil {
		return nil, c.missing("filter.tag_id")
	}
	if _, err := p.existingTag(*in.Filter.Tag); err != nil {
		return nil, err
	}
	return p.followers(func(f *Follower) bool { return slices.Contains(f.tags, *in.Filter.Tag) }), nil
}

func (p *Platform) namedRecipients(c *call) ([]*Follower, error) {
	var named struct {
		To []string `json:"touser"`
	}
	if err := c.read(&named); err != nil {
		return nil, err
	}
	if len(named.To) < massLeast {
		return nil, refuse(wechat.ErrTooFewOpenIDs, "invalid openid list size, at least two openid")
	}
	if len(named.To) > massMost {
		return nil, refuse(wechat.ErrInvalidOpenIDCount, "invalid openid list size")
	}
	chosen := p.followers(func(f *Follower) bool { return slices.Contains(named.To, f.OpenID) })
	if len(chosen) == 0 {
		return nil, refuse(wechat.ErrInvalidOpenIDList, "invalid openid list")
	}
	return chosen, nil
}

func (p *Platform) followers(matches func(*Follower) bool) []*Follower {
	var list []*Follower
	for _, f := range p.order {
		if f.following && matches(f) {
			list = append(list, f)
		}
	}
	return list
}

func (p *Platform) sendMass(c *call) (any, error) {
	in, m, err := p.massContent(c)
	if err != nil {
		return nil, err
	}
	to, err := p.recipients(c, in)
	if err != nil {
		return nil, err
	}
	if len(in.Key) > massKeyBytes {
		return nil, refuse(wechat.ErrMassIDTooLong, "clientmsgid size out of limit")
	}
	key := in.massKey(c)
	if done, ok := p.massKeys[key]; ok && c.At.Sub(done.At) < massKeyLife {
		return nil, &refusal{code: wechat.ErrDuplicateMassID, message: "clientmsgid exist", extra: map[string]any{"msg_id": done.ID}}
	}
	sent := &massMessage{id: p.ids.newSent(), kind: m.Type, status: "SENDING"}
	p.massKeys[key] = keyed{At: c.At, ID: sent.id}
	p.mass[sent.id] = sent
	out := map[string]any{"errcode": 0, "errmsg": "send job submission success", "type": m.Type, "msg_id": sent.id}
	if m.Type == "mpnews" {
		sent.pub = p.publish(p.drafts[m.MediaID].articles, p.ids.newData())
		out["msg_data_id"] = sent.pub.dataID
		m.MsgDataID, m.Articles = sent.pub.dataID, linksTo(sent.pub.articles)
	}
	received := Received{Message: m, Via: ViaMassMessage, MsgID: sent.id, RequestID: c.RequestID}
	p.finish(c, func() Push { return p.endMass(sent, received, to) })
	return out, nil
}

// massKey returns the key by which the platform detects duplicates.
func (in *massIn) massKey(c *call) string {
	if in.Key != "" {
		return "id " + in.Key
	}
	fields := maps.Clone(c.fields)
	delete(fields, "send_ignore_reprint")
	content, _ := encode(fields) // they were decoded from JSON
	sum := sha256.Sum256(append([]byte(c.Path), content...))
	return "content " + hex.EncodeToString(sum[:])
}

// endMass delivers a mass message. Followers who refuse messages, or who received four
// this month, are left out.
func (p *Platform) endMass(sent *massMessage, m Received, to []*Follower) Push {
	reached := 0
	for _, f := range to {
		if f.refuses || f.blacklisted || f.massThisMonth() >= massPerMonth {
			continue
		}
		reached++
		f.receive(m)
	}
	sent.status = "SEND_SUCCESS"
	checked := 0
	var items []any
	if sent.pub != nil {
		checked = 1 // not a reprint
		for i, a := range sent.pub.articles {
			items = append(items, Fields{"ArticleIdx": i + 1, "ArticleUrl": a["url"]})
		}
	}
	return Push{Type: "event", Event: "MASSSENDJOBFINISH", Fields: Fields{
		"MsgID": sent.id, "Status": "send success", "TotalCount": len(to), "FilterCount": reached, "SentCount": reached, "ErrorCount": 0,
		"CopyrightCheckResult": Fields{"Count": 0, "ResultList": listOf(nil), "CheckState": checked},
		"ArticleUrlResult":     Fields{"Count": len(items), "ResultList": listOf(items)},
	}}
}

// listOf returns the items of a list in a push, or an empty element.
func listOf(items []any) Fields {
	if len(items) == 0 {
		return Fields{}
	}
	return Fields{"item": items}
}

func (f *Follower) massThisMonth() int {
	n, month := 0, beijing(f.p.now()).Format("2006-01")
	for _, r := range f.received {
		if r.Via == ViaMassMessage && beijing(r.At).Format("2006-01") == month {
			n++
		}
	}
	return n
}

func (p *Platform) previewMass(c *call) (any, error) {
	_, m, err := p.massContent(c)
	if err != nil {
		return nil, err
	}
	f, err := p.previewer(c)
	if err != nil {
		return nil, err
	}
	id := p.ids.newSent()
	f.receive(Received{Message: m, Via: ViaPreview, MsgID: id, RequestID: c.RequestID})
	return map[string]any{"errcode": 0, "errmsg": "preview success", "msg_id": id}, nil
}

// previewer returns the recipient of a preview. The fake uses the nickname as the
// WeChat ID.
func (p *Platform) previewer(c *call) (*Follower, error) {
	name := c.text("towxname")
	if name == "" {
		return p.follower(c.text("touser"))
	}
	for _, f := range p.order {
		if f.following && f.user.Nickname == name {
			return f, nil
		}
	}
	return nil, refuse(40132, "invalid username")
}

func (p *Platform) getMass(c *call) (any, error) {
	id, _ := strconv.ParseInt(c.text("msg_id"), 10, 64)
	sent := p.mass[id]
	if sent == nil {
		return nil, refuse(wechat.ErrInvalidMessageID, "invalid msg_id")
	}
	return map[string]any{"msg_id": sent.id, "msg_status": sent.status}, nil
}

func (p *Platform) deleteMass(c *call) (any, error) {
	var in struct {
		ID    int64  `json:"msg_id"`
		Index int    `json:"article_idx"`
		URL   string `json:"url"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	sent := p.massBy(in.ID, in.URL)
	switch {
	case sent == nil:
		return nil, refuse(wechat.ErrInvalidMessageID, "invalid msg_id")
	case sent.status == "DELETE":
		return nil, refuse(40065, "message can't be deleted")
	case sent.kind == "mpvideo" && (in.Index == 0 || in.Index == 1):
		sent.status = "DELETE"
		return okay{}, nil
	case sent.kind != "mpnews" && sent.kind != "mpvideo":
		return nil, refuse(wechat.ErrInvalidMessageType, "only articles and videos can be deleted")
	case sent.kind == "mpvideo" || in.Index < 0 || in.Index > len(sent.pub.articles):
		return nil, refuse(40060, "invalid article_idx")
	}
	sent.deleteArticles(in.ID, in.Index, in.URL)
	return okay{}, nil
}

// deleteArticles deletes the article at a position, from 1, or all if the position is
// 0. The URL selects the article if there is no ID.
func (sent *massMessage) deleteArticles(id int64, position int, url string) {
	for i, a := range sent.pub.articles {
		if id == 0 && a["url"] == url || id != 0 && (position == 0 || position == i+1) {
			a["is_deleted"] = true
		}
	}
	if sent.pub.deleted() {
		sent.status = "DELETE"
	}
}

// massBy returns the message with an ID, or else the one with the article at a URL.
func (p *Platform) massBy(id int64, url string) *massMessage {
	if id != 0 || url == "" {
		return p.mass[id]
	}
	for _, sent := range p.mass {
		if sent.pub != nil && slices.ContainsFunc(sent.pub.articles, func(a map[string]any) bool { return a["url"] == url }) {
			return sent
		}
	}
	return nil
}

// realSpeed returns the rate of a speed level, in 10,000 messages a minute.
func realSpeed(speed int) int { return []int{80, 60, 45, 30, 10}[speed] }

func (p *Platform) getSpeed(*call) (any, error) {
	return map[string]any{"errcode": 0, "errmsg": "ok", "speed": p.speed, "realspeed": realSpeed(p.speed)}, nil
}

func (p *Platform) setSpeed(c *call) (any, error) {
	var in struct {
		Speed int `json:"speed"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	p.speed = in.Speed
	return okay{}, nil
}
