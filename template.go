package wechat

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"
)

// TemplateMessage is a message to one user, made from a template of the account.
type TemplateMessage struct {
	OpenID     string       `json:"touser"`
	TemplateID string       `json:"template_id"`
	Data       TemplateData `json:"data"`

	// Tapping opens MiniProgram if set, otherwise URL.
	URL         string           `json:"url,omitempty"`
	MiniProgram *MiniProgramPage `json:"miniprogram,omitempty"`

	// ClientMsgID makes the send safe to retry: for 10 minutes the platform does not
	// send this user another message with this ID. If it is empty, the client generates
	// one for the attempts of this call; see [WithoutClientMsgIDs]. Set it to send the
	// same message once, whatever your program repeats.
	ClientMsgID string `json:"client_msg_id,omitempty"`
}

// MiniProgramPage is a page of a mini program that is linked to the account.
type MiniProgramPage struct {
	AppID    string `json:"appid"`
	PagePath string `json:"pagepath,omitempty"` // "" means the home page
}

// TemplateData contains the values for the placeholders of a template, by their keys. If
// a value does not fit its placeholder, the send fails with [ErrInvalidTemplateData].
// The limits in characters are 20 for thing and name, 32 for character_string, number
// and letter, 5 for phrase and symbol, 17 for phone_number, and 8 for car_number.
//
//	wechat.TemplateData{}.Set("thing1", "招牌奶茶").Set("amount2", "18元")
type TemplateData map[string]TemplateValue

// TemplateValue is the value for one placeholder of a template.
type TemplateValue struct {
	Value string `json:"value"`
	Color string `json:"color,omitempty"` // such as "#173177"; the platform has ignored it since 2023
}

// Set sets the value of a placeholder and returns d, or a new TemplateData if d is nil.
func (d TemplateData) Set(key, value string) TemplateData {
	if d == nil {
		d = TemplateData{}
	}
	d[key] = TemplateValue{Value: value}
	return d
}

// orEmpty returns d, or an empty object if it is nil: the platform refuses a null.
func (d TemplateData) orEmpty() TemplateData {
	if d == nil {
		return TemplateData{}
	}
	return d
}

// check looks only at the keys. The limits of a value depend on the type of its
// placeholder, which is the key without the number. The platform has types that its page
// does not list, such as short_thing, and does not apply the limits to test accounts.
func (d TemplateData) check() error {
	for key := range d {
		if err := notEmpty("Data key", key); err != nil {
			return err
		}
	}
	return nil
}

func (p *MiniProgramPage) check() error {
	if p == nil {
		return nil
	}
	return notEmpty("MiniProgram.AppID", p.AppID)
}

func (m TemplateMessage) check() error {
	return first(notEmpty("OpenID", m.OpenID), notEmpty("TemplateID", m.TemplateID), m.MiniProgram.check(), m.Data.check())
}

// templateIDTime is how long the platform drops duplicates of a template message.
const templateIDTime = 10 * time.Minute

// SendTemplateMessage sends a template message and returns its ID (发送模板消息). The
// event TEMPLATESENDJOBFINISH with this ID reports later whether it was delivered. It
// returns [ErrNotFollower] if the user does not follow the account, and
// [ErrInvalidTemplateData] if a value does not fit its placeholder. The text of that
// error names the placeholder.
//
// https://developers.weixin.qq.com/doc/service/api/notify/template/api_sendtemplatemessage
func (c *Client) SendTemplateMessage(ctx context.Context, message TemplateMessage) (msgID int64, err error) {
	message.ClientMsgID, message.Data = c.clientMsgID(message.ClientMsgID), message.Data.orEmpty()
	res, err := post[struct {
		ID int64 `json:"msgid"`
	}](ctx, c, "/cgi-bin/message/template/send", message, keyed(message.ClientMsgID), c.retriedFor(templateIDTime))
	if err != nil {
		return 0, err
	}
	return res.ID, nil
}

// Template is a template that the account has added.
type Template struct {
	ID                string `json:"template_id"`
	Title             string `json:"title"`
	PrimaryIndustry   string `json:"primary_industry"`
	SecondaryIndustry string `json:"deputy_industry"`
	Content           string `json:"content"` // with placeholders such as {{thing1.DATA}}
	Example           string `json:"example"`
}

// ListTemplates returns all templates of the account (获取已选用模板列表, 获取已添加的模板列表).
//
// https://developers.weixin.qq.com/doc/service/api/notify/template/api_getalltemplates
func (c *Client) ListTemplates(ctx context.Context) ([]Template, error) {
	res, err := get[struct {
		Templates []Template `json:"template_list"`
	}](ctx, c, "/cgi-bin/template/get_all_private_template", nil)
	if err != nil {
		return nil, err
	}
	return res.Templates, nil
}

// AddTemplateRequest selects a template from the library and its keywords.
type AddTemplateRequest struct {
	ShortID  string   `json:"template_id_short"`           // the template's ID in the library
	Keywords []string `json:"keyword_name_list,omitempty"` // their names, in the order in which to show them; templates from the old library have none
}

func (r AddTemplateRequest) check() error {
	return first(notEmpty("ShortID", r.ShortID), each("Keywords", r.Keywords, notEmpty))
}

// AddTemplate adds a template from the library to the account and returns its ID
// (选用模板). It returns [ErrTooManyTemplates] if the account already has 25 templates,
// [ErrInvalidKeywords] if a keyword is missing or is not one of the template's, and
// [ErrNotCategoryTemplate] if the template is from the old library.
//
// https://developers.weixin.qq.com/doc/service/api/notify/template/api_addtemplate
func (c *Client) AddTemplate(ctx context.Context, req AddTemplateRequest) (templateID string, err error) {
	res, err := post[templateRef](ctx, c, "/cgi-bin/template/api_add_template", req)
	if err != nil {
		return "", err
	}
	return res.ID, nil
}

type templateRef struct {
	ID string `json:"template_id"`
}

// DeleteTemplate removes a template from the account (删除模板). It returns
// [ErrInvalidTemplateID] if there is no such template.
//
// https://developers.weixin.qq.com/doc/service/api/notify/template/api_deletetemplate
func (c *Client) DeleteTemplate(ctx context.Context, templateID string) error {
	if err := notEmpty("templateID", templateID); err != nil {
		return err
	}
	return c.post(ctx, "/cgi-bin/template/del_private_template", templateRef{templateID}, idempotent, alreadyDone(ErrInvalidTemplateID))
}

// SetIndustries sets the two industries whose templates the account may use
// (设置所属行业). primary and secondary are their codes in the platform's table, such as
// "1". An account can do this once per calendar month.
//
// https://developers.weixin.qq.com/doc/service/api/notify/template/api_setindustry
func (c *Client) SetIndustries(ctx context.Context, primary, secondary string) error {
	if err := first(notEmpty("primary", primary), notEmpty("secondary", secondary)); err != nil {
		return err
	}
	body := struct {
		Primary   string `json:"industry_id1"`
		Secondary string `json:"industry_id2"`
	}{primary, secondary}
	return c.post(ctx, "/cgi-bin/template/api_set_industry", body)
}

// Industry is an industry in two levels, such as "IT科技" and "互联网|电子商务".
type Industry struct {
	First  string `json:"first_class"`
	Second string `json:"second_class"`
}

// Industries are the two industries of an account.
type Industries struct {
	Primary   Industry `json:"primary_industry"`
	Secondary Industry `json:"secondary_industry"`
}

// GetIndustries returns the account's industries (获取行业信息).
//
// https://developers.weixin.qq.com/doc/service/api/notify/template/api_getindustry
func (c *Client) GetIndustries(ctx context.Context) (*Industries, error) {
	return get[Industries](ctx, c, "/cgi-bin/template/get_industry", nil)
}

// BlockedMessage is a template message that the platform did not deliver because its
// content violates the rules.
type BlockedMessage struct {
	ID         int64     `json:"id"` // pass it as afterID to continue after this message
	TemplateID string    `json:"tmpl_msg_id"`
	Title      string    `json:"title"`
	Content    string    `json:"content"`
	SendTime   Timestamp `json:"send_timestamp"`
	OpenID     string    `json:"openid"`
}

// ListBlockedMessages returns up to count messages of a template that the platform
// blocked, starting after the message with the ID afterID; pass 0 for the first page
// (查询拦截的模板消息). count is 1 to 100.
//
// https://developers.weixin.qq.com/doc/service/api/notify/template/api_queryblocktmplmsg
func (c *Client) ListBlockedMessages(ctx context.Context, templateID string, afterID int64, count int) ([]BlockedMessage, error) {
	if err := first(notEmpty("templateID", templateID), within("count", count, 1, 100)); err != nil {
		return nil, err
	}
	body := struct {
		TemplateID string `json:"tmpl_msg_id"`
		AfterID    int64  `json:"largest_id"`
		Count      int    `json:"limit"`
	}{templateID, afterID, count}
	res, err := post[struct {
		Messages []BlockedMessage `json:"msginfo"`
	}](ctx, c, "/wxa/sec/queryblocktmplmsg", body, idempotent)
	if err != nil {
		return nil, err
	}
	return res.Messages, nil
}

// AllBlockedMessages iterates over the messages of a template that the platform
// blocked (查询拦截的模板消息).
//
// https://developers.weixin.qq.com/doc/service/api/notify/template/api_queryblocktmplmsg
func (c *Client) AllBlockedMessages(ctx context.Context, templateID string) iter.Seq2[BlockedMessage, error] {
	const perPage = 100
	return paginate(int64(0), func(after int64) (items []BlockedMessage, next int64, more bool, err error) {
		items, err = c.ListBlockedMessages(ctx, templateID, after, perPage)
		if len(items) > 0 {
			next = slices.MaxFunc(items, func(a, b BlockedMessage) int { return cmp.Compare(a.ID, b.ID) }).ID
		}
		return items, next, len(items) == perPage && next > after, err
	})
}
