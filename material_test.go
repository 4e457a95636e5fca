package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const materialArticleJSON = `{"title":"T","author":"A","digest":"D","content":"<p>C</p>","content_source_url":"https://example.com/s",
	"thumb_media_id":"M2","thumb_url":"https://example.com/t","show_cover_pic":1,"need_open_comment":1,"only_fans_can_comment":0,"url":"https://example.com/u"}`

var materialArticle = Article{
	Title: "T", Author: "A", Digest: "D", Content: "<p>C</p>", ContentSourceURL: "https://example.com/s",
	ThumbMediaID: "M2", ThumbURL: "https://example.com/t", ShowCover: true, OpenComment: true, URL: "https://example.com/u",
}

var _ = wireRows([]wireRow{
	{
		name: "UploadMaterial", http: "POST /cgi-bin/material/add_material", query: "type=image",
		form:  multipartWith("media", "cat.png", "PNG-BYTES", nil),
		reply: `{"media_id":"M1","url":"https://example.com/cat.png"}`,
		call: result(func(ctx context.Context, c *Client) (*MaterialResult, error) {
			return c.UploadMaterial(ctx, MediaImage, pngFile())
		}),
		want: &MaterialResult{MediaID: "M1", URL: "https://example.com/cat.png"},
	},
	{
		name: "UploadVideoMaterial", http: "POST /cgi-bin/material/add_material", query: "type=video",
		form: multipartWith("media", "cat.mp4", "MP4-BYTES", url.Values{
			"description": {`{"title":"猫 & <狗>","introduction":"两只"}`},
		}),
		reply: `{"media_id":"M1"}`,
		call: result(func(ctx context.Context, c *Client) (*MaterialResult, error) {
			return c.UploadVideoMaterial(ctx, File{Name: "cat.mp4", Content: strings.NewReader("MP4-BYTES")}, "猫 & <狗>", "两只")
		}),
		want: &MaterialResult{MediaID: "M1"},
	},
	{
		name: "GetMaterial", http: "POST /cgi-bin/material/get_material", body: `{"media_id":"M1"}`, reply: "PNG-BYTES",
		call: result(func(ctx context.Context, c *Client) (*MaterialContent, error) {
			return c.GetMaterial(ctx, "M1", io.Discard)
		}),
		want: &MaterialContent{DownloadInfo: DownloadInfo{ContentType: "text/plain", Size: 9}},
	},
	{
		name: "DeleteMaterial", http: "POST /cgi-bin/material/del_material", body: `{"media_id":"M1"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.DeleteMaterial(ctx, "M1") }),
	},
	{
		name: "GetMaterialCount", http: "GET /cgi-bin/material/get_materialcount",
		reply: `{"voice_count":1,"video_count":2,"image_count":3,"news_count":4}`,
		call:  result(func(ctx context.Context, c *Client) (*MaterialCount, error) { return c.GetMaterialCount(ctx) }),
		want:  &MaterialCount{Voices: 1, Videos: 2, Images: 3, News: 4},
	},
	{
		name: "ListMaterials", http: "POST /cgi-bin/material/batchget_material", body: `{"type":"image","offset":0,"count":20}`,
		reply: `{"total_count":1,"item_count":1,"item":[{"media_id":"M1","name":"cat.png","update_time":"1635156704","url":"https://example.com/cat.png"}]}`,
		call: result(func(ctx context.Context, c *Client) (*MaterialPage, error) {
			return c.ListMaterials(ctx, MediaImage, 0, 20)
		}),
		want: &MaterialPage{Total: 1, Count: 1, Items: []Material{
			{MediaID: "M1", Name: "cat.png", UpdateTime: unix(1635156704), URL: "https://example.com/cat.png"},
		}},
	},
	{
		name: "ListMaterials/videos", http: "POST /cgi-bin/material/batchget_material", body: `{"type":"video","offset":0,"count":1}`,
		reply: `{"total_count":1,"item_count":1,"item":[{"media_id":"M1","name":"N","update_time":1635156702,"description":"D","tags":["T",7]}]}`,
		call: result(func(ctx context.Context, c *Client) (*MaterialPage, error) {
			return c.ListMaterials(ctx, MediaVideo, 0, 1)
		}),
		want: &MaterialPage{Total: 1, Count: 1, Items: []Material{{
			MediaID: "M1", Name: "N", UpdateTime: unix(1635156702), Description: "D", Tags: []string{"T", "7"},
		}}},
	},
	{
		name: "ListMaterials/news", http: "POST /cgi-bin/material/batchget_material", body: `{"type":"news","offset":3,"count":1}`,
		reply: `{"total_count":5,"item_count":1,"item":[{"media_id":"M1","content":{"news_item":[` + materialArticleJSON +
			`],"create_time":1635156700,"update_time":1635156701},"update_time":1635156702}]}`,
		call: result(func(ctx context.Context, c *Client) (*MaterialPage, error) {
			return c.ListMaterials(ctx, MediaNews, 3, 1)
		}),
		want: &MaterialPage{Total: 5, Count: 1, Items: []Material{{
			MediaID: "M1", UpdateTime: unix(1635156702),
			News: &MaterialNews{Articles: []Article{materialArticle}, CreateTime: unix(1635156700), UpdateTime: unix(1635156701)},
		}}},
	},
})

func TestMaterialIsTypedByWhatItHolds(t *testing.T) {
	var w bytes.Buffer
	c, _ := wireRow{}.client(answer(http.StatusOK, "PNG-BYTES"))
	m, err := c.GetMaterial(t.Context(), "M1", &w)
	require.NoError(t, err)
	assert.Equal(t, "PNG-BYTES", w.String())
	assert.Equal(t, &MaterialContent{DownloadInfo: DownloadInfo{ContentType: "text/plain", Size: 9}}, m)

	w.Reset()
	long := strings.Repeat(materialArticleJSON+",", 100) + materialArticleJSON
	c, _ = wireRow{}.client(answer(http.StatusOK, `{"news_item":[`+long+`]}`))
	m, err = c.GetMaterial(t.Context(), "M1", &w)
	require.NoError(t, err)
	require.Len(t, m.Articles, 101)
	assert.Equal(t, materialArticle, m.Articles[100])
	assert.Nil(t, m.Video)
	assert.Empty(t, w.String())

	calls := 0
	c, _ = wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		calls++
		return answer(http.StatusOK, `{"title":"T","description":"D","down_url":"http://mp.example.com/v.mp4"}`)(r)
	})
	m, err = c.GetMaterial(t.Context(), "M1", &w)
	require.NoError(t, err)
	assert.Equal(t, &MaterialContent{Video: &MaterialVideo{Title: "T", Description: "D", DownloadURL: "http://mp.example.com/v.mp4"}}, m)
	assert.Empty(t, w.String())
	assert.Equal(t, 1, calls, "the video was fetched")
}

func TestMaterialCallsRefuseWhatCannotBeRight(t *testing.T) {
	for argument, call := range map[string]func(ctx context.Context, c *Client) error{
		"mediaType": func(ctx context.Context, c *Client) error {
			_, err := c.UploadMaterial(ctx, MediaVideo, pngFile())
			return err
		},
		"title": func(ctx context.Context, c *Client) error {
			_, err := c.UploadVideoMaterial(ctx, pngFile(), "", "")
			return err
		},
		"w": func(ctx context.Context, c *Client) error { _, err := c.GetMaterial(ctx, "M1", nil); return err },
		"offset": func(ctx context.Context, c *Client) error {
			_, err := c.ListMaterials(ctx, MediaNews, -1, 20)
			return err
		},
		"count": func(ctx context.Context, c *Client) error {
			_, err := c.ListMaterials(ctx, MediaNews, 0, 21)
			return err
		},
	} {
		refused(t, argument, call)
	}
	for _, call := range []func(ctx context.Context, c *Client) error{
		func(ctx context.Context, c *Client) error { _, err := c.GetMaterial(ctx, "", io.Discard); return err },
		func(ctx context.Context, c *Client) error { return c.DeleteMaterial(ctx, "") },
	} {
		refused(t, "mediaID", call)
	}
	refused(t, "mediaType", func(ctx context.Context, c *Client) error {
		_, err := c.UploadMaterial(ctx, "", pngFile())
		return err
	})
	refused(t, "mediaType", func(ctx context.Context, c *Client) error {
		_, err := c.ListMaterials(ctx, "", 0, 20)
		return err
	})
}

// pagedList answers a list of total items in pages of count; item makes the JSON
// of one. The page at failAt is refused.
func pagedList(t *testing.T, total, failAt int, item func(n int) string) (c *Client, offsets *[]int) {
	t.Helper()
	offsets = &[]int{}
	c, _ = wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		var ref articlePage
		body, err := r.GetBody()
		require.NoError(t, err)
		require.NoError(t, json.NewDecoder(body).Decode(&ref))
		*offsets = append(*offsets, ref.Offset)
		if ref.Offset == failAt {
			return answer(http.StatusOK, `{"errcode":45009,"errmsg":"limit"}`)(r)
		}
		var items []string
		for n := ref.Offset; n < min(total, ref.Offset+ref.Count); n++ {
			items = append(items, item(n))
		}
		return answer(http.StatusOK, fmt.Sprintf(`{"total_count":%d,"item_count":%d,"item":[%s]}`, total, len(items), strings.Join(items, ",")))(r)
	})
	return c, offsets
}

func TestAllMaterialsReadsPageAfterPage(t *testing.T) {
	item := func(n int) string { return fmt.Sprintf(`{"media_id":"M%d"}`, n) }
	c, offsets := pagedList(t, 45, -1, item)
	n := 0
	for m, err := range c.AllMaterials(t.Context(), MediaImage) {
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprintf("M%d", n), m.MediaID)
		n++
	}
	assert.Equal(t, 45, n)
	assert.Equal(t, []int{0, 20, 40}, *offsets)

	c, offsets = pagedList(t, 40, -1, item)
	for _, err := range c.AllMaterials(t.Context(), MediaImage) {
		require.NoError(t, err)
		break
	}
	assert.Equal(t, []int{0}, *offsets, "a page was read that nobody asked for")

	c, _ = pagedList(t, 45, 20, item)
	n = 0
	var last error
	for _, err := range c.AllMaterials(t.Context(), MediaImage) {
		if last = err; err == nil {
			n++
		}
	}
	assert.Equal(t, 20, n)
	assert.ErrorIs(t, last, ErrDailyQuota)
}
