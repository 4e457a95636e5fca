// Package spec contains what the platform documents, as data: the path of each endpoint,
// its parameters and its response, and the order of the elements in each push.
//
// It is taken from the official pages. The completeness tests compare the typed methods
// with it, and the fake platform uses it to validate requests and to make sample
// responses.
package spec

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"sync"
)

// Endpoint is a documented endpoint. Endpoints with the same path differ in the enum of
// a query parameter: /publisher/stat has one for each action.
type Endpoint struct {
	Area       string   `json:"area"`
	Name       string   `json:"name"`    // English name of the API on the page
	Heading    string   `json:"heading"` // title of the page, which people search for; may be empty
	Method     string   `json:"method"`
	Also       []string `json:"also_methods"` // methods that work too, though the page does not list them
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
	Quota      string   `json:"quota"`       // in the words of the page
	Daily      int      `json:"daily"`       // calls a day of a new account; 0 if the table of quotas has none
	DailyTest  int      `json:"daily_test"`  // calls a day of a test account, if different
	Doc        string   `json:"doc"`         // path of the page on developers.weixin.qq.com
	Notes      string   `json:"notes"`       // limits and surprises
}

// Field is a parameter or a member of a response.
type Field struct {
	Name         string   `json:"name"`
	Type         string   `json:"type"` // string, integer, number, boolean, object or file, followed by [] for an array
	Required     bool     `json:"required"`
	Lenient      bool     `json:"lenient"`        // Required by the text of the page, but missing from its example
	Enum         []string `json:"enum"`           // the documented values, numbers in decimal
	Map          bool     `json:"map"`            // an object with free keys, whose values have Fields
	Undocumented bool     `json:"undocumented"`   // observed, but missing from the current page
	AltType      string   `json:"alt_type"`       // another type that was observed
	Deprecated   bool     `json:"deprecated"`     // no longer sent by the platform
	Fields       []Field  `json:"fields"`         // members of an object or of the elements of an array
	Encoded      []Field  `json:"encoded_fields"` // members of a JSON document in a string
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

// All returns every endpoint, by area in the order of the official documentation. The
// caller may change the slice, but not the slices in its elements.
func All() []Endpoint { return slices.Clone(loadEndpoints()) }

// Find returns the endpoints with this method and path, or nil. An empty method matches
// any method.
func Find(method, path string) []Endpoint {
	var found []Endpoint
	for _, e := range loadEndpoints() {
		if e.Path == path && (method == "" || e.Method == method) {
			found = append(found, e)
		}
	}
	return found
}

// Walk calls visit for each field and the fields inside it, with their dotted paths.
func Walk(fields []Field, visit func(path string, f Field)) { walk("", fields, visit) }

func walk(prefix string, fields []Field, visit func(string, Field)) {
	for _, f := range fields {
		path := prefix + f.Name
		visit(path, f)
		walk(path+".", f.Fields, visit)
		walk(path+".", f.Encoded, visit)
	}
}

// Push is the order of the elements of a message or an event in the official samples,
// after the envelope (ToUserName, FromUserName, CreateTime, MsgType and Event). Nested
// elements follow those of the levels above them.
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
