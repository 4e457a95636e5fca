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

// origin is the base URL of the signatures of API security, wherever the fake platform
// listens.
const origin = "https://api.weixin.qq.com"

// securedPaths returns the APIs that support API security.
func securedPaths() []string {
	return []string{
		"/cgi-bin/clear_quota", "/cgi-bin/message/custom/send", "/cgi-bin/openapi/quota/get", "/cgi-bin/openapi/rid/get",
		"/wxaapi/newtmpl/addtemplate", "/wxaapi/newtmpl/deltemplate",
	}
}

// security holds the keys of API security, of the account and of the platform.
type security struct {
	platform apisec.Platform
	client   wechat.APISecurity
}

// WithAPISecurity enables API security (服务端API签名与加密) with new keys: calls to the APIs that
// support it must be encrypted and signed, and so are their responses.
// [Platform.APISecurity] returns the configuration of a client:
//
//	client := p.Client(wechat.WithAPISecurity(p.APISecurity()))
func WithAPISecurity() Option { return func(s *settings) { s.security = true } }

// APISecurity returns the keys of the account and the certificates of the platform, for
// [wechat.WithAPISecurity]. Without the option [WithAPISecurity], it returns the zero
// value.
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

// ReplaceCertificate makes the platform sign with a new certificate. It also signs with
// the old one, so that clients without the new certificate can still verify responses;
// [Platform.APISecurity] returns both. It returns an error without the option
// [WithAPISecurity].
func (p *Platform) ReplaceCertificate() error {
	next, certificate, err := newCertificate()
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.secured == nil {
		return errors.New("wechattest: ReplaceCertificate needs the option WithAPISecurity")
	}
	old := p.secured.platform.Current
	p.secured.platform.Old, p.secured.platform.Current = &old, next
	p.secured.client.Certificates[next.Serial] = certificate
	return nil
}

// newSecurity generates the keys of both sides.
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

// newKeys returns a key pair as PEM.
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

// unseal verifies and decrypts a call of an API that supports API security.
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

// seal encrypts and signs the response to such a call.
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
