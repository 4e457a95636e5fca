package wechat

import (
	"context"
	"regexp"
)

// KFAccount is a customer-service agent of the account.
type KFAccount struct {
	Account          string         `json:"kf_account"` // the name, @ and the account's WeChat ID
	Nickname         string         `json:"kf_nick"`
	ID               string         `json:"kf_id"`
	AvatarURL        string         `json:"kf_headimgurl"`
	WeChatID         string         `json:"kf_wx"` // of the person; "" until they accept an invitation
	OpenID           string         `json:"kf_openid"`
	InvitedWeChatID  string         `json:"invite_wx"` // of the person who has a pending invitation
	InviteExpireTime Timestamp      `json:"invite_expire_time"`
	InviteStatus     KFInviteStatus `json:"invite_status"`
}

// KFInviteStatus is the status of an invitation.
type KFInviteStatus string

// The statuses of invitations.
const (
	KFInviteStatusWaiting  KFInviteStatus = "waiting"
	KFInviteStatusRejected KFInviteStatus = "rejected"
	KFInviteStatusExpired  KFInviteStatus = "expired"
)

// ListKFAccounts returns the customer-service agents of a business, or of the whole
// account if businessID is 0 (获取所有客服账号). It returns [ErrKFNotEnabled] if the
// account has not enabled customer service.
//
// https://developers.weixin.qq.com/doc/service/api/customer/servicermanage/api_getkflist
func (c *Client) ListKFAccounts(ctx context.Context, businessID int64) ([]KFAccount, error) {
	list, err := get[struct {
		Accounts []KFAccount `json:"kf_list"`
	}](ctx, c, "/cgi-bin/customservice/getkflist", params("business_id", idOrNone(businessID)))
	if err != nil {
		return nil, err
	}
	return list.Accounts, nil
}

// OnlineKFAccount is an agent who is online.
type OnlineKFAccount struct {
	Account       string   `json:"kf_account"`
	ID            string   `json:"kf_id"`
	OpenID        string   `json:"kf_openid"`
	Status        KFStatus `json:"status"`
	AcceptedCases int64    `json:"accepted_case"` // number of users in a session with the agent
}

// KFStatus reports whether an agent is online.
type KFStatus int

// The statuses of agents.
const (
	KFStatusOffline KFStatus = 0
	KFStatusOnline  KFStatus = 1
)

// ListOnlineKFAccounts returns the agents of a business who are online, or those of
// the whole account if businessID is 0 (获取在线客服列表).
//
// https://developers.weixin.qq.com/doc/service/api/customer/servicermanage/api_getonlinekflist
func (c *Client) ListOnlineKFAccounts(ctx context.Context, businessID int64) ([]OnlineKFAccount, error) {
	list, err := get[struct {
		Accounts []OnlineKFAccount `json:"kf_online_list"`
	}](ctx, c, "/cgi-bin/customservice/getonlinekflist", params("business_id", idOrNone(businessID)))
	if err != nil {
		return nil, err
	}
	return list.Accounts, nil
}

// CreateKFAccountRequest describes a new customer-service agent.
type CreateKFAccountRequest struct {
	Account    string // up to 10 letters, digits and _, then @ and the account's WeChat ID
	Nickname   string // up to 16 characters
	BusinessID int64  // 0 for none
	WeChatID   string // of the person; no longer documented, see [Client.InviteKFAgent]
	Password   Secret // no longer documented
}

var kfAccountName = regexp.MustCompile(`^[A-Za-z0-9_]{1,10}@[^@\s]{1,30}$`)

func (r CreateKFAccountRequest) check() error {
	if !kfAccountName.MatchString(r.Account) {
		return invalid("Account", "must be 1 to 10 letters, digits and _, then @ and 1 to 30 characters")
	}
	return checkKFNickname(r.Nickname)
}

func checkKFNickname(nickname string) error {
	return first(notEmpty("Nickname", nickname), maxRunes("Nickname", nickname, 16))
}

type kfAccountBody struct {
	Account    string `json:"kf_account"`
	Nickname   string `json:"nickname"`
	BusinessID int64  `json:"business_id,omitempty"`
	Password   string `json:"password,omitempty"`
	WeChatID   string `json:"kf_wx,omitempty"`
}

// CreateKFAccount adds a customer-service agent (添加客服账号). Before the agent can be used,
// a person must accept an invitation sent by [Client.InviteKFAgent]. It returns
// [ErrKFAccountExists] if the name is taken and [ErrTooManyKFAccounts] if the account
// already has 100 agents.
//
// https://developers.weixin.qq.com/doc/service/api/customer/servicermanage/api_addkfaccount
func (c *Client) CreateKFAccount(ctx context.Context, req CreateKFAccountRequest) error {
	if err := req.check(); err != nil {
		return err
	}
	body := kfAccountBody{req.Account, req.Nickname, req.BusinessID, string(req.Password), req.WeChatID}
	return c.post(ctx, "/customservice/kfaccount/add", body)
}

// UpdateKFAccountRequest describes the changes to an agent. Its fields have the same
// meaning as those of [CreateKFAccountRequest].
type UpdateKFAccountRequest struct {
	Account  string
	Nickname string
	WeChatID string
	Password Secret
}

// UpdateKFAccount changes the nickname of a customer-service agent (修改客服账号). It
// returns [ErrInvalidKFAccount] if there is no such agent.
//
// https://developers.weixin.qq.com/doc/service/api/customer/servicermanage/api_updatekfaccount
func (c *Client) UpdateKFAccount(ctx context.Context, req UpdateKFAccountRequest) error {
	if err := first(notEmpty("Account", req.Account), checkKFNickname(req.Nickname)); err != nil {
		return err
	}
	body := kfAccountBody{Account: req.Account, Nickname: req.Nickname, Password: string(req.Password), WeChatID: req.WeChatID}
	return c.post(ctx, "/customservice/kfaccount/update", body, idempotent)
}

// DeleteKFAccountRequest identifies an agent.
type DeleteKFAccountRequest struct {
	Account    string `json:"kf_account"`
	BusinessID int64  `json:"business_id,omitempty,string"` // 0 for none
	OpenID     string `json:"-"`                            // of the person; no longer documented
}

func (r DeleteKFAccountRequest) check() error { return notEmpty("Account", r.Account) }

// DeleteKFAccount removes a customer-service agent (删除客服账号). It returns
// [ErrInvalidKFAccount] if there is no such agent.
//
// https://developers.weixin.qq.com/doc/service/api/customer/servicermanage/api_delkfaccount
func (c *Client) DeleteKFAccount(ctx context.Context, req DeleteKFAccountRequest) error {
	return c.Do(ctx, Request{
		Path: "/customservice/kfaccount/del", Query: params("kf_openid", req.OpenID), Body: req,
		Idempotent: true, AlreadyDone: []Code{ErrInvalidKFAccount},
	}, nil)
}

// InviteKFAgent invites a person, by WeChat ID, to work as an agent (邀请绑定客服账号). The
// person accepts or declines in WeChat; [Client.ListKFAccounts] returns the status of
// the invitation. It returns [ErrKFInvitePending] if the agent already has a pending
// invitation.
//
// https://developers.weixin.qq.com/doc/service/api/customer/servicermanage/api_invitekfworker
func (c *Client) InviteKFAgent(ctx context.Context, account, weChatID string) error {
	if err := first(notEmpty("account", account), notEmpty("weChatID", weChatID)); err != nil {
		return err
	}
	body := struct {
		Account  string `json:"kf_account"`
		WeChatID string `json:"invite_wx"`
	}{account, weChatID}
	return c.post(ctx, "/customservice/kfaccount/inviteworker", body, idempotent, alreadyDone(ErrKFInvitePending, ErrKFInvited))
}

const maxKFAvatar = 5 << 20

// UploadKFAvatar sets the avatar of an agent (设置客服头像, 上传客服头像): a JPEG of up to
// 5 MB, ideally 640 × 640 pixels.
//
// https://developers.weixin.qq.com/doc/service/api/customer/servicermanage/api_uploadkfheadimg
func (c *Client) UploadKFAvatar(ctx context.Context, account string, file File) error {
	if err := notEmpty("account", account); err != nil {
		return err
	}
	return c.Do(ctx, Request{
		Path: "/customservice/kfaccount/uploadheadimg", Query: params("kf_account", account),
		Body: mediaForm(file, maxKFAvatar, imageFamily), Idempotent: true,
	}, nil)
}
