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

// FromForm returns a payload of a form: the text parts, the file and the end. Its errors
// are those of [FromSource].
func FromForm(ctx context.Context, f Form) (*Payload, error) {
	boundary := newBoundary()
	p := &Payload{contentType: []string{"multipart/form-data; boundary=" + boundary}}
	if f.Field != "" {
		var err error
		if p.content, err = f.File.measure(ctx); err != nil {
			return nil, err
		}
	}
	var head bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(f.Values)) {
		for _, value := range f.Values[name] {
			head.WriteString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + headerSafeName(name) + "\"\r\n\r\n" + value + "\r\n")
		}
	}
	tail := "--" + boundary + "--\r\n"
	if f.Field != "" {
		name := SafeName(f.FileName)
		head.WriteString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + headerSafeName(f.Field) + "\"; filename=\"" + name + "\"\r\n" +
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

// SafeName returns a file name that is safe in a header: the last element of a path in
// ASCII, or "file" if nothing is left.
func SafeName(name string) string {
	name = strings.TrimSpace(headerSafeName(path.Base(strings.ReplaceAll(name, `\`, "/"))))
	if strings.Trim(name, "./ ") == "" {
		return "file"
	}
	return name
}

// headerSafeName replaces characters that are not safe in a quoted part of a header by
// "_", and removes control bytes.
func headerSafeName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f:
			return -1
		case r > '~' || r == '"' || r == ';' || r == '%' || r == '\\':
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

// UnknownType is the media type of a file with an unknown extension.
const UnknownType = "application/octet-stream"

// TypeOf returns the media type for the extension of a file name.
func TypeOf(name string) string {
	if t, ok := types[strings.ToLower(path.Ext(name))]; ok {
		return t
	}
	return UnknownType
}
