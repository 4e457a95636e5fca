package callback

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"reflect"
	"sync"
	"time"

	"github.com/wechatoa/wechat/internal/usercode"
)

// run is a push in this process, over all its deliveries here. It goes through
// these states:
//
//	claimed    the first delivery asks the replicas, if there are any
//	followed   another replica handles the push; it may come back, see follow
//	queued     until a worker is free
//	running    the handler is at it
//	finished   done is closed, and the result does not change any more
//	decided    its reply has gone one way, or there is none: the engine remembers
//	           the push, and the reply for a while, and forgets the run
type run struct {
	key      digest
	storeKey string // among the replicas, "" without any
	owner    string // of the claim among them
	push     *Push
	ctx      context.Context //nolint:containedctx // the handler's, which outlives the request
	began    time.Time
	done     chan struct{}  // closed when the run is finished
	reports  sync.WaitGroup // ends when the log and the observer know

	mu       sync.Mutex
	waiters  int // deliveries that wait for the answer
	finished bool
	result   result
	way      way
	orphan   *time.Timer // defers a reply that no delivery comes for
	renewal  *time.Timer // of the claim; nil unless this replica handles the push
}

// result is what came of a run.
type result struct {
	outcome  Outcome // of all deliveries, "" if it depends on their answers
	leave    bool    // without an answer, so that the platform delivers the push again
	reply    Reply
	rendered []byte   // the answer, not encrypted; nil if there is no reply
	rest     [][]byte // customer-service messages that follow it
	err      error

	elsewhere bool // rendered is another replica's
}

// delivery is one request that delivers a push, and how it is answered.
type delivery struct {
	push      *Push
	began     time.Time
	run       *run // nil if the push was handled before
	number    int
	duplicate bool

	// doubtful: the client has closed its side of the connection. It has hung up, or
	// halfClosed is set and it may wait for the answer on a connection that is half
	// closed. Such a delivery decides nothing before its answer has gone out.
	doubtful   bool
	halfClosed bool

	outcome Outcome
	leave   bool // without an answer
	late    bool
	reply   []byte   // not encrypted; nil is "success"
	way     way      // that the reply goes with this answer
	rest    [][]byte // customer-service messages that follow the answer
}

// sighting is what the engine knows of a push.
type sighting struct {
	run        *run // until it is decided
	done       bool // the push was handled
	deliveries uint8
}

// rememberFor is how long a push is remembered: as long as a request that delivers
// it can be valid, and as the platform can need in any case.
func rememberFor(cfg Config) time.Duration { return max(2*cfg.ReplayWindow, DedupeRetention) }

func newSightings() *lru[digest, sighting] {
	return newLRU[digest](limits[sighting]{entries: maxRemembered, pinned: func(s sighting) bool { return s.run != nil }})
}

// digest identifies a push over all its deliveries.
type digest [16]byte

// digest is that of a message's addresses and number, and of all of an event or of a
// message without a number, its time included. The official key of events, sender
// and second, loses some.
func (p *Push) digest() digest {
	sum := sha256.New()
	if p.id != "" && p.id != "0" {
		sum.Write([]byte(p.head.ToUserName + "\x00" + p.head.FromUserName + "\x00" + p.id))
	} else {
		sum.Write(p.head.Raw)
	}
	var all [sha256.Size]byte
	return digest(sum.Sum(all[:0])[:len(digest{})])
}

// detached is the context of a handler: it lives as long as the Handler, not as the
// request, and has the request's values.
type detached struct {
	context.Context //nolint:containedctx // it is one

	request context.Context //nolint:containedctx // for its values
}

func (d *detached) Value(key any) any {
	if v := d.Context.Value(key); v != nil {
		return v
	}
	return d.request.Value(key)
}

// deliver handles one delivery of a push and decides its answer.
func (e *engine) deliver(ctx context.Context, d *delivery) {
	first := e.join(ctx, d)
	switch {
	case d.leave:
		return
	case d.run == nil:
		d.outcome = OutcomeAcknowledged
		if reply, found := e.replies.get(d.push.digest(), time.Now()); found {
			d.reply, d.outcome = reply, OutcomeReplied
		}
		return
	case first:
		e.begin(d)
	case e.cfg.Hold && d.run.storeKey != "":
		d.number = e.number(ctx, d.run)
	}
	e.wait(ctx, d)
}

// join adds a delivery to the run of its push, and reports whether it began the run.
// A push that was handled has none.
func (e *engine) join(ctx context.Context, d *delivery) (first bool) {
	key := d.push.digest()
	e.seen.update(key, time.Now(), e.rememberFor, func(s sighting, _ bool) (sighting, bool) {
		if s.run == nil && !s.done {
			if e.pool.closed() {
				d.leave, d.outcome = true, OutcomeShutdown
				return s, false
			}
			s.run, first = e.newRun(ctx, key, d), true
		}
		d.duplicate = s.deliveries > 0
		s.deliveries += min(1, math.MaxUint8-s.deliveries)
		d.number = int(s.deliveries)
		if d.run = s.run; d.run != nil {
			d.run.mu.Lock()
			d.run.waiters++
			d.run.mu.Unlock()
		}
		return s, true
	})
	return first
}

func (e *engine) newRun(ctx context.Context, key digest, d *delivery) *run {
	r := &run{
		key: key, push: d.push, ctx: &detached{Context: e.life, request: ctx}, began: d.began, done: make(chan struct{}),
	}
	r.reports.Add(1)
	if e.replicas != nil {
		r.storeKey, r.owner = e.replicas.key(d.push, key), newOwner()
	}
	return r
}

// begin begins the run of a delivery, here or at the replica that has it.
func (e *engine) begin(d *delivery) {
	r := d.run
	if r.storeKey == "" {
		e.start(r)
		return
	}
	c, err := e.claim(r.ctx, r.storeKey, r.owner)
	if err != nil {
		d.number = deliveries // as far as anybody knows
		e.start(r)
		return
	}
	d.number = c.Delivery
	d.duplicate = d.duplicate || c.Delivery > 1 || c.State != ClaimStateGranted
	switch c.State {
	case ClaimStateGranted:
		e.start(r)
	case ClaimStateTaken:
		go e.follow(r)
	case ClaimStateDone:
		e.doneElsewhere(r, c.Reply)
	}
}

// start begins the handling of a run here.
func (e *engine) start(r *run) {
	if r.storeKey != "" {
		e.renewAfter(r, e.replicas.claimFor/renewals) // from now on: it may wait in the queue for long
	}
	e.submit(r)
}

// submit gives a run to a worker. One that was acknowledged while another replica had
// it waits until there is room: the platform does not deliver it again.
func (e *engine) submit(r *run) {
	switch e.pool.submit(r) {
	case admitted:
	case poolFull:
		if !r.acknowledged() {
			e.overflow(r)
			return
		}
		e.pool.begin()
		time.AfterFunc(pollEvery, func() {
			defer e.pool.end()
			e.submit(r)
		})
	case poolDraining:
		e.shutOut(r)
	}
}

// overflow ends a run that there is no room for.
func (e *engine) overflow(r *run) {
	res := result{outcome: OutcomeOverflow, leave: true}
	if e.cfg.Overflow != nil {
		answered, err := usercode.Call(context.WithoutCancel(r.ctx), &e.overflows, func(ctx context.Context) (result, error) {
			res := e.call(ctx, r.push, func(ctx context.Context, m Message) (Reply, error) { return e.cfg.Overflow(ctx, m), nil })
			return res, res.err
		})
		if err == nil {
			res = answered
			res.outcome = OutcomeOverflow
		}
		e.fault(r.ctx, "overflow hook", err)
	}
	e.conclude(r, res)
}

// abandon ends a run that a shutdown takes out of the queue.
func (e *engine) abandon(r *run) {
	defer e.pool.end()
	e.shutOut(r)
}

// shutOut ends a run that a shutdown leaves to others.
func (e *engine) shutOut(r *run) {
	e.conclude(r, result{outcome: OutcomeShutdown, leave: true})
	if r.acknowledged() {
		e.report(r.ctx, r.push, Observation{Outcome: OutcomeLost, Late: true, Err: errShutdown})
	}
}

// handle runs the handler of a push, on a worker.
func (e *engine) handle(r *run) {
	ctx, cancel := context.WithTimeout(r.ctx, e.cfg.MaxRun)
	defer cancel()
	key := menuKey(r.push.Message) // before the handler, which may change the message
	e.recordArrival(ctx, r.push, key)

	began := time.Now()
	stuck := time.AfterFunc(e.cfg.MaxRun+stuckAfter, func() {
		e.report(ctx, r.push, Observation{Outcome: OutcomeStuck, Duration: time.Since(began)})
	})
	res := result{err: usercode.ErrGoexit}
	defer func() { // even if the handler ends the goroutine
		stuck.Stop()
		e.handled(r, res, key, time.Since(began))
	}()
	res = e.call(ctx, r.push, e.routes.handle)
}

const stuckAfter = time.Second

// handled ends a run after its handler.
func (e *engine) handled(r *run, res result, menuKey string, took time.Duration) {
	ctx := context.WithoutCancel(r.ctx)
	o := Observation{Outcome: OutcomeHandled, Duration: took, Err: res.err, Late: took > e.cfg.Budget}
	if res.err != nil {
		o.Outcome = OutcomeFailed
		if _, ok := res.err.(*PanicError); ok { //nolint:errorlint // call returns it bare
			o.Outcome = OutcomePanicked
		}
		switch {
		case o.Outcome == OutcomeFailed && e.life.Err() != nil: // the shutdown has ended its context
			res.outcome, res.leave = OutcomeShutdown, true
		case e.cfg.RetryFailed:
			res.outcome, res.leave = OutcomeRetried, true
		}
	}
	isQuick := e.cfg.Activity != nil && e.cfg.Activity.inMemory
	if isQuick {
		e.recordHandled(ctx, menuKey, took, o.Err)
	}
	isLate := e.finish(r, res)
	if !isQuick {
		e.recordHandled(ctx, menuKey, took, o.Err)
	}
	e.report(ctx, r.push, o)
	r.reports.Done()
	if isLate {
		e.deferReply(ctx, r.push, res.reply)
	}
}

// conclude ends a run without its handler.
func (e *engine) conclude(r *run, res result) {
	e.finish(r, res)
	r.reports.Done()
}

// finish ends a run and reports whether its reply must be deferred now.
func (e *engine) finish(r *run, res result) (isLate bool) {
	r.mu.Lock()
	r.finished, r.result = true, res
	mine := r.renewal != nil
	if mine {
		r.renewal.Stop()
	}
	isLate = res.rendered != nil && r.way == deferred
	decided := res.rendered == nil || r.way != undecided
	e.adopt(r)
	r.mu.Unlock()
	switch {
	case res.leave || res.elsewhere:
		e.forget(r)
	case decided:
		e.remember(r)
	}
	close(r.done)
	if mine {
		e.publish(r)
	}
	return isLate
}

// remember keeps of a run that is decided only that its push was handled, and for a
// while its reply.
func (e *engine) remember(r *run) {
	now := time.Now()
	if r.result.rendered != nil && !r.acknowledged() {
		e.replies.set(r.key, r.result.rendered, now, DedupeReplyRetention)
	}
	e.seen.update(r.key, now, e.rememberFor, func(s sighting, _ bool) (sighting, bool) {
		s.run, s.done = nil, true
		return s, true
	})
}

// forget lets the next delivery of a push begin anew.
func (e *engine) forget(r *run) {
	e.seen.update(r.key, time.Now(), e.rememberFor, func(s sighting, _ bool) (sighting, bool) {
		s.run = nil
		return s, true
	})
}

// forgetUnawaited forgets a run unless a delivery waits for it, and reports whether
// it did.
func (e *engine) forgetUnawaited(r *run) (forgotten bool) {
	e.seen.update(r.key, time.Now(), e.rememberFor, func(s sighting, _ bool) (sighting, bool) {
		if forgotten = !r.awaited(); forgotten {
			s.run = nil
		}
		return s, true
	})
	return forgotten
}

// awaited reports whether a delivery waits for the answer.
func (r *run) awaited() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiters > 0
}

// acknowledged reports whether the platform was answered without the reply.
func (r *run) acknowledged() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.way == deferred
}

// PanicError is a handler's panic.
type PanicError struct {
	Value any
	Stack []byte
}

// Error returns what the handler panicked with.
func (e *PanicError) Error() string { return fmt.Sprintf("callback: handler panicked: %v", e.Value) }

// call runs a handler and makes the answer of its reply.
func (e *engine) call(ctx context.Context, p *Push, handle HandlerFunc) (res result) {
	err := usercode.Recover(func() (err error) {
		reply, err := handle(ctx, p.Message)
		if reply = byValue(reply); err != nil || reply == nil {
			return err
		}
		res.reply = reply
		res.rendered, res.rest, err = p.compose(reply, e.cfg.Deferred != nil)
		return err
	})
	if panicked, ok := err.(*usercode.PanicError); ok { //nolint:errorlint // Recover returns it bare
		err = &PanicError{Value: panicked.Value, Stack: panicked.Stack}
	}
	if err != nil {
		return result{err: err}
	}
	return res
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
