// Package spec holds what the platform documents, as data: where each endpoint lives,
// what it takes, what it answers, and in which order the elements of a push come.
//
// It is copied from the official pages. The client's completeness tests hold the
// typed methods against it, and the fake platform validates requests and makes
// sample answers from it.
package spec

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"sync"
)

// Endpoint is one documented endpoint. Rows that share a path differ in the enum
// of a query parameter: /publisher/stat has one for each action.
type Endpoint struct {
	Area       string   `json:"area"`
	Name       string   `json:"name"`    // English interface name of the page
	Heading    string   `json:"heading"` // of the page, where it is known: what people search for
	Method     string   `json:"method"`
	Also       []string `json:"also_methods"` // methods that programs call it by with success, against the page
	Path       string   `json:"path"`
	Host       string   `json:"host"`
	Auth       string   `json:"auth"`        // access_token, secret, oauth_token or none
	Content    string   `json:"content"`     // json, multipart, binary-response, text-body or redirect
	Status     string   `json:"status"`      // current or deprecated
	StatusNote string   `json:"status_note"` // why it is deprecated
	Sidebar    bool     `json:"sidebar"`     // listed in the sidebar of the official API pages
	Accounts   []string `json:"accounts"`    // service, subscription
	Query      []Field  `json:"query"`       // without access_token
	Request    []Field  `json:"request"`     // body, or the parts of a form
	Response   []Field  `json:"response"`    // without errcode and errmsg
	Errors     []int    `json:"errors"`      // codes that the page lists
	Quota      string   `json:"quota"`       // as the page words it
	Daily      int      `json:"daily"`       // calls a day of a new account, 0 where the table of quotas has none
	DailyTest  int      `json:"daily_test"`  // calls a day of a test account, if they are fewer
	Doc        string   `json:"doc"`         // path of the page on developers.weixin.qq.com
	Notes      string   `json:"notes"`       // limits and surprises
}

// Field is a parameter or a member of an answer.
type Field struct {
	Name         string   `json:"name"`
	Type         string   `json:"type"` // string, integer, number, boolean, object, file; [] after it for an array
	Required     bool     `json:"required"`
	Lenient      bool     `json:"lenient"`        // Required by the text of the page, but absent from its example
	Enum         []string `json:"enum"`           // the documented values, numbers in decimal
	Map          bool     `json:"map"`            // an object with free keys, whose values have Fields
	Undocumented bool     `json:"undocumented"`   // seen in practice, missing from the current page
	AltType      string   `json:"alt_type"`       // another type that was seen for it
	Deprecated   bool     `json:"deprecated"`     // no longer sent by the platform
	Fields       []Field  `json:"fields"`         // members of an object or of the elements of an array
	Encoded      []Field  `json:"encoded_fields"` // members of a JSON document inside a string
}

//go:embed endpoints.json
var endpoints []byte

//go:embed pushes.json
var pushes []byte

var (
	loadEndpoints = sync.OnceValue(func() []Endpoint { return decode[Endpoint]("endpoints.json", endpoints) })
	loadPushes    = sync.OnceValue(func() []Push { return decode[Push]("pushes.json", pushes) })
)

func decode[T any](name string, document []byte) []T {
	var all []T
	if err := json.Unmarshal(document, &all); err != nil {
		panic("spec: " + name + ": " + err.Error())
	}
	return all
}

// All returns every endpoint, by area in the order of the official sidebar. The
// slice is the caller's, the fields inside are shared and must not be changed.
func All() []Endpoint { return slices.Clone(loadEndpoints()) }

// Find returns the endpoints with this method and path, or nil. An empty method
// finds any method.
func Find(method, path string) []Endpoint {
	var found []Endpoint
	for _, e := range loadEndpoints() {
		if e.Path == path && (method == "" || e.Method == method) {
			found = append(found, e)
		}
	}
	return found
}

// Walk calls visit for each field and, below it, for the fields inside, with the
// dotted path to it.
func Walk(fields []Field, visit func(path string, f Field)) { walk("", fields, visit) }

func walk(prefix string, fields []Field, visit func(string, Field)) {
	for _, f := range fields {
		path := prefix + f.Name
		visit(path, f)
		walk(path+".", f.Fields, visit)
		walk(path+".", f.Encoded, visit)
	}
}

// Push is the order of the elements in a message or an event that the platform
// pushes, behind the envelope (ToUserName, FromUserName, CreateTime, MsgType and
// Event), as in the official samples. The elements inside an element follow those of
// the levels above it.
type Push struct {
	Type     string   `json:"type"`  // MsgType
	Event    string   `json:"event"` // of events
	Elements []string `json:"elements"`
}

// Pushes returns every documented push.
func Pushes() []Push { return slices.Clone(loadPushes()) }

// FindPush returns the push of a type and event. Event names vary in case.
func FindPush(msgType, event string) (Push, bool) {
	for _, p := range loadPushes() {
		if p.Type == msgType && strings.EqualFold(p.Event, event) {
			return p, true
		}
	}
	return Push{}, false
}
