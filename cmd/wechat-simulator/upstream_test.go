package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/recording"
	"github.com/wechatoa/wechat/internal/testlog"
	"github.com/wechatoa/wechat/wechattest"
)

const canarySecret = "c0ffee00c0ffee00c0ffee00c0ffee00"

// recordOf runs a program through a simulator that forwards to a second fake, and returns the
// recording and everything in it that must stay secret.
func recordOf(t *testing.T, program func(t *testing.T, c *wechat.Client, genuine *wechattest.Platform)) (file string, secrets []string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "recording.jsonl")
	genuine := wechattest.NewPlatform(wechattest.WithAccount("wxc0ffee0000000001", canarySecret))
	defer genuine.Close()
	platform := httptest.NewServer(genuine)
	defer platform.Close()
	set := settings{addr: "127.0.0.1:0", pushTimeout: time.Second, upstream: platform.URL, record: file}
	s, err := newSimulator(t.Context(), set, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- s.serve() }()
	client := wechat.NewClient(genuine.AppID, genuine.AppSecret, wechat.WithBaseURL(s.url))
	program(t, client, genuine)
	require.NoError(t, client.Close())
	require.NoError(t, s.Close())
	require.NoError(t, <-ended)

	secrets = []string{genuine.AppID, genuine.AppSecret, genuine.OriginalID}
	for _, f := range genuine.Followers() {
		secrets = append(secrets, f.OpenID)
	}
	for _, call := range genuine.Calls() {
		secrets = append(secrets, call.Token, call.RequestID)
		var out map[string]any
		if json.Unmarshal(call.Response, &out) == nil {
			for _, name := range []string{"access_token", "refresh_token", "ticket", "media_id", "unionid", "nickname", "headimgurl"} {
				value, _ := out[name].(string)
				secrets = append(secrets, value)
			}
		}
		secrets = append(secrets, call.Query.Get("code"))
	}
	return file, secrets
}

// shopping is a program that uses every kind of call.
func shopping(t *testing.T, c *wechat.Client, genuine *wechattest.Platform) {
	t.Helper()
	ctx := t.Context()
	alice := genuine.AddUser(wechattest.User{Nickname: "Alice Liddell", UnionID: "oUnion_c0ffee_c0ffee_c0ffee1", AvatarURL: "https://example.com/alice.jpg"})
	genuine.AddUser(wechattest.User{})
	page, err := c.ListFollowerIDs(ctx, "")
	require.NoError(t, err)
	require.Len(t, page.OpenIDs, 2)
	for _, openID := range page.OpenIDs {
		_, err := c.GetUser(ctx, openID)
		require.NoError(t, err)
	}
	tag, err := c.CreateTag(ctx, "VIP")
	require.NoError(t, err)
	require.NoError(t, c.TagUsers(ctx, tag.ID, page.OpenIDs...))
	require.NoError(t, c.CreateMenu(ctx, wechat.Menu{Buttons: []wechat.Button{{Name: "<Shop>", Type: wechat.ButtonView, URL: "https://example.com/?a=b&c=d"}}}))
	_, err = c.GetUser(ctx, "o-nobody")
	require.ErrorIs(t, err, wechat.ErrInvalidOpenID)

	m, err := c.UploadMedia(ctx, wechat.MediaImage, wechat.File{Name: "private-name.png", Content: strings.NewReader("private picture"), Size: 15})
	require.NoError(t, err)
	var picture bytes.Buffer
	_, err = c.DownloadMedia(ctx, m.MediaID, &picture)
	require.NoError(t, err)
	assert.Equal(t, 15, picture.Len())
	_, err = c.Ticket(ctx, wechat.TicketJSAPI)
	require.NoError(t, err)

	address, err := c.OAuthURL(wechat.OAuthURLRequest{RedirectURL: "https://example.com/", Scope: wechat.OAuthScopeUserInfo, State: wechat.NewOAuthState()})
	require.NoError(t, err)
	back, err := alice.Authorizes(address)
	require.NoError(t, err)
	u, err := url.Parse(back)
	require.NoError(t, err)
	_, err = c.GetOAuthUserByCode(ctx, wechat.Secret(u.Query().Get("code")))
	require.NoError(t, err)
}

func TestRecordingContainsNoSecret(t *testing.T) {
	file, secrets := recordOf(t, shopping)
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, secret := range append(secrets, "private", "Alice", "alice.jpg") {
		if secret != "" {
			assert.NotContains(t, string(data), secret)
			assert.NotContains(t, string(data), url.QueryEscape(secret))
		}
	}
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())

	f, err := os.Open(file)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	exchanges, err := recording.Read(f)
	require.NoError(t, err)
	assert.Len(t, exchanges, 13)
	byPath := map[string]*recording.Exchange{}
	for _, e := range exchanges {
		byPath[e.Path] = e
	}
	assert.JSONEq(t, `{"appid":"redacted-appid-1","force_refresh":false,"grant_type":"client_credential","secret":"redacted-secret-1"}`,
		string(byPath["/cgi-bin/stable_token"].Request.JSON))
	assert.Contains(t, string(byPath["/cgi-bin/menu/create"].Request.JSON), `"name":"<Shop>"`, "the rest is as it was sent")
	assert.Equal(t, []recording.Part{{Name: "media", File: true, Ext: ".png", Size: 15}}, byPath["/cgi-bin/media/upload"].Request.Parts)
	assert.Equal(t, int64(15), byPath["/cgi-bin/media/get"].Response.Size)
	assert.Empty(t, byPath["/cgi-bin/media/get"].Response.Text)
}

func TestRecordedProgramRunsAgainOnItsRecording(t *testing.T) {
	file, _ := recordOf(t, func(t *testing.T, c *wechat.Client, genuine *wechattest.Platform) {
		t.Helper()
		genuine.AddUser(wechattest.User{OpenID: "oKnownToTheTest_0123456789ab"})
		visit(t, c)
	})
	r, err := wechattest.Replay(file)
	require.NoError(t, err)
	c := wechat.NewClient("wx1", "another secret", wechat.WithHTTPClient(r.HTTPClient()))
	defer func() { require.NoError(t, c.Close()) }()
	visit(t, c)
	require.NoError(t, r.Err())
	assert.Empty(t, r.Unanswered())
}

// visit uses an openid that it knows and identifiers that the platform returns.
func visit(t *testing.T, c *wechat.Client) {
	t.Helper()
	ctx := t.Context()
	u, err := c.GetUser(ctx, "oKnownToTheTest_0123456789ab")
	require.NoError(t, err)
	assert.True(t, u.Subscribed)
	page, err := c.ListFollowerIDs(ctx, "")
	require.NoError(t, err)
	require.Len(t, page.OpenIDs, 1)
	require.NoError(t, c.SetRemark(ctx, page.OpenIDs[0], "a friend"))
	_, err = c.GetUser(ctx, "o-nobody")
	require.ErrorIs(t, err, wechat.ErrInvalidOpenID)
	m, err := c.UploadMedia(ctx, wechat.MediaImage, wechat.File{Name: "a.png", Content: strings.NewReader("picture"), Size: 7})
	require.NoError(t, err)
	info, err := c.DownloadMedia(ctx, m.MediaID, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, int64(7), info.Size)
}

func TestFakeThatAnswersLikeTheRecordingIsAlike(t *testing.T) {
	file, _ := recordOf(t, shopping)
	code, stdout, stderr := runs(t, t.Context(), "-compare", file)
	assert.Empty(t, stderr)
	assert.Equal(t, "13 calls: 13 alike, 0 different, 0 not compared\n", stdout)
	assert.Zero(t, code)
}

func TestDifferencesOfTheFakeAreReported(t *testing.T) {
	file, _ := recordOf(t, func(t *testing.T, c *wechat.Client, genuine *wechattest.Platform) {
		t.Helper()
		ctx := t.Context()
		alice := genuine.AddUser(wechattest.User{})
		genuine.Handle("/cgi-bin/user/info", func(wechattest.Call) (any, error) {
			return obj{"subscribe": "1", "openid": alice.OpenID, "vip_level": 3}, nil
		})
		genuine.Handle("/cgi-bin/tags/create", func(wechattest.Call) (any, error) { return nil, wechat.ErrSystemBusy })
		genuine.Handle("/cgi-bin/tags/get", func(wechattest.Call) (any, error) {
			return obj{"tags": []any{obj{"id": 2, "name": "星标组", "count": 0, "color": "red"}}}, nil
		})
		_, _ = c.GetUser(ctx, alice.OpenID)
		_, _ = c.CreateTag(ctx, "VIP")
		_, _ = c.ListTags(ctx)
		_, _ = c.SendTemplateMessage(ctx, wechat.TemplateMessage{
			OpenID: alice.OpenID, TemplateID: genuine.AddTemplate(wechattest.Template{}), Data: wechat.TemplateData{},
		})
	})
	code, stdout, _ := runs(t, t.Context(), "-compare", file)
	assert.Equal(t, exitFailure, code)
	for _, finding := range []string{
		"GET /cgi-bin/user/info\n",
		"    subscribe: string, the fake has number\n",
		"    vip_level: number, the fake lacks it\n",
		"    remark: only the fake has it\n",
		"POST /cgi-bin/tags/create\n    errcode -1, the fake has 0\n",
		"    tags[].color: string, the fake lacks it\n",
		"POST /cgi-bin/message/template/send\n    not compared: it uses redacted-id-2, which no call before it returned\n",
		"5 calls: 1 alike, 3 different, 1 not compared\n",
	} {
		assert.Contains(t, stdout, finding)
	}
}

func TestCallsThatDependOnWhatIsNotRecordedAreNotCompared(t *testing.T) {
	file, _ := recordOf(t, func(t *testing.T, c *wechat.Client, genuine *wechattest.Platform) {
		t.Helper()
		ctx := t.Context()
		alice, bob := genuine.AddUser(wechattest.User{}), genuine.AddUser(wechattest.User{})
		genuine.SetCallback(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		alice.Sends(ctx, "hi")
		send := func(openID string) error {
			return c.SendCustomMessage(ctx, wechat.SendCustomMessageRequest{OpenID: openID, Message: wechat.TextMessage{Content: "hello"}})
		}
		require.NoError(t, send(alice.OpenID), "she has just written")
		require.ErrorIs(t, send(bob.OpenID), wechat.ErrReplyWindowClosed, "he has not")
		genuine.Handle("/cgi-bin/message/custom/send", func(wechattest.Call) (any, error) { return nil, wechat.ErrSystemBusy })
		require.ErrorIs(t, send(bob.OpenID), wechat.ErrSystemBusy)
		genuine.Handle("/cgi-bin/tags/create", func(wechattest.Call) (any, error) { return nil, wechat.ErrDailyQuota })
		_, err := c.CreateTag(ctx, "VIP")
		require.ErrorIs(t, err, wechat.ErrDailyQuota)
		genuine.Handle("/cgi-bin/tags/get", func(wechattest.Call) (any, error) { return nil, wechat.ErrSystemBusy })
		_, _ = c.ListTags(ctx)
	})
	code, stdout, stderr := runs(t, t.Context(), "-compare", file)
	assert.Equal(t, exitFailure, code, "for the one that differs")
	assert.Empty(t, stderr)
	assert.Contains(t, stdout, "POST /cgi-bin/message/custom/send\n    not compared: errcode 0, the fake has 45015: it depends on when the follower has last written\n")
	assert.Contains(t, stdout, "    not compared: errcode 45015, the fake has 40003: ")
	assert.Contains(t, stdout, "POST /cgi-bin/tags/create\n    not compared: errcode 45009, the fake has 0: it depends on the calls before the recording\n")
	assert.Contains(t, stdout, "GET /cgi-bin/tags/get\n    errcode -1, the fake has 0\n")
}

func TestUpstreamThatCouldLeakSecretsIsRefused(t *testing.T) {
	existing := filepath.Join(t.TempDir(), "existing")
	require.NoError(t, os.WriteFile(existing, []byte("mine"), 0o600))
	fresh := filepath.Join(t.TempDir(), "recording")
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for name, tt := range map[string]struct {
		args []string
		code int
		says string
	}{
		"plain HTTP":       {[]string{"-upstream", "http://api.weixin.qq.com", "-record", fresh}, exitFailure, "https"},
		"a path":           {[]string{"-upstream", "https://api.weixin.qq.com/cgi-bin", "-record", fresh}, exitFailure, "base URL"},
		"a user":           {[]string{"-upstream", "https://a:b@api.weixin.qq.com", "-record", fresh}, exitFailure, "base URL"},
		"no URL":           {[]string{"-upstream", "api.weixin.qq.com", "-record", fresh}, exitFailure, "base URL"},
		"another scheme":   {[]string{"-upstream", "ftp://api.weixin.qq.com", "-record", fresh}, exitFailure, "https"},
		"no file":          {[]string{"-upstream", "https://api.weixin.qq.com"}, exitUsage, "need each other"},
		"no upstream":      {[]string{"-record", fresh}, exitUsage, "need each other"},
		"somebody's file":  {[]string{"-upstream", "https://api.weixin.qq.com", "-record", existing}, exitFailure, "exists"},
		"no recording":     {[]string{"-compare", existing}, exitFailure, "not a recording"},
		"an empty file":    {[]string{"-compare", empty}, exitFailure, "is empty"},
		"an absent record": {[]string{"-compare", fresh}, exitFailure, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			code, stdout, stderr := runs(t, ctx, append([]string{"-addr", "127.0.0.1:0"}, tt.args...)...)
			assert.Equal(t, tt.code, code)
			assert.Contains(t, stderr, tt.says)
			assert.Empty(t, stdout)
		})
	}
	data, err := os.ReadFile(existing)
	require.NoError(t, err)
	assert.Equal(t, "mine", string(data))
	assert.NoFileExists(t, fresh)
}

func TestUpstreamFollowsNoRedirectAndTrustsNoUnknownCertificate(t *testing.T) {
	reached := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer elsewhere.Close()
	redirecting := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusFound))
	defer redirecting.Close()
	unknown := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer unknown.Close()
	unknown.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	for address, want := range map[string]int{redirecting.URL: http.StatusFound, unknown.URL: http.StatusBadGateway} {
		var log testlog.Output
		u, err := newUpstream(address, filepath.Join(t.TempDir(), "recording"), log.Logger())
		require.NoError(t, err)
		w := httptest.NewRecorder()
		u.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/cgi-bin/menu/get?access_token=canary-token-canary-token", nil))
		assert.Equal(t, want, w.Code)
		assert.NotContains(t, w.Body.String()+log.String(), "canary")
		require.NoError(t, u.Close())
	}
	assert.False(t, reached)
}

func TestUpstreamBoundsWhatItReadsAndRecords(t *testing.T) {
	large := bytes.Repeat([]byte("x"), 20<<20)
	platform := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(large)
	}))
	defer platform.Close()
	file := filepath.Join(t.TempDir(), "recording")
	u, err := newUpstream(platform.URL, file, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	w := httptest.NewRecorder()
	u.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/cgi-bin/media/upload", bytes.NewReader(large)))
	assert.Equal(t, len(large), w.Body.Len(), "the program gets everything")
	w = httptest.NewRecorder()
	u.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/cgi-bin/media/upload", io.LimitReader(neverEnding{}, maxUpstreamRequest+1)))
	assert.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	require.NoError(t, u.Close())
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Less(t, info.Size(), int64(1000), "the sizes, not the content")
}

type neverEnding struct{}

func (neverEnding) Read(p []byte) (int, error) { return len(p), nil }

func TestProgramOfTheUserKeepsItsAccountWithUpstream(t *testing.T) {
	t.Setenv("WECHAT_APP_ID", "wx-of-the-user")
	code, stdout, stderr := runs(t, t.Context(), "-upstream", "http://127.0.0.1:1", "-record", filepath.Join(t.TempDir(), "recording"),
		"sh", "-c", "echo $WECHAT_APP_ID $WECHAT_BASE_URL")
	assert.Zero(t, code, stderr)
	assert.Regexp(t, `^wx-of-the-user http://127\.0\.0\.1:\d+\n$`, stdout)
}

func TestThereIsNoPageOfAnotherPlatformWithUpstream(t *testing.T) {
	s := start(t, func(set *settings) {
		set.upstream, set.record = "http://127.0.0.1:1", filepath.Join(t.TempDir(), "recording")
	})
	for _, path := range []string{"/simulator", "/simulator/", "/simulator/log/calls", "/simulator/followers"} {
		status, out := asks(t, s, "GET", path, nil)
		assert.Equal(t, http.StatusNotFound, status, path)
		assert.Contains(t, out["error"], "there is no page", path)
	}
	var said strings.Builder
	s.describe(&said)
	assert.NotContains(t, said.String(), "/simulator/")
	for name, args := range map[string][]string{
		"a callback": {"-callback", "http://127.0.0.1:1/"}, "a state": {"-state", filepath.Join(t.TempDir(), "state")},
	} {
		code, _, stderr := runs(t, t.Context(), append(args, "-upstream", "http://127.0.0.1:1", "-record", filepath.Join(t.TempDir(), "recording"))...)
		assert.Equal(t, exitUsage, code, name)
		assert.Contains(t, stderr, "-upstream excludes", name)
	}
}

func TestOnlyTheBaseURLIsSetWithUpstream(t *testing.T) {
	for _, v := range (&simulator{}).proxied() {
		t.Setenv(v.name, "mine")
	}
	args := func() []string {
		return []string{"-addr", "127.0.0.1:0", "-upstream", "http://127.0.0.1:1", "-record", filepath.Join(t.TempDir(), "recording")}
	}
	code, stdout, stderr := runs(t, t.Context(), append(args(), "sh", "-c", "env")...)
	assert.Zero(t, code, stderr)
	for _, v := range (&simulator{}).proxied() {
		assert.Contains(t, stdout, "\n"+v.name+"=mine\n", "a program still reaches its other hosts")
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, stdout, stderr = runs(t, ctx, args()...)
	assert.Zero(t, code, stderr)
	assert.Regexp(t, `(?m)^export WECHAT_BASE_URL=`, stdout)
	assert.Equal(t, 1, strings.Count(stdout, "export "), stdout)
}
