package redisstore_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/redisstore"
	"github.com/wechatoa/wechat/wechattest"
)

// mode is a line that tells a replica what its networks are like, or to report.
type mode string

const (
	calm     mode = "calm"  // nothing fails, and nobody calls
	busyMode mode = "busy"  // nothing fails
	faulty   mode = "fault" // requests and deliveries fail; the store works
	stormy   mode = "storm" // so does the store
	usage    mode = "usage" // report what is in use
)

// used is what a replica has in use.
type used struct {
	Goroutines, Descriptors int
	Heap                    uint64
}

// replica is a service of which several run: each message makes it call the API and send
// a message that must not be sent twice.
type replica struct {
	job
	client   *wechat.Client
	requests *wechattest.Network // HTTP requests to the platform
	api      *wechattest.Network // their connections
	web      *wechattest.Network // connections of the callback
	db       *wechattest.Network // connections to Redis
	idle     func()
	busy     atomic.Bool // calls are to be made all the time
	reporter http.Client
	claimed  atomic.Int64 // when a command about a push succeeded last
}

// serveAndCall is the job of a replica.
func serveAndCall(j job) error {
	redis.SetLogger(silent{})
	r := &replica{
		job: j, requests: wechattest.NewNetwork(j.Seed), api: wechattest.NewNetwork(j.Seed + 1),
		web: wechattest.NewNetwork(j.Seed + 2), db: wechattest.NewNetwork(j.Seed + 3),
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	rdb := redis.NewClient(&redis.Options{Addr: j.Redis, Dialer: r.db.DialContext})
	rdb.AddHook(watch{r})
	store := redisstore.New(rdb)
	transport := wechat.NewTransport()
	transport.DialContext = r.api.DialContext
	r.idle = transport.CloseIdleConnections
	a := j.Accounts[0]
	r.client = wechat.NewClient(a.AppID, a.Secret,
		wechat.WithBaseURL(a.API), wechat.WithHTTPClient(&http.Client{Transport: r.requests.RoundTripper(transport)}),
		wechat.WithTokenStore(store), wechat.WithLogger(log), wechat.WithTimeout(3*time.Second))
	h, err := callback.NewHandler(callback.Config{
		AppID: a.AppID, Credentials: callback.NewCredentials(a.Token, a.AESKey), OriginalID: a.OriginalID, Dedupe: store, Logger: log,
		Observer: func(_ context.Context, o callback.Observation) {
			if o.Outcome == callback.OutcomeFault {
				go r.disturbed(time.Now().Add(-time.Second)) // left behind, since the library waits for nobody
			}
		},
	})
	if err != nil {
		return err
	}
	callback.On(h, r.handle)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = http.Serve(r.web.Listener(l), h) }()
	for range 6 {
		go r.call()
	}
	go r.watchTheClock()
	if err := say(answer{Addr: l.Addr().String()}); err != nil {
		return err
	}
	return r.obey()
}

// obey does what the lines of the test say.
func (r *replica) obey() error {
	out := json.NewEncoder(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var u used
		switch m := mode(lines.Text()); m {
		case usage:
			u = r.usage()
		default:
			r.enter(m)
		}
		if err := out.Encode(u); err != nil {
			return err
		}
	}
	return lines.Err()
}

// enter replaces the faults of the networks.
func (r *replica) enter(m mode) {
	r.busy.Store(m != calm)
	for _, n := range []*wechattest.Network{r.requests, r.api, r.web, r.db} {
		n.ClearFaults()
	}
	if m == calm || m == busyMode {
		return
	}
	add := func(n *wechattest.Network, chance float64, f wechattest.NetworkFault) {
		f.Times, f.Chance = -1, chance
		n.InjectFault(f)
	}
	page := []byte("<html>502 Bad Gateway</html>")
	add(r.requests, 0.3, wechattest.NetworkFault{Path: callPath, Latency: 50 * time.Millisecond, Jitter: 400 * time.Millisecond})
	for _, path := range []string{callPath, sendPath} {
		add(r.requests, 0.03, wechattest.NetworkFault{Path: path, Reset: true, AfterWrite: true})
		add(r.requests, 0.03, wechattest.NetworkFault{Path: path, Reset: true})
		add(r.requests, 0.02, wechattest.NetworkFault{Path: path, Hang: true, AfterWrite: true})
		add(r.requests, 0.03, wechattest.NetworkFault{Path: path, Status: http.StatusBadGateway, Body: page, AfterWrite: true})
		add(r.requests, 0.02, wechattest.NetworkFault{Path: path, Truncate: 5})
		add(r.requests, 0.02, wechattest.NetworkFault{Path: path, Refuse: true})
	}
	add(r.web, 0.05, wechattest.NetworkFault{Latency: 10 * time.Millisecond, Jitter: 300 * time.Millisecond})
	add(r.web, 0.05, wechattest.NetworkFault{Slice: 7})
	add(r.web, 0.03, wechattest.NetworkFault{Reset: true, AfterWrite: true})
	add(r.web, 0.03, wechattest.NetworkFault{Truncate: 20})
	if m != stormy {
		return
	}
	for _, n := range []*wechattest.Network{r.api, r.db} {
		n.ResetConns()
		add(n, 0.2, wechattest.NetworkFault{Refuse: true})
		add(n, 0.03, wechattest.NetworkFault{Reset: true, AfterWrite: true})
		add(n, 0.02, wechattest.NetworkFault{Hang: true, AfterWrite: true})
		add(n, 0.1, wechattest.NetworkFault{Latency: 100 * time.Millisecond, Jitter: 400 * time.Millisecond})
		add(n, 0.1, wechattest.NetworkFault{Slice: 3})
		add(n, 0.02, wechattest.NetworkFault{Truncate: 3})
	}
}

// usage returns what is in use, without connections that wait for more requests.
func (r *replica) usage() (u used) {
	r.idle()
	r.reporter.CloseIdleConnections()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	entries, _ := os.ReadDir("/proc/self/fd")
	return used{Goroutines: runtime.NumGoroutine(), Descriptors: len(entries), Heap: m.HeapAlloc}
}

// disturbed tells the test that since then this replica was disturbed.
func (r *replica) disturbed(since time.Time) {
	r.tell(url.Values{"what": {"disturbed"}, "from": {micros(since)}, "to": {micros(time.Now())}})
}

func micros(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }

// report tells the test what happened.
func (r *replica) report(what, detail string) {
	r.tell(url.Values{"what": {what}, "detail": {detail}, "replica": {r.Name}})
}

func (r *replica) tell(form url.Values) {
	resp, err := r.reporter.PostForm(r.Report, form)
	if err == nil {
		_ = resp.Body.Close()
	}
}

// handle is the handler of messages, which are "name duration".
func (r *replica) handle(ctx context.Context, m *callback.TextMessage) (callback.Reply, error) {
	name, wait, _ := strings.Cut(m.Content, " ")
	if last := time.UnixMicro(r.claimed.Load()); time.Since(last) > time.Second {
		r.disturbed(last) // the store is left alone since it failed
	}
	r.report("run", name)
	d, _ := time.ParseDuration(wait)
	time.Sleep(d)
	text, err := json.Marshal(map[string]any{
		"touser": m.FromUserName, "msgtype": "text", "text": map[string]string{"content": name + " of " + r.Name},
	})
	if err != nil {
		return nil, err
	}
	began := time.Now()
	r.judge(began, r.client.SendCustomMessageJSON(ctx, text))
	return callback.Text(name), nil
}

// call makes calls as long as it is to be busy.
func (r *replica) call() {
	for ; ; time.Sleep(time.Duration(10+rand.IntN(60)) * time.Millisecond) {
		if r.busy.Load() {
			began := time.Now()
			_, err := r.client.ListCallbackIPs(context.Background())
			r.judge(began, err)
		}
	}
}

// judge reports a call that failed because of its token. One that takes so long that its
// token is revoked twice may fail: it is retried with one other token.
func (r *replica) judge(began time.Time, err error) {
	if errors.Is(err, wechat.ErrInvalidToken) && time.Since(began) < revocationTime {
		r.report("token", err.Error())
	}
}

// watchTheClock reports that this process did not run for a while, so that it could not
// renew what it should have, or that the clock jumped, by which Redis ends claims.
func (r *replica) watchTheClock() {
	for last := time.Now(); ; last = time.Now() {
		time.Sleep(50 * time.Millisecond)
		if max(time.Since(last), time.Now().Round(0).Sub(last.Round(0))) > 500*time.Millisecond {
			go r.disturbed(last) // another stall may begin meanwhile
		}
	}
}

// watch reports commands that fail or take so long that the library goes on without them.
type watch struct{ r *replica }

func (watch) DialHook(next redis.DialHook) redis.DialHook { return next }

func (w watch) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		began := time.Now()
		err := next(ctx, cmd)
		took := time.Since(began)
		if err == nil && strings.Contains(cmd.String(), ":push:") {
			w.r.claimed.Store(time.Now().UnixMicro())
		}
		if took > 150*time.Millisecond || err != nil && !errors.Is(err, redis.Nil) && !strings.HasPrefix(err.Error(), "NOSCRIPT") {
			w.r.disturbed(began)
		}
		return err
	}
}

func (watch) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
