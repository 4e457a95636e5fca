package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/testlog"
	"github.com/wechatoa/wechat/wechattest"
)

func TestPushesThatFailAreSaidOnTheTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.NewPlatform(wechattest.WithCallbackMode(wechattest.CallbackModePlain))
		defer p.Close()
		var log testlog.Output
		j := newJournal(newStream(), 5*time.Second)
		j.warner = newWarner(log.Logger())
		j.watch(p)
		alice := p.AddUser(wechattest.User{OpenID: "o-alice"})
		status := http.StatusOK
		p.SetCallback(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		sends := func(pushes int) []string {
			log.Reset()
			var all sync.WaitGroup
			for range pushes {
				all.Go(func() { alice.Sends(t.Context(), "hi") })
			}
			all.Wait()
			synctest.Wait()
			return strings.Split(strings.TrimSpace(log.String()), "\n")
		}
		assert.Equal(t, []string{""}, sends(1), "accepted: nothing is said")
		status = http.StatusInternalServerError
		lines := sends(2)
		require.Len(t, lines, 1, "not each")
		for _, part := range []string{"level=WARN", "a push failed", "type=text", "HTTP status", "500", "状态码"} {
			assert.Contains(t, lines[0], part)
		}
		assert.NotContains(t, lines[0], "others_before")
		time.Sleep(warnPause)
		lines = sends(1)
		require.Len(t, lines, 1)
		assert.Contains(t, lines[0], "others_before=1")
		lines = sends(1)
		require.Len(t, lines, 1, "another reason")
		assert.Contains(t, lines[0], "paused for a minute")
	})
}

func TestSilentCallbackIsSaidAtTheStart(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, gone.Close())
	there := httptest.NewServer(http.NotFoundHandler())
	defer there.Close()
	for address, want := range map[string]bool{"http://" + gone.Addr().String() + "/wechat": true, there.URL + "/wechat": false} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		code, _, stderr := runs(t, ctx, "-addr", "127.0.0.1:0", "-callback", address)
		assert.Zero(t, code)
		assert.Equal(t, want, strings.Contains(stderr, "nothing answers at -callback"), stderr)
	}
	_, _, stderr := runs(t, t.Context(), "-callback", "http://"+gone.Addr().String(), "true")
	assert.Empty(t, stderr, "the command is what will answer")
}
