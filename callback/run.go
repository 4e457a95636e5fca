package callback

import (
	"context"
	"fmt"
	"hash/maphash"
	"math"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/wechatoa/wechat/internal/usercode"
)

// run is the handling of one push in this process, for all its deliveries. It goes through
// these states:
//
//	claimed    the first delivery asks the store, if there are replicas
//	followed   another replica is handling the push, but this one may take it over; see follow
//	queued     the push is waiting for a worker
//	running    the handler is running
//	finished   the deliveries are woken, and the result no longer changes
//	decided    the way of the reply is decided, or there is no reply: the engine remembers
//	           the push, keeps the reply for a while, and forgets the run
type run struct {
	memory   *entry[digest, sighting] // of the push
	storeKey string                   // key of the push in the store; "" without a store
	owner    string                   // owner of the claim in the store
	alone    bool                     // the store failed, so this replica decided for itself
	push     *Push
	ctx      context.Context //nolint:containedctx // of the run, which may outlive the request
	began    time.Time
	detached detached         // is ctx
	handling usercode.Context // of the handler
	started  time.Time        // when the handler was called
	stuck    deadline[*run]   // of the handler
	reports  sync.WaitGroup   // done when the end was reported to the log and the observer

	mu       sync.Mutex
	waiters  int          // deliveries that may get the result
	waiting  []*delivery  // all that wait for the run to finish
	room     [1]*delivery // for waiting: there is nearly always one
	finished bool
	result   result
	way      way
	orphan   *time.Timer // defers the reply if no delivery arrives for it
	renewal  *time.Timer // renews the claim; nil unless this replica is handling the push
}

// result is the result of a run.
type result struct {
	outcome  Outcome // of all deliveries; "" if it depends on their responses
	leave    bool    // no response, so that the platform delivers the push again
	reply    Reply
	rendered []byte   // the reply as a document, not encrypted; nil if there is no reply
	rest     [][]byte // customer-service messages to send after it
	err      error
	ended    time.Time // when the handler returned, or the run was concluded without it

	elsewhere bool // rendered is from another replica
}

// delivery is one HTTP request that carries a push, and its response.
type delivery struct {
	push      *Push
	began     time.Time
	budget    deadline[*delivery] // of its response
	wake      signal              // given when the run has finished or the budget is used up
	run       *run                // nil if the push has been handled already
	own       run                 // is the run if this is the first delivery
	number    int
	duplicate bool

	// doubtful means that the client has closed its side of the connection. Either it is
	// gone, or, only if halfClosed is set, it may still be waiting for the response. Such a
	// delivery decides nothing before its response has been sent.
	doubtful   bool
	halfClosed bool

	outcome Outcome
	leave   bool // no response
	late    bool
	reply   []byte    // not encrypted; nil for "success"
	way     way       // way of the reply that this response decides
	rest    [][]byte  // customer-service messages to send after the response
	header  [2]string // values of the response's header
}

// sighting is what the engine remembers of a push.
type sighting struct {
	run        *run        // until it is decided
	reply      replyNumber // in engine.replies
	done       bool        // the push has been handled
	deliveries uint8
}

// rememberFor returns how long a push is remembered: as long as a request with it may be
// valid, and at least as long as the platform may deliver it.
func rememberFor(cfg Config) time.Duration { return max(2*cfg.ReplayWindow, DedupeRetention) }

func newSightings() *lru[digest, sighting] {
	return newLRU[digest](limits[sighting]{entries: maxRemembered, pinned: func(s sighting) bool { return s.run != nil }})
}

// digest identifies a push in this process. It is the same for all its deliveries.
type digest [2]uint64

var digestSeeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

// digest returns a hash of the push's identity. Its seeds are secret and random, so nobody
// can make two pushes that have the same.
func (p *Push) digest() (d digest) {
	identity := p.identity(make([]byte, 0, 128)) // has room for all that the platform sends
	for i, seed := range digestSeeds {
		d[i] = maphash.Bytes(seed, identity)
	}
	return d
}

// identity returns a message's sender, recipient and MsgId, for which it uses the buffer. For
// an event, and for a message without an ID, it returns the whole document, including the
// time: the combination of sender and second, which the platform recommends, would lose
// events.
func (p *Push) identity(buffer []byte) []byte {
	if p.id == "" || p.id == "0" {
		return p.head.Raw
	}
	buffer = append(buffer, p.head.ToUserName...)
	buffer = append(append(buffer, 0), p.head.FromUserName...)
	return append(append(buffer, 0), p.id...)
}

// deliver handles one delivery of a push and decides the response.
func (e *engine) deliver(ctx context.Context, d *delivery) {
	first := e.join(ctx, d)
	switch {
	case d.leave:
		return
	case d.run == nil:
		d.outcome = OutcomeAcknowledged
		if d.reply != nil {
			d.outcome = OutcomeReplied
		}
		return
	case first:
		e.begin(d)
	case e.cfg.HoldDeliveries && d.run.storeKey != "":
		d.number = e.number(ctx, d.run)
	}
	e.wait(ctx, d)
}

// join adds a delivery to the run of its push, and reports whether it created the run. A
// push that has been handled has no run.
func (e *engine) join(ctx context.Context, d *delivery) (first bool) {
	memory := e.seen.update(d.push.digest(), d.began, e.rememberFor, func(s sighting, _ bool) (sighting, bool) {
		if s.run == nil && !s.done {
			if e.pool.closed() {
				d.leave, d.outcome = true, OutcomeShutdown
				return s, false
			}
			s.run, first = e.newRun(ctx, d), true
		}
		d.duplicate = s.deliveries > 0
		s.deliveries += min(1, math.MaxUint8-s.deliveries)
		d.number = int(s.deliveries)
		if d.run = s.run; d.run != nil {
			d.run.await(d)
		} else {
			d.reply = e.replies.get(s.reply, d.began)
		}
		return s, true
	})
	if first {
		d.own.memory = memory
	}
	return first
}

func (e *engine) newRun(ctx context.Context, d *delivery) *run {
	r := &d.own
	r.push, r.began = d.push, d.began
	r.detached = detached{Context: e.life, request: ctx}
	r.ctx = &r.detached
	r.reports.Add(1)
	if e.replicas != nil {
		r.storeKey, r.owner = e.replicas.key(d.push), newOwner()
	}
	return r
}

// begin starts the run of a delivery, unless another replica has the push.
func (e *engine) begin(d *delivery) {
	r := d.run
	if r.storeKey == "" {
		e.start(r)
		return
	}
	c, err := e.claim(r.ctx, r.storeKey, r.owner)
	if err != nil {
		d.number = deliveries // assume the last one
		r.alone = true
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

// start starts the handling of a run in this process.
func (e *engine) start(r *run) {
	if r.storeKey != "" {
		e.renewAfter(r, e.replicas.claimFor/renewals) // start now, because the run may be queued for a long time
	}
	e.submit(r)
}

// submit passes a run to the pool. If the pool is full, a run that was acknowledged while
// another replica had the push tries again until there is room, because the platform does
// not deliver the push again.
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

// overflow ends a run that the pool has no room for.
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

// abandon ends a run that a shutdown has removed from the queue.
func (e *engine) abandon(r *run) {
	defer e.pool.end()
	e.shutOut(r)
}

// shutOut ends a run that a shutdown leaves to other replicas.
func (e *engine) shutOut(r *run) {
	e.conclude(r, result{outcome: OutcomeShutdown, leave: true})
	if r.acknowledged() {
		e.report(r.ctx, r.push, Observation{Outcome: OutcomeLost, Late: true, Err: errShutdown})
	}
}

// handle runs the handler of a push, on a worker.
func (e *engine) handle(r *run) {
	key := menuKey(r.push.Message) // before the handler is called, which may change the message
	e.recordArrival(r.ctx, r, key)

	r.started = time.Now()
	ctx := &r.handling
	deadline := r.started.Add(e.cfg.HandlerTimeout)
	ctx.Begin(r.ctx, deadline)
	defer ctx.End()
	e.handlers.add(&r.stuck, r, deadline.Add(stuckAfter))
	res := result{err: usercode.ErrGoexit}
	defer func() { // even if the handler ends the goroutine
		e.handlers.remove(&r.stuck)
		e.handled(r, res, key, r.started)
	}()
	res = e.call(ctx, r.push, e.routes.handle)
}

const stuckAfter = time.Second

// reportStuck reports that a handler has not returned, although its context has ended.
func (e *engine) reportStuck(r *run) {
	go e.report(r.ctx, r.push, Observation{Outcome: OutcomeStuck, Start: r.started, Duration: time.Since(r.started)})
}

// handled ends a run after its handler has returned.
func (e *engine) handled(r *run, res result, menuKey string, began time.Time) {
	if res.ended.IsZero() { // it did not return
		res.ended = time.Now()
	}
	took := res.ended.Sub(began)
	o := Observation{Outcome: OutcomeHandled, Start: began, Duration: took, Err: res.err, Late: took > e.cfg.ResponseTimeout}
	if res.err != nil {
		o.Outcome = OutcomeFailed
		if _, ok := res.err.(*PanicError); ok { //nolint:errorlint // call returns it bare
			o.Outcome = OutcomePanicked
		}
		switch {
		case o.Outcome == OutcomeFailed && e.life.Err() != nil: // the shutdown has canceled its context
			res.outcome, res.leave = OutcomeShutdown, true
		case e.cfg.RetryFailed:
			res.outcome, res.leave = OutcomeRetried, true
		}
	}
	isQuick := e.cfg.Activity != nil && e.cfg.Activity.inMemory
	if isQuick {
		e.recordHandled(r.ctx, menuKey, took, o.Err)
	}
	isLate := e.finish(r, res)
	if !isQuick {
		e.recordHandled(r.ctx, menuKey, took, o.Err)
	}
	e.report(r.ctx, r.push, o)
	r.reports.Done()
	if isLate {
		e.deferReply(context.WithoutCancel(r.ctx), r.push, res.reply)
	}
}

// conclude ends a run whose handler was not called.
func (e *engine) conclude(r *run, res result) {
	res.ended = time.Now()
	e.finish(r, res)
	r.reports.Done()
}

// finish finishes a run and reports whether its reply must be deferred now.
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
	waiting := r.waiting
	r.waiting = nil
	r.mu.Unlock()
	switch {
	case res.leave || res.elsewhere:
		e.forget(r)
	case decided:
		e.remember(r)
	}
	for _, d := range waiting {
		d.wakeUp()
	}
	if mine {
		e.publish(r)
	}
	return isLate
}

// remember replaces a decided run by the fact that its push was handled. It keeps the reply
// for a while.
func (e *engine) remember(r *run) {
	now := r.result.ended
	isReplied := r.result.rendered != nil && !r.acknowledged()
	e.seen.updateEntry(r.memory, now, e.rememberFor, func(s sighting) (sighting, bool) {
		if isReplied && !s.done {
			s.reply = e.replies.keep(r.result.rendered, now)
		}
		s.run, s.done = nil, true
		return s, true
	})
}

// forget removes a run, so that the next delivery of its push starts a new one.
func (e *engine) forget(r *run) {
	e.seen.updateEntry(r.memory, time.Now(), e.rememberFor, func(s sighting) (sighting, bool) {
		s.run = nil
		return s, true
	})
}

// forgetUnawaited forgets a run unless a delivery is waiting for it, and reports whether it
// did.
func (e *engine) forgetUnawaited(r *run) (forgotten bool) {
	e.seen.updateEntry(r.memory, time.Now(), e.rememberFor, func(s sighting) (sighting, bool) {
		if forgotten = !r.awaited(); forgotten {
			s.run = nil
		}
		return s, true
	})
	return forgotten
}

// await makes a delivery wait until the run has finished.
func (r *run) await(d *delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiters++
	if r.finished {
		d.wakeUp()
	} else {
		if r.waiting == nil {
			r.waiting = r.room[:0]
		}
		r.waiting = append(r.waiting, d)
	}
}

// dismiss ends the waiting of a delivery.
func (r *run) dismiss(d *delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.waiting, d); i >= 0 {
		r.waiting = slices.Delete(r.waiting, i, i+1)
	}
}

// wakeUp wakes a delivery that is waiting, or is going to.
func (d *delivery) wakeUp() { d.wake.give() }

func (r *run) hasFinished() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.finished
}

// awaited reports whether a delivery is waiting for the result.
func (r *run) awaited() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiters > 0
}

// acknowledged reports whether a delivery was acknowledged without the reply.
func (r *run) acknowledged() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.way == deferred
}

// PanicError is the error of a handler that panicked. It is logged and passed to
// [Config.Observer].
type PanicError struct {
	Value any    // passed to panic
	Stack []byte // of the goroutine
}

// Error includes the value that was passed to panic, but not the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("callback: handler panicked: %v", e.Value) }

// call calls a handler and renders its reply.
func (e *engine) call(ctx context.Context, p *Push, handle HandlerFunc) (res result) {
	err := usercode.Recover(func() (err error) {
		reply, err := handle(ctx, p.Message)
		res.ended = time.Now()
		if reply = byValue(reply); err != nil || reply == nil {
			return err
		}
		res.reply = reply
		res.rendered, res.rest, err = p.compose(reply, e.cfg.SendDeferred != nil, res.ended)
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

// byValue returns the value of a reply that a handler returned as a pointer.
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
