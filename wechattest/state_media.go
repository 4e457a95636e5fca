package wechattest

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wechatoa/wechat"
)

const mediaLife = 3 * 24 * time.Hour

// files are the account's temporary media and permanent materials.
type files struct {
	media     map[string]*medium
	materials []*medium // oldest first
}

// medium is an uploaded file, or anything else with a media ID.
type medium struct {
	id, kind string // image, voice, video, thumb or news
	file     File
	title    string // of a video
	intro    string // of a video
	url      string // of a permanent image
	changed  time.Time
	end      time.Time // zero if permanent
}

func (s *files) init() { s.media = map[string]*medium{} }

func (p *Platform) mediaRoutes() map[string]behavior {
	return map[string]behavior{
		"/cgi-bin/media/upload":      p.uploadMedia,
		"/cgi-bin/media/get":         p.getMedia,
		"/cgi-bin/media/get/jssdk":   p.getVoice,
		"/cgi-bin/media/uploadimg":   p.uploadImage,
		"/cgi-bin/media/uploadvideo": p.convertVideo,
		"/cgi-bin/media/uploadnews":  p.uploadNews,
	}
}

func (p *Platform) materialRoutes() map[string]behavior {
	return map[string]behavior{
		"/cgi-bin/material/add_material":      p.addMaterial,
		"/cgi-bin/material/get_material":      p.getMaterial,
		"/cgi-bin/material/del_material":      p.deleteMaterial,
		"/cgi-bin/material/get_materialcount": p.countMaterials,
		"/cgi-bin/material/batchget_material": p.listMaterials,
	}
}

// AddMedia stores a temporary file without an API call and returns its media ID. It can be
// a file that a follower sends. The file expires after three days.
func (p *Platform) AddMedia(mediaType wechat.MediaType, file File) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keepMedia(string(mediaType), file).id
}

// AddMaterial stores a permanent file without an API call and returns its media ID.
func (p *Platform) AddMaterial(mediaType wechat.MediaType, file File) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keepMaterial(string(mediaType), file).id
}

// Media returns the file with a media ID, temporary or permanent. ok is false if there is
// none or it has expired.
func (p *Platform) Media(mediaID string) (file File, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, err := p.findMedia(mediaID)
	if err != nil {
		return File{}, false
	}
	return m.file, true
}

func (p *Platform) keepMedia(kind string, f File) *medium {
	m := &medium{id: random(urlSafe, 64), kind: kind, file: f, changed: p.now(), end: p.now().Add(mediaLife)}
	p.media[m.id] = m
	return m
}

func (p *Platform) keepMaterial(kind string, f File) *medium {
	m := &medium{id: random(urlSafe, 64), kind: kind, file: f, changed: p.now()}
	if m.isImage() {
		m.url = "http://mmbiz.qpic.cn/mmbiz_jpg/" + random(urlSafe, 32) + "/0?wx_fmt=jpeg"
	}
	p.media[m.id] = m
	p.materials = append(p.materials, m)
	return m
}

func (m *medium) isImage() bool { return m.kind == "image" || m.kind == "thumb" }

// findMedia returns the medium with an ID, unless it has expired.
func (p *Platform) findMedia(id string) (*medium, error) {
	m := p.media[id]
	if m == nil || !m.end.IsZero() && !p.now().Before(m.end) {
		return nil, refuse(wechat.ErrInvalidMediaID, "invalid media_id")
	}
	return m, nil
}

func (p *Platform) findMaterial(id string) (*medium, error) {
	m, err := p.findMedia(id)
	if err == nil && !m.end.IsZero() {
		return nil, refuse(wechat.ErrInvalidMediaID, "invalid media_id")
	}
	return m, err
}

func (p *Platform) checkMediaID(id string) error {
	_, err := p.findMedia(id)
	return err
}

// fileRule is the limit of a media type.
type fileRule struct {
	bytes      int
	code       wechat.Code // of larger files
	extensions []string
}

func ruleOf(kind string, permanent bool) (fileRule, bool) {
	switch kind {
	case "image":
		return fileRule{10 << 20, wechat.ErrInvalidImageSize, []string{".png", ".jpeg", ".jpg", ".gif", ".bmp"}}, true
	case "voice":
		rule := fileRule{2 << 20, 40010, []string{".amr", ".mp3"}}
		if permanent {
			rule.extensions = append(rule.extensions, ".wma", ".wav")
		}
		return rule, true
	case "video":
		return fileRule{10 << 20, 40011, []string{".mp4"}}, true
	case "thumb":
		return fileRule{64 << 10, 40012, []string{".jpg", ".jpeg"}}, true
	}
	return fileRule{}, false
}

func (r fileRule) check(f File) error {
	if !slices.Contains(r.extensions, strings.ToLower(filepath.Ext(f.Name))) {
		return refuse(wechat.ErrInvalidFileType, "invalid file type")
	}
	if len(f.Data) > r.bytes {
		return refuse(r.code, "invalid file size")
	}
	return nil
}

// uploaded returns the media type and the file of a call, after validation.
func (c *call) uploaded(permanent bool) (string, File, error) {
	kind, f := c.param("type"), c.Form.Files["media"]
	rule, ok := ruleOf(kind, permanent)
	if !ok {
		return kind, f, refuse(wechat.ErrInvalidMediaType, "invalid media type")
	}
	return kind, f, rule.check(f)
}

func (p *Platform) uploadMedia(c *call) (any, error) {
	kind, f, err := c.uploaded(false)
	if err != nil {
		return nil, err
	}
	m := p.keepMedia(kind, f)
	name := "media_id"
	if kind == "thumb" {
		name = "thumb_media_id"
	}
	return map[string]any{"type": kind, name: m.id, "created_at": c.At.Unix()}, nil
}

func (p *Platform) getMedia(c *call) (any, error) {
	m, err := p.findMedia(c.param("media_id"))
	if err != nil {
		return nil, err
	}
	if m.kind == "video" {
		return map[string]any{"video_url": "http://203.205.158.83/" + m.id + ".mp4"}, nil
	}
	return m.download(), nil
}

// getVoice returns a voice recording in the format of the JS-SDK.
func (p *Platform) getVoice(c *call) (any, error) {
	m, err := p.findMedia(c.param("media_id"))
	if err != nil || m.kind != "voice" {
		return nil, refuse(wechat.ErrInvalidMediaID, "invalid media_id")
	}
	return m.download(), nil
}

// download returns the content of a file.
func (m *medium) download() *answer {
	kind := m.file.ContentType
	if kind == "" || kind == "application/octet-stream" {
		kind = http.DetectContentType(m.file.Data)
	}
	name := m.id[:16] + filepath.Ext(m.file.Name)
	return &answer{
		status: http.StatusOK, body: m.file.Data,
		header: http.Header{"Content-Type": {kind}, "Content-Disposition": {`attachment; filename="` + name + `"`}},
	}
}

// uploadImage stores a picture for article content, which only has a URL.
func (p *Platform) uploadImage(c *call) (any, error) {
	rule := fileRule{1 << 20, wechat.ErrInvalidImageSize, []string{".png", ".jpg", ".jpeg"}}
	if err := rule.check(c.Form.Files["media"]); err != nil {
		return nil, err
	}
	return map[string]any{"errcode": 0, "errmsg": "ok", "url": "http://mmbiz.qpic.cn/mmbiz_jpg/" + random(urlSafe, 32) + "/0"}, nil
}

// convertVideo prepares a video for mass messages.
func (p *Platform) convertVideo(c *call) (any, error) {
	m, err := p.findMedia(c.text("media_id"))
	if err != nil || m.kind != "video" {
		return nil, refuse(wechat.ErrInvalidMediaID, "invalid media_id")
	}
	made := p.keepMedia("video", m.file)
	made.title, made.intro = c.text("title"), c.text("description")
	return map[string]any{"type": "video", "media_id": made.id, "created_at": c.At.Unix()}, nil
}

// uploadNews stores articles for mass messages.
func (p *Platform) uploadNews(c *call) (any, error) {
	articles, err := p.articlesIn(c)
	if err != nil {
		return nil, err
	}
	m := p.keepMedia("news", File{})
	p.drafts[m.id] = &draft{id: m.id, articles: articles, changed: c.At, hidden: true}
	return map[string]any{"type": "news", "media_id": m.id, "created_at": c.At.Unix()}, nil
}

func (p *Platform) addMaterial(c *call) (any, error) {
	kind, f, err := c.uploaded(true)
	if err != nil {
		return nil, err
	}
	var about struct {
		Title        string `json:"title"`
		Introduction string `json:"introduction"`
	}
	if kind == "video" {
		if json.Unmarshal([]byte(c.formText("description")), &about) != nil || about.Title == "" {
			return nil, refuse(wechat.ErrMalformedJSON, "data format error: description")
		}
	}
	m := p.keepMaterial(kind, f)
	m.title, m.intro = about.Title, about.Introduction
	out := map[string]any{"media_id": m.id}
	if m.isImage() {
		out["url"] = m.url
	}
	return out, nil
}

func (p *Platform) getMaterial(c *call) (any, error) {
	m, err := p.findMaterial(c.text("media_id"))
	if err != nil {
		return nil, err
	}
	if m.kind == "video" {
		return map[string]any{"title": m.title, "description": m.intro, "down_url": "http://203.205.158.83/" + m.id + ".mp4"}, nil
	}
	return m.download(), nil
}

func (p *Platform) deleteMaterial(c *call) (any, error) {
	m, err := p.findMaterial(c.text("media_id"))
	if err != nil {
		return nil, err
	}
	delete(p.media, m.id)
	p.materials = slices.DeleteFunc(p.materials, func(other *medium) bool { return other == m })
	return okay{}, nil
}

func (p *Platform) countMaterials(*call) (any, error) {
	out := map[string]any{}
	for _, kind := range []string{"voice", "video", "image", "news"} {
		out[kind+"_count"] = len(p.materialsOf(kind))
	}
	return out, nil
}

func (p *Platform) materialsOf(kind string) []*medium {
	var list []*medium
	for _, m := range slices.Backward(p.materials) {
		if m.kind == kind || kind == "image" && m.kind == "thumb" {
			list = append(list, m)
		}
	}
	return list
}

const maxPage = 20

// pageIn returns the part of a list that offset and count select.
func pageIn[T any](c *call, list []T) ([]T, error) {
	var in struct {
		Offset int `json:"offset"`
		Count  int `json:"count"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if in.Offset < 0 {
		return nil, c.unknownValue("offset")
	}
	if in.Count < 1 || in.Count > maxPage {
		return nil, c.unknownValue("count")
	}
	begin := min(in.Offset, len(list))
	return list[begin:min(begin+in.Count, len(list))], nil
}

func (p *Platform) listMaterials(c *call) (any, error) {
	all := p.materialsOf(c.text("type"))
	page, err := pageIn(c, all)
	if err != nil {
		return nil, err
	}
	items := make([]any, 0, len(page))
	for _, m := range page {
		items = append(items, map[string]any{"media_id": m.id, "name": m.file.Name, "update_time": m.changed.Unix(), "url": m.url})
	}
	return map[string]any{"total_count": len(all), "item_count": len(items), "item": items}, nil
}
