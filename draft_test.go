package wechat

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const newsArticleJSON = `{"article_type":"news","title":"题","author":"者","digest":"摘要","content":"<p>文 & 图</p>",
	"content_source_url":"https://example.com/s?a=1&b=2","thumb_media_id":"M2","need_open_comment":1,"only_fans_can_comment":1,"show_cover_pic":1,
	"pic_crop_235_1":"0.1945_0_1_0.5236","pic_crop_1_1":"0.236454_0_0.616688_1"}`

func newsArticle() DraftArticle {
	return DraftArticle{
		Type: ArticleTypeNews, Title: "题", Author: "者", Digest: "摘要", Content: "<p>文 & 图</p>",
		ContentSourceURL: "https://example.com/s?a=1&b=2", ThumbMediaID: "M2", OpenComment: NewFlag(true), FansOnlyComment: NewFlag(true), ShowCover: NewFlag(true),
		Crop235x1: "0.1945_0_1_0.5236", Crop1x1: "0.236454_0_0.616688_1",
	}
}

const pictureArticleJSON = `{"article_type":"newspic","title":"猫","content":"两只",
	"image_info":{"image_list":[{"image_media_id":"M3"},{"image_media_id":"M4"}]},
	"cover_info":{"crop_percent_list":[{"ratio":"1_1","x1":"0.166454","y1":"0","x2":"0.833545","y2":"1"}]},
	"product_info":{"footer_product_info":{"product_key":"K"}}}`

func pictureArticle() DraftArticle {
	return DraftArticle{
		Type: ArticleTypePictures, Title: "猫", Content: "两只",
		Images:     []ArticleImage{{MediaID: "M3"}, {MediaID: "M4"}},
		Crops:      []DraftCoverCrop{{Ratio: DraftCoverRatio1x1, X1: "0.166454", Y1: "0", X2: "0.833545", Y2: "1"}},
		ProductKey: "K",
	}
}

var _ = wireRows([]wireRow{
	{
		name: "CreateDraft", http: "POST /cgi-bin/draft/add", body: `{"articles":[` + newsArticleJSON + `,` + pictureArticleJSON + `]}`,
		reply: `{"media_id":"M1"}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.CreateDraft(ctx, newsArticle(), pictureArticle())
		},
		want: "M1",
	},
	{
		name: "UpdateDraft", http: "POST /cgi-bin/draft/update", body: `{"media_id":"M1","index":0,"articles":` + newsArticleJSON + `}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.UpdateDraft(ctx, "M1", 0, newsArticle()) }),
	},
	{
		name: "UpdateDraft/pictures", http: "POST /cgi-bin/draft/update", body: `{"media_id":"M1","index":1,"articles":` + pictureArticleJSON + `}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.UpdateDraft(ctx, "M1", 1, pictureArticle()) }),
	},
	{
		name: "GetDraft", http: "POST /cgi-bin/draft/get", body: `{"media_id":"M1"}`,
		reply: `{"news_item":[` + newsArticleJSON + `,` + pictureArticleJSON + `,{"title":"T","thumb_url":"https://example.com/t","url":"https://example.com/u"}],
			"create_time":1635156700,"update_time":"1635156701"}`,
		call: result(func(ctx context.Context, c *Client) (*Draft, error) { return c.GetDraft(ctx, "M1") }),
		want: &Draft{
			Articles: []DraftArticle{
				newsArticle(), pictureArticle(), {Title: "T", ThumbURL: "https://example.com/t", URL: "https://example.com/u"},
			},
			CreateTime: unix(1635156700), UpdateTime: unix(1635156701),
		},
	},
	{
		name: "DeleteDraft", http: "POST /cgi-bin/draft/delete", body: `{"media_id":"M1"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.DeleteDraft(ctx, "M1") }),
	},
	{
		name: "GetDraftCount", http: "GET /cgi-bin/draft/count", reply: `{"total_count":3}`,
		call: func(ctx context.Context, c *Client) (any, error) { return c.GetDraftCount(ctx) },
		want: int64(3),
	},
	{
		name: "ListDrafts", http: "POST /cgi-bin/draft/batchget", body: `{"offset":20,"count":20,"no_content":1}`,
		reply: `{"total_count":21,"item_count":1,"item":[{"media_id":"M1","content":{"news_item":[{"title":"T"}],"create_time":1635156700,"update_time":1635156701},"update_time":1635156702}]}`,
		call: result(func(ctx context.Context, c *Client) (*DraftPage, error) {
			return c.ListDrafts(ctx, ListDraftsRequest{Offset: 20, Count: 20, WithoutContent: true})
		}),
		want: &DraftPage{Total: 21, Count: 1, Items: []DraftItem{{
			Draft:   Draft{Articles: []DraftArticle{{Title: "T"}}, CreateTime: unix(1635156700), UpdateTime: unix(1635156701)},
			MediaID: "M1", UpdateTime: unix(1635156702),
		}}},
	},
	{
		name: "GetProductCard", http: "POST /channels/ec/service/product/getcardinfo", body: `{"product_id":"P1","article_type":"news","card_type":0}`,
		reply: `{"product_key":"K","DOM":"<mp-common-product></mp-common-product>"}`,
		call: result(func(ctx context.Context, c *Client) (*ProductCard, error) {
			return c.GetProductCard(ctx, "P1", ArticleTypeNews, ProductCardLarge)
		}),
		want: &ProductCard{ProductKey: "K", DOM: "<mp-common-product></mp-common-product>"},
	},
	{
		name: "OpenDraftBox", http: "POST /cgi-bin/draft/switch", reply: `{"is_open":1}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.OpenDraftBox(ctx) }),
	},
	{
		name: "IsDraftBoxOpen", http: "POST /cgi-bin/draft/switch", query: "checkonly=1", reply: `{"is_open":1}`,
		call: func(ctx context.Context, c *Client) (any, error) { return c.IsDraftBoxOpen(ctx) },
		want: true,
	},
	{
		name: "IsDraftBoxOpen/no", http: "POST /cgi-bin/draft/switch", query: "checkonly=1", reply: `{"is_open":0}`,
		call: func(ctx context.Context, c *Client) (any, error) { return c.IsDraftBoxOpen(ctx) },
		want: false,
	},
})

func TestDraftArticleSurvivesTheWayToThePlatformAndBack(t *testing.T) {
	for _, want := range []DraftArticle{newsArticle(), pictureArticle(), {Title: "<&>", Content: "\u2028"}} {
		data, err := json.Marshal(want)
		require.NoError(t, err)
		var got DraftArticle
		require.NoError(t, json.Unmarshal(data, &got))
		assert.Equal(t, want, got)
	}
}

func TestDraftThatThePlatformWouldRefuseIsNotSent(t *testing.T) {
	for argument, change := range map[string]func(a *DraftArticle){
		"Title":            func(a *DraftArticle) { a.Title = strings.Repeat("题", 65) },
		"Author":           func(a *DraftArticle) { a.Author = strings.Repeat("者", 17) },
		"Digest":           func(a *DraftArticle) { a.Digest = strings.Repeat("摘", 129) },
		"Content":          func(a *DraftArticle) { a.Content = strings.Repeat("文", 20_000) },
		"ContentSourceURL": func(a *DraftArticle) { a.ContentSourceURL = "https://example.com/" + strings.Repeat("a", 1024) },
		"ThumbMediaID":     func(a *DraftArticle) { a.ThumbMediaID = "" },
		"Images":           func(a *DraftArticle) { a.Type = ArticleTypePictures },
		"Content ": func(a *DraftArticle) {
			*a = pictureArticle()
			a.Content = strings.Repeat("<mp-common-product></mp-common-product>", 51)
		},
	} {
		wrong := newsArticle()
		change(&wrong)
		argument = strings.TrimSpace(argument)
		refused(t, "articles[1]."+argument, func(ctx context.Context, c *Client) error {
			_, err := c.CreateDraft(ctx, pictureArticle(), wrong)
			return err
		})
		refused(t, "article."+argument, func(ctx context.Context, c *Client) error { return c.UpdateDraft(ctx, "M1", 0, wrong) })
	}
	tooMany := pictureArticle()
	tooMany.Images = make([]ArticleImage, 21)
	for argument, call := range map[string]func(ctx context.Context, c *Client) error{
		"articles": func(ctx context.Context, c *Client) error {
			_, err := c.CreateDraft(ctx, slices.Repeat([]DraftArticle{newsArticle()}, 9)...)
			return err
		},
		"article.Images": func(ctx context.Context, c *Client) error { return c.UpdateDraft(ctx, "M1", 0, tooMany) },
		"index":          func(ctx context.Context, c *Client) error { return c.UpdateDraft(ctx, "M1", -1, newsArticle()) },
		"mediaID":        func(ctx context.Context, c *Client) error { return c.UpdateDraft(ctx, "", 0, newsArticle()) },
		"Count": func(ctx context.Context, c *Client) error {
			_, err := c.ListDrafts(ctx, ListDraftsRequest{})
			return err
		},
		"Offset": func(ctx context.Context, c *Client) error {
			_, err := c.ListDrafts(ctx, ListDraftsRequest{Offset: -1, Count: 20})
			return err
		},
		"productID": func(ctx context.Context, c *Client) error {
			_, err := c.GetProductCard(ctx, "", ArticleTypeNews, 0)
			return err
		},
		"articleType": func(ctx context.Context, c *Client) error {
			_, err := c.GetProductCard(ctx, "P1", "", 0)
			return err
		},
	} {
		refused(t, argument, call)
	}
}

func TestAllDraftsReadsPageAfterPage(t *testing.T) {
	c, offsets := pagedList(t, 41, -1, func(n int) string {
		return fmt.Sprintf(`{"media_id":"M%d","content":{"news_item":[{"title":"T%d"}]}}`, n, n)
	})
	n := 0
	for d, err := range c.AllDrafts(t.Context()) {
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprintf("T%d", n), d.Articles[0].Title)
		n++
	}
	assert.Equal(t, 41, n)
	assert.Equal(t, []int{0, 20, 40}, *offsets)

	c, _ = pagedList(t, 1, 0, nil)
	for _, err := range c.AllDrafts(t.Context()) {
		assert.ErrorIs(t, err, ErrDailyQuota)
	}
}

// TestASettingThatIsOffIsSent sends each setting that is on unless a request says
// otherwise as 0, and leaves out those that the caller says nothing of.
func TestASettingThatIsOffIsSent(t *testing.T) {
	settings := 0
	for _, article := range []any{DraftArticle{}, MassArticle{}, MassImagesMessage{}} {
		typ := reflect.TypeOf(article)
		for i := range typ.NumField() {
			field := typ.Field(i)
			if field.Type != reflect.TypeFor[*Flag]() {
				continue
			}
			settings++
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			silent, err := json.Marshal(article)
			require.NoError(t, err)
			assert.NotContains(t, string(silent), name, typ)

			v := reflect.New(typ).Elem()
			v.Field(i).Set(reflect.ValueOf(NewFlag(false)))
			off, err := json.Marshal(v.Interface())
			require.NoError(t, err)
			assert.Contains(t, string(off), `"`+name+`":0`, typ)
		}
	}
	assert.Equal(t, 8, settings)
}
