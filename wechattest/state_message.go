package wechattest

import (
	"slices"
	"time"

	"github.com/wechatoa/wechat"
)

const (
	replyWindow   = 48 * time.Hour // after a message of the user
	replyCount    = 5
	actionWindow  = time.Minute // after a click, a follow or a scan
	actionCount   = 3
	textBytes     = 2048
	typingWindow  = 30 * time.Second
	typingLife    = 15 * time.Second
	recordsWindow = 24 * time.Hour
	maxRecords    = 10_000
)

// Via is how a message reached a follower.
type Via string

// The ways in which messages arrive.
const (
	ViaReply            Via = "reply"            // the callback's reply to a push
	ViaCustomMessage    Via = "customer service" // see [wechat.Client.SendCustomMessage]
	ViaTemplateMessage  Via = "template"
	ViaSubscribeMessage Via = "subscription" // a notification that the user subscribed to
	ViaMassMessage      Via = "mass"
	ViaPreview          Via = "preview"  // the preview of a mass message
	ViaOneTimeMessage   Via = "one-time" // the message of a one-time subscription
	ViaNotice           Via = "notice"   // the platform's notice that the account is unavailable
)

// Received is a message that reached a follower.
type Received struct {
	Message

	At        time.Time
	Via       Via
	MsgID     int64  // of template and mass messages
	ReportID  int64  // ID of the [Report] of the push that the message follows, such as its reply
	RequestID string // of the [Call] that sent the message
}

// Message is a message from the account as a follower sees it.
type Message struct {
	Type         string // MsgType of a reply, or msgtype of a call
	Content      string // of a text
	MediaID      string
	ThumbMediaID string
	Title        string
	Description  string
	URL          string // of music, a link, a template message
	HQMusicURL   string // of music
	Articles     []Article
	MenuItems    []wechat.MenuMessageItem // of a menu message; its head and tail are in Content
	AppID        string                   // of a mini program
	PagePath     string
	CardID       string
	ArticleID    string // of published articles
	MsgDataID    int64  // of the articles of a mass message
	TemplateID   string
	Data         map[string]string // of a template message
	KFAccount    string            // the agent who sends the message, or takes over the session
	Raw          []byte            // as the account sent it, decrypted
}

// Article is one link of a news message.
type Article struct {
	Title       string
	Description string
	PictureURL  string
	URL         string
}

// conversations are the customer-service messages.
type conversations struct {
	records []record
}

// record is a customer-service message in the log.
type record struct {
	OpenID, Text, Worker string
	Code                 int
	At                   time.Time
}

const (
	agentSent = 2002
	userSent  = 2003
)

func (p *Platform) messageRoutes() map[string]behavior {
	return map[string]behavior{
		"/cgi-bin/message/custom/send":        p.sendCustom,
		"/cgi-bin/message/custom/typing":      p.setTyping,
		"/customservice/msgrecord/getmsglist": p.listRecords,
	}
}

func (f *Follower) receive(r Received) {
	r.At = f.p.now()
	f.received = remember(f.received, r)
	f.p.forgetReceived()
	f.p.notify(Observation{Kind: ObservationMessage, OpenID: f.OpenID, Message: &r})
}

func (p *Platform) sendCustom(c *call) (any, error) {
	f, err := p.known(c.text("touser"))
	if err != nil {
		return nil, err
	}
	m, err := p.customIn(c)
	if err != nil {
		return nil, err
	}
	if m.KFAccount != "" {
		if _, err := p.agent(m.KFAccount); err != nil {
			return nil, err
		}
	}
	if f.refuses {
		return nil, refuse(wechat.ErrMessagesRefused, "user refuse to accept message")
	}
	if err := f.takeReply(c.At); err != nil {
		return nil, err
	}
	f.typing = time.Time{}
	f.receive(Received{Message: m, Via: ViaCustomMessage, RequestID: c.RequestID})
	p.records = remember(p.records, record{OpenID: f.OpenID, Text: m.Content, Worker: m.KFAccount, Code: agentSent, At: c.At})
	return okay{}, nil
}

// takeReply counts a message against those that the account may send now.
func (f *Follower) takeReply(now time.Time) error {
	acted, wrote := now.Sub(f.acted) < actionWindow, now.Sub(f.wrote) < replyWindow
	switch {
	case !f.following || !acted && !wrote:
		return refuse(wechat.ErrReplyWindowClosed, "response out of time limit or subscription is canceled")
	case acted && f.afterAct < actionCount:
		f.afterAct++
	case wrote && f.afterWrote < replyCount:
		f.afterWrote++
	default:
		return refuse(wechat.ErrReplyLimit, "out of response count limit")
	}
	return nil
}

// contentIn is the content of customer-service and mass messages.
type contentIn struct {
	Type string `json:"msgtype"`

	Text struct {
		Content string `json:"content"`
	} `json:"text"`
	Image   mediaIn `json:"image"`
	Voice   mediaIn `json:"voice"`
	MPNews  mediaIn `json:"mpnews"`
	Video   videoIn `json:"video"`
	MPVideo videoIn `json:"mpvideo"`
	Images  struct {
		MediaIDs []string `json:"media_ids"`
		Title    string   `json:"title"`
	} `json:"images"`
	Music struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		URL         string `json:"musicurl"`
		HQURL       string `json:"hqmusicurl"`
		Thumb       string `json:"thumb_media_id"`
		MediaID     string `json:"media_id"`
	} `json:"music"`
	News struct {
		Articles []struct {
			Title       string `json:"title"`
			Description string `json:"description"`
			URL         string `json:"url"`
			PictureURL  string `json:"picurl"`
		} `json:"articles"`
	} `json:"news"`
	Article struct {
		ID string `json:"article_id"`
	} `json:"mpnewsarticle"`
	Menu struct {
		Head string                   `json:"head_content"`
		List []wechat.MenuMessageItem `json:"list"`
		Tail string                   `json:"tail_content"`
	} `json:"msgmenu"`
	Card struct {
		ID string `json:"card_id"`
	} `json:"wxcard"`
	MiniProgram struct {
		Title    string `json:"title"`
		AppID    string `json:"appid"`
		PagePath string `json:"pagepath"`
		Thumb    string `json:"thumb_media_id"`
	} `json:"miniprogrampage"`
	Link struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		URL         string `json:"url"`
	} `json:"link"`
	Agent struct {
		Account string `json:"kf_account"`
	} `json:"customservice"`
}

type mediaIn struct {
	MediaID string `json:"media_id"`
}

type videoIn struct {
	MediaID     string `json:"media_id"`
	Thumb       string `json:"thumb_media_id"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

// customIn reads a customer-service message.
func (p *Platform) customIn(c *call) (Message, error) {
	var in contentIn
	if err := c.read(&in); err != nil {
		return Message{}, err
	}
	if c.fields[in.Type] == nil {
		return Message{}, c.missing(in.Type)
	}
	m := in.message()
	m.Raw = c.Body
	switch {
	case in.Type == "text" && m.Content == "":
		return m, refuse(wechat.ErrEmptyText, "empty content")
	case len(m.Content) > textBytes:
		return m, refuse(wechat.ErrContentTooLong, "content size out of limit")
	case len(m.Articles) > 1:
		return m, refuse(wechat.ErrTooManyArticles, "article count out of limit")
	case in.Type == "news" && len(m.Articles) == 0:
		return m, c.missing("news.articles")
	case in.Type == "msgmenu" && len(m.MenuItems) == 0:
		return m, c.missing("msgmenu.list")
	}
	for _, id := range []string{m.MediaID, m.ThumbMediaID} {
		if id != "" {
			if err := p.checkMediaID(id); err != nil {
				return m, err
			}
		}
	}
	m.Articles = append(m.Articles, p.linked(m)...)
	return m, nil
}

// linked returns the articles that a message refers to by their ID.
func (p *Platform) linked(m Message) []Article {
	if pub := p.published[m.ArticleID]; pub != nil {
		return linksTo(pub.articles)
	}
	if d := p.drafts[m.MediaID]; d != nil {
		return linksTo(d.articles)
	}
	return nil
}

func linksTo(articles []map[string]any) []Article {
	list := make([]Article, len(articles))
	for i, a := range articles {
		of := func(name string) string { s, _ := a[name].(string); return s }
		list[i] = Article{Title: of("title"), Description: of("digest"), URL: of("url")}
	}
	return list
}

// message returns the message as a follower sees it.
func (in *contentIn) message() Message {
	m := Message{Type: in.Type, KFAccount: in.Agent.Account}
	switch in.Type {
	case "text":
		m.Content = in.Text.Content
	case "image":
		m.MediaID = in.Image.MediaID
		if m.MediaID == "" && len(in.Images.MediaIDs) > 0 {
			m.MediaID, m.Title = in.Images.MediaIDs[0], in.Images.Title
		}
	case "voice":
		m.MediaID = in.Voice.MediaID
	case "mpnews":
		m.MediaID = in.MPNews.MediaID
	case "video":
		m.MediaID, m.ThumbMediaID, m.Title, m.Description = in.Video.MediaID, in.Video.Thumb, in.Video.Title, in.Video.Description
	case "mpvideo":
		m.MediaID, m.Title, m.Description = in.MPVideo.MediaID, in.MPVideo.Title, in.MPVideo.Description
	case "music":
		m.Title, m.Description, m.URL, m.HQMusicURL = in.Music.Title, in.Music.Description, in.Music.URL, in.Music.HQURL
		m.MediaID, m.ThumbMediaID = in.Music.MediaID, in.Music.Thumb
	case "news":
		for _, a := range in.News.Articles {
			m.Articles = append(m.Articles, Article{Title: a.Title, Description: a.Description, URL: a.URL, PictureURL: a.PictureURL})
		}
	case "mpnewsarticle":
		m.ArticleID = in.Article.ID
	case "msgmenu":
		m.Content, m.MenuItems = in.Menu.Head, in.Menu.List
		if in.Menu.Tail != "" {
			m.Content += "\n" + in.Menu.Tail
		}
	case "wxcard":
		m.CardID = in.Card.ID
	case "miniprogrampage":
		m.Title, m.AppID, m.PagePath = in.MiniProgram.Title, in.MiniProgram.AppID, in.MiniProgram.PagePath
		m.ThumbMediaID = in.MiniProgram.Thumb
	case "link":
		m.Title, m.Description, m.URL = in.Link.Title, in.Link.Description, in.Link.URL
	}
	return m
}

// Typing reports whether the user sees the typing indicator (输入状态).
func (f *Follower) Typing() bool {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	return f.p.now().Before(f.typing)
}

func (p *Platform) setTyping(c *call) (any, error) {
	f, err := p.known(c.text("touser"))
	if err != nil {
		return nil, err
	}
	last := f.wrote
	if f.acted.After(last) {
		last = f.acted
	}
	if c.text("command") == "CancelTyping" {
		f.typing = time.Time{}
		return okay{}, nil
	}
	switch {
	case c.At.Sub(last) > typingWindow:
		return nil, refuse(wechat.ErrNoRecentInteraction, "no message received recently")
	case c.At.Before(f.typing):
		return nil, refuse(wechat.ErrAlreadyTyping, "already in typing state")
	}
	f.typing = c.At.Add(typingLife)
	return okay{}, nil
}

// listRecords returns a page of the messages between users and agents.
func (p *Platform) listRecords(c *call) (any, error) {
	var in struct {
		Start  int64 `json:"starttime"`
		End    int64 `json:"endtime"`
		Next   int   `json:"msgid"`
		Number int   `json:"number"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	switch {
	case in.Start <= 0 || in.End < in.Start || in.Number < 1 || in.Number > maxRecords || in.Next < 1:
		return nil, refuse(65416, "invalid argument")
	case time.Duration(in.End-in.Start)*time.Second > recordsWindow:
		return nil, refuse(65417, "it is too long from the starttime to endtime")
	}
	within := slices.DeleteFunc(slices.Clone(p.records), func(r record) bool { return r.At.Unix() < in.Start || r.At.Unix() > in.End })
	begin := min(in.Next-1, len(within))
	page := within[begin:min(begin+in.Number, len(within))]
	list := make([]any, 0, len(page))
	for _, r := range page {
		list = append(list, map[string]any{"openid": r.OpenID, "opercode": r.Code, "text": r.Text, "time": r.At.Unix(), "worker": r.Worker})
	}
	return map[string]any{"recordlist": list, "number": len(list), "msgid": begin + len(page) + 1}, nil
}
