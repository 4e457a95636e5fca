package wechat

import (
	"context"
	"testing"
)

var _ = wireRows([]wireRow{
	{
		name: "ClearQuota", http: "POST /cgi-bin/clear_quota", body: `{"appid":"wx0000000000000001"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.ClearQuota(ctx) }),
	},
	{
		name: "ClearQuotaBySecret", http: "POST /cgi-bin/clear_quota/v2", anon: true,
		body: `{"appid":"wx0000000000000001","appsecret":"SECRET-CANARY"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.ClearQuotaBySecret(ctx) }),
	},
	{
		name: "ClearAPIQuota", http: "POST /cgi-bin/openapi/quota/clear", body: `{"cgi_path":"/cgi-bin/menu/get"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.ClearAPIQuota(ctx, "/cgi-bin/menu/get") }),
	},
	{
		name: "GetAPIQuota", http: "POST /cgi-bin/openapi/quota/get", body: `{"cgi_path":"/cgi-bin/menu/get"}`,
		reply: `{"errcode":0,"errmsg":"ok","quota":{"daily_limit":10,"used":3,"remain":7},"rate_limit":{"call_count":2,"refresh_second":60}}`,
		call: result(func(ctx context.Context, c *Client) (*APIQuota, error) {
			return c.GetAPIQuota(ctx, "/cgi-bin/menu/get")
		}),
		want: &APIQuota{DailyLimit: 10, Used: 3, Remaining: 7, RateLimit: &RateLimit{Calls: 2, Seconds: 60}},
	},
	{
		name: "GetRequestInfo", http: "POST /cgi-bin/openapi/rid/get", body: `{"rid":"61725984-6126f6f9-040f19c4"}`,
		reply: `{"errcode":0,"errmsg":"ok","request":{"invoke_time":1635156704,"cost_in_ms":30,"request_url":"access_token=50_Im7","request_body":"{}","response_body":"{\"errcode\":45009}","client_ip":"203.0.113.9"}}`,
		call: result(func(ctx context.Context, c *Client) (*RequestInfo, error) {
			return c.GetRequestInfo(ctx, "61725984-6126f6f9-040f19c4")
		}),
		want: &RequestInfo{
			InvokeTime: unix(1635156704), DurationMilliseconds: 30, RequestURL: "access_token=50_Im7", RequestBody: "{}",
			ResponseBody: `{"errcode":45009}`, ClientIP: "203.0.113.9",
		},
	},
})

func TestQuotaCallsRefuseAPathWithHostOrQuery(t *testing.T) {
	for _, path := range []string{"", "cgi-bin/menu/get", "https://api.weixin.qq.com/cgi-bin/menu/get", "/cgi-bin/menu/get?a=b"} {
		refused(t, "path", func(ctx context.Context, c *Client) error { return c.ClearAPIQuota(ctx, path) })
	}
	refused(t, "requestID", func(ctx context.Context, c *Client) error {
		_, err := c.GetRequestInfo(ctx, " ")
		return err
	})
}
