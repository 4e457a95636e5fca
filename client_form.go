package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/go-resty/resty/v2"
)

// File is content to upload.
//
// The platform refuses a request of unknown length, so the size is found before
// the first byte goes out: from Size, by Seek, or, for any other reader, by reading
// it whole, 512 KiB into memory and more into a temporary file. A reader that can
// not Seek and comes with a Size is sent as it is read; such an upload is never
// repeated. A program that shows progress wraps its reader.
type File struct {
	Name    string // the extension tells the platform the type; ASCII goes out as it is, other letters as "_"
	Content io.Reader
	Size    int64 // bytes in Content; 0 where it is not known
}

// Form is a multipart/form-data body: one file and some text parts, or only text
// parts where Field is "".
type Form struct {
	Field  string // name of the file's part, such as "media"
	File   File
	Values url.Values // the text parts

	limit int64 // bytes that the platform takes in File, 0 where it names no limit
}

func (f *Form) check() error {
	if f.Field == "" {
		if f.File.Content != nil || len(f.Values) == 0 {
			return invalid("Form.Field", "is empty")
		}
		return nil
	}
	if f.File.Content == nil {
		return invalid("File.Content", "is nil")
	}
	if f.File.Size < 0 {
		return invalid("File.Size", "is %d", f.File.Size)
	}
	return nil
}

// payload is the body of a call, which each attempt opens again.
type payload struct {
	contentType string
	header      map[string]string // beside the Content-Type
	size        int64
	open        func() io.Reader
	oneShot     bool // open works once
	cleanup     func()
}

type payloadKey struct{}

// spent reports whether the body went out and can not be sent again.
func (p *payload) spent() bool { return p != nil && p.oneShot }

func (p *payload) close() {
	if p != nil && p.cleanup != nil {
		p.cleanup()
	}
}

// attachPayload puts the body on the wire with its length: resty would read a
// stream into memory to have a copy of it, and the platform answers a body of
// unknown length with 412.
func attachPayload(_ *resty.Client, raw *http.Request) error {
	p, _ := raw.Context().Value(payloadKey{}).(*payload)
	if p == nil { // resty leaves an empty body of unknown length
		raw.Body, raw.ContentLength, raw.GetBody = http.NoBody, 0, nil
		return nil
	}
	raw.Body, raw.ContentLength = io.NopCloser(p.open()), p.size
	raw.GetBody = nil
	if !p.oneShot {
		raw.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(p.open()), nil }
	}
	raw.Header.Set("Content-Type", p.contentType)
	for name, value := range p.header {
		raw.Header.Set(name, value)
	}
	return nil
}

// textBody is a request body that is neither JSON nor a form.
type textBody string

func newPayload(body any) (*payload, error) {
	const jsonType = "application/json; charset=utf-8"
	switch b := body.(type) {
	case nil:
		return nil, nil //nolint:nilnil // no body, no error
	case *Form:
		return b.payload()
	case textBody:
		return bytesPayload([]byte(b), "text/plain; charset=utf-8"), nil
	case []byte:
		if !json.Valid(b) {
			return nil, invalid("Body", "is no valid JSON")
		}
		return bytesPayload(unescape(b), jsonType), nil
	default:
		data, err := encodeJSON(b)
		if err != nil {
			var argument *ArgumentError
			if errors.As(err, &argument) {
				return nil, argument
			}
			return nil, invalid("Body", "can not be encoded: %w", err)
		}
		return bytesPayload(data, jsonType), nil
	}
}

func bytesPayload(data []byte, contentType string) *payload {
	return &payload{contentType: contentType, size: int64(len(data)), open: func() io.Reader { return bytes.NewReader(data) }}
}

// payload lays out the form: everything before the file, the file, the end.
func (f *Form) payload() (*payload, error) {
	content, err := f.content()
	if err != nil {
		return nil, err
	}
	boundary := newBoundary()
	var head bytes.Buffer
	names := make([]string, 0, len(f.Values))
	for name := range f.Values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range f.Values[name] {
			head.WriteString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + wireName(name) + "\"\r\n\r\n" + value + "\r\n")
		}
	}
	tail := "--" + boundary + "--\r\n"
	if f.Field != "" {
		name := wireName(f.File.Name)
		head.WriteString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + wireName(f.Field) + "\"; filename=\"" + name + "\"\r\n" +
			"Content-Type: " + typeOf(name) + "\r\n\r\n")
		tail = "\r\n" + tail
	}
	return &payload{
		contentType: "multipart/form-data; boundary=" + boundary,
		size:        int64(head.Len()) + content.size + int64(len(tail)),
		open: func() io.Reader {
			return io.MultiReader(bytes.NewReader(head.Bytes()), content.open(), strings.NewReader(tail))
		},
		oneShot: content.oneShot,
		cleanup: content.cleanup,
	}, nil
}

// content is the file as a payload of its own, empty where the form has none.
func (f *Form) content() (*payload, error) {
	if f.Field == "" {
		return bytesPayload(nil, ""), nil
	}
	content, err := f.File.measure()
	if err != nil {
		return nil, err
	}
	if f.limit > 0 && content.size > f.limit {
		content.close()
		return nil, invalid("File.Content", "has %d bytes, at most %d are allowed", content.size, f.limit)
	}
	return content, nil
}

func newBoundary() string {
	return "wechat" + randomHex(16)
}

// measure finds the size of the file and how to read it again.
func (f File) measure() (*payload, error) {
	if s, ok := f.Content.(io.Seeker); ok {
		if start, err := s.Seek(0, io.SeekCurrent); err == nil {
			return f.measureSeeker(s, start)
		}
	}
	if f.Size > 0 {
		return &payload{size: f.Size, oneShot: true, open: func() io.Reader { return exactly(f.Content, f.Size) }}, nil
	}
	return f.spool()
}

func (f File) measureSeeker(s io.Seeker, start int64) (*payload, error) {
	end, err := s.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, invalid("File.Content", "can not be measured: %w", err)
	}
	size := end - start
	if f.Size > 0 && f.Size != size {
		return nil, invalid("File.Size", "is %d, the content has %d bytes", f.Size, size)
	}
	if size == 0 {
		return nil, invalid("File.Content", "is empty")
	}
	return &payload{size: size, open: func() io.Reader {
		if _, err := s.Seek(start, io.SeekStart); err != nil {
			return brokenReader{invalid("File.Content", "can not be read again: %w", err)}
		}
		return exactly(f.Content, size)
	}}, nil
}

const spoolMemory = 512 << 10

// spool reads the content to know its size: into memory, past 512 KiB into a file.
func (f File) spool() (*payload, error) {
	const small = spoolMemory / 16
	start := new(bytes.Buffer)
	n, err := io.Copy(start, io.LimitReader(f.Content, small))
	if err == nil && n == small {
		// One buffer for all: one that grows by doubling would take four times as much.
		start = bytes.NewBuffer(append(make([]byte, 0, spoolMemory+1+bytes.MinRead), start.Bytes()...))
		n, err = io.Copy(start, io.LimitReader(f.Content, spoolMemory-small+1))
		n += small
	}
	if err != nil {
		return nil, invalid("File.Content", "can not be read: %w", err)
	}
	if n == 0 {
		return nil, invalid("File.Content", "is empty")
	}
	if n <= spoolMemory {
		return bytesPayload(start.Bytes(), ""), nil
	}
	tmp, err := os.CreateTemp("", "wechat-upload-*")
	if err != nil {
		return nil, invalid("File.Content", "has no known size and can not be put into a temporary file: %w", err)
	}
	cleanup := func() {
		_ = tmp.Close()
		_ = os.Remove(tmp.Name())
	}
	size, err := io.Copy(tmp, io.MultiReader(start, f.Content))
	if err != nil {
		cleanup()
		return nil, invalid("File.Content", "can not be read: %w", err)
	}
	return &payload{size: size, cleanup: cleanup, open: func() io.Reader { return io.NewSectionReader(tmp, 0, size) }}, nil
}

// exactly reads size bytes of r and fails where it holds fewer.
func exactly(r io.Reader, size int64) io.Reader { return &exactReader{r: r, left: size, size: size} }

type exactReader struct {
	r          io.Reader
	left, size int64
}

func (e *exactReader) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	switch {
	case e.left == 0:
		return n, io.EOF
	case errors.Is(err, io.EOF):
		return n, invalid("File.Content", "ended after %d of %d bytes", e.size-e.left, e.size)
	case err != nil:
		return n, invalid("File.Content", "can not be read: %w", err)
	}
	return n, nil
}

type brokenReader struct{ err error }

func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }

// wireName makes a name safe inside a header: the last element of a path, in
// ASCII. The platform loses a file whose name has other letters (41005).
func wireName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	safe := strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f:
			return -1
		case r > 0x7f || r == '"' || r == ';' || r == '%':
			return '_'
		}
		return r
	}, name)
	if strings.Trim(safe, "./ ") == "" {
		return "file"
	}
	return safe
}

func typeOf(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	case ".gif":
		return "image/gif"
	case ".bmp":
		return "image/bmp"
	case ".mp3":
		return "audio/mpeg"
	case ".amr":
		return "audio/amr"
	case ".wav":
		return "audio/wav"
	case ".mp4":
		return "video/mp4"
	case ".pdf":
		return "application/pdf"
	}
	return "application/octet-stream"
}

// upload calls an endpoint that takes a file.
func upload[T any](ctx context.Context, c *Client, path string, query url.Values, form *Form, traits ...trait) (*T, error) {
	return do[T](ctx, c, with(Request{Method: http.MethodPost, Path: path, Query: query, Body: form}, traits))
}
