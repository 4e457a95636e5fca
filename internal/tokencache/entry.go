package tokencache

import (
	"crypto/rand"
	"encoding/binary"
	"time"
)

const (
	minTTL = 10 * time.Second // shorter TTLs are raised to it
	maxTTL = 2 * time.Hour    // longer TTLs are lowered to it

	maxAdvisory  = 5 * time.Minute  // begin of the advisory refresh window, before the end of a value
	maxMandatory = 30 * time.Second // begin of the mandatory one
	minInterval  = 30 * time.Second // between refreshes that return the same value

	pauseAhead   = 20 * time.Second // after the first failed refresh ahead; with jitter 15 at least
	pauseAheads  = 30 * time.Second // after later ones
	pauseFirst   = time.Second      // after the first other failed refresh; doubles
	pauseMax     = 5 * time.Second  // the longest pause
	pauseMaxExcl = 30 * time.Second // the longest for an exclusive value

	replaceWindow = 5 * time.Second // see pace
)

// entry is a value with its refresh windows. It is immutable.
type entry struct {
	value     string
	refreshAt time.Time // begin of the advisory refresh window
	mustAt    time.Time // begin of the mandatory refresh window
	end       time.Time
	rejected  bool
}

// isValid reports whether the value can be used if no refresh succeeds.
func (e *entry) isValid(now time.Time) bool { return !e.rejected && now.Before(e.end) }

// renewedAt returns the entry with another begin of the advisory refresh window, which is
// not after that of the mandatory one.
func (e *entry) renewedAt(t time.Time) *entry {
	later := *e
	later.refreshAt = earlier(t, e.mustAt)
	return &later
}

// refused returns the entry marked as rejected, so that its value is not used.
func (e *entry) refused() *entry { return &entry{value: e.value, end: e.end, rejected: true} }

// schedule returns the entry of a value that ends after ttl.
func schedule(old *entry, value string, ttl time.Duration, now time.Time) *entry {
	ttl = clamp(ttl)
	advisory := min(maxAdvisory, ttl/10)
	floor := min(minInterval, ttl)
	e := &entry{
		value:     value,
		refreshAt: now.Add(max(ttl-advisory, floor)),
		mustAt:    now.Add(max(ttl-min(maxMandatory, advisory/5), floor)),
		end:       now.Add(ttl),
	}
	if old != nil && old.value == value && now.Before(old.mustAt) {
		// The source has no newer value yet: the first end counts, and fetching again
		// soon is of no use.
		e.refreshAt, e.mustAt, e.end = earlier(now.Add(floor), old.end), old.mustAt, old.end
	}
	return e
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func clamp(ttl time.Duration) time.Duration { return min(max(ttl, minTTL), maxTTL) }

// pace limits the refreshes that rejections cause: a source whose values are always
// rejected is called at most twice in five seconds, and once if it returns the same
// value again.
type pace struct {
	replaced [2]time.Time // the last two times that a rejected value was replaced
	reissued time.Time    // when the rejected value was returned again
}

// exhausted reports whether calling the source again is of no use.
func (p *pace) exhausted(now time.Time) bool {
	return now.Sub(p.reissued) < replaceWindow || now.Sub(p.replaced[1]) < replaceWindow
}

// record records the result of a refresh. rejected means that a rejection caused it,
// same that it returned the rejected value again.
func (p *pace) record(rejected, same bool, now time.Time) {
	p.reissued = time.Time{}
	switch {
	case rejected && same:
		p.reissued = now
	case rejected:
		p.replaced = [2]time.Time{now, p.replaced[0]}
	}
}

// failure is the state of refreshes that fail.
type failure struct {
	err    error // of the last refresh that callers waited for
	until  time.Time
	streak int // failed refreshes in a row
	ahead  int // failed refreshes ahead in a row
}

// backoff returns the pause after a number of failures in a row. It doubles from first
// to longest, less a random part of up to a quarter, so that processes spread.
func backoff(streak int, first, longest time.Duration) time.Duration {
	pause := min(first<<min(streak-1, 10), longest)
	return pause - jitter(pause/4)
}

// jitter returns a random duration from 0 to less than limit.
func jitter(limit time.Duration) time.Duration {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return time.Duration(binary.LittleEndian.Uint64(b[:]) % uint64(limit))
}
