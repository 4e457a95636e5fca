package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"mime"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/wechatoa/wechat/internal/recording"
)

// filling fills a request with the values of the fake platform.
type filling struct {
	*comparison

	ctx      context.Context //nolint:containedctx // of one call
	exchange *recording.Exchange
	missing  string // why this is not possible, or ""
}

var placeholders = regexp.MustCompile(`redacted-[a-z]+-\d+`)

// lack records the first reason why the request cannot be filled.
func (f *filling) lack(reason string) { f.missing = cmp.Or(f.missing, reason) }

// text fills the value of a field.
func (f *filling) text(field, text string) string {
	return placeholders.ReplaceAllStringFunc(text, func(placeholder string) string { return f.value(field, placeholder) })
}

// value returns the value of the fake platform for a placeholder. What a phone or an
// earlier call made is made again.
func (f *filling) value(field, placeholder string) string {
	if v, ok := f.values[placeholder]; ok {
		return v
	}
	switch kind := recording.KindOfPlaceholder(placeholder); {
	case kind == recording.KindToken && !strings.HasPrefix(f.exchange.Path, "/sns/"):
		client := f.platform.Client()
		token, err := client.Token(f.ctx, "")
		if err != nil {
			f.lack(err.Error())
		}
		f.values[placeholder] = token
	case kind == recording.KindCode && f.authorize() != "":
		f.values[placeholder] = f.authorize()
	case kind == recording.KindToken, kind == recording.KindCode, kind == recording.KindTicket, kind == recording.KindID && isID(field):
		f.lack("it uses " + placeholder + ", which no call before it returned")
		return placeholder
	default:
		f.values[placeholder] = placeholder
	}
	return f.values[placeholder]
}

// authorize returns an OAuth code for the user whose token the call fetched, or "".
func (f *filling) authorize() string {
	var out struct {
		OpenID string `json:"openid"`
		Scope  string `json:"scope"`
	}
	if f.exchange.Response == nil || json.Unmarshal(f.exchange.Response.JSON, &out) != nil {
		return ""
	}
	user := f.platform.Follower(out.OpenID)
	if user == nil {
		return ""
	}
	query := url.Values{
		"appid": {f.platform.AppID}, "redirect_uri": {"https://example.com/"}, "response_type": {"code"}, "scope": {out.Scope},
	}
	back, err := user.Authorizes("https://open.weixin.qq.com/connect/oauth2/authorize?" + query.Encode() + "#wechat_redirect")
	if err != nil {
		return ""
	}
	u, err := url.Parse(back)
	if err != nil {
		return ""
	}
	return u.Query().Get("code")
}

func (f *filling) body(b *recording.Body) (contentType string, body []byte) {
	switch {
	case b == nil:
		return "", nil
	case b.JSON != nil:
		document, _ := decodeJSON(b.JSON)
		var body bytes.Buffer
		enc := json.NewEncoder(&body)
		enc.SetEscapeHTML(false) // the platform refuses such escapes in menus
		if err := enc.Encode(f.document("", document)); err != nil {
			f.lack(err.Error())
		}
		return "application/json", body.Bytes()
	case b.Text != "":
		return b.Type, []byte(f.text("", b.Text))
	case b.Parts != nil:
		return f.form(b.Parts)
	}
	f.lack("the content of its body was not recorded")
	return "", nil
}

func (f *filling) document(field string, value any) any {
	switch v := value.(type) {
	case string:
		if id, ok := f.values[v]; ok && isID(field) {
			return id
		}
		return f.text(field, v)
	case json.Number:
		if id, ok := f.values[v.String()]; ok && isID(field) {
			return json.Number(id)
		}
	case []any:
		for i := range v {
			v[i] = f.document(field, v[i])
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			v[name] = f.document(name, v[name])
		}
	}
	return value
}

// form returns a form with files of the recorded types and sizes.
func (f *filling) form(parts []recording.Part) (contentType string, body []byte) {
	var buf bytes.Buffer
	form := multipart.NewWriter(&buf)
	for _, p := range parts {
		if !p.File {
			_ = form.WriteField(p.Name, f.text(p.Name, p.Value)) // a buffer accepts everything
			continue
		}
		file, _ := form.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {multipart.FileContentDisposition(p.Name, "file"+p.Ext)}, "Content-Type": {mime.TypeByExtension(p.Ext)},
		})
		_, _ = file.Write(make([]byte, p.Size))
	}
	_ = form.Close()
	return form.FormDataContentType(), buf.Bytes()
}
