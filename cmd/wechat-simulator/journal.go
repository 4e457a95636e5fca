package main

import (
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/wechatoa/wechat/wechattest"
)

// What the journal keeps. Its memory is bounded, however long the simulator runs.
const (
	keptCalls  = 10_000
	keptPushes = 10_000
	keptItems  = 20_000   // of all chats together
	keptBytes  = 64 << 20 // of each of the three
	keptBody   = 64 << 10 // bytes of one body
	entryBytes = 1 << 10  // of an entry besides its bodies, approximately
)

// journal is what has happened on the platform, for the page.
type journal struct {
	stream      *stream
	pushTimeout time.Duration
	warner      *warner

	mu     sync.Mutex
	calls  *ring[*loggedCall]
	pushes *ring[*loggedPush]
	items  *ring[*item]
	ids    map[int64]int64 // IDs in the log of pushes, by the ID of the report
	asked  map[int64]*item // what followers have sent, by the ID in the log, until the push has ended
	lasts  map[string]*item
	stop   func()
}

func newJournal(s *stream, pushTimeout time.Duration) *journal {
	return &journal{
		stream: s, pushTimeout: pushTimeout, stop: func() {}, warner: newWarner(slog.New(slog.DiscardHandler)),
		calls: newRing[*loggedCall](keptCalls, keptBytes), pushes: newRing[*loggedPush](keptPushes, keptBytes),
		items: newRing[*item](keptItems, keptBytes),
	}
}

// watch begins to record a platform, and forgets the one before it.
func (j *journal) watch(p *wechattest.Platform) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stop()
	j.calls.clear()
	j.pushes.clear()
	j.items.clear()
	j.ids, j.asked, j.lasts = map[int64]int64{}, map[int64]*item{}, map[string]*item{}
	j.recall(p)
	j.stop = p.Observe(func(o wechattest.Observation) { j.record(p, o) })
}

// recall fills the chats with what followers have received before, in a restored state. The
// state does not contain what they have sent.
func (j *journal) recall(p *wechattest.Platform) {
	var list []wechattest.Observation
	for _, f := range p.Followers() {
		for _, m := range f.Messages() {
			m.ReportID = 0 // is not in the log
			list = append(list, wechattest.Observation{OpenID: f.OpenID, Message: &m})
		}
	}
	slices.SortStableFunc(list, func(a, b wechattest.Observation) int { return a.Message.At.Compare(b.Message.At) })
	for _, o := range list {
		j.addItem(j.receivedItem(o))
	}
}

// record records an observation and publishes it.
func (j *journal) record(p *wechattest.Platform, o wechattest.Observation) {
	switch o.Kind {
	case wechattest.ObservationCall:
		j.stream.publish("call", j.addCall(o.Call))
		j.announce(p, o.Call)
	case wechattest.ObservationPush, wechattest.ObservationDelivery, wechattest.ObservationOutcome:
		push := j.addPush(o)
		if o.Kind == wechattest.ObservationOutcome {
			j.warner.push(o.Report, j.pushTimeout)
		}
		j.stream.publish("push", push)
		if o.OpenID == "" {
			return
		}
		j.publishItem(j.addSent(o, push))
		if f := p.Follower(o.OpenID); f != nil && (o.Report.Push.Event == "subscribe" || o.Report.Push.Event == "unsubscribe") {
			j.publishFollower(f)
		}
	case wechattest.ObservationMessage:
		j.publishItem(j.addReceived(o))
	}
}

func (j *journal) publishItem(openID string, it item) {
	j.stream.publish("message", map[string]any{"openid": openID, "item": it})
}

func (j *journal) publishFollower(f *wechattest.Follower) {
	j.stream.publish("follower", map[string]any{"follower": j.summaryOf(f)})
}

// addCall adds a call to the log.
func (j *journal) addCall(c *wechattest.Call) callSummary {
	entry := newLoggedCall(c)
	j.mu.Lock()
	defer j.mu.Unlock()
	entry.id = j.calls.add(entry, entry.size())
	return entry.summary()
}

// addPush adds a push to the log, or records its progress.
func (j *journal) addPush(o wechattest.Observation) pushSummary {
	j.mu.Lock()
	defer j.mu.Unlock()
	entry, ok := j.pushes.get(j.ids[o.Report.ID])
	if !ok {
		entry = &loggedPush{}
		entry.id = j.pushes.add(entry, 0)
		j.ids[o.Report.ID] = entry.id
		j.dropOldIDs()
	}
	entry.report, entry.done = limited(o.Report), o.Kind == wechattest.ObservationOutcome
	j.pushes.resize(entry.id, sizeOf(entry.report))
	return entry.summary(j.pushTimeout)
}

// dropOldIDs forgets pushes that are no longer in the log, now and then.
func (j *journal) dropOldIDs() {
	if len(j.ids) < 2*keptPushes {
		return
	}
	for report, id := range j.ids {
		if id < j.pushes.first {
			delete(j.ids, report)
		}
	}
}

// sizeOf returns the number of bytes that a report occupies, approximately.
func sizeOf(r *wechattest.Report) int {
	n := entryBytes + elementBytes(r.Push.Fields) + len(r.Body) + len(r.Sent)
	for _, d := range r.Deliveries {
		n += len(d.Body)
	}
	if r.Reply != nil {
		n += len(r.Reply.Raw)
	}
	return n
}

// elementBytes returns the number of bytes of the texts in an element of a push.
func elementBytes(value any) int {
	n := 0
	switch v := value.(type) {
	case string:
		n = len(v)
	case wechattest.Fields:
		for name, value := range v {
			n += len(name) + elementBytes(value)
		}
	case []any:
		for _, value := range v {
			n += elementBytes(value)
		}
	}
	return n
}

// limited returns a report with bodies of limited size.
func limited(r *wechattest.Report) *wechattest.Report {
	out := *r
	out.Body, out.Sent = truncated(r.Body), truncated(r.Sent)
	out.Deliveries = make([]wechattest.Delivery, len(r.Deliveries))
	for i, d := range r.Deliveries {
		d.Body = truncated(d.Body)
		out.Deliveries[i] = d
	}
	return &out
}

// cutMark ends a body that is not kept as a whole.
const cutMark = "\n… truncated 内容过长，已截断"

func truncated(body []byte) []byte {
	if len(body) <= keptBody {
		return body
	}
	return append(append(make([]byte, 0, keptBody+len(cutMark)), body[:keptBody]...), cutMark...)
}

// truncatedText is truncated for a text: it does not end in the middle of a character.
func truncatedText(text string) string {
	if len(text) <= keptBody {
		return text
	}
	end := keptBody
	for end > 0 && text[end]&0xC0 == 0x80 {
		end--
	}
	return text[:end] + cutMark
}
