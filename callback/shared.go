package callback

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	storeTimeout = 250 * time.Millisecond
	storePause   = time.Second
)

// shared is a store that other processes share, on another machine for the most
// part. Pushes must be answered whether it works or not: it has 250 ms for a call,
// and a second of rest after a failure.
type shared struct {
	name string
	rest atomic.Int64 // until when nothing is asked, in nanoseconds since 1970
}

// errResting means that a store failed just now and is left alone for a second.
var errResting = errors.New("store is failing")

// ask makes one call of the store.
func (s *shared) ask(ctx context.Context, log *slog.Logger, call func(context.Context) error) error {
	now := time.Now()
	if now.UnixNano() < s.rest.Load() {
		return errResting
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err := call(ctx)
	if err == nil {
		return nil
	}
	s.rest.Store(time.Now().Add(storePause).UnixNano())
	log.LogAttrs(ctx, slog.LevelWarn, "callback: a store fails, going on without it", slog.String("store", s.name), slog.Any("error", err))
	return err
}
