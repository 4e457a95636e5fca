package wechat_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

// issued is a certificate with its key.
type issued struct {
	*x509.Certificate

	key *ecdsa.PrivateKey
}

// issue makes a certificate; without an issuer, it signs itself.
func issue(t *testing.T, by *issued, change func(*x509.Certificate)) *issued {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	change(template)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	parent, signer := template, key
	if by != nil {
		parent, signer = by.Certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &issued{cert, key}
}

func authority(c *x509.Certificate) {
	c.IsCA, c.KeyUsage, c.IPAddresses = true, x509.KeyUsageCertSign, nil
}

// TestC17_NoCertificateWithADefectIsAccepted serves four certificates with one defect each,
// directly and through a proxy, and a good one, so that nothing else is refused.
func TestC17_NoCertificateWithADefectIsAccepted(t *testing.T) {
	trusted, unknown := issue(t, nil, authority), issue(t, nil, authority)
	roots := x509.NewCertPool()
	roots.AddCert(trusted.Certificate)
	none := func(*x509.Certificate) {}
	accepted, refused := 0, 0
	for name, cert := range map[string]*issued{
		"good":        issue(t, trusted, none),
		"self-signed": issue(t, nil, none),
		"expired":     issue(t, trusted, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-24 * time.Hour) }),
		"wrong host":  issue(t, trusted, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"api.example"} }),
		"untrusted":   issue(t, unknown, none),
	} {
		for _, through := range []string{"no proxy", "a proxy"} {
			t.Run(name+" through "+through, func(t *testing.T) {
				p := wechattest.NewPlatform()
				defer p.Close()
				server := httptest.NewUnstartedServer(p)
				server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: cert.key}}}
				server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
				server.StartTLS()
				defer server.Close()
				transport := wechat.NewTransport()
				defer transport.CloseIdleConnections()
				transport.TLSClientConfig = &tls.Config{RootCAs: roots}
				var tunnels atomic.Int64
				if through == "a proxy" {
					proxy := httptest.NewServer(tunnel(&tunnels))
					defer proxy.Close()
					address, err := url.Parse(proxy.URL)
					require.NoError(t, err)
					transport.Proxy = http.ProxyURL(address)
				}
				c := p.Client(wechat.WithBaseURL(server.URL), wechat.WithHTTPClient(&http.Client{Transport: transport}))
				_, err := c.ListTags(t.Context())
				assert.Equal(t, through == "a proxy", tunnels.Load() > 0)
				if name == "good" {
					require.NoError(t, err)
					accepted++
					return
				}
				refused++
				var failed *wechat.RequestError
				require.ErrorAs(t, err, &failed)
				var verification *tls.CertificateVerificationError
				require.ErrorAs(t, err, &verification)
				assert.Equal(t, 1, failed.Attempts, "a certificate does not get better")
				assert.NotContains(t, err.Error(), p.AppSecret)
				assert.Empty(t, p.Calls(), "nothing was sent")
			})
		}
	}
	assert.Equal(t, 2, accepted, "the good one, in both ways")
	assert.Equal(t, 8, refused)
}

// tunnel is a proxy for CONNECT.
func tunnel(count *atomic.Int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		upstream, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer func() { _ = upstream.Close() }()
		w.WriteHeader(http.StatusOK)
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_ = buf.Flush()
		go func() {
			_, _ = io.Copy(upstream, buf) // buf holds what the server has read already
			_ = upstream.Close()
		}()
		_, _ = io.Copy(conn, upstream)
	})
}
