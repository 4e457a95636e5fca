package wechattest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/spec"
)

// text returns a string of the JSON body, or "".
func (c *call) text(name string) string {
	s, _ := c.fields[name].(string)
	return s
}

// param returns a query parameter. If a GET API was called by POST, the parameter may
// be in a JSON body instead.
func (c *call) param(name string) string {
	if value := c.Query.Get(name); value != "" || c.Method == c.endpoint.Method {
		return value
	}
	switch value := c.fields[name].(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	}
	return ""
}

// read decodes the JSON body, whose types validate has checked.
func (c *call) read(into any) error {
	body, err := encode(c.fields)
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		return refuse(wechat.ErrMalformedJSON, "data format error")
	}
	return nil
}

// ownChecks reports whether the behavior of a path validates the body itself, because
// each field has its own errcode.
func ownChecks(path string) bool {
	return path == "/cgi-bin/menu/create" || path == "/cgi-bin/menu/addconditional"
}

// validate checks a call against the documentation of its endpoint.
func (c *call) validate() error {
	e := c.endpoint
	if e.Method == http.MethodGet && len(bytes.TrimSpace(c.Body)) > 0 && c.Method != e.Method {
		if err := c.decode(); err != nil {
			return err
		}
	}
	if err := c.validateQuery(); err != nil {
		return err
	}
	switch {
	case e.Content == "multipart":
		return c.validateForm()
	case e.Method != http.MethodPost || e.Content == "text-body":
		return nil
	}
	fromQuery := c.fieldsInQuery()
	if len(bytes.TrimSpace(c.Body)) > 0 {
		if err := c.decode(); err != nil {
			return err
		}
	} else if len(fromQuery) == 0 {
		if slices.ContainsFunc(e.Request, func(f spec.Field) bool { return f.Required }) {
			return refuse(wechat.ErrEmptyBody, "empty post data")
		}
		return nil
	}
	if c.fields == nil {
		c.fields = map[string]any{}
	}
	for name, value := range fromQuery {
		if c.fields[name] == nil {
			c.fields[name] = value
		}
	}
	if ownChecks(c.Path) {
		return nil
	}
	return c.validateObject("", e.Request, c.fields)
}

// decode decodes the JSON body.
func (c *call) decode() error {
	if !utf8.Valid(c.Body) || hasEscape(c.Body) && (refusesEscapes(c.Path) || c.set.keeps(RuleEscape)) {
		return refuse(wechat.ErrEscapedUnicode, "invalid charset. please check your request, if include \\uxxxx will create fail!")
	}
	d := json.NewDecoder(bytes.NewReader(c.Body))
	d.UseNumber()
	if err := d.Decode(&c.fields); err != nil || c.fields == nil {
		return refuse(wechat.ErrMalformedJSON, "data format error")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return refuse(wechat.ErrMalformedJSON, "data format error")
	}
	return nil
}

// refusesEscapes reports whether an API is known to refuse \u escapes.
func refusesEscapes(path string) bool {
	return path == "/cgi-bin/menu/create" || path == "/cgi-bin/menu/addconditional"
}

// fieldsInQuery returns fields of the body that are in the query, for endpoints that
// existing clients call so, or whose page allows it.
func (c *call) fieldsInQuery() map[string]any {
	programs := !c.set.keeps(RuleMethod) && slices.Contains(c.endpoint.Also, http.MethodGet)
	if !programs && c.Path != clearBySecretPath {
		return nil
	}
	found := map[string]any{}
	for _, f := range c.endpoint.Request {
		if value := c.Query.Get(f.Name); value != "" {
			found[f.Name] = value
		}
	}
	return found
}

// hasEscape reports whether a JSON document contains a \u escape, which the platform
// does not decode.
func hasEscape(body []byte) bool {
	for i := 0; i+1 < len(body); i++ {
		if body[i] == '\\' {
			if body[i+1] == 'u' {
				return true
			}
			i++
		}
	}
	return false
}

func (c *call) validateQuery() error {
	for _, f := range c.endpoint.Query {
		value := c.param(f.Name)
		switch {
		case value == "" && f.Required:
			return c.missing(f.Name)
		case value == "":
		case f.Enum != nil && !slices.Contains(f.Enum, value):
			return c.unknownValue(f.Name)
		case f.Type == "integer":
			if _, err := strconv.ParseInt(value, 10, 64); err != nil {
				return c.unknownValue(f.Name)
			}
		}
	}
	return nil
}

func (c *call) validateForm() error {
	if c.Form == nil && c.Query.Get("img_url") != "" {
		return nil // the picture is at a URL
	}
	if c.Form == nil {
		return refuse(wechat.ErrMissingMediaData, "media data missing")
	}
	for _, f := range c.endpoint.Request {
		if !f.Required {
			continue
		}
		if f.Type != "file" {
			if c.formText(f.Name) == "" {
				return c.missing(f.Name)
			}
			continue
		}
		file, ok := c.Form.Files[f.Name]
		switch {
		case !ok || file.Name == "" || !isASCII(file.Name):
			return refuse(wechat.ErrMissingMediaData, "media data missing")
		case len(file.Data) == 0:
			return refuse(44001, "empty media data")
		}
	}
	return nil
}

// formText returns a text field of the form, which existing clients also send with a
// file name.
func (c *call) formText(name string) string {
	if f, ok := c.Form.Files[name]; ok && !c.set.keeps(RuleForm) {
		return string(f.Data)
	}
	return c.Form.Values.Get(name)
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

func (c *call) validateObject(prefix string, fields []spec.Field, object map[string]any) error {
	for _, f := range fields {
		path := prefix + f.Name
		value, ok := object[f.Name]
		if !ok || value == nil {
			if f.Required && (!f.Lenient || c.set.keeps(RuleRequired)) && !checksItself(c.Path, f.Name) {
				return c.missing(path)
			}
			continue
		}
		if !c.set.keeps(RuleType) || f.AltType != "" {
			value = adapt(f, f.Type, value)
			object[f.Name] = value
		}
		if err := c.validateValue(path, f.Type, f, value); err != nil {
			if f.AltType == "" || c.validateValue(path, f.AltType, f, value) != nil {
				return err
			}
		}
	}
	return nil
}

// checksItself reports whether a behavior checks a required field itself, because the
// errcode depends on another field.
func checksItself(path, name string) bool {
	return path == "/cgi-bin/template/api_add_template" && name == "keyword_name_list"
}

// adapt converts a value to the type of the page if existing clients are known to send
// it in another type.
func adapt(f spec.Field, kind string, value any) any {
	if inner, ok := strings.CutSuffix(kind, "[]"); ok {
		list, _ := value.([]any)
		for i := range list {
			list[i] = adapt(f, inner, list[i])
		}
		return value
	}
	switch v := value.(type) {
	case string:
		return adaptText(kind, v)
	case json.Number:
		return adaptNumber(f, kind, v)
	case bool:
		if kind == "integer" && isFlag(f) {
			return map[bool]json.Number{true: "1", false: "0"}[v]
		}
	}
	return value
}

func adaptText(kind, text string) any {
	switch kind {
	case "integer", "number":
		if isDigits(text) {
			return json.Number(text)
		}
	case "boolean":
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	}
	return text
}

func adaptNumber(f spec.Field, kind string, n json.Number) any {
	switch {
	case kind == "string" && isID(f.Name) && isDigits(n.String()):
		return n.String()
	case kind == "boolean" && (n == "0" || n == "1"):
		return n == "1"
	}
	return n
}

func isDigits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// isID reports whether a field is an ID, such as msg_id, menuid or tid.
func isID(name string) bool { return strings.HasSuffix(strings.ToLower(name), "id") }

// isFlag reports whether a number means yes or no.
func isFlag(f spec.Field) bool { return slices.Equal(f.Enum, []string{"0", "1"}) }

func (c *call) validateValue(path, kind string, f spec.Field, value any) error {
	if inner, ok := strings.CutSuffix(kind, "[]"); ok {
		list, ok := value.([]any)
		if !ok {
			return c.wrongType(path)
		}
		for _, v := range list {
			if err := c.validateValue(path, inner, f, v); err != nil {
				return err
			}
		}
		return nil
	}
	switch v := value.(type) {
	case string:
		return c.validateText(path, kind, f, v)
	case json.Number:
		if kind != "number" && (kind != "integer" || strings.ContainsAny(v.String(), ".eE")) {
			return c.wrongType(path)
		}
		if f.Enum != nil && !slices.Contains(f.Enum, v.String()) {
			return c.unknownValue(path)
		}
	case bool:
		if kind != "boolean" {
			return c.wrongType(path)
		}
	case map[string]any:
		if kind != "object" {
			return c.wrongType(path)
		}
		if f.Map {
			return c.validateMap(path, f, v)
		}
		return c.validateObject(path+".", f.Fields, v)
	default:
		return c.wrongType(path)
	}
	return nil
}

func (c *call) validateText(path, kind string, f spec.Field, text string) error {
	switch {
	case kind != "string":
		return c.wrongType(path)
	case text == "" && f.Required && specificCode(f.Name) != 0:
		return c.missing(path)
	case f.Enum != nil && !slices.Contains(f.Enum, text) && (text != "" || f.Required):
		return c.unknownValue(path)
	}
	return nil
}

func (c *call) validateMap(path string, f spec.Field, object map[string]any) error {
	for key, value := range object {
		inner, ok := value.(map[string]any)
		if !ok {
			return c.wrongType(path + "." + key)
		}
		if err := c.validateObject(path+"."+key+".", f.Fields, inner); err != nil {
			return err
		}
	}
	return nil
}

// specificCode returns the errcode for a missing or invalid field with this name in all
// APIs, or 0.
func specificCode(name string) wechat.Code {
	switch name {
	case "openid", "touser":
		return wechat.ErrInvalidOpenID
	case "openid_list", "user_list":
		return wechat.ErrInvalidOpenIDCount
	case "media_id":
		return wechat.ErrInvalidMediaID
	case "template_id":
		return wechat.ErrInvalidTemplateID
	case "msgtype":
		return wechat.ErrInvalidMessageType
	case "kf_account":
		return wechat.ErrInvalidKFAccount
	case "grant_type":
		return wechat.ErrInvalidGrantType
	case "appid":
		return wechat.ErrMissingAppID
	case "secret", "appsecret":
		return wechat.ErrMissingSecret
	case "code":
		return wechat.ErrMissingOAuthCode
	case "command":
		return wechat.ErrInvalidTypingCommand
	case "action_name":
		return 40052
	case "action_info":
		return 40053
	case "speed":
		return 45083
	case "tagid":
		return wechat.ErrInvalidTagID
	}
	return 0
}

// missing refuses a call without a required field, with the errcode of the field or the
// first suitable one of the endpoint.
func (c *call) missing(path string) error {
	return refuse(c.codeFor(path), "missing parameter: "+path)
}

func (c *call) unknownValue(path string) error {
	return refuse(c.codeFor(path), "invalid parameter: "+path)
}

func (c *call) wrongType(path string) error {
	return refuse(wechat.ErrMalformedJSON, "data format error: "+path)
}

func (c *call) codeFor(path string) wechat.Code {
	name := path[strings.LastIndex(path, ".")+1:]
	if code := specificCode(name); code != 0 && name != "code" {
		return code
	}
	if name == "type" && hasError(*c.endpoint, int(wechat.ErrInvalidMediaType)) {
		return wechat.ErrInvalidMediaType
	}
	for _, code := range []int{47003, 40035, 40097, 47001, 40101} {
		if hasError(*c.endpoint, code) {
			return wechat.Code(code)
		}
	}
	if strings.HasPrefix(c.Path, "/sns/") && name == "code" {
		return wechat.ErrMissingOAuthCode
	}
	return wechat.ErrInvalidParameter
}
