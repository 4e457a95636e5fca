package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/wechattest"
)

// start runs a simulator until the test ends.
func start(t *testing.T, change ...func(*settings)) *simulator {
	t.Helper()
	set := settings{addr: "127.0.0.1:0", pushTimeout: 5 * time.Second, callback: wechattest.CallbackSettings{Mode: wechattest.CallbackModeSafe}}
	for _, c := range change {
		c(&set)
	}
	s, err := newSimulator(t.Context(), set, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- s.serve() }()
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		require.NoError(t, <-ended)
	})
	return s
}

// through returns a client that only uses the proxy.
func through(t *testing.T, s *simulator) *http.Client {
	t.Helper()
	proxy, err := url.Parse(s.url)
	require.NoError(t, err)
	transport := &http.Transport{
		Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: roots(s.proxy.authority), MinVersion: tls.VersionTLS12},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func fetch(t *testing.T, c *http.Client, address string) (int, string, error) {
	t.Helper()
	resp, err := c.Get(address)
	if err != nil {
		return 0, "", err
	}
	defer func() { require.NoError(t, resp.Body.Close()) }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body), nil
}

func TestEveryHostOfThePlatformIsReachedThroughTheProxy(t *testing.T) {
	s := start(t)
	c := through(t, s)
	query := "/cgi-bin/token?grant_type=client_credential&appid=" + s.current().AppID + "&secret=" + s.current().AppSecret
	for _, origin := range []string{
		"https://api.weixin.qq.com", "https://api2.weixin.qq.com", "https://sh.api.weixin.qq.com", "https://mp.weixin.qq.com",
		"https://API.weixin.qq.com", "https://api.weixin.qq.com.", "https://api.weixin.qq.com:443",
		"http://file.api.weixin.qq.com", "http://api.weixin.qq.com", "http://api.weixin.qq.com:80",
	} {
		status, body, err := fetch(t, c, origin+query)
		require.NoError(t, err, origin)
		assert.Equal(t, http.StatusOK, status, origin)
		assert.Contains(t, body, `"access_token":"`, origin)
	}
	assert.Equal(t, 10, s.current().ExecutedCallCount("/cgi-bin/token"))
}

func TestControlAPIIsNoPathOfThePlatform(t *testing.T) {
	s := start(t)
	_, body, err := fetch(t, through(t, s), "https://api.weixin.qq.com/simulator/")
	require.NoError(t, err)
	assert.Contains(t, body, `"errcode":40066`)
	_, body, err = fetch(t, through(t, s), "http://api.weixin.qq.com/simulator/")
	require.NoError(t, err)
	assert.Contains(t, body, `"errcode":40066`)
}

func TestNothingButThePlatformIsReachedThroughTheProxy(t *testing.T) {
	var reached atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(other.Close)
	s := start(t)
	c := through(t, s)
	for _, address := range []string{
		"example.com", "weixin.qq.com", "evilweixin.qq.com", "qq.com", "api.weixin.qq.com.example.com", "weixin.qq.com.example.com",
		"api.weixin.qq.com:8443", "api.weixin.qq.com:22", "x@example.com", "..weixin.qq.com", "a_b.weixin.qq.com",
		strings.TrimPrefix(other.URL, "http://"), "127.0.0.1", "[::1]", "localhost",
	} {
		status, body, err := fetch(t, c, "http://"+address+"/")
		require.NoError(t, err, address)
		assert.Equal(t, http.StatusForbidden, status, address)
		assert.Contains(t, body, "reaches only *.weixin.qq.com", address)

		_, _, err = fetch(t, c, "https://"+address+"/")
		require.ErrorContains(t, err, "wechat-simulator reaches only *.weixin.qq.com", address)
	}
	assert.Zero(t, reached.Load())
	assert.Zero(t, s.current().CallCount(""))
}

func TestProgramThatDoesNotTrustTheAuthorityIsNotServed(t *testing.T) {
	s := start(t)
	c := through(t, s)
	c.Transport.(*http.Transport).TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	_, _, err := fetch(t, c, "https://api.weixin.qq.com/cgi-bin/token")
	require.Error(t, err)
	assert.Zero(t, s.current().CallCount(""))
}

// dial connects to the proxy and sends a CONNECT together with what follows.
func dial(t *testing.T, s *simulator, host, early string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n%s", host, host, early)
	require.NoError(t, err)
	answers := bufio.NewReader(conn)
	resp, err := http.ReadResponse(answers, &http.Request{Method: http.MethodConnect})
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	return conn, answers
}

// Some clients open a tunnel for plain HTTP too, and do not wait until it is open.
func TestTunnelTakesPlainHTTPAndWhatCameTooEarly(t *testing.T) {
	s := start(t)
	request := "GET /cgi-bin/user/get HTTP/1.1\r\nHost: file.api.weixin.qq.com\r\n\r\n"
	conn, answers := dial(t, s, "file.api.weixin.qq.com:80", request)
	for range 2 {
		resp, err := http.ReadResponse(answers, nil)
		require.NoError(t, err)
		var out struct {
			Code int `json:"errcode"`
		}
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&out))
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, 41001, out.Code)
		_, err = io.WriteString(conn, request)
		require.NoError(t, err)
	}
}

func TestTunnelEndsWithTheSimulator(t *testing.T) {
	s, err := newSimulator(t.Context(), settings{addr: "127.0.0.1:0", pushTimeout: time.Second}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- s.serve() }()
	conn, _ := dial(t, s, "api.weixin.qq.com:443", "")
	require.NoError(t, s.Close())
	require.NoError(t, <-ended)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(5*time.Second)))
	_, err = conn.Read(make([]byte, 1))
	require.Error(t, err)
	assert.NotErrorIs(t, err, os.ErrDeadlineExceeded)
}
