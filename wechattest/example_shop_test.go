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

// shop is the program that is tested.
type shop struct {
	client   *wechat.Client
	template string
	parcels  map[string]string // by openid
}

// shipped tells a customer that a parcel is on its way.
func (s *shop) shipped(ctx context.Context, openID, parcel string) error {
	s.parcels[openID] = parcel
	_, err := s.client.SendTemplateMessage(ctx, wechat.TemplateMessage{
		OpenID: openID, TemplateID: s.template, Data: wechat.TemplateData{}.Set("character_string1", parcel),
		ClientMsgID: "shipped-" + parcel,
	})
	if errors.Is(err, wechat.ErrUnreachableUser) {
		return nil // she does not want to know
	}
	return err
}

// asked answers a customer who asks where her parcel is.
func (s *shop) asked(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
	return callback.Text("单号：" + s.parcels[m.FromUserName]), nil
}

// A program and a test of it. In a real one the test begins with
//
//	func TestCustomersHearOfTheirParcels(t *testing.T) {
//		srv := wechattest.NewServer(t) // ends with the test
//
// and asserts what is printed here.
func Example_shop() {
	srv := wechattest.NewPlatform()
	defer srv.Close()
	ctx := context.Background()
	alice := srv.AddUser(wechattest.User{OpenID: "oAlice"})
	srv.AddUser(wechattest.User{OpenID: "oBob", NotFollowing: true})
	s := &shop{client: srv.Client(), parcels: map[string]string{}}
	s.template = srv.AddTemplate(wechattest.Template{Content: "单号：{{character_string1.DATA}}"})

	fmt.Println("follower:", s.shipped(ctx, "oAlice", "SF1"), alice.LastMessage().Data)
	fmt.Println("nobody:", s.shipped(ctx, "oBob", "SF2"))

	// The platform sends the message, and its answer is lost: the client asks again.
	srv.InjectFault("/cgi-bin/message/template/send", wechattest.Fault{Drop: true, Executed: true})
	fmt.Println("lost answer:", s.shipped(ctx, "oAlice", "SF3"), len(alice.Messages()))

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
	// nobody: <nil>
	// lost answer: <nil> 2
	// no quota: true 2
	// 单号：SF4
}
