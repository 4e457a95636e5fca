package callback

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/wechatoa/wechat/internal/usercode"
)

// Outcome says what became of a delivery or of a handler's run.
type Outcome string

// Outcomes of deliveries; each delivery has one.
const (
	OutcomeReplied      Outcome = "replied"      // answered with a reply
	OutcomeAcknowledged Outcome = "acknowledged" // answered without one
	OutcomeLate         Outcome = "late"         // acknowledged in time, the handler goes on
	OutcomeHeld         Outcome = "held"         // left without an answer, the next delivery gets it
	OutcomeGone         Outcome = "gone"         // the platform left before the answer
	OutcomeRefused      Outcome = "refused"      // not the platform's
	OutcomeOverflow     Outcome = "overflow"     // no worker and no place in the queue
	OutcomeShutdown     Outcome = "shutdown"     // left for another replica: this one shuts down
	OutcomeRetried      Outcome = "retried"      // left for another delivery, because the handler failed
)

// Outcomes of handlers; each run has one of the first three, and may have others.
const (
	OutcomeHandled  Outcome = "handled"  // the handler returned
	OutcomeFailed   Outcome = "failed"   // the handler returned an error, or a reply that cannot be sent
	OutcomePanicked Outcome = "panicked" // the handler panicked
	OutcomeStuck    Outcome = "stuck"    // the handler did not end with its context
	OutcomeDeferred Outcome = "deferred" // the reply was sent as customer-service messages
	OutcomeLost     Outcome = "lost"     // the reply could not be sent any more
)

// OutcomeFault is neither: a store or a hook of the program failed, hung or
// panicked, and the push went on without it.
const OutcomeFault Outcome = "fault"

// Observation is what [Config.Observer] receives.
type Observation struct {
	MsgType   string // of the push, "" if it was refused
	Event     string
	Outcome   Outcome
	Delivery  int           // 1 to 3 as far as known, 0 for outcomes of handlers
	Duplicate bool          // an earlier delivery of the push came here or to another replica
	Late      bool          // the handler took longer than the platform waits
	Duration  time.Duration // of the delivery until its answer, or of the handler
	Err       error         // why; never with the content of a message
}

// report passes on what became of a push, to the log and to the observer.
func (e *engine) report(ctx context.Context, p *Push, o Observation) {
	o.MsgType, o.Event = p.head.MsgType, p.head.Event
	switch {
	case o.Outcome == OutcomeOverflow:
		e.complain(ctx, "push not handled", &refusal{reason: "all workers are busy and the queue is full"})
	case o.Outcome == OutcomeShutdown:
		e.complain(ctx, "push not handled", &refusal{reason: "the handler shuts down"})
	case o.Err != nil || o.Outcome == OutcomeStuck:
		attributes := []slog.Attr{
			slog.String("outcome", string(o.Outcome)), slog.String("type", o.MsgType), slog.String("event", o.Event),
			slog.Duration("duration", o.Duration), slog.Any("error", o.Err),
		}
		var panicked *PanicError
		if errors.As(o.Err, &panicked) && panicked != nil { // nil: one that the handler made
			attributes = append(attributes, slog.String("stack", string(panicked.Stack)))
		}
		e.log.LogAttrs(ctx, slog.LevelError, "callback: push "+string(o.Outcome), attributes...)
	}
	e.observe(ctx, o)
}

func (e *engine) observe(ctx context.Context, o Observation) {
	if e.cfg.Observer == nil {
		return
	}
	err := usercode.Run(context.WithoutCancel(ctx), &e.observer, func(ctx context.Context) { e.cfg.Observer(ctx, o) })
	if err != nil && !errors.Is(err, usercode.ErrSkipped) {
		e.logFault(ctx, "observer hook", err)
	}
}

// fault passes on that something of the program failed: a store or a hook.
func (e *engine) fault(ctx context.Context, what string, err error) {
	if err == nil || errors.Is(err, usercode.ErrSkipped) {
		return
	}
	e.logFault(ctx, what, err)
	e.observe(ctx, Observation{Outcome: OutcomeFault, Err: err})
}

// logFault logs a failure, once a minute for each thing that can fail.
func (e *engine) logFault(ctx context.Context, what string, err error) {
	if !e.due("fault " + what) {
		return
	}
	attributes := []slog.Attr{slog.String("what", what), slog.Any("error", err)}
	var panicked *usercode.PanicError
	if errors.As(err, &panicked) {
		attributes = append(attributes, slog.String("stack", string(panicked.Stack)))
	}
	e.log.LogAttrs(ctx, slog.LevelWarn, "callback: going on without what failed", attributes...)
}

// due reports whether something may be logged: once a minute, it can happen
// thousands of times in a second.
func (e *engine) due(what string) bool {
	now := time.Now()
	last, ok := e.complaints.Load(what)
	if ok && now.Sub(last.(time.Time)) < time.Minute { //nolint:forcetypeassert // stored below
		return false
	}
	e.complaints.Store(what, now)
	return true
}
