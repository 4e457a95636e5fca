package callback

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/wechatoa/wechat/internal/wirejson"
)

// scanJSON parses a push in JSON, which begins with a brace and has the same names as in
// XML. The platform sends numbers as numbers or strings, and empty objects as white space.
// Raw control bytes in strings are accepted, as in XML.
func scanJSON(data []byte) (*node, error) {
	d, _, err := decodeJSON(data)
	if err != nil {
		return nil, err
	}
	d.UseNumber()
	s, root := jsonScanner{d: d}, trees.Get().(*node) //nolint:forcetypeassert // see trees
	if !s.object(root, 1) {
		root.free()
		return nil, errMalformed
	}
	return root, nil
}

// decodeJSON returns a decoder that has read the first brace of a document, and the
// document as the decoder reads it. That document is valid, so no call of the decoder fails.
func decodeJSON(data []byte) (d *json.Decoder, repaired []byte, err error) {
	if data, err = sanitize(data); err != nil {
		return nil, nil, err
	}
	d = json.NewDecoder(bytes.NewReader(data))
	_, _ = d.Token()
	return d, data, nil
}

// sanitize repairs a document that is invalid JSON only because of raw control bytes,
// which the platform sends in nicknames, or backslashes that begin no escape sequence.
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

// object parses members up to the closing brace.
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

// value parses the value of a member. An array becomes several elements of the same name.
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
		n.add(name, "")
		return s.object(&n.kids[len(n.kids)-1], depth+1)
	case string:
		n.add(name, repair(v))
	case json.Number:
		n.add(name, v.String())
	case bool:
		text := "0"
		if v {
			text = "1"
		}
		n.add(name, text)
	default:
		n.add(name, "")
	}
	return true
}

func (n *node) add(name, text string) {
	n.kids = append(n.kids, node{name: name, letters: lettersOf(name), text: text})
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
