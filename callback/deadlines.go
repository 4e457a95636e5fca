package callback

import (
	"sync"
	"time"
)

// deadlines calls expire for each deadline that passes. Thousands of them, nearly all of which
// are removed in time, share one timer: it is set to the earliest deadline, and stays so after
// that was removed.
type deadlines[T any] struct {
	expire func(T) // is called with the lock held, so it must not block

	mu    sync.Mutex
	first *deadline[T] // the earliest
	last  *deadline[T]
	timer *time.Timer
	alarm time.Time // when the timer fires; zero if it is not set
}

// deadline is part of what it is for.
type deadline[T any] struct {
	at         time.Time
	of         T
	prev, next *deadline[T]
	waiting    bool // for its time
}

// add sets a deadline. The search for its place begins at the end, where that nearly always is.
func (l *deadlines[T]) add(d *deadline[T], of T, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d.of, d.at, d.waiting, d.prev = of, at, true, l.last
	for d.prev != nil && d.prev.at.After(at) {
		d.prev = d.prev.prev
	}
	if d.prev == nil {
		d.next, l.first = l.first, d
	} else {
		d.next, d.prev.next = d.prev.next, d
	}
	if d.next == nil {
		l.last = d
	} else {
		d.next.prev = d
	}
	if l.alarm.IsZero() || at.Before(l.alarm) {
		l.set(at)
	}
}

// remove removes a deadline, which has no effect if it has expired.
func (l *deadlines[T]) remove(d *deadline[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d.waiting {
		l.unlink(d)
	}
}

func (l *deadlines[T]) unlink(d *deadline[T]) {
	if d.prev == nil {
		l.first = d.next
	} else {
		d.prev.next = d.next
	}
	if d.next == nil {
		l.last = d.prev
	} else {
		d.next.prev = d.prev
	}
	d.prev, d.next, d.waiting = nil, nil, false
}

func (l *deadlines[T]) set(at time.Time) {
	if l.timer != nil {
		l.timer.Stop()
	}
	l.alarm, l.timer = at, time.AfterFunc(time.Until(at), l.ring)
}

// ring expires what is due and sets the timer to the next deadline.
func (l *deadlines[T]) ring() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for now := time.Now(); l.first != nil && !now.Before(l.first.at); {
		due := l.first
		l.unlink(due)
		l.expire(due.of)
	}
	l.alarm = time.Time{}
	if l.first != nil {
		l.set(l.first.at)
	}
}
