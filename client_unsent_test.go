package wechat

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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

func TestWordsThatFitInNoHeaderAreArgumentErrors(t *testing.T) {
	s := newScript(ok)
	assertArgument(t, s.client(WithUserAgent("shop/1\r\nX: y")).Do(t.Context(), request(), nil), "WithUserAgent")
	for _, contentType := range []string{"text/plain\n", "text/plain; a=\"\x01\"", "text/plain; a=\"\x7f\""} {
		body := RawBody{ContentType: contentType, Content: strings.NewReader("x")}
		assertArgument(t, s.client().Do(t.Context(), Request{Path: "/a", Body: body}, nil), "RawBody.ContentType")
	}
	for name, header := range map[string]http.Header{
		`Header["accept-encoding"]`: {"accept-encoding": {"gzip"}}, // the response would stay compressed
		"Header[":                   {"X-A": {"1"}, "x-a": {"2"}},
	} {
		var refused *ArgumentError
		require.ErrorAs(t, s.client().Do(t.Context(), Request{Path: "/a", Header: header}, nil), &refused, name)
		assert.True(t, strings.HasPrefix(refused.Argument, name), refused.Argument)
	}
	assert.Empty(t, s.sent)
}

func TestNilOptionIsNoneAndNilClientIsNoTokenSource(t *testing.T) {
	s := newScript(ok)
	require.NoError(t, s.client(nil).Do(t.Context(), request(), nil))
	for _, source := range []TokenSource{(*Client)(nil), new(Client)} {
		assertArgument(t, s.client(WithTokenSource(source)).Do(t.Context(), request(), nil), "WithTokenSource")
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

type panickingKey struct{}

func (panickingKey) Sign(string, []byte) ([]byte, error) { panic("SECRET-CANARY") }
func (panickingKey) Verify(string, []byte, []byte) error { panic("SECRET-CANARY") }

func TestKeyOfTheProgramMayPanic(t *testing.T) {
	ends := *securedKeys()
	account := ends.account
	account.Signer, account.PrivateKey = panickingKey{}, ""
	err := ends.client(t, account, always(wireOK), nil).ClearQuota(t.Context())
	var failed *RequestError
	require.ErrorAs(t, err, &failed)
	assert.False(t, failed.OutcomeUnknown, "nothing was sent")
	assert.NotContains(t, err.Error(), "CANARY")

	account = ends.account
	account.Certificates, account.Verifiers = nil, map[string]APIVerifier{"CERT-NEW": panickingKey{}}
	err = ends.client(t, account, always(wireOK), nil).ClearQuota(t.Context())
	require.ErrorIs(t, err, ErrUnverified)
	assert.NotContains(t, err.Error(), "CANARY")
}
