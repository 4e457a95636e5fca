package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

// followerJSON describes a follower to add.
type followerJSON struct {
	OpenID         string                `json:"openid"`
	UnionID        string                `json:"unionid"`
	Nickname       string                `json:"nickname"`
	AvatarURL      string                `json:"avatar_url"`
	Language       wechat.Language       `json:"language"`
	Remark         string                `json:"remark"`
	TagIDs         []int64               `json:"tag_ids"`
	SubscribeTime  time.Time             `json:"subscribe_time"`
	Scene          wechat.SubscribeScene `json:"scene"`
	QRScene        int64                 `json:"qr_scene"`
	QRSceneString  string                `json:"qr_scene_string"`
	ClientPlatform wechat.ClientPlatform `json:"client_platform"`
	NotFollowing   bool                  `json:"not_following"`
}

// viewJSON is the visible state of a follower.
type viewJSON struct {
	followerSummary

	Menu     *menuJSON      `json:"menu"` // that the user sees
	Messages []receivedJSON `json:"messages"`
}

// menuJSON is a menu with the buttons of the API.
type menuJSON struct {
	ID      int64           `json:"id,string"`
	Buttons []wechat.Button `json:"buttons"`
	Rule    *ruleJSON       `json:"rule,omitempty"`
}

// ruleJSON is the rule of a conditional menu.
type ruleJSON struct {
	TagID    int64                 `json:"tag_id,omitempty"`
	Platform wechat.ClientPlatform `json:"client_platform,omitempty"`
}

func (s *simulator) addFollower(r *http.Request) (any, error) {
	var in followerJSON
	if err := read(r, &in); err != nil {
		return nil, err
	}
	p := s.current()
	if p.Follower(in.OpenID) != nil {
		return nil, &problem{status: http.StatusConflict, message: fmt.Sprintf("user %q already exists", in.OpenID)}
	}
	f := p.AddUser(wechattest.User{
		OpenID: in.OpenID, UnionID: in.UnionID, Nickname: in.Nickname, AvatarURL: in.AvatarURL, Language: in.Language,
		Remark: in.Remark, TagIDs: in.TagIDs, SubscribeTime: in.SubscribeTime, Scene: in.Scene, QRSceneID: in.QRScene,
		QRSceneString: in.QRSceneString, ClientPlatform: in.ClientPlatform, NotFollowing: in.NotFollowing,
	})
	s.journal.publishFollower(f)
	s.stream.publish("tags", map[string]any{"tags": tagsOf(p)})
	return s.viewOf(f), nil
}

func (s *simulator) viewOf(f *wechattest.Follower) viewJSON {
	view := viewJSON{followerSummary: s.journal.summaryOf(f), Messages: receivedOf(f)}
	if m := f.Menu(); m != nil {
		view.Menu = &menuJSON{ID: m.ID, Buttons: m.Buttons}
		if m.Rule != nil {
			view.Menu.Rule = &ruleJSON{TagID: m.Rule.TagID, Platform: m.Rule.Platform}
		}
	}
	return view
}

func (s *simulator) listFollowers(*http.Request) (any, error) {
	list := []viewJSON{}
	for _, f := range s.current().Followers() {
		list = append(list, s.viewOf(f))
	}
	return map[string]any{"followers": list}, nil
}

// follower returns the user in the path.
func (s *simulator) follower(r *http.Request) (*wechattest.Follower, error) {
	openID := r.PathValue("openid")
	if f := s.current().Follower(openID); f != nil {
		return f, nil
	}
	return nil, notFound("user %q does not exist", openID)
}

func (s *simulator) getFollower(r *http.Request) (any, error) {
	f, err := s.follower(r)
	if err != nil {
		return nil, err
	}
	return s.viewOf(f), nil
}

// patchFollower changes the description of a user, or makes them refuse or accept the
// account's messages.
func (s *simulator) patchFollower(r *http.Request) (any, error) {
	f, err := s.follower(r)
	if err != nil {
		return nil, err
	}
	var in struct {
		Refuses        *bool                  `json:"refuses_messages"`
		UnionID        *string                `json:"unionid"`
		Nickname       *string                `json:"nickname"`
		AvatarURL      *string                `json:"avatar_url"`
		Language       *wechat.Language       `json:"language"`
		Remark         *string                `json:"remark"`
		TagIDs         *[]int64               `json:"tag_ids"`
		SubscribeTime  *time.Time             `json:"subscribe_time"`
		Scene          *wechat.SubscribeScene `json:"scene"`
		QRScene        *int64                 `json:"qr_scene"`
		QRSceneString  *string                `json:"qr_scene_string"`
		ClientPlatform *wechat.ClientPlatform `json:"client_platform"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	f.Update(func(u *wechattest.User) {
		set(&u.UnionID, in.UnionID)
		set(&u.Nickname, in.Nickname)
		set(&u.AvatarURL, in.AvatarURL)
		set(&u.Language, in.Language)
		set(&u.Remark, in.Remark)
		set(&u.TagIDs, in.TagIDs)
		set(&u.SubscribeTime, in.SubscribeTime)
		set(&u.Scene, in.Scene)
		set(&u.QRSceneID, in.QRScene)
		set(&u.QRSceneString, in.QRSceneString)
		set(&u.ClientPlatform, in.ClientPlatform)
	})
	switch {
	case in.Refuses == nil:
	case *in.Refuses:
		f.RefusesMessages()
	default:
		f.AcceptsMessages()
	}
	s.journal.publishFollower(f)
	s.stream.publish("tags", map[string]any{"tags": tagsOf(s.current())})
	return s.viewOf(f), nil
}

func (s *simulator) listMessages(r *http.Request) (any, error) {
	f, err := s.follower(r)
	if err != nil {
		return nil, err
	}
	return map[string]any{"messages": receivedOf(f)}, nil
}

// messageJSON is a message as a user sees it.
type messageJSON struct {
	Type         string                   `json:"type"`
	Content      string                   `json:"content,omitempty"`
	MediaID      string                   `json:"media_id,omitempty"`
	ThumbMediaID string                   `json:"thumb_media_id,omitempty"`
	Title        string                   `json:"title,omitempty"`
	Description  string                   `json:"description,omitempty"`
	URL          string                   `json:"url,omitempty"`
	HQMusicURL   string                   `json:"hq_music_url,omitempty"`
	Articles     []articleJSON            `json:"articles,omitempty"`
	MenuItems    []wechat.MenuMessageItem `json:"menu_items,omitempty"`
	AppID        string                   `json:"appid,omitempty"`
	PagePath     string                   `json:"page_path,omitempty"`
	CardID       string                   `json:"card_id,omitempty"`
	TemplateID   string                   `json:"template_id,omitempty"`
	Data         map[string]string        `json:"data,omitempty"`
	KFAccount    string                   `json:"kf_account,omitempty"`
	Raw          string                   `json:"raw,omitempty"`
}

type articleJSON struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	PictureURL  string `json:"picture_url"`
	URL         string `json:"url"`
}

// receivedJSON is a message that reached a user.
type receivedJSON struct {
	messageJSON

	At    time.Time      `json:"at"`
	Via   wechattest.Via `json:"via"`
	MsgID int64          `json:"msg_id,string,omitempty"`
}

func receivedOf(f *wechattest.Follower) []receivedJSON {
	list := []receivedJSON{}
	for _, m := range f.Messages() {
		list = append(list, receivedJSON{messageJSON: messageOf(m.Message), At: m.At, Via: m.Via, MsgID: m.MsgID})
	}
	return list
}

func messageOf(m wechattest.Message) messageJSON {
	out := messageJSON{
		Type: m.Type, Content: m.Content, MediaID: m.MediaID, ThumbMediaID: m.ThumbMediaID, Title: m.Title, Description: m.Description,
		URL: m.URL, HQMusicURL: m.HQMusicURL, MenuItems: m.MenuItems, AppID: m.AppID, PagePath: m.PagePath, CardID: m.CardID, TemplateID: m.TemplateID,
		Data: m.Data, KFAccount: m.KFAccount, Raw: string(m.Raw),
	}
	for _, a := range m.Articles {
		out.Articles = append(out.Articles, articleJSON(a))
	}
	return out
}

func (s *simulator) sendMessage(r *http.Request) (any, error) {
	return s.act(r, "type", messages, func(kind string) wechattest.Push { return wechattest.Push{Type: kind} })
}

func (s *simulator) sendEvent(r *http.Request) (any, error) {
	return s.act(r, "event", events, func(kind string) wechattest.Push { return wechattest.Push{Type: "event", Event: kind} })
}

// act makes a user do what a request describes: the field with the given name selects a
// known action, or a push of any type whose elements are in fields. It returns when the
// platform has delivered the push.
func (s *simulator) act(r *http.Request, name string, known map[string]actionReader, anyPush func(kind string) wechattest.Push) (any, error) {
	f, err := s.follower(r)
	if err != nil {
		return nil, err
	}
	var in map[string]json.RawMessage
	if err := read(r, &in); err != nil {
		return nil, err
	}
	var kind string
	if err := json.Unmarshal(in[name], &kind); err != nil || kind == "" {
		return nil, invalid("%s is required, as a string", name)
	}
	_, raw := in["fields"]
	delete(in, name)
	rest, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	readAction := known[kind]
	switch {
	case raw && kind == "event":
		return nil, invalid("events must be posted to …/events")
	case raw:
		readAction = readAnyPush(anyPush(kind))
	case readAction == nil:
		return nil, invalid("%s must be one of %s, or any other with its elements in fields, but is %q",
			name, strings.Join(slices.Sorted(maps.Keys(known)), ", "), kind)
	}
	does, err := readAction(rest)
	if err != nil {
		return nil, err
	}
	return reportOf(does.do(r.Context(), f)), nil
}

// fieldsOf converts the elements of a push from JSON.
func fieldsOf(in map[string]any) (wechattest.Fields, error) {
	out := wechattest.Fields{}
	for name, value := range in {
		if !isElement(name) {
			return nil, invalid("the name of an element must be a valid XML name, but is %q", name)
		}
		element, err := elementOf(name, value)
		if err != nil {
			return nil, err
		}
		out[name] = element
	}
	return out, nil
}

// isElement reports whether a name is valid for an XML element.
func isElement(name string) bool {
	for i, r := range name {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || (r < '0' || r > '9') && r != '-' && r != '.') {
			return false
		}
	}
	return name != ""
}

func elementOf(name string, value any) (any, error) {
	switch v := value.(type) {
	case string, json.Number:
		return v, nil
	case map[string]any:
		return fieldsOf(v)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			var err error
			if list[i], err = elementOf(name, item); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	return nil, invalid("the element %s must be a string, a number, an object or a list", name)
}

// addComment writes a comment on an article that was published or sent.
func (s *simulator) addComment(r *http.Request) (any, error) {
	f, err := s.follower(r)
	if err != nil {
		return nil, err
	}
	var in struct {
		MsgDataID json.Number `json:"msg_data_id"` // a number, or a string of digits
		Index     int         `json:"index"`       // of the article, from 0
		Content   string      `json:"content"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	id, err := in.MsgDataID.Int64()
	if err != nil {
		return nil, invalid("msg_data_id is required")
	}
	if err := required("content", in.Content); err != nil {
		return nil, err
	}
	comment := f.CommentsOn(id, in.Index, in.Content)
	if comment == 0 {
		return nil, notFound("article %d of msg_data_id %d does not exist or does not accept comments", in.Index, id)
	}
	s.stream.publish("comment", map[string]any{"msg_data_id": in.MsgDataID.String(), "index": in.Index})
	return map[string]any{"user_comment_id": comment}, nil
}

// authorize opens an authorization page and agrees.
func (s *simulator) authorize(r *http.Request) (any, error) {
	f, err := s.follower(r)
	if err != nil {
		return nil, err
	}
	var in struct {
		URL string `json:"url"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	redirect, err := f.Authorizes(in.URL)
	if err != nil {
		return nil, invalid("%s", strings.TrimPrefix(err.Error(), "wechattest: "))
	}
	return map[string]string{"redirect_url": redirect}, nil
}
