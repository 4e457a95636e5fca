package callback

import (
	"errors"
	"io"
	"net/http"
	"slices"
)

// ErrTooLarge is returned by [Handler.Parse] if the request body is larger than 256 KiB.
var ErrTooLarge = errors.New("callback: request body is larger than 256 KiB")

const (
	maxBody   = 256 << 10
	firstRead = 2 << 10 // most pushes are smaller
)

// readBody reads a request body up to the limit, into buffer if it has room. It allocates
// memory as data arrives, not as the request announces.
func readBody(r *http.Request, buffer []byte) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body := slices.Grow(buffer[:0], firstRead)
	for {
		n, err := r.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case len(body) > maxBody:
			return nil, ErrTooLarge
		case errors.Is(err, io.EOF):
			if int64(len(body)) < r.ContentLength {
				return nil, io.ErrUnexpectedEOF
			}
			return body, nil
		case err != nil:
			return nil, err
		case len(body) == cap(body):
			body = append(make([]byte, 0, min(2*cap(body), maxBody+1)), body...)
		}
	}
}
