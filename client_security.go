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

// ErrUnverified marks a [DecodeError] of an answer that the platform can not be
// shown to have given: its signature is missing or wrong, comes from an unknown
// certificate, is too old, or the answer can not be decrypted. Whether the call
// was executed is unknown, and it is not repeated.
var ErrUnverified = errors.New("answer could not be verified")

// APISecurity holds the keys of the API security mode (服务端API签名与加密), as
// the account's console shows them: requests and answers are encrypted and signed
// above TLS. See [WithAPISecurity].
//
// Serial numbers are those of the console, also for certificates, which have
// another one inside.
type APISecurity struct {
	SymmetricKey       Secret // 对称密钥, Base64 of 32 bytes, for AES256_GCM
	SymmetricKeySerial string

	PrivateKey       Secret // 应用私钥, PEM, for RSAwithSHA256
	PrivateKeySerial string // goes to Signer; RSAwithSHA256 does without it

	// Certificates are the platform's (平台证书), PEM by serial number. Before the
	// platform replaces one, its answers are signed with both for a while: add the
	// new one when the client logs a warning.
	Certificates map[string]string

	// Paths are the APIs that are secured; others are called as ever. The platform
	// refuses a plain call of an API that it wants secured, and the other way
	// round: the page of an API says whether it is one. nil is the list known for
	// Official Accounts:
	//
	//	/cgi-bin/clear_quota
	//	/cgi-bin/message/custom/send
	//	/cgi-bin/openapi/quota/get
	//	/cgi-bin/openapi/rid/get
	//	/wxaapi/newtmpl/addtemplate
	//	/wxaapi/newtmpl/deltemplate
	//
	// Only calls by POST with a JSON object are secured, no uploads or downloads.
	Paths []string

	// Origin is scheme and host of the platform as the platform sees it: they are
	// signed. "" is the base URL of the client where that is an address under
	// weixin.qq.com, and https://api.weixin.qq.com where it is a proxy or a fake.
	Origin string

	// Cipher, Signer and Verifiers are for an account that has chosen SM4_GCM or
	// SM2withSM3, which come from a library. Cipher replaces SymmetricKey and Signer
	// replaces PrivateKey: setting both is an [*ArgumentError] of every call. Verifiers,
	// by serial number, are used beside Certificates.
	Cipher    cipher.AEAD
	Signer    APISigner
	Verifiers map[string]APIVerifier
}

// APISigner signs with the account's private key.
type APISigner interface {
	// Sign signs a message. serial is [APISecurity.PrivateKeySerial], which
	// SM2withSM3 takes as the user ID.
	Sign(serial string, message []byte) (signature []byte, err error)
}

// APIVerifier verifies with the public key of one of the platform's certificates.
type APIVerifier interface {
	// Verify verifies a signature. serial is the certificate's, which SM2withSM3
	// takes as the user ID.
	Verify(serial string, message, signature []byte) error
}

// WithAPISecurity encrypts and signs calls with the account's keys, and refuses
// answers that the platform has not signed (服务端API签名与加密). It is for accounts
// that have switched this on in the console, and for the few APIs that take part,
// see [APISecurity]. Refusals that the platform makes before it looks at the
// security, such as a wrong token, are plain and come back as [*Error] as ever;
// an answer that does not verify is a [*DecodeError] and [ErrUnverified].
//
// The clock of the machine must be right to 300 seconds.
//
// https://developers.weixin.qq.com/miniprogram/dev/server/getting_started/api_signature.html
func WithAPISecurity(s APISecurity) Option { return func(c *config) { c.security = &s } }

// Format prints the serial number of the symmetric key, whatever the verb.
func (s APISecurity) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.name()) }

// LogValue returns the serial number of the symmetric key.
func (s APISecurity) LogValue() slog.Value { return slog.StringValue(s.name()) }

// MarshalJSON writes the serial number of the symmetric key.
func (s APISecurity) MarshalJSON() ([]byte, error) { return json.Marshal(s.name()) }

func (s APISecurity) name() string { return "wechat.APISecurity(" + s.SymmetricKeySerial + ")" }

// securedPaths are the APIs of Official Accounts that take part in API security.
var securedPaths = []string{
	"/cgi-bin/clear_quota", "/cgi-bin/message/custom/send", "/cgi-bin/openapi/quota/get", "/cgi-bin/openapi/rid/get",
	"/wxaapi/newtmpl/addtemplate", "/wxaapi/newtmpl/deltemplate",
}

// security secures the calls of a client. A nil security leaves them as they are.
type security struct {
	channel   apisec.Channel
	signer    APISigner
	serial    string // of the signer's key
	verifiers map[string]APIVerifier
	origin    string
	paths     []string
	log       *slog.Logger
	warned    atomic.Bool
}

func newSecurity(cfg *config) (*security, error) {
	if cfg.security == nil {
		return nil, nil //nolint:nilnil // no security, no error
	}
	in := *cfg.security
	err := first(notEmpty("appID", cfg.appID), notEmpty("APISecurity.SymmetricKeySerial", in.SymmetricKeySerial), in.checkPairs())
	if err != nil {
		return nil, err
	}
	s := &security{
		channel:   apisec.Channel{AppID: cfg.appID, Serial: in.SymmetricKeySerial, Cipher: in.Cipher},
		signer:    in.Signer,
		serial:    in.PrivateKeySerial,
		verifiers: map[string]APIVerifier{},
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

// checkPairs refuses two ways to do one thing, of which only one would be used.
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

// origin returns scheme and host that requests and answers are signed for.
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

// enclose makes a call that is to be secured ready for its attempts: its query
// goes into its body.
func (s *security) enclose(cl *call) error {
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

// covers reports whether a call is to be secured.
func (s *security) covers(cl *call) bool {
	if !isJSONBody(cl.Body) {
		return false
	}
	_, stream := cl.sink()
	return cl.Method == http.MethodPost && !stream && slices.Contains(s.paths, cl.Path)
}

// mergeQuery puts the parameters of a query in front of the fields of an object. A
// parameter that is a field too, as some APIs want it, stays the field.
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

// seal returns the body of an attempt.
func (s *security) seal(cl *call) (*payload.Payload, error) {
	if cl.secret == nil {
		return cl.body, nil
	}
	at, address := time.Now().Unix(), s.origin+cl.Path
	body, err := s.channel.Encrypt(address, at, cl.secret)
	if err != nil {
		return nil, err
	}
	var signature []byte
	err = usercode.Recover(func() (err error) { // it may be the program's
		signature, err = s.signer.Sign(s.serial, apisec.Message(address, s.channel.AppID, at, body))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("request could not be signed: %w", err)
	}
	p := payload.FromBytes("application/json", body)
	p.SetHeader(apisec.HeaderAppID, s.channel.AppID)
	p.SetHeader(apisec.HeaderTimestamp, strconv.FormatInt(at, 10))
	p.SetHeader(apisec.HeaderSignature, base64.StdEncoding.EncodeToString(signature))
	return p, nil
}

// open verifies and decrypts the answer to a secured call.
func (s *security) open(cl *call, raw *http.Response, data []byte) ([]byte, error) {
	if cl.secret == nil {
		return data, nil
	}
	if raw.Header.Get(apisec.HeaderSignature) == "" && believable(cl, raw.StatusCode, data) {
		return data, nil
	}
	plain, err := s.verified(raw, s.origin+cl.Path, data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnverified, err)
	}
	return plain, nil
}

// believable reports whether an answer that is not signed may be taken as it is:
// one that says that the call failed before the platform looked at its security.
func believable(cl *call, status int, data []byte) bool {
	code := codeIn(data)
	if code == 0 {
		return status/100 != 2
	}
	return !slices.Contains(cl.AlreadyDone, code) // done before is success, which is signed
}

// codeIn returns the errcode of an answer, 0 where it has none.
func codeIn(data []byte) Code {
	answer, _ := wirejson.Decode(data, nil)
	return Code(answer.Refusal.Code)
}

func (s *security) verified(raw *http.Response, address string, data []byte) ([]byte, error) {
	h := raw.Header
	if h.Get(apisec.HeaderAppID) != s.channel.AppID {
		return nil, errors.New("it is not for this account")
	}
	at, err := apisec.Timestamp(h.Get(apisec.HeaderTimestamp), time.Now())
	if err != nil {
		return nil, err
	}
	if err := s.verify(raw, apisec.Message(address, s.channel.AppID, at, data)); err != nil {
		return nil, err
	}
	if codeIn(data) != 0 {
		return data, nil //nolint:nilerr // a Code is an error, but this one is what the answer says: signed, nothing to encrypt
	}
	plain, err := s.channel.Decrypt(address, at, data)
	if err != nil {
		return nil, err
	}
	var document json.RawMessage // repaired
	if _, err := wirejson.Decode(plain, &document); err != nil {
		return nil, err
	}
	return s.channel.Strip(at, document)
}

// verify checks the one of an answer's signatures whose certificate is known.
func (s *security) verify(raw *http.Response, message []byte) error {
	serial, signed := raw.Header.Get(apisec.HeaderSerial), raw.Header.Get(apisec.HeaderSignature)
	verifier, known := s.verifiers[serial]
	if !known {
		deprecated := raw.Header.Get(apisec.HeaderSerialDeprecated)
		if verifier, known = s.verifiers[deprecated]; !known {
			return fmt.Errorf("it is signed with certificate %.64q, which is none of the client's", serial)
		}
		s.warn(deprecated, serial)
		serial, signed = deprecated, raw.Header.Get(apisec.HeaderSignatureDeprecated)
	}
	signature, err := base64.StdEncoding.DecodeString(signed)
	if err != nil || usercode.Recover(func() error { return verifier.Verify(serial, message, signature) }) != nil {
		return errors.New("its signature is wrong")
	}
	return nil
}

// warn tells once that a certificate is about to be replaced.
func (s *security) warn(old, replacement string) {
	if s.warned.CompareAndSwap(false, true) {
		s.log.Warn("wechat: the platform is replacing its certificate, add the new one to APISecurity",
			slog.String("old", old), slog.String("new", replacement))
	}
}
