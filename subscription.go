package wechat

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"strings"
)

// SubscribeMessage is a notification to a user who has subscribed to its template.
type SubscribeMessage struct {
	OpenID     string       `json:"touser"`
	TemplateID string       `json:"template_id"`
	Data       TemplateData `json:"data"`

	// Tapping opens MiniProgram if set, otherwise Page.
	Page        string           `json:"page,omitempty"`
	MiniProgram *MiniProgramPage `json:"miniprogram,omitempty"`

	MiniProgramState MiniProgramState `json:"miniprogram_state,omitempty"` // "" means MiniProgramStateRelease
	Language         Language         `json:"lang,omitempty"`              // "" means LanguageZHCN
}

// MiniProgramState is a version of a mini program.
type MiniProgramState string

// The versions of a mini program.
const (
	MiniProgramStateDevelopment MiniProgramState = "developer"
	MiniProgramStateTrial       MiniProgramState = "trial"
	MiniProgramStateRelease     MiniProgramState = "formal"
)

func (m SubscribeMessage) check() error {
	return first(notEmpty("OpenID", m.OpenID), notEmpty("TemplateID", m.TemplateID), m.MiniProgram.check(), m.Data.check())
}

// SendSubscribeMessage sends a notification to a user who has subscribed
// (发送订阅通知). It returns [ErrSubscriptionRefused] if the user has not subscribed, has
// unsubscribed or has used up the subscription, and [ErrInvalidTemplateData] if a value
// does not fit its placeholder. The text of that error names the placeholder.
//
// https://developers.weixin.qq.com/doc/service/api/notify/notify/api_sendnewsubscribemsg
func (c *Client) SendSubscribeMessage(ctx context.Context, message SubscribeMessage) error {
	message.Data = message.Data.orEmpty()
	return c.post(ctx, "/cgi-bin/message/subscribe/bizsend", message)
}

// SubscribeTemplate is a notification template of the account.
type SubscribeTemplate struct {
	ID         string                   `json:"priTmplId"`
	Title      string                   `json:"title"`
	Content    string                   `json:"content"` // with placeholders such as {{thing1.DATA}}
	Example    string                   `json:"example"`
	Type       SubscribeType            `json:"type"`
	EnumValues []SubscribeKeywordValues `json:"keywordEnumValueList"`
}

// SubscribeKeywordValues contains the values that a placeholder allows.
type SubscribeKeywordValues struct {
	Keyword string   `json:"keywordCode"` // such as "enum_string1.DATA"
	Values  []string `json:"enumValueList"`
}

// SubscribeType says how many notifications one subscription allows.
type SubscribeType int

// The types of subscriptions.
const (
	SubscribeTypeOnce     SubscribeType = 2
	SubscribeTypeLongTerm SubscribeType = 3
)

// ListSubscribeTemplates returns the account's notification templates
// (获取已有模板列表, 获取私有模板列表).
//
// https://developers.weixin.qq.com/doc/service/api/notify/notify/api_getwxapubnewtemplate
func (c *Client) ListSubscribeTemplates(ctx context.Context) ([]SubscribeTemplate, error) {
	return subscribeList[SubscribeTemplate](ctx, c, "gettemplate", nil)
}

// AddSubscribeTemplateRequest selects a template from the library and its keywords.
type AddSubscribeTemplateRequest struct {
	LibraryTemplateID int64   `json:"tid,string"` // the ID of a [LibraryTemplate]
	KeywordIDs        []int64 `json:"kidList"`    // 2 to 5 IDs from [Client.ListLibraryKeywords], in the order in which to show them
	Scene             string  `json:"sceneDesc"`  // what the notification is for, up to 15 characters
}

func (r AddSubscribeTemplateRequest) check() error {
	return first(
		positive("LibraryTemplateID", r.LibraryTemplateID), notEmpty("Scene", r.Scene), maxRunes("Scene", r.Scene, 15),
		elements("KeywordIDs", len(r.KeywordIDs), 2, 5))
}

// AddSubscribeTemplate adds a template from the library to the account and returns its
// ID (选用模板, 添加模板).
//
// https://developers.weixin.qq.com/doc/service/api/notify/notify/api_addwxanewtemplate
func (c *Client) AddSubscribeTemplate(ctx context.Context, req AddSubscribeTemplateRequest) (templateID string, err error) {
	res, err := post[subscribeTemplateRef](ctx, c, "/wxaapi/newtmpl/addtemplate", req)
	if err != nil {
		return "", err
	}
	return res.ID, nil
}

type subscribeTemplateRef struct {
	ID string `json:"priTmplId"`
}

// DeleteSubscribeTemplate removes a notification template from the account (删除模板).
//
// https://developers.weixin.qq.com/doc/service/api/notify/notify/api_delwxanewtemplate
func (c *Client) DeleteSubscribeTemplate(ctx context.Context, templateID string) error {
	if err := notEmpty("templateID", templateID); err != nil {
		return err
	}
	return c.post(ctx, "/wxaapi/newtmpl/deltemplate", subscribeTemplateRef{templateID}, idempotent, alreadyDone(200014))
}

// SubscribeCategory is a business category of the account.
type SubscribeCategory struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// ListSubscribeCategories returns the account's business categories (获取类目). The
// account can add the templates of these categories.
//
// https://developers.weixin.qq.com/doc/service/api/notify/notify/api_getcategory
func (c *Client) ListSubscribeCategories(ctx context.Context) ([]SubscribeCategory, error) {
	return subscribeList[SubscribeCategory](ctx, c, "getcategory", nil)
}

// LibraryTemplate is a template in the platform's library.
type LibraryTemplate struct {
	ID         int64         `json:"tid"`
	Title      string        `json:"title"`
	Type       SubscribeType `json:"type"`
	CategoryID int64         `json:"categoryId"`
}

// LibraryTemplatePage is a page of the platform's library.
type LibraryTemplatePage struct {
	Total     int64             `json:"count"`
	Templates []LibraryTemplate `json:"data"`
}

const maxLibraryPage = 30

// ListLibraryTemplatesRequest selects a page of the platform's library.
type ListLibraryTemplatesRequest struct {
	Offset      int     // how many templates to skip
	Count       int     // 1 to 30
	CategoryIDs []int64 // from [Client.ListSubscribeCategories]; at least one
}

func (r ListLibraryTemplatesRequest) check() error {
	if len(r.CategoryIDs) == 0 {
		return invalid("CategoryIDs", "must not be empty")
	}
	return first(notNegative("Offset", r.Offset), within("Count", r.Count, 1, maxLibraryPage))
}

// ListLibraryTemplates returns a page of the templates in the platform's library
// (获取类目下的公共模板, 获取所属类目下的公共模板).
//
// https://developers.weixin.qq.com/doc/service/api/notify/notify/api_getpubnewtemplatetitles
func (c *Client) ListLibraryTemplates(ctx context.Context, req ListLibraryTemplatesRequest) (*LibraryTemplatePage, error) {
	if err := req.check(); err != nil {
		return nil, err
	}
	ids := make([]string, len(req.CategoryIDs))
	for i, id := range req.CategoryIDs {
		ids[i] = strconv.FormatInt(id, 10)
	}
	return get[LibraryTemplatePage](ctx, c, "/wxaapi/newtmpl/getpubtemplatetitles",
		params("ids", strings.Join(ids, ","), "start", strconv.Itoa(req.Offset), "limit", strconv.Itoa(req.Count)))
}

// AllLibraryTemplates iterates over the templates of the platform's library in these
// categories (获取类目下的公共模板, 获取所属类目下的公共模板).
//
// https://developers.weixin.qq.com/doc/service/api/notify/notify/api_getpubnewtemplatetitles
func (c *Client) AllLibraryTemplates(ctx context.Context, categoryIDs []int64) iter.Seq2[LibraryTemplate, error] {
	return byOffset(func(offset int) ([]LibraryTemplate, int64, error) {
		page, err := c.ListLibraryTemplates(ctx, ListLibraryTemplatesRequest{offset, maxLibraryPage, categoryIDs})
		if err != nil {
			return nil, 0, err
		}
		return page.Templates, page.Total, nil
	})
}

// LibraryKeyword is a keyword of a template in the platform's library.
type LibraryKeyword struct {
	ID      int64  `json:"kid"`
	Name    string `json:"name"`
	Example string `json:"example"`
	Rule    string `json:"rule"` // the type of the values, such as "thing"
}

// ListLibraryKeywords returns the keywords of a template in the platform's library
// (获取模板中的关键词).
//
// https://developers.weixin.qq.com/doc/service/api/notify/notify/api_getpubnewtemplatekeywords
func (c *Client) ListLibraryKeywords(ctx context.Context, libraryTemplateID int64) ([]LibraryKeyword, error) {
	if err := positive("libraryTemplateID", libraryTemplateID); err != nil {
		return nil, err
	}
	return subscribeList[LibraryKeyword](ctx, c, "getpubtemplatekeywords", params("tid", strconv.FormatInt(libraryTemplateID, 10)))
}

func subscribeList[T any](ctx context.Context, c *Client, name string, query url.Values) ([]T, error) {
	res, err := get[struct {
		Data []T `json:"data"`
	}](ctx, c, "/wxaapi/newtmpl/"+name, query)
	if err != nil {
		return nil, err
	}
	return res.Data, nil
}

// OneTimeMessage is the one message that a user has agreed to receive on the page of
// [Client.OneTimeSubscribeURL].
type OneTimeMessage struct {
	OpenID     string
	TemplateID string
	Scene      int    // 0 to 10000, the same as in the URL of the page
	Title      string // up to 15 characters
	Content    string // up to 200 characters
	Color      string // of the content, such as "#173177"

	// Tapping opens MiniProgram if set, otherwise URL.
	URL         string
	MiniProgram *MiniProgramPage
}

func (m OneTimeMessage) check() error {
	return first(
		notEmpty("OpenID", m.OpenID), notEmpty("TemplateID", m.TemplateID), within("Scene", m.Scene, 0, maxSubscribeScene),
		notEmpty("Title", m.Title), maxRunes("Title", m.Title, 15),
		notEmpty("Content", m.Content), maxRunes("Content", m.Content, 200), m.MiniProgram.check())
}

const maxSubscribeScene = 10_000

type oneTimeMessage struct {
	OpenID      string           `json:"touser"`
	TemplateID  string           `json:"template_id"`
	URL         string           `json:"url,omitempty"`
	MiniProgram *MiniProgramPage `json:"miniprogram,omitempty"`
	Scene       int              `json:"scene,string"`
	Title       string           `json:"title"`
	Data        struct {
		Content TemplateValue `json:"content"`
	} `json:"data"`
}

// SendOneTimeMessage sends the one message that a user has agreed to
// (发送一次性订阅消息).
//
// https://developers.weixin.qq.com/doc/service/api/notify/subscribe/api_templatesubscribe
func (c *Client) SendOneTimeMessage(ctx context.Context, message OneTimeMessage) error {
	if err := message.check(); err != nil {
		return err
	}
	body := oneTimeMessage{
		OpenID: message.OpenID, TemplateID: message.TemplateID, URL: message.URL, MiniProgram: message.MiniProgram, Scene: message.Scene, Title: message.Title,
	}
	body.Data.Content = TemplateValue{Value: message.Content, Color: message.Color}
	return c.post(ctx, "/cgi-bin/message/template/subscribe", body)
}

// OneTimeSubscribeURL returns the URL of the page on which a user agrees to receive one
// message (一次性订阅消息授权). scene is 0 to 10000. The platform sends the browser back to
// redirectURL with the parameters openid, template_id, action ("confirm" or "cancel"),
// scene and reserved. The value of reserved is the state: check it as [OAuthState]
// describes.
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/One-time_subscription_info
func (c *Client) OneTimeSubscribeURL(redirectURL, templateID string, scene int, state OAuthState) (string, error) {
	err := first(
		notEmpty("appID", c.cfg.appID), httpURL("redirectURL", redirectURL), notEmpty("templateID", templateID),
		within("scene", scene, 0, maxSubscribeScene), state.check("state"))
	if err != nil {
		return "", err
	}
	return browserURL("https://mp.weixin.qq.com/mp/subscribemsg",
		"action", "get_confirm", "appid", c.cfg.appID, "scene", strconv.Itoa(scene), "template_id", templateID,
		"redirect_url", redirectURL, "reserved", string(state)), nil
}

// browserURL returns a URL for the browser of the WeChat app, which depends on the order
// of the parameters and on the fragment.
func browserURL(page string, namesAndValues ...string) string {
	var s strings.Builder
	s.WriteString(page)
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		s.WriteByte("?&"[min(i, 1)])
		s.WriteString(namesAndValues[i] + "=" + url.QueryEscape(namesAndValues[i+1]))
	}
	s.WriteString("#wechat_redirect")
	return s.String()
}
