package callback

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// pool executes runs on a limited number of goroutines, which exist only while there is
// work. It queues a limited number of runs, and counts everything that a shutdown has to
// wait for.
type pool struct {
	handle  func(*run)
	workers int
	limit   int

	mu        sync.Mutex
	running   int       // workers that have a run
	lingering []*worker // those that have none
	queue     []*run
	pending   int           // runs, deliveries and everything else that a shutdown waits for
	draining  bool          // no new runs are accepted
	over      bool          // nothing is accepted anymore
	drained   chan struct{} // closed when over is set; nil unless draining
}

// admission says whether a pool has accepted a run.
type admission int

const (
	admitted     admission = iota // it is running or queued
	poolFull                      // all workers are busy and the queue is full
	poolDraining                  // a shutdown has begun
)

// submit executes r now or when a worker is free.
func (p *pool) submit(r *run) admission {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.draining:
		return poolDraining
	case p.running < p.workers:
		p.running++
		if last := len(p.lingering) - 1; last >= 0 {
			p.lingering[last].run.Store(r)
			p.lingering = slices.Delete(p.lingering, last, last+1)
		} else {
			p.start(r)
		}
	case len(p.queue) < p.limit:
		p.queue = append(p.queue, r)
	default:
		return poolFull
	}
	p.pending++
	return admitted
}

// worker is a goroutine that handles runs. After the last one it lingers: it lets other
// goroutines run a few times before it ends. Under load it thus gets another run, for which a
// new goroutine would have to grow its stack again, while an idle pool has no goroutines.
type worker struct {
	run     atomic.Pointer[run] // next run
	lingers bool                // it is in pool.lingering, or was removed with a run
}

const (
	lingerFor    = 4  // times that a worker yields the processor before it ends
	maxLingering = 64 // workers; when thousands of runs end together, the others end too
)

func (p *pool) work(w *worker) {
	r := w.run.Swap(nil)
	defer func() {
		if r == nil {
			return
		}
		if next := p.next(nil); next != nil { // the handler has ended the goroutine
			p.start(next)
		}
	}()
	for r != nil {
		p.handle(r)
		if r = p.next(w); r == nil && w.lingers {
			r = p.linger(w)
		}
	}
}

// start starts a worker with a run.
func (p *pool) start(r *run) {
	w := &worker{}
	w.run.Store(r)
	go p.work(w)
}

// next ends a run and returns the one that has been queued longest, or nil. In the latter
// case the worker may linger.
func (p *pool) next(w *worker) *run {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended()
	if len(p.queue) == 0 {
		p.running--
		p.queue = nil
		if w != nil && len(p.lingering) < maxLingering {
			p.lingering, w.lingers = append(p.lingering, w), true
		}
		return nil
	}
	r := p.queue[0]
	p.queue[0] = nil
	p.queue = p.queue[1:]
	return r
}

// linger waits a moment for another run, and returns nil if there is none.
func (p *pool) linger(w *worker) *run {
	w.lingers = false
	for range lingerFor {
		runtime.Gosched()
		if r := w.run.Swap(nil); r != nil {
			return r
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.lingering, w); i >= 0 {
		p.lingering = slices.Delete(p.lingering, i, i+1)
	}
	return w.run.Swap(nil)
}

// begin counts something that a shutdown has to wait for, until end is called.
func (p *pool) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending++
}

// enter is begin for deliveries. It reports false if a shutdown is over.
func (p *pool) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return false
	}
	p.pending++
	return true
}

func (p *pool) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended()
}

func (p *pool) ended() {
	p.pending--
	p.check()
}

// check completes a shutdown if nothing is pending.
func (p *pool) check() {
	if p.draining && p.pending == 0 && !p.over {
		p.over = true
		close(p.drained)
	}
}

// closed reports whether new runs are refused because of a shutdown.
func (p *pool) closed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.draining
}

// drain refuses new runs and waits until nothing is pending.
func (p *pool) drain(ctx context.Context) error {
	p.mu.Lock()
	if !p.draining {
		p.draining, p.drained = true, make(chan struct{})
		p.check()
	}
	p.mu.Unlock()
	select {
	case <-p.drained:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// abandon empties the queue and returns its runs, which the caller must end.
func (p *pool) abandon() []*run {
	p.mu.Lock()
	defer p.mu.Unlock()
	queue := p.queue
	p.queue = nil
	return queue
}
