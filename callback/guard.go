package callback

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wechatoa/wechat/internal/msgcrypt"
)

// ErrRefused is what [Handler.Parse] returns for a request that is not the
// platform's: wrongly signed, too old, not encrypted as configured, malformed. It
// is one error for all of them; the log says more.
var ErrRefused = errors.New("callback: request refused")

// refusal is why a request was refused. It never leaves the process.
type refusal struct {
	reason string
	skew   time.Duration // of a push that was signed well at another time
}

func (r *refusal) Error() string { return ErrRefused.Error() }
func (r *refusal) Unwrap() error { return ErrRefused }

func refuse(reason string) error { return &refusal{reason: reason} }

// Push is a push that was verified.
type Push struct {
	Message Message

	head   Header // as it came: a handler may change the message's
	id     string // MsgId, "" for events
	inJSON bool
	by     *credential // what it was verified with; behind a pointer so that nothing prints it
	appID  string
}

// credential is a token with the key of the message, which is zero for one in clear.
type credential struct {
	token string
	key   msgcrypt.Key
}

// guard tells the platform's requests from all others.
type guard struct {
	mode    Mode
	appID   string
	account string
	window  time.Duration
	clear   bool // pushes in clear are accepted
	tokens  []string
	keys    []msgcrypt.Key

	// rotated is when the previous credentials end, in seconds since 1970.
	rotated atomic.Int64
}

const (
	previousAtMost = 24 * time.Hour
	previousAfter  = 10 * time.Minute // both may be in use at the platform's end for a while
)

func newGuard(cfg Config, now time.Time) (*guard, error) {
	g := &guard{
		mode: cfg.Mode, appID: cfg.AppID, account: cfg.Account, window: cfg.Window,
		clear: cfg.Mode == Plain || cfg.AllowPlaintext, tokens: []string{cfg.Token},
	}
	if cfg.PreviousToken != "" {
		g.tokens = append(g.tokens, cfg.PreviousToken)
	}
	for _, encoded := range []string{cfg.EncodingAESKey, cfg.PreviousEncodingAESKey} {
		if encoded == "" || cfg.Mode == Plain {
			continue
		}
		key, err := msgcrypt.ParseKey(encoded)
		if err != nil {
			return nil, err
		}
		g.keys = append(g.keys, key)
	}
	g.rotated.Store(now.Add(previousAtMost).Unix())
	return g, nil
}

// parameters are those of a request's query that matter.
type parameters struct {
	signature, timestamp, nonce, encryptType, msgSignature, echo string
}

// readParameters reads a query. A parameter that stands there twice refuses it:
// two readers could take two different ones.
func readParameters(query string) (p parameters, ok bool) {
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		name, value, _ := strings.Cut(pair, "=")
		var field *string
		switch name {
		case "signature":
			field = &p.signature
		case "timestamp":
			field = &p.timestamp
		case "nonce":
			field = &p.nonce
		case "encrypt_type":
			field = &p.encryptType
		case "msg_signature":
			field = &p.msgSignature
		case "echostr":
			field = &p.echo
		default:
			if strings.ContainsAny(name, "%+") { // an escaped name could be one of the above
				return p, false
			}
			continue
		}
		if *field != "" {
			return p, false
		}
		if strings.ContainsAny(value, "%+") {
			var err error
			if value, err = url.QueryUnescape(value); err != nil {
				return p, false
			}
		}
		*field = value
	}
	return p, true
}

// authenticate checks the signature that every request has, and its time. It
// returns the token that signed.
func (g *guard) authenticate(p parameters, now time.Time) (token string, err error) {
	if p.signature == "" || p.timestamp == "" || p.nonce == "" || len(p.nonce) > 128 {
		return "", refuse("signature parameters are missing")
	}
	for _, t := range inUse(g, g.tokens, now) {
		if msgcrypt.Verify(p.signature, t, p.timestamp, p.nonce) {
			token = t
		}
	}
	if token == "" {
		return "", refuse("signature is wrong")
	}
	seconds, err := strconv.ParseInt(p.timestamp, 10, 64)
	if err != nil || seconds < 0 || seconds > 1<<40 {
		return "", refuse("timestamp is malformed")
	}
	if skew := now.Sub(time.Unix(seconds, 0)); skew > g.window || skew < -g.window {
		return "", &refusal{reason: "timestamp is outside of the window", skew: skew}
	}
	return token, nil
}

// inUse leaves the previous one of tokens or keys out when its time is over.
func inUse[T any](g *guard, all []T, now time.Time) []T {
	if len(all) > 1 && now.Unix() >= g.rotated.Load() {
		return all[:1]
	}
	return all
}

// settle shortens the life of the previous credentials when the current ones are in use.
func (g *guard) settle(by *credential, now time.Time) {
	if len(g.tokens) < 2 && len(g.keys) < 2 {
		return
	}
	if by.token != g.tokens[0] || len(g.keys) > 0 && by.key != g.keys[0] {
		return
	}
	end := now.Add(previousAfter).Unix()
	for old := g.rotated.Load(); old > end && !g.rotated.CompareAndSwap(old, end); old = g.rotated.Load() {
	}
}

// verifyURL returns the echostr of a well-signed address verification.
func (g *guard) verifyURL(query string, now time.Time) (string, error) {
	p, ok := readParameters(query)
	if !ok {
		return "", refuse("query is malformed")
	}
	if _, err := g.authenticate(p, now); err != nil {
		return "", err
	}
	if p.echo == "" || len(p.echo) > maxEcho {
		return "", refuse("echostr is missing or too long")
	}
	return p.echo, nil
}

const maxEcho = 1 << 10

// open verifies and reads a push.
func (g *guard) open(query string, body []byte, now time.Time) (*Push, error) {
	p, ok := readParameters(query)
	if !ok {
		return nil, refuse("query is malformed")
	}
	token, err := g.authenticate(p, now)
	if err != nil {
		return nil, err
	}
	doc, inJSON, err := parse(body)
	if err != nil {
		return nil, refuse("document is malformed")
	}
	push := &Push{inJSON: inJSON, by: &credential{token: token}, appID: g.appID}
	encrypted := doc.count("Encrypt")
	switch {
	case encrypted > 1:
		return nil, refuse("document has two Encrypt elements")
	case p.encryptType == "aes" && encrypted == 1 && g.mode != Plain:
		if body, err = g.decrypt(p, push, doc.string("Encrypt"), now); err != nil {
			return nil, err
		}
		if doc, push.inJSON, err = parse(body); err != nil {
			return nil, refuse("decrypted document is malformed")
		}
	case (p.encryptType == "" || p.encryptType == "raw") && encrypted == 0 && p.msgSignature == "" && g.clear:
	default:
		return nil, refuse("push is not encrypted as configured")
	}
	for _, name := range []string{"ToUserName", "FromUserName", "MsgType", "MsgId", "CreateTime"} {
		if doc.count(name) > 1 {
			return nil, refuse("document has two " + name + " elements")
		}
	}
	if g.account != "" && doc.string("ToUserName") != g.account {
		return nil, refuse("push is for another account")
	}
	push.Message = toMessage(doc, body)
	if push.Message.Meta().Event == "" {
		push.id = doc.string("MsgId")
	}
	g.settle(push.by, now)
	return push, nil
}

// decrypt checks the signature over the encrypted message and decrypts it.
func (g *guard) decrypt(p parameters, push *Push, encoded string, now time.Time) ([]byte, error) {
	if !msgcrypt.Verify(p.msgSignature, push.by.token, p.timestamp, p.nonce, encoded) {
		return nil, refuse("msg_signature is wrong")
	}
	for _, key := range inUse(g, g.keys, now) {
		if body, err := key.Decrypt(encoded, g.appID); err == nil {
			push.by.key = key
			return body, nil
		}
	}
	return nil, refuse("message can not be decrypted")
}

// seal encrypts the reply to an encrypted push, with what the push came with.
func (p *Push) seal(reply []byte, now time.Time) []byte {
	if p.by.key.IsZero() {
		return reply
	}
	encoded := p.by.key.Encrypt(reply, p.appID)
	timestamp, nonce := strconv.FormatInt(now.Unix(), 10), msgcrypt.Nonce()
	signature := msgcrypt.Sign(p.by.token, timestamp, nonce, encoded)
	out := make([]byte, 0, len(encoded)+256)
	if p.inJSON {
		out = append(out, `{"Encrypt":"`...)
		out = append(out, encoded...)
		out = append(out, `","MsgSignature":"`...)
		out = append(out, signature...)
		out = append(out, `","TimeStamp":`...)
		out = append(out, timestamp...)
		out = append(out, `,"Nonce":"`...)
		out = append(out, nonce...)
		return append(out, `"}`...)
	}
	out = append(out, "<xml><Encrypt><![CDATA["...)
	out = append(out, encoded...)
	out = append(out, "]]></Encrypt><MsgSignature><![CDATA["...)
	out = append(out, signature...)
	out = append(out, "]]></MsgSignature><TimeStamp>"...)
	out = append(out, timestamp...)
	out = append(out, "</TimeStamp><Nonce><![CDATA["...)
	out = append(out, nonce...)
	return append(out, "]]></Nonce></xml>"...)
}
