package apisec

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The worked example of the official guide: keys in testdata, values here.
const (
	docURL = "https://api.weixin.qq.com/wxa/getuserriskrank"

	docRequestTime = 1635927954
	docObject      = `{"appid":"wxba6223c06417af7b","openid":"oEWzBfmdLqhFS2mTXCo2E4Y9gJAM","scene":0,"client_ip":"127.0.0.1"}`
	docNonce       = "o89QaPVsRu1yppIZzvSZc4"
	docRequest     = `{"iv":"fmW/zNxXlytUZBgj","data":"0IDVdrPtSPF/Oe2CTXCV2vVNPbVJdJlP2WaTMQnoYLh5iCrrSNfQFh25EnStDMf0hLlVNBCZQtf9NaV0m4aRA4AAYIO7oR/Ge+4yY4EmZp5EVPB42xjScgMx5X3D4VdLCfynXIUKUtZHZvk1zmLVE3RauzJgiM1BB1CPmwcENo3MTJ0z8Vfkf5tMv54kOXobDLlV5rfqKdAX7gM/rP82DgZdt9vvZX44ipdbHIjJvw83ZXAFtvftdVw2Qd8=","authtag":"5qeM/2vZv+6KtScN94IpMg=="}`
	docSignature   = "wcSSWHZunjz9VKl9q+If9deiyECXDAELfAJNZ4+5T+NhFr8zfhkwdQtlgQ7nN5xs99R57La9UjBTRBGge2KYyshWtw7HIMPAqWNsnpHvx0b2f7s6Bt7OpfOQLlIfNgepgTVmUwrqW8/7A12szj7tCe/bRFilwnaX6N0w4duHlfL7ic7IIZXouvy9dLRAa5GtEk1eD/LPWRiKh0SvJ3znPY/pSiQW9zSkXVdj9UGGM8qcKLzPGJ7gSmt3ZOPkFapk9wqFmhJwQj//xN5+hUlr2UiNPMNSHve5Y2ADLsNHqk5t7RfAZ8nW9/8lzhVt4t+toy1FeehxCGIC8qgmjIl1hg=="

	docAnswerTime      = 1635927956
	docAnswer          = `{"iv":"r2WDQt56rEAmMuoR","data":"HExs66Ik3el+iM4IpeQ7SMEN934FRLFYOd3EmeaIrpP4EPTHckoco6O+PaoRZRa3lqaPRZT7r52f7LUok6gLxc6cdR8C4vpIIfh4xfLC4L7FNy9GbuMK1hcoi8b7gkWJcwZMkuCFNEDmqn3T49oWzAQOrY4LZnnnykv6oUJotdAsnKvmoJkLK7hRh7M2B1d2UnTnRuoIyarXc5Iojwoghx4BOvnV","authtag":"z2BFD8QctKXTuBlhICGOjQ=="}`
	docAnswerSignature = "Ht0VfQkkEweJ4hU266C14Aj64H9AXfkwNi5zxUZETCvR2svU1ZYdosDhFX/voLj1TyszqKsVxAlENGt7PPZZ8RQX7jnA4SKhiPUhW4LTbyTenisHJ+ohSfDjYnXavjQsBHspFS+BlPHuSSJ2xyQzw1+HuC6nid09ZL4FnGSYo4OI5MJrSb9xLzIVZMIDuUQchGKi/KaB1KzxECLEZcfjqbAgmxC7qOmuBLyO1WkHYDM95NJrHJWba5xv4wrwPru9yYTJSNRnlM+zrW5w9pOubC4Jtj3szTAEuOz9AcqUmgaAvMLNAIa8hfODLRe3n/cu4SgYlN/ZkNRU4QXVNbPGMg=="
)

func docChannel(t *testing.T) *Channel {
	t.Helper()
	aes, err := AES("otUpngOjU+nVQaWJIC3D/yMLV17RKaP6t4Ot9tbnzLY=")
	require.NoError(t, err)
	return &Channel{AppID: "wxba6223c06417af7b", Serial: "fa05fe1e5bcc79b81ad5ad4b58acf787", Cipher: aes}
}

func verifierOf(t *testing.T, file string) Verifier {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	require.NoError(t, err)
	v, err := RSAVerifier(string(text))
	require.NoError(t, err)
	return v
}

func unbase64(t *testing.T, s string) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(s)
	require.NoError(t, err)
	return raw
}

func TestRequestOfTheGuideIsEncryptedToTheByte(t *testing.T) {
	got, err := docChannel(t).seal(docURL, docRequestTime, []byte(docObject), docNonce, unbase64(t, "fmW/zNxXlytUZBgj"))
	require.NoError(t, err)
	assert.Equal(t, []byte(docRequest), got) //nolint:testifylint // the bytes count
}

func TestSignaturesOfTheGuideVerify(t *testing.T) {
	for _, c := range []struct {
		key, body, signature string
		at                   int64
	}{
		{"account_public_key.pem", docRequest, docSignature, docRequestTime},
		{"platform_certificate.pem", docAnswer, docAnswerSignature, docAnswerTime},
	} {
		v := verifierOf(t, c.key)
		message := Message(docURL, "wxba6223c06417af7b", c.at, []byte(c.body))
		require.NoError(t, v.Verify("", message, unbase64(t, c.signature)))
		require.Error(t, v.Verify("", append(message, '\n'), unbase64(t, c.signature)))
	}
}

func TestAnswerOfTheGuideIsDecrypted(t *testing.T) {
	c := docChannel(t)
	plain, err := c.Decrypt(docURL, docAnswerTime, []byte(docAnswer))
	require.NoError(t, err)
	assert.Equal(t, []byte(`{"_n":"ShYZpqdVgY+yQVAxNSWhYg","_appid":"wxba6223c06417af7b","_timestamp":1635927956,"errcode":0,"errmsg":"getuserriskrank succ","risk_rank":0,"unoin_id":2258658297}`), plain) //nolint:testifylint // the bytes count
	object, err := c.Strip(docAnswerTime, plain)
	require.NoError(t, err)
	assert.JSONEq(t, `{"errcode":0,"errmsg":"getuserriskrank succ","risk_rank":0,"unoin_id":2258658297}`, string(object))
}

func TestEncryptedObjectComesBackAndNeverLooksTheSame(t *testing.T) {
	c := docChannel(t)
	for _, object := range []string{`{}`, ` { } `, `{"a":"你好 \" & <b>","n":12345678901234567890}`, "{\n\"a\":[1,{}]\n}"} {
		first, err := c.Encrypt(docURL, 1, []byte(object))
		require.NoError(t, err)
		second, err := c.Encrypt(docURL, 1, []byte(object))
		require.NoError(t, err)
		assert.NotEqual(t, first, second)
		plain, err := c.Decrypt(docURL, 1, first)
		require.NoError(t, err)
		require.True(t, json.Valid(plain), "%s", plain)
		got, err := c.Strip(1, plain)
		require.NoError(t, err)
		assert.JSONEq(t, object, string(got))
	}
	for _, object := range []string{``, `[]`, `"a"`, `null`, `{`} {
		_, err := c.Encrypt(docURL, 1, []byte(object))
		require.Error(t, err, object)
	}
}

func TestEnvelopeOfAnotherContextIsNotDecrypted(t *testing.T) {
	c := docChannel(t)
	other := *c
	other.AppID = "wx0000000000000001"
	serial := *c
	serial.Serial = "0"
	for name, open := range map[string]func() ([]byte, error){
		"url":     func() ([]byte, error) { return c.Decrypt(docURL+"x", docAnswerTime, []byte(docAnswer)) },
		"time":    func() ([]byte, error) { return c.Decrypt(docURL, docAnswerTime+1, []byte(docAnswer)) },
		"account": func() ([]byte, error) { return other.Decrypt(docURL, docAnswerTime, []byte(docAnswer)) },
		"key":     func() ([]byte, error) { return serial.Decrypt(docURL, docAnswerTime, []byte(docAnswer)) },
		"short tag": func() ([]byte, error) {
			return c.Decrypt(docURL, docAnswerTime, []byte(`{"iv":"r2WDQt56rEAmMuoR","data":"AA==","authtag":"AA=="}`))
		},
		"short iv": func() ([]byte, error) {
			return c.Decrypt(docURL, docAnswerTime, []byte(`{"iv":"AA==","data":"AA==","authtag":"z2BFD8QctKXTuBlhICGOjQ=="}`))
		},
	} {
		_, err := open()
		require.ErrorIs(t, err, errDecrypt, name)
	}
	for _, body := range []string{``, `{}`, `[]`, `{"errcode":40001}`, `{"iv":"!","data":"","authtag":""}`} {
		_, err := c.Decrypt(docURL, docAnswerTime, []byte(body))
		require.ErrorIs(t, err, errNoEnvelope, body)
	}
}

func TestFieldsInsideMustMatchTheHeaders(t *testing.T) {
	c := docChannel(t)
	for _, plain := range []string{
		``, `null`, `[]`, `{}`, `{"_appid":"wxba6223c06417af7b"}`, `{"_appid":"wx1","_timestamp":5}`,
		`{"_appid":"wxba6223c06417af7b","_timestamp":6}`, `{"_appid":7,"_timestamp":5}`,
	} {
		_, err := c.Strip(5, []byte(plain))
		require.Error(t, err, plain)
	}
	got, err := c.Strip(5, []byte(`{"_appid":"wxba6223c06417af7b","_timestamp":"5","a":"\u0001&"}`))
	require.NoError(t, err)
	assert.JSONEq(t, `{"a":"\u0001&"}`, string(got))
}

func TestTimestampHasAWindowOf300Seconds(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for header, ok := range map[string]bool{
		"1700000000": true, "1699999700": true, "1700000300": true,
		"1699999699": false, "1700000301": false, "": false, "now": false, "-9223372036854775808": false,
	} {
		_, err := Timestamp(header, now)
		assert.Equal(t, ok, err == nil, header)
	}
}

func TestKeysAreReadInEveryFormAndErrorsShowNoneOfThem(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	pkcs1 := x509.MarshalPKCS1PrivateKey(key)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(t, err)
	v, err := RSAVerifier(base64.StdEncoding.EncodeToString(public))
	require.NoError(t, err)
	for _, text := range []string{
		string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: pkcs1})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})),
		base64.StdEncoding.EncodeToString(pkcs8) + "\n",
	} {
		s, err := RSASigner(text)
		require.NoError(t, err)
		signature, err := s.Sign("", []byte("m"))
		require.NoError(t, err)
		require.NoError(t, v.Verify("", []byte("m"), signature))
	}
	const canary = "Q0FOQVJZ"
	for _, wrong := range []string{"", canary, canary + "!", "-----BEGIN PRIVATE KEY-----\n" + canary + "\n-----END PRIVATE KEY-----\n"} {
		for _, read := range []func(string) error{
			func(s string) error { _, err := AES(s); return err },
			func(s string) error { _, err := RSASigner(s); return err },
			func(s string) error { _, err := RSAVerifier(s); return err },
		} {
			err := read(wrong)
			require.Error(t, err)
			assert.False(t, strings.Contains(err.Error(), "CANARY") || strings.Contains(err.Error(), canary), err)
		}
	}
}

func TestPlatformRefusesWhatIsNotSecured(t *testing.T) {
	p := &Platform{Channel: *docChannel(t), Account: verifierOf(t, "account_public_key.pem")}
	now := time.Unix(docRequestTime+10, 0)
	valid := http.Header{}
	valid.Set(HeaderAppID, p.AppID)
	valid.Set(HeaderTimestamp, "1635927954")
	valid.Set(HeaderSignature, docSignature)
	got, err := p.Open(docURL, now, valid, []byte(docRequest))
	require.NoError(t, err)
	assert.JSONEq(t, docObject, string(got))

	for _, c := range []struct {
		name, value string
		body        string
		want        *Refusal
	}{
		{HeaderAppID, "", docRequest, ErrMissingAppID},
		{HeaderTimestamp, "", docRequest, ErrMissingTimestamp},
		{HeaderSignature, "", docRequest, ErrMissingSignature},
		{HeaderAppID, "wx0000000000000001", docRequest, ErrAppID},
		{HeaderTimestamp, "1635927000", docRequest, ErrExpired},
		{HeaderTimestamp, "1635927955", docRequest, ErrSignature},
		{HeaderSignature, "!", docRequest, ErrSignature},
		{HeaderAppID, p.AppID, docRequest + " ", ErrSignature},
	} {
		header := valid.Clone()
		header.Set(c.name, c.value)
		_, err := p.Open(docURL, now, header, []byte(c.body))
		require.ErrorIs(t, err, c.want, c.name)
	}
	other := *p
	other.Serial = "0"
	_, err = other.Open(docURL, now, valid, []byte(docRequest))
	require.ErrorIs(t, err, ErrEncryption)
}
