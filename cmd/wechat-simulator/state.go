package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/wechatoa/wechat/internal/atomicfile"
	"github.com/wechatoa/wechat/wechattest"
)

// saveInterval is the time between two looks at whether the state has changed.
const saveInterval = 5 * time.Second

// restoreState restores the state file, if it exists, and returns the settings of the
// restored platform. The account is that of the file; flags for the callback win over it.
func (set settings) restoreState(p *wechattest.Platform) (settings, error) {
	err := p.RestoreStateFile(set.stateFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return set, nil
	case err != nil:
		return set, fmt.Errorf("-state: %s was left as it is: %w", set.stateFile, err)
	case set.given["appid"] && set.appID != p.AppID:
		return set, fmt.Errorf("-appid: the account in %s is %s", set.stateFile, p.AppID)
	case set.given["secret"] && set.appSecret != p.AppSecret:
		return set, fmt.Errorf("-secret: the account in %s has another one", set.stateFile)
	}
	callback := p.CallbackSettings()
	for name, choose := range map[string]func(){
		"callback": func() { callback.URL = set.callback.URL },
		"token":    func() { callback.Token = set.callback.Token },
		"aes-key":  func() { callback.EncodingAESKey = set.callback.EncodingAESKey },
		"mode":     func() { callback.Mode = set.callback.Mode },
		"json":     func() { callback.JSON = set.callback.JSON },
	} {
		if set.given[name] {
			choose()
		}
	}
	set.appID, set.appSecret, set.callback = p.AppID, p.AppSecret, callback
	return set, p.SetCallbackSettings(callback)
}

// stateSaver saves the state of a platform to a file while it changes.
type stateSaver struct {
	file     string
	platform func() *wechattest.Platform
	log      *slog.Logger

	stop, stopped chan struct{}

	mu    sync.Mutex
	saved [sha256.Size]byte // digest of the file
}

// newStateSaver saves the state and starts to watch it. The first save shows whether the
// file can be written.
func newStateSaver(file string, platform func() *wechattest.Platform, log *slog.Logger) (*stateSaver, error) {
	s := &stateSaver{file: file, platform: platform, log: log, stop: make(chan struct{}), stopped: make(chan struct{})}
	if err := s.save(); err != nil {
		return nil, fmt.Errorf("-state: %w", err)
	}
	go s.watch()
	return s, nil
}

func (s *stateSaver) watch() {
	defer close(s.stopped)
	ticker := time.NewTicker(saveInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if err := s.save(); err != nil {
				s.log.Error("the state was not saved", "err", err)
			}
		case <-s.stop:
			return
		}
	}
}

// save writes the file if the state has changed.
func (s *stateSaver) save() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var document bytes.Buffer
	if err := s.platform().SaveState(&document); err != nil {
		return err
	}
	digest := sha256.Sum256(document.Bytes())
	if digest == s.saved {
		return nil
	}
	if err := atomicfile.Write(s.file, document.Bytes()); err != nil {
		return err
	}
	s.saved = digest
	return nil
}

// Close saves the state for the last time.
func (s *stateSaver) Close() error {
	close(s.stop)
	<-s.stopped
	return s.save()
}
