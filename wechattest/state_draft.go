package wechattest

import (
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/wechatoa/wechat"
)

const (
	maxArticles   = 8
	maxImages     = 20 // in an article of pictures
	titleRunes    = 64
	titleOnPage   = 32 // limit on the page
	authorRunes   = 16
	digestRunes   = 128
	contentRunes  = 20_000
	sourceBytes   = 1024
	autoDigest    = 54
	articleOfNews = "news"
	articleOfPics = "newspic"
)

// publications are drafts and published articles.
type publications struct {
	drafts      map[string]*draft
	draftList   []*draft // oldest first
	jobs        map[int64]*publishJob
	published   map[string]*publication // by article ID
	pubList     []*publication          // oldest first
	byData      map[int64]*publication  // by msg_data_id, including mass messages
	outcome     wechat.PublishStatus    // result of the next job
	lastComment int64                   // last user_comment_id
}

// draft is a message of articles.
type draft struct {
	id       string
	articles []map[string]any // as sent, with the platform's own fields
	created  time.Time
	changed  time.Time
	hidden   bool // created by uploadnews, not in the draft box
}

func (s *publications) init() {
	s.drafts, s.jobs = map[string]*draft{}, map[int64]*publishJob{}
	s.published, s.byData = map[string]*publication{}, map[int64]*publication{}
}

func (p *Platform) draftRoutes() map[string]behavior {
	return map[string]behavior{
		"/cgi-bin/draft/switch":   p.switchDrafts,
		"/cgi-bin/draft/add":      p.addDraft,
		"/cgi-bin/draft/update":   p.updateDraft,
		"/cgi-bin/draft/get":      p.getDraft,
		"/cgi-bin/draft/delete":   p.deleteDraft,
		"/cgi-bin/draft/count":    p.countDrafts,
		"/cgi-bin/draft/batchget": p.listDrafts,
	}
}

func (p *Platform) switchDrafts(*call) (any, error) {
	return map[string]any{"errcode": 0, "errmsg": "ok", "is_open": 1}, nil
}

// articlesIn reads the articles of a request.
func (p *Platform) articlesIn(c *call) ([]map[string]any, error) {
	list, _ := c.fields["articles"].([]any)
	if len(list) == 0 || len(list) > maxArticles {
		return nil, refuse(wechat.ErrTooManyArticles, "article count out of limit")
	}
	articles := make([]map[string]any, 0, len(list))
	for _, item := range list {
		object, _ := item.(map[string]any)
		a, err := p.article(c, object)
		if err != nil {
			return nil, err
		}
		articles = append(articles, a)
	}
	if digest, _ := articles[0]["digest"].(string); digest == "" && len(articles) == 1 {
		content, _ := articles[0]["content"].(string)
		articles[0]["digest"] = firstRunes(markup.ReplaceAllString(content, ""), autoDigest)
	}
	return articles, nil
}

func firstRunes(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}

// article validates an article and adds the platform's own fields.
func (p *Platform) article(c *call, in map[string]any) (map[string]any, error) {
	text := func(name string) string {
		s, _ := in[name].(string)
		return s
	}
	title := titleRunes
	if p.set.keeps(RuleLength) {
		title = titleOnPage
	}
	switch {
	case text("title") == "" || utf8.RuneCountInString(text("title")) > title:
		return nil, refuse(wechat.ErrTitleTooLong, "title size out of limit")
	case utf8.RuneCountInString(text("author")) > authorRunes:
		return nil, refuse(45110, "author size out of limit")
	case utf8.RuneCountInString(text("digest")) > digestRunes:
		return nil, refuse(wechat.ErrDescriptionTooLong, "description size out of limit")
	case text("content") == "":
		return nil, refuse(45166, "invalid content")
	case utf8.RuneCountInString(text("content")) >= contentRunes:
		return nil, refuse(wechat.ErrContentTooLong, "content size out of limit")
	case len(text("content_source_url")) > sourceBytes:
		return nil, refuse(wechat.ErrInvalidURLSize, "invalid url size")
	}
	out := maps.Clone(in)
	delete(out, "articles")
	if text("article_type") == articleOfPics {
		return out, p.checkPictures(c, in)
	}
	if c.Path != "/cgi-bin/media/uploadnews" {
		out["article_type"] = articleOfNews
	}
	thumb, err := p.findMedia(text("thumb_media_id"))
	if err != nil || !thumb.isImage() || !thumb.end.IsZero() && c.Path != "/cgi-bin/media/uploadnews" {
		return nil, refuse(wechat.ErrInvalidMediaID, "invalid media_id")
	}
	out["thumb_url"] = thumb.url
	for _, name := range []string{"show_cover_pic", "need_open_comment", "only_fans_can_comment"} {
		if out[name] == nil {
			out[name] = 0
		}
	}
	for _, name := range []string{"author", "digest", "content_source_url"} {
		out[name] = text(name)
	}
	out["url"] = "http://mp.weixin.qq.com/s?__biz=" + random(letters, 16) + "&tempkey=" + random(letters, 32)
	return out, nil
}

func (p *Platform) checkPictures(c *call, in map[string]any) error {
	info, _ := in["image_info"].(map[string]any)
	list, _ := info["image_list"].([]any)
	if len(list) == 0 || len(list) > maxImages {
		return c.missing("articles.image_info.image_list")
	}
	for _, item := range list {
		object, _ := item.(map[string]any)
		id, _ := object["image_media_id"].(string)
		if m, err := p.findMaterial(id); err != nil || !m.isImage() {
			return refuse(wechat.ErrInvalidMediaID, "invalid media_id")
		}
	}
	return nil
}

func (p *Platform) addDraft(c *call) (any, error) {
	articles, err := p.articlesIn(c)
	if err != nil {
		return nil, err
	}
	d := &draft{id: random(urlSafe, 64), articles: articles, created: c.At, changed: c.At}
	p.drafts[d.id] = d
	p.draftList = append(p.draftList, d)
	return map[string]any{"media_id": d.id}, nil
}

// findDraft returns a draft from the draft box.
func (p *Platform) findDraft(id string) (*draft, error) {
	if d := p.drafts[id]; d != nil && !d.hidden {
		return d, nil
	}
	return nil, refuse(wechat.ErrInvalidMediaID, "invalid media_id")
}

func (p *Platform) updateDraft(c *call) (any, error) {
	d, err := p.findDraft(c.text("media_id"))
	if err != nil {
		return nil, err
	}
	var in struct {
		Index int `json:"index"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if in.Index < 0 || in.Index >= len(d.articles) {
		return nil, refuse(40114, "invalid index")
	}
	object, _ := c.fields["articles"].(map[string]any)
	a, err := p.article(c, object)
	if err != nil {
		return nil, err
	}
	d.articles[in.Index], d.changed = a, c.At
	return okay{}, nil
}

func (p *Platform) getDraft(c *call) (any, error) {
	d, err := p.findDraft(c.text("media_id"))
	if err != nil {
		return nil, err
	}
	return newsContent(d.articles, d.created, d.changed, false), nil
}

// newsContent returns articles with or without their content.
func newsContent(articles []map[string]any, created, changed time.Time, noContent bool) map[string]any {
	items := make([]any, 0, len(articles))
	for _, a := range articles {
		a = maps.Clone(a)
		if noContent {
			delete(a, "content")
		}
		items = append(items, a)
	}
	return map[string]any{"news_item": items, "create_time": created.Unix(), "update_time": changed.Unix()}
}

func (p *Platform) deleteDraft(c *call) (any, error) {
	d, err := p.findDraft(c.text("media_id"))
	if err != nil {
		return nil, err
	}
	p.dropDraft(d)
	return okay{}, nil
}

func (p *Platform) dropDraft(d *draft) {
	delete(p.drafts, d.id)
	p.draftList = slices.DeleteFunc(p.draftList, func(other *draft) bool { return other == d })
}

func (p *Platform) countDrafts(*call) (any, error) {
	return map[string]any{"total_count": len(p.draftList)}, nil
}

func (p *Platform) listDrafts(c *call) (any, error) {
	return listNews(c, p.draftList, func(d *draft, noContent bool) map[string]any {
		return map[string]any{
			"media_id": d.id, "update_time": d.changed.Unix(), "content": newsContent(d.articles, d.created, d.changed, noContent),
		}
	})
}

// listNews returns a page of drafts or publications, newest first.
func listNews[T any](c *call, all []T, item func(v T, noContent bool) map[string]any) (any, error) {
	newest := slices.Clone(all)
	slices.Reverse(newest)
	page, err := pageIn(c, newest)
	if err != nil {
		return nil, err
	}
	var in struct {
		NoContent int `json:"no_content"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	items := make([]any, 0, len(page))
	for _, v := range page {
		items = append(items, item(v, in.NoContent == 1))
	}
	return map[string]any{"total_count": len(all), "item_count": len(items), "item": items}, nil
}

// flagged reports whether a flag of an article is set.
func flagged(a map[string]any, name string) bool {
	switch v := a[name].(type) {
	case int:
		return v == 1
	case interface{ String() string }:
		n, _ := strconv.Atoi(v.String())
		return n == 1
	}
	return false
}
