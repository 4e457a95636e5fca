package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

// Order a code for each bottle and make the codes open a mini program.
func ExampleClient_ActivateItemCodes() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	// The fake platform generates no codes: this is its response.
	platform.Handle("/intp/marketcode/applycodequery", func(wechattest.Call) (any, error) {
		return map[string]any{
			"status": "FINISH", "application_id": 1, "code_generate_list": []any{map[string]int{"code_start": 0, "code_end": 9999}},
		}, nil
	})

	orderID, err := client.CreateItemCodeOrder(ctx, 10_000, "bottles-2026-03")
	if err != nil {
		log.Fatal(err)
	}
	order, err := client.GetItemCodeOrder(ctx, orderID, "bottles-2026-03")
	if err != nil {
		log.Fatal(err)
	}
	if order.Status != wechat.ItemCodeStatusReady {
		log.Fatal("the codes are not ready yet: try again later")
	}
	for _, codes := range order.Ranges {
		err := client.ActivateItemCodes(ctx, wechat.ItemCodeActivity{
			OrderID: orderID, ItemCodeRange: codes,
			ActivityName: "开盖有奖", ProductBrand: "奶茶", ProductTitle: "瓶装奶茶", ProductCode: "6900000000001",
			MiniProgramAppID: "wx00000000000000bb", MiniProgramPath: "pages/prize/index",
		})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("activated", codes.Start, "to", codes.End)
	}
	// Output:
	// activated 0 to 9999
}

// A hospital tells a patient that the appointment is registered.
func ExampleClient_SendMedicalMessage() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	alice := platform.AddUser(wechattest.User{})

	err := client.SendMedicalMessage(ctx, wechat.MedicalMessage{
		Status:  wechat.MedicalStatusRegistered,
		OpenID:  alice.OpenID,
		OrderID: "visit-1",
		ID:      "visit-1-registered",
		Info: wechat.MedicalAppointment{
			HospitalPatientID: "0001", PatientName: "张三", DepartmentName: "眼科", DoctorName: "李医生",
			AppointmentTime: "2026-03-02 09:30",
		},
	})
	if errors.Is(err, wechat.ErrUnknownOutcome) {
		fmt.Println("the patient may have been notified")
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the patient is notified")
	// Output:
	// the patient is notified
}
