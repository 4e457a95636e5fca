package wechattest

// baseRoutes are the APIs of the account that need no state of their own.
func (p *Platform) baseRoutes() map[string]behavior {
	return map[string]behavior{
		"/cgi-bin/get_api_domain_ip":          p.listIPs,
		"/cgi-bin/getcallbackip":              p.listIPs,
		"/cgi-bin/callback/check":             p.checkCallback,
		"/cgi-bin/get_current_autoreply_info": p.getAutoReply,
	}
}

func (p *Platform) listIPs(*call) (any, error) {
	return map[string]any{"ip_list": []string{"127.0.0.1", "127.0.0.0/8"}}, nil
}

// checkCallback checks the network to the callback.
func (p *Platform) checkCallback(c *call) (any, error) {
	if !p.configured() {
		return nil, refuse(40201, "invalid url")
	}
	operator := c.text("check_operator")
	out := map[string]any{}
	if action := c.text("action"); action != "ping" {
		out["dns"] = []any{map[string]any{"ip": "127.0.0.1", "real_operator": operator}}
	}
	if action := c.text("action"); action != "dns" {
		out["ping"] = []any{map[string]any{"ip": "127.0.0.1", "from_operator": operator, "package_loss": "0%", "time": "0.042ms"}}
	}
	return out, nil
}

// getAutoReply answers for an account without automatic replies.
func (p *Platform) getAutoReply(*call) (any, error) {
	return map[string]any{
		"is_add_friend_reply_open": 0, "is_autoreply_open": 0, "keyword_autoreply_info": map[string]any{"list": []any{}},
	}, nil
}
