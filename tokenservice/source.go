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

// SourceConfig configures a [Source]. URL, AppID and Key are needed.
type SourceConfig struct {
	URL   string // of the service; /token and /ticket are below it
	AppID string
	Key   wechat.Secret

	// HTTPClient has the transport, such as one that trusts a private authority. It is
	// copied, and redirects are not followed whatever it says. nil is a transport of
	// the source's own. The sources of many accounts share one.
	HTTPClient *http.Client
	// AllowHTTP allows an http URL of another machine: whoever is on the way reads the
	// key and the tokens.
	AllowHTTP bool
	// Logger reports failures of refreshes while the last token still works; nil is
	// [slog.Default].
	Logger *slog.Logger
}

// Source takes the tokens and tickets of an account from a token service. It is a
// [wechat.TokenSource] and a [wechat.TicketSource]:
//
//	source, err := tokenservice.NewSource(tokenservice.SourceConfig{URL: url, AppID: appID, Key: key})
//	client := wechat.NewClient(appID, "", wechat.WithTokenSource(source))
//
// It keeps a token until shortly before its end, and asks once for all callers. While
// the service fails, hangs or responds nonsense, the last token is used as long as it
// lives. It starts no goroutine that outlives a request. Neither key nor token is in
// its errors and its log.
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
}

// Error is a refusal of the token service. Where the platform refused, it is the
// platform's code as well: errors.Is(err, wechat.ErrConfiguration).
type Error struct {
	Status int         // HTTP status
	Name   string      // such as "forbidden"; "" if the service did not say
	Code   wechat.Code // errcode of the platform, 0 if it is not the one that refused
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

// NewSource returns a source. It does nothing on the network; what is wrong with cfg is
// returned as a [*wechat.ArgumentError].
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
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
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

// Token returns the account's access_token. rejected is the one that the platform has
// just refused, or "": the service is then asked for another one.
func (s *Source) Token(ctx context.Context, rejected string) (string, error) {
	return s.cache.Token(ctx, rejected)
}

// TicketWithTTL returns a ticket of the account and its remaining TTL. It asks the
// service each time: a client with this source keeps its tickets itself.
func (s *Source) TicketWithTTL(ctx context.Context, kind wechat.TicketType) (wechat.Secret, time.Duration, error) {
	out, err := s.ask(ctx, "/ticket", request{AppID: s.appID, Type: kind}, maxTries)
	if err != nil {
		return "", 0, err
	}
	return wechat.Secret(out.Ticket), time.Duration(*out.ExpiresIn) * time.Second, nil
}

// Close cancels the request in flight and closes idle connections, unless they belong
// to [SourceConfig.HTTPClient]. Token returns [wechat.ErrClosed] after it.
func (s *Source) Close() error {
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
