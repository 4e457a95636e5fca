package wechattest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
)

type obj = map[string]any

// platform returns a platform that closes with its test.
func platform(t *testing.T, opts ...Option) *Platform {
	t.Helper()
	p := NewPlatform(opts...)
	p.unknown = func(call, _ string) { t.Error(call) }
	t.Cleanup(p.Close)
	return p
}

func do(t *testing.T, c *wechat.Client, req wechat.Request) (map[string]json.RawMessage, error) {
	t.Helper()
	var out map[string]json.RawMessage
	err := c.Do(t.Context(), req, &out)
	return out, err
}

// get and post call an API and require success.
func get(t *testing.T, c *wechat.Client, path string, query ...string) map[string]json.RawMessage {
	t.Helper()
	out, err := do(t, c, wechat.Request{Path: path, Query: values(query...)})
	require.NoError(t, err)
	return out
}

func post(t *testing.T, c *wechat.Client, path string, body any) map[string]json.RawMessage {
	t.Helper()
	out, err := do(t, c, wechat.Request{Path: path, Body: body})
	require.NoError(t, err)
	return out
}

// refusedWith calls an API, requires a refusal and returns its request ID. The method is
// GET if body is nil.
func refusedWith(t *testing.T, c *wechat.Client, code wechat.Code, path string, body any, query ...string) (rid string) {
	t.Helper()
	_, err := do(t, c, wechat.Request{Path: path, Body: body, Query: values(query...)})
	var refusal *wechat.Error
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, code, refusal.Code, "%v", err)
	return refusal.RequestID
}

func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func text(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	var s string
	require.NoError(t, json.Unmarshal(raw, &s), "%s", raw)
	return s
}

// raw sends a request without the SDK.
func raw(t *testing.T, p *Platform, req *http.Request) (int, string) {
	t.Helper()
	resp, err := p.Transport().RoundTrip(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	var body json.RawMessage
	if json.NewDecoder(resp.Body).Decode(&body) != nil {
		return resp.StatusCode, ""
	}
	return resp.StatusCode, string(body)
}
