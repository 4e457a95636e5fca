package main

import (
	"encoding/json"
	"strings"

	"github.com/wechatoa/wechat/wechattest"
)

// announced are the live events that tell of a change that calls to a path, or to the
// paths below it, make.
var announced = []struct{ path, event string }{
	{"/cgi-bin/menu/create", "menu"},
	{"/cgi-bin/menu/delete", "menu"},
	{"/cgi-bin/menu/addconditional", "menu"},
	{"/cgi-bin/menu/delconditional", "menu"},
	{"/cgi-bin/qrcode/create", "qrcode"},
	{"/cgi-bin/freepublish/submit", "article"},
	{"/cgi-bin/freepublish/delete", "article"},
	{"/cgi-bin/message/mass/", "article"},
	{"/cgi-bin/comment/open", "comment"},
	{"/cgi-bin/comment/close", "comment"},
	{"/cgi-bin/comment/markelect", "comment"},
	{"/cgi-bin/comment/unmarkelect", "comment"},
	{"/cgi-bin/comment/delete", "comment"},
	{"/cgi-bin/comment/reply/", "comment"},
	{"/cgi-bin/clear_quota", "quota"},
	{"/cgi-bin/openapi/quota/clear", "quota"},
	{"/cgi-bin/token", "tokens"},
	{"/cgi-bin/stable_token", "tokens"},
	{"/cgi-bin/ticket/getticket", "tokens"},
}

// announce publishes what a call has changed.
func (j *journal) announce(p *wechattest.Platform, c *wechattest.Call) {
	if c.Fault != nil {
		j.stream.publish("fault", faultsOf(p))
	}
	if !c.Executed {
		return
	}
	for _, a := range announced {
		switch below := strings.HasSuffix(a.path, "/") && strings.HasPrefix(c.Path, a.path); {
		case c.Path != a.path && !below:
			continue
		case a.event == "tokens":
			j.stream.publish(a.event, tokensOf(p))
		default:
			j.stream.publish(a.event, struct{}{})
		}
		return
	}
	switch {
	case c.Path == "/cgi-bin/message/custom/typing":
		j.announceTyping(p, c.Body)
	case strings.HasPrefix(c.Path, "/cgi-bin/tags/"):
		j.stream.publish("tags", map[string]any{"tags": tagsOf(p)})
		j.announceUsers(p, c.Body)
	case c.Path == "/cgi-bin/user/info/updateremark":
		j.announceUsers(p, c.Body)
	}
}

func (j *journal) announceTyping(p *wechattest.Platform, body []byte) {
	var in struct {
		To string `json:"touser"`
	}
	if json.Unmarshal(body, &in) != nil {
		return
	}
	if f := p.Follower(in.To); f != nil {
		j.stream.publish("typing", map[string]any{"openid": in.To, "typing": f.Typing()})
	}
}

// mostAnnounced is the number of followers that one call may announce. The tags of more
// come with the next state that the page loads.
const mostAnnounced = 50

// announceUsers publishes the followers that a call names.
func (j *journal) announceUsers(p *wechattest.Platform, body []byte) {
	var in struct {
		OpenID  string   `json:"openid"`
		OpenIDs []string `json:"openid_list"`
	}
	if json.Unmarshal(body, &in) != nil {
		return
	}
	list := append([]string{in.OpenID}, in.OpenIDs...)
	for _, openID := range list[:min(len(list), mostAnnounced)] {
		if f := p.Follower(openID); f != nil {
			j.publishFollower(f)
		}
	}
}
