package callback

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/wechatoa/wechat/internal/usercode"
)

const (
	claimAtMost  = 3 * time.Second // so that a delivery outlives the claim of a replica that died before it came
	claimAtLeast = time.Second     // so that renewing survives a slow store
	renewals     = 3               // in the time of a claim
	pollEvery    = 200 * time.Millisecond
	watchEvery   = time.Second // when no delivery waits

	retryPause    = 10 * time.Millisecond
	insistFor     = 5 * time.Second // on what nobody waits for
	maxInsistence = 1000            // pushes at once
)

// replicas is how the handler knows of the others, through their store. What is
// decided among them never depends on the life of a request.
type replicas struct {
	store    DedupeStore
	guard    usercode.Guard
	inMemory bool // the store is this library's and called directly
	account  string
	claimFor time.Duration

	insisting atomic.Int32
}

// newReplicas returns nil if the handler has no store.
func newReplicas(cfg Config) *replicas {
	if cfg.Dedupe == nil {
		return nil
	}
	_, inMemory := cfg.Dedupe.(*MemoryDedupeStore)
	return &replicas{
		store: cfg.Dedupe, inMemory: inMemory, account: cfg.AppID,
		claimFor: min(max(cfg.Budget*2/3, claimAtLeast), claimAtMost),
	}
}

// key is that of a push in the store.
func (s *replicas) key(p *Push, d digest) string {
	account := s.account
	if account == "" {
		account = p.head.ToUserName
	}
	return fmt.Sprintf("%s:%x", account, d)
}

// askStore calls the store. A call that fails is made again while there is time for
// it, which is 250 ms in all.
func askStore[T any](ctx context.Context, e *engine, call func(context.Context) (T, error)) (T, error) {
	if e.replicas.inMemory {
		return call(ctx)
	}
	ctx = context.WithoutCancel(ctx)
	value, err := usercode.Call(ctx, &e.replicas.guard, func(ctx context.Context) (T, error) {
		deadline, _ := ctx.Deadline()
		for ; ; time.Sleep(retryPause) {
			value, err := call(ctx)
			if err == nil || time.Until(deadline) <= retryPause {
				return value, err
			}
		}
	})
	e.fault(ctx, "dedupe store", err)
	return value, err
}

// claim asks for a push. If the store does not answer each replica decides for
// itself: a push handled twice is better than one that nobody handles.
func (e *engine) claim(ctx context.Context, key, owner string) (Claim, error) {
	return askStore(ctx, e, func(ctx context.Context) (Claim, error) {
		c, err := e.replicas.store.Claim(ctx, key, owner, e.replicas.claimFor)
		if err == nil && c.State != ClaimStateGranted && c.State != ClaimStateTaken && c.State != ClaimStateDone {
			err = fmt.Errorf("callback: DedupeStore.Claim returned the state %q", c.State)
		}
		if c.Delivery = min(c.Delivery, deliveries); c.Delivery < 1 {
			c.Delivery = deliveries // the last one, as far as anybody knows
		}
		return c, err
	})
}

// number returns which delivery of a push this is, for holding, which must not hold
// the last one. Without an answer of the store it is taken for the last one.
func (e *engine) number(ctx context.Context, r *run) int {
	owner := newOwner()
	c, err := e.claim(ctx, r.storeKey, owner)
	if err != nil {
		return deliveries
	}
	if c.State == ClaimStateGranted { // the claim of the run has ended; it is not this delivery's
		_, _ = askStore(ctx, e, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, e.replicas.store.Release(ctx, r.storeKey, owner)
		})
	}
	return c.Delivery
}

// follow looks after a push that another replica handles: it takes the push over if
// the claim ends, and takes the reply over if a delivery waits for it. It goes on
// after the last delivery was acknowledged or has hung up, so that what nobody is
// left to deliver again is handled. A store that fails meanwhile changes nothing:
// the other replica is alive as far as anybody knows.
func (e *engine) follow(r *run) {
	for end := time.Now().Add(e.cfg.MaxRun); ; {
		pause := pollEvery
		if !r.awaited() {
			if time.Now().After(end) && e.forgetUnawaited(r) {
				return
			}
			pause = watchEvery
		}
		select {
		case <-time.After(pause):
		case <-e.life.Done():
			return
		}
		c, err := e.claim(r.ctx, r.storeKey, r.owner)
		switch {
		case err != nil || c.State == ClaimStateTaken:
		case c.State == ClaimStateGranted:
			e.start(r)
			return
		default:
			e.doneElsewhere(r, c.Reply)
			return
		}
	}
}

// doneElsewhere ends a run whose push another replica has handled. If no delivery
// waits for the reply, the run is forgotten and the next delivery asks the store again.
func (e *engine) doneElsewhere(r *run, reply []byte) {
	switch {
	case len(reply) == 0 || r.acknowledged():
		e.conclude(r, result{})
	case !e.forgetUnawaited(r):
		e.conclude(r, result{rendered: reply, elsewhere: true})
	}
}

// settleAnswer reports whether a delivery may be answered with the reply of another
// replica, which may be about to send it another way. Without an answer of the store
// it may be if there is no other way.
func (e *engine) settleAnswer(r *run) bool {
	way, err := askStore(r.ctx, e, func(ctx context.Context) (ReplyWay, error) {
		return e.replicas.store.Settle(ctx, r.storeKey, ReplyWayAnswer)
	})
	if err != nil {
		return e.cfg.Deferred == nil
	}
	return way == ReplyWayAnswer
}

// settleDeferred reports whether a reply may be sent, which is not so if a delivery to
// another replica was answered with it. Without an answer of the store it may be: a
// reply that arrives twice is better than one that does not arrive.
func (e *engine) settleDeferred(r *run) bool {
	if r.storeKey == "" {
		return true
	}
	way, err := insist(r.ctx, e, func(ctx context.Context) (ReplyWay, error) {
		return e.replicas.store.Settle(ctx, r.storeKey, ReplyWayDeferred)
	})
	return err != nil || way != ReplyWayAnswer
}

// renew keeps the claim of a run until it ends.
func (e *engine) renew(r *run) {
	pause := e.replicas.claimFor / renewals
	c, err := e.claim(r.ctx, r.storeKey, r.owner)
	switch {
	case err != nil:
		pause = pollEvery
	case c.State == ClaimStateDone:
		return // the claim ended while the store failed, and another replica had the push as well
	} // one that only has it may die
	e.renewAfter(r, pause)
}

func (e *engine) renewAfter(r *run, pause time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.finished {
		r.renewal = time.AfterFunc(pause, func() { e.renew(r) })
	}
}

// publish records in the store how a push was handled. It insists, because a
// duplicate is handled again otherwise.
func (e *engine) publish(r *run) {
	reply := r.result.rendered
	if r.acknowledged() {
		reply = nil
	}
	call := func(ctx context.Context) (struct{}, error) { //nolint:unparam // only the error matters
		if r.result.leave {
			return struct{}{}, e.replicas.store.Release(ctx, r.storeKey, r.owner)
		}
		return struct{}{}, e.replicas.store.Finish(ctx, r.storeKey, r.owner, reply, e.rememberFor)
	}
	if e.replicas.inMemory {
		_, _ = call(r.ctx) // does not fail
		return
	}
	e.pool.begin()
	go func() {
		defer e.pool.end()
		_, _ = insist(r.ctx, e, call) // the failures are logged
	}()
}

// insist calls the store until it answers, for a few seconds, unless too many do.
func insist[T any](ctx context.Context, e *engine, call func(context.Context) (T, error)) (T, error) {
	defer e.replicas.insisting.Add(-1)
	many := e.replicas.insisting.Add(1) > maxInsistence
	for end := time.Now().Add(insistFor); ; time.Sleep(pollEvery) {
		value, err := askStore(ctx, e, call)
		if err == nil || many || !time.Now().Before(end) {
			return value, err
		}
	}
}
