package wechat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wechatoa/wechat/internal/fleet"
	"github.com/wechatoa/wechat/internal/redact"
	"github.com/wechatoa/wechat/internal/usercode"
)

const (
	defaultMaxClients  = 10_000
	defaultIdleTimeout = time.Hour
)

// ErrUnknownAccount is the error that the function given to [NewClients] returns if there
// is no such account. [Clients.Get] then returns it for 30 seconds without calling the
// function again.
var ErrUnknownAccount = fleet.ErrUnknownAccount

// Account contains what [Clients] needs to create the client of an account.
type Account struct {
	AppSecret Secret   // may be empty if Options contains WithTokenSource
	Options   []Option // for this account only, such as WithAPISecurity; applied after those of NewClients
}

// WithMaxClients sets how many clients a [Clients] keeps, 10,000 by default. If there are
// more, it drops the least recently used one.
func WithMaxClients(n int) Option { return func(c *config) { c.maxClients = n } }

// WithIdleTimeout sets how long a [Clients] keeps a client after [Clients.Get] last
// returned it, one hour by default.
func WithIdleTimeout(d time.Duration) Option { return func(c *config) { c.idleTimeout = d } }

// Clients creates and keeps the clients of many accounts in one process (多账号). The
// clients share their connections, one retry budget and the [TokenStore], if one is set.
// A Clients is safe for concurrent use and starts no goroutine of its own.
type Clients struct{ *clients }

// clients is behind a pointer so that no fmt verb prints what is in it.
type clients struct {
	opts     []Option
	cfg      *config // of opts
	shared   parts   // without a store if there is none to share
	problem  error   // with opts, the error of every Get
	account  func(ctx context.Context, appID string) (Account, error)
	asker    *fleet.Asker
	registry *fleet.Registry[*Client]
	logged   atomic.Int64 // when a panic of account was logged last, in Unix seconds
}

// NewClients returns a registry of clients, which is empty at first. account looks up an
// account, for example in a database, and returns [ErrUnknownAccount] if there is no such
// account. It is called when [Clients.Get] has to create a client, once for all waiting
// callers, and when the platform rejects the AppSecret: if the secret was reset
// (重置AppSecret), the client continues with the new one, and no call fails. account may
// take up to 5 seconds. An error, panic or hang affects only callers that wait for the
// same account.
//
// opts apply to all clients. Options that belong to one account, such as
// [WithTokenSource] and [WithAPISecurity], go into [Account.Options]. If an option is
// invalid, every Get returns an [*ArgumentError].
//
//	clients := wechat.NewClients(func(ctx context.Context, appID string) (wechat.Account, error) {
//		secret, err := lookUp(ctx, appID)
//		return wechat.Account{AppSecret: secret}, err
//	}, wechat.WithTokenStore(store))
//	client, err := clients.Get(ctx, appID)
func NewClients(account func(ctx context.Context, appID string) (Account, error), opts ...Option) *Clients {
	// The credentials stand for those of the accounts, which are checked one by one.
	cfg := newConfig("account", "secret", opts)
	problem := first(cfg.complete(), cfg.checkShared())
	if account == nil {
		problem = invalid("account", "must not be nil")
	}
	c := &Clients{&clients{
		opts: slices.Clone(opts), cfg: cfg, shared: cfg.parts(), problem: problem, account: account, asker: fleet.NewAsker(),
	}}
	if cfg.store == nil {
		c.shared.stored = nil
	}
	c.registry = fleet.New(cmp.Or(cfg.maxClients, defaultMaxClients), cmp.Or(cfg.idleTimeout, defaultIdleTimeout), c.newClient)
	return c
}

// checkShared refuses options that cannot be those of several accounts.
func (c *config) checkShared() error {
	switch {
	case c.source != nil:
		return invalid("WithTokenSource", "must be given in Account.Options: it supplies the tokens of one account")
	case c.secure != nil:
		return invalid("WithAPISecurity", "must be given in Account.Options: it contains the keys of one account")
	}
	return first(notNegative("WithMaxClients", c.maxClients), notNegative("WithIdleTimeout", c.idleTimeout))
}

// Get returns the client of an account, and creates it if necessary. Call Get each time
// you need the client, and do not keep the client for long. A client that has been
// dropped continues to work for callers that still hold it.
//
// Get returns [ErrUnknownAccount] if there is no such account, and [ErrClosed] after
// [Clients.Close]. If the function given to [NewClients] fails, Get returns an error that
// wraps its error, and for one second returns it again without calling the function. If
// the function fails for more than 100 accounts at once or 10 a second, Get returns only
// existing clients, and an error for all other accounts.
func (c *Clients) Get(ctx context.Context, appID string) (*Client, error) {
	if err := first(c.problem, checkContext(ctx), checkAppID(appID)); err != nil {
		return nil, err
	}
	for {
		client, err := c.registry.Get(ctx, appID)
		switch {
		case errors.Is(err, fleet.ErrClosed):
			return nil, ErrClosed
		case err != nil:
			return nil, fmt.Errorf("wechat: account %s: %w", appID, err)
		case !client.closed.Load():
			return client, nil
		}
		c.registry.Forget(appID) // its user has closed it
	}
}

func checkAppID(appID string) error {
	if !fleet.IsAccount(appID) {
		return invalid("appID", "must be 1 to 64 letters, digits, hyphens and underscores")
	}
	return nil
}

// Forget drops the client of an account, or the error that Get returns for it, so that
// the next Get looks the account up again. Call it if the AppSecret or the Options of the
// account have changed, or if an unknown account has been added. Calls in flight
// continue.
func (c *Clients) Forget(appID string) { c.registry.Forget(appID) }

// Close closes all clients as [Client.Close] does, and the idle connections that they
// share, unless these belong to a client given by [WithHTTPClient] or [WithRestyClient]. Later calls of Get
// return [ErrClosed].
func (c *Clients) Close() error {
	var closing sync.WaitGroup
	for _, client := range c.registry.Close() {
		closing.Go(func() { _ = client.Close() })
	}
	closing.Wait()
	if c.shared.owned {
		c.shared.rest.GetClient().CloseIdleConnections()
	}
	return nil
}

// newClient makes the client of an account.
func (c *Clients) newClient(ctx context.Context, appID string) (*Client, error) {
	a, err := c.ask(ctx, appID)
	if err != nil {
		return nil, err
	}
	cfg := newConfig(appID, string(a.AppSecret), c.opts)
	cfg.maxClients, cfg.idleTimeout = 0, 0
	cfg.httpClient, cfg.resty, cfg.isResty, cfg.maxConns, cfg.store = nil, nil, false, 0, nil // shared, unless the account has its own
	cfg.apply(a.Options)
	own := cfg.store != nil
	if !own {
		cfg.store = c.cfg.store
	}
	cfg.renewSecret = func(ctx context.Context) (Secret, error) {
		a, err := c.ask(ctx, appID)
		return a.AppSecret, err
	}
	problem := first(cfg.complete(), cfg.checkAlone())
	if cfg.maxConns != 0 && problem == nil {
		problem = invalid("WithMaxConns", "must be given to NewClients, whose clients share their connections")
	}
	return newClient(cfg, c.partsOf(cfg, own), problem), problem
}

// partsOf returns what a client with this configuration is made of: what all share,
// and in place of it what the account has of its own.
func (c *Clients) partsOf(cfg *config, ownStore bool) parts {
	p := c.shared
	p.owned = false
	ownSender := cfg.httpClient != nil || cfg.isResty
	if ownSender {
		p.connect(cfg)
	}
	if ownSender || cfg.baseURL != c.cfg.baseURL {
		p.failover = new(failover) // what this account cannot reach, others may
	}
	if ownStore || p.stored == nil {
		p.stored = cfg.stored()
	}
	return p
}

// ask asks the program for an account.
func (c *Clients) ask(ctx context.Context, appID string) (Account, error) {
	a, err := fleet.Ask(ctx, c.asker, appID, func(ctx context.Context) (Account, error) { return c.account(ctx, appID) })
	var panicked *usercode.PanicError
	switch {
	case errors.As(err, &panicked):
		c.reportPanic(ctx, panicked)
		return Account{}, errPanicked // without its value, which may be a secret
	case err != nil:
		return Account{}, redact.New().Error(err)
	}
	return a, nil
}

var errPanicked = errors.New("the function given to NewClients panicked")

// reportPanic logs a panic, once a minute.
func (c *Clients) reportPanic(ctx context.Context, p *usercode.PanicError) {
	now, last := time.Now().Unix(), c.logged.Load()
	if now-last >= 60 && c.logged.CompareAndSwap(last, now) {
		c.cfg.log.LogAttrs(ctx, slog.LevelError, "wechat: "+errPanicked.Error(), slog.String("stack", string(p.Stack)))
	}
}
