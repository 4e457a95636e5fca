package tokencache

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// seedVariable names the environment variable that replays one run of the model.
const seedVariable = "TOKENCACHE_SEED"

// runs is how many interleavings TestCacheKeepsToItsModel plays.
const runs = 10_000

// model is the reference: it sees the calls of one cache and the fetches that they
// cause, and says what is wrong with them. It knows nothing of refreshes, stores,
// locks and pauses.
type model struct {
	mu       sync.Mutex
	src      *source
	problems []string

	value    string               // that was fetched or returned last
	obtained time.Time            // when it was first
	asked    time.Time            // when a fetch last returned it
	rejected map[string]time.Time // values that must not be returned, since when
	reissued map[string]time.Time // values that came back although they were rejected
	replaced [2]time.Time         // when fetches last replaced a rejected value

	fetching  int
	began     time.Time          // the last fetch
	failed    map[Mode]time.Time // the last fetch that failed, since one has succeeded
	err       error              // of the last one that failed and that was not ahead
	streak    int                // of those, since one has succeeded
	failures  int
	successes int
	ahead     int
	rejects   int
}

func (m *model) wrong(format string, args ...any) {
	m.problems = append(m.problems, fmt.Sprintf("%v: ", time.Since(origin))+fmt.Sprintf(format, args...))
}

// origin is the beginning of time in a bubble.
var origin = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// works reports whether the model's value can be used.
func (m *model) works(now time.Time) bool {
	_, rejected := m.rejected[m.value]
	return m.value != "" && !rejected && now.Sub(m.obtained) < m.src.ttl
}

// exhausted reports whether another fetch would be one too many: the source returned
// this value again, or two others, within the last five seconds. Between the end of a
// fetch and the cache's knowing of it lies what the store takes.
func (m *model) exhausted(value string, now time.Time, store time.Duration) bool {
	return now.Sub(m.reissued[value]) < 5*time.Second+store || now.Sub(m.replaced[1]) < 5*time.Second+store
}

// fetch is told of the beginning and the end of each fetch.
func (m *model) fetch(mode Mode, value string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	switch {
	case err != nil:
		m.fetching--
		m.failed[mode], m.failures = now, m.failures+1
		if mode != Ahead {
			m.err, m.streak = err, m.streak+1
		}
	case value != "":
		m.fetching--
		m.successes++
		clear(m.failed)
		m.streak = 0
		if since, rejected := m.rejected[value]; rejected && !m.began.Before(since) {
			delete(m.rejected, value)
			m.reissued[value], m.value = now, "" // its time begins anew
		}
		if since, rejected := m.rejected[m.value]; rejected && !m.began.Before(since) && value != m.value {
			m.replaced = [2]time.Time{now, m.replaced[0]}
		}
		m.hold(value, now)
		m.asked = now
	default:
		if m.fetching++; m.fetching > 1 {
			m.wrong("two fetches at a time")
		}
		margin := min(5*time.Minute, m.src.ttl/10)
		if m.works(now) && (now.Sub(m.obtained) < m.src.ttl-margin || now.Sub(m.asked) < 30*time.Second) {
			m.wrong("fetch without a reason")
		}
		pause := 750 * time.Millisecond
		if mode == Ahead {
			m.ahead++
			pause = 15 * time.Second
		}
		if since := now.Sub(m.failed[mode]); since < pause {
			m.wrong("fetch %v after one that failed", since)
		}
		m.began = now
	}
}

// hold notes the value that the cache has.
func (m *model) hold(value string, now time.Time) {
	if value != m.value {
		m.value, m.obtained, m.asked = value, now, now
	}
}

// call is told of the beginning of each call, before it is made, and returns what is
// to be told its end.
func (m *model) call(rejected string) (end func(ctx context.Context, value string, err error)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	begin := time.Now()
	_, known := m.rejected[rejected]
	useless := m.value == rejected && m.exhausted(rejected, begin, 0)
	if rejected != "" && !known && !useless {
		m.rejected[rejected] = begin
		m.rejects++
	}
	return func(ctx context.Context, value string, err error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		now := time.Now()
		since, bad := m.rejected[value]
		deadline, hasDeadline := ctx.Deadline()
		switch {
		case now.Sub(begin) > 20*time.Second:
			m.wrong("the call took %v", now.Sub(begin))
		case hasDeadline && now.After(deadline) && now.After(begin):
			m.wrong("the call took %v longer than it had", now.Sub(deadline))
		case err == nil && value == "":
			m.wrong("empty value")
		case err == nil && bad && since.Before(begin) && !m.exhausted(value, now, time.Second):
			m.wrong("%s returned, which was rejected %v ago", value, now.Sub(since))
		case err == nil && value == rejected && !m.exhausted(value, now, time.Second):
			m.wrong("%s returned to the caller who rejected it", value)
		case err == nil && value == rejected:
			delete(m.rejected, value) // there is no other
		case err == nil:
		case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		case errors.Is(err, ErrSlow) && (now.Sub(m.began) >= 5*time.Second || now.Sub(begin) >= 5*time.Second):
		case m.works(begin) && m.works(now) && m.value != rejected:
			m.wrong("error although %s works: %v", m.value, err)
		case m.err == nil || !errors.Is(err, m.err):
			m.wrong("error that no fetch for callers returned: %v", err)
		case now.Sub(m.failed[Needed]) > min(time.Second<<min(m.streak-1, 10), 5*time.Second)+time.Second:
			m.wrong("error that was returned %v ago, the %dth in a row", now.Sub(m.failed[Needed]), m.streak)
		}
	}
}

// play is one run: a random scene in which callers use a cache as clients do.
func play(t *testing.T, seed uint64, change func(*Cache)) (problems []string) {
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(seed, 0))
		// No two moments are the same by chance: what happens at the same time has one cause.
		one := func(choices ...time.Duration) time.Duration {
			return choices[r.IntN(len(choices))] + time.Duration(r.IntN(1e6))
		}
		src := &source{
			ttl:     []time.Duration{2 * time.Hour, 2 * time.Hour, 10 * time.Minute, time.Minute}[r.IntN(4)],
			latency: one(0, 10*time.Millisecond, 300*time.Millisecond, 3*time.Second),
		}
		m := &model{src: src, failed: map[Mode]time.Time{}, rejected: map[string]time.Time{}, reissued: map[string]time.Time{}}
		src.watch = m.fetch
		healthy := r.IntN(3) == 0
		odds := r.IntN(4)                       // of ten fetches fail
		later := rand.New(rand.NewPCG(seed, 1)) // for other goroutines, with m.mu held
		src.fail = func(ctx context.Context, _ int) error {
			m.mu.Lock()
			fails, kind, id := !healthy && later.IntN(10) < odds, later.IntN(8), later.Int()
			m.mu.Unlock()
			switch {
			case !fails:
				return nil
			case kind == 0:
				return errBlank
			case kind == 1:
				<-ctx.Done()
				return ctx.Err()
			}
			return fmt.Errorf("%w: %d", errDown, id)
		}
		store := &memory{odd: oddity(later, &m.mu, &healthy)}
		shared := Store(store)
		if r.IntN(2) == 0 {
			shared = plain{store}
		}
		c := newCache(src, shared)
		if change != nil {
			change(c)
		}

		var callers sync.WaitGroup
		for range 4 + r.IntN(12) {
			switch r.IntN(8) {
			case 0:
				src.revoke()
			case 1:
				time.Sleep(one(src.ttl*9/10, src.ttl-20*time.Second, src.ttl, 5*time.Minute))
			case 2:
				time.Sleep(one(20*time.Second, 3*time.Second, time.Second))
			case 3:
				m.mu.Lock()
				healthy = !healthy
				m.mu.Unlock()
			}
			start, trip := one(0, 0, time.Millisecond, 400*time.Millisecond), one(0, time.Millisecond, 200*time.Millisecond)
			for range 1 + r.IntN(4) {
				patience := one(time.Hour, time.Hour, 5*time.Millisecond, time.Second)
				doubt := r.IntN(8) == 0
				callers.Go(func() {
					time.Sleep(start)
					ctx, cancel := context.WithTimeout(t.Context(), patience)
					defer cancel()
					use(ctx, c, m, trip, doubt)
				})
			}
			time.Sleep(one(0, time.Millisecond, 100*time.Millisecond, 700*time.Millisecond))
		}
		callers.Wait()

		m.mu.Lock()
		healthy = true
		m.mu.Unlock()
		time.Sleep(40 * time.Second) // all pauses are over
		if value := use(t.Context(), c, m, 0, false); !src.accepts(value) {
			m.wrong("no working value when all is well again: %q", value)
		}
		periods := int(time.Since(origin)/(src.ttl/2)) + 1
		if m.successes > 1+m.rejects+m.ahead+periods || m.ahead > 12*periods+m.failures {
			m.wrong("%d fetches (%d ahead) for %d rejections", m.successes, m.ahead, m.rejects)
		}
		c.Close()
		if _, err := c.Token(t.Context(), ""); !errors.Is(err, ErrClosed) {
			m.wrong("closed: %v", err)
		}
		problems = m.problems
	})
	return problems
}

// use makes a call as a client does: a value that is rejected is exchanged once. With
// doubt it is rejected the first time although the source accepts it.
func use(ctx context.Context, c *Cache, m *model, trip time.Duration, doubt bool) string {
	value := ""
	for range 2 {
		end := m.call(value)
		next, err := c.Token(ctx, value)
		end(ctx, next, err)
		if err != nil {
			return ""
		}
		value = next
		time.Sleep(trip)
		if m.src.accepts(value) && !doubt {
			return value
		}
		doubt = false
	}
	return value
}

// oddity returns what the operations of a store do beside their work.
func oddity(r *rand.Rand, mu *sync.Mutex, healthy *bool) func(context.Context, string) error {
	odds, kind := r.IntN(5), r.IntN(4)
	return func(ctx context.Context, _ string) error {
		mu.Lock()
		odd, latency := !*healthy && r.IntN(10) < odds, time.Duration(r.IntN(3e6))
		mu.Unlock()
		switch {
		case !odd:
			return pause(ctx, latency)
		case kind == 0:
			return errStore
		case kind == 1:
			<-ctx.Done()
			return ctx.Err()
		case kind == 2:
			time.Sleep(time.Second) // whatever ctx says
			return nil
		}
		panic("store panics")
	}
}

func TestCacheKeepsToItsModel(t *testing.T) {
	if s := os.Getenv(seedVariable); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 { // goroutines that wake at the same time run in any order
			report(t, seed, play(t, seed, nil))
		}
		return
	}
	base := rand.Uint64()
	for part := range uint64(4) {
		t.Run(strconv.FormatUint(part, 10), func(t *testing.T) {
			t.Parallel()
			for i := range uint64(runs / 4) {
				seed := base + part*runs + i
				if report(t, seed, play(t, seed, nil)) {
					return
				}
			}
		})
	}
}

func report(t *testing.T, seed uint64, problems []string) bool {
	for _, p := range problems {
		t.Errorf("%s=%d: %s", seedVariable, seed, p)
	}
	return len(problems) > 0
}
