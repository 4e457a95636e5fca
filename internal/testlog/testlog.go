// Package testlog keeps what is logged, for tests.
package testlog

import (
	"log/slog"
	"strings"
	"sync"
)

// Output is what was written to it. Goroutines of the code under test may go on writing
// while a test reads it.
type Output struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write appends p.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String returns what was written so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// Reset forgets what was written so far.
func (o *Output) Reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Reset()
}

// Logger returns a logger that writes lines of text to o, of every level.
func (o *Output) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(o, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
