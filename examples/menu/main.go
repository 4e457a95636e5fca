// Menu creates a menu, reads it back and deletes it.
//
//	WECHAT_APP_ID=… WECHAT_APP_SECRET=… go run ./examples/menu
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
	if err := run(ctx, client); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, client *wechat.Client) error {
	menu := wechat.NewMenu(
		wechat.ClickButton("今日推荐", "TODAY"),
		wechat.ViewButton("官网", "https://example.com/"),
		wechat.SubMenu("更多",
			wechat.ScanButton("扫一扫", "SCAN"),
			wechat.LocationButton("附近门店", "NEARBY"),
			wechat.ClickButton("联系我们", "CONTACT"),
		),
	)
	if err := client.CreateMenu(ctx, menu); err != nil {
		return err
	}
	info, err := client.GetMenu(ctx)
	if err != nil {
		return err
	}
	for _, button := range info.Default.Buttons {
		fmt.Println(button.Name, button.Type)
		for _, sub := range button.SubButtons {
			fmt.Println("  ", sub.Name, sub.Type)
		}
	}

	// A menu that the platform would refuse is refused before it is sent.
	var problem *wechat.ArgumentError
	if err := client.CreateMenu(ctx, wechat.NewMenu(wechat.ClickButton("一个太长的按钮名称", "LONG"))); errors.As(err, &problem) {
		fmt.Println(problem.Argument, problem.Reason)
	}

	if err := client.DeleteMenu(ctx); err != nil {
		return err
	}
	if _, err := client.GetMenu(ctx); errors.Is(err, wechat.ErrMenuNotFound) {
		fmt.Println("the menu is gone")
	}
	return nil
}
