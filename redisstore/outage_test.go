package redisstore_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/testlog"
	"github.com/wechatoa/wechat/redisstore"
	"github.com/wechatoa/wechat/wechattest"
)

// outage is a Redis that cannot be reached, or that hangs for as long as go-redis
// waits by default, whatever the context of the call says. It is for virtual time.
type outage struct {
	hangs bool
	calls atomic.Int32
}

func (*outage) DialHook(next redis.DialHook) redis.DialHook { return next }

func (o *outage) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, cmd redis.Cmder) error {
		o.calls.Add(1)
		if o.hangs {
			time.Sleep(3 * time.Second)
		}
		cmd.SetErr(errDown)
		return errDown
	}
}

func (*outage) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// store returns a store in the Redis that has the outage.
func (o *outage) store(t *testing.T) *redisstore.Store {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	t.Cleanup(func() { _ = c.Close() })
	c.AddHook(o)
	return redisstore.New(c)
}

var quiet = wechat.WithLogger(slog.New(slog.DiscardHandler))

// latencies are how long calls took.
type latencies []time.Duration

func (l latencies) over(limit time.Duration) (n int) {
	for _, d := range l {
		if d > limit {
			n++
		}
	}
	return n
}

// callFor calls every pause for as long as it says, and returns how long each call took.
func callFor(t *testing.T, c *wechat.Client, total, pause time.Duration) (took latencies) {
	t.Helper()
	for end := time.Now().Add(total); time.Now().Before(end); time.Sleep(pause) {
		begin := time.Now()
		_, err := c.ListCallbackIPs(t.Context())
		require.NoError(t, err)
		took = append(took, time.Since(begin))
	}
	return took
}

func TestB4CallsGoOnWhileRedisIsDown(t *testing.T) {
	srv, rdb := wechattest.NewServer(t), startRealServer(t)
	var log testlog.Output
	client := srv.Client(wechat.WithTokenStore(redisstore.New(rdb.client())), wechat.WithLogger(log.Logger()))
	_, err := client.ListCallbackIPs(t.Context())
	require.NoError(t, err)
	rdb.kill()
	for range 1000 {
		_, err := client.ListCallbackIPs(t.Context())
		require.NoError(t, err)
	}
	srv.RevokeTokens()
	for range 100 {
		_, err := client.ListCallbackIPs(t.Context())
		require.NoError(t, err)
	}
	assert.Equal(t, 2, srv.CallCount(stablePath))
	assert.Equal(t, 1, strings.Count(log.String(), "\n"), log.String())
	assert.Contains(t, log.String(), "the token store fails")

	rdb.start()
	require.Eventually(t, func() bool {
		srv.RevokeTokens()
		_, err := client.ListCallbackIPs(t.Context())
		return err == nil && strings.Contains(log.String(), "the token store works again")
	}, 90*time.Second, 3*time.Second, "rejections are believed twice in five seconds")
	assert.Equal(t, 2, strings.Count(log.String(), "\n"), "one line, and one of the recovery: %s", log.String())
}

func TestB4ALongOutageCostsNoCallAndIsLoggedOnce(t *testing.T) {
	for _, hangs := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := wechattest.NewPlatform()
			defer p.Close()
			var log testlog.Output
			o := &outage{hangs: hangs}
			c := p.Client(wechat.WithTokenStore(o.store(t)), wechat.WithLogger(log.Logger()))
			took := callFor(t, c, 10*time.Minute, time.Second)
			assert.LessOrEqual(t, took.over(time.Millisecond), 3)
			assert.LessOrEqual(t, slices.Max(took), 260*time.Millisecond)
			assert.Equal(t, 1, strings.Count(log.String(), "\n"), log.String())

			took = callFor(t, c, 24*time.Hour, 10*time.Second)
			assert.LessOrEqual(t, took.over(time.Millisecond), 3, "calls that an outage of a day delays")
			t.Logf("hangs %v: %d calls in a day, %d delayed, at most %v; %d commands; %d fetches; %d lines",
				hangs, len(took), took.over(time.Millisecond), slices.Max(took), o.calls.Load(), p.CallCount(stablePath), strings.Count(log.String(), "\n"))
			_ = c.Close()
			time.Sleep(time.Minute) // what hangs ends
		})
	}
}

func TestB5StableTokensAreFetchedDirectlyWhileRedisIsDown(t *testing.T) {
	for _, hangs := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := wechattest.NewPlatform()
			defer p.Close()
			const processes = 20
			fetches := make([][]time.Time, processes)
			var all sync.WaitGroup
			for i := range processes {
				c := p.Client(quiet, wechat.WithTokenStore((&outage{hangs: hangs}).store(t)), wechat.WithObserver(func(_ context.Context, a wechat.Attempt) {
					if a.Path == stablePath {
						fetches[i] = append(fetches[i], time.Now())
					}
				}))
				all.Go(func() {
					callFor(t, c, 6*time.Hour, 10*time.Second)
					_ = c.Close()
				})
			}
			all.Wait()
			most := 0
			for _, times := range fetches {
				most = max(most, len(times))
				// A token that is about to end is asked for again after 30 seconds if the
				// platform still returns the same one. That is the only second request of a
				// process within a minute, and two hours follow without any.
				for n := 1; n < len(times); n++ {
					assert.GreaterOrEqual(t, times[n].Sub(times[n-1]), 30*time.Second, "between fetches of a process")
				}
				for n := 2; n < len(times); n++ {
					assert.GreaterOrEqual(t, times[n].Sub(times[n-2]), time.Hour, "a third fetch for one token")
				}
			}
			t.Logf("hangs %v: %d processes for 6 hours without Redis: at most %d fetches of a process", hangs, processes, most)
			assert.LessOrEqual(t, most, 1+2*3, "for the first token and the three after it")
			time.Sleep(time.Minute)
		})
	}
}

func TestB6ClassicTokensAreFetchedRarelyWhileRedisIsDown(t *testing.T) {
	for _, hangs := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := wechattest.NewPlatform()
			defer p.Close()
			const processes = 5
			var mu sync.Mutex
			var fetches []time.Time
			failed, calls := 0, 0
			var all sync.WaitGroup
			for range processes {
				c := p.Client(quiet, wechat.WithClassicToken(), wechat.WithTokenStore((&outage{hangs: hangs}).store(t)), wechat.WithObserver(func(_ context.Context, a wechat.Attempt) {
					if a.Path == classicPath {
						mu.Lock()
						defer mu.Unlock()
						fetches = append(fetches, time.Now())
					}
				}))
				all.Go(func() {
					for end := time.Now().Add(2 * time.Hour); time.Now().Before(end); time.Sleep(time.Second) {
						_, err := c.ListCallbackIPs(t.Context())
						mu.Lock()
						calls++
						if err != nil {
							failed++
						}
						mu.Unlock()
					}
					_ = c.Close()
				})
			}
			all.Wait()
			assert.GreaterOrEqual(t, len(fetches), processes, "each fetches its first token")
			for n := processes; n < len(fetches); n++ {
				assert.GreaterOrEqual(t, fetches[n].Sub(fetches[n-processes]), 5*time.Minute-time.Second, "more than %d fetches in 5 minutes", processes)
			}
			t.Logf("hangs %v: %d processes for 2 hours without Redis: %d fetches, %d of %d calls failed", hangs, processes, len(fetches), failed, calls)
			time.Sleep(time.Minute)
		})
	}
}
