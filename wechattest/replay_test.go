package wechattest

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/recording"
)

// replay returns a recording of these exchanges.
func replay(t *testing.T, exchanges ...*recording.Exchange) *Recording {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, recording.Begin(&file, "https://api.weixin.qq.com"))
	for _, e := range exchanges {
		require.NoError(t, recording.Append(&file, e))
	}
	name := filepath.Join(t.TempDir(), "recording.jsonl")
	require.NoError(t, os.WriteFile(name, file.Bytes(), 0o600))
	r, err := Replay(name)
	require.NoError(t, err)
	return r
}

// userInfo is the recorded call for a user.
func userInfo(openID, remark string) *recording.Exchange {
	return &recording.Exchange{
		Method: "GET", Path: "/cgi-bin/user/info", Query: values("access_token", "redacted-token-1", "openid", openID), Status: 200,
		Response: &recording.Body{Type: "text/plain", JSON: []byte(`{"subscribe":1,"openid":"` + openID + `","remark":"` + remark + `"}`)},
	}
}

func replayClient(t *testing.T, r *Recording) *wechat.Client {
	t.Helper()
	c := wechat.NewClient("wx1", "secret", wechat.WithHTTPClient(r.HTTPClient()))
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func TestRecordingAnswersInOrderAndByIdentifier(t *testing.T) {
	r := replay(t, userInfo("redacted-openid-1", "first"), userInfo("redacted-openid-2", "other"), userInfo("redacted-openid-1", "second"))
	c := replayClient(t, r)
	remarkOf := func(openID string) string {
		u, err := c.GetUser(t.Context(), openID)
		require.NoError(t, err)
		return u.Remark
	}
	assert.Equal(t, "other", remarkOf("redacted-openid-2"), "a placeholder is an identifier")
	assert.Equal(t, []string{"GET /cgi-bin/user/info", "GET /cgi-bin/user/info"}, r.Unanswered())
	assert.Equal(t, "first", remarkOf("oKnownToTheTest_0123456789ab"), "one of the test's own is any of them")
	assert.Equal(t, "second", remarkOf("redacted-openid-1"))
	assert.Empty(t, r.Unanswered())
	require.NoError(t, r.Err())
}

func TestCallThatWasNotRecordedHasATypedError(t *testing.T) {
	r := replay(t, userInfo("redacted-openid-1", ""))
	c := replayClient(t, r)
	_, err := c.GetUser(t.Context(), "redacted-openid-1")
	require.NoError(t, err)
	for _, tt := range []struct {
		call func() error
		want UnrecordedCallError
		says string
	}{
		{func() error { return c.DeleteMenu(t.Context()) }, UnrecordedCallError{Method: "GET", Path: "/cgi-bin/menu/delete"}, "was not recorded"},
		{
			func() error {
				_, err := c.GetUserInLanguage(t.Context(), "redacted-openid-1", wechat.LanguageEN)
				return err
			},
			UnrecordedCallError{Method: "GET", Path: "/cgi-bin/user/info", SamePath: 1},
			"with this query and body",
		},
		{
			func() error { _, err := c.GetUser(t.Context(), "redacted-openid-1"); return err },
			UnrecordedCallError{Method: "GET", Path: "/cgi-bin/user/info", SamePath: 1, SameRequest: 1},
			"again",
		},
	} {
		err := tt.call()
		var missing *UnrecordedCallError
		require.ErrorAs(t, err, &missing)
		assert.Equal(t, tt.want, *missing)
		assert.Contains(t, missing.Error(), tt.says)
		require.ErrorAs(t, r.Err(), &missing)
	}

	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/cgi-bin/menu/get", nil))
	assert.Equal(t, http.StatusNotImplemented, w.Code)
	assert.Contains(t, w.Body.String(), "GET /cgi-bin/menu/get was not recorded")
}

func TestBodiesMatchByTheirContent(t *testing.T) {
	document := &recording.Exchange{
		Method: "POST", Path: "/cgi-bin/tags/create", Status: 200,
		Request:  &recording.Body{Type: "application/json", Size: 99, JSON: []byte(`{"n":12345678901234567890,"tag":{"name":"VIP"}}`)},
		Response: &recording.Body{Type: "application/json", JSON: []byte(`{"tag":{"id":1}}`)},
	}
	text := &recording.Exchange{Method: "POST", Path: "/text", Status: 500, Request: &recording.Body{Type: "text/plain", Size: 5, Text: "hello"}}
	download := &recording.Exchange{Method: "GET", Path: "/file", Status: 200, Response: &recording.Body{Type: "image/png", Size: 3 << 20}}
	page := &recording.Exchange{Method: "GET", Path: "/page", Status: 502, Response: &recording.Body{Type: "text/html", Size: 3, Text: "no!"}}
	r := replay(t, document, text, download, page)
	send := func(method, path, kind, body string) (int, string, string) {
		req, err := http.NewRequest(method, "https://api.weixin.qq.com"+path, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", kind)
		resp, err := r.HTTPClient().Do(req)
		require.NoError(t, err)
		data, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		w := httptest.NewRecorder()
		fresh := replay(t, document, text, download, page)
		fresh.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
		if body == "" {
			assert.Equal(t, string(data), w.Body.String(), "the handler answers likewise")
		}
		return resp.StatusCode, resp.Header.Get("Content-Type"), string(data)
	}
	status, _, body := send("POST", "/cgi-bin/tags/create", "text/plain", ` {"tag": {"name": "\u0056IP"}, "n": 12345678901234567890}`)
	assert.Equal(t, 200, status)
	assert.JSONEq(t, `{"tag":{"id":1}}`, body)
	status, _, body = send("POST", "/text", "text/plain", "hello")
	assert.Equal(t, 500, status)
	assert.Empty(t, body)
	_, kind, body := send("GET", "/file", "", "")
	assert.Equal(t, "image/png", kind)
	assert.Len(t, body, 3<<20)
	status, kind, body = send("GET", "/page", "", "")
	assert.Equal(t, []any{502, "text/html", "no!"}, []any{status, kind, body})
}

func TestEachRecordedResponseIsGivenOnce(t *testing.T) {
	const calls = 50
	var exchanges []*recording.Exchange
	for range calls {
		exchanges = append(exchanges, userInfo("redacted-openid-1", ""))
	}
	r := replay(t, exchanges...)
	c := replayClient(t, r)
	errs := make([]error, calls+1)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, errs[i] = c.GetUser(t.Context(), "redacted-openid-1") })
	}
	wg.Wait()
	failed := 0
	for _, err := range errs {
		var missing *UnrecordedCallError
		if errors.As(err, &missing) {
			failed++
		} else {
			require.NoError(t, err)
		}
	}
	assert.Equal(t, 1, failed)
	assert.Empty(t, r.Unanswered())
}

func TestFileThatIsNoRecordingIsRefused(t *testing.T) {
	_, err := Replay(filepath.Join(t.TempDir(), "absent"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	var good bytes.Buffer
	require.NoError(t, recording.Begin(&good, "https://api.weixin.qq.com"))
	require.NoError(t, recording.Append(&good, userInfo("redacted-openid-1", "")))
	for name, content := range map[string]string{
		"empty":           "",
		"notes":           "buy milk\n",
		"other JSON":      `{"format":"notes"}` + "\n",
		"another version": strings.Replace(good.String(), `"version":1`, `"version":2`, 1),
		"cut off":         good.String()[:good.Len()-10],
		"too long a line": good.String() + strings.Repeat("x", 9<<20),
	} {
		file := filepath.Join(t.TempDir(), "recording")
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		_, err := Replay(file)
		require.ErrorIs(t, err, ErrDamagedRecording, name)
	}
}

// FuzzReplay: whatever a file contains, it is refused or it can be replayed. What is read
// can be written, and read again.
func FuzzReplay(f *testing.F) {
	const head = `{"format":"wechattest recording","version":1,"upstream":"https://api.weixin.qq.com"}` + "\n"
	for _, seed := range []string{
		"", "null\n", "{}\n", head, head + "null\n", head + `{"method":"GET","path":"/a","status":0}`, head + `{"method":"GET","path":"/a","status":1000}`,
		head + `{"method":"GET","path":"/a","query":{"openid":["redacted-openid-1"]},"status":200,"response":{"type":"text/plain","size":2,"json":{}}}`,
		head + `{"method":"POST","path":"/a","status":200,"request":{"size":1,"text":"x"},"response":{"size":-1}}`,
		head + `{"method":"GET","path":"/a","status":204,"response":{"type":"image/jpeg","size":1000}}`,
	} {
		f.Add([]byte(seed))
	}
	name := filepath.Join(f.TempDir(), "recording.jsonl")
	f.Fuzz(func(t *testing.T, file []byte) {
		require.NoError(t, os.WriteFile(name, file, 0o600))
		r, err := Replay(name)
		if err != nil {
			require.ErrorIs(t, err, ErrDamagedRecording)
			return
		}
		var again bytes.Buffer
		require.NoError(t, recording.Begin(&again, "https://api.weixin.qq.com"))
		for _, e := range r.all {
			require.NoError(t, recording.Append(&again, e.Exchange))
		}
		read, err := recording.Read(&again)
		require.NoError(t, err)
		require.Len(t, read, len(r.all))
		statuses := []int{http.StatusNotImplemented, http.StatusOK} // of calls that were not recorded, and for tokens
		for _, e := range r.all {
			statuses = append(statuses, e.Status)
		}
		for i, e := range r.all {
			assert.Equal(t, e.exact, read[i].Key(true))
			if e.Response != nil && e.Response.Size > 1<<20 {
				continue // zeros
			}
			w := httptest.NewRecorder()
			r.ServeHTTP(w, &http.Request{Method: e.Method, URL: &url.URL{Path: e.Path, RawQuery: e.Query.Encode()}})
			assert.Contains(t, statuses, w.Code)
		}
	})
}
