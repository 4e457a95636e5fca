package callback_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechattest"
)

var ctx = context.Background()

// account returns a fake account with a follower, and the configuration that its
// console shows.
func account() (*wechattest.Platform, *wechattest.Follower, callback.Config) {
	p := wechattest.NewPlatform()
	return p, p.AddUser(wechattest.User{}), callback.Config{AppID: p.AppID, Token: p.Token, EncodingAESKey: p.EncodingAESKey}
}

// must ends an example that can not go on.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func Example() {
	platform, alice, config := account()
	defer platform.Close()

	h, err := callback.NewHandler(config)
	if err != nil {
		panic(err)
	}
	callback.On(h, func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
		return callback.Text("收到：" + m.Content), nil
	})
	callback.On(h, func(context.Context, *callback.SubscribeEvent) (callback.Reply, error) {
		return callback.Text("感谢关注！"), nil
	})
	platform.SetCallback(h) // http.Handle("/wechat", h) for the real one

	fmt.Println(alice.Sends(ctx, "你好").Reply.Content)
	fmt.Println(alice.Follows(ctx).Reply.Content)
	// Output:
	// 收到：你好
	// 感谢关注！
}

func ExampleHandler_OnText() {
	platform, alice, config := account()
	defer platform.Close()
	h := must(callback.NewHandler(config))
	platform.SetCallback(h)

	h.OnText(callback.Exactly("帮助"), func(context.Context, *callback.TextMessage) (callback.Reply, error) {
		return callback.Text("发送“查”和单号"), nil
	})
	h.OnText(callback.Prefix("查"), func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
		return callback.Text("正在查" + strings.TrimPrefix(m.Content, "查")), nil
	})
	h.OnText(callback.Matching(regexp.MustCompile(`^\d{6}$`)), func(context.Context, *callback.TextMessage) (callback.Reply, error) {
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

func ExampleHandler_OnKey() {
	platform, alice, config := account()
	defer platform.Close()
	h := must(callback.NewHandler(config))
	platform.SetCallback(h)

	h.OnKey("TODAY", func(context.Context, callback.Message) (callback.Reply, error) { // a menu button
		return callback.News(callback.Article{Title: "今日推荐", URL: "https://example.com/today"}), nil
	})
	h.OnKey("shop-7", func(context.Context, callback.Message) (callback.Reply, error) { // the scene of a QR code
		return callback.Text("欢迎来到七号店"), nil
	})
	fmt.Println(alice.Clicks(ctx, "TODAY").Reply.Articles[0].Title)
	fmt.Println(alice.Scans(ctx, "shop-7").Reply.Content)
	// Output:
	// 今日推荐
	// 欢迎来到七号店
}

func ExampleHandler_Use() {
	platform, alice, config := account()
	defer platform.Close()
	h := must(callback.NewHandler(config))
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

// The answer is not ready when the platform stops waiting: it goes out as a
// customer-service message.
func ExampleConfig_deferred() {
	platform, alice, config := account()
	defer platform.Close()
	client := platform.Client()
	config.Budget = 50 * time.Millisecond // 4.5 seconds where it is left out
	config.Deferred = func(ctx context.Context, message []byte) error {
		return client.Do(ctx, wechat.Request{Path: "/cgi-bin/message/custom/send", Body: message}, nil)
	}
	h := must(callback.NewHandler(config))
	platform.SetCallback(h)
	thinking := make(chan struct{})
	callback.On(h, func(context.Context, *callback.TextMessage) (callback.Reply, error) {
		<-thinking
		return callback.Text("四十二"), nil
	})

	report := alice.Sends(ctx, "生命的意义是什么？")
	fmt.Println(report.Seen == wechattest.SeenNothing)
	close(thinking)
	_ = h.Shutdown(ctx) // waits for what is under way
	fmt.Println(alice.LastMessage().Via, alice.LastMessage().Content)
	// Output:
	// true
	// customer service 四十二
}

func ExampleActivity() {
	platform, alice, config := account()
	defer platform.Close()
	config.Activity = callback.NewActivity(nil)
	h := must(callback.NewHandler(config))
	platform.SetCallback(h)
	h.OnKey("TODAY", func(context.Context, callback.Message) (callback.Reply, error) { return callback.Text("推荐"), nil })

	alice.Sends(ctx, "你好")
	alice.Clicks(ctx, "TODAY")
	wrote := must(config.Activity.LastMessage(ctx, alice.OpenID))
	_, open, _ := config.Activity.ReplyWindow(ctx, alice.OpenID)
	menu := must(config.Activity.Menu(ctx))
	fmt.Println(time.Since(wrote) < time.Minute, open, menu["TODAY"].Received, menu["TODAY"].Answered, menu["TODAY"].Failed)
	// Output:
	// true true 1 1 0
}

func ExampleSessions() {
	platform, alice, config := account()
	defer platform.Close()
	h := must(callback.NewHandler(config))
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

// Two replicas of a program share what was handled, and handle a push once.
func ExampleDedupe() {
	platform, alice, config := account()
	defer platform.Close()
	config.Dedupe = callback.NewMemoryDedupe() // or one that other machines share
	runs := 0
	replicas := make([]*callback.Handler, 2)
	for i := range replicas {
		replicas[i] = must(callback.NewHandler(config))
		callback.On(replicas[i], func(context.Context, *callback.TextMessage) (callback.Reply, error) {
			runs++
			return callback.Text("好"), nil
		})
	}
	platform.SetCallback(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := must(io.ReadAll(r.Body))
		for _, h := range replicas { // one delivery to each, the answer of the first is lost
			r.Body = io.NopCloser(bytes.NewReader(body))
			lost := httptest.NewRecorder()
			h.ServeHTTP(lost, r)
			if h == replicas[1] {
				_, _ = w.Write(lost.Body.Bytes())
			}
		}
	}))
	fmt.Println(alice.Sends(ctx, "你好").Reply.Content, runs)
	// Output:
	// 好 1
}

// A program that does the rest itself.
func ExampleHandler_Parse() {
	platform, alice, config := account()
	defer platform.Close()
	h := must(callback.NewHandler(config))
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
		contentType, body, err := push.Answer(reply)
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
