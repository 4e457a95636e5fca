package usercode_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wechatoa/wechat/internal/raceskip"
	"github.com/wechatoa/wechat/internal/usercode"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = errors.New("down")

func ok(context.Context) (string, error)   { return "v", nil }
func down(context.Context) (string, error) { return "", errDown }

// stuck ignores its ctx for this long.
func stuck(d time.Duration) func(context.Context) (string, error) {
	return func(context.Context) (string, error) {
		time.Sleep(d)
		return "late", nil
	}
}

func TestCallReturnsTheResult(t *testing.T) {
	var g usercode.Guard
	v, err := usercode.Call(t.Context(), &g, ok)
	require.NoError(t, err)
	assert.Equal(t, "v", v)
	_, err = usercode.Call(t.Context(), &g, down)
	assert.ErrorIs(t, err, errDown)
}

func TestPanicAndGoexitAreErrors(t *testing.T) {
	var g usercode.Guard
	_, err := usercode.Call(t.Context(), &g, func(context.Context) (string, error) { panic("boom") })
	var p *usercode.PanicError
	require.ErrorAs(t, err, &p)
	assert.Equal(t, "boom", p.Value)
	assert.Contains(t, string(p.Stack), "usercode_test.go")
	assert.NotContains(t, err.Error(), "usercode_test.go")

	_, err = usercode.Call(t.Context(), &g, func(context.Context) (string, error) {
		runtime.Goexit()
		return "", nil
	})
	require.ErrorIs(t, err, usercode.ErrGoexit)

	err = usercode.Recover(func() error { panic(errDown) })
	require.ErrorAs(t, err, &p)
	assert.Equal(t, errDown, p.Value)
	require.ErrorIs(t, usercode.Recover(func() error { return errDown }), errDown)
}

func TestAnErrorWhoseMethodsPanicIsAPanic(t *testing.T) {
	var none *url.Error // whose Unwrap panics, and its Error
	for name, unsound := range map[string]error{
		"bare":    none,
		"wrapped": fmt.Errorf("store: %w", none), // whose text can be read
		"joined":  errors.Join(errDown, none),
	} {
		var p *usercode.PanicError
		err := usercode.Recover(func() error { return unsound })
		require.ErrorAs(t, err, &p, name)
		var g usercode.Guard
		_, err = usercode.Call(t.Context(), &g, func(context.Context) (string, error) { return "", unsound })
		require.ErrorAs(t, err, &p, name)
	}
}

func TestTheContextOfACallEndsWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for limit, want := range map[time.Duration]time.Duration{0: usercode.Limit, time.Second: time.Second, usercode.Unlimited: 0} {
			for _, waits := range []bool{false, true} {
				g := usercode.Guard{Limit: limit}
				begin := time.Now()
				var kept context.Context
				require.NoError(t, usercode.Run(t.Context(), &g, func(ctx context.Context) {
					kept = ctx
					if waits {
						time.Sleep(time.Millisecond)
					}
					deadline, ok := ctx.Deadline()
					assert.Equal(t, want != 0, ok)
					if ok {
						assert.Equal(t, want, deadline.Sub(begin))
					}
					assert.NoError(t, ctx.Err())
				}))
				synctest.Wait()
				require.ErrorIs(t, kept.Err(), context.Canceled)
				<-kept.Done()
			}
		}
	})
}

func TestAQuickCallAllocatesNeitherTimerNorChannel(t *testing.T) {
	raceskip.Allocations(t)
	var g usercode.Guard
	ctx, called := context.Background(), 0
	assert.LessOrEqual(t, testing.AllocsPerRun(500, func() {
		if err := usercode.Run(ctx, &g, func(context.Context) { called++ }); err != nil {
			t.Error(err)
		}
	}), 4.0)
	assert.Equal(t, 501, called)
}

func TestHangingCallIsLeftBehindAndTheFourthIsNotMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g usercode.Guard
		begin := time.Now()
		for range 3 {
			_, err := usercode.Call(t.Context(), &g, stuck(time.Hour))
			require.ErrorIs(t, err, usercode.ErrTimeout)
		}
		assert.Equal(t, 3*usercode.Limit, time.Since(begin))
		_, err := usercode.Call(t.Context(), &g, ok)
		require.ErrorIs(t, err, usercode.ErrSkipped)
		assert.Equal(t, 3*usercode.Limit, time.Since(begin))

		time.Sleep(500 * time.Millisecond)
		_, err = usercode.Call(t.Context(), &g, ok)
		require.NoError(t, err, "a probe closes the breaker")
		_, err = usercode.Call(t.Context(), &g, ok)
		require.NoError(t, err)
		time.Sleep(time.Hour)
	})
}

func TestStoreThatHeedsItsTimeCountsAsHangingToo(t *testing.T) {
	stores := map[string]func(context.Context) (string, error){
		"waits for ctx": func(ctx context.Context) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		},
		"has the same limit": func(context.Context) (string, error) {
			time.Sleep(usercode.Limit)
			return "", errDown
		},
	}
	for name, store := range stores {
		for range 50 { // its result and the end of its time arrive together, in either order
			synctest.Test(t, func(t *testing.T) {
				var g usercode.Guard
				_, err := usercode.Call(t.Context(), &g, ok)
				require.NoError(t, err)
				for range 3 {
					_, err := usercode.Call(t.Context(), &g, store)
					require.Error(t, err)
				}
				_, err = usercode.Call(t.Context(), &g, ok)
				require.ErrorIs(t, err, usercode.ErrSkipped, name)
				synctest.Wait()
			})
		}
	}
}

func TestQuickFailuresOpenTheBreakerASecondAfterTheLastSuccess(t *testing.T) {
	for after, skipped := range map[time.Duration]bool{time.Second - 1: false, time.Second: true} {
		synctest.Test(t, func(t *testing.T) {
			var g usercode.Guard
			_, err := usercode.Call(t.Context(), &g, ok)
			require.NoError(t, err)
			for range 2 {
				_, err = usercode.Call(t.Context(), &g, down)
				require.ErrorIs(t, err, errDown)
			}
			time.Sleep(after)
			_, err = usercode.Call(t.Context(), &g, down)
			require.ErrorIs(t, err, errDown)
			_, err = usercode.Call(t.Context(), &g, ok)
			assert.Equal(t, skipped, errors.Is(err, usercode.ErrSkipped), "%s: %v", after, err)
		})
	}
}

func TestProbesOfADeadStoreBecomeRarerAndDoNotOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g usercode.Guard
		made := 0
		for range 10 * 60 * 10 { // ten minutes
			_, err := usercode.Call(t.Context(), &g, func(context.Context) (string, error) {
				made++
				return "", errDown
			})
			require.Error(t, err)
			time.Sleep(100 * time.Millisecond)
		}
		assert.LessOrEqual(t, made, 3+7+20)
		assert.GreaterOrEqual(t, made, 20)
	})
	synctest.Test(t, func(t *testing.T) {
		var g usercode.Guard
		for range 3 {
			_, _ = usercode.Call(t.Context(), &g, stuck(time.Second))
		}
		time.Sleep(time.Second)
		probing := make(chan error)
		go func() {
			_, err := usercode.Call(t.Context(), &g, stuck(100*time.Millisecond))
			probing <- err
		}()
		synctest.Wait()
		_, err := usercode.Call(t.Context(), &g, ok)
		require.ErrorIs(t, err, usercode.ErrSkipped)
		require.NoError(t, <-probing)
	})
}

func TestOddErrorsOfALivingStoreDoNotOpenTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g usercode.Guard
		for range 100 {
			_, err := usercode.Call(t.Context(), &g, ok)
			require.NoError(t, err)
			for range 5 {
				time.Sleep(10 * time.Millisecond)
				_, err = usercode.Call(t.Context(), &g, down)
				require.ErrorIs(t, err, errDown)
			}
		}
	})
}

func TestEndOfTheCallerIsNoFailureOfTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g usercode.Guard
		for range 10 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			_, err := usercode.Call(ctx, &g, stuck(10*time.Millisecond))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
			_, err = usercode.Call(ctx, &g, ok)
			require.ErrorIs(t, err, context.DeadlineExceeded, "not made")
		}
		_, err := usercode.Call(t.Context(), &g, ok)
		require.NoError(t, err)
		time.Sleep(time.Second)
	})
}

func TestCallsLeftBehindAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g usercode.Guard
		var running atomic.Int64
		for range 1000 {
			_, _ = usercode.Call(t.Context(), &g, func(context.Context) (string, error) {
				running.Add(1)
				time.Sleep(24 * time.Hour)
				running.Add(-1)
				return "", nil
			})
			time.Sleep(time.Second)
		}
		assert.LessOrEqual(t, running.Load(), int64(16))
		time.Sleep(25 * time.Hour)
		assert.Zero(t, running.Load())
		_, err := usercode.Call(t.Context(), &g, ok)
		require.NoError(t, err)
	})
}

func TestCallersThatLeaveTogetherHarmNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, heeds := range []bool{true, false} {
			g := usercode.Guard{Limit: usercode.Unlimited}
			ctx, cancel := context.WithCancel(t.Context())
			const callers = 100
			left := make(chan error, callers)
			for range callers {
				go func() {
					_, err := usercode.Call(ctx, &g, func(ctx context.Context) (string, error) {
						if heeds {
							<-ctx.Done()
						}
						time.Sleep(usercode.Limit / 2)
						if !heeds {
							time.Sleep(time.Hour)
						}
						return "", ctx.Err()
					})
					left <- err
				}()
			}
			synctest.Wait()
			cancel()
			for range callers {
				require.ErrorIs(t, <-left, context.Canceled)
			}
			_, err := usercode.Call(t.Context(), &g, ok)
			require.NoError(t, err)
			time.Sleep(2 * usercode.Limit)
			_, err = usercode.Call(t.Context(), &g, ok)
			if heeds {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, usercode.ErrSkipped, "calls left behind are bounded all the same")
			}
			time.Sleep(2 * time.Hour)
			_, err = usercode.Call(t.Context(), &g, ok)
			require.NoError(t, err)
		}
	})
}

// oddHandler is a handler of a program.
type oddHandler struct {
	slog.Handler
	do func()
}

func (h oddHandler) Handle(ctx context.Context, r slog.Record) error {
	h.do()
	return h.Handler.Handle(ctx, r)
}

func TestLoggerSurvivesItsHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		text := slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn})
		log := usercode.Logger(slog.New(oddHandler{text, func() {}}))
		log.Info("not wanted")
		log.With("a", 1).WithGroup("g").Warn("wanted", "b", 2)
		assert.Contains(t, out.String(), "msg=wanted a=1 g.b=2")
		assert.NotContains(t, out.String(), "not wanted")

		usercode.Logger(slog.New(oddHandler{text, func() { panic("boom") }})).Warn("lost")
		begin := time.Now()
		usercode.Logger(slog.New(oddHandler{text, func() { time.Sleep(time.Minute) }})).Warn("late")
		assert.Equal(t, usercode.Limit, time.Since(begin))
		time.Sleep(time.Minute)
	})
}

func TestNilLoggerIsTheDefaultOfTheMoment(t *testing.T) {
	log := usercode.Logger(nil)
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	var out bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	log.Warn("here")
	assert.Contains(t, out.String(), "msg=here")
}
