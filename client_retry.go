package wechat

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"sync"
	"time"
)

// RetryPolicy bounds the repetition of calls; see [WithRetry].
type RetryPolicy struct {
	MaxAttempts int           // how often a call is sent at most; 1 switches repetition off
	MinDelay    time.Duration // upper bound of the first pause
	MaxDelay    time.Duration // upper bound of every pause
}

// defaultRetry is the policy of a client that was given none: 3 attempts, pauses
// drawn between 0 and 100 ms, 200 ms, … 2 s.
var defaultRetry = RetryPolicy{MaxAttempts: 3, MinDelay: 100 * time.Millisecond, MaxDelay: 2 * time.Second}

// pause draws the pause before the given attempt (2 is the first repetition)
// between 0 and an upper bound that doubles.
func (p RetryPolicy) pause(attempt int) time.Duration {
	limit := p.MinDelay
	for range attempt - 2 {
		limit = min(2*limit, p.MaxDelay)
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

// budget keeps repetitions from multiplying the load on a platform that is down:
// they are paid from a purse that only successes fill.
type budget struct {
	mu   sync.Mutex
	left int
}

const (
	budgetSize  = 500
	costRetry   = 5
	costTimeout = 10
)

func newBudget() *budget { return &budget{left: budgetSize} }

// take pays for a repetition and reports whether there was enough.
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
