package callback

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
	h.OnKey("good", answering(Text("ok"), nil))
	h.OnKey("bad", answering(nil, assert.AnError))
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
	menu, err := a.Menu(t.Context())
	require.NoError(t, err)
	require.Len(t, menu, 3)
	assert.EqualValues(t, 2, menu["good"].Received)
	assert.EqualValues(t, 2, menu["good"].Answered)
	assert.Zero(t, menu["good"].Failed)
	assert.Positive(t, menu["good"].Latency)
	assert.WithinDuration(t, time.Now(), menu["good"].Last, 3*time.Second)
	assert.EqualValues(t, 1, menu["bad"].Failed)
	assert.Equal(t, assert.AnError.Error(), menu["bad"].LastError)
	assert.EqualValues(t, 1, menu["https://example.com"].Received)
}

// brokenActivity is a store that fails.
type brokenActivity struct{ ActivityStore }

func (brokenActivity) Touch(context.Context, string, time.Time, time.Time) error {
	return assert.AnError
}

func TestAFailingActivityStoreIsLoggedAndCostsNoReply(t *testing.T) {
	j := &journal{}
	cfg := safeConfig()
	cfg.Activity, cfg.Logger = NewActivity(brokenActivity{}), j.logger()
	h := newTestHandler(t, cfg)
	On(h, (&counter{}).handle)
	p := safePlatform()
	for n := range 10 {
		got, ok := p.read(p.sends(h, textPush(n+1, "hello")))
		assert.True(t, ok)
		assert.Contains(t, got, "runs")
	}
	assert.Equal(t, 1, strings.Count(j.logged(), `what="activity store"`), "once a minute")
}
