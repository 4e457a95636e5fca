package tokencache

import (
	"context"
	"errors"
	"time"
)

const (
	lockTTL       = 10 * time.Second
	renewInterval = time.Second // of a lock that is held

	// acquireLimit is how long a refresh waits for other holders of the lock.
	acquireLimit = 12 * time.Second
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
	begin := time.Now()
	var end, moved time.Time // of the other's lock: its end, and when that last moved
	for {
		wait, err := s.lock(c.base, c.cfg.Key, c.owner)
		if err != nil {
			v.err = c.base.Err()
			return
		}
		if v.held = wait <= 0; !v.held {
			now := time.Now()
			if e := now.Add(wait); e.Sub(end) >= renewedBy {
				end, moved = e, now
			}
			if !c.cfg.Exclusive && now.Sub(moved) >= deadAfter {
				return
			}
			if now.Sub(begin) >= acquireLimit {
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
