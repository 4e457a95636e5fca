package wechattest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/apisec"
)

// origin is what the signatures of API security are made for, wherever the fake
// platform listens.
const origin = "https://api.weixin.qq.com"

// securedPaths are the APIs that take part in API security.
func securedPaths() []string {
	return []string{
		"/cgi-bin/clear_quota", "/cgi-bin/message/custom/send", "/cgi-bin/openapi/quota/get", "/cgi-bin/openapi/rid/get",
		"/wxaapi/newtmpl/addtemplate", "/wxaapi/newtmpl/deltemplate",
	}
}

// security is the account's part of API security, and the platform's.
type security struct {
	platform apisec.Platform
	client   wechat.APISecurity
}

// WithAPISecurity switches API security on (服务端API签名与加密), with fresh keys: calls
// of the APIs that take part must be encrypted and signed, and their answers are.
// [Platform.APISecurity] has what a client needs:
//
//	client := p.Client(wechat.WithAPISecurity(p.APISecurity()))
func WithAPISecurity() Option { return func(s *settings) { s.security = true } }

// APISecurity returns the account's keys, and the platform's certificates, for
// [wechat.WithAPISecurity]. Without the option [WithAPISecurity] it is empty.
func (p *Platform) APISecurity() wechat.APISecurity {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.secured == nil {
		return wechat.APISecurity{}
	}
	in := p.secured.client
	in.Certificates = maps.Clone(in.Certificates)
	return in
}

// ReplaceCertificate makes the platform sign with a new certificate. For now it
// signs with the old one too, so that clients who do not know the new one yet can
// verify; [Platform.APISecurity] has both.
func (p *Platform) ReplaceCertificate() error {
	next, certificate, err := newCertificate()
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.secured == nil {
		return errors.New("wechattest: the account has no API security")
	}
	old := p.secured.platform.Current
	p.secured.platform.Old, p.secured.platform.Current = &old, next
	p.secured.client.Certificates[next.Serial] = certificate
	return nil
}

// newSecurity makes the keys of both ends.
func newSecurity(appID string) (*security, error) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails, see crypto/rand
	key := base64.StdEncoding.EncodeToString(secret)
	aead, err := apisec.AES(key)
	if err != nil {
		return nil, err
	}
	private, public, err := newKeys()
	if err != nil {
		return nil, err
	}
	account, err := apisec.RSAVerifier(public)
	if err != nil {
		return nil, err
	}
	current, certificate, err := newCertificate()
	if err != nil {
		return nil, err
	}
	serial := random(hexadecimal, 32)
	return &security{
		platform: apisec.Platform{
			Channel: apisec.Channel{AppID: appID, Serial: serial, Cipher: aead}, Account: account, Current: current,
		},
		client: wechat.APISecurity{
			SymmetricKey: wechat.Secret(key), SymmetricKeySerial: serial,
			PrivateKey: wechat.Secret(private), PrivateKeySerial: random(hexadecimal, 32),
			Certificates: map[string]string{current.Serial: certificate},
		},
	}, nil
}

func newCertificate() (apisec.Certified, string, error) {
	private, public, err := newKeys()
	if err != nil {
		return apisec.Certified{}, "", err
	}
	signer, err := apisec.RSASigner(private)
	return apisec.Certified{Signer: signer, Serial: random(hexadecimal, 32)}, public, err
}

// newKeys returns a pair of keys as PEM.
func newKeys() (private, public string, err error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", "", err
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return "", "", err
	}
	private = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	return private, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

// unseal verifies and decrypts a call that takes part in API security.
func (p *Platform) unseal(c *call) error {
	if p.secured == nil || c.Method != http.MethodPost || !slices.Contains(securedPaths(), c.Path) {
		return nil
	}
	plain, err := p.secured.platform.Open(origin+c.Path, c.At, c.Header, c.Body)
	var no *apisec.Refusal
	if errors.As(err, &no) {
		return refuse(wechat.Code(no.Code), no.Message)
	}
	if err != nil {
		return err
	}
	c.Body, c.sealed = plain, true
	return nil
}

// seal encrypts and signs the answer to a call that did.
func (p *Platform) seal(c *call, a *answer) *answer {
	if !c.sealed {
		return a
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	body, err := p.secured.platform.Seal(origin+c.Path, c.At, a.header, a.body)
	if err != nil {
		return &answer{status: http.StatusInternalServerError, header: textHeader(), body: []byte(err.Error())}
	}
	a.body = body
	return a
}
