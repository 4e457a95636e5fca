package callback

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestShutdownWaitsForAHeldReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.HoldDeliveries, cfg.SendDeferred, cfg.Observer = true, j.send, j.observe
		h := newTestHandler(t, cfg)
		var runs atomic.Int32
		On(h, slow(4700*time.Millisecond, &runs)) // too late for the delivery, which is held
		ctx, cancel := context.WithTimeout(t.Context(), platformWaits)
		defer cancel()
		go h.ServeHTTP(httptest.NewRecorder(), safePlatform().request(ctx, textPush(1, "hello")))
		time.Sleep(time.Second)
		require.NoError(t, h.Shutdown(t.Context()))
		assert.Len(t, j.messages(), 1)
		assert.Equal(t, map[Outcome]int{OutcomeHandled: 1, OutcomeHeld: 1, OutcomeDeferred: 1}, j.outcomes())
		time.Sleep(time.Minute)
		synctest.Wait()
	})
}

func TestShutdownWaitsForTheRestOfALongText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.SendDeferred = func(ctx context.Context, body []byte) error {
			time.Sleep(time.Second)
			return j.send(ctx, body)
		}
		h := newTestHandler(t, cfg)
		On(h, func(context.Context, *TextMessage) (Reply, error) {
			time.Sleep(time.Second)
			return Text(strings.Repeat("x", 3*maxTextBytes)), nil
		})
		go safePlatform().sends(h, textPush(1, "hello"))
		synctest.Wait()
		began := time.Now()
		require.NoError(t, h.Shutdown(t.Context()))
		assert.Equal(t, 3*time.Second, time.Since(began))
		assert.Len(t, j.messages(), 2)
	})
}

// slowWriter is a slow connection.
type slowWriter struct {
	*httptest.ResponseRecorder

	pause time.Duration
	wrote atomic.Bool
}

func (w *slowWriter) Write(p []byte) (int, error) {
	time.Sleep(w.pause)
	w.wrote.Store(true)
	return w.ResponseRecorder.Write(p)
}

func TestShutdownWaitsUntilAnswersAreWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newTestHandler(t, safeConfig())
		On(h, (&counter{}).handle)
		w := &slowWriter{ResponseRecorder: httptest.NewRecorder(), pause: time.Second}
		go h.ServeHTTP(w, safePlatform().request(t.Context(), textPush(1, "hello")))
		synctest.Wait()
		require.NoError(t, h.Shutdown(t.Context()))
		assert.True(t, w.wrote.Load())
	})
}

func TestShutdownRefusesWhatComesDuringAndAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		store := newRemote()
		cfg.Observer, cfg.Logger, cfg.Dedupe = j.observe, j.log.Logger(), store
		h := newTestHandler(t, cfg)
		var runs atomic.Int32
		On(h, slow(500*time.Millisecond, &runs))
		p := safePlatform()
		push := textPush(1, "a")
		var replies atomic.Int32
		deliver := func() {
			if reply, ok := p.read(p.sends(h, push)); ok && strings.Contains(reply, "after 500ms") {
				replies.Add(1)
			}
		}
		go deliver()
		time.Sleep(100 * time.Millisecond)
		done := make(chan error)
		go func() { done <- h.Shutdown(t.Context()) }()
		synctest.Wait()
		go deliver() // a duplicate of a push in progress gets its reply
		assert.Equal(t, http.StatusServiceUnavailable, p.sends(h, textPush(2, "b")).Code)
		require.NoError(t, <-done)
		assert.EqualValues(t, 2, replies.Load())
		assert.Equal(t, http.StatusServiceUnavailable, p.sends(h, textPush(3, "c")).Code)
		assert.Equal(t, http.StatusServiceUnavailable, p.sends(h, push).Code, "after it nothing is answered")
		assert.Equal(t, 3, j.outcomes()[OutcomeShutdown])
		assert.Contains(t, j.log.String(), "the handler is shutting down")
		assert.NotContains(t, j.log.String(), "busy")
		require.NoError(t, h.Shutdown(t.Context()), "a second time")
		assert.Equal(t, 1, store.count("Claim"), "what is refused is not claimed")
	})
}

func TestAShutdownThatEndsLeavesTheQueueToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.Workers, cfg.Observer, cfg.Logger, cfg.Dedupe, cfg.SendDeferred = 1, j.observe, j.log.Logger(), newRemote(), j.send
		leaving, staying := replicaPair(t, cfg)
		cfg.Workers = 100
		var runs atomic.Int32
		On(leaving, func(ctx context.Context, _ *TextMessage) (Reply, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		On(staying, slow(0, &runs))
		p := safePlatform()
		running, late, queued := textPush(1, "a"), textPush(2, "b"), textPush(3, "c")
		go p.sends(leaving, running)
		synctest.Wait()
		go p.sends(leaving, late) // acknowledged before the shutdown ends
		time.Sleep(3 * time.Second)
		var codes sync.Map
		go func() { codes.Store("queued", p.sends(leaving, queued).Code) }()
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		require.ErrorIs(t, leaving.Shutdown(ctx), context.DeadlineExceeded)
		assert.LessOrEqual(t, time.Since(began), time.Second+shutdownGrace)
		time.Sleep(time.Second)
		code, _ := codes.Load("queued")
		assert.Equal(t, http.StatusServiceUnavailable, code)
		reply, ok := p.read(p.sends(staying, queued))
		assert.True(t, ok)
		assert.Contains(t, reply, "after 0s", "its claim was released")
		assert.EqualValues(t, 1, runs.Load())
		assert.Equal(t, 1, j.outcomes()[OutcomeLost], "what was acknowledged and will not be handled")
		assert.Contains(t, j.log.String(), "the shutdown ended before it was handled")
		time.Sleep(time.Minute)
		synctest.Wait()
	})
}

func TestReplicasHearOfPushesThatEndAfterAShutdown(t *testing.T) {
	for _, fails := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			cfg := safeConfig()
			store := newRemote()
			cfg.Dedupe, cfg.RetryFailed = store, fails
			leaving, staying := replicaPair(t, cfg)
			var runs atomic.Int32
			On(leaving, func(ctx context.Context, _ *TextMessage) (Reply, error) {
				<-ctx.Done()
				runs.Add(1)
				if fails {
					return nil, ctx.Err()
				}
				return Text("in the end"), nil
			})
			On(staying, slow(0, &runs))
			p := safePlatform()
			push := textPush(1, "a")
			go p.sends(leaving, push)
			time.Sleep(time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			require.ErrorIs(t, leaving.Shutdown(ctx), context.DeadlineExceeded)
			began := time.Now()
			reply, ok := p.read(p.sends(staying, push))
			assert.True(t, ok)
			assert.Less(t, time.Since(began), 250*time.Millisecond, "without waiting for the claim to end")
			if fails {
				assert.Contains(t, reply, "after 0s")
				assert.EqualValues(t, 2, runs.Load())
				assert.Equal(t, 1, store.count("Release"))
			} else {
				assert.Contains(t, reply, "in the end")
				assert.EqualValues(t, 1, runs.Load())
			}
			time.Sleep(time.Minute)
			synctest.Wait()
		})
	}
}

func TestADeliveryThatShutdownCutsIsNotAcknowledged(t *testing.T) {
	var runs atomic.Int32
	for name, handle := range map[string]func(context.Context, *TextMessage) (Reply, error){
		"deaf": slow(10*time.Second, &runs),
		"heeds its context": func(ctx context.Context, _ *TextMessage) (Reply, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			store := NewMemoryDedupeStore()
			cfg := safeConfig()
			cfg.Dedupe = store
			h, other := replicaPair(t, cfg)
			On(h, handle)
			var counter counter
			On(other, counter.handle)
			push := textPush(1, "a")
			code := make(chan int, 1)
			go func() { code <- safePlatform().sends(h, push).Code }()
			time.Sleep(time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			require.ErrorIs(t, h.Shutdown(ctx), context.DeadlineExceeded)
			assert.Equal(t, http.StatusServiceUnavailable, <-code, name)
			if name != "deaf" { // that one is handled here to its end
				reply, ok := safePlatform().read(safePlatform().sends(other, push))
				assert.True(t, ok, name)
				assert.Contains(t, reply, "runs 1", name)
			}
			time.Sleep(2 * time.Minute)
			synctest.Wait()
		})
	}
}

func TestWhatBeginsAfterAShutdownDoesNotEndItAgain(t *testing.T) {
	var p pool
	require.NoError(t, p.drain(t.Context()))
	assert.NotPanics(t, func() {
		p.begin()
		p.end()
	})
	assert.False(t, p.enter())
	require.NoError(t, p.drain(t.Context()))
}

func TestASlowObserverDelaysNoOtherPushOfTheConnection(t *testing.T) {
	cfg := plainConfig()
	var seen atomic.Int64
	answered := make(chan struct{})
	cfg.Observer = func(context.Context, Observation) {
		select {
		case <-answered:
		case <-time.After(100 * time.Millisecond): // well below the limit of an observer
		}
		seen.Add(1)
	}
	h := newTestHandler(t, cfg)
	server := httptest.NewServer(h)
	defer server.Close()
	var connections atomic.Int64
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		connections.Add(1)
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}}
	defer client.CloseIdleConnections()
	began := time.Now()
	for i := range 5 {
		r := plainPlatform().request(t.Context(), textPush(i+1, "hi"))
		resp, err := client.Post(server.URL+"?"+r.URL.RawQuery, "text/xml", r.Body)
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, resp.Body)
		require.NoError(t, resp.Body.Close())
	}
	assert.EqualValues(t, 1, connections.Load())
	assert.Less(t, seen.Load(), int64(10), "the answers waited for the observer, %s", time.Since(began))
	close(answered)
	require.NoError(t, h.Shutdown(t.Context()))
	assert.EqualValues(t, 10, seen.Load(), "nothing is left untold")
}

func TestWhatIsToldSlowlyHoldsARequestUpForAMomentOnly(t *testing.T) {
	for name, slow := range map[string]struct{ observer, logger, fails, doubt bool }{
		"nothing":                           {},
		"an observer":                       {observer: true},
		"a logger that hears nothing":       {logger: true},
		"a logger that hears of a failure":  {logger: true, fails: true},
		"a logger that hears of the mode":   {logger: true, doubt: true},
		"an observer and a logger, failing": {observer: true, logger: true, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pause := func() { time.Sleep(200 * time.Millisecond) }
				cfg := safeConfig()
				if slow.observer {
					cfg.Observer = func(context.Context, Observation) { pause() }
				}
				if slow.logger {
					cfg.Logger = slog.New(badLog{pause})
				}
				h := newTestHandler(t, cfg)
				On(h, func(context.Context, *TextMessage) (Reply, error) {
					if slow.fails {
						return nil, errors.New("to be logged")
					}
					return TextReply{Content: "hi"}, nil
				})
				r := safePlatform().request(t.Context(), textPush(1, "hi"))
				if slow.doubt {
					r = consoleForms(ModeCompatible, false)
				}
				began := time.Now()
				h.ServeHTTP(httptest.NewRecorder(), r)
				want := time.Duration(0)
				if slow.observer || slow.fails || slow.doubt {
					want = reportWithin
				}
				assert.Equal(t, want, time.Since(began))
				require.NoError(t, h.Shutdown(t.Context()))
			})
		})
	}
}
