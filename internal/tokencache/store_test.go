package tokencache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/testlog"
	"github.com/wechatoa/wechat/internal/usercode"
)

func TestRecordIsUsableIfItIsNewAndNotRejected(t *testing.T) {
	rec := func(value string, ttl time.Duration) record { return record{value: value, ttl: ttl, at: origin} }
	c := newCache(newSource(), &memory{})
	assert.True(t, c.usable(rec("a", 30*time.Second+1)))
	assert.False(t, c.usable(rec("a", 30*time.Second)), "too near its end")
	assert.False(t, c.usable(rec("", time.Hour)))
	assert.False(t, c.usable(rec("a b", time.Hour)))

	c.current.Store(schedule(nil, "mine", time.Hour, origin))
	assert.True(t, c.usable(rec("a", time.Hour-5*time.Second+1)))
	assert.False(t, c.usable(rec("a", time.Hour-5*time.Second)), "fetched before the current one")
	assert.False(t, c.usable(rec("mine", 2*time.Hour)), "the current one")
	c.reject("a")
	assert.False(t, c.usable(rec("a", 2*time.Hour)))

	c.cfg.Extend = true
	assert.True(t, c.usable(rec("mine", time.Hour+30*time.Second+1)))
	assert.False(t, c.usable(rec("mine", time.Hour+30*time.Second)))
}

func TestProcessesShareOneFetch(t *testing.T) {
	for _, locks := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s, m := newSource(), &memory{}
			store := Store(m)
			if !locks {
				store = plain{m}
			}
			a, b := newCache(s, store), newCache(s, store)
			defer a.Close()
			defer b.Close()
			require.Equal(t, "value-1", token(t, a, ""))
			require.Equal(t, "value-1", token(t, b, ""))
			assert.Equal(t, 1, s.count())
			s.revoke()
			require.Equal(t, "value-2", token(t, b, "value-1"))
			require.Equal(t, "value-2", token(t, a, "value-1"))
			assert.Equal(t, 2, s.count())
			_, ttl, err := m.Load(t.Context(), key)
			require.NoError(t, err)
			assert.InDelta(t, 2*time.Hour, ttl, float64(time.Second))
			if locks {
				assert.Empty(t, m.value(key+":lock"))
			}
		})
	}
}

func TestStoredTTLIsClamped(t *testing.T) {
	for ttl, want := range map[time.Duration]time.Duration{0: 10 * time.Second, 100 * time.Hour: 2 * time.Hour, time.Hour: time.Hour} {
		virtually(t, func(t *testing.T, s *source, m *memory, c *Cache) {
			s.ttl = ttl
			require.Equal(t, "value-1", token(t, c, ""))
			_, stored, err := m.Load(t.Context(), key)
			require.NoError(t, err)
			assert.Equal(t, want, stored)
		})
	}
}

func TestFasterProcessWins(t *testing.T) {
	for _, row := range []struct {
		record string
		ttl    time.Duration
		want   string
		stored string
	}{
		{"theirs", 2 * time.Hour, "theirs", "theirs"},
		{"theirs", 20 * time.Second, "value-1", "value-1"},
		{"not a value", 2 * time.Hour, "value-1", "value-1"},
		{"value-1", time.Hour, "value-1", "value-1"},
	} {
		virtually(t, func(t *testing.T, s *source, m *memory, c *Cache) {
			s.fail = func(context.Context, int) error {
				m.set(key, row.record, row.ttl) // after this process has looked
				return nil
			}
			assert.Equal(t, row.want, token(t, c, ""))
			assert.Equal(t, row.stored, m.value(key))
		})
	}
	virtually(t, func(t *testing.T, s *source, m *memory, c *Cache) {
		s.fail = func(context.Context, int) error {
			m.set(key, "theirs", 20*time.Second)
			return nil
		}
		assert.Equal(t, "value-1", token(t, c, ""))
		assert.Equal(t, "theirs", m.value(key), "an exclusive value that may be newer stays")
	}, exclusive)
	virtually(t, func(t *testing.T, _ *source, m *memory, c *Cache) {
		swaps := 0
		m.odd = func(_ context.Context, operation string) error {
			if operation == "swap" {
				swaps++
				m.set(key, strings.Repeat("x ", swaps), time.Hour)
			}
			return nil
		}
		assert.Equal(t, "value-1", token(t, c, ""))
		assert.Equal(t, 2, swaps, "twice at most")
	})
}

func TestSameValueIsStoredAgainOnlyToExtendIt(t *testing.T) {
	for _, extend := range []bool{false, true} {
		virtually(t, func(t *testing.T, _ *source, m *memory, c *Cache) {
			require.Equal(t, "value-1", token(t, c, ""))
			time.Sleep(6900 * time.Second)
			require.Equal(t, "value-1", token(t, c, ""))
			synctest.Wait()
			_, ttl, err := m.Load(t.Context(), key)
			require.NoError(t, err)
			if extend {
				assert.Equal(t, 2*time.Hour, ttl)
			} else {
				assert.Equal(t, 300*time.Second, ttl)
			}
			time.Sleep(200 * time.Second)
			require.Equal(t, "value-1", token(t, c, ""))
			e := c.current.Load()
			assert.Equal(t, extend, e.end.After(time.Now().Add(time.Hour)))
		}, func(c *Config) { c.Extend = extend })
	}
}

func TestStoreThatCannotBeReadIsAskedOnce(t *testing.T) {
	for _, excl := range []bool{false, true} {
		virtually(t, func(t *testing.T, _ *source, m *memory, c *Cache) {
			m.odd = func(_ context.Context, operation string) error {
				if operation == "load" {
					return errStore
				}
				return nil
			}
			require.Equal(t, "value-1", token(t, c, ""))
			if excl {
				assert.Equal(t, []string{"load", "lock", "load", "unlock"}, m.operations())
			} else {
				assert.Equal(t, []string{"load"}, m.operations())
			}
		}, func(c *Config) { c.Exclusive = excl })
	}
}

func TestExclusiveValueIsFetchedWithoutItsLockOnceInFiveMinutes(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, m *memory, c *Cache) {
		s.exclusive = true
		m.odd = func(context.Context, string) error { return errStore }
		require.Equal(t, "value-1", token(t, c, ""))
		time.Sleep(5*time.Minute - 1)
		require.Equal(t, ErrUnlocked.Error(), token(t, c, "value-1"))
		time.Sleep(time.Second)
		require.Equal(t, "value-2", token(t, c, "value-1"))
		assert.Equal(t, 2, s.count())
		time.Sleep(5*time.Minute - 1)
		require.ErrorIs(t, c.mayFetchUnlocked(), ErrUnlocked)
		time.Sleep(time.Nanosecond)
		require.NoError(t, c.mayFetchUnlocked())
	}, exclusive)
}

func TestExclusiveValueWhoseLockIsRequiredIsNotFetchedWhileTheStoreFails(t *testing.T) {
	for _, failing := range []string{"", "lock", "load"} { // "" is every operation
		virtually(t, func(t *testing.T, s *source, m *memory, c *Cache) {
			s.exclusive = true
			require.Equal(t, "value-1", token(t, c, ""))
			m.set(key, "", time.Hour) // nothing to find
			m.odd = func(_ context.Context, operation string) error {
				if failing == "" || operation == failing {
					return errStore
				}
				return nil
			}
			for range 142 { // refreshes ahead fail, too
				time.Sleep(50 * time.Second)
				require.Equal(t, "value-1", token(t, c, ""), "it is still valid")
			}
			for range 20 {
				time.Sleep(10 * time.Minute)
				_, err := c.Token(t.Context(), "")
				require.ErrorIs(t, err, ErrUnlocked)
			}
			assert.Equal(t, 1, s.count())
			m.odd = nil
			time.Sleep(time.Minute)
			require.Equal(t, "value-2", token(t, c, ""))
			assert.Equal(t, "value-2", m.value(key))
		}, exclusive, func(c *Config) { c.LockRequired = true })
	}
}

func TestExclusiveValueOfOneProcessNeedsNoLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		c := newCache(s, plain{&memory{}}, exclusive)
		defer c.Close()
		require.Equal(t, "value-1", token(t, c, ""))
		s.revoke()
		require.Equal(t, "value-2", token(t, c, "value-1"))
	})
}

// logged returns a logger and what it has written.
func logged() (*slog.Logger, *testlog.Output) {
	var out testlog.Output
	return out.Logger(), &out
}

func TestStoreFailureIsLoggedAtItsBeginningAndItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, out := logged()
		s := NewShared(&memory{}, log)
		lines := func(want string) {
			t.Helper()
			found := strings.TrimSpace(out.String())
			if want == "" {
				assert.Empty(t, found)
			} else {
				assert.Contains(t, found, want)
				assert.Equal(t, 0, strings.Count(found, "\n"), "one line: %s", found)
			}
			out.Reset()
		}
		s.note("load", "k", nil)
		lines("")
		s.note("load", "k", errStore)
		lines(`level=WARN msg="wechat: the token store fails, continuing without it" operation=load key=k error="store is down"`)
		s.note("load", "k", errStore)
		s.note("swap", "k", errStore)
		s.note("load", "k", nil)
		lines("")
		s.note("load", "k", usercode.ErrSkipped)
		s.note("load", "k", context.Canceled)
		lines("")
		time.Sleep(reportInterval - 1)
		s.note("swap", "k", errStore)
		lines("")
		time.Sleep(time.Nanosecond)
		s.note("swap", "k", errStore)
		lines("operation=swap")
		s.note("swap", "k", nil)
		lines(`level=INFO msg="wechat: the token store works again" operation=swap`)
		s.note("swap", "k", nil)
		lines("")

		time.Sleep(time.Minute - 1)
		s.note("load", "k", errStore)
		s.note("load", "k", nil)
		lines("") // flaps
		time.Sleep(time.Nanosecond)
		s.note("load", "k", errMalformed)
		lines("contains a value of another program")
	})
}

func TestWhatAStoreQuotesIsNotLogged(t *testing.T) {
	for name, odd := range map[string]func(text string) error{
		"error": func(text string) error { return errors.New(text) },
		"panic": func(text string) error { panic(text) },
	} {
		t.Run(name, func(t *testing.T) {
			log, out := logged()
			m := &memory{odd: func(context.Context, string) error { return odd(`cannot replace "old-value" by "new-value"`) }}
			_, err := NewShared(m, log).swap(t.Context(), key, "old-value", "new-value", time.Hour)
			require.Error(t, err)
			assert.Contains(t, out.String(), `cannot replace \"[redacted]\" by \"[redacted]\"`)
			assert.Equal(t, name == "panic", strings.Contains(out.String(), "stack="))
			for _, text := range []string{out.String(), fmt.Sprintf("%v %+v %#v", err, err, err)} {
				assert.NotContains(t, text, "-value")
			}
		})
	}
}

func TestMalformedRecordIsKnownAndReplaced(t *testing.T) {
	virtually(t, func(t *testing.T, _ *source, m *memory, c *Cache) {
		m.set(key, "not a value", time.Hour)
		log, out := logged()
		c.cfg.Shared.log = log
		require.Equal(t, "value-1", token(t, c, ""))
		assert.Equal(t, "value-1", m.value(key))
		assert.Equal(t, 1, strings.Count(out.String(), "\n"))
		assert.NotContains(t, out.String(), "not a value\"", "what is there is nobody's business")
	})
}

func TestMessageIsLoggedOnceAnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, out := logged()
		j := newJournal(log, "k")
		count := func(want int) {
			t.Helper()
			assert.Equal(t, want, strings.Count(out.String(), "\n"))
		}
		j.warn(time.Minute, "a", cause(errStore)...)
		j.warn(time.Minute, "a")
		j.warn(time.Minute, "b")
		count(2)
		time.Sleep(time.Minute - 1)
		j.warn(time.Minute, "a")
		count(2)
		time.Sleep(time.Nanosecond)
		j.warn(time.Minute, "a", cause(&usercode.PanicError{Value: 1, Stack: []byte("stack")})...)
		count(3)
		assert.Contains(t, out.String(), "key=k error=\"store is down\"")
		assert.Contains(t, out.String(), "stack=stack")
		assert.Nil(t, cause(nil))
	})
}

func TestFailuresOfRefreshesAreLogged(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		log, out := logged()
		c.log.log = log
		s.fail = func(context.Context, int) error { return errDown }
		require.Equal(t, errDown.Error(), token(t, c, ""))
		assert.Empty(t, out.String(), "the caller has it")
		time.Sleep(time.Second)
		s.fail = func(context.Context, int) error { panic("boom") }
		require.Contains(t, token(t, c, ""), "boom")
		assert.Contains(t, out.String(), "stack=", "nobody else has the stack")
		out.Reset()

		s.fail = nil
		time.Sleep(time.Minute)
		require.Equal(t, "value-1", token(t, c, ""))
		time.Sleep(6900 * time.Second)
		s.fail = func(context.Context, int) error { return errDown }
		for range 59 {
			require.Equal(t, "value-1", token(t, c, ""))
			time.Sleep(time.Second)
			synctest.Wait()
		}
		assert.Equal(t, 1, strings.Count(out.String(), "keeping the current value"))
	})
}

func TestFailedForcedFetchIsLogged(t *testing.T) {
	virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
		log, out := logged()
		c.log.log = log
		require.Equal(t, "value-1", token(t, c, ""))
		s.fail = func(_ context.Context, n int) error {
			if n == 3 {
				return errDown
			}
			return nil
		}
		require.Equal(t, "value-1", token(t, c, "value-1"))
		assert.Contains(t, out.String(), "forced refresh failed")
	}, func(c *Config) { c.Force = true })
}

func TestRivalsAreReportedFromTheSecondTimeInAnHour(t *testing.T) {
	lose := func(t *testing.T, s *source, c *Cache) {
		t.Helper()
		s.revoke()
		require.Contains(t, token(t, c, c.Current()), "value")
	}
	advice := func(c *Config) { c.Exclusive, c.Advice = true, "do this" }
	for _, row := range []struct {
		change func(*Config)
		gap    time.Duration
		lines  int
	}{
		{advice, time.Hour - 1, 1},
		{advice, time.Hour, 0},
		{func(*Config) {}, time.Minute, 0},
	} {
		virtually(t, func(t *testing.T, s *source, _ *memory, c *Cache) {
			log, out := logged()
			c.log.log = log
			require.Equal(t, "value-1", token(t, c, ""))
			lose(t, s, c)
			assert.Empty(t, out.String(), "once may have another reason")
			time.Sleep(row.gap)
			lose(t, s, c)
			assert.Equal(t, row.lines, strings.Count(out.String(), "another program"), row.gap)
			time.Sleep(time.Minute)
			lose(t, s, c)
			if row.lines > 0 {
				assert.Equal(t, row.lines, strings.Count(out.String(), "advice=\"do this\""), "once an hour")
			}
		}, row.change)
	}
	for name, change := range map[string]func(*source, *memory, *Cache){
		"adopted from another process": func(_ *source, m *memory, _ *Cache) { m.set(key, "theirs", 2*time.Hour) },
		"over":                         func(*source, *memory, *Cache) { time.Sleep(7200 * time.Second) },
		"the same value": func(s *source, _ *memory, _ *Cache) {
			time.Sleep(10 * time.Second)
			s.valid = "value-1"
			s.exclusive = false
		},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(t *testing.T, s *source, m *memory, c *Cache) {
				log, out := logged()
				c.log.log = log
				require.Equal(t, "value-1", token(t, c, ""))
				c.lost = time.Now()
				change(s, m, c)
				require.NotEmpty(t, token(t, c, "value-1"))
				assert.Empty(t, out.String())
			}, advice)
		})
	}
}
