package benchmarks

import (
	"flag"
	"math/bits"
	"net/http"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	loadFor  = flag.Duration("load", 5*time.Second, "how long BenchmarkLoad lasts")
	loadRate = flag.Int("rate", 50_000, "pushes per second in BenchmarkLoad, a multiple of 1,000")
)

const (
	senders   = 256              // connections, each with one push at a time
	tick      = time.Millisecond // all pushes of a tick are due at its beginning
	replyHead = 5                // "<xml>"
)

// BenchmarkLoad is one receiver under a constant rate of text messages, each with an ID of
// its own, that are answered with a text. The rate does not wait for the receiver: the time of
// an answer counts from the moment at which its push was due. The handler is called directly,
// and making the pushes, in safe mode with their encryption, takes its part of the same
// processors; the row of the floor shows how much. It fails if a push has no reply.
func BenchmarkLoad(b *testing.B) {
	for _, mode := range []Mode{Plain, Safe} {
		b.Run(string(mode), func(b *testing.B) {
			each(b, func(s SDK) bool { return s.Name == floor.Name || s.Name == ours.Name }, func(b *testing.B, s SDK) {
				once(b, func() map[string]float64 { return load(b, s.Receiver(mode), mode) })
			})
		})
	}
}

// due is a push to be sent.
type due struct {
	id int
	at time.Time
}

// load puts a receiver under load and returns what was measured.
func load(b *testing.B, h http.Handler, mode Mode) map[string]float64 {
	b.Helper()
	perTick := *loadRate / int(time.Second/tick)
	ticks := int(*loadFor / tick)
	var took histogram
	var failed atomic.Int64
	queue := make(chan due, perTick*int(time.Second/tick)) // a second of them
	var sending sync.WaitGroup
	for range senders {
		sending.Go(func() {
			s := newSender(h, mode)
			for d := range queue {
				if !s.send(d.id) {
					failed.Add(1)
				}
				took.add(time.Since(d.at))
			}
		})
	}
	runtime.GC()
	memory := watchMemory()
	began := time.Now()
	for t := range ticks {
		at := began.Add(time.Duration(t) * tick)
		time.Sleep(time.Until(at))
		for i := range perTick {
			queue <- due{t*perTick + i, at}
		}
	}
	close(queue)
	sending.Wait()
	lasted := time.Since(began)
	heap, goroutines := memory()
	shutdown(b, h)
	if failed.Load() > 0 {
		b.Fatalf("%d pushes without a reply", failed.Load())
	}
	return map[string]float64{
		"pushes/s": float64(took.count()) / lasted.Seconds(), "p50-µs": took.percentile(0.5), "p99-µs": took.percentile(0.99),
		"p99.9-µs": took.percentile(0.999), "max-µs": took.percentile(1), "heap-MiB": heap, "goroutines": goroutines,
	}
}

// watchMemory samples until the function that it returns is called. That returns the largest
// heap, garbage included, and the largest number of goroutines beyond the senders.
func watchMemory() func() (heap, goroutines float64) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	var largest, most uint64
	go func() {
		defer close(stopped)
		for ticker := time.NewTicker(10 * time.Millisecond); ; {
			metrics.Read(sample)
			largest, most = max(largest, sample[0].Value.Uint64()), max(most, uint64(runtime.NumGoroutine()))
			select {
			case <-stop:
				ticker.Stop()
				return
			case <-ticker.C:
			}
		}
	}()
	return func() (heap, goroutines float64) {
		close(stop)
		<-stopped
		return float64(largest) / (1 << 20), float64(most) - senders
	}
}

// sender is one connection of the platform.
type sender struct {
	h     http.Handler
	mode  Mode
	r     *http.Request
	body  reader
	w     head
	query string
	stamp string
	until time.Time // when it needs another timestamp
}

func newSender(h http.Handler, mode Mode) *sender {
	return &sender{h: h, mode: mode, r: emptyRequest(), w: head{discard: discard{header: http.Header{}}}}
}

// send sends a push and reports whether there was a reply.
func (s *sender) send(id int) bool {
	if now := time.Now(); now.After(s.until) {
		s.until, s.stamp = now.Add(time.Second), strconv.FormatInt(now.Unix(), 10)
		s.query = "signature=" + signature(Token, s.stamp, "nonce") + "&timestamp=" + s.stamp + "&nonce=nonce&openid=" + OpenID
	}
	text := "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName>\n<FromUserName><![CDATA[" + OpenID + "]]></FromUserName>\n<CreateTime>" + s.stamp +
		"</CreateTime>\n<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[" + question + "]]></Content>\n<MsgId>" + strconv.Itoa(23000000000000000+id) + "</MsgId>\n</xml>"
	p := push{s.query, text}
	if s.mode == Safe {
		sealed := seal([]byte(text))
		p.body = "<xml>\n<ToUserName><![CDATA[gh_0123456789ab]]></ToUserName>\n<Encrypt><![CDATA[" + sealed + "]]></Encrypt>\n</xml>"
		p.query += "&encrypt_type=aes&msg_signature=" + signature(Token, s.stamp, "nonce", sealed)
	}
	deliver(s.r, &s.body, p)
	s.w.n, s.w.first = 0, ""
	s.h.ServeHTTP(&s.w, s.r)
	return s.w.n > 100 && strings.HasPrefix(s.w.first, "<xml>")
}

// head is a ResponseWriter that keeps the beginning of the body.
type head struct {
	discard

	first string
}

func (h *head) Write(p []byte) (int, error) {
	if h.first == "" {
		h.first = string(p[:min(len(p), replyHead)])
	}
	return h.discard.Write(p)
}

// histogram counts durations in classes that are an eighth of their size wide.
type histogram struct {
	classes [64 * 8]atomic.Int64
	longest atomic.Int64
}

func (h *histogram) add(d time.Duration) {
	n := uint64(max(d, 8))
	exponent := bits.Len64(n) - 4
	h.classes[exponent*8+int(n>>exponent)&7].Add(1)
	for {
		longest := h.longest.Load()
		if int64(d) <= longest || h.longest.CompareAndSwap(longest, int64(d)) {
			return
		}
	}
}

func (h *histogram) count() (n int64) {
	for i := range h.classes {
		n += h.classes[i].Load()
	}
	return n
}

// percentile returns in microseconds what a part of all durations does not exceed.
func (h *histogram) percentile(part float64) float64 {
	longest, rest := h.longest.Load(), int64(part*float64(h.count()))
	for i := range h.classes {
		if rest -= h.classes[i].Load(); rest < 0 {
			return float64(min(longest, int64(8+i%8+1)<<(i/8))) / 1e3
		}
	}
	return float64(longest) / 1e3
}
