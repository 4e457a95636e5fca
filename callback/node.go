package callback

import (
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
)

// node is an element of a push: a name with either text or child elements. Pushes in XML
// and in JSON are parsed into the same tree.
type node struct {
	name    string
	letters letters // of the name
	text    string
	kids    []node
}

// letters is the sum of the letters of a name, without case and underscores. Names that are
// the same, as compared by [sameName], have the same sum, and few others have.
type letters uint32

func lettersOf(name string) (sum letters) {
	for i := range len(name) {
		sum += letterOf[name[i]]
	}
	return sum
}

var letterOf = func() (table [256]letters) {
	for b := range table {
		if b != '_' {
			table[b] = letters(lower(byte(b)))
		}
	}
	return table
}()

// name is the name that an element is looked up by.
type name struct {
	text    string
	letters letters
}

func nameOf(text string) name { return name{text, lettersOf(text)} }

// trees are the roots of trees that were read into pushes. Those have the texts, but no nodes.
var trees = sync.Pool{New: func() any { return &node{kids: make([]node, 0, 16)} }}

// free lets another push use the memory of a tree.
func (n *node) free() {
	if cap(n.kids) <= 64 {
		clear(n.kids) // which refer to the document
		*n = node{kids: n.kids[:0]}
		trees.Put(n)
	}
}

const (
	maxDepth = 16
	maxNodes = 10_000
)

var none = &node{}

// get returns the child element with the first of the names that exists, or an empty
// element. It prefers an exact match of that name to a match by [sameName].
func (n *node) get(names ...name) *node {
	for _, name := range names {
		var similar *node
		for i := range n.kids {
			switch k := &n.kids[i]; {
			case k.letters != name.letters:
			case k.name == name.text:
				return k
			case similar == nil && sameName(k.name, name.text):
				similar = k
			}
		}
		if similar != nil {
			return similar
		}
	}
	return none
}

// sameName reports whether two element names are equal, ignoring case and underscores.
// The platform and its samples spell the same name in several ways, such as MsgId and
// MsgID, or poi_id and poiid.
func sameName(a, b string) bool { return a != "" && b != "" && (a == b || sameLetters(a, b)) }

func sameLetters(a, b string) bool {
	i, j := 0, 0
	for {
		for i < len(a) && a[i] == '_' {
			i++
		}
		for j < len(b) && b[j] == '_' {
			j++
		}
		if i == len(a) || j == len(b) {
			return i == len(a) && j == len(b)
		}
		if lower(a[i]) != lower(b[j]) {
			return false
		}
		i, j = i+1, j+1
	}
}

func lower(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b | 0x20
	}
	return b
}

// count returns how many child elements have this name.
func (n *node) count(name string) int {
	c := 0
	for i := range n.kids {
		if sameName(n.kids[i].name, name) {
			c++
		}
	}
	return c
}

// The elements that pushes of all types may have.
var (
	toUserName   = nameOf("ToUserName")
	fromUserName = nameOf("FromUserName")
	createTime   = nameOf("CreateTime")
	msgType      = nameOf("MsgType")
	event        = nameOf("Event")
	msgID        = nameOf("MsgId")
	businessID   = nameOf("BusinessId")
	encrypt      = nameOf(encryptElement)
)

// decisive lists the elements that determine what a push is and who sent it.
var decisive = [...]name{toUserName, fromUserName, createTime, msgType, event, msgID}

// ambiguous returns a decisive name that more than one element has, if there is one. Two
// parsers could read two different values.
func (n *node) ambiguous() (name string, found bool) {
	var seen [len(decisive)]bool
	for i := range n.kids {
		kid := &n.kids[i]
		for j := range decisive {
			if kid.letters != decisive[j].letters || !sameName(kid.name, decisive[j].text) {
				continue
			}
			if seen[j] {
				return decisive[j].text, true
			}
			seen[j] = true
		}
	}
	return "", false
}

func (n *node) has(name string) bool { return n.get(nameOf(name)) != none }

// number parses an integer. It returns 0 if the text is malformed, because the rest of the
// push must not be lost. An unsigned 64-bit ID keeps its bits.
func number(text string) int64 {
	if text == "" {
		return 0
	}
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i // as nearly always
	}
	text = strings.TrimSpace(text)
	if whole, fraction, found := strings.Cut(text, "."); found && strings.Trim(fraction, "0") == "" {
		text = whole // a float64 would lose the last digits of an ID
	}
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i
	}
	if u, err := strconv.ParseUint(text, 10, 64); err == nil {
		return int64(u) // with the same bits
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && math.Abs(f) < 1<<63 {
		return int64(f)
	}
	return 0
}

// decimal parses a decimal number. It returns 0 if the text is malformed.
func decimal(text string) float64 {
	f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// flag parses a boolean, which the platform sends as 0 and 1, or as true and false. All
// other values are false.
func flag(text string) bool {
	text = strings.TrimSpace(text)
	return strings.EqualFold(text, "true") || number(text) == 1
}

// moment parses a Unix time in seconds. It returns the zero time if the value makes no sense.
func moment(text string) time.Time {
	sec := number(text)
	if sec <= 0 || sec > maxSeconds {
		return time.Time{}
	}
	return time.Unix(sec, 0)
}

const maxSeconds = math.MaxInt32 * 100 // a later Unix time makes no sense

// each calls visit for every entry of a list. The platform writes lists in three ways:
// <name><item/><item/></name>, <name/><name/>, and as a JSON array.
func (n *node) each(name, item string, visit func(*node)) {
	for i := range n.kids {
		k := &n.kids[i]
		if !sameName(k.name, name) {
			continue
		}
		if item == "" || !k.has(item) {
			if item == "" || len(k.kids) > 0 {
				visit(k)
			}
			continue
		}
		for j := range k.kids {
			if sameName(k.kids[j].name, item) {
				visit(&k.kids[j])
			}
		}
	}
}

// wrapper returns the child element with the first of the names that exists, or n itself,
// because in JSON the platform omits some wrappers.
func (n *node) wrapper(names []name) *node {
	if k := n.get(names...); k != none {
		return k
	}
	return n
}
