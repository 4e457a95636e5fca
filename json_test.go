package wechat

import (
	"bytes"
	"encoding/json"
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
			K Text `json:"k"`
		}{Text(s)}, struct {
			K []string `json:"k"`
		}{[]string{s}},
	} {
		data, err := encodeJSON(body)
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

func TestNoStringIsSentWithAnEscape(t *testing.T) {
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

func FuzzEncodeJSON(f *testing.F) {
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
		`{"\u0061":["\u0026",1,null]}`: `{"a":["&",1,null]}`,
	} {
		got := unescape([]byte(in))
		assert.Equal(t, want, string(got), in)
		assert.True(t, json.Valid(got), in)
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
		got := unescape(data)
		require.True(t, json.Valid(got), "%q became %q", data, got)
		require.False(t, hasEscape(got), "%q", got)
	})
}

func TestDamagedAnswersAreRead(t *testing.T) {
	for in, want := range map[string]string{
		"{\"a\":\"x\x01\x07\x14y\"}":    "x\x01\x07\x14y", // raw control bytes
		"{\"a\":\"line\nbreak\ttab\"}":  "line\nbreak\ttab",
		"{\x01\"a\"\x02:\"x\"\x03}":     "x",
		"\xef\xbb\xbf{\"a\":\"x\"}":     "x", // byte order mark
		"\xef\xbb\xbf{\"a\":\"x\x01\"}": "x\x01",
		"{\"a\":\"x\xff\xfey\"}":        "x\ufffd\ufffdy",
		"{\"a\":\"\xe5\xbc\"}":          "\ufffd\ufffd",
		`{"a":"\ud83d"}`:                "\ufffd",
		`{"a":"\ude00\ud83d"}`:          "\ufffd\ufffd",
		`{"a":"C:\dir \ u12"}`:          `C:\dir \ u12`, // stray backslashes
		`{"a":"\u12"}`:                  `\u12`,
		"{\"a\":\"\\\x01\"}":            "\\\x01",
		"{\"a\":\"http:\\/\\/x\x01\"}":  "http://x\x01", // other escapes stay
		"{\"a\":\"\\\"\\\\ \x02\"}":     "\"\\ \x02",
		" \r\n{\"a\":\"x\"}\n":          "x",
	} {
		var got struct{ A string }
		require.NoError(t, decodeJSON([]byte(in), &got), "%q", in)
		assert.Equal(t, want, got.A, "%q", in)
	}
	for _, in := range []string{"", "{", `{"a":"x`, `{"a":"x\"}`, "{\"a\":\"x\x01", "<html>", `{"a":1 2}`} {
		var got struct{ A string }
		require.Error(t, decodeJSON([]byte(in), &got), "%q", in)
	}
}

func TestOneOddNicknameDoesNotCostThePage(t *testing.T) {
	page := `{"list":[{"nickname":"a"},{"nickname":"` + "b\x08\xff\\q" + `"},{"nickname":"c"}]}`
	var got struct {
		List []struct{ Nickname string }
	}
	require.NoError(t, decodeJSON([]byte(page), &got))
	require.Len(t, got.List, 3)
	assert.Equal(t, "a", got.List[0].Nickname)
	assert.Equal(t, "b\b\ufffd\\q", got.List[1].Nickname)
	assert.Equal(t, "c", got.List[2].Nickname)
}

func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":"x"}`, "{\"a\":\"\x01\"}", "\xef\xbb\xbf{}", "{\"a\":\"\xff\"}", `{"a":"\ud83d"}`, `{"a":"\q"}`, `{"a":"\u12"}`, "{\x00}", `"\`, `["a`, "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		var got, plain any
		err := decodeJSON(data, &got)
		require.Equal(t, before, data, "the answer was changed in place")
		if json.Unmarshal(data, &plain) == nil {
			require.NoError(t, err)
			require.Equal(t, plain, got, "a valid answer was repaired")
			require.Equal(t, data, sanitise(data), "a valid answer is not what it was")
		}
	})
}
