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

// RetryPolicy sets how calls are retried; see [WithRetry].
type RetryPolicy struct {
	// MaxAttempts is the maximum number of times that a call is sent; 1 disables
	// retries. The extra attempt after a rejected token was replaced does not count.
	MaxAttempts int
	BaseDelay   time.Duration // upper bound of the first pause; it doubles with each retry
	MaxDelay    time.Duration // upper bound of every pause

	// WaitForQuota makes a call that exceeded a quota per minute ([ErrMinuteQuota])
	// wait for the next minute, which can block it for more than a minute. By default,
	// the call fails at once, and [Error.RetryAfter] is the time to wait.
	WaitForQuota bool
}

// defaultRetry makes 3 attempts with random pauses of up to 100 ms, 200 ms, … 2 s.
var defaultRetry = RetryPolicy{MaxAttempts: 3, BaseDelay: 100 * time.Millisecond, MaxDelay: 2 * time.Second}

func (p RetryPolicy) withDefaults() RetryPolicy {
	p.MaxAttempts = cmp.Or(p.MaxAttempts, defaultRetry.MaxAttempts)
	p.BaseDelay = cmp.Or(p.BaseDelay, defaultRetry.BaseDelay)
	p.MaxDelay = cmp.Or(p.MaxDelay, max(defaultRetry.MaxDelay, p.BaseDelay))
	return p
}

func (p RetryPolicy) check() error {
	err := first(
		notNegative("RetryPolicy.MaxAttempts", p.MaxAttempts), notNegative("RetryPolicy.BaseDelay", p.BaseDelay),
		notNegative("RetryPolicy.MaxDelay", p.MaxDelay))
	if err == nil && p.BaseDelay > p.MaxDelay {
		err = invalid("RetryPolicy.BaseDelay", "must be at most MaxDelay, %s, but is %s", p.MaxDelay, p.BaseDelay)
	}
	return err
}

// pause returns a random pause before a retry, of which 1 is the first. Its upper bound
// doubles with each retry.
func (p RetryPolicy) pause(retry int) time.Duration {
	limit := p.BaseDelay
	for range retry - 1 {
		limit = 2 * min(limit, p.MaxDelay/2)
	}
	return jitter(limit)
}

// clientMsgID returns the client message ID of a send: that of the program, or a random
// one of 26 characters, by which the platform knows the attempts of this call.
func (c *Client) clientMsgID(id string) string {
	if id == "" && !c.cfg.noMsgIDs {
		return rand.Text()
	}
	return id
}

// retriedFor limits the retries of a keyed send to the time for which the platform drops
// duplicates, reckoned from before the first attempt.
func (c *Client) retriedFor(window time.Duration) trait {
	return func(r *Request) { r.retryUntil = time.Now().Add(window - c.cfg.retry.MaxDelay - time.Minute) }
}

// jitter returns a random duration from 0 to less than limit.
func jitter(limit time.Duration) time.Duration {
	if limit <= 0 {
		return 0
	}
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return time.Duration(binary.LittleEndian.Uint64(b[:]) % uint64(limit))
}

// budget is the retry budget: retries draw on it and only successful calls refill it,
// so that an outage is not amplified.
type budget struct {
	mu   sync.Mutex
	left int
}

// quotaJitter spreads calls that wait for the same minute.
const quotaJitter = 5 * time.Second

func untilNextMinute(now time.Time) time.Duration {
	return now.Truncate(time.Minute).Add(time.Minute).Sub(now)
}

// If half of all requests fail, n calls make n/11 retries: these, and the calls, have
// 6n/11 successes, which pay for them.
const (
	budgetSize  = 500
	costRetry   = 6
	costTimeout = 12
)

func newBudget() *budget { return &budget{left: budgetSize} }

// costOf returns the cost of a retry after err.
func costOf(err error) int {
	var t interface{ Timeout() bool } // context.DeadlineExceeded has it
	if errors.As(err, &t) && t.Timeout() {
		return costTimeout
	}
	return costRetry
}

// take takes the cost of a retry from the budget, and reports whether it was enough.
func (b *budget) take(cost int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left < cost {
		return false
	}
	b.left -= cost
	return true
}

// earn refills the budget after a successful call.
func (b *budget) earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(b.left+1, budgetSize)
}

// sleep waits for d. If ctx would end before that, it returns an error at once.
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
