package wirejson

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reading is a document as the value of a field, and what becomes of it.
type reading struct {
	document string
	want     any
	skipped  Kind // of the report, "" if there is none
}

// assertReadings reads documents into a field of type T that has a value before, to
// show what is set, and that the fields around it are read.
func assertReadings[T any](t *testing.T, before T, readings []reading) {
	t.Helper()
	for _, r := range readings {
		var out struct {
			First string `json:"first"`
			X     T      `json:"x"`
			Last  int    `json:"last"`
		}
		out.X = cloned(before)
		answer, err := Decode([]byte(`{"first":"a","x":`+r.document+`,"last":2}`), &out)
		require.NoError(t, err, r.document)
		assert.Equal(t, r.want, out.X, r.document)
		assert.Equal(t, "a", out.First, r.document)
		assert.Equal(t, 2, out.Last, r.document)
		if r.skipped == "" {
			assert.Empty(t, answer.Skipped, r.document)
			continue
		}
		want := []Skipped{{Path: "x", Field: "x", Kind: r.skipped, Type: reflect.TypeFor[T]().String()}}
		assert.Equal(t, want, answer.Skipped, r.document)
	}
}

// cloned copies a slice or a map, which reading may change in place.
func cloned[T any](value T) T {
	v := reflect.ValueOf(&value).Elem()
	switch v.Kind() {
	case reflect.Slice:
		if !v.IsNil() {
			v.Set(reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()), v))
		}
	case reflect.Map:
		if !v.IsNil() {
			m := reflect.MakeMap(v.Type())
			for _, key := range v.MapKeys() {
				m.SetMapIndex(key, v.MapIndex(key))
			}
			v.Set(m)
		}
	}
	return value
}

func all[T any](want T, documents ...string) (rs []reading) {
	for _, document := range documents {
		rs = append(rs, reading{document, want, ""})
	}
	return rs
}

func none[T any](want T, kind Kind, documents ...string) (rs []reading) {
	for _, document := range documents {
		rs = append(rs, reading{document, want, kind})
	}
	return rs
}

func join(parts ...[]reading) (rs []reading) {
	for _, part := range parts {
		rs = append(rs, part...)
	}
	return rs
}

func TestD6_AnInt64ReadsEveryFormOfAWholeNumber(t *testing.T) {
	assertReadings[int64](t, 9, join(
		all[int64](0, `0`, `-0`, `""`, `"  "`, `false`, `"false"`, `"0"`, `0.0`, `0e999999999`, `"00"`, `[0]`),
		all[int64](1, `1`, `true`, `"true"`, `[1]`, `["1"]`, `[true]`, `"1.0"`, `10e-1`, `0.1e1`),
		all[int64](9, `null`, `"null"`, `[null]`), // what was there stays, as in encoding/json
		all[int64](-7, `-7`, `"-7"`, `-7.0`, `-0.7e1`, `-70e-1`, `"-007"`),
		all[int64](42, `"42"`, `" 42 "`, `"\u0034\u0032"`, `"42\n"`, "\"42\n\t\""),
		all[int64](1000, `1e3`, `1E3`, `1e+3`, `"1e3"`, `1000.000`, `1e0003`, `1e0000000000000000000003`),
		all[int64](9007199254740993, `9007199254740993`, `"9007199254740993"`, `9007199254740993.0`, `9.007199254740993e15`),
		all[int64](math.MaxInt64, `9223372036854775807`, `"9223372036854775807"`),
		all[int64](math.MinInt64, `-9223372036854775808`, `9223372036854775808`, `"9223372036854775808"`),
		all[int64](-1, `18446744073709551615`, `"18446744073709551615"`), // keeps its bits
		none[int64](9, Number, `3.5`, `1e30`, `-1e300`, `18446744073709551616`, `-9223372036854775809`, `1e999999999`, `1e-999999999`,
			`1e99999999999999999999`, `123456789012345678901`, `0.000000000000000000000000001`),
		none[int64](9, String, `"abc"`, `"NaN"`, `"Inf"`, `"1 2"`, `"0x10"`, `"1e"`, `"e5"`, `"+1"`, `"1e+-5"`, `"1e5x"`, `"1."`, `".5"`, `"-"`, `"1_000"`, `"True"`),
		none[int64](9, Object, `{}`, `{"a":1}`),
		none[int64](9, List, `[]`, `[1,2]`, `[[1]]`, `[{}]`, `["x"]`, `[1,[2]]`),
	))
}

func TestEveryKindOfIntegerKeepsItsBounds(t *testing.T) {
	assertReadings[int8](t, 9, join(all[int8](127, `127`, `"127"`), all[int8](-128, `-128`, `-1.28e2`), none[int8](9, Number, `128`, `-129`), none[int8](9, String, `"128"`)))
	assertReadings[int16](t, 9, join(all[int16](32767, `32767`), none[int16](9, Number, `32768`)))
	assertReadings[int32](t, 9, join(all[int32](1, `true`, `1.0`), none[int32](9, Number, `2147483648`, `18446744073709551615`)))
	assertReadings[int](t, 9, join(all(-1, `18446744073709551615`), none(9, Number, `18446744073709551616`)))
	assertReadings[uint8](t, 9, join(
		all[uint8](255, `255`, `"255"`, `[255]`, `2.55e2`), all[uint8](1, `true`), all[uint8](0, `""`, `false`, `-0`, `-0.0`), all[uint8](9, `null`),
		none[uint8](9, Number, `256`, `-1`, `0.5`), none[uint8](9, String, `"x"`)))
	assertReadings[uint64](t, 9, join(all[uint64](math.MaxUint64, `18446744073709551615`, `"18446744073709551615"`), none[uint64](9, Number, `18446744073709551616`, `-1`)))
}

func TestAFloatReadsEveryFormOfANumber(t *testing.T) {
	assertReadings(t, 9.5, join(
		all(0.0, `0`, `""`, `" "`, `false`, `"0.0"`, `[0]`), all(1.0, `true`, `"true"`, `1`), all(9.5, `null`, `"null"`),
		all(1.5, `1.5`, `"1.5"`, `" 1.5"`, `[1.5]`, `15e-1`), all(-0.002, `-2e-3`), all(12345678901234567890.0, `12345678901234567890`),
		all(1.1111111111111111111e-151, strings.Repeat("1", 200)+`e-350`), none(9.5, Number, strings.Repeat("1", 200)+`e200`),
		none(9.5, Number, `1e999`), none(9.5, String, `"abc"`, `"NaN"`, `"Inf"`, `"-infinity"`, `"1e999"`), none(9.5, Object, `{}`), none(9.5, List, `[]`, `[1,2]`),
	))
	assertReadings[float32](t, 9, join(all[float32](0.1, `0.1`, `"0.1"`), none[float32](9, Number, `1e39`)))
}

func TestABoolReadsEveryFormOfYesAndNo(t *testing.T) {
	assertReadings(t, false, join(
		all(true, `1`, `2`, `-1`, `"1"`, `true`, `"true"`, `1.0`, `0.5`, `" 1 "`, `[1]`, `[true]`, `1e30`, `123456789012345678901234567890`),
		none(false, String, `"yes"`, `"NaN"`, `"Inf"`), none(false, Object, `{}`), none(false, List, `[]`, `[1,0]`), none(false, Number, `1e999`)))
	assertReadings(t, true, all(false, `0`, `"0"`, `false`, `"false"`, `""`, `0.0`, `0e9`, `[0]`))
	assertReadings(t, true, all(true, `null`, `"null"`))
}

func TestAStringReadsEverything(t *testing.T) {
	type openID string
	readings := map[string]string{
		`"abc"`: "abc", `" a "`: " a ", `""`: "", `"null"`: "null", `null`: "before", `5`: "5", `1.50`: "1.50", `true`: "true", `false`: "false",
		`"\u5f20\"\\"`: `张"\`, `9007199254740993`: "9007199254740993", `1e3`: "1e3", `["a"]`: "a", `[5]`: "5", `[null]`: "before",
		`{"a": 1}`: `{"a": 1}`, `[1, 2]`: `[1, 2]`, `[]`: ``, `{}`: ``, "{ \x01\n}": "", `[["a"]]`: `[["a"]]`, `["\u0041"]`: "A",
		"{\"a\":\"x\x01\xff\"}": `{"a":"x\u0001` + "\ufffd" + `"}`, `[{}]`: `[{}]`,
	}
	for document, want := range readings {
		assertReadings(t, "before", all(want, document))
		assertReadings(t, openID("before"), all(openID(want), document))
	}
	longest := `["` + strings.Repeat("x", maxText-len(`[""]`)) + `"]`
	assertReadings(t, "before", all(longest[2:len(longest)-2], longest))
	longest = `[1,` + strings.Repeat(" ", maxText-len(`[1,2]`)) + `2]`
	assertReadings(t, "before", all(longest, longest))
	assertReadings(t, "before", none("before", List, ` [`+longest[1:len(longest)-1]+` ]`))
}

func TestANumberKeepsItsDigits(t *testing.T) {
	assertReadings[json.Number](t, "9", join(
		all[json.Number]("1.50", `1.50`, `"1.50"`, `" 1.50 "`, `[1.50]`), all[json.Number]("1", `true`), all[json.Number]("0", `false`),
		all[json.Number]("", `""`), all[json.Number]("9", `null`), all[json.Number]("1e999", `1e999`),
		none[json.Number]("9", String, `"x"`, `"01"`, `"1 2"`), none[json.Number]("9", Object, `{}`)))
}

func TestOneElementIsAListAndAListOfOneIsItsElement(t *testing.T) {
	type item struct{ A int }
	assertReadings(t, []int64{9}, join(
		all([]int64{5}, `5`, `"5"`, `[5]`, `["5"]`, `[[5]]`), all([]int64(nil), `""`, `{}`, `{ }`, `null`), all([]int64{}, `[]`),
		all([]int64{1}, `true`), all([]int64{1, 2}, `["1",2]`), none([]int64{9}, String, `"x"`, `" x"`), none([]int64{9}, Object, `{"a":1}`)))
	assertReadings(t, []string{"before"}, join(all([]string{"a"}, `"a"`, `["a"]`), all([]string{"5"}, `5`), all([]string(nil), `""`, `{}`)))
	assertReadings(t, []item{{9}}, join(
		all([]item{{1}}, `{"a":1}`, `[{"a":1}]`, `[[{"a":1}]]`), all([]item(nil), `""`, `{}`, "{\x01\n}"), all([]item{}, `[]`), all([]item{{9}}, `[{}]`, `[""]`, `[[]]`), // as in encoding/json
		none([]item{{9}}, Number, `5`), none([]item{{9}}, Bool, `false`)))
	assertReadings(t, []any{"before"}, join(all([]any{"a"}, `"a"`), all([]any{map[string]any{"a": 1.0}}, `{"a":1}`)))
	assertReadings(t, item{9}, join(
		all(item{1}, `{"a":1}`, `[{"a":1}]`, `{"a":"1"}`), all(item{9}, `{}`, `""`, `[]`, `null`, `[{}]`),
		none(item{9}, String, `"x"`), none(item{9}, Number, `5`), none(item{}, List, `[{"a":1},{"a":2}]`), none(item{}, List, `[5]`, `[[{"a":1}]]`)))
	assertReadings(t, map[string]int{"b": 9}, join(
		all(map[string]int{"b": 9}, `{}`, `""`, `[]`), all(map[string]int(nil), `null`), all(map[string]int{"a": 1, "b": 9}, `{"a":1}`, `[{"a":"1"}]`),
		none(map[string]int{"b": 9}, Number, `5`)))
	assertReadings(t, [2]int{8, 9}, join(
		all([2]int{1, 2}, `[1,2]`, `["1",2,3]`), all([2]int{1, 0}, `[1]`), all([2]int{}, `""`, `{}`, `[]`), all([2]int{8, 9}, `null`), none([2]int{8, 9}, Number, `5`)))
	assertReadings(t, [][]int(nil), join(all([][]int{{1}, {2}}, `[[1],2]`), none([][]int(nil), Number, `5`)))
}

func TestEveryKindOfIntegerIsAKeyOfAMap(t *testing.T) {
	assertReadings(t, map[int]int(nil), all(map[int]int{-1: 1}, `{"-1":"1"}`))
	assertReadings(t, map[int64]int(nil), all(map[int64]int{math.MinInt64: 1}, `{"-9223372036854775808":"1"}`))
	assertReadings(t, map[uint]int(nil), all(map[uint]int{1: 1}, `{"1":"1"}`))
	assertReadings(t, map[uint64]int(nil), all(map[uint64]int{math.MaxUint64: 1}, `{"18446744073709551615":"1"}`))
	assertReadings(t, map[uintptr]int(nil), all(map[uintptr]int{1: 1}, `{"1":"1"}`))
}

func TestAListOfListsDoesNotWrapAValueForEver(t *testing.T) {
	type lists []lists
	type pointers []*pointers
	assertReadings(t, lists(nil), none(lists(nil), Number, `5`))
	assertReadings(t, pointers(nil), none(pointers(nil), Number, `5`))
}

func TestBytesAreBase64OrAListOfNumbers(t *testing.T) {
	assertReadings(t, []byte("before"), join(
		all([]byte("hi"), `"aGk="`, `"\u0061Gk="`, `[104,"105"]`, "\"aG\nk=\""), all([]byte{}, `""`), all([]byte{104}, `104`), all([]byte(nil), `null`, `{}`),
		none([]byte("before"), String, `"a"`, `"张"`, `"\u0061Gk张"`)))
}

func TestAPointerIsNilIfThereIsNothing(t *testing.T) {
	type item struct{ A int }
	one, text := int64(1), "x"
	assertReadings(t, (*int64)(nil), join(all(&one, `1`, `"1"`, `true`, `[1]`), all((*int64)(nil), `null`, `""`), none((*int64)(nil), String, `"x"`), none((*int64)(nil), Object, `{}`)))
	assertReadings(t, (*string)(nil), join(all(&text, `"x"`), all(new(string), `""`)))
	assertReadings(t, (*item)(nil), join(all(&item{1}, `{"a":1}`), all(new(item), `{}`), all((*item)(nil), `""`, `[]`, `null`), none((*item)(nil), Number, `1`)))
	held := int64(5)
	assertReadings(t, &held, join(none(&held, String, `"x"`), all((*int64)(nil), `null`)))
}

func TestAnAnyHoldsExactNumbers(t *testing.T) {
	assertReadings[any](t, "before", join(
		all[any](1.0, `1`, `1.0`, `1e0`, `1.000000000000000000000`), all[any](0.1, `0.1`), all[any](9007199254740992.0, `9007199254740992`),
		all[any](json.Number("9007199254740993"), `9007199254740993`), all[any](json.Number("18446744073709551615"), `18446744073709551615`),
		all[any](json.Number("1152921504606846977"), `1152921504606846977`), all[any](json.Number("1e400"), `1e400`), all[any](json.Number("1e-400"), `1e-400`),
		all[any](json.Number("0.12345678901234567890"), `0.12345678901234567890`), all[any](-123456.75, `-123456.75`), all[any](1e300, `1e300`, `10e299`),
		all[any](nil, `null`), all[any](true, `true`), all[any]("x", `"x"`), all[any]([]any{}, `[]`), all[any](map[string]any{}, `{}`),
		all[any](map[string]any{"a": []any{json.Number("9007199254740993"), false}}, `{"a":[9007199254740993,false]}`),
	))
	source := map[string]any{"id": json.Number("9007199254740993"), "small": 5.0, "text": "x\ufffd\x01"}
	var got any
	_, err := Decode([]byte("{\"id\":9007199254740993,\"small\":5,\"text\":\"x\xff\x01\"}"), &got)
	require.NoError(t, err)
	assert.Equal(t, source, got)
}

func TestUnmarshalersGetValidJSONAndWhatTheyRefuseCostsTheirFieldOnly(t *testing.T) {
	assertReadings[jsonText](t, "before", join(
		all[jsonText](`{"a": 1}`, `{"a": 1}`), all[jsonText](`null`, `null`), all[jsonText](`"x\u0001\\q"`, "\"x\x01\\q\""), all[jsonText](`[1,"\\"]`, "[1\x02,\"\\\\\"]"),
		none[jsonText]("", Bool, `true`)))
	assertReadings[textual](t, "before", join(
		all[textual]("<a>", `"a"`, `["a"]`), all[textual]("<5>", `5`), all[textual]("<true>", `true`), all[textual]("before", `null`), all[textual]("<>", `""`),
		all[textual]("<\ufffd>", "\"\xff\""), none[textual]("", String, `"x"`), none[textual]("before", Object, `{}`)))
	assertReadings[*jsonText](t, nil, join(all[*jsonText](nil, `null`), none[*jsonText](nil, Bool, `true`)))
	assertReadings[picky](t, picky{1}, join(all(picky{}, `""`), none(picky{}, Number, `1`)))
	assertReadings[pickyText](t, pickyText{1}, join(all(pickyText{}, `""`), none(pickyText{}, String, `"a"`)))
	assertReadings[*picky](t, nil, join(all[*picky](nil, `""`, `null`), none[*picky](nil, Number, `1`)))
	assertReadings[json.RawMessage](t, json.RawMessage("before"), join(
		all(json.RawMessage(`{"a": "x\u0001\\q"}`), "{\x02\"a\": \"x\x01\\q\"}"), all(json.RawMessage(`null`), `null`)))
}

// picky and pickyText refuse everything, and leave traces.
type (
	picky     struct{ N int }
	pickyText struct{ N int }
)

func (p *picky) UnmarshalJSON([]byte) error     { p.N = 5; return errors.New("no") }
func (p *pickyText) UnmarshalText([]byte) error { p.N = 5; return errors.New("no") }

// strict wants a number, wordy a string, and truth a boolean.
type (
	strict struct{ n int }
	wordy  struct{ s string }
	truth  struct{ b bool }
)

func (s *strict) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &s.n) }
func (w *wordy) UnmarshalJSON(data []byte) error  { return json.Unmarshal(data, &w.s) }

func (r *truth) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &r.b) }

func TestAnUnmarshalerThatRefusesAFormGetsAnother(t *testing.T) {
	assertReadings(t, strict{9}, join(
		all(strict{5}, `5`, `"5"`, `[5]`, `[ 5 ]`), none(strict{}, String, `"x"`, `"05"`, `"true"`), none(strict{}, List, `[]`, `[5,6]`, `["x"]`, `["5"]`),
		none(strict{}, Object, `{}`), all(strict{9}, `null`), all(strict{}, `""`)))
	assertReadings(t, wordy{"before"}, join(
		all(wordy{"5"}, `5`, `"5"`, `["5"]`), all(wordy{"true"}, `true`), none(wordy{}, Object, `{}`), none(wordy{}, List, `[1]`)))
	assertReadings(t, truth{}, join(all(truth{true}, `true`, `"true"`, `[true]`), none(truth{}, String, `"x"`, `"null"`)))
	assertReadings(t, truth{true}, all(truth{}, `false`, `"false"`, `[false]`))
}

func TestALeafOfAnotherTypeCostsNothingElse(t *testing.T) {
	var whole map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(userJSON), &whole))
	var want user[bool]
	_, err := Decode([]byte(userJSON), &want)
	require.NoError(t, err)
	typ := reflect.TypeFor[user[bool]]()
	for i := range typ.NumField() {
		name := typ.Field(i).Tag.Get("json")
		leaf := string(whole[name])
		same := []string{leaf, "[" + leaf + "]"}
		switch leaf[0] {
		case '[':
			same = []string{leaf, `["128","2"]`}
		case '"':
		default:
			same = append(same, `"`+leaf+`"`, leaf+".0", leaf+"e0")
		}
		for n, form := range append(same, `0`, `1.5`, `"x"`, `""`, `true`, `false`, `null`, `{}`, `{"a":1}`, `[]`, `[1,2]`, `[[]]`, `[{}]`, `[null]`, `1e999`) {
			if n < len(same) && strings.HasPrefix(form, "1382694957.") || form == "1382694957e0" {
				continue // the test's type wants digits
			}
			whole[name] = json.RawMessage(form)
			document, err := json.Marshal(whole)
			require.NoError(t, err)
			var got user[bool]
			answer, err := Decode(document, &got)
			require.NoError(t, err, "%s: %s", name, form)
			if n < len(same) {
				require.Empty(t, answer.Skipped, "%s: %s", name, form)
			} else {
				reflect.ValueOf(&got).Elem().Field(i).Set(reflect.ValueOf(want).Field(i))
			}
			require.Equal(t, want, got, "%s: %s", name, form)
		}
		whole[name] = json.RawMessage(leaf)
	}
}

func TestWhatCannotBePlannedIsLeftToEncodingJSON(t *testing.T) {
	assertReadings[fmt.Stringer](t, nil, join(all[fmt.Stringer](nil, `null`), none[fmt.Stringer](nil, Number, `1`)))
	assertReadings[chan int](t, nil, join(all[chan int](nil, `null`), none[chan int](nil, Number, `1`)))
	assertReadings(t, map[keyed]int{}, all(map[keyed]int{{`json"a"`}: 1}, `{"a":1}`))
	assertReadings(t, map[bool]int{}, none(map[bool]int(nil), Object, `{"true":1}`))
}

func TestTheOptionStringIsFollowedLeniently(t *testing.T) {
	for document, want := range map[string]inQuotes{
		`{"I":"5","U":"6","F":"1.5","B":"true","S":"\"x\""}`: {I: 5, U: 6, F: 1.5, B: true, S: "x"},
		`{"I":5,"U":6,"F":1.5,"B":true,"S":"x"}`:             {I: 5, U: 6, F: 1.5, B: true, S: "x"},
		`{"S":"\"x"}`:                                        {S: `"x`},
		`{"S":7,"I":"","B":1}`:                               {S: "7", B: true},
		`{"I":"null","S":"null","P":""}`:                     {},
	} {
		var got inQuotes
		answer, err := Decode([]byte(document), &got)
		require.NoError(t, err, document)
		assert.Empty(t, answer.Skipped, document)
		assert.Equal(t, want, got, document)
	}
	var got inQuotes
	answer, err := Decode([]byte(`{"I":"x","S":"\"y\""}`), &got)
	require.NoError(t, err)
	assert.Equal(t, inQuotes{S: "y"}, got)
	assert.Equal(t, []Skipped{{"I", "I", String, "int"}}, answer.Skipped)
	var pointers struct {
		B *bool    `json:",string"`
		F *float64 `json:",string"`
	}
	pointers.B, pointers.F = new(bool), new(float64)
	_, err = Decode([]byte(`{"B":"null","F":"null"}`), &pointers)
	require.NoError(t, err)
	assert.Zero(t, pointers)
	long := strings.Repeat(`\\\"`, 20000)
	_, err = Decode([]byte(`{"S":"\"`+strings.ReplaceAll(strings.ReplaceAll(long, `\`, `\\`), `"`, `\"`)+`\""}`), &got)
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat(`\"`, 20000), got.S)
}

func TestD2D3_DamagedDocumentsAreRead(t *testing.T) {
	for document, want := range map[string]string{
		"{\"a\":\"x\x01\x07\x14y\"}":     "x\x01\x07\x14y", // raw control bytes
		"{\"a\":\"line\nbreak\ttab\"}":   "line\nbreak\ttab",
		"{\x01\"a\"\x02:\x03\"x\"\x04}":  "x",
		"\xef\xbb\xbf{\"a\":\"x\"}":      "x", // byte order mark
		"\xef\xbb\xbf{\"a\":\"x\x01\"}":  "x\x01",
		"{\"a\":\"x\xff\xfey\"}":         "x\ufffd\ufffdy",
		"{\"a\":\"\xe5\xbc\"}":           "\ufffd\ufffd",
		`{"a":"\ud83d"}`:                 "\ufffd",
		`{"a":"\ude00\ud83d"}`:           "\ufffd\ufffd",
		`{"a":"\ud83d\ude0"}`:            "\ufffd" + `\ude0`,
		`{"a":"C:\dir \ u12"}`:           `C:\dir \ u12`, // stray backslashes
		`{"a":"\u12"}`:                   `\u12`,
		"{\"a\":\"\\\x01\"}":             "\\\x01",
		"{\"a\":\"http:\\/\\/x\x01\"}":   "http://x\x01", // other escapes stay
		"{\"a\":\"\\\"\\\\ \x02\"}":      "\"\\ \x02",
		" \r\n{\"a\":\"x\"}\n":           "x",
		"{\"a\":\"\u2028\u2029\ufeff\"}": "\u2028\u2029\ufeff",
		"{\"\\u0061\":\"\\b\\f\\r\"}":    "\b\f\r",
		"{\"A\x00\":1,\"a\":\"\x00\"}":   "\x00",
	} {
		var got struct{ A string }
		answer, err := Decode([]byte(document), &got)
		require.NoError(t, err, "%q", document)
		assert.Equal(t, want, got.A, "%q", document)
		assert.Equal(t, Object, answer.Kind)
		var value any
		_, err = Decode([]byte(document), &value)
		require.NoError(t, err, "%q", document)
		assert.Equal(t, want, value.(map[string]any)["a"], "%q", document)
		_, err = Decode([]byte(document), nil)
		require.NoError(t, err, "%q", document)
		var raw json.RawMessage
		_, err = Decode([]byte(document), &raw)
		require.NoError(t, err, "%q", document)
		require.NoError(t, json.Unmarshal(raw, &got), "%q", raw)
		assert.Equal(t, want, got.A, "%q", raw)
	}
}

func TestAStringIsTheSameWhereverItsOddBytesAre(t *testing.T) {
	for _, odd := range []string{"\x00", "\x1f", `\n`, `\"`, `\q`, `\u5f20`, "张", "\xff", "\xe5", "\x80", " ", "\x7f", "!", "]", "#", "[", "\u0080", "\U0010ffff"} {
		plain := strings.ToValidUTF8(strings.NewReplacer(`\n`, "\n", `\"`, `"`, `\u5f20`, "张").Replace(odd), "\ufffd")
		for before := range 20 {
			for after := range 10 {
				document := `"` + strings.Repeat("a", before) + odd + strings.Repeat("b", after) + odd + `"`
				var got string
				_, err := Decode([]byte(document), &got)
				require.NoError(t, err, "%q", document)
				require.Equal(t, strings.Repeat("a", before)+plain+strings.Repeat("b", after)+plain, got, "%q", document)
			}
		}
	}
}

func TestD2_OneOddNicknameDoesNotCostThePage(t *testing.T) {
	page := `{"list":[{"nickname":"a"},{"nickname":"` + "b\x08\xff\\q" + `"},{"nickname":"c"}]}`
	var got struct {
		List []struct{ Nickname string }
	}
	answer, err := Decode([]byte(page), &got)
	require.NoError(t, err)
	require.Len(t, got.List, 3)
	assert.Equal(t, "b\b\ufffd\\q", got.List[1].Nickname)
	assert.Empty(t, answer.Skipped)
}

func TestD7_WhatIsNoJSONOrEndsTooEarlyIsAnError(t *testing.T) {
	for _, document := range []string{
		"<html>", `{"a":1 2}`, `{"a" 1}`, `{"a":1,}`, `[1,]`, `[,1]`, `{,}`, `{a:1}`, `[1 2]`, `01`, `1.x`, `.5`, `+1`, `-x`, `1ex`, `trux`, `nulx`, `falsy`, `}`, `]`, `{]`, `[}`,
		`{} {}`, `{"a":1}x`, "{}\f", "{}\x00", "\x00{}", "\f{}", "[1\x002]", "{}\u00a0", `{"x":tru}`, `{"x":[1,{"y":}]}`, `{"a":{"b":[}}`, `{"x":{1}}`, `{"x":{"y"}}`,
	} {
		for _, out := range []any{nil, new(struct{ A []int }), new(any), new(json.RawMessage), new(map[string]any), new([]int), new([1]int), new(string), new(int), new(textual)} {
			answer, err := Decode([]byte(document), out)
			var syntax *SyntaxError
			require.ErrorAs(t, err, &syntax, "%q into %T", document, out)
			require.NotErrorIs(t, err, io.ErrUnexpectedEOF, "%q into %T", document, out)
			assert.Zero(t, answer)
			assert.LessOrEqual(t, syntax.Offset, int64(len(document)))
			assert.Contains(t, err.Error(), "at byte")
		}
	}
	whole := `{"a":["x\u0041\\",{"b":-1.5e+3}],"c":true,"d":false,"e":null,"f":{"g":"h"},"errcode":1}`
	for i := range whole {
		for _, out := range []any{
			nil, new(any), new(json.RawMessage), new(map[string]any), new(map[string]json.Number), new(map[string]string), new(map[string][]int), new(map[string]textual),
			new(map[string][]byte), new(map[string]map[string]bool), new(map[string][1]float64), new(map[string]*okay), new(map[string]jsonText), new(map[string]chan int),
			new(struct {
				A, F string
				C, D int `json:",string"`
				E    *okay
			}), new([]string), new([1]uint8), new(okay),
		} {
			_, err := Decode([]byte(whole[:i]), out)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%q into %T", whole[:i], out)
			var syntax *SyntaxError
			require.ErrorAs(t, err, &syntax)
			assert.Equal(t, int64(i), syntax.Offset)
		}
	}
	_, err := Decode([]byte(whole), nil)
	require.NoError(t, err)
}

func TestAnErrorHoldsNothingOfTheDocument(t *testing.T) {
	_, err := Decode([]byte(`{"access_token":"CANARY`), nil)
	require.EqualError(t, err, "the document is incomplete at byte 23")
	_, err = Decode([]byte(`{"access_token":CANARY}`), nil)
	require.EqualError(t, err, "missing value at byte 16")
	_, err = Decode([]byte(`"CANARY"`), new(int))
	require.EqualError(t, err, "JSON string for a Go int")
	var out map[string]int
	answer, err := Decode([]byte(`{"CANARY":"CANARY"}`), &out)
	require.NoError(t, err)
	assert.Equal(t, []Skipped{{".*"[1:], ".*"[1:], String, "int"}}, answer.Skipped)
}

func TestADocumentThatOutCannotTakeIsAnErrorBesidesTheRefusal(t *testing.T) {
	for _, out := range []any{new([]int), new([]okay), new(int), new(picky), new([2]int), new(chan int), new(bool)} {
		answer, err := Decode([]byte(`{"errcode":40001,"errmsg":"no"}`), out)
		require.Error(t, err, "%T", out)
		assert.Equal(t, Refusal{Found: true, Code: 40001, Message: "no"}, answer.Refusal, "%T", out)
	}
	_, err := Decode([]byte(`[{"errcode":40001}]`), new(okay))
	require.EqualError(t, err, "JSON array for a Go wirejson.okay")
	_, err = Decode([]byte(`""`), new(picky))
	require.EqualError(t, err, "no")
}

func TestOutMustBeAPointer(t *testing.T) {
	for _, out := range []any{okay{}, (*okay)(nil), "x", []int{1}} {
		_, err := Decode([]byte(`{}`), out)
		var invalid *json.InvalidUnmarshalError
		require.ErrorAs(t, err, &invalid)
	}
}

func TestTheKindOfTheDocumentIsReported(t *testing.T) {
	for document, want := range map[string]Kind{`{}`: Object, ` []`: List, `"x"`: String, `-1`: Number, `true`: Bool, `false`: Bool, `null`: Null} {
		answer, err := Decode([]byte(document), nil)
		require.NoError(t, err)
		assert.Equal(t, want, answer.Kind)
	}
}

func TestD5_TheErrcodeIsFoundInEveryShape(t *testing.T) {
	for document, want := range map[string]Refusal{
		`{}`: {}, `[]`: {}, `[{"errcode":1}]`: {}, `{"a":{"errcode":1}}`: {}, `{"errmsg":"x"}`: {}, `{"errcode":null,"errmsg":"x"}`: {}, `{"errcode":""}`: {},
		`{"errcode":0,"errmsg":"ok"}`:                                       {Found: true},
		`{"errcode":"0"}`:                                                   {Found: true},
		`{"errcode":0.0}`:                                                   {Found: true},
		`{"errcode":40001,"errmsg":"no"}`:                                   {true, 40001, "no", false},
		`{"errmsg":"no","x":[{"errcode":2}],"errcode":40001}`:               {true, 40001, "no", false},
		`{"errcode":"40001","errmsg":"no"}`:                                 {true, 40001, "no", false},
		`{"errcode":40001.0,"errmsg":"no"}`:                                 {true, 40001, "no", false},
		`{"errcode":4.0001e4,"errmsg":5}`:                                   {true, 40001, "5", false},
		`{"errcode":-1,"errmsg":"a\u5f20` + "\x01" + `"}`:                   {true, -1, "a张\x01", false},
		`{"errcode":[7],"errmsg":null}`:                                     {true, 7, "", false},
		`{"err\u0063ode":7}`:                                                {true, 7, "", false},
		`{"errcode":1,"errcode":2,"errmsg":"a","errmsg":"b"}`:               {true, 2, "b", false},
		`{"errcode":1,"errcode":null}`:                                      {},
		`{"base_resp":{"ret":3,"err_msg":"no"}}`:                            {true, 3, "no", false},
		`{"base_resp":{"ret":"3","errmsg":"no"}}`:                           {true, 3, "no", false},
		`{"base_resp":{"errcode":3,"errmsg":"no"}}`:                         {true, 3, "no", false},
		`{"base_resp":{"ret":0},"x":1}`:                                     {Found: true},
		`{"resp_msg":{"retcode":4,"errmsg":"no"}}`:                          {true, 4, "no", false},
		`{"resp_msg":{"ret_code":4,"error_info":"no"}}`:                     {true, 4, "no", false},
		`{"resp_msg":{"ret_code":0,"error_info":"ok"},"deviceid":"1"}`:      {Found: true},
		`{"resp_msg":{"ret":0,"retcode":4}}`:                                {true, 4, "", false},
		`{"errcode":0,"errmsg":"ok","base_resp":{"ret":5,"err_msg":"no"}}`:  {true, 5, "no", false},
		`{"errcode":1,"errmsg":"top","base_resp":{"ret":5,"err_msg":"no"}}`: {true, 1, "top", false},
		`{"base_resp":{"ret":0},"resp_msg":{"ret":6}}`:                      {true, 6, "", false},
		`{"base_resp":{"ret":5},"resp_msg":{"ret":6}}`:                      {true, 5, "", false},
		`{"base_resp":{"ret":5,"errcode":7}}`:                               {true, 5, "", false},
		`{"base_resp":"x","resp_msg":[1]}`:                                  {},
		`{"base_resp":null}`:                                                {},
		`{"base_resp":{"base_resp":{"ret":1}}}`:                             {},
		`{"errcode":"busy","errmsg":"no"}`:                                  {true, 0, "no", true},
		`{"errcode":1.5}`:                                                   {true, 0, "", true},
		`{"errcode":{}}`:                                                    {true, 0, "", true},
		`{"base_resp":{"ret":"x","err_msg":"no"}}`:                          {true, 0, "no", true},
		`{"base_resp":{"ret":"x","errcode":7,"err_msg":"no"}}`:              {true, 7, "no", false},
		`{"errcode":"x","base_resp":{"ret":7}}`:                             {true, 7, "", false},
		"\xef\xbb\xbf {\x01\"errcode\" : \x02 7 , \"errmsg\":\"x\"}":        {true, 7, "x", false},
		`{"errcode":9223372036854775807}`:                                   {true, math.MaxInt64, "", false},
		`{"ERRCODE":1}`:                                                     {},
		`{"errcode":40001,"errmsg":"` + strings.Repeat("x", 30) + `","a":` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `}`: {true, 40001, strings.Repeat("x", 30), false},
	} {
		outs := []any{nil, new(okay), new(struct{}), new(any), new(map[string]any), new(map[string]json.RawMessage), new(json.RawMessage), new(jsonText), new(*okay), new(interfaces)}
		for _, out := range outs {
			for range 2 { // the second time the members are guessed
				answer, err := Decode([]byte(document), out)
				if document[0] != '[' {
					require.NoError(t, err, "%s into %T", document, out)
				}
				require.Equal(t, want, answer.Refusal, "%s into %T", document, out)
			}
		}
	}
}

func TestTheDataOfARefusalIsRead(t *testing.T) {
	var out struct {
		ID int64 `json:"msg_id"`
	}
	answer, err := Decode([]byte(`{"errcode":45065,"errmsg":"clientmsgid exist","msg_id":"9007199254740993"}`), &out)
	require.NoError(t, err)
	assert.Equal(t, int64(45065), answer.Refusal.Code)
	assert.Equal(t, int64(9007199254740993), out.ID)
}

func TestD4_OneBadRecordCostsNoOther(t *testing.T) {
	records := make([]string, 100)
	for i := range records {
		records[i] = userJSON
	}
	records[30] = `"oops"`
	records[31] = strings.Replace(userJSON, `1382694957`, `"yesterday"`, 1)
	records[32] = strings.Replace(userJSON, `"groupid":0`, `"groupid":{}`, 1)
	records[33] = strings.Replace(userJSON, `[128,2]`, `[128,"x",2]`, 1)
	records[34] = strings.Replace(userJSON, `1382694957`, `"tomorrow"`, 1)
	var out users[bool]
	answer, err := Decode([]byte(`{"user_info_list":[`+strings.Join(records, ",")+`]}`), &out)
	require.NoError(t, err)
	require.Len(t, out.Users, 99)
	for i, u := range out.Users {
		require.Equal(t, "o6_bmjrPTlm6_2sgVt7hMZOPfL2M", u.OpenID, i)
		require.Equal(t, []int64{128, 2}, u.TagIDs, i)
		require.Equal(t, "ADD_SCENE_QR_CODE", u.Scene, i)
	}
	assert.True(t, out.Users[30].SubscribeTime.IsZero())
	assert.False(t, out.Users[31].SubscribeTime.IsZero())
	assert.Equal(t, []Skipped{
		{"user_info_list[30]", "user_info_list[]", String, "wirejson.user[bool]"},
		{"user_info_list[31].subscribe_time", "user_info_list[].subscribe_time", String, "wirejson.moment"},
		{"user_info_list[32].groupid", "user_info_list[].groupid", Object, "int64"},
		{"user_info_list[33].tagid_list[1]", "user_info_list[].tagid_list[]", String, "int64"},
	}, answer.Skipped, "each field is reported once")
}

func TestReportsNameFieldsAndAreFew(t *testing.T) {
	var out struct {
		Map  map[int]map[string]int
		Deep recursive
		Any  *interfaces
		Arr  [2]int
	}
	answer, err := Decode([]byte(`{"map":{"x":{"a":1},"y":{"a":1},"1":{"a":{},"b":{}},"2":5},"deep":{"kids":[{},{"next":{"map":{"k":{"kids":7}}}}]},"arr":[1,"x"]}`), &out)
	require.NoError(t, err)
	assert.Equal(t, []Skipped{
		{"Map.*", "Map.*", Object, "int"},
		{"Map.*.*", "Map.*.*", Object, "int"},
		{"Deep.Kids[1].Next.Map.*.Kids", "Deep.Kids[].Next.Map.*.Kids", Number, "[]wirejson.recursive"},
		{"Arr[1]", "Arr[]", String, "int"},
	}, answer.Skipped)
	assert.Equal(t, [2]int{1, 0}, out.Arr)

	for _, nested := range []string{
		strings.Repeat(`{"kids":[5,`, 4000) + "{}" + strings.Repeat(`]}`, 4000),
		strings.Repeat(`{"kids":[`, 4000) + "5" + strings.Repeat(`]}`, 4000),
	} {
		var r recursive
		answer, err = Decode([]byte(nested), &r)
		require.NoError(t, err)
		assert.NotEmpty(t, answer.Skipped)
		assert.LessOrEqual(t, len(answer.Skipped), maxReports)
		for _, s := range answer.Skipped {
			assert.LessOrEqual(t, len(s.Path), maxPath+len("…"))
			assert.LessOrEqual(t, len(s.Field), maxPath+len("…"))
		}
	}
	var dropped recursive
	answer, err = Decode([]byte(`{"next":[{"kids":5},{}],"kids":[1]}`), &dropped)
	require.NoError(t, err)
	assert.Equal(t, []Skipped{{"Next", "Next", List, "*wirejson.recursive"}, {"Kids[0]", "Kids[]", Number, "wirejson.recursive"}}, answer.Skipped)
	assert.Nil(t, dropped.Next)
}

func TestTheDocumentIsNeitherChangedNorShared(t *testing.T) {
	document := []byte("{\"r\":{\"a\":[1,2]},\"s\":\"text\",\"l\":[\"x\",\"y\"],\"a\":{\"k\":\"v\",\"n\":12345678901234567890},\"b\":\"aGk=\",\"n\":1.5,\"m\":{\"key\":1},\"t\":\"x y\",\"o\":\"a\x01\xff\"}")
	type all struct {
		R json.RawMessage
		S string
		L []string
		A any
		B []byte
		N json.Number
		M map[string]int
		T textual
		O string
	}
	before := string(document)
	var out, want all
	_, err := Decode(document, &out)
	require.NoError(t, err)
	require.Equal(t, before, string(document))
	_, err = Decode([]byte(before), &want)
	require.NoError(t, err)
	for i := range document {
		document[i] = 'z'
	}
	assert.Equal(t, want, out)
}

func TestManyGoroutinesMakeOnePlan(t *testing.T) {
	type inner struct {
		Self *inner
		L    []inner
		M    map[string]*inner
		N    int
	}
	type outer struct{ A, B, C inner }
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for _, document := range []string{`{"a":{"n":1},"b":{"self":{"n":2}},"c":{"m":{"x":{"n":3}},"l":[{"n":4}]}}`, `{"c":{"l":[{"n":4}],"m":{"x":{"n":3}}},"b":{"self":{"n":2}},"a":{"n":1}}`} {
				var out outer
				_, err := Decode([]byte(document), &out)
				assert.NoError(t, err) //nolint:testifylint // not in the test's goroutine
				assert.Equal(t, outer{inner{N: 1}, inner{Self: &inner{N: 2}}, inner{M: map[string]*inner{"x": {N: 3}}, L: []inner{{N: 4}}}}, out)
			}
		})
	}
	group.Wait()
}
