package wechat

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// maxAnswer is the maximum size of a JSON response, after decompression.
const maxAnswer = 16 << 20

var errTooLarge = errors.New("larger than 16 MiB")

const (
	pooledSize = 64 << 10 // maximum size of a response in a pooled buffer
	chunkSize  = 1 << 20
)

// responseData is a response that was read completely. A small one is in a pooled buffer
// that release returns; bytes must not be used afterwards.
type responseData struct {
	bytes  []byte
	buffer []byte
}

var responses = sync.Pool{New: func() any { return &responseData{buffer: make([]byte, 0, 4<<10)} }}

func (d *responseData) release() {
	d.bytes, d.buffer = nil, d.buffer[:0]
	responses.Put(d)
}

// readAnswer reads all of r; declared is its length, or -1. While reading it uses at
// most limit plus chunkSize bytes of memory, and twice as much to join the pieces. If r
// is longer than limit, it returns the beginning and errTooLarge; with any other error
// it returns nil.
func readAnswer(r io.Reader, declared, limit int64) (*responseData, error) {
	d, _ := responses.Get().(*responseData)
	err := d.read(r, declared, limit)
	if err != nil && !errors.Is(err, errTooLarge) {
		d.release()
		return nil, err
	}
	return d, err
}

func (d *responseData) read(r io.Reader, declared, limit int64) (err error) {
	small := min(pooledSize, limit+1)
	for ended := false; !ended; {
		if d.buffer, ended, err = fill(r, d.buffer, min(int64(cap(d.buffer)), small)); err != nil {
			return err
		}
		if !ended && int64(len(d.buffer)) == small {
			d.bytes = d.buffer
			return d.readRest(r, declared, limit)
		}
		if !ended {
			d.buffer = append(make([]byte, 0, min(2*cap(d.buffer), pooledSize)), d.buffer...)
		}
	}
	d.bytes = d.buffer
	return nil
}

// readRest reads a response that does not fit into the buffer: into one piece if the
// declared length is right, otherwise into pieces that are joined at the end.
func (d *responseData) readRest(r io.Reader, declared, limit int64) (err error) {
	piece, total, ended := d.buffer, int64(len(d.buffer)), false
	if total < declared && declared <= limit {
		piece = append(make([]byte, 0, declared+1), d.buffer...)
		if piece, ended, err = fill(r, piece, declared+1); err != nil {
			return err
		}
		total = int64(len(piece))
	}
	pieces := [][]byte{piece}
	for !ended && total <= limit {
		size := min(total, chunkSize, limit+1-total)
		if piece, ended, err = fill(r, make([]byte, 0, size), size); err != nil {
			return err
		}
		pieces, total = append(pieces, piece), total+int64(len(piece))
	}
	if total > limit {
		return errTooLarge
	}
	if len(pieces) == 1 {
		d.bytes = pieces[0]
		return nil
	}
	d.bytes = make([]byte, 0, total)
	for i, piece := range pieces {
		d.bytes = append(d.bytes, piece...)
		pieces[i] = nil // the garbage collector may free it
	}
	return nil
}

// fill reads until buf has want bytes, and reports whether r ended.
func fill(r io.Reader, buf []byte, want int64) (_ []byte, ended bool, err error) {
	for empty := 0; int64(len(buf)) < want; {
		n, err := r.Read(buf[len(buf):want])
		if n < 0 || int64(n) > want-int64(len(buf)) {
			return buf, false, fmt.Errorf("read returned %d bytes", n)
		}
		buf = buf[:len(buf)+n]
		switch {
		case errors.Is(err, io.EOF):
			return buf, true, nil
		case err != nil:
			return buf, false, err
		case n > 0:
			empty = 0
		default:
			if empty++; empty == 100 {
				return buf, false, io.ErrNoProgress
			}
		}
	}
	return buf, false, nil
}
