package wechat

import (
	"context"
	"iter"
)

// PublishSubmission is a draft that waits to be published.
type PublishSubmission struct {
	PublishID string // for GetPublishJob
	MsgDataID int64  // of the articles' comments and statistics
}

// PublishDraft publishes a draft (发布草稿): its articles get addresses and stand in
// the account's profile, but no follower is told. An answer without an error says
// that the job was queued; how it ends comes as an event (PUBLISHJOBFINISH) and from
// [Client.GetPublishJob]. [ErrUnauthorizedAPI]: personal accounts and accounts that
// are not verified can not publish since July 2025. A day's quota is 100.
//
// https://developers.weixin.qq.com/doc/service/api/public/api_freepublish_submit
func (c *Client) PublishDraft(ctx context.Context, mediaID string) (*PublishSubmission, error) {
	res, err := post[struct {
		PublishID Text `json:"publish_id"`
		MsgDataID Int  `json:"msg_data_id"`
	}](ctx, c, "/cgi-bin/freepublish/submit", mediaRef{mediaID})
	if err != nil {
		return nil, err
	}
	return &PublishSubmission{PublishID: string(res.PublishID), MsgDataID: int64(res.MsgDataID)}, nil
}

// PublishStatus is the state of a publishing job.
type PublishStatus int

// The states of publishing jobs.
const (
	PublishSucceeded      PublishStatus = 0
	PublishRunning        PublishStatus = 1
	PublishNotOriginal    PublishStatus = 2 // the check for originality failed
	PublishFailed         PublishStatus = 3
	PublishRejected       PublishStatus = 4 // by the platform's review
	PublishDeletedByOwner PublishStatus = 5 // it had succeeded, all articles are deleted
	PublishBanned         PublishStatus = 6 // it had succeeded, the platform banned all articles
)

// PublishJob is how far the publishing of a draft is.
type PublishJob struct {
	PublishID     Text          `json:"publish_id"`
	Status        PublishStatus `json:"publish_status"`
	ArticleID     string        `json:"article_id"` // of all articles of the draft; where it succeeded
	Detail        PublishDetail `json:"article_detail"`
	FailedIndexes []int64       `json:"fail_idx"` // of the articles that failed; the first article is 1
}

// PublishDetail lists what a job has published.
type PublishDetail struct {
	Count int64              `json:"count"`
	Items []PublishedAddress `json:"item"`
}

// PublishedAddress is where an article stands.
type PublishedAddress struct {
	Index int64  `json:"idx"` // the first article is 1
	URL   string `json:"article_url"`
}

// GetPublishJob returns how far the publishing of a draft is (发布状态查询).
//
// https://developers.weixin.qq.com/doc/service/api/public/api_freepublish_get
func (c *Client) GetPublishJob(ctx context.Context, publishID string) (*PublishJob, error) {
	if err := notEmpty("publishID", publishID); err != nil {
		return nil, err
	}
	body := struct {
		PublishID string `json:"publish_id"`
	}{publishID}
	return post[PublishJob](ctx, c, "/cgi-bin/freepublish/get", body, idempotent)
}

type publishedRef struct {
	ArticleID string `json:"article_id"`
	Index     int    `json:"index,omitempty"`
}

func (r publishedRef) check() error {
	if r.Index < 0 {
		return invalid("index", "is %d, the first article is 1, 0 is all", r.Index)
	}
	return notEmpty("articleID", r.ArticleID)
}

// DeletePublished takes published articles down for good (删除发布文章): the one at
// index, which is 1 for the first, or all of the publication at index 0. A day's
// quota is 10.
//
// https://developers.weixin.qq.com/doc/service/api/public/api_freepublishdelete
func (c *Client) DeletePublished(ctx context.Context, articleID string, index int) error {
	return c.post(ctx, "/cgi-bin/freepublish/delete", publishedRef{articleID, index}, ofPosition(index))
}

// ofPosition is the trait of deletions by position. Everything deleted twice is
// deleted once; whether the second article becomes the first is not documented.
func ofPosition(position int) trait {
	return func(r *Request) { r.Idempotent = position == 0 }
}

// Published is what a publication holds.
type Published struct {
	Articles   []PublishedArticle `json:"news_item"`
	CreateTime Timestamp          `json:"create_time"`
	UpdateTime Timestamp          `json:"update_time"`
}

// PublishedArticle is an article that was published.
type PublishedArticle struct {
	Title            string `json:"title"`
	Author           string `json:"author"`
	Digest           string `json:"digest"`
	Content          string `json:"content"` // HTML
	ContentSourceURL string `json:"content_source_url"`
	ThumbMediaID     string `json:"thumb_media_id"`
	ThumbURL         string `json:"thumb_url"`
	ShowCover        Flag   `json:"show_cover_pic"`
	OpenComment      Flag   `json:"need_open_comment"`
	FansOnlyComment  Flag   `json:"only_fans_can_comment"`
	URL              string `json:"url"`
	IsDeleted        Flag   `json:"is_deleted"`
}

// GetPublished returns a publication (获取已发布图文信息). [ErrInvalidArticleID]: there
// is none.
//
// https://developers.weixin.qq.com/doc/service/api/public/api_freepublishgetarticle
func (c *Client) GetPublished(ctx context.Context, articleID string) (*Published, error) {
	return post[Published](ctx, c, "/cgi-bin/freepublish/getarticle", publishedRef{ArticleID: articleID}, idempotent)
}

// PublishedPage is a page of the account's publications.
type PublishedPage struct {
	Total int64           `json:"total_count"` // on all pages
	Count int64           `json:"item_count"`  // on this page
	Items []PublishedItem `json:"item"`
}

// PublishedItem is an entry in the list of publications.
type PublishedItem struct {
	Published  `json:"content"`
	ArticleID  string    `json:"article_id"`
	UpdateTime Timestamp `json:"update_time"`
}

// ListPublished returns up to 20 publications (获取已发布的消息列表), beginning with the
// one at offset; count is 1 to 20. noContent leaves the text of the articles out.
//
// https://developers.weixin.qq.com/doc/service/api/public/api_freepublish_batchget
func (c *Client) ListPublished(ctx context.Context, offset, count int, noContent bool) (*PublishedPage, error) {
	return post[PublishedPage](ctx, c, "/cgi-bin/freepublish/batchget", articlePageRef{pageRef{offset, count}, Flag(noContent)}, idempotent)
}

// AllPublished iterates over the publications with their text (获取已发布的消息列表), in
// pages of 20. What is published or deleted meanwhile shifts the rest.
//
// https://developers.weixin.qq.com/doc/service/api/public/api_freepublish_batchget
func (c *Client) AllPublished(ctx context.Context) iter.Seq2[PublishedItem, error] {
	return byOffset(func(offset int) ([]PublishedItem, int64, error) {
		page, err := c.ListPublished(ctx, offset, maxPage, false)
		if err != nil {
			return nil, 0, err
		}
		return page.Items, page.Total, nil
	})
}
