// Package wirejson is the platform's JSON: requests are written without \u escapes,
// answers are read leniently and in one pass.
//
// # Decoding
//
// [Decode] follows the tags and rules of encoding/json: what [json.Unmarshal]
// accepts, both read the same, with two exceptions. A number in an any whose digits
// a float64 would lose is a [json.Number], and the infinities, which encoding/json
// takes out of a string with the option ",string", are no numbers.
//
// What encoding/json refuses is read as follows.
//
//   - Damage: a byte order mark in front; raw control bytes in strings, and between
//     the tokens of a document; backslashes that begin no escape, which stand for
//     themselves; broken UTF-8 and lone surrogates, which become U+FFFD.
//   - Scalars: numbers, strings, and booleans stand for each other. A string may have
//     white space around a number. true is 1, and every number but 0 is true. An
//     integer may have an exponent or a fraction of zeros. An int64 keeps the bits of
//     ids past 2^63. "" is the zero value, and "null" is null, except in strings.
//   - Strings keep the JSON text of an object or a list of up to 1 MiB; of one that
//     is empty, nothing.
//   - Lists: a single value is a list of one. "" and {} are the empty list. An element
//     that cannot be read is left out.
//   - Where no list is expected, a list of one element is that element.
//   - Objects and maps: "" and [] are empty.
//   - [encoding.TextUnmarshaler] gets the text of numbers and booleans too.
//   - [json.Unmarshaler] gets valid JSON. If it refuses that it gets another form: the
//     only element of a list, the number in a string, the string of a number.
//   - If either of them refuses "", its value is zero.
//
// A field that cannot be read even so keeps its zero value (nil, if it is a pointer),
// its neighbors are read, and [Answer.Skipped] reports it.
package wirejson

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
)

// Answer is what a document holds besides the values that went into out.
type Answer struct {
	Kind    Kind // of the whole document
	Refusal Refusal

	// Skipped are the fields that could not be read, at most 32 of them: the elements
	// of a list and the values of a map share the report of their first.
	Skipped []Skipped
}

// Refusal is the errcode of a document: at its top level or, if it is 0 or missing
// there, ret, retcode, ret_code, or errcode of base_resp or resp_msg.
type Refusal struct {
	Found   bool   // the document has an errcode, which may be 0
	Code    int64  // 0 is success
	Message string // errmsg, or err_msg; only if Code is not 0 or unreadable

	// Unreadable is set if there is an errcode that is no whole number: neither
	// success nor refusal. Found is set and Code is 0.
	Unreadable bool
}

// Skipped reports a field that could not be read. It holds nothing of what the
// document says: keys of maps and values are left out.
type Skipped struct {
	Path  string // such as user_info_list[3].subscribe_time; .* is a value of a map
	Field string // Path without indexes: user_info_list[].subscribe_time
	Kind  Kind   // what the document has there
	Type  string // the Go type that could not take it
}

// Kind is a kind of JSON value.
type Kind string

// The kinds of JSON values.
const (
	Null   Kind = "null"
	Bool   Kind = "boolean"
	Number Kind = "number"
	String Kind = "string"
	List   Kind = "array"
	Object Kind = "object"
)

func kindOf(first byte) Kind {
	switch first {
	case '{':
		return Object
	case '[':
		return List
	case '"':
		return String
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	}
	return Number
}

// SyntaxError says where a document stops being JSON. It holds nothing of the
// document. It is an [io.ErrUnexpectedEOF] if the document ends too early.
type SyntaxError struct {
	Offset  int64 // in bytes, of what cannot be read
	problem string
	early   bool
}

// Error returns the problem and its offset.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.problem, e.Offset) }

// Unwrap returns [io.ErrUnexpectedEOF] if the document ends too early.
func (e *SyntaxError) Unwrap() error {
	if e.early {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// Decode reads a document into out, which is a pointer as for [json.Unmarshal], or
// nil if only validity and refusal count. The document is not changed, and nothing
// in out shares its memory.
//
// A refusal is no error, and its document goes into out like any other: some
// refusals carry data. A caller that has no use for that discards out.
//
// The error is a [*SyntaxError] if the document is no JSON or ends too early; then
// the Answer is empty, and out holds what was read up to there. Any other error says
// that out cannot take the document as a whole; then the Answer is complete.
func Decode(data []byte, out any) (Answer, error) {
	var target reflect.Value
	if out != nil {
		target = reflect.ValueOf(out)
		if target.Kind() != reflect.Pointer || target.IsNil() {
			return Answer{}, &json.InvalidUnmarshalError{Type: target.Type()}
		}
	}
	d := newDecoder(data)
	defer d.release()
	result := d.document(target)
	if result == broken {
		return Answer{}, d.err
	}
	answer := Answer{Kind: kindOf(d.data[d.begin]), Refusal: d.refusal()}
	if result == unreadable {
		return answer, d.misfit(target.Type().Elem(), answer.Kind)
	}
	answer.Skipped = d.reports()
	return answer, nil
}

// document reads the whole document.
func (d *decoder) document(target reflect.Value) outcome {
	if d.at = d.begin; d.at == len(d.data) {
		return d.fail("")
	}
	if d.data[d.at] < ' ' {
		return d.fail("a control byte before the document")
	}
	result := read
	if target.IsValid() {
		result = planOf(target.Type()).read(d, target)
	} else if !d.skip() {
		result = broken
	}
	if result == broken {
		return broken
	}
	for ; d.at < len(d.data); d.at++ {
		if !isSpace(d.data[d.at]) {
			return d.fail("something behind the document")
		}
	}
	return result
}

// misfit is the error of a document that out cannot take as a whole.
func (d *decoder) misfit(t reflect.Type, kind Kind) error {
	if d.cause != nil {
		return d.cause
	}
	return fmt.Errorf("JSON %s for a Go %s", kind, t)
}
