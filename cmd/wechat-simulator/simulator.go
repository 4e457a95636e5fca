package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/wechatoa/wechat/wechattest"
)

// settings are the values of the flags. Empty ones become random.
type settings struct {
	addr      string
	expose    bool
	caFile    string
	stateFile string
	upstream  string
	record    string
	compare   string
	given     map[string]bool // the flags that were set

	appID, appSecret string
	callback         wechattest.CallbackSettings
	pushTimeout      time.Duration
	strict           bool
	testAccount      bool
}

// simulator is a fake platform that listens: one port serves the platform's API, the
// control API below [prefix], and the proxy.
type simulator struct {
	url    string // base URL
	caFile string

	listener net.Listener
	server   *http.Server
	proxy    *proxy
	control  http.Handler
	state    *stateSaver // nil without a state file
	upstream *upstream   // nil unless calls are forwarded to the real platform
	cleanUp  func()

	set settings // complete, with the random values

	mu       sync.Mutex
	platform *wechattest.Platform // replaced by a reset
}

// newSimulator returns a simulator that listens but does not serve yet.
func newSimulator(set settings, log *slog.Logger) (*simulator, error) {
	set = complete(set)
	s := &simulator{set: set, cleanUp: func() {}}
	var err error
	if s.platform, err = set.newPlatform(); err != nil {
		return nil, err
	}
	if set.stateFile != "" {
		if s.set, err = set.restoreState(s.platform); err != nil {
			return nil, err
		}
	}
	issuer, err := newAuthority()
	if err != nil {
		return nil, err
	}
	if s.listener, err = listen(set.addr, set.expose); err != nil {
		return nil, err
	}
	s.url = "http://" + reachable(s.listener.Addr().String())
	if err := s.writeCertificate(issuer); err != nil {
		_ = s.listener.Close()
		s.cleanUp()
		return nil, fmt.Errorf("cannot write the certificate: %w", err)
	}
	if set.stateFile != "" {
		if s.state, err = newStateSaver(set.stateFile, s.current, log); err != nil {
			_ = s.listener.Close()
			s.cleanUp()
			return nil, err
		}
	}
	if set.upstream != "" {
		if s.upstream, err = newUpstream(set.upstream, set.record, log); err != nil {
			_ = s.listener.Close()
			s.cleanUp()
			return nil, err
		}
	}
	s.control = newControl(s)
	s.proxy = newProxy(http.HandlerFunc(s.servePlatform), issuer, log)
	s.server = &http.Server{
		Handler: s, ReadHeaderTimeout: headerTimeout, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	return s, nil
}

// complete sets empty settings to random values.
func complete(set settings) settings {
	random := wechattest.NewPlatform()
	random.Close()
	for _, v := range []struct {
		value  *string
		random string
	}{
		{&set.appID, random.AppID},
		{&set.appSecret, random.AppSecret},
		{&set.callback.Token, random.Token},
		{&set.callback.EncodingAESKey, random.EncodingAESKey},
	} {
		if *v.value == "" {
			*v.value = v.random
		}
	}
	return set
}

// newPlatform returns a platform in its initial state.
func (set settings) newPlatform() (*wechattest.Platform, error) {
	opts := []wechattest.Option{wechattest.WithAccount(set.appID, set.appSecret), wechattest.WithPushTimeout(set.pushTimeout)}
	if set.strict {
		opts = append(opts, wechattest.WithStrict())
	}
	if set.testAccount {
		opts = append(opts, wechattest.WithTestAccount())
	}
	p := wechattest.NewPlatform(opts...)
	return p, p.SetCallbackSettings(set.callback)
}

// listen listens on the loopback interface, or on any address if expose is set: anyone
// who can reach the simulator controls it.
func listen(addr string, expose bool) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("-addr must be host:port: %w", err)
	}
	ips, err := net.DefaultResolver.LookupIPAddr(context.Background(), host)
	if host == "" {
		ips, err = []net.IPAddr{{IP: net.IPv4zero}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("-addr: %w", err)
	}
	for _, ip := range ips {
		if !ip.IP.IsLoopback() && !expose {
			return nil, fmt.Errorf("-addr %s is not an address of the loopback interface: anyone who can reach it controls the simulator. "+
				"Set -expose to allow this", addr)
		}
	}
	return net.Listen("tcp", addr) //nolint:noctx // takes no time
}

// reachable returns an address at which programs on this machine reach the listener.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr
}

// writeCertificate writes the certificate of the authority to the file in the settings,
// or to a file that Close removes.
func (s *simulator) writeCertificate(issuer *authority) error {
	file := s.set.caFile
	if file == "" {
		dir, err := os.MkdirTemp("", authorityName+"-*")
		if err != nil {
			return err
		}
		s.cleanUp = func() { _ = os.RemoveAll(dir) }
		file = filepath.Join(dir, "ca.pem")
	}
	file, err := filepath.Abs(file) // programs may run in other directories
	if err != nil {
		return err
	}
	s.caFile = file
	return issuer.write(file)
}

// serve serves until Close.
func (s *simulator) serve() error {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.proxy.serve() // returns after Close
	}()
	err := s.server.Serve(s.listener)
	_ = s.proxy.Close()
	<-ended
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Close stops the simulator and everything in progress. It returns an error if the state
// or the recording could not be saved.
func (s *simulator) Close() error {
	s.current().Close()
	_ = s.server.Close()
	_ = s.proxy.Close()
	s.cleanUp()
	var errs []error
	if s.state != nil {
		errs = append(errs, s.state.Close())
	}
	if s.upstream != nil {
		errs = append(errs, s.upstream.Close())
	}
	return errors.Join(errs...)
}

// ServeHTTP routes a request to the proxy, the control API or the platform's API.
func (s *simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case isForProxy(r):
		s.proxy.ServeHTTP(w, r)
	case r.URL.Path == strings.TrimSuffix(prefix, "/"), strings.HasPrefix(r.URL.Path, prefix):
		s.control.ServeHTTP(w, r)
	default:
		s.servePlatform(w, r)
	}
}

func (s *simulator) servePlatform(w http.ResponseWriter, r *http.Request) {
	if s.upstream != nil {
		s.upstream.ServeHTTP(w, r)
		return
	}
	s.current().ServeHTTP(w, r)
}

// current returns the current platform.
func (s *simulator) current() *wechattest.Platform {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.platform
}

// secret returns the current AppSecret.
func (s *simulator) secret() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.platform.AppSecret
}

// resetSecret gives the account a new AppSecret.
func (s *simulator) resetSecret() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.platform.ResetAppSecret()
}

// reset replaces the platform with a new one in its initial state, and cancels the
// pushes of the old one.
func (s *simulator) reset() error {
	fresh, err := s.set.newPlatform()
	if err != nil {
		return err
	}
	s.mu.Lock()
	old := s.platform
	fresh.OriginalID, fresh.OperatorID = old.OriginalID, old.OperatorID
	s.platform = fresh
	s.mu.Unlock()
	old.Close()
	return nil
}
