package wechat_test

import (
	"context"
	"fmt"
	"log"
	"net/url"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

// Look up what a payment notice demands and create the order that pays it.
func ExampleClient_CreateNontaxOrder() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	alice := platform.AddUser(wechattest.User{})

	due, err := client.GetNontaxFee(ctx, wechat.GetNontaxFeeRequest{
		NoticeNumber: "4400000000000001", DepartmentCode: "001", RegionCode: "440000",
	})
	if err != nil {
		log.Fatal(err)
	}
	order, err := client.CreateNontaxOrder(ctx, wechat.CreateNontaxOrderRequest{
		NontaxPayment: wechat.NontaxPayment{
			Description: "交通罚款", Fee: due.Fee, Items: due.Items,
			NoticeNumber: due.NoticeNumber, NoticeCreateTime: due.NoticeCreateTime,
			DepartmentCode: due.DepartmentCode, DepartmentName: due.DepartmentName, RegionCode: due.RegionCode,
		},
		OpenID: alice.OpenID, IP: "192.0.2.1",
		Scene: wechat.NontaxSceneAccount, ReturnURL: "https://example.com/paid",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(due.NoticeNumber, order.PayURL) // where the payer pays
	// Output:
	// 4400000000000001 https://mp.weixin.qq.com/pay_url
}

// A car park charges a driver who has authorized it.
func ExampleClient_ChargeNontaxVehicle() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	// The fake platform has no drivers: this is its response.
	platform.Handle("/nontax/vehicle/querystate", func(wechattest.Call) (any, error) {
		return map[string]any{"user_state": wechat.VehicleStatusNormal, "plate_number_info": []string{"粤B12345"}}, nil
	})

	driver, err := client.GetNontaxVehicle(ctx, wechat.GetNontaxVehicleRequest{
		RegionCode: "440000", Scene: wechat.VehicleSceneParking, PlateNumber: "粤B12345",
	})
	if err != nil {
		log.Fatal(err)
	}
	if driver.Status != wechat.VehicleStatusNormal {
		log.Fatal("send the driver to the page of driver.Path")
	}
	leaving := time.Now()
	orderID, err := client.ChargeNontaxVehicle(ctx, wechat.ChargeNontaxVehicleRequest{
		Description: "停车费", Fee: 1000, OrderNumber: "parking-1",
		DepartmentCode: "001", DepartmentName: "停车管理中心", RegionCode: "440000",
		Scene: wechat.VehicleSceneParking,
		Visit: wechat.VehicleVisit{
			StartTime: wechat.Timestamp{Time: leaving.Add(-2 * time.Hour)}, EndTime: wechat.Timestamp{Time: leaving},
			ChargingTime: 7200, PlateNumber: "粤B12345",
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(orderID != "") // the charge is accepted; GetNontaxOrder tells whether it is paid
	// Output:
	// true
}

// Get the name of a user who allows it.
func ExampleClient_GetRealName() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	page, err := client.GetRealNameAuthURL(ctx, "https://example.com/name")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("open", page.URL)

	// The browser comes back with the token of the user.
	back, err := url.Parse("https://example.com/name?wx_realname_token=3a1f")
	if err != nil {
		log.Fatal(err)
	}
	name, err := client.GetRealName(ctx, wechat.Secret(back.Query().Get("wx_realname_token")))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(name.Data != "", name.Key != "") // decrypt Key with your private key, then Data with it
	// Output:
	// open https://mp.weixin.qq.com/auth_url
	// true true
}
