package callback

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// scanXML parses a push in XML: one root with few elements, whose text is mostly in CDATA
// sections. It refuses what the platform never sends and attackers might: doctypes, entity
// definitions, deep nesting, a second root. Control bytes and invalid UTF-8 in text are
// repaired instead, so that an odd nickname does not cause a message to be lost. Text that
// needs no repair shares memory with the document.
func scanXML(data []byte) (*node, error) {
	s := scanner{doc: string(data)}
	if !s.prolog() {
		return nil, errMalformed
	}
	root := trees.Get().(*node) //nolint:forcetypeassert // see trees
	if !s.element(root, 1) || !s.epilog() {
		root.free()
		return nil, errMalformed
	}
	return root, nil
}

type scanner struct {
	doc   string
	at    int
	nodes int
}

const byteOrderMark = "\ufeff"

func (s *scanner) rest() string { return s.doc[s.at:] }

// space skips white space and control bytes.
func (s *scanner) space() {
	for s.at < len(s.doc) && s.doc[s.at] <= ' ' {
		s.at++
	}
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

// skip moves past the next occurrence of end.
func (s *scanner) skip(end string) bool {
	n := strings.Index(s.rest(), end)
	if n < 0 {
		return false
	}
	s.at += n + len(end)
	return true
}

// prolog moves to the root, past a byte order mark, an XML declaration and comments. It
// reports false if the declared encoding is not UTF-8.
func (s *scanner) prolog() bool {
	if strings.HasPrefix(s.rest(), byteOrderMark) {
		s.at += len(byteOrderMark)
	}
	s.space()
	if strings.HasPrefix(s.rest(), "<?xml") {
		begin := s.at
		if !s.skip("?>") || !utf8Declared(s.doc[begin:s.at]) {
			return false
		}
	}
	s.space()
	for s.comment() {
		s.space()
	}
	return true
}

// epilog reports whether only comments follow the root.
func (s *scanner) epilog() bool {
	s.space()
	for s.comment() {
		s.space()
	}
	return s.at == len(s.doc)
}

// utf8Declared reports whether a declaration specifies UTF-8 or no encoding.
func utf8Declared(declaration string) bool {
	_, value, found := strings.Cut(declaration, "encoding")
	if !found {
		return true
	}
	value = strings.TrimLeft(value, " \t\r\n=\"'")
	return strings.EqualFold(value[:min(len(value), len("utf-8"))], "utf-8")
}

func (s *scanner) comment() bool {
	if !strings.HasPrefix(s.rest(), "<!--") {
		return false
	}
	s.at += len("<!--")
	return s.skip("-->")
}

// element parses <name>…</name> into n.
func (s *scanner) element(n *node, depth int) bool {
	s.nodes++
	if depth > maxDepth || s.nodes > maxNodes {
		return false
	}
	name, empty, ok := s.tag()
	if !ok {
		return false
	}
	n.name, n.letters = name, lettersOf(name)
	if empty {
		return true
	}
	return s.content(n, depth)
}

// tag parses <name …> or <name …/>. It skips attributes, which the platform does not use.
func (s *scanner) tag() (name string, empty, ok bool) {
	if s.at >= len(s.doc) || s.doc[s.at] != '<' {
		return "", false, false
	}
	s.at++
	begin := s.at
	for s.at < len(s.doc) && inName[s.doc[s.at]] {
		s.at++
	}
	if name = s.doc[begin:s.at]; name == "" {
		return "", false, false
	}
	if s.at < len(s.doc) && s.doc[s.at] == '>' { // there is nothing to skip
		s.at++
		return name, false, true
	}
	var quote byte
	for ; s.at < len(s.doc); s.at++ {
		switch b := s.doc[s.at]; {
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'':
			quote = b
		case b == '<':
			return "", false, false
		case b == '>':
			empty = s.doc[s.at-1] == '/'
			s.at++
			return name, empty, true
		}
	}
	return "", false, false
}

// inName has the bytes that a name may contain.
var inName = func() (table [256]bool) {
	for b := range table {
		table[b] = isName(byte(b))
	}
	return table
}()

func isName(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_' || b == '-' || b == '.' || b == ':' || b >= utf8.RuneSelf
}

// content parses text and elements up to the end tag of n.
func (s *scanner) content(n *node, depth int) bool {
	var text text
	for {
		begin := s.at
		end := strings.IndexByte(s.rest(), '<')
		if end < 0 {
			return false
		}
		s.at += end
		if len(n.kids) == 0 && !text.add(s.doc[begin:s.at]) {
			return false
		}
		switch rest := s.rest(); {
		case strings.HasPrefix(rest, "</"):
			if len(n.kids) == 0 { // text between elements is only white space
				n.text = text.string()
			}
			return s.endTag(n.name)
		case strings.HasPrefix(rest, "<![CDATA["):
			s.at += len("<![CDATA[")
			begin := s.at
			if !s.skip("]]>") {
				return false
			}
			text.addCDATA(s.doc[begin : s.at-len("]]>")])
		case strings.HasPrefix(rest, "<!--"):
			if !s.comment() {
				return false
			}
		default: // an element; tag refuses instructions, doctypes and the end of the document
			n.kids = append(n.kids, node{})
			if !s.element(&n.kids[len(n.kids)-1], depth+1) {
				return false
			}
		}
	}
}

func (s *scanner) endTag(name string) bool {
	s.at += len("</")
	if !strings.HasPrefix(s.rest(), name) {
		return false
	}
	s.at += len(name)
	s.space()
	if s.at >= len(s.doc) || s.doc[s.at] != '>' {
		return false
	}
	s.at++
	return true
}

// text collects the pieces of an element's text, without the white space around CDATA
// sections that some samples of the platform have.
type text struct {
	piece  string // the only piece so far; most texts have just one and share its memory
	pieces []byte // all pieces, if there are several
	words  bool   // there is more than white space outside CDATA sections
	cdata  bool   // there is a CDATA section
}

// add appends a piece that may contain references.
func (t *text) add(raw string) bool {
	blank := isBlank(raw)
	if blank && (raw == "" || t.cdata) {
		return true
	}
	t.words = t.words || !blank
	if strings.IndexByte(raw, '&') < 0 {
		t.append(repair(raw))
		return true
	}
	piece, ok := unescape(lineEnds(raw)) // a line end written as a reference is kept as it is
	t.append(printable(piece))
	return ok
}

// addCDATA appends a CDATA section.
func (t *text) addCDATA(raw string) {
	if !t.words && !t.cdata {
		t.piece, t.pieces = "", nil
	}
	t.cdata = true
	t.append(repair(raw))
}

func (t *text) append(piece string) {
	switch {
	case t.pieces != nil:
		t.pieces = append(t.pieces, piece...)
	case t.piece == "":
		t.piece = piece
	default:
		t.pieces = append(append(t.pieces, t.piece...), piece...)
	}
}

func (t *text) string() string {
	if t.pieces != nil {
		return string(t.pieces)
	}
	return t.piece
}

func isBlank(s string) bool {
	for i := range len(s) {
		if !isSpace(s[i]) {
			return false
		}
	}
	return true
}

// unescape replaces the five entities of XML and character references. It reports false
// for all other entities.
func unescape(s string) (string, bool) {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(s, "&")
		out.WriteString(before)
		if !found {
			return out.String(), true
		}
		name, rest, found := strings.Cut(after, ";")
		if !found {
			return "", false
		}
		r, ok := entity(name)
		if !ok {
			return "", false
		}
		out.WriteRune(r)
		s = rest
	}
}

func entity(name string) (rune, bool) {
	switch name {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, base := strings.CutPrefix(name, "#")
	if !base {
		return 0, false
	}
	radix := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, radix = hex, 16
	}
	n, err := strconv.ParseUint(digits, radix, 32)
	if err != nil || n > utf8.MaxRune {
		return 0, false
	}
	return rune(n), true
}

// repair normalizes line ends, replaces invalid UTF-8 and drops the characters that XML
// does not allow.
func repair(s string) string {
	if isClean(s) {
		return s
	}
	return printable(lineEnds(s))
}

// lineEnds normalizes line ends as XML does.
func lineEnds(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// printable replaces invalid UTF-8 and drops the characters that XML does not allow.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !inXML(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// isClean reports whether a text needs no repair. Most are in ASCII, of which it checks 8
// bytes at a time.
func isClean(s string) bool {
	for len(s) >= 8 && isPrintableASCII(word(s)) {
		s = s[8:]
	}
	for i := range len(s) {
		switch b := s[i]; {
		case b < ' ' && b != '\n' && b != '\t':
			return false
		case b == 0xEF && i+2 < len(s) && s[i+1] == 0xBF && s[i+2] >= 0xBE: // U+FFFE and U+FFFF
			return false
		}
	}
	return utf8.ValidString(s)
}

// word returns the first 8 bytes of a text.
func word(s string) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// isPrintableASCII reports whether each of 8 bytes is at least ' ' and below 0x80: neither
// has its high bit set, nor has it after ' ' was subtracted.
func isPrintableASCII(word uint64) bool {
	const spaces, high = 0x2020202020202020, 0x8080808080808080
	return (word|(word-spaces))&high == 0
}

// isInvisible reports whether a text, once it is repaired, consists of white space and control
// characters only.
func isInvisible(s string) bool {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || !inXML(r) }) == ""
}

// inXML reports whether XML 1.0 allows a character.
func inXML(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune
}
