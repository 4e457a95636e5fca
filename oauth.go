package wechat

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// ErrOAuthState means that this browser did not start the authorization from which it has
// returned. Respond with status 403 and do not exchange the code.
var ErrOAuthState = errors.New("wechat: the OAuth state is not the one that was issued")

// OAuthState ties an authorization to the browser that started it. Without it, an
// attacker can log a victim in to the attacker's account. Create one for each
// authorization, store it in the browser's session, and check the one that comes back:
//
//	session.State = wechat.NewOAuthState()                    // before the redirect
//	err := session.State.Check(r.FormValue("state"))          // in the handler of RedirectURL; then save the session
type OAuthState string

// NewOAuthState returns a state of 160 random bits.
func NewOAuthState() OAuthState { return OAuthState(randomHex(20)) }

// Check returns [ErrOAuthState] unless got, the state that came back, equals s. The
// comparison takes constant time. A state works only once: Check clears s, and an empty
// state never matches.
func (s *OAuthState) Check(got string) error {
	want := *s
	*s = ""
	if want == "" || subtle.ConstantTimeCompare([]byte(want), []byte(got)) != 1 {
		return ErrOAuthState
	}
	return nil
}

func (s OAuthState) check(argument string) error {
	if err := first(notEmpty(argument, string(s)), maxBytes(argument, string(s), 128)); err != nil {
		return err
	}
	other := strings.Trim(string(s), "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
	if other != "" {
		return invalid(argument, "must contain only ASCII letters and digits")
	}
	return nil
}

// OAuthScope is what a page may learn about a user.
type OAuthScope string

// The scopes.
const (
	OAuthScopeBase     OAuthScope = "snsapi_base"     // the openid; the user is not asked
	OAuthScopeUserInfo OAuthScope = "snsapi_userinfo" // the profile; the user is asked
)

// OAuthURLRequest describes an authorization.
type OAuthURLRequest struct {
	RedirectURL   string // on a domain that is configured in the console; see also [WithOAuthRedirectURLs]
	Scope         OAuthScope
	State         OAuthState // see [NewOAuthState]
	ForcePopup    bool       // also asks users who have agreed before
	ForceSnapshot bool       // shows a snapshot of the page first
}

// OAuthURL returns the URL of the page on which a user authorizes the account (网页授权).
// Redirect the browser of the WeChat app to it. The platform sends the browser back to
// RedirectURL with code and state: check the state with [OAuthState.Check], then pass
// the code to [Client.GetOAuthUserByCode] or [Client.ExchangeOAuthCode].
//
// https://developers.weixin.qq.com/doc/service/guide/h5/auth
func (c *Client) OAuthURL(req OAuthURLRequest) (string, error) {
	err := first(
		notEmpty("appID", c.cfg.appID), c.cfg.checkRedirectURL(req.RedirectURL), notEmpty("Scope", string(req.Scope)), req.State.check("State"))
	if err != nil {
		return "", err
	}
	values := []string{
		"appid", c.cfg.appID, "redirect_uri", req.RedirectURL, "response_type", "code",
		"scope", string(req.Scope), "state", string(req.State),
	}
	if req.ForcePopup {
		values = append(values, "forcePopup", "true")
	}
	if req.ForceSnapshot {
		values = append(values, "forceSnapShot", "true")
	}
	return browserURL("https://open.weixin.qq.com/connect/oauth2/authorize", values...), nil
}

// checkRedirectURL refuses pages that the program has not listed, if it has a list.
func (c *config) checkRedirectURL(page string) error {
	if err := httpURL("RedirectURL", page); err != nil || c.redirectURLs == nil {
		return err
	}
	page, _, _ = strings.Cut(page, "?")
	if !slices.Contains(c.redirectURLs, page) {
		return invalid("RedirectURL", "must be a page that WithOAuthRedirectURLs lists")
	}
	return nil
}

func (c *config) checkRedirectURLs() error {
	return each("WithOAuthRedirectURLs", c.redirectURLs, func(argument, page string) error {
		if strings.ContainsAny(page, "?#") {
			return invalid(argument, "must have no query and no fragment")
		}
		return httpURL(argument, page)
	})
}

// OAuthToken gives access to what one user has authorized. It is not the account's
// access_token. To store it, store string(t.AccessToken) and string(t.RefreshToken):
// encoding an OAuthToken redacts both, and they cannot be read back.
type OAuthToken struct {
	AccessToken  Secret `json:"access_token"`
	ExpiresIn    int64  `json:"expires_in"`    // seconds
	RefreshToken Secret `json:"refresh_token"` // valid for 30 days
	OpenID       string `json:"openid"`
	Scope        string `json:"scope"`   // the authorized scopes, separated by commas
	UnionID      string `json:"unionid"` // only with OAuthScopeUserInfo

	// IsSnapshotUser reports whether the user sees a snapshot of the page and has not
	// authorized anything yet. If so, OpenID and UnionID do not belong to a real user.
	IsSnapshotUser bool `json:"is_snapshotuser"`
}

// ExchangeOAuthCode exchanges the code that the redirect URL received for the user's
// openid and tokens (换取用户授权凭证). A code works only once and expires after 5 minutes,
// so an exchange with an unknown outcome is not retried. It returns [ErrInvalidOAuthCode],
// [ErrOAuthCodeUsed] or [ErrExpiredOAuthCode] if the code is not valid: redirect the
// browser to authorize again. After any other error the code may be used up as well, but
// show a link then, because during an outage redirects would never end.
//
// https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsaccesstoken
func (c *Client) ExchangeOAuthCode(ctx context.Context, code Secret) (*OAuthToken, error) {
	if err := first(c.needSecret(), notEmpty("code", string(code))); err != nil {
		return nil, err
	}
	return doWithSecret[OAuthToken](ctx, c, func(secret string) Request {
		return oauthRequest("/sns/oauth2/access_token", false,
			"appid", c.cfg.appID, "secret", secret, "code", string(code), "grant_type", "authorization_code")
	})
}

// RefreshOAuthToken returns new tokens for a refresh token (刷新用户授权凭证,
// 刷新网页授权凭证). It returns [ErrInvalidRefreshToken] or [ErrExpiredRefreshToken] if the
// user must authorize again.
//
// https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsrefreshtoken
func (c *Client) RefreshOAuthToken(ctx context.Context, refreshToken Secret) (*OAuthToken, error) {
	if err := first(notEmpty("appID", c.cfg.appID), notEmpty("refreshToken", string(refreshToken))); err != nil {
		return nil, err
	}
	return do[OAuthToken](ctx, c, oauthRequest("/sns/oauth2/refresh_token", true,
		"appid", c.cfg.appID, "grant_type", "refresh_token", "refresh_token", string(refreshToken)))
}

func oauthRequest(path string, isIdempotent bool, namesAndValues ...string) Request {
	return Request{Method: http.MethodGet, Path: path, Query: params(namesAndValues...), Anonymous: true, Idempotent: isIdempotent}
}

// OAuthUser is the profile that a user has authorized.
type OAuthUser struct {
	OpenID     string   `json:"openid"`
	Nickname   string   `json:"nickname"`
	AvatarURL  string   `json:"headimgurl"` // "" if none; it stops working when the user changes the avatar
	Privileges []string `json:"privilege"`  // such as "chinaunicom"
	UnionID    string   `json:"unionid"`    // only set if the account is bound to an Open Platform account

	// IsSnapshotUser is copied from the [OAuthToken]. Only [Client.GetOAuthUserByCode]
	// sets it.
	IsSnapshotUser bool `json:"is_snapshotuser,omitempty"`

	// The platform has left these empty since October 2021.
	Sex      int64  `json:"sex"` // 1 male, 2 female
	Province string `json:"province"`
	City     string `json:"city"`
	Country  string `json:"country"`
}

// GetOAuthUser returns the profile of a user who has authorized [OAuthScopeUserInfo]
// (获取授权用户信息). accessToken and openID are those of the [OAuthToken].
//
// https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsuserinfo
func (c *Client) GetOAuthUser(ctx context.Context, accessToken Secret, openID string) (*OAuthUser, error) {
	return c.GetOAuthUserInLanguage(ctx, accessToken, openID, "")
}

// GetOAuthUserInLanguage is like [Client.GetOAuthUser] but returns the names of places
// in the given language (获取授权用户信息).
//
// https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsuserinfo
func (c *Client) GetOAuthUserInLanguage(ctx context.Context, accessToken Secret, openID string, language Language) (*OAuthUser, error) {
	if err := checkOAuthToken(accessToken, openID); err != nil {
		return nil, err
	}
	return do[OAuthUser](ctx, c, oauthRequest("/sns/userinfo", true,
		"access_token", string(accessToken), "openid", openID, "lang", string(language)))
}

// GetOAuthUserByCode exchanges a code, as [Client.ExchangeOAuthCode] does, and returns
// the user's profile (换取用户授权凭证). Only OpenID and UnionID are set if the user
// has not authorized [OAuthScopeUserInfo]. The errors are those of ExchangeOAuthCode.
//
// https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsaccesstoken
func (c *Client) GetOAuthUserByCode(ctx context.Context, code Secret) (*OAuthUser, error) {
	token, err := c.ExchangeOAuthCode(ctx, code)
	if err != nil {
		return nil, err
	}
	user := &OAuthUser{OpenID: token.OpenID, UnionID: token.UnionID}
	if slices.Contains(strings.Split(token.Scope, ","), string(OAuthScopeUserInfo)) {
		user, err = c.GetOAuthUser(ctx, token.AccessToken, token.OpenID)
		if err != nil {
			return nil, err
		}
	}
	user.IsSnapshotUser = token.IsSnapshotUser
	return user, nil
}

// CheckOAuthToken checks whether a user's access token is still valid (检验用户授权凭证,
// 检验授权凭证是否有效). It returns [ErrInvalidOpenID] if the token belongs to another user,
// and [ErrInvalidToken] if the token has expired or is not valid.
//
// https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsauth
func (c *Client) CheckOAuthToken(ctx context.Context, accessToken Secret, openID string) error {
	if err := checkOAuthToken(accessToken, openID); err != nil {
		return err
	}
	return c.Do(ctx, oauthRequest("/sns/auth", true, "access_token", string(accessToken), "openid", openID), nil)
}

func checkOAuthToken(accessToken Secret, openID string) error {
	return first(notEmpty("accessToken", string(accessToken)), notEmpty("openID", openID))
}
