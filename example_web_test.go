package wechat_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net/url"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

// Send the browser to the page on which the user logs in.
func ExampleClient_OAuthURL() {
	client := wechat.NewClient("wx0123456789abcdef", "")
	pageURL, err := client.OAuthURL(wechat.OAuthURLRequest{
		RedirectURL: "https://example.com/login",
		Scope:       wechat.OAuthScopeBase,
		State:       "3a1f", // from wechat.NewOAuthState, kept in the user's session
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pageURL)
	// Output:
	// https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fexample.com%2Flogin&response_type=code&scope=snsapi_base&state=3a1f#wechat_redirect
}

func ExampleClient_GetOAuthUserByCode() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	alice := platform.AddUser(wechattest.User{Nickname: "Alice"})

	state := wechat.NewOAuthState() // keep it in the user's session
	pageURL, err := client.OAuthURL(wechat.OAuthURLRequest{
		RedirectURL: "https://shop.example.com/login", Scope: wechat.OAuthScopeUserInfo, State: state,
	})
	if err != nil {
		log.Fatal(err)
	}
	back, err := alice.Authorizes(pageURL) // the browser opens the page and comes back
	if err != nil {
		log.Fatal(err)
	}
	query, err := url.Parse(back)
	if err != nil {
		log.Fatal(err)
	}

	if err := state.Check(query.Query().Get("state")); err != nil {
		log.Fatal(err)
	}
	user, err := client.GetOAuthUserByCode(ctx, wechat.Secret(query.Query().Get("code")))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Nickname)
	// Output:
	// Alice
}

func ExampleClient_SignPage() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	config, err := client.SignPage(ctx, "https://shop.example.com/order?id=1", "scanQRCode")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(config.JSAPIList) // goes to the page as JSON, for wx.config
	fmt.Println(platform.VerifyPage("https://shop.example.com/order?id=1#top", config.Nonce, config.Timestamp, config.Signature))
	// Output:
	// [scanQRCode]
	// <nil>
}

// A table's QR code tells the program where a user scanned it.
func ExampleClient_CreateQRCode() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	alice := platform.AddUser(wechattest.User{})

	code, err := client.CreateQRCode(ctx, wechat.QRSceneString("table-7"), 7*24*time.Hour)
	if err != nil {
		log.Fatal(err)
	}
	var picture bytes.Buffer // or wechat.QRCodeImageURL(code.Ticket) on a page
	info, err := client.DownloadQRCode(ctx, code.Ticket, &picture)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.ContentType, picture.Len() > 0)

	scan := alice.Scans(ctx, code.Ticket).Push // the callback receives it
	fmt.Println(scan.Event, scan.Fields["EventKey"])
	// Output:
	// image/jpg true
	// SCAN table-7
}

// Links that begin with a prefix open a mini program if they are scanned as QR codes.
func ExampleClient_AddQRCodeJumpRule() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	const program, prefix = "wx00000000000000bb", "https://example.com/table/"
	err := client.AddQRCodeJumpRule(ctx, program, wechat.QRCodeJumpRule{Prefix: prefix, PagePath: "pages/order/index"})
	if err != nil {
		log.Fatal(err)
	}
	if err := client.PublishQRCodeJumpRule(ctx, prefix); err != nil {
		log.Fatal(err)
	}
	for rule, err := range client.AllQRCodeJumpRules(ctx, program) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(rule.Prefix, rule.PagePath, rule.Status == wechat.QRCodeJumpStatusPublished)
	}
	// Output:
	// https://example.com/table/ pages/order/index true
}

// Keep a text that is too long for a scene or a parameter on the platform.
func ExampleClient_CreateShortKey() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	key, err := client.CreateShortKey(ctx, `{"shop":7,"table":"A12","coupon":"SPRING"}`, time.Hour)
	if err != nil {
		log.Fatal(err)
	}
	stored, err := client.GetShortKey(ctx, key) // the key is in the URL of a request, for example
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(key), stored.Data)
	// Output:
	// 15 {"shop":7,"table":"A12","coupon":"SPRING"}
}
