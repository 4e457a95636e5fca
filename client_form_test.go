package wechat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pattern is size bytes that are unlike their neighbors, without holding them.
type pattern struct {
	at, size int64
	watch    *heapWatch
	next     int64 // where it looks again
}

func (p *pattern) Read(b []byte) (int, error) {
	if p.at == p.size {
		return 0, io.EOF
	}
	if p.at >= p.next {
		p.watch.look()
		p.next += 1 << 20
	}
	b = b[:min(int64(len(b)), p.size-p.at)]
	for i := range b {
		b[i] = byte((p.at + int64(i)) % 251)
	}
	p.at += int64(len(b))
	return len(b), nil
}

// heapWatch watches how much memory is in use beyond what was at its beginning.
type heapWatch struct{ base, peak uint64 }

func newHeapWatch() *heapWatch {
	h := &heapWatch{}
	h.restart()
	return h
}

// restart measures from here on; what was before, pools included, does not count.
func (h *heapWatch) restart() {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h.base = m.HeapAlloc
}

func (h *heapWatch) look() {
	if h == nil {
		return
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > h.base {
		h.peak = max(h.peak, m.HeapAlloc-h.base)
	}
}

// seekablePattern is a pattern that can be read again.
type seekablePattern struct{ pattern }

func (p *seekablePattern) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += p.at
	case io.SeekEnd:
		offset += p.size
	}
	p.at = offset
	return offset, nil
}

func patternBytes(t *testing.T, size int64) []byte {
	t.Helper()
	data, err := io.ReadAll(&pattern{size: size})
	require.NoError(t, err)
	return data
}

// fileKinds are the ways a file can come in.
var fileKinds = map[string]func(p pattern) File{
	"unknown size": func(p pattern) File { return File{Name: "a.bin", Content: &p} },
	"sized":        func(p pattern) File { return File{Name: "a.bin", Content: &p, Size: p.size} },
	"seeker":       func(p pattern) File { return File{Name: "a.bin", Content: &seekablePattern{p}} },
	"sized seeker": func(p pattern) File { return File{Name: "a.bin", Content: &seekablePattern{p}, Size: p.size} },
}

func uploadRequest(file File) Request {
	return Request{Path: "/cgi-bin/media/upload", Body: &Form{Field: "media", File: file, Values: url.Values{"b": {"2"}, "a": {"1", "张三"}}}}
}

// mediaServer keeps what was uploaded to it and how.
type mediaServer struct {
	*httptest.Server
	lengths  []int64
	encoding []string
	files    [][]byte
	values   url.Values
}

func newMediaServer(t *testing.T) *mediaServer {
	t.Helper()
	m := &mediaServer{}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.lengths = append(m.lengths, r.ContentLength)
		m.encoding = append(m.encoding, r.TransferEncoding...)
		if !assert.NoError(t, r.ParseMultipartForm(1<<20)) {
			return
		}
		defer func() { _ = r.MultipartForm.RemoveAll() }()
		file, _, err := r.FormFile("media")
		if !assert.NoError(t, err) {
			return
		}
		content, err := io.ReadAll(file)
		assert.NoError(t, err)
		m.files = append(m.files, content)
		m.values = r.MultipartForm.Value
		_, _ = io.WriteString(w, wireOK)
	}))
	t.Cleanup(m.Close)
	return m
}

func (m *mediaServer) client(t *testing.T) *Client {
	t.Helper()
	c := newTestClient("wx1", "SECRET-CANARY", WithBaseURL(m.URL), WithTokenSource(StaticToken("TOKEN")))
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestC14UploadsHaveALengthWhateverTheReader(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, size := range []int64{1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 512<<10 - 1, 512 << 10, 512<<10 + 1, 3 << 20} {
		for name, file := range fileKinds {
			t.Run(fmt.Sprint(name, "/", size), func(t *testing.T) {
				m := newMediaServer(t)
				require.NoError(t, m.client(t).Do(t.Context(), uploadRequest(file(pattern{size: size})), nil))
				require.Len(t, m.files, 1)
				assert.True(t, bytes.Equal(patternBytes(t, size), m.files[0]), "the content arrived changed")
				assert.Greater(t, m.lengths[0], size)
				assert.Empty(t, m.encoding, "sent in chunks")
				assert.Equal(t, url.Values{"a": {"1", "张三"}, "b": {"2"}}, m.values)
				assertNoSpool(t)
			})
		}
	}
}

func assertNoSpool(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	for _, f := range left {
		assert.NotContains(t, f.Name(), "wechat-upload", "a temporary file was left")
	}
}

func TestUploadBeginsWhereTheSeekerStands(t *testing.T) {
	m := newMediaServer(t)
	content := strings.NewReader("HEADER CONTENT")
	_, err := content.Seek(7, io.SeekStart)
	require.NoError(t, err)
	require.NoError(t, m.client(t).Do(t.Context(), uploadRequest(File{Name: "a", Content: content}), nil))
	assert.Equal(t, "CONTENT", string(m.files[0]))
}

func TestPipesAndFilesAreUploaded(t *testing.T) {
	m := newMediaServer(t)
	r, w := io.Pipe()
	go func() {
		_, _ = io.WriteString(w, "through a pipe")
		_ = w.Close()
	}()
	require.NoError(t, m.client(t).Do(t.Context(), uploadRequest(File{Name: "a", Content: r}), nil))
	name := t.TempDir() + "/a.bin"
	require.NoError(t, os.WriteFile(name, []byte("from a file"), 0o600))
	file, err := os.Open(name)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	require.NoError(t, m.client(t).Do(t.Context(), uploadRequest(File{Name: "a", Content: file}), nil))
	// os.Stdin and other pipes are files that cannot seek.
	read, write, err := os.Pipe()
	require.NoError(t, err)
	_, err = write.WriteString("through a pipe of the system")
	require.NoError(t, err)
	require.NoError(t, write.Close())
	require.NoError(t, m.client(t).Do(t.Context(), uploadRequest(File{Name: "a", Content: read}), nil))
	require.NoError(t, read.Close())
	assert.Equal(t, "through a pipe, from a file, through a pipe of the system", string(bytes.Join(m.files, []byte(", "))))
}

// rotating is a token source that has another token whenever one is refused.
type rotating struct{ n int }

func (r *rotating) Token(_ context.Context, rejected string) (string, error) {
	if rejected != "" {
		r.n++
	}
	return fmt.Sprint("TOKEN", r.n), nil
}

func TestC13UploadIsRetriedByteForByteIfItsSourceAllows(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for name, file := range fileKinds {
		t.Run(name, func(t *testing.T) {
			s := newScript(answer(http.StatusOK, `{"errcode":40001,"errmsg":"invalid credential"}`), ok)
			err := s.client(WithTokenSource(&rotating{})).Do(t.Context(), uploadRequest(file(pattern{size: 2 << 20})), nil)
			if name == "sized" {
				require.ErrorIs(t, err, ErrInvalidCredential, "a reader is read once")
				assert.Len(t, s.sent, 1)
				return
			}
			require.NoError(t, err)
			require.Len(t, s.sent, 2)
			assert.Equal(t, s.sums[0], s.sums[1])
			assert.Equal(t, s.sent[0].ContentLength, s.sent[1].ContentLength)
			assertNoSpool(t)
		})
	}
}

func TestUploadsThatCanNotBeRightAreNotSent(t *testing.T) {
	for name, c := range map[string]struct {
		argument string
		form     Form
	}{
		"no content":        {"File.Content", Form{Field: "media"}},
		"negative size":     {"File.Size", Form{Field: "media", File: File{Content: strings.NewReader("x"), Size: -1}}},
		"empty":             {"File.Content", Form{Field: "media", File: File{Content: strings.NewReader("")}}},
		"empty stream":      {"File.Content", Form{Field: "media", File: File{Content: iotest.OneByteReader(strings.NewReader(""))}}},
		"broken stream":     {"File.Content", Form{Field: "media", File: File{Content: iotest.ErrReader(io.ErrClosedPipe)}}},
		"wrong size":        {"File.Size", Form{Field: "media", File: File{Content: strings.NewReader("abc"), Size: 4}}},
		"no field":          {"Form.Field", Form{File: File{Content: strings.NewReader("x")}}},
		"nothing":           {"Form.Field", Form{}},
		"too large":         {"File.Content", Form{Field: "media", File: File{Content: strings.NewReader("abc")}, limit: 2}},
		"too large, stream": {"File.Content", Form{Field: "media", File: File{Content: &pattern{size: 3 << 20}}, limit: 2 << 20}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			refused(t, c.argument, func(ctx context.Context, client *Client) error {
				return client.Do(ctx, Request{Path: "/x", Body: &c.form}, nil)
			})
			assertNoSpool(t)
		})
	}
}

func TestStreamThatBreaksItsPromiseIsAnArgumentError(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, wireOK)
	}))
	defer server.Close()
	c := newTestClient("wx1", "SECRET-CANARY", WithBaseURL(server.URL), WithTokenSource(StaticToken("TOKEN")))
	defer func() { _ = c.Close() }()
	for name, content := range map[string]io.Reader{
		"short":  iotest.OneByteReader(strings.NewReader("abc")),
		"broken": io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(io.ErrClosedPipe)),
	} {
		t.Run(name, func(t *testing.T) {
			err := c.Do(t.Context(), uploadRequest(File{Name: "a", Content: content, Size: 4}), nil)
			assertArgument(t, err, "File.Content")
			assert.Equal(t, name == "broken", errors.Is(err, io.ErrClosedPipe), "the reader's error can be found")
		})
	}
	m := newMediaServer(t)
	long := File{Name: "a", Content: iotest.OneByteReader(strings.NewReader("abcd")), Size: 3}
	require.NoError(t, m.client(t).Do(t.Context(), uploadRequest(long), nil))
	assert.Equal(t, "abc", string(m.files[0]), "what is beyond the size stays unread")
}

// discardUploads is a transport that reads a request as the network would, and responds.
var discardUploads = roundTripper(func(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	return answer(http.StatusOK, wireOK)(r)
})

// allocated returns the bytes and the number of allocations of a call. What was
// allocated in all bounds what was in use at any moment.
func allocated(call func()) (size, count uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	call()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, after.Mallocs - before.Mallocs
}

func TestC14UploadHoldsNoMoreThanTwoMebibytes(t *testing.T) {
	c := newTestClient("wx1", "s", WithHTTPClient(&http.Client{Transport: discardUploads}), WithTokenSource(StaticToken("T")))
	for name, file := range fileKinds {
		var counts []uint64
		for _, length := range []int64{2 << 20, 100 << 20} {
			req := uploadRequest(file(pattern{size: length}))
			size, count := allocated(func() {
				require.NoError(t, c.Do(t.Context(), req, nil))
			})
			assert.LessOrEqual(t, size, uint64(2<<20), "%s of %d bytes", name, length)
			counts = append(counts, count)
		}
		assert.InDelta(t, counts[0], counts[1], 50, "%s: allocations grow with the size", name)
	}
}

func BenchmarkUpload100MiB(b *testing.B) {
	const size = 100 << 20
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, wireOK)
	}))
	defer server.Close()
	for way, option := range Ways {
		c := NewClient("wx1", "s", WithBaseURL(server.URL), WithTokenSource(StaticToken("T")), option)
		for name, file := range fileKinds {
			b.Run(way+"/"+name, func(b *testing.B) {
				b.SetBytes(size)
				b.ReportAllocs()
				memory := newHeapWatch()
				for b.Loop() {
					memory.restart()
					if err := c.Do(b.Context(), uploadRequest(file(pattern{size: size, watch: memory})), nil); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(memory.peak)/(1<<20), "peak-MiB")
			})
		}
		c.rest.GetClient().CloseIdleConnections()
		_ = c.Close()
	}
}
