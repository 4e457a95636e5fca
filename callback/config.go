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

// Mode is how the platform sends pushes, as chosen in its console (消息加解密方式).
type Mode int

// The modes. The handler never takes the mode from a request: whoever may choose
// it can choose the one that they can forge.
const (
	// ModeSafe: pushes are encrypted (安全模式). The default. A push that comes in clear
	// as well is read as in [ModeCompatible], and reported in the log: somebody left the
	// console in compatible mode, and messages readable on their way.
	ModeSafe Mode = iota
	// ModeCompatible: pushes come encrypted and in clear at once, for the time of a
	// move from one to the other (兼容模式). Only the encrypted part is read, and a
	// push without one is refused as in [ModeSafe].
	ModeCompatible
	// ModePlain: pushes are in clear (明文模式). Of a push that comes encrypted as well,
	// because the console is in compatible mode, the part in clear is read and
	// answered in clear. The signature does not cover the message: whoever has seen
	// one request can forge others for the length of [Config.ReplayWindow]. Choose ModeSafe.
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

// Config configures a [Handler]. Mode, Credentials and AppID are what the platform's
// console shows (服务器配置); everything else has a default. [NewHandler] refuses
// what contradicts itself.
type Config struct {
	Mode        Mode
	Credentials Credentials
	AppID       string // may be "" in plain mode
	Account     string // original ID of the account, gh_…; "" does not check the addressee

	// Previous are accepted beside Credentials while the console changes: until
	// PreviousUntil, or until 10 minutes after the first push that is signed with the
	// current ones. What does not change is "" in them. Without PreviousUntil they
	// are accepted for 24 hours after each start of the program.
	Previous      Credentials
	PreviousUntil time.Time

	// AllowPlaintext accepts pushes in clear in [ModeSafe] and [ModeCompatible] mode too, for
	// the time of a move from plain mode. It makes them as forgeable as plain mode is.
	AllowPlaintext bool

	// ReplayWindow is how old or how early a request may be: 5 minutes by default, a second
	// at least and 24 hours at most.
	ReplayWindow time.Duration

	// AllowedIPs returns the addresses and CIDR blocks that requests come from, such
	// as ListCallbackIPs of a client; others are refused then. It is called once a
	// day, the last list that it returned counts. Until it has returned one, requests
	// wait for it for 2 seconds and are then answered with 503. It sees the address
	// of the connection: behind a proxy leave it out.
	AllowedIPs func(context.Context) ([]string, error)

	// Budget is how long an answer may take: 4.5 seconds by default, the platform
	// waits 5. A handler that takes longer goes on in the background.
	Budget time.Duration
	// MaxRun ends the context of a handler: after 60 seconds by default.
	MaxRun time.Duration
	// Workers is how many handlers run at once (1,000 by default), Queue how many
	// pushes wait for one (4,000 by default, none with [NoQueue]). A push beyond both
	// is left without an answer at once, which the platform should deliver again, or
	// answered with what Overflow returns.
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
	// or panicked. The platform should deliver it again then, two times at most: its
	// pages promise that for a push without an answer, and say nothing of one whose
	// connection is dropped before 5 seconds are over. By default a failure is
	// acknowledged.
	RetryFailed bool

	// Dedupe shares among replicas what was handled. The handler's own memory is
	// always there; nil is that alone.
	Dedupe DedupeStore
	// Activity records when followers wrote and how menu events were answered.
	Activity *Activity

	// Logger reports failures and refused requests, without the content of messages.
	// nil is [slog.Default]; slog.New(slog.DiscardHandler) is silence.
	Logger *slog.Logger
	// Observer receives what became of each delivery and each handler, after the
	// answer has gone out. It is left behind after 250 ms.
	Observer func(context.Context, Observation)
}

// NoQueue is a [Config.Queue] in which no push waits.
const NoQueue = math.MinInt

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
	minWindow      = time.Second // timestamps are in whole seconds
	maxWindow      = 24 * time.Hour
	defaultBudget  = 4500 * time.Millisecond
	platformWaits  = 5 * time.Second
	defaultMaxRun  = time.Minute
	defaultWorkers = 1000
	defaultQueue   = 4000
)

// withDefaults fills in what was left out.
func (c Config) withDefaults() Config {
	setDefault(&c.ReplayWindow, defaultWindow)
	setDefault(&c.Budget, defaultBudget)
	setDefault(&c.MaxRun, defaultMaxRun)
	setDefault(&c.Workers, defaultWorkers)
	setDefault(&c.Queue, defaultQueue)
	if c.Queue == NoQueue {
		c.Queue = 0
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

// check refuses what no platform would accept and what contradicts itself, before
// the first push comes.
func (c Config) check() error {
	if c.Mode < ModeSafe || c.Mode > ModePlain {
		return &ConfigError{"Mode", "is unknown"}
	}
	if err := c.checkAccount(); err != nil {
		return err
	}
	if err := c.checkSecrets(); err != nil {
		return err
	}
	switch {
	case c.AllowPlaintext && c.Mode == ModePlain:
		return &ConfigError{"AllowPlaintext", "contradicts Mode: in plain mode all pushes are in clear"}
	case c.ReplayWindow != 0 && c.ReplayWindow < minWindow || c.ReplayWindow > maxWindow:
		return &ConfigError{"ReplayWindow", "must be 1 second to 24 hours, or 0 for the default"}
	case c.Budget < 0 || c.Budget >= platformWaits:
		return &ConfigError{"Budget", "must be less than the 5 seconds that the platform waits"}
	case c.MaxRun < 0:
		return &ConfigError{"MaxRun", "is negative"}
	case c.Workers < 0:
		return &ConfigError{"Workers", "is negative"}
	case c.Queue < 0 && c.Queue != NoQueue:
		return &ConfigError{"Queue", "is negative and not NoQueue"}
	case c.Activity != nil && c.Activity.store == nil:
		return &ConfigError{"Activity", "is empty: NewActivity makes one"}
	}
	if memory, ok := c.Dedupe.(*MemoryDedupeStore); ok && (memory == nil || memory.pushes == nil) {
		return &ConfigError{"Dedupe", "is an empty store: NewMemoryDedupeStore makes one"}
	}
	return nil
}

// checkAccount tells the two names of an account apart, which are often confused.
func (c Config) checkAccount() error {
	switch {
	case c.AppID == "" && c.Mode != ModePlain:
		return &ConfigError{"AppID", "is empty"}
	case c.AppID != strings.TrimSpace(c.AppID):
		return &ConfigError{"AppID", "has white space around it"}
	case strings.HasPrefix(c.AppID, "gh_"):
		return &ConfigError{"AppID", "is an original ID, which belongs into Account"}
	case c.Account != strings.TrimSpace(c.Account):
		return &ConfigError{"Account", "has white space around it"}
	case c.Account != "" && (c.Account == c.AppID || strings.HasPrefix(c.Account, "wx")):
		return &ConfigError{"Account", "is an AppID; the original ID begins with gh_"}
	}
	return nil
}

// checkSecrets checks the tokens and keys, and that none is given in vain.
func (c Config) checkSecrets() error {
	if c.Credentials.IsZero() {
		return &ConfigError{"Credentials", "are missing"}
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
		return &ConfigError{"PreviousUntil", "is set without Previous"}
	}
	return nil
}

func (c Config) checkPrevious(token string, key msgcrypt.Key) error {
	previous := c.Previous.secrets()
	if previous == (secrets{}) {
		return &ConfigError{"Previous", "are empty"}
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
		return &ConfigError{"Previous", "have the current token: leave out what did not change"}
	case !old.IsZero() && old.Equal(key):
		return &ConfigError{"Previous", "have the current EncodingAESKey: leave out what did not change"}
	}
	return nil
}

func (c Config) checkKey(field, encoded string, needed bool) (msgcrypt.Key, error) {
	switch {
	case encoded == "" && !needed:
		return msgcrypt.Key{}, nil
	case encoded != "" && c.Mode == ModePlain:
		return msgcrypt.Key{}, &ConfigError{field, "have an EncodingAESKey, which contradicts Mode: in plain mode nothing is encrypted"}
	}
	key, err := msgcrypt.ParseKey(encoded)
	if err != nil {
		return msgcrypt.Key{}, &ConfigError{field, "need an EncodingAESKey of 43 letters and digits"}
	}
	return key, nil
}

func checkToken(field, token string) error {
	if len(token) < 3 || len(token) > 32 {
		return &ConfigError{field, "need a token of 3 to 32 letters and digits"}
	}
	for i := range len(token) {
		if b := token[i]; (b < '0' || b > '9') && (b < 'A' || b > 'Z') && (b < 'a' || b > 'z') {
			return &ConfigError{field, "need a token of 3 to 32 letters and digits"}
		}
	}
	return nil
}
