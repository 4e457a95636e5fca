package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

var ctx = context.Background()

func Example() {
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

func ExampleClient_CreateMenu() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	err := client.CreateMenu(ctx, wechat.NewMenu(
		wechat.ClickButton("今日推荐", "TODAY"),
		wechat.SubMenu("更多",
			wechat.ViewButton("官网", "https://example.com/"),
			wechat.ScanButton("扫一扫", "SCAN"),
		),
	))
	if err != nil {
		log.Fatal(err)
	}
	info, err := client.GetMenu(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, b := range info.Default.Buttons {
		fmt.Println(b.Name, len(b.SubButtons))
	}
	err = client.CreateMenu(ctx, wechat.NewMenu(wechat.SubMenu("一个太长的按钮", wechat.ClickButton("今日推荐", "TODAY"))))
	fmt.Println(err)
	// Output:
	// 今日推荐 0
	// 更多 2
	// wechat: invalid argument Buttons[0].Name: must have at most 16 bytes, but has 21
}

func ExampleClient_AddConditionalMenu() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	alice := platform.AddUser(wechattest.User{})

	if err := client.CreateMenu(ctx, wechat.NewMenu(wechat.ClickButton("推荐", "TODAY"))); err != nil {
		log.Fatal(err)
	}
	vip, err := client.CreateTag(ctx, "VIP")
	if err != nil {
		log.Fatal(err)
	}
	if err := client.TagUsers(ctx, vip.ID, alice.OpenID); err != nil {
		log.Fatal(err)
	}
	_, err = client.AddConditionalMenu(ctx, wechat.NewMenu(wechat.ClickButton("会员专享", "VIP")), wechat.MatchRule{TagID: vip.ID})
	if err != nil {
		log.Fatal(err)
	}

	menu, err := client.TryMatchMenu(ctx, alice.OpenID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(menu.Buttons[0].Name)
	// Output:
	// 会员专享
}

func ExampleClient_GetUser() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	platform.AddUser(wechattest.User{OpenID: "oAlice", Remark: "Alice"})
	client := platform.Client()

	for _, openID := range []string{"oAlice", "oNobody"} {
		user, err := client.GetUser(ctx, openID)
		if errors.Is(err, wechat.ErrInvalidOpenID) {
			fmt.Println(openID, "is not a user of this account")
			continue
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(user.OpenID, user.Remark)
	}
	// Output:
	// oAlice Alice
	// oNobody is not a user of this account
}

func ExampleClient_AllFollowers() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	platform.AddUsers(250)
	client := platform.Client()

	followers := 0
	for user, err := range client.AllFollowers(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		if user.Subscribed {
			followers++
		}
	}
	fmt.Println(followers, platform.Requests("/cgi-bin/user/info/batchget"))
	// Output:
	// 250 3
}

// AllFollowerIDs fetches openids only, 10,000 at a time.
func ExampleClient_AllFollowerIDs() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	platform.AddUsers(25_000)
	client := platform.Client()

	followers := 0
	for _, err := range client.AllFollowerIDs(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		followers++
	}
	fmt.Println(followers, "followers in", platform.Requests("/cgi-bin/user/get"), "calls")
	// Output:
	// 25000 followers in 3 calls
}

func ExampleClient_TagUsers() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	platform.AddUser(wechattest.User{OpenID: "oAlice"})
	platform.AddUser(wechattest.User{OpenID: "oBob"})
	client := platform.Client()

	tag, err := client.CreateTag(ctx, "VIP")
	if err != nil {
		log.Fatal(err)
	}
	if err := client.TagUsers(ctx, tag.ID, "oAlice", "oBob"); err != nil {
		log.Fatal(err) // a *wechat.BatchError lists who did not get it
	}
	for openID, err := range client.AllTagFollowerIDs(ctx, tag.ID) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(openID)
	}
	// Unordered output:
	// oAlice
	// oBob
}

func ExampleClient_SendTemplateMessage() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	alice := platform.AddUser(wechattest.User{})
	template := platform.AddTemplate(wechattest.Template{Title: "发货提醒", Content: "商品：{{thing1.DATA}}\n单号：{{character_string2.DATA}}"})

	_, err := client.SendTemplateMessage(ctx, wechat.TemplateMessage{
		OpenID:      alice.OpenID,
		TemplateID:  template,
		Data:        wechat.TemplateData{}.Set("thing1", "招牌奶茶").Set("character_string2", "SF1234567890"),
		URL:         "https://example.com/orders/1",
		ClientMsgID: "order-1-shipped", // makes the call repeatable
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(alice.LastMessage().Via, alice.LastMessage().Data["thing1"])
	// Output:
	// template 招牌奶茶
}

func ExampleClient_SendCustomMessage() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	alice := platform.AddUser(wechattest.User{})

	hello := wechat.SendCustomMessageRequest{OpenID: alice.OpenID, Message: wechat.TextMessage{Content: "您好"}}
	err := client.SendCustomMessage(ctx, hello)
	fmt.Println(errors.Is(err, wechat.ErrReplyWindowClosed)) // Alice has not written yet
	alice.Sends(ctx, "在吗？")
	if err := client.SendCustomMessage(ctx, hello); err != nil {
		log.Fatal(err)
	}
	fmt.Println(alice.LastMessage().Content)
	// Output:
	// true
	// 您好
}

func ExampleClient_UploadMedia() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	// An *os.File will do as Content, as will any other reader.
	media, err := client.UploadMedia(ctx, wechat.MediaImage, wechat.File{
		Name:    "poster.png",
		Content: strings.NewReader("the bytes of a picture"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(media.Type, media.MediaID != "")
	// Output:
	// image true
}

func ExampleOpenFile() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	name := filepath.Join(os.TempDir(), "wechat-poster.png")
	if err := os.WriteFile(name, []byte("the bytes of a picture"), 0o600); err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.Remove(name) }()

	material, err := client.UploadMaterial(ctx, wechat.MediaImage, wechat.OpenFile(name))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(material.MediaID != "")
	// Output:
	// true
}

func ExampleSaveFile() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	name := filepath.Join(os.TempDir(), "wechat-example.jpg")
	defer func() { _ = os.Remove(name) }()

	media, err := client.UploadMedia(ctx, wechat.MediaImage, wechat.File{Name: "cat.jpg", Content: strings.NewReader("a picture")})
	if err != nil {
		log.Fatal(err)
	}
	err = wechat.SaveFile(name, func(w io.Writer) error {
		_, err := client.DownloadMedia(ctx, media.MediaID, w)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(content))
	// Output:
	// a picture
}

func ExampleClient_PublishDraft() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	cover := platform.AddMaterial(wechat.MediaImage, wechattest.File{Name: "cover.jpg", Data: []byte("a picture")})

	draft, err := client.CreateDraft(ctx, wechat.DraftArticle{Title: "新品上市", Content: "<p>……</p>", ThumbMediaID: cover})
	if err != nil {
		log.Fatal(err)
	}
	submission, err := client.PublishDraft(ctx, draft)
	if err != nil {
		log.Fatal(err)
	}
	platform.Wait() // publishing takes its time; its end is an event, too
	job, err := client.GetPublishJob(ctx, submission.PublishID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(job.Status == wechat.PublishStatusSucceeded, job.ArticleID != "")
	// Output:
	// true true
}

func ExampleClient_SendMass() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	alice := platform.AddUser(wechattest.User{})

	// The first answer is lost on the way. The client sends the same order again, and
	// the platform knows it by its id.
	platform.InjectFault("/cgi-bin/message/mass/sendall", wechattest.Fault{Drop: true, Executed: true})
	_, err := client.SendMass(ctx, wechat.SendMassRequest{ToAll: true, Message: wechat.TextMessage{Content: "新品上市"}, ClientMsgID: "spring-1"})
	if err != nil {
		log.Fatal(err)
	}
	platform.Wait()
	fmt.Println(len(alice.Messages()), alice.LastMessage().Content)
	// Output:
	// 1 新品上市
}

// The page sends the browser to this address.
func ExampleClient_OAuthURL() {
	client := wechat.NewClient("wx0123456789abcdef", "")
	address, err := client.OAuthURL(wechat.OAuthURLRequest{
		RedirectURL: "https://example.com/login",
		Scope:       wechat.OAuthScopeBase,
		State:       "3a1f", // wechat.NewOAuthState(), kept in the browser's session
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(address)
	// Output:
	// https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fexample.com%2Flogin&response_type=code&scope=snsapi_base&state=3a1f#wechat_redirect
}

func ExampleClient_GetOAuthUserByCode() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	alice := platform.AddUser(wechattest.User{Nickname: "Alice"})

	state := wechat.NewOAuthState() // goes into the user's session
	address, err := client.OAuthURL(wechat.OAuthURLRequest{
		RedirectURL: "https://shop.example.com/login", Scope: wechat.OAuthScopeUserInfo, State: state,
	})
	if err != nil {
		log.Fatal(err)
	}
	back, err := alice.Authorizes(address) // the browser goes there, and comes back
	if err != nil {
		log.Fatal(err)
	}
	query, err := url.Parse(back)
	if err != nil {
		log.Fatal(err)
	}

	if err := state.Check(query.Query().Get("state")); err != nil {
		log.Fatal(err)
	}
	user, err := client.GetOAuthUserByCode(ctx, wechat.Secret(query.Query().Get("code")))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Nickname)
	// Output:
	// Alice
}

func ExampleClient_SignPage() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	config, err := client.SignPage(ctx, "https://shop.example.com/order?id=1", "scanQRCode")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(config.JSAPIList) // goes to the page as JSON, for wx.config
	fmt.Println(platform.VerifyPage("https://shop.example.com/order?id=1#top", config.Nonce, config.Timestamp, config.Signature))
	// Output:
	// [scanQRCode]
	// <nil>
}

func ExampleClient_Do() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	// An API that has no method here.
	platform.Handle("/cgi-bin/brand/new", func(wechattest.Call) (any, error) { return map[string]string{"name": "新接口"}, nil })
	var answer struct {
		Name string `json:"name"`
	}
	err := client.Do(ctx, wechat.Request{Path: "/cgi-bin/brand/new", Body: map[string]int{"id": 1}, Idempotent: true}, &answer)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Name)
	// Output:
	// 新接口
}

func ExampleError() {
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

// What to do about a refusal depends on its family.
func ExampleCodeFamily() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	for _, code := range []wechat.Code{wechat.ErrNotFollower, wechat.ErrDailyQuota, wechat.ErrUnauthorizedAPI} {
		platform.FailNext("/cgi-bin/message/template/send", code)
		_, err := client.SendTemplateMessage(ctx, wechat.TemplateMessage{OpenID: "oAlice", TemplateID: "ORDER"})
		switch {
		case errors.Is(err, wechat.ErrUnreachableUser):
			fmt.Println("go on with the next user")
		case errors.Is(err, wechat.ErrQuotaExceeded):
			fmt.Println("go on tomorrow")
		case err != nil:
			fmt.Println("tell somebody:", errors.Is(err, wechat.ErrForbidden))
		}
	}
	// Output:
	// go on with the next user
	// go on tomorrow
	// tell somebody: true
}

func ExampleRequestError() {
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
	platform := wechattest.NewPlatform()
	defer platform.Close()
	store := wechat.NewMemoryTokenStore() // or one that other machines share
	for range 10 {
		client := platform.Client(wechat.WithTokenStore(store))
		_, err := client.ListTags(ctx)
		if err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(platform.Requests("/cgi-bin/stable_token"))
	// Output:
	// 1
}

func ExampleWithTokenSource() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	center := platform.Client() // a client is a source of tokens
	client := platform.Client(wechat.WithTokenSource(center))
	_, err := client.ListTags(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(platform.Requests("/cgi-bin/stable_token"))
	// Output:
	// 1
}
