package callback

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// keys returns the keys of an lru, newest first.
func keys(l *lru[string, int]) (all []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for e := l.root.next; e != &l.root; e = e.next {
		all = append(all, e.key)
	}
	return all
}

func TestAnLRUKeepsTheNewestAndForgetsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLRU[string](limits[int]{entries: 3})
		for i := range 5 {
			l.set(strconv.Itoa(i), i, time.Now(), time.Minute)
		}
		assert.Equal(t, []string{"4", "3", "2"}, keys(l))
		_, found := l.get("1", time.Now())
		assert.False(t, found)
		v, found := l.get("4", time.Now())
		assert.True(t, found)
		assert.Equal(t, 4, v)
		l.set("2", 22, time.Now(), time.Minute) // used again
		l.set("5", 5, time.Now(), time.Minute)
		assert.Equal(t, []string{"5", "2", "4"}, keys(l))
		l.drop("2")
		l.drop("none")
		assert.Equal(t, []string{"5", "4"}, keys(l))
		_, found = l.get("4", time.Now().Add(time.Minute-1))
		assert.True(t, found)
		_, found = l.get("4", time.Now().Add(time.Minute))
		assert.False(t, found)
		assert.Equal(t, []string{"5"}, keys(l))
		l.each(time.Now().Add(time.Minute), func(string, int) { t.Error("it has ended") })
		seen := map[string]int{}
		l.each(time.Now().Add(time.Minute-1), func(key string, v int) { seen[key] = v })
		assert.Equal(t, map[string]int{"5": 5}, seen)
	})
}

func TestAnLRUForgetsWithoutBeingAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLRU[string](limits[int]{entries: 10})
		l.set("a", 1, time.Now(), 10*time.Second)
		time.Sleep(5 * time.Second)
		l.set("b", 2, time.Now(), 10*time.Second)
		time.Sleep(5*time.Second - 1)
		assert.Equal(t, []string{"b", "a"}, keys(l))
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		assert.Equal(t, []string{"b"}, keys(l))
		time.Sleep(5 * time.Second)
		synctest.Wait()
		assert.Empty(t, keys(l))
		assert.Nil(t, l.sweeper, "and sleeps then")
		l.set("c", 3, time.Now(), time.Second/10)
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Empty(t, keys(l), "each second at most")
		l.set("d", 4, time.Now(), 0)
		assert.Nil(t, l.sweeper)
		time.Sleep(24 * 365 * time.Hour)
		assert.Equal(t, []string{"d"}, keys(l), "for good")
	})
}

func TestAnUpdateNeverShortensALife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLRU[string](limits[int]{entries: 10})
		l.set("a", 1, time.Now(), time.Minute)
		l.set("a", 2, time.Now(), time.Second)
		v, found := l.get("a", time.Now().Add(time.Minute-1))
		assert.True(t, found)
		assert.Equal(t, 2, v)
		_, found = l.get("a", time.Now().Add(time.Minute))
		assert.False(t, found)
		l.set("b", 1, time.Now(), time.Second)
		l.set("b", 2, time.Now(), time.Minute)
		_, found = l.get("b", time.Now().Add(time.Minute-1))
		assert.True(t, found)
		l.update("b", time.Now(), time.Hour, func(old int, found bool) (int, bool) {
			assert.True(t, found)
			assert.Equal(t, 2, old)
			return 3, false
		})
		v, found = l.get("b", time.Now().Add(time.Minute-1))
		assert.True(t, found)
		assert.Equal(t, 2, v, "nothing was replaced")
	})
}

func TestAnLRUIsBoundedByBytes(t *testing.T) {
	l := newLRU[string](limits[int]{entries: 10, bytes: 100, size: func(v int) int { return v }})
	now := time.Now()
	l.set("a", 50, now, time.Minute)
	l.set("b", 50, now, time.Minute)
	assert.Equal(t, []string{"b", "a"}, keys(l))
	l.set("a", 40, now, time.Minute)
	assert.Equal(t, 90, l.bytes)
	l.set("c", 11, now, time.Minute)
	assert.Equal(t, []string{"c", "a"}, keys(l))
	assert.Equal(t, 51, l.bytes)
	l.drop("a")
	assert.Equal(t, 11, l.bytes)
	l.set("huge", 101, now, time.Minute)
	assert.Empty(t, keys(l), "what is larger than all there may be")
	assert.Zero(t, l.bytes)
}

func TestWhatIsPinnedNeitherEndsNorIsTooMuch(t *testing.T) {
	l := newLRU[string](limits[int]{entries: 2, pinned: func(v int) bool { return v < 0 }})
	now := time.Now()
	l.set("pinned", -1, now, time.Second)
	for n := range 5 {
		l.set(strconv.Itoa(n), n, now, time.Minute)
	}
	assert.ElementsMatch(t, []string{"4", "pinned"}, keys(l))
	_, found := l.get("pinned", now.Add(time.Hour))
	assert.True(t, found)
	for _, key := range []string{"x", "y", "z"} {
		l.set(key, -1, now, time.Second)
	}
	assert.ElementsMatch(t, []string{"pinned", "x", "y", "z"}, keys(l), "even if nothing else is left")
	l.set("pinned", 1, now, time.Second)
	assert.ElementsMatch(t, []string{"x", "y", "z"}, keys(l))
}
