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
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// turnstile is a TLS server that answers calls when as many are there together as fit,
// and counts the connections.
type turnstile struct {
	*httptest.Server
	fit int

	mu           sync.Mutex
	waiting      int
	open         chan struct{}
	opened, most int
	current      int
}

func newTurnstile(t *testing.T, fit int) *turnstile {
	t.Helper()
	s := &turnstile{fit: fit, open: make(chan struct{})}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
	}))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch state { //nolint:exhaustive // the others change nothing
		case http.StateNew:
			s.opened, s.current = s.opened+1, s.current+1
			s.most = max(s.most, s.current)
		case http.StateClosed:
			s.current--
		}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (s *turnstile) client(t *testing.T, opts ...Option) *Client {
	t.Helper()
	c := NewClient("wx1", "s", append(opts, WithBaseURL(s.URL), WithTokenSource(StaticToken("T")), WithTimeout(2*time.Minute))...)
	transport, isOwn := c.rest.GetClient().Transport.(*http.Transport)
	require.True(t, isOwn)
	theirs, _ := s.Client().Transport.(*http.Transport)
	transport.TLSClientConfig = &tls.Config{RootCAs: theirs.TLSClientConfig.RootCAs, MinVersion: tls.VersionTLS12}
	transport.ForceAttemptHTTP2 = false // one connection for each call in flight
	transport.TLSHandshakeTimeout = 0   // hundreds of handshakes at once may take longer
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestBurstsFindTheConnectionsOfTheFirst(t *testing.T) {
	const calls = 256
	s := newTurnstile(t, calls)
	c := s.client(t)
	for range 4 {
		assert.Zero(t, together(calls, func(int) error { return c.Do(t.Context(), request(), nil) }))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// On a busy machine net/http gives up the few whose writes it has not heard of for 50 ms.
	assert.LessOrEqual(t, s.opened, calls+calls/8, "one for each call of the first burst, none for the others")
}

func TestNoMoreConnectionsAreOpenedThanAllowed(t *testing.T) {
	s := newTurnstile(t, 16) // fewer connections than 16 would hang
	c := s.client(t, WithMaxConns(16))
	for range 2 {
		assert.Zero(t, together(128, func(int) error { return c.Do(t.Context(), request(), nil) }))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// As above; and the server hears of the end of a connection after the next one has come.
	assert.LessOrEqual(t, s.most, 16+4)
	assert.LessOrEqual(t, s.opened, 16+8, "nearly all stay open")
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
