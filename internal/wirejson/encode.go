package wirejson

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// Encode encodes v without any \u escape: the platform refuses a request that contains
// one (40033) or shows it to followers literally. SetEscapeHTML is not enough, because
// encoding/json also escapes U+2028, control bytes and invalid UTF-8.
func Encode(v any) ([]byte, error) {
	e, _ := encoders.Get().(*encoder)
	defer e.release()
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	data := bytes.Clone(bytes.TrimSuffix(e.buf.Bytes(), []byte{'\n'}))
	return Unescape(data), nil
}

// encoder is a json.Encoder with its buffer.
type encoder struct {
	*json.Encoder
	buf bytes.Buffer
}

const maxPooled = 64 << 10 // size of a buffer

var encoders = sync.Pool{New: func() any {
	e := new(encoder)
	e.Encoder = json.NewEncoder(&e.buf)
	e.SetEscapeHTML(false)
	return e
}}

// release empties the buffer for the next use, or drops it if it is large.
func (e *encoder) release() {
	e.buf.Reset()
	if e.buf.Cap() > maxPooled {
		e.buf = bytes.Buffer{}
	}
	encoders.Put(e)
}

// Unescape replaces the \u escapes of a valid JSON text with their characters. Control
// bytes that have no short escape in JSON are removed. A text without \u escapes is
// returned as it is.
func Unescape(data []byte) []byte {
	if !bytes.Contains(data, []byte(`\u`)) {
		return data
	}
	out := make([]byte, 0, len(data))
	for i := 0; i < len(data); {
		switch {
		case data[i] != '\\':
			out = append(out, data[i])
			i++
		case data[i+1] != 'u':
			out = append(out, data[i], data[i+1])
			i += 2
		default:
			r, n := escapedRune(data[i:])
			out = appendRaw(out, r)
			i += n
		}
	}
	return out
}

// appendRaw appends a character of a JSON string without a \u escape.
func appendRaw(out []byte, r rune) []byte {
	const short = "\b\f\n\r\t\"\\"
	const letters = `bfnrt"\`
	if at := strings.IndexRune(short, r); at >= 0 {
		return append(out, '\\', letters[at])
	}
	if r < ' ' {
		return out
	}
	return utf8.AppendRune(out, r)
}

// escapedRune reads the \u escape, or the pair of them, at the beginning of s. A lone
// surrogate becomes U+FFFD.
func escapedRune(s []byte) (r rune, n int) {
	r = hex4(s[2:])
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if escapeLen(s[6:]) == 6 {
		if pair := utf16.DecodeRune(r, hex4(s[8:])); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

// hex4 reads the four digits of an escape.
func hex4(digits []byte) (r rune) {
	for _, b := range digits[:4] {
		r = r<<4 | rune(b&15)
		if b > '9' {
			r += 9
		}
	}
	return r
}

// escapeLen returns the length of the escape at the beginning of s, or 0 if there is
// none.
func escapeLen(s []byte) int {
	if len(s) < 2 || s[0] != '\\' {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(s) >= 6 && isHex(s[2]) && isHex(s[3]) && isHex(s[4]) && isHex(s[5]) {
			return 6
		}
	}
	return 0
}

func isHex(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F'
}
