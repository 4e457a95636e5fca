package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/wechattest"
)

// serverEvent is an event of the live stream.
type serverEvent struct {
	id, name string
	data     obj
}

// listening reads the live stream over HTTP, until stop.
type listening struct {
	t      *testing.T
	events chan serverEvent
	stop   context.CancelFunc
}

func listens(t *testing.T, s *simulator, after string) *listening {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/simulator/live", http.NoBody)
	require.NoError(t, err)
	if after != "" {
		req.Header.Set("Last-Event-ID", after)
	}
	transport := &http.Transport{}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	require.NoError(t, err)
	require.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
	l := &listening{t: t, events: make(chan serverEvent, 100), stop: stop}
	go func() {
		defer close(l.events)
		defer func() { _ = resp.Body.Close() }()
		defer transport.CloseIdleConnections()
		var e serverEvent
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				e.id = value
			case "event":
				e.name = value
			case "data":
				_ = json.Unmarshal([]byte(value), &e.data)
				l.events <- e
				e = serverEvent{}
			}
		}
	}()
	t.Cleanup(func() {
		stop()
		for range l.events {
		}
	})
	return l
}

// next returns the next event.
func (l *listening) next() serverEvent {
	l.t.Helper()
	select {
	case e, ok := <-l.events:
		require.True(l.t, ok, "the stream has ended")
		return e
	case <-time.After(5 * time.Second):
		require.Fail(l.t, "no event")
		return serverEvent{}
	}
}

func (l *listening) names(n int) []string {
	l.t.Helper()
	var names []string
	for range n {
		names = append(names, l.next().name)
	}
	return names
}

func TestLiveStreamShowsWhatHappensAndResumesWithoutAGap(t *testing.T) {
	s := start(t)
	srv := httptest.NewServer(answering(t, s))
	t.Cleanup(srv.Close)
	does(t, s, "PATCH", "/simulator/callback", obj{"url": srv.URL})
	alice := add(t, s, obj{"openid": "o-alice"})

	state := does(t, s, "GET", "/simulator/state", nil)
	live := listens(t, s, state["seq"].(string))
	hello := live.next()
	assert.Equal(t, "hello", hello.name)
	assert.Equal(t, state["instance"], hello.data["instance"])
	does(t, s, "POST", alice+"/messages", obj{"type": "text", "content": "hi"})
	assert.Equal(t, []string{"push", "message", "push", "message", "push", "message"}, live.names(6), "begun, delivered, ended")
	reply := live.next()
	assert.Equal(t, "message", reply.name)
	assert.Equal(t, "account", reply.data["item"].(obj)["from"])
	live.stop()

	calls(t, s, "/cgi-bin/tags/create", obj{"tag": obj{"name": "VIP"}})
	logged(t, s, 2, 1)
	does(t, s, "POST", "/simulator/faults", obj{"errcode": -1})
	again := listens(t, s, reply.id)
	meanwhile := again.names(6)
	assert.Equal(t, []string{"hello", "call", "tokens", "call"}, meanwhile[:4])
	assert.ElementsMatch(t, []string{"tags", "fault"}, meanwhile[4:], "all that happened meanwhile, once")
	does(t, s, "PATCH", "/simulator/clock", obj{"advance_s": 60})
	assert.Equal(t, []string{"clock", "tokens"}, again.names(2))
}

func TestReaderWhoseEventsAreGoneIsToldToReadTheStateAgain(t *testing.T) {
	s := start(t)
	for name, after := range map[string]string{
		"another instance": "another.1", "no position": "nonsense", "the future": s.stream.instance + ".1000",
	} {
		live := listens(t, s, after)
		assert.Equal(t, []string{"hello", "resync"}, live.names(2), name)
	}
	first := s.stream.position()
	for range liveEvents + 1 {
		s.stream.publish("quota", struct{}{})
	}
	live := listens(t, s, first)
	assert.Equal(t, "hello", live.next().name)
	resync := live.next()
	assert.Equal(t, "resync", resync.name)
	assert.Equal(t, s.stream.position(), resync.id)
	s.stream.publish("menu", struct{}{})
	assert.Equal(t, "menu", live.next().name, "and gets what happens from then on")
}

func TestStreamEndsWithTheSimulator(t *testing.T) {
	s := start(t)
	live := listens(t, s, "")
	assert.Equal(t, "hello", live.next().name)
	require.NoError(t, s.Close())
	for range live.events {
	}
}

func TestResetAndRestartAreAnnounced(t *testing.T) {
	s := start(t)
	add(t, s, obj{"openid": "o-alice"})
	live := listens(t, s, s.stream.position())
	does(t, s, "POST", "/simulator/reset", nil)
	assert.Equal(t, []string{"hello", "reset"}, live.names(2))
	assert.NotEqual(t, s.stream.instance, newStream().instance)
}

// stuckWriter is a reader who does not read: writes block until the deadline.
type stuckWriter struct {
	header   http.Header
	mu       sync.Mutex
	deadline time.Time
}

func (w *stuckWriter) Header() http.Header { return w.header }
func (*stuckWriter) WriteHeader(int)       {}
func (*stuckWriter) FlushError() error     { return nil }

func (w *stuckWriter) SetWriteDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deadline = t
	return nil
}

func (w *stuckWriter) Write([]byte) (int, error) {
	w.mu.Lock()
	left := time.Until(w.deadline)
	w.mu.Unlock()
	time.Sleep(left)
	return 0, errors.New("i/o timeout")
}

func TestReaderWhoDoesNotReadIsDroppedAndHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.NewPlatform()
		defer p.Close()
		s := &simulator{stream: newStream(), closing: make(chan struct{}), platform: p}
		s.journal = newJournal(s.stream, 5*time.Second)
		s.journal.watch(p)
		begin := time.Now()
		ended := make(chan time.Duration, 1)
		go func() {
			s.live(&stuckWriter{header: http.Header{}}, httptest.NewRequest(http.MethodGet, "/simulator/live", http.NoBody))
			ended <- time.Since(begin)
		}()
		synctest.Wait()
		alice := p.AddUser(wechattest.User{})
		for range 1000 {
			alice.Sends(t.Context(), "hi")
		}
		synctest.Wait()
		assert.Zero(t, time.Since(begin), "the platform did not wait")
		assert.Len(t, s.stream.events.list, 2000)
		assert.Equal(t, writeTimeout, <-ended)
	})
}

func TestQuietStreamHasAHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.NewPlatform()
		defer p.Close()
		s := &simulator{stream: newStream(), closing: make(chan struct{}), platform: p}
		ctx, cancel := context.WithCancel(t.Context())
		w := httptest.NewRecorder()
		go s.live(w, httptest.NewRequest(http.MethodGet, "/simulator/live", http.NoBody).WithContext(ctx))
		time.Sleep(3*heartbeat + time.Second)
		cancel()
		synctest.Wait()
		assert.Equal(t, 3, strings.Count(w.Body.String(), "\n\n:\n")+strings.Count(w.Body.String(), "\n:\n\n:"), "%s", w.Body.String())
	})
}

func TestRingIsBoundedByNumberAndBySize(t *testing.T) {
	r := newRing[string](3, 100)
	for i := range 5 {
		assert.EqualValues(t, i+1, r.add(strconv.Itoa(i), 10))
	}
	assert.Len(t, r.list, 3)
	_, ok := r.get(2)
	assert.False(t, ok)
	value, ok := r.get(3)
	assert.True(t, ok)
	assert.Equal(t, "2", value)
	r.add("big", 85)
	assert.Len(t, r.list, 2)
	assert.Equal(t, 95, r.bytes)
	r.resize(r.last(), 1000)
	assert.Len(t, r.list, 1, "the newest stays, however large")
	var seen []string
	for id, value := range r.before(0) {
		seen = append(seen, fmt.Sprint(id, value))
	}
	assert.Equal(t, []string{"6big"}, seen)
	r.clear()
	assert.EqualValues(t, 7, r.add("next", 1), "IDs continue")
}
