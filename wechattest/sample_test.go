package wechattest

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/spec"
)

// requestSample builds a valid request for an endpoint, from its documentation and the
// values in the state of p.
type requestSample struct {
	path   string
	values map[string]any // by dotted path, or by name
}

func (s requestSample) object(prefix string, fields []spec.Field) map[string]any {
	out := map[string]any{}
	for _, f := range fields {
		if f.Required || optional[s.path][f.Name] != nil {
			out[f.Name] = s.value(prefix+f.Name, f, f.Type)
		}
	}
	return out
}

func (s requestSample) value(path string, f spec.Field, kind string) any {
	if v, ok := s.values[s.path+" "+f.Name]; ok {
		return v
	}
	if v, ok := s.values[path]; ok {
		return v
	}
	if v, ok := s.values[f.Name]; ok {
		return v
	}
	if inner, ok := strings.CutSuffix(kind, "[]"); ok {
		return []any{s.value(path, f, inner)}
	}
	switch kind {
	case "object":
		object := s.object(path+".", f.Fields)
		if f.Map {
			return map[string]any{"thing1": object}
		}
		return object
	case "boolean":
		return true
	case "integer", "number":
		if f.Enum != nil {
			n, _ := strconv.Atoi(f.Enum[0])
			return n
		}
		return 1
	}
	if f.Enum != nil {
		return f.Enum[0]
	}
	return "1"
}

// known returns the values that depend on the state of a platform. Keys for a single path
// begin with it.
func known(t *testing.T, p *Platform, c *wechat.Client) map[string]any {
	t.Helper()
	p.SetCallback(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	alice, bob := p.AddUser(User{Nickname: "Alice"}), p.AddUser(User{})
	alice.markWrote()
	p.menu = p.newMenu([]wechat.Button{{Name: "a", Type: "click", Key: "K"}}, nil)
	conditional := p.newMenu(p.menu.Buttons, &wechat.StoredMatchRule{Platform: wechat.ClientPlatformOther})
	p.conditional = append(p.conditional, conditional)
	tag := p.AddTag("VIP")
	thumb := p.AddMaterial(wechat.MediaThumb, File{Name: "a.jpg", Data: picture()})
	temporary := p.AddMedia(wechat.MediaVideo, File{Name: "a.mp4", Data: []byte("mp4")})
	article := obj{"title": "t", "content": "c", "thumb_media_id": thumb, "need_open_comment": 1}
	draft := func() string {
		return text(t, post(t, c, "/cgi-bin/draft/add", obj{"articles": []obj{article}})["media_id"])
	}
	job := post(t, c, "/cgi-bin/freepublish/submit", obj{"media_id": draft()})
	var dataID int64
	require.NoError(t, json.Unmarshal(job["msg_data_id"], &dataID))
	comment := alice.CommentsOn(dataID, 0, "nice")
	mass := post(t, c, "/cgi-bin/message/mass/sendall", obj{"filter": obj{"is_to_all": true}, "msgtype": "mpnews", "mpnews": obj{"media_id": draft()}})
	p.AddKFAccount(KFAccount{Account: "a@b", Nickname: "Ann", WeChatID: "wx_ann", Status: wechat.KFStatusOnline})
	p.AddKFAccount(KFAccount{Account: "new@b", Nickname: "Ben"})
	notice := p.AddSubscribeTemplate("n", "{{thing1.DATA}}")
	alice.subscribed = map[string]int{notice: 1}
	code := text(t, post(t, c, "/cgi-bin/qrcode/create", obj{
		"action_name": "QR_LIMIT_SCENE", "action_info": obj{"scene": obj{"scene_id": 7}},
	})["ticket"])
	p.rules = []*jumpRule{{prefix: "https://example.com/", appID: p.AppID}}
	short := text(t, post(t, c, "/cgi-bin/shorten/gen", obj{"long_data": "x"})["short_key"])
	oauth := &consent{user: alice, scope: scopeUserInfo, end: p.now().Add(time.Hour)}
	p.consents.codes["code"], p.refreshes["refresh"], p.consents.tokens["user token"] = oauth, oauth, oauth
	rid := refusedWith(t, c, wechat.ErrInvalidOpenID, "/cgi-bin/user/info", nil, "openid", "x")
	session := &session{openID: alice.OpenID, agent: p.agentList[0], at: p.now()}
	p.sessions[alice.OpenID] = session
	replied := alice.CommentsOn(dataID, 0, "again")
	post(t, c, "/cgi-bin/comment/reply/add", obj{"msg_data_id": dataID, "user_comment_id": replied, "content": "thanks"})
	p.Wait()
	yesterday := dayOf(p.now().AddDate(0, 0, -1))

	return map[string]any{
		"openid": alice.OpenID, "begin_date": yesterday, "end_date": yesterday, "start_date": yesterday,
		"touser": alice.OpenID, "user_id": alice.OpenID, "rid": rid,
		"openid_list": []string{alice.OpenID, bob.OpenID}, "user_list.openid": alice.OpenID,
		"tag.id": tag, "tagid": tag, "tag.name": "new", "tag_id": strconv.FormatInt(tag, 10), "filter": obj{"tag_id": tag},
		"template_id": p.AddTemplate(Template{Content: "{{thing1.DATA}}"}), "template_id_short": "43", "industry_id1": "1", "industry_id2": "2",
		"button.type": "click", "button.key": "K", "menuid": strconv.FormatInt(conditional.ID, 10), "matchrule": obj{"tag_id": strconv.FormatInt(tag, 10)},
		"msgtype": "text", "appid": p.AppID, "secret": p.AppSecret, "appsecret": p.AppSecret, "code": "code",
		"refresh_token": "refresh", "query.access_token": "user token",
		"cgi_path": "/cgi-bin/user/info", "button": []any{obj{"name": "b", "type": "view", "url": "https://example.com/"}},
		"media_id": draft(), "articles": []obj{article}, "thumb_media_id": thumb, "index": 0,
		"publish_id": string(job["publish_id"]), "article_id": p.pubList[0].id, "msg_data_id": dataID, "user_comment_id": comment,
		"msg_id": string(mass["msg_id"]), "kf_account": "a@b", "priTmplId": notice, "kidList": []int{1, 2}, "ticket": code,
		"action_info": obj{"scene": obj{"scene_id": 7}}, "short_key": short, "prefix": "https://example.com/",

		"/cgi-bin/draft/update articles":                   article,
		"/cgi-bin/media/get media_id":                      temporary,
		"/cgi-bin/media/get/jssdk media_id":                p.AddMedia(wechat.MediaVoice, File{Name: "a.amr", Data: []byte("amr")}),
		"/cgi-bin/media/uploadvideo media_id":              temporary,
		"/cgi-bin/material/get_material media_id":          thumb,
		"/cgi-bin/material/del_material media_id":          thumb,
		"/cgi-bin/message/mass/send touser":                []string{alice.OpenID, bob.OpenID},
		"/cgi-bin/message/mass/delete msg_id":              mass["msg_id"],
		"/cgi-bin/message/subscribe/bizsend template_id":   notice,
		"/customservice/kfaccount/add kf_account":          "c@b",
		"/customservice/kfaccount/inviteworker kf_account": "new@b",
		"/cgi-bin/wxopen/qrcodejumpadd prefix":             "https://example.com/new/",
		"/cgi-bin/comment/reply/delete user_comment_id":    replied,
	}
}

// optional lists fields that a call needs although they are documented as optional.
var optional = map[string]obj{
	"/cgi-bin/message/mass/preview": {"touser": true},
	"/cgi-bin/message/mass/delete":  {"msg_id": true},
}

func TestEveryDocumentedEndpointTakesAValidRequest(t *testing.T) {
	endpoints := spec.All()
	require.Greater(t, len(endpoints), 195)
	for _, e := range endpoints {
		t.Run(e.Method+" "+e.Path+" "+e.Name, func(t *testing.T) {
			p := platform(t)
			c := p.Client()
			s := requestSample{path: e.Path, values: known(t, p, c)}
			token, err := c.Token(t.Context(), "")
			require.NoError(t, err)

			before := p.ExecutedCallCount(e.Path)
			status, answer := raw(t, p, s.request(t, e, token))
			p.Wait()
			assert.Equal(t, http.StatusOK, status)
			assert.Equal(t, before+1, p.ExecutedCallCount(e.Path), answer)
			if e.Content != "json" && e.Content != "multipart" {
				return
			}
			var fields map[string]any
			require.NoError(t, json.Unmarshal([]byte(answer), &fields))
			if p.behaviors[e.Path] == nil {
				for _, f := range e.Response {
					assert.Contains(t, fields, f.Name)
				}
			}
		})
	}
}

func (s requestSample) request(t *testing.T, e spec.Endpoint, token string) *http.Request {
	t.Helper()
	query := url.Values{}
	if e.Auth == "access_token" {
		query.Set("access_token", token)
	}
	for name, v := range s.object("query.", e.Query) {
		query.Set(name, formValue(v))
	}
	var body []byte
	kind := "application/json"
	switch {
	case e.Content == "multipart":
		body, kind = s.form(t, e)
	case e.Method == http.MethodPost:
		object := s.object("", e.Request)
		if object["msgtype"] != nil {
			object["text"] = obj{"content": "hi"}
		}
		body, _ = encode(object)
	}
	req, err := http.NewRequestWithContext(t.Context(), e.Method, "https://"+e.Host+e.Path+"?"+query.Encode(), bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", kind)
	return req
}

func (s requestSample) form(t *testing.T, e spec.Endpoint) (body []byte, contentType string) {
	t.Helper()
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for _, f := range e.Request {
		if f.Type == "file" {
			part, err := w.CreateFormFile(f.Name, "a.jpg")
			require.NoError(t, err)
			_, err = part.Write(picture())
			require.NoError(t, err)
		} else if f.Required {
			require.NoError(t, w.WriteField(f.Name, formValue(s.value(f.Name, f, f.Type))))
		}
	}
	require.NoError(t, w.Close())
	return buf.Bytes(), w.FormDataContentType()
}

func formValue(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	data, _ := json.Marshal(v)
	return string(data)
}
