package wechat

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
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

var (
	daily    = answer(http.StatusOK, `{"errcode":45009,"errmsg":"reach max api daily quota limit"}`)
	rejected = answer(http.StatusOK, `{"errcode":40001,"errmsg":"invalid credential"}`)
	page     = answer(http.StatusOK, "<html>welcome</html>")
	empty    = answer(http.StatusOK, "")
	cutJSON  = answer(http.StatusOK, `{"errcode":0,"msg`)
)

// hangs waits until the attempt is over.
func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// cutBody is a response whose connection breaks in its middle.
func cutBody(r *http.Request) (*http.Response, error) {
	body := io.MultiReader(strings.NewReader(`{"errcode":0,`), errReader{io.ErrUnexpectedEOF})
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(body), Request: r}, nil
}

type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) { return 0, e.err }

// TestOutcomeIsUnknownWheneverAnAttemptMayHaveBeenExecuted plays all pairs of ways in
// which two attempts of a call can fail.
func TestOutcomeIsUnknownWheneverAnAttemptMayHaveBeenExecuted(t *testing.T) {
	type play struct {
		do         func(*http.Request) (*http.Response, error)
		mayHaveRun bool
	}
	plays := map[string]play{
		"dial": {dialFail, false}, "429": {answer(http.StatusTooManyRequests, "slow down"), false},
		"quota": {daily, false}, "invalid openid": {answer(http.StatusOK, `{"errcode":40003,"errmsg":"x"}`), false},
		"rejected": {rejected, false}, "404": {answer(http.StatusNotFound, "no"), false}, "302": {answer(http.StatusFound, "there"), false},
		"minute quota": {answer(http.StatusOK, `{"errcode":45011,"errmsg":"x"}`), false},

		"dropped": {dropped, true}, "502": {badGate, true}, "-1": {busy, true}, "time-out": {hangs, true}, "page": {page, true},
		"empty": {empty, true}, "cut JSON": {cutJSON, true}, "cut body": {cutBody, true},
		"too large": {answer(http.StatusOK, `{"a":"`+strings.Repeat("x", maxAnswer)+`"}`), true},
	}
	for first, one := range plays {
		for second, two := range plays {
			for class, traits := range classes {
				t.Run(first+"/"+second+"/"+class, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s := newScript(one.do, two.do)
						c := s.client(WithTokenSource(&freshTokens{}), WithRetry(RetryPolicy{MaxAttempts: 2}))
						err := c.Do(t.Context(), request(traits...), nil)
						require.Error(t, err)
						mayHaveRun := one.mayHaveRun || len(s.sent) > 1 && two.mayHaveRun
						assert.Equal(t, mayHaveRun && class != "idempotent", errors.Is(err, ErrUnknownOutcome), "%d sent: %v", len(s.sent), err)
						if mayHaveRun && class == "unkeyed" {
							assert.Equal(t, one.mayHaveRun, len(s.sent) == 1, "sent again")
						}
						assert.Equal(t, mayHaveRun && class != "idempotent", strings.Contains(err.Error(), ErrUnknownOutcome.Error()), err)
					})
				})
			}
		}
	}
}

// freshTokens is a token source that always has another token.
type freshTokens struct{ n atomic.Int64 }

func (r *freshTokens) Token(context.Context, string) (string, error) {
	return fmt.Sprint("TOKEN-CANARY-", r.n.Add(1)), nil
}

func TestOutcomeIsUnknownAfterTheCallerLeft(t *testing.T) {
	for class, traits := range classes {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			s := newScript(hangs)
			err := s.client().Do(ctx, request(traits...), nil)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, class != "idempotent", errors.Is(err, ErrUnknownOutcome))
			assert.Len(t, s.sent, 1)

			s = newScript(dropped)
			ctx, cancel = context.WithCancel(t.Context())
			cancel()
			require.NotErrorIs(t, s.client().Do(ctx, request(traits...), nil), ErrUnknownOutcome, "nothing was sent")
			assert.Empty(t, s.sent)
		})
	}
}

func TestOutcomeOfAKeyedSendIsKnownWhenItsRetrySucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(hangs, dropped, ok)
		require.NoError(t, s.client().Do(t.Context(), request(keyed("id")), nil))
		assert.Len(t, s.sent, 3)
	})
}

func TestNoMoreThanThreeAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(busy)
		err := s.client().Do(t.Context(), request(idempotent), nil)
		require.ErrorIs(t, err, ErrSystemBusy)
		require.NotErrorIs(t, err, ErrUnknownOutcome)
		assert.Len(t, s.sent, 3)

		s = newScript(busy)
		require.Error(t, s.client(WithRetry(RetryPolicy{MaxAttempts: 1})).Do(t.Context(), request(idempotent), nil))
		assert.Len(t, s.sent, 1)
	})
}

func TestFailuresBeforeTheRequestAreRepeatedInEveryClass(t *testing.T) {
	for _, traits := range classes {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(dialFail, fails(&net.DNSError{Err: "no such host"}), ok)
			require.NoError(t, s.client().Do(t.Context(), request(traits...), nil))
			assert.Len(t, s.sent, 3)
		})
	}
}

func TestDoneCodesAreSuccessOnlyOnARepetition(t *testing.T) {
	gone := answer(http.StatusOK, `{"errcode":46003,"errmsg":"menu no exist","msg_id":"7"}`)
	req := request(idempotent)
	req.AlreadyDone = []Code{46003}
	synctest.Test(t, func(t *testing.T) {
		s := newScript(dropped, gone)
		var out struct {
			ID int64 `json:"msg_id"`
		}
		require.NoError(t, s.client().Do(t.Context(), req, &out))
		assert.EqualValues(t, 7, out.ID, "what comes along is read")

		s = newScript(gone)
		require.ErrorIs(t, s.client().Do(t.Context(), req, nil), Code(46003), "nobody had tried before")

		s = newScript(dialFail, gone)
		require.ErrorIs(t, s.client().Do(t.Context(), req, nil), Code(46003), "the first attempt was not executed")
	})
}

func TestC10_MinuteQuotaFailsAtOnceAndIsWaitedForOnDemand(t *testing.T) {
	minute := answer(http.StatusOK, `{"errcode":45011,"errmsg":"api minute-quota reach limit, must slower, retry next minute"}`)
	waits := WithRetry(RetryPolicy{WaitForQuota: true})
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(25 * time.Second)
		begin := time.Now()
		s := newScript(minute, ok)
		err := s.client().Do(t.Context(), request(idempotent), nil)
		var refusal *Error
		require.ErrorAs(t, err, &refusal)
		assert.Equal(t, 35*time.Second, refusal.RetryAfter)
		assert.Zero(t, time.Since(begin))
		assert.Len(t, s.sent, 1)

		s = newScript(minute, ok)
		require.NoError(t, s.client(waits).Do(t.Context(), request(), nil), "no class matters: it was not executed")
		assert.Len(t, s.sent, 2)
		assert.GreaterOrEqual(t, time.Since(begin), 35*time.Second, "not before the minute turns")
		assert.Less(t, time.Since(begin), 35*time.Second+quotaJitter)

		time.Sleep(time.Until(begin.Add(95 * time.Second)))
		s = newScript(minute)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		begin = time.Now()
		err = s.client(waits).Do(ctx, request(), nil)
		require.ErrorIs(t, err, ErrMinuteQuota)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, ErrUnknownOutcome)
		assert.Zero(t, time.Since(begin), "the minute ends after the deadline")
		assert.Len(t, s.sent, 1)

		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second, cancel)
		err = s.client(waits).Do(ctx, request(), nil)
		require.ErrorIs(t, err, ErrMinuteQuota)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, 10*time.Second, time.Since(begin))

		for attempts := 1; attempts <= 3; attempts++ {
			s = newScript(minute, minute, minute, ok)
			policy := RetryPolicy{MaxAttempts: attempts, WaitForQuota: true}
			require.ErrorIs(t, s.client(WithRetry(policy)).Do(t.Context(), request(idempotent), nil), ErrMinuteQuota)
			assert.Len(t, s.sent, attempts, "one bound for all retries")
		}

		s = newScript(minute)
		begin = time.Now()
		upload := Request{Path: "/cgi-bin/media/upload", Body: &Form{Field: "media", File: File{Name: "a.jpg", Content: io.MultiReader(strings.NewReader("x")), Size: 1}}}
		require.ErrorIs(t, s.client(waits).Do(t.Context(), upload, nil), ErrMinuteQuota)
		assert.Zero(t, time.Since(begin), "its body is used up")
		assert.Len(t, s.sent, 1)
	})
}

func TestEveryFailureOfACertificateIsFinal(t *testing.T) {
	for _, cause := range []error{
		&tls.CertificateVerificationError{Err: errors.New("x")}, x509.UnknownAuthorityError{}, x509.HostnameError{Certificate: &x509.Certificate{}}, x509.CertificateInvalidError{},
	} {
		s := newScript(fails(fmt.Errorf("tls: %w", cause)))
		var failure *RequestError
		require.ErrorAs(t, s.client().Do(t.Context(), request(idempotent), nil), &failure)
		assert.Equal(t, 1, failure.Attempts, "%T", cause)
	}
}

func TestStreamOfARejectedTokenIsNotSentAgain(t *testing.T) {
	s := newScript(rejected, ok)
	body := &Form{Field: "media", File: File{Name: "a.jpg", Content: io.MultiReader(strings.NewReader("abc")), Size: 3}}
	source := &freshTokens{}
	err := s.client(WithTokenSource(source)).Do(t.Context(), Request{Path: "/x", Body: body}, nil)
	require.ErrorIs(t, err, ErrInvalidToken)
	require.NotErrorIs(t, err, ErrUnknownOutcome)
	assert.NotContains(t, err.Error(), "not retried", "no other attempt was tried")
	assert.Len(t, s.sent, 1)
	assert.EqualValues(t, 2, source.n.Load(), "the next call has another token")
}

// brokenSeeker cannot go back once it was read.
type brokenSeeker struct {
	*strings.Reader
	read atomic.Bool
}

func (b *brokenSeeker) Read(p []byte) (int, error) {
	b.read.Store(true)
	return b.Reader.Read(p)
}

func (b *brokenSeeker) Seek(offset int64, whence int) (int64, error) {
	if b.read.Load() {
		return 0, errors.New("tape torn")
	}
	return b.Reader.Seek(offset, whence)
}

func TestUploadThatCannotBeSentAgainKeepsWhatIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(dropped, ok)
		body := &Form{Field: "media", File: File{Name: "a.jpg", Content: &brokenSeeker{Reader: strings.NewReader("abc")}}}
		err := s.client().Do(t.Context(), Request{Path: "/x", Body: body, Deduplicated: true}, nil)
		require.ErrorIs(t, err, ErrUnknownOutcome)
		var failure *RequestError
		require.ErrorAs(t, err, &failure)
		require.ErrorIs(t, err, io.EOF)
	})
}

func TestFailedTokenFetchNeverMakesASendUnknown(t *testing.T) {
	for name, fetch := range map[string]func(*http.Request) (*http.Response, error){
		"dropped": dropped, "502": badGate, "page": page, "time-out": hangs, "busy": busy,
	} {
		for _, classic := range []bool{false, true} {
			t.Run(fmt.Sprint(name, classic), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := &tokenPlatform{fetch: fetch}
					var opts []Option
					if classic {
						opts = append(opts, WithClassicToken())
					}
					c := p.client(opts...)
					err := c.Do(t.Context(), request(), nil)
					require.Error(t, err)
					require.NotErrorIs(t, err, ErrUnknownOutcome)
					assert.Zero(t, p.calls)
					require.NoError(t, c.Close())
				})
			})
		}
	}
}

// sourceFunc is a token source of a program.
type sourceFunc func(ctx context.Context, rejected string) (string, error)

func (f sourceFunc) Token(ctx context.Context, rejected string) (string, error) {
	return f(ctx, rejected)
}

func TestErrorOfATokenSourceIsNotTheOutcomeOfTheCall(t *testing.T) {
	inner := &RequestError{Method: "GET", Path: "/cgi-bin/token", Err: io.EOF, OutcomeUnknown: true}
	for name, failure := range map[string]error{
		"own": inner, "wrapped": fmt.Errorf("central server: %w", inner), "plain": fmt.Errorf("central server: %w", ErrUnknownOutcome),
	} {
		s := newScript(ok)
		c := s.client(WithTokenSource(sourceFunc(func(context.Context, string) (string, error) { return "", failure })))
		err := c.Do(t.Context(), request(), nil)
		require.Error(t, err)
		require.NotErrorIs(t, err, ErrUnknownOutcome, name)
		var request *RequestError
		require.ErrorAs(t, err, &request, name)
		assert.Empty(t, s.sent)
	}
	assert.True(t, inner.OutcomeUnknown, "the error is shared and was changed")
}

func TestErrorsThatCallersShareAreNotChanged(t *testing.T) {
	shared := &Error{Code: 40003, Method: "POST", Path: "/x"}
	marked := withOutcome(shared, true)
	require.ErrorIs(t, marked, ErrUnknownOutcome)
	assert.False(t, shared.OutcomeUnknown)
}

func TestTimeOutOfAnAttemptIsAFailureOfTheAttempt(t *testing.T) {
	for class, traits := range classes {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(hangs, hangs, ok)
			begin := time.Now()
			err := s.client(WithTimeout(time.Second)).Do(t.Context(), request(traits...), nil)
			if class == "unkeyed" {
				require.ErrorIs(t, err, ErrUnknownOutcome)
				assert.Len(t, s.sent, 1)
				return
			}
			require.NoError(t, err)
			assert.Len(t, s.sent, 3)
			assert.GreaterOrEqual(t, time.Since(begin), 2*time.Second)
			assert.Less(t, time.Since(begin), 3*time.Second)
		})
	}
}

func TestTimeOutHasNoHiddenLimitBelow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := func(d time.Duration) *script {
			return newScript(func(r *http.Request) (*http.Response, error) {
				select {
				case <-time.After(d):
					return ok(r)
				case <-r.Context().Done():
					return nil, r.Context().Err()
				}
			})
		}
		require.NoError(t, late(59*time.Second).client(WithTimeout(time.Minute)).Do(t.Context(), request(), nil))
		require.NoError(t, late(29*time.Second).client(WithTimeout(0)).Do(t.Context(), request(), nil))
		require.Error(t, late(31*time.Second).client(WithTimeout(0)).Do(t.Context(), request(), nil))
		form := &Form{Field: "media", File: File{Name: "a.jpg", Content: strings.NewReader("x")}}
		require.NoError(t, late(299*time.Second).client().Do(t.Context(), Request{Path: "/x", Body: form}, nil), "uploads have ten times as long")
	})
	for _, limit := range []time.Duration{time.Minute, time.Hour} {
		transport, isOwn := newTestClient("wx1", "s", WithTimeout(limit)).rest.GetClient().Transport.(*http.Transport)
		require.True(t, isOwn)
		assert.GreaterOrEqual(t, transport.ResponseHeaderTimeout, 10*limit)
	}
	assert.Zero(t, NewTransport().ResponseHeaderTimeout, "clients with several time-outs can share it")
}

func TestLaterDeadlineOfTheCallerEndsNoAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		begin := time.Now()
		s := newScript(hangs, ok)
		require.NoError(t, s.client(WithTimeout(time.Second), WithRetry(RetryPolicy{BaseDelay: 1})).Do(ctx, request(idempotent), nil))
		assert.Equal(t, time.Second, time.Since(begin))
	})
}

func TestOnlyTheEndOfTheAttemptIsCalledOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const text = "no response within"
		require.ErrorContains(t, newScript(hangs).client().Do(t.Context(), request(), nil), text)
		assert.NotContains(t, newScript(dropped).client().Do(t.Context(), request(), nil).Error(), text)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		assert.NotContains(t, newScript(hangs).client().Do(ctx, request(), nil).Error(), text)
	})
}

func TestDurationsInArgumentErrorsAreReadable(t *testing.T) {
	err := within("validity", 744*time.Hour, time.Minute, 720*time.Hour)
	require.EqualError(t, err, "wechat: invalid argument validity: must be 1m0s to 720h0m0s, but is 744h0m0s")
}

func TestHostAndHeadersReachThePlatformButNoProxyIsPassedBy(t *testing.T) {
	s := newScript(ok)
	req := Request{Path: "/a", Host: "mp.weixin.qq.com", Header: http.Header{"X-Test": {"1", "2"}}, Anonymous: true}
	for base, want := range map[string]string{
		"": "https://mp.weixin.qq.com/a", "https://api2.weixin.qq.com": "https://mp.weixin.qq.com/a", "http://127.0.0.1:80": "http://127.0.0.1:80/a",
		"https://proxy.example/wx": "https://proxy.example/wx/a", "https://proxy.weixin.qq.com/wx": "https://proxy.weixin.qq.com/wx/a",
	} {
		require.NoError(t, s.client(WithBaseURL(base)).Do(t.Context(), req, nil))
		last := s.sent[len(s.sent)-1]
		assert.Equal(t, want, last.URL.String())
		assert.Equal(t, []string{"1", "2"}, last.Header.Values("X-Test"))
	}
}

// TestCallsThatMustRunOnceAreNotSentAgainByTheTransport lets a reused connection break
// after the request was executed: net/http sends a GET again then.
func TestCallsThatMustRunOnceAreNotSentAgainByTheTransport(t *testing.T) {
	var executions atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/warm" {
			_, _ = io.WriteString(w, wireOK)
			return
		}
		assert.Empty(t, r.TransferEncoding)
		executions.Add(1)
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
	}))
	defer server.Close()
	newClient := func(opts ...Option) *Client {
		c := newTestClient("wx1", "s", append(opts, WithBaseURL(server.URL))...)
		t.Cleanup(func() { _ = c.Close() })
		require.NoError(t, c.Do(t.Context(), Request{Path: "/warm", Anonymous: true}, nil))
		executions.Store(0)
		return c
	}
	_, err := newClient().ExchangeOAuthCode(t.Context(), "CODE-CANARY")
	require.ErrorIs(t, err, ErrUnknownOutcome)
	assert.EqualValues(t, 1, executions.Load(), "OAuth code")

	_, err = newClient().GetAccessToken(t.Context())
	require.ErrorIs(t, err, ErrUnknownOutcome)
	assert.EqualValues(t, 1, executions.Load(), "classic token")

	err = newClient(WithClassicToken()).Do(t.Context(), Request{Path: "/a"}, nil)
	require.NotErrorIs(t, err, ErrUnknownOutcome)
	assert.EqualValues(t, 1, executions.Load(), "classic token of the cache")

	err = newClient().Do(t.Context(), Request{Path: "/a", Anonymous: true}, nil)
	require.ErrorIs(t, err, ErrUnknownOutcome)
	assert.EqualValues(t, 1, executions.Load(), "GET of a program")

	err = newClient(WithRetry(RetryPolicy{MaxAttempts: 1})).Do(t.Context(), Request{Path: "/a", Anonymous: true, Idempotent: true}, nil)
	require.Error(t, err)
	assert.EqualValues(t, 1, executions.Load(), "MaxAttempts bounds reads, too")
}

// silentConn is a connection whose other side vanishes without a word.
type silentConn struct {
	net.Conn
	silent *atomic.Bool
	closed chan struct{}
	once   sync.Once
}

func (c *silentConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.silent.Load() {
		<-c.closed
		return 0, net.ErrClosed
	}
	return n, err
}

func (c *silentConn) Write(p []byte) (int, error) {
	if c.silent.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

func (c *silentConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

func TestSilentHTTP2ConnectionCostsOneAttempt(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, 2, r.ProtoMajor)
		_, _ = io.WriteString(w, wireOK)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	transport := NewTransport()
	defer transport.CloseIdleConnections()
	transport.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig
	transport.HTTP2.SendPingTimeout, transport.HTTP2.PingTimeout = 50*time.Millisecond, 2*time.Second // a busy machine answers late
	var silent *atomic.Bool
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		silent = new(atomic.Bool)
		return &silentConn{Conn: conn, silent: silent, closed: make(chan struct{})}, err
	}
	var attempts atomic.Int64
	c := newTestClient("wx1", "s", WithBaseURL(server.URL), WithHTTPClient(&http.Client{Transport: transport}),
		WithTokenSource(StaticToken("T")), WithObserver(func(context.Context, Attempt) { attempts.Add(1) }))
	require.NoError(t, c.Do(t.Context(), request(idempotent), nil))
	silent.Store(true)
	attempts.Store(0)
	for range 20 {
		require.NoError(t, c.Do(t.Context(), request(idempotent), nil))
	}
	assert.EqualValues(t, 21, attempts.Load())
}

func TestCodeOfTheProgramMayHangPanicOrEndItsGoroutine(t *testing.T) {
	odd := map[string]func(){
		"panic": func() { panic("boom") }, "goexit": runtime.Goexit, "hang": func() { time.Sleep(time.Hour) },
	}
	for name, do := range odd {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log testlog.Output
				s := newScript(ok)
				var seen []int
				note := func(n int) Option {
					return WithObserver(func(_ context.Context, a Attempt) {
						assert.Equal(t, http.StatusOK, a.Status)
						seen = append(seen, n)
					})
				}
				c := s.client(note(1), WithObserver(func(context.Context, Attempt) { do() }), WithObserver(nil), note(2), WithLogger(log.Logger()))
				begin := time.Now()
				for range 100 {
					require.NoError(t, c.Do(t.Context(), request(), nil))
				}
				assert.LessOrEqual(t, time.Since(begin), 3*250*time.Millisecond)
				assert.Equal(t, 1, strings.Count(log.String(), "observer failed"), log.String())
				assert.Equal(t, slices.Repeat([]int{1, 2}, 100), seen, "the other observers")

				log.Reset()
				c = s.client(WithTokenSource(sourceFunc(func(context.Context, string) (string, error) {
					do()
					return "late", nil
				})), WithLogger(log.Logger()))
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				for range 2 {
					err := c.Do(ctx, request(), nil)
					var failure *RequestError
					require.ErrorAs(t, err, &failure)
					require.NotErrorIs(t, err, ErrUnknownOutcome)
				}
				if name != "hang" {
					assert.Equal(t, 1, strings.Count(log.String(), "token source failed"), log.String())
				}
				time.Sleep(2 * time.Hour)
			})
		})
	}
}

func TestEndOfTheTimeIsToldWhateverTheTransportReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		odd := newScript(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, errors.New("the body is closed")
		})
		err := odd.client(WithTimeout(time.Second)).Do(t.Context(), request(), nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "no response within 1s")
		require.ErrorContains(t, err, "the body is closed")
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		err = odd.client().Do(ctx, request(), nil)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, ErrUnknownOutcome)
	})
}
