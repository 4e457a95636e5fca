package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wechatoa/wechat/wechattest"
)

// callbackJSON are the settings of the callback. A request changes only those it
// contains.
type callbackJSON struct {
	URL            *string `json:"url,omitempty"`
	Token          *string `json:"token,omitempty"`
	EncodingAESKey *string `json:"aes_key,omitempty"`
	Mode           *mode   `json:"mode,omitempty"`
	JSON           *bool   `json:"json,omitempty"`

	// Verify, in a request, keeps the old settings unless the callback accepts the new
	// ones, as the console does.
	Verify bool `json:"verify,omitempty"`
	// PushesPaused, in a response, reports whether pushes are paused after failures.
	PushesPaused *bool `json:"pushes_paused,omitempty"`
	// Status, in a response, is the last verification of the settings, if there was one.
	Status *verification `json:"status,omitempty"`
}

// verification is the outcome of a verification of the callback.
type verification struct {
	Verified bool      `json:"verified"`
	Reason   *note     `json:"reason,omitempty"`
	At       time.Time `json:"at"`
}

func (s *simulator) getCallback(*http.Request) (any, error) { return s.callbackState(s.current()), nil }

func (s *simulator) callbackState(p *wechattest.Platform) callbackJSON {
	c, paused := p.CallbackSettings(), p.PushesPaused()
	s.mu.Lock()
	defer s.mu.Unlock()
	return callbackJSON{
		URL: &c.URL, Token: &c.Token, EncodingAESKey: &c.EncodingAESKey, Mode: (*mode)(&c.Mode), JSON: &c.JSON, PushesPaused: &paused,
		Status: s.verified,
	}
}

func (s *simulator) patchCallback(r *http.Request) (any, error) {
	var in callbackJSON
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.PushesPaused != nil || in.Status != nil {
		return nil, invalid("pushes_paused and status cannot be set")
	}
	p := s.current()
	after := p.CallbackSettings()
	set(&after.URL, in.URL)
	set(&after.Token, in.Token)
	set(&after.EncodingAESKey, in.EncodingAESKey)
	set(&after.Mode, (*wechattest.CallbackMode)(in.Mode))
	set(&after.JSON, in.JSON)
	if err := s.mayReach(r.Context(), after.URL); err != nil {
		return nil, err
	}
	var outcome *verification
	if in.Verify {
		if s.demo != nil {
			defer s.demo.adopt(after)()
		}
		if err := s.refusal(p.VerifyCallback(r.Context(), after)); err != nil {
			return nil, err
		}
		outcome = &verification{Verified: true, At: p.Now()}
	}
	if err := p.SetCallbackSettings(after); err != nil {
		return nil, s.refusal(err)
	}
	return s.noteVerification(p, outcome), nil
}

// noteVerification records the outcome of a verification and publishes the state.
func (s *simulator) noteVerification(p *wechattest.Platform, v *verification) callbackJSON {
	s.mu.Lock()
	s.verified = v
	s.mu.Unlock()
	state := s.callbackState(p)
	s.stream.publish("callback", map[string]any{"callback": state})
	return state
}

// set sets a value if one is given.
func set[T any](value, given *T) {
	if given != nil {
		*value = *given
	}
}

// verifyCallback verifies the settings that are in use.
func (s *simulator) verifyCallback(r *http.Request) (any, error) {
	p := s.current()
	err := s.refusal(p.VerifyURL(r.Context()))
	v := &verification{Verified: err == nil, At: p.Now()}
	var why *problem
	if errors.As(err, &why) {
		v.Reason = why.reason
	}
	s.noteVerification(p, v)
	return none{}, err
}

// refusal returns the response to settings that the console would not save.
func (s *simulator) refusal(err error) error {
	if err == nil {
		return nil
	}
	text := strings.TrimPrefix(err.Error(), "wechattest: ")
	if why := noteOfError(err, s.set.pushTimeout); why != nil {
		return &problem{status: http.StatusBadGateway, message: text, reason: why}
	}
	return invalid("%s", text)
}

// lookupTimeout is the time for the host of a callback to be resolved.
const lookupTimeout = 3 * time.Second

// mayReach returns an error if the simulator cannot push to a URL, or may not, because it is
// not on this machine: a page or a program could make it call any host in the network.
func (s *simulator) mayReach(ctx context.Context, address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Fragment != "" {
		why := noteOf(reasonURL)
		return &problem{http.StatusBadRequest, strings.ToLower(why.English[:1]) + why.English[1:], &why}
	}
	if s.set.allowRemote {
		return nil
	}
	if host := u.Hostname(); !allLoopback(ctx, host) {
		why := noteOf(reasonNotLoopback)
		return &problem{http.StatusBadRequest, "the callback " + host + " is not on this machine: start with -allow-remote to allow this", &why}
	}
	return nil
}

// allLoopback reports whether all addresses of a host are on the loopback interface.
func allLoopback(ctx context.Context, host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	if host == "localhost" || host == "" { // the empty one is refused with the settings
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	ips, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	for _, ip := range ips {
		if !ip.IP.IsLoopback() {
			return false
		}
	}
	return err == nil
}
