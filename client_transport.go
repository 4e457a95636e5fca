package wechat

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptrace"
	"sync/atomic"
)

// writes tells whether any byte of a request can have reached the platform.
type writes struct{ asked, written atomic.Bool }

// traceWrites watches the request that is sent with the returned context.
func traceWrites(ctx context.Context) (context.Context, *writes) {
	w := new(writes)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:      func(string) { w.asked.Store(true) },
		WroteHeaders: func() { w.written.Store(true) },
	}), w
}

// none reports whether the request certainly did not reach the platform. A
// transport that reports no trace is believed only where its error speaks of the
// time before the request.
func (w *writes) none(err error) bool {
	if w.written.Load() {
		return false
	}
	if w.asked.Load() {
		return true
	}
	var dns *net.DNSError
	var op *net.OpError
	return errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial"
}

// isCertificate reports whether the other side could not prove who it is.
func isCertificate(err error) bool {
	var verify *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var cert x509.CertificateInvalidError
	return errors.As(err, &verify) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &cert)
}
