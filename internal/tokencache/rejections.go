package tokencache

import "slices"

// maxRejections is the maximum number of rejected values that are kept.
const maxRejections = 32

// rejections are the values that were rejected.
type rejections struct {
	made uint64      // so far
	list []rejection // the latest last
}

type rejection struct {
	value  string
	number uint64
}

// add records a value, if it is not there yet.
func (l *rejections) add(value string) {
	if l.number(value) > 0 {
		return
	}
	if len(l.list) == maxRejections {
		l.list = slices.Delete(l.list, 0, 1)
	}
	l.made++
	l.list = append(l.list, rejection{value, l.made})
}

// number returns the number of the rejection of a value, from 1, or 0 if the value was
// not rejected.
func (l *rejections) number(value string) uint64 {
	for _, r := range l.list {
		if r.value == value {
			return r.number
		}
	}
	return 0
}

// remove removes a value.
func (l *rejections) remove(value string) {
	l.list = slices.DeleteFunc(l.list, func(r rejection) bool { return r.value == value })
}
