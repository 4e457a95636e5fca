package wechat

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

// FuzzD14_RequestID looks for request IDs in any text of a refusal.
func FuzzD14_RequestID(f *testing.F) {
	for _, message := range []string{
		"invalid openid rid: 61725984-6126f6f9-040f19c4", "invalid openid hint: [abc_1]", "rid: ", "hint:[", "参数错误，rid：6-1。",
		"invalid code, hints: [ req_id: ItQa.a0296! ]", "ok", "", "rid hint rid: 1", "\xff rid: \xff",
	} {
		f.Add(message)
	}
	f.Fuzz(func(t *testing.T, message string) {
		rest, id := splitRequestID(message)
		assert.Contains(t, message, id)
		assert.LessOrEqual(t, len(rest)+len(id), len(message))
		if id == "" && !strings.Contains(strings.ToLower(message), "id") && !strings.Contains(strings.ToLower(message), "hint") {
			assert.Equal(t, strings.TrimSpace(message), rest, "a text without an ID stays as it is")
		}
		if utf8.ValidString(message) {
			assert.True(t, utf8.ValidString(rest) && utf8.ValidString(id), "%q %q", rest, id)
		}
	})
}
