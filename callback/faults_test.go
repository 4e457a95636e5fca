package callback

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/usercode"
)

// misbehaviors are what code of the program may do instead of what it should do.
var misbehaviors = map[string]func(){
	"panics": func() { panic("boom") },
	"exits":  runtime.Goexit,
	"hangs":  func() { time.Sleep(time.Hour) },
}

// badStore implements all store interfaces and misbehaves in each method.
type badStore struct{ do func() }

func (s badStore) Claim(context.Context, string, string, time.Duration) (Claim, error) {
	s.do()
	return Claim{State: ClaimStateGranted, Delivery: 1}, nil
}

func (s badStore) Finish(context.Context, string, string, []byte, time.Duration) error {
	s.do()
	return nil
}

func (s badStore) ChooseReplyMethod(context.Context, string, ReplyMethod) (ReplyMethod, error) {
	s.do()
	return "", nil
}
func (s badStore) Release(context.Context, string, string) error { s.do(); return nil }
func (s badStore) RecordActivity(context.Context, string, time.Time, time.Time) error {
	s.do()
	return nil
}

func (s badStore) LoadActivity(context.Context, string) (messageTime, windowEnd time.Time, err error) {
	s.do()
	return messageTime, windowEnd, nil
}
func (s badStore) DeleteActivity(context.Context, string) error            { s.do(); return nil }
func (s badStore) AddMenuStatus(context.Context, string, MenuStatus) error { s.do(); return nil }
func (s badStore) LoadMenuStatuses(context.Context) (map[string]MenuStatus, error) {
	s.do()
	return nil, nil
}
func (s badStore) LoadSession(context.Context, string) ([]byte, error) { s.do(); return nil, nil }
func (s badStore) SaveSession(context.Context, string, []byte, time.Duration) error {
	s.do()
	return nil
}

func (s badStore) SwapSession(context.Context, string, []byte, []byte, time.Duration) (bool, error) {
	s.do()
	return true, nil
}
func (s badStore) DeleteSession(context.Context, string) error { s.do(); return nil }

// badLog is a slog.Handler that misbehaves.
type badLog struct{ do func() }

func (l badLog) Enabled(context.Context, slog.Level) bool  { return true }
func (l badLog) Handle(context.Context, slog.Record) error { l.do(); return nil }
func (l badLog) WithAttrs([]slog.Attr) slog.Handler        { return l }
func (l badLog) WithGroup(string) slog.Handler             { return l }

func TestE13MisbehavingStoresAndHooksCostNoReplyAndAreReported(t *testing.T) {
	for misbehavior, do := range misbehaviors {
		for what, change := range map[string]func(*Config){
			"observer hook":  func(c *Config) { c.Observer = func(context.Context, Observation) { do() } },
			"dedupe store":   func(c *Config) { c.Dedupe = badStore{do} },
			"activity store": func(c *Config) { c.Activity = NewActivity(badStore{do}) },
			"logger":         func(c *Config) { c.Logger = slog.New(badLog{do}) },
		} {
			t.Run(what+" "+misbehavior, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					j := &journal{}
					cfg := safeConfig()
					cfg.Logger, cfg.Observer = j.log.Logger(), j.observe
					change(&cfg)
					h := newTestHandler(t, cfg)
					h.OnEventKey("bad", answering(nil, errors.New("something to log")))
					h.OnEventKey("good", answering(Text("done"), nil))
					p := safePlatform()
					for n := range 10 {
						began := time.Now()
						p.sends(h, eventPush("CLICK", "bad", fmt.Sprintf("<N>%d</N>", n)))
						reply, ok := p.read(p.sends(h, eventPush("CLICK", "good", fmt.Sprintf("<N>%d</N>", n))))
						assert.True(t, ok)
						assert.Contains(t, reply, "done")
						assert.Less(t, time.Since(began), 4*time.Second)
					}
					if what != "logger" {
						assert.Contains(t, j.log.String(), `what="`+what+`"`)
						assert.Equal(t, 1, strings.Count(j.log.String(), `what="`+what+`"`), "once a minute")
					}
					if what == "activity store" || what == "dedupe store" {
						assert.Positive(t, j.outcomes()[OutcomeFault])
					}
					require.NoError(t, h.Shutdown(t.Context()))
					time.Sleep(2 * time.Hour)
					synctest.Wait()
				})
			})
		}
	}
}

func TestE13AMisbehavingDeferredIsReportedAsLost(t *testing.T) {
	for misbehavior, do := range misbehaviors {
		synctest.Test(t, func(t *testing.T) {
			j := &journal{}
			cfg := safeConfig()
			cfg.Logger, cfg.Observer = j.log.Logger(), j.observe
			cfg.SendDeferred = func(context.Context, []byte) error { do(); return nil }
			h := newTestHandler(t, cfg)
			var runs atomic.Int32
			On(h, slow(5*time.Second, &runs))
			safePlatform().sends(h, textPush(1, "a"))
			began := time.Now()
			require.NoError(t, h.Shutdown(t.Context()), misbehavior)
			assert.LessOrEqual(t, time.Since(began), deferWithin+time.Second)
			assert.Equal(t, map[Outcome]int{OutcomeLate: 1, OutcomeHandled: 1, OutcomeLost: 1}, j.outcomes(), misbehavior)
			time.Sleep(2 * time.Hour)
			synctest.Wait()
		})
	}
}

func TestE13AMisbehavingOverflowLeavesThePush(t *testing.T) {
	for misbehavior, do := range misbehaviors {
		synctest.Test(t, func(t *testing.T) {
			j := &journal{}
			cfg := safeConfig()
			cfg.Workers, cfg.QueueSize, cfg.Logger, cfg.Observer = 1, 1, j.log.Logger(), j.observe
			cfg.Overflow = func(context.Context, Message) Reply { do(); return nil }
			h := newTestHandler(t, cfg)
			var runs atomic.Int32
			On(h, slow(time.Second, &runs))
			p := safePlatform()
			go p.sends(h, textPush(1, "a"))
			synctest.Wait()
			go p.sends(h, textPush(2, "b"))
			synctest.Wait()
			assert.Equal(t, http.StatusServiceUnavailable, p.sends(h, textPush(3, "c")).Code, misbehavior)
			require.NoError(t, h.Shutdown(t.Context()))
			assert.Equal(t, 1, j.outcomes()[OutcomeFault])
			assert.Contains(t, j.log.String(), `what="overflow hook"`)
			time.Sleep(2 * time.Hour)
			synctest.Wait()
		})
	}
}

func TestE13AHandlerThatEndsItsGoroutineGivesTheWorkerBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.Workers, cfg.QueueSize, cfg.Observer, cfg.Logger, cfg.Activity = 1, 10, j.observe, j.log.Logger(), NewActivity(nil)
		h := newTestHandler(t, cfg)
		h.OnEventKey("k", func(context.Context, Message) (Reply, error) {
			time.Sleep(time.Second)
			runtime.Goexit()
			return nil, nil
		})
		var all sync.WaitGroup
		for n := range 3 {
			all.Go(func() {
				w := safePlatform().sends(h, eventPush("CLICK", "k", fmt.Sprintf("<N>%d</N>", n)))
				assert.Equal(t, "success", w.Body.String())
			})
		}
		began := time.Now()
		all.Wait()
		assert.Equal(t, 3*time.Second, time.Since(began), "one after the other")
		assert.Equal(t, map[Outcome]int{OutcomeFailed: 3, OutcomeAcknowledged: 3}, j.outcomes())
		assert.Contains(t, j.log.String(), usercode.ErrGoexit.Error())
		menu, err := cfg.Activity.MenuStatuses(t.Context())
		require.NoError(t, err)
		assert.EqualValues(t, 3, menu["k"].Failed)
		require.NoError(t, h.Shutdown(t.Context()))
		h.pool.mu.Lock() // the last worker has ended the shutdown, and not yet itself
		defer h.pool.mu.Unlock()
		assert.Zero(t, h.pool.running)
		assert.Zero(t, h.pool.pending)
	})
}

// nilErrorStore returns errors that are nil pointers.
type nilErrorStore struct{ DedupeStore }

func (nilErrorStore) Finish(context.Context, string, string, []byte, time.Duration) error {
	var none *url.Error
	return none
}

// TestE13AnErrorThatIsANilPointerIsSurvived: the methods of such an error panic.
func TestE13AnErrorThatIsANilPointerIsSurvived(t *testing.T) {
	var ofURL *url.Error
	var ofPanic *PanicError
	for name, returned := range map[string]error{
		"one that unwraps":  ofURL,
		"a panic":           ofPanic,
		"a panic, wrapped":  fmt.Errorf("shop: %w", ofPanic),
		"one in several":    errors.Join(io.EOF, ofURL),
		"none, but a store": nil,
	} {
		synctest.Test(t, func(t *testing.T) {
			j := &journal{}
			cfg := safeConfig()
			cfg.Observer, cfg.Logger, cfg.Activity = j.observe, j.log.Logger(), NewActivity(nil)
			cfg.Dedupe = nilErrorStore{NewMemoryDedupeStore()}
			cfg.SendDeferred = func(context.Context, []byte) error { return returned }
			h := newTestHandler(t, cfg)
			h.Fallback(func(_ context.Context, m Message) (Reply, error) {
				if m.Meta().Event == "" {
					return Text(strings.Repeat("字", maxTextBytes)), nil // its rest is deferred
				}
				return nil, returned
			})
			assert.Equal(t, http.StatusOK, safePlatform().sends(h, eventPush("CLICK", "menu", "")).Code, name)
			assert.Equal(t, http.StatusOK, safePlatform().sends(h, textPush(1, "a")).Code, name)
			require.NoError(t, h.Shutdown(t.Context()), name)
			if returned != nil {
				assert.Equal(t, 1, j.outcomes()[OutcomeLost], name)
				assert.Equal(t, 1, j.outcomes()[OutcomeFailed]+j.outcomes()[OutcomePanicked], name)
			}
			time.Sleep(2 * time.Minute)
		})
	}
}

func TestE13AMiddlewareThatCannotBeBuiltFailsItsPushes(t *testing.T) {
	for name, around := range map[string]func(HandlerFunc) HandlerFunc{
		"panics": func(HandlerFunc) HandlerFunc { panic("boom") },
		"nil":    func(HandlerFunc) HandlerFunc { return nil },
	} {
		j := &journal{}
		cfg := safeConfig()
		cfg.Observer, cfg.Logger = j.observe, j.log.Logger()
		h := newTestHandler(t, cfg)
		h.Use(around)
		On(h, (&counter{}).handle)
		for n := range 2 {
			assert.Equal(t, "success", safePlatform().sends(h, textPush(n+1, "a")).Body.String(), name)
		}
		require.NoError(t, h.Shutdown(t.Context())) // reports what is not reported yet
		assert.Equal(t, 2, j.outcomes()[OutcomePanicked], name)
	}
}

func TestNilIsRefusedAtRegistration(t *testing.T) {
	h := newTestHandler(t, safeConfig())
	var text func(context.Context, *TextMessage) (Reply, error)
	ok := func(context.Context, *TextMessage) (Reply, error) { return nil, nil }
	for want, register := range map[string]func(){
		"callback: On for *callback.TextMessage was given nil": func() { On(h, text) },
		"callback: OnEventKey k was given nil":                 func() { h.OnEventKey("k", nil) },
		"callback: OnEventKeyPrefix k was given nil":           func() { h.OnEventKeyPrefix("k", nil) },
		"callback: OnText was given nil":                       func() { h.OnText(nil, ok) },
		"callback: Use was given nil":                          func() { h.Use(func(n HandlerFunc) HandlerFunc { return n }, nil) },
		"callback: Fallback was given nil":                     func() { h.Fallback(nil) },
	} {
		assert.PanicsWithValue(t, want, register)
	}
	assert.PanicsWithValue(t, "callback: OnText was given nil", func() { h.OnText(TextEquals("a"), nil) })
	assert.PanicsWithValue(t, "callback: TextMatches was given nil", func() { TextMatches(nil) })
	assert.PanicsWithValue(t, "callback: OnEventKey needs a key; use Fallback for pushes without one",
		func() { h.OnEventKey("", answering(nil, nil)) })
	assert.PanicsWithValue(t, "callback: OnEventKeyPrefix needs a prefix; use Fallback for pushes without a key",
		func() { h.OnEventKeyPrefix("", answering(nil, nil)) })
	assert.NotPanics(t, func() { On(h, ok) }, "and the lock was given back")
	h.OnEventKey("k", answering(nil, nil))
	assert.PanicsWithValue(t, "callback: OnEventKey k is registered already", func() { h.OnEventKey("k", answering(nil, nil)) })
	h.OnEventKeyPrefix("k", answering(nil, nil))
	assert.PanicsWithValue(t, "callback: OnEventKeyPrefix k is registered already", func() { h.OnEventKeyPrefix("k", answering(nil, nil)) })
	assert.PanicsWithValue(t, "callback: On for *callback.TextMessage is registered already", func() { On(h, ok) })
}

func TestRegistrationDuringTheFirstPushDoesNotRace(t *testing.T) {
	for range 20 {
		h := newTestHandler(t, safeConfig())
		var all sync.WaitGroup
		for n := range 4 {
			all.Go(func() { safePlatform().sends(h, textPush(n+1, "a")) })
			all.Go(func() {
				defer func() { _ = recover() }() // it was called after the first push
				h.OnEventKey(strconv.Itoa(n), answering(nil, nil))
			})
		}
		all.Wait()
	}
}

func TestAHandlerThatChangesTheMessageChangesNoReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.SendDeferred, cfg.Activity, cfg.HandlerTimeout, cfg.Observer = j.send, NewActivity(nil), time.Second, j.observe
		h := newTestHandler(t, cfg)
		h.Fallback(func(_ context.Context, m Message) (Reply, error) {
			if click, ok := m.(*ClickEvent); ok {
				click.EventKey = "other"
				return nil, nil
			}
			for range 60 {
				*m.Meta() = Header{FromUserName: "somebody else", ToUserName: "gh_2", MsgType: "x", Event: "y"}
				time.Sleep(100 * time.Millisecond) // meanwhile it is reported as stuck
			}
			return Text("secret"), nil
		})
		p := safePlatform()
		p.sends(h, textPush(1, "a"))
		require.NoError(t, h.Shutdown(t.Context()))
		require.Len(t, j.messages(), 1)
		assert.Contains(t, j.messages()[0], `"touser":"`+testOpenID+`"`)
		for _, o := range j.events {
			assert.Equal(t, "text", o.MsgType)
		}
	})
	h := newTestHandler(t, safeConfig())
	On(h, func(_ context.Context, m *TextMessage) (Reply, error) {
		m.FromUserName, m.ToUserName = "somebody else", "gh_2"
		return Text("secret"), nil
	})
	p := safePlatform()
	reply, ok := p.read(p.sends(h, textPush(1, "a")))
	assert.True(t, ok)
	assert.Contains(t, reply, "<ToUserName><![CDATA["+testOpenID+"]]></ToUserName><FromUserName><![CDATA["+testAccount+"]]>")
	push, err := h.Parse(p.request(t.Context(), textPush(2, "a")))
	require.NoError(t, err)
	push.Message.Meta().FromUserName = "somebody else"
	_, body, err := push.Response(Text("secret"))
	require.NoError(t, err)
	w := httptest.NewRecorder()
	_, _ = w.Write(body)
	reply, _ = p.read(w)
	assert.NotContains(t, reply, "somebody else")
}

func TestMessagesWithoutANumberAreToldApartByAllOfThem(t *testing.T) {
	c := &counter{}
	h := newTestHandler(t, safeConfig())
	On(h, c.handle)
	first := textPush(0, "a")
	later := strings.Replace(first, "<CreateTime>", "<CreateTime>1", 1)
	none := strings.Replace(first, "<MsgId>0</MsgId>", "", 1)
	for _, push := range []string{first, later, none, first, later, none} {
		safePlatform().sends(h, push)
	}
	assert.Equal(t, 3, c.count())
	numbered := textPush(7, "a")
	for _, push := range []string{numbered, strings.Replace(numbered, testOpenID, "o2", 1), strings.Replace(numbered, testAccount, "gh_2", 1), numbered} {
		safePlatform().sends(h, push)
	}
	assert.Equal(t, 6, c.count(), "a number is one of its sender and account")
}

// serve serves a handler on the loopback interface.
func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// dial sends one delivery of a push over a new connection.
func dial(t *testing.T, s *httptest.Server, push string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	r := safePlatform().request(t.Context(), push)
	r.RequestURI, r.URL.Host = "", "example.com"
	require.NoError(t, r.Write(conn))
	return conn.(*net.TCPConn)
}

func TestAHalfClosedClientGetsItsAnswer(t *testing.T) {
	j := &journal{}
	cfg := safeConfig()
	cfg.Observer, cfg.SendDeferred = j.observe, j.send
	h := newTestHandler(t, cfg)
	On(h, func(context.Context, *TextMessage) (Reply, error) {
		time.Sleep(100 * time.Millisecond)
		return Text("here"), nil
	})
	conn := dial(t, serve(t, h), textPush(1, "a"))
	require.NoError(t, conn.CloseWrite())
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	_, err = io.Copy(w, answer.Body)
	require.NoError(t, err)
	reply, ok := safePlatform().read(w)
	assert.True(t, ok)
	assert.Contains(t, reply, "here")
	require.NoError(t, h.Shutdown(t.Context()))
	assert.Empty(t, j.messages(), "it is not sent as well")
	assert.Equal(t, map[Outcome]int{OutcomeHandled: 1, OutcomeReplied: 1}, j.outcomes())
}

// flushTimes is a connection that records when each part of a response was sent.
type flushTimes struct {
	*httptest.ResponseRecorder

	began time.Time
	at    []time.Duration
}

func (w *flushTimes) Flush() { w.at = append(w.at, time.Since(w.began)) }

func TestAHalfClosedClientIsProbedAndItsPushRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newTestHandler(t, safeConfig())
		var runs atomic.Int32
		On(h, slow(2*time.Second, &runs))
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), http.ServerContextKey, &http.Server{}), time.Second)
		defer cancel()
		w := &flushTimes{ResponseRecorder: httptest.NewRecorder(), began: time.Now()}
		h.ServeHTTP(w, safePlatform().request(ctx, textPush(1, "hello")))
		reply, ok := safePlatform().read(w.ResponseRecorder)
		assert.True(t, ok)
		assert.Contains(t, reply, "after 2s")
		assert.Equal(t, []time.Duration{2 * time.Second, 2*time.Second + probeFor}, w.at, "the head, and the rest if the client is there")
		assert.Equal(t, 100*time.Millisecond, probeFor)
		h.seen.each(time.Now(), func(_ digest, s sighting) {
			assert.Equal(t, sighting{reply: 1, done: true, deliveries: 1}, s, "the run is forgotten")
		})
		assert.Equal(t, 1, size(h.seen))
		time.Sleep(time.Minute)
	})
}

func TestE29AClientThatHungUpIsNotTakenForAHalfClosedOne(t *testing.T) {
	j := &journal{}
	cfg := safeConfig()
	cfg.Observer = j.observe
	h := newTestHandler(t, cfg)
	var runs atomic.Int32
	On(h, slow(200*time.Millisecond, &runs))
	s := serve(t, h)
	push := textPush(1, "a")
	require.NoError(t, dial(t, s, push).Close())
	require.Eventually(t, func() bool { return j.outcomes()[OutcomeGone] == 1 }, 5*time.Second, 10*time.Millisecond)
	reply, ok := safePlatform().read(safePlatform().sends(h, push))
	assert.True(t, ok)
	assert.Contains(t, reply, "after 200ms", "the next delivery gets the reply")
	assert.EqualValues(t, 1, runs.Load())
	require.NoError(t, h.Shutdown(t.Context())) // reports what is not reported yet
	assert.Equal(t, map[Outcome]int{OutcomeHandled: 1, OutcomeGone: 1, OutcomeReplied: 1}, j.outcomes())
}

func TestWhatShallBeDeliveredAgainIsADroppedConnection(t *testing.T) {
	cfg := safeConfig()
	cfg.RetryFailed = true
	h := newTestHandler(t, cfg)
	On(h, func(context.Context, *TextMessage) (Reply, error) { return nil, errors.New("no database") })
	conn := dial(t, serve(t, h), textPush(1, "a"))
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	assert.Empty(t, answer)

	w := safePlatform().sends(h, textPush(2, "a")) // its connection cannot be closed
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Equal(t, "close", w.Header().Get("Connection"))
}

// flushes is a connection that records when a response was sent.
type flushes struct {
	*httptest.ResponseRecorder

	at time.Time
}

func (w *flushes) Flush() { w.at = time.Now() }

func TestASlowObserverAndLoggerComeAfterTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var called atomic.Int32
		pause := func() { called.Add(1); time.Sleep(200 * time.Millisecond) }
		cfg := safeConfig()
		cfg.Observer = func(context.Context, Observation) { pause() }
		cfg.Logger = slog.New(badLog{pause})
		h := newTestHandler(t, cfg)
		h.OnText(TextEquals("bad"), func(context.Context, *TextMessage) (Reply, error) { return nil, errors.New("to be logged") })
		On(h, (&counter{}).handle)
		unsigned := safePlatform()
		unsigned.token = "othertoken"
		for name, r := range map[string]*http.Request{
			"answered": safePlatform().request(t.Context(), textPush(1, "good")),
			"failed":   safePlatform().request(t.Context(), textPush(2, "bad")),
			"refused":  unsigned.request(t.Context(), textPush(3, "good")),
		} {
			w := &flushes{ResponseRecorder: httptest.NewRecorder()}
			began := time.Now()
			h.ServeHTTP(w, r)
			assert.Equal(t, began, w.at, name)
			assert.NotEmpty(t, w.Body.String())
		}
		require.NoError(t, h.Shutdown(t.Context()), "it waits for what is told")
		assert.EqualValues(t, 2+3+2, called.Load())
	})
}

func TestOutcomesAreObservedInTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.Observer = j.observe
		h := newTestHandler(t, cfg)
		On(h, slow(time.Second, new(atomic.Int32)))
		push, began := textPush(1, "a"), time.Now()
		for range 2 {
			safePlatform().sends(h, push)
		}
		text := Observation{AppID: cfg.AppID, MsgType: "text", Kind: "text", Start: began, Duration: time.Second}
		handled, first, second := text, text, text
		handled.Outcome = OutcomeHandled
		first.Outcome, first.Delivery = OutcomeReplied, 1
		second.Outcome, second.Delivery, second.Duplicate = OutcomeReplied, 2, true
		second.Start, second.Duration = began.Add(time.Second), 0
		assert.Equal(t, []Observation{handled, first, second}, j.events)
	})
}

func TestDeliveriesAreCountedToTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.Observer = j.observe
		h := newTestHandler(t, cfg)
		On(h, (&counter{}).handle)
		push := textPush(1, "a")
		for range 260 {
			safePlatform().sends(h, push)
		}
		last := j.events[len(j.events)-1]
		assert.Equal(t, 255, last.Delivery)
		assert.True(t, last.Duplicate)
	})
}

func TestWhatHappensOftenIsLoggedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newTestHandler(t, safeConfig())
		assert.True(t, h.due("a"))
		assert.True(t, h.due("b"))
		time.Sleep(time.Minute - 1)
		assert.False(t, h.due("a"))
		time.Sleep(time.Nanosecond)
		assert.True(t, h.due("a"))
		assert.False(t, h.due("a"))
	})
}

func TestAMiddlewareThatRegistersWhileItIsBuiltPanicsAndHoldsNobodyUp(t *testing.T) {
	cfg := plainConfig()
	cfg.Logger = slog.New(slog.DiscardHandler)
	h := newTestHandler(t, cfg)
	var registered atomic.Int64
	h.Use(func(next HandlerFunc) HandlerFunc {
		defer func() {
			if recover() != nil {
				registered.Add(1)
			}
		}()
		h.Fallback(func(context.Context, Message) (Reply, error) { return nil, nil })
		return next
	})
	for i := range 3 {
		_ = plainPlatform().sends(h, textPush(i+1, "hi"))
	}
	assert.Positive(t, registered.Load())
}

func TestASecondFallbackPanics(t *testing.T) {
	h := newTestHandler(t, plainConfig())
	nothing := func(context.Context, Message) (Reply, error) { return nil, nil }
	h.Fallback(nothing)
	assert.Panics(t, func() { h.Fallback(nothing) })
}
