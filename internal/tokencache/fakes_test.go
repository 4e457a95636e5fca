package tokencache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const key = "test:{a}:token"

var (
	errDown    = errors.New("source is down")
	errRefused = errors.New("source refuses") // failureTTL knows it
	errStore   = errors.New("store is down")
)

// failureTTL is the classification of the tests.
func failureTTL(err error) time.Duration {
	if errors.Is(err, errRefused) {
		return 30 * time.Second
	}
	return 0
}

// source issues values, as a platform does: the same one until it is revoked or forced.
type source struct {
	mu      sync.Mutex
	serial  int
	valid   string
	fetches []Mode

	ttl       time.Duration
	latency   time.Duration                          // half before the value is looked up, half after
	exclusive bool                                   // each fetch issues another value
	fail      func(ctx context.Context, n int) error // of the n-th fetch, from 1; errBlank makes it an empty value
	watch     func(mode Mode, value string, e error) // sees the beginning (value "", e nil) and the end of fetches
}

func newSource() *source { return &source{ttl: 2 * time.Hour, latency: 10 * time.Millisecond} }

func (s *source) fetch(ctx context.Context, mode Mode) (value string, ttl time.Duration, err error) {
	s.mu.Lock()
	s.fetches = append(s.fetches, mode)
	n, fail, watch := len(s.fetches), s.fail, s.watch
	s.mu.Unlock()
	if watch != nil {
		watch(mode, "", nil)
		defer func() {
			if strings.TrimSpace(value) == "" && err == nil {
				watch(mode, "", errBlank)
				return
			}
			watch(mode, value, err)
		}()
	}
	if err := s.wait(ctx); err != nil {
		return "", 0, err
	}
	if fail != nil {
		if err = fail(ctx, n); err == errBlank { //nolint:errorlint // as it was returned
			return " \t", s.ttl, nil
		}
		if err != nil {
			return "", 0, err
		}
	}
	s.mu.Lock()
	if s.valid == "" || s.exclusive || mode == Forced {
		s.serial++
		s.valid = fmt.Sprint("value-", s.serial)
	}
	value, ttl = s.valid, s.ttl
	s.mu.Unlock()
	if err := s.wait(ctx); err != nil {
		return "", 0, err
	}
	return value, ttl, nil
}

// wait takes half of the latency.
func (s *source) wait(ctx context.Context) error {
	if s.latency == 0 {
		return nil
	}
	return pause(ctx, s.latency/2)
}

func (s *source) revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.valid = ""
}

// accepts reports whether a value is in force.
func (s *source) accepts(value string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return value != "" && value == s.valid
}

func (s *source) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.fetches)
}

func (s *source) modes() []Mode {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mode(nil), s.fetches...)
}

// memory is a Store and a Locker whose operations may first do something else.
type memory struct {
	mu     sync.Mutex
	values map[string]memoryValue
	odd    func(ctx context.Context, operation string) error
	calls  []string
}

type memoryValue struct {
	value string
	end   time.Time
}

func (m *memory) do(ctx context.Context, operation string) error {
	m.mu.Lock()
	m.calls = append(m.calls, operation)
	odd := m.odd
	m.mu.Unlock()
	if odd != nil {
		return odd(ctx, operation)
	}
	return nil
}

func (m *memory) get(key string) memoryValue {
	v := m.values[key]
	if !time.Now().Before(v.end) {
		return memoryValue{}
	}
	return v
}

func (m *memory) set(key, value string, ttl time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = map[string]memoryValue{}
	}
	m.values[key] = memoryValue{value, time.Now().Add(ttl)}
}

func (m *memory) value(key string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.get(key).value
}

func (m *memory) operations() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.calls...)
}

func (m *memory) Load(ctx context.Context, key string) (string, time.Duration, error) {
	if err := m.do(ctx, "load"); err != nil {
		return "", 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	v := m.get(key)
	return v.value, time.Until(v.end), nil
}

func (m *memory) Swap(ctx context.Context, key, old, value string, ttl time.Duration) (bool, error) {
	if err := m.do(ctx, "swap"); err != nil {
		return false, err
	}
	if m.value(key) != old {
		return false, nil
	}
	m.set(key, value, ttl)
	return true, nil
}

func (m *memory) Lock(ctx context.Context, key, owner string, ttl time.Duration) (time.Duration, error) {
	if err := m.do(ctx, "lock"); err != nil {
		return 0, err
	}
	m.mu.Lock()
	held := m.get(key)
	m.mu.Unlock()
	if held.value != "" && held.value != owner {
		return time.Until(held.end), nil
	}
	m.set(key, owner, ttl)
	return 0, nil
}

func (m *memory) Unlock(ctx context.Context, key, owner string) error {
	if err := m.do(ctx, "unlock"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.get(key).value == owner {
		delete(m.values, key)
	}
	return nil
}

// plain is a store without locks.
type plain struct{ Store }

// newCache returns a cache of the source and the store.
func newCache(s *source, store Store, change ...func(*Config)) *Cache {
	cfg := Config{
		Key: key, Shared: NewShared(store, slog.New(slog.DiscardHandler)), Fetch: s.fetch,
		FailureTTL: failureTTL, Log: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&cfg)
	}
	return New(cfg)
}
