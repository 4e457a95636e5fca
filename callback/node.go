package callback

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// node is an element of a push: a name with a text, or with elements in it. Pushes
// in XML and in JSON become the same tree.
type node struct {
	name string
	text string
	kids []node
}

// errMalformed is the one error of both parsers: a push that is no document of the
// platform's kind.
var errMalformed = errors.New("malformed document")

const (
	maxDepth = 16
	maxNodes = 10_000
)

var none = &node{}

// get returns the first element with this name, or an empty one. The platform does
// not spell names alike everywhere, MsgId and MsgID mean the same.
func (n *node) get(name string) *node {
	for i := range n.kids {
		if k := &n.kids[i]; len(k.name) == len(name) && (k.name == name || sameLetters(k.name, name)) {
			return k
		}
	}
	return none
}

// sameLetters is strings.EqualFold for names of one length, most of which differ in
// their first letter.
func sameLetters(a, b string) bool { return a[0]|0x20 == b[0]|0x20 && strings.EqualFold(a, b) }

// count returns how many elements have this name.
func (n *node) count(name string) int {
	c := 0
	for i := range n.kids {
		if k := &n.kids[i]; len(k.name) == len(name) && (k.name == name || sameLetters(k.name, name)) {
			c++
		}
	}
	return c
}

func (n *node) has(name string) bool { return n.get(name) != none }

func (n *node) string(name string) string { return n.get(name).text }

// int returns a whole number, 0 where the element is missing or malformed: the
// rest of a push must not be lost for it.
func (n *node) int(name string) int64 { return number(n.get(name).text) }

func number(text string) int64 {
	if text = strings.TrimSpace(text); text == "" {
		return 0
	}
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && math.Abs(f) < 1<<63 {
		return int64(f)
	}
	return 0
}

func (n *node) float(name string) float64 {
	f, err := strconv.ParseFloat(strings.TrimSpace(n.get(name).text), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// bool returns a flag that is sent as 0 and 1, or as true and false.
func (n *node) bool(name string) bool {
	text := strings.TrimSpace(n.get(name).text)
	return strings.EqualFold(text, "true") || number(text) != 0
}

// time returns a moment that is sent in seconds since 1970.
func (n *node) time(name string) time.Time {
	sec := n.int(name)
	if sec <= 0 || sec > math.MaxInt32*100 {
		return time.Time{}
	}
	return time.Unix(sec, 0)
}

// each calls visit for every element of a list, which the platform writes in three
// ways: <name><item/><item/></name>, <name/><name/>, and as a JSON array.
func (n *node) each(name, item string, visit func(*node)) {
	for i := range n.kids {
		k := &n.kids[i]
		if !strings.EqualFold(k.name, name) {
			continue
		}
		if item == "" || !k.has(item) {
			if item == "" || len(k.kids) > 0 {
				visit(k)
			}
			continue
		}
		for j := range k.kids {
			if strings.EqualFold(k.kids[j].name, item) {
				visit(&k.kids[j])
			}
		}
	}
}

// list reads a repeated element into values.
func list[T any](n *node, name, item string, read func(*node) T) []T {
	var values []T
	n.each(name, item, func(k *node) { values = append(values, read(k)) })
	return values
}

// wrapper returns the first of the elements that is there, or n itself: in JSON the
// platform leaves some wrappers out.
func (n *node) wrapper(names ...string) *node {
	for _, name := range names {
		if k := n.get(name); k != none {
			return k
		}
	}
	return n
}
