package callback

import (
	"context"
	"sync"
)

// pool runs tasks on at most workers goroutines, none of which is there without
// work, and keeps a bounded number of tasks waiting.
type pool struct {
	mu       sync.Mutex
	workers  int
	limit    int
	running  int
	queue    []func()
	pending  int           // tasks and whatever else must end before a shutdown is over
	draining bool          // no new tasks
	drained  chan struct{} // closed when nothing is pending any more; nil unless draining
}

// submit runs a task, now or when a worker is free. It reports whether there was
// room for it.
func (p *pool) submit(task func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.draining:
		return false
	case p.running < p.workers:
		p.running++
		go p.work(task)
	case len(p.queue) < p.limit:
		p.queue = append(p.queue, task)
	default:
		return false
	}
	p.pending++
	return true
}

func (p *pool) work(task func()) {
	for task != nil {
		task()
		task = p.next()
	}
}

// next ends a task and returns the one that waits longest, nil where none does.
func (p *pool) next() func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended()
	if len(p.queue) == 0 {
		p.running--
		p.queue = nil
		return nil
	}
	task := p.queue[0]
	p.queue[0] = nil
	p.queue = p.queue[1:]
	return task
}

// begin adds something that a shutdown waits for, end ends it.
func (p *pool) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending++
}

func (p *pool) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended()
}

func (p *pool) ended() {
	p.pending--
	if p.draining && p.pending == 0 {
		close(p.drained)
	}
}

// closed reports whether new tasks are refused for a shutdown.
func (p *pool) closed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.draining
}

// drain refuses new tasks and waits for the others to end.
func (p *pool) drain(ctx context.Context) error {
	p.mu.Lock()
	if !p.draining {
		p.draining, p.drained = true, make(chan struct{})
		if p.pending == 0 {
			close(p.drained)
		}
	}
	p.mu.Unlock()
	select {
	case <-p.drained:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
