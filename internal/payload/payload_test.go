package payload

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wechatoa/wechat/internal/usercode"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stream hides everything of a reader but Read.
func stream(s string) io.Reader { return struct{ io.Reader }{strings.NewReader(s)} }

func mustSource(t *testing.T, s Source) *Payload {
	t.Helper()
	s.Name = "File"
	p, err := FromSource(t.Context(), "text/x", s)
	require.NoError(t, err)
	t.Cleanup(func() { p.Close(context.Background()) })
	return p
}

func openPayload(t *testing.T, p *Payload) io.ReadCloser {
	t.Helper()
	body, err := p.open(t.Context())
	require.NoError(t, err)
	return body
}

func readPayload(t *testing.T, p *Payload) string {
	t.Helper()
	body := openPayload(t, p)
	data, err := io.ReadAll(body)
	require.NoError(t, err)
	require.NoError(t, body.Close())
	assert.Len(t, data, int(p.Size()), "another length was announced")
	return string(data)
}

func problemOf(t *testing.T, err error) string {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, e.Argument+" "+e.Reason, e.Error())
	return e.Error()
}

func newRequest(t *testing.T, method string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://localhost/", nil)
	require.NoError(t, err)
	return r
}

func TestAttachGivesARequestItsBodyLengthAndHeaders(t *testing.T) {
	p := FromBytes("text/x", []byte("abc"))
	p.SetHeader("X-A", "1")
	p.SetHeader("X-B", "2")
	r := newRequest(t, http.MethodPost)
	require.NoError(t, p.Attach(r))
	assert.EqualValues(t, 3, r.ContentLength)
	assert.Equal(t, http.Header{"Content-Type": {"text/x"}, "X-A": {"1"}, "X-B": {"2"}}, r.Header)
	for _, body := range []io.ReadCloser{r.Body, must(r.GetBody())} {
		data, err := io.ReadAll(body)
		require.NoError(t, err)
		assert.Equal(t, "abc", string(data))
	}
	assert.Equal(t, "abc", string(p.Bytes()))
	assert.False(t, p.Consumed())
	require.NoError(t, p.Err())
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestNilPayloadIsAnEmptyBody(t *testing.T) {
	var p *Payload
	r := newRequest(t, http.MethodGet)
	r.Body, r.ContentLength, r.GetBody = io.NopCloser(strings.NewReader("x")), -1, func() (io.ReadCloser, error) { return nil, io.EOF }
	require.NoError(t, p.Attach(r))
	assert.Equal(t, http.NoBody, r.Body)
	assert.Zero(t, r.ContentLength)
	assert.Nil(t, r.GetBody)
	assert.Empty(t, r.Header)
	assert.Zero(t, p.Size())
	assert.Nil(t, p.Bytes())
	assert.False(t, p.Consumed())
	require.NoError(t, p.Err())
	p.Close(t.Context())
}

func TestSendOnceLeavesNothingToRepeatARequestWith(t *testing.T) {
	var empty *Payload
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace} {
		for want, p := range map[string]*Payload{"": empty, "abc": FromBytes("text/x", []byte("abc"))} {
			r := newRequest(t, method)
			require.NoError(t, p.Attach(r))
			SendOnce(r)
			assert.NotEqual(t, http.NoBody, r.Body)
			assert.Nil(t, r.GetBody)
			assert.EqualValues(t, len(want), r.ContentLength)
			assert.Equal(t, want, string(must(io.ReadAll(r.Body))))
		}
	}
	r := newRequest(t, http.MethodGet)
	SendOnce(r)
	assert.NotNil(t, r.Body, "without Attach too")
	r = newRequest(t, http.MethodPost)
	require.NoError(t, empty.Attach(r))
	SendOnce(r)
	assert.Equal(t, http.NoBody, r.Body, "a POST of unknown length is refused with 412")
	r = newRequest(t, http.MethodPost)
	require.NoError(t, FromBytes("text/x", []byte("abc")).Attach(r))
	SendOnce(r)
	assert.NotNil(t, r.GetBody, "net/http does not repeat a POST that the server may have executed")
}

// TestSendOnceIsNotRepeatedByNetHTTP shows what SendOnce is for as well: net/http
// executes a GET twice if a reused connection breaks.
func TestSendOnceIsNotRepeatedByNetHTTP(t *testing.T) {
	for once, want := range map[bool]int64{true: 1, false: 2} {
		var executions atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			assert.Empty(t, r.TransferEncoding)
			assert.Zero(t, r.ContentLength)
			if r.URL.Path == "/warm" {
				return
			}
			executions.Add(1)
			if conn, _, err := http.NewResponseController(w).Hijack(); assert.NoError(t, err) {
				_ = conn.Close()
			}
		}))
		client := server.Client()
		get := func(path string) error {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
			require.NoError(t, err)
			if once {
				SendOnce(r)
			}
			resp, err := client.Do(r)
			if err == nil {
				_ = resp.Body.Close()
			}
			return err
		}
		require.NoError(t, get("/warm"))
		require.Error(t, get("/"))
		assert.Equal(t, want, executions.Load(), "once: %v", once)
		client.CloseIdleConnections()
		server.Close()
	}
}

func TestC13ContentIsReadAgainByteForByte(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, size := range []int{1, feedBuffer - 1, feedBuffer, feedBuffer + 1, spoolStart, spoolMemory - 1, spoolMemory, spoolMemory + 1, 3*spoolMemory + 7} {
		content := strings.Repeat("0123456789abcde", size/15+1)[:size]
		position := "SKIPPED"
		seeker := strings.NewReader(position + content)
		require.EqualValues(t, len(position), must(seeker.Seek(int64(len(position)), io.SeekStart)))
		for name, s := range map[string]Source{
			"seeker":       {Content: seeker},
			"sized seeker": {Content: strings.NewReader(content), Size: int64(size)},
			"stream":       {Content: stream(content)},
			"slow stream":  {Content: iotest.HalfReader(strings.NewReader(content))},
			"with EOF":     {Content: iotest.DataErrReader(strings.NewReader(content))},
			"file seeker":  {Content: fileOf(t, position+content, len(position))},
			"opened":       {Open: func() (io.ReadCloser, error) { return io.NopCloser(stream(content)), nil }},
		} {
			p := mustSource(t, s)
			require.Equal(t, int64(size), p.Size(), name)
			assert.Nil(t, p.Bytes(), name)
			r := newRequest(t, http.MethodPost)
			require.NoError(t, p.Attach(r), name)
			first := must(io.ReadAll(r.Body))
			require.NotNil(t, r.GetBody, name)
			second := must(io.ReadAll(must(r.GetBody())))
			assert.True(t, content == string(first) && content == string(second), "%s of %d bytes", name, size)
			assert.False(t, p.Consumed(), name)
			assert.Equal(t, size > spoolMemory && !strings.Contains(name, "seeker"), p.content.copied, "%s of %d bytes: in a temporary file", name, size)
			p.Close(t.Context())
		}
	}
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	assert.Empty(t, left, "a temporary file was left")
}

func TestStreamOfAKnownSizeIsSentOnce(t *testing.T) {
	p := mustSource(t, Source{Content: stream("abcdef"), Size: 6})
	r := newRequest(t, http.MethodPost)
	require.NoError(t, p.Attach(r))
	assert.Nil(t, r.GetBody)
	require.NoError(t, r.Body.Close())
	assert.False(t, p.Consumed(), "an attempt that got no connection has read nothing")
	require.NoError(t, p.Attach(r))
	assert.Equal(t, "abcdef", string(must(io.ReadAll(r.Body))))
	assert.True(t, p.Consumed())
}

func TestReadingStopsWhenTheBodyIsClosed(t *testing.T) {
	for name, s := range map[string]Source{"seeker": {Content: strings.NewReader("abcdef")}, "stream": {Content: stream("abcdef"), Size: 6}} {
		p := mustSource(t, s)
		body := openPayload(t, p)
		n, err := body.Read(make([]byte, 2))
		require.NoError(t, err, name)
		assert.Equal(t, 2, n, name)
		require.NoError(t, body.Close(), name)
		require.NoError(t, body.Close(), name)
		for range 20 { // select would choose by chance
			n, err = body.Read(make([]byte, 2))
			require.ErrorIs(t, err, errClosed, name)
			assert.Zero(t, n, name)
		}
		require.NoError(t, p.Err(), "closing is no fault of the content")
		p.Close(t.Context())
		p.Close(t.Context())
		_, err = p.open(t.Context())
		require.ErrorIs(t, err, errClosed, name)
	}
}

// slowSeeker takes a while for each Read and notices when two goroutines use it.
type slowSeeker struct {
	io.ReadSeeker
	pause   time.Duration
	users   atomic.Int32
	overlap atomic.Bool
	reads   atomic.Int32
}

func (s *slowSeeker) use() func() {
	if s.users.Add(1) > 1 {
		s.overlap.Store(true)
	}
	return func() { s.users.Add(-1) }
}

func (s *slowSeeker) Read(p []byte) (int, error) {
	defer s.use()()
	s.reads.Add(1)
	time.Sleep(s.pause)
	return s.ReadSeeker.Read(p[:min(len(p), 4)])
}

func (s *slowSeeker) Seek(offset int64, whence int) (int64, error) {
	defer s.use()()
	return s.ReadSeeker.Seek(offset, whence)
}

func TestNextAttemptBeginsWhenNobodyReadsForTheOneBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		content := &slowSeeker{ReadSeeker: strings.NewReader("0123456789"), pause: 3 * time.Second}
		p := mustSource(t, Source{Content: content})
		body := openPayload(t, p)
		go func() { _, _ = io.Copy(io.Discard, body) }() // as net/http does when the answer came early
		time.Sleep(time.Second)
		assert.Equal(t, "0123456789", readPayload(t, p))
		assert.False(t, content.overlap.Load())

		body = openPayload(t, p)
		go func() { _, _ = io.Copy(io.Discard, body) }()
		time.Sleep(time.Second)
		begin := time.Now()
		p.Close(t.Context())
		assert.Equal(t, 2*time.Second, time.Since(begin), "Close waits for the Read that is running")
		before := content.reads.Load()
		time.Sleep(time.Minute)
		assert.Equal(t, before, content.reads.Load(), "read after Close")
		assert.Zero(t, content.users.Load())
	})
}

func TestEndOfTheAttemptStopsItsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		content := &slowSeeker{ReadSeeker: strings.NewReader("0123456789"), pause: time.Second}
		p := mustSource(t, Source{Content: content})
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		body, err := p.open(ctx)
		require.NoError(t, err)
		begin := time.Now()
		_, err = io.Copy(io.Discard, body)
		require.ErrorIs(t, err, errClosed)
		assert.Equal(t, 1500*time.Millisecond, time.Since(begin), "net/http's goroutine waits no longer than the attempt")
		synctest.Wait()
		p.Close(t.Context())
		assert.EqualValues(t, 2, content.reads.Load())
	})
}

// hanging blocks in every Read until it is released.
type hanging struct{ release chan struct{} }

func (h hanging) Read([]byte) (int, error) {
	<-h.release
	return 0, io.EOF
}

func TestReadThatHangsIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		content := hanging{make(chan struct{})}
		p := mustSource(t, Source{Content: content, Size: 5})
		body := openPayload(t, p)
		go func() { _, _ = io.Copy(io.Discard, body) }()
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		begin := time.Now()
		_, err := p.open(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Contains(t, problemOf(t, err), "File.Content must be readable again, but is still being read")
		assert.Equal(t, 6*time.Second, time.Since(begin), "a second after the end of the ctx")
		assert.Equal(t, err, p.Err())

		begin = time.Now()
		p.Close(t.Context())
		assert.Equal(t, 11*time.Second, time.Since(begin))
		close(content.release)
	})
	synctest.Test(t, func(t *testing.T) {
		content := hanging{make(chan struct{})}
		p := mustSource(t, Source{Content: content, Size: 5})
		body := openPayload(t, p)
		go func() { _, _ = io.Copy(io.Discard, body) }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		begin := time.Now()
		p.Close(ctx)
		assert.Equal(t, time.Second, time.Since(begin))
		close(content.release)
	})
}

func TestReadingForTheSizeEndsWithTheCall(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		for name, before := range map[string]string{"hangs at once": "", "hangs later on": strings.Repeat("x", 2*spoolMemory)} {
			content := hanging{make(chan struct{})}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			begin := time.Now()
			_, err := FromSource(ctx, "text/x", Source{Name: "File", Content: io.MultiReader(strings.NewReader(before), content)})
			require.ErrorIs(t, err, context.DeadlineExceeded, name)
			assert.Equal(t, 6*time.Second, time.Since(begin), name)
			cancel()
			close(content.release)
		}
		synctest.Wait()
		endless := readerFunc(func(p []byte) (int, error) {
			time.Sleep(time.Second)
			return len(p), nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), 30500*time.Millisecond)
		defer cancel()
		begin := time.Now()
		_, err := FromSource(ctx, "text/x", Source{Name: "File", Content: endless})
		require.Equal(t, context.DeadlineExceeded, err)
		assert.Equal(t, 31*time.Second, time.Since(begin), "between two Reads it looks at the ctx")
	})
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	assert.Empty(t, left, "a temporary file was left")
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// seekable gives a reader of any behavior a size.
type seekable struct{ io.Reader }

func (seekable) Seek(_ int64, whence int) (int64, error) {
	if whence == io.SeekEnd {
		return 8, nil
	}
	return 0, nil
}

func TestReaderThatMisbehavesIsAnErrorOfItsOwn(t *testing.T) {
	broken := errors.New("broken")
	goexit := func([]byte) (int, error) { runtime.Goexit(); return 0, nil }
	for name, c := range map[string]struct {
		read    func([]byte) (int, error)
		problem string
		cause   error
	}{
		"panics":          {func([]byte) (int, error) { panic("boom") }, "panicked: boom", nil},
		"panics with nil": {func([]byte) (int, error) { panic(nil) }, "panicked: ", nil},
		"ends goroutine":  {goexit, "ended its goroutine", usercode.ErrGoexit},
		"too much":        {func(p []byte) (int, error) { return len(p) + 1, nil }, "must be readable: its Read returned ", nil},
		"negative":        {func([]byte) (int, error) { return -1, nil }, "must be readable: its Read returned -1", nil},
		"nothing forever": {func([]byte) (int, error) { return 0, nil }, "must be readable: multiple Read calls", io.ErrNoProgress},
		"fails":           {func([]byte) (int, error) { return 0, broken }, "must be readable: broken", broken},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := FromSource(t.Context(), "text/x", Source{Name: "File", Content: readerFunc(c.read)})
			assert.Contains(t, problemOf(t, err), "File.Content "+c.problem, "while it is read for its size")
			for _, s := range []Source{{Content: readerFunc(c.read), Size: 8}, {Content: seekable{readerFunc(c.read)}}} {
				p := mustSource(t, s)
				body := openPayload(t, p)
				_, err = io.ReadAll(body)
				assert.Contains(t, problemOf(t, err), "File.Content "+c.problem, "while it is sent")
				if c.cause != nil {
					require.ErrorIs(t, err, c.cause)
				}
				if strings.HasPrefix(c.problem, "panicked") {
					var panicked *usercode.PanicError
					require.ErrorAs(t, err, &panicked)
					assert.NotEmpty(t, panicked.Stack)
				}
				assert.Equal(t, err, p.Err())
				_, again := body.Read(make([]byte, 1))
				assert.Equal(t, err, again)
			}
		})
	}
}

func TestContentThatEndsEarlyIsAnError(t *testing.T) {
	for name, content := range map[string]io.Reader{
		"at once":  stream("abc"),
		"with EOF": iotest.DataErrReader(stream("abc")),
	} {
		p := mustSource(t, Source{Content: content, Size: 8})
		_, err := io.ReadAll(openPayload(t, p))
		assert.Equal(t, "File.Content must have 8 bytes, but ended after 3", problemOf(t, err), name)
	}
	broken := errors.New("broken")
	p := mustSource(t, Source{Content: io.MultiReader(stream("abcd"), iotest.ErrReader(broken)), Size: 4})
	assert.Equal(t, "abcd", readPayload(t, p), "what follows the size is of no interest")
	require.NoError(t, p.Err())
	both := readerFunc(func(p []byte) (int, error) { return copy(p, "abcdefgh"), broken })
	assert.Equal(t, "abcdefgh", readPayload(t, mustSource(t, Source{Content: both, Size: 8})), "an error with the last byte too")
}

// badSeeker fails to seek from the given call on.
type badSeeker struct {
	io.ReadSeeker
	calls, failAt int
}

func (b *badSeeker) Seek(offset int64, whence int) (int64, error) {
	if b.calls++; b.calls >= b.failAt {
		return 0, io.ErrClosedPipe
	}
	return b.ReadSeeker.Seek(offset, whence)
}

func TestSeekerThatCannotSeekIsAStream(t *testing.T) {
	for failAt := 1; failAt <= 2; failAt++ {
		p := mustSource(t, Source{Content: &badSeeker{ReadSeeker: strings.NewReader("abc"), failAt: failAt}})
		assert.Equal(t, "abc", readPayload(t, p))
		p = mustSource(t, Source{Content: &badSeeker{ReadSeeker: strings.NewReader("abc"), failAt: failAt}, Size: 3})
		assert.Equal(t, "abc", readPayload(t, p))
		assert.True(t, p.Consumed())
	}
	p := mustSource(t, Source{Content: &badSeeker{ReadSeeker: strings.NewReader("abc"), failAt: 4}})
	_, err := io.ReadAll(openPayload(t, p))
	require.ErrorIs(t, err, io.ErrClosedPipe)
	assert.Contains(t, problemOf(t, err), "File.Content must be readable again: ")

	// A file of the kernel's and a device say that they have no bytes.
	p = mustSource(t, Source{Content: struct {
		io.Reader
		io.Seeker
	}{stream("abc"), strings.NewReader("")}})
	assert.Equal(t, "abc", readPayload(t, p))

	panics := struct{ io.ReadSeeker }{}
	_, err = FromSource(t.Context(), "text/x", Source{Name: "File", Content: panics})
	assert.Contains(t, problemOf(t, err), "File.Content panicked: ")
}

func TestMeasuringLeavesASeekerWhereItWas(t *testing.T) {
	content := strings.NewReader("HEADabc")
	require.EqualValues(t, 4, must(content.Seek(4, io.SeekStart)))
	_, err := FromSource(t.Context(), "text/x", Source{Name: "File", Content: content, Limit: 2})
	assert.Equal(t, "File.Content must have at most 2 bytes, but has 3", problemOf(t, err))
	assert.EqualValues(t, 4, must(content.Seek(0, io.SeekCurrent)))
}

func TestContentIsWhereItWasAfterACall(t *testing.T) {
	content := strings.NewReader("HEADabc")
	require.EqualValues(t, 4, must(content.Seek(4, io.SeekStart)))
	for range 2 { // the second as if the first had failed
		p := mustSource(t, Source{Content: content})
		body := openPayload(t, p)
		assert.Equal(t, "a", string(must(io.ReadAll(io.LimitReader(body, 1)))))
		p.Close(t.Context())
		assert.EqualValues(t, 4, must(content.Seek(0, io.SeekCurrent)))
	}
}

func TestSourcesThatCannotBeSentAreRefused(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dir := must(os.Open(t.TempDir()))
	defer func() { _ = dir.Close() }()
	var drawn atomic.Int64
	endless := readerFunc(func(p []byte) (int, error) {
		drawn.Add(int64(len(p)))
		return len(p), nil
	})
	for want, s := range map[string]Source{
		"File.Content must not be empty":                          {Content: strings.NewReader("")},
		"File.Content must not be a directory":                    {Content: dir},
		"File.Size must be the size of the content, 3, but is 4":  {Content: strings.NewReader("abc"), Size: 4},
		"File.Content must have at most 2 bytes, but has 3":       {Content: stream("abc"), Limit: 2},
		"File.Content must have at most 2 bytes, but has 4":       {Content: stream("abc"), Size: 4, Limit: 2},
		"File.Content must have at most 1000000 bytes, but has m": {Content: endless, Limit: 1_000_000},
		"File.Content must be readable: EOF":                      {Open: func() (io.ReadCloser, error) { return nil, io.EOF }},
	} {
		s.Name = "File"
		_, err := FromSource(t.Context(), "text/x", s)
		assert.Contains(t, problemOf(t, err), want)
	}
	assert.Less(t, drawn.Load(), int64(3_000_000), "what is too much is not read to its end")
	_, err := FromSource(t.Context(), "text/x", Source{Name: "File", Content: stream("")})
	assert.Equal(t, "File.Content must not be empty", problemOf(t, err))
	assert.Equal(t, "abc", readPayload(t, mustSource(t, Source{Content: stream("abc"), Limit: 3})))
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	assert.Empty(t, left, "a temporary file was left")
}

func TestTemporaryDirectoryThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/missing")
	_, err := FromSource(t.Context(), "text/x", Source{Name: "File", Content: stream(strings.Repeat("x", spoolMemory+1))})
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.Contains(t, problemOf(t, err), "File.Content must have a known size or fit into a temporary file")
}

// closing counts how often it is opened and closed.
type closing struct {
	io.Reader
	open *int
}

func (c closing) Close() error { *c.open--; return nil }

func TestWhatASourceOpensIsClosed(t *testing.T) {
	open := 0
	source := func(r io.Reader) Source {
		return Source{Name: "File", Open: func() (io.ReadCloser, error) { open++; return closing{r, &open}, nil }}
	}
	p := mustSource(t, source(stream("abc")))
	assert.Equal(t, 1, open)
	assert.Equal(t, "abc", readPayload(t, p))
	p.Close(t.Context())
	p.Close(t.Context())
	assert.Zero(t, open)
	_, err := FromSource(t.Context(), "text/x", source(stream("")))
	require.Error(t, err)
	assert.Zero(t, open, "of a source that is refused")
}

func TestSmallReadsGetWhatTheyAskFor(t *testing.T) {
	p := mustSource(t, Source{Content: bytes.NewReader([]byte("abc"))})
	body := openPayload(t, p)
	require.NoError(t, iotest.TestReader(body, []byte("abc")))
}

func TestContentOfExactlyTheLimitIsSentThoughItsSizeIsUnknown(t *testing.T) {
	for _, size := range []int{1, spoolMemory, spoolMemory + 1, 3 * spoolMemory} {
		p := mustSource(t, Source{Content: stream(strings.Repeat("x", size)), Limit: int64(size)})
		assert.Equal(t, int64(size), p.Size())
	}
}

func TestReadingEndsWithTheLastByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails if the wait is without end
		p := mustSource(t, Source{Content: strings.NewReader("abc")})
		_, err := io.ReadFull(openPayload(t, p), make([]byte, 3))
		require.NoError(t, err)
		require.NoError(t, p.current.wait(context.Background()))
	})
}

func TestFailureIsReturnedByTheReadThatMeetsIt(t *testing.T) {
	broken := errors.New("broken")
	n, err := openPayload(t, mustSource(t, Source{Content: iotest.ErrReader(broken), Size: 3})).Read(make([]byte, 3))
	assert.Zero(t, n)
	require.ErrorIs(t, err, broken)
}
