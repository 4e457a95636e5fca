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

// Handler receives the pushes of one account. It is an [http.Handler]: mount it at the
// URL that is set in the platform's console (服务器地址), for GET and POST.
//
// Register functions for pushes with [On] (callback.On), which is a function because it
// has a type parameter, and with [Handler.OnText], [Handler.OnEventKey],
// [Handler.OnEventKeyPrefix] and [Handler.Fallback]. On lists their order of precedence.
//
// Each push is handled once, however often it is delivered. The response is always sent in
// time: if a function takes longer than [Config.ResponseTimeout], the push is acknowledged,
// and the reply is sent through [Config.SendDeferred].
type Handler struct{ *engine }

// engine is behind a pointer so that no fmt verb prints its content.
type engine struct {
	cfg      Config
	log      *slog.Logger
	guard    *guard
	routes   routes
	pool     pool
	budgets  deadlines[*delivery] // of all deliveries that are waiting
	handlers deadlines[*run]      // after which handlers are stuck
	seen     *lru[digest, sighting]
	replies  replies
	replicas *replicas // nil if there is no store
	allow    allowList
	life     context.Context //nolint:containedctx // ends with Shutdown, not with a request
	kill     context.CancelFunc

	rememberFor time.Duration
	observer    usercode.Guard
	overflows   usercode.Guard
	complaints  sync.Map // reason → when it was last logged
}

const (
	bodyWithin    = 2 * time.Second
	shutdownGrace = 250 * time.Millisecond
	probeFor      = 100 * time.Millisecond
	reportWithin  = 20 * time.Millisecond
)

// NewHandler returns a Handler with no routes. Until routes are added, every push is
// acknowledged. It returns a [*ConfigError] if cfg is invalid.
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
		seen: newSightings(), replicas: newReplicas(cfg),
	}
	e.life, e.kill = context.WithCancel(context.Background())
	e.allow = allowList{fetch: cfg.AllowedIPs, log: cfg.Logger, life: e.life}
	e.budgets.expire, e.handlers.expire = (*delivery).wakeUp, e.reportStuck
	e.pool = pool{handle: e.handle, workers: cfg.Workers, limit: cfg.QueueSize}
	return &Handler{e}, nil
}

// ServeHTTP responds to the verification of the URL (GET) and to pushes (POST). All
// requests that are not from the platform get the same response, with status 403.
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
		writeText(w, http.StatusOK, []byte(echo))
	case http.MethodPost:
		connection := http.NewResponseController(w)
		_ = connection.SetReadDeadline(began.Add(bodyWithin)) // if unsupported, the timeouts of the server apply
		push, err := h.parse(r, began)
		if err != nil {
			h.deny(w, r, err, began)
			return
		}
		_ = connection.SetReadDeadline(time.Time{}) // an expired deadline would cancel the request's context
		h.receive(w, r, connection, push, began)
	default:
		w.Header().Set("Allow", "GET, POST")
		writeText(w, http.StatusMethodNotAllowed, []byte("method not allowed"))
	}
}

// receive delivers a push and sends the response. Everything that the program's code can
// delay comes after the response.
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
	if d.rest != nil {
		h.pool.begin()
		go func() {
			defer h.pool.end()
			h.send(context.WithoutCancel(h.life), push, d.rest)
		}()
	}
	switch {
	case !entered:
		h.reportDelivery(ctx, d, time.Since(began))
	case h.cfg.Observer != nil || push.doubt != nil || d.failed():
		took := time.Since(began)
		h.reportAside(func() { h.reportDelivery(ctx, d, took) })
	default:
		d.awaitReport()
	}
}

// reportDelivery reports a delivery, and its doubt, to the log and the observer.
func (h *Handler) reportDelivery(ctx context.Context, d *delivery, took time.Duration) {
	if d.push.doubt != nil {
		h.complain(ctx, "pushes contain plain text as well", d.push.doubt)
	}
	d.awaitReport()
	h.report(ctx, d.push, Observation{Outcome: d.outcome, Delivery: d.number, Duplicate: d.duplicate, Late: d.late, Start: d.began, Duration: took})
}

// awaitReport waits until the end of the delivery's run has been reported, so that
// outcomes are observed in order.
func (d *delivery) awaitReport() {
	if d.run != nil && d.run.hasFinished() {
		d.run.reports.Wait()
	}
}

// reportAside reports to the log and the observer in another goroutine. Both may be slow,
// and the next request on the connection waits for them only briefly.
func (h *Handler) reportAside(report func()) {
	reported := make(chan struct{})
	h.pool.begin()
	go func() {
		defer h.pool.end()
		defer close(reported)
		report()
	}()
	timer := time.NewTimer(reportWithin)
	defer timer.Stop()
	select {
	case <-reported:
	case <-timer.C:
	}
}

// failed reports whether the delivery or its run is logged as a failure, which an overflow is
// even if it was answered.
func (d *delivery) failed() bool {
	if d.run == nil || d.leave {
		return d.leave
	}
	d.run.mu.Lock()
	defer d.run.mu.Unlock()
	return d.run.finished && (d.run.result.err != nil || d.run.result.outcome == OutcomeOverflow)
}

// mayBeHalfClosed reports whether the end of the request's context may mean that the
// client has closed only its own side of the connection, which net/http cannot detect.
func mayBeHalfClosed(r *http.Request) bool {
	return r.ProtoMajor == 1 && r.Context().Value(http.ServerContextKey) != nil
}

const textPlain = "text/plain; charset=utf-8"

var nosniff = []string{"nosniff"}

// Response returns the HTTP response that carries r, encrypted if the push was. If r is nil,
// the body is "success". It returns a [*ReplyError] if r is invalid, for example a text of
// more than 2,048 bytes.
func (p *Push) Response(r Reply) (contentType string, body []byte, err error) {
	if r = byValue(r); r == nil {
		return textPlain, success, nil
	}
	now := time.Now()
	rendered, _, err := p.compose(r, false, now)
	if err != nil {
		return "", nil, err
	}
	if p.isSealed() {
		rendered = p.seal(nil, rendered, now)
	}
	return p.contentType(), rendered, nil
}

func (p *Push) contentType() string {
	if p.inJSON {
		return "application/json; charset=utf-8"
	}
	return "application/xml; charset=utf-8"
}

var success = []byte("success")

// Shutdown stops accepting new pushes, which the platform then delivers again, possibly to
// another replica. It waits until all accepted pushes have been handled and their replies
// sent. If ctx ends first, Shutdown leaves queued pushes without a response, cancels the
// contexts of running handlers, gives them 250 ms to return, and returns ctx's error.
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

// answer sends the response to a delivery.
func (h *Handler) answer(w http.ResponseWriter, connection *http.ResponseController, d *delivery) {
	contentType, body := textPlain, success
	switch {
	case d.reply == nil:
	case d.push.isSealed():
		sealed := writers.Get().(*writer) //nolint:forcetypeassert // see writers
		defer writers.put(sealed)
		sealed.out = d.push.seal(sealed.out, d.reply, time.Now())
		contentType, body = d.push.contentType(), sealed.out
	default:
		contentType, body = d.push.contentType(), d.reply
	}
	switch {
	case d.leave:
		leave(w, connection)
	case !d.doubtful:
		writeHeader(w, http.StatusOK, contentType, len(body), &d.header)
		_, _ = w.Write(body)   // it fails only if the platform has closed the connection
		_ = connection.Flush() // what follows may be slow
	case writeToDoubtful(w, connection, contentType, body):
		h.confirm(d)
	default:
		d.outcome = OutcomeGone
	}
}

// leave leaves a delivery without a response by closing the connection. The platform
// documents that it delivers a push again if there is no response within 5 seconds. It
// is only believed to do the same after a status other than 200, so leave sends 503 only
// if it cannot close the connection: in HTTP/2, or behind a ResponseWriter that hides it.
func leave(w http.ResponseWriter, connection *http.ResponseController) {
	if conn, _, err := connection.Hijack(); err == nil {
		_ = conn.Close()
		return
	}
	writeText(w, http.StatusServiceUnavailable, []byte(http.StatusText(http.StatusServiceUnavailable)))
}

// writeToDoubtful sends a response to a client that has closed its side of the connection,
// and reports whether the client was still reading. If it was not, it resets the
// connection, which makes the second write fail.
func writeToDoubtful(w http.ResponseWriter, connection *http.ResponseController, contentType string, body []byte) bool {
	writeHeader(w, http.StatusOK, contentType, len(body), new([2]string))
	if connection.Flush() != nil {
		return false
	}
	time.Sleep(probeFor)
	_, err := w.Write(body)
	return err == nil && connection.Flush() == nil
}

// deny responds to a request that is not from the platform.
func (h *Handler) deny(w http.ResponseWriter, r *http.Request, err error, began time.Time) {
	status := http.StatusForbidden
	var why *refusal
	switch {
	case errors.As(err, &why):
		if why.status != 0 {
			status = why.status
		}
	case errors.Is(err, ErrTooLarge):
		status, why = http.StatusRequestEntityTooLarge, &refusal{reason: "its body is larger than 256 KiB"}
	default:
		status, why = http.StatusRequestTimeout, &refusal{reason: "its body did not arrive in full"}
	}
	writeText(w, status, []byte(http.StatusText(status)))
	_ = http.NewResponseController(w).Flush()
	h.complain(r.Context(), "request refused", why)
	h.observe(r.Context(), Observation{Outcome: OutcomeRefused, Start: began, Duration: time.Since(began), Err: err})
}

// complain logs why something was refused, each reason at most once a minute, because
// there may be thousands of such requests per second.
func (e *engine) complain(ctx context.Context, what string, why *refusal) {
	if !e.due(why.reason) {
		return
	}
	e.log.LogAttrs(ctx, slog.LevelWarn, "callback: "+what, why.attributes()...)
}

// writeText sends a response to anything but a push, and ends the connection. Otherwise
// net/http would wait for the rest of a body that was not read, for as long as it takes.
func writeText(w http.ResponseWriter, status int, body []byte) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now()) // if unsupported, the timeouts of the server apply
	w.Header().Set("Connection", "close")
	writeHeader(w, status, textPlain, len(body), new([2]string))
	_, _ = w.Write(body) // it fails only if the platform has closed the connection
}

// writeHeader sends the header of a response. Its values are stored in values.
func writeHeader(w http.ResponseWriter, status int, contentType string, length int, values *[2]string) {
	*values = [2]string{contentType, strconv.Itoa(length)}
	header := w.Header()
	header["Content-Type"], header["Content-Length"] = values[:1:1], values[1:]
	w.WriteHeader(status)
}
