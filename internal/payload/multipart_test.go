package payload

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type sentPart struct {
	name, fileName, content string
	header                  string // the raw Content-Disposition
	kind                    string
}

// partsOf reads a form as a server does.
func partsOf(t *testing.T, f Form) []sentPart {
	t.Helper()
	p, err := FromForm(t.Context(), f)
	require.NoError(t, err)
	defer p.Close(t.Context())
	data := readPayload(t, p)
	_, attributes, err := mime.ParseMediaType(p.contentType[0])
	require.NoError(t, err)
	reader := multipart.NewReader(strings.NewReader(data), attributes["boundary"])
	var parts []sentPart
	for {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return parts
		}
		require.NoError(t, err)
		require.LessOrEqual(t, len(part.Header), 2, "a header was smuggled in: %v", part.Header)
		content, err := io.ReadAll(part)
		require.NoError(t, err)
		parts = append(parts, sentPart{part.FormName(), part.FileName(), string(content), part.Header.Get("Content-Disposition"), part.Header.Get("Content-Type")})
	}
}

func TestFormHasItsTextPartsInOrderAndTheFileLast(t *testing.T) {
	values := map[string][]string{"b": {"2"}, "a": {"1", "张三"}}
	want := []sentPart{
		{"a", "", "1", `form-data; name="a"`, ""},
		{"a", "", "张三", `form-data; name="a"`, ""},
		{"b", "", "2", `form-data; name="b"`, ""},
	}
	assert.Equal(t, want, partsOf(t, Form{Values: values}))
	file := Source{Name: "File", Content: stream("CONTENT")}
	want = append(want, sentPart{"media", "cat.png", "CONTENT", `form-data; name="media"; filename="cat.png"`, "image/png"})
	assert.Equal(t, want, partsOf(t, Form{Values: values, Field: "media", FileName: "dir/cat.png", File: file}))
}

func TestFormsHaveDifferentBoundaries(t *testing.T) {
	one, other := newBoundary(), newBoundary()
	assert.NotEqual(t, one, other)
	assert.Len(t, one, len("wechat")+32)
}

func TestFormOfAFileThatCannotBeSentIsRefused(t *testing.T) {
	_, err := FromForm(t.Context(), Form{Field: "media", File: Source{Name: "File", Content: stream("")}})
	assert.Equal(t, "File.Content must not be empty", problemOf(t, err))
}

func assertHarmlessName(t *testing.T, name string) {
	t.Helper()
	form := Form{Field: "media", FileName: name, File: Source{Name: "File", Content: bytes.NewReader([]byte("CONTENT"))}}
	parts := partsOf(t, form)
	require.Len(t, parts, 1, "%q", name)
	assert.Equal(t, "media", parts[0].name, "%q", name)
	assert.Equal(t, "CONTENT", parts[0].content, "%q", name)
	assert.NotEmpty(t, parts[0].fileName, "%q", name)
	assert.NotContains(t, parts[0].fileName, "/", "%q", name)
	assert.Equal(t, 4, strings.Count(parts[0].header, `"`), "%q", name)
	for _, b := range []byte(parts[0].header) {
		if b < ' ' || b > '~' {
			assert.Failf(t, "not printable ASCII", "%q in the header of %q", b, name)
		}
	}
}

func TestC15HostileNamesDoNoHarm(t *testing.T) {
	for in, want := range map[string]string{
		"photo.jpg":                       "photo.jpg",
		"my photo (1).jpg":                "my photo (1).jpg",
		"照片.jpg":                          "__.jpg",
		"a\".jpg":                         "a_.jpg",
		"a\r\nX-Evil: 1\r\n\r\n.jpg":      "aX-Evil: 1.jpg",
		"../../etc/passwd":                "passwd",
		`C:\Users\a\photo.jpg`:            "photo.jpg",
		"a;filename=b.jpg":                "a_filename=b.jpg",
		"%22.jpg":                         "_22.jpg",
		"a\x00b.jpg":                      "ab.jpg",
		"\xff.jpg":                        "_.jpg",
		"":                                "file",
		".":                               "file",
		"..":                              "file",
		"/":                               "file",
		" ":                               "file",
		"\n":                              "file",
		"dir/":                            "dir",
		"a\x7f.jpg":                       "a.jpg",
		"~a.jpg":                          "~a.jpg",
		" a.jpg \n":                       "a.jpg",
		strings.Repeat("长", 300) + ".jpg": strings.Repeat("_", 300) + ".jpg",
	} {
		assert.Equal(t, want, SafeName(in), "%q", in)
		assertHarmlessName(t, in)
	}
	parts := partsOf(t, Form{Values: map[string][]string{"a\"\r\n\\b/c": {"1"}}})
	assert.Equal(t, `form-data; name="a__b/c"`, parts[0].header, "names of fields too")
}

func FuzzFileName(f *testing.F) {
	for _, seed := range []string{"a.jpg", "照片", "\"", "a\r\nb", "../x", `a\b`, "\x00", "\xff", "", ".", "a;b", "%"} {
		f.Add(seed)
	}
	f.Fuzz(assertHarmlessName)
}

func TestTypeOfAFileFollowsItsExtension(t *testing.T) {
	for name, want := range map[string]string{
		"a.JPG": "image/jpeg", "a.jpeg": "image/jpeg", "a.png": "image/png", "a.gif": "image/gif", "a.bmp": "image/bmp",
		"a.mp3": "audio/mpeg", "a.amr": "audio/amr", "a.wav": "audio/wav", "a.wma": "audio/x-ms-wma",
		"a.mp4": "video/mp4", "a.pdf": "application/pdf", "a": "application/octet-stream", "a.exe": "application/octet-stream",
	} {
		assert.Equal(t, want, TypeOf(name), name)
	}
}
