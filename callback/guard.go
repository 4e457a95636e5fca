package callback

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/wechatoa/wechat/internal/msgcrypt"
)

// ErrRefused is returned by [Handler.Parse] and [Handler.VerifyURL] if the request is not
// from the platform or does not match the configuration: its signature is wrong, it is too
// old, it is not encrypted as configured, or it is malformed. The log contains the reason.
var ErrRefused = errors.New("callback: request refused")

// refusal is why a request was refused. The client never sees it.
type refusal struct {
	reason string
	skew   time.Duration // between the clock and the request's timestamp, if it matters
	detail slog.Attr     // additional information for the log
	status int           // of the response; 0 means 403
}

func (r *refusal) Error() string { return ErrRefused.Error() }
func (r *refusal) Unwrap() error { return ErrRefused }

func refuse(reason string) error { return &refusal{reason: reason} }

// attributes returns what is logged.
func (r *refusal) attributes() []slog.Attr {
	attributes := []slog.Attr{slog.String("reason", r.reason)}
	if r.skew.Abs() >= time.Second {
		attributes = append(attributes, slog.Int64("skew_seconds", int64(r.skew.Seconds())))
	}
	if r.detail.Key != "" {
		attributes = append(attributes, r.detail)
	}
	return attributes
}

// Push is a push that has been verified and parsed. [Handler.Parse] returns it.
type Push struct {
	Message Message

	head    Header // as received; a handler may change that of Message
	id      string // MsgId; "" for events
	inJSON  bool
	inClear bool        // the message was in plain text, alone or beside its encryption
	by      *credential // credential that it was verified with
	appID   string
	doubt   *refusal // a problem that is logged, but no reason to reject it
}

// guard verifies that requests are from the platform.
type guard struct {
	mode    Mode
	appID   string
	account string
	window  time.Duration
	clear   bool // pushes in plain text are accepted
	keyring
}

func newGuard(cfg Config, now time.Time) (*guard, error) {
	g := &guard{
		mode: cfg.Mode, appID: cfg.AppID, account: cfg.OriginalID, window: cfg.ReplayWindow,
		clear: cfg.Mode == ModePlain || cfg.AllowPlaintext,
	}
	return g, g.init(cfg, now)
}

// VerifyURL verifies the request by which the platform checks the callback URL
// (验证消息的确来自微信服务器) and returns the echostr, which must be the body of the response, as
// text/plain. It returns [ErrRefused] if the request is not from the platform. If the
// request shows that the configuration is wrong, a warning is logged.
func (h *Handler) VerifyURL(r *http.Request) (echo string, err error) {
	now := time.Now()
	q, err := h.admit(r, now)
	if err != nil {
		return "", err
	}
	if q.echo == "" || len(q.echo) > maxEcho {
		return "", refuse("echostr is missing or too long")
	}
	for _, doubt := range h.guard.doubts(&q, now) {
		h.complain(r.Context(), "the URL is verified, but the configuration is wrong", doubt)
	}
	return q.echo, nil
}

const maxEcho = 1 << 10

// Parse verifies, decrypts and parses a push, for programs that do everything else
// themselves: they must respond in time, detect duplicates, and so on. [Push.Response]
// returns the response. Parse returns [ErrRefused], [ErrTooLarge] or the error from reading
// the body.
func (h *Handler) Parse(r *http.Request) (*Push, error) {
	push, err := h.parse(r, time.Now())
	if err == nil && push.doubt != nil {
		h.complain(r.Context(), "pushes contain plain text as well", push.doubt)
	}
	return push, err
}

func (h *Handler) parse(r *http.Request, now time.Time) (*Push, error) {
	if r.ContentLength > maxBody {
		return nil, ErrTooLarge
	}
	q, err := h.admit(r, now)
	if err != nil {
		return nil, err
	}
	if err := h.guard.expects(&q); err != nil {
		return nil, err
	}
	buffer := writers.Get().(*writer) //nolint:forcetypeassert // see writers
	defer writers.put(buffer)
	body, err := readBody(r, buffer.out)
	if err != nil {
		return nil, err
	}
	buffer.out = body // which may have grown
	push, err := h.guard.open(&q, body, now)
	if err != nil {
		return nil, err
	}
	push.head = *push.Message.Meta()
	if push.inClear && h.guard.mode == ModeSafe && !q.clear() {
		push.doubt = &refusal{reason: "the console is in compatible mode, but Config.Mode is ModeSafe"}
	}
	return push, nil
}

// admit checks everything that can be checked before the body is read.
func (h *Handler) admit(r *http.Request, now time.Time) (query, error) {
	q, err := h.guard.authenticate(r.URL.RawQuery, now)
	if err == nil {
		err = h.allow.check(r.Context(), r.RemoteAddr)
	}
	return q, err
}

// authenticate checks the signature and the timestamp in the query, which every request
// has in all modes.
func (g *guard) authenticate(raw string, now time.Time) (query, error) {
	q, err := readQuery(raw)
	if err != nil {
		return q, err
	}
	skew := now.Sub(q.time)
	for _, signer := range inUse(&g.keyring, g.tokens, now) {
		if msgcrypt.Verify(q.signature, signer.token, q.timestamp, q.nonce) {
			q.by = signer
		}
	}
	if q.by == nil {
		return q, &refusal{reason: "signature is wrong: the token in Config.Credentials differs from the console's, or the request is not from the platform", skew: skew}
	}
	if skew > g.window || skew < -g.window {
		return q, &refusal{reason: "timestamp is outside Config.ReplayWindow: the clock is wrong, or the request is old", skew: skew}
	}
	return q, nil
}

// expects checks, by the query, whether a push is encrypted as configured.
func (g *guard) expects(q *query) error {
	switch {
	case q.encrypted():
		return nil
	case !q.clear():
		return refuse("encrypt_type and msg_signature contradict each other")
	case !g.clear:
		return &refusal{
			reason: "push is in plain text: the console is in plain mode, or the request is not from the platform",
			detail: slog.String("mode", g.mode.String()),
		}
	}
	return nil
}

// open verifies, decrypts and parses the body of a push, which is in memory that will be used
// again.
func (g *guard) open(q *query, body []byte, now time.Time) (push *Push, err error) {
	push = &Push{appID: g.appID, by: q.by}
	if q.encrypted() {
		body, err = g.unwrap(q, push, body, now)
		if err != nil {
			return nil, err
		}
	} else {
		push.inClear, body = true, bytes.Clone(body)
	}
	doc, inJSON, err := parse(body)
	if err != nil {
		return nil, refuse("document is malformed")
	}
	defer doc.free()
	push.inJSON = inJSON
	if name, found := doc.ambiguous(); found {
		return nil, refuse("document has two " + name + " elements")
	}
	if doc.get(encrypt) != none {
		return nil, refuse("document is encrypted, but its query says that it is not")
	}
	push.Message = toMessage(doc, body)
	meta := push.Message.Meta()
	if g.account != "" && meta.ToUserName != g.account {
		return nil, &refusal{reason: "push is for an account other than Config.OriginalID", detail: slog.String("to", excerpt(meta.ToUserName))}
	}
	if g.replayed(q, meta.CreateTime, now) {
		return nil, refuse("message is older than its signature: timestamp and nonce were rearranged")
	}
	if meta.Event == "" {
		push.id = doc.get(msgID).text
	}
	g.settle(push.by, now)
	return push, nil
}

// unwrap verifies the signature of the Encrypt element of a push and returns the message:
// the decrypted one, or in plain mode the one in plain text. It is in memory of its own.
func (g *guard) unwrap(q *query, push *Push, body []byte, now time.Time) ([]byte, error) {
	e, err := openEnvelope(body)
	if err != nil {
		return nil, refuse("document is malformed or does not have exactly one Encrypt element")
	}
	if !msgcrypt.Verify(q.msgSignature, q.by.token, q.timestamp, q.nonce, e.encoded) {
		return nil, refuse("msg_signature is wrong")
	}
	push.inClear = e.clear
	if g.mode != ModePlain {
		body, push.by, err = g.decrypt(q.by, e.encoded, now)
		return body, err
	}
	if !e.clear {
		return nil, refuse("push is encrypted: the console is in safe mode, but Config.Mode is ModePlain")
	}
	return e.inClear(), nil
}

// decrypt decrypts a message whose signature was made with the token of by.
func (g *guard) decrypt(by *credential, encoded string, now time.Time) ([]byte, *credential, error) {
	var why *refusal
	for i, key := range inUse(&g.keyring, g.keys, now) {
		message, appID, err := key.Open(encoded)
		switch {
		case err != nil:
		case msgcrypt.Equal(appID, g.appID):
			return message, by.sealed[i], nil
		default:
			why = &refusal{reason: "message is for an AppID other than Config.AppID", detail: slog.String("app_id", excerpt(appID))}
		}
	}
	if why == nil {
		why = &refusal{reason: "message cannot be decrypted: the EncodingAESKey in Config.Credentials differs from the console's"}
	}
	return nil, nil, why
}

// excerpt limits how much of a request is logged.
func excerpt(s string) string { return printable(s[:min(len(s), 64)]) }

// isSealed reports whether a push was encrypted, so that its reply must be.
func (p *Push) isSealed() bool {
	return p.by != nil && !p.by.key.IsZero() // nil: a test of the program created the push
}

// seal encrypts the reply to an encrypted push, with the credential of the push, and appends
// the document with it to out.
func (p *Push) seal(out, reply []byte, now time.Time) []byte {
	begin, signed, stamped, salted, end := "<xml><Encrypt><![CDATA[", "]]></Encrypt><MsgSignature><![CDATA[", "]]></MsgSignature><TimeStamp>", "</TimeStamp><Nonce><![CDATA[", "]]></Nonce></xml>"
	if p.inJSON {
		begin, signed, stamped, salted, end = `{"Encrypt":"`, `","MsgSignature":"`, `","TimeStamp":`, `,"Nonce":"`, `"}`
	}
	timestamp, nonce := strconv.FormatInt(now.Unix(), 10), msgcrypt.Nonce()
	out = append(out, begin...)
	at := len(out)
	out = p.by.key.AppendEncrypt(out, reply, p.appID)
	encoded := out[at:]
	out = append(out, signed...)
	out = msgcrypt.AppendSignature(out, encoded, p.by.token, timestamp, nonce)
	out = append(out, stamped...)
	out = append(out, timestamp...)
	out = append(out, salted...)
	out = append(out, nonce...)
	return append(out, end...)
}
