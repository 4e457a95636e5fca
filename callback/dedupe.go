package callback

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Dedupe lets the replicas of a program handle each push once between them. Keys
// are letters and digits; they hold nothing of the message.
//
// A replica that handles a push renews its claim every second, so a claim that
// ended is one whose replica died: the next delivery takes it over.
type Dedupe interface {
	// Claim takes a push for owner until ttl is over. claimed is true where nobody
	// has it, where owner has it already (the claim begins anew) and where its
	// claim ended. Otherwise reply is what Finish was given, or nil while the push
	// is being handled.
	Claim(ctx context.Context, key, owner string, ttl time.Duration) (claimed bool, reply []byte, err error)
	// Finish keeps the reply of a push until ttl is over; it may be empty. It does
	// nothing where somebody else has taken the push over.
	Finish(ctx context.Context, key, owner string, reply []byte, ttl time.Duration) error
	// Release gives a claim of owner up.
	Release(ctx context.Context, key, owner string) error
}

// key identifies a push over all its deliveries: a message by its number, an event
// by all of it. The official key of events, sender and second, loses some.
func (p *Push) key() string {
	h := p.Message.Meta()
	sum := sha256.New()
	if p.id != "" {
		sum.Write([]byte(h.ToUserName + "\x00" + h.FromUserName + "\x00" + p.id))
	} else {
		sum.Write(h.Raw)
	}
	var digest [sha256.Size]byte
	return hex.EncodeToString(sum.Sum(digest[:0])[:16])
}

// MemoryDedupe is a [Dedupe] for handlers in one process.
type MemoryDedupe struct{ claims *lru[claim] }

type claim struct {
	owner string
	reply []byte // nil while the push is being handled
}

// NewMemoryDedupe returns an empty MemoryDedupe. It remembers 50,000 pushes.
func NewMemoryDedupe() *MemoryDedupe { return &MemoryDedupe{newLRU[claim](maxRemembered)} }

// Claim takes a push for owner.
func (d *MemoryDedupe) Claim(_ context.Context, key, owner string, ttl time.Duration) (claimed bool, reply []byte, _ error) {
	d.claims.update(key, time.Now(), ttl, func(old claim, found bool) (claim, bool) {
		claimed = !found || old.owner == owner && old.reply == nil
		reply = old.reply
		return claim{owner: owner}, claimed
	})
	return claimed, reply, nil
}

// Finish keeps the reply of a push.
func (d *MemoryDedupe) Finish(_ context.Context, key, owner string, reply []byte, ttl time.Duration) error {
	d.claims.update(key, time.Now(), ttl, func(old claim, found bool) (claim, bool) {
		return claim{owner: owner, reply: append([]byte{}, reply...)}, !found || old.owner == owner
	})
	return nil
}

// Release gives a claim up.
func (d *MemoryDedupe) Release(_ context.Context, key, owner string) error {
	d.claims.drop(key, time.Now(), func(c claim) bool { return c.owner == owner && c.reply == nil })
	return nil
}

func newOwner() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return hex.EncodeToString(b[:])
}
