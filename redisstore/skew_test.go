package redisstore_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/redisstore"
)

// tunnel is a Redis for processes with clocks of their own, which a bubble of virtual
// time has: its connections are outside, where the clock is that of the machine.
type tunnel struct {
	commands chan redis.Cmder
	answered chan struct{}
	mu       sync.Mutex
}

func newTunnel(t *testing.T, mini *miniredis.Miniredis) *tunnel {
	t.Helper()
	tun := &tunnel{commands: make(chan redis.Cmder), answered: make(chan struct{})}
	c := redis.NewClient(&redis.Options{Addr: mini.Addr()})
	var worker sync.WaitGroup
	worker.Go(func() {
		for cmd := range tun.commands {
			_ = c.Process(context.Background(), cmd) // its error is that of cmd
			tun.answered <- struct{}{}
		}
	})
	t.Cleanup(func() {
		close(tun.commands)
		worker.Wait()
		_ = c.Close()
	})
	return tun
}

func (*tunnel) DialHook(next redis.DialHook) redis.DialHook { return next }

func (tun *tunnel) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, cmd redis.Cmder) error {
		tun.mu.Lock()
		defer tun.mu.Unlock()
		tun.commands <- cmd
		<-tun.answered
		return cmd.Err()
	}
}

func (*tunnel) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// issuer is a platform without a clock: it is told which tokens are valid.
type issuer struct {
	mu             sync.Mutex
	oldest, newest int // of the valid tokens
	fetched        int
	expired        int // calls with a token that is over
}

func (p *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	body, token := `{"ip_list":[]}`, 0
	_, _ = fmt.Sscanf(r.URL.Query().Get("access_token"), "token-%d", &token)
	switch {
	case strings.HasPrefix(r.URL.Path, stablePath):
		p.fetched++
		body = fmt.Sprintf(`{"access_token":"token-%d","expires_in":7200}`, p.newest)
	case token < p.oldest:
		p.expired++
		body = `{"errcode":42001,"errmsg":"access_token expired"}`
	}
	header := http.Header{"Content-Type": {"application/json"}}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// Each bubble begins in the year 2000, so both processes are a quarter of a century
// behind Redis, and the second one differs from the first by the skew.
func TestB11ProcessesWithSkewedClocksShareATokenToItsEnd(t *testing.T) {
	for _, skew := range []time.Duration{-5 * time.Minute, 0, 5 * time.Minute, 24 * time.Hour} {
		t.Run(skew.String(), func(t *testing.T) {
			p, mini := new(issuer), miniredis.RunT(t)
			tun := newTunnel(t, mini)
			// process is one whose clock is at 2000-01-02 and its skew when it starts.
			process := func(skew time.Duration, live func(t *testing.T, call func(), pass func(time.Duration))) {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(24*time.Hour + skew)
					c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
					defer func() { _ = c.Close() }()
					c.AddHook(tun)
					client := wechat.NewClient("wx1", "secret", quiet,
						wechat.WithTokenStore(redisstore.New(c)), wechat.WithHTTPClient(&http.Client{Transport: p}))
					defer func() { _ = client.Close() }()
					live(t, func() {
						_, err := client.ListCallbackIPs(t.Context())
						require.NoError(t, err)
						synctest.Wait()
					}, func(d time.Duration) {
						time.Sleep(d)
						mini.FastForward(d)
					})
				})
			}
			process(0, func(_ *testing.T, call func(), pass func(time.Duration)) {
				call()
				pass(time.Hour)
				call()
			})
			assert.Equal(t, 1, p.fetched)
			process(skew, func(t *testing.T, call func(), pass func(time.Duration)) {
				call()
				pass(54 * time.Minute) // a minute before the window in which it is replaced
				call()
				assert.Equal(t, 1, p.fetched, "premature refreshes")
				pass(2 * time.Minute)
				p.newest = 1 // 5 minutes before the end of the other
				call()
				assert.Equal(t, 2, p.fetched, "replaced in time")
				pass(5 * time.Minute)
				p.oldest = 1
				call()
				assert.Equal(t, 2, p.fetched)
			})
			assert.Zero(t, p.expired, "calls with a token that was over")
		})
	}
}
