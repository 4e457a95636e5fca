package callback

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
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

// remote is a store on another machine: it has latency, observes its context, and fails
// before or after it has executed a call.
type remote struct {
	*MemoryDedupeStore

	latency func() time.Duration
	fails   func(method string) bool
	calls   sync.Map // method → *atomic.Int32
}

var errStore = errors.New("connection reset")

func newRemote() *remote {
	return &remote{
		MemoryDedupeStore: NewMemoryDedupeStore(),
		latency:           func() time.Duration { return time.Duration(1+rand.IntN(25)) * time.Millisecond },
		fails:             func(string) bool { return false },
	}
}

// flaky makes one call in ten fail before it is executed, and one in ten after.
func flaky() *remote {
	s := newRemote()
	s.fails = func(string) bool { return rand.IntN(10) == 0 }
	return s
}

func (s *remote) count(method string) int {
	n, ok := s.calls.Load(method)
	if !ok {
		return 0
	}
	return int(n.(*atomic.Int32).Load())
}

func (s *remote) travel(ctx context.Context) error {
	select {
	case <-time.After(s.latency() / 2):
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func trip[T any](ctx context.Context, s *remote, method string, execute func() (T, error)) (value T, err error) {
	n, _ := s.calls.LoadOrStore(method, new(atomic.Int32))
	n.(*atomic.Int32).Add(1)
	if err := s.travel(ctx); err != nil {
		return value, err
	}
	if s.fails(method) {
		return value, errStore
	}
	value, err = execute()
	if s.fails(method) {
		var none T
		return none, errStore
	}
	if err := s.travel(ctx); err != nil {
		var none T
		return none, err
	}
	return value, err
}

func (s *remote) Claim(ctx context.Context, key, owner string, ttl time.Duration) (Claim, error) {
	return trip(ctx, s, "Claim", func() (Claim, error) { return s.MemoryDedupeStore.Claim(ctx, key, owner, ttl) })
}

func (s *remote) Finish(ctx context.Context, key, owner string, reply []byte, ttl time.Duration) error {
	_, err := trip(ctx, s, "Finish", func() (any, error) { return nil, s.MemoryDedupeStore.Finish(ctx, key, owner, reply, ttl) })
	return err
}

func (s *remote) ChooseReplyMethod(ctx context.Context, key string, method ReplyMethod) (ReplyMethod, error) {
	return trip(ctx, s, "ChooseReplyMethod", func() (ReplyMethod, error) { return s.MemoryDedupeStore.ChooseReplyMethod(ctx, key, method) })
}

func (s *remote) Release(ctx context.Context, key, owner string) error {
	_, err := trip(ctx, s, "Release", func() (any, error) { return nil, s.MemoryDedupeStore.Release(ctx, key, owner) })
	return err
}

// storm delivers many pushes to two replicas at random, and closes the connection of some of
// the first two deliveries of a push.
type storm struct {
	pushes int
	hold   bool
	takes  func(n int) time.Duration // duration of the handler
	hangUp float64                   // probability

	mu      sync.Mutex
	runs    map[string]int
	replies map[string]int
	failed  int
}

func (s *storm) rage(t *testing.T, store DedupeStore) {
	t.Helper()
	s.runs, s.replies = map[string]int{}, map[string]int{}
	cfg := safeConfig()
	cfg.Dedupe, cfg.HoldDeliveries, cfg.Logger = store, s.hold, new(testlog.Output).Logger()
	cfg.SendDeferred = func(_ context.Context, body []byte) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.replies[between(string(body), `"content":"`, `"`)]++
		return nil
	}
	replicas := []*Handler{newTestHandler(t, cfg), newTestHandler(t, cfg)}
	for _, h := range replicas {
		On(h, func(_ context.Context, m *TextMessage) (Reply, error) {
			s.mu.Lock()
			s.runs[m.Content]++
			s.mu.Unlock()
			time.Sleep(s.takes(int(m.MsgID)))
			return Text(m.Content), nil
		})
	}
	var all sync.WaitGroup
	for n := range s.pushes {
		all.Go(func() {
			time.Sleep(time.Duration(rand.IntN(5000)) * time.Millisecond)
			s.deliver(t, textPush(n+1, fmt.Sprintf("push %d", n+1)), replicas)
		})
	}
	all.Wait()
	for _, h := range replicas {
		require.NoError(t, h.Shutdown(t.Context()))
	}
}

func (s *storm) deliver(t *testing.T, push string, replicas []*Handler) {
	p := safePlatform()
	for n := range deliveries {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), platformWaits)
		hungUp := n < deliveries-1 && rand.Float64() < s.hangUp
		if hungUp {
			time.AfterFunc(time.Duration(rand.IntN(300))*time.Millisecond, cancel)
		}
		w := httptest.NewRecorder()
		done := make(chan struct{})
		go func() {
			defer close(done)
			replicas[rand.IntN(len(replicas))].ServeHTTP(w, p.request(ctx, push))
		}()
		select {
		case <-done:
		case <-ctx.Done():
		}
		gone := ctx.Err() != nil
		cancel()
		if !gone {
			<-done
			if reply, ok := p.read(w); ok {
				if reply != "" {
					s.mu.Lock()
					s.replies[between(reply, "<Content><![CDATA[", "]]>")]++
					s.mu.Unlock()
				}
				return
			}
		}
		if rand.IntN(2) == 0 || n > 0 && s.hold { // immediately, or when the time is up
			time.Sleep(time.Until(began.Add(interval)))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed++
}

// check counts the pushes that were not handled or replied to exactly once.
func (s *storm) check(t *testing.T) {
	t.Helper()
	wrong := func(counts map[string]int) (never, often int) {
		for n := range s.pushes {
			switch counts[fmt.Sprintf("push %d", n+1)] {
			case 0:
				never++
			case 1:
			default:
				often++
			}
		}
		return never, often
	}
	never, often := wrong(s.runs)
	assert.Zero(t, never, "handled by nobody")
	assert.Zero(t, often, "handled twice")
	never, often = wrong(s.replies)
	assert.Zero(t, never, "lost")
	assert.Zero(t, often, "replied twice")
	assert.Zero(t, s.failed, "the follower is told that the service is out of order")
}

func TestE19ReplicasHandleAndReplyOnceWhateverStoreAndClientsDo(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	quick := func(n int) time.Duration { return time.Duration(n%1000) * time.Millisecond }
	long := func(n int) time.Duration { return time.Duration(n) * 17 * time.Millisecond % (20 * time.Second) }
	for name, s := range map[string]*storm{
		"quick": {takes: quick, hangUp: 1},
		"long":  {takes: long, hangUp: 0.5},
		"hold":  {takes: long, hangUp: 0.3, hold: true},
	} {
		t.Run(name, func(t *testing.T) {
			heap := heapInUse()
			synctest.Test(t, func(t *testing.T) { // fails for a goroutine that does not end
				store := flaky()
				s.pushes = 1200
				s.rage(t, store)
				s.check(t)
				time.Sleep(2 * time.Minute) // followed runs end
			})
			assert.Less(t, heapInUse(), heap+4<<20)
		})
	}
}

func heapInUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// replicaPair returns two handlers that share a store.
func replicaPair(t *testing.T, cfg Config) (a, b *Handler) {
	t.Helper()
	return newTestHandler(t, cfg), newTestHandler(t, cfg)
}

// storeKey returns the key of a push in the store.
func storeKey(t *testing.T, h *Handler, push string) string {
	t.Helper()
	p, err := h.Parse(safePlatform().request(t.Context(), push))
	require.NoError(t, err)
	return h.replicas.key(p)
}

// A claim that is not answered within 250 ms counts as failed, and its replica handles the
// push, because twice is better than never. If the store executed it, others find it.
func TestE19AStoreThatAnswersTooLateCostsOneRunForEachReplicaAtMost(t *testing.T) {
	const inTime, tooLate, never = 240 * time.Millisecond, 400 * time.Millisecond, time.Minute
	for _, row := range []struct {
		first, second time.Duration // latency of the claims of the first and the second replica
		runs          int32
	}{
		{inTime, inTime, 1},
		{tooLate, 0, 1}, // executed, so the second replica finds it
		{tooLate, inTime, 1},
		{inTime, tooLate, 2},
		{tooLate, tooLate, 2},
		{never, 0, 2},
		{never, never, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			var runs atomic.Int32
			shared := NewMemoryDedupeStore()
			replica := func(latency time.Duration) *Handler {
				cfg := safeConfig()
				store := &remote{MemoryDedupeStore: shared, latency: func() time.Duration { return latency }, fails: func(string) bool { return false }}
				cfg.Dedupe, cfg.Logger = store, new(testlog.Output).Logger()
				h := newTestHandler(t, cfg)
				On(h, slow(time.Second, &runs))
				return h
			}
			a, b := replica(row.first), replica(row.second)
			p, push := safePlatform(), textPush(1, "hello")
			var all sync.WaitGroup
			for n, h := range []*Handler{a, b, a, b} {
				all.Go(func() {
					time.Sleep(time.Duration(n) * 300 * time.Millisecond)
					h.ServeHTTP(httptest.NewRecorder(), p.request(t.Context(), push))
				})
			}
			all.Wait()
			assert.Equal(t, row.runs, runs.Load(), "%v, %v", row.first, row.second)
			require.NoError(t, a.Shutdown(t.Context()))
			require.NoError(t, b.Shutdown(t.Context()))
		})
	}
}

func TestE19AStoreOfManyAccountsKeepsThemApart(t *testing.T) {
	cfg := safeConfig()
	cfg.Dedupe = NewMemoryDedupeStore()
	h := newTestHandler(t, cfg)
	assert.Regexp(t, "^"+testAppID+":[0-9a-f]{32}$", storeKey(t, h, textPush(1, "a")))
	assert.NotEqual(t, storeKey(t, h, textPush(1, "a")), storeKey(t, h, textPush(2, "a")))
	cfg = plainConfig()
	cfg.AppID, cfg.Dedupe = "", NewMemoryDedupeStore()
	h = newTestHandler(t, cfg)
	p, err := h.Parse(plainPlatform().request(t.Context(), textPush(1, "a")))
	require.NoError(t, err)
	assert.Regexp(t, "^"+testAccount+":[0-9a-f]{32}$", h.replicas.key(p))
}

func TestE19AHangUpIsNoFailureOfTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		store := newRemote()
		store.latency = func() time.Duration { return 20 * time.Millisecond }
		cfg.Dedupe, cfg.Logger, cfg.Observer = store, j.log.Logger(), j.observe
		a, b := replicaPair(t, cfg)
		var runs atomic.Int32
		On(a, slow(300*time.Millisecond, &runs))
		On(b, slow(300*time.Millisecond, &runs))
		p := safePlatform()
		for n := range 40 {
			push := textPush(n+1, "hello")
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*time.Millisecond)
			a.ServeHTTP(httptest.NewRecorder(), p.request(ctx, push))
			cancel()
			reply, ok := p.read(p.sends(b, push))
			assert.True(t, ok)
			assert.Contains(t, reply, "after 300ms")
		}
		assert.EqualValues(t, 40, runs.Load())
		assert.Zero(t, j.outcomes()[OutcomeFault])
		assert.Empty(t, j.log.String())
		time.Sleep(time.Minute)
		synctest.Wait()
	})
}

// TestE20 kills a replica while it is handling a push, and delivers the push again after
// that.
func TestE20ARedeliveryOutlivesTheClaimOfADeadReplica(t *testing.T) {
	for _, store := range []*remote{newRemote(), flaky()} {
		for after := time.Duration(0); after <= 2*time.Second; after += 250 * time.Millisecond {
			synctest.Test(t, func(t *testing.T) {
				cfg := safeConfig()
				cfg.Dedupe = store
				alive := newTestHandler(t, cfg)
				c := &counter{}
				On(alive, c.handle)
				push := textPush(1, after.String())
				_, err := store.MemoryDedupeStore.Claim(t.Context(), storeKey(t, alive, push), "dead", alive.replicas.claimFor)
				require.NoError(t, err)
				time.Sleep(after)
				began := time.Now()
				reply, ok := safePlatform().read(safePlatform().sends(alive, push))
				assert.True(t, ok)
				assert.Contains(t, reply, "runs 1", after)
				assert.GreaterOrEqual(t, time.Since(began), 3*time.Second-after, "not while the claim lasts")
				assert.LessOrEqual(t, time.Since(began), 3*time.Second-after+pollEvery+storeLimit)
				require.NoError(t, alive.Shutdown(t.Context()))
				*store.MemoryDedupeStore = *NewMemoryDedupeStore()
			})
		}
	}
}

const storeLimit = 250 * time.Millisecond

func TestE20APushIsTakenOverAfterItWasAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		store := newRemote()
		cfg.Dedupe, cfg.SendDeferred = store, j.send
		alive := newTestHandler(t, cfg)
		var runs atomic.Int32
		On(alive, slow(0, &runs))
		push := textPush(1, "hello")
		key := storeKey(t, alive, push)
		living := func() {
			_, err := store.MemoryDedupeStore.Claim(t.Context(), key, "dies later", claimAtMost)
			require.NoError(t, err)
		}
		living()
		time.AfterFunc(2*time.Second, living)
		time.AfterFunc(4*time.Second, living) // and then nothing more
		assert.Equal(t, "success", safePlatform().sends(alive, push).Body.String())
		assert.Zero(t, runs.Load())
		time.Sleep(5 * time.Second)
		synctest.Wait()
		assert.EqualValues(t, 1, runs.Load(), "acknowledged and handled by nobody")
		assert.Len(t, j.messages(), 1)
		require.NoError(t, alive.Shutdown(t.Context()))
	})
}

// TestE20ATakenOverPushWaitsForAWorker: a push that was acknowledged is not delivered again.
func TestE20ATakenOverPushWaitsForAWorker(t *testing.T) {
	for _, shutdown := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			j := &journal{}
			cfg := safeConfig()
			cfg.Workers, cfg.QueueSize, cfg.Observer, cfg.SendDeferred = 1, NoQueue, j.observe, j.send
			store := NewMemoryDedupeStore()
			cfg.Dedupe = store
			h := newTestHandler(t, cfg)
			On(h, func(_ context.Context, m *TextMessage) (Reply, error) {
				if m.Content == "busy" {
					time.Sleep(10 * time.Second)
					return nil, nil
				}
				return Text("handled " + m.Content), nil
			})
			push := textPush(1, "a")
			key := storeKey(t, h, push)
			_, err := store.Claim(t.Context(), key, "another replica", 6*time.Second) // and then it dies
			require.NoError(t, err)
			assert.Equal(t, "success", safePlatform().sends(h, push).Body.String())
			go safePlatform().sends(h, textPush(2, "busy"))
			time.Sleep(5 * time.Second)
			assert.Empty(t, j.messages())
			if shutdown {
				require.NoError(t, h.Shutdown(t.Context()))
				assert.Equal(t, 1, j.outcomes()[OutcomeLost])
				c, err := store.Claim(t.Context(), key, "a third replica", time.Second)
				require.NoError(t, err)
				assert.Equal(t, ClaimStateGranted, c.State, "it was left to others")
			} else {
				time.Sleep(7 * time.Second)
				require.Len(t, j.messages(), 1)
				assert.Contains(t, j.messages()[0], "handled a")
				require.NoError(t, h.Shutdown(t.Context()))
			}
			time.Sleep(2 * time.Minute)
		})
	}
}

func TestE20AStoreThatFailsDoesNotEndTheWaitingForAnotherReplica(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := safeConfig()
		store := newRemote()
		var down atomic.Bool
		store.fails = func(method string) bool { return method == "Claim" && down.Load() }
		cfg.Dedupe = store
		a, b := replicaPair(t, cfg)
		var runs atomic.Int32
		On(a, slow(2*time.Second, &runs))
		On(b, slow(2*time.Second, &runs))
		p := safePlatform()
		push := textPush(1, "hello")
		go p.sends(a, push)
		time.Sleep(500 * time.Millisecond)
		time.AfterFunc(100*time.Millisecond, func() { down.Store(true) })
		time.AfterFunc(time.Second, func() { down.Store(false) })
		reply, ok := p.read(p.sends(b, push))
		assert.True(t, ok)
		assert.Contains(t, reply, "after 2s")
		assert.EqualValues(t, 1, runs.Load())
		require.NoError(t, b.Shutdown(t.Context()))
	})
}

func TestE21AStoreThatIgnoresItsContextIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := safeConfig()
		cfg.Dedupe = badStore{func() { time.Sleep(6 * time.Second) }}
		h := newTestHandler(t, cfg)
		On(h, (&counter{}).handle)
		for n := range 10 {
			began := time.Now()
			reply, ok := safePlatform().read(safePlatform().sends(h, textPush(n+1, "a")))
			assert.True(t, ok)
			assert.Contains(t, reply, "runs")
			assert.LessOrEqual(t, time.Since(began), 300*time.Millisecond)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
	})
}

func TestE21AFailedClaimIsTriedAgainBeforeEachReplicaDecidesForItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := safeConfig()
		store := newRemote()
		var failures atomic.Int32
		store.fails = func(string) bool { return failures.Add(-1) >= 0 }
		cfg.Dedupe = store
		h := newTestHandler(t, cfg)
		c := &counter{}
		On(h, c.handle)
		push := textPush(1, "hello")
		require.NoError(t, store.MemoryDedupeStore.Finish(t.Context(), storeKey(t, h, push), "another", []byte("<xml>theirs</xml>"), time.Minute))
		failures.Store(5)
		reply, ok := safePlatform().read(safePlatform().sends(h, push))
		assert.True(t, ok)
		assert.Equal(t, "<xml>theirs</xml>", reply)
		assert.Zero(t, c.count())
		assert.Equal(t, 6, store.count("Claim"))
		time.Sleep(time.Minute)
	})
}

func TestAStoreThatReturnsNoStateCountsAsFailing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.Dedupe, cfg.Observer, cfg.Logger = stateless{newRemote()}, j.observe, j.log.Logger()
		h := newTestHandler(t, cfg)
		On(h, (&counter{}).handle)
		reply, _ := safePlatform().read(safePlatform().sends(h, textPush(1, "a")))
		assert.Contains(t, reply, "runs 1")
		assert.Positive(t, j.outcomes()[OutcomeFault])
		assert.Contains(t, j.log.String(), "returned the unknown state")
		time.Sleep(time.Minute)
	})
}

// numberless is a store that does not count deliveries.
type numberless struct{ *MemoryDedupeStore }

func (s numberless) Claim(ctx context.Context, key, owner string, ttl time.Duration) (Claim, error) {
	c, err := s.MemoryDedupeStore.Claim(ctx, key, owner, ttl)
	c.Delivery = 0
	return c, err
}

func TestADeliveryWithoutANumberIsNotHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := safeConfig()
		cfg.HoldDeliveries, cfg.Dedupe = true, numberless{NewMemoryDedupeStore()}
		h := newTestHandler(t, cfg)
		var runs atomic.Int32
		On(h, slow(20*time.Second, &runs))
		assert.Equal(t, 1, safePlatform().pushes(textPush(1, "a"), h).attempts)
		time.Sleep(time.Minute)
	})
}

// severed is a store that one replica cannot reach for a while.
type severed struct {
	*MemoryDedupeStore

	off atomic.Bool
}

func (s *severed) Claim(ctx context.Context, key, owner string, ttl time.Duration) (Claim, error) {
	if s.off.Load() {
		return Claim{}, errStore
	}
	return s.MemoryDedupeStore.Claim(ctx, key, owner, ttl)
}

// TestE20AClaimThatWasLostIsTakenBack: the replica that took it meanwhile may die.
func TestE20AClaimThatWasLostIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := safeConfig()
		shared := NewMemoryDedupeStore()
		store := &severed{MemoryDedupeStore: shared}
		cfg.Dedupe = store
		a := newTestHandler(t, cfg)
		cfg.Dedupe = shared
		b := newTestHandler(t, cfg)
		var runs atomic.Int32
		On(a, slow(20*time.Second, &runs))
		On(b, slow(time.Second, &runs))
		push := textPush(1, "a")
		ctx, hangUp := context.WithCancel(t.Context())
		go a.ServeHTTP(httptest.NewRecorder(), safePlatform().request(ctx, push))
		time.Sleep(time.Second)
		hangUp()
		store.off.Store(true)
		time.Sleep(4 * time.Second)
		c, err := shared.Claim(t.Context(), storeKey(t, b, push), "another replica", 3*time.Second) // and then it dies
		require.NoError(t, err)
		require.Equal(t, ClaimStateGranted, c.State)
		store.off.Store(false)
		time.Sleep(5 * time.Second)
		assert.Equal(t, "success", safePlatform().sends(b, push).Body.String())
		assert.EqualValues(t, 1, runs.Load())
		time.Sleep(2 * time.Minute)
	})
}

// stateless is a store for another version of the interface.
type stateless struct{ *remote }

func (stateless) Claim(context.Context, string, string, time.Duration) (Claim, error) {
	return Claim{}, nil
}

func TestAClaimIsRenewedWhileThePushWaitsAndRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := safeConfig()
		store := newRemote()
		store.latency = func() time.Duration { return 10 * time.Millisecond }
		cfg.Dedupe = store
		a, b := replicaPair(t, cfg)
		var runs atomic.Int32
		On(a, slow(20*time.Second, &runs))
		On(b, slow(20*time.Second, &runs))
		push := textPush(1, "hello")
		go safePlatform().sends(a, push)
		time.Sleep(15 * time.Second)
		assert.Equal(t, 15, store.count("Claim"), "once a second")
		assert.Equal(t, "success", safePlatform().sends(b, push).Body.String())
		require.NoError(t, a.Shutdown(t.Context()))
		assert.EqualValues(t, 1, runs.Load())
		claims := store.count("Claim")
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.LessOrEqual(t, store.count("Claim"), claims+1, "and no longer")
		assert.Equal(t, 1, store.count("Finish"))
		assert.Zero(t, store.count("ChooseReplyMethod"))
	})
}

func TestClaimsAreShorterThanTheWaitingOfADelivery(t *testing.T) {
	for budget, want := range map[time.Duration]time.Duration{
		0:                       3 * time.Second,
		4900 * time.Millisecond: 3 * time.Second,
		3 * time.Second:         2 * time.Second,
		time.Millisecond:        time.Second,
	} {
		cfg := safeConfig()
		cfg.ResponseTimeout, cfg.Dedupe = budget, NewMemoryDedupeStore()
		assert.Equal(t, want, newTestHandler(t, cfg).replicas.claimFor)
	}
}

func TestE19AReplyGoesToTheReplicaThatADeliveryWaitsAt(t *testing.T) {
	for _, waits := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			j := &journal{}
			cfg := safeConfig()
			store := newRemote()
			cfg.Dedupe, cfg.SendDeferred, cfg.Observer = store, j.send, j.observe
			a, b := replicaPair(t, cfg)
			var runs atomic.Int32
			On(a, slow(3*time.Second, &runs))
			On(b, slow(3*time.Second, &runs))
			p := safePlatform()
			push := textPush(1, "hello")
			hangsUp := func(h *Handler, after time.Duration) {
				ctx, cancel := context.WithTimeout(t.Context(), after)
				defer cancel()
				h.ServeHTTP(httptest.NewRecorder(), p.request(ctx, push))
			}
			hangsUp(a, time.Second)
			if waits {
				reply, ok := p.read(p.sends(b, push))
				assert.True(t, ok)
				assert.Contains(t, reply, "after 3s")
			} else {
				hangsUp(b, time.Second)
			}
			time.Sleep(20 * time.Second)
			synctest.Wait()
			assert.EqualValues(t, 1, runs.Load())
			settled, err := store.MemoryDedupeStore.ChooseReplyMethod(t.Context(), storeKey(t, a, push), "")
			require.NoError(t, err)
			if waits {
				assert.Equal(t, ReplyMethodResponse, settled)
				assert.Empty(t, j.messages())
				assert.Equal(t, 1, j.outcomes()[OutcomeReplied])
			} else {
				assert.Equal(t, ReplyMethodDeferred, settled)
				assert.Len(t, j.messages(), 1)
			}
			reply, ok := p.read(p.sends(b, push))
			assert.True(t, ok)
			assert.Empty(t, reply, "the reply is kept for 20 seconds")
		})
	}
}

func TestE19TheRestOfALongTextIsSentWhereverItsFirstPartIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.Dedupe, cfg.SendDeferred = newRemote(), j.send
		a, b := replicaPair(t, cfg)
		On(a, func(context.Context, *TextMessage) (Reply, error) {
			time.Sleep(2 * time.Second)
			return Text(strings.Repeat("x", maxTextBytes) + "rest"), nil
		})
		p := safePlatform()
		push := textPush(1, "hello")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		a.ServeHTTP(httptest.NewRecorder(), p.request(ctx, push))
		reply, _ := p.read(p.sends(b, push))
		assert.Contains(t, reply, strings.Repeat("x", maxTextBytes))
		require.NoError(t, a.Shutdown(t.Context()))
		require.Len(t, j.messages(), 1)
		assert.Contains(t, j.messages()[0], "rest")
	})
}

func TestAReplyThatAnotherReplicaIsAboutToSendIsNoAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		settled  ReplyMethod
		fails    bool
		deferred bool
		replied  bool
	}{
		"nothing is settled":    {"", false, true, true},
		"it was answered":       {ReplyMethodResponse, false, true, true},
		"it is sent":            {ReplyMethodDeferred, false, true, false},
		"unknown":               {"", true, true, false},
		"unknown, no other way": {"", true, false, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			j := &journal{}
			cfg := safeConfig()
			store := newRemote()
			store.fails = func(method string) bool { return test.fails && method == "ChooseReplyMethod" }
			cfg.Dedupe = store
			if test.deferred {
				cfg.SendDeferred = j.send
			}
			h := newTestHandler(t, cfg)
			push := textPush(1, "hello")
			key := storeKey(t, h, push)
			require.NoError(t, store.MemoryDedupeStore.Finish(t.Context(), key, "another", []byte("<xml>theirs</xml>"), time.Minute))
			if test.settled != "" {
				_, err := store.MemoryDedupeStore.ChooseReplyMethod(t.Context(), key, test.settled)
				require.NoError(t, err)
			}
			reply, ok := safePlatform().read(safePlatform().sends(h, push))
			assert.True(t, ok, name)
			assert.Equal(t, test.replied, reply != "", name)
			time.Sleep(time.Minute)
		})
	}
}

func TestAnOrphanIsSentUnlessAnotherReplicaAnsweredIt(t *testing.T) {
	for name, test := range map[string]struct {
		settled ReplyMethod
		fails   bool
		sent    int
	}{
		"nothing is settled": {"", false, 1},
		"it was answered":    {ReplyMethodResponse, false, 0},
		"unknown":            {ReplyMethodResponse, true, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			j := &journal{}
			cfg := safeConfig()
			store := newRemote()
			store.fails = func(method string) bool { return test.fails && method == "ChooseReplyMethod" }
			cfg.Dedupe, cfg.SendDeferred = store, j.send
			h := newTestHandler(t, cfg)
			On(h, (&counter{}).handle)
			push := textPush(1, "hello")
			if test.settled != "" {
				_, err := store.MemoryDedupeStore.ChooseReplyMethod(t.Context(), storeKey(t, h, push), test.settled)
				require.NoError(t, err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			h.ServeHTTP(httptest.NewRecorder(), safePlatform().request(ctx, push))
			began := time.Now()
			time.Sleep(orphanAfter - 100*time.Millisecond)
			assert.Empty(t, j.messages())
			require.NoError(t, h.Shutdown(t.Context()))
			assert.Len(t, j.messages(), test.sent, name)
			if test.fails {
				assert.LessOrEqual(t, time.Since(began), orphanAfter+insistFor+time.Second)
				assert.Greater(t, store.count("ChooseReplyMethod"), 10)
			}
			reply, _ := safePlatform().read(safePlatform().sends(newTestHandler(t, cfg), push))
			assert.Equal(t, test.sent == 0, reply != "", name)
			time.Sleep(time.Minute)
			synctest.Wait()
		})
	}
}

func TestHoldingCountsDeliveriesOfAllReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.Dedupe, cfg.HoldDeliveries, cfg.Observer, cfg.SendDeferred = newRemote(), true, j.observe, j.send
		a, b := replicaPair(t, cfg)
		var runs atomic.Int32
		On(a, slow(20*time.Second, &runs))
		s := safePlatform().pushes(textPush(1, "hello"), a, b, a)
		assert.Equal(t, 3, s.attempts)
		assert.False(t, s.failed)
		assert.Less(t, s.latest, platformWaits)
		require.NoError(t, a.Shutdown(t.Context()))
		require.NoError(t, b.Shutdown(t.Context()))
		var numbers []int
		for _, o := range j.events {
			if o.Delivery > 0 {
				numbers = append(numbers, o.Delivery)
				assert.Equal(t, o.Delivery > 1, o.Duplicate)
			}
		}
		assert.Equal(t, []int{1, 2, 3}, numbers)
		assert.Equal(t, map[Outcome]int{OutcomeHeld: 2, OutcomeLate: 1, OutcomeHandled: 1, OutcomeDeferred: 1}, j.outcomes())
		time.Sleep(time.Minute)
		synctest.Wait()
	})
}

func TestADeliveryOfUnknownNumberIsNotHeld(t *testing.T) {
	for _, second := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			cfg := safeConfig()
			store := newRemote()
			var down atomic.Bool
			store.fails = func(string) bool { return down.Load() }
			cfg.Dedupe, cfg.HoldDeliveries = store, true
			h := newTestHandler(t, cfg)
			var runs atomic.Int32
			On(h, slow(20*time.Second, &runs))
			p := safePlatform()
			push := textPush(1, "hello")
			if second {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				h.ServeHTTP(httptest.NewRecorder(), p.request(ctx, push))
			}
			down.Store(true)
			began := time.Now()
			assert.Equal(t, "success", p.sends(h, push).Body.String())
			assert.Equal(t, defaultBudget, time.Since(began))
			require.NoError(t, h.Shutdown(t.Context()))
			time.Sleep(time.Minute)
			synctest.Wait()
		})
	}
}

func TestTheNumberOfADeliveryTakesNoClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := safeConfig()
		store := newRemote()
		cfg.Dedupe, cfg.HoldDeliveries = store, true
		h := newTestHandler(t, cfg)
		push, err := h.Parse(safePlatform().request(t.Context(), textPush(1, "a")))
		require.NoError(t, err)
		r := &run{storeKey: "key", push: push, ctx: t.Context()}
		assert.Equal(t, 1, h.number(t.Context(), r))
		assert.Equal(t, 2, h.number(t.Context(), r))
		c, err := store.MemoryDedupeStore.Claim(t.Context(), "key", "x", time.Second)
		require.NoError(t, err)
		assert.Equal(t, Claim{State: ClaimStateGranted, Delivery: 3}, c)
	})
}

func TestFollowingEndsWithAShutdownAndWithoutAnybodyWaiting(t *testing.T) {
	for _, shutdown := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			cfg := safeConfig()
			store := newRemote()
			cfg.Dedupe = store
			h := newTestHandler(t, cfg)
			push := textPush(1, "hello")
			_, err := store.MemoryDedupeStore.Claim(t.Context(), storeKey(t, h, push), "stuck", time.Hour)
			require.NoError(t, err)
			assert.Equal(t, "success", safePlatform().sends(h, push).Body.String())
			assert.InDelta(t, 22, store.count("Claim"), 2, "each 200 ms while a delivery waits")
			if shutdown {
				require.NoError(t, h.Shutdown(t.Context()))
				synctest.Wait()
			}
			before := store.count("Claim")
			time.Sleep(2 * time.Minute)
			more := store.count("Claim") - before
			if shutdown {
				assert.LessOrEqual(t, more, 1)
			} else {
				assert.InDelta(t, 55, more, 3, "each second after that, for as long as a handler may run")
			}
		})
	}
}

func TestFewPushesInsistOnAStoreThatIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := safeConfig()
		store := newRemote()
		store.fails = func(string) bool { return true }
		cfg.Dedupe = store
		h := newTestHandler(t, cfg)
		On(h, (&counter{}).handle)
		before := runtime.NumGoroutine()
		for n := range 3000 {
			safePlatform().sends(h, textPush(n+1, "a"))
		}
		synctest.Wait()
		assert.LessOrEqual(t, runtime.NumGoroutine(), before+2*maxInsistence+100)
		require.NoError(t, h.Shutdown(t.Context()))
		assert.Zero(t, h.replicas.insisting.Load())
		time.Sleep(time.Minute)
	})
}

// replyOver reads the reply from a connection, or "" if there is none.
func replyOver(conn io.Reader) string {
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return ""
	}
	w := httptest.NewRecorder()
	_, _ = io.Copy(w, answer.Body)
	reply, _ := safePlatform().read(w)
	return reply
}

// TestE19 uses TCP: each push is delivered by a client that closes the connection, and then to
// the other replica by one that waits.
func TestE19HangUpsOverTCPRunNothingTwice(t *testing.T) {
	j := &journal{}
	cfg := safeConfig()
	cfg.Dedupe, cfg.Observer = newRemote(), j.observe
	a, b := replicaPair(t, cfg)
	var runs atomic.Int32
	On(a, slow(30*time.Millisecond, &runs))
	On(b, slow(30*time.Millisecond, &runs))
	servers := []*httptest.Server{serve(t, a), serve(t, b)}
	const pushes = 100
	var all sync.WaitGroup
	var replies atomic.Int32
	free := make(chan struct{}, 50)
	for n := range pushes {
		all.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			push := textPush(n+1, "hello")
			conn := dial(t, servers[n%2], push)
			time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
			_ = conn.Close()
			if strings.Contains(replyOver(dial(t, servers[(n+1)%2], push)), "after 30ms") {
				replies.Add(1)
			}
		})
	}
	all.Wait()
	if j.outcomes()[OutcomeFault] > 0 {
		t.Skip("this machine is so busy that the store takes 250 ms")
	}
	assert.EqualValues(t, pushes, runs.Load())
	assert.EqualValues(t, pushes, replies.Load())
}

func TestOnlySoManyInsistAtOnce(t *testing.T) {
	for others, want := range map[int32]time.Duration{maxInsistence - 1: 5 * time.Second, maxInsistence: 0} {
		synctest.Test(t, func(t *testing.T) {
			cfg := safeConfig()
			store := newRemote()
			store.fails = func(string) bool { return true }
			cfg.Dedupe = store
			h := newTestHandler(t, cfg)
			h.replicas.insisting.Store(others)
			began := time.Now()
			_, err := insist(t.Context(), h.engine, func(ctx context.Context) (ReplyMethod, error) {
				return store.ChooseReplyMethod(ctx, "key", ReplyMethodResponse)
			})
			require.Error(t, err)
			assert.GreaterOrEqual(t, time.Since(began), want)
			assert.LessOrEqual(t, time.Since(began), want+storeLimit+pollEvery)
			assert.Equal(t, others, h.replicas.insisting.Load())
			time.Sleep(time.Minute)
		})
	}
}

func TestACallThatFailsIsMadeAgainWhileThereIsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := safeConfig()
		cfg.Dedupe = stateless{}
		h := newTestHandler(t, cfg)
		calls, began := 0, time.Now()
		_, err := askStore(t.Context(), h.engine, func(context.Context) (struct{}, error) { calls++; return struct{}{}, assert.AnError })
		require.ErrorIs(t, err, assert.AnError)
		assert.Equal(t, 25, calls, "each 10 ms, and not at the end of the 250")
		assert.Equal(t, 240*time.Millisecond, time.Since(began))
	})
}

func TestReplicasAreNotToldOfAReplyThatIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.Dedupe, cfg.SendDeferred = newRemote(), j.send
		a, b := replicaPair(t, cfg)
		var runs atomic.Int32
		On(a, slow(6*time.Second, &runs))
		p := safePlatform()
		push := textPush(1, "hello")
		assert.Equal(t, "success", p.sends(a, push).Body.String())
		reply, ok := p.read(p.sends(b, push)) // the acknowledgment was lost on the way
		assert.True(t, ok)
		assert.Empty(t, reply)
		require.NoError(t, a.Shutdown(t.Context()))
		assert.Len(t, j.messages(), 1)
		assert.EqualValues(t, 1, runs.Load())
		time.Sleep(time.Minute)
	})
}
