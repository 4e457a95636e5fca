package callback

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// countOf returns how many replies are kept.
func countOf(l *replies) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.kept)
}

func TestAReplyIsFoundByItsNumberUntilItExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l replies
		get := func(number replyNumber) string { return string(l.get(number, time.Now())) }
		assert.Empty(t, get(0), "there is none")
		a := l.keep([]byte("a"), time.Now())
		time.Sleep(time.Second)
		b := l.keep([]byte("b"), time.Now())
		assert.Equal(t, "a", get(a))
		assert.Equal(t, "b", get(b))
		assert.Empty(t, get(0))

		time.Sleep(DedupeReplyRetention - time.Second)
		assert.Empty(t, get(a))
		assert.Equal(t, "b", get(b))
		synctest.Wait()
		assert.Equal(t, 1, countOf(&l))

		time.Sleep(time.Second)
		assert.Empty(t, get(b))
		synctest.Wait()
		assert.Zero(t, countOf(&l))
		c := l.keep([]byte("c"), time.Now())
		assert.Equal(t, "c", get(c))
		assert.Empty(t, get(b))
	})
}

func TestTheOldestRepliesAreDroppedBeyondTheLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l replies
		now := time.Now()
		first := l.keep(make([]byte, maxRepliesBytes-1), now)
		second := l.keep([]byte("x"), now)
		assert.NotNil(t, l.get(first, now))
		third := l.keep([]byte("y"), now)
		assert.Nil(t, l.get(first, now))
		assert.Equal(t, "x", string(l.get(second, now)))
		assert.Equal(t, "y", string(l.get(third, now)))
		for range maxRemembered - 1 {
			l.keep(nil, now)
		}
		assert.Len(t, l.kept, maxRemembered)
		assert.Nil(t, l.get(second, now))
		assert.Equal(t, "y", string(l.get(third, now)))
		tooLarge := l.keep(make([]byte, maxRepliesBytes+1), now)
		assert.Nil(t, l.get(tooLarge, now))
		assert.Empty(t, l.kept)
		assert.Zero(t, l.bytes)
	})
}
