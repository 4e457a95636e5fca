package wechat

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
)

// Menu is the menu at the bottom of the chat.
//
//	wechat.NewMenu(
//		wechat.ClickButton("今日歌曲", "song"),
//		wechat.SubMenu("菜单",
//			wechat.ViewButton("搜索", "https://example.com/search"),
//			wechat.ScanButton("扫一扫", "scan"),
//		),
//	)
type Menu struct {
	Buttons []Button `json:"button"` // 1 to 3
}

// NewMenu returns a menu with these buttons.
func NewMenu(buttons ...Button) Menu { return Menu{Buttons: buttons} }

// ParseMenu reads a menu from JSON: {"button": […]}, as it is sent to the platform and
// shown in its documentation, or {"menu": {"button": […]}}, as the platform returns it.
// It returns an [*ArgumentError] if data is not JSON or if [Client.CreateMenu] would not
// accept the menu.
func ParseMenu(data []byte) (Menu, error) {
	var parsed wrappedMenu
	if err := json.Unmarshal(data, &parsed); err != nil {
		return Menu{}, invalid("data", "must be a menu in JSON: %w", err)
	}
	m := *parsed.menu()
	if err := m.check(); err != nil {
		return Menu{}, err
	}
	return m, nil
}

// MustMenu is like [ParseMenu] but panics if text is not a valid menu. It is for menus
// that are part of the program.
func MustMenu(text string) Menu {
	m, err := ParseMenu([]byte(text))
	if err != nil {
		panic(err)
	}
	return m
}

// wrappedMenu is a menu in a response, in which it may be a member.
type wrappedMenu struct {
	Menu
	Wrapped *Menu `json:"menu"`
}

func (w *wrappedMenu) menu() *Menu {
	if w.Wrapped != nil {
		return w.Wrapped
	}
	return &w.Menu
}

// Button is a button of a menu or, with SubButtons, a submenu. For each type there is a
// function, such as [ClickButton], that sets the fields that the type requires.
type Button struct {
	// Name has up to 60 bytes, or up to 16 if the button has SubButtons. The official
	// page allows 16 bytes for every top-level button and says that the app cuts off
	// the rest, but the platform accepts longer names for buttons without SubButtons.
	Name       string     `json:"name"`
	Type       ButtonType `json:"type,omitempty"`
	Key        string     `json:"key,omitempty"` // is returned in the event, up to 128 bytes
	URL        string     `json:"url,omitempty"` // up to 1024 bytes
	MediaID    string     `json:"media_id,omitempty"`
	AppID      string     `json:"appid,omitempty"` // of the mini program
	PagePath   string     `json:"pagepath,omitempty"`
	ArticleID  string     `json:"article_id,omitempty"` // of a published article
	SubButtons []Button   `json:"sub_button,omitempty"` // 1 to 5; Type must then be ""
}

// ButtonType is the action of a button.
type ButtonType string

// The types of buttons.
const (
	ButtonClick        ButtonType = "click"                // pushes an event
	ButtonView         ButtonType = "view"                 // opens a page
	ButtonScan         ButtonType = "scancode_push"        // scans a code and shows its content
	ButtonScanWait     ButtonType = "scancode_waitmsg"     // scans a code and waits for the account's reply
	ButtonPhoto        ButtonType = "pic_sysphoto"         // takes a photo
	ButtonPhotoOrAlbum ButtonType = "pic_photo_or_album"   // takes a photo or picks one
	ButtonAlbum        ButtonType = "pic_weixin"           // picks photos
	ButtonLocation     ButtonType = "location_select"      // picks a location
	ButtonMedia        ButtonType = "media_id"             // sends a permanent material; superseded by ButtonArticle
	ButtonMediaLink    ButtonType = "view_limited"         // opens a permanent material; superseded by ButtonArticleLink
	ButtonArticle      ButtonType = "article_id"           // sends a published article as a card
	ButtonArticleLink  ButtonType = "article_view_limited" // opens a published article
	ButtonMiniProgram  ButtonType = "miniprogram"          // opens a mini program
)

// ClickButton returns a button that pushes an event with this key to the account.
func ClickButton(name, key string) Button { return Button{Type: ButtonClick, Name: name, Key: key} }

// ViewButton returns a button that opens a page.
func ViewButton(name, url string) Button { return Button{Type: ButtonView, Name: name, URL: url} }

// ScanButton returns a button that scans a code: the app shows its content, and the
// account receives an event.
func ScanButton(name, key string) Button { return Button{Type: ButtonScan, Name: name, Key: key} }

// ScanWaitButton returns a button that scans a code and shows the account's reply to
// the event.
func ScanWaitButton(name, key string) Button {
	return Button{Type: ButtonScanWait, Name: name, Key: key}
}

// PhotoButton returns a button that takes a photo and sends it to the account.
func PhotoButton(name, key string) Button { return Button{Type: ButtonPhoto, Name: name, Key: key} }

// PhotoOrAlbumButton returns a button that takes a photo or picks one, and sends it
// to the account.
func PhotoOrAlbumButton(name, key string) Button {
	return Button{Type: ButtonPhotoOrAlbum, Name: name, Key: key}
}

// AlbumButton returns a button that picks photos and sends them to the account.
func AlbumButton(name, key string) Button { return Button{Type: ButtonAlbum, Name: name, Key: key} }

// LocationButton returns a button that picks a location and sends it to the account.
func LocationButton(name, key string) Button {
	return Button{Type: ButtonLocation, Name: name, Key: key}
}

// MediaButton returns a button that sends a permanent material to the follower.
// For articles, use [ArticleButton].
func MediaButton(name, mediaID string) Button {
	return Button{Type: ButtonMedia, Name: name, MediaID: mediaID}
}

// MediaLinkButton returns a button that opens a permanent news material. For
// articles, use [ArticleLinkButton].
func MediaLinkButton(name, mediaID string) Button {
	return Button{Type: ButtonMediaLink, Name: name, MediaID: mediaID}
}

// ArticleButton returns a button that sends a published article to the follower.
func ArticleButton(name, articleID string) Button {
	return Button{Type: ButtonArticle, Name: name, ArticleID: articleID}
}

// ArticleLinkButton returns a button that opens a published article.
func ArticleLinkButton(name, articleID string) Button {
	return Button{Type: ButtonArticleLink, Name: name, ArticleID: articleID}
}

// MiniProgramButton returns a button that opens a page of a mini program that is linked
// to the account. Apps that are too old for mini programs open fallbackURL.
func MiniProgramButton(name, appID, pagePath, fallbackURL string) Button {
	return Button{Type: ButtonMiniProgram, Name: name, AppID: appID, PagePath: pagePath, URL: fallbackURL}
}

// SubMenu returns a button that opens a submenu of 1 to 5 buttons.
func SubMenu(name string, buttons ...Button) Button { return Button{Name: name, SubButtons: buttons} }

const (
	maxButtonName  = 60 // bytes
	maxSubMenuName = 16
)

func (m Menu) check() error {
	if err := elements("Buttons", len(m.Buttons), 1, 3); err != nil {
		return err
	}
	return each("Buttons", m.Buttons, func(at string, b Button) error {
		nameBytes := maxButtonName
		if len(b.SubButtons) > 0 {
			nameBytes = maxSubMenuName
		}
		if err := first(b.check(at, nameBytes), elements(at+".SubButtons", len(b.SubButtons), 0, 5)); err != nil {
			return err
		}
		return each(at+".SubButtons", b.SubButtons, func(in string, s Button) error {
			if len(s.SubButtons) > 0 {
				return invalid(in+".SubButtons", "must be empty: a menu has two levels")
			}
			return s.check(in, maxButtonName)
		})
	})
}

// check looks at the button itself, not at its SubButtons.
func (b Button) check(at string, nameBytes int) error {
	err := first(
		notEmpty(at+".Name", b.Name), maxBytes(at+".Name", b.Name, nameBytes),
		maxBytes(at+".Key", b.Key, 128), maxBytes(at+".URL", b.URL, 1024))
	switch {
	case err != nil:
		return err
	case len(b.SubButtons) > 0 && b.Type != "":
		return invalid(at+".Type", "must be empty on a button with SubButtons, but is %q", b.Type)
	case len(b.SubButtons) > 0:
		return nil
	}
	switch b.Type {
	case "":
		return invalid(at+".Type", "must not be empty on a button without SubButtons")
	case ButtonClick, ButtonScan, ButtonScanWait, ButtonPhoto, ButtonPhotoOrAlbum, ButtonAlbum, ButtonLocation:
		return notEmpty(at+".Key", b.Key)
	case ButtonView:
		return notEmpty(at+".URL", b.URL)
	case ButtonMedia, ButtonMediaLink:
		return notEmpty(at+".MediaID", b.MediaID)
	case ButtonArticle, ButtonArticleLink:
		return notEmpty(at+".ArticleID", b.ArticleID)
	case ButtonMiniProgram:
		return first(notEmpty(at+".AppID", b.AppID), notEmpty(at+".PagePath", b.PagePath), notEmpty(at+".URL", b.URL))
	}
	return nil // a type that is newer than this library
}

// CreateMenu replaces the account's default menu (创建自定义菜单).
//
// If the menu exceeds a limit of the platform, nothing is sent and the error is an
// [*ArgumentError] that names the button. A follower's app refreshes the menu when
// they open the chat, at most once every five minutes. The daily quota is 1,000.
//
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu
func (c *Client) CreateMenu(ctx context.Context, menu Menu) error {
	return c.post(ctx, "/cgi-bin/menu/create", menu, idempotent)
}

// CurrentMenu is the menu that followers see, no matter how it was created.
type CurrentMenu struct {
	IsOpen  bool               `json:"is_menu_open"` // whether the menu is enabled
	Buttons CurrentMenuButtons `json:"selfmenu_info"`
}

// CurrentMenuButton is a button of the menu that followers see.
type CurrentMenuButton struct {
	Name     string     `json:"name"`
	Type     ButtonType `json:"type"`  // also "news", "text", "img", "photo", "video" or "voice" in a menu created in the console
	Value    string     `json:"value"` // a text, a media ID or the URL of a video
	Key      string     `json:"key"`
	URL      string     `json:"url"`
	AppID    string     `json:"appid"`
	PagePath string     `json:"pagepath"`

	News       LinkedArticles     `json:"news_info"` // only set if Type is "news"
	SubButtons CurrentMenuButtons `json:"sub_button"`
}

// CurrentMenuButtons is a list of buttons.
type CurrentMenuButtons []CurrentMenuButton

// UnmarshalJSON reads the list from the objects that the platform wraps it in.
func (b *CurrentMenuButtons) UnmarshalJSON(data []byte) error {
	return unwrapList(data, (*[]CurrentMenuButton)(b))
}

// LinkedArticle is an article in a menu or an automatic reply.
type LinkedArticle struct {
	Title            string `json:"title"`
	Author           string `json:"author"`
	Digest           string `json:"digest"`
	ShowCover        bool   `json:"show_cover"`
	CoverURL         string `json:"cover_url"`
	ContentURL       string `json:"content_url"`
	ContentSourceURL string `json:"source_url"` // of the link "Read the original" (阅读原文); may be ""
}

// LinkedArticles is a list of articles.
type LinkedArticles []LinkedArticle

// UnmarshalJSON reads the list from the object that the platform wraps it in.
func (a *LinkedArticles) UnmarshalJSON(data []byte) error {
	return unwrapList(data, (*[]LinkedArticle)(a))
}

// unwrapList reads an array, which may be the member "list" or "button" of an object.
func unwrapList[T any](data []byte, list *[]T) error {
	if len(data) > 0 && data[0] != '{' {
		return decodeJSON(data, list)
	}
	var wrapped struct {
		List   []T `json:"list"`
		Button []T `json:"button"`
	}
	err := decodeJSON(data, &wrapped)
	*list = slices.Concat(wrapped.List, wrapped.Button)
	return err
}

// GetCurrentMenu returns the menu that followers see, whether it was created through the
// API or in the console (查询自定义菜单信息). The media IDs in it are those of temporary
// media.
//
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_getcurrentselfmenuinfo
func (c *Client) GetCurrentMenu(ctx context.Context) (*CurrentMenu, error) {
	return get[CurrentMenu](ctx, c, "/cgi-bin/get_current_selfmenu_info", nil)
}

// MenuInfo holds the menus that were created through the API.
type MenuInfo struct {
	Default     StoredMenu   `json:"menu"`
	Conditional []StoredMenu `json:"conditionalmenu"`
}

// StoredMenu is a menu as the platform stores it.
type StoredMenu struct {
	Menu
	ID   int64            `json:"menuid"`    // 0 for the default menu if there are no conditional ones
	Rule *StoredMatchRule `json:"matchrule"` // nil for the default menu
}

// StoredMatchRule is the rule of a conditional menu. An old menu can have fields that
// [Client.AddConditionalMenu] no longer accepts.
type StoredMatchRule struct {
	TagID    int64          `json:"tag_id"`
	Platform ClientPlatform `json:"client_platform_type"`
	Language Language       `json:"language"`
	GroupID  int64          `json:"group_id"`
	Sex      int64          `json:"sex"` // 1 male, 2 female
	Country  string         `json:"country"`
	Province string         `json:"province"`
	City     string         `json:"city"`
}

// GetMenu returns the default menu and the conditional ones that were created through
// the API (获取自定义菜单配置). It returns [ErrMenuNotFound] if there is none. For a menu
// that was created in the console, use [Client.GetCurrentMenu]. The daily quota is
// 10,000.
//
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_getmenu
func (c *Client) GetMenu(ctx context.Context) (*MenuInfo, error) {
	return get[MenuInfo](ctx, c, "/cgi-bin/menu/get", nil)
}

// DeleteMenu deletes the default menu and all conditional ones (删除自定义菜单). The
// daily quota is 1,000.
//
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_deletemenu
func (c *Client) DeleteMenu(ctx context.Context) error {
	return c.Do(ctx, Request{
		Method: http.MethodGet, Path: "/cgi-bin/menu/delete", Idempotent: true, AlreadyDone: []Code{ErrMenuNotFound},
	}, nil)
}

// MatchRule selects the followers who see a conditional menu: those who match all
// fields that are set. At least one field must be set.
type MatchRule struct {
	TagID    int64 // see [Client.ListTags]
	Platform ClientPlatform
	Language Language // of the app; no longer documented, and may be refused with [ErrWithdrawnMatchRule]
}

// ClientPlatform is the operating system that a follower's app runs on.
type ClientPlatform string

// The operating systems of apps.
const (
	ClientPlatformIOS     ClientPlatform = "1"
	ClientPlatformAndroid ClientPlatform = "2"
	ClientPlatformOther   ClientPlatform = "3"
)

type conditionalMenu struct {
	Menu
	Rule struct {
		TagID    string         `json:"tag_id,omitempty"`
		Platform ClientPlatform `json:"client_platform_type,omitempty"`
		Language Language       `json:"language,omitempty"`
	} `json:"matchrule"`
}

func (m conditionalMenu) check() error {
	if m.Rule.TagID+string(m.Rule.Platform)+string(m.Rule.Language) == "" {
		return invalid("rule", "must have at least one field set")
	}
	return m.Menu.check()
}

// AddConditionalMenu creates a menu that only some followers see, and returns its ID
// (创建个性化菜单). A follower sees the newest menu that matches, or else the default
// menu. It returns [ErrNoDefaultMenu] if there is no default menu yet. The daily quota
// is 2,000.
//
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_addconditionalmenu
func (c *Client) AddConditionalMenu(ctx context.Context, menu Menu, rule MatchRule) (menuID int64, err error) {
	body := conditionalMenu{Menu: menu}
	body.Rule.TagID, body.Rule.Platform, body.Rule.Language = idOrNone(rule.TagID), rule.Platform, rule.Language
	res, err := post[menuRef](ctx, c, "/cgi-bin/menu/addconditional", body)
	if err != nil {
		return 0, err
	}
	return res.ID, nil
}

type menuRef struct {
	ID int64 `json:"menuid"`
}

// DeleteConditionalMenu deletes one conditional menu (删除个性化菜单);
// [Client.DeleteMenu] deletes all. It returns [ErrConditionalMenuNotFound] if there is
// no such menu. The daily quota is 2,000.
//
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_deleteconditionalmenu
func (c *Client) DeleteConditionalMenu(ctx context.Context, menuID int64) error {
	if err := positive("menuID", menuID); err != nil {
		return err
	}
	body := struct {
		ID int64 `json:"menuid,string"`
	}{menuID}
	return c.post(ctx, "/cgi-bin/menu/delconditional", body, idempotent, alreadyDone(ErrConditionalMenuNotFound))
}

// TryMatchMenu returns the menu that a user sees (测试个性化菜单匹配结果). It returns
// [ErrMatchUserNotFound] if there is no such user. The daily quota is 20,000.
//
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_trymatchmenu
func (c *Client) TryMatchMenu(ctx context.Context, openIDOrWeChatID string) (*Menu, error) {
	if err := notEmpty("openIDOrWeChatID", openIDOrWeChatID); err != nil {
		return nil, err
	}
	body := struct {
		UserID string `json:"user_id"`
	}{openIDOrWeChatID}
	res, err := post[wrappedMenu](ctx, c, "/cgi-bin/menu/trymatch", body, idempotent)
	if err != nil {
		return nil, err
	}
	return res.menu(), nil // wrapped as older pages show it
}
