package wechat

import "context"

type kfSessionRef struct {
	Account string `json:"kf_account"`
	OpenID  string `json:"openid"`
}

func (r kfSessionRef) check() error {
	return first(notEmpty("account", r.Account), notEmpty("openID", r.OpenID))
}

// CreateKFSession opens a session between an agent and a user (创建会话). It also
// succeeds if they already have one. It returns [ErrKFOffline] if the agent is not
// online, see [Client.ListOnlineKFAccounts].
//
// https://developers.weixin.qq.com/doc/service/api/customer/messctrl/api_createkfsession
func (c *Client) CreateKFSession(ctx context.Context, account, openID string) error {
	return c.post(ctx, "/customservice/kfsession/create", kfSessionRef{account, openID}, idempotent)
}

// CloseKFSession closes the session between an agent and a user (关闭会话). It returns
// [ErrNoKFSession] if the user has no session, and [ErrOtherKFSession] if the session
// is with another agent.
//
// https://developers.weixin.qq.com/doc/service/api/customer/messctrl/api_closesession
func (c *Client) CloseKFSession(ctx context.Context, account, openID string) error {
	return c.post(ctx, "/customservice/kfsession/close", kfSessionRef{account, openID}, idempotent, alreadyDone(ErrNoKFSession))
}

// KFSession is a session between an agent and a user.
type KFSession struct {
	Account    string    `json:"kf_account"` // "" if the user has no session
	OpenID     string    `json:"openid"`
	CreateTime Timestamp `json:"createtime"`
}

// GetKFSession returns the session of a user (获取客户会话状态). Its Account is "" if the
// user has none.
//
// https://developers.weixin.qq.com/doc/service/api/customer/messctrl/api_getkfsession
func (c *Client) GetKFSession(ctx context.Context, openID string) (*KFSession, error) {
	if err := notEmpty("openID", openID); err != nil {
		return nil, err
	}
	s, err := get[KFSession](ctx, c, "/customservice/kfsession/getsession", params("openid", openID))
	if err != nil {
		return nil, err
	}
	s.OpenID = openID
	return s, nil
}

// ListKFSessions returns the sessions of an agent (获取客服会话列表).
//
// https://developers.weixin.qq.com/doc/service/api/customer/messctrl/api_getkfsessionlist
func (c *Client) ListKFSessions(ctx context.Context, account string) ([]KFSession, error) {
	if err := notEmpty("account", account); err != nil {
		return nil, err
	}
	list, err := get[struct {
		Sessions []KFSession `json:"sessionlist"`
	}](ctx, c, "/customservice/kfsession/getsessionlist", params("kf_account", account))
	if err != nil {
		return nil, err
	}
	for i := range list.Sessions {
		list.Sessions[i].Account = account
	}
	return list.Sessions, nil
}

// KFWaitingList contains the users who are waiting for an agent.
type KFWaitingList struct {
	Count int64           `json:"count"`        // number of all waiting users
	Users []KFWaitingUser `json:"waitcaselist"` // the first 100
}

// KFWaitingUser is a user who is waiting for an agent.
type KFWaitingUser struct {
	OpenID          string    `json:"openid"`
	LastMessageTime Timestamp `json:"latest_time"` // of the user's last message
}

// ListKFWaitingUsers returns the users who are waiting for an agent, at most 100
// (获取未接入会话列表).
//
// https://developers.weixin.qq.com/doc/service/api/customer/messctrl/api_getwaitcase
func (c *Client) ListKFWaitingUsers(ctx context.Context) (*KFWaitingList, error) {
	return get[KFWaitingList](ctx, c, "/customservice/kfsession/getwaitcase", nil)
}
