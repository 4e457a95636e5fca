package wechat

import (
	"context"
	"strings"
	"testing"
	"time"
)

var _ = wireRows([]wireRow{
	{
		name: "CreateShortKey", http: "POST /cgi-bin/shorten/gen", body: `{"long_data":"https://example.com/?a=1&b=2","expire_seconds":86400}`,
		reply: `{"errcode":0,"errmsg":"ok","short_key":"fvgwF4Y5XqCqlYE"}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.CreateShortKey(ctx, "https://example.com/?a=1&b=2", 24*time.Hour)
		},
		want: "fvgwF4Y5XqCqlYE",
	},
	{
		name: "CreateShortKey/default ttl", http: "POST /cgi-bin/shorten/gen", body: `{"long_data":"x"}`,
		reply: `{"errcode":0,"errmsg":"ok","short_key":"fvgwF4Y5XqCqlYE"}`,
		call:  func(ctx context.Context, c *Client) (any, error) { return c.CreateShortKey(ctx, "x", 0) },
		want:  "fvgwF4Y5XqCqlYE",
	},
	{
		name: "GetShortKey", http: "POST /cgi-bin/shorten/fetch", body: `{"short_key":"fvgwF4Y5XqCqlYE"}`,
		reply: `{"errcode":0,"errmsg":"ok","long_data":"x","create_time":"1611047541","expire_seconds":86300}`,
		call: result(func(ctx context.Context, c *Client) (*ShortKeyData, error) {
			return c.GetShortKey(ctx, "fvgwF4Y5XqCqlYE")
		}),
		want: &ShortKeyData{Data: "x", CreateTime: unix(1611047541), ExpiresIn: 86300},
	},
})

func TestShortKeyRefusesWhatThePlatformRefuses(t *testing.T) {
	create := func(data string, ttl time.Duration) func(ctx context.Context, c *Client) error {
		return func(ctx context.Context, c *Client) error { _, err := c.CreateShortKey(ctx, data, ttl); return err }
	}
	refused(t, "data", create("", 0))
	refused(t, "data", create(strings.Repeat("x", 4097), 0))
	refused(t, "ttl", create("x", 31*24*time.Hour))
	refused(t, "ttl", create("x", time.Millisecond))
	refused(t, "key", func(ctx context.Context, c *Client) error { _, err := c.GetShortKey(ctx, ""); return err })
}
