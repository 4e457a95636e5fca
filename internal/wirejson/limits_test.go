package wirejson

import (
	"encoding/json"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const mib = 1 << 20

// memoryFor returns how many bytes Decode allocates for a document, all in all.
func memoryFor(t *testing.T, document []byte, out any) (bytes uint64, err error) {
	t.Helper()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = Decode(document, out)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, err
}

// forgetful keeps nothing of the JSON it gets.
type forgetful struct{}

func (*forgetful) UnmarshalJSON([]byte) error { return nil }

func TestD12_MemoryIsBoundedWhateverTheDocumentHolds(t *testing.T) {
	type result struct {
		A string `json:"a"`
		N int64  `json:"n"`
		F float64
		B bool
		L []int64         `json:"l"`
		K []okay          `json:"k"`
		R json.RawMessage `json:"r"`
		O *okay           `json:"o"`
		M map[string]int  `json:"m"`
	}
	fill := func(before, piece, after string) string {
		return before + strings.Repeat(piece, 2*mib/len(piece)) + after
	}
	for name, document := range map[string]string{
		"control bytes in a string":         fill(`{"a":"`, "\x01", `"}`),
		"escapes in a string":               fill(`{"a":"`, `\u5f20`, `"}`),
		"stray backslashes":                 fill(`{"a":"`, `\q`, `"}`),
		"characters":                        fill(`{"a":"`, `张`, `"}`),
		"control bytes in a number":         fill(`{"n":"`, "\x01", `"}`),
		"digits":                            fill(`{"n":`, `1`, `}`),
		"digits of a float":                 fill(`{"F":0.`, `1`, `}`),
		"digits before a point":             fill(`{"F":`, `1`, `.5}`),
		"digits in a string":                fill(`{"n":"`, `0`, `1"}`),
		"digits in an escaped string":       fill(`{"n":"\u0030`, `0`, `1"}`),
		"a digit behind a point":            fill(`{"n":1.`, `0`, `}`),
		"control bytes in a boolean":        fill(`{"B":"`, "\x01", `"}`),
		"control bytes between tokens":      fill(`{`, "\x01", `"a":"x"}`),
		"white space":                       fill(`{`, " ", `"a":"x"}`),
		"control bytes in a name":           fill(`{"`, "\x01", `":1}`),
		"broken UTF-8 in a name":            fill(`{"`, "\xff", `":1}`),
		"broken UTF-8 in an ignored string": fill(`{"x":"`, "\xff", `"}`),
		"control bytes in a raw message":    fill(`{"r":"`, "\x01", `"}`),
		"line feeds in a raw message":       fill(`{"r":"`, "\n", `"}`),
		"an ignored list":                   fill(`{"x":[`, `{},`, `0]}`),
		"ignored names":                     fill(`{`, `"x":0,`, `"y":0}`),
		"lists":                             fill(`{"x":`, `[`, ``),
		"lists of a list":                   fill(`{"l":`, `[`, ``),
		"lists of an object":                fill(`{"o":`, `[`, ``),
		"lists of a string":                 fill(`{"a":`, `[`, ``),
		"lists of a raw message":            fill(`{"r":`, `[`, ``),
		"objects":                           fill(``, `{"o":`, ``),
		"elements that cannot be read":      fill(`{"l":[`, `"x",`, `1]}`),
		"objects that cannot be read":       fill(`{"k":[`, `"x",`, `{}]}`),
		"fields that cannot be read":        fill(`{`, `"n":"x",`, `"n":1}`),
		"lists for a string":                fill(`{"k":{"errmsg":[`, `[],`, `1]}}`),
		"values that cannot be read":        fill(`{"m":{`, `"k":"x",`, `"l":1}}`),
		"an object for a string":            fill(`{"a":{"x":"`, "\xff", `"}}`),
		"empty objects for a string":        fill(`{`, `"a":{},`, `"n":1}`),
		"a list of two objects":             fill(`{"o":[{},`, `{},`, `{}]}`),
		"base_resp":                         fill(`{"base_resp":{"x":"`, "\x01", `"},"errcode":1}`),
		"errcodes":                          fill(`{`, `"errcode":1,`, `"errcode":2}`),
		"errcode":                           fill(`{"errcode":`, `1`, `}`),
		"nested base_resp":                  strings.Repeat(`{"base_resp":`, 9999) + `{"x":"` + strings.Repeat("x", 2*mib) + `"}` + strings.Repeat(`}`, 9999),
	} {
		var used uint64
		for _, out := range []any{new(result), nil, new(forgetful)} {
			n, err := memoryFor(t, []byte(document), out)
			if out == nil && (strings.HasPrefix(name, "list") || name == "objects") && !strings.HasSuffix(document, "}") {
				var syntax *SyntaxError
				require.ErrorAs(t, err, &syntax, name)
			}
			used = max(used, n)
		}
		assert.Less(t, used, uint64(len(document)+mib), name) // of 16 MiB: 17
	}
}

func TestDepthIsBoundedAsInEncodingJSON(t *testing.T) {
	for _, depth := range []int{maxDepth, maxDepth + 1} {
		lists := strings.Repeat("[", depth) + strings.Repeat("]", depth)
		objects := strings.Repeat(`{"Next":`, depth) + "null" + strings.Repeat("}", depth)
		mixed := strings.Repeat(`{"Kids":[`, depth/2) + strings.Repeat("[", depth%2) + strings.Repeat("]", depth%2) + strings.Repeat("]}", depth/2)
		for _, document := range []string{lists, objects, mixed} {
			for _, out := range []any{nil, new(any), new(json.RawMessage), new(recursive), new(string), new(map[string]any)} {
				_, err := Decode([]byte(document), out)
				var value any
				if std := json.Unmarshal([]byte(document), &value); std == nil && document[0] == '{' {
					require.NoError(t, err, "%T", out)
				}
				var syntax *SyntaxError
				if depth > maxDepth {
					require.ErrorAs(t, err, &syntax, "%T", out)
				} else if err != nil {
					require.NotErrorAs(t, err, &syntax, "%T", out)
				}
			}
		}
	}
}

func TestAllocationsAreThoseOfTheResult(t *testing.T) {
	for _, c := range []struct {
		name     string
		document string
		out      func() any
		most     float64
	}{
		{"nothing but a code", `{"errcode":0,"errmsg":"ok"}`, func() any { return nil }, 0},
		{"a refusal", `{"errcode":40001,"errmsg":"invalid credential"}`, func() any { return nil }, 1}, // its message
		{"a code and its message", `{"errcode":0,"errmsg":"ok"}`, newOf[okay], 2},
		{"user/info", userJSON, newOf[user[bool]], 11},
		{"user/info/batchget", usersJSON(100), newOf[users[bool]], 910},
		{"user/get", openIDsJSON(10000), newOf[openIDs], 10015},
		{"what is ignored", usersJSON(100), newOf[okay], 1},
		{"escapes", `{"errmsg":"\u5fae\u4fe1 \"a\" \/"}`, newOf[okay], 2},
		{"damage", "{\"errmsg\":\"\x01\xff\\q\"}", newOf[okay], 2},
	} {
		document := []byte(c.document)
		got := math.Inf(1)
		for range 5 { // the race detector makes a pool forget some of what it holds
			got = min(got, testing.AllocsPerRun(20, func() {
				if _, err := Decode(document, c.out()); err != nil {
					panic(err)
				}
			}))
		}
		assert.LessOrEqual(t, got, c.most, c.name)
	}
}

func FuzzDecode(f *testing.F) {
	for _, document := range documents {
		f.Add([]byte(document))
	}
	f.Add([]byte(strings.Repeat("[", 20000)))
	f.Add([]byte(strings.Repeat(`{"Kids":[`, 3000)))
	f.Fuzz(func(t *testing.T, document []byte) {
		before := string(document)
		var valid bool
		for i, target := range append(targets[:len(targets):len(targets)], func() any { return nil }) {
			answer, err := Decode(document, target())
			require.Equal(t, before, string(document), "the document was changed")
			require.LessOrEqual(t, len(answer.Skipped), maxReports)
			bad := isSyntaxError(err)
			if i > 0 {
				require.Equal(t, valid, !bad, "whether a document is JSON depends on what it is read into: %T", target())
			}
			valid = !bad
			if bad {
				require.Zero(t, answer)
			}
		}
		if !valid {
			require.False(t, json.Valid(document), "%q is JSON", document)
			return
		}
		var raw json.RawMessage
		_, err := Decode(document, &raw)
		require.NoError(t, err)
		require.True(t, json.Valid(raw), "%q of %q is no JSON", raw, document)
		var direct, repaired any
		_, err = Decode(document, &direct)
		require.NoError(t, err)
		_, err = Decode(raw, &repaired)
		require.NoError(t, err)
		require.Equal(t, direct, repaired, "the repair changed %q", document)
		if len(document) < 4096 {
			used, _ := memoryFor(t, document, new(any))
			require.Less(t, used, uint64(mib))
		}
	})
}

func isSyntaxError(err error) bool {
	_, ok := err.(*SyntaxError) //nolint:errorlint // Decode returns it as it is
	return ok
}
