package wechat

import (
	"context"
	"crypto/aes"
	"encoding/base64"
)

// RealNameAuthURL is the URL of a page on which a user authorizes the account to get
// their real name.
type RealNameAuthURL struct {
	URL       string `json:"auth_url"`
	ExpiresIn int64  `json:"expires_in"` // seconds
	AppID     string `json:"appid"`      // of the mini program to open instead
}

// GetRealNameAuthURL returns the URL of a page on which a user authorizes the account to
// get their real name (获取实名授权链接). The platform then sends the browser to
// redirectURL with the wx_realname_token for [Client.GetRealName].
//
// https://developers.weixin.qq.com/doc/offiaccount/Non_tax_pay/API_document
func (c *Client) GetRealNameAuthURL(ctx context.Context, redirectURL string) (*RealNameAuthURL, error) {
	if err := httpURL("redirectURL", redirectURL); err != nil {
		return nil, err
	}
	body := struct {
		RedirectURL string `json:"redirect_url"`
	}{redirectURL}
	return post[RealNameAuthURL](ctx, c, "/intp/realname/getauthurl", body, idempotent)
}

// RealName is the encrypted real name of a user. Data is encrypted with Key, which is
// encrypted with the public key that the account has registered.
type RealName struct {
	KeyEncryption  string `json:"key_encrypt_type"`  // "RSA"
	Key            string `json:"key"`               // base64
	DataEncryption string `json:"data_encrypt_type"` // "AES_ECB"
	Data           string `json:"data"`              // base64
}

// GetRealName returns the encrypted real name of a user who has authorized the account
// (获取用户实名信息). token is the wx_realname_token that [Client.GetRealNameAuthURL]
// describes.
//
// https://developers.weixin.qq.com/doc/offiaccount/Non_tax_pay/API_document
func (c *Client) GetRealName(ctx context.Context, token Secret) (*RealName, error) {
	if err := notEmpty("token", string(token)); err != nil {
		return nil, err
	}
	body := struct {
		Token string `json:"wx_realname_token"`
	}{string(token)}
	return post[RealName](ctx, c, "/nontax/getrealname", body)
}

// MedicalRealName is the encrypted identity of a patient.
type MedicalRealName struct {
	AppID      string `json:"app_id"`
	OpenID     string `json:"open_id"`
	KeyVersion int64  `json:"key_version"`      // of the hospital's key, from 0
	Cipher     string `json:"cipher_real_name"` // base64
	Algorithm  string `json:"cipher_algorithm"` // AES_256_ECB_PKCS7Padding
}

// MedicalIdentity is the identity of a patient.
type MedicalIdentity struct {
	Name         string    `json:"real_name"`
	IDCardNumber string    `json:"id_card_no"`
	IDCardType   int64     `json:"id_card_type"` // 1 means an identity card
	Phone        string    `json:"phone"`
	CountryCode  string    `json:"phone_country_code"` // such as "86"
	Time         Timestamp `json:"timestamp"`
}

// Decrypt returns the identity. key is the hospital's 32-byte key.
func (m *MedicalRealName) Decrypt(key Secret) (*MedicalIdentity, error) {
	const keyBytes = 32
	if len(key) != keyBytes {
		return nil, invalid("key", "must have %d bytes, but has %d", keyBytes, len(key))
	}
	data, err := base64.StdEncoding.DecodeString(m.Cipher)
	if err != nil || len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, invalid("Cipher", "must be base64 of whole blocks of 16 bytes")
	}
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		return nil, err
	}
	for at := 0; at < len(data); at += aes.BlockSize { // the platform chose ECB
		block.Decrypt(data[at:], data[at:])
	}
	plain, ok := unpad(data)
	if !ok {
		return nil, invalid("key", "must be the key that the identity is encrypted with")
	}
	identity := new(MedicalIdentity)
	if err := decodeJSON(plain, identity); err != nil {
		return nil, invalid("key", "must be the key that the identity is encrypted with")
	}
	return identity, nil
}

// GetMedicalRealName returns the encrypted identity of an elderly patient who has opened
// the hospital's page (查询用户实名API). authCode is the wxmed_authcode in the URL of the page
// and is valid for 10 minutes.
//
// https://developers.weixin.qq.com/doc/offiaccount/elderMedical/elderMedical-api
func (c *Client) GetMedicalRealName(ctx context.Context, openID string, authCode Secret) (*MedicalRealName, error) {
	if err := first(notEmpty("openID", openID), notEmpty("authCode", string(authCode))); err != nil {
		return nil, err
	}
	body := struct {
		AppID    string `json:"app_id"`
		OpenID   string `json:"open_id"`
		AuthCode string `json:"wxmed_authcode"`
	}{c.cfg.appID, openID, string(authCode)}
	return post[MedicalRealName](ctx, c, "/cityservice/getmedrealname", body)
}

// ElderMedicalBusinessID is the ID of the service for elderly patients (长辈就医).
const ElderMedicalBusinessID int64 = 130

// HasMedicalSubscription reports whether a user has subscribed to a medical service, such
// as [ElderMedicalBusinessID] (查询用户是否开通).
//
// https://developers.weixin.qq.com/doc/offiaccount/elderMedical/elderMedical-api
func (c *Client) HasMedicalSubscription(ctx context.Context, openID string, businessID int64) (bool, error) {
	if err := first(notEmpty("openID", openID), positive("businessID", businessID)); err != nil {
		return false, err
	}
	body := struct {
		BusinessID int64  `json:"business_id"`
		OpenID     string `json:"open_id"`
	}{businessID, openID}
	res, err := post[struct {
		Subscribed bool `json:"is_subscribed"`
	}](ctx, c, "/cityservice/getmsgrelation", body, idempotent)
	if err != nil {
		return false, err
	}
	return res.Subscribed, nil
}
