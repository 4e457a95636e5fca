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
	// honestLimit is how long a refresh of any other value does: a holder that is at
	// work has finished by then, so that the store does not tell the truth.
	honestLimit = lockedLimit + deadAfter
	// deadAfter is how long a lock is not renewed before its holder counts as dead.
	// Only a value that everybody may fetch is then fetched without the lock.
	deadAfter = 2 * time.Second
	// renewedBy is how far a lock's end moves when its holder renews it.
	renewedBy = 500 * time.Millisecond

	pollInterval = 50 * time.Millisecond // between looks at the lock, plus jitter

	// unlockedInterval is the time between fetches of an exclusive value in which the
	// store with the lock does not work.
	unlockedInterval = 5 * time.Minute
)

var errLockWait = errors.New("another process holds the lock and has not brought a value")

// acquire takes the lock, or finds the record that its holder brings. Without
// either the refresh goes on alone.
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
			if !c.cfg.Exclusive && (other.dead() || other.waited(honestLimit)) {
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
		// The last holder may have finished between our look and our lock.
		v.seen = s.load(c.base, c.cfg.Key)
		if v.found = c.usable(v.seen); v.found || v.held {
			return
		}
	}
}

// holder is another owner of the lock, as it is seen from here.
type holder struct {
	since   time.Time // the first look
	now     time.Time // the last look
	end     time.Time // of the lock
	renewed time.Time // when the lock was last seen to be renewed
}

// see notes for how long the lock lasts if it is not renewed.
func (h *holder) see(now time.Time, wait time.Duration) {
	h.now = now
	if end := now.Add(wait); end.Sub(h.end) >= renewedBy {
		h.end, h.renewed = end, now
	}
}

// dead reports whether the holder should have renewed the lock long ago.
func (h *holder) dead() bool { return h.now.Sub(h.renewed) >= deadAfter }

// waited reports whether waiting has taken so long.
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
