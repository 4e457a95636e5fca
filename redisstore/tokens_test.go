package redisstore_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/testlog"
	"github.com/wechatoa/wechat/redisstore"
	"github.com/wechatoa/wechat/wechattest"
)

// newPlatform returns a platform whose token interfaces take their time.
func newPlatform(t *testing.T) *wechattest.Server {
	t.Helper()
	srv := wechattest.NewServer(t)
	for _, path := range []string{classicPath, stablePath} {
		srv.InjectFault(path, wechattest.Fault{Times: -1, Executed: true, Delay: 50 * time.Millisecond})
	}
	return srv
}

func TestB1TwentyProcessesRefreshOnce(t *testing.T) {
	for path, isClassic := range map[string]bool{stablePath: false, classicPath: true} {
		t.Run(path, func(t *testing.T) {
			srv, rdb := newPlatform(t), startServer(t)
			fleet := startProcesses(t, 20, job{Kind: "caller", Redis: rdb.Addr, Accounts: []account{accountOf(srv)}, Classic: isClassic})
			assert.Empty(t, callAll(fleet, 10))
			checkFetches(t, 1, srv.CallCount(path), fleet, "refreshes of a cold start")
			assert.Len(t, tokensUsed(srv.Platform), 1)
			for n := range 2 { // more rejections in five seconds are not believed
				srv.RevokeTokens()
				assert.Empty(t, callAll(fleet, 10))
				checkFetches(t, 2+n, srv.CallCount(path), fleet, "refreshes, one for each revocation")
				assert.Len(t, tokensUsed(srv.Platform), 2+n)
			}
			t.Logf("20 processes, %d calls: %d refreshes for a cold start and 2 revocations", srv.ExecutedCallCount(callPath), srv.CallCount(path))
		})
	}
}

func TestB2AnotherProcessTakesOverFromOneThatWasKilled(t *testing.T) {
	for path, isClassic := range map[string]bool{stablePath: false, classicPath: true} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			srv, rdb := wechattest.NewServer(t), startServer(t)
			j := job{Kind: "caller", Redis: rdb.Addr, Accounts: []account{accountOf(srv)}, Classic: isClassic}
			dying, other := startProcess(t, j), startProcess(t, j)
			srv.InjectFault(path, wechattest.Fault{Hang: true})
			dying.tell(1)
			require.Eventually(t, func() bool { return srv.CallCount(path) > 0 }, 20*time.Second, time.Millisecond, "it fetches")
			require.True(t, hasLock(t, rdb), "with the lock")
			dying.kill()
			killed := time.Now()
			other.tell(1)
			assert.Empty(t, other.hear().Errors)
			took := time.Since(killed)
			assert.LessOrEqual(t, took, 11*time.Second)
			assert.Equal(t, 1, srv.ExecutedCallCount(path))
			t.Logf("taken over after %v", took.Round(time.Millisecond))
		})
	}
}

func hasLock(t *testing.T, s *server) bool {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: s.Addr})
	defer func() { _ = c.Close() }()
	locks, err := c.Keys(context.Background(), "*:lock").Result()
	require.NoError(t, err)
	return len(locks) > 0
}

// The process that holds the locks is stopped after the platform has issued its
// tokens and before it has them, so that it comes last with the older ones.
func TestB3AStalledProcessNeverOverwritesANewerToken(t *testing.T) {
	if testing.Short() {
		t.Skip("a stopped process must outlast its locks")
	}
	const runs = 100
	rdb := startServer(t)
	platforms := make([]*wechattest.Server, runs)
	j := job{Kind: "caller", Redis: rdb.Addr, Classic: true}
	for i := range platforms {
		platforms[i] = wechattest.NewServer(t, wechattest.WithAccount(fmt.Sprintf("wx%016d", i), strings.Repeat("0123456789abcdef", 2)))
		platforms[i].InjectFault(classicPath, wechattest.Fault{Executed: true, Delay: 3 * time.Second})
		j.Accounts = append(j.Accounts, accountOf(platforms[i]))
	}
	stalled, other := startProcess(t, j), startProcess(t, j)
	stalled.tell(1)
	for _, p := range platforms {
		require.Eventually(t, func() bool { return len(p.Calls()) > 0 || p.ExecutedCallCount(classicPath) > 0 }, 10*time.Second, time.Millisecond)
	}
	stalled.signal(syscall.SIGSTOP)
	begin := time.Now()
	other.tell(1)
	assert.Empty(t, other.hear().Errors)
	t.Logf("the locks were taken over after %v", time.Since(begin).Round(time.Millisecond))
	stalled.signal(syscall.SIGCONT)
	_ = stalled.hear() // its calls have waited for as long as it was stopped
	assert.Empty(t, callAll([]*process{stalled, other}, 1))

	client, newest, used := rdb.client(), 0, 0
	for i, p := range platforms {
		assert.Equal(t, 2, p.ExecutedCallCount(classicPath), "account %d", i)
		token := lastIssued(t, p.Platform)
		stored, err := client.Get(t.Context(), "wechat:{"+p.AppID+"}:token:classic").Result()
		require.NoError(t, err)
		if stored == token {
			newest++
		}
		if calls := tokensUsed(p.Platform); len(calls) == 1 && calls[token] {
			used++
		}
	}
	assert.Equal(t, runs, newest, "accounts whose stored token is the newest")
	assert.Equal(t, runs, used, "accounts whose calls had the newest token alone")
	t.Logf("newest generation stored in %d of %d runs, used in %d", newest, runs, used)
}

func TestB12AFlushCostsTheFleetOneRefresh(t *testing.T) {
	srv, rdb := newPlatform(t), startServer(t)
	fleet := startProcesses(t, 20, job{Kind: "caller", Redis: rdb.Addr, Accounts: []account{accountOf(srv)}})
	require.Empty(t, callAll(fleet, 1))
	client := rdb.client()
	// underLoad does something when a quarter of 2,000 calls has been made.
	underLoad := func(do func()) {
		before := srv.CallCount(callPath)
		for _, p := range fleet {
			p.tell(100)
		}
		for srv.CallCount(callPath) < before+500 {
			time.Sleep(time.Millisecond)
		}
		do()
		late := srv.CallCount(callPath) >= before+2000
		for _, p := range fleet {
			assert.Empty(t, p.hear().Errors)
		}
		if late {
			t.Skip("the machine is too busy to do it under load")
		}
	}
	flush := func() {
		require.NoError(t, client.FlushAll(t.Context()).Err())
		require.NoError(t, client.ScriptFlush(t.Context()).Err())
	}
	underLoad(flush)
	checkFetches(t, 1, srv.CallCount(stablePath), fleet, "fetches, since the tokens in the processes go on")
	underLoad(func() {
		flush()
		srv.RevokeTokens()
	})
	checkFetches(t, 2, srv.CallCount(stablePath), fleet, "fetches, one for the revocation")
}

func TestB13RedisHoldsNoAppSecretAndNothingForever(t *testing.T) {
	for name, opts := range map[string][]redisstore.Option{
		"in clear":  nil,
		"encrypted": {redisstore.WithEncryption(newKey(t))},
	} {
		t.Run(name, func(t *testing.T) {
			srv, rdb := wechattest.NewServer(t), startServer(t)
			store := redisstore.New(rdb.client(), opts...)
			client := srv.Client(wechat.WithTokenStore(store))
			_, err := client.ListCallbackIPs(t.Context())
			require.NoError(t, err)
			fill(t, store, srv.AppID)
			secrets := []string{srv.AppSecret}
			if opts != nil {
				secrets = append(secrets, lastIssued(t, srv.Platform), "a reply", "a session")
			}
			all := dump(t, rdb.client())
			assert.GreaterOrEqual(t, len(all), 6)
			for key, content := range all {
				for _, secret := range secrets {
					assert.NotContains(t, key, secret)
					assert.NotContains(t, content, secret, key)
				}
			}
		})
	}
}

// dump returns everything in Redis, and fails the test if anything has no TTL.
func dump(t *testing.T, c *redis.Client) map[string]string {
	t.Helper()
	ctx, all := t.Context(), map[string]string{}
	keys := c.Scan(ctx, 0, "*", 1000).Iterator()
	for keys.Next(ctx) {
		key := keys.Val()
		kind, err := c.Type(ctx, key).Result()
		require.NoError(t, err)
		if kind == "hash" {
			fields, err := c.HGetAll(ctx, key).Result()
			require.NoError(t, err)
			all[key] = fmt.Sprint(fields)
		} else {
			all[key] = c.Get(ctx, key).Val()
		}
		ttl, err := c.PTTL(ctx, key).Result()
		require.NoError(t, err)
		assert.Positive(t, ttl, "%s has no TTL", key)
		assert.True(t, strings.HasPrefix(key, "wechat:{"), key)
	}
	require.NoError(t, keys.Err())
	return all
}

func TestB14CallsDoNotTouchRedis(t *testing.T) {
	srv, rdb := wechattest.NewServer(t), startRealServer(t)
	client := srv.Client(wechat.WithTokenStore(redisstore.New(rdb.client())))
	_, err := client.ListCallbackIPs(t.Context())
	require.NoError(t, err)
	cold := rdb.requests()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 500 {
				_, err := client.ListCallbackIPs(t.Context())
				assert.NoError(t, err)
			}
		})
	}
	all.Wait()
	assert.Equal(t, cold, rdb.requests(), "commands of 10,000 calls")
	t.Logf("commands of the first call: %d, of the next 10,000: %d", cold, rdb.requests()-cold)
}

func TestB9ARecordThatIsNotOursIsReplaced(t *testing.T) {
	rdb := startServer(t)
	c := rdb.client()
	for name, spoil := range map[string]func(ctx context.Context, key string) error{
		"list":   func(ctx context.Context, key string) error { return c.RPush(ctx, key, "a").Err() },
		"hash":   func(ctx context.Context, key string) error { return c.HSet(ctx, key, "a", "b").Err() },
		"JSON":   func(ctx context.Context, key string) error { return c.Set(ctx, key, `{"token":"x"}`, time.Hour).Err() },
		"binary": func(ctx context.Context, key string) error { return c.Set(ctx, key, "\x01\x00\xff", time.Hour).Err() },
		"no TTL": func(ctx context.Context, key string) error { return c.Set(ctx, key, "99_x", 0).Err() },
		"too big": func(ctx context.Context, key string) error {
			return c.Set(ctx, key, strings.Repeat(" ", 1<<20), time.Hour).Err()
		},
	} {
		for _, opts := range [][]redisstore.Option{nil, {redisstore.WithEncryption(newKey(t))}} {
			srv := wechattest.NewServer(t)
			key := "wechat:{" + srv.AppID + "}:token:stable"
			require.NoError(t, c.Del(t.Context(), key).Err())
			require.NoError(t, spoil(t.Context(), key))
			var log testlog.Output
			store := redisstore.New(c, append(opts, redisstore.WithLogger(log.Logger()))...)
			for range 2 { // the second one finds the record of the first one
				client := srv.Client(wechat.WithTokenStore(store), wechat.WithLogger(log.Logger()))
				_, err := client.ListCallbackIPs(t.Context())
				require.NoError(t, err, name)
			}
			skipIfBusy(t, &log)
			assert.Equal(t, 1, srv.CallCount(stablePath), name)
			assert.Equal(t, 1, strings.Count(log.String(), "\n"), "%s: %s", name, log.String())
			value, _, err := store.Load(t.Context(), key)
			require.NoError(t, err)
			assert.Equal(t, lastIssued(t, srv.Platform), value, name)
		}
	}
}

func TestB10AnotherProgramsTokenIsAdoptedIfItWorks(t *testing.T) {
	clock := &offset{}
	srv := wechattest.NewServer(t, wechattest.WithClock(clock.now))
	rdb := startServer(t)
	client := srv.Client(wechat.WithClassicToken(), wechat.WithTokenStore(redisstore.New(rdb.client())))
	other := srv.Client(wechat.WithClassicToken()) // knows no store
	key := "wechat:{" + srv.AppID + "}:token:classic"
	_, err := client.ListCallbackIPs(t.Context())
	require.NoError(t, err)
	const times = 4
	for range times {
		issued, err := other.GetAccessToken(t.Context())
		require.NoError(t, err)
		require.NoError(t, rdb.client().Set(t.Context(), key, string(issued.Token), 2*time.Hour).Err())
		clock.add(150 * time.Second)
		_, err = client.ListCallbackIPs(t.Context())
		require.NoError(t, err)
	}
	ours := srv.CallCount(classicPath) - times
	assert.LessOrEqual(t, ours, 2)
	t.Logf("another program replaced the token %d times in 10 minutes: %d refreshes of ours", times, ours)
}

func TestB10AValueThatNoPlatformIssuedCostsOneCall(t *testing.T) {
	srv, rdb := wechattest.NewServer(t), startServer(t)
	client := srv.Client(wechat.WithClassicToken(), wechat.WithTokenStore(redisstore.New(rdb.client())))
	_, err := client.ListCallbackIPs(t.Context())
	require.NoError(t, err)
	require.NoError(t, rdb.client().Set(t.Context(), "wechat:{"+srv.AppID+"}:token:classic", "99_forged", 2*time.Hour).Err())
	srv.RevokeTokens()
	failed := 0
	for range 10 {
		if _, err := client.ListCallbackIPs(t.Context()); err != nil {
			failed++
		}
	}
	assert.LessOrEqual(t, failed, 1)
	assert.Equal(t, 2, srv.CallCount(classicPath), "the first one and one that replaces the forged one")
}

// offset is a clock that is set forward.
type offset struct {
	mu sync.Mutex
	by time.Duration
}

func (o *offset) now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return time.Now().Add(o.by)
}

func (o *offset) add(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.by += d
}
