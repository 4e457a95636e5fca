package wechat

import (
	"context"
	"io"
	"net/http"
)

// MediaType is the kind of a media file.
type MediaType string

// The kinds of media files.
const (
	MediaImage MediaType = "image" // PNG, JPEG or GIF of 10 MB, as a material BMP too
	MediaVoice MediaType = "voice" // 2 MB and 60 seconds: AMR or MP3, as a material WMA and WAV too
	MediaVideo MediaType = "video" // MP4 of 10 MB
	MediaThumb MediaType = "thumb" // the picture of a music message or an article: JPEG of 64 KB
	MediaNews  MediaType = "news"  // articles; only for [Client.ListMaterials]
)

// mediaRules are the bytes and the media types that the platform takes of a kind.
var mediaRules = map[MediaType]struct {
	size   int64
	family string
}{
	MediaImage: {10 << 20, imageFamily},
	MediaVoice: {2 << 20, "audio/"},
	MediaVideo: {10 << 20, "video/"},
	MediaThumb: {64 << 10, imageFamily},
}

const imageFamily = "image/"

// Media is an uploaded file.
type Media struct {
	Type         MediaType `json:"type"`
	MediaID      string    `json:"media_id"`       // what messages refer to; of a thumb too
	ThumbMediaID string    `json:"thumb_media_id"` // of a thumb, the same as MediaID
	CreateTime   Timestamp `json:"created_at"`
}

// UploadMedia uploads a file for messages (新增临时素材, 上传临时素材). It can be used any number
// of times within 3 days; what is to stay longer is a material, see
// [Client.UploadMaterial]. The name of the file must end in an extension of the
// kind, such as ".jpg".
//
// https://developers.weixin.qq.com/doc/service/api/material/temporary/api_uploadtempmedia
func (c *Client) UploadMedia(ctx context.Context, mediaType MediaType, file File) (*Media, error) {
	if err := notEmpty("mediaType", string(mediaType)); err != nil {
		return nil, err
	}
	m, err := upload[Media](ctx, c, "/cgi-bin/media/upload", params("type", string(mediaType)), mediaType.form(file))
	if err != nil {
		return nil, err
	}
	if m.MediaID == "" {
		m.MediaID = m.ThumbMediaID
	}
	return m, nil
}

// mediaForm is the form of nearly every upload. family is that of [Form].
func mediaForm(file File, limit int64, family string) *Form {
	return &Form{Field: "media", File: file, limit: limit, family: family}
}

func (t MediaType) form(file File) *Form {
	rule := mediaRules[t]
	return mediaForm(file, rule.size, rule.family)
}

// MediaDownloadInfo describes what came of a media file.
type MediaDownloadInfo struct {
	DownloadInfo
	VideoURL string // where a video can be fetched; nothing was written then
}

// DownloadMedia writes a media file to w (获取临时素材): one that was uploaded in the
// last 3 days, or that came with a message. Instead of a video the platform gives
// an address, which ends up in VideoURL; it is not fetched, and nothing is written.
//
// Voice is AMR at 8 kHz; of one that the JS-SDK recorded, [Client.DownloadHDVoice]
// has a clearer file. [ErrInvalidMediaID]: unknown, or older than 3 days.
//
// https://developers.weixin.qq.com/doc/service/api/material/temporary/api_getmedia
func (c *Client) DownloadMedia(ctx context.Context, mediaID string, w io.Writer) (*MediaDownloadInfo, error) {
	if err := notEmpty("mediaID", mediaID); err != nil {
		return nil, err
	}
	var video struct {
		URL string `json:"video_url"`
	}
	d, _, err := c.download(ctx, mediaRequest("/cgi-bin/media/get", mediaID), w, &video)
	if err != nil {
		return nil, err
	}
	return &MediaDownloadInfo{DownloadInfo: *d, VideoURL: video.URL}, nil
}

// DownloadHDVoice writes a voice to w that the JS-SDK's uploadVoice uploaded in the
// last 3 days (获取高清语音素材), as Speex at 16 kHz. [ErrInvalidMediaID]: unknown, too
// old, or not from the JS-SDK.
//
// https://developers.weixin.qq.com/doc/service/api/material/temporary/api_gethdvoice
func (c *Client) DownloadHDVoice(ctx context.Context, mediaID string, w io.Writer) (*DownloadInfo, error) {
	if err := notEmpty("mediaID", mediaID); err != nil {
		return nil, err
	}
	d, _, err := c.download(ctx, mediaRequest("/cgi-bin/media/get/jssdk", mediaID), w, nil)
	return d, err
}

func mediaRequest(path, mediaID string) Request {
	return Request{Method: http.MethodGet, Path: path, Query: params("media_id", mediaID), Idempotent: true}
}
