package wechattest

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/msgcrypt"
)

const (
	codeLife      = 5 * time.Minute
	userTokenLife = 2 * time.Hour
	refreshLife   = 30 * 24 * time.Hour
)

const (
	scopeBase     = "snsapi_base"
	scopeUserInfo = "snsapi_userinfo"
)

// consents are the authorizations that users have given to pages of the account.
type consents struct {
	codes     map[string]*consent
	tokens    map[string]*consent // by the user's access token
	refreshes map[string]*consent
}

// consent is an authorization that a user has given on a page.
type consent struct {
	user  *Follower
	scope string
	used  bool      // the code was exchanged
	end   time.Time // expiry of the code or token
}

func (s *consents) init() {
	s.codes, s.tokens, s.refreshes = map[string]*consent{}, map[string]*consent{}, map[string]*consent{}
}

func (p *Platform) consentRoutes() map[string]behavior {
	return map[string]behavior{
		"/sns/oauth2/access_token":  p.exchangeCode,
		"/sns/oauth2/refresh_token": p.refreshUser,
		"/sns/userinfo":             p.getUserInfo,
		"/sns/auth":                 p.checkUserToken,
	}
}

// Authorizes opens an authorization page (网页授权) in the user's app and agrees. It
// returns the URL that the app is redirected to, with code and state in its query. It
// returns an error if the platform would show an error message instead of the page.
func (f *Follower) Authorizes(pageURL string) (redirectURL string, err error) {
	u, err := url.Parse(pageURL)
	if err != nil {
		return "", err
	}
	query := u.Query()
	target, err := url.Parse(query.Get("redirect_uri"))
	scope := query.Get("scope")
	switch {
	case !strings.HasSuffix(u.Path, "/connect/oauth2/authorize"):
		return "", errors.New("wechattest: the URL must be that of an authorization page")
	case query.Get("appid") != f.p.AppID:
		return "", errors.New("wechattest: the appid must be that of the account")
	case err != nil || target.Host == "":
		return "", errors.New("wechattest: the redirect_uri must be a URL (10003)")
	case query.Get("response_type") != "code":
		return "", errors.New("wechattest: the response_type must be code")
	case scope != scopeBase && scope != scopeUserInfo:
		return "", errors.New("wechattest: the scope must be snsapi_base or snsapi_userinfo (10005)")
	case u.Fragment != "wechat_redirect":
		return "", errors.New("wechattest: the URL must end with #wechat_redirect")
	}
	code := random(urlSafe, 32)
	f.p.mu.Lock()
	f.p.consents.codes[code] = &consent{user: f, scope: scope, end: f.p.now().Add(codeLife)}
	f.p.mu.Unlock()
	back := target.Query()
	back.Set("code", code)
	back.Set("state", query.Get("state"))
	target.RawQuery = back.Encode()
	return target.String(), nil
}

func (p *Platform) exchangeCode(c *call) (any, error) {
	if err := p.checkSecret(c, "client_credential", c.param("appid"), c.param("secret")); err != nil {
		return nil, err
	}
	agreed := p.consents.codes[c.param("code")]
	switch {
	case agreed == nil:
		return nil, refuse(wechat.ErrInvalidOAuthCode, "invalid code")
	case agreed.used:
		return nil, refuse(wechat.ErrOAuthCodeUsed, "code been used")
	case !c.At.Before(agreed.end):
		return nil, refuse(42003, "code expired")
	}
	agreed.used = true
	out := p.grantUser(agreed, c.At)
	refresh := random(urlSafe, 86)
	p.refreshes[refresh] = &consent{user: agreed.user, scope: agreed.scope, end: c.At.Add(refreshLife)}
	out["refresh_token"] = refresh
	if id := agreed.user.user.UnionID; id != "" && agreed.scope == scopeUserInfo {
		out["unionid"] = id
	}
	return out, nil
}

// grantUser issues a token of a user.
func (p *Platform) grantUser(agreed *consent, now time.Time) map[string]any {
	token := random(urlSafe, 86)
	p.consents.tokens[token] = &consent{user: agreed.user, scope: agreed.scope, end: now.Add(userTokenLife)}
	return map[string]any{
		"access_token": token, "expires_in": int(userTokenLife.Seconds()), "openid": agreed.user.OpenID, "scope": agreed.scope,
	}
}

func (p *Platform) refreshUser(c *call) (any, error) {
	if c.param("appid") != p.AppID {
		return nil, refuse(wechat.ErrInvalidAppID, "invalid appid")
	}
	agreed := p.refreshes[c.param("refresh_token")]
	switch {
	case agreed == nil:
		return nil, refuse(wechat.ErrInvalidRefreshToken, "invalid refresh_token")
	case !c.At.Before(agreed.end):
		return nil, refuse(wechat.ErrExpiredRefreshToken, "refresh_token expired")
	}
	out := p.grantUser(agreed, c.At)
	out["refresh_token"] = c.param("refresh_token")
	return out, nil
}

// userToken validates the token of a user.
func (p *Platform) userToken(c *call) (*consent, error) {
	agreed := p.consents.tokens[c.param("access_token")]
	switch {
	case agreed == nil:
		return nil, refuse(wechat.ErrInvalidCredential, "invalid credential, access_token is invalid or not latest")
	case !c.At.Before(agreed.end):
		return nil, refuse(wechat.ErrExpiredAccessToken, "access_token expired")
	case agreed.user.OpenID != c.param("openid"):
		return nil, refuse(wechat.ErrInvalidOpenID, "invalid openid")
	}
	return agreed, nil
}

func (p *Platform) getUserInfo(c *call) (any, error) {
	agreed, err := p.userToken(c)
	if err != nil {
		return nil, err
	}
	if agreed.scope != scopeUserInfo {
		return nil, refuse(wechat.ErrUnauthorizedAPI, "api unauthorized")
	}
	u := agreed.user.user
	out := map[string]any{
		"openid": agreed.user.OpenID, "nickname": u.Nickname, "sex": 0, "province": "", "city": "", "country": "",
		"headimgurl": u.AvatarURL, "privilege": []string{},
	}
	if u.UnionID != "" {
		out["unionid"] = u.UnionID
	}
	return out, nil
}

func (p *Platform) checkUserToken(c *call) (any, error) {
	if _, err := p.userToken(c); err != nil {
		return nil, err
	}
	return okay{}, nil
}

// VerifyPage verifies the signature that a page passes to the JS-SDK (wx.config), as
// the app does. It returns an error unless the signature matches the current jsapi
// ticket of the account.
func (p *Platform) VerifyPage(pageURL, nonce string, timestamp int64, signature string) error {
	p.mu.Lock()
	ticket := p.tickets["jsapi"]
	p.mu.Unlock()
	if !p.now().Before(ticket.End) {
		return errors.New("wechattest: no valid jsapi ticket: none was requested, or it has expired")
	}
	pageURL, _, _ = strings.Cut(pageURL, "#")
	text := "jsapi_ticket=" + ticket.Value + "&noncestr=" + nonce + "&timestamp=" + strconv.FormatInt(timestamp, 10) + "&url=" + pageURL
	if !msgcrypt.Equal(msgcrypt.Sign(text), signature) {
		return errors.New("wechattest: invalid signature")
	}
	return nil
}
