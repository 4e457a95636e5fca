package tokencache

import (
	"context"
	"errors"
	"time"
)

const (
	lockTTL       = 10 * time.Second
	renewInterval = time.Second // of a lock that is held

	// acquireLimit is how long a refresh of an exclusive value waits for other holders
	// of the lock.
	acquireLimit = 12 * time.Second
	// sharedLimit is how long a refresh of any other value waits: a working holder has
	// finished by then, so the store must be wrong.
	sharedLimit = lockedLimit + deadAfter
	// deadAfter is the time without a renewal after which the holder of a lock counts as
	// dead. A value that is not exclusive is then fetched without the lock.
	deadAfter = 2 * time.Second
	// renewedBy is the least change of the end of a lock that counts as a renewal.
	renewedBy = 500 * time.Millisecond

	pollInterval = 50 * time.Millisecond // between attempts to lock, plus jitter

	// unlockedInterval is the time between fetches of an exclusive value without the
	// lock, if the store fails.
	unlockedInterval = 5 * time.Minute
)

var errLockWait = errors.New("another process holds the lock and has not stored a value")

// acquire takes the lock, or finds the record that its holder stored. If it returns
// with neither, the refresh continues without the lock.
func (c *Cache) acquire(v *view) {
	s := c.cfg.Shared
	other := holder{since: time.Now()}
	for {
		wait, err := s.lock(c.base, c.cfg.Key, c.owner)
		if err != nil {
			v.err = c.base.Err()
			return
		}
		if v.held = wait <= 0; !v.held {
			other.see(time.Now(), wait)
			if !c.cfg.Exclusive && (other.dead() || other.waited(sharedLimit)) {
				return
			}
			if c.cfg.Exclusive && other.waited(acquireLimit) {
				v.err = errLockWait
				return
			}
			if v.err = pause(c.base, pollInterval+jitter(pollInterval)); v.err != nil {
				return
			}
		}
		// The previous holder may have stored a value before this process got the lock.
		v.seen = s.load(c.base, c.cfg.Key)
		if v.found = c.usable(v.seen); v.found || v.held {
			return
		}
	}
}

// holder is what this process knows of another owner of the lock.
type holder struct {
	since   time.Time // the first attempt to lock
	now     time.Time // the last attempt
	end     time.Time // of the lock
	renewed time.Time // when the lock was last seen to be renewed
}

// see records the remaining TTL of the lock.
func (h *holder) see(now time.Time, wait time.Duration) {
	h.now = now
	if end := now.Add(wait); end.Sub(h.end) >= renewedBy {
		h.end, h.renewed = end, now
	}
}

// dead reports whether the holder has stopped renewing the lock.
func (h *holder) dead() bool { return h.now.Sub(h.renewed) >= deadAfter }

// waited reports whether this process has waited for limit.
func (h *holder) waited(limit time.Duration) bool { return h.now.Sub(h.since) >= limit }

// pause waits unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
