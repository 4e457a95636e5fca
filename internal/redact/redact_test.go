package redact_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/redact"
)

func TestValuesBehindTheNameOfASecretAreMasked(t *testing.T) {
	r := redact.New()
	for in, want := range map[string]string{
		"GET /a?access_token=ABCDEF_1-2&openid=o1":         "GET /a?access_token=[redacted]&openid=o1",
		"appid=wx1&secret=ABCDEF&code=ABCDEF":              "appid=wx1&secret=[redacted]&code=[redacted]",
		"appsecret=ABCDEF app_secret=ABCDEF":               "appsecret=[redacted] app_secret=[redacted]",
		`{"access_token":"ABCDEF","expires_in":7200}`:      `{"access_token":"[redacted]","expires_in":7200}`,
		`{"refresh_token": "ABCDEF", "ticket":"ABC|DEF"}`:  `{"refresh_token": "[redacted]", "ticket":"[redacted]"}`,
		`encrypt_key=ABCDEF+/== EncryptKey=ABCDEF`:         `encrypt_key=[redacted] EncryptKey=[redacted]`,
		"ACCESS_TOKEN=ABCDEF":                              "ACCESS_TOKEN=[redacted]",
		`{"errcode":40001,"errmsg":"invalid credential"}`:  `{"errcode":40001,"errmsg":"invalid credential"}`,
		"invalid code, rid: 61725984-6126f6f9":             "invalid code, rid: 61725984-6126f6f9",
		"the secret of a good token":                       "the secret of a good token",
		"status code: unavailable":                         "status code: unavailable",
		`{"errcode":"ABCDEFG","code":"ABCDEFG"}`:           `{"errcode":"ABCDEFG","code":"[redacted]"}`,
		"u=%2Fa%3Faccess_token%3DABCDEF%26openid%3Do1":     "u=%2Fa%3Faccess_token%3D[redacted]",
		`"{\"session_key\":\"ABCDEF==\"}"`:                 `"{\"session_key\":\"[redacted]\"}"`,
		"jsapi_ticket=ABCDEF&component_access_token=ABCDE": "jsapi_ticket=[redacted]&component_access_token=ABCDE",
		`{"auth_code":"134567890123456789","openid":"o1"}`: `{"auth_code":"[redacted]","openid":"o1"}`,
		"pre_auth_code=ABCDEF&authorization_code=ABCDEF":   "pre_auth_code=[redacted]&authorization_code=[redacted]",
		`{"wxmed_authcode":"ABCDEF","js_code":"ABCDEF"}`:   `{"wxmed_authcode":"[redacted]","js_code":"[redacted]"}`,
		`{"wx_realname_token":"ABCDEF"}`:                   `{"wx_realname_token":"[redacted]"}`,
		"grant_type=authorization_code&appid=wx1":          "grant_type=authorization_code&appid=wx1",
		`{"error_code":"ABCDEF","country_code":"ABCDEF"}`:  `{"error_code":"ABCDEF","country_code":"ABCDEF"}`,
		"": "",
	} {
		assert.Equal(t, want, r.Text(in), in)
	}
}

func TestKnownSecretsAreMaskedWhereverTheyStand(t *testing.T) {
	r := redact.New("APPSECRET", "", "OTHER-ONE")
	assert.Equal(t, "x[redacted]y [redacted] z", r.Text("xAPPSECRETy OTHER-ONE z"))
	assert.Equal(t, "[redacted] [redacted]", r.Text("TOKEN-12 APPSECRET", "", "TOKEN-12"), "those of the call too")
	assert.Equal(t, "TOKEN-12", r.Text("TOKEN-12"), "but only for it")
}

func TestSecretsAreFoundBehindEscapes(t *testing.T) {
	const secret = "A/b+c=d|ef%g"
	r := redact.New(secret)
	once := url.QueryEscape(secret)
	every := regexp.MustCompile(`..`).ReplaceAllString(hex.EncodeToString([]byte(secret)), "%$0")
	for name, form := range map[string]string{
		"query": once, "path": url.PathEscape(secret), "lower case": strings.NewReplacer("%2F", "%2f", "%2B", "%2b", "%3D", "%3d", "%7C", "%7c").Replace(once),
		"twice": url.QueryEscape(once), "three times": url.QueryEscape(url.QueryEscape(once)),
		"every byte": every, "JSON": `A\/b+c=d|ef%g`, "JSON by number": `\u0041\u002fb+c=d|ef%g`, "JSON in a query": url.QueryEscape(`A\/b+c=d|ef%g`),
	} {
		assert.Equal(t, "x=%2F[redacted]%zz"+redact.Mask+"\\", r.Text("x=%2F"+form+"%zz"+form+"\\"), "%s: %s", name, form)
	}
}

func TestEscapesAreReadWithEveryDigitAndUpToTheEndOfTheText(t *testing.T) {
	const secret = `0"j/JZ*:/`
	escaped := func(format string) string {
		var text strings.Builder
		for i := range len(secret) {
			_, _ = fmt.Fprintf(&text, format, secret[i])
		}
		return text.String()
	}
	r := redact.New(secret)
	for _, form := range []string{escaped("%%%02x"), escaped("%%%02X"), escaped(`\u%04x`), escaped(`\u%04X`), `0\"j\/JZ*:\/`} {
		assert.Equal(t, redact.Mask, r.Text(form), form)
	}
}

func TestShortSecretsDoNotShredTexts(t *testing.T) {
	r := redact.New("secret", "x", "1234567")
	const text = "no secret is 1234567 bytes long, x"
	assert.Equal(t, text, r.Text(text, "long"))
	err := errors.New(text)
	assert.Same(t, err, r.Error(err, "no"))
	assert.NotContains(t, redact.New("12345678").Text("a12345678b"), "12345678")
}

type codeError struct{ code int }

func (e codeError) Error() string { return "code" }

func TestRedactedErrorKeepsItsChainButNoURL(t *testing.T) {
	r := redact.New("SECRET-CANARY")
	got := r.Error(&url.Error{Op: "Get", URL: "/?x=SECRET-CANARY", Err: codeError{7}})
	var code codeError
	require.ErrorAs(t, got, &code)
	assert.Equal(t, 7, code.code)
	var u *url.Error
	assert.NotErrorAs(t, got, &u)
	outer := struct{ Err error }{got}
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", outer, outer, outer), "CANARY")
}

func TestExcerptIsShortValidAndCutAfterMasking(t *testing.T) {
	r := redact.New("SECRET-CANARY")
	for name, data := range map[string]string{
		"short":               "hello",
		"long":                strings.Repeat("x", 10*redact.MaxExcerpt),
		"runes over the cut":  strings.Repeat("中", redact.MaxExcerpt),
		"bad bytes":           strings.Repeat("\xff", redact.MaxExcerpt),
		"secret over the cut": strings.Repeat("x", redact.MaxExcerpt-6) + "SECRET-CANARY" + strings.Repeat("y", 100),
		"secret at the bound": strings.Repeat("x", redact.MaxExcerpt) + "access_token=SECRET-CANARY",
		"secrets to the end":  strings.Repeat("x ", 10) + strings.Repeat("SECRET-CANARY", 1000),
		"nothing":             "",
	} {
		got := r.Excerpt([]byte(data))
		assert.LessOrEqual(t, len(got), redact.MaxExcerpt, name)
		assert.True(t, utf8.ValidString(got), name)
		assert.NotContains(t, got, "SECRET", name)
		if len(data) > 2*redact.MaxExcerpt && !strings.HasPrefix(name, "secrets") {
			assert.Greater(t, len(got), redact.MaxExcerpt-utf8.UTFMax, "%s: more is cut than must be", name)
		}
	}
}

// An excerpt looks at eight times its length. Masks that are shorter than their secrets
// bring the end of that into it.
func TestAnExcerptDropsTheBeginningOfASecretThatItCutOff(t *testing.T) {
	secret := strings.Repeat("CANARY-", 30)[:200]
	r := redact.New(secret)
	const window = 8 * redact.MaxExcerpt
	many := strings.Repeat(secret, window/len(secret))
	masks := strings.Repeat(redact.Mask, window/len(secret))
	rest := strings.Repeat(" ", 50) + strings.Repeat("w", window-len(many)-50)

	assert.Equal(t, masks+rest, r.Excerpt([]byte(many+rest)), "nothing is cut off")
	assert.Equal(t, masks+strings.Repeat(" ", 50), r.Excerpt([]byte(many+rest+"w")), "a word that goes on may be a secret")
	assert.Equal(t, masks+strings.Repeat(" ", 50), r.Excerpt([]byte(many+rest[:50]+secret)))
	assert.Equal(t, masks+rest[:len(rest)-2]+" ", r.Excerpt([]byte(many+rest[:len(rest)-2]+" ww")), "but not more than that word")

	encoded := regexp.MustCompile(`.`).ReplaceAllStringFunc(secret, func(c string) string { return "%" + hex.EncodeToString([]byte(c)) })
	short := strings.Repeat(secret, 17)
	got := r.Excerpt([]byte(short + " " + encoded))
	assert.Equal(t, strings.Repeat(redact.Mask, 17)+" "+redact.Mask, got, "encoded, but whole")
	short = strings.Repeat(secret, 18)
	got = r.Excerpt([]byte(short + " " + encoded))
	assert.Equal(t, strings.Repeat(redact.Mask, 18)+" ", got, "encoded and cut off")
}

func TestAnExcerptOfTheMaximumLengthIsTheWholeText(t *testing.T) {
	text := strings.Repeat("x", redact.MaxExcerpt)
	assert.Equal(t, text, redact.New().Excerpt([]byte(text)))
	assert.Equal(t, text, redact.New().Excerpt([]byte(text+"x")))
}

func TestCleanErrorsStayThemselvesAndOthersLoseTheirSecret(t *testing.T) {
	r := redact.New("SECRET-CANARY")
	clean := fmt.Errorf("reading: %w", io.ErrUnexpectedEOF)
	assert.Same(t, clean, r.Error(clean))
	dirty := fmt.Errorf("at /x?secret=SECRET-CANARY: %w", context.Canceled)
	got := r.Error(dirty)
	require.Error(t, got)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", got, got, got), "CANARY")
	assert.Contains(t, got.Error(), "context canceled")
	require.ErrorIs(t, got, context.Canceled, "the chain survives")
	for e := got; e != nil; e = errors.Unwrap(e) {
		assert.NotContains(t, e.Error(), "CANARY", "the chain leads back to the secret")
	}
}

func FuzzRedact(f *testing.F) {
	for _, seed := range []string{"", "access_token=", `{"ticket":"`, "secret", "\xff", "[redacted]"} {
		f.Add(seed, seed)
	}
	const secret = "SECRET-CANARY-0123456789"
	r := redact.New(secret)
	f.Fuzz(func(t *testing.T, before, after string) {
		text := before + secret + after
		assert.NotContains(t, r.Text(text), secret)
		got := r.Excerpt([]byte(text))
		assert.NotContains(t, got, secret)
		assert.LessOrEqual(t, len(got), redact.MaxExcerpt)
		assert.True(t, utf8.ValidString(got))
	})
}
