package benchmarks

import (
	"context"
	"net/http"
	"testing"
	"time"
)

// discard is a ResponseWriter that costs nothing.
type discard struct {
	header http.Header
	n      int
}

func (d *discard) Header() http.Header { return d.header }

func (d *discard) Write(p []byte) (int, error) {
	d.n += len(p)
	return len(p), nil
}

func (d *discard) WriteString(s string) (int, error) {
	d.n += len(s)
	return len(s), nil
}

func (d *discard) WriteHeader(int)                 {}
func (d *discard) Flush()                          {}
func (d *discard) SetReadDeadline(time.Time) error { return nil }

// BenchmarkCallback is a text message that is answered with a text, each with an ID
// and a nonce of its own. The handler is called directly.
func BenchmarkCallback(b *testing.B) {
	const different = 1 << 14
	for _, mode := range []Mode{Plain, Safe} {
		all := pushes(mode, different)
		b.Run(string(mode), func(b *testing.B) {
			each(b, hasReceiver, func(b *testing.B, s SDK) {
				h := s.Receiver(mode)
				r, body, w := emptyRequest(), new(reader), &discard{header: http.Header{}}
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					if n == different { // what a receiver knows would now be a duplicate
						if n = 0; s.Deduplicates {
							shutdown(b, h)
							h = s.Receiver(mode)
						}
					}
					deliver(r, body, all[n])
					n++
					w.n = 0
					h.ServeHTTP(w, r)
					if w.n < 100 {
						b.Fatal("no reply")
					}
				}
				shutdown(b, h)
			})
		})
	}
}

func shutdown(tb testing.TB, h http.Handler) {
	tb.Helper()
	if h, ok := h.(interface{ Shutdown(context.Context) error }); ok {
		if err := h.Shutdown(context.Background()); err != nil {
			tb.Fatal(err)
		}
	}
}
