package usercode

import (
	"context"
	"sync"
	"time"
)

// Context is the context of a piece of work, as [context.WithDeadline] makes one, but as
// part of what the work belongs to. Most work is done before anything waits for its end,
// so the channel and its timer are made by the first call of Done.
type Context struct {
	context.Context //nolint:containedctx // the parent

	deadline time.Time // zero if there is none

	mu     sync.Mutex
	timed  context.Context //nolint:containedctx // has the channel; nil until Done is called
	cancel context.CancelFunc
	err    error // why the context has ended, once that was noticed
}

// Begin begins the work, which may take until the deadline, if that is not zero, and no
// longer than the parent.
func (c *Context) Begin(parent context.Context, deadline time.Time) {
	c.Context, c.deadline = parent, deadline
}

// Deadline implements [context.Context].
func (c *Context) Deadline() (time.Time, bool) {
	if sooner, ok := c.Context.Deadline(); c.deadline.IsZero() || ok && sooner.Before(c.deadline) {
		return sooner, ok
	}
	return c.deadline, true
}

// Done makes a channel that can still be closed, or one that is closed already.
func (c *Context) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.timed != nil:
	case c.ended() != nil:
		timed, cancel := context.WithCancelCause(context.WithoutCancel(c.Context))
		cancel(c.err)
		c.timed = timed
	case c.deadline.IsZero():
		c.timed, c.cancel = context.WithCancel(c.Context)
	default:
		c.timed, c.cancel = context.WithDeadline(c.Context, c.deadline)
	}
	return c.timed.Done()
}

// Err implements [context.Context].
func (c *Context) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended()
}

// ended returns why the context has ended, and keeps the reason. c.mu is held.
func (c *Context) ended() error {
	switch {
	case c.err != nil:
	case c.timed != nil:
		c.err = c.timed.Err()
	case c.Context.Err() != nil:
		c.err = c.Context.Err()
	case !c.deadline.IsZero() && !time.Now().Before(c.deadline):
		c.err = context.DeadlineExceeded
	}
	return c.err
}

// Value finds the values of the parent, and for package context the channel's context, so
// that contexts derived from this one need no goroutine.
func (c *Context) Value(key any) any {
	c.mu.Lock()
	timed := c.timed
	c.mu.Unlock()
	if timed != nil {
		return timed.Value(key)
	}
	return c.Context.Value(key)
}

// String keeps fmt from reading the fields, which change, and the values of the parent.
func (*Context) String() string { return "wechat.Context" }

// End ends the context because the work is done.
func (c *Context) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cancel != nil {
		c.cancel()
	} else if c.ended() == nil {
		c.err = context.Canceled
	}
}
