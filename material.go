package wechat

import (
	"context"
	"io"
	"iter"
	"net/http"
	"net/url"

	"github.com/wechatoa/wechat/internal/wirejson"
)

// MaterialResult is an uploaded material.
type MaterialResult struct {
	MediaID string `json:"media_id"`
	URL     string `json:"url"` // only set for an image; it works only in pages on the platform's own domains
}

// UploadMaterial uploads a permanent material: a file that the platform keeps until it
// is deleted (上传永久素材, 新增永久素材). An account can have 100,000 images and articles,
// and 1,000 files of other types. For videos, which need a title, use
// [Client.UploadVideoMaterial].
//
// https://developers.weixin.qq.com/doc/service/api/material/permanent/api_addmaterial
func (c *Client) UploadMaterial(ctx context.Context, mediaType MediaType, file File) (*MaterialResult, error) {
	if mediaType == MediaVideo {
		return nil, invalid("mediaType", "must not be MediaVideo: use UploadVideoMaterial")
	}
	return c.uploadMaterial(ctx, mediaType, mediaType.form(file))
}

// UploadVideoMaterial uploads a video as a permanent material, with the title and the
// description that followers see (上传永久素材, 新增永久素材).
//
// https://developers.weixin.qq.com/doc/service/api/material/permanent/api_addmaterial
func (c *Client) UploadVideoMaterial(ctx context.Context, file File, title, description string) (*MaterialResult, error) {
	if err := notEmpty("title", title); err != nil {
		return nil, err
	}
	text, err := wirejson.Encode(struct {
		Title       string `json:"title"`
		Description string `json:"introduction"`
	}{title, description})
	if err != nil {
		return nil, err
	}
	form := MediaVideo.form(file)
	form.Values = url.Values{"description": {string(text)}}
	return c.uploadMaterial(ctx, MediaVideo, form)
}

func (c *Client) uploadMaterial(ctx context.Context, mediaType MediaType, form *Form) (*MaterialResult, error) {
	if err := notEmpty("mediaType", string(mediaType)); err != nil {
		return nil, err
	}
	return upload[MaterialResult](ctx, c, "/cgi-bin/material/add_material", params("type", string(mediaType)), form)
}

// MaterialContent is the content of a material: articles, the data of a video, or a
// file that [Client.GetMaterial] wrote. DownloadInfo describes the file.
type MaterialContent struct {
	DownloadInfo
	Articles []Article      // nil unless the material consists of articles
	Video    *MaterialVideo // nil unless the material is a video
}

// Article is an article as the platform returns it.
type Article struct {
	Title            string `json:"title"`
	Author           string `json:"author"`
	Digest           string `json:"digest"`
	Content          string `json:"content"`            // HTML
	ContentSourceURL string `json:"content_source_url"` // of the link "Read the original" (阅读原文)
	ThumbMediaID     string `json:"thumb_media_id"`     // the cover
	ThumbURL         string `json:"thumb_url"`
	ShowCover        bool   `json:"show_cover_pic"`
	OpenComment      bool   `json:"need_open_comment"`
	FansOnlyComment  bool   `json:"only_fans_can_comment"`
	URL              string `json:"url"`
}

// MaterialVideo describes a video material.
type MaterialVideo struct {
	Title       string
	Description string
	DownloadURL string
}

// mediaRef is the body of every call about one media_id.
type mediaRef struct {
	MediaID string `json:"media_id"`
}

func (r mediaRef) check() error { return notEmpty("mediaID", r.MediaID) }

// GetMaterial returns a material (获取永久素材). The bytes of an image, a voice
// recording or a thumbnail are written to w. For articles and videos, nothing is
// written: the result contains the articles, or the download URL of the video. It
// returns [ErrInvalidMediaID] if there is no such material or it was deleted.
//
// https://developers.weixin.qq.com/doc/service/api/material/permanent/api_getmaterial
func (c *Client) GetMaterial(ctx context.Context, mediaID string, w io.Writer) (*MaterialContent, error) {
	var found struct {
		Articles    []Article `json:"news_item"`
		Title       string    `json:"title"`
		Description string    `json:"description"`
		DownloadURL string    `json:"down_url"`
	}
	req := Request{
		Method: http.MethodPost, Path: "/cgi-bin/material/get_material", Body: mediaRef{mediaID}, Idempotent: true,
	}
	d, document, err := c.download(ctx, req, w, &found)
	if err != nil {
		return nil, err
	}
	m := &MaterialContent{DownloadInfo: *d, Articles: found.Articles}
	if document && (found.Articles == nil || found.DownloadURL != "") {
		m.Video = &MaterialVideo{Title: found.Title, Description: found.Description, DownloadURL: found.DownloadURL}
	}
	return m, nil
}

// DeleteMaterial deletes a material (删除永久素材). It returns [ErrInvalidMediaID] if
// there is no such material.
//
// https://developers.weixin.qq.com/doc/service/api/material/permanent/api_delmaterial
func (c *Client) DeleteMaterial(ctx context.Context, mediaID string) error {
	return c.post(ctx, "/cgi-bin/material/del_material", mediaRef{mediaID}, idempotent, alreadyDone(ErrInvalidMediaID))
}

// MaterialCount is the number of materials of each type, including those uploaded in the
// console.
type MaterialCount struct {
	Voices int64 `json:"voice_count"`
	Videos int64 `json:"video_count"`
	Images int64 `json:"image_count"`
	News   int64 `json:"news_count"`
}

// GetMaterialCount returns the number of materials (获取永久素材总数).
//
// https://developers.weixin.qq.com/doc/service/api/material/permanent/api_getmaterialcount
func (c *Client) GetMaterialCount(ctx context.Context) (*MaterialCount, error) {
	return get[MaterialCount](ctx, c, "/cgi-bin/material/get_materialcount", nil)
}

// MaterialPage is a page of materials.
type MaterialPage struct {
	Total int64      `json:"total_count"` // of the type, on all pages
	Count int64      `json:"item_count"`  // on this page
	Items []Material `json:"item"`
}

// Material is a material in a list.
type Material struct {
	MediaID    string        `json:"media_id"`
	Name       string        `json:"name"` // of the file
	URL        string        `json:"url"`  // of the file
	UpdateTime Timestamp     `json:"update_time"`
	News       *MaterialNews `json:"content"` // nil unless the material consists of articles

	// These are only set for videos. The official page does not list them.
	Description string   `json:"description"`
	Tags        []string `json:"tags"`
}

// MaterialNews is a material that consists of articles.
type MaterialNews struct {
	Articles   []Article `json:"news_item"`
	CreateTime Timestamp `json:"create_time"`
	UpdateTime Timestamp `json:"update_time"`
}

const maxPage = 20 // of materials, drafts and publications

// ListMaterials returns a page of the materials of a type (获取永久素材列表). count is
// 1 to 20.
//
// https://developers.weixin.qq.com/doc/service/api/material/permanent/api_batchgetmaterial
func (c *Client) ListMaterials(ctx context.Context, mediaType MediaType, offset, count int) (*MaterialPage, error) {
	err := first(notEmpty("mediaType", string(mediaType)), notNegative("offset", offset), within("count", count, 1, maxPage))
	if err != nil {
		return nil, err
	}
	body := struct {
		Type   MediaType `json:"type"`
		Offset int       `json:"offset"`
		Count  int       `json:"count"`
	}{mediaType, offset, count}
	return post[MaterialPage](ctx, c, "/cgi-bin/material/batchget_material", body, idempotent)
}

// AllMaterials iterates over the materials of a type (获取永久素材列表), in pages of 20.
// If materials are deleted during the iteration, the remaining ones shift and some are
// skipped: collect the materials first, then delete them.
//
// https://developers.weixin.qq.com/doc/service/api/material/permanent/api_batchgetmaterial
func (c *Client) AllMaterials(ctx context.Context, mediaType MediaType) iter.Seq2[Material, error] {
	return byOffset(func(offset int) ([]Material, int64, error) {
		page, err := c.ListMaterials(ctx, mediaType, offset, maxPage)
		if err != nil {
			return nil, 0, err
		}
		return page.Items, page.Total, nil
	})
}
