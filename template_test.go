package wechat

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var _ = wireRows([]wireRow{
	{
		name: "SendTemplateMessage", http: "POST /cgi-bin/message/template/send",
		body: `{"touser":"o1","template_id":"T1","url":"https://example.com/?a=1&b=2","miniprogram":{"appid":"wx2","pagepath":"index?a=b"},
			"client_msg_id":"m-1","data":{"thing1":{"value":"奶茶 & <糖>"},"amount2":{"value":"18元","color":"#173177"}}}`,
		reply: `{"errcode":0,"errmsg":"ok","msgid":200228332000000001}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.SendTemplateMessage(ctx, TemplateMessage{
				OpenID: "o1", TemplateID: "T1", URL: "https://example.com/?a=1&b=2", ClientMsgID: "m-1",
				MiniProgram: &MiniProgramPage{AppID: "wx2", PagePath: "index?a=b"},
				Data:        TemplateData{"amount2": {Value: "18元", Color: "#173177"}}.Set("thing1", "奶茶 & <糖>"),
			})
		},
		want: int64(200228332000000001),
	},
	{
		name: "SendTemplateMessage/without data", http: "POST /cgi-bin/message/template/send",
		body: `{"touser":"o1","template_id":"T1","data":{}}`, reply: `{"errcode":0,"errmsg":"ok","msgid":"7"}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.SendTemplateMessage(ctx, TemplateMessage{OpenID: "o1", TemplateID: "T1"})
		},
		want: int64(7),
	},
	{
		name: "ListTemplates", http: "GET /cgi-bin/template/get_all_private_template",
		reply: `{"template_list":[{"template_id":"T1","title":"领取通知","primary_industry":"IT科技","deputy_industry":"互联网|电子商务","content":"{{thing1.DATA}}","example":"奶茶"}]}`,
		call:  results(func(ctx context.Context, c *Client) ([]Template, error) { return c.ListTemplates(ctx) }),
		want: []Template{{
			ID: "T1", Title: "领取通知", PrimaryIndustry: "IT科技", SecondaryIndustry: "互联网|电子商务",
			Content: "{{thing1.DATA}}", Example: "奶茶",
		}},
	},
	{
		name: "AddTemplate", http: "POST /cgi-bin/template/api_add_template",
		body: `{"template_id_short":"43000","keyword_name_list":["商品","金额"]}`, reply: `{"errcode":0,"errmsg":"ok","template_id":"T2"}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.AddTemplate(ctx, AddTemplateRequest{ShortID: "43000", Keywords: []string{"商品", "金额"}})
		},
		want: "T2",
	},
	{
		name: "DeleteTemplate", http: "POST /cgi-bin/template/del_private_template", body: `{"template_id":"T2"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.DeleteTemplate(ctx, "T2") }),
	},
	{
		name: "SetIndustries", http: "POST /cgi-bin/template/api_set_industry", body: `{"industry_id1":"1","industry_id2":"4"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.SetIndustries(ctx, "1", "4") }),
	},
	{
		name: "GetIndustries", http: "GET /cgi-bin/template/get_industry",
		reply: `{"primary_industry":{"first_class":"运输与仓储","second_class":"快递"},"secondary_industry":{"first_class":"IT科技","second_class":"互联网|电子商务"}}`,
		call:  result(func(ctx context.Context, c *Client) (*Industries, error) { return c.GetIndustries(ctx) }),
		want: &Industries{
			Primary: Industry{First: "运输与仓储", Second: "快递"}, Secondary: Industry{First: "IT科技", Second: "互联网|电子商务"},
		},
	},
	{
		name: "ListBlockedMessages", http: "POST /wxa/sec/queryblocktmplmsg", body: `{"tmpl_msg_id":"T1","largest_id":0,"limit":10}`,
		reply: `{"errcode":0,"errmsg":"ok","msginfo":[{"id":"12","tmpl_msg_id":"T1","title":"领取通知","content":"奶茶","send_timestamp":1620000000,"openid":"o1"}]}`,
		call: results(func(ctx context.Context, c *Client) ([]BlockedMessage, error) {
			return c.ListBlockedMessages(ctx, "T1", 0, 10)
		}),
		want: []BlockedMessage{{ID: 12, TemplateID: "T1", Title: "领取通知", Content: "奶茶", SendTime: unix(1620000000), OpenID: "o1"}},
	},
	{
		name: "ListBlockedMessages/object", http: "POST /wxa/sec/queryblocktmplmsg", body: `{"tmpl_msg_id":"T1","largest_id":12,"limit":1}`,
		reply: `{"errcode":0,"errmsg":"ok","msginfo":{"id":13,"tmpl_msg_id":"T1"}}`,
		call: results(func(ctx context.Context, c *Client) ([]BlockedMessage, error) {
			return c.ListBlockedMessages(ctx, "T1", 12, 1)
		}),
		want: []BlockedMessage{{ID: 13, TemplateID: "T1"}},
	},
})

func TestTemplateMessageThatCannotBeRightIsRefused(t *testing.T) {
	for argument, m := range map[string]TemplateMessage{
		"OpenID":            {TemplateID: "T1"},
		"TemplateID":        {OpenID: "o1"},
		"MiniProgram.AppID": {OpenID: "o1", TemplateID: "T1", MiniProgram: &MiniProgramPage{PagePath: "index"}},
		"Data key":          {OpenID: "o1", TemplateID: "T1", Data: TemplateData{}.Set("", "x")},
	} {
		refused(t, argument, func(ctx context.Context, c *Client) error { _, err := c.SendTemplateMessage(ctx, m); return err })
	}
	long := TemplateData{}.Set("short_thing1", strings.Repeat("字", 100)).Set("thing1", strings.Repeat("字", 100))
	require.NoError(t, long.check(), "test accounts accept it")
}

func TestTemplateCallsRefuseWrongArguments(t *testing.T) {
	for argument, req := range map[string]AddTemplateRequest{"ShortID": {"", []string{"a"}}, "Keywords[1]": {"43000", []string{"a", ""}}} {
		refused(t, argument, func(ctx context.Context, c *Client) error { _, err := c.AddTemplate(ctx, req); return err })
	}
	refused(t, "templateID", func(ctx context.Context, c *Client) error { return c.DeleteTemplate(ctx, "") })
	refused(t, "secondary", func(ctx context.Context, c *Client) error { return c.SetIndustries(ctx, "1", "") })
	for _, limit := range []int{0, 101} {
		refused(t, "count", func(ctx context.Context, c *Client) error {
			_, err := c.ListBlockedMessages(ctx, "T1", 0, limit)
			return err
		})
	}
}

func TestAllBlockedMessagesWalksByTheLargestID(t *testing.T) {
	var page strings.Builder
	for i := range 100 {
		page.WriteString(`{"id":` + string(rune('1'+i%9)) + `0},`)
	}
	replies := []string{`{"msginfo":[` + strings.TrimSuffix(page.String(), ",") + `]}`, `{"msginfo":[{"id":91}]}`}
	calls := 0
	c, seen := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		calls++
		return answer(http.StatusOK, replies[calls-1])(r)
	})
	n := 0
	for _, err := range c.AllBlockedMessages(t.Context(), "T1") {
		require.NoError(t, err)
		n++
	}
	assert.Equal(t, 101, n)
	assert.JSONEq(t, `{"tmpl_msg_id":"T1","largest_id":90,"limit":100}`, string(seen.body))
}
