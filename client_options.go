package wechat

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/wechatoa/wechat/internal/usercode"
)

// Option configures the client that [NewClient] returns, or the clients of [NewClients].
// Options may be passed in any order; a nil Option is ignored. If options contradict each other, every call returns an
// [*ArgumentError].
type Option func(*config)

type config struct {
	appID, appSecret string

	baseURL       string
	httpClient    *http.Client
	resty         *resty.Client
	isResty       bool // resty was given
	maxConns      int
	source        TokenSource
	store         TokenStore
	classicToken  bool
	forcedRefresh bool
	lockRequired  bool
	failover      bool // to the disaster host
	noMsgIDs      bool // no client message IDs are generated
	redirectURLs  []string
	retry         RetryPolicy
	timeout       time.Duration
	mediaTimeout  time.Duration
	base          *url.URL      // of baseURL
	request       *http.Request // what all requests have in common
	ownHost       bool          // baseURL is a host of the platform
	agent         []string      // User-Agent of all requests
	log           *slog.Logger
	userAgent     string
	observers     []*observer
	secure        func(*config) (*security, error) // nil without WithAPISecurity

	maxClients  int // of a registry, see Clients
	idleTimeout time.Duration
	renewSecret func(context.Context) (Secret, error) // nil if the AppSecret never changes
}

// WithBaseURL overrides the API base URL (接口域名说明), for a fake platform, a proxy, or
// another host of the platform such as https://api2.weixin.qq.com. "" means the default,
// https://api.weixin.qq.com.
//
// https://developers.weixin.qq.com/doc/service/guide/dev/api/domain
func WithBaseURL(baseURL string) Option {
	return func(c *config) { c.baseURL = cmp.Or(baseURL, defaultBaseURL) }
}

// WithFailover sends calls to the platform's disaster recovery host, api2.weixin.qq.com,
// while the host of the base URL cannot be reached (容灾域名). If the connection of a call
// fails before the first byte of the request is written, even a call that must not be
// executed twice is sent again there, at once and once; [RetryPolicy] does not limit
// that. Later calls go there directly, and every 30 seconds one of them tries the usual
// host again. Connecting may take 5 seconds, so the ctx of a call must allow more. Clients
// of one [Clients] do this together, except those of accounts with an HTTP client or a
// base URL of their own. The option has no effect if the base URL is a proxy
// or a fake, or for a call with [Request.Host].
//
// https://developers.weixin.qq.com/doc/service/guide/dev/api/domain
func WithFailover() Option { return func(c *config) { c.failover = true } }

// WithHTTPClient sets the HTTP client whose transport and timeout are used, such as one
// with a proxy, or [http.DefaultClient] in a test that mocks [http.DefaultTransport].
// h is copied and never modified. A nil Transport means [http.DefaultTransport].
// Redirects are never followed, because the URL of a request contains the
// access_token. By default each client has its own transport; see [NewTransport].
//
// Clients of several accounts can share their connections:
//
//	pool := &http.Client{Transport: wechat.NewTransport()}
//	one := wechat.NewClient(appID, appSecret, wechat.WithHTTPClient(pool))
//
// WithHTTPClient cannot be combined with [WithRestyClient].
func WithHTTPClient(h *http.Client) Option { return func(c *config) { c.httpClient = h } }

// WithRestyClient sends all calls through rc: with its transport, proxy, certificates,
// headers and cookies, and with its middlewares, hooks, tracing and debug log. Each call
// costs about 13 µs more than without it.
//
// rc is cloned, so its settings must be complete before, and no other goroutine may use
// it meanwhile. Only its http.Client is shared, so that [httpmock.ActivateNonDefault] may
// replace the transport at any time. What differs from other requests of rc:
//
//   - rc must have no retries, which would repeat sends; use [WithRetry].
//   - Redirects are not followed, because the URL of a request contains the
//     access_token. The redirect policy of rc remains that of its other requests.
//   - What resty logs goes to the logger of [WithLogger], without tokens and
//     credentials. SetDebug logs at debug level.
//   - A middleware that fails, hangs or panics ends its call with a [*RequestError].
//   - Middlewares that get the response are not called for downloads, which are
//     streamed. Uploads are streamed too, unless rc has a pre-request hook
//     (SetPreRequestHook), of which resty has only one: then they are held in memory, and
//     net/http may repeat a GET whose connection breaks, also one that is not Idempotent,
//     and any call to which a hook gives an Idempotency-Key. Such a program must derive
//     the context of a request from the one that it has; otherwise redirects are followed.
//   - A response is held in memory in up to three times its size, at most 16 MiB.
//
// Hooks see the requests, and thus the tokens. [Client.Close] does not close the
// connections of rc. WithRestyClient cannot be combined with [WithHTTPClient].
//
// [httpmock.ActivateNonDefault]: https://pkg.go.dev/github.com/jarcoal/httpmock#ActivateNonDefault
func WithRestyClient(rc *resty.Client) Option {
	return func(c *config) { c.resty, c.isResty = rc, true }
}

// WithMaxConns sets how many connections the client opens to a host at most, 1 to 65,535.
// Calls wait for a connection if all are in use. As many stay open while they are idle,
// for a minute, so that the next burst of calls finds them. 0 means the default, 1,000.
// WithMaxConns cannot be combined with [WithHTTPClient] and [WithRestyClient], whose
// transport decides, and does not belong into [Account.Options], because the clients of a
// [Clients] share their connections.
func WithMaxConns(n int) Option { return func(c *config) { c.maxConns = n } }

// WithTokenSource makes the client use the tokens of s instead of fetching them. s can
// be a central token server, another client, or a [StaticToken] in a test. The
// AppSecret may then be empty, and a [TokenStore] shares only tickets. It cannot be
// combined with [WithClassicToken] or [WithForcedRefresh].
func WithTokenSource(s TokenSource) Option { return func(c *config) { c.source = s } }

// WithTokenStore shares tokens and tickets with other processes through s. By default
// each client keeps its own, in memory.
func WithTokenStore(s TokenStore) Option { return func(c *config) { c.store = s } }

// WithClassicToken fetches tokens from the older API (获取接口调用凭据). Each fetch from it
// invalidates the previous token. Use it only if other programs of the same account do
// too, and share a [TokenStore] with them. The store must implement [TokenLocker], so
// that only one process fetches at a time. WithClassicToken cannot be combined with
// [WithForcedRefresh]. See [WithRequiredTokenLock] for what happens while the store fails.
func WithClassicToken() Option { return func(c *config) { c.classicToken = true } }

// WithRequiredTokenLock makes a client with [WithClassicToken] fetch a token only with
// the lock of its [TokenStore]. By default each process fetches one without the lock
// while the store fails, at most every 5 minutes, which ends the tokens of the others.
// With this option calls fail with [ErrTokenLock] instead, from the end or the rejection
// of the current token until the store works again, and for up to 30 seconds longer.
func WithRequiredTokenLock() Option { return func(c *config) { c.lockRequired = true } }

// WithForcedRefresh lets the client force a new token if the platform rejects a token
// and then returns the same one again. The platform allows 20 forced refreshes a day,
// at least 30 seconds apart. The client observes these limits across all processes that
// share its [TokenStore].
func WithForcedRefresh() Option { return func(c *config) { c.forcedRefresh = true } }

// WithRetry sets the retry policy. Zero fields mean the defaults: 3 attempts with
// jittered exponential backoff from 100 ms to 2 s. If a field is negative, every call
// returns an [*ArgumentError].
func WithRetry(p RetryPolicy) Option { return func(c *config) { c.retry = p } }

// WithoutClientMsgIDs sends messages without a client message ID if the program gives
// none. By default [Client.SendTemplateMessage], [Client.SendMass] and
// [Client.SendMassToUsers] then generate a random one for each call, so that they can
// retry an attempt whose outcome is unknown without sending the message twice. With this
// option they return [ErrUnknownOutcome] instead, and the platform refuses a mass message
// that equals another one of the last 24 hours, with [ErrDuplicateMassID].
func WithoutClientMsgIDs() Option { return func(c *config) { c.noMsgIDs = true } }

// WithOAuthRedirectURLs lists the only pages to which [Client.OAuthURL] lets the platform
// send a browser with its code, such as "https://example.com/welcome"; for any other
// [OAuthURLRequest.RedirectURL] it returns an [*ArgumentError]. Set it if a part of that
// URL comes from a request. A page is compared as it is written, without its query, and
// must not have a query or fragment in the list. By default every page is allowed that
// the console allows.
func WithOAuthRedirectURLs(pages ...string) Option {
	listed := append([]string{}, pages...)
	return func(c *config) { c.redirectURLs = listed }
}

// WithTimeout limits one attempt of a call, from connecting to the last byte of the
// response. 0 means the default of 30 seconds; the maximum is 24 hours. Uploads and
// downloads may take ten times as long. The ctx of a call limits all its attempts
// together.
func WithTimeout(d time.Duration) Option { return func(c *config) { c.timeout = d } }

// WithLogger sets the logger. The client logs failures of token refreshes, stores and
// observers as warnings and errors, and retries at debug level. Records contain neither
// secrets nor the content of calls. The default is [slog.Default]; pass a logger with
// [slog.DiscardHandler] to log nothing. A handler that hangs or panics loses records but
// does not affect calls.
func WithLogger(l *slog.Logger) Option { return func(c *config) { c.log = l } }

// WithUserAgent prepends product, such as "shop/1.2", to the User-Agent of the SDK.
func WithUserAgent(product string) Option { return func(c *config) { c.userAgent = product } }

// WithObserver calls observe after each attempt of each call, for metrics and tracing.
// ctx has the values of the call's ctx, such as its span; token refreshes, which calls
// share, have none. The module wechatotel has an observer for OpenTelemetry. If the option
// is given several times, all observers are called, in this order. A call waits up to 250 ms
// for each of them, and a panic in one affects neither the call nor the others.
func WithObserver(observe func(context.Context, Attempt)) Option {
	return func(c *config) {
		if observe != nil {
			c.observers = append(c.observers, &observer{observe: observe})
		}
	}
}

// observer is an observer of one client.
type observer struct {
	observe func(context.Context, Attempt)
	guard   usercode.Guard
}

// Attempt is one request that was sent to the platform.
type Attempt struct {
	AppID    string
	Method   string
	Host     string // with the port if it is not the default; "" if no request could be made
	Path     string
	Number   int  // 1 for the first attempt of a call
	Status   int  // HTTP status; 0 if there was no response
	Code     Code // errcode; 0 if the platform did not refuse the call
	Start    time.Time
	Duration time.Duration // until the response was read
	Err      error         // error of the attempt; nil if it succeeded
}
