package tokencache

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestPeriodsFollowFromTheTTL(t *testing.T) {
	for _, row := range []struct{ ttl, refresh, must, end time.Duration }{
		{7200 * time.Second, 6900 * time.Second, 7170 * time.Second, 7200 * time.Second},
		{3000 * time.Second, 2700 * time.Second, 2970 * time.Second, 3000 * time.Second},
		{1500 * time.Second, 1350 * time.Second, 1470 * time.Second, 1500 * time.Second},
		{600 * time.Second, 540 * time.Second, 588 * time.Second, 600 * time.Second},
		{60 * time.Second, 54 * time.Second, 58800 * time.Millisecond, 60 * time.Second},
		{32 * time.Second, 30 * time.Second, 31360 * time.Millisecond, 32 * time.Second},
		{30 * time.Second, 30 * time.Second, 30 * time.Second, 30 * time.Second},
		{20 * time.Second, 20 * time.Second, 20 * time.Second, 20 * time.Second},
		{10 * time.Second, 10 * time.Second, 10 * time.Second, 10 * time.Second},
		{0, 10 * time.Second, 10 * time.Second, 10 * time.Second},
		{-time.Second, 10 * time.Second, 10 * time.Second, 10 * time.Second},
		{math.MaxInt64, 6900 * time.Second, 7170 * time.Second, 7200 * time.Second},
	} {
		e := schedule(nil, "v", row.ttl, origin)
		want := &entry{"v", origin.Add(row.refresh), origin.Add(row.must), origin.Add(row.end), false}
		assert.Equal(t, want, e, "%v", row.ttl)
	}
}

func TestSameValueFetchedAgainKeepsItsFirstEnd(t *testing.T) {
	old := schedule(nil, "v", time.Hour, origin)
	mustAt := old.mustAt.Add(-1)
	again := schedule(old, "v", time.Hour, mustAt)
	assert.Equal(t, &entry{"v", mustAt.Add(30 * time.Second), old.mustAt, old.end, false}, again)

	fresh := func(old *entry, value string, now time.Time) {
		t.Helper()
		assert.Equal(t, schedule(nil, value, time.Hour, now), schedule(old, value, time.Hour, now))
	}
	fresh(old, "v", old.mustAt)
	fresh(old, "other", mustAt)
	fresh(old.refused(), "v", mustAt)
}

func TestValueWorksUntilItsEndUnlessRejected(t *testing.T) {
	e := schedule(nil, "v", time.Hour, origin)
	assert.True(t, e.isValid(e.end.Add(-1)))
	assert.False(t, e.isValid(e.end))
	assert.False(t, e.refused().isValid(origin))
	assert.Equal(t, &entry{value: "v", end: e.end, rejected: true}, e.refused())
	assert.Equal(t, &entry{"v", origin, e.mustAt, e.end, false}, e.renewedAt(origin))
	assert.Equal(t, &entry{"v", e.mustAt, e.mustAt, e.end, false}, e.renewedAt(e.mustAt.Add(1)))
}

func TestPaceIsExhaustedForFiveSeconds(t *testing.T) {
	var p pace
	p.record(false, false, origin)
	p.record(false, true, origin)
	p.record(false, false, origin)
	assert.False(t, p.exhausted(origin), "nothing was rejected")

	p.record(true, true, origin)
	assert.True(t, p.exhausted(origin.Add(5*time.Second-1)), "the same value came back")
	assert.False(t, p.exhausted(origin.Add(5*time.Second)))
	p.record(true, false, origin)
	assert.False(t, p.exhausted(origin), "another one did")
	p.record(true, false, origin.Add(time.Second))
	assert.True(t, p.exhausted(origin.Add(5*time.Second-1)), "the second within five seconds")
	assert.False(t, p.exhausted(origin.Add(5*time.Second)))
	p.record(true, false, origin.Add(5*time.Second))
	assert.True(t, p.exhausted(origin.Add(6*time.Second-1)))
	assert.False(t, p.exhausted(origin.Add(6*time.Second)))
}

func TestBackoffDoublesUpToItsMost(t *testing.T) {
	for streak, want := range map[int]time.Duration{1: 1, 2: 2, 3: 4, 4: 8, 5: 16, 6: 30, 7: 30, 11: 30, 12: 30, 1000: 30} {
		longest, shortest := time.Duration(0), time.Hour
		for range 1000 {
			d := backoff(streak, time.Second, 30*time.Second)
			longest, shortest = max(longest, d), min(shortest, d)
		}
		want *= time.Second
		assert.LessOrEqual(t, longest, want, "%d", streak)
		assert.Greater(t, longest, want*95/100, "%d", streak)
		assert.Greater(t, shortest, want*75/100, "%d", streak)
		assert.Less(t, shortest, want*80/100, "%d", streak)
	}
}

func TestRejectionsAreNumberedAndBounded(t *testing.T) {
	var l rejections
	assert.Zero(t, l.number("a"))
	l.add("a")
	l.add("b")
	l.add("a")
	assert.EqualValues(t, 1, l.number("a"))
	assert.EqualValues(t, 2, l.number("b"))
	assert.EqualValues(t, 2, l.made)
	l.remove("a")
	assert.Zero(t, l.number("a"))
	l.add("a")
	assert.EqualValues(t, 3, l.number("a"))
	for i := range maxRejections - 2 {
		l.add(string(rune('A' + i)))
	}
	assert.EqualValues(t, 2, l.number("b"))
	l.add("one more")
	assert.Zero(t, l.number("b"), "the oldest is forgotten")
	assert.EqualValues(t, 3, l.number("a"))
	assert.Len(t, l.list, maxRejections)
}

func TestOnlyWordsAreWellFormed(t *testing.T) {
	for _, value := range []string{"a", "TOKEN-1_x.y~z+/=|:@!*%$", "~", "!", "67_tokenAbc"} {
		assert.True(t, wellFormed(value), value)
	}
	for _, value := range []string{"", " ", "a b", "a\n", "\x00", "\x7f", "é", "\xff", `{"a":1}`, "a,b", "<a>", "a;b", "a'b", "a`b", `a\b`, "[a]", `"a"`} {
		assert.False(t, wellFormed(value), "%q", value)
	}
}
