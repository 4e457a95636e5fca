package recording

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func captured(content string) *Capture {
	return &Capture{Data: []byte(content), Size: int64(len(content))}
}

func TestTheBeginningOfAStreamIsKeptAndAllOfItCounted(t *testing.T) {
	var c Capture
	for _, piece := range []string{"ab", "", strings.Repeat("c", maxForm-3), "de", "f"} {
		n, err := c.Write([]byte(piece))
		require.NoError(t, err)
		assert.Equal(t, len(piece), n)
	}
	assert.Equal(t, int64(maxForm+2), c.Size)
	require.Len(t, c.Data, maxForm)
	assert.Equal(t, "abc", string(c.Data[:3]))
	assert.Equal(t, "cd", string(c.Data[maxForm-2:]))
}

func TestContentThatIsNoTextIsNotRecorded(t *testing.T) {
	r := NewRedactor()
	body := func(kind, content string) *Body { return r.Body(kind, captured(content)) }
	assert.Nil(t, body("image/png", ""))
	assert.Equal(t, &Body{Type: "image/png", Size: 7}, body("image/png", "picture"))
	assert.Equal(t, &Body{Type: "text/plain", Size: 2}, body("text/plain", "\xff\xfe"))
	assert.Equal(t, &Body{Type: "text/plain", Size: 9, Text: "code text"}, body("text/plain", "code text"))
	assert.Equal(t, &Body{Type: "application/json", Size: MaxBody + 2}, body("application/json", `"`+strings.Repeat("x", MaxBody)+`"`))
	assert.Equal(t, "code=redacted-code-1&x=1", body("application/x-www-form-urlencoded", "x=1&code=abc").Text)
	assert.JSONEq(t, `{"a":1}`, string(body("application/x-www-form-urlencoded", `{"a":1}`).JSON), "what curl -d says about JSON")
}

func TestFormsAreRecordedWithoutTheirFiles(t *testing.T) {
	form := strings.ReplaceAll("--b\nContent-Disposition: form-data; name=\"description\"\n\n{\"title\": \"T\", \"openid\": \"x\"}\n"+
		"--b\nContent-Disposition: form-data; name=\"media\"; filename=\"My Holiday.PNG\"\nContent-Type: image/png\n\npicture\n"+
		"--b\nContent-Disposition: form-data; name=\"type\"\n\nimage\n--b--\n", "\n", "\r\n")
	parts := func(form string) []Part {
		return NewRedactor().Body("multipart/form-data; boundary=b", captured(form)).Parts
	}
	whole := []Part{
		{Name: "description", Value: `{"openid":"redacted-openid-1","title":"T"}`},
		{Name: "media", File: true, Ext: ".png", Size: 7},
		{Name: "type", Value: "image"},
	}
	assert.Equal(t, whole, parts(form))
	assert.Equal(t, whole[:2], parts(strings.TrimSuffix(form, "\r\n--b--\r\n")), "a part without an end")
	assert.Empty(t, parts("no form"))
}

func TestOnlyTheSizeOfWhatIsNotUnderstoodIsRecorded(t *testing.T) {
	r := NewRedactor()
	for kind, content := range map[string]string{
		"application/x-www-form-urlencoded": "a=%zz",
		"application/octet-stream":          "{\"a\":1} and more",
		"image/png":                         "{",
	} {
		assert.Equal(t, &Body{Type: kind, Size: int64(len(content))}, r.Body(kind, captured(content)), kind)
	}
	cut := captured(`{"a":1}`)
	cut.Size++
	assert.Equal(t, &Body{Type: "application/json", Size: 8}, r.Body("application/json", cut), "its end is missing")
	form := captured("--b--\r\n")
	form.Size++
	assert.Equal(t, &Body{Type: "multipart/form-data", Size: 8}, r.Body("multipart/form-data; boundary=b", form))
}

func TestTextIsRecordedWhateverItsTypeSaysAboutIt(t *testing.T) {
	r := NewRedactor()
	for _, kind := range []string{"", "text/html", "application/xml", "application/json"} {
		for _, text := range []string{"hello", "{", `{"a":1} {"b":2}`, "  \n", "[1,"} {
			assert.Equal(t, &Body{Type: kind, Size: int64(len(text)), Text: text}, r.Body(kind, captured(text)), "%s %q", kind, text)
		}
	}
	assert.JSONEq(t, `[1,{"big":12345678901234567890}]`, string(r.Body("image/png", captured(" [1,{\"big\":12345678901234567890}] ")).JSON), "a document is one")
}

func TestABodyOfTheLargestSizeIsRecorded(t *testing.T) {
	r := NewRedactor()
	text := strings.Repeat("x ", MaxBody/2)
	assert.Equal(t, text, r.Body("text/plain", captured(text)).Text)
	assert.Equal(t, &Body{Type: "text/plain", Size: MaxBody + 1}, r.Body("text/plain", captured(text+"x")))
}

func TestARequestIsRecordedWithoutSecrets(t *testing.T) {
	const openID = "oabcdefghijklmnopqrstuvwxyz0"
	u, err := url.Parse("https://api.weixin.qq.com/users/" + openID + "?access_token=secret-token&openid=" + openID + "&lang=zh_CN")
	require.NoError(t, err)
	e := NewRedactor().Request("POST", u, "application/json", captured(`{"openid":"`+openID+`"}`))
	assert.Equal(t, &Exchange{
		Method: "POST", Path: "/users/redacted-openid-1",
		Query:   url.Values{"access_token": {"redacted-token-1"}, "openid": {"redacted-openid-1"}, "lang": {"zh_CN"}},
		Request: &Body{Type: "application/json", Size: 41, JSON: json.RawMessage(`{"openid":"redacted-openid-1"}`)},
	}, e)
	u, err = url.Parse("https://api.weixin.qq.com/cgi-bin/menu/get")
	require.NoError(t, err)
	assert.Equal(t, &Exchange{Method: "GET", Path: "/cgi-bin/menu/get"}, NewRedactor().Request("GET", u, "", captured("")))
}

func TestExchangeThatStillHasASecretLosesItsBodies(t *testing.T) {
	r := NewRedactor()
	r.Query(url.Values{"secret": {"se cr&et!"}})
	body := &Body{Type: "text/plain", Size: 20, Text: "x se+cr%26et%21 y"}
	e := r.Redact(&Exchange{Method: "POST", Path: "/p", Query: url.Values{"a": {"b"}}, Request: body, Status: 200, Response: &Body{Size: 3}})
	line, err := json.Marshal(e)
	require.NoError(t, err)
	assert.JSONEq(t, `{"method":"POST","path":"/p","request":{"type":"text/plain","size":20},"status":200,"response":{"size":3}}`, string(line))
	same := &Exchange{Method: "GET", Path: "/p", Status: 200}
	assert.Same(t, same, r.Redact(same))
}

func TestASecretOfSixBytesMayNotBeInALineAndAShorterOneMay(t *testing.T) {
	r := NewRedactor()
	r.Query(url.Values{"secret": {"sécre", "short"}})
	e := &Exchange{Path: "/p", Response: &Body{Text: "a short text", Size: 12}}
	assert.Same(t, e, r.Redact(e))
	e = &Exchange{Path: "/p", Response: &Body{Text: "a sécre text", Size: 13}}
	assert.Equal(t, &Exchange{Path: "/p", Response: &Body{Size: 13}}, r.Redact(e))
}

func TestAnExchangeThatIsTooLongForALineLosesItsBodies(t *testing.T) {
	longest := longestExchange(t)
	r := NewRedactor()
	assert.Same(t, longest, r.Redact(longest))
	longest.Response.Text += "x"
	assert.Equal(t, &Exchange{Method: "GET", Path: "/p", Status: 200, Response: &Body{Type: "text/plain"}}, r.Redact(longest))
	damaged := &Exchange{Path: "/p", Request: &Body{JSON: json.RawMessage("{"), Size: 1}}
	assert.Equal(t, &Exchange{Path: "/p", Request: &Body{Size: 1}}, r.Redact(damaged))
}

func TestTheKeyOfARequestIsWhatItAsksFor(t *testing.T) {
	request := func(body *Body) *Exchange {
		return &Exchange{Method: "POST", Path: "/p", Query: url.Values{"access_token": {"redacted-token-1"}, "openid": {"redacted-openid-1"}}, Request: body}
	}
	document := request(&Body{Type: "application/json", Size: 30, JSON: json.RawMessage(`{"openid":"redacted-openid-1"}`)})
	assert.Equal(t, "POST /p?access_token=redacted&openid=redacted-openid-1\n"+`{"size":0,"json":{"openid":"redacted-openid-1"}}`, document.Key(true))
	assert.Equal(t, "POST /p?access_token=redacted&openid=redacted\n"+`{"size":0,"json":{"openid":"redacted"}}`, document.Key(false))
	assert.Equal(t, "application/json", document.Request.Type, "the exchange stays as it is")
	assert.Equal(t, int64(30), document.Request.Size)

	for want, body := range map[string]*Body{
		`{"type":"text/plain","size":0,"text":"hello"}`:                                     {Type: "text/plain", Size: 5, Text: "hello"},
		`{"type":"multipart/form-data","size":0,"parts":[{"name":"type","value":"image"}]}`: {Type: "multipart/form-data", Size: 99, Parts: []Part{{Name: "type", Value: "image"}}},
		`{"type":"image/png","size":7}`:                                                     {Type: "image/png", Size: 7},
	} {
		assert.Equal(t, "POST /p?access_token=redacted&openid=redacted\n"+want, request(body).Key(false))
	}
	assert.Equal(t, "GET /p?\n", (&Exchange{Method: "GET", Path: "/p", Status: 200, Response: &Body{Text: "response"}}).Key(true))
}
