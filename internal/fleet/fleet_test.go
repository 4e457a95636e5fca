package fleet_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wechatoa/wechat/internal/fleet"
	"github.com/wechatoa/wechat/internal/usercode"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = errors.New("down")

// accounts makes values and counts.
type accounts struct {
	latency time.Duration
	err     func(account string) error // nil for none

	made          atomic.Int32
	running, most atomic.Int32
}

func (a *accounts) create(ctx context.Context, account string) (string, error) {
	n := a.made.Add(1)
	running := a.running.Add(1)
	defer a.running.Add(-1)
	for most := a.most.Load(); running > most && !a.most.CompareAndSwap(most, running); most = a.most.Load() {
	}
	select {
	case <-time.After(a.latency):
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if a.err != nil {
		if err := a.err(account); err != nil {
			return "", err
		}
	}
	return account + "#" + strconv.Itoa(int(n)), nil
}

func TestFirstUsesAtTheSameTimeMakeOneValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &accounts{latency: 30 * time.Millisecond}
		r := fleet.New(10, time.Hour, a.create)
		defer r.Close()
		var all sync.WaitGroup
		for range 500 {
			all.Go(func() {
				value, _ := r.Get(t.Context(), "wx1")
				assert.Equal(t, "wx1#1", value)
			})
		}
		all.Wait()
		assert.EqualValues(t, 1, a.made.Load())
	})
}

func TestACallerThatLeavesDoesNotEndTheCreation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &accounts{latency: time.Second}
		r := fleet.New(10, time.Hour, a.create)
		defer r.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		begin := time.Now()
		_, err := r.Get(ctx, "wx1")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Millisecond, time.Since(begin))
		value, err := r.Get(t.Context(), "wx1")
		require.NoError(t, err)
		assert.Equal(t, "wx1#1", value)
	})
}

func TestBeyondTheBoundTheValueThatWasNotAskedForTheLongestGoes(t *testing.T) {
	a := &accounts{}
	r := fleet.New(3, time.Hour, a.create)
	defer r.Close()
	for _, account := range []string{"a", "b", "c", "a", "d"} {
		_, err := r.Get(t.Context(), account)
		require.NoError(t, err)
		assert.LessOrEqual(t, r.Len(), 3)
	}
	assert.True(t, r.Has("a"))
	assert.False(t, r.Has("b"))
	assert.True(t, r.Has("c"))
	assert.True(t, r.Has("d"))
	assert.EqualValues(t, 4, a.made.Load())
}

func TestIdleValuesAreDroppedAndUsedOnesStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &accounts{}
		r := fleet.New(10, time.Hour, a.create)
		defer r.Close()
		for _, account := range []string{"idle", "used"} {
			_, err := r.Get(t.Context(), account)
			require.NoError(t, err)
		}
		for range 4 {
			time.Sleep(20 * time.Minute)
			_, err := r.Get(t.Context(), "used")
			require.NoError(t, err)
		}
		assert.False(t, r.Has("idle"), "nobody asked for it, and nobody's asking for another dropped it")
		assert.True(t, r.Has("used"))
		assert.EqualValues(t, 2, a.made.Load())
		time.Sleep(2 * time.Hour)
		assert.Zero(t, r.Len())
	})
}

func TestAValueIsDroppedWhenItHasBeenIdleForExactlyItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := fleet.New(10, time.Hour, (&accounts{}).create)
		defer r.Close()
		_, err := r.Get(t.Context(), "wx1")
		require.NoError(t, err)
		time.Sleep(time.Hour - 1)
		synctest.Wait()
		assert.Equal(t, 1, r.Len())
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		assert.Zero(t, r.Len())
	})
}

func TestAHundredUnknownAccountsAreAskedForAtOnceAndNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &accounts{err: func(string) error { return fleet.ErrUnknownAccount }}
		r := fleet.New(10, time.Hour, a.create)
		defer r.Close()
		for i := range 100 {
			_, err := r.Get(t.Context(), "stranger-"+strconv.Itoa(i))
			require.ErrorIs(t, err, fleet.ErrUnknownAccount, i)
		}
		_, err := r.Get(t.Context(), "stranger-100")
		require.ErrorIs(t, err, fleet.ErrBusy)
	})
}

func TestAnUnknownAccountIsAskedForOnceInHalfAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		known := false
		a := &accounts{err: func(string) error {
			if known {
				return nil
			}
			return fleet.ErrUnknownAccount
		}}
		r := fleet.New(10, time.Hour, a.create)
		defer r.Close()
		for range 299 {
			_, err := r.Get(t.Context(), "wx1")
			require.ErrorIs(t, err, fleet.ErrUnknownAccount)
			time.Sleep(100 * time.Millisecond)
		}
		assert.EqualValues(t, 1, a.made.Load())
		known = true
		_, err := r.Get(t.Context(), "wx1")
		require.ErrorIs(t, err, fleet.ErrUnknownAccount, "still")
		r.Forget("wx1")
		_, err = r.Get(t.Context(), "wx1")
		require.NoError(t, err)
	})
}

func TestAFailureIsRepeatedForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &accounts{err: func(string) error { return errDown }}
		r := fleet.New(10, time.Hour, a.create)
		defer r.Close()
		for range 100 {
			_, err := r.Get(t.Context(), "wx1")
			require.ErrorIs(t, err, errDown)
			time.Sleep(100 * time.Millisecond)
		}
		assert.EqualValues(t, 10, a.made.Load())
	})
}

func TestStrangersCauseABoundedNumberOfCallsAndKnownAccountsAreServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &accounts{latency: time.Millisecond, err: func(account string) error {
			if strings.HasPrefix(account, "wx") {
				return nil
			}
			return fleet.ErrUnknownAccount
		}}
		r := fleet.New(10, time.Hour, a.create)
		defer r.Close()
		_, err := r.Get(t.Context(), "wx1")
		require.NoError(t, err)
		busy := 0
		for second := range 60 {
			var all sync.WaitGroup
			var refused atomic.Int32
			for i := range 500 {
				all.Go(func() {
					if _, err := r.Get(t.Context(), "stranger-"+strconv.Itoa(1000*second+i)); errors.Is(err, fleet.ErrBusy) {
						refused.Add(1)
					}
				})
			}
			all.Wait()
			busy += int(refused.Load())
			_, err := r.Get(t.Context(), "wx1")
			require.NoError(t, err, "a known account")
			time.Sleep(time.Second)
		}
		assert.LessOrEqual(t, int(a.made.Load()), 1+100+64+60*(10+1), "100 at once, those under way, 10 a second")
		assert.Greater(t, busy, 25_000)
		time.Sleep(7 * time.Second) // those under way when the allowance ended are paid for too
		_, err = r.Get(t.Context(), "wx2")
		require.NoError(t, err, "an account that is new, when the strangers are gone")
	})
}

func TestRefusalsAreKeptUntilTheirMemoryIsFullAndThenThoseWhoseTimeIsOverGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := fleet.New(10, time.Hour, (&accounts{err: func(string) error { return fleet.ErrUnknownAccount }}).create)
		defer r.Close()
		refuse := func(i int) {
			_, err := r.Get(t.Context(), strconv.Itoa(i))
			require.ErrorIs(t, err, fleet.ErrUnknownAccount, i)
		}
		const full = 100 + 64 + 30*10 // at once, under way, and during the time of a refusal
		for i := range full {
			if i >= 100 {
				time.Sleep(100 * time.Millisecond)
			}
			refuse(i)
			require.Equal(t, i+1, r.Refusals())
		}
		time.Sleep(100 * time.Millisecond)
		refuse(full)
		assert.Equal(t, 300, r.Refusals(), "those of 30 seconds")
	})
}

func TestAColdStartOfThousandsWaitsItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &accounts{latency: 10 * time.Millisecond}
		r := fleet.New(5000, time.Hour, a.create)
		defer r.Close()
		var all sync.WaitGroup
		for i := range 5000 {
			all.Go(func() {
				_, err := r.Get(t.Context(), strconv.Itoa(i))
				assert.NoError(t, err)
			})
		}
		all.Wait()
		assert.EqualValues(t, 5000, a.made.Load())
		assert.EqualValues(t, 64, a.most.Load())
	})
}

func TestForgetDuringACreationIsNotUndoneByIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &accounts{latency: time.Second}
		r := fleet.New(10, time.Hour, a.create)
		defer r.Close()
		go func() { _, _ = r.Get(t.Context(), "wx1") }()
		synctest.Wait()
		r.Forget("wx1")
		value, err := r.Get(t.Context(), "wx1")
		require.NoError(t, err)
		assert.Equal(t, "wx1#2", value)
		time.Sleep(time.Minute)
		value, err = r.Get(t.Context(), "wx1")
		require.NoError(t, err)
		assert.Equal(t, "wx1#2", value)
	})
}

func TestCloseEndsCreationsAndReturnsTheValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &accounts{}
		r := fleet.New(10, time.Hour, a.create)
		_, err := r.Get(t.Context(), "wx1")
		require.NoError(t, err)
		a.latency = time.Hour
		ended := make(chan error)
		go func() {
			_, err := r.Get(t.Context(), "wx2")
			ended <- err
		}()
		synctest.Wait()
		begin := time.Now()
		assert.Equal(t, []string{"wx1#1"}, r.Close())
		require.ErrorIs(t, <-ended, fleet.ErrClosed)
		assert.Zero(t, time.Since(begin))
		_, err = r.Get(t.Context(), "wx1")
		require.ErrorIs(t, err, fleet.ErrClosed)
		assert.Empty(t, r.Close(), "again")
	})
}

func TestAskSurvivesWhatTheProgramDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asker := fleet.NewAsker()
		begin := time.Now()
		var hung atomic.Int32
		for i := range 100 {
			_, err := fleet.Ask(t.Context(), asker, "hangs", func(context.Context) (int, error) {
				hung.Add(1)
				time.Sleep(time.Hour)
				return 1, nil
			})
			if require.Error(t, err); i < 2 {
				require.ErrorIs(t, err, usercode.ErrTimeout)
			}
			var panicked *usercode.PanicError
			_, err = fleet.Ask(t.Context(), asker, "panics", func(context.Context) (int, error) { panic("boom") })
			require.ErrorAs(t, err, &panicked)
			n, err := fleet.Ask(t.Context(), asker, "works", func(context.Context) (int, error) { return 1, nil })
			require.NoError(t, err, "another account is asked for all the same")
			assert.Equal(t, 1, n)
		}
		assert.Equal(t, 10*time.Second, time.Since(begin))
		assert.Equal(t, int32(2), hung.Load(), "and no further until they have returned")
		time.Sleep(time.Hour)
		_, err := fleet.Ask(t.Context(), asker, "hangs", func(context.Context) (int, error) { return 1, nil })
		require.NoError(t, err)
	})
}

func TestACallThatReturnsMakesRoomForOneMoreAboutItsAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asker := fleet.NewAsker()
		var begun atomic.Int32
		ask := func(takes time.Duration) {
			go func() {
				_, _ = fleet.Ask(t.Context(), asker, "wx1", func(context.Context) (int, error) {
					begun.Add(1)
					time.Sleep(takes)
					return 1, nil
				})
			}()
			synctest.Wait()
		}
		ask(time.Hour)
		ask(time.Second)
		ask(time.Second)
		assert.EqualValues(t, 2, begun.Load())
		time.Sleep(time.Minute)
		ask(time.Hour)
		ask(time.Hour)
		assert.EqualValues(t, 3, begun.Load(), "the first still runs")
		time.Sleep(time.Hour)
	})
}

func TestHundredsOfHangingAccountsHarmNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asker := fleet.NewAsker()
		var hung atomic.Int32
		hang := func(from, to int) {
			for i := from; i < to; i++ {
				go func() {
					_, _ = fleet.Ask(t.Context(), asker, strconv.Itoa(i), func(context.Context) (int, error) {
						hung.Add(1)
						time.Sleep(time.Hour)
						return 1, nil
					})
				}()
			}
			time.Sleep(6 * time.Second)
		}
		works := func() error {
			_, err := fleet.Ask(t.Context(), asker, "works", func(context.Context) (int, error) { return 1, nil })
			return err
		}
		hang(0, 500)
		require.NoError(t, works())
		hang(500, 1000)
		require.ErrorIs(t, works(), usercode.ErrSkipped)
		hang(1000, 2000)
		assert.Equal(t, int32(1000), hung.Load(), "what is left behind is bounded")
		time.Sleep(time.Hour)
		require.NoError(t, works())
	})
}

func TestNamesOfAccountsAreShortAndPlain(t *testing.T) {
	for _, good := range []string{"wx0123456789abcdef", "AZ_az-09", strings.Repeat("x", 64)} {
		assert.True(t, fleet.IsAccount(good), good)
	}
	for _, bad := range []string{"", "..", "a/b", "a b", "{a}", "wx\x00", "微信", strings.Repeat("x", 65), "a%2f", "@", "[", "`", ":"} {
		assert.False(t, fleet.IsAccount(bad), bad)
	}
}
