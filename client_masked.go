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

// missing is a value in a body that is not in its JSON.
type missing struct {
	at     string // the Go path
	reason string
}

const (
	lostSecret = "must not be a Secret, which JSON redacts; use a string field"
	lostReader = "must not be a reader, which JSON cannot contain; it is sent as the Content of a RawBody or, in a Form, of a File"
)

// findLost finds a [Secret] that is redacted in the JSON of body, or a reader that is an
// empty object there. A string that equals the mask is not a Secret.
func findLost(body any, data []byte) (found missing, ok bool) {
	if !bytes.Contains(data, []byte(mask)) && !bytes.Contains(data, []byte("{}")) {
		return found, false
	}
	var document any
	if json.Unmarshal(data, &document) != nil {
		return found, false
	}
	return findLostIn(reflect.ValueOf(body), document, "Body")
}

var textType = reflect.TypeFor[encoding.TextMarshaler]()

// isSecret reports whether values of a type are redacted in JSON.
func isSecret(t reflect.Type) bool {
	return t == reflect.TypeFor[Secret]() || t == reflect.TypeFor[StaticToken]()
}

// findLostIn compares a value with its JSON.
func findLostIn(v reflect.Value, document any, at string) (found missing, ok bool) {
	for v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return found, false
		}
		v = v.Elem()
	}
	if document == nil || !v.IsValid() {
		return found, false
	}
	object, isObject := document.(map[string]any)
	switch t := v.Type(); {
	case isSecret(t):
		return missing{at, lostSecret}, document == mask
	case encodesItself(t):
		if !holdsMask(document) {
			return found, false
		}
		inside := findSecret(v, at, 0)
		return missing{inside, lostSecret}, inside != ""
	case isObject && reflect.PointerTo(t).Implements(readerType):
		return missing{at, lostReader}, true
	}
	switch v.Kind() {
	case reflect.Struct:
		return findLostField(v, document, at)
	case reflect.Slice, reflect.Array:
		list, _ := document.([]any)
		for i := range min(v.Len(), len(list)) {
			if found, ok = findLostIn(v.Index(i), list[i], at+"["+strconv.Itoa(i)+"]"); ok {
				return found, true
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if found, ok = findLostIn(v.MapIndex(key), object[mapKey(key)], fmt.Sprintf("%s[%v]", at, key)); ok {
				return found, true
			}
		}
	}
	return found, false
}

func findLostField(v reflect.Value, document any, at string) (found missing, ok bool) {
	object, _ := document.(map[string]any)
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		inner := document // its fields are in the same object as those of the outer struct
		if !field.Anonymous || name != "" || indirect(field.Type).Kind() != reflect.Struct {
			if !field.IsExported() {
				continue
			}
			if name == "" {
				name = field.Name
			}
			inner = object[name]
		}
		if found, ok = findLostIn(v.Field(i), inner, at+"."+field.Name); ok {
			return found, true
		}
	}
	return found, false
}

// encodesItself reports whether a method of the type encodes it.
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
	const deepest = 32 // such a value may contain itself
	if depth > deepest || !v.IsValid() {
		return ""
	}
	if isSecret(v.Type()) {
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

// mapKey returns the name of a key in JSON.
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
