package callback

import (
	"context"
	"time"
)

// The platform waits 5 seconds for an answer and delivers a push three times. That
// is what a reply has to reach the follower as an answer: 4.5 seconds, or 14 if the
// first two deliveries are held. After that it is deferred, which is to say sent as
// customer-service messages.
const (
	deliveries  = 3                             // of a push in all
	interval    = 5 * time.Second               // between them
	holdFor     = platformWaits + time.Second/2 // the platform has given the delivery up by then
	comeWithin  = deliveries * interval         // all deliveries have come by then
	orphanAfter = interval + 2*time.Second      // the next delivery has come by then
)

// way is how a reply reaches the follower in the end. Whatever comes first decides.
type way int

const (
	undecided way = iota // no delivery was answered; the next one may be
	replied              // a delivery was answered with the reply; later ones are, too
	deferred             // a delivery was acknowledged without the reply, or none came for it
)

// wait waits until a delivery can be answered, or until its time is over. Then it is
// held if the platform will deliver the push again, and acknowledged if not.
func (e *engine) wait(ctx context.Context, d *delivery) {
	timer := time.NewTimer(time.Until(d.began.Add(e.cfg.Budget)))
	defer timer.Stop()
	gone := ctx.Done()
	for {
		select {
		case <-d.run.done:
			if ctx.Err() == nil || d.doubtful || e.doubt(d) {
				e.decide(d)
			}
			return
		case <-gone:
			if !e.doubt(d) {
				return
			}
			gone = nil
		case <-timer.C:
			if e.cfg.Hold && d.number < deliveries {
				e.hold(d, gone)
			} else {
				e.decide(d)
			}
			return
		}
	}
}

// doubt records that the client has closed its side of the connection. It reports
// whether the client may still be there, waiting on a connection that is half closed.
func (e *engine) doubt(d *delivery) bool {
	d.doubtful = true
	e.stopWaiting(d.run)
	if !d.halfClosed {
		d.leave, d.outcome = true, OutcomeGone
	}
	return d.halfClosed
}

// hold gives a delivery no answer, so that the platform delivers the push again. The
// connection stays until the platform has given it up, which it may do sooner.
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

// stopWaiting ends the waiting of a delivery that is not answered.
func (e *engine) stopWaiting(r *run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiters--
	if r.finished {
		e.adopt(r)
	}
}

// decide decides how a delivery is answered, and thereby the way of the reply.
func (e *engine) decide(d *delivery) {
	r := d.run
	r.mu.Lock()
	mine := true
	if r.finished && r.result.elsewhere {
		r.mu.Unlock()
		mine = !d.doubtful && e.settleAnswer(r)
		r.mu.Lock()
	}
	switch res := &r.result; {
	case !r.finished && e.life.Err() != nil: // nobody is left to see to it
		d.leave, d.outcome = true, OutcomeShutdown
	case !r.finished:
		d.late, d.outcome, d.way = true, OutcomeLate, deferred
	case res.leave:
		d.leave = true
	case d.doubtful && res.elsewhere: // the reply must not be taken for nobody
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

// confirm decides the way of the reply after the answer to a doubtful delivery has
// gone out.
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

// choose makes w the way of a reply if none is, and returns the messages that follow
// an answer with the reply. r.mu is held.
func (e *engine) choose(r *run, w way) (rest [][]byte) {
	if r.way != undecided || w == deferred && r.finished { // the orphan's timer sees to the latter
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

// adopt defers the reply of a finished run that nobody waits for, unless another
// delivery comes. r.mu is held.
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

// deferOrphan defers a reply, unless a delivery to this or to another replica was
// answered with it, which may happen while the replicas decide.
func (e *engine) deferOrphan(r *run) {
	way := replied
	if e.settleDeferred(r) {
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
