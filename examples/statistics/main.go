// Statistics prints how many people followed and unfollowed the account on each of the
// last 30 days, and how many there were then.
//
//	WECHAT_APP_ID=… WECHAT_APP_SECRET=… go run ./examples/statistics
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

const days = 30

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client := wechat.NewClient(os.Getenv("WECHAT_APP_ID"), os.Getenv("WECHAT_APP_SECRET"),
		wechat.WithBaseURL(os.Getenv("WECHAT_BASE_URL"))) // "" is the real platform

	err := run(ctx, client)
	switch {
	case errors.Is(err, wechat.ErrDataNotReady):
		log.Fatal("yesterday's figures are not ready yet; they are around 8:00")
	case err != nil:
		log.Fatal(err)
	}
}

func run(ctx context.Context, client *wechat.Client) error {
	to := wechat.Yesterday() // today has no figures yet
	from := to.AddDays(1 - days)
	var joined, left [days]int64
	// One call covers 7 days; the iterator makes as many as it takes.
	for row, err := range client.AllUserSummaries(ctx, from, to) {
		if err != nil {
			return err
		}
		day := from.DaysUntil(row.RefDate)
		joined[day] += row.NewFollowers // there is a row for each source of followers
		left[day] += row.LostFollowers
	}
	var total [days]int64
	for row, err := range client.AllUserTotals(ctx, from, to) {
		if err != nil {
			return err
		}
		total[from.DaysUntil(row.RefDate)] += row.Followers
	}
	fmt.Println("date        followed  unfollowed  followers")
	for day := range days {
		fmt.Printf("%s  %8d  %10d  %9d\n", from.AddDays(day), joined[day], left[day], total[day])
	}
	return nil
}
