package wechat

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBudgetIsSpentToTheLastAndRefilledByOne(t *testing.T) {
	b := newBudget()
	for range budgetSize / costRetry {
		require.True(t, b.take(costRetry))
	}
	require.False(t, b.take(costRetry))
	require.True(t, b.take(budgetSize%costRetry))
	assert.False(t, b.take(1))
	b.earn()
	assert.True(t, b.take(1))
	assert.False(t, b.take(1))
	for range 2 * budgetSize {
		b.earn()
	}
	assert.True(t, b.take(budgetSize))
	assert.False(t, b.take(1), "it is never fuller than at the beginning")
}

func TestTimeOutsCostTwiceAsMuch(t *testing.T) {
	assert.Equal(t, costTimeout, costOf(fmt.Errorf("x: %w", context.DeadlineExceeded)))
	assert.Equal(t, costTimeout, costOf(&RequestError{Err: &net.OpError{Op: "read", Err: errTimeout{}}}))
	assert.Equal(t, costRetry, costOf(&RequestError{Err: io.EOF}))
	assert.Equal(t, costRetry, costOf(&net.DNSError{Err: "no such host"}))
}

type errTimeout struct{}

func (errTimeout) Error() string { return "timeout" }
func (errTimeout) Timeout() bool { return true }

func TestPausesGrowToTheirBoundAndDoNotOverflow(t *testing.T) {
	largest := func(p RetryPolicy, retry int) (most time.Duration) {
		for range 2000 {
			most = max(most, p.pause(retry))
		}
		return most
	}
	p := RetryPolicy{BaseDelay: 100 * time.Millisecond, MaxDelay: 500 * time.Millisecond}
	for retry, limit := range []time.Duration{1: 100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 500 * time.Millisecond, 500 * time.Millisecond} {
		if retry > 0 {
			got := largest(p, retry)
			assert.Less(t, got, limit)
			assert.Greater(t, got, limit*9/10, "retry %d", retry)
		}
	}
	huge := RetryPolicy{BaseDelay: math.MaxInt64 / 3, MaxDelay: math.MaxInt64}
	for retry := 1; retry < 100; retry++ {
		assert.GreaterOrEqual(t, largest(huge, retry), time.Duration(math.MaxInt64/4))
	}
}

func TestShortestPausesAreNone(t *testing.T) {
	p := RetryPolicy{BaseDelay: 1, MaxDelay: 1}
	for retry := 1; retry < 5; retry++ {
		assert.Zero(t, p.pause(retry))
	}
}

func TestDefaultsOfAPolicyAreFilledIn(t *testing.T) {
	assert.Equal(t, RetryPolicy{MaxAttempts: 3, BaseDelay: 100 * time.Millisecond, MaxDelay: 2 * time.Second}, RetryPolicy{}.withDefaults())
	assert.Equal(t, time.Minute, RetryPolicy{BaseDelay: time.Minute}.withDefaults().MaxDelay, "the first pause may be the longest")
}

func TestKeyedSendIsRetriedUntilAMinuteAndAPauseBeforeItsKeyIsForgotten(t *testing.T) {
	const longest = 30 * time.Second
	last := templateIDTime - longest - time.Minute // a retry must begin before
	for lost, attempts := range map[time.Duration]int{last - 1: 2, last: 1} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(hangs)
			c := s.client(WithTimeout(lost), WithRetry(RetryPolicy{BaseDelay: 1, MaxDelay: longest}))
			_, err := c.SendTemplateMessage(t.Context(), TemplateMessage{OpenID: "oAlice", TemplateID: "T1"})
			require.ErrorIs(t, err, ErrUnknownOutcome)
			assert.Len(t, s.sent, attempts, "lost after %s", lost)
		})
	}
}

func TestSleepEndsAtTheDeadlineWithoutBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		require.ErrorIs(t, sleep(ctx, time.Second), context.DeadlineExceeded)
		assert.Zero(t, time.Since(begin))
		require.NoError(t, sleep(ctx, time.Second-1))
		assert.Equal(t, time.Second-1, time.Since(begin))
	})
}
