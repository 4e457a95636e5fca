package callback

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var listed = []string{"203.0.113.0/24", " 2001:db8::1 ", "198.51.100.7", "::ffff:192.0.2.1", "nonsense"}

// addresses is a Config.AllowedIPs that counts its calls and behaves as the test says.
type addresses struct {
	calls atomic.Int32
	does  atomic.Value // func(context.Context) ([]string, error)
}

func (a *addresses) fetch(ctx context.Context) ([]string, error) {
	a.calls.Add(1)
	return a.does.Load().(func(context.Context) ([]string, error))(ctx)
}

func (a *addresses) will(f func(context.Context) ([]string, error)) { a.does.Store(f) }

func works(context.Context) ([]string, error) { return listed, nil }
func fails(context.Context) ([]string, error) { return nil, assert.AnError }

// allowing returns a handler with a list of addresses, and a function that sends it a push
// from an address.
func allowing(t *testing.T, a *addresses) (h *Handler, from func(address string) int) {
	t.Helper()
	cfg := safeConfig()
	cfg.AllowedIPs = a.fetch
	h = newTestHandler(t, cfg)
	return h, func(address string) int {
		r := safePlatform().request(t.Context(), textPush(1, "hello"))
		r.RemoteAddr = address
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
}

func TestOnlyThePlatformsAddressesAreLetIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &addresses{}
		a.will(works)
		h, from := allowing(t, a)
		for address, status := range map[string]int{
			"203.0.113.9:80": 200, "203.0.113.255:80": 200, "[::ffff:203.0.113.9]:80": 200, "203.0.113.9": 200, "[2001:db8::1]:80": 200, "[2001:db8::1%eth0]:80": 200,
			"198.51.100.7:80": 200, "192.0.2.1:80": 200,
			"203.0.114.0:80": 403, "198.51.100.8:80": 403, "[2001:db8::2]:80": 403, "nobody": 403, "": 403,
		} {
			assert.Equal(t, status, from(address), address)
		}
		assert.EqualValues(t, 1, a.calls.Load())

		r := verification(testToken, "1")
		r.RemoteAddr = "198.51.100.1:80"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		assert.Equal(t, http.StatusForbidden, w.Code, "GET as well")
		r.RemoteAddr = "203.0.113.9:80"
		w = httptest.NewRecorder()
		h.ServeHTTP(w, r)
		assert.Equal(t, http.StatusOK, w.Code)
	})
}

func TestTheLastListOfAddressesStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, j := &addresses{}, &journal{}
		a.will(works)
		h, from := allowing(t, a)
		h.allow.log = j.log.Logger()
		assert.Equal(t, 200, from("203.0.113.9:80"))
		bad := []func(context.Context) ([]string, error){
			fails,
			func(context.Context) ([]string, error) { return nil, nil },
			func(context.Context) ([]string, error) { return []string{"nonsense"}, nil },
			func(context.Context) ([]string, error) { panic("boom") },
			func(context.Context) ([]string, error) { runtime.Goexit(); return nil, nil },
			func(ctx context.Context) ([]string, error) { <-ctx.Done(); return listed, ctx.Err() },
		}
		time.Sleep(24*time.Hour - time.Second)
		assert.Equal(t, 200, from("203.0.113.9:80"))
		synctest.Wait()
		assert.EqualValues(t, 1, a.calls.Load(), "the list holds for a day")
		time.Sleep(time.Second)
		for i, f := range bad {
			a.will(f)
			assert.Equal(t, 200, from("203.0.113.9:80"))
			assert.Equal(t, 403, from("198.51.100.1:80"))
			synctest.Wait()
			assert.EqualValues(t, i+2, a.calls.Load(), "a fetch that failed is not repeated at once")
			time.Sleep(11*time.Second + time.Minute)
			synctest.Wait()
			assert.Equal(t, i+1, strings.Count(j.log.String(), "Config.AllowedIPs failed"), "each failure is logged")
		}
		a.will(func(context.Context) ([]string, error) { return []string{"198.51.100.1"}, nil })
		from("203.0.113.9:80")
		synctest.Wait()
		assert.Equal(t, 403, from("203.0.113.9:80"), "until another one is there")
		assert.Equal(t, 200, from("198.51.100.1:80"))
	})
}

func TestUntilTheFirstListOfAddressesIsThereNobodyIsLetIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &addresses{}
		a.will(fails)
		_, from := allowing(t, a)
		began := time.Now()
		assert.Equal(t, 503, from("203.0.113.9:80"))
		for _, pause := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, time.Minute, time.Minute} {
			calls := a.calls.Load()
			time.Sleep(pause - time.Nanosecond)
			assert.Equal(t, 503, from("203.0.113.9:80"))
			assert.Equal(t, calls, a.calls.Load(), pause)
			time.Sleep(time.Nanosecond)
			assert.Equal(t, 503, from("203.0.113.9:80"))
			assert.Equal(t, calls+1, a.calls.Load(), pause)
		}
		assert.Equal(t, 3*time.Minute+3*time.Second, time.Since(began), "nobody waited for a fetch that had failed")
		a.will(works)
		time.Sleep(time.Minute)
		assert.Equal(t, 200, from("203.0.113.9:80"))
	})
}

// TestWhoHangsUpDuringTheFetchLetsNobodyIn: the fetch does not end with the request.
func TestWhoHangsUpDuringTheFetchLetsNobodyIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &addresses{}
		a.will(func(ctx context.Context) ([]string, error) {
			select {
			case <-time.After(time.Second):
				return listed, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		})
		h, from := allowing(t, a)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r := safePlatform().request(ctx, textPush(1, "hello"))
		r.RemoteAddr = "198.51.100.1:80"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		assert.Equal(t, 503, w.Code)

		began := time.Now()
		var all sync.WaitGroup
		for range 100 { // all of them wait for one fetch
			all.Go(func() { assert.Equal(t, 200, from("203.0.113.9:80")) })
			all.Go(func() { assert.Equal(t, 403, from("198.51.100.1:80")) })
		}
		all.Wait()
		assert.Equal(t, time.Second, time.Since(began))
		assert.EqualValues(t, 1, a.calls.Load())
	})
}

func TestAFetchOfAddressesThatHangsDelaysNobodyForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		a := &addresses{}
		a.will(func(context.Context) ([]string, error) { <-free; return nil, assert.AnError })
		_, from := allowing(t, a)
		began := time.Now()
		assert.Equal(t, 503, from("203.0.113.9:80"))
		assert.Equal(t, 2*time.Second, time.Since(began))
		for range 100 {
			from("203.0.113.9:80")
			time.Sleep(time.Minute)
		}
		assert.EqualValues(t, maxStuckFetches, a.calls.Load(), "they do not add up")
		close(free)
		synctest.Wait()
		a.will(works)
		assert.Equal(t, 200, from("203.0.113.9:80"))
	})
}

func TestShutdownEndsTheFetchOfAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, j := &addresses{}, &journal{}
		a.will(func(ctx context.Context) ([]string, error) { <-ctx.Done(); return nil, ctx.Err() })
		h, from := allowing(t, a)
		h.allow.log = j.log.Logger()
		go from("203.0.113.9:80")
		synctest.Wait()
		require.NoError(t, h.Shutdown(t.Context()))
		synctest.Wait()
		assert.Equal(t, 503, from("203.0.113.9:80"))
		time.Sleep(time.Hour)
		assert.Equal(t, 503, from("203.0.113.9:80"))
		assert.EqualValues(t, 1, a.calls.Load())
		assert.Empty(t, j.log.String(), "that is no failure")
	})
}

func TestWithoutASignatureNoListIsFetched(t *testing.T) {
	a := &addresses{}
	a.will(works)
	h, _ := allowing(t, a)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/?signature=x&timestamp=1&nonce=1", nil))
	assert.Equal(t, http.StatusForbidden, w.Code)
	assert.Zero(t, a.calls.Load())
}

func TestAddressesAndBlocksAreRead(t *testing.T) {
	assert.Equal(t, []netip.Prefix{
		netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8::1/128"), netip.MustParsePrefix("198.51.100.7/32"), netip.MustParsePrefix("192.0.2.1/32"),
	}, prefixes(listed))
	assert.Empty(t, prefixes([]string{"", "x", "1.2.3", "1.2.3.4/33"}))
}
