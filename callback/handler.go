package callback

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/wechatoa/wechat/internal/usercode"
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
	cfg      Config
	log      *slog.Logger
	guard    *guard
	routes   routes
	pool     pool
	seen     *lru[digest, sighting]
	replies  *lru[digest, []byte]
	replicas *replicas // nil for none
	allow    allowList
	life     context.Context //nolint:containedctx // ends with Shutdown, not with a call
	kill     context.CancelFunc

	rememberFor time.Duration
	observer    usercode.Guard
	overflows   usercode.Guard
	complaints  sync.Map // what was logged → when it was logged last
}

const (
	bodyWithin    = 2 * time.Second
	shutdownGrace = 250 * time.Millisecond
	probeFor      = 100 * time.Millisecond
	tellWithin    = 20 * time.Millisecond
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
		cfg: cfg, log: cfg.Logger, guard: g, rememberFor: rememberFor(cfg),
		seen: newSightings(), replies: newReplies[digest](), replicas: newReplicas(cfg),
	}
	e.life, e.kill = context.WithCancel(context.Background())
	e.allow = allowList{fetch: cfg.AllowedIPs, log: cfg.Logger, life: e.life}
	e.pool = pool{handle: e.handle, workers: cfg.Workers, limit: cfg.Queue}
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
		push, err := h.parse(r)
		if err != nil {
			h.deny(w, r, err, began)
			return
		}
		_ = connection.SetReadDeadline(time.Time{}) // an old deadline would end the request's context
		h.receive(w, r, connection, push, began)
	default:
		w.Header().Set("Allow", "GET, POST")
		write(w, http.StatusMethodNotAllowed, textPlain, []byte("method not allowed"))
	}
}

// receive delivers a push and answers it. What user code may make slow comes after
// the answer.
func (h *Handler) receive(w http.ResponseWriter, r *http.Request, connection *http.ResponseController, push *Push, began time.Time) {
	ctx := r.Context()
	d := &delivery{push: push, began: began, halfClosed: mayBeHalfClosed(r)}
	entered := h.pool.enter()
	if entered {
		defer h.pool.end()
		h.deliver(ctx, d)
	} else {
		d.leave, d.outcome = true, OutcomeShutdown
	}
	h.answer(w, connection, d)
	took := time.Since(began)
	if d.rest != nil {
		h.pool.begin()
		go func() {
			defer h.pool.end()
			h.send(context.WithoutCancel(h.life), push, d.rest)
		}()
	}
	tell := func() {
		if push.doubt != nil {
			h.complain(ctx, "pushes come in clear as well", push.doubt)
		}
		d.awaitReport()
		h.report(ctx, push, Observation{Outcome: d.outcome, Delivery: d.number, Duplicate: d.duplicate, Late: d.late, Duration: took})
	}
	if !entered || h.cfg.Observer == nil && push.doubt == nil && !d.failed() {
		tell()
		return
	}
	h.tellAside(tell)
}

// tellAside tells the log and the observer, which may take their time: the
// connection's next request waits for them no longer than a moment.
func (h *Handler) tellAside(tell func()) {
	told := make(chan struct{})
	h.pool.begin()
	go func() {
		defer h.pool.end()
		defer close(told)
		tell()
	}()
	moment := time.NewTimer(tellWithin)
	defer moment.Stop()
	select {
	case <-told:
	case <-moment.C:
	}
}

// failed reports whether the log is told of the delivery or its run.
func (d *delivery) failed() bool {
	if d.run == nil || d.leave {
		return d.leave
	}
	d.run.mu.Lock()
	defer d.run.mu.Unlock()
	return d.run.finished && d.run.result.err != nil
}

// mayBeHalfClosed reports whether the end of the request's context may mean that
// the client has closed only its own side of the connection: net/http cannot tell.
func mayBeHalfClosed(r *http.Request) bool {
	return r.ProtoMajor == 1 && r.Context().Value(http.ServerContextKey) != nil
}

// awaitReport waits until the end of the delivery's run was reported, so that
// outcomes are observed in their order.
func (d *delivery) awaitReport() {
	if d.run == nil {
		return
	}
	select {
	case <-d.run.done:
		d.run.reports.Wait()
	default:
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

// Shutdown refuses new pushes, which the platform then delivers elsewhere or again,
// and waits until everything that was accepted is answered, handled and, if it was
// too late for an answer, sent. If ctx ends first, Shutdown leaves the pushes in the
// queue without an answer, ends the handlers' contexts, gives them 250 ms to return,
// and returns ctx's error.
func (h *Handler) Shutdown(ctx context.Context) error {
	defer h.kill()
	err := h.pool.drain(ctx)
	if err == nil {
		return nil
	}
	for _, r := range h.pool.abandon() {
		h.abandon(r)
	}
	h.kill()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	_ = h.pool.drain(grace)
	return err
}

// answer answers a delivery.
func (h *Handler) answer(w http.ResponseWriter, connection *http.ResponseController, d *delivery) {
	contentType, body := textPlain, success
	if d.reply != nil {
		contentType, body = d.push.contentType(), d.push.seal(d.reply, time.Now())
	}
	switch {
	case d.leave:
		leave(w, connection)
	case !d.doubtful:
		write(w, http.StatusOK, contentType, body)
		_ = connection.Flush() // what comes next may be slow
	case writeToDoubtful(w, connection, contentType, body):
		h.confirm(d)
	default:
		d.outcome = OutcomeGone
	}
}

// leave leaves a delivery without an answer: it drops the connection. The platform
// documents that it delivers a push again if no answer comes in 5 seconds. That it does
// the same after a status other than 200 is only believed, and so that is the answer
// only if the connection cannot be dropped: in HTTP/2, or behind a ResponseWriter
// that hides it.
func leave(w http.ResponseWriter, connection *http.ResponseController) {
	if conn, _, err := connection.Hijack(); err == nil {
		_ = conn.Close()
		return
	}
	w.Header().Set("Connection", "close")
	write(w, http.StatusServiceUnavailable, textPlain, []byte(http.StatusText(http.StatusServiceUnavailable)))
}

// writeToDoubtful answers a client that has closed its side of the connection, and
// reports whether it was there. One that has hung up refuses what is sent to it, of
// which the next thing that is sent hears.
func writeToDoubtful(w http.ResponseWriter, connection *http.ResponseController, contentType string, body []byte) bool {
	writeHeader(w, http.StatusOK, contentType, len(body))
	if connection.Flush() != nil {
		return false
	}
	time.Sleep(probeFor)
	_, err := w.Write(body)
	return err == nil && connection.Flush() == nil
}

// deny answers a request that is not the platform's.
func (h *Handler) deny(w http.ResponseWriter, r *http.Request, err error, began time.Time) {
	status := http.StatusForbidden
	var why *refusal
	switch {
	case errors.As(err, &why):
		if why.status != 0 {
			status = why.status
		}
	case errors.Is(err, ErrTooLarge):
		status, why = http.StatusRequestEntityTooLarge, &refusal{reason: "it is larger than 256 KiB"}
	default:
		status, why = http.StatusRequestTimeout, &refusal{reason: "its body did not arrive"}
	}
	w.Header().Set("Connection", "close")
	write(w, status, textPlain, []byte(http.StatusText(status)))
	_ = http.NewResponseController(w).Flush()
	h.complain(r.Context(), "request refused", why)
	h.observe(r.Context(), Observation{Outcome: OutcomeRefused, Duration: time.Since(began), Err: err})
}

// complain logs why something was turned away, each reason once a minute: there can
// be thousands in a second.
func (e *engine) complain(ctx context.Context, what string, why *refusal) {
	if !e.due(why.reason) {
		return
	}
	e.log.LogAttrs(ctx, slog.LevelWarn, "callback: "+what, why.attributes()...)
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	writeHeader(w, status, contentType, len(body))
	_, _ = w.Write(body) // the platform has hung up if this fails
}

func writeHeader(w http.ResponseWriter, status int, contentType string, length int) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(status)
}
