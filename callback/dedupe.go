package callback

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"time"
)

// DedupeStore coordinates the replicas of a program, so that together they handle each push
// once and reply to it once. Several accounts can share one store, because keys begin with
// the account.
//
// A key identifies a push. For each key, a store keeps the owner of the claim, its expiry
// time, the owners that have called Claim, and how the reply is sent. Once the push is
// done, it also keeps the reply.
//
//	free ──Claim──► claimed ──Finish──► done
//	  ▲                │
//	  └─Release, or the claim expires
//
// An owner is a random string that identifies one delivery of the push to one replica. Each
// call must be atomic for its key and safe to retry: a call that returned an error is made
// again, although it may have been executed. The ctx of a call expires after 250 ms and
// does not end with the HTTP request. Return an error only if the call may have failed,
// never to report the state of a key. A store uses its own clock.
//
// A typical push costs one Claim and one Finish. A handler that takes longer than a second
// costs one more Claim per second. While it runs, each delivery that waits at another
// replica costs one Claim every 200 ms. A reply that another replica sends, or that no
// delivery is waiting for, costs one ChooseReplyMethod.
type DedupeStore interface {
	// Claim claims a push for owner. If the push is free, or owner already has the claim,
	// owner has it for ttl from now. Claim never changes an unexpired claim of another
	// owner, nor a push that is done.
	//
	// The result is the state after the call. The store numbers the owners that call Claim
	// for a key, each of them once. It remembers at least the first three, in order, for at
	// least [DedupeRetention] after the last call for the key, even if a claim expires or
	// is released.
	Claim(ctx context.Context, key, owner string, ttl time.Duration) (Claim, error)
	// Finish marks a push as done for ttl: from now on Claim returns [ClaimStateDone] and
	// the reply, which may be nil or empty if there is none. The store may forget the reply
	// after [DedupeReplyRetention], but not the push. Finish does nothing if the push is
	// done, or if another owner has a claim that has not expired. The caller does not
	// need a claim if nobody else has one.
	Finish(ctx context.Context, key, owner string, reply []byte, ttl time.Duration) error
	// ChooseReplyMethod records how the reply to a push is sent, unless a method has been
	// recorded already, and returns the recorded method. The store keeps it as long as the
	// push, and for at least [DedupeRetention].
	ChooseReplyMethod(ctx context.Context, key string, method ReplyMethod) (ReplyMethod, error)
	// Release ends owner's claim, which makes the push free. It does nothing if another
	// owner has the claim, or if the push is done.
	Release(ctx context.Context, key, owner string) error
}

// Claim is the result of [DedupeStore].Claim.
type Claim struct {
	State ClaimState
	// Delivery is the number of the owner among those that have called Claim for the key,
	// starting at 1. A store that remembers only three owners returns 3 for all later ones.
	Delivery int
	// Reply is the reply passed to Finish, if the push is done and the store still has it.
	Reply []byte
}

// ClaimState is the state of a push after [DedupeStore].Claim.
type ClaimState string

// The states of a push. Any other value, including "", is treated as a failure of the
// store.
const (
	ClaimStateGranted ClaimState = "granted" // the caller has the claim and must handle the push
	ClaimStateTaken   ClaimState = "taken"   // another owner has the claim
	ClaimStateDone    ClaimState = "done"    // the push has been handled
)

// ReplyMethod is how a reply is sent to the user.
type ReplyMethod string

// How a reply can be sent. Each reply is sent in only one of these ways.
const (
	ReplyMethodResponse ReplyMethod = "response" // as the response to a delivery
	ReplyMethodDeferred ReplyMethod = "deferred" // as customer-service messages, through [Config.SendDeferred]
)

// How long a [DedupeStore] keeps its data.
const (
	// DedupeRetention is how long a key is kept after the last call for it, unless the
	// ttl passed to Finish is longer.
	DedupeRetention = time.Minute
	// DedupeReplyRetention is how long a reply is kept. No delivery of the push arrives
	// after that.
	DedupeReplyRetention = 20 * time.Second
)

const maxRemembered = 100_000 // pushes

// MemoryDedupeStore is an in-memory [DedupeStore] that several handlers in one process can
// share. It remembers up to 100,000 pushes and 4 MiB of replies.
type MemoryDedupeStore struct {
	pushes  *lru[string, claimed]
	replies replies
}

// claimed is the state of a push in the store.
type claimed struct {
	owner  string    // "" while the push is free
	ends   time.Time // when the claim expires
	done   bool
	reply  replyNumber
	method ReplyMethod
	askers [deliveries]string // owners that have asked, in order
}

// NewMemoryDedupeStore returns an empty store.
func NewMemoryDedupeStore() *MemoryDedupeStore {
	return &MemoryDedupeStore{
		pushes: newLRU[string](limits[claimed]{entries: maxRemembered, pinned: func(c claimed) bool {
			return c.owner != "" && !c.done && time.Now().Before(c.ends)
		}}),
	}
}

// Claim implements [DedupeStore].
func (s *MemoryDedupeStore) Claim(_ context.Context, key, owner string, ttl time.Duration) (Claim, error) {
	now := time.Now()
	var result Claim
	s.pushes.update(key, now, DedupeRetention, func(c claimed, _ bool) (claimed, bool) {
		result.Delivery = c.count(owner)
		switch {
		case c.done:
			result.State, result.Reply = ClaimStateDone, s.replies.get(c.reply, now)
		case c.free(owner, now):
			result.State = ClaimStateGranted
			c.owner, c.ends = owner, now.Add(ttl)
		default:
			result.State = ClaimStateTaken
		}
		return c, true
	})
	return result, nil
}

// count counts an owner that asks and returns its position.
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

// Finish implements [DedupeStore].
func (s *MemoryDedupeStore) Finish(_ context.Context, key, owner string, reply []byte, ttl time.Duration) error {
	now := time.Now()
	s.pushes.update(key, now, ttl, func(c claimed, _ bool) (claimed, bool) {
		if c.done || !c.free(owner, now) {
			return c, false
		}
		c = claimed{done: true, method: c.method, askers: c.askers}
		if len(reply) > 0 {
			c.reply = s.replies.keep(slices.Clone(reply), now)
		}
		return c, true
	})
	return nil
}

// ChooseReplyMethod implements [DedupeStore].
func (s *MemoryDedupeStore) ChooseReplyMethod(_ context.Context, key string, method ReplyMethod) (ReplyMethod, error) {
	now := time.Now()
	chosen := method
	s.pushes.update(key, now, DedupeRetention, func(c claimed, _ bool) (claimed, bool) {
		if c.method == "" {
			c.method = method
		}
		chosen = c.method
		return c, true
	})
	return chosen, nil
}

// Release implements [DedupeStore].
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
