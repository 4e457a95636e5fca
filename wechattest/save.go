package wechattest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wechatoa/wechat/internal/atomicfile"
)

var (
	// ErrDamagedState reports that a document is not the complete, unmodified state of a
	// platform.
	ErrDamagedState = errors.New("wechattest: damaged state")

	// ErrStateVersion reports that another version of this package saved the state.
	ErrStateVersion = errors.New("wechattest: state of another version")
)

const (
	stateFormat  = "wechattest state"
	stateVersion = 2 // changes whenever the fields in save_state.go do
)

// savedState is the document. The digest is that of the compact state.
type savedState struct {
	Format  string          `json:"format"`
	Version int             `json:"version"`
	SHA256  string          `json:"sha256"`
	State   json.RawMessage `json:"state"`
}

// SaveState writes the state of the platform as a JSON document: the account, its callback
// settings, tokens, quotas, users with everything that they received, and whatever was
// created through the API, including the files. Of the pushes, it contains the last
// 1,000 reports. Two platforms in the same state write the same document.
//
// The document contains the AppSecret, the callback credentials and all tokens. It does not
// contain options, functions of [Platform.Handle], a handler of [Platform.SetCallback],
// faults, the keys of API security, or [Platform.Calls]. A job in progress is saved as it
// is and does not continue elsewhere; call [Platform.Wait] first to save its outcome.
func (p *Platform) SaveState(w io.Writer) error {
	var state bytes.Buffer
	p.mu.Lock()
	err := p.fields().save(&state)
	p.mu.Unlock()
	if err != nil {
		return fmt.Errorf("wechattest: the state cannot be saved: %w", err)
	}
	document, err := encode(savedState{Format: stateFormat, Version: stateVersion, SHA256: digest(state.Bytes()), State: state.Bytes()})
	if err != nil {
		return fmt.Errorf("wechattest: the state cannot be saved: %w", err)
	}
	_, err = w.Write(append(document, '\n'))
	return err
}

// RestoreState replaces the state of the platform with one from [Platform.SaveState]. Call
// it before the platform is used: clients, calls and pushes in progress, and each
// [Follower] belong to the state that it replaces. A handler of [Platform.SetCallback]
// stays, unless the restored callback has a URL.
//
// If it returns an error, the platform has not changed. The error is [ErrDamagedState] or
// [ErrStateVersion], or an error of the reader.
func (p *Platform) RestoreState(r io.Reader) error {
	document, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	state, err := openState(document)
	if err != nil {
		return err
	}
	saved := &Platform{set: p.set}
	saved.init(p.set.testAccount)
	if err := saved.fields().restore(state); err != nil {
		return fmt.Errorf("%w: %w", ErrDamagedState, err)
	}
	if err := saved.link(); err != nil {
		return fmt.Errorf("%w: %w", ErrDamagedState, err)
	}
	p.replaceState(saved)
	return nil
}

// openState returns the state in a document.
func openState(document []byte) ([]byte, error) {
	var in savedState
	if err := json.Unmarshal(document, &in); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamagedState, err)
	}
	switch {
	case in.Format != stateFormat:
		return nil, fmt.Errorf("%w: the document is not the state of a platform", ErrDamagedState)
	case in.Version != stateVersion:
		return nil, fmt.Errorf("%w: the document has version %d, this package reads version %d", ErrStateVersion, in.Version, stateVersion)
	}
	var state bytes.Buffer
	if err := json.Compact(&state, in.State); err != nil || digest(state.Bytes()) != in.SHA256 {
		return nil, fmt.Errorf("%w: the digest does not match", ErrDamagedState)
	}
	return state.Bytes(), nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// replaceState takes over the state of another platform, which is not used afterwards.
func (p *Platform) replaceState(saved *Platform) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.AppID, p.AppSecret, p.Token, p.EncodingAESKey = saved.AppID, saved.AppSecret, saved.settings.Token, saved.settings.EncodingAESKey
	p.OriginalID, p.OperatorID = saved.OriginalID, saved.OperatorID
	p.state = saved.state
	for _, f := range p.order {
		f.p = p
	}
	p.settings, p.failures, p.pausedUntil, p.reports, p.lastReport = saved.settings, saved.failures, saved.pausedUntil, saved.reports, saved.lastReport
	p.ahead.Store(saved.ahead.Load())
	switch {
	case saved.address != "":
		p.setAddress(saved.address)
	case p.address != callbackHost:
		p.handler, p.address = nil, ""
	}
	if p.secured != nil {
		p.secured.platform.AppID = p.AppID
	}
}

// SaveStateFile saves the state to a file, which it creates or replaces as a whole. Only
// its owner can read the file (mode 0600); see [Platform.SaveState] for the secrets in it.
func (p *Platform) SaveStateFile(name string) error {
	var document bytes.Buffer
	if err := p.SaveState(&document); err != nil {
		return err
	}
	return atomicfile.Write(name, document.Bytes())
}

// RestoreStateFile restores the state from a file; see [Platform.RestoreState]. The error
// matches [fs.ErrNotExist] if there is no such file.
func (p *Platform) RestoreStateFile(name string) error {
	f, err := os.Open(name) //nolint:gosec // the caller names the file
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return p.RestoreState(f)
}
