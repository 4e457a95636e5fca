package wechatotel_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechatotel"
)

func TestAPushAndTheCallsOfItsHandlerAreOneTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, p := newBackend(t), platform(t)
		c := observed(b, p)
		h := receiver(t, p, callback.Config{Observer: wechatotel.HandlerObserver(b.options()...)})
		callback.On(h, func(ctx context.Context, m *callback.TextMessage) (callback.Reply, error) {
			_, err := c.GetUser(ctx, m.FromUserName)
			return callback.Text("hello"), err
		})
		p.SetCallback(traced(b, h))
		began := time.Now()
		require.NotNil(t, p.AddUser(wechatUser).Sends(t.Context(), "hi").Reply)
		synctest.Wait()

		root := b.one("POST /wechat")
		receive, handle, call := b.one("receive text"), b.one("handle text"), b.one("GET /cgi-bin/user/info")
		for _, s := range []trace.SpanContext{receive.Parent, handle.Parent, call.Parent} {
			assert.Equal(t, root.SpanContext.SpanID(), s.SpanID())
			assert.Equal(t, root.SpanContext.TraceID(), s.TraceID())
		}
		assert.Equal(t, trace.SpanKindInternal, receive.SpanKind)
		assert.Equal(t, trace.SpanKindInternal, handle.SpanKind)
		assert.Equal(t, began, receive.StartTime)
		assert.Equal(t, map[string]any{
			"wechat.app_id": p.AppID, "wechat.push.kind": "text", "wechat.push.outcome": "replied",
			"wechat.push.delivery": int64(1), "wechat.push.duplicate": false, "wechat.push.late": false,
		}, attributes(receive))
		assert.Equal(t, map[string]any{
			"wechat.app_id": p.AppID, "wechat.push.kind": "text", "wechat.push.outcome": "handled", "wechat.push.late": false,
		}, attributes(handle))
	})
}

func TestWithoutAMiddlewareADeliveryIsASpanOfAServer(t *testing.T) {
	b, p := newBackend(t), platform(t)
	p.SetCallback(receiver(t, p, callback.Config{Observer: wechatotel.HandlerObserver(b.options()...)}))
	p.AddUser(wechatUser).Follows(t.Context())
	require.Eventually(t, func() bool { return len(b.spans.GetSpans()) == 2 }, time.Minute, time.Millisecond)
	assert.Equal(t, trace.SpanKindServer, b.one("receive event/subscribe").SpanKind)
}

// TestEachOutcomeIsCounted brings about every outcome that needs no special timing.
func TestEachOutcomeIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, p := newBackend(t), platform(t)
		h := receiver(t, p, callback.Config{
			Observer: wechatotel.HandlerObserver(b.options()...), HandlerTimeout: 8 * time.Second, RetryFailed: true,
			Dedupe: brokenStore{}, SendDeferred: func(_ context.Context, body []byte) error {
				if strings.Contains(string(body), "lost") {
					return errors.New("no")
				}
				return nil
			},
		})
		callback.On(h, func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
			switch m.Content {
			case "slow", "lost":
				time.Sleep(10 * time.Second)
			case "fail":
				return nil, errors.New("no")
			case "panic":
				panic("no")
			}
			return callback.Text(m.Content), nil
		})
		p.SetCallback(h)
		alice := p.AddUser(wechatUser)
		for _, content := range []string{"hi", "slow", "lost", "fail", "panic"} {
			alice.Sends(t.Context(), content)
			time.Sleep(time.Minute)
		}
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader("<xml/>")))
		synctest.Wait()

		const text = "wechat.push.kind=text"
		failure := func(outcome string) string {
			return "error.type=" + outcome + "," + text + ",wechat.push.outcome=" + outcome
		}
		assert.ElementsMatch(t, []point{
			{"wechat.push.duplicate=false," + text + ",wechat.push.outcome=replied", 1},
			{"wechat.push.duplicate=false," + text + ",wechat.push.outcome=late", 2},
			{"error.type=retried,wechat.push.duplicate=false," + text + ",wechat.push.outcome=retried", 2},
			{"error.type=retried,wechat.push.duplicate=true," + text + ",wechat.push.outcome=retried", 4},
			{"wechat.push.duplicate=false,wechat.push.outcome=refused", 1},
		}, b.points("wechat.callback.delivery.duration"))
		assert.ElementsMatch(t, []point{
			{text + ",wechat.push.outcome=handled", 3}, {failure("failed"), 3}, {failure("panicked"), 3},
		}, b.points("wechat.callback.handler.duration"))
		assert.ElementsMatch(t, []point{
			{text + ",wechat.push.outcome=deferred", 1}, {failure("lost"), 1},
		}, b.points("wechat.callback.deferred_replies"))
		assert.Equal(t, []point{{text, 2}}, b.points("wechat.callback.stuck_handlers"))
		assert.NotEmpty(t, b.points("wechat.callback.faults"))

		assert.Equal(t, codes.Unset, b.one("receive").Status.Code, "a stranger's request is no failure")
		for _, s := range b.named("receive text") {
			failed := attributes(s)["wechat.push.outcome"] == "retried"
			assert.Equal(t, failed, s.Status.Code == codes.Error)
		}
		assert.Len(t, b.named("handle text"), 3+3+3+2)
		late := b.named("defer text")
		require.Len(t, late, 2)
		assert.Equal(t, true, attributes(late[0])["wechat.push.late"])
	})
}

// brokenStore fails always, so that the handler goes on without it.
type brokenStore struct{ callback.DedupeStore }

func (brokenStore) Claim(context.Context, string, string, time.Duration) (callback.Claim, error) {
	return callback.Claim{}, errors.New("no store")
}

// TestStrangersCannotMultiplyTheMetrics lets a plain-mode account get pushes of made-up
// kinds, which anyone who saw the URL of one push can send.
func TestStrangersCannotMultiplyTheMetrics(t *testing.T) {
	b, p := newBackend(t), platform(t)
	h := receiver(t, p, callback.Config{Observer: wechatotel.HandlerObserver(b.options()...)})
	p.SetCallback(h)
	alice := p.AddUser(wechatUser)
	for n := range 300 {
		alice.Push(t.Context(), pushOf("event", fmt.Sprintf("made_up_%d", n)))
		alice.Push(t.Context(), pushOf(fmt.Sprintf("made_up_%d", n), ""))
		r := httptest.NewRequest(http.MethodPost, fmt.Sprintf("/?signature=%d", n), strings.NewReader(fmt.Sprintf("<xml><MsgType>x%d</MsgType></xml>", n)))
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	require.NoError(t, h.Shutdown(t.Context()))
	for name := range b.metrics() {
		assert.LessOrEqual(t, len(b.points(name)), 2, name)
	}
	names := map[string]bool{}
	for _, s := range b.spans.GetSpans() {
		names[s.Name] = true
		assert.NotContains(t, fmt.Sprint(s.Attributes), "made_up")
	}
	assert.Equal(t, map[string]bool{"receive unknown": true, "handle unknown": true, "receive": true}, names)
}
