package wechat

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func storeToCreate() CreateStoreRequest {
	return CreateStoreRequest{
		MapPOIID: "m1", Photos: StorePhotos{"https://example.com/1?a=1&b=2", "https://example.com/2"}, Phone: "010-00000000",
		Hours: "11:11-12:12", Credential: "C1", CompanyName: "示例", Qualifications: StoreMediaIDs{"q1", "q2"},
		CardID: "card1", POIID: "p0", Address: "某路1号",
	}
}

func storeToUpdate() UpdateStoreRequest {
	return UpdateStoreRequest{
		POIID: "p1", MapPOIID: "m1", Photos: StorePhotos{"https://example.com/1"}, Phone: "010-00000000", Hours: "11:11-12:12", CardID: "card1",
	}
}

const storeJSON = `{"poi_id":"p1","business_name":"示例店","address":"某路1号","telephone":"010-00000000","categories":["美食,中餐厅"],"city":"北京市","province":"北京","district":"东城区","offset_type":1,"longitude":116.4,"latitude":"39.9","photo_list":[{"photo_url":"https://example.com/1"}],"open_time":"11:11-12:12","status":3,"qualification_num":"Q1","qualification_name":"营业执照","card_id":"card1"}`

func storeWanted() Store {
	return Store{
		POIID: "p1", Name: "示例店", Address: "某路1号", Phone: "010-00000000", Categories: []string{"美食,中餐厅"},
		Province: "北京", City: "北京市", District: "东城区", OffsetType: 1, Longitude: 116.4, Latitude: 39.9,
		Photos: []StorePhoto{{URL: "https://example.com/1"}}, Hours: "11:11-12:12", Status: 3,
		QualificationNumber: "Q1", QualificationName: "营业执照", CardID: "card1",
	}
}

var _ = wireRows([]wireRow{
	{
		name: "CreateStore", http: "POST /wxa/add_store",
		body:  `{"map_poi_id":"m1","pic_list":"{\"list\":[\"https://example.com/1?a=1&b=2\",\"https://example.com/2\"]}","contract_phone":"010-00000000","hour":"11:11-12:12","credential":"C1","company_name":"示例","qualification_list":"q1|q2","card_id":"card1","poi_id":"p0","address":"某路1号"}`,
		reply: `{"errcode":0,"errmsg":"ok","data":{"audit_id":471974525}}`,
		call:  func(ctx context.Context, c *Client) (any, error) { return c.CreateStore(ctx, storeToCreate()) },
		want:  int64(471974525),
	},
	{
		name: "UpdateStore", http: "POST /wxa/update_store",
		body:  `{"poi_id":"p1","map_poi_id":"m1","pic_list":"{\"list\":[\"https://example.com/1\"]}","contract_phone":"010-00000000","hour":"11:11-12:12","card_id":"card1"}`,
		reply: `{"errcode":0,"data":{"has_audit_id":1,"audit_id":458}}`,
		call: result(func(ctx context.Context, c *Client) (*StoreUpdate, error) {
			return c.UpdateStore(ctx, storeToUpdate())
		}),
		want: &StoreUpdate{HasAudit: true, AuditID: 458},
	},
	{
		name: "GetStore", http: "POST /wxa/get_store_info", body: `{"poi_id":"p1"}`,
		reply: `{"errcode":0,"business":{"base_info":` + storeJSON + `}}`,
		call:  result(func(ctx context.Context, c *Client) (*Store, error) { return c.GetStore(ctx, "p1") }),
		want:  func() *Store { s := storeWanted(); return &s }(),
	},
	{
		name: "GetStore/flat", http: "POST /wxa/get_store_info", body: `{"poi_id":"p1"}`,
		reply: `{"errcode":0,"business":` + storeJSON + `}`,
		call:  result(func(ctx context.Context, c *Client) (*Store, error) { return c.GetStore(ctx, "p1") }),
		want:  func() *Store { s := storeWanted(); return &s }(),
	},
	{
		name: "ListStores", http: "POST /wxa/get_store_list", body: `{"offset":10,"limit":20}`,
		reply: `{"errcode":0,"business_list":[{"base_info":` + storeJSON + `},` + storeJSON + `],"total_count":12}`,
		call: result(func(ctx context.Context, c *Client) (*StorePage, error) {
			return c.ListStores(ctx, 10, 20)
		}),
		want: &StorePage{Stores: []Store{storeWanted(), storeWanted()}, Total: 12},
	},
	{
		name: "DeleteStore", http: "POST /wxa/del_store", body: `{"poi_id":"p1"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.DeleteStore(ctx, "p1") }),
	},
})

func TestAllStoresReadsPageAfterPage(t *testing.T) {
	const total = 2*storesPerPage + 1
	requests := 0
	var seen *wireRequest
	var c *Client
	c, seen = wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		assert.JSONEq(t, fmt.Sprintf(`{"offset":%d,"limit":%d}`, requests*storesPerPage, storesPerPage), string(seen.body))
		n := min(storesPerPage, total-requests*storesPerPage)
		requests++
		list := strings.TrimSuffix(strings.Repeat(`{"base_info":{"poi_id":"p"}},`, n), ",")
		return answer(http.StatusOK, fmt.Sprintf(`{"errcode":0,"business_list":[%s],"total_count":%d}`, list, total))(r)
	})
	n := 0
	for store, err := range c.AllStores(t.Context()) {
		require.NoError(t, err)
		assert.Equal(t, "p", store.POIID)
		n++
	}
	assert.Equal(t, total, n)
	assert.Equal(t, 3, requests)
}

func TestAllStoresEndsWithTheFirstError(t *testing.T) {
	c, _ := wireRow{}.client(answer(http.StatusOK, `{"errcode":48001,"errmsg":"api unauthorized"}`))
	n := 0
	for _, err := range c.AllStores(t.Context()) {
		require.ErrorIs(t, err, ErrUnauthorizedAPI)
		n++
	}
	assert.Equal(t, 1, n)
}

func TestWrongStoreCallsAreRefused(t *testing.T) {
	for argument, damage := range map[string]func(*CreateStoreRequest){
		"MapPOIID":       func(r *CreateStoreRequest) { r.MapPOIID = "" },
		"Photos":         func(r *CreateStoreRequest) { r.Photos = nil },
		"Phone":          func(r *CreateStoreRequest) { r.Phone = "" },
		"Credential":     func(r *CreateStoreRequest) { r.Credential = "" },
		"Qualifications": func(r *CreateStoreRequest) { r.Qualifications = make(StoreMediaIDs, 6) },
	} {
		req := storeToCreate()
		damage(&req)
		refused(t, argument, func(ctx context.Context, c *Client) error {
			_, err := c.CreateStore(ctx, req)
			return err
		})
	}
	refused(t, "POIID", func(ctx context.Context, c *Client) error {
		_, err := c.UpdateStore(ctx, UpdateStoreRequest{})
		return err
	})
	refused(t, "poiID", func(ctx context.Context, c *Client) error { return c.DeleteStore(ctx, "") })
	refused(t, "poiID", func(ctx context.Context, c *Client) error {
		_, err := c.GetStore(ctx, "")
		return err
	})
	refused(t, "offset", func(ctx context.Context, c *Client) error {
		_, err := c.ListStores(ctx, -1, 10)
		return err
	})
	refused(t, "count", func(ctx context.Context, c *Client) error {
		_, err := c.ListStores(ctx, 0, 0)
		return err
	})
}
