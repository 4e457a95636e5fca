package wechatotel_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechatotel"
	"github.com/wechatoa/wechat/wechattest"
)

func observed(b *backend, p *wechattest.Platform, opts ...wechat.Option) *wechat.Client {
	return p.Client(append(opts, wechat.WithLogger(quiet), wechat.WithObserver(wechatotel.ClientObserver(b.options()...)))...)
}

func platform(t *testing.T, opts ...wechattest.Option) *wechattest.Platform {
	t.Helper()
	p := wechattest.NewPlatform(opts...)
	t.Cleanup(p.Close)
	return p
}

func TestEachAttemptIsASpanUnderThatOfTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, p := newBackend(t), platform(t)
		c := observed(b, p)
		ctx, parent := b.tracers.Tracer("program").Start(t.Context(), "work")
		p.InjectFault("/cgi-bin/getcallbackip", wechattest.Fault{Delay: time.Second, Code: wechat.ErrSystemBusy})
		began := time.Now()
		_, err := c.ListCallbackIPs(ctx)
		require.NoError(t, err)
		parent.End()

		attempts := b.named("GET /cgi-bin/getcallbackip")
		require.Len(t, attempts, 2)
		for n, s := range attempts {
			assert.Equal(t, trace.SpanKindClient, s.SpanKind)
			assert.Equal(t, parent.SpanContext().SpanID(), s.Parent.SpanID())
			assert.Equal(t, parent.SpanContext().TraceID(), s.SpanContext.TraceID())
			want := map[string]any{
				"wechat.app_id": p.AppID, "http.request.method": "GET", "url.template": "/cgi-bin/getcallbackip",
				"server.address": "api.weixin.qq.com", "http.response.status_code": int64(200),
			}
			if n == 0 {
				want["wechat.errcode"], want["error.type"] = int64(-1), "-1"
				assert.Equal(t, codes.Error, s.Status.Code)
				assert.Equal(t, wechat.ErrSystemBusy.Error(), s.Status.Description)
				assert.Equal(t, began, s.StartTime)
				assert.Equal(t, began.Add(time.Second), s.EndTime)
			} else {
				want["http.request.resend_count"] = int64(1)
				assert.Equal(t, codes.Unset, s.Status.Code)
				assert.True(t, s.StartTime.After(attempts[0].EndTime))
			}
			assert.Equal(t, want, attributes(s))
		}
		token := b.one("POST /cgi-bin/stable_token")
		assert.False(t, token.Parent.IsValid(), "callers share it")
	})
}

func TestRequestsAreCountedByPathAndError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, p := newBackend(t), platform(t)
		c := observed(b, p)
		const path = "/cgi-bin/getcallbackip"
		p.InjectFault(path, wechattest.Fault{Code: wechat.ErrSystemBusy})
		p.InjectFault(path, wechattest.Fault{Status: http.StatusBadGateway, Body: []byte("<html>")})
		_, err := c.ListCallbackIPs(t.Context())
		require.NoError(t, err)
		p.FailNext(path, wechat.Code(123456))
		_, err = c.ListCallbackIPs(t.Context())
		require.Error(t, err)

		const get = "http.request.method=GET,url.template=" + path
		assert.ElementsMatch(t, []point{
			{"http.request.method=POST,url.template=/cgi-bin/stable_token", 1},
			{get, 1},
			{"error.type=-1," + get, 1},
			{"error.type=502," + get, 1},
			{"error.type=_OTHER," + get, 1},
		}, b.points("wechat.client.request.duration"))
		assert.Equal(t, []point{{get, 2}}, b.points("wechat.client.request.resends"))
		sum, ok := b.metrics()["wechat.client.request.resends"].Data.(metricdata.Sum[int64])
		require.True(t, ok)
		assert.True(t, sum.IsMonotonic)
		histogram, ok := b.metrics()["wechat.client.request.duration"].Data.(metricdata.Histogram[float64])
		require.True(t, ok)
		assert.NotEmpty(t, histogram.DataPoints[0].Exemplars, "a measurement leads to its trace")
	})
}

func TestEachFailureHasAnErrorType(t *testing.T) {
	none := func() (*http.Response, error) { return nil, errors.New("no route") }
	answer := func(status int, body string) func() (*http.Response, error) {
		return func() (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
		}
	}
	for _, row := range []struct {
		want string
		play func() (*http.Response, error)
	}{
		{"_OTHER", none},
		{"timeout", func() (*http.Response, error) { return nil, fmt.Errorf("slow: %w", context.DeadlineExceeded) }},
		{"canceled", func() (*http.Response, error) { return nil, context.Canceled }},
		{"decode", answer(200, "not JSON")},
		{"302", answer(302, "")},
		{"503", answer(503, "")},
		{"45009", answer(200, `{"errcode":45009,"errmsg":"CANARY"}`)},
		{"_OTHER", answer(200, `{"errcode":987654321,"errmsg":"CANARY"}`)},
		{"", answer(200, `{"errcode":0}`)},
	} {
		b := newBackend(t)
		c := wechat.NewClient("wx1", "", wechat.WithTokenSource(wechat.StaticToken("t")), wechat.WithLogger(quiet),
			wechat.WithBaseURL("http://127.0.0.1:8080"), wechat.WithObserver(wechatotel.ClientObserver(b.options()...)),
			wechat.WithHTTPClient(&http.Client{Transport: transport(func(*http.Request) (*http.Response, error) { return row.play() })}))
		err := c.Do(t.Context(), wechat.Request{Method: "POST", Path: "/a"}, nil)
		assert.Equal(t, row.want != "", err != nil)
		s := b.named("POST /a")[0]
		got := attributes(s)
		if row.want == "" {
			assert.NotContains(t, got, "error.type")
			assert.Equal(t, codes.Unset, s.Status.Code)
			assert.Equal(t, "127.0.0.1", got["server.address"])
			assert.EqualValues(t, 8080, got["server.port"])
			continue
		}
		assert.Equal(t, row.want, got["error.type"])
		assert.Equal(t, codes.Error, s.Status.Code)
		assert.NotContains(t, s.Status.Description, "CANARY")
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestMetricsAreByAccountIfThatIsWanted(t *testing.T) {
	b, p := newBackend(t), platform(t)
	c := p.Client(wechat.WithObserver(wechatotel.ClientObserver(b.options(nil, wechatotel.WithAppIDInMetrics())...)))
	_, err := c.ListCallbackIPs(t.Context())
	require.NoError(t, err)
	assert.Contains(t, b.points("wechat.client.request.duration"),
		point{"http.request.method=GET,url.template=/cgi-bin/getcallbackip,wechat.app_id=" + p.AppID, 1})
}

// One line without options goes to the global providers, also to those that are set later.
func TestTheDefaultAreTheGlobalProviders(t *testing.T) {
	b, p := newBackend(t), platform(t)
	tracers, meters := otel.GetTracerProvider(), otel.GetMeterProvider()
	c := p.Client(wechat.WithObserver(wechatotel.ClientObserver(wechatotel.WithTracerProvider(nil), wechatotel.WithMeterProvider(nil))))
	otel.SetTracerProvider(b.tracers)
	otel.SetMeterProvider(b.meters)
	defer otel.SetTracerProvider(tracers)
	defer otel.SetMeterProvider(meters)
	_, err := c.ListCallbackIPs(t.Context())
	require.NoError(t, err)
	s := b.one("GET /cgi-bin/getcallbackip")
	assert.Equal(t, "github.com/wechatoa/wechat/wechatotel", s.InstrumentationScope.Name)
	assert.Equal(t, wechat.Version, s.InstrumentationScope.Version)
	assert.NotEmpty(t, b.points("wechat.client.request.duration"))
}
