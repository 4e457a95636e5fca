package callback

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wechatoa/wechat/internal/usercode"
)

const deferWithin = 30 * time.Second

var (
	errNoDeferred = errors.New("callback: the reply came too late, and Config.SendDeferred is not set")
	errShutdown   = errors.New("callback: the push was acknowledged, but the shutdown ended before it was handled")
)

// longer is how many times as long the repair of a text may be: a byte becomes U+FFFD.
const longer = len("\uFFFD")

// compose renders a reply, and customer-service messages for the part that does not fit in
// a response.
func (p *Push) compose(r Reply, canDefer bool, now time.Time) (rendered []byte, rest [][]byte, err error) {
	if err := r.check(); err != nil {
		return nil, nil, err
	}
	text, ok := r.(TextReply)
	if ok && len(text.Content) > maxTextBytes/longer {
		text.Content = repair(text.Content)
	}
	if ok && len(text.Content) > maxTextBytes {
		if !canDefer {
			return nil, nil, &ReplyError{
				"TextReply.Content", fmt.Sprintf("must have at most %d bytes without Config.SendDeferred, but has %d", maxTextBytes, len(text.Content)),
			}
		}
		parts := SplitText(text.Content, maxTextBytes)
		r = TextReply{parts[0]}
		for _, part := range parts[1:] {
			more, _ := CustomMessages(p.head.FromUserName, TextReply{part}) // it is not empty, so there is no error
			rest = append(rest, more...)
		}
	}
	return render(r, &p.head, p.inJSON, now), rest, nil
}

// deferReply sends a reply as customer-service messages.
func (e *engine) deferReply(ctx context.Context, p *Push, r Reply) {
	messages, err := CustomMessages(p.head.FromUserName, r)
	if err != nil {
		e.report(ctx, p, Observation{Outcome: OutcomeLost, Late: true, Err: err})
		return
	}
	e.send(ctx, p, messages)
}

// send sends customer-service messages in order, until one fails.
func (e *engine) send(ctx context.Context, p *Push, messages [][]byte) {
	if len(messages) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, deferWithin)
	defer cancel()
	began := time.Now()
	o := Observation{Outcome: OutcomeDeferred, Late: true, Start: began}
	for _, body := range messages {
		if o.Err = e.sendMessage(ctx, body); o.Err != nil {
			o.Outcome = OutcomeLost
			break
		}
	}
	o.Duration = time.Since(began)
	e.report(ctx, p, o)
}

// sendMessage calls Config.SendDeferred, which may hang, panic or end its goroutine.
func (e *engine) sendMessage(ctx context.Context, body []byte) error {
	if e.cfg.SendDeferred == nil {
		return errNoDeferred
	}
	sent := make(chan error, 1)
	go func() {
		err := usercode.ErrGoexit
		defer func() { sent <- err }()
		err = usercode.Recover(func() error { return e.cfg.SendDeferred(ctx, body) })
	}()
	select {
	case err := <-sent:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
