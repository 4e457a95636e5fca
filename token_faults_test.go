package wechat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/testlog"
)

// tokenKey is the key of the test account's stable token.
const tokenKey = "wechat:{wx0000000000000001}:token:stable"

// advisory is when the first token of a client may be refreshed.
const advisory = 7200*time.Second - 5*time.Minute

// pings makes n calls, one after the other, and counts their errors.
func pings(ctx context.Context, c *Client, n int, pause time.Duration) (failed int) {
	for range n {
		if ping(ctx, c) != nil {
			failed++
		}
		time.Sleep(pause)
	}
	return failed
}

// fetched returns the number of requests to the token endpoints so far.
func fetched(p *tokenPlatform) int {
	fetches, _ := p.counts()
	return fetches
}

// slowly responds to a fetch after d, with the token that was valid when it arrived.
func slowly(p *tokenPlatform, d time.Duration) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		p.mu.Lock()
		if p.valid == "" {
			p.serial++
			p.valid = "TOKEN-LATER-" + string(rune('A'+p.serial))
		}
		token := p.valid
		p.mu.Unlock()
		select {
		case <-time.After(d):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
		return answer(http.StatusOK, `{"access_token":"`+token+`","expires_in":7200}`)(r)
	}
}

// crowd makes 500 calls at once, with 1,000 requests at most, and counts their errors.
func crowd(t *testing.T, c *Client, p *tokenPlatform) (failed int) {
	t.Helper()
	_, before := p.counts()
	failed = together(500, func(int) error { return ping(t.Context(), c) })
	_, calls := p.counts()
	assert.LessOrEqual(t, calls-before, 1000)
	return failed
}

func TestA2_TokenRevokedDuringAnAdvisoryRefreshFailsNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{}
		c := p.client()
		require.NoError(t, ping(t.Context(), c))
		time.Sleep(advisory + time.Second)
		p.latency, p.fetch = 30*time.Millisecond, slowly(p, time.Second)
		require.NoError(t, ping(t.Context(), c), "starts the refresh, which still gets the old token")
		time.Sleep(500 * time.Millisecond)
		p.revoke()
		before := fetched(p)
		assert.Zero(t, crowd(t, c, p))
		assert.Equal(t, 1, fetched(p)-before, "one more for the revocation")
	})
}

func TestA2_TokenRevokedAfterAFailedAdvisoryRefreshFailsNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{latency: 10 * time.Millisecond}
		c := p.client()
		require.NoError(t, ping(t.Context(), c))
		time.Sleep(advisory + time.Second)
		p.fetch = answer(http.StatusBadGateway, "")
		require.NoError(t, ping(t.Context(), c))
		time.Sleep(time.Second)
		synctest.Wait()
		p.fetch = nil
		p.revoke()
		assert.Zero(t, crowd(t, c, p))
		assert.Equal(t, 3, fetched(p), "the first token, the failure, and one for the revocation")
		assert.Zero(t, pings(t.Context(), c, 300, 50*time.Millisecond))
		assert.Equal(t, 3, fetched(p))
	})
}

func TestA2_TokenRevokedTwiceInFiveSecondsFailsNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{latency: 10 * time.Millisecond}
		c := p.client()
		require.NoError(t, ping(t.Context(), c))
		failed := 0
		for range 2 {
			p.revoke()
			failed += crowd(t, c, p) + pings(t.Context(), c, 50, 20*time.Millisecond)
		}
		assert.Zero(t, failed)
		assert.Equal(t, 1+2, fetched(p))
	})
}

func TestA2_ManyRevocationsAtOddTimesFailNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{latency: 10 * time.Millisecond}
		c := p.client()
		require.NoError(t, ping(t.Context(), c))
		for range 50 {
			time.Sleep(2600 * time.Millisecond)
			p.revoke()
			require.Zero(t, together(20, func(int) error { return ping(t.Context(), c) }))
		}
		assert.Equal(t, 1+50, fetched(p))
	})
}

// oddStore is a MemoryTokenStore whose methods first do something else.
type oddStore struct {
	MemoryTokenStore
	odd func(ctx context.Context, method string) error
}

func (s *oddStore) Load(ctx context.Context, key string) (string, time.Duration, error) {
	if err := s.odd(ctx, "Load"); err != nil {
		return "", 0, err
	}
	return s.MemoryTokenStore.Load(ctx, key)
}

func (s *oddStore) Swap(ctx context.Context, key, old, value string, ttl time.Duration) (bool, error) {
	if err := s.odd(ctx, "Swap"); err != nil {
		return false, err
	}
	return s.MemoryTokenStore.Swap(ctx, key, old, value, ttl)
}

func (s *oddStore) Lock(ctx context.Context, key, owner string, ttl time.Duration) (time.Duration, error) {
	if err := s.odd(ctx, "Lock"); err != nil {
		return 0, err
	}
	return s.MemoryTokenStore.Lock(ctx, key, owner, ttl)
}

func (s *oddStore) Unlock(ctx context.Context, key, owner string) error {
	if err := s.odd(ctx, "Unlock"); err != nil {
		return err
	}
	return s.MemoryTokenStore.Unlock(ctx, key, owner)
}

// put writes a record past the odd methods.
func (s *oddStore) put(t *testing.T, value string, ttl time.Duration) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(tokenKey, value, ttl)
}

// latent takes a while, as a store on another machine does.
func latent(ctx context.Context, _ string) error {
	select {
	case <-time.After(2 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestA2_StoreThatCannotBeWrittenFailsNoCallAfterRevocations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{latency: 10 * time.Millisecond}
		writable := true
		s := &oddStore{odd: func(ctx context.Context, method string) error {
			if method == "Swap" && !writable {
				return errors.New("READONLY You can't write against a read only replica")
			}
			return latent(ctx, method)
		}}
		c := p.client(WithTokenStore(s))
		require.NoError(t, ping(t.Context(), c))
		writable = false
		failed := 0
		for range 4 {
			p.revoke()
			failed += pings(t.Context(), c, 50, 60*time.Millisecond)
		}
		assert.Zero(t, failed)
		assert.Equal(t, 5, fetched(p))
	})
}

func TestB10_ForeignRecordCostsNoCallAndOneFetch(t *testing.T) {
	for name, record := range map[string]string{
		"a token that does not work": "FOREIGN-TOKEN",
		"JSON":                       `{"access_token":"X","expires_in":7200}`,
		"several lines":              "a\nb",
		"not ASCII":                  "凭据",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &tokenPlatform{latency: 10 * time.Millisecond}
				s := &oddStore{odd: latent}
				c := p.client(WithTokenStore(s))
				require.NoError(t, ping(t.Context(), c))
				time.Sleep(time.Minute)
				s.put(t, record, time.Hour)
				p.revoke()
				failed := together(100, func(int) error { return ping(t.Context(), c) })
				assert.Zero(t, failed+pings(t.Context(), c, 500, 10*time.Millisecond))
				assert.Equal(t, 2, fetched(p))
				value, _, err := s.Load(t.Context(), tokenKey)
				require.NoError(t, err)
				assert.Equal(t, "TOKEN-CANARY-2", value, "the record is replaced")
			})
		})
	}
}

func TestB9_BlankRecordIsReplacedAfterOneFetch(t *testing.T) {
	for _, record := range []string{" ", "\t\n", "\x00"} {
		synctest.Test(t, func(t *testing.T) {
			p := &tokenPlatform{latency: 10 * time.Millisecond}
			s := &oddStore{odd: latent}
			s.put(t, record, 2*time.Hour)
			for range 3 {
				assert.Zero(t, pings(t.Context(), p.client(WithTokenStore(s)), 20, time.Second))
			}
			assert.Equal(t, 1, fetched(p))
			assert.Zero(t, p.empty)
		})
	}
}

func TestClassicTokensNeedAStoreThatLocks(t *testing.T) {
	p := &tokenPlatform{}
	c := p.client(WithClassicToken(), WithTokenStore(struct{ TokenStore }{new(MemoryTokenStore)}))
	for range 2 {
		assertArgument(t, ping(t.Context(), c), "WithTokenStore")
		_, err := c.Token(t.Context(), "")
		assertArgument(t, err, "WithTokenStore")
	}
	assert.Zero(t, fetched(p))
	require.NoError(t, ping(t.Context(), p.client(WithClassicToken(), WithTokenStore(&MemoryTokenStore{}))))
	require.NoError(t, ping(t.Context(), p.client(WithClassicToken())))
}

// classicPlatform issues another token at each fetch; the last two work.
func classicPlatform(p *tokenPlatform) {
	var before string
	p.fetch = func(*http.Request) (*http.Response, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		before, p.valid = p.valid, ""
		return nil, nil
	}
	p.call = func(r *http.Request, ok bool) (*http.Response, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if token := r.URL.Query().Get("access_token"); ok || token != "" && token == before {
			return answer(http.StatusOK, wireOK)(r)
		}
		return nil, nil
	}
}

func TestB1_FleetOnClassicTokensFailsNoCallAndFetchesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{latency: 10 * time.Millisecond}
		classicPlatform(p)
		s := &oddStore{odd: latent}
		var clients [5]*Client
		for i := range clients {
			clients[i] = p.client(WithClassicToken(), WithTokenStore(s))
		}
		failed := together(len(clients), func(i int) error {
			if n := pings(t.Context(), clients[i], 1000, 60*time.Millisecond); n > 0 {
				return errors.New("failed")
			}
			return nil
		})
		assert.Zero(t, failed)
		assert.Equal(t, 1, fetched(p))
	})
}

func TestTenMinutesOfBadGatewayCostFewClassicFetches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{fetch: answer(http.StatusBadGateway, ""), latency: 10 * time.Millisecond}
		c := p.client(WithClassicToken())
		assert.Equal(t, 1200, pings(t.Context(), c, 1200, 500*time.Millisecond))
		assert.LessOrEqual(t, fetched(p), 40)
		assert.GreaterOrEqual(t, fetched(p), 20)
		time.Sleep(30 * time.Second)
		p.fetch = nil
		require.NoError(t, ping(t.Context(), c), "30 seconds after the end at most")
	})
}

func TestTokenEndpointThatFailsForSecondsIsBackInSeconds(t *testing.T) {
	for _, opts := range [][]Option{nil, {WithClassicToken()}} {
		synctest.Test(t, func(t *testing.T) {
			p := &tokenPlatform{fetch: answer(http.StatusBadGateway, ""), latency: 10 * time.Millisecond}
			c := p.client(opts...)
			assert.Equal(t, 60, pings(t.Context(), c, 60, 50*time.Millisecond)) // 3 seconds
			p.fetch = nil
			begin := time.Now()
			for ping(t.Context(), c) != nil {
				time.Sleep(50 * time.Millisecond)
			}
			assert.LessOrEqual(t, time.Since(begin), 4*time.Second)
		})
	}
}

func TestRivalsOfAClassicTokenAreReportedOnceAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log testlog.Output
		p := &tokenPlatform{latency: 10 * time.Millisecond}
		c := p.client(WithClassicToken(), WithLogger(log.Logger()))
		for range 24 * 12 {
			require.NoError(t, ping(t.Context(), c))
			time.Sleep(5 * time.Minute)
			p.revoke() // by the rival's fetch
		}
		lines := strings.Count(log.String(), "another program")
		assert.LessOrEqual(t, lines, 24)
		assert.GreaterOrEqual(t, lines, 20)
		assert.Contains(t, log.String(), "stable tokens")
		assert.NotContains(t, log.String(), "CANARY")
	})
	synctest.Test(t, func(t *testing.T) {
		var log testlog.Output
		p := &tokenPlatform{latency: 10 * time.Millisecond}
		c := p.client(WithClassicToken(), WithLogger(log.Logger()))
		for range 10 {
			require.NoError(t, ping(t.Context(), c))
			time.Sleep(70 * time.Minute)
			p.revoke()
		}
		assert.Empty(t, log.String(), "once in a while has other reasons")
	})
}

func TestB2_DeadHolderOfTheLockDelaysAStableFetchByTwoSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{latency: 30 * time.Millisecond}
		s := &oddStore{odd: latent}
		_, err := s.Lock(t.Context(), tokenKey+":lock", "dead", 10*time.Second)
		require.NoError(t, err)
		begin := time.Now()
		c := p.client(WithTokenStore(s))
		assert.Zero(t, together(100, func(int) error { return ping(t.Context(), c) }))
		assert.LessOrEqual(t, time.Since(begin), 2500*time.Millisecond)
		assert.GreaterOrEqual(t, time.Since(begin), 2*time.Second)
		assert.Equal(t, 1, fetched(p))
	})
}

func TestB2_DeadHolderOfTheLockDelaysAClassicFetchByItsTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{latency: 30 * time.Millisecond}
		s := &oddStore{odd: latent}
		_, err := s.Lock(t.Context(), "wechat:{wx0000000000000001}:token:classic:lock", "dead", 10*time.Second)
		require.NoError(t, err)
		begin := time.Now()
		c := p.client(WithTokenStore(s), WithClassicToken())
		assert.Zero(t, together(100, func(int) error { return ping(t.Context(), c) }))
		assert.LessOrEqual(t, time.Since(begin), 11*time.Second)
		assert.GreaterOrEqual(t, time.Since(begin), 10*time.Second)
		assert.Equal(t, 1, fetched(p))
	})
}

func TestB2_DeadHolderOfTheLockDelaysNoCallWhileTheTokenIsValid(t *testing.T) {
	for way, opts := range map[string][]Option{"stable": nil, "classic": {WithClassicToken()}} {
		synctest.Test(t, func(t *testing.T) {
			p := &tokenPlatform{}
			s := &oddStore{odd: func(context.Context, string) error { return nil }}
			c := p.client(append(opts, WithTokenStore(s))...)
			require.NoError(t, ping(t.Context(), c))
			time.Sleep(advisory)
			_, err := s.Lock(t.Context(), "wechat:{wx0000000000000001}:token:"+way+":lock", "dead", 10*time.Second)
			require.NoError(t, err)
			for range 11 {
				begin := time.Now()
				require.NoError(t, ping(t.Context(), c))
				assert.Zero(t, time.Since(begin))
				time.Sleep(time.Second)
			}
			assert.Equal(t, 2, fetched(p), "taken over within 11 seconds")
		})
	}
}

func TestSlowTokenEndpointIsAskedByOneProcessOfAFleet(t *testing.T) {
	for _, opts := range [][]Option{nil, {WithClassicToken()}} {
		for _, latency := range []time.Duration{6 * time.Second, 11 * time.Second} {
			synctest.Test(t, func(t *testing.T) {
				p := &tokenPlatform{fetch: nil, latency: latency}
				s := &oddStore{odd: latent}
				var clients [20]*Client
				for i := range clients {
					clients[i] = p.client(append(opts, WithTokenStore(s))...)
				}
				failed := together(len(clients), func(i int) error { _, err := clients[i].Token(t.Context(), ""); return err })
				assert.LessOrEqual(t, failed, 1, "only the process that asks may give up")
				assert.Zero(t, together(len(clients), func(i int) error { _, err := clients[i].Token(t.Context(), ""); return err }))
				assert.Equal(t, 1, fetched(p))
			})
		}
	}
}

func TestB7_StoreThatHangsDelaysCallsOnlyAFewTimes(t *testing.T) {
	for _, method := range []string{"Load", "Swap", "Lock", "Unlock", "every"} {
		for kind, hang := range map[string]func(context.Context) error{
			"heeds its time": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
			"never returns":  func(ctx context.Context) error { time.Sleep(time.Minute); return nil },
			"panics":         func(context.Context) error { panic("boom") },
			"exits":          func(context.Context) error { runtime.Goexit(); return nil },
		} {
			t.Run(method+" "+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := &tokenPlatform{latency: 10 * time.Millisecond}
					s := &oddStore{odd: func(ctx context.Context, m string) error {
						if m == method || method == "every" {
							return hang(ctx)
						}
						return latent(ctx, m)
					}}
					c := p.client(WithTokenStore(s))
					slow := 0
					for range 60 {
						begin := time.Now()
						require.NoError(t, ping(t.Context(), c))
						elapsed := time.Since(begin)
						assert.LessOrEqual(t, elapsed, 50*time.Millisecond+260*time.Millisecond)
						if elapsed > 50*time.Millisecond {
							slow++
						}
						time.Sleep(2600 * time.Millisecond)
						p.revoke()
					}
					assert.LessOrEqual(t, slow, 3+9, "three calls, then probes that become rare")
					time.Sleep(time.Minute)
				})
			})
		}
	}
}

func TestB4_StoreOutageIsLoggedAtItsBeginningAndItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log testlog.Output
		p := &tokenPlatform{latency: 10 * time.Millisecond}
		down := false
		s := &oddStore{odd: func(ctx context.Context, m string) error {
			if down {
				return errors.New("connection refused")
			}
			return latent(ctx, m)
		}}
		c := p.client(WithTokenStore(s), WithLogger(log.Logger()))
		require.NoError(t, ping(t.Context(), c))
		down = true
		for range 59 { // almost ten minutes
			p.revoke()
			require.Zero(t, pings(t.Context(), c, 10, time.Second))
		}
		assert.Equal(t, 1, strings.Count(log.String(), "level=WARN"), log.String())
		down = false
		for range 6 {
			p.revoke()
			require.Zero(t, pings(t.Context(), c, 10, time.Second))
		}
		assert.Equal(t, 1, strings.Count(log.String(), "level=WARN"), log.String())
		assert.Equal(t, 1, strings.Count(log.String(), "works again"), log.String())
		assert.NotContains(t, log.String(), "CANARY")
	})
}

func TestB6_ClassicTokenWhoseLockIsRequiredIsNotFetchedWithoutIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{latency: 10 * time.Millisecond}
		down := false
		s := &oddStore{odd: func(ctx context.Context, m string) error {
			if down {
				return errors.New("connection refused")
			}
			return latent(ctx, m)
		}}
		var clients [5]*Client
		for i := range clients {
			clients[i] = p.client(WithClassicToken(), WithTokenStore(s), WithRequiredTokenLock())
			require.NoError(t, ping(t.Context(), clients[i]))
		}
		down = true
		for _, c := range clients {
			require.Zero(t, pings(t.Context(), c, 100, time.Second), "the token is valid")
		}
		p.revoke()
		for _, c := range clients {
			for range 10 {
				require.ErrorIs(t, ping(t.Context(), c), ErrTokenLock)
				time.Sleep(time.Minute)
			}
		}
		assert.Equal(t, 1, fetched(p), "no process ended the token of another")
		down = false
		time.Sleep(30 * time.Second)
		for _, c := range clients {
			require.NoError(t, ping(t.Context(), c))
		}
		assert.Equal(t, 2, fetched(p))
	})
}

func TestRequiredTokenLockNeedsClassicTokensAndAStore(t *testing.T) {
	for _, options := range [][]Option{
		{WithRequiredTokenLock()},
		{WithRequiredTokenLock(), WithClassicToken()},
		{WithRequiredTokenLock(), WithTokenStore(NewMemoryTokenStore())},
	} {
		s := newScript(ok)
		client := newTestClient("wx1", "secret", append(options, WithHTTPClient(&http.Client{Transport: s}))...)
		assertArgument(t, client.Do(t.Context(), request(), nil), "WithRequiredTokenLock")
		assert.Empty(t, s.sent)
	}
}

func TestB6_ClassicTokenWithoutItsLockIsFetchedRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{latency: 10 * time.Millisecond}
		s := &oddStore{odd: func(context.Context, string) error { return errors.New("connection refused") }}
		var clients [5]*Client
		for i := range clients {
			clients[i] = p.client(WithClassicToken(), WithTokenStore(s))
		}
		for range 300 { // five minutes
			together(len(clients), func(i int) error { return ping(t.Context(), clients[i]) })
			p.revoke()
			time.Sleep(time.Second)
		}
		assert.Equal(t, len(clients), fetched(p))
	})
}

func TestPanickingTransportIsAnErrorOfTheWaitersWithoutSecrets(t *testing.T) {
	for _, opts := range [][]Option{nil, {WithClassicToken()}} {
		var log testlog.Output
		p := &tokenPlatform{fetch: func(r *http.Request) (*http.Response, error) {
			panic("cannot send " + r.URL.String() + " SECRET-CANARY")
		}}
		c := p.client(append(opts, WithLogger(log.Logger()))...)
		assert.Equal(t, 100, together(100, func(int) error {
			err := ping(t.Context(), c)
			assert.NotContains(t, err.Error(), "CANARY")
			return err
		}))
		assert.Contains(t, log.String(), "refresh failed")
		assert.NotContains(t, log.String(), "CANARY")
	}
}

func TestA16_CloseBesideRunningCallsIsSafeAndFinal(t *testing.T) {
	for range 20 {
		p := &tokenPlatform{latency: time.Millisecond}
		c := p.client()
		var calls sync.WaitGroup
		for range 50 {
			calls.Go(func() {
				for range 20 {
					_ = ping(t.Context(), c)
					_, _ = c.Ticket(t.Context(), TicketJSAPI)
					p.revoke()
				}
			})
		}
		time.Sleep(5 * time.Millisecond)
		require.NoError(t, c.Close())
		calls.Wait()
		_, err := c.Token(t.Context(), "")
		require.ErrorIs(t, err, ErrClosed)
		_, err = c.Ticket(t.Context(), TicketCard)
		require.ErrorIs(t, err, ErrClosed)
		require.ErrorIs(t, ping(t.Context(), c), ErrClosed)
		require.NoError(t, c.Close(), "twice is fine")
	}
}

func TestStaticTokenIsMaskedUnderEveryVerb(t *testing.T) {
	token := StaticToken("STATIC-CANARY")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
		assert.Equal(t, mask, fmt.Sprintf(verb, token), verb)
		assert.NotContains(t, fmt.Sprintf(verb, struct{ T StaticToken }{token}), "CANARY", verb)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("", "token", token)
	assert.NotContains(t, log.String(), "CANARY")
}

func TestMemoryTokenStoreLocksForOneOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s MemoryTokenStore
		lock := func(owner string) time.Duration {
			wait, err := s.Lock(t.Context(), "k", owner, time.Minute)
			require.NoError(t, err)
			return wait
		}
		assert.Zero(t, lock("a"))
		time.Sleep(10 * time.Second)
		assert.Equal(t, 50*time.Second, lock("b"))
		assert.Zero(t, lock("a"), "its owner renews it")
		assert.Equal(t, time.Minute, lock("b"))
		require.NoError(t, s.Unlock(t.Context(), "k", "b"))
		assert.Equal(t, time.Minute, lock("b"), "only its owner releases it")
		require.NoError(t, s.Unlock(t.Context(), "k", "a"))
		assert.Zero(t, lock("b"))
		time.Sleep(time.Minute)
		assert.Zero(t, lock("a"), "it was over")
		value, _, err := s.Load(t.Context(), "k")
		require.NoError(t, err)
		assert.Empty(t, value, "a lock is no value")
	})
}
