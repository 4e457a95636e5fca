// Package payload holds request bodies whose length is known before the first byte
// goes out, and which can be sent again.
//
// net/http may go on reading a body after it has returned the response, on a
// goroutine of its own. A reader that the caller supplied is therefore never handed
// to it: see feed. At any time at most one goroutine uses the caller's reader, and
// none does after [Payload.Close].
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

// Payload is the body of a call, which each attempt opens again. A nil Payload is
// an empty body.
type Payload struct {
	contentType string
	header      map[string]string // beside the Content-Type

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
	return &Payload{contentType: contentType, head: data}
}

// FromSource returns a payload of content that the caller supplies. Its error is an
// [*Error], or that of ctx if ctx ended while the content was read.
func FromSource(ctx context.Context, contentType string, s Source) (*Payload, error) {
	c, err := s.measure(ctx)
	if err != nil {
		return nil, err
	}
	return &Payload{contentType: contentType, content: c}, nil
}

// SetHeader adds a header to the requests that carry the payload.
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

// Bytes returns the body of a payload that [FromBytes] made, nil for any other.
func (p *Payload) Bytes() []byte {
	if p == nil || p.content != nil {
		return nil
	}
	return p.head
}

// Attach gives the body to a request, with its length and its headers. It waits
// until no earlier attempt reads the content any more.
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
	r.Header.Set("Content-Type", p.contentType)
	for name, value := range p.header {
		r.Header.Set(name, value)
	}
	return nil
}

// SendOnce keeps net/http from repeating a request by itself, which it does with a
// GET when a reused connection breaks, even if the server has executed it. It is
// called after Attach, and changes nothing about a method that net/http does not
// repeat: there a missing body is a length of 0 and must stay it.
func SendOnce(r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		r.GetBody = nil
		if r.Body == nil || r.Body == http.NoBody {
			r.Body = io.NopCloser(bytes.NewReader(nil))
		}
	}
}

// Consumed reports whether the content has been read in part and cannot be read
// again, so that there is no further attempt.
func (p *Payload) Consumed() bool {
	return p != nil && p.content != nil && p.content.readOnce() && p.content.begun.Load()
}

// Err returns what was wrong with the content, an [*Error], or nil. net/http does
// not always return the error of a body's reader.
func (p *Payload) Err() error {
	if p == nil {
		return nil
	}
	if e := p.failure.Load(); e != nil {
		return e
	}
	return nil
}

// patience bounds how long Close waits for a Read of the caller's that hangs.
const patience = 10 * time.Second

// Close ends the use of the content and waits until nobody reads it any more. A Read
// that hangs is left behind, a second after the end of ctx or at the latest after 10
// seconds.
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
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		p.current.stop()
		if p.current.wait(ctx) == nil {
			_ = start(p.content.rewind).wait(ctx) // the program may call again with the same reader
		}
	}
	p.content.close()
}

// open begins an attempt's reading.
func (p *Payload) open(ctx context.Context) (io.ReadCloser, error) {
	if p.content == nil {
		return io.NopCloser(bytes.NewReader(p.head)), nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	if p.content.reader == nil {
		return io.NopCloser(io.MultiReader(bytes.NewReader(p.head), p.content.copied(), bytes.NewReader(p.tail))), nil
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

// fail keeps the first failure.
func (p *Payload) fail(e *Error) error {
	p.failure.CompareAndSwap(nil, e)
	return e
}

// body is what net/http gets of content that the caller supplies.
type body struct {
	io.Reader
	feed *feed
}

// Close stops the reading. It need not wait: the bytes that a running Read of the
// caller's still gets go nowhere, and the payload waits for it.
func (b *body) Close() error {
	b.feed.stop()
	return nil
}
