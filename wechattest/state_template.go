package wechattest

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wechatoa/wechat"
)

const (
	maxTemplates    = 25
	templateIDSize  = 43
	templateKeyLife = 10 * time.Minute
)

// Template is a message template of the account.
type Template struct {
	ID      string // random if empty
	Title   string
	Content string // such as "订单：{{thing1.DATA}}\n金额：{{amount2.DATA}}"
	Example string
}

type templates struct {
	templateList  []*Template
	industries    [2]string
	industryMonth string
	templateKeys  map[string]keyed // by openid and client_msg_id
}

// keyed is a message that was sent with a client message ID.
type keyed struct {
	At time.Time
	ID int64
}

func (t *templates) init() {
	t.industries = [2]string{"1", "4"}
	t.templateKeys = map[string]keyed{}
}

func (p *Platform) templateRoutes() map[string]behavior {
	return map[string]behavior{
		"/cgi-bin/template/api_set_industry":         p.setIndustry,
		"/cgi-bin/template/get_industry":             p.getIndustry,
		"/cgi-bin/template/api_add_template":         p.addTemplateCall,
		"/cgi-bin/template/get_all_private_template": p.listTemplates,
		"/cgi-bin/template/del_private_template":     p.deleteTemplate,
		"/cgi-bin/message/template/send":             p.sendTemplate,
	}
}

// AddTemplate adds a template, as the owner does in the console, and returns its ID.
func (p *Platform) AddTemplate(t Template) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.ID == "" {
		t.ID = random(urlSafe, templateIDSize)
	}
	p.templateList = append(p.templateList, &t)
	return t.ID
}

// Templates returns the message templates of the account.
func (p *Platform) Templates() []Template {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]Template, len(p.templateList))
	for i, t := range p.templateList {
		list[i] = *t
	}
	return list
}

// industryNames are the industries, by ID from 1.
var industryNames = strings.Split("IT科技/互联网|电子商务,IT科技/IT软件与服务,IT科技/IT硬件与设备,IT科技/电子技术,IT科技/通信与运营商,"+
	"IT科技/网络游戏,金融业/银行,金融业/基金|理财|信托,金融业/保险,餐饮/餐饮,酒店旅游/酒店,酒店旅游/旅游,运输与仓储/快递,运输与仓储/物流,运输与仓储/仓储,"+
	"教育/培训,教育/院校,政府与公共事业/学术科研,政府与公共事业/交警,政府与公共事业/博物馆,政府与公共事业/公共事业|非盈利机构,医药护理/医药医疗,"+
	"医药护理/护理美容,医药护理/保健与卫生,交通工具/汽车相关,交通工具/摩托车相关,交通工具/火车相关,交通工具/飞机相关,房地产/建筑,房地产/物业,消费品/消费品,"+
	"商业服务/法律,商业服务/会展,商业服务/中介服务,商业服务/认证,商业服务/审计,文体娱乐/传媒,文体娱乐/体育,文体娱乐/娱乐休闲,印刷/印刷,其它/其它", ",")

func industry(id string) (map[string]any, bool) {
	n, err := strconv.Atoi(id)
	if err != nil || n < 1 || n > len(industryNames) {
		return nil, false
	}
	first, second, _ := strings.Cut(industryNames[n-1], "/")
	return map[string]any{"first_class": first, "second_class": strings.ReplaceAll(second, "|", "/")}, true
}

func (p *Platform) setIndustry(c *call) (any, error) {
	ids := [2]string{c.text("industry_id1"), c.text("industry_id2")}
	for _, id := range ids {
		if _, ok := industry(id); !ok {
			return nil, refuse(40102, "invalid industry id")
		}
	}
	month := beijing(c.At).Format("2006-01")
	if month == p.industryMonth {
		return nil, refuse(43100, "change template too frequently")
	}
	p.industries, p.industryMonth = ids, month
	return okay{}, nil
}

func (p *Platform) getIndustry(*call) (any, error) {
	primary, _ := industry(p.industries[0])
	secondary, _ := industry(p.industries[1])
	return map[string]any{"primary_industry": primary, "secondary_industry": secondary}, nil
}

func (p *Platform) addTemplateCall(c *call) (any, error) {
	var in struct {
		Short    string   `json:"template_id_short"`
		Keywords []string `json:"keyword_name_list"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if !isDigits(in.Short) {
		return nil, refuse(wechat.ErrNotCategoryTemplate, "only category templates can be added")
	}
	if len(in.Keywords) == 0 || slices.Contains(in.Keywords, "") {
		return nil, refuse(wechat.ErrInvalidKeywords, "invalid keyword_name_list")
	}
	if len(p.templateList) >= maxTemplates {
		return nil, refuse(wechat.ErrTooManyTemplates, "template num exceeds limit")
	}
	t := &Template{ID: random(urlSafe, templateIDSize), Title: "模板" + in.Short}
	for i, name := range in.Keywords {
		t.Content += name + "：{{thing" + strconv.Itoa(i+1) + ".DATA}}\n"
		t.Example += name + "：示例\n"
	}
	p.templateList = append(p.templateList, t)
	return map[string]any{"errcode": 0, "errmsg": "ok", "template_id": t.ID}, nil
}

func (p *Platform) listTemplates(*call) (any, error) {
	primary, _ := industry(p.industries[0])
	list := make([]any, 0, len(p.templateList))
	for _, t := range p.templateList {
		list = append(list, map[string]any{
			"template_id": t.ID, "title": t.Title, "content": t.Content, "example": t.Example,
			"primary_industry": primary["first_class"], "deputy_industry": primary["second_class"],
		})
	}
	return map[string]any{"template_list": list}, nil
}

func (p *Platform) template(id string) (*Template, error) {
	for _, t := range p.templateList {
		if t.ID == id {
			return t, nil
		}
	}
	return nil, refuse(wechat.ErrInvalidTemplateID, "invalid template_id")
}

func (p *Platform) deleteTemplate(c *call) (any, error) {
	t, err := p.template(c.text("template_id"))
	if err != nil {
		return nil, err
	}
	p.templateList = slices.DeleteFunc(p.templateList, func(other *Template) bool { return other == t })
	return okay{}, nil
}

// templateIn is the request of a template message.
type templateIn struct {
	To          string `json:"touser"`
	ID          string `json:"template_id"`
	URL         string `json:"url"`
	Page        string `json:"page"`
	MiniProgram struct {
		AppID    string `json:"appid"`
		PagePath string `json:"pagepath"`
	} `json:"miniprogram"`
	Data map[string]struct {
		Value string `json:"value"`
	} `json:"data"`
	Key string `json:"client_msg_id"`
}

func (in *templateIn) message(kind string) Message {
	m := Message{
		Type: kind, TemplateID: in.ID, URL: cmp.Or(in.URL, in.Page),
		AppID: in.MiniProgram.AppID, PagePath: in.MiniProgram.PagePath, Data: map[string]string{},
	}
	for key, field := range in.Data {
		m.Data[key] = field.Value
	}
	return m
}

func (p *Platform) sendTemplate(c *call) (any, error) {
	var in templateIn
	if err := c.read(&in); err != nil {
		return nil, err
	}
	f, err := p.follower(in.To)
	if err != nil {
		return nil, err
	}
	if len(in.ID) > 2*templateIDSize {
		return nil, refuse(wechat.ErrInvalidTemplateIDSize, "invalid template_id size")
	}
	t, err := p.template(in.ID)
	if err != nil {
		return nil, err
	}
	if err := t.check(in.message("template").Data, p.set.testAccount); err != nil {
		return nil, err
	}
	key := in.To + " " + in.Key
	if done, ok := p.templateKeys[key]; ok && in.Key != "" && c.At.Sub(done.At) < templateKeyLife {
		return map[string]any{"errcode": 0, "errmsg": "ok", "msgid": done.ID}, nil // already sent
	}
	id := p.ids.newSent()
	p.templateKeys[key] = keyed{At: c.At, ID: id}
	status := "success"
	if f.refuses || f.blacklisted {
		status = "failed:user block"
	} else {
		f.receive(Received{Message: in.message("template"), Via: ViaTemplateMessage, MsgID: id, RequestID: c.RequestID})
	}
	p.finish(c, func() Push {
		return Push{Type: "event", Event: "TEMPLATESENDJOBFINISH", From: f.OpenID, Fields: Fields{"MsgID": id, "Status": status}}
	})
	return map[string]any{"errcode": 0, "errmsg": "ok", "msgid": id}, nil
}

var templateKey = regexp.MustCompile(`\{\{\s*([A-Za-z_]+)([0-9]*)\.DATA\s*\}\}`)

// fieldRunes returns the maximum length of a template value, by the kind of its key.
func fieldRunes(kind string) int {
	switch kind {
	case "thing", "const":
		return 20
	case "character_string", "number", "letter":
		return 32
	case "symbol", "phrase":
		return 5
	case "phone_number":
		return 17
	case "car_number":
		return 8
	}
	return 200
}

// check validates the data of a message. Test accounts may send values of any length.
func (t *Template) check(data map[string]string, anyLength bool) error {
	for _, m := range templateKey.FindAllStringSubmatch(t.Content, -1) {
		name := m[1] + m[2]
		value := data[name]
		if value == "" {
			return refuse(wechat.ErrInvalidTemplateData, "argument invalid! data."+name+".value is empty")
		}
		if !anyLength && utf8.RuneCountInString(value) > fieldRunes(m[1]) {
			return refuse(wechat.ErrInvalidTemplateData, "argument invalid! data."+name+".value invalid")
		}
	}
	return nil
}
