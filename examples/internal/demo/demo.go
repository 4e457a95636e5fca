// Package demo starts a fake platform for an example if the environment names no
// account, so that the example runs without one.
package demo

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/wechatoa/wechat/wechattest"
)

// Play is what a follower does while the example runs.
type Play func(ctx context.Context, platform *wechattest.Platform, alice *wechattest.Follower)

// Platform starts a fake platform, unless WECHAT_APP_ID names an account, and sets the
// environment that a program would find: WECHAT_APP_ID, WECHAT_APP_SECRET,
// WECHAT_BASE_URL, WECHAT_TOKEN, WECHAT_AES_KEY, WECHAT_OPENID (a follower), and
// ADDRESS (a free port). prepare, which may be nil, adds to the platform what the
// example needs.
//
// Once the program listens at ADDRESS, the plays run one after the other; then the
// program is interrupted, as by Ctrl-C.
func Platform(prepare func(p *wechattest.Platform), plays ...Play) {
	if os.Getenv("WECHAT_APP_ID") != "" {
		return
	}
	platform := wechattest.NewPlatform()
	alice := platform.AddUser(wechattest.User{Nickname: "Alice"})
	if prepare != nil {
		prepare(platform)
	}
	listener := listen()
	server := &http.Server{Handler: platform, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	setenv("WECHAT_APP_ID", platform.AppID)
	setenv("WECHAT_APP_SECRET", platform.AppSecret)
	setenv("WECHAT_BASE_URL", "http://"+listener.Addr().String())
	setenv("WECHAT_TOKEN", platform.Token)
	setenv("WECHAT_AES_KEY", platform.EncodingAESKey)
	setenv("WECHAT_OPENID", alice.OpenID)
	fmt.Println("WECHAT_APP_ID is not set: this runs on the fake platform.")
	if len(plays) == 0 {
		return
	}
	free := listen()
	address := free.Addr().String()
	_ = free.Close()
	setenv("ADDRESS", address)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		waitFor(ctx, address)
		for _, play := range plays {
			play(ctx, platform, alice)
		}
		interrupt()
	}()
}

// Verify is a play in which the platform verifies the program's callback URL, the
// path /wechat at ADDRESS, and sends its pushes there from now on.
func Verify(ctx context.Context, platform *wechattest.Platform, _ *wechattest.Follower) {
	url := "http://" + os.Getenv("ADDRESS") + "/wechat"
	platform.SetCallbackURL(url)
	if err := platform.VerifyURL(ctx); err != nil {
		fmt.Println("the platform cannot verify", url+":", err)
		return
	}
	fmt.Println("The platform has verified", url)
}

// Follows is a play in which the follower unfollows and follows again.
func Follows(ctx context.Context, _ *wechattest.Platform, alice *wechattest.Follower) {
	alice.Unfollows(ctx)
	show("(follows the account)", alice.Follows(ctx))
}

// Sends is a play in which the follower sends a text.
func Sends(text string) Play {
	return func(ctx context.Context, _ *wechattest.Platform, alice *wechattest.Follower) {
		show(text, alice.Sends(ctx, text))
	}
}

// Clicks is a play in which the follower clicks a menu button.
func Clicks(key string) Play {
	return func(ctx context.Context, _ *wechattest.Platform, alice *wechattest.Follower) {
		show("(clicks "+key+")", alice.Clicks(ctx, key))
	}
}

// show prints what the follower did and what they see then.
func show(what string, report *wechattest.Report) {
	fmt.Printf("Alice:    %s\n", what)
	switch report.Seen {
	case wechattest.SeenReply:
		fmt.Printf("  account: [%s] %s\n", report.Reply.Type, report.Reply.Content)
		for _, article := range report.Reply.Articles {
			fmt.Printf("           %s %s\n", article.Title, article.URL)
		}
	case wechattest.SeenUnavailable:
		fmt.Println("  account: (the service is unavailable)")
	case wechattest.SeenNothing:
		fmt.Println("  account: (no reply)")
	}
}

func listen() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err) // a machine without a loopback interface
	}
	return listener
}

func setenv(name, value string) {
	if err := os.Setenv(name, value); err != nil {
		panic(err) // neither name nor value holds a zero byte
	}
}

// waitFor waits until something listens at address.
func waitFor(ctx context.Context, address string) {
	for dialer := new(net.Dialer); ctx.Err() == nil; {
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			_ = conn.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// interrupt ends the program as Ctrl-C does, on Windows at once.
func interrupt() {
	self, err := os.FindProcess(os.Getpid())
	if err != nil || self.Signal(os.Interrupt) != nil {
		os.Exit(0)
	}
}
