package wechat

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

var _ = wireRows([]wireRow{
	{
		name: "CreateOpenAccount", http: "POST /cgi-bin/open/create", body: `{"appid":"wx0000000000000001"}`,
		reply: `{"errcode":0,"errmsg":"ok","open_appid":"wxopen"}`,
		call:  func(ctx context.Context, c *Client) (any, error) { return c.CreateOpenAccount(ctx) },
		want:  "wxopen",
	},
	{
		name: "GetOpenAccount", http: "POST /cgi-bin/open/get", body: `{"appid":"wx0000000000000001"}`,
		reply: `{"errcode":0,"errmsg":"ok","open_appid":"wxopen"}`,
		call:  func(ctx context.Context, c *Client) (any, error) { return c.GetOpenAccount(ctx) },
		want:  "wxopen",
	},
	{
		name: "BindOpenAccount", http: "POST /cgi-bin/open/bind", body: `{"appid":"wx0000000000000001","open_appid":"wxopen"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.BindOpenAccount(ctx, "wxopen") }),
	},
	{
		name: "UnbindOpenAccount", http: "POST /cgi-bin/open/unbind", body: `{"appid":"wx0000000000000001","open_appid":"wxopen"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.UnbindOpenAccount(ctx, "wxopen") }),
	},
})

func TestAnOpenAccountIsBoundOnce(t *testing.T) {
	const bound = `{"errcode":89000,"errmsg":"account has bound open"}`
	c, _ := lost(bound)
	require.NoError(t, c.BindOpenAccount(t.Context(), "wxopen"), "the first attempt may have bound it")
	c, _ = lost(bound)
	_, err := c.CreateOpenAccount(t.Context())
	require.ErrorIs(t, err, ErrUnknownOutcome, "a second one would be another account")
	c, _ = wireRow{}.client(answer(http.StatusOK, bound))
	require.ErrorIs(t, c.BindOpenAccount(t.Context(), "wxopen"), ErrOpenAccountBound)
	refused(t, "openAppID", func(ctx context.Context, c *Client) error { return c.BindOpenAccount(ctx, "") })
	refused(t, "openAppID", func(ctx context.Context, c *Client) error { return c.UnbindOpenAccount(ctx, "") })
}
