package browsertest

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
)

// shop is a program that uses everything which the page can show.
type shop struct {
	*program

	t        *testing.T
	template string
	notice   string // template of a notification
}

func startShop(t *testing.T, s *simulator) *shop {
	t.Helper()
	a := s.account()
	h, err := callback.NewHandler(callback.Config{AppID: a.AppID, Credentials: callback.NewCredentials(a.Token, a.AESKey)})
	require.NoError(t, err)
	shop := &shop{t: t}
	callback.On(h, func(context.Context, *callback.SubscribeEvent) (callback.Reply, error) {
		return callback.Text("欢迎光临！回复“优惠”看看今天的活动。"), nil
	})
	callback.On(h, shop.answer)
	shop.program = serve(t, s, tooLate(h))
	shop.connect(s)
	var added struct {
		ID string `json:"template_id"`
	}
	s.do(http.MethodPost, "templates", map[string]string{
		"title": "订单发货提醒", "content": "商品名称：{{thing1.DATA}}\n快递单号：{{character_string2.DATA}}\n预计送达：{{time3.DATA}}",
	}, &added)
	shop.template = added.ID
	s.do(http.MethodPost, "subscribe-templates", map[string]string{"title": "到货通知", "content": "商品：{{thing1.DATA}}"}, &added)
	shop.notice = added.ID
	return shop
}

// tooLate lets a delivery that says so wait for longer than the platform does. It looks at
// the follower, because the content is encrypted.
func tooLate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Query().Get("openid"), "-patient") {
			never(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (p *shop) answer(ctx context.Context, m *callback.TextMessage) (callback.Reply, error) {
	switch {
	case strings.Contains(m.Content, "订单"):
		return callback.Text("查到了：订单 1024 今天下午送达。\n详情 https://example.com/orders/1024"), nil
	case m.Content == "优惠":
		return nil, p.client.SendCustomMessage(ctx, wechat.SendCustomMessageRequest{OpenID: m.FromUserName, Message: wechat.MenuMessage{
			Head: "您想看哪一类？", Items: []wechat.MenuMessageItem{{ID: "new", Content: "新品"}, {ID: "sale", Content: "清仓"}}, Tail: "点击选项即可",
		}})
	case m.MenuItemID != "":
		return callback.NewsReply{Articles: []callback.Article{{Title: "本周" + m.Content, Description: "咖啡器具八折起", URL: "https://example.com/" + m.MenuItemID}}}, nil
	}
	return callback.Text("收到：" + m.Content), nil
}

// notify sends the template message about an order.
func (p *shop) notify(openID string) {
	p.t.Helper()
	_, err := p.client.SendTemplateMessage(p.t.Context(), wechat.TemplateMessage{
		OpenID: openID, TemplateID: p.template, URL: "https://example.com/orders/1024",
		Data: wechat.TemplateData{}.Set("thing1", "手冲咖啡壶").Set("character_string2", "SF1024-2048").Set("time3", "11月26日 18:00"),
	})
	require.NoError(p.t, err)
}

// upload uploads a picture and returns its media ID.
func (p *shop) upload() string {
	p.t.Helper()
	media, err := p.client.UploadMedia(p.t.Context(), wechat.MediaImage, cup(p.t))
	require.NoError(p.t, err)
	return media.MediaID
}

// cup returns a picture of 64 by 64 pixels.
func cup(t *testing.T) wechat.File {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for y := range 64 {
		for x := range 64 {
			picture.Set(x, y, color.RGBA{R: uint8(x * 4), G: 120, B: uint8(y * 4), A: 255})
		}
	}
	var data bytes.Buffer
	require.NoError(t, png.Encode(&data, picture))
	return wechat.File{Name: "cup.png", Content: &data}
}
