package wechat

import (
	"context"
	"iter"
)

// ListBlacklist returns up to 1,000 openids on the blacklist after nextOpenID; pass ""
// for the first page (获取公众号的黑名单列表, 获取黑名单列表). Users on the blacklist
// cannot write to the account.
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_getblacklist
func (c *Client) ListBlacklist(ctx context.Context, nextOpenID string) (*OpenIDPage, error) {
	body := struct {
		Begin string `json:"begin_openid"`
	}{nextOpenID}
	page, err := post[openIDPage](ctx, c, "/cgi-bin/tags/members/getblacklist", body, idempotent)
	return page.result(err)
}

// AllBlacklist iterates over the openids on the blacklist
// (获取公众号的黑名单列表, 获取黑名单列表).
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_getblacklist
func (c *Client) AllBlacklist(ctx context.Context) iter.Seq2[string, error] {
	return eachOpenID(ctx, c.ListBlacklist)
}

type blacklisting struct {
	OpenIDs []string `json:"openid_list"`
}

// AddToBlacklist adds followers to the blacklist (拉黑用户), in batches of 20. If a batch
// fails, it returns a [*BatchError] that lists the openids that may not have been added.
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_batchblacklist
func (c *Client) AddToBlacklist(ctx context.Context, openIDs ...string) error {
	return c.changeBlacklist(ctx, "/cgi-bin/tags/members/batchblacklist", openIDs)
}

// RemoveFromBlacklist removes followers from the blacklist (取消拉黑用户), in batches of
// 20. If a batch fails, it returns a [*BatchError] that lists the openids that may not
// have been removed.
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_batchunblacklist
func (c *Client) RemoveFromBlacklist(ctx context.Context, openIDs ...string) error {
	return c.changeBlacklist(ctx, "/cgi-bin/tags/members/batchunblacklist", openIDs)
}

func (c *Client) changeBlacklist(ctx context.Context, path string, openIDs []string) error {
	return c.changeInBatches(ctx, path, openIDs, 20, func(batch []string) any { return blacklisting{batch} })
}
