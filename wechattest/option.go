package wechattest

import (
	"time"

	"github.com/wechatoa/wechat/internal/msgcrypt"
)

// Option configures a platform of [NewPlatform] or [NewServer]. Options may be passed
// in any order.
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
		s.aesKey = random(letters, 43) // the platform would not have saved the invalid one
	}
	return s
}

// WithAccount sets the AppID and AppSecret of the account. By default, they are random.
func WithAccount(appID, appSecret string) Option {
	return func(s *settings) { s.appID, s.appSecret = appID, appSecret }
}

// WithCallbackCredentials sets the Token and EncodingAESKey of the callback (服务器配置). By
// default, they are random. An invalid EncodingAESKey is replaced with a random one; see
// [Platform.EncodingAESKey].
func WithCallbackCredentials(token, encodingAESKey string) Option {
	return func(s *settings) { s.token, s.aesKey = token, encodingAESKey }
}

// CallbackMode is the encryption mode of pushes (消息加解密方式).
type CallbackMode int

// The modes that the console offers.
const (
	CallbackModeSafe       CallbackMode = iota // encrypted (安全模式), the default
	CallbackModeCompatible                     // both encrypted and plaintext (兼容模式)
	CallbackModePlain                          // plaintext (明文模式)
)

// WithCallbackMode sets the encryption mode of pushes. The default is
// [CallbackModeSafe].
func WithCallbackMode(m CallbackMode) Option { return func(s *settings) { s.mode = m } }

// WithJSONPushes makes the platform push JSON instead of XML, and expect replies in
// JSON.
func WithJSONPushes() Option { return func(s *settings) { s.jsonPushes = true } }

// WithClock sets the clock by which tokens, quotas, reply windows and media expire. The
// default is [time.Now]. Pushes are timed by the real clock, or by that of a
// testing/synctest bubble.
func WithClock(now func() time.Time) Option { return func(s *settings) { s.clock = now } }

// WithQuota sets the daily quota of an API, such as "/cgi-bin/menu/create". Without it,
// most APIs have the quota of a new account.
func WithQuota(path string, perDay int) Option { return func(s *settings) { s.perDay[path] = perDay } }

// WithMinuteQuota sets the per-minute quota of an API.
func WithMinuteQuota(path string, perMinute int) Option {
	return func(s *settings) { s.perMinute[path] = perMinute }
}

// WithTestAccount makes the account a test account of the platform (测试号): most quotas
// are a tenth of the normal ones, and template values may have any length.
func WithTestAccount() Option { return func(s *settings) { s.testAccount = true } }

// WithLastOpenIDRepeated makes the last page of a follower list repeat its last openid
// as next_openid, as the official samples do; the page after it is empty. By default
// next_openid is empty on the last page, as the official text says.
func WithLastOpenIDRepeated() Option { return func(s *settings) { s.repeatsLast = true } }

// WithIPNotAllowed makes the platform refuse to issue tokens with
// [wechat.ErrIPNotAllowed], as if the caller had this IP address and the allowlist of
// the account (IP白名单) did not contain it.
func WithIPNotAllowed(ip string) Option { return func(s *settings) { s.badIP = ip } }

// WithPushTimeout sets the time that a callback has to respond. A failed delivery is
// followed by the next one when this time has passed. The default is 5 seconds, as on the
// real platform.
func WithPushTimeout(d time.Duration) Option { return func(s *settings) { s.pushTimeout = d } }

// WithPauseAfterFailures makes the platform pause all pushes for a minute after n
// consecutive failures. The default is 3, and 0 disables pauses. The real number is not
// documented.
func WithPauseAfterFailures(n int) Option { return func(s *settings) { s.pauseAfter = n } }

// WithJobDelay sets the duration of background jobs: publishing, mass messages and
// template messages. By default a job finishes with the call that starts it, and its
// event follows immediately.
func WithJobDelay(d time.Duration) Option { return func(s *settings) { s.jobDelay = d } }
