package wechat

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/wechatoa/wechat/internal/wirejson"
)

// ArticleType is the type of an article.
type ArticleType string

// The types of articles.
const (
	ArticleTypeNews     ArticleType = "news"    // HTML with pictures in it (图文消息); the default
	ArticleTypePictures ArticleType = "newspic" // pictures with a text below them (图片消息)
)

// DraftArticle is an article of a draft. An article of type ArticleTypePictures needs
// Images; any other needs ThumbMediaID.
type DraftArticle struct {
	Type             ArticleType `json:"article_type,omitempty"`
	Title            string      `json:"title"`                        // up to 64 characters; the official page says 32, but in 2026 the platform accepted 64 and rejected 65
	Author           string      `json:"author,omitempty"`             // up to 16 characters
	Digest           string      `json:"digest,omitempty"`             // up to 128 characters, but some accounts get [ErrDescriptionTooLong] above 120 bytes; "" means the first 54 characters of the text; shown only if the draft has one article
	Content          string      `json:"content"`                      // HTML, less than 20,000 characters and 1 MB; scripts are removed, and so are pictures that are not from UploadArticleImage; if Type is ArticleTypePictures: plain text, and up to 50 products
	ContentSourceURL string      `json:"content_source_url,omitempty"` // the page that "read the original" (阅读原文) opens, up to 1 KB
	ThumbMediaID     string      `json:"thumb_media_id,omitempty"`     // the cover: the media ID of a material

	// If one of these is nil, the platform decides; see [NewFlag]. The official page no
	// longer lists ShowCover, but older accounts show the cover in the article unless it
	// is false.
	OpenComment     *Flag `json:"need_open_comment,omitempty"`
	FansOnlyComment *Flag `json:"only_fans_can_comment,omitempty"`
	ShowCover       *Flag `json:"show_cover_pic,omitempty"`

	// Crop235x1 and Crop1x1 crop the cover to 2.35:1 and to a square. The form is
	// X1_Y1_X2_Y2, in fractions of the cover's size from the top left corner, such as
	// "0.1945_0_1_0.5236".
	Crop235x1 string `json:"pic_crop_235_1,omitempty"`
	Crop1x1   string `json:"pic_crop_1_1,omitempty"`

	Images     []ArticleImage   `json:"-"` // up to 20; the first is the cover
	Crops      []DraftCoverCrop `json:"-"` // of the cover, if Type is ArticleTypePictures
	ProductKey string           `json:"-"` // of the product below the article, from GetProductCard

	ThumbURL string `json:"thumb_url,omitempty"` // of the cover, only received
	URL      string `json:"url,omitempty"`       // of a temporary preview, only received
}

// NewFlag returns a pointer to a Flag, for settings that are optional.
func NewFlag(on bool) *Flag {
	f := Flag(on)
	return &f
}

// ArticleImage is a picture of an article.
type ArticleImage struct {
	MediaID string `json:"image_media_id"` // a material
}

// DraftCoverCrop is the part of a cover that is shown at an aspect ratio. The coordinates
// are fractions of the picture's size, from the top left corner and with up to 6
// decimals, such as "0.166454".
type DraftCoverCrop struct {
	Ratio DraftCoverRatio `json:"ratio"`
	X1    string          `json:"x1"`
	Y1    string          `json:"y1"`
	X2    string          `json:"x2"`
	Y2    string          `json:"y2"`
}

// DraftCoverRatio is an aspect ratio of a cover.
type DraftCoverRatio string

// The aspect ratios of covers.
const (
	DraftCoverRatio1x1   DraftCoverRatio = "1_1"
	DraftCoverRatio16x9  DraftCoverRatio = "16_9"
	DraftCoverRatio235x1 DraftCoverRatio = "2.35_1"
)

type (
	draftFields DraftArticle

	draftWire struct {
		*draftFields
		Images  *ArticleImages `json:"image_info,omitempty"`
		Cover   *draftCover    `json:"cover_info,omitempty"`
		Product *draftProduct  `json:"product_info,omitempty"`
	}
	draftCover struct {
		Crops []DraftCoverCrop `json:"crop_percent_list"`
	}
	draftProduct struct {
		Footer struct {
			Key string `json:"product_key"`
		} `json:"footer_product_info"`
	}
)

// MarshalJSON nests the fields as the platform expects them.
func (a DraftArticle) MarshalJSON() ([]byte, error) {
	wire := draftWire{draftFields: (*draftFields)(&a)}
	if len(a.Images) > 0 {
		wire.Images = &ArticleImages{a.Images}
	}
	if len(a.Crops) > 0 {
		wire.Cover = &draftCover{a.Crops}
	}
	if a.ProductKey != "" {
		wire.Product = &draftProduct{}
		wire.Product.Footer.Key = a.ProductKey
	}
	return wirejson.Encode(wire)
}

// UnmarshalJSON accepts the fields as the platform nests them.
func (a *DraftArticle) UnmarshalJSON(data []byte) error {
	wire := draftWire{draftFields: (*draftFields)(a)}
	if err := decodeJSON(data, &wire); err != nil {
		return err
	}
	if wire.Images != nil {
		a.Images = wire.Images.Images
	}
	if wire.Cover != nil {
		a.Crops = wire.Cover.Crops
	}
	if wire.Product != nil {
		a.ProductKey = wire.Product.Footer.Key
	}
	return nil
}

const (
	maxDraftArticles = 8
	maxDraftTitle    = 64
	maxDraftImages   = 20
	maxDraftProducts = 50 // in an article of pictures

	productTag = "<mp-common-product" // in the HTML that [Client.GetProductCard] returns; text links are not counted
)

func (a DraftArticle) check(argument string) error {
	err := first(
		notEmpty(argument+".Title", a.Title),
		maxRunes(argument+".Title", a.Title, maxDraftTitle),
		maxRunes(argument+".Author", a.Author, 16),
		maxRunes(argument+".Digest", a.Digest, 128),
		notEmpty(argument+".Content", a.Content),
		maxRunes(argument+".Content", a.Content, 20_000-1),
		maxBytes(argument+".Content", a.Content, 1<<20),
		maxBytes(argument+".ContentSourceURL", a.ContentSourceURL, 1<<10),
		elements(argument+".Images", len(a.Images), 0, maxDraftImages),
	)
	switch {
	case err != nil:
		return err
	case a.Type == ArticleTypePictures && len(a.Images) == 0:
		return invalid(argument+".Images", "must not be empty if Type is ArticleTypePictures")
	case a.Type == ArticleTypePictures && strings.Count(a.Content, productTag) > maxDraftProducts:
		return invalid(argument+".Content", "must have at most %d products, but has %d", maxDraftProducts, strings.Count(a.Content, productTag))
	case a.Type == "" || a.Type == ArticleTypeNews:
		return notEmpty(argument+".ThumbMediaID", a.ThumbMediaID)
	}
	return nil
}

type draftArticles struct {
	Articles []DraftArticle `json:"articles"`
}

func (d draftArticles) check() error {
	if err := elements("articles", len(d.Articles), 1, maxDraftArticles); err != nil {
		return err
	}
	return each("articles", d.Articles, func(at string, a DraftArticle) error { return a.check(at) })
}

// CreateDraft saves 1 to 8 articles as a draft and returns its media ID (新增草稿).
// [Client.SendMass] sends a draft and [Client.PublishDraft] publishes it; either removes
// it from the drafts. The quota is 1,000 calls a day.
//
// https://developers.weixin.qq.com/doc/service/api/draftbox/draftmanage/api_draft_add
func (c *Client) CreateDraft(ctx context.Context, articles ...DraftArticle) (string, error) {
	created, err := post[mediaRef](ctx, c, "/cgi-bin/draft/add", draftArticles{articles})
	if err != nil {
		return "", err
	}
	return created.MediaID, nil
}

type draftUpdate struct {
	MediaID string       `json:"media_id"`
	Index   int          `json:"index"`
	Article DraftArticle `json:"articles"`
}

func (u draftUpdate) check() error {
	return first(notEmpty("mediaID", u.MediaID), notNegative("index", u.Index), u.Article.check("article"))
}

// UpdateDraft replaces one article of a draft (更新草稿); the first article has index 0.
// The quota is 1,000 calls a day.
//
// https://developers.weixin.qq.com/doc/service/api/draftbox/draftmanage/api_draft_update
func (c *Client) UpdateDraft(ctx context.Context, mediaID string, index int, article DraftArticle) error {
	return c.post(ctx, "/cgi-bin/draft/update", draftUpdate{mediaID, index, article}, idempotent)
}

// Draft is the content of a draft.
type Draft struct {
	Articles   []DraftArticle `json:"news_item"`
	CreateTime Timestamp      `json:"create_time"`
	UpdateTime Timestamp      `json:"update_time"`
}

// GetDraft returns a draft (获取草稿详情). It returns [ErrInvalidMediaID] if there is
// no such draft or it was sent or published. The quota is 500 calls a day.
//
// https://developers.weixin.qq.com/doc/service/api/draftbox/draftmanage/api_getdraft
func (c *Client) GetDraft(ctx context.Context, mediaID string) (*Draft, error) {
	return post[Draft](ctx, c, "/cgi-bin/draft/get", mediaRef{mediaID}, idempotent)
}

// DeleteDraft permanently deletes a draft (删除草稿). It returns [ErrInvalidMediaID] if
// there is no such draft. The quota is 1,000 calls a day.
//
// https://developers.weixin.qq.com/doc/service/api/draftbox/draftmanage/api_draft_delete
func (c *Client) DeleteDraft(ctx context.Context, mediaID string) error {
	return c.post(ctx, "/cgi-bin/draft/delete", mediaRef{mediaID}, idempotent, alreadyDone(ErrInvalidMediaID))
}

// GetDraftCount returns the number of drafts (获取草稿的总数, 获取草稿总数). The quota
// is 1,000 calls a day.
//
// https://developers.weixin.qq.com/doc/service/api/draftbox/draftmanage/api_draft_count
func (c *Client) GetDraftCount(ctx context.Context) (int64, error) {
	count, err := get[struct {
		Total int64 `json:"total_count"`
	}](ctx, c, "/cgi-bin/draft/count", nil)
	if err != nil {
		return 0, err
	}
	return count.Total, nil
}

// DraftPage is a page of drafts.
type DraftPage struct {
	Total int64       `json:"total_count"` // on all pages
	Count int64       `json:"item_count"`  // on this page
	Items []DraftItem `json:"item"`
}

// DraftItem is a draft in a list.
type DraftItem struct {
	Draft      `json:"content"`
	MediaID    string    `json:"media_id"`
	UpdateTime Timestamp `json:"update_time"`
}

// ListDraftsRequest selects a page of drafts.
type ListDraftsRequest struct {
	Offset, Count  int  // Count is 1 to 20
	WithoutContent bool // omits the text of the articles
}

// ListDrafts returns a page of drafts (获取草稿列表). The quota is 1,000 calls a day.
//
// https://developers.weixin.qq.com/doc/service/api/draftbox/draftmanage/api_draft_batchget
func (c *Client) ListDrafts(ctx context.Context, req ListDraftsRequest) (*DraftPage, error) {
	return post[DraftPage](ctx, c, "/cgi-bin/draft/batchget", articlePage{req.Offset, req.Count, Flag(req.WithoutContent)}, idempotent)
}

// articlePage selects a page of drafts or of publications.
type articlePage struct {
	Offset         int  `json:"offset"`
	Count          int  `json:"count"`
	WithoutContent Flag `json:"no_content"`
}

func (p articlePage) check() error {
	return first(notNegative("Offset", p.Offset), within("Count", p.Count, 1, maxPage))
}

// AllDrafts iterates over the drafts with their text (获取草稿列表), in pages of 20.
// Deleting or publishing drafts during the iteration shifts the remaining ones, so
// collect the drafts before changing them.
//
// https://developers.weixin.qq.com/doc/service/api/draftbox/draftmanage/api_draft_batchget
func (c *Client) AllDrafts(ctx context.Context) iter.Seq2[DraftItem, error] {
	return byOffset(func(offset int) ([]DraftItem, int64, error) {
		page, err := c.ListDrafts(ctx, ListDraftsRequest{Offset: offset, Count: maxPage})
		if err != nil {
			return nil, 0, err
		}
		return page.Items, page.Total, nil
	})
}

// ProductCardType is the form in which an article shows a product.
type ProductCardType int

// The forms of products in articles.
const (
	ProductCardLarge ProductCardType = 0
	ProductCardSmall ProductCardType = 1
	ProductCardLink  ProductCardType = 2 // a text link
	ProductCardStrip ProductCardType = 3
)

// ProductCard contains what an article needs to show a product of the account's shop.
type ProductCard struct {
	ProductKey string `json:"product_key"` // for DraftArticle.ProductKey
	DOM        string `json:"DOM"`         // HTML for DraftArticle.Content
}

// GetProductCard returns what an article needs to show a product
// (获取商品卡片的DOM结构, 获取商品卡片DOM结构).
//
// https://developers.weixin.qq.com/doc/service/api/draftbox/shop/api_ecsgetproductcardinfo
func (c *Client) GetProductCard(ctx context.Context, productID string, articleType ArticleType, cardType ProductCardType) (*ProductCard, error) {
	if err := first(notEmpty("productID", productID), notEmpty("articleType", string(articleType))); err != nil {
		return nil, err
	}
	body := struct {
		ProductID   string          `json:"product_id"`
		ArticleType ArticleType     `json:"article_type"`
		CardType    ProductCardType `json:"card_type"`
	}{productID, articleType, cardType}
	return post[ProductCard](ctx, c, "/channels/ec/service/product/getcardinfo", body, idempotent)
}

// OpenDraftBox turns the draft box on (草稿箱开关设置). This cannot be undone.
//
// https://developers.weixin.qq.com/doc/service/api/draftbox/draftmanage/api_draft_switch
//
// Deprecated: the draft box is on for every account; use [Client.CreateDraft].
func (c *Client) OpenDraftBox(ctx context.Context) error {
	return c.Do(ctx, draftSwitch(params()), nil)
}

// IsDraftBoxOpen reports whether the draft box is on (草稿箱开关设置).
//
// https://developers.weixin.qq.com/doc/service/api/draftbox/draftmanage/api_draft_switch
//
// Deprecated: the draft box is on for every account; use [Client.CreateDraft].
func (c *Client) IsDraftBoxOpen(ctx context.Context) (bool, error) {
	res, err := do[struct {
		IsOpen bool `json:"is_open"`
	}](ctx, c, draftSwitch(params("checkonly", "1")))
	if err != nil {
		return false, err
	}
	return res.IsOpen, nil
}

func draftSwitch(query url.Values) Request {
	return Request{Method: http.MethodPost, Path: "/cgi-bin/draft/switch", Query: query, Idempotent: true}
}
