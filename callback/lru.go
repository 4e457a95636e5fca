package callback

import (
	ordered "container/list"
	"sync"
	"time"
)

// lru keeps values for a time, the most recent ones where there are too many.
type lru[V any] struct {
	mu      sync.Mutex
	max     int
	order   *ordered.List // of *entry[V], the newest in front
	entries map[string]*ordered.Element
}

type entry[V any] struct {
	key   string
	value V
	ends  time.Time // zero: never
}

func newLRU[V any](limit int) *lru[V] {
	return &lru[V]{max: limit, order: ordered.New(), entries: map[string]*ordered.Element{}}
}

// update offers the value of a key to change, the zero value where there is none
// or its time is over, and replaces it where change says so.
func (l *lru[V]) update(key string, now time.Time, ttl time.Duration, change func(old V, found bool) (value V, replace bool)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	element, found := l.live(key, now)
	var old V
	if found {
		old = of[V](element).value
	}
	value, replace := change(old, found)
	if !replace {
		return
	}
	e := &entry[V]{key: key, value: value}
	if ttl > 0 {
		e.ends = now.Add(ttl)
	}
	if found {
		element.Value = e
		l.order.MoveToFront(element)
		return
	}
	l.entries[key] = l.order.PushFront(e)
	l.shrink(now)
}

// get returns the value of a key.
func (l *lru[V]) get(key string, now time.Time) (value V, found bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	element, found := l.live(key, now)
	if found {
		value = of[V](element).value
	}
	return value, found
}

// drop removes a key where its value is one that which accepts.
func (l *lru[V]) drop(key string, now time.Time, which func(V) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if element, found := l.live(key, now); found && which(of[V](element).value) {
		l.remove(element)
	}
}

// each visits all values. It holds the lock: visit must not come back.
func (l *lru[V]) each(now time.Time, visit func(key string, value V)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, element := range l.entries {
		if e := of[V](element); !l.over(e, now) {
			visit(key, e.value)
		}
	}
}

// live finds a key, and removes it where its time is over.
func (l *lru[V]) live(key string, now time.Time) (*ordered.Element, bool) {
	element, found := l.entries[key]
	if found && l.over(of[V](element), now) {
		l.remove(element)
		return nil, false
	}
	return element, found
}

func (l *lru[V]) over(e *entry[V], now time.Time) bool {
	return !e.ends.IsZero() && !now.Before(e.ends)
}

// shrink drops the oldest: all whose time is over, and what is too many.
func (l *lru[V]) shrink(now time.Time) {
	for element := l.order.Back(); element != nil; element = l.order.Back() {
		if l.order.Len() <= l.max && !l.over(of[V](element), now) {
			return
		}
		l.remove(element)
	}
}

func (l *lru[V]) remove(element *ordered.Element) {
	delete(l.entries, of[V](element).key)
	l.order.Remove(element)
}

func of[V any](element *ordered.Element) *entry[V] {
	return element.Value.(*entry[V]) //nolint:forcetypeassert // the list holds nothing else
}
