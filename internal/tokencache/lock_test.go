package tokencache

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hold locks the store for another process, and renews the lock as told.
func hold(t *testing.T, m *memory, renewals int, every time.Duration) {
	t.Helper()
	lock := func() {
		_, err := m.Lock(context.Background(), key+":lock", "other", lockTTL)
		assert.NoError(t, err)
	}
	lock()
	go func() {
		for range renewals {
			time.Sleep(every)
			lock()
		}
	}()
}

func TestHolderIsDeadWhenItsLockWasNotRenewedForTwoSeconds(t *testing.T) {
	h := holder{since: origin}
	see := func(now, end time.Duration) bool {
		h.see(origin.Add(now), end-now)
		return h.dead()
	}
	assert.False(t, see(time.Second, 10*time.Second))
	assert.False(t, see(3*time.Second-1, 10*time.Second))
	assert.True(t, see(3*time.Second, 10*time.Second))
	assert.True(t, see(3*time.Second, 10*time.Second+renewedBy-1), "the store rounds")
	assert.False(t, see(3*time.Second, 10*time.Second+renewedBy))
	assert.True(t, see(5*time.Second, 10*time.Second))
	assert.False(t, h.waited(acquireLimit))
	see(acquireLimit-1, time.Hour)
	assert.False(t, h.waited(acquireLimit))
	see(acquireLimit, time.Hour)
	assert.True(t, h.waited(acquireLimit))
}

func TestLockThatIsNotRenewedDelaysAFetchByTwoSeconds(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, m *memory, c *Cache) {
		hold(t, m, 0, 0)
		begin := time.Now()
		require.Equal(t, "value-1", token(t, c, ""))
		assert.GreaterOrEqual(t, time.Since(begin), 2*time.Second)
		assert.LessOrEqual(t, time.Since(begin), 2100*time.Millisecond)
		assert.Equal(t, 1, s.count())
		assert.Equal(t, "value-1", m.value(key))
		assert.Equal(t, "other", m.value(key+":lock"))
	})
}

func TestLockThatIsRenewedIsWaitedFor(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, m *memory, c *Cache) {
		hold(t, m, 9, time.Second)
		go func() {
			time.Sleep(9 * time.Second)
			m.set(key, "theirs", time.Hour)
		}()
		begin := time.Now()
		require.Equal(t, "theirs", token(t, c, ""))
		assert.GreaterOrEqual(t, time.Since(begin), 9*time.Second)
		assert.LessOrEqual(t, time.Since(begin), 9100*time.Millisecond)
		assert.Zero(t, s.count())
	})
	virtually(t, func(t *testing.T, s *source, m *memory, c *Cache) {
		hold(t, m, 3, 1900*time.Millisecond)
		begin := time.Now()
		require.Equal(t, "value-1", token(t, c, ""))
		assert.GreaterOrEqual(t, time.Since(begin), 3*1900*time.Millisecond+2*time.Second)
		assert.LessOrEqual(t, time.Since(begin), 3*1900*time.Millisecond+2200*time.Millisecond)
	})
	virtually(t, func(t *testing.T, s *source, m *memory, c *Cache) {
		hold(t, m, 100, 400*time.Millisecond)
		begin := time.Now()
		require.Equal(t, errLockWait.Error(), token(t, c, ""))
		assert.GreaterOrEqual(t, time.Since(begin), 12*time.Second)
		assert.LessOrEqual(t, time.Since(begin), 12100*time.Millisecond)
		assert.Zero(t, s.count())
		time.Sleep(time.Minute)
	}, exclusive)
}

func TestLockOfAnExclusiveValueIsWaitedFor(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, m *memory, c *Cache) {
		hold(t, m, 0, 0)
		begin := time.Now()
		require.Equal(t, "value-1", token(t, c, ""))
		assert.GreaterOrEqual(t, time.Since(begin), 10*time.Second)
		assert.LessOrEqual(t, time.Since(begin), 10100*time.Millisecond)
		assert.Equal(t, 1, s.count())
	}, exclusive)
}

func TestWaitForALockIsPolledWithJitter(t *testing.T) {
	virtually(t, func(t *testing.T, _ *source, m *memory, c *Cache) {
		hold(t, m, 0, 0)
		require.Equal(t, "value-1", token(t, c, ""))
		polls := 0
		for _, operation := range m.operations() {
			if operation == "lock" {
				polls++
			}
		}
		assert.Greater(t, polls, 2000/100)
		assert.Less(t, polls, 2000/50)
	})
}

func TestRecordThatCameBeforeTheLockIsUsed(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, m *memory, c *Cache) {
		m.odd = func(_ context.Context, operation string) error {
			if operation == "lock" {
				m.set(key, "theirs", time.Hour)
			}
			return nil
		}
		require.Equal(t, "theirs", token(t, c, ""))
		assert.Zero(t, s.count())
		assert.Equal(t, []string{"load", "lock", "load", "unlock"}, m.operations())
	})
}

func TestLockThatFailsStopsNobody(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, m *memory, c *Cache) {
		m.odd = func(_ context.Context, operation string) error {
			if operation == "lock" {
				return errStore
			}
			return nil
		}
		require.Equal(t, "value-1", token(t, c, ""))
		assert.Equal(t, []string{"load", "lock", "swap"}, m.operations())
		assert.Equal(t, 1, s.count())
	})
}

func TestCloseEndsTheWaitForALock(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, m *memory, c *Cache) {
		hold(t, m, 0, 0)
		go func() { _, _ = c.Token(context.Background(), "") }()
		time.Sleep(100 * time.Millisecond)
		begin := time.Now()
		c.Close()
		assert.Zero(t, time.Since(begin))
		assert.Zero(t, s.count())
	})
}

func TestLockThatWasNotReleasedIsStillOurs(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, m *memory, c *Cache) {
		m.odd = func(_ context.Context, operation string) error {
			if operation == "unlock" {
				return errStore
			}
			return nil
		}
		require.Equal(t, "value-1", token(t, c, ""))
		s.revoke()
		begin := time.Now()
		require.Equal(t, "value-2", token(t, c, "value-1"))
		assert.Zero(t, time.Since(begin))
		synctest.Wait()
	})
}

func TestLockThatIsNeverFreeDelaysAFetchAndFailsNoCall(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, m *memory, c *Cache) {
		hold(t, m, 30, time.Second) // as a store does that has lost its way
		begin := time.Now()
		require.Equal(t, "value-1", token(t, c, ""))
		assert.GreaterOrEqual(t, time.Since(begin), 17*time.Second)
		assert.LessOrEqual(t, time.Since(begin), 17100*time.Millisecond)
		assert.Equal(t, 1, s.count())
		time.Sleep(time.Minute)
	})
}
