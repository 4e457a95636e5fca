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

// NewServer starts a platform for a test. It is closed when the test ends. A call
// of an API that is neither documented nor given a behaviour by [Platform.Handle]
// fails the test, with the name of its successor if the platform has withdrawn it.
func NewServer(t testing.TB, opts ...Option) *Server {
	t.Helper()
	p := NewPlatform(opts...)
	p.unknown = func(call, path string) {
		t.Errorf("wechattest: %s; give it a behaviour if a test needs one:\n"+
			"\tsrv.Handle(%q, func(c wechattest.Call) (any, error) { return nil, nil })", call, path)
	}
	s := &Server{Platform: p, http: httptest.NewServer(p)}
	s.URL = s.http.URL
	t.Cleanup(s.Close)
	return s
}

// Client returns a client of the account that calls the server over HTTP. It is
// closed with the server.
func (s *Server) Client(opts ...wechat.Option) *wechat.Client {
	opts = append([]wechat.Option{wechat.WithBaseURL(s.URL)}, opts...)
	return s.newClient(opts)
}

// Close ends the server and its clients. The end of the test does it too.
func (s *Server) Close() {
	s.Platform.Close()
	s.http.CloseClientConnections()
	s.http.Close()
}
