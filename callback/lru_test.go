package callback

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAnLRUKeepsTheNewestAndForgetsInTime(t *testing.T) {
	l := newLRU[string](limits[int]{entries: 3})
	now := time.Unix(0, 0)
	put := func(key string, n int) {
		l.update(key, now, time.Minute, func(int, bool) (int, bool) { return n, true })
	}
	for i := range 5 {
		put(strconv.Itoa(i), i)
	}
	_, found := l.get("1", now)
	assert.False(t, found)
	v, found := l.get("4", now)
	assert.True(t, found)
	assert.Equal(t, 4, v)
	put("2", 22) // in use again
	put("5", 5)
	_, found = l.get("2", now)
	assert.True(t, found)
	_, found = l.get("3", now)
	assert.False(t, found)
	_, found = l.get("2", now.Add(time.Minute))
	assert.False(t, found)
	now = now.Add(time.Hour)
	put("6", 6)
	assert.Len(t, l.entries, 1)
}
