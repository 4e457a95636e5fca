package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestVerificationThatFailsSaysWhyAndChangesNothing(t *testing.T) {
	s := start(t, func(set *settings) { set.pushTimeout = 2 * time.Second })
	serve := func(h http.HandlerFunc) string {
		srv := httptest.NewServer(h)
		t.Cleanup(srv.Close)
		return srv.URL
	}
	encrypted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(encrypted.Close)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())

	before := does(t, s, "GET", "/simulator/callback", nil)
	for code, tt := range map[string]struct {
		url, detail string
		status      int
	}{
		"timeout":      {serve(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), "2s", http.StatusBadGateway},
		"refused":      {"http://" + closed.Addr().String(), "Connection refused", http.StatusBadGateway},
		"redirect":     {serve(http.RedirectHandler("/", http.StatusFound).ServeHTTP), "302", http.StatusBadGateway},
		"echostr":      {serve(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<h1>it works")) }), "<h1>it works", http.StatusBadGateway},
		"status":       {serve(http.NotFound), "404", http.StatusBadGateway},
		"certificate":  {encrypted.URL, "certificate", http.StatusBadGateway},
		"closed":       {serve(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), "closed", http.StatusBadGateway},
		"invalid_url":  {"127.0.0.1:9301/x", "http://", http.StatusBadRequest},
		"not_loopback": {"http://192.0.2.1/wechat", "-allow-remote", http.StatusBadRequest},
	} {
		status, out := asks(t, s, "PATCH", "/simulator/callback", obj{"url": tt.url, "verify": true})
		assert.Equal(t, tt.status, status, code)
		assert.NotEmpty(t, out["error"], code)
		reason, ok := out["reason"].(obj)
		require.True(t, ok, "%s: %v", code, out)
		assert.Equal(t, code, reason["code"])
		assert.Contains(t, reason["en"], tt.detail)
		assert.NotEmpty(t, reason["zh"])
		assert.Equal(t, before, does(t, s, "GET", "/simulator/callback", nil), code)
	}
	status, out := asks(t, s, "PATCH", "/simulator/callback", obj{"url": "http://192.0.2.1/wechat"})
	assert.Equal(t, http.StatusBadRequest, status, "without verification too: %v", out)
}

func TestVerificationIsPartOfTheState(t *testing.T) {
	s := start(t)
	srv := httptest.NewServer(answering(t, s))
	out := does(t, s, "PATCH", "/simulator/callback", obj{"url": srv.URL, "verify": true})
	assert.Equal(t, true, out["status"].(obj)["verified"])
	srv.Close()
	status, _ := asks(t, s, "POST", "/simulator/callback/verify", nil)
	assert.Equal(t, http.StatusBadGateway, status)
	verification := does(t, s, "GET", "/simulator/state", nil)["callback"].(obj)["status"].(obj)
	assert.Equal(t, false, verification["verified"])
	assert.Equal(t, "refused", verification["reason"].(obj)["code"])
	out = does(t, s, "PATCH", "/simulator/callback", obj{"token": "another"})
	assert.Nil(t, out["status"], "nobody has verified these settings")
	status, _ = asks(t, s, "PATCH", "/simulator/callback", obj{"status": obj{"verified": true}})
	assert.Equal(t, http.StatusBadRequest, status)
}

func TestCallbackElsewhereNeedsAllowRemote(t *testing.T) {
	s := protected(t)
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "localhost": true, "192.0.2.1": false, "10.0.0.1": false, "host.invalid": false, "": true,
	} {
		assert.Equal(t, want, allLoopback(t.Context(), host), host)
	}
	require.NoError(t, s.mayReach(t.Context(), "http://192.0.2.1/wechat"))
}
