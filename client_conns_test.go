package wechat

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// turnstile is a TLS server in memory that answers calls when as many are there together
// as fit, and counts the connections. On sockets, net/http gives a connection up if a busy
// machine confirms a write after more than 50 ms; in a bubble no time passes meanwhile.
type turnstile struct {
	*httptest.Server
	fit int

	mu           sync.Mutex
	waiting      int
	open         chan struct{}
	opened, most int
	current      int

	accept chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newTurnstile(t *testing.T, fit int) *turnstile {
	t.Helper()
	s := &turnstile{fit: fit, open: make(chan struct{}), accept: make(chan net.Conn), closed: make(chan struct{})}
	s.Server = &httptest.Server{Listener: turnstileListener{s}, Config: &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			s.mu.Lock()
			open := s.open
			if s.waiting++; s.waiting == s.fit {
				s.waiting, s.open = 0, make(chan struct{})
				close(open)
			}
			s.mu.Unlock()
			select {
			case <-open:
			case <-r.Context().Done(): // the call failed, and so does the test
			}
			_, _ = io.WriteString(w, wireOK)
		}),
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		ConnState: func(_ net.Conn, state http.ConnState) {
			s.mu.Lock()
			defer s.mu.Unlock()
			switch state { //nolint:exhaustive // the others change nothing
			case http.StateNew:
				s.opened, s.current = s.opened+1, s.current+1
				s.most = max(s.most, s.current)
			case http.StateClosed:
				s.current--
			}
		},
	}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// turnstileListener accepts what the client of the turnstile dials.
type turnstileListener struct{ *turnstile }

func (l turnstileListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.accept:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l turnstileListener) Addr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443}
}

func (l turnstileListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (s *turnstile) client(t *testing.T, opts ...Option) *Client {
	t.Helper()
	c := NewClient("wx1", "s", append(opts, WithBaseURL(s.URL), WithTokenSource(StaticToken("T")), WithTimeout(2*time.Minute))...)
	transport, isOwn := c.rest.GetClient().Transport.(*http.Transport)
	require.True(t, isOwn)
	theirs, _ := s.Client().Transport.(*http.Transport)
	transport.TLSClientConfig = &tls.Config{RootCAs: theirs.TLSClientConfig.RootCAs, MinVersion: tls.VersionTLS12}
	transport.ForceAttemptHTTP2 = false // one connection for each call in flight
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		select {
		case s.accept <- theirs:
			return ours, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestBurstsFindTheConnectionsOfTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls = 256
		s := newTurnstile(t, calls)
		c := s.client(t)
		for range 4 {
			assert.Zero(t, together(calls, func(int) error { return c.Do(t.Context(), request(), nil) }))
		}
		assert.Equal(t, calls, s.opened, "one for each call of the first burst, none for the others")
	})
}

func TestNoMoreConnectionsAreOpenedThanAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTurnstile(t, 16) // fewer connections than 16 would hang
		c := s.client(t, WithMaxConns(16))
		for range 2 {
			assert.Zero(t, together(128, func(int) error { return c.Do(t.Context(), request(), nil) }))
		}
		assert.Equal(t, 16, s.most)
		assert.Equal(t, 16, s.opened, "all stay open")
	})
}

func TestNumbersOfConnectionsThatCannotBeRightAreRefused(t *testing.T) {
	for _, n := range []int{-1, 65_536} {
		var argument *ArgumentError
		require.ErrorAs(t, NewClient("wx1", "s", WithMaxConns(n)).Do(t.Context(), request(), nil), &argument)
		assert.Equal(t, "WithMaxConns", argument.Argument)
	}
	for _, other := range []Option{WithHTTPClient(http.DefaultClient), asResty} {
		require.ErrorContains(t, NewClient("wx1", "s", WithMaxConns(1), other).Do(t.Context(), request(), nil), "WithMaxConns: must not be combined")
	}
	c := NewClients(func(context.Context, string) (Account, error) {
		return Account{AppSecret: "s", Options: []Option{WithMaxConns(2)}}, nil
	}, WithMaxConns(3))
	_, err := c.Get(t.Context(), "wx1")
	require.ErrorContains(t, err, "WithMaxConns: must be given to NewClients")
	transport, _ := c.shared.rest.GetClient().Transport.(*http.Transport)
	assert.Equal(t, 3, transport.MaxConnsPerHost)
	require.NoError(t, c.Close())
}
