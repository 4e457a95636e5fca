package callback

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/wechatoa/wechat/internal/msgcrypt"
)

// Mode is how the platform sends pushes, as chosen in its console (消息加解密方式).
type Mode int

// The modes. The handler never takes the mode from a request: whoever may choose
// it can choose the one that he can forge.
const (
	// Safe: pushes are encrypted (安全模式). The default.
	Safe Mode = iota
	// Compatible: pushes come encrypted and in clear at once, for the time of a
	// move from one to the other (兼容模式). Only the encrypted part is read.
	Compatible
	// Plain: pushes are in clear (明文模式). The signature does not cover the
	// message: whoever has seen one request can forge others for the length of
	// [Config.Window]. Choose Safe.
	Plain
)

// String returns the name of the mode.
func (m Mode) String() string {
	switch m {
	case Safe:
		return "safe"
	case Compatible:
		return "compatible"
	case Plain:
		return "plain"
	}
	return fmt.Sprintf("Mode(%d)", int(m))
}

// Config configures a [Handler]. Mode, Token, AppID and, except in plain mode,
// EncodingAESKey are what the platform's console shows (服务器配置); everything
// else has a default. No fmt verb and no log prints the secrets in it.
type Config struct {
	Mode           Mode
	Token          string // 3 to 32 letters and digits
	EncodingAESKey string // 43 letters and digits
	AppID          string
	Account        string // original ID of the account, gh_…; "" does not check the addressee

	// PreviousToken and PreviousEncodingAESKey are accepted beside the current
	// ones while the console changes: for 24 hours after the start, or until
	// 10 minutes after the first push that is signed with the current ones.
	PreviousToken          string
	PreviousEncodingAESKey string

	// AllowPlaintext accepts pushes in clear in the other modes too, for the time
	// of a move from plain mode. It makes them as forgeable as plain mode is.
	AllowPlaintext bool

	// Window is how old or how early a push may be: 5 minutes by default.
	Window time.Duration

	// Addresses returns the addresses and CIDR blocks that pushes come from, such
	// as ListCallbackIPs of a client; others are refused then. It is called once a day.
	// It sees the address of the connection: behind a proxy leave it out.
	Addresses func(context.Context) ([]string, error)

	// Budget is how long an answer may take: 4.5 seconds by default, the platform
	// waits 5. A handler that takes longer goes on in the background.
	Budget time.Duration
	// MaxRun ends the context of a handler: after 60 seconds by default.
	MaxRun time.Duration
	// Workers is how many handlers run at once (1,000 by default), Queue how many
	// pushes wait for one (4,000). A push beyond both is left without an answer at
	// once, so that the platform delivers it again, or answered with what Overflow
	// returns.
	Workers int
	Queue   int
	// Overflow answers a push that no worker and no place in the queue is left for,
	// and that no handler will see. It is left behind after 250 ms.
	Overflow func(context.Context, Message) Reply

	// Deferred sends what a handler returned too late, and what a text has beyond
	// the 2,048 bytes of a reply, as customer-service messages: body is the JSON of
	// a call of /cgi-bin/message/custom/send. Without it such replies are lost.
	//
	//	Deferred: client.SendCustomMessageJSON, // of a *wechat.Client
	Deferred func(ctx context.Context, body []byte) error
	// Hold leaves the first two deliveries of a push without an answer while its
	// handler runs, and answers the third one: a reply that takes up to 14 seconds
	// arrives as a reply. The platform counts unanswered deliveries as failures
	// and, after many of them, pauses pushing for a minute: it is for accounts
	// with few slow answers at once.
	Hold bool

	// RetryFailed leaves a push without an answer if its handler returned an error
	// or panicked, so that the platform delivers it again, two times at most. By
	// default a failure is acknowledged.
	RetryFailed bool

	// Dedupe shares among replicas what was handled. The handler's own memory is
	// always there; nil is that alone.
	Dedupe DedupeStore
	// Activity records when followers wrote and how menu events were answered.
	Activity *Activity

	// Logger reports failures, without the content of messages. nil is silence.
	Logger *slog.Logger
	// Observer receives what became of each delivery and each handler, after the
	// answer has gone out. It is left behind after 250 ms.
	Observer func(context.Context, Observation)
}

// Format prints no secret, whatever the verb.
func (c Config) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "callback.Config{Mode:%s AppID:%s}", c.Mode, c.AppID)
}

// LogValue prints no secret.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(slog.String("mode", c.Mode.String()), slog.String("app_id", c.AppID))
}

// MarshalJSON writes no secret.
func (c Config) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, `{"Mode":%q,"AppID":%q}`, c.Mode, c.AppID), nil
}

// ConfigError tells what is wrong with a [Config].
type ConfigError struct {
	Field  string // field of Config
	Reason string
}

// Error names the field and the reason.
func (e *ConfigError) Error() string { return "callback: Config." + e.Field + " " + e.Reason }

const (
	defaultWindow  = 5 * time.Minute
	defaultBudget  = 4500 * time.Millisecond
	platformWaits  = 5 * time.Second
	defaultMaxRun  = time.Minute
	defaultWorkers = 1000
	defaultQueue   = 4000
)

// withDefaults fills in what was left out.
func (c Config) withDefaults() Config {
	setDefault(&c.Window, defaultWindow)
	setDefault(&c.Budget, defaultBudget)
	setDefault(&c.MaxRun, defaultMaxRun)
	setDefault(&c.Workers, defaultWorkers)
	setDefault(&c.Queue, defaultQueue)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// check refuses what no platform would accept, before the first push comes.
func (c Config) check() error {
	if c.Mode < Safe || c.Mode > Plain {
		return &ConfigError{"Mode", "is unknown"}
	}
	if err := checkToken("Token", c.Token); err != nil {
		return err
	}
	if c.PreviousToken != "" {
		if err := checkToken("PreviousToken", c.PreviousToken); err != nil {
			return err
		}
	}
	if c.Mode != Plain {
		if c.AppID == "" {
			return &ConfigError{"AppID", "is empty"}
		}
		if _, err := msgcrypt.ParseKey(c.EncodingAESKey); err != nil {
			return &ConfigError{"EncodingAESKey", "must be 43 letters and digits"}
		}
	}
	if c.PreviousEncodingAESKey != "" {
		if _, err := msgcrypt.ParseKey(c.PreviousEncodingAESKey); err != nil {
			return &ConfigError{"PreviousEncodingAESKey", "must be 43 letters and digits"}
		}
	}
	switch {
	case c.Window < 0:
		return &ConfigError{"Window", "is negative"}
	case c.Budget < 0 || c.Budget >= platformWaits:
		return &ConfigError{"Budget", "must be less than the 5 seconds that the platform waits"}
	case c.MaxRun < 0:
		return &ConfigError{"MaxRun", "is negative"}
	case c.Workers < 0:
		return &ConfigError{"Workers", "is negative"}
	case c.Queue < 0:
		return &ConfigError{"Queue", "is negative"}
	}
	return nil
}

func checkToken(field, token string) error {
	if len(token) < 3 || len(token) > 32 {
		return &ConfigError{field, "must be 3 to 32 letters and digits"}
	}
	for i := range len(token) {
		if b := token[i]; (b < '0' || b > '9') && (b < 'A' || b > 'Z') && (b < 'a' || b > 'z') {
			return &ConfigError{field, "must be 3 to 32 letters and digits"}
		}
	}
	return nil
}
