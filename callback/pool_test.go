package callback

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestALingeringWorkerTakesTheNextRun(t *testing.T) {
	p := &pool{workers: 1, handle: func(*run) { t.Error("a goroutine was started") }}
	w := &worker{lingers: true}
	p.lingering = []*worker{w}
	r := &run{}
	assert.Equal(t, admitted, p.submit(r))
	assert.Equal(t, 1, p.running)
	assert.Empty(t, p.lingering, "nobody gives it another one")
	assert.Same(t, r, p.linger(w))
	assert.Nil(t, p.next(w))
	assert.Zero(t, p.running)
	assert.Equal(t, []*worker{w}, p.lingering)
	assert.Nil(t, p.linger(w))
	assert.Empty(t, p.lingering)
}

// TestAnIdlePoolHasNoGoroutines: workers linger, but not for ever, and each run is handled
// once, whether it found a lingering worker, a new one or the queue.
func TestAnIdlePoolHasNoGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const callers, each = 50, 200
		var handled atomic.Int64
		p := &pool{workers: 20, limit: callers}
		done := map[*run]chan struct{}{}
		p.handle = func(r *run) {
			handled.Add(1)
			close(done[r])
		}
		var all sync.WaitGroup
		runs := make([][each]run, callers)
		for c := range runs {
			for i := range runs[c] {
				done[&runs[c][i]] = make(chan struct{})
			}
		}
		for c := range runs {
			all.Go(func() {
				runs := &runs[c]
				for i := range runs {
					assert.Equal(t, admitted, p.submit(&runs[i]))
					<-done[&runs[i]]
				}
			})
		}
		all.Wait()
		synctest.Wait()
		assert.EqualValues(t, callers*each, handled.Load())
		assert.Zero(t, p.running)
		assert.Zero(t, p.pending)
		assert.Empty(t, p.lingering)
	})
}

// TestAFreedTreeKeepsNoDocument: what is pooled refers to nothing, and a large tree is not pooled.
func TestAFreedTreeKeepsNoDocument(t *testing.T) {
	for _, size := range []int{3, 64, 65, 1000} {
		n, err := scanXML([]byte("<xml>" + strings.Repeat("<a>text</a>", size) + "</xml>"))
		require.NoError(t, err)
		require.Len(t, n.kids, size)
		kids, room := n.kids, cap(n.kids)
		n.free()
		if room > 64 {
			assert.Equal(t, "text", kids[0].text, "it is left to the garbage collector")
			continue
		}
		for _, kid := range kids {
			assert.Equal(t, node{}, kid)
		}
		assert.Equal(t, node{kids: kids[:0]}, *n)
	}
}
