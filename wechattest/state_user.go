package wechattest

import (
	"slices"

	"github.com/wechatoa/wechat"
)

const (
	followerPage = 10_000
	batchUsers   = 100
	remarkBytes  = 30
)

func (p *Platform) userRoutes() map[string]behavior {
	return map[string]behavior{
		"/cgi-bin/user/info":              p.getUser,
		"/cgi-bin/user/info/batchget":     p.getUsers,
		"/cgi-bin/user/get":               p.listFollowers,
		"/cgi-bin/user/info/updateremark": p.setRemark,
		"/cgi-bin/changeopenid":           p.changeOpenIDs,
	}
}

// known returns the user with an openid, whether they follow the account or not.
func (p *Platform) known(openID string) (*Follower, error) {
	if f := p.users[openID]; f != nil {
		return f, nil
	}
	return nil, refuse(wechat.ErrInvalidOpenID, "invalid openid")
}

// follower returns the follower with an openid.
func (p *Platform) follower(openID string) (*Follower, error) {
	f, err := p.known(openID)
	if err == nil && !f.following {
		return nil, refuse(wechat.ErrNotFollower, "require subscribe")
	}
	return f, err
}

func (p *Platform) getUser(c *call) (any, error) {
	f, err := p.known(c.param("openid"))
	if err != nil {
		return nil, err
	}
	return f.profile(), nil
}

// profile returns what the account may know about a user. Since the end of 2021 this
// does not include nickname and avatar.
func (f *Follower) profile() map[string]any {
	if !f.following {
		return map[string]any{"subscribe": 0, "openid": f.OpenID}
	}
	group := int64(0)
	if len(f.tags) > 0 {
		group = f.tags[0]
	}
	out := map[string]any{
		"subscribe": 1, "openid": f.OpenID, "language": f.user.Language, "subscribe_time": f.since.Unix(), "remark": f.user.Remark,
		"groupid": group, "tagid_list": nonNil(f.tags), "subscribe_scene": f.user.Scene,
		"qr_scene": f.user.QRSceneID, "qr_scene_str": f.user.QRSceneString,
		"nickname": "", "sex": 0, "city": "", "province": "", "country": "", "headimgurl": "",
	}
	if f.user.UnionID != "" {
		out["unionid"] = f.user.UnionID
	}
	return out
}

// nonNil returns [] instead of null for an empty list.
func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (p *Platform) getUsers(c *call) (any, error) {
	var in struct {
		Users []struct {
			OpenID string `json:"openid"`
		} `json:"user_list"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if len(in.Users) == 0 || len(in.Users) > batchUsers {
		return nil, refuse(wechat.ErrInvalidOpenIDCount, "invalid openid list size")
	}
	list := make([]any, 0, len(in.Users))
	for _, u := range in.Users {
		f, err := p.known(u.OpenID)
		if err != nil {
			return nil, err
		}
		list = append(list, f.profile())
	}
	return map[string]any{"user_info_list": list}, nil
}

func (p *Platform) listFollowers(c *call) (any, error) {
	all := p.openIDs(func(f *Follower) bool { return f.following })
	page, next, err := p.pageOf(all, c.param("next_openid"), followerPage)
	if err != nil {
		return nil, err
	}
	return pageAnswer(page, next, map[string]any{"total": len(all)}), nil
}

func (p *Platform) openIDs(matches func(*Follower) bool) []string {
	var ids []string
	for _, f := range p.order {
		if matches(f) {
			ids = append(ids, f.OpenID)
		}
	}
	return ids
}

// pageOf returns the page of openids after one, and the openid to continue after, which
// is "" at the end of the list.
func (p *Platform) pageOf(all []string, after string, size int) (page []string, next string, err error) {
	begin := 0
	if after != "" {
		at := slices.Index(all, after)
		if at < 0 {
			return nil, "", refuse(wechat.ErrInvalidOpenID, "invalid openid")
		}
		begin = at + 1
	}
	end := min(begin+size, len(all))
	page = all[begin:end]
	if end < len(all) || p.set.repeatsLast && len(page) > 0 {
		next = page[len(page)-1]
	}
	return page, next, nil
}

// pageAnswer returns the response of a page. A page without openids has no data.
func pageAnswer(page []string, next string, out map[string]any) map[string]any {
	out["count"], out["next_openid"] = len(page), next
	if len(page) > 0 {
		out["data"] = map[string]any{"openid": page}
	}
	return out
}

func (p *Platform) setRemark(c *call) (any, error) {
	f, err := p.follower(c.text("openid"))
	if err != nil {
		return nil, err
	}
	most := remarkBytes
	if p.set.keeps(RuleLength) {
		most--
	}
	if len(c.text("remark")) > most {
		return nil, refuse(wechat.ErrInvalidRemark, "invalid remark name")
	}
	f.user.Remark = c.text("remark")
	return okay{}, nil
}

// changeOpenIDs converts the openids of an account that was migrated to this one.
func (p *Platform) changeOpenIDs(c *call) (any, error) {
	ids, err := c.openIDList(batchUsers)
	if err != nil {
		return nil, err
	}
	list := make([]any, 0, len(ids))
	for _, id := range ids {
		list = append(list, map[string]any{"ori_openid": id, "new_openid": newOpenID(), "err_msg": "ok"})
	}
	return map[string]any{"errcode": 0, "errmsg": "ok", "result_list": list}, nil
}

// openIDList reads the openid_list of a request, with 1 to limit entries.
func (c *call) openIDList(limit int) ([]string, error) {
	var in struct {
		IDs []string `json:"openid_list"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if len(in.IDs) == 0 || len(in.IDs) > limit {
		return nil, refuse(wechat.ErrInvalidOpenIDCount, "invalid openid list size")
	}
	return in.IDs, nil
}
