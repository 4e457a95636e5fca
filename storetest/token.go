package storetest

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wechatoa/wechat"
)

// TestTokenStore checks a [wechat.TokenStore].
func TestTokenStore(t *testing.T, newStore func(t *testing.T) wechat.TokenStore) {
	t.Helper()
	run(t, tokenChecks, newStore)
}

// tokens calls a store, with the errors reported.
type tokens struct {
	*checker

	store wechat.TokenStore
}

func (s tokens) load(key string) (string, time.Duration) {
	value, ttl, err := s.store.Load(s.ctx, key)
	s.ok(err, "Load")
	return value, ttl
}

func (s tokens) swap(key, old, value string, ttl time.Duration) bool {
	swapped, err := s.store.Swap(s.ctx, key, old, value, ttl)
	s.ok(err, "Swap")
	return swapped
}

// has checks the value of a key, and that its TTL is about ttl.
func (s tokens) has(when, key, want string, ttl time.Duration) {
	value, left := s.load(key)
	equal(s.checker, "Load "+when, value, want)
	if want != "" && !near(left, ttl) {
		s.errorf("Load %s returns a TTL of %v, want %v", when, left, ttl)
	}
}

func (s tokens) swaps(when, key, old, value string, ttl time.Duration, want bool) {
	equal(s.checker, "Swap "+when, s.swap(key, old, value, ttl), want)
}

// tokenCheck is a check in which calls of the store report their errors.
func tokenCheck(name string, f func(s tokens)) check[wechat.TokenStore] {
	return check[wechat.TokenStore]{name, func(c *checker, s wechat.TokenStore) { f(tokens{c, s}) }}
}

var tokenChecks = []check[wechat.TokenStore]{
	tokenCheck("a key without a value", func(s tokens) {
		key := s.key("token")
		s.has("without a value", key, "", 0)
		s.swaps("of another value than there is", key, "a", "b", long, false)
		s.has("after a swap that was refused", key, "", 0)
		s.swaps("without a value", key, "", "a", long, true)
		s.has("of the value", key, "a", long)
	}),
	tokenCheck("swap compares", func(s tokens) {
		key := s.key("token")
		s.swaps("without a value", key, "", "a", long, true)
		for _, wrong := range []string{"", "b", "A", "a ", "aa"} {
			s.swaps("of a wrong value", key, wrong, "c", 2*long, false)
			s.has("after a swap that was refused", key, "a", long)
		}
		s.swaps("of the value", key, "a", "b", 2*long, true)
		s.has("after a swap", key, "b", 2*long)
		s.swaps("of the value before", key, "a", "c", long, false)
		s.has("after a swap that was refused", key, "b", 2*long)
	}),
	tokenCheck("swap of a value for itself sets its TTL", func(s tokens) {
		key := s.key("token")
		s.swaps("without a value", key, "", "a", long, true)
		s.swaps("for itself", key, "a", "a", 10*long, true)
		s.has("after a longer TTL", key, "a", 10*long)
		s.swaps("for itself", key, "a", "a", long, true)
		s.has("after a shorter TTL", key, "a", long)
	}),
	tokenCheck("swap for an empty value leaves none", func(s tokens) {
		key := s.key("token")
		s.swaps("without a value", key, "", "a", long, true)
		s.swaps("for an empty value", key, "a", "", long, true)
		s.has("after a swap for an empty value", key, "", 0)
		s.swaps("without a value", key, "", "b", long, true)
		s.has("of the value", key, "b", long)
	}),
	tokenCheck("values end", func(s tokens) {
		key, other := s.key("token"), s.key("other")
		s.swaps("without a value", other, "", "b", long, true)
		s.swaps("without a value", key, "", "a", short, true)
		value, left := s.load(key)
		equal(s.checker, "Load before the TTL is over", value, "a")
		if left <= 0 || left > short+tolerance {
			s.errorf("Load returns a TTL of %v, want at most %v", left, short)
		}
		s.eventually("a value is gone when its TTL is over", func() bool {
			value, _ = s.load(key)
			return value == ""
		})
		s.swaps("of a value whose TTL is over", key, "a", "b", long, false)
		s.swaps("without a value", key, "", "c", long, true)
		s.has("of the next value", key, "c", long)
		s.has("of another key", other, "b", long)
	}),
	tokenCheck("a TTL runs down", func(s tokens) {
		key := s.key("token")
		s.swaps("without a value", key, "", "a", medium, true)
		time.Sleep(pause)
		value, left := s.load(key)
		if value != "" {
			s.runsDown("TTL of Load", left)
		}
	}),
	tokenCheck("one of many callers replaces a value that has ended", func(s tokens) {
		key := s.key("token")
		s.swaps("without a value", key, "", "a", short, true)
		s.oneTakesOver("callers whose swap was done", func(caller int) bool { return s.swap(key, "", strconv.Itoa(caller), long) })
	}),
	tokenCheck("a swap that is refused does not extend a value", func(s tokens) {
		key := s.key("token")
		s.swaps("without a value", key, "", "a", short, true)
		s.swaps("of a wrong value", key, "b", "c", long, false)
		s.eventually("a value is gone when its TTL is over", func() bool {
			value, _ := s.load(key)
			return value == ""
		})
	}),
	tokenCheck("odd keys are different keys", func(s tokens) {
		for name, key := range odd() {
			s.swaps("without a value, the key has "+name, s.key(key), "", name, long, true)
		}
		for name, key := range odd() {
			s.has("of a key with "+name, s.key(key), name, long)
		}
	}),
	tokenCheck("odd values stay as they are", func(s tokens) {
		values := odd()
		values["64 KiB"] = big()
		for name, value := range values {
			key := s.key("odd")
			s.swaps("without a value, for one with "+name, key, "", value, long, true)
			s.has("of a value with "+name, key, value, long)
			s.swaps("of a value with "+name, key, value, "", long, true)
		}
	}),
	tokenCheck("one of many callers stores the first value", func(s tokens) {
		key := s.key("token")
		var won atomic.Int32
		s.atOnce(func(caller int) {
			if s.swap(key, "", strconv.Itoa(caller), long) {
				won.Add(1)
			}
		})
		equal(s.checker, "callers whose swap was done", won.Load(), 1)
	}),
	tokenCheck("no swap of many callers is lost", func(s tokens) {
		const each = 8
		key := s.key("token")
		s.swaps("without a value", key, "", "0", long, true)
		s.atOnce(func(int) {
			for done := 0; done < each && s.ctx.Err() == nil; {
				value, _ := s.load(key)
				n, err := strconv.Atoi(value)
				s.ok(err, "Atoi of the value that was loaded")
				if s.swap(key, value, strconv.Itoa(n+1), long) {
					done++
				}
			}
		})
		s.has("after many swaps", key, strconv.Itoa(callers*each), long)
	}),
	tokenCheck("a context that has ended", func(s tokens) {
		key := s.key("token")
		_ = s.prompt("Load", func(ctx context.Context) error {
			value, _, err := s.store.Load(ctx, key)
			equal(s.checker, "Load without a value", value, "")
			return err
		})
		var swapped bool
		err := s.prompt("Swap", func(ctx context.Context) (err error) {
			swapped, err = s.store.Swap(ctx, key, "", "a", long)
			return err
		})
		if value, _ := s.load(key); err == nil && (!swapped || value != "a") {
			s.errorf("Swap returns %v without an error, and the value is %q", swapped, value)
		}
	}),
}
