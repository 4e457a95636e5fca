package main

import (
	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/examples/internal/demo"
	"github.com/wechatoa/wechat/wechattest"
)

// The fake platform, if the environment names no account. main.go works without this file.
func init() {
	demo.Platform(func(p *wechattest.Platform) {
		followers := int64(1000)
		for n := range int64(days) {
			day := wechat.Yesterday().AddDays(int(n) + 1 - days)
			followed, unfollowed := 5+7*n%11, 3*n%5
			followers += followed - unfollowed
			for path, row := range map[string]any{
				"/datacube/getusersummary":  wechat.UserSummary{RefDate: day, NewFollowers: followed, LostFollowers: unfollowed},
				"/datacube/getusercumulate": wechat.UserTotal{RefDate: day, Followers: followers},
			} {
				if err := p.SetStatistics(path, day, row); err != nil {
					panic(err) // the rows are JSON objects
				}
			}
		}
	})
}
