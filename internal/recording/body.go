package recording

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// MaxBody is the number of bytes up to which the content of a body is recorded.
const MaxBody = 1 << 20

// Capture keeps the beginning of a stream and counts its bytes. The zero value is ready to
// use.
type Capture struct {
	Data []byte
	Size int64
}

// Write implements [io.Writer]. It never fails.
func (c *Capture) Write(p []byte) (int, error) {
	c.Size += int64(len(p))
	c.Data = append(c.Data, p[:min(len(p), maxForm-len(c.Data))]...)
	return len(p), nil
}

// maxForm is the number of bytes of a form in which its parts are looked for. It is
// larger than the files that the platform accepts.
const maxForm = 16 << 20

// Body returns a body without secrets, or nil if it is empty.
func (r *Redactor) Body(contentType string, c *Capture) *Body {
	if c.Size == 0 {
		return nil
	}
	kind, params, _ := mime.ParseMediaType(contentType)
	out := &Body{Type: kind, Size: c.Size}
	complete := int64(len(c.Data)) == c.Size
	switch {
	case kind == "multipart/form-data" && complete:
		out.Parts = r.parts(c.Data, params["boundary"])
	case !complete || c.Size > MaxBody || !utf8.Valid(c.Data):
	case kind == "application/x-www-form-urlencoded" && !startsJSON(c.Data):
		if form, err := url.ParseQuery(string(c.Data)); err == nil {
			out.Text = r.Query(form).Encode()
		}
	default:
		if document, ok := decode(c.Data); ok {
			out.JSON, _ = encode(r.JSON("", document)) // it was decoded from JSON
		} else if isText(kind) {
			out.Text = r.Text(string(c.Data))
		}
	}
	return out
}

func startsJSON(data []byte) bool {
	data = bytes.TrimSpace(data)
	return len(data) > 0 && (data[0] == '{' || data[0] == '[')
}

func isText(kind string) bool {
	return kind == "" || strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "/xml") || strings.HasSuffix(kind, "/json")
}

// decode decodes a document, whatever its Content-Type: the platform calls JSON text/plain.
func decode(data []byte) (any, bool) {
	if !startsJSON(data) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var document any
	if err := d.Decode(&document); err != nil {
		return nil, false
	}
	_, err := d.Token()
	return document, errors.Is(err, io.EOF)
}

// parts returns the parts of a form, without the content of files.
func (r *Redactor) parts(data []byte, boundary string) []Part {
	var all []Part
	form := multipart.NewReader(bytes.NewReader(data), boundary)
	for {
		part, err := form.NextPart()
		if err != nil {
			return all
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return all
		}
		p := Part{Name: part.FormName()}
		if part.FileName() != "" {
			p.File, p.Ext, p.Size = true, strings.ToLower(filepath.Ext(part.FileName())), int64(len(content))
		} else if document, ok := decode(content); ok {
			text, _ := encode(r.JSON(p.Name, document)) // it was decoded from JSON
			p.Value = string(text)
		} else {
			p.Value = r.Field(p.Name, string(content))
		}
		all = append(all, p)
	}
}

// Request returns an exchange with a request and without a response.
func (r *Redactor) Request(method string, u *url.URL, contentType string, body *Capture) *Exchange {
	return &Exchange{Method: method, Path: r.Text(u.Path), Query: r.Query(u.Query()), Request: r.Body(contentType, body)}
}

// Redact returns the exchange as a line of a recording. If a secret were still in it, the
// bodies are left out.
func (r *Redactor) Redact(e *Exchange) *Exchange {
	line, err := encode(e)
	if err == nil && len(line) <= maxLine && !r.leaks(line) {
		return e
	}
	bare := *e
	bare.Query = nil
	for _, body := range []**Body{&bare.Request, &bare.Response} {
		if *body != nil {
			*body = &Body{Type: (*body).Type, Size: (*body).Size}
		}
	}
	return &bare
}

var (
	anyPlaceholder   = regexp.MustCompile(`redacted-[a-z]+-\d+`)
	tokenPlaceholder = regexp.MustCompile(`redacted-` + KindToken + `-\d+`)
)

// Key identifies the request of an exchange. With exact, placeholders are compared by
// their numbers, except those of tokens. Without, all placeholders are the same.
func (e *Exchange) Key(exact bool) string {
	body := ""
	if e.Request != nil {
		b := *e.Request
		if b.JSON != nil {
			b.Type = "" // says nothing about the document
		}
		if b.JSON != nil || b.Text != "" || b.Parts != nil {
			b.Size = 0 // depends on spaces, on the length of placeholders, or on the boundary
		}
		text, _ := encode(b) // of strings
		body = string(text)
	}
	key := e.Method + " " + e.Path + "?" + e.Query.Encode() + "\n" + body
	if exact {
		return tokenPlaceholder.ReplaceAllString(key, "redacted")
	}
	return anyPlaceholder.ReplaceAllString(key, "redacted")
}
