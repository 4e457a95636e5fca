package tokencache

import "slices"

// maxRejections bounds how many rejected values are remembered.
const maxRejections = 32

// rejections are the values that were rejected, the latest last.
type rejections []rejection

type rejection struct {
	value string
	since uint64 // the first refresh that knows of it
}

// add records a value, if it is not there yet, and returns since which refresh it
// is known.
func (l *rejections) add(value string, since uint64) uint64 {
	if known := l.since(value); known > 0 {
		return known
	}
	if len(*l) == maxRejections {
		*l = slices.Delete(*l, 0, 1)
	}
	*l = append(*l, rejection{value, since})
	return since
}

// since returns since which refresh a value is known as rejected; 0 if it is not.
func (l *rejections) since(value string) uint64 {
	for _, r := range *l {
		if r.value == value {
			return r.since
		}
	}
	return 0
}

// remove forgets a value.
func (l *rejections) remove(value string) {
	*l = slices.DeleteFunc(*l, func(r rejection) bool { return r.value == value })
}
