package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

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
