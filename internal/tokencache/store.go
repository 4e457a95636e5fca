package tokencache

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/wechatoa/wechat/internal/redact"
	"github.com/wechatoa/wechat/internal/usercode"
)

// Store shares values between processes.
type Store interface {
	// Load returns the value of key and its remaining TTL, or "" if there is none.
	Load(ctx context.Context, key string) (value string, ttl time.Duration, err error)
	// Swap sets the value of key if it still is old, and reports whether it did.
	Swap(ctx context.Context, key, old, value string, ttl time.Duration) (bool, error)
}

// Locker is implemented by a [Store] with locks.
type Locker interface {
	// Lock takes or renews the lock of key for owner. It returns 0 if owner has the
	// lock, and otherwise the remaining TTL of the lock of the other owner.
	Lock(ctx context.Context, key, owner string, ttl time.Duration) (wait time.Duration, err error)
	// Unlock releases the lock of key if owner has it.
	Unlock(ctx context.Context, key, owner string) error
}

const (
	// endTolerance is how much two readings of the same end may differ: the store
	// rounds, and calling it takes time.
	endTolerance = 5 * time.Second
	// reportInterval is how often a failure of the store that continues is logged.
	reportInterval = 10 * time.Minute
)

// Shared calls a [Store] of the program, which may fail, hang or panic. The begin and
// the end of a failure are logged.
type Shared struct {
	store  Store
	locker Locker // nil if the store has no locks
	log    *slog.Logger

	loads, swaps, locks, unlocks usercode.Guard // one may hang while others work

	mu       sync.Mutex
	failing  map[string]bool // operations whose last call failed
	reported bool            // the present failure was logged
	last     time.Time       // when a failure was last logged
}

// NewShared returns the store for the caches of a client. log must survive its handler.
func NewShared(s Store, log *slog.Logger) *Shared {
	locker, _ := s.(Locker)
	return &Shared{store: s, locker: locker, log: log, failing: map[string]bool{}}
}

// record is a value of the store.
type record struct {
	value   string
	ttl     time.Duration
	at      time.Time // when ttl was read
	unknown bool      // the store could not be read
}

// wellFormed reports whether a stored value can be a token or ticket: printable ASCII
// without spaces and the punctuation of JSON and HTML. Other values are overwritten.
func wellFormed(value string) bool {
	for _, r := range value {
		switch r {
		case '"', '\'', '`', '\\', '{', '}', '[', ']', '<', '>', ',', ';':
			return false
		}
		if r <= ' ' || r > '~' {
			return false
		}
	}
	return value != ""
}

var errMalformed = errors.New("the stored value is malformed and will be replaced")

// load returns the record of key.
func (s *Shared) load(ctx context.Context, key string) record {
	value, ttl, err := s.read(ctx, key)
	rec := record{value: value, ttl: ttl, at: time.Now(), unknown: err != nil}
	if value != "" && !wellFormed(value) {
		err = errMalformed
	}
	s.note("load", key, err)
	return rec
}

// read calls Load.
func (s *Shared) read(ctx context.Context, key string) (string, time.Duration, error) {
	type loaded struct {
		value string
		ttl   time.Duration
	}
	l, err := usercode.Call(ctx, &s.loads, func(ctx context.Context) (l loaded, err error) {
		l.value, l.ttl, err = s.store.Load(ctx, key)
		return l, err
	})
	return l.value, l.ttl, err
}

// swap replaces a value and reports whether it did. An error of a store may quote what it
// was given, as those of database drivers do.
func (s *Shared) swap(ctx context.Context, key, old, value string, ttl time.Duration) (bool, error) {
	swapped, err := usercode.Call(ctx, &s.swaps, func(ctx context.Context) (bool, error) {
		return s.store.Swap(ctx, key, old, value, ttl)
	})
	if err != nil {
		err = redact.New().Error(err, old, value)
	}
	s.note("swap", key, err)
	return swapped, err
}

// lock takes or renews a lock.
func (s *Shared) lock(ctx context.Context, key, owner string) (wait time.Duration, err error) {
	key += ":lock"
	wait, err = usercode.Call(ctx, &s.locks, func(ctx context.Context) (time.Duration, error) {
		return s.locker.Lock(ctx, key, owner, lockTTL)
	})
	s.note("lock", key, err)
	return wait, err
}

// unlock releases a lock.
func (s *Shared) unlock(ctx context.Context, key, owner string) {
	key += ":lock"
	_, err := usercode.Call(ctx, &s.unlocks, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.locker.Unlock(ctx, key, owner)
	})
	s.note("unlock", key, err) // the lock ends by its TTL
}

// note logs the beginning and the end of a failure.
func (s *Shared) note(operation, key string, err error) {
	if errors.Is(err, usercode.ErrSkipped) || errors.Is(err, context.Canceled) {
		return // already logged, or the cache is closed
	}
	s.mu.Lock()
	now, level, message := time.Now(), slog.LevelWarn, ""
	switch {
	case err != nil:
		s.failing[operation] = true
		if pause := now.Sub(s.last); pause >= reportInterval || pause >= time.Minute && !s.reported {
			s.reported, s.last, message = true, now, "wechat: the token store fails, continuing without it"
			if errors.Is(err, errMalformed) {
				message = "wechat: the token store contains a value of another program"
			}
		}
	case s.failing[operation]:
		delete(s.failing, operation)
		if len(s.failing) == 0 && s.reported {
			s.reported, level, message = false, slog.LevelInfo, "wechat: the token store works again"
		}
	}
	s.mu.Unlock()
	if message != "" {
		attrs := append([]any{slog.String("operation", operation), slog.String("key", key)}, cause(err)...)
		s.log.Log(context.Background(), level, message, attrs...)
	}
}
