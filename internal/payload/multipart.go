package payload

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"maps"
	"path"
	"slices"
	"strings"
)

// Form is a multipart/form-data body: text parts, and a file if Field is not "".
type Form struct {
	Values   map[string][]string
	Field    string // name of the file's part
	FileName string
	File     Source
}

// FromForm lays a form out: everything before the file, the file, the end. Its
// errors are those of [FromSource].
func FromForm(ctx context.Context, f Form) (*Payload, error) {
	boundary := newBoundary()
	p := &Payload{contentType: "multipart/form-data; boundary=" + boundary}
	if f.Field != "" {
		var err error
		if p.content, err = f.File.measure(ctx); err != nil {
			return nil, err
		}
	}
	var head bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(f.Values)) {
		for _, value := range f.Values[name] {
			head.WriteString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + headerSafe(name) + "\"\r\n\r\n" + value + "\r\n")
		}
	}
	tail := "--" + boundary + "--\r\n"
	if f.Field != "" {
		name := SafeName(f.FileName)
		head.WriteString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + headerSafe(f.Field) + "\"; filename=\"" + name + "\"\r\n" +
			"Content-Type: " + TypeOf(name) + "\r\n\r\n")
		tail = "\r\n" + tail
	}
	if p.content == nil {
		head.WriteString(tail)
		p.head = head.Bytes()
		return p, nil
	}
	p.head, p.tail = head.Bytes(), []byte(tail)
	return p, nil
}

func newBoundary() string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails, see crypto/rand
	return "wechat" + hex.EncodeToString(random[:])
}

// SafeName makes a file name safe inside a header: the last element of a path, in
// ASCII, "file" if nothing is left.
func SafeName(name string) string {
	name = strings.TrimSpace(headerSafe(path.Base(strings.ReplaceAll(name, `\`, "/"))))
	if strings.Trim(name, "./ ") == "" {
		return "file"
	}
	return name
}

// headerSafe writes what does not belong into a quoted part of a header as "_", and
// leaves control bytes out.
func headerSafe(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f:
			return -1
		case r > 0x7f || r == '"' || r == ';' || r == '%' || r == '\\':
			return '_'
		}
		return r
	}, s)
}

var types = map[string]string{
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".gif": "image/gif", ".bmp": "image/bmp",
	".mp3": "audio/mpeg", ".amr": "audio/amr", ".wav": "audio/wav", ".wma": "audio/x-ms-wma",
	".mp4": "video/mp4",
	".pdf": "application/pdf",
}

// UnknownType is the media type of a file whose extension says nothing.
const UnknownType = "application/octet-stream"

// TypeOf returns the media type that the extension of a file's name stands for.
func TypeOf(name string) string {
	if t, ok := types[strings.ToLower(path.Ext(name))]; ok {
		return t
	}
	return UnknownType
}
