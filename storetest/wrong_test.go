package storetest

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/wechatoa/wechat/callback"
)

// More stores that are wrong in one way, of the kinds that programs write.

// original returns the TTL that was set, not what is left of it.
type original struct {
	*token

	mu   sync.Mutex
	ttls map[string]time.Duration
}

func newOriginal() *original { return &original{token: new(token), ttls: map[string]time.Duration{}} }

func (s *original) set(key string, ttl time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ttls[key] = ttl
}

func (s *original) get(key string) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ttls[key]
}

func (s *original) Load(ctx context.Context, key string) (string, time.Duration, error) {
	value, ttl, err := s.token.Load(ctx, key)
	if value != "" {
		ttl = s.get(key)
	}
	return value, ttl, err
}

func (s *original) Swap(ctx context.Context, key, old, value string, ttl time.Duration) (bool, error) {
	swapped, err := s.token.Swap(ctx, key, old, value, ttl)
	if swapped {
		s.set(key, ttl)
	}
	return swapped, err
}

func (s *original) Lock(ctx context.Context, key, owner string, ttl time.Duration) (time.Duration, error) {
	wait, err := s.token.Lock(ctx, key, owner, ttl)
	if wait == 0 {
		s.set(key, ttl)
		return 0, err
	}
	return s.get(key), err
}

// replacing takes over what has ended in two steps: it deletes whatever is there, and
// sets. What is free it takes in one.
type replacing struct {
	*token

	mu   sync.Mutex
	ends map[string]time.Time
}

func newReplacing() *replacing { return &replacing{token: new(token), ends: map[string]time.Time{}} }

func (s *replacing) over(key string) bool {
	s.mu.Lock()
	end := s.ends[key]
	s.mu.Unlock()
	over := !end.IsZero() && time.Now().After(end)
	if over {
		time.Sleep(time.Millisecond)
	}
	return over
}

func (s *replacing) took(key string, ttl time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends[key] = time.Now().Add(ttl)
}

func (s *replacing) Swap(ctx context.Context, key, old, value string, ttl time.Duration) (bool, error) {
	if old == "" && s.over(key) {
		old, _, _ = s.Load(ctx, key)
	}
	swapped, err := s.token.Swap(ctx, key, old, value, ttl)
	if swapped {
		s.took(key, ttl)
	}
	return swapped, err
}

func (s *replacing) Lock(ctx context.Context, key, owner string, ttl time.Duration) (time.Duration, error) {
	over := s.over(key)
	wait, err := s.token.Lock(ctx, key, owner, ttl)
	if wait > 0 && !over {
		return wait, err
	}
	s.took(key, ttl)
	return 0, err
}

// grasping takes over claims that have ended in two steps.
type grasping struct {
	*dedupe

	mu   sync.Mutex
	ends map[string]time.Time
}

func newGrasping() *grasping {
	return &grasping{dedupe: callback.NewMemoryDedupeStore(), ends: map[string]time.Time{}}
}

func (s *grasping) Claim(ctx context.Context, key, owner string, ttl time.Duration) (callback.Claim, error) {
	s.mu.Lock()
	end := s.ends[key]
	s.mu.Unlock()
	over := !end.IsZero() && time.Now().After(end)
	if over {
		time.Sleep(time.Millisecond)
	}
	c, err := s.dedupe.Claim(ctx, key, owner, ttl)
	if c.State == callback.ClaimStateTaken && over {
		c.State = callback.ClaimStateGranted
	}
	if c.State == callback.ClaimStateGranted {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ends[key] = time.Now().Add(ttl)
	}
	return c, err
}

// undecided forgets the way of a reply when another owner takes a push over.
type undecided struct {
	*dedupe

	mu     sync.Mutex
	owners map[string]string
	takes  map[string]int
}

func newUndecided() *undecided {
	return &undecided{dedupe: callback.NewMemoryDedupeStore(), owners: map[string]string{}, takes: map[string]int{}}
}

func (s *undecided) Claim(ctx context.Context, key, owner string, ttl time.Duration) (callback.Claim, error) {
	c, err := s.dedupe.Claim(ctx, key, owner, ttl)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.State == callback.ClaimStateGranted && s.owners[key] != owner {
		if s.owners[key] != "" {
			s.takes[key]++
		}
		s.owners[key] = owner
	}
	return c, err
}

func (s *undecided) ChooseReplyMethod(ctx context.Context, key string, way callback.ReplyMethod) (callback.ReplyMethod, error) {
	s.mu.Lock()
	key += "way" + strconv.Itoa(s.takes[key])
	s.mu.Unlock()
	return s.dedupe.ChooseReplyMethod(ctx, key, way)
}

// keeping changes a session and keeps its TTL.
type keeping struct{ talk }

func (s keeping) SwapSession(ctx context.Context, openID string, old, value []byte, ttl time.Duration) (bool, error) {
	if current, left, _ := s.Load(ctx, openID); current != string(value) && current != "" {
		ttl = left
	}
	return s.talk.SwapSession(ctx, openID, old, value, ttl)
}

// prolonging sets the TTL of a session although the swap is refused.
type prolonging struct{ talk }

func (s prolonging) SwapSession(ctx context.Context, openID string, old, value []byte, ttl time.Duration) (bool, error) {
	return extending{s.token}.Swap(ctx, openID, string(old), string(value), ttl)
}

// window keeps a follower until they can no longer be answered.
type window struct{ *people }

func (s window) LoadActivity(ctx context.Context, openID string) (wrote, until time.Time, err error) {
	wrote, until, err = s.people.LoadActivity(ctx, openID)
	if until.Before(time.Now()) {
		return time.Time{}, time.Time{}, err
	}
	return wrote, until, err
}
