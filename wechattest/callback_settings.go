package wechattest

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"

	"github.com/wechatoa/wechat/internal/msgcrypt"
)

// CallbackSettings are the settings of the callback, as the console shows them
// (服务器配置).
type CallbackSettings struct {
	// URL receives the pushes (服务器地址). It is empty if there is no callback, or if
	// a handler of [Platform.SetCallback] receives them.
	URL string

	Token          string       // 3 to 32 letters and digits (令牌)
	EncodingAESKey string       // 43 letters and digits (消息加解密密钥)
	Mode           CallbackMode // encryption (消息加解密方式)
	JSON           bool         // pushes and replies are JSON, not XML (数据格式)
}

// callbackSettings are validated settings. They are immutable and replaced as a whole,
// so that a push ends with the settings that it began with.
type callbackSettings struct {
	CallbackSettings

	key msgcrypt.Key
}

// newCallbackSettings returns settings whose key is valid.
func newCallbackSettings(s CallbackSettings) *callbackSettings {
	key, _ := msgcrypt.ParseKey(s.EncodingAESKey)
	return &callbackSettings{CallbackSettings: s, key: key}
}

// CallbackSettings returns the settings of the callback. To change some of them, modify
// the result and pass it to [Platform.SetCallbackSettings].
func (p *Platform) CallbackSettings() CallbackSettings {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.settings.CallbackSettings
	if p.configured() && p.address != callbackHost {
		s.URL = p.address
	}
	return s
}

// SetCallbackSettings replaces the settings of the callback. Pushes in flight keep the old
// ones. If the URL is empty, pushes to a URL stop, but a handler set by
// [Platform.SetCallback] stays. Call [Platform.VerifyURL] to check that the callback uses
// the same settings.
//
// It returns an error and changes nothing if the console would refuse the settings.
func (p *Platform) SetCallbackSettings(s CallbackSettings) error {
	if err := s.check(); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case s.URL != "":
		p.setAddress(s.URL)
	case p.address != callbackHost:
		p.handler = nil
	}
	s.URL = ""
	p.settings = newCallbackSettings(s)
	p.Token, p.EncodingAESKey = s.Token, s.EncodingAESKey
	return nil
}

var callbackToken = regexp.MustCompile(`^[A-Za-z0-9]{3,32}$`)

func (s CallbackSettings) check() error {
	if s.URL != "" {
		u, err := url.Parse(s.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Fragment != "" {
			return errors.New("wechattest: the URL of the callback must be an http or https URL")
		}
	}
	if !callbackToken.MatchString(s.Token) {
		return errors.New("wechattest: the Token of the callback must be 3 to 32 letters and digits")
	}
	if _, err := msgcrypt.ParseKey(s.EncodingAESKey); err != nil {
		return errors.New("wechattest: the EncodingAESKey of the callback must be 43 letters and digits")
	}
	switch s.Mode {
	case CallbackModePlain, CallbackModeCompatible, CallbackModeSafe:
		return nil
	}
	return fmt.Errorf("wechattest: the mode of the callback must be a CallbackMode constant, but is %d", s.Mode)
}

// callbackSettings returns the current settings.
func (p *Platform) callbackSettings() *callbackSettings {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.settings
}
