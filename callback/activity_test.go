package callback

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/testlog"
)

func TestActivityAnswersWhatThePlatformDoesNot(t *testing.T) {
	activityFacts(t, NewActivity(nil))
}

func TestASharedActivityIsTheSame(t *testing.T) {
	activityFacts(t, NewActivity(newMemoryActivity()))
}

func activityFacts(t *testing.T, a *Activity) {
	t.Helper()
	cfg := safeConfig()
	cfg.Activity = a
	h := newTestHandler(t, cfg)
	h.OnEventKey("good", answering(Text("ok"), nil))
	h.OnEventKey("bad", answering(nil, assert.AnError))
	p := safePlatform()

	last, err := a.LastMessageTime(t.Context(), testOpenID)
	require.NoError(t, err)
	assert.True(t, last.IsZero())
	_, open, err := a.ReplyWindow(t.Context(), testOpenID)
	require.NoError(t, err)
	assert.False(t, open)

	p.sends(h, eventPush("CLICK", "good", ""))
	last, err = a.LastMessageTime(t.Context(), testOpenID)
	require.NoError(t, err)
	assert.True(t, last.IsZero(), "an event is no message")
	until, open, err := a.ReplyWindow(t.Context(), testOpenID)
	require.NoError(t, err)
	assert.True(t, open)
	assert.WithinDuration(t, time.Now().Add(time.Minute), until, 3*time.Second)

	p.sends(h, textPush(1, "hello"))
	last, err = a.LastMessageTime(t.Context(), testOpenID)
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), last, 3*time.Second)
	p.sends(h, eventPush("VIEW", "https://example.com", ""))
	until, _, err = a.ReplyWindow(t.Context(), testOpenID)
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now().Add(48*time.Hour), until, 3*time.Second, "an event does not shorten the window")

	p.sends(h, eventPush("CLICK", "bad", ""))
	p.sends(h, eventPush("CLICK", "good", "<MenuId>1</MenuId>"))
	p.sends(h, eventPush("LOCATION", "", ""))
	require.NoError(t, h.Shutdown(t.Context())) // records what is not recorded yet
	menu, err := a.MenuStatuses(t.Context())
	require.NoError(t, err)
	require.Len(t, menu, 3)
	assert.EqualValues(t, 2, menu["good"].Received)
	assert.EqualValues(t, 2, menu["good"].Succeeded)
	assert.Zero(t, menu["good"].Failed)
	assert.Positive(t, menu["good"].LastDuration)
	assert.WithinDuration(t, time.Now(), menu["good"].LastTime, 3*time.Second)
	assert.EqualValues(t, 1, menu["bad"].Failed)
	assert.Equal(t, assert.AnError.Error(), menu["bad"].LastError)
	assert.EqualValues(t, 1, menu["https://example.com"].Received)
}

func TestAnActivityKeepsNothingOfAFollowerWhoHasLeft(t *testing.T) {
	cfg, store := safeConfig(), newMemoryActivity()
	cfg.Activity = NewActivity(store)
	h := newTestHandler(t, cfg)
	On(h, func(ctx context.Context, e *UnsubscribeEvent) (Reply, error) {
		return nil, cfg.Activity.Delete(ctx, e.FromUserName)
	})
	p := safePlatform()
	p.sends(h, textPush(1, "hello"))
	p.sends(h, strings.Replace(textPush(2, "hello"), testOpenID, "oOther", 1))
	require.Len(t, store.followers.entries, 2)
	p.sends(h, eventPush("unsubscribe", "", ""))
	last, err := cfg.Activity.LastMessageTime(t.Context(), testOpenID)
	require.NoError(t, err)
	assert.Zero(t, last)
	_, open, err := cfg.Activity.ReplyWindow(t.Context(), testOpenID)
	require.NoError(t, err)
	assert.False(t, open)
	assert.Len(t, store.followers.entries, 1, "only the other follower")
}

// brokenActivity is a store whose calls fail.
type brokenActivity struct{ ActivityStore }

func (brokenActivity) RecordActivity(context.Context, string, time.Time, time.Time) error {
	return assert.AnError
}

func TestAFailingActivityStoreIsLoggedAndCostsNoReply(t *testing.T) {
	j := &journal{}
	cfg := safeConfig()
	cfg.Activity, cfg.Logger = NewActivity(brokenActivity{}), j.log.Logger()
	h := newTestHandler(t, cfg)
	On(h, (&counter{}).handle)
	p := safePlatform()
	for n := range 10 {
		got, ok := p.read(p.sends(h, textPush(n+1, "hello")))
		assert.True(t, ok)
		assert.Contains(t, got, "runs")
	}
	assert.Equal(t, 1, strings.Count(j.log.String(), `what="activity store"`), "once a minute")
}

func TestAMenuStatusAddsCountsAndKeepsTheLatest(t *testing.T) {
	early, late := time.Unix(1, 0), time.Unix(2, 0)
	s := MenuStatus{Received: 1, Succeeded: 2, Failed: 3, LastTime: late, LastError: "first", LastDuration: time.Second}
	assert.Equal(t,
		MenuStatus{Received: 11, Succeeded: 22, Failed: 33, LastTime: late, LastError: "first", LastDuration: time.Second},
		s.plus(MenuStatus{Received: 10, Succeeded: 20, Failed: 30, LastTime: early}))
	assert.Equal(t,
		MenuStatus{Received: 1, Succeeded: 2, Failed: 3, LastTime: late.Add(1), LastError: "second", LastDuration: time.Minute},
		s.plus(MenuStatus{LastTime: late.Add(1), LastError: "second", LastDuration: time.Minute}))
}

func TestAReplyWindowIsAsLongAsThePlatformSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		windows := map[time.Duration][]*Activity{}
		for push, want := range map[string]time.Duration{
			textPush(1, "a"):                                     48 * time.Hour,
			eventPush("subscribe", "", ""):                       time.Minute,
			eventPush("SCAN", "1", ""):                           time.Minute,
			eventPush("CLICK", "k", ""):                          time.Minute,
			eventPush("unsubscribe", "", ""):                     0,
			eventPush("LOCATION", "", ""):                        0,
			eventPush("TEMPLATESENDJOBFINISH", "", ""):           0,
			strings.Replace(textPush(2, "a"), testOpenID, "", 1): 0,
		} {
			cfg := safeConfig()
			store := newMemoryActivity()
			cfg.Activity = NewActivity(store)
			h := newTestHandler(t, cfg)
			safePlatform().sends(h, push)
			until, open, err := cfg.Activity.ReplyWindow(t.Context(), testOpenID)
			require.NoError(t, err)
			assert.Equal(t, want > 0, open, push)
			if want > 0 {
				assert.Equal(t, time.Now().Add(want).Unix(), until.Unix(), push)
				windows[want] = append(windows[want], cfg.Activity)
			}
			assert.LessOrEqual(t, len(store.followers.entries), 1)
			if want == 0 {
				assert.Empty(t, store.followers.entries, push)
			}
		}
		began := time.Now()
		for _, want := range []time.Duration{time.Minute, 48 * time.Hour} {
			time.Sleep(time.Until(began.Add(want)) - 1)
			for i := range 2 {
				for _, a := range windows[want] {
					_, open, err := a.ReplyWindow(t.Context(), testOpenID)
					require.NoError(t, err)
					assert.Equal(t, i == 0, open)
				}
				time.Sleep(time.Nanosecond)
			}
		}
	})
}

func TestALastErrorIsCutOff(t *testing.T) {
	for length, want := range map[int]int{maxLastError: maxLastError, maxLastError + 1: maxLastError} {
		cfg := safeConfig()
		cfg.Activity = NewActivity(nil)
		h := newTestHandler(t, cfg)
		h.OnEventKey("k", answering(nil, errors.New(strings.Repeat("x", length))))
		safePlatform().sends(h, eventPush("CLICK", "k", ""))
		menu, err := cfg.Activity.MenuStatuses(t.Context())
		require.NoError(t, err)
		assert.Len(t, menu["k"].LastError, want)
	}
	cfg := safeConfig()
	cfg.Activity = NewActivity(nil)
	h := newTestHandler(t, cfg)
	h.OnEventKey("k", answering(nil, errors.New("x"+strings.Repeat("错", 500))))
	safePlatform().sends(h, eventPush("CLICK", "k", ""))
	menu, err := cfg.Activity.MenuStatuses(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "x"+strings.Repeat("错", 166), menu["k"].LastError, "between characters")
}

func TestAnActivityStoreThatHangsIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewActivity(badStore{func() { time.Sleep(time.Minute) }})
		_, err := a.LastMessageTime(t.Context(), testOpenID)
		require.Error(t, err)
		_, open, err := a.ReplyWindow(t.Context(), testOpenID)
		require.Error(t, err)
		assert.False(t, open)
		_, err = a.MenuStatuses(t.Context())
		require.Error(t, err)
		require.Error(t, a.Delete(t.Context(), testOpenID))
		time.Sleep(time.Hour)
	})
}

func TestAPushWaitsForOneStoreThatHangsNotForTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := badStore{func() { time.Sleep(3 * time.Second) }}
		cfg := safeConfig()
		cfg.Dedupe, cfg.Activity, cfg.Logger = hangs, NewActivity(hangs), new(testlog.Output).Logger()
		h := newTestHandler(t, cfg)
		On(h, func(context.Context, *TextMessage) (Reply, error) { return Text("reply"), nil })
		delayed := 0
		for n := range 10 {
			began := time.Now()
			w := httptest.NewRecorder()
			h.ServeHTTP(w, safePlatform().request(t.Context(), textPush(n+1, "hi")))
			assert.Equal(t, 200, w.Code)
			took := time.Since(began)
			assert.LessOrEqual(t, took, 260*time.Millisecond, "push %d", n)
			if took > 0 {
				delayed++
			}
		}
		assert.Positive(t, delayed)
		assert.LessOrEqual(t, delayed, 3, "then the stores are left alone")
		require.NoError(t, h.Shutdown(t.Context()))
		time.Sleep(time.Minute)
	})
}

func TestActivityIsRecordedWhenOnlyTheStoreOfPushesFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := safeConfig()
		cfg.Dedupe, cfg.Logger = badStore{func() { time.Sleep(3 * time.Second) }}, new(testlog.Output).Logger()
		cfg.Activity = NewActivity(slowMenu{newMemoryActivity()})
		h := newTestHandler(t, cfg)
		h.ServeHTTP(httptest.NewRecorder(), safePlatform().request(t.Context(), textPush(1, "hi")))
		require.NoError(t, h.Shutdown(t.Context()))
		wrote, err := cfg.Activity.LastMessageTime(t.Context(), testOpenID)
		require.NoError(t, err)
		assert.False(t, wrote.IsZero())
		time.Sleep(time.Minute)
	})
}

func TestASharedActivityIsRecordedAfterTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := safeConfig()
		cfg.Activity = NewActivity(slowMenu{newMemoryActivity()})
		h := newTestHandler(t, cfg)
		h.OnEventKey("k", answering(nil, nil))
		w := &flushes{ResponseRecorder: httptest.NewRecorder()}
		began := time.Now()
		h.ServeHTTP(w, safePlatform().request(t.Context(), eventPush("CLICK", "k", "")))
		assert.Equal(t, began, w.at)
		menu, err := cfg.Activity.MenuStatuses(t.Context())
		require.NoError(t, err)
		assert.EqualValues(t, 1, menu["k"].Succeeded)
	})
}

// slowMenu is a store that is slow to count handled events.
type slowMenu struct{ ActivityStore }

func (s slowMenu) AddMenuStatus(ctx context.Context, key string, delta MenuStatus) error {
	if delta.Received == 0 {
		time.Sleep(200 * time.Millisecond)
	}
	return s.ActivityStore.AddMenuStatus(ctx, key, delta)
}
