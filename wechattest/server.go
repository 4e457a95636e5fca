package wechattest

import (
	"net/http/httptest"
	"testing"

	"github.com/wechatoa/wechat"
)

// Server is a [Platform] that listens on the loopback interface until its test ends.
type Server struct {
	*Platform

	// URL is the base URL of the API, for [wechat.WithBaseURL].
	URL string

	http *httptest.Server
}

// NewServer starts a platform for a test and closes it when the test ends. A call to an API
// that is neither documented nor implemented by [Platform.Handle] fails the test. If the
// platform has withdrawn the API, the failure names its replacement. A path that only the
// test itself names, in [Platform.InjectFault] or [Platform.CallCount] for example, fails
// it at its end: it is probably misspelled.
func NewServer(t testing.TB, opts ...Option) *Server {
	t.Helper()
	p := NewPlatform(opts...)
	p.unknown = func(call, path string) {
		t.Errorf("wechattest: %s; if the test needs it, implement it:\n"+
			"\tsrv.Handle(%q, func(c wechattest.Call) (any, error) { return nil, nil })", call, path)
	}
	p.named = map[string]string{}
	s := &Server{Platform: p, http: httptest.NewServer(p)}
	s.URL = s.http.URL
	t.Cleanup(func() {
		s.Close()
		for path, what := range p.strangePaths() {
			t.Errorf("wechattest: the test asks for %s of the path %q, which is not an API of the platform and was never called", what, path)
		}
	})
	return s
}

// Client returns a client of the account that calls the server over HTTP. Closing the
// server closes it.
func (s *Server) Client(opts ...wechat.Option) *wechat.Client {
	opts = append([]wechat.Option{wechat.WithBaseURL(s.URL)}, opts...)
	return s.newClient(opts)
}

// Close closes the server and its clients. It is called when the test ends.
func (s *Server) Close() {
	s.Platform.Close()
	s.http.CloseClientConnections()
	s.http.Close()
}
