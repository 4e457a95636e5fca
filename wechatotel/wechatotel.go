// Package wechatotel reports the calls of a client and the pushes of a handler to
// OpenTelemetry, as spans and metrics. One line each is enough:
//
//	client := wechat.NewClient(appID, appSecret, wechat.WithObserver(wechatotel.ClientObserver()))
//	cfg := callback.Config{Observer: wechatotel.HandlerObserver()} // and its other fields
//
// No span or metric contains a token, a secret, an openid, the content of a message, or
// the text of an error: attributes are paths, hosts, AppIDs, codes, and the names that
// this module and the platform's documentation give to things. So their number is
// bounded too, whatever strangers send to the handler.
//
// It is a module of its own, because it needs go.opentelemetry.io/otel, which needs a
// newer version of Go than the client.
package wechatotel

import (
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/wechatoa/wechat"
)

const scope = "github.com/wechatoa/wechat/wechatotel"

// Attributes that OpenTelemetry has no convention for.
const (
	appIDKey     = attribute.Key("wechat.app_id")
	errcodeKey   = attribute.Key("wechat.errcode")
	kindKey      = attribute.Key("wechat.push.kind")
	outcomeKey   = attribute.Key("wechat.push.outcome")
	deliveryKey  = attribute.Key("wechat.push.delivery")
	duplicateKey = attribute.Key("wechat.push.duplicate")
	lateKey      = attribute.Key("wechat.push.late")
)

// Option configures an observer.
type Option func(*config)

type config struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
	byAppID bool
}

// WithTracerProvider sets where spans go. The default, also for nil, is the global
// TracerProvider.
func WithTracerProvider(p trace.TracerProvider) Option {
	return func(c *config) {
		if p != nil {
			c.tracers = p
		}
	}
}

// WithMeterProvider sets where metrics go. The default, also for nil, is the global
// MeterProvider.
func WithMeterProvider(p metric.MeterProvider) Option {
	return func(c *config) {
		if p != nil {
			c.meters = p
		}
	}
}

// WithAppIDInMetrics adds the attribute wechat.app_id to all metrics, which multiplies
// their number by that of the accounts. Spans always have it.
func WithAppIDInMetrics() Option { return func(c *config) { c.byAppID = true } }

// telemetry is what the observers have in common.
type telemetry struct {
	tracer  trace.Tracer
	meter   metric.Meter
	byAppID bool
}

func newTelemetry(opts []Option) telemetry {
	c := config{tracers: otel.GetTracerProvider(), meters: otel.GetMeterProvider()}
	for _, opt := range opts {
		if opt != nil {
			opt(&c)
		}
	}
	return telemetry{
		tracer:  c.tracers.Tracer(scope, trace.WithInstrumentationVersion(wechat.Version), trace.WithSchemaURL(semconv.SchemaURL)),
		meter:   c.meters.Meter(scope, metric.WithInstrumentationVersion(wechat.Version), metric.WithSchemaURL(semconv.SchemaURL)),
		byAppID: c.byAppID,
	}
}

// buckets are the bounds of all durations, in seconds. 4.5 is when a push is acknowledged
// without its reply.
var buckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 4.5, 10, 30, 60}

// duration returns a histogram of durations.
func (t telemetry) duration(name, description string) metric.Float64Histogram {
	h, err := t.meter.Float64Histogram(name, metric.WithDescription(description), metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(buckets...))
	if err != nil {
		otel.Handle(err)
	}
	return h
}

// counter returns a counter of things.
func (t telemetry) counter(name, unit, description string) metric.Int64Counter {
	c, err := t.meter.Int64Counter(name, metric.WithDescription(description), metric.WithUnit("{"+unit+"}"))
	if err != nil {
		otel.Handle(err)
	}
	return c
}

// account returns the attribute of spans, and those of metrics.
func (t telemetry) account(appID string) (spans, metrics []attribute.KeyValue) {
	if appID == "" {
		return nil, nil
	}
	spans = []attribute.KeyValue{appIDKey.String(appID)}
	if t.byAppID {
		metrics = spans
	}
	return spans, metrics
}
