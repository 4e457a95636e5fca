package payload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
)

// Source is content of the caller.
//
// Its size is determined before anything is sent: from Size, by Seek, or, for any other
// reader, by reading it completely, up to 512 KiB into memory and more into a temporary
// file. A reader that cannot Seek and has a Size is sent while it is read, and is not
// replayable.
type Source struct {
	Name    string // its name in errors, such as "File"
	Content io.Reader
	Open    func() (io.ReadCloser, error) // instead of Content: opens it for this payload
	Size    int64                         // bytes in Content, 0 if unknown
	Limit   int64                         // maximum size in bytes, 0 if there is none
}

// content is a Source whose size is known.
type content struct {
	name string
	size int64

	data   []byte   // a copy in memory,
	file   *os.File // or a file, see section,
	copied bool     // which is a temporary copy

	reader io.Reader   // or another reader of the caller
	seeker io.Seeker   // the same, if it can be read again from start
	start  int64       // where the content begins in file or seeker
	begun  atomic.Bool // reading of reader has begun

	opened io.Closer // what Source.Open returned
	closed atomic.Bool
}

// measure determines the size of a source, on its own goroutine because it calls code
// of the caller.
func (s Source) measure(ctx context.Context) (*content, error) {
	c := &content{name: s.Name + ".Content"}
	t := start(func() error { return c.fill(ctx, s) })
	if err := t.wait(ctx); err != nil {
		go func() {
			<-t.done
			c.close()
		}()
		return nil, err
	}
	if t.err == nil {
		return c, nil
	}
	c.close()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nil, problem(c.name, t.err)
}

func (c *content) fill(ctx context.Context, s Source) error {
	if s.Open != nil {
		opened, err := s.Open()
		if err != nil {
			return fmt.Errorf("must be readable: %w", err)
		}
		c.opened, s.Content = opened, opened
	}
	if f, ok := s.Content.(fs.File); ok {
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return errors.New("must not be a directory")
		}
	}
	if seeker, ok := s.Content.(io.Seeker); ok {
		if size, start, ok := span(seeker); ok {
			c.start, c.size = start, size
			if c.file, ok = s.Content.(*os.File); !ok {
				c.reader, c.seeker = s.Content, seeker
			}
		}
	}
	switch {
	case c.size > 0:
	case s.Size > 0:
		c.reader, c.size = s.Content, s.Size
	default:
		if err := c.spool(ctx, s.Content, s.Limit); err != nil {
			return err
		}
	}
	switch {
	case c.size == 0:
		return errors.New("must not be empty")
	case s.Limit > 0 && c.size > s.Limit:
		return fmt.Errorf("must have at most %d bytes, but has %d", s.Limit, c.size)
	case s.Size > 0 && c.size != s.Size:
		return &Error{Argument: s.Name + ".Size", Reason: fmt.Sprintf("must be the size of the content, %d, but is %d", c.size, s.Size)}
	}
	return nil
}

// span returns the size of the rest of a seeker and its position, which stays the same.
// ok is false if the size is 0, because devices and some kernel files report that.
func span(s io.Seeker) (size, start int64, ok bool) {
	start, err := s.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, 0, false
	}
	end, err := s.Seek(0, io.SeekEnd)
	if err != nil || end <= start || start < 0 {
		_, _ = s.Seek(start, io.SeekStart)
		return 0, 0, false
	}
	if _, err = s.Seek(start, io.SeekStart); err != nil {
		return 0, 0, false
	}
	return end - start, start, true
}

const (
	spoolStart  = 32 << 10
	spoolMemory = 512 << 10
)

// spool copies content to determine its size: into memory, and from 512 KiB on into a
// file.
func (c *content) spool(ctx context.Context, r io.Reader, limit int64) error {
	buf, ended, err := fillUp(ctx, r, make([]byte, 0, spoolStart))
	if err == nil && !ended {
		// One buffer of the full size: growing it by doubling would need twice as much.
		buf, ended, err = fillUp(ctx, r, append(make([]byte, 0, spoolMemory+1), buf...))
	}
	if err != nil {
		return fmt.Errorf("must be readable: %w", err)
	}
	if ended && len(buf) <= spoolMemory {
		c.data, c.size = buf, int64(len(buf))
		return nil
	}
	if c.file, err = os.CreateTemp("", "wechat-upload-*"); err != nil {
		return fmt.Errorf("must have a known size or fit into a temporary file: %w", err)
	}
	c.copied = true
	for {
		n, err := c.file.Write(buf)
		c.size += int64(n)
		if err != nil {
			return fmt.Errorf("must fit into a temporary file: %w", err)
		}
		if limit > 0 && c.size > limit {
			return fmt.Errorf("must have at most %d bytes, but has more", limit)
		}
		if ended {
			return nil
		}
		if buf, ended, err = fillUp(ctx, r, buf[:0]); err != nil {
			return fmt.Errorf("must be readable: %w", err)
		}
	}
}

// fillUp reads into the free part of buf and reports whether r ended.
func fillUp(ctx context.Context, r io.Reader, buf []byte) (_ []byte, ended bool, err error) {
	for len(buf) < cap(buf) {
		if err := ctx.Err(); err != nil {
			return buf, false, err
		}
		n, err := readSome(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if errors.Is(err, io.EOF) {
			return buf, true, nil
		}
		if err != nil {
			return buf, false, err
		}
	}
	return buf, false, nil
}

// readOnce reports whether the content is not replayable.
func (c *content) readOnce() bool { return c.reader != nil && c.seeker == nil }

// rewind seeks the reader of the caller to its start, if it can Seek.
func (c *content) rewind() error {
	if c.seeker == nil {
		return nil
	}
	_, err := c.seeker.Seek(c.start, io.SeekStart)
	return err
}

// close closes and removes what this package opened and created.
func (c *content) close() {
	c.closed.Store(true)
	if c.copied {
		_ = c.file.Close()
		_ = os.Remove(c.file.Name())
	}
	if c.opened != nil {
		_ = c.opened.Close()
	}
}
