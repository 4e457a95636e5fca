// Package tokencache keeps values that are fetched, expire and can be rejected,
// such as access tokens, for all callers of a process and, through a [Store], for
// all processes of a fleet.
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
	// ErrSlow is returned to callers who have waited long enough for a fetch that
	// goes on: a later call uses its result. It matches [context.DeadlineExceeded].
	ErrSlow error = slowError{}
)

// Mode says what a fetch is for.
type Mode int

const (
	// Ahead is for a value that still works: nobody waits.
	Ahead Mode = iota
	// Needed is for callers who wait.
	Needed
	// Forced is for callers who wait, and the source must make a new value.
	Forced
)

// Config says what a cache keeps.
type Config struct {
	Key    string  // in the store
	Shared *Shared // the store that processes share
	// Fetch gets the value from its source. Its context does not end with a caller's.
	Fetch func(ctx context.Context, mode Mode) (value string, ttl time.Duration, err error)
	// FailureTTL returns how long an error of Fetch is certain to last; 0 if the next
	// attempt may succeed. The pauses between failing fetches grow in any case.
	FailureTTL func(err error) time.Duration
	// Exclusive values end soon after another one is fetched: only the holder of the
	// store's lock fetches, and who finds others fetching without it is warned.
	Exclusive bool
	// Advice says what to do when others fetch an exclusive value too; it is logged.
	Advice string
	// Force allows fetches of mode Forced when a rejected value is returned again.
	Force bool
	// Extend starts the TTL of a value anew when the same value is fetched again.
	Extend bool
	// Log must survive its handler, as that of internal/usercode does.
	Log *slog.Logger
}

// Cache keeps one value.
//
// A value passes through three periods. Fresh, it is returned without a lock. In
// the advisory period one refresh is started while all callers use the value. In
// the mandatory period, and when the value was rejected, all callers wait for one
// refresh, each until its own context ends. A refresh belongs to the cache: a caller
// that gives up does not end it.
type Cache struct {
	cfg   Config
	log   *journal
	owner string // of the store's lock

	current atomic.Pointer[entry] // written with mu held

	base     context.Context //nolint:containedctx // parent of all refreshes, ends with Close
	cancel   context.CancelFunc
	running  sync.WaitGroup // refreshes
	fetching atomic.Int32   // calls of Fetch, those left behind included

	mu         sync.Mutex
	closed     bool
	refresh    *refresh   // the one that callers can wait for
	rejections rejections // values that must not be returned again
	pace       pace
	failure    failure
	unlocked   time.Time // the last fetch of an exclusive value without the lock
	lost       time.Time // the last time that an exclusive value was rejected early
}

// New returns an empty cache.
func New(cfg Config) *Cache {
	base, cancel := context.WithCancel(context.Background())
	return &Cache{cfg: cfg, log: newJournal(cfg.Log, cfg.Key), owner: rand.Text(), base: base, cancel: cancel}
}

// Token returns the value. rejected is the one that was just refused, or "": Token
// then returns another value if one is to be had, and rejected if the source has no
// other.
func (c *Cache) Token(ctx context.Context, rejected string) (string, error) {
	if e := c.current.Load(); e != nil && e.value != rejected && time.Now().Before(e.refreshAt) {
		return e.value, nil
	}
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
			// Look again: it has brought a value, but perhaps the one that this caller
			// rejected while the refresh was under way.
		case <-r.late:
			return c.fallback(ErrSlow)
		case <-ctx.Done():
			return "", ctx.Err()
		case <-c.base.Done():
			return "", ErrClosed
		}
	}
}

// join returns the refresh to wait for, or the answer if there is nothing to wait for.
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
	if now.Before(c.failure.until) {
		value, err := c.fallback(c.failure.err)
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

// fallback returns the value that still works after a refresh has failed, or err.
func (c *Cache) fallback(err error) (string, error) {
	if c.base.Err() != nil {
		return "", ErrClosed
	}
	if e := c.current.Load(); e != nil && e.works(time.Now()) {
		return e.value, nil
	}
	return "", err
}

// Current returns the value that the cache holds, whatever its state, or "".
func (c *Cache) Current() string {
	if e := c.current.Load(); e != nil {
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

func (slowError) Error() string        { return "the fetch takes longer than " + waitLimit.String() }
func (slowError) Timeout() bool        { return true }
func (slowError) Is(target error) bool { return target == context.DeadlineExceeded }
