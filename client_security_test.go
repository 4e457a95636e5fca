package wechat

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/apisec"
	"github.com/wechatoa/wechat/internal/spec"
	"github.com/wechatoa/wechat/internal/testlog"
)

// securedEnds are both ends of the API security of one account, with keys of this
// test run.
type securedEnds struct {
	account  APISecurity
	platform apisec.Platform
	stranger apisec.Certified // a key that neither end knows
}

var securedKeys = sync.OnceValue(func() *securedEnds {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	newKey := func() (private, certificate string, signer apisec.Signer, verifier apisec.Verifier) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		must(err)
		der, err := x509.MarshalPKCS8PrivateKey(key)
		must(err)
		private = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
		der, err = x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		must(err)
		certificate = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
		signer, err = apisec.RSASigner(private)
		must(err)
		verifier, err = apisec.RSAVerifier(certificate)
		must(err)
		return private, certificate, signer, verifier
	}
	symmetric := make([]byte, 32)
	_, _ = rand.Read(symmetric)
	private, _, _, account := newKey()
	_, current, currentSigner, _ := newKey()
	_, old, oldSigner, _ := newKey()
	_, _, strangeSigner, _ := newKey()
	s := &securedEnds{account: APISecurity{
		SymmetricKey: Secret(base64.StdEncoding.EncodeToString(symmetric)), SymmetricKeySerial: "SYM-1",
		PrivateKey: Secret(private), PrivateKeySerial: "ASYM-1",
		Certificates: map[string]string{"CERT-NEW": current, "CERT-OLD": old},
	}}
	aes, err := apisec.AES(string(s.account.SymmetricKey))
	must(err)
	s.platform = apisec.Platform{
		Channel: apisec.Channel{AppID: "wx0000000000000001", Serial: "SYM-1", Cipher: aes},
		Account: account,
		Current: apisec.Certified{Signer: currentSigner, Serial: "CERT-NEW"},
		Old:     &apisec.Certified{Signer: oldSigner, Serial: "CERT-OLD"},
	}
	s.stranger = apisec.Certified{Signer: strangeSigner, Serial: "CERT-NEW"}
	return s
})

// only returns the account's end with one of its certificates.
func (s *securedEnds) only(serial string) APISecurity {
	a := s.account
	a.Certificates = map[string]string{serial: s.account.Certificates[serial]}
	return a
}

// client returns a client whose platform opens what it is sent, hands it to reply
// and seals the answer, with forge in between.
func (s *securedEnds) client(t *testing.T, account APISecurity, reply func(path string, object []byte) string, forge func(*http.Response), opts ...Option) *Client {
	t.Helper()
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		assert.Equal(t, "access_token=TOKEN", r.URL.RawQuery)
		assert.Equal(t, int64(len(body)), r.ContentLength)
		address := "https://api.weixin.qq.com" + r.URL.Path
		object, err := s.platform.Open(address, time.Now(), r.Header, body)
		if err != nil {
			t.Errorf("the platform refuses: %v", err)
			return nil, err
		}
		resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: r}
		sealed, err := s.platform.Seal(address, time.Now(), resp.Header, []byte(reply(r.URL.Path, object)))
		require.NoError(t, err)
		resp.Body = io.NopCloser(bytes.NewReader(sealed))
		if forge != nil {
			forge(resp)
		}
		return resp, nil
	})
	opts = append([]Option{
		WithHTTPClient(&http.Client{Transport: transport}), WithTokenSource(StaticToken("TOKEN")),
		WithRetry(RetryPolicy{BaseDelay: 1, MaxDelay: 1}), WithAPISecurity(account),
	}, opts...)
	return newTestClient("wx0000000000000001", "SECRET-CANARY", opts...)
}

func always(reply string) func(string, []byte) string {
	return func(string, []byte) string { return reply }
}

func TestSecuredCallsSendAndReceiveWhatPlainOnesDo(t *testing.T) {
	ends := securedKeys()
	for _, row := range rows {
		path, isPost := strings.CutPrefix(row.http, "POST ")
		if !isPost || !strings.HasPrefix(row.body, "{") || row.anon || spec.Find(http.MethodPost, path)[0].Content == "binary-response" {
			continue
		}
		t.Run(row.name, func(t *testing.T) {
			var want map[string]any
			require.NoError(t, json.Unmarshal([]byte(row.body), &want))
			query, err := url.ParseQuery(row.query)
			require.NoError(t, err)
			for name := range query {
				if _, ok := want[name]; !ok {
					want[name] = query.Get(name)
				}
			}
			account := ends.account
			account.Paths = []string{path}
			c := ends.client(t, account, func(seen string, object []byte) string {
				assert.Equal(t, path, seen)
				var got map[string]any
				require.NoError(t, json.Unmarshal(object, &got))
				assert.Equal(t, want, got)
				if strings.HasPrefix(row.reply, "{") {
					return row.reply
				}
				return wireOK
			}, nil, WithoutClientMsgIDs())
			got, err := row.call(t.Context(), c)
			if row.reply != "" && !strings.HasPrefix(row.reply, "{") {
				return // a download
			}
			require.NoError(t, err)
			if row.want != nil {
				assert.Equal(t, row.want, got)
			}
		})
	}
}

func TestSecuredQueryGoesIntoTheBody(t *testing.T) {
	ends := securedKeys()
	var seen string
	c := ends.client(t, ends.account, func(_ string, object []byte) string {
		seen = string(object)
		return `{"errcode":0,"errmsg":"ok","id":9007199254740993,"_x":"&<>"}`
	}, nil)
	var out json.RawMessage
	err := c.Do(t.Context(), Request{
		Path:  "/cgi-bin/clear_quota",
		Query: url.Values{"action": {"get & set"}, "name": {"from the query"}},
		Body:  map[string]any{"name": "张三", "id": uint64(9007199254740993)},
	}, &out)
	require.NoError(t, err)
	assert.JSONEq(t, `{"action":"get & set","name":"张三","id":9007199254740993}`, seen)
	assert.Equal(t, json.RawMessage(`{"_x":"&<>","errcode":0,"errmsg":"ok","id":9007199254740993}`), out) //nolint:testifylint // the bytes count

	require.NoError(t, c.Do(t.Context(), Request{Method: http.MethodPost, Path: "/cgi-bin/clear_quota"}, nil))
	assert.JSONEq(t, `{}`, seen)
	require.NoError(t, c.Do(t.Context(), Request{Path: "/cgi-bin/clear_quota", Query: url.Values{"a": {"1"}}, Body: struct{}{}}, nil))
	assert.JSONEq(t, `{"a":"1"}`, seen)
}

func TestSecuredCallRefusesWhatCanNotBeEncrypted(t *testing.T) {
	ends := securedKeys()
	c := ends.client(t, ends.account, always(wireOK), nil)
	for _, req := range []Request{
		{Body: []string{"no object"}},
		{Body: json.RawMessage(`null`)},
		{Body: map[string]any{"_appid": "wx1"}},
		{Body: struct{}{}, Query: url.Values{"_n": {"1"}}},
	} {
		req.Path = "/cgi-bin/clear_quota"
		assertArgument(t, c.Do(t.Context(), req, nil), "Body")
	}
	req := Request{Path: "/cgi-bin/clear_quota", Query: url.Values{"a": {"1", "2"}}, Body: struct{}{}}
	assertArgument(t, c.Do(t.Context(), req, nil), "Query")
}

func TestCallsOutsideTheSecurityStayPlain(t *testing.T) {
	ends := securedKeys()
	account := ends.account
	account.Paths = []string{"/cgi-bin/secured"}
	var seen *http.Request
	c := newTestClient("wx0000000000000001", "", WithTokenSource(StaticToken("TOKEN")), WithAPISecurity(account),
		WithHTTPClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			seen = r
			return answer(http.StatusOK, wireOK)(r)
		})}))
	for name, req := range map[string]Request{
		"GET":        {Path: "/cgi-bin/secured"},
		"other path": {Path: "/cgi-bin/clear_quota", Body: struct{}{}},
		"form":       {Path: "/cgi-bin/secured", Body: &Form{Field: "media", File: File{Name: "a.png", Content: strings.NewReader("x")}}},
		"text":       {Path: "/cgi-bin/secured", Body: RawBody{ContentType: "text/plain", Content: strings.NewReader("text")}},
	} {
		require.NoError(t, c.Do(t.Context(), req, nil), name)
		assert.Empty(t, seen.Header.Get(apisec.HeaderSignature), name)
	}
	err := c.Do(t.Context(), Request{Path: "/cgi-bin/secured", Body: struct{}{}}, io.Discard)
	require.NoError(t, err)
	assert.Empty(t, seen.Header.Get(apisec.HeaderSignature), "a download")
}

func TestAnswerThatDoesNotVerifyIsRefused(t *testing.T) {
	ends := securedKeys()
	const path = "/cgi-bin/openapi/rid/get"
	const address = "https://api.weixin.qq.com" + path
	secret := `{"errcode":0,"errmsg":"ok","request":{"client_ip":"ANSWER-CANARY"}}`
	reseal := func(at time.Time, change func(p *apisec.Platform)) func(*http.Response) {
		return func(r *http.Response) {
			p := ends.platform
			change(&p)
			body, err := p.Seal(address, at, r.Header, []byte(secret))
			require.NoError(t, err)
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
	}
	set := func(name, value string) func(*http.Response) {
		return func(r *http.Response) { r.Header.Set(name, value) }
	}
	body := func(change func(string) string) func(*http.Response) {
		return func(r *http.Response) {
			old, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(change(string(old))))
		}
	}
	plain := func(status int, text string) func(*http.Response) {
		return func(r *http.Response) {
			r.Header, r.StatusCode = http.Header{}, status
			r.Body = io.NopCloser(strings.NewReader(text))
		}
	}
	same := func(*apisec.Platform) {}
	signed := func(r *http.Response, at int64, body string) {
		message := apisec.Message(address, "wx0000000000000001", at, []byte(body))
		signature, err := ends.platform.Current.Signer.Sign("", message)
		require.NoError(t, err)
		r.Header.Set(apisec.HeaderTimestamp, strconv.FormatInt(at, 10))
		r.Header.Set(apisec.HeaderSignature, base64.StdEncoding.EncodeToString(signature))
		r.Body = io.NopCloser(strings.NewReader(body))
	}
	inside := func(plain func(at int64) string) func(*http.Response) {
		return func(r *http.Response) {
			at, iv := time.Now().Unix(), make([]byte, 12)
			sealed := ends.platform.Cipher.Seal(nil, iv, []byte(plain(at)), fmt.Appendf(nil, "%s|wx0000000000000001|%d|SYM-1", address, at))
			split := len(sealed) - 16
			body, err := json.Marshal(map[string][]byte{"iv": iv, "data": sealed[:split], "authtag": sealed[split:]})
			require.NoError(t, err)
			signed(r, at, string(body))
		}
	}
	for name, forge := range map[string]func(*http.Response){
		"body with a space more":  body(func(s string) string { return s + " " }),
		"body of another answer":  body(func(s string) string { return strings.Replace(s, `"iv":"`, `"iv":"A`, 1) }),
		"body empty":              body(func(string) string { return "" }),
		"signature of a stranger": reseal(time.Now(), func(p *apisec.Platform) { p.Current = ends.stranger }),
		"signature is no Base64":  set(apisec.HeaderSignature, "!"),
		"signature of the old key": func(r *http.Response) {
			r.Header.Set(apisec.HeaderSignature, r.Header.Get(apisec.HeaderSignatureDeprecated))
		},
		"serial unknown":        reseal(time.Now(), func(p *apisec.Platform) { p.Current.Serial = "CERT-X"; p.Old = nil }),
		"serial empty":          reseal(time.Now(), func(p *apisec.Platform) { p.Current.Serial = ""; p.Old = nil }),
		"account in the header": set(apisec.HeaderAppID, "wx0000000000000002"),
		"account inside": inside(func(at int64) string {
			return fmt.Sprintf(`{"_n":"n","_appid":"wx0000000000000002","_timestamp":%d,"errcode":0}`, at)
		}),
		"time inside": inside(func(at int64) string {
			return fmt.Sprintf(`{"_n":"n","_appid":"wx0000000000000001","_timestamp":%d,"errcode":0}`, at-1)
		}),
		"no fields inside":          inside(func(int64) string { return secret }),
		"no JSON inside":            inside(func(int64) string { return "ANSWER-CANARY" }),
		"symmetric key":             reseal(time.Now(), func(p *apisec.Platform) { p.Serial = "SYM-2" }),
		"timestamp changed":         set(apisec.HeaderTimestamp, strconv.FormatInt(time.Now().Unix()+100, 10)),
		"timestamp not a number":    set(apisec.HeaderTimestamp, "now"),
		"timestamp missing":         set(apisec.HeaderTimestamp, ""),
		"310 seconds old":           reseal(time.Now().Add(-310*time.Second), same),
		"310 seconds ahead":         reseal(time.Now().Add(310*time.Second), same),
		"unsigned success":          plain(200, secret),
		"unsigned success, wrapped": plain(200, `{"request":{}}`),
		"unsigned, done before":     plain(200, `{"errcode":45065,"errmsg":"done"}`),
		"unsigned page":             plain(200, `<html>ANSWER-CANARY</html>`),
		"not encrypted but signed":  func(r *http.Response) { signed(r, time.Now().Unix(), secret) },
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			c := ends.client(t, ends.account, func(string, []byte) string { calls++; return secret }, forge)
			var out struct {
				Request RequestInfo `json:"request"`
			}
			err := c.Do(t.Context(), Request{
				Path: path, Body: apiPath{"/cgi-bin/menu/get"}, Idempotent: true, AlreadyDone: []Code{45065},
			}, &out)
			var unreadable *DecodeError
			require.ErrorAs(t, err, &unreadable)
			require.ErrorIs(t, err, ErrUnverified)
			assert.Equal(t, path, unreadable.Path)
			assert.Empty(t, out)
			assert.Equal(t, 1, calls, "an answer that is not the platform's must not cause calls")
			assertNoKey(t, err)
			assert.NotContains(t, fmt.Sprintf("%v %+v", err, unreadable), "CANARY")
		})
	}
}

func TestAnswerMayBe290SecondsOld(t *testing.T) {
	ends := securedKeys()
	for _, age := range []time.Duration{-290 * time.Second, 290 * time.Second} {
		c := ends.client(t, ends.account, always(wireOK), func(r *http.Response) {
			body, err := ends.platform.Seal("https://api.weixin.qq.com/cgi-bin/clear_quota", time.Now().Add(age), r.Header, []byte(wireOK))
			require.NoError(t, err)
			r.Body = io.NopCloser(bytes.NewReader(body))
		})
		require.NoError(t, c.ClearQuota(t.Context()))
	}
}

func TestOldCertificateVerifiesWhileItIsReplaced(t *testing.T) {
	ends := securedKeys()
	for serial, warnings := range map[string]int{"CERT-NEW": 0, "CERT-OLD": 1} {
		var log testlog.Output
		c := ends.client(t, ends.only(serial), always(wireOK), nil, WithLogger(log.Logger()))
		require.NoError(t, c.ClearQuota(t.Context()))
		require.NoError(t, c.ClearQuota(t.Context()))
		assert.Equal(t, warnings, strings.Count(log.String(), "level=WARN"), log.String())
		assertNoKey(t, errors.New(log.String()))
	}
	wrong := ends.client(t, ends.only("CERT-OLD"), always(wireOK), func(r *http.Response) {
		r.Header.Set(apisec.HeaderSignatureDeprecated, r.Header.Get(apisec.HeaderSignature))
	})
	err := wrong.ClearQuota(t.Context())
	require.ErrorIs(t, err, ErrUnverified)
	require.ErrorIs(t, err, ErrUnknownOutcome)
}

func TestPlainRefusalOfASecuredCallIsAnError(t *testing.T) {
	ends := securedKeys()
	refuse := func(status int, body string) func(*http.Response) {
		return func(r *http.Response) {
			r.Header, r.StatusCode = http.Header{}, status
			r.Body = io.NopCloser(strings.NewReader(body))
		}
	}
	c := ends.client(t, ends.account, always(wireOK), refuse(200, `{"errcode":40234,"errmsg":"invalid signature rid: 5f1e-2"}`))
	var refusal *Error
	require.ErrorAs(t, c.ClearQuota(t.Context()), &refusal)
	assert.Equal(t, Code(40234), refusal.Code)
	assert.Equal(t, "5f1e-2", refusal.RequestID)

	c = ends.client(t, ends.account, always(wireOK), refuse(502, `<html>bad gateway</html>`))
	var failure *RequestError
	require.ErrorAs(t, c.ClearQuota(t.Context()), &failure)
	assert.Equal(t, 502, failure.Status)
}

func TestSignedRefusalIsAnError(t *testing.T) {
	ends := securedKeys()
	c := ends.client(t, ends.account, always(`{"errcode":45009,"errmsg":"quota"}`), nil)
	require.ErrorIs(t, c.ClearQuota(t.Context()), ErrDailyQuota)

	const body = `{"errcode":48006,"errmsg":"forbid to clear quota"}` // signed, not encrypted
	c = ends.client(t, ends.account, always(wireOK), func(r *http.Response) {
		at := time.Now().Unix()
		message := apisec.Message("https://api.weixin.qq.com/cgi-bin/clear_quota", "wx0000000000000001", at, []byte(body))
		signature, err := ends.platform.Current.Signer.Sign("", message)
		require.NoError(t, err)
		r.Header.Set(apisec.HeaderTimestamp, strconv.FormatInt(at, 10))
		r.Header.Set(apisec.HeaderSignature, base64.StdEncoding.EncodeToString(signature))
		r.Body = io.NopCloser(strings.NewReader(body))
	})
	require.ErrorIs(t, c.ClearQuota(t.Context()), ErrClearQuotaLimit)
}

func TestRepetitionIsSealedAnew(t *testing.T) {
	ends := securedKeys()
	var bodies []string
	c := ends.client(t, ends.account, always(`{"errcode":-1,"errmsg":"busy"}`), func(r *http.Response) {
		body, err := r.Request.GetBody()
		require.NoError(t, err)
		sent, _ := io.ReadAll(body)
		bodies = append(bodies, string(sent))
	})
	_, err := c.GetAPIQuota(t.Context(), "/cgi-bin/menu/get")
	require.ErrorIs(t, err, ErrSystemBusy)
	require.Len(t, bodies, 3)
	assert.NotEqual(t, bodies[0], bodies[1])
	assert.NotEqual(t, bodies[1], bodies[2])
}

func TestControlBytesInASecuredAnswerAreRepaired(t *testing.T) {
	ends := securedKeys()
	c := ends.client(t, ends.account, always("{\"request\":{\"client_ip\":\"a\x14b\"}}"), nil)
	info, err := c.GetRequestInfo(t.Context(), "5f1e-2")
	require.NoError(t, err)
	assert.Equal(t, "a\x14b", info.ClientIP)
}

func TestSecuredAddressIsThePlatforms(t *testing.T) {
	for _, c := range []struct{ origin, base, want string }{
		{"", "https://api.weixin.qq.com", "https://api.weixin.qq.com"},
		{"", "https://api2.weixin.qq.com", "https://api2.weixin.qq.com"},
		{"", "https://sh.api.weixin.qq.com/", "https://sh.api.weixin.qq.com"},
		{"", "https://wechat.example.com/proxy", "https://api.weixin.qq.com"},
		{"", "http://127.0.0.1:8080", "https://api.weixin.qq.com"},
		{"", "https://fakeweixin.qq.com", "https://api.weixin.qq.com"},
		{"https://api2.weixin.qq.com", "https://wechat.example.com", "https://api2.weixin.qq.com"},
	} {
		account := securedKeys().account
		account.Origin = c.origin
		client := newTestClient("wx0000000000000001", "S", WithBaseURL(c.base), WithAPISecurity(account))
		require.NoError(t, client.invalid)
		assert.Equal(t, c.want, client.secure.origin, c.base)
	}
}

// toySigner stands for algorithms of a library.
type toySigner struct{ err error }

func (s toySigner) Sign(serial string, message []byte) ([]byte, error) {
	return append([]byte(serial+"|"), message...), s.err
}

func (toySigner) Verify(serial string, message, signature []byte) error {
	if string(signature) != serial+"|"+string(message) {
		return errors.New("wrong")
	}
	return nil
}

func TestOtherAlgorithmsTakeTheSerialNumbers(t *testing.T) {
	ends := *securedKeys()
	account := ends.account
	account.Cipher, account.SymmetricKey = ends.platform.Cipher, ""
	account.Signer, account.PrivateKey = toySigner{}, ""
	account.Verifiers, account.Certificates = map[string]APIVerifier{"SM2-CERT": toySigner{}}, nil
	ends.platform.Account = prefixed{"ASYM-1"}
	ends.platform.Current, ends.platform.Old = apisec.Certified{Signer: toySigner{}, Serial: "SM2-CERT"}, nil
	c := ends.client(t, account, always(wireOK), nil)
	require.NoError(t, c.ClearQuota(t.Context()))

	account.Signer = toySigner{errors.New("HSM is away, SECRET-CANARY")}
	err := ends.client(t, account, always(wireOK), nil).ClearQuota(t.Context())
	var failure *RequestError
	require.ErrorAs(t, err, &failure)
	assert.False(t, failure.OutcomeUnknown, "nothing was sent")
	assert.NotContains(t, err.Error(), "CANARY")
}

// prefixed verifies a toySigner's requests, which carry no serial number.
type prefixed struct{ serial string }

func (p prefixed) Verify(_ string, message, signature []byte) error {
	return toySigner{}.Verify(p.serial, message, signature)
}

func TestWrongKeysAreToldByTheFirstCall(t *testing.T) {
	ends := securedKeys()
	valid := ends.account
	for argument, change := range map[string]func(*APISecurity){
		"APISecurity.SymmetricKeySerial":    func(a *APISecurity) { a.SymmetricKeySerial = " " },
		"APISecurity.SymmetricKey":          func(a *APISecurity) { a.SymmetricKey = "KEY-CANARY" },
		"APISecurity.PrivateKey":            func(a *APISecurity) { a.PrivateKey = "KEY-CANARY" },
		`APISecurity.Certificates["CERT"]`:  func(a *APISecurity) { a.Certificates = map[string]string{"CERT": "KEY-CANARY"} },
		"APISecurity.Certificates":          func(a *APISecurity) { a.Certificates = nil },
		"APISecurity.Paths[1]":              func(a *APISecurity) { a.Paths = []string{"/a", "https://api.weixin.qq.com/b"} },
		"APISecurity.Origin":                func(a *APISecurity) { a.Origin = "api.weixin.qq.com" },
		"APISecurity.Cipher":                func(a *APISecurity) { a.Cipher = ends.platform.Cipher },
		"APISecurity.Signer":                func(a *APISecurity) { a.Signer = ends.platform.Current.Signer },
		`APISecurity.Verifiers["CERT-NEW"]`: func(a *APISecurity) { a.Verifiers = map[string]APIVerifier{"CERT-NEW": ends.platform.Account} },
	} {
		account := valid
		change(&account)
		c := newTestClient("wx0000000000000001", "S", WithAPISecurity(account))
		err := c.ClearQuota(t.Context())
		assertArgument(t, err, argument)
		assertNoKey(t, err)
		assert.NotContains(t, err.Error(), "CANARY")
		_, err = c.Token(t.Context(), "")
		assertArgument(t, err, argument)
	}
	account := valid
	account.Certificates, account.Verifiers = nil, map[string]APIVerifier{"CERT": nil}
	assertArgument(t, newTestClient("wx1", "S", WithAPISecurity(account)).ClearQuota(t.Context()), "APISecurity.Verifiers")
	assertArgument(t, newTestClient("", "", WithTokenSource(StaticToken("T")), WithAPISecurity(valid)).Do(t.Context(), Request{Path: "/a"}, nil), "appID")
}

func TestKeysOfAPISecurityShowNowhere(t *testing.T) {
	account := securedKeys().account
	c := newTestClient("wx0000000000000001", "S", WithAPISecurity(account))
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.LogAttrs(context.Background(), slog.LevelInfo, "m", slog.Any("a", account), slog.Any("p", &account), slog.Any("c", c))
	data, err := json.Marshal(map[string]any{"a": account, "p": &account})
	require.NoError(t, err)
	shown := []string{log.String(), string(data)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown = append(shown, fmt.Sprintf(verb, account), fmt.Sprintf(verb, &account), fmt.Sprintf(verb, struct{ A APISecurity }{account}), fmt.Sprintf(verb, c))
	}
	for _, text := range shown {
		assertNoKey(t, errors.New(text))
	}
	assert.Contains(t, fmt.Sprint(account), "SYM-1")
}

// assertNoKey asserts that an error shows neither the symmetric nor the private key.
func assertNoKey(t *testing.T, err error) {
	t.Helper()
	keys := securedKeys().account
	lines := strings.Split(strings.TrimSpace(string(keys.PrivateKey)), "\n")
	text := err.Error()
	for _, part := range append(lines[1:len(lines)-1], string(keys.SymmetricKey), fmt.Sprintf("%x", string(keys.SymmetricKey))) {
		require.NotContains(t, text, part)
	}
}

func TestCallersAPISecurityIsNotKept(t *testing.T) {
	ends := securedKeys()
	account := ends.account
	account.Certificates = maps.Clone(account.Certificates)
	account.Paths = []string{"/cgi-bin/clear_quota"}
	c := ends.client(t, account, always(wireOK), nil)
	account.Paths[0] = "/other"
	clear(account.Certificates)
	require.NoError(t, c.ClearQuota(t.Context()))
}

type panickingKey struct{}

func (panickingKey) Sign(string, []byte) ([]byte, error) { panic("SECRET-CANARY") }
func (panickingKey) Verify(string, []byte, []byte) error { panic("SECRET-CANARY") }

func TestKeyOfTheProgramMayPanic(t *testing.T) {
	ends := *securedKeys()
	account := ends.account
	account.Signer, account.PrivateKey = panickingKey{}, ""
	err := ends.client(t, account, always(wireOK), nil).ClearQuota(t.Context())
	var failed *RequestError
	require.ErrorAs(t, err, &failed)
	assert.False(t, failed.OutcomeUnknown, "nothing was sent")
	assert.NotContains(t, err.Error(), "CANARY")

	account = ends.account
	account.Certificates, account.Verifiers = nil, map[string]APIVerifier{"CERT-NEW": panickingKey{}}
	err = ends.client(t, account, always(wireOK), nil).ClearQuota(t.Context())
	require.ErrorIs(t, err, ErrUnverified)
	assert.NotContains(t, err.Error(), "CANARY")
}
