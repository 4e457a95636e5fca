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

func (t networkTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	f, latency := t.network.take(atRequest, r.URL.Path)
	if !f.sends() {
		if r.Body != nil {
			_ = r.Body.Close()
		}
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

// sends reports whether the request reaches the server.
func (f *NetworkFault) sends() bool {
	if f.Refuse {
		return false
	}
	return f.AfterWrite || !f.Reset && !f.Hang && f.Body == nil && f.Status == 0 && f.GzipBomb == 0
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
			StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		}
	}
	f.replace(r, resp)
	if f.Bandwidth > 0 || f.Slice > 0 || f.Truncate > 0 || f.SlowClose > 0 {
		resp.Body = &networkBody{ReadCloser: resp.Body, ctx: ctx, fault: f, left: f.Truncate}
	}
	return resp, nil
}

// replace puts the fault's own status, header and body into a response.
func (f *NetworkFault) replace(r *http.Request, resp *http.Response) {
	if f.Status != 0 {
		resp.StatusCode = f.Status
	}
	resp.Status = strconv.Itoa(resp.StatusCode) + " " + http.StatusText(resp.StatusCode)
	for name, values := range f.Header {
		resp.Header[http.CanonicalHeaderKey(name)] = values
	}
	var body io.Reader
	length := int64(-1)
	switch {
	case f.GzipBomb > 0:
		body = newBomb(f.GzipBomb)
		resp.Header.Set("Content-Encoding", "gzip")
		if r.Header.Get("Accept-Encoding") == "" { // net/http decompresses it
			body = &unzipped{from: body}
			resp.Header.Del("Content-Encoding")
			resp.Uncompressed = true
		}
	case f.Body != nil:
		body, length = bytes.NewReader(f.Body), int64(len(f.Body))
	default:
		return
	}
	_ = resp.Body.Close()
	resp.Body, resp.ContentLength = io.NopCloser(body), length
	resp.Header.Del("Content-Length")
}

// networkBody is a response that arrives slowly, in pieces, or not completely.
type networkBody struct {
	io.ReadCloser

	ctx   context.Context //nolint:containedctx // of the request, as in net/http
	fault *NetworkFault
	left  int
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
	return &bomb{
		head: zip([]byte(`{"errmsg":"`)), piece: zip(bytes.Repeat([]byte("x"), bombPiece)), tail: zip([]byte(`"}`)),
		pieces: (size + bombPiece - 1) / bombPiece, at: bytes.NewReader(nil),
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
