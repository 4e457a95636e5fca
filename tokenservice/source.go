package tokenservice

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/fleet"
	"github.com/wechatoa/wechat/internal/redact"
	"github.com/wechatoa/wechat/internal/tokencache"
	"github.com/wechatoa/wechat/internal/usercode"
)

// SourceConfig configures a [Source]. URL, AppID and Key are required.
type SourceConfig struct {
	URL   string // base URL of the service, to which /token or /ticket is appended
	AppID string
	Key   wechat.Secret // one of the keys of the program, see [Program]

	// HTTPClient sends the requests, for example with a transport that trusts a private
	// certificate authority. The Source uses a copy that does not follow redirects. If
	// it is nil, the Source has connections of its own. Pass the same HTTPClient to the
	// Sources of several accounts to share connections.
	HTTPClient *http.Client
	// AllowHTTP allows an http URL of another machine. Anyone on the network path can
	// then read the key and the tokens.
	AllowHTTP bool
	// Logger receives the failures of refreshes while the last token is still valid.
	// The default is [slog.Default].
	Logger *slog.Logger
}

// Source gets the tokens and tickets of an account from a token service. It is a
// [wechat.TokenSource] and a [wechat.TicketSource]:
//
//	source, err := tokenservice.NewSource(tokenservice.SourceConfig{URL: url, AppID: appID, Key: key})
//	client := wechat.NewClient(appID, "", wechat.WithTokenSource(source))
//
// It caches a token until shortly before it expires, and concurrent callers share one
// request. If the service fails, hangs or returns an invalid response, the last token
// remains in use until it expires. A Source starts no goroutine that outlives a
// request. Its errors and log lines contain neither the key nor a token.
type Source struct{ *source }

// source is behind a pointer so that no fmt verb prints what is in it.
type source struct {
	url   string
	appID string
	key   *wechat.Secret // behind a pointer too, so that no verb prints it
	http  *http.Client
	owned bool // http has connections of its own
	hide  *redact.Redactor
	cache *tokencache.Cache

	closing context.Context //nolint:containedctx // ends with Close
	close   context.CancelFunc
}

// Error is a refusal by the token service. If the platform refused the request, the
// error also matches the platform's code, for example in errors.Is(err,
// wechat.ErrConfiguration).
type Error struct {
	Status int         // HTTP status
	Name   string      // such as "forbidden"; "" if the response does not contain it
	Code   wechat.Code // errcode, if the platform refused the request; otherwise 0
}

// Error describes the refusal.
func (e *Error) Error() string {
	s := fmt.Sprintf("tokenservice: the service refused: HTTP status %d", e.Status)
	if e.Name != "" {
		s += " " + e.Name
	}
	if e.Code != 0 {
		s += ": " + e.Code.Error()
	}
	return s
}

// Is reports whether target is the platform's code, or a family that it belongs to.
func (e *Error) Is(target error) bool { return e.Code != 0 && errors.Is(e.Code, target) }

var errNonsense = errors.New("tokenservice: the response is unreadable")

const (
	maxResponse = 64 << 10
	maxTries    = 3                      // while callers wait
	firstPause  = 100 * time.Millisecond // quadruples: a service that restarts is back soon
	refusedTTL  = 5 * time.Second        // how long a refusal of the program is certain to last
)

// NewSource returns a Source. It sends no request. It returns a [*wechat.ArgumentError]
// if cfg is invalid.
func NewSource(cfg SourceConfig) (*Source, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	h := &http.Client{Transport: wechat.NewTransport()}
	if cfg.HTTPClient != nil {
		copied := *cfg.HTTPClient
		h = &copied
	}
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	h.Jar = nil
	s := &Source{&source{
		url: strings.TrimRight(cfg.URL, "/"), appID: cfg.AppID, key: &cfg.Key, http: h, owned: cfg.HTTPClient == nil,
		hide: redact.New(string(cfg.Key)),
	}}
	s.closing, s.close = context.WithCancel(context.Background())
	log := usercode.Logger(cfg.Logger)
	memory := struct{ wechat.TokenStore }{wechat.NewMemoryTokenStore()} // without its locks: nobody else has it
	s.cache = tokencache.New(tokencache.Config{
		Key: "tokenservice:{" + cfg.AppID + "}", Shared: tokencache.NewShared(memory, log),
		Fetch: s.fetch, FailureTTL: failureTTL, Log: log,
	})
	return s, nil
}

func (c *SourceConfig) check() error {
	if !fleet.IsAccount(c.AppID) {
		return &wechat.ArgumentError{Argument: "AppID", Reason: "must be an AppID"}
	}
	if err := (&Program{Name: c.AppID, Keys: []wechat.Secret{c.Key}}).check("SourceConfig"); err != nil {
		return &wechat.ArgumentError{Argument: "Key", Reason: "must be 32 to 512 visible ASCII characters"}
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || strings.ContainsAny(c.URL, "?#") {
		return &wechat.ArgumentError{Argument: "URL", Reason: "must be https://host/path without query and user"}
	}
	if u.Scheme == "http" && !c.AllowHTTP && !isLoopback(u.Hostname()) {
		return &wechat.ArgumentError{Argument: "URL", Reason: "must be https, unless the host is this machine or AllowHTTP is set"}
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// failureTTL returns how long a failed request is certain to fail again.
func failureTTL(err error) time.Duration {
	var refused *Error
	if errors.As(err, &refused) && refused.Status/100 == 4 {
		return refusedTTL
	}
	return 0
}

// Token returns the account's access_token. If the platform has just rejected a token,
// pass it as rejected to get a different one; otherwise pass "".
func (s *Source) Token(ctx context.Context, rejected string) (string, error) {
	return s.cache.Token(ctx, rejected)
}

// TicketWithTTL returns a ticket of the account and its remaining TTL. Each call sends
// a request to the service, because a client that uses this source caches its tickets
// itself.
func (s *Source) TicketWithTTL(ctx context.Context, ticketType wechat.TicketType) (wechat.Secret, time.Duration, error) {
	if s.closing.Err() != nil {
		return "", 0, wechat.ErrClosed
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)()
	out, err := s.ask(ctx, "/ticket", request{AppID: s.appID, Type: ticketType}, maxTries)
	if s.closing.Err() != nil {
		return "", 0, wechat.ErrClosed
	}
	if err != nil {
		return "", 0, err
	}
	return wechat.Secret(out.Ticket), time.Duration(*out.ExpiresIn) * time.Second, nil
}

// Close cancels the requests in flight and closes idle connections, unless they belong
// to [SourceConfig.HTTPClient]. Later calls return [wechat.ErrClosed].
func (s *Source) Close() error {
	s.close()
	s.cache.Close()
	if s.owned {
		s.http.CloseIdleConnections()
	}
	return nil
}

// fetch asks the service for a token, for the cache.
func (s *source) fetch(ctx context.Context, mode tokencache.Mode) (string, time.Duration, error) {
	tries := maxTries
	if mode == tokencache.Ahead { // nobody waits
		tries = 1
	}
	out, err := s.ask(ctx, "/token", request{AppID: s.appID, Rejected: s.cache.Rejected()}, tries)
	if err != nil {
		return "", 0, err
	}
	return out.AccessToken, time.Duration(*out.ExpiresIn) * time.Second, nil
}

// ask sends a request, again if it did not reach a service that works.
func (s *source) ask(ctx context.Context, path string, in request, tries int) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, workWithin)
	defer cancel()
	pause := firstPause
	for try := 1; ; try++ {
		out, err := s.send(ctx, path, in)
		var refused *Error
		final := err == nil || errors.As(err, &refused) && (refused.Status/100 == 4 || refused.Code != 0)
		if final || try == tries || ctx.Err() != nil {
			return out, err
		}
		select {
		case <-time.After(pause):
			pause *= 4
		case <-ctx.Done():
			return nil, err
		}
	}
}

// send sends a request once.
func (s *source) send(ctx context.Context, path string, in request) (*answer, error) {
	body, _ := json.Marshal(in) //nolint:errchkjson // strings only
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, s.failed(err, in)
	}
	r.Header.Set("Authorization", "Bearer "+string(*s.key))
	r.Header.Set("Content-Type", "application/json")
	var raw *http.Response
	err = usercode.Recover(func() (err error) { // the transport may be the program's
		raw, err = s.http.Do(r) //nolint:bodyclose // closed below
		return err
	})
	if err != nil {
		return nil, s.failed(err, in)
	}
	defer func() { _ = raw.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(raw.Body, maxResponse+1))
	if err != nil {
		return nil, s.failed(err, in)
	}
	out := new(answer)
	err = json.Unmarshal(data, out)
	switch {
	case raw.StatusCode != http.StatusOK:
		return nil, refusedWith(raw.StatusCode, out, err)
	case err != nil || len(data) > maxResponse || out.ExpiresIn == nil || !isCredential(out.AccessToken+out.Ticket):
		return nil, errNonsense
	case (path == "/token") != (out.AccessToken != ""), (path == "/ticket") != (out.Ticket != ""):
		return nil, errNonsense
	}
	*out.ExpiresIn = min(max(*out.ExpiresIn, 0), int64(maxTTL/time.Second))
	return out, nil
}

const (
	maxTTL        = 2 * time.Hour
	maxCredential = 2 << 10
)

// isCredential reports whether a text can be a token or a ticket: the letters of a URL.
func isCredential(s string) bool {
	return s != "" && len(s) <= maxCredential && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~+/=|!@%") == ""
}

// refusedWith makes the error of a refusal, with nothing of what a strange server said.
func refusedWith(status int, out *answer, unreadable error) *Error {
	e := &Error{Status: status}
	if unreadable == nil {
		e.Code = out.Code
		if len(out.Error) <= 32 && strings.Trim(out.Error, "abcdefghijklmnopqrstuvwxyz_") == "" {
			e.Name = out.Error
		}
	}
	return e
}

// failed makes the error of a request without a response.
func (s *source) failed(err error, in request) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("tokenservice: %w", s.hide.Error(err, in.Rejected, s.cache.Current()))
}
