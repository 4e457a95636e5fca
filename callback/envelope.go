package callback

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// envelope is the outer document of an encrypted push: all that is parsed of a body before
// its signature has been checked.
type envelope struct {
	encoded string // value of the Encrypt element
	inJSON  bool
	clear   bool // the document contains the message in plain text as well, as in compatible mode

	doc        []byte // the document; doc[begin:end] is the Encrypt element
	begin, end int
}

// openEnvelope finds the only Encrypt element of a document. It skips all other elements
// without parsing their content.
func openEnvelope(data []byte) (e envelope, err error) {
	if trimmed, ok := asJSON(data); ok {
		e.inJSON = true
		err = e.scanJSON(trimmed)
		return e, err
	}
	e.doc = data
	err = e.scanXML()
	return e, err
}

// inClear returns a copy of the document without its Encrypt element.
func (e *envelope) inClear() []byte {
	before, after := e.doc[:e.begin], e.doc[e.end:]
	if e.inJSON {
		trimmed := bytes.TrimRight(before, " \t\r\n")
		if trimmed[len(trimmed)-1] == '{' { // it was the first member: remove the comma after it
			after = bytes.TrimPrefix(bytes.TrimLeft(after, " \t\r\n"), []byte(","))
		}
	}
	return slices.Concat(before, after)
}

const (
	encryptElement = "Encrypt"
	typeElement    = "MsgType"
)

func (e *envelope) scanXML() error {
	s := scanner{doc: string(e.doc)}
	if !s.prolog() {
		return errMalformed
	}
	root, empty, ok := s.tag()
	if !ok || empty {
		return errMalformed
	}
	for found := false; ; {
		next := strings.IndexByte(s.rest(), '<')
		if next < 0 {
			return errMalformed
		}
		s.at += next
		if strings.HasPrefix(s.rest(), "</") {
			if !s.endTag(root) || !s.epilog() || !found {
				return errMalformed
			}
			return nil
		}
		begin := s.at
		name, ok := s.outline()
		if !ok {
			return errMalformed
		}
		switch {
		case sameName(name, typeElement):
			e.clear = true
		case sameName(name, encryptElement):
			value := scanner{doc: s.doc[:s.at], at: begin}
			var n node
			if found || !value.element(&n, 1) {
				return errMalformed
			}
			found, e.encoded, e.begin, e.end = true, strings.TrimSpace(n.text), begin, s.at
		}
	}
}

// outline moves past an element, comment or CDATA section and returns the name of the
// element.
func (s *scanner) outline() (name string, ok bool) {
	for depth := 0; ; {
		switch rest := s.rest(); {
		case strings.HasPrefix(rest, "<![CDATA["):
			ok = s.skip("]]>")
		case strings.HasPrefix(rest, "<!--"):
			ok = s.comment()
		case strings.HasPrefix(rest, "</"):
			ok = s.skip(">")
			depth--
		default:
			var tag string
			var empty bool
			tag, empty, ok = s.tag()
			if name == "" {
				name = tag
			}
			if !empty {
				depth++
			}
		}
		if !ok || depth == 0 {
			return name, ok
		}
		next := strings.IndexByte(s.rest(), '<')
		if next < 0 {
			return "", false
		}
		s.at += next
	}
}

func (e *envelope) scanJSON(data []byte) error {
	d, doc, err := decodeJSON(data)
	if err != nil {
		return err
	}
	e.doc = doc
	found := false
	var value json.RawMessage
	var encoded string // in memory of its own: an envelope in XML is on the stack
	for d.More() {
		begin := int(d.InputOffset())
		key, _ := d.Token()
		name, _ := key.(string)
		name = strings.TrimSpace(name)
		_ = d.Decode(&value)
		switch {
		case sameName(name, typeElement):
			e.clear = true
		case sameName(name, encryptElement):
			if found || json.Unmarshal(value, &encoded) != nil {
				return errMalformed
			}
			found, e.encoded, e.begin, e.end = true, encoded, begin, int(d.InputOffset())
		}
	}
	if !found {
		return errMalformed
	}
	return nil
}
