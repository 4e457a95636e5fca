package callback

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
)

func TestASignalIsGivenOnceAndStaysGiven(t *testing.T) {
	isClosed := func(c <-chan struct{}) bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	}
	synctest.Test(t, func(t *testing.T) {
		var s signal
		assert.False(t, s.isGiven())
		waited := s.channel()
		assert.False(t, isClosed(waited))
		assert.False(t, s.isGiven(), "it is only waited for")
		s.give()
		s.give()
		assert.True(t, s.isGiven())
		assert.True(t, isClosed(waited))

		var early signal
		early.give()
		assert.True(t, isClosed(early.channel()), "it was given before")
		assert.True(t, early.isGiven())
	})
}
