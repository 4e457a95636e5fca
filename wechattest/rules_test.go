package wechattest

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"slices"
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

// ask sends a request with any method, and a JSON body if there is one, and returns the
// errcode.
func ask(t *testing.T, p *Platform, c *wechat.Client, method, path string, query url.Values, body any) wechat.Code {
	t.Helper()
	token, err := c.Token(t.Context(), "")
	require.NoError(t, err)
	address := "https://api.weixin.qq.com" + path + "?access_token=" + token + "&" + query.Encode()
	var reader io.Reader
	if body != nil {
		text, err := encode(body)
		require.NoError(t, err)
		reader = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, address, reader)
	require.NoError(t, err)
	raw(t, p, req)
	calls := p.Calls()
	return calls[len(calls)-1].Code
}

func TestFieldsThatAnExampleLeavesOutMayBeMissingAndAreStrictlyDemanded(t *testing.T) {
	found := 0
	for _, e := range spec.All() {
		spec.Walk(e.Request, func(path string, f spec.Field) {
			if !f.Lenient {
				return
			}
			found++
			for _, strict := range []bool{false, true} {
				var opts []Option
				if strict {
					opts = []Option{WithRules(RuleRequired)}
				}
				p := platform(t, opts...)
				c := p.Client()
				values := known(t, p, c)
				values["msgtype"], values["video"] = "video", obj{"media_id": values["/cgi-bin/media/get media_id"]}
				body := requestSample{path: e.Path, values: values}.object("", e.Request)
				if e.Path == "/cgi-bin/message/custom/send" {
					body["video"] = values["video"]
				} else {
					without(body, strings.Split(path, "."))
				}
				code := ask(t, p, c, http.MethodPost, e.Path, nil, body)
				assert.Equal(t, strict, code != 0, "%s without %s: %d", e.Path, path, code)
			}
		})
	}
	assert.Greater(t, found, 5)
}

// without removes the field at a path from a JSON object.
func without(object map[string]any, path []string) {
	if len(path) == 1 {
		delete(object, path[0])
		return
	}
	without(object[path[0]].(map[string]any), path[1:])
}

func TestAPIsThatProgramsCallByAnotherMethodAreAcceptedAndStrictlyRefused(t *testing.T) {
	named := []string{
		"/cgi-bin/ticket/getticket", "/cgi-bin/media/get", "/cgi-bin/material/get_materialcount", "/cgi-bin/template/get_industry",
		"/cgi-bin/template/get_all_private_template", "/customservice/kfaccount/del",
	}
	var found []string
	for _, e := range spec.All() {
		if len(e.Also) == 0 {
			continue
		}
		found = append(found, e.Path)
		for _, strict := range []bool{false, true} {
			var opts []Option
			if strict {
				opts = []Option{WithRules(RuleMethod)}
			}
			p := platform(t, opts...)
			c := p.Client()
			s := requestSample{path: e.Path, values: known(t, p, c)}
			params, query := s.object("", append(slices.Clone(e.Query), e.Request...)), url.Values{}
			for name, v := range params {
				query.Set(name, formValue(v))
			}
			want := wechat.Code(0)
			if strict {
				want = map[string]wechat.Code{http.MethodGet: 43001, http.MethodPost: wechat.ErrPOSTRequired}[e.Method]
			}
			assert.Equal(t, want, ask(t, p, c, e.Also[0], e.Path, query, nil), "%s %s", e.Also, e.Path)
			if e.Method == http.MethodGet && len(params) > 0 {
				assert.Equal(t, want, ask(t, p, c, http.MethodPost, e.Path, nil, params), "%s with a body", e.Path)
			}
		}
	}
	for _, path := range named {
		assert.Contains(t, found, path)
	}
	p := platform(t)
	assert.Equal(t, wechat.Code(43001), ask(t, p, p.Client(), http.MethodPost, "/cgi-bin/user/get", nil, obj{}), "which nobody does")
}

func TestAgentsAreDeletedByQueryOrBody(t *testing.T) {
	const path = "/customservice/kfaccount/del"
	query, body := values("kf_account", "a@b"), obj{"kf_account": "a@b"}
	for _, x := range []struct {
		method  string
		query   url.Values
		body    any
		strict  wechat.Code
		lenient wechat.Code
	}{
		{http.MethodPost, nil, body, 0, 0},
		{http.MethodPost, query, body, 0, 0},
		{http.MethodPost, query, nil, wechat.ErrEmptyBody, 0},
		{http.MethodPost, query, obj{}, wechat.ErrInvalidKFAccount, 0},
		{http.MethodGet, query, nil, wechat.ErrPOSTRequired, 0},
		{http.MethodGet, values("kf_account", "x@b"), nil, wechat.ErrPOSTRequired, wechat.ErrInvalidKFAccount},
	} {
		lenient, strict := platform(t), platform(t, WithStrict())
		lenient.AddKFAccount(KFAccount{Account: "a@b", Nickname: "Ann"})
		strict.AddKFAccount(KFAccount{Account: "a@b", Nickname: "Ann"})
		assert.Equal(t, x.lenient, ask(t, lenient, lenient.Client(), x.method, path, x.query, x.body), "%+v", x)
		assert.Equal(t, x.strict, ask(t, strict, strict.Client(), x.method, path, x.query, x.body), "%+v", x)
	}
}

func TestQuotasAreClearedBySecretInQueryOrBody(t *testing.T) {
	for _, opts := range [][]Option{nil, {WithStrict()}} {
		p := platform(t, opts...)
		query, body := values("appid", p.AppID, "appsecret", p.AppSecret), obj{"appid": p.AppID, "appsecret": p.AppSecret}
		assert.Zero(t, ask(t, p, p.Client(), http.MethodPost, clearBySecretPath, nil, body))
		assert.Zero(t, ask(t, p, p.Client(), http.MethodPost, clearBySecretPath, query, nil))
		assert.Equal(t, wechat.ErrEmptyBody, ask(t, p, p.Client(), http.MethodPost, clearBySecretPath, nil, nil))
		query.Set("appsecret", "wrong")
		assert.Equal(t, wechat.ErrInvalidSecret, ask(t, p, p.Client(), http.MethodPost, clearBySecretPath, query, nil))
	}
}

// otherTypes converts the values of an object to other types than the page has. It returns
// the number of values for which the page has one type only.
func otherTypes(fields []spec.Field, object map[string]any) int {
	changed := 0
	for _, f := range fields {
		switch v := object[f.Name].(type) {
		case map[string]any:
			if !f.Map {
				changed += otherTypes(f.Fields, v)
			}
		case []any:
			for _, item := range v {
				if inner, ok := item.(map[string]any); ok {
					changed += otherTypes(f.Fields, inner)
				}
			}
		case string:
			if f.Type == "string" && isID(f.Name) && isDigits(v) {
				object[f.Name] = json.Number(v)
			}
		case json.Number:
			if f.Type == "integer" || f.Type == "number" {
				object[f.Name] = v.String()
				if isFlag(f) {
					object[f.Name] = v == "1"
				}
			}
		case bool:
			object[f.Name] = strconv.FormatBool(v)
		}
		_, isText := object[f.Name].(string)
		if _, is := object[f.Name].(json.Number); f.AltType == "" && (is && f.Type == "string" || isText && f.Type != "string") {
			changed++
		} else if _, is := object[f.Name].(bool); is && f.Type == "integer" {
			changed++
		}
	}
	return changed
}

func TestValuesInOtherTypesAreAcceptedAndStrictlyRefused(t *testing.T) {
	tested := 0
	for _, e := range spec.All() {
		if e.Method != http.MethodPost || e.Content != "json" || e.Auth != "access_token" || ownChecks(e.Path) {
			continue
		}
		for _, strict := range []bool{false, true} {
			var opts []Option
			if strict {
				opts = []Option{WithRules(RuleType)}
			}
			p := platform(t, opts...)
			c := p.Client()
			s := requestSample{path: e.Path, values: known(t, p, c)}
			object := s.object("", e.Request)
			if object["msgtype"] != nil {
				object["text"] = obj{"content": "hi"}
			}
			text, err := encode(object)
			require.NoError(t, err)
			d := json.NewDecoder(bytes.NewReader(text))
			d.UseNumber()
			object = nil
			require.NoError(t, d.Decode(&object))
			changed := otherTypes(e.Request, object)
			if changed == 0 {
				break
			}
			tested++
			want := wechat.Code(0)
			if strict {
				want = wechat.ErrMalformedJSON
			}
			assert.Equal(t, want, ask(t, p, c, e.Method, e.Path, nil, object), "%s %v", e.Path, object)
		}
	}
	assert.Greater(t, tested, 60, "half of the endpoints have such a value, each is called twice")
}

func TestFormsThatProgramsSendAreAcceptedAndStrictlyRefused(t *testing.T) {
	for name, x := range map[string]struct {
		path string
		body func(p *Platform, known map[string]any) obj
	}{
		"menuid as a number": {"/cgi-bin/menu/delconditional", func(p *Platform, _ map[string]any) obj { return obj{"menuid": p.conditional[0].ID} }},
		"msg_id as a number": {"/cgi-bin/message/mass/get", func(_ *Platform, k map[string]any) obj { return obj{"msg_id": json.Number(k["msg_id"].(string))} }},
		"msg_data_id as text": {"/cgi-bin/comment/open", func(_ *Platform, k map[string]any) obj {
			return obj{"msg_data_id": strconv.FormatInt(k["msg_data_id"].(int64), 10), "index": 0}
		}},
		"is_to_all as text":     {"/cgi-bin/message/mass/sendall", func(*Platform, map[string]any) obj { return toAll("true") }},
		"is_to_all as a number": {"/cgi-bin/message/mass/sendall", func(*Platform, map[string]any) obj { return toAll(1) }},
		"no_content as true":    {"/cgi-bin/freepublish/batchget", func(*Platform, map[string]any) obj { return obj{"offset": 0, "count": 1, "no_content": true} }},
		"no_content of drafts":  {"/cgi-bin/draft/batchget", func(*Platform, map[string]any) obj { return obj{"offset": 0, "count": 1, "no_content": false} }},
		"numbers of a page":     {"/cgi-bin/draft/batchget", func(*Platform, map[string]any) obj { return obj{"offset": "0", "count": "1"} }},
		"publish_id as a number": {"/cgi-bin/freepublish/get", func(_ *Platform, k map[string]any) obj {
			return obj{"publish_id": json.Number(k["publish_id"].(string))}
		}},
	} {
		for _, strict := range []bool{false, true} {
			var opts []Option
			want := wechat.Code(0)
			if strict {
				opts, want = []Option{WithStrict()}, wechat.ErrMalformedJSON
			}
			p := platform(t, opts...)
			c := p.Client()
			body := x.body(p, known(t, p, c))
			assert.Equal(t, want, ask(t, p, c, http.MethodPost, x.path, nil, body), "%s, strict: %v", name, strict)
		}
	}
	p := platform(t)
	assert.Equal(t, wechat.ErrMalformedJSON, ask(t, p, p.Client(), http.MethodPost, "/cgi-bin/tags/create", nil, obj{"tag": obj{"name": 5}}), "a name is no id")
}

func toAll(v any) obj {
	return obj{"filter": obj{"is_to_all": v}, "msgtype": "text", "text": obj{"content": "hi there"}}
}

func TestContentIsLeftOutInEachForm(t *testing.T) {
	p := platform(t)
	c := p.Client()
	newDraft(t, p, c)
	for _, no := range []any{1, true, "1"} {
		items := post(t, c, "/cgi-bin/draft/batchget", obj{"offset": 0, "count": 1, "no_content": no})["item"]
		assert.NotContains(t, string(items), `"content":"`, "%v", no)
	}
}

func TestEscapesAreRefusedInMenusAndStrictlyEverywhere(t *testing.T) {
	menu := `{"button":[{"name":"\u0041","type":"click","key":"k"}],"matchrule":{"client_platform_type":"1"}}`
	tag := `{"tag":{"name":"\u6807"}}`
	for _, x := range []struct {
		path, body      string
		lenient, strict wechat.Code
	}{
		{"/cgi-bin/menu/create", menu, wechat.ErrEscapedUnicode, wechat.ErrEscapedUnicode},
		{"/cgi-bin/menu/addconditional", menu, wechat.ErrEscapedUnicode, wechat.ErrEscapedUnicode},
		{"/cgi-bin/tags/create", tag, 0, wechat.ErrEscapedUnicode},
		{"/cgi-bin/tags/create", `{"tag":{"name":"\\u6807"}}`, 0, 0},
	} {
		lenient, strict := platform(t), platform(t, WithRules(RuleEscape))
		assert.Equal(t, x.lenient, ask(t, lenient, lenient.Client(), http.MethodPost, x.path, nil, json.RawMessage(x.body)), x.body)
		assert.Equal(t, x.strict, ask(t, strict, strict.Client(), http.MethodPost, x.path, nil, json.RawMessage(x.body)), x.body)
	}
	p := platform(t)
	assert.Zero(t, ask(t, p, p.Client(), http.MethodPost, "/cgi-bin/tags/create", nil, json.RawMessage(tag)))
	assert.Equal(t, "标", p.tagList[1].name)
}

func TestDescriptionOfAVideoMayHaveAFileName(t *testing.T) {
	for _, x := range []struct {
		name string
		opts []Option
		want wechat.Code
	}{
		{"", nil, 0},
		{"", []Option{WithStrict()}, 0},
		{"description", nil, 0},
		{"blob.json", nil, 0},
		{"description", []Option{WithStrict()}, wechat.ErrMalformedJSON},
	} {
		p := platform(t, x.opts...)
		var buf bytes.Buffer
		w := multipart.NewWriter(&buf)
		part, err := w.CreateFormFile("media", "a.mp4")
		require.NoError(t, err)
		_, _ = part.Write([]byte("mp4"))
		if x.name == "" {
			require.NoError(t, w.WriteField("description", `{"title":"T","introduction":"I"}`))
		} else {
			part, err = w.CreateFormFile("description", x.name)
			require.NoError(t, err)
			_, _ = part.Write([]byte(`{"title":"T","introduction":"I"}`))
		}
		require.NoError(t, w.Close())
		token, err := p.Client().Token(t.Context(), "")
		require.NoError(t, err)
		address := "https://api.weixin.qq.com/cgi-bin/material/add_material?type=video&access_token=" + token
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, &buf)
		require.NoError(t, err)
		req.Header.Set("Content-Type", w.FormDataContentType())
		raw(t, p, req)
		calls := p.Calls()
		require.Equal(t, x.want, calls[len(calls)-1].Code, "%q", x.name)
		if x.want == 0 {
			assert.Equal(t, "T", p.materials[0].title)
			assert.Equal(t, "I", p.materials[0].intro)
		}
	}
}

func TestLengthsAreThoseThatWorkAndStrictlyThoseOfThePage(t *testing.T) {
	click := func(name string) obj { return obj{"type": "click", "name": name, "key": "K"} }
	menu := func(b obj) func(*Platform, string) obj {
		return func(*Platform, string) obj { return obj{"button": []obj{b}} }
	}
	title := func(name string) func(*Platform, string) obj {
		return func(p *Platform, _ string) obj {
			thumb := p.AddMaterial(wechat.MediaThumb, File{})
			return obj{"articles": []obj{{"title": name, "content": "c", "thumb_media_id": thumb}}}
		}
	}
	remark := func(text string) func(*Platform, string) obj {
		return func(_ *Platform, openID string) obj { return obj{"openid": openID, "remark": text} }
	}
	tag := func(name string) func(*Platform, string) obj {
		return func(*Platform, string) obj { return obj{"tag": obj{"name": name}} }
	}
	for _, x := range []struct {
		path            string
		body            func(p *Platform, openID string) obj
		lenient, strict wechat.Code
	}{
		{"/cgi-bin/draft/add", title(strings.Repeat("题", 32)), 0, 0},
		{"/cgi-bin/draft/add", title(strings.Repeat("题", 33)), 0, wechat.ErrTitleTooLong},
		{"/cgi-bin/draft/add", title(strings.Repeat("题", 64)), 0, wechat.ErrTitleTooLong},
		{"/cgi-bin/draft/add", title(strings.Repeat("题", 65)), wechat.ErrTitleTooLong, wechat.ErrTitleTooLong},
		{"/cgi-bin/user/info/updateremark", remark(strings.Repeat("x", 29)), 0, 0},
		{"/cgi-bin/user/info/updateremark", remark(strings.Repeat("注", 10)), 0, wechat.ErrInvalidRemark},
		{"/cgi-bin/user/info/updateremark", remark(strings.Repeat("x", 31)), wechat.ErrInvalidRemark, wechat.ErrInvalidRemark},
		{"/cgi-bin/tags/create", tag(strings.Repeat("标", 10)), 0, 0},
		{"/cgi-bin/tags/create", tag(strings.Repeat("标", 30)), 0, wechat.ErrTagNameTooLong},
		{"/cgi-bin/tags/create", tag(strings.Repeat("标", 31)), wechat.ErrTagNameTooLong, wechat.ErrTagNameTooLong},
		{"/cgi-bin/menu/create", menu(click(strings.Repeat("x", 16))), 0, 0},
		{"/cgi-bin/menu/create", menu(click(strings.Repeat("x", 24))), 0, wechat.ErrInvalidButtonName},
		{"/cgi-bin/menu/create", menu(click(strings.Repeat("x", 60))), 0, wechat.ErrInvalidButtonName},
		{"/cgi-bin/menu/create", menu(click(strings.Repeat("x", 61))), wechat.ErrInvalidButtonName, wechat.ErrInvalidButtonName},
		{"/cgi-bin/menu/create", menu(obj{"name": strings.Repeat("x", 16), "sub_button": []obj{click(strings.Repeat("x", 60))}}), 0, 0},
		{"/cgi-bin/menu/create", menu(obj{"name": strings.Repeat("x", 17), "sub_button": []obj{click("A")}}), wechat.ErrInvalidButtonName, wechat.ErrInvalidButtonName},
		{"/cgi-bin/menu/create", menu(obj{"name": "S", "sub_button": []obj{click(strings.Repeat("x", 61))}}), 40025, 40025},
	} {
		lenient, strict := platform(t), platform(t, WithRules(RuleLength))
		for p, want := range map[*Platform]wechat.Code{lenient: x.lenient, strict: x.strict} {
			body := x.body(p, p.AddUser(User{}).OpenID)
			assert.Equal(t, want, ask(t, p, p.Client(), http.MethodPost, x.path, nil, body), "%s %v, strict: %v", x.path, body, p == strict)
		}
	}
}

func TestStatisticsOfWeeksAreStrictlyAskedForByADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lenient, strict := platform(t), platform(t, WithRules(RuleSpan))
		time.Sleep(100 * 24 * time.Hour)
		day := func(ago int) string { return dayOf(time.Now().AddDate(0, 0, -ago)) }
		for name, d := range datacubes() {
			if d.strict == 0 {
				continue
			}
			body := obj{"begin_date": day(d.strict + 1), "end_date": day(1)}
			assert.Zero(t, ask(t, lenient, lenient.Client(), http.MethodPost, datacubePrefix+name, nil, body), name)
			assert.Equal(t, wechat.ErrInvalidDateRange, ask(t, strict, strict.Client(), http.MethodPost, datacubePrefix+name, nil, body), name)
			body["begin_date"] = day(d.strict)
			assert.Zero(t, ask(t, strict, strict.Client(), http.MethodPost, datacubePrefix+name, nil, body), name)
		}
	})
}

func TestRepliesThatProbablyWorkAreStrictlyRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, opts := range [][]Option{nil, {WithRules(RuleReply)}} {
			p, alice, h := chat(t, append([]Option{WithPauseAfterFailures(0)}, opts...)...)
			reply := replyXML(p, alice, "text", "<Content>x</Content>")
			music := replyXML(p, alice, "music", "<Music><MusicUrl>https://example.com/a.mp3</MusicUrl></Music>")
			news := replyXML(p, alice, "news", "<ArticleCount>1</ArticleCount><Articles><item><Title>T</Title></item></Articles>")
			jsonTime := strings.Replace(reply, "<CreateTime>1<", "<CreateTime>2026-01-01T08:00:00+08:00<", 1)
			for name, x := range map[string]struct {
				answer string
				seen   Seen
			}{
				"encrypted empty":    {sealed(p, p.AppID, ""), SeenNothing},
				"encrypted blank":    {sealed(p, p.AppID, "\n"), SeenNothing},
				"encrypted success":  {sealed(p, p.AppID, "success"), SeenNothing},
				"time as JSON":       {sealed(p, p.AppID, jsonTime), SeenReply},
				"music, no thumb":    {sealed(p, p.AppID, music), SeenReply},
				"news, no URL":       {sealed(p, p.AppID, news), SeenReply},
				"without CreateTime": {sealed(p, p.AppID, strings.Replace(reply, "<CreateTime>1</CreateTime>", "", 1)), SeenReply},
			} {
				want := x.seen
				if opts != nil {
					want = SeenUnavailable
				}
				h.answer = answering(x.answer)
				assert.Equal(t, want, alice.Sends(t.Context(), "hi").Seen, "%s, strict: %v", name, opts != nil)
			}
			h.answer = answering(sealed(p, p.AppID, reply))
			assert.Equal(t, SeenReply, alice.Sends(t.Context(), "hi").Seen)
		}
	})
}

func TestWithdrawnAPIsNameTheirSuccessor(t *testing.T) {
	known := map[string]bool{}
	for _, e := range spec.All() {
		known[e.Path] = true
	}
	for _, w := range withdrawnAPIs() {
		assert.False(t, known[w.path], "%s is current", w.path)
		assert.True(t, w.successor == "" || known[w.successor], "%s: the successor %s is no API", w.path, w.successor)
		path := w.path
		if strings.HasSuffix(path, "/") {
			path += "something"
		}
		for _, strict := range []bool{false, true} {
			var opts []Option
			if strict {
				opts = []Option{WithStrict()}
			}
			var heard []string
			p := platform(t, opts...)
			p.unknown = func(call, _ string) { heard = append(heard, call) }
			c := p.Client()
			out, err := do(t, c, wechat.Request{Path: path, Body: obj{"long_url": "https://example.com/"}})
			require.Len(t, heard, 1)
			assert.Contains(t, heard[0], "POST "+path+": this API was withdrawn")
			assert.Contains(t, heard[0], w.successor)
			if path == shortURLPath && !strict {
				require.NoError(t, err)
				assert.Equal(t, "https://example.com/", text(t, out["short_url"]))
				assert.Contains(t, text(t, out["errmsg"]), w.successor)
				continue
			}
			require.ErrorIs(t, err, w.code)
			require.ErrorContains(t, err, w.successor)
		}
	}
	p := platform(t)
	p.unknown = func(string, string) {}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://api.weixin.qq.com/cgi-bin/groups/create", strings.NewReader("{}"))
	require.NoError(t, err)
	_, answer := raw(t, p, req)
	assert.Contains(t, answer, "41001", "the token comes first")
	p.Handle("/cgi-bin/groups/create", func(Call) (any, error) { return obj{"group": obj{"id": 1}}, nil })
	assert.JSONEq(t, `{"id":1}`, string(post(t, p.Client(), "/cgi-bin/groups/create", obj{})["group"]))
}

func TestEveryRuleIsExplainedInBothLanguages(t *testing.T) {
	for _, name := range []string{"../docs/fake.md", "../docs/zh/fake.md"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, r := range Rules() {
			assert.Contains(t, string(text), "`Rule"+strings.ToUpper(string(r[:1]))+string(r[1:])+"`", name)
		}
	}
}

func TestStrictKeepsEveryRule(t *testing.T) {
	p, plain := platform(t, WithStrict()), platform(t)
	for _, r := range Rules() {
		assert.True(t, p.set.keeps(r), r)
		assert.False(t, plain.set.keeps(r), r)
	}
}

func TestEveryDocumentedEndpointTakesAValidRequestStrictly(t *testing.T) {
	for _, e := range spec.All() {
		p := platform(t, WithStrict())
		c := p.Client()
		s := requestSample{path: e.Path, values: known(t, p, c)}
		token, err := c.Token(t.Context(), "")
		require.NoError(t, err)
		before := p.ExecutedCallCount(e.Path)
		_, answer := raw(t, p, s.request(t, e, token))
		assert.Equal(t, before+1, p.ExecutedCallCount(e.Path), "%s %s", e.Path, answer)
	}
}
