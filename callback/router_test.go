package callback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
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

// manyAccounts is the program: its accounts begin with wx, each has a token of its own.
type manyAccounts struct {
	latency time.Duration
	handle  func(ctx context.Context, account string, m *TextMessage) (Reply, error)
	err     error

	made atomic.Int32
}

func tokenOf(account string) string { return "token" + account }

func (a *manyAccounts) handler(ctx context.Context, account string) (*Handler, error) {
	a.made.Add(1)
	select {
	case <-time.After(a.latency):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if a.err != nil {
		return nil, a.err
	}
	if !strings.HasPrefix(account, "wx") {
		return nil, fmt.Errorf("no row: %w", ErrUnknownAccount)
	}
	h, err := NewHandler(Config{
		Credentials: NewCredentials(tokenOf(account), testKey), AppID: account, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	On(h, func(ctx context.Context, m *TextMessage) (Reply, error) {
		if a.handle != nil {
			return a.handle(ctx, account, m)
		}
		return Text(account + " 收到 " + m.Content), nil
	})
	return h, nil
}

func (a *manyAccounts) router(t testing.TB, change ...func(*RouterConfig)) *Router {
	t.Helper()
	cfg := RouterConfig{Handler: a.handler, Logger: slog.New(slog.DiscardHandler)}
	for _, c := range change {
		c(&cfg)
	}
	r, err := NewRouter(cfg)
	require.NoError(t, err)
	return r
}

// pushTo makes a delivery of a push to an account.
func pushTo(ctx context.Context, account string, id int) *http.Request {
	p := safePlatform()
	p.token, p.appID = tokenOf(account), account
	r := p.request(ctx, textPush(id, strconv.Itoa(id)))
	r.URL.Path = "/wechat/" + account
	return r
}

func answerOf(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestEachPushGoesToTheHandlerOfItsAccountWhichIsMadeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		got := map[string]int{}
		a := &manyAccounts{latency: 10 * time.Millisecond, handle: func(_ context.Context, account string, _ *TextMessage) (Reply, error) {
			mu.Lock()
			defer mu.Unlock()
			got[account]++
			return nil, nil
		}}
		r := a.router(t)
		var all sync.WaitGroup
		for i := range 1000 {
			account := "wx" + strconv.Itoa(i%20)
			all.Go(func() {
				assert.Equal(t, http.StatusOK, answerOf(r, pushTo(t.Context(), account, i)).Code)
			})
		}
		all.Wait()
		assert.EqualValues(t, 20, a.made.Load())
		assert.Len(t, got, 20)
		for account, n := range got {
			assert.Equal(t, 50, n, account)
		}
		require.NoError(t, r.Shutdown(t.Context()))
	})
}

func TestAPushSignedForAnotherAccountIsRefused(t *testing.T) {
	a := &manyAccounts{}
	r := a.router(t)
	push := pushTo(t.Context(), "wx1", 1)
	push.URL.Path = "/wechat/wx2"
	assert.Equal(t, http.StatusForbidden, answerOf(r, push).Code)
	require.NoError(t, r.Shutdown(t.Context()))
}

func TestStrangersGet404AndCauseABoundedNumberOfCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &manyAccounts{latency: time.Millisecond}
		r := a.router(t)
		require.Equal(t, http.StatusOK, answerOf(r, pushTo(t.Context(), "wx1", 1)).Code)
		for _, path := range []string{"/wechat/", "/", "/wechat/..", "/wechat/a b", "/wechat/" + strings.Repeat("x", 65), "/wechat/wx2"} {
			unsigned := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("<xml/>"))
			unsigned.URL.Path = path
			assert.Equal(t, http.StatusNotFound, answerOf(r, unsigned).Code, path)
		}
		assert.EqualValues(t, 1, a.made.Load(), "none of these")
		codes := map[int]int{}
		for second := range 30 {
			for i := range 1000 {
				codes[answerOf(r, pushTo(t.Context(), "stranger"+strconv.Itoa(1000*second+i), i)).Code]++
			}
			assert.Equal(t, http.StatusOK, answerOf(r, pushTo(t.Context(), "wx1", 2+second)).Code, "a known account")
			time.Sleep(time.Second)
		}
		assert.LessOrEqual(t, a.made.Load(), int32(1+100+30*(10+1)+1))
		assert.Equal(t, 30_000, codes[http.StatusNotFound]+codes[http.StatusServiceUnavailable])
		before := a.made.Load()
		for range 100 {
			assert.Equal(t, http.StatusNotFound, answerOf(r, pushTo(t.Context(), "stranger0", 1)).Code)
			time.Sleep(200 * time.Millisecond)
		}
		assert.Equal(t, before+1, a.made.Load(), "asked for once in half a minute")
		require.NoError(t, r.Shutdown(t.Context()))
	})
}

func TestOnlyWhatLooksSignedAsksForAnAccount(t *testing.T) {
	for query, asks := range map[string]bool{
		"timestamp=1&nonce=2&signature=3":                   true,
		"timestamp=1&nonce=2&msg_signature=3":               true,
		"timestamp=1&nonce=2&signature=3&msg_signature=3":   true,
		"timestamp=1&nonce=2":                               false,
		"timestamp=1&nonce=2&signature=&msg_signature=":     false,
		"nonce=2&signature=3":                               false,
		"timestamp=1&signature=3":                           false,
		"timestamp=&nonce=&signature=3&encrypt_type=aes":    false,
		"Timestamp=1&Nonce=2&Signature=3&Msg_Signature=abc": false,
	} {
		a := &manyAccounts{}
		r := a.router(t)
		answerOf(r, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/wechat/wx1?"+query, strings.NewReader("<xml/>")))
		assert.Equal(t, asks, a.made.Load() == 1, query)
		require.NoError(t, r.Shutdown(t.Context()))
	}
}

func TestAPushIsLeftWithoutAnAnswerIfItsAccountCannotBeHad(t *testing.T) {
	faults := map[string]func(context.Context, string) (*Handler, error){
		"error": func(context.Context, string) (*Handler, error) {
			return nil, errors.New(`look up account: {"encrypt_key":"SECRET-CANARY"}: database is down`)
		},
		"panic":  func(context.Context, string) (*Handler, error) { panic("row: SECRET-CANARY") },
		"goexit": func(context.Context, string) (*Handler, error) { runtime.Goexit(); return nil, nil },
		"nil":    func(context.Context, string) (*Handler, error) { return nil, nil },
		"empty":  func(context.Context, string) (*Handler, error) { return &Handler{}, nil },
		"hang":   func(context.Context, string) (*Handler, error) { time.Sleep(time.Hour); return nil, nil },
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log testlog.Output
				good := &manyAccounts{}
				r := good.router(t, func(c *RouterConfig) {
					c.Logger = log.Logger()
					c.Handler = func(ctx context.Context, account string) (*Handler, error) {
						if account == "wx1" {
							return fault(ctx, account)
						}
						return good.handler(ctx, account)
					}
				})
				for range 10 {
					begin := time.Now()
					assert.Equal(t, http.StatusServiceUnavailable, answerOf(r, pushTo(t.Context(), "wx1", 1)).Code)
					assert.LessOrEqual(t, time.Since(begin), 2*time.Second)
					assert.Equal(t, http.StatusOK, answerOf(r, pushTo(t.Context(), "wx2", 1)).Code, "another account")
				}
				assert.Equal(t, "close", answerOf(r, pushTo(t.Context(), "wx1", 1)).Header().Get("Connection"), "if it cannot be closed at once")
				verify := pushTo(t.Context(), "wx1", 1)
				verify.Method = http.MethodGet
				assert.Equal(t, http.StatusServiceUnavailable, answerOf(r, verify).Code)
				assert.Equal(t, "try again", answerOf(r, verify).Body.String())
				assert.LessOrEqual(t, strings.Count(log.String(), "\n"), 2, log.String())
				assert.NotContains(t, log.String(), "CANARY")
				assert.Equal(t, name == "error", strings.Contains(log.String(), "database is down"), log.String())
				require.NoError(t, r.Shutdown(t.Context()))
				time.Sleep(time.Hour)
			})
		})
	}
}

func TestADroppedHandlerFinishesAndAShutdownWaitsForIt(t *testing.T) {
	drops := map[string]func(*testing.T, *Router){
		"forgotten": func(_ *testing.T, r *Router) { r.Forget("wx1") },
		"too many": func(t *testing.T, r *Router) {
			assert.Equal(t, http.StatusOK, answerOf(r, pushTo(t.Context(), "wx2", 1)).Code)
		},
		"idle": func(*testing.T, *Router) { time.Sleep(10 * time.Second) },
	}
	for name, drop := range drops {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				finished := atomic.Int32{}
				a := &manyAccounts{handle: func(_ context.Context, account string, _ *TextMessage) (Reply, error) {
					if account == "wx1" {
						time.Sleep(30 * time.Second)
						finished.Add(1)
					}
					return nil, nil
				}}
				r := a.router(t, func(c *RouterConfig) { c.MaxHandlers, c.IdleTimeout = 1, 5*time.Second })
				assert.Equal(t, "success", answerOf(r, pushTo(t.Context(), "wx1", 1)).Body.String(), "after 4.5 seconds")
				drop(t, r)
				require.NoError(t, r.Shutdown(t.Context()))
				assert.EqualValues(t, 1, finished.Load(), "also what goes on in the background")
				assert.Equal(t, http.StatusServiceUnavailable, answerOf(r, pushTo(t.Context(), "wx1", 2)).Code)
			})
		})
	}
}

func TestAShutdownThatRunsOutOfTimeSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &manyAccounts{handle: func(ctx context.Context, _ string, _ *TextMessage) (Reply, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		r := a.router(t)
		for i := range 5 {
			answerOf(r, pushTo(t.Context(), "wx"+strconv.Itoa(i), 1))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		require.ErrorIs(t, r.Shutdown(ctx), context.DeadlineExceeded)
		assert.LessOrEqual(t, time.Since(begin), time.Second+shutdownGrace, "all at once")
	})
}

func TestHandlersThatAreDoneAreNotRemembered(t *testing.T) {
	a := &manyAccounts{}
	r := a.router(t, func(c *RouterConfig) { c.MaxHandlers = 10 })
	for i := range 500 {
		answerOf(r, pushTo(t.Context(), "wx"+strconv.Itoa(i), 1))
	}
	assert.LessOrEqual(t, len(r.active), 10)
	assert.Equal(t, 10, r.handlers.Len())
	require.NoError(t, r.Shutdown(t.Context()))
}

func TestHandlersThatWereDoneLaterAreNotRememberedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &manyAccounts{handle: func(context.Context, string, *TextMessage) (Reply, error) {
			time.Sleep(10 * time.Second)
			return nil, nil
		}}
		r := a.router(t, func(c *RouterConfig) { c.MaxHandlers = 10 })
		const atOnce = 20
		for wave := range 10 {
			var all sync.WaitGroup
			for i := range atOnce {
				all.Go(func() { answerOf(r, pushTo(t.Context(), "wx"+strconv.Itoa(atOnce*wave+i), 1)) })
			}
			all.Wait()
			time.Sleep(10 * time.Second)
			assert.LessOrEqual(t, len(r.active), 3*atOnce)
		}
		require.NoError(t, r.Shutdown(t.Context()))
	})
}

// latecomer is the body of a request whose first bytes arrive when it is told to.
type latecomer struct {
	*strings.Reader
	arrives chan struct{}
}

func (l *latecomer) Read(p []byte) (int, error) {
	<-l.arrives
	return l.Reader.Read(p)
}

// The handler of a request in progress is found by a shutdown even if it has been dropped, has
// accepted nothing yet, and other requests end meanwhile.
func TestAShutdownFindsTheHandlerOfEachRequestInProgress(t *testing.T) {
	for _, others := range []string{"wx1", "wx2"} { // of the same account, and of another one
		synctest.Test(t, func(t *testing.T) {
			var runs atomic.Int32
			a := &manyAccounts{handle: func(context.Context, string, *TextMessage) (Reply, error) { runs.Add(1); return nil, nil }}
			r := a.router(t)
			push := pushTo(t.Context(), "wx1", 1)
			body := &latecomer{strings.NewReader(textBody(t, push)), make(chan struct{})}
			push.Body = io.NopCloser(body)
			answer := make(chan *httptest.ResponseRecorder)
			go func() { answer <- answerOf(r, push) }()
			synctest.Wait()
			assert.Equal(t, "success", answerOf(r, pushTo(t.Context(), others, 2)).Body.String())
			r.Forget("wx1")
			require.NoError(t, r.Shutdown(t.Context()))
			close(body.arrives)
			assert.Equal(t, http.StatusServiceUnavailable, (<-answer).Code, "another replica gets it")
			assert.EqualValues(t, 1, runs.Load())
		})
	}
}

func TestARouterTakesGetAndPostAlone(t *testing.T) {
	a := &manyAccounts{}
	r := a.router(t)
	for _, method := range []string{http.MethodHead, http.MethodPut, http.MethodOptions, "TRACE"} {
		req := pushTo(t.Context(), "wx1", 1)
		req.Method = method
		assert.Equal(t, http.StatusMethodNotAllowed, answerOf(r, req).Code, method)
	}
	assert.Zero(t, a.made.Load())
	require.NoError(t, r.Shutdown(t.Context()))
}

func TestARouterRefusesAnImpossibleConfiguration(t *testing.T) {
	handler := (&manyAccounts{}).handler
	for field, cfg := range map[string]RouterConfig{
		"Handler": {}, "MaxHandlers": {Handler: handler, MaxHandlers: -1}, "IdleTimeout": {Handler: handler, IdleTimeout: -1},
	} {
		_, err := NewRouter(cfg)
		var problem *ConfigError
		require.ErrorAs(t, err, &problem)
		assert.Equal(t, field, problem.Field)
	}
}

// BenchmarkIdleHandler reports what an account's handler costs that has handled a push
// and then does nothing, its memory of that push included.
func BenchmarkIdleHandler(b *testing.B) {
	const accounts = 1000
	for b.Loop() {
		a := &manyAccounts{}
		r := a.router(b)
		before := heap()
		for i := range accounts {
			if code := answerOf(r, pushTo(b.Context(), "wx"+strconv.Itoa(i), 1)).Code; code != http.StatusOK {
				b.Fatal(code)
			}
		}
		b.ReportMetric(float64(heap()-before)/accounts, "bytes/handler")
		_ = r.Shutdown(b.Context())
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
