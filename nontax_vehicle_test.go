package wechat

import (
	"context"
	"encoding/json"
	"testing"
)

var someMerchant = VehicleMerchant{BankID: "B1", BankAccount: "A1", MerchantID: "1900016021"}

const someMerchantJSON = `"appid":"wx0000000000000001","bank_id":"B1","bank_account":"A1","mch_id":"1900016021"`

var _ = wireRows([]wireRow{
	{
		name: "GetNontaxVehicle", http: "POST /nontax/vehicle/querystate",
		body: `{` + someMerchantJSON + `,"region_code":"440000","trade_scene":"PARKING","jump_scene":"H5","openid":"o1","plate_number":"粤B888888",
			"material_info":"m","channel_type":"ETC"}`,
		reply: `{"errcode":0,"errmsg":"ok","user_state":"OVERDUE","openid":"o1","path":"https://example.com/v","plate_number_info":["粤B888888"],
			"authorize_package":{"sign":"67D1"}}`,
		call: result(func(ctx context.Context, c *Client) (*NontaxVehicle, error) {
			return c.GetNontaxVehicle(ctx, GetNontaxVehicleRequest{
				VehicleMerchant: someMerchant, RegionCode: "440000", Scene: VehicleSceneParking, JumpScene: "H5", OpenID: "o1",
				PlateNumber: "粤B888888", Material: "m", Channel: "ETC",
			})
		}),
		want: &NontaxVehicle{
			Status: VehicleStatusOverdue, OpenID: "o1", Path: "https://example.com/v", PlateNumbers: []string{"粤B888888"},
			Package: json.RawMessage(`{"sign":"67D1"}`),
		},
	},
	{
		name: "NotifyNontaxEntrance", http: "POST /nontax/vehicle/entrancenotify",
		body: `{` + someMerchantJSON + `,"region_code":"440000","trade_scene":"PARKING","scene_info":{"start_time":1542351485,"plate_number":"粤B888888",
			"car_type":"小型车","notify_url":"https://example.com/n","parking_name":"场","openid":"o1","free_time":1200}}`,
		reply: `{"errcode":0,"errmsg":"ok","user_state":"NORMAL"}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.NotifyNontaxEntrance(ctx, NotifyNontaxEntranceRequest{
				VehicleMerchant: someMerchant, RegionCode: "440000", Scene: VehicleSceneParking,
				Entrance: VehicleEntrance{
					StartTime: unix(1542351485), PlateNumber: "粤B888888", CarType: "小型车", NotifyURL: "https://example.com/n", ParkingName: "场",
					OpenID: "o1", FreeTime: 1200,
				},
			})
		},
		want: VehicleStatusNormal,
	},
	{
		name: "ChargeNontaxVehicle", http: "POST /nontax/vehicle/payapply",
		body: `{` + someMerchantJSON + `,"desc":"停车","fee":1,"order_no":"N1","payment_notice_no":"P1","payment_notice_type":1,"department_code":"222222",
			"department_name":"单位","region_code":"440000","goods_tag":"g","trade_scene":"PARKING SPACE","scene_info":{"start_time":1542351485,
			"end_time":1542355085,"charging_time":3600,"plate_number":"粤B888888","car_type":"小型车","parking_name":"场","space_number":"D6",
			"openid":"o1","entrance_name":"入","exit_name":"出","carrying_capacity":"2","carrying_range":"1-3","channel_type":"ETC"}}`,
		reply: `{"errcode":0,"errmsg":"ok","order_id":"AQAA"}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.ChargeNontaxVehicle(ctx, someCharge())
		},
		want: "AQAA",
	},
	{
		name: "GetRealNameAuthURL", http: "POST /intp/realname/getauthurl", body: `{"redirect_url":"https://example.com/"}`,
		reply: `{"errcode":0,"errmsg":"ok","expires_in":7200,"auth_url":"https://example.com/a","appid":"wx2"}`,
		call: result(func(ctx context.Context, c *Client) (*RealNameAuthURL, error) {
			return c.GetRealNameAuthURL(ctx, "https://example.com/")
		}),
		want: &RealNameAuthURL{URL: "https://example.com/a", ExpiresIn: 7200, AppID: "wx2"},
	},
	{
		name: "GetRealName", http: "POST /nontax/getrealname", body: `{"wx_realname_token":"t"}`,
		reply: `{"errcode":0,"errmsg":"ok","key_encrypt_type":"RSA","key":"a2V5","data_encrypt_type":"AES_ECB","data":"ZGF0YQ=="}`,
		call:  result(func(ctx context.Context, c *Client) (*RealName, error) { return c.GetRealName(ctx, "t") }),
		want:  &RealName{KeyEncryption: "RSA", Key: "a2V5", DataEncryption: "AES_ECB", Data: "ZGF0YQ=="},
	},
})

func someCharge() ChargeNontaxVehicleRequest {
	return ChargeNontaxVehicleRequest{
		VehicleMerchant: someMerchant, Description: "停车", Fee: 1, OrderNumber: "N1", NoticeNumber: "P1", NoticeType: NontaxNoticeOrdinary,
		DepartmentCode: "222222", DepartmentName: "单位", RegionCode: "440000", GoodsTag: "g", Scene: VehicleSceneParkingSpace,
		Visit: VehicleVisit{
			StartTime: unix(1542351485), EndTime: unix(1542355085), ChargingTime: 3600, PlateNumber: "粤B888888", CarType: "小型车", ParkingName: "场",
			SpaceNumber: "D6", OpenID: "o1", EntranceName: "入", ExitName: "出", CarryingCapacity: "2", CarryingRange: "1-3", Channel: "ETC",
		},
	}
}

func TestVehicleCallsRefuseWhatIsMissing(t *testing.T) {
	for argument, spoil := range map[string]func(*ChargeNontaxVehicleRequest){
		"Description":     func(r *ChargeNontaxVehicleRequest) { r.Description = "" },
		"Fee":             func(r *ChargeNontaxVehicleRequest) { r.Fee = 0 },
		"NoticeNumber":    func(r *ChargeNontaxVehicleRequest) { r.NoticeNumber, r.OrderNumber = "", "" },
		"DepartmentCode":  func(r *ChargeNontaxVehicleRequest) { r.DepartmentCode = "" },
		"Scene":           func(r *ChargeNontaxVehicleRequest) { r.Scene = "" },
		"Visit.StartTime": func(r *ChargeNontaxVehicleRequest) { r.Visit.StartTime = Timestamp{} },
	} {
		r := someCharge()
		spoil(&r)
		refused(t, argument, func(ctx context.Context, c *Client) error { _, err := c.ChargeNontaxVehicle(ctx, r); return err })
	}
	refused(t, "RegionCode", func(ctx context.Context, c *Client) error {
		_, err := c.GetNontaxVehicle(ctx, GetNontaxVehicleRequest{Scene: VehicleSceneParking})
		return err
	})
	refused(t, "Entrance.PlateNumber", func(ctx context.Context, c *Client) error {
		_, err := c.NotifyNontaxEntrance(ctx, NotifyNontaxEntranceRequest{
			RegionCode: "440000", Scene: VehicleSceneParking, Entrance: VehicleEntrance{StartTime: unix(1)},
		})
		return err
	})
	refused(t, "redirectURL", func(ctx context.Context, c *Client) error { _, err := c.GetRealNameAuthURL(ctx, "/"); return err })
	refused(t, "token", func(ctx context.Context, c *Client) error { _, err := c.GetRealName(ctx, ""); return err })
}
