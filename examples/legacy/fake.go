package main

import (
	"encoding/json"

	"github.com/wechatoa/wechat/examples/internal/demo"
	"github.com/wechatoa/wechat/wechattest"
)

// The fake platform, if the environment names no account. main.go works without this file.
func init() {
	demo.Platform(func(p *wechattest.Platform) {
		p.Handle("/cgi-bin/poi/getpoilist", func(wechattest.Call) (any, error) {
			return json.RawMessage(`{"business_list":[{"base_info":{"poi_id":285633617,"business_name":"示例店"}}]}`), nil
		})
	})
}
