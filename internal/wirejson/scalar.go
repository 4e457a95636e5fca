package wirejson

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
)

// scalar is a scalar value of any JSON type.
type scalar struct {
	kind  Kind
	raw   []byte
	style style // of a string
}

var (
	trueText  = []byte("true")
	falseText = []byte("false")
)

// scalar reads a scalar, or a list of one scalar. Any other value is unreadable.
func (d *decoder) scalar() (s scalar, result outcome) {
	switch b := d.peek(); b {
	case '"':
		raw, style, ok := d.rawString()
		if !ok {
			return s, broken
		}
		return scalar{String, raw, style}, read
	case 't':
		return scalar{kind: Bool, raw: trueText}, d.word("true")
	case 'f':
		return scalar{kind: Bool, raw: falseText}, d.word("false")
	case 'n':
		return scalar{kind: Null}, d.word("null")
	case '[':
		return d.only()
	case '{':
		if !d.skip() {
			return s, broken
		}
		return s, unreadable
	}
	if d.at == len(d.data) {
		return s, d.fail("")
	}
	text, ok := d.number()
	if !ok {
		return s, broken
	}
	return scalar{kind: Number, raw: text}, read
}

func (d *decoder) word(w string) outcome {
	if !d.literal(w) {
		return broken
	}
	return read
}

// only reads a list and returns its only element if that is a scalar.
func (d *decoder) only() (s scalar, result outcome) {
	if !d.open() {
		return s, broken
	}
	result = unreadable
	for n := 0; d.next(n, ']'); n++ {
		if b := d.peek(); n > 0 || b == '{' || b == '[' {
			result = unreadable
			if !d.skip() {
				return s, broken
			}
		} else if s, result = d.scalar(); result == broken {
			return s, broken
		}
	}
	if d.err != nil {
		return s, broken
	}
	return s, result
}

// value returns the text of a scalar for a number or a boolean. For null, also in a
// string, it returns no text and read; for "" it returns empty.
func (d *decoder) value() (text []byte, result outcome) {
	s, result := d.scalar()
	if result != read || s.kind == Null {
		return nil, result
	}
	if s.kind != String {
		return s.raw, read
	}
	text = bytes.TrimSpace(d.text(s.raw, s.style))
	switch string(text) {
	case "":
		return nil, empty
	case "null":
		return nil, read
	}
	return text, read
}

// maxText is the maximum length of the JSON text of an object or a list in a string.
const maxText = 1 << 20

func readString(d *decoder, v reflect.Value) outcome {
	if d.peek() == '"' {
		raw, s, ok := d.rawString()
		if !ok {
			return broken
		}
		v.SetString(d.makeString(raw, s))
		return read
	}
	begin, before := d.at, d.damaged
	d.damaged = false
	s, result := d.scalar()
	damaged := d.damaged
	d.damaged = before || damaged
	switch {
	case result == broken || result == read && s.kind == Null:
		return result
	case result == read:
		v.SetString(d.makeString(s.raw, s.style))
		return read
	}
	text := d.data[begin:d.at]
	if isHollow(text) {
		v.SetString("")
		return empty
	}
	if len(text) > maxText {
		return unreadable
	}
	if damaged {
		text = repair(text)
	}
	v.SetString(string(bytes.ToValidUTF8(text, []byte("\ufffd"))))
	return read
}

// isHollow reports whether an object or a list is empty.
func isHollow(text []byte) bool {
	for _, b := range text[1 : len(text)-1] {
		if b > ' ' {
			return false
		}
	}
	return true
}

// readNumber reads a json.Number, which keeps the digits of the document.
func readNumber(d *decoder, v reflect.Value) outcome {
	text, result := d.value()
	switch {
	case result == empty:
		v.SetString("")
	case result != read || text == nil:
	case string(text) == "true":
		v.SetString("1")
	case string(text) == "false":
		v.SetString("0")
	case !isNumber(text):
		return unreadable
	default:
		v.SetString(string(text))
	}
	return result
}

func isNumber(text []byte) bool {
	return len(text) > 0 && (isDigit(text[0]) || text[0] == '-') && json.Valid(text)
}

func readBool(d *decoder, v reflect.Value) outcome {
	text, result := d.value()
	switch {
	case result == empty:
		v.SetBool(false)
	case result != read || text == nil:
	case string(text) == "true":
		v.SetBool(true)
	case string(text) == "false":
		v.SetBool(false)
	default:
		if w, ok := wholeOf(text); ok {
			v.SetBool(w.size != 0)
			return read
		}
		f, ok := parseFloat(text, 64)
		if !ok {
			return unreadable
		}
		v.SetBool(f != 0)
	}
	return result
}

func readInt(d *decoder, v reflect.Value) outcome {
	if n, end := d.smallInt(); end > 0 && !v.OverflowInt(n) {
		d.at = end
		v.SetInt(n)
		return read
	}
	text, result := d.value()
	switch {
	case result == empty:
		v.SetInt(0)
	case result != read || text == nil:
	default:
		n, ok := intOf(text, v.Type().Bits())
		if !ok {
			return unreadable
		}
		v.SetInt(n)
	}
	return result
}

// smallInt returns the next value and its end if that is an integer of up to 18 digits,
// otherwise 0.
func (d *decoder) smallInt() (n int64, end int) {
	i := d.at
	negative := i < len(d.data) && d.data[i] == '-'
	if negative {
		i++
	}
	begin := i
	for i < len(d.data) && isDigit(d.data[i]) {
		n = n*10 + int64(d.data[i]-'0')
		i++
	}
	digits := i - begin
	if digits == 0 || digits > 18 || digits > 1 && d.data[begin] == '0' {
		return 0, 0
	}
	if i < len(d.data) && (d.data[i] == '.' || d.data[i]|0x20 == 'e') {
		return 0, 0
	}
	if negative {
		n = -n
	}
	return n, i
}

// intOf returns an integer of this number of bits. An int64 keeps the bits of a uint64.
func intOf(text []byte, size int) (n int64, ok bool) {
	w, ok := wholeOf(text)
	limit := uint64(1) << (size - 1)
	switch {
	case !ok || w.negative && w.size > limit || !w.negative && w.size >= limit && size < 64:
		return 0, false
	case w.negative:
		return -int64(w.size), true
	}
	return int64(w.size), true
}

func readUint(d *decoder, v reflect.Value) outcome {
	if n, end := d.smallInt(); end > 0 && n >= 0 && !v.OverflowUint(uint64(n)) {
		d.at = end
		v.SetUint(uint64(n))
		return read
	}
	text, result := d.value()
	switch {
	case result == empty:
		v.SetUint(0)
	case result != read || text == nil:
	default:
		w, ok := wholeOf(text)
		if !ok || w.negative && w.size != 0 || v.OverflowUint(w.size) {
			return unreadable
		}
		v.SetUint(w.size)
	}
	return result
}

// whole is an integer of 64 bits and a sign.
type whole struct {
	negative bool
	size     uint64
}

// wholeOf reads an integer, or a boolean as 1 or 0. No digit is lost: a fraction must be
// zeros, and an exponent moves the point.
func wholeOf(text []byte) (w whole, ok bool) {
	switch string(text) {
	case "true":
		return whole{size: 1}, true
	case "false":
		return whole{}, true
	}
	dec, ok := decimalOf(text)
	if !ok {
		return w, false
	}
	w.negative = dec.negative
	if len(dec.digits) == 0 {
		return w, true
	}
	if dec.exponent < 0 {
		return w, false
	}
	for i := range len(dec.digits) + dec.exponent { // 20 times at most
		digit := uint64(0)
		if i < len(dec.digits) {
			digit = uint64(dec.digits[i] - '0')
		}
		if w.size > (math.MaxUint64-digit)/10 {
			return w, false
		}
		w.size = w.size*10 + digit
	}
	return w, true
}

// decimal is the number digits × 10^exponent. The digits neither begin nor end with 0;
// the number 0 has none.
type decimal struct {
	negative bool
	digits   []byte
	exponent int
}

// maxDigits is the maximum number of digits of a fraction. Neither a float64 nor an
// integer of 64 bits has more.
const maxDigits = 1000

// decimalOf reads a JSON number, which may also have leading zeros.
func decimalOf(text []byte) (d decimal, ok bool) {
	mantissa := text
	if at := bytes.IndexAny(text, "eE"); at >= 0 {
		mantissa = text[:at]
		if d.exponent, ok = exponentOf(text[at+1:]); !ok {
			return d, false
		}
	}
	mantissa, d.negative = bytes.CutPrefix(mantissa, []byte("-"))
	before, fraction, point := bytes.Cut(mantissa, []byte("."))
	if !allDigits(before) || point && !allDigits(fraction) {
		return d, false
	}
	fraction = bytes.TrimRight(fraction, "0")
	d.exponent -= len(fraction)
	d.digits = bytes.TrimLeft(before, "0")
	if len(fraction) > 0 && len(d.digits) < maxDigits {
		n := min(len(fraction)-1, maxDigits)
		d.digits = append(d.digits[:len(d.digits):len(d.digits)], fraction[:n]...)
		d.digits = bytes.TrimLeft(append(d.digits, fraction[len(fraction)-1]), "0")
	}
	significant := bytes.TrimRight(d.digits, "0")
	d.exponent += len(d.digits) - len(significant)
	d.digits = significant
	return d, true
}

// exponentOf reads an exponent. A very large one becomes 2^30.
func exponentOf(text []byte) (n int, ok bool) {
	digits, negative := bytes.CutPrefix(text, []byte("-"))
	if !negative {
		digits = bytes.TrimPrefix(text, []byte("+"))
	}
	if !allDigits(digits) {
		return 0, false
	}
	n = 1 << 30
	if digits = bytes.TrimLeft(digits, "0"); len(digits) < 9 {
		n, _ = strconv.Atoi("0" + string(digits))
	}
	if negative {
		n = -n
	}
	return n, true
}

// allDigits reports whether a text consists of digits.
func allDigits(text []byte) bool {
	for _, b := range text {
		if !isDigit(b) {
			return false
		}
	}
	return len(text) > 0
}

func readFloat(d *decoder, v reflect.Value) outcome {
	text, result := d.value()
	switch {
	case result == empty:
		v.SetFloat(0)
	case result != read || text == nil:
	case string(text) == "true":
		v.SetFloat(1)
	case string(text) == "false":
		v.SetFloat(0)
	default:
		f, ok := parseFloat(text, v.Type().Bits())
		if !ok {
			return unreadable
		}
		v.SetFloat(f)
	}
	return result
}

// parseFloat reads a number other than NaN and the infinities.
func parseFloat(text []byte, size int) (float64, bool) {
	if len(text) > 64 { // strconv would copy it, and again for its error
		d, ok := decimalOf(text)
		if !ok || len(d.digits)+d.exponent > 400 {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(string(text), size)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// inString is a field with the option ",string": its string contains JSON. For numbers
// and booleans this makes no difference.
type inString struct{ plan *plan }

func (s inString) read(d *decoder, v reflect.Value) outcome {
	target := v.Type()
	if target.Kind() == reflect.Pointer {
		target = target.Elem()
	}
	if d.peek() != '"' {
		return s.plan.read(d, v)
	}
	begin := d.at
	raw, style, ok := d.rawString()
	if !ok {
		return broken
	}
	var inner string
	switch text := []byte(d.makeString(raw, style)); {
	case string(text) == "null":
		if v.Kind() == reflect.Pointer {
			v.SetZero()
		}
		return read
	case target.Kind() == reflect.String && json.Unmarshal(text, &inner) == nil:
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(target))
			}
			v = v.Elem()
		}
		v.SetString(inner)
		return read
	}
	d.at = begin
	return s.plan.read(d, v)
}
