package wechat

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnswerIsReadWhole(t *testing.T) {
	const limit = 3 << 20
	for _, size := range []int{0, 1, 4<<10 - 1, 4 << 10, 4<<10 + 1, pooledSize - 1, pooledSize, pooledSize + 1, 2 * pooledSize, 1 << 20, 2<<20 + 7, limit} {
		want := patternBytes(t, int64(size))
		for _, declared := range []int64{-1, int64(size), int64(size) - 1, int64(size) + 1, 0, 1 << 40} {
			for name, r := range map[string]io.Reader{
				"": bytes.NewReader(want), "half": iotest.HalfReader(bytes.NewReader(want)), "with EOF": iotest.DataErrReader(bytes.NewReader(want)),
			} {
				data, err := readAnswer(r, declared, limit)
				require.NoError(t, err)
				assert.True(t, bytes.Equal(want, data.bytes), "%s: %d bytes, %d declared", name, size, declared)
				data.release()
			}
		}
	}
}

func TestAnswerPastTheLimitIsNotReadOn(t *testing.T) {
	for _, limit := range []int64{10, 4<<10 - 1, 4 << 10, pooledSize - 1, pooledSize, pooledSize + 1, 1 << 20, 2<<20 + 7} {
		for _, declared := range []int64{-1, limit, limit - 1, limit + 1} {
			r := &pattern{size: limit + 1000}
			data, err := readAnswer(r, declared, limit)
			require.Equal(t, errTooLarge, err)
			assert.Equal(t, limit+1, r.at, "at most limit+1 bytes are read")
			assert.True(t, bytes.HasPrefix(patternBytes(t, limit), data.bytes[:10]), "the beginning is there for an excerpt")
			data.release()
			data, err = readAnswer(&pattern{size: limit}, declared, limit)
			require.NoError(t, err)
			assert.Equal(t, limit, int64(len(data.bytes)))
			data.release()
		}
	}
}

func TestAnswerThatBreaksOffIsAnError(t *testing.T) {
	broken := errors.New("broken")
	for _, size := range []int{0, 10, pooledSize, pooledSize + 10, 3 << 20} {
		for want, r := range map[error]io.Reader{
			broken:              iotest.ErrReader(broken),
			io.ErrUnexpectedEOF: iotest.ErrReader(io.ErrUnexpectedEOF), // that of a Content-Length which is not reached
			io.ErrNoProgress:    readFunc(func([]byte) (int, error) { return 0, nil }),
		} {
			for _, declared := range []int64{-1, int64(size) + 5} {
				data, err := readAnswer(io.MultiReader(bytes.NewReader(make([]byte, size)), r), declared, 16<<20)
				require.ErrorIs(t, err, want)
				assert.Nil(t, data)
			}
		}
	}
	for _, n := range []int{-1, 1 << 30} {
		_, err := readAnswer(readFunc(func([]byte) (int, error) { return n, nil }), -1, 1<<20)
		require.ErrorContains(t, err, "read returned")
	}
}

func TestSmallAnswersAreReadWithoutAllocation(t *testing.T) {
	content := make([]byte, pooledSize-1)
	d := &responseData{buffer: make([]byte, 0, pooledSize)} // not from the pool, which drops some under the race detector
	for _, size := range []int{100, 5_000, len(content)} {
		r := bytes.NewReader(nil)
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			r.Reset(content[:size])
			if err := d.read(r, -1, maxAnswer); err != nil || len(d.bytes) != size {
				t.Error(len(d.bytes), err)
			}
			d.buffer = d.buffer[:0]
		}), size)
	}
	large, err := readAnswer(bytes.NewReader(make([]byte, 2<<20)), -1, maxAnswer)
	require.NoError(t, err)
	large.release()
	assert.Nil(t, large.bytes)
	assert.LessOrEqual(t, cap(large.buffer), pooledSize, "large buffers are not kept")
}

// watched reads and looks at the heap as it goes.
type watched struct {
	r     io.Reader
	watch *heapWatch
	next  int64
	at    int64
}

func (w *watched) Read(p []byte) (int, error) {
	if w.at >= w.next {
		w.watch.look()
		w.next += 256 << 10
	}
	n, err := w.r.Read(p)
	w.at += int64(n)
	if err != nil {
		w.watch.look()
	}
	return n, err
}

// TestD12AnswerTakesNoMoreThanSeventeenMebibytesOverItsSize switches the collector
// off while an answer is read, so that all that was allocated counts.
func TestD12AnswerTakesNoMoreThanSeventeenMebibytesOverItsSize(t *testing.T) {
	for _, size := range []int64{1 << 20, 8 << 20, maxAnswer, maxAnswer + 1, 1 << 30} {
		for _, declared := range []int64{-1, size} {
			old := debug.SetGCPercent(-1)
			allocated, _ := allocated(func() {
				data, err := readAnswer(&pattern{size: min(size, 64<<20)}, declared, maxAnswer)
				if size > maxAnswer {
					assert.Equal(t, errTooLarge, err)
				} else if assert.NoError(t, err) {
					assert.Equal(t, size, int64(len(data.bytes)))
				}
			})
			debug.SetGCPercent(old)
			assert.LessOrEqual(t, allocated, uint64(min(size, maxAnswer)+17<<20), "%d bytes", size)
			if size > maxAnswer {
				assert.LessOrEqual(t, allocated, uint64(17<<20), "the pieces that did not become an answer")
			}
		}
	}
}

func TestD12BombOfAServerPeaksBelowSeventeenMebibytes(t *testing.T) {
	var bomb bytes.Buffer
	zip := gzip.NewWriter(&bomb)
	_, err := io.WriteString(zip, `{"a":"`)
	require.NoError(t, err)
	for range 64 {
		_, err = zip.Write(bytes.Repeat([]byte("x"), 1<<20))
		require.NoError(t, err)
	}
	require.NoError(t, zip.Close())
	c := mediaSource(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	})
	watch := newHeapWatch()
	inner := c.rest.GetClient().Transport
	c.rest.GetClient().Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := inner.RoundTrip(r)
		if err == nil {
			resp.Body = struct {
				io.Reader
				io.Closer
			}{&watched{r: resp.Body, watch: watch}, resp.Body}
		}
		return resp, err
	})
	for _, out := range []any{nil, new(map[string]any), &download{w: io.Discard, alternative: new(map[string]any)}} {
		watch.restart()
		var unreadable *DecodeError
		require.ErrorAs(t, c.Do(t.Context(), Request{Path: "/bomb"}, out), &unreadable)
		require.ErrorIs(t, unreadable, errTooLarge)
		assert.True(t, strings.HasPrefix(unreadable.Excerpt, `{"a":"`))
	}
	assert.LessOrEqual(t, watch.peak, uint64(17<<20+1<<19))
}
