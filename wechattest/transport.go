package wechattest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
)

// errConnection is the error of a client whose connection the platform has closed.
var errConnection = fmt.Errorf("wechattest: connection closed by the platform: %w", io.ErrUnexpectedEOF)

// Transport returns a transport that sends every request to the platform in process,
// whatever its host.
func (p *Platform) Transport() http.RoundTripper { return transport{p} }

// HTTPClient returns a client that sends every request to the platform in process,
// whatever its host, and does not follow redirects. One line enables the fake platform
// for an SDK whose hosts are fixed but whose HTTP client can be replaced:
//
//	util.DefaultHTTPClient = srv.HTTPClient() // github.com/silenceper/wechat/v2/util
func (p *Platform) HTTPClient() *http.Client {
	return &http.Client{Transport: p.Transport(), CheckRedirect: keepRedirect}
}

// keepRedirect returns a redirect instead of following it.
func keepRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

type transport struct{ handler http.Handler }

// RoundTrip serves a request on a goroutine that ends with the request's context, or
// when the response has been read.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	in := r.Clone(ctx)
	if in.Body == nil {
		in.Body = http.NoBody
	}
	if in.Body != http.NoBody && in.ContentLength <= 0 {
		probe(in)
	}
	in.RemoteAddr, in.RequestURI = "127.0.0.1:0", in.URL.RequestURI()
	if in.Host == "" {
		in.Host = in.URL.Host
	}
	if trace := httptrace.ContextClientTrace(ctx); trace != nil && trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	body, out := io.Pipe()
	w := &pipeWriter{header: http.Header{}, body: out, ready: make(chan struct{})}
	go func() {
		defer func() { _ = in.Body.Close() }()
		defer func() { w.end(ctx, recover()) }()
		t.handler.ServeHTTP(w, in)
	}()
	select {
	case <-w.ready:
	case <-ctx.Done():
		_ = body.CloseWithError(ctx.Err())
		cancel()
		return nil, r.Context().Err()
	}
	if w.broken != nil {
		cancel()
		return nil, w.broken
	}
	stop := context.AfterFunc(ctx, func() { _ = out.CloseWithError(ctx.Err()) })
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: &pipeBody{PipeReader: body, cancel: cancel, stop: stop}, ContentLength: -1, Request: r,
	}, nil
}

// probe treats a body of unknown length as net/http does: it is sent in chunks, unless
// it is empty and the method rarely has a body.
func probe(r *http.Request) {
	r.ContentLength = -1
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodDelete:
		var first [1]byte
		n, err := io.ReadFull(r.Body, first[:])
		if n == 0 && errors.Is(err, io.EOF) {
			_ = r.Body.Close()
			r.Body, r.ContentLength = http.NoBody, 0
			return
		}
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(first[:n]), r.Body), r.Body}
	}
}

// pipeWriter is the ResponseWriter of a response that is read while it is written.
type pipeWriter struct {
	header, sent http.Header
	status       int
	body         *io.PipeWriter
	ready        chan struct{} // closed when the header was written, or never will be
	broken       error
	once         sync.Once
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.ready)
	})
}

func (w *pipeWriter) Write(data []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(data)
}

func (w *pipeWriter) Flush() { w.WriteHeader(http.StatusOK) }

// end ends a response; thrown is the value that the handler panicked with. The response
// of a handler that returned because its request was canceled is incomplete.
func (w *pipeWriter) end(ctx context.Context, thrown any) {
	if thrown == nil {
		w.WriteHeader(http.StatusOK)
		_ = w.body.CloseWithError(ctx.Err())
		return
	}
	err := errConnection
	if e, ok := thrown.(error); !ok || !errors.Is(e, http.ErrAbortHandler) {
		err = fmt.Errorf("wechattest: the handler panicked: %v", thrown)
	}
	w.once.Do(func() {
		w.broken = err
		close(w.ready)
	})
	_ = w.body.CloseWithError(err)
}

type pipeBody struct {
	*io.PipeReader

	cancel context.CancelFunc
	stop   func() bool
}

func (b *pipeBody) Close() error {
	b.stop()
	err := b.PipeReader.Close()
	b.cancel()
	return err
}
