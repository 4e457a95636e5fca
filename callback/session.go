package callback

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Sessions keeps a value of type T for each follower, such as where he stands in a
// conversation. A value ends when its time is over after the last Set.
type Sessions[T any] struct {
	store SessionStore
	ttl   time.Duration
}

// SessionStore keeps the sessions of an account for all its replicas. Values are JSON.
type SessionStore interface {
	LoadSession(ctx context.Context, openID string) (value []byte, err error) // nil where there is none
	SaveSession(ctx context.Context, openID string, value []byte, ttl time.Duration) error
	DeleteSession(ctx context.Context, openID string) error
}

const (
	defaultSession = 30 * time.Minute
	maxSessions    = 100_000
)

// NewSessions returns sessions that end ttl after their last Set, 30 minutes where
// ttl is 0. store nil is the memory of this process, for the last 100,000 followers.
func NewSessions[T any](store SessionStore, ttl time.Duration) *Sessions[T] {
	if store == nil {
		store = &memorySessions{newLRU[[]byte](maxSessions)}
	}
	setDefault(&ttl, defaultSession)
	return &Sessions[T]{store: store, ttl: ttl}
}

// Get returns the follower's value; found is false where he has none.
func (s *Sessions[T]) Get(ctx context.Context, openID string) (value T, found bool, err error) {
	data, err := s.store.LoadSession(ctx, openID)
	if err != nil || data == nil {
		return value, false, err
	}
	if err := json.Unmarshal(data, &value); err != nil {
		var none T
		return none, false, fmt.Errorf("callback: session: %w", err)
	}
	return value, true, nil
}

// Set keeps a value for the follower.
func (s *Sessions[T]) Set(ctx context.Context, openID string, value T) error {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("callback: session: %w", err)
	}
	return s.store.SaveSession(ctx, openID, data, s.ttl)
}

// Delete ends the follower's session.
func (s *Sessions[T]) Delete(ctx context.Context, openID string) error {
	return s.store.DeleteSession(ctx, openID)
}

// memorySessions is a [SessionStore] in memory.
type memorySessions struct{ values *lru[[]byte] }

func (m *memorySessions) LoadSession(_ context.Context, openID string) ([]byte, error) {
	value, _ := m.values.get(openID, time.Now())
	return value, nil
}

func (m *memorySessions) SaveSession(_ context.Context, openID string, value []byte, ttl time.Duration) error {
	m.values.update(openID, time.Now(), ttl, func([]byte, bool) ([]byte, bool) { return value, true })
	return nil
}

func (m *memorySessions) DeleteSession(_ context.Context, openID string) error {
	m.values.drop(openID, time.Now(), func([]byte) bool { return true })
	return nil
}
