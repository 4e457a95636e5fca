package wechat

import (
	"context"
	"iter"
)

// User is the profile of a user. For a user who does not follow the account, only OpenID
// and sometimes UnionID are set.
type User struct {
	Subscribed    bool           `json:"subscribe"` // whether the user follows the account
	OpenID        string         `json:"openid"`
	UnionID       string         `json:"unionid"` // only set if the account is bound to an Open Platform account
	SubscribeTime Timestamp      `json:"subscribe_time"`
	Scene         SubscribeScene `json:"subscribe_scene"` // how the user came to follow the account
	QRSceneID     int64          `json:"qr_scene"`        // of the scanned QR code
	QRSceneString string         `json:"qr_scene_str"`
	Remark        string         `json:"remark"` // see [Client.SetRemark]
	GroupID       int64          `json:"groupid"`
	TagIDs        []int64        `json:"tagid_list"`

	// The platform has left these empty since December 2021; a page can ask the user,
	// see [Client.GetOAuthUser].
	Nickname  string   `json:"nickname"`
	AvatarURL string   `json:"headimgurl"`
	Sex       int64    `json:"sex"` // 1 male, 2 female
	Country   string   `json:"country"`
	Province  string   `json:"province"`
	City      string   `json:"city"`
	Language  Language `json:"language"`
}

// Language is a language of the app.
type Language string

// The languages of the app.
const (
	LanguageZHCN Language = "zh_CN"
	LanguageZHTW Language = "zh_TW"
	LanguageZHHK Language = "zh_HK" // only for subscription notifications
	LanguageEN   Language = "en"
	LanguageENUS Language = "en_US" // only for subscription notifications
)

// SubscribeScene says how a user came to follow the account.
type SubscribeScene string

// The ways in which users come to follow an account.
const (
	SubscribeSceneSearch           SubscribeScene = "ADD_SCENE_SEARCH"
	SubscribeSceneAccountMigration SubscribeScene = "ADD_SCENE_ACCOUNT_MIGRATION"
	SubscribeSceneProfileCard      SubscribeScene = "ADD_SCENE_PROFILE_CARD" // a shared contact card
	SubscribeSceneQRCode           SubscribeScene = "ADD_SCENE_QR_CODE"
	SubscribeSceneProfileLink      SubscribeScene = "ADD_SCENE_PROFILE_LINK" // the name in an article
	SubscribeSceneProfileItem      SubscribeScene = "ADD_SCENE_PROFILE_ITEM" // the menu of an article
	SubscribeScenePaid             SubscribeScene = "ADD_SCENE_PAID"
	SubscribeSceneAdvertisement    SubscribeScene = "ADD_SCENE_WECHAT_ADVERTISEMENT"
	SubscribeSceneReprint          SubscribeScene = "ADD_SCENE_REPRINT"
	SubscribeSceneLivestream       SubscribeScene = "ADD_SCENE_LIVESTREAM"
	SubscribeSceneChannels         SubscribeScene = "ADD_SCENE_CHANNELS"
	SubscribeSceneMiniProgram      SubscribeScene = "ADD_SCENE_WXA"
	SubscribeSceneOther            SubscribeScene = "ADD_SCENE_OTHERS"
)

// GetUser returns the profile of a user (获取用户基本信息). It returns
// [ErrInvalidOpenID] if the openid belongs to another account.
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_userinfo
func (c *Client) GetUser(ctx context.Context, openID string) (*User, error) {
	return c.GetUserInLanguage(ctx, openID, "")
}

// GetUserInLanguage is like [Client.GetUser] but returns the names of places in the given
// language (获取用户基本信息).
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_userinfo
func (c *Client) GetUserInLanguage(ctx context.Context, openID string, language Language) (*User, error) {
	if err := notEmpty("openID", openID); err != nil {
		return nil, err
	}
	return get[User](ctx, c, "/cgi-bin/user/info", params("openid", openID, "lang", string(language)))
}

// usersPerBatch is how many profiles the platform returns at a time.
const usersPerBatch = 100

// GetUsers returns the profiles of many users, in the order of openIDs
// (批量获取用户基本信息). It fetches 100 at a time, several batches in parallel. If any
// openid belongs to another account, the whole call fails with [ErrInvalidOpenID]. If one
// batch fails, no profile is returned; [Client.AllFollowers] returns those before it.
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_batchuserinfo
func (c *Client) GetUsers(ctx context.Context, openIDs []string) ([]User, error) {
	return c.GetUsersInLanguage(ctx, openIDs, "")
}

// GetUsersInLanguage is like [Client.GetUsers] but returns the names of places in the
// given language (批量获取用户基本信息).
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_batchuserinfo
func (c *Client) GetUsersInLanguage(ctx context.Context, openIDs []string, language Language) ([]User, error) {
	return fetchInBatches(ctx, openIDs, usersPerBatch, c.userBatch(language))
}

type userRef struct {
	OpenID   string   `json:"openid"`
	Language Language `json:"lang,omitempty"`
}

// userBatch returns a function that fetches one batch of profiles.
func (c *Client) userBatch(language Language) func(ctx context.Context, openIDs []string) ([]User, error) {
	return func(ctx context.Context, openIDs []string) ([]User, error) {
		var body struct {
			Users []userRef `json:"user_list"`
		}
		for _, id := range openIDs {
			body.Users = append(body.Users, userRef{OpenID: id, Language: language})
		}
		res, err := post[struct {
			Users []User `json:"user_info_list"`
		}](ctx, c, "/cgi-bin/user/info/batchget", body, idempotent)
		if err != nil {
			return nil, err
		}
		return res.Users, nil
	}
}

// OpenIDPage is a page of a list of openids.
type OpenIDPage struct {
	Total      int64 // of openids in the whole list; not set for the followers with a tag
	Count      int64 // of openids on this page
	OpenIDs    []string
	NextOpenID string // for the next page, "" if there is none
}

// openIDPage is the page as the platform sends it.
type openIDPage struct {
	Total int64 `json:"total"`
	Count int64 `json:"count"`
	Data  struct {
		OpenIDs []string `json:"openid"`
	} `json:"data"`
	Next string `json:"next_openid"`
}

func (p *openIDPage) result(err error) (*OpenIDPage, error) {
	if err != nil {
		return nil, err
	}
	return &OpenIDPage{Total: p.Total, Count: p.Count, OpenIDs: p.Data.OpenIDs, NextOpenID: p.Next}, nil
}

// eachOpenID iterates over a list of openids.
func eachOpenID(ctx context.Context, list func(ctx context.Context, next string) (*OpenIDPage, error)) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for page, err := range openIDPages(ctx, list) {
			for _, id := range page {
				if !yield(id, nil) {
					return
				}
			}
			if err != nil {
				yield("", err)
			}
		}
	}
}

// openIDPages iterates over the pages of a list of openids.
func openIDPages(ctx context.Context, list func(ctx context.Context, next string) (*OpenIDPage, error)) iter.Seq2[[]string, error] {
	return paginate("", func(at string) (pages [][]string, next string, more bool, err error) {
		page, err := list(ctx, at)
		if err != nil || len(page.OpenIDs) == 0 {
			return nil, "", false, err
		}
		return [][]string{page.OpenIDs}, page.NextOpenID, page.NextOpenID != "" && page.NextOpenID != at, nil
	})
}

// ListFollowerIDs returns up to 10,000 follower openids after nextOpenID; pass "" for
// the first page (获取关注用户列表). The daily quota is 500, or 100 for test accounts.
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_getfans
func (c *Client) ListFollowerIDs(ctx context.Context, nextOpenID string) (*OpenIDPage, error) {
	page, err := get[openIDPage](ctx, c, "/cgi-bin/user/get", params("next_openid", nextOpenID))
	return page.result(err)
}

// AllFollowerIDs iterates over the openids of all followers (获取关注用户列表).
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_getfans
func (c *Client) AllFollowerIDs(ctx context.Context) iter.Seq2[string, error] {
	return eachOpenID(ctx, c.ListFollowerIDs)
}

// AllFollowers iterates over the profiles of all followers (批量获取用户基本信息), in the
// order of [Client.AllFollowerIDs]. At most one page of 10,000 openids and 8 batches
// of 100 profiles are fetched ahead of the loop; leaving the loop cancels them.
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_batchuserinfo
func (c *Client) AllFollowers(ctx context.Context) iter.Seq2[User, error] {
	return c.AllFollowersInLanguage(ctx, "")
}

// AllFollowersInLanguage is like [Client.AllFollowers] but returns the names of places in
// the given language (批量获取用户基本信息).
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_batchuserinfo
func (c *Client) AllFollowersInLanguage(ctx context.Context, language Language) iter.Seq2[User, error] {
	pages := func(ctx context.Context) iter.Seq2[[]string, error] { return openIDPages(ctx, c.ListFollowerIDs) }
	return pipeline(ctx, pages, usersPerBatch, c.userBatch(language))
}

// SetRemark gives a follower a name of up to 30 bytes that only the account sees
// (设置用户备注名). Pass "" to remove it. The daily quota is 10,000.
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_updateremark
func (c *Client) SetRemark(ctx context.Context, openID, remark string) error {
	if err := first(notEmpty("openID", openID), maxBytes("remark", remark, 30)); err != nil { // the page says less than 30, the platform accepts 30
		return err
	}
	body := struct {
		OpenID string `json:"openid"`
		Remark string `json:"remark"`
	}{openID, remark}
	return c.post(ctx, "/cgi-bin/user/info/updateremark", body, idempotent)
}

// ConvertedOpenID is the openid of a user in the old account and in the new one.
type ConvertedOpenID struct {
	OldOpenID string `json:"ori_openid"`
	NewOpenID string `json:"new_openid"` // "" if there is none
	Message   string `json:"err_msg"`    // "ok", or the reason why there is none, such as "ori_openid error"
}

// ConvertOpenIDs converts openids of an old account that was migrated to this one
// (转换openid), 100 at a time. oldAccountID is the original ID of the old account, which
// begins with "gh_". The users must still follow the old account.
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/changeopenid/api_changeopenid
func (c *Client) ConvertOpenIDs(ctx context.Context, oldAccountID string, openIDs []string) ([]ConvertedOpenID, error) {
	if err := notEmpty("oldAccountID", oldAccountID); err != nil {
		return nil, err
	}
	return fetchInBatches(ctx, openIDs, 100, func(ctx context.Context, batch []string) ([]ConvertedOpenID, error) {
		body := struct {
			From    string   `json:"from_appid"`
			OpenIDs []string `json:"openid_list"`
		}{oldAccountID, batch}
		res, err := post[struct {
			Results []ConvertedOpenID `json:"result_list"`
		}](ctx, c, "/cgi-bin/changeopenid", body, idempotent)
		if err != nil {
			return nil, err
		}
		return res.Results, nil
	})
}
