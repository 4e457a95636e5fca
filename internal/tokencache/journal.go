package tokencache

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/wechatoa/wechat/internal/usercode"
)

// journal logs each message at most once in an interval.
type journal struct {
	log *slog.Logger
	key string

	mu   sync.Mutex
	last map[string]time.Time // by message
}

func newJournal(log *slog.Logger, key string) *journal {
	return &journal{log: log, key: key, last: map[string]time.Time{}}
}

// warn logs a message unless it was logged within the interval. It must not be called
// while a mutex is held, because the log handler of the program may be slow.
func (j *journal) warn(interval time.Duration, message string, attrs ...any) {
	j.mu.Lock()
	now := time.Now()
	last, known := j.last[message]
	if known && now.Sub(last) < interval {
		j.mu.Unlock()
		return
	}
	j.last[message] = now
	j.mu.Unlock()
	j.log.WarnContext(context.Background(), message, append([]any{slog.String("key", j.key)}, attrs...)...)
}

// cause returns the attributes of an error, including the stack of a panic.
func cause(err error) []any {
	if err == nil {
		return nil
	}
	attrs := []any{slog.Any("error", err)}
	var panicked *usercode.PanicError
	if errors.As(err, &panicked) {
		attrs = append(attrs, slog.String("stack", string(panicked.Stack)))
	}
	return attrs
}
