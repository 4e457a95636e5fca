package payload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"time"

	"github.com/wechatoa/wechat/internal/usercode"
)

const (
	feedBuffer = 32 << 10
	maxEmpty   = 100         // Reads in a row that return nothing
	grace      = time.Second // for a Read of the caller, after the end of ctx
)

// feed passes the content of the caller to net/http, for one attempt. It reads the
// content on its own goroutine into its own buffer. So whatever that Read does, the
// goroutine of net/http does not end and does not wait longer than the attempt lasts,
// and its buffers are not written to afterwards.
type feed struct {
	*task
	asks    chan int // number of bytes that net/http wants
	given   chan int // number of bytes in the buffer
	buf     []byte
	left    int64 // number of bytes that net/http has not got yet
	fail    func(*Error) error
	name    string
	stopped chan struct{}
	once    sync.Once
}

func newFeed(ctx context.Context, c *content, fail func(*Error) error) *feed {
	f := &feed{
		asks: make(chan int), given: make(chan int), stopped: make(chan struct{}),
		buf: make([]byte, min(c.size, feedBuffer)), left: c.size, fail: fail, name: c.name,
	}
	f.task = start(func() error { return f.serve(c) })
	context.AfterFunc(ctx, f.stop)
	return f
}

// stop ends the reading after the Read that is running.
func (f *feed) stop() { f.once.Do(func() { close(f.stopped) }) }

func (f *feed) isStopped() bool {
	select {
	case <-f.stopped:
		return true
	default:
		return false
	}
}

// serve reads the content when Read asks for it.
func (f *feed) serve(c *content) error {
	if err := c.rewind(); err != nil {
		return fmt.Errorf("must be readable again: %w", err)
	}
	for got := int64(0); got < c.size; {
		var want int
		select {
		case want = <-f.asks:
		case <-f.stopped:
			return errClosed
		}
		if f.isStopped() {
			return errClosed
		}
		c.begun.Store(true)
		n, err := readSome(c.reader, f.buf[:want])
		got += int64(n)
		if n > 0 {
			select {
			case f.given <- n:
			case <-f.stopped:
				return errClosed
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return fmt.Errorf("must have %d bytes, but ended after %d", c.size, got)
		case err != nil:
			return fmt.Errorf("must be readable: %w", err)
		}
	}
	return nil
}

// Read is called by net/http.
func (f *feed) Read(p []byte) (int, error) {
	if f.left == 0 { // anything beyond the size, also an error, is ignored
		return 0, io.EOF
	}
	want := int(min(int64(len(p)), int64(len(f.buf)), f.left))
	if want == 0 {
		return 0, nil
	}
	select {
	case f.asks <- want:
	case <-f.stopped:
		return 0, errClosed
	case <-f.done:
		return 0, f.failed()
	}
	select {
	case n := <-f.given:
		f.left -= int64(n)
		return copy(p, f.buf[:n]), nil
	case <-f.stopped:
		return 0, errClosed
	case <-f.done:
		return 0, f.failed()
	}
}

// failed returns the error with which serve has ended.
func (f *feed) failed() error {
	if errors.Is(f.err, errClosed) {
		return f.err
	}
	return f.fail(problem(f.name, f.err))
}

// problem returns the error of content that failed.
func problem(argument string, err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	cause := errors.Unwrap(err)
	var panicked *usercode.PanicError
	if errors.As(err, &panicked) || errors.Is(err, usercode.ErrGoexit) {
		cause = err
	}
	return &Error{Argument: argument, Reason: err.Error(), Err: cause}
}

// readSome reads at least one byte or returns an error, also from a reader that breaks
// the rules of io.Reader.
func readSome(r io.Reader, p []byte) (int, error) {
	for range maxEmpty {
		n, err := r.Read(p)
		if n < 0 || n > len(p) {
			return 0, fmt.Errorf("its Read returned %d for %d bytes", n, len(p))
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// task is code of the caller that runs on its own goroutine, so that it may panic or
// end its goroutine.
type task struct {
	done chan struct{}
	err  error // once done
}

func start(f func() error) *task {
	t := &task{done: make(chan struct{}), err: usercode.ErrGoexit}
	go func() {
		defer close(t.done)
		defer func() {
			if v := recover(); v != nil {
				t.err = &usercode.PanicError{Value: v, Stack: debug.Stack()}
			}
		}()
		t.err = f()
	}()
	return t
}

// wait waits until the task has ended. It returns an error if the task still runs after
// the grace time that follows the end of ctx.
func (t *task) wait(ctx context.Context) error {
	select {
	case <-t.done:
		return nil
	case <-ctx.Done():
	}
	last := time.NewTimer(grace)
	defer last.Stop()
	select {
	case <-t.done:
		return nil
	case <-last.C:
		return ctx.Err()
	}
}
