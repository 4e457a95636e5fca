// Quickstart walks through what an Official Account's server does: it verifies its
// address, fetches a token, reads users, answers messages, sends template messages,
// manages the menu, and meets each kind of error.
//
// Without an account it runs on the embedded fake platform:
//
//	go run ./examples/quickstart
//
// With one it reads, and changes something only with -write:
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

// tour is the walk, on the fake platform or on the real one.
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
	write := flag.Bool("write", false, "also change something on a real account: a template message, and a menu where there is none")
	openID := flag.String("openid", "", "a follower of the real account; the first one where empty")
	template := flag.String("template", "", "a template of the real account; the first one where empty")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	t := &tour{activity: callback.NewActivity(nil), openID: *openID, template: *template, write: *write}
	if appID, secret := os.Getenv("WECHAT_APP_ID"), os.Getenv("WECHAT_APP_SECRET"); appID != "" || secret != "" {
		t.client = wechat.NewClient(appID, secret, wechat.WithBaseURL(os.Getenv("WECHAT_BASE_URL")))
		say("platform", "the real one, reading only unless -write is given")
	} else {
		defer t.fake()()
		say("platform", "the embedded fake; set WECHAT_APP_ID and WECHAT_APP_SECRET for the real one")
	}
	if err := t.walk(ctx); err != nil {
		fmt.Fprintln(os.Stderr, explain(err))
		return 1
	}
	return 0
}

// fake takes the embedded platform, with a follower and a template.
func (t *tour) fake() (end func()) {
	t.platform = wechattest.NewPlatform()
	t.client = t.platform.Client()
	t.alice = t.platform.AddUser(wechattest.User{Nickname: "Alice", SubscribeTime: time.Now().AddDate(0, -3, 0)})
	t.openID, t.write = t.alice.OpenID, true
	t.template = t.platform.AddTemplate(wechattest.Template{Title: "订单发货提醒", Content: "商品：{{thing1.DATA}}\n单号：{{character_string2.DATA}}"})
	return t.platform.Close
}

func (t *tour) walk(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		t.address, t.token, t.receive, t.user, t.templateMessage, t.menu, t.errors,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// address is the verification of the server's address, and what answers pushes there.
func (t *tour) address(ctx context.Context) error {
	if t.platform == nil {
		say("server address", "skipped: it needs an address that the platform can reach, see examples/callback")
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
	say("server address", "verified")
	return nil
}

// token fetches the access_token. Every other call does this by itself.
func (t *tour) token(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	token, err := t.client.Token(ctx, "")
	if err != nil {
		return err
	}
	say("access_token", "fetched, %d characters, prints as %v", len(token), wechat.Secret(token))
	return nil
}

// receive is a message of a follower, and the answer.
func (t *tour) receive(ctx context.Context) error {
	if t.platform == nil {
		say("message", "skipped: messages come to the server's address")
		return nil
	}
	report := t.alice.Sends(ctx, "你好")
	if report.Seen != wechattest.SeenReply {
		return errors.New("the message was not answered")
	}
	say("message", "received %q, answered %q", "你好", report.Reply.Content)
	return nil
}

// user is a follower's basic information, when he followed and when he last wrote.
func (t *tour) user(ctx context.Context) error {
	if t.openID == "" {
		page, err := t.client.ListFollowerIDs(ctx, "")
		if err != nil {
			return err
		}
		if len(page.OpenIDs) == 0 {
			say("user", "the account has no followers")
			return nil
		}
		t.openID = page.OpenIDs[0]
	}
	user, err := t.client.GetUser(ctx, t.openID)
	if err != nil {
		return err
	}
	say("user", "openid %s, language %s, found us by %s", user.OpenID, user.Language, user.Scene)
	say("follow time", "%s", user.SubscribeTime)
	wrote, err := t.activity.LastMessageTime(ctx, t.openID)
	if err != nil {
		return err
	}
	until, open, err := t.activity.ReplyWindow(ctx, t.openID)
	if err != nil {
		return err
	}
	if wrote.IsZero() {
		say("last message time", "not known: it comes with the messages to the server's address")
		return nil
	}
	say("last message time", "%s, can be answered: %v, until %s", wrote.Format(time.RFC3339), open, until.Format(time.RFC3339))
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
		say("template message", "%d templates; none sent, that needs -write, a template and a follower", len(templates))
		return nil
	}
	id, err := t.client.SendTemplateMessage(ctx, wechat.TemplateMessage{
		OpenID: t.openID, TemplateID: t.template,
		Data: wechat.TemplateData{}.Set("thing1", "招牌奶茶").Set("character_string2", "SF1234567890"),
	})
	if err != nil {
		return err
	}
	say("template message", "sent, id %d", id)
	return nil
}

// menu creates, lists and deletes the menu, and shows how its events were answered.
func (t *tour) menu(ctx context.Context) error {
	info, err := t.client.GetMenu(ctx)
	switch {
	case err == nil && t.platform == nil:
		say("menu", "listed: %d buttons, left as they are", len(info.Default.Buttons))
		return nil
	case err != nil && !errors.Is(err, wechat.ErrMenuNotFound):
		return err
	case !t.write:
		say("menu", "there is none; none created, that needs -write")
		return nil
	}
	menu := wechat.NewMenu(
		wechat.ClickButton("今日推荐", "TODAY"),
		wechat.SubMenu("更多", wechat.ViewButton("官网", "https://example.com/"), wechat.ScanButton("扫一扫", "SCAN")),
	)
	if err := t.client.CreateMenu(ctx, menu); err != nil {
		return err
	}
	say("menu created", "%d buttons", len(menu.Buttons))
	if info, err = t.client.GetMenu(ctx); err != nil {
		return err
	}
	for _, b := range info.Default.Buttons {
		say("menu listed", "%s (%d below it)", b.Name, len(b.SubButtons))
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
	say("menu deleted", "and listing it says so: %v", err)
	return nil
}

// click is a menu event, and the status of the account's answers to such events.
func (t *tour) click(ctx context.Context) error {
	if t.platform == nil {
		return nil
	}
	report := t.alice.Clicks(ctx, "TODAY")
	if report.Seen != wechattest.SeenReply {
		return errors.New("the click was not answered")
	}
	say("menu clicked", "answered %q", report.Reply.Content)
	menu, err := t.activity.MenuStatus(ctx)
	if err != nil {
		return err
	}
	for key, s := range menu {
		say("menu event status", "%s: %d received, %d answered, %d failed, last at %s, took %s",
			key, s.Received, s.Answered, s.Failed, s.Last.Format(time.RFC3339), s.Latency.Round(time.Microsecond))
	}
	return nil
}

// errors meets the three kinds of failed calls, and the one that is not even made.
func (t *tour) errors(ctx context.Context) error {
	_, err := t.client.GetUser(ctx, "")
	var argument *wechat.ArgumentError
	if !errors.As(err, &argument) {
		return fmt.Errorf("an empty openid was let through: %w", err)
	}
	say("wrong argument", "not sent: %v", err)

	_, err = t.client.GetUser(ctx, "not-an-openid")
	var refusal *wechat.Error
	if !errors.As(err, &refusal) || !errors.Is(err, wechat.ErrInvalidOpenID) {
		return fmt.Errorf("a wrong openid was not refused: %w", err)
	}
	say("wrong parameter", "refused with errcode %d: %v", refusal.Code, err)

	nobody := wechat.NewClient("wx0", "none", wechat.WithBaseURL("http://127.0.0.1:1"), wechat.WithRetry(wechat.RetryPolicy{MaxAttempts: 1}))
	_, err = nobody.GetUser(ctx, "openid")
	var failure *wechat.RequestError
	if !errors.As(err, &failure) {
		return fmt.Errorf("a request to nobody succeeded: %w", err)
	}
	say("request failed", "%v", err)

	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	defer page.Close()
	proxy := wechat.NewClient("wx0", "none", wechat.WithBaseURL(page.URL), wechat.WithTokenSource(wechat.StaticToken("none")))
	_, err = proxy.GetUser(ctx, "openid")
	var unreadable *wechat.DecodeError
	if !errors.As(err, &unreadable) {
		return fmt.Errorf("a page was taken for an answer: %w", err)
	}
	say("wrong reply content", "%v", err)
	return nil
}

func say(what, format string, args ...any) {
	fmt.Printf("%-20s %s\n", what, fmt.Sprintf(format, args...))
}

// explain says what a person can do about an error.
func explain(err error) string {
	var failure *wechat.RequestError
	switch {
	case errors.Is(err, wechat.ErrConfiguration):
		return fmt.Sprintf("The platform does not accept this AppID, AppSecret or IP address: %v", err)
	case errors.As(err, &failure):
		return fmt.Sprintf("The platform could not be reached. Is there a network, and does it let api.weixin.qq.com through?\n%v", err)
	}
	return err.Error()
}
