package silenceper

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/silenceper/wechat/v2/domain/openapi"
	"github.com/silenceper/wechat/v2/officialaccount"
	"github.com/silenceper/wechat/v2/officialaccount/basic"
	"github.com/silenceper/wechat/v2/officialaccount/broadcast"
	"github.com/silenceper/wechat/v2/officialaccount/customerservice"
	"github.com/silenceper/wechat/v2/officialaccount/draft"
	"github.com/silenceper/wechat/v2/officialaccount/freepublish"
	"github.com/silenceper/wechat/v2/officialaccount/material"
	"github.com/silenceper/wechat/v2/officialaccount/menu"
	"github.com/silenceper/wechat/v2/officialaccount/message"
	"github.com/silenceper/wechat/v2/officialaccount/user"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTokens(t *testing.T) {
	f, oa := start(t)
	token, err := oa.GetAccessToken()
	require.NoError(t, err)
	assert.Greater(t, len(token), 100)
	_, err = oa.GetBasic().GetCallbackIP()
	require.NoError(t, err)
	assert.Equal(t, 1, f.executed("/cgi-bin/token"))

	f.control("DELETE", "/tokens", nil)
	_, err = oa.GetBasic().GetCallbackIP()
	assert.ErrorContains(t, err, "40001", "the SDK does not fetch another one before the time")
}

func TestBasics(t *testing.T) {
	f, oa := start(t)
	b := oa.GetBasic()
	ips, err := b.GetAPIDomainIP()
	require.NoError(t, err)
	assert.NotEmpty(t, ips)
	require.NoError(t, b.ClearQuota())
	assert.Equal(t, 1, f.executed("/cgi-bin/clear_quota"))

	quota, err := oa.GetOpenAPI().GetAPIQuota(openapi.GetAPIQuotaParams{CgiPath: "/cgi-bin/menu/create"})
	require.NoError(t, err)
	assert.EqualValues(t, 1000, quota.Quota.DailyLimit)
	require.NoError(t, oa.GetOpenAPI().ClearQuotaByAppSecret())
	assert.Equal(t, 1, f.executed("/cgi-bin/clear_quota/v2"))
}

func TestQRCodes(t *testing.T) {
	f, oa := start(t)
	ticket, err := oa.GetBasic().GetQRTicket(basic.NewTmpQrRequest(time.Hour, "shop"))
	require.NoError(t, err)
	require.NotEmpty(t, ticket.Ticket)
	f.control("POST", "/followers", obj{"openid": "o-new", "not_following": true})
	f.control("POST", "/followers/o-new/events", obj{"event": "SCAN", "scene": ticket.Ticket})
	info := f.call("/cgi-bin/user/info?openid=o-new", nil)
	assert.Equal(t, "shop", info["qr_scene_str"])

	limit, err := oa.GetBasic().GetQRTicket(basic.NewLimitQrRequest(42))
	require.NoError(t, err)
	resp, err := http.Get(basic.ShowQRCode(limit))
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	assert.Contains(t, resp.Header.Get("Content-Type"), "image/")
}

func TestMenus(t *testing.T) {
	f, oa := start(t)
	alice := f.follower("o-alice")
	m := oa.GetMenu()
	require.NoError(t, m.SetMenu([]*menu.Button{
		new(menu.Button).SetClickButton("Today", "TODAY"),
		new(menu.Button).SetSubButton("More", []*menu.Button{new(menu.Button).SetViewButton("Site", "https://example.com/?a=1&b=2")}),
	}))
	seen := func() list {
		t.Helper()
		return f.control("GET", "/followers/"+alice, nil)["menu"].(obj)["buttons"].(list)
	}
	require.Len(t, seen(), 2)
	assert.Equal(t, "TODAY", seen()[0].(obj)["key"])
	assert.Equal(t, "https://example.com/?a=1&b=2", seen()[1].(obj)["sub_button"].(list)[0].(obj)["url"])

	got, err := m.GetMenu()
	require.NoError(t, err)
	assert.Len(t, got.Menu.Button, 2)
	self, err := m.GetCurrentSelfMenuInfo()
	require.NoError(t, err)
	assert.EqualValues(t, 1, self.IsMenuOpen)

	require.NoError(t, m.AddConditional([]*menu.Button{new(menu.Button).SetClickButton("Phone", "P")}, &menu.MatchRule{ClientPlatformType: "3"}))
	assert.Equal(t, "P", seen()[0].(obj)["key"])
	matched, err := m.MenuTryMatch(alice)
	require.NoError(t, err)
	require.Len(t, matched, 1)
	got, err = m.GetMenu()
	require.NoError(t, err)
	require.Len(t, got.Conditionalmenu, 1)
	require.NoError(t, m.DeleteConditional(got.Conditionalmenu[0].MenuID))
	assert.Equal(t, "TODAY", seen()[0].(obj)["key"])

	require.NoError(t, m.DeleteMenu())
	assert.Nil(t, f.control("GET", "/followers/"+alice, nil)["menu"])
}

func TestUsersAndTags(t *testing.T) {
	f, oa := start(t)
	alice, bob := f.follower("o-alice"), f.follower("o-bob")
	u := oa.GetUser()
	require.NoError(t, u.UpdateRemark(alice, "Alice <A&B>"))
	assert.Equal(t, "Alice <A&B>", f.call("/cgi-bin/user/info?openid="+alice, nil)["remark"])
	info, err := u.GetUserInfo(alice)
	require.NoError(t, err)
	assert.EqualValues(t, 1, info.Subscribe)
	infos, err := u.BatchGetUserInfo(user.BatchGetUserInfoParams{UserList: []user.BatchGetUserListItem{{OpenID: alice, Lang: "zh_CN"}, {OpenID: bob, Lang: "en"}}})
	require.NoError(t, err)
	assert.Len(t, infos.UserInfoList, 2)
	ids, err := u.ListAllUserOpenIDs()
	require.NoError(t, err)
	assert.Equal(t, []string{alice, bob}, ids)

	tag, err := u.CreateTag("VIP")
	require.NoError(t, err)
	require.NoError(t, u.UpdateTag(tag.ID, "Friends"))
	require.NoError(t, u.BatchTag([]string{alice, bob}, tag.ID))
	tags := func(openID string) string {
		t.Helper()
		return fmt.Sprint(f.control("GET", "/followers/"+openID, nil)["tag_ids"])
	}
	assert.Equal(t, fmt.Sprint([]int32{tag.ID}), tags(alice))
	of, err := u.UserTidList(alice)
	require.NoError(t, err)
	assert.Equal(t, []int32{tag.ID}, of)
	with, err := u.OpenIDListByTag(tag.ID)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{alice, bob}, with.Data.OpenIDs)
	require.NoError(t, u.BatchUntag([]string{bob}, tag.ID))
	assert.Equal(t, "[]", tags(bob))
	all, err := u.GetTag()
	require.NoError(t, err)
	assert.Len(t, all, 2, "and the one that every account has")
	require.NoError(t, u.DeleteTag(tag.ID))
	assert.Equal(t, "[]", tags(alice))

	require.NoError(t, u.BatchBlackList(bob))
	assert.Equal(t, true, f.writes(bob, "hello?")["blocked"])
	black, err := u.GetAllBlackList()
	require.NoError(t, err)
	assert.Equal(t, []string{bob}, black)
	require.NoError(t, u.BatchUnBlackList(bob))
	assert.Equal(t, json.Number("0"), f.call("/cgi-bin/tags/members/getblacklist", obj{"begin_openid": ""})["total"])
}

func TestCustomerServiceMessages(t *testing.T) {
	f, oa := start(t)
	alice := f.follower("o-alice")
	m := oa.GetCustomerMessageManager()
	image, voice, video, thumb := f.media("image", false), f.media("voice", false), f.media("video", false), f.media("thumb", false)

	require.ErrorContains(t, m.Send(message.NewCustomerTextMessage(alice, "too early")), "45015")
	for _, group := range [][]struct {
		sent *message.CustomerMessage
		seen obj
	}{{
		{message.NewCustomerTextMessage(alice, `<a href="https://example.com/?a&b">tap</a>`), obj{"type": "text", "content": `<a href="https://example.com/?a&b">tap</a>`}},
		{message.NewCustomerImgMessage(alice, image), obj{"type": "image", "media_id": image}},
		{message.NewCustomerVoiceMessage(alice, voice), obj{"type": "voice", "media_id": voice}},
		{message.NewCustomerMiniprogrampageMessage(alice, "Shop", "wx0123456789abcdef", "pages/index", thumb), obj{"type": "miniprogrampage", "page_path": "pages/index"}},
	}, {
		{&message.CustomerMessage{ToUser: alice, Msgtype: message.MsgTypeVideo, Video: &message.MediaVideo{MediaID: video, ThumbMediaID: thumb, Title: "T"}}, obj{"type": "video", "media_id": video, "title": "T"}},
		{&message.CustomerMessage{ToUser: alice, Msgtype: message.MsgTypeMusic, Music: &message.MediaMusic{Title: "M", Musicurl: "https://example.com/a.mp3", Hqmusicurl: "https://example.com/b.mp3", ThumbMediaID: thumb}}, obj{"type": "music", "title": "M"}},
		{&message.CustomerMessage{ToUser: alice, Msgtype: message.MsgTypeNews, News: &message.MediaNews{Articles: []message.MediaArticles{{Title: "N", Description: "D", URL: "https://example.com/", Picurl: "https://example.com/a.png"}}}}, obj{"type": "news"}},
		{&message.CustomerMessage{ToUser: alice, Msgtype: "msgmenu", Msgmenu: &message.MediaMsgmenu{HeadContent: "Good?", List: []message.MsgmenuItem{{ID: "1", Content: "yes"}}, TailContent: "Bye"}}, obj{"type": "msgmenu"}},
	}} {
		f.writes(alice, "hi") // allows five more messages
		for _, tt := range group {
			require.NoError(t, m.Send(tt.sent), "%v", tt.seen)
			last := f.last(alice)
			assert.Equal(t, "customer service", last["via"])
			for name, value := range tt.seen {
				assert.Equal(t, value, last[name])
			}
		}
	}
	f.writes(alice, "hi again")
	require.NoError(t, oa.GetCustomerServiceManager().SendTypingStatus(alice, customerservice.Typing))
	assert.Equal(t, true, f.control("GET", "/followers/"+alice, nil)["typing"])
}

func TestCustomerServiceAgents(t *testing.T) {
	f, oa := start(t)
	m := oa.GetCustomerServiceManager()
	require.NoError(t, m.Add("one@test", "One"))
	require.NoError(t, m.Update("one@test", "The one"))
	require.NoError(t, m.InviteBind("one@test", "wechat-one"))
	f.control("PATCH", "/kf-accounts/one@test", obj{"accept_invitation": true, "online": true})
	require.NoError(t, m.UploadHeadImg("one@test", file(t, "face.jpg", "\xff\xd8\xff")))
	all := f.call("/cgi-bin/customservice/getkflist", nil)["kf_list"].(list)
	require.Len(t, all, 1)
	assert.Equal(t, "The one", all[0].(obj)["kf_nick"])
	assert.Equal(t, "wechat-one", all[0].(obj)["kf_wx"])
	agents, err := m.List()
	require.NoError(t, err)
	require.Len(t, agents, 1)
	assert.Equal(t, "The one", agents[0].KfNick)
	online, err := m.OnlineList()
	require.NoError(t, err)
	require.Len(t, online, 1)
	assert.Equal(t, "one@test", online[0].KfAccount)
	require.NoError(t, m.Delete("one@test"))
	assert.Empty(t, f.call("/cgi-bin/customservice/getkflist", nil)["kf_list"])
}

func TestTemplateMessages(t *testing.T) {
	f, oa := start(t)
	alice := f.follower("o-alice")
	id := f.control("POST", "/templates", obj{"title": "Shipped", "content": "{{thing1.DATA}} {{amount2.DATA}}"})["template_id"].(string)
	tpl := oa.GetTemplate()
	msg := &message.TemplateMessage{ToUser: alice, TemplateID: id, URL: "https://example.com/?a=1&b=2", Data: map[string]*message.TemplateDataItem{
		"thing1": {Value: "A & B"}, "amount2": {Value: "¥1.00"},
	}}
	msgID, err := tpl.Send(msg)
	require.NoError(t, err)
	last := f.last(alice)
	assert.Equal(t, "template", last["via"])
	assert.Equal(t, strconv.FormatInt(msgID, 10), last["msg_id"])
	assert.Equal(t, "https://example.com/?a=1&b=2", last["url"])
	assert.Equal(t, "A & B", last["data"].(obj)["thing1"])

	added, err := tpl.Add("43102", []string{"name", "time"})
	require.NoError(t, err)
	templates, err := tpl.List()
	require.NoError(t, err)
	assert.Len(t, templates, 2)
	require.NoError(t, tpl.Delete(added))
	assert.Len(t, f.call("/cgi-bin/template/get_all_private_template", nil)["template_list"], 1)
}

func TestSubscriptionNotifications(t *testing.T) {
	f, oa := start(t)
	alice := f.follower("o-alice")
	s := oa.GetSubscribe()
	categories, err := s.GetCategory()
	require.NoError(t, err)
	assert.NotEmpty(t, categories)
	_, titles, err := s.GetPublicTemplateTitleList(strconv.Itoa(categories[0].ID), 0, 10)
	require.NoError(t, err)
	require.NotEmpty(t, titles)
	keywords, err := s.GetPubTplKeyWordsByID(strconv.Itoa(titles[0].TitleID))
	require.NoError(t, err)
	require.NotEmpty(t, keywords)
	id, err := s.Add(strconv.Itoa(titles[0].TitleID), []int{keywords[0].KeyWordsID, keywords[1].KeyWordsID}, "test")
	require.NoError(t, err)
	mine, err := s.List()
	require.NoError(t, err)
	require.Len(t, mine, 1)
	assert.Equal(t, id, mine[0].PriTmplID)

	data := map[string]*message.SubscribeDataItem{}
	for _, part := range strings.Split(mine[0].Content, "{{")[1:] {
		data[strings.SplitN(part, ".", 2)[0]] = &message.SubscribeDataItem{Value: "value"}
	}
	notice := &message.SubscribeMessage{ToUser: alice, TemplateID: id, Page: "https://example.com/", Data: data}
	require.ErrorContains(t, s.Send(notice), "43101")
	f.control("POST", "/followers/"+alice+"/events", obj{"event": "subscribe_msg_popup_event", "template_id": id, "accepts": true})
	require.NoError(t, s.Send(notice))
	assert.Equal(t, "subscription", f.last(alice)["via"])
	require.NoError(t, s.Delete(id))
	assert.Empty(t, f.call("/wxaapi/newtmpl/gettemplate", nil)["data"])
}

func TestMassMessages(t *testing.T) {
	f, oa := start(t)
	alice, bob := f.follower("o-alice"), f.follower("o-bob")
	b := oa.GetBroadcast()
	both := &broadcast.User{OpenID: []string{alice, bob}}
	res, err := b.SendText(both, "news for both")
	require.NoError(t, err)
	f.control("POST", "/wait", nil)
	assert.Equal(t, "news for both", f.last(alice)["content"])
	assert.Equal(t, "mass", f.last(bob)["via"])
	status, err := b.GetMassStatus(strconv.FormatInt(res.MsgID, 10))
	require.NoError(t, err)
	assert.Equal(t, "SEND_SUCCESS", status.MsgStatus)

	_, err = b.SendText(nil, "news for all")
	require.NoError(t, err)
	_, err = b.SendVoice(both, f.media("voice", true))
	require.NoError(t, err)
	_, err = b.SendImage(both, &broadcast.Image{MediaIDs: []string{f.media("image", true)}, Recommend: "nice"})
	require.NoError(t, err)
	f.control("POST", "/wait", nil)
	var kinds list
	for _, m := range f.sees(alice) {
		kinds = append(kinds, m["type"])
	}
	assert.Equal(t, list{"text", "text", "voice", "image"}, kinds, "which is all that a follower gets in a month")

	carol, dave := f.follower("o-carol"), f.follower("o-dave")
	news, err := oa.GetDraft().AddDraft([]*draft.Article{{Title: "T", Content: "<p>C</p>", ThumbMediaID: f.media("thumb", true)}})
	require.NoError(t, err)
	sent, err := b.SendNews(&broadcast.User{OpenID: []string{carol, dave}}, news, true)
	require.NoError(t, err)
	f.control("POST", "/wait", nil)
	assert.Equal(t, "mpnews", f.last(dave)["type"])
	require.NoError(t, b.Delete(sent.MsgID, 0))

	speed, err := b.SetSpeed(1)
	require.NoError(t, err)
	assert.Zero(t, speed.ErrCode)
	got, err := b.GetSpeed()
	require.NoError(t, err)
	assert.EqualValues(t, 1, got.Speed)

	preview := oa.GetBroadcast().Preview()
	_, err = preview.SendText(&broadcast.User{OpenID: []string{bob}}, "like this?")
	require.NoError(t, err)
	assert.Equal(t, "preview", f.last(bob)["via"])
}

func TestMediaAndMaterials(t *testing.T) {
	f, oa := start(t)
	m := oa.GetMaterial()
	picture := "\x89PNG\r\n\x1a\n"
	up, err := m.MediaUpload(material.MediaTypeImage, file(t, "a.png", picture))
	require.NoError(t, err)
	address, err := m.GetMediaURL(up.MediaID)
	require.NoError(t, err)
	resp, err := http.Get(address)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	assert.Contains(t, resp.Header.Get("Content-Type"), "image/png")
	inside, err := m.ImageUpload(file(t, "b.png", picture))
	require.NoError(t, err)
	assert.NotEmpty(t, inside)

	image, _, err := m.AddMaterial(material.MediaTypeImage, file(t, "c.png", picture))
	require.NoError(t, err)
	video, _, err := m.AddVideo(file(t, "d.mp4", "mp4"), "Title", "Introduction")
	require.NoError(t, err)
	assert.Equal(t, "Introduction", f.call("/cgi-bin/material/get_material", obj{"media_id": video})["description"])
	count, err := m.GetMaterialCount()
	require.NoError(t, err)
	assert.EqualValues(t, 1, count.VideoCount)
	assert.EqualValues(t, 1, count.ImageCount)
	images, err := m.BatchGetMaterial(material.PermanentMaterialTypeImage, 0, 20)
	require.NoError(t, err)
	require.Len(t, images.Item, 1)
	assert.Equal(t, image, images.Item[0].MediaID)
	require.NoError(t, m.DeleteMaterial(image))
	assert.Equal(t, json.Number("0"), f.call("/cgi-bin/material/get_materialcount", nil)["image_count"])
}

func TestDraftsAndPublishing(t *testing.T) {
	f, oa := start(t)
	d, p := oa.GetDraft(), oa.GetFreePublish()
	article := &draft.Article{Title: "T", Author: "A", Content: "<p>a & b</p>", ThumbMediaID: f.media("thumb", true), NeedOpenComment: 1}
	id, err := d.AddDraft([]*draft.Article{article, article})
	require.NoError(t, err)
	article.Title = "T2"
	require.NoError(t, d.UpdateDraft(article, id, 1))
	items := f.call("/cgi-bin/draft/get", obj{"media_id": id})["news_item"].(list)
	require.Len(t, items, 2)
	assert.Equal(t, "T2", items[1].(obj)["title"])
	assert.Equal(t, "<p>a & b</p>", items[0].(obj)["content"])
	got, err := d.GetDraft(id)
	require.NoError(t, err)
	assert.Equal(t, "T", got[0].Title)
	drafts, err := d.PaginateDraft(0, 20, false)
	require.NoError(t, err)
	assert.EqualValues(t, 1, drafts.TotalCount)

	job, err := p.Publish(id)
	require.NoError(t, err)
	f.control("POST", "/wait", nil)
	status, err := p.SelectStatus(job)
	require.NoError(t, err)
	require.Equal(t, freepublish.PublishStatusSuccess, status.PublishStatus)
	assert.Equal(t, json.Number("0"), f.call("/cgi-bin/freepublish/get", obj{"publish_id": strconv.FormatInt(job, 10)})["publish_status"])
	articles, err := p.First(status.ArticleID)
	require.NoError(t, err)
	require.Len(t, articles, 2)
	published, err := p.Paginate(0, 20, false)
	require.NoError(t, err)
	assert.EqualValues(t, 1, published.TotalCount)
	count, err := d.CountDraft()
	require.NoError(t, err)
	assert.Zero(t, count, "publishing uses a draft up")
	require.NoError(t, p.Delete(status.ArticleID, 0))
	assert.Equal(t, json.Number("0"), f.call("/cgi-bin/freepublish/batchget", obj{"offset": 0, "count": 20})["total_count"])

	id, err = d.AddDraft([]*draft.Article{article})
	require.NoError(t, err)
	require.NoError(t, d.DeleteDraft(id))
	assert.Equal(t, json.Number("0"), f.call("/cgi-bin/draft/count", nil)["total_count"])
}

func TestStatistics(t *testing.T) {
	f, oa := start(t)
	cube := oa.GetDataCube()
	day := time.Now().AddDate(0, 0, -2).Format(time.DateOnly)
	calls := 0
	for name, err := range map[string]error{
		"usersummary":          second(cube.GetUserSummary(day, day)),
		"usercumulate":         second(cube.GetUserAccumulate(day, day)),
		"articlesummary":       second(cube.GetArticleSummary(day, day)),
		"articletotal":         second(cube.GetArticleTotal(day, day)),
		"userread":             second(cube.GetUserRead(day, day)),
		"userreadhour":         second(cube.GetUserReadHour(day, day)),
		"usershare":            second(cube.GetUserShare(day, day)),
		"usersharehour":        second(cube.GetUserShareHour(day, day)),
		"upstreammsg":          second(cube.GetUpstreamMsg(day, day)),
		"upstreammsghour":      second(cube.GetUpstreamMsgHour(day, day)),
		"upstreammsgweek":      second(cube.GetUpstreamMsgWeek(day, day)),
		"upstreammsgmonth":     second(cube.GetUpstreamMsgMonth(day, day)),
		"upstreammsgdist":      second(cube.GetUpstreamMsgDist(day, day)),
		"upstreammsgdistweek":  second(cube.GetUpstreamMsgDistWeek(day, day)),
		"upstreammsgdistmonth": second(cube.GetUpstreamMsgDistMonth(day, day)),
		"interfacesummary":     second(cube.GetInterfaceSummary(day, day)),
		"interfacesummaryhour": second(cube.GetInterfaceSummaryHour(day, day)),
	} {
		require.NoError(t, err, name)
		calls += f.executed("/datacube/get" + name)
	}
	assert.Equal(t, 17, calls)
}

func TestPublisherFigures(t *testing.T) {
	f, oa := start(t)
	cube := oa.GetDataCube()
	day := time.Now().AddDate(0, 0, -2).Format(time.DateOnly)
	require.NoError(t, second(cube.GetPublisherAdPosGeneral(day, day, 1, 10, "")))
	require.NoError(t, second(cube.GetPublisherCpsGeneral(day, day, 1, 10)))
	require.NoError(t, second(cube.GetPublisherSettlement(day, day, 1, 10)))
	assert.Equal(t, 3, f.executed("/publisher/stat"))
}

func TestOpenIDsOfAnotherAccountAreConverted(t *testing.T) {
	f, oa := start(t)
	alice := f.follower("o-alice")
	list, err := oa.GetUser().ListChangeOpenIDs("wx0123456789abcdef", alice)
	require.NoError(t, err)
	assert.NotEmpty(t, list.List)
	assert.Equal(t, 1, f.executed("/cgi-bin/changeopenid"))
}

// The platform has withdrawn these APIs: it no longer shortens URLs, and refuses the other
// with a message that names its replacement.
func TestWithdrawnAPIs(t *testing.T) {
	_, oa := start(t)
	short, err := oa.GetBasic().Long2ShortURL("https://example.com/long")
	require.NoError(t, err)
	assert.Equal(t, "https://example.com/long", short)
	_, err = oa.GetMaterial().AddNews([]*material.Article{{Title: "T"}})
	assert.ErrorContains(t, err, "/cgi-bin/draft/add")
}

func second[T any](_ T, err error) error { return err }

func TestPages(t *testing.T) {
	f, oa := start(t)
	page := "https://example.com/page?a=1"
	cfg, err := oa.GetJs().GetConfig(page)
	require.NoError(t, err)
	ticket := f.call("/cgi-bin/ticket/getticket?type=jsapi", nil)["ticket"]
	sum := sha1.Sum(fmt.Appendf(nil, "jsapi_ticket=%s&noncestr=%s&timestamp=%d&url=%s", ticket, cfg.NonceStr, cfg.Timestamp, page))
	assert.Equal(t, hex.EncodeToString(sum[:]), cfg.Signature)

	alice := f.follower("o-alice")
	o := oa.GetOauth()
	address, err := o.GetRedirectURL("https://example.com/back", "snsapi_userinfo", "st")
	require.NoError(t, err)
	redirect, err := url.Parse(f.control("POST", "/followers/"+alice+"/authorizations", obj{"url": address})["redirect_url"].(string))
	require.NoError(t, err)
	assert.Equal(t, "st", redirect.Query().Get("state"))
	token, err := o.GetUserAccessToken(redirect.Query().Get("code"))
	require.NoError(t, err)
	assert.Equal(t, alice, token.OpenID)
	_, err = o.GetUserAccessToken(redirect.Query().Get("code"))
	require.ErrorContains(t, err, "40163", "a code is good for once")
	ok, err := o.CheckAccessToken(token.AccessToken, alice)
	require.NoError(t, err)
	assert.True(t, ok)
	info, err := o.GetUserInfo(token.AccessToken, alice, "")
	require.NoError(t, err)
	assert.Equal(t, "Alice", info.Nickname)
	_, err = o.RefreshAccessToken(token.RefreshToken)
	require.NoError(t, err)
}

func TestOCR(t *testing.T) {
	f, oa := start(t)
	o, picture := oa.GetOCR(), "https://example.com/a.jpg"
	calls := 0
	for name, err := range map[string]error{
		"idcard":         second(o.IDCard(picture)),
		"bankcard":       second(o.BankCard(picture)),
		"driving":        second(o.Driving(picture)),
		"drivinglicense": second(o.DrivingLicense(picture)),
		"bizlicense":     second(o.BizLicense(picture)),
		"comm":           second(o.Common(picture)),
	} {
		require.NoError(t, err, name)
		calls += f.executed("/cv/ocr/" + name)
	}
	assert.Equal(t, 6, calls)
}

// serve runs the SDK's callback server, which replies with what it receives.
func serve(t *testing.T, oa *officialaccount.OfficialAccount) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := oa.GetServer(r, w)
		s.SetMessageHandler(func(m *message.MixMessage) *message.Reply {
			return &message.Reply{MsgType: message.MsgTypeText, MsgData: message.NewText(string(m.MsgType) + " " + string(m.Event) + m.EventKey + m.Content)}
		})
		if s.Serve() == nil {
			_ = s.Send()
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestCallbackInEveryMode(t *testing.T) {
	f, oa := start(t)
	alice := f.follower("o-alice")
	address := serve(t, oa)
	for _, mode := range []string{"plain", "compatible", "safe"} {
		t.Run(mode, func(t *testing.T) {
			f.control("PATCH", "/callback", obj{"url": address, "mode": mode, "verify": true})
			report := f.writes(alice, "你好 <&>")
			require.Equal(t, "reply", report["seen"], "%v", report["deliveries"])
			assert.Equal(t, "text 你好 <&>", report["reply"].(obj)["content"])
			report = f.control("POST", "/followers/"+alice+"/events", obj{"event": "CLICK", "key": "K"})
			require.Equal(t, "reply", report["seen"], "%v", report["deliveries"])
			assert.Equal(t, "event CLICKK", f.last(alice)["content"])
		})
	}
}

// The SDK reads the keys when it is created: new keys need a new one.
func TestCallbackWithOtherKeys(t *testing.T) {
	f, oa := start(t)
	alice := f.follower("o-alice")
	address := serve(t, oa)
	f.control("PATCH", "/callback", obj{"url": address, "verify": true})
	key := strings.Repeat("k", 43)
	f.control("PATCH", "/callback", obj{"token": "another", "aes_key": key})
	assert.Equal(t, "nothing", f.control("POST", "/followers/"+alice+"/events", obj{"event": "VIEW", "url": "https://example.com/"})["seen"])
	oa.GetContext().Token, oa.GetContext().EncodingAESKey = "another", key
	assert.Equal(t, "reply", f.writes(alice, "hi")["seen"])
}

func TestFaultsReachTheSDK(t *testing.T) {
	f, oa := start(t)
	f.control("POST", "/faults", obj{"path": "/cgi-bin/menu/delete", "errcode": 45009})
	require.ErrorContains(t, oa.GetMenu().DeleteMenu(), "45009")
	require.NoError(t, oa.GetMenu().DeleteMenu())
	f.control("POST", "/faults", obj{"path": "/cgi-bin/menu/delete", "status": 502, "body": "<html>"})
	assert.ErrorContains(t, oa.GetMenu().DeleteMenu(), "502")
}

// No mistake of a program under test leaves the machine.
func TestOtherHostsAreNotReached(t *testing.T) {
	start(t)
	_, err := http.Get("https://example.com/")
	require.ErrorContains(t, err, "reaches only *.weixin.qq.com")
	require.NotEmpty(t, os.Getenv("HTTPS_PROXY"))
}
