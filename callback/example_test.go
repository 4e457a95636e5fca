package callback_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechattest"
)

func Example() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	alice := platform.AddUser(wechattest.User{})

	h, err := callback.NewHandler(callback.Config{ // as shown in the console (服务器配置)
		Mode:        callback.ModeSafe,
		AppID:       platform.AppID,
		Credentials: callback.NewCredentials(platform.Token, platform.EncodingAESKey),
	})
	if err != nil {
		log.Fatal(err)
	}
	callback.On(h, func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
		return callback.Text("收到：" + m.Content), nil
	})
	callback.On(h, func(context.Context, *callback.SubscribeEvent) (callback.Reply, error) {
		return callback.Text("感谢关注！"), nil
	})
	platform.SetCallback(h) // http.Handle("/wechat", h) for the real one

	fmt.Println(platform.VerifyURL(ctx)) // the console does this when the URL is saved
	fmt.Println(alice.Sends(ctx, "你好").Reply.Content)
	fmt.Println(alice.Follows(ctx).Reply.Content)
	// Output:
	// <nil>
	// 收到：你好
	// 感谢关注！
}

// A handler is served by net/http at the URL of the console, and finishes its work before
// the program ends.
func ExampleNewHandler() {
	ctx := context.Background()
	platform := wechattest.NewPlatform(wechattest.WithCallbackCredentials("token", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"))
	defer platform.Close()

	h, err := callback.NewHandler(callback.Config{
		AppID:       platform.AppID,
		Credentials: callback.NewCredentials("token", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"),
	})
	if err != nil {
		log.Fatal(err) // a *callback.ConfigError, for example if the key is not 43 characters long
	}
	callback.On(h, func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
		return callback.Text("收到：" + m.Content), nil
	})

	mux := http.NewServeMux()
	mux.Handle("/wechat", h)
	server := httptest.NewServer(mux) // http.ListenAndServe(":80", mux) in a program
	defer server.Close()
	platform.SetCallbackURL(server.URL + "/wechat")

	if err := platform.VerifyURL(ctx); err != nil { // when the URL is saved in the console
		log.Fatal(err)
	}
	fmt.Println(platform.AddUser(wechattest.User{}).Sends(ctx, "你好").Reply.Content)
	if err := h.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 收到：你好
}

// The type of the message selects the pushes that a function handles. A nil reply
// acknowledges a push without a reply.
func ExampleOn() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	alice := platform.AddUser(wechattest.User{})
	h, err := callback.NewHandler(callback.Config{AppID: platform.AppID, Credentials: callback.NewCredentials(platform.Token, platform.EncodingAESKey)})
	if err != nil {
		log.Fatal(err)
	}
	platform.SetCallback(h)

	callback.On(h, func(_ context.Context, m *callback.LocationMessage) (callback.Reply, error) {
		return callback.Text("离" + m.Label + "最近的门店：人民广场店"), nil
	})
	callback.On(h, func(_ context.Context, m *callback.ImageMessage) (callback.Reply, error) {
		return callback.ImageReply{MediaID: m.MediaID}, nil
	})
	callback.On(h, func(_ context.Context, m *callback.UnsubscribeEvent) (callback.Reply, error) {
		fmt.Println("lost a follower:", m.FromUserName == alice.OpenID)
		return nil, nil
	})
	fmt.Println(alice.SendsLocation(ctx, 31.23, 121.47, "南京路").Reply.Content)
	cat := platform.AddMedia(wechat.MediaImage, wechattest.File{Name: "cat.jpg", Data: []byte("a picture")})
	fmt.Println(alice.SendsImage(ctx, "https://example.com/cat.jpg", cat).Reply.MediaID == cat)
	fmt.Println(alice.Unfollows(ctx).Reply)
	// Output:
	// 离南京路最近的门店：人民广场店
	// true
	// lost a follower: true
	// <nil>
}

func ExampleHandler_OnText() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	alice := platform.AddUser(wechattest.User{})
	h, err := callback.NewHandler(callback.Config{AppID: platform.AppID, Credentials: callback.NewCredentials(platform.Token, platform.EncodingAESKey)})
	if err != nil {
		log.Fatal(err)
	}
	platform.SetCallback(h)

	h.OnText(callback.TextEquals("帮助"), func(context.Context, *callback.TextMessage) (callback.Reply, error) {
		return callback.Text("发送“查”和单号"), nil
	})
	h.OnText(callback.TextPrefix("查"), func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
		return callback.Text("正在查" + strings.TrimPrefix(m.Content, "查")), nil
	})
	h.OnText(callback.TextMatches(regexp.MustCompile(`^\d{6}$`)), func(context.Context, *callback.TextMessage) (callback.Reply, error) {
		return callback.Text("验证码正确"), nil
	})
	h.Fallback(func(_ context.Context, m callback.Message) (callback.Reply, error) {
		return callback.Text("不明白" + m.Meta().MsgType), nil
	})
	for _, text := range []string{"帮助", "查SF123", "654321", "？"} {
		fmt.Println(alice.Sends(ctx, text).Reply.Content)
	}
	// Output:
	// 发送“查”和单号
	// 正在查SF123
	// 验证码正确
	// 不明白text
}

func ExampleHandler_OnEventKey() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	alice := platform.AddUser(wechattest.User{})
	h, err := callback.NewHandler(callback.Config{AppID: platform.AppID, Credentials: callback.NewCredentials(platform.Token, platform.EncodingAESKey)})
	if err != nil {
		log.Fatal(err)
	}
	platform.SetCallback(h)

	h.OnEventKey("TODAY", func(context.Context, callback.Message) (callback.Reply, error) { // a menu button
		return callback.NewsReply{Articles: []callback.Article{{Title: "今日推荐", URL: "https://example.com/today"}}}, nil
	})
	fmt.Println(alice.Clicks(ctx, "TODAY").Reply.Articles[0].Title)
	// Output:
	// 今日推荐
}

// The QR codes of shops have scenes that begin with shop-. A follower who scans one causes
// a SCAN event; a user who follows the account by it causes a subscribe event.
func ExampleHandler_OnEventKeyPrefix() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	alice := platform.AddUser(wechattest.User{})
	bob := platform.AddUser(wechattest.User{NotFollowing: true})
	h, err := callback.NewHandler(callback.Config{AppID: platform.AppID, Credentials: callback.NewCredentials(platform.Token, platform.EncodingAESKey)})
	if err != nil {
		log.Fatal(err)
	}
	platform.SetCallback(h)

	h.OnEventKeyPrefix("shop-", func(_ context.Context, m callback.Message) (callback.Reply, error) {
		shop := strings.TrimPrefix(callback.EventKey(m), "shop-")
		if _, ok := m.(*callback.SubscribeEvent); ok {
			return callback.Text("感谢关注！欢迎来到" + shop + "号店"), nil
		}
		return callback.Text("欢迎回到" + shop + "号店"), nil
	})
	fmt.Println(alice.Scans(ctx, "shop-7").Reply.Content)
	fmt.Println(bob.Scans(ctx, "shop-8").Reply.Content)
	// Output:
	// 欢迎回到7号店
	// 感谢关注！欢迎来到8号店
}

func ExampleHandler_Use() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	alice := platform.AddUser(wechattest.User{})
	h, err := callback.NewHandler(callback.Config{AppID: platform.AppID, Credentials: callback.NewCredentials(platform.Token, platform.EncodingAESKey)})
	if err != nil {
		log.Fatal(err)
	}
	platform.SetCallback(h)

	h.Use(func(next callback.HandlerFunc) callback.HandlerFunc {
		return func(ctx context.Context, m callback.Message) (callback.Reply, error) {
			fmt.Println("before", m.Meta().MsgType)
			defer fmt.Println("after")
			return next(ctx, m)
		}
	})
	callback.On(h, func(context.Context, *callback.TextMessage) (callback.Reply, error) { return callback.Text("好"), nil })
	fmt.Println(alice.Sends(ctx, "你好").Reply.Content)
	// Output:
	// before text
	// after
	// 好
}

// The reply is not ready when the platform stops waiting, so it is sent as a
// customer-service message.
func ExampleConfig_deferred() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	alice := platform.AddUser(wechattest.User{})
	client := platform.Client()
	h, err := callback.NewHandler(callback.Config{
		AppID: platform.AppID, Credentials: callback.NewCredentials(platform.Token, platform.EncodingAESKey),
		ResponseTimeout: 50 * time.Millisecond, // the default is 4.5 seconds
		SendDeferred:    client.SendCustomMessageJSON,
	})
	if err != nil {
		log.Fatal(err)
	}
	platform.SetCallback(h)
	thinking := make(chan struct{})
	callback.On(h, func(context.Context, *callback.TextMessage) (callback.Reply, error) {
		<-thinking
		return callback.Text("四十二"), nil
	})

	report := alice.Sends(ctx, "生命的意义是什么？")
	fmt.Println(report.Seen == wechattest.SeenNothing)
	close(thinking)
	if err := h.Shutdown(ctx); err != nil { // waits for everything in progress
		log.Fatal(err)
	}
	fmt.Println(alice.LastMessage().Via, alice.LastMessage().Content)
	// Output:
	// true
	// customer service 四十二
}

// The callback records when followers wrote, which the platform has no API for.
func ExampleNewActivity() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	alice := platform.AddUser(wechattest.User{})
	activity := callback.NewActivity(nil)
	h, err := callback.NewHandler(callback.Config{
		AppID: platform.AppID, Credentials: callback.NewCredentials(platform.Token, platform.EncodingAESKey), Activity: activity,
	})
	if err != nil {
		log.Fatal(err)
	}
	platform.SetCallback(h)
	h.OnEventKey("TODAY", func(context.Context, callback.Message) (callback.Reply, error) { return callback.Text("推荐"), nil })

	alice.Sends(ctx, "你好")
	alice.Clicks(ctx, "TODAY")
	until, open, err := activity.ReplyWindow(ctx, alice.OpenID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("can be written to:", open, time.Until(until).Round(time.Hour))
	menu, err := activity.MenuStatuses(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("TODAY:", menu["TODAY"].Received, "received,", menu["TODAY"].Succeeded, "succeeded,", menu["TODAY"].Failed, "failed")
	// Output:
	// can be written to: true 48h0m0s
	// TODAY: 1 received, 1 succeeded, 0 failed
}

// A conversation in two steps: the callback remembers the drink while it asks for the size.
func ExampleNewSessions() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	alice := platform.AddUser(wechattest.User{})
	h, err := callback.NewHandler(callback.Config{AppID: platform.AppID, Credentials: callback.NewCredentials(platform.Token, platform.EncodingAESKey)})
	if err != nil {
		log.Fatal(err)
	}
	platform.SetCallback(h)

	type order struct{ Drink string }
	orders := callback.NewSessions[order](nil, 10*time.Minute)
	callback.On(h, func(ctx context.Context, m *callback.TextMessage) (callback.Reply, error) {
		o, found, err := orders.Get(ctx, m.FromUserName)
		if err != nil {
			return nil, err
		}
		if !found {
			return callback.Text("要什么杯型？"), orders.Set(ctx, m.FromUserName, order{Drink: m.Content})
		}
		return callback.Text(m.Content + o.Drink + "一份"), orders.Delete(ctx, m.FromUserName)
	})
	fmt.Println(alice.Sends(ctx, "奶茶").Reply.Content)
	fmt.Println(alice.Sends(ctx, "大杯").Reply.Content)
	// Output:
	// 要什么杯型？
	// 大杯奶茶一份
}

// Two replicas of a program share a store: a push that is delivered to both is handled once,
// and both give the same reply.
func ExampleDedupeStore() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	alice := platform.AddUser(wechattest.User{})
	config := callback.Config{
		AppID: platform.AppID, Credentials: callback.NewCredentials(platform.Token, platform.EncodingAESKey),
		Dedupe: callback.NewMemoryDedupeStore(), // or a store that several machines share
	}
	orders := 0
	order := func(context.Context, *callback.TextMessage) (callback.Reply, error) {
		orders++
		return callback.Text("已下单"), nil
	}
	a, errA := callback.NewHandler(config)
	b, errB := callback.NewHandler(config)
	if err := errors.Join(errA, errB); err != nil {
		log.Fatal(err)
	}
	callback.On(a, order)
	callback.On(b, order)

	platform.SetCallback(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		r.Body = io.NopCloser(io.TeeReader(r.Body, &body))
		a.ServeHTTP(httptest.NewRecorder(), r) // the response is lost on the way
		r.Body = io.NopCloser(&body)
		b.ServeHTTP(w, r) // so the push is delivered again
	}))
	fmt.Println(alice.Sends(ctx, "来一杯").Reply.Content, orders)
	// Output:
	// 已下单 1
}

// Parse and Response are for programs that do everything else themselves.
func ExampleHandler_Parse() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	alice := platform.AddUser(wechattest.User{})
	h, err := callback.NewHandler(callback.Config{AppID: platform.AppID, Credentials: callback.NewCredentials(platform.Token, platform.EncodingAESKey)})
	if err != nil {
		log.Fatal(err)
	}
	platform.SetCallback(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		push, err := h.Parse(r)
		if err != nil {
			http.Error(w, "forbidden", http.StatusForbidden)
			return
		}
		var reply callback.Reply
		if text, ok := push.Message.(*callback.TextMessage); ok {
			reply = callback.Text("收到：" + text.Content)
		}
		contentType, body, err := push.Response(reply)
		if err != nil {
			contentType, body = "text/plain", []byte("success")
		}
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(body)
	}))
	fmt.Println(alice.Sends(ctx, "你好").Reply.Content)
	// Output:
	// 收到：你好
}

// A text that is too long for one message is split between lines.
func ExampleSplitText() {
	text := "第一行\n第二行\n第三行"
	for _, part := range callback.SplitText(text, 20) { // bytes; a text message has up to 2,048
		fmt.Printf("%q\n", part)
	}
	// Output:
	// "第一行\n第二行"
	// "第三行"
}

// Send the reply of a function later, as customer-service messages.
func ExampleCustomMessages() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	alice := platform.AddUser(wechattest.User{})
	alice.Sends(ctx, "在吗？") // opens the reply window

	bodies, err := callback.CustomMessages(alice.OpenID, callback.Text("您的奶茶做好了"))
	if err != nil {
		log.Fatal(err) // a *callback.ReplyError: the reply cannot be sent in this way
	}
	for _, body := range bodies {
		if err := client.SendCustomMessageJSON(ctx, body); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(alice.LastMessage().Via, alice.LastMessage().Content)
	// Output:
	// customer service 您的奶茶做好了
}
