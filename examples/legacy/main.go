// Legacy calls an API of the platform that has no method here: the older stores
// (门店管理). Client.Do gives the call what every method has: the token, the retries,
// the typed errors.
//
//	WECHAT_APP_ID=… WECHAT_APP_SECRET=… go run ./examples/legacy
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
	stores, err := listPOIs(ctx, client, 0, 20)
	if errors.Is(err, wechat.ErrForbidden) {
		log.Fatal("the account may not use the older stores")
	}
	if err != nil {
		log.Fatal(err)
	}
	for _, store := range stores {
		fmt.Println(store.ID, store.Name)
	}
}

// POI is a store; the program takes the fields that it needs.
type POI struct {
	ID   string `json:"poi_id"` // a string or a number, depending on the store's age
	Name string `json:"business_name"`
}

// listPOIs is written as the methods of the SDK are: path, body, whether it may be retried, result.
func listPOIs(ctx context.Context, client *wechat.Client, begin, limit int) ([]POI, error) {
	var page struct {
		List []struct {
			BaseInfo POI `json:"base_info"`
		} `json:"business_list"`
	}
	err := client.Do(ctx, wechat.Request{
		Path:       "/cgi-bin/poi/getpoilist",
		Body:       map[string]int{"begin": begin, "limit": limit},
		Idempotent: true, // changes nothing, so a lost answer is asked for again
	}, &page)
	stores := make([]POI, 0, len(page.List))
	for _, entry := range page.List {
		stores = append(stores, entry.BaseInfo)
	}
	return stores, err
}
