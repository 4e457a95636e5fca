package wechattest

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
)

const greeting = "Hello, this is a response of 44 bytes. Enjoy!"

// networked is a server behind a network, and a client of it.
type networked struct {
	*Network

	client    *http.Client
	url       string
	delivered atomic.Int64
	body      atomic.Value // of the last request
}

func (s *networked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.delivered.Add(1)
	s.body.Store(string(body))
	_, _ = io.WriteString(w, greeting)
}

func (s *networked) post(ctx context.Context) (status int, body string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader("ping"))
	if err != nil {
		return 0, "", err
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(data), err
}

// places are the ways to put a network between a client and a server. In memory, they work
// inside a bubble of synctest.
var places = map[string]func(t *testing.T) *networked{
	"dial": func(t *testing.T) *networked {
		s := &networked{Network: NewNetwork(1), url: "http://server.example/"}
		listener := s.Listen()
		transport := &http.Transport{DialContext: s.DialContext}
		serve(t, s, listener, transport)
		return s
	},
	"listener": func(t *testing.T) *networked {
		s := &networked{Network: NewNetwork(1), url: "http://server.example/"}
		clean := NewNetwork(1)
		transport := &http.Transport{DialContext: clean.DialContext}
		serve(t, s, s.Listener(clean.Listen()), transport)
		return s
	},
	"request": func(t *testing.T) *networked {
		s := &networked{Network: NewNetwork(1), url: "http://server.example/"}
		clean := NewNetwork(1)
		transport := &http.Transport{DialContext: clean.DialContext}
		serve(t, s, clean.Listen(), transport)
		s.client.Transport = s.RoundTripper(transport)
		return s
	},
}

func serve(t *testing.T, s *networked, l net.Listener, transport *http.Transport) {
	t.Helper()
	server := &http.Server{Handler: s, ReadHeaderTimeout: 24 * time.Hour}
	go func() { _ = server.Serve(l) }()
	s.client = &http.Client{Transport: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
	})
}

// everywhere runs a test in each place.
func everywhere(t *testing.T, test func(t *testing.T, s *networked)) {
	t.Helper()
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, place(t)) })
		})
	}
}

func TestANetworkWithoutFaultsChangesNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, s *networked) {
		start := time.Now()
		for range 3 {
			status, body, err := s.post(t.Context())
			require.NoError(t, err)
			assert.Equal(t, http.StatusOK, status)
			assert.Equal(t, greeting, body)
		}
		assert.EqualValues(t, 3, s.delivered.Load())
		assert.Zero(t, time.Since(start))
	})
}

func TestAResetBeforeTheWriteDeliversNothingAndOneAfterItDelivers(t *testing.T) {
	everywhere(t, func(t *testing.T, s *networked) {
		for delivered, fault := range []NetworkFault{{Name: "reset", Reset: true}, {Name: "reset", Reset: true, AfterWrite: true}} {
			s.InjectFault(fault)
			_, _, err := s.post(t.Context())
			require.Error(t, err)
			assert.EqualValues(t, delivered, s.delivered.Load())
		}
		assert.Equal(t, 2, s.FaultCount("reset"))
		_, body, err := s.post(t.Context())
		require.NoError(t, err, "each fault was for one exchange")
		assert.Equal(t, greeting, body)
	})
}

func TestAHangLastsUntilTheCallerGivesUp(t *testing.T) {
	everywhere(t, func(t *testing.T, s *networked) {
		for delivered, fault := range []NetworkFault{{Hang: true}, {Hang: true, AfterWrite: true}} {
			s.InjectFault(fault)
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			start := time.Now()
			_, _, err := s.post(ctx)
			cancel()
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, time.Hour, time.Since(start))
			assert.EqualValues(t, delivered, s.delivered.Load())
		}
	})
}

func TestLatencyAndBandwidthTakeTheirTimeExactly(t *testing.T) {
	everywhere(t, func(t *testing.T, s *networked) {
		s.InjectFault(NetworkFault{Latency: 3 * time.Second})
		start := time.Now()
		_, body, err := s.post(t.Context())
		require.NoError(t, err)
		assert.Equal(t, greeting, body)
		assert.Equal(t, 3*time.Second, time.Since(start))

		s.InjectFault(NetworkFault{Bandwidth: 10})
		start = time.Now()
		_, body, err = s.post(t.Context())
		require.NoError(t, err)
		assert.Equal(t, greeting, body)
		assert.GreaterOrEqual(t, time.Since(start), time.Duration(len(greeting))*100*time.Millisecond)
		assert.LessOrEqual(t, time.Since(start), time.Minute, "header and body, at 10 bytes a second")
	})
}

func TestSlicesLoseNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, s *networked) {
		s.InjectFault(NetworkFault{Times: -1, Slice: 1})
		for range 3 {
			_, body, err := s.post(t.Context())
			require.NoError(t, err)
			assert.Equal(t, greeting, body)
			assert.Equal(t, "ping", s.body.Load())
		}
	})
}

func TestATruncatedResponseIsAnError(t *testing.T) {
	everywhere(t, func(t *testing.T, s *networked) {
		for _, size := range []int{1, 10, 40} {
			s.InjectFault(NetworkFault{Truncate: size})
			_, body, err := s.post(t.Context())
			require.Error(t, err, "%d bytes", size)
			assert.LessOrEqual(t, len(body), size)
		}
		assert.EqualValues(t, 3, s.delivered.Load())
	})
}

func TestARefusedConnectionReachesNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, s *networked) {
		s.InjectFault(NetworkFault{Refuse: true, Latency: time.Second})
		s.InjectFault(NetworkFault{Refuse: true, Hang: true})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		_, _, err := s.post(ctx)
		if strings.HasSuffix(t.Name(), "listener") {
			require.NoError(t, err, "who accepts cannot refuse")
			return
		}
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		assert.Equal(t, time.Second, time.Since(start))
		_, _, err = s.post(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Minute, time.Since(start))
		assert.Zero(t, s.delivered.Load())
	})
}

func TestWhatIsReplacedIsDeliveredOnlyAfterTheWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := places["request"](t)
		page := []byte("<html>")
		for delivered, after := range []bool{false, true} {
			s.InjectFault(NetworkFault{
				Status: http.StatusBadGateway, Body: page, Header: http.Header{"content-type": {"text/html"}}, AfterWrite: after,
			})
			status, body, err := s.post(t.Context())
			require.NoError(t, err)
			assert.Equal(t, http.StatusBadGateway, status)
			assert.Equal(t, string(page), body)
			assert.EqualValues(t, delivered, s.delivered.Load())
		}
		s.InjectFault(NetworkFault{Status: http.StatusTeapot, AfterWrite: true})
		status, body, err := s.post(t.Context())
		require.NoError(t, err)
		assert.Equal(t, http.StatusTeapot, status)
		assert.Equal(t, greeting, body, "the status alone is wrong")
	})
}

func TestADuplicateIsDeliveredTwiceWithItsBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := places["request"](t)
		s.InjectFault(NetworkFault{Duplicate: true})
		_, body, err := s.post(t.Context())
		require.NoError(t, err)
		assert.Equal(t, greeting, body)
		assert.EqualValues(t, 2, s.delivered.Load())
		assert.Equal(t, "ping", s.body.Load())
	})
}

// TestAGzipBombIsAsLargeAsItSaysAndCostsAThousandth reads it once as a program that leaves
// decompression to net/http, and once as one that asks for it.
func TestAGzipBombIsAsLargeAsItSaysAndCostsAThousandth(t *testing.T) {
	const size = 64 << 20
	s := places["request"](t)
	s.InjectFault(NetworkFault{Times: -1, GzipBomb: size})
	for _, asks := range []bool{false, true} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url, nil)
		require.NoError(t, err)
		if asks {
			r.Header.Set("Accept-Encoding", "gzip")
		}
		resp, err := s.client.Do(r)
		require.NoError(t, err)
		n, err := io.Copy(io.Discard, resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		if asks {
			assert.Equal(t, "gzip", resp.Header.Get("Content-Encoding"))
			assert.LessOrEqual(t, n, int64(size/900))
		} else {
			assert.True(t, resp.Uncompressed)
			assert.Equal(t, int64(size), n)
		}
	}
}

func TestAGzipBombOfAnySizeIsADocument(t *testing.T) {
	for _, size := range []int64{13, 14, 1 << 20, 3<<20 + 12, 3<<20 + 13} {
		data, err := io.ReadAll(&unzipped{from: newBomb(size)})
		require.NoError(t, err)
		assert.Len(t, data, int(size))
		assert.True(t, json.Valid(data), "%d bytes", size)
	}
	huge, ok := newBomb(1<<63 - 1).(*bomb)
	require.True(t, ok)
	assert.Equal(t, int64(1<<43-1), huge.pieces)
}

func TestTheEndOfAConnectionArrivesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := NewNetwork(1)
		listener := network.Listen()
		client, server := connect(t, network, listener)
		defer func() { _ = listener.Close() }()
		network.InjectFault(NetworkFault{SlowClose: time.Minute})
		go func() {
			_, err := client.Write([]byte("x"))
			assert.NoError(t, err)
			assert.NoError(t, client.Close())
			_, err = client.Read(make([]byte, 1))
			assert.ErrorIs(t, err, net.ErrClosed)
		}()
		start := time.Now()
		data, err := io.ReadAll(server)
		require.NoError(t, err)
		assert.Equal(t, "x", string(data))
		assert.Equal(t, time.Minute, time.Since(start))
		assert.ErrorIs(t, client.Close(), net.ErrClosed)
	})
}

// connect returns both ends of a connection; the client's end is in the network.
func connect(t *testing.T, n *Network, l net.Listener) (client, server net.Conn) {
	t.Helper()
	accepted := make(chan net.Conn)
	go func() {
		c, err := l.Accept()
		assert.NoError(t, err)
		accepted <- c
	}()
	client, err := n.DialContext(t.Context(), "tcp", "server.example:80")
	require.NoError(t, err)
	return client, <-accepted
}

func TestALateByteOutlivesADeadlineThatPassesBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := NewNetwork(1)
		listener := network.Listen()
		client, server := connect(t, network, listener)
		network.InjectFault(NetworkFault{Latency: time.Minute})
		go func() { _, _ = io.Copy(server, server) }()
		_, err := client.Write([]byte("x"))
		require.NoError(t, err)
		start := time.Now()
		require.NoError(t, client.SetReadDeadline(start.Add(time.Second)))
		_, err = client.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(start))

		var late [1]byte
		require.NoError(t, client.SetDeadline(time.Time{}))
		_, err = client.Read(late[:])
		require.NoError(t, err)
		assert.Equal(t, "x", string(late[:]))
		assert.Equal(t, time.Minute, time.Since(start), "not as soon as somebody asks again")
		assert.Equal(t, 1, network.ConnCount())
		require.NoError(t, client.Close())
		require.NoError(t, server.Close())
		require.NoError(t, listener.Close())
		assert.Zero(t, network.ConnCount())
		_, err = listener.Accept()
		assert.ErrorIs(t, err, net.ErrClosed)
	})
}

func TestAReaderWithShortDeadlinesSeesTheEndToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := NewNetwork(1)
		listener := network.Listen()
		client, server := connect(t, network, listener)
		defer func() { _ = client.Close(); _ = listener.Close() }()
		network.InjectFault(NetworkFault{Bandwidth: 1, SlowClose: 10 * time.Second})
		go func() {
			var asked [2]byte
			_, _ = io.ReadFull(server, asked[:])
			_, _ = server.Write(asked[:])
			_ = server.Close()
		}()
		_, err := client.Write([]byte("xy"))
		require.NoError(t, err)
		start := time.Now()
		var got []byte
		for begin := start; ; begin = time.Now() {
			var b [1]byte
			require.NoError(t, client.SetReadDeadline(begin.Add(300*time.Millisecond)))
			n, err := client.Read(b[:])
			got = append(got, b[:n]...)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			}
		}
		assert.Equal(t, "xy", string(got))
		assert.Equal(t, 12*time.Second, time.Since(start))
	})
}

func TestAClosedConnectionHasNoExchanges(t *testing.T) {
	for _, fault := range []NetworkFault{{}, {Hang: true}, {SlowClose: time.Minute}, {Slice: 1}} {
		synctest.Test(t, func(t *testing.T) {
			network := NewNetwork(1)
			listener := network.Listen()
			client, server := connect(t, network, listener)
			defer func() { _ = server.Close(); _ = listener.Close() }()
			go func() {
				var asked [2]byte
				_, _ = io.ReadFull(server, asked[:])
				_, _ = server.Write(asked[:])
			}()
			fault.Name, fault.Times = "fault", -1
			network.InjectFault(fault)
			_, err := client.Write([]byte("xy"))
			require.NoError(t, err)
			if !fault.Hang {
				_, err = client.Read(make([]byte, 1)) // of two that have arrived
				require.NoError(t, err)
			}
			count := network.FaultCount("fault")
			require.NoError(t, client.Close())
			n, err := client.Write([]byte("x"))
			require.ErrorIs(t, err, net.ErrClosed, "%+v", fault)
			assert.Zero(t, n)
			n, err = client.Read(make([]byte, 1))
			require.ErrorIs(t, err, net.ErrClosed, "%+v", fault)
			assert.Zero(t, n)
			assert.Equal(t, count, network.FaultCount("fault"))
		})
	}
}

func TestConcurrentWritesAreNotMixed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := NewNetwork(1)
		listener := network.Listen()
		client, server := connect(t, network, listener)
		defer func() { _ = listener.Close() }()
		network.InjectFault(NetworkFault{Times: -1, Slice: 1})
		var writers sync.WaitGroup
		for _, line := range []string{"aaaa\n", "bbbb\n", "cccc\n"} {
			writers.Go(func() {
				_, err := io.WriteString(client, line)
				assert.NoError(t, err)
			})
		}
		go func() {
			writers.Wait()
			_ = client.Close()
		}()
		data, err := io.ReadAll(server)
		require.NoError(t, err)
		assert.ElementsMatch(t, []string{"aaaa", "bbbb", "cccc"}, strings.Fields(string(data)))
	})
}

func TestALateResetIsLate(t *testing.T) {
	everywhere(t, func(t *testing.T, s *networked) {
		s.InjectFault(NetworkFault{Latency: 3 * time.Second, Reset: true, AfterWrite: true})
		start := time.Now()
		_, _, err := s.post(t.Context())
		require.Error(t, err)
		assert.Equal(t, 3*time.Second, time.Since(start))
	})
}

// TestAHangHasNoEnd lets more time pass than a timer can count.
func TestAHangHasNoEnd(t *testing.T) {
	everywhere(t, func(t *testing.T, s *networked) {
		s.InjectFault(NetworkFault{Hang: true, AfterWrite: true, Latency: forever, Jitter: forever})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, _, err := s.post(ctx)
			ended <- err
		}()
		for range 2 {
			time.Sleep(forever / 2)
		}
		synctest.Wait()
		assert.Empty(t, ended)
		cancel()
		assert.ErrorIs(t, <-ended, context.Canceled)
	})
}

func TestFaultsOfRequestsLeaveConnectionsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := places["dial"](t)
		request := s.RoundTripper(s.client.Transport)
		for _, fault := range []NetworkFault{
			{Status: 500}, {Header: http.Header{"X": {"1"}}}, {Body: []byte{}}, {GzipBomb: 100}, {Duplicate: true}, {Path: "/", Reset: true},
		} {
			fault.Name = "fault"
			s.InjectFault(fault)
			_, _, err := s.post(t.Context())
			require.NoError(t, err, "%+v", fault)
			assert.Zero(t, s.FaultCount("fault"), "it waits for a request")
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url, nil)
			require.NoError(t, err)
			if resp, err := request.RoundTrip(r); err == nil {
				_ = resp.Body.Close()
			}
			assert.Equal(t, 1, s.FaultCount("fault"))
			s.counts = map[string]int{}
		}
	})
}

func TestARequestWhoseContextHasEndedTakesNoFault(t *testing.T) {
	network := NewNetwork(1)
	network.InjectFault(NetworkFault{Name: "page", Body: []byte("<html>")})
	network.InjectFault(NetworkFault{Name: "refused", Refuse: true})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://server.example/", strings.NewReader("ping"))
	require.NoError(t, err)
	_, err = network.RoundTripper(http.DefaultTransport).RoundTrip(r)
	require.ErrorIs(t, err, context.Canceled)
	_, err = network.DialContext(ctx, "tcp", "server.example:80")
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, network.FaultCount("page")+network.FaultCount("refused"))
}

func TestABodyEndsWithClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := places["request"](t)
		s.InjectFault(NetworkFault{Body: []byte("x"), SlowClose: time.Hour})
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url, nil)
		require.NoError(t, err)
		resp, err := s.client.Do(r)
		require.NoError(t, err)
		start := time.Now()
		time.AfterFunc(time.Second, func() { _ = resp.Body.Close() })
		_, err = io.ReadAll(resp.Body)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, time.Second, time.Since(start))
	})
}

// TestAnyResponseCanBeReplaced replaces a compressed one, which the page is not, and one
// of a stub without a header.
func TestAnyResponseCanBeReplaced(t *testing.T) {
	for _, header := range []http.Header{nil, {"Content-Encoding": {"gzip"}, "Content-Length": {"7"}}} {
		stub := stubTransport{&http.Response{StatusCode: http.StatusOK, Header: header, Body: http.NoBody}}
		network := NewNetwork(1)
		network.InjectFault(NetworkFault{Body: []byte("page"), Header: http.Header{"x-a": {"1"}}, AfterWrite: true, GzipBomb: -1})
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://server.example/", nil)
		require.NoError(t, err)
		resp, err := network.RoundTripper(stub).RoundTrip(r)
		require.NoError(t, err)
		data, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, "page", string(data))
		assert.Equal(t, http.Header{"X-A": {"1"}}, resp.Header)
	}
}

type stubTransport struct{ response *http.Response }

func (s stubTransport) RoundTrip(*http.Request) (*http.Response, error) { return s.response, nil }

func TestIdleConnectionsCanBeClosedThroughANetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := places["dial"](t)
		s.client.Transport = NewNetwork(2).RoundTripper(s.client.Transport)
		_, _, err := s.post(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, s.ConnCount())
		s.client.CloseIdleConnections()
		synctest.Wait()
		assert.Zero(t, s.ConnCount())
	})
}

// TestAnEncryptedConnectionIsDamagedOutsideOrInside wraps the connection below TLS, where
// the handshake is the first exchange, and above it.
func TestAnEncryptedConnectionIsDamagedOutsideOrInside(t *testing.T) {
	for _, version := range []int{1, 2} {
		s := &networked{Network: NewNetwork(1)}
		server := httptest.NewUnstartedServer(s)
		server.EnableHTTP2 = version == 2
		server.StartTLS()
		transport, _ := server.Client().Transport.(*http.Transport)
		transport.DialContext = s.DialContext
		s.client, s.url = server.Client(), server.URL
		for _, fault := range []NetworkFault{{Reset: true}, {Reset: true, AfterWrite: true}, {Truncate: 5}, {Refuse: true}} {
			s.InjectFault(fault)
			_, _, err := s.post(t.Context())
			require.Error(t, err, "%+v", fault)
		}
		assert.Zero(t, s.delivered.Load(), "no handshake has succeeded")
		s.InjectFault(NetworkFault{Name: "slow", Times: -1, Slice: 7, Latency: time.Millisecond, Jitter: time.Millisecond, Bandwidth: 1 << 20})
		for range 3 {
			_, body, err := s.post(t.Context())
			require.NoError(t, err)
			assert.Equal(t, greeting, body)
		}
		s.ClearFaults()
		transport.CloseIdleConnections()

		transport.ForceAttemptHTTP2, transport.TLSNextProto = false, map[string]func(string, *tls.Conn) http.RoundTripper{}
		config := transport.TLSClientConfig.Clone()
		config.NextProtos = nil
		transport.DialTLSContext = func(ctx context.Context, network, hostPort string) (net.Conn, error) {
			c, err := (&tls.Dialer{Config: config}).DialContext(ctx, network, hostPort)
			if err != nil {
				return nil, err
			}
			return s.Conn(c), nil
		}
		s.delivered.Store(0)
		s.InjectFault(NetworkFault{Reset: true, AfterWrite: true})
		_, _, err := s.post(t.Context())
		require.ErrorIs(t, err, syscall.ECONNRESET)
		assert.EqualValues(t, 1, s.delivered.Load(), "the first exchange is the request")
		server.Close()
		assert.Eventually(t, func() bool { return s.ConnCount() == 0 }, 5*time.Second, time.Millisecond)
	}
}

func TestOpenConnectionsAreResetTogether(t *testing.T) {
	network := NewNetwork(1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	transport := &http.Transport{DialContext: network.DialContext}
	defer transport.CloseIdleConnections()
	const calls = 10
	failed := make(chan error, calls)
	for range calls {
		go func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
			if err != nil {
				failed <- err
				return
			}
			resp, err := transport.RoundTrip(r)
			if err == nil {
				_ = resp.Body.Close()
			}
			failed <- err
		}()
	}
	require.Eventually(t, func() bool { return network.ConnCount() == calls }, 5*time.Second, time.Millisecond)
	network.ResetConns()
	for range calls {
		require.Error(t, <-failed)
	}
	assert.Zero(t, network.ConnCount())
}

func TestASeedReplaysItsDecisions(t *testing.T) {
	decisions := func(seed uint64) string {
		network := NewNetwork(seed)
		network.InjectFault(NetworkFault{Name: "a", Times: -1, Chance: 0.3, Jitter: time.Second})
		network.InjectFault(NetworkFault{Name: "b", Times: -1, Chance: 0.5})
		var taken strings.Builder
		for range 1000 {
			f, latency := network.take(atExchange, "")
			taken.WriteString(f.Name + latency.String())
		}
		assert.InDelta(t, 300, network.FaultCount("a"), 60)
		assert.InDelta(t, 350, network.FaultCount("b"), 60)
		return taken.String()
	}
	first := decisions(7)
	assert.Equal(t, first, decisions(7))
	assert.NotEqual(t, first, decisions(8))
}

func TestAFaultOfAPathLeavesOthersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := places["request"](t)
		s.InjectFault(NetworkFault{Path: "/a", Times: -1, Reset: true})
		_, _, err := s.post(t.Context())
		require.NoError(t, err)
		s.url += "a"
		_, _, err = s.post(t.Context())
		require.Error(t, err)
		s.ClearFaults()
		_, _, err = s.post(t.Context())
		require.NoError(t, err)
	})
}

// TestTheClientSurvivesEveryFaultOfTheNetwork sends a message that must not be sent twice
// through each fault. Only an attempt that did not reach the platform may be repeated.
func TestTheClientSurvivesEveryFaultOfTheNetwork(t *testing.T) {
	for _, fault := range NetworkFaults() {
		t.Run(fault.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := platform(t)
				network := NewNetwork(1)
				client := p.Client(wechat.WithHTTPClient(&http.Client{Transport: network.RoundTripper(p.Transport())}))
				alice := p.AddUser(User{})
				alice.Sends(t.Context(), "hi")
				_, err := client.Token(t.Context(), "")
				require.NoError(t, err)
				fault.Path = "/cgi-bin/message/custom/send"
				network.InjectFault(fault)
				err = client.SendCustomMessageJSON(t.Context(), []byte(`{"touser":"`+alice.OpenID+`","msgtype":"text","text":{"content":"hi"}}`))
				assert.Equal(t, 1, network.FaultCount(fault.Name))
				sent := p.ExecutedCallCount(fault.Path)
				switch {
				case fault.Duplicate:
					assert.Equal(t, 2, sent, "the network alone has doubled it")
				case err == nil:
					assert.Equal(t, 1, sent)
				default:
					assert.LessOrEqual(t, sent, 1)
					var refusal *wechat.RequestError
					var unreadable *wechat.DecodeError
					assert.True(t, errors.As(err, &refusal) || errors.As(err, &unreadable), "%T", err)
					if sent == 1 {
						require.ErrorIs(t, err, wechat.ErrUnknownOutcome)
					}
				}
				_ = client.Close()
			})
		})
	}
}

func TestConnectionsOfTheLoopbackAreDamagedToo(t *testing.T) {
	s := &networked{Network: NewNetwork(1)}
	server := httptest.NewServer(s)
	defer server.Close()
	transport := &http.Transport{DialContext: s.DialContext}
	defer transport.CloseIdleConnections()
	s.client, s.url = &http.Client{Transport: transport}, server.URL
	for _, fault := range []NetworkFault{{Reset: true}, {Reset: true, AfterWrite: true}, {Truncate: 5}, {Refuse: true}} {
		s.InjectFault(fault)
		_, _, err := s.post(t.Context())
		require.Error(t, err, "%+v", fault)
	}
	s.InjectFault(NetworkFault{Slice: 7, Latency: time.Millisecond, Bandwidth: 1 << 20})
	_, body, err := s.post(t.Context())
	require.NoError(t, err)
	assert.Equal(t, greeting, body)
	assert.EqualValues(t, 3, s.delivered.Load(), "after the write, truncated, and slowly")

	var big bytes.Buffer
	big.Write(bytes.Repeat([]byte("x"), 1<<20))
	s.InjectFault(NetworkFault{Times: -1, Slice: 1000})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, &big)
	require.NoError(t, err)
	resp, err := s.client.Do(r)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Len(t, s.body.Load(), 1<<20)
}
