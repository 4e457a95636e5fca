package wechattest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechattest"
)

// echo returns a callback that replies with what it receives, with the current settings
// of the platform.
func echo(t *testing.T, p *wechattest.Platform) *callback.Handler {
	t.Helper()
	s := p.CallbackSettings()
	modes := map[wechattest.CallbackMode]callback.Mode{
		wechattest.CallbackModePlain: callback.ModePlain, wechattest.CallbackModeCompatible: callback.ModeCompatible, wechattest.CallbackModeSafe: callback.ModeSafe,
	}
	key := s.EncodingAESKey
	if s.Mode == wechattest.CallbackModePlain {
		key = "" // the console stores one in plaintext mode, the handler rejects it
	}
	h, err := callback.NewHandler(callback.Config{Mode: modes[s.Mode], Credentials: callback.NewCredentials(s.Token, key), AppID: p.AppID})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.Shutdown(context.Background())) })
	callback.On(h, func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
		return callback.TextReply{Content: m.Content}, nil
	})
	return h
}

func TestCallbackSettingsChangeWhileThePlatformRuns(t *testing.T) {
	p := wechattest.NewPlatform()
	t.Cleanup(p.Close)
	alice := p.AddUser(wechattest.User{})
	for _, mode := range []wechattest.CallbackMode{wechattest.CallbackModePlain, wechattest.CallbackModeCompatible, wechattest.CallbackModeSafe} {
		for _, asJSON := range []bool{false, true} {
			s := p.CallbackSettings()
			s.Mode, s.JSON = mode, asJSON
			s.Token, s.EncodingAESKey = "changed"+strings.Repeat("x", int(mode)), strings.Repeat(string('a'+rune(mode)), 43)
			before := echo(t, p)
			require.NoError(t, p.SetCallbackSettings(s))
			assert.Equal(t, s, p.CallbackSettings())
			assert.Equal(t, s.Token, p.Token)
			assert.Equal(t, s.EncodingAESKey, p.EncodingAESKey)

			p.SetCallback(echo(t, p))
			require.NoError(t, p.VerifyURL(t.Context()))
			report := alice.Sends(t.Context(), "hi")
			require.Equal(t, wechattest.SeenReply, report.Seen, "%+v", report.Deliveries)
			assert.Equal(t, "hi", report.Reply.Content)
			if !asJSON {
				p.SetCallback(before)
				assert.Error(t, p.VerifyURL(t.Context()), "a callback with the old Token does not agree")
			}
		}
	}
}

func TestCallbackAddressChangesWhileThePlatformRuns(t *testing.T) {
	p := wechattest.NewPlatform()
	t.Cleanup(p.Close)
	alice := p.AddUser(wechattest.User{})
	assert.Empty(t, p.CallbackSettings().URL)
	assert.True(t, alice.Sends(t.Context(), "nobody listens").Blocked)

	for range 2 {
		srv := httptest.NewServer(echo(t, p))
		t.Cleanup(srv.Close)
		s := p.CallbackSettings()
		s.URL = srv.URL
		require.NoError(t, p.SetCallbackSettings(s))
		assert.Equal(t, srv.URL, p.CallbackSettings().URL)
		assert.Equal(t, wechattest.SeenReply, alice.Sends(t.Context(), "hi").Seen)
	}

	s := p.CallbackSettings()
	s.URL = ""
	require.NoError(t, p.SetCallbackSettings(s))
	assert.True(t, alice.Sends(t.Context(), "nobody listens any more").Blocked)

	p.SetCallback(echo(t, p))
	require.NoError(t, p.SetCallbackSettings(p.CallbackSettings()))
	assert.Equal(t, wechattest.SeenReply, alice.Sends(t.Context(), "a handler stays").Seen)
	assert.Empty(t, p.CallbackSettings().URL)
}

func TestSettingsThatTheConsoleWouldRefuseChangeNothing(t *testing.T) {
	p := wechattest.NewPlatform()
	t.Cleanup(p.Close)
	good := p.CallbackSettings()
	for name, change := range map[string]func(*wechattest.CallbackSettings){
		"a short token":        func(s *wechattest.CallbackSettings) { s.Token = "ab" },
		"a long token":         func(s *wechattest.CallbackSettings) { s.Token = strings.Repeat("a", 33) },
		"a token with signs":   func(s *wechattest.CallbackSettings) { s.Token = "abc-def" },
		"a short key":          func(s *wechattest.CallbackSettings) { s.EncodingAESKey = "abc" },
		"a key with signs":     func(s *wechattest.CallbackSettings) { s.EncodingAESKey = strings.Repeat("-", 43) },
		"an unknown mode":      func(s *wechattest.CallbackSettings) { s.Mode = 3 },
		"a negative mode":      func(s *wechattest.CallbackSettings) { s.Mode = -1 },
		"no address":           func(s *wechattest.CallbackSettings) { s.URL = "callback" },
		"an unknown scheme":    func(s *wechattest.CallbackSettings) { s.URL = "ftp://example.com/" },
		"an address, no host":  func(s *wechattest.CallbackSettings) { s.URL = "http:///wechat" },
		"an address, fragment": func(s *wechattest.CallbackSettings) { s.URL = "http://example.com/#a" },
	} {
		t.Run(name, func(t *testing.T) {
			s := good
			change(&s)
			require.Error(t, p.SetCallbackSettings(s))
			assert.Equal(t, good, p.CallbackSettings())
		})
	}
}

// If the settings change while a push is in flight, its retries and its reply use the old
// settings.
func TestPushEndsWithTheSettingsThatItBeganWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.NewPlatform()
		defer p.Close()
		old, deliveries := echo(t, p), 0
		p.SetCallback(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if deliveries++; deliveries > 1 {
				old.ServeHTTP(w, r)
				return
			}
			s := p.CallbackSettings()
			s.Mode, s.Token, s.EncodingAESKey = wechattest.CallbackModePlain, "another", strings.Repeat("b", 43)
			assert.NoError(t, p.SetCallbackSettings(s))
			w.WriteHeader(http.StatusInternalServerError)
		}))
		report := p.AddUser(wechattest.User{}).Sends(t.Context(), "hi")
		assert.Equal(t, wechattest.SeenReply, report.Seen, "%+v", report.Deliveries)
		assert.Equal(t, 2, deliveries)
	})
}
