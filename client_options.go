package wechat

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Option changes a client that [NewClient] makes. Options record a choice, their
// order does not matter.
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
	maxDownload   int64
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
func WithBaseURL(address string) Option {
	return func(c *config) { c.baseURL = cmp.Or(address, defaultBaseURL) }
}

// WithHTTPClient uses the transport and timeout of h, such as one with a proxy.
// h is copied and never modified. Redirects are not followed whatever h says,
// because a request carries the access_token in its address.
func WithHTTPClient(h *http.Client) Option { return func(c *config) { c.httpClient = h } }

// WithTokenSource takes tokens from s instead of fetching them: a central token
// server, another client, or a [StaticToken] in a test. AppSecret may be empty then.
func WithTokenSource(s TokenSource) Option { return func(c *config) { c.source = s } }

// WithTokenStore shares tokens and tickets with other processes through s.
func WithTokenStore(s TokenStore) Option { return func(c *config) { c.store = s } }

// WithClassicToken fetches tokens from the older interface (获取接口调用凭据), where
// each fetch invalidates the token before it. Use it only where other programs of
// the same account use it too, and with a [TokenStore] that all of them share.
func WithClassicToken() Option { return func(c *config) { c.classicToken = true } }

// WithForcedRefresh lets the client force a new token where the platform refuses
// one and then hands out the same again. The platform allows 20 a day, 30 seconds
// apart; the client keeps to it, through the [TokenStore] for all that share it.
func WithForcedRefresh() Option { return func(c *config) { c.forcedRefresh = true } }

// WithRetry bounds the repetition of calls. Zero fields keep the defaults:
// 3 attempts, pauses of up to 100 ms growing to 2 s.
func WithRetry(p RetryPolicy) Option { return func(c *config) { c.retry = p } }

// WithTimeout bounds one attempt of a call, from the connection to the last byte
// of the answer: 30 seconds by default. Uploads and downloads have ten times as long.
func WithTimeout(d time.Duration) Option {
	return func(c *config) { c.timeout, c.mediaTimeout = d, 10*d }
}

// WithMaxDownload bounds the bytes of one download; there is no bound by default.
// JSON answers are always bounded, to 16 MiB.
func WithMaxDownload(bytes int64) Option { return func(c *config) { c.maxDownload = bytes } }

// WithLogger reports token trouble (warning) and repetitions (debug) to l. Nothing
// secret and no content of calls is logged. Without it the client is silent.
func WithLogger(l *slog.Logger) Option { return func(c *config) { c.log = l } }

// WithUserAgent puts a product in front of the SDK's own User-Agent.
func WithUserAgent(product string) Option { return func(c *config) { c.userAgent = product } }

// WithObserver calls observe after each attempt of each call, for metrics and
// tracing. It is called on the caller's goroutine and must be quick.
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
