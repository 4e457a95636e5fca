package benchmarks

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/chanxuehong/wechat/mp/core"
	"github.com/chanxuehong/wechat/mp/media"
	"github.com/chanxuehong/wechat/mp/message/callback/request"
	"github.com/chanxuehong/wechat/mp/message/callback/response"
	"github.com/chanxuehong/wechat/mp/message/template"
	"github.com/chanxuehong/wechat/mp/user"
)

var chanxuehong = SDK{
	Name:     "chanxuehong",
	Client:   func(p *Platform) Client { return newChanxuehongClient(p) },
	Receiver: chanxuehongReceiver,
	Decode: Decoders{
		User: decodeStream[struct {
			core.Error
			user.UserInfo
		}],
		OpenIDs: decodeStream[struct {
			core.Error
			user.ListResult
		}],
		Users: decodeStream[struct {
			core.Error
			Users []user.UserInfo `json:"user_info_list"`
		}],
	},
}

// decodeStream reads a document with a json.Decoder into a new T.
func decodeStream[T any](document []byte) error {
	return json.NewDecoder(bytes.NewReader(document)).Decode(new(T))
}

type chanxuehongClient struct{ c *core.Client }

// newChanxuehongClient makes a client; its transport is http.DefaultTransport.
func newChanxuehongClient(*Platform) *chanxuehongClient {
	return &chanxuehongClient{core.NewClient(core.NewDefaultAccessTokenServer(AppID, AppSecret, nil), nil)}
}

func (c *chanxuehongClient) GetUser(_ context.Context, openID string) (string, error) {
	info, err := user.Get(c.c, openID, user.LanguageZhCN)
	if err != nil {
		return "", err
	}
	return info.OpenId, nil
}

func (c *chanxuehongClient) SendTemplate(_ context.Context, openID string) (int64, error) {
	return template.Send(c.c, template.TemplateMessage2{
		ToUser: openID, TemplateId: templateID, Data: map[string]template.DataItem{"thing1": {Value: thing}, "amount2": {Value: amount}},
	})
}

func (c *chanxuehongClient) Upload(_ context.Context, path string) error {
	file, err := os.Open(path) //nolint:gosec // a file of the benchmark
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	_, err = media.UploadImageFromReader(c.c, "a.jpg", file)
	return err
}

func (c *chanxuehongClient) Download(_ context.Context, mediaID string, w io.Writer) error {
	_, err := media.DownloadToWriter(c.c, mediaID, w)
	return err
}

func (c *chanxuehongClient) Followers(_ context.Context, each func(openID string)) error {
	return inTurn(func(next string) ([]string, string, error) {
		page, err := user.List(c.c, next)
		if err != nil {
			return nil, "", err
		}
		return page.Data.OpenIdList, page.NextOpenId, nil
	}, func(ids []string) ([]string, error) {
		list, err := user.BatchGet(c.c, ids, "")
		found := make([]string, len(list))
		for i := range list {
			found[i] = list[i].OpenId
		}
		return found, err
	}, each)
}

func chanxuehongReceiver(m Mode) http.Handler {
	mux := core.NewServeMux()
	mux.MsgHandleFunc(request.MsgTypeText, func(ctx *core.Context) {
		text := request.GetText(ctx.MixedMsg)
		reply := response.NewText(text.FromUserName, text.ToUserName, time.Now().Unix(), text.Content)
		if m == Plain {
			_ = ctx.RawResponse(reply)
			return
		}
		_ = ctx.AESResponse(reply, 0, "", nil)
	})
	server := core.NewServer("", AppID, Token, AESKey, mux, nil)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { server.ServeHTTP(w, r, nil) })
}
