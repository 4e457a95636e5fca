package main

import "iter"

// ring keeps the newest values, up to a number and a total size.
type ring[T any] struct {
	most, mostBytes int

	first int64 // ID of the oldest value
	list  []sized[T]
	bytes int
}

type sized[T any] struct {
	value T
	size  int
}

func newRing[T any](most, mostBytes int) *ring[T] {
	return &ring[T]{most: most, mostBytes: mostBytes, first: 1}
}

// add adds a value of a size in bytes and returns its ID, one more than that of the value
// before it. The oldest values make room.
func (r *ring[T]) add(value T, size int) int64 {
	r.list = append(r.list, sized[T]{value, size})
	r.bytes += size
	r.trim()
	return r.last()
}

// trim removes the oldest values while there are too many. The newest stays.
func (r *ring[T]) trim() {
	for len(r.list) > r.most || r.bytes > r.mostBytes && len(r.list) > 1 {
		r.bytes -= r.list[0].size
		r.list[0] = sized[T]{}
		r.list = r.list[1:]
		r.first++
	}
}

// resize records a new size of the value with an ID.
func (r *ring[T]) resize(id int64, size int) {
	if id < r.first || id > r.last() {
		return
	}
	entry := &r.list[id-r.first]
	r.bytes += size - entry.size
	entry.size = size
	r.trim()
}

// last returns the ID of the newest value, or of the one that was there before a ring that
// is empty.
func (r *ring[T]) last() int64 { return r.first + int64(len(r.list)) - 1 }

// get returns the value with an ID.
func (r *ring[T]) get(id int64) (value T, ok bool) {
	if id < r.first || id > r.last() {
		return value, false
	}
	return r.list[id-r.first].value, true
}

// before iterates over the values older than the one with an ID, newest first; 0 means all.
func (r *ring[T]) before(id int64) iter.Seq2[int64, T] {
	if id <= 0 || id > r.last() {
		id = r.last() + 1
	}
	return func(yield func(int64, T) bool) {
		for id := id - 1; id >= r.first; id-- {
			if !yield(id, r.list[id-r.first].value) {
				return
			}
		}
	}
}

// since iterates over the values newer than the one with an ID, oldest first.
func (r *ring[T]) since(id int64) iter.Seq2[int64, T] {
	return func(yield func(int64, T) bool) {
		for id := max(id+1, r.first); id <= r.last(); id++ {
			if !yield(id, r.list[id-r.first].value) {
				return
			}
		}
	}
}

// clear removes all values. IDs continue.
func (r *ring[T]) clear() { r.first, r.list, r.bytes = r.last()+1, nil, 0 }
