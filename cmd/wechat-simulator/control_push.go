package main

import (
	"net/http"

	"github.com/wechatoa/wechat/wechattest"
)

// reportJSON is the outcome of a push.
type reportJSON struct {
	ID           int64             `json:"id,string"`
	Seen         wechattest.Seen   `json:"seen"`
	Reason       wechattest.Reason `json:"reason,omitempty"` // why the follower saw no reply
	Reply        *messageJSON      `json:"reply"`
	Deliveries   []deliveryJSON    `json:"deliveries"`
	MsgID        int64             `json:"msg_id,string,omitempty"`
	CreateTime   int64             `json:"create_time"`
	From         string            `json:"from"`
	Type         string            `json:"type"`
	Event        string            `json:"event,omitempty"`
	Body         string            `json:"body"` // decrypted
	Blocked      bool              `json:"blocked"`
	PushesPaused bool              `json:"pushes_paused"`
}

// deliveryJSON is one delivery of a push.
type deliveryJSON struct {
	Status     int    `json:"status"`
	Body       string `json:"body"`
	Error      string `json:"error,omitempty"`
	DurationMS int64  `json:"duration_ms"`
}

func reportOf(r *wechattest.Report) reportJSON {
	out := reportJSON{
		ID: r.ID, Seen: r.Seen, Reason: r.Reason, Deliveries: []deliveryJSON{}, MsgID: r.MsgID, CreateTime: r.CreateTime.Unix(),
		From: r.Push.From, Type: r.Push.Type, Event: r.Push.Event, Body: string(r.Body), Blocked: r.Blocked, PushesPaused: r.PushesPaused,
	}
	if r.Reply != nil {
		reply := messageOf(*r.Reply)
		out.Reply = &reply
	}
	for _, a := range r.Deliveries {
		d := deliveryJSON{Status: a.Status, Body: string(a.Body), DurationMS: a.Duration.Milliseconds()}
		if a.Err != nil {
			d.Error = a.Err.Error()
		}
		out.Deliveries = append(out.Deliveries, d)
	}
	return out
}

func (s *simulator) listPushes(*http.Request) (any, error) {
	list := []reportJSON{}
	for _, r := range s.current().Reports() {
		list = append(list, reportOf(r))
	}
	return map[string]any{"pushes": list}, nil
}

// push pushes an event that no user caused.
func (s *simulator) push(r *http.Request) (any, error) {
	var in struct {
		Type   string         `json:"type"`
		Event  string         `json:"event"`
		From   string         `json:"from"`
		Fields map[string]any `json:"fields"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.Type == "" {
		in.Type = "event"
	}
	if in.Type == "event" && in.Event == "" {
		return nil, invalid("event is required")
	}
	fields, err := fieldsOf(in.Fields)
	if err != nil {
		return nil, err
	}
	return reportOf(s.current().Push(r.Context(), wechattest.Push{Type: in.Type, Event: in.Event, From: in.From, Fields: fields})), nil
}
