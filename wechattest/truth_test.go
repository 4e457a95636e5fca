package wechattest

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/spec"
)

func number(t *testing.T, raw json.RawMessage) int64 {
	t.Helper()
	n, err := strconv.ParseInt(string(raw), 10, 64)
	require.NoError(t, err, "a number: %s", raw)
	return n
}

// newDraft creates a draft and returns its media ID.
func newDraft(t *testing.T, p *Platform, c *wechat.Client) string {
	t.Helper()
	id, err := c.CreateDraft(t.Context(), newArticle(p))
	require.NoError(t, err)
	return id
}

func TestEveryIDHasTheSizeOfARealOne(t *testing.T) {
	p, alice, h := chat(t)
	c := p.Client()
	bob := p.AddUser(User{})
	report := alice.Sends(t.Context(), "hi")
	assert.Greater(t, report.MsgID, int64(1)<<53, "only this one is 64 bits wide")

	notice := p.AddSubscribeTemplate("n", "{{thing1.DATA}}")
	alice.subscribed = map[string]int{notice: 1}
	data := obj{"thing1": obj{"value": "v"}}
	job := post(t, c, "/cgi-bin/freepublish/submit", obj{"media_id": newDraft(t, p, c)})
	articles := post(t, c, "/cgi-bin/message/mass/sendall", obj{
		"filter": obj{"is_to_all": true}, "msgtype": "mpnews", "mpnews": obj{"media_id": newDraft(t, p, c)},
	})
	text := post(t, c, "/cgi-bin/message/mass/send", obj{
		"touser": []string{alice.OpenID, bob.OpenID}, "msgtype": "text", "text": obj{"content": "hi"},
	})
	preview := post(t, c, "/cgi-bin/message/mass/preview", obj{"touser": alice.OpenID, "msgtype": "text", "text": obj{"content": "hi"}})
	template := post(t, c, "/cgi-bin/message/template/send", obj{
		"touser": alice.OpenID, "template_id": p.AddTemplate(Template{Content: "{{thing1.DATA}}"}), "data": data,
	})
	post(t, c, "/cgi-bin/message/subscribe/bizsend", obj{"touser": alice.OpenID, "template_id": notice, "data": data})
	p.Wait()
	for name, raw := range map[string]json.RawMessage{
		"publish_id": job["publish_id"], "msg_id of articles": articles["msg_id"], "msg_id of text": text["msg_id"],
		"msg_id of a preview": preview["msg_id"], "msgid of a template message": template["msgid"],
		"msg_data_id of a publication": job["msg_data_id"], "msg_data_id of a mass message": articles["msg_data_id"],
	} {
		n := number(t, raw)
		assert.Len(t, strconv.FormatInt(n, 10), 10, name)
		assert.Less(t, n, int64(1)<<32, name)
	}
	for _, body := range h.seen()[1:] {
		assert.NotContains(t, body, "<MsgId>", "events have none")
		_, after, found := strings.Cut(body, "<MsgID>")
		if found {
			id, _, _ := strings.Cut(after, "<")
			assert.Len(t, id, 10, body)
		}
	}
}

func TestPublishIDIsANumberAndIsTakenInBothForms(t *testing.T) {
	p, _, h := chat(t)
	c := p.Client()
	id := number(t, post(t, c, "/cgi-bin/freepublish/submit", obj{"media_id": newDraft(t, p, c)})["publish_id"])
	p.Wait()
	assert.Contains(t, h.seen()[0], "<publish_id>"+strconv.FormatInt(id, 10)+"</publish_id>")
	for _, form := range []any{id, strconv.FormatInt(id, 10)} {
		out := post(t, c, "/cgi-bin/freepublish/get", obj{"publish_id": form})
		assert.Equal(t, id, number(t, out["publish_id"]))
		assert.Equal(t, "0", string(out["publish_status"]))
	}
	strict := platform(t, WithStrict())
	c = strict.Client()
	job := post(t, c, "/cgi-bin/freepublish/submit", obj{"media_id": newDraft(t, strict, c)})
	out := post(t, c, "/cgi-bin/freepublish/get", obj{"publish_id": string(job["publish_id"])})
	assert.Equal(t, string(job["publish_id"]), text(t, out["publish_id"]), "as its page has it")
}

func TestPushesHaveTheElementOrderOfTheSamples(t *testing.T) {
	for _, asJSON := range []bool{false, true} {
		opts := []Option{WithCallbackMode(CallbackModePlain)}
		if asJSON {
			opts = append(opts, WithJSONPushes())
		}
		p := platform(t, opts...)
		for _, documented := range spec.Pushes() {
			fields := Fields{"ZZ": "unknown"}
			want := []string{"ToUserName", "FromUserName", "CreateTime", "MsgType"}
			if documented.Event != "" {
				want = append(want, "Event")
			}
			hasID := false
			for _, name := range documented.Elements {
				hasID = hasID || name == "MsgId"
				fields[name] = "x"
			}
			want = append(append(want, documented.Elements...), "ZZ")
			if !hasID && documented.Type != "event" {
				want = append(want, "MsgId")
			}
			report := p.Push(t.Context(), Push{Type: documented.Type, Event: documented.Event, Fields: fields})
			rest := string(report.Body)
			for _, name := range want {
				mark := "<" + name + ">"
				if asJSON {
					mark = `"` + name + `":`
				}
				at := strings.Index(rest, mark)
				require.GreaterOrEqual(t, at, 0, "%s %s: %s is not behind its predecessor in %s", documented.Type, documented.Event, name, report.Body)
				rest = rest[at+len(mark):]
			}
		}
	}
}

func TestNestedElementsHaveTheOrderOfTheSamples(t *testing.T) {
	p, alice, h := chat(t, WithCallbackMode(CallbackModePlain))
	alice.ScansWithMenuAndWaits(t.Context(), "K", "1")
	alice.PicksLocation(t.Context(), "K", 1, 2, "here")
	alice.SendsLocation(t.Context(), 1, 2, "here")
	alice.SendsLink(t.Context(), "T", "D", "U")
	alice.ChoosesMenuItem(t.Context(), "101", "yes")
	for i, want := range []string{
		"<EventKey> <ScanCodeInfo> <ScanType> <ScanResult>",
		"<EventKey> <SendLocationInfo> <Location_X> <Location_Y> <Scale> <Label> <Poiname>",
		"<Location_X> <Location_Y> <Scale> <Label> <MsgId>",
		"<Title> <Description> <Url> <MsgId>",
		"<Content> <MsgId> <bizmsgmenuid>",
	} {
		rest := h.seen()[i]
		for _, name := range strings.Fields(want) {
			_, after, found := strings.Cut(rest, name)
			require.True(t, found, "%s: %s in %s", want, name, h.seen()[i])
			rest = after
		}
	}
	assert.Empty(t, p.Push(t.Context(), Push{Type: "text"}).Push.Fields, "the caller's fields are left alone")
}

func TestEventsOfJobsComeFromAnOpenIDWithTheCopyrightCheck(t *testing.T) {
	p, _, h := chat(t)
	c := p.Client()
	post(t, c, "/cgi-bin/freepublish/submit", obj{"media_id": newDraft(t, p, c)})
	all := obj{"is_to_all": true}
	post(t, c, "/cgi-bin/message/mass/sendall", obj{"filter": all, "msgtype": "mpnews", "mpnews": obj{"media_id": newDraft(t, p, c)}})
	post(t, c, "/cgi-bin/message/mass/sendall", obj{"filter": all, "msgtype": "text", "text": obj{"content": "hi"}})
	p.Wait()
	require.Len(t, h.seen(), 3)
	assert.Len(t, p.OperatorID, 28)
	masses := 0
	for _, body := range h.seen() {
		assert.Contains(t, body, "<FromUserName><![CDATA["+p.OperatorID+"]]></FromUserName>")
		if strings.Contains(body, "MASSSENDJOBFINISH") {
			masses++
			assert.Contains(t, body, "<CopyrightCheckResult><Count>0</Count><ResultList></ResultList><CheckState>")
			assert.Contains(t, body, "<ArticleUrlResult><Count>")
		}
	}
	assert.Equal(t, 2, masses)
}

func TestArticlesAndVideosOfMassMessagesAreDeleted(t *testing.T) {
	p := platform(t, WithQuota("/cgi-bin/message/mass/delete", 100))
	c := p.Client()
	p.AddUsers(2)
	image, video := p.AddMedia(wechat.MediaImage, File{}), p.AddMedia(wechat.MediaVideo, File{})
	for kind, x := range map[string]struct {
		content obj
		want    wechat.Code
	}{
		"mpnews":  {obj{"media_id": newDraft(t, p, c)}, 0},
		"mpvideo": {obj{"media_id": video}, 0},
		"text":    {obj{"content": "hi"}, wechat.ErrInvalidMessageType},
		"voice":   {obj{"media_id": p.AddMedia(wechat.MediaVoice, File{})}, wechat.ErrInvalidMessageType},
		"image":   {obj{"media_ids": []string{image}}, wechat.ErrInvalidMessageType},
	} {
		name := kind
		if kind == "image" {
			name = "images"
		}
		id := number(t, post(t, c, "/cgi-bin/message/mass/sendall", obj{"filter": obj{"is_to_all": true}, "msgtype": kind, name: x.content})["msg_id"])
		body := obj{"msg_id": id, "article_idx": 0}
		if x.want != 0 {
			refusedWith(t, c, x.want, "/cgi-bin/message/mass/delete", body)
			continue
		}
		refusedWith(t, c, 40060, "/cgi-bin/message/mass/delete", obj{"msg_id": id, "article_idx": 9})
		post(t, c, "/cgi-bin/message/mass/delete", body)
		assert.Equal(t, "DELETE", text(t, post(t, c, "/cgi-bin/message/mass/get", obj{"msg_id": id})["msg_status"]), kind)
		refusedWith(t, c, 40065, "/cgi-bin/message/mass/delete", body)
	}
	for _, body := range []obj{{}, {"article_idx": 1}, {"msg_id": 0}, {"msg_id": 7}, {"url": "http://example.com/"}} {
		refusedWith(t, c, wechat.ErrInvalidMessageID, "/cgi-bin/message/mass/delete", body)
	}
}

func TestTemplatesOfTheOldLibraryAndWithoutKeywordsHaveTheirCodes(t *testing.T) {
	p := platform(t)
	c := p.Client()
	for want, bodies := range map[wechat.Code][]obj{
		wechat.ErrInvalidKeywords: {
			{"template_id_short": "43"},
			{"template_id_short": "43", "keyword_name_list": nil},
			{"template_id_short": "43", "keyword_name_list": []string{}},
			{"template_id_short": "43", "keyword_name_list": []string{""}},
		},
		wechat.ErrNotCategoryTemplate: {
			{"template_id_short": "TM00015"},
			{"template_id_short": "OPENTM200001", "keyword_name_list": nil},
			{"template_id_short": "TM00015", "keyword_name_list": []string{"a"}},
		},
	} {
		for _, body := range bodies {
			refusedWith(t, c, want, "/cgi-bin/template/api_add_template", body)
		}
	}
}

func TestSecretOfTheRightLengthIsRefusedAsItsAPIDoes(t *testing.T) {
	p := platform(t)
	wrong := random(hexadecimal, len(p.AppSecret))
	c := p.Client()
	refusedWith(t, c, wechat.ErrInvalidSecret, stablePath, obj{"grant_type": "client_credential", "appid": p.AppID, "secret": wrong})
	refusedWith(t, c, wechat.ErrInvalidCredential, classicPath, nil, "grant_type", "client_credential", "appid", p.AppID, "secret", wrong)
}

func TestPublishedPicturesComeBackWithTheirImages(t *testing.T) {
	p := platform(t)
	c := p.Client()
	image := p.AddMaterial(wechat.MediaImage, File{})
	draft := text(t, post(t, c, "/cgi-bin/draft/add", obj{"articles": []obj{{
		"article_type": "newspic", "title": "t", "content": "c", "image_info": obj{"image_list": []obj{{"image_media_id": image}}},
	}}})["media_id"])
	post(t, c, "/cgi-bin/freepublish/submit", obj{"media_id": draft})
	for _, answer := range []json.RawMessage{
		post(t, c, "/cgi-bin/freepublish/getarticle", obj{"article_id": p.pubList[0].id})["news_item"],
		post(t, c, "/cgi-bin/freepublish/batchget", obj{"offset": 0, "count": 1})["item"],
	} {
		assert.Contains(t, string(answer), `"article_type":"newspic"`)
		assert.Contains(t, string(answer), `"image_media_id":"`+image+`"`)
	}
}

// cubes returns the documented statistics APIs.
func cubes() []spec.Endpoint {
	var found []spec.Endpoint
	for _, e := range spec.All() {
		if strings.HasPrefix(e.Path, datacubePrefix) {
			found = append(found, e)
		}
	}
	return found
}

func TestStatisticsAreOfTheDaysThatWereAskedFor(t *testing.T) {
	require.Len(t, cubes(), len(datacubes()))
	synctest.Test(t, func(t *testing.T) {
		p := platform(t)
		c := p.Client()
		time.Sleep(400 * 24 * time.Hour)
		today, err := time.Parse(time.DateOnly, dayOf(time.Now()))
		require.NoError(t, err)
		date := func(ago int) string { return today.AddDate(0, 0, -ago).Format(time.DateOnly) }
		for _, e := range cubes() {
			d := datacubes()[strings.TrimPrefix(e.Path, datacubePrefix)]
			var list []map[string]any
			out := post(t, c, e.Path, obj{"begin_date": date(d.days), "end_date": date(1)})
			require.NoError(t, json.Unmarshal(out["list"], &list))
			var want []string
			for ago := d.days; ago >= 1; ago-- {
				if d.has(today.AddDate(0, 0, -ago)) {
					want = append(want, date(ago))
				}
			}
			var days []string
			for _, row := range list {
				days = append(days, row["ref_date"].(string))
			}
			assert.Equal(t, want, days, e.Path)
			require.NotEmpty(t, list, e.Path)
			for name, value := range list[0] {
				if n, ok := value.(float64); ok {
					assert.Less(t, n, 1e6, "%s %s is no time", e.Path, name)
				}
			}
			for want, span := range map[wechat.Code][][2]string{
				wechat.ErrInvalidDate:      {{"2026/01/01", date(1)}, {"20260101", date(1)}, {date(1), "yesterday"}, {"2026-02-30", date(1)}, {"", date(1)}},
				wechat.ErrInvalidDateRange: {{date(1), date(2)}, {date(0), date(0)}, {date(1), date(0)}, {date(d.days + 1), date(1)}},
			} {
				for _, s := range span {
					refusedWith(t, c, want, e.Path, obj{"begin_date": s[0], "end_date": s[1]})
				}
			}
		}
	})
}

func TestFiguresOfAdsAreOfTheDaysThatWereAskedFor(t *testing.T) {
	c := platform(t).Client()
	from := wechat.DateOf(time.Now().AddDate(0, 0, -100))
	want := from
	for day, err := range c.AllCommissionDays(t.Context(), from, from.AddDays(95)) {
		require.NoError(t, err)
		assert.Equal(t, want, day.Date)
		want = want.AddDays(1)
	}
	assert.Equal(t, want, from.AddDays(96))
	refusedWith(t, c, wechat.ErrInvalidParameter, "/publisher/stat", nil,
		"action", "publisher_cps_general", "start_date", "2026", "end_date", "2026-01-01", "page", "1", "page_size", "90")
}

func TestFiguresOfATestAreReturned(t *testing.T) {
	p := platform(t)
	c := p.Client()
	yesterday := wechat.DateOf(p.now().AddDate(0, 0, -1))
	require.NoError(t, p.SetStatistics("/datacube/getusersummary", yesterday, obj{"user_source": 1, "new_user": 7}, wechat.UserSummary{NewFollowers: 8}))
	rows, err := c.ListUserSummaries(t.Context(), yesterday.AddDays(-1), yesterday)
	require.NoError(t, err)
	require.Len(t, rows, 3, "one of the day before")
	assert.Equal(t, int64(7), rows[1].NewFollowers)
	assert.Equal(t, int64(8), rows[2].NewFollowers)
	assert.Equal(t, yesterday, rows[1].RefDate)
	require.NoError(t, p.SetStatistics("/datacube/getusersummary", yesterday))
	rows, err = c.ListUserSummaries(t.Context(), yesterday, yesterday)
	require.NoError(t, err)
	assert.Empty(t, rows)
	require.Error(t, p.SetStatistics("/datacube/getusersummary", yesterday, "no object"))
}

func TestSamplesOfDurationsAreNoTimes(t *testing.T) {
	for _, e := range spec.All() {
		spec.Walk(e.Response, func(path string, f spec.Field) {
			if f.Type != "integer" && f.Type != "number" {
				return
			}
			name := strings.ToLower(f.Name)
			if strings.Contains(name, "cost") || strings.Contains(name, "count") || strings.Contains(name, "out") || strings.Contains(name, "active") {
				assert.False(t, isTime(f.Name), "%s %s", e.Path, path)
			}
		})
	}
}

func TestQuotasAreThoseOfThePage(t *testing.T) {
	ordinary, test := platform(t), platform(t, WithTestAccount())
	for path, want := range map[string][2]int{
		classicPath:                          {2000, 200},
		"/cgi-bin/menu/create":               {1000, 100},
		"/cgi-bin/menu/delete":               {1000, 100},
		"/cgi-bin/user/get":                  {500, 100},
		"/cgi-bin/message/mass/delete":       {10, 10},
		"/cgi-bin/user/info/updateremark":    {10_000, 10_000},
		"/cgi-bin/freepublish/get":           {100, 100},
		"/cgi-bin/freepublish/getarticle":    {100, 100},
		"/cgi-bin/freepublish/batchget":      {100, 100},
		"/cgi-bin/tags/members/batchtagging": {defaultPerDay, 1000},
	} {
		require.NotNil(t, spec.Find("", path), path)
		assert.Equal(t, want[0], ordinary.dayLimit(path), path)
		assert.Equal(t, want[1], test.dayLimit(path), path)
	}
	c := ordinary.Client()
	for range 10 {
		refusedWith(t, c, wechat.ErrInvalidMessageID, "/cgi-bin/message/mass/delete", obj{"msg_id": 1})
	}
	refusedWith(t, c, wechat.ErrDailyQuota, "/cgi-bin/message/mass/delete", obj{"msg_id": 1})
}

func TestTestAccountsSendValuesOfAnyLength(t *testing.T) {
	for _, x := range []struct {
		opts []Option
		want wechat.Code
	}{{nil, wechat.ErrInvalidTemplateData}, {[]Option{WithTestAccount()}, 0}} {
		p := platform(t, x.opts...)
		body := obj{
			"touser": p.AddUser(User{}).OpenID, "template_id": p.AddTemplate(Template{Content: "{{thing1.DATA}}"}),
			"data": obj{"thing1": obj{"value": strings.Repeat("x", 21)}},
		}
		if x.want != 0 {
			refusedWith(t, p.Client(), x.want, "/cgi-bin/message/template/send", body)
		} else {
			post(t, p.Client(), "/cgi-bin/message/template/send", body)
		}
	}
}

func TestClientMessageIDHas32Bytes(t *testing.T) {
	p := platform(t)
	p.AddUsers(2)
	send := func(key string) obj {
		return obj{"filter": obj{"is_to_all": true}, "msgtype": "text", "text": obj{"content": "hi"}, "clientmsgid": key}
	}
	post(t, p.Client(), "/cgi-bin/message/mass/sendall", send(strings.Repeat("k", 32)))
	refusedWith(t, p.Client(), wechat.ErrMassIDTooLong, "/cgi-bin/message/mass/sendall", send(strings.Repeat("k", 33)))
}

func TestTagsOfMoreThan100000FollowersAreNotDeleted(t *testing.T) {
	p := platform(t)
	c := p.Client()
	tag := p.AddTag("VIP")
	p.SetTagCount(tag, 100_001)
	p.SetTagCount(7, 1)
	tags, err := c.ListTags(t.Context())
	require.NoError(t, err)
	assert.Equal(t, int64(100_001), tags[1].Count)
	require.ErrorIs(t, c.DeleteTag(t.Context(), tag), wechat.ErrTagTooLarge)
	p.SetTagCount(tag, 100_000)
	require.NoError(t, c.DeleteTag(t.Context(), tag))
}

func TestMessagesOfAnUnknownAgentAreRefused(t *testing.T) {
	p, alice, _ := chat(t)
	p.AddKFAccount(KFAccount{Account: "ann@shop", Nickname: "Ann", WeChatID: "wx_ann", Status: wechat.KFStatusOnline})
	alice.Sends(t.Context(), "hi")
	send := func(account string) obj {
		return obj{"touser": alice.OpenID, "msgtype": "text", "text": obj{"content": "hi"}, "customservice": obj{"kf_account": account}}
	}
	refusedWith(t, p.Client(), wechat.ErrInvalidKFAccount, "/cgi-bin/message/custom/send", send("ben@shop"))
	post(t, p.Client(), "/cgi-bin/message/custom/send", send("ann@shop"))
	assert.Equal(t, "ann@shop", alice.LastMessage().KFAccount)
}

func TestIDsOfAgentsAreNumbersAsTypedClientsReadThem(t *testing.T) {
	for _, x := range []struct {
		opts []Option
		want string
	}{{nil, "1001"}, {[]Option{WithRules(RuleType)}, `"1001"`}} {
		p := platform(t, x.opts...)
		p.AddKFAccount(KFAccount{Account: "ann@shop", Nickname: "Ann", WeChatID: "wx_ann", Status: wechat.KFStatusOnline})
		c := p.Client()
		for _, answer := range []json.RawMessage{
			get(t, c, "/cgi-bin/customservice/getkflist")["kf_list"], get(t, c, "/cgi-bin/customservice/getonlinekflist")["kf_online_list"],
		} {
			assert.Contains(t, string(answer), `"kf_id":`+x.want)
		}
		_, err := c.ListKFAccounts(t.Context(), 0)
		require.NoError(t, err)
		_, err = c.ListOnlineKFAccounts(t.Context(), 0)
		require.NoError(t, err)
	}
}

func TestLastPageOfFollowersIsPlayedInBothForms(t *testing.T) {
	for _, opts := range [][]Option{nil, {WithLastOpenIDRepeated()}} {
		p := platform(t, opts...)
		c := p.Client()
		tag := p.AddTag("VIP")
		alice := p.AddUser(User{TagIDs: []int64{tag}})
		want := ""
		if opts != nil {
			want = alice.OpenID
		}
		first := get(t, c, "/cgi-bin/user/get")
		assert.Equal(t, want, text(t, first["next_openid"]))
		tagged := post(t, c, "/cgi-bin/user/tag/get", obj{"tagid": tag})
		assert.Equal(t, want, text(t, tagged["next_openid"]))
		behind := get(t, c, "/cgi-bin/user/get", "next_openid", alice.OpenID)
		assert.Empty(t, text(t, behind["next_openid"]))
		assert.Equal(t, "0", string(behind["count"]))
		n := 0
		for _, err := range c.AllFollowerIDs(t.Context()) {
			require.NoError(t, err)
			n++
		}
		assert.Equal(t, 1, n)
	}
}

func TestConditionalMenusNeedADefaultOne(t *testing.T) {
	p := platform(t)
	tag := strconv.FormatInt(p.AddTag("VIP"), 10)
	refusedWith(t, p.Client(), 65303, "/cgi-bin/menu/addconditional", obj{
		"button": []obj{{"type": "click", "name": "A", "key": "K"}}, "matchrule": obj{"tag_id": tag},
	})
}

func TestWithdrawnFieldsNameWhatReplacedThem(t *testing.T) {
	p := platform(t)
	c := p.Client()
	button := []obj{{"type": "click", "name": "A", "key": "K"}}
	post(t, c, "/cgi-bin/menu/create", obj{"button": button})
	for _, field := range []string{"sex", "country", "province", "city", "language", "group_id"} {
		_, err := do(t, c, wechat.Request{Path: "/cgi-bin/menu/addconditional", Body: obj{"button": button, "matchrule": obj{field: "1"}}})
		require.ErrorIs(t, err, wechat.ErrWithdrawnMatchRule)
		require.ErrorContains(t, err, "tag_id")
	}
	_, err := do(t, c, wechat.Request{Path: "/cgi-bin/message/mass/sendall", Body: obj{
		"filter": obj{"group_id": 2}, "msgtype": "text", "text": obj{"content": "hi"},
	}})
	require.Error(t, err)
	assert.ErrorContains(t, err, "use tag_id")
}
