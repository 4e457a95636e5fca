package wechattest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/spec"
)

const maxRequest = 64 << 20 // bytes

// call is a request in progress.
type call struct {
	Call

	set      *settings
	endpoint *spec.Endpoint // nil if the path is undocumented
	host     string
	ip       string
	chunked  bool
	sealed   bool           // the request used API security
	fields   map[string]any // the JSON body
	after    []func()       // run after the response
}

// okay is the response of a call that returns nothing.
type okay struct{}

// answer is a response.
type answer struct {
	status int
	header http.Header
	body   []byte
	code   wechat.Code
}

// refusal is an errcode with an errmsg and, for some codes, further fields.
type refusal struct {
	code    wechat.Code
	message string
	extra   map[string]any
}

func (r *refusal) Error() string { return r.code.Error() + ": " + r.message }

func refuse(code wechat.Code, message string) error { return &refusal{code: code, message: message} }

// ServeHTTP serves the API.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := p.receive(r)
	fault := p.takeFault(c)
	if fault == nil {
		a := p.answer(c)
		p.record(c, a)
		fault.send(w, r, a)
		p.startJobs(c)
		return
	}
	c.Fault = &fault.Fault
	var a *answer
	if !fault.before() {
		a = p.answer(c)
	}
	a = fault.answer(p, c, a)
	p.record(c, a)
	p.startJobs(c) // before the response, which may never be sent
	fault.wait(p, r)
	fault.send(w, r, a)
}

// startJobs starts the background work of a call.
func (p *Platform) startJobs(c *call) {
	for _, f := range c.after {
		p.running.start(f)
	}
	c.after = nil
}

// receive reads a request.
func (p *Platform) receive(r *http.Request) *call {
	query := r.URL.Query()
	token := query.Get("access_token")
	if !strings.HasPrefix(r.URL.Path, "/sns/") {
		query.Del("access_token")
	}
	ip, _, _ := net.SplitHostPort(r.RemoteAddr)
	c := &call{
		set: p.set,
		Call: Call{
			At: p.now(), Method: r.Method, Path: r.URL.Path, Query: query, Header: r.Header.Clone(), Token: token, RequestID: newRequestID(),
		},
		host: r.Host, ip: ip, chunked: r.ContentLength < 0,
	}
	c.Body, _ = io.ReadAll(io.LimitReader(r.Body, maxRequest))
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "multipart/form-data" {
		c.Form = readForm(c.Body, params["boundary"])
	}
	return c
}

func readForm(body []byte, boundary string) *Form {
	form := &Form{Values: map[string][]string{}, Files: map[string]File{}}
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := parts.NextPart()
		if err != nil {
			return form
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return form
		}
		if part.FileName() == "" {
			form.Values.Add(part.FormName(), string(data))
			continue
		}
		form.Files[part.FormName()] = File{Name: part.FileName(), ContentType: part.Header.Get("Content-Type"), Data: data}
	}
}

// preconditionFailed is the response to a body without Content-Length.
const preconditionFailed = "<html><head><title>412 Precondition Failed</title></head></html>"

// answer executes a call.
func (p *Platform) answer(c *call) *answer { return p.seal(c, p.open(c)) }

func (p *Platform) open(c *call) *answer {
	if c.chunked {
		return &answer{
			status: http.StatusPreconditionFailed, header: http.Header{"Content-Type": {"text/html"}},
			body: []byte(preconditionFailed),
		}
	}
	out, err := p.execute(c)
	var no *refusal
	var code wechat.Code
	switch {
	case err == nil:
		c.Executed = true
		return p.accepted(out)
	case errors.As(err, &no):
		return p.refused(c, no)
	case errors.As(err, &code):
		return p.refused(c, &refusal{code: code})
	}
	return &answer{status: http.StatusInternalServerError, header: textHeader(), body: []byte(err.Error())}
}

func textHeader() http.Header { return http.Header{"Content-Type": {"text/plain"}} }

// execute runs the platform's checks in their order, then the call.
func (p *Platform) execute(c *call) (any, error) {
	custom, err := p.admit(c)
	if err != nil {
		return nil, err
	}
	if custom != nil {
		return custom(c.Call)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := c.validate(); err != nil {
		return nil, err
	}
	if b := p.behaviors[c.Path]; b != nil {
		return b(c)
	}
	return p.sample(c)
}

// admit checks the path, the token and the quota. It returns the function of
// [Platform.Handle] if the path has one.
func (p *Platform) admit(c *call) (func(Call) (any, error), error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	custom := p.custom[c.Path]
	rows, documented := p.specs[c.Path]
	switch {
	case documented:
		if err := c.route(rows); err != nil && custom == nil {
			return nil, err
		}
	case custom == nil:
		if w, ok := findWithdrawn(c.Path); ok {
			custom = func(Call) (any, error) { return p.answerWithdrawn(c, w) }
			break
		}
		p.unknown(c.Method+" "+c.Path+" is not an API of the platform", c.Path)
		return nil, refuse(notRouted, "invalid url")
	}
	if err := p.authorize(c); err != nil {
		return nil, err
	}
	if err := p.spend(c); err != nil {
		return nil, err
	}
	return custom, p.unseal(c)
}

// route finds the documented endpoint of a call. Endpoints that share a path differ in
// a query parameter.
func (c *call) route(rows []spec.Endpoint) error {
	var method string
	for i, e := range rows {
		if !c.mayCall(e) {
			method = e.Method
			continue
		}
		if c.endpoint == nil || matchesQuery(e, c) {
			c.endpoint = &rows[i]
		}
	}
	switch {
	case c.endpoint != nil:
		return nil
	case hasError(rows[0], 404):
		return refuse(404, "not found")
	case method == http.MethodGet:
		return refuse(43001, "require GET method")
	}
	return refuse(wechat.ErrPOSTRequired, "require POST method")
}

// mayCall reports whether an endpoint accepts the method of the call.
func (c *call) mayCall(e spec.Endpoint) bool {
	return e.Method == c.Method || slices.Contains(e.Also, c.Method) && !c.set.keeps(RuleMethod)
}

func matchesQuery(e spec.Endpoint, c *call) bool {
	for _, f := range e.Query {
		if len(f.Enum) == 1 && c.Query.Get(f.Name) != f.Enum[0] {
			return false
		}
	}
	return true
}

func hasError(e spec.Endpoint, code int) bool {
	for _, known := range e.Errors {
		if known == code {
			return true
		}
	}
	return false
}

// accepted returns the response of a call that was executed.
func (p *Platform) accepted(out any) *answer {
	switch out := out.(type) {
	case nil, okay:
		return &answer{status: http.StatusOK, header: jsonHeader(), body: []byte(`{"errcode":0,"errmsg":"ok"}`)}
	case []byte:
		return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {http.DetectContentType(out)}}, body: out}
	case *answer:
		return out
	}
	body, err := encode(out)
	if err != nil {
		return &answer{status: http.StatusInternalServerError, header: textHeader(), body: []byte(err.Error())}
	}
	return &answer{status: http.StatusOK, header: jsonHeader(), body: body}
}

// jsonHeader returns the Content-Type of JSON as the platform writes it.
func jsonHeader() http.Header {
	return http.Header{"Content-Type": {"application/json; encoding=utf-8"}}
}

func encode(value any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(value)
	return bytes.TrimSuffix(buf.Bytes(), []byte{'\n'}), err
}

// refused returns the response of a call that was refused.
func (p *Platform) refused(c *call, no *refusal) *answer {
	message := no.message
	if message == "" {
		message = p.messageOf(no.code)
	}
	fields := map[string]any{"errcode": int(no.code), "errmsg": message + " rid: " + c.RequestID}
	maps.Copy(fields, no.extra)
	body, err := encode(fields)
	if err != nil {
		body = []byte(`{"errcode":-1,"errmsg":"system error"}`)
	}
	return &answer{status: http.StatusOK, header: jsonHeader(), body: body, code: no.code}
}

// messageOf returns the errmsg of a code. Programs must not depend on it, but people read
// which IP address they have to add to the allowlist.
func (p *Platform) messageOf(code wechat.Code) string {
	if code == wechat.ErrIPNotAllowed {
		ip := cmp.Or(p.set.badIP, "203.0.113.7")
		return "invalid ip " + ip + " ipv6 ::ffff:" + ip + ", not in whitelist"
	}
	text := code.Error()
	_, text, _ = strings.Cut(text, " ")
	if text == "" {
		text = "error " + strconv.Itoa(int(code))
	}
	return text
}

// record stores a call.
func (p *Platform) record(c *call, a *answer) {
	if a != nil {
		c.Code, c.Status, c.Response = a.code, a.status, a.body
	}
	c.Duration = max(p.now().Sub(c.At), 0).Round(time.Millisecond)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls.add(c.Call)
	call := c.Call
	p.notify(Observation{Kind: ObservationCall, Call: &call})
	n := p.counts[c.Path]
	if n == nil {
		n = &count{}
		p.counts[c.Path] = n
	}
	n.requests++
	if c.Executed {
		n.executed++
	}
}
