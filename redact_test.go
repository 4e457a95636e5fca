package wechat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestValuesBehindTheNameOfASecretAreMasked(t *testing.T) {
	r := newRedactor()
	for in, want := range map[string]string{
		"GET /a?access_token=ABCDEF_1-2&openid=o1":        "GET /a?access_token=[redacted]&openid=o1",
		"appid=wx1&secret=ABCDEF&code=ABCDEF":             "appid=wx1&secret=[redacted]&code=[redacted]",
		"appsecret=ABCDEF app_secret=ABCDEF":              "appsecret=[redacted] app_secret=[redacted]",
		`{"access_token":"ABCDEF","expires_in":7200}`:     `{"access_token":"[redacted]","expires_in":7200}`,
		`{"refresh_token": "ABCDEF", "ticket":"ABC|DEF"}`: `{"refresh_token": "[redacted]", "ticket":"[redacted]"}`,
		`encrypt_key=ABCDEF+/== EncryptKey=ABCDEF`:        `encrypt_key=[redacted] EncryptKey=[redacted]`,
		"ACCESS_TOKEN=ABCDEF":                             "ACCESS_TOKEN=[redacted]",
		`{"errcode":40001,"errmsg":"invalid credential"}`: `{"errcode":40001,"errmsg":"invalid credential"}`,
		"invalid code, rid: 61725984-6126f6f9":            "invalid code, rid: 61725984-6126f6f9",
		"the secret of a good token":                      "the secret of a good token",
		"":                                                "",
	} {
		assert.Equal(t, want, r.text(in), in)
	}
}

func TestKnownSecretsAreMaskedWhereverTheyStand(t *testing.T) {
	r := newRedactor("APPSECRET", "", "OTHER")
	assert.Equal(t, "x[redacted]y [redacted] z", r.text("xAPPSECRETy OTHER z"))
	assert.Equal(t, "[redacted] [redacted]", r.text("TOKEN-1 APPSECRET", "", "TOKEN-1"), "those of the call too")
	assert.Equal(t, "TOKEN-1", r.text("TOKEN-1"), "but only for it")
}

func TestExcerptIsShortValidAndCutAfterMasking(t *testing.T) {
	r := newRedactor("SECRET-CANARY")
	for name, data := range map[string]string{
		"short":               "hello",
		"long":                strings.Repeat("x", 10*maxExcerpt),
		"runes over the cut":  strings.Repeat("中", maxExcerpt),
		"bad bytes":           strings.Repeat("\xff", maxExcerpt),
		"secret over the cut": strings.Repeat("x", maxExcerpt-6) + "SECRET-CANARY" + strings.Repeat("y", 100),
		"secret at the bound": strings.Repeat("x", maxExcerpt) + "access_token=SECRET-CANARY",
		"nothing":             "",
	} {
		got := r.excerpt([]byte(data))
		assert.LessOrEqual(t, len(got), maxExcerpt, name)
		assert.True(t, utf8.ValidString(got), name)
		assert.NotContains(t, got, "SECRET", name)
		if len(data) > 2*maxExcerpt {
			assert.Greater(t, len(got), maxExcerpt-utf8.UTFMax, "%s: more is cut than must be", name)
		}
	}
}

func TestCleanErrorsStayThemselvesAndOthersLoseTheirSecret(t *testing.T) {
	r := newRedactor("SECRET-CANARY")
	clean := fmt.Errorf("reading: %w", io.ErrUnexpectedEOF)
	assert.Same(t, clean, r.err(clean))
	dirty := fmt.Errorf("at /x?secret=SECRET-CANARY: %w", context.Canceled)
	got := r.err(dirty)
	require.Error(t, got)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", got, got, got), "CANARY")
	assert.Contains(t, got.Error(), "context canceled")
	for e := got; e != nil; e = errors.Unwrap(e) {
		assert.NotContains(t, e.Error(), "CANARY", "the chain leads back to the secret")
	}
}

func FuzzRedact(f *testing.F) {
	for _, seed := range []string{"", "access_token=", `{"ticket":"`, "secret", "\xff", "[redacted]"} {
		f.Add(seed, seed)
	}
	const secret = "SECRET-CANARY-0123456789"
	r := newRedactor(secret)
	f.Fuzz(func(t *testing.T, before, after string) {
		text := before + secret + after
		assert.NotContains(t, r.text(text), secret)
		got := r.excerpt([]byte(text))
		assert.NotContains(t, got, secret)
		assert.LessOrEqual(t, len(got), maxExcerpt)
		assert.True(t, utf8.ValidString(got))
	})
}
