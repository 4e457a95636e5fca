package callback

import (
	"context"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// dedupeSteps tests whether a store fulfills its contract.
type dedupeSteps struct {
	t     *testing.T
	store DedupeStore
}

func (s dedupeSteps) claim(owner string, want Claim) {
	s.t.Helper()
	got, err := s.store.Claim(s.t.Context(), "key", owner, 3*time.Second)
	require.NoError(s.t, err)
	assert.Equal(s.t, want, got)
}

func (s dedupeSteps) finish(owner, reply string) {
	s.t.Helper()
	require.NoError(s.t, s.store.Finish(s.t.Context(), "key", owner, []byte(reply), 10*time.Minute))
}

func (s dedupeSteps) release(owner string) {
	s.t.Helper()
	require.NoError(s.t, s.store.Release(s.t.Context(), "key", owner))
}

func (s dedupeSteps) choose(method, want ReplyMethod) {
	s.t.Helper()
	got, err := s.store.ChooseReplyMethod(s.t.Context(), "key", method)
	require.NoError(s.t, err)
	assert.Equal(s.t, want, got)
}

func TestAMemoryDedupeStoreKeepsItsContract(t *testing.T) {
	granted := func(n int) Claim { return Claim{State: ClaimStateGranted, Delivery: n} }
	taken := func(n int) Claim { return Claim{State: ClaimStateTaken, Delivery: n} }
	done := func(n int, reply string) Claim {
		c := Claim{State: ClaimStateDone, Delivery: n}
		if reply != "" {
			c.Reply = []byte(reply)
		}
		return c
	}
	for name, steps := range map[string]func(s dedupeSteps){
		"one owner has it": func(s dedupeSteps) {
			s.claim("a", granted(1))
			s.claim("b", taken(2))
			s.claim("a", granted(1))
			s.claim("c", taken(3))
			s.claim("d", taken(3))
			s.claim("b", taken(2))
		},
		"a claim ends": func(s dedupeSteps) {
			s.claim("a", granted(1))
			time.Sleep(3*time.Second - 1)
			s.claim("b", taken(2))
			time.Sleep(time.Nanosecond)
			s.claim("b", granted(2))
			s.claim("a", taken(1))
		},
		"a claim is renewed": func(s dedupeSteps) {
			for range 100 {
				s.claim("a", granted(1))
				time.Sleep(2 * time.Second)
			}
			s.claim("b", taken(2))
			time.Sleep(time.Second)
			s.claim("b", granted(2))
		},
		"the count outlives claims": func(s dedupeSteps) {
			s.claim("a", granted(1))
			time.Sleep(DedupeRetention - 1)
			s.claim("b", granted(2))
			s.release("b")
			time.Sleep(DedupeRetention - 1)
			s.claim("c", granted(3))
			time.Sleep(DedupeRetention)
			s.claim("d", granted(1))
		},
		"only the owner releases": func(s dedupeSteps) {
			s.release("a")
			s.claim("a", granted(1))
			s.release("b")
			s.claim("b", taken(2))
			s.release("a")
			s.claim("b", granted(2))
		},
		"done": func(s dedupeSteps) {
			s.claim("a", granted(1))
			s.finish("a", "reply")
			s.claim("b", done(2, "reply"))
			s.claim("a", done(1, "reply"))
			s.release("a")
			s.claim("c", done(3, "reply"))
			time.Sleep(DedupeReplyRetention - 1)
			s.claim("b", done(2, "reply"))
			time.Sleep(time.Nanosecond)
			s.claim("b", done(2, ""))
			time.Sleep(10*time.Minute - DedupeReplyRetention - 1)
			s.claim("b", done(2, ""))
			time.Sleep(DedupeRetention)
			s.claim("b", granted(1))
		},
		"done without a reply": func(s dedupeSteps) {
			s.claim("a", granted(1))
			s.finish("a", "")
			s.claim("b", done(2, ""))
		},
		"finished twice": func(s dedupeSteps) {
			s.finish("a", "first")
			s.finish("a", "second")
			s.finish("b", "third")
			s.claim("b", done(1, "first"))
		},
		"finished by who lost the claim": func(s dedupeSteps) {
			s.claim("a", granted(1))
			time.Sleep(3 * time.Second)
			s.claim("b", granted(2))
			s.finish("a", "late")
			s.claim("c", taken(3))
			s.finish("b", "in time")
			s.claim("c", done(3, "in time"))
		},
		"finished after the claim": func(s dedupeSteps) {
			s.claim("a", granted(1))
			time.Sleep(3 * time.Second)
			s.finish("a", "late")
			s.claim("b", done(2, "late"))
		},
		"finished after a release": func(s dedupeSteps) {
			s.claim("a", granted(1))
			s.release("a")
			s.finish("b", "reply")
			s.claim("a", done(1, "reply"))
		},
		"the first method": func(s dedupeSteps) {
			s.claim("a", granted(1))
			s.choose(ReplyMethodResponse, ReplyMethodResponse)
			s.choose(ReplyMethodDeferred, ReplyMethodResponse)
			s.finish("a", "reply")
			s.choose(ReplyMethodDeferred, ReplyMethodResponse)
			s.choose(ReplyMethodResponse, ReplyMethodResponse)
			s.claim("b", done(2, "reply"))
			time.Sleep(DedupeRetention)
			s.choose(ReplyMethodDeferred, ReplyMethodResponse)
		},
		"a method alone": func(s dedupeSteps) {
			s.choose(ReplyMethodDeferred, ReplyMethodDeferred)
			time.Sleep(DedupeRetention - 1)
			s.choose(ReplyMethodResponse, ReplyMethodDeferred)
			time.Sleep(DedupeRetention)
			s.choose(ReplyMethodResponse, ReplyMethodResponse)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { steps(dedupeSteps{t, NewMemoryDedupeStore()}) })
		})
	}
}

func TestAMemoryDedupeStoreCopiesReplies(t *testing.T) {
	s := dedupeSteps{t, NewMemoryDedupeStore()}
	reply := []byte("reply")
	require.NoError(t, s.store.Finish(t.Context(), "key", "a", reply, time.Minute))
	reply[0] = 'x'
	s.claim("b", Claim{State: ClaimStateDone, Delivery: 1, Reply: []byte("reply")})
}

func TestE23AClaimInProgressIsNeverEvicted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := NewMemoryDedupeStore()
		store.pushes.limits.entries = 100
		s := dedupeSteps{t, store}
		s.claim("a", Claim{State: ClaimStateGranted, Delivery: 1})
		for n := range 1000 {
			require.NoError(t, store.Finish(t.Context(), strconv.Itoa(n), "x", nil, time.Minute))
		}
		s.claim("b", Claim{State: ClaimStateTaken, Delivery: 2})
		assert.Len(t, store.pushes.entries, 100)
		time.Sleep(3 * time.Second)
		for n := range 1000 {
			require.NoError(t, store.Finish(t.Context(), strconv.Itoa(n), "x", nil, time.Minute))
		}
		assert.NotContains(t, store.pushes.entries, "key", "its claim has ended")
	})
}

// TestE23 handles more pushes than are remembered. Even more of them make no difference.
func TestE23PushesWithRepliesFitIn64MiB(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	cfg := safeConfig()
	store := NewMemoryDedupeStore()
	cfg.Dedupe = store
	h := newTestHandler(t, cfg)
	before := heapInUse()
	reply := []byte(strings.Repeat("x", 2000))
	p := &Push{Message: &TextMessage{}, head: Header{FromUserName: testOpenID, ToUserName: testAccount}}
	for n := range maxRemembered * 5 / 4 {
		p.id = strconv.Itoa(n + 1)
		d := &delivery{push: p}
		require.True(t, h.join(t.Context(), d))
		c, err := h.claim(t.Context(), d.run.storeKey, d.run.owner)
		require.NoError(t, err)
		require.Equal(t, ClaimStateGranted, c.State)
		h.renewAfter(d.run, time.Hour)
		h.conclude(d.run, result{rendered: append([]byte(nil), reply...)})
		h.decide(d)
	}
	used := heapInUse() - before
	assert.LessOrEqual(t, used, int64(64<<20))
	t.Logf("%d MiB", used>>20)
	assert.Len(t, h.seen.entries, maxRemembered)
	assert.Len(t, store.pushes.entries, maxRemembered)
	assert.Len(t, h.replies.kept, maxRepliesBytes/2000)
	assert.Len(t, store.replies.kept, maxRepliesBytes/2000)
	runtime.KeepAlive(h)
}

// size returns the number of entries of an lru.
func size[K comparable, V any](l *lru[K, V]) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.entries)
}

func TestE23RepliesAreKeptForTwentySecondsAndPushesForTwiceTheWindow(t *testing.T) {
	for window, want := range map[time.Duration]time.Duration{
		0:               10 * time.Minute,
		time.Second:     time.Minute,
		5 * time.Second: time.Minute,
		time.Minute:     2 * time.Minute,
	} {
		synctest.Test(t, func(t *testing.T) {
			cfg := safeConfig()
			cfg.ReplayWindow = window
			h := newTestHandler(t, cfg)
			c := &counter{}
			On(h, c.handle)
			p := safePlatform()
			push := textPush(1, "hello")
			deliver := func() string {
				reply, ok := p.read(p.sends(h, push))
				assert.True(t, ok)
				return reply
			}
			assert.Contains(t, deliver(), "runs 1")
			time.Sleep(DedupeReplyRetention - 1)
			assert.Contains(t, deliver(), "runs 1")
			assert.Equal(t, 1, countOf(&h.replies))
			time.Sleep(2 * time.Nanosecond)
			synctest.Wait()
			assert.Zero(t, countOf(&h.replies), "without another push")
			assert.Empty(t, deliver())
			assert.Equal(t, want, h.rememberFor)
			time.Sleep(want - 1)
			assert.Empty(t, deliver())
			assert.Equal(t, 1, c.count())
			time.Sleep(want + time.Second)
			synctest.Wait()
			assert.Zero(t, size(h.seen))
			assert.Contains(t, deliver(), "runs 2")
		})
	}
}

func TestE23ARunInProgressIsNeverEvicted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newTestHandler(t, safeConfig())
		h.seen.limits.entries = 10
		var runs, quick int
		h.OnText(TextEquals("long"), func(ctx context.Context, _ *TextMessage) (Reply, error) {
			runs++
			<-ctx.Done()
			return Text("done"), nil
		})
		On(h, func(context.Context, *TextMessage) (Reply, error) { quick++; return nil, nil })
		p := safePlatform()
		push := textPush(1, "long")
		go p.sends(h, push)
		synctest.Wait()
		for n := range 100 {
			p.sends(h, textPush(n+2, "x"))
		}
		assert.Equal(t, 10, size(h.seen))
		assert.Equal(t, "success", p.sends(h, push).Body.String())
		time.Sleep(2 * time.Minute)
		assert.Equal(t, 1, runs)
		assert.Equal(t, 100, quick)
	})
}
