package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/wechatoa/wechat/callback"
)

// TestActivityStore checks a [callback.ActivityStore]. All times that it passes to the
// store are whole seconds, as those of the platform are.
func TestActivityStore(t *testing.T, newStore func(t *testing.T) callback.ActivityStore) {
	t.Helper()
	run(t, activityChecks, newStore)
}

// activity calls a store, with the errors reported.
type activity struct {
	*checker

	store callback.ActivityStore
	now   time.Time // in whole seconds
}

// user returns the openid of a follower.
func (s activity) user(suffix string) string { return "o" + s.id + suffix }

// at returns a time near now; 0 is the zero time.
func (s activity) at(seconds int) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return s.now.Add(time.Duration(seconds) * time.Second)
}

func (s activity) touch(openID string, wrote, until int) {
	s.ok(s.store.RecordActivity(s.ctx, openID, s.at(wrote), s.at(until)), "RecordActivity")
}

func (s activity) touched(when, openID string, wrote, until int) {
	w, u, err := s.store.LoadActivity(s.ctx, openID)
	s.ok(err, "LoadActivity")
	if !w.Equal(s.at(wrote)) || w.IsZero() != (wrote == 0) {
		s.errorf("LoadActivity %s returns that the follower wrote at %v, want %v", when, w, s.at(wrote))
	}
	if !u.Equal(s.at(until)) || u.IsZero() != (until == 0) {
		s.errorf("LoadActivity %s returns until %v, want %v", when, u, s.at(until))
	}
}

func (s activity) remove(openID string) {
	s.ok(s.store.DeleteActivity(s.ctx, openID), "DeleteActivity")
}

func (s activity) add(key string, delta callback.MenuStatus) {
	s.ok(s.store.AddMenuStatus(s.ctx, key, delta), "AddMenuStatus")
}

func (s activity) menu(when, key string, want callback.MenuStatus) {
	all, err := s.store.LoadMenuStatuses(s.ctx)
	s.ok(err, "LoadMenuStatuses")
	got, found := all[key]
	if !found {
		s.errorf("LoadMenuStatuses %s does not have the key %s", when, excerpt(key))
		return
	}
	if !got.LastTime.Equal(want.LastTime) || got.LastTime.IsZero() != want.LastTime.IsZero() {
		s.errorf("LoadMenuStatuses %s: LastTime is %v, want %v", when, got.LastTime, want.LastTime)
	}
	got.LastTime, want.LastTime = time.Time{}, time.Time{}
	equal(s.checker, "LoadMenuStatuses "+when, got, want)
}

func activityCheck(name string, f func(s activity)) check[callback.ActivityStore] {
	return check[callback.ActivityStore]{name, func(c *checker, s callback.ActivityStore) {
		f(activity{c, s, time.Now().Truncate(time.Second)})
	}}
}

var activityChecks = []check[callback.ActivityStore]{
	activityCheck("a follower who is not known", func(s activity) {
		s.touched("of a follower who is not known", s.user(""), 0, 0)
	}),
	activityCheck("times move forward", func(s activity) {
		user := s.user("")
		s.touch(user, -10, 100)
		s.touched("of a message", user, -10, 100)
		s.touch(user, 0, 60)
		s.touched("of an event that allows less", user, -10, 100)
		s.touch(user, 0, 200)
		s.touched("of an event that allows more", user, -10, 200)
		s.touch(user, -20, 90)
		s.touched("of an older message", user, -10, 200)
		s.touch(user, -5, 105)
		s.touched("of a newer message", user, -5, 200)
		s.touched("of another follower", s.user("2"), 0, 0)
	}),
	activityCheck("an event is no message", func(s activity) {
		user := s.user("")
		s.touch(user, 0, 60)
		s.touched("of an event", user, 0, 60)
		s.touch(user, -1, 50)
		s.touched("of the first message", user, -1, 60)
	}),
	activityCheck("times that are over stay", func(s activity) {
		user := s.user("")
		s.touch(user, -7200, -3600)
		s.touched("after the follower can no longer be answered", user, -7200, -3600)
	}),
	activityCheck("a follower is deleted", func(s activity) {
		user, other := s.user(""), s.user("2")
		s.remove(user)
		s.touch(user, -10, 100)
		s.touch(other, -20, 200)
		s.add(user, callback.MenuStatus{Received: 1})
		s.remove(user)
		s.touched("of a follower who was deleted", user, 0, 0)
		s.touched("of another follower", other, -20, 200)
		s.menu("of a key that equals the openid", user, callback.MenuStatus{Received: 1})
		s.touch(user, -30, 50)
		s.touched("of a follower who came back", user, -30, 50)
	}),
	activityCheck("followers do not overtake each other", func(s activity) {
		user := s.user("")
		s.atOnce(func(caller int) {
			for n := range 8 {
				s.touch(user, -1-caller*8-n, 1000-caller*8-n)
			}
		})
		s.touched("after many at once", user, -1, 1000)
	}),
	activityCheck("the menu is counted", func(s activity) {
		key := "key " + s.id
		s.add(key, callback.MenuStatus{Received: 1, LastTime: s.at(-10)})
		s.menu("of an event", key, callback.MenuStatus{Received: 1, LastTime: s.at(-10)})
		s.add(key, callback.MenuStatus{Succeeded: 1, LastDuration: 30 * time.Millisecond})
		s.menu("of an answer", key, callback.MenuStatus{Received: 1, Succeeded: 1, LastTime: s.at(-10), LastDuration: 30 * time.Millisecond})
		s.add(key, callback.MenuStatus{Received: 2, LastTime: s.at(-20)})
		s.add(key, callback.MenuStatus{Failed: 3, LastError: "no 库存\nat all", LastDuration: time.Minute})
		want := callback.MenuStatus{
			Received: 3, Succeeded: 1, Failed: 3, LastTime: s.at(-10), LastError: "no 库存\nat all", LastDuration: time.Minute,
		}
		s.menu("of failures and an older event", key, want)
		s.add(key, callback.MenuStatus{Succeeded: 1})
		want.Succeeded++
		s.menu("of an answer without a latency", key, want)
		s.add(key, callback.MenuStatus{Failed: 1, LastError: "other", LastTime: s.at(-1)})
		want.Failed, want.LastError, want.LastTime = 4, "other", s.at(-1)
		s.menu("of another failure", key, want)
	}),
	activityCheck("no count of many callers is lost", func(s activity) {
		const each = 8
		key := "key " + s.id
		s.atOnce(func(int) {
			for range each {
				s.add(key, callback.MenuStatus{Received: 1, Succeeded: 2, Failed: 3})
			}
		})
		s.menu("after many at once", key, callback.MenuStatus{Received: callers * each, Succeeded: 2 * callers * each, Failed: 3 * callers * each})
	}),
	activityCheck("odd followers and keys are different", func(s activity) {
		n := 0
		for name, odd := range odd() {
			n++
			s.touch(s.user(odd), -n, n)
			s.add(s.id+odd, callback.MenuStatus{Received: int64(n)})
			s.touched("of a follower with "+name, s.user(odd), -n, n)
		}
		all, err := s.store.LoadMenuStatuses(s.ctx)
		s.ok(err, "LoadMenuStatuses")
		found := map[int64]bool{}
		for _, odd := range odd() {
			found[all[s.id+odd].Received] = true
		}
		equal(s.checker, "menu keys that are different", len(found), n)
	}),
	activityCheck("a context that has ended", func(s activity) {
		_ = s.prompt("RecordActivity", func(ctx context.Context) error { return s.store.RecordActivity(ctx, s.user(""), s.at(-1), s.at(1)) })
		_ = s.prompt("LoadActivity", func(ctx context.Context) error {
			_, _, err := s.store.LoadActivity(ctx, s.user(""))
			return err
		})
		_ = s.prompt("DeleteActivity", func(ctx context.Context) error { return s.store.DeleteActivity(ctx, s.user("")) })
		_ = s.prompt("AddMenuStatus", func(ctx context.Context) error {
			return s.store.AddMenuStatus(ctx, s.id, callback.MenuStatus{Received: 1})
		})
		_ = s.prompt("LoadMenuStatuses", func(ctx context.Context) error {
			_, err := s.store.LoadMenuStatuses(ctx)
			return err
		})
		s.touch(s.user(""), -1, 1)
		s.touched("after that", s.user(""), -1, 1)
	}),
}
