package apisec

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
)

// AES returns the cipher AES256_GCM for a key in Base64. Its errors contain nothing of
// the key.
func AES(key string) (cipher.AEAD, error) {
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(key), "="))
	if err != nil {
		return nil, errors.New("must be Base64")
	}
	if len(raw) != 32 {
		return nil, errors.New("must have 32 bytes")
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// saltLength is the length of the salt in a signature. A verifier reads it from the
// signature.
const saltLength = 32

type rsaSigner struct{ key *rsa.PrivateKey }

// RSASigner signs with RSAwithSHA256, that is RSASSA-PSS. The key is PKCS #1 or PKCS #8,
// in PEM or only the Base64 in it. Errors contain nothing of the key.
func RSASigner(key string) (Signer, error) {
	der, err := derOf(key)
	if err != nil {
		return nil, err
	}
	if k, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return rsaSigner{k}, nil
	}
	if k, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		if k, ok := k.(*rsa.PrivateKey); ok {
			return rsaSigner{k}, nil
		}
	}
	return nil, errors.New("must be an RSA private key")
}

func (s rsaSigner) Sign(_ string, message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	return rsa.SignPSS(rand.Reader, s.key, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: saltLength})
}

type rsaVerifier struct{ key *rsa.PublicKey }

// RSAVerifier verifies RSAwithSHA256 with a certificate or a public key, in PEM or only
// the Base64 in it. The dates of a certificate are ignored, because the platform names
// the one that it signed with.
func RSAVerifier(certificate string) (Verifier, error) {
	der, err := derOf(certificate)
	if err != nil {
		return nil, err
	}
	var public any
	if cert, err := x509.ParseCertificate(der); err == nil {
		public = cert.PublicKey
	} else if public, err = x509.ParsePKIXPublicKey(der); err != nil {
		return nil, errors.New("must be a certificate")
	}
	key, ok := public.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("must contain an RSA key")
	}
	return rsaVerifier{key}, nil
}

func (v rsaVerifier) Verify(_ string, message, signature []byte) error {
	digest := sha256.Sum256(message)
	return rsa.VerifyPSS(v.key, crypto.SHA256, digest[:], signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto})
}

// derOf returns the bytes in PEM, or in text that is only the Base64 of it.
func derOf(text string) ([]byte, error) {
	if block, _ := pem.Decode([]byte(text)); block != nil {
		return block.Bytes, nil
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil || len(der) == 0 {
		return nil, errors.New("must be PEM or Base64")
	}
	return der, nil
}
