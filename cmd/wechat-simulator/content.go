package main

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wechatoa/wechat/wechattest"
)

// qrcodeJSON is a QR code of the account.
type qrcodeJSON struct {
	Ticket    string     `json:"ticket"`
	Scene     string     `json:"scene"`
	URL       string     `json:"url"`
	Permanent bool       `json:"permanent"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	Expired   bool       `json:"expired"`
	ImageURL  string     `json:"image_url"`
}

// listQRCodes lists the QR codes, newest first.
func (s *simulator) listQRCodes(*http.Request) (any, error) {
	p := s.current()
	list := []qrcodeJSON{}
	for _, q := range slices.Backward(p.QRCodes()) {
		out := qrcodeJSON{
			Ticket: q.Ticket, Scene: q.Scene, URL: q.URL, Permanent: q.ExpireTime.IsZero(),
			ImageURL: "/cgi-bin/showqrcode?ticket=" + url.QueryEscape(q.Ticket),
		}
		if !out.Permanent {
			out.ExpiresAt, out.Expired = &q.ExpireTime, !p.Now().Before(q.ExpireTime)
		}
		list = append(list, out)
	}
	return map[string]any{"qrcodes": list}, nil
}

// publicationJSON is a set of published articles.
type publicationJSON struct {
	ID        string        `json:"id"` // article_id, or msg_data_id of a mass message
	ArticleID string        `json:"article_id,omitempty"`
	MsgDataID int64         `json:"msg_data_id,string"`
	At        time.Time     `json:"at"`
	Items     []articleItem `json:"items"`
}

// articleItem is an article, with its content and comments if one publication is asked for.
type articleItem struct {
	Index        int    `json:"index"`
	Title        string `json:"title"`
	Author       string `json:"author"`
	Digest       string `json:"digest"`
	ThumbMediaID string `json:"thumb_media_id"`
	URL          string `json:"url"`
	Deleted      bool   `json:"deleted"`
	CommentsOpen bool   `json:"comments_open"`
	Content      string `json:"content,omitempty"`
	Comments     any    `json:"comments"` // their number in a list
}

type commentJSON struct {
	ID       int64     `json:"id,string"`
	OpenID   string    `json:"openid"`
	Nickname string    `json:"nickname"`
	Content  string    `json:"content"`
	At       time.Time `json:"at"`
	Elected  bool      `json:"elected"`
	Reply    string    `json:"reply,omitempty"`
}

func (s *simulator) listArticles(*http.Request) (any, error) {
	p := s.current()
	list := []publicationJSON{}
	for _, pub := range p.Publications() {
		list = append(list, publicationOf(p, pub, false))
	}
	return map[string]any{"articles": list}, nil
}

// getArticle returns the publication with an article_id or a msg_data_id.
func (s *simulator) getArticle(r *http.Request) (any, error) {
	p, id := s.current(), r.PathValue("id")
	for _, pub := range p.Publications() {
		if id == pub.ArticleID || id == strconv.FormatInt(pub.MsgDataID, 10) {
			return publicationOf(p, pub, true), nil
		}
	}
	return nil, notFound("article %q does not exist", id)
}

func publicationOf(p *wechattest.Platform, pub wechattest.Publication, whole bool) publicationJSON {
	out := publicationJSON{ID: pub.ArticleID, ArticleID: pub.ArticleID, MsgDataID: pub.MsgDataID, At: pub.CreateTime, Items: []articleItem{}}
	if out.ID == "" {
		out.ID = strconv.FormatInt(pub.MsgDataID, 10)
	}
	for i, a := range pub.Articles {
		it := articleItem{
			Index: i, Title: a.Title, Author: a.Author, Digest: a.Digest, ThumbMediaID: a.ThumbMediaID, URL: a.URL, Deleted: a.IsDeleted,
			CommentsOpen: a.CommentsOpen, Comments: len(a.Comments),
		}
		if whole {
			it.Content, it.Comments = a.Content, commentsOf(p, a)
		}
		out.Items = append(out.Items, it)
	}
	return out
}

func commentsOf(p *wechattest.Platform, a wechattest.PublishedArticle) []commentJSON {
	list := []commentJSON{}
	for _, c := range a.Comments {
		out := commentJSON{ID: c.ID, OpenID: c.OpenID, Content: c.Content, At: c.CreateTime.Time, Elected: c.Featured}
		if f := p.Follower(c.OpenID); f != nil {
			out.Nickname = f.Nickname()
		}
		if c.Reply != nil {
			out.Reply = c.Reply.Content
		}
		list = append(list, out)
	}
	return list
}

type templateJSON struct {
	ID      string `json:"template_id"`
	Title   string `json:"title"`
	Content string `json:"content"`
	Example string `json:"example"`
}

func (s *simulator) listTemplates(*http.Request) (any, error) {
	p := s.current()
	all := map[string]any{}
	for name, templates := range map[string][]wechattest.Template{
		"templates": p.Templates(), "subscribe_templates": p.SubscribeTemplates(),
	} {
		list := []templateJSON{}
		for _, t := range templates {
			list = append(list, templateJSON(t))
		}
		all[name] = list
	}
	return all, nil
}

// shownTypes are the types of files that a browser shows or plays, and that cannot contain
// a script.
var shownTypes = []string{
	"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "audio/mpeg", "audio/wave", "audio/ogg", "audio/aiff",
	"video/mp4", "video/webm",
}

// getMedia serves a file of the account. A browser shows it only if its content, whatever
// type it was uploaded with, is a picture, a sound or a video.
func (s *simulator) getMedia(w http.ResponseWriter, r *http.Request) {
	file, ok := s.current().Media(r.PathValue("id"))
	if !ok {
		writeError(w, http.StatusNotFound, "the media ID does not exist, or has expired")
		return
	}
	kind := http.DetectContentType(file.Data)
	disposition := "inline"
	if !slices.Contains(shownTypes, kind) {
		kind, disposition = "application/octet-stream", "attachment"
	}
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": safeName(file.Name)}))
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(file.Data)))
}

// safeName returns the name of a file without what has a meaning in a path or a header.
func safeName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`/\"`, r) {
			return '_'
		}
		return r
	}, name)
	if name == "" {
		return "file"
	}
	return fmt.Sprintf("%.100s", name)
}
