package wechat

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// everyButton is a menu with every field of a button, at both levels.
func everyButton() Menu {
	return NewMenu(
		SubMenu("扫码",
			ScanWaitButton("扫码带提示", "scan"), MediaButton("图片", "MEDIA"), ArticleButton("文章", "ARTICLE"),
			MiniProgramButton("小程序", "wx286b93c14bbf93aa", "pages/lunar/index", "https://example.com/"),
		),
		MiniProgramButton("小程序", "wx286b93c14bbf93aa", "pages/lunar/index", "https://example.com/"),
		ClickButton("今日歌曲", "song"),
	)
}

const everyButtonJSON = `"button":[
	{"name":"扫码","sub_button":[
		{"type":"scancode_waitmsg","name":"扫码带提示","key":"scan"},
		{"type":"media_id","name":"图片","media_id":"MEDIA"},
		{"type":"article_id","name":"文章","article_id":"ARTICLE"},
		{"type":"miniprogram","name":"小程序","url":"https://example.com/","appid":"wx286b93c14bbf93aa","pagepath":"pages/lunar/index"}]},
	{"type":"miniprogram","name":"小程序","url":"https://example.com/","appid":"wx286b93c14bbf93aa","pagepath":"pages/lunar/index"},
	{"type":"click","name":"今日歌曲","key":"song"}]`

const everyLeafJSON = `"button":[
	{"type":"media_id","name":"图片","media_id":"MEDIA"},
	{"type":"article_view_limited","name":"文章","article_id":"ARTICLE"}]`

func leafMenu() Menu {
	return NewMenu(MediaButton("图片", "MEDIA"), ArticleLinkButton("文章", "ARTICLE"))
}

var _ = wireRows([]wireRow{
	{
		name: "CreateMenu", http: "POST /cgi-bin/menu/create", body: `{` + everyButtonJSON + `}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.CreateMenu(ctx, everyButton()) }),
	},
	{
		name: "CreateMenu/material", http: "POST /cgi-bin/menu/create", body: `{` + everyLeafJSON + `}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.CreateMenu(ctx, leafMenu()) }),
	},
	{
		name: "GetCurrentMenu", http: "GET /cgi-bin/get_current_selfmenu_info",
		reply: `{"is_menu_open":1,"selfmenu_info":{"button":[
			{"type":"text","name":"文字","value":"你好"},
			{"name":"更多","sub_button":{"list":[
				{"type":"view","name":"搜索","url":"https://example.com/"},
				{"type":"news","name":"图文","value":"MEDIA","news_info":{"list":[{"title":"题","author":"者","digest":"摘要","show_cover":0,"cover_url":"https://example.com/c","content_url":"https://example.com/t","source_url":""}]}}]}}]}}`,
		call: result(func(ctx context.Context, c *Client) (*CurrentMenu, error) { return c.GetCurrentMenu(ctx) }),
		want: &CurrentMenu{IsOpen: true, Buttons: CurrentMenuButtons{
			{Type: "text", Name: "文字", Value: "你好"},
			{Name: "更多", SubButtons: CurrentMenuButtons{
				{Type: ButtonView, Name: "搜索", URL: "https://example.com/"},
				{Type: "news", Name: "图文", Value: "MEDIA", News: LinkedArticles{
					{Title: "题", Author: "者", Digest: "摘要", CoverURL: "https://example.com/c", ContentURL: "https://example.com/t"},
				}},
			}},
		}},
	},
	{
		name: "GetMenu", http: "GET /cgi-bin/menu/get",
		reply: `{"menu":{` + everyButtonJSON + `,"menuid":208396938},"conditionalmenu":[
			{` + everyLeafJSON + `,"matchrule":{"tag_id":"2","client_platform_type":1,"group_id":3,"sex":1,"country":"中国","province":"广东","city":"广州","language":"zh_CN"},"menuid":208396993}]}`,
		call: result(func(ctx context.Context, c *Client) (*MenuInfo, error) { return c.GetMenu(ctx) }),
		want: &MenuInfo{
			Default: StoredMenu{Menu: everyButton(), ID: 208396938},
			Conditional: []StoredMenu{{Menu: leafMenu(), ID: 208396993, Rule: &StoredMatchRule{
				TagID: 2, Platform: ClientPlatformIOS, Language: LanguageZHCN, GroupID: 3, Sex: 1, Country: "中国", Province: "广东", City: "广州",
			}}},
		},
	},
	{
		name: "DeleteMenu", http: "GET /cgi-bin/menu/delete",
		call: noResult(func(ctx context.Context, c *Client) error { return c.DeleteMenu(ctx) }),
	},
	{
		name: "AddConditionalMenu", http: "POST /cgi-bin/menu/addconditional",
		body:  `{` + everyButtonJSON + `,"matchrule":{"tag_id":"2","client_platform_type":"2","language":"zh_CN"}}`,
		reply: `{"menuid":"208379533"}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.AddConditionalMenu(ctx, everyButton(), MatchRule{TagID: 2, Platform: ClientPlatformAndroid, Language: LanguageZHCN})
		},
		want: int64(208379533),
	},
	{
		name: "AddConditionalMenu/material", http: "POST /cgi-bin/menu/addconditional",
		body:  `{` + everyLeafJSON + `,"matchrule":{"client_platform_type":"3"}}`,
		reply: `{"menuid":208379533}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.AddConditionalMenu(ctx, leafMenu(), MatchRule{Platform: ClientPlatformOther})
		},
		want: int64(208379533),
	},
	{
		name: "DeleteConditionalMenu", http: "POST /cgi-bin/menu/delconditional", body: `{"menuid":"208379533"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.DeleteConditionalMenu(ctx, 208379533) }),
	},
	{
		name: "TryMatchMenu", http: "POST /cgi-bin/menu/trymatch", body: `{"user_id":"OPENID"}`,
		reply: `{` + everyButtonJSON + `}`,
		call:  result(func(ctx context.Context, c *Client) (*Menu, error) { return c.TryMatchMenu(ctx, "OPENID") }),
		want:  func() *Menu { m := everyButton(); return &m }(),
	},
	{
		name: "TryMatchMenu/wrapped", http: "POST /cgi-bin/menu/trymatch", body: `{"user_id":"OPENID"}`,
		reply: `{"menu":{` + everyLeafJSON + `}}`,
		call:  result(func(ctx context.Context, c *Client) (*Menu, error) { return c.TryMatchMenu(ctx, "OPENID") }),
		want:  func() *Menu { m := leafMenu(); return &m }(),
	},
})

func TestMenuThatBreaksALimitIsRefusedWithTheNameOfTheButton(t *testing.T) {
	ok := ClickButton("好", "k")
	six := []Button{ok, ok, ok, ok, ok, ok}
	for argument, m := range map[string]Menu{
		"Buttons":                             NewMenu(),
		"Buttons[0].Name":                     NewMenu(ClickButton("", "k")),
		"Buttons[1].Name":                     NewMenu(ok, SubMenu(strings.Repeat("菜", 5)+"ab", ok)),
		"Buttons[2].Name":                     NewMenu(ok, ok, ClickButton(strings.Repeat("菜", 20)+"a", "k")),
		"Buttons[0].Key":                      NewMenu(ClickButton("键", strings.Repeat("k", 129))),
		"Buttons[0].URL":                      NewMenu(ViewButton("页", "https://example.com/"+strings.Repeat("u", 1024))),
		"Buttons[0].Type":                     NewMenu(Button{Name: "空"}),
		"Buttons[2].Type":                     NewMenu(ok, ok, Button{Name: "二", Type: ButtonView, SubButtons: []Button{ok}}),
		"Buttons[0].SubButtons":               NewMenu(SubMenu("多", six...)),
		"Buttons[1].SubButtons[0].Name":       NewMenu(ok, SubMenu("多", ClickButton(strings.Repeat("菜", 20)+"a", "k"))),
		"Buttons[0].SubButtons[1].SubButtons": NewMenu(SubMenu("多", ok, SubMenu("深", ok))),
		"Buttons[0].MediaID":                  NewMenu(MediaLinkButton("图", "")),
		"Buttons[0].ArticleID":                NewMenu(ArticleButton("文", " ")),
		"Buttons[0].PagePath":                 NewMenu(MiniProgramButton("程", "wx1", "", "https://example.com/")),
	} {
		refused(t, argument, func(ctx context.Context, c *Client) error { return c.CreateMenu(ctx, m) })
	}
	assertArgument(t, NewMenu(six[:4]...).check(), "Buttons")
	for _, b := range []Button{
		ScanButton("a", ""), ScanWaitButton("a", ""), PhotoButton("a", ""), PhotoOrAlbumButton("a", ""), AlbumButton("a", ""), LocationButton("a", ""),
	} {
		assertArgument(t, NewMenu(b).check(), "Buttons[0].Key")
	}
}

func TestMenuIsReadFromTheJSONThatIsSentAndThatIsReturned(t *testing.T) {
	for _, text := range []string{
		`{` + everyButtonJSON + `}`,
		`{"menu":{` + everyButtonJSON + `}}`,
		`{"errcode":0,"menu":{` + everyButtonJSON + `,"menuid":7},"conditionalmenu":[{` + everyLeafJSON + `,"menuid":8}]}`,
		strings.ReplaceAll(`{"menu":{`+everyButtonJSON+`}}`, `"key":`, `"sub_button":[],"key":`),
	} {
		got, err := ParseMenu([]byte(text))
		require.NoError(t, err, text)
		sent, err := json.Marshal(got)
		require.NoError(t, err)
		assert.JSONEq(t, `{`+everyButtonJSON+`}`, string(sent), text)
	}
	assert.Equal(t, leafMenu(), MustMenu(`{`+everyLeafJSON+`}`))
}

func TestMenuInJSONThatIsNotValidIsRefused(t *testing.T) {
	for text, argument := range map[string]string{
		``:                       "data",
		`{"button":[`:            "data",
		`{"button":"x"}`:         "data",
		`[]`:                     "data",
		`null`:                   "Buttons",
		`{}`:                     "Buttons",
		`{"menu":{"button":[]}}`: "Buttons",
		`{"buttons":[{"type":"click","name":"好","key":"k"}]}`: "Buttons",
		`{"button":[{"type":"click","name":"好"}]}`:            "Buttons[0].Key",
	} {
		m, err := ParseMenu([]byte(text))
		assertArgument(t, err, argument)
		assert.Equal(t, Menu{}, m)
		assert.Panics(t, func() { MustMenu(text) }, text)
	}
}

func TestMenuAtTheLimitsIsSent(t *testing.T) {
	sub := ClickButton(strings.Repeat("菜", 20), strings.Repeat("k", 128))
	top := SubMenu(strings.Repeat("n", 16), sub, sub, sub, sub, sub)
	require.NoError(t, NewMenu(top, top, top).check())
	require.NoError(t, NewMenu(Button{Name: "新", Type: "type_of_tomorrow"}).check())
}

func TestConditionalMenuNeedsARuleAndAMenu(t *testing.T) {
	refused(t, "rule", func(ctx context.Context, c *Client) error {
		_, err := c.AddConditionalMenu(ctx, everyButton(), MatchRule{})
		return err
	})
	refused(t, "Buttons", func(ctx context.Context, c *Client) error {
		_, err := c.AddConditionalMenu(ctx, Menu{}, MatchRule{TagID: 2})
		return err
	})
	refused(t, "menuID", func(ctx context.Context, c *Client) error { return c.DeleteConditionalMenu(ctx, 0) })
	refused(t, "openIDOrWeChatID", func(ctx context.Context, c *Client) error {
		_, err := c.TryMatchMenu(ctx, "")
		return err
	})
}

func TestMissingMenuCanBeToldFromOtherRefusals(t *testing.T) {
	c, _ := wireRow{}.client(answer(http.StatusOK, `{"errcode":46003,"errmsg":"menu no exist rid: 5f1e-2"}`))
	_, err := c.GetMenu(t.Context())
	assert.ErrorIs(t, err, ErrMenuNotFound)
}
