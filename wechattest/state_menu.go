package wechattest

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"

	"github.com/wechatoa/wechat"
)

const (
	maxButtons     = 3
	maxSubButtons  = 5
	buttonBytes    = 16 // of a name
	subButtonBytes = 60
	keyBytes       = 128
	urlBytes       = 1024
)

// menus are the account's menus: the default one and the conditional ones, oldest
// first.
type menus struct {
	menu        *Menu
	conditional []*Menu
	nextMenu    int64
}

// Menu is a menu of the account.
type Menu struct {
	ID      int64
	Buttons []MenuButton
	Rule    map[string]string // who sees a conditional menu; nil for the default menu
}

// MenuButton is a button of a [Menu], in the words of the API.
type MenuButton struct {
	Type      string       `json:"type,omitempty"`
	Name      string       `json:"name"`
	Key       string       `json:"key,omitempty"`
	URL       string       `json:"url,omitempty"`
	MediaID   string       `json:"media_id,omitempty"`
	AppID     string       `json:"appid,omitempty"`
	PagePath  string       `json:"pagepath,omitempty"`
	ArticleID string       `json:"article_id,omitempty"`
	Sub       []MenuButton `json:"sub_button"`
}

func (p *Platform) menuRoutes() map[string]behaviour {
	return map[string]behaviour{
		"/cgi-bin/menu/create":               p.createMenu,
		"/cgi-bin/menu/get":                  p.getMenu,
		"/cgi-bin/menu/delete":               p.deleteMenu,
		"/cgi-bin/menu/addconditional":       p.addConditional,
		"/cgi-bin/menu/delconditional":       p.deleteConditional,
		"/cgi-bin/menu/trymatch":             p.tryMatch,
		"/cgi-bin/get_current_selfmenu_info": p.getSelfMenu,
	}
}

// Menu returns the menu that the user sees, nil where the account has none.
func (f *Follower) Menu() *Menu {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	return f.p.menuOf(f)
}

// menuID returns the id of the default menu, as events carry it.
func (p *Platform) menuID() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.menu == nil {
		return 0
	}
	return p.menu.ID
}

// menuOf returns the menu of a user: the newest conditional one that matches, else
// the default.
func (p *Platform) menuOf(f *Follower) *Menu {
	for _, m := range slices.Backward(p.conditional) {
		if m.matches(f) {
			return m
		}
	}
	return p.menu
}

func (m *Menu) matches(f *Follower) bool {
	for name, want := range m.Rule {
		var ok bool
		switch name {
		case "tag_id":
			ok = slices.ContainsFunc(f.tags, func(id int64) bool { return strconv.FormatInt(id, 10) == want })
		case "client_platform_type":
			ok = strconv.Itoa(f.user.ClientType) == want
		}
		if !ok {
			return false
		}
	}
	return true
}

func (p *Platform) newMenu(buttons []MenuButton, rule map[string]string) *Menu {
	if p.nextMenu == 0 {
		p.nextMenu = 400_000_000
	}
	p.nextMenu++
	return &Menu{ID: p.nextMenu, Buttons: buttons, Rule: rule}
}

func (p *Platform) createMenu(c *call) (any, error) {
	buttons, err := p.buttonsIn(c)
	if err != nil {
		return nil, err
	}
	p.menu = p.newMenu(buttons, nil)
	return okay{}, nil
}

func (p *Platform) buttonsIn(c *call) ([]MenuButton, error) {
	var in struct {
		Buttons []MenuButton `json:"button"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if len(in.Buttons) == 0 || len(in.Buttons) > maxButtons {
		return nil, refuse(wechat.ErrInvalidButtonCount, "invalid button size")
	}
	for _, b := range in.Buttons {
		if err := p.checkButton(b); err != nil {
			return nil, err
		}
	}
	return in.Buttons, nil
}

func (p *Platform) checkButton(b MenuButton) error {
	most := buttonBytes
	if len(b.Sub) == 0 && !p.set.keeps(RuleLength) {
		most = subButtonBytes
	}
	if b.Name == "" || len(b.Name) > most {
		return refuse(wechat.ErrInvalidButtonName, "invalid button name size")
	}
	if len(b.Sub) == 0 {
		return p.checkAction(b, actionCodes{
			kind: wechat.ErrInvalidButtonType, key: wechat.ErrInvalidButtonKey, url: wechat.ErrInvalidButtonURL, domain: 40055,
		})
	}
	if len(b.Sub) > maxSubButtons {
		return refuse(wechat.ErrInvalidSubButtonCount, "invalid sub button size")
	}
	for _, s := range b.Sub {
		if s.Name == "" || len(s.Name) > subButtonBytes {
			return refuse(40025, "invalid sub button name size")
		}
		if len(s.Sub) > 0 {
			return refuse(40022, "invalid sub button level")
		}
		err := p.checkAction(s, actionCodes{
			kind: wechat.ErrInvalidSubButtonType, key: 40026, url: wechat.ErrInvalidSubButtonURL, domain: 40054,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// actionCodes are the codes for what is wrong with a button, which differ by level.
type actionCodes struct{ kind, key, url, domain wechat.Code }

func (p *Platform) checkAction(b MenuButton, codes actionCodes) error {
	switch b.Type {
	case "click", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select":
		if b.Key == "" || len(b.Key) > keyBytes {
			return refuse(codes.key, "invalid button key size")
		}
	case "view", "miniprogram":
		if b.URL == "" || len(b.URL) > urlBytes {
			return refuse(codes.url, "invalid button url size")
		}
		if u, err := url.Parse(b.URL); err != nil || u.Host == "" {
			return refuse(codes.domain, "invalid button url domain")
		}
		if b.Type == "miniprogram" && (b.AppID == "" || b.PagePath == "") {
			return refuse(wechat.ErrInvalidMiniProgramAppID, "invalid mini program")
		}
	case "media_id", "view_limited":
		return p.checkMediaID(b.MediaID)
	case "article_id", "article_view_limited":
		if b.ArticleID == "" {
			return refuse(wechat.ErrInvalidArticleID, "invalid article_id")
		}
	default:
		return refuse(codes.kind, "invalid button type")
	}
	return nil
}

func (p *Platform) getMenu(*call) (any, error) {
	if p.menu == nil {
		return nil, refuse(wechat.ErrMenuNotFound, "menu no exist")
	}
	menu := map[string]any{"button": filled(p.menu.Buttons)}
	out := map[string]any{"menu": menu}
	if len(p.conditional) > 0 {
		menu["menuid"] = p.menu.ID
		var list []any
		for _, m := range slices.Backward(p.conditional) {
			list = append(list, map[string]any{"button": filled(m.Buttons), "matchrule": m.Rule, "menuid": m.ID})
		}
		out["conditionalmenu"] = list
	}
	return out, nil
}

// filled gives every button a list of sub-buttons, which the platform never omits.
func filled(buttons []MenuButton) []MenuButton {
	out := slices.Clone(buttons)
	for i := range out {
		out[i].Sub = filled(nonNil(out[i].Sub))
	}
	return nonNil(out)
}

func (p *Platform) deleteMenu(*call) (any, error) {
	p.menu, p.conditional = nil, nil
	return okay{}, nil
}

func (p *Platform) addConditional(c *call) (any, error) {
	buttons, err := p.buttonsIn(c)
	if err != nil {
		return nil, err
	}
	if p.menu == nil {
		return nil, refuse(65303, "there is no selfmenu, please create selfmenu first")
	}
	rule, err := c.matchRule()
	if err != nil {
		return nil, err
	}
	if id, ok := rule["tag_id"]; ok {
		n, _ := strconv.ParseInt(id, 10, 64)
		if _, err := p.existingTag(n); err != nil {
			return nil, err
		}
	}
	m := p.newMenu(buttons, rule)
	p.conditional = append(p.conditional, m)
	return map[string]any{"menuid": strconv.FormatInt(m.ID, 10)}, nil
}

// matchRule reads who is to see a conditional menu.
func (c *call) matchRule() (map[string]string, error) {
	rule := map[string]string{}
	object, _ := c.fields["matchrule"].(map[string]any)
	for name, value := range object {
		text, ok := value.(string)
		if n, isNumber := value.(json.Number); isNumber {
			text, ok = n.String(), true
		}
		if !ok {
			return nil, c.wrongType("matchrule." + name)
		}
		if text == "" {
			continue
		}
		switch name {
		case "tag_id":
		case "client_platform_type":
			if text != "1" && text != "2" && text != "3" {
				return nil, c.unknownValue("matchrule." + name)
			}
		default:
			return nil, refuse(wechat.ErrWithdrawnMatchRule, name+" was withdrawn from matchrule, use tag_id")
		}
		rule[name] = text
	}
	if len(rule) == 0 {
		return nil, refuse(65304, "match rule empty")
	}
	return rule, nil
}

func (p *Platform) deleteConditional(c *call) (any, error) {
	id := c.text("menuid")
	for i, m := range p.conditional {
		if strconv.FormatInt(m.ID, 10) == id {
			p.conditional = slices.Delete(p.conditional, i, i+1)
			return okay{}, nil
		}
	}
	return nil, refuse(wechat.ErrConditionalMenuNotFound, "invalid menuid")
}

func (p *Platform) tryMatch(c *call) (any, error) {
	f := p.users[c.text("user_id")]
	if f == nil {
		return nil, refuse(65302, "user not found")
	}
	m := p.menuOf(f)
	if m == nil {
		return nil, refuse(wechat.ErrMenuNotFound, "menu no exist")
	}
	return map[string]any{"button": filled(m.Buttons)}, nil
}

// getSelfMenu answers the default menu in the words of the console.
func (p *Platform) getSelfMenu(*call) (any, error) {
	if p.menu == nil {
		return map[string]any{"is_menu_open": 0, "selfmenu_info": map[string]any{"button": []any{}}}, nil
	}
	return map[string]any{"is_menu_open": 1, "selfmenu_info": map[string]any{"button": selfButtons(p.menu.Buttons)}}, nil
}

func selfButtons(buttons []MenuButton) []any {
	list := make([]any, 0, len(buttons))
	for _, b := range buttons {
		out := map[string]any{"name": b.Name}
		for name, value := range map[string]string{
			"type": b.Type, "key": b.Key, "url": b.URL, "value": b.MediaID + b.ArticleID, "appid": b.AppID, "pagepath": b.PagePath,
		} {
			if value != "" {
				out[name] = value
			}
		}
		if len(b.Sub) > 0 {
			out["sub_button"] = map[string]any{"list": selfButtons(b.Sub)}
		}
		list = append(list, out)
	}
	return list
}
