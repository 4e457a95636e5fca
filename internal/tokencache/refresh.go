package tokencache

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/wechatoa/wechat/internal/usercode"
)

// refresh gets a new value: from the store if another process has put one there,
// otherwise from the source.
type refresh struct {
	mode  Mode   // Ahead or Needed
	knows uint64 // number of rejections when its last fetch began

	late   chan struct{} // closed when callers have waited long enough
	isLate bool

	done chan struct{}
	err  error // readable when done is closed
}

// start begins a refresh. The caller holds mu.
func (c *Cache) start(mode Mode) *refresh {
	r := &refresh{mode: mode, knows: c.rejections.made, late: make(chan struct{}), done: make(chan struct{})}
	c.refresh = r
	c.running.Add(1)
	go c.run(r)
	return r
}

// run performs a refresh. It ends before callers get the value, so that no goroutine
// outlives their calls.
func (c *Cache) run(r *refresh) {
	defer c.running.Done()
	v := c.look()
	got, err := v.seen, v.err
	if err == nil && !v.found {
		if got, err = c.load(r, v.held); err == nil {
			got = c.share(v.seen, got)
		}
	}
	if v.held {
		c.cfg.Shared.unlock(context.WithoutCancel(c.base), c.cfg.Key, c.owner)
	}
	c.finish(r, got, !v.found, err)
}

// view is the state of the store for a refresh.
type view struct {
	seen  record
	found bool // seen is usable
	held  bool // the refresh has the lock
	err   error
}

// look reads the record in the store and takes the lock if the record is not usable.
// While another process holds the lock, it waits for the record of that process.
func (c *Cache) look() view {
	v := view{seen: c.cfg.Shared.load(c.base, c.cfg.Key)}
	v.found = c.usable(v.seen)
	if v.found || v.seen.unknown && !c.cfg.Exclusive {
		return v // a store that fails is called once
	}
	if c.cfg.Shared.locker == nil {
		return v
	}
	c.acquire(&v)
	blind := c.cfg.LockRequired && v.seen.unknown // what is fetched may not be storable either
	if v.err == nil && !v.found && (!v.held || blind) && c.cfg.Exclusive {
		v.err = c.mayFetchUnlocked()
	}
	return v
}

// mayFetchUnlocked returns [ErrUnlocked] if an exclusive value must not be fetched
// without the lock. Processes without a common lock invalidate the values of each other, so
// each may do so rarely.
func (c *Cache) mayFetchUnlocked() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.cfg.LockRequired || now.Sub(c.unlocked) < unlockedInterval {
		return ErrUnlocked
	}
	c.unlocked = now
	return nil
}

// usable reports whether the record of the store can replace the current value: it was
// neither rejected nor fetched before the current one.
func (c *Cache) usable(rec record) bool {
	if !wellFormed(rec.value) || rec.ttl <= minInterval || c.isRejected(rec.value) {
		return false
	}
	e := c.current.Load()
	if e == nil {
		return true
	}
	end := rec.at.Add(rec.ttl)
	if rec.value == e.value {
		return c.cfg.Extend && end.After(e.end.Add(minInterval))
	}
	return end.After(e.end.Add(-endTolerance))
}

func (c *Cache) isRejected(value string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rejections.number(value) > 0
}

// load fetches a value, and forces a new one if a rejected one is returned again.
func (c *Cache) load(r *refresh, held bool) (record, error) {
	got, err := c.fetch(r, r.mode, held)
	if err == nil && c.cfg.Force && c.isRejected(got.value) && c.cfg.Shared.mayForce(c.base, c.cfg.Key) {
		forced, ferr := c.fetch(r, Forced, held)
		if ferr == nil {
			return forced, nil
		}
		c.log.warn(time.Minute, "wechat: forced refresh failed", slog.Any("error", ferr))
	}
	return got, err
}

// share puts a fetched value into the store, in place of the record that was seen,
// and returns the value to use: if another process was faster, that one's.
//
// The value seen was read under the lock, before the fetch. So it fences: a process
// that stalled until its lock was over, and that comes after the next holder, no
// longer finds it. What it finds instead may be newer than its own value, and an
// exclusive one of those stays, even near its end.
func (c *Cache) share(seen, got record) record {
	ctx, s := context.WithoutCancel(c.base), c.cfg.Shared
	for range 2 {
		if seen.unknown || seen.value == got.value && !c.cfg.Extend {
			return got
		}
		if swapped, err := s.swap(ctx, c.cfg.Key, seen.value, got.value, clamp(got.ttl)); swapped || err != nil {
			return got
		}
		if seen = s.load(ctx, c.cfg.Key); c.usable(seen) && seen.value != got.value {
			return seen
		}
		if c.cfg.Exclusive && wellFormed(seen.value) && !c.isRejected(seen.value) {
			return got
		}
	}
	return got
}

// finish ends a refresh with its result.
func (c *Cache) finish(r *refresh, got record, fetched bool, err error) {
	var report func()
	c.mu.Lock()
	c.refresh = nil
	switch {
	case c.closed:
		err = ErrClosed
	case err != nil:
		report = c.failed(r, err)
	default:
		report = c.succeeded(r, got, fetched)
	}
	r.err = err
	c.mu.Unlock()
	if report != nil {
		report() // without mu: it calls the log handler of the program
	}
	close(r.done)
}

// failed keeps a value that is still valid and schedules the next refresh. The caller
// holds mu.
func (c *Cache) failed(r *refresh, err error) (report func()) {
	now, ttl := time.Now(), c.cfg.FailureTTL(err)
	if r.mode == Ahead {
		c.failure.ahead++
		if e := c.current.Load(); !e.rejected {
			pause := max(ttl, backoff(c.failure.ahead, pauseAhead, pauseAheads))
			c.current.Store(e.renewedAt(now.Add(pause)))
		}
		return func() {
			c.log.warn(time.Minute, "wechat: refresh failed, keeping the current value", cause(err)...)
		}
	}
	longest := pauseMax
	if c.cfg.Exclusive {
		longest = pauseMaxExcl
	}
	c.failure.streak++
	c.failure.err = err
	c.failure.until = now.Add(max(ttl, backoff(c.failure.streak, pauseFirst, longest)))
	var panicked *usercode.PanicError
	if !errors.As(err, &panicked) {
		return nil
	}
	return func() { c.log.warn(time.Minute, "wechat: refresh failed", cause(err)...) }
}

// succeeded makes a value the current one. The caller holds mu.
func (c *Cache) succeeded(r *refresh, got record, fetched bool) (report func()) {
	c.failure = failure{}
	if c.rejections.number(got.value) > r.knows {
		return nil // rejected while it was being fetched
	}
	now, old := time.Now(), c.current.Load()
	rejected := old != nil && old.rejected && c.rejections.number(old.value) <= r.knows
	same := old != nil && old.value == got.value
	c.pace.record(rejected, same, now)
	c.rejections.remove(got.value)
	lost := fetched && c.cfg.Exclusive && rejected && !same && now.Before(old.end)
	if c.cfg.Extend {
		old = nil
	}
	c.current.Store(schedule(old, got.value, got.ttl, now))
	if !lost {
		return nil
	}
	again := now.Sub(c.lost) < time.Hour // a single case may have another reason
	c.lost = now
	if !again {
		return nil
	}
	return func() {
		c.log.warn(time.Hour, "wechat: values are rejected before they expire, another program seems to replace them",
			slog.String("advice", c.cfg.Advice))
	}
}
