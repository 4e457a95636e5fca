package wirejson

import (
	"encoding"
	"encoding/json"
	"reflect"
	"sync"
)

// plan reads values of one Go type.
type plan struct {
	typ  reflect.Type
	read reader
}

// reader reads the next value into v, which is addressable or a pointer that is not nil.
type reader func(d *decoder, v reflect.Value) outcome

// outcome is the result of reading a value.
type outcome uint8

const (
	read       outcome = iota
	empty              // there is no value: v is zero, or unchanged
	unreadable         // the value was skipped: v is zero, or unchanged
	broken             // the document is not JSON
)

// plans contains all plans by reflect.Type.
var plans sync.Map

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan) //nolint:forcetypeassert // nothing else is stored
	}
	b := planner{}
	p := b.plan(t)
	for t, p := range b { // all of them are complete now
		plans.LoadOrStore(t, p)
	}
	return p
}

// planner creates a plan and those that it needs. A type that contains itself finds its
// own incomplete plan here.
type planner map[reflect.Type]*plan

func (b planner) plan(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan) //nolint:forcetypeassert // nothing else is stored
	}
	if p := b[t]; p != nil {
		return p
	}
	p := &plan{typ: t}
	b[t] = p
	p.read = b.reader(t, t.Name() != "")
	return p
}

var (
	rawMessageType      = reflect.TypeFor[json.RawMessage]()
	numberType          = reflect.TypeFor[json.Number]()
	unmarshalerType     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// reader returns the reader of t. As in encoding/json, methods of *t are used if t has a
// name or is reached by a pointer.
func (b planner) reader(t reflect.Type, methods bool) reader {
	if methods && t.Kind() != reflect.Pointer {
		switch pointer := reflect.PointerTo(t); {
		case t == rawMessageType:
			return readRaw
		case pointer.Implements(unmarshalerType):
			return readUnmarshaler
		case pointer.Implements(textUnmarshalerType):
			return readTextUnmarshaler
		}
	}
	switch t.Kind() {
	case reflect.String:
		if t == numberType {
			return readNumber
		}
		return readString
	case reflect.Bool:
		return readBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return readInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return readUint
	case reflect.Float32, reflect.Float64:
		return readFloat
	case reflect.Pointer:
		return b.pointer(t)
	case reflect.Interface:
		return readInterface
	case reflect.Slice:
		return b.slice(t)
	case reflect.Array:
		return arrayPlan{b.plan(t.Elem())}.read
	case reflect.Map:
		return b.mapping(t)
	case reflect.Struct:
		return b.structure(t)
	}
	return readForeign
}

func (b planner) pointer(t reflect.Type) reader {
	elem := b.plan(t.Elem())
	if t.NumMethod() > 0 && t.Elem().Name() == "" {
		elem = &plan{typ: t.Elem(), read: b.reader(t.Elem(), true)}
	}
	return pointerPlan{elem}.read
}

func (b planner) slice(t reflect.Type) reader {
	elem := b.plan(t.Elem())
	inner := t.Elem()
	for inner.Kind() == reflect.Pointer {
		inner = inner.Elem()
	}
	s := slicePlan{elem: elem, nested: inner.Kind() == reflect.Slice || inner.Kind() == reflect.Array}
	if t.Elem().Kind() == reflect.Uint8 {
		return bytesPlan{s}.read
	}
	return s.read
}

func (b planner) mapping(t reflect.Type) reader {
	m := mapPlan{elem: b.plan(t.Elem()), key: t.Key()}
	pointer := reflect.PointerTo(t.Key())
	switch kind := t.Key().Kind(); {
	case pointer.Implements(unmarshalerType):
		return readForeign
	case pointer.Implements(textUnmarshalerType):
		m.convert = textKey
	case kind == reflect.String:
		m.convert = stringKey
	case kind >= reflect.Int && kind <= reflect.Int64:
		m.convert = intKey
	case kind >= reflect.Uint && kind <= reflect.Uintptr:
		m.convert = uintKey
	default:
		return readForeign
	}
	return m.read
}
