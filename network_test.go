package wechat_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-resty/resty/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

const callPath = "/cgi-bin/getcallbackip"

// served is a platform behind a network, with the transport that clients have by default.
// It works inside a bubble of synctest.
type served struct {
	*wechattest.Platform

	network   *wechattest.Network
	transport *http.Transport
	dials     atomic.Int64
}

func serve(t *testing.T, opts ...wechattest.Option) *served {
	t.Helper()
	s := &served{Platform: wechattest.NewPlatform(opts...), network: wechattest.NewNetwork(1), transport: wechat.NewTransport()}
	listener := s.network.Listen()
	server := &http.Server{Handler: s.Platform}
	go func() { _ = server.Serve(listener) }()
	s.transport.DialContext = func(ctx context.Context, network, hostPort string) (net.Conn, error) {
		s.dials.Add(1)
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second) // the dialer's own
		defer cancel()
		return s.network.DialContext(ctx, network, hostPort)
	}
	t.Cleanup(func() {
		s.transport.CloseIdleConnections()
		_ = server.Close()
		s.Close()
	})
	return s
}

func (s *served) client(opts ...wechat.Option) *wechat.Client {
	return s.Client(append([]wechat.Option{
		wechat.WithBaseURL("http://api.example"), wechat.WithHTTPClient(&http.Client{Transport: s.transport}),
		wechat.WithLogger(slog.New(slog.DiscardHandler)),
	}, opts...)...)
}

// lostResponses lose the response to a request that was executed.
var lostResponses = []wechattest.NetworkFault{{Reset: true, AfterWrite: true}, {Hang: true, AfterWrite: true}, {Truncate: 5}}

func TestC1_ASendWhoseResponseIsLostIsExecutedOnce(t *testing.T) { eachWay(t, lostSend) }

func lostSend(t *testing.T, way wechat.Option) {
	t.Helper()
	for _, fault := range lostResponses {
		synctest.Test(t, func(t *testing.T) {
			s := serve(t)
			c := s.client(way)
			_, err := c.ListTags(t.Context()) // a connection and a token
			require.NoError(t, err)
			s.network.InjectFault(fault)
			_, err = c.CreateTag(t.Context(), "buyers")
			require.ErrorIs(t, err, wechat.ErrUnknownOutcome)
			var failed *wechat.RequestError
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, 1, failed.Attempts)
			assert.Equal(t, 1, s.ExecutedCallCount("/cgi-bin/tags/create"))
		})
	}
}

func TestC2_ASendWhoseDialFailsTwiceIsExecutedOnce(t *testing.T) { eachWay(t, undialedSend) }

func undialedSend(t *testing.T, way wechat.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		c := s.client(way)
		_, err := c.Token(t.Context(), "")
		require.NoError(t, err)
		s.transport.CloseIdleConnections()
		synctest.Wait()
		s.network.InjectFault(wechattest.NetworkFault{Times: 2, Refuse: true})
		_, err = c.CreateTag(t.Context(), "buyers")
		require.NoError(t, err)
		assert.EqualValues(t, 1+3, s.dials.Load())
		assert.Equal(t, 1, s.ExecutedCallCount("/cgi-bin/tags/create"))
	})
}

func TestC3_AKeyedSendWhoseResponseIsLostIsDeliveredOnce(t *testing.T) { eachWay(t, lostKeyedSends) }

func lostKeyedSends(t *testing.T, way wechat.Option) {
	t.Helper()
	for _, fault := range lostResponses {
		synctest.Test(t, func(t *testing.T) {
			s := serve(t)
			c := s.client(way)
			alice := s.AddUser(wechattest.User{})
			template := s.AddTemplate(wechattest.Template{Content: "{{thing1.DATA}}"})
			message := wechat.TemplateMessage{
				OpenID: alice.OpenID, TemplateID: template, Data: wechat.TemplateData{}.Set("thing1", "Milk tea"), ClientMsgID: "order-1",
			}
			mass := wechat.SendMassRequest{ToAll: true, Message: wechat.TextMessage{Content: "news"}, ClientMsgID: "news-1"}
			for path, send := range map[string]func() error{
				"/cgi-bin/message/template/send": func() error { _, err := c.SendTemplateMessage(t.Context(), message); return err },
				"/cgi-bin/message/mass/sendall":  func() error { _, err := c.SendMass(t.Context(), mass); return err },
			} {
				_, err := c.Token(t.Context(), "")
				require.NoError(t, err)
				fault.Name = path
				s.network.InjectFault(fault)
				require.NoError(t, send(), path)
				assert.Equal(t, 1, s.network.FaultCount(path))
				assert.Equal(t, 2, s.CallCount(path))
			}
			synctest.Wait()
			assert.Len(t, alice.Messages(), 2, "one of each")
		})
	}
}

// TestC3_AKeyedSendIsDeliveredOnceInEveryWay refuses the connection of a send, and then
// loses its response: through resty, and with hosts to fail over to. Later, another
// process sends the same message again.
func TestC3_AKeyedSendIsDeliveredOnceInEveryWay(t *testing.T) {
	const templatePath, massPath = "/cgi-bin/message/template/send", "/cgi-bin/message/mass/sendall"
	for name, option := range map[string]func(h *http.Client) []wechat.Option{
		"resty": func(h *http.Client) []wechat.Option {
			return []wechat.Option{wechat.WithRestyClient(resty.NewWithClient(h))}
		},
		"failover": func(h *http.Client) []wechat.Option {
			return []wechat.Option{wechat.WithHTTPClient(h), wechat.WithFailover()}
		},
	} {
		for _, fault := range []wechattest.NetworkFault{{Reset: true, AfterWrite: true}, {Truncate: 5}, {Hang: true, AfterWrite: true}} {
			synctest.Test(t, func(t *testing.T) {
				p := wechattest.NewPlatform()
				defer p.Close()
				network := wechattest.NewNetwork(1)
				client := func() *wechat.Client {
					h := &http.Client{Transport: network.RoundTripper(p.Transport())}
					return wechat.NewClient(p.AppID, p.AppSecret, append(option(h), wechat.WithLogger(slog.New(slog.DiscardHandler)))...)
				}
				alice := p.AddUser(wechattest.User{})
				message := wechat.TemplateMessage{
					OpenID: alice.OpenID, TemplateID: p.AddTemplate(wechattest.Template{Content: "{{thing1.DATA}}"}),
					Data: wechat.TemplateData{}.Set("thing1", "Milk tea"), ClientMsgID: "order-1",
				}
				mass := wechat.SendMassRequest{ToAll: true, Message: wechat.TextMessage{Content: "news"}}
				for _, path := range []string{templatePath, massPath} {
					fault.Path = path
					network.InjectFault(wechattest.NetworkFault{Path: path, Refuse: true})
					network.InjectFault(fault)
				}
				c := client()
				_, err := c.SendTemplateMessage(t.Context(), message)
				require.NoError(t, err, name)
				sent, err := c.SendMass(t.Context(), mass)
				require.NoError(t, err, name)
				assert.True(t, sent.Duplicate)
				assert.Equal(t, 2, p.CallCount(templatePath))
				require.NoError(t, c.Close())

				c = client()
				_, err = c.SendTemplateMessage(t.Context(), message)
				require.NoError(t, err, name)
				assert.Equal(t, 3, p.CallCount(templatePath))
				require.NoError(t, c.Close())
				synctest.Wait()
				assert.Len(t, alice.Messages(), 2, "one of each")
			})
		}
	}
}

// TestC11_ACallEndsWithItsContextWhereverItIs cancels 1,000 calls, each at another moment
// between the first byte and the last: in a dial, in a write, while it waits, while it
// reads, and between two attempts.
func TestC11_ACallEndsWithItsContextWhereverItIs(t *testing.T) { eachWay(t, canceledCalls) }

func canceledCalls(t *testing.T, way wechat.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, wechattest.WithQuota("/cgi-bin/tags/get", 1e9))
		c := s.client(way)
		_, err := c.Token(t.Context(), "")
		require.NoError(t, err)
		s.network.InjectFault(wechattest.NetworkFault{Name: "slow", Times: -1, Chance: 0.5, Latency: 500 * time.Millisecond, Bandwidth: 200})
		s.network.InjectFault(wechattest.NetworkFault{Name: "broken", Times: -1, Chance: 0.7, Reset: true, AfterWrite: true, Latency: 300 * time.Millisecond})
		s.network.InjectFault(wechattest.NetworkFault{Name: "refused", Times: -1, Chance: 0.5, Refuse: true, Latency: 100 * time.Millisecond})
		calls, canceled := 0, 0
		for ; canceled < 1000; calls++ { // the others end earlier
			ctx, cancel := context.WithCancel(t.Context())
			after := time.Duration(calls%1000) * 3 * time.Millisecond
			time.AfterFunc(after, cancel)
			begin := time.Now()
			_, err := c.ListTags(ctx)
			require.LessOrEqual(t, time.Since(begin), after+5*time.Millisecond)
			if ctx.Err() != nil && err != nil {
				canceled++
				require.ErrorIs(t, err, context.Canceled)
			}
			cancel()
		}
		t.Logf("%d of %d calls were canceled, %d slow and %d broken exchanges, %d refused dials",
			canceled, calls, s.network.FaultCount("slow"), s.network.FaultCount("broken"), s.network.FaultCount("refused"))
		for _, name := range []string{"slow", "broken", "refused"} {
			assert.Greater(t, s.network.FaultCount(name), 500, name)
		}
	}) // synctest fails if a goroutine is left
}

func TestC19_AResponseOfOneByteASecondEndsWithTheTimeOut(t *testing.T) { eachWay(t, drippingResponse) }

func drippingResponse(t *testing.T, way wechat.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		c := s.client(way)
		_, err := c.Token(t.Context(), "")
		require.NoError(t, err)
		s.network.InjectFault(wechattest.NetworkFault{Times: -1, Bandwidth: 1})
		begin := time.Now()
		_, err = c.CreateTag(t.Context(), "buyers")
		require.ErrorIs(t, err, wechat.ErrUnknownOutcome)
		assert.GreaterOrEqual(t, time.Since(begin), 30*time.Second)
		assert.LessOrEqual(t, time.Since(begin), 30*time.Second+50*time.Millisecond)
	})
}

// TestC21_TenThousandCallsShareTheirConnections counts connections and descriptors on the
// loopback interface: both ends of a connection are in this process.
func TestC21_TenThousandCallsShareTheirConnections(t *testing.T) {
	const maxConns = 100
	srv := wechattest.NewServer(t)
	network := wechattest.NewNetwork(1)
	transport := wechat.NewTransport()
	transport.MaxConnsPerHost = maxConns
	var dials atomic.Int64
	transport.DialContext = func(ctx context.Context, n, hostPort string) (net.Conn, error) {
		dials.Add(1)
		return network.DialContext(ctx, n, hostPort)
	}
	c := srv.Client(wechat.WithHTTPClient(&http.Client{Transport: transport}), wechat.WithTimeout(5*time.Minute))
	before := descriptors(t)
	var peak atomic.Int64
	failed := herd(10_000, func() error {
		_, err := c.ListCallbackIPs(t.Context())
		if n := int64(network.ConnCount()); n > peak.Load() {
			peak.Store(n)
		}
		return err
	})
	assert.Zero(t, failed)
	assert.Equal(t, 10_000, srv.CallCount(callPath))
	assert.LessOrEqual(t, dials.Load(), int64(2*maxConns), "a connection that broke may be replaced")
	assert.LessOrEqual(t, peak.Load(), int64(maxConns))
	assert.LessOrEqual(t, descriptors(t), before+2*maxConns+10)
	transport.CloseIdleConnections()
	assert.Eventually(t, func() bool { return network.ConnCount() == 0 }, 5*time.Second, time.Millisecond)
	t.Logf("10,000 calls on %d connections", dials.Load())
}

// descriptors returns the number of open files of this process, or 0 if it cannot be known.
func descriptors(t *testing.T) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(entries)
}

func TestD4_OneBadFollowerCostsNoOther(t *testing.T) {
	p := wechattest.NewPlatform()
	defer p.Close()
	ids := make([]string, 100)
	for i, f := range p.AddUsers(100) {
		ids[i] = f.OpenID
	}
	p.Handle("/cgi-bin/user/info/batchget", func(wechattest.Call) (any, error) {
		list := make([]any, 0, len(ids))
		for i, id := range ids {
			list = append(list, map[string]any{"subscribe": 1, "openid": id, "subscribe_time": 1382694957})
			if i == 50 {
				list[i] = "no follower"
			}
		}
		return map[string]any{"user_info_list": list}, nil
	})
	users, err := p.Client(wechat.WithLogger(slog.New(slog.DiscardHandler))).GetUsers(t.Context(), ids)
	require.NoError(t, err)
	usable := 0
	for _, u := range users {
		if u.OpenID != "" {
			usable++
		}
	}
	assert.Equal(t, 99, usable)
}

func TestD10_TheURLOfAVideoIsNotFetched(t *testing.T) {
	p := wechattest.NewPlatform()
	defer p.Close()
	var requests []string
	c := p.Client(wechat.WithHTTPClient(&http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		requests = append(requests, r.URL.Host+r.URL.Path)
		return p.Transport().RoundTrip(r)
	})}))
	video, err := c.UploadMedia(t.Context(), wechat.MediaVideo, wechat.File{Name: "a.mp4", Content: strings.NewReader("video")})
	require.NoError(t, err)
	requests = nil
	var out strings.Builder
	info, err := c.DownloadMedia(t.Context(), video.MediaID, &out)
	require.NoError(t, err)
	assert.NotEmpty(t, info.VideoURL)
	assert.Empty(t, out.String())
	assert.Equal(t, []string{"api.weixin.qq.com/cgi-bin/media/get"}, requests)
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestD12_AGzipBombOfTenGibibytesIsRefused switches the collector off, so that all that was
// allocated counts.
func TestD12_AGzipBombOfTenGibibytesIsRefused(t *testing.T) {
	p := wechattest.NewPlatform()
	defer p.Close()
	network := wechattest.NewNetwork(1)
	transport := network.RoundTripper(p.Transport())
	c := p.Client(wechat.WithHTTPClient(&http.Client{Transport: transport}), wechat.WithRetry(wechat.RetryPolicy{MaxAttempts: 1}))
	_, err := c.Token(t.Context(), "")
	require.NoError(t, err)
	network.InjectFault(wechattest.NetworkFault{Times: -1, GzipBomb: 10 << 30})

	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	bomb := allocated(func() { // making it takes memory too
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.weixin.qq.com/", nil)
		require.NoError(t, err)
		resp, err := transport.RoundTrip(r)
		require.NoError(t, err)
		_, err = io.CopyN(io.Discard, resp.Body, 2<<20)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	})
	call := allocated(func() {
		_, err := c.ListTags(t.Context())
		var unreadable *wechat.DecodeError
		require.ErrorAs(t, err, &unreadable)
		assert.LessOrEqual(t, len(unreadable.Excerpt), 512)
	})
	t.Logf("%d KiB for the call, %d KiB for the bomb", call>>10, bomb>>10)
	assert.LessOrEqual(t, call-min(call, bomb), uint64(17<<20))
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestF2_ErrorsOfTheNetworkHoldNoURL sends a token, which stands in the URL, into every
// fault of connections and requests.
func TestF2_ErrorsOfTheNetworkHoldNoURL(t *testing.T) {
	assert.Len(t, wechattest.NetworkFaults(), 17)
	for _, fault := range wechattest.NetworkFaults() {
		for _, lies := range []string{"below", "above"} {
			t.Run(fault.Name+"/"+lies, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := serve(t)
					opts := []wechat.Option{wechat.WithTokenSource(wechat.StaticToken("TOKEN-CANARY"))}
					if lies == "above" {
						opts = append(opts, wechat.WithHTTPClient(&http.Client{Transport: s.network.RoundTripper(s.transport)}))
					}
					fault.Times = 3
					s.network.InjectFault(fault)
					ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
					defer cancel()
					_, err := s.client(opts...).ListTags(ctx)
					require.Error(t, err, "at least the token is refused")
					var out output
					out.show(err)
					assert.NotContains(t, out.String(), "CANARY")
					assert.NotContains(t, out.String(), "access_token=")
					var failed *url.Error
					if errors.As(err, &failed) {
						assert.NotContains(t, failed.URL, "?")
					}
				})
			})
		}
	}
}

// TestF3_LogsHoldNoContent turns everything on that can log, sends what is private through
// every fault of the platform, and looks for it.
func TestF3_LogsHoldNoContent(t *testing.T) {
	lines := 0
	assert.Len(t, wechattest.Faults(), 23)
	for _, fault := range wechattest.Faults() {
		synctest.Test(t, func(t *testing.T) {
			p := wechattest.NewPlatform()
			defer p.Close()
			alice := p.AddUser(wechattest.User{Nickname: "NICKNAME-CANARY"})
			alice.Sends(t.Context(), "hi")
			var out output
			c := p.Client(
				wechat.WithLogger(slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))),
				wechat.WithObserver(func(_ context.Context, a wechat.Attempt) { out.show(a) }),
			)
			_, err := c.Token(t.Context(), "")
			require.NoError(t, err)
			fault.Times = 3
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			p.InjectFault("/cgi-bin/message/custom/send", fault)
			err = c.SendCustomMessageJSON(ctx, []byte(`{"touser":"`+alice.OpenID+`","msgtype":"text","text":{"content":"TEXT-CANARY"}}`))
			out.show(err)
			p.InjectFault("/cgi-bin/user/info", fault)
			_, err = c.GetUser(ctx, alice.OpenID)
			out.show(err)
			for _, private := range []string{"CANARY", alice.OpenID} {
				assert.NotContains(t, out.String(), private, fault.Name)
			}
			lines += strings.Count(out.String(), "\n")
		})
	}
	assert.Greater(t, lines, 100, "something was logged")
}
