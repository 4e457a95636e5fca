package redisstore_test

import (
	"context"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/redisstore"
	"github.com/wechatoa/wechat/wechattest"
)

const (
	added = 260 * time.Millisecond // what a store that hangs may add to a call or an answer
	busy  = 500 * time.Millisecond // what a machine with other work may add
)

// clients are the ways to configure go-redis that differ when a server hangs.
var clients = map[string]func(*redis.Options){
	"default options":       func(*redis.Options) {},
	"ContextTimeoutEnabled": func(o *redis.Options) { o.ContextTimeoutEnabled = true },
}

func TestB7AStoppedRedisStopsNoCall(t *testing.T) {
	for name, change := range clients {
		t.Run(name, func(t *testing.T) {
			srv, rdb := wechattest.NewServer(t), startRealServer(t)
			redisClient, seen := rdb.client(change), &arguments{}
			redisClient.AddHook(seen)
			require.NoError(t, redisClient.Ping(t.Context()).Err())
			before := runtime.NumGoroutine()
			rdb.stop()
			client := srv.Client(wechat.WithTokenStore(redisstore.New(redisClient)), quiet)
			var mu sync.Mutex
			var took latencies
			call := func() {
				begin := time.Now()
				_, err := client.ListCallbackIPs(t.Context())
				mu.Lock()
				defer mu.Unlock()
				took = append(took, time.Since(begin))
				assert.NoError(t, err)
			}
			for n := range 3 { // a cold start and two revocations
				call()
				if n < 2 {
					srv.RevokeTokens()
				}
			}
			slow, asked := len(took), len(seen.list())
			for range 1000 {
				call()
			}
			assert.LessOrEqual(t, slices.Max(took), added+busy)
			assert.LessOrEqual(t, took.over(added/2), slow, "delayed calls of a cold start, 2 revocations and 1,000 calls")
			assert.Len(t, seen.list(), asked, "the 1,000 calls do not ask the store")
			t.Logf("%d of %d calls delayed, at most %v", took.over(added/2), len(took), slices.Max(took).Round(time.Millisecond))

			rdb.goOn()
			_ = client.Close()
			endsLike(t, before)
		})
	}
}

// endsLike waits until no more goroutines run than before, give or take connections.
func endsLike(t *testing.T, before int) {
	t.Helper()
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+30 }, 30*time.Second, 50*time.Millisecond,
		"%d goroutines, %d before", runtime.NumGoroutine(), before)
}

func TestB7AHangingRedisDelaysOnlyCallsThatNeedAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.NewPlatform()
		defer p.Close()
		o := &outage{hangs: true}
		c := p.Client(quiet, wechat.WithTokenStore(o.store(t)))
		var took latencies
		for range 6 { // an hour, with a revocation every 10 minutes
			took = append(took, callFor(t, c, 10*time.Minute, time.Second)...)
			p.RevokeTokens()
		}
		assert.LessOrEqual(t, slices.Max(took), added)
		assert.LessOrEqual(t, took.over(time.Millisecond), 6, "one for each revocation and the cold start")
		t.Logf("%d of %d calls delayed, at most %v", took.over(time.Millisecond), len(took), slices.Max(took))
		_ = c.Close()
		time.Sleep(time.Minute)
	})
}

// newHandler returns a replica that shares pushes through Redis and replies to texts.
func newHandler(t *testing.T, p *wechattest.Platform, client redis.UniversalClient) *callback.Handler {
	t.Helper()
	store := redisstore.New(client)
	h, err := callback.NewHandler(callback.Config{
		AppID: p.AppID, Credentials: callback.NewCredentials(p.Token, p.EncodingAESKey), OriginalID: p.OriginalID,
		Dedupe: store, Activity: callback.NewActivity(store.Activity(p.AppID)), Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	callback.On(h, func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
		return callback.Text("reply to " + m.Content), nil
	})
	return h
}

func TestB7AStoppedRedisStopsNoPush(t *testing.T) {
	for name, change := range clients {
		t.Run(name, func(t *testing.T) {
			p, rdb := wechattest.NewPlatform(), startRealServer(t)
			defer p.Close()
			redisClient := rdb.client(change)
			h := newHandler(t, p, redisClient)
			p.SetCallback(h)
			alice := p.AddUser(wechattest.User{})
			var mu sync.Mutex
			var took latencies
			push := func() {
				begin := time.Now()
				report := alice.Sends(t.Context(), "hi")
				mu.Lock()
				defer mu.Unlock()
				took = append(took, time.Since(begin))
				if assert.NotNil(t, report.Reply) {
					assert.Len(t, report.Deliveries, 1)
					assert.Equal(t, "reply to hi", report.Reply.Content)
				}
			}
			push()
			before := runtime.NumGoroutine()
			rdb.stop()
			took = nil
			begin := time.Now()
			for time.Since(begin) < 2*time.Second { // one after the other
				push()
				time.Sleep(time.Millisecond)
			}
			assert.LessOrEqual(t, slices.Max(took), added+busy)
			t.Logf("one after the other: %d of %d pushes delayed, at most %v", took.over(added/2), len(took), slices.Max(took).Round(time.Millisecond))
			// Three delays open the breakers of both stores; later ones are probes.
			assert.LessOrEqual(t, took.over(added/2), 8)

			took = nil
			var all sync.WaitGroup
			for range 500 {
				all.Go(push)
			}
			all.Wait()
			t.Logf("500 at once: %d delayed, at most %v", took.over(added+busy), slices.Max(took).Round(time.Millisecond))
			assert.LessOrEqual(t, slices.Max(took), 3*time.Second)

			endsLike(t, before+100)
			rdb.goOn()
			endsLike(t, before)
			require.Eventually(t, func() bool {
				keys := rdb.requests()
				push()
				return rdb.requests() > keys
			}, 40*time.Second, 100*time.Millisecond, "the store is used again")
			require.NoError(t, h.Shutdown(t.Context()))
		})
	}
}

// What Redis says while it starts, moves or has become a replica.
func TestB8WhatRedisRefusesFailsNoCall(t *testing.T) {
	for _, refusal := range []string{
		"READONLY You can't write against a read only replica.",
		"LOADING Redis is loading the dataset in memory",
		"MOVED 3999 127.0.0.1:1",
		"CLUSTERDOWN The cluster is down",
		"MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.",
		"OOM command not allowed when used memory > 'maxmemory'.",
		"NOPERM User default has no permissions to run the 'evalsha' command",
		"NOAUTH Authentication required.",
	} {
		t.Run(refusal, func(t *testing.T) {
			t.Parallel()
			srv, mini := wechattest.NewServer(t), miniredis.RunT(t)
			c := redis.NewClient(&redis.Options{Addr: mini.Addr()})
			t.Cleanup(func() { _ = c.Close() })
			client := srv.Client(wechat.WithTokenStore(redisstore.New(c)), quiet)
			handler := newHandler(t, srv.Platform, c)
			srv.SetCallback(handler)
			alice := srv.AddUser(wechattest.User{})
			works := func() {
				_, err := client.ListCallbackIPs(t.Context())
				require.NoError(t, err)
				require.NotNil(t, alice.Sends(t.Context(), "hi").Reply)
			}
			mini.SetError(refusal)
			works() // a cold start
			mini.SetError("")
			works()
			mini.SetError(refusal)
			for range 20 {
				works()
			}
			srv.RevokeTokens()
			works()
			require.NoError(t, handler.Shutdown(t.Context()))
		})
	}
}

func TestB8AReplicaThatIsReadOnlyFailsNoCall(t *testing.T) {
	srv, rdb := wechattest.NewServer(t), startRealServer(t)
	c := rdb.client()
	client := srv.Client(wechat.WithTokenStore(redisstore.New(c)), wechat.WithClassicToken(), quiet)
	_, err := client.ListCallbackIPs(t.Context())
	require.NoError(t, err)
	require.NoError(t, c.ReplicaOf(t.Context(), "127.0.0.1", "1").Err())
	for range 100 {
		_, err := client.ListCallbackIPs(t.Context())
		require.NoError(t, err)
	}
	srv.RevokeTokens()
	_, err = client.ListCallbackIPs(t.Context())
	require.NoError(t, err)
	require.NoError(t, c.ReplicaOf(t.Context(), "NO", "ONE").Err())
}

// Redis' clock counts: no time of a process' clock reaches Redis, but for the times of
// followers, which are the platform's.
func TestB11ClocksOfProcessesDoNotMatter(t *testing.T) {
	rdb := startServer(t)
	c := rdb.client()
	seen := &arguments{}
	c.AddHook(seen)
	store := redisstore.New(c)
	srv := wechattest.NewServer(t)
	client := srv.Client(wechat.WithTokenStore(store))
	_, err := client.ListCallbackIPs(t.Context())
	require.NoError(t, err)
	ctx, push := t.Context(), "wx1:push"
	_, err = store.Claim(ctx, push, "a", 3*time.Second)
	require.NoError(t, err)
	require.NoError(t, store.Release(ctx, push, "a"))
	_, err = store.ChooseReplyMethod(ctx, push, callback.ReplyMethodResponse)
	require.NoError(t, err)
	require.NoError(t, store.Finish(ctx, push, "a", nil, time.Hour))
	require.NoError(t, store.Sessions("wx1", "").SaveSession(ctx, "o", []byte("1"), time.Hour))
	assert.NotEmpty(t, seen.list())
	for _, arg := range seen.list() {
		n, isNumber := arg.(int64)
		assert.True(t, !isNumber || n <= (24*time.Hour).Milliseconds(), "%v is no TTL", arg)
		_, isTime := arg.(time.Time)
		assert.False(t, isTime)
	}
}

// arguments keeps the arguments of all commands. A command that its caller left behind may
// still begin while the test goes on.
type arguments struct {
	mu  sync.Mutex
	all []any
}

func (a *arguments) list() []any {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.all)
}

func (*arguments) DialHook(next redis.DialHook) redis.DialHook { return next }

func (a *arguments) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		a.mu.Lock()
		a.all = append(a.all, cmd.Args()...)
		a.mu.Unlock()
		return next(ctx, cmd)
	}
}

func (*arguments) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
