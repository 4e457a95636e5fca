package wechat

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// aDay is a Monday and the first of a month, long ago.
var aDay = Date{2025, time.December, 1}

// daysBody is the request of a span that begins on aDay.
func daysBody(days int) string {
	data, _ := json.Marshal(dateSpan{aDay, aDay.AddDays(days - 1)})
	return string(data)
}

// daysOf makes a row's call of a method that takes a span of so many days.
func daysOf[T any](days int, list func(*Client, context.Context, Date, Date) ([]T, error)) func(context.Context, *Client) (any, error) {
	return results(func(ctx context.Context, c *Client) ([]T, error) { return list(c, ctx, aDay, aDay.AddDays(days-1)) })
}

var _ = wireRows([]wireRow{
	{
		name: "ListUserSummaries", http: "POST /datacube/getusersummary", body: `{"begin_date":"2025-12-01","end_date":"2025-12-07"}`,
		reply: `{"list":[{"ref_date":"2025-12-07","user_source":30,"new_user":12,"cancel_user":3}]}`,
		call:  daysOf(7, (*Client).ListUserSummaries),
		want:  []UserSummary{{RefDate: Date{2025, 12, 7}, Source: FollowSourceQRCode, NewFollowers: 12, LostFollowers: 3}},
	},
	{
		name: "ListUserTotals", http: "POST /datacube/getusercumulate", body: daysBody(7),
		reply: `{"list":[{"ref_date":"2025-12-07","cumulate_user":1217056}]}`,
		call:  daysOf(7, (*Client).ListUserTotals),
		want:  []UserTotal{{RefDate: Date{2025, 12, 7}, Followers: 1217056}},
	},
	{
		name: "ListArticleSummaries", http: "POST /datacube/getarticlesummary", body: daysBody(1),
		reply: `{"list":[{"ref_date":"2025-12-01","user_source":99999999,"msgid":"10000050_1","title":"周刊","int_page_read_user":23676,"int_page_read_count":25615,"ori_page_read_user":29,"ori_page_read_count":34,"share_user":122,"share_count":994,"add_to_fav_user":1,"add_to_fav_count":3}]}`,
		call:  daysOf(1, (*Client).ListArticleSummaries),
		want:  []ArticleSummary{{RefDate: aDay, Source: ReadSourceAll, MessageID: "10000050_1", Title: "周刊", ArticleCounts: someCounts}},
	},
	{
		name: "ListArticleTotals", http: "POST /datacube/getarticletotal", body: daysBody(1),
		reply: `{"list":[{"ref_date":"2025-12-01","msgid":"202457380_1","title":"周刊","user_source":0,"url":"https://mp.weixin.qq.com/s/abc","details":[{"stat_date":"2025-12-02","target_user":261917,"int_page_read_user":23676,"int_page_read_count":25615,"ori_page_read_user":29,"ori_page_read_count":34,"share_user":122,"share_count":994,"add_to_fav_user":1,"add_to_fav_count":3,"int_page_from_session_read_user":657283}]}]}`,
		call:  daysOf(1, (*Client).ListArticleTotals),
		want: []ArticleTotal{{
			RefDate: aDay, MessageID: "202457380_1", Title: "周刊", URL: "https://mp.weixin.qq.com/s/abc",
			Days: []ArticleTotalDay{{StatDate: Date{2025, 12, 2}, TargetUsers: 261917, ArticleCounts: someCounts, ChatReadUsers: 657283}},
		}},
	},
	{
		name: "ListReadSummaries", http: "POST /datacube/getuserread", body: daysBody(3),
		reply: `{"list":[{"ref_date":"2025-12-01","user_source":2,"int_page_read_user":23676,"int_page_read_count":25615,"ori_page_read_user":29,"ori_page_read_count":34,"share_user":122,"share_count":994,"add_to_fav_user":1,"add_to_fav_count":3}]}`,
		call:  daysOf(3, (*Client).ListReadSummaries),
		want:  []ReadSummary{{RefDate: aDay, Source: ReadSourceMoments, ArticleCounts: someCounts}},
	},
	{
		name: "ListReadHours", http: "POST /datacube/getuserreadhour", body: daysBody(1),
		reply: `{"list":[{"ref_date":"2025-12-01","ref_hour":1500,"user_source":0,"int_page_read_user":1,"int_page_read_count":2}]}`,
		call:  daysOf(1, (*Client).ListReadHours),
		want:  []ReadHour{{RefDate: aDay, RefHour: 1500, Source: ReadSourceChat, ArticleCounts: ArticleCounts{PageReadUsers: 1, PageReads: 2}}},
	},
	{
		name: "ListShareSummaries", http: "POST /datacube/getusershare", body: daysBody(7),
		reply: `{"list":[{"ref_date":"2025-12-07","share_scene":255,"share_count":23,"share_user":11}]}`,
		call:  daysOf(7, (*Client).ListShareSummaries),
		want:  []ShareSummary{{RefDate: Date{2025, 12, 7}, Scene: ShareSceneOther, Shares: 23, ShareUsers: 11}},
	},
	{
		name: "ListShareHours", http: "POST /datacube/getusersharehour", body: daysBody(1),
		reply: `{"list":[{"ref_date":"2025-12-01","ref_hour":1200,"share_scene":1,"share_count":72,"share_user":27}]}`,
		call:  daysOf(1, (*Client).ListShareHours),
		want:  []ShareHour{{RefDate: aDay, RefHour: 1200, Scene: ShareSceneFriend, Shares: 72, ShareUsers: 27}},
	},
	{
		name: "ListArticleReads", http: "POST /datacube/getarticleread", body: daysBody(1),
		reply: `{"list":[{"ref_date":"2025-12-01","msgid":"2247490098_1","detail":{"read_user":4123,"read_user_source":[{"user_count":4123,"scene_desc":"全部"}]}}],"is_delay":true}`,
		call:  daysOf(1, (*Client).ListArticleReads),
		want: []ArticleRead{{
			RefDate: aDay, MessageID: "2247490098_1", Delayed: true,
			ArticleReadFigures: ArticleReadFigures{ReadUsers: 4123, Sources: []ReaderSource{{Users: 4123, Scene: "全部"}}},
		}},
	},
	{
		name: "ListArticleShares", http: "POST /datacube/getarticleshare", body: daysBody(1),
		reply: `{"list":[{"ref_date":"2025-12-01","msgid":"2247490098_1","detail":{"share_user":366}}],"is_delay":false}`,
		call:  daysOf(1, (*Client).ListArticleShares),
		want:  []ArticleShare{{RefDate: aDay, MessageID: "2247490098_1", ArticleShareFigures: ArticleShareFigures{ShareUsers: 366}}},
	},
	{
		name: "ListAccountSummaries", http: "POST /datacube/getbizsummary", body: daysBody(30),
		reply: `{"list":[{"ref_date":"2025-12-01","detail":{"read_user":4123,"share_user":366,"zaikan_user":191,"like_user":386,"comment_count":7,"collection_user":8,"redirect_ori_page_user":9,"send_page_count":2}}],"is_delay":false}`,
		call:  daysOf(30, (*Client).ListAccountSummaries),
		want: []AccountSummary{{RefDate: aDay, AccountFigures: AccountFigures{
			ArticleFigures:    ArticleFigures{ReadUsers: 4123, ShareUsers: 366, HeartUsers: 191, LikeUsers: 386, Comments: 7, FavoriteUsers: 8},
			OriginalPageUsers: 9, PublishedArticles: 2,
		}}},
	},
	{
		name: "ListArticleDetails", http: "POST /datacube/getarticletotaldetail", body: daysBody(1),
		reply: `{"list":[{"ref_date":"2025-12-01","msgid":"2247490098_1","publish_type":1,"title":"周刊","content_url":"https://mp.weixin.qq.com/s/abc","detail_list":[{"stat_date":"2025-12-02","read_user":4123,"praise_money":500,"read_finish_rate":0.25,"read_jump_position":[{"position":1,"rate":0.5}]}]}],"is_delay":false}`,
		call:  daysOf(1, (*Client).ListArticleDetails),
		want: []ArticleDetail{{
			RefDate: aDay, MessageID: "2247490098_1", Notice: ArticleNoticeNone, Title: "周刊", ContentURL: "https://mp.weixin.qq.com/s/abc",
			Days: []ArticleDetailDay{{
				StatDate: Date{2025, 12, 2}, ArticleFigures: ArticleFigures{ReadUsers: 4123}, RewardMoney: 500, FinishRate: 0.25,
				JumpPositions: []JumpPosition{{Position: 1, Rate: 0.5}},
			}},
		}},
	},
	{
		name: "ListUpstreamDays", http: "POST /datacube/getupstreammsg", body: daysBody(7),
		reply: `{"list":[{"ref_date":"2025-12-07","msg_type":1,"msg_user":282,"msg_count":817}]}`,
		call:  daysOf(7, (*Client).ListUpstreamDays),
		want:  []UpstreamSummary{{RefDate: Date{2025, 12, 7}, MessageType: UpstreamMessageText, Users: 282, Messages: 817}},
	},
	{
		name: "ListUpstreamHours", http: "POST /datacube/getupstreammsghour", body: daysBody(1),
		reply: `{"list":[{"ref_date":"2025-12-01","ref_hour":0,"msg_type":6,"msg_user":9,"msg_count":10}]}`,
		call:  daysOf(1, (*Client).ListUpstreamHours),
		want:  []UpstreamHour{{RefDate: aDay, MessageType: UpstreamMessageLink, Users: 9, Messages: 10}},
	},
	{
		name: "ListUpstreamWeeks", http: "POST /datacube/getupstreammsgweek", body: daysBody(30),
		reply: `{"list":[{"ref_date":"2025-12-08","msg_type":1,"msg_user":16,"msg_count":27}]}`,
		call:  daysOf(30, (*Client).ListUpstreamWeeks),
		want:  []UpstreamSummary{{RefDate: Date{2025, 12, 8}, MessageType: UpstreamMessageText, Users: 16, Messages: 27}},
	},
	{
		name: "ListUpstreamMonths", http: "POST /datacube/getupstreammsgmonth", body: daysBody(30),
		reply: `{"list":[{"ref_date":"2025-12-01","msg_type":1,"msg_user":7989,"msg_count":42206}]}`,
		call:  daysOf(30, (*Client).ListUpstreamMonths),
		want:  []UpstreamSummary{{RefDate: aDay, MessageType: UpstreamMessageText, Users: 7989, Messages: 42206}},
	},
	{
		name: "ListUpstreamDistributionDays", http: "POST /datacube/getupstreammsgdist", body: daysBody(15),
		reply: `{"list":[{"ref_date":"2025-12-07","count_interval":1,"msg_user":246}]}`,
		call:  daysOf(15, (*Client).ListUpstreamDistributionDays),
		want:  []UpstreamDistribution{{RefDate: Date{2025, 12, 7}, Interval: UpstreamInterval1To5, Users: 246}},
	},
	{
		name: "ListUpstreamDistributionWeeks", http: "POST /datacube/getupstreammsgdistweek", body: daysBody(30),
		reply: `{"list":[{"ref_date":"2025-12-08","count_interval":3,"msg_user":246}]}`,
		call:  daysOf(30, (*Client).ListUpstreamDistributionWeeks),
		want:  []UpstreamDistribution{{RefDate: Date{2025, 12, 8}, Interval: UpstreamIntervalOver10, Users: 246}},
	},
	{
		name: "ListUpstreamDistributionMonths", http: "POST /datacube/getupstreammsgdistmonth", body: daysBody(30),
		reply: `{"list":[{"ref_date":"2025-12-01","count_interval":2,"msg_user":2344}]}`,
		call:  daysOf(30, (*Client).ListUpstreamDistributionMonths),
		want:  []UpstreamDistribution{{RefDate: aDay, Interval: UpstreamInterval6To10, Users: 2344}},
	},
	{
		name: "ListInterfaceSummaries", http: "POST /datacube/getinterfacesummary", body: daysBody(30),
		reply: `{"list":[{"ref_date":"2025-12-01","callback_count":36974,"fail_count":67,"total_time_cost":14994291,"max_time_cost":5044}]}`,
		call:  daysOf(30, (*Client).ListInterfaceSummaries),
		want:  []InterfaceSummary{{RefDate: aDay, Callbacks: 36974, Failures: 67, TotalMilliseconds: 14994291, MaxMilliseconds: 5044}},
	},
	{
		name: "ListInterfaceHours", http: "POST /datacube/getinterfacesummaryhour", body: daysBody(1),
		reply: `{"list":[{"ref_date":"2025-12-01","ref_hour":100,"callback_count":331,"fail_count":18,"total_time_cost":167870,"max_time_cost":5042}]}`,
		call:  daysOf(1, (*Client).ListInterfaceHours),
		want:  []InterfaceHour{{RefDate: aDay, RefHour: 100, Callbacks: 331, Failures: 18, TotalMilliseconds: 167870, MaxMilliseconds: 5042}},
	},
})

var someCounts = ArticleCounts{
	PageReadUsers: 23676, PageReads: 25615, OriginalReadUsers: 29, OriginalReads: 34,
	ShareUsers: 122, Shares: 994, FavoriteUsers: 1, Favorites: 3,
}

func TestStatisticsRefuseWhatIsNoSpanOfDays(t *testing.T) {
	for argument, spans := range map[string][][2]Date{
		"from": {{Date{}, aDay}, {Date{2025, 2, 29}, aDay}, {Date{2025, 13, 1}, aDay}},
		"to":   {{aDay, Date{}}, {aDay, aDay.AddDays(-1)}, {aDay, aDay.AddDays(7)}, {aDay, Date{2025, 12, 32}}},
	} {
		for _, span := range spans {
			refused(t, argument, func(ctx context.Context, c *Client) error {
				_, err := c.ListUserSummaries(ctx, span[0], span[1])
				return err
			})
		}
	}
	refused(t, "to", func(ctx context.Context, c *Client) error {
		return failure(c.AllUserSummaries(ctx, aDay, aDay.AddDays(-1)))
	})
}

func TestStatisticsOfHoursTakeTheDaysOfTheirPage(t *testing.T) {
	refused(t, "to", func(ctx context.Context, c *Client) error {
		_, err := c.ListUpstreamHours(ctx, aDay, aDay.AddDays(2)) // two days are in the page's example
		return err
	})
	refused(t, "to", func(ctx context.Context, c *Client) error {
		_, err := c.ListReadHours(ctx, aDay, aDay.AddDays(1))
		return err
	})
}

// A day ends at 16:00 UTC for the platform, wherever the program runs.
func TestStatisticsEndYesterdayInThePlatformsCalendar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		midnight := time.Date(2000, 1, 10, 16, 0, 0, 0, time.UTC)
		tenth := Date{2000, 1, 10}
		list := func(ctx context.Context, c *Client) error {
			_, err := c.ListUserSummaries(ctx, tenth, tenth)
			return err
		}
		time.Sleep(time.Until(midnight) - time.Nanosecond)
		refused(t, "to", list)
		refused(t, "to", func(ctx context.Context, c *Client) error {
			return failure(c.AllUserSummaries(ctx, tenth.AddDays(-30), tenth))
		})
		time.Sleep(time.Nanosecond)
		c, _ := wireRow{}.client(answer(http.StatusOK, `{"list":[]}`))
		require.NoError(t, list(t.Context(), c))
	})
}

func TestStatisticsOfALongSpanAreJoined(t *testing.T) {
	c, asked := statisticsServer()
	var days []Date
	for s, err := range c.AllUserSummaries(t.Context(), aDay, aDay.AddDays(16)) {
		require.NoError(t, err)
		days = append(days, s.RefDate)
	}
	assert.Equal(t, []dateSpan{
		{aDay, aDay.AddDays(6)},
		{aDay.AddDays(7), aDay.AddDays(13)},
		{aDay.AddDays(14), aDay.AddDays(16)},
	}, *asked)
	assert.Equal(t, []Date{aDay, aDay.AddDays(7), aDay.AddDays(14)}, days)
}

func TestStatisticsGoOnAfterDaysWithoutAny(t *testing.T) {
	c, _ := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		span := spanOf(r)
		if span.From == aDay {
			return answer(http.StatusOK, `{"list":[]}`)(r)
		}
		return answer(http.StatusOK, `{"list":[{"ref_date":"`+span.From.String()+`"}]}`)(r)
	})
	var days []Date
	for s, err := range c.AllInterfaceHours(t.Context(), aDay, aDay.AddDays(1)) {
		require.NoError(t, err)
		days = append(days, s.RefDate)
	}
	assert.Equal(t, []Date{aDay.AddDays(1)}, days)
}

func TestStatisticsStopWithTheLoop(t *testing.T) {
	c, asked := statisticsServer()
	for _, err := range c.AllArticleDetails(t.Context(), aDay, aDay.AddDays(99)) {
		require.NoError(t, err)
		if len(*asked) == 2 {
			break
		}
	}
	assert.Len(t, *asked, 2)
}

func TestStatisticsEndWithTheFirstError(t *testing.T) {
	c, _ := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		if spanOf(r).From != aDay {
			return answer(http.StatusOK, `{"errcode":61503,"errmsg":"data not ready, please try later"}`)(r)
		}
		return answer(http.StatusOK, `{"list":[{"ref_date":"2025-12-01"}]}`)(r)
	})
	var got []error
	for _, err := range c.AllReadHours(t.Context(), aDay, aDay.AddDays(9)) {
		got = append(got, err)
	}
	require.Len(t, got, 2)
	require.NoError(t, got[0])
	require.ErrorIs(t, got[1], ErrDataNotReady)
}

func TestWeeksAndMonthsAreAskedForByTheirFirstDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Wednesday, 2000-02-16 in the platform's calendar
		time.Sleep(time.Until(time.Date(2000, 2, 16, 4, 0, 0, 0, time.UTC)))
		yesterday := Date{2000, 2, 15}
		firsts := func(days ...Date) (spans []dateSpan) {
			for _, d := range days {
				spans = append(spans, dateSpan{d, d})
			}
			return spans
		}

		c, asked := statisticsServer()
		require.NoError(t, failure(c.AllUpstreamWeeks(t.Context(), Date{2000, 1, 16}, yesterday)))
		assert.Equal(t, firsts(Date{2000, 1, 17}, Date{2000, 1, 24}, Date{2000, 1, 31}, Date{2000, 2, 7}), *asked,
			"the week of February 14 is not over")

		c, asked = statisticsServer()
		require.NoError(t, failure(c.AllUpstreamDistributionMonths(t.Context(), Date{1999, 11, 2}, yesterday)))
		assert.Equal(t, firsts(Date{1999, 12, 1}, Date{2000, 1, 1}), *asked, "February is not over")

		c, asked = statisticsServer()
		require.NoError(t, failure(c.AllUpstreamMonths(t.Context(), Date{1999, 12, 1}, Date{1999, 12, 31})))
		assert.Equal(t, firsts(Date{1999, 12, 1}), *asked)

		c, asked = statisticsServer()
		require.NoError(t, failure(c.AllUpstreamDistributionWeeks(t.Context(), Date{2000, 1, 18}, Date{2000, 1, 23})))
		assert.Empty(t, *asked, "no Monday in it")
	})
}

func TestArticlesOfADelayedDaySaySo(t *testing.T) {
	c, _ := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		span := spanOf(r)
		late := map[bool]string{true: "true", false: "false"}[span.From != aDay]
		return answer(http.StatusOK, `{"list":[{"ref_date":"`+span.From.String()+`"}],"is_delay":`+late+`}`)(r)
	})
	from, to := aDay, aDay.AddDays(1)
	assert.Equal(t, []bool{false, true}, collect(t, c.AllArticleReads(t.Context(), from, to), func(a ArticleRead) bool { return a.Delayed }))
	assert.Equal(t, []bool{false, true}, collect(t, c.AllArticleShares(t.Context(), from, to), func(a ArticleShare) bool { return a.Delayed }))
	assert.Equal(t, []bool{false, true}, collect(t, c.AllArticleDetails(t.Context(), from, to), func(a ArticleDetail) bool { return a.Delayed }))
	assert.Equal(t, []bool{false, true}, collect(t, c.AllAccountSummaries(t.Context(), from, aDay.AddDays(30)), func(a AccountSummary) bool { return a.Delayed }))
}

func TestADelayedDayWithoutFiguresIsNotADayWithoutArticles(t *testing.T) {
	c, _ := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		if spanOf(r).From == aDay {
			return answer(http.StatusOK, `{"list":[],"is_delay":false}`)(r)
		}
		return answer(http.StatusOK, `{"list":[],"is_delay":true}`)(r)
	})
	list, err := c.ListArticleReads(t.Context(), aDay, aDay)
	require.NoError(t, err)
	assert.Empty(t, list)
	_, err = c.ListArticleReads(t.Context(), aDay.AddDays(1), aDay.AddDays(1))
	require.ErrorIs(t, err, ErrDataNotReady)
	require.EqualError(t, err, "wechat: POST /datacube/getarticleread: "+ErrDataNotReady.Error())
	require.ErrorAs(t, err, new(*Error))
	require.ErrorIs(t, failure(c.AllArticleReads(t.Context(), aDay, aDay.AddDays(1))), ErrDataNotReady)
}

func TestEveryIteratorOfStatisticsAsksItsOwnAPI(t *testing.T) {
	last := aDay.AddDays(30)
	for path, all := range map[string]func(context.Context, *Client) error{
		"/datacube/getusersummary":        func(ctx context.Context, c *Client) error { return failure(c.AllUserSummaries(ctx, aDay, last)) },
		"/datacube/getusercumulate":       func(ctx context.Context, c *Client) error { return failure(c.AllUserTotals(ctx, aDay, last)) },
		"/datacube/getarticlesummary":     func(ctx context.Context, c *Client) error { return failure(c.AllArticleSummaries(ctx, aDay, last)) },
		"/datacube/getarticletotal":       func(ctx context.Context, c *Client) error { return failure(c.AllArticleTotals(ctx, aDay, last)) },
		"/datacube/getuserread":           func(ctx context.Context, c *Client) error { return failure(c.AllReadSummaries(ctx, aDay, last)) },
		"/datacube/getuserreadhour":       func(ctx context.Context, c *Client) error { return failure(c.AllReadHours(ctx, aDay, last)) },
		"/datacube/getusershare":          func(ctx context.Context, c *Client) error { return failure(c.AllShareSummaries(ctx, aDay, last)) },
		"/datacube/getusersharehour":      func(ctx context.Context, c *Client) error { return failure(c.AllShareHours(ctx, aDay, last)) },
		"/datacube/getarticleread":        func(ctx context.Context, c *Client) error { return failure(c.AllArticleReads(ctx, aDay, last)) },
		"/datacube/getarticleshare":       func(ctx context.Context, c *Client) error { return failure(c.AllArticleShares(ctx, aDay, last)) },
		"/datacube/getbizsummary":         func(ctx context.Context, c *Client) error { return failure(c.AllAccountSummaries(ctx, aDay, last)) },
		"/datacube/getarticletotaldetail": func(ctx context.Context, c *Client) error { return failure(c.AllArticleDetails(ctx, aDay, last)) },
		"/datacube/getupstreammsg":        func(ctx context.Context, c *Client) error { return failure(c.AllUpstreamDays(ctx, aDay, last)) },
		"/datacube/getupstreammsghour":    func(ctx context.Context, c *Client) error { return failure(c.AllUpstreamHours(ctx, aDay, last)) },
		"/datacube/getupstreammsgweek":    func(ctx context.Context, c *Client) error { return failure(c.AllUpstreamWeeks(ctx, aDay, last)) },
		"/datacube/getupstreammsgmonth":   func(ctx context.Context, c *Client) error { return failure(c.AllUpstreamMonths(ctx, aDay, last)) },
		"/datacube/getupstreammsgdist": func(ctx context.Context, c *Client) error {
			return failure(c.AllUpstreamDistributionDays(ctx, aDay, last))
		},
		"/datacube/getupstreammsgdistweek": func(ctx context.Context, c *Client) error {
			return failure(c.AllUpstreamDistributionWeeks(ctx, aDay, last))
		},
		"/datacube/getupstreammsgdistmonth": func(ctx context.Context, c *Client) error {
			return failure(c.AllUpstreamDistributionMonths(ctx, aDay, last))
		},
		"/datacube/getinterfacesummary":     func(ctx context.Context, c *Client) error { return failure(c.AllInterfaceSummaries(ctx, aDay, last)) },
		"/datacube/getinterfacesummaryhour": func(ctx context.Context, c *Client) error { return failure(c.AllInterfaceHours(ctx, aDay, last)) },
	} {
		c, seen := wireRow{}.client(answer(http.StatusOK, `{"errcode":61501,"errmsg":"date range error"}`))
		require.ErrorIs(t, all(t.Context(), c), ErrInvalidDateRange, path)
		assert.Equal(t, path, seen.URL.Path)
	}
}

// statisticsServer answers one item for each call, and keeps what it was asked.
func statisticsServer() (*Client, *[]dateSpan) {
	asked := &[]dateSpan{}
	c, _ := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		span := spanOf(r)
		*asked = append(*asked, span)
		return answer(http.StatusOK, `{"list":[{"ref_date":"`+span.From.String()+`"}]}`)(r)
	})
	return c, asked
}

func spanOf(r *http.Request) (span dateSpan) {
	body, _ := r.GetBody()
	_ = json.NewDecoder(body).Decode(&span)
	return span
}

// failure runs an iterator to its end and returns its error.
func failure[T any](all iter.Seq2[T, error]) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// collect returns what of each item of an iterator.
func collect[T, V any](t *testing.T, all iter.Seq2[T, error], what func(T) V) (values []V) {
	t.Helper()
	for item, err := range all {
		require.NoError(t, err)
		values = append(values, what(item))
	}
	return values
}
