package wechattest

import (
	"slices"
	"strings"
	"time"

	"github.com/wechatoa/wechat"
)

const (
	tokenLife   = 2 * time.Hour
	overlap     = 5 * time.Minute // of an old token and its successor
	forcedApart = 30 * time.Second
	forcedADay  = 20
)

const (
	classicPath = "/cgi-bin/token"
	stablePath  = "/cgi-bin/stable_token"
)

// tokens are the account's access tokens, in two independent pools, and its tickets.
type tokens struct {
	classic, stable pool

	forced     time.Time // last forced refresh
	forcedDay  string
	forcedUsed int

	tickets map[string]ticket
}

// pool is a token and its predecessor. All others are invalid.
type pool struct {
	current, old credential
}

type credential struct {
	value string
	end   time.Time
}

type ticket struct {
	Value string
	End   time.Time
}

func (t *tokens) init() { t.tickets = map[string]ticket{} }

func (p *Platform) tokenRoutes() map[string]behavior {
	return map[string]behavior{
		classicPath:                 p.getToken,
		stablePath:                  p.getStableToken,
		"/cgi-bin/ticket/getticket": p.getTicket,
	}
}

// issue creates a new token. Its predecessor stays valid for some minutes; older tokens
// become invalid.
func (l *pool) issue(now time.Time) {
	l.old = l.current
	if limit := now.Add(overlap); l.old.end.After(limit) {
		l.old.end = limit
	}
	l.current = credential{value: "99_" + random(urlSafe, 133), end: now.Add(tokenLife)}
}

// find returns the credential with a value, valid or expired.
func (l *pool) find(value string) (credential, bool) {
	for _, c := range []credential{l.current, l.old} {
		if c.value == value && value != "" {
			return c, true
		}
	}
	return credential{}, false
}

func (l *pool) answer(now time.Time) any {
	return map[string]any{"access_token": l.current.value, "expires_in": int(l.current.end.Sub(now).Seconds())}
}

// getToken issues a classic token: a new one for each call.
func (p *Platform) getToken(c *call) (any, error) {
	if err := p.checkSecret(c, c.param("grant_type"), c.param("appid"), c.param("secret")); err != nil {
		return nil, err
	}
	p.classic.issue(c.At)
	return p.classic.answer(c.At), nil
}

// getStableToken returns the stable token, which stays the same until shortly before it
// expires.
func (p *Platform) getStableToken(c *call) (any, error) {
	if err := p.checkSecret(c, c.text("grant_type"), c.text("appid"), c.text("secret")); err != nil {
		return nil, err
	}
	force, _ := c.fields["force_refresh"].(bool)
	forced := force && p.mayForce(c.At)
	if forced || c.At.After(p.stable.current.end.Add(-overlap)) {
		p.stable.issue(c.At)
	}
	return p.stable.answer(c.At), nil
}

// mayForce reports whether a forced refresh is within the limits, and counts it. Above
// the limits, the caller gets the current token.
func (p *Platform) mayForce(now time.Time) bool {
	if now.Sub(p.forced) < forcedApart {
		return false
	}
	if day := dayOf(now); day != p.forcedDay {
		p.forcedDay, p.forcedUsed = day, 0
	}
	if p.forcedUsed >= forcedADay {
		return false
	}
	p.forced = now
	p.forcedUsed++
	return true
}

// checkSecret validates the credentials of a token request.
func (p *Platform) checkSecret(c *call, grant, appID, secret string) error {
	switch {
	case grant != "client_credential":
		return refuse(wechat.ErrInvalidGrantType, "invalid grant_type")
	case appID == "":
		return refuse(wechat.ErrMissingAppID, "appid missing")
	case appID != p.AppID:
		return refuse(wechat.ErrInvalidAppID, "invalid appid")
	case secret == "":
		return refuse(wechat.ErrMissingSecret, "appsecret missing")
	case len(secret) != len(p.AppSecret):
		return refuse(wechat.ErrInvalidSecret, "invalid appsecret")
	case secret != p.AppSecret && c.Path == classicPath:
		return refuse(wechat.ErrInvalidCredential, "invalid credential, access_token is invalid or not latest")
	case secret != p.AppSecret:
		return refuse(wechat.ErrInvalidSecret, "invalid appsecret")
	case p.set.badIP != "":
		return refuse(wechat.ErrIPNotAllowed, "")
	}
	return nil
}

// authorize validates the token of a call that needs one.
func (p *Platform) authorize(c *call) error {
	if c.endpoint != nil && c.endpoint.Auth != "access_token" || c.endpoint == nil && c.Token == "" {
		return nil
	}
	if c.Token == "" {
		return refuse(wechat.ErrMissingAccessToken, "access_token missing")
	}
	for _, l := range []*pool{&p.stable, &p.classic} {
		found, ok := l.find(c.Token)
		switch {
		case !ok:
			continue
		case c.At.Before(found.end):
			return nil
		case found == l.current:
			return refuse(wechat.ErrExpiredAccessToken, "access_token expired")
		}
	}
	return refuse(wechat.ErrInvalidCredential, "invalid credential, access_token is invalid or not latest, "+
		"could get access_token by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r")
}

// RevokeTokens invalidates all access tokens of the account, as resetting the AppSecret
// does.
func (p *Platform) RevokeTokens() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.classic, p.stable = pool{}, pool{}
}

// IssuedToken is a valid access token or ticket of the account.
type IssuedToken struct {
	Kind       TokenKind
	Value      string
	ExpireTime time.Time
	Replaced   bool // a newer token was issued; this one stays valid for some minutes
}

// TokenKind is the API that issues a token or ticket.
type TokenKind string

// The kinds of tokens and tickets.
const (
	TokenClassic     TokenKind = "token"          // see [wechat.WithClassicToken]
	TokenStable      TokenKind = "stable_token"   // the default of a client
	TokenJSAPITicket TokenKind = "jsapi_ticket"   // for the signature of pages
	TokenCardTicket  TokenKind = "wx_card_ticket" // for the signature of cards
)

// Tokens returns the access tokens and tickets that are valid now.
func (p *Platform) Tokens() []IssuedToken {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []IssuedToken
	add := func(kind TokenKind, c credential, replaced bool) {
		if p.now().Before(c.end) {
			list = append(list, IssuedToken{Kind: kind, Value: c.value, ExpireTime: c.end, Replaced: replaced})
		}
	}
	for kind, l := range map[TokenKind]pool{TokenClassic: p.classic, TokenStable: p.stable} {
		add(kind, l.current, false)
		add(kind, l.old, true)
	}
	for kind, t := range p.tickets {
		add(TokenKind(kind+"_ticket"), credential{t.Value, t.End}, false)
	}
	slices.SortStableFunc(list, func(a, b IssuedToken) int { return strings.Compare(string(a.Kind), string(b.Kind)) })
	return list
}

// ExpireTokens makes all access tokens expire now, ahead of the time that the platform
// has promised. Calls with the current ones then fail with [wechat.ErrExpiredAccessToken].
func (p *Platform) ExpireTokens() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range []*credential{&p.classic.current, &p.classic.old, &p.stable.current, &p.stable.old} {
		if now := p.now(); now.Before(c.end) {
			c.end = now
		}
	}
}

// ResetAppSecret gives the account a new AppSecret (重置AppSecret), invalidates its
// tokens, and returns the new secret. Existing clients keep the old one.
func (p *Platform) ResetAppSecret() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.AppSecret = random(hexadecimal, 32)
	p.classic, p.stable = pool{}, pool{}
	return p.AppSecret
}

// getTicket returns a ticket: the same one until it expires, though each response has
// the full expires_in, as the platform's do.
func (p *Platform) getTicket(c *call) (any, error) {
	kind := c.param("type")
	t := p.tickets[kind]
	if !c.At.Before(t.End) {
		t = ticket{Value: random(urlSafe, 86), End: c.At.Add(tokenLife)}
		p.tickets[kind] = t
	}
	return map[string]any{"errcode": 0, "errmsg": "ok", "ticket": t.Value, "expires_in": int(tokenLife.Seconds())}, nil
}
