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
