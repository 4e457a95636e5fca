package wechat

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"time"
)

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
