package wechat

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/wechatoa/wechat/internal/redact"
	"github.com/wechatoa/wechat/internal/tokencache"
	"github.com/wechatoa/wechat/internal/usercode"
)

// Version is the version of this SDK.
const Version = "0.1.0"

const (
	defaultBaseURL = "https://api.weixin.qq.com"
	defaultTimeout = 30 * time.Second
	maxTimeout     = 24 * time.Hour
)

// Client calls the API of one Official Account. It is safe for concurrent use and
// cheap to create and discard. It runs no goroutine in the background, except to finish
// a token refresh that a call has started. A program with several accounts creates one
// client for each; [Clients] does this for many accounts.
type Client struct{ *core }

// core is behind a pointer so that no fmt verb prints its contents.
type core struct {
	parts
	cfg     *config
	token   *tokencache.Cache // nil if a TokenSource was given
	source  TokenSource
	tickets *ticketCaches
	hide    *redact.Redactor
	secret  *appSecret
	secure  *security // nil if the account has no API security
	invalid error     // of the configuration; every call returns it
	closed  atomic.Bool

	sourceGuard usercode.Guard
	logged      sync.Map // messages that were logged and are logged once only
}

// NewClient returns a client for the account with this AppID and AppSecret
// (开发者ID和开发者密码). It sends no request. If an argument or option is invalid, every
// call of the client returns an [*ArgumentError].
func NewClient(appID, appSecret string, opts ...Option) *Client {
	cfg := newConfig(appID, appSecret, opts)
	problem := first(cfg.complete(), cfg.checkAlone())
	return newClient(cfg, cfg.parts(), problem)
}

func newConfig(appID, appSecret string, opts []Option) *config {
	cfg := &config{appID: appID, appSecret: appSecret, baseURL: defaultBaseURL}
	cfg.apply(opts)
	return cfg
}

func (c *config) apply(opts []Option) {
	for _, o := range opts {
		if o != nil {
			o(c)
		}
	}
}

// checkAlone refuses options that are not those of one client.
func (c *config) checkAlone() error {
	switch {
	case c.maxClients != 0:
		return invalid("WithMaxClients", "must be given to NewClients")
	case c.idleTimeout != 0:
		return invalid("WithIdleTimeout", "must be given to NewClients")
	}
	return nil
}

// parts are what clients can share with each other.
type parts struct {
	rest     *resty.Client
	sender   *restySender // nil unless the program has brought a resty client
	stored   *tokencache.Shared
	budget   *budget
	failover *failover
	owned    bool // rest has connections of its own
}

func (c *config) parts() parts {
	p := parts{stored: c.stored(), budget: newBudget(), failover: new(failover), owned: c.httpClient == nil && !c.isResty}
	p.connect(c)
	return p
}

// connect sets how requests are sent.
func (p *parts) connect(cfg *config) {
	if p.sender = newRestySender(cfg); p.sender != nil {
		p.rest = p.sender.client
	} else {
		p.rest = newRest(cfg)
	}
}

// stored returns the store of tokens and tickets.
func (c *config) stored() *tokencache.Shared {
	store := c.store
	if store == nil {
		store = struct{ TokenStore }{NewMemoryTokenStore()} // without its locks: nobody else has it
	}
	return tokencache.NewShared(store, c.log)
}

func newClient(cfg *config, p parts, problem error) *Client {
	c := &Client{&core{
		cfg: cfg, parts: p, source: cfg.source, hide: redact.New(cfg.appSecret), invalid: problem,
		secret: newAppSecret(cfg.appSecret, cfg.renewSecret), sourceGuard: usercode.Guard{Limit: usercode.Unlimited},
	}}
	if c.invalid == nil && cfg.secure != nil {
		c.secure, c.invalid = cfg.secure(cfg)
	}
	if c.source == nil {
		c.token = c.newTokenCache(c.stored)
		c.source = c.token
	}
	c.tickets = &ticketCaches{client: c, shared: c.stored}
	if c.owned {
		runtime.AddCleanup(c, (*http.Client).CloseIdleConnections, c.rest.GetClient())
	}
	return c
}

// complete fills in the defaults and checks the configuration.
func (c *config) complete() error {
	c.log = usercode.Logger(c.log)
	c.baseURL = strings.TrimRight(c.baseURL, "/")
	c.retry = c.retry.withDefaults()
	c.timeout = cmp.Or(c.timeout, defaultTimeout)
	c.mediaTimeout = 10 * c.timeout
	if c.timeout < 0 || c.timeout > maxTimeout {
		err := within("WithTimeout", c.timeout, 0, maxTimeout)
		c.timeout, c.mediaTimeout = defaultTimeout, 10*defaultTimeout
		return err
	}
	u, err := url.Parse(c.baseURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return invalid("WithBaseURL", "must be http:// or https:// and a host, without query, fragment and user")
	}
	c.base = u
	c.request = &http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	c.agent = []string{"wechatoa/" + Version}
	if c.userAgent != "" {
		c.agent[0] = c.userAgent + " " + c.agent[0]
	}
	c.ownHost = u.Scheme == "https" && u.Path == "" && isPlatformHost(u.Host)
	if err := c.checkSender(); err != nil {
		return err
	}
	if hasControl(c.userAgent) {
		return invalid("WithUserAgent", "must not contain a control character")
	}
	if err := first(c.retry.check(), c.checkTokens(), c.checkRedirectURLs()); err != nil || c.source != nil {
		return err
	}
	return first(notEmpty("appID", c.appID), notEmpty("appSecret", c.appSecret))
}

// checkSender checks the options about how requests are sent.
func (c *config) checkSender() error {
	switch {
	case c.maxConns != 0 && (c.httpClient != nil || c.isResty):
		return invalid("WithMaxConns", "must not be combined with WithHTTPClient or WithRestyClient: the given client decides")
	case c.isResty && c.httpClient != nil:
		return invalid("WithRestyClient", "must not be combined with WithHTTPClient: a resty client has one of its own")
	case c.isResty:
		return checkResty(c.resty)
	}
	return within("WithMaxConns", c.maxConns, 0, 65_535)
}

// checkTokens checks the options about tokens, and that none contradicts another.
func (c *config) checkTokens() error {
	other, isClient := c.source.(*Client)
	_, locks := c.store.(TokenLocker)
	switch {
	case isClient && (other == nil || other.core == nil):
		return invalid("WithTokenSource", "must be a *Client made by NewClient")
	case c.source != nil && c.classicToken:
		return invalid("WithTokenSource", "must not be combined with WithClassicToken: the source decides how tokens are fetched")
	case c.source != nil && c.forcedRefresh:
		return invalid("WithTokenSource", "must not be combined with WithForcedRefresh: the source decides how tokens are fetched")
	case c.classicToken && c.forcedRefresh:
		return invalid("WithClassicToken", "must not be combined with WithForcedRefresh: only stable tokens have forced refreshes")
	case c.lockRequired && !c.classicToken:
		return invalid("WithRequiredTokenLock", "needs WithClassicToken: stable tokens are safe without a lock")
	case c.lockRequired && c.store == nil:
		return invalid("WithRequiredTokenLock", "needs WithTokenStore: without a store there is no lock")
	case c.classicToken && c.store != nil && !locks:
		return invalid("WithTokenStore", "must implement TokenLocker for WithClassicToken: each fetch ends the token before it")
	}
	return nil
}

// newRest creates the HTTP client, which resty manages. newRequest makes the requests:
// those of resty would read whole uploads into memory, and would log URLs that contain
// the token.
func newRest(cfg *config) *resty.Client {
	h := &http.Client{Transport: newTransport(cfg)}
	if cfg.httpClient != nil {
		copied := *cfg.httpClient
		h = &copied
		if h.Transport == nil {
			h.Transport = defaultTransport{}
		}
	}
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	h.Jar = nil
	return resty.NewWithClient(h)
}

// maxConns is the default of WithMaxConns.
const maxConns = 1000

// NewTransport returns a transport like the one that each client has by default. It
// opens at most 1,000 connections to a host, keeps idle ones for a minute, allows 5
// seconds for connecting, and detects HTTP/2 connections that no longer respond. Clients
// that use the same transport through [WithHTTPClient] share its connections, which
// [Client.Close] does not close.
func NewTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           newDialer().DialContext,
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   5 * time.Second,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       60 * time.Second,
		MaxIdleConns:          2 * maxConns,
		MaxIdleConnsPerHost:   maxConns,
		MaxConnsPerHost:       maxConns,
		HTTP2:                 &http.HTTP2Config{SendPingTimeout: 5 * time.Second, PingTimeout: 5 * time.Second},
	}
}

func newDialer() *net.Dialer {
	return &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
}

// newTransport returns the transport of a client that was given none.
func newTransport(cfg *config) *http.Transport {
	t := NewTransport()
	t.ResponseHeaderTimeout = cfg.mediaTimeout // no attempt takes longer
	if n := cfg.maxConns; n > 0 {
		t.MaxConnsPerHost, t.MaxIdleConnsPerHost, t.MaxIdleConns = n, n, 2*n
	}
	return t
}

// defaultTransport uses the http.DefaultTransport of the time of each request.
type defaultTransport struct{}

func (defaultTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	return http.DefaultTransport.RoundTrip(r) //nolint:forbidigo // the program asked for it
}

// AppID returns the account's AppID (开发者ID).
//
// https://developers.weixin.qq.com/doc/service/guide/dev/start
func (c *Client) AppID() string { return c.cfg.appID }

// Close cancels token refreshes in flight, waits for them to stop, and closes idle
// connections, unless they belong to a client given by [WithHTTPClient] or
// [WithRestyClient] (关闭客户端).
// Calls in flight continue if they already have a token. Later calls return
// [ErrClosed]. A program that uses a client until it exits need not close it.
//
// https://developers.weixin.qq.com/doc/service/guide/dev/api
func (c *Client) Close() error {
	c.closed.Store(true)
	if c.token != nil {
		c.token.Close()
	}
	c.tickets.close()
	if c.owned { // the connections of a given client belong to its owner
		c.rest.GetClient().CloseIdleConnections()
	}
	return nil
}

// Token returns the account's access_token, from the cache or freshly fetched
// (获取稳定版接口调用凭据). rejected is the token that the platform has just rejected;
// pass "" if none. Token returns a different token if one is available. A client is a
// [TokenSource], so it can supply tokens to other clients and to other programs that use
// the same account.
//
// https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
func (c *Client) Token(ctx context.Context, rejected string) (string, error) {
	if err := first(c.invalid, checkContext(ctx)); err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if c.closed.Load() {
		return "", ErrClosed
	}
	return c.sourceToken(ctx, rejected)
}

// TokenWithTTL is [Client.Token] with the remaining TTL of the token, for a program that
// passes it on (获取稳定版接口调用凭据). The TTL is 0 if it is not known, because the
// token comes from a [TokenSource] other than a Client.
//
// https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
func (c *Client) TokenWithTTL(ctx context.Context, rejected string) (token string, ttl time.Duration, err error) {
	if token, err = c.Token(ctx, rejected); err == nil {
		ttl = c.ttlOf(token)
	}
	return token, ttl, err
}

func (c *Client) ttlOf(token string) time.Duration {
	switch s := c.source.(type) {
	case *tokencache.Cache:
		return s.TTL(token)
	case *Client:
		return s.ttlOf(token)
	}
	return 0
}
