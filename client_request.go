package wechat

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Request is one call of the platform. [Client.Do] sends it: that is how a program
// reaches an API that has no method here.
type Request struct {
	Method string     // "" is GET without and POST with a Body
	Path   string     // such as "/cgi-bin/user/info", without a query
	Query  url.Values // without access_token, which Do adds

	// Body is encoded as JSON; []byte and json.RawMessage are JSON already, and
	// a [*Form] is sent as multipart/form-data.
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

	host string // another host of the platform, where the base URL is the platform's own
	once bool   // never repeated
}

// Do sends a request (接口调用) and decodes the answer into out: a pointer to what
// the JSON answer holds, nil to ignore it, an [io.Writer] for the bytes of a
// download (an error that the platform words as JSON is returned, nothing written).
//
// A refused token is refreshed and the call repeated once. What else is repeated
// depends on the request. Errors are [*ArgumentError] (not sent),
// [*Error] (refused by the platform), [*RequestError] (not answered) and
// [*DecodeError] (answer unreadable).
//
// https://developers.weixin.qq.com/doc/service/guide/dev/api
func (c *Client) Do(ctx context.Context, req Request, out any) error {
	if req.Method == "" {
		req.Method = http.MethodGet
		if req.Body != nil {
			req.Method = http.MethodPost
		}
	}
	if err := c.checkRequest(req); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return &RequestError{Method: req.Method, Path: req.Path, Err: err}
	}
	body, err := newPayload(req.Body)
	if err != nil {
		return err
	}
	defer body.close()
	cl := &call{Request: req, body: body, out: out}
	if err := c.secure.enclose(cl); err != nil {
		return err
	}
	return c.run(ctx, cl)
}

func (c *Client) checkRequest(req Request) error {
	if c.invalid != nil {
		return c.invalid
	}
	if !strings.HasPrefix(req.Path, "/") || strings.ContainsAny(req.Path, "?#%\r\n ") {
		return invalid("Path", "must begin with / and hold no query")
	}
	if req.Query.Has("access_token") && !req.Anonymous {
		return invalid("Query", "holds access_token, which Do adds itself")
	}
	if b, ok := req.Body.(checker); ok {
		return b.check()
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
