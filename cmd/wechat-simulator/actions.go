package main

import (
	"context"

	"github.com/wechatoa/wechat/wechattest"
)

// action is something that a user does, as described by a request.
type action interface {
	check() error
	do(ctx context.Context, f *wechattest.Follower) *wechattest.Report
}

// actionReader reads an action from a request.
type actionReader func(data []byte) (action, error)

func readAs[T action](data []byte) (action, error) {
	var d T
	if err := decode(data, &d); err != nil {
		return nil, err
	}
	return d, d.check()
}

// messages are the messages that a user can send, by MsgType.
var messages = map[string]actionReader{
	"text":       readAs[text],
	"image":      readAs[image],
	"voice":      readAs[voice],
	"video":      readAs[video],
	"shortvideo": readAs[shortVideo],
	"location":   readAs[location],
	"link":       readAs[link],
}

// events are the events that a user can cause, by Event.
var events = map[string]actionReader{
	"subscribe":                 readAs[subscribe],
	"unsubscribe":               readAs[unsubscribe],
	"SCAN":                      readAs[scan],
	"CLICK":                     readAs[click],
	"VIEW":                      readAs[view],
	"view_miniprogram":          readAs[viewMiniProgram],
	"scancode_push":             readAs[scanCode],
	"scancode_waitmsg":          readAs[scanCodeAndWait],
	"location_select":           readAs[selectLocation],
	"LOCATION":                  readAs[reportLocation],
	"subscribe_msg_popup_event": readAs[answerSubscription],
}

type text struct {
	Content    string `json:"content"`
	MenuItemID string `json:"menu_item_id"` // of the menu message item that the user taps
}

func (d text) check() error { return required("content", d.Content) }

func (d text) do(ctx context.Context, f *wechattest.Follower) *wechattest.Report {
	if d.MenuItemID != "" {
		return f.ChoosesMenuItem(ctx, d.MenuItemID, d.Content)
	}
	return f.Sends(ctx, d.Content)
}

type image struct {
	PictureURL string `json:"picture_url"`
	MediaID    string `json:"media_id"`
}

func (d image) check() error { return required("media_id", d.MediaID) }

func (d image) do(ctx context.Context, f *wechattest.Follower) *wechattest.Report {
	return f.SendsImage(ctx, d.PictureURL, d.MediaID)
}

type voice struct {
	MediaID string `json:"media_id"`
	Format  string `json:"format"` // amr if empty
}

func (d voice) check() error { return required("media_id", d.MediaID) }

func (d voice) do(ctx context.Context, f *wechattest.Follower) *wechattest.Report {
	if d.Format == "" {
		d.Format = "amr"
	}
	return f.SendsVoice(ctx, d.MediaID, d.Format)
}

type video struct {
	MediaID      string `json:"media_id"`
	ThumbMediaID string `json:"thumb_media_id"`
}

func (d video) check() error { return required("media_id", d.MediaID) }

func (d video) do(ctx context.Context, f *wechattest.Follower) *wechattest.Report {
	return f.SendsVideo(ctx, d.MediaID, d.ThumbMediaID)
}

type shortVideo struct{ video }

func (d shortVideo) do(ctx context.Context, f *wechattest.Follower) *wechattest.Report {
	return f.SendsShortVideo(ctx, d.MediaID, d.ThumbMediaID)
}

type coordinates struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

func (c coordinates) check() error {
	if c.Latitude < -90 || c.Latitude > 90 || c.Longitude < -180 || c.Longitude > 180 {
		return invalid("latitude must be from -90 to 90, longitude from -180 to 180")
	}
	return nil
}

type location struct {
	coordinates

	Label string `json:"label"`
}

func (d location) do(ctx context.Context, f *wechattest.Follower) *wechattest.Report {
	return f.SendsLocation(ctx, d.Latitude, d.Longitude, d.Label)
}

type link struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`
}

func (d link) check() error { return required("url", d.URL) }

func (d link) do(ctx context.Context, f *wechattest.Follower) *wechattest.Report {
	return f.SendsLink(ctx, d.Title, d.Description, d.URL)
}

type subscribe struct {
	Scene string `json:"scene"` // of a QR code, or its ticket; empty if the user found the account otherwise
}

func (subscribe) check() error { return nil }

func (d subscribe) do(ctx context.Context, f *wechattest.Follower) *wechattest.Report {
	if d.Scene != "" {
		return f.Scans(ctx, d.Scene)
	}
	return f.Follows(ctx)
}

type unsubscribe struct{}

func (unsubscribe) check() error { return nil }

func (unsubscribe) do(ctx context.Context, f *wechattest.Follower) *wechattest.Report {
	return f.Unfollows(ctx)
}

type scan struct {
	Scene string `json:"scene"` // or the ticket
}

func (d scan) check() error { return required("scene", d.Scene) }

func (d scan) do(ctx context.Context, f *wechattest.Follower) *wechattest.Report {
	return f.Scans(ctx, d.Scene)
}

type click struct {
	Key string `json:"key"`
}

func (d click) check() error { return required("key", d.Key) }

func (d click) do(ctx context.Context, f *wechattest.Follower) *wechattest.Report {
	return f.Clicks(ctx, d.Key)
}

type view struct {
	URL string `json:"url"`
}

func (d view) check() error { return required("url", d.URL) }

func (d view) do(ctx context.Context, f *wechattest.Follower) *wechattest.Report {
	return f.Opens(ctx, d.URL)
}

type viewMiniProgram struct {
	PagePath string `json:"page_path"`
}

func (d viewMiniProgram) check() error { return required("page_path", d.PagePath) }

func (d viewMiniProgram) do(ctx context.Context, f *wechattest.Follower) *wechattest.Report {
	return f.OpensMiniProgram(ctx, d.PagePath)
}

type scanCode struct {
	Key    string `json:"key"`
	Result string `json:"result"`
}

func (d scanCode) check() error { return required("key", d.Key) }

func (d scanCode) do(ctx context.Context, f *wechattest.Follower) *wechattest.Report {
	return f.ScansWithMenu(ctx, d.Key, d.Result)
}

type scanCodeAndWait struct{ scanCode }

func (d scanCodeAndWait) do(ctx context.Context, f *wechattest.Follower) *wechattest.Report {
	return f.ScansWithMenuAndWaits(ctx, d.Key, d.Result)
}

type selectLocation struct {
	location

	Key string `json:"key"`
}

func (d selectLocation) check() error {
	if err := required("key", d.Key); err != nil {
		return err
	}
	return d.location.check()
}

func (d selectLocation) do(ctx context.Context, f *wechattest.Follower) *wechattest.Report {
	return f.PicksLocation(ctx, d.Key, d.Latitude, d.Longitude, d.Label)
}

type reportLocation struct {
	coordinates

	Precision float64 `json:"precision"`
}

func (d reportLocation) do(ctx context.Context, f *wechattest.Follower) *wechattest.Report {
	return f.ReportsLocation(ctx, d.Latitude, d.Longitude, d.Precision)
}

type answerSubscription struct {
	TemplateID string `json:"template_id"`
	Accepts    bool   `json:"accepts"`
}

func (d answerSubscription) check() error { return required("template_id", d.TemplateID) }

func (d answerSubscription) do(ctx context.Context, f *wechattest.Follower) *wechattest.Report {
	if d.Accepts {
		return f.AcceptsSubscription(ctx, d.TemplateID)
	}
	return f.RefusesSubscription(ctx, d.TemplateID)
}

// pushAnything is a message or an event of any type.
type pushAnything struct{ push wechattest.Push }

// readAnyPush returns a reader of the elements of a push.
func readAnyPush(push wechattest.Push) actionReader {
	return func(data []byte) (action, error) {
		var in struct {
			Fields map[string]any `json:"fields"`
		}
		if err := decode(data, &in); err != nil {
			return nil, err
		}
		var err error
		push.Fields, err = fieldsOf(in.Fields)
		return pushAnything{push}, err
	}
}

func (pushAnything) check() error { return nil }

func (d pushAnything) do(ctx context.Context, f *wechattest.Follower) *wechattest.Report {
	return f.Push(ctx, d.push)
}
