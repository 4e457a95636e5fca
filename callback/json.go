package callback

import (
	"bytes"
	"encoding/json"
	"strings"
)

// scanJSON reads a push in JSON, with the names of the XML elements. Numbers come
// as numbers or strings, empty objects as white space.
func scanJSON(data []byte) (*node, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	s := jsonScanner{d: d}
	root := &node{}
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return nil, errMalformed
	}
	if !s.object(root, 1) {
		return nil, errMalformed
	}
	if _, err := d.Token(); err == nil {
		return nil, errMalformed // something behind the document
	}
	if len(bytes.Trim(data[d.InputOffset():], " \t\r\n")) > 0 {
		return nil, errMalformed
	}
	return root, nil
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
