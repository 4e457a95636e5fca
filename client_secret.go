package wechat

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// secretInterval is how often the program is asked for another AppSecret at most, except
// that one that it has never given before may be followed by another at once.
const secretInterval = 10 * time.Second

// maxSecrets bounds how many secrets are remembered to keep them out of errors.
const maxSecrets = 8

// appSecret is the AppSecret of a client. It is replaced if the platform refuses it
// and the program has another one.
type appSecret struct {
	renew func(context.Context) (Secret, error) // nil if it never changes
	turn  chan struct{}                         // one caller asks at a time

	mu    sync.Mutex
	known []string  // the current one last
	asked time.Time // when the program had no new one
}

func newAppSecret(first string, renew func(context.Context) (Secret, error)) *appSecret {
	return &appSecret{renew: renew, turn: make(chan struct{}, 1), known: []string{first}}
}

func (s *appSecret) current() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known[len(s.known)-1]
}

// all returns what must not be in an error.
func (s *appSecret) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known
}

// other returns another secret than the one that was refused, "" if there is none.
func (s *appSecret) other(ctx context.Context, refused string) (string, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if now := s.current(); now != refused {
		return now, nil
	}
	if time.Since(s.asked) < secretInterval {
		return "", nil
	}
	secret, err := s.renew(ctx)
	if err != nil || secret == "" || slices.Contains(s.all(), string(secret)) {
		s.asked = time.Now()
	}
	if err != nil || secret == "" || string(secret) == refused {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = append(slices.Clone(s.known[max(0, len(s.known)+1-maxSecrets):]), string(secret))
	return string(secret), nil
}

// withSecret sends a call that shows the AppSecret, and sends it once more if the
// platform refuses the secret and the program has another one.
func (c *Client) withSecret(ctx context.Context, call func(secret string) error) error {
	secret := c.secret.current()
	err := call(secret)
	if c.secret.renew == nil || !errors.Is(err, ErrInvalidSecret) && !errors.Is(err, ErrInvalidCredential) {
		return err
	}
	other, failure := c.secret.other(ctx, secret)
	if failure != nil {
		c.cfg.log.LogAttrs(ctx, slog.LevelWarn, "wechat: the AppSecret was refused, and asking for another one failed",
			slog.String("app_id", c.cfg.appID), slog.Any("error", failure))
	}
	if other == "" {
		return err
	}
	return call(other)
}

// doWithSecret is do for a call that shows the AppSecret.
func doWithSecret[T any](ctx context.Context, c *Client, request func(secret string) Request) (out *T, err error) {
	err = c.withSecret(ctx, func(secret string) error {
		out, err = do[T](ctx, c, request(secret))
		return err
	})
	return out, err
}
