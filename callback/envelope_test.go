package callback

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/msgcrypt"
)

// consoleForms are the three forms of a push, by the mode of the console. The part in plain
// text and the encrypted one differ, to show which one is read.
func consoleForms(form Mode, inJSON bool) *http.Request {
	push := func(content string) string {
		if inJSON {
			return fmt.Sprintf(`{"ToUserName":%q,"FromUserName":%q,"CreateTime":%d,"MsgType":"text","Content":%q,"MsgId":1}`, testAccount, testOpenID, time.Now().Unix(), content)
		}
		return textPush(1, content)
	}
	encoded := mustKey(testKey).Encrypt([]byte(push("encrypted")), testAppID)
	body := push("clear")
	switch {
	case form == ModeSafe && inJSON:
		body = `{"ToUserName":"` + testAccount + `","Encrypt":"` + encoded + `"}`
	case form == ModeSafe:
		body = "<xml><ToUserName>" + testAccount + "</ToUserName><Encrypt><![CDATA[" + encoded + "]]></Encrypt></xml>"
	case form == ModeCompatible && inJSON:
		body = strings.Replace(body, `,"MsgType"`, `,"Encrypt":"`+encoded+`","MsgType"`, 1)
	case form == ModeCompatible:
		body = strings.Replace(body, "</xml>", "<Encrypt><![CDATA["+encoded+"]]></Encrypt></xml>", 1)
	}
	timestamp, nonce := strconv.FormatInt(time.Now().Unix(), 10), msgcrypt.Nonce()
	query := url.Values{"timestamp": {timestamp}, "nonce": {nonce}, "signature": {msgcrypt.Sign(testToken, timestamp, nonce)}}
	if form != ModePlain {
		query.Set("encrypt_type", "aes")
		query.Set("msg_signature", msgcrypt.Sign(testToken, timestamp, nonce, encoded))
	}
	return httptest.NewRequest(http.MethodPost, "/?"+query.Encode(), strings.NewReader(body))
}

// TestE2EveryModeReadsThePartThatItIsFor tries every mode of the handler with every mode of
// the console, in XML and JSON, with and without AllowPlaintext.
func TestE2EveryModeReadsThePartThatItIsFor(t *testing.T) {
	want := map[string]string{ // what the handler reads; "" if it refuses the push
		"safe/safe": "encrypted", "safe/compatible": "encrypted", "safe/plain": "",
		"compatible/safe": "encrypted", "compatible/compatible": "encrypted", "compatible/plain": "",
		"plain/safe": "", "plain/compatible": "clear", "plain/plain": "clear",

		"safe+clear/safe": "encrypted", "safe+clear/compatible": "encrypted", "safe+clear/plain": "clear",
		"compatible+clear/safe": "encrypted", "compatible+clear/compatible": "encrypted", "compatible+clear/plain": "clear",
	}
	moving, compatible := safeConfig(), safeConfig()
	compatible.Mode, moving.AllowPlaintext = ModeCompatible, true
	both := compatible
	both.AllowPlaintext = true
	tried := 0
	for name, cfg := range map[string]Config{
		"safe": safeConfig(), "compatible": compatible, "plain": plainConfig(), "safe+clear": moving, "compatible+clear": both,
	} {
		for _, form := range []Mode{ModeSafe, ModeCompatible, ModePlain} {
			for _, inJSON := range []bool{false, true} {
				pair := fmt.Sprintf("%s/%s", name, form)
				expected, known := want[pair]
				require.True(t, known, pair)
				h := newTestHandler(t, cfg)
				read, raw := "", ""
				On(h, func(_ context.Context, m *TextMessage) (Reply, error) {
					read, raw = m.Content, string(m.Raw)
					return Text("answer to " + m.Content), nil
				})
				w := httptest.NewRecorder()
				h.ServeHTTP(w, consoleForms(form, inJSON))
				assert.Equal(t, expected, read, "%s, JSON %v", pair, inJSON)
				tried++
				if expected == "" {
					assert.Equal(t, http.StatusForbidden, w.Code, pair)
					continue
				}
				assert.NotContains(t, raw, "Encrypt", pair)
				p := platform{mode: ModePlain, token: testToken, appID: testAppID, json: inJSON}
				if expected == "encrypted" {
					p.mode, p.key = ModeSafe, testKey
				}
				answer, ok := p.read(w)
				assert.True(t, ok, "%s is answered as it was read: %s", pair, w.Body)
				assert.Contains(t, answer, "answer to "+expected, pair)
			}
		}
	}
	assert.Equal(t, 30, tried)
}

// TestE2InPlainModeAnEncryptionBesideDoesNotMakeADuplicateAnotherPush: the encrypted part
// differs at each delivery.
func TestE2InPlainModeAnEncryptionBesideDoesNotMakeADuplicateAnotherPush(t *testing.T) {
	for _, inJSON := range []bool{false, true} {
		h := newTestHandler(t, plainConfig())
		keys := map[digest]bool{}
		for range 3 {
			push, err := h.Parse(consoleForms(ModeCompatible, inJSON))
			require.NoError(t, err)
			push.id = "" // like an event
			keys[push.digest()] = true
		}
		assert.Len(t, keys, 1)
	}
}

func TestE2OfAPushInBothFormsTheEncryptedOneIsChecked(t *testing.T) {
	for _, cfg := range []Config{safeConfig(), plainConfig()} {
		for _, inJSON := range []bool{false, true} {
			r := consoleForms(ModeCompatible, inJSON)
			query := r.URL.Query()
			query.Set("msg_signature", strings.Repeat("0", 40))
			r.URL.RawQuery = query.Encode()
			_, err := newTestHandler(t, cfg).Parse(r)
			require.ErrorIs(t, err, ErrRefused)
		}
	}
}

func TestTheElementIsCutOutOfADocument(t *testing.T) {
	for doc, want := range map[string]string{
		"<xml><Encrypt>x</Encrypt><A>1</A></xml>":                                        "<xml><A>1</A></xml>",
		"<xml><A>1</A> <encrypt><![CDATA[x]]></encrypt>\n</xml>":                         "<xml><A>1</A> \n</xml>",
		"\ufeff<?xml version='1.0'?><!-- a --><xml><Encrypt>x</Encrypt></xml><!-- b -->": "\ufeff<?xml version='1.0'?><!-- a --><xml></xml><!-- b -->",
		`{"Encrypt":"x","A":1}`:                                                          `{"A":1}`,
		`{ "Encrypt" : "x" , "A":1}`:                                                     `{  "A":1}`,
		`{"A":1,"Encrypt":"x"}`:                                                          `{"A":1}`,
		`{"A":1 , "Encrypt":"x" ,"B":2}`:                                                 `{"A":1  ,"B":2}`,
		`{"Encrypt":"x"}`:                                                                `{}`,
		" \ufeff{\"Encrypt\":\"x\"}":                                                     `{}`,
		"{\"A\":\"a\x07\",\"Encrypt\":\"x\"}":                                            `{"A":"a\u0007"}`,
	} {
		e, err := openEnvelope([]byte(doc))
		require.NoError(t, err, doc)
		assert.Equal(t, "x", e.encoded, doc)
		assert.Equal(t, want, string(e.inClear()), doc)
		_, _, err = parse(e.inClear())
		require.NoError(t, err, want)
		assert.False(t, e.clear)
	}
}

func TestAnEnvelopeIsReadAndNothingElse(t *testing.T) {
	for _, doc := range []string{
		"<xml><Encrypt> x </Encrypt><A><B><Encrypt>y</Encrypt></B></A></xml>", // another level
		"<xml><A><![CDATA[<Encrypt>y</Encrypt>]]></A><!-- <Encrypt>y</Encrypt> --><Encrypt>x</Encrypt></xml>",
		"<xml><A a='<Encrypt>'/><Encrypt>x</Encrypt><A><!-- </A> --></A></xml>",
		"<xml>" + strings.Repeat("<a>", 1000) + strings.Repeat("</a>", 1000) + "<Encrypt>x</Encrypt></xml>",
		"<xml>" + strings.Repeat("<a/>", maxNodes+10) + "<Encrypt>x</Encrypt></xml>",
		"<xml><A>&unknown;</A><Encrypt>x</Encrypt></xml>",
		`{"A":{"Encrypt":"y"},"Encrypt":" x "}`,
		`{"A":"\"Encrypt\":\"y\"","Encrypt":"x"}`,
		`{"A":[{"Encrypt":"y"}],"Encrypt":"x"}`,
	} {
		e, err := openEnvelope([]byte(doc))
		require.NoError(t, err, doc)
		assert.Equal(t, "x", strings.TrimSpace(e.encoded), doc)
	}
	for _, doc := range []string{
		"", "x", "<xml>", "<xml/>", "<xml></xml>", "<xml></xml><Encrypt>x</Encrypt>", "<xml><Encrypt>x</Encrypt>", "<xml><Encrypt>x</Encrypt></XML>",
		"<xml><Encrypt>x</Encrypt></xml>tail", "<xml><Encrypt>x</Encrypt><Encrypt>x</Encrypt></xml>", "<xml><Encrypt>x</Encrypt><encrypt/></xml>",
		"<xml><Encrypt>x</Encrypt><A></xml>", "<xml><Encrypt>x<A></Encrypt></A></xml>", "<xml><Encrypt>x</Encrypt><![CDATA[</xml>",
		"<xml><Encrypt>x</Encrypt><!-- </xml>", "<xml><A></A", "<xml><?a?><Encrypt>x</Encrypt></xml>", "<!DOCTYPE a><xml><Encrypt>x</Encrypt></xml>",
		`<?xml version="1.0" encoding="GBK"?><xml><Encrypt>x</Encrypt></xml>`, "<xml><A", "<xml><A><", "<xml>a",
		"{", "{}", `{"Encrypt":"x"`, `{"Encrypt":"x"}}`, `{"Encrypt":"x"} {}`, `{"Encrypt":"x","encrypt":"y"}`, `{"Encrypt":1}`, `{"Encrypt":["x"]}`,
		`{"A":,"Encrypt":"x"}`, `{"Encrypt"}`, `{1:2}`, `{"A":1,,"Encrypt":"x"}`, `{"Encrypt":"x",}`,
	} {
		_, err := openEnvelope([]byte(doc))
		require.ErrorIs(t, err, errMalformed, doc)
	}
}

// TestE6NothingButTheEnvelopeIsReadBeforeItsSignature: other elements are not parsed into a
// tree. The decoder of encoding/json allocates memory in proportion to them.
func TestE6NothingButTheEnvelopeIsReadBeforeItsSignature(t *testing.T) {
	h := newTestHandler(t, safeConfig())
	query := safePlatform().request(t.Context(), "<xml></xml>").URL.RawQuery
	times := map[string]int{"XML": 4, "JSON": 14}
	for name, body := range map[string]string{
		"XML":  "<xml>" + strings.Repeat("<a><b>c</b></a>", 15_000) + "<Encrypt>x</Encrypt></xml>",
		"JSON": `{"Encrypt":"x"` + strings.Repeat(`,"a":[{"b":"c"}]`, 15_000) + "}",
	} {
		require.LessOrEqual(t, len(body), maxBody)
		allocated := allocates(func() {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
			r.URL.RawQuery = query
			_, err := h.Parse(r)
			require.ErrorIs(t, err, ErrRefused)
		})
		assert.Less(t, allocated, uint64(times[name]*len(body)), name)
		t.Logf("%s of %d bytes: %d bytes allocated", name, len(body), allocated)
	}
}

func FuzzOpenEnvelope(f *testing.F) {
	for _, seed := range []string{
		"<xml><ToUserName>a</ToUserName><Encrypt><![CDATA[x]]></Encrypt></xml>", `{"A":1,"Encrypt":"x","MsgType":"text"}`,
		"\ufeff<?xml version='1.0'?><!-- a --><xml><MsgType/><Encrypt>x</Encrypt></xml>", "{\"A\":\"\x01\",\"Encrypt\":\"x\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := openEnvelope(data)
		if err != nil {
			return
		}
		doc, _, err := parse(e.doc)
		if err != nil {
			return // too deep, or with unknown entities, which only parse refuses
		}
		if doc.count("Encrypt") != 1 {
			t.Fatalf("%q has not one element", data)
		}
		if got := strings.TrimSpace(doc.string("Encrypt")); got != strings.TrimSpace(repair(e.encoded)) {
			t.Fatalf("%q: %q and %q", data, e.encoded, got)
		}
		if e.clear != doc.has("MsgType") {
			t.Fatalf("%q: clear is %v", data, e.clear)
		}
		rest, _, err := parse(e.inClear())
		if err != nil || rest.has("Encrypt") || len(rest.kids) != len(doc.kids)-1 {
			t.Fatalf("%q without it: %q, %v", data, e.inClear(), err)
		}
	})
}
