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
	Prefix: "https://example.com/s/", Path: "pages/index", Version: QRCodeJumpVersionTrial, SubRule: QRCodeJumpSubRuleExclusive,
	DebugURLs: []string{"https://example.com/s/1"},
}

const (
	oneJumpJSON     = `"prefix":"https://example.com/s/","path":"pages/index","open_version":2,"permit_sub_rule":2,"debug_url":["https://example.com/s/1"]`
	jumpPageJSON    = `{"errcode":0,"errmsg":"ok","qrcodejump_open":1,"qrcodejump_pub_quota":99,"list_size":1,"total_count":1,"rule_list":[{` + oneJumpJSON + `,"state":2}]}`
	jumpChangesPath = "POST /cgi-bin/wxopen/qrcodejumpadd"
)

func oneJumpPage() *QRCodeJumpPage {
	published := oneJump
	published.Status = QRCodeJumpStatusPublished
	return &QRCodeJumpPage{IsOpen: true, PublishQuota: 99, Count: 1, Total: 1, Rules: []QRCodeJumpRule{published}}
}

var _ = wireRows([]wireRow{
	{
		name: "AddQRCodeJump", http: jumpChangesPath, body: `{"appid":"wx2","is_edit":0,` + oneJumpJSON + `}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.AddQRCodeJump(ctx, "wx2", oneJumpPage().Rules[0]) }),
	},
	{
		name: "UpdateQRCodeJump", http: jumpChangesPath, body: `{"appid":"wx2","is_edit":1,` + oneJumpJSON + `}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.UpdateQRCodeJump(ctx, "wx2", oneJump) }),
	},
	{
		name: "PublishQRCodeJump", http: "POST /cgi-bin/wxopen/qrcodejumppublish", body: `{"prefix":"https://example.com/s/"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.PublishQRCodeJump(ctx, oneJump.Prefix) }),
	},
	{
		name: "DeleteQRCodeJump", http: "POST /cgi-bin/wxopen/qrcodejumpdelete", body: `{"prefix":"https://example.com/s/","appid":"wx2"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.DeleteQRCodeJump(ctx, "wx2", oneJump.Prefix) }),
	},
	{
		name: "GetQRCodeJumps", http: "POST /cgi-bin/wxopen/qrcodejumpget",
		body: `{"appid":"wx2","get_type":1,"prefix_list":["https://example.com/s/"]}`, reply: jumpPageJSON, want: oneJumpPage(),
		call: result(func(ctx context.Context, c *Client) (*QRCodeJumpPage, error) {
			return c.GetQRCodeJumps(ctx, "wx2", oneJump.Prefix)
		}),
	},
	{
		name: "ListQRCodeJumps", http: "POST /cgi-bin/wxopen/qrcodejumpget",
		body: `{"appid":"wx2","get_type":2,"page_num":1,"page_size":20}`, reply: jumpPageJSON, want: oneJumpPage(),
		call: result(func(ctx context.Context, c *Client) (*QRCodeJumpPage, error) {
			return c.ListQRCodeJumps(ctx, "wx2", 1, 20)
		}),
	},
})

func TestQRCodeJumpCallsRefuseWrongArguments(t *testing.T) {
	refused(t, "appID", func(ctx context.Context, c *Client) error { return c.AddQRCodeJump(ctx, "", oneJump) })
	refused(t, "Path", func(ctx context.Context, c *Client) error {
		return c.UpdateQRCodeJump(ctx, "wx2", QRCodeJumpRule{Prefix: "https://example.com/"})
	})
	refused(t, "prefix", func(ctx context.Context, c *Client) error { return c.PublishQRCodeJump(ctx, "") })
	refused(t, "appID", func(ctx context.Context, c *Client) error { return c.DeleteQRCodeJump(ctx, "", "x") })
	refused(t, "prefixes", func(ctx context.Context, c *Client) error {
		_, err := c.GetQRCodeJumps(ctx, "wx2", strings.Split(strings.Repeat("p,", 200)+"p", ",")...)
		return err
	})
	for argument, page := range map[string][2]int{"page": {0, 1}, "pageSize": {1, 201}} {
		refused(t, argument, func(ctx context.Context, c *Client) error {
			_, err := c.ListQRCodeJumps(ctx, "wx2", page[0], page[1])
			return err
		})
	}
	refused(t, "appID", func(ctx context.Context, c *Client) error { _, err := c.ListQRCodeJumps(ctx, "", 1, 1); return err })
}

func TestAllQRCodeJumpsWalksThePages(t *testing.T) {
	calls := 0
	c, seen := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		calls++
		return answer(http.StatusOK, strings.Replace(jumpPageJSON, `"total_count":1`, `"total_count":201`, 1))(r)
	})
	n := 0
	for _, err := range c.AllQRCodeJumps(t.Context(), "wx2") {
		require.NoError(t, err)
		n++
	}
	assert.Equal(t, 2, n)
	assert.Equal(t, 2, calls)
	assert.JSONEq(t, `{"appid":"wx2","get_type":2,"page_num":2,"page_size":200}`, string(seen.body))
}
