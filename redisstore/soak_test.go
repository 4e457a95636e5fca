package redisstore_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/testlog"
	"github.com/wechatoa/wechat/wechattest"
)

var (
	soakTime = flag.Duration("soak", time.Minute, "duration of the soak")
	soakSeed = flag.Uint64("seed", 0, "seed of the soak; 0 means a new one")
)

const (
	sendPath   = "/cgi-bin/message/custom/send"
	followers  = 24
	faultyTime = 24 * time.Second // requests and deliveries fail
	stormyTime = 12 * time.Second // everything does
	healTime   = 16 * time.Second // until everybody has noticed that nothing fails any more
)

// TestF9_ReplicasSurviveChaos checks all the time what must never happen; see
// docs/reliability.md. The seed decides which faults happen, and when.
func TestF9_ReplicasSurviveChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	seed := *soakSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("to repeat: make soak SOAKTIME=%s SEED=%d", *soakTime, seed)
	s := newSoak(t, seed)
	s.begin()
	before := s.usage()
	end := s.started.Add(*soakTime)
	for cycle := 0; cycle == 0 || time.Until(end) > healTime+faultyTime+stormyTime; cycle++ {
		if cycle > 0 {
			s.enter(busyMode)
			s.pass(healTime, func() {})
		}
		s.enter(faulty)
		s.pass(faultyTime, s.fault)
		s.enter(stormy)
		s.pass(stormyTime, s.storm)
	}
	s.finish()
	s.checkUsage(before)
	printed := 0
	for _, m := range s.replicas {
		s.checkOutput(m)
		printed += len(m.output.String())
	}
	assert.Positive(t, printed, "faults are logged")
	s.summarize()
}

// soak is the world of the replicas, and what is known of them.
type soak struct {
	t       *testing.T
	started time.Time
	ctx     context.Context // ends with the messages
	cancel  context.CancelFunc
	p       *wechattest.Server
	rdb     *server
	report  *httptest.Server
	writers sync.WaitGroup
	seed    uint64
	plan    *rand.Rand      // of faults
	secrets map[string]bool // that were issued

	mu         sync.Mutex
	replicas   []*member
	births     int
	mode       mode
	since      time.Time // of the mode
	messages   map[string]*message
	settled    int
	strict     int // messages that nothing disturbed
	disturbed  []period
	revoked    []revocation
	revokes    int // that nothing disturbed
	refused    []refusal
	violations []string
}

// member is a replica of the soak.
type member struct {
	*process

	name   string
	output *testlog.Output
}

// message is a message of a follower.
type message struct {
	name       string
	begin, end time.Time      // of all deliveries
	mode       mode           // in which they took place; "" if in several
	acked      bool           // a delivery was accepted
	runs       map[string]int // by replica
}

// period is a time in which a replica was disturbed, by its clock.
type period struct{ from, to time.Time }

// revocation is the end of a token under load.
type revocation struct {
	at      time.Time
	fetches int // before
}

// refusal is a call that failed because of its token.
type refusal struct {
	at     time.Time
	detail string
}

func newSoak(t *testing.T, seed uint64) *soak {
	s := &soak{
		t: t, started: time.Now(), seed: seed, plan: rand.New(rand.NewPCG(seed, 0)), secrets: map[string]bool{}, mode: calm, since: time.Now(),
		messages: map[string]*message{},
	}
	s.rdb = startRealServer(t)
	s.ctx, s.cancel = context.WithCancel(t.Context())
	s.p = wechattest.NewServer(t, wechattest.WithPauseAfterFailures(0), wechattest.WithQuota(callPath, 1e9), wechattest.WithQuota(sendPath, 1e9))
	s.p.SetCallback(http.HandlerFunc(s.balance))
	s.report = httptest.NewServer(http.HandlerFunc(s.hear))
	t.Cleanup(s.report.Close)
	t.Cleanup(func() {
		s.cancel()
		s.writers.Wait()
	})
	return s
}

// begin starts the replicas at once, under load, and lets them warm up.
func (s *soak) begin() {
	s.replicas = make([]*member, 3)
	var all sync.WaitGroup
	for i := range s.replicas {
		all.Go(func() { s.replicas[i] = s.start(i) })
	}
	all.Wait()
	s.births = len(s.replicas)
	for i, f := range s.p.AddUsers(followers) {
		w := &writer{Follower: f, random: rand.New(rand.NewPCG(s.seed, uint64(1+i)))}
		s.writers.Go(func() { s.write(w) })
	}
	s.enter(busyMode)
	s.pass(3*time.Second, func() {})
	assert.Equal(s.t, 1, s.p.CallCount(stablePath), "A1: fetches of a cold start of three replicas")
	s.enter(calm)
}

// start starts the n-th replica.
func (s *soak) start(n int) *member {
	m := &member{name: fmt.Sprint("replica", n), output: new(testlog.Output)}
	m.process = startProcessTo(s.t, job{
		Kind: "replica", Redis: s.rdb.Addr, Report: s.report.URL, Name: m.name, Seed: s.seed + uint64(10*n), Accounts: []account{accountOf(s.p)},
	}, m.output)
	return m
}

// enter tells all replicas the mode. Faults of the platform that have not happened yet
// never will.
func (s *soak) enter(m mode) {
	s.p.ClearFaults()
	for _, r := range s.replicas {
		s.tell(r, m)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mode, s.since = m, time.Now()
}

func (s *soak) tell(m *member, line mode) (u used) {
	_, err := fmt.Fprintln(m.in, line)
	require.NoError(s.t, err)
	require.NoError(s.t, m.out.Decode(&u))
	return u
}

// pass makes a fault happen every second or so, and checks what is known.
func (s *soak) pass(d time.Duration, fault func()) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		fault()
		time.Sleep(min(time.Duration(500+s.plan.IntN(1000))*time.Millisecond, time.Until(end)))
		s.check()
	}
}

// fault breaks the platform, or ends a token.
func (s *soak) fault() {
	s.mu.Lock()
	last := s.since
	if n := len(s.revoked); n > 0 && s.revoked[n-1].at.After(last) {
		last = s.revoked[n-1].at
	}
	s.mu.Unlock()
	if time.Since(last) > revocationTime+500*time.Millisecond {
		s.mu.Lock()
		s.revoked = append(s.revoked, revocation{time.Now(), s.p.CallCount(stablePath)})
		s.mu.Unlock()
		s.p.RevokeTokens()
		return
	}
	faults := wechattest.Faults()
	f := faults[s.plan.IntN(len(faults))]
	if f.Code == 40001 {
		return // the token would be good: that is no fault of this platform
	}
	f.Times = 1 + s.plan.IntN(5)
	s.p.InjectFault([]string{callPath, sendPath}[s.plan.IntN(2)], f)
}

// storm breaks everything else.
func (s *soak) storm() {
	pause := time.Duration(300+s.plan.IntN(1500)) * time.Millisecond
	victim := 1 + s.plan.IntN(2) // the first replica lives to the end
	switch s.plan.IntN(6) {
	case 0:
		s.rdb.stop()
		time.Sleep(pause)
		s.rdb.goOn()
	case 1:
		s.rdb.kill()
		time.Sleep(pause)
		s.rdb.start()
	case 2:
		s.rdb.client().FlushAll(s.t.Context())
	case 3:
		s.replicas[victim].kill()
		time.Sleep(pause)
		s.checkOutput(s.replicas[victim])
		m := s.start(s.births)
		s.births++
		s.tell(m, stormy)
		s.mu.Lock()
		s.replicas[victim] = m
		s.mu.Unlock()
	case 4:
		s.p.RevokeTokens()
	case 5:
		faults := wechattest.Faults()
		s.p.InjectFault(stablePath, faults[s.plan.IntN(len(faults))])
	}
}

// writer is a follower who writes.
type writer struct {
	*wechattest.Follower

	random *rand.Rand
	copies sync.WaitGroup // deliveries that are doubled
}

// writerKey is the key of the writer in the context of a delivery.
type writerKey struct{}

// upTo returns a random duration.
func (w *writer) upTo(d time.Duration) time.Duration { return time.Duration(w.random.Int64N(int64(d))) }

// write sends one message after the other.
func (s *soak) write(w *writer) {
	ctx := context.WithValue(s.ctx, writerKey{}, w)
	for n := 0; s.ctx.Err() == nil; n++ {
		m := s.newMessage(fmt.Sprint(w.OpenID, "/", n))
		if m == nil {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		wait := w.upTo(50 * time.Millisecond)
		if w.random.IntN(3) == 0 { // longer than a claim lasts
			wait = 4*time.Second + w.upTo(2*time.Second)
		}
		report := w.Sends(ctx, m.name+" "+wait.String())
		w.copies.Wait()
		s.end(m, report)
		time.Sleep(w.upTo(300 * time.Millisecond))
	}
}

// newMessage notes a message, or returns nil if none is to be sent.
func (s *soak) newMessage(name string) *message {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mode == calm {
		return nil
	}
	m := &message{name: name, begin: time.Now(), mode: s.mode, runs: map[string]int{}}
	s.messages[name] = m
	return m
}

func (s *soak) end(m *message, report *wechattest.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.end = time.Now()
	if m.mode != s.mode || m.begin.Before(s.since) {
		m.mode = ""
	}
	for _, d := range report.Deliveries {
		m.acked = m.acked || d.Err == nil && d.Status == http.StatusOK
	}
}

// balance passes a delivery on to a replica. Some are passed on again, to another replica,
// and of some the response is lost.
func (s *soak) balance(rw http.ResponseWriter, r *http.Request) {
	w := r.Context().Value(writerKey{}).(*writer)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	d := signed{r.URL.RawQuery, body}
	one, step := w.random.IntN(3), 1+w.random.IntN(2)
	doubled, lost := w.random.IntN(3) == 0, w.random.IntN(5) == 0
	after := w.upTo(100 * time.Millisecond)
	if w.random.IntN(2) == 0 {
		after = 3100*time.Millisecond + w.upTo(800*time.Millisecond) // a claim lasts for 3 seconds
	}
	s.mu.Lock()
	to, other := s.replicas[one].first.Addr, s.replicas[(one+step)%3].first.Addr
	s.mu.Unlock()
	if doubled {
		w.copies.Go(func() {
			time.Sleep(after)
			ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 5*time.Second)
			defer cancel()
			_, _ = d.deliver(ctx, other)
		})
	}
	reply, err := d.deliver(r.Context(), to)
	if err != nil || lost {
		panic(http.ErrAbortHandler)
	}
	_, _ = io.WriteString(rw, reply)
}
