package wechat

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"sync/atomic"

	"github.com/wechatoa/wechat/internal/payload"
)

// newRequest makes the request of an attempt.
func (c *Client) newRequest(ctx context.Context, cl *call, body *payload.Payload) (*http.Request, error) {
	r := c.cfg.request.WithContext(ctx)
	r.Method, r.URL, r.Header = cl.Method, c.url(cl), make(http.Header, 4)
	r.Host = r.URL.Host
	r.Header["User-Agent"] = c.cfg.agent
	for name, values := range cl.Header {
		r.Header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	if err := body.Attach(r); err != nil {
		return nil, err
	}
	if !cl.Idempotent || c.cfg.retry.MaxAttempts == 1 {
		payload.SendOnce(r)
	}
	return r, nil
}

// url returns the URL of a call. Host is ignored if the base URL is a proxy or a fake.
func (c *Client) url(cl *call) *url.URL {
	u := *c.cfg.base
	if cl.Host != "" && c.cfg.ownHost {
		u.Host = cl.Host
	}
	if cl.elsewhere {
		u.Host = disasterHost
	}
	if u.RawPath != "" {
		u.RawPath += (&url.URL{Path: cl.Path}).EscapedPath()
	}
	u.Path += cl.Path
	u.RawQuery = cl.rawQuery()
	return &u
}

// rawQuery returns the token, followed by the query as [url.Values.Encode] writes it.
func (cl *call) rawQuery() string {
	var few [8]string
	var short [256]byte
	names, query := few[:0], short[:0]
	if !cl.Anonymous {
		query = append(append(query, "access_token="...), url.QueryEscape(cl.token)...)
	}
	for name := range cl.Query {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range cl.Query[name] {
			if len(query) > 0 {
				query = append(query, '&')
			}
			query = append(append(query, url.QueryEscape(name)...), '=')
			query = append(query, url.QueryEscape(value)...)
		}
	}
	return string(query)
}

// writes records whether any byte of a request can have reached the platform.
type writes struct {
	trace          httptrace.ClientTrace
	reported       bool // the transport reports what it does before it writes
	asked, written atomic.Bool
}

// traceWrites records the writes of the request that is sent with the returned context.
func (c *Client) traceWrites(ctx context.Context) (context.Context, *writes) {
	w := &writes{reported: isStandard(c.rest.GetClient().Transport)}
	w.trace.WroteHeaders = func() { w.written.Store(true) }
	if !w.reported {
		w.trace.GetConn = func(string) { w.asked.Store(true) }
	}
	return httptrace.WithClientTrace(ctx, &w.trace), w
}

// isStandard reports whether a transport is that of net/http, which gets a connection,
// and reports that, before it writes.
func isStandard(transport http.RoundTripper) bool {
	if _, ok := transport.(defaultTransport); ok {
		transport = http.DefaultTransport //nolint:forbidigo // only to know its type
	}
	_, ok := transport.(*http.Transport)
	return ok
}

// none reports whether the request certainly did not reach the platform. If the
// transport supports no tracing, only errors of name resolution and dialing are
// certain.
func (w *writes) none(err error) bool {
	if w != nil {
		if w.written.Load() {
			return false
		}
		if w.asked.Load() || w.reported {
			return true
		}
	}
	var dns *net.DNSError
	var op *net.OpError
	return errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial"
}

// roundTrip sends a request as h.Do does. The rest of its work, which is the copying of
// headers and bodies for redirects, and cookies, is not needed: both are off.
func roundTrip(h *http.Client, r *http.Request) (*http.Response, error) {
	if h.Timeout != 0 {
		return h.Do(r)
	}
	raw, err := h.Transport.RoundTrip(r)
	switch {
	case err != nil:
		return nil, err
	case raw == nil:
		return nil, fmt.Errorf("%T returned neither a response nor an error", h.Transport)
	case raw.Body == nil: // allowed for what net/http does not send
		raw.Body = http.NoBody
	}
	return raw, nil
}

// isCertificate reports whether the certificate of the server is not valid.
func isCertificate(err error) bool {
	var verify *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var cert x509.CertificateInvalidError
	return errors.As(err, &verify) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &cert)
}
