package storetest

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wechatoa/wechat"
)

// TestTokenLocker checks a [wechat.TokenLocker].
func TestTokenLocker(t *testing.T, newLocker func(t *testing.T) wechat.TokenLocker) {
	t.Helper()
	run(t, lockerChecks, newLocker)
}

// locks calls a locker, with the errors reported.
type locks struct {
	*checker

	locker wechat.TokenLocker
}

func (s locks) lock(key, owner string, ttl time.Duration) time.Duration {
	wait, err := s.locker.Lock(s.ctx, key, owner, ttl)
	s.ok(err, "Lock")
	return wait
}

func (s locks) unlock(key, owner string) { s.ok(s.locker.Unlock(s.ctx, key, owner), "Unlock") }

// gets checks that owner gets the lock.
func (s locks) gets(when, key, owner string, ttl time.Duration) {
	equal(s.checker, "Lock "+when, s.lock(key, owner, ttl), 0)
}

// waits checks that owner does not get the lock, which lasts for ttl.
func (s locks) waits(when, key, owner string, ttl time.Duration) {
	if wait := s.lock(key, owner, 10*long); !near(wait, ttl) {
		s.errorf("Lock %s returns %v, want %v", when, wait, ttl)
	}
}

func lockerCheck(name string, f func(s locks)) check[wechat.TokenLocker] {
	return check[wechat.TokenLocker]{name, func(c *checker, s wechat.TokenLocker) { f(locks{c, s}) }}
}

var lockerChecks = []check[wechat.TokenLocker]{
	lockerCheck("a lock has one owner", func(s locks) {
		key := s.key("token:lock")
		s.gets("of a free lock", key, "a", long)
		s.waits("of another owner's lock", key, "b", long)
		s.waits("of another owner's lock, again", key, "b", long)
		s.gets("of another key", s.key("ticket:lock"), "b", long)
	}),
	lockerCheck("its owner renews it", func(s locks) {
		key := s.key("token:lock")
		s.gets("of a free lock", key, "a", long)
		s.gets("by its owner", key, "a", 3*long)
		s.waits("of a lock that was renewed", key, "b", 3*long)
	}),
	lockerCheck("only its owner releases it", func(s locks) {
		key := s.key("token:lock")
		s.unlock(key, "a")
		s.gets("of a free lock", key, "a", long)
		s.unlock(key, "b")
		s.unlock(key, "")
		s.waits("after others released it", key, "b", long)
		s.unlock(key, "a")
		s.gets("of a lock that was released", key, "b", long)
		s.unlock(key, "a")
		s.waits("after its last owner released it again", key, "a", long)
	}),
	lockerCheck("a lock ends", func(s locks) {
		key := s.key("token:lock")
		s.gets("of a free lock", key, "a", short)
		if wait := s.lock(key, "b", long); wait <= 0 || wait > short+tolerance {
			s.errorf("Lock of another owner's lock returns %v, want at most %v", wait, short)
		}
		s.eventually("another owner gets a lock whose TTL is over", func() bool { return s.lock(key, "b", long) == 0 })
		s.waits("by the owner who had it", key, "a", long)
		s.unlock(key, "a")
		s.waits("after the owner who had it released it", key, "c", long)
	}),
	lockerCheck("the TTL of a lock runs down", func(s locks) {
		key := s.key("token:lock")
		s.gets("of a free lock", key, "a", medium)
		time.Sleep(pause)
		s.runsDown("Lock of another owner's lock", s.lock(key, "b", long))
	}),
	lockerCheck("one of many owners takes over a lock that has ended", func(s locks) {
		key := s.key("token:lock")
		s.gets("of a free lock", key, "a", short)
		s.oneTakesOver("owners of the lock", func(caller int) bool { return s.lock(key, strconv.Itoa(caller), long) == 0 })
	}),
	lockerCheck("whoever asks for a lock does not extend it", func(s locks) {
		key := s.key("token:lock")
		s.gets("of a free lock", key, "a", short)
		s.eventually("a lock ends although others ask for it", func() bool { return s.lock(key, "b", 10*long) == 0 })
	}),
	lockerCheck("odd keys and owners are different", func(s locks) {
		for name, odd := range odd() {
			s.gets("of a key with "+name, s.key(odd), odd, long)
		}
		for name, odd := range odd() {
			s.gets("by an owner with "+name, s.key(odd), odd, long)
			s.waits("by another owner", s.key(odd), odd+"x", long)
		}
	}),
	lockerCheck("one of many owners gets a lock", func(s locks) {
		for round := range 8 {
			key := s.key(strconv.Itoa(round))
			var have atomic.Int32
			s.atOnce(func(caller int) {
				if s.lock(key, strconv.Itoa(caller), long) == 0 {
					have.Add(1)
				}
			})
			equal(s.checker, "owners of the lock", have.Load(), 1)
		}
	}),
	lockerCheck("a context that has ended", func(s locks) {
		key := s.key("token:lock")
		var wait time.Duration
		err := s.prompt("Lock", func(ctx context.Context) (err error) {
			wait, err = s.locker.Lock(ctx, key, "a", long)
			return err
		})
		if err == nil && wait == 0 {
			s.waits("of another owner's lock", key, "b", long)
		}
		_ = s.prompt("Unlock", func(ctx context.Context) error { return s.locker.Unlock(ctx, key, "a") })
		s.unlock(key, "a")
		s.gets("of a lock that was released", key, "b", long)
	}),
}
