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
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

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
	fmt.Println("The account's menu:")
	for _, button := range info.Default.Buttons {
		fmt.Println(" ", button.Name, button.Type)
		for _, sub := range button.SubButtons {
			fmt.Println("   ", sub.Name, sub.Type)
		}
	}

	// A menu that the platform would refuse is refused before it is sent.
	tooLong := wechat.NewMenu(wechat.SubMenu("一个太长的按钮", wechat.ClickButton("今日推荐", "TODAY")))
	var invalid *wechat.ArgumentError
	if err := client.CreateMenu(ctx, tooLong); errors.As(err, &invalid) {
		fmt.Println("not sent:", invalid)
	}

	if err := client.DeleteMenu(ctx); err != nil {
		return err
	}
	if _, err := client.GetMenu(ctx); errors.Is(err, wechat.ErrMenuNotFound) {
		fmt.Println("The menu is deleted.")
	}
	return nil
}
