package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
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

// call is a request on its way, over all its attempts.
type call struct {
	Request
	body *payload
	out  any

	secret []byte // what the body is encrypted from, nil where the call is not secured

	attempts  int
	token     string
	last      error // of the attempt before
	ambiguous bool  // an earlier attempt may have been executed
}

// repeatable reports whether a call that may have been executed can be sent again.
func (cl *call) repeatable() bool { return cl.Idempotent || cl.Keyed }

// verdict says what an attempt's error means for the next one.
type verdict int

const (
	final       verdict = iota // nothing more to do
	badToken                   // not executed, the token was refused
	notExecuted                // not executed, worth another try
	nextMinute                 // not executed, worth a try when the minute is over
	unknown                    // may have been executed
)

// run sends the attempts of a call.
func (c *Client) run(ctx context.Context, cl *call) error {
	refreshed, waited := false, false
	if err := c.authorise(ctx, cl, ""); err != nil {
		return err
	}
	for {
		if cl.attempts > 0 && cl.body.spent() {
			return cl.last
		}
		cl.attempts++
		v, err := c.attempt(ctx, cl)
		if err == nil {
			c.budget.earn()
			return nil
		}
		cl.last = err
		switch v {
		case badToken:
			refused := cl.token
			if refreshed {
				return err
			}
			refreshed = true
			if terr := c.authorise(ctx, cl, refused); terr != nil {
				return errors.Join(err, terr)
			}
			if cl.token == refused {
				return err
			}
		case nextMinute:
			if waited || cl.once {
				return err
			}
			waited = true
			if sleep(ctx, untilNextMinute(time.Now())) != nil {
				return err
			}
		case notExecuted, unknown:
			if v == unknown {
				if !cl.repeatable() {
					return markUnknown(err)
				}
				cl.ambiguous = true
			}
			if stop := c.backoff(ctx, cl, err); stop != nil {
				return stop
			}
		default:
			return err
		}
	}
}

// authorise puts a token into the call that is not stale.
func (c *Client) authorise(ctx context.Context, cl *call, stale string) error {
	if cl.Anonymous {
		return nil
	}
	token, err := c.source.Token(ctx, stale)
	if err == nil && strings.TrimSpace(token) == "" {
		err = errors.New("the token source gave an empty token")
	}
	if err == nil {
		cl.token = token
		return nil
	}
	var refusal *Error
	var request *RequestError
	var decode *DecodeError
	var argument *ArgumentError
	if errors.As(err, &refusal) || errors.As(err, &request) || errors.As(err, &decode) || errors.As(err, &argument) {
		return err
	}
	return &RequestError{Method: cl.Method, Path: cl.Path, Attempts: cl.attempts, Err: c.hide.err(err)}
}

// backoff waits for the next attempt of a call, or returns the error that ends it.
func (c *Client) backoff(ctx context.Context, cl *call, err error) error {
	if cl.once || cl.attempts >= c.cfg.retry.MaxAttempts {
		return err
	}
	cost := costRetry
	if isTimeout(err) {
		cost = costTimeout
	}
	if !c.budget.take(cost) {
		return err
	}
	c.cfg.log.LogAttrs(ctx, slog.LevelDebug, "wechat: call is repeated",
		slog.String("method", cl.Method), slog.String("path", cl.Path),
		slog.Int("attempt", cl.attempts), slog.Any("error", err))
	if serr := sleep(ctx, c.cfg.retry.pause(cl.attempts+1)); serr != nil {
		return errors.Join(err, serr)
	}
	return nil
}

func untilNextMinute(now time.Time) time.Duration {
	return now.Truncate(time.Minute).Add(time.Minute).Sub(now)
}

func markUnknown(err error) error {
	var failure *RequestError
	var busy *Error
	switch {
	case errors.As(err, &failure):
		failure.Unknown = true
	case errors.As(err, &busy):
		busy.Unknown = true
	}
	return err
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}

// attempt sends the call once.
func (c *Client) attempt(ctx context.Context, cl *call) (v verdict, err error) {
	seen := Attempt{AppID: c.cfg.appID, Method: cl.Method, Path: cl.Path, Number: cl.attempts}
	if c.cfg.observe != nil {
		begin := time.Now()
		defer func() {
			seen.Duration, seen.Err = time.Since(begin), err
			var refusal *Error
			if errors.As(err, &refusal) {
				seen.Code = refusal.Code
			}
			c.cfg.observe(ctx, seen)
		}()
	}
	limit := c.cfg.timeout
	if cl.isMedia() {
		limit = c.cfg.mediaTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()

	ctx, wire := traceWrites(ctx)
	body, err := c.secure.seal(cl)
	if err != nil {
		return final, &RequestError{Method: cl.Method, Path: cl.Path, Attempts: cl.attempts, Err: c.hide.err(err, cl.token)}
	}
	ctx = context.WithValue(ctx, payloadKey{}, body)
	resp, err := c.rest.R().SetContext(ctx).Execute(cl.Method, c.address(cl))
	if err != nil {
		return c.transportError(ctx, cl, err, wire)
	}
	raw := resp.RawResponse
	defer func() { _ = raw.Body.Close() }()
	seen.Status = raw.StatusCode
	return c.read(ctx, cl, raw)
}

// secrets are the tokens that an error of this call must not show.
func (c *Client) secrets(cl *call) []string {
	known := []string{cl.token}
	for _, name := range []string{"access_token", "refresh_token", "code"} { // a user's, of anonymous calls
		if value := cl.Query.Get(name); len(value) >= 6 {
			known = append(known, value)
		}
	}
	if c.token != nil {
		if g := c.token.current.Load(); g != nil {
			known = append(known, g.value)
		}
	}
	return known
}

func (cl *call) isMedia() bool {
	if _, ok := cl.Body.(*Form); ok {
		return true
	}
	switch cl.out.(type) {
	case io.Writer, *download:
		return true
	}
	return false
}

// address returns the whole URL of a call.
func (c *Client) address(cl *call) string {
	base := c.cfg.baseURL
	if cl.host != "" && base == defaultBaseURL {
		base = "https://" + cl.host
	}
	var s strings.Builder
	s.WriteString(base)
	s.WriteString(cl.Path)
	mark := byte('?')
	if !cl.Anonymous {
		s.WriteString("?access_token=")
		s.WriteString(url.QueryEscape(cl.token))
		mark = '&'
	}
	if len(cl.Query) > 0 {
		s.WriteByte(mark)
		s.WriteString(cl.Query.Encode())
	}
	return s.String()
}

// transportError makes the error of a request that got no answer.
func (c *Client) transportError(ctx context.Context, cl *call, err error, wire *writes) (verdict, error) {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // the URL holds the token
	}
	failure := &RequestError{Method: cl.Method, Path: cl.Path, Attempts: cl.attempts, Err: c.hide.err(err, c.secrets(cl)...)}
	var argument *ArgumentError
	switch {
	case errors.As(err, &argument): // the body of an upload was not what its size promised
		return final, argument
	case isCertificate(err):
		return final, failure
	case wire.none(err):
		if ctx.Err() != nil {
			return final, failure
		}
		return notExecuted, failure
	case ctx.Err() != nil: // the caller's end, or the attempt's own
		failure.Unknown = !cl.repeatable()
		return final, failure
	}
	return unknown, failure
}

// read reads an answer.
func (c *Client) read(ctx context.Context, cl *call, raw *http.Response) (verdict, error) {
	sink, stream := cl.sink()
	if stream && raw.StatusCode/100 == 2 {
		rest, written, err := sink.receive(raw)
		if err != nil {
			v, err := c.cutOff(ctx, cl, raw, err)
			if written {
				v = final
			}
			return v, err
		}
		if rest == nil {
			return final, nil
		}
		return c.decode(cl, raw, rest, sink.alternative)
	}
	buf := buffers.get()
	defer buffers.put(buf)
	n, err := buf.ReadFrom(io.LimitReader(raw.Body, maxAnswer+1))
	switch {
	case n > maxAnswer:
		return final, c.unreadable(cl, raw, buf.Bytes(), errTooLarge)
	case err != nil:
		return c.cutOff(ctx, cl, raw, err)
	}
	return c.decode(cl, raw, buf.Bytes(), cl.out)
}

// cutOff makes the error of an answer that did not arrive whole.
func (c *Client) cutOff(ctx context.Context, cl *call, raw *http.Response, err error) (verdict, error) {
	failure := &RequestError{
		Method: cl.Method, Path: cl.Path, Status: raw.StatusCode, Attempts: cl.attempts, Err: c.hide.err(err, c.secrets(cl)...),
	}
	if ctx.Err() != nil {
		failure.Unknown = !cl.repeatable()
		return final, failure
	}
	return unknown, failure
}

var errTooLarge = errors.New("larger than 16 MiB")

// decode looks for a refusal in a complete answer and reads the rest into out.
func (c *Client) decode(cl *call, raw *http.Response, data []byte, out any) (verdict, error) {
	data, err := c.secure.open(cl, raw, data)
	if err != nil {
		return final, c.unreadable(cl, raw, nil, err)
	}
	refusal, err := findRefusal(data)
	if refusal != nil && refusal.Code == 0 {
		refusal = nil
	}
	if raw.StatusCode/100 != 2 && refusal == nil {
		failure := &RequestError{
			Method: cl.Method, Path: cl.Path, Status: raw.StatusCode, Attempts: cl.attempts,
			Excerpt: c.hide.excerpt(data, c.secrets(cl)...),
		}
		return ofStatus(raw.StatusCode), failure
	}
	if refusal != nil {
		refusal.Method, refusal.Path, refusal.Status = cl.Method, cl.Path, raw.StatusCode
		refusal.Message = c.hide.text(refusal.Message, c.secrets(cl)...)
		v := ofCode(refusal, cl.Anonymous)
		if !cl.ambiguous || !slices.Contains(cl.AlreadyDone, refusal.Code) {
			_ = decodeJSON(data, out) // the refusal is what counts
			return v, refusal
		}
	} else if err != nil {
		return final, c.unreadable(cl, raw, data, err)
	}
	if out == nil {
		out = new(json.RawMessage) // an answer that is cut off is no success
	}
	if err := decodeJSON(data, out); err != nil {
		return final, c.unreadable(cl, raw, data, err)
	}
	return final, nil
}

func (c *Client) unreadable(cl *call, raw *http.Response, data []byte, err error) error {
	return &DecodeError{
		Method: cl.Method, Path: cl.Path, Status: raw.StatusCode,
		Excerpt: c.hide.excerpt(data, c.secrets(cl)...), Err: c.hide.err(err, c.secrets(cl)...),
	}
}

// ofStatus judges an answer that is neither 2xx nor JSON with an errcode.
func ofStatus(status int) verdict {
	switch {
	case status == http.StatusTooManyRequests:
		return notExecuted
	case status >= 500:
		return unknown
	}
	return final
}

// ofCode judges a refusal. The platform checks token and quota before it executes.
func ofCode(e *Error, anonymous bool) verdict {
	switch e.Code {
	case ErrInvalidCredential, ErrInvalidAccessToken, ErrExpiredAccessToken:
		if !anonymous {
			return badToken
		}
	case ErrMinuteQuota:
		e.RetryAfter = untilNextMinute(time.Now())
		return nextMinute
	case ErrSystemBusy:
		return unknown
	}
	return final
}

// refusalJSON finds an errcode in the shapes that the platform uses.
type refusalJSON struct {
	Code    *Int   `json:"errcode"`
	Message Text   `json:"errmsg"`
	Base    *inner `json:"base_resp"`
	Resp    *inner `json:"resp_msg"`
}

type inner struct {
	Ret     *Int `json:"ret"`
	RetCode *Int `json:"retcode"`
	Code    *Int `json:"errcode"`
	ErrMsg  Text `json:"err_msg"`
	Message Text `json:"errmsg"`
}

// success begins most answers, and need not be read twice.
var success = []byte(`{"errcode":0,`)

var wrappers = [][]byte{[]byte(`"errcode"`), []byte(`"base_resp"`), []byte(`"resp_msg"`)}

// findRefusal returns the errcode of an answer, or nil where it has none. An
// answer that is no JSON object is an error.
func findRefusal(data []byte) (*Error, error) {
	body := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	if len(body) == 0 {
		return nil, errors.New("empty")
	}
	if body[0] != '{' && body[0] != '[' {
		return nil, errors.New("no JSON")
	}
	found := 0
	for _, w := range wrappers {
		found += bytes.Count(body, w)
	}
	if found == 0 || body[0] == '[' || found == 1 && bytes.HasPrefix(body, success) {
		return nil, nil //nolint:nilnil // no refusal, no error
	}
	var r refusalJSON
	if err := decodeJSON(body, &r); err != nil {
		var kind *json.UnmarshalTypeError
		if !errors.As(err, &kind) {
			return nil, err
		}
	}
	code, message := r.Code, string(r.Message)
	for _, in := range []*inner{r.Base, r.Resp} {
		if in == nil {
			continue
		}
		for _, inside := range []*Int{in.Ret, in.RetCode, in.Code} {
			if inside != nil && (code == nil || *code == 0) {
				code, message = inside, string(in.ErrMsg+in.Message)
			}
		}
	}
	if code == nil {
		return nil, nil //nolint:nilnil // no refusal, no error
	}
	e := &Error{Code: Code(*code)}
	e.Message, e.RequestID = splitRequestID(message)
	return e, nil
}

// splitRequestID takes the request id out of an errmsg: "… rid: 5f1e-2" at its
// end, or the older "… hint: [5f1e2]" anywhere.
func splitRequestID(message string) (rest, id string) {
	if at := strings.LastIndex(message, "rid:"); at >= 0 {
		if id = strings.TrimSpace(message[at+4:]); id != "" && !strings.ContainsAny(id, " \t\n") {
			return strings.TrimRight(message[:at], " ,"), id
		}
	}
	for _, open := range []string{"hint: [", "hint:["} {
		before, after, ok := strings.Cut(message, open)
		if !ok {
			continue
		}
		if id, tail, ok := strings.Cut(after, "]"); ok {
			rest = strings.TrimRight(before, " ,")
			if tail = strings.TrimSpace(tail); tail != "" {
				rest += " " + tail
			}
			return rest, strings.TrimSpace(id)
		}
	}
	return message, ""
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
