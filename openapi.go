package wechat

import (
	"context"
	"net/http"
	"strings"
)

// ClearQuota resets the daily call counts of all APIs of the account (重置API调用次数). An
// account can do this 10 times a month, through the API and in the console together. It
// returns [ErrClearQuotaLimit] if all 10 have been used.
//
// https://developers.weixin.qq.com/doc/service/api/apimanage/api_clearquota
func (c *Client) ClearQuota(ctx context.Context) error {
	if err := notEmpty("appID", c.cfg.appID); err != nil {
		return err
	}
	body := struct {
		AppID string `json:"appid"`
	}{c.cfg.appID}
	return c.post(ctx, "/cgi-bin/clear_quota", body)
}

// ClearQuotaBySecret is like [Client.ClearQuota] but needs no access token, for an
// account that has used up its quota for tokens (使用AppSecret重置API调用次数). The two
// methods share the 10 resets a month.
//
// https://developers.weixin.qq.com/doc/service/api/apimanage/api_clearquotabyappsecret
func (c *Client) ClearQuotaBySecret(ctx context.Context) error {
	if err := c.needSecret(); err != nil {
		return err
	}
	return c.withSecret(ctx, func(secret string) error {
		body := struct {
			AppID  string `json:"appid"`
			Secret string `json:"appsecret"`
		}{c.cfg.appID, secret}
		return c.Do(ctx, Request{
			Method: http.MethodPost, Path: "/cgi-bin/clear_quota/v2", Body: body, Anonymous: true,
		}, nil)
	})
}

type apiPath struct {
	Path string `json:"cgi_path"`
}

func (p apiPath) check() error {
	if !strings.HasPrefix(p.Path, "/") || strings.ContainsAny(p.Path, "?# ") {
		return invalid("path", "must begin with / and contain no host, query, fragment or space")
	}
	return nil
}

// ClearAPIQuota resets the daily call count of the API with this path, such as
// "/cgi-bin/message/custom/send" (重置指定API调用次数). An account can do this 50 times a
// month.
//
// https://developers.weixin.qq.com/doc/service/api/apimanage/api_clearapiquota
func (c *Client) ClearAPIQuota(ctx context.Context, path string) error {
	return c.post(ctx, "/cgi-bin/openapi/quota/clear", apiPath{path})
}

// APIQuota is the quota of an API, in calls.
type APIQuota struct {
	DailyLimit         int64      `json:"daily_limit"`
	Used               int64      `json:"used"` // today
	Remaining          int64      `json:"remain"`
	RateLimit          *RateLimit `json:"rate_limit"`           // nil if the API has none
	ComponentRateLimit *RateLimit `json:"component_rate_limit"` // of a third-party platform, nil if it has none
}

// RateLimit allows a number of calls in a period.
type RateLimit struct {
	Calls   int64 `json:"call_count"`
	Seconds int64 `json:"refresh_second"`
}

// GetAPIQuota returns the quota of the API with this path, such as
// "/cgi-bin/message/custom/send" (查询API调用额度).
//
// https://developers.weixin.qq.com/doc/service/api/apimanage/api_getapiquota
func (c *Client) GetAPIQuota(ctx context.Context, path string) (*APIQuota, error) {
	res, err := post[struct {
		APIQuota          // the rate limits
		Quota    APIQuota `json:"quota"` // the counts
	}](ctx, c, "/cgi-bin/openapi/quota/get", apiPath{path}, idempotent)
	if err != nil {
		return nil, err
	}
	quota := res.Quota
	quota.RateLimit, quota.ComponentRateLimit = res.RateLimit, res.ComponentRateLimit
	return &quota, nil
}

// RequestInfo is the platform's record of a call. Both bodies are unredacted and can
// contain personal data of followers.
type RequestInfo struct {
	InvokeTime           Timestamp `json:"invoke_time"`
	DurationMilliseconds int64     `json:"cost_in_ms"`
	RequestURL           Secret    `json:"request_url"` // the query of the call, which contains its token
	RequestBody          string    `json:"request_body"`
	ResponseBody         string    `json:"response_body"`
	ClientIP             string    `json:"client_ip"`
}

// GetRequestInfo returns the platform's record of a refused call (查询rid信息). requestID
// is the RequestID of the call's [*Error]. Records are kept for 7 days, and only those of
// this account's calls can be read.
//
// https://developers.weixin.qq.com/doc/service/api/apimanage/api_getridinfo
func (c *Client) GetRequestInfo(ctx context.Context, requestID string) (*RequestInfo, error) {
	if err := notEmpty("requestID", requestID); err != nil {
		return nil, err
	}
	body := struct {
		RID string `json:"rid"`
	}{requestID}
	res, err := post[struct {
		Request RequestInfo `json:"request"`
	}](ctx, c, "/cgi-bin/openapi/rid/get", body, idempotent)
	if err != nil {
		return nil, err
	}
	return &res.Request, nil
}
