package wechat

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestIntReadsEveryFormOfAWholeNumber(t *testing.T) {
	for text, want := range map[string]Int{
		`0`:                      0,
		`-7`:                     -7,
		`"42"`:                   42,
		`" 42 "`:                 42,
		`""`:                     0,
		`"  "`:                   0,
		`null`:                   0,
		`"null"`:                 0,
		`true`:                   1,
		`false`:                  0,
		`3.0`:                    3,
		`1e3`:                    1000,
		`"1e3"`:                  1000,
		`9007199254740993`:       9007199254740993, // 2^53 + 1, which a float loses
		`"9223372036854775807"`:  9223372036854775807,
		`-9223372036854775808`:   -9223372036854775808,
		`"18446744073709551615"`: -1, // keeps its bits
	} {
		var got Int
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		assert.Equal(t, want, got, text)
		var when Timestamp
		require.NoError(t, json.Unmarshal([]byte(text), &when), text)
		assert.EqualValues(t, want, when, text)
	}
	for _, text := range []string{`"abc"`, `3.5`, `{}`, `[]`, `[1]`, `1e30`, `-1e300`, `"NaN"`, `"Inf"`, `"1 2"`, `"0x10"`} {
		var got Int
		require.Error(t, json.Unmarshal([]byte(text), &got), text)
		assert.Zero(t, got, text)
	}
}

func TestFloatReadsEveryFormOfANumber(t *testing.T) {
	for text, want := range map[string]Float{
		`0`: 0, `1.5`: 1.5, `"1.5"`: 1.5, `" 1.5"`: 1.5, `""`: 0, `null`: 0, `-2e-3`: -0.002, `12345678901234567890`: 12345678901234567890,
	} {
		var got Float
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		assert.InDelta(t, float64(want), float64(got), 0, text)
	}
	for _, text := range []string{`"abc"`, `true`, `{}`, `[]`, `"NaN"`, `"Inf"`, `"-infinity"`, `1e999`} {
		var got Float
		require.Error(t, json.Unmarshal([]byte(text), &got), text)
	}
}

func TestTextReadsEverything(t *testing.T) {
	for text, want := range map[string]Text{
		`"abc"`: "abc", `" a "`: " a ", `""`: "", `"null"`: "null", `null`: "", `5`: "5", `1.50`: "1.50", `true`: "true",
		`"\u5f20\"\\"`: `张"\`, `9007199254740993`: "9007199254740993",
		` {"a":1}`: `{"a":1}`, `[1]`: `[1]`,
	} {
		var got Text
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		assert.Equal(t, want, got, text)
	}
}

func TestFlagReadsEveryFormOfYesAndNoAndWritesANumber(t *testing.T) {
	for text, want := range map[string]Flag{
		`1`: true, `0`: false, `2`: true, `-1`: true, `"1"`: true, `"0"`: false, `true`: true, `false`: false,
		`"true"`: true, `"false"`: false, `""`: false, `null`: false, `0.0`: false, `1.0`: true,
	} {
		var got Flag
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		assert.Equal(t, want, got, text)
		data, err := json.Marshal(got)
		require.NoError(t, err)
		assert.Equal(t, map[Flag]string{true: "1", false: "0"}[want], string(data))
	}
	for _, text := range []string{`"yes"`, `{}`, `[]`, `"NaN"`, `"Inf"`} {
		var got Flag
		require.Error(t, json.Unmarshal([]byte(text), &got), text)
	}
}

func TestTimestampIsAMomentOrNone(t *testing.T) {
	assert.True(t, Timestamp(0).Time().IsZero())
	assert.Empty(t, Timestamp(0).String())
	when := Timestamp(1635156704)
	assert.Equal(t, time.Date(2021, 10, 25, 10, 11, 44, 0, time.UTC), when.Time().UTC())
	parsed, err := time.Parse(time.RFC3339, when.String())
	require.NoError(t, err)
	assert.True(t, parsed.Equal(when.Time()))
	data, err := json.Marshal(when)
	require.NoError(t, err)
	assert.Equal(t, "1635156704", string(data))
}

func TestDateIsADayOfBeijing(t *testing.T) {
	lastSecond := time.Date(2026, 2, 28, 15, 59, 59, 0, time.UTC)
	assert.Equal(t, Date{2026, time.February, 28}, DateOf(lastSecond))
	assert.Equal(t, Date{2026, time.March, 1}, DateOf(lastSecond.Add(time.Second)))
	d := Date{2024, time.February, 28}
	assert.Equal(t, "2024-02-29", d.AddDays(1).String())
	assert.Equal(t, "2023-12-31", d.AddDays(-59).String())
	assert.Equal(t, 366, Date{2024, time.January, 1}.DaysUntil(Date{2025, time.January, 1}))
	assert.Equal(t, -1, d.DaysUntil(d.AddDays(-1)))
	assert.True(t, d.Before(d.AddDays(1)))
	assert.False(t, d.Before(d))
	assert.Equal(t, time.Date(2024, 2, 27, 16, 0, 0, 0, time.UTC), d.Time().UTC())
	assert.True(t, Date{}.IsZero())
	assert.Empty(t, Date{}.String())
}

func TestDateReadsBothFormsOfADay(t *testing.T) {
	for text, want := range map[string]Date{
		`"2026-11-05"`: {2026, time.November, 5}, `"20261105"`: {2026, time.November, 5}, `" 2026-11-05 "`: {2026, time.November, 5}, `""`: {}, `null`: {},
	} {
		var got Date
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{`"2026-13-01"`, `"2026-02-30"`, `"yesterday"`, `"2026/11/05"`, `"2026110"`, `{}`} {
		var got Date
		require.Error(t, json.Unmarshal([]byte(text), &got), text)
	}
	data, err := json.Marshal(Date{2026, time.November, 5})
	require.NoError(t, err)
	assert.Equal(t, `"2026-11-05"`, string(data))
}

func TestSecretIsShownToNobody(t *testing.T) {
	const value = "SECRET-CANARY"
	s := Secret(value)
	var log bytes.Buffer
	for _, logger := range []*slog.Logger{slog.New(slog.NewJSONHandler(&log, nil)), slog.New(slog.NewTextHandler(&log, nil))} {
		logger.Info("x", "secret", s, "holder", struct{ S Secret }{s}, "pointer", &s)
	}
	data, err := json.Marshal(map[string]any{"a": s, "b": &s, "c": []Secret{s}})
	require.NoError(t, err)
	shown := []string{log.String(), string(data), s.String(), s.GoString(), fmt.Errorf("x: %w", fmt.Errorf("%v", s)).Error()}
	for _, verb := range strings.Fields("%v %+v %#v %s %q %x %X %d %T%v %20s %-5.2s") {
		shown = append(shown, fmt.Sprintf(verb, s, s), fmt.Sprintf(verb, struct{ S Secret }{s}, s), fmt.Sprintf(verb, []Secret{s}, s))
	}
	for _, text := range shown {
		assert.NotContains(t, text, value)
		assert.NotContains(t, strings.ToLower(text), fmt.Sprintf("%x", value))
	}
	assert.Equal(t, value, string(s), "the program itself can read it")
}

func FuzzTolerantTypes(f *testing.F) {
	for _, seed := range []string{
		`0`, `"1"`, `""`, `null`, `true`, `1.5`, `1e3`, `"9223372036854775808"`, `-9223372036854775809`, `"2026-11-05"`, `"20261105"`,
		`"\u0000"`, `{}`, `[1]`, `"NaN"`, `"a`, ``,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, out := range []any{new(Int), new(Timestamp), new(Float), new(Text), new(Flag), new(Date)} {
			if json.Unmarshal([]byte(text), out) != nil {
				continue
			}
			data, err := json.Marshal(out)
			require.NoError(t, err, "%T of %q", out, text)
			again := reflect.New(reflect.TypeOf(out).Elem()).Interface()
			require.NoError(t, json.Unmarshal(data, again), "%T of %q", out, text)
			assert.Equal(t, out, again, "what was read changes when it is written and read")
		}
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && json.Valid([]byte(text)) {
			var got Int
			require.NoError(t, json.Unmarshal([]byte(text), &got))
			assert.EqualValues(t, n, got, "an exact number lost its value")
			require.NoError(t, json.Unmarshal([]byte(strconv.Quote(text)), &got))
			assert.EqualValues(t, n, got, "an exact number in a string lost its value")
		}
	})
}

func TestRedactedSecretIsNotReadBack(t *testing.T) {
	token := OAuthToken{AccessToken: "ACCESS-CANARY", RefreshToken: "REFRESH-CANARY", OpenID: "o1"}
	data, err := json.Marshal(token)
	require.NoError(t, err)
	assert.NotContains(t, string(data), "CANARY")
	require.ErrorContains(t, json.Unmarshal(data, new(OAuthToken)), "redacted")

	var secrets map[string]Secret
	require.NoError(t, json.Unmarshal([]byte(`{"a":"value","b":""}`), &secrets))
	assert.Equal(t, map[string]Secret{"a": "value", "b": ""}, secrets)

	type element struct {
		S Secret `xml:"s,attr"`
		E Secret `xml:"e"`
	}
	data, err = xml.Marshal(element{"CANARY", "CANARY"})
	require.NoError(t, err)
	assert.NotContains(t, string(data), "CANARY")
}
