package redisstore_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/internal/testlog"
	"github.com/wechatoa/wechat/redisstore"
	"github.com/wechatoa/wechat/wechattest"
)

// workVariable holds the job of a process: the test binary runs it in place of tests.
const workVariable = "REDISSTORE_WORK"

// job is what a process does.
type job struct {
	Kind         string // of workers
	Redis        string
	Accounts     []account
	Classic      bool
	LastDuration bool   // of Redis, 1 to 25 ms
	Report       string // URL that hears of each run of a handler
	Name         string // of a replica
	Seed         uint64 // of its network
}

// account is one of a platform.
type account struct{ API, AppID, Secret, Token, AESKey, OriginalID string }

func accountOf(s *wechattest.Server) account {
	return account{s.URL, s.AppID, s.AppSecret, s.Token, s.EncodingAESKey, s.OriginalID}
}

// answer is what a process says.
type answer struct {
	Addr        string   // of a receiver
	Errors      []string // of calls
	StoreFailed bool     // a caller went on without the store
}

var workers = map[string]func(job) error{"caller": callAccounts, "receiver": receivePushes, "replica": serveAndCall}

// work runs the job of this process.
func work(text string) error {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return err
	}
	return workers[j.Kind](j)
}

func say(a answer) error { return json.NewEncoder(os.Stdout).Encode(a) }

// callAccounts makes a call for each account, at once, for each line that it reads,
// and ends with its input.
func callAccounts(j job) error {
	store := redisstore.New(redis.NewClient(&redis.Options{Addr: j.Redis}))
	pool := &http.Client{Transport: wechat.NewTransport()}
	clients := make([]*wechat.Client, len(j.Accounts))
	var log outageLog
	for i, a := range j.Accounts {
		opts := []wechat.Option{
			wechat.WithBaseURL(a.API), wechat.WithTokenStore(store), wechat.WithHTTPClient(pool),
			wechat.WithLogger(slog.New(&log)),
		}
		if j.Classic {
			opts = append(opts, wechat.WithClassicToken())
		}
		clients[i] = wechat.NewClient(a.AppID, a.Secret, opts...)
	}
	if err := say(answer{}); err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var times int
		_, _ = fmt.Sscan(lines.Text(), &times)
		var mu sync.Mutex
		var a answer
		var all sync.WaitGroup
		for _, c := range clients {
			for range times {
				all.Go(func() {
					if _, err := c.ListCallbackIPs(context.Background()); err != nil {
						mu.Lock()
						defer mu.Unlock()
						a.Errors = append(a.Errors, err.Error())
					}
				})
			}
		}
		all.Wait()
		a.StoreFailed = log.found.Load()
		if err := say(a); err != nil {
			return err
		}
	}
	return lines.Err()
}

// outageLog notes that the token store failed, or took so long that it was left behind.
type outageLog struct{ found atomic.Bool }

func (*outageLog) Enabled(context.Context, slog.Level) bool { return true }
func (l *outageLog) WithAttrs([]slog.Attr) slog.Handler     { return l }
func (l *outageLog) WithGroup(string) slog.Handler          { return l }

func (l *outageLog) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "wechat: the token store fails, continuing without it" {
		l.found.Store(true)
	}
	return nil
}

// slowly delays each command as a network does.
type slowly struct{}

func (slowly) DialHook(next redis.DialHook) redis.DialHook { return next }

func (slowly) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		half := func() { time.Sleep(time.Millisecond/2 + time.Duration(rand.IntN(12))*time.Millisecond) }
		half()
		defer half()
		return next(ctx, cmd)
	}
}

func (slowly) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// receivePushes is a replica of a callback. Its handler reports the text "name" or
// "name wait" of a message, waits, and replies with the name.
func receivePushes(j job) error {
	rdb := redis.NewClient(&redis.Options{Addr: j.Redis})
	if j.LastDuration {
		rdb.AddHook(slowly{})
	}
	a := j.Accounts[0]
	h, err := callback.NewHandler(callback.Config{
		AppID: a.AppID, Credentials: callback.NewCredentials(a.Token, a.AESKey), OriginalID: a.OriginalID,
		Dedupe: timedStore{redisstore.New(rdb), j.Report}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	callback.On(h, func(ctx context.Context, m *callback.TextMessage) (callback.Reply, error) {
		name, wait, _ := strings.Cut(m.Content, " ")
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, j.Report+"?name="+url.QueryEscape(name), nil)
		if err != nil {
			return nil, err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, err
		}
		if err := resp.Body.Close(); err != nil {
			return nil, err
		}
		d, _ := time.ParseDuration(wait)
		time.Sleep(d)
		return callback.Text(name), nil
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = http.Serve(l, h) }()
	if err := say(answer{Addr: l.Addr().String()}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// lateClaims is the name under which claims are reported that were answered too late.
const lateClaims = "late"

// timedStore reports such claims: a handler has then decided without them.
type timedStore struct {
	*redisstore.Store
	report string
}

func (s timedStore) Claim(ctx context.Context, key, owner string, ttl time.Duration) (callback.Claim, error) {
	c, err := s.Store.Claim(ctx, key, owner, ttl)
	if ctx.Err() != nil {
		if resp, err := http.Post(s.report+"?name="+lateClaims, "", nil); err == nil {
			_ = resp.Body.Close()
		}
	}
	return c, err
}

// process is a process of this test.
type process struct {
	t     testing.TB
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *json.Decoder
	first answer

	storeFailed bool // a caller went on without the store
}

// startProcess starts a process and waits until it is ready.
func startProcess(t testing.TB, j job) *process {
	t.Helper()
	return startProcessTo(t, j, os.Stderr)
}

// startProcessTo is startProcess for a process whose errors and logs go elsewhere.
func startProcessTo(t testing.TB, j job, stderr io.Writer) *process {
	t.Helper()
	p := &process{t: t}
	text, err := json.Marshal(j)
	require.NoError(t, err)
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), workVariable+"="+string(text))
	p.cmd.Stderr = stderr
	p.in, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.out = json.NewDecoder(out)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(p.kill)
	p.first = p.hear()
	return p
}

// startProcesses starts n processes at once.
func startProcesses(t testing.TB, n int, j job) []*process {
	t.Helper()
	fleet := make([]*process, n)
	var all sync.WaitGroup
	for i := range fleet {
		all.Go(func() { fleet[i] = startProcess(t, j) })
	}
	all.Wait()
	return fleet
}

// tell makes a caller call, n times at once for each account.
func (p *process) tell(n int) {
	_, err := fmt.Fprintln(p.in, n)
	require.NoError(p.t, err)
}

// hear returns the next answer.
func (p *process) hear() (a answer) {
	require.NoError(p.t, p.out.Decode(&a))
	p.storeFailed = p.storeFailed || a.StoreFailed
	return a
}

const tooBusy = "the machine is too busy for the store to answer in time"

// skipIfBusy skips a test in which a caller did not wait for the store.
func skipIfBusy(t *testing.T, log *testlog.Output) {
	t.Helper()
	if strings.Contains(log.String(), "did not return in time") {
		t.Skip(tooBusy)
	}
}

// checkFetches compares the number of fetches. There may be more if a process did not wait
// for the store, which takes more than 250 ms only on a machine that is too busy.
func checkFetches(t *testing.T, want, got int, fleet []*process, what string) {
	t.Helper()
	if got > want && slices.ContainsFunc(fleet, func(p *process) bool { return p.storeFailed }) {
		t.Skipf("%d %s instead of %d: %s", got, what, want, tooBusy)
	}
	assert.Equal(t, want, got, what)
}

func (p *process) signal(s syscall.Signal) { require.NoError(p.t, p.cmd.Process.Signal(s)) }

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// callAll makes all processes call at once and returns the errors of their calls.
func callAll(fleet []*process, n int) (errs []string) {
	for _, p := range fleet {
		p.tell(n)
	}
	for _, p := range fleet {
		errs = append(errs, p.hear().Errors...)
	}
	return errs
}

const (
	classicPath = "/cgi-bin/token"
	stablePath  = "/cgi-bin/stable_token"
	callPath    = "/cgi-bin/getcallbackip"
)

// tokensUsed returns the different tokens of the calls that a platform accepted.
func tokensUsed(p *wechattest.Platform) map[string]bool {
	tokens := map[string]bool{}
	for _, c := range p.Calls() {
		if c.Path == callPath && c.Code == 0 {
			tokens[c.Token] = true
		}
	}
	return tokens
}

// lastIssued returns the token that a platform issued last, by the order of execution.
func lastIssued(t testing.TB, p *wechattest.Platform) string {
	t.Helper()
	var last wechattest.Call
	for _, c := range p.Calls() {
		if (c.Path == classicPath || c.Path == stablePath) && c.Executed && !c.At.Before(last.At) {
			last = c
		}
	}
	var issued struct {
		Token string `json:"access_token"`
	}
	require.NoError(t, json.Unmarshal(last.Response, &issued))
	return issued.Token
}

var errDown = errors.New("dial tcp: connection refused")
