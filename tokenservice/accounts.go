package tokenservice

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/usercode"
)

const (
	maxHung     = 4           // calls about one account that have not returned in time
	hungFor     = time.Minute // then as many others may be made
	maxAccounts = 10_000      // with calls in progress
)

// accounts calls the function of the program. An account for which it hangs, without
// heeding its context, does not hold up the others, and is tried again every minute.
type accounts struct {
	client func(ctx context.Context, appID string) (*wechat.Client, error)

	mu   sync.Mutex
	busy map[string]*lookups
}

// lookups are the calls about one account.
type lookups struct {
	guard   usercode.Guard
	began   time.Time
	waiting int // requests that wait for one
	running int // calls that have not returned, those left behind included
}

var errBusy = errors.New("too many accounts are being looked up")

func newAccounts(client func(ctx context.Context, appID string) (*wechat.Client, error)) *accounts {
	return &accounts{client: client, busy: map[string]*lookups{}}
}

// get returns the client of an account.
func (a *accounts) get(ctx context.Context, appID string) (*wechat.Client, error) {
	l := a.enter(appID)
	if l == nil {
		return nil, errBusy
	}
	defer a.leave(appID, l, &l.waiting)
	return usercode.Call(ctx, &l.guard, func(ctx context.Context) (*wechat.Client, error) {
		a.mu.Lock()
		l.running++
		a.mu.Unlock()
		defer a.leave(appID, l, &l.running)
		return a.client(ctx, appID)
	})
}

// enter counts a request, or returns nil if there are too many.
func (a *accounts) enter(appID string) *lookups {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.busy[appID]
	switch {
	case l == nil && len(a.busy) >= maxAccounts:
		return nil
	case l == nil || time.Since(l.began) >= hungFor:
		l = &lookups{guard: usercode.Guard{Limit: usercode.Unlimited, MaxAbandoned: maxHung}, began: time.Now()}
		a.busy[appID] = l
	}
	l.waiting++
	return l
}

// leave ends what count counts.
func (a *accounts) leave(appID string, l *lookups, count *int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	*count--
	if l.waiting == 0 && l.running == 0 && a.busy[appID] == l {
		delete(a.busy, appID)
	}
}
