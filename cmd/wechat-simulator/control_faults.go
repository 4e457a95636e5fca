package main

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

// faultJSON is a [wechattest.Fault].
type faultJSON struct {
	Path         string            `json:"path,omitempty"` // of the API; empty for any
	Push         string            `json:"push,omitempty"` // duplicate: deliver pushes twice; the other fields but times have no effect
	Name         string            `json:"name,omitempty"`
	Times        int               `json:"times,omitempty"` // 0 means one, a negative number means all
	Executed     bool              `json:"executed,omitempty"`
	DelayMS      int64             `json:"delay_ms,omitempty"`
	Code         wechat.Code       `json:"errcode,omitempty"`
	CodeAsString bool              `json:"errcode_as_string,omitempty"`
	Status       int               `json:"status,omitempty"`
	Header       map[string]string `json:"header,omitempty"`
	Body         *string           `json:"body,omitempty"`
	Drop         bool              `json:"drop,omitempty"`
	Hang         bool              `json:"hang,omitempty"`
	Truncated    bool              `json:"truncated,omitempty"`
	DripMS       int64             `json:"drip_ms,omitempty"`
	ControlBytes bool              `json:"control_bytes,omitempty"`
}

// listFaults lists one fault of each kind, to be posted as they are, and the faults that
// wait for their calls.
func (s *simulator) listFaults(*http.Request) (any, error) {
	list := []faultJSON{}
	for _, f := range wechattest.Faults() {
		list = append(list, faultOf(f))
	}
	return map[string]any{"faults": list, "active": activeFaults(s.current())}, nil
}

func faultOf(f wechattest.Fault) faultJSON {
	out := faultJSON{
		Name: f.Name, Times: f.Times, Executed: f.Executed, DelayMS: f.Delay.Milliseconds(), Code: f.Code, CodeAsString: f.CodeAsString,
		Status: f.Status, Drop: f.Drop, Hang: f.Hang, Truncated: f.Truncated, DripMS: f.Drip.Milliseconds(), ControlBytes: f.ControlBytes,
	}
	if f.Body != nil {
		body := string(f.Body)
		out.Body = &body
	}
	for name := range f.Header {
		if out.Header == nil {
			out.Header = map[string]string{}
		}
		out.Header[name] = f.Header.Get(name)
	}
	return out
}

// activeFault is a fault that waits for its calls, or for pushes.
type activeFault struct {
	faultJSON

	ID   string `json:"id"`
	Left int    `json:"left"` // number of calls, or -1 for all
}

// duplicateID is the ID of the fault that delivers pushes twice.
const duplicateID = "duplicate"

func activeFaults(p *wechattest.Platform) []activeFault {
	list := []activeFault{}
	for _, f := range p.PendingFaults() {
		out := activeFault{faultJSON: faultOf(f.Fault), ID: strconv.FormatInt(f.ID, 10), Left: max(f.Times, -1)}
		out.Path = f.Path
		list = append(list, out)
	}
	if left := p.DeliveriesTwice(); left != 0 {
		list = append(list, activeFault{faultJSON: faultJSON{Name: "duplicate delivery", Push: duplicateID}, ID: duplicateID, Left: max(left, -1)})
	}
	return list
}

func faultsOf(p *wechattest.Platform) map[string]any {
	return map[string]any{"faults": activeFaults(p)}
}

// removeFault removes a fault that waits for its calls.
func (s *simulator) removeFault(r *http.Request) (any, error) {
	p, id := s.current(), r.PathValue("id")
	number, err := strconv.ParseInt(id, 10, 64)
	switch {
	case id == duplicateID:
		p.DeliverTwice(0)
	case err != nil || !p.RemoveFault(number):
		return nil, notFound("fault %q does not exist, or has been applied", id)
	}
	s.stream.publish("fault", faultsOf(p))
	return none{}, nil
}

func (s *simulator) addFault(r *http.Request) (any, error) {
	var in faultJSON
	if err := read(r, &in); err != nil {
		return nil, err
	}
	switch {
	case in.Path != "" && !strings.HasPrefix(in.Path, "/"):
		return nil, invalid("path must begin with a slash, such as /cgi-bin/menu/create")
	case in.Status != 0 && (in.Status < 200 || in.Status > 599):
		return nil, invalid("status must be an HTTP status from 200 to 599")
	case in.DelayMS < 0 || in.DripMS < 0:
		return nil, invalid("delay_ms and drip_ms must not be negative")
	case in.Push != "" && in.Push != duplicateID:
		return nil, invalid("push must be %s, or empty for a fault of calls", duplicateID)
	}
	p := s.current()
	if in.Push == duplicateID {
		p.DeliverTwice(cmp.Or(in.Times, 1))
		s.stream.publish("fault", faultsOf(p))
		return none{}, nil
	}
	f := wechattest.Fault{
		Name: in.Name, Times: in.Times, Executed: in.Executed, Delay: milliseconds(in.DelayMS), Code: in.Code, CodeAsString: in.CodeAsString,
		Status: in.Status, Drop: in.Drop, Hang: in.Hang, Truncated: in.Truncated, Drip: milliseconds(in.DripMS), ControlBytes: in.ControlBytes,
	}
	if in.Body != nil {
		f.Body = []byte(*in.Body)
	}
	if len(in.Header) > 0 {
		f.Header = http.Header{}
		for name, value := range in.Header {
			f.Header.Set(name, value)
		}
	}
	p.InjectFault(in.Path, f)
	s.stream.publish("fault", faultsOf(p))
	return none{}, nil
}

// failPublish makes the next publishing job end with a status other than success.
func (s *simulator) failPublish(r *http.Request) (any, error) {
	var in struct {
		Status wechat.PublishStatus `json:"publish_status"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.Status < wechat.PublishStatusNotOriginal || in.Status > wechat.PublishStatusBanned {
		return nil, invalid("publish_status must be 2 to 6")
	}
	s.current().FailNextPublish(in.Status)
	return none{}, nil
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

func (s *simulator) clearFaults(*http.Request) (any, error) {
	p := s.current()
	p.ClearFaults()
	p.DeliverTwice(0)
	s.stream.publish("fault", faultsOf(p))
	return none{}, nil
}
