package callback

import (
	"context"
	"log/slog"
	"time"
)

// How long the platform lets an account answer a follower with customer-service
// messages, and after what (客服消息下发条件).
const (
	windowOfMessage = 48 * time.Hour
	windowOfEvent   = time.Minute // menu events, following, scanning
)

// Activity knows what the platform has no API for: when a follower last wrote and
// how long he can be answered, and how the events of the menu were answered. It
// sees what a [Handler] receives that has it in [Config.Activity].
type Activity struct {
	store  ActivityStore
	shared *shared // nil where the store is this process's memory
}

// MenuStatus tells how the events of one menu key were answered (菜单事件响应状态).
type MenuStatus struct {
	Received int64 // events
	Answered int64 // the handler returned
	Failed   int64 // the handler returned an error or panicked
	Last     time.Time
	// LastError is the last failure; it is not reset by later successes.
	LastError string
	// Latency is how long the last handler took.
	Latency time.Duration
}

// ActivityStore keeps the activity of an account for all its replicas.
type ActivityStore interface {
	// Touch keeps when a follower wrote (zero for an event) and until when he can
	// be answered. It moves neither back.
	Touch(ctx context.Context, openID string, wrote, until time.Time) error
	// Touched returns both, zero where there is none.
	Touched(ctx context.Context, openID string) (wrote, until time.Time, err error)
	// AddMenu adds to the counts of a menu key, and keeps the rest where it is not zero.
	AddMenu(ctx context.Context, key string, received, answered, failed int64, last time.Time, latency time.Duration, lastError string) error
	// EachMenu calls visit for each menu key.
	EachMenu(ctx context.Context, visit func(key string, received, answered, failed int64, last time.Time, latency time.Duration, lastError string)) error
}

// NewActivity returns an Activity that keeps what it knows in store; nil is the
// memory of this process, for the last 100,000 followers.
func NewActivity(store ActivityStore) *Activity {
	if store == nil {
		return &Activity{store: newMemoryActivity()}
	}
	return &Activity{store: store, shared: &shared{name: "activity"}}
}

// LastMessage returns when a follower last wrote a message, the zero time where
// that is not known. Events are no messages.
func (a *Activity) LastMessage(ctx context.Context, openID string) (time.Time, error) {
	wrote, _, err := a.store.Touched(ctx, openID)
	return wrote, err
}

// ReplyWindow returns until when a follower can be sent customer-service messages,
// by what he did: 48 hours after a message, a minute after a menu event, following
// or scanning. The platform also limits how many are sent in that time, and decides.
func (a *Activity) ReplyWindow(ctx context.Context, openID string) (until time.Time, open bool, err error) {
	_, until, err = a.store.Touched(ctx, openID)
	return until, err == nil && time.Now().Before(until), err
}

// Menu returns how the events of the menu were answered, by menu key.
func (a *Activity) Menu(ctx context.Context) (map[string]MenuStatus, error) {
	menu := map[string]MenuStatus{}
	err := a.store.EachMenu(ctx, func(key string, received, answered, failed int64, last time.Time, latency time.Duration, lastError string) {
		menu[key] = MenuStatus{
			Received: received, Answered: answered, Failed: failed, Last: last, LastError: lastError, Latency: latency,
		}
	})
	return menu, err
}

// arrived records a push before it is handled.
func (a *Activity) arrived(ctx context.Context, log *slog.Logger, m Message) {
	if a == nil {
		return
	}
	h := m.Meta()
	key := menuKey(m)
	var window time.Duration
	var wrote time.Time
	switch m.(type) {
	case *SubscribeEvent, *ScanEvent:
		window = windowOfEvent
	default:
		if key != "" {
			window = windowOfEvent
		} else if h.Event == "" {
			window, wrote = windowOfMessage, h.CreateTime
		}
	}
	if window == 0 || h.FromUserName == "" {
		return
	}
	a.tell(ctx, log, func(ctx context.Context) error {
		if err := a.store.Touch(ctx, h.FromUserName, wrote, h.CreateTime.Add(window)); err != nil || key == "" {
			return err
		}
		return a.store.AddMenu(ctx, key, 1, 0, 0, h.CreateTime, 0, "")
	})
}

// handled records how a push was handled.
func (a *Activity) handled(ctx context.Context, log *slog.Logger, m Message, took time.Duration, failure error) {
	if a == nil {
		return
	}
	key := menuKey(m)
	if key == "" {
		return
	}
	answered, failed, lastError := int64(1), int64(0), ""
	if failure != nil {
		answered, failed, lastError = 0, 1, failure.Error()
	}
	a.tell(context.WithoutCancel(ctx), log, func(ctx context.Context) error { // the handler may have used all its time
		return a.store.AddMenu(ctx, key, 0, answered, failed, time.Time{}, took, lastError)
	})
}

func (a *Activity) tell(ctx context.Context, log *slog.Logger, call func(context.Context) error) {
	if a.shared == nil {
		_ = call(ctx) // memory does not fail
		return
	}
	_ = a.shared.ask(ctx, log, call) // logged there; a push is handled without it
}

const (
	maxFollowers = 100_000
	maxMenuKeys  = 1_000
)

// memoryActivity is an [ActivityStore] in memory.
type memoryActivity struct {
	followers *lru[touch]
	menu      *lru[MenuStatus]
}

type touch struct{ wrote, until time.Time }

func newMemoryActivity() *memoryActivity {
	return &memoryActivity{followers: newLRU[touch](maxFollowers), menu: newLRU[MenuStatus](maxMenuKeys)}
}

func (s *memoryActivity) Touch(_ context.Context, openID string, wrote, until time.Time) error {
	s.followers.update(openID, time.Now(), 0, func(old touch, _ bool) (touch, bool) {
		return touch{wrote: later(old.wrote, wrote), until: later(old.until, until)}, true
	})
	return nil
}

func (s *memoryActivity) Touched(_ context.Context, openID string) (wrote, until time.Time, _ error) {
	t, _ := s.followers.get(openID, time.Now())
	return t.wrote, t.until, nil
}

func (s *memoryActivity) AddMenu(_ context.Context, key string, received, answered, failed int64, last time.Time, latency time.Duration, lastError string) error {
	s.menu.update(key, time.Now(), 0, func(m MenuStatus, _ bool) (MenuStatus, bool) {
		m.Received += received
		m.Answered += answered
		m.Failed += failed
		m.Last = later(m.Last, last)
		if latency != 0 {
			m.Latency = latency
		}
		if lastError != "" {
			m.LastError = lastError
		}
		return m, true
	})
	return nil
}

func (s *memoryActivity) EachMenu(_ context.Context, visit func(key string, received, answered, failed int64, last time.Time, latency time.Duration, lastError string)) error {
	s.menu.each(time.Now(), func(key string, m MenuStatus) {
		visit(key, m.Received, m.Answered, m.Failed, m.Last, m.Latency, m.LastError)
	})
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
