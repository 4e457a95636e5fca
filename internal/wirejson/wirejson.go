// Package wirejson encodes JSON for the platform, without \u escapes, and decodes the
// JSON of the platform leniently and in one pass.
//
// # Decoding
//
// [Decode] follows the tags and rules of encoding/json. It decodes what
// [json.Unmarshal] accepts in the same way, with three exceptions. In an any, a number
// that a float64 cannot represent exactly is a [json.Number]. The infinities and the
// escape \', which encoding/json accepts in a string with the option ",string", are
// neither numbers nor escapes.
//
// It also decodes what encoding/json refuses:
//
//   - Damaged documents: a byte order mark is ignored. Raw control bytes are allowed
//     in strings and between tokens. A backslash that begins no escape is a character.
//     Invalid UTF-8 and lone surrogates become U+FFFD.
//   - Scalars: numbers, strings and booleans are converted to each other. In a string,
//     there may be white space around a number. true is 1, and every number but 0 is
//     true. An integer may have an exponent or a fraction of zeros. An int64 keeps the
//     bits of IDs above 2^63. "" is the zero value, and "null" is null, except for
//     strings.
//   - Strings: an object or a list becomes its JSON text, if that has up to 1 MiB. An
//     empty one becomes "".
//   - Lists: a single value becomes a list of one element. "" and {} become the empty
//     list. Elements that cannot be decoded are skipped.
//   - If no list is expected, a list of one element becomes that element.
//   - Objects and maps: "" and [] are empty.
//   - [encoding.TextUnmarshaler] also gets the text of numbers and booleans.
//   - [json.Unmarshaler] gets valid JSON. If it returns an error, it gets another form:
//     the only element of a list, the number in a string, or the string of a number.
//   - If either of them returns an error for "", the value is zero.
//
// A field that cannot be decoded keeps its zero value (nil for a pointer), and
// [Answer.Skipped] reports it. All other fields are decoded.
package wirejson

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
)

// Answer describes a document, in addition to the values that were decoded into out.
type Answer struct {
	Kind    Kind // of the whole document
	Refusal Refusal

	// Skipped reports the fields that could not be decoded, at most 32. The elements of a
	// list and the values of a map share one report.
	Skipped []Skipped
}

// Refusal is the errcode at the top level of a document or, if that is 0 or missing, the
// ret, retcode, ret_code or errcode of base_resp or resp_msg.
type Refusal struct {
	Found   bool   // the document has an errcode, which may be 0
	Code    int64  // 0 is success
	Message string // errmsg, or err_msg; only if Code is not 0 or unreadable

	// Unreadable is set if the errcode is not an integer, so that the document is
	// neither a success nor a refusal. Found is then set and Code is 0.
	Unreadable bool
}

// Skipped reports a field that could not be decoded. It contains no values and no keys
// of maps.
type Skipped struct {
	Path  string // such as user_info_list[3].subscribe_time; .* is a value of a map
	Field string // Path without indexes: user_info_list[].subscribe_time
	Kind  Kind   // of the JSON value
	Type  string // of the Go value
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

// SyntaxError reports where a document is not JSON. It contains nothing of the document.
// It is an [io.ErrUnexpectedEOF] if the document is incomplete.
type SyntaxError struct {
	Offset  int64 // in bytes, of the error
	problem string
	early   bool
}

// Error returns the reason and its offset.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.problem, e.Offset) }

// Unwrap returns [io.ErrUnexpectedEOF] if the document is incomplete.
func (e *SyntaxError) Unwrap() error {
	if e.early {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// Decode decodes a document into out, which is a pointer as for [json.Unmarshal], or nil
// to get only the Answer. It does not change the document, and out does not share its
// memory.
//
// A refusal is not an error, and is decoded into out like any other document, because
// some refusals contain data.
//
// The error is a [*SyntaxError] if the document is not JSON or incomplete. The Answer is
// then empty, and out contains what was decoded before. Any other error means that the
// document does not fit into out. The Answer is then complete.
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

// document decodes the whole document.
func (d *decoder) document(target reflect.Value) outcome {
	if d.at = d.begin; d.at == len(d.data) {
		return d.fail("")
	}
	if d.data[d.at] < ' ' {
		return d.fail("control byte before the document")
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
			return d.fail("data after the document")
		}
	}
	return result
}

// misfit returns the error of a document that does not fit into out.
func (d *decoder) misfit(t reflect.Type, kind Kind) error {
	if d.cause != nil {
		return d.cause
	}
	return fmt.Errorf("JSON %s for a Go %s", kind, t)
}
