package wechat

import "reflect"

// restorer returns a function that restores v, which must be settable, and everything
// that can be reached from it to their present values. An attempt may decode into what
// the program has put there, such as a pointer in a field of type any, and the next
// attempt must begin with the same values.
func restorer(v reflect.Value) func() {
	if v.IsZero() {
		return v.SetZero
	}
	s := snapshot{seen: map[place]bool{}}
	s.take(v)
	return func() {
		for _, restore := range s.restores {
			restore()
		}
	}
}

// snapshot keeps values to be restored.
type snapshot struct {
	restores []func()
	seen     map[place]bool
}

// place is where a pointer, a map or a slice points to.
type place struct {
	typ reflect.Type
	at  uintptr
	n   int
}

// take keeps a value and what can be reached from it.
func (s *snapshot) take(v reflect.Value) {
	kept := reflect.New(v.Type()).Elem()
	kept.Set(v)
	s.restores = append(s.restores, func() { v.Set(kept) })
	s.follow(v)
}

// follow keeps what can be reached from a value.
func (s *snapshot) follow(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		s.follow(v.Elem())
	case reflect.Pointer:
		if target := v.Elem(); s.isNew(v, 0) && target.CanSet() {
			s.take(target)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() || f.Anonymous {
				s.follow(v.Field(i))
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			s.follow(v.Index(i))
		}
	case reflect.Slice:
		if s.isNew(v, v.Len()) {
			s.takeElements(v)
		}
	case reflect.Map:
		if s.isNew(v, 0) {
			s.takeEntries(v)
		}
	}
}

// isNew reports whether a pointer, a map or a slice is not nil and was not seen before.
func (s *snapshot) isNew(v reflect.Value, n int) bool {
	if v.IsNil() || !v.CanInterface() {
		return false
	}
	p := place{v.Type(), v.Pointer(), n}
	if s.seen[p] {
		return false
	}
	s.seen[p] = true
	return true
}

func (s *snapshot) takeElements(v reflect.Value) {
	kept := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	reflect.Copy(kept, v)
	s.restores = append(s.restores, func() { reflect.Copy(v, kept) })
	for i := range v.Len() {
		s.follow(v.Index(i))
	}
}

func (s *snapshot) takeEntries(v reflect.Value) {
	kept := reflect.MakeMapWithSize(v.Type(), v.Len())
	for key, value := range v.Seq2() {
		kept.SetMapIndex(key, value)
		s.follow(value)
	}
	s.restores = append(s.restores, func() {
		v.Clear()
		for key, value := range kept.Seq2() {
			v.SetMapIndex(key, value)
		}
	})
}
