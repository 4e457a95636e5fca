package wechattest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wechatoa/wechat"
)

const (
	longestCode   = 30 * 24 * time.Hour
	shortestCode  = 30 * time.Second // if the caller passes nothing
	maxLimitScene = 100_000          // of permanent QR codes
	sceneRunes    = 64
	longestShort  = 30 * 24 * time.Hour
	shortBytes    = 4 << 10
	rulePages     = 200
	rulePublishes = 100 // a month
)

// codes are the account's QR codes, short keys, and rules for QR codes that open mini
// programs.
type codes struct {
	qr        map[string]*QRCode
	qrOrder   []string // tickets, in the order in which they were created
	shorts    map[string]shortKey
	rules     []*jumpRule
	rulesLeft int
}

// QRCode is a QR code of the account.
type QRCode struct {
	Ticket     string
	Scene      string    // scene_id as a decimal number, or scene_str
	URL        string    // the content of the QR code
	ExpireTime time.Time // zero if permanent
}

type shortKey struct {
	Data string
	At   time.Time
	Life time.Duration
}

type jumpRule struct {
	prefix, appID, path string
	published           bool
}

func (s *codes) init() {
	s.qr, s.shorts, s.rulesLeft = map[string]*QRCode{}, map[string]shortKey{}, rulePublishes
}

func (p *Platform) codeRoutes() map[string]behavior {
	return map[string]behavior{
		"/cgi-bin/qrcode/create":            p.createCode,
		"/cgi-bin/showqrcode":               p.showCode,
		"/cgi-bin/shorten/gen":              p.shorten,
		"/cgi-bin/shorten/fetch":            p.lengthen,
		"/cgi-bin/wxopen/qrcodejumpadd":     p.addRule,
		"/cgi-bin/wxopen/qrcodejumpget":     p.listRules,
		"/cgi-bin/wxopen/qrcodejumpdelete":  p.deleteRule,
		"/cgi-bin/wxopen/qrcodejumppublish": p.publishRule,
	}
}

// QRCode returns the QR code with a ticket or a scene. It returns nil if there is none or
// it has expired.
func (p *Platform) QRCode(ticketOrScene string) *QRCode {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := p.qr[ticketOrScene]
	for _, q := range p.qr {
		if found == nil && q.Scene == ticketOrScene && q.live(p.now()) {
			found = q
		}
	}
	if found == nil || !found.live(p.now()) {
		return nil
	}
	q := *found
	return &q
}

// QRCodes returns all QR codes of the account in the order in which they were created,
// including those that have expired.
func (p *Platform) QRCodes() []QRCode {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]QRCode, 0, len(p.qrOrder))
	for _, ticket := range p.qrOrder {
		if q := p.qr[ticket]; q != nil {
			list = append(list, *q)
		}
	}
	return list
}

func (q *QRCode) live(now time.Time) bool { return q.ExpireTime.IsZero() || now.Before(q.ExpireTime) }

// sceneOf returns the scene of a ticket or a scene. ok is false if the ticket has
// expired.
func (p *Platform) sceneOf(ticketOrScene string) (scene, ticket string, ok bool) {
	if q := p.QRCode(ticketOrScene); q != nil {
		return q.Scene, q.Ticket, true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return ticketOrScene, "", p.qr[ticketOrScene] == nil
}

func (p *Platform) createCode(c *call) (any, error) {
	var in struct {
		Action string `json:"action_name"`
		Expire int64  `json:"expire_seconds"`
		Info   struct {
			Scene struct {
				ID   int64  `json:"scene_id"`
				Text string `json:"scene_str"`
			} `json:"scene"`
		} `json:"action_info"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	q := &QRCode{Ticket: "gQ" + random(urlSafe, 94), URL: "http://weixin.qq.com/q/" + random(urlSafe, 22)}
	id, text := in.Info.Scene.ID, in.Info.Scene.Text
	var valid bool
	switch in.Action {
	case "QR_SCENE":
		q.Scene, valid = strconv.FormatInt(id, 10), id > 0 && id < 1<<32
	case "QR_LIMIT_SCENE":
		q.Scene, valid = strconv.FormatInt(id, 10), id > 0 && id <= maxLimitScene
	default:
		q.Scene, valid = text, text != "" && utf8.RuneCountInString(text) <= sceneRunes
	}
	if !valid {
		return nil, refuse(40053, "invalid action info")
	}
	out := map[string]any{"ticket": q.Ticket, "url": q.URL}
	if !strings.HasPrefix(in.Action, "QR_LIMIT_") {
		life := time.Duration(in.Expire) * time.Second
		if in.Expire == 0 {
			life = shortestCode
		}
		if life < 0 || life > longestCode {
			return nil, c.unknownValue("expire_seconds")
		}
		q.ExpireTime, out["expire_seconds"] = c.At.Add(life), int(life.Seconds())
	}
	p.qr[q.Ticket] = q
	p.qrOrder = append(p.qrOrder, q.Ticket)
	return out, nil
}

// showCode returns the picture of a QR code.
func (p *Platform) showCode(c *call) (any, error) {
	if q := p.qr[c.param("ticket")]; q == nil || !q.live(c.At) {
		return &answer{status: http.StatusNotFound, header: textHeader(), body: []byte("not found")}, nil
	}
	return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"image/jpg"}}, body: picture()}, nil
}

func (p *Platform) shorten(c *call) (any, error) {
	var in struct {
		Data   string `json:"long_data"`
		Expire int64  `json:"expire_seconds"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	life := time.Duration(in.Expire) * time.Second
	switch {
	case in.Data == "":
		return nil, c.missing("long_data")
	case len(in.Data) > shortBytes:
		return nil, refuse(9410010, "long_data too long")
	case life < 0 || life > longestShort:
		return nil, refuse(9410011, "invalid expire_seconds")
	case life == 0:
		life = longestShort
	}
	key := random(letters, 15)
	p.shorts[key] = shortKey{Data: in.Data, At: c.At, Life: life}
	return map[string]any{"errcode": 0, "errmsg": "ok", "short_key": key}, nil
}

func (p *Platform) lengthen(c *call) (any, error) {
	s, ok := p.shorts[c.text("short_key")]
	left := s.Life - c.At.Sub(s.At)
	if !ok || left <= 0 {
		return nil, refuse(9410012, "invalid short_key")
	}
	return map[string]any{
		"errcode": 0, "errmsg": "ok", "long_data": s.Data, "create_time": s.At.Unix(), "expire_seconds": int(left.Seconds()),
	}, nil
}

func (p *Platform) rule(prefix string) *jumpRule {
	for _, r := range p.rules {
		if r.prefix == prefix {
			return r
		}
	}
	return nil
}

func (p *Platform) addRule(c *call) (any, error) {
	var in struct {
		Prefix string `json:"prefix"`
		AppID  string `json:"appid"`
		Path   string `json:"path"`
		Edit   int    `json:"is_edit"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	r := p.rule(in.Prefix)
	switch {
	case in.Prefix == "":
		return nil, refuse(85066, "invalid link")
	case in.Edit == 0 && r != nil:
		return nil, refuse(85071, "link was added already")
	case in.Edit == 1 && r == nil:
		return nil, refuse(85095, "no such rule")
	case in.Edit == 1 && r.published:
		return nil, refuse(wechat.ErrInvalidArguments, "published rules cannot be edited")
	case r == nil:
		r = &jumpRule{prefix: in.Prefix}
		p.rules = append(p.rules, r)
	}
	r.appID, r.path = in.AppID, in.Path
	return okay{}, nil
}

func (p *Platform) listRules(c *call) (any, error) {
	var in struct {
		AppID    string   `json:"appid"`
		Kind     int      `json:"get_type"`
		Prefixes []string `json:"prefix_list"`
		Page     int      `json:"page_num"`
		Size     int      `json:"page_size"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	var chosen []*jumpRule
	for _, r := range p.rules {
		if r.appID == in.AppID && (in.Kind != 1 || slices.Contains(in.Prefixes, r.prefix)) {
			chosen = append(chosen, r)
		}
	}
	total := len(chosen)
	if in.Kind == 2 {
		if in.Page < 1 || in.Size < 1 || in.Size > rulePages {
			return nil, refuse(wechat.ErrInvalidArguments, "invalid args")
		}
		begin := min((in.Page-1)*in.Size, total)
		chosen = chosen[begin:min(begin+in.Size, total)]
	}
	list := make([]any, 0, len(chosen))
	for _, r := range chosen {
		state := 1
		if r.published {
			state = 2
		}
		list = append(list, map[string]any{"prefix": r.prefix, "path": r.path, "state": state})
	}
	return map[string]any{
		"errcode": 0, "errmsg": "ok", "qrcodejump_open": 1, "qrcodejump_pub_quota": p.rulesLeft,
		"list_size": len(list), "total_count": total, "rule_list": list,
	}, nil
}

func (p *Platform) deleteRule(c *call) (any, error) {
	if p.rule(c.text("prefix")) == nil {
		return nil, refuse(85095, "no such rule")
	}
	p.rules = slices.DeleteFunc(p.rules, func(r *jumpRule) bool { return r.prefix == c.text("prefix") })
	return okay{}, nil
}

func (p *Platform) publishRule(c *call) (any, error) {
	r := p.rule(c.text("prefix"))
	switch {
	case r == nil:
		return nil, refuse(85095, "no such rule")
	case p.rulesLeft == 0:
		return nil, refuse(886000, "publish count out of limit")
	}
	p.rulesLeft--
	r.published = true
	return okay{}, nil
}
