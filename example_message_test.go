package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

func ExampleClient_SendTemplateMessage() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	alice := platform.AddUser(wechattest.User{})
	template := platform.AddTemplate(wechattest.Template{Title: "发货提醒", Content: "商品：{{thing1.DATA}}\n单号：{{character_string2.DATA}}"})

	_, err := client.SendTemplateMessage(ctx, wechat.TemplateMessage{
		OpenID:      alice.OpenID,
		TemplateID:  template,
		Data:        wechat.TemplateData{}.Set("thing1", "招牌奶茶").Set("character_string2", "SF1234567890"),
		URL:         "https://example.com/orders/1",
		ClientMsgID: "order-1-shipped", // sent once, even if the program repeats it
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(alice.LastMessage().Via, alice.LastMessage().Data["thing1"])
	// Output:
	// template 招牌奶茶
}

func ExampleClient_SendCustomMessage() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	alice := platform.AddUser(wechattest.User{})

	hello := wechat.SendCustomMessageRequest{OpenID: alice.OpenID, Message: wechat.TextMessage{Content: "您好"}}
	err := client.SendCustomMessage(ctx, hello)
	fmt.Println(errors.Is(err, wechat.ErrReplyWindowClosed)) // Alice has not written yet
	alice.Sends(ctx, "在吗？")
	if err := client.SendCustomMessage(ctx, hello); err != nil {
		log.Fatal(err)
	}
	fmt.Println(alice.LastMessage().Content)
	// Output:
	// true
	// 您好
}

func ExampleClient_SendMass() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	alice := platform.AddUser(wechattest.User{})

	// The first response is lost. The client retries, and the platform recognizes the
	// message by its ID.
	platform.InjectFault("/cgi-bin/message/mass/sendall", wechattest.Fault{Drop: true, Executed: true})
	_, err := client.SendMass(ctx, wechat.SendMassRequest{ToAll: true, Message: wechat.TextMessage{Content: "新品上市"}})
	if err != nil {
		log.Fatal(err)
	}
	platform.Wait()
	fmt.Println(len(alice.Messages()), alice.LastMessage().Content)
	// Output:
	// 1 新品上市
}

// Read the automatic replies of the console, to move them to a program.
func ExampleClient_GetAutoReplies() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	// The fake platform has no automatic replies.
	platform.Handle("/cgi-bin/get_current_autoreply_info", func(wechattest.Call) (any, error) {
		rule := map[string]any{
			"rule_name": "营业时间", "reply_mode": "reply_all",
			"keyword_list_info": []any{map[string]string{"type": "text", "match_mode": "contain", "content": "几点"}},
			"reply_list_info":   []any{map[string]string{"type": "text", "content": "早九点到晚九点"}},
		}
		return map[string]any{"is_autoreply_open": 1, "keyword_autoreply_info": map[string]any{"list": []any{rule}}}, nil
	})

	replies, err := client.GetAutoReplies(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, rule := range replies.Rules {
		for _, keyword := range rule.Keywords {
			for _, reply := range rule.Replies {
				fmt.Println(rule.Name, keyword.Match, keyword.Content, reply.Content)
			}
		}
	}
	// Output:
	// 营业时间 contain 几点 早九点到晚九点
}

// Each subscription allows one notification.
func ExampleClient_SendSubscribeMessage() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	alice := platform.AddUser(wechattest.User{})
	template := platform.AddSubscribeTemplate("取餐提醒", "取餐码：{{character_string1.DATA}}\n门店：{{thing2.DATA}}")

	alice.AcceptsSubscription(ctx, template) // on a page of the account
	for _, code := range []string{"A101", "A102"} {
		err := client.SendSubscribeMessage(ctx, wechat.SubscribeMessage{
			OpenID:     alice.OpenID,
			TemplateID: template,
			Data:       wechat.TemplateData{}.Set("character_string1", code).Set("thing2", "人民广场店"),
			Page:       "https://example.com/orders/" + code,
		})
		switch {
		case errors.Is(err, wechat.ErrSubscriptionRefused):
			fmt.Println(code, "was not sent: there is no subscription")
		case err != nil:
			log.Fatal(err)
		default:
			fmt.Println(code, "was sent")
		}
	}
	// Output:
	// A101 was sent
	// A102 was not sent: there is no subscription
}

// Add an agent and invite the person who works as this agent.
func ExampleClient_CreateKFAccount() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	const account = "service1@milk_tea"
	err := client.CreateKFAccount(ctx, wechat.CreateKFAccountRequest{Account: account, Nickname: "小茶"})
	if err != nil && !errors.Is(err, wechat.ErrKFAccountExists) {
		log.Fatal(err)
	}
	if err := client.InviteKFAgent(ctx, account, "alice_wx"); err != nil {
		log.Fatal(err)
	}
	platform.AcceptKFInvite(account) // Alice accepts in WeChat

	agents, err := client.ListKFAccounts(ctx, 0)
	if err != nil {
		log.Fatal(err)
	}
	for _, agent := range agents {
		fmt.Println(agent.Nickname, agent.WeChatID)
	}
	// Output:
	// 小茶 alice_wx
}

// Assign a user to an agent who is online.
func ExampleClient_CreateKFSession() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	platform.AddKFAccount(wechattest.KFAccount{Account: "day@milk_tea", WeChatID: "alice_wx", Status: wechat.KFStatusOnline})
	platform.AddKFAccount(wechattest.KFAccount{Account: "night@milk_tea", WeChatID: "bob_wx"})
	customer := platform.AddUser(wechattest.User{})

	for _, account := range []string{"night@milk_tea", "day@milk_tea"} {
		err := client.CreateKFSession(ctx, account, customer.OpenID)
		if errors.Is(err, wechat.ErrKFOffline) {
			continue
		}
		if err != nil {
			log.Fatal(err)
		}
		break
	}
	session, err := client.GetKFSession(ctx, customer.OpenID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("served by", session.Account)
	if err := client.CloseKFSession(ctx, session.Account, customer.OpenID); err != nil {
		log.Fatal(err)
	}
	// Output:
	// served by day@milk_tea
}
