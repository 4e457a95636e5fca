package wechat

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"sync"
	"time"
)

// RetryPolicy is how calls are retried; see [WithRetry].
type RetryPolicy struct {
	// MaxAttempts is how many times a call is sent at most, whatever the reason; 1
	// switches retries off. The one more attempt after a rejected token was replaced
	// does not count.
	MaxAttempts int
	MinDelay    time.Duration // upper bound of the first pause
	MaxDelay    time.Duration // upper bound of every pause

	// WaitForQuota retries a call that exceeded a quota per minute
	// ([ErrMinuteQuota]) when the next minute has begun, which can block it for more
	// than a minute. Without it the call fails at once, and [Error.RetryAfter] says
	// how long to wait.
	WaitForQuota bool
}

// defaultRetry is the policy of a client that was given none: 3 attempts, pauses
// drawn between 0 and 100 ms, 200 ms, … 2 s.
var defaultRetry = RetryPolicy{MaxAttempts: 3, MinDelay: 100 * time.Millisecond, MaxDelay: 2 * time.Second}

func (p RetryPolicy) withDefaults() RetryPolicy {
	p.MaxAttempts = cmp.Or(p.MaxAttempts, defaultRetry.MaxAttempts)
	p.MinDelay = cmp.Or(p.MinDelay, defaultRetry.MinDelay)
	p.MaxDelay = cmp.Or(p.MaxDelay, max(defaultRetry.MaxDelay, p.MinDelay))
	return p
}

func (p RetryPolicy) check() error {
	err := first(
		notNegative("RetryPolicy.MaxAttempts", p.MaxAttempts), notNegative("RetryPolicy.MinDelay", p.MinDelay),
		notNegative("RetryPolicy.MaxDelay", p.MaxDelay))
	if err == nil && p.MinDelay > p.MaxDelay {
		err = invalid("RetryPolicy.MinDelay", "must be at most MaxDelay, %s, but is %s", p.MaxDelay, p.MinDelay)
	}
	return err
}

// pause draws the pause before a retry, 1 being the first, between 0 and an upper
// bound that doubles.
func (p RetryPolicy) pause(retry int) time.Duration {
	limit := p.MinDelay
	for range retry - 1 {
		limit = 2 * min(limit, p.MaxDelay/2)
	}
	return jitter(limit)
}

// jitter draws a duration between 0 and limit.
func jitter(limit time.Duration) time.Duration {
	if limit <= 0 {
		return 0
	}
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return time.Duration(binary.LittleEndian.Uint64(b[:]) % uint64(limit))
}

// budget keeps retries from multiplying the load on a platform that is down: they
// draw on a budget that only successful calls refill.
type budget struct {
	mu   sync.Mutex
	left int
}

// quotaJitter spreads the calls that wait for the same minute.
const quotaJitter = 5 * time.Second

func untilNextMinute(now time.Time) time.Duration {
	return now.Truncate(time.Minute).Add(time.Minute).Sub(now)
}

const (
	budgetSize  = 500
	costRetry   = 5
	costTimeout = 10
)

func newBudget() *budget { return &budget{left: budgetSize} }

// costOf is what a retry after this error costs.
func costOf(err error) int {
	var t interface{ Timeout() bool } // context.DeadlineExceeded has it
	if errors.As(err, &t) && t.Timeout() {
		return costTimeout
	}
	return costRetry
}

// take pays for a retry and reports whether there was enough.
func (b *budget) take(cost int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left < cost {
		return false
	}
	b.left -= cost
	return true
}

// earn is called for each success.
func (b *budget) earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(b.left+1, budgetSize)
}

// sleep waits, unless ctx ends first or would end before the time is over.
func sleep(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return context.DeadlineExceeded
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
