package callback

import (
	"context"
	"fmt"
	"log/slog"
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

// signedQuery is the query of a push in plain text.
func signedQuery(timestamp, nonce string) string {
	return "signature=" + msgcrypt.Sign(testToken, timestamp, nonce) + "&timestamp=" + timestamp + "&nonce=" + url.QueryEscape(nonce)
}

func TestE1AParameterThatIsThereTwiceRefusesTheRequest(t *testing.T) {
	h := newTestHandler(t, safeConfig())
	good := safePlatform().request(t.Context(), textPush(1, "hello"))
	body := textBody(t, good)
	send := func(query string) int {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.URL.RawQuery = query
		h.ServeHTTP(w, r)
		return w.Code
	}
	require.Equal(t, http.StatusOK, send(good.URL.RawQuery))
	for _, name := range []string{"signature", "timestamp", "nonce", "encrypt_type", "msg_signature", "echostr"} {
		for _, second := range []string{name, name + "=", name + "=x", "%" + strconv.FormatInt(int64(name[0]), 16) + name[1:] + "=x"} {
			if name == "echostr" {
				second = name + "=1&" + second
			}
			assert.Equal(t, http.StatusForbidden, send(good.URL.RawQuery+"&"+second), "right first, then %s", second)
			assert.Equal(t, http.StatusForbidden, send(second+"&"+good.URL.RawQuery), "%s, then right", second)
		}
	}
}

func TestAProgramsOwnParametersMayHaveAnyName(t *testing.T) {
	for _, own := range []string{"tenant=1", "tenant=1&tenant=2", "a%5Bb%5D=1", "%E5%BA%97=%E5%8C%97", "my+shop=x+y", "a=%zz", "%zz=1", "=", "&&", "openid="} {
		for _, p := range []platform{safePlatform(), plainPlatform()} {
			cfg := safeConfig()
			if p.mode == ModePlain {
				cfg = plainConfig()
			}
			r := p.request(t.Context(), textPush(1, "hello"))
			r.URL.RawQuery = own + "&" + r.URL.RawQuery + "&" + own
			w := httptest.NewRecorder()
			newTestHandler(t, cfg).ServeHTTP(w, r)
			assert.Equal(t, http.StatusOK, w.Code, own)
		}
	}
	for raw, echo := range map[string]string{"a+b": "a b", "+": " ", "a%2Bb": "a+b", "%2b+": "+ ", "ab": "ab"} {
		q, err := readQuery("signature=x&timestamp=1&nonce=n&echostr=" + raw)
		require.NoError(t, err)
		assert.Equal(t, echo, q.echo, raw)
	}
	q, err := readQuery("si%67nature=a%62&timest%61mp=1700000000&n%6fnce=c%7E&encrypt%5Ftype=aes")
	require.NoError(t, err)
	assert.Equal(t, "ab 1700000000 c~ aes", strings.Join([]string{q.signature, q.timestamp, q.nonce, q.encryptType}, " "))
}

func TestWhatIsNoTimestampAndNoNonceIsRefused(t *testing.T) {
	good := "1700000000"
	for timestamp, ok := range map[string]bool{
		good: true, "946684800": true, "1": true, "9999999999": true,
		"": false, "0": false, "01700000000": false, "+1700000000": false, "-1": false, " 1700000000": false, "1700000000 ": false,
		"1.7e9": false, "0x1": false, "17000000a0": false, "10000000000": false, ":": false, "9999999999999999999999": false,
	} {
		_, err := readQuery("signature=x&nonce=1&timestamp=" + url.QueryEscape(timestamp))
		assert.Equal(t, ok, err == nil, timestamp)
		if !ok {
			require.ErrorIs(t, err, ErrRefused)
		}
	}
	for nonce, ok := range map[string]bool{
		"1": true, "AZaz09-._~": true, strings.Repeat("n", 128): true,
		"": false, strings.Repeat("n", 129): false, "a b": false, "a\n": false, "a/b": false, "a=": false, "随机": false, "a\x00": false, "a+": false, "a:": false, "@": false, "[": false, "`": false, "{": false, "a,": false, "a^": false,
	} {
		_, err := readQuery("signature=x&timestamp=" + good + "&nonce=" + url.QueryEscape(nonce))
		assert.Equal(t, ok, err == nil, "%q", nonce)
	}
	_, err := readQuery("signature=x&nonce=%zz&timestamp=" + good)
	require.ErrorIs(t, err, ErrRefused)
}

func TestTheWindowIsExact(t *testing.T) {
	g, err := newGuard(plainConfig().withDefaults(), time.Unix(1_700_000_000, 0))
	require.NoError(t, err)
	query := signedQuery("1700000000", "n")
	for _, test := range []struct {
		now time.Time
		ok  bool
	}{
		{time.Unix(1_700_000_300, 0), true},
		{time.Unix(1_700_000_300, 1), false},
		{time.Unix(1_699_999_700, 0), true},
		{time.Unix(1_699_999_699, 999_999_999), false},
	} {
		_, err := g.authenticate(query, test.now)
		assert.Equal(t, test.ok, err == nil, test.now)
	}
}

// captured is a push that an attacker has captured.
type captured struct {
	token, timestamp, nonce string
	body, encoded           string
	at                      time.Time
}

func capture(g *guard, token, nonce string, at time.Time) captured {
	c := captured{token: token, timestamp: strconv.FormatInt(at.Unix(), 10), nonce: nonce, at: at}
	c.body = fmt.Sprintf("<xml><ToUserName>gh_1</ToUserName><FromUserName>o</FromUserName><CreateTime>%d</CreateTime><MsgType>text</MsgType><MsgId>1</MsgId></xml>", at.Unix()-1)
	if g.mode != ModePlain {
		c.encoded = g.keys[0].Encrypt([]byte(c.body), g.appID)
		c.body = "<xml><Encrypt>" + c.encoded + "</Encrypt></xml>"
	}
	return c
}

// opens sends the push with another timestamp and nonce, but with the captured signatures.
func (c captured) opens(g *guard, timestamp, nonce string, now time.Time) error {
	query := "signature=" + msgcrypt.Sign(c.token, c.timestamp, c.nonce) + "&timestamp=" + timestamp + "&nonce=" + nonce
	if c.encoded != "" {
		query += "&encrypt_type=aes&msg_signature=" + msgcrypt.Sign(c.token, c.timestamp, c.nonce, c.encoded)
	}
	q, err := g.authenticate(query, now)
	if err != nil {
		return err
	}
	_, err = g.open(&q, []byte(c.body), now)
	return err
}

// splits calls try with every other timestamp and nonce for which the signature is valid.
func (c captured) splits(try func(timestamp, nonce string)) {
	signature := msgcrypt.Sign(c.token, c.timestamp, c.nonce)
	parts := []string{c.token, c.timestamp, c.nonce}
	for _, order := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		all := parts[order[0]] + parts[order[1]] + parts[order[2]]
		for at := strings.Index(all, c.token); at >= 0; {
			rest := all[:at] + all[at+len(c.token):]
			for i := 1; i < len(rest); i++ {
				for _, pair := range [][2]string{{rest[:i], rest[i:]}, {rest[i:], rest[:i]}} {
					if msgcrypt.Verify(signature, c.token, pair[0], pair[1]) {
						try(pair[0], pair[1])
					}
				}
			}
			next := strings.Index(all[at+1:], c.token)
			if next < 0 {
				break
			}
			at += 1 + next
		}
	}
}

// TestE3NoOtherSplitOfACapturedQueryOutlivesTheWindow: the signature covers the concatenation
// of token, timestamp and nonce, without separators.
func TestE3NoOtherSplitOfACapturedQueryOutlivesTheWindow(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	start := time.Unix(1_790_000_000, 0)
	nonces := []func() string{
		func() string { return strconv.Itoa(random.IntN(1 << 31)) },
		func() string { return strconv.FormatInt(start.Unix()+301+random.Int64N(1<<28), 10) }, // spells a later time
		func() string { return strconv.FormatInt(start.Unix()+random.Int64N(1000), 10) },
		func() string { return strconv.Itoa(random.IntN(100)) },
		func() string { return strconv.FormatUint(random.Uint64(), 16) },
		func() string {
			return "179" + strconv.Itoa(random.IntN(1<<30)) + "179" + strconv.Itoa(random.IntN(1<<30))
		},
	}
	tries, exchanged := 0, 0
	for _, token := range []string{"exampletoken", "123", "179", "1795", "abc", "999999999999", "Z00", "1800000000"} {
		for _, mode := range []Mode{ModeSafe, ModePlain} {
			cfg := safeConfig()
			cfg.Credentials = NewCredentials(token, testKey)
			if mode == ModePlain {
				cfg.Mode, cfg.Credentials = ModePlain, NewCredentials(token, "")
			}
			g, err := newGuard(cfg.withDefaults(), start)
			require.NoError(t, err)
			for n := range 60 {
				c := capture(g, token, nonces[n%len(nonces)](), start)
				require.NoError(t, c.opens(g, c.timestamp, c.nonce, c.at), "as it was sent")
				c.splits(func(timestamp, nonce string) {
					sec, ok := seconds(timestamp)
					if !ok {
						return
					}
					for _, skew := range []time.Duration{-g.window, 0, time.Second, g.window} {
						now := time.Unix(sec, 0).Add(skew)
						if age := now.Sub(c.at); age <= g.window {
							continue
						}
						tries++
						if timestamp == c.nonce {
							exchanged++
						}
						require.ErrorIs(t, c.opens(g, timestamp, nonce, now), ErrRefused, "%s %s %s as %s %s", token, c.timestamp, c.nonce, timestamp, nonce)
					}
				})
			}
		}
	}
	assert.Greater(t, exchanged, 200)
	assert.Greater(t, tries, exchanged)
}

func TestE3NoPushIsRefusedForItsNonce(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, cfg := range []Config{safeConfig(), plainConfig()} {
		now := time.Unix(1_790_000_000, 0)
		g, err := newGuard(cfg.withDefaults(), now)
		require.NoError(t, err)
		for range 5000 {
			now = now.Add(time.Second)
			c := capture(g, testToken, strconv.Itoa(random.IntN(1<<31)), now)
			require.NoError(t, c.opens(g, c.timestamp, c.nonce, now.Add(time.Duration(random.IntN(300))*time.Second)))
		}
	}
}

// TestE3AnOldMessageIsRefusedOnlyIfItsSignatureIsAsOld distinguishes a push that was delayed
// from one that is replayed.
func TestE3AnOldMessageIsRefusedOnlyIfItsSignatureIsAsOld(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	g, err := newGuard(plainConfig().withDefaults(), now)
	require.NoError(t, err)
	for _, test := range []struct {
		name     string
		signed   time.Duration // time that the nonce spells, relative to now
		created  time.Duration
		replayed bool
	}{
		{"made with it", -time.Hour, -time.Hour, true},
		{"made 5 s after it", -time.Hour, -time.Hour + 5*time.Second, true},
		{"made 6 s after it", -time.Hour, -time.Hour + 6*time.Second, false},
		{"made before it", -time.Hour, -2 * time.Hour, true},
		{"made now", -time.Hour, 0, false},
		{"made at the end of the window", -time.Hour, 5 * time.Minute, false},
		{"made after the window", -time.Hour, 5*time.Minute + time.Second, true},
		{"just expired", -301 * time.Second, -301 * time.Second, true},
		{"not expired", -300 * time.Second, -300 * time.Second, false},
		{"not expired, older", -300 * time.Second, -time.Hour, false},
		{"a reading in the future", time.Hour, -time.Hour, false},
		{"made a day before a reading of weeks ago", -1000 * time.Hour, -1024 * time.Hour, true},
		{"made more than a day before it, as samples are", -1000 * time.Hour, -1024*time.Hour - time.Second, false},
		{"made years before a reading of today", -24*time.Hour + time.Second, -90_000 * time.Hour, true},
		{"made years before a reading of yesterday", -24 * time.Hour, -90_000 * time.Hour, false},
		{"made after the window, a reading of yesterday", -24 * time.Hour, 5*time.Minute + time.Second, false},
	} {
		q, err := readQuery(signedQuery(strconv.FormatInt(now.Unix(), 10), strconv.FormatInt(now.Add(test.signed).Unix(), 10)))
		require.NoError(t, err)
		q.by = signers(testToken)[0]
		assert.Equal(t, test.replayed, g.replayed(&q, now.Add(test.created), now), test.name)
	}
	q, err := readQuery(signedQuery(strconv.FormatInt(now.Unix(), 10), strconv.FormatInt(now.Unix()-3600, 10)))
	require.NoError(t, err)
	q.by = signers(testToken)[0]
	assert.True(t, g.replayed(&q, time.Time{}, now), "a message without a time")
}

func signers(tokens ...string) (all []*credential) {
	for _, token := range tokens {
		all = append(all, &credential{&signer{token: token}})
	}
	return all
}

func TestE3EveryReadingOfASignedTextIsFound(t *testing.T) {
	q := &query{by: signers("t")[0], timestamp: "1700000000", nonce: "1800000000"}
	var times []int64
	for _, reading := range q.readings(signers("t")) {
		times = append(times, reading.Unix())
	}
	assert.Equal(t, []int64{1700000000, 1800000000}, times)
	q.nonce = "n"
	assert.Len(t, q.readings(signers("t")), 1)
	assert.Empty(t, q.readings(signers("a token that is longer")))
	q = &query{by: signers("tt")[0], timestamp: "1700000000", nonce: "x"}
	assert.Len(t, q.readings(signers("tt", "t")), 2, "the other token fits with tx as the nonce")
	assert.Empty(t, q.readings(signers("ttx")), "no nonce is left")
}

func TestVerifyURLReportsWhatCannotBeRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := safeConfig()
		cfg.Previous = NewCredentials("oldtoken", "")
		for _, test := range []struct {
			token string
			skew  time.Duration
			logs  string
		}{
			{testToken, 0, ""},
			{testToken, time.Minute, ""},
			{testToken, -time.Minute, ""},
			{testToken, 61 * time.Second, "skew_seconds=61"},
			{testToken, -61 * time.Second, "skew_seconds=-61"},
			{"oldtoken", 0, "the console signs with the token in Config.Previous"},
		} {
			j := &journal{}
			cfg.Logger = j.log.Logger()
			h := newTestHandler(t, cfg)
			r := verification(test.token, "1")
			if test.skew < 0 {
				timestamp := strconv.FormatInt(time.Now().Add(-test.skew).Unix(), 10)
				r.URL.RawQuery = url.Values{"timestamp": {timestamp}, "nonce": {"n"}, "echostr": {"1"}, "signature": {msgcrypt.Sign(test.token, timestamp, "n")}}.Encode()
			} else {
				time.Sleep(test.skew)
			}
			echo, err := h.VerifyURL(r)
			require.NoError(t, err)
			assert.Equal(t, "1", echo)
			if test.logs == "" {
				assert.Empty(t, j.log.String())
			} else {
				assert.Contains(t, j.log.String(), test.logs)
				assert.Contains(t, j.log.String(), "the configuration is wrong")
			}
			assert.NotContains(t, j.log.String(), "oldtoken")
		}
	})
}

func TestRefusalsSayWhatIsWrong(t *testing.T) {
	other := strings.Repeat("0123456789", 4) + "abc"
	for name, test := range map[string]struct {
		platform platform
		cfg      Config
		change   func(*Config)
		logs     []string
	}{
		"token":             {safePlatform(), safeConfig(), func(c *Config) { c.Credentials = NewCredentials("othertoken", testKey) }, []string{"the token in Config.Credentials differs from the console's", "level=WARN"}},
		"key":               {safePlatform(), safeConfig(), func(c *Config) { c.Credentials = NewCredentials(testToken, other) }, []string{"the EncodingAESKey in Config.Credentials differs from the console's"}},
		"AppID":             {safePlatform(), safeConfig(), func(c *Config) { c.AppID = "wx0000000000000002" }, []string{"an AppID other than Config.AppID", "app_id=" + testAppID}},
		"account":           {safePlatform(), safeConfig(), func(c *Config) { c.OriginalID = "gh_other" }, []string{"an account other than Config.OriginalID", "to=" + testAccount}},
		"console is plain":  {plainPlatform(), safeConfig(), nil, []string{"the console is in plain mode", "mode=safe"}},
		"console is safe":   {safePlatform(), plainConfig(), nil, []string{"the console is in safe mode, but Config.Mode is ModePlain"}},
		"console is behind": {platform{mode: ModeCompatible, token: testToken, key: testKey, appID: testAppID}, safeConfig(), nil, []string{"the console is in compatible mode"}},
	} {
		j := &journal{}
		test.cfg.Logger = j.log.Logger()
		if test.change != nil {
			test.change(&test.cfg)
		}
		h := newTestHandler(t, test.cfg)
		for range 3 {
			test.platform.sends(h, textPush(1, "hello"))
		}
		require.NoError(t, h.Shutdown(t.Context())) // reports what is not reported yet
		for _, text := range test.logs {
			assert.Contains(t, j.log.String(), text, name)
		}
		assert.Equal(t, 1, strings.Count(j.log.String(), "\n"), "%s: once a minute: %s", name, j.log.String())
		for _, secret := range []string{testToken, testKey, other, "hello", msgcrypt.Sign(testToken)} {
			assert.NotContains(t, j.log.String(), secret, name)
		}
	}
	j := &journal{}
	cfg := safeConfig()
	cfg.Logger = j.log.Logger()
	w := httptest.NewRecorder()
	newTestHandler(t, cfg).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?msg_signature=1&timestamp=1&nonce=1&echostr=1", nil))
	assert.Contains(t, j.log.String(), "WeCom")
}

func TestASkewIsLoggedFromASecondOn(t *testing.T) {
	for skew, attributes := range map[time.Duration]int{0: 1, time.Second - 1: 1, time.Second: 2, -time.Second: 2, 1 - time.Second: 1} {
		assert.Len(t, (&refusal{reason: "x", skew: skew}).attributes(), attributes, skew)
	}
}

func TestWithoutALoggerTheDefaultOneIsUsedAndSilenceIsAChoice(t *testing.T) {
	j := &journal{}
	defer defaultLogger(t, j)()
	safePlatform().sends(newTestHandler(t, plainConfig()), textPush(1, "hello"))
	assert.Contains(t, j.log.String(), "Config.Mode is ModePlain")
	h := newTestHandler(t, plainConfig())
	On(h, func(context.Context, *TextMessage) (Reply, error) { panic("boom") })
	plainPlatform().sends(h, textPush(1, "hello"))
	require.NoError(t, h.Shutdown(t.Context())) // reports what is not reported yet
	logged := j.log.String()
	assert.Contains(t, logged, "boom")

	silent := plainConfig()
	silent.Logger = slog.New(slog.DiscardHandler)
	safePlatform().sends(newTestHandler(t, silent), textPush(1, "hello"))
	assert.Equal(t, logged, j.log.String())
}

// defaultLogger makes a journal the default log until the returned function is called.
func defaultLogger(t *testing.T, j *journal) (restore func()) {
	t.Helper()
	before := slog.Default()
	slog.SetDefault(j.log.Logger())
	return func() { slog.SetDefault(before) }
}

// FuzzQuery: what is read of a query is what net/url reads, and nothing that it reads in
// another way is accepted.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		signedQuery("1700000000", "nonce"), "signature=a&timestamp=1&nonce=b&nonce=c", "signature=a&timestamp=1&nonce=%zz&echostr=+%2B",
		"signature=a;b&timestamp=1&nonce=2", "signature=a&timestamp=1&nonce=b&%6eonce=c", "msg_signature=x", "&&=&=x&signature",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := readQuery(raw)
		if err != nil || strings.Contains(raw, ";") { // in which net/url reads no parameter
			return
		}
		want, _ := url.ParseQuery(raw)
		for name, got := range map[string]string{
			"signature": q.signature, "timestamp": q.timestamp, "nonce": q.nonce, "encrypt_type": q.encryptType,
			"msg_signature": q.msgSignature, "echostr": q.echo,
		} {
			assert.Equal(t, want.Get(name), got, name)
			assert.LessOrEqual(t, len(want[name]), 1, name)
		}
		assert.Equal(t, strconv.FormatInt(q.time.Unix(), 10), q.timestamp)
	})
}
