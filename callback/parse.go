package callback

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"time"
)

// Header is what every push begins with.
type Header struct {
	ToUserName   string    // the account's original ID, gh_…
	FromUserName string    // openid of the follower; some events come from the platform itself
	CreateTime   time.Time // in whole seconds
	MsgType      string    // such as text, or event
	Event        string    // such as subscribe; "" for messages
	BusinessID   int64     // the account's business that a message was sent to; 0 for none
	Raw          []byte    // the document as it came, decrypted and without an Encrypt element
}

// Meta returns the header of a push.
func (h *Header) Meta() *Header { return h }

func (*Header) isPush() {}

// Message is a push of the platform: one of the pointer types of this package, such
// as [*TextMessage] or [*SubscribeEvent], or [*UnknownMessage].
type Message interface {
	Meta() *Header
	isPush()
}

// UnknownMessage is a push that has no type here (未知消息). Raw holds all of it.
type UnknownMessage struct{ Header }

// ParseMessage reads a push that was verified and decrypted elsewhere, such as one
// from a queue; XML or JSON. It verifies nothing: a push from the network goes
// through a [Handler].
func ParseMessage(data []byte) (Message, error) {
	n, _, err := parse(data)
	if err != nil {
		return nil, err
	}
	return toMessage(n, data), nil
}

// errMalformed is the one error of both parsers: a push that is no document of the
// platform's kind.
var errMalformed = errors.New("malformed document")

// parse reads a document in either format.
func parse(data []byte) (n *node, isJSON bool, err error) {
	if trimmed, ok := asJSON(data); ok {
		n, err = scanJSON(trimmed)
		return n, true, err
	}
	n, err = scanXML(data)
	return n, false, err
}

// asJSON reports whether a document is one in JSON, and returns it without what is
// around it.
func asJSON(data []byte) ([]byte, bool) {
	trimmed := bytes.TrimFunc(data, func(r rune) bool { return r <= ' ' || r == '\ufeff' })
	return trimmed, len(trimmed) > 0 && trimmed[0] == '{'
}

// toMessage makes the typed push of a document.
func toMessage(n *node, raw []byte) Message {
	h := Header{
		ToUserName:   strings.TrimSpace(n.string("ToUserName")),
		FromUserName: strings.TrimSpace(n.string("FromUserName")),
		CreateTime:   moment(n.string("CreateTime")),
		MsgType:      strings.TrimSpace(n.string("MsgType")), // the platform's own samples have white space in names
		Event:        strings.TrimSpace(n.string("Event")),
		BusinessID:   number(n.string("BusinessId")),
		Raw:          raw,
	}
	kind, known := kindOf(h.MsgType, h.Event)
	if !known {
		return &UnknownMessage{h}
	}
	m := kind.create()
	*m.Meta() = h
	kind.plan().fill(reflect.ValueOf(m).Elem(), n)
	return m
}
