package wechat

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/testlog"
)

// script is a transport that returns one response after the other, and then always the last.
type script struct {
	mu     sync.Mutex
	plays  []func(*http.Request) (*http.Response, error)
	sent   []*http.Request
	sums   []string // SHA-256 of the bodies
	bodies []string // the small ones
}

func newScript(plays ...func(*http.Request) (*http.Response, error)) *script {
	return &script{plays: plays}
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	play := s.plays[0]
	if len(s.plays) > 1 {
		s.plays = s.plays[1:]
	}
	s.sent = append(s.sent, r)
	s.sums = append(s.sums, fmt.Sprintf("%x", sha256.Sum256(body)))
	s.bodies = append(s.bodies, string(body[:min(len(body), 4<<10)]))
	s.mu.Unlock()
	return play(r)
}

func (s *script) client(opts ...Option) *Client {
	return newTestClient("wx0000000000000001", "SECRET-CANARY", append([]Option{
		WithHTTPClient(&http.Client{Transport: s}), WithTokenSource(StaticToken("TOKEN-CANARY")),
	}, opts...)...)
}

func fails(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

var (
	ok       = answer(http.StatusOK, wireOK)
	busy     = answer(http.StatusOK, `{"errcode":-1,"errmsg":"system error"}`)
	badGate  = answer(http.StatusBadGateway, "<html>bad gateway</html>")
	dialFail = fails(&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")})
	dropped  = fails(io.EOF)
)

func request(traits ...trait) Request {
	return with(Request{Path: "/cgi-bin/test", Body: map[string]string{"a": "b"}}, traits)
}

var classes = map[string][]trait{"unkeyed": nil, "idempotent": {idempotent}, "keyed": {keyed("id")}}

func TestLostAnswersAreRepeatedOnlyWhereTheClassAllows(t *testing.T) {
	lost := map[string]func(*http.Request) (*http.Response, error){"dropped": dropped, "502": badGate, "-1": busy}
	for name, play := range lost {
		for class, traits := range classes {
			t.Run(name+"/"+class, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newScript(play, play, ok)
					err := s.client().Do(t.Context(), request(traits...), nil)
					if class != "unkeyed" {
						require.NoError(t, err)
						assert.Len(t, s.sent, 3)
						assert.Equal(t, s.sums[0], s.sums[2], "the body is sent again, byte for byte")
						return
					}
					require.ErrorIs(t, err, ErrUnknownOutcome)
					assert.Len(t, s.sent, 1)
				})
			})
		}
	}
}

func TestRefusedDialsAreRepeatedAndTheCallIsExecutedOnce(t *testing.T) {
	for name, fail := range map[string]func() (net.Conn, error){
		"dial": func() (net.Conn, error) { return nil, errors.New("refused") },
		"DNS":  func() (net.Conn, error) { return nil, &net.DNSError{Err: "no such host", IsNotFound: true} },
		"TLS handshake": func() (net.Conn, error) {
			ours, theirs := net.Pipe()
			return ours, theirs.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			var executions, dials atomic.Int64
			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				executions.Add(1)
				_, _ = io.WriteString(w, wireOK)
			}))
			defer server.Close()
			transport := NewTransport()
			defer transport.CloseIdleConnections()
			theirs, _ := server.Client().Transport.(*http.Transport)
			transport.TLSClientConfig = theirs.TLSClientConfig.Clone()
			transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
				if dials.Add(1) <= 2 {
					return fail()
				}
				return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
			}
			c := newTestClient("wx1", "s", WithBaseURL(server.URL), WithHTTPClient(&http.Client{Transport: transport}), WithTokenSource(StaticToken("T")))
			require.NoError(t, c.Do(t.Context(), request(), nil))
			assert.EqualValues(t, 1, executions.Load())
			assert.EqualValues(t, 3, dials.Load())
		})
	}
}

func TestUnkeyedSendThatTimesOutIsExecutedOnce(t *testing.T) {
	var executions atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		executions.Add(1)
		<-r.Context().Done()
	}))
	defer server.Close()
	c := newTestClient("wx1", "s", WithBaseURL(server.URL), WithTokenSource(StaticToken("TOKEN-CANARY")), WithTimeout(100*time.Millisecond))
	defer func() { _ = c.Close() }()
	err := c.Do(t.Context(), request(), nil)
	require.ErrorIs(t, err, ErrUnknownOutcome)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.NotContains(t, err.Error(), "CANARY")
	assert.EqualValues(t, 1, executions.Load())
}

// TestDroppedConnectionNeverRepeatsASend holds net/http too: it repeats requests
// on its own where a reused connection breaks and a header or the method permits.
func TestDroppedConnectionNeverRepeatsASend(t *testing.T) {
	var executions, keys atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for name := range r.Header {
			if strings.Contains(strings.ToLower(name), "idempotency") {
				keys.Add(1)
			}
		}
		if r.URL.Path == "/warm" {
			_, _ = io.WriteString(w, wireOK)
			return
		}
		executions.Add(1)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}))
	defer server.Close()
	c := newTestClient("wx1", "s", WithBaseURL(server.URL), WithTokenSource(StaticToken("T")))
	defer func() { _ = c.Close() }()
	require.NoError(t, c.Do(t.Context(), Request{Path: "/warm"}, nil))
	err := c.Do(t.Context(), request(), nil)
	require.ErrorIs(t, err, ErrUnknownOutcome)
	assert.EqualValues(t, 1, executions.Load())
	assert.Zero(t, keys.Load())
}

func TestQuotaRefusalIsNotRepeatedAndClearsNothing(t *testing.T) {
	s := newScript(answer(http.StatusOK, `{"errcode":45009,"errmsg":"reach max api daily quota limit rid: a-b"}`))
	err := s.client().Do(t.Context(), request(idempotent), nil)
	require.ErrorIs(t, err, ErrQuotaExceeded)
	require.ErrorIs(t, err, ErrDailyQuota)
	require.Len(t, s.sent, 1)
	assert.Equal(t, "/cgi-bin/test", s.sent[0].URL.Path)
}

func TestCancellationDuringThePauseReturnsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := WithRetry(RetryPolicy{MaxAttempts: 5, BaseDelay: time.Hour, MaxDelay: time.Hour})
		for i := range 1000 {
			s := newScript(busy)
			ctx, cancel := context.WithCancel(t.Context())
			after := time.Duration(i+1) * time.Microsecond
			time.AfterFunc(after, cancel)
			begin := time.Now()
			err := s.client(policy).Do(ctx, request(idempotent), nil)
			require.Error(t, err)
			require.ErrorIs(t, err, ErrSystemBusy)
			if time.Since(begin) > 0 { // the pause drawn may be shorter than the wait
				require.LessOrEqual(t, time.Since(begin), after)
				require.ErrorIs(t, err, context.Canceled)
			}
		}
	})
}

func TestPauseThatWouldOutlastTheDeadlineIsNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(busy)
		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		begin := time.Now()
		err := s.client(WithRetry(RetryPolicy{BaseDelay: time.Hour, MaxDelay: time.Hour})).Do(ctx, request(idempotent), nil)
		require.ErrorIs(t, err, ErrSystemBusy)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Zero(t, time.Since(begin))
	})
}

func TestRepetitionsOfABrownOutArePaidFromABudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var requests, calls int
		up := false
		c := newTestClient("wx1", "s", WithTokenSource(StaticToken("T")), WithHTTPClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			requests++
			if up || requests%2 == 0 {
				return ok(r)
			}
			return badGate(r)
		})}))
		// Half of all attempts fail: a success earns 1, a retry costs 5.
		for range 2000 {
			_ = c.Do(t.Context(), request(idempotent), nil)
		}
		requests = 0
		for calls = range 2000 {
			_ = c.Do(t.Context(), request(idempotent), nil)
		}
		assert.LessOrEqual(t, float64(requests), 1.2*float64(calls+1), "requests once the budget is spent")
		up = true
		for range 100 {
			require.NoError(t, c.Do(t.Context(), request(idempotent), nil))
		}
	})
}

func TestOutageCostsNoMoreThanABudgetOfRepetitions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(dialFail)
		c := s.client()
		for range 1000 {
			require.Error(t, c.Do(t.Context(), request(idempotent), nil))
		}
		assert.LessOrEqual(t, len(s.sent), 1000+100)
	})
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var stolen atomic.Int64
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Add(1) }))
	defer thief.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, err := strconv.Atoi(r.URL.Query().Get("status"))
		assert.NoError(t, err)
		http.Redirect(w, r, thief.URL+"/?"+r.URL.RawQuery, status)
	}))
	defer server.Close()
	own := &http.Client{Transport: http.DefaultTransport}
	limited := &http.Client{Transport: http.DefaultTransport, Timeout: time.Minute} // net/http follows for it
	for name, opts := range map[string][]Option{"default": nil, "HTTP client": {WithHTTPClient(own)}, "with a time-out": {WithHTTPClient(limited)}} {
		c := newTestClient("wx1", "s", append(opts, WithBaseURL(server.URL), WithTokenSource(StaticToken("TOKEN-CANARY")))...)
		for _, status := range []int{301, 302, 303, 307, 308} {
			for _, body := range []any{nil, map[string]string{"a": "b"}} {
				req := Request{Path: "/cgi-bin/user/info", Query: params("status", strconv.Itoa(status)), Body: body, Idempotent: true}
				err := c.Do(t.Context(), req, nil)
				var failure *RequestError
				require.ErrorAs(t, err, &failure, name)
				assert.Equal(t, status, failure.Status, name)
				assert.NotContains(t, fmt.Sprintf("%+v", failure), "CANARY")
			}
		}
		require.NoError(t, c.Close())
	}
	assert.Zero(t, stolen.Load())
	assert.Nil(t, own.CheckRedirect, "the given client was changed")
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

func TestCertificatesAreAlwaysVerified(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, wireOK) }))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_ = buf.Flush()
		upstream, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			return
		}
		defer func() { _ = upstream.Close() }()
		go func() { _, _ = io.Copy(upstream, buf) }() // buf holds what the server has read already
		_, _ = io.Copy(conn, upstream)
	}))
	defer proxy.Close()
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	for _, host := range []string{"https://127.0.0.1", "https://localhost"} {
		for _, viaProxy := range []bool{false, true} {
			transport := NewTransport()
			if viaProxy {
				address, err := url.Parse(proxy.URL)
				require.NoError(t, err)
				transport.Proxy = http.ProxyURL(address)
			}
			c := newTestClient("wx1", "s", WithBaseURL(host+port), WithHTTPClient(&http.Client{Transport: transport}), WithTokenSource(StaticToken("TOKEN-CANARY")))
			err := c.Do(t.Context(), request(idempotent), nil)
			var failure *RequestError
			require.ErrorAs(t, err, &failure)
			assert.Equal(t, 1, failure.Attempts, "a certificate does not get better")
			assert.NotContains(t, err.Error(), "CANARY")
			transport.CloseIdleConnections()
		}
	}
}

func TestC20_OwnTransportHasAllItsTimeouts(t *testing.T) {
	c := newTestClient("wx1", "s")
	transport, isOwn := c.rest.GetClient().Transport.(*http.Transport)
	require.True(t, isOwn)
	assert.NotSame(t, http.DefaultTransport, transport)
	assert.Positive(t, transport.TLSHandshakeTimeout)
	assert.Positive(t, transport.ResponseHeaderTimeout)
	assert.Positive(t, transport.IdleConnTimeout)
	assert.GreaterOrEqual(t, transport.MaxIdleConnsPerHost, 100)
	assert.GreaterOrEqual(t, transport.MaxIdleConns, transport.MaxIdleConnsPerHost)
	assert.NotNil(t, transport.DialContext)
	assert.Nil(t, transport.TLSClientConfig)
	assert.Equal(t, 5*time.Second, newDialer().Timeout)
}

// drip is a body that gives a byte every second and ends with its request.
type drip struct{ ctx context.Context }

func (d drip) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		p[0] = ' '
		return 1, nil
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
}

func (drip) Close() error { return nil }

func TestC19_SlowAnswerEndsWithTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: drip{r.Context()}, Request: r}, nil
		})
		begin := time.Now()
		err := s.client().Do(t.Context(), request(), nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, ErrUnknownOutcome)
		assert.Contains(t, err.Error(), "no response within 30s")
		assert.LessOrEqual(t, time.Since(begin), 30*time.Second+50*time.Millisecond)
		assert.Len(t, s.sent, 1)

		begin = time.Now()
		_, err = s.client(WithRetry(RetryPolicy{MaxAttempts: 1})).DownloadMedia(t.Context(), "MEDIA", io.Discard)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.LessOrEqual(t, time.Since(begin), 5*time.Minute+50*time.Millisecond)
		assert.Len(t, s.sent, 2)
	})
}

func TestBodiesHaveALengthAndNoEscapes(t *testing.T) {
	s := newScript(ok)
	body := map[string]string{"content": "<a href=\"?a=1&b=2\">\u2028\x01张三😀\xff"}
	require.NoError(t, s.client().Do(t.Context(), Request{Path: "/x", Body: body}, nil))
	assert.Positive(t, s.sent[0].ContentLength)
	assert.Equal(t, "application/json; charset=utf-8", s.sent[0].Header.Get("Content-Type"))
	raw := json.RawMessage(`{"a":"\u5f20\u4e09 \ud83d\ude00 \u0022 \u005c"}`)
	payload, err := newPayload(t.Context(), raw)
	require.NoError(t, err)
	data := payload.Bytes()
	assert.True(t, bytes.Equal([]byte(`{"a":"张三 😀 \" \\"}`), data), "%s", data)
}

func TestWrongRequestsAreNotSent(t *testing.T) {
	s := newScript(ok)
	c := s.client()
	for argument, req := range map[string]Request{
		"Path":  {Path: "/a?b=c"},
		"Query": {Path: "/a", Query: url.Values{"access_token": {"x"}}},
		"Body":  {Path: "/a", Body: make(chan int)},
	} {
		assertArgument(t, c.Do(t.Context(), req, nil), argument)
	}
	assertArgument(t, c.Do(t.Context(), Request{Path: "/a", Body: []byte("{")}, nil), "Body")
	assertArgument(t, c.Do(t.Context(), Request{Path: "a"}, nil), "Path")
	assertArgument(t, newTestClient("", "s").Do(t.Context(), Request{Path: "/a"}, nil), "appID")
	assertArgument(t, newTestClient("wx1", " ").Do(t.Context(), Request{Path: "/a"}, nil), "appSecret")
	for _, address := range []string{"api.weixin.qq.com", "ftp://x", "https://u:p@x", "https://x/?a=b", "://"} {
		c := newTestClient("wx1", "s", WithBaseURL(address))
		assertArgument(t, c.Do(t.Context(), Request{Path: "/a"}, nil), "WithBaseURL")
		_, err := c.Token(t.Context(), "")
		assertArgument(t, err, "WithBaseURL")
	}
	assert.Empty(t, s.sent)
}

func TestObserverSeesEveryAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []Attempt
		s := newScript(busy, badGate, ok)
		began := time.Now()
		c := s.client(WithObserver(func(_ context.Context, a Attempt) { seen = append(seen, a) }))
		require.NoError(t, c.Do(t.Context(), request(idempotent), nil))
		require.Len(t, seen, 3)
		assert.Equal(t, began, seen[0].Start)
		assert.True(t, seen[2].Start.After(began), "after two pauses")
		assert.Equal(t, ErrSystemBusy, seen[0].Code)
		assert.Equal(t, http.StatusBadGateway, seen[1].Status)
		require.Error(t, seen[1].Err)
		assert.Equal(t, 3, seen[2].Number)
		require.NoError(t, seen[2].Err)
		assert.Equal(t, "wx0000000000000001", seen[2].AppID)
		assert.Equal(t, "POST", seen[2].Method)
		assert.Equal(t, "api.weixin.qq.com", seen[2].Host)
		assert.Equal(t, "/cgi-bin/test", seen[2].Path)
	})
}

func TestBaseURLMayHaveAPathAndProductGoesIntoTheUserAgent(t *testing.T) {
	s := newScript(ok)
	c := s.client(WithBaseURL("https://proxy.example.com/wechat/"), WithUserAgent("shop/1.2"))
	require.NoError(t, c.Do(t.Context(), Request{Path: "/cgi-bin/a", Query: params("b", "c d")}, nil))
	assert.Equal(t, "https://proxy.example.com/wechat/cgi-bin/a?access_token=TOKEN-CANARY&b=c+d", s.sent[0].URL.String())
	assert.Equal(t, "shop/1.2 wechatoa/"+Version, s.sent[0].Header.Get("User-Agent"))
}

// TestErrorsHoldNoSecret lets every kind of failure echo the secrets, of calls
// with a token and of the fetch that renews it.
func TestErrorsHoldNoSecret(t *testing.T) {
	const echo = `access_token=TOKEN-CANARY-1 secret=SECRET-CANARY TOKEN-CANARY-1 SECRET-CANARY "refresh_token":"OTHER-CANARY" ticket=OTHER-CANARY`
	plays := map[string]func(*http.Request) (*http.Response, error){
		"transport": func(r *http.Request) (*http.Response, error) { return nil, fmt.Errorf("broke at %s: %s", r.URL, echo) },
		"refusal":   answer(http.StatusOK, `{"errcode":40003,"errmsg":"`+strings.ReplaceAll(echo, `"`, `\"`)+`"}`),
		"html":      answer(http.StatusOK, echo),
		"status":    answer(http.StatusBadGateway, echo),
		"redirect":  answer(http.StatusFound, echo),
		"cut":       answer(http.StatusOK, `{"a":"`+echo),
		"long":      answer(http.StatusOK, strings.Repeat("x", 500)+echo),
	}
	for name, play := range plays {
		for _, path := range []string{"/cgi-bin/user/info", stableTokenPath} {
			t.Run(name+path, func(t *testing.T) {
				var log testlog.Output
				var seen []Attempt
				p := &tokenPlatform{}
				c := p.client(
					WithRetry(RetryPolicy{MaxAttempts: 2, BaseDelay: 1, MaxDelay: 1}),
					WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
					WithObserver(func(_ context.Context, a Attempt) { seen = append(seen, a) }))
				require.NoError(t, ping(t.Context(), c), "learns its token")
				p.call = func(r *http.Request, _ bool) (*http.Response, error) { return play(r) }
				p.fetch = play
				err := c.Do(t.Context(), Request{Path: path, Idempotent: true}, nil)
				if path == stableTokenPath {
					_, err = c.GetStableAccessToken(t.Context())
				}
				require.Error(t, err)
				slog.New(slog.NewJSONHandler(&log, nil)).Error("x", "err", err, "client", c, "attempts", seen)
				slog.New(slog.NewTextHandler(&log, nil)).Error("x", "err", err, "client", c, "attempts", seen)
				encoded, _ := json.Marshal([]any{err, c, seen})
				for _, text := range []string{
					fmt.Sprintf("%v %+v %#v", err, err, err), fmt.Sprintf("%v %+v %#v", c, c, c), fmt.Sprintf("%+v %#v", *c, *c),
					fmt.Sprintf("%+v %#v", seen, seen), log.String(), string(encoded),
				} {
					require.NotContains(t, text, "CANARY")
				}
			})
		}
	}
}

func TestFamiliesAndCodesAreFoundThroughWrapping(t *testing.T) {
	err := fmt.Errorf("greeting: %w", &Error{Code: ErrReplyWindowClosed, Method: "POST", Path: "/cgi-bin/message/custom/send"})
	require.ErrorIs(t, err, ErrReplyWindowClosed)
	require.ErrorIs(t, err, ErrUnreachableUser)
	require.NotErrorIs(t, err, ErrQuotaExceeded)
	require.NotErrorIs(t, err, ErrUnknownOutcome)
	var code Code
	require.ErrorAs(t, err, &code)
	assert.Equal(t, ErrReplyWindowClosed, code)
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

func TestWrongRequestsOfEveryKindAreNotSent(t *testing.T) {
	s := newScript(ok)
	c := s.client()
	for _, path := range []string{"", "a", "//evil.example", "/a?b", "/a#b", "/a%2f", "/a b", "/a\r\nX: y", "/a\x00", "/a\x7f", `/a\b`} {
		assertArgument(t, c.Do(t.Context(), Request{Path: path}, nil), "Path")
	}
	for _, method := range []string{"get", "PO ST", "POST\r\n", "GÉT", "M\x00"} {
		assertArgument(t, c.Do(t.Context(), Request{Method: method, Path: "/a"}, nil), "Method")
	}
	for _, host := range []string{"evil.example", "weixin.qq.com.evil.example", "weixin.qq.com", ".weixin.qq.com", "a@mp.weixin.qq.com", "x/mp.weixin.qq.com", "evilweixin.qq.com", "mp.weixin.qq.com:8080"} {
		assertArgument(t, c.Do(t.Context(), Request{Path: "/a", Host: host}, nil), "Host")
	}
	for name, value := range map[string]string{"": "a", "A B": "a", "A\n": "a", "Ä": "a", "A": "b\r\nC: d", "Content-Length": "3", "idempotency-key": "1", "HOST": "x", "Content-type": "x"} {
		err := c.Do(t.Context(), Request{Path: "/a", Header: http.Header{name: {value}}}, nil)
		assertArgument(t, err, fmt.Sprintf("Header[%q]", name))
	}
	var nilRaw *[]byte
	for _, out := range []any{struct{}{}, 1, "x", map[string]any{}, []byte{}, nilRaw, (*strings.Builder)(nil), new(chan int), new(func()), new(complex128)} {
		assertArgument(t, c.Do(t.Context(), Request{Path: "/a"}, out), "out")
	}
	assertArgument(t, c.Do(nil, Request{Path: "/a"}, nil), "ctx") //nolint:staticcheck // what a program may do by mistake
	_, err := c.Token(nil, "")                                    //nolint:staticcheck // as above
	assertArgument(t, err, "ctx")
	_, err = c.Ticket(nil, TicketJSAPI) //nolint:staticcheck // as above
	assertArgument(t, err, "ctx")
	assert.Empty(t, s.sent)
}
