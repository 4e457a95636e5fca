package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

// callSummary is a call in the list.
type callSummary struct {
	ID         int64       `json:"id,string"`
	At         time.Time   `json:"at"`
	Method     string      `json:"method"`
	Path       string      `json:"path"`
	Code       wechat.Code `json:"errcode"`
	Message    string      `json:"errmsg,omitempty"`
	Status     int         `json:"status"`
	DurationMS int64       `json:"duration_ms"`
	RequestID  string      `json:"request_id"`
	Fault      string      `json:"fault,omitempty"`
}

// loggedCall is a call without secrets, with bodies of limited size.
type loggedCall struct {
	callJSON

	id          int64
	message     string // errmsg
	fault       string
	contentType string
	tokenUsed   bool
}

func newLoggedCall(c *wechattest.Call) *loggedCall {
	copied := *c
	copied.Body, copied.Response = truncated(c.Body), truncated(c.Response)
	copied.Query = masked(c.Query)
	entry := &loggedCall{callJSON: callOf(copied), contentType: c.Header.Get("Content-Type"), tokenUsed: c.Token != ""}
	entry.Body, entry.Answer = hideSecrets(c.Path, entry.Body), hideSecrets(c.Path, strings.ToValidUTF8(entry.Answer, "�"))
	if c.Code != 0 {
		var answer struct {
			Message string `json:"errmsg"`
		}
		_ = json.Unmarshal(c.Response, &answer)
		entry.message = answer.Message
	}
	if c.Fault != nil {
		if entry.fault = c.Fault.Name; entry.fault == "" {
			entry.fault = "fault"
		}
	}
	return entry
}

func (c *loggedCall) size() int { return entryBytes + len(c.Body) + len(c.Answer) }

func (c *loggedCall) summary() callSummary {
	return callSummary{
		ID: c.id, At: c.At, Method: c.Method, Path: c.Path, Code: c.Code, Message: c.message, Status: c.Status, DurationMS: c.DurationMS,
		RequestID: c.RequestID, Fault: c.fault,
	}
}

// callDetail is a call with its bodies.
type callDetail struct {
	callSummary

	Query    map[string][]string `json:"query"`
	Body     string              `json:"body"`
	Form     map[string][]string `json:"form,omitempty"`
	Files    map[string]fileJSON `json:"files,omitempty"`
	Answer   string              `json:"response"`
	Executed bool                `json:"executed"`
}

func (c *loggedCall) detail() callDetail {
	return callDetail{
		callSummary: c.summary(), Query: c.Query, Body: c.Body, Form: c.Form, Files: c.Files, Answer: c.Answer, Executed: c.Executed,
	}
}

const mask = "***"

// masked hides the secrets of a query.
func masked(query url.Values) url.Values {
	out := maps.Clone(query)
	for _, name := range []string{"access_token", "secret", "refresh_token", "code"} {
		if out.Has(name) {
			out.Set(name, mask)
		}
	}
	return out
}

var (
	secretFields = regexp.MustCompile(`("(?:access_token|refresh_token|secret|appsecret)"\s*:\s*")[^"]*"`)
	ticketField  = regexp.MustCompile(`("ticket"\s*:\s*")[^"]*"`)
)

// hideSecrets hides the secrets of a JSON body.
func hideSecrets(path, body string) string {
	body = secretFields.ReplaceAllString(body, `${1}`+mask+`"`)
	if strings.HasSuffix(path, "/getticket") {
		body = ticketField.ReplaceAllString(body, `${1}`+mask+`"`)
	}
	return body
}

// loggedPush is a push that is under way or has ended.
type loggedPush struct {
	id     int64
	report *wechattest.Report
	done   bool
}

// pushSummary is a push in the list.
type pushSummary struct {
	ID           string          `json:"id"`
	At           time.Time       `json:"at"`
	Type         string          `json:"type"`
	Event        string          `json:"event,omitempty"`
	From         string          `json:"from"`
	MsgID        int64           `json:"msg_id,string,omitempty"`
	State        string          `json:"state"` // sending or done
	Deliveries   int             `json:"deliveries"`
	Status       int             `json:"status"`    // of the last delivery
	AnswerMS     int64           `json:"answer_ms"` // of the last delivery
	Seen         wechattest.Seen `json:"seen"`
	Blocked      bool            `json:"blocked"`
	PushesPaused bool            `json:"pushes_paused"`
	Note         *note           `json:"note,omitempty"`

	id int64
}

func (p *loggedPush) summary(timeout time.Duration) pushSummary {
	r := p.report
	out := pushSummary{
		ID: strconv.FormatInt(p.id, 10), At: r.CreateTime, Type: r.Push.Type, Event: r.Push.Event, From: r.Push.From, MsgID: r.MsgID,
		State: "sending", Deliveries: len(r.Deliveries), Seen: r.Seen, Blocked: r.Blocked, PushesPaused: r.PushesPaused, id: p.id,
	}
	if n := len(r.Deliveries); n > 0 {
		out.Status, out.AnswerMS = r.Deliveries[n-1].Status, r.Deliveries[n-1].Duration.Milliseconds()
	}
	if p.done {
		out.State, out.Note = "done", noteOfReport(r, timeout)
	}
	return out
}

// pushDetail is a push with what was sent and answered.
type pushDetail struct {
	pushSummary

	XML        string           `json:"xml"`                 // the content of the push
	Encrypted  string           `json:"encrypted,omitempty"` // the whole body, if it differs
	Deliveries []deliveryDetail `json:"deliveries"`
	Reply      *messageJSON     `json:"reply,omitempty"`
}

type deliveryDetail struct {
	At         time.Time `json:"at"`
	Status     int       `json:"status"`
	Body       string    `json:"body"`
	Error      string    `json:"error,omitempty"`
	Note       *note     `json:"note,omitempty"`
	DurationMS int64     `json:"duration_ms"`
	Clear      string    `json:"clear,omitempty"` // the reply, decrypted
}

func (p *loggedPush) detail(timeout time.Duration) pushDetail {
	r := p.report
	out := pushDetail{pushSummary: p.summary(timeout), XML: string(r.Body), Deliveries: []deliveryDetail{}}
	if string(r.Sent) != out.XML {
		out.Encrypted = string(r.Sent)
	}
	for _, d := range r.Deliveries {
		detail := deliveryDetail{At: d.At, Status: d.Status, Body: strings.ToValidUTF8(string(d.Body), "�"), DurationMS: d.Duration.Milliseconds()}
		if d.Err != nil {
			detail.Error, detail.Note = d.Err.Error(), noteOfError(d.Err, timeout)
		} else if r.Reply != nil && string(r.Reply.Raw) != string(d.Body) {
			detail.Clear = string(truncated(r.Reply.Raw))
		}
		out.Deliveries = append(out.Deliveries, detail)
	}
	if r.Reply != nil {
		reply := messageOf(*r.Reply)
		reply.Raw = ""
		out.Reply = &reply
	}
	return out
}

const logPage = 100

// listLoggedCalls returns a page of the log of calls, newest first.
func (s *simulator) listLoggedCalls(r *http.Request) (any, error) {
	return listLogged(r, s.journal, s.journal.calls, "calls", func(c *loggedCall, words string) (callSummary, bool) {
		return c.summary(), contains(words, c.Method, c.Path, c.message, c.RequestID, strconv.Itoa(int(c.Code)), c.fault, c.Body, c.Answer)
	})
}

// listLoggedPushes returns a page of the log of pushes, newest first.
func (s *simulator) listLoggedPushes(r *http.Request) (any, error) {
	return listLogged(r, s.journal, s.journal.pushes, "pushes", func(p *loggedPush, words string) (pushSummary, bool) {
		out := p.summary(s.set.pushTimeout)
		code := ""
		if out.Note != nil {
			code = string(out.Note.Code)
		}
		return out, contains(words, out.Type, out.Event, out.From, string(out.Seen), code, string(p.report.Body))
	})
}

// listLogged returns a page of a log: the entries that contain the words of the parameter
// q, older than the one with the ID in the parameter after.
func listLogged[T, S any](r *http.Request, j *journal, log *ring[T], name string, show func(entry T, words string) (S, bool)) (any, error) {
	after, limit, err := pageOf(r, "after", logPage)
	if err != nil {
		return nil, err
	}
	words := strings.ToLower(r.URL.Query().Get("q"))
	list := []S{}
	var last, next int64
	j.mu.Lock()
	defer j.mu.Unlock()
	for id, entry := range log.before(after) {
		shown, ok := show(entry, words)
		if !ok {
			continue
		}
		if len(list) == limit {
			next = last
			break
		}
		list, last = append(list, shown), id
	}
	out := map[string]any{name: list}
	if last != 0 {
		out["oldest"] = strconv.FormatInt(last, 10)
	}
	if next != 0 {
		out["next"] = strconv.FormatInt(next, 10)
	}
	return out, nil
}

// contains reports whether one of the texts contains the words, in lower case.
func contains(words string, texts ...string) bool {
	if words == "" {
		return true
	}
	for _, text := range texts {
		if strings.Contains(strings.ToLower(text), words) {
			return true
		}
	}
	return false
}

func (s *simulator) getLoggedCall(r *http.Request) (any, error) {
	entry, err := s.journal.call(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return entry.detail(), nil
}

func (s *simulator) getLoggedPush(r *http.Request) (any, error) {
	entry, err := s.journal.push(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return entry.detail(s.set.pushTimeout), nil
}

// call returns the call with an ID in the log, or with a request ID.
func (j *journal) call(id string) (*loggedCall, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if number, err := strconv.ParseInt(id, 10, 64); err == nil {
		if entry, ok := j.calls.get(number); ok {
			return entry, nil
		}
	}
	for _, entry := range j.calls.before(0) {
		if entry.RequestID == id {
			return entry, nil
		}
	}
	return nil, notFound("call %q is not in the log, or no longer", id)
}

// push returns the push with an ID in the log.
func (j *journal) push(id string) (*loggedPush, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if number, err := strconv.ParseInt(id, 10, 64); err == nil {
		if entry, ok := j.pushes.get(number); ok {
			copied := *entry // the log changes it
			return &copied, nil
		}
	}
	return nil, notFound("push %q is not in the log, or no longer", id)
}
