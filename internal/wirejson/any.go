package wirejson

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
)

// readInterface reads into the value that an interface points to or, if it contains no
// pointer, any value into an any.
func readInterface(d *decoder, v reflect.Value) outcome {
	if target, ok := pointee(v); ok && (d.peek() != 'n' || target.Elem().Kind() == reflect.Pointer) {
		return planOf(target.Type()).read(d, target)
	}
	if v.NumMethod() > 0 {
		return readForeign(d, v)
	}
	value, ok := d.any()
	if !ok {
		return broken
	}
	if value == nil {
		v.SetZero()
	} else {
		v.Set(reflect.ValueOf(value))
	}
	return read
}

// pointee returns the pointer in an interface, except one to the interface itself.
func pointee(v reflect.Value) (reflect.Value, bool) {
	p := v.Elem()
	if !p.IsValid() || p.Kind() != reflect.Pointer || p.IsNil() {
		return p, false
	}
	if target := p.Elem(); target.Kind() == reflect.Interface && target.Elem().IsValid() && target.Elem().Equal(p) {
		return p, false
	}
	return p, true
}

// any reads a value of any kind.
func (d *decoder) any() (value any, ok bool) {
	switch d.peek() {
	case '"':
		raw, s, ok := d.rawString()
		if !ok {
			return nil, false
		}
		return d.makeString(raw, s), true
	case '{':
		return d.anyObject()
	case '[':
		return d.anyList()
	case 't':
		return true, d.literal("true")
	case 'f':
		return false, d.literal("false")
	case 'n':
		return nil, d.literal("null")
	}
	if d.at == len(d.data) {
		d.fail("")
		return nil, false
	}
	if n, end := d.smallInt(); n != 0 && end-d.at <= 15 {
		d.at = end
		return float64(n), true
	}
	text, ok := d.number()
	if !ok {
		return nil, false
	}
	return exact(text), true
}

func (d *decoder) anyObject() (any, bool) {
	if !d.open() {
		return nil, false
	}
	object := map[string]any{}
	for n := 0; d.next(n, '}'); n++ {
		raw, s, ok := d.key()
		if !ok {
			return nil, false
		}
		name := d.makeString(raw, s)
		value, ok := d.any()
		if !ok {
			return nil, false
		}
		object[name] = value
	}
	return object, d.err == nil
}

func (d *decoder) anyList() (any, bool) {
	if !d.open() {
		return nil, false
	}
	list := []any{}
	for n := 0; d.next(n, ']'); n++ {
		value, ok := d.any()
		if !ok {
			return nil, false
		}
		list = append(list, value)
	}
	return list, d.err == nil
}

// exact returns a number as a float64, or as a json.Number if a float64 would lose
// digits.
func exact(text []byte) any {
	f, ok := parseFloat(text, 64)
	if ok && (len(text) <= 15 && !bytes.ContainsAny(text, "eE") || sameNumber(text, f)) {
		return f
	}
	return json.Number(text)
}

// sameNumber reports whether f has the digits of text.
func sameNumber(text []byte, f float64) bool {
	var room [32]byte
	a, aok := decimalOf(text)
	b, bok := decimalOf(strconv.AppendFloat(room[:0], f, 'e', -1, 64))
	return aok && bok && a.exponent == b.exponent && bytes.Equal(a.digits, b.digits)
}
