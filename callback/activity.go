package callback

import (
	"context"
	"strings"
	"time"

	"github.com/wechatoa/wechat/internal/usercode"
)

// How long the platform lets an account answer a follower with customer-service
// messages, and after what (客服消息下发条件).
const (
	windowOfMessage = 48 * time.Hour
	windowOfEvent   = time.Minute // menu events, following, scanning
)

// Activity records what the platform has no API for: when a follower last wrote and
// how long they can be answered, and how the events of the menu were answered. It
// sees what a [Handler] receives that has it in [Config.Activity].
type Activity struct {
	store    ActivityStore
	inMemory bool // the store is this library's and called directly
	guard    usercode.Guard
}

// MenuStatus is how the events of one menu key were answered (菜单事件响应状态).
type MenuStatus struct {
	Received int64 // events
	Answered int64 // the handler returned
	Failed   int64 // the handler returned an error or panicked
	Last     time.Time
	// LastError is the last failure, at most 500 bytes of it. Later successes do
	// not reset it.
	LastError string
	// Latency is how long the last handler took.
	Latency time.Duration
}

// plus returns the status after a change.
func (s MenuStatus) plus(delta MenuStatus) MenuStatus {
	s.Received += delta.Received
	s.Answered += delta.Answered
	s.Failed += delta.Failed
	s.Last = later(s.Last, delta.Last)
	if delta.Latency != 0 {
		s.Latency = delta.Latency
	}
	if delta.LastError != "" {
		s.LastError = delta.LastError
	}
	return s
}

// ActivityStore keeps the activity of an account for all its replicas. Each call must
// be atomic, and is left behind after 250 ms.
type ActivityStore interface {
	// Touch records when a follower wrote (zero for an event) and until when they
	// can be answered. It moves neither back.
	Touch(ctx context.Context, openID string, wrote, until time.Time) error
	// Touched returns both, zero if there is none.
	Touched(ctx context.Context, openID string) (wrote, until time.Time, err error)
	// AddMenuStatus adds the three counts of delta to those of a menu key, moves Last
	// forward, never back, and replaces LastError and Latency if they are not zero.
	AddMenuStatus(ctx context.Context, key string, delta MenuStatus) error
	// MenuStatus returns the status of all menu keys.
	MenuStatus(ctx context.Context) (map[string]MenuStatus, error)
}

// NewActivity returns an Activity that keeps its records in store; nil is the memory
// of this process, for the last 100,000 followers and 1,000 menu keys.
func NewActivity(store ActivityStore) *Activity {
	if store == nil {
		return &Activity{store: newMemoryActivity(), inMemory: true}
	}
	return &Activity{store: store}
}

// LastMessageTime returns when a follower last wrote a message, the zero time if
// that is not known. Events are no messages.
func (a *Activity) LastMessageTime(ctx context.Context, openID string) (time.Time, error) {
	t, err := a.touched(ctx, openID)
	return t.wrote, err
}

// ReplyWindow returns until when a follower can be sent customer-service messages,
// by what they did: 48 hours after a message, a minute after a menu event, following
// or scanning. The platform also limits how many are sent in that time, and decides.
func (a *Activity) ReplyWindow(ctx context.Context, openID string) (until time.Time, open bool, err error) {
	t, err := a.touched(ctx, openID)
	return t.until, err == nil && time.Now().Before(t.until), err
}

func (a *Activity) touched(ctx context.Context, openID string) (touch, error) {
	return askActivity(ctx, a, func(ctx context.Context) (t touch, err error) {
		t.wrote, t.until, err = a.store.Touched(ctx, openID)
		return t, err
	})
}

// MenuStatus returns how the events of the menu were answered, by menu key.
func (a *Activity) MenuStatus(ctx context.Context) (map[string]MenuStatus, error) {
	return askActivity(ctx, a, func(ctx context.Context) (map[string]MenuStatus, error) { return a.store.MenuStatus(ctx) })
}

// askActivity makes one call of the store.
func askActivity[T any](ctx context.Context, a *Activity, call func(context.Context) (T, error)) (T, error) {
	if a.inMemory {
		return call(ctx)
	}
	return usercode.Call(ctx, &a.guard, call)
}

// recordArrival records a push before it is handled. menuKey is "" if it is no menu event.
func (e *engine) recordArrival(ctx context.Context, p *Push, menuKey string) {
	var window time.Duration
	var wrote time.Time
	switch p.Message.(type) {
	case *SubscribeEvent, *ScanEvent:
		window = windowOfEvent
	default:
		if menuKey != "" {
			window = windowOfEvent
		} else if p.head.Event == "" {
			window, wrote = windowOfMessage, p.head.CreateTime
		}
	}
	if e.cfg.Activity == nil || window == 0 || p.head.FromUserName == "" {
		return
	}
	e.record(ctx, func(ctx context.Context, store ActivityStore) error {
		if err := store.Touch(ctx, p.head.FromUserName, wrote, p.head.CreateTime.Add(window)); err != nil || menuKey == "" {
			return err
		}
		return store.AddMenuStatus(ctx, menuKey, MenuStatus{Received: 1, Last: p.head.CreateTime})
	})
}

const maxLastError = 500

// recordHandled records how a menu event was handled.
func (e *engine) recordHandled(ctx context.Context, menuKey string, took time.Duration, failure error) {
	if e.cfg.Activity == nil || menuKey == "" {
		return
	}
	delta := MenuStatus{Answered: 1, Latency: took}
	if failure != nil {
		text := failure.Error()
		delta = MenuStatus{Failed: 1, Latency: took, LastError: strings.ToValidUTF8(text[:min(len(text), maxLastError)], "")}
	}
	e.record(ctx, func(ctx context.Context, store ActivityStore) error { return store.AddMenuStatus(ctx, menuKey, delta) })
}

// record makes one change; a push is handled without it if the store fails.
func (e *engine) record(ctx context.Context, change func(context.Context, ActivityStore) error) {
	a := e.cfg.Activity
	ctx = context.WithoutCancel(ctx)
	_, err := askActivity(ctx, a, func(ctx context.Context) (struct{}, error) { return struct{}{}, change(ctx, a.store) })
	e.fault(ctx, "activity store", err)
}

const (
	maxFollowers = 100_000
	maxMenuKeys  = 1_000
)

// memoryActivity is an [ActivityStore] in memory.
type memoryActivity struct {
	followers *lru[string, touch]
	menu      *lru[string, MenuStatus]
}

type touch struct{ wrote, until time.Time }

func newMemoryActivity() *memoryActivity {
	return &memoryActivity{
		followers: newLRU[string](limits[touch]{entries: maxFollowers}),
		menu:      newLRU[string](limits[MenuStatus]{entries: maxMenuKeys}),
	}
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

func (s *memoryActivity) AddMenuStatus(_ context.Context, key string, delta MenuStatus) error {
	s.menu.update(key, time.Now(), 0, func(old MenuStatus, _ bool) (MenuStatus, bool) { return old.plus(delta), true })
	return nil
}

func (s *memoryActivity) MenuStatus(context.Context) (map[string]MenuStatus, error) {
	menu := map[string]MenuStatus{}
	s.menu.each(time.Now(), func(key string, status MenuStatus) { menu[key] = status })
	return menu, nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
