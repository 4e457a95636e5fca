package wirejson

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// maxDepth is how deep objects and lists may nest, as in encoding/json.
const maxDepth = 10000

// decoder is a document on its way into Go values. Methods that read return false,
// or broken, after they have set err.
type decoder struct {
	data  []byte
	begin int // of the document, behind white space
	at    int // of what comes next
	depth int // of the object or list that is open

	scratch []byte // the text of the last string that was not plain
	damaged bool   // what was read since this was cleared needs repair before it is JSON

	mark   mark // of the member whose value is being read
	markAt int  // where that value begins
	noted  [marks]span

	skipped []Skipped // paths are those inside the value that is being read
	cause   error     // why the last Unmarshaler refused its piece
	err     error
}

// maxScratch is the longest raw string that is resolved in one piece.
const maxScratch = 16 << 10

var decoders = sync.Pool{New: func() any { return new(decoder) }}

func newDecoder(data []byte) *decoder {
	d, _ := decoders.Get().(*decoder)
	d.data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	for d.begin < len(d.data) && isSpace(d.data[d.begin]) {
		d.begin++
	}
	d.at = d.begin
	return d
}

func (d *decoder) release() {
	scratch := d.scratch[:0]
	*d = decoder{scratch: scratch}
	decoders.Put(d)
}

// fail ends the reading because of what comes next.
func (d *decoder) fail(problem string) outcome {
	if d.at >= len(d.data) {
		d.err = &SyntaxError{Offset: int64(len(d.data)), problem: "the document ends too early", early: true}
	} else {
		d.err = &SyntaxError{Offset: int64(d.at), problem: problem}
	}
	return broken
}

func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\r' || b == '\t' }

// peek moves to the next token and returns its first byte, 0 at the end. Between
// tokens control bytes are white space.
func (d *decoder) peek() byte {
	for d.at < len(d.data) {
		b := d.data[d.at]
		if b > ' ' {
			return b
		}
		if !isSpace(b) {
			d.damaged = true
		}
		d.at++
	}
	return 0
}

// has reports whether word comes next.
func (d *decoder) has(word string) bool {
	return len(d.data)-d.at >= len(word) && string(d.data[d.at:d.at+len(word)]) == word
}

// open enters the object or list that comes next.
func (d *decoder) open() bool {
	if d.depth == maxDepth {
		d.fail("objects or lists nested too deep")
		return false
	}
	d.depth++
	d.at++
	return true
}

// next moves to the n-th element of the list that is open, or the n-th member of the
// object, and reports whether there is one. If not, the list or object is left.
func (d *decoder) next(n int, end byte) bool {
	if d.mark != unmarked && d.depth == 1 {
		d.note()
	}
	b := d.peek()
	switch {
	case b == end:
		d.depth--
		d.at++
		return false
	case n > 0:
		if b != ',' {
			d.fail("no comma and no end")
			return false
		}
		d.at++
		b = d.peek()
	}
	if end == '}' && b != '"' {
		d.fail("no name of a member")
		return false
	}
	return true
}

// left is what a value returns whose elements or members have been read.
func (d *decoder) left() outcome {
	if d.err != nil {
		return broken
	}
	return read
}

// key reads the name of a member.
func (d *decoder) key() (raw []byte, s style, ok bool) {
	raw, s, ok = d.rawString()
	if !ok || !d.colon() {
		return nil, 0, false
	}
	if d.depth == 1 {
		d.mark, d.markAt = markOf(d.text(raw, s)), d.at
	}
	return raw, s, true
}

func (d *decoder) colon() bool {
	if d.peek() != ':' {
		d.fail("no colon")
		return false
	}
	d.at++
	d.peek()
	return true
}

// style says what a string holds besides printable ASCII.
type style uint8

const (
	wide    style = 1 << iota // bytes that must be UTF-8
	escaped                   // escapes
)

// rawString reads a string and returns what is between its quotes.
func (d *decoder) rawString() (raw []byte, s style, ok bool) {
	d.at++
	begin := d.at
	b := d.data
	i := begin
	for {
		for i+8 <= len(b) {
			word := binary.LittleEndian.Uint64(b[i:])
			if odd := oddBytes(word); odd != 0 {
				n := bits.TrailingZeros64(odd) &^ 7
				if word&highBits&(1<<n-1) != 0 {
					s |= wide
				}
				i += n / 8
				break
			}
			if word&highBits != 0 {
				s |= wide
			}
			i += 8
		}
		for i < len(b) && b[i] >= ' ' && b[i] != '"' && b[i] != '\\' {
			if b[i] >= utf8.RuneSelf {
				s |= wide
			}
			i++
		}
		if i == len(b) {
			d.at = i
			d.fail("")
			return nil, 0, false
		}
		switch b[i] {
		case '"':
			d.at = i + 1
			return b[begin:i], s, true
		case '\\':
			s |= escaped
			if n := escapeLen(b[i:]); n > 0 {
				i += n
				continue
			}
		}
		d.damaged = true
		i++
	}
}

const (
	lowBits  = 0x0101010101010101
	highBits = 0x80 * lowBits
)

// oddBytes returns a word whose lowest bit that is set belongs to the first byte of
// word that is a quote, a backslash, or a control byte.
func oddBytes(word uint64) uint64 {
	quote := word ^ '"'*lowBits
	backslash := word ^ '\\'*lowBits
	return ((word-' '*lowBits)&^word | (quote-lowBits)&^quote | (backslash-lowBits)&^backslash) & highBits
}

// text returns what a raw string stands for. It is good until the next string is
// read. What is longer than any name and any number stays raw.
func (d *decoder) text(raw []byte, s style) []byte {
	if s == 0 || s == wide && utf8.Valid(raw) || len(raw) > maxScratch {
		return raw
	}
	d.scratch, _ = appendText(slices.Grow(d.scratch[:0], 3*len(raw)+utf8.UTFMax), raw)
	return d.scratch
}

// makeString returns what a raw string stands for.
func (d *decoder) makeString(raw []byte, s style) string {
	if len(raw) <= maxScratch || s == 0 || s == wide && utf8.Valid(raw) {
		return string(d.text(raw, s))
	}
	size := 0
	d.eachText(raw, func(piece []byte) { size += len(piece) })
	var out strings.Builder // what is large is in memory once
	out.Grow(size)
	d.eachText(raw, func(piece []byte) { out.Write(piece) })
	return out.String()
}

// eachText calls yield with what a large raw string stands for, piece by piece.
func (d *decoder) eachText(raw []byte, yield func([]byte)) {
	d.scratch = slices.Grow(d.scratch[:0], maxScratch)
	for len(raw) > 0 {
		piece, used := appendText(d.scratch[:0], raw)
		yield(piece)
		raw = raw[used:]
	}
}

// appendText appends what a raw string stands for, as long as there is room for it,
// and returns how much of raw that was. Escapes are resolved, broken UTF-8 becomes
// U+FFFD, everything else stands for itself.
func appendText(out, raw []byte) (text []byte, used int) {
	i := 0
	for i < len(raw) && len(out)+utf8.UTFMax <= cap(out) {
		b := raw[i]
		switch {
		case b == '\\':
			n := escapeLen(raw[i:])
			switch n {
			case 0:
				out = append(out, b)
				n = 1
			case 2:
				out = append(out, unescaped(raw[i+1]))
			default:
				var r rune
				r, n = escapedRune(raw[i:])
				out = utf8.AppendRune(out, r)
			}
			i += n
		case b < utf8.RuneSelf:
			out = append(out, b)
			i++
		default:
			r, n := utf8.DecodeRune(raw[i:])
			out = utf8.AppendRune(out, r)
			i += n
		}
	}
	return out, i
}

func unescaped(letter byte) byte {
	switch letter {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return letter
}

// number reads a number.
func (d *decoder) number() ([]byte, bool) {
	begin := d.at
	if d.data[d.at] == '-' {
		d.at++
	}
	if d.at < len(d.data) && d.data[d.at] == '0' {
		d.at++
	} else if !d.digits() {
		return nil, false
	}
	if d.at < len(d.data) && d.data[d.at] == '.' {
		d.at++
		if !d.digits() {
			return nil, false
		}
	}
	if d.at < len(d.data) && d.data[d.at]|0x20 == 'e' {
		d.at++
		if d.at < len(d.data) && (d.data[d.at] == '+' || d.data[d.at] == '-') {
			d.at++
		}
		if !d.digits() {
			return nil, false
		}
	}
	return d.data[begin:d.at], true
}

// digits reads one digit or more.
func (d *decoder) digits() bool {
	begin := d.at
	for d.at < len(d.data) && isDigit(d.data[d.at]) {
		d.at++
	}
	if d.at == begin {
		d.fail("no value")
	}
	return d.at > begin
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// literal reads true, false, or null.
func (d *decoder) literal(word string) bool {
	if d.has(word) {
		d.at += len(word)
		return true
	}
	rest, n := d.data[d.at:], 0
	for n < len(rest) && rest[n] == word[n] {
		n++
	}
	d.at += n
	d.fail("no value")
	return false
}

// skip reads a value that nobody wants.
func (d *decoder) skip() bool {
	var ok bool
	switch d.peek() {
	case '"':
		_, _, ok = d.rawString()
		return ok
	case '{', '[':
		return d.skipInside()
	case 't':
		return d.literal("true")
	case 'f':
		return d.literal("false")
	case 'n':
		return d.literal("null")
	}
	if d.at == len(d.data) {
		d.fail("")
		return false
	}
	_, ok = d.number()
	return ok
}

// skipInside reads an object or a list that nobody wants.
func (d *decoder) skipInside() bool {
	end := d.data[d.at] + 2 // } is 2 behind {, and ] behind [
	if !d.open() {
		return false
	}
	for n := 0; d.next(n, end); n++ {
		if end == '}' && !d.skipKey() || !d.skip() {
			return false
		}
	}
	return d.err == nil
}

func (d *decoder) skipKey() bool {
	if d.depth == 1 {
		_, _, ok := d.key()
		return ok
	}
	_, _, ok := d.rawString()
	return ok && d.colon()
}
