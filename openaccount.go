package wechat

import "context"

type openAccountRef struct {
	AppID     string `json:"appid,omitempty"` // only the account's own is accepted
	OpenAppID string `json:"open_appid,omitempty"`
}

func (c *Client) openAccount(ctx context.Context, path string, traits ...trait) (string, error) {
	res, err := post[openAccountRef](ctx, c, path, openAccountRef{AppID: c.cfg.appID}, traits...)
	if err != nil {
		return "", err
	}
	return res.OpenAppID, nil
}

// CreateOpenAccount creates an Open Platform account for the owner of this account,
// binds this account to it, and returns its AppID (创建开放平台账号). A user has the same
// UnionID in all accounts that are bound to one Open Platform account. Third-party
// platforms call it with the token of an account that they operate. It returns
// [ErrOpenAccountBound] if this account is already bound.
//
// https://developers.weixin.qq.com/doc/oplatform/openApi/openplatform-management/api_createopenaccount
func (c *Client) CreateOpenAccount(ctx context.Context) (openAppID string, err error) {
	return c.openAccount(ctx, "/cgi-bin/open/create")
}

// GetOpenAccount returns the AppID of the Open Platform account that this account is
// bound to (获取开放平台账号). It returns [ErrNoOpenAccount] if there is none.
//
// https://developers.weixin.qq.com/doc/oplatform/openApi/openplatform-management/api_getopenaccount
func (c *Client) GetOpenAccount(ctx context.Context) (openAppID string, err error) {
	return c.openAccount(ctx, "/cgi-bin/open/get", idempotent)
}

// BindOpenAccount binds this account to an Open Platform account of the same owner
// (绑定开放平台账号). Up to 5 accounts can be bound to an unverified Open Platform account,
// and up to 100 to a verified one. It returns [ErrOpenAccountBound] if this account is
// already bound.
//
// https://developers.weixin.qq.com/doc/oplatform/openApi/openplatform-management/api_bindopenaccount
func (c *Client) BindOpenAccount(ctx context.Context, openAppID string) error {
	if err := notEmpty("openAppID", openAppID); err != nil {
		return err
	}
	return c.post(ctx, "/cgi-bin/open/bind", openAccountRef{c.cfg.appID, openAppID}, idempotent, alreadyDone(ErrOpenAccountBound))
}

// UnbindOpenAccount unbinds this account from an Open Platform account
// (解绑开放平台账号), which must have been created through the API.
//
// https://developers.weixin.qq.com/doc/oplatform/openApi/openplatform-management/api_unbindopenaccount
func (c *Client) UnbindOpenAccount(ctx context.Context, openAppID string) error {
	if err := notEmpty("openAppID", openAppID); err != nil {
		return err
	}
	return c.post(ctx, "/cgi-bin/open/unbind", openAccountRef{c.cfg.appID, openAppID}, idempotent)
}
