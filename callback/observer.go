package callback

import (
	"time"
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
	OutcomeRetried      Outcome = "retried"      // answered 500, because the handler failed
)

// Outcomes of handlers; each run has one of the first three, and may have others.
const (
	OutcomeHandled  Outcome = "handled"  // the handler returned
	OutcomeFailed   Outcome = "failed"   // the handler returned an error, or a reply that can not be sent
	OutcomePanicked Outcome = "panicked" // the handler panicked
	OutcomeStuck    Outcome = "stuck"    // the handler did not end with its context
	OutcomeDeferred Outcome = "deferred" // the reply was sent as customer-service messages
	OutcomeLost     Outcome = "lost"     // the reply could not be sent any more
)

// Event is what [Config.Observe] is told.
type Event struct {
	MsgType   string // of the push, "" where it was refused
	Event     string
	Outcome   Outcome
	Delivery  int           // 1 to 3 as far as known, 0 for outcomes of handlers
	Duplicate bool          // an earlier delivery of the push came here or to another replica
	Late      bool          // the handler took longer than the platform waits
	Duration  time.Duration // of the delivery until its answer, or of the handler
	Err       error         // why; never with the content of a message
}
