package main

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

// item is one entry of a chat: what a follower has sent or done, or what has reached them.
type item struct {
	ID       string          `json:"id"`
	At       time.Time       `json:"at"`
	From     string          `json:"from"` // follower, account or platform
	Type     string          `json:"type"` // MsgType, msgtype, or event
	Event    string          `json:"event,omitempty"`
	Via      wechattest.Via  `json:"via,omitempty"`
	MsgID    int64           `json:"msg_id,string,omitempty"`
	PushID   int64           `json:"push_id,string,omitempty"`
	CallID   string          `json:"call_id,omitempty"`
	Message  itemMessage     `json:"message"`
	State    string          `json:"state,omitempty"` // sending or done, of what a follower has sent
	Seen     wechattest.Seen `json:"seen,omitempty"`
	Note     *note           `json:"note,omitempty"`
	Attempts int             `json:"attempts,omitempty"`

	openID string
}

// itemMessage is a message of either side.
type itemMessage struct {
	messageJSON

	ArticleID  string             `json:"article_id,omitempty"`
	MsgDataID  int64              `json:"msg_data_id,string,omitempty"`
	PictureURL string             `json:"picture_url,omitempty"`
	Format     string             `json:"format,omitempty"`
	Latitude   any                `json:"latitude,omitempty"`
	Longitude  any                `json:"longitude,omitempty"`
	Label      string             `json:"label,omitempty"`
	Key        string             `json:"key,omitempty"`
	Ticket     string             `json:"ticket,omitempty"`
	Result     string             `json:"result,omitempty"`
	MenuItemID string             `json:"menu_item_id,omitempty"`
	Fields     *wechattest.Fields `json:"fields,omitempty"` // of an event that is not one of the usual ones
}

// addSent adds what a follower has sent, or records the progress of the push.
func (j *journal) addSent(o wechattest.Observation, push pushSummary) (openID string, changed item) {
	j.mu.Lock()
	defer j.mu.Unlock()
	it := j.asked[push.id]
	if it == nil {
		message := sentMessage(o.Report.Push)
		it = &item{
			At: o.Report.CreateTime, From: "follower", Type: o.Report.Push.Type, Event: o.Report.Push.Event, PushID: push.id, Message: message,
			openID: o.OpenID,
		}
		j.asked[push.id] = it
		j.addItem(it)
	}
	it.State, it.MsgID, it.Attempts = push.State, o.Report.MsgID, len(o.Report.Deliveries)
	if o.Kind == wechattest.ObservationOutcome {
		it.Seen, it.Note = o.Report.Seen, noteOfReport(o.Report, j.pushTimeout)
		delete(j.asked, push.id)
	}
	return it.openID, *it
}

// addReceived adds a message that has reached a follower.
func (j *journal) addReceived(o wechattest.Observation) (openID string, added item) {
	j.mu.Lock()
	defer j.mu.Unlock()
	it := j.receivedItem(o)
	j.addItem(it)
	return it.openID, *it
}

// receivedItem returns the entry of a message that has reached a follower.
func (j *journal) receivedItem(o wechattest.Observation) *item {
	m := o.Message
	it := &item{
		At: m.At, From: "account", Type: m.Type, Via: m.Via, MsgID: m.MsgID, PushID: j.ids[m.ReportID], CallID: m.RequestID,
		Message: itemMessage{messageJSON: messageOf(m.Message), ArticleID: m.ArticleID, MsgDataID: m.MsgDataID}, openID: o.OpenID,
	}
	it.Message.Raw, it.Message.Content = "", truncatedText(m.Content)
	if m.Via == wechattest.ViaNotice {
		it.From = "platform"
		if entry, ok := j.pushes.get(it.PushID); ok {
			it.Note = noteOfReport(entry.report, j.pushTimeout)
		}
	}
	return it
}

func (j *journal) addItem(it *item) {
	size := entryBytes + len(it.Message.Content)
	it.ID = strconv.FormatInt(j.items.add(it, size), 10)
	j.lasts[it.openID] = it
}

// sentMessage reads the elements of a push.
func sentMessage(push wechattest.Push) itemMessage {
	f := push.Fields
	m := itemMessage{
		messageJSON: messageJSON{
			Type: push.Type, Content: truncatedText(textIn(f, "Content")), MediaID: textIn(f, "MediaId"), ThumbMediaID: textIn(f, "ThumbMediaId"),
			Title: textIn(f, "Title"), Description: textIn(f, "Description"), URL: textIn(f, "Url"),
		},
		PictureURL: textIn(f, "PicUrl"), Format: textIn(f, "Format"), Latitude: f["Location_X"], Longitude: f["Location_Y"],
		Label: textIn(f, "Label"), Key: textIn(f, "EventKey"), Ticket: textIn(f, "Ticket"), MenuItemID: textIn(f, "bizmsgmenuid"),
	}
	switch push.Event {
	case "LOCATION":
		m.Latitude, m.Longitude = f["Latitude"], f["Longitude"]
	case "location_select":
		place, _ := f["SendLocationInfo"].(wechattest.Fields)
		m.Latitude, m.Longitude, m.Label = place["Location_X"], place["Location_Y"], textIn(place, "Label")
	case "scancode_push", "scancode_waitmsg":
		code, _ := f["ScanCodeInfo"].(wechattest.Fields)
		m.Result = textIn(code, "ScanResult")
	default:
		if push.Type == "event" && events[push.Event] == nil && len(f) > 0 {
			m.Fields = &f
		}
	}
	return m
}

// textIn returns an element as a text.
func textIn(f wechattest.Fields, name string) string {
	if f[name] == nil {
		return ""
	}
	return fmt.Sprint(f[name])
}

const chatPage = 50

// getChat returns a page of a chat, oldest first.
func (s *simulator) getChat(r *http.Request) (any, error) {
	f, err := s.follower(r)
	if err != nil {
		return nil, err
	}
	before, limit, err := pageOf(r, "before", chatPage)
	if err != nil {
		return nil, err
	}
	list, more := s.journal.chat(f.OpenID, before, limit)
	out := map[string]any{"items": list}
	if more {
		out["before"] = list[0].ID
	}
	return out, nil
}

// chat returns the newest entries of a chat that are older than the one with an ID, or
// of all if it is 0.
func (j *journal) chat(openID string, before int64, limit int) (list []item, more bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	newest := []item{}
	for _, it := range j.items.before(before) {
		if it.openID != openID {
			continue
		}
		if len(newest) == limit {
			more = true
			break
		}
		newest = append(newest, *it)
	}
	list = make([]item, len(newest))
	for i, it := range newest {
		list[len(newest)-1-i] = it
	}
	return list, more
}

const mostOfPage = 1000

// pageOf reads the position and the size of a page.
func pageOf(r *http.Request, name string, usual int) (position int64, limit int, err error) {
	query := r.URL.Query()
	limit = usual
	if text := query.Get(name); text != "" {
		if position, err = strconv.ParseInt(text, 10, 64); err != nil || position < 1 {
			return 0, 0, invalid("%s must be an ID", name)
		}
	}
	if text := query.Get("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > mostOfPage {
			return 0, 0, invalid("limit must be 1 to %d", mostOfPage)
		}
	}
	return position, limit, nil
}

// followerSummary is a follower in a list.
type followerSummary struct {
	OpenID         string                `json:"openid"`
	UnionID        string                `json:"unionid,omitempty"`
	Nickname       string                `json:"nickname"`
	Remark         string                `json:"remark"`
	AvatarURL      string                `json:"avatar_url"`
	Language       wechat.Language       `json:"language"`
	ClientPlatform wechat.ClientPlatform `json:"client_platform"`
	Following      bool                  `json:"following"`
	Blacklisted    bool                  `json:"blacklisted"`
	Refuses        bool                  `json:"refuses_messages"`
	TagIDs         []int64               `json:"tag_ids"`
	Scene          wechat.SubscribeScene `json:"scene"`
	SubscribeTime  time.Time             `json:"subscribe_time"`
	Typing         bool                  `json:"typing"` // the user sees the typing indicator
	Last           *lastItem             `json:"last,omitempty"`
}

// lastItem is the last entry of a chat.
type lastItem struct {
	At   time.Time `json:"at"`
	From string    `json:"from"`
	Type string    `json:"type"`
	Text string    `json:"text"`
}

func (j *journal) summaryOf(f *wechattest.Follower) followerSummary {
	u := f.User()
	out := followerSummary{
		OpenID: f.OpenID, UnionID: u.UnionID, Nickname: u.Nickname, Remark: u.Remark, AvatarURL: u.AvatarURL, Language: u.Language,
		ClientPlatform: u.ClientPlatform, Following: !u.NotFollowing, Blacklisted: f.Blacklisted(), Refuses: f.MessagesRefused(),
		TagIDs: append([]int64{}, u.TagIDs...), Scene: u.Scene, SubscribeTime: u.SubscribeTime, Typing: f.Typing(),
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if it := j.lasts[f.OpenID]; it != nil {
		out.Last = &lastItem{At: it.At, From: it.From, Type: it.Type, Text: shortened(it.text())}
	}
	return out
}

// text is what a list shows of an entry.
func (it *item) text() string {
	for _, text := range []string{it.Message.Content, it.Message.Title, it.Event} {
		if text != "" {
			return text
		}
	}
	if len(it.Message.Articles) > 0 {
		return it.Message.Articles[0].Title
	}
	return ""
}

const shortRunes = 80

func shortened(text string) string {
	if utf8.RuneCountInString(text) <= shortRunes {
		return text
	}
	return string([]rune(text)[:shortRunes]) + "…"
}
