package apisec

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"time"
)

// Platform is the end of the platform, for one account.
type Platform struct {
	Channel
	Account Verifier // public key of the account
	Current Certified
	Old     *Certified // signs in addition while it is being replaced
}

// Certified is a private key of the platform with the serial number of its
// certificate.
type Certified struct {
	Signer Signer
	Serial string
}

// Refusal is the response of the platform to a request that is not secured correctly.
type Refusal struct {
	Code    int    // errcode
	Message string // errmsg
}

// Error returns the code and the message.
func (r *Refusal) Error() string { return strconv.Itoa(r.Code) + " " + r.Message }

// The refusals of [Platform.Open].
var (
	ErrMissingTimestamp = &Refusal{40231, "missing Wechatmp-TimeStamp"}
	ErrMissingSignature = &Refusal{40232, "missing Wechatmp-Signature"}
	ErrMissingAppID     = &Refusal{40233, "missing Wechatmp-Appid"}
	ErrSignature        = &Refusal{40234, "invalid signature"}
	ErrEncryption       = &Refusal{40235, "invalid encryption"}
	ErrAppID            = &Refusal{40236, "invalid Wechatmp-Appid"}
	ErrExpired          = &Refusal{40240, "expired Wechatmp-TimeStamp"}
)

// Open verifies and decrypts a request that was sent to url. Its errors are of type
// [*Refusal].
func (p *Platform) Open(url string, now time.Time, header http.Header, body []byte) ([]byte, error) {
	switch {
	case header.Get(HeaderAppID) == "":
		return nil, ErrMissingAppID
	case header.Get(HeaderTimestamp) == "":
		return nil, ErrMissingTimestamp
	case header.Get(HeaderSignature) == "":
		return nil, ErrMissingSignature
	case header.Get(HeaderAppID) != p.AppID:
		return nil, ErrAppID
	}
	at, err := Timestamp(header.Get(HeaderTimestamp), now)
	if err != nil {
		return nil, ErrExpired
	}
	signature, err := base64.StdEncoding.DecodeString(header.Get(HeaderSignature))
	if err != nil || p.Account.Verify("", Message(url, p.AppID, at, body), signature) != nil {
		return nil, ErrSignature
	}
	plain, err := p.Decrypt(url, at, body)
	if err != nil {
		return nil, ErrEncryption
	}
	if plain, err = p.Strip(at, plain); err != nil {
		return nil, ErrEncryption
	}
	return plain, nil
}

// Seal encrypts and signs a response of url, a JSON object, and sets its headers.
func (p *Platform) Seal(url string, now time.Time, header http.Header, object []byte) ([]byte, error) {
	at := now.Unix()
	body, err := p.Encrypt(url, at, object)
	if err != nil {
		return nil, err
	}
	header.Set(HeaderAppID, p.AppID)
	header.Set(HeaderTimestamp, strconv.FormatInt(at, 10))
	message := Message(url, p.AppID, at, body)
	if err := p.Current.sign(message, header, HeaderSerial, HeaderSignature); err != nil || p.Old == nil {
		return body, err
	}
	return body, p.Old.sign(message, header, HeaderSerialDeprecated, HeaderSignatureDeprecated)
}

func (c Certified) sign(message []byte, header http.Header, serialName, signatureName string) error {
	signature, err := c.Signer.Sign(c.Serial, message)
	if err != nil {
		return err
	}
	header.Set(serialName, c.Serial)
	header.Set(signatureName, base64.StdEncoding.EncodeToString(signature))
	return nil
}
