package wechattest

import (
	"bytes"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/wechatoa/wechat"
)

// Fault is a failure of a call. The zero value changes nothing.
type Fault struct {
	// Name describes the fault, for the names of tests. It has no effect.
	Name string

	// Times is the number of calls that fail. 0 means one, and a negative number means
	// all.
	Times int

	// Executed makes the call take effect before it fails, so that its caller cannot know
	// the outcome. By default, a call that fails has no effect. A fault that corrupts the
	// real response (Truncated, Drip, ControlBytes) always executes the call, unless Code
	// or Body replaces the response.
	Executed bool

	// Delay is the time before the response.
	Delay time.Duration

	Code         wechat.Code // errcode of the response
	CodeAsString bool        // the errcode is a string instead of a number
	Status       int         // HTTP status of the response
	Header       http.Header // added to the response
	Body         []byte      // replaces the response

	Drop         bool          // the connection closes without a response
	Hang         bool          // no response arrives until the caller gives up
	Truncated    bool          // the connection closes in the middle of the response
	Drip         time.Duration // pause between the bytes of the response
	ControlBytes bool          // strings of the response contain raw control bytes
}

// Faults returns one fault of each kind, for one call each, so that a test can try them
// all. Faults that hang or drip need a caller with a deadline.
func Faults() []Fault {
	html := http.Header{"Content-Type": {"text/html"}}
	page := []byte("<html><body><center><h1>502 Bad Gateway</h1></center></body></html>")
	return []Fault{
		{Name: "system busy", Code: wechat.ErrSystemBusy},
		{Name: "system busy after execution", Code: wechat.ErrSystemBusy, Executed: true},
		{Name: "token refused", Code: wechat.ErrInvalidCredential},
		{Name: "day quota", Code: wechat.ErrDailyQuota},
		{Name: "minute quota", Code: wechat.ErrMinuteQuota},
		{Name: "errcode as a string", Code: wechat.ErrUnauthorizedAPI, CodeAsString: true},
		{Name: "dropped before execution", Drop: true},
		{Name: "dropped after execution", Drop: true, Executed: true},
		{Name: "hangs before execution", Hang: true},
		{Name: "hangs after execution", Hang: true, Executed: true},
		{Name: "502 with a page", Status: http.StatusBadGateway, Header: html, Body: page},
		{Name: "502 after execution", Status: http.StatusBadGateway, Header: html, Body: page, Executed: true},
		{Name: "503 without a body", Status: http.StatusServiceUnavailable, Body: []byte{}},
		{Name: "429", Status: http.StatusTooManyRequests, Body: []byte{}},
		{Name: "412", Status: http.StatusPreconditionFailed, Header: html, Body: []byte(preconditionFailed)},
		{Name: "500 with an errcode", Status: http.StatusInternalServerError, Code: wechat.ErrSystemBusy},
		{Name: "200 with a page", Header: html, Body: page},
		{Name: "200 without a body", Body: []byte{}, Executed: true},
		{Name: "truncated", Truncated: true, Executed: true},
		{Name: "half a JSON document", Body: []byte(`{"errcode":0,"errm`), Executed: true},
		{Name: "control bytes", ControlBytes: true, Executed: true},
		{Name: "redirect", Status: http.StatusFound, Header: http.Header{"Location": {"https://example.com/elsewhere"}}, Body: []byte{}},
		{Name: "dripping", Drip: time.Second, Executed: true},
	}
}

// FailNext makes the next call to a path fail with a code, without executing it. An empty
// path means any path.
func (p *Platform) FailNext(path string, code wechat.Code) { p.InjectFault(path, Fault{Code: code}) }

// InjectFault applies a fault to the next calls to a path. An empty path means any path.
// Faults for the same path apply in the order in which they were injected. To make the
// third call fail, inject Fault{Times: 2}, which changes nothing, and then the fault.
func (p *Platform) InjectFault(path string, f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	p.name(path, "a fault")
	p.lastFault++
	p.pending = append(p.pending, &planned{Fault: f, path: path, id: p.lastFault})
}

// PendingFault is a fault that waits for its calls.
type PendingFault struct {
	ID   int64
	Path string // of the API; empty for any
	Fault
}

// PendingFaults returns the faults that have not been applied yet, in the order in which
// they were injected. [Fault.Times] is the number of calls that they wait for.
func (p *Platform) PendingFaults() []PendingFault {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]PendingFault, len(p.pending))
	for i, f := range p.pending {
		list[i] = PendingFault{ID: f.id, Path: f.path, Fault: f.Fault}
	}
	return list
}

// RemoveFault removes the pending fault with an ID. It reports whether there was one.
func (p *Platform) RemoveFault(id int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := len(p.pending)
	p.pending = slices.DeleteFunc(p.pending, func(f *planned) bool { return f.id == id })
	return len(p.pending) < before
}

// ClearFaults removes all faults that have not been applied yet.
func (p *Platform) ClearFaults() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending = nil
}

// planned is a fault that waits for its calls. A nil fault changes nothing.
type planned struct {
	Fault

	path string
	id   int64
}

// takeFault returns the fault of a call, or nil.
func (p *Platform) takeFault(c *call) *planned {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, f := range p.pending {
		if f.path != "" && f.path != c.Path {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				p.pending = append(p.pending[:i:i], p.pending[i+1:]...)
			}
		}
		hit := *f
		return &hit
	}
	return nil
}

// before reports whether the fault prevents the execution of the call.
func (f *planned) before() bool {
	if f == nil || f.Executed {
		return false
	}
	if f.Code != 0 || f.Body != nil || f.Drop || f.Hang {
		return true
	}
	return f.Status != 0
}

// wait delays the response. A fault that hangs waits until the caller gives up.
func (f *planned) wait(p *Platform, r *http.Request) {
	var elapsed <-chan time.Time
	if !f.Hang {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		elapsed = timer.C
	}
	select {
	case <-elapsed:
	case <-r.Context().Done():
	case <-p.base.Done():
	}
}

// answer applies the fault to the real response, which is nil if the call was not
// executed. It returns nil if no response is sent.
func (f *planned) answer(p *Platform, c *call, a *answer) *answer {
	if f.Drop || f.Hang {
		return nil
	}
	if a == nil {
		a = &answer{status: http.StatusOK, header: http.Header{}}
	}
	changed := *a
	changed.header = a.header.Clone()
	if f.Code != 0 {
		changed = *p.refused(c, &refusal{code: f.Code})
		if f.CodeAsString {
			number := []byte(`"errcode":` + strconv.Itoa(int(f.Code)))
			changed.body = bytes.Replace(changed.body, number, []byte(`"errcode":"`+strconv.Itoa(int(f.Code))+`"`), 1)
		}
	}
	if f.Body != nil {
		changed.body, changed.code = f.Body, 0
	}
	if f.ControlBytes {
		changed.body = withControlBytes(changed.body)
	}
	if f.Status != 0 {
		changed.status = f.Status
	}
	maps.Copy(changed.header, f.Header)
	return &changed
}

var jsonText = regexp.MustCompile(`":\s*"[^"\\]`)

// withControlBytes inserts control bytes at the beginning of the strings of a JSON
// document, as they occur in nicknames.
func withControlBytes(body []byte) []byte {
	return jsonText.ReplaceAllFunc(body, func(m []byte) []byte {
		return append(append(bytes.Clone(m[:len(m)-1]), "\x07\x14\b\n"...), m[len(m)-1])
	})
}

// send writes a response.
func (f *planned) send(w http.ResponseWriter, r *http.Request, a *answer) {
	if a == nil {
		panic(http.ErrAbortHandler) // closes the connection
	}
	header := w.Header()
	maps.Copy(header, a.header)
	header.Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	switch {
	case f != nil && f.Truncated:
		_, _ = w.Write(a.body[:len(a.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case f != nil && f.Drip > 0:
		f.drip(w, r, a.body)
	default:
		_, _ = w.Write(a.body)
	}
}

func (f *planned) drip(w http.ResponseWriter, r *http.Request, body []byte) {
	flusher := http.NewResponseController(w)
	for i := range body {
		timer := time.NewTimer(f.Drip)
		select {
		case <-timer.C:
		case <-r.Context().Done():
			timer.Stop()
			return
		}
		if _, err := w.Write(body[i : i+1]); err != nil {
			return
		}
		_ = flusher.Flush()
	}
}
