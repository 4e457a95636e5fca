package wechattest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

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
		log.Fatal(err)
	}
	fmt.Println(client.TagUsers(ctx, tag.ID, alice.OpenID), alice.TagIDs())

	p.FailNext("/cgi-bin/tags/members/batchtagging", wechat.ErrDailyQuota)
	err = client.TagUsers(ctx, tag.ID, alice.OpenID)
	fmt.Println(errors.Is(err, wechat.ErrQuotaExceeded))
	// Output:
	// <nil> [100]
	// true
}

// A platform is an http.Handler: served on a port, it also works with a program in another
// process.
func ExampleNewPlatform() {
	p := wechattest.NewPlatform(wechattest.WithAccount("wx0123456789abcdef", "the AppSecret"))
	defer p.Close()
	server := httptest.NewServer(p)
	defer server.Close()

	client := wechat.NewClient("wx0123456789abcdef", "the AppSecret", wechat.WithBaseURL(server.URL)) // in the other process
	defer func() { _ = client.Close() }()
	tag, err := client.CreateTag(context.Background(), "VIP")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tag.ID, tag.Name)
	// Output:
	// 100 VIP
}

// A server closes when its test ends. An undocumented API fails the test.
func ExampleNewServer() {
	t := new(testing.T) // the parameter of the test
	srv := wechattest.NewServer(t)
	defer srv.Close() // not needed in a test

	client := srv.Client() // or any client with the option wechat.WithBaseURL(srv.URL)
	err := client.Do(context.Background(), wechat.Request{Path: "/cgi-bin/brand/new"}, nil)
	fmt.Println(err != nil, t.Failed())
	// Output:
	// true true
}

// A follower writes to a callback, sees its reply, and receives a message later.
func ExamplePlatform_SetCallback() {
	p := wechattest.NewPlatform()
	defer p.Close()
	handler, err := callback.NewHandler(callback.Config{
		Mode: callback.ModeSafe, Credentials: callback.NewCredentials(p.Token, p.EncodingAESKey), AppID: p.AppID,
	})
	if err != nil {
		log.Fatal(err)
	}
	callback.On(handler, func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
		return callback.TextReply{Content: "you said " + m.Content}, nil
	})
	p.SetCallback(handler)

	ctx := context.Background()
	if err := p.VerifyURL(ctx); err != nil {
		log.Fatal(err)
	}
	alice := p.AddUser(wechattest.User{})
	report := alice.Sends(ctx, "hi")
	fmt.Println(report.Reply.Content, len(report.Deliveries))

	err = p.Client().SendCustomMessage(ctx, wechat.SendCustomMessageRequest{OpenID: alice.OpenID, Message: wechat.TextMessage{Content: "one more thing"}})
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

// A program handles every fault of a call.
func ExampleFaults() {
	p := wechattest.NewPlatform()
	defer p.Close()
	client := p.Client()
	alice := p.AddUser(wechattest.User{})
	unknown := 0
	for _, fault := range wechattest.Faults() {
		if fault.Hang || fault.Drip > 0 || fault.Code == wechat.ErrMinuteQuota {
			continue // these take time: test them in a bubble of testing/synctest
		}
		p.InjectFault("/cgi-bin/user/info/updateremark", fault)
		if err := client.SetRemark(context.Background(), alice.OpenID, fault.Name); errors.Is(err, wechat.ErrUnknownOutcome) {
			unknown++
		}
	}
	fmt.Println(unknown, "calls with an unknown outcome") // setting a remark is idempotent, so the client retries
	// Output:
	// 0 calls with an unknown outcome
}

// The platform sends a message, but its response is lost. The client does not retry,
// because the customer must not receive it twice.
func ExamplePlatform_InjectFault() {
	p := wechattest.NewPlatform()
	defer p.Close()
	client := p.Client()
	ctx := context.Background()
	alice := p.AddUser(wechattest.User{})
	alice.Sends(ctx, "在吗？") // opens the reply window

	p.InjectFault("/cgi-bin/message/custom/send", wechattest.Fault{Drop: true, Executed: true})
	err := client.SendCustomMessage(ctx, wechat.SendCustomMessageRequest{OpenID: alice.OpenID, Message: wechat.TextMessage{Content: "在"}})
	fmt.Println(errors.Is(err, wechat.ErrUnknownOutcome))
	fmt.Println(p.CallCount("/cgi-bin/message/custom/send"), "request,", len(alice.Messages()), "message")
	// Output:
	// true
	// 1 request, 1 message
}

// The client notices that its token was rejected, and fetches a new one.
// A message that was executed although its response was lost is not sent again.
func ExampleNetwork() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	network := wechattest.NewNetwork(1)
	client := platform.Client(wechat.WithHTTPClient(&http.Client{Transport: network.RoundTripper(platform.Transport())}))

	network.InjectFault(wechattest.NetworkFault{Path: "/cgi-bin/tags/create", Reset: true, AfterWrite: true})
	_, err := client.CreateTag(context.Background(), "buyers")
	fmt.Println(errors.Is(err, wechat.ErrUnknownOutcome))
	fmt.Println(platform.ExecutedCallCount("/cgi-bin/tags/create"))
	// Output:
	// true
	// 1
}

func ExamplePlatform_RevokeTokens() {
	p := wechattest.NewPlatform()
	defer p.Close()
	client := p.Client()
	ctx := context.Background()

	for range 2 {
		_, err := client.ListTags(ctx)
		fmt.Println(err, p.CallCount("/cgi-bin/stable_token"))
		p.RevokeTokens()
	}
	// Output:
	// <nil> 1
	// <nil> 2
}

// A report shows how the platform delivered a push. If the callback fails, the platform
// tries three times, and the follower sees that the account is unavailable.
func ExampleReport() {
	p := wechattest.NewPlatform(wechattest.WithPushTimeout(20 * time.Millisecond)) // default: 5 seconds
	defer p.Close()
	alice := p.AddUser(wechattest.User{})
	p.SetCallback(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
	}))

	report := alice.Sends(context.Background(), "在吗？")
	fmt.Println(len(report.Deliveries), report.Seen == wechattest.SeenUnavailable)
	fmt.Println(alice.LastMessage().Via, alice.LastMessage().Content)
	// Output:
	// 3 true
	// notice 该公众号提供的服务出现故障，请稍后再试
}

func ExampleWithQuota() {
	p := wechattest.NewPlatform(wechattest.WithQuota("/cgi-bin/tags/create", 1))
	defer p.Close()
	client := p.Client()
	for _, name := range []string{"VIP", "新客"} {
		_, err := client.CreateTag(context.Background(), name)
		fmt.Println(name, errors.Is(err, wechat.ErrQuotaExceeded))
	}
	// Output:
	// VIP false
	// 新客 true
}

// The clock of the platform is set forward. To test a program with clocks and timers of
// its own, use a bubble of testing/synctest, where time passes for both:
//
//	synctest.Test(t, func(t *testing.T) {
//		p := wechattest.NewPlatform() // not NewServer: a bubble has no network
//		defer p.Close()
//		client := p.Client()
//		…
//		time.Sleep(3 * time.Hour) // returns at once; the token has expired
//		…
//	})
func ExampleWithClock() {
	now := time.Now()
	p := wechattest.NewPlatform(wechattest.WithClock(func() time.Time { return now }))
	defer p.Close()
	client := p.Client()
	mediaID := p.AddMedia(wechat.MediaVoice, wechattest.File{Name: "hello.amr", Data: []byte("a recording")})

	for _, later := range []time.Duration{71 * time.Hour, 2 * time.Hour} {
		now = now.Add(later)
		_, err := client.DownloadMedia(context.Background(), mediaID, io.Discard)
		fmt.Println(errors.Is(err, wechat.ErrInvalidMediaID))
	}
	// Output:
	// false
	// true
}

// A test implements an API that the fake does not have.
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

// The platform pushes the result of a review, which no follower causes.
func ExamplePlatform_Push() {
	p := wechattest.NewPlatform()
	defer p.Close()
	handler, err := callback.NewHandler(callback.Config{AppID: p.AppID, Credentials: callback.NewCredentials(p.Token, p.EncodingAESKey)})
	if err != nil {
		log.Fatal(err)
	}
	callback.On(handler, func(_ context.Context, e *callback.AddStoreAuditEvent) (callback.Reply, error) {
		fmt.Println("audit", e.AuditID, "refused:", e.Reason)
		return nil, nil
	})
	p.SetCallback(handler)

	report := p.Push(context.Background(), wechattest.Push{
		Type: "event", Event: "add_store_audit_info",
		Fields: wechattest.Fields{"audit_id": 7, "reason": "照片不清晰"},
	})
	fmt.Println(len(report.Deliveries), "delivery,", report.Deliveries[0].Err)
	// Output:
	// audit 7 refused: 照片不清晰
	// 1 delivery, <nil>
}

// A program that reports growth is tested with figures of its own.
func ExamplePlatform_SetStatistics() {
	p := wechattest.NewPlatform()
	defer p.Close()
	client := p.Client()
	day := wechat.Yesterday()
	err := p.SetStatistics("/datacube/getusersummary", day,
		wechat.UserSummary{Source: wechat.FollowSourceQRCode, NewFollowers: 30, LostFollowers: 4},
		wechat.UserSummary{Source: wechat.FollowSourceSearch, NewFollowers: 12})
	if err != nil {
		log.Fatal(err)
	}

	rows, err := client.ListUserSummaries(context.Background(), day, day)
	if err != nil {
		log.Fatal(err)
	}
	var growth int64
	for _, row := range rows {
		growth += row.NewFollowers - row.LostFollowers
	}
	fmt.Println(growth)
	// Output:
	// 38
}
