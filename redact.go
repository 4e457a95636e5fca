package wechat

import (
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"
)

const maxExcerpt = 512

// redactor takes what is secret out of text that leaves the client in an error.
type redactor struct{ secrets []string }

func newRedactor(secrets ...string) *redactor { return &redactor{secrets: secrets} }

// secretField matches names of the platform's secrets with the value behind them,
// in JSON and in a query.
var secretField = regexp.MustCompile(`(?i)(\b(?:access_token|refresh_token|app_?secret|secret|ticket|encrypt_?key|aeskey|openid_code|code)"?\s*[=:]\s*"?)([A-Za-z0-9_\-+/=.|!@%]{6,})`)

// text masks the client's own secrets, those given, and values that stand behind
// the name of a secret.
func (r *redactor) text(s string, more ...string) string {
	for _, list := range [][]string{r.secrets, more} {
		for _, secret := range list {
			if secret != "" {
				s = strings.ReplaceAll(s, secret, mask)
			}
		}
	}
	return secretField.ReplaceAllString(s, "${1}"+mask)
}

// excerpt returns the beginning of an answer for an error.
func (r *redactor) excerpt(data []byte, more ...string) string {
	// A secret may lie across the cut: mask first, within a bound, then cut.
	s := r.text(strings.ToValidUTF8(string(data[:min(len(data), 8*maxExcerpt)]), "\uFFFD"), more...)
	if len(s) <= maxExcerpt {
		return s
	}
	cut := maxExcerpt
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}

// err keeps an error whose text is clean, with all that errors.Is and errors.As
// find in it, and replaces one that would show a secret.
func (r *redactor) err(err error, more ...string) error {
	s := err.Error()
	clean := r.text(s, more...)
	if clean == s {
		return err
	}
	return errors.New(clean)
}
