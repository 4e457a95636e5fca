package tokencache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/usercode"
)

// token calls Token and returns the value, or the error's text.
func token(t *testing.T, c *Cache, rejected string) string {
	t.Helper()
	value, err := c.Token(t.Context(), rejected)
	if err != nil {
		return err.Error()
	}
	return value
}

// virtually runs a test in a bubble with a cache of a source that takes no time,
// which is closed at the end.
func virtually(t *testing.T, test func(t *testing.T, s *source, m *memory, c *Cache), change ...func(*Config)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, m := newSource(), &memory{}
		s.latency = 0
		c := newCache(s, m, change...)
		defer c.Close()
		test(t, s, m, c)
	})
}

func exclusive(c *Config) { c.Exclusive = true }

func TestFreshValueIsReturnedWithoutALock(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		require.Equal(t, "value-1", token(t, c, ""))
		time.Sleep(6900*time.Second - 1)
		c.mu.Lock()
		assert.Equal(t, "value-1", token(t, c, ""))
		c.mu.Unlock()
		assert.Equal(t, 1, s.count())

		time.Sleep(time.Nanosecond)
		s.latency = time.Second
		assert.Equal(t, "value-1", token(t, c, ""), "starts a refresh and does not wait for it")
		synctest.Wait()
		c.mu.Lock()
		assert.Equal(t, "value-1", token(t, c, ""))
		c.mu.Unlock()
		assert.Equal(t, []Mode{Needed, Ahead}, s.modes())
	})
}

func TestStateOfAValueIsToldOnlyForTheOneThatIsHeld(t *testing.T) {
	virtually(t, func(t *testing.T, _ *source, _ *memory, c *Cache) {
		assert.Zero(t, c.TTL(""))
		assert.Empty(t, c.Rejected())
		held := token(t, c, "")
		assert.Equal(t, 2*time.Hour, c.TTL(held))
		assert.Zero(t, c.TTL("another"))
		assert.Empty(t, c.Rejected())
		c.mu.Lock()
		c.reject(held)
		c.mu.Unlock()
		assert.Equal(t, held, c.Rejected())
		time.Sleep(3 * time.Hour)
		assert.Zero(t, c.TTL(held), "it is never negative")
	})
}

func TestCallersWaitInTheMandatoryPeriod(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		require.Equal(t, "value-1", token(t, c, ""))
		s.latency = 100 * time.Millisecond
		s.revoke()
		time.Sleep(7170*time.Second - 1)
		begin := time.Now()
		assert.Equal(t, "value-1", token(t, c, ""))
		assert.Zero(t, time.Since(begin))
		time.Sleep(time.Nanosecond)
		assert.Equal(t, "value-2", token(t, c, ""))
		assert.Equal(t, 100*time.Millisecond, time.Since(begin))
		assert.Equal(t, []Mode{Needed, Ahead}, s.modes(), "they joined the refresh that was under way")
	})
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		require.Equal(t, "value-1", token(t, c, ""))
		s.revoke()
		time.Sleep(7170 * time.Second)
		assert.Equal(t, "value-2", token(t, c, ""))
		assert.Equal(t, []Mode{Needed, Needed}, s.modes())
	})
}

func TestValueIsKeptUntilItsEndWhenItsRefreshFails(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		require.Equal(t, "value-1", token(t, c, ""))
		s.fail = func(context.Context, int) error { return errDown }
		time.Sleep(7170 * time.Second)
		assert.Equal(t, "value-1", token(t, c, ""), "of the caller who waits")
		assert.Equal(t, 2, s.count())
		assert.Equal(t, "value-1", token(t, c, ""), "in the pause")
		assert.Equal(t, 2, s.count())
		time.Sleep(30*time.Second - 1)
		assert.Equal(t, "value-1", token(t, c, ""))
		time.Sleep(time.Nanosecond)
		assert.Equal(t, errDown.Error(), token(t, c, ""))
		assert.Equal(t, errDown.Error(), token(t, c, "value-1"))
	})
}

func TestPauseAfterARefreshAheadEndsWithTheAdvisoryPeriod(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		require.Equal(t, "value-1", token(t, c, ""))
		s.fail = func(context.Context, int) error { return errRefused }
		time.Sleep(7169 * time.Second)
		require.Equal(t, "value-1", token(t, c, ""))
		synctest.Wait()
		s.fail = nil
		s.revoke()
		time.Sleep(time.Second)
		assert.Equal(t, "value-2", token(t, c, ""), "the callers wait for it")
		assert.Equal(t, []Mode{Needed, Ahead, Needed}, s.modes())
	})
}

func TestNoPauseOutlastsTheValue(t *testing.T) {
	for name, fail := range map[string]func(context.Context, int) error{
		"the same value again": nil,
		"a failure":            func(context.Context, int) error { return errRefused },
	} {
		virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
			s.ttl = time.Minute
			require.Equal(t, "value-1", token(t, c, ""))
			s.fail = fail
			time.Sleep(58 * time.Second)
			require.Equal(t, "value-1", token(t, c, ""))
			synctest.Wait()
			s.fail = nil
			s.revoke()
			time.Sleep(2*time.Second - 1)
			if fail == nil {
				assert.Equal(t, "value-1", token(t, c, ""), name)
			}
			time.Sleep(time.Nanosecond)
			assert.Equal(t, "value-2", token(t, c, ""), name)
		})
	}
}

func TestRefreshAheadThatFailsIsRepeatedAfterAPause(t *testing.T) {
	for _, kind := range []struct {
		err     error
		longest []time.Duration
		least   []time.Duration
	}{
		{errDown, []time.Duration{20, 30, 30, 30}, []time.Duration{15, 22, 22, 22}},
		{errRefused, []time.Duration{30, 30, 30}, []time.Duration{30, 30, 30}},
	} {
		virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
			for range 2 {
				s.fail = nil
				s.revoke()
				require.Contains(t, token(t, c, c.Current()), "value")
				time.Sleep(6900 * time.Second)
				s.fail = func(context.Context, int) error { return kind.err }
				for i, gap := range gaps(t, s, c, len(kind.longest)+1) {
					assert.LessOrEqual(t, gap, kind.longest[i]*time.Second+20*time.Millisecond)
					assert.GreaterOrEqual(t, gap, kind.least[i]*time.Second)
				}
				assert.Contains(t, token(t, c, ""), "value", "all the time")
			}
		})
	}
}

// gaps returns the time between the fetches while a caller asks all the time.
func gaps(t *testing.T, s *source, c *Cache, n int) []time.Duration {
	t.Helper()
	var found []time.Duration
	last, before := time.Now(), s.count()
	for len(found) < n {
		_, _ = c.Token(t.Context(), "")
		synctest.Wait()
		if s.count() > before {
			found = append(found, time.Since(last))
			last, before = time.Now(), s.count()
		}
		time.Sleep(10 * time.Millisecond)
	}
	return found[1:]
}

func TestPauseAfterFailedFetchesGrows(t *testing.T) {
	for _, kind := range []struct {
		change func(*Config)
		want   []time.Duration
	}{
		{func(*Config) {}, []time.Duration{1, 2, 4, 5, 5}},
		{exclusive, []time.Duration{1, 2, 4, 8, 16, 30, 30}},
	} {
		virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
			s.fail = func(context.Context, int) error { return errDown }
			for range 2 {
				for i, gap := range gaps(t, s, c, len(kind.want)+1) {
					want := kind.want[i] * time.Second
					assert.LessOrEqual(t, gap, want+20*time.Millisecond)
					assert.GreaterOrEqual(t, gap, want*3/4)
				}
				s.fail = nil
				time.Sleep(30 * time.Second)
				require.Contains(t, token(t, c, ""), "value", "a success")
				s.fail = func(context.Context, int) error { return errDown }
				time.Sleep(7200 * time.Second)
			}
		}, kind.change)
	}
}

func TestErrorThatLastsIsRememberedAsLong(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		s.fail = func(context.Context, int) error { return errRefused }
		assert.Equal(t, errRefused.Error(), token(t, c, ""))
		time.Sleep(30*time.Second - 1)
		assert.Equal(t, errRefused.Error(), token(t, c, ""))
		assert.Equal(t, 1, s.count())
		time.Sleep(time.Nanosecond)
		assert.Equal(t, errRefused.Error(), token(t, c, ""))
		assert.Equal(t, 2, s.count())
	})
}

func TestARememberedErrorTellsWhenTheNextFetchIsMade(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		s.fail = func(context.Context, int) error { return errRefused }
		assert.Equal(t, errRefused.Error(), token(t, c, ""))
		time.Sleep(20 * time.Second)
		assert.Equal(t, "source refuses, wait 10s", token(t, c, ""))
		time.Sleep(10*time.Second - 1)
		assert.Equal(t, "source refuses, wait 1ns", token(t, c, ""))
		time.Sleep(time.Nanosecond)
		assert.Equal(t, errRefused.Error(), token(t, c, ""))
	}, func(cfg *Config) {
		cfg.Remembered = func(err error, wait time.Duration) error { return fmt.Errorf("%w, wait %s", err, wait) }
	})
}

func TestRejectedValueIsReplacedOnceForAll(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		require.Equal(t, "value-1", token(t, c, ""))
		s.revoke()
		s.latency = 100 * time.Millisecond
		var callers sync.WaitGroup
		for i := range 100 {
			rejected := ""
			if i%2 == 0 {
				rejected = "value-1"
			}
			callers.Go(func() {
				time.Sleep(time.Duration(i%2) * time.Millisecond)
				assert.Equal(t, "value-2", token(t, c, rejected))
			})
		}
		callers.Wait()
		assert.Equal(t, "value-2", token(t, c, "value-1"), "a late one")
		assert.Equal(t, 2, s.count())
		assert.Equal(t, "value-2", c.Current())
	})
}

func TestValueThatComesBackIsReturnedForFiveSeconds(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		require.Equal(t, "value-1", token(t, c, ""))
		for i := range 3 {
			for range 10 {
				assert.Equal(t, "value-1", token(t, c, "value-1"))
				assert.Equal(t, "value-1", token(t, c, ""))
			}
			assert.Equal(t, 2+i, s.count())
			time.Sleep(5*time.Second - 1)
			assert.Equal(t, "value-1", token(t, c, "value-1"))
			assert.Equal(t, 2+i, s.count())
			time.Sleep(time.Nanosecond)
		}
	})
}

func TestTwoValuesAreReplacedInFiveSecondsAtMost(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		require.Equal(t, "value-1", token(t, c, ""))
		revoke := func(rejected, want string) {
			t.Helper()
			s.revoke()
			assert.Equal(t, want, token(t, c, rejected))
		}
		revoke("value-1", "value-2")
		revoke("value-2", "value-3")
		revoke("value-3", "value-3")
		time.Sleep(5*time.Second - 1)
		revoke("value-3", "value-3")
		time.Sleep(time.Nanosecond)
		revoke("value-3", "value-4")
		revoke("value-4", "value-5")
		revoke("value-5", "value-5")
		assert.Equal(t, 5, s.count())
	})
}

func TestCallerWaitsForTheRefreshThatKnowsOfItsRejection(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		require.Equal(t, "value-1", token(t, c, ""))
		time.Sleep(6900 * time.Second)
		s.latency = time.Second
		require.Equal(t, "value-1", token(t, c, "")) // starts a refresh ahead
		time.Sleep(600 * time.Millisecond)           // which has looked the value up
		s.revoke()
		assert.Equal(t, "value-2", token(t, c, "value-1"))
		assert.Equal(t, []Mode{Needed, Ahead, Needed}, s.modes())
	})
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		require.Equal(t, "value-1", token(t, c, ""))
		time.Sleep(6900 * time.Second)
		s.latency = time.Second
		s.fail = func(_ context.Context, n int) error {
			if n == 2 {
				return errDown
			}
			return nil
		}
		require.Equal(t, "value-1", token(t, c, ""))
		s.revoke()
		assert.Equal(t, "value-2", token(t, c, "value-1"), "the refresh ahead fails")
		assert.Equal(t, []Mode{Needed, Ahead, Needed}, s.modes())
	})
}

func TestValueRejectedWhileItIsFetchedFirstIsFetchedAgain(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		s.latency = time.Second
		go func() { _, _ = c.Token(t.Context(), "") }()
		time.Sleep(600 * time.Millisecond) // value-1 is on its way
		s.revoke()
		assert.Equal(t, "value-2", token(t, c, "value-1"), "another client had it and saw it rejected")
		assert.Equal(t, []Mode{Needed, Needed}, s.modes())
	})
}

func TestCallerLeavesWhenItsContextEnds(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		s.latency = time.Second
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		begin := time.Now()
		_, err := c.Token(ctx, "")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 10*time.Millisecond, time.Since(begin))
		assert.Equal(t, "value-1", token(t, c, ""))
		assert.Equal(t, time.Second, time.Since(begin))
		assert.Equal(t, 1, s.count())
	})
}

// stuck returns a fail function that does not heed its context for d.
func stuck(d time.Duration) func(context.Context, int) error {
	return func(context.Context, int) error {
		time.Sleep(d)
		return nil
	}
}

// hang returns a fail function that waits for d, or until its context ends.
func hang(d time.Duration) func(context.Context, int) error {
	return func(ctx context.Context, _ int) error { return pause(ctx, d) }
}

func TestFetchWithoutLockEndsAfterFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		s.latency, s.fail = 0, hang(time.Hour)
		c := newCache(s, plain{&memory{}})
		defer c.Close()
		begin := time.Now()
		assert.Equal(t, context.DeadlineExceeded.Error(), token(t, c, ""))
		assert.Equal(t, 5*time.Second, time.Since(begin))
		s.fail = hang(5*time.Second - 1)
		time.Sleep(time.Second)
		assert.Equal(t, "value-1", token(t, c, ""))
	})
}

func TestFetchWithTheLockGoesOnAfterItsCallers(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, m *memory, c *Cache) {
		s.fail = hang(15*time.Second - 1)
		begin := time.Now()
		_, err := c.Token(t.Context(), "")
		require.ErrorIs(t, err, ErrSlow)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, context.Canceled)
		var late interface{ Timeout() bool }
		require.ErrorAs(t, err, &late)
		assert.True(t, late.Timeout())
		assert.Equal(t, 5*time.Second, time.Since(begin))
		_, err = c.Token(t.Context(), "")
		require.ErrorIs(t, err, ErrSlow)
		assert.Equal(t, 5*time.Second, time.Since(begin), "at once")
		time.Sleep(10*time.Second - 1)
		synctest.Wait()
		assert.Equal(t, "value-1", token(t, c, ""))
		assert.Equal(t, 1, s.count())
		locks := 0
		for _, operation := range m.operations() {
			if operation == "lock" {
				locks++
			}
		}
		assert.Equal(t, 1+14, locks, "renewed each second")
		assert.Empty(t, m.value(key+":lock"), "and released")
	})
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		s.fail = hang(time.Hour)
		_, err := c.Token(t.Context(), "")
		require.ErrorIs(t, err, ErrSlow)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		assert.Equal(t, context.DeadlineExceeded.Error(), token(t, c, ""), "its time is over")
		assert.Equal(t, 1, s.count())
	})
}

func TestSlowFetchKeepsTheValueThatWorks(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		require.Equal(t, "value-1", token(t, c, ""))
		time.Sleep(7170 * time.Second)
		s.fail = hang(10 * time.Second)
		begin := time.Now()
		assert.Equal(t, "value-1", token(t, c, ""))
		assert.Equal(t, 5*time.Second, time.Since(begin))
	})
}

func TestRefreshAheadEndsAfterFiveSeconds(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		require.Equal(t, "value-1", token(t, c, ""))
		time.Sleep(6900 * time.Second)
		s.fail = func(ctx context.Context, n int) error {
			if n == 2 {
				return hang(time.Hour)(ctx, n)
			}
			return nil
		}
		require.Equal(t, "value-1", token(t, c, ""))
		begin := time.Now()
		s.revoke()
		assert.Equal(t, "value-2", token(t, c, "value-1"))
		assert.Equal(t, 5*time.Second, time.Since(begin))
		assert.Equal(t, []Mode{Needed, Ahead, Needed}, s.modes())
	})
}

func TestNobodyWaitsForTwoRefreshesThatHang(t *testing.T) {
	for _, ahead := range []time.Duration{10 * time.Millisecond, 2 * time.Second, 4800 * time.Millisecond, time.Hour} {
		virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
			require.Equal(t, "value-1", token(t, c, ""))
			time.Sleep(6900 * time.Second)
			s.fail = func(ctx context.Context, n int) error {
				if n == 2 {
					return cmp.Or(hang(ahead)(ctx, n), errDown)
				}
				return hang(time.Hour)(ctx, n)
			}
			require.Equal(t, "value-1", token(t, c, ""))
			begin := time.Now()
			s.revoke()
			value, err := c.Token(t.Context(), "value-1")
			require.Error(t, err)
			assert.Empty(t, value)
			assert.GreaterOrEqual(t, time.Since(begin), waitLimit)
			assert.LessOrEqual(t, time.Since(begin), waitLimit+secondLimit)
			assert.Equal(t, []Mode{Needed, Ahead, Needed}, s.modes())
		})
	}
}

func TestFetchThatIgnoresItsContextIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		s.latency, s.fail = 0, stuck(time.Hour)
		c := newCache(s, plain{&memory{}})
		defer c.Close()
		begin := time.Now()
		assert.Equal(t, errLeft.Error(), token(t, c, ""))
		assert.Equal(t, 5*time.Second+usercode.Limit, time.Since(begin))
		for range 3 {
			time.Sleep(5 * time.Second)
			assert.Equal(t, errLeft.Error(), token(t, c, ""))
		}
		for range 10 {
			time.Sleep(5 * time.Second)
			begin = time.Now()
			assert.Equal(t, errStuck.Error(), token(t, c, ""))
			assert.Zero(t, time.Since(begin))
		}
		assert.Equal(t, maxFetching, s.count())
		s.fail = nil
		time.Sleep(time.Hour)
		assert.Equal(t, "value-1", token(t, c, ""))
	})
}

func TestPanicAndGoexitOfAFetchAreErrorsOfItsWaiters(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		s.fail = func(context.Context, int) error { panic("boom") }
		_, err := c.Token(t.Context(), "")
		var panicked *usercode.PanicError
		require.ErrorAs(t, err, &panicked)
		time.Sleep(time.Second)
		s.fail = func(context.Context, int) error { runtime.Goexit(); return nil }
		assert.Equal(t, usercode.ErrGoexit.Error(), token(t, c, ""))
		time.Sleep(2 * time.Second)
		s.fail = func(context.Context, int) error { return errBlank }
		assert.Equal(t, errBlank.Error(), token(t, c, ""))
		time.Sleep(4 * time.Second)
		s.fail = nil
		assert.Equal(t, "value-1", token(t, c, ""))
	})
}

func TestForcedFetchReplacesAValueThatComesBack(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		require.Equal(t, "value-1", token(t, c, ""))
		assert.Equal(t, "value-2", token(t, c, "value-1"))
		assert.Equal(t, []Mode{Needed, Needed, Forced}, s.modes())
		time.Sleep(5 * time.Second)
		assert.Equal(t, "value-2", token(t, c, "value-2"), "30 seconds are not over")
		assert.Equal(t, []Mode{Needed, Needed, Forced, Needed}, s.modes())
		s.revoke()
		time.Sleep(30 * time.Second)
		assert.Equal(t, "value-3", token(t, c, "value-2"), "was not needed")
		assert.Equal(t, []Mode{Needed, Needed, Forced, Needed, Needed}, s.modes())
		time.Sleep(30 * time.Second)
		s.fail = func(_ context.Context, n int) error {
			if n == 7 {
				return errDown
			}
			return nil
		}
		assert.Equal(t, "value-3", token(t, c, "value-3"), "a forced fetch that fails is no error")
		assert.Equal(t, Forced, s.modes()[6])
	}, func(c *Config) { c.Force = true })
}

func TestCloseEndsARefreshAndItsWaiters(t *testing.T) {
	for name, fail := range map[string]func(context.Context, int) error{"heeds": hang(time.Hour), "ignores": stuck(time.Minute)} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(t *testing.T, s *source, m *memory, c *Cache) {
				s.fail = fail
				ended := make(chan error)
				go func() {
					_, err := c.Token(t.Context(), "")
					ended <- err
				}()
				synctest.Wait()
				begin := time.Now()
				go func() {
					synctest.Wait()
					c.Close()
				}()
				require.ErrorIs(t, <-ended, ErrClosed)
				assert.Zero(t, time.Since(begin), "waiters leave at once")
				c.Close()
				assert.LessOrEqual(t, time.Since(begin), usercode.Limit)
				assert.Empty(t, m.value(key+":lock"), "the lock is released")
				_, err := c.Token(t.Context(), "")
				require.ErrorIs(t, err, ErrClosed)
				assert.Empty(t, c.Current())
				time.Sleep(time.Minute)
			})
		})
	}
}

func TestValueFetchedDuringCloseIsShared(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, m *memory, c *Cache) {
		s.fail = stuck(100 * time.Millisecond)
		go func() { _, _ = c.Token(context.Background(), "") }()
		synctest.Wait()
		go c.Close()
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		assert.Equal(t, "value-1", m.value(key), "an exclusive value would be lost otherwise")
		assert.Equal(t, ErrClosed.Error(), token(t, c, ""))
	})
}

func TestFailureDuringCloseIsErrClosed(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		require.Equal(t, "value-1", token(t, c, ""))
		c.cancel()
		_, err := c.fallback(errors.New("other"))
		require.ErrorIs(t, err, ErrClosed)
	})
}
