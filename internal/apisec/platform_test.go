package apisec

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newKey(t *testing.T) (Signer, Verifier) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(t, err)
	verifier, err := RSAVerifier(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})))
	require.NoError(t, err)
	return rsaSigner{key}, verifier
}

func TestSealedAnswerIsSignedWithBothCertificatesAndDecrypts(t *testing.T) {
	signer, verifier := newKey(t)
	oldSigner, oldVerifier := newKey(t)
	p := &Platform{Channel: *docChannel(t), Current: Certified{signer, "new"}, Old: &Certified{oldSigner, "old"}}
	now, header := time.Unix(docAnswerTime, 0), http.Header{}
	body, err := p.Seal(docURL, now, header, []byte(`{"a":1}`))
	require.NoError(t, err)
	assert.Equal(t, p.AppID, header.Get(HeaderAppID))
	assert.Equal(t, strconv.Itoa(docAnswerTime), header.Get(HeaderTimestamp))
	assert.Equal(t, []string{"new", "old"}, []string{header.Get(HeaderSerial), header.Get(HeaderSerialDeprecated)})
	message := Message(docURL, p.AppID, docAnswerTime, body)
	require.NoError(t, verifier.Verify("new", message, unbase64(t, header.Get(HeaderSignature))))
	require.NoError(t, oldVerifier.Verify("old", message, unbase64(t, header.Get(HeaderSignatureDeprecated))))
	require.Error(t, verifier.Verify("new", message, unbase64(t, header.Get(HeaderSignatureDeprecated))))

	plain, err := p.Decrypt(docURL, docAnswerTime, body)
	require.NoError(t, err)
	object, err := p.Strip(docAnswerTime, plain)
	require.NoError(t, err)
	assert.JSONEq(t, `{"a":1}`, string(object))

	p.Old = nil
	header = http.Header{}
	_, err = p.Seal(docURL, now, header, []byte(`{"a":1}`))
	require.NoError(t, err)
	assert.Empty(t, header.Values(HeaderSignatureDeprecated))
}

type failingSigner struct{}

var errNoKey = errors.New("no key")

func (failingSigner) Sign(string, []byte) ([]byte, error) { return nil, errNoKey }

func TestAnswerThatCannotBeSealedIsAnError(t *testing.T) {
	p := &Platform{Channel: *docChannel(t), Current: Certified{failingSigner{}, "new"}}
	_, err := p.Seal(docURL, time.Unix(docAnswerTime, 0), http.Header{}, []byte(`{}`))
	require.ErrorIs(t, err, errNoKey)
	_, err = p.Seal(docURL, time.Unix(docAnswerTime, 0), http.Header{}, []byte(`[]`))
	require.Error(t, err)
	assert.Equal(t, "40234 invalid signature", ErrSignature.Error())
}

func TestRequestOfAnotherAccountInsideIsRefused(t *testing.T) {
	signer, verifier := newKey(t)
	p := &Platform{Channel: *docChannel(t), Account: verifier}
	stranger := p.Channel
	body := stranger.Cipher.Seal(nil, make([]byte, 12), []byte(`{"_appid":"other","_timestamp":1635927954}`), stranger.additional(docURL, docRequestTime))
	split := len(body) - stranger.Cipher.Overhead()
	envelope := []byte(`{"iv":"` + base64.StdEncoding.EncodeToString(make([]byte, 12)) + `","data":"` + base64.StdEncoding.EncodeToString(body[:split]) +
		`","authtag":"` + base64.StdEncoding.EncodeToString(body[split:]) + `"}`)
	signature, err := signer.Sign("", Message(docURL, p.AppID, docRequestTime, envelope))
	require.NoError(t, err)
	header := http.Header{}
	header.Set(HeaderAppID, p.AppID)
	header.Set(HeaderTimestamp, strconv.Itoa(docRequestTime))
	header.Set(HeaderSignature, base64.StdEncoding.EncodeToString(signature))
	_, err = p.Open(docURL, time.Unix(docRequestTime, 0), header, envelope)
	require.ErrorIs(t, err, ErrEncryption)
}

func TestKeyOfAnotherAlgorithmIsNoCertificate(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(t, err)
	_, err = RSAVerifier(base64.StdEncoding.EncodeToString(public))
	require.ErrorContains(t, err, "must contain an RSA key")
}
