package callback

import (
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/wechatoa/wechat/internal/msgcrypt"
)

// Credentials are the secrets from the platform's console (服务器配置): the token that
// signs requests and the key that encrypts messages. They are redacted by fmt, slog and
// encoding/json, even inside other structs.
type Credentials struct {
	reveal func() secrets // fmt follows some pointers, but does not print what a function returns
}

type secrets struct{ token, aesKey string }

// NewCredentials returns credentials. The token has 3 to 32 letters and digits, and the
// EncodingAESKey has 43. In plain mode, encodingAESKey may be "". [NewHandler] checks both.
func NewCredentials(token, encodingAESKey string) Credentials {
	return Credentials{func() secrets { return secrets{token, encodingAESKey} }}
}

// IsZero reports whether c is the zero value, which has no credentials.
func (c Credentials) IsZero() bool { return c.reveal == nil }

// Format prints "[redacted]" for every verb.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// LogValue returns "[redacted]".
func (c Credentials) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// MarshalJSON returns "[redacted]".
func (c Credentials) MarshalJSON() ([]byte, error) { return []byte(`"[redacted]"`), nil }

func (c Credentials) secrets() secrets {
	if c.IsZero() {
		return secrets{}
	}
	return c.reveal()
}

// credential is what a push was verified with. It has one pointer more than it needs,
// because fmt follows one.
type credential struct{ *signer }

// signer is a token, with the key of the message if that was encrypted.
type signer struct {
	token  string
	key    msgcrypt.Key
	sealed []*credential // the token with each of the keys
}

// keyring contains the tokens and keys that are accepted: the current ones first, then the
// previous ones, which expire.
type keyring struct {
	tokens []*credential
	keys   []msgcrypt.Key
	ends   atomic.Int64 // Unix time in seconds at which the previous ones expire
}

const (
	previousFor   = 24 * time.Hour   // after NewHandler, unless Config.PreviousUntil is set
	previousAfter = 10 * time.Minute // the platform may use both for a while
)

func (k *keyring) init(cfg Config, now time.Time) error {
	all := []secrets{cfg.Credentials.secrets(), cfg.Previous.secrets()}
	for _, s := range all {
		if s.aesKey == "" {
			continue
		}
		key, err := msgcrypt.ParseKey(s.aesKey)
		if err != nil {
			return err
		}
		k.keys = append(k.keys, key)
	}
	for _, s := range all {
		if s.token == "" {
			continue
		}
		plain := &signer{token: s.token}
		for _, key := range k.keys {
			plain.sealed = append(plain.sealed, &credential{&signer{token: s.token, key: key}})
		}
		k.tokens = append(k.tokens, &credential{plain})
	}
	until := cfg.PreviousUntil
	if until.IsZero() {
		until = now.Add(previousFor)
	}
	k.ends.Store(until.Unix())
	return nil
}

// inUse returns the tokens or keys without the previous one if that has expired.
func inUse[T any](k *keyring, all []T, now time.Time) []T {
	if len(all) == 0 || now.Unix() < k.ends.Load() {
		return all
	}
	return all[:1]
}

// settle lets the previous credentials expire soon once the current ones are in use.
func (k *keyring) settle(by *credential, now time.Time) {
	if len(k.tokens) < 2 && len(k.keys) < 2 {
		return
	}
	if by.token != k.tokens[0].token || len(k.keys) > 0 && by.key != k.keys[0] {
		return
	}
	for end := now.Add(previousAfter).Unix(); ; {
		if old := k.ends.Load(); k.ends.CompareAndSwap(old, min(old, end)) {
			return
		}
	}
}
