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

// ErrUnknownAccount is what the function given to [NewClients] returns for an account
// that the program does not have. [Clients.Get] then returns it for 30 seconds
// without asking again.
var ErrUnknownAccount = fleet.ErrUnknownAccount

// Account is what a client of [Clients] is made from.
type Account struct {
	AppSecret Secret   // may be empty if Options contain WithTokenSource
	Options   []Option // of this account alone, after those of all; such as WithAPISecurity
}

// WithMaxClients bounds how many clients a [Clients] keeps: 10,000 by default. Beyond
// it the client that was not asked for the longest is dropped.
func WithMaxClients(n int) Option { return func(c *config) { c.maxClients = n } }

// WithIdleTimeout sets how long a [Clients] keeps a client that nobody asks for: an
// hour by default.
func WithIdleTimeout(d time.Duration) Option { return func(c *config) { c.idleTimeout = d } }

// Clients makes and keeps the clients of many accounts in one process (多账号). They
// share their connections, one retry budget and the [TokenStore], if there is one. It
// is safe for concurrent use and starts no goroutine of its own.
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

// NewClients returns a registry without clients. account returns the AppSecret of an
// account, such as from a database, and [ErrUnknownAccount] if there is no such
// account. It is called when a client is asked for the first time, once for all
// callers that wait, and when the platform refuses the AppSecret (重置AppSecret): the
// client then uses the new one without a failed call. It may take 5 seconds, and its
// errors, panics and hangs harm nobody but the callers that wait for this account.
//
// opts apply to all clients. What belongs to one account, as [WithTokenSource] and
// [WithAPISecurity] do, goes to [Account.Options]. What is wrong with opts is returned
// by every Get as an [*ArgumentError].
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
		problem = invalid("account", "is nil")
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
		return invalid("WithTokenSource", "supplies the tokens of one account: it belongs into Account.Options")
	case c.security != nil:
		return invalid("WithAPISecurity", "holds the keys of one account: it belongs into Account.Options")
	}
	return first(notNegative("WithMaxClients", c.maxClients), notNegative("WithIdleTimeout", c.idleTimeout))
}

// Get returns the client of an account, which it makes if it is not there. Ask for it
// each time and do not keep it for long. A client that was dropped since goes on
// working for those who have it.
//
// It returns [ErrUnknownAccount] if the program does not have the account,
// [ErrClosed] after [Clients.Close], and an error that wraps the program's if that
// failed; the last one is repeated for a second. When too many accounts fail, more
// than 100 at once or 10 a second, only those whose client is there are returned.
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

// Forget drops what is known of an account, so that the next Get asks the program for
// it: after its AppSecret or Options changed, or after an account that was unknown was
// added. Calls in flight go on.
func (c *Clients) Forget(appID string) { c.registry.Forget(appID) }

// Close closes the clients as [Client.Close] does, and their connections unless they
// belong to a client given by [WithHTTPClient]. Get returns [ErrClosed] after it.
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
	cfg.httpClient, cfg.store = nil, nil // shared, unless the account has its own
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
	return newClient(cfg, c.partsOf(cfg, own), problem), problem
}

// partsOf returns what a client with this configuration is made of: what all share,
// and in place of it what the account has of its own.
func (c *Clients) partsOf(cfg *config, ownStore bool) parts {
	p := c.shared
	p.owned = false
	if cfg.httpClient != nil {
		p.rest = newRest(cfg)
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
