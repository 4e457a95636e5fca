package callback

import (
	"strings"
	"unicode/utf8"
)

// maxTextBytes is the maximum length of one text message.
const maxTextBytes = 2048

// SplitText splits a text into parts of at most limit bytes, never inside a character. It
// splits at the last line break in the second half of a part if there is one, otherwise
// after the last character that fits. Line breaks at a split are dropped, and so are parts
// that consist only of white space. A limit below 4 is treated as 4.
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

// cut returns where the first part of a text ends that is longer than limit.
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
	return limit // not UTF-8
}
