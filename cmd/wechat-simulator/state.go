package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/wechatoa/wechat/internal/atomicfile"
	"github.com/wechatoa/wechat/wechattest"
)

// saveInterval is the time between two looks at whether the state has changed.
const saveInterval = 5 * time.Second

// restoreState restores the state in a document and returns the settings of the restored
// platform. The account is that of the file; flags for the callback win over it.
func (set settings) restoreState(p *wechattest.Platform, document []byte) (settings, error) {
	switch {
	case document == nil:
		return set, nil
	case len(document) == 0:
		return set, fmt.Errorf("-state: %s is empty; remove it to start with a new state", set.stateFile)
	}
	err := p.RestoreState(bytes.NewReader(document))
	switch {
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

// readState returns the content of a state file, or nil if it does not exist.
func readState(file string) ([]byte, error) {
	document, err := os.ReadFile(file) //nolint:gosec // the user names the file
	if !errors.Is(err, fs.ErrNotExist) {
		return document, err
	}
	dir := filepath.Dir(file)
	if _, err := os.Stat(dir); err != nil { //nolint:gosec // the user names the file
		return nil, fmt.Errorf("the directory %s does not exist", dir)
	}
	return nil, nil
}

// stateSaver saves the state of a platform to a file while it changes.
type stateSaver struct {
	file     string
	platform func() *wechattest.Platform
	log      *slog.Logger

	stop, stopped chan struct{}

	mu    sync.Mutex
	known []byte // content of the file that the state came from or was saved as, or nil
	saved bool
}

// newStateSaver saves the state and starts to watch it. known is the content of the file, or
// nil if there is none. The first save shows whether the file can be written.
func newStateSaver(file string, known []byte, platform func() *wechattest.Platform, log *slog.Logger) (*stateSaver, error) {
	s := &stateSaver{file: file, known: known, platform: platform, log: log, stop: make(chan struct{}), stopped: make(chan struct{})}
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

// save writes the file if the state has changed. If somebody else has changed the file, it is
// left as it is, and the state is saved beside it from then on: both are complete.
func (s *stateSaver) save() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var document bytes.Buffer
	if err := s.platform().SaveState(&document); err != nil {
		return err
	}
	if s.saved && bytes.Equal(document.Bytes(), s.known) {
		return nil
	}
	if err := s.yield(); err != nil {
		return err
	}
	if err := atomicfile.Write(s.file, document.Bytes()); err != nil {
		return err
	}
	s.known, s.saved = document.Bytes(), true
	return nil
}

// yield continues in a new file if the content of the file is not what is known.
func (s *stateSaver) yield() error {
	found, err := readState(s.file)
	if err != nil || found == nil || bytes.Equal(found, s.known) {
		return err
	}
	beside, err := os.CreateTemp(filepath.Dir(s.file), filepath.Base(s.file)+".conflict-*")
	if err != nil {
		return err
	}
	s.log.Error("another program has changed the file of -state: it stays as it is, and the state is saved in another file from now on",
		"file", s.file, "saved_in", beside.Name())
	s.file = beside.Name()
	return beside.Close()
}

// Close saves the state for the last time.
func (s *stateSaver) Close() error {
	close(s.stop)
	<-s.stopped
	return s.save()
}
