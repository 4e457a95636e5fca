package wechat

import (
	"context"
	"testing"
)

func medicalMessage() MedicalMessage {
	return MedicalMessage{
		Status: MedicalStatusRegistered, OpenID: "o1", OrderID: "order_1", ID: "msg_1", Trial: true,
		Info: MedicalAppointment{
			HospitalPatientID: "P1", PatientName: "张三", DoctorName: "李四", DepartmentName: "内科", DepartmentLocation: "门诊楼2层",
			AppointmentTime: "2026-12-01 09:00", Memo: "请提前到达",
			Page:      &MedicalPage{Type: "web", URL: "https://example.com/v/1", AppID: "wx0000000000000004", PagePath: "pages/visit?id=2"},
			ElderPage: &MedicalPage{Type: "miniprogram", URL: "https://example.com/v/2", AppID: "wx0000000000000002", PagePath: "pages/visit?id=1"},
		},
	}
}

var _ = wireRows([]wireRow{
	{
		name: "SendMedicalMessage", http: "POST /cityservice/sendchannelmsg",
		body: `{"status":1501001,"open_id":"o1","order_id":"order_1","msg_id":"msg_1","app_id":"wx0000000000000001","business_id":150,"testonly_is_trial":1,
			"business_info":{"pat_hospital_id":"P1","pat_name":"张三","doc_name":"李四","department_name":"内科","department_location":"门诊楼2层","appointment_time":"2026-12-01 09:00","memo":"请提前到达",
			"redirect_page":{"page_type":"web","url":"https://example.com/v/1","app_id":"wx0000000000000004","fullpath":"pages/visit?id=2"},
			"elder_redirect_page":{"page_type":"miniprogram","url":"https://example.com/v/2","app_id":"wx0000000000000002","fullpath":"pages/visit?id=1"}}}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.SendMedicalMessage(ctx, medicalMessage()) }),
	},
	{
		name: "SendMedicalMessage/another status", http: "POST /cityservice/sendchannelmsg",
		body: `{"status":1502001,"open_id":"o1","order_id":"order_1","msg_id":"msg_1","app_id":"wx0000000000000003","business_id":150,"business_info":{"pat_name":"张三"}}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.SendMedicalMessage(ctx, MedicalMessage{
				Status: 1502001, OpenID: "o1", OrderID: "order_1", ID: "msg_1", AppID: "wx0000000000000003",
				Info: map[string]string{"pat_name": "张三"},
			})
		}),
	},
})

func TestIncompleteMedicalMessagesAreRefused(t *testing.T) {
	for argument, damage := range map[string]func(*MedicalMessage){
		"Status":           func(m *MedicalMessage) { m.Status = -1 },
		"OpenID":           func(m *MedicalMessage) { m.OpenID = "" },
		"OrderID":          func(m *MedicalMessage) { m.OrderID = "" },
		"ID":               func(m *MedicalMessage) { m.ID = "" },
		"Info":             func(m *MedicalMessage) { m.Info = nil },
		"Info.PatientName": func(m *MedicalMessage) { m.Info = MedicalAppointment{HospitalPatientID: "P1"} },
		"Info.DepartmentName": func(m *MedicalMessage) {
			m.Info = MedicalAppointment{HospitalPatientID: "P1", PatientName: "张三"}
		},
	} {
		m := medicalMessage()
		damage(&m)
		refused(t, argument, func(ctx context.Context, c *Client) error { return c.SendMedicalMessage(ctx, m) })
	}
}
