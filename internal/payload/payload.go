// Package payload contains request bodies whose length is known before anything is sent,
// and which can be sent again.
//
// net/http may continue to read a body after it has returned the response, on its own
// goroutine. It therefore never gets the reader of the caller: see feed. At any time at
// most one goroutine uses that reader, and none does after [Payload.Close]. Files are
// the exception: see section.
package payload

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Payload is the body of a call. Each attempt opens it again. A nil Payload is an empty
// body.
type Payload struct {
	contentType []string
	header      map[string]string // in addition to the Content-Type

	head, tail []byte
	content    *content // between head and tail, nil if there is none

	mu      sync.Mutex
	current *feed // of the last attempt
	closed  bool
	failure atomic.Pointer[Error]
}

// Error reports content that cannot be sent.
type Error struct {
	Argument string // the invalid field, such as "File.Content"
	Reason   string // what it must be, such as "must not be empty"
	Err      error  // the cause, may be nil
}

// Error names the field and what it must be.
func (e *Error) Error() string { return e.Argument + " " + e.Reason }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

var errClosed = errors.New("the body is closed")

// FromBytes returns a payload of bytes, which must not change afterwards.
func FromBytes(contentType string, data []byte) *Payload {
	return &Payload{contentType: []string{contentType}, head: data}
}

// FromSource returns a payload of content that the caller supplies. Its error is an
// [*Error], or that of ctx if ctx ended while the content was read.
func FromSource(ctx context.Context, contentType string, s Source) (*Payload, error) {
	c, err := s.measure(ctx)
	if err != nil {
		return nil, err
	}
	return &Payload{contentType: []string{contentType}, content: c}, nil
}

// SetHeader adds a header to the requests with the payload.
func (p *Payload) SetHeader(name, value string) {
	if p.header == nil {
		p.header = map[string]string{}
	}
	p.header[name] = value
}

// Size returns the length of the body.
func (p *Payload) Size() int64 {
	if p == nil {
		return 0
	}
	size := int64(len(p.head) + len(p.tail))
	if p.content != nil {
		size += p.content.size
	}
	return size
}

// Bytes returns the body of a payload of [FromBytes], or nil for any other.
func (p *Payload) Bytes() []byte {
	if p == nil || p.content != nil {
		return nil
	}
	return p.head
}

// Attach sets the body, the length and the headers of a request. It waits until the
// previous attempt no longer reads the content.
func (p *Payload) Attach(r *http.Request) error {
	if p == nil {
		r.Body, r.ContentLength, r.GetBody = http.NoBody, 0, nil
		return nil
	}
	body, err := p.open(r.Context())
	if err != nil {
		return err
	}
	r.Body, r.ContentLength, r.GetBody = body, p.Size(), nil
	if p.content == nil || !p.content.readOnce() {
		r.GetBody = func() (io.ReadCloser, error) { return p.open(r.Context()) }
	}
	r.Header["Content-Type"] = p.contentType
	for name, value := range p.header {
		r.Header.Set(name, value)
	}
	return nil
}

// SendOnce keeps net/http from retrying a request on its own, as it does for a GET when
// a reused connection breaks, even if the server has executed it. Call it after Attach.
// It does not change requests with methods that net/http does not retry, whose missing
// body must be sent as a length of 0.
func SendOnce(r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		r.GetBody = nil
		if r.Body == nil || r.Body == http.NoBody {
			r.Body = io.NopCloser(bytes.NewReader(nil))
		}
	}
}

// Consumed reports whether reading of the content has begun and it is not replayable,
// so that there can be no further attempt.
func (p *Payload) Consumed() bool {
	return p != nil && p.content != nil && p.content.readOnce() && p.content.begun.Load()
}

// Err returns the [*Error] of the content, or nil. net/http does not always return the
// error of a reader.
func (p *Payload) Err() error {
	if p == nil {
		return nil
	}
	if e := p.failure.Load(); e != nil {
		return e
	}
	return nil
}

// closeLimit is how long Close waits for a Read of the caller that hangs.
const closeLimit = 10 * time.Second

// Close ends the use of the content and waits until it is no longer read. A Read that
// hangs is abandoned one second after the end of ctx, and after 10 seconds at the
// latest.
func (p *Payload) Close(ctx context.Context) {
	if p == nil || p.content == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	if p.current != nil {
		ctx, cancel := context.WithTimeout(ctx, closeLimit)
		defer cancel()
		p.current.stop()
		if p.current.wait(ctx) == nil {
			_ = start(p.content.rewind).wait(ctx) // the program may call again with the same reader
		}
	}
	p.content.close()
}

// open returns the body for an attempt.
func (p *Payload) open(ctx context.Context) (io.ReadCloser, error) {
	if p.content == nil {
		return io.NopCloser(bytes.NewReader(p.head)), nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	if c := p.content; c.reader == nil {
		var r io.Reader = bytes.NewReader(c.data)
		if c.file != nil {
			r = &section{content: c, fail: p.fail}
		}
		return io.NopCloser(io.MultiReader(bytes.NewReader(p.head), r, bytes.NewReader(p.tail))), nil
	}
	if p.current != nil {
		p.current.stop()
		if err := p.current.wait(ctx); err != nil {
			return nil, p.fail(&Error{Argument: p.content.name, Reason: "must be readable again, but is still being read: " + err.Error(), Err: err})
		}
	}
	p.current = newFeed(ctx, p.content, p.fail)
	return &body{io.MultiReader(bytes.NewReader(p.head), p.current, bytes.NewReader(p.tail)), p.current}, nil
}

// fail records the first failure.
func (p *Payload) fail(e *Error) error {
	p.failure.CompareAndSwap(nil, e)
	return e
}

// body is the body that net/http reads, with content of the caller.
type body struct {
	io.Reader
	feed *feed
}

// Close stops the reading. It need not wait: the bytes of a running Read are dropped,
// and the payload waits for it.
func (b *body) Close() error {
	b.feed.stop()
	return nil
}
