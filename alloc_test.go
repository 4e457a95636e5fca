package wechat

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/raceskip"
)

// A bound is what the call took when it was set. Lower it with the code; before
// raising it, see where the allocations come from: make profile.
func TestAWarmCallAllocatesNoMoreThanItsBound(t *testing.T) {
	raceskip.Allocations(t)
	ctx := t.Context()
	platform := roundTripper(func(r *http.Request) (*http.Response, error) {
		body := `{"access_token":"TOKEN","expires_in":7200}`
		switch {
		case strings.HasSuffix(r.URL.Path, "/user/info"):
			body = benchUser
		case strings.HasSuffix(r.URL.Path, "/template/send"):
			body = `{"errcode":0,"errmsg":"ok","msgid":200228332}`
		}
		return memory(body).RoundTrip(r)
	})
	observed := 0
	c := NewClient("wx1", "secret", WithHTTPClient(&http.Client{Transport: platform}), WithObserver(func(context.Context, Attempt) { observed++ }))
	defer func() { require.NoError(t, c.Close()) }()
	message := TemplateMessage{
		OpenID: "o6_bmjrPTlm6_2sgVt7hMZOPfL2M", TemplateID: "t", Data: TemplateData{}.Set("thing1", "招牌奶茶").Set("amount2", "18元"),
	}
	for _, row := range []struct {
		name  string
		bound float64
		call  func() error
	}{
		{"GET a user", 28, func() error { _, err := c.GetUser(ctx, message.OpenID); return err }},
		{"POST a template message", 37, func() error { _, err := c.SendTemplateMessage(ctx, message); return err }},
	} {
		got := testing.AllocsPerRun(500, func() { require.NoError(t, row.call()) })
		assert.LessOrEqual(t, got, row.bound, row.name)
	}
	assert.Equal(t, 1003, observed) // 501 runs each, and the token
}
