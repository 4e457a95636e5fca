package wechattest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
)

func TestUsersAreWhatTheAccountMayKnowOfThem(t *testing.T) {
	p := platform(t)
	c := p.Client()
	vip := p.AddTag("VIP")
	since := time.Now().Add(-time.Hour).Truncate(time.Second)
	alice := p.AddUser(User{Nickname: "Alice", UnionID: "u1", Remark: "boss", TagIDs: []int64{vip}, SubscribeTime: since, QRSceneID: 7})
	gone := p.AddUser(User{NotFollowing: true})

	u, err := c.GetUser(t.Context(), alice.OpenID)
	require.NoError(t, err)
	assert.Equal(t, &wechat.User{
		Subscribed: true, OpenID: alice.OpenID, UnionID: "u1", SubscribeTime: wechat.Timestamp{Time: time.Unix(since.Unix(), 0)}, Remark: "boss",
		Scene: "ADD_SCENE_SEARCH", QRSceneID: 7, GroupID: vip, TagIDs: []int64{vip}, Language: "zh_CN",
	}, u)
	assert.Equal(t, "Alice", alice.Nickname(), "which only OAuth reveals")

	require.NoError(t, c.SetRemark(t.Context(), alice.OpenID, "老板"))
	users, err := c.GetUsers(t.Context(), []string{alice.OpenID, gone.OpenID})
	require.NoError(t, err)
	require.Len(t, users, 2)
	assert.Equal(t, "老板", users[0].Remark)
	assert.Equal(t, wechat.User{OpenID: gone.OpenID}, users[1])

	_, err = c.GetUser(t.Context(), "nobody")
	require.ErrorIs(t, err, wechat.ErrInvalidOpenID)
	require.ErrorIs(t, c.SetRemark(t.Context(), gone.OpenID, "x"), wechat.ErrNotFollower)
	refusedWith(t, c, wechat.ErrInvalidRemark, "/cgi-bin/user/info/updateremark", obj{"openid": alice.OpenID, "remark": strings.Repeat("x", 31)})
	refusedWith(t, c, wechat.ErrInvalidOpenIDCount, "/cgi-bin/user/info/batchget", obj{"user_list": make([]obj, 0)})
	assert.Same(t, alice, p.AddUser(User{OpenID: alice.OpenID}))
	assert.Same(t, alice, p.Follower(alice.OpenID))
	assert.Len(t, p.Followers(), 2)
}

func TestFollowersArePagedByTenThousand(t *testing.T) {
	p := platform(t)
	c := p.Client()
	users := p.AddUsers(10_001)
	p.AddUser(User{NotFollowing: true})
	page, err := c.ListFollowerIDs(t.Context(), "")
	require.NoError(t, err)
	assert.Len(t, page.OpenIDs, 10_000)
	n := 0
	for openID, err := range c.AllFollowerIDs(t.Context()) {
		require.NoError(t, err)
		assert.Equal(t, users[n].OpenID, openID)
		n++
	}
	assert.Equal(t, 10_001, n)
	_, err = c.ListFollowerIDs(t.Context(), "nobody")
	require.ErrorIs(t, err, wechat.ErrInvalidOpenID)
}

func TestMovedUsersHaveNewOpenIDs(t *testing.T) {
	p := platform(t)
	changed, err := p.Client().ConvertOpenIDs(t.Context(), "gh_0", []string{"old1", "old2"})
	require.NoError(t, err)
	require.Len(t, changed, 2)
}

func TestTagsAreKeptWithTheirLimits(t *testing.T) {
	p := platform(t)
	c := p.Client()
	ctx := t.Context()
	tag, err := c.CreateTag(ctx, "VIP")
	require.NoError(t, err)
	alice, bob := p.AddUser(User{}), p.AddUser(User{})
	require.NoError(t, c.TagUsers(ctx, tag.ID, alice.OpenID, bob.OpenID))
	ids, err := c.ListUserTagIDs(ctx, alice.OpenID)
	require.NoError(t, err)
	assert.Equal(t, []int64{tag.ID}, ids)
	tags, err := c.ListTags(ctx)
	require.NoError(t, err)
	assert.Equal(t, []wechat.Tag{{ID: 2, Name: "星标组"}, {ID: tag.ID, Name: "VIP", Count: 2}}, tags)
	tagged := slices.Collect(seq(t, c.AllTagFollowerIDs(ctx, tag.ID)))
	assert.Equal(t, []string{alice.OpenID, bob.OpenID}, tagged)
	require.NoError(t, c.UntagUsers(ctx, tag.ID, bob.OpenID))
	assert.Empty(t, bob.TagIDs())

	require.NoError(t, c.UpdateTag(ctx, tag.ID, "Gold"))
	require.ErrorIs(t, c.UpdateTag(ctx, 2, "x"), wechat.ErrSystemTag)
	_, err = c.CreateTag(ctx, "Gold")
	require.ErrorIs(t, err, wechat.ErrInvalidTagName)
	refusedWith(t, c, wechat.ErrTagNameTooLong, "/cgi-bin/tags/create", obj{"tag": obj{"name": strings.Repeat("标", 31)}})
	require.NoError(t, c.DeleteTag(ctx, tag.ID))
	assert.Empty(t, alice.TagIDs())
	require.ErrorIs(t, c.TagUsers(ctx, tag.ID, alice.OpenID), wechat.ErrInvalidTagID)

	for i := range 100 {
		id := p.AddTag(strconv.Itoa(i))
		err := c.TagUsers(ctx, id, alice.OpenID)
		if i < 20 {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, wechat.ErrTooManyTagsOnUser)
		}
	}
	_, err = c.CreateTag(ctx, "one too many")
	require.ErrorIs(t, err, wechat.ErrTooManyTags)
}

func TestTaggingStrangersFailsForThemOnly(t *testing.T) {
	p := platform(t)
	c := p.Client()
	tag := p.AddTag("VIP")
	alice := p.AddUser(User{})
	_, err := do(t, c, wechat.Request{Path: "/cgi-bin/tags/members/batchtagging", Body: obj{"tagid": tag, "openid_list": []string{alice.OpenID, "x"}}})
	require.ErrorIs(t, err, wechat.ErrPartlyFailed)
	assert.Equal(t, []int64{tag}, alice.TagIDs())
	calls := p.Calls()
	assert.Contains(t, string(calls[len(calls)-1].Response), `"fail_openid_list":["x"]`)
	refusedWith(t, c, wechat.ErrInvalidOpenID, "/cgi-bin/tags/members/batchtagging", obj{"tagid": tag, "openid_list": []string{"x"}})
	refusedWith(t, c, wechat.ErrInvalidOpenIDCount, "/cgi-bin/tags/members/batchtagging", obj{"tagid": tag, "openid_list": make([]string, 51)})
}

func TestBlacklistIsKept(t *testing.T) {
	p := platform(t)
	c := p.Client()
	users := p.AddUsers(25)
	ids := make([]string, 25)
	for i, u := range users {
		ids[i] = u.OpenID
	}
	require.NoError(t, c.AddToBlacklist(t.Context(), ids...))
	assert.Equal(t, 2, p.ExecutedCallCount("/cgi-bin/tags/members/batchblacklist"), "20 at a time")
	assert.ElementsMatch(t, ids, slices.Collect(seq(t, c.AllBlacklist(t.Context()))))
	require.NoError(t, c.RemoveFromBlacklist(t.Context(), ids[1:]...))
	assert.Equal(t, ids[:1], slices.Collect(seq(t, c.AllBlacklist(t.Context()))))
	refusedWith(t, c, wechat.ErrInvalidOpenIDCount, "/cgi-bin/tags/members/batchblacklist", obj{"openid_list": make([]string, 21)})
}

// seq requires that an iterator has no errors, and drops them.
func seq[T any](t *testing.T, all func(func(T, error) bool)) func(func(T) bool) {
	t.Helper()
	return func(yield func(T) bool) {
		all(func(v T, err error) bool { require.NoError(t, err); return yield(v) })
	}
}

func TestMenusAreMatchedNewestFirst(t *testing.T) {
	p := platform(t)
	c := p.Client()
	ctx := t.Context()
	vip := p.AddTag("VIP")
	alice, bob := p.AddUser(User{TagIDs: []int64{vip}, ClientPlatform: wechat.ClientPlatformIOS}), p.AddUser(User{ClientPlatform: wechat.ClientPlatformIOS})
	menu := wechat.NewMenu(wechat.ClickButton("A", "a"), wechat.SubMenu("B", wechat.ViewButton("C", "https://example.com/")))

	_, err := c.GetMenu(ctx)
	require.ErrorIs(t, err, wechat.ErrMenuNotFound)
	_, err = c.AddConditionalMenu(ctx, menu, wechat.MatchRule{TagID: vip})
	require.ErrorIs(t, err, wechat.Code(65303), "there is no default menu")
	require.NoError(t, c.CreateMenu(ctx, menu))
	assert.Equal(t, menu, alice.Menu().Menu)
	assert.Nil(t, alice.Menu().Rule, "the default menu")

	forVIP, err := c.AddConditionalMenu(ctx, wechat.NewMenu(wechat.ClickButton("VIP", "v")), wechat.MatchRule{TagID: vip})
	require.NoError(t, err)
	_, err = c.AddConditionalMenu(ctx, wechat.NewMenu(wechat.ClickButton("iOS", "i")), wechat.MatchRule{Platform: "1"})
	require.NoError(t, err)
	for user, want := range map[*Follower]string{alice: "iOS", bob: "iOS", p.AddUser(User{TagIDs: []int64{vip}}): "VIP", p.AddUser(User{}): "A"} {
		m, err := c.TryMatchMenu(ctx, user.OpenID)
		require.NoError(t, err)
		assert.Equal(t, want, m.Buttons[0].Name)
	}
	assert.Equal(t, &wechat.StoredMatchRule{Platform: wechat.ClientPlatformIOS}, alice.Menu().Rule)
	info, err := c.GetMenu(ctx)
	require.NoError(t, err)
	require.Len(t, info.Conditional, 2)
	assert.Equal(t, vip, info.Conditional[1].Rule.TagID)
	assert.Equal(t, "C", info.Default.Buttons[1].SubButtons[0].Name)
	self, err := c.GetCurrentMenu(ctx)
	require.NoError(t, err)
	assert.True(t, self.IsOpen)
	assert.Equal(t, "https://example.com/", self.Buttons[1].SubButtons[0].URL)

	require.NoError(t, c.DeleteConditionalMenu(ctx, forVIP))
	require.ErrorIs(t, c.DeleteConditionalMenu(ctx, forVIP), wechat.ErrConditionalMenuNotFound)
	require.NoError(t, c.DeleteMenu(ctx))
	assert.Nil(t, alice.Menu())
	_, err = c.TryMatchMenu(ctx, "nobody")
	require.ErrorIs(t, err, wechat.Code(65302))
}

func TestMenusThatAreWrongHaveTheirCodes(t *testing.T) {
	p := platform(t)
	c := p.Client()
	click := func(name string) obj { return obj{"type": "click", "name": name, "key": "K"} }
	sub := func(buttons ...obj) []obj { return []obj{{"name": "S", "sub_button": buttons}} }
	for want, buttons := range map[wechat.Code][]obj{
		40016: {},
		40017: {{"name": "A", "type": "poem"}},
		40018: {{"name": strings.Repeat("x", 17), "sub_button": []obj{click("B")}}},
		40019: {{"name": "A", "type": "click"}},
		40020: {{"name": "A", "type": "view", "url": "https://example.com/" + strings.Repeat("x", 1024)}},
		40022: sub(obj{"name": "A", "sub_button": []obj{click("B")}}),
		40023: sub(click("1"), click("2"), click("3"), click("4"), click("5"), click("6")),
		40024: sub(obj{"name": "A"}),
		40025: sub(click(strings.Repeat("x", 61))),
		40026: sub(obj{"name": "A", "type": "click", "key": strings.Repeat("x", 129)}),
		40027: sub(obj{"name": "A", "type": "view"}),
		40054: sub(obj{"name": "A", "type": "view", "url": "nowhere"}),
		40055: {{"name": "A", "type": "view", "url": "nowhere"}},
		40166: {{"name": "A", "type": "miniprogram", "url": "https://example.com/"}},
	} {
		refusedWith(t, c, want, "/cgi-bin/menu/create", obj{"button": buttons})
	}
	refusedWith(t, c, 40016, "/cgi-bin/menu/create", obj{"button": []obj{click("1"), click("2"), click("3"), click("4")}})

	post(t, c, "/cgi-bin/menu/create", obj{"button": []obj{click("1")}})
	for want, rule := range map[wechat.Code]obj{
		65304: {"tag_id": ""}, 65320: {"sex": "1"}, 45159: {"tag_id": "999"}, 40035: {"client_platform_type": "9"}, 47001: {"tag_id": []int{1}},
	} {
		refusedWith(t, c, want, "/cgi-bin/menu/addconditional", obj{"button": []obj{click("1")}, "matchrule": rule})
	}
}

func TestTemplatesAreKeptAndTheirMessagesChecked(t *testing.T) {
	p, alice, h := chat(t)
	c := p.Client()
	ctx := t.Context()
	id, err := c.AddTemplate(ctx, wechat.AddTemplateRequest{ShortID: "43", Keywords: []string{"姓名", "时间"}})
	require.NoError(t, err)
	list, err := c.ListTemplates(ctx)
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, id, list[0].ID)
	refusedWith(t, c, wechat.ErrNotCategoryTemplate, "/cgi-bin/template/api_add_template", obj{"template_id_short": "TM1", "keyword_name_list": []string{"a"}})
	refusedWith(t, c, wechat.ErrInvalidKeywords, "/cgi-bin/template/api_add_template", obj{"template_id_short": "1", "keyword_name_list": []string{}})

	data := wechat.TemplateData{}.Set("thing1", "张三").Set("thing2", "今天")
	msgID, err := c.SendTemplateMessage(ctx, wechat.TemplateMessage{OpenID: alice.OpenID, TemplateID: id, Data: data, URL: "https://example.com/"})
	require.NoError(t, err)
	p.Wait()
	got := alice.LastMessage()
	assert.Equal(t, ViaTemplateMessage, got.Via)
	assert.Equal(t, map[string]string{"thing1": "张三", "thing2": "今天"}, got.Data)
	assert.Equal(t, msgID, got.MsgID)
	require.Len(t, h.seen(), 1)
	assert.Contains(t, h.seen()[0], "TEMPLATESENDJOBFINISH")
	assert.Contains(t, h.seen()[0], fmt.Sprintf("<MsgID>%d</MsgID><Status><![CDATA[success]]>", msgID))

	send := func(to, template string, data obj) wechat.Code {
		_, err := do(t, c, wechat.Request{Path: "/cgi-bin/message/template/send", Body: obj{"touser": to, "template_id": template, "data": data}})
		var refusal *wechat.Error
		require.ErrorAs(t, err, &refusal)
		return refusal.Code
	}
	assert.Equal(t, wechat.ErrInvalidOpenID, send("x", id, obj{}))
	assert.Equal(t, wechat.ErrNotFollower, send(p.AddUser(User{NotFollowing: true}).OpenID, id, obj{}))
	assert.Equal(t, wechat.ErrInvalidTemplateID, send(alice.OpenID, "x", obj{}))
	assert.Equal(t, wechat.ErrInvalidTemplateData, send(alice.OpenID, id, obj{"thing1": obj{"value": "x"}}))
	assert.Equal(t, wechat.ErrInvalidTemplateData, send(alice.OpenID, id, obj{"thing1": obj{"value": strings.Repeat("长", 21)}, "thing2": obj{"value": "x"}}))

	alice.RefusesMessages()
	_, err = c.SendTemplateMessage(ctx, wechat.TemplateMessage{OpenID: alice.OpenID, TemplateID: id, Data: data})
	require.NoError(t, err, "the event of the job reports it")
	p.Wait()
	assert.Contains(t, h.seen()[1], "failed:user block")
	require.NoError(t, c.DeleteTemplate(ctx, id))
	require.ErrorIs(t, c.DeleteTemplate(ctx, id), wechat.ErrInvalidTemplateID)
	for range 25 {
		p.AddTemplate(Template{Title: "t"})
	}
	_, err = c.AddTemplate(ctx, wechat.AddTemplateRequest{ShortID: "43", Keywords: []string{"姓名"}})
	require.ErrorIs(t, err, wechat.ErrTooManyTemplates)
}

func TestTemplateMessageIsSentOnceUnderOneID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := platform(t, WithJobDelay(time.Second))
		c := p.Client()
		alice := p.AddUser(User{})
		m := wechat.TemplateMessage{OpenID: alice.OpenID, TemplateID: p.AddTemplate(Template{}), ClientMsgID: "k1", Data: wechat.TemplateData{}}
		p.InjectFault("/cgi-bin/message/template/send", Fault{Drop: true, Executed: true})
		_, err := c.SendTemplateMessage(t.Context(), m)
		require.NoError(t, err)
		assert.Len(t, alice.Messages(), 1)
		time.Sleep(templateKeyLife)
		_, err = c.SendTemplateMessage(t.Context(), m)
		require.NoError(t, err)
		assert.Len(t, alice.Messages(), 2)
	})
}

func TestC3_SendsWhoseResponseIsLostAreDeliveredOnce(t *testing.T) {
	lost := map[string]Fault{
		"dropped": {Drop: true}, "502": {Status: 502, Body: []byte("<html>")}, "system busy": {Code: wechat.ErrSystemBusy}, "hangs": {Hang: true},
	}
	for name, fault := range lost {
		fault.Executed, fault.Times = true, 2
		synctest.Test(t, func(t *testing.T) {
			p := platform(t)
			c := p.Client()
			alice, bob := p.AddUser(User{}), p.AddUser(User{})
			message := wechat.TemplateMessage{OpenID: alice.OpenID, TemplateID: p.AddTemplate(Template{})}
			text := wechat.TextMessage{Content: "新品"}
			sends := map[string]func() error{
				"/cgi-bin/message/template/send": func() error {
					_, err := c.SendTemplateMessage(t.Context(), message)
					return err
				},
				"/cgi-bin/message/mass/sendall": func() error {
					res, err := c.SendMass(t.Context(), wechat.SendMassRequest{ToAll: true, Message: text})
					assert.True(t, err != nil || res.MsgID > 0)
					return err
				},
				"/cgi-bin/message/mass/send": func() error {
					_, err := c.SendMassToUsers(t.Context(), wechat.SendMassToUsersRequest{OpenIDs: []string{alice.OpenID, bob.OpenID}, Message: text})
					return err
				},
			}
			for path, send := range sends {
				before := len(alice.Messages())
				for wanted := 1; wanted <= 2; wanted++ { // the same content again is another message
					p.InjectFault(path, fault)
					require.NoError(t, send(), "%s %s", path, name)
					assert.Len(t, alice.Messages(), before+wanted, "%s %s", path, name)
					assert.Equal(t, 3*wanted, p.CallCount(path), "%s %s", path, name)
				}
			}
		})
	}
}

func TestIndustryChangesOnceAMonth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := platform(t).Client()
		require.NoError(t, c.SetIndustries(t.Context(), "16", "17"))
		require.ErrorIs(t, c.SetIndustries(t.Context(), "1", "2"), wechat.Code(43100))
		in, err := c.GetIndustries(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "培训", in.Primary.Second)
		time.Sleep(31 * 24 * time.Hour)
		require.NoError(t, c.SetIndustries(t.Context(), "1", "2"))
		refusedWith(t, c, 40102, "/cgi-bin/template/api_set_industry", obj{"industry_id1": "0", "industry_id2": "1"})
	})
}

func TestReplyWindowsOpenAndCloseAndCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, alice, _ := chat(t)
		c := p.Client()
		send := func() error {
			return c.SendCustomMessage(t.Context(), wechat.SendCustomMessageRequest{OpenID: alice.OpenID, Message: wechat.TextMessage{Content: "hi"}})
		}
		require.ErrorIs(t, send(), wechat.ErrReplyWindowClosed, "she has done nothing yet")

		alice.Clicks(t.Context(), "K")
		for range 3 {
			require.NoError(t, send())
		}
		require.ErrorIs(t, send(), wechat.ErrReplyLimit)
		time.Sleep(time.Minute)
		require.ErrorIs(t, send(), wechat.ErrReplyWindowClosed)

		alice.Sends(t.Context(), "hi")
		for range 5 {
			require.NoError(t, send())
		}
		require.ErrorIs(t, send(), wechat.ErrReplyLimit)
		alice.Sends(t.Context(), "again")
		require.NoError(t, send())
		time.Sleep(48 * time.Hour)
		require.ErrorIs(t, send(), wechat.ErrReplyWindowClosed)

		alice.Sends(t.Context(), "still there")
		require.NoError(t, send())
		alice.Unfollows(t.Context())
		require.ErrorIs(t, send(), wechat.ErrReplyWindowClosed, "the same code for those who left")
		assert.Len(t, alice.Messages(), 10)
	})
}

func TestCustomMessagesOfEveryTypeAreReceived(t *testing.T) {
	p, alice, _ := chat(t)
	c := p.Client()
	for _, m := range []wechat.Message{
		wechat.TextMessage{Content: "hi"},
		wechat.NewsMessage{Title: "t", Description: "d", URL: "https://example.com/", PictureURL: "https://example.com/p"},
		wechat.MenuMessage{Head: "h", Items: []wechat.MenuMessageItem{{ID: "1", Content: "yes"}}, Tail: "t"},
		wechat.CardMessage{CardID: "c"},
		wechat.LinkMessage{Title: "t", Description: "d", URL: "https://example.com/", ThumbURL: "https://example.com/t"},
	} {
		alice.Sends(t.Context(), "hi")
		require.NoError(t, c.SendCustomMessage(t.Context(), wechat.SendCustomMessageRequest{OpenID: alice.OpenID, Message: m}))
	}
	got := alice.Messages()
	require.Len(t, got, 5)
	assert.Equal(t, "hi", got[0].Content)
	assert.Equal(t, []Article{{Title: "t", Description: "d", URL: "https://example.com/", PictureURL: "https://example.com/p"}}, got[1].Articles)
	assert.Equal(t, []wechat.MenuMessageItem{{ID: "1", Content: "yes"}}, got[2].MenuItems)
	assert.Equal(t, "c", got[3].CardID)
	assert.Equal(t, "https://example.com/", got[4].URL)

	send := func(code wechat.Code, kind string, content obj) {
		refusedWith(t, c, code, "/cgi-bin/message/custom/send", obj{"touser": alice.OpenID, "msgtype": kind, kind: content})
	}
	send(wechat.ErrEmptyText, "text", obj{"content": ""})
	send(wechat.ErrContentTooLong, "text", obj{"content": strings.Repeat("x", 2049)})
	send(wechat.ErrTooManyArticles, "news", obj{"articles": []obj{{"title": "1"}, {"title": "2"}}})
	alice.RefusesMessages()
	send(wechat.ErrMessagesRefused, "text", obj{"content": "x"})
	alice.AcceptsMessages()
	_, err := do(t, c, wechat.Request{
		Path: "/cgi-bin/message/custom/send", Body: obj{"touser": alice.OpenID, "msgtype": "text", "text": obj{"content": "x"}},
	})
	require.NoError(t, err)
}

func TestTypingNeedsARecentMessageAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, alice, _ := chat(t)
		c := p.Client()
		typing := wechat.TypingRequest{OpenID: alice.OpenID}
		require.ErrorIs(t, c.StartTyping(t.Context(), typing), wechat.ErrNoRecentInteraction)
		alice.Sends(t.Context(), "hi")
		require.NoError(t, c.StartTyping(t.Context(), typing))
		assert.True(t, alice.Typing())
		require.ErrorIs(t, c.StartTyping(t.Context(), typing), wechat.ErrAlreadyTyping)
		require.NoError(t, c.StopTyping(t.Context(), typing))
		assert.False(t, alice.Typing())
		require.NoError(t, c.StartTyping(t.Context(), typing))
		time.Sleep(15 * time.Second)
		assert.False(t, alice.Typing())
		time.Sleep(16 * time.Second)
		require.ErrorIs(t, c.StartTyping(t.Context(), typing), wechat.ErrNoRecentInteraction)
	})
}

func TestMessagesAreOnRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, alice, _ := chat(t)
		c := p.Client()
		begin := time.Now()
		alice.Sends(t.Context(), "question")
		require.NoError(t, c.SendCustomMessage(t.Context(), wechat.SendCustomMessageRequest{OpenID: alice.OpenID, Message: wechat.TextMessage{Content: "answer"}}))
		time.Sleep(time.Minute)
		var texts []string
		for r, err := range c.AllMessageRecords(t.Context(), begin, begin.Add(time.Hour)) {
			require.NoError(t, err)
			texts = append(texts, fmt.Sprintf("%d%s", r.Type, r.Text))
		}
		assert.Equal(t, []string{"2003question", "2002answer"}, texts)
		body := obj{"starttime": begin.Unix(), "endtime": begin.Unix() + 86_401, "msgid": 1, "number": 10}
		refusedWith(t, c, 65417, "/customservice/msgrecord/getmsglist", body)
		body["number"] = 10_001
		refusedWith(t, c, 65416, "/customservice/msgrecord/getmsglist", body)
	})
}

func TestCallbackIsReachable(t *testing.T) {
	p := platform(t)
	c := p.Client()
	_, err := c.CheckCallback(t.Context(), "all", "DEFAULT")
	require.ErrorIs(t, err, wechat.ErrCallbackNotConfigured)
	p.SetCallback(&receiver{p: p})
	res, err := c.CheckCallback(t.Context(), "all", "DEFAULT")
	require.NoError(t, err)
	assert.Len(t, res.DNS, 1)
	assert.Len(t, res.Ping, 1)
}
