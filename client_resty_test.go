package wechat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-resty/resty/v2"
	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/testlog"
)

const restyToken = "TOKEN-CANARY-OF-TWENTY"

// withResty returns a client that sends through rc.
func withResty(rc *resty.Client, opts ...Option) *Client {
	return NewClient("wx1", "SECRET-CANARY", append([]Option{WithRestyClient(rc), WithTokenSource(StaticToken(restyToken))}, opts...)...)
}

func TestHooksOfAGivenRestyClientRun(t *testing.T) {
	var seen []string
	note := func(format string, v ...any) { seen = append(seen, fmt.Sprintf(format, v...)) }
	s := newScript(answer(http.StatusOK, `{"errcode":0,"n":7}`))
	rc := resty.NewWithClient(&http.Client{Transport: s}).SetHeader("X-Shop", "1").SetHeader("User-Agent", "shop/1.2").
		SetHeader("Idempotency-Key", "K").SetHeader("Accept-Encoding", "br").SetQueryParam("env", "test").SetDebug(true).EnableTrace().
		SetLogger(restyLog{log: slog.New(slog.DiscardHandler)}).SetContentLength(true)
	rc.OnBeforeRequest(func(_ *resty.Client, r *resty.Request) error {
		note("before %s %s", r.Method, r.Body)
		r.SetHeader("X-Signed", "yes").SetHeader("X-Idempotency-Key", "K")
		return nil
	})
	rc.OnAfterResponse(func(_ *resty.Client, r *resty.Response) error {
		note("after %d %s, traced %t", r.StatusCode(), r.Body(), r.Request.TraceInfo().TotalTime > 0)
		return nil
	})
	rc.OnSuccess(func(*resty.Client, *resty.Response) { note("success") })
	rc.OnRequestLog(func(l *resty.RequestLog) error { note("request log %s", l.Header.Get("X-Signed")); return nil })
	rc.OnResponseLog(func(l *resty.ResponseLog) error { note("response log %s", l.Body); return nil })
	c := withResty(rc, WithLogger(slog.New(slog.DiscardHandler)))
	var out struct {
		N int `json:"n"`
	}
	require.NoError(t, c.Do(t.Context(), Request{Path: "/cgi-bin/test", Body: map[string]string{"a": "<张三>"}}, &out))
	assert.Equal(t, 7, out.N)
	assert.Equal(t, []string{
		`before POST {"a":"<张三>"}`, "request log yes", `response log {"errcode":0,"n":7}`, `after 200 {"errcode":0,"n":7}, traced true`, "success",
	}, seen)
	require.Len(t, s.sent, 1)
	assert.JSONEq(t, `{"a":"<张三>"}`, s.bodies[0])
	sent := s.sent[0]
	assert.Equal(t, int64(len(s.bodies[0])), sent.ContentLength)
	assert.Equal(t, "access_token="+restyToken+"&env=test", sent.URL.RawQuery)
	assert.Equal(t, "1", sent.Header.Get("X-Shop"))
	assert.Equal(t, "yes", sent.Header.Get("X-Signed"))
	assert.Equal(t, "shop/1.2", sent.Header.Get("User-Agent"))
	for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key", "Accept-Encoding"} {
		assert.NotContains(t, sent.Header, name, "it would change how net/http sends")
	}

	require.NoError(t, withResty(rc, WithUserAgent("till/3")).Do(t.Context(), request(), nil))
	assert.Equal(t, "till/3 wechatoa/"+Version, s.sent[1].Header.Get("User-Agent"))
}

func TestPreRequestHookOfAGivenRestyClientRunsForEveryBody(t *testing.T) {
	var hooked atomic.Int64
	for _, withHook := range []bool{false, true} {
		m := newMediaServer(t)
		rc := resty.New()
		if withHook {
			rc.SetPreRequestHook(func(*resty.Client, *http.Request) error { hooked.Add(1); return nil })
		}
		c := withResty(rc, WithBaseURL(m.URL))
		for name, file := range fileKinds {
			require.NoError(t, c.Do(t.Context(), uploadRequest(file(pattern{size: 100_000})), nil), name)
			last := len(m.files) - 1
			assert.True(t, bytes.Equal(patternBytes(t, 100_000), m.files[last]), "%s: the content arrived changed", name)
			assert.Greater(t, m.lengths[last], int64(100_000), name)
		}
		assert.Empty(t, m.encoding, "a chunked upload, which the platform refuses")
		rc.GetClient().CloseIdleConnections()
	}
	assert.EqualValues(t, len(fileKinds), hooked.Load())
}

func TestRestyClientsThatWouldChangeOrRepeatCallsAreRefused(t *testing.T) {
	s := newScript(ok)
	plain := func() *resty.Client { return resty.NewWithClient(&http.Client{Transport: s}) }
	for problem, opts := range map[string][]Option{
		"must not be nil": {WithRestyClient(nil)},
		"must be a client made by resty.New or resty.NewWithClient": {WithRestyClient(new(resty.Client))},
		"must have no retries":                               {WithRestyClient(plain().SetRetryCount(1))},
		"must have no retries, which would repeat sends":     {WithRestyClient(plain().AddRetryCondition(func(*resty.Response, error) bool { return true }))},
		"must have no form data":                             {WithRestyClient(plain().SetFormData(map[string]string{"a": "b"}))},
		"must not have the query parameter access_token":     {WithRestyClient(plain().SetQueryParam("access_token", "T"))},
		"must not be combined with WithHTTPClient":           {WithRestyClient(plain()), WithHTTPClient(&http.Client{})},
		"must not be combined with WithHTTPClient: a resty ": {WithHTTPClient(&http.Client{}), WithRestyClient(plain())},
	} {
		c := NewClient("wx1", "s", append(opts, WithTokenSource(StaticToken("T")))...)
		for range 2 {
			var argument *ArgumentError
			require.ErrorAs(t, c.Do(t.Context(), request(), nil), &argument, problem)
			assert.Equal(t, "WithRestyClient", argument.Argument)
			require.ErrorContains(t, argument, problem)
		}
		require.NoError(t, c.Close())
		clients := NewClients(func(context.Context, string) (Account, error) { return Account{AppSecret: "s"}, nil }, opts...)
		_, err := clients.Get(t.Context(), "wx1")
		require.ErrorContains(t, err, problem)
	}
	assert.Empty(t, s.sent)
}

func TestRedirectPolicyOfAGivenRestyClientIsForItsOtherRequests(t *testing.T) {
	var followed atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/end" {
			followed.Add(1)
			return
		}
		http.Redirect(w, r, "/end", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	called := 0
	for _, policy := range []func(*http.Request, []*http.Request) error{
		nil, func(*http.Request, []*http.Request) error { called++; return nil },
	} {
		followed.Store(0)
		rc := resty.New()
		rc.GetClient().CheckRedirect = policy
		for range 3 {
			var failure *RequestError
			require.ErrorAs(t, withResty(rc, WithBaseURL(server.URL)).Do(t.Context(), request(idempotent), nil), &failure)
			assert.Equal(t, http.StatusTemporaryRedirect, failure.Status)
		}
		assert.Zero(t, followed.Load())
		before := called
		resp, err := rc.R().Get(server.URL + "/begin")
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, resp.StatusCode())
		assert.EqualValues(t, 1, followed.Load(), "its own request")
		if policy != nil {
			assert.Equal(t, before+1, called, "its policy is asked once, whatever the number of clients")
		}

		c := withResty(rc, WithBaseURL(server.URL))
		rc.SetRedirectPolicy(resty.FlexibleRedirectPolicy(5))
		followed.Store(0)
		err = c.Do(t.Context(), request(), nil)
		require.ErrorContains(t, err, "its redirect policy was set after the client was made")
		require.NotErrorIs(t, err, ErrUnknownOutcome)
		assert.Zero(t, followed.Load())
		rc.GetClient().CloseIdleConnections()
	}
	loop := redirectPolicy(nil)
	require.NoError(t, loop(httptest.NewRequest(http.MethodGet, "/", nil), make([]*http.Request, 9)))
	require.EqualError(t, loop(httptest.NewRequest(http.MethodGet, "/", nil), make([]*http.Request, 10)), "stopped after 10 redirects")
}

func TestLogOfAGivenRestyClientShowsNoSecret(t *testing.T) {
	var log, direct testlog.Output
	s := newScript(func(r *http.Request) (*http.Response, error) {
		resp, err := answer(http.StatusOK, `{"access_token":"FRESH-CANARY-123","expires_in":7200,"refresh_token":"REFRESH-CANARY","n":"visible"}`)(r)
		resp.Header.Set("Set-Cookie", "session=COOKIE-CANARY")
		resp.Header.Set("Content-Type", "application/json")
		return resp, err
	})
	rc := resty.NewWithClient(&http.Client{Transport: s}).SetDebug(true).EnableGenerateCurlOnDebug().SetBasicAuth("user", "PASSWORD-CANARY").
		SetCookie(&http.Cookie{Name: "a", Value: "COOKIE-CANARY"}).SetLogger(restyLog{log: direct.Logger()})
	rc.SetHeader("X-Api-Key", "KEY-CANARY").SetAuthToken("BEARER-CANARY")
	rc.HeaderAuthorizationKey = "X-Gateway"
	rc.OnError(func(*resty.Request, error) {})
	c := NewClient("wx1", "SECRET-CANARY", WithRestyClient(rc), WithLogger(log.Logger()), WithBaseURL("http://example.com"))
	require.NoError(t, c.Do(t.Context(), request(), nil), "with the token that was fetched")
	_, err := c.ExchangeOAuthCode(t.Context(), "CODE-CANARY")
	require.NoError(t, err)
	require.NoError(t, c.Do(t.Context(), Request{Path: "/cgi-bin/media/get"}, io.Discard))
	s.plays = append(s.plays[:0], fails(errors.New("lost FRESH-CANARY-123")))
	require.Error(t, c.Do(t.Context(), request(), nil))
	require.NoError(t, c.Close())

	text := log.String()
	assert.Contains(t, text, "/cgi-bin/test?access_token=[redacted]")
	assert.Contains(t, text, "visible", "the rest of the debug log is there")
	assert.Contains(t, text, "level=DEBUG")
	assert.NotContains(t, text, "CANARY")
	for _, encoded := range []string{"dXNlcjpQQVNTV09SRC1DQU5BUlk", "U0VDUkVULUNBTkFSW", "eyJ"} {
		assert.NotContains(t, text, encoded, "Base64")
	}
	assert.Empty(t, direct.String(), "resty has one logger")
}

func TestMocksOfAGivenRestyClientWorkInEitherOrder(t *testing.T) {
	const url = "https://api.weixin.qq.com/cgi-bin/test"
	reply := httpmock.NewStringResponder(http.StatusOK, wireOK)
	for _, before := range []bool{true, false} {
		rc := resty.New()
		activate := func() {
			httpmock.ActivateNonDefault(rc.GetClient())
			httpmock.RegisterResponder(http.MethodPost, url, reply)
		}
		if before {
			activate()
		}
		c := withResty(rc)
		if !before {
			activate()
		}
		require.NoError(t, c.Do(t.Context(), request(), nil))
		assert.Equal(t, 1, httpmock.GetTotalCallCount())
		httpmock.DeactivateAndReset()
		require.NoError(t, c.Close())
	}
}

func TestGivenRestyClientIsNotChanged(t *testing.T) {
	s := newScript(ok)
	h := &http.Client{Transport: s, Timeout: time.Minute}
	rc := resty.NewWithClient(h).SetHeader("Idempotency-Key", "K").SetHeader("A", "1")
	shown := fmt.Sprintf("%v %v %v %v", rc.Header, rc.QueryParam, rc.Debug, rc.AllowGetMethodPayload)
	var lines testlog.Output
	rc.SetLogger(restyLog{log: lines.Logger()})
	before := 0
	c := withResty(rc)
	rc.OnBeforeRequest(func(*resty.Client, *resty.Request) error { before++; return nil })
	rc.SetHeader("A", "2").SetRetryCount(3).SetPathParam("a", "1").SetRawPathParam("b", "2")
	assert.Empty(t, c.sender.client.PathParams)
	assert.Empty(t, c.sender.client.RawPathParams)
	require.NoError(t, c.Do(t.Context(), request(), nil))
	assert.Zero(t, before, "what is set later is not for the client")
	assert.Equal(t, "1", s.sent[0].Header.Get("A"))
	assert.Equal(t, strings.ReplaceAll(shown, "[1]", "[2]"), fmt.Sprintf("%v %v %v %v", rc.Header, rc.QueryParam, rc.Debug, rc.AllowGetMethodPayload))
	assert.Same(t, h, rc.GetClient())
	assert.Equal(t, time.Minute, h.Timeout)
	assert.Equal(t, http.RoundTripper(s), h.Transport)

	rc.SetRetryCount(0)
	_, err := rc.R().SetBody("x").Post("http://example.com/")
	require.NoError(t, err)
	assert.Equal(t, "K", s.sent[1].Header.Get("Idempotency-Key"), "its own requests are as before")
	rc.R().SetContext(t.Context()).SetDebug(true)
	require.NoError(t, c.Close())
	_, err = rc.R().Get("http://example.com/")
	require.NoError(t, err, "it still works after Close")
}

func TestMiddlewareThatFailsHangsOrPanicsEndsItsCallAndNothingElse(t *testing.T) {
	refused := errors.New("not today")
	type hook = func(ctx context.Context) error
	for name, row := range map[string]struct {
		run  hook
		want func(t *testing.T, err error)
	}{
		"fails":  {func(context.Context) error { return refused }, func(t *testing.T, err error) { t.Helper(); require.ErrorIs(t, err, refused) }},
		"panics": {func(context.Context) error { panic("boom " + restyToken) }, func(t *testing.T, err error) { t.Helper(); require.ErrorContains(t, err, "panicked: boom [redacted]") }},
		"exits":  {func(context.Context) error { runtime.Goexit(); return nil }, func(t *testing.T, err error) { t.Helper(); require.ErrorContains(t, err, "ended its goroutine") }},
		"hangs": {func(ctx context.Context) error { time.Sleep(time.Hour); return ctx.Err() }, func(t *testing.T, err error) {
			t.Helper()
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}},
	} {
		for _, sent := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				s := newScript(ok)
				rc := resty.NewWithClient(&http.Client{Transport: s})
				var mended atomic.Bool
				run := func(ctx context.Context) error {
					if mended.Load() {
						return nil
					}
					return row.run(ctx)
				}
				if sent {
					rc.OnAfterResponse(func(_ *resty.Client, r *resty.Response) error { return run(r.Request.Context()) })
				} else {
					rc.OnBeforeRequest(func(_ *resty.Client, r *resty.Request) error { return run(r.Context()) })
				}
				var log testlog.Output
				c := withResty(rc, WithTimeout(10*time.Second), WithLogger(log.Logger()))
				began := time.Now()
				err := c.Do(t.Context(), request(), nil)
				var failure *RequestError
				require.ErrorAs(t, err, &failure, name)
				row.want(t, err)
				assert.LessOrEqual(t, time.Since(began), 11*time.Second, name)
				assert.Equal(t, sent, errors.Is(err, ErrUnknownOutcome), "%s: %v", name, err)
				assert.NotContains(t, fmt.Sprintf("%+v", err)+log.String(), "CANARY")
				if name == "panics" || name == "exits" || name == "hangs" {
					assert.Contains(t, log.String(), "wechat: a hook of the resty client failed")
				}
				mended.Store(true)
				require.NoError(t, c.Do(t.Context(), request(), nil), name)
				time.Sleep(2 * time.Hour) // what hangs ends
				wantSent := 1
				if sent {
					wantSent = 2
				}
				assert.Len(t, s.sent, wantSent, "%s: sent after the call had failed", name)
			})
		}
	}
}

func TestMiddlewareThatTakesTheContextAwaySendsNothing(t *testing.T) {
	s := newScript(ok)
	rc := resty.NewWithClient(&http.Client{Transport: s})
	rc.OnBeforeRequest(func(_ *resty.Client, r *resty.Request) error { r.SetContext(context.Background()); return nil })
	err := withResty(rc).Do(t.Context(), request(), nil)
	require.ErrorContains(t, err, "must derive the context")
	require.NotErrorIs(t, err, ErrUnknownOutcome)
	assert.Empty(t, s.sent)
}

func TestMiddlewareThatWasGivenUpSendsNothingLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(ok)
		rc := resty.NewWithClient(&http.Client{Transport: s})
		rc.OnBeforeRequest(func(_ *resty.Client, r *resty.Request) error {
			r.SetContext(context.WithoutCancel(r.Context()))
			time.Sleep(time.Hour)
			return nil
		})
		err := withResty(rc).Do(t.Context(), request(), nil)
		require.Error(t, err)
		require.NotErrorIs(t, err, ErrUnknownOutcome)
		time.Sleep(2 * time.Hour)
		assert.Empty(t, s.sent, "the call has failed, and said that it was not sent")
	})
}

func TestMiddlewareThatFailsOnAResponseEndsACallThatCouldBeRetried(t *testing.T) {
	s := newScript(ok)
	rc := resty.NewWithClient(&http.Client{Transport: s})
	refused := errors.New("not today")
	rc.OnAfterResponse(func(*resty.Client, *resty.Response) error { return refused })
	for _, traits := range [][]trait{{idempotent}, {keyed("id")}} {
		s.sent = nil
		var failure *RequestError
		require.ErrorAs(t, withResty(rc).Do(t.Context(), request(traits...), nil), &failure)
		require.ErrorIs(t, failure, refused)
		assert.Equal(t, http.StatusOK, failure.Status)
		assert.Len(t, s.sent, 1)
	}
}

func TestMiddlewareMayChangeHowTheResponseIsRead(t *testing.T) {
	opened, closed := 0, map[int]bool{}
	s := newScript(func(*http.Request) (*http.Response, error) {
		opened++
		n := opened
		body := struct {
			io.Reader
			io.Closer
		}{strings.NewReader(`{"n":7}`), closeFunc(func() error { closed[n] = true; return nil })}
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body, ContentLength: -1}, nil
	})
	rc := resty.NewWithClient(&http.Client{Transport: s})
	unread := false
	rc.OnBeforeRequest(func(_ *resty.Client, r *resty.Request) error {
		r.SetDoNotParseResponse(unread).SetHeader("Accept-Encoding", "gzip")
		return nil
	})
	c := withResty(rc)
	for _, unread = range []bool{true, false} {
		var out struct {
			N int `json:"n"`
		}
		require.NoError(t, c.Do(t.Context(), request(), &out))
		assert.Equal(t, 7, out.N)
		var file bytes.Buffer
		require.NoError(t, c.Do(t.Context(), request(), &file))
		assert.JSONEq(t, `{"n":7}`, file.String())
	}
	assert.Len(t, closed, 4)
	for _, r := range s.sent {
		assert.NotContains(t, r.Header, "Accept-Encoding", "a file would be written compressed")
	}
}

type closeFunc func() error

func (f closeFunc) Close() error { return f() }

func TestMiddlewareThatWritesIntoAHeaderChangesItsOwnRequest(t *testing.T) {
	s := newScript(ok)
	rc := resty.NewWithClient(&http.Client{Transport: s})
	rc.OnBeforeRequest(func(_ *resty.Client, r *resty.Request) error {
		r.Header["User-Agent"][0] += " hooked"
		return nil
	})
	c := withResty(rc)
	for range 2 {
		require.NoError(t, c.Do(t.Context(), request(), nil))
	}
	assert.Equal(t, "wechatoa/"+Version+" hooked", s.sent[1].Header.Get("User-Agent"))
}

func TestLargeAnswerThroughRestyIsRefusedAtTheSameSize(t *testing.T) {
	for size, refused := range map[int]bool{maxAnswer: false, maxAnswer + 1: true, 64 << 20: true} {
		document := `{"a":"` + strings.Repeat("x", size-8) + `"}`
		rc := resty.NewWithClient(&http.Client{Transport: newScript(answer(http.StatusOK, document))})
		var out struct {
			A string `json:"a"`
		}
		err := withResty(rc).Do(t.Context(), request(), &out)
		if !refused {
			require.NoError(t, err)
			assert.Len(t, out.A, size-8)
			continue
		}
		var unreadable *DecodeError
		require.ErrorAs(t, err, &unreadable)
		require.ErrorIs(t, err, errTooLarge)
	}
}

func TestClientsShareAGivenRestyClientUnlessAnAccountHasItsOwn(t *testing.T) {
	shared, own, plain := newScript(ok), newScript(ok), newScript(ok)
	token := WithTokenSource(StaticToken("T"))
	clients := NewClients(func(_ context.Context, appID string) (Account, error) {
		a := Account{Options: []Option{token}}
		switch appID {
		case "own":
			a.Options = append(a.Options, WithRestyClient(resty.NewWithClient(&http.Client{Transport: own})))
		case "plain":
			a.Options = append(a.Options, WithHTTPClient(&http.Client{Transport: plain}))
		}
		return a, nil
	}, WithRestyClient(resty.NewWithClient(&http.Client{Transport: shared})))
	for _, appID := range []string{"a", "b", "own", "plain"} {
		require.NoError(t, callAccount(t.Context(), clients, appID))
	}
	assert.Len(t, shared.sent, 2)
	assert.Len(t, own.sent, 1)
	assert.Len(t, plain.sent, 1)
	require.NoError(t, clients.Close())
}
