package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
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
	var connected atomic.Bool
	there := httptest.NewUnstartedServer(http.NotFoundHandler())
	there.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connected.Store(true)
		}
	}
	there.Start()
	defer there.Close()
	for address, want := range map[string]bool{"http://" + gone.Addr().String() + "/wechat": true, there.URL + "/wechat": false} {
		connected.Store(false)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var stderr testlog.Output
		ended := make(chan int, 1)
		go func() { ended <- run(ctx, []string{"-addr", "127.0.0.1:0", "-callback", address}, io.Discard, &stderr) }()
		warned := func() bool { return strings.Contains(stderr.String(), "nothing answers at -callback") }
		require.Eventually(t, func() bool { return warned() || connected.Load() }, 20*time.Second, time.Millisecond)
		cancel()
		assert.Zero(t, <-ended)
		assert.Equal(t, want, warned(), stderr.String())
	}
	_, _, stderr := runs(t, t.Context(), "-callback", "http://"+gone.Addr().String(), "true")
	assert.Empty(t, stderr, "the command is what will answer")
}
