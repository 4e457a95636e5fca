package wechat

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/wechatoa/wechat/internal/payload"
	"github.com/wechatoa/wechat/internal/wirejson"
)

// File is content to upload. [OpenFile] returns one for a file on disk.
//
// The platform refuses requests of unknown length, so the size is determined before
// anything is sent: from Size, or by Seek. Any other reader is first read completely, up
// to 512 KiB into memory and more into a temporary file. A reader that has a Size and
// cannot Seek is sent while it is read; such an upload is not retried once reading has
// begun. To show progress, wrap the reader.
//
// Content is read on another goroutine during the call, and not after the call has
// returned. A reader that can Seek is then back at its previous position, so it can be
// used for another call. A Read that hangs is abandoned one second after ctx ends or 10
// seconds after the request ends. If a Read fails or panics, the call returns an
// [*ArgumentError].
type File struct {
	// Name must have an extension, from which the platform takes the type of the file.
	// Characters outside ASCII are sent as "_". The default is the name of an
	// [*os.File] or any other [fs.File].
	Name    string
	Content io.Reader
	Size    int64 // number of bytes in Content; 0 if unknown
}

// OpenFile returns the file with this name for an upload:
//
//	media, err := client.UploadMedia(ctx, wechat.MediaImage, wechat.OpenFile("cat.jpg"))
//
// Each call opens the file and closes it again, so the result can be used for any
// number of calls and need not be closed. If the file cannot be opened, the call
// returns an [*ArgumentError].
func OpenFile(name string) File {
	return File{Name: filepath.Base(name), Content: &diskFile{path: name}}
}

// diskFile is the content of [OpenFile]. A call opens it by its path; Read is for
// programs that wrap it.
type diskFile struct {
	path   string
	opened *os.File
	err    error // that ended the reading
}

func (d *diskFile) open() (io.ReadCloser, error) { return os.Open(d.path) }

// Name returns the name of a File without a Name.
func (d *diskFile) Name() string { return d.path }

// Read opens the file on the first call, and closes it at its end.
func (d *diskFile) Read(p []byte) (n int, err error) {
	if d.opened == nil && d.err == nil {
		d.opened, d.err = os.Open(d.path)
	}
	if d.err != nil {
		return 0, d.err
	}
	if n, err = d.opened.Read(p); err != nil {
		d.err = err
		_ = d.opened.Close()
	}
	return n, err
}

// name returns the name that is sent to the platform.
func (f File) name() string {
	if f.Name != "" || notNil("", f.Content) != nil {
		return f.Name
	}
	switch content := f.Content.(type) {
	case interface{ Name() string }:
		return content.Name()
	case fs.File:
		if info, err := content.Stat(); err == nil {
			return info.Name()
		}
	}
	return ""
}

// source describes the file to the payload. argument is its name in errors.
func (f File) source(argument string, limit int64) payload.Source {
	s := payload.Source{Name: argument, Content: f.Content, Size: f.Size, Limit: limit}
	if d, ok := f.Content.(*diskFile); ok {
		s.Open = d.open
	}
	return s
}

func (f File) check(argument string) error {
	if err := notNil(argument+".Content", f.Content); err != nil {
		return err
	}
	return notNegative(argument+".Size", f.Size)
}

// checkType refuses a name without an extension, and one with the extension of another
// type of file: the platform would refuse them (40005, 40113). Unknown extensions are
// left to the platform. family is the beginning of a media type, such as "image/".
func (f File) checkType(family string) error {
	name := payload.SafeName(f.name())
	switch t := payload.TypeOf(name); {
	case strings.Trim(path.Ext(name), "._ ") == "":
		return invalid("File.Name", "must have an extension, from which the platform takes the type, but is %q", f.name())
	case t != payload.UnknownType && !strings.HasPrefix(t, family):
		return invalid("File.Name", "must have the extension of a file of type %s, but is %q, which is %s", strings.TrimSuffix(family, "/"), f.name(), t)
	}
	return nil
}

// Form is a multipart/form-data body of one file and any number of text parts. If Field
// is "", it has only text parts.
type Form struct {
	Field  string // name of the part with the file, such as "media"
	File   File
	Values url.Values // the text parts

	limit  int64  // maximum size of File in bytes, 0 if there is none
	family string // beginning of the media type that File must have, "" if the platform accepts any extension
}

func (f *Form) check() error {
	if f == nil {
		return invalid("Body", "must not be nil")
	}
	if f.Field == "" {
		if f.File.Content != nil || len(f.Values) == 0 {
			return invalid("Form.Field", "must not be empty, unless there are only Values")
		}
		return nil
	}
	if err := f.File.check("File"); err != nil {
		return err
	}
	if f.family != "" {
		return f.File.checkType(f.family)
	}
	return nil
}

func (f *Form) payload(ctx context.Context) (*payload.Payload, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	p, err := payload.FromForm(ctx, payload.Form{
		Values: f.Values, Field: f.Field, FileName: f.File.name(), File: f.File.source("File", f.limit),
	})
	return p, contentError(err)
}

// RawBody is a body of [Client.Do] that is neither JSON nor a form, such as text or an
// image. Content and Size work like those of a [File].
type RawBody struct {
	ContentType string // default: application/octet-stream
	Content     io.Reader
	Size        int64 // number of bytes in Content; 0 if unknown
}

func (b RawBody) check() error {
	if b.ContentType != "" {
		if _, _, err := mime.ParseMediaType(b.ContentType); err != nil {
			return invalid("RawBody.ContentType", "must be a media type, but is %q: %w", b.ContentType, err)
		}
		if hasControl(b.ContentType) {
			return invalid("RawBody.ContentType", "must not contain a control character, but is %q", b.ContentType)
		}
	}
	return b.file().check("RawBody")
}

func (b RawBody) file() File { return File{Content: b.Content, Size: b.Size} }

func (b RawBody) payload(ctx context.Context) (*payload.Payload, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	contentType := cmp.Or(b.ContentType, payload.UnknownType)
	p, err := payload.FromSource(ctx, contentType, b.file().source("RawBody", 0))
	return p, contentError(err)
}

// contentError turns an error of a payload into an [*ArgumentError].
func contentError(err error) error {
	var e *payload.Error
	if errors.As(err, &e) {
		return &ArgumentError{Argument: e.Argument, Reason: e.Reason, cause: e.Err}
	}
	return err
}

// checkBody checks a body of a type that has limits.
func checkBody(body any) error {
	if body == nil {
		return nil
	}
	if err := notNil("Body", body); err != nil {
		return err
	}
	if b, ok := body.(checker); ok {
		return b.check()
	}
	return nil
}

// isJSONBody reports whether a body is sent as a JSON document.
func isJSONBody(body any) bool {
	switch body.(type) {
	case *Form, Form, *RawBody, RawBody:
		return false
	}
	return true
}

// isUpload reports whether a body is given the time of an upload.
func isUpload(body any, p *payload.Payload) bool {
	const small = 64 << 10 // of a RawBody, which may be a line of text
	switch body.(type) {
	case *Form, Form:
		return true
	case *RawBody, RawBody:
		return p.Size() > small
	}
	return false
}

// newPayload encodes the body of a call. It returns an [*ArgumentError] or the error of
// ctx.
func newPayload(ctx context.Context, body any) (*payload.Payload, error) {
	const jsonType = "application/json; charset=utf-8"
	switch b := body.(type) {
	case nil:
		return nil, nil //nolint:nilnil // no body, no error
	case *Form:
		return b.payload(ctx)
	case Form:
		return b.payload(ctx)
	case *RawBody:
		return b.payload(ctx)
	case RawBody:
		return b.payload(ctx)
	case []byte:
		if !json.Valid(b) {
			return nil, invalid("Body", "must be valid JSON; other bytes are sent as a RawBody")
		}
		return payload.FromBytes(jsonType, wirejson.Unescape(bytes.Clone(b))), nil // net/http may read it after the call
	}
	if err := checkDocument(body); err != nil {
		return nil, err
	}
	data, err := wirejson.Encode(body)
	if err != nil {
		var argument *ArgumentError
		if errors.As(err, &argument) {
			return nil, argument
		}
		return nil, invalid("Body", "must be a value that JSON can encode: %w", err)
	}
	if string(data) == "null" {
		return nil, invalid("Body", "must not be nil, but is a nil %T", body)
	}
	if lost, ok := findLost(body, data); ok {
		return nil, invalid(lost.at, "%s", lost.reason)
	}
	return payload.FromBytes(jsonType, data), nil
}

var (
	readerType  = reflect.TypeFor[io.Reader]()
	marshalType = reflect.TypeFor[json.Marshaler]()
)

// checkDocument refuses values that encoding/json would silently turn into something else.
func checkDocument(body any) error {
	t := reflect.TypeOf(body)
	if t.Kind() != reflect.Pointer {
		t = reflect.PointerTo(t) // bytes.Buffer reads by its pointer
	}
	switch {
	case t.Implements(marshalType):
		return nil
	case t.Implements(readerType):
		return invalid("Body", "must not be a %T; a reader is sent as the Content of a RawBody or, in a Form, of a File", body)
	case t == reflect.TypeFor[*File]():
		return invalid("Body", "must not be a %T; a file is sent in a Form", body)
	case t.Elem().Kind() == reflect.String && !t.Implements(textType):
		return invalid("Body", "must not be a string; JSON is sent as json.RawMessage, and text as a RawBody")
	case t.Elem().Kind() == reflect.Slice && t.Elem().Elem().Kind() == reflect.Uint8 && !t.Implements(textType):
		return invalid("Body", "must not be a %T, which JSON writes as Base64; JSON is sent as []byte or json.RawMessage", body)
	}
	return nil
}

// upload calls an endpoint that accepts a file.
func upload[T any](ctx context.Context, c *Client, path string, query url.Values, form *Form, traits ...trait) (*T, error) {
	return do[T](ctx, c, with(Request{Method: http.MethodPost, Path: path, Query: query, Body: form}, traits))
}
