package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	liveEvents   = 4096
	liveBytes    = 16 << 20
	heartbeat    = 15 * time.Second
	writeTimeout = 10 * time.Second // after which a reader is dropped
)

// stream is the live stream: what has happened, as server-sent events. Each reader has a
// position in a ring of its own pace, so none can hold up the platform or another one.
type stream struct {
	instance string // differs after a restart, so that positions are not mixed up

	mu      sync.Mutex
	events  *ring[liveEvent]
	changed chan struct{} // closed by the next event
}

type liveEvent struct {
	name string
	data []byte
}

func newStream() *stream {
	return &stream{
		instance: strings.ToLower(rand.Text()), events: newRing[liveEvent](liveEvents, liveBytes), changed: make(chan struct{}),
	}
}

// publish adds an event.
func (s *stream) publish(name string, value any) {
	data := encoded(value)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events.add(liveEvent{name, data}, len(data))
	close(s.changed)
	s.changed = make(chan struct{})
}

// encoded returns a value as JSON on one line.
func encoded(value any) []byte {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return []byte("{}") // the values are our own
	}
	return bytes.TrimSuffix(body.Bytes(), []byte{'\n'})
}

// position returns the position after the newest event.
func (s *stream) position() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.name(s.events.last())
}

func (s *stream) name(id int64) string { return s.instance + "." + strconv.FormatInt(id, 10) }

// find returns the ID of the last event that a reader at a position has seen. ok is false if
// the position is not one of this stream.
func (s *stream) find(position string) (id int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if position == "" {
		return s.events.last(), true
	}
	instance, number, _ := strings.Cut(position, ".")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil || instance != s.instance || id > s.events.last() {
		return s.events.last(), false
	}
	return id, true
}

// since returns the events after a position, and a channel that closes with the next one.
// ok is false if some are gone.
func (s *stream) since(id int64) (list []liveEvent, changed <-chan struct{}, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id < s.events.first-1 {
		return nil, s.changed, false
	}
	for _, e := range s.events.since(id) {
		list = append(list, e)
	}
	return list, s.changed, true
}

// live serves the stream from the position in the header Last-Event-ID or the parameter
// after.
func (s *simulator) live(w http.ResponseWriter, r *http.Request) {
	position := r.Header.Get("Last-Event-ID")
	if position == "" {
		position = r.URL.Query().Get("after")
	}
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("X-Accel-Buffering", "no")
	out := &eventWriter{w: w, control: http.NewResponseController(w)}
	id, ok := s.stream.find(position)
	out.write("hello", "", encoded(map[string]any{
		"instance": s.stream.instance, "version": version(), "seq": s.stream.name(id), "now": s.current().Now(),
	}))
	timer := time.NewTicker(heartbeat)
	defer timer.Stop()
	for out.err == nil {
		var list []liveEvent
		var changed <-chan struct{}
		if ok {
			list, changed, ok = s.stream.since(id)
		}
		if !ok {
			id, ok = s.stream.find("")
			out.write("resync", s.stream.name(id), []byte("{}"))
			continue
		}
		for _, e := range list {
			id++
			out.write(e.name, s.stream.name(id), e.data)
		}
		out.flush()
		select {
		case <-changed:
		case <-timer.C:
			out.comment()
		case <-r.Context().Done():
			return
		case <-s.closing:
			return
		}
	}
}

// eventWriter writes server-sent events until an error, such as that of a reader who has
// not read for too long.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	err     error
}

func (e *eventWriter) write(name, id string, data []byte) {
	if id != "" {
		e.print("id: %s\n", id)
	}
	e.print("event: %s\ndata: %s\n\n", name, data)
}

func (e *eventWriter) comment() { e.print(":\n\n") }

func (e *eventWriter) print(format string, args ...any) {
	if e.err == nil {
		_ = e.control.SetWriteDeadline(time.Now().Add(writeTimeout))
		_, e.err = fmt.Fprintf(e.w, format, args...) //nolint:gosec // an event stream with nosniff, not a page
	}
}

func (e *eventWriter) flush() {
	if e.err == nil {
		e.err = e.control.Flush()
	}
}
