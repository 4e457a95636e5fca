package callback

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/wechatoa/wechat/internal/wirejson"
)

// scanJSON reads a push in JSON that begins with a brace, with the names of the XML
// elements. Numbers come as numbers or strings, empty objects as white space. As in
// XML an odd nickname must not cost a message: raw control bytes in strings are read.
func scanJSON(data []byte) (*node, error) {
	d, _, err := decodeJSON(data)
	if err != nil {
		return nil, err
	}
	d.UseNumber()
	s, root := jsonScanner{d: d}, &node{}
	if !s.object(root, 1) {
		return nil, errMalformed
	}
	return root, nil
}

// decodeJSON returns a decoder behind the first brace of a document, and the document
// as the decoder reads it, which is valid: no call of the decoder fails.
func decodeJSON(data []byte) (d *json.Decoder, repaired []byte, err error) {
	if data, err = sanitize(data); err != nil {
		return nil, nil, err
	}
	d = json.NewDecoder(bytes.NewReader(data))
	_, _ = d.Token()
	return d, data, nil
}

// sanitize repairs a document that is no valid JSON only for raw control bytes, such
// as the platform sends in nicknames, and for backslashes that begin no escape.
func sanitize(data []byte) ([]byte, error) {
	if json.Valid(data) {
		return data, nil
	}
	var repaired json.RawMessage
	if _, err := wirejson.Decode(data, &repaired); err != nil {
		return nil, errMalformed
	}
	return repaired, nil
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
		token, _ := s.d.Token()
		if token == json.Delim('}') {
			return true
		}
		name, _ := token.(string)
		if !s.value(n, strings.TrimSpace(name), depth) {
			return false
		}
	}
}

// value reads the value of a member; an array becomes elements of the same name.
func (s *jsonScanner) value(n *node, name string, depth int) bool {
	s.nodes++
	if s.nodes > maxNodes {
		return false
	}
	token, _ := s.d.Token()
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
	_, _ = s.d.Token()
	return true
}
