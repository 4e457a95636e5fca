package wechatotel_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechatotel"
)

// exporter does what it likes with spans.
type exporter func()

func (e exporter) ExportSpans(context.Context, []trace.ReadOnlySpan) error { e(); return nil }
func (e exporter) Shutdown(context.Context) error                          { return nil }

// The time is real: the SDK exports under a mutex, which stops a virtual clock.
func TestAnExporterThatHangsOrPanicsFailsNoCallAndNoPush(t *testing.T) {
	for name, do := range map[string]func(release chan struct{}){
		"hangs":  func(release chan struct{}) { <-release },
		"panics": func(chan struct{}) { panic("exporter") },
	} {
		t.Run(name, func(t *testing.T) {
			var called atomic.Int32
			release, p := make(chan struct{}), platform(t)
			observers := wechatotel.WithTracerProvider(trace.NewTracerProvider(trace.WithSyncer(exporter(func() {
				called.Add(1)
				do(release)
			}))))
			c := p.Client(wechat.WithLogger(quiet), wechat.WithObserver(wechatotel.ClientObserver(observers)))
			h := receiver(t, p, callback.Config{Observer: wechatotel.HandlerObserver(observers)})
			t.Cleanup(func() { close(release) }) // before the handler is shut down
			callback.On(h, func(context.Context, *callback.TextMessage) (callback.Reply, error) {
				return callback.Text("hello"), nil
			})
			p.SetCallback(h)
			alice := p.AddUser(wechatUser)
			for range 5 {
				_, err := c.ListCallbackIPs(t.Context())
				require.NoError(t, err)
				report := alice.Sends(t.Context(), "hi")
				require.NotNil(t, report.Reply)
				assert.Len(t, report.Deliveries, 1)
			}
			assert.Equal(t, 5, p.CallCount("/cgi-bin/getcallbackip"))
			assert.Positive(t, called.Load())
		})
	}
}
