package callback

import (
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/wechatoa/wechat/internal/msgcrypt"
)

// Credentials are the secrets that the platform's console shows (服务器配置): the
// token that requests are signed with and the key of encrypted messages. Nothing
// prints them, not even as part of a struct of the program.
type Credentials struct {
	reveal func() secrets // fmt looks behind some pointers, but not into a function
}

type secrets struct{ token, aesKey string }

// NewCredentials returns the credentials of a token of 3 to 32 letters and digits and
// an EncodingAESKey of 43, which is "" in plain mode. [NewHandler] checks them.
func NewCredentials(token, encodingAESKey string) Credentials {
	return Credentials{func() secrets { return secrets{token, encodingAESKey} }}
}

// IsZero reports whether there are no credentials.
func (c Credentials) IsZero() bool { return c.reveal == nil }

// Format prints no secret, whatever the verb.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// LogValue prints no secret.
func (c Credentials) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// MarshalJSON writes no secret.
func (c Credentials) MarshalJSON() ([]byte, error) { return []byte(`"[redacted]"`), nil }

func (c Credentials) secrets() secrets {
	if c.IsZero() {
		return secrets{}
	}
	return c.reveal()
}

// credential is what a push was verified with. It is one more pointer than it needs,
// because fmt looks behind one.
type credential struct{ *signer }

// signer is a token with the key of the message, which is zero for one in clear.
type signer struct {
	token  string
	key    msgcrypt.Key
	sealed []*credential // of the token with each of the keys
}

// keyring holds the tokens and keys that pushes are signed and encrypted with: the
// current ones first, and the previous ones until their time is over.
type keyring struct {
	tokens []*credential
	keys   []msgcrypt.Key
	ends   atomic.Int64 // when the previous ones end, in seconds since 1970
}

const (
	previousFor   = 24 * time.Hour   // after the start, unless Config.PreviousUntil says when
	previousAfter = 10 * time.Minute // both may be in use at the platform's end for a while
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

// inUse leaves the previous one of tokens or keys out when its time is over.
func inUse[T any](k *keyring, all []T, now time.Time) []T {
	if len(all) == 0 || now.Unix() < k.ends.Load() {
		return all
	}
	return all[:1]
}

// settle shortens the life of the previous credentials once the current ones are in use.
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
