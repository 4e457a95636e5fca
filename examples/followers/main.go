// Followers writes all followers of the account as CSV: openid, nickname, when they
// followed, how they found the account, remark.
//
//	WECHAT_APP_ID=… WECHAT_APP_SECRET=… go run ./examples/followers [-o followers.csv]
package main

import (
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/wechatoa/wechat"
)

func main() {
	output := flag.String("o", "", "the CSV file; without it the rows are printed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	client := wechat.NewClient(os.Getenv("WECHAT_APP_ID"), os.Getenv("WECHAT_APP_SECRET"),
		wechat.WithBaseURL(os.Getenv("WECHAT_BASE_URL"))) // "" is the real platform

	if *output == "" {
		if _, err := export(ctx, client, os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}
	var n int
	// SaveFile leaves no half-written file if the export fails.
	err := wechat.SaveFile(*output, func(w io.Writer) (err error) {
		n, err = export(ctx, client, w)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("Wrote", n, "followers to", *output)
}

// export writes the followers as they arrive: memory does not grow with their number.
func export(ctx context.Context, client *wechat.Client, w io.Writer) (n int, err error) {
	rows := csv.NewWriter(w)
	if err := rows.Write([]string{"openid", "nickname", "followed", "scene", "remark"}); err != nil {
		return 0, err
	}
	for user, err := range client.AllFollowers(ctx) {
		if err != nil {
			return n, err
		}
		row := []string{user.OpenID, user.Nickname, user.SubscribeTime.Format(time.DateTime), string(user.Scene), user.Remark}
		if err := rows.Write(row); err != nil {
			return n, err
		}
		n++
	}
	rows.Flush()
	return n, rows.Error()
}
