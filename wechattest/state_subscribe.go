package wechattest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wechatoa/wechat"
)

const (
	maxNotices    = 25
	minKeywords   = 2
	maxKeywords   = 5
	sceneDesc     = 15 // runes
	oneTimeTitle  = 15 // runes
	oneTimeRunes  = 200
	noticeIDBytes = 43
)

// subscriptions are the account's templates for subscription notifications.
type subscriptions struct{ notices []*notice }

type notice struct {
	id, title, content string
}

func (p *Platform) subscriptionRoutes() map[string]behavior {
	return map[string]behavior{
		"/wxaapi/newtmpl/getpubtemplatekeywords": p.listKeywords,
		"/wxaapi/newtmpl/addtemplate":            p.addNotice,
		"/wxaapi/newtmpl/deltemplate":            p.deleteNotice,
		"/wxaapi/newtmpl/gettemplate":            p.listNotices,
		"/cgi-bin/message/subscribe/bizsend":     p.sendNotice,
		"/cgi-bin/message/template/subscribe":    p.sendOneTime,
	}
}

// AddSubscribeTemplate adds a template for subscription notifications (订阅通知) and
// returns its ID. The content has the form of [Template.Content].
func (p *Platform) AddSubscribeTemplate(title, content string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.newNotice(title, content).id
}

// SubscribeTemplates returns the templates for subscription notifications.
func (p *Platform) SubscribeTemplates() []Template {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]Template, len(p.notices))
	for i, n := range p.notices {
		list[i] = Template{ID: n.id, Title: n.title, Content: n.content}
	}
	return list
}

func (p *Platform) newNotice(title, content string) *notice {
	n := &notice{id: random(urlSafe, noticeIDBytes), title: title, content: content}
	p.notices = append(p.notices, n)
	return n
}

func (p *Platform) notice(id string) *notice {
	for _, n := range p.notices {
		if n.id == id {
			return n
		}
	}
	return nil
}

// AcceptsSubscription accepts the request to subscribe to a template, which lets the
// account send one notification with it.
func (f *Follower) AcceptsSubscription(ctx context.Context, templateID string) *Report {
	f.p.mu.Lock()
	if f.subscribed == nil {
		f.subscribed = map[string]int{}
	}
	f.subscribed[templateID]++
	f.p.mu.Unlock()
	return f.answersSubscription(ctx, templateID, "accept")
}

// RefusesSubscription refuses the request to subscribe to a template.
func (f *Follower) RefusesSubscription(ctx context.Context, templateID string) *Report {
	return f.answersSubscription(ctx, templateID, "reject")
}

func (f *Follower) answersSubscription(ctx context.Context, templateID, answer string) *Report {
	return f.event(ctx, "subscribe_msg_popup_event", Fields{"SubscribeMsgPopupEvent": Fields{"List": Fields{
		"TemplateId": templateID, "SubscribeStatusString": answer, "PopupScene": 1,
	}}})
}

func (p *Platform) listKeywords(*call) (any, error) {
	list := []any{}
	for i, name := range []string{"姓名", "时间", "地点", "备注", "金额"} {
		list = append(list, map[string]any{"kid": i + 1, "name": name, "example": "示例", "rule": "thing"})
	}
	return map[string]any{"errcode": 0, "errmsg": "ok", "count": len(list), "data": list}, nil
}

func (p *Platform) addNotice(c *call) (any, error) {
	var in struct {
		ID       string `json:"tid"`
		Keywords []int  `json:"kidList"`
		Scene    string `json:"sceneDesc"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	switch {
	case in.ID == "":
		return nil, refuse(200014, "invalid tid")
	case len(in.Keywords) < minKeywords || len(in.Keywords) > maxKeywords:
		return nil, refuse(200020, "invalid kidList")
	case utf8.RuneCountInString(in.Scene) > sceneDesc:
		return nil, refuse(200021, "invalid sceneDesc")
	case len(p.notices) >= maxNotices:
		return nil, refuse(200012, "template count out of limit")
	}
	var content strings.Builder
	for i := range in.Keywords {
		fmt.Fprintf(&content, "关键词%d:{{thing%d.DATA}}\n", i+1, i+1)
	}
	return map[string]any{"errcode": 0, "errmsg": "ok", "priTmplId": p.newNotice("模板"+in.ID, content.String()).id}, nil
}

func (p *Platform) deleteNotice(c *call) (any, error) {
	n := p.notice(c.text("priTmplId"))
	if n == nil {
		return nil, refuse(200014, "invalid template")
	}
	p.notices = slices.DeleteFunc(p.notices, func(other *notice) bool { return other == n })
	return okay{}, nil
}

func (p *Platform) listNotices(*call) (any, error) {
	list := make([]any, 0, len(p.notices))
	for _, n := range p.notices {
		list = append(list, map[string]any{"priTmplId": n.id, "title": n.title, "content": n.content, "example": n.content, "type": 2})
	}
	return map[string]any{"errcode": 0, "errmsg": "ok", "data": list}, nil
}

func (p *Platform) sendNotice(c *call) (any, error) {
	var in templateIn
	if err := c.read(&in); err != nil {
		return nil, err
	}
	f, err := p.known(in.To)
	if err != nil {
		return nil, err
	}
	n := p.notice(in.ID)
	if n == nil {
		return nil, refuse(wechat.ErrInvalidTemplateID, "invalid template_id")
	}
	m := in.message("subscription")
	if err := (&Template{Content: n.content}).check(m.Data, p.set.testAccount); err != nil {
		return nil, err
	}
	if f.refuses || f.subscribed[in.ID] == 0 {
		return nil, refuse(wechat.ErrSubscriptionRefused, "user refuse to accept the msg")
	}
	f.subscribed[in.ID]--
	id := p.ids.newSent()
	f.receive(Received{Message: m, Via: ViaSubscribeMessage, MsgID: id, RequestID: c.RequestID})
	p.finish(c, func() Push {
		return Push{Type: "event", Event: "subscribe_msg_sent_event", From: f.OpenID, Fields: Fields{
			"SubscribeMsgSentEvent": Fields{"List": Fields{
				"TemplateId": in.ID, "MsgID": id, "ErrorCode": 0, "ErrorStatus": "success",
			}},
		}}
	})
	return okay{}, nil
}

// sendOneTime sends the message of a one-time subscription (一次性订阅消息), which also
// reaches users who do not follow.
func (p *Platform) sendOneTime(c *call) (any, error) {
	var in struct {
		templateIn

		Title string `json:"title"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	f, err := p.known(in.To)
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(in.Title) > oneTimeTitle {
		return nil, refuse(40062, "invalid title size")
	}
	if utf8.RuneCountInString(in.Data["content"].Value) > oneTimeRunes {
		return nil, refuse(wechat.ErrContentTooLong, "content size out of limit")
	}
	m := in.message("subscription")
	m.Title, m.Content = in.Title, in.Data["content"].Value
	f.receive(Received{Message: m, Via: ViaOneTimeMessage, RequestID: c.RequestID})
	return okay{}, nil
}
