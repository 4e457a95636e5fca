package wechat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/wechatoa/wechat/internal/tokencache"
	"github.com/wechatoa/wechat/internal/usercode"
)

const (
	classicTokenPath = "/cgi-bin/token"
	stableTokenPath  = "/cgi-bin/stable_token"
)

// TokenSource supplies the access_token for calls. A [*Client] and a [StaticToken] are
// token sources.
type TokenSource interface {
	// Token returns a token. rejected is "" or the token that the platform has just
	// rejected. After a rejection, Token returns a different token if one is available,
	// and otherwise the rejected one.
	Token(ctx context.Context, rejected string) (string, error)
}

// StaticToken is a token that never changes, for tests and short programs. It is
// redacted by fmt, slog and the encoding packages.
type StaticToken Secret

// Token returns the token.
func (t StaticToken) Token(context.Context, string) (string, error) { return string(t), nil }

// String returns the redacted text.
func (t StaticToken) String() string { return mask }

// GoString returns the redacted text.
func (t StaticToken) GoString() string { return mask }

// Format writes the redacted text for every verb.
func (t StaticToken) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, mask) }

// LogValue returns the redacted text.
func (t StaticToken) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalText returns the redacted text.
func (t StaticToken) MarshalText() ([]byte, error) { return Secret(t).MarshalText() }

// TokenStore shares values between processes: the access_token, tickets and the record
// of forced refreshes. Its methods use no type of this package, so a store does not
// need to import it.
//
// A store may fail, panic or hang: each call to it is abandoned after 250 milliseconds,
// and after a few failures it is not called for a while. The client continues without
// it, so a failing store costs latency and quota, but fails no API call. Values are
// secrets; keys and lock owners are not. Keys contain the AppID in braces, so that a
// Redis cluster keeps all keys of an account together.
type TokenStore interface {
	// Load returns the value of key and its remaining TTL. It returns "" if there is
	// no value or it has expired. The TTL is measured by the store's clock; the clocks
	// of the processes may differ.
	Load(ctx context.Context, key string) (value string, ttl time.Duration, err error)
	// Swap sets the value of key to value and its TTL to ttl if the value is still
	// old, and reports whether it did. "" for old means that there must be no value.
	// old and value may be equal; then only the TTL is set. Comparing and setting must
	// be one atomic step: a script in Redis, or in SQL one UPDATE … WHERE value = old (or
	// an INSERT that fails on a duplicate key).
	//
	// Swap also guards against stalled processes: the client reads old before it fetches.
	// If a process stalls in between until its lock has expired and another process has
	// fetched a newer token, its Swap no longer finds old and changes nothing. The platform
	// never issues a token again after it was replaced, so comparing values is as good as
	// comparing generations.
	Swap(ctx context.Context, key, old, value string, ttl time.Duration) (bool, error)
}

// TokenLocker is an interface that a [TokenStore] can also implement. With it, only one
// process at a time fetches a token, and the others use its result. [WithClassicToken]
// requires it. The keys of locks differ from those of values, so a store can keep both in
// one place.
type TokenLocker interface {
	// Lock acquires the lock of key for owner if it is free, has expired, or is already
	// held by owner. The lock then lasts for ttl from now; the owner renews it by calling
	// Lock again. Lock returns 0 if owner now holds the lock, and otherwise the remaining
	// TTL of the other owner's lock, which shows whether that owner still renews it. It
	// does not wait. Like Swap, it must be one atomic step. Each client uses a random
	// owner.
	Lock(ctx context.Context, key, owner string, ttl time.Duration) (wait time.Duration, err error)
	// Unlock releases the lock of key if owner holds it; otherwise it does nothing.
	Unlock(ctx context.Context, key, owner string) error
}

// MemoryTokenStore is a [TokenStore] with locks for the clients of one process. Its
// zero value is an empty store. It must not be copied.
type MemoryTokenStore struct {
	mu     sync.Mutex
	values map[string]stored
}

// stored is a value or the owner of a lock.
type stored struct {
	value string
	end   time.Time
}

// NewMemoryTokenStore returns an empty store.
func NewMemoryTokenStore() *MemoryTokenStore { return new(MemoryTokenStore) }

// Load returns the value of key.
func (m *MemoryTokenStore) Load(_ context.Context, key string) (string, time.Duration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ttl := m.get(key)
	return value, ttl, nil
}

// Swap sets the value of key if it is still old.
func (m *MemoryTokenStore) Swap(_ context.Context, key, old, value string, ttl time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if current, _ := m.get(key); current != old {
		return false, nil
	}
	m.set(key, value, ttl)
	return true, nil
}

// Lock acquires or renews the lock of key.
func (m *MemoryTokenStore) Lock(_ context.Context, key, owner string, ttl time.Duration) (time.Duration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key = "lock of " + key
	if other, wait := m.get(key); other != "" && other != owner {
		return wait, nil
	}
	m.set(key, owner, ttl)
	return 0, nil
}

// Unlock releases the lock of key.
func (m *MemoryTokenStore) Unlock(_ context.Context, key, owner string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	key = "lock of " + key
	if other, _ := m.get(key); other == owner {
		delete(m.values, key)
	}
	return nil
}

func (m *MemoryTokenStore) get(key string) (string, time.Duration) {
	s := m.values[key]
	ttl := time.Until(s.end)
	if ttl <= 0 {
		delete(m.values, key)
		return "", 0
	}
	return s.value, ttl
}

func (m *MemoryTokenStore) set(key, value string, ttl time.Duration) {
	if m.values == nil {
		m.values = map[string]stored{}
	}
	m.values[key] = stored{value: value, end: time.Now().Add(ttl)}
}

// fetchFunc fetches a token or a ticket.
type fetchFunc = func(ctx context.Context, mode tokencache.Mode) (string, time.Duration, error)

// cacheConfig returns the configuration of a cache for tokens or tickets.
func (c *Client) cacheConfig(name string, shared *tokencache.Shared, fetch fetchFunc) tokencache.Config {
	return tokencache.Config{
		Key:        "wechat:{" + c.cfg.appID + "}:" + name,
		Shared:     shared,
		Fetch:      c.harmless(fetch),
		FailureTTL: failureTTL,
		Remembered: remembered,
		Log:        c.cfg.log,
	}
}

// newTokenCache returns the cache of the account's access_token.
func (c *Client) newTokenCache(shared *tokencache.Shared) *tokencache.Cache {
	if !c.cfg.classicToken {
		cfg := c.cacheConfig("token:stable", shared, c.fetchToken)
		cfg.Force = c.cfg.forcedRefresh
		return tokencache.New(cfg)
	}
	cfg := c.cacheConfig("token:classic", shared, c.fetchToken)
	cfg.Exclusive, cfg.LockRequired = true, c.cfg.lockRequired
	cfg.Advice = "use stable tokens (without WithClassicToken), or let all programs of the account share one TokenStore or TokenSource"
	return tokencache.New(cfg)
}

// fetchToken fetches an access_token.
func (c *Client) fetchToken(ctx context.Context, mode tokencache.Mode) (string, time.Duration, error) {
	token, err := doWithSecret[AccessToken](ctx, c, func(secret string) Request {
		req := c.stableTokenRequest(secret, mode == tokencache.Forced)
		if c.cfg.classicToken {
			req = c.classicTokenRequest(secret)
		}
		req.fetchesToken, req.fetchesAhead = true, mode == tokencache.Ahead
		return req
	})
	if err != nil {
		return "", 0, err
	}
	return string(token.Token), seconds(token.ExpiresIn), nil
}

// harmless turns a panic of the program's transport into an error without secrets.
func (c *Client) harmless(fetch fetchFunc) fetchFunc {
	return func(ctx context.Context, mode tokencache.Mode) (value string, ttl time.Duration, err error) {
		err = usercode.Recover(func() (err error) {
			value, ttl, err = fetch(ctx, mode)
			return err
		})
		if panicked := (*usercode.PanicError)(nil); errors.As(err, &panicked) {
			err = c.hide.Error(err)
		}
		return value, ttl, err
	}
}

// failureTTL returns how long fetches are certain to fail after an error.
func failureTTL(err error) time.Duration {
	var refusal *Error
	switch {
	case errors.Is(err, ErrConfiguration), errors.Is(err, ErrQuotaExceeded):
		return 30 * time.Second
	case errors.Is(err, ErrBusy):
		return 0
	case errors.As(err, &refusal):
		return 5 * time.Second
	}
	return 0
}

// remembered returns a refusal for callers that come while the platform is not asked.
func remembered(err error, wait time.Duration) error {
	refusal, ok := err.(*Error) //nolint:errorlint // as fetchToken returned it
	if !ok {
		return err
	}
	seconds := (wait + time.Second - 1).Truncate(time.Second)
	c := *refusal
	c.RetryAfter, c.note = wait, "remembered, the platform is asked again in "+seconds.String()
	return &c
}

// maxTokenTTL is the longest TTL of the platform's tokens and tickets.
const maxTokenTTL = 2 * time.Hour

// seconds converts expires_in, limited so that it does not overflow.
func seconds(n int64) time.Duration {
	return time.Duration(min(max(n, 0), int64(maxTokenTTL/time.Second))) * time.Second
}
