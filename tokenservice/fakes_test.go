package tokenservice_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/testlog"
	"github.com/wechatoa/wechat/tokenservice"
	"github.com/wechatoa/wechat/wechattest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	shopKey  = "KEY-CANARY-of-the-shop-0123456789abcdef"
	newKey   = "KEY-CANARY-of-the-shop-fedcba9876543210"
	otherKey = "KEY-CANARY-of-another-0123456789abcdef"
	stable   = "/cgi-bin/stable_token"
)

var quiet = slog.New(slog.DiscardHandler)

// fixture is an account on the fake platform, and a service for it.
type fixture struct {
	*wechattest.Platform
	service *tokenservice.Handler
	log     *testlog.Output
}

func newFixture(t testing.TB, opts ...wechattest.Option) *fixture {
	t.Helper()
	f := &fixture{Platform: wechattest.NewPlatform(opts...), log: new(testlog.Output)}
	t.Cleanup(f.Close)
	var err error
	f.service, err = tokenservice.NewHandler(tokenservice.Config{
		Client: tokenservice.Only(f.Client(wechat.WithLogger(quiet))),
		Programs: []tokenservice.Program{
			{Name: "shop", Keys: []wechat.Secret{shopKey}},
			{Name: "other", Keys: []wechat.Secret{otherKey}, AppIDs: []string{"wx0000000000000404"}},
		},
		Logger: f.log.Logger(),
	})
	require.NoError(t, err)
	return f
}

// reply is what the service responded.
type reply struct {
	status  int
	header  http.Header
	text    string
	Token   string `json:"access_token"`
	Ticket  string `json:"ticket"`
	Expires *int   `json:"expires_in"`
	Error   string `json:"error"`
	Message string `json:"message"`
	Code    int    `json:"errcode"`
}

// post sends a request to a service.
func post(t testing.TB, service http.Handler, path, key, body string) reply {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
	r.URL.Path = path
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	return exchange(t, service, r)
}

func exchange(t testing.TB, service http.Handler, r *http.Request) reply {
	t.Helper()
	w := httptest.NewRecorder()
	service.ServeHTTP(w, r)
	out := reply{status: w.Code, header: w.Header(), text: w.Body.String()}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out), out.text)
	return out
}

// network carries requests to a service, with latency, and with faults in between.
type network struct {
	service http.Handler
	latency time.Duration

	requests atomic.Int32
	fault    atomic.Pointer[func(*http.Request) (*http.Response, error)] // replaces the service
	hosts    sync.Map                                                    // that were asked
}

func (n *network) breaks(f func(*http.Request) (*http.Response, error)) {
	if f == nil {
		n.fault.Store(nil)
		return
	}
	n.fault.Store(&f)
}

func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	n.requests.Add(1)
	n.hosts.Store(r.URL.Host, true)
	select {
	case <-time.After(n.latency):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if f := n.fault.Load(); f != nil {
		return (*f)(r)
	}
	w := httptest.NewRecorder()
	n.service.ServeHTTP(w, r)
	return w.Result(), nil
}

func (n *network) source(t testing.TB, appID string, change ...func(*tokenservice.SourceConfig)) *tokenservice.Source {
	t.Helper()
	cfg := tokenservice.SourceConfig{
		URL: "https://tokens.example.com/", AppID: appID, Key: shopKey, HTTPClient: &http.Client{Transport: n}, Logger: quiet,
	}
	for _, c := range change {
		c(&cfg)
	}
	s, err := tokenservice.NewSource(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// says responds with a status and a body.
func says(status int, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Header: http.Header{"Location": {"https://elsewhere.example.com/token"}}, Request: r,
			Body: io.NopCloser(strings.NewReader(body)),
		}, nil
	}
}

func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// ping is a call of any endpoint.
func ping(ctx context.Context, c *wechat.Client) error {
	_, err := c.ListAPIDomainIPs(ctx)
	return err
}
