package main

import (
	"context"
	"os"
	"strconv"

	"github.com/wechatoa/wechat/examples/internal/demo"
	"github.com/wechatoa/wechat/wechattest"
)

// The fake platform, if the environment names no account. main.go works without this file.
func init() {
	demo.Platform(func(p *wechattest.Platform) {
		tag := p.AddTag("会员")
		client := p.Client()
		for _, user := range p.AddUsers(3) {
			if err := client.TagUsers(context.Background(), tag, user.OpenID); err != nil {
				panic(err) // the tag and the user exist
			}
		}
		os.Args = append(os.Args, "-send", "-tag", strconv.FormatInt(tag, 10))
	})
}
