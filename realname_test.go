package wechat

import (
	"bytes"
	"context"
	"crypto/aes"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var _ = wireRows([]wireRow{
	{
		name: "GetMedicalRealName", http: "POST /cityservice/getmedrealname", body: `{"app_id":"wx0000000000000001","open_id":"o1","wxmed_authcode":"code"}`,
		reply: `{"errcode":0,"errmsg":"ok","cipher_real_name":"YQ==","cipher_algorithm":"AES_256_ECB_PKCS7Padding","key_version":0,"app_id":"wx1","open_id":"o1"}`,
		call: result(func(ctx context.Context, c *Client) (*MedicalRealName, error) {
			return c.GetMedicalRealName(ctx, "o1", "code")
		}),
		want: &MedicalRealName{AppID: "wx1", OpenID: "o1", Cipher: "YQ==", Algorithm: "AES_256_ECB_PKCS7Padding"},
	},
	{
		name: "HasMedicalSubscription", http: "POST /cityservice/getmsgrelation", body: `{"business_id":130,"open_id":"o1"}`,
		reply: `{"errcode":0,"errmsg":"ok","is_subscribed":1}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.HasMedicalSubscription(ctx, "o1", ElderMedicalBusinessID)
		},
		want: true,
	},
})

// sealed encrypts as the platform does: AES-256-ECB with PKCS #7 padding.
func sealed(t *testing.T, key, plain string) string {
	t.Helper()
	block, err := aes.NewCipher([]byte(key))
	require.NoError(t, err)
	padding := aes.BlockSize - len(plain)%aes.BlockSize
	data := append([]byte(plain), bytes.Repeat([]byte{byte(padding)}, padding)...)
	for at := 0; at < len(data); at += aes.BlockSize {
		block.Encrypt(data[at:], data[at:])
	}
	return base64.StdEncoding.EncodeToString(data)
}

func TestAMedicalIdentityOpensWithTheKeyOfTheHospitalOnly(t *testing.T) {
	const key, other = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
	m := MedicalRealName{Cipher: sealed(t, key, `{"real_name":"张三","id_card_no":"4508","id_card_type":1,"phone":"138","timestamp":1661420431,"phone_country_code":"86"}`)}
	got, err := m.Decrypt(key)
	require.NoError(t, err)
	assert.Equal(t, &MedicalIdentity{Name: "张三", IDCardNumber: "4508", IDCardType: 1, Phone: "138", CountryCode: "86", Time: unix(1661420431)}, got)

	for argument, decrypt := range map[string]func() (*MedicalIdentity, error){
		"key":    func() (*MedicalIdentity, error) { return m.Decrypt(other) },
		"Cipher": func() (*MedicalIdentity, error) { return (&MedicalRealName{Cipher: "YQ=="}).Decrypt(key) },
	} {
		_, err := decrypt()
		assertArgument(t, err, argument)
		assert.NotContains(t, err.Error(), other)
	}
	_, err = m.Decrypt("short")
	assertArgument(t, err, "key")
	broken := MedicalRealName{Cipher: sealed(t, key, "no JSON")}
	_, err = broken.Decrypt(key)
	assertArgument(t, err, "key")

	refused(t, "authCode", func(ctx context.Context, c *Client) error { _, err := c.GetMedicalRealName(ctx, "o1", ""); return err })
	refused(t, "businessID", func(ctx context.Context, c *Client) error {
		_, err := c.HasMedicalSubscription(ctx, "o1", 0)
		return err
	})
}
