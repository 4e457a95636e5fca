package wechat_test

import (
	"context"
	"fmt"
	"log"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

// Change the opening hours of all stores.
func ExampleClient_AllStores() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	for store, err := range client.AllStores(ctx) { // the fake platform returns a sample
		if err != nil {
			log.Fatal(err)
		}
		update, err := client.UpdateStore(ctx, wechat.UpdateStoreRequest{
			POIID: store.POIID, Phone: store.Phone, CardID: store.CardID,
			Photos: wechat.StorePhotos{"https://mmbiz.qpic.cn/store/0"},
			Hours:  "10:00-23:00",
		})
		if err != nil {
			log.Fatal(err)
		}
		if update.HasAudit {
			fmt.Println("store", store.POIID, "is changed after audit", update.AuditID)
		} else {
			fmt.Println("store", store.POIID, "is changed")
		}
	}
	// Output:
	// store 1 is changed
}

// Find a place on the platform's maps, which a new store needs.
func ExampleClient_SearchMapPOIs() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	// The fake platform has no maps: these are its responses.
	platform.Handle("/wxa/get_district", func(wechattest.Call) (any, error) {
		city := map[string]any{"id": "310000", "name": "上海", "fullname": "上海市", "cidx": []int{0, 0}}
		district := map[string]any{"id": "310101", "name": "黄浦", "fullname": "黄浦区"}
		return map[string]any{"status": 0, "result": []any{[]any{city}, []any{district}}}, nil
	})
	platform.Handle("/wxa/search_map_poi", func(wechattest.Call) (any, error) {
		place := map[string]any{"sosomap_poi_uid": "8127661222", "branch_name": "人民广场店"}
		return map[string]any{"data": map[string]any{"item": []any{place}}}, nil
	})

	districts, err := client.GetDistricts(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, district := range districts.Levels[len(districts.Levels)-1] {
		if district.FullName != "黄浦区" {
			continue
		}
		places, err := client.SearchMapPOIs(ctx, district.ID, "人民广场")
		if err != nil {
			log.Fatal(err)
		}
		for _, place := range places {
			fmt.Println(place.ID, place.Name) // the MapPOIID of wechat.CreateStoreRequest
		}
	}
	// Output:
	// 8127661222 人民广场店
}
