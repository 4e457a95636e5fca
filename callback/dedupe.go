package callback

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"time"
)

// DedupeStore lets the replicas of a program handle each push once between them,
// and reply to it once. An account needs no store of its own: keys begin with the
// account.
//
// A key is a push. A store keeps for each key: who claims it and until when, the
// owners that asked, and, once it is done, the reply and the way of the reply.
//
//	free ──Claim──► claimed ──Finish──► done
//	  ▲                │
//	  └─Release, or the ttl of the claim ends
//
// An owner is one delivery of the push to one replica; it is a random string. Each
// call must be atomic with respect to the key, and must be safe to repeat: a call
// that returned an error may have been executed, and is made again. The ctx of a
// call ends after 250 ms and never with the request that caused it. An error means
// that nobody knows whether the call was executed; the key's state is never an
// error. A store measures time by its own clock.
//
// A normal push costs one Claim and one Finish. A handler that takes longer than a
// second costs a Claim each second, a delivery to another replica meanwhile a Claim
// each 200 ms, and a reply that is not answered where its handler ran one Settle.
type DedupeStore interface {
	// Claim asks for a push on behalf of owner. If the push is free, or if owner
	// has claimed it already, the claim is owner's for ttl from now. Claim never
	// changes a claim of another owner that has not ended, nor a push that is done.
	//
	// The result says what holds after the call. Every owner that asks for a key is
	// counted, once: the store remembers at least the first three owners, in their
	// order, for at least [DedupeRetention] after the last call for the key. Neither
	// the end of a claim nor Release resets them.
	Claim(ctx context.Context, key, owner string, ttl time.Duration) (Claim, error)
	// Finish makes a push done for ttl: from now on Claim returns [ClaimStateDone] and
	// the reply, which may be nil or empty if there is none. The store may forget
	// the reply after [DedupeReplyRetention], not the push. Finish does nothing if
	// the push is done, or if another owner has a claim that has not ended; if
	// nobody has, it makes the push done.
	Finish(ctx context.Context, key, owner string, reply []byte, ttl time.Duration) error
	// Settle records how the reply of a push reaches the follower, unless that is
	// recorded already, and returns what is recorded. It is kept as long as the
	// push is, at least [DedupeRetention].
	Settle(ctx context.Context, key string, way ReplyWay) (ReplyWay, error)
	// Release ends the claim of owner, so that the push is free. It does nothing
	// if the claim is another owner's, or if the push is done.
	Release(ctx context.Context, key, owner string) error
}

// Claim is the state of a push after [DedupeStore].Claim.
type Claim struct {
	State ClaimState
	// Delivery is the place of the owner among those that asked for the key, 1 for
	// the first. A store that remembers only three owners returns 3 for all others.
	Delivery int
	// Reply is what Finish kept, if the push is done and the reply is not forgotten.
	Reply []byte
}

// ClaimState is what a push is after [DedupeStore].Claim.
type ClaimState string

// The states. Everything else, "" included, counts as a failure of the store.
const (
	ClaimStateGranted ClaimState = "granted" // the owner that asked handles the push
	ClaimStateTaken   ClaimState = "taken"   // another owner does
	ClaimStateDone    ClaimState = "done"    // it is handled
)

// ReplyWay is how a reply reaches the follower. It is one of two, never both.
type ReplyWay string

// The ways of a reply.
const (
	ReplyWayAnswer   ReplyWay = "answer"   // as the answer to a delivery
	ReplyWayDeferred ReplyWay = "deferred" // as customer-service messages, by [Config.Deferred]
)

// How long a [DedupeStore] keeps things.
const (
	// DedupeRetention is how long a key is kept after its last call, unless
	// Finish was given more.
	DedupeRetention = time.Minute
	// DedupeReplyRetention is how long a reply is kept: no delivery comes later.
	DedupeReplyRetention = 20 * time.Second
)

const (
	maxRemembered   = 100_000
	maxRepliesBytes = 4 << 20
)

// MemoryDedupeStore is a [DedupeStore] for handlers in one process. It remembers
// 100,000 pushes and 4 MiB of replies.
type MemoryDedupeStore struct {
	pushes  *lru[string, claimed]
	replies *lru[string, []byte]
}

// claimed is what the store knows of a push.
type claimed struct {
	owner  string    // "" while it is free
	ends   time.Time // of the claim
	done   bool
	way    ReplyWay
	askers [deliveries]string // owners that asked, in their order
}

// NewMemoryDedupeStore returns an empty store.
func NewMemoryDedupeStore() *MemoryDedupeStore {
	return &MemoryDedupeStore{
		pushes: newLRU[string](limits[claimed]{entries: maxRemembered, pinned: func(c claimed) bool {
			return c.owner != "" && !c.done && time.Now().Before(c.ends)
		}}),
		replies: newReplies[string](),
	}
}

// newReplies returns a cache of rendered replies.
func newReplies[K comparable]() *lru[K, []byte] {
	return newLRU[K](limits[[]byte]{entries: maxRemembered, bytes: maxRepliesBytes, size: func(reply []byte) int { return len(reply) }})
}

// Claim asks for a push.
func (s *MemoryDedupeStore) Claim(_ context.Context, key, owner string, ttl time.Duration) (Claim, error) {
	now := time.Now()
	var result Claim
	s.pushes.update(key, now, DedupeRetention, func(c claimed, _ bool) (claimed, bool) {
		result.Delivery = c.count(owner)
		switch {
		case c.done:
			result.State = ClaimStateDone
		case c.free(owner, now):
			result.State = ClaimStateGranted
			c.owner, c.ends = owner, now.Add(ttl)
		default:
			result.State = ClaimStateTaken
		}
		return c, true
	})
	if result.State == ClaimStateDone {
		result.Reply, _ = s.replies.get(key, now)
	}
	return result, nil
}

// count counts an owner that asks and returns its place.
func (c *claimed) count(owner string) int {
	for i, asker := range c.askers {
		if asker == "" {
			c.askers[i] = owner
		}
		if c.askers[i] == owner {
			return i + 1
		}
	}
	return len(c.askers)
}

// free reports whether owner may have the push.
func (c *claimed) free(owner string, now time.Time) bool {
	return c.owner == "" || c.owner == owner || !now.Before(c.ends)
}

// Finish makes a push done.
func (s *MemoryDedupeStore) Finish(_ context.Context, key, owner string, reply []byte, ttl time.Duration) error {
	now := time.Now()
	s.pushes.update(key, now, ttl, func(c claimed, _ bool) (claimed, bool) {
		if c.done || !c.free(owner, now) {
			return c, false
		}
		if len(reply) > 0 {
			s.replies.set(key, slices.Clone(reply), now, DedupeReplyRetention)
		}
		return claimed{done: true, way: c.way, askers: c.askers}, true
	})
	return nil
}

// Settle records the way of a reply.
func (s *MemoryDedupeStore) Settle(_ context.Context, key string, way ReplyWay) (ReplyWay, error) {
	now := time.Now()
	settled := way
	s.pushes.update(key, now, DedupeRetention, func(c claimed, _ bool) (claimed, bool) {
		if c.way == "" {
			c.way = way
		}
		settled = c.way
		return c, true
	})
	return settled, nil
}

// Release ends the claim of owner.
func (s *MemoryDedupeStore) Release(_ context.Context, key, owner string) error {
	s.pushes.update(key, time.Now(), DedupeRetention, func(c claimed, found bool) (claimed, bool) {
		if !found || c.done || c.owner != owner {
			return c, false
		}
		c.owner = ""
		return c, true
	})
	return nil
}

func newOwner() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return hex.EncodeToString(b[:])
}
