package wechat

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const publishedJSON = `"news_item":[{"title":"T","author":"A","digest":"D","content":"<p>C</p>","content_source_url":"https://example.com/s",
	"thumb_media_id":"M2","thumb_url":"https://example.com/t","show_cover_pic":1,"need_open_comment":1,"only_fans_can_comment":0,
	"url":"https://example.com/u","is_deleted":true},
	{"article_type":"newspic","title":"T2","image_info":{"image_list":[{"image_media_id":"M3"},{"image_media_id":"M4"}]}}],"create_time":1635156700,"update_time":1635156701`

func published() Publication {
	return Publication{
		Articles: []PublishedArticle{{
			Article: Article{
				Title: "T", Author: "A", Digest: "D", Content: "<p>C</p>", ContentSourceURL: "https://example.com/s",
				ThumbMediaID: "M2", ThumbURL: "https://example.com/t", ShowCover: true, OpenComment: true,
				URL: "https://example.com/u",
			},
			IsDeleted: true,
		}, {
			Type: ArticleTypePictures, Article: Article{Title: "T2"}, ArticleImages: ArticleImages{[]ArticleImage{{MediaID: "M3"}, {MediaID: "M4"}}},
		}},
		CreateTime: unix(1635156700), UpdateTime: unix(1635156701),
	}
}

var _ = wireRows([]wireRow{
	{
		name: "PublishDraft", http: "POST /cgi-bin/freepublish/submit", body: `{"media_id":"M1"}`,
		reply: `{"errcode":0,"errmsg":"ok","publish_id":"100000001","msg_data_id":2247483655}`,
		call:  result(func(ctx context.Context, c *Client) (*PublishSubmission, error) { return c.PublishDraft(ctx, "M1") }),
		want:  &PublishSubmission{PublishID: "100000001", MsgDataID: 2247483655},
	},
	{
		name: "PublishDraft/the other types", http: "POST /cgi-bin/freepublish/submit", body: `{"media_id":"M1"}`,
		reply: `{"errcode":0,"errmsg":"ok","publish_id":100000001,"msg_data_id":"2247483655"}`,
		call:  result(func(ctx context.Context, c *Client) (*PublishSubmission, error) { return c.PublishDraft(ctx, "M1") }),
		want:  &PublishSubmission{PublishID: "100000001", MsgDataID: 2247483655},
	},
	{
		name: "GetPublishJob", http: "POST /cgi-bin/freepublish/get", body: `{"publish_id":"100000001"}`,
		reply: `{"publish_id":"100000001","publish_status":0,"article_id":"A1","article_detail":{"count":1,"item":[{"idx":1,"article_url":"https://example.com/a"}]},"fail_idx":[]}`,
		call:  result(func(ctx context.Context, c *Client) (*PublishJob, error) { return c.GetPublishJob(ctx, "100000001") }),
		want: &PublishJob{
			PublishID: "100000001", Status: PublishStatusSucceeded, ArticleID: "A1",
			Detail:          PublishDetail{Count: 1, Items: []ArticleURL{{Position: 1, URL: "https://example.com/a"}}},
			FailedPositions: []int{},
		},
	},
	{
		name: "GetPublishJob/failed", http: "POST /cgi-bin/freepublish/get", body: `{"publish_id":"100000001"}`,
		reply: `{"publish_id":"100000001","publish_status":2,"fail_idx":[1,2]}`,
		call:  result(func(ctx context.Context, c *Client) (*PublishJob, error) { return c.GetPublishJob(ctx, "100000001") }),
		want:  &PublishJob{PublishID: "100000001", Status: PublishStatusNotOriginal, FailedPositions: []int{1, 2}},
	},
	{
		name: "DeletePublication", http: "POST /cgi-bin/freepublish/delete", body: `{"article_id":"A1"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.DeletePublication(ctx, "A1") }),
	},
	{
		name: "DeletePublishedArticle", http: "POST /cgi-bin/freepublish/delete", body: `{"article_id":"A1","index":2}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.DeletePublishedArticle(ctx, "A1", 2) }),
	},
	{
		name: "GetPublication", http: "POST /cgi-bin/freepublish/getarticle", body: `{"article_id":"A1"}`, reply: `{` + publishedJSON + `}`,
		call: result(func(ctx context.Context, c *Client) (*Publication, error) { return c.GetPublication(ctx, "A1") }),
		want: func() *Publication { p := published(); return &p }(),
	},
	{
		name: "ListPublications", http: "POST /cgi-bin/freepublish/batchget", body: `{"offset":0,"count":20,"no_content":0}`,
		reply: `{"total_count":1,"item_count":1,"item":[{"article_id":"A1","content":{` + publishedJSON + `},"update_time":1635156702}]}`,
		call: result(func(ctx context.Context, c *Client) (*PublicationPage, error) {
			return c.ListPublications(ctx, ListPublicationsRequest{Count: 20})
		}),
		want: &PublicationPage{Total: 1, Count: 1, Items: []PublicationItem{
			{Publication: published(), ArticleID: "A1", UpdateTime: unix(1635156702)},
		}},
	},
})

func TestPublishCallsRefuseWhatCannotBeRight(t *testing.T) {
	refused(t, "mediaID", func(ctx context.Context, c *Client) error { _, err := c.PublishDraft(ctx, ""); return err })
	refused(t, "publishID", func(ctx context.Context, c *Client) error { _, err := c.GetPublishJob(ctx, ""); return err })
	refused(t, "articleID", func(ctx context.Context, c *Client) error { _, err := c.GetPublication(ctx, ""); return err })
	refused(t, "articleID", func(ctx context.Context, c *Client) error { return c.DeletePublication(ctx, "") })
	refused(t, "articleID", func(ctx context.Context, c *Client) error { return c.DeletePublishedArticle(ctx, "", 1) })
	for _, position := range []int{-1, 0} { // 0 would delete them all
		refused(t, "position", func(ctx context.Context, c *Client) error { return c.DeletePublishedArticle(ctx, "A1", position) })
	}
	refused(t, "Count", func(ctx context.Context, c *Client) error {
		_, err := c.ListPublications(ctx, ListPublicationsRequest{Count: 21})
		return err
	})
}

func TestOneArticleIsNotDeletedTwiceWhereTheOutcomeIsUnknown(t *testing.T) {
	calls := 0
	c := repeating(func(r *http.Request) (*http.Response, error) {
		calls++
		return answer(http.StatusBadGateway, "")(r)
	})
	require.ErrorIs(t, c.DeletePublishedArticle(t.Context(), "A1", 1), ErrUnknownOutcome)
	assert.Equal(t, 1, calls)

	calls = 0
	err := c.DeletePublication(t.Context(), "A1")
	require.Error(t, err)
	require.NotErrorIs(t, err, ErrUnknownOutcome)
	assert.Equal(t, 3, calls)
}

// repeating returns a client that sends a call up to three times, without pauses.
func repeating(reply roundTripper) *Client {
	return newTestClient("wx0000000000000001", "SECRET-CANARY", WithHTTPClient(&http.Client{Transport: reply}),
		WithTokenSource(StaticToken("TOKEN")), WithRetry(RetryPolicy{MaxAttempts: 3, BaseDelay: 1, MaxDelay: 1}))
}

func TestAllPublishedReadsPageAfterPage(t *testing.T) {
	c, offsets := pagedList(t, 21, -1, func(n int) string {
		return fmt.Sprintf(`{"article_id":"A%d","content":{"news_item":[{"title":"T%d"}]}}`, n, n)
	})
	n := 0
	for p, err := range c.AllPublications(t.Context()) {
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprintf("A%d T%d", n, n), p.ArticleID+" "+p.Articles[0].Title)
		n++
	}
	assert.Equal(t, 21, n)
	assert.Equal(t, []int{0, 20}, *offsets)

	c, _ = pagedList(t, 1, 0, nil)
	for _, err := range c.AllPublications(t.Context()) {
		assert.ErrorIs(t, err, ErrDailyQuota)
	}
}
