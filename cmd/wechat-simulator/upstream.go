package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/wechatoa/wechat/internal/recording"
)

const (
	maxUpstreamRequest = 64 << 20  // bytes
	maxRecording       = 256 << 20 // bytes
	upstreamTimeout    = time.Minute
)

// upstream forwards calls to the real platform and records them without secrets. It
// follows no redirects.
type upstream struct {
	base  *url.URL
	proxy *httputil.ReverseProxy
	log   *slog.Logger

	mu       sync.Mutex
	redactor *recording.Redactor
	file     *os.File
	written  int64
	full     bool
}

// newUpstream returns an upstream that records to a new file.
func newUpstream(address, file string, log *slog.Logger) (*upstream, error) {
	base, err := parseUpstream(address)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the user names the file
	if err != nil {
		return nil, fmt.Errorf("-record: %w", err)
	}
	u := &upstream{base: base, log: log, redactor: recording.NewRedactor(), file: f}
	if err := recording.Begin(countingWriter{u}, base.String()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	u.proxy = &httputil.ReverseProxy{
		Rewrite: u.rewrite, ModifyResponse: u.capture, ErrorHandler: u.fail,
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2: true, ResponseHeaderTimeout: upstreamTimeout, IdleConnTimeout: upstreamTimeout,
		},
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	return u, nil
}

// parseUpstream accepts https URLs, and http URLs of this machine.
func parseUpstream(address string) (*url.URL, error) {
	base, err := url.Parse(address)
	switch {
	case err != nil, base.Host == "", base.User != nil, base.RawQuery != "", base.Fragment != "", strings.Trim(base.Path, "/") != "":
		return nil, errors.New("-upstream must be a base URL such as https://api.weixin.qq.com")
	case base.Scheme == "https", base.Scheme == "http" && isLoopback(base.Hostname()):
		return &url.URL{Scheme: base.Scheme, Host: base.Host}, nil
	}
	return nil, errors.New("-upstream must be an https URL: the calls contain the AppSecret")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// ServeHTTP forwards a call.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpstreamRequest))
	if err != nil {
		http.Error(w, "the request cannot be read: "+err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if len(body) == 0 {
		r.Body = http.NoBody
	}
	u.proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestBody{}, body)))
}

// requestBody is the key of the request's body in its context.
type requestBody struct{}

// noControl responds in place of the control API and of the page: they would show a fake
// platform that the calls do not reach.
func noControl(w http.ResponseWriter, _ *http.Request) {
	writeError(w, http.StatusNotFound, "with -upstream there is no page and no control API: calls are forwarded to the real platform and recorded in the file of -record "+
		"使用 -upstream 时没有页面和控制接口：调用会转发到真实平台，并录制到 -record 的文件")
}

// rewrite sends a request to the platform: to the host that the client wanted, if it came
// through the proxy.
func (u *upstream) rewrite(r *httputil.ProxyRequest) {
	target := *u.base
	if host, _, _ := strings.Cut(r.In.Host, ":"); simulated(host) && simulated(u.base.Host) {
		target.Host = host
	}
	r.SetURL(&target)
	r.Out.Host = target.Host
	r.Out.Header.Del("Accept-Encoding") // the transport compresses and decompresses
}

// fail responds when the platform cannot be reached. Such a call is not recorded.
func (u *upstream) fail(w http.ResponseWriter, r *http.Request, err error) {
	u.mu.Lock()
	text := u.redactor.Text(err.Error())
	u.mu.Unlock()
	u.log.Error("the platform cannot be reached", "method", r.Method, "path", r.URL.Path, "err", text)
	http.Error(w, "wechat-simulator cannot reach the platform: "+text, http.StatusBadGateway)
}

// capture records an exchange when its response has been read.
func (u *upstream) capture(resp *http.Response) error {
	request := &recording.Capture{}
	content, _ := resp.Request.Context().Value(requestBody{}).([]byte)
	_, _ = request.Write(content)
	body := &capturedBody{ReadCloser: resp.Body}
	body.ended = func() { u.record(resp, request, &body.captured) }
	resp.Body = body
	return nil
}

// capturedBody is a body that is captured while it is read.
type capturedBody struct {
	io.ReadCloser

	captured recording.Capture
	once     sync.Once
	ended    func()
}

func (b *capturedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	_, _ = b.captured.Write(p[:n])
	if errors.Is(err, io.EOF) {
		b.once.Do(b.ended)
	}
	return n, err
}

// record writes an exchange.
func (u *upstream) record(resp *http.Response, request, response *recording.Capture) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.full {
		return
	}
	req := resp.Request
	e := u.redactor.Request(req.Method, req.URL, req.Header.Get("Content-Type"), request)
	e.Status, e.Response = resp.StatusCode, u.redactor.Body(resp.Header.Get("Content-Type"), response)
	err := recording.Append(countingWriter{u}, u.redactor.Redact(e))
	if err == nil && u.written < maxRecording {
		return
	}
	u.full = true
	u.log.Error("nothing more is recorded", "bytes", u.written, "err", err)
}

// countingWriter writes to the file of an upstream.
type countingWriter struct{ u *upstream }

func (w countingWriter) Write(p []byte) (int, error) {
	n, err := w.u.file.Write(p)
	w.u.written += int64(n)
	return n, err
}

// Close closes the recording.
func (u *upstream) Close() error {
	if t, ok := u.proxy.Transport.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.full = true
	return u.file.Close()
}
