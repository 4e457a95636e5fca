package wechat

import (
	"context"
	"iter"

	"github.com/wechatoa/wechat/internal/publishing"
)

// PublishSubmission is a draft that is queued to be published.
type PublishSubmission struct {
	PublishID string `json:"publish_id"`  // for GetPublishJob
	MsgDataID int64  `json:"msg_data_id"` // for the comments and statistics of the articles
}

// PublishDraft publishes a draft (发布草稿). Its articles get URLs and appear in the
// account's profile, but followers are not notified. The method returns when the job is
// queued; its outcome is reported by the event PUBLISHJOBFINISH and by
// [Client.GetPublishJob]. The quota is 100 calls a day.
//
// It returns [ErrUnauthorizedAPI] for personal and unverified accounts, which have not
// been able to publish since July 2025.
//
// https://developers.weixin.qq.com/doc/service/api/public/api_freepublish_submit
func (c *Client) PublishDraft(ctx context.Context, mediaID string) (*PublishSubmission, error) {
	return post[PublishSubmission](ctx, c, "/cgi-bin/freepublish/submit", mediaRef{mediaID})
}

// PublishStatus is the state of a publish job.
type PublishStatus = publishing.Status

// The states of publish jobs.
const (
	PublishStatusSucceeded      PublishStatus = publishing.StatusSucceeded      // 0
	PublishStatusRunning        PublishStatus = publishing.StatusRunning        // 1
	PublishStatusNotOriginal    PublishStatus = publishing.StatusNotOriginal    // 2: the originality check failed
	PublishStatusFailed         PublishStatus = publishing.StatusFailed         // 3
	PublishStatusRejected       PublishStatus = publishing.StatusRejected       // 4: rejected by the platform's review
	PublishStatusDeletedByOwner PublishStatus = publishing.StatusDeletedByOwner // 5: published, then all articles were deleted
	PublishStatusBanned         PublishStatus = publishing.StatusBanned         // 6: published, then the platform banned all articles
)

// PublishJob is the progress of publishing a draft.
type PublishJob struct {
	PublishID       string        `json:"publish_id"`
	Status          PublishStatus `json:"publish_status"`
	ArticleID       string        `json:"article_id"` // of the publication, if the job succeeded
	Detail          PublishDetail `json:"article_detail"`
	FailedPositions []int         `json:"fail_idx"` // of the articles that failed, from 1
}

// PublishDetail lists the articles that a job published.
type PublishDetail struct {
	Count int64        `json:"count"`
	Items []ArticleURL `json:"item"`
}

// ArticleURL is the URL of a published article.
type ArticleURL struct {
	Position int    `json:"idx"` // from 1
	URL      string `json:"article_url"`
}

// GetPublishJob returns the progress of publishing a draft (发布状态查询). The quota is
// 100 calls a day, which polling every minute exhausts in two hours; the event
// PUBLISHJOBFINISH does not count toward it.
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

type publicationRef struct {
	ArticleID string `json:"article_id"`
	Position  int    `json:"index,omitempty"` // from 1; 0 is all articles
}

func (r publicationRef) check() error { return notEmpty("articleID", r.ArticleID) }

// DeletePublication permanently deletes a publication with all of its articles
// (删除发布文章). The quota is 10 calls a day.
//
// https://developers.weixin.qq.com/doc/service/api/public/api_freepublishdelete
func (c *Client) DeletePublication(ctx context.Context, articleID string) error {
	return c.post(ctx, "/cgi-bin/freepublish/delete", publicationRef{ArticleID: articleID}, idempotent)
}

// DeletePublishedArticle permanently deletes one article of a publication
// (删除发布文章); the first article has position 1. The quota is 10 calls a day.
//
// It returns [ErrUnknownOutcome] if the article may have been deleted. The call is then not
// retried, because the next article may have moved to this position.
//
// https://developers.weixin.qq.com/doc/service/api/public/api_freepublishdelete
func (c *Client) DeletePublishedArticle(ctx context.Context, articleID string, position int) error {
	if err := positive("position", position); err != nil {
		return err
	}
	return c.post(ctx, "/cgi-bin/freepublish/delete", publicationRef{articleID, position})
}

// Publication is a published draft.
type Publication struct {
	Articles   []PublishedArticle `json:"news_item"`
	CreateTime Timestamp          `json:"create_time"`
	UpdateTime Timestamp          `json:"update_time"`
}

// PublishedArticle is an article of a publication.
type PublishedArticle struct {
	Article
	ArticleImages `json:"image_info"`
	Type          ArticleType `json:"article_type"` // "" may mean [ArticleTypeNews]
	IsDeleted     bool        `json:"is_deleted"`
}

// ArticleImages contains the pictures of an article of type [ArticleTypePictures]. The
// first picture is the cover.
type ArticleImages struct {
	Images []ArticleImage `json:"image_list"`
}

// GetPublication returns a publication (获取已发布图文信息). It returns
// [ErrInvalidArticleID] if there is no such publication. The quota is 100 calls a day.
//
// https://developers.weixin.qq.com/doc/service/api/public/api_freepublishgetarticle
func (c *Client) GetPublication(ctx context.Context, articleID string) (*Publication, error) {
	return post[Publication](ctx, c, "/cgi-bin/freepublish/getarticle", publicationRef{ArticleID: articleID}, idempotent)
}

// PublicationPage is a page of publications.
type PublicationPage struct {
	Total int64             `json:"total_count"` // on all pages
	Count int64             `json:"item_count"`  // on this page
	Items []PublicationItem `json:"item"`
}

// PublicationItem is a publication in a list.
type PublicationItem struct {
	Publication `json:"content"`
	ArticleID   string    `json:"article_id"`
	UpdateTime  Timestamp `json:"update_time"`
}

// ListPublicationsRequest selects a page of publications.
type ListPublicationsRequest struct {
	Offset, Count  int  // Count is 1 to 20
	WithoutContent bool // omits the text of the articles
}

// ListPublications returns a page of publications (获取已发布的消息列表). The quota is
// 100 calls a day.
//
// https://developers.weixin.qq.com/doc/service/api/public/api_freepublish_batchget
func (c *Client) ListPublications(ctx context.Context, req ListPublicationsRequest) (*PublicationPage, error) {
	return post[PublicationPage](ctx, c, "/cgi-bin/freepublish/batchget", articlePage{req.Offset, req.Count, Flag(req.WithoutContent)}, idempotent)
}

// AllPublications iterates over the publications with their text
// (获取已发布的消息列表), in pages of 20. If something is published or deleted during the
// iteration, the remaining ones shift and some are skipped or repeated: collect the
// publications first, then change them.
//
// https://developers.weixin.qq.com/doc/service/api/public/api_freepublish_batchget
func (c *Client) AllPublications(ctx context.Context) iter.Seq2[PublicationItem, error] {
	return byOffset(func(offset int) ([]PublicationItem, int64, error) {
		page, err := c.ListPublications(ctx, ListPublicationsRequest{Offset: offset, Count: maxPage})
		if err != nil {
			return nil, 0, err
		}
		return page.Items, page.Total, nil
	})
}
