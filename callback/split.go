package callback

import (
	"strings"
	"unicode/utf8"
)

// maxTextBytes is what the platform takes in one text.
const maxTextBytes = 2048

// SplitText cuts a text into parts of at most limit bytes, of which none begins or
// ends inside a character: at a line end where the second half of a part has one,
// else at the last character that fits. Line ends at a cut are dropped, and so are
// parts of nothing but white space.
func SplitText(text string, limit int) []string {
	limit = max(limit, utf8.UTFMax)
	var parts []string
	for text != "" {
		part := text
		if len(text) > limit {
			part = text[:cut(text, limit)]
		}
		text = strings.TrimLeft(text[len(part):], "\r\n")
		if part = strings.TrimRight(part, "\r\n"); strings.TrimSpace(part) != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// cut finds where the first part of a text ends that is longer than limit.
func cut(text string, limit int) int {
	if text[limit] == '\n' {
		return limit
	}
	if line := strings.LastIndexByte(text[:limit], '\n'); line >= limit/2 {
		return line
	}
	for end := limit; end > limit-utf8.UTFMax; end-- {
		if utf8.RuneStart(text[end]) {
			return end
		}
	}
	return limit // no UTF-8
}
