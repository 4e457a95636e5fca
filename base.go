package wechat

import (
	"context"
	"net/http"
)

// AccessToken is an access_token, as issued by the platform.
type AccessToken struct {
	Token     Secret `json:"access_token"` // up to 512 bytes
	ExpiresIn int64  `json:"expires_in"`   // seconds, up to 7,200
}

// GetAccessToken fetches a new classic token (获取接口调用凭据). The previous token
// expires 5 minutes later. The quota is 2,000 calls a day.
//
// The other methods get their tokens from [Client.Token] and do not need this call.
//
// https://developers.weixin.qq.com/doc/service/api/base/api_getaccesstoken
func (c *Client) GetAccessToken(ctx context.Context) (*AccessToken, error) {
	if err := c.needSecret(); err != nil {
		return nil, err
	}
	return doWithSecret[AccessToken](ctx, c, c.classicTokenRequest)
}

func (c *Client) classicTokenRequest(secret string) Request {
	return Request{
		Method: http.MethodGet, Path: classicTokenPath, Anonymous: true,
		Query: params("grant_type", "client_credential", "appid", c.cfg.appID, "secret", secret),
	}
}

// GetStableAccessToken returns the account's stable token (获取稳定版接口调用凭据). All
// callers get the same token until 5 minutes before it expires. The quota is 10,000
// calls a minute and 500,000 a day.
//
// The other methods get their tokens from [Client.Token] and do not need this call.
//
// https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
func (c *Client) GetStableAccessToken(ctx context.Context) (*AccessToken, error) {
	return c.stableAccessToken(ctx, false)
}

// RefreshStableAccessToken makes the platform issue a new stable token
// (获取稳定版接口调用凭据). The old one remains valid for 5 minutes. The platform allows
// this 20 times a day, at least 30 seconds apart; the calls also count toward the quota
// of [Client.GetStableAccessToken].
//
// https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
func (c *Client) RefreshStableAccessToken(ctx context.Context) (*AccessToken, error) {
	return c.stableAccessToken(ctx, true)
}

func (c *Client) stableAccessToken(ctx context.Context, force bool) (*AccessToken, error) {
	if err := c.needSecret(); err != nil {
		return nil, err
	}
	return doWithSecret[AccessToken](ctx, c, func(secret string) Request { return c.stableTokenRequest(secret, force) })
}

type stableTokenRequest struct {
	GrantType    string `json:"grant_type"`
	AppID        string `json:"appid"`
	Secret       string `json:"secret"`
	ForceRefresh bool   `json:"force_refresh"`
}

func (c *Client) stableTokenRequest(secret string, force bool) Request {
	return Request{
		Method: http.MethodPost, Path: stableTokenPath, Anonymous: true, Idempotent: !force,
		Body: stableTokenRequest{GrantType: "client_credential", AppID: c.cfg.appID, Secret: secret, ForceRefresh: force},
	}
}

// needSecret rejects calls that need an AppSecret.
func (c *Client) needSecret() error {
	return first(notEmpty("appID", c.cfg.appID), notEmpty("appSecret", c.cfg.appSecret))
}

// CallbackCheckAction selects what [Client.CheckCallback] tests.
type CallbackCheckAction string

// The tests of [Client.CheckCallback].
const (
	CallbackCheckActionDNS  CallbackCheckAction = "dns"
	CallbackCheckActionPing CallbackCheckAction = "ping"
	CallbackCheckActionAll  CallbackCheckAction = "all"
)

// CallbackOperator is the network from which [Client.CheckCallback] tests.
type CallbackOperator string

// The networks of [Client.CheckCallback].
const (
	CallbackOperatorTelecom CallbackOperator = "CHINANET"
	CallbackOperatorUnicom  CallbackOperator = "UNICOM"
	CallbackOperatorTencent CallbackOperator = "CAP"
	CallbackOperatorDefault CallbackOperator = "DEFAULT" // chosen by the platform, according to the IP address
)

// CallbackCheckResult reports how the platform reaches the account's callback URL.
type CallbackCheckResult struct {
	DNS  []CallbackDNS  `json:"dns"`
	Ping []CallbackPing `json:"ping"`
}

// CallbackDNS is an IP address that the host of the callback URL resolves to.
type CallbackDNS struct {
	IP           string `json:"ip"`
	RealOperator string `json:"real_operator"` // the network to which the IP address belongs
}

// CallbackPing is the result of one ping of an IP address.
type CallbackPing struct {
	IP           string `json:"ip"`
	FromOperator string `json:"from_operator"`
	PacketLoss   string `json:"package_loss"` // "0%" or "100%", because one packet is sent
	Time         string `json:"time"`         // such as "23.079ms"
}

// CheckCallback makes the platform test whether it can reach the account's callback URL
// (网络通信检测). If action is "", CallbackCheckActionAll is used; if operator is "",
// CallbackOperatorDefault is used.
//
// https://developers.weixin.qq.com/doc/service/api/base/api_callbackcheck
func (c *Client) CheckCallback(ctx context.Context, action CallbackCheckAction, operator CallbackOperator) (*CallbackCheckResult, error) {
	if action == "" {
		action = CallbackCheckActionAll
	}
	if operator == "" {
		operator = CallbackOperatorDefault
	}
	body := struct {
		Action   CallbackCheckAction `json:"action"`
		Operator CallbackOperator    `json:"check_operator"`
	}{action, operator}
	return post[CallbackCheckResult](ctx, c, "/cgi-bin/callback/check", body, idempotent)
}

type ipList struct {
	IPs []string `json:"ip_list"`
}

// ListAPIDomainIPs returns the IP addresses of the platform's API servers, for use in
// outbound firewall rules (获取微信API服务器IP). They change, so fetch them daily.
//
// https://developers.weixin.qq.com/doc/service/api/base/api_getapidomainip
func (c *Client) ListAPIDomainIPs(ctx context.Context) ([]string, error) {
	list, err := get[ipList](ctx, c, "/cgi-bin/get_api_domain_ip", nil)
	if err != nil {
		return nil, err
	}
	return list.IPs, nil
}

// ListCallbackIPs returns the IP addresses and CIDR blocks from which the platform
// delivers pushes (获取微信推送服务器IP). They change, so fetch them daily.
//
// https://developers.weixin.qq.com/doc/service/api/base/api_getcallbackip
func (c *Client) ListCallbackIPs(ctx context.Context) ([]string, error) {
	list, err := get[ipList](ctx, c, "/cgi-bin/getcallbackip", nil)
	if err != nil {
		return nil, err
	}
	return list.IPs, nil
}
