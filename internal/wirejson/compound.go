package wirejson

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strconv"
)

// pointerPlan reads into the value of a pointer.
type pointerPlan struct{ elem *plan }

func (p pointerPlan) read(d *decoder, v reflect.Value) outcome {
	if !v.CanSet() { // out itself, or the content of an interface
		return p.elem.read(d, v.Elem())
	}
	if d.peek() == 'n' {
		result := d.word("null")
		if result == read {
			v.SetZero()
		}
		return result
	}
	if !v.IsNil() {
		return p.elem.read(d, v.Elem())
	}
	target := reflect.New(p.elem.typ)
	result := p.elem.read(d, target.Elem())
	if result == read {
		v.Set(target)
	}
	return result
}

// notObject reads a value that is not an object into a struct or a map.
func (d *decoder) notObject(object reader, v reflect.Value) outcome {
	switch d.peek() {
	case '"':
		raw, _, ok := d.rawString()
		if !ok {
			return broken
		}
		if len(raw) > 0 {
			return unreadable
		}
		return empty
	case '[':
		return d.onlyObject(object, v)
	case 'n':
		return d.word("null")
	}
	if !d.skip() {
		return broken
	}
	return unreadable
}

// onlyObject reads a list of at most one object.
func (d *decoder) onlyObject(object reader, v reflect.Value) outcome {
	if !d.open() {
		return broken
	}
	result, before := empty, len(d.skipped)
	for n := 0; d.next(n, ']'); n++ {
		switch {
		case n == 0 && d.peek() == '{' && d.depth > 1: // the document itself must not be a list
			result = object(d, v)
		case !d.skip():
			result = broken
		default:
			result = unreadable
		}
		if result == broken {
			return broken
		}
	}
	if d.err != nil {
		return broken
	}
	if result == unreadable {
		d.skipped = d.skipped[:before]
		clearValue(v)
	}
	return result
}

// clearValue sets v to zero, unless it is the struct of an unexported embedded field.
func clearValue(v reflect.Value) {
	if v.CanSet() {
		v.SetZero()
	}
}

// slicePlan reads a list into a slice.
type slicePlan struct {
	elem   *plan
	nested bool // the elements are lists
}

func (p slicePlan) read(d *decoder, v reflect.Value) outcome {
	if d.peek() != '[' {
		return p.notList(d, v)
	}
	if !d.open() {
		return broken
	}
	i, first := 0, len(d.skipped)
	for n := 0; d.next(n, ']'); n++ {
		if i == v.Cap() {
			v.Grow(max(4, i))
		}
		if i == v.Len() {
			v.SetLen(i + 1)
		}
		switch d.element(p.elem, v.Index(i), first, n) {
		case broken:
			return broken
		case unreadable:
			v.Index(i).SetZero()
		default:
			i++
		}
	}
	if d.err != nil {
		return broken
	}
	if i == 0 {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	}
	v.SetLen(i)
	return read
}

// element reads the n-th element of a list, or a value of a map if n is negative. first
// is the index of the first report of its siblings.
func (d *decoder) element(elem *plan, v reflect.Value, first, n int) outcome {
	begin, before := d.at, len(d.skipped)
	result := elem.read(d, v)
	if result == unreadable {
		d.report(begin, elem.typ)
	}
	if len(d.skipped) > before {
		d.inElement(first, before, n)
	}
	return result
}

// notList reads a value that is not a list into a slice.
func (p slicePlan) notList(d *decoder, v reflect.Value) outcome {
	b := d.peek()
	switch {
	case b == 'n':
		result := d.word("null")
		if result == read {
			v.SetZero()
		}
		return result
	case d.isNothing():
		v.SetZero()
		if !d.skip() {
			return broken
		}
		return empty
	case p.nested || d.depth == 0: // a document is not a list of one
		if !d.skip() {
			return broken
		}
		return unreadable
	}
	only := reflect.MakeSlice(v.Type(), 1, 1)
	result := p.elem.read(d, only.Index(0))
	if result == unreadable || result == broken {
		return result
	}
	v.Set(only)
	return read
}

// isNothing reports whether the next value is "" or {}.
func (d *decoder) isNothing() bool {
	if d.has(`""`) {
		return true
	}
	if d.peek() != '{' {
		return false
	}
	begin, damaged := d.at, d.damaged
	d.at++
	nothing := d.peek() == '}'
	d.at, d.damaged = begin, damaged
	return nothing
}

// bytesPlan reads a slice of bytes from a string in Base64.
type bytesPlan struct{ slicePlan }

func (p bytesPlan) read(d *decoder, v reflect.Value) outcome {
	if d.peek() != '"' {
		return p.slicePlan.read(d, v)
	}
	raw, s, ok := d.rawString()
	if !ok {
		return broken
	}
	if s == escaped { // what is wide, too, is no Base64
		raw = []byte(d.makeString(raw, s))
	}
	out := make([]byte, base64.StdEncoding.DecodedLen(len(raw)))
	n, err := base64.StdEncoding.Decode(out, raw)
	if err != nil {
		return unreadable
	}
	v.SetBytes(out[:n])
	return read
}

// arrayPlan reads a list into an array. An element that cannot be read stays zero, and
// elements beyond the end are skipped.
type arrayPlan struct{ elem *plan }

func (p arrayPlan) read(d *decoder, v reflect.Value) outcome {
	if d.peek() != '[' {
		return p.notList(d, v)
	}
	if !d.open() {
		return broken
	}
	n, first := 0, len(d.skipped)
	for ; d.next(n, ']'); n++ {
		if n >= v.Len() {
			if !d.skip() {
				return broken
			}
		} else if d.element(p.elem, v.Index(n), first, n) == broken {
			return broken
		}
	}
	if d.err != nil {
		return broken
	}
	for ; n < v.Len(); n++ {
		v.Index(n).SetZero()
	}
	return read
}

func (p arrayPlan) notList(d *decoder, v reflect.Value) outcome {
	result := unreadable
	switch {
	case d.peek() == 'n':
		result = read
	case d.isNothing():
		v.SetZero()
		result = empty
	}
	if !d.skip() {
		return broken
	}
	return result
}

// mapPlan reads an object into a map.
type mapPlan struct {
	elem    *plan
	key     reflect.Type
	convert func(name string, key reflect.Value) bool
}

func (p mapPlan) read(d *decoder, v reflect.Value) outcome {
	switch d.peek() {
	case '{':
	case 'n':
		result := d.word("null")
		if result == read {
			v.SetZero()
		}
		return result
	default:
		return d.notObject(p.read, v)
	}
	if !d.open() {
		return broken
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	key, elem, first := reflect.New(p.key).Elem(), reflect.New(p.elem.typ).Elem(), len(d.skipped)
	for n := 0; d.next(n, '}'); n++ {
		raw, s, ok := d.key()
		if !ok {
			return broken
		}
		key.SetZero()
		if !p.convert(d.makeString(raw, s), key) {
			begin := d.at
			if !d.skip() {
				return broken
			}
			before := len(d.skipped)
			d.report(begin, p.key)
			d.inElement(first, before, -1)
			continue
		}
		elem.SetZero()
		switch d.element(p.elem, elem, first, -1) {
		case broken:
			return broken
		case unreadable:
		default:
			v.SetMapIndex(key, elem)
		}
	}
	return d.left()
}

func stringKey(name string, key reflect.Value) bool {
	key.SetString(name)
	return true
}

func intKey(name string, key reflect.Value) bool {
	n, err := strconv.ParseInt(name, 10, 64)
	key.SetInt(n)
	return err == nil && !key.OverflowInt(n)
}

func uintKey(name string, key reflect.Value) bool {
	n, err := strconv.ParseUint(name, 10, 64)
	key.SetUint(n)
	return err == nil && !key.OverflowUint(n)
}

func textKey(name string, key reflect.Value) bool {
	u, ok := key.Addr().Interface().(encoding.TextUnmarshaler)
	return ok && u.UnmarshalText([]byte(name)) == nil
}

// readUnmarshaler passes a piece of the document to a json.Unmarshaler.
func readUnmarshaler(d *decoder, v reflect.Value) outcome {
	piece, _, result := d.piece()
	if result == broken {
		return broken
	}
	u, _ := v.Addr().Interface().(json.Unmarshaler)
	err := u.UnmarshalJSON(piece)
	if err == nil {
		return read
	}
	if again := otherForm(piece); again != nil {
		v.SetZero()
		if u.UnmarshalJSON(again) == nil {
			return read
		}
	}
	return d.refused(err, v, string(piece) == `""`)
}

// otherForm returns another form of a value, or nil if there is none: the only element
// of a list, the number or boolean in a string, or the string of a number or boolean.
func otherForm(piece []byte) []byte {
	d := newDecoder(piece)
	defer d.release()
	switch piece[0] {
	case '[':
		d.at++
		d.peek()
		begin := d.at
		if !d.skip() {
			return nil // the list is empty
		}
		end := d.at
		if d.peek() == ']' {
			return piece[begin:end]
		}
	case '"':
		if text := piece[1 : len(piece)-1]; isNumber(text) || string(text) == "true" || string(text) == "false" {
			return text
		}
	case '{', 'n':
	default:
		return []byte(`"` + string(piece) + `"`)
	}
	return nil
}

// refused returns the outcome of a value that its type refuses. "" is then empty.
func (d *decoder) refused(err error, v reflect.Value, nothing bool) outcome {
	d.cause = err
	v.SetZero()
	if nothing && d.depth > 0 {
		return empty
	}
	return unreadable
}

// readTextUnmarshaler passes the text of a scalar to an encoding.TextUnmarshaler.
func readTextUnmarshaler(d *decoder, v reflect.Value) outcome {
	var text []byte
	if d.peek() == '"' {
		raw, s, ok := d.rawString()
		if !ok {
			return broken
		}
		text = []byte(d.makeString(raw, s))
	} else {
		s, result := d.scalar()
		if result != read || s.kind == Null {
			return result
		}
		text = []byte(d.makeString(s.raw, s.style))
	}
	u, _ := v.Addr().Interface().(encoding.TextUnmarshaler)
	if err := u.UnmarshalText(text); err != nil {
		return d.refused(err, v, len(text) == 0)
	}
	return read
}

// readRaw copies a piece of the document.
func readRaw(d *decoder, v reflect.Value) outcome {
	piece, own, result := d.piece()
	if !own {
		piece = bytes.Clone(piece)
	}
	if result == read {
		v.SetBytes(piece)
	}
	return result
}

// readForeign passes a piece of the document to encoding/json.
func readForeign(d *decoder, v reflect.Value) outcome {
	piece, _, result := d.piece()
	if result == broken {
		return broken
	}
	if err := json.Unmarshal(piece, v.Addr().Interface()); err != nil {
		d.cause = err
		v.SetZero()
		return unreadable
	}
	return read
}

// piece reads a value and returns its JSON, which is valid. It is part of the document,
// or a copy if it needed repair.
func (d *decoder) piece() (text []byte, own bool, result outcome) {
	d.peek()
	begin, before := d.at, d.damaged
	d.damaged = false
	if !d.skip() {
		return nil, false, broken
	}
	text, own = d.data[begin:d.at:d.at], d.damaged
	d.damaged = d.damaged || before
	if own {
		text = repair(text)
	}
	return text, own, read
}
