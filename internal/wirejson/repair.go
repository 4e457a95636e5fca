package wirejson

import "strings"

// maxGrowth is how many bytes longer than the document a piece may become by escapes.
const maxGrowth = 512 << 10

// repair turns a value that the decoder can read into JSON. It escapes control bytes in
// strings and backslashes that begin no escape, and removes control bytes between
// tokens. If escapes would need too much memory, the rest become spaces.
func repair(data []byte) []byte {
	out := make([]byte, 0, len(data)+min(5*len(data), maxGrowth))
	inside := false
	for i := 0; i < len(data); i++ {
		b := data[i]
		switch {
		case b == '"':
			inside = !inside
			out = append(out, b)
		case b < ' ' && !inside:
			if isSpace(b) {
				out = append(out, b)
			}
		case b < ' ' || b == '\\' && escapeLen(data[i:]) == 0:
			if cap(out)-len(out)-(len(data)-i) < 5 {
				out = append(out, ' ')
			} else {
				out = appendEscape(out, b)
			}
		case b == '\\':
			n := escapeLen(data[i:])
			out = append(out, data[i:i+n]...)
			i += n - 1
		default:
			out = append(out, b)
		}
	}
	return out
}

// appendEscape appends the shortest escape of a control byte or a backslash.
func appendEscape(out []byte, b byte) []byte {
	if at := strings.IndexByte("\b\f\n\r\t\\", b); at >= 0 {
		return append(out, '\\', `bfnrt\`[at])
	}
	const hex = "0123456789abcdef"
	return append(out, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
}
