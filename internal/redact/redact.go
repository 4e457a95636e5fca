// Package redact removes secrets from the text of errors and log records.
package redact

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	// Mask replaces a secret.
	Mask = "[redacted]"
	// MaxExcerpt is the maximum length of an excerpt in bytes.
	MaxExcerpt = 512
	// MinSecret is the length in bytes of the shortest secret that is searched for.
	// Shorter ones, such as those of tests, also occur in ordinary words.
	MinSecret = 8
)

// Redactor masks the secrets of [New], secrets that a call adds, and values that follow
// the name of a secret.
type Redactor struct{ secrets []string }

// New returns a Redactor that always masks these secrets.
func New(secrets ...string) *Redactor { return &Redactor{secrets: secrets} }

// namedSecret matches the name and the value of a secret of the platform, in JSON, in a
// query and, except for "code", in prose.
var namedSecret = regexp.MustCompile(`(?i)((?:(?:access_token|refresh_token|realname_token|secret|ticket|encrypt_?key|aeskey|session_key)\\?"?\s*(?:[=:]|%3D)\s*\\?"?` +
	`|\b(?:openid_|js_|\w*auth\w*)?code(?:=|%3D|\\?"\s*:\s*\\?")))([A-Za-z0-9_\-+/=.|!@%]{6,})`)

// Text returns s with its secrets masked, also if they are percent-encoded or escaped
// as in JSON.
func (r *Redactor) Text(s string, more ...string) string {
	for _, list := range [][]string{r.secrets, more} {
		for _, secret := range list {
			if len(secret) >= MinSecret {
				s = cut(s, secret)
			}
		}
	}
	return namedSecret.ReplaceAllString(s, "${1}"+Mask)
}

// Excerpt returns the beginning of data as valid text with its secrets masked.
func (r *Redactor) Excerpt(data []byte, more ...string) string {
	const window = 8 * MaxExcerpt
	s := r.Text(strings.ToValidUTF8(string(data[:min(len(data), window)]), "\uFFFD"), more...)
	if len(data) > window {
		s = s[:len(s)-r.tail(s, more)] // may be the beginning of a secret
	}
	if len(s) <= MaxExcerpt {
		return s
	}
	end := MaxExcerpt
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// tail returns how many bytes at the end of s can belong to a secret that was cut off.
func (r *Redactor) tail(s string, more []string) int {
	longest := 0
	for _, list := range [][]string{r.secrets, more} {
		for _, secret := range list {
			longest = max(longest, 3*len(secret)) // percent-encoded
		}
	}
	word := strings.TrimRight(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/=.|!@%\\")
	return min(len(s)-len(word), longest)
}

// Error returns err itself if its text contains no secret. Otherwise it returns an error
// with a masked text, for which errors.Is and errors.As find the same as for err, except
// a *url.Error, which contains a URL.
func (r *Redactor) Error(err error, more ...string) error {
	text := err.Error()
	clean := r.Text(text, more...)
	if clean == text {
		return err
	}
	return &redacted{text: clean, err: err}
}

// redacted is an error whose text contained a secret. It has no Unwrap, so that code
// that prints a chain of errors does not find it.
type redacted struct {
	text string
	err  error
}

func (e *redacted) Error() string        { return e.text }
func (e *redacted) GoString() string     { return e.text }
func (e *redacted) Is(target error) bool { return errors.Is(e.err, target) }

func (e *redacted) As(target any) bool {
	if _, ok := target.(**url.Error); ok {
		return false
	}
	return errors.As(e.err, target)
}

// cut masks secret in s, also within up to three layers of escapes.
func cut(s, secret string) string {
	for layers := range 4 {
		text := decoded{text: s}
		for range layers {
			if !text.unescape() {
				return s
			}
		}
		s = text.mask(s, secret)
	}
	return s
}

// decoded is an unescaped text. at is the offset of each of its bytes in the original,
// followed by the length of the original.
type decoded struct {
	text string
	at   []int // nil if the offsets are the same
}

func (d decoded) place(i int) int {
	if d.at == nil {
		return i
	}
	return d.at[i]
}

// mask replaces secret in original, of which d is the decoded text.
func (d decoded) mask(original, secret string) string {
	if !strings.Contains(d.text, secret) {
		return original
	}
	var out strings.Builder
	from := 0
	for i := 0; ; {
		n := strings.Index(d.text[i:], secret)
		if n < 0 {
			break
		}
		i += n
		out.WriteString(original[from:d.place(i)])
		out.WriteString(Mask)
		i += len(secret)
		from = d.place(i)
	}
	out.WriteString(original[from:])
	return out.String()
}

// unescape removes one layer of escapes and reports whether there was one.
func (d *decoded) unescape() bool {
	if !strings.ContainsAny(d.text, `%\`) {
		return false
	}
	s := d.text
	text, at := make([]byte, 0, len(s)), make([]int, 0, len(s))
	for i := 0; i < len(s); {
		b, n := unescape(s[i:])
		text, at = append(text, b), append(at, d.place(i))
		i += n
	}
	at = append(at, d.place(len(s)))
	changed := len(text) != len(s)
	d.text, d.at = string(text), at
	return changed
}

// unescape returns the first byte of s and the length of its escape, %2F, \/ or \u002f,
// or 1 if it is not escaped.
func unescape(s string) (b byte, n int) {
	switch {
	case s[0] == '%' && len(s) >= 3:
		if b, ok := unhex(s[1:3]); ok {
			return b, 3
		}
	case strings.HasPrefix(s, `\u00`) && len(s) >= 6:
		if b, ok := unhex(s[4:6]); ok {
			return b, 6
		}
	case s[0] == '\\' && len(s) >= 2 && strings.IndexByte(`"\/`, s[1]) >= 0:
		return s[1], 2
	}
	return s[0], 1
}

func unhex(s string) (byte, bool) {
	var b byte
	for i := range len(s) {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		b = b<<4 | c
	}
	return b, true
}
