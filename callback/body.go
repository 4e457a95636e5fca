package callback

import (
	"errors"
	"io"
	"net/http"
)

// ErrTooLarge is returned by [Handler.Parse] if the request body is larger than 256 KiB.
var ErrTooLarge = errors.New("callback: request body is larger than 256 KiB")

const (
	maxBody   = 256 << 10
	firstRead = 2 << 10 // most pushes are smaller
)

// readBody reads a request body up to the limit. It allocates memory as data arrives, not
// as the request announces.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	size := firstRead
	if r.ContentLength >= 0 {
		size = min(size, int(r.ContentLength)+1) // one more byte, to read the end
	}
	body := make([]byte, 0, size)
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
