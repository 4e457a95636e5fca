package wechattest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
)

// account requests tokens without the client's cache.
type account struct {
	t *testing.T
	p *Platform
	c *wechat.Client
}

func newAccount(t *testing.T, opts ...Option) account {
	t.Helper()
	p := platform(t, opts...)
	return account{t, p, p.Client()}
}

func (a account) stable(force bool) (string, int) {
	a.t.Helper()
	get := a.c.GetStableAccessToken
	if force {
		get = a.c.RefreshStableAccessToken
	}
	token, err := get(a.t.Context())
	require.NoError(a.t, err)
	return string(token.Token), int(token.ExpiresIn)
}

func (a account) classic() string {
	a.t.Helper()
	token, err := a.c.GetAccessToken(a.t.Context())
	require.NoError(a.t, err)
	return string(token.Token)
}

// try uses a token and returns the errcode of the response.
func (a account) try(token string) wechat.Code {
	a.t.Helper()
	query := values()
	if token != "" {
		query.Set("access_token", token)
	}
	err := a.c.Do(a.t.Context(), wechat.Request{Path: "/cgi-bin/getcallbackip", Anonymous: true, Query: query}, nil)
	if err == nil {
		return 0
	}
	var refusal *wechat.Error
	require.ErrorAs(a.t, err, &refusal)
	return refusal.Code
}

func TestStableTokenStaysTheSameUntilFiveMinutesBeforeItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		first, life := a.stable(false)
		assert.Equal(t, 7200, life)
		assert.GreaterOrEqual(t, len(first), 100)
		time.Sleep(115 * time.Minute)
		again, life := a.stable(false)
		assert.Equal(t, first, again)
		assert.Equal(t, 300, life, "the least that is ever promised")

		time.Sleep(time.Second)
		second, life := a.stable(false)
		assert.NotEqual(t, first, second)
		assert.Equal(t, 7200, life)
		assert.Zero(t, a.try(first), "both work for five minutes")
		time.Sleep(5 * time.Minute)
		assert.NotZero(t, a.try(first))
		assert.Zero(t, a.try(second))
	})
}

func TestForcedRefreshKeepsToItsLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		token, _ := a.stable(true)
		for range 19 {
			time.Sleep(29 * time.Second)
			same, _ := a.stable(true)
			assert.Equal(t, token, same, "30 seconds are not over")
			time.Sleep(time.Second)
			other, _ := a.stable(true)
			assert.NotEqual(t, token, other)
			token = other
		}
		time.Sleep(time.Hour)
		same, _ := a.stable(true)
		assert.Equal(t, token, same, "the 20 of the day are used up")
		time.Sleep(24 * time.Hour)
		_, life := a.stable(true)
		assert.Equal(t, 7200, life)
	})
}

func TestOneForcedRefreshLeavesALeakedTokenAliveTwoKillIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		leaked, _ := a.stable(false)
		a.stable(true)
		assert.Zero(t, a.try(leaked))
		time.Sleep(30 * time.Second)
		a.stable(true)
		assert.Equal(t, wechat.ErrInvalidCredential, a.try(leaked))
	})
}

func TestClassicTokenReplacesTheOneBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		stable, _ := a.stable(false)
		first, second := a.classic(), a.classic()
		assert.NotEqual(t, first, second)
		assert.Zero(t, a.try(first), "old and new overlap")
		third := a.classic()
		assert.Equal(t, wechat.ErrInvalidCredential, a.try(first), "only old and new are live")
		time.Sleep(overlap)
		assert.NotZero(t, a.try(second))
		assert.Zero(t, a.try(third))
		assert.Zero(t, a.try(stable), "the pools do not touch each other")
	})
}

func TestTokensThatAreMissingWrongOrOldHaveTheirCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		token, _ := a.stable(false)
		assert.Equal(t, wechat.ErrMissingAccessToken, a.try(""))
		assert.Equal(t, wechat.ErrInvalidCredential, a.try("99_nonsense"))
		time.Sleep(2 * time.Hour)
		assert.Equal(t, wechat.ErrExpiredAccessToken, a.try(token))
		token, _ = a.stable(false)
		a.p.RevokeTokens()
		assert.Equal(t, wechat.ErrInvalidCredential, a.try(token))
	})
}

func TestPathOfTheTestNeedsNoTokenButRefusesAWrongOne(t *testing.T) {
	const path = "/cgi-bin/brand/new"
	p := platform(t)
	c := p.Client()
	p.Handle(path, func(Call) (any, error) { return obj{}, nil })
	require.NoError(t, c.Do(t.Context(), wechat.Request{Path: path, Anonymous: true}, nil))
	err := c.Do(t.Context(), wechat.Request{Path: path, Anonymous: true, Query: values("access_token", "99_nonsense")}, nil)
	require.ErrorIs(t, err, wechat.ErrInvalidCredential)
}

func TestRevokedTokenIsReplacedByTheClient(t *testing.T) {
	p := platform(t)
	c := p.Client()
	get(t, c, "/cgi-bin/getcallbackip")
	p.RevokeTokens()
	get(t, c, "/cgi-bin/getcallbackip")
	assert.Equal(t, 2, p.CallCount(stablePath))
	assert.Equal(t, 3, p.CallCount("/cgi-bin/getcallbackip"))
}

func TestTokensNeedTheRightAccount(t *testing.T) {
	p := platform(t)
	for _, c := range []struct {
		id, secret      string
		classic, stable wechat.Code
	}{
		{p.AppID, "0" + p.AppSecret[1:31] + "g", wechat.ErrInvalidCredential, wechat.ErrInvalidSecret},
		{p.AppID, "short", wechat.ErrInvalidSecret, wechat.ErrInvalidSecret},
		{"wx0000000000000000", p.AppSecret, wechat.ErrInvalidAppID, wechat.ErrInvalidAppID},
	} {
		client := wechat.NewClient(c.id, c.secret, wechat.WithHTTPClient(p.HTTPClient()))
		_, err := client.GetAccessToken(t.Context())
		require.ErrorIs(t, err, c.classic)
		_, err = client.GetStableAccessToken(t.Context())
		require.ErrorIs(t, err, c.stable)
		require.NoError(t, client.Close())
	}
	refusedWith(t, p.Client(), wechat.ErrInvalidGrantType, classicPath, nil, "grant_type", "x", "appid", p.AppID, "secret", p.AppSecret)
	refusedWith(t, p.Client(), wechat.ErrMissingSecret, classicPath, nil, "grant_type", "client_credential", "appid", p.AppID)
}

func TestAddressMissingFromTheListIsNamed(t *testing.T) {
	p := platform(t, WithIPNotAllowed("192.0.2.7"))
	_, err := p.Client().Token(t.Context(), "")
	require.ErrorIs(t, err, wechat.ErrIPNotAllowed)
	require.ErrorContains(t, err, "invalid ip 192.0.2.7 ipv6 ::ffff:192.0.2.7, not in whitelist")

	p = platform(t)
	p.FailNext("", wechat.ErrIPNotAllowed)
	_, err = p.Client().Token(t.Context(), "")
	require.ErrorIs(t, err, wechat.ErrIPNotAllowed)
	assert.ErrorContains(t, err, "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist")
}

func TestResetSecretEndsTokens(t *testing.T) {
	p := platform(t)
	old := p.Client()
	get(t, old, "/cgi-bin/getcallbackip")
	p.ResetAppSecret()
	refusedWith(t, old, wechat.ErrInvalidCredential, "/cgi-bin/getcallbackip", nil)
	get(t, p.Client(), "/cgi-bin/getcallbackip")
}

func TestTicketStaysTheSameAndAlwaysSpeaksOfAWholeLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := platform(t)
		c := p.Client()
		ask := func(kind string) (string, string) {
			out := get(t, c, "/cgi-bin/ticket/getticket", "type", kind)
			return text(t, out["ticket"]), string(out["expires_in"])
		}
		first, _ := ask("jsapi")
		card, _ := ask("wx_card")
		assert.NotEqual(t, first, card)
		time.Sleep(time.Hour)
		same, life := ask("jsapi")
		assert.Equal(t, first, same)
		assert.Equal(t, "7200", life)
		time.Sleep(time.Hour)
		other, _ := ask("jsapi")
		assert.NotEqual(t, first, other)
	})
}

func TestClockOfTheTestRulesTokens(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	a := newAccount(t, WithClock(func() time.Time { return now }))
	token, _ := a.stable(false)
	now = now.Add(3 * time.Hour)
	assert.Equal(t, wechat.ErrExpiredAccessToken, a.try(token))
	assert.Equal(t, now, a.p.Calls()[len(a.p.Calls())-1].At)
}
