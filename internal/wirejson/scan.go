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

// maxDepth is the maximum nesting of objects and lists, as in encoding/json.
const maxDepth = 10000

// decoder decodes a document into Go values. Methods that read set err and return false
// or broken if the document is not JSON.
type decoder struct {
	data  []byte
	begin int // of the document, after white space
	at    int // of the next token
	depth int // of the open object or list

	scratch []byte // text of the last string with escapes
	damaged bool   // what was read since this was cleared needs repair to be JSON

	mark   mark // of the member whose value is being read
	markAt int  // begin of that value
	noted  [marks]span

	skipped []Skipped // paths are relative to the value that is being read
	cause   error     // why the last Unmarshaler refused its piece
	err     error
}

// maxScratch is the maximum length of a raw string that is decoded in one piece.
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

// fail ends the decoding with an error at the next token.
func (d *decoder) fail(problem string) outcome {
	if d.at >= len(d.data) {
		d.err = &SyntaxError{Offset: int64(len(d.data)), problem: "the document is incomplete", early: true}
	} else {
		d.err = &SyntaxError{Offset: int64(d.at), problem: problem}
	}
	return broken
}

func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\r' || b == '\t' }

// peek moves to the next token and returns its first byte, or 0 at the end. Control bytes
// between tokens are white space.
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

// has reports whether word is next.
func (d *decoder) has(word string) bool {
	return len(d.data)-d.at >= len(word) && string(d.data[d.at:d.at+len(word)]) == word
}

// open enters the next object or list.
func (d *decoder) open() bool {
	if d.depth == maxDepth {
		d.fail("objects or lists are nested too deeply")
		return false
	}
	d.depth++
	d.at++
	return true
}

// next moves to the n-th element of the open list, or the n-th member of the open object,
// and reports whether there is one. If not, it leaves the list or object.
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
			d.fail("missing comma or end")
			return false
		}
		d.at++
		b = d.peek()
	}
	if end == '}' && b != '"' {
		d.fail("missing name of a member")
		return false
	}
	return true
}

// left returns the outcome of a value whose elements or members have been read.
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
		d.fail("missing colon")
		return false
	}
	d.at++
	d.peek()
	return true
}

// style is what a string contains besides printable ASCII.
type style uint8

const (
	wide    style = 1 << iota // bytes that must be UTF-8
	escaped                   // escapes
)

// rawString reads a string and returns the bytes between its quotes.
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

// oddBytes returns a word whose lowest set bit is in the first byte of word that is a
// quote, a backslash or a control byte.
func oddBytes(word uint64) uint64 {
	quote := word ^ '"'*lowBits
	backslash := word ^ '\\'*lowBits
	return ((word-' '*lowBits)&^word | (quote-lowBits)&^quote | (backslash-lowBits)&^backslash) & highBits
}

// text decodes a raw string. The result is valid until the next string is read. A string
// longer than any name or number is not decoded.
func (d *decoder) text(raw []byte, s style) []byte {
	if s == 0 || s == wide && utf8.Valid(raw) || len(raw) > maxScratch {
		return raw
	}
	d.scratch, _ = appendText(slices.Grow(d.scratch[:0], 3*len(raw)+utf8.UTFMax), raw)
	return d.scratch
}

// makeString decodes a raw string.
func (d *decoder) makeString(raw []byte, s style) string {
	if len(raw) <= maxScratch || s == 0 || s == wide && utf8.Valid(raw) {
		return string(d.text(raw, s))
	}
	size := 0
	d.eachText(raw, func(piece []byte) { size += len(piece) })
	var out strings.Builder // a large string is in memory once
	out.Grow(size)
	d.eachText(raw, func(piece []byte) { out.Write(piece) })
	return out.String()
}

// eachText decodes a large raw string and calls yield for each piece.
func (d *decoder) eachText(raw []byte, yield func([]byte)) {
	d.scratch = slices.Grow(d.scratch[:0], maxScratch)
	for len(raw) > 0 {
		piece, used := appendText(d.scratch[:0], raw)
		yield(piece)
		raw = raw[used:]
	}
}

// appendText decodes a raw string as long as there is room, and returns the number of
// bytes of raw that it decoded. It resolves escapes and replaces invalid UTF-8 by
// U+FFFD.
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
		d.fail("missing value")
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
	d.fail("missing value")
	return false
}

// skip skips a value.
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

// skipInside skips an object or a list.
func (d *decoder) skipInside() bool {
	end := d.data[d.at] + 2 // in ASCII, } is { plus 2, and ] is [ plus 2
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
