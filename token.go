package wechat

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	classicTokenPath = "/cgi-bin/token"
	stableTokenPath  = "/cgi-bin/stable_token"
)

// TokenSource gives the access_token of calls. A [*Client] is one, [StaticToken]
// is another.
type TokenSource interface {
	// Token returns a token. stale is the one that the platform has just refused, or
	// ""; a source that knows another one returns that, a source that does not
	// returns stale again.
	Token(ctx context.Context, stale string) (string, error)
}

// StaticToken is a token that never changes, for tests and short programs.
type StaticToken Secret

// Token returns the token.
func (t StaticToken) Token(context.Context, string) (string, error) { return string(t), nil }

// String returns a mask.
func (t StaticToken) String() string { return mask }

// GoString returns a mask.
func (t StaticToken) GoString() string { return mask }

// MarshalText writes a mask.
func (t StaticToken) MarshalText() ([]byte, error) { return Secret(t).MarshalText() }

// TokenStore shares values with other processes: access_token, tickets and the
// record of forced refreshes. Its methods use no type of this package, so that a
// store needs not import it. A store that fails costs latency and quota, never a
// call: the client goes on with what it knows.
type TokenStore interface {
	// Load returns the value of key and how long it still lives; "" where there is none.
	Load(ctx context.Context, key string) (value string, life time.Duration, err error)
	// Swap sets the value of key if it still is old ("" for no value), and reports
	// whether it did.
	Swap(ctx context.Context, key, old, value string, life time.Duration) (bool, error)
}

// TokenLocker is what a [TokenStore] may be too: with it only one process of a
// fleet fetches a token at a time, and the others take its result.
type TokenLocker interface {
	// Lock takes the lock of key for at most life. ok is false where another holds
	// it. unlock gives it back, if it is still held.
	Lock(ctx context.Context, key string, life time.Duration) (unlock func(), ok bool, err error)
}

// MemoryStore is a [TokenStore] for the clients of one process. Its zero value is
// not usable, see [NewMemoryStore].
type MemoryStore struct {
	mu     sync.Mutex
	values map[string]stored
}

type stored struct {
	value string
	end   time.Time
}

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore { return &MemoryStore{values: map[string]stored{}} }

// Load returns the value of key.
func (m *MemoryStore) Load(_ context.Context, key string) (string, time.Duration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, life := m.get(key)
	return value, life, nil
}

// Swap sets the value of key if it still is old.
func (m *MemoryStore) Swap(_ context.Context, key, old, value string, life time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if current, _ := m.get(key); current != old {
		return false, nil
	}
	m.values[key] = stored{value: value, end: time.Now().Add(life)}
	return true, nil
}

func (m *MemoryStore) get(key string) (string, time.Duration) {
	s := m.values[key]
	life := time.Until(s.end)
	if life <= 0 {
		delete(m.values, key)
		return "", 0
	}
	return s.value, life
}

const (
	minLife = 10 * time.Second // shortest life that is believed
	maxLife = 2 * time.Hour    // longest

	maxMargin    = 5 * time.Minute  // a token is renewed this long before its end
	maxMustWait  = 30 * time.Second // and is not used any more this long before it
	minInterval  = 30 * time.Second // between fetches that can not bring anything new
	afterFailure = 15 * time.Second // between fetches while the old token still works

	fetchDeadline = 5 * time.Second
	storeDeadline = 250 * time.Millisecond
	lockLife      = 10 * time.Second

	refusalInterval = 5 * time.Second // between fetches that refused tokens cause

	forcedKept     = 24 * time.Hour
	forcedInterval = 30 * time.Second
	forcedPerDay   = 20
)

// tokenCache keeps one value that is fetched, expires and can be refused: the
// access_token, or a ticket.
//
// A value goes through three times. Fresh, it is handed out without a lock. In the
// advisory time one flight renews it while all callers use it. In the mandatory
// time, and where the platform refused it, all callers wait for that flight. The
// flight belongs to the cache: a caller that gives up does not end it.
type tokenCache struct {
	key    string
	store  TokenStore
	fetch  func(ctx context.Context, how fetchMode) (value string, life time.Duration, err error)
	forces bool // forced refreshes are allowed
	extend bool // the same value fetched again has begun a new life
	log    *slog.Logger

	current atomic.Pointer[grant]

	base   context.Context //nolint:containedctx // parent of the flights, ends with close
	cancel context.CancelFunc
	flying sync.WaitGroup

	mu           sync.Mutex
	flight       *flight
	failure      error // of the last flight
	failureUntil time.Time
	refused      time.Time // when a refused token last caused a flight
	warned       map[string]time.Time
}

// fetchMode says what a fetch is for.
type fetchMode int

const (
	fetchAhead  fetchMode = iota // the current value still works: one attempt
	fetchNow                     // callers wait
	fetchForced                  // callers wait, and the platform must make a new value
)

// grant is a value with its times.
type grant struct {
	value     string
	refreshAt time.Time // the advisory time begins
	mustAt    time.Time // the mandatory time begins
	end       time.Time
}

type flight struct {
	how   fetchMode
	done  chan struct{}
	value string
	err   error
}

func newTokenCache(key string, store TokenStore, log *slog.Logger, fetch func(context.Context, fetchMode) (string, time.Duration, error)) *tokenCache {
	base, cancel := context.WithCancel(context.Background())
	return &tokenCache{
		key: key, store: store, fetch: fetch, log: log,
		base: base, cancel: cancel, warned: map[string]time.Time{},
	}
}

// Token returns the value, see [TokenSource].
func (t *tokenCache) Token(ctx context.Context, stale string) (string, error) {
	now := time.Now()
	if g := t.current.Load(); g != nil && g.value != stale {
		if now.Before(g.refreshAt) {
			return g.value, nil
		}
		if now.Before(g.mustAt) {
			t.renew(now)
			return g.value, nil
		}
	}
	f, value, err := t.join(now, stale)
	if f == nil {
		return value, err
	}
	select {
	case <-f.done:
		if g := t.current.Load(); f.err != nil && g != nil && g.value != stale && time.Now().Before(g.end) {
			return g.value, nil
		}
		return f.value, f.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// renew starts a flight in the advisory time, unless one is under way or has just failed.
func (t *tokenCache) renew(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.flight != nil || now.Before(t.failureUntil) || now.Before(t.current.Load().refreshAt) {
		return
	}
	t.start("", fetchAhead)
}

// join returns the flight to wait for, or the answer where none is needed.
func (t *tokenCache) join(now time.Time, stale string) (*flight, string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.current.Load()
	switch {
	case g != nil && g.value != stale && now.Before(g.mustAt):
		return nil, g.value, nil
	case t.flight != nil:
		return t.flight, "", nil
	case stale != "" && g != nil && g.value == stale && now.Sub(t.refused) < refusalInterval:
		return nil, stale, nil // asked just now: the platform has no other
	case now.Before(t.failureUntil):
		if g != nil && g.value != stale && now.Before(g.end) {
			return nil, g.value, nil
		}
		return nil, "", t.failure
	}
	if stale != "" {
		t.refused = now
	}
	return t.start(stale, fetchNow), "", nil
}

// start begins a flight; the caller holds mu.
func (t *tokenCache) start(stale string, how fetchMode) *flight {
	f := &flight{how: how, done: make(chan struct{})}
	t.flight = f
	t.flying.Add(1)
	go func() {
		defer t.flying.Done()
		ctx, cancel := context.WithTimeout(t.base, fetchDeadline)
		defer cancel()
		value, life, err := t.obtain(ctx, stale, how)
		t.land(f, value, life, err)
	}()
	return f
}

// land ends a flight with its result.
func (t *tokenCache) land(f *flight, value string, life time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	old := t.current.Load()
	if err != nil {
		t.failure, t.failureUntil = err, now.Add(patience(err))
		if f.how == fetchAhead {
			t.failureUntil = now.Add(max(afterFailure, patience(err)))
			t.warn(now, "wechat: token could not be renewed, the old one is still used", err)
		}
		f.err = err
	} else {
		t.failure, t.failureUntil = nil, time.Time{}
		f.value = value
		if t.extend {
			old = nil
		}
		t.current.Store(schedule(old, value, life, now))
	}
	t.flight = nil
	close(f.done)
}

// schedule makes the grant of a value that lives this long.
func schedule(old *grant, value string, life time.Duration, now time.Time) *grant {
	life = min(max(life, minLife), maxLife)
	margin := min(maxMargin, life/10)
	floor := min(minInterval, life)
	g := &grant{
		value:     value,
		refreshAt: now.Add(max(life-margin, floor)),
		mustAt:    now.Add(max(life-min(maxMustWait, margin/5), floor)),
		end:       now.Add(life),
	}
	if old != nil && old.value == value && old.mustAt.After(now) {
		// The platform has no newer one yet: its end is what was said first, and
		// asking again soon is useless.
		g.refreshAt, g.mustAt, g.end = now.Add(floor), old.mustAt, old.end
		if g.refreshAt.Before(old.refreshAt) {
			g.refreshAt = old.refreshAt
		}
	}
	return g
}

// patience is how long a failed fetch answers for all callers.
func patience(err error) time.Duration {
	var refusal *Error
	switch {
	case errors.Is(err, ErrConfiguration), errors.Is(err, ErrQuotaExceeded):
		return 30 * time.Second
	case errors.As(err, &refusal):
		return 5 * time.Second
	}
	return time.Second
}

// obtain takes the value from the store where another process has put a new one
// there, and from the platform else.
func (t *tokenCache) obtain(ctx context.Context, stale string, how fetchMode) (string, time.Duration, error) {
	known := stale
	if g := t.current.Load(); g != nil {
		known = g.value
	}
	shared, life := t.load(ctx)
	if adoptable(shared, life, stale, known) {
		return shared, life, nil
	}
	if locker, ok := t.store.(TokenLocker); ok {
		unlock, value, life := t.lock(ctx, locker, stale, known)
		defer unlock()
		if value != "" {
			return value, life, nil
		}
	}
	value, life, err := t.request(ctx, how)
	if err != nil {
		return "", 0, err
	}
	if value == stale && t.forces && t.mayForce(ctx) {
		if forced, forcedLife, err := t.request(ctx, fetchForced); err == nil {
			value, life = forced, forcedLife
		} else {
			t.warnLocked("wechat: forced refresh of the token failed", err)
		}
	}
	return t.publish(ctx, shared, value, life)
}

func adoptable(shared string, life time.Duration, stale, known string) bool {
	return shared != "" && shared != stale && shared != known && life > minInterval
}

func (t *tokenCache) request(ctx context.Context, how fetchMode) (string, time.Duration, error) {
	value, life, err := t.fetch(ctx, how)
	if err == nil && strings.TrimSpace(value) == "" {
		err = errors.New("wechat: the platform answered an empty token")
	}
	return value, life, err
}

// publish puts a fetched value into the store. Where another process was faster,
// its value is the newer one.
func (t *tokenCache) publish(ctx context.Context, old, value string, life time.Duration) (string, time.Duration, error) {
	if value == old {
		return value, life, nil
	}
	sctx, cancel := context.WithTimeout(ctx, storeDeadline)
	defer cancel()
	swapped, err := t.store.Swap(sctx, t.key, old, value, min(max(life, minLife), maxLife))
	if err != nil {
		t.warnLocked("wechat: token could not be shared", err)
		return value, life, nil
	}
	if swapped {
		return value, life, nil
	}
	if shared, sharedLife := t.load(ctx); adoptable(shared, sharedLife, "", old) {
		return shared, sharedLife, nil
	}
	return value, life, nil
}

func (t *tokenCache) load(ctx context.Context) (string, time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, storeDeadline)
	defer cancel()
	value, life, err := t.store.Load(ctx, t.key)
	if err != nil {
		t.warnLocked("wechat: shared token could not be read", err)
		return "", 0
	}
	return value, life
}

// lock waits for the fleet's lock, or for the value that its holder fetches.
func (t *tokenCache) lock(ctx context.Context, locker TokenLocker, stale, known string) (unlock func(), value string, life time.Duration) {
	for {
		sctx, cancel := context.WithTimeout(ctx, storeDeadline)
		unlock, ok, err := locker.Lock(sctx, t.key+":lock", lockLife)
		cancel()
		if err != nil {
			t.warnLocked("wechat: token lock could not be taken", err)
			return func() {}, "", 0
		}
		if ok {
			// Its last holder may have finished between our look and our lock.
			if shared, life := t.load(ctx); adoptable(shared, life, stale, known) {
				return unlock, shared, life
			}
			return unlock, "", 0
		}
		if sleep(ctx, 50*time.Millisecond+jitter(50*time.Millisecond)) != nil {
			return func() {}, "", 0
		}
		if shared, life := t.load(ctx); adoptable(shared, life, stale, known) {
			return func() {}, shared, life
		}
	}
}

// mayForce takes one forced refresh out of the day's budget, which all processes
// with the same store share.
func (t *tokenCache) mayForce(ctx context.Context) bool {
	key := t.key + ":forced"
	record, _, err := t.store.Load(ctx, key)
	if err != nil {
		return false
	}
	now := time.Now()
	var kept []string
	for _, field := range strings.Split(record, ",") {
		sec, err := strconv.ParseInt(field, 10, 64)
		if err != nil || now.Sub(time.Unix(sec, 0)) >= forcedKept {
			continue
		}
		if now.Sub(time.Unix(sec, 0)) < forcedInterval {
			return false
		}
		kept = append(kept, field)
	}
	if len(kept) >= forcedPerDay {
		return false
	}
	kept = append(kept, strconv.FormatInt(now.Unix(), 10))
	swapped, err := t.store.Swap(ctx, key, record, strings.Join(kept, ","), forcedKept)
	return err == nil && swapped
}

func (t *tokenCache) warnLocked(message string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.warn(time.Now(), message, err)
}

// warn logs a kind of trouble at most once a minute; the caller holds mu.
func (t *tokenCache) warn(now time.Time, message string, err error) {
	if last, ok := t.warned[message]; ok && now.Sub(last) < time.Minute {
		return
	}
	t.warned[message] = now
	t.log.Warn(message, slog.Any("error", err))
}

// close ends the flight under way and waits for it.
func (t *tokenCache) close() {
	t.cancel()
	t.flying.Wait()
}

// newTokenCache makes the cache of the account's access_token.
func (c *Client) newTokenCache(store TokenStore) *tokenCache {
	kind := "stable"
	if c.cfg.classicToken {
		kind = "classic"
	}
	t := newTokenCache("wechat:{"+c.cfg.appID+"}:token:"+kind, store, c.cfg.log, c.fetchToken)
	t.forces = c.cfg.forcedRefresh && !c.cfg.classicToken
	return t
}

func (c *Client) fetchToken(ctx context.Context, how fetchMode) (string, time.Duration, error) {
	req := c.stableTokenRequest(how == fetchForced)
	if c.cfg.classicToken {
		req = c.classicTokenRequest()
	}
	req.fetchesToken, req.fetchesAhead = true, how == fetchAhead
	token, err := do[AccessToken](ctx, c, req)
	if err != nil {
		return "", 0, err
	}
	return string(token.Token), seconds(token.ExpiresIn), nil
}

// seconds turns a number of the platform into a duration that does not overflow.
func seconds(n Int) time.Duration {
	return time.Duration(min(max(n, 0), Int(maxLife/time.Second))) * time.Second
}
