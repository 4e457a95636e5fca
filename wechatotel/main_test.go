package wechatotel_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechatotel"
	"github.com/wechatoa/wechat/wechattest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// backend keeps the spans and metrics of a test in memory.
type backend struct {
	t       *testing.T
	spans   *tracetest.InMemoryExporter
	tracers *trace.TracerProvider
	reader  *metric.ManualReader
	meters  *metric.MeterProvider
}

func newBackend(t *testing.T) *backend {
	t.Helper()
	b := &backend{t: t, spans: tracetest.NewInMemoryExporter(), reader: metric.NewManualReader()}
	b.tracers = trace.NewTracerProvider(trace.WithSyncer(b.spans))
	b.meters = metric.NewMeterProvider(metric.WithReader(b.reader))
	return b
}

func (b *backend) options(more ...wechatotel.Option) []wechatotel.Option {
	return append([]wechatotel.Option{wechatotel.WithTracerProvider(b.tracers), wechatotel.WithMeterProvider(b.meters)}, more...)
}

// named returns the spans with a name, in their order.
func (b *backend) named(name string) (found []tracetest.SpanStub) {
	for _, s := range b.spans.GetSpans() {
		if s.Name == name {
			found = append(found, s)
		}
	}
	return found
}

// one returns the span with a name, which there must be once.
func (b *backend) one(name string) tracetest.SpanStub {
	b.t.Helper()
	found := b.named(name)
	require.Len(b.t, found, 1, name)
	return found[0]
}

// metrics returns all metrics by name.
func (b *backend) metrics() map[string]metricdata.Metrics {
	b.t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(b.t, b.reader.Collect(context.Background(), &all))
	byName := map[string]metricdata.Metrics{}
	for _, s := range all.ScopeMetrics {
		for _, m := range s.Metrics {
			byName[m.Name] = m
		}
	}
	return byName
}

// point is a data point: its attributes as text and how many measurements it has.
type point struct {
	attributes string
	count      int
}

// points returns the data points of a metric.
func (b *backend) points(name string) (all []point) {
	b.t.Helper()
	switch data := b.metrics()[name].Data.(type) {
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			all = append(all, point{text(p.Attributes), int(p.Count)})
		}
	case metricdata.Sum[int64]:
		for _, p := range data.DataPoints {
			all = append(all, point{text(p.Attributes), int(p.Value)})
		}
	}
	return all
}

func text(attributes attribute.Set) string {
	return attributes.Encoded(attribute.DefaultEncoder())
}

// attributes returns those of a span.
func attributes(s tracetest.SpanStub) map[string]any {
	all := map[string]any{}
	for _, a := range s.Attributes {
		all[string(a.Key)] = a.Value.AsInterface()
	}
	return all
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// receiver returns a handler of the platform's account that is observed.
func receiver(t *testing.T, p *wechattest.Platform, cfg callback.Config) *callback.Handler {
	t.Helper()
	cfg.AppID, cfg.Credentials = p.AppID, callback.NewCredentials(p.Token, p.EncodingAESKey)
	if cfg.Logger == nil {
		cfg.Logger = quiet
	}
	h, err := callback.NewHandler(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = h.Shutdown(context.Background()) })
	return h
}

// traced is what an HTTP middleware for OpenTelemetry does.
func traced(b *backend, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, span := b.tracers.Tracer("http").Start(r.Context(), "POST /wechat")
		defer span.End()
		h.ServeHTTP(w, r.WithContext(ctx))
	})
}
