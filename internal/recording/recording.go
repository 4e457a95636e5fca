// Package recording is the file format of calls to the platform: requests and responses
// without secrets, and without the content of files.
//
// A recording is a file of JSON documents, one on each line: a header and the exchanges in
// the order in which they ended.
package recording

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
)

// ErrFormat reports a file that is not a recording.
var ErrFormat = errors.New("not a recording of this version")

const (
	format  = "wechattest recording"
	version = 1
	maxLine = 8 << 20 // bytes
)

type header struct {
	Format   string `json:"format"`
	Version  int    `json:"version"`
	Upstream string `json:"upstream"` // base URL of the platform
}

// Exchange is a call and its response.
type Exchange struct {
	Method   string     `json:"method"`
	Path     string     `json:"path"`
	Query    url.Values `json:"query,omitempty"`
	Request  *Body      `json:"request,omitempty"` // nil if empty
	Status   int        `json:"status"`
	Response *Body      `json:"response,omitempty"` // nil if empty
}

// Body is the content of a request or a response. At most one of JSON, Text and Parts is
// set; if none is, only the size of the content was recorded.
type Body struct {
	Type  string          `json:"type,omitempty"` // media type
	Size  int64           `json:"size"`           // bytes of the original
	JSON  json.RawMessage `json:"json,omitempty"` // compact, with sorted keys
	Text  string          `json:"text,omitempty"`
	Parts []Part          `json:"parts,omitempty"` // of a form
}

// Part is a part of a form. The content of a file is not recorded.
type Part struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
	File  bool   `json:"file,omitempty"`
	Ext   string `json:"ext,omitempty"`  // extension of the file name
	Size  int64  `json:"size,omitempty"` // bytes of the file
}

// check refuses a response that net/http cannot send.
func (e *Exchange) check() error {
	switch {
	case e.Status < 200 || e.Status > 999:
		return fmt.Errorf("%d is not the status of a response", e.Status)
	case e.Response != nil && e.Response.Size < 0:
		return errors.New("the size of the response is negative")
	}
	return nil
}

// Begin writes the header.
func Begin(w io.Writer, upstream string) error {
	return write(w, header{Format: format, Version: version, Upstream: upstream})
}

// Append writes an exchange.
func Append(w io.Writer, e *Exchange) error { return write(w, e) }

func write(w io.Writer, value any) error {
	line, err := encode(value)
	if err != nil {
		return err
	}
	if len(line) > maxLine {
		return fmt.Errorf("an exchange has more than %d bytes", maxLine)
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

func encode(value any) ([]byte, error) {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	err := enc.Encode(value)
	return bytes.TrimSuffix(line.Bytes(), []byte{'\n'}), err
}

// Read returns the exchanges of a recording. The error is [ErrFormat] or one of the
// reader.
func Read(r io.Reader) ([]*Exchange, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine+1)
	var head header
	var all []*Exchange
	for n := 0; lines.Scan(); n++ {
		var into any = &head
		if n > 0 {
			e := &Exchange{}
			into, all = e, append(all, e)
		}
		err := json.Unmarshal(lines.Bytes(), into)
		if err == nil && n > 0 {
			err = all[n-1].check()
		}
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrFormat, n+1, err)
		}
		if n == 0 && (head.Format != format || head.Version != version) {
			break
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, bufio.ErrTooLong) {
		return nil, err
	}
	if head.Format != format || head.Version != version || lines.Err() != nil {
		return nil, ErrFormat
	}
	return all, nil
}
