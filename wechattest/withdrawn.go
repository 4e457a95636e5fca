package wechattest

import (
	"strings"

	"github.com/wechatoa/wechat"
)

// withdrawn is a former API that old programs and guides still call.
type withdrawn struct {
	path      string // a trailing / matches all paths below it
	since     string // date of the withdrawal, if known
	successor string // path of the replacement, if any
	code      wechat.Code
}

// notRouted is the errcode of paths that do not exist.
const notRouted wechat.Code = 40066

// unsupported is the errcode of article materials, which drafts have replaced.
const unsupported wechat.Code = 45106

const (
	shortURLPath  = "/cgi-bin/shorturl"
	newsWithdrawn = "2022-02-28"
)

// withdrawnAPIs returns the withdrawn APIs. The first match counts.
func withdrawnAPIs() []withdrawn {
	return []withdrawn{
		{shortURLPath, "2021-03-15", "/cgi-bin/shorten/gen", unsupported},
		{"/cgi-bin/material/add_news", newsWithdrawn, "/cgi-bin/draft/add", unsupported},
		{"/cgi-bin/material/update_news", newsWithdrawn, "/cgi-bin/draft/update", unsupported},
		{"/cgi-bin/groups/create", "", "/cgi-bin/tags/create", notRouted},
		{"/cgi-bin/groups/get", "", "/cgi-bin/tags/get", notRouted},
		{"/cgi-bin/groups/getid", "", "/cgi-bin/tags/getidlist", notRouted},
		{"/cgi-bin/groups/update", "", "/cgi-bin/tags/update", notRouted},
		{"/cgi-bin/groups/delete", "", "/cgi-bin/tags/delete", notRouted},
		{"/cgi-bin/groups/members/", "", "/cgi-bin/tags/members/batchtagging", notRouted},
		{"/cgi-bin/groups/", "", "/cgi-bin/tags/create", notRouted},
		{"/cgi-bin/user/group", "", "/cgi-bin/user/tag/get", notRouted},
		{"/cgi-bin/user/group/", "", "/cgi-bin/user/tag/get", notRouted},
		{"/cgi-bin/poi/", "", "/wxa/add_store", notRouted},
		{"/cgi-bin/api_getwxcategory", "", "/wxa/get_merchant_category", notRouted},
		{"/customservice/msgrecord/getrecord", "", "/customservice/msgrecord/getmsglist", notRouted},
		{"/cgi-bin/customservice/getrecord", "", "/customservice/msgrecord/getmsglist", notRouted},
		{"/cgi-bin/message/wxopen/template/", "2020-01-10", "/cgi-bin/message/subscribe/bizsend", 45103},
		{"/cgi-bin/guide/", "", "", notRouted},
		{"/semantic/", "", "", notRouted},
		{"/merchant/", "", "", notRouted},
		{"/shakearound/", "", "", notRouted},
		{"/bizwifi/", "", "", notRouted},
		{"/device/", "", "", notRouted},
		{"/hardware/mydevice/", "", "", notRouted},
		{"/scan/", "", "", notRouted},
	}
}

// findWithdrawn returns the withdrawn API with a path.
func findWithdrawn(path string) (withdrawn, bool) {
	for _, w := range withdrawnAPIs() {
		if path == w.path || strings.HasSuffix(w.path, "/") && strings.HasPrefix(path, w.path) {
			return w, true
		}
	}
	return withdrawn{}, false
}

// String describes the withdrawal.
func (w withdrawn) String() string {
	text := "this API was withdrawn"
	if w.since != "" {
		text += " on " + w.since
	}
	if w.successor == "" {
		return text + ", nothing replaces it"
	}
	return text + ", use " + w.successor
}

// answerWithdrawn handles a call of a withdrawn API and reports it to the test.
func (p *Platform) answerWithdrawn(c *call, w withdrawn) (any, error) {
	p.unknown(c.Method+" "+c.Path+": "+w.String(), c.Path)
	if c.Token == "" {
		return nil, refuse(wechat.ErrMissingAccessToken, "access_token missing")
	}
	if c.Path != shortURLPath || p.set.keeps(RuleWithdrawn) {
		return nil, refuse(w.code, w.String())
	}
	if err := c.decode(); err != nil {
		return nil, err
	}
	if c.text("long_url") == "" {
		return nil, refuse(wechat.ErrInvalidURLSize, "invalid url size")
	}
	return map[string]any{"errcode": 0, "errmsg": "ok: " + w.String(), "short_url": c.text("long_url")}, nil
}
