package wirejson

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type (
	named   string
	numbers struct {
		I   int
		I8  int8
		I16 int16
		I32 int32
		I64 int64
		U   uint
		U8  uint8
		U16 uint16
		U32 uint32
		U64 uint64
		F32 float32
		F64 float64
		N   json.Number
		B   bool
		S   string
		T   named
	}
	inQuotes struct {
		I int      `json:",string"`
		U uint16   `json:",string"`
		F float64  `json:",string"`
		B bool     `json:",string"`
		S string   `json:",string"`
		P *int     `json:",string"`
		Q *string  `json:",string"`
		L []string `json:",string"` //nolint:staticcheck // without effect
	}
	pointers struct {
		I *int
		S **string
		B *bool
		T *numbers
		L *[]int
		M *map[string]int
		R *json.RawMessage
		A *any
		W *time.Time
		X *struct{ time.Time }
	}
	lists struct {
		I  []int
		S  []string
		P  []*string
		T  []named
		N  []numbers
		L  [][]int
		A  [2]int
		B  []byte
		B4 [4]byte
		Y  []named
		E  []struct{}
	}
	tables struct {
		S map[string]string
		I map[int]string
		U map[uint8]any
		T map[named][]int
		P map[string]*numbers
		N map[string]numbers
		X map[textual]int
		K map[keyed]int
		C map[complex64]int
	}
	interfaces struct {
		A any
		L []any
		M map[string]any
		S fmt.Stringer
		R json.RawMessage
	}
	methods struct {
		J  jsonText
		T  textual
		V  moment
		W  time.Time
		JP *jsonText
		TP *textual
		U  struct{ time.Time } // without a name: its methods do not count
		D  time.Duration
	}
	foreign struct {
		C chan int
		F func()
		X complex128
		U uintptr
	}
	recursive struct {
		Name string
		Next *recursive
		Kids []recursive
		Map  map[string]recursive
	}
	base struct {
		ID     int64
		Shadow string
		Tagged string `json:"tagged"`
	}
	other  struct{ Shadow, Twice string }
	third  struct{ Twice string }
	hidden struct{ Inside string }
	Shown  struct{ Deep string } // exported
	embed  struct {
		base
		*other
		third
		*Shown
		hidden `json:"under"`
		Own    string `json:"own,omitempty"`
		Long   string `json:"a.b-c_d é"`
		Bad    string `json:"a\"b"` //nolint:staticcheck // encoding/json takes the field's name
		Dash   string `json:"-"`
		Minus  string `json:"-,"` //nolint:staticcheck // the name is -
		Kelvin string `json:"K"`
		lower  string
		UPPER  string
		Upper  string
	}
	diamond struct {
		left
		right
	}
	left  struct{ base }
	right struct{ base }
)

// jsonText keeps the JSON it gets and refuses true, in a string or not.
type jsonText string

func (t *jsonText) UnmarshalJSON(data []byte) error {
	if *t = jsonText(data); strings.Trim(string(data), `"`) == "true" {
		return errors.New("no")
	}
	return nil
}

// textual keeps the text it gets and refuses x.
type textual string

func (t *textual) UnmarshalText(text []byte) error {
	if *t = textual("<" + string(text) + ">"); *t == "<x>" {
		return errors.New("no")
	}
	return nil
}

// keyed is a key that reads JSON, which is left to encoding/json.
type keyed struct{ textual }

func (k *keyed) UnmarshalJSON(data []byte) error {
	k.textual = textual("json" + string(data))
	return nil
}

var _ encoding.TextUnmarshaler = new(textual)

// targets make a value of each kind of type.
var targets = []func() any{
	newOf[numbers], newOf[inQuotes], newOf[pointers], newOf[lists], newOf[tables], newOf[interfaces], newOf[methods], newOf[foreign],
	newOf[recursive], newOf[embed], newOf[diamond], newOf[any], newOf[[]any], newOf[map[string]any], newOf[string], newOf[int], newOf[float64],
	newOf[bool], newOf[json.RawMessage], newOf[json.Number], newOf[jsonText], newOf[textual], newOf[[]int], newOf[[3]string], newOf[*int],
	newOf[map[string]string], newOf[struct{ time.Time }], newOf[user[bool]], newOf[users[bool]], newOf[openIDs],
	func() any { return &interfaces{A: new(numbers), S: new(time.Time)} },
	func() any { var self any; self = &self; return self },
	func() any { var in any = new(numbers); return &in },
	func() any { return &numbers{I: 1, S: "s", B: true, F64: 2.5} },
	func() any {
		return &lists{I: []int{1, 2, 3}, N: make([]numbers, 2, 5), A: [2]int{7, 8}, P: []*string{new(string)}}
	},
	func() any { return &tables{S: map[string]string{"a": "b"}, N: map[string]numbers{"a": {I: 1}}} },
}

// documents are what the tests against encoding/json read, and seeds.
var documents = []string{
	`null`, `true`, `false`, `0`, `-0`, `1`, `-1`, `1.5`, `1e3`, `-2E-2`, `""`, `"a"`, `[]`, `{}`, `[1,2,3]`, `[null]`, `["a","b"]`, ` [ 1 , 2 ] `,
	`9007199254740993`, `9223372036854775807`, `-9223372036854775808`, `18446744073709551615`, `0.1`, `1e400`, `1e-400`, `123456789012345678901234567890`,
	`{"I":1,"I8":-128,"I16":32767,"I32":-5,"I64":9223372036854775807,"U":1,"U8":255,"U16":65535,"U32":1,"U64":18446744073709551615}`,
	`{"F32":0.1,"F64":0.1,"N":1.50,"B":true,"S":"x","T":"y"}`, `{"i":1,"i64":2,"f64":3,"s":"lower"}`, `{"I8":128}`, `{"U8":-1}`, `{"N":"1.5"}`, `{"N":""}`,
	`{"I":"1","U":"2","F":"1.5","B":"true","S":"\"x\"","P":"5","Q":"\"y\"","L":["z"]}`, `{"I":null,"S":null,"P":null}`, `{"I":"null","S":"null","P":"null","Q":"null"}`,
	`{"P":"5","P":"null"}`, `{"I":"007","F":"1e5","B":"x"}`, `{"S":"\"\\u0041\""}`,
	`{"I":1,"S":"x","B":false,"T":{"I":1},"L":[1],"M":{"a":1},"R":{"x":[1, 2]},"A":[1],"W":"2024-01-02T03:04:05Z","X":"2024-01-02T03:04:05Z"}`,
	`{"I":null,"S":null,"B":null,"T":null,"L":null,"M":null,"R":null,"A":null,"W":null,"X":null}`,
	`{"I":[1,2],"S":["a"],"P":["b",null],"T":["c"],"N":[{"I":1},null,{}],"L":[[1],[],null],"A":[1,2,3],"B":"aGk=","B4":[1,2],"E":[{},{}]}`,
	`{"A":[1],"B":[1,2],"I":[],"S":null,"N":[]}`, `{"B":""}`, `{"B":"a"}`, `{"B":"aG\nk="}`, `{"I":[5],"I":[null,null]}`,
	`{"N":[{"I":1,"S":"a"}],"N":[{"B":true}]}`, `{"N":[{"I":1},{"I":2}],"N":[{"S":"x"}],"N":[{},{}]}`,
	`{"S":{"a":"b","a":"c"},"I":{"1":"x","-2":"y"},"U":{"255":1},"T":{"a":[1]},"P":{"a":{"I":1},"b":null},"N":{"a":{"I":1},"a":{"S":"x"}},"X":{"k":1},"K":{"k":2}}`,
	`{"I":{"x":"y"}}`, `{"U":{"256":1}}`, `{"C":{}}`, `{"C":null}`, `{"X":{"x":1}}`,
	`{"A":{"a":[1,"x",null,true,{"b":1.5}]},"L":[1,"a"],"M":{"x":{}},"S":null,"R":[1, {"a" : 2}]}`, `{"A":null,"A":1}`, `{"S":1}`, `{"A":{"I":5},"S":"2024-01-02T03:04:05Z"}`,
	`{"J":{"a": 1},"T":"t","V":1700000000,"W":"2024-01-02T03:04:05Z","JP":null,"TP":"y","U":{"Time":"2024-01-02T03:04:05Z"},"D":1000}`,
	`{"J":null,"T":null,"V":null,"W":null,"JP":[],"TP":null}`, `{"J":true}`, `{"T":"x"}`, `{"T":1}`, `{"U":"2024-01-02T03:04:05Z"}`, `{"C":null,"F":null,"X":null,"U":7}`, `{"C":1}`,
	`{"Name":"a","Next":{"Name":"b","Next":null},"Kids":[{"Name":"c","Kids":[]}],"Map":{"x":{"Name":"d"}}}`,
	`{"ID":1,"Shadow":"s","tagged":"t","Twice":"w","Deep":"d","under":{"Inside":"i"},"own":"o","a.b-c_d é":"l","Bad":"b","Dash":"x","-":"m"}`,
	`{"K":"ascii"}`, "{\"\u212a\":\"kelvin\"}", `{"UPPER":"1","Upper":"2","upper":"3"}`, `{"A.B-C_D É":"l"}`, `{"own":1,"OWN":"x"}`, `{"\u006fwn":"o"}`,
	`{"a":"\u0041\"\\\/\b\f\n\r\t"}`, `"\ud83d\ude00 \ud83d \ude00\ud83d\u0041"`, "\"\xff\xe5\xbc\"", "\"中文 12345678901234567890 \\n\"", `"\u0000\u001f"`,
	userJSON, usersJSON(2), openIDsJSON(3), `{"errcode":0,"errmsg":"ok"}`, `{"errcode":40001,"errmsg":"x"}`, `{"base_resp":{"ret":1,"err_msg":"x"},"resp_msg":{"errcode":"2"}}`,
	`{"a":1,}`, `[1,]`, `[,1]`, `{,}`, `{"a"}`, `{"a":}`, `{"a" 1}`, `{1:2}`, `[1 2]`, `01`, `1.`, `.5`, `+1`, `-`, `1e`, `1e+`, `tru`, `nul`, `falsey`, `"`, `"\`, `"\u12`, `[`, `{`, `]`, `}`,
	`{"a":1}}`, `{} {}`, "{}\f", "\f{}", "{\x00\"a\":1}", "\"a\nb\"", `"\q"`, "\xef\xbb\xbf{}", "", " ", "<html>", `{"list":[{"a":1},"x",{"a":[]}]}`,
	`{"user_info_list":{"openid":"a","subscribe_time":"x"}}`, `{"user_info_list":[{"openid":1},5,{"sex":{},"tagid_list":"","groupid":[1]}]}`,
}

// assertReadAlike asserts that what encoding/json accepts, both read the same.
func assertReadAlike(t *testing.T, document []byte) {
	t.Helper()
	for i, target := range targets {
		want, got := target(), target()
		if _, ok := want.(*inQuotes); ok && (bytes.ContainsRune(document, '\'') || bytes.Contains(document, []byte("u0027"))) {
			continue // encoding/json takes \' for an escape there
		}
		stdErr := json.Unmarshal(document, want)
		answer, err := Decode(document, got)
		if stdErr != nil {
			continue
		}
		require.NoError(t, err, "%T (%d) of %q", want, i, document)
		require.Empty(t, answer.Skipped, "%T (%d) of %q", want, i, document)
		if i == selfTarget {
			want, got = *want.(*any), *got.(*any)
		}
		require.True(t, alike(reflect.ValueOf(want), reflect.ValueOf(got)), "%T (%d) of %q: encoding/json %+v, wirejson %+v", want, i, document, want, got)
	}
}

var selfTarget = len(targets) - 5

// alike is reflect.DeepEqual, but for the numbers that only wirejson reads exactly.
func alike(want, got reflect.Value) bool {
	if !want.IsValid() || !got.IsValid() {
		return want.IsValid() == got.IsValid()
	}
	if number, ok := got.Interface().(json.Number); ok && want.Type() != got.Type() {
		f, err := number.Float64()
		return want.Kind() == reflect.Float64 && (err != nil || f == want.Float()) && strconv.FormatFloat(want.Float(), 'g', -1, 64) != string(number)
	}
	if want.Type() != got.Type() {
		return false
	}
	switch want.Kind() {
	case reflect.Interface, reflect.Pointer:
		if want.IsNil() || got.IsNil() {
			return want.IsNil() == got.IsNil()
		}
		return alike(want.Elem(), got.Elem())
	case reflect.Slice, reflect.Array:
		if want.Kind() == reflect.Slice && want.IsNil() != got.IsNil() || want.Len() != got.Len() {
			return false
		}
		for i := range want.Len() {
			if !alike(want.Index(i), got.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		if want.IsNil() != got.IsNil() || want.Len() != got.Len() {
			return false
		}
		for _, key := range want.MapKeys() {
			if !alike(want.MapIndex(key), got.MapIndex(key)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		if when, ok := want.Interface().(time.Time); ok {
			return when.Equal(got.Interface().(time.Time))
		}
		for i := range want.NumField() {
			if want.Type().Field(i).IsExported() && !alike(want.Field(i), got.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Float32, reflect.Float64:
		return math.Float64bits(want.Float()) == math.Float64bits(got.Float())
	case reflect.Func:
		return want.IsNil() && got.IsNil()
	}
	return reflect.DeepEqual(want.Interface(), got.Interface())
}

func TestWhatEncodingJSONAcceptsIsReadAlike(t *testing.T) {
	for _, document := range documents {
		assertReadAlike(t, []byte(document))
	}
}

// writer writes documents at random, with names that the targets have.
type writer struct {
	*rand.Rand
	strings.Builder
}

var names = strings.Fields("I I8 I64 U U8 F32 F64 N B S T i s b P L M R A W X E B4 J V TP JP D C Name Next Kids Map ID Shadow tagged Deep own 1 -2 x k")

func (w *writer) pick(from ...string) string { return from[w.IntN(len(from))] }

func (w *writer) value(depth int) {
	w.space()
	kind := w.IntN(10)
	if depth == 0 {
		kind %= 6
	}
	switch kind {
	case 0:
		w.WriteString(w.pick("null", "true", "false", "null"))
	case 1, 2:
		w.WriteString(w.pick("0", "1", "-1", "200", "1.5", "1e2", "-0", "9007199254740993", "0.1", "12345678901234567890", "1e-7", "1E+2"))
	case 3, 4, 5:
		w.WriteString(w.pick(`""`, `"a"`, `"5"`, `"1.5"`, `"true"`, `"null"`, `"\"q\""`, `"张三 \u5f20\ud83d\ude00"`, "\"\xff a long one \xe5\"", `"aGk="`, `"2024-01-02T03:04:05Z"`, `"x"`))
	case 6, 7:
		w.many('[', ']', func() { w.value(depth - 1) })
	default:
		w.many('{', '}', func() {
			w.WriteString(`"` + w.pick(names...) + `"`)
			w.space()
			w.WriteByte(':')
			w.value(depth - 1)
		})
	}
	w.space()
}

func (w *writer) many(begin, end byte, one func()) {
	w.WriteByte(begin)
	for i := range w.IntN(5) {
		if i > 0 {
			w.WriteByte(',')
		}
		w.space()
		one()
	}
	w.space()
	w.WriteByte(end)
}

func (w *writer) space() {
	if w.IntN(8) == 0 {
		w.WriteString(w.pick(" ", "\n", "\t\r "))
	}
}

func TestRandomDocumentsAreReadAsByEncodingJSON(t *testing.T) {
	source := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		w := writer{Rand: source}
		w.value(4)
		require.True(t, json.Valid([]byte(w.String())), w.String())
		assertReadAlike(t, []byte(w.String()))
	}
}

func FuzzDecodeLikeEncodingJSON(f *testing.F) {
	for _, document := range documents {
		f.Add([]byte(document))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		if strings.Contains(strings.ToLower(string(document)), `-inf`) {
			return // an infinity, by the option ",string"
		}
		assertReadAlike(t, document)
	})
}

func TestEmbeddedFieldsAreThoseOfEncodingJSON(t *testing.T) {
	var out embed
	_, err := Decode([]byte(`{"id":1,"shadow":"x","Tagged":"t","Deep":"d","under":{"Inside":"i"},"own":"o","upper":"u","lower":"l"}`), &out)
	require.NoError(t, err)
	assert.Equal(t, int64(1), out.ID)
	assert.Equal(t, "t", out.Tagged)
	assert.Equal(t, "d", out.Deep)
	assert.Equal(t, "i", out.Inside)
	assert.Equal(t, "o", out.Own)
	assert.Equal(t, "u", out.UPPER, "the first of two fields whose names are alike without case")
	assert.Empty(t, out.lower)
	assert.Empty(t, out.base.Shadow, "two fields at one depth hide each other")
	assert.Nil(t, out.other)
}

func TestOfTwoFieldsAtOneDepthTheOneWithATagIsRead(t *testing.T) {
	type (
		Plain  struct{ Value string }
		Tagged struct {
			Text string `json:"Value"`
		}
		plainFirst struct {
			Plain
			Tagged
		}
		taggedFirst struct {
			Tagged
			Plain
		}
	)
	document := []byte(`{"Value":"x"}`)
	for _, out := range [][2]any{{new(plainFirst), new(plainFirst)}, {new(taggedFirst), new(taggedFirst)}} {
		_, err := Decode(document, out[0])
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(document, out[1]))
		assert.Equal(t, out[1], out[0])
		assert.Contains(t, fmt.Sprintf("%+v", out[0]), "Text:x")
	}
}

func TestAFieldIsFoundWithoutTheCaseOfItsName(t *testing.T) {
	type one struct{ K, S, AZ string }
	for _, name := range []string{"K", "k", "\u212a", "s", "\u017f", "az", "aZ", "Az", "@Z", "A[", "`z", "a{"} {
		for _, out := range [][2]any{{new(one), new(one)}, {new(struct{ K string }), new(struct{ K string })}} {
			document := []byte(`{"` + name + `":"x"}`)
			_, err := Decode(document, out[0])
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(document, out[1]))
			assert.Equal(t, out[1], out[0], name)
		}
	}
}

func TestAnEmbeddedPointerToAnUnexportedStructCostsItsFieldsOnly(t *testing.T) {
	var out struct {
		*hidden
		Name string
	}
	answer, err := Decode([]byte(`{"Inside":"i","Name":"n"}`), &out)
	require.NoError(t, err)
	assert.Equal(t, "n", out.Name)
	assert.Equal(t, []Skipped{{Path: "Inside", Field: "Inside", Kind: String, Type: "string"}}, answer.Skipped)

	var tagged struct {
		*hidden `json:"under"`
		Name    string
	}
	answer, err = Decode([]byte(`{"under":{"Inside":"i"},"Name":"n"}`), &tagged)
	require.NoError(t, err)
	assert.Equal(t, "n", tagged.Name)
	assert.Len(t, answer.Skipped, 1)
}
