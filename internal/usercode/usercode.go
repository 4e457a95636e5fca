// Package usercode calls code of the program, such as stores and hooks, and survives
// code that fails, hangs, panics or ends its goroutine.
package usercode

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

const (
	// Limit is how long a call may take before it is abandoned.
	Limit = 250 * time.Millisecond
	// Unlimited as [Guard.Limit] lets a call take until its ctx ends.
	Unlimited time.Duration = -1

	maxAbandoned = 16                     // abandoned calls that still run, per guard
	grace        = Limit                  // before a call that its caller ended counts as abandoned
	openAfter    = 3                      // failures in a row that open the breaker
	quiet        = time.Second            // without a success before quick failures open it
	firstPause   = 500 * time.Millisecond // until the first probe; doubles
	maxPause     = 30 * time.Second
)

var (
	// ErrTimeout reports a call that was abandoned after [Limit].
	ErrTimeout = errors.New("did not return in time")
	// ErrSkipped reports a call that was not made because previous calls failed. It need
	// not be logged, because those failures were reported.
	ErrSkipped = errors.New("skipped after repeated failures")
	// ErrGoexit reports a call that ended its goroutine, as testing.T.FailNow does.
	ErrGoexit = errors.New("ended its goroutine")
)

// PanicError is a panic of the called code.
type PanicError struct {
	Value any
	Stack []byte
}

// Error describes the panic without its stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panicked: %v", e.Value) }

// Guard is the circuit breaker of one store, lock or hook. The zero value is ready to
// use. A guard must not be copied.
//
// Three calls in a row that were abandoned or panicked open it. Quick errors cost no
// time, so they open it only if no call has succeeded for a second. While it is open,
// calls fail with [ErrSkipped], except for one probe at a time, at intervals that grow
// from half a second to 30 seconds.
type Guard struct {
	// Limit replaces [Limit] if it is not 0. With [Unlimited] the breaker stays closed.
	Limit time.Duration
	// MaxAbandoned replaces 16 if it is not 0: beyond it calls fail with [ErrSkipped].
	MaxAbandoned int

	mu        sync.Mutex
	failures  int // in a row
	succeeded time.Time
	pause     time.Duration // 0 while the breaker is closed
	probeAt   time.Time
	abandoned int
}

// Call runs f on its own goroutine and returns its result. It returns [ErrTimeout] after
// [Limit], and ctx.Err() when ctx ends; f then continues and its result is dropped. The
// end of ctx does not count as a failure of f. To run f independently of ctx, pass
// [context.WithoutCancel].
func Call[T any](ctx context.Context, g *Guard, f func(ctx context.Context) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	begin := time.Now()
	if !g.admit(begin) {
		return none, ErrSkipped
	}
	c := &call[T]{progress: progress{guard: g}, f: f}
	c.ctx.Begin(ctx, g.deadline(begin))
	go c.run()
	if err := c.wait(ctx); err != nil {
		g.record(ctx, err, time.Now(), true)
		return none, err
	}
	end := time.Now()
	g.record(ctx, c.err, end, end.Sub(begin) >= cmp.Or(g.Limit, Limit))
	if c.err != nil {
		return none, c.err
	}
	return c.value, nil
}

// Run is [Call] for code that returns nothing.
func Run(ctx context.Context, g *Guard, f func(ctx context.Context)) error {
	_, err := Call(ctx, g, func(ctx context.Context) (struct{}, error) {
		f(ctx)
		return struct{}{}, nil
	})
	return err
}

// Recover runs f on the goroutine of the caller and returns a panic as a [*PanicError].
// Unlike [Call] it does not stop runtime.Goexit.
func Recover(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return callMethods(f())
}

// callMethods returns err after it called its methods. They panic if err is a nil
// pointer of a type that does not expect one, and would later do so outside a guard.
func callMethods(err error) error {
	if err != nil {
		_ = err.Error()
		var panicked *PanicError
		_ = errors.As(err, &panicked) || errors.Is(err, ErrSkipped) // calls As, Is and Unwrap
	}
	return err
}

// call is one call on its goroutine.
type call[T any] struct {
	progress
	f     func(ctx context.Context) (T, error)
	value T
}

func (c *call[T]) run() {
	defer c.ctx.End()
	defer c.end()
	c.value, c.err = c.f(&c.ctx)
	c.err = callMethods(c.err)
	c.returned = true
}

// progress is what does not depend on the type of the result of a call, so that it is
// compiled once.
type progress struct {
	guard    *Guard
	ctx      Context // of the called code
	err      error
	returned bool // f returned; it neither panicked nor ended its goroutine

	// guarded by guard.mu
	ended   bool
	done    chan struct{} // closed when the call ends; nil unless its caller waits for that
	counted bool          // in guard.abandoned
	grace   *time.Timer   // until it is counted
}

// end is deferred by the goroutine of the call.
func (p *progress) end() {
	if v := recover(); v != nil {
		p.err = &PanicError{Value: v, Stack: debug.Stack()}
	} else if !p.returned {
		p.err = ErrGoexit
	}
	p.guard.mu.Lock()
	defer p.guard.mu.Unlock()
	p.ended = true
	if p.grace != nil {
		p.grace.Stop()
	}
	if p.counted {
		p.guard.abandoned--
	}
	if p.done != nil {
		close(p.done)
	}
}

// yields is how often the caller lets other goroutines run before it waits for a channel,
// which costs more than most calls take.
const yields = 4

// wait waits until the call has ended, or returns why it was abandoned. ctx belongs to
// the caller.
func (p *progress) wait(ctx context.Context) error {
	for range yields {
		runtime.Gosched()
		if p.hasEnded() {
			return nil
		}
	}
	select {
	case <-p.whenEnded():
	case <-p.ctx.Done():
		err := ctx.Err()
		if p.abandon(err != nil) {
			return cmp.Or(err, ErrTimeout)
		}
	}
	return nil
}

func (p *progress) hasEnded() bool {
	p.guard.mu.Lock()
	defer p.guard.mu.Unlock()
	return p.ended
}

// whenEnded returns a channel that is closed when the call has ended.
func (p *progress) whenEnded() <-chan struct{} {
	p.guard.mu.Lock()
	defer p.guard.mu.Unlock()
	p.done = make(chan struct{})
	if p.ended {
		close(p.done)
	}
	return p.done
}

// abandon abandons the call and reports whether it was still running. A call that its
// caller ended is not counted at once, but when it has had time to notice: otherwise
// many callers that leave together would make the guard refuse others.
func (p *progress) abandon(byCaller bool) bool {
	p.guard.mu.Lock()
	defer p.guard.mu.Unlock()
	switch {
	case p.ended:
		return false
	case byCaller:
		p.grace = time.AfterFunc(grace, p.count)
	default:
		p.counted = true
		p.guard.abandoned++
	}
	return true
}

// count counts a call that has not returned within its grace.
func (p *progress) count() {
	p.guard.mu.Lock()
	defer p.guard.mu.Unlock()
	if !p.ended {
		p.counted = true
		p.guard.abandoned++
	}
}

// deadline returns when a call that begins now is abandoned, or 0 if it is not.
func (g *Guard) deadline(now time.Time) time.Time {
	if g.Limit < 0 {
		return time.Time{}
	}
	return now.Add(cmp.Or(g.Limit, Limit))
}

// admit reports whether a call may be made now.
func (g *Guard) admit(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.abandoned >= cmp.Or(g.MaxAbandoned, maxAbandoned):
		return false
	case g.pause == 0:
		return true
	case now.Before(g.probeAt):
		return false
	}
	g.probeAt = now.Add(max(g.pause, Limit)) // one probe at a time
	return true
}

// record counts the outcome of a call. slow means that it used all of its time.
func (g *Guard) record(ctx context.Context, err error, now time.Time, slow bool) {
	if err != nil && (ctx.Err() != nil || g.Limit < 0) {
		return // the caller ended it, or the guard has no breaker
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		g.failures, g.pause, g.succeeded = 0, 0, now
		return
	}
	g.failures++
	var panicked *PanicError
	costly := slow || errors.As(err, &panicked) || errors.Is(err, ErrGoexit)
	if g.failures < openAfter || !costly && now.Sub(g.succeeded) < quiet {
		return
	}
	g.pause = min(max(2*g.pause, firstPause), maxPause)
	g.probeAt = now.Add(g.pause)
}
