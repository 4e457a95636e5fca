package wechattest

import (
	"time"

	"github.com/wechatoa/wechat/internal/msgcrypt"
)

// Option changes a platform that [NewPlatform] or [NewServer] makes.
type Option func(*settings)

type settings struct {
	appID, appSecret string
	token, aesKey    string

	mode        CallbackMode
	jsonPushes  bool
	clock       func() time.Time
	perDay      map[string]int
	perMinute   map[string]int
	badIP       string
	pushTimeout time.Duration
	pauseAfter  int
	jobDelay    time.Duration
	security    bool
	rules       []Rule
	testAccount bool
	repeatsLast bool
}

func newSettings(opts []Option) *settings {
	s := &settings{
		appID:       "wx" + random(hexadecimal, 16),
		appSecret:   random(hexadecimal, 32),
		token:       random(letters, 32),
		aesKey:      random(letters, 43),
		clock:       time.Now,
		perDay:      map[string]int{},
		perMinute:   map[string]int{},
		pushTimeout: 5 * time.Second,
		pauseAfter:  3,
	}
	for _, o := range opts {
		o(s)
	}
	if _, err := msgcrypt.ParseKey(s.aesKey); err != nil {
		s.aesKey = random(letters, 43) // a platform would not have saved the other one
	}
	return s
}

// WithAccount gives the account this AppID and AppSecret instead of random ones.
func WithAccount(appID, appSecret string) Option {
	return func(s *settings) { s.appID, s.appSecret = appID, appSecret }
}

// WithCallbackCredentials gives the account this Token and EncodingAESKey (服务器配置)
// instead of random ones. An EncodingAESKey that the platform would refuse is
// replaced by a random one, see [Platform.EncodingAESKey].
func WithCallbackCredentials(token, encodingAESKey string) Option {
	return func(s *settings) { s.token, s.aesKey = token, encodingAESKey }
}

// CallbackMode says how pushes are encrypted (消息加解密方式).
type CallbackMode int

// The modes of the console.
const (
	CallbackModeSafe       CallbackMode = iota // encryption only (安全模式), the default
	CallbackModeCompatible                     // clear elements and their encryption (兼容模式)
	CallbackModePlain                          // clear elements only (明文模式)
)

// WithCallbackMode makes pushes come in this mode. The default is [CallbackModeSafe].
func WithCallbackMode(m CallbackMode) Option { return func(s *settings) { s.mode = m } }

// WithJSONPushes makes pushes come as JSON instead of XML, and expects replies in
// JSON.
func WithJSONPushes() Option { return func(s *settings) { s.jsonPushes = true } }

// WithClock makes the platform live by another clock than [time.Now]: tokens,
// quotas, windows and media expire by it. Pushes are timed by the real clock, or
// by the one of a testing/synctest bubble.
func WithClock(now func() time.Time) Option { return func(s *settings) { s.clock = now } }

// WithQuota lets an API, such as "/cgi-bin/menu/create", be called this many times
// a day. Most APIs have the quotas of a new account without it.
func WithQuota(path string, perDay int) Option { return func(s *settings) { s.perDay[path] = perDay } }

// WithMinuteQuota lets an API be called this many times a minute.
func WithMinuteQuota(path string, perMinute int) Option {
	return func(s *settings) { s.perMinute[path] = perMinute }
}

// WithTestAccount makes the account one of those that the platform gives out for
// tests (测试号): most quotas are a tenth, and the values of templates may be of any
// length.
func WithTestAccount() Option { return func(s *settings) { s.testAccount = true } }

// WithLastOpenIDRepeated makes the last page of a list of followers have the last
// OpenID of the page as its next_openid, as the samples of the documentation do, and
// the page after it be empty. By default next_openid is empty on the last page, as
// the text of the documentation has it.
func WithLastOpenIDRepeated() Option { return func(s *settings) { s.repeatsLast = true } }

// WithIPNotAllowed makes the platform refuse tokens to callers (40164), whom it
// sees calling from this address, as it does when the address is missing from the
// account's list (IP白名单).
func WithIPNotAllowed(ip string) Option { return func(s *settings) { s.badIP = ip } }

// WithPushTimeout changes how long a callback has to answer, and with it when a
// failed push is repeated: 5 seconds on the real platform, and by default.
func WithPushTimeout(d time.Duration) Option { return func(s *settings) { s.pushTimeout = d } }

// WithPauseAfterFailures makes the platform pause its pushes for a minute after n of them
// in a row have failed, 3 by default. The real platform does so after a number that
// it does not tell. 0 switches pauses off.
func WithPauseAfterFailures(n int) Option { return func(s *settings) { s.pauseAfter = n } }

// WithJobDelay makes what the platform does in the background take this long:
// publishing, mass sends, template messages. By default it is done when the call
// is answered, and its event follows at once.
func WithJobDelay(d time.Duration) Option { return func(s *settings) { s.jobDelay = d } }
