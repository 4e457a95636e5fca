// Package demo puts a fake platform in place of the real one where the environment
// names no account, so that the examples run without one.
package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/wechatoa/wechat/wechattest"
)

// Platform starts a fake platform, unless WECHAT_APP_ID names an account, and puts
// into the environment what a program would have there: WECHAT_APP_ID,
// WECHAT_APP_SECRET, WECHAT_BASE_URL, WECHAT_TOKEN, WECHAT_AES_KEY, the openid of a
// follower in WECHAT_OPENID and a template in WECHAT_TEMPLATE_ID.
//
// Each play is run with that follower, once something listens at callback; when
// all have been, the context ends.
func Platform(ctx context.Context, callback string, plays ...func(ctx context.Context, alice *wechattest.Follower)) context.Context {
	if os.Getenv("WECHAT_APP_ID") != "" {
		return ctx
	}
	platform := wechattest.NewPlatform()
	alice := platform.AddUser(wechattest.User{Nickname: "Alice"})
	template := platform.AddTemplate(wechattest.Template{Title: "订单发货提醒", Content: "商品：{{thing1.DATA}}\n单号：{{character_string2.DATA}}"})
	platform.Handle("/cgi-bin/poi/getpoilist", func(wechattest.Call) (any, error) { // of examples/legacy
		return json.RawMessage(`{"business_list":[{"base_info":{"poi_id":285633617,"business_name":"示例店"}}]}`), nil
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err) // a machine without a loopback interface
	}
	server := &http.Server{Handler: platform, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	for name, value := range map[string]string{
		"APP_ID": platform.AppID, "APP_SECRET": platform.AppSecret, "BASE_URL": "http://" + listener.Addr().String(),
		"TOKEN": platform.Token, "AES_KEY": platform.EncodingAESKey, "OPENID": alice.OpenID, "TEMPLATE_ID": template,
	} {
		_ = os.Setenv("WECHAT_"+name, value)
	}
	fmt.Println("no WECHAT_APP_ID: using a fake platform")
	if len(plays) == 0 {
		return ctx
	}
	ctx, end := context.WithCancel(ctx)
	go func() {
		defer end()
		platform.SetCallbackURL(callback)
		if err := verify(ctx, platform); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("the platform has verified the callback address")
		for _, play := range plays {
			play(ctx, alice)
		}
	}()
	return ctx
}

// verify verifies the callback address as soon as something listens there.
func verify(ctx context.Context, platform *wechattest.Platform) error {
	var err error
	for range 100 {
		if err = platform.VerifyURL(ctx); err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

// Sends is a play in which the follower writes texts and the program prints what
// the follower sees.
func Sends(texts ...string) func(context.Context, *wechattest.Follower) {
	return func(ctx context.Context, alice *wechattest.Follower) {
		for _, text := range texts {
			Show(text, alice.Sends(ctx, text))
		}
	}
}

// Clicks is a play in which the follower clicks a menu button.
func Clicks(key string) func(context.Context, *wechattest.Follower) {
	return func(ctx context.Context, alice *wechattest.Follower) { Show("[click "+key+"]", alice.Clicks(ctx, key)) }
}

// Show prints what came of what the follower did.
func Show(what string, report *wechattest.Report) {
	fmt.Printf("Alice: %s\n", what)
	switch report.Seen {
	case wechattest.SeenReply:
		fmt.Printf("   <-- %s %s\n", report.Reply.Type, report.Reply.Content)
	case wechattest.SeenUnavailable:
		fmt.Println("   <-- service unavailable")
	case wechattest.SeenNothing:
		fmt.Println("   <-- (no reply)")
	}
}
