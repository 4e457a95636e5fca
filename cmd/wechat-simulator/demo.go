package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechattest"
)

// demo is a program of an account, as a developer would write it: it calls the simulator's
// API over HTTP, and a callback on a port of its own receives the pushes. The only thing
// that it does not do like a real one is to read the settings of the callback from the
// simulator, so that they can be changed in the page.
type demo struct {
	platform func() *wechattest.Platform
	client   *wechat.Client
	listener net.Listener
	server   *http.Server
	log      *slog.Logger
	base     context.Context //nolint:containedctx // of messages in the background; canceled by Close
	cancel   context.CancelFunc
	running  sync.WaitGroup

	mu        sync.Mutex
	candidate *wechattest.CallbackSettings // that are being verified
	settings  wechattest.CallbackSettings  // of the newest handler
	handlers  []*callback.Handler
}

// demoTemplate is the message template of the demo's account.
const demoTemplate = "demo-order-shipped-template-id-000000000000"

// newDemo returns a demo program for the simulator at a URL. It listens already.
func newDemo(ctx context.Context, s *simulator, log *slog.Logger) (*demo, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d := &demo{
		platform: s.current, listener: l, log: log,
		client: wechat.NewClient(s.set.appID, s.set.appSecret, wechat.WithBaseURL(s.url)),
	}
	d.base, d.cancel = context.WithCancel(context.WithoutCancel(ctx))
	d.server = &http.Server{Handler: d, ReadHeaderTimeout: headerTimeout, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	return d, nil
}

// url returns the URL of the callback.
func (d *demo) url() string { return "http://" + d.listener.Addr().String() + "/wechat" }

// serve serves the callback until Close.
func (d *demo) serve() {
	if err := d.server.Serve(d.listener); !errors.Is(err, http.ErrServerClosed) {
		d.log.Error("the demo program has ended", "error", err)
	}
}

// Close ends the program and waits for what it does.
func (d *demo) Close() {
	d.cancel()
	_ = d.server.Close()
	d.mu.Lock()
	handlers := d.handlers
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, h := range handlers {
		_ = h.Shutdown(ctx)
	}
	d.running.Wait()
	_ = d.client.Close()
}

// furnish gives a platform in its initial state what an account has before its program
// begins: followers, and a template that was chosen in the console.
func (*demo) furnish(p *wechattest.Platform) {
	p.AddUser(wechattest.User{OpenID: "o-demo-xiaoming", Nickname: "小明"})
	p.AddUser(wechattest.User{OpenID: "o-demo-alice", Nickname: "Alice", Language: wechat.LanguageEN})
	isDemo := func(t wechattest.Template) bool { return t.ID == demoTemplate }
	if slices.ContainsFunc(p.Templates(), isDemo) { // in a restored state
		return
	}
	p.AddTemplate(wechattest.Template{
		ID: demoTemplate, Title: "订单发货通知",
		Content: "商品：{{thing1.DATA}}\n单号：{{character_string2.DATA}}\n时间：{{time3.DATA}}", Example: "商品：咖啡豆\n单号：SF100\n时间：2026年11月26日",
	})
}

// begin creates the account's menu, as a program does when it starts.
func (d *demo) begin(ctx context.Context) error {
	return d.client.CreateMenu(ctx, wechat.NewMenu(
		wechat.ClickButton("今日推荐", "today"),
		wechat.SubMenu("更多",
			wechat.ClickButton("订单通知", "order"),
			wechat.ClickButton("菜单消息", "choice"),
			wechat.ViewButton("项目主页", "https://github.com/wechatoa/wechat"),
		),
	))
}

// ServeHTTP receives a push. Two messages show what followers see of a program with a
// defect: it does not respond to the first and responds wrongly to the second.
func (d *demo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h, err := d.handler()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	parsed := r.Clone(r.Context())
	parsed.Body = io.NopCloser(bytes.NewReader(body))
	r.Body = io.NopCloser(bytes.NewReader(body))
	if push, err := h.Parse(parsed); err == nil {
		switch m, _ := push.Message.(*callback.TextMessage); {
		case m != nil && isOneOf(m.Content, "超时", "timeout"):
			<-r.Context().Done()
			return
		case m != nil && isOneOf(m.Content, "出错", "error"):
			_, _ = io.WriteString(w, "<html>this is no reply</html>")
			return
		}
	}
	h.ServeHTTP(w, r)
}

// isOneOf reports whether a text is one of the words.
func isOneOf(text string, words ...string) bool {
	for _, word := range words {
		if strings.EqualFold(strings.TrimSpace(text), word) {
			return true
		}
	}
	return false
}

// adopt makes the program use settings that are being verified, until done is called.
func (d *demo) adopt(settings wechattest.CallbackSettings) (done func()) {
	set := func(candidate *wechattest.CallbackSettings) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.candidate = candidate
	}
	set(&settings)
	return func() { set(nil) }
}

// handler returns a handler with the current settings of the callback.
func (d *demo) handler() (*callback.Handler, error) {
	p := d.platform()
	settings := p.CallbackSettings()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.candidate != nil {
		settings = *d.candidate
	}
	if n := len(d.handlers); n > 0 && settings == d.settings {
		return d.handlers[n-1], nil
	}
	h, err := callback.NewHandler(callback.Config{
		AppID: p.AppID, Credentials: callback.NewCredentials(settings.Token, settings.EncodingAESKey), Mode: callback.Mode(settings.Mode),
		SendDeferred: d.client.SendCustomMessageJSON, Logger: d.log,
	})
	if err != nil {
		return nil, err
	}
	callback.On(h, d.onText)
	callback.On(h, func(context.Context, *callback.SubscribeEvent) (callback.Reply, error) {
		return callback.Text("欢迎关注！" + demoHelp), nil
	})
	callback.On(h, func(ctx context.Context, m *callback.ClickEvent) (callback.Reply, error) {
		return d.onClick(ctx, m)
	})
	callback.On(h, func(_ context.Context, m *callback.ScanEvent) (callback.Reply, error) {
		return callback.Text("扫码 scanned: " + m.EventKey), nil
	})
	callback.On(h, func(_ context.Context, m *callback.ImageMessage) (callback.Reply, error) {
		return callback.ImageReply{MediaID: m.MediaID}, nil
	})
	callback.On(h, func(_ context.Context, m *callback.LocationMessage) (callback.Reply, error) {
		return callback.Text(fmt.Sprintf("你在 you are at %s (%v, %v)", m.Label, m.Latitude, m.Longitude)), nil
	})
	d.settings, d.handlers = settings, append(d.handlers, h)
	return h, nil
}

const demoHelp = "\n试试发送 try to send:\n图文 news · 模板 template · 菜单 menu · 客服 service · 很慢 slow · 超时 timeout · 出错 error"

// slowly is longer than the platform waits for a reply.
const slowly = 6 * time.Second

func (d *demo) onText(ctx context.Context, m *callback.TextMessage) (callback.Reply, error) {
	switch {
	case isOneOf(m.Content, "图文", "news"):
		return demoNews(), nil
	case isOneOf(m.Content, "模板", "template"):
		return nil, d.sendOrder(ctx, m.FromUserName)
	case isOneOf(m.Content, "菜单", "menu"):
		return nil, d.sendChoice(ctx, m.FromUserName)
	case isOneOf(m.Content, "客服", "service"):
		d.later(m.FromUserName)
		return callback.Text("正在转接 one moment"), nil
	case isOneOf(m.Content, "很慢", "slow"):
		select {
		case <-time.After(slowly):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return callback.Text("我想了六秒，所以这条回复是客服消息 I thought for six seconds, so this reply is a customer-service message"), nil
	}
	return callback.Text("收到 received: " + m.Content + "\n" + demoHelp), nil
}

func (d *demo) onClick(ctx context.Context, m *callback.ClickEvent) (callback.Reply, error) {
	switch m.EventKey {
	case "today":
		return demoNews(), nil
	case "order":
		return nil, d.sendOrder(ctx, m.FromUserName)
	case "choice":
		return nil, d.sendChoice(ctx, m.FromUserName)
	}
	return callback.Text("点击 tapped: " + m.EventKey), nil
}

func demoNews() callback.Reply {
	return callback.NewsReply{Articles: []callback.Article{{
		Title: "今日推荐：用模拟器开发公众号", Description: "Today's pick: develop an Official Account with the simulator",
		URL: "https://github.com/wechatoa/wechat",
	}}}
}

func (d *demo) sendOrder(ctx context.Context, openID string) error {
	_, err := d.client.SendTemplateMessage(ctx, wechat.TemplateMessage{
		OpenID: openID, TemplateID: demoTemplate, URL: "https://github.com/wechatoa/wechat",
		Data: wechat.TemplateData{"thing1": {Value: "咖啡豆"}, "character_string2": {Value: "SF1234567890"}, "time3": {Value: "2026年11月26日 10:00"}},
	})
	return err
}

func (d *demo) sendChoice(ctx context.Context, openID string) error {
	return d.client.SendCustomMessage(ctx, wechat.SendCustomMessageRequest{OpenID: openID, Message: wechat.MenuMessage{
		Head: "满意吗？ Are you content?", Items: []wechat.MenuMessageItem{{ID: "1", Content: "满意 yes"}, {ID: "2", Content: "不满意 no"}}, Tail: "谢谢 thank you",
	}})
}

// later sends a customer-service message after the reply, with the typing indicator before
// it.
func (d *demo) later(openID string) {
	d.running.Go(func() {
		for _, step := range []func() error{
			func() error { return d.client.StartTyping(d.base, wechat.TypingRequest{OpenID: openID}) },
			func() error {
				return d.client.SendCustomMessage(d.base, wechat.SendCustomMessageRequest{OpenID: openID, Message: wechat.TextMessage{Content: "您好，请问有什么可以帮您？ How can I help?"}})
			},
		} {
			select {
			case <-time.After(time.Second):
			case <-d.base.Done():
				return
			}
			if err := step(); err != nil && d.base.Err() == nil {
				d.log.Warn("demo", "error", err)
				return
			}
		}
	})
}
