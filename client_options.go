package wechat

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// Option configures a client that [NewClient] makes. Options may be passed in any
// order; a nil Option is ignored. Options that contradict each other are an
// [*ArgumentError] of every call.
type Option func(*config)

type config struct {
	appID, appSecret string

	baseURL       string
	httpClient    *http.Client
	source        TokenSource
	store         TokenStore
	classicToken  bool
	forcedRefresh bool
	retry         RetryPolicy
	timeout       time.Duration
	mediaTimeout  time.Duration
	base          *url.URL // of baseURL
	ownHost       bool     // it is one of the platform's
	agent         []string // of all requests
	log           *slog.Logger
	userAgent     string
	observe       func(context.Context, Attempt)
	security      *APISecurity
}

// WithBaseURL sends every call to another address than https://api.weixin.qq.com:
// a fake platform, a proxy, or one of the platform's other hosts such as
// https://api2.weixin.qq.com (接口域名说明). "" is the default.
//
// https://developers.weixin.qq.com/doc/service/guide/dev/api/domain
func WithBaseURL(baseURL string) Option {
	return func(c *config) { c.baseURL = cmp.Or(baseURL, defaultBaseURL) }
}

// WithHTTPClient uses the transport and timeout of h, such as one with a proxy, or
// [http.DefaultClient] in a test that mocks [http.DefaultTransport]. h is copied and
// never modified; as ever, a nil Transport is [http.DefaultTransport]. Redirects are
// not followed whatever h says, because a request carries the access_token in its
// URL. The default is a transport of the client's own, see [NewTransport].
//
// Clients of many accounts can share their connections:
//
//	pool := &http.Client{Transport: wechat.NewTransport()}
//	one := wechat.NewClient(appID, appSecret, wechat.WithHTTPClient(pool))
func WithHTTPClient(h *http.Client) Option { return func(c *config) { c.httpClient = h } }

// WithTokenSource takes tokens from s instead of fetching them: a central token
// server, another client, or a [StaticToken] in a test. The AppSecret may then be
// empty. It cannot be combined with [WithClassicToken] or [WithForcedRefresh], which
// are about fetching; a [TokenStore] then shares only tickets.
func WithTokenSource(s TokenSource) Option { return func(c *config) { c.source = s } }

// WithTokenStore shares tokens and tickets with other processes through s.
func WithTokenStore(s TokenStore) Option { return func(c *config) { c.store = s } }

// WithClassicToken fetches tokens from the older interface (获取接口调用凭据), where
// each fetch invalidates the token before it. Use it only if other programs of the
// same account use it too, and with a [TokenStore] that all of them share. That store
// must implement [TokenLocker], so that one process fetches at a time. It cannot be
// combined with [WithForcedRefresh].
func WithClassicToken() Option { return func(c *config) { c.classicToken = true } }

// WithForcedRefresh lets the client force a new token where the platform refuses
// one and then hands out the same again. The platform allows 20 a day, 30 seconds
// apart; the client keeps to it, through the [TokenStore] for all that share it.
func WithForcedRefresh() Option { return func(c *config) { c.forcedRefresh = true } }

// WithRetry sets the retry policy. Zero fields keep the defaults: 3 attempts with
// jittered exponential backoff from 100 ms to 2 s. Negative fields are an
// [*ArgumentError] of every call.
func WithRetry(p RetryPolicy) Option { return func(c *config) { c.retry = p } }

// WithTimeout limits one attempt of a call, from the connection to the last byte of
// the response: 30 seconds by default, which is also the meaning of 0. Uploads and
// downloads have ten times as long. The ctx of a call limits all of its attempts.
func WithTimeout(d time.Duration) Option { return func(c *config) { c.timeout = d } }

// WithLogger sets where the client reports failures of token refreshes, stores and
// observers (warnings and errors) and retries (debug). The log holds no secret and no
// content of calls. The default is [slog.Default]; a logger with
// [slog.DiscardHandler] keeps the client silent. A handler that hangs or panics loses
// records, no calls.
func WithLogger(l *slog.Logger) Option { return func(c *config) { c.log = l } }

// WithUserAgent puts a product in front of the SDK's own User-Agent.
func WithUserAgent(product string) Option { return func(c *config) { c.userAgent = product } }

// WithObserver calls observe after each attempt of each call, for metrics and
// tracing. The call waits for it, but no longer than 250 ms, and survives its panics.
func WithObserver(observe func(context.Context, Attempt)) Option {
	return func(c *config) { c.observe = observe }
}

// Attempt is one request that was sent to the platform.
type Attempt struct {
	AppID    string
	Method   string
	Path     string
	Number   int           // 1 for the first request of a call
	Status   int           // HTTP status, 0 where no answer came
	Code     Code          // errcode, 0 where the platform did not refuse
	Duration time.Duration // until the answer was read
	Err      error         // the attempt's error, nil where it succeeded
}
