package wechat

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// slowSeeker takes a while for each Read, and notices when two goroutines use it.
// It does not depend on the race detector: mistakes fail without -race too.
type slowSeeker struct {
	io.ReadSeeker
	pause   time.Duration
	users   atomic.Int32
	overlap atomic.Bool
	reads   atomic.Int64
	at      int // unguarded on purpose
}

func (s *slowSeeker) use() func() {
	if s.users.Add(1) > 1 {
		s.overlap.Store(true)
	}
	s.at++
	return func() { s.users.Add(-1) }
}

func (s *slowSeeker) Read(p []byte) (int, error) {
	defer s.use()()
	s.reads.Add(1)
	time.Sleep(s.pause)
	return s.ReadSeeker.Read(p[:min(len(p), 8<<10)])
}

func (s *slowSeeker) Seek(offset int64, whence int) (int64, error) {
	defer s.use()()
	return s.ReadSeeker.Seek(offset, whence)
}

// earlyServer refuses the first token of each upload before it has read the body, and
// keeps the sums of the bodies that it has read whole.
type earlyServer struct {
	*httptest.Server
	mu   sync.Mutex
	sums []string
}

func newEarlyServer(t *testing.T, http2 bool) (*earlyServer, *Client) {
	t.Helper()
	s := &earlyServer{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !assert.Equal(t, http2, r.ProtoMajor == 2) {
			return
		}
		if strings.HasSuffix(r.URL.RawQuery, "TOKEN0") {
			_, _ = io.WriteString(w, `{"errcode":40001,"errmsg":"invalid credential"}`)
			return
		}
		file, _, err := r.FormFile("media")
		if err != nil {
			return // an upload that was broken off
		}
		sum := sha256.New()
		_, err = io.Copy(sum, file)
		assert.NoError(t, err)
		s.mu.Lock()
		s.sums = append(s.sums, hex.EncodeToString(sum.Sum(nil)))
		s.mu.Unlock()
		_, _ = io.WriteString(w, wireOK)
	}))
	s.EnableHTTP2 = http2
	if http2 {
		s.StartTLS()
	} else {
		s.Start()
	}
	transport, _ := s.Client().Transport.(*http.Transport)
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		s.Close()
	})
	return s, newTestClient("wx1", "SECRET-CANARY", WithBaseURL(s.URL), WithHTTPClient(s.Client()), WithTokenSource(&rotating{}))
}

func TestC13UploadIsReplayedWhenTheServerAnswersBeforeItHasReadTheBody(t *testing.T) {
	content := patternBytes(t, 384<<10)
	want := fmt.Sprintf("%x", sha256.Sum256(content))
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			for i := range 20 {
				server, client := newEarlyServer(t, http2)
				file := &slowSeeker{ReadSeeker: bytes.NewReader(content), pause: 100 * time.Microsecond}
				require.NoError(t, client.Do(t.Context(), uploadRequest(File{Name: "a.png", Content: file}), nil), "upload %d", i)
				assert.Equal(t, []string{want}, server.sums)
				assert.False(t, file.overlap.Load(), "two attempts read at once")
			}
		})
	}
}

func TestBytesOfABodyAreTheProgramsAfterTheCall(t *testing.T) {
	var late io.Reader
	c := newClientOver(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		late = r.Body // net/http goes on reading after an early response
		return ok(r)
	})})
	body := []byte(`{"a":"b"}`)
	require.NoError(t, c.Do(t.Context(), Request{Path: "/a", Body: body}, nil))
	copy(body, "other text")
	sent, err := io.ReadAll(late)
	require.NoError(t, err)
	assert.JSONEq(t, `{"a":"b"}`, string(sent))
}

func TestNobodyReadsTheContentAfterTheCall(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			for _, end := range []string{"answered early", "canceled"} {
				_, client := newEarlyServer(t, http2)
				file := &slowSeeker{ReadSeeker: bytes.NewReader(make([]byte, 1<<20)), pause: 10 * time.Millisecond}
				ctx, cancel := context.WithCancel(t.Context())
				req := uploadRequest(File{Name: "a.png", Content: file})
				if end == "canceled" {
					req.Query = params("access_token", "TOKEN1")
					req.Anonymous = true
					go func() {
						for file.reads.Load() < 2 && ctx.Err() == nil {
							time.Sleep(time.Millisecond)
						}
						cancel()
					}()
				} else {
					req.Query = params("access_token", "TOKEN0")
					req.Anonymous = true // so that the refusal is final
				}
				require.Error(t, client.Do(ctx, req, nil), end)
				cancel()
				assert.Zero(t, file.users.Load(), "%s: a Read is running", end)
				file.at = 0 // a data race if somebody reads
				reads := file.reads.Load()
				if end == "canceled" {
					require.Positive(t, reads)
				}
				time.Sleep(30 * time.Millisecond)
				assert.Equal(t, reads, file.reads.Load(), "%s: read after the call", end)
			}
		})
	}
}

func TestReaderThatFailsHangsOrPanicsEndsItsCallAndNothingElse(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			_, client := newEarlyServer(t, http2)
			warm := uploadRequest(File{Name: "a.png", Content: strings.NewReader("x")})
			require.NoError(t, client.Do(t.Context(), warm, nil))
			for problem, read := range map[string]func(p []byte) (int, error){
				"panicked: boom":                            func([]byte) (int, error) { panic("boom") },
				"ended its goroutine":                       func([]byte) (int, error) { runtime.Goexit(); return 0, nil },
				"must be readable: multiple Read calls ret": func([]byte) (int, error) { return 0, nil },
				"must be readable: its Read returned ":      func(p []byte) (int, error) { return len(p) + 1, nil },
				"must be readable: broken":                  func([]byte) (int, error) { return 0, errors.New("broken") },
				"must have 100 bytes, but ended after 1":    func(p []byte) (int, error) { return 1, io.EOF },
			} {
				for _, size := range []int64{0, 100} {
					if size == 0 && strings.HasPrefix(problem, "must have") {
						continue // which is a body of one byte
					}
					begin := time.Now()
					err := client.Do(t.Context(), uploadRequest(File{Name: "a.png", Content: readFunc(read), Size: size}), nil)
					assertArgument(t, err, "File.Content")
					assert.Contains(t, err.Error(), problem)
					assert.Less(t, time.Since(begin), 10*time.Second)
				}
			}
			release := make(chan struct{})
			hangs := readFunc(func([]byte) (int, error) { <-release; return 0, io.EOF })
			for _, size := range []int64{0, 100} {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				err := client.Do(ctx, uploadRequest(File{Name: "a.png", Content: hangs, Size: size}), nil)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				var failure *RequestError
				require.ErrorAs(t, err, &failure)
				cancel()
			}
			close(release)
			require.NoError(t, client.Do(t.Context(), warm, nil), "the client goes on")
		})
	}
}

type readFunc func(p []byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func TestC14StreamIsSentAfterADialThatFailed(t *testing.T) {
	var dials atomic.Int64
	m := newMediaServer(t)
	transport := NewTransport()
	defer transport.CloseIdleConnections()
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials.Add(1) == 1 {
			return nil, errors.New("refused")
		}
		return dial(ctx, network, address)
	}
	c := newTestClient("wx1", "s", WithBaseURL(m.URL), WithHTTPClient(&http.Client{Transport: transport}), WithTokenSource(StaticToken("T")))
	stream := struct{ io.Reader }{strings.NewReader("CONTENT")}
	require.NoError(t, c.Do(t.Context(), uploadRequest(File{Name: "a.png", Content: stream, Size: 7}), nil))
	assert.Equal(t, "CONTENT", string(m.files[0]))
	assert.EqualValues(t, 2, dials.Load())
}

func TestC4NetHTTPRepeatsNoCallThatMustRunOnce(t *testing.T) {
	for _, body := range []any{nil, map[string]string{"a": "b"}} {
		for _, idempotent := range []bool{false, true} {
			var executions atomic.Int64
			c := mediaSource(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if r.URL.Path == "/warm" {
					_, _ = io.WriteString(w, wireOK)
					return
				}
				executions.Add(1)
				if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
					_ = conn.Close()
				}
			})
			require.NoError(t, c.Do(t.Context(), Request{Path: "/warm"}, nil))
			err := c.Do(t.Context(), Request{Method: http.MethodGet, Path: "/x", Body: body, Idempotent: idempotent}, nil)
			require.Error(t, err)
			if idempotent {
				assert.Greater(t, executions.Load(), int64(1))
				continue
			}
			require.ErrorIs(t, err, ErrUnknownOutcome)
			assert.EqualValues(t, 1, executions.Load())
		}
	}
}

func TestOpenFileIsOneLineAndLeaksNothing(t *testing.T) {
	name := filepath.Join(t.TempDir(), "照片.JPG")
	require.NoError(t, os.WriteFile(name, []byte("PICTURE"), 0o600))
	file := OpenFile(name)
	assert.Equal(t, "照片.JPG", file.Name)
	before := openFiles(t)
	m := newMediaServer(t)
	c := m.client(t)
	for range 3 {
		require.NoError(t, c.Do(t.Context(), uploadRequest(file), nil))
	}
	// A program that shows progress wraps the content, which then opens the file once.
	wrapped := OpenFile(name)
	wrapped.Content = struct{ io.Reader }{wrapped.Content}
	require.NoError(t, c.Do(t.Context(), uploadRequest(wrapped), nil))
	assert.Equal(t, strings.Repeat("PICTURE", 4), string(bytes.Join(m.files, nil)))
	n, err := wrapped.Content.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	assert.Zero(t, n)

	missing := OpenFile(filepath.Join(t.TempDir(), "missing.png"))
	directory := OpenFile(t.TempDir())
	for _, file := range []File{missing, {Name: "a", Content: struct{ io.Reader }{missing.Content}}} {
		err = c.Do(t.Context(), uploadRequest(file), nil)
		assertArgument(t, err, "File.Content")
		require.ErrorIs(t, err, os.ErrNotExist)
	}
	err = c.Do(t.Context(), uploadRequest(directory), nil)
	assertArgument(t, err, "File.Content")
	assert.Contains(t, err.Error(), "must not be a directory")
	assert.Len(t, m.files, 4)

	c.rest.GetClient().CloseIdleConnections()
	m.Close()
	assert.Eventually(t, func() bool { return openFiles(t) <= before }, 5*time.Second, time.Millisecond, "a file was left open")
	runtime.KeepAlive(wrapped) // or the collector would close it
}

// openFiles counts the open files of this process whose names say that they are disk files.
func openFiles(t *testing.T) (count int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0 // not Linux
	}
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(target, os.TempDir()) {
			count++
		}
	}
	return count
}

func TestUploadNeedsANameThatThePlatformCanGoBy(t *testing.T) {
	onDisk := func(name string) *os.File {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, []byte("x"), 0o600))
		f, err := os.Open(path)
		require.NoError(t, err)
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	data := func() io.Reader { return strings.NewReader("x") }
	calls := map[string]func(ctx context.Context, c *Client, f File) error{
		"image": func(ctx context.Context, c *Client, f File) error {
			_, err := c.UploadMedia(ctx, MediaImage, f)
			return err
		},
		"thumb": func(ctx context.Context, c *Client, f File) error {
			_, err := c.UploadMedia(ctx, MediaThumb, f)
			return err
		},
		"voice": func(ctx context.Context, c *Client, f File) error {
			_, err := c.UploadMedia(ctx, MediaVoice, f)
			return err
		},
		"video": func(ctx context.Context, c *Client, f File) error {
			_, err := c.UploadMedia(ctx, MediaVideo, f)
			return err
		},
		"image material": func(ctx context.Context, c *Client, f File) error {
			_, err := c.UploadMaterial(ctx, MediaImage, f)
			return err
		},
		"video material": func(ctx context.Context, c *Client, f File) error {
			_, err := c.UploadVideoMaterial(ctx, f, "t", "i")
			return err
		},
		"image of an article": func(ctx context.Context, c *Client, f File) error { _, err := c.UploadArticleImage(ctx, f); return err },
		"image of an agent":   func(ctx context.Context, c *Client, f File) error { return c.UploadKFAvatar(ctx, "a@b", f) },
	}
	good := map[string]File{
		"image": {Name: "cat.png"}, "thumb": {Name: "照片.JPG"}, "voice": {Name: "dir/a.amr"}, "video": {Name: "v.mp4"},
	}
	for name, call := range calls {
		kind := strings.Fields(name)[0]
		for _, bad := range []string{"", "cat", "cat.", ".", "..", "dir.png/cat", "cat.图", "cat. ", "report.pdf"} {
			refused(t, "File.Name", func(ctx context.Context, c *Client) error { return call(ctx, c, File{Name: bad, Content: data()}) })
		}
		for other, file := range good {
			file.Content = data()
			if other == kind || other == "thumb" && kind == "image" || other == "image" && kind == "thumb" {
				s := newScript(answer(http.StatusOK, `{"media_id":"m","thumb_media_id":"m","url":"u","type":"image"}`))
				require.NoError(t, call(t.Context(), s.client(), file), "%s as %s", file.Name, name)
				assert.Len(t, s.sent, 1)
				continue
			}
			refused(t, "File.Name", func(ctx context.Context, c *Client) error { return call(ctx, c, file) })
		}
	}
	unknown := File{Name: "cat.webp", Content: data()} // the SDK does not know it, so the platform decides
	_, err := newScript(ok).client().UploadMedia(t.Context(), MediaImage, unknown)
	require.NoError(t, err)
	_, err = newScript(ok).client().UploadMedia(t.Context(), "sticker", File{Content: data()})
	require.NoError(t, err, "nor does it know that kind")

	for _, content := range []io.Reader{onDisk("cat.png"), onlyStat{onDisk("cat.png")}, OpenFile(onDisk("cat.png").Name()).Content} {
		s := newScript(ok)
		_, err = s.client().UploadMedia(t.Context(), MediaImage, File{Content: content})
		require.NoError(t, err, "%T", content)
		assert.Contains(t, s.bodies[0], `filename="cat.png"`, "%T", content)
	}
	refused(t, "File.Name", func(ctx context.Context, c *Client) error {
		_, err := c.UploadMedia(ctx, MediaImage, File{Content: onDisk("cat")})
		return err
	})
	refused(t, "File.Content", func(ctx context.Context, c *Client) error {
		_, err := c.UploadMedia(ctx, MediaImage, File{Content: (*os.File)(nil)})
		return err
	})
}

// onlyStat is a file of an fs.FS other than the system's.
type onlyStat struct{ f *os.File }

func (o onlyStat) Read(p []byte) (int, error) { return o.f.Read(p) }
func (o onlyStat) Stat() (os.FileInfo, error) { return o.f.Stat() }
func (o onlyStat) Close() error               { return o.f.Close() }

func TestBodiesThatJSONWouldMakeSomethingElseOfAreRefused(t *testing.T) {
	var noForm *Form
	var noText *RawBody
	for name, body := range map[string]any{
		"must not be a *strings.Reader; a reader is sent as the Content of a RawBody":  strings.NewReader(`{"a":1}`),
		"must not be a *bytes.Buffer; a reader is sent as the Content of a RawBody":    bytes.NewBufferString(`{"a":1}`),
		"must not be a bytes.Buffer; a reader is sent as the Content of a RawBody":     *bytes.NewBufferString(`{"a":1}`),
		"must not be a wechat.readFunc; a reader is sent as the Content of a RawBody":  readFunc(nil),
		"must not be a *os.File; a reader is sent as the Content of a RawBody":         os.Stdin,
		"must not be a wechat.File; a file is sent in a Form":                          File{Name: "a"},
		"must not be a *wechat.File; a file is sent in a Form":                         &File{Name: "a"},
		"must not be a string; JSON is sent as json.RawMessage, and text as a RawBody": `{"a":1}`,
		"must not be a  string; JSON is sent as":                                       ownText("x"),
		"must not be a *[]uint8, which JSON writes":                                    &[]byte{'1'},
		"must not be a wechat.ownBytes, which JSON":                                    ownBytes("{}"),
		"must not be nil":                        noForm,
		"must not  be nil":                       noText,
		"but is a nil map[string]string":         map[string]string(nil),
		"but is a nil json.RawMessage":           json.RawMessage(nil),
		"must be valid JSON; other byt":          []byte("text"),
		"must be a value that JSON can encode: ": make(chan int),
	} {
		s := newScript(ok)
		err := s.client().Do(t.Context(), Request{Path: "/x", Body: body}, nil)
		assertArgument(t, err, "Body")
		assert.Contains(t, err.Error(), strings.ReplaceAll(name, "  ", " "))
		assert.Empty(t, s.sent, name)
	}
}

func TestFormAndRawBodyAreSentByValueAndByPointer(t *testing.T) {
	form := Form{Field: "media", File: File{Name: "a.png", Content: strings.NewReader("PICTURE")}}
	text := func() RawBody {
		return RawBody{ContentType: "text/plain; charset=utf-8", Content: strings.NewReader("TEXT 文字")}
	}
	pointed := text()
	binary := RawBody{Content: struct{ io.Reader }{strings.NewReader("\x00\xff")}}
	for name, c := range map[string]struct {
		body       any
		kind, want string
	}{
		"form":      {&form, "multipart/form-data; boundary=wechat", "PICTURE"},
		"form, too": {form, "multipart/form-data; boundary=wechat", "PICTURE"},
		"text":      {text(), "text/plain; charset=utf-8", "TEXT 文字"},
		"text, too": {&pointed, "text/plain; charset=utf-8", "TEXT 文字"},
		"binary":    {binary, "application/octet-stream", "\x00\xff"},
	} {
		s := newScript(answer(http.StatusOK, `{"errcode":40001,"errmsg":"invalid credential"}`), ok)
		require.NoError(t, s.client(WithTokenSource(&rotating{})).Do(t.Context(), Request{Path: "/x", Body: c.body}, nil), name)
		require.Len(t, s.sent, 2, name)
		assert.Equal(t, http.MethodPost, s.sent[0].Method, name)
		assert.True(t, strings.HasPrefix(s.sent[0].Header.Get("Content-Type"), c.kind), name)
		assert.EqualValues(t, len(s.bodies[0]), s.sent[0].ContentLength, name)
		assert.Equal(t, s.bodies[0], s.bodies[1], name)
		if strings.HasPrefix(name, "form") {
			assert.Contains(t, s.bodies[0], c.want)
		} else {
			assert.Equal(t, c.want, s.bodies[0], name)
		}
	}
	for argument, body := range map[string]any{
		"RawBody.ContentType": RawBody{ContentType: "text/plain\r\nX-Evil: 1", Content: strings.NewReader("x")},
		"RawBody.Content":     &RawBody{},
		"RawBody.Size":        RawBody{Content: strings.NewReader("x"), Size: -1},
		"Form.Field":          Form{},
		"File.Content":        Form{Field: "media"},
	} {
		refused(t, argument, func(ctx context.Context, c *Client) error { return c.Do(ctx, Request{Path: "/x", Body: body}, nil) })
	}
	refused(t, "RawBody.Content", func(ctx context.Context, c *Client) error {
		return c.Do(ctx, Request{Path: "/x", Body: RawBody{Content: strings.NewReader("")}}, nil)
	})
}

func TestRawBodyTakesTheTimeOfAnUploadOnlyIfItIsLarge(t *testing.T) {
	payloadOf := func(body any) bool {
		p, err := newPayload(t.Context(), body)
		require.NoError(t, err)
		defer p.Close(t.Context())
		return isUpload(body, p)
	}
	form := Form{Values: map[string][]string{"a": {"1"}}}
	assert.True(t, payloadOf(form))
	assert.True(t, payloadOf(&form))
	for size, want := range map[int]bool{1: false, 64 << 10: false, 64<<10 + 1: true} {
		body := RawBody{Content: bytes.NewReader(make([]byte, size))}
		assert.Equal(t, want, payloadOf(body), size)
		assert.Equal(t, want, payloadOf(&body), size)
	}
	assert.False(t, payloadOf(map[string]string{"a": strings.Repeat("x", 1<<20)}))
}

// The kinds of types that a Secret can be in.
type (
	holder struct {
		Name   string
		Secret Secret `json:"secret,omitempty"`
	}
	outer struct {
		Text  string `json:"text"`
		Inner *holder
	}
	embedding struct {
		holder
		Text string
	}
	shadowing struct {
		holder
		Secret string `json:"secret"`
	}
	embeddedSecret struct{ Secret }
	hidden         struct {
		Text   string
		Secret Secret `json:"-"`
		own    Secret
	}
	ownText  string
	ownBytes []byte
	ownJSON  struct{ key Secret }
	honest   struct{ key Secret }
	plainKey map[Secret]string
)

func (o ownJSON) MarshalJSON() ([]byte, error) { return json.Marshal(map[string]any{"key": o.key}) }
func (h honest) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"key": string(h.key)})
}

func TestSecretInABodyIsNeverSentAsItsMask(t *testing.T) {
	held := holder{"n", "CANARY-VALUE"}
	for at, body := range map[string]any{
		"Body.Secret":           held,
		"Body.Inner.Secret":     &outer{mask, &held},
		"Body.holder.Secret":    embedding{held, mask},
		"Body[a][1].Secret":     map[string]any{"a": []any{1, held}},
		"Body[token]":           map[string]any{"token": StaticToken("CANARY-VALUE")},
		"Body.T":                struct{ T StaticToken }{"CANARY-VALUE"},
		"Body[7]":               map[int]Secret{7: "CANARY-VALUE"},
		"Body[0]":               []Secret{"CANARY-VALUE"},
		"Body":                  Secret("CANARY-VALUE"),
		"Body.embeddedSecret":   struct{ embeddedSecret }{},
		"Body.Key.key":          struct{ Key ownJSON }{ownJSON{"CANARY-VALUE"}},
		"Body.AccessToken":      OAuthToken{AccessToken: "CANARY-VALUE"},
		"Body.A[0][x].Secret":   struct{ A [1]map[string]holder }{[1]map[string]holder{{"x": held}}},
		"Body[[redacted]][0].S": map[Secret][]struct{ S Secret }{"CANARY-KEY": {{"CANARY-VALUE"}}},
	} {
		s := newScript(ok)
		err := s.client().Do(t.Context(), Request{Path: "/x", Body: body}, nil)
		var problem *ArgumentError
		require.ErrorAs(t, err, &problem, at)
		assert.True(t, strings.HasPrefix(problem.Argument, at), "%s instead of %s", problem.Argument, at)
		assert.NotContains(t, err.Error(), "CANARY")
		assert.Empty(t, s.sent)
	}
	for name, body := range map[string]any{
		"text":     TextMessage{Content: mask},
		"map":      map[string]any{"text": mask, "list": []string{mask}, "secret": held.Name},
		"raw":      json.RawMessage(`{"text":"[redacted]"}`),
		"bytes":    []byte(`{"text":"[redacted]"}`),
		"empty":    holder{Name: mask},
		"nil":      &outer{Text: mask},
		"shadowed": shadowing{held, mask + " "},
		"left out": hidden{mask, "CANARY-VALUE", "CANARY-VALUE"},
		"by itself": struct {
			Text string
			Key  honest
		}{mask, honest{"CANARY-VALUE"}},
		"as a key": plainKey{"key": mask},
	} {
		s := newScript(ok)
		require.NoError(t, s.client().Do(t.Context(), Request{Path: "/x", Body: body}, nil), name)
		assert.Len(t, s.sent, 1, name)
	}
}

func TestReaderInsideABodyIsNeverSentAsNothing(t *testing.T) {
	for at, body := range map[string]any{
		"Body[media]":         map[string]any{"media": strings.NewReader("x")},
		"Body.Media":          struct{ Media io.Reader }{os.Stdin},
		"Body.Buffer":         struct{ Buffer bytes.Buffer }{},
		"Body[1]":             []any{1, io.LimitReader(strings.NewReader("x"), 1)},
		"Body[media].Content": map[string]any{"media": File{Name: "a.png", Content: strings.NewReader("x")}},
	} {
		s := newScript(ok)
		err := s.client().Do(t.Context(), Request{Path: "/x", Body: body}, nil)
		assertArgument(t, err, at)
		assert.Empty(t, s.sent)
	}
	s := newScript(ok)
	for _, body := range []any{struct{}{}, map[string]any{"a": struct{}{}, "b": map[string]int{}, "c": json.RawMessage("{}")}} {
		require.NoError(t, s.client().Do(t.Context(), Request{Path: "/x", Body: body}, nil))
	}
}
