package wechat

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// encodeJSON writes v without a single \u escape: the platform refuses a request
// that has one (40033) or shows it to followers literally. SetEscapeHTML is not
// enough, encoding/json still escapes U+2028, control bytes and broken UTF-8.
func encodeJSON(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return unescape(bytes.TrimSuffix(buf.Bytes(), []byte{'\n'})), nil
}

// unescape replaces the \u escapes of a valid JSON text by what they stand for.
// Control bytes that JSON has no short form for are dropped.
func unescape(data []byte) []byte {
	if !bytes.Contains(data, []byte(`\u`)) {
		return data
	}
	out := make([]byte, 0, len(data))
	for i := 0; i < len(data); {
		switch {
		case data[i] != '\\':
			out = append(out, data[i])
			i++
		case data[i+1] != 'u':
			out = append(out, data[i], data[i+1])
			i += 2
		default:
			r := hex4(data[i+2:])
			i += 6
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if i+6 <= len(data) && data[i] == '\\' && data[i+1] == 'u' {
					low = hex4(data[i+2:])
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			out = appendRaw(out, r)
		}
	}
	return out
}

func appendRaw(out []byte, r rune) []byte {
	const short = "\b\f\n\r\t\"\\"
	const letters = `bfnrt"\`
	if r < utf8.RuneSelf {
		if at := bytes.IndexByte([]byte(short), byte(r)); at >= 0 {
			return append(out, '\\', letters[at])
		}
		if r < ' ' {
			return out
		}
	}
	return utf8.AppendRune(out, r)
}

func hex4(digits []byte) rune {
	n, err := strconv.ParseUint(string(digits[:min(4, len(digits))]), 16, 32)
	if err != nil {
		return utf8.RuneError
	}
	return rune(n)
}

// decodeJSON reads an answer. What is valid JSON is read as it is; what is not,
// because the platform put raw control bytes or stray backslashes into a string,
// is repaired first: one odd nickname must not cost a page of users.
func decodeJSON(data []byte, out any) error {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	err := json.Unmarshal(data, out)
	if err == nil || json.Valid(data) {
		return err
	}
	if repaired := sanitise(data); json.Valid(repaired) {
		return json.Unmarshal(repaired, out)
	}
	return err
}

// sanitise escapes raw control bytes inside strings and backslashes that begin no
// escape, and drops control bytes between tokens.
func sanitise(data []byte) []byte {
	out := make([]byte, 0, len(data)+16)
	inside := false
	for i := 0; i < len(data); i++ {
		b := data[i]
		switch {
		case !inside:
			if b == '"' {
				inside = true
			}
			if b < ' ' && b != '\n' && b != '\r' && b != '\t' {
				continue
			}
			out = append(out, b)
		case b == '"':
			inside = false
			out = append(out, b)
		case b == '\\':
			if n := escapeLen(data[i:]); n > 0 {
				out = append(out, data[i:i+n]...)
				i += n - 1
			} else {
				out = append(out, '\\', '\\')
			}
		case b < ' ':
			out = append(out, '\\', 'u', '0', '0', "0123456789abcdef"[b>>4], "0123456789abcdef"[b&15])
		default:
			out = append(out, b)
		}
	}
	return out
}

// escapeLen returns the length of the escape at the beginning of s, 0 where it is none.
func escapeLen(s []byte) int {
	if len(s) < 2 {
		return 0
	}
	if bytes.IndexByte([]byte(`"\/bfnrt`), s[1]) >= 0 {
		return 2
	}
	if s[1] != 'u' || len(s) < 6 {
		return 0
	}
	for _, b := range s[2:6] {
		if bytes.IndexByte([]byte("0123456789abcdefABCDEF"), b) < 0 {
			return 0
		}
	}
	return 6
}
