package wechat

import (
	"context"
	"strings"
	"testing"
)

func massArticle() MassArticle {
	return MassArticle{
		Title: "题", Author: "者", Digest: "摘要", Content: "<p>文</p>", ContentSourceURL: "https://example.com/s",
		ThumbMediaID: "M2", ShowCover: NewFlag(true), OpenComment: NewFlag(true), FansOnlyComment: NewFlag(true),
	}
}

var _ = wireRows([]wireRow{
	{
		name: "UploadArticleImage", http: "POST /cgi-bin/media/uploadimg", form: multipartWith("media", "cat.png", "PNG-BYTES", nil),
		reply: `{"url":"https://example.com/cat.png"}`,
		call:  func(ctx context.Context, c *Client) (any, error) { return c.UploadArticleImage(ctx, pngFile()) },
		want:  "https://example.com/cat.png",
	},
	{
		name: "UploadMassNews", http: "POST /cgi-bin/media/uploadnews",
		body: `{"articles":[{"title":"题","author":"者","digest":"摘要","content":"<p>文</p>","content_source_url":"https://example.com/s",
			"thumb_media_id":"M2","show_cover_pic":1,"need_open_comment":1,"only_fans_can_comment":1}]}`,
		reply: `{"type":"news","media_id":"M1","created_at":"1635156704"}`,
		call:  result(func(ctx context.Context, c *Client) (*Media, error) { return c.UploadMassNews(ctx, massArticle()) }),
		want:  &Media{Type: MediaNews, MediaID: "M1", CreateTime: unix(1635156704)},
	},
	{
		name: "UploadMassVideo", http: "POST /cgi-bin/media/uploadvideo", body: `{"media_id":"M1","title":"T","description":"D"}`,
		reply: `{"type":"video","media_id":"M2","created_at":1635156704}`,
		call:  result(func(ctx context.Context, c *Client) (*Media, error) { return c.UploadMassVideo(ctx, "M1", "T", "D") }),
		want:  &Media{Type: MediaVideo, MediaID: "M2", CreateTime: unix(1635156704)},
	},
})

func TestMassMediaThatThePlatformWouldRefuseIsNotSent(t *testing.T) {
	refused(t, "articles", func(ctx context.Context, c *Client) error { _, err := c.UploadMassNews(ctx); return err })
	refused(t, "articles", func(ctx context.Context, c *Client) error {
		_, err := c.UploadMassNews(ctx, make([]MassArticle, 9)...)
		return err
	})
	refused(t, "articles[1].ThumbMediaID", func(ctx context.Context, c *Client) error {
		wrong := massArticle()
		wrong.ThumbMediaID = ""
		_, err := c.UploadMassNews(ctx, massArticle(), wrong)
		return err
	})
	refused(t, "mediaID", func(ctx context.Context, c *Client) error { _, err := c.UploadMassVideo(ctx, "", "T", "D"); return err })
	refused(t, "File.Content", func(ctx context.Context, c *Client) error {
		_, err := c.UploadArticleImage(ctx, File{Name: "cat.png", Content: strings.NewReader(strings.Repeat("x", 1<<20+1))})
		return err
	})
}
