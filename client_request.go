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
	"time"
)

// Request describes one call. [Client.Do] sends it: use it for an API that this package
// has no method for.
type Request struct {
	Method string      // "" means POST if there is a Body, otherwise GET
	Path   string      // such as "/cgi-bin/user/info", without a query
	Query  url.Values  // without access_token, which Do adds
	Header http.Header // in addition to the headers that Do sets

	// Host overrides the host of the base URL, such as "mp.weixin.qq.com"; it must end
	// in .weixin.qq.com. It is ignored if the base URL is a proxy or a fake.
	Host string

	// Body is encoded as JSON, except that []byte and json.RawMessage must already be
	// JSON, a [Form] is sent as multipart/form-data, and a [RawBody] is sent as it is.
	Body any

	// Idempotent means that executing the call twice has the effect of executing it
	// once: it reads, or it sets something. It is retried even if an attempt may have
	// been executed.
	Idempotent bool
	// Deduplicated means that the Body contains a client message ID, by which the
	// platform drops duplicates. The call is retried like an Idempotent one, but its
	// error can be [ErrUnknownOutcome].
	Deduplicated bool
	// AlreadyDone lists the codes by which the platform reports that a previous attempt
	// was executed. After an attempt whose outcome is unknown, they mean success.
	AlreadyDone []Code
	// Anonymous means that the call is sent without an access_token.
	Anonymous bool

	retryUntil   time.Time // end of the time for which the platform drops duplicates; zero if unlimited
	fetchesToken bool      // for the token cache: no caller needs to know its outcome
	fetchesAhead bool      // nobody waits for it: one attempt is enough
	fresh        bool      // out is a new value
}

// Do sends a request (接口调用) and decodes the response into out, which is one of:
//
//   - a pointer to a value that the JSON is decoded into; a *json.RawMessage receives it
//     unchanged
//   - an [io.Writer] that the bytes of a download are written to; if the platform
//     refuses the download, the error is returned and nothing is written
//   - nil, to discard the content of the response
//
// Decoding follows the rules of encoding/json, except that it converts between
// numbers, strings and booleans. A field that cannot be converted is skipped and
// logged.
//
// If the platform rejects the token, Do fetches another one and sends the call once
// more, unless the platform issues the same token again; see [WithForcedRefresh]. A
// request that is neither Idempotent nor Deduplicated is retried only if it certainly was
// not executed. [WithRetry] sets the number of attempts.
//
// Do returns an [*ArgumentError] if the request is invalid and was not sent, an
// [*Error] if the platform refused the call (out may be partly filled), a
// [*RequestError] if there was no usable response, and a [*DecodeError] if the response
// is not what the platform documents.
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
	if err := c.secure.prepare(cl); err != nil {
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

// isPlatformHost reports whether host belongs to the platform, so that it may get a token.
func isPlatformHost(host string) bool {
	name, ok := strings.CutSuffix(strings.ToLower(host), ".weixin.qq.com")
	return ok && name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}

// ownHeaders are the headers that Do sets, and those that change how net/http sends the
// request or decompresses the response.
var ownHeaders = []string{
	"Accept-Encoding", "Content-Type", "Content-Length", "Host", "Transfer-Encoding", "Connection", "Trailer", "Upgrade", "Expect",
	"Idempotency-Key", "X-Idempotency-Key",
}

func checkHeader(header http.Header) error {
	if len(header) == 0 {
		return nil
	}
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

// checkOut refuses a value that no response can be decoded into.
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

// get calls an endpoint that reads.
func get[T any](ctx context.Context, c *Client, path string, query url.Values) (*T, error) {
	return do[T](ctx, c, Request{Method: http.MethodGet, Path: path, Query: query, Idempotent: true})
}

// post calls an endpoint that accepts JSON and returns a value.
func post[T any](ctx context.Context, c *Client, path string, body any, traits ...trait) (*T, error) {
	return do[T](ctx, c, with(Request{Method: http.MethodPost, Path: path, Body: body}, traits))
}

func do[T any](ctx context.Context, c *Client, req Request) (*T, error) {
	out := new(T)
	req.fresh = true
	if err := c.Do(ctx, req, out); err != nil {
		return nil, err
	}
	return out, nil
}

// post calls an endpoint that accepts JSON and returns only an errcode.
func (c *Client) post(ctx context.Context, path string, body any, traits ...trait) error {
	return c.Do(ctx, with(Request{Method: http.MethodPost, Path: path, Body: body}, traits), nil)
}

// trait sets a property of a request other than its path and body.
type trait func(*Request)

// idempotent marks a call that reads or sets something.
func idempotent(r *Request) { r.Idempotent = true }

// keyed marks a send that contains a client message ID, if id is not empty.
func keyed(id string) trait { return func(r *Request) { r.Deduplicated = id != "" } }

// alreadyDone sets the codes that mean that a previous attempt was executed.
func alreadyDone(codes ...Code) trait { return func(r *Request) { r.AlreadyDone = codes } }

func with(req Request, traits []trait) Request {
	for _, t := range traits {
		t(&req)
	}
	return req
}

// idOrNone formats an ID for params, or returns "" for 0.
func idOrNone(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// params makes a query of names and values, without those whose value is empty.
func params(namesAndValues ...string) url.Values {
	q := url.Values{}
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if namesAndValues[i+1] != "" {
			q[namesAndValues[i]] = namesAndValues[i+1 : i+2 : i+2]
		}
	}
	return q
}
