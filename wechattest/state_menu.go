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
	menu        *wechat.StoredMenu
	conditional []*wechat.StoredMenu
	nextMenu    int64
}

func (p *Platform) menuRoutes() map[string]behavior {
	return map[string]behavior{
		"/cgi-bin/menu/create":               p.createMenu,
		"/cgi-bin/menu/get":                  p.getMenu,
		"/cgi-bin/menu/delete":               p.deleteMenu,
		"/cgi-bin/menu/addconditional":       p.addConditional,
		"/cgi-bin/menu/delconditional":       p.deleteConditional,
		"/cgi-bin/menu/trymatch":             p.tryMatch,
		"/cgi-bin/get_current_selfmenu_info": p.getCurrentMenu,
	}
}

// Menu returns the menu that the user sees, or nil if there is none. Rule is nil if it
// is the default menu.
func (f *Follower) Menu() *wechat.StoredMenu {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	return f.p.menuOf(f)
}

// menuID returns the ID of the default menu for events.
func (p *Platform) menuID() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.menu == nil {
		return 0
	}
	return p.menu.ID
}

// menuOf returns the menu of a user: the newest conditional menu that matches, or else
// the default menu.
func (p *Platform) menuOf(f *Follower) *wechat.StoredMenu {
	for _, m := range slices.Backward(p.conditional) {
		if f.matches(m.Rule) {
			return m
		}
	}
	return p.menu
}

// matches reports whether a user sees menus with the rule.
func (f *Follower) matches(rule *wechat.StoredMatchRule) bool {
	return (rule.TagID == 0 || slices.Contains(f.tags, rule.TagID)) && (rule.Platform == "" || rule.Platform == f.user.ClientPlatform)
}

func (p *Platform) newMenu(buttons []wechat.Button, rule *wechat.StoredMatchRule) *wechat.StoredMenu {
	if p.nextMenu == 0 {
		p.nextMenu = 400_000_000
	}
	p.nextMenu++
	return &wechat.StoredMenu{Menu: wechat.Menu{Buttons: buttons}, ID: p.nextMenu, Rule: rule}
}

func (p *Platform) createMenu(c *call) (any, error) {
	buttons, err := p.buttonsIn(c)
	if err != nil {
		return nil, err
	}
	p.menu = p.newMenu(buttons, nil)
	return okay{}, nil
}

func (p *Platform) buttonsIn(c *call) ([]wechat.Button, error) {
	var in wechat.Menu
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

func (p *Platform) checkButton(b wechat.Button) error {
	most := buttonBytes
	if len(b.SubButtons) == 0 && !p.set.keeps(RuleLength) {
		most = subButtonBytes
	}
	if b.Name == "" || len(b.Name) > most {
		return refuse(wechat.ErrInvalidButtonName, "invalid button name size")
	}
	if len(b.SubButtons) == 0 {
		return p.checkAction(b, actionCodes{
			kind: wechat.ErrInvalidButtonType, key: wechat.ErrInvalidButtonKey, url: wechat.ErrInvalidButtonURL, domain: 40055,
		})
	}
	if len(b.SubButtons) > maxSubButtons {
		return refuse(wechat.ErrInvalidSubButtonCount, "invalid sub button size")
	}
	for _, s := range b.SubButtons {
		if s.Name == "" || len(s.Name) > subButtonBytes {
			return refuse(40025, "invalid sub button name size")
		}
		if len(s.SubButtons) > 0 {
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

// actionCodes are the errcodes of invalid buttons, which differ by level.
type actionCodes struct{ kind, key, url, domain wechat.Code }

func (p *Platform) checkAction(b wechat.Button, codes actionCodes) error {
	switch b.Type {
	case wechat.ButtonClick, wechat.ButtonScan, wechat.ButtonScanWait, wechat.ButtonPhoto, wechat.ButtonPhotoOrAlbum, wechat.ButtonAlbum,
		wechat.ButtonLocation:
		if b.Key == "" || len(b.Key) > keyBytes {
			return refuse(codes.key, "invalid button key size")
		}
	case wechat.ButtonView, wechat.ButtonMiniProgram:
		if b.URL == "" || len(b.URL) > urlBytes {
			return refuse(codes.url, "invalid button url size")
		}
		if u, err := url.Parse(b.URL); err != nil || u.Host == "" {
			return refuse(codes.domain, "invalid button url domain")
		}
		if b.Type == wechat.ButtonMiniProgram && (b.AppID == "" || b.PagePath == "") {
			return refuse(wechat.ErrInvalidMiniProgramAppID, "invalid mini program")
		}
	case wechat.ButtonMedia, wechat.ButtonMediaLink:
		return p.checkMediaID(b.MediaID)
	case wechat.ButtonArticle, wechat.ButtonArticleLink:
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
	menu := map[string]any{"button": answered(p.menu.Buttons)}
	out := map[string]any{"menu": menu}
	if len(p.conditional) > 0 {
		menu["menuid"] = p.menu.ID
		var list []any
		for _, m := range slices.Backward(p.conditional) {
			list = append(list, map[string]any{"button": answered(m.Buttons), "matchrule": ruleAnswer(m.Rule), "menuid": m.ID})
		}
		out["conditionalmenu"] = list
	}
	return out, nil
}

// answeredButton is a button in a response: sub_button is never omitted.
type answeredButton struct {
	wechat.Button

	SubButtons []answeredButton `json:"sub_button"`
}

func answered(buttons []wechat.Button) []answeredButton {
	out := make([]answeredButton, 0, len(buttons))
	for _, b := range buttons {
		out = append(out, answeredButton{Button: b, SubButtons: answered(b.SubButtons)})
	}
	return out
}

// ruleAnswer returns a rule for a response, with the fields that are set.
func ruleAnswer(rule *wechat.StoredMatchRule) map[string]string {
	out := map[string]string{}
	if rule.TagID != 0 {
		out["tag_id"] = strconv.FormatInt(rule.TagID, 10)
	}
	if rule.Platform != "" {
		out["client_platform_type"] = string(rule.Platform)
	}
	return out
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
	if rule.TagID != 0 {
		if _, err := p.existingTag(rule.TagID); err != nil {
			return nil, err
		}
	}
	m := p.newMenu(buttons, rule)
	p.conditional = append(p.conditional, m)
	return map[string]any{"menuid": strconv.FormatInt(m.ID, 10)}, nil
}

// matchRule reads the rule of a conditional menu.
func (c *call) matchRule() (*wechat.StoredMatchRule, error) {
	rule := &wechat.StoredMatchRule{}
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
			id, err := strconv.ParseInt(text, 10, 64)
			if err != nil || id == 0 {
				return nil, refuse(wechat.ErrInvalidTagID, "invalid tagid")
			}
			rule.TagID = id
		case "client_platform_type":
			if text != "1" && text != "2" && text != "3" {
				return nil, c.unknownValue("matchrule." + name)
			}
			rule.Platform = wechat.ClientPlatform(text)
		default:
			return nil, refuse(wechat.ErrWithdrawnMatchRule, name+" was withdrawn from matchrule, use tag_id")
		}
	}
	if *rule == (wechat.StoredMatchRule{}) {
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
	return map[string]any{"button": answered(m.Buttons)}, nil
}

// getCurrentMenu returns the default menu in the console's format.
func (p *Platform) getCurrentMenu(*call) (any, error) {
	if p.menu == nil {
		return map[string]any{"is_menu_open": 0, "selfmenu_info": map[string]any{"button": []any{}}}, nil
	}
	return map[string]any{"is_menu_open": 1, "selfmenu_info": map[string]any{"button": selfButtons(p.menu.Buttons)}}, nil
}

func selfButtons(buttons []wechat.Button) []any {
	list := make([]any, 0, len(buttons))
	for _, b := range buttons {
		out := map[string]any{"name": b.Name}
		for name, value := range map[string]string{
			"type": string(b.Type), "key": b.Key, "url": b.URL, "value": b.MediaID + b.ArticleID, "appid": b.AppID, "pagepath": b.PagePath,
		} {
			if value != "" {
				out[name] = value
			}
		}
		if len(b.SubButtons) > 0 {
			out["sub_button"] = map[string]any{"list": selfButtons(b.SubButtons)}
		}
		list = append(list, out)
	}
	return list
}
