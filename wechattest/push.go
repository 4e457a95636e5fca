package wechattest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wechatoa/wechat/internal/msgcrypt"
)

const (
	deliveries   = 3           // at most, of one push
	pause        = time.Minute // in pushing, after failures
	maxReply     = 1 << 20     // bytes
	unavailable  = "该公众号提供的服务出现故障，请稍后再试"
	callbackHost = "http://callback.invalid/"
)

// Push is a message or an event for the callback.
type Push struct {
	Type   string // MsgType; "event" for events
	Event  string // of an event
	From   string // FromUserName; if empty, the openid of the follower, or of the account's operator if there is none
	Fields Fields // the other elements; they are sent in the order of the official samples
}

// Fields are the elements of a push by name. A value is a string, a number, [Fields]
// for an element with elements inside, or []any for an element that repeats.
type Fields map[string]any

// Seen is what a follower saw after an action.
type Seen string

// What a follower can see.
const (
	SeenNothing     Seen = "nothing"     // nothing: the account did not reply, or the app shows no reply to this event
	SeenReply       Seen = "reply"       // the account's reply
	SeenUnavailable Seen = "unavailable" // the platform's notice that the account is unavailable
)

// Report is the outcome of a push.
type Report struct {
	ID         int64 // from 1, in the order in which the pushes began
	Push       Push
	Body       []byte // as the callback receives it, decrypted
	Sent       []byte // as it was sent: Body in plaintext mode, else with the encrypted copy, or only that
	MsgID      int64  // of a message; 0 for events
	CreateTime time.Time
	Deliveries []Delivery
	Seen       Seen
	Reason     Reason   // why the follower did not see a reply; empty if they saw one
	Reply      *Message // the valid reply, or nil; the follower may not have seen it

	// PushesPaused is set if nothing was sent because pushes were paused after failures.
	PushesPaused bool
	// Blocked is set if nothing was sent for another reason: the user is on the blacklist
	// or does not follow the account, the QR code has expired, or there is no callback.
	Blocked bool

	settings *callbackSettings // of the callback at the beginning of the push
	openID   string            // of the user who caused the push, if any
}

// Delivery is one attempt to deliver a push.
type Delivery struct {
	At       time.Time
	Duration time.Duration
	Status   int    // HTTP status, or 0 if there was no response
	Body     []byte // of the response
	Err      error  // a *CallbackError: why the platform rejected the response; or nil
}

// callback is the destination of pushes.
type callback struct {
	handler  http.Handler
	address  string
	pusher   *http.Client
	network  http.Transport    // of pushes to a URL
	settings *callbackSettings // immutable, replaced as a whole

	failures    int // consecutive failed pushes
	pausedUntil time.Time
	reports     history[*Report]
	lastReport  int64
	twice       int // number of pushes to deliver twice
}

func (s *callback) configured() bool { return s.handler != nil }

// SetCallback makes h receive the pushes in process. If h is nil, there are no more pushes.
// Create h with the credentials of the platform:
//
//	h, err := callback.NewHandler(callback.Config{
//		AppID: p.AppID, Credentials: callback.NewCredentials(p.Token, p.EncodingAESKey),
//	})
func (p *Platform) SetCallback(h http.Handler) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handler, p.address = h, callbackHost
	p.pusher.Transport = transport{h}
}

// SetCallbackURL sends the pushes to a URL over HTTP (服务器地址URL).
func (p *Platform) SetCallbackURL(url string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.setAddress(url)
}

func (s *callback) setAddress(address string) {
	s.handler, s.address = http.NotFoundHandler(), address
	s.pusher.Transport = &s.network
}

// VerifyURL calls the callback as the console does before it saves the settings
// (验证消息的确来自微信服务器). It returns a [*CallbackError] unless the callback responds
// with the echostr within the push timeout.
func (p *Platform) VerifyURL(ctx context.Context) error {
	return p.verify(ctx, p.callbackSettings().Token, p.target)
}

// VerifyCallback is like [Platform.VerifyURL], but verifies settings before they are saved
// with [Platform.SetCallbackSettings].
func (p *Platform) VerifyCallback(ctx context.Context, s CallbackSettings) error {
	if err := s.check(); err != nil {
		return err
	}
	if s.URL == "" {
		return p.verify(ctx, s.Token, p.target)
	}
	return p.verify(ctx, s.Token, func() (*http.Client, string, error) {
		client := newPusher()
		client.Transport = &p.network
		return client, s.URL, nil
	})
}

func (p *Platform) verify(ctx context.Context, token string, target func() (*http.Client, string, error)) error {
	client, address, err := target()
	if err != nil {
		return err
	}
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, p.set.pushTimeout)
	defer cancel()
	echo := random("123456789", 1) + random("0123456789", 18)
	query := p.signature(token)
	query.Set("echostr", echo)
	status, body, err := exchange(ctx, client, http.MethodGet, address, query, "", nil)
	text := "the callback did not respond"
	switch {
	case err != nil:
		err = unanswered(whole, err)
	case status != http.StatusOK:
		err, text = checkStatus(status), "the callback responded to the verification with"
	case string(body) != echo:
		return &CallbackError{
			Reason: ReasonEchostr, Status: status, Body: body,
			err: fmt.Errorf("wechattest: the callback must respond with the echostr, but responded with %.80q", body),
		}
	}
	if err == nil {
		return nil
	}
	return &CallbackError{Reason: reasonOf(err), Status: status, Body: body, err: fmt.Errorf("wechattest: %s: %w", text, err)}
}

func (p *Platform) target() (*http.Client, string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.configured() {
		return nil, "", rejected(ReasonNoCallback, "wechattest: no callback is configured")
	}
	client := *p.pusher
	return &client, p.address, nil
}

// signature returns the parameters that every request to the callback has.
func (p *Platform) signature(callbackToken string) url.Values {
	// Not the time that Advance has moved: the callback compares it with its own clock.
	timestamp, nonce := strconv.FormatInt(p.set.clock().Unix(), 10), random("123456789", 9)
	return url.Values{
		"signature": {msgcrypt.Sign(callbackToken, timestamp, nonce)}, "timestamp": {timestamp}, "nonce": {nonce},
	}
}

// Push pushes a message or an event of the user. Use it for pushes without a method of
// their own.
func (f *Follower) Push(ctx context.Context, push Push) *Report {
	push.From = f.OpenID
	p := f.p
	p.mu.Lock()
	switch {
	case push.Type != "event":
		f.markWrote()
		text, _ := push.Fields["Content"].(string)
		p.records = remember(p.records, record{OpenID: f.OpenID, Text: text, Code: userSent, At: p.now()})
	case opensWindow(push.Event):
		f.markActed()
	}
	blocked := f.blocked(push)
	p.mu.Unlock()
	if blocked != "" {
		return p.block(push, blocked)
	}
	r := p.push(ctx, push, f.OpenID)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch r.Seen {
	case SeenReply:
		f.receive(Received{Message: *r.Reply, Via: ViaReply, ReportID: r.ID})
	case SeenUnavailable:
		f.receive(Received{Message: Message{Type: "text", Content: unavailable}, Via: ViaNotice, ReportID: r.ID})
	}
	if r.Reply != nil && r.Reply.Type == "transfer_customer_service" {
		p.transfer(f, r.Reply.KFAccount)
	}
	return r
}

// blocked returns why the platform sends no push of the user, or "".
func (f *Follower) blocked(push Push) Reason {
	switch {
	case f.blacklisted:
		return ReasonBlacklisted
	case !f.following && push.Event != "unsubscribe":
		return ReasonNotFollowing
	}
	return ""
}

// block reports a push of which nothing is sent.
func (p *Platform) block(push Push, why Reason) *Report {
	return p.keepReport(&Report{
		ID: p.newReportID(), Push: push, Seen: SeenNothing, Reason: why, Blocked: true, CreateTime: p.now(), openID: push.From,
	})
}

// opensWindow reports whether the account may write for a minute after an event.
func opensWindow(event string) bool {
	switch event {
	case "CLICK", "scancode_push", "scancode_waitmsg", "subscribe", "SCAN":
		return true
	}
	return false
}

// Push pushes a message or an event that no user caused, such as the result of a
// review.
func (p *Platform) Push(ctx context.Context, push Push) *Report { return p.push(ctx, push, "") }

// push pushes a message or an event. openID is the user who caused it, if any.
func (p *Platform) push(ctx context.Context, push Push, openID string) *Report {
	r := &Report{
		ID: p.newReportID(), Push: push, Seen: SeenNothing, CreateTime: p.now(), settings: p.callbackSettings(), openID: openID,
	}
	p.mu.Lock()
	if push.Type != "event" {
		r.MsgID = p.ids.newMessage()
	}
	paused := p.now().Before(p.pausedUntil)
	p.mu.Unlock()
	if push.From == "" {
		r.Push.From = p.OperatorID
	}
	r.Body = p.bodyOf(r)
	client, address, err := p.target()
	switch {
	case err != nil:
		r.Blocked, r.Reason = true, ReasonNoCallback
	case paused:
		r.PushesPaused, r.Reason = true, ReasonPaused
		if push.Type != "event" {
			r.Seen = SeenUnavailable
		}
	default:
		p.deliver(ctx, client, address, r)
	}
	return p.keepReport(r)
}

func (p *Platform) newReportID() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastReport++
	return p.lastReport
}

func (p *Platform) keepReport(r *Report) *Report {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reports.add(r)
	p.notifyPush(ObservationOutcome, r)
	return r
}

// size returns the number of bytes of the bodies of a push and of its responses.
func (r *Report) size() int {
	n := 2*len(r.Body) + len(r.Sent) // the elements are as large as the body
	for _, d := range r.Deliveries {
		n += len(d.Body)
	}
	return n
}

// Reports returns the outcomes of the most recent pushes, in the order in which they ended.
// The platform keeps the last 10,000, or fewer if their bodies exceed 256 MiB.
func (p *Platform) Reports() []*Report {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.reports.list)
}

// PushesPaused reports whether pushes are paused because of failures.
func (p *Platform) PushesPaused() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now().Before(p.pausedUntil)
}

// bodyOf encodes a push before encryption.
func (p *Platform) bodyOf(r *Report) []byte {
	head := []element{
		{"ToUserName", p.OriginalID}, {"FromUserName", r.Push.From}, {"CreateTime", r.CreateTime.Unix()}, {"MsgType", r.Push.Type},
	}
	if r.Push.Event != "" {
		head = append(head, element{"Event", r.Push.Event})
	}
	fields := maps.Clone(r.Push.Fields)
	if r.MsgID != 0 {
		if fields == nil {
			fields = Fields{}
		}
		fields["MsgId"] = r.MsgID
	}
	return r.settings.write(append(head, orderOf(r.Push).sort(fields)...))
}

// deliver delivers a push until it is accepted, up to three times, with the interval of
// the push timeout.
func (p *Platform) deliver(ctx context.Context, client *http.Client, address string, r *Report) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(p.base, cancel) // Close cancels the push
	defer stop()
	encrypted := ""
	if r.settings.Mode != CallbackModePlain {
		encrypted = r.settings.key.Encrypt(r.Body, p.AppID)
	}
	r.Sent = p.envelope(r, encrypted)
	p.notifyPush(ObservationPush, r)
	for n := range deliveries {
		begin := time.Now()
		reply, accepted := p.attempt(ctx, client, address, r, encrypted)
		if accepted {
			r.Reply = reply
			if r.Reason = r.quiet(); r.Reason == "" {
				r.Seen = SeenReply
			}
			if p.takeTwice() {
				p.attempt(ctx, client, address, r, encrypted) // whose response has no effect
			}
			break
		}
		r.Reason = reasonOf(r.Deliveries[n].Err)
		if n < deliveries-1 {
			pass(ctx, p.set.pushTimeout-time.Since(begin))
		} else if r.Push.Type != "event" {
			r.Seen = SeenUnavailable
		}
		if ctx.Err() != nil {
			return // canceled, which is not a failure
		}
	}
	p.countFailure(r.Reply == nil && r.Reason != ReasonNoReply)
}

// DeliverTwice makes the platform deliver each of the next n pushes that the callback
// accepts once more, as it does at times. The response to the second delivery has no
// effect. A negative number means all pushes, and 0 none.
func (p *Platform) DeliverTwice(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.twice = n
}

// DeliveriesTwice returns the number of pushes that are still to be delivered twice.
func (p *Platform) DeliveriesTwice() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.twice
}

func (p *Platform) takeTwice() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.twice > 0 {
		p.twice--
		return true
	}
	return p.twice < 0
}

// countFailure counts consecutive failed pushes; a success resets the count.
func (p *Platform) countFailure(failed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !failed {
		p.failures = 0
		return
	}
	if p.failures++; p.set.pauseAfter > 0 && p.failures >= p.set.pauseAfter {
		p.failures, p.pausedUntil = 0, p.now().Add(pause)
	}
}

// pass waits, and reports whether ctx did not end first.
func pass(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// attempt delivers a push once, with a new signature.
func (p *Platform) attempt(ctx context.Context, client *http.Client, address string, r *Report, encrypted string) (*Message, bool) {
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, p.set.pushTimeout)
	defer cancel()
	query := p.signature(r.settings.Token)
	query.Set("openid", r.Push.From)
	if encrypted != "" {
		query.Set("encrypt_type", "aes")
		query.Set("msg_signature", msgcrypt.Sign(r.settings.Token, query.Get("timestamp"), query.Get("nonce"), encrypted))
	}
	kind := "text/xml"
	if r.settings.JSON {
		kind = "application/json"
	}
	a := Delivery{At: p.now()}
	begin := time.Now()
	var reply *Message
	a.Status, a.Body, a.Err = exchange(ctx, client, http.MethodPost, address, query, kind, r.Sent)
	a.Duration = time.Since(begin)
	if a.Err == nil {
		reply, a.Err = p.judge(r, a)
	} else {
		a.Err = unanswered(whole, a.Err)
	}
	r.Deliveries = append(r.Deliveries, a)
	p.notifyPush(ObservationDelivery, r)
	return reply, a.Err == nil
}

// envelope returns the body of a push in the account's mode.
func (p *Platform) envelope(r *Report, encrypted string) []byte {
	plain := r.Body
	switch r.settings.Mode {
	case CallbackModeSafe:
		return r.settings.write([]element{{"ToUserName", p.OriginalID}, {"Encrypt", encrypted}})
	case CallbackModeCompatible:
		tail := r.settings.write([]element{{"Encrypt", encrypted}})
		if r.settings.JSON {
			return bytes.Join([][]byte{plain[:len(plain)-1], tail[1:]}, []byte{','})
		}
		return append(bytes.TrimSuffix(bytes.Clone(plain), []byte("</xml>")), bytes.TrimPrefix(tail, []byte("<xml>"))...)
	}
	return plain
}

// exchange sends a request to the callback and reads the response.
func exchange(
	ctx context.Context, client *http.Client, method, address string, query url.Values, kind string, body []byte,
) (int, []byte, error) {
	mark := "?"
	if strings.Contains(address, "?") {
		mark = "&"
	}
	req, err := http.NewRequestWithContext(ctx, method, address+mark+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("User-Agent", "Mozilla/4.0")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, cause(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	return resp.StatusCode, answer, err
}

// cause removes the URL from an error, because it contains the signature.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// finish ends a job after the job delay of the account and pushes its event. end runs
// under the lock.
func (p *Platform) finish(c *call, end func() Push) {
	if p.set.jobDelay <= 0 {
		push := end()
		c.after = append(c.after, func() { p.Push(p.base, push) })
		return
	}
	c.after = append(c.after, func() {
		if !pass(p.base, p.set.jobDelay) {
			return
		}
		p.mu.Lock()
		push := end()
		p.mu.Unlock()
		p.Push(p.base, push)
	})
}

// tell pushes an event after the call has been answered.
func (p *Platform) tell(c *call, push Push) {
	c.after = append(c.after, func() { p.Push(p.base, push) })
}

// newPusher returns the client that calls the callback. It does not follow redirects.
func newPusher() *http.Client { return &http.Client{CheckRedirect: keepRedirect} }
