package wechat

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
)

// Download describes what was written by a download.
type Download struct {
	ContentType string // as the platform declares it
	FileName    string // as the platform names it, without directories; "" where it names none
	Size        int64  // bytes written
}

// SaveFile writes a file through fill, which gets the writer that a download
// needs. The file appears under its name when fill has succeeded, not before: what
// stood there stays where fill fails, and no half file is left.
//
//	err := wechat.SaveFile("voice.amr", func(w io.Writer) error {
//		_, err := client.DownloadMedia(ctx, mediaID, w)
//		return err
//	})
func SaveFile(name string, fill func(w io.Writer) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".wechat-download-*")
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done { // by an error or a panic of fill
			_ = tmp.Close()
			_ = os.Remove(tmp.Name())
		}
	}()
	if err := fill(tmp); err != nil {
		return err
	}
	if err := tmp.Chmod(0o644); err != nil {
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), name); err != nil {
		return err
	}
	done = true
	return nil
}

// download takes the bytes of an answer, or a JSON document where the endpoint
// answers one instead.
type download struct {
	w           io.Writer
	alternative any // what a JSON answer is decoded into; nil where only an error is JSON
	limit       int64
	info        Download
	isJSON      bool // alternative was filled
}

// sink returns where the bytes of the answer go.
func (cl *call) sink() (*download, bool) {
	switch out := cl.out.(type) {
	case *download:
		return out, true
	case io.Writer:
		return &download{w: out}, true
	}
	return nil, false
}

const maxErrorJSON = 4 << 10

var errDownloadTooLarge = errors.New("answer is larger than the limit of downloads")

// receive copies the answer to the writer, or returns it where it is JSON. The
// Content-Type decides nothing: the platform labels errors as images.
func (d *download) receive(raw *http.Response) (document []byte, written bool, err error) {
	body := bufio.NewReaderSize(raw.Body, maxErrorJSON+1)
	head, err := body.Peek(maxErrorJSON + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	if len(head) == 0 {
		return []byte{}, false, nil // read as JSON the empty answer is the error that it is
	}
	document, content, err := d.split(head, body)
	if err != nil || document != nil {
		return document, false, err
	}
	d.info = Download{ContentType: raw.Header.Get("Content-Type"), FileName: fileName(raw.Header.Get("Content-Disposition"))}
	d.info.Size, err = d.copy(content)
	return nil, true, err
}

// split tells by the beginning of an answer whether it is a document for the
// client or content for the writer.
func (d *download) split(head []byte, body io.Reader) (document []byte, content io.Reader, err error) {
	if start := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n"); len(start) == 0 || start[0] != '{' {
		return nil, body, nil
	}
	if len(head) > maxErrorJSON && d.alternative == nil {
		return nil, body, nil
	}
	all, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
	if err != nil {
		return nil, nil, err
	}
	if refusal, err := findRefusal(all); err == nil && (refusal != nil || d.alternative != nil) && isJSON(all) {
		d.isJSON = d.alternative != nil
		return all, nil, nil
	}
	return nil, io.MultiReader(bytes.NewReader(all), body), nil
}

func isJSON(data []byte) bool {
	var document json.RawMessage
	return decodeJSON(data, &document) == nil
}

// copy writes the content, up to the limit.
func (d *download) copy(content io.Reader) (int64, error) {
	if d.limit <= 0 {
		return io.Copy(d.w, content)
	}
	n, err := io.Copy(d.w, io.LimitReader(content, d.limit))
	if err != nil || n < d.limit {
		return n, err
	}
	switch _, err := io.ReadFull(content, make([]byte, 1)); {
	case err == nil:
		return n, errDownloadTooLarge
	case errors.Is(err, io.EOF):
		return n, nil
	default:
		return n, err
	}
}

// fileName takes the name out of a Content-Disposition header; never a path.
func fileName(disposition string) string {
	_, attributes, err := mime.ParseMediaType(disposition)
	if err != nil || attributes["filename"] == "" {
		return ""
	}
	return wireName(attributes["filename"])
}

// download calls an endpoint that answers bytes. It reports whether the answer was
// JSON and went into alternative.
func (c *Client) download(ctx context.Context, req Request, w io.Writer, alternative any) (*Download, bool, error) {
	if w == nil {
		return nil, false, invalid("w", "is nil")
	}
	d := &download{w: w, alternative: alternative, limit: c.cfg.maxDownload}
	if err := c.Do(ctx, req, d); err != nil {
		return nil, false, err
	}
	return &d.info, d.isJSON, nil
}
