package benchmarks

import (
	"context"
	"net/http"
	"time"

	"github.com/silenceper/wechat/v2/cache"
	"github.com/silenceper/wechat/v2/officialaccount"
	"github.com/silenceper/wechat/v2/officialaccount/config"
	"github.com/silenceper/wechat/v2/officialaccount/material"
	"github.com/silenceper/wechat/v2/officialaccount/message"
	"github.com/silenceper/wechat/v2/officialaccount/user"
)

var silenceper = SDK{
	Name:     "silenceper",
	Client:   func(p *Platform) Client { return newSilenceperClient(p) },
	Receiver: silenceperReceiver,
	Decode: Decoders{
		User: unmarshal[user.Info], OpenIDs: unmarshal[user.OpenidList], Users: unmarshal[user.InfoList],
	},
	ShortLife: Life{1501, time.Second}, // it renews 1,500 seconds before the end
}

func newSilenceper() *officialaccount.OfficialAccount {
	return officialaccount.NewOfficialAccount(&config.Config{
		AppID: AppID, AppSecret: AppSecret, Token: Token, EncodingAESKey: AESKey, Cache: cache.NewMemory(),
	})
}

type silenceperClient struct {
	user     *user.User
	template *message.Template
	material *material.Material
}

// newSilenceperClient makes a client; its transport is http.DefaultTransport.
func newSilenceperClient(*Platform) *silenceperClient {
	account := newSilenceper()
	return &silenceperClient{account.GetUser(), account.GetTemplate(), account.GetMaterial()}
}

func (c *silenceperClient) GetUser(_ context.Context, openID string) (string, error) {
	info, err := c.user.GetUserInfo(openID)
	if err != nil {
		return "", err
	}
	return info.OpenID, nil
}

func (c *silenceperClient) SendTemplate(_ context.Context, openID string) (int64, error) {
	return c.template.Send(&message.TemplateMessage{
		ToUser: openID, TemplateID: templateID, Data: map[string]*message.TemplateDataItem{"thing1": {Value: thing}, "amount2": {Value: amount}},
	})
}

func (c *silenceperClient) Upload(_ context.Context, path string) error {
	_, err := c.material.MediaUpload(material.MediaTypeImage, path)
	return err
}

func (c *silenceperClient) Followers(_ context.Context, each func(openID string)) error {
	return inTurn(func(next string) ([]string, string, error) {
		page, err := c.user.ListUserOpenIDs(next)
		if err != nil {
			return nil, "", err
		}
		return page.Data.OpenIDs, page.NextOpenID, nil
	}, func(ids []string) ([]string, error) {
		var params user.BatchGetUserInfoParams
		for _, id := range ids {
			params.UserList = append(params.UserList, user.BatchGetUserListItem{OpenID: id})
		}
		list, err := c.user.BatchGetUserInfo(params)
		if err != nil {
			return nil, err
		}
		found := make([]string, len(list.UserInfoList))
		for i := range list.UserInfoList {
			found[i] = list.UserInfoList[i].OpenID
		}
		return found, nil
	}, each)
}

func silenceperReceiver(Mode) http.Handler {
	account := newSilenceper()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server := account.GetServer(r, w)
		server.SetMessageHandler(func(m *message.MixMessage) *message.Reply {
			return &message.Reply{MsgType: message.MsgTypeText, MsgData: message.NewText(m.Content)}
		})
		if server.Serve() == nil {
			_ = server.Send()
		}
	})
}
