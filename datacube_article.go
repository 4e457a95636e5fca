package wechat

import (
	"context"
	"iter"
)

// ReaderSource is how many people came to read by one way.
type ReaderSource struct {
	Users int64  `json:"user_count"`
	Scene string `json:"scene_desc"` // the way in words, such as 全部, 公众号消息, 朋友圈
}

// ArticleRead is how many people read an article on a day.
type ArticleRead struct {
	RefDate   Date   `json:"ref_date"`
	MessageID string `json:"msgid"` // msg_data_id of the mass message or of the publication, "_", place of the article from 1
	Detail    struct {
		ReadUsers int64          `json:"read_user"`
		Sources   []ReaderSource `json:"read_user_source"`
	} `json:"detail"`
	Delayed bool `json:"-"` // the figures are not final, see [ArticleReads]
}

func (a *ArticleRead) setDelayed() { a.Delayed = true }

// ArticleReads are the articles that people read on a day.
type ArticleReads struct {
	List    []ArticleRead `json:"list"`
	Delayed bool          `json:"is_delay"` // the figures are not final: ask again later
}

var articleReads = datacube[ArticleRead]{path: "/datacube/getarticleread", days: 1}

// ListArticleReads returns how many people read each article on a day
// (获取发表内容每日阅读数据): from and to are the same one, from 2025-11-01 to
// yesterday.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getarticleread
func (c *Client) ListArticleReads(ctx context.Context, from, to Date) (*ArticleReads, error) {
	page, err := articleReads.page(ctx, c, from, to)
	return (*ArticleReads)(page), err
}

// AllArticleReads is [Client.ListArticleReads] for a span of any length, one call a
// day (获取发表内容每日阅读数据). Articles of a day whose figures are not final say so.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getarticleread
func (c *Client) AllArticleReads(ctx context.Context, from, to Date) iter.Seq2[ArticleRead, error] {
	return articleReads.all(ctx, c, from, to)
}

// ArticleShare is how many people shared an article on a day.
type ArticleShare struct {
	RefDate   Date   `json:"ref_date"`
	MessageID string `json:"msgid"` // as in [ArticleRead]
	Detail    struct {
		ShareUsers int64 `json:"share_user"`
	} `json:"detail"`
	Delayed bool `json:"-"` // the figures are not final, see [ArticleShares]
}

func (a *ArticleShare) setDelayed() { a.Delayed = true }

// ArticleShares are the articles that people shared on a day.
type ArticleShares struct {
	List    []ArticleShare `json:"list"`
	Delayed bool           `json:"is_delay"` // the figures are not final: ask again later
}

var articleShares = datacube[ArticleShare]{path: "/datacube/getarticleshare", days: 1}

// ListArticleShares returns how many people shared each article on a day
// (获取发表内容每日分享数据): from and to are the same one, from 2025-11-01 to
// yesterday.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getarticleshare
func (c *Client) ListArticleShares(ctx context.Context, from, to Date) (*ArticleShares, error) {
	page, err := articleShares.page(ctx, c, from, to)
	return (*ArticleShares)(page), err
}

// AllArticleShares is [Client.ListArticleShares] for a span of any length, one call
// a day (获取发表内容每日分享数据). Articles of a day whose figures are not final say so.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getarticleshare
func (c *Client) AllArticleShares(ctx context.Context, from, to Date) iter.Seq2[ArticleShare, error] {
	return articleShares.all(ctx, c, from, to)
}

// AccountSummary is how everything that the account published did on a day.
type AccountSummary struct {
	RefDate Date `json:"ref_date"`
	Detail  struct {
		ReadUsers         int64          `json:"read_user"`
		Sources           []ReaderSource `json:"read_user_source"`
		ShareUsers        int64          `json:"share_user"`
		HeartUsers        int64          `json:"zaikan_user"` // 爱心赞
		LikeUsers         int64          `json:"like_user"`   // 拇指赞
		Comments          int64          `json:"comment_count"`
		FavoriteUsers     int64          `json:"collection_user"`
		OriginalPageUsers int64          `json:"redirect_ori_page_user"` // who went on to the page behind 阅读原文
		Published         int64          `json:"send_page_count"`        // articles of that day
	} `json:"detail"`
	Delayed bool `json:"-"` // the figures are not final, see [AccountSummaries]
}

func (a *AccountSummary) setDelayed() { a.Delayed = true }

// AccountSummaries are the days of an account.
type AccountSummaries struct {
	List    []AccountSummary `json:"list"`
	Delayed bool             `json:"is_delay"` // the figures are not final: ask again later
}

var accountSummaries = datacube[AccountSummary]{path: "/datacube/getbizsummary", days: 30}

// ListAccountSummaries returns how everything that the account published did on
// each day from … to (获取发表内容概况总数据). The span is at most 30 days, from
// 2025-11-01 to yesterday.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getbizsummary
func (c *Client) ListAccountSummaries(ctx context.Context, from, to Date) (*AccountSummaries, error) {
	page, err := accountSummaries.page(ctx, c, from, to)
	return (*AccountSummaries)(page), err
}

// AllAccountSummaries is [Client.ListAccountSummaries] for a span of any length
// (获取发表内容概况总数据). Days of a call whose figures are not final say so.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getbizsummary
func (c *Client) AllAccountSummaries(ctx context.Context, from, to Date) iter.Seq2[AccountSummary, error] {
	return accountSummaries.all(ctx, c, from, to)
}

// ArticleNotice tells whether followers were notified of an article.
type ArticleNotice int

// The types of publishing.
const (
	ArticleNoticeSent ArticleNotice = 0
	ArticleNoticeNone ArticleNotice = 1
)

// ArticleDetail is how an article did on the days after it was published.
type ArticleDetail struct {
	RefDate    Date               `json:"ref_date"` // when it was published
	MessageID  string             `json:"msgid"`    // as in [ArticleRead]
	Notice     ArticleNotice      `json:"publish_type"`
	Title      string             `json:"title"`       // since 2026-03
	ContentURL string             `json:"content_url"` // since 2026-03
	Days       []ArticleDetailDay `json:"detail_list"`
	Delayed    bool               `json:"-"` // the figures are not final, see [ArticleDetails]
}

// ArticleDetailDay is the figures from the day that the article was published to
// StatDate.
type ArticleDetailDay struct {
	StatDate          Date           `json:"stat_date"`
	ReadUsers         int64          `json:"read_user"`
	Sources           []ReaderSource `json:"read_user_source"`
	ShareUsers        int64          `json:"share_user"`
	HeartUsers        int64          `json:"zaikan_user"` // 爱心赞
	LikeUsers         int64          `json:"like_user"`   // 拇指赞
	Comments          int64          `json:"comment_count"`
	FavoriteUsers     int64          `json:"collection_user"`
	RewardMoney       int64          `json:"praise_money"` // fen that readers gave
	NewFollowers      int64          `json:"read_subscribe_user"`
	DeliveryRate      float64        `json:"read_delivery_rate"`  // 送达阅读率
	FinishRate        float64        `json:"read_finish_rate"`    // 完读率
	AverageActiveTime float64        `json:"read_avg_activetime"` // minutes
	JumpPositions     []JumpPosition `json:"read_jump_position"`
}

// JumpPosition is how many readers left in one of the five equal parts of an article.
type JumpPosition struct {
	Position int64   `json:"position"` // 1: the first fifth, to 5: the last
	Rate     float64 `json:"rate"`
}

func (a *ArticleDetail) setDelayed() { a.Delayed = true }

// ArticleDetails are the articles that were published on a day.
type ArticleDetails struct {
	List    []ArticleDetail `json:"list"`
	Delayed bool            `json:"is_delay"` // the figures are not final: ask again later
}

var articleDetails = datacube[ArticleDetail]{path: "/datacube/getarticletotaldetail", days: 1, most: 30}

// ListArticleDetails returns the articles that were published on a day, with their
// figures for up to 30 days after (获取发表内容发表详细数据): from and to are the same
// day, from 2025-11-01 to yesterday. The page also speaks of the articles of a span:
// up to 30 days are left to the platform.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getarticletotaldetail
func (c *Client) ListArticleDetails(ctx context.Context, from, to Date) (*ArticleDetails, error) {
	page, err := articleDetails.page(ctx, c, from, to)
	return (*ArticleDetails)(page), err
}

// AllArticleDetails is [Client.ListArticleDetails] for a span of any length, one
// call a day (获取发表内容发表详细数据). Articles of a day whose figures are not final
// say so.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/news/api_getarticletotaldetail
func (c *Client) AllArticleDetails(ctx context.Context, from, to Date) iter.Seq2[ArticleDetail, error] {
	return articleDetails.all(ctx, c, from, to)
}
