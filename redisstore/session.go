package redisstore

import (
	"context"
	"time"
)

// Sessions is the [callback.SessionStore] of one account and one kind of session.
//
// [callback.SessionStore]: https://pkg.go.dev/github.com/wechatoa/wechat/callback#SessionStore
type Sessions struct {
	store  *Store
	prefix string
}

// Sessions returns the session store of an account. If an account has several
// callback.Sessions, each of a different type, give each of them its own kind; if it
// has only one, kind may be "".
func (s *Store) Sessions(appID, kind string) *Sessions {
	return &Sessions{s, name(appID, "session:") + kind + ":"}
}

// LoadSession returns the value, or nil if there is none.
func (s *Sessions) LoadSession(ctx context.Context, openID string) ([]byte, error) {
	value, _, err := s.store.Load(ctx, s.prefix+openID)
	if value == "" || err != nil {
		return nil, err
	}
	return []byte(value), nil
}

// SaveSession stores a value for ttl.
func (s *Sessions) SaveSession(ctx context.Context, openID string, value []byte, ttl time.Duration) error {
	key := s.prefix + openID
	sealed, err := s.store.ring.seal(key, string(value))
	if err != nil {
		return err
	}
	return s.store.client.Set(ctx, key, sealed, time.Duration(milliseconds(ttl))*time.Millisecond).Err()
}

// SwapSession replaces old with value and reports whether old was the current value.
func (s *Sessions) SwapSession(ctx context.Context, openID string, old, value []byte, ttl time.Duration) (bool, error) {
	return s.store.Swap(ctx, s.prefix+openID, string(old), string(value), ttl)
}

// DeleteSession deletes the value.
func (s *Sessions) DeleteSession(ctx context.Context, openID string) error {
	return s.store.client.Del(ctx, s.prefix+openID).Err()
}
