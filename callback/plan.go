package callback

import (
	"reflect"
	"strings"
	"sync"
	"time"
)

// plan describes how the elements of a push are read into the fields of its type. It is
// built once for each type, when the first push of that type arrives.
type plan []fieldPlan

// fieldPlan is the plan of one field. Without a tag, the field is read from the element
// of the same name, as compared by [sameName]. A tag names another element:
//
//	push:"PicUrl"                    an element of that name
//	push:"Uuid|BeaconUuid"           the first of these elements that exists
//	push:"PublishEventInfo>fail_idx" an element inside another one, or not inside it if
//	                                 the other one does not exist
//	push:"PicList,item"              a list whose entries are elements named item
type fieldPlan struct {
	index    int // of the field in the struct
	wrappers [][]name
	names    []name
	item     string
	isList   bool
	set      setter
}

// setter stores the value of an element in a field or in an entry of a list.
type setter func(field reflect.Value, n *node)

// usualSpelling converts the name of a field to how the platform usually spells it.
var usualSpelling = strings.NewReplacer("ID", "Id", "URL", "Url")

// plans are the plans that were built, by reflect.Type.
var plans sync.Map

func planFor(t reflect.Type) plan {
	built, ok := plans.Load(t)
	if !ok {
		built, _ = plans.LoadOrStore(t, planOf(t))
	}
	p, _ := built.(plan)
	return p
}

func planOf(t reflect.Type) plan {
	var p plan
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			continue // the Header
		}
		path, item, _ := strings.Cut(f.Tag.Get("push"), ",")
		if path == "" {
			path = usualSpelling.Replace(f.Name) // an exact match is found faster
		}
		var steps [][]name
		for step := range strings.SplitSeq(path, ">") {
			var names []name
			for text := range strings.SplitSeq(step, "|") {
				names = append(names, nameOf(text))
			}
			steps = append(steps, names)
		}
		last := len(steps) - 1
		fp := fieldPlan{index: i, wrappers: steps[:last], names: steps[last], item: item, isList: f.Type.Kind() == reflect.Slice}
		if fp.isList {
			fp.set = setterOf(f.Type.Elem())
		} else {
			fp.set = setterOf(f.Type)
		}
		p = append(p, fp)
	}
	return p
}

func setterOf(t reflect.Type) setter {
	switch t.Kind() {
	case reflect.String:
		return func(field reflect.Value, n *node) { field.SetString(n.text) }
	case reflect.Int, reflect.Int64:
		return func(field reflect.Value, n *node) { field.SetInt(number(n.text)) }
	case reflect.Float64:
		return func(field reflect.Value, n *node) { field.SetFloat(decimal(n.text)) }
	case reflect.Bool:
		return func(field reflect.Value, n *node) { field.SetBool(flag(n.text)) }
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return func(field reflect.Value, n *node) {
				*field.Addr().Interface().(*time.Time) = moment(n.text) //nolint:forcetypeassert // checked above
			}
		}
		p := planOf(t)
		return func(field reflect.Value, n *node) { p.fill(field, n) }
	}
	panic("callback: a push cannot have a field of type " + t.String())
}

// fill sets the fields of a struct from the elements in n. A field whose element does
// not exist keeps its zero value.
func (p plan) fill(v reflect.Value, n *node) {
	for i := range p {
		f := &p[i]
		in := n
		for _, names := range f.wrappers {
			in = in.wrapper(names)
		}
		if f.isList {
			f.fillList(v.Field(f.index), in)
		} else if element := in.get(f.names...); element != none {
			f.set(v.Field(f.index), element)
		}
	}
}

func (f *fieldPlan) fillList(list reflect.Value, n *node) {
	n.each(f.names[0].text, f.item, func(entry *node) {
		last := list.Len()
		list.Grow(1)
		list.SetLen(last + 1)
		f.set(list.Index(last), entry)
	})
}
