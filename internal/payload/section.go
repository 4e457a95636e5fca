package payload

import (
	"errors"
	"fmt"
	"io"
)

// section passes a file to net/http, for one attempt. Unlike other content of the caller
// it needs no goroutine and no buffer: an [*os.File] does not panic and can be closed
// while it is read, and reading at an offset does not move its position.
type section struct {
	*content
	read int64
	fail func(*Error) error
}

// Read is called by net/http.
func (s *section) Read(p []byte) (int, error) {
	left := s.size - s.read
	if left == 0 { // anything beyond the size is ignored
		return 0, io.EOF
	}
	n, err := s.file.ReadAt(p[:min(int64(len(p)), left)], s.start+s.read)
	s.read += int64(n)
	switch {
	case s.closed.Load():
		return 0, errClosed
	case n > 0 || err == nil: // the next Read meets the error again
		return n, nil
	case errors.Is(err, io.EOF):
		err = fmt.Errorf("must have %d bytes, but ended after %d", s.size, s.read)
	default:
		err = fmt.Errorf("must be readable: %w", err)
	}
	return 0, s.fail(problem(s.name, err))
}
