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
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	client := wechat.NewClient(os.Getenv("WECHAT_APP_ID"), os.Getenv("WECHAT_APP_SECRET"),
		wechat.WithBaseURL(os.Getenv("WECHAT_BASE_URL"))) // "" is the real platform

	templates, err := client.ListTemplates(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range templates {
		fmt.Printf("Template %s:\n%s\n", t.Title, t.Content)
	}

	id, err := client.SendTemplateMessage(ctx, wechat.TemplateMessage{
		OpenID:     os.Getenv("WECHAT_OPENID"),
		TemplateID: os.Getenv("WECHAT_TEMPLATE_ID"),
		Data:       wechat.TemplateData{}.Set("thing1", "招牌奶茶").Set("character_string2", "SF1234567890"),
		URL:        "https://example.com/orders/1",
		// For 10 minutes the platform drops a second message with this ID, so that the
		// program can be started again without sending it twice.
		ClientMsgID: "order-1-shipped",
	})
	switch {
	case errors.Is(err, wechat.ErrUnreachableUser):
		fmt.Println("This user cannot receive messages:", err)
	case errors.Is(err, wechat.ErrQuotaExceeded):
		fmt.Println("The quota is used up:", err)
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Println("Sent, message id", id)
	}
}
