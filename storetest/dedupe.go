package storetest

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/wechatoa/wechat/callback"
)

// TestDedupeStore checks a [callback.DedupeStore].
func TestDedupeStore(t *testing.T, newStore func(t *testing.T) callback.DedupeStore) {
	t.Helper()
	run(t, dedupeChecks, newStore)
}

// pushes calls a store, with the errors reported.
type pushes struct {
	*checker

	store callback.DedupeStore
}

// push returns the key of a push, of the form of the library's.
func (s pushes) push(suffix string) string { return "wx" + s.id + ":" + suffix }

func (s pushes) claim(key, owner string, ttl time.Duration) callback.Claim {
	c, err := s.store.Claim(s.ctx, key, owner, ttl)
	s.ok(err, "Claim")
	return c
}

// claims checks what becomes of a claim. A place of 3 is 3 or more.
func (s pushes) claims(when, key, owner string, state callback.ClaimState, place int) callback.Claim {
	c := s.claim(key, owner, long)
	equal(s.checker, "State of Claim "+when, c.State, state)
	if c.Delivery != place && (place < 3 || c.Delivery < 3) {
		s.errorf("Delivery of Claim %s: %d, want %d", when, c.Delivery, place)
	}
	return c
}

func (s pushes) finish(key, owner string, reply []byte) {
	s.ok(s.store.Finish(s.ctx, key, owner, reply, long), "Finish")
}

func (s pushes) release(key, owner string) { s.ok(s.store.Release(s.ctx, key, owner), "Release") }

func (s pushes) settles(when, key string, way, want callback.ReplyMethod) {
	got, err := s.store.ChooseReplyMethod(s.ctx, key, way)
	s.ok(err, "ChooseReplyMethod")
	equal(s.checker, "ChooseReplyMethod "+when, got, want)
}

// done checks that a push is done, with a reply.
func (s pushes) done(when, key, owner string, place int, reply string) {
	c := s.claims(when, key, owner, callback.ClaimStateDone, place)
	equal(s.checker, "Reply of Claim "+when, string(c.Reply), reply)
}

func dedupeCheck(name string, f func(s pushes)) check[callback.DedupeStore] {
	return check[callback.DedupeStore]{name, func(c *checker, s callback.DedupeStore) { f(pushes{c, s}) }}
}

const (
	granted = callback.ClaimStateGranted
	taken   = callback.ClaimStateTaken
)

var dedupeChecks = []check[callback.DedupeStore]{
	dedupeCheck("a push has one owner", func(s pushes) {
		key := s.push("1")
		c := s.claims("of a free push", key, "a", granted, 1)
		equal(s.checker, "length of the reply of a push that is not done", len(c.Reply), 0)
		s.claims("by its owner, again", key, "a", granted, 1)
		s.claims("by another owner", key, "b", taken, 2)
		s.claims("by another owner, again", key, "b", taken, 2)
		s.claims("by a third owner", key, "c", taken, 3)
		s.claims("by a fourth owner", key, "d", taken, 3)
		s.claims("by its owner, at last", key, "a", granted, 1)
		s.claims("of another push", s.push("2"), "b", granted, 1)
	}),
	dedupeCheck("a push that is done has its reply", func(s pushes) {
		key := s.push("1")
		s.claims("of a free push", key, "a", granted, 1)
		s.finish(key, "a", []byte("<xml/>"))
		s.done("of a push that is done", key, "b", 2, "<xml/>")
		s.done("by the owner who did it", key, "a", 1, "<xml/>")
		s.finish(key, "a", []byte("again"))
		s.finish(key, "b", []byte("other"))
		s.release(key, "a")
		s.done("of a push that was finished and released again", key, "c", 3, "<xml/>")
	}),
	dedupeCheck("a reply may be missing", func(s pushes) {
		for i, none := range [][]byte{nil, {}} {
			key := s.push(strconv.Itoa(i))
			s.claims("of a free push", key, "a", granted, 1)
			s.finish(key, "a", none)
			s.done("of a push without a reply", key, "b", 2, "")
		}
	}),
	dedupeCheck("replies stay as they are", func(s pushes) {
		values := odd()
		values["64 KiB"] = big()
		for name, value := range values {
			key, reply := s.push(name), []byte(value)
			s.claims("of a free push", key, "a", granted, 1)
			s.finish(key, "a", reply)
			clear(reply) // the caller's again
			s.done("of a reply with "+name, key, "b", 2, value)
		}
	}),
	dedupeCheck("only who has a push finishes it", func(s pushes) {
		key := s.push("1")
		s.claims("of a free push", key, "a", granted, 1)
		s.finish(key, "b", []byte("other"))
		s.claims("after another owner finished it", key, "c", taken, 2)
		s.finish(key, "a", []byte("reply"))
		s.done("after its owner finished it", key, "c", 2, "reply")

		free := s.push("2")
		s.finish(free, "a", []byte("reply"))
		s.done("of a push that was finished without a claim", free, "b", 1, "reply")
	}),
	dedupeCheck("only who has a push releases it", func(s pushes) {
		key := s.push("1")
		s.release(key, "a")
		s.claims("of a free push", key, "a", granted, 1)
		s.release(key, "b")
		s.claims("after another owner released it", key, "b", taken, 2)
		s.release(key, "a")
		s.claims("of a push that was released", key, "b", granted, 2)
		s.release(key, "a")
		s.claims("by the owner who released it", key, "a", taken, 1)
		s.release(key, "b")
		s.claims("by a third owner, of a push that was released", key, "c", granted, 3)
	}),
	dedupeCheck("claims end, and owners stay counted", func(s pushes) {
		key := s.push("1")
		s.claim(key, "a", short)
		equal(s.checker, "State of Claim by another owner", s.claim(key, "b", long).State, taken)
		s.settles("of the first way", key, callback.ReplyMethodDeferred, callback.ReplyMethodDeferred)
		s.eventually("another owner gets a push whose claim has ended", func() bool {
			return s.claim(key, "b", long).State == granted
		})
		s.claims("by the owner whose claim has ended", key, "a", taken, 1)
		s.settles("of another way by another owner", key, callback.ReplyMethodResponse, callback.ReplyMethodDeferred)
		s.finish(key, "a", []byte("late"))
		s.release(key, "a")
		s.claims("after the owner whose claim has ended finished it", key, "c", taken, 3)
		s.finish(key, "b", []byte("reply"))
		s.done("after its owner finished it", key, "c", 3, "reply")
	}),
	dedupeCheck("an owner renews its claim", func(s pushes) {
		key := s.push("1")
		s.claim(key, "a", short)
		s.claim(key, "a", long)
		for end := time.Now().Add(short + short/2); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			if s.claim(key, "b", long).State != taken {
				s.errorf("another owner gets a push whose claim was renewed")
				return
			}
		}
	}),
	dedupeCheck("who finishes after its claim has ended", func(s pushes) {
		key := s.push("1")
		s.claim(key, "a", short)
		time.Sleep(short + short/2) // nobody asks meanwhile
		s.finish(key, "a", []byte("late"))
		s.done("of a push that was finished late", key, "b", 2, "late")
	}),
	dedupeCheck("a reply takes one way", func(s pushes) {
		for i, first := range []callback.ReplyMethod{callback.ReplyMethodResponse, callback.ReplyMethodDeferred} {
			other := callback.ReplyMethodDeferred
			if first == other {
				other = callback.ReplyMethodResponse
			}
			key := s.push(strconv.Itoa(i))
			s.claims("of a free push", key, "a", granted, 1)
			s.settles("of the first way", key, first, first)
			s.settles("of the same way", key, first, first)
			s.settles("of another way", key, other, first)
			s.finish(key, "a", []byte("reply"))
			s.settles("of another way after it is done", key, other, first)
			s.done("of a push that is settled", key, "b", 2, "reply")

			free := s.push(strconv.Itoa(10 + i))
			s.settles("of a push that nobody asked for", free, first, first)
			s.claims("of a push that is settled", free, "a", granted, 1)
			s.release(free, "a")
			s.settles("of another way", free, other, first)
		}
	}),
	dedupeCheck("odd keys are different pushes", func(s pushes) {
		for name, key := range odd() {
			s.claims("of a key with "+name, s.push(key), name, granted, 1)
			s.finish(s.push(key), name, []byte(name))
		}
		for name, key := range odd() {
			s.done("of a key with "+name, s.push(key), "other", 2, name)
		}
	}),
	dedupeCheck("one of many owners gets a push", func(s pushes) {
		for round := range 8 {
			key := s.push(strconv.Itoa(round))
			var mu sync.Mutex
			var have int
			var places []int
			s.atOnce(func(caller int) {
				c := s.claim(key, strconv.Itoa(caller), long)
				mu.Lock()
				defer mu.Unlock()
				if c.State == granted {
					have++
				}
				places = append(places, min(c.Delivery, 3))
			})
			equal(s.checker, "owners of the push", have, 1)
			slices.Sort(places)
			if len(places) != callers || !slices.Equal(places[:3], []int{1, 2, 3}) || places[3] != 3 {
				s.errorf("places of %d owners: %v", callers, places)
			}
		}
	}),
	dedupeCheck("one of many owners takes over a push whose claim has ended", func(s pushes) {
		key := s.push("1")
		s.claim(key, "a", short)
		s.oneTakesOver("owners of the push", func(caller int) bool { return s.claim(key, strconv.Itoa(caller), long).State == granted })
	}),
	dedupeCheck("one of many ways is the way of a reply", func(s pushes) {
		key := s.push("1")
		var mu sync.Mutex
		ways := map[callback.ReplyMethod]int{}
		s.atOnce(func(caller int) {
			way := callback.ReplyMethodResponse
			if caller%2 == 0 {
				way = callback.ReplyMethodDeferred
			}
			settled, err := s.store.ChooseReplyMethod(s.ctx, key, way)
			s.ok(err, "ChooseReplyMethod")
			mu.Lock()
			defer mu.Unlock()
			ways[settled]++
		})
		equal(s.checker, "ways", len(ways), 1)
	}),
	dedupeCheck("a context that has ended", func(s pushes) {
		key := s.push("1")
		_ = s.prompt("Claim", func(ctx context.Context) error {
			_, err := s.store.Claim(ctx, key, "a", long)
			return err
		})
		s.claims("by the same owner", key, "a", granted, 1)
		_ = s.prompt("ChooseReplyMethod", func(ctx context.Context) error {
			_, err := s.store.ChooseReplyMethod(ctx, key, callback.ReplyMethodResponse)
			return err
		})
		s.settles("of the same way", key, callback.ReplyMethodResponse, callback.ReplyMethodResponse)
		_ = s.prompt("Release", func(ctx context.Context) error { return s.store.Release(ctx, key, "a") })
		s.claims("by the same owner, again", key, "a", granted, 1)
		_ = s.prompt("Finish", func(ctx context.Context) error { return s.store.Finish(ctx, key, "a", []byte("reply"), long) })
		s.finish(key, "a", []byte("reply"))
		s.done("of a push that is done", key, "b", 2, "reply")
	}),
}
