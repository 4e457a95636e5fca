package wechat

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// read reads a response. ctx is the caller's, limited the attempt's.
func (c *Client) read(ctx, limited context.Context, cl *call, raw *http.Response) (verdict, error) {
	sink, stream := cl.sink()
	if stream && raw.StatusCode/100 == 2 {
		rest, written, err := sink.receive(raw)
		if err != nil && rest != nil {
			return abandoned, c.unreadable(cl, raw, rest, err)
		}
		if err != nil {
			v, err := c.cutOff(ctx, limited, cl, raw, err)
			if written {
				v = abandoned
			}
			return v, err
		}
		if rest == nil {
			return final, nil
		}
		return c.decode(cl, raw, rest, sink.alternative)
	}
	data, err := readAnswer(raw.Body, raw.ContentLength, maxAnswer)
	if data == nil {
		return c.cutOff(ctx, limited, cl, raw, err)
	}
	defer data.release()
	if err != nil {
		return abandoned, c.unreadable(cl, raw, data.bytes, err)
	}
	return c.decode(cl, raw, data.bytes, cl.out)
}

// cutOff makes the error of a response that did not arrive whole.
func (c *Client) cutOff(ctx, limited context.Context, cl *call, raw *http.Response, err error) (verdict, error) {
	failure := c.requestError(cl, raw.StatusCode, c.explain(ctx, limited, cl, err))
	if ctx.Err() != nil {
		return abandoned, failure
	}
	return unknown, failure
}

// decode looks for a refusal in a complete response and reads the rest into out.
func (c *Client) decode(cl *call, raw *http.Response, data []byte, out any) (verdict, error) {
	data, err := c.secure.open(cl, raw, data)
	if err != nil {
		return abandoned, c.unreadable(cl, raw, nil, err)
	}
	refusal, err := findRefusal(data)
	if refusal != nil && refusal.Code == 0 {
		refusal = nil
	}
	if raw.StatusCode/100 != 2 && refusal == nil {
		failure := &RequestError{
			Method: cl.Method, Path: cl.Path, Status: raw.StatusCode, Attempts: cl.attempts,
			Excerpt: c.hide.Excerpt(data, c.secrets(cl)...),
		}
		return ofStatus(raw.StatusCode), failure
	}
	if refusal != nil {
		refusal.Method, refusal.Path, refusal.Status = cl.Method, cl.Path, raw.StatusCode
		refusal.Message = printable(c.hide.Excerpt([]byte(refusal.Message), c.secrets(cl)...), maxMessage)
		v := ofCode(refusal, cl.Anonymous)
		if !cl.mayHaveRun || !slices.Contains(cl.AlreadyDone, refusal.Code) {
			_ = decodeJSON(data, out) // the refusal is what counts
			return v, refusal
		}
	} else if err != nil {
		return abandoned, c.unreadable(cl, raw, data, err)
	}
	if out == nil {
		out = new(json.RawMessage) // a response that is cut off is no success
	}
	if err := decodeJSON(data, out); err != nil {
		return abandoned, c.unreadable(cl, raw, data, err)
	}
	return final, nil
}

func (c *Client) unreadable(cl *call, raw *http.Response, data []byte, err error) error {
	return &DecodeError{
		Method: cl.Method, Path: cl.Path, Status: raw.StatusCode, Attempts: cl.attempts,
		Excerpt: c.hide.Excerpt(data, c.secrets(cl)...), Err: c.hide.Error(err, c.secrets(cl)...),
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
	e.Message, e.RequestID = splitRequestID(message[:min(len(message), 32*maxMessage)])
	return e, nil
}

// requestID matches the id of a call in the forms that the platform has for it,
// wherever it stands in an errmsg: "rid: 5f1e-2", "hint: [5f1e2]" and
// "hints: [ req_id: 5f1e2 ]".
var requestID = regexp.MustCompile(`(?i)[\s,;.(]*\b(?:` +
	`hints?\s*[:=]?\s*\[\s*(?:[a-z_-]*id\s*[:=]\s*)?(?P<hint>[^\]\s]*)[^\]]*\]?` +
	`|(?:r|req|request|trace)[ _-]?id\s*(?:[:=]\s*\[?\s*(?P<id>[^\s\],;)]*)(?:\s*\])?|\s(?P<bare>[A-Z0-9_.!-]*[0-9][A-Z0-9_.!-]*)))\)?`)

// splitRequestID takes the ids of the call out of an errmsg. What is left is the same
// for every call with this problem, so that a program can count by it.
func splitRequestID(message string) (rest, id string) {
	for _, match := range requestID.FindAllStringSubmatch(message, -1) {
		id = cmp.Or(match[2], match[3], id, match[1])
	}
	return strings.TrimSpace(requestID.ReplaceAllString(message, "")), printable(strings.TrimRight(id, "."), maxRequestID)
}

const (
	maxMessage   = 512
	maxRequestID = 128
)

// printable returns s in one line of at most limit bytes, without control characters.
func printable(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) <= limit {
		return s
	}
	end := limit
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
