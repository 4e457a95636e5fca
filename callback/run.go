package callback

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"runtime/debug"
	"sync"
	"time"
)

// run is the handling of one push, over all its deliveries.
type run struct {
	key  string
	done chan struct{} // closed when the handler has ended

	mu         sync.Mutex
	push       *Push // nil when nobody needs it any more
	deliveries int
	waiters    int // deliveries that wait for the answer
	way        way
	orphan     *time.Timer // waits for a delivery that takes the answer

	finished bool
	status   int      // 200, or how a push is refused that the platform shall deliver again
	rendered []byte   // the answer, not encrypted; nil where there is no reply
	rest     [][]byte // customer-service messages behind it
	reply    Reply
}

// way is how a reply reaches the follower; it takes one of two, never both.
type way int

const (
	undecided way = iota
	replied       // in the answer to a delivery
	deferred      // as customer-service messages
)

// answer is what a delivery is answered.
type answer struct {
	status    int
	rendered  []byte // nil is "success"
	outcome   Outcome
	delivery  int
	duplicate bool
	late      bool
	after     func() // what follows the answer
}

const (
	deliveries  = 3               // of a push in all
	interval    = 5 * time.Second // between them
	orphanAfter = interval + 2*time.Second
	holdFor     = platformWaits + 500*time.Millisecond
	deferWithin = 30 * time.Second
	stuckAfter  = time.Second
)

// wait waits for the answer to one delivery of the run, until the time for it is over.
func (e *engine) wait(ctx context.Context, r *run, a answer, began time.Time) answer {
	hold := e.cfg.Hold && a.delivery < deliveries
	timer := time.NewTimer(time.Until(began.Add(e.cfg.Budget)))
	defer timer.Stop()
	select {
	case <-r.done:
		return e.take(r, a)
	case <-ctx.Done():
		e.leave(r)
		a.status, a.outcome = http.StatusServiceUnavailable, OutcomeGone
		return a
	case <-timer.C:
	}
	if hold {
		timer.Reset(time.Until(began.Add(holdFor)))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		e.leave(r)
		a.status, a.outcome = http.StatusServiceUnavailable, OutcomeHeld
		return a
	}
	r.mu.Lock()
	if r.finished {
		r.mu.Unlock()
		return e.take(r, a)
	}
	if r.way == undecided {
		r.way = deferred
	}
	r.waiters--
	r.mu.Unlock()
	a.outcome, a.late = OutcomeLate, true
	return a
}

// take takes the answer of a run that has ended.
func (e *engine) take(r *run, a answer) answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiters--
	a.status, a.outcome = r.status, OutcomeAcknowledged
	switch {
	case r.status == http.StatusServiceUnavailable:
		a.outcome = OutcomeOverflow
	case r.status != http.StatusOK:
		a.outcome = OutcomeRetried
	case r.rendered == nil || r.way == deferred:
	default:
		first := r.way == undecided
		r.way = replied
		a.rendered, a.outcome = r.rendered, OutcomeReplied
		if r.orphan != nil && r.orphan.Stop() {
			e.pool.end()
		}
		if push, rest := r.push, r.rest; first && len(rest) > 0 {
			e.pool.begin()
			a.after = func() {
				defer e.pool.end()
				e.send(context.WithoutCancel(e.life), push, rest)
			}
		}
		r.settle()
	}
	return a
}

// leave ends the waiting of a delivery that got no answer.
func (e *engine) leave(r *run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiters--
	if r.finished {
		e.adopt(r)
	}
}

// adopt defers the reply of a run that has ended, unless a delivery comes for it.
func (e *engine) adopt(r *run) {
	if r.waiters > 0 || r.way != undecided || r.rendered == nil || r.orphan != nil {
		return
	}
	e.pool.begin()
	r.orphan = time.AfterFunc(orphanAfter, func() {
		defer e.pool.end()
		r.mu.Lock()
		if r.way != undecided {
			r.mu.Unlock()
			return
		}
		r.way = deferred
		push, reply := r.push, r.reply
		r.settle()
		r.mu.Unlock()
		if ctx := context.WithoutCancel(e.life); e.mayGo(ctx, r.key, "deferred") {
			e.deferReply(ctx, push, reply)
		}
	})
}

// settle drops what only an undecided run needs.
func (r *run) settle() { r.push, r.rest, r.reply = nil, nil, nil }

// handle runs the handler of a push.
func (e *engine) handle(ctx context.Context, r *run) {
	push := r.push
	ctx, cancel := context.WithTimeout(ctx, e.cfg.MaxRun)
	defer cancel()
	e.cfg.Activity.arrived(ctx, e.cfg.Logger, push.Message)

	began := time.Now()
	stuck := time.AfterFunc(e.cfg.MaxRun+stuckAfter, func() {
		e.report(ctx, push, Event{Outcome: OutcomeStuck, Duration: time.Since(began)})
	})
	reply, rendered, rest, err := e.call(ctx, push, e.routes.handler())
	stuck.Stop()
	took := time.Since(began)

	e.cfg.Activity.handled(ctx, e.cfg.Logger, push.Message, took, err)
	event := Event{Outcome: OutcomeHandled, Duration: took, Err: err, Late: took > e.cfg.Budget}
	status := http.StatusOK
	if err != nil {
		event.Outcome = OutcomeFailed
		if _, ok := err.(*PanicError); ok { //nolint:errorlint // call returns it bare
			event.Outcome = OutcomePanicked
		}
		if e.cfg.RetryFailed {
			status = http.StatusInternalServerError
		}
	}
	e.report(ctx, push, event)
	if e.finish(r, status, reply, rendered, rest) {
		e.deferReply(context.WithoutCancel(ctx), push, reply)
	}
}

// finish ends a run and reports whether its reply must be deferred.
func (e *engine) finish(r *run, status int, reply Reply, rendered []byte, rest [][]byte) (late bool) {
	if status != http.StatusOK {
		e.runs.drop(r.key, time.Now(), func(other *run) bool { return other == r })
	}
	r.mu.Lock()
	r.finished, r.status, r.reply, r.rendered, r.rest = true, status, reply, rendered, rest
	late = r.way == deferred && rendered != nil
	if late || rendered == nil {
		r.settle()
	} else {
		e.adopt(r)
	}
	r.mu.Unlock()
	close(r.done)
	e.release(r, status, rendered, late)
	return late
}

// PanicError is a handler's panic.
type PanicError struct {
	Value any
	Stack []byte
}

// Error returns what the handler panicked with.
func (e *PanicError) Error() string { return fmt.Sprintf("callback: handler panicked: %v", e.Value) }

// call runs a handler and makes the answer of its reply.
func (e *engine) call(ctx context.Context, p *Push, handle HandlerFunc) (reply Reply, rendered []byte, rest [][]byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			reply, rendered, rest, err = nil, nil, nil, &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	reply, err = handle(ctx, p.Message)
	if reply = byValue(reply); err != nil || reply == nil {
		return nil, nil, nil, err
	}
	rendered, rest, err = p.compose(reply, e.cfg.Deferred != nil)
	if err != nil {
		return nil, nil, nil, err
	}
	return reply, rendered, rest, nil
}

// byValue returns a reply that was given by a pointer as it is meant.
func byValue(r Reply) Reply {
	v := reflect.ValueOf(r)
	if v.Kind() != reflect.Pointer {
		return r
	}
	if v.IsNil() {
		return nil
	}
	return v.Elem().Interface().(Reply) //nolint:forcetypeassert // all replies are values
}

// compose makes the answer of a reply, and the customer-service messages for what
// an answer can not hold.
func (p *Push) compose(r Reply, canDefer bool) (rendered []byte, rest [][]byte, err error) {
	if err := r.check(); err != nil {
		return nil, nil, err
	}
	to := p.Message.Meta()
	text, ok := r.(TextReply)
	text.Content = repair(text.Content) // which can be longer
	if ok && len(text.Content) > maxTextBytes {
		if !canDefer {
			return nil, nil, &ReplyError{
				"TextReply.Content", fmt.Sprintf("has %d bytes, at most %d are allowed without Config.Deferred", len(text.Content), maxTextBytes),
			}
		}
		parts := SplitText(text.Content, maxTextBytes)
		r = TextReply{parts[0]}
		for _, part := range parts[1:] {
			more, _ := CustomerMessages(to.FromUserName, TextReply{part}) // not empty, so no error
			rest = append(rest, more...)
		}
	}
	return render(r, to, p.inJSON, time.Now()), rest, nil
}

// deferReply sends a reply as customer-service messages.
func (e *engine) deferReply(ctx context.Context, p *Push, r Reply) {
	messages, err := CustomerMessages(p.Message.Meta().FromUserName, r)
	if err != nil {
		e.report(ctx, p, Event{Outcome: OutcomeLost, Late: true, Err: err})
		return
	}
	e.send(ctx, p, messages)
}

func (e *engine) send(ctx context.Context, p *Push, messages [][]byte) {
	ctx, cancel := context.WithTimeout(ctx, deferWithin)
	defer cancel()
	began := time.Now()
	event := Event{Outcome: OutcomeDeferred, Late: true}
	for _, body := range messages {
		if e.cfg.Deferred == nil {
			event.Err = errNoDeferred
		} else {
			event.Err = e.cfg.Deferred(ctx, body)
		}
		if event.Err != nil {
			event.Outcome = OutcomeLost
			break
		}
	}
	event.Duration = time.Since(began)
	e.report(ctx, p, event)
}
