package wechat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/wechatoa/wechat/internal/payload"
	"github.com/wechatoa/wechat/internal/tokencache"
	"github.com/wechatoa/wechat/internal/usercode"
)

// call is a request and the state of its attempts.
type call struct {
	Request
	body *payload.Payload
	out  any

	secret []byte // the plain body of a secured call, otherwise nil

	restore    func() // gives out the value it had before the first attempt; may be nil
	attempts   int
	token      string
	last       error // of the last attempt
	mayHaveRun bool  // an attempt may have been executed

	elsewhere  bool // this attempt goes to the disaster host
	failedOver bool // an attempt did not reach the usual host
}

// mustEnd reports whether the call may have been executed and cannot be sent again after
// a pause.
func (cl *call) mustEnd(pause time.Duration) bool {
	repeatable := cl.Idempotent || cl.Deduplicated && (cl.retryUntil.IsZero() || time.Now().Add(pause).Before(cl.retryUntil))
	return cl.mayHaveRun && !repeatable
}

// verdict is what the error of an attempt means for the next one.
type verdict int

const (
	final       verdict = iota // not executed; another attempt would fail too
	badToken                   // not executed; the token was rejected
	notExecuted                // not executed; another attempt may succeed
	unreached                  // not executed, because the host could not be reached
	nextMinute                 // not executed; another attempt may succeed in the next minute
	unknown                    // may have been executed; another attempt may succeed
	abandoned                  // may have been executed; another attempt is of no use
)

// run sends a call until it succeeds or another attempt is of no use.
func (c *Client) run(ctx context.Context, cl *call) error {
	err := c.attemptAll(ctx, cl)
	switch {
	case err == nil:
		c.budget.earn()
		return nil
	case !cl.mayHaveRun || cl.Idempotent || cl.fetchesToken:
		return err
	}
	return withOutcome(err, true)
}

func (c *Client) attemptAll(ctx context.Context, cl *call) error {
	if _, stream := cl.sink(); !stream && cl.out != nil && !cl.fresh {
		cl.restore = restorer(reflect.ValueOf(cl.out).Elem())
	}
	if err := c.authorize(ctx, cl, ""); err != nil {
		return err
	}
	renewed := false
	for retries := 0; ; {
		if cl.mustEnd(0) { // whatever took so long: a token, a dial
			return cl.last
		}
		cl.attempts++
		v, err := c.attempt(ctx, cl)
		if err == nil {
			return nil
		}
		cl.mayHaveRun = cl.mayHaveRun || v == unknown || v == abandoned
		if argument := (*ArgumentError)(nil); cl.last != nil && errors.As(err, &argument) {
			return &stopped{cl.last, argument} // the body cannot be read again
		}
		cl.last = err
		switch {
		case v == badToken && !renewed:
			renewed = true
			err = c.renewToken(ctx, cl)
		case v == nextMinute && c.cfg.retry.WaitForQuota:
			retries++
			err = c.awaitRetry(ctx, cl, retries, 0, untilNextMinute(time.Now())+jitter(quotaJitter))
		case v == unreached && c.failOver(ctx, cl):
			err = nil
		case v == notExecuted, v == unreached, v == unknown:
			retries++
			err = c.awaitRetry(ctx, cl, retries, costOf(err), c.cfg.retry.pause(retries))
		}
		if err != nil {
			return err
		}
	}
}

// awaitRetry waits for the next attempt, or returns the error that ends the call.
func (c *Client) awaitRetry(ctx context.Context, cl *call, retries, cost int, pause time.Duration) error {
	if cl.mustEnd(pause) || cl.fetchesAhead || cl.body.Consumed() || retries >= c.cfg.retry.MaxAttempts || !c.budget.take(cost) {
		return cl.last
	}
	c.cfg.log.LogAttrs(ctx, slog.LevelDebug, "wechat: retrying call",
		slog.String("method", cl.Method), slog.String("path", cl.Path),
		slog.Int("attempt", cl.attempts), slog.Duration("pause", pause), slog.Any("error", cl.last))
	if err := sleep(ctx, pause); err != nil {
		return &stopped{cl.last, err}
	}
	cl.clearOut()
	return nil
}

// renewToken replaces the token that was rejected, or returns the error that ends
// the call.
func (c *Client) renewToken(ctx context.Context, cl *call) error {
	rejected := cl.token
	if err := c.authorize(ctx, cl, rejected); err != nil {
		return &stopped{cl.last, err}
	}
	if cl.token == rejected {
		return noted(cl.last, "not retried: no other token was issued")
	}
	if cl.body.Consumed() {
		return cl.last
	}
	cl.clearOut()
	return nil
}

// clearOut removes what a refused attempt decoded into out.
func (cl *call) clearOut() {
	switch {
	case cl.fresh:
		reflect.ValueOf(cl.out).Elem().SetZero()
	case cl.restore != nil:
		cl.restore()
	}
}

// authorize gives the call a token, other than rejected if there is one.
func (c *Client) authorize(ctx context.Context, cl *call, rejected string) error {
	if cl.Anonymous {
		return nil
	}
	token, err := c.sourceToken(ctx, rejected)
	if err == nil && strings.TrimSpace(token) == "" {
		err = errors.New("the token source returned an empty token")
	}
	if err == nil {
		cl.token = token
		return nil
	}
	// Whatever the outcome of the request for a token is: this call was not sent.
	if known, ok := err.(callError); ok { //nolint:errorlint // what is wrapped is wrapped for a reason
		return known.withOutcome(false)
	}
	if argument := (*ArgumentError)(nil); errors.As(err, &argument) {
		return argument
	}
	if errors.Is(err, ErrUnknownOutcome) {
		err = &notThisCall{err}
	}
	return c.requestError(cl, 0, err)
}

// notThisCall hides that the outcome of a call by the token source is unknown: that of
// the call that needed the token is not.
type notThisCall struct{ err error }

func (e *notThisCall) Error() string { return e.err.Error() }
func (e *notThisCall) Is(target error) bool {
	return target != ErrUnknownOutcome && errors.Is(e.err, target)
}
func (e *notThisCall) As(target any) bool { return errors.As(e.err, target) }

// sourceToken gets a token from the source. A source of the program may panic or ignore
// ctx.
func (c *Client) sourceToken(ctx context.Context, rejected string) (string, error) {
	switch c.source.(type) {
	case *tokencache.Cache, *Client, StaticToken:
		return c.source.Token(ctx, rejected)
	}
	token, err := usercode.Call(ctx, &c.sourceGuard, func(ctx context.Context) (string, error) {
		return c.source.Token(ctx, rejected)
	})
	c.reportFailure(ctx, "wechat: the token source failed", err)
	return token, err
}

// attempt sends the call once.
func (c *Client) attempt(ctx context.Context, cl *call) (v verdict, err error) {
	seen := Attempt{AppID: c.cfg.appID, Method: cl.Method, Path: cl.Path, Number: cl.attempts, Start: time.Now()}
	if c.cfg.observers != nil {
		defer func() { c.observe(ctx, seen, err) }()
	}
	c.chooseHost(cl)
	body, err := c.secure.seal(cl)
	if err != nil {
		return final, c.requestError(cl, 0, err)
	}
	limited := &usercode.Context{}
	limited.Begin(ctx, seen.Start.Add(c.timeout(cl)))
	defer limited.End()
	sent, wire := context.Context(limited), (*writes)(nil)
	if !cl.Idempotent || len(cl.AlreadyDone) > 0 || c.cfg.failover { // otherwise it makes no difference
		sent, wire = c.traceWrites(limited)
	}
	r, err := c.newRequest(sent, cl, body)
	if err != nil {
		return c.transportError(ctx, limited, cl, err, wire)
	}
	seen.Host = r.URL.Host
	raw, err := c.send(r, cl, body)
	if err != nil {
		return c.transportError(ctx, limited, cl, err, wire)
	}
	defer func() { _ = raw.Body.Close() }()
	seen.Status = raw.StatusCode
	c.reached(ctx, cl)
	return c.read(ctx, limited, cl, raw)
}

// send sends one request.
func (c *Client) send(r *http.Request, cl *call, body *payload.Payload) (*http.Response, error) {
	if c.sender == nil {
		return roundTrip(c.rest.GetClient(), r)
	}
	if c.cfg.userAgent == "" && c.rest.Header.Get("User-Agent") != "" {
		r.Header.Del("User-Agent") // the program has set one for all requests
	}
	_, stream := cl.sink()
	secrets := c.secrets(cl)
	raw, err := c.sender.send(r.WithContext(ours(r.Context())), body, stream, restyLog{c.cfg.log, c.hide, secrets})
	if hook := (*hookError)(nil); errors.As(err, &hook) {
		c.reportFailure(r.Context(), "wechat: a hook of the resty client failed", err, secrets...)
	}
	return raw, err
}

// observe passes an attempt, which ended with err, to the observers of the program.
func (c *Client) observe(ctx context.Context, seen Attempt, err error) {
	seen.Duration, seen.Err = time.Since(seen.Start), err
	if err != nil {
		var refusal *Error
		if errors.As(err, &refusal) {
			seen.Code = refusal.Code
		}
	}
	for _, o := range c.cfg.observers {
		err = usercode.Run(context.WithoutCancel(ctx), &o.guard, func(ctx context.Context) { o.observe(ctx, seen) })
		c.reportFailure(ctx, "wechat: the observer failed", err)
	}
}

// reportFailure logs, once, that code of the program hung, panicked or ended its
// goroutine. Other errors are returned by the call.
func (c *Client) reportFailure(ctx context.Context, message string, err error, secrets ...string) {
	if err == nil {
		return
	}
	var panicked *usercode.PanicError
	if !errors.As(err, &panicked) && !errors.Is(err, usercode.ErrTimeout) && !errors.Is(err, usercode.ErrGoexit) {
		return
	}
	if _, logged := c.logged.LoadOrStore(message, true); !logged {
		c.cfg.log.LogAttrs(ctx, slog.LevelError, message, slog.Any("error", c.hide.Error(err, secrets...)))
	}
}

// timeout returns how long an attempt of the call may take.
func (c *Client) timeout(cl *call) time.Duration {
	if cl.isMedia() {
		return c.cfg.mediaTimeout
	}
	return c.cfg.timeout
}

func (cl *call) isMedia() bool {
	if isUpload(cl.Body, cl.body) {
		return true
	}
	switch cl.out.(type) {
	case io.Writer, *download:
		return true
	}
	return false
}

// secrets returns the tokens that an error of this call must not contain.
func (c *Client) secrets(cl *call) []string {
	known := []string{cl.token}
	for _, name := range []string{"access_token", "refresh_token", "code"} { // of a user, in anonymous calls
		known = append(known, cl.Query.Get(name))
	}
	if c.token != nil {
		known = append(known, c.token.Current())
	}
	return append(known, c.secret.all()...)
}

// transportError returns the error of an attempt without a response. ctx belongs to the
// caller, limited to the attempt.
func (c *Client) transportError(ctx, limited context.Context, cl *call, err error, wire *writes) (verdict, error) {
	if broken := cl.body.Err(); broken != nil {
		return final, contentError(broken) // the content of an upload failed
	}
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err // the URL contains the token
	}
	failure := c.requestError(cl, 0, c.explain(ctx, limited, cl, err))
	var hook *hookError
	switch {
	case errors.As(err, &hook) && (hook.unsent || wire.none(err)):
		return final, failure
	case hook != nil:
		return abandoned, failure
	case isCertificate(err):
		return final, failure
	case wire.none(err):
		if ctx.Err() != nil {
			return final, failure
		}
		return unreached, failure
	case ctx.Err() != nil:
		return abandoned, failure
	}
	return unknown, failure
}

// explain adds to an error whether the time of the caller or of the attempt was over.
// The error of net/http can then be that of a closed body.
func (c *Client) explain(ctx, limited context.Context, cl *call, err error) error {
	switch {
	case ctx.Err() != nil:
		return and(ctx.Err(), err)
	case limited.Err() != nil:
		return fmt.Errorf("no response within %s: %w", c.timeout(cl), and(limited.Err(), err))
	}
	return err
}

// and returns both errors, or only err if it is cause.
func and(cause, err error) error {
	if errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", cause, err)
}

// requestError returns the error of an attempt without a readable response.
func (c *Client) requestError(cl *call, status int, err error) *RequestError {
	failure := &RequestError{Method: cl.Method, Path: cl.Path, Status: status, Attempts: cl.attempts}
	if err != nil {
		failure.Err = c.hide.Error(err, c.secrets(cl)...)
	}
	return failure
}
