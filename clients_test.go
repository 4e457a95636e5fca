package wechat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"runtime"
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

func idleAppID(i int) string { return fmt.Sprintf("wx%016x", i) }

// BenchmarkIdleAccount reports what an account costs that has made a call, and so has a
// token, and then does nothing.
func BenchmarkIdleAccount(b *testing.B) {
	const accounts = 10_000
	for b.Loop() {
		platform := &tokenPlatform{}
		clients := NewClients(func(_ context.Context, appID string) (Account, error) {
			return Account{AppSecret: Secret("SECRET-CANARY-" + appID)}, nil
		}, WithHTTPClient(&http.Client{Transport: platform}))
		before := heapInUse()
		for i := range accounts {
			client, err := clients.Get(b.Context(), idleAppID(i))
			if err == nil {
				err = ping(b.Context(), client)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		perAccount := float64(heapInUse()-before) / accounts
		b.ReportMetric(perAccount, "bytes/account")
		if perAccount > 8<<10 {
			b.Errorf("an idle account takes %.0f bytes", perAccount)
		}
		if n := clients.registry.Len(); n != accounts {
			b.Fatal(n)
		}
		_ = clients.Close()
	}
}

// heapInUse returns the bytes that are reachable.
func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// fleetPlatform plays the platform for many accounts: each has a secret and a token.
type fleetPlatform struct {
	latency time.Duration
	hold    chan struct{} // while it is open, calls that are no fetches wait
	down    bool          // everything is answered with 502

	mu       sync.Mutex
	secrets  map[string]string // by AppID
	tokens   map[string]string // AppID by token
	serial   int
	fetches  int
	refusals int // of secrets
	requests int
	held     int
}

func newFleetPlatform(accounts ...string) *fleetPlatform {
	p := &fleetPlatform{secrets: map[string]string{}, tokens: map[string]string{}}
	for _, appID := range accounts {
		p.reset(appID)
	}
	return p
}

// reset gives an account another AppSecret, which ends its tokens.
func (p *fleetPlatform) reset(appID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serial++
	p.secrets[appID] = fmt.Sprintf("SECRET-CANARY-%d", p.serial)
	maps.DeleteFunc(p.tokens, func(_, of string) bool { return of == appID })
}

func (p *fleetPlatform) secret(appID string) Secret {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Secret(p.secrets[appID])
}

func (p *fleetPlatform) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-time.After(p.latency):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	var in struct{ AppID, Secret, AppSecret string }
	if r.Body != nil {
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
	}
	q := r.URL.Query()
	appID, secret := in.AppID+q.Get("appid"), in.Secret+in.AppSecret+q.Get("secret")
	p.mu.Lock()
	p.requests++
	right := secret == p.secrets[appID]
	if secret != "" && !right {
		p.refusals++
	}
	_, known := p.tokens[q.Get("access_token")]
	down, hold := p.down, p.hold
	if hold != nil && secret == "" {
		p.held++
	}
	p.mu.Unlock()
	switch {
	case down:
		return badGate(r)
	case secret != "" && !right && r.URL.Path == classicTokenPath:
		return answer(http.StatusOK, `{"errcode":40001,"errmsg":"invalid credential"}`)(r)
	case secret != "" && !right:
		return answer(http.StatusOK, `{"errcode":40125,"errmsg":"invalid appsecret"}`)(r)
	case r.URL.Path == stableTokenPath || r.URL.Path == classicTokenPath:
		return p.issue(r, appID)
	case secret != "":
		return answer(http.StatusOK, `{"openid":"o","access_token":"USER-CANARY"}`)(r)
	case !known:
		return answer(http.StatusOK, `{"errcode":40001,"errmsg":"invalid credential"}`)(r)
	}
	if hold != nil {
		select {
		case <-hold:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	return answer(http.StatusOK, wireOK)(r)
}

func (p *fleetPlatform) issue(r *http.Request, appID string) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fetches++
	token := ""
	for known, of := range p.tokens {
		if of == appID {
			token = known
		}
	}
	if token == "" {
		p.serial++
		token = fmt.Sprintf("TOKEN-CANARY-%d", p.serial)
		p.tokens[token] = appID
	}
	return answer(http.StatusOK, `{"access_token":"`+token+`","expires_in":7200}`)(r)
}

// accountBook is the program's function for accounts.
type accountBook struct {
	platform *fleetPlatform
	asked    atomic.Int32
	stale    atomic.Bool // answers are those of before the last reset
	before   sync.Map    // secrets by AppID
}

func (b *accountBook) account(ctx context.Context, appID string) (Account, error) {
	b.asked.Add(1)
	select {
	case <-time.After(time.Millisecond):
	case <-ctx.Done():
		return Account{}, ctx.Err()
	}
	secret := b.platform.secret(appID)
	if b.stale.Load() {
		old, _ := b.before.Load(appID)
		return Account{AppSecret: old.(Secret)}, nil
	}
	if secret == "" {
		return Account{}, fmt.Errorf("no row: %w", ErrUnknownAccount)
	}
	b.before.Store(appID, secret)
	return Account{AppSecret: secret}, nil
}

func (p *fleetPlatform) clients(t *testing.T, opts ...Option) (*Clients, *accountBook) {
	t.Helper()
	book := &accountBook{platform: p}
	c := NewClients(book.account, append([]Option{WithHTTPClient(&http.Client{Transport: p}), WithLogger(quiet)}, opts...)...)
	t.Cleanup(func() { _ = c.Close() })
	return c, book
}

var quiet = slog.New(slog.DiscardHandler)

// callAccount gets the client of an account and makes a call.
func callAccount(ctx context.Context, c *Clients, appID string) error {
	client, err := c.Get(ctx, appID)
	if err != nil {
		return err
	}
	return ping(ctx, client)
}

func TestFiveHundredFirstUsesOfAnAccountAskOnceAndShareOneToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFleetPlatform("wx1")
		p.latency = 30 * time.Millisecond
		c, book := p.clients(t)
		var all sync.WaitGroup
		for range 500 {
			all.Go(func() { assert.NoError(t, callAccount(t.Context(), c, "wx1")) })
		}
		all.Wait()
		assert.EqualValues(t, 1, book.asked.Load())
		assert.Equal(t, 1, p.fetches)
	})
}

func TestA15_NoCallFailsWhenTheSecretIsResetAndTheProgramHasTheNewOne(t *testing.T) {
	for name, opts := range map[string][]Option{"stable": nil, "classic": {WithClassicToken()}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newFleetPlatform("wx1", "wx2")
				p.latency = 5 * time.Millisecond
				c, book := p.clients(t, opts...)
				require.NoError(t, callAccount(t.Context(), c, "wx1"))
				for rotation := range 5 {
					time.Sleep(time.Minute)
					p.reset("wx1")
					var all sync.WaitGroup
					for range 100 {
						all.Go(func() { assert.NoError(t, callAccount(t.Context(), c, "wx1")) })
					}
					all.Wait()
					assert.Equal(t, rotation+1, p.refusals, "one fetch with the old secret")
					assert.EqualValues(t, rotation+2, book.asked.Load())
				}
			})
		})
	}
}

func TestA15_CallsThatShowTheSecretThemselvesUseTheNewOne(t *testing.T) {
	calls := map[string]func(context.Context, *Client) error{
		"ExchangeOAuthCode": func(ctx context.Context, c *Client) error {
			_, err := c.ExchangeOAuthCode(ctx, "CODE-CANARY")
			return err
		},
		"GetAccessToken":     func(ctx context.Context, c *Client) error { _, err := c.GetAccessToken(ctx); return err },
		"ClearQuotaBySecret": func(ctx context.Context, c *Client) error { return c.ClearQuotaBySecret(ctx) },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newFleetPlatform("wx1")
				c, book := p.clients(t)
				client, err := c.Get(t.Context(), "wx1")
				require.NoError(t, err)
				p.reset("wx1")
				var all sync.WaitGroup
				for range 20 {
					all.Go(func() { assert.NoError(t, call(t.Context(), client)) })
				}
				all.Wait()
				assert.EqualValues(t, 2, book.asked.Load(), "once for the client, once for the new secret")
				assert.LessOrEqual(t, p.refusals, 20)
			})
		})
	}
}

func TestA15_NoCallFailsWhenTheSecretIsResetAgainAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFleetPlatform("wx1")
		c, book := p.clients(t)
		require.NoError(t, callAccount(t.Context(), c, "wx1"))
		const resets = 20
		for range resets {
			p.reset("wx1")
			require.NoError(t, callAccount(t.Context(), c, "wx1"))
			time.Sleep(3 * time.Second)
		}
		assert.Equal(t, resets, p.refusals)
		assert.EqualValues(t, 1+resets, book.asked.Load())
	})
}

func TestSecretsThatAProgramGivesAgainAreAskedForRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		s := newAppSecret("a", func(context.Context) (Secret, error) {
			asked++
			return Secret([]string{"a", "b", ""}[asked%3]), nil
		})
		for range 600 { // a minute
			_, err := s.other(t.Context(), s.current())
			require.NoError(t, err)
			time.Sleep(100 * time.Millisecond)
		}
		assert.LessOrEqual(t, asked, 8)
	})
}

func TestAProgramThatHasNoNewSecretYetIsAskedRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFleetPlatform("wx1")
		c, book := p.clients(t)
		require.NoError(t, callAccount(t.Context(), c, "wx1"))
		book.stale.Store(true)
		p.reset("wx1")
		failed := 0
		for range 10 * 60 { // a minute
			err := callAccount(t.Context(), c, "wx1")
			if err != nil {
				failed++
				require.ErrorIs(t, err, ErrInvalidSecret)
				assert.NotContains(t, fmt.Sprintf("%v %+v", err, err), "CANARY")
			}
			time.Sleep(100 * time.Millisecond)
		}
		assert.Equal(t, 600, failed)
		assert.LessOrEqual(t, book.asked.Load(), int32(1+3))
		assert.LessOrEqual(t, p.refusals, 3)
		client, err := c.Get(t.Context(), "wx1")
		require.NoError(t, err)
		book.asked.Store(0)
		for range 60 {
			_, err := client.ExchangeOAuthCode(t.Context(), "CODE-CANARY")
			require.ErrorIs(t, err, ErrInvalidSecret)
			time.Sleep(time.Second)
		}
		assert.LessOrEqual(t, book.asked.Load(), int32(7), "for calls that go past the cache too")
		book.stale.Store(false)
		c.Forget("wx1")
		require.NoError(t, callAccount(t.Context(), c, "wx1"), "at once, when told")
	})
}

func TestForgettingAnAccountBreaksNoCallInFlight(t *testing.T) {
	drops := map[string]func(*testing.T, *Clients){
		"forgotten": func(_ *testing.T, c *Clients) { c.Forget("wx1") },
		"too many":  func(t *testing.T, c *Clients) { _, err := c.Get(t.Context(), "wx2"); require.NoError(t, err) },
		"idle":      func(*testing.T, *Clients) { time.Sleep(2 * time.Second) },
	}
	for name, drop := range drops {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newFleetPlatform("wx1", "wx2")
				p.hold = make(chan struct{})
				c, _ := p.clients(t, WithMaxClients(1), WithIdleTimeout(time.Second))
				client, err := c.Get(t.Context(), "wx1")
				require.NoError(t, err)
				var calls sync.WaitGroup
				for range 50 {
					calls.Go(func() { assert.NoError(t, ping(t.Context(), client)) })
				}
				synctest.Wait()
				time.Sleep(100 * time.Millisecond)
				drop(t, c)
				close(p.hold)
				calls.Wait()
				assert.Equal(t, 50, p.held)
				require.NoError(t, ping(t.Context(), client), "who has it can go on with it")
				again, err := c.Get(t.Context(), "wx1")
				require.NoError(t, err)
				assert.NotSame(t, client, again)
			})
		})
	}
}

func TestAHangingAccountHarmsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFleetPlatform("wx1", "wx2")
		book := &accountBook{platform: p}
		c := NewClients(func(ctx context.Context, appID string) (Account, error) {
			if appID == "wx1" {
				time.Sleep(time.Hour) // whatever ctx says
			}
			return book.account(ctx, appID)
		}, WithHTTPClient(&http.Client{Transport: p}), WithLogger(quiet))
		defer func() { _ = c.Close() }()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		begin := time.Now()
		_, err := c.Get(ctx, "wx1")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 50*time.Millisecond, time.Since(begin))
		require.NoError(t, callAccount(t.Context(), c, "wx2"))
		_, err = c.Get(t.Context(), "wx1")
		require.Error(t, err)
		assert.Equal(t, 5*time.Second, time.Since(begin))
		time.Sleep(time.Hour)
	})
}

func TestAPanicOfTheProgramIsAnErrorThatShowsNothingOfIt(t *testing.T) {
	var log testlog.Output
	c := NewClients(func(context.Context, string) (Account, error) { panic("row: SECRET-CANARY") }, WithLogger(log.Logger()))
	for i := range 20 {
		_, err := c.Get(t.Context(), idleAppID(i))
		require.ErrorContains(t, err, "panicked")
		assert.NotContains(t, fmt.Sprintf("%+v %#v", err, err), "CANARY")
	}
	require.NoError(t, c.Close())
	assert.Equal(t, 1, strings.Count(log.String(), "level=ERROR"), log.String())
	assert.NotContains(t, log.String(), "CANARY")
}

func TestErrorsOfTheProgramCanBeToldApart(t *testing.T) {
	down := errors.New("database is down")
	p := newFleetPlatform("wx1")
	c, _ := p.clients(t)
	_, err := c.Get(t.Context(), "wx404")
	require.ErrorIs(t, err, ErrUnknownAccount)
	require.ErrorContains(t, err, "wx404")
	failing := NewClients(func(context.Context, string) (Account, error) { return Account{}, down })
	_, err = failing.Get(t.Context(), "wx1")
	require.ErrorIs(t, err, down)
	require.NoError(t, failing.Close())
	_, err = failing.Get(t.Context(), "wx1")
	require.ErrorIs(t, err, ErrClosed)
	empty := NewClients(func(context.Context, string) (Account, error) { return Account{}, nil })
	_, err = empty.Get(t.Context(), "wx1")
	assertArgument(t, err, "appSecret")
	for _, strange := range []string{"", "../x", "{wx1}", "wx 1", strings.Repeat("x", 65)} {
		_, err = c.Get(t.Context(), strange)
		assertArgument(t, err, "appID")
	}
}

func TestOptionsInTheWrongPlaceAreRefused(t *testing.T) {
	account := func(context.Context, string) (Account, error) { return Account{AppSecret: "s"}, nil }
	for argument, opt := range map[string]Option{
		"WithTokenSource": WithTokenSource(StaticToken("t")), "WithAPISecurity": WithAPISecurity(APISecurity{}),
		"WithMaxClients": WithMaxClients(-1), "WithIdleTimeout": WithIdleTimeout(-1), "WithTimeout": WithTimeout(-1),
	} {
		_, err := NewClients(account, opt).Get(t.Context(), "wx1")
		assertArgument(t, err, argument)
	}
	_, err := NewClients(nil).Get(t.Context(), "wx1")
	assertArgument(t, err, "account")
	_, err = NewClients(account, nil).Get(nil, "wx1") //nolint:staticcheck // that is the point
	assertArgument(t, err, "ctx")
	for argument, opt := range map[string]Option{"WithMaxClients": WithMaxClients(1), "WithIdleTimeout": WithIdleTimeout(1)} {
		assertArgument(t, ping(t.Context(), newTestClient("wx1", "s", opt)), argument)
	}
}

func TestClientsShareConnectionsUnlessAnAccountHasItsOwn(t *testing.T) {
	p := newFleetPlatform("wx1")
	own := &http.Client{Transport: p}
	c := NewClients(func(_ context.Context, appID string) (Account, error) {
		a := Account{AppSecret: "s"}
		if appID == "own" {
			a.Options = []Option{WithHTTPClient(own), WithTokenSource(StaticToken("TOKEN-CANARY"))}
		}
		return a, nil
	})
	get := func(appID string) *Client {
		client, err := c.Get(t.Context(), appID)
		require.NoError(t, err)
		return client
	}
	assert.Same(t, get("wx1").rest, get("wx2").rest)
	assert.Same(t, get("wx1").budget, get("own").budget)
	assert.NotSame(t, get("wx1").stored, get("wx2").stored, "without a store each has its own memory")
	assert.Equal(t, p, get("own").rest.GetClient().Transport)
	require.NoError(t, get("wx1").Close())
	require.NoError(t, get("wx1").invalid, "one that was closed is replaced")
	assert.False(t, get("wx1").closed.Load())
	kept := get("wx2")
	require.NoError(t, c.Close())
	require.ErrorIs(t, ping(t.Context(), kept), ErrClosed)
}

func TestOneRetryBudgetForAllAccountsKeepsAnOutageSmall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFleetPlatform()
		p.down = true
		c := NewClients(func(context.Context, string) (Account, error) {
			return Account{AppSecret: "s", Options: []Option{WithTokenSource(StaticToken("TOKEN-CANARY"))}}, nil
		}, WithHTTPClient(&http.Client{Transport: p}), WithLogger(quiet))
		defer func() { _ = c.Close() }()
		const calls = 1000
		for i := range calls {
			require.Error(t, callAccount(t.Context(), c, idleAppID(i)))
		}
		assert.LessOrEqual(t, p.requests, calls+budgetSize/costRetry)
		assert.Greater(t, p.requests, calls)
	})
}

// hungStore hangs, whatever ctx says.
type hungStore struct{ calls atomic.Int32 }

func (s *hungStore) Load(context.Context, string) (string, time.Duration, error) {
	s.calls.Add(1)
	time.Sleep(time.Hour)
	return "", 0, nil
}

func (s *hungStore) Swap(context.Context, string, string, string, time.Duration) (bool, error) {
	return false, nil
}

func TestAStoreThatHangsIsLeftAloneByTheWholeFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFleetPlatform()
		store := &hungStore{}
		begin := time.Now()
		c, _ := p.clients(t, WithTokenStore(store))
		for i := range 100 {
			p.reset(idleAppID(i))
			require.NoError(t, callAccount(t.Context(), c, idleAppID(i)))
		}
		assert.LessOrEqual(t, store.calls.Load(), int32(5))
		assert.Less(t, time.Since(begin), 2*time.Second)
		time.Sleep(time.Hour)
	})
}

func TestNoSecretOfARotationIsInAnError(t *testing.T) {
	s := newAppSecret("SECRET-CANARY-0", nil)
	n := 0
	s.renew = func(context.Context) (Secret, error) { n++; return Secret(fmt.Sprintf("SECRET-CANARY-%d", n)), nil }
	synctest.Test(t, func(t *testing.T) {
		s.turn = make(chan struct{}, 1)
		for range 100 {
			old := s.current()
			other, err := s.other(t.Context(), old)
			require.NoError(t, err)
			assert.Contains(t, s.all(), old)
			assert.Contains(t, s.all(), other)
			time.Sleep(secretInterval)
		}
	})
	assert.Len(t, s.all(), maxSecrets)

	client := newScript(fails(errors.New("odd proxy says ROTATED-CANARY-2"))).client()
	client.secret.known = []string{"ROTATED-CANARY-1", "ROTATED-CANARY-2", "ROTATED-CANARY-3"}
	assert.NotContains(t, ping(t.Context(), client).Error(), "CANARY")
}
