package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

func ExampleClient_AllUserSummaries() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	first, last := wechat.Date{Year: 2026, Month: time.March, Day: 1}, wechat.Date{Year: 2026, Month: time.March, Day: 31}
	for day := first; !last.Before(day); day = day.AddDays(1) {
		err := platform.SetStatistics("/datacube/getusersummary", day,
			wechat.UserSummary{Source: wechat.FollowSourceQRCode, NewFollowers: 10, LostFollowers: 2})
		if err != nil {
			log.Fatal(err)
		}
	}

	var followed, left int64
	for row, err := range client.AllUserSummaries(ctx, first, last) { // one call a week
		if err != nil {
			log.Fatal(err)
		}
		followed += row.NewFollowers
		left += row.LostFollowers
	}
	fmt.Println(followed, left, platform.CallCount("/datacube/getusersummary"))
	// Output:
	// 310 62 5
}

// Until about 8:00 the figures of the day before may not be ready.
func ExampleClient_ListAccountSummaries() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	day := wechat.Date{Year: 2026, Month: time.March, Day: 1} // wechat.Yesterday(), for example
	figures := wechat.AccountFigures{PublishedArticles: 1, ArticleFigures: wechat.ArticleFigures{ReadUsers: 1200, ShareUsers: 60}}
	if err := platform.SetStatistics("/datacube/getbizsummary", day, wechat.AccountSummary{AccountFigures: figures}); err != nil {
		log.Fatal(err)
	}

	rows, err := client.ListAccountSummaries(ctx, day, day)
	if errors.Is(err, wechat.ErrDataNotReady) {
		fmt.Println("try again later")
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	for _, row := range rows {
		fmt.Printf("%s: %d readers, of whom %d%% shared\n", row.RefDate, row.ReadUsers, 100*row.ShareUsers/row.ReadUsers)
	}
	// Output:
	// 2026-03-01: 1200 readers, of whom 5% shared
}

// Read the figures of articles that were sent before 2025-11-01, for which newer APIs
// have none.
func ExampleClient_AllArticleTotals() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	day := wechat.Date{Year: 2025, Month: time.October, Day: 1}
	sent := wechat.ArticleTotal{Title: "国庆活动", Days: []wechat.ArticleTotalDay{
		{StatDate: day, TargetUsers: 5000, ArticleCounts: wechat.ArticleCounts{PageReadUsers: 300}},
		{StatDate: day.AddDays(1), TargetUsers: 5000, ArticleCounts: wechat.ArticleCounts{PageReadUsers: 450}},
	}}
	if err := platform.SetStatistics("/datacube/getarticletotal", day, sent); err != nil {
		log.Fatal(err)
	}

	for article, err := range client.AllArticleTotals(ctx, day, day) {
		if err != nil {
			log.Fatal(err)
		}
		for _, total := range article.Days { // from the day on which the article was sent
			fmt.Println(article.Title, total.StatDate, total.PageReadUsers)
		}
	}
	// Output:
	// 国庆活动 2025-10-01 300
	// 国庆活动 2025-10-02 450
}

func ExampleClient_AllUpstreamDays() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	day := wechat.Date{Year: 2026, Month: time.March, Day: 1}
	err := platform.SetStatistics("/datacube/getupstreammsg", day,
		wechat.UpstreamSummary{MessageType: wechat.UpstreamMessageText, Users: 40, Messages: 90},
		wechat.UpstreamSummary{MessageType: wechat.UpstreamMessageVoice, Users: 5, Messages: 10})
	if err != nil {
		log.Fatal(err)
	}

	messages := map[wechat.UpstreamMessageType]int64{}
	for row, err := range client.AllUpstreamDays(ctx, day, day) {
		if err != nil {
			log.Fatal(err)
		}
		messages[row.MessageType] += row.Messages
	}
	fmt.Println(messages[wechat.UpstreamMessageText], "texts,", messages[wechat.UpstreamMessageVoice], "voice messages")
	// Output:
	// 90 texts, 10 voice messages
}

// Monitor how the callback responds to the platform.
func ExampleClient_ListInterfaceSummaries() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	first := wechat.Date{Year: 2026, Month: time.March, Day: 1}
	err := errors.Join(
		platform.SetStatistics("/datacube/getinterfacesummary", first,
			wechat.InterfaceSummary{Callbacks: 1000, TotalMilliseconds: 80_000}),
		platform.SetStatistics("/datacube/getinterfacesummary", first.AddDays(1),
			wechat.InterfaceSummary{Callbacks: 1000, Failures: 30, TotalMilliseconds: 400_000}),
	)
	if err != nil {
		log.Fatal(err)
	}

	days, err := client.ListInterfaceSummaries(ctx, first, first.AddDays(1)) // up to 30 days
	if err != nil {
		log.Fatal(err)
	}
	for _, day := range days {
		mean := time.Duration(day.TotalMilliseconds/max(day.Callbacks, 1)) * time.Millisecond
		fmt.Println(day.RefDate, day.Failures, "failures,", mean)
	}
	// Output:
	// 2026-03-01 0 failures, 80ms
	// 2026-03-02 30 failures, 400ms
}

// Add up the income from the ads at the end of articles.
func ExampleClient_AllAdDays() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	first := wechat.Date{Year: 2026, Month: time.January, Day: 1}
	days, fen := 0, int64(0)
	for day, err := range client.AllAdDays(ctx, wechat.AdSlotBottom, first, first.AddDays(99)) {
		if err != nil {
			log.Fatal(err)
		}
		days++
		fen += day.Income // in the sample figures of the fake platform, 1 fen a day
	}
	fmt.Printf("%d days, %d.%02d yuan\n", days, fen/100, fen%100)
	// Output:
	// 100 days, 1.00 yuan
}
