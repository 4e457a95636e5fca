package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

func ExampleClient_CreateMenu() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	err := client.CreateMenu(ctx, wechat.NewMenu(
		wechat.ClickButton("今日推荐", "TODAY"),
		wechat.SubMenu("更多",
			wechat.ViewButton("官网", "https://example.com/"),
			wechat.ScanButton("扫一扫", "SCAN"),
		),
	))
	if err != nil {
		log.Fatal(err)
	}
	info, err := client.GetMenu(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, b := range info.Default.Buttons {
		fmt.Println(b.Name, len(b.SubButtons))
	}
	err = client.CreateMenu(ctx, wechat.NewMenu(wechat.SubMenu("一个太长的按钮", wechat.ClickButton("今日推荐", "TODAY"))))
	fmt.Println(err)
	// Output:
	// 今日推荐 0
	// 更多 2
	// wechat: invalid argument Buttons[0].Name: must have at most 16 bytes, but has 21
}

func ExampleClient_AddConditionalMenu() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	alice := platform.AddUser(wechattest.User{})

	if err := client.CreateMenu(ctx, wechat.NewMenu(wechat.ClickButton("推荐", "TODAY"))); err != nil {
		log.Fatal(err)
	}
	vip, err := client.CreateTag(ctx, "VIP")
	if err != nil {
		log.Fatal(err)
	}
	if err := client.TagUsers(ctx, vip.ID, alice.OpenID); err != nil {
		log.Fatal(err)
	}
	_, err = client.AddConditionalMenu(ctx, wechat.NewMenu(wechat.ClickButton("会员专享", "VIP")), wechat.MatchRule{TagID: vip.ID})
	if err != nil {
		log.Fatal(err)
	}

	menu, err := client.TryMatchMenu(ctx, alice.OpenID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(menu.Buttons[0].Name)
	// Output:
	// 会员专享
}

func ExampleClient_GetUser() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	platform.AddUser(wechattest.User{OpenID: "oAlice", Remark: "Alice"})
	client := platform.Client()

	for _, openID := range []string{"oAlice", "oNobody"} {
		user, err := client.GetUser(ctx, openID)
		if errors.Is(err, wechat.ErrInvalidOpenID) {
			fmt.Println(openID, "is not a user of this account")
			continue
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(user.OpenID, user.Remark)
	}
	// Output:
	// oAlice Alice
	// oNobody is not a user of this account
}

func ExampleClient_AllFollowers() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	platform.AddUsers(250)
	client := platform.Client()

	followers := 0
	for user, err := range client.AllFollowers(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		if user.Subscribed {
			followers++
		}
	}
	fmt.Println(followers, platform.CallCount("/cgi-bin/user/info/batchget"))
	// Output:
	// 250 3
}

// AllFollowerIDs fetches openids only, 10,000 at a time.
func ExampleClient_AllFollowerIDs() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	platform.AddUsers(25_000)
	client := platform.Client()

	followers := 0
	for _, err := range client.AllFollowerIDs(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		followers++
	}
	fmt.Println(followers, "followers in", platform.CallCount("/cgi-bin/user/get"), "calls")
	// Output:
	// 25000 followers in 3 calls
}

func ExampleClient_TagUsers() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	platform.AddUser(wechattest.User{OpenID: "oAlice"})
	platform.AddUser(wechattest.User{OpenID: "oBob"})
	client := platform.Client()

	tag, err := client.CreateTag(ctx, "VIP")
	if err != nil {
		log.Fatal(err)
	}
	if err := client.TagUsers(ctx, tag.ID, "oAlice", "oBob"); err != nil {
		log.Fatal(err) // a *wechat.BatchError lists who did not get it
	}
	for openID, err := range client.AllTagFollowerIDs(ctx, tag.ID) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(openID)
	}
	// Unordered output:
	// oAlice
	// oBob
}

// Users on the blacklist cannot write to the account.
func ExampleClient_AddToBlacklist() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	spammer := platform.AddUser(wechattest.User{OpenID: "oSpammer"})

	if err := client.AddToBlacklist(ctx, "oSpammer"); err != nil {
		log.Fatal(err) // a *wechat.BatchError lists the users who may not have been added
	}
	fmt.Println("blocked:", spammer.Sends(ctx, "恭喜您中奖了").Blocked)

	var forgiven []string
	for openID, err := range client.AllBlacklist(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		forgiven = append(forgiven, openID)
	}
	if err := client.RemoveFromBlacklist(ctx, forgiven...); err != nil {
		log.Fatal(err)
	}
	fmt.Println("forgiven:", forgiven)
	// Output:
	// blocked: true
	// forgiven: [oSpammer]
}
