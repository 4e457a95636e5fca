package callback

import (
	"context"
	"sync"
)

// pool runs what it is given on at most workers goroutines, none of which exists
// without work, keeps a bounded number of runs waiting, and knows what must end
// before a shutdown is over.
type pool struct {
	handle  func(*run)
	workers int
	limit   int

	mu       sync.Mutex
	running  int
	queue    []*run
	pending  int           // runs, deliveries and whatever else a shutdown waits for
	draining bool          // no new runs
	over     bool          // and nothing else either
	drained  chan struct{} // closed with over; nil unless draining
}

// admission is whether a pool takes a run.
type admission int

const (
	admitted     admission = iota // it runs, or waits in the queue
	poolFull                      // no worker and no place in the queue is free
	poolDraining                  // a shutdown has begun
)

// submit runs r now or when a worker is free.
func (p *pool) submit(r *run) admission {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.draining:
		return poolDraining
	case p.running < p.workers:
		p.running++
		go p.work(r)
	case len(p.queue) < p.limit:
		p.queue = append(p.queue, r)
	default:
		return poolFull
	}
	p.pending++
	return admitted
}

func (p *pool) work(r *run) {
	defer func() {
		if r == nil {
			return
		}
		if next := p.next(); next != nil { // the handler ended the goroutine
			go p.work(next)
		}
	}()
	for r != nil {
		p.handle(r)
		r = p.next()
	}
}

// next ends a run and returns the one that waits longest, nil if none does.
func (p *pool) next() *run {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended()
	if len(p.queue) == 0 {
		p.running--
		p.queue = nil
		return nil
	}
	r := p.queue[0]
	p.queue[0] = nil
	p.queue = p.queue[1:]
	return r
}

// begin adds something that a shutdown waits for; end ends it.
func (p *pool) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending++
}

// enter is begin for what comes from outside. It reports false if a shutdown is over.
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

// check ends a shutdown if nothing is pending.
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

// drain refuses new runs and waits for everything else to end.
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

// abandon takes the queue away. The caller ends each of its runs.
func (p *pool) abandon() []*run {
	p.mu.Lock()
	defer p.mu.Unlock()
	queue := p.queue
	p.queue = nil
	return queue
}
