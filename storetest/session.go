package storetest

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/wechatoa/wechat/callback"
)

// TestSessionStore checks a [callback.SessionStore].
func TestSessionStore(t *testing.T, newStore func(t *testing.T) callback.SessionStore) {
	t.Helper()
	run(t, sessionChecks, newStore)
}

// sessions calls a store, with the errors reported. A session that is none is "".
type sessions struct {
	*checker

	store callback.SessionStore
}

func (s sessions) user(suffix string) string { return "o" + s.id + suffix }

func (s sessions) load(openID string) string {
	value, err := s.store.LoadSession(s.ctx, openID)
	s.ok(err, "LoadSession")
	if value != nil && len(value) == 0 {
		s.errorf("LoadSession returns an empty value, want nil")
	}
	return string(value)
}

func (s sessions) has(when, openID, want string) {
	equal(s.checker, "LoadSession "+when, s.load(openID), want)
}

func (s sessions) save(openID, value string, ttl time.Duration) {
	s.ok(s.store.SaveSession(s.ctx, openID, []byte(value), ttl), "SaveSession")
}

func (s sessions) remove(openID string) { s.ok(s.store.DeleteSession(s.ctx, openID), "DeleteSession") }

func (s sessions) swap(openID, old, value string, ttl time.Duration) bool {
	swapped, err := s.store.SwapSession(s.ctx, openID, session(old), session(value), ttl)
	s.ok(err, "SwapSession")
	return swapped
}

func (s sessions) swaps(when, openID, old, value string, want bool) {
	equal(s.checker, "SwapSession "+when, s.swap(openID, old, value, long), want)
}

// session returns the bytes of a session, nil for none.
func session(value string) []byte {
	if value == "" {
		return nil
	}
	return []byte(value)
}

func sessionCheck(name string, f func(s sessions)) check[callback.SessionStore] {
	return check[callback.SessionStore]{name, func(c *checker, s callback.SessionStore) { f(sessions{c, s}) }}
}

var sessionChecks = []check[callback.SessionStore]{
	sessionCheck("sessions are saved and deleted", func(s sessions) {
		user := s.user("")
		s.has("without a session", user, "")
		s.remove(user)
		s.save(user, `{"n":1}`, long)
		s.has("of a session", user, `{"n":1}`)
		s.save(user, `{"n":2}`, long)
		s.has("of a session that was saved again", user, `{"n":2}`)
		s.has("of another follower", s.user("2"), "")
		s.remove(user)
		s.has("of a session that was deleted", user, "")
	}),
	sessionCheck("swap compares", func(s sessions) {
		user := s.user("")
		s.swaps("of a session that is none", user, `1`, `2`, false)
		s.has("after a swap that was refused", user, "")
		s.swaps("of none for none", user, "", "", true)
		s.has("after a swap of none for none", user, "")
		s.swaps("of none", user, "", `1`, true)
		s.swaps("of none, again", user, "", `2`, false)
		s.swaps("of a wrong session", user, `2`, `3`, false)
		s.swaps("of a wrong session for none", user, `2`, "", false)
		s.has("after swaps that were refused", user, `1`)
		s.swaps("of the session", user, `1`, `2`, true)
		s.has("after a swap", user, `2`)
		s.swaps("of the session for none", user, `2`, "", true)
		s.has("after a swap for none", user, "")
		s.swaps("of none, at last", user, "", `3`, true)
		s.has("after a swap", user, `3`)
	}),
	sessionCheck("sessions end", func(s sessions) {
		for i, begin := range []func(openID string){
			func(openID string) { s.save(openID, `1`, short) },
			func(openID string) { equal(s.checker, "SwapSession of none", s.swap(openID, "", `1`, short), true) },
		} {
			user := s.user(strconv.Itoa(i))
			begin(user)
			s.has("before the TTL is over", user, `1`)
			s.eventually("a session is gone when its TTL is over", func() bool { return s.load(user) == "" })
			s.swaps("of a session whose TTL is over", user, `1`, `2`, false)
			s.swaps("of none", user, "", `3`, true)
			s.has("of the next session", user, `3`)
		}
	}),
	sessionCheck("a session that is saved again ends later", func(s sessions) {
		saved, swapped, changed := s.user("saved"), s.user("swapped"), s.user("changed")
		s.save(saved, `1`, short)
		s.save(swapped, `1`, short)
		s.save(changed, `1`, short)
		s.save(saved, `1`, long)
		s.swaps("for itself", swapped, `1`, `1`, true)
		s.swaps("of the session", changed, `1`, `2`, true)
		time.Sleep(short + short/2)
		s.has("of a session that was saved again", saved, `1`)
		s.has("of a session that was swapped for itself", swapped, `1`)
		s.has("of a session that was swapped for another", changed, `2`)
	}),
	sessionCheck("a swap that is refused does not extend a session", func(s sessions) {
		user := s.user("")
		s.save(user, `1`, short)
		s.swaps("of a wrong session", user, `2`, `3`, false)
		s.eventually("a session is gone when its TTL is over", func() bool { return s.load(user) == "" })
	}),
	sessionCheck("odd followers and sessions stay as they are", func(s sessions) {
		values := odd()
		for name, value := range values {
			s.save(s.user(value), value, long)
			s.has("of "+name, s.user(value), value)
		}
		for name, value := range values {
			s.has("of "+name+", at last", s.user(value), value)
			s.swaps("of "+name, s.user(value), value, name, true)
			s.has("of "+name+" after a swap", s.user(value), name)
		}
		large := big()
		s.save(s.user(""), large, long)
		s.has("of 64 KiB", s.user(""), large)
	}),
	sessionCheck("no swap of many callers is lost", func(s sessions) {
		const each = 8
		user := s.user("")
		s.atOnce(func(int) {
			for done := 0; done < each && s.ctx.Err() == nil; {
				value := s.load(user)
				n, _ := strconv.Atoi(value) // 0 without a session
				if s.swap(user, value, strconv.Itoa(n+1), long) {
					done++
				}
			}
		})
		s.has("after many swaps", user, strconv.Itoa(callers*each))
	}),
	sessionCheck("a context that has ended", func(s sessions) {
		user := s.user("")
		_ = s.prompt("LoadSession", func(ctx context.Context) error {
			_, err := s.store.LoadSession(ctx, user)
			return err
		})
		_ = s.prompt("SaveSession", func(ctx context.Context) error { return s.store.SaveSession(ctx, user, []byte(`1`), long) })
		_ = s.prompt("SwapSession", func(ctx context.Context) error {
			_, err := s.store.SwapSession(ctx, user, []byte(`2`), []byte(`3`), long)
			return err
		})
		_ = s.prompt("DeleteSession", func(ctx context.Context) error { return s.store.DeleteSession(ctx, user) })
		s.save(user, `4`, long)
		s.has("after that", user, `4`)
	}),
}
