package main

import (
	"os"

	"github.com/wechatoa/wechat/examples/internal/demo"
	"github.com/wechatoa/wechat/wechattest"
)

// The fake platform, if the environment names no account. main.go works without this file.
func init() {
	demo.Platform(func(p *wechattest.Platform) {
		id := p.AddTemplate(wechattest.Template{Title: "订单发货提醒", Content: "商品：{{thing1.DATA}}\n单号：{{character_string2.DATA}}"})
		_ = os.Setenv("WECHAT_TEMPLATE_ID", id)
	})
}
