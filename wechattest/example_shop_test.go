package wechattest_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechattest"
)

// shop is the program under test.
type shop struct {
	client   *wechat.Client
	template string
	parcels  map[string]string // by openid
}

// shipped notifies a customer that a parcel is on its way.
func (s *shop) shipped(ctx context.Context, openID, parcel string) error {
	s.parcels[openID] = parcel
	_, err := s.client.SendTemplateMessage(ctx, wechat.TemplateMessage{
		OpenID: openID, TemplateID: s.template, Data: wechat.TemplateData{}.Set("character_string1", parcel),
		ClientMsgID: "shipped-" + parcel,
	})
	if errors.Is(err, wechat.ErrUnreachableUser) {
		return nil // the customer does not want to be notified
	}
	return err
}

// asked replies to a customer who asks about their parcel.
func (s *shop) asked(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
	return callback.Text("单号：" + s.parcels[m.FromUserName]), nil
}

// A program and its test. In a real test, replace NewPlatform with
//
//	func TestCustomersAreNotifiedOfTheirParcels(t *testing.T) {
//		srv := wechattest.NewServer(t) // closes with the test
//
// and assert what is printed here.
func Example_shop() {
	srv := wechattest.NewPlatform()
	defer srv.Close()
	ctx := context.Background()
	alice := srv.AddUser(wechattest.User{OpenID: "oAlice"})
	srv.AddUser(wechattest.User{OpenID: "oBob", NotFollowing: true})
	s := &shop{client: srv.Client(), parcels: map[string]string{}}
	s.template = srv.AddTemplate(wechattest.Template{Content: "单号：{{character_string1.DATA}}"})

	fmt.Println("follower:", s.shipped(ctx, "oAlice", "SF1"), alice.LastMessage().Data)
	fmt.Println("not a follower:", s.shipped(ctx, "oBob", "SF2"))

	// The platform sends the message, but its response is lost: the client retries.
	srv.InjectFault("/cgi-bin/message/template/send", wechattest.Fault{Drop: true, Executed: true})
	fmt.Println("lost response:", s.shipped(ctx, "oAlice", "SF3"), len(alice.Messages()))

	srv.FailNext("/cgi-bin/message/template/send", wechat.ErrDailyQuota)
	err := s.shipped(ctx, "oAlice", "SF4")
	fmt.Println("no quota:", errors.Is(err, wechat.ErrQuotaExceeded), len(alice.Messages()))

	h, err := callback.NewHandler(callback.Config{AppID: srv.AppID, Credentials: callback.NewCredentials(srv.Token, srv.EncodingAESKey)})
	if err != nil {
		log.Fatal(err)
	}
	callback.On(h, s.asked)
	srv.SetCallback(h)
	fmt.Println(alice.Sends(ctx, "到哪了？").Reply.Content)
	// Output:
	// follower: <nil> map[character_string1:SF1]
	// not a follower: <nil>
	// lost response: <nil> 2
	// no quota: true 2
	// 单号：SF4
}
