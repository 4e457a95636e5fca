package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

const headerTimeout = 10 * time.Second

// proxy is an HTTP proxy that reaches the simulated hosts and nothing else: what goes
// to them ends at handler, whatever else is refused. No connection leaves the machine.
type proxy struct {
	handler   http.Handler
	authority *authority
	log       *slog.Logger

	tunnels *tunnels
	server  *http.Server // of the requests inside tunnels
}

func newProxy(handler http.Handler, authority *authority, log *slog.Logger) *proxy {
	p := &proxy{handler: handler, authority: authority, log: log, tunnels: newTunnels()}
	p.server = &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	return p
}

// serve serves the tunnels until Close.
func (p *proxy) serve() error { return p.server.Serve(p.tunnels) }

func (p *proxy) Close() error { return p.server.Close() }

// isForProxy reports whether a request is one to a proxy.
func isForProxy(r *http.Request) bool { return r.Method == http.MethodConnect || r.URL.IsAbs() }

// ServeHTTP opens a tunnel (CONNECT), or handles a request in absolute form.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, port := split(r)
	if !simulated(host) || port != "80" && port != "443" {
		p.refuse(w, r)
		return
	}
	if r.Method != http.MethodConnect {
		p.handler.ServeHTTP(w, r)
		return
	}
	var config *tls.Config
	if port == "443" {
		certificate, err := p.authority.issue(host)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		config = &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12}
	}
	p.open(w, config)
}

// open accepts a CONNECT, and serves what comes through the tunnel: TLS with a
// configuration, plain HTTP without one.
func (p *proxy) open(w http.ResponseWriter, config *tls.Config) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if buffered.Reader.Buffered() > 0 { // the client did not wait for the response
		conn = &bufferedConn{Conn: conn, buffered: buffered.Reader}
	}
	_ = conn.SetDeadline(time.Time{})
	if _, err := conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		_ = conn.Close()
		return
	}
	if config != nil {
		conn = tls.Server(conn, config)
	}
	p.tunnels.add(conn)
}

// refuse says which hosts there are. Most clients show nothing of the response to a
// CONNECT but the reason in its status line.
func (p *proxy) refuse(w http.ResponseWriter, r *http.Request) {
	const reason = "wechat-simulator reaches only *." + domain
	p.log.Warn("refused to connect: "+reason, "host", r.Host)
	text := fmt.Sprintf("%s, on the ports 80 and 443. Nothing was sent to %q. "+
		"For addresses of this machine set NO_PROXY=%s.\n", reason, r.Host, noProxy)
	if r.Method != http.MethodConnect {
		http.Error(w, text, http.StatusForbidden)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, text, http.StatusForbidden)
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 403 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		reason, len(text), text)
}

// split returns host and port that a request to the proxy is for.
func split(r *http.Request) (host, port string) {
	host, port, err := net.SplitHostPort(r.URL.Host)
	if err != nil {
		host, port = r.URL.Host, "80"
		if r.URL.Scheme == "https" {
			port = "443"
		}
	}
	return strings.TrimSuffix(strings.ToLower(host), "."), port
}

var simulatedHost = regexp.MustCompile(`^([a-z0-9-]+\.)+` + regexp.QuoteMeta(domain) + `$`)

// simulated reports whether a host is one of the platform's.
func simulated(host string) bool { return simulatedHost.MatchString(host) }

// bufferedConn is a connection of which a part was read already.
type bufferedConn struct {
	net.Conn

	buffered *bufio.Reader
}

func (c *bufferedConn) Read(p []byte) (int, error) { return c.buffered.Read(p) }

// tunnels is a [net.Listener] whose connections are the tunnels through the proxy.
type tunnels struct {
	opened chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newTunnels() *tunnels {
	return &tunnels{opened: make(chan net.Conn), closed: make(chan struct{})}
}

// add hands a connection to Accept, and closes it if the listener is closed.
func (t *tunnels) add(conn net.Conn) {
	select {
	case t.opened <- conn:
	case <-t.closed:
		_ = conn.Close()
	}
}

func (t *tunnels) Accept() (net.Conn, error) {
	select {
	case conn := <-t.opened:
		return conn, nil
	case <-t.closed:
		return nil, net.ErrClosed
	}
}

func (t *tunnels) Close() error {
	t.once.Do(func() { close(t.closed) })
	return nil
}

func (t *tunnels) Addr() net.Addr { return tunnelAddr{} }

type tunnelAddr struct{}

func (tunnelAddr) Network() string { return "tunnel" }
func (tunnelAddr) String() string  { return "*." + domain }
