package wechattest

import (
	"slices"
	"sync"
	"time"
)

// maxUnseen is the number of observations that wait for a slow observer.
const maxUnseen = 10_000

// Observation is something that happened on the platform, as [Platform.Observe] reports it.
// An observer must not modify what it refers to.
type Observation struct {
	Kind ObservationKind
	At   time.Time

	// OpenID is the user who caused a push, or whom a message has reached. It is empty for
	// calls, and for pushes that no user caused.
	OpenID string

	Call    *Call     // of ObservationCall
	Report  *Report   // of a push; a snapshot until ObservationOutcome
	Message *Received // of ObservationMessage

	// Missed is the number of observations before this one that were dropped, because
	// the observer was too slow.
	Missed int
}

// ObservationKind is the kind of an [Observation].
type ObservationKind string

// The kinds of observations.
const (
	ObservationCall     ObservationKind = "call"     // the platform has received and executed a call
	ObservationPush     ObservationKind = "push"     // a push begins
	ObservationDelivery ObservationKind = "delivery" // one delivery of the push has ended
	ObservationOutcome  ObservationKind = "outcome"  // the push has ended, or nothing was sent
	ObservationMessage  ObservationKind = "message"  // a message has reached a user
)

// observers are the functions of [Platform.Observe].
type observers struct {
	guard    sync.Mutex
	watching []*observer
}

// Observe makes fn receive what happens from now on, in order and one observation at a
// time, until stop is called. fn runs on a goroutine of its own: it may call the platform,
// and an observer that is slow, blocks or panics does not affect the platform. When 10,000
// observations are waiting for it, further ones are dropped.
func (p *Platform) Observe(fn func(Observation)) (stop func()) {
	o := &observer{fn: fn}
	p.guard.Lock()
	defer p.guard.Unlock()
	p.watching = append(p.watching, o)
	return func() {
		p.guard.Lock()
		defer p.guard.Unlock()
		p.watching = slices.DeleteFunc(p.watching, func(other *observer) bool { return other == o })
		o.end()
	}
}

// notify passes an observation to the observers. The caller may hold the platform's lock.
func (p *Platform) notify(o Observation) {
	p.guard.Lock()
	defer p.guard.Unlock()
	if len(p.watching) == 0 {
		return
	}
	o.At = p.now()
	for _, to := range p.watching {
		to.add(o)
	}
}

// notifyPush reports the state of a push. Until the push has ended, it is a snapshot.
func (p *Platform) notifyPush(kind ObservationKind, r *Report) {
	if kind != ObservationOutcome {
		snapshot := *r
		snapshot.Deliveries = slices.Clone(r.Deliveries)
		r = &snapshot
	}
	p.notify(Observation{Kind: kind, OpenID: r.openID, Report: r})
}

// observer is a function and the observations that wait for it. Its goroutine runs while
// there are any.
type observer struct {
	fn func(Observation)

	mu      sync.Mutex
	waiting []Observation
	missed  int
	running bool
	ended   bool
}

func (o *observer) add(event Observation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return
	}
	if len(o.waiting) >= maxUnseen {
		o.missed++
		return
	}
	event.Missed, o.missed = o.missed, 0
	o.waiting = append(o.waiting, event)
	if !o.running {
		o.running = true
		go o.run()
	}
}

func (o *observer) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended, o.waiting = true, nil
}

func (o *observer) run() {
	for {
		event, ok := o.next()
		if !ok {
			return
		}
		o.call(event)
	}
}

// next takes the next observation. If there is none, the goroutine ends.
func (o *observer) next() (Observation, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting) == 0 {
		o.running, o.waiting = false, nil
		return Observation{}, false
	}
	event := o.waiting[0]
	o.waiting[0] = Observation{} // do not keep what it refers to
	o.waiting = o.waiting[1:]
	return event, true
}

func (o *observer) call(event Observation) {
	defer func() { _ = recover() }() // a defect of the observer is not one of the platform
	o.fn(event)
}
