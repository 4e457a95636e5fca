package wechat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/wechatoa/wechat/internal/payload"
	"github.com/wechatoa/wechat/internal/redact"
	"github.com/wechatoa/wechat/internal/usercode"
)

// There are two ways to send. A client makes an http.Request and passes it to the
// http.Client that resty manages: that is as fast as net/http alone. A program that
// brings a resty client of its own may have hooks on it, and resty calls those only for
// what goes through R().Execute. That costs 13 µs and 65 allocations, twice what the rest
// of a call takes in memory (docs/performance.md), so only such a program pays for it.

// restySender sends requests through the resty client of the program.
type restySender struct {
	client *resty.Client // a clone
	hooked bool          // the program has set the pre-request hook, of which there is one
	probe  *http.Request // as calls are redirected
	guard  usercode.Guard
}

// newRestySender returns nil if the program has brought no resty client.
func newRestySender(cfg *config) *restySender {
	if !cfg.isResty || checkResty(cfg.resty) != nil {
		return nil
	}
	s := &restySender{client: cfg.resty.Clone(), hooked: hasPreRequestHook(cfg.resty), guard: usercode.Guard{Limit: usercode.Unlimited}}
	s.client.AllowGetMethodPayload = true
	s.client.PathParams, s.client.RawPathParams = maps.Clone(s.client.PathParams), maps.Clone(s.client.RawPathParams)
	s.client.QueryParam, s.client.Header = maps.Clone(s.client.QueryParam), s.client.Header.Clone()
	for _, name := range ownHeaders {
		s.client.Header.Del(name)
	}
	s.client.SetDoNotParseResponse(false).SetLogger(restyLog{log: cfg.log, hide: redact.New()})
	s.probe = (&http.Request{Method: http.MethodGet, URL: cfg.base, Header: http.Header{}}).WithContext(ours(context.Background()))
	if h := s.client.GetClient(); usercode.Recover(s.checkRedirects) != nil {
		h.CheckRedirect = redirectPolicy(h.CheckRedirect)
	}
	return s
}

// checkResty refuses a resty client whose settings would change or repeat calls.
func checkResty(rc *resty.Client) error {
	const option = "WithRestyClient"
	switch {
	case rc == nil:
		return invalid(option, "must not be nil")
	case rc.GetClient() == nil:
		return invalid(option, "must be a client made by resty.New or resty.NewWithClient")
	case rc.RetryCount != 0 || len(rc.RetryConditions) > 0:
		return invalid(option, "must have no retries, which would repeat sends; see WithRetry")
	case len(rc.FormData) > 0:
		return invalid(option, "must have no form data, which would replace the body of calls")
	case rc.QueryParam.Has("access_token"):
		return invalid(option, "must not have the query parameter access_token, which the client adds")
	}
	return nil
}

// hasPreRequestHook reports whether SetPreRequestHook was called, or true if that cannot
// be found out.
func hasPreRequestHook(rc *resty.Client) bool {
	hook := reflect.ValueOf(rc).Elem().FieldByName("preReqHook")
	return !hook.IsValid() || !hook.IsNil()
}

// ourCall is the key of a value in the context of each request of ours.
type ourCall struct{}

func ours(ctx context.Context) context.Context { return context.WithValue(ctx, ourCall{}, true) }

func isOurs(r *http.Request) bool { return r.Context().Value(ourCall{}) != nil }

// redirectPolicy returns the redirects of our calls instead of following them, because
// their URLs contain a token. Those of the program are followed by its own policy.
func redirectPolicy(program func(*http.Request, []*http.Request) error) func(*http.Request, []*http.Request) error {
	return func(r *http.Request, via []*http.Request) error {
		switch {
		case isOurs(r):
			return http.ErrUseLastResponse
		case program != nil:
			return program(r, via)
		case len(via) >= 10: // as without a policy
			return errors.New("stopped after 10 redirects")
		}
		return nil
	}
}

// checkRedirects refuses to send if the program has since set another policy.
func (s *restySender) checkRedirects() error {
	policy := s.client.GetClient().CheckRedirect
	if policy != nil && errors.Is(policy(s.probe, []*http.Request{s.probe}), http.ErrUseLastResponse) {
		return nil
	}
	return errors.New("its redirect policy was set after the client was made, and would follow redirects")
}

// hookError is the failure of a hook of the program.
type hookError struct {
	err    error
	unsent bool // it failed before the request was sent
}

func (e *hookError) Error() string { return "the resty client: " + e.err.Error() }
func (e *hookError) Unwrap() error { return e.err }

// send sends a request that newRequest has made. stream leaves the body of the response
// to be read; the hooks for responses get no other.
func (s *restySender) send(r *http.Request, body *payload.Payload, stream bool, log restyLog) (*http.Response, error) {
	var passed atomic.Bool // the hooks before sending, or the time for them; whoever sets it first decides
	sent, err := s.prepare(r, body, &passed)
	if err != nil {
		return nil, err
	}
	log.secrets = append(log.secrets, s.client.Token) // the name of its header can be any
	sent.SetDoNotParseResponse(stream).SetResponseBodyLimit(maxAnswer).SetUnescapeQueryParams(false).SetLogger(log)
	type result struct {
		response *resty.Response
		err      error
	}
	// What was sent is known when Execute has returned, which it does soon after the end
	// of its context, unless a hook hangs.
	patient, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	defer context.AfterFunc(r.Context(), func() { time.AfterFunc(usercode.Limit, cancel) })()
	got, err := usercode.Call(patient, &s.guard, func(context.Context) (got result, _ error) {
		got.response, got.err = s.execute(sent, r)
		if patient.Err() != nil && got.response != nil && got.response.RawResponse != nil {
			_ = got.response.RawResponse.Body.Close() // nobody waits for it any more
		}
		return got, nil
	})
	switch {
	case patient.Err() != nil:
		return nil, &hookError{usercode.ErrTimeout, passed.CompareAndSwap(false, true)}
	case err != nil:
		return nil, &hookError{err, passed.CompareAndSwap(false, true)}
	case got.response == nil:
		return nil, &hookError{got.err, true}
	case got.response.RawResponse == nil:
		return nil, got.err
	case got.err == nil && got.response.Body() == nil: // not read, for stream or because a hook wants that
		return got.response.RawResponse, nil
	}
	return replay(got.response, got.err), nil
}

func (s *restySender) execute(sent *resty.Request, r *http.Request) (*resty.Response, error) {
	if err := s.checkRedirects(); err != nil {
		return nil, err
	}
	return sent.Execute(r.Method, r.URL.String())
}

// replay returns a response that resty has read, to be read again.
func replay(response *resty.Response, err error) *http.Response {
	raw := response.RawResponse
	_ = raw.Body.Close() // a log callback may have failed before it was read
	if errors.Is(err, resty.ErrResponseBodyTooLarge) {
		err = errTooLarge
	}
	if err != nil && response.Body() != nil { // it was read, so this is the error of a hook
		err = &hookError{err: err}
	}
	if err != nil {
		raw.Body, raw.ContentLength = io.NopCloser(failingReader{err}), -1
		return raw
	}
	raw.Body, raw.ContentLength = io.NopCloser(bytes.NewReader(response.Body())), int64(len(response.Body()))
	return raw
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

// prepare makes a request of resty. A body in memory is shown to the hooks. resty would
// read any other into memory, so it is attached by the last hook before the request is
// sent, if the program has not set that one.
func (s *restySender) prepare(r *http.Request, body *payload.Payload, passed *atomic.Bool) (*resty.Request, error) {
	client := s.client.Clone()
	data := body.Bytes()
	if data == nil && s.hooked {
		var err error
		if data, err = readAll(r.Body); err != nil {
			return nil, err
		}
	}
	passed.Store(s.hooked) // then it is not known
	if shown := len(data) > 0 && r.Method == http.MethodPost; !s.hooked {
		client.SetPreRequestHook(func(_ *resty.Client, raw *http.Request) error {
			if !isOurs(raw) {
				return errors.New("a hook must derive the context of a request from the one that it has")
			}
			if !passed.CompareAndSwap(false, true) {
				return usercode.ErrTimeout // the call has failed
			}
			raw.Header.Del("Idempotency-Key") // with them, net/http repeats a send
			raw.Header.Del("X-Idempotency-Key")
			raw.Header.Del("Accept-Encoding") // without it, net/http decompresses what it asks for
			if !shown {
				raw.Body, raw.GetBody, raw.ContentLength = r.Body, r.GetBody, r.ContentLength
			}
			return nil
		})
	}
	sent := client.R().SetContext(r.Context())
	switch {
	case len(data) == 0:
	case body.Bytes() != nil:
		sent.SetBody(string(data)) // resty logs a []byte as Base64, in which no secret is found
	default:
		sent.SetBody(bytes.NewReader(data))
	}
	sent.Header = r.Header.Clone() // its User-Agent belongs to all requests
	return sent, nil
}

func readAll(body io.ReadCloser) ([]byte, error) {
	defer func() { _ = body.Close() }()
	return io.ReadAll(body)
}

// restyLog passes what resty logs to the logger of the client, without secrets.
type restyLog struct {
	log     *slog.Logger
	hide    *redact.Redactor
	secrets []string
}

// Errorf logs an error.
func (l restyLog) Errorf(format string, v ...any) { l.write(slog.LevelError, format, v) }

// Warnf logs a warning.
func (l restyLog) Warnf(format string, v ...any) { l.write(slog.LevelWarn, format, v) }

// Debugf logs a request and its response, if the program has called SetDebug.
func (l restyLog) Debugf(format string, v ...any) { l.write(slog.LevelDebug, format, v) }

// credentials matches headers whose name says that they contain credentials, as resty
// prints them: in a line, or as an argument of curl.
var credentials = regexp.MustCompile(`(?im)(^\s*` + credentialName + `\s*:).*|(-H '` + credentialName + `:)(?:[^'\n]|'"'"')*`)

const credentialName = `[a-z0-9_-]*(?:auth|token|secret|password|cookie|key|credential|session|signature)[a-z0-9_-]*`

func (l restyLog) write(level slog.Level, format string, v []any) {
	text := credentials.ReplaceAllString(fmt.Sprintf(format, v...), "${1}${2} "+redact.Mask)
	l.log.LogAttrs(context.Background(), level, "wechat: log of the resty client", slog.String("text", strings.TrimSpace(l.hide.Text(text, l.secrets...))))
}
