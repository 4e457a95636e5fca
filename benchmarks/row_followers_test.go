package benchmarks

import (
	"context"
	"testing"
	"time"
)

// BenchmarkFollowers is the profile of one of 20,000 followers over TLS, each request
// answered after 5 ms: 2 pages of openids and the empty one behind them, 200 batches.
// SDKs without a method for it fetch one batch after the other, as their methods do.
func BenchmarkFollowers(b *testing.B) {
	const followers = 20000
	each(b, does[Lister], func(b *testing.B, s SDK) {
		p := overTLS(b)
		p.Followers, p.Latency = followers, 5*time.Millisecond
		c := client(b, s, p)
		warm(b, c)
		before, lists := p.Requests.Load(), atLeast(b.N, followers)
		b.ResetTimer()
		for range lists {
			list(b, c, followers, nil)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(lists)/followers, "ns/op")
		b.ReportMetric(float64(p.Requests.Load()-before)/float64(lists), "requests")
	})
}

// list fetches all followers and fails if one of them is not the next one.
func list(b *testing.B, c Client, followers int, at func(n int)) {
	b.Helper()
	n := 0
	err := c.(Lister).Followers(context.Background(), func(openID string) {
		if n%997 == 0 && openID != followerID(n) {
			b.Errorf("%s is follower %d", openID, n)
		}
		if at != nil {
			at(n)
		}
		n++
	})
	if err != nil || n != followers {
		b.Fatalf("%d followers: %v", n, err)
	}
}
