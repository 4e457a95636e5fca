package callback

import "sync/atomic"

// signal is something that happens once. One goroutine waits for it, which makes a channel
// only if it has to.
type signal struct{ state atomic.Pointer[chan struct{}] }

// given is the state of a signal that was given.
var given = func() *chan struct{} {
	closed := make(chan struct{})
	close(closed)
	return &closed
}()

// give gives the signal, unless it was given already.
func (s *signal) give() {
	if waiting := s.state.Swap(given); waiting != nil && waiting != given {
		close(*waiting)
	}
}

func (s *signal) isGiven() bool { return s.state.Load() == given }

// channel returns a channel that is closed when the signal is given.
func (s *signal) channel() <-chan struct{} {
	channel := make(chan struct{})
	if s.state.CompareAndSwap(nil, &channel) {
		return channel
	}
	return *given
}
