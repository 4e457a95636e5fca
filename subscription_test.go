package wechat

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var _ = wireRows([]wireRow{
	{
		name: "SendSubscribeMessage", http: "POST /cgi-bin/message/subscribe/bizsend",
		body: `{"touser":"o1","template_id":"T1","page":"https://example.com/","miniprogram":{"appid":"wx2","pagepath":"index"},
			"data":{"thing1":{"value":"奶茶"}},"miniprogram_state":"trial","lang":"zh_HK"}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.SendSubscribeMessage(ctx, SubscribeMessage{
				OpenID: "o1", TemplateID: "T1", Page: "https://example.com/", MiniProgram: &MiniProgramPage{AppID: "wx2", PagePath: "index"},
				Data: TemplateData{}.Set("thing1", "奶茶"), MiniProgramState: MiniProgramStateTrial, Language: LanguageZHHK,
			})
		}),
	},
	{
		name: "ListSubscribeTemplates", http: "GET /wxaapi/newtmpl/gettemplate",
		reply: `{"errcode":0,"errmsg":"ok","data":[{"priTmplId":"P1","title":"报名结果","content":"{{thing1.DATA}}","example":"课程","type":2,"keywordEnumValueList":[{"keywordCode":"enum_string1.DATA","enumValueList":["成功","失败"]}]}]}`,
		call: results(func(ctx context.Context, c *Client) ([]SubscribeTemplate, error) {
			return c.ListSubscribeTemplates(ctx)
		}),
		want: []SubscribeTemplate{{
			ID: "P1", Title: "报名结果", Content: "{{thing1.DATA}}", Example: "课程", Type: SubscribeTypeOnce,
			EnumValues: []SubscribeKeywordValues{{Keyword: "enum_string1.DATA", Values: []string{"成功", "失败"}}},
		}},
	},
	{
		name: "AddSubscribeTemplate", http: "POST /wxaapi/newtmpl/addtemplate", body: `{"tid":"401","kidList":[1,2],"sceneDesc":"测试"}`,
		reply: `{"errcode":0,"errmsg":"ok","priTmplId":"P1"}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.AddSubscribeTemplate(ctx, AddSubscribeTemplateRequest{LibraryTemplateID: 401, KeywordIDs: []int64{1, 2}, Scene: "测试"})
		},
		want: "P1",
	},
	{
		name: "DeleteSubscribeTemplate", http: "POST /wxaapi/newtmpl/deltemplate", body: `{"priTmplId":"P1"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.DeleteSubscribeTemplate(ctx, "P1") }),
	},
	{
		name: "ListSubscribeCategories", http: "GET /wxaapi/newtmpl/getcategory",
		reply: `{"errcode":0,"errmsg":"ok","data":[{"id":616,"name":"公交"}]}`,
		call: results(func(ctx context.Context, c *Client) ([]SubscribeCategory, error) {
			return c.ListSubscribeCategories(ctx)
		}),
		want: []SubscribeCategory{{ID: 616, Name: "公交"}},
	},
	{
		name: "ListLibraryTemplates", http: "GET /wxaapi/newtmpl/getpubtemplatetitles", query: "ids=616%2C617&limit=2&start=0",
		reply: `{"errcode":0,"errmsg":"ok","count":55,"data":[{"tid":99,"title":"付款成功通知","type":3,"categoryId":"616"}]}`,
		call: result(func(ctx context.Context, c *Client) (*LibraryTemplatePage, error) {
			return c.ListLibraryTemplates(ctx, ListLibraryTemplatesRequest{Count: 2, CategoryIDs: []int64{616, 617}})
		}),
		want: &LibraryTemplatePage{Total: 55, Templates: []LibraryTemplate{{ID: 99, Title: "付款成功通知", Type: SubscribeTypeLongTerm, CategoryID: 616}}},
	},
	{
		name: "ListLibraryKeywords", http: "GET /wxaapi/newtmpl/getpubtemplatekeywords", query: "tid=99",
		reply: `{"errcode":0,"errmsg":"ok","count":1,"data":[{"kid":1,"name":"物品名称","example":"名称","rule":"thing"}]}`,
		call: results(func(ctx context.Context, c *Client) ([]LibraryKeyword, error) {
			return c.ListLibraryKeywords(ctx, 99)
		}),
		want: []LibraryKeyword{{ID: 1, Name: "物品名称", Example: "名称", Rule: "thing"}},
	},
	{
		name: "SendOneTimeMessage", http: "POST /cgi-bin/message/template/subscribe",
		body: `{"touser":"o1","template_id":"T1","url":"https://example.com/","miniprogram":{"appid":"wx2","pagepath":"index"},
			"scene":"1000","title":"题","data":{"content":{"value":"好","color":"#173177"}}}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.SendOneTimeMessage(ctx, OneTimeMessage{
				OpenID: "o1", TemplateID: "T1", Scene: 1000, Title: "题", Content: "好", Color: "#173177",
				URL: "https://example.com/", MiniProgram: &MiniProgramPage{AppID: "wx2", PagePath: "index"},
			})
		}),
	},
})

func TestSubscriptionCallsRefuseWrongArguments(t *testing.T) {
	refused(t, "OpenID", func(ctx context.Context, c *Client) error {
		return c.SendSubscribeMessage(ctx, SubscribeMessage{TemplateID: "T1"})
	})
	refused(t, "Data key", func(ctx context.Context, c *Client) error {
		return c.SendSubscribeMessage(ctx, SubscribeMessage{OpenID: "o1", TemplateID: "T1", Data: TemplateData{}.Set(" ", "一")})
	})
	for argument, keywords := range map[string][]int64{"KeywordIDs": {1}, "Scene": {1, 2}} {
		refused(t, argument, func(ctx context.Context, c *Client) error {
			_, err := c.AddSubscribeTemplate(ctx, AddSubscribeTemplateRequest{401, keywords, strings.Repeat("长", 14+len(keywords))})
			return err
		})
	}
	refused(t, "templateID", func(ctx context.Context, c *Client) error { return c.DeleteSubscribeTemplate(ctx, "") })
	refused(t, "libraryTemplateID", func(ctx context.Context, c *Client) error { _, err := c.ListLibraryKeywords(ctx, 0); return err })
	for argument, req := range map[string]ListLibraryTemplatesRequest{
		"Offset":      {-1, 2, []int64{1}},
		"Count":       {0, 31, []int64{1}},
		"CategoryIDs": {0, 30, nil},
	} {
		refused(t, argument, func(ctx context.Context, c *Client) error { _, err := c.ListLibraryTemplates(ctx, req); return err })
	}
	whole := OneTimeMessage{OpenID: "o1", TemplateID: "T1", Scene: 10_000, Title: strings.Repeat("题", 15), Content: strings.Repeat("好", 200)}
	require.NoError(t, whole.check())
	for argument, spoil := range map[string]func(m *OneTimeMessage){
		"TemplateID": func(m *OneTimeMessage) { m.TemplateID = "" },
		"Scene":      func(m *OneTimeMessage) { m.Scene++ },
		"Title":      func(m *OneTimeMessage) { m.Title += "题" },
		"Content":    func(m *OneTimeMessage) { m.Content += "好" },
	} {
		wrong := whole
		spoil(&wrong)
		refused(t, argument, func(ctx context.Context, c *Client) error { return c.SendOneTimeMessage(ctx, wrong) })
	}
}

func TestAllLibraryTemplatesWalksThePages(t *testing.T) {
	var starts []string
	c, _ := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		starts = append(starts, r.URL.Query().Get("start"))
		n := min(30, 45-30*(len(starts)-1))
		page := strings.TrimSuffix(strings.Repeat(`{"tid":1},`, n), ",")
		return answer(http.StatusOK, fmt.Sprintf(`{"errcode":0,"count":45,"data":[%s]}`, page))(r)
	})
	n := 0
	for _, err := range c.AllLibraryTemplates(t.Context(), []int64{616}) {
		require.NoError(t, err)
		n++
	}
	assert.Equal(t, 45, n)
	assert.Equal(t, []string{"0", "30"}, starts)
}

func TestOneTimeSubscribeURLHasThePlatformsOrder(t *testing.T) {
	c := NewClient("wx0000000000000001", "SECRET-CANARY")
	address, err := c.OneTimeSubscribeURL("https://example.com/back?a=1&b=2", "T-1_x", 1000, "STATE1")
	require.NoError(t, err)
	assert.Equal(t, "https://mp.weixin.qq.com/mp/subscribemsg?action=get_confirm&appid=wx0000000000000001&scene=1000&template_id=T-1_x"+
		"&redirect_url=https%3A%2F%2Fexample.com%2Fback%3Fa%3D1%26b%3D2&reserved=STATE1#wechat_redirect", address)
	_, err = c.OneTimeSubscribeURL("example.com", "T1", 1000, "STATE1")
	assertArgument(t, err, "redirectURL")
	_, err = c.OneTimeSubscribeURL("https://example.com/", "T1", 10_001, "STATE1")
	assertArgument(t, err, "scene")
	_, err = c.OneTimeSubscribeURL("https://example.com/", "T1", 1, "")
	assertArgument(t, err, "state")
}
