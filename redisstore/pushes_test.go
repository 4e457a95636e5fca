package redisstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/wechattest"
)

// reports counts the runs of handlers in all processes.
type reports struct {
	*httptest.Server

	mu   sync.Mutex
	runs map[string]int
}

func newReports(t *testing.T) *reports {
	t.Helper()
	r := &reports{runs: map[string]int{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.runs[req.URL.Query().Get("name")]++
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *reports) of(name string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.runs[name]
}

// signed is a push as the platform delivers it, to be delivered any number of times.
type signed struct {
	query string
	body  []byte
}

// signedPush makes the platform sign a text message.
func signedPush(t *testing.T, p *wechattest.Platform, from *wechattest.Follower, text string) (s signed) {
	t.Helper()
	p.SetCallback(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		s = signed{r.URL.RawQuery, body}
		_, _ = io.WriteString(w, "success")
	}))
	from.Sends(t.Context(), text)
	return s
}

var deliverer = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}

// deliver delivers a push to a replica and returns the answer.
func (s signed) deliver(ctx context.Context, addr string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/?"+s.query, bytes.NewReader(s.body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "text/xml")
	resp, err := deliverer.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK {
		err = errors.Join(err, errors.New(resp.Status))
	}
	return string(body), err
}

func TestE19ThreeDeliveriesOverTwoReplicasRunOnce(t *testing.T) {
	const pushes = 1000
	p, rdb, ran := wechattest.NewPlatform(), startServer(t), newReports(t)
	defer p.Close()
	alice := p.AddUser(wechattest.User{})
	j := job{
		Kind: "receiver", Redis: rdb.Addr, LastDuration: true, Report: ran.URL,
		Accounts: []account{{"", p.AppID, p.AppSecret, p.Token, p.EncodingAESKey, p.OriginalID}},
	}
	replicas := startProcesses(t, 2, j)
	var hungUp, answered, replied atomic.Int32
	var all sync.WaitGroup
	slots := make(chan struct{}, 16)
	for n := range pushes {
		name := fmt.Sprint("push", n)
		s := signedPush(t, p, alice, fmt.Sprintf("%s %dms", name, rand.IntN(60)))
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			var three sync.WaitGroup
			for delivery := range 3 {
				pause := time.Duration(delivery*rand.IntN(40)) * time.Millisecond
				three.Go(func() {
					time.Sleep(pause)
					ctx := t.Context()
					if delivery < 2 && rand.IntN(3) == 0 { // the platform hangs up on it
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, time.Duration(rand.IntN(40))*time.Millisecond)
						defer cancel()
					}
					body, err := s.deliver(ctx, replicas[rand.IntN(2)].first.Addr)
					switch {
					case ctx.Err() != nil:
						hungUp.Add(1)
					case err != nil:
						t.Error(err)
					case body != "success":
						replied.Add(1)
						answered.Add(1)
					default:
						answered.Add(1)
					}
				})
			}
			three.Wait()
		})
	}
	all.Wait()
	once := 0
	for n := range pushes {
		runs := ran.of(fmt.Sprint("push", n))
		if runs == 1 {
			once++
		}
		assert.Contains(t, []int{1, 2}, runs, "at least once, and at most once at each replica")
	}
	if once < pushes { // a machine with too much to do answers some claims too late
		assert.Eventually(t, func() bool { return ran.of(lateClaims) > 0 }, 5*time.Second, 50*time.Millisecond,
			"%d pushes ran twice, although every claim was answered within 250 ms", pushes-once)
		t.Logf("%d claims were answered too late", ran.of(lateClaims))
	}
	t.Logf("1 run for %d of %d pushes; %d deliveries were answered, %d of them with the reply, %d hung up",
		once, pushes, answered.Load(), replied.Load(), hungUp.Load())
	assert.Greater(t, int(hungUp.Load()), pushes/20)
}

func TestE20APushOfAReplicaThatWasKilledIsHandledByAnother(t *testing.T) {
	const pushes = 20
	p, rdb, ran := wechattest.NewPlatform(), startServer(t), newReports(t)
	defer p.Close()
	alice := p.AddUser(wechattest.User{})
	j := job{
		Kind: "receiver", Redis: rdb.Addr, Report: ran.URL,
		Accounts: []account{{"", p.AppID, p.AppSecret, p.Token, p.EncodingAESKey, p.OriginalID}},
	}
	dying, other := startProcess(t, j), startProcess(t, j)
	all := make([]signed, pushes)
	for n := range all {
		all[n] = signedPush(t, p, alice, fmt.Sprintf("push%d 1500ms", n))
	}
	var first sync.WaitGroup
	for _, s := range all {
		first.Go(func() { _, _ = s.deliver(t.Context(), dying.first.Addr) })
	}
	for n := range all {
		require.Eventually(t, func() bool { return ran.of(fmt.Sprint("push", n)) == 1 }, 10*time.Second, time.Millisecond)
	}
	dying.kill()
	first.Wait()
	var second sync.WaitGroup
	var replied atomic.Int32
	for n, s := range all {
		second.Go(func() {
			time.Sleep(time.Duration(n*100) * time.Millisecond) // 0 to 2 seconds
			begin := time.Now()
			body, err := s.deliver(t.Context(), other.first.Addr)
			if err != nil {
				t.Error(err)
			}
			assert.Less(t, time.Since(begin), 5*time.Second, "the platform waits no longer")
			if body != "success" {
				replied.Add(1)
			}
		})
	}
	second.Wait()
	for n := range all {
		assert.Equal(t, 2, ran.of(fmt.Sprint("push", n)), "once at each replica")
	}
	t.Logf("%d pushes taken over, %d of their next deliveries had the reply", pushes, replied.Load())
}

func TestE21ReplicasHandlePushesWithoutRedis(t *testing.T) {
	p, rdb, ran := wechattest.NewPlatform(), startRealServer(t), newReports(t)
	defer p.Close()
	alice := p.AddUser(wechattest.User{})
	replica := startProcess(t, job{
		Kind: "receiver", Redis: rdb.Addr, Report: ran.URL,
		Accounts: []account{{"", p.AppID, p.AppSecret, p.Token, p.EncodingAESKey, p.OriginalID}},
	})
	rdb.kill()
	var slowest time.Duration
	for n := range 50 {
		s := signedPush(t, p, alice, fmt.Sprint("push", n))
		for range 3 { // its own memory is always there
			begin := time.Now()
			_, err := s.deliver(t.Context(), replica.first.Addr)
			require.NoError(t, err)
			slowest = max(slowest, time.Since(begin))
		}
		assert.Equal(t, 1, ran.of(fmt.Sprint("push", n)))
	}
	assert.LessOrEqual(t, slowest, 300*time.Millisecond+busy)
	t.Logf("the slowest answer took %v", slowest.Round(time.Millisecond))
}
