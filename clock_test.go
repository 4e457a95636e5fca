package wechat_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

// TestA12_AJumpOfTheClockFailsNoCall moves the clocks of the platform and the program apart
// under load. To a program, the platform is ahead after a suspension of its machine, in
// which the monotonic clock stood still, and behind if its own clock was ahead.
func TestA12_AJumpOfTheClockFailsNoCall(t *testing.T) {
	for name, opts := range map[string][]wechat.Option{
		"one client": nil,
		"a store":    {wechat.WithTokenStore(wechat.NewMemoryTokenStore())},
		"classic":    {wechat.WithClassicToken()},
	} {
		for _, jump := range []time.Duration{time.Hour, -time.Hour, 3 * time.Hour, -3 * time.Hour, 48 * time.Hour} {
			t.Run(name+"/"+jump.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var ahead atomic.Int64
					p := wechattest.NewPlatform(wechattest.WithClock(func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }))
					defer p.Close()
					c := p.Client(opts...)
					fetches := func() int { return p.CallCount("/cgi-bin/stable_token") + p.CallCount("/cgi-bin/token") }
					load := func(d time.Duration) {
						for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(time.Minute) {
							require.Zero(t, herd(5, func() error { _, err := c.ListCallbackIPs(t.Context()); return err }))
						}
					}
					for _, at := range []time.Duration{30 * time.Minute, 110 * time.Minute, 118 * time.Minute} {
						load(at)
						before := fetches()
						ahead.Add(int64(jump))
						load(30 * time.Minute)
						// One for the jump; one each 30 seconds while a token is to be replaced
						// that the platform, whose clock is behind, still repeats.
						assert.LessOrEqual(t, fetches()-before, 11)
					}
				})
			})
		}
	}
}

// TestA12_NoCallDependsOnTheDateOfAResponse makes the Date of every response wrong.
func TestA12_NoCallDependsOnTheDateOfAResponse(t *testing.T) {
	p := wechattest.NewPlatform()
	defer p.Close()
	network := wechattest.NewNetwork(1)
	c := p.Client(wechat.WithHTTPClient(&http.Client{Transport: network.RoundTripper(p.Transport())}))
	for _, date := range []string{"Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "no date"} {
		network.ClearFaults()
		network.InjectFault(wechattest.NetworkFault{Times: -1, Header: http.Header{"Date": {date}, "Expires": {date}, "Age": {"-1"}}})
		for range 10 {
			_, err := c.ListCallbackIPs(t.Context())
			require.NoError(t, err)
		}
	}
	assert.Equal(t, 1, p.CallCount("/cgi-bin/stable_token"))
}
