package wechat

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var downloadRequest = Request{Path: "/cgi-bin/media/get", Idempotent: true}

// labelled answers a body under a Content-Type.
func labelled(kind, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		resp, err := answer(http.StatusOK, body)(r)
		resp.Header.Set("Content-Type", kind)
		resp.Header.Set("Content-Disposition", `attachment; filename="../../photo.jpg"`)
		return resp, err
	}
}

// cut answers a body that breaks off after what is given.
func cut(body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		resp, err := labelled("image/jpeg", "")(r)
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(body), brokenReader{io.ErrUnexpectedEOF}))
		return resp, err
	}
}

func TestRefusedDownloadIsAnErrorWhateverItIsLabelled(t *testing.T) {
	for _, kind := range []string{"image/jpeg", "audio/amr", "application/octet-stream", "text/plain", "application/json", "video/mp4", "", "nonsense;;"} {
		for _, body := range []string{
			`{"errcode":40007,"errmsg":"invalid media_id"}`,
			`{"errcode":"40007"}`,
			" \r\n" + `{"errcode":40007,"errmsg":"x"}` + "\n",
			"\xef\xbb\xbf" + `{"errcode":40007,"errmsg":"x"}`,
			"{\"errcode\":40007,\"errmsg\":\"\x01\"}",
			`{"base_resp":{"ret":40007,"err_msg":"x"}}`,
			`{"errcode":40007,"errmsg":"` + strings.Repeat("x", 4000) + `"}`,
		} {
			var got bytes.Buffer
			err := newScript(labelled(kind, body)).client().Do(t.Context(), downloadRequest, &got)
			require.ErrorIs(t, err, ErrInvalidMediaID, "%s %.50q", kind, body)
			assert.Empty(t, got.Bytes(), "%s %.50q", kind, body)
		}
	}
}

func TestContentThatOnlyLooksLikeAnErrorIsWritten(t *testing.T) {
	for _, body := range []string{
		`{"errcode":40007`, `{"menu":[]}`, `{`, `{"a":"errcode"}`, "{\\rtf1 text}", `[{"errcode":40007}]`, "\x00\x01\xff{", " ", "\xef\xbb\xbf",
		`{"errcode":40007,"errmsg":"` + strings.Repeat("x", 5000) + `"}`, // no error of the platform is that long
		strings.Repeat("{", 5000),
	} {
		var got bytes.Buffer
		c := newScript(labelled("application/octet-stream", body)).client()
		info, isJSON, err := c.download(t.Context(), downloadRequest, &got, nil)
		require.NoError(t, err, "%.50q", body)
		assert.Equal(t, body, got.String())
		assert.False(t, isJSON)
		assert.Equal(t, &Download{ContentType: "application/octet-stream", FileName: "photo.jpg", Size: int64(len(body))}, info)
	}
}

func TestJSONAlternativeOfADownloadIsDecoded(t *testing.T) {
	type video struct {
		URL string `json:"video_url"`
	}
	for _, padding := range []int{0, 100_000} {
		var got bytes.Buffer
		var out video
		body := `{"video_url":"https://example.com/` + strings.Repeat("v", padding) + `"}`
		_, isJSON, err := newScript(labelled("text/plain", body)).client().download(t.Context(), downloadRequest, &got, &out)
		require.NoError(t, err)
		assert.True(t, isJSON)
		assert.Empty(t, got.Bytes())
		assert.Len(t, out.URL, len("https://example.com/")+padding)

		got.Reset()
		body = "{ no JSON " + strings.Repeat("v", padding)
		_, isJSON, err = newScript(labelled("image/jpeg", body)).client().download(t.Context(), downloadRequest, &got, &out)
		require.NoError(t, err)
		assert.False(t, isJSON)
		assert.Equal(t, body, got.String())
	}
	_, _, err := newScript(labelled("text/plain", `{"errcode":40007}`)).client().download(t.Context(), downloadRequest, io.Discard, &video{})
	require.ErrorIs(t, err, ErrInvalidMediaID)
}

func TestEmptyDownloadIsAnError(t *testing.T) {
	var unreadable *DecodeError
	require.ErrorAs(t, newScript(labelled("image/jpeg", "")).client().Do(t.Context(), downloadRequest, io.Discard), &unreadable)
	_, _, err := newScript(ok).client().download(t.Context(), downloadRequest, nil, nil)
	assertArgument(t, err, "w")
}

func TestDownloadIsRepeatedUntilTheFirstByteIsWritten(t *testing.T) {
	content := labelled("image/jpeg", strings.Repeat("x", 3*maxErrorJSON))
	fast := WithRetry(RetryPolicy{MaxAttempts: 3, MinDelay: 1, MaxDelay: 1})
	for name, play := range map[string]func(*http.Request) (*http.Response, error){
		"refused token":   labelled("image/jpeg", `{"errcode":40001,"errmsg":"invalid credential"}`),
		"cut at the head": cut(strings.Repeat("x", maxErrorJSON-1)),
		"502":             badGate,
	} {
		var got bytes.Buffer
		s := newScript(play, content)
		require.NoError(t, s.client(fast, WithTokenSource(&rotating{})).Do(t.Context(), downloadRequest, &got), name)
		assert.Equal(t, 3*maxErrorJSON, got.Len(), name)
		assert.Len(t, s.sent, 2, name)
	}
	var got bytes.Buffer
	s := newScript(cut(strings.Repeat("x", 2*maxErrorJSON)), content)
	require.ErrorIs(t, s.client(fast).Do(t.Context(), downloadRequest, &got), io.ErrUnexpectedEOF)
	assert.Equal(t, 2*maxErrorJSON, got.Len())
	assert.Len(t, s.sent, 1, "bytes of two answers would have been mixed")
}

// mediaSource serves bytes over a real connection.
func mediaSource(t testing.TB, serve http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(serve)
	c := NewClient("wx1", "SECRET-CANARY", WithBaseURL(server.URL), WithTokenSource(StaticToken("TOKEN")))
	t.Cleanup(func() {
		_ = c.Close()
		server.Close()
	})
	return c
}

func TestConnectionLostInADownloadIsAnErrorAndTheOldFileStays(t *testing.T) {
	name := filepath.Join(t.TempDir(), "photo.jpg")
	require.NoError(t, os.WriteFile(name, []byte("OLD"), 0o600))
	c := mediaSource(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(1<<20))
		_, _ = io.Copy(w, &pattern{size: 1 << 19})
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
	})
	err := SaveFile(name, func(w io.Writer) error { return c.Do(t.Context(), downloadRequest, w) })
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	var failure *RequestError
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, http.StatusOK, failure.Status)
	assertOnlyFile(t, name, "OLD")
}

func assertOnlyFile(t *testing.T, name, content string) {
	t.Helper()
	got, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, content, string(got))
	files, err := os.ReadDir(filepath.Dir(name))
	require.NoError(t, err)
	assert.Len(t, files, 1, "a half file was left")
}

func TestSaveFileShowsWholeFilesOnly(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.txt")
	write := func(w io.Writer) error {
		_, err := io.WriteString(w, "NEW")
		return err
	}
	require.NoError(t, SaveFile(name, write))
	assertOnlyFile(t, name, "NEW")
	broken := errors.New("broken")
	require.ErrorIs(t, SaveFile(name, func(w io.Writer) error { return errors.Join(write(w), broken) }), broken)
	assertOnlyFile(t, name, "NEW")
	assert.Panics(t, func() { _ = SaveFile(name, func(io.Writer) error { panic("broken") }) })
	assertOnlyFile(t, name, "NEW")
	require.NoError(t, SaveFile(name, func(io.Writer) error { return nil }))
	assertOnlyFile(t, name, "")
	require.ErrorIs(t, SaveFile(filepath.Join(t.TempDir(), "missing", "a.txt"), write), os.ErrNotExist)
	directory := t.TempDir()
	require.Error(t, SaveFile(directory, write), "a directory is in the way")
	assert.DirExists(t, directory)
}

func TestWriterThatFailsEndsTheDownload(t *testing.T) {
	full := errors.New("disk full")
	s := newScript(labelled("image/jpeg", strings.Repeat("x", 1<<16)))
	require.ErrorIs(t, s.client().Do(t.Context(), downloadRequest, failingWriter{full}), full)
	assert.Len(t, s.sent, 1)
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestDownloadsAreDecompressed(t *testing.T) {
	c := mediaSource(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		if r.URL.Query().Has("bad") {
			_, _ = io.WriteString(zip, `{"errcode":40007,"errmsg":"invalid media_id"}`)
		} else {
			_, _ = io.Copy(zip, &pattern{size: 1 << 20})
		}
		_ = zip.Close()
	})
	var got bytes.Buffer
	require.NoError(t, c.Do(t.Context(), downloadRequest, &got))
	assert.True(t, bytes.Equal(patternBytes(t, 1<<20), got.Bytes()))
	got.Reset()
	bad := downloadRequest
	bad.Query = params("bad", "1")
	require.ErrorIs(t, c.Do(t.Context(), bad, &got), ErrInvalidMediaID)
	assert.Empty(t, got.Bytes())
}

func TestDownloadEndsAtItsLimit(t *testing.T) {
	for _, size := range []int64{1, 9_999, 10_000} {
		c := NewClient("wx1", "s", WithMaxDownload(10_000), WithTokenSource(StaticToken("T")),
			WithHTTPClient(&http.Client{Transport: newScript(labelled("image/jpeg", string(patternBytes(t, size))))}))
		info, _, err := c.download(t.Context(), downloadRequest, io.Discard, nil)
		require.NoError(t, err, size)
		assert.Equal(t, size, info.Size)
	}
	var got bytes.Buffer
	s := newScript(labelled("image/jpeg", string(patternBytes(t, 10_001))))
	_, _, err := s.client(WithMaxDownload(10_000)).download(t.Context(), downloadRequest, &got, nil)
	require.ErrorIs(t, err, errDownloadTooLarge)
	assert.Equal(t, 10_000, got.Len())
	assert.Len(t, s.sent, 1)
	_, _, err = newScript(cut(strings.Repeat("x", 10_000))).client(WithMaxDownload(10_000)).download(t.Context(), downloadRequest, io.Discard, nil)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "an answer cut off at the limit is not whole")
}

func TestFileNameOfADownloadIsNoPath(t *testing.T) {
	for in, want := range map[string]string{
		`attachment; filename="photo.jpg"`:                 "photo.jpg",
		`attachment; filename=photo.jpg`:                   "photo.jpg",
		`attachment; filename="../../etc/passwd"`:          "passwd",
		`attachment; filename="/etc/passwd"`:               "passwd",
		`attachment; filename="C:\\Windows\\a.dll"`:        "a.dll",
		`attachment; filename=".."`:                        "file",
		`attachment; filename*=UTF-8''..%2F..%2Fa%00b.jpg`: "ab.jpg",
		`attachment; filename=""`:                          "",
		`attachment`:                                       "",
		``:                                                 "",
		`;;;`:                                              "",
	} {
		assert.Equal(t, want, fileName(in), in)
	}
}

func FuzzFileNameOfADownload(f *testing.F) {
	for _, seed := range []string{`attachment; filename="a"`, `attachment; filename*=UTF-8''%2e%2e`, `x; filename="..\\a"`, "", ";"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, disposition string) {
		name := fileName(disposition)
		assert.NotContains(t, name, "/")
		assert.NotContains(t, name, `\`)
		assert.NotContains(t, []string{".", ".."}, name)
		assert.NotContains(t, name, "\x00")
		if name != "" {
			assert.True(t, filepath.IsLocal(name), name)
		}
	})
}

func TestDownloadHoldsNoMoreThanAMebibyte(t *testing.T) {
	var counts []uint64
	for _, length := range []int64{2 << 20, 32 << 20} {
		c := NewClient("wx1", "s", WithTokenSource(StaticToken("T")), WithHTTPClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(&pattern{size: length}), Request: r}, nil
		})}))
		size, count := allocated(func() {
			require.NoError(t, c.Do(t.Context(), downloadRequest, io.Discard))
		})
		assert.LessOrEqual(t, size, uint64(1<<20), length)
		counts = append(counts, count)
	}
	assert.InDelta(t, counts[0], counts[1], 50, "allocations grow with the size")
}

func BenchmarkDownload100MiB(b *testing.B) {
	const size = 100 << 20
	memory := newHeapWatch()
	c := mediaSource(b, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(size))
		_, _ = io.Copy(w, &pattern{size: size, watch: memory})
	})
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		memory.restart()
		if err := c.Do(b.Context(), downloadRequest, io.Discard); err != nil {
			b.Fatal(fmt.Errorf("download: %w", err))
		}
	}
	b.ReportMetric(float64(memory.peak)/(1<<20), "peak-MiB")
}
