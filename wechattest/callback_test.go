package wechattest_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechattest"
)

// newHandler returns a callback of the platform's account.
func newHandler(t *testing.T, p *wechattest.Platform, mode callback.Mode) *callback.Handler {
	t.Helper()
	cfg := callback.Config{Mode: mode, Credentials: callback.NewCredentials(p.Token, ""), AppID: p.AppID}
	if mode != callback.ModePlain {
		cfg.Credentials = callback.NewCredentials(p.Token, p.EncodingAESKey)
	}
	h, err := callback.NewHandler(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.Shutdown(context.Background())) })
	p.SetCallback(h)
	return h
}

func TestHandlerAndPlatformAgreeInEveryModeAndFormat(t *testing.T) {
	for ours, theirs := range map[wechattest.CallbackMode]callback.Mode{
		wechattest.CallbackModePlain: callback.ModePlain, wechattest.CallbackModeCompatible: callback.ModeCompatible, wechattest.CallbackModeSafe: callback.ModeSafe,
	} {
		for _, asJSON := range []bool{false, true} {
			t.Run(fmt.Sprint(ours, asJSON), func(t *testing.T) {
				opts := []wechattest.Option{wechattest.WithCallbackMode(ours)}
				if asJSON {
					opts = append(opts, wechattest.WithJSONPushes())
				}
				p := wechattest.NewPlatform(opts...)
				t.Cleanup(p.Close)
				h := newHandler(t, p, theirs)
				picture := p.AddMedia(wechat.MediaImage, wechattest.File{Name: "a.png"})
				callback.On(h, func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
					return callback.TextReply{Content: "<" + m.Content + "> ]]> &"}, nil
				})
				callback.On(h, func(context.Context, *callback.ImageMessage) (callback.Reply, error) {
					return callback.ImageReply{MediaID: picture}, nil
				})
				callback.On(h, func(context.Context, *callback.LinkMessage) (callback.Reply, error) {
					return callback.NewsReply{Articles: []callback.Article{{Title: "t", Description: "d", URL: "https://example.com/"}}}, nil
				})
				require.NoError(t, p.VerifyURL(t.Context()))
				alice := p.AddUser(wechattest.User{})
				report := alice.Sends(t.Context(), "hi & bye")
				require.Equal(t, wechattest.SeenReply, report.Seen, "%+v", report.Deliveries)
				assert.Equal(t, "<hi & bye> ]]> &", report.Reply.Content)
				report = alice.SendsImage(t.Context(), "https://example.com/", picture)
				require.Equal(t, wechattest.SeenReply, report.Seen, "%+v", report.Deliveries)
				assert.Equal(t, picture, report.Reply.MediaID)
				report = alice.SendsLink(t.Context(), "t", "d", "u")
				require.Equal(t, wechattest.SeenReply, report.Seen, "%+v", report.Deliveries)
				assert.Equal(t, "t", report.Reply.Articles[0].Title)
				assert.Equal(t, wechattest.SeenNothing, alice.Clicks(t.Context(), "K").Seen)
			})
		}
	}
}

func TestSlowHandlerIsAcknowledgedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.NewPlatform()
		t.Cleanup(p.Close)
		h := newHandler(t, p, callback.ModeSafe)
		runs := 0
		callback.On(h, func(context.Context, *callback.TextMessage) (callback.Reply, error) {
			runs++
			time.Sleep(20 * time.Second)
			return nil, nil
		})
		report := p.AddUser(wechattest.User{}).Sends(t.Context(), "hi")
		assert.Equal(t, wechattest.SeenNothing, report.Seen)
		for _, a := range report.Deliveries {
			assert.Less(t, a.Duration, 5*time.Second)
		}
		require.NoError(t, h.Shutdown(t.Context()))
		assert.Equal(t, 1, runs)
	})
}
