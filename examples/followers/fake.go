package main

import (
	"github.com/wechatoa/wechat/examples/internal/demo"
	"github.com/wechatoa/wechat/wechattest"
)

// The fake platform, if the environment names no account. main.go works without this file.
func init() {
	demo.Platform(func(p *wechattest.Platform) { p.AddUsers(9) })
}
