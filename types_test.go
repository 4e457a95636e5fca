package wechat

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// unix returns the Timestamp of seconds since 1970.
func unix(seconds int64) Timestamp { return Timestamp{time.Unix(seconds, 0)} }

func TestTimestampReadsEveryFormOfAWholeNumber(t *testing.T) {
	for text, want := range map[string]int64{
		`0`: 0, `-7`: -7, `"42"`: 42, `" 42 "`: 42, `""`: 0, `"  "`: 0, `null`: 0, `"null"`: 0, `false`: 0, `3.0`: 3, `1e3`: 1000, `"1e3"`: 1000,
		`1635156704`: 1635156704, `"1635156704"`: 1635156704,
	} {
		when := unix(1)
		require.NoError(t, json.Unmarshal([]byte(text), &when), text)
		if want == 0 {
			assert.True(t, when.IsZero(), text)
			continue
		}
		assert.Equal(t, want, when.Unix(), text)
	}
	for _, text := range []string{`"abc"`, `3.5`, `{}`, `[]`, `[1]`, `1e30`, `-1e300`, `"NaN"`, `"Inf"`, `"1 2"`, `"0x10"`} {
		when := unix(1)
		require.Error(t, json.Unmarshal([]byte(text), &when), text)
		assert.True(t, when.IsZero(), text)
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
	assert.Empty(t, Timestamp{}.String())
	when := unix(1635156704)
	assert.Equal(t, time.Date(2021, 10, 25, 10, 11, 44, 0, time.UTC), when.UTC())
	assert.True(t, when.After(unix(1635156703).Time), "it is a time.Time")
	parsed, err := time.Parse(time.RFC3339, when.String())
	require.NoError(t, err)
	assert.True(t, parsed.Equal(when.Time))
	data, err := json.Marshal([]Timestamp{when, {}})
	require.NoError(t, err)
	assert.Equal(t, "[1635156704,0]", string(data))
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
	assert.Equal(t, 730_000, d.DaysUntil(d.AddDays(730_000)), "2,000 years are no time.Duration")
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

func TestYesterdayIsTheDayBeforeTodayInBeijing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // begins at midnight UTC, which is 8:00 in Beijing
		assert.Equal(t, Date{1999, time.December, 31}, Yesterday())
		time.Sleep(16*time.Hour - 1)
		assert.Equal(t, Date{1999, time.December, 31}, Yesterday())
		time.Sleep(time.Nanosecond)
		assert.Equal(t, Date{2000, time.January, 1}, Yesterday())
	})
}

func TestParseDateReadsWhatADateWrites(t *testing.T) {
	want := Date{2026, time.November, 5}
	for _, text := range []string{want.String(), "20261105", " 2026-11-05 "} {
		got, err := ParseDate(text)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for _, text := range []string{"", " ", "2026-02-30", "2026/11/05", "yesterday"} {
		got, err := ParseDate(text)
		assertArgument(t, err, "text")
		assert.Zero(t, got)
	}
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
		for _, out := range []any{new(Timestamp), new(Flag), new(Date)} {
			if json.Unmarshal([]byte(text), out) != nil {
				continue
			}
			data, err := json.Marshal(out)
			require.NoError(t, err, "%T of %q", out, text)
			again := reflect.New(reflect.TypeOf(out).Elem()).Interface()
			require.NoError(t, json.Unmarshal(data, again), "%T of %q", out, text)
			assert.Equal(t, out, again, "what was read changes when it is written and read")
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
