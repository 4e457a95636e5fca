package wechatotel

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/wechatoa/wechat/callback"
)

// HandlerObserver returns an observer for [callback.Config]. It makes a span for each
// delivery of a push ("receive text"), each call of a handler ("handle text"), with a
// second one if the call is stuck, and each reply that was sent as customer-service
// messages ("defer text"), and records these metrics:
//
//   - wechat.callback.delivery.duration, a histogram in seconds, from the arrival of a
//     delivery to its response, by wechat.push.kind, wechat.push.outcome,
//     wechat.push.duplicate and error.type
//   - wechat.callback.handler.duration, a histogram in seconds, by wechat.push.kind,
//     wechat.push.outcome and error.type
//   - wechat.callback.deferred_replies, those that were sent or lost, by wechat.push.kind,
//     wechat.push.outcome and error.type
//   - wechat.callback.stuck_handlers, by wechat.push.kind
//   - wechat.callback.faults, failures of stores and functions of the Config
//
// wechat.push.kind is [callback.Observation.Kind]. error.type is the outcome if that is a
// failure: of the program, or of the delivery. A refused request is none.
//
// If the request's ctx has a span, as behind an HTTP middleware for OpenTelemetry, it is
// the parent of all these spans, and of those of the client that the handler calls with
// its ctx. Otherwise a delivery is a span of kind server, and all of them are roots.
func HandlerObserver(opts ...Option) func(context.Context, callback.Observation) {
	t := newTelemetry(opts)
	return (&handler{
		telemetry:  t,
		deliveries: t.duration("wechat.callback.delivery.duration", "Duration of the deliveries of pushes, until their response."),
		handlers:   t.duration("wechat.callback.handler.duration", "Duration of the calls of handlers."),
		deferred:   t.counter("wechat.callback.deferred_replies", "reply", "Replies that were not in a response: sent as customer-service messages, or lost."),
		stuck:      t.counter("wechat.callback.stuck_handlers", "call", "Calls of handlers that went on after their context had ended."),
		faults:     t.counter("wechat.callback.faults", "fault", "Failures of stores and functions of the handler's configuration."),
	}).observe
}

type handler struct {
	telemetry

	deliveries, handlers    metric.Float64Histogram
	deferred, stuck, faults metric.Int64Counter
}

func (h *handler) observe(ctx context.Context, o callback.Observation) {
	attrs, common := h.account(o.AppID)
	if o.Outcome == callback.OutcomeFault {
		h.faults.Add(ctx, 1, metric.WithAttributes(common...))
		return
	}
	if o.Kind != "" {
		common = append(common, kindKey.String(o.Kind))
	}
	kind := metric.WithAttributes(common...)
	common = append(common, outcomeKey.String(string(o.Outcome)))
	if isFailure(o.Outcome) {
		common = append(common, semconv.ErrorTypeKey.String(string(o.Outcome)))
	}
	all := metric.WithAttributes(common...)
	attrs = append(attrs, common...)

	switch o.Outcome {
	case callback.OutcomeHandled, callback.OutcomeFailed, callback.OutcomePanicked:
		ctx = h.span(ctx, "handle", o, attrs)
		h.handlers.Record(ctx, o.Duration.Seconds(), all)
	case callback.OutcomeStuck:
		ctx = h.span(ctx, "handle", o, attrs)
		h.stuck.Add(ctx, 1, kind)
	case callback.OutcomeDeferred, callback.OutcomeLost:
		ctx = h.span(ctx, "defer", o, attrs)
		h.deferred.Add(ctx, 1, all)
	default:
		duplicate := duplicateKey.Bool(o.Duplicate)
		ctx = h.span(ctx, "receive", o, append(attrs, duplicate))
		h.deliveries.Record(ctx, o.Duration.Seconds(), metric.WithAttributes(append(common, duplicate)...))
	}
}

// span makes the span of an observation, and returns its context.
func (h *handler) span(ctx context.Context, action string, o callback.Observation, attrs []attribute.KeyValue) context.Context {
	kind := trace.SpanKindInternal
	if action == "receive" && !trace.SpanContextFromContext(ctx).IsValid() {
		kind = trace.SpanKindServer
	}
	if o.Kind != "" {
		action += " " + o.Kind
	}
	if o.Delivery > 0 {
		attrs = append(attrs, deliveryKey.Int(o.Delivery))
	}
	ctx, span := h.tracer.Start(ctx, action, trace.WithSpanKind(kind), trace.WithTimestamp(o.Start),
		trace.WithAttributes(append(attrs, lateKey.Bool(o.Late))...))
	if isFailure(o.Outcome) {
		span.SetStatus(codes.Error, "")
	}
	span.End(trace.WithTimestamp(o.Start.Add(o.Duration)))
	return ctx
}

// isFailure reports whether an outcome is a failure of the program or of a delivery.
func isFailure(o callback.Outcome) bool {
	switch o {
	case callback.OutcomeFailed, callback.OutcomePanicked, callback.OutcomeStuck, callback.OutcomeLost,
		callback.OutcomeOverflow, callback.OutcomeRetried, callback.OutcomeGone:
		return true
	}
	return false
}
