package main

import (
	"context"
	"crypto/rand"
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
	addr        string
	mayMove     bool   // to the next free port
	allowRemote bool   // on other machines: clients, and the callback
	password    string // empty if the simulator is only reachable on this machine
	caFile      string
	stateFile   string
	upstream    string
	record      string
	compare     string
	given       map[string]bool // the flags that were set
	demo        bool

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
	stream   *stream
	journal  *journal
	cleanUp  func()
	closing  chan struct{} // closed by Close
	closed   sync.Once
	closeErr error // of Close
	demo     *demo // nil without -demo
	notice   string

	set settings // complete, with the random values

	mu       sync.Mutex
	platform *wechattest.Platform // replaced by a reset
	verified *verification        // of the settings of the callback, or nil
}

// newSimulator returns a simulator that listens but does not serve yet.
func newSimulator(ctx context.Context, set settings, log *slog.Logger) (*simulator, error) {
	set = complete(set)
	s := &simulator{set: set, cleanUp: func() {}, stream: newStream(), closing: make(chan struct{})}
	var err error
	if err := s.mayReach(ctx, set.callback.URL); err != nil {
		return nil, fmt.Errorf("-callback: %w", err)
	}
	if s.platform, err = set.newPlatform(); err != nil {
		return nil, err
	}
	var saved []byte
	if set.stateFile != "" {
		if saved, err = readState(set.stateFile); err != nil {
			return nil, fmt.Errorf("-state: %w", err)
		}
		if s.set, err = set.restoreState(s.platform, saved); err != nil {
			return nil, err
		}
		if err := s.mayReach(ctx, s.set.callback.URL); err != nil {
			return nil, fmt.Errorf("the callback in the file of -state: %w", err)
		}
	}
	issuer, err := newAuthority()
	if err != nil {
		return nil, err
	}
	if s.listener, s.notice, err = listen(ctx, set.addr, set.allowRemote, set.mayMove); err != nil {
		return nil, err
	}
	s.url = "http://" + reachable(s.listener.Addr().String())
	if err := s.writeCertificate(issuer); err != nil {
		_ = s.listener.Close()
		s.cleanUp()
		return nil, fmt.Errorf("cannot write the certificate: %w", err)
	}
	if err := s.begin(ctx, saved, log); err != nil {
		_ = s.listener.Close()
		s.cleanUp()
		return nil, err
	}
	s.control = newControl(s)
	if s.upstream != nil {
		s.control = http.HandlerFunc(noControl)
	}
	s.proxy = newProxy(http.HandlerFunc(s.servePlatform), issuer, log)
	s.server = &http.Server{
		Handler: s, ReadHeaderTimeout: headerTimeout, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	return s, nil
}

// begin starts what works beside the listener. saved is the content of the state file, or
// nil.
func (s *simulator) begin(ctx context.Context, saved []byte, log *slog.Logger) (err error) {
	s.journal = newJournal(s.stream, s.set.pushTimeout)
	s.journal.warner = newWarner(log)
	s.journal.watch(s.platform)
	if s.set.demo {
		if err := s.startDemo(ctx, log); err != nil {
			return err
		}
	}
	if s.set.upstream != "" {
		if s.upstream, err = newUpstream(s.set.upstream, s.set.record, log); err != nil {
			return err
		}
	}
	if s.set.stateFile != "" {
		if s.state, err = newStateSaver(s.set.stateFile, saved, s.current, log); err != nil {
			s.abandon()
		}
	}
	return err
}

// abandon ends what begin has started.
func (s *simulator) abandon() {
	if s.demo != nil {
		s.demo.Close()
	}
	if s.upstream != nil {
		_ = s.upstream.Close()
	}
}

// startDemo makes the demo program the callback, also after a reset.
func (s *simulator) startDemo(ctx context.Context, log *slog.Logger) error {
	var err error
	if s.demo, err = newDemo(ctx, s, log); err != nil {
		return err
	}
	s.set.callback.URL = s.demo.url()
	s.demo.furnish(s.platform)
	return s.platform.SetCallbackSettings(s.set.callback)
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
	if set.allowRemote && set.password == "" {
		set.password = rand.Text()
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
	var running sync.WaitGroup
	running.Go(func() { _ = s.proxy.serve() }) // returns after Close
	if s.demo != nil {
		running.Go(s.demo.serve)
		running.Go(s.beginDemo)
	}
	err := s.server.Serve(s.listener)
	_ = s.proxy.Close()
	running.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// beginDemo verifies the callback of the demo program and lets the program begin.
func (s *simulator) beginDemo() {
	p := s.current()
	err := s.refusal(p.VerifyURL(s.demo.base))
	if err == nil {
		s.noteVerification(p, &verification{Verified: true, At: p.Now()})
		err = s.demo.begin(s.demo.base)
	}
	if err != nil && s.demo.base.Err() == nil {
		s.demo.log.Error("the demo program cannot begin", "error", err)
	}
}

// Close stops the simulator and everything in progress. It returns an error if the state
// or the recording could not be saved.
func (s *simulator) Close() error {
	s.closed.Do(func() { s.closeErr = s.close() })
	return s.closeErr
}

func (s *simulator) close() error {
	close(s.closing)
	if s.demo != nil {
		s.demo.Close()
	}
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
	s.platform, s.verified = fresh, nil
	s.journal.watch(fresh)
	s.mu.Unlock()
	old.Close()
	if s.demo != nil {
		s.demo.furnish(fresh)
		s.beginDemo()
	}
	return nil
}
