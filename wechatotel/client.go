package wechatotel

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/wechatoa/wechat"
)

// ClientObserver returns an observer for [wechat.WithObserver]. For each attempt of each
// call it makes a span of kind client, such as "POST /cgi-bin/message/custom/send", whose
// parent is the span in the ctx of the call, and records these metrics:
//
//   - wechat.client.request.duration, a histogram in seconds, by http.request.method,
//     url.template and error.type
//   - wechat.client.request.resends, the number of attempts after the first one of a call,
//     by http.request.method and url.template
//
// error.type is the errcode of a refusal, the status of a response that is not 2xx,
// "timeout", "canceled", "decode" for a response that is not what the platform documents,
// or "_OTHER", also for an errcode that the wechat package does not know. It is not there
// if the attempt succeeded. A span has the errcode as wechat.errcode too.
//
// Token refreshes are attempts for /cgi-bin/stable_token or /cgi-bin/token. Callers share
// them, so their spans have no parent.
func ClientObserver(opts ...Option) func(context.Context, wechat.Attempt) {
	t := newTelemetry(opts)
	return (&client{
		telemetry: t,
		duration:  t.duration("wechat.client.request.duration", "Duration of the requests to the platform."),
		resends:   t.counter("wechat.client.request.resends", "request", "Requests that were sent again."),
	}).observe
}

type client struct {
	telemetry

	duration metric.Float64Histogram
	resends  metric.Int64Counter
}

func (c *client) observe(ctx context.Context, a wechat.Attempt) {
	attrs, common := c.account(a.AppID)
	common = append(common, semconv.HTTPRequestMethodKey.String(a.Method), semconv.URLTemplate(a.Path))
	resent := metric.WithAttributes(common...)
	failure := errorType(a)
	if failure != "" {
		common = append(common, semconv.ErrorTypeKey.String(failure))
	}

	attrs = append(attrs, common...)
	ctx, span := c.tracer.Start(ctx, a.Method+" "+a.Path, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithTimestamp(a.Start), trace.WithAttributes(append(attrs, details(a)...)...))
	if failure != "" {
		span.SetStatus(codes.Error, meaning(a.Code))
	}
	span.End(trace.WithTimestamp(a.Start.Add(a.Duration)))

	c.duration.Record(ctx, a.Duration.Seconds(), metric.WithAttributes(common...))
	if a.Number > 1 {
		c.resends.Add(ctx, 1, resent)
	}
}

// details returns attributes that only spans have.
func details(a wechat.Attempt) (attrs []attribute.KeyValue) {
	if host, port, err := net.SplitHostPort(a.Host); err == nil {
		number, _ := strconv.Atoi(port) // the request was sent there
		attrs = append(attrs, semconv.ServerAddress(host), semconv.ServerPort(number))
	} else if a.Host != "" {
		attrs = append(attrs, semconv.ServerAddress(a.Host))
	}
	if a.Status != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(a.Status))
	}
	if a.Code != 0 {
		attrs = append(attrs, errcodeKey.Int(int(a.Code)))
	}
	if a.Number > 1 {
		attrs = append(attrs, semconv.HTTPRequestResendCount(a.Number-1))
	}
	return attrs
}

// errorType returns why an attempt failed, as one of few words, and "" if it succeeded.
func errorType(a wechat.Attempt) string {
	var timeout interface{ Timeout() bool }
	var unreadable *wechat.DecodeError
	switch {
	case a.Code != 0 && isKnown(a.Code):
		return strconv.Itoa(int(a.Code))
	case a.Err == nil:
		return ""
	case a.Code != 0:
	case a.Status != 0 && (a.Status < http.StatusOK || a.Status >= http.StatusMultipleChoices):
		return strconv.Itoa(a.Status)
	case errors.Is(a.Err, context.Canceled):
		return "canceled"
	case errors.Is(a.Err, context.DeadlineExceeded), errors.As(a.Err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.As(a.Err, &unreadable):
		return "decode"
	}
	return semconv.ErrorTypeOther.Value.AsString()
}

// isKnown reports whether the wechat package knows what a code means: the platform, or a
// proxy in its place, can send any number.
func isKnown(code wechat.Code) bool { return code.Error() != strconv.Itoa(int(code)) }

// meaning returns the description of a code, which contains nothing that was sent.
func meaning(code wechat.Code) string {
	if code == 0 || !isKnown(code) {
		return ""
	}
	return code.Error()
}
