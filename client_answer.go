package wechat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/wechatoa/wechat/internal/wirejson"
)

// read reads a response. ctx belongs to the caller, limited to the attempt.
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
		v, err := c.decode(cl, raw, rest, sink.alternative)
		if err == nil && !sink.found() {
			return abandoned, c.unreadable(cl, raw, rest, errNoFile)
		}
		return v, err
	}
	data, err := readAnswer(raw.Body, raw.ContentLength, maxAnswer)
	if data == nil {
		return c.cutOff(ctx, limited, cl, raw, err)
	}
	defer data.release()
	if err != nil {
		return abandoned, c.unreadable(cl, raw, data.bytes, err)
	}
	out := cl.out
	if stream { // a refusal is no content
		out = nil
	}
	return c.decode(cl, raw, data.bytes, out)
}

// cutOff returns the error of a response that did not arrive completely.
func (c *Client) cutOff(ctx, limited context.Context, cl *call, raw *http.Response, err error) (verdict, error) {
	failure := c.requestError(cl, raw.StatusCode, c.explain(ctx, limited, cl, err))
	if hook := (*hookError)(nil); ctx.Err() != nil || errors.As(err, &hook) {
		return abandoned, failure
	}
	return unknown, failure
}

// decode decodes a complete response into out, and returns its errcode as an error.
func (c *Client) decode(cl *call, raw *http.Response, data []byte, out any) (verdict, error) {
	data, err := c.secure.open(cl, raw, data)
	if err != nil {
		return abandoned, c.unreadable(cl, raw, nil, err)
	}
	answer, err := wirejson.Decode(data, out)
	if code := Code(answer.Refusal.Code); code != 0 {
		refusal := &Error{Code: code, Method: cl.Method, Path: cl.Path, Status: raw.StatusCode}
		message, id := splitRequestID(answer.Refusal.Message[:min(len(answer.Refusal.Message), 32*maxMessage)])
		refusal.Message = c.errmsg(cl, message)
		refusal.RequestID = printable(c.hide.Text(id, c.secrets(cl)...), maxRequestID)
		v := ofCode(refusal, cl.Anonymous)
		if !cl.mayHaveRun || !slices.Contains(cl.AlreadyDone, code) {
			return v, refusal
		}
	} else if raw.StatusCode/100 != 2 {
		failure := c.requestError(cl, raw.StatusCode, nil)
		failure.Excerpt = c.hide.Excerpt(data, c.secrets(cl)...)
		return ofStatus(raw.StatusCode), failure
	}
	switch {
	case err == nil && answer.Kind != wirejson.Object && answer.Kind != wirejson.List:
		err = fmt.Errorf("a %s instead of an object", answer.Kind)
	case err == nil && answer.Refusal.Unreadable:
		err = errors.New("an errcode that is not an integer")
	}
	if err != nil {
		return abandoned, c.unreadable(cl, raw, data, err)
	}
	c.reportSkipped(cl, answer.Skipped)
	return final, nil
}

// reportSkipped logs fields that could not be decoded, each once per endpoint.
func (c *Client) reportSkipped(cl *call, fields []wirejson.Skipped) {
	for _, f := range fields {
		if _, logged := c.logged.LoadOrStore([2]string{cl.Path, f.Field}, true); !logged {
			c.cfg.log.Warn("wechat: skipped a field of a response that could not be decoded",
				slog.String("path", cl.Path), slog.String("field", f.Field), slog.String("is", string(f.Kind)), slog.String("wanted", f.Type))
		}
	}
}

func (c *Client) unreadable(cl *call, raw *http.Response, data []byte, err error) error {
	return &DecodeError{
		Method: cl.Method, Path: cl.Path, Status: raw.StatusCode, Attempts: cl.attempts,
		Excerpt: c.hide.Excerpt(data, c.secrets(cl)...), Err: c.hide.Error(err, c.secrets(cl)...),
	}
}

// ofStatus judges a response that is neither 2xx nor JSON with an errcode.
func ofStatus(status int) verdict {
	switch {
	case status == http.StatusTooManyRequests:
		return notExecuted
	case status >= 500:
		return unknown
	}
	return final
}

// ofCode judges a refusal. The platform checks the token and quotas before it executes a
// call.
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

// requestID matches the ID of a call in all forms that the platform uses in an errmsg:
// "rid: 5f1e-2", "hint: [5f1e2]" and "hints: [ req_id: 5f1e2 ]", with or without
// brackets and quotes.
var requestID = regexp.MustCompile(`(?i)[\s,;.(\[{<，；。（【]*["']?\b(?:` +
	`hints?\s*[:=：]?\s*[\[【]\s*(?:[a-z_-]*id\s*[:=：]\s*)?(?P<hint>[^\]】\s]*)[^\]】]*[\]】]?` +
	`|(?:r|req|request|trace)[ _-]?id["']?\s*(?:(?:[:=：]\s*[\[({<"'（【]?|[\[(<（【])\s*(?P<id>[^\s\],;)}>"'，；。）】]*)(?:\s*[\]}>"'】])?` +
	`|\s(?P<bare>[A-Z0-9_.!-]*[0-9][A-Z0-9_.!-]*)))[)\]}）】]?`)

// splitRequestID removes the IDs of the call from an errmsg. The rest is the same for
// all calls that fail for this reason, so that a program can group by it.
func splitRequestID(message string) (rest, id string) {
	for _, match := range requestID.FindAllStringSubmatch(message, -1) {
		id = cmp.Or(match[2], match[3], id, match[1])
	}
	return strings.TrimSpace(requestID.ReplaceAllString(message, "")), strings.TrimRight(id, ".")
}

const (
	maxMessage   = 512
	maxRequestID = 128
)

// errmsg returns the text of a refusal, short and without secrets.
func (c *Client) errmsg(cl *call, text string) string {
	return printable(c.hide.Excerpt([]byte(text), c.secrets(cl)...), maxMessage)
}

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

// decodeJSON decodes a document for a type with its own UnmarshalJSON.
func decodeJSON(data []byte, out any) error {
	_, err := wirejson.Decode(data, out)
	return err
}
