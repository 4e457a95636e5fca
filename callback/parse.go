package callback

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"time"
)

// Header contains the fields that all pushes have.
type Header struct {
	ToUserName   string    // the account's original ID, gh_…
	FromUserName string    // openid of the user; some events come from the platform itself
	CreateTime   time.Time // with a resolution of one second
	MsgType      string    // such as "text", or "event" for events
	Event        string    // such as "subscribe"; "" for messages
	BusinessID   int64     // business of the account that the message was sent to; 0 if none
	Raw          []byte    // the XML or JSON document, decrypted and without an Encrypt element
}

// Meta returns the header of a push.
func (h *Header) Meta() *Header { return h }

func (*Header) isPush() {}

// Message is a push: a message or an event that the platform sends. It is one of the
// pointer types of this package, such as [*TextMessage] or [*SubscribeEvent], or an
// [*UnknownMessage].
type Message interface {
	Meta() *Header
	isPush()
}

// UnknownMessage is a push that this package has no type for (未知消息). Raw contains the
// whole document.
type UnknownMessage struct{ Header }

// ParseMessage parses a push, in XML or JSON, that was verified and decrypted elsewhere,
// for example one from a queue. It verifies nothing itself. Use a [Handler] for pushes
// from the network.
func ParseMessage(data []byte) (Message, error) {
	n, _, err := parse(data)
	if err != nil {
		return nil, err
	}
	defer n.free()
	return toMessage(n, data), nil
}

// errMalformed is the only error of both parsers: the document is not of the platform's
// form.
var errMalformed = errors.New("malformed document")

// parse parses a document in either format. The caller frees the tree.
func parse(data []byte) (n *node, isJSON bool, err error) {
	if trimmed, ok := asJSON(data); ok {
		n, err = scanJSON(trimmed)
		return n, true, err
	}
	n, err = scanXML(data)
	return n, false, err
}

// asJSON reports whether a document is in JSON, and returns it without surrounding white
// space.
func asJSON(data []byte) ([]byte, bool) {
	trimmed := bytes.TrimFunc(data, func(r rune) bool { return r <= ' ' || r == '\ufeff' })
	return trimmed, len(trimmed) > 0 && trimmed[0] == '{'
}

// toMessage converts a document to a typed push.
func toMessage(n *node, raw []byte) Message {
	h := Header{
		ToUserName:   strings.TrimSpace(n.get(toUserName).text),
		FromUserName: strings.TrimSpace(n.get(fromUserName).text),
		CreateTime:   moment(n.get(createTime).text),
		MsgType:      strings.TrimSpace(n.get(msgType).text), // some samples of the platform have white space in names
		Event:        strings.TrimSpace(n.get(event).text),
		BusinessID:   number(n.get(businessID).text),
		Raw:          raw,
	}
	m, p, known := newMessage(h.MsgType, h.Event)
	if !known {
		return &UnknownMessage{h}
	}
	*m.Meta() = h
	p.fill(reflect.ValueOf(m).Elem(), n)
	return m
}
