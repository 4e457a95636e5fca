// Legacy calls an API that this SDK has no method for: the older stores (门店管理).
// Client.Do gives the call what every method has: the token, retries, typed errors.
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
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	client := wechat.NewClient(os.Getenv("WECHAT_APP_ID"), os.Getenv("WECHAT_APP_SECRET"),
		wechat.WithBaseURL(os.Getenv("WECHAT_BASE_URL"))) // "" is the real platform
	stores, err := listPOIs(ctx, client, 0, 20)
	if errors.Is(err, wechat.ErrForbidden) {
		log.Fatal("this account may not use the older stores")
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(stores), "stores:")
	for _, store := range stores {
		fmt.Println(store.ID, store.Name)
	}
}

// POI is a store, with the fields that this program needs.
type POI struct {
	ID   string `json:"poi_id"` // the platform sends a string or a number
	Name string `json:"business_name"`
}

// listPOIs is written like the methods of the SDK: path, body, whether it may be
// retried, result.
func listPOIs(ctx context.Context, client *wechat.Client, begin, limit int) ([]POI, error) {
	var page struct {
		List []struct {
			BaseInfo POI `json:"base_info"`
		} `json:"business_list"`
	}
	err := client.Do(ctx, wechat.Request{
		Path:       "/cgi-bin/poi/getpoilist",
		Body:       map[string]int{"begin": begin, "limit": limit},
		Idempotent: true, // it changes nothing, so a lost response may be requested again
	}, &page)
	stores := make([]POI, 0, len(page.List))
	for _, entry := range page.List {
		stores = append(stores, entry.BaseInfo)
	}
	return stores, err
}
