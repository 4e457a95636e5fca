package wechattest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// RoundTripper applies the faults of the network to the requests of a transport, which can
// be that of a real client or [Platform.Transport]. Bandwidth and Slice apply to responses.
func (n *Network) RoundTripper(next http.RoundTripper) http.RoundTripper {
	return networkTransport{n, next}
}

type networkTransport struct {
	network *Network
	next    http.RoundTripper
}

// CloseIdleConnections is what [http.Client.CloseIdleConnections] calls.
func (t networkTransport) CloseIdleConnections() {
	if next, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}

func (t networkTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil { // no exchange
		closeBody(r)
		return nil, err
	}
	f, latency := t.network.take(atRequest, r.URL.Path)
	if !f.sends() {
		closeBody(r)
		return f.respond(r, nil, latency)
	}
	send := t.next.RoundTrip
	if f.Duplicate {
		send = t.twice
	}
	resp, err := send(r)
	if err != nil {
		return nil, err
	}
	return f.respond(r, resp, latency)
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

// sends reports whether the request reaches the server.
func (f *NetworkFault) sends() bool {
	if f.Refuse {
		return false
	}
	return f.AfterWrite || !f.Reset && !f.Hang && f.Body == nil && f.Status == 0 && f.GzipBomb <= 0
}

// twice delivers a request twice and returns the second response.
func (t networkTransport) twice(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		body, err = io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil {
			return nil, err
		}
	}
	again := func() *http.Request {
		copied := r.Clone(r.Context())
		if r.Body != nil && r.Body != http.NoBody {
			copied.Body = io.NopCloser(bytes.NewReader(body))
		}
		return copied
	}
	if first, err := t.next.RoundTrip(again()); err == nil {
		_, _ = io.Copy(io.Discard, first.Body)
		_ = first.Body.Close()
	}
	return t.next.RoundTrip(again())
}

// respond applies the fault to the response, which is nil if nothing was sent.
func (f *NetworkFault) respond(r *http.Request, resp *http.Response, latency time.Duration) (*http.Response, error) {
	ctx := r.Context()
	fail := func(err error) (*http.Response, error) {
		if resp != nil {
			_ = resp.Body.Close()
		}
		return nil, err
	}
	if f.Refuse {
		return nil, f.refuse(ctx, "tcp", latency)
	}
	if f.Hang {
		latency = forever
	}
	if err := sleep(ctx, latency); err != nil {
		return fail(err)
	}
	switch {
	case f.Reset && resp == nil:
		return nil, reset("write")
	case f.Reset:
		return fail(reset("read"))
	}
	if resp == nil {
		resp = &http.Response{
			Status: "200 OK", StatusCode: http.StatusOK, Body: http.NoBody, Request: r,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		}
	}
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	f.replace(r, resp)
	if f.Bandwidth > 0 || f.Slice > 0 || f.Truncate > 0 || f.SlowClose > 0 {
		ctx, cancel := context.WithCancel(ctx)
		resp.Body = &networkBody{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, fault: f, left: f.Truncate}
	}
	return resp, nil
}

// replace puts the fault's own status, header and body into a response.
func (f *NetworkFault) replace(r *http.Request, resp *http.Response) {
	if f.Status != 0 {
		resp.StatusCode, resp.Status = f.Status, strconv.Itoa(f.Status)+" "+http.StatusText(f.Status)
	}
	if f.Body != nil || f.GzipBomb > 0 {
		_ = resp.Body.Close()
		resp.Header.Del("Content-Length")
		resp.Header.Del("Content-Encoding")
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(f.Body)), int64(len(f.Body))
	}
	if f.GzipBomb > 0 {
		body := newBomb(f.GzipBomb)
		if r.Header.Get("Accept-Encoding") == "" { // net/http decompresses it
			body, resp.Uncompressed = &unzipped{from: body}, true
		} else {
			resp.Header.Set("Content-Encoding", "gzip")
		}
		resp.Body, resp.ContentLength = io.NopCloser(body), -1
	}
	for name, values := range f.Header {
		resp.Header[http.CanonicalHeaderKey(name)] = values
	}
}

// networkBody is a response that arrives slowly, in pieces, or not completely.
type networkBody struct {
	io.ReadCloser

	ctx    context.Context //nolint:containedctx // of the request, until Close
	cancel context.CancelFunc
	fault  *NetworkFault
	left   int
}

func (b *networkBody) Close() error {
	b.cancel()
	return b.ReadCloser.Close()
}

func (b *networkBody) Read(p []byte) (int, error) {
	f := b.fault
	if f.Slice > 0 {
		p = p[:min(len(p), f.Slice)]
	}
	if f.Bandwidth > 0 {
		p = p[:min(len(p), max(1, f.Bandwidth/10))]
	}
	if f.Truncate > 0 {
		if b.left == 0 {
			return 0, io.ErrUnexpectedEOF
		}
		p = p[:min(len(p), b.left)]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= n
	wait := time.Duration(0)
	if f.Bandwidth > 0 {
		wait = time.Duration(n) * time.Second / time.Duration(f.Bandwidth)
	}
	if errors.Is(err, io.EOF) {
		wait += f.SlowClose
	}
	if ended := sleep(b.ctx, wait); ended != nil {
		return n, ended
	}
	return n, err
}

// bomb is a compressed JSON document. It consists of gzip members, which a reader joins, so
// that it costs no more than one of them.
type bomb struct {
	head, piece, tail []byte
	pieces            int64
	at                *bytes.Reader
}

const bombPiece = 1 << 20

func newBomb(size int64) io.Reader {
	const head, tail = `{"errmsg":"`, `"}`
	filling := func(n int64) []byte { return bytes.Repeat([]byte("x"), int(n)) }
	size = max(0, size-int64(len(head+tail)))
	return &bomb{
		head: zip([]byte(head)), piece: zip(filling(bombPiece)), tail: zip(append(filling(size%bombPiece), tail...)),
		pieces: size / bombPiece, at: bytes.NewReader(nil),
	}
}

func zip(data []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(data) // into memory
	_ = w.Close()
	return out.Bytes()
}

func (b *bomb) Read(p []byte) (int, error) {
	for b.at.Len() == 0 {
		switch {
		case b.head != nil:
			b.at.Reset(b.head)
			b.head = nil
		case b.pieces > 0:
			b.at.Reset(b.piece)
			b.pieces--
		case b.tail != nil:
			b.at.Reset(b.tail)
			b.tail = nil
		default:
			return 0, io.EOF
		}
	}
	return b.at.Read(p)
}

// unzipped decompresses what is read.
type unzipped struct {
	from io.Reader
	zip  *gzip.Reader
}

func (u *unzipped) Read(p []byte) (int, error) {
	if u.zip == nil {
		var err error
		if u.zip, err = gzip.NewReader(u.from); err != nil {
			return 0, err
		}
	}
	return u.zip.Read(p)
}
