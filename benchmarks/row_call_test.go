package benchmarks

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkCall is one call with a token that is there.
func BenchmarkCall(b *testing.B) {
	ctx := context.Background()
	for _, network := range []struct {
		name     string
		platform func(testing.TB) *Platform
	}{{"memory", inMemory}, {"TLS", overTLS}} {
		b.Run("GET/"+network.name, func(b *testing.B) {
			each(b, makesCalls, func(b *testing.B, s SDK) {
				c := client(b, s, network.platform(b))
				warm(b, c)
				b.ReportAllocs()
				for b.Loop() {
					if id, err := c.GetUser(ctx, OpenID); err != nil || id != OpenID {
						b.Fatal(id, err)
					}
				}
			})
		})
		b.Run("POST/"+network.name, func(b *testing.B) {
			each(b, makesCalls, func(b *testing.B, s SDK) {
				c := client(b, s, network.platform(b))
				warm(b, c)
				b.ReportAllocs()
				for b.Loop() {
					if id, err := c.SendTemplate(ctx, OpenID); err != nil || id != MessageID {
						b.Fatal(id, err)
					}
				}
			})
		})
	}
}

// warm makes a client fetch its token.
func warm(tb testing.TB, c Client) {
	tb.Helper()
	if _, err := c.GetUser(context.Background(), OpenID); err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkParallel is a call over TLS by one of many callers, answered after 5 ms.
// Connections that the calls before the measurement opened do not count.
func BenchmarkParallel(b *testing.B) {
	for _, callers := range []int{8, 64, 512} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			each(b, hasClient, func(b *testing.B, s SDK) {
				inParallel(b, s, callers, func(c Client) int {
					run(b, c, callers, b.N)
					return b.N
				})
			})
		})
	}
}

// BenchmarkBurst is many calls at once over TLS, each answered after 5 ms. The next
// burst begins when all are answered.
func BenchmarkBurst(b *testing.B) {
	for _, calls := range []int{64, 512} {
		b.Run(fmt.Sprintf("calls=%d", calls), func(b *testing.B) {
			each(b, hasClient, func(b *testing.B, s SDK) {
				inParallel(b, s, calls, func(c Client) int {
					bursts := atLeast(b.N, calls)
					for range bursts {
						run(b, c, calls, calls)
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(bursts), "ns/op")
					return bursts * calls
				})
			})
		})
	}
}

// atLeast returns how many rounds of some operations are n operations or more.
func atLeast(n, round int) int { return (n + round - 1) / round }

// inParallel measures calls that are made at once. do returns how many there were.
func inParallel(b *testing.B, s SDK, callers int, do func(Client) int) {
	b.Helper()
	p := overTLS(b)
	p.Latency = 5 * time.Millisecond
	c := client(b, s, p)
	warm(b, c)
	for range 3 {
		run(b, c, callers, callers)
	}
	before, _ := p.Conns()
	b.ResetTimer()
	calls := do(c)
	b.StopTimer()
	opened, most := p.Conns()
	b.ReportMetric(float64(opened-before)*1000/float64(calls), "new-conns/1000-calls")
	b.ReportMetric(float64(most), "conns-at-most")
}

// run makes calls by callers that share them.
func run(b *testing.B, c Client, callers, calls int) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(calls))
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if _, err := c.GetUser(context.Background(), OpenID); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
}
