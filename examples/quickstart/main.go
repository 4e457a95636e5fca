// Quickstart walks through what the server of an Official Account does: it verifies
// its URL, fetches a token, answers messages, reads users, sends template messages,
// manages the menu, and provokes each kind of error.
//
// Without an account it runs on the embedded fake platform:
//
//	go run ./examples/quickstart
//
// With an account it only reads, unless -write is given:
//
//	WECHAT_APP_ID=… WECHAT_APP_SECRET=… go run ./examples/quickstart [-write] [-openid …] [-template …]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechattest"
)

// tour is one walk, on the fake platform or on the real one.
type tour struct {
	client   *wechat.Client
	activity *callback.Activity
	platform *wechattest.Platform // nil on the real platform
	alice    *wechattest.Follower // nil on the real platform

	openID   string
	template string
	write    bool
}

func main() { os.Exit(run()) }

func run() (code int) {
	write := flag.Bool("write", false, "also change a real account: send a template message, and create and delete a menu if it has none")
	openID := flag.String("openid", "", "a follower of the real account; by default the first one")
	template := flag.String("template", "", "a template of the real account; by default the first one")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	t := &tour{activity: callback.NewActivity(nil), openID: *openID, template: *template, write: *write}
	if appID, secret := os.Getenv("WECHAT_APP_ID"), os.Getenv("WECHAT_APP_SECRET"); appID != "" || secret != "" {
		t.client = wechat.NewClient(appID, secret, wechat.WithBaseURL(os.Getenv("WECHAT_BASE_URL")))
		fmt.Println("On the real platform 真实平台. It only reads, unless -write is given.")
	} else {
		defer t.fake()()
		fmt.Println("On the embedded fake platform 内置模拟平台: no account, no network.")
	}
	if err := t.walk(ctx); err != nil {
		fmt.Fprintln(os.Stderr, explain(err))
		return 1
	}
	t.next()
	return 0
}

// fake uses the embedded platform, with a follower and a template.
func (t *tour) fake() (end func()) {
	t.platform = wechattest.NewPlatform()
	t.client = t.platform.Client()
	t.alice = t.platform.AddUser(wechattest.User{Nickname: "Alice", SubscribeTime: time.Now().AddDate(0, -3, 0)})
	t.openID, t.write = t.alice.OpenID, true
	t.template = t.platform.AddTemplate(wechattest.Template{Title: "订单发货提醒", Content: "商品：{{thing1.DATA}}\n单号：{{character_string2.DATA}}"})
	return t.platform.Close
}

func (t *tour) walk(ctx context.Context) error {
	for _, step := range []struct {
		title string
		run   func(context.Context) error
	}{
		{"Server URL 服务器配置", t.url},
		{"API key 接口凭据", t.token},
		{"Messages 收消息与回复", t.receive},
		{"Users 用户与关注时间", t.user},
		{"Template messages 模板消息", t.templateMessage},
		{"Menu 菜单与菜单事件", t.menu},
		{"Errors 错误处理, all four provoked on purpose 四个错误都是故意触发的", t.errors},
	} {
		fmt.Println("\n" + step.title)
		if err := step.run(ctx); err != nil {
			return err
		}
	}
	return nil
}

// url verifies the server's URL, where a handler answers pushes.
func (t *tour) url(ctx context.Context) error {
	if t.platform == nil {
		say("skipped", "the platform must be able to reach the URL, see examples/callback")
		return nil
	}
	h, err := callback.NewHandler(callback.Config{
		AppID: t.platform.AppID, Credentials: callback.NewCredentials(t.platform.Token, t.platform.EncodingAESKey), Activity: t.activity,
	})
	if err != nil {
		return err
	}
	callback.On(h, func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
		return callback.Text("收到：" + m.Content), nil
	})
	callback.On(h, func(_ context.Context, m *callback.ClickEvent) (callback.Reply, error) {
		return callback.Text("您点击了 " + m.EventKey), nil
	})
	t.platform.SetCallback(h)
	if err := t.platform.VerifyURL(ctx); err != nil {
		return err
	}
	say("verified", "the platform accepts the handler")
	return nil
}

// token fetches the access_token. Every other call does so by itself.
func (t *tour) token(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	token, err := t.client.Token(ctx, "")
	if err != nil {
		return err
	}
	say("access_token", "fetched, %d characters; as a wechat.Secret it prints as %v", len(token), wechat.Secret(token))
	return nil
}

// receive answers a message of a follower.
func (t *tour) receive(ctx context.Context) error {
	if t.platform == nil {
		say("skipped", "messages arrive at the server's URL, see examples/callback")
		return nil
	}
	report := t.alice.Sends(ctx, "你好")
	if report.Seen != wechattest.SeenReply {
		return errors.New("the message was not answered")
	}
	say("message", "received %q, replied %q", "你好", report.Reply.Content)
	return nil
}

// user prints a follower's profile, when they followed and when they last wrote.
func (t *tour) user(ctx context.Context) error {
	if t.openID == "" {
		page, err := t.client.ListFollowerIDs(ctx, "")
		if err != nil {
			return err
		}
		if len(page.OpenIDs) == 0 {
			say("profile", "the account has no followers")
			return nil
		}
		t.openID = page.OpenIDs[0]
	}
	user, err := t.client.GetUser(ctx, t.openID)
	if err != nil {
		return err
	}
	say("profile", "openid %s, language %s, scene %s", user.OpenID, user.Language, user.Scene)
	say("followed", "%s", user.SubscribeTime.Format(time.DateTime))
	wrote, err := t.activity.LastMessageTime(ctx, t.openID)
	if err != nil {
		return err
	}
	until, open, err := t.activity.ReplyWindow(ctx, t.openID)
	if err != nil {
		return err
	}
	if wrote.IsZero() {
		say("last wrote", "unknown: callback.Activity records it when a message arrives")
		return nil
	}
	say("last wrote", "%s; customer-service messages allowed: %v, until %s", wrote.Format(time.DateTime), open, until.Format(time.DateTime))
	return nil
}

func (t *tour) templateMessage(ctx context.Context) error {
	templates, err := t.client.ListTemplates(ctx)
	if err != nil {
		return err
	}
	if t.template == "" && len(templates) > 0 {
		t.template = templates[0].ID
	}
	if !t.write || t.template == "" || t.openID == "" {
		say("skipped", "%d templates; sending needs -write, a template and a follower", len(templates))
		return nil
	}
	id, err := t.client.SendTemplateMessage(ctx, wechat.TemplateMessage{
		OpenID: t.openID, TemplateID: t.template,
		Data: wechat.TemplateData{}.Set("thing1", "招牌奶茶").Set("character_string2", "SF1234567890"),
	})
	if err != nil {
		return err
	}
	say("sent", "message ID %d", id)
	return nil
}

// menu creates, lists and deletes the menu, and prints how its events were answered.
func (t *tour) menu(ctx context.Context) error {
	info, err := t.client.GetMenu(ctx)
	switch {
	case err == nil && t.platform == nil:
		say("listed", "%d buttons, left as they are", len(info.Default.Buttons))
		return nil
	case err != nil && !errors.Is(err, wechat.ErrMenuNotFound):
		return err
	case !t.write:
		say("skipped", "the account has no menu; creating one needs -write")
		return nil
	}
	menu := wechat.NewMenu(
		wechat.ClickButton("今日推荐", "TODAY"),
		wechat.SubMenu("更多", wechat.ViewButton("官网", "https://example.com/"), wechat.ScanButton("扫一扫", "SCAN")),
	)
	if err := t.client.CreateMenu(ctx, menu); err != nil {
		return err
	}
	say("created", "%d buttons", len(menu.Buttons))
	if info, err = t.client.GetMenu(ctx); err != nil {
		return err
	}
	for _, b := range info.Default.Buttons {
		say("listed", "%s, sub-buttons: %d", b.Name, len(b.SubButtons))
	}
	if err := t.click(ctx); err != nil {
		return err
	}
	if err := t.client.DeleteMenu(ctx); err != nil {
		return err
	}
	if _, err = t.client.GetMenu(ctx); !errors.Is(err, wechat.ErrMenuNotFound) {
		return fmt.Errorf("the menu is still there: %w", err)
	}
	say("deleted", "GetMenu now returns ErrMenuNotFound")
	return nil
}

// click answers a menu event and prints the response status of menu events.
func (t *tour) click(ctx context.Context) error {
	if t.platform == nil {
		return nil
	}
	report := t.alice.Clicks(ctx, "TODAY")
	if report.Seen != wechattest.SeenReply {
		return errors.New("the click was not answered")
	}
	say("clicked", "replied %q", report.Reply.Content)
	menu, err := t.activity.MenuStatuses(ctx)
	if err != nil {
		return err
	}
	for key, s := range menu {
		say("response status", "%s: %d received, %d succeeded, %d failed, last at %s, took %s",
			key, s.Received, s.Succeeded, s.Failed, s.LastTime.Format(time.DateTime), s.LastDuration.Round(time.Microsecond))
	}
	return nil
}

// errors provokes the three kinds of failed calls, and one that is not even sent.
func (t *tour) errors(ctx context.Context) error {
	_, err := t.client.GetUser(ctx, "")
	var argument *wechat.ArgumentError
	if !errors.As(err, &argument) {
		return fmt.Errorf("an empty openid was not rejected: %w", err)
	}
	say("wrong argument", "not sent, *ArgumentError: %v", err)

	_, err = t.client.GetUser(ctx, "not-an-openid")
	var refusal *wechat.Error
	if !errors.As(err, &refusal) || !errors.Is(err, wechat.ErrInvalidOpenID) {
		return fmt.Errorf("a wrong openid was not refused: %w", err)
	}
	say("wrong parameter", "refused, *Error: %v", err)

	nobody := wechat.NewClient("wx0", "none", wechat.WithBaseURL("http://127.0.0.1:1"), wechat.WithRetry(wechat.RetryPolicy{MaxAttempts: 1}))
	_, err = nobody.GetUser(ctx, "openid")
	var failure *wechat.RequestError
	if !errors.As(err, &failure) {
		return fmt.Errorf("a request that nobody receives succeeded: %w", err)
	}
	say("request failed", "*RequestError: %v", err)

	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	defer page.Close()
	proxy := wechat.NewClient("wx0", "none", wechat.WithBaseURL(page.URL), wechat.WithTokenSource(wechat.StaticToken("none")))
	_, err = proxy.GetUser(ctx, "openid")
	var unreadable *wechat.DecodeError
	if !errors.As(err, &unreadable) {
		return fmt.Errorf("an HTML page was accepted as a response: %w", err)
	}
	say("wrong reply content", "*DecodeError: %v", err)
	return nil
}

// next says what to do after the walk.
func (t *tour) next() {
	fmt.Print(`
What next 下一步
  go run ./examples/callback      a bot of your own to copy 可以直接复制的机器人
  go run ./cmd/wechat-simulator   the fake platform for programs in any language 独立的模拟平台
  docs/zh, docs                   guides 使用指南
`)
	if t.platform != nil {
		fmt.Println(`  WECHAT_APP_ID=… WECHAT_APP_SECRET=… go run ./examples/quickstart
                                  the same on your account 在您的公众号上运行
                                  (errcode 40164: add your IP in the console 请先设置 IP 白名单)`)
	}
}

func say(what, format string, args ...any) {
	fmt.Printf("  %-20s %s\n", what, fmt.Sprintf(format, args...))
}

// explain says what to do about an error.
func explain(err error) string {
	var failure *wechat.RequestError
	switch {
	case errors.Is(err, wechat.ErrIPNotAllowed):
		return fmt.Sprintf("Add this machine's IP address to the IP white list in the console (请在公众平台设置 IP 白名单): %v", err)
	case errors.Is(err, wechat.ErrConfiguration):
		return fmt.Sprintf("The platform does not accept this AppID or AppSecret: %v", err)
	case errors.As(err, &failure):
		return fmt.Sprintf("Cannot reach the platform. Check the network, and that it lets api.weixin.qq.com through.\n%v", err)
	}
	return err.Error()
}
