package callback

import (
	"sync"
	"time"
)

// lru keeps values for a time, within bounds of their number and of their bytes.
// The value that was replaced least recently goes first.
type lru[K comparable, V any] struct {
	limits limits[V]

	mu      sync.Mutex
	entries map[K]*entry[K, V]
	root    entry[K, V] // of a ring: root.next is the newest, root.prev the oldest
	bytes   int
	sweeper *time.Timer // drops what ended while nobody came; nil while nothing can end
}

// limits bound an lru.
type limits[V any] struct {
	entries int
	bytes   int          // if there is a size
	size    func(V) int  // in bytes; nil for values that take none
	pinned  func(V) bool // values that neither end nor are too many; nil for none
}

type entry[K comparable, V any] struct {
	key        K
	value      V
	ends       time.Time // zero: never
	prev, next *entry[K, V]
}

func newLRU[K comparable, V any](l limits[V]) *lru[K, V] {
	c := &lru[K, V]{limits: l, entries: map[K]*entry[K, V]{}}
	c.root.prev, c.root.next = &c.root, &c.root
	return c
}

// update offers the value of a key for a change, the zero value if there is none or
// it has ended. If change says so, its value replaces the old one, and the key stays
// for ttl at least, or for good if ttl is 0.
func (l *lru[K, V]) update(key K, now time.Time, ttl time.Duration, change func(old V, found bool) (value V, replace bool)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.live(key, now)
	var old V
	if e != nil {
		old = e.value
	}
	value, replace := change(old, e != nil)
	if !replace {
		return
	}
	if e == nil {
		e = &entry[K, V]{key: key}
		l.entries[key] = e
	} else {
		l.bytes -= l.size(e)
		e.unlink()
	}
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

// set keeps a value.
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

// each visits all values. It holds the lock: visit must not use the lru.
func (l *lru[K, V]) each(now time.Time, visit func(key K, value V)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, e := range l.entries {
		if !l.ended(e, now) {
			visit(key, e.value)
		}
	}
}

// live finds a key, and removes it if it has ended.
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

// shrink drops the oldest values: all that have ended, and those that are too many.
// What is pinned becomes the newest instead.
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

// arm makes sure that values end when nobody comes any more.
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
