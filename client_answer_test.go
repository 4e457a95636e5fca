package wechat

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/redact"
)

func TestContentTypeOfJSONDoesNotMatter(t *testing.T) {
	types := []string{
		"", "application/json", "application/json; charset=utf-8", "application/json; encoding=utf-8", "text/plain",
		"text/plain; charset=ISO-8859-1", "text/html", "application/octet-stream", "image/jpeg", "application/xml",
		"text/json; charset=GBK", "nonsense;;",
	}
	for _, kind := range types {
		s := newScript(func(r *http.Request) (*http.Response, error) {
			resp, err := answer(http.StatusOK, `{"nickname":"张三😀"}`)(r)
			resp.Header.Set("Content-Type", kind)
			return resp, err
		})
		var out struct{ Nickname string }
		require.NoError(t, s.client().Do(t.Context(), request(idempotent), &out), kind)
		assert.Equal(t, "张三😀", out.Nickname, kind)
	}
}

func TestErrcodeIsFoundInEveryShape(t *testing.T) {
	for body, want := range map[string]Code{
		`{"errcode":40003,"errmsg":"x"}`:                          40003,
		`{"errcode":"40003","errmsg":"x"}`:                        40003,
		`{"errcode":40003.0,"errmsg":"x"}`:                        40003,
		`{"base_resp":{"ret":40003,"err_msg":"x"}}`:               40003,
		`{"errcode":0,"resp_msg":{"retcode":40003,"errmsg":"x"}}`: 40003,
		"\xef\xbb\xbf{\"errcode\":40003,\"errmsg\":\"\x01\"}":     40003,
		`{"errcode":null}`:                                        0,
		`{"errmsg":"ok"}`:                                         0,
		`{"errcode":0}`:                                           0,
		`{"data":{"errcode":40003}}`:                              0,
		`[{"errcode":40003}]`:                                     0,
		`{"errcode":99999,"errmsg":"nobody knows"}`:               99999,
	} {
		err := newScript(answer(http.StatusOK, body)).client().Do(t.Context(), request(idempotent), nil)
		if want == 0 {
			require.NoError(t, err, body)
			continue
		}
		var refusal *Error
		require.ErrorAs(t, err, &refusal, body)
		assert.Equal(t, want, refusal.Code, body)
		require.ErrorIs(t, err, want)
	}
}

func TestEveryServerErrorMayHaveBeenExecuted(t *testing.T) {
	for status, mayHaveRun := range map[int]bool{400: false, 404: false, 429: false, 499: false, 500: true, 501: true, 599: true} {
		s := newScript(answer(status, "no JSON"))
		err := s.client(WithRetry(RetryPolicy{MaxAttempts: 1})).Do(t.Context(), request(), nil)
		assert.Equal(t, mayHaveRun, errors.Is(err, ErrUnknownOutcome), status)
	}
}

func TestRefusalInAnErrorStatusIsARefusal(t *testing.T) {
	for _, status := range []int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusForbidden} {
		for _, out := range []any{nil, new(struct{ A string }), new(bytes.Buffer), io.Discard, failingWriter{io.EOF}} {
			err := newScript(answer(status, `{"errcode":45009,"errmsg":"x"}`)).client().Do(t.Context(), request(idempotent), out)
			var refusal *Error
			require.ErrorAs(t, err, &refusal, "%T", out)
			assert.Equal(t, ErrDailyQuota, refusal.Code)
			assert.Equal(t, status, refusal.Status)
		}
	}
}

func TestUnreadableAnswersAreTypedAndShort(t *testing.T) {
	long := strings.Repeat("é", 5000)
	const secrets = "TOKEN-CANARY SECRET-CANARY access_token=OTHER-CANARY "
	for name, body := range map[string]string{
		"empty": "", "blank": " \n", "html": "<html>" + secrets + long, "cut": `{"a":"` + secrets + long, "number": "7", "string": `"ok"`,
		"list": `[1]`, "cut refusal": `{"errcode":400`, "errcode": `{"errcode":"x","errmsg":"` + secrets + `"}`,
	} {
		var out struct{ A string }
		err := newScript(answer(http.StatusOK, body)).client().Do(t.Context(), request(idempotent), &out)
		var unreadable *DecodeError
		require.ErrorAs(t, err, &unreadable, name)
		assert.Equal(t, http.StatusOK, unreadable.Status)
		assert.Equal(t, "/cgi-bin/test", unreadable.Path)
		assert.LessOrEqual(t, len(unreadable.Excerpt), 512, name)
		assert.Equal(t, strings.Contains(body, secrets), strings.Contains(unreadable.Excerpt, redact.Mask), name)
		assert.NotContains(t, fmt.Sprintf("%+v %#v", unreadable, unreadable), "CANARY", name)
	}
}

func TestScalarIsNoAnswerWhateverTheResultIs(t *testing.T) {
	for _, body := range []string{`7`, `"ok"`, `true`, `null`} {
		for _, out := range []any{nil, new(any), new(json.RawMessage), new(string)} {
			var unreadable *DecodeError
			require.ErrorAs(t, newScript(answer(http.StatusOK, body)).client().Do(t.Context(), request(idempotent), out), &unreadable, body)
		}
	}
}

func TestDownloadIsRepeatedUntilTheFirstByteIsWritten(t *testing.T) {
	content := labeled("image/jpeg", strings.Repeat("x", 3*maxErrorJSON))
	fast := WithRetry(RetryPolicy{MaxAttempts: 3, BaseDelay: 1, MaxDelay: 1})
	for name, play := range map[string]func(*http.Request) (*http.Response, error){
		"refused token":   labeled("image/jpeg", `{"errcode":40001,"errmsg":"invalid credential"}`),
		"cut at the head": cut(strings.Repeat("x", maxErrorJSON-1)),
		"502":             badGate,
	} {
		var got bytes.Buffer
		s := newScript(play, content)
		require.NoError(t, s.client(fast, WithTokenSource(&rotating{})).Do(t.Context(), downloadRequest, &got), name)
		assert.Equal(t, 3*maxErrorJSON, got.Len(), name)
		assert.Len(t, s.sent, 2, name)
	}
	var got bytes.Buffer
	s := newScript(cut(strings.Repeat("x", 2*maxErrorJSON)), content)
	require.ErrorIs(t, s.client(fast).Do(t.Context(), downloadRequest, &got), io.ErrUnexpectedEOF)
	assert.Equal(t, 2*maxErrorJSON, got.Len())
	assert.Len(t, s.sent, 1, "bytes of two answers would have been mixed")
}

func TestGzipAnswersAreRead(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		_, _ = io.WriteString(zip, `{"nickname":"张三"}`)
		_ = zip.Close()
	}))
	defer server.Close()
	c := newTestClient("wx1", "s", WithBaseURL(server.URL), WithTokenSource(StaticToken("T")))
	defer func() { _ = c.Close() }()
	var out struct{ Nickname string }
	require.NoError(t, c.Do(t.Context(), Request{Path: "/cgi-bin/user/info"}, &out))
	assert.Equal(t, "张三", out.Nickname)
}

func TestRequestIDIsTakenOutOfTheMessage(t *testing.T) {
	for message, want := range map[string][2]string{
		"invalid openid rid: 61725984-6126f6f9-040f19c4": {"invalid openid", "61725984-6126f6f9-040f19c4"},
		"invalid openid, rid: 6-1":                       {"invalid openid", "6-1"},
		"invalid openid hint: [abc_1]":                   {"invalid openid", "abc_1"},
		"invalid hint: [abc] openid":                     {"invalid openid", "abc"},
		"rid: ":                                          {"", ""},
		"failed, rid: a b":                               {"failed b", "a"},
		"invalid hint: [open":                            {"invalid", "open"},
		"":                                               {"", ""},
		"invalid credential rid:6-1":                     {"invalid credential", "6-1"},
		"invalid credential RID = 6-1.":                  {"invalid credential", "6-1"},
		"invalid credential (rid: 6-1)":                  {"invalid credential", "6-1"},
		"invalid credential rid: [6-1]":                  {"invalid credential", "6-1"},
		"invalid credential rid 6-1, see docs":           {"invalid credential, see docs", "6-1"},
		"rid: 6-1 invalid credential":                    {"invalid credential", "6-1"},
		"invalid code, hints: [ req_id: ItQa.a0296! ]":   {"invalid code", "ItQa.a0296!"},
		"invalid code hint:[x1] rid: 6-1":                {"invalid code", "6-1"},
		"invalid code rid: 6-1 hint:[x1]":                {"invalid code", "6-1"},
		"system error, request id: 17-a":                 {"system error", "17-a"},
		"system error, requestId:17-a":                   {"system error", "17-a"},
		"invalid code, rid：6-1":                          {"invalid code", "6-1"},
		"参数错误，rid：6-1。请重试":                               {"参数错误。请重试", "6-1"},
		"invalid code [rid: 6-1]":                        {"invalid code", "6-1"},
		"invalid code rid[6-1]":                          {"invalid code", "6-1"},
		`invalid code {"rid":"6-1"}`:                     {"invalid code", "6-1"},
		"invalid code req_id: '6-1'":                     {"invalid code", "6-1"},
		`invalid "a" rid: 6-1`:                           {`invalid "a"`, "6-1"},
		"invalid code（rid：6-1）":                          {"invalid code", "6-1"},
		"invalid code hint：【6-1】":                        {"invalid code", "6-1"},
		"the grid is full, the hint is wrong":            {"the grid is full, the hint is wrong", ""},
		"more details at https://mmbizurl.cn/s/J rid: 6": {"more details at https://mmbizurl.cn/s/J", "6"},
	} {
		rest, id := splitRequestID(message)
		assert.Equal(t, want, [2]string{rest, id}, message)
	}
}

func TestRequestIDOfARefusalHoldsNoSecret(t *testing.T) {
	s := newScript(answer(http.StatusOK, `{"errcode":40003,"errmsg":"invalid rid: TOKEN-CANARY"}`))
	var refusal *Error
	require.ErrorAs(t, s.client().Do(t.Context(), request(), nil), &refusal)
	assert.Equal(t, "[redacted]", refusal.RequestID)
}

func TestTextOfARefusalIsShortAndInOneLine(t *testing.T) {
	long := strings.Repeat("很长", 10_000)
	for name, message := range map[string]string{
		"long": long, "control": `a\u0007b\nc\u001b[31md\u2028e\u202ef\u0085g`, "rid behind": "bad rid: 6-1 " + long, "rid far": strings.Repeat("x", 5000) + " rid: 6-1",
	} {
		err := newScript(answer(http.StatusOK, `{"errcode":40003,"errmsg":"`+message+`"}`)).client().Do(t.Context(), request(), nil)
		var refusal *Error
		require.ErrorAs(t, err, &refusal, name)
		assert.LessOrEqual(t, len(refusal.Message), maxMessage, name)
		assert.NotContains(t, refusal.Message, "6-1", name)
		for _, r := range err.Error() {
			assert.Falsef(t, r < ' ' || r == 0x7f || r == '\u0085' || r == '\u2028' || r == '\u202e', "%s: %q", name, r)
		}
		if strings.HasPrefix(name, "rid") {
			assert.Equal(t, "6-1", refusal.RequestID, name)
		}
		if name == "control" {
			assert.Equal(t, "ab c[31md efg", refusal.Message)
		}
	}
	err := newScript(answer(http.StatusOK, `{"errcode":40003,"errmsg":"bad rid: `+strings.Repeat("a1", 5000)+`"}`)).client().Do(t.Context(), request(), nil)
	var refusal *Error
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, "bad", refusal.Message)
	assert.LessOrEqual(t, len(refusal.RequestID), maxRequestID)
}

func TestLongRequestIDIsCutBetweenCharacters(t *testing.T) {
	requestID := func(id string) string {
		var refusal *Error
		s := newScript(answer(http.StatusOK, `{"errcode":40003,"errmsg":"x rid: `+id+`"}`))
		require.ErrorAs(t, s.client().Do(t.Context(), request(), nil), &refusal)
		return refusal.RequestID
	}
	assert.Equal(t, "a"+strings.Repeat("é", maxRequestID/2-1), requestID("a"+strings.Repeat("é", maxRequestID)))
	for _, n := range []int{maxRequestID, maxRequestID + 1} {
		assert.Equal(t, strings.Repeat("a", maxRequestID), requestID(strings.Repeat("a", n)))
	}
}

// FuzzResponse: whatever a response is, it is read or an error of this package, which is
// short, printable and without the token. No refusal and no failure is success.
func FuzzResponse(f *testing.F) {
	for _, body := range []string{
		"", wireOK, `{"errcode":40003,"errmsg":"invalid openid TOKEN-CANARY rid: 5f1e-2"}`, `{"errcode":"40003"}`, `{"tags":[{"id":1,"name":"\u0001x"}]}`,
		"<html>TOKEN-CANARY", `{"errcode":0,"errmsg":"\u0054OKEN-CANARY`, "\xff\xd8\xff\xe0JFIF", `{"video_url":"https://example.com/v"}`, `[{}]`, "null", "\x1f\x8b\x08",
	} {
		for _, status := range []uint16{200, 302, 404, 412, 429, 502} {
			f.Add(status, "text/plain", "", body)
		}
		f.Add(uint16(200), "image/jpeg", `attachment; filename="a.jpg"`, body)
	}
	f.Fuzz(func(t *testing.T, status uint16, contentType, disposition, body string) {
		if status < 200 || status > 599 {
			return
		}
		reply := func(r *http.Request) (*http.Response, error) {
			resp, err := answer(int(status), body)(r)
			resp.Header = http.Header{"Content-Type": {contentType}, "Content-Disposition": {disposition}}
			return resp, err
		}
		c := newScript(reply).client(WithRetry(RetryPolicy{MaxAttempts: 1}), WithLogger(slog.New(slog.DiscardHandler)))
		check := func(err error) {
			if err == nil {
				assert.Equal(t, 2, int(status)/100)
				return
			}
			var refusal *Error
			var failed *RequestError
			var unreadable *DecodeError
			require.True(t, errors.As(err, &refusal) || errors.As(err, &failed) || errors.As(err, &unreadable), "%T", err)
			assert.NotContains(t, err.Error(), "TOKEN-CANARY")
			assert.LessOrEqual(t, len(err.Error()), 2<<10)
			assert.NotContains(t, err.Error(), "\n")
			assert.True(t, utf8.ValidString(err.Error()), "%q", err)
		}
		_, err := c.ListTags(t.Context())
		check(err)
		var fields map[string]json.RawMessage
		code := 0
		if json.Unmarshal([]byte(body), &fields) == nil && json.Unmarshal(fields["errcode"], &code) == nil && code != 0 {
			require.Error(t, err)
		}
		var out bytes.Buffer
		info, err := c.DownloadMedia(t.Context(), "M1", &out)
		check(err)
		if err == nil && info.VideoURL == "" {
			assert.Equal(t, body, out.String())
			assert.NotEmpty(t, body)
		} else {
			assert.Zero(t, out.Len())
		}
	})
}
