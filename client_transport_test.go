package wechat

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newClientOver returns a client that sends through a given HTTP client.
func newClientOver(h *http.Client) *Client {
	return NewClient("wx1", "s", WithTokenSource(StaticToken("T")), WithHTTPClient(h), WithRetry(RetryPolicy{MaxAttempts: 1}))
}

func TestTimeLimitOfAGivenHTTPClientIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, context.Cause(r.Context())
		})
		for limit, want := range map[time.Duration]time.Duration{0: defaultTimeout, time.Second: time.Second, time.Hour: defaultTimeout} {
			begin := time.Now()
			err := newClientOver(&http.Client{Transport: silent, Timeout: limit}).Do(t.Context(), Request{Path: "/x", Body: struct{}{}}, nil)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorIs(t, err, ErrUnknownOutcome)
			assert.Equal(t, want, time.Since(begin), limit)
		}
	})
}

func TestCookiesOfAGivenHTTPClientAreNeitherKeptNorSent(t *testing.T) {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	for _, limit := range []time.Duration{0, time.Minute} {
		calls := 0
		h := &http.Client{Jar: jar, Timeout: limit, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			calls++
			assert.Empty(t, r.Cookies())
			raw, err := answer(http.StatusOK, wireOK)(r)
			raw.Header.Set("Set-Cookie", "a=b; Path=/")
			return raw, err
		})}
		c := newClientOver(h)
		for range 2 {
			require.NoError(t, c.Do(t.Context(), Request{Path: "/x"}, nil))
		}
		assert.Equal(t, 2, calls)
	}
}

func TestTransportThatReturnsLessThanItMustIsSurvived(t *testing.T) {
	var got *http.Response
	c := newClientOver(&http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return got, nil })})
	err := c.Do(t.Context(), Request{Path: "/x", Body: struct{}{}}, nil)
	var failure *RequestError
	require.ErrorAs(t, err, &failure)
	require.ErrorIs(t, err, ErrUnknownOutcome)

	got = &http.Response{StatusCode: http.StatusOK}
	err = c.Do(t.Context(), Request{Path: "/x", Body: struct{}{}}, nil)
	var unreadable *DecodeError
	require.ErrorAs(t, err, &unreadable)

	got = &http.Response{StatusCode: http.StatusBadGateway}
	err = c.Do(t.Context(), Request{Path: "/x", Idempotent: true}, nil)
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, http.StatusBadGateway, failure.Status)
}

func TestBaseURLMayHaveEscapesInItsPath(t *testing.T) {
	s := newScript(ok)
	require.NoError(t, s.client(WithBaseURL("https://proxy.example.com/a%2Fb")).Do(t.Context(), Request{Path: "/cgi-bin/名", Anonymous: true}, nil))
	assert.Equal(t, "https://proxy.example.com/a%2Fb/cgi-bin/%E5%90%8D", s.sent[0].URL.String())
	s = newScript(ok)
	require.NoError(t, s.client(WithBaseURL("https://proxy.example.com/a")).Do(t.Context(), Request{Path: "/cgi-bin/名", Query: params("b", "c"), Anonymous: true}, nil))
	assert.Equal(t, "https://proxy.example.com/a/cgi-bin/%E5%90%8D?b=c", s.sent[0].URL.String())
	assert.Equal(t, http.MethodGet, s.sent[0].Method)
}

func TestCallThatNetHTTPRefusedToSendIsNotUnknown(t *testing.T) {
	noProxy := NewTransport()
	noProxy.Proxy = func(*http.Request) (*url.URL, error) { return nil, errors.New("no proxy for you") }
	brokenProxy := NewTransport()
	brokenProxy.Proxy = func(*http.Request) (*url.URL, error) { return nil, io.EOF }
	for name, transport := range map[string]*http.Transport{"proxy": noProxy, "EOF": brokenProxy} {
		c := newTestClient("wx1", "SECRET-CANARY", WithHTTPClient(&http.Client{Transport: transport}), WithTokenSource(StaticToken("TOKEN-CANARY")), WithRetry(RetryPolicy{MaxAttempts: 1}))
		var failed *RequestError
		require.ErrorAs(t, c.Do(t.Context(), request(), nil), &failed, name)
		assert.NotErrorIs(t, failed, ErrUnknownOutcome, name)
	}
}

func TestDoneCodeAfterAFailureBeforeTheRequestIsARefusal(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	first := true
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"errcode":46003}`) })
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler}}
	server.StartTLS()
	defer server.Close()
	transport, _ := server.Client().Transport.(*http.Transport)
	transport.DialContext = func(_ context.Context, network, address string) (net.Conn, error) {
		conn, err := net.Dial(network, address)
		if first && err == nil {
			first = false
			_ = conn.Close() // the handshake fails
		}
		return conn, err
	}
	c := newTestClient("wx1", "SECRET-CANARY", WithBaseURL(server.URL), WithHTTPClient(server.Client()), WithTokenSource(StaticToken("TOKEN-CANARY")))
	req := request(idempotent)
	req.AlreadyDone = []Code{46003}
	require.ErrorIs(t, c.Do(t.Context(), req, nil), Code(46003), "no attempt was executed")
	assert.False(t, first)
	transport.CloseIdleConnections()
}
