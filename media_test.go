package wechat

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func pngFile() File { return File{Name: "cat.png", Content: strings.NewReader("PNG-BYTES")} }

var _ = wireRows([]wireRow{
	{
		name: "UploadMedia", http: "POST /cgi-bin/media/upload", query: "type=image",
		form:  multipartWith("media", "cat.png", "PNG-BYTES", nil),
		reply: `{"type":"image","media_id":"M1","created_at":1635156704}`,
		call: result(func(ctx context.Context, c *Client) (*Media, error) {
			return c.UploadMedia(ctx, MediaImage, pngFile())
		}),
		want: &Media{Type: MediaImage, MediaID: "M1", CreateTime: unix(1635156704)},
	},
	{
		name: "UploadMedia/thumb", http: "POST /cgi-bin/media/upload", query: "type=thumb",
		form:  multipartWith("media", "cat.png", "PNG-BYTES", nil),
		reply: `{"type":"thumb","thumb_media_id":"T1","created_at":1635156704}`,
		call: result(func(ctx context.Context, c *Client) (*Media, error) {
			return c.UploadMedia(ctx, MediaThumb, pngFile())
		}),
		want: &Media{Type: MediaThumb, MediaID: "T1", ThumbMediaID: "T1", CreateTime: unix(1635156704)},
	},
	{
		name: "DownloadMedia", http: "GET /cgi-bin/media/get", query: "media_id=M1", reply: "AMR-BYTES",
		call: result(func(ctx context.Context, c *Client) (*MediaDownloadInfo, error) {
			return c.DownloadMedia(ctx, "M1", io.Discard)
		}),
		want: &MediaDownloadInfo{DownloadInfo: DownloadInfo{ContentType: "text/plain", Size: 9}},
	},
	{
		name: "DownloadMedia/video", http: "GET /cgi-bin/media/get", query: "media_id=M1",
		reply: `{"video_url":"http://mp.example.com/v.mp4"}`,
		call: result(func(ctx context.Context, c *Client) (*MediaDownloadInfo, error) {
			return c.DownloadMedia(ctx, "M1", io.Discard)
		}),
		want: &MediaDownloadInfo{VideoURL: "http://mp.example.com/v.mp4"},
	},
	{
		name: "DownloadHDVoice", http: "GET /cgi-bin/media/get/jssdk", query: "media_id=M1", reply: "SPEEX-BYTES",
		call: result(func(ctx context.Context, c *Client) (*DownloadInfo, error) {
			return c.DownloadHDVoice(ctx, "M1", io.Discard)
		}),
		want: &DownloadInfo{ContentType: "text/plain", Size: 11},
	},
})

func TestUploadThatThePlatformWouldRefuseIsNotSent(t *testing.T) {
	refused(t, "mediaType", func(ctx context.Context, c *Client) error {
		_, err := c.UploadMedia(ctx, "", pngFile())
		return err
	})
	refused(t, "File.Content", func(ctx context.Context, c *Client) error {
		_, err := c.UploadMedia(ctx, MediaImage, File{Name: "cat.png"})
		return err
	})
	for name, content := range map[string]io.Reader{
		"seekable": strings.NewReader(strings.Repeat("x", 64<<10+1)),
		"unknown":  io.MultiReader(strings.NewReader(strings.Repeat("x", 64<<10+1))),
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, "File.Content", func(ctx context.Context, c *Client) error {
				_, err := c.UploadMedia(ctx, MediaThumb, File{Name: "t.jpg", Content: content})
				return err
			})
		})
	}
}

func TestUploadUpToTheLimitIsSent(t *testing.T) {
	c, seen := wireRow{}.client(answer(http.StatusOK, `{"type":"thumb","thumb_media_id":"T1"}`))
	_, err := c.UploadMedia(t.Context(), MediaThumb, File{Name: "t.jpg", Content: strings.NewReader(strings.Repeat("x", 64<<10))})
	require.NoError(t, err)
	assert.Greater(t, len(seen.body), 64<<10)
}

func TestDownloadWritesTheBytesAndNeverAnAnswerInJSON(t *testing.T) {
	reply := func(body string) func(*http.Request) (*http.Response, error) {
		return func(r *http.Request) (*http.Response, error) {
			resp, _ := answer(http.StatusOK, body)(r)
			resp.Header.Set("Content-Type", "image/jpeg")
			resp.Header.Set("Content-Disposition", `attachment; filename="../cat.jpg"`)
			return resp, nil
		}
	}
	var w bytes.Buffer
	c, _ := wireRow{}.client(reply("JPEG-BYTES"))
	d, err := c.DownloadMedia(t.Context(), "M1", &w)
	require.NoError(t, err)
	assert.Equal(t, "JPEG-BYTES", w.String())
	assert.Equal(t, &MediaDownloadInfo{DownloadInfo: DownloadInfo{ContentType: "image/jpeg", FileName: "cat.jpg", Size: 10}}, d)

	w.Reset()
	calls := 0
	c, _ = wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		calls++
		return reply(`{"video_url":"http://mp.example.com/v.mp4"}`)(r)
	})
	d, err = c.DownloadMedia(t.Context(), "M1", &w)
	require.NoError(t, err)
	assert.Equal(t, "http://mp.example.com/v.mp4", d.VideoURL)
	assert.Empty(t, w.String())
	assert.Equal(t, 1, calls, "the video was fetched")

	c, _ = wireRow{}.client(reply(`{"errcode":40007,"errmsg":"invalid media_id"}`))
	_, err = c.DownloadHDVoice(t.Context(), "M1", &w)
	require.ErrorIs(t, err, ErrInvalidMediaID)
	assert.Empty(t, w.String())
}

func TestDownloadWithoutMediaIDOrWriterIsRefused(t *testing.T) {
	refused(t, "mediaID", func(ctx context.Context, c *Client) error {
		_, err := c.DownloadMedia(ctx, "", io.Discard)
		return err
	})
	refused(t, "mediaID", func(ctx context.Context, c *Client) error {
		_, err := c.DownloadHDVoice(ctx, " ", io.Discard)
		return err
	})
	refused(t, "w", func(ctx context.Context, c *Client) error {
		_, err := c.DownloadHDVoice(ctx, "M1", nil)
		return err
	})
}

func TestVideoLeavesNoEmptyFileWhereTheCallerSaysSo(t *testing.T) {
	name := filepath.Join(t.TempDir(), "voice.amr")
	c, _ := wireRow{}.client(answer(http.StatusOK, `{"video_url":"http://mp.example.com/v.mp4"}`))
	isVideo := errors.New("is a video")
	err := SaveFile(name, func(w io.Writer) error {
		d, err := c.DownloadMedia(t.Context(), "M1", w)
		if err == nil && d.VideoURL != "" {
			return isVideo
		}
		return err
	})
	require.ErrorIs(t, err, isVideo)
	_, err = os.Stat(name)
	assert.ErrorIs(t, err, os.ErrNotExist)
}
