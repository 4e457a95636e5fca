package wechat

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// maskedSecret returns the Go path of a [Secret] in body that its JSON shows as a
// mask, "" if there is none. A text that happens to be the mask is none.
func maskedSecret(body any, data []byte) string {
	if !bytes.Contains(data, []byte(mask)) {
		return ""
	}
	var document any
	if json.Unmarshal(data, &document) != nil {
		return ""
	}
	return findMasked(reflect.ValueOf(body), document, "Body")
}

var (
	secretType = reflect.TypeFor[Secret]()
	textType   = reflect.TypeFor[encoding.TextMarshaler]()
)

// findMasked walks a value beside the document that was made of it.
func findMasked(v reflect.Value, document any, at string) string {
	for v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	}
	if document == nil || !v.IsValid() {
		return ""
	}
	if v.Type() == secretType {
		if document == mask {
			return at
		}
		return ""
	}
	if encodesItself(v.Type()) {
		if inside := findSecret(v, at, 0); inside != "" && holdsMask(document) {
			return inside
		}
		return ""
	}
	switch v.Kind() {
	case reflect.Struct:
		return findMaskedField(v, document, at)
	case reflect.Slice, reflect.Array:
		list, _ := document.([]any)
		for i := range min(v.Len(), len(list)) {
			if found := findMasked(v.Index(i), list[i], at+"["+strconv.Itoa(i)+"]"); found != "" {
				return found
			}
		}
	case reflect.Map:
		object, _ := document.(map[string]any)
		for _, key := range v.MapKeys() {
			if found := findMasked(v.MapIndex(key), object[mapKey(key)], fmt.Sprintf("%s[%v]", at, key)); found != "" {
				return found
			}
		}
	}
	return ""
}

func findMaskedField(v reflect.Value, document any, at string) string {
	object, _ := document.(map[string]any)
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		inner := document // the fields of an embedded struct are those of the outer one
		if !field.Anonymous || name != "" || indirect(field.Type).Kind() != reflect.Struct {
			if !field.IsExported() {
				continue
			}
			if name == "" {
				name = field.Name
			}
			inner = object[name]
		}
		if found := findMasked(v.Field(i), inner, at+"."+field.Name); found != "" {
			return found
		}
	}
	return ""
}

// encodesItself reports whether the JSON of a type is made by a method of its own.
func encodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(marshalType) || p.Implements(textType)
}

// holdsMask reports whether a document contains the mask as a string.
func holdsMask(document any) bool {
	switch d := document.(type) {
	case string:
		return d == mask
	case []any:
		for _, element := range d {
			if holdsMask(element) {
				return true
			}
		}
	case map[string]any:
		for _, element := range d {
			if holdsMask(element) {
				return true
			}
		}
	}
	return false
}

// findSecret returns the path of any [Secret] in a value.
func findSecret(v reflect.Value, at string, depth int) string {
	const deepest = 32 // a value that encodes itself may be a circle
	if depth > deepest || !v.IsValid() {
		return ""
	}
	if v.Type() == secretType {
		return at
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		return findSecret(v.Elem(), at, depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			if found := findSecret(v.Field(i), at+"."+v.Type().Field(i).Name, depth+1); found != "" {
				return found
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if found := findSecret(v.Index(i), at+"["+strconv.Itoa(i)+"]", depth+1); found != "" {
				return found
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if found := findSecret(v.MapIndex(key), fmt.Sprintf("%s[%v]", at, key), depth+1); found != "" {
				return found
			}
		}
	}
	return ""
}

// mapKey returns the name that encoding/json gives to a key.
func mapKey(key reflect.Value) string {
	if key.Kind() != reflect.String && key.Type().Implements(textType) {
		if t, ok := key.Interface().(encoding.TextMarshaler); ok {
			if text, err := t.MarshalText(); err == nil {
				return string(text)
			}
		}
	}
	if key.Kind() == reflect.String {
		return key.String()
	}
	return fmt.Sprint(key)
}

func indirect(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}
