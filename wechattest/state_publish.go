package wechattest

import (
	"cmp"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/wechatoa/wechat"
)

// markup is removed from an automatic digest.
var markup = regexp.MustCompile(`<[^>]*>`)

// publishJob publishes a draft.
type publishJob struct {
	id     int64
	status wechat.PublishStatus
	result *publication // nil unless it has succeeded
	failed []int        // positions of the articles that failed
}

// publication is a set of published or mass-sent articles.
type publication struct {
	id       string // article_id
	dataID   int64  // msg_data_id
	articles []map[string]any
	comments []*comments // of each article
	at       time.Time
}

// comments are the comments on an article.
type comments struct {
	open bool
	list []*comment
}

type comment struct {
	id      int64
	openID  string
	content string
	elected bool
	at      time.Time
	reply   string
	replied time.Time
}

func (p *Platform) publishRoutes() map[string]behavior {
	return map[string]behavior{
		"/cgi-bin/freepublish/submit":     p.submit,
		"/cgi-bin/freepublish/get":        p.getPublishJob,
		"/cgi-bin/freepublish/delete":     p.deletePublished,
		"/cgi-bin/freepublish/getarticle": p.getPublished,
		"/cgi-bin/freepublish/batchget":   p.listPublished,
	}
}

// FailNextPublish makes the next publishing job end with a status other than
// [wechat.PublishStatusSucceeded], such as [wechat.PublishStatusRejected].
func (p *Platform) FailNextPublish(status wechat.PublishStatus) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outcome = status
}

func (p *Platform) submit(c *call) (any, error) {
	d, err := p.findDraft(c.text("media_id"))
	if err != nil {
		return nil, err
	}
	job := &publishJob{id: p.ids.newJob(), status: wechat.PublishStatusRunning}
	p.jobs[job.id] = job
	dataID, outcome := p.ids.newData(), p.outcome
	p.outcome = wechat.PublishStatusSucceeded
	p.finish(c, func() Push {
		p.endJob(job, d, dataID, outcome)
		return Push{Type: "event", Event: "PUBLISHJOBFINISH", Fields: Fields{"PublishEventInfo": job.event()}}
	})
	return map[string]any{"errcode": 0, "errmsg": "ok", "publish_id": job.id, "msg_data_id": dataID}, nil
}

// endJob ends a job. If it succeeds, the draft leaves the draft box.
func (p *Platform) endJob(job *publishJob, d *draft, dataID int64, outcome wechat.PublishStatus) {
	job.status = outcome
	if outcome != wechat.PublishStatusSucceeded {
		job.failed = []int{1}
		return
	}
	job.result = p.publish(d.articles, dataID)
	p.published[job.result.id] = job.result
	p.pubList = append(p.pubList, job.result)
	p.dropDraft(d)
}

// Publication is a set of articles that were published, or sent as a mass message.
type Publication struct {
	ArticleID  string // empty for a mass message
	MsgDataID  int64
	CreateTime time.Time
	Articles   []PublishedArticle
}

// PublishedArticle is an article with its comments.
type PublishedArticle struct {
	wechat.PublishedArticle

	CommentsOpen bool
	Comments     []wechat.Comment
}

// Publications returns all articles that were published or sent as a mass message, the
// newest first, including those that were deleted.
func (p *Platform) Publications() []Publication {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]Publication, 0, len(p.byData))
	for _, pub := range p.byData {
		list = append(list, pub.export(p.published[pub.id] != nil))
	}
	slices.SortFunc(list, func(a, b Publication) int { return cmp.Compare(b.MsgDataID, a.MsgDataID) })
	return list
}

// export converts a publication from what the API answers.
func (pub *publication) export(published bool) Publication {
	out := Publication{MsgDataID: pub.dataID, CreateTime: pub.at, Articles: make([]PublishedArticle, len(pub.articles))}
	if published {
		out.ArticleID = pub.id
	}
	for i, a := range pub.articles {
		to := &out.Articles[i]
		convert(a, &to.PublishedArticle)
		to.CommentsOpen, to.Comments = pub.comments[i].open, make([]wechat.Comment, len(pub.comments[i].list))
		for j, c := range pub.comments[i].list {
			convert(c.answer(), &to.Comments[j])
		}
	}
	return out
}

// convert converts an object of the API to the type that a client decodes it to.
func convert(object map[string]any, into any) {
	data, _ := encode(object) // it was decoded from JSON, or has values of simple types
	_ = json.Unmarshal(data, into)
}

// publish gives articles their URLs and comments.
func (p *Platform) publish(articles []map[string]any, dataID int64) *publication {
	pub := &publication{id: random(urlSafe, 43), dataID: dataID, at: p.now()}
	for _, a := range articles {
		a = maps.Clone(a)
		a["url"], a["is_deleted"] = "http://mp.weixin.qq.com/s/"+random(urlSafe, 22), false
		pub.articles = append(pub.articles, a)
		pub.comments = append(pub.comments, &comments{open: flagged(a, "need_open_comment")})
	}
	p.byData[dataID] = pub
	return pub
}

func (job *publishJob) event() Fields {
	info := Fields{"publish_id": job.id, "publish_status": job.status}
	var failed []any
	for _, i := range job.failed {
		failed = append(failed, i)
	}
	if failed != nil {
		info["fail_idx"] = failed
	}
	if job.result != nil {
		items := make([]any, 0, len(job.result.articles))
		for i, a := range job.result.articles {
			items = append(items, Fields{"idx": i + 1, "article_url": a["url"]})
		}
		info["article_id"] = job.result.id
		info["article_detail"] = Fields{"count": len(items), "item": items}
	}
	return info
}

func (p *Platform) getPublishJob(c *call) (any, error) {
	id, _ := strconv.ParseInt(c.text("publish_id"), 10, 64)
	job := p.jobs[id]
	if job == nil {
		return nil, c.unknownValue("publish_id")
	}
	var answer any = id
	if p.set.keeps(RuleType) {
		answer = c.text("publish_id")
	}
	out := map[string]any{"publish_id": answer, "publish_status": job.status, "fail_idx": nonNil(job.failed)}
	if job.result != nil {
		out["article_id"], out["article_detail"] = job.result.id, job.event()["article_detail"]
		if job.result.deleted() {
			out["publish_status"] = wechat.PublishStatusDeletedByOwner
		}
	}
	return out, nil
}

func (pub *publication) deleted() bool {
	return !slices.ContainsFunc(pub.articles, func(a map[string]any) bool { return a["is_deleted"] == false })
}

func (p *Platform) findPublished(id string) (*publication, error) {
	if pub := p.published[id]; pub != nil {
		return pub, nil
	}
	return nil, refuse(wechat.ErrInvalidArticleID, "invalid article_id")
}

func (p *Platform) deletePublished(c *call) (any, error) {
	pub, err := p.findPublished(c.text("article_id"))
	if err != nil {
		return nil, err
	}
	var in struct {
		Index int `json:"index"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if in.Index < 0 || in.Index > len(pub.articles) {
		return nil, refuse(40114, "invalid index")
	}
	for i, a := range pub.articles {
		if in.Index == 0 || in.Index == i+1 {
			a["is_deleted"] = true
		}
	}
	if pub.deleted() {
		p.pubList = slices.DeleteFunc(p.pubList, func(other *publication) bool { return other == pub })
	}
	return okay{}, nil
}

func (p *Platform) getPublished(c *call) (any, error) {
	pub, err := p.findPublished(c.text("article_id"))
	if err != nil {
		return nil, err
	}
	return newsContent(pub.articles, pub.at, pub.at, false), nil
}

func (p *Platform) listPublished(c *call) (any, error) {
	return listNews(c, p.pubList, func(pub *publication, noContent bool) map[string]any {
		return map[string]any{
			"article_id": pub.id, "update_time": pub.at.Unix(), "content": newsContent(pub.articles, pub.at, pub.at, noContent),
		}
	})
}

const (
	commentPage = 50
	replyRunes  = 600
)

func (p *Platform) commentRoutes() map[string]behavior {
	return map[string]behavior{
		"/cgi-bin/comment/open":         p.openComments(true),
		"/cgi-bin/comment/close":        p.openComments(false),
		"/cgi-bin/comment/list":         p.listComments,
		"/cgi-bin/comment/markelect":    p.elect(true),
		"/cgi-bin/comment/unmarkelect":  p.elect(false),
		"/cgi-bin/comment/delete":       p.deleteComment,
		"/cgi-bin/comment/reply/add":    p.replyComment,
		"/cgi-bin/comment/reply/delete": p.deleteReply,
	}
}

// CommentsOn writes a comment on one of the articles that were published or sent with a
// msg_data_id. index is the article's index, starting at 0. It returns the ID of the
// comment, or 0 if the article does not exist or does not accept comments.
func (f *Follower) CommentsOn(msgDataID int64, index int, content string) int64 {
	p := f.p
	p.mu.Lock()
	defer p.mu.Unlock()
	pub := p.byData[msgDataID]
	if pub == nil || index < 0 || index >= len(pub.comments) || !pub.comments[index].open {
		return 0
	}
	p.lastComment++
	c := &comment{id: p.lastComment, openID: f.OpenID, content: content, at: p.now()}
	pub.comments[index].list = append(pub.comments[index].list, c)
	return c.id
}

type commentIn struct {
	DataID  int64  `json:"msg_data_id"`
	Index   int    `json:"index"`
	Begin   int    `json:"begin"`
	Count   int    `json:"count"`
	Type    int    `json:"type"`
	ID      int64  `json:"user_comment_id"`
	Content string `json:"content"`
}

// commentsIn returns the comments of the article in a call.
func (p *Platform) commentsIn(c *call) (*comments, *commentIn, error) {
	var in commentIn
	if err := c.read(&in); err != nil {
		return nil, nil, err
	}
	pub := p.byData[in.DataID]
	if pub == nil || in.Index < 0 || in.Index >= len(pub.comments) {
		return nil, nil, refuse(wechat.ErrArticleNotFound, "article not exists")
	}
	return pub.comments[in.Index], &in, nil
}

// commentIn returns the comment in a call.
func (p *Platform) commentIn(c *call) (*comments, *comment, *commentIn, error) {
	all, in, err := p.commentsIn(c)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, one := range all.list {
		if one.id == in.ID {
			return all, one, in, nil
		}
	}
	return nil, nil, nil, refuse(wechat.ErrCommentNotFound, "comment not exists")
}

func (p *Platform) openComments(open bool) behavior {
	return func(c *call) (any, error) {
		all, _, err := p.commentsIn(c)
		if err != nil {
			return nil, err
		}
		all.open = open
		return okay{}, nil
	}
}

func (p *Platform) listComments(c *call) (any, error) {
	all, in, err := p.commentsIn(c)
	if err != nil {
		return nil, err
	}
	if in.Count < 1 || in.Count >= commentPage || in.Begin < 0 {
		return nil, refuse(88010, "count range error")
	}
	var chosen []*comment
	for _, one := range all.list {
		if in.Type == 0 || one.elected == (in.Type == 2) {
			chosen = append(chosen, one)
		}
	}
	begin := min(in.Begin, len(chosen))
	list := []any{}
	for _, one := range chosen[begin:min(begin+in.Count, len(chosen))] {
		list = append(list, one.answer())
	}
	return map[string]any{"errcode": 0, "errmsg": "ok", "total": len(chosen), "comment": list}, nil
}

func (c *comment) answer() map[string]any {
	kind := 0
	if c.elected {
		kind = 1
	}
	out := map[string]any{
		"user_comment_id": c.id, "openid": c.openID, "create_time": c.at.Unix(), "content": c.content, "comment_type": kind,
	}
	if c.reply != "" {
		out["reply"] = map[string]any{"content": c.reply, "create_time": c.replied.Unix()}
	}
	return out
}

func (p *Platform) elect(elected bool) behavior {
	return func(c *call) (any, error) {
		_, one, _, err := p.commentIn(c)
		if err != nil {
			return nil, err
		}
		one.elected = elected
		return okay{}, nil
	}
}

func (p *Platform) deleteComment(c *call) (any, error) {
	all, one, _, err := p.commentIn(c)
	if err != nil {
		return nil, err
	}
	all.list = slices.DeleteFunc(all.list, func(other *comment) bool { return other == one })
	return okay{}, nil
}

func (p *Platform) replyComment(c *call) (any, error) {
	_, one, in, err := p.commentIn(c)
	switch {
	case err != nil:
		return nil, err
	case one.reply != "":
		return nil, refuse(88005, "already reply")
	case in.Content == "" || utf8.RuneCountInString(in.Content) > replyRunes:
		return nil, refuse(88007, "reply content beyond max len or content len is zero")
	}
	one.reply, one.replied = in.Content, c.At
	return okay{}, nil
}

func (p *Platform) deleteReply(c *call) (any, error) {
	_, one, _, err := p.commentIn(c)
	switch {
	case err != nil:
		return nil, err
	case one.reply == "":
		return nil, refuse(87009, "invalid signature")
	}
	one.reply = ""
	return okay{}, nil
}
