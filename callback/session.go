package callback

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wechatoa/wechat/internal/usercode"
)

// Sessions stores a value of type T for each follower, such as the state of a conversation.
// A value expires a fixed time after the last Set or Update.
type Sessions[T any] struct {
	store    SessionStore
	inMemory bool // the store is in memory and called directly
	ttl      time.Duration
	guard    usercode.Guard
}

// SessionStore stores the sessions of one account for all replicas of a program. Values are
// JSON. Each call must be atomic. The caller stops waiting after 250 ms.
type SessionStore interface {
	// LoadSession returns the value, or nil if there is none.
	LoadSession(ctx context.Context, openID string) ([]byte, error)
	// SaveSession stores a value for ttl.
	SaveSession(ctx context.Context, openID string, value []byte, ttl time.Duration) error
	// SwapSession replaces old, which LoadSession returned, with value and stores it for
	// ttl. If old is nil, there must be no value; if value is nil, the value is deleted.
	// If the current value is not old, SwapSession changes nothing and returns false.
	SwapSession(ctx context.Context, openID string, old, value []byte, ttl time.Duration) (swapped bool, err error)
	// DeleteSession deletes the value, if there is one.
	DeleteSession(ctx context.Context, openID string) error
}

const (
	defaultSession  = 30 * time.Minute
	maxSessions     = 100_000
	maxSessionBytes = 64 << 20
	maxSwaps        = 100
)

// ErrSessionBusy is returned by [Sessions.Update] if 100 attempts failed because of
// concurrent changes to the session.
var ErrSessionBusy = errors.New("callback: session: too many concurrent changes")

// NewSessions returns sessions that expire ttl after their last change, or 30 minutes if
// ttl is 0. If store is nil, they are kept in memory, for the 100,000 most recent followers
// and up to 64 MiB.
func NewSessions[T any](store SessionStore, ttl time.Duration) *Sessions[T] {
	setDefault(&ttl, defaultSession)
	s := &Sessions[T]{store: store, ttl: ttl}
	if store == nil {
		s.store, s.inMemory = newMemorySessions(), true
	}
	return s
}

// Get returns the follower's value; found is false if there is none.
func (s *Sessions[T]) Get(ctx context.Context, openID string) (value T, found bool, err error) {
	data, err := s.load(ctx, openID)
	if err != nil {
		return value, false, err
	}
	current, err := decodeSession[T](data)
	if current == nil {
		return value, false, err
	}
	return *current, true, nil
}

// Set stores the follower's value.
func (s *Sessions[T]) Set(ctx context.Context, openID string, value T) error {
	data, err := json.Marshal(value)
	if err != nil {
		return sessionError(err)
	}
	_, err = askSessions(ctx, s, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.store.SaveSession(ctx, openID, data, s.ttl)
	})
	return err
}

// Update changes the follower's value atomically. It calls change with the current value,
// or nil if there is none; change returns the next value, or nil to delete it. If the value
// has changed in the meantime, Update calls change again. If change returns an error,
// Update returns it unchanged and changes nothing. Update returns [ErrSessionBusy] if there
// are too many concurrent changes.
func (s *Sessions[T]) Update(ctx context.Context, openID string, change func(current *T) (next *T, err error)) error {
	for range maxSwaps {
		old, err := s.load(ctx, openID)
		if err != nil {
			return err
		}
		current, err := decodeSession[T](old)
		if err != nil {
			return err
		}
		next, err := change(current)
		if err != nil {
			return err
		}
		var value []byte
		if next != nil {
			if value, err = json.Marshal(next); err != nil {
				return sessionError(err)
			}
		}
		swapped, err := askSessions(ctx, s, func(ctx context.Context) (bool, error) {
			return s.store.SwapSession(ctx, openID, old, value, s.ttl)
		})
		if err != nil || swapped {
			return err
		}
	}
	return ErrSessionBusy
}

// Delete deletes the follower's value.
func (s *Sessions[T]) Delete(ctx context.Context, openID string) error {
	_, err := askSessions(ctx, s, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.store.DeleteSession(ctx, openID)
	})
	return err
}

func (s *Sessions[T]) load(ctx context.Context, openID string) ([]byte, error) {
	return askSessions(ctx, s, func(ctx context.Context) ([]byte, error) { return s.store.LoadSession(ctx, openID) })
}

// askSessions makes one call of the store.
func askSessions[T, V any](ctx context.Context, s *Sessions[T], call func(context.Context) (V, error)) (V, error) {
	if s.inMemory {
		return call(ctx)
	}
	value, err := usercode.Call(ctx, &s.guard, call)
	if err != nil {
		return value, sessionError(err)
	}
	return value, nil
}

func decodeSession[T any](data []byte) (*T, error) {
	if data == nil {
		return nil, nil //nolint:nilnil // no session, no error
	}
	value := new(T)
	if err := json.Unmarshal(data, value); err != nil {
		return nil, sessionError(err)
	}
	return value, nil
}

func sessionError(err error) error { return fmt.Errorf("callback: session: %w", err) }

// memorySessions is a [SessionStore] in memory.
type memorySessions struct{ values *lru[string, []byte] }

func newMemorySessions() *memorySessions {
	return &memorySessions{newLRU[string](limits[[]byte]{
		entries: maxSessions, bytes: maxSessionBytes, size: func(value []byte) int { return len(value) },
	})}
}

func (m *memorySessions) LoadSession(_ context.Context, openID string) ([]byte, error) {
	value, _ := m.values.get(openID, time.Now())
	return value, nil
}

func (m *memorySessions) SaveSession(_ context.Context, openID string, value []byte, ttl time.Duration) error {
	m.values.set(openID, value, time.Now(), ttl)
	return nil
}

func (m *memorySessions) SwapSession(_ context.Context, openID string, old, value []byte, ttl time.Duration) (swapped bool, _ error) {
	m.values.update(openID, time.Now(), ttl, func(current []byte, _ bool) ([]byte, bool) {
		swapped = (current == nil) == (old == nil) && bytes.Equal(current, old)
		return value, swapped
	})
	return swapped, nil
}

func (m *memorySessions) DeleteSession(_ context.Context, openID string) error {
	m.values.drop(openID)
	return nil
}
