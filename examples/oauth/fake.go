package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"

	"github.com/wechatoa/wechat/examples/internal/demo"
	"github.com/wechatoa/wechat/wechattest"
)

// The fake platform, if the environment names no account. main.go works without this file.
func init() { demo.Platform(nil, browse) }

// browse opens the site in Alice's WeChat, who agrees to the login.
func browse(ctx context.Context, _ *wechattest.Platform, alice *wechattest.Follower) {
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}
	browser.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host != "open.weixin.qq.com" {
			return nil
		}
		fmt.Println("Alice is asked to agree, and agrees")
		redirect, err := alice.Authorizes(r.URL.String())
		if err != nil {
			return err
		}
		next, err := http.NewRequestWithContext(ctx, http.MethodGet, redirect, nil)
		if err != nil {
			return err
		}
		r.URL, r.Host = next.URL, next.Host
		return nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+os.Getenv("ADDRESS"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	response, err := browser.Do(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	page, _ := io.ReadAll(response.Body)
	fmt.Printf("Alice sees: %s\n", page)
}
