package callback_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechattest"
)

// documented is the documentation of one type of push.
type documented struct {
	MsgType string  `json:"msg_type"`
	Event   string  `json:"event"`
	Fields  []field `json:"fields"`
}

type field struct {
	Name   string  `json:"name"`
	Type   string  `json:"type"`
	Item   string  `json:"item"`
	Fields []field `json:"fields"`
}

func documentedPushes(t *testing.T) []wechattest.Push {
	t.Helper()
	data, err := os.ReadFile("testdata/pushes.json")
	require.NoError(t, err)
	var all []documented
	require.NoError(t, json.Unmarshal(data, &all))
	var pushes []wechattest.Push
	for _, d := range all {
		for _, event := range strings.Split(d.Event, "|") {
			fields := fieldsOf(d.Fields)
			if d.MsgType != "event" {
				maps.DeleteFunc(fields, func(name string, _ any) bool { return strings.EqualFold(name, "MsgId") }) // the platform assigns the IDs of messages
			}
			pushes = append(pushes, wechattest.Push{Type: d.MsgType, Event: event, Fields: fields})
		}
	}
	return pushes
}

func fieldsOf(documented []field) wechattest.Fields {
	fields := wechattest.Fields{}
	for _, f := range documented {
		kind, list := strings.CutSuffix(f.Type, "[]")
		var value any
		switch kind {
		case "object":
			value = fieldsOf(f.Fields)
		case "string":
			value = "文字"
		default:
			value = 1
		}
		switch {
		case f.Item != "":
			value = wechattest.Fields{f.Item: []any{value, value}}
		case list:
			value = []any{value, value}
		}
		fields[f.Name] = value
	}
	return fields
}

func newHandler(t *testing.T, p *wechattest.Platform, change ...func(*callback.Config)) *callback.Handler {
	t.Helper()
	cfg := callback.Config{AppID: p.AppID, Credentials: callback.NewCredentials(p.Token, p.EncodingAESKey), OriginalID: p.OriginalID}
	for _, c := range change {
		c(&cfg)
	}
	h, err := callback.NewHandler(cfg)
	require.NoError(t, err)
	return h
}

// receive returns a platform and what each message of one type that it pushes contains.
func receive[M callback.Message, V any](t *testing.T, content func(M) V) (*wechattest.Platform, *[]V) {
	t.Helper()
	p := wechattest.NewPlatform()
	t.Cleanup(p.Close)
	h := newHandler(t, p)
	var got []V
	callback.On(h, func(_ context.Context, m M) (callback.Reply, error) {
		got = append(got, content(m))
		return nil, nil
	})
	p.SetCallback(h)
	return p, &got
}

func TestTheResultOfATemplateMessageIsAConstant(t *testing.T) {
	p, got := receive(t, func(e *callback.TemplateSendJobFinishEvent) callback.TemplateStatus { return e.Status })
	alice, id := p.AddUser(wechattest.User{}), p.AddTemplate(wechattest.Template{Title: "t", Content: "{{thing1.DATA}}"})
	send := func() {
		_, err := p.Client().SendTemplateMessage(t.Context(), wechat.TemplateMessage{
			OpenID: alice.OpenID, TemplateID: id, Data: wechat.TemplateData{}.Set("thing1", "a"),
		})
		require.NoError(t, err)
		p.Wait()
	}
	send()
	alice.RefusesMessages()
	send()
	for _, other := range []string{"failed: system failed", "failed:freq limit", "failed: other"} {
		p.Push(t.Context(), wechattest.Push{
			Type: "event", Event: "TEMPLATESENDJOBFINISH", From: alice.OpenID, Fields: wechattest.Fields{"MsgID": 7, "Status": other},
		})
	}
	assert.Equal(t, []callback.TemplateStatus{
		callback.TemplateStatusSucceeded, callback.TemplateStatusRefused, callback.TemplateStatusFailed, callback.TemplateStatusLimited, "failed: other",
	}, *got)
}

func TestTheResultOfAMassMessageIsAConstant(t *testing.T) {
	p, got := receive(t, func(e *callback.MassSendJobFinishEvent) callback.MassSendStatus { return e.Status })
	alice := p.AddUser(wechattest.User{})
	_, err := p.Client().SendMass(t.Context(), wechat.SendMassRequest{ToAll: true, Message: wechat.TextMessage{Content: "hi"}})
	require.NoError(t, err)
	p.Wait()
	for _, other := range []string{"send fail", "err(30002)", "err(40001)", "err(99999)"} {
		p.Push(t.Context(), wechattest.Push{
			Type: "event", Event: "MASSSENDJOBFINISH", From: alice.OpenID, Fields: wechattest.Fields{"MsgID": 7, "Status": other},
		})
	}
	assert.Equal(t, []callback.MassSendStatus{
		callback.MassSendStatusSucceeded, callback.MassSendStatusFailed, callback.MassSendStatusReprint, callback.MassSendStatusManagerDenied, "err(99999)",
	}, *got)
}

func TestEveryPushArrivesInEveryModeAndFormat(t *testing.T) {
	pushes := documentedPushes(t)
	modes := map[wechattest.CallbackMode]callback.Mode{
		wechattest.CallbackModeSafe: callback.ModeSafe, wechattest.CallbackModeCompatible: callback.ModeCompatible, wechattest.CallbackModePlain: callback.ModePlain,
	}
	arrived := 0
	for sent, received := range modes {
		for _, options := range [][]wechattest.Option{nil, {wechattest.WithJSONPushes()}} {
			p := wechattest.NewPlatform(append(options, wechattest.WithCallbackMode(sent))...)
			alice := p.AddUser(wechattest.User{})
			h := newHandler(t, p, func(c *callback.Config) {
				if c.Mode = received; received == callback.ModePlain {
					c.Credentials = callback.NewCredentials(p.Token, "")
				}
			})
			var got callback.Message
			h.Fallback(func(_ context.Context, m callback.Message) (callback.Reply, error) {
				got = m
				return callback.Text("收到"), nil
			})
			p.SetCallback(h)
			require.NoError(t, p.VerifyURL(t.Context()))
			for _, push := range pushes {
				got = nil
				report := alice.Push(t.Context(), push)
				name := fmt.Sprintf("%s/%s in %s mode, %d", push.Type, push.Event, received, len(options))
				require.Len(t, report.Deliveries, 1, name)
				require.NoError(t, report.Deliveries[0].Err, name)
				require.NotNil(t, got, name)
				assert.NotContains(t, fmt.Sprintf("%T", got), "Unknown", name)
				assert.Equal(t, alice.OpenID, got.Meta().FromUserName, name)
				arrived++
			}
			p.Close()
		}
	}
	assert.Equal(t, 6*len(pushes), arrived)
	t.Logf("%d pushes arrived", arrived)
}

func TestALateReplyReachesTheFollowerThroughTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, hold := range []bool{false, true} {
			p := wechattest.NewPlatform()
			alice := p.AddUser(wechattest.User{})
			client := p.Client()
			h := newHandler(t, p, func(c *callback.Config) {
				c.HoldDeliveries = hold
				c.SendDeferred = client.SendCustomMessageJSON
			})
			callback.On(h, func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
				time.Sleep(10 * time.Second)
				return callback.Text(m.Content + ` <a href="https://example.com/?a=1&b=2">答案</a>`), nil
			})
			p.SetCallback(h)
			report := alice.Sends(t.Context(), "问题")
			require.NoError(t, h.Shutdown(t.Context()))
			via, attempts := wechattest.ViaCustomMessage, 1
			if hold {
				via, attempts = wechattest.ViaReply, 3
			}
			assert.Len(t, report.Deliveries, attempts)
			require.Len(t, alice.Messages(), 1)
			assert.Equal(t, via, alice.Messages()[0].Via)
			assert.Equal(t, `问题 <a href="https://example.com/?a=1&b=2">答案</a>`, alice.Messages()[0].Content)
			assert.False(t, p.PushesPaused())
			p.Close()
		}
	})
}

func TestTwoReplicasAnswerEachPushOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.NewPlatform()
		defer p.Close()
		store := callback.NewMemoryDedupeStore()
		var mu sync.Mutex
		runs := map[string]int{}
		replicas := make([]*callback.Handler, 2)
		for i := range replicas {
			replicas[i] = newHandler(t, p, func(c *callback.Config) { c.Dedupe, c.HoldDeliveries = store, true })
			callback.On(replicas[i], func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
				mu.Lock()
				runs[m.Content]++
				mu.Unlock()
				seconds, _ := strconv.Atoi(m.Content)
				time.Sleep(time.Duration(seconds%14) * time.Second)
				return callback.Text("答" + m.Content), nil
			})
		}
		turn := 0
		p.SetCallback(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			turn++
			h := replicas[turn%2]
			mu.Unlock()
			h.ServeHTTP(w, r)
		}))
		var all sync.WaitGroup
		for n := range 200 {
			all.Go(func() {
				content := strconv.Itoa(n)
				report := p.AddUser(wechattest.User{}).Sends(t.Context(), content)
				if assert.NotNil(t, report.Reply, content) {
					assert.Equal(t, "答"+content, report.Reply.Content)
				}
			})
		}
		all.Wait()
		assert.Len(t, runs, 200)
		for content, n := range runs {
			assert.Equal(t, 1, n, content)
		}
		for _, h := range replicas {
			require.NoError(t, h.Shutdown(t.Context()))
		}
	})
}

func TestABrokenHandlerPausesThePlatformAndAGoodOneDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, broken := range []bool{true, false} {
			p := wechattest.NewPlatform()
			alice := p.AddUser(wechattest.User{})
			if broken {
				p.SetCallback(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
			} else {
				h := newHandler(t, p)
				callback.On(h, func(ctx context.Context, _ *callback.TextMessage) (callback.Reply, error) {
					<-ctx.Done() // as slow as possible
					return nil, ctx.Err()
				})
				p.SetCallback(h)
			}
			for range 10 {
				alice.Sends(t.Context(), "hi")
			}
			assert.Equal(t, broken, p.PushesPaused())
			p.Close()
			time.Sleep(2 * time.Minute)
		}
	})
}

func TestTheReceiverAndTheClientHaveOneTypeOfPublishStatus(t *testing.T) {
	for client, receiver := range map[wechat.PublishStatus]callback.PublishStatus{
		wechat.PublishStatusSucceeded:      callback.PublishStatusSucceeded,
		wechat.PublishStatusRunning:        callback.PublishStatusRunning,
		wechat.PublishStatusNotOriginal:    callback.PublishStatusNotOriginal,
		wechat.PublishStatusFailed:         callback.PublishStatusFailed,
		wechat.PublishStatusRejected:       callback.PublishStatusRejected,
		wechat.PublishStatusDeletedByOwner: callback.PublishStatusDeletedByOwner,
		wechat.PublishStatusBanned:         callback.PublishStatusBanned,
	} {
		assert.Equal(t, client, receiver) // compares the types as well
	}
	assert.EqualValues(t, 6, callback.PublishStatusBanned, "the last one, as on the wire")
}
