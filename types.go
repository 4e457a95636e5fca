package wechat

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/wechatoa/wechat/internal/redact"
)

// Secret is a sensitive string, such as a token, a ticket or a code. It is redacted
// by fmt, slog and the encoding packages; use string(s) for the value. Decoding the
// redacted text into a Secret is an error.
type Secret string

const mask = redact.Mask

// String returns the redacted text.
func (s Secret) String() string { return mask }

// GoString returns the redacted text.
func (s Secret) GoString() string { return mask }

// Format writes the redacted text for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, mask) }

// LogValue returns the redacted text.
func (s Secret) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalText returns the redacted text, for encoding/json and others.
func (s Secret) MarshalText() ([]byte, error) { return []byte(mask), nil }

// UnmarshalText reads a value. It returns an error for the redacted text.
func (s *Secret) UnmarshalText(text []byte) error {
	if string(text) == mask {
		return errors.New("wechat: a redacted Secret cannot be decoded: encode string(secret) instead")
	}
	*s = Secret(text)
	return nil
}

// Timestamp is a time that the platform writes as seconds since 1970. The zero Timestamp
// means no time.
type Timestamp struct{ time.Time }

// String returns the time in RFC 3339, or "" for the zero Timestamp.
func (t Timestamp) String() string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// MarshalJSON writes the seconds since 1970, or 0 for the zero Timestamp.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte{'0'}, nil
	}
	return strconv.AppendInt(nil, t.Unix(), 10), nil
}

// UnmarshalJSON reads seconds since 1970, as a number or a string. It reads 0, "" and
// null as the zero Timestamp.
func (t *Timestamp) UnmarshalJSON(data []byte) error {
	n, err := looseInt(data)
	*t = Timestamp{}
	if n != 0 {
		t.Time = time.Unix(n, 0)
	}
	return err
}

// Flag is a boolean that the platform writes as 0 and 1.
type Flag bool

// MarshalJSON writes 0 or 1.
func (f Flag) MarshalJSON() ([]byte, error) {
	if f {
		return []byte{'1'}, nil
	}
	return []byte{'0'}, nil
}

// UnmarshalJSON reads numbers and booleans, also in strings. 0, "" and null are false,
// and all other numbers are true.
func (f *Flag) UnmarshalJSON(data []byte) error {
	switch s := scalar(data); s {
	case "", "false":
		*f = false
	case "true":
		*f = true
	default:
		n, err := finite(s)
		*f = n != 0
		return err
	}
	return nil
}

// beijing is the time zone of the platform's calendar, by which the days of statistics
// and quotas begin and end.
var beijing = time.FixedZone("UTC+8", 8*60*60)

// Date is a day of the platform's calendar, which is in UTC+8.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the day of t in the platform's calendar.
func DateOf(t time.Time) Date {
	y, m, d := t.In(beijing).Date()
	return Date{Year: y, Month: m, Day: d}
}

// Yesterday returns the day before today in the platform's calendar: the latest day that
// has statistics. A call may return [ErrDataNotReady] for it until about 8:00 in UTC+8.
func Yesterday() Date { return DateOf(time.Now()).AddDays(-1) }

// ParseDate reads a day in the form 2006-01-02 or 20060102. Its error is an
// [*ArgumentError].
func ParseDate(text string) (Date, error) {
	var d Date
	if err := d.UnmarshalText([]byte(text)); err != nil || d.IsZero() {
		return Date{}, invalid("text", "must be a day such as 2006-01-02 or 20060102, but is %.32q", text)
	}
	return d, nil
}

// Time returns the beginning of the day in UTC+8.
func (d Date) Time() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, beijing) }

// AddDays returns the day n days later, or earlier if n is negative.
func (d Date) AddDays(n int) Date { return DateOf(d.Time().AddDate(0, 0, n)) }

// DaysUntil returns the number of days from d to end, negative if end is earlier.
func (d Date) DaysUntil(end Date) int {
	return int((end.Time().Unix() - d.Time().Unix()) / (24 * 60 * 60))
}

// Before reports whether d is before other.
func (d Date) Before(other Date) bool { return d.Time().Before(other.Time()) }

// IsZero reports whether d is the zero Date, which means no day.
func (d Date) IsZero() bool { return d == Date{} }

// String returns the day in the form 2006-01-02, or "" for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// MarshalText writes the day in the form 2006-01-02.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a day in the form 2006-01-02 or 20060102. It reads "" as the zero
// Date.
func (d *Date) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	if s == "" {
		*d = Date{}
		return nil
	}
	layout := time.DateOnly
	if !strings.Contains(s, "-") {
		layout = "20060102"
	}
	t, err := time.ParseInLocation(layout, s, beijing)
	if err != nil {
		return fmt.Errorf("%.32q is not a date", s)
	}
	*d = DateOf(t)
	return nil
}

// finite reads a number other than NaN and the infinities.
func finite(s string) (float64, error) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, fmt.Errorf("%.32q is not a number", s)
	}
	return n, nil
}

func looseInt(data []byte) (int64, error) {
	s := scalar(data)
	switch s {
	case "", "false":
		return 0, nil
	case "true":
		return 1, nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, nil
	}
	if u, err := strconv.ParseUint(s, 10, 64); err == nil {
		return int64(u), nil // IDs above 2^63 keep their bits
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) >= 1<<63 {
		return 0, fmt.Errorf("%.32q is not an integer", s)
	}
	return int64(f), nil
}

// scalar returns the text of a JSON number, boolean or string, and "" for null.
func scalar(data []byte) string {
	s := strings.TrimSpace(string(data))
	if len(s) >= 2 && s[0] == '"' {
		s = strings.TrimSpace(s[1 : len(s)-1])
	}
	if s == "null" {
		return ""
	}
	return s
}
