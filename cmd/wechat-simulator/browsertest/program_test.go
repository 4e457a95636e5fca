package browsertest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
)

// program is the program under test, which uses the simulator as its platform.
type program struct {
	URL    string
	client *wechat.Client
	server *httptest.Server

	handler atomic.Pointer[http.Handler]
}

// startProgram starts a program that answers texts.
func startProgram(t *testing.T, s *simulator) *program {
	t.Helper()
	a := s.account()
	h, err := callback.NewHandler(callback.Config{AppID: a.AppID, Credentials: callback.NewCredentials(a.Token, a.AESKey)})
	require.NoError(t, err)
	callback.On(h, func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
		return callback.Text("收到：" + m.Content), nil
	})
	callback.On(h, func(context.Context, *callback.SubscribeEvent) (callback.Reply, error) {
		return callback.Text("感谢关注！"), nil
	})
	callback.On(h, func(_ context.Context, m *callback.ClickEvent) (callback.Reply, error) {
		return callback.Text("您点击了 " + m.EventKey), nil
	})
	return serve(t, s, h)
}

// serve runs a handler as the program under test.
func serve(t *testing.T, s *simulator, h http.Handler) *program {
	t.Helper()
	p := &program{client: s.client()}
	p.handler.Store(&h)
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*p.handler.Load()).ServeHTTP(w, r) }))
	t.Cleanup(p.server.Close)
	p.URL = p.server.URL
	return p
}

// replace makes the program do something else, and returns what it did before.
func (p *program) replace(h http.HandlerFunc) (before http.Handler) {
	after := http.Handler(h)
	return *p.handler.Swap(&after)
}

// never is a handler that does not respond before the platform gives up.
func never(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // the server notices the end of the connection only then
	<-r.Context().Done()
}

// connect makes the simulator push to the program.
func (p *program) connect(s *simulator) {
	s.t.Helper()
	s.do(http.MethodPatch, "callback", map[string]any{"url": p.URL, "verify": true}, nil)
}
