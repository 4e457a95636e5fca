package benchmarks

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const herd = 1000

// BenchmarkHerd is 1,000 callers at once whose token is not there, refused, not to be
// had or at its end, and a token endpoint that answers after 20 ms. It counts the
// requests for a token and the errors that callers see.
func BenchmarkHerd(b *testing.B) {
	ctx := context.Background()
	get := func(c Client) error { _, err := c.GetUser(ctx, OpenID); return err }
	post := func(c Client) error { _, err := c.SendTemplate(ctx, OpenID); return err }
	for _, fault := range []struct {
		name  string
		call  func(Client) error
		warm  bool
		begin func(p *Platform)
	}{
		{"cold", get, false, func(*Platform) {}},
		{"revoked/GET", get, true, (*Platform).Revoke},
		{"revoked/POST", post, true, (*Platform).Revoke},
		{"down", get, false, func(p *Platform) { p.Down.Store(true) }},
	} {
		b.Run(fault.name, func(b *testing.B) {
			each(b, managesTokens, func(b *testing.B, s SDK) {
				once(b, func() map[string]float64 {
					p := inMemory(b)
					p.TokenLatency = 20 * time.Millisecond
					c := client(b, s, p)
					if fault.warm {
						warm(b, c)
					}
					fault.begin(p)
					return stampede(p, func() error { return fault.call(c) })
				})
			})
		})
	}
	b.Run("expiry", func(b *testing.B) {
		each(b, func(s SDK) bool { return s.ShortLife.ExpiresIn != 0 }, func(b *testing.B, s SDK) {
			once(b, func() map[string]float64 {
				p := inMemory(b)
				p.TokenLatency = 20 * time.Millisecond
				p.ExpiresIn = s.ShortLife.ExpiresIn
				c := client(b, s, p)
				warm(b, c)
				time.Sleep(s.ShortLife.Ends)
				return stampede(p, func() error { return get(c) })
			})
		})
	})
}

// stampede makes 1,000 calls at once.
func stampede(p *Platform, call func() error) map[string]float64 {
	before := p.TokenRequests.Load()
	var failed, slowest atomic.Int64
	var all sync.WaitGroup
	began := make(chan struct{})
	for range herd {
		all.Go(func() {
			<-began
			start := time.Now()
			if call() != nil {
				failed.Add(1)
			}
			for took := time.Since(start).Microseconds(); ; {
				most := slowest.Load()
				if took <= most || slowest.CompareAndSwap(most, took) {
					return
				}
			}
		})
	}
	close(began)
	all.Wait()
	return map[string]float64{
		"token-requests": float64(p.TokenRequests.Load() - before), "errors": float64(failed.Load()),
		"slowest-ms": float64(slowest.Load()) / 1000,
	}
}
