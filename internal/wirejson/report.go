package wirejson

import (
	"reflect"
	"strconv"
	"strings"
)

const (
	maxReports = 32
	maxPath    = 256 // in bytes; a path that would be longer begins with …
)

// report adds a value that could not be read. The enclosing values later prepend their
// names to the path, so that paths cost nothing if everything can be read.
func (d *decoder) report(begin int, t reflect.Type) {
	if len(d.skipped) < maxReports {
		d.skipped = append(d.skipped, Skipped{Kind: kindOf(d.data[begin]), Type: t.String()})
	}
}

// inField prepends the name of a field to the paths of the reports from the given one
// on.
func (d *decoder) inField(from int, dotted string) {
	for i := range d.skipped[from:] {
		s := &d.skipped[from+i]
		s.Path, s.Field = prepend(dotted, s.Path), prepend(dotted, s.Field)
	}
}

// inElement does the same for the n-th element of a list, or for a value of a map if n is
// negative. first is the index of the first report of its siblings: a report that
// repeats one of them is dropped.
func (d *decoder) inElement(first, from, n int) {
	each := "[]"
	if n < 0 {
		each = ".*"
	}
	kept := d.skipped[:from]
	for _, s := range d.skipped[from:] {
		s.Field = prepend(each, s.Field)
		if reported(kept[first:], s) {
			continue
		}
		index := each
		if n >= 0 {
			index = "[" + strconv.Itoa(n) + "]"
		}
		s.Path = prepend(index, s.Path)
		kept = append(kept, s)
	}
	d.skipped = kept
}

func reported(by []Skipped, s Skipped) bool {
	for _, sibling := range by {
		if sibling.Field == s.Field {
			return true
		}
	}
	return false
}

func prepend(name, path string) string {
	switch {
	case strings.HasPrefix(path, "…"):
		return path
	case len(name)+len(path) > maxPath:
		return "…" + path
	}
	return name + path
}

// reports returns the fields that could not be read.
func (d *decoder) reports() []Skipped {
	for i := range d.skipped {
		s := &d.skipped[i]
		s.Path, s.Field = strings.TrimPrefix(s.Path, "."), strings.TrimPrefix(s.Field, ".")
	}
	return d.skipped
}
