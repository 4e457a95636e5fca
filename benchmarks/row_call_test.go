package benchmarks

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"
)

// BenchmarkCall is one call with a token that is there.
func BenchmarkCall(b *testing.B) {
	ctx := context.Background()
	for _, network := range []struct {
		name string
		make func(testing.TB) *Platform
	}{{"memory", inMemory}, {"TLS", overTLS}} {
		b.Run("GET/"+network.name, func(b *testing.B) {
			each(b, hasClient, func(b *testing.B, s SDK) {
				c := client(b, s, network.make(b))
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
			each(b, hasClient, func(b *testing.B, s SDK) {
				c := client(b, s, network.make(b))
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

// callsAtOnce is how many calls an operation of BenchmarkParallel makes.
const callsAtOnce = 1000

// BenchmarkParallel is 1,000 calls by some callers over TLS, each answered after 5 ms.
// Connections that the calls before them opened do not count.
func BenchmarkParallel(b *testing.B) {
	for _, callers := range []int{8, 64, 512} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			each(b, hasClient, func(b *testing.B, s SDK) {
				inParallel(b, s, callers, callsAtOnce)
			})
		})
	}
}

// BenchmarkBurst is some calls at once over TLS, each answered after 5 ms. The next
// burst begins when all are answered.
func BenchmarkBurst(b *testing.B) {
	for _, callers := range []int{64, 512} {
		b.Run(fmt.Sprintf("calls=%d", callers), func(b *testing.B) {
			each(b, hasClient, func(b *testing.B, s SDK) {
				inParallel(b, s, callers, callers)
			})
		})
	}
}

func inParallel(b *testing.B, s SDK, callers, calls int) {
	b.Helper()
	p := overTLS(b)
	p.Latency = 5 * time.Millisecond
	c := client(b, s, p)
	warm(b, c)
	for range 3 {
		run(b, c, callers, calls)
	}
	before, _ := p.Conns()
	n := 0
	for b.Loop() {
		run(b, c, callers, calls)
		n++
	}
	opened, most := p.Conns()
	b.ReportMetric(float64(opened-before)/float64(n)*1000/float64(calls), "new-conns/1000-calls")
	b.ReportMetric(float64(most), "conns-at-most")
}

// run makes calls by callers that share them.
func run(b *testing.B, c Client, callers, calls int) {
	b.Helper()
	work := make(chan struct{}, calls)
	for range calls {
		work <- struct{}{}
	}
	close(work)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range work {
				if _, err := c.GetUser(context.Background(), OpenID); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
}
