package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechattest"
)

type obj = map[string]any

// asks sends a request to the control API, without a body if it is nil.
func asks(t *testing.T, s *simulator, method, path string, body any) (int, obj) {
	t.Helper()
	var data []byte
	kind := ""
	switch body := body.(type) {
	case nil:
	case string:
		data, kind = []byte(body), "application/json"
	default:
		var err error
		data, err = json.Marshal(body)
		require.NoError(t, err)
		kind = "application/json"
	}
	req, err := http.NewRequest(method, s.url+path, bytes.NewReader(data))
	require.NoError(t, err)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	return answer(t, s, req)
}

func answer(t *testing.T, s *simulator, req *http.Request) (int, obj) {
	t.Helper()
	w := httptest.NewRecorder()
	if req.Host == "" {
		req.Host = req.URL.Host
	}
	req.URL.Host, req.URL.Scheme = "", "" // as a server receives it
	s.ServeHTTP(w, req)
	if w.Code == http.StatusNoContent {
		assert.Empty(t, w.Body.String())
		return w.Code, nil
	}
	assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
	var out obj
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out), "%s", w.Body.String())
	return w.Code, out
}

// does is asks, but requires success.
func does(t *testing.T, s *simulator, method, path string, body any) obj {
	t.Helper()
	status, out := asks(t, s, method, path, body)
	require.Less(t, status, 300, "%s %s: %v", method, path, out)
	return out
}

// add adds a follower and returns its path.
func add(t *testing.T, s *simulator, follower obj) string {
	t.Helper()
	openID, _ := does(t, s, "POST", "/simulator/followers", follower)["openid"].(string)
	require.NotEmpty(t, openID)
	return "/simulator/followers/" + openID
}

// listen makes a callback receive the pushes of a simulator.
func answering(t *testing.T, s *simulator) *callback.Handler {
	t.Helper()
	p := s.current()
	settings := p.CallbackSettings()
	h, err := callback.NewHandler(callback.Config{Credentials: callback.NewCredentials(settings.Token, settings.EncodingAESKey), AppID: p.AppID})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.Shutdown(context.Background())) })
	callback.On(h, func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
		return callback.TextReply{Content: "you said " + m.Content}, nil
	})
	return h
}

func client(t *testing.T, s *simulator) *wechat.Client {
	t.Helper()
	c := wechat.NewClient(s.current().AppID, s.secret(), wechat.WithBaseURL(s.url))
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// calls sends a call of the platform's API, with a body unless it is nil, and requires success.
func calls(t *testing.T, s *simulator, path string, body any) obj {
	t.Helper()
	var out obj
	require.NoError(t, client(t, s).Do(t.Context(), wechat.Request{Path: path, Body: body}, &out))
	return out
}

func TestFollowerWritesAndSeesReplyAndWhatComesLater(t *testing.T) {
	s := start(t)
	srv := httptest.NewServer(answering(t, s))
	t.Cleanup(srv.Close)
	does(t, s, "PATCH", "/simulator/callback", obj{"url": srv.URL, "verify": true})
	alice := add(t, s, obj{"openid": "o-alice", "nickname": "Alice"})

	report := does(t, s, "POST", alice+"/messages", obj{"type": "text", "content": "hi"})
	assert.Equal(t, "reply", report["seen"])
	assert.Equal(t, "you said hi", report["reply"].(obj)["content"])
	assert.Len(t, report["deliveries"], 1)
	assert.Contains(t, report["body"], "<![CDATA[hi]]>")
	assert.IsType(t, "", report["msg_id"], "it does not fit into the numbers of JavaScript")

	require.NoError(t, client(t, s).SendCustomMessage(t.Context(), wechat.SendCustomMessageRequest{
		OpenID: "o-alice", Message: wechat.TextMessage{Content: "one more thing"},
	}))
	messages := does(t, s, "GET", alice+"/messages", nil)["messages"].([]any)
	require.Len(t, messages, 2)
	assert.Equal(t, "reply", messages[0].(obj)["via"])
	assert.Equal(t, "one more thing", messages[1].(obj)["content"])
	assert.Len(t, does(t, s, "GET", "/simulator/pushes", nil)["pushes"], 1)

	view := does(t, s, "GET", alice, nil)
	assert.Equal(t, "Alice", view["nickname"])
	assert.Equal(t, true, view["following"])
	assert.Len(t, does(t, s, "GET", "/simulator/followers", nil)["followers"], 1)
}

// pushed maps a request for each action of a user to the content of its push.
var pushed = map[string]struct {
	in    obj
	holds []string
}{
	"text":       {obj{"content": "hi"}, []string{"<Content><![CDATA[hi]]>"}},
	"image":      {obj{"picture_url": "https://example.com/a.png", "media_id": "m1"}, []string{"<PicUrl>", "<MediaId><![CDATA[m1]]>"}},
	"voice":      {obj{"media_id": "m2"}, []string{"<MediaId><![CDATA[m2]]>", "<Format><![CDATA[amr]]>"}},
	"video":      {obj{"media_id": "m3", "thumb_media_id": "m4"}, []string{"m3", "<ThumbMediaId><![CDATA[m4]]>"}},
	"shortvideo": {obj{"media_id": "m3", "thumb_media_id": "m4"}, []string{"m3", "m4"}},
	"location":   {obj{"latitude": 39.9, "longitude": 116.4, "label": "北京"}, []string{"<Location_X>39.9<", "<Location_Y>116.4<", "北京"}},
	"link":       {obj{"title": "t", "description": "d", "url": "https://example.com/"}, []string{"<Url><![CDATA[https://example.com/]]>"}},

	"subscribe":                 {obj{}, nil},
	"unsubscribe":               {obj{}, nil},
	"SCAN":                      {obj{"scene": "shop"}, []string{"<EventKey><![CDATA[shop]]>", "<Ticket>"}},
	"CLICK":                     {obj{"key": "K"}, []string{"<EventKey><![CDATA[K]]>"}},
	"VIEW":                      {obj{"url": "https://example.com/"}, []string{"https://example.com/"}},
	"view_miniprogram":          {obj{"page_path": "pages/a"}, []string{"pages/a"}},
	"scancode_push":             {obj{"key": "K", "result": "42"}, []string{"<ScanResult><![CDATA[42]]>"}},
	"scancode_waitmsg":          {obj{"key": "K", "result": "42"}, []string{"<ScanResult><![CDATA[42]]>"}},
	"location_select":           {obj{"key": "K", "latitude": 1.5, "longitude": -2, "label": "L"}, []string{"<Location_X>1.5<", "<Location_Y>-2<"}},
	"LOCATION":                  {obj{"latitude": 1.5, "longitude": -2, "precision": 3}, []string{"<Precision>3<"}},
	"subscribe_msg_popup_event": {obj{"template_id": "T", "accepts": true}, []string{"accept", "<TemplateId><![CDATA[T]]>"}},
}

func TestEverythingThatAUserDoesIsPushed(t *testing.T) {
	s := start(t)
	s.current().SetCallback(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "success") }))
	calls(t, s, "/cgi-bin/qrcode/create", obj{"action_name": "QR_LIMIT_STR_SCENE", "action_info": obj{"scene": obj{"scene_str": "shop"}}})
	tried := 0
	for _, group := range []struct {
		path, field string
		known       map[string]actionReader
	}{{"/messages", "type", messages}, {"/events", "event", events}} {
		for kind := range group.known {
			t.Run(kind, func(t *testing.T) {
				tt, ok := pushed[kind]
				require.True(t, ok, "a row is missing")
				body := obj{group.field: kind}
				for name, value := range tt.in {
					body[name] = value
				}
				report := does(t, s, "POST", add(t, s, obj{})+group.path, body)
				assert.Len(t, report["deliveries"], 1)
				assert.Equal(t, false, report["blocked"])
				assert.Equal(t, kind, report[group.field])
				for _, part := range tt.holds {
					assert.Contains(t, report["body"], part)
				}
			})
			tried++
		}
	}
	assert.Len(t, pushed, tried)
}

func TestPushOfAnyKindIsSent(t *testing.T) {
	s := start(t)
	s.current().SetCallback(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "success") }))
	alice := add(t, s, obj{})
	report := does(t, s, "POST", alice+"/events", `{"event":"user_get_card","fields":{"CardId":"c","IsGiveByFriend":1,"List":[{"A":"1"},{"A":2}]}}`)
	for _, part := range []string{
		"<Event><![CDATA[user_get_card]]>", "<CardId><![CDATA[c]]>", "<IsGiveByFriend>1<", "<List><A><![CDATA[1]]></A></List><List><A>2</A></List>",
	} {
		assert.Contains(t, report["body"], part)
	}
	report = does(t, s, "POST", alice+"/messages", `{"type":"news","fields":{"Big":9007199254740993}}`)
	assert.Contains(t, report["body"], "<Big>9007199254740993<")
	report = does(t, s, "POST", "/simulator/pushes", obj{"event": "annual_renew", "fields": obj{"ExpiredTime": 1}})
	assert.Equal(t, s.current().OperatorID, report["from"])
	report = does(t, s, "POST", "/simulator/pushes", obj{"event": "annual_renew", "from": "o-someone"})
	assert.Equal(t, "o-someone", report["from"])
}

func TestCallbackChangesWhileTheSimulatorRuns(t *testing.T) {
	s := start(t)
	before := does(t, s, "GET", "/simulator/callback", nil)
	assert.Equal(t, "safe", before["mode"])
	assert.Equal(t, false, before["pushes_paused"])

	key := strings.Repeat("k", 43)
	after := does(t, s, "PATCH", "/simulator/callback", obj{"mode": "compatible", "token": "another", "aes_key": key, "json": true})
	assert.Equal(t, obj{"mode": "compatible", "token": "another", "aes_key": key, "json": true, "url": "", "pushes_paused": false}, after)
	assert.Equal(t, wechattest.CallbackSettings{Token: "another", EncodingAESKey: key, Mode: wechattest.CallbackModeCompatible, JSON: true},
		s.current().CallbackSettings())

	after = does(t, s, "PATCH", "/simulator/callback", obj{"mode": "plain"})
	assert.Equal(t, "another", after["token"], "what is left out stays")
	assert.Equal(t, "plain", after["mode"])
}

func TestCallbackThatDoesNotAgreeKeepsItsSettings(t *testing.T) {
	s := start(t)
	deaf := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(deaf.Close)
	before := s.current().CallbackSettings()
	status, out := asks(t, s, "PATCH", "/simulator/callback", obj{"url": deaf.URL, "mode": "plain", "verify": true})
	assert.Equal(t, http.StatusBadGateway, status)
	assert.Contains(t, out["error"], "404")
	assert.Equal(t, before, s.current().CallbackSettings())

	does(t, s, "PATCH", "/simulator/callback", obj{"url": deaf.URL})
	status, _ = asks(t, s, "POST", "/simulator/callback/verify", nil)
	assert.Equal(t, http.StatusBadGateway, status)

	good := httptest.NewServer(answering(t, s))
	t.Cleanup(good.Close)
	does(t, s, "PATCH", "/simulator/callback", obj{"url": good.URL})
	does(t, s, "POST", "/simulator/callback/verify", nil)
}

func TestTokensAreRevoked(t *testing.T) {
	s := start(t)
	c := client(t, s)
	_, err := c.ListTags(t.Context())
	require.NoError(t, err)
	does(t, s, "DELETE", "/simulator/tokens", nil)
	_, err = c.ListTags(t.Context())
	require.NoError(t, err, "the client has fetched another one")
	assert.Equal(t, 2, s.current().ExecutedCallCount("/cgi-bin/stable_token"))

	secret := does(t, s, "POST", "/simulator/secret", nil)["appsecret"]
	assert.Equal(t, s.secret(), secret)
	_, err = c.ListTags(t.Context())
	require.Error(t, err, "the secret is another one")
}

func TestFaultsHappen(t *testing.T) {
	s := start(t)
	c := client(t, s)
	does(t, s, "POST", "/simulator/faults", obj{"path": "/cgi-bin/menu/delete", "errcode": 45009, "times": 2})
	for range 2 {
		require.ErrorIs(t, c.DeleteMenu(t.Context()), wechat.ErrQuotaExceeded)
	}
	require.NoError(t, c.DeleteMenu(t.Context()))

	does(t, s, "POST", "/simulator/faults", obj{"path": "/cgi-bin/menu/delete", "errcode": 45009})
	does(t, s, "DELETE", "/simulator/faults", nil)
	require.NoError(t, c.DeleteMenu(t.Context()))

	does(t, s, "POST", "/simulator/faults", obj{"path": "/cgi-bin/menu/delete", "status": 503, "body": "down", "header": obj{"Retry-After": "1"}, "times": -1})
	require.Error(t, c.DeleteMenu(t.Context()))
	assert.Greater(t, s.current().CallCount("/cgi-bin/menu/delete"), 4)
}

func TestEveryFaultThatIsListedCanBePosted(t *testing.T) {
	s := start(t)
	list := does(t, s, "GET", "/simulator/faults", nil)["faults"].([]any)
	require.Len(t, list, len(wechattest.Faults()))
	for _, fault := range list {
		does(t, s, "POST", "/simulator/faults", fault)
	}
}

func TestPublishingFails(t *testing.T) {
	s := start(t)
	thumb := does(t, s, "POST", "/simulator/media", obj{"type": "thumb", "name": "a.jpg", "data": []byte("jpg"), "permanent": true})["media_id"]
	article := obj{"title": "t", "content": "c", "thumb_media_id": thumb}
	draft := calls(t, s, "/cgi-bin/draft/add", obj{"articles": []obj{article}})["media_id"]
	does(t, s, "POST", "/simulator/faults/publish", obj{"publish_status": 4})
	job := calls(t, s, "/cgi-bin/freepublish/submit", obj{"media_id": draft})["publish_id"]
	does(t, s, "POST", "/simulator/wait", nil)
	assert.EqualValues(t, 4, calls(t, s, "/cgi-bin/freepublish/get", obj{"publish_id": job})["publish_status"])
}

func TestCallsAreListed(t *testing.T) {
	s := start(t)
	_, err := client(t, s).UploadMedia(t.Context(), wechat.MediaImage, wechat.File{Name: "a.png", Content: strings.NewReader("\x89PNG\r\n\x1a\n")})
	require.NoError(t, err)
	calls := does(t, s, "GET", "/simulator/calls?path=/cgi-bin/media/upload", nil)["calls"].([]any)
	require.Len(t, calls, 1)
	call := calls[0].(obj)
	assert.Equal(t, "POST", call["method"])
	assert.Equal(t, "a.png", call["files"].(obj)["media"].(obj)["name"])
	assert.Equal(t, true, call["executed"])
	assert.Len(t, does(t, s, "GET", "/simulator/calls", nil)["calls"], 2)
}

func TestAccountIsFurnished(t *testing.T) {
	s := start(t)
	c := client(t, s)
	id := does(t, s, "POST", "/simulator/templates", obj{"title": "t", "content": "{{thing1.DATA}}"})["template_id"]
	templates, err := c.ListTemplates(t.Context())
	require.NoError(t, err)
	require.Len(t, templates, 1)
	assert.Equal(t, id, templates[0].ID)
	assert.NotEmpty(t, does(t, s, "POST", "/simulator/subscribe-templates", obj{"title": "t", "content": "{{thing1.DATA}}"})["template_id"])

	media := does(t, s, "POST", "/simulator/media", obj{"type": "image", "name": "a.png", "data": []byte("png")})["media_id"].(string)
	var data bytes.Buffer
	_, err = c.DownloadMedia(t.Context(), media, &data)
	require.NoError(t, err)
	assert.Equal(t, "png", data.String())

	does(t, s, "POST", "/simulator/kf-accounts", obj{"account": "a@b", "nickname": "n", "wechat_id": "w"})
	does(t, s, "PATCH", "/simulator/kf-accounts/a@b", obj{"online": true})
	assert.Len(t, calls(t, s, "/cgi-bin/customservice/getonlinekflist", nil)["kf_online_list"], 1)
}

func TestFollowerAuthorizesAPageAndRefusesMessages(t *testing.T) {
	s := start(t)
	alice := add(t, s, obj{})
	page := "https://open.weixin.qq.com/connect/oauth2/authorize?appid=" + s.current().AppID +
		"&redirect_uri=https%3A%2F%2Fexample.com%2Fback&response_type=code&scope=snsapi_userinfo&state=st#wechat_redirect"
	redirect := does(t, s, "POST", alice+"/authorizations", obj{"url": page})["redirect_url"]
	assert.Contains(t, redirect, "https://example.com/back?code=")
	does(t, s, "PATCH", alice, obj{"refuses_messages": true})
}

func TestFiguresAreSet(t *testing.T) {
	s := start(t)
	day := wechat.DateOf(time.Now()).AddDays(-2).String()
	does(t, s, "PUT", "/simulator/statistics", obj{"path": "/datacube/getusersummary", "day": day, "rows": []obj{{"user_source": 0, "new_user": 7}}})
	rows := calls(t, s, "/datacube/getusersummary", obj{"begin_date": day, "end_date": day})["list"].([]any)
	require.Len(t, rows, 1)
	assert.EqualValues(t, 7, rows[0].(obj)["new_user"])
	does(t, s, "PUT", "/simulator/statistics", obj{"path": "/datacube/getusersummary", "day": day})
	assert.Empty(t, calls(t, s, "/datacube/getusersummary", obj{"begin_date": day, "end_date": day})["list"])
}

func TestTagWithManyFollowersIsNotDeleted(t *testing.T) {
	s := start(t)
	tag, err := client(t, s).CreateTag(t.Context(), "all")
	require.NoError(t, err)
	does(t, s, "PATCH", fmt.Sprintf("/simulator/tags/%d", tag.ID), obj{"count": 100_001})
	assert.ErrorContains(t, client(t, s).DeleteTag(t.Context(), tag.ID), "45057")
}

func TestStrictSimulatorKeepsTheRulesOfThePages(t *testing.T) {
	lenient, strict := start(t), start(t, func(set *settings) { set.strict = true })
	for s, want := range map[*simulator]string{lenient: "0", strict: "43001"} {
		token := calls(t, s, "/cgi-bin/stable_token", obj{
			"grant_type": "client_credential", "appid": s.current().AppID, "secret": s.secret(),
		})["access_token"]
		resp, err := http.Post(fmt.Sprintf("%s/cgi-bin/ticket/getticket?type=jsapi&access_token=%s", s.url, token), "application/json", strings.NewReader("{}"))
		require.NoError(t, err)
		var out struct {
			Code json.Number `json:"errcode"`
		}
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&out))
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, want, out.Code.String())
	}
}

func TestTestAccountHasSmallQuotas(t *testing.T) {
	s := start(t, func(set *settings) { set.testAccount = true })
	quota := calls(t, s, "/cgi-bin/openapi/quota/get", obj{"cgi_path": "/cgi-bin/menu/create"})["quota"].(obj)
	assert.EqualValues(t, 100, quota["daily_limit"])
}

func TestFollowerSeesTheMenu(t *testing.T) {
	s := start(t)
	alice := add(t, s, obj{})
	assert.Nil(t, does(t, s, "GET", alice, nil)["menu"])
	calls(t, s, "/cgi-bin/menu/create", obj{"button": []obj{{"type": "click", "name": "A", "key": "K"}}})
	buttons := does(t, s, "GET", alice, nil)["menu"].(obj)["buttons"].([]any)
	require.Len(t, buttons, 1)
	assert.Equal(t, "K", buttons[0].(obj)["key"])
}

func TestResetStartsOver(t *testing.T) {
	s := start(t, func(set *settings) { set.callback.Mode = wechattest.CallbackModeCompatible })
	before := does(t, s, "GET", "/simulator/", nil)
	c := client(t, s)
	add(t, s, obj{})
	_, err := c.CreateTag(t.Context(), "VIP")
	require.NoError(t, err)
	does(t, s, "PATCH", "/simulator/callback", obj{"mode": "plain", "token": "another"})
	does(t, s, "POST", "/simulator/secret", nil)
	does(t, s, "POST", "/simulator/faults", obj{"errcode": -1, "times": -1})

	does(t, s, "POST", "/simulator/reset", nil)
	assert.Equal(t, before, does(t, s, "GET", "/simulator/", nil))
	assert.Equal(t, "compatible", does(t, s, "GET", "/simulator/callback", nil)["mode"])
	assert.Empty(t, does(t, s, "GET", "/simulator/followers", nil)["followers"])
	assert.Empty(t, does(t, s, "GET", "/simulator/calls", nil)["calls"])
	tags, err := client(t, s).ListTags(t.Context())
	require.NoError(t, err)
	assert.Len(t, tags, 1, "the one that every account has")
}

// A reset cancels a call that hangs, and everything else of the old platform.
func TestResetEndsWhatIsUnderWay(t *testing.T) {
	s := start(t)
	does(t, s, "POST", "/simulator/faults", obj{"hang": true})
	ended := make(chan error, 1)
	go func() {
		_, err := http.Get(s.url + "/cgi-bin/token")
		ended <- err
	}()
	require.Eventually(t, func() bool { return s.current().CallCount("") == 1 }, 5*time.Second, time.Millisecond)
	does(t, s, "POST", "/simulator/reset", nil)
	require.Error(t, <-ended)
}

func TestRequestsThatCannotBeRightAreRefusedInJSON(t *testing.T) {
	s := start(t)
	alice := add(t, s, obj{"openid": "o-alice"})
	deep := strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000)
	for name, tt := range map[string]struct {
		method, path string
		body         any
		status       int
		says         string
	}{
		"an unknown path":                {"GET", "/simulator/nonsense", nil, 404, "GET /simulator/ lists it"},
		"an unknown method":              {"PUT", "/simulator/followers", obj{}, 405, "GET, HEAD, POST"},
		"no body":                        {"POST", "/simulator/followers", nil, 415, "application/json"},
		"an empty body":                  {"POST", "/simulator/followers", "", 400, "JSON object"},
		"no JSON":                        {"POST", "/simulator/followers", "{", 400, "not valid"},
		"no object":                      {"POST", "/simulator/followers", "[]", 400, "JSON object"},
		"null":                           {"POST", "/simulator/followers", "null", 400, "JSON object"},
		"two objects":                    {"POST", "/simulator/followers", "{}{}", 400, "single JSON object"},
		"an unknown field":               {"POST", "/simulator/followers", obj{"nick": "A"}, 400, "nick"},
		"a field of another type":        {"POST", "/simulator/followers", obj{"nickname": 1}, 400, "nickname"},
		"a body that is too deep":        {"POST", "/simulator/followers", deep, 400, ""},
		"a body that is too large":       {"POST", "/simulator/followers", `{"nickname":"` + strings.Repeat("a", maxBody) + `"}`, 413, "larger"},
		"an openid that is taken":        {"POST", "/simulator/followers", obj{"openid": "o-alice"}, 409, "o-alice"},
		"an unknown user":                {"GET", "/simulator/followers/nobody", nil, 404, "nobody"},
		"an unknown user who writes":     {"POST", "/simulator/followers/nobody/messages", obj{"type": "text", "content": "hi"}, 404, "nobody"},
		"a message without a type":       {"POST", alice + "/messages", obj{"content": "hi"}, 400, "type is required"},
		"a type that is no text":         {"POST", alice + "/messages", obj{"type": 1}, 400, "type is required"},
		"an unknown type":                {"POST", alice + "/messages", obj{"type": "txt"}, 400, "image, link, location"},
		"a text without content":         {"POST", alice + "/messages", obj{"type": "text"}, 400, "content is required"},
		"a text with a stranger's field": {"POST", alice + "/messages", obj{"type": "text", "content": "a", "key": "K"}, 400, "key"},
		"an image without a file":        {"POST", alice + "/messages", obj{"type": "image"}, 400, "media_id"},
		"a place that is nowhere":        {"POST", alice + "/messages", obj{"type": "location", "latitude": 91}, 400, "latitude"},
		"an event that is misspelled":    {"POST", alice + "/events", obj{"event": "click", "key": "K"}, 400, "CLICK"},
		"a click without a key":          {"POST", alice + "/events", obj{"event": "CLICK"}, 400, "key is required"},
		"a place without a key":          {"POST", alice + "/events", obj{"event": "location_select"}, 400, "key is required"},
		"fields beside other fields":     {"POST", alice + "/events", obj{"event": "CLICK", "key": "K", "fields": obj{}}, 400, "key"},
		"fields that are no object":      {"POST", alice + "/events", obj{"event": "X", "fields": 1}, 400, "fields"},
		"a field that is true":           {"POST", alice + "/events", obj{"event": "X", "fields": obj{"A": true}}, 400, "A must be"},
		"a field that is null inside":    {"POST", alice + "/events", obj{"event": "X", "fields": obj{"A": obj{"B": []any{nil}}}}, 400, "B must be"},
		"a name that is no element":      {"POST", alice + "/events", obj{"event": "X", "fields": obj{"a><b": 1}}, 400, "name of an element"},
		"an event among the messages":    {"POST", alice + "/messages", obj{"type": "event", "fields": obj{}}, 400, "/events"},
		"a push without an event":        {"POST", "/simulator/pushes", obj{}, 400, "event is required"},
		"an unknown mode":                {"PATCH", "/simulator/callback", obj{"mode": "open"}, 400, "plain, compatible or safe"},
		"a short token":                  {"PATCH", "/simulator/callback", obj{"token": "a"}, 400, "Token"},
		"a short key":                    {"PATCH", "/simulator/callback", obj{"aes_key": "a"}, 400, "EncodingAESKey"},
		"no callback address":            {"PATCH", "/simulator/callback", obj{"url": "localhost"}, 400, "URL"},
		"pushes paused by hand":          {"PATCH", "/simulator/callback", obj{"pushes_paused": true}, 400, "pushes_paused"},
		"a callback that is not there":   {"POST", "/simulator/callback/verify", nil, 502, "no callback"},
		"a fault of no path":             {"POST", "/simulator/faults", obj{"path": "menu"}, 400, "slash"},
		"a fault of no status":           {"POST", "/simulator/faults", obj{"status": 42}, 400, "200 to 599"},
		"a fault before its time":        {"POST", "/simulator/faults", obj{"delay_ms": -1}, 400, "negative"},
		"a publishing that succeeds":     {"POST", "/simulator/faults/publish", obj{"publish_status": 0}, 400, "2 to 6"},
		"a template without content":     {"POST", "/simulator/templates", obj{"title": "t"}, 400, "content"},
		"a notice without content":       {"POST", "/simulator/subscribe-templates", obj{"title": "t"}, 400, "content"},
		"a file of no kind":              {"POST", "/simulator/media", obj{"type": "pdf", "data": []byte("a")}, 400, "image, voice, video or thumb"},
		"a file without content":         {"POST", "/simulator/media", obj{"type": "image"}, 400, "base64"},
		"a file that is no base64":       {"POST", "/simulator/media", obj{"type": "image", "data": "?"}, 400, "base64"},
		"an agent without an account":    {"POST", "/simulator/kf-accounts", obj{}, 400, "account"},
		"an unknown agent":               {"PATCH", "/simulator/kf-accounts/a@b", obj{"online": true}, 404, "a@b"},
		"an agent without invitation":    {"PATCH", "/simulator/kf-accounts/a@b", obj{"accept_invitation": true}, 404, "invitation"},
		"a comment on nothing":           {"POST", alice + "/comments", obj{"msg_data_id": 1, "content": "a"}, 404, "accept comments"},
		"a comment without an article":   {"POST", alice + "/comments", obj{"content": "a"}, 400, "msg_data_id"},
		"figures of no day":              {"PUT", "/simulator/statistics", obj{"path": "/datacube/getusersummary"}, 400, "day"},
		"figures of a day that is not":   {"PUT", "/simulator/statistics", obj{"path": "/datacube/getusersummary", "day": "2026-02-30"}, 400, ""},
		"figures of no statistics":       {"PUT", "/simulator/statistics", obj{"path": "/cgi-bin/menu/get", "day": "2026-11-01"}, 400, "/datacube/"},
		"figures that are null":          {"PUT", "/simulator/statistics", `{"path":"/datacube/getusersummary","day":"2026-11-01","rows":[null]}`, 400, "null"},
		"a tag that is no number":        {"PATCH", "/simulator/tags/all", obj{"count": 1}, 400, "number"},
		"a tag of less than nobody":      {"PATCH", "/simulator/tags/2", obj{"count": -1}, 400, "negative"},
		"an address that is no page":     {"POST", alice + "/authorizations", obj{"url": "https://example.com"}, 400, "authorization page"},
	} {
		t.Run(name, func(t *testing.T) {
			status, out := asks(t, s, tt.method, tt.path, tt.body)
			assert.Equal(t, tt.status, status, "%v", out)
			message, _ := out["error"].(string)
			assert.NotEmpty(t, message)
			assert.Contains(t, message, tt.says)
		})
	}
	assert.Empty(t, does(t, s, "GET", "/simulator/pushes", nil)["pushes"])
	assert.Equal(t, wechattest.CallbackModeSafe, s.current().CallbackSettings().Mode)
}

// A web page in a browser on this machine must not control the simulator, neither with
// forms nor through a name that resolves to this machine.
func TestPagesOfOtherOriginsCannotUseTheControlAPI(t *testing.T) {
	s := start(t)
	request := func(method, path string) *http.Request {
		req, err := http.NewRequest(method, s.url+path, nil)
		require.NoError(t, err)
		return req
	}
	foreign := request("POST", "/simulator/reset")
	foreign.Header.Set("Origin", "https://example.com")
	status, out := answer(t, s, foreign)
	assert.Equal(t, http.StatusForbidden, status, "%v", out)

	rebound := request("GET", "/simulator/")
	rebound.Host = "rebound.example.com:8099"
	status, out = answer(t, s, rebound)
	assert.Equal(t, http.StatusForbidden, status, "%v", out)

	for _, host := range []string{"localhost:8099", "127.0.0.1:8099", "[::1]:8099", "localhost"} {
		own := request("POST", "/simulator/wait")
		own.Host = host
		own.Header.Set("Origin", "http://"+host)
		status, out = answer(t, s, own)
		assert.Equal(t, http.StatusNoContent, status, "%v", out)
	}
}

func TestPagesOfOtherOriginsReadNothing(t *testing.T) {
	s := start(t)
	gets := func(path string, header map[string]string) int {
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // ends the live stream
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
		r.Host = "127.0.0.1:8099"
		for name, value := range header {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}
	for _, path := range []string{"/simulator/", "/simulator/state", "/simulator/live", "/simulator/page/main.js"} {
		for name, header := range map[string]map[string]string{
			"fetch":                  {"Origin": "https://example.com", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"},
			"an old browser":         {"Origin": "http://127.0.0.1:3000"},
			"an opaque origin":       {"Origin": "null"},
			"an image":               {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
			"another port of a site": {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
		} {
			assert.Equal(t, http.StatusForbidden, gets(path, header), "%s %s", name, path)
		}
		for name, header := range map[string]map[string]string{
			"a program":                           nil,
			"Node.js":                             {"Sec-Fetch-Mode": "cors"},
			"a form of a page without a referrer": {"Origin": "null", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"},
			"the page":                            {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"},
			"its own":                             {"Origin": "http://127.0.0.1:8099"},
			"a bookmark":                          {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
			"a link to us":                        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
		} {
			assert.Equal(t, http.StatusOK, gets(path, header), "%s %s", name, path)
		}
	}
}

func TestBothGuidesDescribeEveryEndpointAndFlag(t *testing.T) {
	s := start(t)
	for _, name := range []string{"../../docs/simulator.md", "../../docs/zh/simulator.md"} {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		guide := string(data)
		patterns := slices.Concat(slices.Collect(maps.Keys(s.endpoints())), slices.Collect(maps.Keys(s.handlers())))
		for _, pattern := range patterns {
			assert.Contains(t, guide, "`"+strings.TrimSuffix(pattern, "{$}")+"`", name)
		}
		for _, v := range s.variables() {
			assert.Contains(t, guide, "`"+v.name+"`", name)
		}
		for kind := range messages {
			assert.Contains(t, guide, "`"+kind+"`", name)
		}
		for kind := range events {
			assert.Contains(t, guide, "`"+kind+"`", name)
		}
		_, _, usage := runs(t, t.Context(), "-h")
		for _, line := range strings.Split(usage, "\n") {
			if flag, ok := strings.CutPrefix(line, "  -"); ok {
				assert.Contains(t, guide, "`-"+strings.Fields(flag)[0]+"`", name)
			}
		}
	}
}

// FuzzControl: whatever is sent to the control API, the response is JSON and no error of
// the simulator itself.
func FuzzControl(f *testing.F) {
	set := settings{addr: "127.0.0.1:0", pushTimeout: time.Millisecond, callback: wechattest.CallbackSettings{Mode: wechattest.CallbackModeSafe}}
	s, err := newSimulator(f.Context(), set, slog.New(slog.DiscardHandler))
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, s.Close()) })
	patterns := slices.Sorted(maps.Keys(s.endpoints()))
	for i := range patterns {
		for _, body := range []string{"", "null", "{}", `{"type":"text","content":"hi","event":"CLICK","key":"a","id":"1","path":"/a","times":-1}`} {
			f.Add(uint8(i), "1", "limit=1&after=2", body)
		}
	}
	f.Fuzz(func(t *testing.T, endpoint uint8, id, query, body string) {
		method, path, _ := strings.Cut(patterns[int(endpoint)%len(patterns)], " ")
		if strings.HasSuffix(path, "/callback") || id == "" || strings.Contains(id, "/") {
			return // it would connect to any port of this machine, or is another path
		}
		path = regexp.MustCompile(`\{\w+\}`).ReplaceAllLiteralString(path, url.PathEscape(id))
		r := httptest.NewRequestWithContext(t.Context(), method, "http://localhost"+path, strings.NewReader(body))
		r.URL.RawQuery, r.URL.Host, r.URL.Scheme = query, "", ""
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		assert.NotEqual(t, http.StatusInternalServerError, w.Code, "%s %s", method, path)
		if w.Code != http.StatusNoContent && w.Code/100 != 3 {
			assert.True(t, json.Valid(w.Body.Bytes()), "%s %s: %d %s", method, path, w.Code, w.Body)
		}
	})
}
