package callback

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/msgcrypt"
)

// The tests E1 to E30 are about the faults that a receiver of pushes must survive.

// TestE1OnlyPushesAsConfiguredReachAHandler tries every combination of what a sender can
// choose with every configuration.
func TestE1OnlyPushesAsConfiguredReachAHandler(t *testing.T) {
	compatible, moving := safeConfig(), safeConfig()
	compatible.Mode, moving.AllowPlaintext = ModeCompatible, true
	modes := map[string]Config{"plain": plainConfig(), "compatible": compatible, "safe": safeConfig(), "moving": moving}
	valid := map[string]bool{
		"plain//clear/right": true, "plain//clear/no msg_signature": true,
		"plain/raw/clear/right": true, "plain/raw/clear/no msg_signature": true, "plain/aes/both/right": true,
		"compatible/aes/both/right": true, "compatible/aes/encrypted/right": true,
		"safe/aes/both/right": true, "safe/aes/encrypted/right": true,
		"moving/aes/both/right": true, "moving/aes/encrypted/right": true,
		"moving//clear/right": true, "moving//clear/no msg_signature": true,
		"moving/raw/clear/right": true, "moving/raw/clear/no msg_signature": true,
	}
	cases, bypasses, refused := 0, 0, 0
	for mode, cfg := range modes {
		for _, encryptType := range []string{"", "raw", "aes"} {
			for _, body := range []string{"clear", "both", "encrypted", "garbage"} {
				for _, signature := range []string{"right", "wrong signature", "wrong msg_signature", "no msg_signature", "none"} {
					cases++
					ran := false
					h := newTestHandler(t, cfg)
					content := "hello"
					if mode == "plain" && body == "both" {
						content = "forged" // it reads only the part in plain text
					}
					On(h, func(_ context.Context, m *TextMessage) (Reply, error) {
						ran = m.Content == content
						return nil, nil
					})
					w := httptest.NewRecorder()
					h.ServeHTTP(w, crafted(encryptType, body, signature))
					name := strings.Join([]string{mode, encryptType, body, signature}, "/")
					switch {
					case ran && !valid[name]:
						bypasses++
						t.Errorf("bypass: %s", name)
					case !ran && valid[name]:
						t.Errorf("refused: %s", name)
					case ran:
						assert.Equal(t, http.StatusOK, w.Code, name)
					default:
						refused++
						assert.Equal(t, http.StatusForbidden, w.Code, name)
						assert.Equal(t, "Forbidden", w.Body.String(), name)
					}
				}
			}
		}
	}
	assert.Equal(t, 240, cases)
	assert.Equal(t, 240-len(valid), refused)
	t.Logf("%d combinations, %d bypasses", cases, bypasses)
}

// crafted returns a request with the choices of a sender.
func crafted(encryptType, body, signature string) *http.Request {
	timestamp, nonce := strconv.FormatInt(time.Now().Unix(), 10), "123456"
	push := textPush(1, "hello")
	encoded := mustKey(testKey).Encrypt([]byte(push), testAppID)
	inside := "<Encrypt><![CDATA[" + encoded + "]]></Encrypt>"
	bodies := map[string]string{
		"clear":     push,
		"both":      strings.Replace(push, "hello", "forged", 1),
		"encrypted": "<xml>" + inside + "</xml>",
		"garbage":   push[:len(push)-3],
	}
	bodies["both"] = strings.Replace(bodies["both"], "</xml>", inside+"</xml>", 1)
	query := url.Values{"timestamp": {timestamp}, "nonce": {nonce}}
	if encryptType != "" {
		query.Set("encrypt_type", encryptType)
	}
	query.Set("signature", msgcrypt.Sign(testToken, timestamp, nonce))
	if encryptType == "aes" {
		query.Set("msg_signature", msgcrypt.Sign(testToken, timestamp, nonce, encoded))
	}
	switch signature {
	case "wrong signature":
		query.Set("signature", msgcrypt.Sign("othertoken", timestamp, nonce))
	case "wrong msg_signature":
		query.Set("msg_signature", msgcrypt.Sign("othertoken", timestamp, nonce, encoded))
	case "no msg_signature":
		query.Del("msg_signature")
	case "none":
		query.Del("signature")
		query.Del("msg_signature")
	}
	return httptest.NewRequest(http.MethodPost, "/?"+query.Encode(), strings.NewReader(bodies[body]))
}

func TestE1AParameterThatStandsTwiceRefusesTheRequest(t *testing.T) {
	for _, extra := range []string{"&signature=x", "&msg_signature=x", "&timestamp=1", "&nonce=1", "&encrypt_type=raw", "&signat%75re=x", "&encrypt%5Ftype=raw"} {
		h := newTestHandler(t, safeConfig())
		r := safePlatform().request(t.Context(), textPush(1, "hello"))
		r.URL.RawQuery += extra
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		assert.Equal(t, http.StatusForbidden, w.Code, extra)
	}
}

func TestE2AClearPushToAnEncryptedAccountIsRefused(t *testing.T) {
	for _, mode := range []Mode{ModeSafe, ModeCompatible} {
		cfg := safeConfig()
		cfg.Mode = mode
		c := &counter{}
		h := newTestHandler(t, cfg)
		On(h, c.handle)
		assert.Equal(t, http.StatusForbidden, plainPlatform().sends(h, textPush(1, "hello")).Code)
		assert.Zero(t, c.count())
		cfg.AllowPlaintext = true
		h = newTestHandler(t, cfg)
		On(h, c.handle)
		assert.Equal(t, http.StatusOK, plainPlatform().sends(h, textPush(1, "hello")).Code)
		assert.Equal(t, 1, c.count())
		c.runs = 0
	}
}

func TestE3ACapturedRequestRunsNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counter{}
		h := newTestHandler(t, safeConfig())
		On(h, c.handle)
		p := safePlatform()
		captured := p.request(t.Context(), textPush(1, "hello"))
		body := textBody(t, captured)
		replay := func() int {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, captured.URL.String(), strings.NewReader(body)))
			return w.Code
		}
		assert.Equal(t, http.StatusOK, replay())
		assert.Equal(t, http.StatusOK, replay())
		time.Sleep(10 * time.Second)
		assert.Equal(t, http.StatusOK, replay())
		time.Sleep(290 * time.Second)
		assert.Equal(t, http.StatusOK, replay(), "300 seconds are within the window")
		time.Sleep(time.Second)
		assert.Equal(t, http.StatusForbidden, replay())
		time.Sleep(365 * 24 * time.Hour)
		assert.Equal(t, http.StatusForbidden, replay())
		assert.Equal(t, 1, c.count())
	})
}

func textBody(t *testing.T, r *http.Request) string {
	t.Helper()
	body, err := readBody(r, nil)
	require.NoError(t, err)
	return string(body)
}

func TestE4AWrongClockIsLoggedOnceAMinuteWithItsSkew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.Logger = j.log.Logger()
		h := newTestHandler(t, cfg)
		r := safePlatform().request(t.Context(), textPush(1, "hello"))
		body := textBody(t, r)
		time.Sleep(400 * time.Second)
		for range 100 {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, r.URL.String(), strings.NewReader(body)))
			assert.Equal(t, http.StatusForbidden, w.Code)
			time.Sleep(time.Second)
		}
		assert.Equal(t, 2, strings.Count(j.log.String(), "skew_seconds="))
		assert.Contains(t, j.log.String(), "skew_seconds=400")
	})
}

func TestE5NoExpectedSignatureIsShown(t *testing.T) {
	j := &journal{}
	cfg := safeConfig()
	cfg.Logger = j.log.Logger()
	cfg.Observer = j.observe
	h := newTestHandler(t, cfg)
	r := safePlatform().request(t.Context(), textPush(1, "hello"))
	q := r.URL.Query()
	expected := q.Get("signature")
	expectedMessage := q.Get("msg_signature")
	for _, name := range []string{"signature", "msg_signature"} {
		wrong := r.URL.Query()
		wrong.Set(name, strings.Repeat("0", 40))
		w := httptest.NewRecorder()
		forged := httptest.NewRequest(http.MethodPost, "/?"+wrong.Encode(), strings.NewReader(textBody(t, safePlatform().request(t.Context(), "<xml/>"))))
		h.ServeHTTP(w, forged)
		assert.Equal(t, http.StatusForbidden, w.Code)
		for _, text := range []string{w.Body.String(), fmt.Sprint(w.Header()), j.log.String(), fmt.Sprintf("%+v %#v", j.events, j.events)} {
			assert.NotContains(t, text, expected)
			assert.NotContains(t, text, expectedMessage)
			assert.NotContains(t, text, testToken)
		}
	}
	assert.Len(t, j.events, 2)
}

func TestE11EveryDamageOfAMessageIsOneAndTheSameRefusal(t *testing.T) {
	h := newTestHandler(t, safeConfig())
	p := safePlatform()
	answers := map[string]bool{}
	send := func(encoded string) {
		timestamp, nonce := strconv.FormatInt(time.Now().Unix(), 10), "123456"
		q := url.Values{
			"timestamp": {timestamp}, "nonce": {nonce}, "encrypt_type": {"aes"}, "signature": {msgcrypt.Sign(p.token, timestamp, nonce)},
			"msg_signature": {msgcrypt.Sign(p.token, timestamp, nonce, encoded)},
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/?"+q.Encode(), strings.NewReader("<xml><Encrypt>"+encoded+"</Encrypt></xml>")))
		answers[fmt.Sprintf("%d %q", w.Code, w.Body.String())] = true
	}
	random := rand.New(rand.NewPCG(1, 2))
	for size := range 256 {
		noise := make([]byte, size)
		for i := range noise {
			noise[i] = byte(random.Uint32())
		}
		send(base64.StdEncoding.EncodeToString(noise))
	}
	good := mustKey(testKey).Encrypt([]byte(textPush(1, "hello")), testAppID)
	send(good[:len(good)-4])
	send("not base64")
	send(mustKey(testKey).Encrypt([]byte(textPush(1, "hello")), "wx0000000000000002"))
	send(mustKey(testKey).Encrypt(nil, testAppID))
	send(mustKey(testKey).Encrypt([]byte("no document"), testAppID))
	assert.Len(t, answers, 1)
	assert.True(t, answers[`403 "Forbidden"`])
}

func TestE12NoPushIsLostWhileTokenAndKeyChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		oldKey := strings.Repeat("0123456789", 4) + "abc"
		cfg := safeConfig()
		cfg.Previous = NewCredentials("oldtoken", oldKey)
		h := newTestHandler(t, cfg)
		c := &counter{}
		On(h, c.handle)
		current, previous := safePlatform(), safePlatform()
		previous.token, previous.key = "oldtoken", oldKey
		id := 0
		send := func(p platform) int {
			id++
			w := p.sends(h, textPush(id, "hello"))
			if w.Code == http.StatusOK {
				got, ok := p.read(w)
				assert.True(t, ok, "answered with other credentials than the push had")
				assert.Contains(t, got, "runs")
			}
			return w.Code
		}
		assert.Equal(t, http.StatusOK, send(previous))
		time.Sleep(time.Hour)
		assert.Equal(t, http.StatusOK, send(previous))
		assert.Equal(t, http.StatusOK, send(current))
		for range 9 { // the platform uses both for a while
			time.Sleep(time.Minute)
			assert.Equal(t, http.StatusOK, send(previous))
			assert.Equal(t, http.StatusOK, send(current))
		}
		time.Sleep(time.Minute)
		assert.Equal(t, http.StatusForbidden, send(previous))
		assert.Equal(t, http.StatusOK, send(current))

		h = newTestHandler(t, cfg)
		time.Sleep(24 * time.Hour)
		assert.Equal(t, http.StatusForbidden, send(previous), "a previous key does not stay for ever")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, verification("oldtoken", "1"))
		assert.Equal(t, http.StatusForbidden, w.Code)
	})
}

func verification(token, echo string) *http.Request {
	timestamp, nonce := strconv.FormatInt(time.Now().Unix(), 10), "1514711492"
	q := url.Values{"timestamp": {timestamp}, "nonce": {nonce}, "echostr": {echo}, "signature": {msgcrypt.Sign(token, timestamp, nonce)}}
	return httptest.NewRequest(http.MethodGet, "/?"+q.Encode(), nil)
}

func TestE27TheEchoIsNoDocumentForABrowser(t *testing.T) {
	h := newTestHandler(t, safeConfig())
	w := httptest.NewRecorder()
	h.ServeHTTP(w, verification(testToken, "4375120948345356249"))
	assert.Equal(t, "200 4375120948345356249", fmt.Sprint(w.Code, " ", w.Body))
	w = httptest.NewRecorder()
	h.ServeHTTP(w, verification(testToken, "<script>alert(1)</script>"))
	assert.Equal(t, "<script>alert(1)</script>", w.Body.String())
	assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
	assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	w = httptest.NewRecorder()
	h.ServeHTTP(w, verification(testToken, strings.Repeat("1", 1024)))
	assert.Equal(t, http.StatusOK, w.Code)
	for _, r := range []*http.Request{
		verification(testToken, ""), verification(testToken, strings.Repeat("1", 1025)), verification("wrong", "1"),
		httptest.NewRequest(http.MethodGet, "/?echostr=1", nil),
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		assert.Equal(t, http.StatusForbidden, w.Code)
		assert.Equal(t, "Forbidden", w.Body.String())
	}
}

func TestOfficialSignatureVector(t *testing.T) {
	g, err := newGuard(Config{Mode: ModePlain, Credentials: NewCredentials("AAAAA", ""), ReplayWindow: time.Minute}, time.Now())
	require.NoError(t, err)
	q, err := g.authenticate("signature=f464b24fc39322e44b38aa78f5edd27bd1441696&echostr=4375120948345356249&timestamp=1714036504&nonce=1514711492", time.Unix(1714036504, 0))
	require.NoError(t, err)
	assert.Equal(t, "4375120948345356249", q.echo)
}

func TestE30OtherMethodsRunNothing(t *testing.T) {
	c := &counter{}
	h := newTestHandler(t, safeConfig())
	On(h, c.handle)
	for _, method := range []string{"HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "post", "get"} {
		r := safePlatform().request(t.Context(), textPush(1, "hello"))
		r.Method = method
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		assert.Equal(t, http.StatusMethodNotAllowed, w.Code, method)
		assert.Equal(t, "GET, POST", w.Header().Get("Allow"))
	}
	assert.Zero(t, c.count())
}

func TestPushesOfAnotherAccountAreRefused(t *testing.T) {
	cfg := plainConfig()
	cfg.OriginalID = "gh_other"
	assert.Equal(t, http.StatusForbidden, plainPlatform().sends(newTestHandler(t, cfg), textPush(1, "hello")).Code)
	cfg.OriginalID = testAccount
	assert.Equal(t, http.StatusOK, plainPlatform().sends(newTestHandler(t, cfg), textPush(1, "hello")).Code)
}

func TestOneNameOfWhatDecidesInTwoSpellingsIsRefused(t *testing.T) {
	for _, pair := range [][2]string{
		{"ToUserName", "to_user_name"},
		{"FromUserName", "fromusername"},
		{"CreateTime", "createTime"},
		{"MsgType", "Msg_Type"},
		{"Event", "event"},
		{"MsgId", "MsgID"},
	} {
		doc := "<xml><MsgDataId>1</MsgDataId><EventKey>2</EventKey><" + pair[0] + ">1</" + pair[0] + ">"
		assert.Equal(t, 200, plainPlatform().sends(newTestHandler(t, plainConfig()), doc+"</xml>").Code, pair)
		assert.Equal(t, 403, plainPlatform().sends(newTestHandler(t, plainConfig()), doc+"<"+pair[1]+">1</"+pair[1]+"></xml>").Code, pair)
	}
}

func TestAMessageHasItsNumberAndAnEventHasNone(t *testing.T) {
	h := newTestHandler(t, safeConfig())
	push, err := h.Parse(safePlatform().request(t.Context(), textPush(7, "hello")))
	require.NoError(t, err)
	assert.Equal(t, "7", push.id)
	push, err = h.Parse(safePlatform().request(t.Context(), eventPush("TEMPLATESENDJOBFINISH", "", "<MsgID>7</MsgID>")))
	require.NoError(t, err)
	assert.Empty(t, push.id, "it is the number of something else")
}

func TestE26TheShortestAnswerIsEncryptedToo(t *testing.T) {
	for _, inJSON := range []bool{false, true} {
		p := safePlatform()
		p.json = inJSON
		push, err := newTestHandler(t, safeConfig()).Parse(p.request(t.Context(), textPush(1, "hello")))
		require.NoError(t, err)
		push.inJSON = inJSON
		w := httptest.NewRecorder()
		w.Body.Write(push.seal(nil, []byte("x"), time.Now()))
		got, ok := p.read(w)
		assert.True(t, ok)
		assert.Equal(t, "x", got)
	}
}

func TestWhatIsLoggedOfARequestIsShortAndPrintable(t *testing.T) {
	assert.Equal(t, strings.Repeat("x", 64), excerpt(strings.Repeat("x", 65)))
	assert.Equal(t, "ab", excerpt("a\x00b"))
	assert.Equal(t, strings.Repeat("a", 63)+"\uFFFD", excerpt(strings.Repeat("a", 63)+"中"))
}

func FuzzEnvelope(f *testing.F) {
	h := newTestHandler(f, safeConfig())
	r := safePlatform().request(context.Background(), textPush(1, "hello"))
	body, _ := readBody(r, nil)
	f.Add(r.URL.RawQuery, string(body))
	f.Add("signature=x&timestamp=1&nonce=2", "<xml><Encrypt>x</Encrypt></xml>")
	f.Add("", `{"Encrypt":"x"}`)
	f.Add("timestamp=%", "<xml>")
	f.Fuzz(func(t *testing.T, query, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.URL.RawQuery = query
		if _, err := h.Parse(r); err == nil && !strings.Contains(query, "msg_signature=") {
			t.Fatal("accepted without a signature")
		}
	})
}
