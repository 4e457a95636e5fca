package browsertest

import (
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
)

func TestFirstTextGetsTheProgramsAnswer(t *testing.T) {
	s := startSimulator(t)
	p := startProgram(t, s)
	w := open(t, s)
	w.see("#callback-status", "No callback URL")
	w.click("#tab-setup")
	w.fill("#callback-form [name=url]", p.URL)
	w.click("#save-callback")
	w.see("#callback-outcome", "Verified")
	w.see("#callback-status", "Callback verified")

	w.click("#first-follower")
	w.fill("dialog [name=nickname]", "小明")
	w.click("dialog [name=not_following]")
	w.clickText("dialog button", "Add")
	w.see(".chat-title", "小明")
	w.see(".chat-state", "Not following")
	w.click("#subscribe")
	w.see(".item-theirs .bubble", "感谢关注！")
	w.see(".chat-state", "Following")

	w.say("你好")
	w.see(".item-theirs .bubble", "收到：你好")
	w.see(".followers .row", "收到：你好")

	w.click("#unsubscribe")
	w.see(".event-line", "You unsubscribed")
	w.see(".chat-state", "Not following")
}

func TestDemoAnswersTheFirstText(t *testing.T) {
	s := startSimulator(t, "-demo")
	w := open(t, s)
	w.see("#callback-status", "Callback verified")
	w.see(".chat-title", "小明")
	w.click("#swap") // from the menu to the keyboard
	w.say("你好")
	w.see(".item-theirs .bubble", "你好")
}

func TestProfileAndTagsAreEdited(t *testing.T) {
	s := startSimulator(t)
	client := s.client()
	tag, err := client.CreateTag(t.Context(), "VIP")
	require.NoError(t, err)
	openID := s.addFollower("Alice")
	s.addFollower("Bob")
	w := open(t, s)
	w.click("#edit-profile")
	w.fill("dialog [name=remark]", "老客户")
	w.clickText("dialog .check", "VIP")
	w.clickText("dialog .check", "Refuses the account's messages")
	w.clickText("dialog button", "Save")
	w.see(".chat-title", "老客户")
	w.see(".chat-state", "Refuses messages · #VIP")
	w.fill("#follower-search", "vip")
	w.see(".followers .count", "1 of 2")

	user, err := client.GetUser(t.Context(), openID)
	require.NoError(t, err)
	require.Equal(t, "老客户", user.Remark)
	require.Equal(t, []int64{tag.ID}, user.TagIDs)
	err = client.SendCustomMessage(t.Context(), wechat.SendCustomMessageRequest{OpenID: openID, Message: wechat.TextMessage{Content: "hi"}})
	require.ErrorIs(t, err, wechat.ErrMessagesRefused)
	require.NoError(t, client.UntagUsers(t.Context(), tag.ID, openID))
	w.see(".followers .count", "0 of 2")
}

func TestMenuIsTheOneThatTheFollowerSees(t *testing.T) {
	s := startSimulator(t)
	p := startProgram(t, s)
	p.connect(s)
	tag, err := p.client.CreateTag(t.Context(), "VIP")
	require.NoError(t, err)
	menu := wechat.NewMenu(wechat.ClickButton("今日推荐", "TODAY"), wechat.SubMenu("更多", wechat.ClickButton("关于", "ABOUT"), wechat.ViewButton("网站", "https://example.com/home")))
	require.NoError(t, p.client.CreateMenu(t.Context(), menu))
	_, err = p.client.AddConditionalMenu(t.Context(), wechat.NewMenu(wechat.ClickButton("会员", "MEMBER")), wechat.MatchRule{TagID: tag.ID})
	require.NoError(t, err)
	openID := s.addFollower("Alice")

	w := open(t, s)
	w.clickText(".menu-bar button", "今日推荐")
	w.see(".event-line", "You tapped the menu · TODAY")
	w.see(".item-theirs .bubble", "您点击了 TODAY")
	w.clickText(".menu-bar button", "更多")
	w.clickText(".submenu button", "关于")
	w.see(".item-theirs .bubble", "您点击了 ABOUT")

	require.NoError(t, p.client.TagUsers(t.Context(), tag.ID, openID))
	w.see(".menu-bar button", "会员")
	w.seeNot(".menu-bar button", "今日推荐")
	require.NoError(t, p.client.UntagUsers(t.Context(), tag.ID, openID))

	w.clickText(".menu-bar button", "更多")
	w.clickText(".submenu a", "网站")
	w.see(".event-line", "You opened a link · https://example.com/home")
}

func TestCardsAndMenuMessagesCanBeTapped(t *testing.T) {
	s := startSimulator(t)
	p := startShop(t, s)
	openID := s.addFollower("Alice")
	w := open(t, s)
	p.notify(openID)
	w.see(".card-template strong", "订单发货提醒")
	w.see(".card-template p", "手冲咖啡壶")
	w.see(".card-template a", "example.com")
	w.say("优惠")
	w.clickText(".answer", "新品")
	w.see(".item-mine .bubble", "新品")
	w.see(".card-news .article-title", "本周新品")

	message := func(m wechat.Message) {
		t.Helper()
		require.NoError(t, p.client.SendCustomMessage(t.Context(), wechat.SendCustomMessageRequest{OpenID: openID, Message: m}))
	}
	picture := p.upload()
	w.say("再看看")
	message(wechat.ImageMessage{MediaID: picture})
	w.until("document.querySelector('img.picture')?.naturalWidth === 64")
	message(wechat.MusicMessage{Title: "晨曲", Description: "钢琴", URL: "https://example.com/a.mp3", HQURL: "https://example.com/b.mp3", ThumbMediaID: picture})
	w.see(".card-music strong", "晨曲")
	message(wechat.MiniProgramMessage{Title: "会员卡", AppID: "wx0123456789abcdef", PagePath: "pages/card", ThumbMediaID: picture})
	w.see(".card-app", "会员卡")
	require.NoError(t, p.client.StartTyping(t.Context(), wechat.TypingRequest{OpenID: openID}))
	w.see(".is-typing .chat-state", "The account is typing…")
	message(wechat.TextMessage{Content: `<a href="https://example.com/sale">点这里</a>`})
	w.see(".bubble a[href='https://example.com/sale'][rel~=noopener]", "点这里")
	w.seeNot(".chat-state", "typing")
}

func TestFollowerSendsEverythingThatTheAppCanSend(t *testing.T) {
	s := startSimulator(t)
	p := startShop(t, s)
	_, err := p.client.CreateQRCode(t.Context(), wechat.QRSceneString("poster"), time.Hour)
	require.NoError(t, err)
	openID := s.addFollower("Alice")
	w := open(t, s)
	w.click("#more-button")
	for _, name := range []string{"Image", "Voice", "Video", "Location"} {
		w.clickText(".more-action", name)
		w.clickText("dialog button", "Send")
		w.until("document.querySelector('dialog') === null")
	}
	w.until("document.querySelector('.item-mine img.picture')?.naturalWidth === 240")
	w.see(".item-mine .voice", "Voice")
	w.see(".item-mine .card-video", "")
	w.see(".item-mine .card-location", "故宫博物院")
	w.clickText(".more-action", "Link")
	w.fill("dialog [name=title]", "一篇文章")
	w.fill("dialog [name=url]", "https://example.com/post")
	w.clickText("dialog button", "Send")
	w.see(".item-mine .card-link strong", "一篇文章")

	w.clickText(".more-action", "Scan a QR code")
	w.click("dialog [data-scene=poster]")
	w.see(".event-line", "You scanned a QR code · poster")

	w.clickText(".more-action", "Accept a notification")
	w.see("dialog .notification", "到货通知")
	w.clickText("dialog button", "Accept")
	w.see(".event-line", "You answered a request for notifications")
	require.NoError(t, p.client.SendSubscribeMessage(t.Context(), wechat.SubscribeMessage{
		OpenID: openID, TemplateID: p.notice, Data: wechat.TemplateData{}.Set("thing1", "滤纸"),
	}))
	w.see(".card-template strong", "到货通知")
	w.see(".card-template p", "滤纸")
}

func TestReasonIsShownBesideWhatAFollowerSees(t *testing.T) {
	s := startSimulator(t)
	s.addFollower("Alice")
	w := open(t, s)
	w.say("anyone?")
	w.see(".item-mine .note[data-code=no_callback]", "No callback URL is set")

	p := startShop(t, s)
	s.post("followers", map[string]any{"openid": "o-patient", "nickname": "Patience"})
	w.clickText(".row-title", "Patience")
	w.say("hello?")
	w.see(".sending", "")
	w.see(".item-line", "该公众号提供的服务出现故障，请稍后再试")
	w.see(".item-line .note[data-code=timeout]", "did not respond in time: 1s (3 deliveries)")
	w.clickText(".note button", "Show in the log")
	w.see(".detail h4", "Deliveries: 3")
	w.see(".detail", "<Content><![CDATA[hello?]]></Content>")

	p.server.Close()
	w.clickText(".row-title", "Alice")
	w.say("still there?")
	w.see(".item-line .note[data-code=refused]", "Connection refused")
}

func TestLateAndWrongAnswersHaveTheirReasonsUntilPushesArePaused(t *testing.T) {
	s := startSimulator(t)
	p := startProgram(t, s)
	p.connect(s)
	s.addFollower("Alice")
	w := open(t, s)
	var answers http.Handler
	answers = p.replace(func(w http.ResponseWriter, r *http.Request) {
		p.handler.Store(&answers)
		never(w, r)
	})
	w.say("slow")
	w.see(".item-theirs .bubble", "收到：slow")
	w.see(".item-mine .note[data-code=late]", "The first response came too late")
	w.see(".item-mine .note[data-code=late] .note-error", "deadline exceeded")

	for code, answer := range map[string]string{
		"format":        "hello",
		"not_encrypted": "<xml><ToUserName>o-alice</ToUserName><FromUserName>gh</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>hi</Content></xml>",
		"status":        "",
	} {
		p.replace(func(w http.ResponseWriter, _ *http.Request) {
			if answer == "" {
				w.WriteHeader(http.StatusInternalServerError)
			}
			_, _ = w.Write([]byte(answer))
		})
		w.say("wrong " + code)
		w.see(".item-line", "该公众号提供的服务出现故障，请稍后再试")
		w.see(".item-line .note[data-code="+code+"]", "3 deliveries")
	}
	w.see(".item-line .note[data-code=status] .note-error", "HTTP status 500")
	w.clickText(".note[data-code=status] button", "Show in the log")
	w.see(".detail .note-error", "HTTP status 500")
	w.see("#callback-status", "Pushes paused")
	p.handler.Store(&answers)
	w.say("in the pause")
	w.clickText(".item-line .note[data-code=pushes_paused] button", "Move the clock by a minute to end the pause")
	w.see("#callback-status", "Callback verified")
	w.say("after the pause")
	w.see(".item-theirs .bubble", "收到：after the pause")
}

func TestMessageWithHTMLIsShownAsText(t *testing.T) {
	s := startSimulator(t)
	p := startShop(t, s)
	openID := s.addFollower("Alice")
	w := open(t, s)
	const attack = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script><b>bold</b>`
	w.say(attack)
	w.see(".item-mine .bubble", attack)
	w.see(".item-theirs .bubble", "收到："+attack)
	for _, content := range []string{`<a href="javascript:document.title='owned'">click</a>`, `<a href="https://example.com" onclick="document.title='owned'">go</a>`} {
		require.NoError(t, p.client.SendCustomMessage(t.Context(), wechat.SendCustomMessageRequest{OpenID: openID, Message: wechat.TextMessage{Content: content}}))
	}
	w.see(".bubble", "javascript:document.title='owned'")
	w.see(".bubble a", "go")
	s.post("followers", map[string]any{"nickname": attack})
	w.see(".row-title", attack)
	w.click("#tab-log")
	w.clickText(".entry-name", "text Alice")
	w.see(".detail", attack)
	require.Equal(t, "Official Account simulator", evaluate[string](w, "document.title"))
	require.Zero(t, evaluate[int](w, `document.querySelectorAll("main img, main script, main b, [onclick], a[href^=javascript]").length`))
}

func TestArticlesOpenAndTakeComments(t *testing.T) {
	s := startSimulator(t)
	p := startShop(t, s)
	openID := s.addFollower("Alice")
	cover, err := p.client.UploadMaterial(t.Context(), wechat.MediaImage, cup(t))
	require.NoError(t, err)
	draft, err := p.client.CreateDraft(t.Context(), wechat.DraftArticle{
		Title: "新店开业", Author: "小店", Content: "<p>欢迎<b>光临</b></p><script>document.title = 'owned'</script><p>周六见</p>", ThumbMediaID: cover.MediaID, OpenComment: wechat.NewFlag(true),
	})
	require.NoError(t, err)
	_, err = p.client.PublishDraft(t.Context(), draft)
	require.NoError(t, err)

	w := open(t, s)
	w.click("#open-articles")
	w.clickText(".choice strong", "新店开业")
	w.see(".reader p", "欢迎光临")
	w.see(".reader p", "周六见")
	w.fill(".reader [name=content]", "好！")
	w.clickText(".reader button", "Send")
	w.see(".comment", "好！")
	published, err := p.client.ListPublications(t.Context(), wechat.ListPublicationsRequest{Count: 1})
	require.NoError(t, err)
	require.Len(t, published.Items, 1)
	w.press(kb.Escape)
	w.until("document.querySelectorAll('dialog').length === 1")
	w.press(kb.Escape)
	w.until("document.querySelector('dialog') === null")
	w.say("有新文章吗？")
	article := wechat.MPNewsArticleMessage{ArticleID: published.Items[0].ArticleID}
	require.NoError(t, p.client.SendCustomMessage(t.Context(), wechat.SendCustomMessageRequest{OpenID: openID, Message: article}))
	w.clickText(".card-news .article-title", "新店开业")
	w.see(".comment", "好！")
	w.press(kb.Escape)

	draft, err = p.client.CreateDraft(t.Context(), wechat.DraftArticle{Title: "群发的文章", Content: "<p>大家好</p>", ThumbMediaID: cover.MediaID})
	require.NoError(t, err)
	_, err = p.client.SendMass(t.Context(), wechat.SendMassRequest{ToAll: true, Message: wechat.MPNewsMessage{MediaID: draft}})
	require.NoError(t, err)
	w.see(".via", "Mass message")
	w.clickText(".card-news .article-title", "群发的文章")
	w.see(".reader p", "大家好")
}
