// Template sends a template message to a follower.
//
//	WECHAT_APP_ID=… WECHAT_APP_SECRET=… WECHAT_OPENID=… WECHAT_TEMPLATE_ID=… go run ./examples/template
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/examples/internal/demo"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	ctx = demo.Platform(ctx, "") // delete this line: it is the fake platform

	client := wechat.NewClient(os.Getenv("WECHAT_APP_ID"), os.Getenv("WECHAT_APP_SECRET"),
		wechat.WithBaseURL(os.Getenv("WECHAT_BASE_URL"))) // "" is the real platform

	templates, err := client.ListTemplates(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range templates {
		fmt.Printf("template %s:\n%s\n", t.Title, t.Content)
	}

	id, err := client.SendTemplateMessage(ctx, wechat.TemplateMessage{
		OpenID:     os.Getenv("WECHAT_OPENID"),
		TemplateID: os.Getenv("WECHAT_TEMPLATE_ID"),
		Data:       wechat.TemplateData{}.Set("thing1", "招牌奶茶").Set("character_string2", "SF1234567890"),
		URL:        "https://example.com/orders/1",
		// The platform drops a second message under this id for 10 minutes, so the
		// client can repeat the call where it did not hear of the first one's end.
		ClientMsgID: "order-1-shipped",
	})
	switch {
	case errors.Is(err, wechat.ErrUnreachableUser):
		fmt.Println("this user does not want to hear from us:", err)
	case errors.Is(err, wechat.ErrQuotaExceeded):
		fmt.Println("try again tomorrow:", err)
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Println("sent, message id", id)
	}
}
