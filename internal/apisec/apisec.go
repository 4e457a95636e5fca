// Package apisec implements the API security mode of the platform (服务端API签名与加密):
// JSON objects that are encrypted with a shared key and signed by their sender. The
// client is the end of the account; [Platform] is the other one.
//
// https://developers.weixin.qq.com/miniprogram/dev/server/getting_started/api_signature.html
package apisec

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// The headers of requests and responses. A request has the first three.
const (
	HeaderAppID     = "Wechatmp-Appid"
	HeaderTimestamp = "Wechatmp-TimeStamp"
	HeaderSignature = "Wechatmp-Signature"
	HeaderSerial    = "Wechatmp-Serial"

	// While the platform replaces its certificate, responses are signed twice.
	HeaderSignatureDeprecated = "Wechatmp-Signature-Deprecated"
	HeaderSerialDeprecated    = "Wechatmp-Serial-Deprecated"
)

// Signer signs messages with a private key.
type Signer interface {
	// Sign signs with the key that has this serial number.
	Sign(serial string, message []byte) (signature []byte, err error)
}

// Verifier verifies signatures with a public key.
type Verifier interface {
	// Verify verifies with the key that has this serial number.
	Verify(serial string, message, signature []byte) error
}

// Message returns the message to sign for a body that is sent to url, which must have
// neither query nor fragment.
func Message(url, appID string, at int64, body []byte) []byte {
	return append([]byte(url+"\n"+appID+"\n"+strconv.FormatInt(at, 10)+"\n"), body...)
}

// window is how many seconds the clocks of both ends may differ.
const window = 300

// Timestamp reads the time of a message and refuses one that is too far from now.
func Timestamp(header string, now time.Time) (int64, error) {
	at, err := strconv.ParseInt(header, 10, 64)
	if err != nil {
		return 0, errors.New("timestamp is not a number")
	}
	if at < now.Unix()-window || at > now.Unix()+window {
		return 0, errors.New("timestamp is more than 300 seconds from now")
	}
	return at, nil
}

// Channel encrypts and decrypts for an account.
type Channel struct {
	AppID  string
	Serial string // of the cipher's key
	Cipher cipher.AEAD
}

// envelope is a body on the wire; encoding/json writes the bytes in Base64.
type envelope struct {
	IV   []byte `json:"iv"`
	Data []byte `json:"data"`
	Tag  []byte `json:"authtag"`
}

// nonceBytes is the length of the nonce in bytes.
const nonceBytes = 16

// Encrypt puts a JSON object into an envelope.
func (c *Channel) Encrypt(url string, at int64, object []byte) ([]byte, error) {
	random := make([]byte, nonceBytes+c.Cipher.NonceSize())
	_, _ = rand.Read(random) // never fails, see crypto/rand
	nonce := base64.RawStdEncoding.EncodeToString(random[:nonceBytes])
	return c.seal(url, at, object, nonce, random[nonceBytes:])
}

func (c *Channel) seal(url string, at int64, object []byte, nonce string, iv []byte) ([]byte, error) {
	plain, err := c.enrich(at, object, nonce)
	if err != nil {
		return nil, err
	}
	sealed := c.Cipher.Seal(nil, iv, plain, c.additional(url, at))
	split := len(sealed) - c.Cipher.Overhead()
	return json.Marshal(envelope{IV: iv, Data: sealed[:split], Tag: sealed[split:]})
}

// enrich puts the security fields in front of the fields of an object, whose bytes stay
// the same.
func (c *Channel) enrich(at int64, object []byte, nonce string) ([]byte, error) {
	object = bytes.TrimSpace(object)
	if len(object) < 2 || object[0] != '{' || object[len(object)-1] != '}' {
		return nil, errors.New("not a JSON object")
	}
	head, err := json.Marshal(struct {
		Nonce     string `json:"_n"`
		AppID     string `json:"_appid"`
		Timestamp int64  `json:"_timestamp"`
	}{nonce, c.AppID, at})
	if err != nil {
		return nil, err
	}
	rest := bytes.TrimSpace(object[1:])
	plain := head[:len(head)-1]
	if rest[0] != '}' {
		plain = append(plain, ',')
	}
	return append(plain, rest...), nil
}

var (
	errNoEnvelope = errors.New("not encrypted")
	errDecrypt    = errors.New("cannot be decrypted with this key") // for all reasons
)

// Decrypt returns the object in an envelope, including the security fields.
func (c *Channel) Decrypt(url string, at int64, body []byte) ([]byte, error) {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil || e.IV == nil || e.Tag == nil {
		return nil, errNoEnvelope
	}
	if len(e.IV) != c.Cipher.NonceSize() || len(e.Tag) != c.Cipher.Overhead() {
		return nil, errDecrypt
	}
	plain, err := c.Cipher.Open(nil, e.IV, append(e.Data, e.Tag...), c.additional(url, at))
	if err != nil {
		return nil, errDecrypt
	}
	return plain, nil
}

// Strip removes the security fields from a decrypted object. It returns an error if
// they are of another account or another time than the header.
func (c *Channel) Strip(at int64, plain []byte) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(plain, &fields); err != nil || fields == nil {
		return nil, errors.New("the decrypted content is not a JSON object")
	}
	var appID string
	if err := json.Unmarshal(fields["_appid"], &appID); err != nil || appID != c.AppID {
		return nil, errors.New("the decrypted _appid is another one")
	}
	if string(bytes.Trim(fields["_timestamp"], `"`)) != strconv.FormatInt(at, 10) {
		return nil, errors.New("the decrypted _timestamp is another one")
	}
	for _, name := range []string{"_n", "_appid", "_timestamp"} {
		delete(fields, name)
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(fields); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte{'\n'}), nil
}

// additional returns the data that the cipher authenticates in addition to the object.
func (c *Channel) additional(url string, at int64) []byte {
	return []byte(url + "|" + c.AppID + "|" + strconv.FormatInt(at, 10) + "|" + c.Serial)
}
