package wechat

import "context"

const maxArticleImage = 1 << 20

// UploadArticleImage uploads an image for use in the text of articles and returns its
// URL (上传图文消息图片). Articles show only images that were uploaded in this way. The
// image must be a JPEG or PNG smaller than 1 MB, and it does not count as a material.
//
// https://developers.weixin.qq.com/doc/service/api/material/permanent/api_uploadimage
func (c *Client) UploadArticleImage(ctx context.Context, file File) (url string, err error) {
	image, err := upload[struct {
		URL string `json:"url"`
	}](ctx, c, "/cgi-bin/media/uploadimg", nil, mediaForm(file, maxArticleImage, imageFamily))
	if err != nil {
		return "", err
	}
	return image.URL, nil
}

// MassArticle is an article for [Client.UploadMassNews].
type MassArticle struct {
	Title            string `json:"title"`
	Author           string `json:"author,omitempty"`
	Digest           string `json:"digest,omitempty"` // "" means the first 64 characters of the text
	Content          string `json:"content"`          // HTML; its images must be uploaded with UploadArticleImage
	ContentSourceURL string `json:"content_source_url,omitempty"`
	ThumbMediaID     string `json:"thumb_media_id"`           // the cover
	ShowCover        *Flag  `json:"show_cover_pic,omitempty"` // nil means the platform's default; see [NewFlag]
	OpenComment      *Flag  `json:"need_open_comment,omitempty"`
	FansOnlyComment  *Flag  `json:"only_fans_can_comment,omitempty"`
}

func (a MassArticle) check(argument string) error {
	return first(
		notEmpty(argument+".Title", a.Title),
		notEmpty(argument+".Content", a.Content),
		notEmpty(argument+".ThumbMediaID", a.ThumbMediaID),
	)
}

type massArticles struct {
	Articles []MassArticle `json:"articles"`
}

func (m massArticles) check() error {
	if err := elements("articles", len(m.Articles), 1, 8); err != nil {
		return err
	}
	return each("articles", m.Articles, func(at string, a MassArticle) error { return a.check(at) })
}

// UploadMassNews uploads 1 to 8 articles for an [MPNewsMessage] (上传图文消息素材).
// [Client.CreateDraft] serves the same purpose, and its articles can be read and
// updated later. The quota is 10 calls a day.
//
// https://developers.weixin.qq.com/doc/service/api/notify/message/api_uploadnewsmsg
func (c *Client) UploadMassNews(ctx context.Context, articles ...MassArticle) (*Media, error) {
	return post[Media](ctx, c, "/cgi-bin/media/uploadnews", massArticles{articles})
}

// UploadMassVideo prepares an uploaded video for mass sending (上传群发视频). In the
// [VideoMessage], use the MediaID of the result instead of mediaID. title and
// description are optional.
//
// https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Batch_Sends_and_Originality_Checks
func (c *Client) UploadMassVideo(ctx context.Context, mediaID, title, description string) (*Media, error) {
	if err := notEmpty("mediaID", mediaID); err != nil {
		return nil, err
	}
	return post[Media](ctx, c, "/cgi-bin/media/uploadvideo", VideoMessage{MediaID: mediaID, Title: title, Description: description})
}
