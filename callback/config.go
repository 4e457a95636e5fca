package callback

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"

	"github.com/wechatoa/wechat/internal/msgcrypt"
	"github.com/wechatoa/wechat/internal/usercode"
)

// Mode is how the platform sends pushes, as set in its console (消息加解密方式).
type Mode int

// The encryption modes. The handler never takes the mode from a request, because an
// attacker would choose one that they can forge.
const (
	// ModeSafe means that pushes are encrypted (安全模式). It is the default. If a push
	// contains the message in plain text as well, the console is still in compatible
	// mode: the plain text is ignored, and a warning is logged.
	ModeSafe Mode = iota
	// ModeCompatible means that pushes contain the message both encrypted and in plain
	// text, for the transition from plain mode to safe mode (兼容模式). Only the encrypted part
	// is read. A push without one is refused, as in [ModeSafe].
	ModeCompatible
	// ModePlain means that pushes are in plain text (明文模式). If the console is in
	// compatible mode, the encrypted part is ignored. The signature does not cover the
	// message: anyone who has seen one request can forge others for the length of
	// [Config.ReplayWindow]. Use ModeSafe instead.
	ModePlain
)

// String returns the name of the mode.
func (m Mode) String() string {
	switch m {
	case ModeSafe:
		return "safe"
	case ModeCompatible:
		return "compatible"
	case ModePlain:
		return "plain"
	}
	return fmt.Sprintf("Mode(%d)", int(m))
}

// Config configures a [Handler]. Mode, Credentials and AppID must match the platform's
// console (服务器配置). All other fields are optional. [NewHandler] returns a [*ConfigError] if
// the configuration is invalid or contradictory.
type Config struct {
	Mode        Mode
	Credentials Credentials
	AppID       string // required unless Mode is ModePlain
	OriginalID  string // original ID of the account (gh_…); if set, pushes for other accounts are refused

	// Previous are the old credentials, which are still accepted while you change them in
	// the console. They expire at PreviousUntil (default: 24 hours after NewHandler), or
	// earlier: 10 minutes after the first push that is signed with Credentials. Pass "" for
	// the token or key that stays the same.
	Previous      Credentials
	PreviousUntil time.Time

	// AllowPlaintext makes [ModeSafe] and [ModeCompatible] accept plain-text pushes too,
	// for the transition from plain mode. While it is set, pushes can be forged as in plain
	// mode.
	AllowPlaintext bool

	// ReplayWindow is the maximum difference between the timestamp of a request and the
	// local clock: 1 second to 24 hours. The default is 5 minutes.
	ReplayWindow time.Duration

	// AllowedIPs returns the IP addresses and CIDR blocks that requests are accepted from,
	// for example the ListCallbackIPs method of a *wechat.Client. If it is nil, all
	// addresses are accepted. It is called once a day; if a call fails, the last list stays
	// in use. Before the first list is available, a request waits for it for up to 2
	// seconds and then gets status 503. The handler checks the address of the connection,
	// so do not set AllowedIPs behind a proxy.
	AllowedIPs func(context.Context) ([]string, error)

	// ResponseTimeout is how long a delivery waits for the reply before it gets a response
	// without one. The handler then continues in the background. It must be less than 5
	// seconds, after which the platform gives up. The default is 4.5 seconds.
	ResponseTimeout time.Duration
	// HandlerTimeout is how long a handler may run before its context ends. The default is
	// one minute.
	HandlerTimeout time.Duration
	// Workers is how many handlers may run at the same time (default 1,000), and QueueSize
	// is how many pushes may wait for a worker (default 4,000; [NoQueue] for none). If all
	// workers are busy and the queue is full, Overflow returns the reply to a new push.
	// Without Overflow, the push gets no response, so that the platform delivers it again.
	Workers   int
	QueueSize int
	// Overflow returns the reply to a push that arrives while all workers are busy and the
	// queue is full. No handler is called for that push. If it does not return within 250
	// ms, the push gets no response.
	Overflow func(context.Context, Message) Reply

	// SendDeferred sends a customer-service message with a reply that is too late for a
	// response, or with the part of a text after the first 2,048 bytes. body is the request
	// body of /cgi-bin/message/custom/send. Without SendDeferred, late replies are lost.
	//
	//	SendDeferred: client.SendCustomMessageJSON, // of a *wechat.Client
	SendDeferred func(ctx context.Context, body []byte) error
	// HoldDeliveries leaves the first two deliveries of a push without a response while its
	// handler is running, and responds to the third. A handler then has 14 seconds for its
	// reply. The platform counts deliveries without a response as failures, and after many
	// of them it stops all pushes for a minute, so use HoldDeliveries only if slow replies
	// are rare.
	HoldDeliveries bool

	// RetryFailed leaves a push without a response if its handler returned an error or
	// panicked, so that the platform delivers it again, up to two times. The platform
	// documents this for a push without a response, but not for a connection that is
	// closed before the 5 seconds are over. By default, such a push is acknowledged.
	RetryFailed bool

	// Dedupe is the store that several replicas share so that each push is handled once. If
	// it is nil, the handler detects duplicates only among the deliveries that it receives
	// itself.
	Dedupe DedupeStore
	// Activity records when followers sent messages and how menu events were handled.
	Activity *Activity

	// Logger receives failures and refused requests, without the content of messages.
	// The default is [slog.Default]; slog.New(slog.DiscardHandler) disables logging.
	Logger *slog.Logger
	// Observer receives the outcome of each delivery and of each handler, after the
	// response has been sent. After 250 ms the handler stops waiting for it.
	Observer func(context.Context, Observation)
}

// NoQueue is the [Config.QueueSize] that disables the queue.
const NoQueue = math.MinInt

// Format prints the mode and the AppID, never a secret.
func (c Config) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "callback.Config{Mode:%s AppID:%s}", c.Mode, c.AppID)
}

// LogValue returns the mode and the AppID, never a secret.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(slog.String("mode", c.Mode.String()), slog.String("app_id", c.AppID))
}

// MarshalJSON encodes the mode and the AppID, never a secret.
func (c Config) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, `{"Mode":%q,"AppID":%q}`, c.Mode, c.AppID), nil
}

// ConfigError reports which field of a [Config] is invalid, and why.
type ConfigError struct {
	Field  string // name of the field, such as "AppID"
	Reason string // such as "must not be empty"
}

// Error returns the field and the reason.
func (e *ConfigError) Error() string { return "callback: Config." + e.Field + " " + e.Reason }

const (
	defaultWindow  = 5 * time.Minute
	minWindow      = time.Second // timestamps have a resolution of one second
	maxWindow      = 24 * time.Hour
	defaultBudget  = 4500 * time.Millisecond
	platformWaits  = 5 * time.Second
	defaultMaxRun  = time.Minute
	defaultWorkers = 1000
	defaultQueue   = 4000
)

// withDefaults replaces zero values by defaults.
func (c Config) withDefaults() Config {
	setDefault(&c.ReplayWindow, defaultWindow)
	setDefault(&c.ResponseTimeout, defaultBudget)
	setDefault(&c.HandlerTimeout, defaultMaxRun)
	setDefault(&c.Workers, defaultWorkers)
	setDefault(&c.QueueSize, defaultQueue)
	if c.QueueSize == NoQueue {
		c.QueueSize = 0
	}
	c.Logger = usercode.Logger(c.Logger)
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// check returns an error for values that the platform does not accept, and for those that
// contradict each other.
func (c Config) check() error {
	if c.Mode < ModeSafe || c.Mode > ModePlain {
		return &ConfigError{"Mode", "must be ModeSafe, ModeCompatible or ModePlain"}
	}
	if err := c.checkAccount(); err != nil {
		return err
	}
	if err := c.checkSecrets(); err != nil {
		return err
	}
	switch {
	case c.AllowPlaintext && c.Mode == ModePlain:
		return &ConfigError{"AllowPlaintext", "must be false in ModePlain, in which all pushes are in plain text"}
	case c.ReplayWindow != 0 && c.ReplayWindow < minWindow || c.ReplayWindow > maxWindow:
		return &ConfigError{"ReplayWindow", "must be 1 second to 24 hours, or 0 for the default"}
	case c.ResponseTimeout < 0 || c.ResponseTimeout >= platformWaits:
		return &ConfigError{"ResponseTimeout", "must be positive and less than the 5 seconds that the platform waits, or 0 for the default"}
	case c.HandlerTimeout < 0:
		return &ConfigError{"HandlerTimeout", "must not be negative"}
	case c.Workers < 0:
		return &ConfigError{"Workers", "must not be negative"}
	case c.QueueSize < 0 && c.QueueSize != NoQueue:
		return &ConfigError{"QueueSize", "must not be negative, except for NoQueue"}
	case c.Activity != nil && c.Activity.store == nil:
		return &ConfigError{"Activity", "must be created by NewActivity"}
	}
	if memory, ok := c.Dedupe.(*MemoryDedupeStore); ok && (memory == nil || memory.pushes == nil) {
		return &ConfigError{"Dedupe", "must be created by NewMemoryDedupeStore"}
	}
	return nil
}

// checkAccount checks the two IDs of an account, which are often confused.
func (c Config) checkAccount() error {
	switch {
	case c.AppID == "" && c.Mode != ModePlain:
		return &ConfigError{"AppID", "must not be empty"}
	case c.AppID != strings.TrimSpace(c.AppID):
		return &ConfigError{"AppID", "must not begin or end with white space"}
	case strings.HasPrefix(c.AppID, "gh_"):
		return &ConfigError{"AppID", "must be an AppID, but is an original ID, which belongs in Account"}
	case c.OriginalID != strings.TrimSpace(c.OriginalID):
		return &ConfigError{"OriginalID", "must not begin or end with white space"}
	case c.OriginalID != "" && (c.OriginalID == c.AppID || strings.HasPrefix(c.OriginalID, "wx")):
		return &ConfigError{"OriginalID", "must be an original ID, which begins with gh_, but is an AppID"}
	}
	return nil
}

// checkSecrets checks the tokens and keys, and that each of them has a use.
func (c Config) checkSecrets() error {
	if c.Credentials.IsZero() {
		return &ConfigError{"Credentials", "must be set"}
	}
	current := c.Credentials.secrets()
	if err := checkToken("Credentials", current.token); err != nil {
		return err
	}
	key, err := c.checkKey("Credentials", current.aesKey, c.Mode != ModePlain)
	switch {
	case err != nil:
		return err
	case !c.Previous.IsZero():
		return c.checkPrevious(current.token, key)
	case !c.PreviousUntil.IsZero():
		return &ConfigError{"PreviousUntil", "must not be set without Previous"}
	}
	return nil
}

func (c Config) checkPrevious(token string, key msgcrypt.Key) error {
	previous := c.Previous.secrets()
	if previous == (secrets{}) {
		return &ConfigError{"Previous", "must have a token or an EncodingAESKey"}
	}
	if previous.token != "" {
		if err := checkToken("Previous", previous.token); err != nil {
			return err
		}
	}
	old, err := c.checkKey("Previous", previous.aesKey, false)
	switch {
	case err != nil:
		return err
	case previous.token == token:
		return &ConfigError{"Previous", "must have \"\" for the token if it did not change"}
	case !old.IsZero() && old.Equal(key):
		return &ConfigError{"Previous", "must have \"\" for the EncodingAESKey if it did not change"}
	}
	return nil
}

func (c Config) checkKey(field, encoded string, needed bool) (msgcrypt.Key, error) {
	switch {
	case encoded == "" && !needed:
		return msgcrypt.Key{}, nil
	case encoded != "" && c.Mode == ModePlain:
		return msgcrypt.Key{}, &ConfigError{field, "must have no EncodingAESKey in ModePlain, in which nothing is encrypted"}
	}
	key, err := msgcrypt.ParseKey(encoded)
	if err != nil {
		return msgcrypt.Key{}, &ConfigError{field, "must have an EncodingAESKey of 43 letters and digits"}
	}
	return key, nil
}

func checkToken(field, token string) error {
	if len(token) < 3 || len(token) > 32 {
		return &ConfigError{field, "must have a token of 3 to 32 letters and digits"}
	}
	for i := range len(token) {
		if b := token[i]; (b < '0' || b > '9') && (b < 'A' || b > 'Z') && (b < 'a' || b > 'z') {
			return &ConfigError{field, "must have a token of 3 to 32 letters and digits"}
		}
	}
	return nil
}
