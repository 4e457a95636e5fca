package wechattest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/wechatoa/wechat/internal/recording"
)

// Recording answers calls as the real platform did while wechat-simulator recorded them
// (-upstream). It is an [http.Handler], and it is safe for concurrent use.
//
// A response belongs to the request with the same method, path, query and body; equal
// requests are answered in the recorded order. Secrets, openids and other identifiers of
// the platform are placeholders in a recording, such as "redacted-openid-1". A request may
// contain the placeholders of earlier responses, or identifiers of its own, which match any
// placeholder. Calls that fetch tokens always succeed. The content of files is not
// recorded: downloads have the recorded type and size, and are filled with zeros.
type Recording struct {
	mu   sync.Mutex
	all  []*recorded
	errs []error
}

// recorded is an exchange with the keys of its request.
type recorded struct {
	*recording.Exchange

	exact, loose string
	answered     bool
}

// ErrDamagedRecording reports a file that is not a recording of wechat-simulator.
var ErrDamagedRecording = errors.New("wechattest: damaged recording")

// UnrecordedCallError reports a call to which a [Recording] has no response.
type UnrecordedCallError struct {
	Method string
	Path   string

	// SamePath is the number of recorded calls with this method and path. If it is not 0,
	// they have another query or body, or all of them have been answered already.
	SamePath int

	// SameRequest is the number of recorded calls that equal this one. If it is not 0, all
	// of them have been answered already.
	SameRequest int
}

// Error implements error.
func (e *UnrecordedCallError) Error() string {
	text := "wechattest: the call " + e.Method + " " + e.Path + " was not recorded"
	switch {
	case e.SameRequest > 0:
		return text + " again: it was recorded " + strconv.Itoa(e.SameRequest) + " times"
	case e.SamePath > 0:
		return text + " with this query and body"
	}
	return text
}

// Replay reads a recording. It returns [ErrDamagedRecording] if the file is not one.
func Replay(file string) (*Recording, error) {
	f, err := os.Open(file) //nolint:gosec // the caller names the file
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	all, err := recording.Read(f)
	switch {
	case errors.Is(err, recording.ErrFormat):
		return nil, fmt.Errorf("%w: %s: %w", ErrDamagedRecording, file, err)
	case err != nil:
		return nil, err
	}
	r := &Recording{}
	for _, e := range all {
		r.all = append(r.all, &recorded{Exchange: e, exact: e.Key(true), loose: e.Key(false)})
	}
	return r, nil
}

// Unanswered returns the recorded calls that have not been made, such as
// "POST /cgi-bin/menu/create".
func (r *Recording) Unanswered() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, e := range r.all {
		if !e.answered {
			list = append(list, e.Method+" "+e.Path)
		}
	}
	return list
}

// Err returns the errors of all calls that were not recorded, each an
// [UnrecordedCallError], or nil.
func (r *Recording) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.errs...)
}

// HTTPClient returns a client that sends every request to the recording in process,
// whatever its host. A call that was not recorded fails with an [UnrecordedCallError].
func (r *Recording) HTTPClient() *http.Client {
	return &http.Client{Transport: replayTransport{r}, CheckRedirect: keepRedirect}
}

// ServeHTTP answers a call. A call that was not recorded has status 501 and the text of an
// [UnrecordedCallError].
func (r *Recording) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	e, err := r.take(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotImplemented)
		return
	}
	header, body, size := replayed(e)
	maps.Copy(w.Header(), header)
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	w.WriteHeader(e.Status)
	_, _ = io.Copy(w, body)
}

// replayTransport answers requests in process.
type replayTransport struct{ recording *Recording }

func (t replayTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	e, err := t.recording.take(req)
	if req.Body != nil {
		_ = req.Body.Close()
	}
	if err != nil {
		return nil, err
	}
	header, body, size := replayed(e)
	return &http.Response{
		Status: strconv.Itoa(e.Status) + " " + http.StatusText(e.Status), StatusCode: e.Status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(body), ContentLength: size, Request: req,
	}, nil
}

// take returns the response to a request and marks it as answered.
func (r *Recording) take(req *http.Request) (*recording.Exchange, error) {
	var body recording.Capture
	if req.Body != nil {
		if _, err := io.Copy(&body, req.Body); err != nil {
			return nil, err
		}
	}
	asked := recording.NewMatcher().Request(req.Method, req.URL, req.Header.Get("Content-Type"), &body)
	exact, loose := asked.Key(true), asked.Key(false)
	r.mu.Lock()
	defer r.mu.Unlock()
	missing := &UnrecordedCallError{Method: asked.Method, Path: asked.Path}
	var found *recorded
	for _, e := range r.all {
		if e.Method == asked.Method && e.Path == asked.Path {
			missing.SamePath++
		}
		if e.loose != loose {
			continue
		}
		missing.SameRequest++
		if !e.answered && (found == nil || e.exact == exact && found.exact != exact) {
			found = e
		}
	}
	switch {
	case found != nil:
		found.answered = true
		return found.Exchange, nil
	case asked.Path == classicPath, asked.Path == stablePath:
		return replayedToken(), nil
	}
	r.errs = append(r.errs, missing)
	return nil, missing
}

// replayedToken is the response to a token request that was not recorded, because the
// program that was recorded had a token already.
func replayedToken() *recording.Exchange {
	return &recording.Exchange{Status: http.StatusOK, Response: &recording.Body{
		Type: "application/json", JSON: []byte(`{"access_token":"redacted-token-0","expires_in":7200}`),
	}}
}

// replayed returns the response of an exchange.
func replayed(e *recording.Exchange) (header http.Header, body io.Reader, size int64) {
	header = http.Header{}
	switch b := e.Response; {
	case b == nil:
		return header, http.NoBody, 0
	case b.JSON != nil:
		header.Set("Content-Type", b.Type)
		return header, bytes.NewReader(b.JSON), int64(len(b.JSON))
	case b.Text != "":
		header.Set("Content-Type", b.Type)
		return header, strings.NewReader(b.Text), int64(len(b.Text))
	default:
		header.Set("Content-Type", b.Type)
		return header, io.LimitReader(zeros{}, b.Size), b.Size
	}
}

// zeros is the content of files.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
