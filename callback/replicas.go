package callback

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/wechatoa/wechat/internal/usercode"
)

const (
	claimAtMost  = 3 * time.Second // a delivery that arrives after a replica died outlives the claim of that replica
	claimAtLeast = time.Second     // a slow store leaves enough time to renew
	renewals     = 3               // per duration of a claim
	pollEvery    = 200 * time.Millisecond
	watchEvery   = time.Second // while no delivery is waiting

	retryPause    = 10 * time.Millisecond
	insistFor     = 5 * time.Second // for calls that no delivery is waiting for
	maxInsistence = 1000            // pushes at the same time
)

// replicas coordinates this handler with those of other replicas, through the store that
// they share. Calls of the store never end with a request.
type replicas struct {
	store    DedupeStore
	guard    usercode.Guard
	inMemory bool // the store is a MemoryDedupeStore, which is called directly
	account  string
	claimFor time.Duration

	insisting atomic.Int32
}

// newReplicas returns nil if there is no store.
func newReplicas(cfg Config) *replicas {
	if cfg.Dedupe == nil {
		return nil
	}
	_, inMemory := cfg.Dedupe.(*MemoryDedupeStore)
	return &replicas{
		store: cfg.Dedupe, inMemory: inMemory, account: cfg.AppID,
		claimFor: min(max(cfg.ResponseTimeout*2/3, claimAtLeast), claimAtMost),
	}
}

// key returns the key of a push in the store, which is the same in all replicas.
func (s *replicas) key(p *Push) string {
	account := s.account
	if account == "" {
		account = p.head.ToUserName
	}
	sum := sha256.Sum256(p.identity(nil))
	return fmt.Sprintf("%s:%x", account, sum[:16])
}

// askStore calls the store. It retries a call that failed, for 250 ms in all.
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

// claim claims a push. If the store fails, each replica decides for itself, because handling
// a push twice is better than not handling it.
func (e *engine) claim(ctx context.Context, key, owner string) (Claim, error) {
	return askStore(ctx, e, func(ctx context.Context) (Claim, error) {
		c, err := e.replicas.store.Claim(ctx, key, owner, e.replicas.claimFor)
		if err == nil && c.State != ClaimStateGranted && c.State != ClaimStateTaken && c.State != ClaimStateDone {
			err = fmt.Errorf("callback: DedupeStore.Claim returned the unknown state %q", c.State)
		}
		if c.Delivery = min(c.Delivery, deliveries); c.Delivery < 1 {
			c.Delivery = deliveries // assume the last one
		}
		return c, err
	})
}

// number returns the number of a delivery, because the last one must not be held. If the
// store fails, it is assumed to be the last one.
func (e *engine) number(ctx context.Context, r *run) int {
	owner := newOwner()
	c, err := e.claim(ctx, r.storeKey, owner)
	if err != nil {
		return deliveries
	}
	if c.State == ClaimStateGranted { // the claim of the run has expired; this delivery does not want it
		_, _ = askStore(ctx, e, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, e.replicas.store.Release(ctx, r.storeKey, owner)
		})
	}
	return c.Delivery
}

// follow watches a push that another replica is handling. It takes the push over if the
// claim expires, and the reply if a delivery is waiting for it. It continues after the last
// delivery has been acknowledged or is gone, because the platform will not deliver the push
// again. If the store fails meanwhile, follow assumes that the other replica is alive.
func (e *engine) follow(r *run) {
	for end := time.Now().Add(e.cfg.HandlerTimeout); ; {
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

// doneElsewhere ends a run whose push another replica has handled. If there is a reply that
// no delivery is waiting for, the run is forgotten and the next delivery asks the store again.
func (e *engine) doneElsewhere(r *run, reply []byte) {
	switch {
	case len(reply) == 0 || r.acknowledged():
		e.conclude(r, result{})
	case !e.forgetUnawaited(r):
		e.conclude(r, result{rendered: reply, elsewhere: true})
	}
}

// chooseResponse reports whether a delivery may get the reply of another replica, which may be
// about to defer it. If the store fails, it may only if replies are never deferred.
func (e *engine) chooseResponse(r *run) bool {
	method, err := askStore(r.ctx, e, func(ctx context.Context) (ReplyMethod, error) {
		return e.replicas.store.ChooseReplyMethod(ctx, r.storeKey, ReplyMethodResponse)
	})
	if err != nil {
		return e.cfg.SendDeferred == nil
	}
	return method == ReplyMethodResponse
}

// chooseDeferred reports whether a reply may be deferred, which is not so if a delivery to
// another replica got it. If the store fails, it may: a reply that arrives twice is better
// than one that does not arrive.
func (e *engine) chooseDeferred(r *run) bool {
	if r.storeKey == "" {
		return true
	}
	method, err := insist(r.ctx, e, func(ctx context.Context) (ReplyMethod, error) {
		return e.replicas.store.ChooseReplyMethod(ctx, r.storeKey, ReplyMethodDeferred)
	})
	return err != nil || method != ReplyMethodResponse
}

// renew renews the claim of a run until the run has finished.
func (e *engine) renew(r *run) {
	pause := e.replicas.claimFor / renewals
	c, err := e.claim(r.ctx, r.storeKey, r.owner)
	switch {
	case err != nil:
		pause = pollEvery
	case c.State == ClaimStateDone:
		return // the claim expired while the store failed, and another replica handled the push as well
	} // if the other replica is still handling it, it may die, so continue
	e.renewAfter(r, pause)
}

func (e *engine) renewAfter(r *run, pause time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.finished {
		r.renewal = time.AfterFunc(pause, func() { e.renew(r) })
	}
}

// publish records the result of a run in the store. It insists, because duplicates would be
// handled again otherwise.
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
		_, _ = call(r.ctx) // it does not fail
		return
	}
	e.pool.begin()
	go func() {
		defer e.pool.end()
		_, _ = insist(r.ctx, e, call) // failures are logged
	}()
}

// insist retries a call of the store for a few seconds. If too many calls do, it tries once.
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
