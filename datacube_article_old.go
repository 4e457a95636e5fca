package wechat

import (
	"context"
	"iter"
)

// ReadSource is how readers came to an article.
//
// Only deprecated APIs use it. Their successors return [ReaderSource].
type ReadSource int

// The sources of readers.
const (
	ReadSourceChat       ReadSource = 0
	ReadSourceFriend     ReadSource = 1
	ReadSourceMoments    ReadSource = 2 // 朋友圈
	ReadSourceHistory    ReadSource = 4
	ReadSourceOther      ReadSource = 5
	ReadSourceTopStories ReadSource = 6 // 看一看
	ReadSourceSearch     ReadSource = 7 // 搜一搜
	ReadSourceAll        ReadSource = 99999999
)

// ArticleCounts contains counts of readers, shares and favorites. Reads of the original
// page and favorites are counted only for [ReadSourceAll].
type ArticleCounts struct {
	PageReadUsers     int64 `json:"int_page_read_user"`
	PageReads         int64 `json:"int_page_read_count"`
	OriginalReadUsers int64 `json:"ori_page_read_user"` // readers of the page behind 阅读原文
	OriginalReads     int64 `json:"ori_page_read_count"`
	ShareUsers        int64 `json:"share_user"`
	Shares            int64 `json:"share_count"`
	FavoriteUsers     int64 `json:"add_to_fav_user"`
	Favorites         int64 `json:"add_to_fav_count"`
}

// ArticleSummary contains the figures of an article of a mass message on one day.
type ArticleSummary struct {
	RefDate   Date       `json:"ref_date"`
	Source    ReadSource `json:"user_source"`
	MessageID string     `json:"msgid"` // as in [ArticleRead]
	Title     string     `json:"title"`
	ArticleCounts
}

var articleSummaries = datacube[ArticleSummary]{path: "/datacube/getarticlesummary", days: 1}

// ListArticleSummaries returns the figures of the articles of mass messages on a day
// (获取图文群发每日数据). from and to must be the same day, yesterday at the
// latest. Articles are counted for 7 days; those with very few readers are omitted.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getarticlesummary
//
// Deprecated: the platform no longer maintains it; use [Client.ListArticleReads]
// and [Client.ListArticleShares], which have data from 2025-11-01.
func (c *Client) ListArticleSummaries(ctx context.Context, from, to Date) ([]ArticleSummary, error) {
	return articleSummaries.list(ctx, c, from, to)
}

// AllArticleSummaries is [Client.ListArticleSummaries] for a date range of any
// length, with one call per day (获取图文群发每日数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getarticlesummary
//
// Deprecated: the platform no longer maintains it; use [Client.AllArticleReads] and
// [Client.AllArticleShares], which have data from 2025-11-01.
func (c *Client) AllArticleSummaries(ctx context.Context, from, to Date) iter.Seq2[ArticleSummary, error] {
	return articleSummaries.all(ctx, c, from, to)
}

// ArticleTotal contains the figures of an article since it was sent.
type ArticleTotal struct {
	RefDate   Date              `json:"ref_date"` // the day on which the article was sent
	MessageID string            `json:"msgid"`    // as in [ArticleRead]
	Title     string            `json:"title"`
	Source    ReadSource        `json:"user_source"`
	URL       string            `json:"url"`
	Days      []ArticleTotalDay `json:"details"`
}

// ArticleTotalDay contains the counts of an article from the day on which it was sent to
// StatDate.
type ArticleTotalDay struct {
	StatDate    Date  `json:"stat_date"`
	TargetUsers int64 `json:"target_user"` // the recipients, roughly all followers
	ArticleCounts
	ChatReadUsers          int64 `json:"int_page_from_session_read_user"`
	ChatReads              int64 `json:"int_page_from_session_read_count"`
	HistoryReadUsers       int64 `json:"int_page_from_hist_msg_read_user"`
	HistoryReads           int64 `json:"int_page_from_hist_msg_read_count"`
	MomentsReadUsers       int64 `json:"int_page_from_feed_read_user"`
	MomentsReads           int64 `json:"int_page_from_feed_read_count"`
	FriendReadUsers        int64 `json:"int_page_from_friends_read_user"`
	FriendReads            int64 `json:"int_page_from_friends_read_count"`
	OtherReadUsers         int64 `json:"int_page_from_other_read_user"`
	OtherReads             int64 `json:"int_page_from_other_read_count"`
	TopStoriesReadUsers    int64 `json:"int_page_from_kanyikan_read_user"`
	TopStoriesReads        int64 `json:"int_page_from_kanyikan_read_count"`
	SearchReadUsers        int64 `json:"int_page_from_souyisou_read_user"`
	SearchReads            int64 `json:"int_page_from_souyisou_read_count"`
	ChatToMomentsUsers     int64 `json:"feed_share_from_session_user"` // people who shared from the chat to Moments
	ChatToMomentsShares    int64 `json:"feed_share_from_session_cnt"`
	MomentsToMomentsUsers  int64 `json:"feed_share_from_feed_user"`
	MomentsToMomentsShares int64 `json:"feed_share_from_feed_cnt"`
	OtherToMomentsUsers    int64 `json:"feed_share_from_other_user"`
	OtherToMomentsShares   int64 `json:"feed_share_from_other_cnt"`
}

var articleTotals = datacube[ArticleTotal]{path: "/datacube/getarticletotal", days: 1}

// ListArticleTotals returns the articles that were sent on a day, with their counts for
// up to 7 days after they were sent (获取图文群发总数据). from and to must be the same day,
// yesterday at the latest.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getarticletotal
//
// Deprecated: the platform no longer maintains it; use [Client.ListArticleDetails],
// which has data from 2025-11-01.
func (c *Client) ListArticleTotals(ctx context.Context, from, to Date) ([]ArticleTotal, error) {
	return articleTotals.list(ctx, c, from, to)
}

// AllArticleTotals is [Client.ListArticleTotals] for a date range of any length, with one
// call per day (获取图文群发总数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getarticletotal
//
// Deprecated: the platform no longer maintains it; use [Client.AllArticleDetails],
// which has data from 2025-11-01.
func (c *Client) AllArticleTotals(ctx context.Context, from, to Date) iter.Seq2[ArticleTotal, error] {
	return articleTotals.all(ctx, c, from, to)
}

// ReadSummary contains the readership of the account's articles on one day.
type ReadSummary struct {
	RefDate Date       `json:"ref_date"`
	Source  ReadSource `json:"user_source"`
	ArticleCounts
}

var readSummaries = datacube[ReadSummary]{path: "/datacube/getuserread", days: 3}

// ListReadSummaries returns the readership of the account's articles on each day
// (获取图文阅读概况数据). The date range is up to 3 days and ends yesterday at the
// latest.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getuserread
//
// Deprecated: the platform no longer maintains it; use
// [Client.ListAccountSummaries], which has data from 2025-11-01.
func (c *Client) ListReadSummaries(ctx context.Context, from, to Date) ([]ReadSummary, error) {
	return readSummaries.list(ctx, c, from, to)
}

// AllReadSummaries is [Client.ListReadSummaries] for a date range of any length
// (获取图文阅读概况数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getuserread
//
// Deprecated: the platform no longer maintains it; use
// [Client.AllAccountSummaries], which has data from 2025-11-01.
func (c *Client) AllReadSummaries(ctx context.Context, from, to Date) iter.Seq2[ReadSummary, error] {
	return readSummaries.all(ctx, c, from, to)
}

// ReadHour contains the readership of the account's articles in one hour.
type ReadHour struct {
	RefDate Date       `json:"ref_date"`
	RefHour int64      `json:"ref_hour"` // the start of the hour: 0, 100, … 2300
	Source  ReadSource `json:"user_source"`
	ArticleCounts
}

var readHours = datacube[ReadHour]{path: "/datacube/getuserreadhour", days: 1}

// ListReadHours returns the readership of the account's articles in each hour of a day
// (获取图文阅读分时数据, 获取图文统计分时数据). from and to must be the same day,
// yesterday at the latest.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getuserreadhour
//
// Deprecated: the platform no longer maintains it; use
// [Client.ListAccountSummaries], which has daily data from 2025-11-01.
func (c *Client) ListReadHours(ctx context.Context, from, to Date) ([]ReadHour, error) {
	return readHours.list(ctx, c, from, to)
}

// AllReadHours is [Client.ListReadHours] for a date range of any length, with one call
// per day (获取图文阅读分时数据, 获取图文统计分时数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getuserreadhour
//
// Deprecated: the platform no longer maintains it; use
// [Client.AllAccountSummaries], which has daily data from 2025-11-01.
func (c *Client) AllReadHours(ctx context.Context, from, to Date) iter.Seq2[ReadHour, error] {
	return readHours.all(ctx, c, from, to)
}

// ShareScene is where readers shared an article.
type ShareScene int

// The places where articles are shared.
const (
	ShareSceneFriend  ShareScene = 1
	ShareSceneMoments ShareScene = 2
	ShareSceneWeibo   ShareScene = 5 // 腾讯微博, discontinued
	ShareSceneOther   ShareScene = 255
)

// ShareSummary counts how often the account's articles were shared on one day.
type ShareSummary struct {
	RefDate    Date       `json:"ref_date"`
	Scene      ShareScene `json:"share_scene"`
	ShareUsers int64      `json:"share_user"`
	Shares     int64      `json:"share_count"`
}

var shareSummaries = datacube[ShareSummary]{path: "/datacube/getusershare", days: 7}

// ListShareSummaries returns how often the account's articles were shared on each day
// (获取图文转发概况数据, 获取图文分享转发数据). The date range is up to 7 days and ends
// yesterday at the latest.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getusershare
//
// Deprecated: the platform no longer maintains it; use
// [Client.ListAccountSummaries], which has data from 2025-11-01.
func (c *Client) ListShareSummaries(ctx context.Context, from, to Date) ([]ShareSummary, error) {
	return shareSummaries.list(ctx, c, from, to)
}

// AllShareSummaries is [Client.ListShareSummaries] for a date range of any length
// (获取图文转发概况数据, 获取图文分享转发数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getusershare
//
// Deprecated: the platform no longer maintains it; use
// [Client.AllAccountSummaries], which has data from 2025-11-01.
func (c *Client) AllShareSummaries(ctx context.Context, from, to Date) iter.Seq2[ShareSummary, error] {
	return shareSummaries.all(ctx, c, from, to)
}

// ShareHour counts how often the account's articles were shared in one hour.
type ShareHour struct {
	RefDate    Date       `json:"ref_date"`
	RefHour    int64      `json:"ref_hour"` // the start of the hour: 0, 100, … 2300
	Scene      ShareScene `json:"share_scene"`
	ShareUsers int64      `json:"share_user"`
	Shares     int64      `json:"share_count"`
}

var shareHours = datacube[ShareHour]{path: "/datacube/getusersharehour", days: 1}

// ListShareHours returns how often the account's articles were shared in each hour of a
// day (获取图文转发分时数据, 获取图文分享转发分时数据). from and to must be the same day,
// yesterday at the latest.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getusersharehour
//
// Deprecated: the platform no longer maintains it; use
// [Client.ListAccountSummaries], which has daily data from 2025-11-01.
func (c *Client) ListShareHours(ctx context.Context, from, to Date) ([]ShareHour, error) {
	return shareHours.list(ctx, c, from, to)
}

// AllShareHours is [Client.ListShareHours] for a date range of any length, with one
// call per day (获取图文转发分时数据, 获取图文分享转发分时数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getusersharehour
//
// Deprecated: the platform no longer maintains it; use
// [Client.AllAccountSummaries], which has daily data from 2025-11-01.
func (c *Client) AllShareHours(ctx context.Context, from, to Date) iter.Seq2[ShareHour, error] {
	return shareHours.all(ctx, c, from, to)
}
