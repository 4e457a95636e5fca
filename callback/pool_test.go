package callback

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
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

func TestManyWorkersThatEndTogetherDoNotAllLinger(t *testing.T) {
	p := &pool{running: maxLingering + 1}
	for range maxLingering {
		p.next(&worker{})
	}
	assert.Len(t, p.lingering, maxLingering)
	last := &worker{}
	assert.Nil(t, p.next(last))
	assert.False(t, last.lingers)
	assert.Len(t, p.lingering, maxLingering)
}

// TestAFreedTreeKeepsNoDocument: what is pooled refers to nothing, and a large tree is not pooled.
func TestAFreedTreeKeepsNoDocument(t *testing.T) {
	for room, pooled := range map[int]bool{16: true, 64: true, 65: false, 1000: false} {
		n := &node{name: "xml", text: "text", kids: make([]node, 3, room)}
		kids := n.kids
		for i := range kids {
			kids[i].text = "text"
		}
		n.free()
		if pooled {
			assert.Equal(t, make([]node, 3), kids, room)
			assert.Equal(t, node{kids: kids[:0]}, *n, room)
		} else {
			assert.Equal(t, "text", kids[0].text, "it is left to the garbage collector")
		}
	}
}
