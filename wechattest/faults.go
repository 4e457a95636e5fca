package wechattest

import (
	"bytes"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/wechatoa/wechat"
)

// Fault is something that goes wrong with a call. Its zero value refuses nothing
// and breaks nothing.
type Fault struct {
	// Name says what the fault is, for the names of tests. It has no effect.
	Name string

	// Times is how many calls the fault hits: 0 is one, a negative number all.
	Times int

	// Executed: the platform does what the call asks before things go wrong, so that
	// the caller can not know. Otherwise it does not. Faults that garble the true
	// answer (Truncated, Drip, ControlBytes) are always of this kind, unless Code or
	// Body give them an answer.
	Executed bool

	// Delay passes before the answer.
	Delay time.Duration

	Code         wechat.Code // the answer refuses with this errcode
	CodeAsString bool        // and words it as a string
	Status       int         // HTTP status of the answer
	Header       http.Header // of the answer
	Body         []byte      // the answer, in place of the true one

	Drop         bool          // the connection is closed without an answer
	Hang         bool          // no answer comes until the caller gives up
	Truncated    bool          // the connection is closed in the middle of the answer
	Drip         time.Duration // passes between any two bytes of the answer
	ControlBytes bool          // strings of the answer hold raw control bytes
}

// Faults returns one fault of every kind, each for one call, for tests that show
// what a program does under all of them. Those that hang or drip need a caller with
// a deadline.
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
		{Name: "412", Status: http.StatusPreconditionFailed, Header: html, Body: page},
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

// FailNext refuses the next call of a path with a code, without executing it. ""
// is any path.
func (p *Platform) FailNext(path string, code wechat.Code) { p.InjectFault(path, Fault{Code: code}) }

// InjectFault makes the next calls of a path go wrong, "" for any path. Faults of a path
// play one after the other, in the order in which they were asked for.
func (p *Platform) InjectFault(path string, f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	p.pending = append(p.pending, &planned{Fault: f, path: path})
}

// ClearFaults takes back all faults that have not happened yet.
func (p *Platform) ClearFaults() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending = nil
}

// planned is a fault that waits for its calls. A nil one breaks nothing.
type planned struct {
	Fault

	path string
}

// takeFault returns what goes wrong with a call, or nil.
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

// before reports whether the fault strikes before the call is executed.
func (f *planned) before() bool {
	if f == nil || f.Executed {
		return false
	}
	if f.Code != 0 || f.Body != nil || f.Drop || f.Hang {
		return true
	}
	return f.Status != 0
}

// wait lets the time pass that the fault takes, and does not return from a hang
// before the caller gives up.
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

// answer makes the answer that the fault leaves of the true one, which is nil where
// the call was not executed. No answer goes out where it returns nil.
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

// withControlBytes puts control bytes at the beginning of the strings of a JSON
// document, as they were seen in nicknames.
func withControlBytes(body []byte) []byte {
	return jsonText.ReplaceAllFunc(body, func(m []byte) []byte {
		return append(append(bytes.Clone(m[:len(m)-1]), "\x07\x14\b\n"...), m[len(m)-1])
	})
}

// send writes an answer.
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
