package benchmarks

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// BenchmarkMedia is a file of 10 MiB. extra-MiB is how much memory was in use beyond
// what was before, at most, while the first one was transferred.
func BenchmarkMedia(b *testing.B) {
	ctx := context.Background()
	path := filepath.Join(b.TempDir(), "a.jpg")
	if err := os.WriteFile(path, make([]byte, mediaSize), 0o600); err != nil {
		b.Fatal(err)
	}
	b.Run("up", func(b *testing.B) {
		each(b, does[Uploader], func(b *testing.B, s SDK) {
			transfer(b, s, func(c Client) error { return c.(Uploader).Upload(ctx, path) })
		})
	})
	b.Run("down", func(b *testing.B) {
		each(b, does[Downloader], func(b *testing.B, s SDK) {
			transfer(b, s, func(c Client) error {
				var n counter
				if err := c.(Downloader).Download(ctx, "MEDIA_ID", &n); err != nil {
					return err
				}
				if n != mediaSize {
					return io.ErrUnexpectedEOF
				}
				return nil
			})
		})
	})
}

type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func transfer(b *testing.B, s SDK, do func(Client) error) {
	b.Helper()
	p := inMemory(b)
	c := client(b, s, p)
	warm(b, c)
	base := heap(true)
	var peak uint64
	p.Look = func() { peak = max(peak, heap(false)) }
	if err := do(c); err != nil {
		b.Fatal(err)
	}
	p.Look()
	p.Look = nil
	b.SetBytes(mediaSize)
	for b.Loop() {
		if err := do(c); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(max(0, float64(peak)-float64(base))/(1<<20), "extra-MiB")
}

// heap returns the size of the heap, of what is in use or with what is not yet collected.
func heap(inUse bool) uint64 {
	if inUse {
		runtime.GC()
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
