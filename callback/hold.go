package callback

import (
	"context"
	"runtime"
	"time"
)

// The platform waits 5 seconds for a response and delivers a push up to three times. A
// reply can thus be the response within 4.5 seconds, or within 14 if the first two
// deliveries are held. After that it is deferred: sent as customer-service messages.
const (
	deliveries  = 3                             // of a push, at most
	interval    = 5 * time.Second               // between them
	holdFor     = platformWaits + time.Second/2 // by then the platform has given up the delivery
	comeWithin  = deliveries * interval         // by then all deliveries have arrived
	orphanAfter = interval + 2*time.Second      // by then the next delivery has arrived
)

// way is how a reply is sent. Whatever happens first decides.
type way int

const (
	undecided way = iota // no delivery has had a response; the next one may get the reply
	replied              // a delivery got the reply; later ones do as well
	deferred             // a delivery was acknowledged without the reply, or none arrived for it
)

// yields is how often a delivery lets other goroutines run before it waits in a channel. A
// handler that computes its reply has returned by then.
const yields = 2

// wait waits until a delivery can get the reply, or its budget is used up. In the latter
// case the delivery is held if there will be another one, and acknowledged otherwise.
func (e *engine) wait(ctx context.Context, d *delivery) {
	for range yields {
		if runtime.Gosched(); d.wake.isGiven() {
			e.awake(ctx, d)
			return
		}
	}
	defer d.run.dismiss(d)
	e.budgets.add(&d.budget, d, d.began.Add(e.cfg.ResponseTimeout))
	defer e.budgets.remove(&d.budget)
	gone := ctx.Done()
	for wake := d.wake.channel(); ; {
		select {
		case <-wake:
			e.awake(ctx, d)
			return
		case <-gone:
			if !e.doubt(d) {
				return
			}
			gone = nil
		}
	}
}

// awake continues a delivery whose run has finished, or whose budget is used up.
func (e *engine) awake(ctx context.Context, d *delivery) {
	switch {
	case d.run.hasFinished():
		if ctx.Err() == nil || d.doubtful || e.doubt(d) {
			e.decide(d)
		}
	case e.cfg.HoldDeliveries && d.number < deliveries:
		gone := ctx.Done()
		if d.doubtful {
			gone = nil
		}
		e.hold(d, gone)
	default:
		e.decide(d)
	}
}

// doubt records that the client has closed its side of the connection. It reports whether
// the client may still be waiting for the response.
func (e *engine) doubt(d *delivery) bool {
	d.doubtful = true
	e.stopWaiting(d.run)
	if !d.halfClosed {
		d.leave, d.outcome = true, OutcomeGone
	}
	return d.halfClosed
}

// hold leaves a delivery without a response, so that the platform delivers the push again.
// It returns when the platform has given up the delivery.
func (e *engine) hold(d *delivery, gone <-chan struct{}) {
	timer := time.NewTimer(time.Until(d.began.Add(holdFor)))
	defer timer.Stop()
	select {
	case <-gone:
	case <-timer.C:
	}
	if !d.doubtful {
		e.stopWaiting(d.run)
	}
	d.leave, d.outcome = true, OutcomeHeld
}

// stopWaiting records that a delivery will not get the reply.
func (e *engine) stopWaiting(r *run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiters--
	if r.finished {
		e.adopt(r)
	}
}

// decide decides the response to a delivery, and thereby how the reply is sent.
func (e *engine) decide(d *delivery) {
	r := d.run
	r.mu.Lock()
	mine := true
	if r.finished && r.result.elsewhere {
		r.mu.Unlock()
		mine = !d.doubtful && e.chooseResponse(r)
		r.mu.Lock()
	}
	switch res := &r.result; {
	case !r.finished && e.life.Err() != nil: // the handler is shutting down and nothing will finish the run
		d.leave, d.outcome = true, OutcomeShutdown
	case !r.finished:
		d.late, d.outcome, d.way = true, OutcomeLate, deferred
	case res.leave:
		d.leave = true
	case d.doubtful && res.elsewhere: // do not claim the reply for a client that may be gone
		d.leave, d.outcome = true, OutcomeGone
	case res.rendered == nil || r.way == deferred || !mine:
		d.outcome = OutcomeAcknowledged
	default:
		d.reply, d.outcome, d.way = res.rendered, OutcomeReplied, replied
	}
	if r.finished && r.result.outcome != "" {
		d.outcome = r.result.outcome
	}
	if !d.doubtful {
		r.waiters--
		d.rest = e.choose(r, d.way)
	}
	r.mu.Unlock()
	if d.reply != nil && !d.doubtful {
		e.remember(r)
	}
}

// confirm decides how the reply is sent after the response to a doubtful delivery has been
// sent.
func (e *engine) confirm(d *delivery) {
	if d.run == nil {
		return
	}
	d.run.mu.Lock()
	d.rest = e.choose(d.run, d.way)
	d.run.mu.Unlock()
	if d.reply != nil {
		e.remember(d.run)
	}
}

// choose sets the way of the reply to w if it is undecided, and returns the messages to send
// after a response with the reply. r.mu is held.
func (e *engine) choose(r *run, w way) (rest [][]byte) {
	if r.way != undecided || w == deferred && r.finished { // in the latter case the orphan timer decides
		return nil
	}
	r.way = w
	if w == replied {
		if r.orphan != nil && r.orphan.Stop() {
			e.pool.end()
		}
		return r.result.rest
	}
	return nil
}

// adopt schedules the deferral of the reply of a finished run that no delivery is waiting
// for. Another delivery may still arrive before. r.mu is held.
func (e *engine) adopt(r *run) {
	if r.waiters > 0 || r.way != undecided || r.result.rendered == nil || r.result.elsewhere || r.orphan != nil {
		return
	}
	e.pool.begin()
	r.orphan = time.AfterFunc(min(orphanAfter, max(time.Until(r.began.Add(comeWithin)), 0)), func() {
		defer e.pool.end()
		e.deferOrphan(r)
	})
}

// deferOrphan defers a reply, unless a delivery to this replica or another one got it, which
// may still happen while the store is asked.
func (e *engine) deferOrphan(r *run) {
	way := replied
	if e.chooseDeferred(r) {
		way = deferred
	}
	r.mu.Lock()
	decided := r.way != undecided
	if !decided {
		r.way = way
	}
	r.mu.Unlock()
	if decided {
		return
	}
	e.remember(r)
	ctx := context.WithoutCancel(r.ctx)
	if way == deferred {
		e.deferReply(ctx, r.push, r.result.reply)
	} else {
		e.send(ctx, r.push, r.result.rest)
	}
}
