package wechat

import "iter"

// paginate turns a paged list into an iterator. fetch reads the page at cursor and
// says where the next one begins; more is false on the last page. A page that
// is empty ends the list too, whatever it claims: the platform counts items that
// it no longer shows. An error ends the iteration.
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

// byOffset turns a list that is paged by offset and knows its total into an
// iterator. It goes on behind what came, so a short page costs no item.
func byOffset[T any](list func(offset int) (items []T, total int64, err error)) iter.Seq2[T, error] {
	return paginate(0, func(offset int) ([]T, int, bool, error) {
		items, total, err := list(offset)
		next := offset + len(items)
		return items, next, int64(next) < total, err
	})
}
