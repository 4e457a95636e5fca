// Package silenceper runs another SDK, whose hosts are fixed, against the fake platform,
// through the proxy of cmd/wechat-simulator, which `make foreign` starts. The tests check
// what the SDK did on the fake, not in the SDK.
package silenceper

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"testing"

	"github.com/silenceper/wechat/v2/cache"
	"github.com/silenceper/wechat/v2/officialaccount"
	"github.com/silenceper/wechat/v2/officialaccount/config"
	"github.com/stretchr/testify/require"
)

type obj = map[string]any

// list is a JSON array.
type list = []any

// fake is the fake platform, as the simulator's environment describes it.
type fake struct {
	t     *testing.T
	token string // of calls without the SDK
}

// start resets the fake platform and returns it with the SDK's account.
func start(t *testing.T) (*fake, *officialaccount.OfficialAccount) {
	t.Helper()
	if os.Getenv("WECHAT_SIMULATOR_URL") == "" {
		t.Skip("no simulator: run make foreign")
	}
	f := &fake{t: t}
	f.control("POST", "/reset", nil)
	return f, officialaccount.NewOfficialAccount(&config.Config{
		AppID: os.Getenv("WECHAT_APP_ID"), AppSecret: os.Getenv("WECHAT_APP_SECRET"),
		Token: os.Getenv("WECHAT_TOKEN"), EncodingAESKey: os.Getenv("WECHAT_AES_KEY"),
		Cache: cache.NewMemory(),
	})
}

// control sends a request to the control API and requires success.
func (f *fake) control(method, path string, body any) obj {
	f.t.Helper()
	status, out := f.send(method, os.Getenv("WECHAT_SIMULATOR_URL")+path, body)
	require.Less(f.t, status, 300, "%s %s: %v", method, path, out)
	return out
}

// call calls an API of the platform without the SDK and requires success. The method is
// GET if body is nil.
func (f *fake) call(path string, body any) obj {
	f.t.Helper()
	base := os.Getenv("WECHAT_BASE_URL")
	if f.token == "" {
		_, out := f.send("POST", base+"/cgi-bin/stable_token", obj{
			"grant_type": "client_credential", "appid": os.Getenv("WECHAT_APP_ID"), "secret": os.Getenv("WECHAT_APP_SECRET"),
		})
		f.token, _ = out["access_token"].(string)
	}
	method := "POST"
	if body == nil {
		method = "GET"
	}
	address, err := url.Parse(base + path)
	require.NoError(f.t, err)
	query := address.Query()
	query.Set("access_token", f.token)
	address.RawQuery = query.Encode()
	_, out := f.send(method, address.String(), body)
	code, _ := out["errcode"].(json.Number)
	require.Contains(f.t, []json.Number{"", "0"}, code, "%s: %v", path, out)
	return out
}

// executed returns how many calls of a path the platform executed.
func (f *fake) executed(path string) int {
	f.t.Helper()
	n := 0
	for _, c := range f.control("GET", "/calls?path="+url.QueryEscape(path), nil)["calls"].(list) {
		if c.(obj)["executed"] == true {
			n++
		}
	}
	return n
}

func (f *fake) send(method, address string, body any) (int, obj) {
	f.t.Helper()
	var data bytes.Buffer
	if body != nil {
		require.NoError(f.t, json.NewEncoder(&data).Encode(body))
	}
	req, err := http.NewRequestWithContext(f.t.Context(), method, address, &data)
	require.NoError(f.t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(f.t, err)
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(f.t, err)
	if len(answer) == 0 {
		return resp.StatusCode, nil
	}
	var out obj
	dec := json.NewDecoder(bytes.NewReader(answer))
	dec.UseNumber()
	require.NoError(f.t, dec.Decode(&out), "%s", answer)
	return resp.StatusCode, out
}

// follower adds a follower and returns the openid.
func (f *fake) follower(openID string) string {
	f.t.Helper()
	f.control("POST", "/followers", obj{"openid": openID, "nickname": "Alice"})
	return openID
}

// sees returns the messages that reached a follower.
func (f *fake) sees(openID string) []obj {
	f.t.Helper()
	var all []obj
	for _, m := range f.control("GET", "/followers/"+openID+"/messages", nil)["messages"].(list) {
		all = append(all, m.(obj))
	}
	return all
}

// last returns the last message that reached a follower.
func (f *fake) last(openID string) obj {
	f.t.Helper()
	all := f.sees(openID)
	require.NotEmpty(f.t, all)
	return all[len(all)-1]
}

// writes makes a follower write, which opens the reply window.
func (f *fake) writes(openID, text string) obj {
	f.t.Helper()
	return f.control("POST", "/followers/"+openID+"/messages", obj{"type": "text", "content": text})
}

// media adds a file to the fake and returns its ID.
func (f *fake) media(kind string, permanent bool) string {
	f.t.Helper()
	names := map[string]string{"image": "a.png", "thumb": "a.jpg", "voice": "a.mp3", "video": "a.mp4"}
	return f.control("POST", "/media", obj{"type": kind, "name": names[kind], "data": []byte("content"), "permanent": permanent})["media_id"].(string)
}

// file writes a file and returns its name.
func file(t *testing.T, name, content string) string {
	t.Helper()
	path := t.TempDir() + "/" + name
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}
