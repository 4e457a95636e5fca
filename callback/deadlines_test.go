package callback

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestDeadlinesExpireAtTheirTime: whatever the order in which they are set and removed, each
// that was not removed expires once and exactly in time, by one timer.
func TestDeadlinesExpireAtTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 1000
		began := time.Now()
		expired := map[int]time.Duration{}
		l := &deadlines[int]{expire: func(i int) {
			assert.NotContains(t, expired, i)
			expired[i] = time.Since(began)
		}}
		all, want := make([]deadline[int], n), map[int]time.Duration{}
		r := rand.New(rand.NewPCG(1, 2))
		for i := range all {
			at := time.Duration(r.IntN(5000)+100) * time.Millisecond
			want[i] = at
			l.add(&all[i], i, began.Add(at))
			if r.IntN(3) == 0 {
				removed := r.IntN(i + 1)
				l.remove(&all[removed])
				l.remove(&all[removed]) // has no effect
				delete(want, removed)
			}
			if r.IntN(20) == 0 {
				time.Sleep(time.Millisecond)
				synctest.Wait()
			}
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		assert.Equal(t, want, expired)
		assert.Less(t, len(want), n, "some were removed")
		assert.Nil(t, l.first)
		assert.Nil(t, l.last)
		assert.True(t, l.alarm.IsZero(), "and sleeps then")
		l.remove(&all[0])
		l.add(&all[0], n, time.Now().Add(time.Second))
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Contains(t, expired, n, "and wakes up again")
	})
}

func TestADeadlineInThePastExpiresAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var expired []string
		l := &deadlines[string]{expire: func(s string) { expired = append(expired, s) }}
		assertExpired := func(want ...string) {
			synctest.Wait()
			l.mu.Lock()
			defer l.mu.Unlock()
			assert.Equal(t, want, expired)
		}
		var late, past, now deadline[string]
		l.add(&late, "late", time.Now().Add(time.Minute))
		l.add(&past, "past", time.Now().Add(-time.Minute))
		l.add(&now, "now", time.Now())
		assertExpired("past", "now")
		time.Sleep(time.Minute)
		assertExpired("past", "now", "late")
	})
}

// TestDeliveriesInTimeSetNoTimers: 1,000 deliveries wait and are answered within the time of
// one budget, and set the timer once.
func TestDeliveriesInTimeSetNoTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newTestHandler(t, plainConfig())
		On(h, func(context.Context, *TextMessage) (Reply, error) {
			time.Sleep(time.Millisecond)
			return Text("hello"), nil
		})
		timers := map[*time.Timer]bool{}
		for n := range 1000 {
			assert.Contains(t, plainPlatform().sends(h, textPush(n+1, "hello")).Body.String(), "</xml>")
			timers[h.budgets.timer], timers[h.handlers.timer] = true, true
			time.Sleep(time.Millisecond)
		}
		assert.Len(t, timers, 2)
	})
}
