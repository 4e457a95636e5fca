// Package tokencache caches values that are fetched, expire and can be rejected, such
// as access tokens. All callers of a process share them and, through a [Store], all
// processes of a fleet.
package tokencache

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

var (
	// ErrClosed is returned by a cache after [Cache.Close].
	ErrClosed = errors.New("wechat: client is closed")
	// ErrSlow is returned to callers when a fetch takes too long. The fetch continues,
	// and a later call uses its result. It matches [context.DeadlineExceeded].
	ErrSlow error = slowError{}
	// ErrUnlocked is returned while the store fails and an exclusive value may not be
	// fetched without its lock.
	ErrUnlocked = errors.New("the token store fails, and without its lock no token may be fetched now")
)

// Mode is the reason for a fetch.
type Mode int

const (
	// Ahead replaces a value that is still valid: nobody waits.
	Ahead Mode = iota
	// Needed gets a value that callers wait for.
	Needed
	// Forced gets a value that callers wait for and that must be new.
	Forced
)

// Config configures a [Cache].
type Config struct {
	Key    string  // in the store
	Shared *Shared // the store that processes share
	// Fetch gets the value from its source. Its context does not depend on the callers.
	Fetch func(ctx context.Context, mode Mode) (value string, ttl time.Duration, err error)
	// FailureTTL returns how long fetches are certain to fail after an error of Fetch, or
	// 0 if the next one may succeed. The pauses between failed fetches grow in any case.
	FailureTTL func(err error) time.Duration
	// Remembered returns what callers get instead of err, the error of an earlier fetch,
	// while no fetch is made for wait. It may be nil.
	Remembered func(err error, wait time.Duration) error
	// Exclusive means that fetching a value invalidates the previous one. Only the
	// holder of the lock in the store fetches, and a warning is logged if others seem
	// to fetch too.
	Exclusive bool
	// LockRequired means that an exclusive value is never fetched without the lock, and not
	// if the store cannot be read either: the error is then [ErrUnlocked].
	LockRequired bool
	// Advice is logged with that warning.
	Advice string
	// Force allows fetches of mode Forced when a rejected value is returned again.
	Force bool
	// Extend restarts the TTL of a value when the same value is fetched again.
	Extend bool
	// Log must survive its handler, as that of internal/usercode does.
	Log *slog.Logger
}

// Cache caches one value.
//
// A fresh value is returned without taking a lock. In the advisory refresh window one
// refresh is started, and callers continue to use the value. In the mandatory refresh
// window, and after the value was rejected, all callers wait for one refresh, each
// until its own context ends. A caller that stops waiting does not end the refresh.
type Cache struct {
	cfg   Config
	log   *journal
	owner string // of the store's lock

	current atomic.Pointer[entry] // written with mu held

	base     context.Context //nolint:containedctx // parent of all refreshes, ends with Close
	cancel   context.CancelFunc
	running  sync.WaitGroup // refreshes
	fetching atomic.Int32   // calls of Fetch, including those that were abandoned

	mu         sync.Mutex
	closed     bool
	refresh    *refresh   // the one that callers can wait for
	rejections rejections // values that must not be returned again
	pace       pace
	failure    failure
	unlocked   time.Time // the last fetch of an exclusive value without the lock
	lost       time.Time // when an exclusive value was last rejected early
}

// New returns an empty cache.
func New(cfg Config) *Cache {
	base, cancel := context.WithCancel(context.Background())
	return &Cache{cfg: cfg, log: newJournal(cfg.Log, cfg.Key), owner: rand.Text(), base: base, cancel: cancel}
}

// Token returns the value. rejected is the one that was just rejected, or "". Token then
// returns a different value if one is available, and otherwise the rejected one.
func (c *Cache) Token(ctx context.Context, rejected string) (string, error) {
	if e := c.current.Load(); e != nil && e.value != rejected && time.Now().Before(e.refreshAt) {
		return e.value, nil
	}
	begin := time.Now()
	var enough <-chan time.Time
	for {
		r, value, err := c.join(rejected)
		if r == nil {
			return value, err
		}
		select {
		case <-r.done:
			if r.err != nil && r.mode == Needed {
				return c.fallback(r.err)
			}
			if r.err != nil && enough == nil { // after a refresh ahead, the next one has the rest of the time
				enough = time.After(max(waitLimit-time.Since(begin), secondLimit))
			}
			// Look again: the new value may be the one that this caller rejected while
			// the refresh was in progress.
		case <-enough:
			return c.fallback(ErrSlow)
		case <-r.late:
			return c.fallback(ErrSlow)
		case <-ctx.Done():
			return "", ctx.Err()
		case <-c.base.Done():
			return "", ErrClosed
		}
	}
}

// join returns the refresh to wait for, or the result if there is none.
func (c *Cache) join(rejected string) (*refresh, string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, e := time.Now(), c.current.Load()
	switch {
	case c.closed:
		return nil, "", ErrClosed
	case e != nil && e.value != rejected && now.Before(e.mustAt):
		if c.refresh == nil && !now.Before(e.refreshAt) {
			c.current.Store(e.renewedAt(e.mustAt)) // by nobody else meanwhile
			c.start(Ahead)
		}
		return nil, e.value, nil
	case e != nil && e.value == rejected && c.pace.exhausted(now):
		return nil, e.value, nil
	}
	if rejected != "" {
		c.reject(rejected)
	}
	if c.refresh != nil {
		return c.refresh, "", nil
	}
	if wait := c.failure.until.Sub(now); wait > 0 {
		err := c.failure.err
		if c.cfg.Remembered != nil {
			err = c.cfg.Remembered(err, wait)
		}
		value, err := c.fallback(err)
		return nil, value, err
	}
	return c.start(Needed), "", nil
}

// reject records that value must not be returned again. The caller holds mu.
func (c *Cache) reject(value string) {
	if e := c.current.Load(); e != nil && e.value == value && !e.rejected {
		c.current.Store(e.refused())
	}
	c.rejections.add(value)
}

// fallback returns the value after a failed refresh if it is still valid, or err.
func (c *Cache) fallback(err error) (string, error) {
	if c.base.Err() != nil {
		return "", ErrClosed
	}
	if e := c.current.Load(); e != nil && e.isValid(time.Now()) {
		return e.value, nil
	}
	return "", err
}

// Current returns the value in the cache, in any state, or "".
func (c *Cache) Current() string {
	if e := c.current.Load(); e != nil {
		return e.value
	}
	return ""
}

// TTL returns how long value lasts, 0 if it is not the value that the cache holds.
func (c *Cache) TTL(value string) time.Duration {
	if e := c.current.Load(); e != nil && e.value == value {
		return max(0, time.Until(e.end))
	}
	return 0
}

// Rejected returns the value that the cache holds if it was rejected, else "".
func (c *Cache) Rejected() string {
	if e := c.current.Load(); e != nil && e.rejected {
		return e.value
	}
	return ""
}

// Close ends the refresh in progress and waits for it: about a second at most, if the
// fetch function and the store do not return when their context ends. Callers get
// [ErrClosed] from now on.
func (c *Cache) Close() {
	c.mu.Lock()
	c.closed = true
	c.current.Store(nil)
	c.mu.Unlock()
	c.cancel()
	c.running.Wait()
}

// slowError is the type of ErrSlow.
type slowError struct{}

func (slowError) Error() string        { return "the fetch took longer than " + waitLimit.String() }
func (slowError) Timeout() bool        { return true }
func (slowError) Is(target error) bool { return target == context.DeadlineExceeded }
