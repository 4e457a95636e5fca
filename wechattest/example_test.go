package wechattest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechattest"
)

func Example() {
	p := wechattest.NewPlatform() // in a test: wechattest.NewServer(t)
	defer p.Close()
	client := p.Client()
	alice := p.AddUser(wechattest.User{Remark: "Alice"})
	ctx := context.Background()

	tag, err := client.CreateTag(ctx, "VIP")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.TagUsers(ctx, tag.ID, alice.OpenID), alice.Tags())

	p.FailNext("/cgi-bin/tags/members/batchtagging", wechat.ErrDailyQuota)
	err = client.TagUsers(ctx, tag.ID, alice.OpenID)
	fmt.Println(errors.Is(err, wechat.ErrQuotaExceeded))
	// Output:
	// <nil> [100]
	// true
}

// A follower writes to a callback, and sees its reply and what comes later.
func ExamplePlatform_SetCallback() {
	p := wechattest.NewPlatform()
	defer p.Close()
	handler, err := callback.NewHandler(callback.Config{
		Mode: callback.Safe, Token: p.Token, EncodingAESKey: p.EncodingAESKey, AppID: p.AppID,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	callback.On(handler, func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
		return callback.TextReply{Content: "you said " + m.Content}, nil
	})
	p.SetCallback(handler)

	ctx := context.Background()
	if err := p.VerifyURL(ctx); err != nil {
		fmt.Println(err)
	}
	alice := p.AddUser(wechattest.User{})
	report := alice.Sends(ctx, "hi")
	fmt.Println(report.Reply.Content, len(report.Attempts))

	err = p.Client().SendCustomMessage(ctx, alice.OpenID, wechat.TextMessage{Content: "one more thing"})
	fmt.Println(err)
	for _, m := range alice.Messages() {
		fmt.Println(m.Via, m.Content)
	}
	// Output:
	// you said hi 1
	// <nil>
	// reply you said hi
	// customer service one more thing
}

// A program meets everything that can go wrong with a call.
func ExampleFaults() {
	p := wechattest.NewPlatform()
	defer p.Close()
	client := p.Client()
	alice := p.AddUser(wechattest.User{})
	unknown := 0
	for _, fault := range wechattest.Faults() {
		if fault.Hang || fault.Drip > 0 || fault.Code == wechat.ErrMinuteQuota {
			continue // see them in a bubble of testing/synctest
		}
		p.Fault("/cgi-bin/user/info/updateremark", fault)
		if err := client.SetRemark(context.Background(), alice.OpenID, fault.Name); errors.Is(err, wechat.ErrUnknownOutcome) {
			unknown++
		}
	}
	fmt.Println(unknown)
	// Output:
	// 0
}

// A path that the platform does not know gets a behaviour.
func ExamplePlatform_Handle() {
	p := wechattest.NewPlatform()
	defer p.Close()
	p.Handle("/cgi-bin/brand/new", func(c wechattest.Call) (any, error) {
		if len(c.Body) < 3 {
			return nil, wechat.ErrInvalidParameter
		}
		return map[string]string{"echo": string(c.Body)}, nil
	})
	var out struct{ Echo string }
	err := p.Client().Do(context.Background(), wechat.Request{Path: "/cgi-bin/brand/new", Body: map[string]int{"n": 1}}, &out)
	fmt.Println(out.Echo, err)
	// Output:
	// {"n":1} <nil>
}
