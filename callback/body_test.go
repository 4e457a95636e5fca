package callback

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// silent is a body that does not arrive until its end is closed.
type silent struct {
	reads sync.WaitGroup
	end   chan struct{}
}

func (s *silent) Read([]byte) (int, error) {
	s.reads.Done()
	<-s.end
	return 0, io.ErrUnexpectedEOF
}

// TestE6SilentBodiesTakeNextToNoMemory sends 2,000 requests that announce 256 KiB each and
// send nothing. Without a signature their bodies are not even read.
func TestE6SilentBodiesTakeNextToNoMemory(t *testing.T) {
	const connections = 2000
	h := newTestHandler(t, safeConfig())
	query := safePlatform().request(t.Context(), textPush(1, "hello")).URL.RawQuery
	for name, query := range map[string]string{"unsigned": "signature=x&timestamp=1&nonce=1", "captured": query} {
		s := &silent{end: make(chan struct{})}
		if name == "captured" {
			s.reads.Add(connections)
		}
		var all sync.WaitGroup
		allocated := allocates(func() {
			for range connections {
				r := &http.Request{Method: http.MethodPost, URL: &url.URL{RawQuery: query}, ContentLength: maxBody, Body: io.NopCloser(s)}
				all.Go(func() { _, _ = h.Parse(r) }) // a body that must not be read panics
			}
			s.reads.Wait()
			if name == "unsigned" {
				all.Wait()
			}
		})
		close(s.end)
		all.Wait()
		assert.Less(t, allocated, uint64(8<<20), name)
		t.Logf("%s: %d bytes for each of %d connections", name, allocated/connections, connections)
	}
}

// TestE6AnUnsignedConnectionIsClosedUnread does the same with a server.
func TestE6AnUnsignedConnectionIsClosedUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := pipes{make(chan net.Conn)}
		server := &http.Server{Handler: newTestHandler(t, safeConfig())}
		go func() { _ = server.Serve(listener) }()
		near, far := net.Pipe()
		listener.conns <- far
		go func() {
			_, _ = io.WriteString(near, "POST /wechat?signature=x&timestamp=1&nonce=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 262144\r\n\r\n")
		}()
		answer, err := io.ReadAll(near) // until the connection is closed
		require.NoError(t, err)
		assert.Contains(t, string(answer), "403 Forbidden")
		close(listener.conns)
		_ = server.Close()
	})
}

func TestE6ABodyIsReadUpToTheLimitExactly(t *testing.T) {
	for _, size := range []int{0, 1, firstRead - 1, firstRead, firstRead + 1, 8 << 10, 8<<10 + 1, 32 << 10, maxBody - 1, maxBody, maxBody + 1, 2 * maxBody} {
		for _, length := range []int64{-1, int64(size)} {
			for name, wrap := range map[string]func(io.Reader) io.Reader{
				"at once": func(r io.Reader) io.Reader { return r }, "in pieces": iotest.HalfReader, "with its end": iotest.DataErrReader,
			} {
				r := &http.Request{ContentLength: length, Body: io.NopCloser(wrap(strings.NewReader(strings.Repeat("x", size))))}
				body, err := readBody(r, nil)
				if size > maxBody {
					require.ErrorIs(t, err, ErrTooLarge, "%d %s", size, name)
					continue
				}
				require.NoError(t, err, "%d %s", size, name)
				assert.Len(t, body, size)
			}
		}
	}
	body, err := readBody(&http.Request{}, nil)
	require.NoError(t, err)
	assert.Empty(t, body)
}

func TestAShortBodyIsReadIntoTheBuffer(t *testing.T) {
	buffer := bytes.Repeat([]byte("old"), firstRead)[:firstRead]
	for _, length := range []int{0, 5, firstRead, 2 * firstRead, 4 * firstRead} {
		r := &http.Request{ContentLength: int64(length), Body: io.NopCloser(strings.NewReader(strings.Repeat("x", length)))}
		body, err := readBody(r, buffer)
		require.NoError(t, err)
		assert.Equal(t, strings.Repeat("x", length), string(body))
		isIn := &body[:1][0] == &buffer[0]
		assert.Equal(t, length < cap(buffer), isIn, length)
	}
}

func TestABodyThatEndsEarlyIsAnError(t *testing.T) {
	_, err := readBody(&http.Request{ContentLength: 5, Body: io.NopCloser(strings.NewReader("four"))}, nil)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	broken := errors.New("broken")
	_, err = readBody(&http.Request{ContentLength: -1, Body: io.NopCloser(iotest.ErrReader(broken))}, nil)
	require.ErrorIs(t, err, broken)
}

func TestE6ABodyTakesMemoryInProportionToWhatArrives(t *testing.T) {
	for _, size := range []int{100, 1000, 10_000, 100_000, maxBody} {
		text := strings.Repeat("x", size)
		r := &http.Request{ContentLength: maxBody, Body: io.NopCloser(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(text))))}
		r.Body = io.NopCloser(io.MultiReader(strings.NewReader(text), iotest.ErrReader(io.ErrUnexpectedEOF)))
		allocated := allocates(func() {
			if _, err := readBody(r, nil); size < maxBody {
				require.Error(t, err)
			}
		})
		assert.Less(t, allocated, uint64(8*size+64<<10), size) // other goroutines allocate as well
	}
}
