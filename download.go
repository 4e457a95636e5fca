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
func SaveFile(name string, fill func(w io.Writer) error) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".wechat-download-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = tmp.Close()
			_ = os.Remove(tmp.Name())
		}
	}()
	if err = fill(tmp); err != nil {
		return err
	}
	if err = tmp.Chmod(0o644); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
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
		return []byte{}, false, nil //nolint:nilerr // io.EOF; read as JSON the empty answer is the error that it is
	}
	var r io.Reader = body
	if head[0] == '{' {
		switch {
		case len(head) <= maxErrorJSON:
			if json.Valid(sanitise(head)) {
				d.isJSON = d.alternative != nil
				if refusal, _ := findRefusal(head); refusal != nil || d.isJSON {
					return bytes.Clone(head), false, nil
				}
			}
		case d.alternative != nil:
			all, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
			if err != nil {
				return nil, false, err
			}
			if json.Valid(sanitise(all)) {
				d.isJSON = true
				return all, false, nil
			}
			r = io.MultiReader(bytes.NewReader(all), body)
		}
	}
	d.info = Download{ContentType: raw.Header.Get("Content-Type"), FileName: fileName(raw.Header.Get("Content-Disposition"))}
	limit := d.limit
	if limit <= 0 {
		limit = 1 << 62
	}
	d.info.Size, err = io.Copy(d.w, io.LimitReader(r, limit))
	if err == nil && d.info.Size == limit {
		if n, _ := r.Read(make([]byte, 1)); n > 0 {
			err = errDownloadTooLarge
		}
	}
	return nil, true, err
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
