package callback

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAHeldDeliveryIsLeftAfterThePlatformHasGivenItUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.HoldDeliveries, cfg.Observer, cfg.SendDeferred = true, j.observe, j.send
		h := newTestHandler(t, cfg)
		var runs atomic.Int32
		On(h, slow(30*time.Second, &runs))
		p := safePlatform()
		push := textPush(1, "hello")
		for _, want := range []struct {
			code  int
			after time.Duration
		}{
			{http.StatusServiceUnavailable, 5500 * time.Millisecond},
			{http.StatusServiceUnavailable, 5500 * time.Millisecond},
			{http.StatusOK, 4500 * time.Millisecond},
			{http.StatusOK, 4500 * time.Millisecond},
		} {
			began := time.Now()
			assert.Equal(t, want.code, p.sends(h, push).Code)
			assert.Equal(t, want.after, time.Since(began))
		}
		require.NoError(t, h.Shutdown(t.Context()))
		assert.Equal(t, map[Outcome]int{OutcomeHeld: 2, OutcomeLate: 2, OutcomeHandled: 1, OutcomeDeferred: 1}, j.outcomes())
	})
}

func TestAnOrphanWaitsForTheNextDeliveryAndNoLonger(t *testing.T) {
	for takes, want := range map[time.Duration]time.Duration{
		0:                7 * time.Second,
		3 * time.Second:  10 * time.Second,
		8 * time.Second:  15 * time.Second,
		9 * time.Second:  15 * time.Second, // there is no later delivery
		15 * time.Second: 15 * time.Second,
		20 * time.Second: 20 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			var sent time.Duration
			began := time.Now()
			cfg := safeConfig()
			cfg.SendDeferred = func(context.Context, []byte) error { sent = time.Since(began); return nil }
			h := newTestHandler(t, cfg)
			var runs atomic.Int32
			On(h, slow(takes, &runs))
			hangsUp(t, h, textPush(1, "hello"), 0)
			require.NoError(t, h.Shutdown(t.Context()))
			assert.Equal(t, want, sent, takes)
			h.seen.each(time.Now(), func(_ digest, s sighting) {
				assert.Equal(t, sighting{done: true, deliveries: 1}, s, "the run is forgotten")
			})
		})
	}
}

// hangsUp delivers a push and closes the connection after some time.
func hangsUp(t *testing.T, h http.Handler, push string, after time.Duration) *httptest.ResponseRecorder {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), after)
	defer cancel()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, safePlatform().request(ctx, push))
	return w
}

func TestADeliveryThatComesForAnOrphanEndsItsTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.SendDeferred = j.send
		h := newTestHandler(t, cfg)
		var runs atomic.Int32
		On(h, func(context.Context, *TextMessage) (Reply, error) {
			time.Sleep(time.Second)
			return Text(strings.Repeat("x", maxTextBytes+1)), nil
		})
		push := textPush(1, "hello")
		hangsUp(t, h, push, 0)
		hangsUp(t, h, push, 0)
		time.Sleep(5 * time.Second)
		began := time.Now()
		for range 2 {
			reply, ok := safePlatform().read(safePlatform().sends(h, push))
			assert.True(t, ok)
			assert.Contains(t, reply, "xxx")
		}
		require.NoError(t, h.Shutdown(t.Context()))
		assert.Equal(t, began, time.Now(), "nothing is left to wait for")
		assert.Len(t, j.messages(), 1, "the rest, once")
		assert.Zero(t, runs.Load())
		assert.Zero(t, h.pool.pending)
	})
}

func TestEveryDeliveryThatWaitsGetsTheReplyAndTheRestIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.SendDeferred = j.send
		h := newTestHandler(t, cfg)
		On(h, func(context.Context, *TextMessage) (Reply, error) {
			time.Sleep(time.Second)
			return Text(strings.Repeat("x", maxTextBytes+1)), nil
		})
		push := textPush(1, "hello")
		var replies atomic.Int32
		for range 3 {
			go func() {
				if reply, ok := safePlatform().read(safePlatform().sends(h, push)); ok && reply != "" {
					replies.Add(1)
				}
			}()
		}
		time.Sleep(2 * time.Second)
		assert.EqualValues(t, 3, replies.Load(), "as soon as there is one")
		require.NoError(t, h.Shutdown(t.Context()))
		assert.Len(t, j.messages(), 1)
	})
}

func TestOneLateDeliveryDefersTheReplyForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.SendDeferred, cfg.Observer = j.send, j.observe
		h := newTestHandler(t, cfg)
		var runs atomic.Int32
		On(h, slow(6*time.Second, &runs))
		push := textPush(1, "hello")
		go safePlatform().sends(h, push)
		time.Sleep(3 * time.Second)
		assert.Equal(t, "success", safePlatform().sends(h, push).Body.String(), "it could have had the reply")
		assert.Equal(t, "success", safePlatform().sends(h, push).Body.String())
		require.NoError(t, h.Shutdown(t.Context()))
		assert.Len(t, j.messages(), 1)
		assert.Equal(t, map[Outcome]int{OutcomeLate: 1, OutcomeAcknowledged: 2, OutcomeHandled: 1, OutcomeDeferred: 1}, j.outcomes())
		for _, o := range j.events {
			assert.Equal(t, o.Outcome != OutcomeAcknowledged, o.Late, o.Outcome)
		}
	})
}

func TestAHandlerIsLateAfterTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for takes, late := range map[time.Duration]bool{defaultBudget - 1: false, defaultBudget: false, defaultBudget + 1: true} {
			j := &journal{}
			cfg := safeConfig()
			cfg.Observer, cfg.SendDeferred = j.observe, j.send
			h := newTestHandler(t, cfg)
			var runs atomic.Int32
			On(h, slow(takes, &runs))
			safePlatform().sends(h, textPush(1, "hello"))
			require.NoError(t, h.Shutdown(t.Context()))
			for _, o := range j.events {
				if takes != defaultBudget || o.Outcome == OutcomeHandled { // the delivery may see either of them first
					assert.Equal(t, late, o.Late, o.Outcome)
				}
			}
		}
	})
}
