package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

// Find out why the platform does not deliver pushes.
func ExampleClient_CheckCallback() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	platform.SetCallback(http.NotFoundHandler()) // the console has a callback URL

	check, err := client.CheckCallback(ctx, wechat.CallbackCheckActionAll, wechat.CallbackOperatorDefault)
	if err != nil {
		log.Fatal(err)
	}
	for _, dns := range check.DNS {
		fmt.Println("the host of the URL resolves to", dns.IP)
	}
	for _, ping := range check.Ping {
		fmt.Println(ping.IP, "responds in", ping.Time, "with a packet loss of", ping.PacketLoss)
	}
	// Output:
	// the host of the URL resolves to 127.0.0.1
	// 127.0.0.1 responds in 0.042ms with a packet loss of 0%
}

// Allow requests to the callback URL only from the platform's addresses.
func ExampleClient_ListCallbackIPs() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	addresses, err := client.ListCallbackIPs(ctx) // once a day
	if err != nil {
		log.Fatal(err)
	}
	for _, address := range addresses {
		fmt.Println("allow", address)
	}
	// Output:
	// allow 127.0.0.1
	// allow 127.0.0.0/8
}

// An API has used up its quota for the day. A program can check the quota and reset it,
// 50 times a month.
func ExampleClient_GetAPIQuota() {
	ctx := context.Background()
	platform := wechattest.NewPlatform(wechattest.WithQuota("/cgi-bin/tags/create", 1))
	defer platform.Close()
	client := platform.Client()

	if _, err := client.CreateTag(ctx, "VIP"); err != nil {
		log.Fatal(err)
	}
	_, err := client.CreateTag(ctx, "新客")
	fmt.Println("quota exceeded:", errors.Is(err, wechat.ErrQuotaExceeded))

	quota, err := client.GetAPIQuota(ctx, "/cgi-bin/tags/create")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(quota.Remaining, "of", quota.DailyLimit, "calls remain")
	if quota.Remaining == 0 {
		if err := client.ClearAPIQuota(ctx, "/cgi-bin/tags/create"); err != nil {
			log.Fatal(err)
		}
	}
	if _, err := client.CreateTag(ctx, "新客"); err != nil {
		log.Fatal(err)
	}
	// Output:
	// quota exceeded: true
	// 0 of 1 calls remain
}

// Look up what the platform received in a call that it refused.
func ExampleClient_GetRequestInfo() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	err := client.SetRemark(ctx, "oNobody", "老顾客")
	var refusal *wechat.Error
	if !errors.As(err, &refusal) {
		log.Fatal(err)
	}
	request, err := client.GetRequestInfo(ctx, refusal.RequestID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(request.RequestBody)
	// Output:
	// {"openid":"oNobody","remark":"老顾客"}
}

// Bind the account to the Open Platform account of the company's other accounts, so that
// a user has the same UnionID in all of them.
func ExampleClient_BindOpenAccount() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	platform.FailNext("/cgi-bin/open/get", wechat.ErrNoOpenAccount) // this account is not bound yet
	_, err := client.GetOpenAccount(ctx)
	switch {
	case errors.Is(err, wechat.ErrNoOpenAccount):
		if err := client.BindOpenAccount(ctx, "wx00000000000000aa"); err != nil {
			log.Fatal(err)
		}
		fmt.Println("the account is now bound")
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Println("the account was already bound")
	}
	// Output:
	// the account is now bound
}
