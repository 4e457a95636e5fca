package callback

import (
	"sync/atomic"
	"time"

	"github.com/wechatoa/wechat/internal/msgcrypt"
)

// credential is a token with the key of the message, which is zero for one in clear.
type credential struct {
	token string
	key   msgcrypt.Key
}

// credentials are the tokens and keys that pushes are signed and encrypted with: the
// current ones first, and the previous ones until their time is over.
type credentials struct {
	tokens []*credential
	keys   []msgcrypt.Key
	ends   atomic.Int64 // when the previous ones end, in seconds since 1970
}

const (
	previousFor   = 24 * time.Hour   // after the start, unless Config.PreviousUntil says when
	previousAfter = 10 * time.Minute // both may be in use at the platform's end for a while
)

func (c *credentials) init(cfg Config, now time.Time) error {
	for _, token := range []string{cfg.Token, cfg.PreviousToken} {
		if token != "" {
			c.tokens = append(c.tokens, &credential{token: token})
		}
	}
	for _, encoded := range []string{cfg.EncodingAESKey, cfg.PreviousEncodingAESKey} {
		if encoded == "" {
			continue
		}
		key, err := msgcrypt.ParseKey(encoded)
		if err != nil {
			return err
		}
		c.keys = append(c.keys, key)
	}
	until := cfg.PreviousUntil
	if until.IsZero() {
		until = now.Add(previousFor)
	}
	c.ends.Store(until.Unix())
	return nil
}

// inUse leaves the previous one of tokens or keys out when its time is over.
func inUse[T any](c *credentials, all []T, now time.Time) []T {
	if len(all) > 1 && now.Unix() >= c.ends.Load() {
		return all[:1]
	}
	return all
}

// settle shortens the life of the previous credentials once the current ones are in use.
func (c *credentials) settle(by *credential, now time.Time) {
	if len(c.tokens) < 2 && len(c.keys) < 2 {
		return
	}
	if by.token != c.tokens[0].token || len(c.keys) > 0 && by.key != c.keys[0] {
		return
	}
	end := now.Add(previousAfter).Unix()
	for old := c.ends.Load(); old > end && !c.ends.CompareAndSwap(old, end); old = c.ends.Load() {
	}
}
