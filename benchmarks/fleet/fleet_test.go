package fleet

import (
	"flag"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/redisstore"
	"github.com/wechatoa/wechat/wechattest"
)

var update = flag.Bool("update", false, "simulate all sizes and write RESULTS.md and the pictures")

const (
	simulated  = 12 * time.Hour
	fetchTime  = 100 * time.Millisecond // of a token
	checkEvery = 10 * time.Minute       // how often a process calls the platform for real
)

// setup is how a fleet gets its tokens.
type setup string

const (
	stable       setup = "stable tokens, Redis"
	classic      setup = "classic tokens, Redis"
	withoutRedis setup = "stable tokens, no Redis"
)

// fleet is what is simulated.
type fleet struct {
	setup     setup
	processes int
	rate      int // calls a second, of all processes together
}

// counts are what it cost.
type counts struct {
	calls    int64
	failed   int64 // of the calls that reached the platform
	fetches  int   // of tokens
	commands int   // to Redis
	peak     int   // commands in the busiest second
}

func (c counts) fetchesPerHour() float64  { return float64(c.fetches) / simulated.Hours() }
func (c counts) commandsPerHour() float64 { return float64(c.commands) / simulated.Hours() }

// simulate starts all processes at once, as a deployment does, and lets them call.
func (f fleet) simulate(t *testing.T) (c counts) {
	t.Helper()
	rdb := newVirtualRedis(t)
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.NewPlatform()
		defer p.Close()
		path := "/cgi-bin/stable_token"
		if f.setup == classic {
			path = "/cgi-bin/token"
		}
		p.InjectFault(path, wechattest.Fault{Times: -1, Executed: true, Delay: fetchTime})
		shared := rdb.client()
		defer func() { _ = shared.Close() }()
		var calls, failed atomic.Int64
		var all sync.WaitGroup
		end := time.Now().Add(simulated)
		for i := range f.processes {
			opts := []wechat.Option{wechat.WithLogger(slog.New(slog.DiscardHandler))}
			if f.setup != withoutRedis {
				opts = append(opts, wechat.WithTokenStore(redisstore.New(shared)))
			}
			if f.setup == classic {
				opts = append(opts, wechat.WithClassicToken())
			}
			client := p.Client(opts...)
			all.Go(func() {
				defer func() { _ = client.Close() }()
				n, bad := f.run(t, client, i, end)
				calls.Add(n)
				failed.Add(bad)
			})
		}
		all.Wait()
		c = counts{calls.Load(), failed.Load(), p.CallCount(path), rdb.count, rdb.peak()}
	})
	return c
}

// run is the life of process i. What a call does for its token is all that grows with
// the rate, so most calls do no more than that.
func (f fleet) run(t *testing.T, client *wechat.Client, i int, end time.Time) (calls, failed int64) {
	pause := max(time.Second, time.Duration(f.processes)*time.Second/time.Duration(f.rate))
	atOnce := max(1, f.rate/f.processes)
	var checked time.Time
	call := func() {
		now := time.Now()
		if now.Sub(checked) >= checkEvery {
			checked = now
			calls++
			if _, err := client.ListCallbackIPs(t.Context()); err != nil {
				failed++
			}
		}
		for range atOnce {
			calls++
			if _, err := client.Token(t.Context(), ""); err != nil {
				failed++
			}
		}
	}
	call()
	time.Sleep(pause * time.Duration(i) / time.Duration(f.processes)) // from now on not in step
	for ; time.Now().Before(end); time.Sleep(pause) {
		call()
	}
	return calls, failed
}

// sizes are those that are simulated.
func sizes() (processes, rates []int) {
	if *update {
		return []int{1, 10, 100, 1000}, []int{1, 100, 10_000}
	}
	return []int{1, 20}, []int{1, 100}
}

// lives is how many tokens are needed: one lasts two hours at most, less the 5 minutes
// before its end in which it is replaced.
const lives = int(simulated/(2*time.Hour)) + 1

func TestCostsGrowNeitherWithCallsNorFetchesWithProcesses(t *testing.T) {
	processes, rates := sizes()
	results := map[fleet]counts{}
	for _, s := range []setup{stable, classic, withoutRedis} {
		for _, n := range processes {
			for _, rate := range rates {
				f := fleet{s, n, rate}
				c := f.simulate(t)
				results[f] = c
				t.Logf("%+v: %+v", f, c)
				assert.Zero(t, c.failed, "%+v", f)
			}
		}
	}
	for f, c := range results {
		name := fmt.Sprintf("%+v: %+v", f, c)
		fetching := 1 // processes
		if f.setup == withoutRedis {
			fetching = f.processes
			assert.Zero(t, c.commands, name)
		}
		assert.LessOrEqual(t, c.fetches, lives*fetching, name)
		quiet := results[fleet{f.setup, f.processes, rates[0]}]
		assert.LessOrEqual(t, c.commands, quiet.commands*5/4, "%s, more than at %d calls a second: %+v", name, rates[0], quiet)
		assert.LessOrEqual(t, c.commands, 6*lives*f.processes, name)
	}
	if *update {
		write(t, results, processes, rates)
	}
}
