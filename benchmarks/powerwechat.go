package benchmarks

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/ArtisanCloud/PowerWeChat/v3/src/kernel/contract"
	"github.com/ArtisanCloud/PowerWeChat/v3/src/kernel/messages"
	"github.com/ArtisanCloud/PowerWeChat/v3/src/kernel/power"
	"github.com/ArtisanCloud/PowerWeChat/v3/src/officialAccount"
	"github.com/ArtisanCloud/PowerWeChat/v3/src/officialAccount/server/handlers/models"
	template "github.com/ArtisanCloud/PowerWeChat/v3/src/officialAccount/templateMessage/request"
	user "github.com/ArtisanCloud/PowerWeChat/v3/src/officialAccount/user/request"
)

var powerWeChat = SDK{
	Name:      "powerwechat",
	Client:    func(p *Platform) Client { return newPowerWeChatClient(p) },
	Receiver:  powerWeChatReceiver,
	ShortLife: Life{1, time.Second},
}

var powerWeChats atomic.Int64

// newPowerWeChat makes an account that logs errors, to nowhere. Its secret is its own,
// because all accounts of a process share a cache of tokens.
func newPowerWeChat() *officialAccount.OfficialAccount {
	app, err := officialAccount.NewOfficialAccount(&officialAccount.UserConfig{
		AppID: AppID, Secret: AppSecret + strconv.FormatInt(powerWeChats.Add(1), 10), Token: Token, AESKey: AESKey,
		Log: officialAccount.Log{Level: "error", File: os.DevNull, Error: os.DevNull, ENV: "production"},
	})
	if err != nil {
		panic(err)
	}
	return app
}

type powerWeChatClient struct {
	app *officialAccount.OfficialAccount
}

// newPowerWeChatClient makes a client; its transport is http.DefaultTransport.
func newPowerWeChatClient(*Platform) *powerWeChatClient { return &powerWeChatClient{newPowerWeChat()} }

func (c *powerWeChatClient) GetUser(ctx context.Context, openID string) (string, error) {
	info, err := c.app.User.Get(ctx, openID, "zh_CN")
	if err != nil {
		return "", err
	}
	return info.OpenID, refusal(int64(info.ErrCode))
}

func (c *powerWeChatClient) SendTemplate(ctx context.Context, openID string) (int64, error) {
	res, err := c.app.TemplateMessage.Send(ctx, &template.RequestTemlateMessage{
		ToUser: openID, TemplateID: templateID,
		Data: &power.HashMap{"thing1": &power.HashMap{"value": thing}, "amount2": &power.HashMap{"value": amount}},
	})
	if err != nil {
		return 0, err
	}
	return res.MsgID, refusal(int64(res.ErrCode))
}

func (c *powerWeChatClient) Upload(ctx context.Context, path string) error {
	res, err := c.app.Media.UploadImage(ctx, path)
	if err != nil {
		return err
	}
	if res.MediaID == "" {
		return errRefused
	}
	return nil
}

func (c *powerWeChatClient) Download(ctx context.Context, mediaID string, w io.Writer) error {
	resp, err := c.app.Media.Get(ctx, mediaID)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(w, resp.Body)
	return err
}

func (c *powerWeChatClient) Followers(ctx context.Context, each func(openID string)) error {
	return inTurn(func(next string) ([]string, string, error) {
		page, err := c.app.User.List(ctx, next)
		if err != nil {
			return nil, "", err
		}
		return page.Data.OpenID, page.NextOpenID, nil
	}, func(ids []string) ([]string, error) {
		var batch user.RequestBatchGetUserInfo
		for _, id := range ids {
			batch.UserList = append(batch.UserList, &user.UserList{Openid: id, Lang: "zh_CN"})
		}
		res, err := c.app.User.BatchGet(ctx, &batch)
		if err != nil {
			return nil, err
		}
		found := make([]string, len(res.ResponseGetUserInfo))
		for i, u := range res.ResponseGetUserInfo {
			found[i] = u.OpenID
		}
		return found, nil
	}, each)
}

var errContent = errors.New("a push without a content")

func powerWeChatReceiver(Mode) http.Handler {
	app := newPowerWeChat()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resp, err := app.Server.Notify(r, func(event contract.EventInterface) any {
			text := models.MessageText{}
			if err := event.ReadMessage(&text); err != nil {
				return errContent
			}
			return messages.NewText(text.Content)
		})
		if err != nil {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		defer func() { _ = resp.Body.Close() }()
		_, _ = io.Copy(w, resp.Body)
	})
}
