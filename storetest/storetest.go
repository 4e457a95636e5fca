// Package storetest tests your own implementations of the store interfaces, for
// databases that this library has no store for. It checks that a store does what the
// library relies on: with concurrent callers, when a TTL expires, when a context ends,
// and with unusual keys and values.
//
//	func TestStore(t *testing.T) {
//		storetest.TestTokenStore(t, func(t *testing.T) wechat.TokenStore { return newStore(t) })
//	}
//
// Each check gets a store from the function that you pass. The function may return the
// same store every time, because keys are random and entries expire with their TTL.
// TTLs are whole seconds. A run takes up to ten seconds, mostly to wait for TTLs.
package storetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	long      = time.Minute     // a TTL that does not end during a check
	short     = 1 * time.Second // one that does
	medium    = 5 * time.Second // one of which a good part is over after a pause
	pause     = 3 * time.Second
	tolerance = 2 * time.Second // of a TTL that a store reports
	patience  = 5 * time.Second
	limit     = time.Minute // of a check

	callers = 16 // at once
)

// check is one claim about stores of type S.
type check[S any] struct {
	name string
	run  func(c *checker, s S)
}

// checker is what a check reports to. Its methods may be called by many goroutines.
type checker struct {
	ctx context.Context //nolint:containedctx // that of the check
	id  string          // random

	mu       sync.Mutex
	failures []string
}

// stop ends a check that cannot go on.
type stop struct{}

// run runs all checks as tests.
func run[S any](t *testing.T, checks []check[S], newStore func(t *testing.T) S) {
	t.Helper()
	for _, check := range checks {
		t.Run(check.name, func(t *testing.T) {
			for _, failure := range failures(t.Context(), check, newStore(t)) {
				t.Error(failure)
			}
		})
	}
}

// failures runs a check and returns what it has found. A store that panics or hangs
// fails it.
func failures[S any](ctx context.Context, check check[S], store S) []string {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := &checker{ctx: ctx, id: strings.ToLower(rand.Text())}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.guard(func() { check.run(c, store) })
	}()
	select {
	case <-done:
	case <-time.After(limit + patience):
		c.errorf("the store hangs")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failures
}

// guard runs f and reports its panic.
func (c *checker) guard(f func()) {
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(stop); !ok {
				c.errorf("the store panics: %v", p)
			}
		}
	}()
	f()
}

func (c *checker) errorf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures = append(c.failures, fmt.Sprintf(format, args...))
}

// key returns a key that no other check uses, of the form of the library's.
func (c *checker) key(suffix string) string { return "wechat:{wx" + c.id + "}:" + suffix }

// ok ends the check if a call failed that must not.
func (c *checker) ok(err error, call string) {
	if err != nil {
		c.errorf("%s returns the error: %v", call, err)
		panic(stop{})
	}
}

// equal reports a result that is not the one that is wanted.
func equal[T comparable](c *checker, what string, got, want T) {
	if got != want {
		c.errorf("%s: %s, want %s", what, excerpt(got), excerpt(want))
	}
}

// excerpt formats a value of any length.
func excerpt(v any) string {
	const most = 80
	text := fmt.Sprint(v)
	if len(text) > most {
		return fmt.Sprintf("%q… (%d bytes)", text[:most], len(text))
	}
	return strconv.Quote(text)
}

// eventually reports a condition that does not come about. It stands for the end of a
// TTL, which a store may notice late.
func (c *checker) eventually(what string, condition func() bool) {
	for end := time.Now().Add(patience); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			c.errorf("%s: not within %v", what, patience)
			panic(stop{})
		}
	}
}

// atOnce runs f for many callers at once.
func (c *checker) atOnce(f func(caller int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range callers {
		all.Go(func() {
			<-start
			c.guard(func() { f(i) })
		})
	}
	close(start)
	all.Wait()
}

// runsDown checks a remaining TTL that was medium before a pause.
func (c *checker) runsDown(what string, left time.Duration) {
	if most := medium - pause + time.Second; left > most {
		c.errorf("%s: %v after %v of %v, want at most %v: what is left, not what was set", what, left, pause, medium, most)
	}
}

// oneTakesOver checks that of many callers at once only one gets what is about to end.
// take reports whether a caller got it.
func (c *checker) oneTakesOver(what string, take func(caller int) bool) {
	time.Sleep(short)
	var have atomic.Int32
	c.eventually(what, func() bool {
		c.atOnce(func(caller int) {
			if take(caller) {
				have.Add(1)
			}
		})
		return have.Load() > 0
	})
	equal(c, what, have.Load(), 1)
}

// prompt runs a call whose context has ended: it may fail or not, but must return.
func (c *checker) prompt(call string, f func(ctx context.Context) error) (err error) {
	ctx, cancel := context.WithCancel(c.ctx)
	cancel()
	done := make(chan error, 1)
	go func() {
		defer close(done)
		c.guard(func() { done <- f(ctx) })
	}()
	select {
	case err = <-done:
	case <-time.After(patience):
		c.errorf("%s does not return when its context has ended", call)
		panic(stop{})
	}
	return err
}

// near reports whether a remaining TTL can be that of a value that was just stored.
func near(got, want time.Duration) bool {
	return got > 0 && got > want-tolerance && got <= want+time.Second
}

// odd are strings that stores have been known to change: a column that folds case or
// cuts trailing spaces, one that is too short, one that is no binary.
func odd() map[string]string {
	return map[string]string{
		"upper case":       "ABC",
		"lower case":       "abc",
		"a trailing space": "abc ",
		"a leading space":  " abc",
		"unicode":          "微信公众号 😀 é e\u0301",
		"signs of patterns": `*?[a]%_\'";:{}--
`,
		"bytes that are no UTF-8": "\x00\x01\xff\xfe\x80",
		"4 KiB":                   strings.Repeat("k", 4<<10),
	}
}

// big is a value of 64 KiB that cannot be compressed.
func big() string {
	b := make([]byte, 64<<10)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return string(b)
}
