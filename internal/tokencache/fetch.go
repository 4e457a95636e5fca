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
	// secondLimit is how long callers wait for another refresh if a refresh ahead, which
	// they happened to wait for, failed after all of that time.
	secondLimit = 500 * time.Millisecond
	// lockedLimit is how long a fetch may take if callers need it and other processes
	// wait for the lock. It continues after its own callers stopped waiting, so that
	// one process calls a slow source, and not each in turn.
	lockedLimit = 15 * time.Second
	// maxFetching is the maximum number of running calls of Fetch: one, and those that
	// did not return when their context ended.
	maxFetching = 4
)

var (
	errBlank = errors.New("the fetched value is empty")
	errStuck = errors.New("previous fetches have not returned")
	errLeft  = errors.New("the fetch did not return when its time was over")
)

// fetched is a result of Fetch.
type fetched struct {
	record record
	err    error
}

// fetch calls Fetch and meanwhile renews the lock.
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

// call runs Fetch on its own goroutine, so that it may hang, panic or end its
// goroutine.
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

// setLate makes callers stop waiting. Only the goroutine of the refresh calls it.
func (r *refresh) setLate() {
	if !r.isLate {
		r.isLate = true
		close(r.late)
	}
}
