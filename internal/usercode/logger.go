package usercode

import (
	"context"
	"log/slog"
)

// Logger returns a logger that writes to the handler of l. If the handler hangs or
// panics, records are dropped. If l is nil, it uses the [slog.Default] of the time of
// each record.
func Logger(l *slog.Logger) *slog.Logger {
	h := &handler{guard: new(Guard), inner: func() slog.Handler { return slog.Default().Handler() }}
	if l != nil {
		h.inner = l.Handler
	}
	return slog.New(h)
}

// handler passes records to another handler through a guard.
type handler struct {
	guard *Guard
	inner func() slog.Handler
}

// Enabled leaves the decision to Handle, where the inner handler is guarded.
func (h *handler) Enabled(context.Context, slog.Level) bool { return true }

// Handle passes the record to the inner handler if that is enabled. It never fails.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	_ = Run(context.WithoutCancel(ctx), h.guard, func(ctx context.Context) {
		if inner := h.inner(); inner.Enabled(ctx, r.Level) {
			_ = inner.Handle(ctx, r)
		}
	})
	return nil
}

// WithAttrs returns a handler that adds attributes.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	inner := h.inner
	return &handler{guard: h.guard, inner: func() slog.Handler { return inner().WithAttrs(attrs) }}
}

// WithGroup returns a handler that opens a group.
func (h *handler) WithGroup(name string) slog.Handler {
	inner := h.inner
	return &handler{guard: h.guard, inner: func() slog.Handler { return inner().WithGroup(name) }}
}
