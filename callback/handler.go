package callback

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Handler receives the pushes of one account. It is an [http.Handler]: mount it at
// the address that the platform's console has (服务器地址), for GET and POST.
//
// A push is verified, decrypted and handled once, however often it is delivered.
// Its answer is there in time: when a handler takes longer than [Config.Budget],
// the platform gets "success", and the reply goes out by [Config.Deferred].
type Handler struct{ *engine }

// engine is behind a pointer so that no fmt verb prints what is in it.
type engine struct {
	cfg    Config
	guard  *guard
	routes routes
	pool   pool
	runs   *lru[*run]
	dedupe *shared
	owner  string // this handler, among the replicas
	allow  allowList
	life   context.Context //nolint:containedctx // ends with Shutdown, not with a call
	kill   context.CancelFunc

	complaints sync.Map // reason → when it was logged last
}

const (
	bodyWithin    = 2 * time.Second
	maxRemembered = 50_000
)

// NewHandler returns a handler without handlers for pushes, which acknowledges
// everything. What is wrong with cfg is told as a [*ConfigError].
func NewHandler(cfg Config) (*Handler, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	g, err := newGuard(cfg, time.Now())
	if err != nil {
		return nil, err
	}
	e := &engine{
		cfg: cfg, guard: g, owner: newOwner(), runs: newLRU[*run](maxRemembered),
		pool:   pool{workers: cfg.Workers, limit: cfg.Queue},
		dedupe: &shared{name: "dedupe"},
	}
	e.life, e.kill = context.WithCancel(context.Background())
	e.allow = allowList{fetch: cfg.Addresses, log: cfg.Logger, life: e.life}
	return &Handler{e}, nil
}

// ServeHTTP answers the verification of the address (GET) and pushes (POST).
// Everything that is not the platform's gets 403, with one answer for all reasons.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	w.Header()["X-Content-Type-Options"] = nosniff
	switch r.Method {
	case http.MethodGet:
		echo, err := h.VerifyURL(r)
		if err != nil {
			h.deny(w, r, err, began)
			return
		}
		write(w, http.StatusOK, textPlain, []byte(echo))
	case http.MethodPost:
		connection := http.NewResponseController(w)
		_ = connection.SetReadDeadline(began.Add(bodyWithin)) // where the server can not, its own time-outs hold
		push, err := h.Parse(r)
		if err != nil {
			h.deny(w, r, err, began)
			return
		}
		_ = connection.SetReadDeadline(time.Time{}) // an old deadline would end the request's context
		a := h.deliver(r.Context(), push, began)
		h.answer(w, push, a)
		h.report(r.Context(), push, Event{
			Outcome: a.outcome, Delivery: a.delivery, Duplicate: a.duplicate, Late: a.late, Duration: time.Since(began),
		})
		if a.after != nil {
			go a.after()
		}
	default:
		w.Header().Set("Allow", "GET, POST")
		write(w, http.StatusMethodNotAllowed, textPlain, []byte("method not allowed"))
	}
}

const textPlain = "text/plain; charset=utf-8"

var nosniff = []string{"nosniff"}

// Answer returns the answer to a push, encrypted where the push was. A nil reply
// is "success". A text of more than 2,048 bytes is refused as a [*ReplyError].
func (p *Push) Answer(r Reply) (contentType string, body []byte, err error) {
	if r = byValue(r); r == nil {
		return textPlain, success, nil
	}
	rendered, _, err := p.compose(r, false)
	if err != nil {
		return "", nil, err
	}
	return p.contentType(), p.seal(rendered, time.Now()), nil
}

func (p *Push) contentType() string {
	if p.inJSON {
		return "application/json; charset=utf-8"
	}
	return "application/xml; charset=utf-8"
}

var success = []byte("success")

// Shutdown refuses new pushes, which the platform then delivers elsewhere or
// again, and waits for handlers, queued pushes and deferred replies. When ctx ends
// first, it ends the handlers' contexts and returns ctx's error.
func (h *Handler) Shutdown(ctx context.Context) error {
	defer h.kill()
	return h.pool.drain(ctx)
}

// deliver handles one delivery of a push.
func (e *engine) deliver(ctx context.Context, p *Push, began time.Time) answer {
	key := p.key()
	a := answer{status: http.StatusOK}
	r, found := e.join(key, nil)
	a.duplicate, a.delivery = found, e.number(ctx, key, r.count())
	if !found {
		var mine bool
		if a, mine = e.claim(ctx, key, a, began); !mine {
			return a
		}
		r, found = e.join(key, p)
	}
	if found {
		a.duplicate = true
		return e.wait(ctx, r, a, began)
	}
	if e.cfg.Dedupe != nil {
		go e.renew(context.WithoutCancel(ctx), r) // from now on: it may wait in the queue for long
	}
	if !e.pool.submit(func() { e.handle(&detached{Context: e.life, request: ctx}, r) }) {
		return e.overflow(ctx, p, r, a)
	}
	return e.wait(ctx, r, a, began)
}

// detached is the context of a handler: it lives as long as the Handler, not as the
// request, and has the request's values.
type detached struct {
	context.Context //nolint:containedctx // it is one

	request context.Context //nolint:containedctx // for its values
}

func (d *detached) Value(key any) any {
	if v := d.Context.Value(key); v != nil {
		return v
	}
	return d.request.Value(key)
}

// join adds a delivery to the run of its push; without one it begins a run for p,
// or returns nil where p is nil.
func (e *engine) join(key string, p *Push) (r *run, found bool) {
	e.runs.update(key, time.Now(), 2*e.cfg.Window, func(old *run, ok bool) (*run, bool) {
		if r, found = old, ok; !ok && p != nil {
			r = &run{key: key, push: p, done: make(chan struct{})}
		}
		if r != nil {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.deliveries++
			r.waiters++
		}
		return r, !found && r != nil
	})
	return r, found
}

// count returns how many deliveries of the push came here, this one included.
func (r *run) count() int {
	if r == nil {
		return 1
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.deliveries
}

// overflow answers a push that there is no room for.
func (e *engine) overflow(ctx context.Context, p *Push, r *run, a answer) answer {
	a.status, a.outcome = http.StatusServiceUnavailable, OutcomeOverflow
	var reply Reply
	var rendered []byte
	if e.cfg.Overflow != nil && !e.pool.closed() {
		var err error
		reply, rendered, _, err = e.call(ctx, p, func(ctx context.Context, m Message) (Reply, error) {
			return e.cfg.Overflow(ctx, m), nil
		})
		if err == nil {
			a.status, a.rendered = http.StatusOK, rendered
		} else {
			e.report(ctx, p, Event{Outcome: OutcomeFailed, Err: err})
		}
	}
	e.finish(r, a.status, reply, rendered, nil)
	return a
}

func (h *Handler) answer(w http.ResponseWriter, p *Push, a answer) {
	switch {
	case a.status != http.StatusOK:
		write(w, a.status, textPlain, []byte(http.StatusText(a.status)))
	case a.rendered == nil:
		write(w, http.StatusOK, textPlain, success)
	default:
		write(w, http.StatusOK, p.contentType(), p.seal(a.rendered, time.Now()))
	}
}

// deny answers a request that is not the platform's.
func (h *Handler) deny(w http.ResponseWriter, r *http.Request, err error, began time.Time) {
	status := http.StatusForbidden
	var why *refusal
	switch {
	case errors.As(err, &why):
		h.complain(r.Context(), "request refused", why)
		if why.status != 0 {
			status = why.status
		}
	case errors.Is(err, ErrTooLarge):
		status = http.StatusRequestEntityTooLarge
		h.complain(r.Context(), "request refused", &refusal{reason: "it is larger than 256 KiB"})
	default:
		status = http.StatusRequestTimeout
		h.complain(r.Context(), "request refused", &refusal{reason: "its body did not arrive"})
	}
	w.Header().Set("Connection", "close")
	write(w, status, textPlain, []byte(http.StatusText(status)))
	h.observe(r.Context(), Event{Outcome: OutcomeRefused, Duration: time.Since(began), Err: err})
}

// complain logs why something was turned away, each reason once a minute: there can
// be thousands in a second.
func (e *engine) complain(ctx context.Context, what string, why *refusal) {
	now := time.Now()
	if last, ok := e.complaints.Load(why.reason); ok && now.Sub(last.(time.Time)) < time.Minute { //nolint:forcetypeassert // stored below
		return
	}
	e.complaints.Store(why.reason, now)
	e.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "callback: "+what, why.attributes()...)
}

// report tells the log and the observer what became of a push.
func (e *engine) report(ctx context.Context, p *Push, event Event) {
	h := p.Message.Meta()
	event.MsgType, event.Event = h.MsgType, h.Event
	if event.Outcome == OutcomeOverflow {
		e.complain(ctx, "push not handled", &refusal{reason: "all workers are busy and the queue is full"})
	} else if event.Err != nil || event.Outcome == OutcomeStuck {
		attributes := []slog.Attr{
			slog.String("outcome", string(event.Outcome)), slog.String("type", h.MsgType), slog.String("event", h.Event),
			slog.Duration("duration", event.Duration), slog.Any("error", event.Err),
		}
		var panicked *PanicError
		if errors.As(event.Err, &panicked) {
			attributes = append(attributes, slog.String("stack", string(panicked.Stack)))
		}
		e.cfg.Logger.LogAttrs(ctx, slog.LevelError, "callback: push "+string(event.Outcome), attributes...)
	}
	e.observe(ctx, event)
}

func (e *engine) observe(ctx context.Context, event Event) {
	if e.cfg.Observe != nil {
		e.cfg.Observe(ctx, event)
	}
}

var errNoDeferred = errors.New("callback: the reply is too late, and Config.Deferred is not set")

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the platform has hung up where this fails
}
