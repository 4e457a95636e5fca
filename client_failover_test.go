package wechat

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-resty/resty/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/testlog"
)

const (
	usualHost   = "api.weixin.qq.com"
	hostRTT     = 30 * time.Millisecond
	dialTimeout = 5 * time.Second
)

// hosts are the platform's hosts, each with a fault or none, behind a real transport.
type hosts struct {
	mu       sync.Mutex
	fault    map[string]string // "hangs", "refuses", "handshake" or "resets"
	dials    map[string]int
	executed map[string]int
}

func newHosts() *hosts {
	return &hosts{fault: map[string]string{}, dials: map[string]int{}, executed: map[string]int{}}
}

func (h *hosts) set(host, fault string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fault[host] = fault
}

func (h *hosts) transport() *http.Transport {
	t := NewTransport()
	t.Proxy = nil
	t.DialTLSContext = func(ctx context.Context, _, address string) (net.Conn, error) {
		host := strings.TrimSuffix(address, ":443")
		h.mu.Lock()
		h.dials[host]++
		fault := h.fault[host]
		h.mu.Unlock()
		switch fault {
		case "hangs":
			if err := sleep(ctx, dialTimeout); err != nil {
				return nil, err
			}
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errTimeout{}}
		case "refuses":
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
		case "handshake":
			return nil, io.EOF
		}
		ours, theirs := net.Pipe()
		go h.serve(host, fault, theirs)
		return ours, nil
	}
	return t
}

func (h *hosts) serve(host, fault string, conn net.Conn) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		h.mu.Lock()
		h.executed[host]++
		h.mu.Unlock()
		time.Sleep(hostRTT)
		if fault == "resets" {
			return
		}
		resp := http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(wireOK)), Body: io.NopCloser(strings.NewReader(wireOK))}
		if resp.Write(conn) != nil {
			return
		}
	}
}

func (h *hosts) client(t *testing.T, opts ...Option) *Client {
	t.Helper()
	transport := h.transport()
	t.Cleanup(transport.CloseIdleConnections)
	return newScript().client(append([]Option{WithHTTPClient(&http.Client{Transport: transport})}, opts...)...)
}

func TestC18_CallThatDoesNotReachItsHostSucceedsOnTheDisasterHost(t *testing.T) {
	for class, traits := range classes {
		for _, fault := range []string{"hangs", "refuses", "handshake"} {
			t.Run(class+" "+fault, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := newHosts()
					h.set(usualHost, fault)
					begin := time.Now()
					c := h.client(t, WithFailover(), WithRetry(RetryPolicy{MaxAttempts: 1}))
					require.NoError(t, c.Do(t.Context(), request(traits...), nil))
					assert.LessOrEqual(t, time.Since(begin), dialTimeout+hostRTT)
					assert.Equal(t, map[string]int{disasterHost: 1}, h.executed)
					assert.Equal(t, budgetSize, c.budget.left, "nothing was repeated")
				})
			})
		}
	}
}

func TestC18_CallThatMayHaveReachedItsHostStaysThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHosts()
		h.set(usualHost, "resets")
		c := h.client(t, WithFailover())
		require.ErrorIs(t, c.Do(t.Context(), request(), nil), ErrUnknownOutcome)
		assert.Equal(t, map[string]int{usualHost: 1}, h.executed)
		require.ErrorIs(t, c.Do(t.Context(), request(idempotent), nil), io.EOF)
		assert.Equal(t, map[string]int{usualHost: 4}, h.executed)
	})
}

func TestC18_OutageOfTheUsualHostCostsOneDialInThirtySeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHosts()
		h.set(usualHost, "hangs")
		var log testlog.Output
		c := h.client(t, WithFailover(), WithLogger(log.Logger()))
		call := func() time.Duration {
			begin := time.Now()
			require.NoError(t, c.Do(t.Context(), request(), nil))
			return time.Since(begin)
		}
		require.Equal(t, dialTimeout+hostRTT, call())
		var slow atomic.Int32
		var running sync.WaitGroup
		for range 3000 { // 5 minutes
			time.Sleep(100 * time.Millisecond)
			running.Go(func() {
				if call() > hostRTT {
					slow.Add(1)
				}
			})
		}
		running.Wait()
		assert.LessOrEqual(t, slow.Load(), int32(10))
		assert.GreaterOrEqual(t, slow.Load(), int32(5))
		assert.EqualValues(t, 1+slow.Load(), h.dials[usualHost])

		h.set(usualHost, "")
		time.Sleep(failoverTime)
		before := h.executed[disasterHost]
		for range 100 {
			assert.Equal(t, hostRTT, call())
		}
		assert.Equal(t, 100, h.executed[usualHost], "all calls are back")
		assert.Equal(t, before, h.executed[disasterHost])
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		require.Len(t, lines, 2, log.String())
		assert.Contains(t, lines[0], "level=WARN")
		assert.Contains(t, lines[1], "can be reached again")
		assert.NotContains(t, log.String(), "CANARY")
	})
}

func TestC18_OutageOfBothHostsIsNotAmplified(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHosts()
		h.set(usualHost, "refuses")
		h.set(disasterHost, "refuses")
		c := h.client(t, WithFailover())
		const calls = 3000
		for range calls {
			time.Sleep(100 * time.Millisecond) // 5 minutes
			require.Error(t, c.Do(t.Context(), request(), nil))
		}
		assert.LessOrEqual(t, h.dials[usualHost]+h.dials[disasterHost], calls+100)
		assert.LessOrEqual(t, h.dials[usualHost], 11)
	})
}

func TestOnlyCallsToTheHostOfTheBaseURLFailOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHosts()
		for _, host := range []string{usualHost, "mp.weixin.qq.com", "proxy.example.com", disasterHost} {
			h.set(host, "refuses")
		}
		for name, c := range map[string]*Client{
			"no option":     h.client(t),
			"proxy":         h.client(t, WithFailover(), WithBaseURL("https://proxy.example.com")),
			"disaster host": h.client(t, WithFailover(), WithBaseURL("https://"+disasterHost)),
		} {
			h.dials = map[string]int{}
			require.Error(t, c.Do(t.Context(), request(), nil))
			assert.Len(t, h.dials, 1, name)
		}
		h.dials = map[string]int{}
		req := request()
		req.Host = "mp.weixin.qq.com"
		require.Error(t, h.client(t, WithFailover()).Do(t.Context(), req, nil))
		assert.Equal(t, map[string]int{"mp.weixin.qq.com": 3}, h.dials)

		h.set("sh.api.weixin.qq.com", "refuses")
		h.set(disasterHost, "")
		require.NoError(t, h.client(t, WithFailover(), WithBaseURL("https://sh.api.weixin.qq.com")).Do(t.Context(), request(), nil))
	})
}

func TestAccountsOfOneRegistryFailOverTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHosts()
		h.set(usualHost, "hangs")
		transport := h.transport()
		defer transport.CloseIdleConnections()
		c := NewClients(func(context.Context, string) (Account, error) {
			return Account{AppSecret: "s", Options: []Option{WithTokenSource(StaticToken("TOKEN-CANARY"))}}, nil
		}, WithHTTPClient(&http.Client{Transport: transport}), WithLogger(quiet), WithFailover())
		defer func() { _ = c.Close() }()
		for i := range 50 {
			require.NoError(t, callAccount(t.Context(), c, idleAppID(i)))
		}
		assert.Equal(t, 1, h.dials[usualHost])
	})
}

func TestAccountWithAProxyOrHostOfItsOwnFailsOverAlone(t *testing.T) {
	for name, own := range map[string]func(*hosts) Option{
		"HTTP client": func(h *hosts) Option { return WithHTTPClient(&http.Client{Transport: h.transport()}) },
		"resty": func(h *hosts) Option {
			return WithRestyClient(resty.NewWithClient(&http.Client{Transport: h.transport()}))
		},
		"base URL": func(*hosts) Option { return WithBaseURL("https://sh.api.weixin.qq.com") },
	} {
		synctest.Test(t, func(t *testing.T) {
			shared, theirs := newHosts(), newHosts()
			shared.set("sh.api.weixin.qq.com", "refuses")
			theirs.set(usualHost, "refuses")
			transport := shared.transport()
			defer transport.CloseIdleConnections()
			option := own(theirs)
			c := NewClients(func(_ context.Context, appID string) (Account, error) {
				a := Account{AppSecret: "s", Options: []Option{WithTokenSource(StaticToken("TOKEN-CANARY"))}}
				if appID == "own" {
					a.Options = append(a.Options, option)
				}
				return a, nil
			}, WithHTTPClient(&http.Client{Transport: transport}), WithLogger(quiet), WithFailover())
			require.NoError(t, callAccount(t.Context(), c, "own"), name)
			require.NoError(t, callAccount(t.Context(), c, "other"), name)
			assert.Equal(t, 1, shared.executed[usualHost], "%s: the others reach the usual host", name)
			require.NoError(t, c.Close())
			time.Sleep(2 * time.Minute) // idle connections end
		})
	}
}

func TestStreamThatWasNotReadGoesToTheDisasterHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHosts()
		h.set(usualHost, "refuses")
		body := &Form{Field: "media", File: File{Name: "a.jpg", Content: io.MultiReader(strings.NewReader("abc")), Size: 3}}
		require.NoError(t, h.client(t, WithFailover()).Do(t.Context(), Request{Path: "/x", Body: body}, nil))
		assert.Equal(t, map[string]int{disasterHost: 1}, h.executed)
	})
}

func TestSignatureNamesTheHostThatACallGoesTo(t *testing.T) {
	cl := &call{Request: Request{Path: "/a"}}
	s := &security{origin: defaultBaseURL}
	assert.Equal(t, "https://api.weixin.qq.com/a", s.signedURL(cl))
	cl.elsewhere = true
	assert.Equal(t, "https://api2.weixin.qq.com/a", s.signedURL(cl))
	s.asked = true
	assert.Equal(t, "https://api.weixin.qq.com/a", s.signedURL(cl), "the program knows better")
}
