package wechattest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
)

// savedOf returns the saved state of a platform.
func savedOf(t *testing.T, p *Platform) []byte {
	t.Helper()
	var document bytes.Buffer
	require.NoError(t, p.SaveState(&document))
	return document.Bytes()
}

// notSaved are the fields that a saved state does not contain, with the reason.
var notSaved = map[string]string{
	"Platform.lastFault":      "of the faults, which are not saved",
	"Platform.named":          "by the test",
	"observers.guard":         "a lock",
	"observers.watching":      "functions of the test",
	"callback.twice":          "a fault",
	"Platform.Token":          "the same as in the callback settings",
	"Platform.EncodingAESKey": "the same as in the callback settings",
	"Platform.set":            "options", "limits.perDay": "options", "limits.perMinute": "options",
	"Platform.specs": "not state", "Platform.behaviors": "not state", "Platform.unknown": "not state",
	"Platform.base": "not state", "Platform.cancel": "not state", "Platform.running": "not state", "Platform.mu": "not state",
	"Platform.custom": "functions", "Platform.calls": "too large", "Platform.pending": "faults", "Platform.clients": "not state",
	"Platform.secured": "keys of API security",
	"callback.handler": "a function", "callback.address": "the URL of the settings", "callback.pusher": "not state", "callback.network": "not state",
	"people.users": "the same as the list", "people.arrived": "only says when to look", "publications.published": "the same as the results of the jobs",
	"Follower.p":      "the platform",
	"Report.settings": "only of a push in progress", "Report.openID": "only of a push in progress", "Delivery.Err": "its text is", "callbackSettings.key": "made from the EncodingAESKey",
}

// checkPlain checks that encoding/json saves a type completely.
func (c *completeness) checkPlain(typ reflect.Type, at string) {
	t := c.t
	t.Helper()
	if c.plain[typ] {
		return
	}
	c.plain[typ] = true
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		c.checkPlain(typ.Elem(), at)
	case reflect.Struct:
		if typ == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range typ.NumField() {
			field := typ.Field(i)
			if name := typ.Name() + "." + field.Name; notSaved[name] != "" {
				c.skipped[name] = true
				continue
			}
			if assert.True(t, field.IsExported() && field.Tag.Get("json") != "-", "%s.%s is not saved: encoding/json leaves it out", at, field.Name) {
				c.checkPlain(field.Type, at+"."+field.Name)
			}
		}
	case reflect.Interface:
		assert.Zero(t, typ.NumMethod(), "%s is not saved: encoding/json cannot read a %s", at, typ)
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		t.Errorf("%s is not saved: encoding/json cannot write a %s", at, typ)
	}
}

// completeness checks that every field of the state is saved.
type completeness struct {
	t       *testing.T
	seen    map[reflect.Type]bool
	plain   map[reflect.Type]bool
	skipped map[string]bool
}

// check checks a type that lists its fields.
func (c *completeness) check(typ reflect.Type) {
	if c.seen[typ] {
		return
	}
	c.seen[typ] = true
	v := reflect.New(typ)
	if s, ok := v.Interface().(*Platform); ok {
		s.settings = &callbackSettings{}
	}
	owner, ok := v.Interface().(interface{ fields() fields })
	require.True(c.t, ok, "%s does not list its fields", typ)
	saved := map[uintptr]savedField{}
	collect(owner.fields(), saved)
	c.fields(typ, v.Pointer(), saved)
}

// savedField is a field that a list contains.
type savedField struct {
	typ   reflect.Type
	plain bool // encoding/json saves it
}

// collect adds what a list contains, by the address of the field.
func collect(list fields, into map[uintptr]savedField) {
	for _, saved := range list {
		v := reflect.ValueOf(saved)
		switch own := saved.(type) {
		case fields:
			collect(own, into)
			continue
		case savedSettings:
			v = reflect.ValueOf(&own.of.settings)
		}
		plain := v.Kind() == reflect.Pointer && v.Type() != reflect.TypeFor[**callbackSettings]()
		if v.Kind() == reflect.Struct { // a list, a table or a reference
			v = v.Field(0)
		}
		into[v.Pointer()] = savedField{typ: v.Type().Elem(), plain: plain}
	}
}

func (c *completeness) fields(typ reflect.Type, base uintptr, saved map[uintptr]savedField) {
	for i := range typ.NumField() {
		field := typ.Field(i)
		name := typ.Name() + "." + field.Name
		if notSaved[name] != "" {
			c.skipped[name] = true
			continue
		}
		by, ok := saved[base+field.Offset]
		switch {
		case ok && by.typ == field.Type && by.plain:
			c.checkPlain(field.Type, name)
		case ok && by.typ == field.Type:
			elem := content(field.Type)
			if _, lists := reflect.New(elem).Interface().(interface{ fields() fields }); lists {
				c.check(elem)
			} else { // a form of its own
				c.checkPlain(elem, name)
			}
		case field.Type.Kind() == reflect.Struct && field.Type.PkgPath() == typ.PkgPath():
			c.fields(field.Type, base+field.Offset, saved)
		default:
			c.t.Errorf("%s is not saved: list it in save_state.go, and give the document a new version", name)
		}
	}
}

// content returns the type of the values that a field holds.
func content(typ reflect.Type) reflect.Type {
	switch typ {
	case reflect.TypeFor[atomic.Int64]():
		return reflect.TypeFor[int64]()
	case reflect.TypeFor[history[*Report]](): // which counts its bytes anew
		return reflect.TypeFor[Report]()
	}
	for slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Map}, typ.Kind()) {
		typ = typ.Elem()
	}
	return typ
}

func TestEveryFieldOfTheStateIsSaved(t *testing.T) {
	c := &completeness{t: t, seen: map[reflect.Type]bool{}, plain: map[reflect.Type]bool{}, skipped: map[string]bool{}}
	c.check(reflect.TypeFor[Platform]())
	assert.ElementsMatch(t, slices.Collect(maps.Keys(notSaved)), slices.Collect(maps.Keys(c.skipped)), "exceptions that are none")
	assert.Greater(t, len(c.seen), 15)
	for _, typ := range []reflect.Type{reflect.TypeFor[Follower](), reflect.TypeFor[comment](), reflect.TypeFor[consent](), reflect.TypeFor[publishJob]()} {
		assert.True(t, c.seen[typ], "%s", typ)
	}
}

// lived returns a platform in whose state no field is empty.
func lived(t *testing.T, clock func() time.Time, callback string) *Platform {
	t.Helper()
	p := platform(t, WithClock(clock), WithPushTimeout(time.Second), WithAccount("wx0123456789abcdef", "secret-0123456789abcdef-secret-00"))
	settings := p.CallbackSettings()
	settings.URL, settings.Mode, settings.JSON = callback, CallbackModePlain, true
	require.NoError(t, p.SetCallbackSettings(settings))
	c, ctx := p.Client(), t.Context()
	p.Advance(time.Second)
	vip := p.AddTag("VIP")
	p.SetTagCount(vip, 7)
	alice := p.AddUser(User{
		Nickname: "Alice & <b>", UnionID: "u1", AvatarURL: "https://example.com/a.jpg", Remark: "r", TagIDs: []int64{vip}, QRSceneID: 1, QRSceneString: "s",
	})
	bob := p.AddUser(User{OpenID: "bob", NotFollowing: true})
	bob.Follows(ctx)
	post(t, c, "/cgi-bin/tags/members/batchblacklist", obj{"openid_list": []string{"bob"}})
	p.AddUser(User{OpenID: "eve"}).RefusesMessages()
	alice.Sends(ctx, "hi")
	alice.Clicks(ctx, "K")
	alice.PicksLocation(ctx, "K", 1.5, 2.5, "here")

	button := obj{"name": "B", "type": "click", "key": "K", "sub_button": []any{}}
	post(t, c, "/cgi-bin/menu/create", obj{"button": []any{button}})
	post(t, c, "/cgi-bin/menu/addconditional", obj{"button": []any{button}, "matchrule": obj{"tag_id": vip}})

	require.NoError(t, c.SetIndustries(ctx, "1", "2"))
	template := p.AddTemplate(Template{Title: "T", Content: "{{thing1.DATA}}", Example: "E"})
	_, err := c.SendTemplateMessage(ctx, wechat.TemplateMessage{
		OpenID: alice.OpenID, TemplateID: template, ClientMsgID: "k", Data: wechat.TemplateData{}.Set("thing1", "v"), URL: "https://example.com/",
	})
	require.NoError(t, err)
	notice := p.AddSubscribeTemplate("N", "{{thing1.DATA}}")
	alice.AcceptsSubscription(ctx, notice)
	alice.AcceptsSubscription(ctx, notice)
	for _, m := range []any{
		obj{"msgtype": "msgmenu", "msgmenu": obj{"head_content": "h", "list": []any{obj{"id": "1", "content": "yes"}}, "tail_content": "t"}},
		obj{"msgtype": "news", "news": obj{"articles": []any{obj{"title": "t", "description": "d", "url": "https://example.com/", "picurl": "p"}}}},
	} {
		m.(obj)["touser"] = alice.OpenID
		post(t, c, "/cgi-bin/message/custom/send", m)
	}
	require.NoError(t, c.StartTyping(ctx, wechat.TypingRequest{OpenID: alice.OpenID}))

	video, err := c.UploadMedia(ctx, wechat.MediaVideo, upload("a.mp4", "mp4"))
	require.NoError(t, err)
	_, err = c.UploadMassVideo(ctx, video.MediaID, "title", "intro")
	require.NoError(t, err)
	_, err = c.UploadMaterial(ctx, wechat.MediaImage, upload("a.png", string(picture())))
	require.NoError(t, err)
	article := newArticle(p)
	_, err = c.UploadMassNews(ctx, wechat.MassArticle{Title: article.Title, Content: article.Content, ThumbMediaID: article.ThumbMediaID})
	require.NoError(t, err)
	draft, err := c.CreateDraft(ctx, newArticle(p))
	require.NoError(t, err)
	_, err = c.CreateDraft(ctx, newArticle(p))
	require.NoError(t, err)
	published, err := c.PublishDraft(ctx, draft)
	require.NoError(t, err)
	id := alice.CommentsOn(published.MsgDataID, 0, "nice")
	require.NotZero(t, id)
	ref := wechat.CommentRef{MsgDataID: published.MsgDataID, CommentID: id}
	require.NoError(t, c.FeatureComment(ctx, ref))
	require.NoError(t, c.ReplyToComment(ctx, ref, "thanks"))
	second, err := c.CreateDraft(ctx, newArticle(p))
	require.NoError(t, err)
	p.FailNextPublish(wechat.PublishStatusRejected)
	_, err = c.PublishDraft(ctx, second)
	require.NoError(t, err)
	p.FailNextPublish(wechat.PublishStatusRejected)
	_, err = c.SendMass(ctx, wechat.SendMassRequest{ToAll: true, Message: wechat.MPNewsMessage{MediaID: second}, ClientMsgID: "m1"})
	require.NoError(t, err)
	require.NoError(t, c.SetMassSpeed(ctx, 3))

	p.AddKFAccount(KFAccount{Account: "ann@shop", Nickname: "Ann", WeChatID: "wx_ann", Status: wechat.KFStatusOnline})
	post(t, c, "/customservice/kfaccount/add", obj{"kf_account": "ben@shop", "nickname": "Ben"})
	require.NoError(t, c.InviteKFAgent(ctx, "ben@shop", "wx_ben"))
	require.NoError(t, c.UploadKFAvatar(ctx, "ann@shop", upload("a.jpg", "jpg")))
	require.NoError(t, c.CreateKFSession(ctx, "ann@shop", alice.OpenID))
	p.mu.Lock()
	p.transfer(bob, "")
	p.mu.Unlock()

	_, err = c.CreateQRCode(ctx, wechat.QRSceneString("s"), time.Hour)
	require.NoError(t, err)
	_, err = c.CreateShortKey(ctx, "long", time.Hour)
	require.NoError(t, err)
	post(t, c, "/cgi-bin/wxopen/qrcodejumpadd", obj{"prefix": "https://example.com/p", "appid": "wx1", "path": "pages/index", "is_edit": 0})
	post(t, c, "/cgi-bin/wxopen/qrcodejumppublish", obj{"prefix": "https://example.com/p"})
	token, err := c.ExchangeOAuthCode(ctx, authorize(t, c, alice, wechat.OAuthScopeUserInfo))
	require.NoError(t, err)
	require.NotEmpty(t, token.RefreshToken)
	_, err = c.GetTicket(ctx, wechat.TicketJSAPI)
	require.NoError(t, err)
	require.NoError(t, c.ClearQuota(ctx))
	require.NoError(t, c.ClearAPIQuota(ctx, "/cgi-bin/menu/get"))
	require.NoError(t, p.SetStatistics("/datacube/getusersummary", wechat.Date{Year: 2026, Month: 1, Day: 2}, obj{"new_user": 12345678901}))
	for range 2 {
		_, body := raw(t, p, httptest.NewRequest(http.MethodGet, classicPath+"?grant_type=client_credential&appid="+p.AppID+"&secret="+p.AppSecret, nil))
		require.Contains(t, body, "access_token")
	}
	for range 2 {
		_, body := raw(t, p, httptest.NewRequest(http.MethodPost, stablePath, strings.NewReader(
			`{"grant_type":"client_credential","appid":"`+p.AppID+`","secret":"`+p.AppSecret+`","force_refresh":true}`)))
		require.Contains(t, body, "access_token")
	}
	p.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.order[0].afterWrote, p.failures, p.pausedUntil = 2, 2, clock().Add(-time.Hour)
	return p
}

func (l list[T, P]) each(visit func(fields)) {
	for _, v := range *l.to {
		visit(P(v).fields())
	}
}

func (t table[K, T, P]) each(visit func(fields)) {
	for _, v := range *t.to {
		visit(P(v).fields())
	}
}

// emptyFields returns the fields that are empty in all values of a list or table.
func emptyFields(all fields) (empty []string) {
	filled := map[string]bool{}
	var walk func(list fields, at string)
	walk = func(list fields, at string) {
		for name, saved := range list {
			at := at + "." + name
			switch own := saved.(type) {
			case fields:
				walk(own, at)
				continue
			case interface{ each(visit func(fields)) }:
				own.each(func(inner fields) { walk(inner, at) })
			}
			v := reflect.ValueOf(saved)
			if v.Kind() == reflect.Struct {
				v = v.Field(0)
			}
			filled[at] = filled[at] || !v.Elem().IsZero()
		}
	}
	walk(all, "")
	for at, is := range filled {
		if !is {
			empty = append(empty, at)
		}
	}
	slices.Sort(empty)
	return empty
}

func TestStateIsRestoredCompletely(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)
	clock := func() time.Time { return now }
	callback := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer callback.Close()
	p := lived(t, clock, callback.URL)
	first := savedOf(t, p)
	assert.Equal(t, []string{".state.agents.waiting.agent", ".state.consents.refreshes.used", ".state.consents.tokens.used"}, emptyFields(p.fields()), "the test proves nothing about these fields")

	restored := platform(t, WithClock(clock))
	require.NoError(t, restored.RestoreState(bytes.NewReader(first)))
	second := savedOf(t, restored)
	assert.Equal(t, string(first), string(second))
	again := platform(t, WithClock(clock))
	require.NoError(t, again.RestoreState(bytes.NewReader(second)))
	assert.Equal(t, string(first), string(savedOf(t, again)))
}

func TestRestoredPlatformGoesOnWhereTheOtherEnded(t *testing.T) {
	clock := func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC) }
	callback := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer callback.Close()
	old := lived(t, clock, callback.URL)
	p := platform(t, WithClock(clock))
	require.NoError(t, p.RestoreState(bytes.NewReader(savedOf(t, old))))

	token := old.stable.current.value
	for _, call := range []struct{ path, body string }{
		{"/cgi-bin/menu/get", ""},
		{"/cgi-bin/user/get", ""},
		{"/cgi-bin/tags/get", ""},
		{"/cgi-bin/template/get_all_private_template", ""},
		{"/wxaapi/newtmpl/gettemplate", ""},
		{"/customservice/kfsession/getwaitcase", ""},
		{"/customservice/kfsession/getsession?openid=" + old.order[0].OpenID, ""},
		{"/cgi-bin/draft/batchget", `{"offset":0,"count":20,"no_content":0}`},
		{"/cgi-bin/freepublish/batchget", `{"offset":0,"count":20,"no_content":0}`},
		{"/cgi-bin/material/batchget_material", `{"type":"image","offset":0,"count":20}`},
		{"/datacube/getusersummary", `{"begin_date":"2026-01-02","end_date":"2026-01-02"}`},
		{"/cgi-bin/openapi/quota/get", `{"cgi_path":"/cgi-bin/template/api_set_industry"}`},
	} {
		var answers [2]string
		for i, p := range []*Platform{old, p} {
			method, body := http.MethodGet, http.NoBody
			req := httptest.NewRequest(method, call.path, body)
			if call.body != "" {
				req = httptest.NewRequest(http.MethodPost, call.path, strings.NewReader(call.body))
			}
			query := req.URL.Query()
			query.Set("access_token", token)
			req.URL.RawQuery = query.Encode()
			_, answers[i] = raw(t, p, req)
		}
		assert.NotEmpty(t, answers[0])
		assert.NotContains(t, answers[0], `"errcode":4`, "%s", call.path)
		assert.JSONEq(t, answers[0], answers[1], "%s", call.path)
	}

	alice := p.Follower(old.order[0].OpenID)
	require.NotNil(t, alice)
	assert.Equal(t, "Alice & <b>", alice.Nickname())
	assert.Len(t, alice.Messages(), len(old.order[0].Messages()))
	reports := p.Reports()
	require.Len(t, reports, len(old.Reports()))
	for i, report := range old.Reports() {
		assert.Equal(t, string(report.Body), string(reports[i].Body))
		assert.Equal(t, p.bodyOf(report), p.bodyOf(&Report{
			Push: reports[i].Push, MsgID: reports[i].MsgID, CreateTime: reports[i].CreateTime, settings: p.settings,
		}), "it can be pushed again")
	}
	assert.NotZero(t, alice.Sends(t.Context(), "still there").Deliveries, "the callback is the same")
}

func TestReportsOfASavedStateAreBounded(t *testing.T) {
	p, alice, _ := chat(t)
	for i := range savedReports + 5 {
		p.keepReport(&Report{Push: Push{From: alice.OpenID}, MsgID: int64(i)})
	}
	p.keepReport(&Report{Deliveries: []Delivery{{Err: assert.AnError}}})
	restored := platform(t)
	require.NoError(t, restored.RestoreState(bytes.NewReader(savedOf(t, p))))
	reports := restored.Reports()
	require.Len(t, reports, savedReports)
	assert.Equal(t, int64(6), reports[0].MsgID)
	require.EqualError(t, reports[savedReports-1].Deliveries[0].Err, assert.AnError.Error())
}

func TestStateThatCannotBeRestoredChangesNothing(t *testing.T) {
	source := platform(t)
	source.AddUser(User{Nickname: "Alice"})
	good := string(savedOf(t, source))
	// resealed returns the document with a change inside, and a digest that matches.
	resealed := func(old, replacement string) string {
		require.Contains(t, good, old)
		changed := strings.Replace(good, old, replacement, 1)
		var in savedState
		require.NoError(t, json.Unmarshal([]byte(changed), &in))
		return strings.Replace(changed, in.SHA256, digest(in.State), 1)
	}
	target := platform(t)
	target.AddUser(User{OpenID: "kept"})
	target.SetCallbackURL("http://127.0.0.1:1/")
	before := savedOf(t, target)
	for name, tt := range map[string]struct {
		document string
		want     error
	}{
		"empty":              {"", ErrDamagedState},
		"not JSON":           {"notes", ErrDamagedState},
		"cut off":            {good[:len(good)/2], ErrDamagedState},
		"something behind":   {good + "x", ErrDamagedState},
		"one letter changed": {strings.Replace(good, "Alice", "Alicf", 1), ErrDamagedState},
		"another document":   {`{"format":"notes","version":1}`, ErrDamagedState},
		"another version":    {strings.Replace(good, `"version":2`, `"version":1`, 1), ErrStateVersion},
		"a field less":       {resealed(`"next_tag":100,`, ``), ErrDamagedState},
		"a field more":       {resealed(`"next_tag":100`, `"next_tag":100,"x":1`), ErrDamagedState},
		"another type":       {resealed(`"next_tag":100`, `"next_tag":"100"`), ErrDamagedState},
		"nothing at all":     {resealed(`"users":[`, `"users":[null,`), ErrDamagedState},
		"a lost medium":      {resealed(`"materials":[]`, `"materials":["x"]`), ErrDamagedState},
		"bad settings":       {resealed(source.Token, "!"), ErrDamagedState},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, target.RestoreState(strings.NewReader(tt.document)), tt.want)
			assert.Equal(t, string(before), string(savedOf(t, target)))
		})
	}
	require.ErrorIs(t, target.RestoreState(iotest.ErrReader(assert.AnError)), assert.AnError)
	assert.Equal(t, string(before), string(savedOf(t, target)))
}

func TestHandlerStaysAndAddressesDoNot(t *testing.T) {
	source := platform(t)
	p, alice, _ := chat(t)
	openID := alice.OpenID
	document := savedOf(t, p)
	require.NoError(t, p.RestoreState(bytes.NewReader(document)))
	assert.NotEmpty(t, p.Follower(openID).Sends(t.Context(), "hi").Deliveries, "the handler is still there")
	p.SetCallbackURL("http://127.0.0.1:1/")
	require.NoError(t, p.RestoreState(bytes.NewReader(savedOf(t, source))))
	assert.Equal(t, source.CallbackSettings(), p.CallbackSettings())
	assert.True(t, p.AddUser(User{}).Sends(t.Context(), "hi").Blocked, "the restored account has no callback")
}

func TestStateFileIsReplacedAsAWhole(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "state.json")
	p := platform(t)
	require.ErrorIs(t, p.RestoreStateFile(name), fs.ErrNotExist)
	require.NoError(t, p.SaveStateFile(name))
	p.AddUser(User{OpenID: "alice"})
	require.NoError(t, p.SaveStateFile(name))
	info, err := os.Stat(name)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode())
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, files, 1, "no temporary file stays")

	other := platform(t)
	require.NoError(t, other.RestoreStateFile(name))
	assert.NotNil(t, other.Follower("alice"))
	assert.Equal(t, p.AppSecret, other.AppSecret)
	require.Error(t, p.SaveStateFile(filepath.Join(dir, "absent", "state.json")))
}

func BenchmarkSaveState(b *testing.B) {
	p := NewPlatform()
	defer p.Close()
	for i, f := range p.AddUsers(1000) {
		for j := range 10 {
			f.receive(Received{Message: Message{Type: "text", Content: fmt.Sprintf("message %d of %d", j, i)}, Via: ViaReply})
		}
	}
	var document bytes.Buffer
	for b.Loop() {
		document.Reset()
		if err := p.SaveState(&document); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(document.Len()))
}

// FuzzRestoreState: whatever a file contains, it is refused and changes nothing, or the
// platform has a state that it can save, and restore again.
func FuzzRestoreState(f *testing.F) {
	rich := NewPlatform()
	defer rich.Close()
	alice := rich.AddUser(User{Nickname: "Alice"})
	rich.AddTemplate(Template{Content: "{{thing1.DATA}}"})
	rich.AddKFAccount(KFAccount{Account: "a@test", Nickname: "a"})
	alice.Sends(f.Context(), "hi")
	var document bytes.Buffer
	require.NoError(f, rich.SaveState(&document))
	state, err := openState(document.Bytes())
	require.NoError(f, err)
	for _, seed := range []string{"", "null", "{}", string(state), strings.ReplaceAll(string(state), "[", "[null,"), document.String()} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p := NewPlatform()
		defer p.Close()
		require.ErrorIs(t, cmp.Or(p.RestoreState(bytes.NewReader(data)), ErrDamagedState), ErrDamagedState)
		var compact bytes.Buffer
		if json.Compact(&compact, data) != nil {
			return
		}
		file, err := encode(savedState{Format: stateFormat, Version: stateVersion, SHA256: digest(compact.Bytes()), State: compact.Bytes()})
		require.NoError(t, err)
		before := p.AppID
		if err := p.RestoreState(bytes.NewReader(file)); err != nil {
			require.ErrorIs(t, err, ErrDamagedState)
			assert.Equal(t, before, p.AppID)
			return
		}
		saved, other := savedOf(t, p), NewPlatform()
		defer other.Close()
		require.NoError(t, other.RestoreState(bytes.NewReader(saved)))
		assert.Equal(t, string(saved), string(savedOf(t, other)))
	})
}
