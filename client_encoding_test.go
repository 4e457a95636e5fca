package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bodyPaths are the ways from a string of the program to the wire. sent returns what the
// platform reads: the bytes of a JSON document, and the string in it.
var bodyPaths = map[string]struct {
	secured bool
	send    func(ctx context.Context, c *Client, text string) error
	sent    func(t *testing.T, contentType string, body []byte) (document []byte, text string)
}{
	"map":         {send: doBody(func(s string) any { return map[string]any{"k": s} }), sent: field("k")},
	"name":        {send: doBody(func(s string) any { return map[string]string{s: s} }), sent: onlyField},
	"struct":      {send: doBody(func(s string) any { return &struct{ K []any }{[]any{s, 1}} }), sent: field("K", 0.0)},
	"marshaler":   {send: doBody(func(s string) any { return honest{Secret(s)} }), sent: field("key")},
	"RawMessage":  {send: doBody(func(s string) any { return json.RawMessage(ascii(s)) }), sent: field("k")},
	"bytes":       {send: doBody(func(s string) any { return ascii(s) }), sent: field("k")},
	"custom JSON": {send: func(ctx context.Context, c *Client, s string) error { return c.SendCustomMessageJSON(ctx, ascii(s)) }, sent: field("k")},
	"menu": {
		send: func(ctx context.Context, c *Client, s string) error {
			return c.CreateMenu(ctx, Menu{Buttons: []Button{{Type: ButtonClick, Name: "a", Key: "k" + short(s)}}})
		},
		sent: field("button", 0.0, "key"),
	},
	"template": {
		send: func(ctx context.Context, c *Client, s string) error {
			_, err := c.SendTemplateMessage(ctx, TemplateMessage{OpenID: "o1", TemplateID: "T1", Data: TemplateData{}.Set("thing1", s)})
			return err
		},
		sent: field("data", "thing1", "value"),
	},
	"mass": {
		send: func(ctx context.Context, c *Client, s string) error {
			_, err := c.SendMass(ctx, SendMassRequest{ToAll: true, Message: TextMessage{Content: "." + s}})
			return err
		},
		sent: field("text", "content"),
	},
	"JSON in a form": {
		send: func(ctx context.Context, c *Client, s string) error {
			_, err := c.UploadVideoMaterial(ctx, File{Name: "a.mp4", Content: strings.NewReader("x")}, "a", "."+s)
			return err
		},
		sent: func(t *testing.T, contentType string, body []byte) ([]byte, string) {
			t.Helper()
			return field("introduction")(t, "", part(t, contentType, body, "description"))
		},
	},
	"form": {
		send: func(ctx context.Context, c *Client, s string) error {
			form := &Form{Field: "media", File: File{Name: "a.mp4", Content: strings.NewReader("x")}, Values: url.Values{"k": {s}}}
			return c.Do(ctx, Request{Path: "/x", Body: form}, nil)
		},
		sent: func(t *testing.T, contentType string, body []byte) ([]byte, string) {
			t.Helper()
			return nil, string(part(t, contentType, body, "k"))
		},
	},
	"secured": {secured: true, send: doBody(func(s string) any { return map[string]any{"k": s} }), sent: field("k")},
	"secured query": {
		secured: true,
		send: func(ctx context.Context, c *Client, s string) error {
			return c.Do(ctx, Request{Path: "/x", Query: url.Values{"k": {s}}, Body: struct{}{}}, nil)
		},
		sent: field("k"),
	},
}

func doBody(body func(string) any) func(context.Context, *Client, string) error {
	return func(ctx context.Context, c *Client, s string) error {
		return c.Do(ctx, Request{Path: "/x", Body: body(s)}, nil)
	}
}

// ascii returns a JSON document in which every character of s but ASCII is escaped, as
// some encoders write it. A byte that is no UTF-8 becomes a lone surrogate.
func ascii(s string) []byte {
	var out strings.Builder
	escape := func(unit uint16) {
		out.WriteString(`\u`)
		for shift := 12; shift >= 0; shift -= 4 {
			out.WriteByte("0123456789abcdef"[unit>>shift&15])
		}
	}
	out.WriteString(`{"k":"`)
	for i, r := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			escape(0xd800)
		case r >= ' ' && r < utf8.RuneSelf && r != '"' && r != '\\':
			out.WriteRune(r)
		default:
			for _, unit := range utf16.Encode([]rune{r}) {
				escape(unit)
			}
		}
	}
	return []byte(out.String() + `"}`)
}

// short returns the beginning of a string, for fields with a limit.
func short(s string) string { return s[:min(len(s), 20)] }

// field reads the string at a path of names and positions.
func field(path ...any) func(*testing.T, string, []byte) ([]byte, string) {
	return func(t *testing.T, _ string, body []byte) ([]byte, string) {
		t.Helper()
		var at any
		require.NoError(t, json.Unmarshal(body, &at), "%q", body)
		for _, step := range path {
			if list, ok := at.([]any); ok {
				at = list[int(step.(float64))]
				continue
			}
			at = at.(map[string]any)[step.(string)]
		}
		return body, at.(string)
	}
}

// onlyField reads a string that is both name and value.
func onlyField(t *testing.T, _ string, body []byte) ([]byte, string) {
	t.Helper()
	var fields map[string]string
	require.NoError(t, json.Unmarshal(body, &fields), "%q", body)
	for name, value := range fields {
		require.Equal(t, name, value)
		return body, value
	}
	return body, "?"
}

func part(t *testing.T, contentType string, body []byte, name string) []byte {
	t.Helper()
	_, parameters, err := mime.ParseMediaType(contentType)
	require.NoError(t, err)
	reader := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for {
		p, err := reader.NextPart()
		require.NoError(t, err, "no part %s", name)
		if p.FormName() == name {
			content, err := io.ReadAll(p)
			require.NoError(t, err)
			return content
		}
	}
}

// received returns what the platform can get of a string: JSON has no form without \u for
// most control characters, and a byte that is no UTF-8 becomes U+FFFD.
func received(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && !strings.ContainsRune("\b\f\n\r\t", r) {
			return -1
		}
		return r
	}, s)
}

// oddStrings returns strings of odd characters.
func oddStrings(n int) []string {
	random := rand.New(rand.NewPCG(3, 4))
	pieces := []string{
		"a", " ", "张", "😀", "👨‍👩‍👧", "&", "<b>", `"`, `\`, `\u0041`, `\\u`, "\u2028", "\u2029", "\x00", "\x01", "\b", "\n", "\x1f", "\x7f", "\u0085",
		"\xff", "\xc3", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\ufeff", "\ufffd", "\ufffe", "\U0010ffff", "{", "}", "%u4e00", "&#x4e00;",
	}
	all := append([]string{}, pieces...)
	for range n {
		var s strings.Builder
		for range 1 + random.IntN(12) {
			s.WriteString(pieces[random.IntN(len(pieces))])
		}
		all = append(all, s.String())
	}
	return all
}

func TestD13_EveryBodySaysWhatTheProgramSaidWithoutAnEscape(t *testing.T) {
	ends := *securedKeys()
	account := ends.account
	account.Paths = []string{"/x"}
	for name, path := range bodyPaths {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var contentType string
			var body []byte
			c := repeating(func(r *http.Request) (*http.Response, error) {
				contentType = r.Header.Get("Content-Type")
				var err error
				body, err = io.ReadAll(r.Body)
				require.NoError(t, err)
				return answer(http.StatusOK, `{"errcode":0,"msgid":1,"msg_id":1,"media_id":"M"}`)(r)
			})
			if path.secured {
				c = ends.client(t, account, func(_ string, object []byte) string {
					body = bytes.Clone(object)
					return wireOK
				}, nil)
			}
			for _, s := range oddStrings(300) {
				want := received(s)
				switch name {
				case "form":
					want = s // it is no JSON
				case "menu":
					want = received("k" + short(s))
				case "mass", "JSON in a form":
					want = received("." + s)
				}
				require.NoError(t, path.send(t.Context(), c, s), "%q", s)
				document, text := path.sent(t, contentType, body)
				assert.Equal(t, want, text, "%q", s)
				assert.True(t, utf8.Valid(document), "%q", document)
				require.NotContains(t, strings.ReplaceAll(string(document), `\\`, ""), `\u`, "%q", s)
			}
		})
	}
}
