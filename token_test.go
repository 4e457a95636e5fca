package wechat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
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

// tokenPlatform plays the platform for tests of tokens: it issues them, checks
// them, and counts.
type tokenPlatform struct {
	mu      sync.Mutex
	serial  int
	valid   string
	fetches int // requests to the token endpoints
	forced  int // of them with force_refresh
	calls   int // requests to other endpoints
	empty   int // of them without a token

	life    string                                                 // expires_in as JSON; "" is 7200
	fetch   func(r *http.Request) (*http.Response, error)          // replaces the token endpoints where it returns something
	latency time.Duration                                          // of every request
	call    func(r *http.Request, ok bool) (*http.Response, error) // replaces the other endpoints where it returns something
}

// revoke makes the platform forget its token; the next fetch issues another.
func (p *tokenPlatform) revoke() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.valid = ""
}

func (p *tokenPlatform) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.latency > 0 {
		select {
		case <-time.After(p.latency):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	if r.URL.Path == stableTokenPath || r.URL.Path == classicTokenPath {
		return p.issue(r)
	}
	p.mu.Lock()
	p.calls++
	token := r.URL.Query().Get("access_token")
	if strings.TrimSpace(token) == "" {
		p.empty++
	}
	ok := token == p.valid && token != ""
	p.mu.Unlock()
	if p.call != nil {
		if resp, err := p.call(r, ok); resp != nil || err != nil {
			return resp, err
		}
	}
	if !ok {
		return answer(http.StatusOK, `{"errcode":40001,"errmsg":"invalid credential rid: 1-2"}`)(r)
	}
	return answer(http.StatusOK, wireOK)(r)
}

func (p *tokenPlatform) issue(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		data, _ := io.ReadAll(r.Body)
		body = string(data)
	}
	force := strings.Contains(body, `"force_refresh":true`)
	p.mu.Lock()
	p.fetches++
	if force {
		p.forced++
	}
	p.mu.Unlock()
	if p.fetch != nil {
		if resp, err := p.fetch(r); resp != nil || err != nil {
			return resp, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.valid == "" || force {
		p.serial++
		p.valid = "TOKEN-CANARY-" + strconv.Itoa(p.serial)
	}
	life := p.life
	if life == "" {
		life = "7200"
	}
	return answer(http.StatusOK, `{"access_token":"`+p.valid+`","expires_in":`+life+`}`)(r)
}

func (p *tokenPlatform) counts() (fetches, calls int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fetches, p.calls
}

func (p *tokenPlatform) client(opts ...Option) *Client {
	return newTestClient("wx0000000000000001", "SECRET-CANARY", append([]Option{WithHTTPClient(&http.Client{Transport: p})}, opts...)...)
}

// ping is a call of any endpoint.
func ping(ctx context.Context, c *Client) error {
	return c.Do(ctx, Request{Path: "/cgi-bin/get_api_domain_ip", Idempotent: true}, nil)
}

// together runs n calls at once and counts their errors.
func together(n int, call func(i int) error) (failed int) {
	var errs atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if call(i) != nil {
				errs.Add(1)
			}
		})
	}
	wg.Wait()
	return int(errs.Load())
}

func TestColdCacheFetchesOneTokenForAThousandCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{latency: 30 * time.Millisecond}
		c := p.client()
		tokens := make([]string, 1000)
		assert.Zero(t, together(1000, func(i int) (err error) {
			tokens[i], err = c.Token(t.Context(), "")
			return err
		}))
		fetches, _ := p.counts()
		assert.Equal(t, 1, fetches)
		for _, token := range tokens {
			assert.Equal(t, "TOKEN-CANARY-1", token)
		}
	})
}

func TestRefusedTokenIsRefreshedOnceForAllCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{}
		c := p.client()
		require.NoError(t, ping(t.Context(), c))
		p.latency = 30 * time.Millisecond
		inFlight := make(chan struct{})
		go func() {
			time.Sleep(time.Second)
			p.revoke()
			close(inFlight)
		}()
		p.call = holdUntil(inFlight, p)
		assert.Zero(t, together(500, func(int) error { return ping(t.Context(), c) }))
		fetches, calls := p.counts()
		assert.Equal(t, 2, fetches, "the first token and one refresh")
		assert.LessOrEqual(t, calls, 1+1000)
	})
}

// holdUntil keeps requests waiting and judges their token when they go on.
func holdUntil(open <-chan struct{}, p *tokenPlatform) func(*http.Request, bool) (*http.Response, error) {
	return func(r *http.Request, _ bool) (*http.Response, error) {
		<-open
		p.mu.Lock()
		ok := r.URL.Query().Get("access_token") == p.valid
		p.mu.Unlock()
		if ok {
			return answer(http.StatusOK, wireOK)(r)
		}
		return answer(http.StatusOK, `{"errcode":42001,"errmsg":"access_token expired"}`)(r)
	}
}

func TestLateRefusalOfAnOldTokenKeepsTheNewOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{}
		c := p.client()
		require.NoError(t, ping(t.Context(), c))
		slow := make(chan struct{})
		p.call = func(r *http.Request, ok bool) (*http.Response, error) {
			if r.URL.Query().Get("slow") != "" && !ok {
				<-slow
			}
			return nil, nil
		}
		p.revoke()
		done := make(chan error)
		go func() {
			done <- c.Do(t.Context(), Request{Path: "/cgi-bin/user/info", Query: params("slow", "1"), Idempotent: true}, nil)
		}()
		synctest.Wait()
		require.NoError(t, ping(t.Context(), c), "refreshes")
		close(slow)
		require.NoError(t, <-done)
		fetches, _ := p.counts()
		assert.Equal(t, 2, fetches)
	})
}

func TestPersistentRefusalCausesTwoFetchesInFiveSecondsAtMost(t *testing.T) {
	for name, another := range map[string]bool{"the same token": false, "another token each time": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var fetches []time.Time
				p := &tokenPlatform{call: func(r *http.Request, _ bool) (*http.Response, error) { return rejected(r) }}
				p.fetch = func(*http.Request) (*http.Response, error) {
					fetches = append(fetches, time.Now())
					if another {
						p.revoke()
					}
					return nil, nil
				}
				c := p.client()
				call := func() {
					_, before := p.counts()
					require.ErrorIs(t, ping(t.Context(), c), ErrInvalidToken)
					_, calls := p.counts()
					require.LessOrEqual(t, calls-before, 2)
				}
				for range 1000 {
					call()
					time.Sleep(time.Millisecond)
				}
				for range 400 { // 20 seconds
					call()
					time.Sleep(50 * time.Millisecond)
				}
				refreshes := fetches[1:] // the first token was not refused yet
				assert.GreaterOrEqual(t, len(refreshes), 4, "it is tried again")
				for i := range len(refreshes) - 2 {
					assert.GreaterOrEqual(t, refreshes[i+2].Sub(refreshes[i]), 5*time.Second)
				}
			})
		})
	}
}

func TestARefusalTellsThatNoOtherTokenWasIssued(t *testing.T) {
	refused := answer(http.StatusOK, `{"errcode":40001,"errmsg":"invalid credential rid: 1-2"}`)
	const text = "wechat: GET /cgi-bin/get_api_domain_ip: 40001 invalid credential (rid 1-2)"
	for name, c := range map[string]struct {
		reissues bool
		opts     []Option
		calls    int
		note     string
	}{
		"the same token":    {reissues: true, calls: 1, note: "not retried: no other token was issued"},
		"a static token":    {opts: []Option{WithTokenSource(StaticToken("STATIC"))}, calls: 1, note: "not retried: no other token was issued"},
		"another bad token": {calls: 2},
	} {
		t.Run(name, func(t *testing.T) {
			p := &tokenPlatform{}
			p.call = func(r *http.Request, _ bool) (*http.Response, error) {
				if !c.reissues {
					p.revoke()
				}
				return refused(r)
			}
			var seen []error
			err := ping(t.Context(), p.client(append(c.opts, WithObserver(func(_ context.Context, a Attempt) {
				if a.Path != stableTokenPath {
					seen = append(seen, a.Err)
				}
			}))...))
			require.ErrorIs(t, err, ErrInvalidToken)
			var refusal *Error
			require.ErrorAs(t, err, &refusal)
			want, logged := text, "note="
			if c.note != "" {
				want, logged = text+"; "+c.note, "note="+c.note
			}
			require.EqualError(t, err, want)
			assert.Equal(t, c.note != "", strings.Contains(refusal.LogValue().String(), logged))
			require.Len(t, seen, c.calls)
			for _, attempt := range seen {
				require.EqualError(t, attempt, text, "the observer has it already")
			}
		})
	}
}

func TestForcedRefreshIsAskedForAndKeepsToItsBudget(t *testing.T) {
	for _, forced := range []bool{false, true} {
		t.Run(strconv.FormatBool(forced), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &tokenPlatform{}
				p.fetch = func(r *http.Request) (*http.Response, error) {
					return answer(http.StatusOK, `{"access_token":"PINNED","expires_in":7200}`)(r)
				}
				opts := []Option{WithTokenStore(NewMemoryTokenStore())}
				if forced {
					opts = append(opts, WithForcedRefresh())
				}
				clients := []*Client{p.client(opts...), p.client(opts...)} // which share the budget
				last, closest := 0, 24*time.Hour
				var at time.Time
				for i := range 24 * 60 * 12 {
					require.ErrorIs(t, ping(t.Context(), clients[i%2]), ErrInvalidToken)
					if p.forced != last {
						if last > 0 {
							closest = min(closest, time.Since(at))
						}
						last, at = p.forced, time.Now()
					}
					time.Sleep(5 * time.Second)
				}
				if !forced {
					assert.Zero(t, p.forced)
					return
				}
				assert.Equal(t, 20, p.forced)
				assert.GreaterOrEqual(t, closest, 30*time.Second)
			})
		})
	}
}

func TestForcedRefreshEndsAPinnedRefusal(t *testing.T) {
	p := &tokenPlatform{}
	c := p.client(WithForcedRefresh())
	require.NoError(t, ping(t.Context(), c))
	p.call = func(r *http.Request, _ bool) (*http.Response, error) {
		if r.URL.Query().Get("access_token") == "TOKEN-CANARY-1" {
			return answer(http.StatusOK, `{"errcode":40001,"errmsg":"invalid credential"}`)(r)
		}
		return nil, nil
	}
	require.NoError(t, ping(t.Context(), c))
	assert.Equal(t, 1, p.forced)
}

func TestOldTokenServesWhileItsRenewalFails(t *testing.T) {
	for name, failing := range map[string]func(*http.Request) (*http.Response, error){
		"502": answer(http.StatusBadGateway, "<html>SECRET-CANARY</html>"), "time-out": hangs,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log testlog.Output
				var fetches []time.Time
				p := &tokenPlatform{}
				c := p.client(WithLogger(log.Logger()))
				require.NoError(t, ping(t.Context(), c))
				time.Sleep(advisory)
				p.fetch = func(r *http.Request) (*http.Response, error) {
					fetches = append(fetches, time.Now())
					return failing(r)
				}
				for range 4 * 60 {
					begin := time.Now()
					require.NoError(t, ping(t.Context(), c))
					assert.Zero(t, time.Since(begin), "nobody waits")
					time.Sleep(time.Second)
				}
				synctest.Wait()
				assert.Greater(t, len(fetches), 4)
				for i := range len(fetches) - 1 {
					assert.GreaterOrEqual(t, fetches[i+1].Sub(fetches[i]), 15*time.Second)
				}
				lines := strings.Count(log.String(), "\n")
				assert.LessOrEqual(t, lines, 4)
				assert.Positive(t, lines)
				assert.NotContains(t, log.String(), "CANARY")

				time.Sleep(5 * time.Second) // a fetch that hangs ends
				p.fetch = nil
				p.revoke()
				time.Sleep(15 * time.Second)
				require.NoError(t, ping(t.Context(), c))
			})
		})
	}
}

func TestFailedFetchAnswersAllWaitersAtOnce(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, p *tokenPlatform, c *Client){
		"nothing was fetched yet": func(_ *testing.T, p *tokenPlatform, _ *Client) { p.fetch = hangs },
		"the token has ended": func(t *testing.T, p *tokenPlatform, c *Client) {
			require.NoError(t, ping(t.Context(), c))
			time.Sleep(2 * time.Hour)
			p.fetch = hangs
		},
		"the token was revoked during an advisory refresh": func(t *testing.T, p *tokenPlatform, c *Client) {
			require.NoError(t, ping(t.Context(), c))
			time.Sleep(advisory)
			p.fetch = hangs
			require.NoError(t, ping(t.Context(), c), "starts the refresh")
			time.Sleep(time.Millisecond)
			p.revoke()
		},
	} {
		for way, opts := range map[string][]Option{"stable": nil, "classic": {WithClassicToken()}} {
			t.Run(name+"/"+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := &tokenPlatform{}
					c := p.client(opts...)
					prepare(t, p, c)
					before := fetched(p)
					begin := time.Now()
					assert.Equal(t, 500, together(500, func(int) error { return ping(t.Context(), c) }))
					assert.LessOrEqual(t, time.Since(begin), 5500*time.Millisecond)
					assert.Equal(t, 1, fetched(p)-before)
					require.NoError(t, c.Close())
				})
			})
		}
	}
}

func TestCallerLeavesASlowFetchAndTheNextOneUsesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{latency: 2 * time.Second}
		c := p.client()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		begin := time.Now()
		err := ping(ctx, c)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		var failure *RequestError
		require.ErrorAs(t, err, &failure)
		assert.LessOrEqual(t, time.Since(begin), 60*time.Millisecond)

		token, err := c.Token(t.Context(), "")
		require.NoError(t, err)
		assert.Equal(t, "TOKEN-CANARY-1", token)
		fetches, _ := p.counts()
		assert.Equal(t, 1, fetches)
	})
}

func TestCallerWhoStartedTheFetchCancelsOnlyItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{latency: 30 * time.Millisecond}
		c := p.client()
		ctx, cancel := context.WithCancel(t.Context())
		leader := make(chan error)
		go func() { leader <- ping(ctx, c) }()
		synctest.Wait()
		go func() {
			time.Sleep(time.Millisecond)
			cancel()
		}()
		assert.Zero(t, together(499, func(int) error { return ping(t.Context(), c) }))
		require.ErrorIs(t, <-leader, context.Canceled)
		fetches, _ := p.counts()
		assert.Equal(t, 1, fetches)
	})
}

func TestOddLifetimesNeverCauseAStorm(t *testing.T) {
	for life, want := range map[string]struct {
		ttl     time.Duration
		fetches int // in a minute
	}{
		"300": {300 * time.Second, 1}, "345": {345 * time.Second, 1}, "60": {time.Minute, 2},
		"0": {10 * time.Second, 6}, "-1": {10 * time.Second, 6}, "null": {10 * time.Second, 6},
		`"7200"`: {2 * time.Hour, 1}, "1e18": {2 * time.Hour, 1},
	} {
		for name, another := range map[string]bool{"the same token": false, "another token each time": true} {
			t.Run(life+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var fetches []time.Time
					p := &tokenPlatform{life: life}
					p.fetch = func(*http.Request) (*http.Response, error) {
						fetches = append(fetches, time.Now())
						if another && len(fetches) > 1 {
							p.mu.Lock()
							defer p.mu.Unlock()
							p.serial++
							p.valid = "TOKEN-CANARY-" + strconv.Itoa(p.serial)
						}
						return nil, nil
					}
					c := p.client()
					_, ttl, err := c.TokenWithTTL(t.Context(), "")
					require.NoError(t, err)
					assert.Equal(t, want.ttl, ttl)
					for range 600 {
						require.NoError(t, ping(t.Context(), c))
						time.Sleep(100 * time.Millisecond)
					}
					synctest.Wait()
					assert.Len(t, fetches, want.fetches)
					for i := range len(fetches) - 1 {
						assert.GreaterOrEqual(t, fetches[i+1].Sub(fetches[i]), 10*time.Second)
					}
				})
			})
		}
	}
}

func TestStableTokenIsAskedForEveryThirtySecondsWhileItStaysTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// If asked early, the platform returns the same token with its remaining TTL.
		begin := time.Now()
		p := &tokenPlatform{}
		p.fetch = func(r *http.Request) (*http.Response, error) {
			left := 7200 - int(time.Since(begin).Seconds())
			value := "A"
			if left <= 1 {
				left, value = 7200, "B"
			}
			return answer(http.StatusOK, fmt.Sprintf(`{"access_token":%q,"expires_in":%d}`, value, left))(r)
		}
		p.call = func(r *http.Request, _ bool) (*http.Response, error) { return answer(http.StatusOK, wireOK)(r) }
		c := p.client()
		require.NoError(t, ping(t.Context(), c))
		time.Sleep(6600 * time.Second)
		before, _ := p.counts()
		for range 599 {
			require.NoError(t, ping(t.Context(), c))
			time.Sleep(time.Second)
		}
		synctest.Wait()
		fetches, _ := p.counts()
		assert.LessOrEqual(t, fetches-before, 11)
		assert.GreaterOrEqual(t, fetches-before, 9)
	})
}

func TestEmptyTokenIsAFailureAndNeverSent(t *testing.T) {
	for _, token := range []string{`""`, `"   "`, `"\t\n"`, `"\u3000"`, "null", "{}"} {
		t.Run(token, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &tokenPlatform{fetch: answer(http.StatusOK, `{"errcode":0,"access_token":`+token+`,"expires_in":7200}`)}
				c := p.client()
				require.Error(t, ping(t.Context(), c))
				_, calls := p.counts()
				assert.Zero(t, calls)
				p.fetch = nil
				time.Sleep(time.Second)
				require.NoError(t, ping(t.Context(), c), "it was a failure")
			})
		})
	}
	for _, token := range []StaticToken{"", " \t"} {
		p := &tokenPlatform{}
		c := p.client(WithTokenSource(token))
		require.Error(t, ping(t.Context(), c))
		assert.Zero(t, p.calls)
	}
}

func TestConfigurationRefusalIsRememberedForThirtySeconds(t *testing.T) {
	refusals := map[string]string{
		`{"errcode":40164,"errmsg":"invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist rid: 1-2"}`: "203.0.113.9",
		`{"errcode":40125,"errmsg":"invalid appsecret"}`:                                                         "invalid appsecret",
		`{"errcode":89503,"errmsg":"not confirmed 203.0.113.9"}`:                                                 "203.0.113.9",
		`{"errcode":40001,"errmsg":"secret is wrong"}`:                                                           "secret",
	}
	for refusal, named := range refusals {
		t.Run(refusal[11:16], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &tokenPlatform{fetch: answer(http.StatusOK, refusal)}
				c := p.client()
				for range 10_000 {
					err := ping(t.Context(), c)
					require.ErrorIs(t, err, ErrConfiguration)
					require.ErrorContains(t, err, named)
					time.Sleep(time.Millisecond)
				}
				time.Sleep(500 * time.Microsecond)
				err := ping(t.Context(), c)
				require.ErrorContains(t, err, "; remembered, the platform is asked again in 20s")
				var refusal *Error
				require.ErrorAs(t, err, &refusal)
				assert.Equal(t, 20*time.Second-500*time.Microsecond, refusal.RetryAfter)
				assert.Equal(t, http.MethodPost+" "+stableTokenPath, refusal.Method+" "+refusal.Path)
				fetches, calls := p.counts()
				assert.Equal(t, 1, fetches)
				assert.Zero(t, calls)
				time.Sleep(refusal.RetryAfter)
				require.ErrorAs(t, ping(t.Context(), c), &refusal)
				assert.Zero(t, refusal.RetryAfter, "a fresh answer")
				assert.NotContains(t, refusal.Error(), "remembered")
				time.Sleep(30 * time.Second)
				p.fetch = nil
				require.NoError(t, ping(t.Context(), c), "the console was put right")
			})
		})
	}
}

func TestClosedClientsLeaveNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{latency: time.Hour}
		for range 1000 {
			c := p.client()
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			require.Error(t, ping(ctx, c))
			cancel()
			require.NoError(t, c.Close())
		}
	}) // synctest fails where a goroutine is left
}

func TestClassicTokenIsFetchedWithoutBody(t *testing.T) {
	var path string
	p := &tokenPlatform{fetch: func(r *http.Request) (*http.Response, error) {
		path = r.Method + " " + r.URL.Path
		return nil, nil
	}}
	require.NoError(t, ping(t.Context(), p.client(WithClassicToken())))
	assert.Equal(t, "GET /cgi-bin/token", path)
}

func TestClientsWithOneStoreShareATokenAndRefreshItOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{latency: 30 * time.Millisecond}
		store := NewMemoryTokenStore()
		a, b := p.client(WithTokenStore(store)), p.client(WithTokenStore(store))
		require.NoError(t, ping(t.Context(), a))
		require.NoError(t, ping(t.Context(), b))
		fetches, _ := p.counts()
		assert.Equal(t, 1, fetches)
		p.revoke()
		require.NoError(t, ping(t.Context(), a))
		require.NoError(t, ping(t.Context(), b), "takes the token that a has fetched")
		fetches, _ = p.counts()
		assert.Equal(t, 2, fetches)
	})
}

// brokenStore fails, or hangs until its ctx ends.
type brokenStore struct{ hang bool }

func (s brokenStore) fail(ctx context.Context) error {
	if s.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return errors.New("connection refused")
}

func (s brokenStore) Load(ctx context.Context, _ string) (string, time.Duration, error) {
	return "", 0, s.fail(ctx)
}

func (s brokenStore) Swap(ctx context.Context, _, _, _ string, _ time.Duration) (bool, error) {
	return false, s.fail(ctx)
}

func (s brokenStore) Lock(ctx context.Context, _, _ string, _ time.Duration) (time.Duration, error) {
	return 0, s.fail(ctx)
}

func (s brokenStore) Unlock(ctx context.Context, _, _ string) error { return s.fail(ctx) }

func TestBrokenStoreCostsLatencyButNoCall(t *testing.T) {
	for _, hang := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var log testlog.Output
			p := &tokenPlatform{}
			c := p.client(WithTokenStore(brokenStore{hang: hang}), WithLogger(log.Logger()))
			begin := time.Now()
			assert.Zero(t, together(100, func(int) error { return ping(t.Context(), c) }))
			assert.LessOrEqual(t, time.Since(begin), time.Second)
			fetches, _ := p.counts()
			assert.Equal(t, 1, fetches)
			assert.Contains(t, log.String(), "token store fails")
			assert.NotContains(t, log.String(), "CANARY")
		})
	}
}

func TestLockLetsOneClientOfManyFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{latency: 30 * time.Millisecond}
		store := new(MemoryTokenStore)
		clients := make([]*Client, 20)
		for i := range clients {
			clients[i] = p.client(WithTokenStore(store), WithClassicToken())
		}
		assert.Zero(t, together(20, func(i int) error { return ping(t.Context(), clients[i]) }))
		fetches, _ := p.counts()
		assert.Equal(t, 1, fetches)
	})
}

func TestMemoryTokenStoreSwapsOnlyTheValueThatWasSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewMemoryTokenStore()
		swap := func(old, value string) bool {
			ok, err := s.Swap(t.Context(), "k", old, value, time.Minute)
			require.NoError(t, err)
			return ok
		}
		assert.True(t, swap("", "a"))
		assert.False(t, swap("", "b"))
		assert.True(t, swap("a", "b"))
		value, life, err := s.Load(t.Context(), "k")
		require.NoError(t, err)
		assert.Equal(t, "b", value)
		assert.Equal(t, time.Minute, life)
		time.Sleep(time.Minute)
		assert.True(t, swap("", "c"), "the value was over")
	})
}

func TestOtherClientCanBeTheTokenSource(t *testing.T) {
	p := &tokenPlatform{}
	central := p.client()
	c := newTestClient("wx0000000000000001", "", WithHTTPClient(&http.Client{Transport: p}), WithTokenSource(central))
	require.NoError(t, ping(t.Context(), c))
	p.revoke()
	require.NoError(t, ping(t.Context(), c))
	assert.Equal(t, 2, p.fetches)
}
