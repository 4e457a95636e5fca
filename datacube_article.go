package wechat

import (
	"context"
	"iter"
)

// ReaderSource is the number of readers who came from one source.
type ReaderSource struct {
	Users int64  `json:"user_count"`
	Scene string `json:"scene_desc"` // the source in words, such as 全部, 公众号消息 or 朋友圈
}

// ArticleRead contains the readership of an article on one day.
type ArticleRead struct {
	RefDate            Date   `json:"ref_date"`
	MessageID          string `json:"msgid"` // the msg_data_id of the mass message or publication, "_", and the position of the article from 1
	ArticleReadFigures `json:"detail"`
	Delayed            bool `json:"is_delay"` // the figures are not final; request them again later
}

// ArticleReadFigures are the figures of an [ArticleRead].
type ArticleReadFigures struct {
	ReadUsers int64          `json:"read_user"`
	Sources   []ReaderSource `json:"read_user_source"`
}

func (a *ArticleRead) setDelayed() { a.Delayed = true }

var articleReads = datacube[ArticleRead]{path: "/datacube/getarticleread", days: 1}

// ListArticleReads returns how many people read each article on a day
// (获取发表内容每日阅读数据). from and to must be the same day, 2025-11-01 at the earliest
// and yesterday at the latest. It returns [ErrDataNotReady] if no figures are available
// yet.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getarticleread
func (c *Client) ListArticleReads(ctx context.Context, from, to Date) ([]ArticleRead, error) {
	return articleReads.list(ctx, c, from, to)
}

// AllArticleReads is [Client.ListArticleReads] for a date range of any length, with one
// call per day (获取发表内容每日阅读数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getarticleread
func (c *Client) AllArticleReads(ctx context.Context, from, to Date) iter.Seq2[ArticleRead, error] {
	return articleReads.all(ctx, c, from, to)
}

// ArticleShare is the number of people who shared an article on one day.
type ArticleShare struct {
	RefDate             Date   `json:"ref_date"`
	MessageID           string `json:"msgid"` // as in [ArticleRead]
	ArticleShareFigures `json:"detail"`
	Delayed             bool `json:"is_delay"` // the figures are not final; request them again later
}

// ArticleShareFigures are the figures of an [ArticleShare].
type ArticleShareFigures struct {
	ShareUsers int64 `json:"share_user"`
}

func (a *ArticleShare) setDelayed() { a.Delayed = true }

var articleShares = datacube[ArticleShare]{path: "/datacube/getarticleshare", days: 1}

// ListArticleShares returns how many people shared each article on a day
// (获取发表内容每日分享数据). from and to must be the same day, 2025-11-01 at the earliest
// and yesterday at the latest. It returns [ErrDataNotReady] if no figures are available
// yet.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getarticleshare
func (c *Client) ListArticleShares(ctx context.Context, from, to Date) ([]ArticleShare, error) {
	return articleShares.list(ctx, c, from, to)
}

// AllArticleShares is [Client.ListArticleShares] for a date range of any length, with
// one call per day (获取发表内容每日分享数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getarticleshare
func (c *Client) AllArticleShares(ctx context.Context, from, to Date) iter.Seq2[ArticleShare, error] {
	return articleShares.all(ctx, c, from, to)
}

// AccountSummary contains the figures of all of the account's articles on one day.
type AccountSummary struct {
	RefDate        Date `json:"ref_date"`
	AccountFigures `json:"detail"`
	Delayed        bool `json:"is_delay"` // the figures are not final; request them again later
}

// AccountFigures are the figures of an [AccountSummary].
type AccountFigures struct {
	ArticleFigures
	OriginalPageUsers int64 `json:"redirect_ori_page_user"` // people who opened the page behind 阅读原文
	PublishedArticles int64 `json:"send_page_count"`        // articles published on that day
}

// ArticleFigures are the figures of one or more articles.
type ArticleFigures struct {
	ReadUsers     int64          `json:"read_user"`
	Sources       []ReaderSource `json:"read_user_source"`
	ShareUsers    int64          `json:"share_user"`
	HeartUsers    int64          `json:"zaikan_user"` // 爱心赞
	LikeUsers     int64          `json:"like_user"`   // 拇指赞
	Comments      int64          `json:"comment_count"`
	FavoriteUsers int64          `json:"collection_user"`
}

func (a *AccountSummary) setDelayed() { a.Delayed = true }

var accountSummaries = datacube[AccountSummary]{path: "/datacube/getbizsummary", days: 30}

// ListAccountSummaries returns the figures of all of the account's articles on each day
// (获取发表内容概况总数据). The date range is up to 30 days, from 2025-11-01 to yesterday.
// It returns [ErrDataNotReady] if no figures are available yet.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getbizsummary
func (c *Client) ListAccountSummaries(ctx context.Context, from, to Date) ([]AccountSummary, error) {
	return accountSummaries.list(ctx, c, from, to)
}

// AllAccountSummaries is [Client.ListAccountSummaries] for a date range of any length
// (获取发表内容概况总数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getbizsummary
func (c *Client) AllAccountSummaries(ctx context.Context, from, to Date) iter.Seq2[AccountSummary, error] {
	return accountSummaries.all(ctx, c, from, to)
}

// ArticleNotice reports whether followers were notified of an article.
type ArticleNotice int

// The notices of articles.
const (
	ArticleNoticeSent ArticleNotice = 0
	ArticleNoticeNone ArticleNotice = 1
)

// ArticleDetail contains the figures of an article since it was published.
type ArticleDetail struct {
	RefDate    Date               `json:"ref_date"` // the day on which it was published
	MessageID  string             `json:"msgid"`    // as in [ArticleRead]
	Notice     ArticleNotice      `json:"publish_type"`
	Title      string             `json:"title"`       // available since 2026-03
	ContentURL string             `json:"content_url"` // available since 2026-03
	Days       []ArticleDetailDay `json:"detail_list"`
	Delayed    bool               `json:"is_delay"` // the figures are not final; request them again later
}

// ArticleDetailDay contains the figures of an article from the day on which it was
// published to StatDate.
type ArticleDetailDay struct {
	StatDate Date `json:"stat_date"`
	ArticleFigures
	RewardMoney       int64          `json:"praise_money"` // rewards from readers, in fen
	NewFollowers      int64          `json:"read_subscribe_user"`
	DeliveryRate      float64        `json:"read_delivery_rate"`  // 送达阅读率
	FinishRate        float64        `json:"read_finish_rate"`    // 完读率
	AverageActiveTime float64        `json:"read_avg_activetime"` // minutes
	JumpPositions     []JumpPosition `json:"read_jump_position"`
}

// JumpPosition contains the share of readers who left in one fifth of an article.
type JumpPosition struct {
	Position int     `json:"position"` // from 1, the first fifth, to 5, the last
	Rate     float64 `json:"rate"`
}

func (a *ArticleDetail) setDelayed() { a.Delayed = true }

var articleDetails = datacube[ArticleDetail]{path: "/datacube/getarticletotaldetail", days: 1, most: 30}

// ListArticleDetails returns the articles that were published on a day, with their
// figures for up to 30 days after publication (获取发表内容发表详细数据). from and to should
// be the same day, 2025-11-01 at the earliest and yesterday at the latest. The official
// page allows one day but also mentions date ranges, so the client accepts up to 30 days.
// It returns [ErrDataNotReady] if no figures are available yet.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getarticletotaldetail
func (c *Client) ListArticleDetails(ctx context.Context, from, to Date) ([]ArticleDetail, error) {
	return articleDetails.list(ctx, c, from, to)
}

// AllArticleDetails is [Client.ListArticleDetails] for a date range of any length, with
// one call per day (获取发表内容发表详细数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getarticletotaldetail
func (c *Client) AllArticleDetails(ctx context.Context, from, to Date) iter.Seq2[ArticleDetail, error] {
	return articleDetails.all(ctx, c, from, to)
}
