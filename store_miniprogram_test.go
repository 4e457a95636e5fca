package wechat

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func storeProgram() CreateStoreMiniProgramRequest {
	return CreateStoreMiniProgramRequest{
		FirstCategoryID: 476, SecondCategoryID: 477, AvatarMediaID: "h1", Nickname: "示例店", Introduction: "示例",
		Qualifications: StoreMediaIDs{"q1", "q2"}, License: "l1", OtherFiles: StoreMediaIDs{"f1"},
	}
}

func mapPOI() CreateMapPOIRequest {
	return CreateMapPOIRequest{
		Name: "示例店", Longitude: 113.323753357, Latitude: 23.0974903107, Province: "广东省", City: "广州市", District: "海珠区",
		Address: "某路1号", Category: "美食:中餐厅", Phone: "12345678901;020-0000000", Photo: "https://example.com/1",
		License: "https://example.com/2", Introduction: "示例", DistrictID: 440105, POIID: "p0",
	}
}

var _ = wireRows([]wireRow{
	{
		name: "ListStoreCategories", http: "GET /wxa/get_merchant_category",
		reply: `{"errcode":0,"data":{"all_category_info":{"categories":[{"id":280,"name":"便利店","level":2,"father":278,"children":[281],"sensitive_type":1,"qualify":{"exter_list":[{"inner_list":[{"name":"食品经营许可证","url":"https://example.com/s"}]}],"remark":"R"}}]}}}`,
		call: results(func(ctx context.Context, c *Client) ([]StoreCategory, error) {
			return c.ListStoreCategories(ctx)
		}),
		want: []StoreCategory{{
			ID: 280, Name: "便利店", Level: 2, ParentID: 278, ChildIDs: []int64{281}, SensitiveType: 1,
			Qualification: StoreQualification{
				Groups: []StoreDocumentGroup{{Documents: []StoreDocument{{Name: "食品经营许可证", URL: "https://example.com/s"}}}},
				Remark: "R",
			},
		}},
	},
	{
		name: "CreateStoreMiniProgram", http: "POST /wxa/apply_merchant",
		body: `{"first_catid":476,"second_catid":477,"headimg_mediaid":"h1","nickname":"示例店","intro":"示例","qualification_list":"q1|q2","org_code":"l1","other_files":"f1"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.CreateStoreMiniProgram(ctx, storeProgram()) }),
	},
	{
		name: "GetStoreMiniProgramAudit", http: "GET /wxa/get_merchant_audit_info", query: "audit_id=414569513",
		reply: `{"errcode":0,"data":{"audit_id":414569513,"status":3,"reason":"资料不全"}}`,
		call: result(func(ctx context.Context, c *Client) (*StoreMiniProgramAudit, error) {
			return c.GetStoreMiniProgramAudit(ctx, 414569513)
		}),
		want: &StoreMiniProgramAudit{ID: 414569513, Status: StoreMiniProgramStatusRefused, Reason: "资料不全"},
	},
	{
		name: "GetStoreMiniProgramAudit/latest", http: "GET /wxa/get_merchant_audit_info",
		reply: `{"errcode":0,"data":{"audit_id":1,"status":1,"reason":0}}`,
		call: result(func(ctx context.Context, c *Client) (*StoreMiniProgramAudit, error) {
			return c.GetStoreMiniProgramAudit(ctx, 0)
		}),
		want: &StoreMiniProgramAudit{ID: 1, Status: StoreMiniProgramStatusAccepted, Reason: "0"},
	},
	{
		name: "UpdateStoreMiniProgram", http: "POST /wxa/modify_merchant", body: `{"headimg_mediaid":"h1","intro":""}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.UpdateStoreMiniProgram(ctx, "h1", "") }),
	},
	{
		name: "GetDistricts", http: "GET /wxa/get_district",
		reply: `{"status":0,"message":"query ok","data_version":"20180717","result":[[{"id":"110000","name":"北京","fullname":"北京市","pinyin":["bei","jing"],"location":{"lat":39.90469,"lng":116.40717},"cidx":[0,15]}],[]]}`,
		call:  result(func(ctx context.Context, c *Client) (*Districts, error) { return c.GetDistricts(ctx) }),
		want: &Districts{Version: "20180717", Levels: [][]District{{{
			ID: 110000, Name: "北京", FullName: "北京市", Pinyin: []string{"bei", "jing"}, ChildIndexes: []int{0, 15},
			Location: DistrictLocation{Latitude: 39.90469, Longitude: 116.40717},
		}}, {}}},
	},
	{
		name: "SearchMapPOIs", http: "POST /wxa/search_map_poi", body: `{"districtid":440105,"keyword":"珠江"}`,
		reply: `{"errcode":0,"data":{"item":[{"branch_name":"示例店","address":"某路1号","longitude":113.3,"latitude":"23.09","telephone":"020-0000000","category":"美食:中餐厅","sosomap_poi_uid":"m1","data_supply":1,"pic_urls":["https://example.com/1"],"card_id_list":["card1"]}]}}`,
		call: results(func(ctx context.Context, c *Client) ([]MapPOI, error) {
			return c.SearchMapPOIs(ctx, 440105, "珠江")
		}),
		want: []MapPOI{{
			ID: "m1", Name: "示例店", Address: "某路1号", Longitude: 113.3, Latitude: 23.09, Phone: "020-0000000", Category: "美食:中餐厅",
			DataSupply: 1, Photos: []string{"https://example.com/1"}, CardIDs: []string{"card1"},
		}},
	},
	{
		name: "CreateMapPOI", http: "POST /wxa/create_map_poi",
		body:  `{"name":"示例店","longitude":"113.323753357","latitude":"23.0974903107","province":"广东省","city":"广州市","district":"海珠区","address":"某路1号","category":"美食:中餐厅","telephone":"12345678901;020-0000000","photo":"https://example.com/1","license":"https://example.com/2","introduct":"示例","districtid":"440105","poi_id":"p0"}`,
		reply: `{"errcode":0,"data":{"base_id":100,"rich_id":200}}`,
		call: result(func(ctx context.Context, c *Client) (*MapPOICreation, error) {
			return c.CreateMapPOI(ctx, mapPOI())
		}),
		want: &MapPOICreation{BaseID: 100, RichID: 200},
	},
})

func TestStatusOfTheMapsIsAnError(t *testing.T) {
	c, _ := wireRow{}.client(answer(http.StatusOK, `{"status":121,"message":"此key每日调用量已达到上限"}`))
	_, err := c.GetDistricts(t.Context())
	var refusal *Error
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, Code(121), refusal.Code)
	assert.Equal(t, "/wxa/get_district", refusal.Path)
	assert.NotEmpty(t, refusal.Message)

	text := `wrong key: TOKEN-CANARY\n` + strings.Repeat("x", maxMessage)
	_, err = newScript(answer(http.StatusOK, `{"access_token":"TOKEN-CANARY","expires_in":7200}`), answer(http.StatusOK, `{"status":311,"message":"`+text+`"}`)).
		client(WithTokenSource(nil)).GetDistricts(t.Context())
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, "wrong key: [redacted] xxx", refusal.Message[:25])
	assert.Len(t, refusal.Message, maxMessage)
}

func TestWrongStoreMiniProgramsAndPlacesAreRefused(t *testing.T) {
	for argument, damage := range map[string]func(*CreateStoreMiniProgramRequest){
		"FirstCategoryID": func(r *CreateStoreMiniProgramRequest) { r.FirstCategoryID = 0 },
		"AvatarMediaID":   func(r *CreateStoreMiniProgramRequest) { r.AvatarMediaID = "" },
		"OtherFiles":      func(r *CreateStoreMiniProgramRequest) { r.OtherFiles = make(StoreMediaIDs, 6) },
		"Nickname":        func(r *CreateStoreMiniProgramRequest) { r.Nickname = strings.Repeat("店", 16) },
	} {
		req := storeProgram()
		damage(&req)
		refused(t, argument, func(ctx context.Context, c *Client) error { return c.CreateStoreMiniProgram(ctx, req) })
	}
	for argument, damage := range map[string]func(*CreateMapPOIRequest){
		"Name":       func(r *CreateMapPOIRequest) { r.Name = "" },
		"DistrictID": func(r *CreateMapPOIRequest) { r.DistrictID = 0 },
	} {
		req := mapPOI()
		damage(&req)
		refused(t, argument, func(ctx context.Context, c *Client) error {
			_, err := c.CreateMapPOI(ctx, req)
			return err
		})
	}
	refused(t, "keyword", func(ctx context.Context, c *Client) error {
		_, err := c.SearchMapPOIs(ctx, 440105, "")
		return err
	})
}
