package wechat

import (
	"context"
	"io"
	"net/http"
)

// MediaType is the type of a media file.
type MediaType string

// The types of media files, with their limits.
const (
	MediaImage MediaType = "image" // PNG, JPEG or GIF; for a material also BMP; up to 10 MB
	MediaVoice MediaType = "voice" // AMR or MP3; for a material also WMA or WAV; up to 2 MB and 60 seconds
	MediaVideo MediaType = "video" // MP4; up to 10 MB
	MediaThumb MediaType = "thumb" // the thumbnail of a music message or an article: JPEG; up to 64 KB
	MediaNews  MediaType = "news"  // articles; only for [Client.ListMaterials] and [Client.AllMaterials]
)

// mediaRules are the size and the MIME type that the platform accepts for each type.
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
	MediaID      string    `json:"media_id"`       // for use in messages; also set for a thumbnail
	ThumbMediaID string    `json:"thumb_media_id"` // only set for a thumbnail: the same as MediaID
	CreateTime   Timestamp `json:"created_at"`
}

// UploadMedia uploads a file for use in messages (新增临时素材, 上传临时素材). The file
// can be used any number of times within 3 days; [Client.UploadMaterial] uploads a file
// permanently. The file name must have an extension that fits the type, such as ".jpg".
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

// mediaForm returns the form of nearly every upload. family is that of [Form].
func mediaForm(file File, limit int64, family string) *Form {
	return &Form{Field: "media", File: file, limit: limit, family: family}
}

func (t MediaType) form(file File) *Form {
	rule := mediaRules[t]
	return mediaForm(file, rule.size, rule.family)
}

// MediaDownloadInfo describes a downloaded media file.
type MediaDownloadInfo struct {
	DownloadInfo
	VideoURL string // the download URL of a video; if it is set, nothing was written
}

// DownloadMedia writes a media file that was uploaded or received in the last 3 days to
// w (获取临时素材). For a video, the platform returns only a URL: VideoURL is set, and
// nothing is written. Voice recordings are AMR at 8 kHz; for those made with the
// JS-SDK, [Client.DownloadHDVoice] provides higher quality.
//
// It returns [ErrInvalidMediaID] if the media ID is unknown or older than 3 days.
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

// DownloadHDVoice writes a voice recording that the JS-SDK's uploadVoice uploaded in
// the last 3 days to w (获取高清语音素材), as Speex at 16 kHz. It returns
// [ErrInvalidMediaID] if the media ID is unknown, older than 3 days, or not from the
// JS-SDK.
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
