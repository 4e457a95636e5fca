package callback

import (
	"context"
	"strings"
	"time"

	"github.com/wechatoa/wechat/internal/usercode"
)

// How long an account may send a user customer-service messages (客服消息下发条件).
const (
	windowOfMessage = 48 * time.Hour
	windowOfEvent   = time.Minute // after a menu event, following or scanning
)

// Activity records data that the platform offers no API for: when a follower last sent a
// message, how long the account may send them customer-service messages, and how menu
// events were handled. Set [Config.Activity] to make a [Handler] record its pushes.
type Activity struct {
	store    ActivityStore
	inMemory bool // the store is in memory and called directly
	guard    usercode.Guard
}

// MenuStatus summarizes how the events with one menu key were handled (菜单事件响应状态).
type MenuStatus struct {
	Received  int64     // number of events
	Succeeded int64     // number of events whose handler succeeded
	Failed    int64     // number of events whose handler returned an error or panicked
	LastTime  time.Time // time of the last event
	// LastError is the text of the last error, up to 500 bytes. A later success does not
	// reset it.
	LastError string
	// LastDuration is how long the last call of the handler took.
	LastDuration time.Duration
}

// plus returns the sum of two statuses.
func (s MenuStatus) plus(delta MenuStatus) MenuStatus {
	s.Received += delta.Received
	s.Succeeded += delta.Succeeded
	s.Failed += delta.Failed
	s.LastTime = later(s.LastTime, delta.LastTime)
	if delta.LastDuration != 0 {
		s.LastDuration = delta.LastDuration
	}
	if delta.LastError != "" {
		s.LastError = delta.LastError
	}
	return s
}

// ActivityStore stores the activity of one account for all replicas of a program. Each call
// must be atomic. The caller stops waiting after 250 ms.
type ActivityStore interface {
	// RecordActivity records when a follower sent a message (zero for an event) and when
	// their reply window ends. It never replaces a time with an earlier one.
	RecordActivity(ctx context.Context, openID string, messageTime, windowEnd time.Time) error
	// LoadActivity returns both times. A time that is unknown is zero.
	LoadActivity(ctx context.Context, openID string) (messageTime, windowEnd time.Time, err error)
	// DeleteActivity deletes both times, if there are any.
	DeleteActivity(ctx context.Context, openID string) error
	// AddMenuStatus adds the three counts of delta to those of a menu key. It replaces
	// LastTime if delta has a later one, and LastError and LastDuration if delta has one.
	AddMenuStatus(ctx context.Context, key string, delta MenuStatus) error
	// LoadMenuStatuses returns the status of every menu key.
	LoadMenuStatuses(ctx context.Context) (map[string]MenuStatus, error)
}

// NewActivity returns an Activity that uses store. If store is nil, the data is kept in
// memory, for the 100,000 most recent followers and the 1,000 most recent menu keys.
func NewActivity(store ActivityStore) *Activity {
	if store == nil {
		return &Activity{store: newMemoryActivity(), inMemory: true}
	}
	return &Activity{store: store}
}

// LastMessageTime returns when a follower last sent a message, or the zero time if that is
// unknown. Events do not count.
func (a *Activity) LastMessageTime(ctx context.Context, openID string) (time.Time, error) {
	t, err := a.touched(ctx, openID)
	return t.wrote, err
}

// ReplyWindow returns the time until which the account may send a follower
// customer-service messages, and whether the window is still open. The window lasts 48
// hours after a message, and one minute after a menu event, a follow or a scan of a QR
// code. The platform also limits the number of messages in that time, and has the final
// say.
func (a *Activity) ReplyWindow(ctx context.Context, openID string) (until time.Time, open bool, err error) {
	t, err := a.touched(ctx, openID)
	return t.until, err == nil && time.Now().Before(t.until), err
}

func (a *Activity) touched(ctx context.Context, openID string) (touch, error) {
	return askActivity(ctx, a, func(ctx context.Context) (t touch, err error) {
		t.wrote, t.until, err = a.store.LoadActivity(ctx, openID)
		return t, err
	})
}

// Delete deletes the times of a follower. Call it in the handler of an [UnsubscribeEvent],
// which itself is not recorded. Menu statuses contain nothing about single followers.
func (a *Activity) Delete(ctx context.Context, openID string) error {
	_, err := askActivity(ctx, a, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, a.store.DeleteActivity(ctx, openID)
	})
	return err
}

// MenuStatuses returns how the events of each menu key were handled.
func (a *Activity) MenuStatuses(ctx context.Context) (map[string]MenuStatus, error) {
	return askActivity(ctx, a, func(ctx context.Context) (map[string]MenuStatus, error) { return a.store.LoadMenuStatuses(ctx) })
}

// askActivity makes one call of the store.
func askActivity[T any](ctx context.Context, a *Activity, call func(context.Context) (T, error)) (T, error) {
	if a.inMemory {
		return call(ctx)
	}
	return usercode.Call(ctx, &a.guard, call)
}

// recordArrival records a push before it is handled. menuKey is "" unless it is a menu event.
// The stores of pushes and activity are often one server, so a push that has waited for the
// first in vain does not wait for the second.
func (e *engine) recordArrival(ctx context.Context, r *run, menuKey string) {
	head := r.push.head // a copy: the handler may change the message meanwhile
	var window time.Duration
	var wrote time.Time
	switch r.push.Message.(type) {
	case *SubscribeEvent, *ScanEvent:
		window = windowOfEvent
	default:
		if menuKey != "" {
			window = windowOfEvent
		} else if head.Event == "" {
			window, wrote = windowOfMessage, head.CreateTime
		}
	}
	if e.cfg.Activity == nil || window == 0 || head.FromUserName == "" {
		return
	}
	change := func(ctx context.Context, store ActivityStore) error {
		if err := store.RecordActivity(ctx, head.FromUserName, wrote, head.CreateTime.Add(window)); err != nil || menuKey == "" {
			return err
		}
		return store.AddMenuStatus(ctx, menuKey, MenuStatus{Received: 1, LastTime: head.CreateTime})
	}
	if !r.alone || e.cfg.Activity.inMemory {
		e.record(ctx, change)
		return
	}
	e.pool.begin()
	go func() {
		defer e.pool.end()
		e.record(ctx, change)
	}()
}

const maxLastError = 500

// recordHandled records how a menu event was handled.
func (e *engine) recordHandled(ctx context.Context, menuKey string, took time.Duration, failure error) {
	if e.cfg.Activity == nil || menuKey == "" {
		return
	}
	delta := MenuStatus{Succeeded: 1, LastDuration: took}
	if failure != nil {
		text := failure.Error()
		delta = MenuStatus{Failed: 1, LastDuration: took, LastError: strings.ToValidUTF8(text[:min(len(text), maxLastError)], "")}
	}
	e.record(ctx, func(ctx context.Context, store ActivityStore) error { return store.AddMenuStatus(ctx, menuKey, delta) })
}

// record makes one change. If the store fails, the push is handled anyway.
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

func (s *memoryActivity) RecordActivity(_ context.Context, openID string, messageTime, windowEnd time.Time) error {
	s.followers.update(openID, time.Now(), 0, func(old touch, _ bool) (touch, bool) {
		return touch{wrote: later(old.wrote, messageTime), until: later(old.until, windowEnd)}, true
	})
	return nil
}

func (s *memoryActivity) LoadActivity(_ context.Context, openID string) (messageTime, windowEnd time.Time, _ error) {
	t, _ := s.followers.get(openID, time.Now())
	return t.wrote, t.until, nil
}

func (s *memoryActivity) DeleteActivity(_ context.Context, openID string) error {
	s.followers.drop(openID)
	return nil
}

func (s *memoryActivity) AddMenuStatus(_ context.Context, key string, delta MenuStatus) error {
	s.menu.update(key, time.Now(), 0, func(old MenuStatus, _ bool) (MenuStatus, bool) { return old.plus(delta), true })
	return nil
}

func (s *memoryActivity) LoadMenuStatuses(context.Context) (map[string]MenuStatus, error) {
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
