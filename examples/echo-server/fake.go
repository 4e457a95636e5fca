package main

import "github.com/wechatoa/wechat/examples/internal/demo"

// The fake platform, if the environment names no account. main.go works without this file.
func init() {
	demo.Platform(nil, demo.Verify, demo.Sends("你好"), demo.Sends("hello"))
}
