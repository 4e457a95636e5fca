package callback

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/usercode"
)

type step struct{ N int }

func TestSessionsAreTypedAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		for _, s := range []*Sessions[step]{NewSessions[step](nil, time.Minute), NewSessions[step](newMemorySessions(), time.Minute)} {
			get := func() (step, bool) {
				got, found, err := s.Get(ctx, testOpenID)
				require.NoError(t, err)
				return got, found
			}
			_, found := get()
			assert.False(t, found)
			require.NoError(t, s.Set(ctx, testOpenID, step{3}))
			got, found := get()
			assert.True(t, found)
			assert.Equal(t, step{3}, got)
			require.NoError(t, s.Delete(ctx, testOpenID))
			_, found = get()
			assert.False(t, found)
			require.NoError(t, s.Set(ctx, testOpenID, step{4}))
			time.Sleep(time.Minute - 1)
			_, found = get()
			assert.True(t, found)
			time.Sleep(time.Nanosecond)
			_, found = get()
			assert.False(t, found)
		}
		half := NewSessions[step](nil, 0)
		require.NoError(t, half.Set(ctx, testOpenID, step{}))
		time.Sleep(30*time.Minute - 1)
		_, found, _ := half.Get(ctx, testOpenID)
		assert.True(t, found)
		time.Sleep(time.Nanosecond)
		_, found, _ = half.Get(ctx, testOpenID)
		assert.False(t, found)
	})
	bad := NewSessions[func()](nil, 0)
	require.ErrorContains(t, bad.Set(t.Context(), testOpenID, func() {}), "callback: session: json")
}

func TestAnUpdateOfASessionLosesNoOther(t *testing.T) {
	for _, store := range []SessionStore{nil, newMemorySessions()} {
		s := NewSessions[step](store, time.Minute)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				assert.NoError(t, s.Update(t.Context(), testOpenID, func(current *step) (*step, error) {
					if current == nil {
						return &step{1}, nil
					}
					return &step{current.N + 1}, nil
				}))
			})
		}
		all.Wait()
		got, found, err := s.Get(t.Context(), testOpenID)
		require.NoError(t, err)
		assert.True(t, found)
		assert.Equal(t, step{20}, got)
	}
}

func TestAnUpdateEndsASessionAndBeginsOne(t *testing.T) {
	s := NewSessions[step](nil, time.Minute)
	change := func(want, next *step, problem error) error {
		return s.Update(t.Context(), testOpenID, func(current *step) (*step, error) {
			assert.Equal(t, want, current)
			return next, problem
		})
	}
	require.NoError(t, change(nil, nil, nil))
	require.NoError(t, change(nil, &step{1}, nil))
	require.Equal(t, assert.AnError, change(&step{1}, &step{2}, assert.AnError))
	require.NoError(t, change(&step{1}, nil, nil))
	_, found, err := s.Get(t.Context(), testOpenID)
	require.NoError(t, err)
	assert.False(t, found)
	require.NoError(t, change(nil, &step{2}, nil))
	require.NoError(t, change(&step{2}, &step{3}, nil))
}

func TestAnUpdateGivesUpInTheEnd(t *testing.T) {
	s := NewSessions[step](nil, time.Minute)
	calls := 0
	err := s.Update(t.Context(), testOpenID, func(current *step) (*step, error) {
		calls++
		require.NoError(t, s.Set(t.Context(), testOpenID, step{calls}))
		return current, nil
	})
	require.ErrorIs(t, err, ErrSessionBusy)
	assert.Equal(t, maxSwaps, calls)
}

func TestASessionThatIsNotReadableIsAnError(t *testing.T) {
	store := newMemorySessions()
	require.NoError(t, store.SaveSession(t.Context(), testOpenID, []byte("{"), time.Minute))
	s := NewSessions[step](store, time.Minute)
	_, found, err := s.Get(t.Context(), testOpenID)
	require.ErrorContains(t, err, "callback: session: ")
	assert.False(t, found)
	err = s.Update(t.Context(), testOpenID, func(*step) (*step, error) { panic("not called") })
	require.ErrorContains(t, err, "callback: session: ")
	unwritable := NewSessions[func()](nil, 0)
	f := func() {}
	require.ErrorContains(t, unwritable.Update(t.Context(), "x", func(*func()) (*func(), error) { return &f, nil }), "callback: session: json")
}

func TestE13ASessionStoreMayMisbehave(t *testing.T) {
	for misbehavior, do := range misbehaviors {
		synctest.Test(t, func(t *testing.T) {
			s := NewSessions[step](badStore{do}, time.Minute)
			ctx := t.Context()
			began := time.Now()
			_, _, err := s.Get(ctx, testOpenID)
			require.ErrorContains(t, err, "callback: session: ", misbehavior)
			require.Error(t, s.Set(ctx, testOpenID, step{}), misbehavior)
			require.Error(t, s.Delete(ctx, testOpenID), misbehavior)
			require.Error(t, s.Update(ctx, testOpenID, func(*step) (*step, error) { return &step{}, nil }), misbehavior)
			assert.LessOrEqual(t, time.Since(began), 3*usercode.Limit)
			time.Sleep(2 * time.Hour)
		})
	}
	swaps := NewSessions[step](badSwap{newMemorySessions()}, time.Minute)
	require.ErrorIs(t, swaps.Update(t.Context(), testOpenID, func(*step) (*step, error) { return &step{}, nil }), assert.AnError)
}

// badSwap is a store whose changes fail.
type badSwap struct{ *memorySessions }

func (badSwap) SwapSession(context.Context, string, []byte, []byte, time.Duration) (bool, error) {
	return false, assert.AnError
}

func TestE13APanicOfASessionStoreIsTheErrorOfItsHandler(t *testing.T) {
	j := &journal{}
	cfg := safeConfig()
	cfg.Observer, cfg.Logger = j.observe, j.log.Logger()
	h := newTestHandler(t, cfg)
	s := NewSessions[step](badStore{func() { panic("boom") }}, time.Minute)
	On(h, func(ctx context.Context, m *TextMessage) (Reply, error) {
		return nil, s.Set(ctx, m.FromUserName, step{})
	})
	safePlatform().sends(h, textPush(1, "a"))
	require.NoError(t, h.Shutdown(t.Context())) // reports what is not reported yet
	assert.Equal(t, map[Outcome]int{OutcomeFailed: 1, OutcomeAcknowledged: 1}, j.outcomes())
	assert.Contains(t, j.log.String(), "boom")
}

func TestE23SessionsAreBoundedByNumberAndBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	before := heapInUse()
	value := strings.Repeat("x", 4000)
	s := NewSessions[string](nil, time.Minute) // calls the store directly, so no call takes too long
	store := s.store.(*memorySessions)
	for n := range 18_000 {
		require.NoError(t, s.Set(t.Context(), strconv.Itoa(n), value))
	}
	assert.LessOrEqual(t, heapInUse()-before, int64(maxSessionBytes*3/2))
	assert.Len(t, store.values.entries, maxSessionBytes/len(`"`+value+`"`))
	assert.Equal(t, maxSessions, store.values.limits.entries)
	if _, found, err := s.Get(t.Context(), "17999"); err != nil || !found {
		t.Error(errors.New("the newest one is gone"))
	}
}
