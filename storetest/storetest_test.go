package storetest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemoryTokenStoreConforms(t *testing.T) {
	t.Parallel()
	TestTokenStore(t, func(*testing.T) wechat.TokenStore { return wechat.NewMemoryTokenStore() })
	TestTokenLocker(t, func(*testing.T) wechat.TokenLocker { return wechat.NewMemoryTokenStore() })
	one := wechat.NewMemoryTokenStore() // serves all checks
	TestTokenStore(t, func(*testing.T) wechat.TokenStore { return one })
}

func TestMemoryDedupeStoreConforms(t *testing.T) {
	t.Parallel()
	TestDedupeStore(t, func(*testing.T) callback.DedupeStore { return callback.NewMemoryDedupeStore() })
}

// Each of the following stores is wrong in one way. It embeds one that is right.

type token = wechat.MemoryTokenStore

// twoSteps compares and sets, but not in one step.
type twoSteps struct{ *token }

func (s twoSteps) Swap(ctx context.Context, key, old, value string, ttl time.Duration) (bool, error) {
	if current, _, _ := s.Load(ctx, key); current != old {
		return false, nil
	}
	time.Sleep(time.Millisecond)
	current, _, _ := s.Load(ctx, key)
	return s.token.Swap(ctx, key, current, value, ttl)
}

// careless sets without comparing.
type careless struct{ *token }

func (s careless) Swap(ctx context.Context, key, _, value string, ttl time.Duration) (bool, error) {
	current, _, _ := s.Load(ctx, key)
	return s.token.Swap(ctx, key, current, value, ttl)
}

// eternal keeps everything for an hour.
type eternal struct{ *token }

func (s eternal) Swap(ctx context.Context, key, old, value string, _ time.Duration) (bool, error) {
	return s.token.Swap(ctx, key, old, value, time.Hour)
}

func (s eternal) Lock(ctx context.Context, key, owner string, _ time.Duration) (time.Duration, error) {
	return s.token.Lock(ctx, key, owner, time.Hour)
}

// forgetful does not set the TTL of a value that stays the same.
type forgetful struct{ *token }

func (s forgetful) Swap(ctx context.Context, key, old, value string, ttl time.Duration) (bool, error) {
	if current, left, _ := s.Load(ctx, key); current == old && old == value {
		ttl = left
	}
	return s.token.Swap(ctx, key, old, value, ttl)
}

// folding does not tell upper and lower case apart in keys.
type folding struct{ *token }

func (s folding) Load(ctx context.Context, key string) (string, time.Duration, error) {
	return s.token.Load(ctx, strings.ToLower(key))
}

func (s folding) Swap(ctx context.Context, key, old, value string, ttl time.Duration) (bool, error) {
	return s.token.Swap(ctx, strings.ToLower(key), old, value, ttl)
}

// narrow cuts values at 1,000 bytes.
type narrow struct{ *token }

func (s narrow) Swap(ctx context.Context, key, old, value string, ttl time.Duration) (bool, error) {
	return s.token.Swap(ctx, key, old, value[:min(len(value), 1000)], ttl)
}

// extending sets the TTL although the swap is refused.
type extending struct{ *token }

func (s extending) Swap(ctx context.Context, key, old, value string, ttl time.Duration) (bool, error) {
	swapped, err := s.token.Swap(ctx, key, old, value, ttl)
	if current, _, _ := s.Load(ctx, key); !swapped && current != "" {
		_, _ = s.token.Swap(ctx, key, current, current, ttl)
	}
	return swapped, err
}

// panicking panics when there is no value.
type panicking struct{ *token }

func (s panicking) Load(ctx context.Context, key string) (string, time.Duration, error) {
	value, ttl, err := s.token.Load(ctx, key)
	return value[:1] + value[1:], ttl, err
}

// nameless ignores owners.
type nameless struct{ *token }

func (s nameless) Lock(ctx context.Context, key, _ string, ttl time.Duration) (time.Duration, error) {
	return s.token.Lock(ctx, key, "owner", ttl)
}

// generous lets everybody release a lock.
type generous struct{ *token }

func (s generous) Unlock(ctx context.Context, key, _ string) error {
	for _, owner := range []string{"a", "b"} {
		_ = s.token.Unlock(ctx, key, owner)
	}
	return nil
}

// rigid does not renew locks.
type rigid struct {
	*token

	mu    sync.Mutex
	owner map[string]string
}

func (s *rigid) Lock(ctx context.Context, key, owner string, ttl time.Duration) (time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner[key] == owner {
		return 0, nil
	}
	wait, err := s.token.Lock(ctx, key, owner, ttl)
	if wait == 0 {
		s.owner[key] = owner
	}
	return wait, err
}

type dedupe = callback.MemoryDedupeStore

// recounting counts an owner again after Release.
type recounting struct {
	*dedupe

	mu    sync.Mutex
	first map[string]bool
}

func (s *recounting) Claim(ctx context.Context, key, owner string, ttl time.Duration) (callback.Claim, error) {
	c, err := s.dedupe.Claim(ctx, key, owner, ttl)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first[key] {
		c.Delivery, s.first[key] = 1, false
	}
	return c, err
}

func (s *recounting) Release(ctx context.Context, key, owner string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.first[key] = true
	return s.dedupe.Release(ctx, key, owner)
}

// stealing gives a push to whoever asks.
type stealing struct{ *dedupe }

func (s stealing) Claim(ctx context.Context, key, owner string, ttl time.Duration) (callback.Claim, error) {
	c, err := s.dedupe.Claim(ctx, key, owner, ttl)
	if c.State == callback.ClaimStateTaken {
		c.State = callback.ClaimStateGranted
	}
	return c, err
}

// hasty lets everybody finish a push.
type hasty struct{ *dedupe }

func (s hasty) Finish(ctx context.Context, key, _ string, reply []byte, ttl time.Duration) error {
	for _, owner := range []string{"a", "b"} {
		_ = s.dedupe.Finish(ctx, key, owner, reply, ttl)
	}
	return nil
}

// silent keeps no replies.
type silent struct{ *dedupe }

func (s silent) Finish(ctx context.Context, key, owner string, _ []byte, ttl time.Duration) error {
	return s.dedupe.Finish(ctx, key, owner, nil, ttl)
}

// fickle settles each time anew.
type fickle struct{ *dedupe }

func (fickle) ChooseReplyMethod(_ context.Context, _ string, way callback.ReplyMethod) (callback.ReplyMethod, error) {
	return way, nil
}

// endless does not let claims end.
type endless struct{ *dedupe }

func (s endless) Claim(ctx context.Context, key, owner string, _ time.Duration) (callback.Claim, error) {
	return s.dedupe.Claim(ctx, key, owner, time.Hour)
}

// people is an activity store that is right, if lock is a mutex.
type people struct {
	lock sync.Locker
	at   map[string][2]time.Time
	menu map[string]callback.MenuStatus
	back bool // times move back
}

func newPeople() *people {
	return &people{lock: new(sync.Mutex), at: map[string][2]time.Time{}, menu: map[string]callback.MenuStatus{}}
}

func (s *people) RecordActivity(_ context.Context, openID string, wrote, until time.Time) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	t := s.at[openID]
	if wrote.After(t[0]) || s.back {
		t[0] = wrote
	}
	if until.After(t[1]) {
		t[1] = until
	}
	s.at[openID] = t
	return nil
}

func (s *people) LoadActivity(_ context.Context, openID string) (wrote, until time.Time, err error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.at[openID][0], s.at[openID][1], nil
}

func (s *people) DeleteActivity(_ context.Context, openID string) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	delete(s.at, openID)
	return nil
}

func (s *people) AddMenuStatus(_ context.Context, key string, d callback.MenuStatus) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	m := s.menu[key]
	m.Received += d.Received
	m.Succeeded += d.Succeeded
	m.Failed += d.Failed
	if d.LastTime.After(m.LastTime) {
		m.LastTime = d.LastTime
	}
	if d.LastDuration != 0 || s.back {
		m.LastDuration = d.LastDuration
	}
	if d.LastError != "" {
		m.LastError = d.LastError
	}
	s.menu[key] = m
	return nil
}

func (s *people) LoadMenuStatuses(context.Context) (map[string]callback.MenuStatus, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	all := map[string]callback.MenuStatus{}
	for key, m := range s.menu {
		all[key] = m
	}
	return all, nil
}

// loyal does not delete followers.
type loyal struct{ *people }

func (loyal) DeleteActivity(context.Context, string) error { return nil }

// racing adds to the menu in two steps.
type racing struct{ *people }

func (s racing) AddMenuStatus(ctx context.Context, key string, d callback.MenuStatus) error {
	all, _ := s.LoadMenuStatuses(ctx)
	time.Sleep(time.Millisecond)
	m := all[key]
	m.Received += d.Received
	s.lock.Lock()
	defer s.lock.Unlock()
	s.menu[key] = m
	return nil
}

// talk is a session store that is right, on a token store.
type talk struct{ *token }

func (s talk) LoadSession(ctx context.Context, openID string) ([]byte, error) {
	value, _, err := s.Load(ctx, openID)
	return session(value), err
}

func (s talk) SaveSession(ctx context.Context, openID string, value []byte, ttl time.Duration) error {
	old, _, _ := s.Load(ctx, openID)
	_, err := s.Swap(ctx, openID, old, string(value), ttl)
	return err
}

func (s talk) SwapSession(ctx context.Context, openID string, old, value []byte, ttl time.Duration) (bool, error) {
	return s.Swap(ctx, openID, string(old), string(value), ttl)
}

func (s talk) DeleteSession(ctx context.Context, openID string) error {
	return s.SaveSession(ctx, openID, nil, time.Second)
}

// undying does not delete.
type undying struct{ talk }

func (undying) DeleteSession(context.Context, string) error { return nil }

// blind swaps whatever there is.
type blind struct{ talk }

func (s blind) SwapSession(ctx context.Context, openID string, _, value []byte, ttl time.Duration) (bool, error) {
	return true, s.SaveSession(ctx, openID, value, ttl)
}

// hanging does not return when its context has ended.
type hanging struct {
	talk

	end chan struct{}
}

func (s hanging) LoadSession(ctx context.Context, openID string) ([]byte, error) {
	if ctx.Err() != nil {
		<-s.end
	}
	return s.talk.LoadSession(ctx, openID)
}

func TestStoresThatAreRightPass(t *testing.T) {
	t.Parallel()
	TestActivityStore(t, func(*testing.T) callback.ActivityStore { return newPeople() })
	TestSessionStore(t, func(*testing.T) callback.SessionStore { return talk{wechat.NewMemoryTokenStore()} })
}

func TestEveryStoreThatIsWrongFails(t *testing.T) {
	t.Parallel()
	mem, memDedupe := wechat.NewMemoryTokenStore, callback.NewMemoryDedupeStore
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	back := newPeople()
	back.back = true
	wrong := []struct {
		name  string
		finds func(t *testing.T)
	}{
		{"compares and sets in two steps", finds(tokenChecks, "no swap of many callers is lost", twoSteps{mem()})},
		{"stores a first value in two steps", finds(tokenChecks, "one of many callers stores the first value", twoSteps{mem()})},
		{"does not compare", finds(tokenChecks, "swap compares", careless{mem()})},
		{"ignores TTLs", finds(tokenChecks, "values end", eternal{mem()})},
		{"does not set the TTL of an equal value", finds(tokenChecks, "swap of a value for itself sets its TTL", forgetful{mem()})},
		{"folds case", finds(tokenChecks, "odd keys are different keys", folding{mem()})},
		{"cuts values", finds(tokenChecks, "odd values stay as they are", narrow{mem()})},
		{"extends what it does not swap", finds(tokenChecks, "a swap that is refused does not extend a value", extending{mem()})},
		{"panics", finds(tokenChecks, "a key without a value", panicking{mem()})},
		{"ignores owners of locks", finds(lockerChecks, "a lock has one owner", nameless{mem()})},
		{"lets everybody release a lock", finds(lockerChecks, "only its owner releases it", generous{mem()})},
		{"does not renew locks", finds(lockerChecks, "its owner renews it", &rigid{token: mem(), owner: map[string]string{}})},
		{"ignores the TTL of locks", finds(lockerChecks, "a lock ends", eternal{mem()})},
		{"counts owners anew", finds(dedupeChecks, "only who has a push releases it", &recounting{dedupe: memDedupe(), first: map[string]bool{}})},
		{"gives a push to all", finds(dedupeChecks, "a push has one owner", stealing{memDedupe()})},
		{"lets everybody finish a push", finds(dedupeChecks, "only who has a push finishes it", hasty{memDedupe()})},
		{"forgets replies", finds(dedupeChecks, "a push that is done has its reply", silent{memDedupe()})},
		{"settles each time", finds(dedupeChecks, "a reply takes one way", fickle{memDedupe()})},
		{"does not let claims end", finds(dedupeChecks, "claims end, and owners stay counted", endless{memDedupe()})},
		{"moves times back", finds(activityChecks, "times move forward", back)},
		{"resets the latency", finds(activityChecks, "the menu is counted", back)},
		{"does not delete followers", finds(activityChecks, "a follower is deleted", loyal{newPeople()})},
		{"counts in two steps", finds(activityChecks, "no count of many callers is lost", racing{newPeople()})},
		{"does not delete", finds(sessionChecks, "sessions are saved and deleted", undying{talk{mem()}})},
		{"swaps without comparing", finds(sessionChecks, "swap compares", blind{talk{mem()}})},
		{"returns the TTL that was set", finds(tokenChecks, "a TTL runs down", newOriginal())},
		{"returns the TTL of a lock that was set", finds(lockerChecks, "the TTL of a lock runs down", newOriginal())},
		{"replaces what has ended in two steps", finds(tokenChecks, "one of many callers replaces a value that has ended", newReplacing())},
		{"takes over a lock in two steps", finds(lockerChecks, "one of many owners takes over a lock that has ended", newReplacing())},
		{"takes over a push in two steps", finds(dedupeChecks, "one of many owners takes over a push whose claim has ended", newGrasping())},
		{"forgets the way of a reply", finds(dedupeChecks, "claims end, and owners stay counted", newUndecided())},
		{"keeps the TTL of a session that changes", finds(sessionChecks, "a session that is saved again ends later", keeping{talk{mem()}})},
		{"extends a session that it does not swap", finds(sessionChecks, "a swap that is refused does not extend a session", prolonging{talk{mem()}})},
		{"forgets who cannot be answered", finds(activityChecks, "times that are over stay", window{newPeople()})},
		{"hangs", finds(sessionChecks, "a context that has ended", hanging{talk{mem()}, end})},
	}
	for _, row := range wrong {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.finds(t)
		})
	}
	assert.GreaterOrEqual(t, len(wrong), 8)
}

// finds runs one check with a store that is wrong, and wants it to fail.
func finds[S any, W any](checks []check[S], name string, wrong W) func(t *testing.T) {
	return func(t *testing.T) {
		store, ok := any(wrong).(S)
		require.True(t, ok)
		for _, check := range checks {
			if check.name == name {
				found := failures(t.Context(), check, store)
				assert.NotEmpty(t, found, "nothing was found")
				for _, failure := range found[:min(len(found), 2)] {
					t.Log(failure)
				}
				return
			}
		}
		t.Errorf("there is no check %q", name)
	}
}
