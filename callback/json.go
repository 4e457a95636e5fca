package callback

import (
	"bytes"
	"encoding/json"
	"strings"
)

// scanJSON reads a push in JSON, with the names of the XML elements. Numbers come
// as numbers or strings, empty objects as white space. As in XML an odd nickname
// must not cost a message: raw control bytes in strings are read.
func scanJSON(data []byte) (*node, error) {
	data = sanitize(data)
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	s := jsonScanner{d: d}
	root := &node{}
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return nil, errMalformed
	}
	if !s.object(root, 1) || !endsAt(d, data) {
		return nil, errMalformed
	}
	return root, nil
}

// endsAt reports whether nothing follows the document that d has read.
func endsAt(d *json.Decoder, data []byte) bool {
	return len(bytes.Trim(data[d.InputOffset():], " \t\r\n")) == 0
}

type jsonScanner struct {
	d     *json.Decoder
	nodes int
}

// object reads members up to the closing brace.
func (s *jsonScanner) object(n *node, depth int) bool {
	if depth > maxDepth {
		return false
	}
	for {
		token, err := s.d.Token()
		if err != nil {
			return false
		}
		if token == json.Delim('}') {
			return true
		}
		name, ok := token.(string)
		if !ok || !s.value(n, strings.TrimSpace(name), depth) {
			return false
		}
	}
}

// value reads the value of a member; an array becomes elements of the same name.
func (s *jsonScanner) value(n *node, name string, depth int) bool {
	s.nodes++
	token, err := s.d.Token()
	if err != nil || s.nodes > maxNodes {
		return false
	}
	switch v := token.(type) {
	case json.Delim:
		if v == '[' {
			return s.array(n, name, depth)
		}
		n.kids = append(n.kids, node{name: name})
		return s.object(&n.kids[len(n.kids)-1], depth+1)
	case string:
		n.kids = append(n.kids, node{name: name, text: repair(v)})
	case json.Number:
		n.kids = append(n.kids, node{name: name, text: v.String()})
	case bool:
		text := "0"
		if v {
			text = "1"
		}
		n.kids = append(n.kids, node{name: name, text: text})
	default:
		n.kids = append(n.kids, node{name: name})
	}
	return true
}

func (s *jsonScanner) array(n *node, name string, depth int) bool {
	if depth > maxDepth {
		return false
	}
	for s.d.More() {
		if !s.value(n, name, depth+1) {
			return false
		}
	}
	_, err := s.d.Token()
	return err == nil
}

// sanitize escapes raw control bytes inside strings and backslashes that begin no
// escape, which the platform sends in nicknames, and drops control bytes elsewhere.
// It returns valid JSON as it is.
func sanitize(data []byte) []byte {
	if json.Valid(data) {
		return data
	}
	out := make([]byte, 0, len(data)+16)
	inside := false
	for i := 0; i < len(data); i++ {
		b := data[i]
		switch {
		case b == '"':
			inside = !inside
			out = append(out, b)
		case inside && b == '\\':
			n := escapeLen(data[i:])
			if n == 0 {
				out = append(out, '\\', '\\')
				continue
			}
			out = append(out, data[i:i+n]...)
			i += n - 1
		case inside && b < ' ':
			out = append(out, '\\', 'u', '0', '0', "01"[b>>4], "0123456789abcdef"[b&15])
		case b < ' ' && !isSpace(b): // between tokens
		default:
			out = append(out, b)
		}
	}
	return out
}

// escapeLen returns how long the escape is that s begins with, 0 if it is none.
func escapeLen(s []byte) int {
	if len(s) < 2 {
		return 0
	}
	if strings.IndexByte(`"\/bfnrt`, s[1]) >= 0 {
		return 2
	}
	if s[1] != 'u' || len(s) < 6 || len(bytes.Trim(s[2:6], "0123456789abcdefABCDEF")) > 0 {
		return 0
	}
	return 6
}
