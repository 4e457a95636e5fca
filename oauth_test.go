package wechat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var _ = wireRows([]wireRow{
	{
		name: "ExchangeOAuthCode", http: "GET /sns/oauth2/access_token", anon: true,
		query: "appid=wx0000000000000001&code=CODE&grant_type=authorization_code&secret=SECRET-CANARY",
		reply: `{"access_token":"AT","expires_in":7200,"refresh_token":"RT","openid":"o1","scope":"snsapi_userinfo","is_snapshotuser":1,"unionid":"u1"}`,
		call:  result(func(ctx context.Context, c *Client) (*OAuthToken, error) { return c.ExchangeOAuthCode(ctx, "CODE") }),
		want: &OAuthToken{
			AccessToken: "AT", ExpiresIn: 7200, RefreshToken: "RT", OpenID: "o1", Scope: "snsapi_userinfo", UnionID: "u1", IsSnapshotUser: true,
		},
	},
	{
		name: "GetOAuthUserByCode", http: "GET /sns/oauth2/access_token", anon: true,
		query: "appid=wx0000000000000001&code=CODE&grant_type=authorization_code&secret=SECRET-CANARY",
		reply: `{"access_token":"AT","openid":"o1","scope":"snsapi_base","is_snapshotuser":1,"unionid":"u1"}`,
		call:  result(func(ctx context.Context, c *Client) (*OAuthUser, error) { return c.GetOAuthUserByCode(ctx, "CODE") }),
		want:  &OAuthUser{OpenID: "o1", UnionID: "u1", IsSnapshotUser: true},
	},
	{
		name: "RefreshOAuthToken", http: "GET /sns/oauth2/refresh_token", anon: true,
		query: "appid=wx0000000000000001&grant_type=refresh_token&refresh_token=RT",
		reply: `{"access_token":"AT2","expires_in":7200,"refresh_token":"RT2","openid":"o1","scope":"snsapi_base"}`,
		call:  result(func(ctx context.Context, c *Client) (*OAuthToken, error) { return c.RefreshOAuthToken(ctx, "RT") }),
		want:  &OAuthToken{AccessToken: "AT2", ExpiresIn: 7200, RefreshToken: "RT2", OpenID: "o1", Scope: "snsapi_base"},
	},
	{
		name: "GetOAuthUserInLanguage", http: "GET /sns/userinfo", anon: true, query: "access_token=AT&lang=zh_TW&openid=o1",
		reply: `{"openid":"o1","nickname":"小明","sex":0,"province":"","city":"","country":"","headimgurl":"https://example.com/46","privilege":["PRIVILEGE1"],"unionid":"u1"}`,
		call: result(func(ctx context.Context, c *Client) (*OAuthUser, error) {
			return c.GetOAuthUserInLanguage(ctx, "AT", "o1", LanguageZHTW)
		}),
		want: &OAuthUser{OpenID: "o1", Nickname: "小明", AvatarURL: "https://example.com/46", Privileges: []string{"PRIVILEGE1"}, UnionID: "u1"},
	},
	{
		name: "GetOAuthUser", http: "GET /sns/userinfo", anon: true, query: "access_token=AT&openid=o1",
		reply: `{"openid":"o1","nickname":"小明"}`,
		call:  result(func(ctx context.Context, c *Client) (*OAuthUser, error) { return c.GetOAuthUser(ctx, "AT", "o1") }),
		want:  &OAuthUser{OpenID: "o1", Nickname: "小明"},
	},
	{
		name: "CheckOAuthToken", http: "GET /sns/auth", anon: true, query: "access_token=AT&openid=o1",
		call: noResult(func(ctx context.Context, c *Client) error { return c.CheckOAuthToken(ctx, "AT", "o1") }),
	},
})

func TestTheUserOfACodeHasTheProfileThatTheScopeAllows(t *testing.T) {
	const token = `{"access_token":"AT","openid":"o1","scope":"snsapi_base,snsapi_userinfo","is_snapshotuser":1}`
	const refused = `{"errcode":48001,"errmsg":"api unauthorized"}`
	profile := `{"openid":"o1","nickname":"小明","unionid":"u1"}`
	var sent []string
	c, _ := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		sent = append(sent, r.URL.Path+" "+r.URL.Query().Get("access_token"))
		if r.URL.Path == "/sns/userinfo" {
			return answer(http.StatusOK, profile)(r)
		}
		return answer(http.StatusOK, token)(r)
	})
	user, err := c.GetOAuthUserByCode(t.Context(), "CODE")
	require.NoError(t, err)
	assert.Equal(t, &OAuthUser{OpenID: "o1", Nickname: "小明", UnionID: "u1", IsSnapshotUser: true}, user)
	assert.Equal(t, []string{"/sns/oauth2/access_token ", "/sns/userinfo AT"}, sent)

	profile = refused
	user, err = c.GetOAuthUserByCode(t.Context(), "CODE")
	require.ErrorIs(t, err, ErrForbidden)
	assert.Nil(t, user)
}

func TestOAuthURLHasThePlatformsOrder(t *testing.T) {
	c := newTestClient("wx0000000000000001", "SECRET-CANARY")
	req := OAuthURLRequest{RedirectURL: "https://example.com/back?a=1&b=2", Scope: OAuthScopeUserInfo, State: "STATE1"}
	const want = "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0000000000000001" +
		"&redirect_uri=https%3A%2F%2Fexample.com%2Fback%3Fa%3D1%26b%3D2&response_type=code&scope=snsapi_userinfo&state=STATE1"
	address, err := c.OAuthURL(req)
	require.NoError(t, err)
	assert.Equal(t, want+"#wechat_redirect", address)
	req.ForcePopup, req.ForceSnapshot = true, true
	address, err = c.OAuthURL(req)
	require.NoError(t, err)
	assert.Equal(t, want+"&forcePopup=true&forceSnapShot=true#wechat_redirect", address)
}

func TestOAuthURLRefusesWhatCannotWork(t *testing.T) {
	c := newTestClient("wx0000000000000001", "SECRET-CANARY")
	whole := OAuthURLRequest{RedirectURL: "https://example.com/", Scope: OAuthScopeBase, State: NewOAuthState()}
	_, err := c.OAuthURL(whole)
	require.NoError(t, err)
	for argument, spoil := range map[string]func(r *OAuthURLRequest){
		"RedirectURL": func(r *OAuthURLRequest) { r.RedirectURL = "javascript:alert(1)" },
		"Scope":       func(r *OAuthURLRequest) { r.Scope = "" },
		"State":       func(r *OAuthURLRequest) { r.State = "a#b" },
	} {
		wrong := whole
		spoil(&wrong)
		_, err := c.OAuthURL(wrong)
		assertArgument(t, err, argument)
	}
	_, err = newTestClient("", "", WithTokenSource(StaticToken("T"))).OAuthURL(whole)
	assertArgument(t, err, "appID")
}

func TestOAuthStateIsRandomAndFitsTheURL(t *testing.T) {
	seen := map[OAuthState]bool{}
	for range 1000 {
		s := NewOAuthState()
		require.NoError(t, s.check("State"))
		require.Len(t, string(s), 40)
		seen[s] = true
	}
	assert.Len(t, seen, 1000)
}

func TestOAuthStateIsAcceptedOnceAndOnlyItself(t *testing.T) {
	given := NewOAuthState()
	session := given
	require.NoError(t, session.Check(string(given)))
	require.ErrorIs(t, session.Check(string(given)), ErrOAuthState, "a replay")

	for _, forged := range []string{"", string(NewOAuthState()), string(given)[:39], string(given) + "0"} {
		session = given
		require.ErrorIs(t, session.Check(forged), ErrOAuthState)
		require.ErrorIs(t, session.Check(string(given)), ErrOAuthState, "a second guess")
	}
	var none OAuthState
	require.ErrorIs(t, none.Check(""), ErrOAuthState, "no authorization was begun")
}

func TestOAuthCodeIsNotExchangedTwice(t *testing.T) {
	calls := 0
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		calls++
		return answer(http.StatusOK, `{"errcode":-1,"errmsg":"system error"}`)(r)
	})
	c := newTestClient("wx1", "s", WithHTTPClient(&http.Client{Transport: transport}),
		WithRetry(RetryPolicy{BaseDelay: time.Nanosecond, MaxDelay: time.Nanosecond}))
	_, err := c.ExchangeOAuthCode(t.Context(), "CODE")
	require.ErrorIs(t, err, ErrUnknownOutcome)
	assert.Equal(t, 1, calls)
	_, err = c.RefreshOAuthToken(t.Context(), "RT")
	require.ErrorIs(t, err, ErrSystemBusy)
	assert.Equal(t, 4, calls, "a refresh is retried")
}

func TestOAuthErrorsShowNeitherCodeNorToken(t *testing.T) {
	calls := map[string]func(ctx context.Context, c *Client) error{
		"code":    func(ctx context.Context, c *Client) error { _, err := c.ExchangeOAuthCode(ctx, "CANARY-1"); return err },
		"refresh": func(ctx context.Context, c *Client) error { _, err := c.RefreshOAuthToken(ctx, "CANARY-2"); return err },
		"user by code": func(ctx context.Context, c *Client) error {
			_, err := c.GetOAuthUserByCode(ctx, "CANARY-7")
			return err
		},
		"user": func(ctx context.Context, c *Client) error {
			_, err := c.GetOAuthUser(ctx, "CANARY-3", "o1")
			return err
		},
		"check": func(ctx context.Context, c *Client) error { return c.CheckOAuthToken(ctx, "CANARY-4", "o1") },
	}
	answers := map[string]func(*http.Request) (*http.Response, error){
		"refusal": func(r *http.Request) (*http.Response, error) {
			return answer(200, `{"errcode":40029,"errmsg":"bad `+r.URL.RawQuery+`"}`)(r)
		},
		"status":    func(r *http.Request) (*http.Response, error) { return answer(502, "<p>"+r.URL.String())(r) },
		"nonsense":  func(r *http.Request) (*http.Response, error) { return answer(200, "<p>"+r.URL.String())(r) },
		"transport": func(r *http.Request) (*http.Response, error) { return nil, errors.New("lost: " + r.URL.String()) },
	}
	for call, send := range calls {
		for name, reply := range answers {
			t.Run(call+" "+name, func(t *testing.T) {
				c, _ := wireRow{}.client(reply)
				err := send(t.Context(), c)
				require.Error(t, err)
				assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), "CANARY")
			})
		}
	}
	token := &OAuthToken{AccessToken: "CANARY-5", RefreshToken: "CANARY-6"}
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", token, token, token), "CANARY")
}

func TestOAuthCallsRefuseWrongArguments(t *testing.T) {
	refused(t, "code", func(ctx context.Context, c *Client) error { _, err := c.ExchangeOAuthCode(ctx, ""); return err })
	refused(t, "refreshToken", func(ctx context.Context, c *Client) error { _, err := c.RefreshOAuthToken(ctx, ""); return err })
	refused(t, "accessToken", func(ctx context.Context, c *Client) error { _, err := c.GetOAuthUser(ctx, "", "o1"); return err })
	refused(t, "openID", func(ctx context.Context, c *Client) error { return c.CheckOAuthToken(ctx, "AT", "") })
}

// FuzzOAuthRedirect: whatever a browser comes back with, only the state that was issued is
// accepted, once. The code is sent as it is, once, and no error contains it.
func FuzzOAuthRedirect(f *testing.F) {
	const issued = "0123456789abcdef0123456789abcdef01234567"
	for _, query := range []string{
		"", "code=CODE-CANARY&state=" + issued, "code=CODE-CANARY%26secret%3Dx&state=", "state=" + issued + "&state=x", "code=a%00b%0A&state=" + issued[1:], "code=%F0%9F%98%80%ff;state",
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		values, _ := url.ParseQuery(query)
		state := OAuthState(issued)
		assert.Equal(t, values.Get("state") == issued, state.Check(values.Get("state")) == nil)
		require.ErrorIs(t, state.Check(values.Get("state")), ErrOAuthState)
		require.ErrorIs(t, state.Check(issued), ErrOAuthState)

		code := values.Get("code")
		s := newScript(func(r *http.Request) (*http.Response, error) {
			message, err := json.Marshal("invalid code: " + code)
			require.NoError(t, err)
			return answer(http.StatusOK, `{"errcode":40029,"errmsg":`+string(message)+`}`)(r)
		})
		_, err := s.client().ExchangeOAuthCode(t.Context(), Secret(code))
		require.Error(t, err)
		if len(code) >= 8 {
			assert.NotContains(t, err.Error(), code)
		}
		if len(s.sent) == 0 {
			var refused *ArgumentError
			require.ErrorAs(t, err, &refused)
			return
		}
		require.Len(t, s.sent, 1)
		sent, err := url.ParseQuery(s.sent[0].URL.RawQuery)
		require.NoError(t, err)
		assert.Equal(t, url.Values{
			"appid": {"wx0000000000000001"}, "secret": {"SECRET-CANARY"}, "code": {code}, "grant_type": {"authorization_code"},
		}, sent)
	})
}
