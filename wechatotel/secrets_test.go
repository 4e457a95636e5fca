package wechatotel_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechatotel"
	"github.com/wechatoa/wechat/wechattest"
)

var wechatUser = wechattest.User{OpenID: "oCANARY-openid-of-the-user0", Nickname: "CANARY"}

func pushOf(kind, event string) wechattest.Push {
	return wechattest.Push{Type: kind, Event: event, Fields: wechattest.Fields{"EventKey": "CANARY", "Content": "CANARY"}}
}

// TestNothingSecretLeavesWithASpanOrAMetric lets all that is secret pass through the
// client and the handler, in calls that work and that fail in every way, and looks for it
// in all that is exported.
func TestNothingSecretLeavesWithASpanOrAMetric(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, p := newBackend(t), platform(t)
		c := observed(b, p, wechat.WithRetry(wechat.RetryPolicy{MaxAttempts: 2}))
		h := receiver(t, p, callback.Config{Observer: wechatotel.HandlerObserver(b.options()...), SendDeferred: c.SendCustomMessageJSON})
		secrets := []string{"CANARY", p.AppSecret, p.Token, p.EncodingAESKey, wechatUser.OpenID}
		callback.On(h, func(ctx context.Context, m *callback.TextMessage) (callback.Reply, error) {
			_, err := c.GetUser(ctx, m.FromUserName)
			switch m.Content {
			case "CANARY fail":
				return nil, errors.Join(err, errors.New("CANARY "+m.Content))
			case "CANARY panic":
				panic("CANARY " + m.Content)
			case "CANARY slow":
				time.Sleep(6 * time.Second)
			}
			return callback.Text("CANARY reply"), err
		})
		p.SetCallback(traced(b, h))
		alice := p.AddUser(wechatUser)
		for _, content := range []string{"CANARY", "CANARY fail", "CANARY panic", "CANARY slow"} {
			alice.Sends(t.Context(), content)
			time.Sleep(time.Minute)
		}
		alice.Clicks(t.Context(), "CANARY")
		alice.Push(t.Context(), pushOf("event", "CANARY"))
		alice.Push(t.Context(), pushOf("CANARY", ""))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/?signature=CANARY", strings.NewReader("<xml>CANARY</xml>")))

		faults := append(wechattest.Faults(),
			wechattest.Fault{Name: "echo", Body: []byte(`{"errcode":40003,"errmsg":"CANARY ` + wechatUser.OpenID + `"}`)},
			wechattest.Fault{Name: "unknown code", Body: []byte(`{"errcode":4711,"errmsg":"CANARY"}`)},
			wechattest.Fault{Name: "page", Status: http.StatusBadGateway, Body: []byte("CANARY")})
		for _, f := range faults {
			p.InjectFault("", f)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			_ = c.SendCustomMessage(ctx, wechat.SendCustomMessageRequest{OpenID: wechatUser.OpenID, Message: wechat.TextMessage{Content: "CANARY"}})
			_, _ = c.GetUser(ctx, wechatUser.OpenID)
			_, _ = c.GetOAuthUserByCode(ctx, "CANARY")
			cancel()
			p.ClearFaults()
		}
		token, err := c.Token(t.Context(), "")
		require.NoError(t, err)
		for _, call := range p.Calls() {
			if call.Token != "" {
				secrets = append(secrets, call.Token)
			}
		}
		secrets = append(secrets, token)
		synctest.Wait()

		spans := b.spans.GetSpans()
		assert.Greater(t, len(spans), 80)
		exported := everything(spans) + everything(b.metrics())
		require.Contains(t, exported, "/cgi-bin/message/custom/send", "it is looked through in depth")
		for _, secret := range secrets {
			require.NotEmpty(t, secret)
			assert.NotContains(t, exported, secret)
		}
	})
}

// everything returns all texts in a value, however deep and whether exported or not.
func everything(v any) string {
	var all strings.Builder
	seen := map[uintptr]bool{}
	var visit func(v reflect.Value)
	visit = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			all.WriteString(v.String() + "\n")
		case reflect.Pointer:
			if v.IsNil() || seen[v.Pointer()] {
				return
			}
			seen[v.Pointer()] = true
			visit(v.Elem())
		case reflect.Interface:
			visit(v.Elem())
		case reflect.Struct:
			for n := range v.NumField() {
				visit(v.Field(n))
			}
		case reflect.Slice, reflect.Array:
			for n := range v.Len() {
				visit(v.Index(n))
			}
		case reflect.Map:
			for entry := v.MapRange(); entry.Next(); {
				visit(entry.Key())
				visit(entry.Value())
			}
		}
	}
	visit(reflect.ValueOf(v))
	return all.String() + fmt.Sprintf("%+v", v)
}
