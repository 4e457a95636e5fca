package recording

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// redacted returns the JSON of a body.
func redacted(t *testing.T, r *Redactor, text string) string {
	t.Helper()
	b := r.Body("application/json", &Capture{Data: []byte(text), Size: int64(len(text))})
	require.NotNil(t, b.JSON, text)
	return string(b.JSON)
}

func TestEveryKindOfSecretIsReplaced(t *testing.T) {
	const (
		openID = "oabcdefghijklmnopqrstuvwxyz0"
		token  = "99_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
		hex    = "0123456789abcdef0123456789abcdef"
	)
	for in, want := range map[string]string{
		`{"access_token":"short","expires_in":7200}`:                  `{"access_token":"redacted-token-1","expires_in":7200}`,
		`{"refresh_token":"` + token + `"}`:                           `{"refresh_token":"redacted-token-1"}`,
		`{"appid":"wx1","secret":"s"}`:                                `{"appid":"redacted-appid-1","secret":"redacted-secret-1"}`,
		`{"AppSecret":"s","EncodingAESKey":"k"}`:                      `{"AppSecret":"redacted-secret-1","EncodingAESKey":"redacted-secret-2"}`,
		`{"ticket":"t","code":"c","url":"https://example.com/"}`:      `{"code":"redacted-code-1","ticket":"redacted-ticket-1","url":"https://example.com/"}`,
		`{"touser":["a","b","a"]}`:                                    `{"touser":["redacted-openid-1","redacted-openid-2","redacted-openid-1"]}`,
		`{"data":{"openid":["a"]},"next_openid":""}`:                  `{"data":{"openid":["redacted-openid-1"]},"next_openid":""}`,
		`{"nickname":"Alice","headimgurl":"http://x/"}`:               `{"headimgurl":"redacted-person-1","nickname":"redacted-person-2"}`,
		`{"phoneNumber":13800000000,"errcode":0}`:                     `{"errcode":0,"phoneNumber":0}`,
		`{"text":{"content":"to ` + openID + `"}}`:                    `{"text":{"content":"to redacted-openid-1"}}`,
		`{"x":"` + hex + `","y":"` + strings.ToUpper(hex) + `"}`:      `{"x":"redacted-id-1","y":"redacted-id-2"}`,
		`{"x":"gh_0123456789ab wx0123456789abcdef"}`:                  `{"x":"redacted-id-1 redacted-appid-1"}`,
		`{"x":"AAAA+/AAAA+/AAAA+/AAAA+/AAAA+/AAAA+/AAAA+/AAAA=="}`:    `{"x":"redacted-id-1"}`,
		`{"errmsg":"invalid ip 203.0.113.7, hint rid: 65a1-b2c3-d4"}`: `{"errmsg":"invalid ip redacted-address-1, hint rid: redacted"}`,
		`{"` + openID + `":1}`:                                        `{"redacted-openid-1":1}`,
		`{"template_id":"short","menuid":12345678901234567890}`:       `{"menuid":12345678901234567890,"template_id":"short"}`,
		`{"x":"redacted-openid-7","openid":"redacted-openid-7"}`:      `{"openid":"redacted-openid-7","x":"redacted-openid-7"}`,
		`{"buyer_bank_account":"6222 0000","birth_date":"19491231"}`:  `{"birth_date":"redacted-person-1","buyer_bank_account":"redacted-person-2"}`,
		`{"wxmed_authcode":"a","js_code":"b"}`:                        `{"js_code":"redacted-code-1","wxmed_authcode":"redacted-code-2"}`,
		`{"request_body":"{\"secret\":\"` + hex + `\"}"}`:             `{"request_body":"{\"secret\":\"redacted-id-1\"}"}`,
	} {
		assert.Equal(t, want, redacted(t, NewRedactor(), in), in)
	}
}

func TestPlaceholdersAreStable(t *testing.T) {
	r := NewRedactor()
	assert.Equal(t, url.Values{"code": {"redacted-code-1"}, "scope": {"x"}}, r.Query(url.Values{"code": {"a-short-code"}, "scope": {"x"}}))
	assert.JSONEq(t, `{"errmsg":"the code redacted-code-1 was used"}`, redacted(t, r, `{"errmsg":"the code a-short-code was used"}`))
	assert.JSONEq(t, `{"code":"redacted-code-1"}`, redacted(t, r, `{"code":"a-short-code"}`))
	again := NewMatcher()
	assert.JSONEq(t, `{"code":"redacted-code-0","openid":"redacted-openid-0"}`, redacted(t, again, `{"code":"a","openid":"b"}`))
}

func TestAValueThatOnlyItsFieldIdentifiesIsFoundInTextsUnlessItIsShort(t *testing.T) {
	r := NewRedactor()
	redacted(t, r, `{"code":["a-code","other","a-code-and-more","a-code-and"]}`)
	assert.Equal(t, "redacted-code-1, other, redacted-code-3, redacted-code-4", r.Text("a-code, other, a-code-and-more, a-code-and"))
	assert.JSONEq(t, `{"nickname":"redacted-person-1"}`, redacted(t, r, `{"nickname":"message"}`))
	assert.Equal(t, "a message", r.Text("a message"), "a name may be an ordinary word")
}

func TestAPlaceholderHasAKind(t *testing.T) {
	assert.Equal(t, KindOpenID, KindOfPlaceholder("redacted-openid-12"))
	for _, other := range []string{"", "openid", "redacted-openid", "redacted-openid-", "xredacted-openid-1", "redacted-openid-1x"} {
		assert.Empty(t, KindOfPlaceholder(other), other)
	}
}

func FuzzRedactor(f *testing.F) {
	f.Add(`{"openid":"x","list":[1,{"code":"y"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		const canary = "canary0123456789canary0123456789"
		r := NewRedactor()
		document, err := json.Marshal(map[string]any{"secret": canary, "x": text + " " + canary})
		require.NoError(t, err)
		b := r.Body("application/json", &Capture{Data: document, Size: int64(len(document))})
		line, err := json.Marshal(r.Redact(&Exchange{Request: b, Path: r.Text(text + "/" + canary)}))
		require.NoError(t, err)
		assert.NotContains(t, string(line), canary)
	})
}
