package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newTestAuthority(t *testing.T) *authority {
	t.Helper()
	a, err := newAuthority()
	require.NoError(t, err)
	return a
}

func roots(a *authority) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// Even the key of the authority only impersonates hosts of the platform.
func TestAuthorityVouchesForNothingButThePlatform(t *testing.T) {
	a := newTestAuthority(t)
	verify := func(dns string, ip net.IP) error {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		template := &x509.Certificate{
			NotBefore: a.certificate.NotBefore, NotAfter: a.certificate.NotAfter,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}
		name := dns
		if ip != nil {
			template.IPAddresses, name = []net.IP{ip}, ip.String()
		} else {
			template.DNSNames = []string{dns}
		}
		leaf, err := sign(template, a.certificate, &key.PublicKey, a.key)
		require.NoError(t, err)
		_, err = leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots(a)})
		return err
	}
	require.NoError(t, verify("api.weixin.qq.com", nil))
	require.NoError(t, verify("file.api.weixin.qq.com", nil))
	for _, other := range []string{"example.com", "qq.com", "pay.qq.com", "evilweixin.qq.com", "weixin.qq.com.example.com"} {
		require.Error(t, verify(other, nil), other)
	}
	require.Error(t, verify("", net.IPv4(127, 0, 0, 1)))
	require.Error(t, verify("", net.IPv6loopback))

	leaf, err := a.issue("api.weixin.qq.com")
	require.NoError(t, err)
	_, err = leaf.Leaf.Verify(x509.VerifyOptions{DNSName: "api.weixin.qq.com", Roots: roots(a)})
	require.NoError(t, err)
	assert.False(t, leaf.Leaf.IsCA)
	assert.NotEqual(t, leaf.Leaf.RawSubject, leaf.Leaf.RawIssuer, "OpenSSL would take it for self-signed")
	assert.True(t, a.certificate.MaxPathLenZero)
	assert.True(t, a.certificate.PermittedDNSDomainsCritical)
	assert.Less(t, time.Until(a.certificate.NotAfter), 31*24*time.Hour)
}

func TestOnlyTheCertificateIsWrittenAndOnlyItsOwnerReadsIt(t *testing.T) {
	a := newTestAuthority(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "ca.pem")
	require.NoError(t, a.write(file))
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	block, rest := pem.Decode(data)
	require.NotNil(t, block)
	assert.Equal(t, "CERTIFICATE", block.Type)
	assert.Equal(t, a.certificate.Raw, block.Bytes)
	assert.Empty(t, rest)
	secret, err := a.key.Bytes()
	require.NoError(t, err)
	assert.False(t, bytes.Contains(data, secret))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

func TestWritingReplacesOurOwnFileAndNoOther(t *testing.T) {
	a, file := newTestAuthority(t), filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, newTestAuthority(t).write(file))
	require.NoError(t, a.write(file))
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, a.pem(), data)

	for _, other := range [][]byte{nil, []byte("notes"), append(a.pem(), "notes"...), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})} {
		require.NoError(t, os.WriteFile(file, other, 0o600))
		require.Error(t, a.write(file))
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(other), string(data))
	}
	assert.Error(t, a.write(filepath.Join(t.TempDir(), "missing", "ca.pem")))
}
