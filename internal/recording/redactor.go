package recording

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Redactor replaces secrets and identifiers of people with placeholders. The same value
// always has the same placeholder, such as "redacted-openid-1", and a placeholder is its
// own. It is not safe for concurrent use.
//
// A value is replaced if it stands in a field that holds secrets, if it looks like an
// identifier of the platform, or if it was replaced before.
type Redactor struct {
	placeholders map[string]string // by value
	numbers      map[string]int    // the last number of each kind
	unshaped     []string          // values that only their field identifies, longest first
	secrets      []string
}

// NewRedactor returns a Redactor that has replaced nothing yet.
func NewRedactor() *Redactor {
	return &Redactor{placeholders: map[string]string{}, numbers: map[string]int{}}
}

// NewMatcher returns a Redactor for requests that are compared with recorded ones: all
// values that it replaces have the number 0. It is safe for concurrent use.
func NewMatcher() *Redactor { return &Redactor{} }

// The kinds of values, which are part of the placeholders.
const (
	KindToken   = "token"
	KindSecret  = "secret"
	KindTicket  = "ticket"
	KindCode    = "code"
	KindAppID   = "appid"
	KindOpenID  = "openid"
	KindUnionID = "unionid"
	KindPerson  = "person" // names, phone numbers and other details of people
	KindAddress = "address"
	KindID      = "id" // any other identifier of the platform
)

// fieldKinds are the kinds of fields by a part of their name. The first match counts.
var fieldKinds = []struct{ part, kind string }{
	{"openid", KindOpenID},
	{"unionid", KindUnionID},
	{"appid", KindAppID},
	{"token", KindToken},
	{"secret", KindSecret},
	{"password", KindSecret},
	{"aeskey", KindSecret},
	{"aes_key", KindSecret},
	{"encrypt_key", KindSecret},
	{"session_key", KindSecret},
	{"signature", KindSecret},
	{"ticket", KindTicket},
	{"nickname", KindPerson},
	{"headimg", KindPerson},
	{"avatar", KindPerson},
	{"phone", KindPerson},
	{"mobile", KindPerson},
	{"email", KindPerson},
	{"id_card", KindPerson},
	{"idcard", KindPerson},
	{"identity", KindPerson},
	{"real_name", KindPerson},
	{"realname", KindPerson},
	{"license", KindPerson},
	{"bank_account", KindPerson},
	{"birth", KindPerson},
	{"plate", KindPerson},
}

// namedKinds are the kinds of fields by their whole name.
var namedKinds = map[string]string{
	"touser": KindOpenID, "tousername": KindOpenID, "fromusername": KindOpenID, "user_id": KindOpenID, "black_list": KindOpenID,
	"code": KindCode, "auth_code": KindCode, "pre_auth_code": KindCode, "query_auth_code": KindCode, "wxmed_authcode": KindCode, "js_code": KindCode, "card_code": KindCode,
	"towxname": KindPerson, "invite_wx": KindPerson, "kf_wx": KindPerson, "kf_account": KindPerson, "worker": KindPerson, "remark": KindPerson,
	"client_ip": KindAddress, "ip": KindAddress,
}

func kindOf(field string) string {
	field = strings.ToLower(field)
	if kind := namedKinds[field]; kind != "" {
		return kind
	}
	if strings.Contains(field, "template") { // contains "plate"
		return ""
	}
	for _, known := range fieldKinds {
		if strings.Contains(field, known.part) {
			return known.kind
		}
	}
	return ""
}

var (
	placeholder = regexp.MustCompile(`^redacted-([a-z]+)-\d+$`)

	// shapes match the identifiers and secrets of the platform, wherever they stand.
	shapes = regexp.MustCompile(`[A-Za-z0-9_-]{24,}|\bwx[0-9a-f]{16}\b|\bgh_[0-9a-f]{12}\b|[A-Za-z0-9+/]{40,}={0,2}|\b\d{1,3}(?:\.\d{1,3}){3}\b`)
	openID = regexp.MustCompile(`^o[A-Za-z0-9_-]{27}$`)
	appID  = regexp.MustCompile(`^wx[0-9a-f]{16}$`)
	dotted = regexp.MustCompile(`^[\d.]+$`)

	// requestID matches the rid of a call, which is different each time.
	requestID = regexp.MustCompile(`rid: ?[0-9a-f]+(?:-[0-9a-f]+)*`)
)

func shapeOf(value string) string {
	switch {
	case openID.MatchString(value):
		return KindOpenID
	case appID.MatchString(value):
		return KindAppID
	case dotted.MatchString(value):
		return KindAddress
	}
	return KindID
}

// KindOfPlaceholder returns the kind of a placeholder, or "" if the value is none.
func KindOfPlaceholder(value string) string {
	if found := placeholder.FindStringSubmatch(value); found != nil {
		return found[1]
	}
	return ""
}

const minUnshaped = 6 // bytes; shorter values occur in ordinary words

// replace returns the placeholder of a value.
func (r *Redactor) replace(kind, value string) string {
	if value == "" || placeholder.MatchString(value) {
		return value
	}
	if r.placeholders == nil {
		return "redacted-" + kind + "-0"
	}
	if known := r.placeholders[value]; known != "" {
		return known
	}
	r.numbers[kind]++
	name := fmt.Sprintf("redacted-%s-%d", kind, r.numbers[kind])
	r.placeholders[value] = name
	switch kind {
	case KindToken, KindSecret, KindTicket, KindCode:
		r.secrets = append(r.secrets, value)
	case KindPerson, KindAddress, KindID: // may be an ordinary word elsewhere
		return name
	}
	if shapes.FindString(value) != value && len(value) >= minUnshaped {
		at, _ := slices.BinarySearchFunc(r.unshaped, value, func(a, b string) int { return len(b) - len(a) })
		r.unshaped = slices.Insert(r.unshaped, at, value)
	}
	return name
}

// Text replaces what it recognizes in a text.
func (r *Redactor) Text(text string) string {
	text = requestID.ReplaceAllString(text, "rid: redacted")
	for _, value := range r.unshaped {
		if strings.Contains(text, value) {
			text = strings.ReplaceAll(text, value, r.placeholders[value])
		}
	}
	return shapes.ReplaceAllStringFunc(text, func(value string) string { return r.replace(shapeOf(value), value) })
}

// Field replaces the value of a field.
func (r *Redactor) Field(name, value string) string {
	if kind := kindOf(name); kind != "" {
		return r.replace(kind, value)
	}
	return r.Text(value)
}

// Query replaces the values of a query or a form.
func (r *Redactor) Query(in url.Values) url.Values {
	if len(in) == 0 {
		return nil
	}
	out := url.Values{}
	for name, values := range in {
		for _, v := range values {
			out.Add(r.Text(name), r.Field(name, v))
		}
	}
	return out
}

// JSON replaces the values in a decoded document. Numbers must be [json.Number].
func (r *Redactor) JSON(field string, value any) any {
	switch v := value.(type) {
	case string:
		return r.Field(field, v)
	case json.Number:
		if kindOf(field) == KindPerson {
			return json.Number("0")
		}
	case []any:
		for i := range v {
			v[i] = r.JSON(field, v[i])
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, name := range inOrder(v) {
			out[r.Text(name)] = r.JSON(name, v[name])
		}
		return out
	}
	return value
}

// inOrder returns the names of an object in an order that does not depend on the map, so
// that the numbers of placeholders do not either.
func inOrder(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// leaks reports whether a line contains a secret that was replaced elsewhere.
func (r *Redactor) leaks(line []byte) bool {
	text := string(line)
	return slices.ContainsFunc(r.secrets, func(secret string) bool {
		return len(secret) >= minUnshaped && (strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret)))
	})
}
