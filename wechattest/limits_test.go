package wechattest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
)

func TestQuotaOfTheDayIsPerAPIAndEndsAtMidnightInBeijing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const path = "/cgi-bin/getcallbackip"
		p := platform(t, WithQuota(path, 2))
		c := p.Client()
		get(t, c, path)
		get(t, c, path)
		refusedWith(t, c, wechat.ErrDailyQuota, path, nil)
		get(t, c, "/cgi-bin/get_api_domain_ip")

		quota := post(t, c, "/cgi-bin/openapi/quota/get", obj{"cgi_path": path})
		assert.JSONEq(t, `{"daily_limit":2,"used":2,"remain":0}`, string(quota["quota"]))

		time.Sleep(16*time.Hour - time.Second) // bubbles begin at midnight UTC
		refusedWith(t, c, wechat.ErrDailyQuota, path, nil)
		time.Sleep(time.Second)
		get(t, c, path)
	})
}

func TestMinuteQuotaEndsWithTheMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const path = "/cgi-bin/getcallbackip"
		p := platform(t, WithMinuteQuota(path, 1))
		c := p.Client()
		time.Sleep(10 * time.Second)
		get(t, c, path)
		refusedWith(t, c, wechat.ErrMinuteQuota, path, nil)
		time.Sleep(50*time.Second - 1)
		refusedWith(t, c, wechat.ErrMinuteQuota, path, nil)
		time.Sleep(time.Nanosecond)
		get(t, c, path)
		assert.Equal(t, 4, p.CallCount(path))
		quota := post(t, c, "/cgi-bin/openapi/quota/get", obj{"cgi_path": path})
		assert.JSONEq(t, `{"call_count":1,"refresh_second":60}`, string(quota["rate_limit"]))
	})
}

func TestQuotasAreResetTenTimesAMonth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const path = "/cgi-bin/getcallbackip"
		p := platform(t, WithQuota(path, 1), WithQuota(stablePath, 1))
		c := p.Client()
		get(t, c, path)
		require.NoError(t, c.ClearQuota(t.Context()))
		get(t, c, path)
		for range 9 {
			require.NoError(t, c.ClearQuotaBySecret(t.Context()))
		}
		require.ErrorIs(t, c.ClearQuota(t.Context()), wechat.ErrClearQuotaLimit)
		get(t, c, path)
		require.NoError(t, c.ClearAPIQuota(t.Context(), path), "these are counted apart")
		get(t, c, path)
		require.ErrorIs(t, c.ClearAPIQuota(t.Context(), "/cgi-bin/nothing"), wechat.ErrUnknownAPIPath)
		refusedWith(t, c, wechat.ErrInvalidAppID, "/cgi-bin/clear_quota", obj{"appid": "wx0"})
		time.Sleep(32 * 24 * time.Hour)
		require.NoError(t, c.ClearQuota(t.Context()))
	})
}

func TestQuotaOfOneAPIIsResetFiftyTimesAMonth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const path = "/cgi-bin/getcallbackip"
		p := platform(t)
		c := p.Client()
		for range 50 {
			require.NoError(t, c.ClearAPIQuota(t.Context(), path))
		}
		require.ErrorIs(t, c.ClearAPIQuota(t.Context(), path), wechat.ErrDailyQuota)
		require.NoError(t, c.ClearQuota(t.Context()), "these are counted apart")
		time.Sleep(32 * 24 * time.Hour)
		require.NoError(t, c.ClearAPIQuota(t.Context(), path))
	})
}

func TestQuotaOfAPathOfTheTestIsReadAndReset(t *testing.T) {
	const path = "/cgi-bin/brand/new"
	p := platform(t, WithQuota(path, 1))
	c := p.Client()
	_, err := c.GetAPIQuota(t.Context(), path)
	require.ErrorIs(t, err, wechat.ErrUnknownAPIPath)
	p.Handle(path, func(Call) (any, error) { return obj{}, nil })
	get(t, c, path)
	quota, err := c.GetAPIQuota(t.Context(), path)
	require.NoError(t, err)
	assert.Equal(t, wechat.APIQuota{DailyLimit: 1, Used: 1}, *quota)
	require.NoError(t, c.ClearAPIQuota(t.Context(), path))
	get(t, c, path)
}

func TestQuotaIsListedUsedUpAndReset(t *testing.T) {
	const path = "/cgi-bin/menu/create"
	p := platform(t, WithMinuteQuota(path, 7))
	c := p.Client()
	menu := wechat.NewMenu(wechat.ClickButton("a", "b"))
	require.NoError(t, c.CreateMenu(t.Context(), menu))
	assert.Equal(t, wechat.APIQuota{
		DailyLimit: 1000, Used: 1, Remaining: 999, RateLimit: &wechat.RateLimit{Calls: 7, Seconds: 60},
	}, p.Quotas()[path])
	p.ExhaustQuota(path)
	require.ErrorIs(t, c.CreateMenu(t.Context(), menu), wechat.ErrDailyQuota)
	assert.Zero(t, p.Quotas()[path].Remaining)
	p.ResetQuota("/cgi-bin/menu/get")
	require.ErrorIs(t, c.CreateMenu(t.Context(), menu), wechat.ErrDailyQuota)
	for _, reset := range []string{path, ""} {
		p.ExhaustQuota(path)
		p.ResetQuota(reset)
		require.NoError(t, c.CreateMenu(t.Context(), menu))
	}
}

func TestRequestInfoIsKeptForAWeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := platform(t)
		c := p.Client()
		rid := refusedWith(t, c, wechat.ErrInvalidOpenID, "/cgi-bin/user/info", nil, "openid", "nobody")
		require.NotEmpty(t, rid)
		info, err := c.GetRequestInfo(t.Context(), rid)
		require.NoError(t, err)
		assert.Regexp(t, "^access_token=.+&openid=nobody$", string(info.RequestURL))
		assert.Contains(t, info.ResponseBody, rid)
		time.Sleep(requestsKept)
		_, err = c.GetRequestInfo(t.Context(), rid)
		require.NoError(t, err)
		time.Sleep(time.Second)
		_, err = c.GetRequestInfo(t.Context(), rid)
		require.ErrorIs(t, err, wechat.Code(76004))
		_, err = c.GetRequestInfo(t.Context(), "0-0-0")
		require.ErrorIs(t, err, wechat.ErrRequestIDNotFound)
	})
}
