package wechat

import (
	"fmt"
	"math"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOptionsThatCannotBeRightAreErrorsOfEveryCall(t *testing.T) {
	for argument, options := range map[string][]Option{
		"WithTimeout":             {WithTimeout(-1), WithTimeout(math.MaxInt64), WithTimeout(math.MinInt64), WithTimeout(24*time.Hour + 1)},
		"RetryPolicy.MaxAttempts": {WithRetry(RetryPolicy{MaxAttempts: -1})},
		"RetryPolicy.BaseDelay":   {WithRetry(RetryPolicy{BaseDelay: -1}), WithRetry(RetryPolicy{BaseDelay: 2 * time.Second, MaxDelay: time.Second})},
		"RetryPolicy.MaxDelay":    {WithRetry(RetryPolicy{MaxDelay: -1})},
		"WithBaseURL":             {WithBaseURL("https://x/#a"), WithBaseURL("https://x?a")},
	} {
		for _, option := range options {
			s := newScript(ok)
			c := s.client(option)
			assertArgument(t, c.Do(t.Context(), request(), nil), argument)
			_, err := c.Token(t.Context(), "")
			assertArgument(t, err, argument)
			assert.Empty(t, s.sent)
		}
	}
	s := newScript(ok)
	require.NoError(t, s.client(WithTimeout(24*time.Hour), WithRetry(RetryPolicy{BaseDelay: time.Minute})).Do(t.Context(), request(), nil))
}

func TestOptionsThatContradictEachOtherAreErrorsOfEveryCall(t *testing.T) {
	source := WithTokenSource(StaticToken("TOKEN"))
	for _, c := range []struct {
		argument, other string
		options         []Option
	}{
		{"WithTokenSource", "WithClassicToken", []Option{source, WithClassicToken()}},
		{"WithTokenSource", "WithClassicToken", []Option{WithClassicToken(), source}},
		{"WithTokenSource", "WithForcedRefresh", []Option{source, WithForcedRefresh()}},
		{"WithClassicToken", "WithForcedRefresh", []Option{WithClassicToken(), WithForcedRefresh()}},
		{"WithClassicToken", "WithForcedRefresh", []Option{WithForcedRefresh(), WithClassicToken()}},
	} {
		s := newScript(ok)
		client := newTestClient("wx1", "SECRET-CANARY", append(c.options, WithHTTPClient(&http.Client{Transport: s}))...)
		err := client.Do(t.Context(), request(), nil)
		assertArgument(t, err, c.argument)
		require.ErrorContains(t, err, "must not be combined with "+c.other)
		_, err = client.Token(t.Context(), "")
		assertArgument(t, err, c.argument)
		assert.Empty(t, s.sent)
	}
	s := newScript(ok)
	require.NoError(t, s.client(source, WithTokenStore(NewMemoryTokenStore())).Do(t.Context(), request(), nil), "tickets are shared through the store")
}

func TestNilOptionIsNoneAndNilClientIsNoTokenSource(t *testing.T) {
	s := newScript(ok)
	require.NoError(t, s.client(nil).Do(t.Context(), request(), nil))
	for _, source := range []TokenSource{(*Client)(nil), new(Client)} {
		assertArgument(t, s.client(WithTokenSource(source)).Do(t.Context(), request(), nil), "WithTokenSource")
	}
}

func TestClientOfNoTransportUsesTheDefaultOne(t *testing.T) {
	before := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = before })
	c := newTestClient("wx1", "s", WithHTTPClient(&http.Client{}), WithTokenSource(StaticToken("T")))
	s := newScript(ok)
	http.DefaultTransport = s // as global mocks of HTTP do, also later
	require.NoError(t, c.Do(t.Context(), request(), nil))
	assert.Len(t, s.sent, 1)
	require.NoError(t, c.Close())
}

func TestNewTransportKeepsAsManyConnectionsIdleAsItAllows(t *testing.T) {
	transport := NewTransport()
	assert.Equal(t, transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost)
	assert.GreaterOrEqual(t, transport.MaxIdleConns, transport.MaxIdleConnsPerHost)
	require.NotNil(t, transport.HTTP2)
	assert.Positive(t, transport.HTTP2.SendPingTimeout)
	assert.Positive(t, transport.HTTP2.PingTimeout)
	assert.NotSame(t, transport, NewTransport())
}

func TestClosedClientAnswersErrClosed(t *testing.T) {
	for name, opts := range map[string][]Option{"own tokens": nil, "token source": {WithTokenSource(StaticToken("T"))}} {
		p := &tokenPlatform{}
		c := p.client(opts...)
		_, err := c.Token(t.Context(), "")
		require.NoError(t, err)
		require.NoError(t, c.Close())
		require.NoError(t, c.Close(), "twice")
		require.ErrorIs(t, c.Do(t.Context(), request(), nil), ErrClosed, name)
		_, err = c.Token(t.Context(), "")
		require.ErrorIs(t, err, ErrClosed, name)
		_, err = c.Ticket(t.Context(), TicketJSAPI)
		require.ErrorIs(t, err, ErrClosed, name)
		assert.Zero(t, p.calls)
	}
}

func TestCloseBesideRunningCallsIsSafe(t *testing.T) {
	for range 50 {
		p := &tokenPlatform{latency: time.Microsecond}
		c := p.client()
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for range 20 {
					_ = ping(t.Context(), c)
					_, _ = c.Ticket(t.Context(), TicketType(fmt.Sprint("kind", i)))
				}
			})
		}
		wg.Go(func() { _ = c.Close() })
		wg.Wait()
	}
}
