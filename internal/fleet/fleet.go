// Package fleet keeps a value per account, such as a client or a handler, made by
// the program when it is first asked for: bounded, shared, and dropped when idle.
package fleet

import (
	"container/list"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/wechatoa/wechat/internal/usercode"
)

var (
	// ErrUnknownAccount is what the program returns for an account that it does not have.
	ErrUnknownAccount = errors.New("unknown account")
	// ErrBusy is returned while too many accounts fail: only those that are there already
	// are returned.
	ErrBusy = errors.New("too many accounts failed recently")
	// ErrClosed is returned after [Registry.Close].
	ErrClosed = errors.New("closed")
)

const (
	makeLimit  = 5 * time.Second  // of one account
	maxMaking  = 64               // accounts at once
	maxAsking  = 2                // calls about one account: for its value, and for a new secret
	maxStuck   = 1000             // calls about all accounts that did not return in time
	unknownTTL = 30 * time.Second // how long an unknown account stays unknown
	failureTTL = time.Second      // and another failure is repeated

	// Whoever may name accounts can name ones that do not exist. So failures are paid
	// from an allowance: 100 at once, 10 a second.
	failuresAtOnce   = 100
	failuresASecond  = 10
	refusalsBetween  = failuresAtOnce + maxMaking + failuresASecond*int(unknownTTL/time.Second) // none is older than that
	maxAccountLength = 64
)

// IsAccount reports whether an account can have this name: 1 to 64 letters, digits,
// hyphens and underscores.
func IsAccount(name string) bool {
	for i := range len(name) {
		b := name[i]
		if (b < '0' || b > '9') && (b < 'A' || b > 'Z') && (b < 'a' || b > 'z') && b != '-' && b != '_' {
			return false
		}
	}
	return name != "" && len(name) <= maxAccountLength
}

// Asker calls a function of the program about accounts. An account for which it
// panics or hangs does not keep others from being asked for, until 1,000 calls hang.
type Asker struct {
	guard usercode.Guard

	mu      sync.Mutex
	running map[string]int // calls by account, those left behind included
}

// NewAsker returns an Asker.
func NewAsker() *Asker {
	return &Asker{guard: usercode.Guard{Limit: usercode.Unlimited, MaxAbandoned: maxStuck}, running: map[string]int{}}
}

var errRunning = errors.New("earlier calls about this account have not returned")

// Ask calls f about an account. It may take 5 seconds, hang or panic.
func Ask[T any](ctx context.Context, a *Asker, account string, f func(context.Context) (T, error)) (T, error) {
	limited, cancel := context.WithTimeout(ctx, makeLimit)
	defer cancel()
	value, err := usercode.Call(limited, &a.guard, func(ctx context.Context) (T, error) {
		if !a.begin(account) {
			var none T
			return none, errRunning
		}
		defer a.end(account)
		return f(ctx)
	})
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = usercode.ErrTimeout
	}
	return value, err
}

// begin counts a call, unless as many about this account have not returned.
func (a *Asker) begin(account string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running[account] >= maxAsking {
		return false
	}
	a.running[account]++
	return true
}

func (a *Asker) end(account string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running[account]--; a.running[account] == 0 {
		delete(a.running, account)
	}
}

// Registry keeps a value per account. A registry without values has no goroutine and
// no timer.
type Registry[V any] struct {
	create func(ctx context.Context, account string) (V, error)
	most   int
	idle   time.Duration

	base    context.Context //nolint:containedctx // parent of all creations, ends with Close
	cancel  context.CancelFunc
	running sync.WaitGroup
	slots   chan struct{}

	mu       sync.Mutex
	closed   bool
	live     map[string]*list.Element
	recent   list.List // of *entry[V], the one that was asked for last in front
	creating map[string]*creation[V]
	refusals map[string]refusal
	failed   float64 // failures, less what time has forgiven
	forgiven time.Time
	sweeper  *time.Timer // nil while there is nothing to drop
}

type entry[V any] struct {
	account string
	value   V
	used    time.Time
}

// creation is a value on its way.
type creation[V any] struct {
	done  chan struct{}
	value V
	err   error
}

type refusal struct {
	err   error
	until time.Time
}

// New returns an empty registry that drops the values beyond most, and those that were
// not asked for during idle. create is called once for an account at a time; it must
// heed its context and survive the program.
func New[V any](most int, idle time.Duration, create func(ctx context.Context, account string) (V, error)) *Registry[V] {
	r := &Registry[V]{
		create: create, most: most, idle: idle, slots: make(chan struct{}, maxMaking),
		live: map[string]*list.Element{}, creating: map[string]*creation[V]{}, refusals: map[string]refusal{},
	}
	r.base, r.cancel = context.WithCancel(context.Background()) //nolint:gosec // Close calls it
	return r
}

// Get returns the value of an account, which it makes if it is not there. A creation
// belongs to the registry: a caller whose ctx ends does not end it.
func (r *Registry[V]) Get(ctx context.Context, account string) (V, error) {
	c, value, err := r.find(account)
	if c == nil {
		return value, err
	}
	select {
	case <-c.done:
		return c.value, c.err
	case <-ctx.Done():
		return value, ctx.Err()
	}
}

// Has reports whether Get needs to create nothing for an account.
func (r *Registry[V]) Has(account string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.live[account] != nil
}

// find returns the creation to wait for, or the answer if there is nothing to wait for.
func (r *Registry[V]) find(account string) (_ *creation[V], value V, _ error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if r.closed {
		return nil, value, ErrClosed
	}
	if at := r.live[account]; at != nil {
		e := at.Value.(*entry[V]) //nolint:forcetypeassert // nothing else is in it
		e.used = now
		r.recent.MoveToFront(at)
		return nil, e.value, nil
	}
	if c := r.creating[account]; c != nil {
		return c, value, nil
	}
	if known, ok := r.refusals[account]; ok && now.Before(known.until) {
		return nil, value, known.err
	}
	if r.exhausted(now) {
		return nil, value, ErrBusy
	}
	c := &creation[V]{done: make(chan struct{})}
	r.creating[account] = c
	r.running.Add(1)
	go r.run(account, c)
	return c, value, nil
}

// exhausted reports whether there were too many failures. The caller holds mu.
func (r *Registry[V]) exhausted(now time.Time) bool {
	r.failed = max(0, r.failed-now.Sub(r.forgiven).Seconds()*failuresASecond)
	r.forgiven = now
	return r.failed > failuresAtOnce-1
}

// run makes a value.
func (r *Registry[V]) run(account string, c *creation[V]) {
	defer r.running.Done()
	value, err := r.make(account)
	r.land(account, c, value, err)
}

func (r *Registry[V]) make(account string) (value V, err error) {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-r.base.Done():
		return value, ErrClosed
	}
	r.mu.Lock()
	exhausted := r.exhausted(time.Now()) // while this one waited
	r.mu.Unlock()
	if exhausted {
		return value, ErrBusy
	}
	return r.create(r.base, account)
}

// land ends a creation with its result.
func (r *Registry[V]) land(account string, c *creation[V], value V, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer close(c.done)
	if r.closed {
		err = ErrClosed
	}
	current := r.creating[account] == c // not forgotten meanwhile
	if current {
		delete(r.creating, account)
	}
	if c.err = err; err != nil {
		r.refuse(account, err, current)
		return
	}
	if c.value = value; current {
		r.keep(&entry[V]{account: account, value: value, used: time.Now()})
	}
}

// refuse pays for a failure and remembers it. The caller holds mu.
func (r *Registry[V]) refuse(account string, err error, remember bool) {
	if errors.Is(err, ErrBusy) || errors.Is(err, ErrClosed) {
		return
	}
	now, ttl := time.Now(), failureTTL
	if errors.Is(err, ErrUnknownAccount) {
		ttl = unknownTTL
	}
	r.exhausted(now)
	if r.failed++; !remember {
		return
	}
	if len(r.refusals) >= refusalsBetween {
		maps.DeleteFunc(r.refusals, func(_ string, known refusal) bool { return !now.Before(known.until) })
	}
	r.refusals[account] = refusal{err, now.Add(ttl)}
}

// keep keeps a value, and drops the one that was not asked for the longest if there
// are too many. The caller holds mu.
func (r *Registry[V]) keep(e *entry[V]) {
	delete(r.refusals, e.account)
	if len(r.live) >= r.most {
		r.drop(r.recent.Back())
	}
	r.live[e.account] = r.recent.PushFront(e)
	r.arm(r.idle)
}

func (r *Registry[V]) drop(at *list.Element) {
	e := r.recent.Remove(at).(*entry[V]) //nolint:forcetypeassert // nothing else is in it
	delete(r.live, e.account)
}

// arm makes sure that what is idle is dropped when nobody comes any more.
func (r *Registry[V]) arm(after time.Duration) {
	if r.sweeper == nil {
		r.sweeper = time.AfterFunc(after, r.sweep)
	}
}

func (r *Registry[V]) sweep() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweeper = nil
	for at := r.recent.Back(); at != nil && !r.closed; at = r.recent.Back() {
		left := r.idle - time.Since(at.Value.(*entry[V]).used) //nolint:forcetypeassert // nothing else is in it
		if left > 0 {
			r.arm(max(left, time.Second))
			return
		}
		r.drop(at)
	}
}

// Forget drops what is known of an account: the next Get makes its value anew.
func (r *Registry[V]) Forget(account string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at := r.live[account]; at != nil {
		r.drop(at)
	}
	delete(r.refusals, account)
	delete(r.creating, account)
}

// Len returns the number of values.
func (r *Registry[V]) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.live)
}

// Close ends the creations in progress, waits for them, and returns the values that
// were live.
func (r *Registry[V]) Close() []V {
	r.mu.Lock()
	r.closed = true
	if r.sweeper != nil {
		r.sweeper.Stop()
	}
	values := make([]V, 0, len(r.live))
	for at := r.recent.Front(); at != nil; at = at.Next() {
		values = append(values, at.Value.(*entry[V]).value) //nolint:forcetypeassert // nothing else is in it
	}
	r.live = map[string]*list.Element{}
	r.recent.Init()
	r.mu.Unlock()
	r.cancel()
	r.running.Wait()
	return slices.Clip(values)
}
