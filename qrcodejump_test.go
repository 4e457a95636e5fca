package wechat

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var oneJump = QRCodeJumpRule{
	Prefix: "https://example.com/s/", PagePath: "pages/index", Version: QRCodeJumpVersionTrial, SubRule: QRCodeJumpSubRuleExclusive,
	DebugURLs: []string{"https://example.com/s/1"},
}

const (
	oneJumpJSON     = `"prefix":"https://example.com/s/","path":"pages/index","open_version":2,"permit_sub_rule":2,"debug_url":["https://example.com/s/1"]`
	jumpPageJSON    = `{"errcode":0,"errmsg":"ok","qrcodejump_open":1,"qrcodejump_pub_quota":99,"list_size":1,"total_count":1,"rule_list":[{` + oneJumpJSON + `,"state":2}]}`
	jumpChangesPath = "POST /cgi-bin/wxopen/qrcodejumpadd"
)

func oneJumpPage() *QRCodeJumpRulePage {
	published := oneJump
	published.Status = QRCodeJumpStatusPublished
	return &QRCodeJumpRulePage{IsOpen: true, PublishQuota: 99, Count: 1, Total: 1, Rules: []QRCodeJumpRule{published}}
}

var _ = wireRows([]wireRow{
	{
		name: "AddQRCodeJumpRule", http: jumpChangesPath, body: `{"appid":"wx2","is_edit":0,` + oneJumpJSON + `}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.AddQRCodeJumpRule(ctx, "wx2", oneJumpPage().Rules[0])
		}),
	},
	{
		name: "UpdateQRCodeJumpRule", http: jumpChangesPath, body: `{"appid":"wx2","is_edit":1,` + oneJumpJSON + `}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.UpdateQRCodeJumpRule(ctx, "wx2", oneJump) }),
	},
	{
		name: "PublishQRCodeJumpRule", http: "POST /cgi-bin/wxopen/qrcodejumppublish", body: `{"prefix":"https://example.com/s/"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.PublishQRCodeJumpRule(ctx, oneJump.Prefix) }),
	},
	{
		name: "DeleteQRCodeJumpRule", http: "POST /cgi-bin/wxopen/qrcodejumpdelete", body: `{"prefix":"https://example.com/s/","appid":"wx2"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.DeleteQRCodeJumpRule(ctx, "wx2", oneJump.Prefix) }),
	},
	{
		name: "GetQRCodeJumpRules", http: "POST /cgi-bin/wxopen/qrcodejumpget",
		body: `{"appid":"wx2","get_type":1,"prefix_list":["https://example.com/s/"]}`, reply: jumpPageJSON, want: oneJumpPage(),
		call: result(func(ctx context.Context, c *Client) (*QRCodeJumpRulePage, error) {
			return c.GetQRCodeJumpRules(ctx, "wx2", oneJump.Prefix)
		}),
	},
	{
		name: "ListQRCodeJumpRules", http: "POST /cgi-bin/wxopen/qrcodejumpget",
		body: `{"appid":"wx2","get_type":2,"page_num":1,"page_size":20}`, reply: jumpPageJSON, want: oneJumpPage(),
		call: result(func(ctx context.Context, c *Client) (*QRCodeJumpRulePage, error) {
			return c.ListQRCodeJumpRules(ctx, "wx2", 1, 20)
		}),
	},
})

func TestQRCodeJumpCallsRefuseWrongArguments(t *testing.T) {
	refused(t, "appID", func(ctx context.Context, c *Client) error { return c.AddQRCodeJumpRule(ctx, "", oneJump) })
	refused(t, "PagePath", func(ctx context.Context, c *Client) error {
		return c.UpdateQRCodeJumpRule(ctx, "wx2", QRCodeJumpRule{Prefix: "https://example.com/"})
	})
	refused(t, "prefix", func(ctx context.Context, c *Client) error { return c.PublishQRCodeJumpRule(ctx, "") })
	refused(t, "appID", func(ctx context.Context, c *Client) error { return c.DeleteQRCodeJumpRule(ctx, "", "x") })
	refused(t, "prefixes", func(ctx context.Context, c *Client) error {
		_, err := c.GetQRCodeJumpRules(ctx, "wx2", strings.Split(strings.Repeat("p,", 200)+"p", ",")...)
		return err
	})
	for argument, page := range map[string][2]int{"page": {0, 1}, "pageSize": {1, 201}} {
		refused(t, argument, func(ctx context.Context, c *Client) error {
			_, err := c.ListQRCodeJumpRules(ctx, "wx2", page[0], page[1])
			return err
		})
	}
	refused(t, "appID", func(ctx context.Context, c *Client) error { _, err := c.ListQRCodeJumpRules(ctx, "", 1, 1); return err })
}

func TestAllQRCodeJumpsWalksThePages(t *testing.T) {
	calls := 0
	c, seen := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		calls++
		return answer(http.StatusOK, strings.Replace(jumpPageJSON, `"total_count":1`, `"total_count":201`, 1))(r)
	})
	n := 0
	for _, err := range c.AllQRCodeJumpRules(t.Context(), "wx2") {
		require.NoError(t, err)
		n++
	}
	assert.Equal(t, 2, n)
	assert.Equal(t, 2, calls)
	assert.JSONEq(t, `{"appid":"wx2","get_type":2,"page_num":2,"page_size":200}`, string(seen.body))
}
