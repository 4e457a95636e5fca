// Package redisstore shares tokens, duplicate detection, activity and sessions
// between the servers of a fleet, through Redis.
//
//	rdb := redis.NewClient(&redis.Options{Addr: "redis:6379", ContextTimeoutEnabled: true})
//	store := redisstore.New(rdb)
//
//	client := wechat.NewClient(appID, appSecret, wechat.WithTokenStore(store))
//	handler, err := callback.NewHandler(callback.Config{
//		AppID: appID, Credentials: credentials,
//		Dedupe:   store,
//		Activity: callback.NewActivity(store.Activity(appID)),
//	})
//	bookings := callback.NewSessions[Booking](store.Sessions(appID, "booking"), time.Hour)
//
// One [Store] serves any number of accounts. It needs Redis 6 or later, or a compatible
// server that runs Lua scripts. It works with a single server, with Sentinel, and with
// a cluster, in which all keys of an account are in one slot.
//
// # Options of go-redis
//
// Every call of a store has a context that ends after 250 milliseconds. go-redis
// observes it only if ContextTimeoutEnabled is set. Without it, the SDK still stops
// waiting after that time, so a server that hangs causes no longer delays. But each
// such call occupies a goroutine and a connection for ReadTimeout, which is 3 seconds
// by default. PoolSize limits their number.
//
// # Keys
//
// Every key begins with "wechat:{", the AppID and "}", and every key has a TTL:
//
//	wechat:{AppID}:token:…, :ticket:…      tokens and tickets, as long as they are valid
//	wechat:{AppID}:…:lock                  the process that is fetching one, 10 seconds
//	wechat:{AppID}:…:forced                forced refreshes of the last 24 hours
//	wechat:{AppID}:push:…                  a push, 10 minutes with the default window
//	wechat:{AppID}:reply:…                 its reply, 20 seconds
//	wechat:{AppID}:user:…                  when a follower last wrote, [ActivityRetention]
//	wechat:{AppID}:menu                    the menu keys, [ActivityRetention]
//	wechat:{AppID}:session:…               a session, as long as the program says
//
// Keys contain no secrets, but values do; see [WithEncryption].
package redisstore

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Store holds the data that the servers of a fleet share. It is a wechat.TokenStore, a
// wechat.TokenLocker and a [callback.DedupeStore]; [Store.Activity] and
// [Store.Sessions] return the stores that belong to one account. It is safe for
// concurrent use, and all of its state is in Redis.
//
// [callback.DedupeStore]: https://pkg.go.dev/github.com/wechatoa/wechat/callback#DedupeStore
type Store struct {
	client redis.UniversalClient
	ring   ring
	log    *slog.Logger

	mu       sync.Mutex
	reported time.Time // when a value that is not of this store was last logged
}

// Option configures a [Store].
type Option func(*Store)

// WithEncryption encrypts tokens, tickets, replies and sessions with AES-256-GCM. Each
// value is bound to the Redis key that it is stored under, and so to its account: a
// value that is copied to another Redis key cannot be decrypted there.
//
// New values are encrypted with current. Values that were encrypted with one of the
// previous keys can still be read. To replace a key so that all servers can always read
// each other's values, first roll out the new key as a previous one. Then roll it out
// as the current one, with the old key as a previous one.
//
// A value that no key decrypts counts as missing, and the next value replaces it. This
// includes plaintext values and, for a store without this option, encrypted ones. It is
// logged at most once in 10 minutes. Servers with different keys therefore work, but
// share nothing.
func WithEncryption(current Key, previous ...Key) Option {
	return func(s *Store) { s.ring = append(ring{current}, previous...) }
}

// WithLogger sets the logger of values that cannot be decrypted, and of others that are
// not of a store; nil is [slog.Default].
func WithLogger(l *slog.Logger) Option { return func(s *Store) { s.log = l } }

// New returns a Store that uses client. The caller remains responsible for closing
// client.
func New(client redis.UniversalClient, opts ...Option) *Store {
	s := &Store{client: client}
	for _, opt := range opts {
		opt(s)
	}
	return s
}

// reportEvery is how often values that are not of this store are logged.
const reportEvery = 10 * time.Minute

// open returns the value of what is stored under key, "" if nothing is, or nothing
// that can be decrypted.
func (s *Store) open(ctx context.Context, key, stored string) string {
	value, ok := s.ring.open(key, stored)
	if ok || stored == "" {
		return value
	}
	s.report(ctx, key, "redisstore: a stored value cannot be decrypted and counts as missing")
	return ""
}

// report logs a value that is not of this store.
func (s *Store) report(ctx context.Context, key, message string) {
	s.mu.Lock()
	now := time.Now()
	due := s.reported.IsZero() || now.Sub(s.reported) >= reportEvery
	if due {
		s.reported = now
	}
	s.mu.Unlock()
	if due {
		log := cmp.Or(s.log, slog.Default())
		log.WarnContext(ctx, message, slog.String("key", kindOf(key)))
	}
}

// kindOf returns the beginning of a key, without the follower.
func kindOf(key string) string {
	parts := strings.SplitN(key, ":", 4)
	return strings.Join(parts[:min(len(parts), 3)], ":")
}

// run runs a script. A server without EVALSHA, which some operators rename, quotes the first
// arguments in its error, and so a token or a reply.
func (s *Store) run(ctx context.Context, script *redis.Script, keys []string, args ...any) *redis.Cmd {
	cmd := script.Run(ctx, s.client, keys, args...)
	if err := cmd.Err(); err != nil {
		if text, _, quotes := strings.Cut(err.Error(), ", with args beginning with:"); quotes {
			cmd.SetErr(errors.New("redisstore: " + text))
		}
	}
	return cmd
}

var errResponse = errors.New("redisstore: the response of a script is cut")

// results returns the n results of a script.
func results(cmd *redis.Cmd, n int) ([]any, error) {
	list, err := cmd.Slice()
	if err == nil && len(list) != n {
		err = errResponse
	}
	return list, err
}

// longestTTL stands for TTLs that are meant to be endless.
const longestTTL = 100 * 365 * 24 * time.Hour

// milliseconds converts a TTL and rounds up, because Redis refuses a TTL of 0.
func milliseconds(ttl time.Duration) int64 {
	return int64((min(max(ttl, 1), longestTTL) + time.Millisecond - 1) / time.Millisecond)
}
