package callback

import (
	"context"
	"sync"
	"time"
)

// detached is the context of a run. It ends with the Handler, not with the request, but has
// the request's values.
type detached struct {
	context.Context //nolint:containedctx // it is one

	request context.Context //nolint:containedctx // only for its values
}

func (d *detached) Value(key any) any {
	if v := d.Context.Value(key); v != nil {
		return v
	}
	return d.request.Value(key)
}

// handlerContext is the context of one call of a handler: a run's context that ends after
// [Config.HandlerTimeout], or when the handler returns. Most handlers return before anything
// waits for its end, so the channel and its timer are made by the first call of Done.
type handlerContext struct {
	context.Context //nolint:containedctx // of the run

	deadline time.Time

	mu     sync.Mutex
	timed  context.Context //nolint:containedctx // has the channel; nil until Done is called
	cancel context.CancelFunc
	err    error // why the context has ended, once that was noticed
}

func (c *handlerContext) Deadline() (time.Time, bool) { return c.deadline, true }

// Done makes a channel that can still be closed, or one that is closed already.
func (c *handlerContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.timed != nil:
	case c.ended() != nil:
		timed, cancel := context.WithCancelCause(context.WithoutCancel(c.Context))
		cancel(c.err)
		c.timed = timed
	default:
		c.timed, c.cancel = context.WithDeadline(c.Context, c.deadline)
	}
	return c.timed.Done()
}

func (c *handlerContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended()
}

// ended returns why the context has ended, and keeps the reason. c.mu is held.
func (c *handlerContext) ended() error {
	switch {
	case c.err != nil:
	case c.timed != nil:
		c.err = c.timed.Err()
	case c.Context.Err() != nil:
		c.err = c.Context.Err()
	case !time.Now().Before(c.deadline):
		c.err = context.DeadlineExceeded
	}
	return c.err
}

// Value finds the values of the request, and for package context the channel's context, so
// that contexts derived from this one need no goroutine.
func (c *handlerContext) Value(key any) any {
	c.mu.Lock()
	timed := c.timed
	c.mu.Unlock()
	if timed != nil {
		return timed.Value(key)
	}
	return c.Context.Value(key)
}

// String keeps fmt from reading the fields, which change, and the values of the request.
func (*handlerContext) String() string { return "callback.HandlerContext" }

// end ends the context because the handler has returned.
func (c *handlerContext) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cancel != nil {
		c.cancel()
	} else if c.ended() == nil {
		c.err = context.Canceled
	}
}
