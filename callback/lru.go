package callback

import (
	"sync"
	"time"
)

// lru keeps values for a limited time, up to a maximum number and a maximum total size. It
// evicts the value that was set least recently.
type lru[K comparable, V any] struct {
	limits limits[V]

	mu      sync.Mutex
	entries map[K]*entry[K, V]
	root    entry[K, V] // of a ring: root.next is the newest entry, root.prev the oldest
	bytes   int
	sweeper *time.Timer // removes expired values while there are no calls; nil if no value can expire
}

// limits are the limits of an lru.
type limits[V any] struct {
	entries int
	bytes   int          // ignored if size is nil
	size    func(V) int  // in bytes; nil if the size does not matter
	pinned  func(V) bool // values that neither expire nor are evicted; nil for none
}

type entry[K comparable, V any] struct {
	key        K
	value      V
	ends       time.Time // zero if it does not expire
	prev, next *entry[K, V]
}

func newLRU[K comparable, V any](l limits[V]) *lru[K, V] {
	c := &lru[K, V]{limits: l, entries: map[K]*entry[K, V]{}}
	c.root.prev, c.root.next = &c.root, &c.root
	return c
}

// update passes the value of a key to change, or the zero value if there is none or it has
// expired. If change returns true, its value replaces the old one and is kept for at least
// ttl, or without a time limit if ttl is 0. update returns the entry of the key, or nil if
// there is none.
func (l *lru[K, V]) update(key K, now time.Time, ttl time.Duration, change func(old V, found bool) (value V, replace bool)) *entry[K, V] {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.live(key, now)
	var old V
	if e != nil {
		old = e.value
	}
	value, replace := change(old, e != nil)
	if !replace {
		return e
	}
	if e == nil {
		e = &entry[K, V]{key: key}
		l.entries[key] = e
	} else {
		l.bytes -= l.size(e)
		e.unlink()
	}
	l.put(e, value, now, ttl)
	return e
}

// updateEntry is update for an entry that update returned, without looking the key up again.
// It does nothing if the entry has been removed.
func (l *lru[K, V]) updateEntry(e *entry[K, V], now time.Time, ttl time.Duration, change func(old V) (value V, replace bool)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.next == nil {
		return
	}
	value, replace := change(e.value)
	if !replace {
		return
	}
	l.bytes -= l.size(e)
	e.unlink()
	l.put(e, value, now, ttl)
}

// put sets the value of an entry that is in no ring, and makes it the newest.
func (l *lru[K, V]) put(e *entry[K, V], value V, now time.Time, ttl time.Duration) {
	e.value = value
	if ends := now.Add(ttl); ttl == 0 {
		e.ends = time.Time{}
	} else if ends.After(e.ends) {
		e.ends = ends
	}
	l.bytes += l.size(e)
	l.pushFront(e)
	l.shrink(now)
	l.arm(now)
}

// set sets the value of a key.
func (l *lru[K, V]) set(key K, value V, now time.Time, ttl time.Duration) {
	l.update(key, now, ttl, func(V, bool) (V, bool) { return value, true })
}

// get returns the value of a key.
func (l *lru[K, V]) get(key K, now time.Time) (value V, found bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.live(key, now); e != nil {
		return e.value, true
	}
	return value, false
}

// drop removes a key.
func (l *lru[K, V]) drop(key K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.entries[key]; e != nil {
		l.remove(e)
	}
}

// each visits all values. It holds the lock, so visit must not use the lru.
func (l *lru[K, V]) each(now time.Time, visit func(key K, value V)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, e := range l.entries {
		if !l.ended(e, now) {
			visit(key, e.value)
		}
	}
}

// live returns the entry of a key. It removes an entry that has expired.
func (l *lru[K, V]) live(key K, now time.Time) *entry[K, V] {
	e := l.entries[key]
	if e != nil && l.ended(e, now) {
		l.remove(e)
		return nil
	}
	return e
}

func (l *lru[K, V]) ended(e *entry[K, V], now time.Time) bool {
	return !e.ends.IsZero() && !now.Before(e.ends) && !l.pinned(e)
}

func (l *lru[K, V]) pinned(e *entry[K, V]) bool {
	return l.limits.pinned != nil && l.limits.pinned(e.value)
}

func (l *lru[K, V]) size(e *entry[K, V]) int {
	if l.limits.size == nil {
		return 0
	}
	return l.limits.size(e.value)
}

func (l *lru[K, V]) tooMany() bool {
	return len(l.entries) > l.limits.entries || l.bytes > l.limits.bytes
}

// shrink removes the oldest values while they have expired or a limit is exceeded. Pinned
// values are moved to the front instead.
func (l *lru[K, V]) shrink(now time.Time) {
	for range len(l.entries) {
		switch e := l.root.prev; {
		case !l.tooMany() && !l.ended(e, now):
			return
		case l.pinned(e):
			e.unlink()
			l.pushFront(e)
		default:
			l.remove(e)
		}
	}
}

// arm makes sure that expired values are removed even if there are no more calls.
func (l *lru[K, V]) arm(now time.Time) {
	if oldest := l.root.prev; l.sweeper == nil && !oldest.ends.IsZero() {
		l.sweeper = time.AfterFunc(max(oldest.ends.Sub(now), time.Second), l.sweep)
	}
}

func (l *lru[K, V]) sweep() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.sweeper = nil
	l.shrink(now)
	l.arm(now)
}

func (l *lru[K, V]) remove(e *entry[K, V]) {
	delete(l.entries, e.key)
	l.bytes -= l.size(e)
	e.unlink()
}

func (l *lru[K, V]) pushFront(e *entry[K, V]) {
	e.prev, e.next = &l.root, l.root.next
	e.prev.next, e.next.prev = e, e
}

func (e *entry[K, V]) unlink() {
	e.prev.next, e.next.prev = e.next, e.prev
	e.prev, e.next = nil, nil
}
