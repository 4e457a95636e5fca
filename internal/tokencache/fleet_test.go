package tokencache

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fleetRuns is how many interleavings TestStalledProcessNeverReplacesANewerValue plays.
const fleetRuns = 4_000

// process is a member of a fleet. While it is stalled no call of its store and no
// fetch proceeds, whatever their contexts say; all of them do when it goes on.
type process struct {
	cache *Cache

	mu     sync.Mutex
	goesOn chan struct{} // nil while it runs
}

func (p *process) stall(d time.Duration) {
	goesOn := make(chan struct{})
	p.mu.Lock()
	p.goesOn = goesOn
	p.mu.Unlock()
	time.Sleep(d)
	p.mu.Lock()
	p.goesOn = nil
	p.mu.Unlock()
	close(goesOn)
}

// step waits while the process is stalled.
func (p *process) step() {
	p.mu.Lock()
	goesOn := p.goesOn
	p.mu.Unlock()
	if goesOn != nil {
		<-goesOn
	}
}

// sharedStore is the store as one process sees it. wrong hears of each newer value
// that was replaced with an older one.
type sharedStore struct {
	*memory
	p     *process
	swaps *sync.Mutex
	wrong func(format string, args ...any)
}

func (s sharedStore) Load(ctx context.Context, key string) (string, time.Duration, error) {
	s.p.step()
	defer s.p.step()
	return s.memory.Load(ctx, key)
}

func (s sharedStore) Swap(ctx context.Context, key, old, value string, ttl time.Duration) (bool, error) {
	s.p.step()
	defer s.p.step()
	s.swaps.Lock()
	defer s.swaps.Unlock()
	replaced := s.value(key)
	swapped, err := s.memory.Swap(ctx, key, old, value, ttl)
	if swapped && serial(value) < serial(replaced) {
		s.wrong("%s took the place of %s", value, replaced)
	}
	return swapped, err
}

func (s sharedStore) Lock(ctx context.Context, key, owner string, ttl time.Duration) (time.Duration, error) {
	s.p.step()
	defer s.p.step()
	return s.memory.Lock(ctx, key, owner, ttl)
}

func (s sharedStore) Unlock(ctx context.Context, key, owner string) error {
	s.p.step()
	defer s.p.step()
	return s.memory.Unlock(ctx, key, owner)
}

// serial returns the generation of a value of source.
func serial(value string) (n int) {
	_, _ = fmt.Sscanf(value, "value-%d", &n)
	return n
}

// playFleet is one run: processes with one store, whose source ends a value when it
// issues the next one, are stalled at random for longer than a lock lasts.
func playFleet(t *testing.T, seed uint64) (problems []string) {
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(seed, 2))
		var mu sync.Mutex
		wrong := func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			problems = append(problems, fmt.Sprintf("%v: ", time.Since(origin))+fmt.Sprintf(format, args...))
		}
		src := &source{exclusive: true, latency: 20 * time.Millisecond}
		src.ttl = []time.Duration{2 * time.Hour, 40 * time.Second, time.Minute}[r.IntN(3)]
		store, swaps := &memory{}, new(sync.Mutex)
		fleet := make([]*process, 2+r.IntN(3))
		for i := range fleet {
			p := new(process)
			p.cache = newCache(src, sharedStore{store, p, swaps, wrong}, func(c *Config) {
				c.Exclusive = true
				fetch := c.Fetch
				c.Fetch = func(ctx context.Context, mode Mode) (string, time.Duration, error) {
					p.step()
					defer p.step()
					return fetch(ctx, mode)
				}
			})
			fleet[i] = p
		}
		var all sync.WaitGroup
		for range 4 + r.IntN(6) {
			if r.IntN(2) == 0 {
				src.revoke()
			}
			for _, p := range fleet {
				start := time.Duration(r.IntN(200)) * time.Millisecond
				all.Go(func() {
					time.Sleep(start)
					callOnce(t.Context(), p.cache, src)
				})
				if r.IntN(2) == 0 {
					after, d := time.Duration(r.IntN(300))*time.Millisecond, time.Duration(r.IntN(60_000))*time.Millisecond
					all.Go(func() {
						time.Sleep(after)
						p.stall(d)
					})
				}
			}
			all.Wait()
			time.Sleep(time.Duration(r.IntN(int(src.ttl))))
		}
		time.Sleep(unlockedInterval + time.Minute)
		for i, p := range fleet {
			value := callOnce(t.Context(), p.cache, src)
			if !src.accepts(value) {
				// The process of the newest value may have come too late to store it. Then
				// the one in the store, which no longer works, costs one call.
				value = callOnce(t.Context(), p.cache, src)
			}
			if !src.accepts(value) {
				wrong("process %d has no working value when all is well again: %q", i, value)
			}
			p.cache.Close()
		}
	})
	return problems
}

// callOnce makes a call as a client does: a value that is rejected is exchanged once.
func callOnce(ctx context.Context, c *Cache, src *source) (value string) {
	for range 2 {
		next, err := c.Token(ctx, value)
		if err != nil {
			return ""
		}
		if value = next; src.accepts(value) {
			break
		}
	}
	return value
}

func TestStalledProcessNeverReplacesANewerValue(t *testing.T) {
	base, n := rand.Uint64(), uint64(fleetRuns)
	if s := os.Getenv(seedVariable); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		base, n = seed, 1
	}
	for i := range n {
		if report(t, base+i, playFleet(t, base+i)) {
			return
		}
	}
}
