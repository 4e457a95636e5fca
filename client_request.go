package wechat

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Request is one call of the platform. [Client.Do] sends it: that is how a program
// reaches an API that has no method here.
type Request struct {
	Method string      // "" is GET without and POST with a Body
	Path   string      // such as "/cgi-bin/user/info", without a query
	Query  url.Values  // without access_token, which Do adds
	Header http.Header // beside the headers that Do sets

	// Host is another host of the platform than that of the base URL, such as
	// "mp.weixin.qq.com"; it must end in .weixin.qq.com. A client whose base URL is
	// a proxy or a fake sends the call there all the same.
	Host string

	// Body is encoded as JSON; []byte and json.RawMessage are JSON already, a [Form]
	// is sent as multipart/form-data, and a [RawBody] as it is.
	Body any

	// Idempotent says that doing it twice is doing it once: a read, or a write that
	// sets something. It is retried when nobody can know whether it was executed.
	Idempotent bool
	// Keyed says that the Body holds a client message id, by which the platform drops
	// a duplicate. It is retried too, but its failure can be [ErrUnknownOutcome].
	Keyed bool
	// AlreadyDone lists codes by which the platform says that a retry found its work
	// done. After an attempt whose outcome is unknown they are success.
	AlreadyDone []Code
	// Anonymous calls carry no access_token.
	Anonymous bool

	fetchesToken bool // for the cache: its outcome concerns no caller
	fetchesAhead bool // nobody waits for it: one attempt is enough
}

// Do sends a request (接口调用) and decodes the response into out: a pointer to what
// the JSON contains, nil to ignore it, an [io.Writer] for the bytes of a download (an
// error that the platform words as JSON is returned, nothing written). With an out of
// *json.RawMessage the JSON is returned as it is. Types follow the rules of
// encoding/json, but a scalar of another JSON type costs nothing: numbers, strings and
// booleans stand for each other, and a field that cannot be read at all is left out and
// logged.
//
// A rejected token is replaced and the call sent once more. What else is retried
// depends on the request; see [WithRetry] for how often. A request that is neither
// Idempotent nor Keyed is sent at most once, also by the connection below, unless it
// certainly was not executed.
//
// Errors are [*ArgumentError] (not sent), [*Error] (refused by the platform; out can
// hold what came along), [*RequestError] (no response) and [*DecodeError] (response
// unreadable).
//
// https://developers.weixin.qq.com/doc/service/guide/dev/api
func (c *Client) Do(ctx context.Context, req Request, out any) error {
	if req.Method == "" {
		req.Method = http.MethodGet
		if req.Body != nil {
			req.Method = http.MethodPost
		}
	}
	if err := first(c.invalid, req.check(), checkOut(out), checkContext(ctx)); err != nil {
		return err
	}
	err := ctx.Err()
	if c.closed.Load() {
		err = ErrClosed
	}
	if err != nil {
		return &RequestError{Method: req.Method, Path: req.Path, Err: err}
	}
	body, err := newPayload(ctx, req.Body)
	if cause := ctx.Err(); err != nil && cause != nil {
		return &RequestError{Method: req.Method, Path: req.Path, Err: cause}
	}
	if err != nil {
		return err
	}
	defer body.Close(ctx)
	cl := &call{Request: req, body: body, out: out}
	if err := c.secure.enclose(cl); err != nil {
		return err
	}
	return c.run(ctx, cl)
}

func (r Request) check() error {
	if strings.Trim(r.Method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return invalid("Method", "must be an HTTP method in capital letters, or empty")
	}
	if !strings.HasPrefix(r.Path, "/") || strings.HasPrefix(r.Path, "//") || strings.ContainsAny(r.Path, `?#%\ `) || hasControl(r.Path) {
		return invalid("Path", "must begin with one / and contain no query, space, escape or control character")
	}
	if r.Query.Has("access_token") && !r.Anonymous {
		return invalid("Query", "must not contain access_token, which Do adds")
	}
	if r.Host != "" && !isPlatformHost(r.Host) {
		return invalid("Host", "must be a host under weixin.qq.com")
	}
	if err := checkHeader(r.Header); err != nil {
		return err
	}
	return checkBody(r.Body)
}

// isPlatformHost reports whether host is one of the platform's, which may see a token.
func isPlatformHost(host string) bool {
	name, ok := strings.CutSuffix(strings.ToLower(host), ".weixin.qq.com")
	return ok && name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}

// ownHeaders are the headers that Do sets, or that would change how often or in what
// form net/http sends the request, or that it leaves a compressed response as it is.
var ownHeaders = []string{
	"Accept-Encoding", "Content-Type", "Content-Length", "Host", "Transfer-Encoding", "Connection", "Trailer", "Upgrade", "Expect",
	"Idempotency-Key", "X-Idempotency-Key",
}

func checkHeader(header http.Header) error {
	seen := map[string]bool{}
	for name, values := range header {
		at := fmt.Sprintf("Header[%.64q]", name)
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r) }) {
			return invalid(at, "must be a valid header name")
		}
		canonical := http.CanonicalHeaderKey(name)
		if slices.Contains(ownHeaders, canonical) {
			return invalid(at, "must not be set, because the client sets it")
		}
		if seen[canonical] {
			return invalid(at, "must not be there twice, in different cases")
		}
		seen[canonical] = true
		for _, value := range values {
			if hasControl(strings.ReplaceAll(value, "\t", "")) {
				return invalid(at, "must not contain a control character")
			}
		}
	}
	return nil
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func checkContext(ctx context.Context) error {
	if ctx == nil {
		return invalid("ctx", "must not be nil")
	}
	return nil
}

// checkOut refuses what no response can be decoded into, before anything is sent.
func checkOut(out any) error {
	v := reflect.ValueOf(out)
	if !v.IsValid() {
		return nil
	}
	if _, ok := out.(io.Writer); ok {
		return notNil("out", out)
	}
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return invalid("out", "must be a pointer, an io.Writer or nil, but is %T", out)
	}
	switch v.Elem().Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return invalid("out", "must be a pointer that JSON can be decoded into, but is %T", out)
	}
	return nil
}

// get calls a reading endpoint.
func get[T any](ctx context.Context, c *Client, path string, query url.Values) (*T, error) {
	return do[T](ctx, c, Request{Method: http.MethodGet, Path: path, Query: query, Idempotent: true})
}

// post calls an endpoint that takes JSON and answers something.
func post[T any](ctx context.Context, c *Client, path string, body any, traits ...trait) (*T, error) {
	return do[T](ctx, c, with(Request{Method: http.MethodPost, Path: path, Body: body}, traits))
}

func do[T any](ctx context.Context, c *Client, req Request) (*T, error) {
	out := new(T)
	if err := c.Do(ctx, req, out); err != nil {
		return nil, err
	}
	return out, nil
}

// post calls an endpoint that takes JSON and answers nothing but an errcode.
func (c *Client) post(ctx context.Context, path string, body any, traits ...trait) error {
	return c.Do(ctx, with(Request{Method: http.MethodPost, Path: path, Body: body}, traits), nil)
}

// trait is what an endpoint says about its calls beside path and body.
type trait func(*Request)

// idempotent marks reads and writes that set something.
func idempotent(r *Request) { r.Idempotent = true }

// keyed marks a send that carries a client message id, if it does.
func keyed(id string) trait { return func(r *Request) { r.Keyed = id != "" } }

// alreadyDone names the codes by which a retry finds its work done.
func alreadyDone(codes ...Code) trait { return func(r *Request) { r.AlreadyDone = codes } }

func with(req Request, traits []trait) Request {
	for _, t := range traits {
		t(&req)
	}
	return req
}

// idOrNone writes an id for params, which leaves 0 out.
func idOrNone(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// params makes a query of names and values; empty values are left out.
func params(namesAndValues ...string) url.Values {
	q := url.Values{}
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if namesAndValues[i+1] != "" {
			q.Set(namesAndValues[i], namesAndValues[i+1])
		}
	}
	return q
}
