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
	"testing/iotest"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/redact"
)

var downloadRequest = Request{Path: "/cgi-bin/media/get", Idempotent: true}

// labeled returns a response with a body and a Content-Type.
func labeled(kind, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		resp, err := answer(http.StatusOK, body)(r)
		resp.Header.Set("Content-Type", kind)
		resp.Header.Set("Content-Disposition", `attachment; filename="../../photo.jpg"`)
		return resp, err
	}
}

// cut returns a response whose body ends after the given part.
func cut(body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		resp, err := labeled("image/jpeg", "")(r)
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(body), iotest.ErrReader(io.ErrUnexpectedEOF)))
		return resp, err
	}
}

func TestD9RefusedDownloadIsAnErrorWhateverItIsLabelled(t *testing.T) {
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
			err := newScript(labeled(kind, body)).client().Do(t.Context(), downloadRequest, &got)
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
		c := newScript(labeled("application/octet-stream", body)).client()
		info, isJSON, err := c.download(t.Context(), downloadRequest, &got, nil)
		require.NoError(t, err, "%.50q", body)
		assert.Equal(t, body, got.String())
		assert.False(t, isJSON)
		assert.Equal(t, &DownloadInfo{ContentType: "application/octet-stream", FileName: "photo.jpg", Size: int64(len(body))}, info)
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
		_, isJSON, err := newScript(labeled("text/plain", body)).client().download(t.Context(), downloadRequest, &got, &out)
		require.NoError(t, err)
		assert.True(t, isJSON)
		assert.Empty(t, got.Bytes())
		assert.Len(t, out.URL, len("https://example.com/")+padding)

		got.Reset()
		body = "{ no JSON " + strings.Repeat("v", padding)
		_, isJSON, err = newScript(labeled("image/jpeg", body)).client().download(t.Context(), downloadRequest, &got, &out)
		require.NoError(t, err)
		assert.False(t, isJSON)
		assert.Equal(t, body, got.String())
	}
	_, _, err := newScript(labeled("text/plain", `{"errcode":40007}`)).client().download(t.Context(), downloadRequest, io.Discard, &video{})
	require.ErrorIs(t, err, ErrInvalidMediaID)
}

func TestContentAfterARefusalIsNoDocument(t *testing.T) {
	refused := answer(http.StatusOK, `{"errcode":40001,"errmsg":"invalid credential"}`)
	for name, play := range map[string]func(*http.Request) (*http.Response, error){"busy": busy, "token": refused} {
		var got bytes.Buffer
		c := newScript(play, answer(http.StatusOK, "JPEG")).client(WithTokenSource(&rotating{}))
		m, err := c.GetMaterial(t.Context(), "M1", &got)
		require.NoError(t, err, name)
		assert.Equal(t, "JPEG", got.String(), name)
		assert.Nil(t, m.Video, name)
	}
}

// fieldWriter is a writer with a field of a refusal.
type fieldWriter struct {
	bytes.Buffer
	ErrMsg string
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestRefusalIsNotDecodedIntoAWriter(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusForbidden, http.StatusInternalServerError} {
		c := newScript(answer(status, `{"errcode":40007,"errmsg":"invalid media_id"}`)).client()
		w := &fieldWriter{}
		require.ErrorIs(t, c.Do(t.Context(), downloadRequest, w), ErrInvalidMediaID)
		assert.Equal(t, &fieldWriter{}, w, status)
		require.ErrorIs(t, c.Do(t.Context(), downloadRequest, writerFunc(w.Write)), ErrInvalidMediaID, status)
	}
}

func TestEmptyDownloadIsAnError(t *testing.T) {
	var unreadable *DecodeError
	require.ErrorAs(t, newScript(labeled("image/jpeg", "")).client().Do(t.Context(), downloadRequest, io.Discard), &unreadable)
}

// mediaSource serves bytes over a real connection.
func mediaSource(t testing.TB, serve http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(serve)
	c := newTestClient("wx1", "SECRET-CANARY", WithBaseURL(server.URL), WithTokenSource(StaticToken("TOKEN")))
	t.Cleanup(func() {
		_ = c.Close()
		server.Close()
	})
	return c
}

func TestD11ConnectionLostInADownloadIsAnErrorAndTheOldFileStays(t *testing.T) {
	zipped := func(w http.ResponseWriter) {
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		_, _ = io.Copy(zip, &pattern{size: 1 << 19})
		_ = zip.Flush() // without the end of the compressed data
	}
	hangUp := func(w http.ResponseWriter) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
	}
	for kind, serve := range map[string]func(w http.ResponseWriter){
		"with a length": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", strconv.Itoa(1<<20))
			_, _ = io.Copy(w, &pattern{size: 1 << 19})
			hangUp(w)
		},
		"in chunks": func(w http.ResponseWriter) {
			_, _ = io.Copy(w, &pattern{size: 1 << 19})
			hangUp(w)
		},
		"compressed":             func(w http.ResponseWriter) { zipped(w); hangUp(w) },
		"compressed, by a proxy": zipped,
	} {
		name := filepath.Join(t.TempDir(), "photo.jpg")
		require.NoError(t, os.WriteFile(name, []byte("OLD"), 0o600))
		c := mediaSource(t, func(w http.ResponseWriter, _ *http.Request) { serve(w) })
		err := SaveFile(name, func(w io.Writer) error { return c.Do(t.Context(), downloadRequest, w) })
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, kind)
		var failure *RequestError
		require.ErrorAs(t, err, &failure, kind)
		assert.Equal(t, http.StatusOK, failure.Status, kind)
		assertOnlyFile(t, name, "OLD")
	}
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

func TestWriterThatFailsEndsTheDownload(t *testing.T) {
	full := errors.New("disk full")
	s := newScript(labeled("image/jpeg", strings.Repeat("x", 1<<16)))
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

func TestF5FileNameIsTheOneThatThePlatformSends(t *testing.T) {
	for in, want := range map[string]string{
		`attachment; filename="photo.jpg"`:                        "photo.jpg",
		`attachment; filename=photo.jpg`:                          "photo.jpg",
		`ATTACHMENT;FileName=photo.jpg`:                           "photo.jpg",
		`attachment ; filename = "photo.jpg" ; size=5`:            "photo.jpg",
		`attachment; size=5; filename=my photo (1).jpg; x=y`:      "my photo (1).jpg",
		`attachment; filename="照片 1.jpg"`:                         "照片 1.jpg",
		`attachment; filename=照片 1.jpg`:                           "照片 1.jpg",
		`attachment; filename="a \"b\".jpg"`:                      `a "b".jpg`,
		`attachment; filename="a;b=c.jpg"; filename="other"`:      "a;b=c.jpg",
		`attachment; filename="unclosed.jpg`:                      "unclosed.jpg",
		`attachment; filename*=UTF-8''%E7%85%A7%E7%89%87%201.jpg`: "照片 1.jpg",
		`attachment; filename*=utf-8'zh-CN'a%27b.jpg`:             "a'b.jpg",
		`attachment; filename*="UTF-8''a%20b.jpg"`:                "a b.jpg",
		`attachment; filename*=ISO-8859-1'en'caf%E9.jpg`:          "café.jpg",
		`attachment; filename="a.jpg"; filename*=UTF-8''b.jpg`:    "b.jpg",
		`attachment; filename*=UTF-8''b.jpg; filename="a.jpg"`:    "b.jpg",
		`attachment; filename*=UTF-8''%zz; filename="a.jpg"`:      "a.jpg",
		`attachment; filename*=GBK''%D5%D5; filename="a.jpg"`:     "a.jpg",
		`attachment; filename*=plain.jpg; filename="a.jpg"`:       "a.jpg",
		`attachment; filename*=UTF-8''..; filename="a.jpg"`:       "a.jpg",
		`attachment; filename="%E7%85%A7.jpg"`:                    "%E7%85%A7.jpg",
		`filename="photo.jpg"`:                                    "photo.jpg",
		`; filename="photo.jpg"`:                                  "photo.jpg",
		`attachment; filename=""`:                                 "",
		`attachment; filename`:                                    "",
		`attachment; filename=`:                                   "",
		`attachment; myfilename=a.jpg`:                            "",
		`attachment`:                                              "",
		``:                                                        "",
		`;;;`:                                                     "",
		`=;="`:                                                    "",

		`attachment; filename="../../etc/passwd"`:           "passwd",
		`attachment; filename="/etc/passwd"`:                "passwd",
		`attachment; filename="/"`:                          "",
		`attachment; filename="dir/"`:                       "",
		`attachment; filename="C:\Windows\a.dll"`:           "a.dll",
		`attachment; filename="C:\\Windows\\a.dll"`:         "a.dll",
		`attachment; filename=..\a.dll`:                     "a.dll",
		`attachment; filename="C:a.dll"`:                    "a.dll",
		`attachment; filename="C:"`:                         "",
		`attachment; filename="photo.jpg:hidden.exe"`:       "hidden.exe",
		`attachment; filename="订单:1.jpg"`:                   "1.jpg",
		`attachment; filename="CON"`:                        "",
		`attachment; filename="nul.jpg"`:                    "",
		`attachment; filename="../Aux .tar.gz"`:             "",
		`attachment; filename="conout$"`:                    "",
		`attachment; filename="COM1.txt"`:                   "",
		`attachment; filename="lpt².txt"`:                   "",
		`attachment; filename*=UTF-8''NUL; filename="a"`:    "a",
		`attachment; filename="COM10.txt"`:                  "COM10.txt",
		`attachment; filename="COM.txt"`:                    "COM.txt",
		`attachment; filename="icon.jpg"`:                   "icon.jpg",
		`attachment; filename="."`:                          "",
		`attachment; filename=".."`:                         "",
		`attachment; filename=". ."`:                        "",
		`attachment; filename="..."`:                        "",
		`attachment; filename=" a.jpg "`:                    "a.jpg",
		`attachment; filename=".bashrc"`:                    ".bashrc",
		`attachment; filename*=UTF-8''..%2F..%2Fa%00b.jpg`:  "ab.jpg",
		`attachment; filename*=UTF-8''a%5Cb.jpg`:            "b.jpg",
		"attachment; filename=\"a\r\nb\x00\x7f\u0085.jpg\"": "ab.jpg",
		"attachment; filename=\"gpj.\u202eexe\u2028\"":      "gpj.exe",
		"attachment; filename=\"\xd5\xd5.jpg\"":             "\uFFFD.jpg",
		"attachment; filename=\"\u200d👩\u200d💻.jpg\"":       "\u200d👩\u200d💻.jpg",
	} {
		assert.Equal(t, want, fileName(in), in)
	}
}

// TestADocumentWithoutContentIsNoDownload: otherwise an empty file would be a success. Other
// endpoints say so that there is no file, such as downloadbill.
func TestADocumentWithoutContentIsNoDownload(t *testing.T) {
	for _, body := range []string{wireOK, `{"errcode":0}`, `{"video_url":"","errcode":0}`} {
		c := newScript(answer(http.StatusOK, body)).client()
		for name, download := range map[string]func(w io.Writer) error{
			"media":    func(w io.Writer) error { _, err := c.DownloadMedia(t.Context(), "M1", w); return err },
			"material": func(w io.Writer) error { _, err := c.GetMaterial(t.Context(), "M1", w); return err },
			"any":      func(w io.Writer) error { return c.Do(t.Context(), request(idempotent), w) },
		} {
			var out strings.Builder
			err := download(&out)
			if name == "any" {
				require.NoError(t, err, body)
			} else {
				var unreadable *DecodeError
				require.ErrorAs(t, err, &unreadable, "%s: %s", name, body)
			}
			assert.Empty(t, out.String())
		}
	}
}

func FuzzFileNameOfADownload(f *testing.F) {
	for _, seed := range []string{
		`attachment; filename="a"`, `attachment; filename*=UTF-8''%2e%2e`, `x; filename="..\\a"`, "", ";", `filename*=iso-8859-1''%e9/%5c`,
		`attachment; filename="a\"b.jpg"; x=y`, `attachment; filename=照片 1.jpg`, `attachment; filename="C:\a"`, "filename=\"\xff\u202e\x00\"", `filename=". ."`, `filename="photo.jpg:a"`, `filename="nul.jpg"`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, disposition string) {
		name := fileName(disposition)
		if name == "" {
			return
		}
		assert.False(t, strings.ContainsAny(name, `/\:`), name)
		assert.True(t, filepath.IsLocal(name), name)
		assert.True(t, utf8.ValidString(name), name)
		assert.NotEmpty(t, strings.Trim(name, ". "), name)
		assert.False(t, strings.ContainsFunc(name, unicode.IsControl), "%q", name)
		assert.Equal(t, name, strings.TrimSpace(name))
	})
}

// TestD9PageOfHTMLIsAnErrorAndNothingIsWritten covers what stands between the
// platform and the program: a proxy, a captive portal, an error page.
func TestD9PageOfHTMLIsAnErrorAndNothingIsWritten(t *testing.T) {
	pages := []string{
		"<main>down</main>", " <span>down", "<img src=x>", "<h4>down", "<ul><li>", "<nav class=x>", "<!-- --><section>",
		"<html><body>error</body></html>", "<!DOCTYPE html>\n<html>", "<!doctype HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\">", "<!DocType\n\thtml>",
		"\xef\xbb\xbf<html>", " \r\n\t\f<HTML lang=zh>", "\xef\xbb\xbf \n<!-- a > b --> <!----><hTmL\n>", "<!-- " + strings.Repeat("x", 3*maxErrorJSON) + " --><html>",
		"<?xml version=\"1.0\"?>\n<!DOCTYPE html>", "<?XML version='1.0'?><html xmlns=\"http://www.w3.org/1999/xhtml\">", "<head><title>502</title></head>", "<title>502</title>",
		"<script>location='/login'</script>", "<meta http-equiv=refresh>", "<body>", "<h1>Bad Gateway</h1>", "<center><h1>502", "<p>error", "<a href=/login>", "<br/>", "<html",
		"\xff\xfe<\x00h\x00t\x00m\x00l\x00>\x00", "\xfe\xff\x00<\x00h\x00t\x00m\x00l\x00>",
		"<html>" + strings.Repeat("x", 1<<20),
	}
	type into func(c *Client, w io.Writer) error
	downloads := map[string]into{
		"media":    func(c *Client, w io.Writer) error { _, err := c.DownloadMedia(t.Context(), "m", w); return err },
		"voice":    func(c *Client, w io.Writer) error { _, err := c.DownloadHDVoice(t.Context(), "m", w); return err },
		"material": func(c *Client, w io.Writer) error { _, err := c.GetMaterial(t.Context(), "m", w); return err },
		"QR code":  func(c *Client, w io.Writer) error { _, err := c.DownloadQRCode(t.Context(), "t", w); return err },
		"bill": func(c *Client, w io.Writer) error {
			_, err := c.DownloadNontaxBill(t.Context(), DownloadNontaxBillRequest{MerchantID: "1", Date: Date{2026, 11, 1}}, w)
			return err
		},
		"Do": func(c *Client, w io.Writer) error { return c.Do(t.Context(), downloadRequest, w) },
	}
	for _, page := range pages {
		for name, download := range downloads {
			var got bytes.Buffer
			err := download(newScript(labeled("image/jpeg", page)).client(), &got)
			var unreadable *DecodeError
			require.ErrorAs(t, err, &unreadable, "%s %.50q", name, page)
			require.ErrorIs(t, err, errHTML, "%s %.50q", name, page)
			assert.Equal(t, http.StatusOK, unreadable.Status)
			assert.NotEmpty(t, unreadable.Excerpt)
			assert.LessOrEqual(t, len(unreadable.Excerpt), redact.MaxExcerpt)
			assert.Zero(t, got.Len(), "%s %.50q", name, page)
		}
		name := filepath.Join(t.TempDir(), "photo.jpg")
		require.NoError(t, os.WriteFile(name, []byte("OLD"), 0o600))
		c := newScript(labeled("image/jpeg", page)).client()
		require.ErrorIs(t, SaveFile(name, func(w io.Writer) error { return c.Do(t.Context(), downloadRequest, w) }), errHTML)
		assertOnlyFile(t, name, "OLD")
	}
	for _, content := range []string{
		"<", "<?xml version=\"1.0\"?><svg>", "<svg>", "<?xml", "<!DOCTYPE svg>", "<!", "<hypertext>", "<bold", "<ab>", "< html>", "html", "x<html>", "`a`,`b`\n<html>", "\xff\xfb\x90<html>",
		"\xff\xd8\xff\xe0", "\x89PNG", "#!AMR\n<html>", "%PDF-1.4 <html>",
	} {
		var got bytes.Buffer
		require.NoError(t, newScript(labeled("text/html", content)).client().Do(t.Context(), downloadRequest, &got), "%q", content)
		assert.Equal(t, content, got.String())
	}
}

func TestDocumentOfMoreThanSixteenMebibytesIsNoFile(t *testing.T) {
	var got bytes.Buffer
	_, err := newScript(labeled("image/jpeg", "{"+strings.Repeat(" ", maxAnswer))).client().DownloadMedia(t.Context(), "m", &got)
	require.ErrorIs(t, err, errTooLarge)
	require.ErrorAs(t, err, new(*DecodeError))
	assert.Zero(t, got.Len())
}

func TestWriterThatIsMissingIsAnArgumentError(t *testing.T) {
	for _, w := range []io.Writer{nil, (*bytes.Buffer)(nil), (*os.File)(nil)} {
		_, _, err := newScript(ok).client().download(t.Context(), downloadRequest, w, nil)
		assertArgument(t, err, "w")
	}
}

func TestDownloadHoldsNoMoreThanAMebibyte(t *testing.T) {
	var counts []uint64
	for _, length := range []int64{2 << 20, 32 << 20} {
		c := newTestClient("wx1", "s", WithTokenSource(StaticToken("T")), WithHTTPClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
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
