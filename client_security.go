package wechat

import (
	"bytes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wechatoa/wechat/internal/apisec"
	"github.com/wechatoa/wechat/internal/payload"
	"github.com/wechatoa/wechat/internal/usercode"
	"github.com/wechatoa/wechat/internal/wirejson"
)

// ErrUnverified marks a [DecodeError] of a response that cannot be verified: its
// signature is missing, wrong, too old or made with an unknown certificate, or the
// response cannot be decrypted. The call may have been executed and is not retried.
var ErrUnverified = errors.New("response could not be verified")

// APISecurity contains the keys of the API security mode (服务端API签名与加密), as shown
// in the console of the account. Requests and responses are then encrypted and signed
// in addition to TLS. See [WithAPISecurity].
//
// Use the serial numbers that the console shows, even for certificates: the serial number
// inside a certificate is a different one.
type APISecurity struct {
	SymmetricKey       Secret // 对称密钥, Base64 of 32 bytes, for AES256_GCM
	SymmetricKeySerial string

	PrivateKey       Secret // 应用私钥, PEM, for RSAwithSHA256
	PrivateKeySerial string // passed to Signer; RSAwithSHA256 does not use it

	// Certificates contains the certificates of the platform (平台证书) in PEM form, by
	// serial number. Before the platform replaces a certificate, it signs with both for a
	// while, and the client logs a warning. Then add the new certificate.
	Certificates map[string]string

	// Paths lists the APIs whose calls are encrypted and signed; calls of other APIs are
	// sent plain. The platform refuses a plain call of an API that must be secured, and a
	// secured call of any other; the official page of each API says which it needs. nil
	// means the list for Official Accounts:
	//
	//	/cgi-bin/clear_quota
	//	/cgi-bin/message/custom/send
	//	/cgi-bin/openapi/quota/get
	//	/cgi-bin/openapi/rid/get
	//	/wxaapi/newtmpl/addtemplate
	//	/wxaapi/newtmpl/deltemplate
	//
	// Only POST calls with a JSON object are secured; uploads and downloads are not.
	Paths []string

	// Origin is the scheme and host that are signed, as the platform sees them. The
	// default for "" is the base URL of the client if its host is under weixin.qq.com,
	// and https://api.weixin.qq.com if it is a proxy or a fake.
	Origin string

	// Cipher, Signer and Verifiers are for an account that uses SM4_GCM or SM2withSM3;
	// implement them with a library of your choice. Set Cipher instead of SymmetricKey and
	// Signer instead of PrivateKey: if both are set, every call returns an
	// [*ArgumentError].
	// Verifiers, by serial number, are used in addition to Certificates.
	Cipher    cipher.AEAD
	Signer    APISigner
	Verifiers map[string]APIVerifier
}

// APISigner signs with the account's private key.
type APISigner interface {
	// Sign signs a message. serial is [APISecurity.PrivateKeySerial], which is the user
	// ID of SM2withSM3.
	Sign(serial string, message []byte) (signature []byte, err error)
}

// APIVerifier verifies with the public key of a certificate of the platform.
type APIVerifier interface {
	// Verify verifies a signature. serial is that of the certificate, which is the user
	// ID of SM2withSM3.
	Verify(serial string, message, signature []byte) error
}

// WithAPISecurity encrypts and signs calls with the keys of the account, and refuses
// responses that the platform has not signed (服务端API签名与加密). It is for accounts
// that have enabled this in the console, and applies to the few APIs of
// [APISecurity].Paths. If a response cannot be verified, the call returns a
// [*DecodeError] that is [ErrUnverified]. If the platform refuses a call before it checks
// the signature, for example because of the token, the response is plain and the call
// returns an [*Error].
//
// The clock of the machine must be accurate to within 300 seconds.
//
// https://developers.weixin.qq.com/miniprogram/dev/server/getting_started/api_signature.html
func WithAPISecurity(s APISecurity) Option {
	return func(c *config) { c.secure = func(cfg *config) (*security, error) { return newSecurity(cfg, s) } }
}

// Format prints the serial number of the symmetric key, whatever the verb.
func (s APISecurity) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.name()) }

// LogValue returns the serial number of the symmetric key.
func (s APISecurity) LogValue() slog.Value { return slog.StringValue(s.name()) }

// MarshalJSON writes the serial number of the symmetric key.
func (s APISecurity) MarshalJSON() ([]byte, error) { return json.Marshal(s.name()) }

func (s APISecurity) name() string { return "wechat.APISecurity(" + s.SymmetricKeySerial + ")" }

// securedPaths are the APIs of Official Accounts that can be secured.
var securedPaths = []string{
	"/cgi-bin/clear_quota", "/cgi-bin/message/custom/send", "/cgi-bin/openapi/quota/get", "/cgi-bin/openapi/rid/get",
	"/wxaapi/newtmpl/addtemplate", "/wxaapi/newtmpl/deltemplate",
}

// security secures the calls of a client. If it is nil, they are plain. Only
// [WithAPISecurity] refers to what makes it, so that a program without that option does
// not contain the keys that crypto/x509 can read.
type security struct {
	channel   apisec.Channel
	signer    APISigner
	serial    string // of the signer's key
	verifiers map[string]APIVerifier
	origin    string
	asked     bool // the program has set the origin
	paths     []string
	log       *slog.Logger
	warned    atomic.Bool
}

func newSecurity(cfg *config, in APISecurity) (*security, error) {
	err := first(notEmpty("appID", cfg.appID), notEmpty("APISecurity.SymmetricKeySerial", in.SymmetricKeySerial), in.checkPairs())
	if err != nil {
		return nil, err
	}
	s := &security{
		channel:   apisec.Channel{AppID: cfg.appID, Serial: in.SymmetricKeySerial, Cipher: in.Cipher},
		signer:    in.Signer,
		serial:    in.PrivateKeySerial,
		verifiers: map[string]APIVerifier{},
		asked:     in.Origin != "",
		paths:     slices.Clone(in.Paths),
		log:       cfg.log,
	}
	if s.channel.Cipher == nil {
		if s.channel.Cipher, err = apisec.AES(string(in.SymmetricKey)); err != nil {
			return nil, invalid("APISecurity.SymmetricKey", "%v", err)
		}
	}
	if s.signer == nil {
		if s.signer, err = apisec.RSASigner(string(in.PrivateKey)); err != nil {
			return nil, invalid("APISecurity.PrivateKey", "%v", err)
		}
	}
	for serial, certificate := range in.Certificates {
		if s.verifiers[serial], err = apisec.RSAVerifier(certificate); err != nil {
			return nil, invalid("APISecurity.Certificates["+strconv.Quote(serial)+"]", "%v", err)
		}
	}
	maps.Copy(s.verifiers, in.Verifiers)
	if len(s.verifiers) == 0 {
		return nil, invalid("APISecurity.Certificates", "must not be empty: responses could not be verified")
	}
	for serial, verifier := range s.verifiers {
		if serial == "" || verifier == nil {
			return nil, invalid("APISecurity.Verifiers", "must have a serial number and not be nil, as must Certificates")
		}
	}
	if in.Paths == nil {
		s.paths = securedPaths
	}
	for i, path := range s.paths {
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "?# ") {
			return nil, invalid(fmt.Sprintf("APISecurity.Paths[%d]", i), "must begin with / and contain neither host nor query")
		}
	}
	s.origin, err = in.origin(cfg.baseURL)
	return s, err
}

// checkPairs refuses two keys for one purpose, of which only one would be used.
func (s *APISecurity) checkPairs() error {
	switch {
	case s.Cipher != nil && s.SymmetricKey != "":
		return invalid("APISecurity.Cipher", "must not be combined with SymmetricKey: one of them encrypts")
	case s.Signer != nil && s.PrivateKey != "":
		return invalid("APISecurity.Signer", "must not be combined with PrivateKey: one of them signs")
	}
	for serial := range s.Verifiers {
		if _, both := s.Certificates[serial]; both {
			return invalid("APISecurity.Verifiers["+strconv.Quote(serial)+"]", "must not have the serial number of one of Certificates")
		}
	}
	return nil
}

// origin returns the scheme and host that are signed.
func (s *APISecurity) origin(baseURL string) (string, error) {
	if s.Origin == "" {
		u, err := url.Parse(baseURL)
		if err != nil || !strings.HasSuffix("."+u.Hostname(), ".weixin.qq.com") {
			return defaultBaseURL, nil //nolint:nilerr // the base URL was checked
		}
		return u.Scheme + "://" + u.Host, nil
	}
	u, err := url.Parse(s.Origin)
	if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != s.Origin {
		return "", invalid("APISecurity.Origin", "must be scheme://host without a path")
	}
	return s.Origin, nil
}

// prepare moves the query of a call that is secured into its body.
func (s *security) prepare(cl *call) error {
	if s == nil || !s.covers(cl) {
		return nil
	}
	object := []byte("{}")
	if cl.body != nil {
		object = cl.body.Bytes()
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(object, &fields); err != nil || fields == nil {
		return invalid("Body", "must be a JSON object to be encrypted")
	}
	for _, name := range []string{"_n", "_appid", "_timestamp"} {
		if _, ok := fields[name]; ok || cl.Query.Has(name) {
			return invalid("Body", "must not contain %s, which the encryption adds", name)
		}
	}
	merged, err := mergeQuery(object, fields, cl.Query)
	if err != nil {
		return err
	}
	cl.secret, cl.Query = merged, nil
	return nil
}

// covers reports whether a call is secured.
func (s *security) covers(cl *call) bool {
	if !isJSONBody(cl.Body) {
		return false
	}
	_, stream := cl.sink()
	return cl.Method == http.MethodPost && !stream && slices.Contains(s.paths, cl.Path)
}

// mergeQuery puts the parameters of a query in front of the fields of an object. If a
// parameter is also a field, as some APIs require, only the field remains.
func mergeQuery(object []byte, fields map[string]json.RawMessage, query url.Values) ([]byte, error) {
	extra := map[string]string{}
	for name, values := range query {
		if len(values) != 1 {
			return nil, invalid("Query", "must have one value of %s to be encrypted, but has %d", name, len(values))
		}
		if _, ok := fields[name]; !ok {
			extra[name] = values[0]
		}
	}
	if len(extra) == 0 {
		return object, nil
	}
	head, err := wirejson.Encode(extra)
	if err != nil {
		return nil, err
	}
	rest := bytes.TrimSpace(bytes.TrimSpace(object)[1:])
	head = head[:len(head)-1]
	if rest[0] != '}' {
		head = append(head, ',')
	}
	return append(head, rest...), nil
}

// signedURL returns the URL that the signatures of an attempt contain.
func (s *security) signedURL(cl *call) string {
	if cl.elsewhere && !s.asked {
		return "https://" + disasterHost + cl.Path
	}
	return s.origin + cl.Path
}

// seal returns the body of an attempt.
func (s *security) seal(cl *call) (*payload.Payload, error) {
	if cl.secret == nil {
		return cl.body, nil
	}
	at, signed := time.Now().Unix(), s.signedURL(cl)
	body, err := s.channel.Encrypt(signed, at, cl.secret)
	if err != nil {
		return nil, err
	}
	var signature []byte
	err = usercode.Recover(func() (err error) { // the signer may be the program's
		signature, err = s.signer.Sign(s.serial, apisec.Message(signed, s.channel.AppID, at, body))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sign request: %w", err)
	}
	p := payload.FromBytes("application/json", body)
	p.SetHeader(apisec.HeaderAppID, s.channel.AppID)
	p.SetHeader(apisec.HeaderTimestamp, strconv.FormatInt(at, 10))
	p.SetHeader(apisec.HeaderSignature, base64.StdEncoding.EncodeToString(signature))
	return p, nil
}

// open verifies and decrypts the response to a secured call.
func (s *security) open(cl *call, raw *http.Response, data []byte) ([]byte, error) {
	if cl.secret == nil {
		return data, nil
	}
	if raw.Header.Get(apisec.HeaderSignature) == "" && believable(cl, raw.StatusCode, data) {
		return data, nil
	}
	plain, err := s.verified(raw, s.signedURL(cl), data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnverified, err)
	}
	return plain, nil
}

// believable reports whether a response may be unsigned: it says that the call failed
// before the platform checked the signature.
func believable(cl *call, status int, data []byte) bool {
	code := codeIn(data)
	if code == 0 {
		return status/100 != 2
	}
	return !slices.Contains(cl.AlreadyDone, code) // that is success, which is signed
}

// codeIn returns the errcode of a response, or 0 if it has none.
func codeIn(data []byte) Code {
	answer, _ := wirejson.Decode(data, nil)
	return Code(answer.Refusal.Code)
}

// verified returns the decrypted response if its signature is valid for url.
func (s *security) verified(raw *http.Response, url string, data []byte) ([]byte, error) {
	h := raw.Header
	if h.Get(apisec.HeaderAppID) != s.channel.AppID {
		return nil, errors.New("it is for another account")
	}
	at, err := apisec.Timestamp(h.Get(apisec.HeaderTimestamp), time.Now())
	if err != nil {
		return nil, err
	}
	if err := s.verify(raw, apisec.Message(url, s.channel.AppID, at, data)); err != nil {
		return nil, err
	}
	if codeIn(data) != 0 {
		return data, nil //nolint:nilerr // the code is the content of the response: signed, and not encrypted
	}
	plain, err := s.channel.Decrypt(url, at, data)
	if err != nil {
		return nil, err
	}
	var document json.RawMessage // repaired
	if _, err := wirejson.Decode(plain, &document); err != nil {
		return nil, err
	}
	return s.channel.Strip(at, document)
}

// verify checks the signature of a response whose certificate is known.
func (s *security) verify(raw *http.Response, message []byte) error {
	serial, signed := raw.Header.Get(apisec.HeaderSerial), raw.Header.Get(apisec.HeaderSignature)
	verifier, known := s.verifiers[serial]
	if !known {
		deprecated := raw.Header.Get(apisec.HeaderSerialDeprecated)
		if verifier, known = s.verifiers[deprecated]; !known {
			return fmt.Errorf("it is signed with certificate %.64q, which the client does not have", serial)
		}
		s.warn(deprecated, serial)
		serial, signed = deprecated, raw.Header.Get(apisec.HeaderSignatureDeprecated)
	}
	signature, err := base64.StdEncoding.DecodeString(signed)
	if err != nil || usercode.Recover(func() error { return verifier.Verify(serial, message, signature) }) != nil {
		return errors.New("invalid signature")
	}
	return nil
}

// warn logs, once, that a certificate is being replaced.
func (s *security) warn(old, replacement string) {
	if s.warned.CompareAndSwap(false, true) {
		s.log.Warn("wechat: the platform is replacing its certificate: add the new one to APISecurity",
			slog.String("old", old), slog.String("new", replacement))
	}
}
