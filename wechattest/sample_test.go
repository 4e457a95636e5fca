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

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/spec"
)

// requestSample makes a valid request for an endpoint from its documentation, with
// the values that the state of p knows.
type requestSample struct {
	p      *Platform
	values map[string]any // by dotted path, or by name
}

func (s requestSample) object(prefix string, fields []spec.Field) map[string]any {
	out := map[string]any{}
	for _, f := range fields {
		if f.Required {
			out[f.Name] = s.value(prefix+f.Name, f, f.Type)
		}
	}
	return out
}

func (s requestSample) value(path string, f spec.Field, kind string) any {
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

// known are the values that only the state of a platform can tell.
func known(p *Platform) map[string]any {
	alice, bob := p.AddUser(User{Nickname: "Alice"}), p.AddUser(User{})
	alice.markWrote()
	p.nextMenu = 1
	p.menu = p.newMenu([]MenuButton{{Name: "a", Type: "click", Key: "K"}}, nil)
	conditional := p.newMenu(p.menu.Buttons, map[string]string{"language": "zh_CN"})
	p.conditional = append(p.conditional, conditional)
	tag := p.AddTag("VIP")
	return map[string]any{
		"openid": alice.OpenID, "touser": alice.OpenID, "user_id": alice.OpenID,
		"openid_list": []string{alice.OpenID, bob.OpenID}, "user_list.openid": alice.OpenID,
		"tag.id": tag, "tagid": tag, "tag.name": "new", "tag_id": strconv.Itoa(tag),
		"template_id": p.AddTemplate(Template{Content: "{{thing1.DATA}}"}), "template_id_short": "43", "industry_id1": "1", "industry_id2": "2",
		"button.type": "click", "button.key": "K", "menuid": strconv.FormatInt(conditional.ID, 10), "matchrule": obj{"tag_id": strconv.Itoa(tag)},
		"msgtype": "text", "appid": p.AppID, "secret": p.AppSecret, "appsecret": p.AppSecret,
		"cgi_path": "/cgi-bin/user/info", "button": []any{obj{"name": "b", "type": "view", "url": "https://example.com/"}},
	}
}

func TestEveryDocumentedEndpointTakesAValidRequest(t *testing.T) {
	endpoints := spec.All()
	require.Greater(t, len(endpoints), 195)
	for _, e := range endpoints {
		t.Run(e.Method+" "+e.Path+" "+e.Name, func(t *testing.T) {
			p := platform(t)
			p.SetCallback(http.NotFoundHandler())
			c := p.Client()
			s := requestSample{p: p, values: known(p)}
			s.values["rid"] = refusedWith(t, c, wechat.ErrInvalidOpenID, "/cgi-bin/user/info", nil, "openid", "x")
			token, err := c.Token(t.Context(), "")
			require.NoError(t, err)

			before := p.Executed(e.Path)
			status, answer := raw(t, p, s.request(t, e, token))
			assert.Equal(t, http.StatusOK, status)
			assert.Equal(t, before+1, p.Executed(e.Path), answer)
			if e.Content != "json" && e.Content != "multipart" {
				return
			}
			var fields map[string]any
			require.NoError(t, json.Unmarshal([]byte(answer), &fields))
			if p.behaviours[e.Path] == nil {
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
		if e.Path == "/cgi-bin/message/mass/send" {
			object["touser"] = s.values["openid_list"]
		}
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
			part, err := w.CreateFormFile(f.Name, "a.png")
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
