package callback

import (
	"context"
	"errors"
	"fmt"
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
)

// remote is a store on another machine: it has latency, heeds its context, and fails
// before or after it did what it was asked.
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

// flaky fails one call in ten before and one in ten after it was executed.
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

func (s *remote) Settle(ctx context.Context, key string, way ReplyWay) (ReplyWay, error) {
	return trip(ctx, s, "Settle", func() (ReplyWay, error) { return s.MemoryDedupeStore.Settle(ctx, key, way) })
}

func (s *remote) Release(ctx context.Context, key, owner string) error {
	_, err := trip(ctx, s, "Release", func() (any, error) { return nil, s.MemoryDedupeStore.Release(ctx, key, owner) })
	return err
}

// storm delivers many pushes to two replicas, to one or the other by chance, and
// hangs up on some of the first two deliveries of a push.
type storm struct {
	pushes int
	hold   bool
	takes  func(n int) time.Duration // of the handler
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
	cfg.Dedupe, cfg.Hold, cfg.Logger = store, s.hold, (&journal{}).logger()
	cfg.Deferred = func(_ context.Context, body []byte) error {
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
		if rand.IntN(2) == 0 || n > 0 && s.hold { // at once, or when the time is over
			time.Sleep(time.Until(began.Add(interval)))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed++
}

// check counts what was handled and replied other than once.
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
	quick := func(n int) time.Duration { return time.Duration(n%1000) * time.Millisecond }
	long := func(n int) time.Duration { return time.Duration(n%20000) * time.Millisecond * 17 % (20 * time.Second) }
	for name, s := range map[string]*storm{
		"quick":             {takes: quick},
		"quick, hanging up": {takes: quick, hangUp: 0.5},
		"long, hanging up":  {takes: long, hangUp: 0.5},
		"hold":              {takes: long, hold: true},
		"hold, hanging up":  {takes: long, hold: true, hangUp: 0.3},
	} {
		for _, store := range []*remote{newRemote(), flaky()} {
			t.Run(name, func(t *testing.T) {
				before := runtime.NumGoroutine()
				synctest.Test(t, func(t *testing.T) {
					s.pushes = 1200
					s.rage(t, store)
					s.check(t)
					time.Sleep(2 * time.Minute) // followers end
				})
				assert.LessOrEqual(t, runtime.NumGoroutine(), before+1)
			})
		}
	}
}

func replicaPair(t *testing.T, cfg Config) (a, b *Handler) {
	t.Helper()
	return newTestHandler(t, cfg), newTestHandler(t, cfg)
}

var _ = http.StatusOK
var _ = strings.Contains
