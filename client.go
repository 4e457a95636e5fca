package wechat

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"
)

// Version is the version of this SDK.
const Version = "0.1.0"

const defaultBaseURL = "https://api.weixin.qq.com"

// Client calls the API of one Official Account. It is safe for concurrent use,
// cheap to make and to drop, and starts no goroutine of its own; programs with
// many accounts have many clients.
type Client struct{ *core }

// core is behind a pointer so that no fmt verb prints what is in it.
type core struct {
	cfg     *config
	rest    *resty.Client
	token   *tokenCache // nil where a TokenSource was given
	source  TokenSource
	tickets *ticketCaches
	budget  *budget
	hide    *redactor
	secure  *security // nil where the account has no API security
	invalid error     // what is wrong with the configuration, told by every call
}

// NewClient returns a client for the account with this AppID and AppSecret
// (开发者ID和开发者密码). It does nothing on the network; what is wrong with its
// arguments is told by the first call, as an [*ArgumentError].
func NewClient(appID, appSecret string, opts ...Option) *Client {
	cfg := &config{
		appID: appID, appSecret: appSecret,
		baseURL: defaultBaseURL,
		timeout: 30 * time.Second, mediaTimeout: 5 * time.Minute,
	}
	for _, o := range opts {
		o(cfg)
	}
	if cfg.log == nil {
		cfg.log = slog.New(slog.DiscardHandler)
	}
	cfg.baseURL = strings.TrimRight(cfg.baseURL, "/")
	cfg.retry = cfg.retry.withDefaults()

	c := &Client{&core{
		cfg: cfg, rest: newRest(cfg), source: cfg.source, budget: newBudget(), hide: newRedactor(appSecret), invalid: cfg.check(),
	}}
	if c.invalid == nil {
		c.secure, c.invalid = newSecurity(cfg)
	}
	store := cfg.store
	if store == nil {
		store = NewMemoryStore()
	}
	if c.source == nil {
		c.token = c.newTokenCache(store)
		c.source = c.token
	}
	c.tickets = &ticketCaches{client: c, store: store}
	if cfg.httpClient == nil {
		runtime.AddCleanup(c, (*http.Client).CloseIdleConnections, c.rest.GetClient())
	}
	return c
}

func (p RetryPolicy) withDefaults() RetryPolicy {
	if p.MaxAttempts <= 0 {
		p.MaxAttempts = defaultRetry.MaxAttempts
	}
	if p.MinDelay <= 0 {
		p.MinDelay = defaultRetry.MinDelay
	}
	if p.MaxDelay <= 0 {
		p.MaxDelay = defaultRetry.MaxDelay
	}
	return p
}

func (c *config) check() error {
	u, err := url.Parse(c.baseURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.User != nil {
		return invalid("base URL", "must be http(s)://host without query and user")
	}
	if c.source != nil {
		return nil
	}
	return first(notEmpty("appID", c.appID), notEmpty("appSecret", c.appSecret))
}

// newRest makes the HTTP client: resty for requests and connections, without its
// own retries, logs and redirects, all of which would show the token.
func newRest(cfg *config) *resty.Client {
	h := &http.Client{Transport: newTransport()}
	if cfg.httpClient != nil {
		copied := *cfg.httpClient
		h = &copied
		if h.Transport == nil {
			h.Transport = newTransport()
		}
	}
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	h.Jar = nil
	agent := "wechatoa/" + Version
	if cfg.userAgent != "" {
		agent = cfg.userAgent + " " + agent
	}
	rest := resty.NewWithClient(h).
		SetLogger(silence{}).
		SetDoNotParseResponse(true).
		SetHeader("User-Agent", agent).
		SetPreRequestHook(attachPayload)
	return rest
}

func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: 10 * time.Second,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       60 * time.Second,
		MaxIdleConns:          200,
		MaxIdleConnsPerHost:   100,
		MaxConnsPerHost:       1000,
	}
}

type silence struct{}

func (silence) Errorf(string, ...any) {}
func (silence) Warnf(string, ...any)  {}
func (silence) Debugf(string, ...any) {}

// AppID returns the account's AppID (开发者ID).
//
// https://developers.weixin.qq.com/doc/service/guide/dev/start
func (c *Client) AppID() string { return c.cfg.appID }

// Close ends token fetches under way, waits for them and closes idle connections
// (关闭客户端). A closed client fetches no more tokens. A program that keeps its
// clients for as long as it runs need not call it.
//
// https://developers.weixin.qq.com/doc/service/guide/dev/api
func (c *Client) Close() error {
	if c.token != nil {
		c.token.close()
	}
	c.tickets.close()
	if c.cfg.httpClient == nil { // a given client's connections are its owner's
		c.rest.GetClient().CloseIdleConnections()
	}
	return nil
}

// Token returns the account's access_token, from the cache or freshly fetched
// (获取稳定版接口调用凭据). stale names a token that the platform has just refused,
// "" where there is none; the answer is another one where there is another one. A
// client is a [TokenSource]: give it to other clients, or serve it to other
// programs of the account.
//
// https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
func (c *Client) Token(ctx context.Context, stale string) (string, error) {
	if c.invalid != nil {
		return "", c.invalid
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	return c.source.Token(ctx, stale)
}
