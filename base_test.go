package wechat

import (
	"context"
	"testing"
)

var _ = wireRows([]wireRow{
	{
		name: "GetAccessToken", http: "GET /cgi-bin/token", anon: true,
		query: "appid=wx0000000000000001&grant_type=client_credential&secret=SECRET-CANARY",
		reply: `{"access_token":"A","expires_in":7200}`,
		call:  result(func(ctx context.Context, c *Client) (*AccessToken, error) { return c.GetAccessToken(ctx) }),
		want:  &AccessToken{Token: "A", ExpiresIn: 7200},
	},
	{
		name: "GetStableAccessToken", http: "POST /cgi-bin/stable_token", anon: true,
		body:  `{"grant_type":"client_credential","appid":"wx0000000000000001","secret":"SECRET-CANARY","force_refresh":false}`,
		reply: `{"access_token":"A","expires_in":7200}`,
		call:  result(func(ctx context.Context, c *Client) (*AccessToken, error) { return c.GetStableAccessToken(ctx) }),
		want:  &AccessToken{Token: "A", ExpiresIn: 7200},
	},
	{
		name: "RefreshStableAccessToken", http: "POST /cgi-bin/stable_token", anon: true,
		body:  `{"grant_type":"client_credential","appid":"wx0000000000000001","secret":"SECRET-CANARY","force_refresh":true}`,
		reply: `{"access_token":"A","expires_in":"345"}`,
		call:  result(func(ctx context.Context, c *Client) (*AccessToken, error) { return c.RefreshStableAccessToken(ctx) }),
		want:  &AccessToken{Token: "A", ExpiresIn: 345},
	},
	{
		name: "CheckCallback", http: "POST /cgi-bin/callback/check", body: `{"action":"all","check_operator":"DEFAULT"}`,
		reply: `{"dns":[{"ip":"203.0.113.9","real_operator":"UNICOM"}],"ping":[{"ip":"203.0.113.9","from_operator":"UNICOM","package_loss":"0%","time":"23.079ms"}]}`,
		call: result(func(ctx context.Context, c *Client) (*CallbackCheckResult, error) {
			return c.CheckCallback(ctx, "", "")
		}),
		want: &CallbackCheckResult{
			DNS:  []CallbackDNS{{IP: "203.0.113.9", RealOperator: "UNICOM"}},
			Ping: []CallbackPing{{IP: "203.0.113.9", FromOperator: "UNICOM", PacketLoss: "0%", Time: "23.079ms"}},
		},
	},
	{
		name: "ListAPIDomainIPs", http: "GET /cgi-bin/get_api_domain_ip", reply: `{"ip_list":["203.0.113.9","203.0.113.10"]}`,
		call: results(func(ctx context.Context, c *Client) ([]string, error) { return c.ListAPIDomainIPs(ctx) }),
		want: []string{"203.0.113.9", "203.0.113.10"},
	},
	{
		name: "ListCallbackIPs", http: "GET /cgi-bin/getcallbackip", reply: `{"ip_list":["203.0.113.0/24"]}`,
		call: results(func(ctx context.Context, c *Client) ([]string, error) { return c.ListCallbackIPs(ctx) }),
		want: []string{"203.0.113.0/24"},
	},
})

func TestCallsWithTheSecretRefuseAClientWithoutIt(t *testing.T) {
	c := newTestClient("wx0000000000000001", "", WithTokenSource(StaticToken("TOKEN")))
	_, err := c.GetAccessToken(t.Context())
	assertArgument(t, err, "appSecret")
	_, err = c.GetStableAccessToken(t.Context())
	assertArgument(t, err, "appSecret")
	_, err = c.RefreshStableAccessToken(t.Context())
	assertArgument(t, err, "appSecret")
	assertArgument(t, c.ClearQuotaBySecret(t.Context()), "appSecret")
}
