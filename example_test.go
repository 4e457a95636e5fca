package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

func Example() {
	ctx := context.Background()
	platform := wechattest.NewPlatform() // the fake platform
	defer platform.Close()
	alice := platform.AddUser(wechattest.User{Remark: "老顾客"})

	client := platform.Client() // wechat.NewClient(appID, appSecret) for the real one
	user, err := client.GetUser(ctx, alice.OpenID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Subscribed, user.Remark, user.Scene)
	// Output:
	// true 老顾客 ADD_SCENE_SEARCH
}

func ExampleNewClient() {
	client := wechat.NewClient("wx0000000000000001", os.Getenv("WECHAT_APP_SECRET"),
		wechat.WithTimeout(10*time.Second),
		wechat.WithRetry(wechat.RetryPolicy{MaxAttempts: 2}),
		wechat.WithUserAgent("shop/1.0"),
	)
	fmt.Println(client.AppID())
	// Output:
	// wx0000000000000001
}

func ExampleClient_Do() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	// The client has no method for this API.
	platform.Handle("/cgi-bin/brand/new", func(wechattest.Call) (any, error) { return map[string]string{"name": "新接口"}, nil })
	var brand struct {
		Name string `json:"name"`
	}
	err := client.Do(ctx, wechat.Request{Path: "/cgi-bin/brand/new", Body: map[string]int{"id": 1}, Idempotent: true}, &brand)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(brand.Name)
	// Output:
	// 新接口
}

func ExampleError() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	_, err := client.GetUser(ctx, "somebody else's openid")
	var refusal *wechat.Error
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Code == wechat.ErrInvalidOpenID, refusal.RequestID != "")
	}
	fmt.Println(errors.Is(err, wechat.ErrUnreachableUser), errors.Is(err, wechat.ErrQuotaExceeded))
	// Output:
	// true true
	// true false
}

// What to do about an error depends on the family of its code.
func ExampleCodeFamily() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	for _, code := range []wechat.Code{wechat.ErrNotFollower, wechat.ErrDailyQuota, wechat.ErrUnauthorizedAPI} {
		platform.FailNext("/cgi-bin/message/template/send", code)
		_, err := client.SendTemplateMessage(ctx, wechat.TemplateMessage{OpenID: "oAlice", TemplateID: "ORDER"})
		switch {
		case errors.Is(err, wechat.ErrUnreachableUser):
			fmt.Println("skip this user")
		case errors.Is(err, wechat.ErrQuotaExceeded):
			fmt.Println("continue tomorrow")
		case err != nil:
			fmt.Println("alert an operator:", errors.Is(err, wechat.ErrForbidden))
		}
	}
	// Output:
	// skip this user
	// continue tomorrow
	// alert an operator: true
}

func ExampleRequestError() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	alice := platform.AddUser(wechattest.User{})
	alice.Sends(ctx, "在吗？")

	platform.InjectFault("/cgi-bin/message/custom/send", wechattest.Fault{Drop: true, Executed: true})
	err := client.SendCustomMessage(ctx, wechat.SendCustomMessageRequest{OpenID: alice.OpenID, Message: wechat.TextMessage{Content: "您好"}})
	if errors.Is(err, wechat.ErrUnknownOutcome) {
		fmt.Println("it may have arrived:", len(alice.Messages()))
	}
	// Output:
	// it may have arrived: 1
}

func ExampleWithObserver() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client(wechat.WithObserver(func(_ context.Context, a wechat.Attempt) {
		fmt.Println(a.Number, a.Method, a.Path, a.Code) // or a metric, or a span
	}))
	platform.FailNext("/cgi-bin/tags/get", wechat.ErrSystemBusy)
	_, err := client.ListTags(ctx)
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// 1 POST /cgi-bin/stable_token 0
	// 1 GET /cgi-bin/tags/get -1 system busy, retry later
	// 2 GET /cgi-bin/tags/get 0
}

func ExampleWithTokenStore() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	store := wechat.NewMemoryTokenStore() // or one that several machines share
	for range 10 {
		client := platform.Client(wechat.WithTokenStore(store))
		_, err := client.ListTags(ctx)
		if err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(platform.CallCount("/cgi-bin/stable_token"))
	// Output:
	// 1
}

func ExampleWithTokenSource() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	center := platform.Client() // a client is a source of tokens
	client := platform.Client(wechat.WithTokenSource(center))
	_, err := client.ListTags(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(platform.CallCount("/cgi-bin/stable_token"))
	// Output:
	// 1
}
