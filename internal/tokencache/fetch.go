package tokencache

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/wechatoa/wechat/internal/usercode"
)

const (
	// waitLimit is how long callers wait for a fetch, and how long a fetch may take.
	waitLimit = 5 * time.Second
	// lockedLimit is how long a fetch may take that callers need and that other
	// processes wait for: it goes on when its own callers have left, so that a slow
	// source is asked by one process and not by each in turn.
	lockedLimit = 15 * time.Second
	// maxFetching bounds the calls of Fetch that run at a time: one, and those that
	// did not return when their context ended.
	maxFetching = 4
)

var (
	errBlank = errors.New("the fetched value is empty")
	errStuck = errors.New("earlier fetches have not returned")
	errLeft  = errors.New("the fetch did not return when its time was over")
)

// fetched is what a fetch function returned.
type fetched struct {
	record record
	err    error
}

// fetch calls the fetch function. While it runs the lock is renewed.
func (c *Cache) fetch(r *refresh, mode Mode, held bool) (record, error) {
	c.mu.Lock()
	r.knows = c.rejections.made
	c.mu.Unlock()
	limit := waitLimit
	if held && mode != Ahead {
		limit = lockedLimit
	}
	ctx, cancel := context.WithTimeout(c.base, limit)
	defer cancel()
	done := c.call(ctx, mode)
	late := time.NewTimer(waitLimit)
	defer late.Stop()
	renew := time.NewTicker(renewInterval)
	defer renew.Stop()
	over := ctx.Done()
	var leave <-chan time.Time
	for {
		select {
		case f := <-done:
			return f.record, f.err
		case <-late.C:
			if limit > waitLimit {
				r.setLate()
			}
		case <-renew.C:
			if held {
				_, _ = c.cfg.Shared.lock(c.base, c.cfg.Key, c.owner)
			}
		case <-over:
			over, leave = nil, time.After(usercode.Limit)
		case <-leave:
			return record{}, errLeft
		}
	}
}

// call runs the fetch function on a goroutine of its own, so that it may hang, panic
// or end its goroutine.
func (c *Cache) call(ctx context.Context, mode Mode) <-chan fetched {
	done := make(chan fetched, 1)
	if c.fetching.Add(1) > maxFetching {
		c.fetching.Add(-1)
		done <- fetched{err: errStuck}
		return done
	}
	go func() {
		f := fetched{err: usercode.ErrGoexit}
		defer func() {
			c.fetching.Add(-1)
			done <- f
		}()
		f.err = usercode.Recover(func() (err error) {
			f.record.value, f.record.ttl, err = c.cfg.Fetch(ctx, mode)
			return err
		})
		if f.err == nil && strings.TrimSpace(f.record.value) == "" {
			f.err = errBlank
		}
	}()
	return done
}

// setLate tells callers to wait no longer. Only the goroutine of the refresh calls it.
func (r *refresh) setLate() {
	if !r.isLate {
		r.isLate = true
		close(r.late)
	}
}
