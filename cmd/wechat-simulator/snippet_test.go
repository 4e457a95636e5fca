package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
)

// copies returns a snippet.
func copies(t *testing.T, s *simulator, path string) string {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	r.Host = "localhost"
	s.ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	require.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
	return w.Body.String()
}

// module returns the directory of a new module that uses the library, with one test file.
func module(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	for name, content := range map[string]string{
		"go.mod": "module example.com/shop\n\ngo 1.25\n\nrequire github.com/wechatoa/wechat v0.0.0\n\n" +
			"replace github.com/wechatoa/wechat => " + root + "\n",
		"go.sum":       string(sum),
		"main.go":      "package main\n\nfunc main() {}\n",
		"main_test.go": source,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	return dir
}

// goes runs the go command in a directory.
func goes(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestConversationAsAGoTestCompilesAndFailsUntilTheProgramAnswers(t *testing.T) {
	s := start(t)
	srv := httptest.NewServer(answering(t, s))
	t.Cleanup(srv.Close)
	does(t, s, "PATCH", "/simulator/callback", obj{"url": srv.URL})
	alice := add(t, s, obj{"openid": "o-alice", "nickname": "`Al\"ice`\n"})
	does(t, s, "POST", alice+"/events", obj{"event": "subscribe"})
	for _, message := range []obj{
		{"type": "text", "content": "hi `\"\\ </script>\n\u2028 \x00 你好"},
		{"type": "text", "content": "yes", "menu_item_id": "1"},
		{"type": "image", "media_id": "m", "picture_url": "http://p/"},
		{"type": "location", "latitude": 39.9, "longitude": -116, "label": "home"},
		{"type": "odd", "fields": obj{"A": 1, "B": 1.5, "C": 123456789012345678, "D": []any{1, "x", obj{"E": "f"}}}},
	} {
		does(t, s, "POST", alice+"/messages", message)
	}
	for _, event := range []obj{
		{"event": "CLICK", "key": "k"},
		{"event": "VIEW", "url": "https://example.com/?a=b"},
		{"event": "scancode_waitmsg", "key": "k", "result": "r"},
		{"event": "user_get_card", "fields": obj{"CardId": "p1", "IsGiveByFriend": 0}},
		{"event": "unsubscribe"},
	} {
		does(t, s, "POST", alice+"/events", event)
	}
	logged(t, s, 0, 11)
	source := copies(t, s, alice+"/go")
	assert.Contains(t, source, "user.Clicks(ctx, \"k\")")
	dir := module(t, source)
	out, err := goes(t, dir, "vet", ".")
	require.NoError(t, err, "%s\n%s", out, source)
	out, err = goes(t, dir, "test", ".")
	require.Error(t, err, "the callback of the snippet does not answer")
	assert.Contains(t, out, "step 1: the follower saw nothing (empty), not reply")
	assert.NotContains(t, out, "step 0:")

	push := does(t, s, "GET", "/simulator/log/pushes", nil)["pushes"].([]any)[0].(obj)
	source = copies(t, s, "/simulator/log/pushes/"+push["id"].(string)+"/go")
	assert.Contains(t, source, "user.Unfollows(ctx)")
	out, err = goes(t, module(t, source), "test", ".")
	require.NoError(t, err, "%s\n%s", out, source)
}

func TestCallAsCurlIsTheSameCall(t *testing.T) {
	s := start(t)
	c := client(t, s)
	require.NoError(t, c.Do(t.Context(), wechat.Request{Path: "/cgi-bin/tags/create", Body: obj{"tag": obj{"name": "it's \"$HOME\""}}}, nil))
	logged(t, s, 2, 0)
	list := does(t, s, "GET", "/simulator/log/calls", nil)["calls"].([]any)
	command := copies(t, s, "/simulator/log/calls/"+list[0].(obj)["id"].(string)+"/curl")
	assert.Contains(t, command, `access_token='"$ACCESS_TOKEN"`)
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	token, err := c.Token(t.Context(), "")
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
	cmd.Env = append(os.Environ(), "ACCESS_TOKEN="+token, "NO_PROXY=127.0.0.1")
	out, err := cmd.Output()
	require.NoError(t, err, command)
	var answer obj
	require.NoError(t, json.Unmarshal(out, &answer), "%s", out)
	assert.EqualValues(t, 45157, answer["errcode"], "the tag exists already: %s", out)
	all := s.current().Calls()
	assert.Equal(t, string(all[1].Body), string(all[2].Body))
}

func TestCurlOfAnUploadNamesItsFile(t *testing.T) {
	c := &loggedCall{callJSON: callJSON{
		Method: "POST", Path: "/cgi-bin/media/upload", Query: map[string][]string{"type": {"image"}},
		Form: map[string][]string{"description": {"@a'b"}}, Files: map[string]fileJSON{"media": {Name: "../a;b.png"}},
	}, tokenUsed: true}
	assert.Equal(t, `curl -X POST 'http://h/cgi-bin/media/upload?type=image&access_token='"$ACCESS_TOKEN"`+
		` --form-string 'description=@a'\''b' -F 'media=@.._a;b.png'`+"\n", c.curl("http://h"))
}
