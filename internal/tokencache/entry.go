package tokencache

import (
	"crypto/rand"
	"encoding/binary"
	"time"
)

const (
	minTTL = 10 * time.Second // the shortest TTL that is believed
	maxTTL = 2 * time.Hour    // the longest

	maxAdvisory  = 5 * time.Minute  // a value is refreshed this long before its end
	maxMandatory = 30 * time.Second // and is not used without a refresh this long before it
	minInterval  = 30 * time.Second // between refreshes that bring the same value

	pauseAhead    = 15 * time.Second // after the first failed refresh ahead; doubles once
	pauseFirst    = time.Second      // after the first other failed refresh; doubles
	pauseMost     = 5 * time.Second  // the longest, if a fetch harms nobody
	pauseMostExcl = 30 * time.Second // the longest for an exclusive value

	replaceWindow = 5 * time.Second // see pace
)

// entry is a value with its periods. It is never modified.
type entry struct {
	value     string
	refreshAt time.Time // the advisory period begins
	mustAt    time.Time // the mandatory period begins
	end       time.Time
	rejected  bool
}

// works reports whether the value can be used when no refresh succeeds.
func (e *entry) works(now time.Time) bool { return !e.rejected && now.Before(e.end) }

// renewedAt returns the entry with another begin of the advisory period.
func (e *entry) renewedAt(t time.Time) *entry {
	later := *e
	later.refreshAt = t
	return &later
}

// refused returns the entry without a period in which its value is used.
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
		// The source has no newer one yet: the first end that it named counts, and
		// asking again soon is useless.
		e.refreshAt, e.mustAt, e.end = now.Add(floor), old.mustAt, old.end
	}
	return e
}

func clamp(ttl time.Duration) time.Duration { return min(max(ttl, minTTL), maxTTL) }

// pace bounds the refreshes that rejections cause: a source whose values are always
// rejected is asked twice in five seconds at most, and once if it returns the same
// value again.
type pace struct {
	replaced [2]time.Time // the last two times that another value took the place of a rejected one
	reissued time.Time    // when the current value was returned though it was rejected
}

// exhausted reports whether asking the source again is useless.
func (p *pace) exhausted(now time.Time) bool {
	return now.Sub(p.reissued) < replaceWindow || now.Sub(p.replaced[1]) < replaceWindow
}

// record notes what a refresh brought: rejected says that a rejection caused it, same
// that it brought the rejected value again.
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

// backoff returns the pause after a number of failures in a row: it doubles from
// first up to most, less up to a quarter, so that processes do not march in step.
func backoff(streak int, first, most time.Duration) time.Duration {
	pause := min(first<<min(streak-1, 10), most)
	return pause - jitter(pause/4)
}

// jitter draws a duration from 0 up to limit, exclusive.
func jitter(limit time.Duration) time.Duration {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return time.Duration(binary.LittleEndian.Uint64(b[:]) % uint64(limit))
}
