package wechattest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// field encodes and decodes a part of the state in a way of its own.
type field interface {
	save(to *bytes.Buffer) error
	restore(data []byte) error
}

// fields lists what a value consists of, by the names in the saved document: pointers to
// its fields, which encoding/json encodes, or values of type [field]. A single list serves
// both to save and to restore.
type fields map[string]any

// owner is a type that lists its fields.
type owner[T any] interface {
	*T
	fields() fields
}

func (f fields) save(to *bytes.Buffer) error {
	to.WriteByte('{')
	for i, name := range slices.Sorted(maps.Keys(f)) {
		if i > 0 {
			to.WriteByte(',')
		}
		if err := saveField(to, name); err != nil {
			return err
		}
		to.WriteByte(':')
		if err := saveField(to, f[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	to.WriteByte('}')
	return nil
}

// restore accepts exactly these fields. Numbers in fields of type any become
// [json.Number].
func (f fields) restore(data []byte) error {
	var in map[string]json.RawMessage
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	if len(in) > len(f) {
		return errors.New("there are unknown fields")
	}
	for name, to := range f {
		value, ok := in[name]
		if !ok {
			return fmt.Errorf("%s is missing", name)
		}
		if err := restoreField(value, to); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func saveField(to *bytes.Buffer, value any) error {
	if own, ok := value.(field); ok {
		return own.save(to)
	}
	data, err := encode(value)
	to.Write(data)
	return err
}

func restoreField(data []byte, to any) error {
	if own, ok := to.(field); ok {
		return own.restore(data)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode(to)
}

// list saves a list of values that it owns.
type list[T any, P owner[T]] struct{ to *[]*T }

func listed[T any, P owner[T]](to *[]*T) list[T, P] { return list[T, P]{to} }

func (l list[T, P]) save(to *bytes.Buffer) error {
	to.WriteByte('[')
	for i, v := range *l.to {
		if i > 0 {
			to.WriteByte(',')
		}
		if err := P(v).fields().save(to); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
	}
	to.WriteByte(']')
	return nil
}

func (l list[T, P]) restore(data []byte) error {
	var in []json.RawMessage
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	*l.to = nil
	for i, item := range in {
		v := new(T)
		if err := P(v).fields().restore(item); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
		*l.to = append(*l.to, v)
	}
	return nil
}

// table saves a map of values that it owns.
type table[K comparable, T any, P owner[T]] struct{ to *map[K]*T }

func tabled[K comparable, T any, P owner[T]](to *map[K]*T) table[K, T, P] { return table[K, T, P]{to} }

func (t table[K, T, P]) save(to *bytes.Buffer) error {
	all := make(fields, len(*t.to))
	for key, v := range *t.to {
		all[fmt.Sprint(key)] = P(v).fields()
	}
	return all.save(to)
}

func (t table[K, T, P]) restore(data []byte) error {
	var in map[K]json.RawMessage
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	*t.to = make(map[K]*T, len(in))
	for key, item := range in {
		v := new(T)
		if err := P(v).fields().restore(item); err != nil {
			return fmt.Errorf("[%v]: %w", key, err)
		}
		(*t.to)[key] = v
	}
	return nil
}

// reference saves a pointer to a value that another field owns, as the ID of the value.
// Restoring it makes a stub that has only the ID; [resolve] replaces it with the value.
type reference[K comparable, T any] struct {
	to *(*T)
	id func(*T) *K
}

func (r reference[K, T]) save(to *bytes.Buffer) error {
	if *r.to == nil {
		return saveField(to, nil)
	}
	return saveField(to, r.id(*r.to))
}

func (r reference[K, T]) restore(data []byte) error {
	if string(data) == "null" {
		*r.to = nil
		return nil
	}
	*r.to = new(T)
	return json.Unmarshal(data, r.id(*r.to))
}

// references saves a list of such pointers.
type references[K comparable, T any] struct {
	to *[]*T
	id func(*T) *K
}

func (r references[K, T]) save(to *bytes.Buffer) error {
	out := make([]K, 0, len(*r.to))
	for _, v := range *r.to {
		out = append(out, *r.id(v))
	}
	return saveField(to, out)
}

func (r references[K, T]) restore(data []byte) error {
	var in []K
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	*r.to = nil
	for _, id := range in {
		v := new(T)
		*r.id(v) = id
		*r.to = append(*r.to, v)
	}
	return nil
}

// resolve replaces a stub with the value that has its ID.
func resolve[K comparable, T any](to **T, all map[K]*T, id func(*T) *K) error {
	if *to == nil {
		return nil
	}
	v := all[*id(*to)]
	if v == nil {
		return fmt.Errorf("there is no %T %v", *to, *id(*to))
	}
	*to = v
	return nil
}

// resolveAll replaces the stubs in a list.
func resolveAll[K comparable, T any](list []*T, all map[K]*T, id func(*T) *K) error {
	for i := range list {
		if err := resolve(&list[i], all, id); err != nil {
			return err
		}
	}
	return nil
}
