package benchmarks

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// BenchmarkMillion is the profiles of 1,000,000 followers. It counts the requests, and
// what is in use beyond what was at the tenth part of the way, at most. used@n is what
// is in use at n percent of the way.
func BenchmarkMillion(b *testing.B) {
	const followers, samples = 1000000, 20
	each(b, func(s SDK) bool { return s.Name == floor.Name || s.Name == ours.Name }, func(b *testing.B, s SDK) {
		once(b, func() map[string]float64 {
			p := inMemory(b)
			p.Followers = followers
			c := client(b, s, p)
			warm(b, c)
			before := p.Requests.Load()
			results := map[string]float64{}
			var base, peak float64
			list(b, c, followers, func(n int) {
				if n == 0 || n%(followers/samples) != 0 {
					return
				}
				used := float64(heap(true)) / (1 << 20)
				results[fmt.Sprintf("used@%02d", n*100/followers)] = used
				if n <= followers/10 {
					base = used
				}
				peak = max(peak, used)
			})
			results["requests"], results["growth-MiB"] = float64(p.Requests.Load()-before), max(0, peak-base)
			return results
		})
	})
}

// BenchmarkBlacklist puts 100,000 users on the blacklist and lists it. It is the time
// for one user.
func BenchmarkBlacklist(b *testing.B) {
	const users = 100000
	ctx := context.Background()
	ids := make([]string, users)
	for i := range ids {
		ids[i] = followerID(i)
	}
	each(b, does[Blocker], func(b *testing.B, s SDK) {
		p := inMemory(b)
		c := client(b, s, p)
		warm(b, c)
		before, rounds := p.Requests.Load(), atLeast(b.N, users)
		b.ResetTimer()
		for range rounds {
			p.Blocked.Store(0)
			if err := c.(Blocker).Block(ctx, ids); err != nil || p.Blocked.Load() != users {
				b.Fatal(p.Blocked.Load(), err)
			}
			n := 0
			err := c.(Blocker).Blacklist(ctx, func(openID string) {
				if openID != ids[n] {
					b.Fatal(openID, n)
				}
				n++
			})
			if err != nil || n != users {
				b.Fatal(n, err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rounds)/users, "ns/op")
		b.ReportMetric(float64(p.Requests.Load()-before)/float64(rounds), "requests")
	})
}

// BenchmarkYear is the new followers of each day of a year, by their source.
func BenchmarkYear(b *testing.B) {
	ctx := context.Background()
	from, to := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2024, 12, 31, 0, 0, 0, 0, time.UTC)
	perDay := len(sources) * (len(sources) + 1) / 2
	each(b, does[Analyst], func(b *testing.B, s SDK) {
		p := inMemory(b)
		c := client(b, s, p)
		warm(b, c)
		before := p.Requests.Load()
		b.ReportAllocs()
		b.ResetTimer()
		for range b.N {
			rows, total := 0, 0
			err := c.(Analyst).NewFollowers(ctx, from, to, func(day string, n int64) {
				if want := from.AddDate(0, 0, rows/len(sources)); rows%1000 == 0 && day != want.Format(time.DateOnly) {
					b.Fatal(day, want)
				}
				rows++
				total += int(n)
			})
			if err != nil || rows != 366*len(sources) || total != 366*perDay {
				b.Fatal(rows, total, err)
			}
		}
		b.ReportMetric(float64(p.Requests.Load()-before)/float64(b.N), "requests")
	})
}
