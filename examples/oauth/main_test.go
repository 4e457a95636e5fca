package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

var _ = os.Setenv("WECHAT_APP_ID", "wx0000000000000001") // before init in fake.go, which then starts nothing

// visit lets a user agree and returns what the site answers to the browser that comes back.
func visit(t *testing.T, prepare func(srv *wechattest.Server, query url.Values, cookie *http.Cookie)) (*site, *http.Response) {
	t.Helper()
	srv := wechattest.NewServer(t)
	s := &site{client: srv.Client(), publicURL: "https://example.com", users: map[string]*wechat.OAuthUser{}}
	login := httptest.NewRecorder()
	s.login(login, httptest.NewRequest(http.MethodGet, "/login", http.NoBody))
	redirect, err := srv.AddUser(wechattest.User{}).Authorizes(login.Header().Get("Location"))
	require.NoError(t, err)
	back, err := url.Parse(redirect)
	require.NoError(t, err)
	query, cookie := back.Query(), login.Result().Cookies()[0]
	require.Equal(t, "__Host-state", cookie.Name)

	prepare(srv, query, cookie)
	request := httptest.NewRequest(http.MethodGet, "/oauth?"+query.Encode(), http.NoBody)
	request.AddCookie(cookie)
	answer := httptest.NewRecorder()
	s.loggedIn(answer, request)
	return s, answer.Result()
}

func TestOnlyAUserWhoHasAgreedIsLoggedIn(t *testing.T) {
	const exchange = "/sns/oauth2/access_token"
	tests := []struct {
		name     string
		prepare  func(srv *wechattest.Server, query url.Values, cookie *http.Cookie)
		status   int
		location string
		users    int
	}{
		{"agreed", func(*wechattest.Server, url.Values, *http.Cookie) {}, http.StatusFound, "/", 1},
		{
			"without a cookie",
			func(_ *wechattest.Server, _ url.Values, cookie *http.Cookie) { cookie.Name = "other" },
			http.StatusForbidden, "", 0,
		},
		{
			"foreign state",
			func(_ *wechattest.Server, query url.Values, _ *http.Cookie) { query.Set("state", "other") },
			http.StatusForbidden, "", 0,
		},
		{
			"invalid code",
			func(_ *wechattest.Server, query url.Values, _ *http.Cookie) { query.Set("code", "other") },
			http.StatusFound, "/login", 0,
		},
		{
			"used code",
			func(srv *wechattest.Server, _ url.Values, _ *http.Cookie) {
				srv.FailNext(exchange, wechat.ErrOAuthCodeUsed)
			},
			http.StatusFound, "/login", 0,
		},
		{
			"expired code",
			func(srv *wechattest.Server, _ url.Values, _ *http.Cookie) {
				srv.FailNext(exchange, wechat.ErrExpiredOAuthCode)
			},
			http.StatusFound, "/login", 0,
		},
		{
			"outage",
			func(srv *wechattest.Server, _ url.Values, _ *http.Cookie) {
				srv.InjectFault(exchange, wechattest.Fault{Status: http.StatusBadGateway})
			},
			http.StatusBadGateway, "", 0,
		},
		{
			"snapshot",
			func(srv *wechattest.Server, _ url.Values, _ *http.Cookie) {
				srv.Handle(exchange, func(wechattest.Call) (any, error) {
					return wechat.OAuthToken{OpenID: "o1", Scope: "snsapi_base", IsSnapshotUser: true}, nil
				})
			},
			http.StatusOK, "", 0,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, answer := visit(t, test.prepare)
			defer func() { _ = answer.Body.Close() }()
			assert.Equal(t, test.status, answer.StatusCode)
			assert.Equal(t, test.location, answer.Header.Get("Location"))
			assert.Len(t, s.users, test.users)
		})
	}
}
