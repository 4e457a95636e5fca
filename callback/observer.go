package callback

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/wechatoa/wechat/internal/usercode"
)

// Outcome is the result of a delivery or of a handler.
type Outcome string

// The outcomes of deliveries. Each delivery has exactly one.
const (
	OutcomeReplied      Outcome = "replied"      // the response was a reply
	OutcomeAcknowledged Outcome = "acknowledged" // the response was "success", because there is no reply
	OutcomeLate         Outcome = "late"         // acknowledged in time, while the handler is still running
	OutcomeHeld         Outcome = "held"         // left without a response; the next delivery may get the reply
	OutcomeGone         Outcome = "gone"         // the platform closed the connection before the response
	OutcomeRefused      Outcome = "refused"      // the request is not from the platform; see [ErrRefused]
	OutcomeOverflow     Outcome = "overflow"     // all workers were busy and the queue was full
	OutcomeShutdown     Outcome = "shutdown"     // left without a response, because this replica is shutting down
	OutcomeRetried      Outcome = "retried"      // left without a response, because the handler failed and [Config.RetryFailed] is set
)

// The outcomes of handlers. Each call of a handler has one of the first three, and may have
// others as well.
const (
	OutcomeHandled  Outcome = "handled"  // the handler returned
	OutcomeFailed   Outcome = "failed"   // the handler returned an error, or a reply that cannot be sent
	OutcomePanicked Outcome = "panicked" // the handler panicked
	OutcomeStuck    Outcome = "stuck"    // the handler did not return when its context ended
	OutcomeDeferred Outcome = "deferred" // the reply was sent as customer-service messages
	OutcomeLost     Outcome = "lost"     // the reply could not be sent
)

// OutcomeFault concerns neither a delivery nor a handler: a store or a function of the
// [Config] failed, panicked or did not return in time, and the push was handled without it.
const OutcomeFault Outcome = "fault"

// Observation is what [Config.Observer] receives: the outcome of a delivery or of a
// handler.
type Observation struct {
	AppID     string // of the [Config]
	MsgType   string // of the push, as it was sent; "" if the request was refused, or for a fault
	Event     string
	Kind      string // "text", "event/subscribe" …, or "unknown" for an [UnknownMessage]; few values, whatever is sent
	Outcome   Outcome
	Delivery  int           // number of the delivery, 1 to 3, as far as known; 0 for outcomes of handlers
	Duplicate bool          // the push was delivered earlier, to this replica or another one
	Late      bool          // the handler took longer than [Config.ResponseTimeout]
	Start     time.Time     // arrival of the delivery, or call of the handler
	Duration  time.Duration // from the arrival of the delivery to its response, or of the call of the handler
	Err       error         // reason for the outcome; it never contains the content of a message
}

// report reports an outcome to the log and to the observer.
func (e *engine) report(ctx context.Context, p *Push, o Observation) {
	o.MsgType, o.Event = p.head.MsgType, p.head.Event
	switch {
	case o.Outcome == OutcomeOverflow:
		e.complain(ctx, "push not handled", &refusal{reason: "all workers are busy and the queue is full"})
	case o.Outcome == OutcomeShutdown:
		e.complain(ctx, "push not handled", &refusal{reason: "the handler is shutting down"})
	case o.Err != nil || o.Outcome == OutcomeStuck:
		attributes := []slog.Attr{
			slog.String("outcome", string(o.Outcome)), slog.String("type", o.MsgType), slog.String("event", o.Event),
			slog.Duration("duration", o.Duration), slog.Any("error", o.Err),
		}
		var panicked *PanicError
		if errors.As(o.Err, &panicked) && panicked != nil { // nil if the handler returned a nil *PanicError
			attributes = append(attributes, slog.String("stack", string(panicked.Stack)))
		}
		e.log.LogAttrs(ctx, slog.LevelError, "callback: push "+string(o.Outcome), attributes...)
	}
	e.observe(ctx, o)
}

func (e *engine) observe(ctx context.Context, o Observation) {
	if e.cfg.Observer != nil {
		e.passOn(ctx, o) // on its own, because it allocates o
	}
}

func (e *engine) passOn(ctx context.Context, o Observation) {
	o.AppID, o.Kind = e.cfg.AppID, kindName(o.MsgType, o.Event)
	if o.Start.IsZero() {
		o.Start = time.Now()
	}
	err := usercode.Run(context.WithoutCancel(ctx), &e.observer, func(ctx context.Context) { e.cfg.Observer(ctx, o) })
	if err != nil && !errors.Is(err, usercode.ErrSkipped) {
		e.logFault(ctx, "observer hook", err)
	}
}

// fault reports that a store or a hook of the program failed.
func (e *engine) fault(ctx context.Context, what string, err error) {
	if err == nil || errors.Is(err, usercode.ErrSkipped) {
		return
	}
	e.logFault(ctx, what, err)
	e.observe(ctx, Observation{Outcome: OutcomeFault, Err: err})
}

// logFault logs a fault, at most once a minute for each store or hook.
func (e *engine) logFault(ctx context.Context, what string, err error) {
	if !e.due("fault " + what) {
		return
	}
	attributes := []slog.Attr{slog.String("what", what), slog.Any("error", err)}
	var panicked *usercode.PanicError
	if errors.As(err, &panicked) {
		attributes = append(attributes, slog.String("stack", string(panicked.Stack)))
	}
	e.log.LogAttrs(ctx, slog.LevelWarn, "callback: continuing without a store or hook that failed", attributes...)
}

// due reports whether something may be logged, which is so once a minute, as it may happen
// thousands of times per second.
func (e *engine) due(what string) bool { return due(&e.complaints, what) }

func due(complaints *sync.Map, what string) bool {
	now := time.Now()
	last, ok := complaints.Load(what)
	if ok && now.Sub(last.(time.Time)) < time.Minute { //nolint:forcetypeassert // stored below
		return false
	}
	complaints.Store(what, now)
	return true
}
