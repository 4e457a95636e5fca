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

// proxy is an HTTP proxy for the simulated hosts. handler serves their requests; all
// other hosts are refused. No connection leaves the machine.
type proxy struct {
	handler   http.Handler
	authority *authority
	log       *slog.Logger

	tunnels *tunnels
	server  *http.Server // serves the requests inside tunnels
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

// isForProxy reports whether a request is a proxy request.
func isForProxy(r *http.Request) bool { return r.Method == http.MethodConnect || r.URL.IsAbs() }

// ServeHTTP opens a tunnel (CONNECT) or serves a request in absolute form.
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

// open accepts a CONNECT and serves the tunnel: TLS if config is set, else plain HTTP.
func (p *proxy) open(w http.ResponseWriter, config *tls.Config) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if buffered.Reader.Buffered() > 0 { // the client has not waited for the response
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

// refuse responds with the hosts that exist. Of a response to a CONNECT, most clients
// only show the reason in the status line.
func (p *proxy) refuse(w http.ResponseWriter, r *http.Request) {
	const reason = "wechat-simulator reaches only *." + domain
	p.log.Warn("refused to connect: "+reason, "host", r.Host)
	text := fmt.Sprintf("%s, on ports 80 and 443. Nothing was sent to %q. "+
		"Set NO_PROXY=%s for addresses of this machine.\n", reason, r.Host, noProxy)
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

// split returns the host and the port of a proxy request.
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

// simulated reports whether a host belongs to the platform.
func simulated(host string) bool { return simulatedHost.MatchString(host) }

// bufferedConn is a connection from which some bytes were already read.
type bufferedConn struct {
	net.Conn

	buffered *bufio.Reader
}

func (c *bufferedConn) Read(p []byte) (int, error) { return c.buffered.Read(p) }

// tunnels is a [net.Listener] of the tunnels through the proxy.
type tunnels struct {
	opened chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newTunnels() *tunnels {
	return &tunnels{opened: make(chan net.Conn), closed: make(chan struct{})}
}

// add passes a connection to Accept, or closes it if the listener is closed.
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
