package callback

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// slow handles texts after a pause, ignoring its context.
func slow(pause time.Duration, runs *atomic.Int32) func(context.Context, *TextMessage) (Reply, error) {
	return func(context.Context, *TextMessage) (Reply, error) {
		runs.Add(1)
		time.Sleep(pause)
		return Text("after " + pause.String()), nil
	}
}

func TestE6AHugeBodyIsRefusedUnread(t *testing.T) {
	for name, length := range map[string]int64{"declared": 1 << 30, "chunked": -1} {
		h := newTestHandler(t, safeConfig())
		body := &endless{left: 1 << 30}
		r := safePlatform().request(t.Context(), textPush(1, "hello"))
		r.Body, r.ContentLength = io.NopCloser(body), length
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		runtime.ReadMemStats(&after)
		assert.Equal(t, http.StatusRequestEntityTooLarge, w.Code, name)
		assert.LessOrEqual(t, body.read, int64(1<<19), name)
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), name)
	}
}

type endless struct{ left, read int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), e.left)
	for i := range p[:n] {
		p[i] = 'x'
	}
	e.left -= n
	e.read += n
	return int(n), nil
}

// pipes is a listener whose connections are in this process and use the clock of a test.
type pipes struct{ conns chan net.Conn }

func (l pipes) Accept() (net.Conn, error) {
	conn, ok := <-l.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (l pipes) Close() error   { return nil }
func (l pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// drips sends the head of a request, and then its body byte by byte, to a server. It returns
// the response and how long the connection was open.
func drips(t *testing.T, h http.Handler, head string) (answer string, took time.Duration) {
	t.Helper()
	listener := pipes{make(chan net.Conn)}
	server := &http.Server{Handler: h}
	go func() { _ = server.Serve(listener) }()
	near, far := net.Pipe()
	listener.conns <- far
	began := time.Now()
	go func() {
		_, _ = io.WriteString(near, head+" HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
		for range 900 {
			time.Sleep(100 * time.Millisecond)
			if _, err := near.Write([]byte("x")); err != nil {
				return
			}
		}
		_ = near.Close()
	}()
	received, err := io.ReadAll(near)
	require.NoError(t, err, head)
	took = time.Since(began)
	close(listener.conns)
	_ = server.Close()
	_ = near.Close()
	time.Sleep(time.Second) // the sender notices
	return string(received), took
}

func TestE7ABodyThatDripsIsCutOffAfterTwoSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		query := safePlatform().request(t.Context(), textPush(1, "hello")).URL.RawQuery
		answer, took := drips(t, newTestHandler(t, safeConfig()), "POST /wechat?"+query)
		assert.Contains(t, answer, "408 Request Timeout")
		assert.Equal(t, 2*time.Second, took)
	})
}

// TestE7ABodyThatIsNotReadIsNotWaitedFor: net/http reads what a handler has left, without a
// deadline, before it sends the response.
func TestE7ABodyThatIsNotReadIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newTestHandler(t, safeConfig())
		r, err := NewRouter(RouterConfig{Handler: func(_ context.Context, account string) (*Handler, error) {
			switch account {
			case "wx1":
				return h, nil
			case "wx2":
				return nil, ErrUnknownAccount
			}
			return nil, errors.New("no database")
		}})
		require.NoError(t, err)
		signed, verified := safePlatform().request(t.Context(), textPush(1, "hello")).URL.RawQuery, verification(testToken, "1").URL.RawQuery
		for head, want := range map[string]string{
			"PUT /wechat/wx1?" + signed:   "405 Method Not Allowed",
			"PUT /wechat/wx2":             "405 Method Not Allowed",
			"POST /wechat/wx2":            "404 Not Found",
			"POST /wechat/wx2?" + signed:  "404 Not Found",
			"POST /wechat/wx3?" + signed:  "", // left without a response
			"GET /wechat/wx1?" + verified: "200 OK",
			"GET /wechat/wx2?" + verified: "404 Not Found",
			"GET /wechat/wx3?" + verified: "503 Service Unavailable",
		} {
			answer, took := drips(t, r, head)
			assert.Contains(t, answer, want, head)
			assert.Equal(t, want == "", answer == "", head)
			assert.LessOrEqual(t, took, time.Second, head)
		}
		for head, want := range map[string]string{"PUT /wechat?" + signed: "405 Method Not Allowed", "POST /wechat": "403 Forbidden", "GET /wechat": "403 Forbidden"} {
			answer, took := drips(t, h, head)
			assert.Contains(t, answer, want, head)
			assert.LessOrEqual(t, took, time.Second, head)
		}
	})
}

func TestE7TheDeadlineOfTheBodyDoesNotEndAHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := pipes{make(chan net.Conn)}
		h := newTestHandler(t, safeConfig())
		var runs atomic.Int32
		On(h, slow(4*time.Second, &runs))
		server := &http.Server{Handler: h}
		go func() { _ = server.Serve(listener) }()
		near, far := net.Pipe()
		listener.conns <- far
		r := safePlatform().request(t.Context(), textPush(1, "hello"))
		r.RequestURI, r.URL.Host, r.Close = "", "x", true
		go func() { _ = r.Write(near) }()
		answer, err := io.ReadAll(near)
		require.NoError(t, err)
		assert.Contains(t, string(answer), "200 OK")
		assert.Contains(t, string(answer), "<Encrypt>")
		close(listener.conns)
		_ = server.Close()
	})
}

func TestE8HostileDocumentsRunNothing(t *testing.T) {
	good := textPush(1, "hello")
	const inJSON = `{"ToUserName":"gh_1","FromUserName":"o","CreateTime":1,"MsgType":"text","Content":"hello","MsgId":1}`
	second := func(member string) string { return strings.Replace(inJSON, `"MsgId"`, member+`,"MsgId"`, 1) }
	documents := map[string]string{
		"doctype":              `<!DOCTYPE xml [<!ENTITY a "b">]>` + good,
		"entity":               strings.Replace(good, "<Content><![CDATA[hello]]></Content>", "<Content>&a;</Content>", 1),
		"deep":                 "<xml>" + strings.Repeat("<a>", 30_000) + strings.Repeat("</a>", 30_000) + "</xml>",
		"two senders":          strings.Replace(good, "<CreateTime>", "<FromUserName>o2</FromUserName><CreateTime>", 1),
		"two addressees":       strings.Replace(good, "<CreateTime>", "<toUserName>gh_2</toUserName><CreateTime>", 1),
		"two numbers":          strings.Replace(good, "<CreateTime>", "<MsgID>2</MsgID><CreateTime>", 1),
		"two kinds":            strings.Replace(good, "<CreateTime>", "<MsgType>event</MsgType><CreateTime>", 1),
		"two roots":            good + good,
		"instruction":          strings.Replace(good, "<CreateTime>", "<?include a?><CreateTime>", 1),
		"GBK":                  `<?xml version="1.0" encoding="GBK"?>` + good,
		"not a document":       "hello",
		"nothing":              "",
		"deep lists in JSON":   second(`"x":` + strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000)),
		"deep objects in JSON": second(`"x":` + strings.Repeat(`{"a":`, 30_000) + "1" + strings.Repeat("}", 30_000)),
		"two senders in JSON":  second(`"\u0046romusername":"o2"`),
		"senders in JSON":      strings.Replace(inJSON, `"o"`, `["o","o2"]`, 1),
		"two numbers in JSON":  second(`"msg_id":2`),
		"two roots in JSON":    inJSON + inJSON,
		"list in JSON":         "[" + inJSON + "]",
	}
	for name, mark := range map[string][]byte{"UTF-16 big endian": {0xfe, 0xff}, "UTF-16 little endian": {0xff, 0xfe}} {
		for i, text := range []string{good, `<?xml version="1.0" encoding="UTF-16"?>` + good, inJSON} {
			document := mark
			for _, unit := range utf16.Encode([]rune(text)) {
				if mark[0] == 0xfe {
					document = binary.BigEndian.AppendUint16(document, unit)
				} else {
					document = binary.LittleEndian.AppendUint16(document, unit)
				}
			}
			documents[fmt.Sprint(name, " ", i)] = string(document)
		}
	}
	for _, p := range []platform{plainPlatform(), safePlatform()} {
		cfg := safeConfig()
		if p.mode == ModePlain {
			cfg = plainConfig()
		}
		runs := 0
		h := newTestHandler(t, cfg)
		h.Fallback(func(context.Context, Message) (Reply, error) { runs++; return nil, nil })
		for name, document := range documents {
			want := []int{http.StatusForbidden}
			if name == "deep" {
				want = append(want, http.StatusRequestEntityTooLarge) // once it is encrypted
			}
			assert.Contains(t, want, p.sends(h, document).Code, "%s in %s mode", name, p.mode)
		}
		assert.Zero(t, runs, p.mode)
		for _, document := range []string{good, inJSON} {
			assert.Equal(t, http.StatusOK, p.sends(h, document).Code, "what they are made of is right")
		}
		assert.Equal(t, 2, runs)
	}
}

func TestE9OddBytesCostNoMessage(t *testing.T) {
	for content, want := range map[string]string{
		"a\x08b": "ab", "a\x00b": "ab", "a\xffb": "a\uFFFDb", "\x1b[0m": "[0m", "\xed\xa0\x80": "\uFFFD", "喂\x14": "喂", "a\ufffe": "a",
	} {
		for _, p := range []platform{plainPlatform(), safePlatform()} {
			cfg := safeConfig()
			if p.mode == ModePlain {
				cfg = plainConfig()
			}
			got := "nothing"
			var raw []byte
			h := newTestHandler(t, cfg)
			On(h, func(_ context.Context, m *TextMessage) (Reply, error) {
				got, raw = m.Content, m.Raw
				return Text("echo " + m.Content), nil
			})
			reply, ok := p.read(p.sends(h, textPush(1, content)))
			assert.True(t, ok)
			assert.Equal(t, want, got, "%q in %s mode", content, p.mode)
			assert.Contains(t, string(raw), content, "the bytes as they came")
			doc, err := reference([]byte(reply))
			require.NoError(t, err, "the echo is a valid document")
			assert.Equal(t, "echo "+want, doc.string("Content"))
		}
	}
}

func TestE10PushesInJSONAreAnsweredInJSON(t *testing.T) {
	for _, p := range []platform{
		{mode: ModePlain, token: testToken, appID: testAppID, json: true},
		{mode: ModeSafe, token: testToken, key: testKey, appID: testAppID, json: true},
	} {
		cfg := safeConfig()
		if p.mode == ModePlain {
			cfg = plainConfig()
		}
		for _, d := range documentedPushes(t) {
			event, _, _ := strings.Cut(d.Event, "|")
			inXML, inJSON, _ := samplePush(t, d, event)
			want, err := ParseMessage(inXML)
			require.NoError(t, err)
			var got Message
			h := newTestHandler(t, cfg)
			h.Fallback(func(_ context.Context, m Message) (Reply, error) {
				got = m
				return NewsReply{Articles: []Article{{Title: `a "quoted" \ title`, URL: "https://example.com/?a=1&b=<2>"}}}, nil
			})
			w := p.sends(h, string(inJSON))
			answer, ok := p.read(w)
			require.True(t, ok, "%s/%s: %d %s", d.MsgType, d.Event, w.Code, w.Body)
			require.NotNil(t, got)
			assert.NotContains(t, fmt.Sprintf("%T", got), "Unknown", "%s/%s", d.MsgType, d.Event)
			got.Meta().Raw, want.Meta().Raw = nil, nil
			assert.Equal(t, want, got, "%s/%s", d.MsgType, d.Event)
			assert.Contains(t, answer, `"Articles":[{"Title":"a \"quoted\" \\ title","Description":"","PicUrl":"","Url":"https://example.com/?a=1&b=<2>"}]`)
			assert.Equal(t, "application/json; charset=utf-8", w.Header().Get("Content-Type"))
		}
	}
}

func TestE13APanicIsLoggedAndAcknowledged(t *testing.T) {
	boom := func(context.Context, *TextMessage) (Reply, error) { panic("boom") }
	for where, register := range map[string]func(h *Handler){
		"handler":  func(h *Handler) { On(h, boom) },
		"fallback": func(h *Handler) { h.Fallback(func(context.Context, Message) (Reply, error) { panic("boom") }) },
		"middleware, before the handler": func(h *Handler) {
			h.Use(func(HandlerFunc) HandlerFunc { return func(context.Context, Message) (Reply, error) { panic("boom") } })
			On(h, (&counter{}).handle)
		},
		"middleware, after the handler": func(h *Handler) {
			h.Use(func(next HandlerFunc) HandlerFunc {
				return func(ctx context.Context, m Message) (Reply, error) {
					_, _ = next(ctx, m)
					panic("boom")
				}
			})
			On(h, (&counter{}).handle)
		},
	} {
		j := &journal{}
		cfg := safeConfig()
		cfg.Logger, cfg.Observer = j.log.Logger(), j.observe
		h := newTestHandler(t, cfg)
		register(h)
		s := safePlatform().pushes(textPush(1, "hello"), h)
		assert.Equal(t, seen{attempts: 1, latest: s.latest}, s, where)
		require.NoError(t, h.Shutdown(t.Context())) // reports what is not reported yet
		assert.Equal(t, map[Outcome]int{OutcomePanicked: 1, OutcomeAcknowledged: 1}, j.outcomes(), where)
		assert.Contains(t, j.log.String(), "boom", where)
		assert.Contains(t, j.log.String(), "handler_test.go", "the log has the stack")
		assert.NotContains(t, j.log.String(), "hello", where)
	}
}

func TestE14AnErrorIsLoggedAndAcknowledged(t *testing.T) {
	j := &journal{}
	cfg := safeConfig()
	cfg.Logger, cfg.Observer = j.log.Logger(), j.observe
	h := newTestHandler(t, cfg)
	On(h, func(context.Context, *TextMessage) (Reply, error) { return Text("not this"), errors.New("no database") })
	s := safePlatform().pushes(textPush(1, "hello"), h)
	assert.Equal(t, seen{attempts: 1, latest: s.latest}, s)
	require.NoError(t, h.Shutdown(t.Context())) // reports what is not reported yet
	assert.Equal(t, map[Outcome]int{OutcomeFailed: 1, OutcomeAcknowledged: 1}, j.outcomes())
	assert.Contains(t, j.log.String(), "no database")
}

func TestE14AFailureIsDeliveredAgainWhereThatIsConfigured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, failures := range []int{1, 2, 3} {
			cfg := safeConfig()
			cfg.RetryFailed, cfg.Dedupe = true, NewMemoryDedupeStore()
			h := newTestHandler(t, cfg)
			runs := 0
			On(h, func(context.Context, *TextMessage) (Reply, error) {
				if runs++; runs <= failures {
					return nil, errors.New("not yet")
				}
				return Text("done"), nil
			})
			s := safePlatform().pushes(textPush(1, "hello"), h)
			assert.Equal(t, failures == 3, s.failed)
			assert.Equal(t, failures < 3, strings.Contains(s.reply, "done"))
			assert.Equal(t, min(failures+1, 3), runs)
		}
	})
}

func TestE15ALateReplyIsAcknowledgedInTimeAndSentAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.SendDeferred, cfg.Observer = j.send, j.observe
		h := newTestHandler(t, cfg)
		var runs atomic.Int32
		On(h, slow(10*time.Second, &runs))
		s := safePlatform().pushes(textPush(1, "hello"), h)
		assert.Equal(t, seen{attempts: 1, latest: 4500 * time.Millisecond}, s)
		assert.Empty(t, j.messages())
		time.Sleep(6 * time.Second)
		synctest.Wait()
		assert.Equal(t, []string{`{"touser":"` + testOpenID + `","msgtype":"text","text":{"content":"after 10s"}}`}, j.messages())
		assert.EqualValues(t, 1, runs.Load())
		assert.Equal(t, map[Outcome]int{OutcomeLate: 1, OutcomeHandled: 1, OutcomeDeferred: 1}, j.outcomes())
	})
}

func TestE15ALateReplyWithoutAWayOutIsReportedLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, reply := range []Reply{Text("x"), TransferReply{}} {
			j := &journal{}
			cfg := safeConfig()
			cfg.Observer, cfg.Logger = j.observe, j.log.Logger()
			if _, ok := reply.(TransferReply); ok {
				cfg.SendDeferred = j.send
			}
			h := newTestHandler(t, cfg)
			On(h, func(context.Context, *TextMessage) (Reply, error) {
				time.Sleep(5 * time.Second)
				return reply, nil
			})
			safePlatform().pushes(textPush(1, "hello"), h)
			time.Sleep(time.Second)
			synctest.Wait()
			assert.Equal(t, map[Outcome]int{OutcomeLate: 1, OutcomeHandled: 1, OutcomeLost: 1}, j.outcomes())
			assert.Contains(t, j.log.String(), "push lost")
		}
	})
}

func TestE16AHandlerHasAMinuteAndIsReportedAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.Observer = j.observe
		h := newTestHandler(t, cfg)
		release := make(chan struct{})
		h.OnText(TextEquals("aware"), func(ctx context.Context, _ *TextMessage) (Reply, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		h.OnText(TextEquals("deaf"), func(context.Context, *TextMessage) (Reply, error) {
			<-release
			return nil, nil
		})
		running := func() int {
			h.pool.mu.Lock()
			defer h.pool.mu.Unlock()
			return h.pool.running
		}
		safePlatform().pushes(textPush(1, "aware"), h)
		safePlatform().pushes(textPush(2, "deaf"), h)
		time.Sleep(time.Minute + stuckAfter)
		synctest.Wait()
		assert.Equal(t, map[Outcome]int{OutcomeLate: 2, OutcomeFailed: 1, OutcomeStuck: 1}, j.outcomes())
		assert.Equal(t, 1, running(), "only the deaf one is left")
		close(release)
		synctest.Wait()
		assert.Zero(t, running())
	})
}

// TestE17 sends 5,000 pushes per second for five seconds to handlers that take ten seconds.
func TestE17UnderABurstNoAnswerIsLate(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	synctest.Test(t, func(t *testing.T) {
		h := newTestHandler(t, safeConfig())
		var runs atomic.Int32
		On(h, slow(10*time.Second, &runs))
		p := safePlatform()
		var late, answered, overflow atomic.Int32
		var peak uint64
		var before runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var all sync.WaitGroup
		for second := range 5 {
			for tick := range 10 {
				for n := range 500 {
					all.Add(1)
					go func() {
						defer all.Done()
						began := time.Now()
						w := p.sends(h, textPush(second*5000+tick*500+n+1, "hello"))
						if time.Since(began) >= platformWaits {
							late.Add(1)
						}
						if w.Code == http.StatusOK {
							answered.Add(1)
						} else {
							overflow.Add(1)
						}
					}()
				}
				time.Sleep(100 * time.Millisecond)
			}
			synctest.Wait()
			var now runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc+now.StackInuse)
		}
		all.Wait()
		time.Sleep(2 * time.Minute) // the queue empties
		assert.Zero(t, late.Load())
		assert.EqualValues(t, 5000, answered.Load(), "a thousand run, four thousand wait")
		assert.EqualValues(t, 20000, overflow.Load())
		assert.Equal(t, answered.Load(), runs.Load(), "what was acknowledged is handled")
		assert.Less(t, peak, before.HeapAlloc+before.StackInuse+100<<20)
		t.Logf("25,000 pushes in 5 s: %d late, peak %d MiB", late.Load(), peak>>20)
	})
}

func TestE17AnOverflowIsAnsweredAsConfigured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.Workers, cfg.QueueSize, cfg.Observer, cfg.Logger = 1, 1, j.observe, j.log.Logger()
		cfg.Overflow = func(context.Context, Message) Reply { return Text("请稍后再试") }
		h := newTestHandler(t, cfg)
		var runs atomic.Int32
		On(h, slow(3*time.Second, &runs))
		var all sync.WaitGroup
		var busy atomic.Int32
		for n := range 3 {
			all.Go(func() {
				if s := safePlatform().pushes(textPush(n+1, "hello"), h); strings.Contains(s.reply, "请稍后再试") {
					busy.Add(1)
				}
			})
		}
		all.Wait()
		assert.EqualValues(t, 1, busy.Load())
		require.NoError(t, h.Shutdown(t.Context()))
		assert.EqualValues(t, 2, runs.Load())
		assert.Equal(t, 1, j.outcomes()[OutcomeOverflow])
		assert.Equal(t, 1, strings.Count(j.log.String(), "queue is full"))
	})
}

func TestE17AnOverflowThatIsAnsweredIsLoggedWithoutAnObserverToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.Workers, cfg.QueueSize, cfg.Logger = 1, 1, j.log.Logger()
		cfg.Overflow = func(context.Context, Message) Reply { return Text("请稍后再试") }
		h := newTestHandler(t, cfg)
		var runs atomic.Int32
		On(h, slow(3*time.Second, &runs))
		var all sync.WaitGroup
		for n := range 3 {
			all.Go(func() { safePlatform().pushes(textPush(n+1, "hello"), h) })
		}
		all.Wait()
		require.NoError(t, h.Shutdown(t.Context()))
		assert.EqualValues(t, 2, runs.Load())
		assert.Equal(t, 1, strings.Count(j.log.String(), "queue is full"))
	})
}

func TestE18ThreeDeliveriesAreOneRunWithOneReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counter{}
		h := newTestHandler(t, safeConfig())
		On(h, c.handle)
		p := safePlatform()
		push := textPush(1, "hello")
		for range 3 {
			got, ok := p.read(p.sends(h, push))
			assert.True(t, ok)
			assert.Equal(t, "runs 1", between(got, "<Content><![CDATA[", "]]>"))
			time.Sleep(interval)
		}
		assert.Equal(t, 1, c.count())
	})
}

func TestE18AHeldReplyArrivesWithinFourteenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			pause    time.Duration
			attempts int
			reply    bool
		}{
			{time.Second, 1, true},
			{4400 * time.Millisecond, 1, true},
			{4800 * time.Millisecond, 2, true},
			{9 * time.Second, 2, true},
			{14 * time.Second, 3, true},
			{14600 * time.Millisecond, 3, false},
			{20 * time.Second, 3, false},
		} {
			j := &journal{}
			cfg := safeConfig()
			cfg.HoldDeliveries, cfg.SendDeferred = true, j.send
			h := newTestHandler(t, cfg)
			var runs atomic.Int32
			On(h, slow(test.pause, &runs))
			s := safePlatform().pushes(textPush(1, "hello"), h)
			time.Sleep(20 * time.Second)
			synctest.Wait()
			assert.Equal(t, test.attempts, s.attempts, test.pause)
			assert.Equal(t, test.reply, s.reply != "", test.pause)
			assert.False(t, s.failed, test.pause)
			assert.Less(t, s.latest, platformWaits)
			assert.EqualValues(t, 1, runs.Load())
			want := 1
			if test.reply {
				want = 0
			}
			assert.Len(t, j.messages(), want, "%s: once, in one way", test.pause)
		}
	})
}

func TestE18AHeldReplyThatNoDeliveryComesForIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.HoldDeliveries, cfg.SendDeferred = true, j.send
		h := newTestHandler(t, cfg)
		var runs atomic.Int32
		On(h, slow(6*time.Second, &runs))
		ctx, cancel := context.WithTimeout(t.Context(), platformWaits)
		defer cancel()
		h.ServeHTTP(httptest.NewRecorder(), safePlatform().request(ctx, textPush(1, "hello")))
		time.Sleep(7 * time.Second)
		assert.Empty(t, j.messages())
		time.Sleep(7 * time.Second)
		synctest.Wait()
		assert.Len(t, j.messages(), 1)
	})
}

func TestE19TwoReplicasHandleAPushOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := safeConfig()
		cfg.Dedupe = NewMemoryDedupeStore()
		a, b := newTestHandler(t, cfg), newTestHandler(t, cfg)
		var runs atomic.Int32
		for _, h := range []*Handler{a, b} {
			On(h, slow(300*time.Millisecond, &runs))
		}
		p := safePlatform()
		wrong := 0
		for n := range 1000 {
			push := textPush(n+1, "hello")
			var replies [3]string
			var all sync.WaitGroup
			for i, h := range []*Handler{a, b, a} {
				all.Go(func() { replies[i], _ = p.read(p.sends(h, push)) })
			}
			all.Wait()
			for _, reply := range replies {
				if !strings.Contains(reply, "after 300ms") {
					wrong++
				}
			}
		}
		assert.Zero(t, wrong)
		assert.EqualValues(t, 1000, runs.Load())
	})
}

func TestE19HeldRepliesArriveOverTwoReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, pause := range []time.Duration{time.Second, 7 * time.Second, 13 * time.Second, 20 * time.Second} {
			j := &journal{}
			cfg := safeConfig()
			cfg.Dedupe, cfg.HoldDeliveries, cfg.SendDeferred = NewMemoryDedupeStore(), true, j.send
			a, b := newTestHandler(t, cfg), newTestHandler(t, cfg)
			var runs atomic.Int32
			On(a, slow(pause, &runs))
			On(b, slow(pause, &runs))
			s := safePlatform().pushes(textPush(1, "hello"), a, b)
			time.Sleep(30 * time.Second)
			synctest.Wait()
			assert.EqualValues(t, 1, runs.Load(), pause)
			assert.False(t, s.failed, pause)
			got := len(j.messages())
			if s.reply != "" {
				got++
			}
			assert.Equal(t, 1, got, "%s: once, in one way", pause)
			assert.Equal(t, pause < 14*time.Second, s.reply != "", pause)
		}
	})
}

func TestE19APushThatWaitsInAQueueStaysClaimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := safeConfig()
		cfg.Dedupe, cfg.HoldDeliveries, cfg.Workers = NewMemoryDedupeStore(), true, 1
		busy, idle := newTestHandler(t, cfg), newTestHandler(t, cfg)
		var runs atomic.Int32
		On(busy, slow(6*time.Second, &runs))
		On(idle, slow(6*time.Second, &runs))
		go safePlatform().pushes(textPush(1, "first"), busy)
		synctest.Wait()
		s := safePlatform().pushes(textPush(2, "second"), busy, idle)
		assert.Contains(t, s.reply, "after 6s")
		assert.EqualValues(t, 2, runs.Load(), "each push once")
		require.NoError(t, busy.Shutdown(t.Context()))
		require.NoError(t, idle.Shutdown(t.Context()))
	})
}

func TestE20ThePushOfADeadReplicaIsTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := safeConfig()
		store := NewMemoryDedupeStore()
		cfg.Dedupe = store
		alive := newTestHandler(t, cfg)
		c := &counter{}
		On(alive, c.handle)
		p := safePlatform()
		push := textPush(1, "hello")
		parsed, err := alive.Parse(p.request(t.Context(), push))
		require.NoError(t, err)
		c1, err := store.Claim(t.Context(), alive.replicas.key(parsed), "dead", claimAtMost) // and then nothing more
		require.NoError(t, err)
		require.Equal(t, Claim{State: ClaimStateGranted, Delivery: 1}, c1)
		dead := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		s := p.pushes(push, dead, alive)
		assert.Contains(t, s.reply, "runs 1")
		assert.Equal(t, 2, s.attempts)
		assert.Equal(t, 1, c.count())
	})
}

// broken is a store that fails or hangs.
type broken struct {
	hang  bool
	calls atomic.Int32
}

func (b *broken) fail(ctx context.Context) error {
	b.calls.Add(1)
	if b.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return errors.New("connection refused")
}

func (b *broken) Claim(ctx context.Context, _, _ string, _ time.Duration) (Claim, error) {
	return Claim{}, b.fail(ctx)
}

func (b *broken) ChooseReplyMethod(ctx context.Context, _ string, _ ReplyMethod) (ReplyMethod, error) {
	return "", b.fail(ctx)
}

func (b *broken) Finish(ctx context.Context, _, _ string, _ []byte, _ time.Duration) error {
	return b.fail(ctx)
}
func (b *broken) Release(ctx context.Context, _, _ string) error { return b.fail(ctx) }

func TestE21WithoutTheStoreDuplicatesAreStillFoundHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, store := range []*broken{{}, {hang: true}} {
			j := &journal{}
			cfg := safeConfig()
			cfg.Dedupe, cfg.Logger, cfg.Observer = store, j.log.Logger(), j.observe
			h := newTestHandler(t, cfg)
			c := &counter{}
			On(h, c.handle)
			p := safePlatform()
			began := time.Now()
			for n := range 100 {
				began := time.Now()
				push := textPush(n+1, "hello")
				for range 3 {
					got, ok := p.read(p.sends(h, push))
					assert.True(t, ok)
					assert.Contains(t, got, fmt.Sprintf("runs %d]", n+1))
				}
				assert.LessOrEqual(t, time.Since(began), 300*time.Millisecond)
			}
			assert.Equal(t, 100, c.count())
			assert.LessOrEqual(t, time.Since(began), 2*time.Second, "a failing store is left alone")
			assert.Equal(t, 1, strings.Count(j.log.String(), `what="dedupe store"`), "once a minute")
			assert.Positive(t, j.outcomes()[OutcomeFault])
			time.Sleep(time.Minute)
			synctest.Wait()
		}
	})
}

func TestE22DifferentEventsOfOneSecondAreAllHandled(t *testing.T) {
	h := newTestHandler(t, safeConfig())
	var got []string
	h.Fallback(func(_ context.Context, m Message) (Reply, error) {
		got = append(got, fmt.Sprintf("%T", m))
		return nil, nil
	})
	for _, pair := range [][2]string{
		{eventPush("LOCATION", "", "<Latitude>1</Latitude>"), eventPush("CLICK", "a", "")},
		{eventPush("user_get_card", "", "<UserCardCode>1</UserCardCode>"), eventPush("user_get_card", "", "<UserCardCode>2</UserCardCode>")},
		{eventPush("subscribe", "qrscene_1", ""), eventPush("SCAN", "1", "")},
	} {
		got = nil
		for range 2 {
			for _, push := range pair {
				assert.Equal(t, http.StatusOK, safePlatform().sends(h, push).Code)
			}
		}
		assert.Len(t, got, 2, "both, and each once")
	}
}

func TestE25NoReplyIsNeverAnEncryptedNothing(t *testing.T) {
	compatible := safeConfig()
	compatible.Mode = ModeCompatible
	for _, test := range []struct {
		cfg Config
		p   platform
	}{
		{plainConfig(), plainPlatform()},
		{safeConfig(), safePlatform()},
		{compatible, platform{mode: ModeCompatible, token: testToken, key: testKey, appID: testAppID}},
	} {
		for _, reply := range []Reply{nil, (*TextReply)(nil)} {
			h := newTestHandler(t, test.cfg)
			On(h, func(context.Context, *TextMessage) (Reply, error) { return reply, nil })
			w := test.p.sends(h, textPush(1, "hello"))
			assert.Equal(t, "success", w.Body.String())
		}
	}
}

func TestE26AnEncryptedReplyHasTheNamesAndANewNonce(t *testing.T) {
	names := regexp.MustCompile(`^<xml><Encrypt><!\[CDATA\[[A-Za-z0-9+/=]+\]\]></Encrypt><MsgSignature><!\[CDATA\[[0-9a-f]{40}\]\]></MsgSignature>` +
		`<TimeStamp>\d+</TimeStamp><Nonce><!\[CDATA\[[0-9a-f]{16}\]\]></Nonce></xml>$`)
	h := newTestHandler(t, safeConfig())
	On(h, func(_ context.Context, m *TextMessage) (Reply, error) { // of any length modulo 32
		return Text(strings.Repeat("喂", int(m.MsgID))), nil
	})
	p := safePlatform()
	nonces, ciphers := map[string]bool{}, map[string]bool{}
	for n := range 100 {
		w := p.sends(h, textPush(n+1, "hello"))
		body := w.Body.String()
		require.Regexp(t, names, body)
		got, ok := p.read(w)
		require.True(t, ok)
		require.Equal(t, got, decryptedByTheBook(t, between(body, "<Encrypt><![CDATA[", "]]>")))
		stamped, err := strconv.ParseInt(between(body, "<TimeStamp>", "<"), 10, 64)
		require.NoError(t, err)
		require.InDelta(t, time.Now().Unix(), stamped, 60)
		require.Contains(t, got, "<ToUserName><![CDATA["+testOpenID+"]]></ToUserName><FromUserName><![CDATA["+testAccount+"]]></FromUserName>")
		nonces[between(body, "<Nonce><![CDATA[", "]]>")] = true
		ciphers[between(body, "<Encrypt><![CDATA[", "]]>")[:20]] = true
	}
	assert.Len(t, nonces, 100)
	assert.Len(t, ciphers, 100, "the random bytes are new each time")
}

// decryptedByTheBook decrypts a message as the platform documents it, with nothing of this
// module: 16 random bytes, the length, the message, the AppID, and 1 to 32 bytes of padding.
func decryptedByTheBook(t *testing.T, encoded string) string {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(testKey + "=")
	require.NoError(t, err)
	block, err := aes.NewCipher(key)
	require.NoError(t, err)
	data, err := base64.StdEncoding.DecodeString(encoded)
	require.NoError(t, err)
	require.Zero(t, len(data)%32)
	cipher.NewCBCDecrypter(block, key[:16]).CryptBlocks(data, data)
	padding := int(data[len(data)-1])
	require.True(t, bytes.HasSuffix(data, bytes.Repeat([]byte{byte(padding)}, padding)))
	data = data[16 : len(data)-padding]
	length := binary.BigEndian.Uint32(data)
	require.Equal(t, testAppID, string(data[4+length:]))
	return string(data[4 : 4+length])
}

func TestE28UnknownPushesReachTheFallback(t *testing.T) {
	const more = "<New><A>1</A></New>"
	for _, name := range []string{"brand_new_event", "x", "text2", "SUBSCRIBE2", "中文", "a/b", ""} {
		for what, push := range map[string]string{
			"event":   eventPush(name, "k", more),
			"message": strings.NewReplacer("[text]", "["+name+"]", "</xml>", more+"</xml>").Replace(textPush(1, "hello")),
		} {
			h := newTestHandler(t, safeConfig())
			var got *UnknownMessage
			On(h, func(_ context.Context, m *UnknownMessage) (Reply, error) { got = m; return nil, nil })
			assert.Equal(t, "success", safePlatform().sends(h, push).Body.String())
			require.NotNil(t, got, "%s %s", what, name)
			if what == "event" {
				assert.Equal(t, name, got.Event)
			} else {
				assert.Equal(t, name, got.MsgType)
			}
			assert.Contains(t, string(got.Raw), more)
			assert.Equal(t, "success", safePlatform().sends(newTestHandler(t, safeConfig()), push).Body.String(), "without handlers too")
		}
	}
}

func TestE29AHandlerOutlivesTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.SendDeferred, cfg.Observer = j.send, j.observe
		h := newTestHandler(t, cfg)
		type key struct{}
		var finished atomic.Int32
		On(h, func(ctx context.Context, _ *TextMessage) (Reply, error) {
			time.Sleep(3 * time.Second)
			assert.Equal(t, "value", ctx.Value(key{}), "what belongs to the request is there")
			if ctx.Err() == nil {
				finished.Add(1)
			}
			return Text("done"), nil
		})
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
		time.AfterFunc(time.Second, cancel)
		h.ServeHTTP(httptest.NewRecorder(), safePlatform().request(ctx, textPush(1, "hello")))
		assert.Zero(t, finished.Load())
		time.Sleep(20 * time.Second)
		synctest.Wait()
		assert.EqualValues(t, 1, finished.Load())
		assert.Len(t, j.messages(), 1, "nobody came back for the reply")
		assert.Equal(t, map[Outcome]int{OutcomeGone: 1, OutcomeHandled: 1, OutcomeDeferred: 1}, j.outcomes())
	})
}

func TestShutdownWaitsForWorkAndRefusesMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.SendDeferred, cfg.Workers = j.send, 1
		h := newTestHandler(t, cfg)
		var runs atomic.Int32
		On(h, slow(6*time.Second, &runs))
		go safePlatform().sends(h, textPush(1, "a"))
		go safePlatform().sends(h, textPush(2, "b")) // it waits in the queue
		time.Sleep(time.Second)
		done := make(chan error)
		go func() { done <- h.Shutdown(t.Context()) }()
		synctest.Wait()
		assert.Equal(t, http.StatusServiceUnavailable, safePlatform().sends(h, textPush(3, "c")).Code)
		require.NoError(t, <-done)
		assert.EqualValues(t, 2, runs.Load())
		assert.Len(t, j.messages(), 2)
	})
}

func TestShutdownEndsHandlersWhenItsTimeIsOver(t *testing.T) {
	for takes, want := range map[time.Duration]time.Duration{
		0: time.Second, 200 * time.Millisecond: 1200 * time.Millisecond, time.Minute: 1250 * time.Millisecond,
	} {
		synctest.Test(t, func(t *testing.T) {
			h := newTestHandler(t, safeConfig())
			ended := false
			On(h, func(ctx context.Context, _ *TextMessage) (Reply, error) {
				<-ctx.Done()
				ended = true
				time.Sleep(takes)
				return nil, nil
			})
			go safePlatform().sends(h, textPush(1, "a"))
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			require.ErrorIs(t, h.Shutdown(ctx), context.DeadlineExceeded)
			assert.Equal(t, want, time.Since(began), "a handler that takes %s more", takes)
			synctest.Wait()
			assert.True(t, ended)
			time.Sleep(takes)
			synctest.Wait()
		})
	}
}

func TestALongTextGoesOutAsReplyAndMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.SendDeferred = j.send
		h := newTestHandler(t, cfg)
		content := strings.Repeat("一二三四五六七八九\n", 200)
		On(h, func(context.Context, *TextMessage) (Reply, error) { return Text(content), nil })
		p := safePlatform()
		got, ok := p.read(p.sends(h, textPush(1, "hello")))
		require.True(t, ok)
		require.NoError(t, h.Shutdown(t.Context()))
		first := between(got, "<Content><![CDATA[", "]]>")
		assert.LessOrEqual(t, len(first), maxTextBytes)
		all := []string{first}
		for _, m := range j.messages() {
			part := strings.ReplaceAll(between(m, `"content":"`, `"}`), `\n`, "\n")
			assert.LessOrEqual(t, len(part), maxTextBytes)
			all = append(all, part)
		}
		assert.Equal(t, strings.TrimRight(content, "\n"), strings.Join(all, "\n"))

		cfg.SendDeferred = nil
		j2 := &journal{}
		cfg.Logger = j2.log.Logger()
		h = newTestHandler(t, cfg)
		On(h, func(context.Context, *TextMessage) (Reply, error) { return Text(content), nil })
		assert.Equal(t, "success", p.sends(h, textPush(1, "hello")).Body.String())
		assert.Contains(t, j2.log.String(), "TextReply.Content must have at most 2048 bytes without Config.SendDeferred, but has 5600")
	})
}

func TestPushesGoToTheMostSpecificHandler(t *testing.T) {
	h := newTestHandler(t, safeConfig())
	var order []string
	said := func(name string) HandlerFunc {
		return func(context.Context, Message) (Reply, error) { order = append(order, name); return nil, nil }
	}
	On(h, func(context.Context, *TextMessage) (Reply, error) { order = append(order, "text"); return nil, nil })
	On(h, func(context.Context, *ClickEvent) (Reply, error) { order = append(order, "click"); return nil, nil })
	h.OnEventKey("menu-1", said("key"))
	h.OnEventKey("42", said("scene"))
	h.OnText(TextEquals("Help"), func(context.Context, *TextMessage) (Reply, error) { order = append(order, "exactly"); return nil, nil })
	h.OnText(TextPrefix("查"), func(context.Context, *TextMessage) (Reply, error) { order = append(order, "prefix"); return nil, nil })
	h.OnText(TextMatches(regexp.MustCompile(`^\d+$`)), func(context.Context, *TextMessage) (Reply, error) {
		order = append(order, "expression")
		return nil, nil
	})
	h.Fallback(said("fallback"))
	h.Use(func(next HandlerFunc) HandlerFunc {
		return func(ctx context.Context, m Message) (Reply, error) {
			order = append(order, "outer")
			return next(ctx, m)
		}
	}, func(next HandlerFunc) HandlerFunc {
		return func(ctx context.Context, m Message) (Reply, error) {
			order = append(order, "inner")
			return next(ctx, m)
		}
	})
	for push, want := range map[string]string{
		textPush(1, " help "):                    "exactly",
		textPush(2, "查天气"):                       "prefix",
		textPush(3, "123"):                       "expression",
		textPush(4, "other"):                     "text",
		eventPush("CLICK", "menu-1", ""):         "key",
		eventPush("CLICK", "menu-2", ""):         "click",
		eventPush("SCAN", "42", ""):              "scene",
		eventPush("subscribe", "qrscene_42", ""): "scene",
		eventPush("subscribe", "", ""):           "fallback",
		eventPush("what", "", ""):                "fallback",
	} {
		order = nil
		assert.Equal(t, http.StatusOK, safePlatform().sends(h, push).Code)
		assert.Equal(t, []string{"outer", "inner", want}, order)
	}
	assert.Panics(t, func() { On(h, func(context.Context, *ViewEvent) (Reply, error) { return nil, nil }) }, "after the first push")
	h = newTestHandler(t, safeConfig())
	On(h, func(context.Context, *ViewEvent) (Reply, error) { return nil, nil })
	assert.Panics(t, func() { On(h, func(context.Context, *ViewEvent) (Reply, error) { return nil, nil }) }, "a second time")
	assert.Panics(t, func() { On(h, func(context.Context, Message) (Reply, error) { return nil, nil }) }, "not a type of push")
}

func TestAnEventKeyGoesToItsHandlerElseToTheLongestPrefix(t *testing.T) {
	h := newTestHandler(t, safeConfig())
	var order []string
	said := func(name string) HandlerFunc {
		return func(context.Context, Message) (Reply, error) { order = append(order, name); return nil, nil }
	}
	On(h, func(context.Context, *ClickEvent) (Reply, error) { order = append(order, "click"); return nil, nil })
	h.OnEventKeyPrefix("shop-", said("shop"))
	h.OnEventKeyPrefix("shop-north-", said("north"))
	h.OnEventKeyPrefix("s", said("s"))
	h.OnEventKey("shop-north-1", said("exact"))
	h.OnEventKeyPrefix("https://example.com/", said("page"))
	h.OnEventKeyPrefix("qrscene_", said("never"))
	h.Fallback(said("fallback"))
	for _, test := range []struct{ event, key, want string }{
		{"CLICK", "shop-1", "shop"},
		{"CLICK", "shop-north-2", "north"},
		{"CLICK", "shop-north-", "north"},
		{"CLICK", "shop-north-1", "exact"},
		{"CLICK", "sale", "s"},
		{"CLICK", "other", "click"},
		{"CLICK", "", "click"},
		{"SCAN", "shop-1", "shop"},
		{"SCAN", "42", "fallback"},
		{"subscribe", "qrscene_shop-north-2", "north"},
		{"subscribe", "qrscene_shop-north-1", "exact"},
		{"subscribe", "qrscene_42", "fallback"},
		{"VIEW", "https://example.com/a", "page"},
		{"unsubscribe", "shop-1", "fallback"},
	} {
		order = nil
		assert.Equal(t, http.StatusOK, safePlatform().sends(h, eventPush(test.event, test.key, "")).Code)
		assert.Equal(t, []string{test.want}, order, test)
	}
}

func TestParseIsForProgramsThatAnswerThemselves(t *testing.T) {
	h := newTestHandler(t, safeConfig())
	p := safePlatform()
	push, err := h.Parse(p.request(t.Context(), textPush(1, "hello")))
	require.NoError(t, err)
	assert.Equal(t, "hello", push.Message.(*TextMessage).Content)
	kind, body, err := push.Response(Text("hi"))
	require.NoError(t, err)
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(body)
	got, ok := p.read(w)
	assert.True(t, ok)
	assert.Contains(t, got, "hi")
	_, body, err = push.Response(nil)
	require.NoError(t, err)
	assert.Equal(t, "success", string(body))
	_, _, err = push.Response(Text(strings.Repeat("x", 2049)))
	var problem *ReplyError
	require.ErrorAs(t, err, &problem)
	_, err = h.Parse(plainPlatform().request(t.Context(), textPush(1, "hello")))
	require.ErrorIs(t, err, ErrRefused)
}

// FuzzPush delivers anything with a valid signature: a document, in each mode, and the
// verification of the URL. The platform can read every response, and a text that reaches
// the handler comes back as it was.
func FuzzPush(f *testing.F) {
	for _, push := range []string{
		textPush(1, "hello"), textPush(1, "]]]]><![CDATA[>&amp;\x00\xff\u2028"), eventPush("CLICK", "a", ""), "", "<xml/>", "{}", "<html>",
		`{"ToUserName":"gh","FromUserName":"o","CreateTime":` + strconv.FormatInt(time.Now().Unix(), 10) + `,"MsgType":"text","Content":"\u4f60<&>","MsgId":1}`,
	} {
		f.Add(push)
	}
	safe, plain := newTestHandler(f, quietly(safeConfig())), newTestHandler(f, quietly(plainConfig()))
	var content string
	for _, h := range []*Handler{safe, plain} {
		On(h, func(_ context.Context, m *TextMessage) (Reply, error) {
			content = m.Content
			return Text(m.Content), nil
		})
	}
	id := 0
	f.Fuzz(func(t *testing.T, push string) {
		id++ // or it would be a duplicate
		push = strings.ReplaceAll(push, "<MsgId>1</MsgId>", "<MsgId>"+strconv.Itoa(id)+"</MsgId>")
		push = strings.ReplaceAll(push, `"MsgId":1`, `"MsgId":`+strconv.Itoa(id))
		for p, h := range map[platform]*Handler{safePlatform(): safe, plainPlatform(): plain} {
			content = ""
			w := httptest.NewRecorder()
			h.ServeHTTP(w, p.request(t.Context(), push))
			assert.Less(t, w.Code, http.StatusInternalServerError)
			if w.Code != http.StatusOK {
				continue
			}
			p.json = strings.HasPrefix(strings.TrimSpace(w.Body.String()), "{")
			reply, ok := p.read(w)
			require.True(t, ok, "%q: %q", push, w.Body)
			if reply == "" {
				continue
			}
			var object struct{ Content string }
			if doc, err := reference([]byte(reply)); err == nil {
				object.Content = doc.string("Content")
			} else {
				require.NoError(t, json.Unmarshal([]byte(reply), &object), "%q", reply)
			}
			assert.Equal(t, repair(content), object.Content)
		}
		r := plainPlatform().request(t.Context(), "")
		r.Method, r.Body = http.MethodGet, http.NoBody
		r.URL.RawQuery += "&" + url.Values{"echostr": {push}}.Encode()
		w := httptest.NewRecorder()
		plain.ServeHTTP(w, r)
		assert.Less(t, w.Code, http.StatusInternalServerError)
		if w.Code == http.StatusOK {
			assert.Equal(t, push, w.Body.String())
			assert.NotContains(t, w.Header().Get("Content-Type"), "html")
		}
	})
}

func quietly(cfg Config) Config {
	cfg.Logger = slog.New(slog.DiscardHandler)
	return cfg
}
