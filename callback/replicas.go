package callback

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

const (
	claimFor   = 5 * time.Second // a dead replica's push is free when the next delivery comes
	claimEvery = time.Second
	pollEvery  = 200 * time.Millisecond
)

// claim takes a push among the replicas. It returns an answer where another
// replica has it, and ok where this one is to handle it, which is also so where the
// store fails: a push handled twice is better than one that nobody handles.
func (e *engine) claim(ctx context.Context, key string, a answer, began time.Time) (_ answer, ok bool) {
	if e.cfg.Dedupe == nil {
		return a, true
	}
	hold := e.cfg.Hold && a.delivery < deliveries
	for {
		var claimed bool
		var reply []byte
		err := e.dedupe.ask(ctx, e.cfg.Logger, func(ctx context.Context) (err error) {
			claimed, reply, err = e.cfg.Dedupe.Claim(ctx, key, e.owner, claimFor)
			return err
		})
		if claimed || err != nil {
			return a, true
		}
		a.duplicate = true
		if reply != nil {
			a.outcome = OutcomeAcknowledged
			if len(reply) > 0 && e.mayGo(ctx, key, "replied") {
				a.rendered, a.outcome = reply, OutcomeReplied
			}
			return a, false
		}
		left := time.Until(began.Add(e.cfg.Budget))
		if hold {
			left = time.Until(began.Add(holdFor))
		}
		if left <= 0 {
			a.outcome, a.late = OutcomeLate, true
			if hold {
				a.status, a.outcome = http.StatusServiceUnavailable, OutcomeHeld
			}
			return a, false
		}
		timer := time.NewTimer(min(pollEvery, left))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			a.status, a.outcome = http.StatusServiceUnavailable, OutcomeGone
			return a, false
		}
	}
}

// renew keeps a claim until the push is handled.
func (e *engine) renew(ctx context.Context, r *run) {
	ticker := time.NewTicker(claimEvery)
	defer ticker.Stop()
	for {
		select {
		case <-r.done:
			return
		case <-ticker.C:
			_ = e.dedupe.ask(ctx, e.cfg.Logger, func(ctx context.Context) error { // logged there, the claim may end
				_, _, err := e.cfg.Dedupe.Claim(ctx, r.key, e.owner, claimFor)
				return err
			})
		}
	}
}

// release tells the replicas how the push was handled.
func (e *engine) release(r *run, status int, rendered []byte, late bool) {
	if e.cfg.Dedupe == nil {
		return
	}
	if late {
		rendered = nil
	}
	_ = e.dedupe.ask(e.life, e.cfg.Logger, func(ctx context.Context) error { // logged there, a duplicate may be handled again
		if status != http.StatusOK {
			return e.cfg.Dedupe.Release(ctx, r.key, e.owner)
		}
		return e.cfg.Dedupe.Finish(ctx, r.key, e.owner, rendered, 2*e.cfg.Window)
	})
}

// mayGo decides among the replicas whether the reply of a push goes out as an
// answer or as customer-service messages: the way that is claimed first. Without
// the store each decides for itself.
func (e *engine) mayGo(ctx context.Context, key, way string) bool {
	if e.cfg.Dedupe == nil {
		return true
	}
	may := true
	err := e.dedupe.ask(ctx, e.cfg.Logger, func(ctx context.Context) (err error) {
		may, _, err = e.cfg.Dedupe.Claim(ctx, key+"way", way, 2*e.cfg.Window)
		return err
	})
	return err != nil || may
}

// number returns which delivery of a push this is. Only holding needs to know that
// of deliveries to other replicas; where the store fails it is the last one, which
// is answered in time.
func (e *engine) number(ctx context.Context, key string, here int) int {
	if !e.cfg.Hold || e.cfg.Dedupe == nil {
		return here
	}
	for n := 1; n < deliveries; n++ {
		var first bool
		err := e.dedupe.ask(ctx, e.cfg.Logger, func(ctx context.Context) (err error) {
			first, _, err = e.cfg.Dedupe.Claim(ctx, key+"delivery"+strconv.Itoa(n), newOwner(), 2*e.cfg.Window)
			return err
		})
		if err != nil {
			break
		}
		if first {
			return n
		}
	}
	return deliveries
}
