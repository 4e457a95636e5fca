package wechat

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// outage is a platform of which every second request fails, at random, while it is
// failing.
type outage struct {
	random   *rand.Rand
	failing  atomic.Bool
	requests atomic.Int64

	mu    sync.Mutex
	calls []outageCall
}

type outageCall struct {
	begin    time.Time
	duration time.Duration
	err      error
}

func (o *outage) RoundTrip(r *http.Request) (*http.Response, error) {
	o.requests.Add(1)
	if err := sleep(r.Context(), 30*time.Millisecond); err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failing.Load() && o.random.IntN(2) == 0 {
		return badGate(r)
	}
	return ok(r)
}

// load makes calls at a rate for a time, without waiting for the last ones.
func (o *outage) load(t *testing.T, c *Client, perSecond int, during time.Duration) {
	for range int(during.Seconds()) * perSecond {
		time.Sleep(time.Second / time.Duration(perSecond))
		go func() {
			begin := time.Now()
			err := c.Do(t.Context(), request(idempotent), nil)
			o.mu.Lock()
			defer o.mu.Unlock()
			o.calls = append(o.calls, outageCall{begin, time.Since(begin), err})
		}()
	}
	synctest.Wait()
}

func left(b *budget) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.left
}

func TestC5_BrownOutIsAmplifiedByATenthAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const perSecond = 1000
		o := &outage{random: rand.New(rand.NewPCG(1, 2))}
		c := newScript().client(WithHTTPClient(&http.Client{Transport: o}))
		o.failing.Store(true)
		o.load(t, c, perSecond, 5*time.Second) // empties the bucket
		require.Less(t, left(c.budget), 2*costRetry)
		before := o.requests.Load()
		o.load(t, c, perSecond, time.Minute)
		amplification := float64(o.requests.Load()-before) / (60 * perSecond)
		t.Logf("amplification: %.4f", amplification)
		assert.LessOrEqual(t, amplification, 1.1)
		assert.Greater(t, amplification, 1.05, "successes pay for retries")

		o.failing.Store(false)
		end := time.Now()
		o.load(t, c, perSecond, 10*time.Second)
		time.Sleep(time.Second)
		synctest.Wait()
		recovered := end
		for _, call := range o.calls {
			if call.err != nil && call.begin.After(recovered) {
				recovered = call.begin
			}
		}
		assert.LessOrEqual(t, recovered.Sub(end), 5*time.Second, "every later call succeeds")
		assert.Equal(t, budgetSize, left(c.budget), "and may be retried again")
		assert.Len(t, o.calls, 75*perSecond)
	})
}

func TestC6_OutageOfFiveMinutesCostsNoMoreThanAHundredRetries(t *testing.T) {
	const dialTimeout, calls, perSecond = 5 * time.Second, 45_000, 150
	for name, latency := range map[string]time.Duration{"refused": time.Millisecond, "no answer": dialTimeout} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var dials atomic.Int64
				transport := NewTransport()
				transport.Proxy = nil
				transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
					dials.Add(1)
					if err := sleep(ctx, latency); err != nil {
						return nil, err
					}
					err := errors.New("connection refused")
					if latency == dialTimeout {
						err = errTimeout{}
					}
					return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
				}
				o := new(outage)
				o.load(t, newScript().client(WithHTTPClient(&http.Client{Transport: transport})), perSecond, 5*time.Minute)
				time.Sleep(time.Minute)
				synctest.Wait()
				require.Len(t, o.calls, calls)
				var durations []time.Duration
				for _, call := range o.calls {
					require.Error(t, call.err)
					require.NotErrorIs(t, call.err, ErrUnknownOutcome)
					durations = append(durations, call.duration)
				}
				slices.Sort(durations)
				p99 := durations[calls*99/100]
				t.Logf("attempts: calls + %d, p99: %s", dials.Load()-calls, p99)
				assert.LessOrEqual(t, dials.Load(), int64(calls+100))
				assert.Greater(t, dials.Load(), int64(calls), "a short outage is survived")
				assert.LessOrEqual(t, p99, dialTimeout)
			})
		})
	}
}
