package wirejson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// onTheWire is what the platform can get of a string: control bytes that JSON has
// no short form for do not travel, each broken byte becomes U+FFFD.
func onTheWire(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && !strings.ContainsRune("\b\f\n\r\t", r) {
			return -1
		}
		return r
	}, s)
}

func assertTravels(t *testing.T, s string) {
	t.Helper()
	want := onTheWire(s)
	for _, body := range []any{
		map[string]string{"k": s}, struct {
			K string `json:"k"`
		}{s}, struct {
			K []string `json:"k"`
		}{[]string{s}},
	} {
		data, err := Encode(body)
		require.NoError(t, err)
		require.True(t, json.Valid(data), "%q", data)
		require.True(t, utf8.Valid(data), "%q", data)
		require.False(t, hasEscape(data), "%q", data)
		var got struct{ K any }
		require.NoError(t, json.Unmarshal(data, &got))
		if list, ok := got.K.([]any); ok {
			got.K = list[0]
		}
		require.Equal(t, want, got.K, "%q", data)
	}
}

// hasEscape reports whether a JSON text holds a \u escape: an odd number of
// backslashes before a u.
func hasEscape(data []byte) bool {
	run := 0
	for _, b := range data {
		if b == 'u' && run%2 == 1 {
			return true
		}
		if b == '\\' {
			run++
		} else {
			run = 0
		}
	}
	return false
}

func TestD13_NoStringIsSentWithAnEscape(t *testing.T) {
	for _, s := range []string{
		"", "a&b<c>d", "张三😀", "\u2028\u2029", "\x00\x01\x1f\x7f", "\xff\xfe", "a\xc3", `\u0041`, `\\u0041`, `"\`, "\b\f\n\r\t", "\ufeff", "\ufffd",
		`{"a":"\u0041"}`, "👨‍👩‍👧", "\U0010ffff",
	} {
		assertTravels(t, s)
	}
	source := rand.New(rand.NewPCG(1, 2))
	alphabet := []rune("ab \\\"/u0041{}<>&\x00\x01\x08\x0b\x1f\x7f\u2028\u2029\ufeff\ufffd中文😀\U0010ffff")
	for range 2000 {
		var s strings.Builder
		for range source.IntN(30) {
			if source.IntN(8) == 0 {
				s.WriteByte(byte(source.IntN(256)))
				continue
			}
			s.WriteRune(alphabet[source.IntN(len(alphabet))])
		}
		assertTravels(t, s.String())
	}
}

func FuzzEncode(f *testing.F) {
	for _, seed := range []string{"", "a&b", "张三😀", "\u2028", "\x00", "\xff", `\u0041`, `\\\u`, `"`} {
		f.Add(seed)
	}
	f.Fuzz(assertTravels)
}

func TestEscapesOfAJSONBodyAreResolved(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":"\u5f20"}`:               `{"a":"张"}`,
		`"\ud83d\ude00"`:               `"😀"`,
		`"\uD83D\uDE00!"`:              `"😀!"`,
		`"\ud83d"`:                     `"` + "\ufffd" + `"`, // lone surrogates
		`"\ude00x"`:                    `"` + "\ufffd" + `x"`,
		`"\ud83d\u0041"`:               `"` + "\ufffd" + `A"`,
		`"\ud83d\ud83d\ude00"`:         `"` + "\ufffd" + `😀"`,
		`"\u0022\u005c\u002f"`:         `"\"\\/"`,
		`"\u000a\u0009\u0008\u0001"`:   `"\n\t\b"`,
		`"\\u0041 \\\u0041"`:           `"\\u0041 \\A"`,
		`"\u0020\u001f\u0080"`:         "\" \u0080\"",
		`{"\u0061":["\u0026",1,null]}`: `{"a":["&",1,null]}`,
	} {
		got := Unescape([]byte(in))
		assert.Equal(t, want, string(got), in)
		assert.True(t, json.Valid(got), in)
	}
}

func TestAnEscapeHasFourHexadecimalDigits(t *testing.T) {
	const digits = "0123456789abcdefABCDEF"
	for b := range byte(utf8.RuneSelf) {
		for at := range 4 {
			escape := []byte(`\u3333`)
			escape[2+at] = b
			n := 0
			if strings.IndexByte(digits, b) >= 0 {
				n = 6
			}
			assert.Equal(t, n, escapeLen(escape), "%q", escape)
		}
	}
	for r := range rune(0x10000) {
		assert.Equal(t, r, hex4(fmt.Appendf(nil, "%04x", r)))
		assert.Equal(t, r, hex4(fmt.Appendf(nil, "%04X", r)))
	}
}

func FuzzUnescape(f *testing.F) {
	for _, seed := range []string{`"\u0041"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\\u0041"`, `{"a":"\u0022"}`, `[1,"\u2028"]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !json.Valid(data) {
			return // what is not JSON is refused before
		}
		got := Unescape(data)
		require.True(t, json.Valid(got), "%q became %q", data, got)
		require.False(t, hasEscape(got), "%q", got)
	})
}

func TestWhatCannotBeEncodedIsAnError(t *testing.T) {
	_, err := Encode(func() {})
	require.Error(t, err)
}

func TestALargeBufferIsNotKeptForTheNextUse(t *testing.T) {
	for size, kept := range map[int]bool{0: true, maxPooled: true, maxPooled + 1: false} {
		e, _ := encoders.New().(*encoder)
		e.buf = *bytes.NewBuffer(make([]byte, size))
		e.release()
		assert.Zero(t, e.buf.Len())
		assert.Equal(t, kept, e.buf.Cap() == size, size)
	}
}
