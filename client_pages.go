package wechat

import "iter"

// paginate turns a paged list into an iterator. fetch returns the page at cursor and the
// cursor of the next one; more is false on the last page. An empty page ends the
// list too, because the platform counts items that it no longer returns. An error ends
// the iteration.
func paginate[T, C any](cursor C, fetch func(cursor C) (items []T, next C, more bool, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for at := cursor; ; {
			items, next, more, err := fetch(at)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if !more || len(items) == 0 {
				return
			}
			at = next
		}
	}
}

// byOffset turns a list that is paged by offset and has a total into an iterator. The
// next offset is behind the last item received, so a short page loses no item.
func byOffset[T any](list func(offset int) (items []T, total int64, err error)) iter.Seq2[T, error] {
	return paginate(0, func(offset int) ([]T, int, bool, error) {
		items, total, err := list(offset)
		next := offset + len(items)
		return items, next, int64(next) < total, err
	})
}
