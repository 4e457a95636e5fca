package wechat

import "context"

// MedicalStatus selects which notice the medical assistant sends. The official
// guide lists the values by department: 15010xx for outpatients, 15020xx for inpatients.
type MedicalStatus int

// MedicalStatusRegistered notifies a patient that an appointment is registered.
const MedicalStatusRegistered MedicalStatus = 1501001

// MedicalMessage is a notice from the medical assistant (就医助手) about a visit.
type MedicalMessage struct {
	Status  MedicalStatus `json:"status"`
	OpenID  string        `json:"open_id"`
	OrderID string        `json:"order_id"` // of the visit; all notices of an order share one page
	ID      string        `json:"msg_id"`   // unique per user within the order
	AppID   string        `json:"app_id"`   // of the account that uses the assistant; "" means the client's own
	Trial   Flag          `json:"testonly_is_trial,omitempty"`

	// Info is the content: a [MedicalAppointment] for MedicalStatusRegistered. For any
	// other status, it is a value that encodes to the JSON fields of the official page.
	Info any `json:"business_info"`
}

func (m MedicalMessage) check() error {
	err := first(
		notNegative("Status", m.Status), notEmpty("OpenID", m.OpenID), notEmpty("OrderID", m.OrderID),
		notEmpty("ID", m.ID), notEmpty("AppID", m.AppID), notNil("Info", m.Info))
	if err != nil {
		return err
	}
	if info, ok := m.Info.(checker); ok {
		return info.check()
	}
	return nil
}

// MedicalAppointment is the content of a notice about a registered appointment.
type MedicalAppointment struct {
	HospitalPatientID  string       `json:"pat_hospital_id"`
	PatientName        string       `json:"pat_name"`
	DoctorName         string       `json:"doc_name,omitempty"`
	DepartmentName     string       `json:"department_name"`
	DepartmentLocation string       `json:"department_location,omitempty"`
	AppointmentTime    string       `json:"appointment_time"` // as shown to the patient
	Memo               string       `json:"memo,omitempty"`
	Page               *MedicalPage `json:"redirect_page,omitempty"`
	ElderPage          *MedicalPage `json:"elder_redirect_page,omitempty"` // for users who have enabled large fonts
}

func (a MedicalAppointment) check() error {
	return first(
		notEmpty("Info.HospitalPatientID", a.HospitalPatientID), notEmpty("Info.PatientName", a.PatientName),
		notEmpty("Info.DepartmentName", a.DepartmentName), notEmpty("Info.AppointmentTime", a.AppointmentTime))
}

// MedicalPage is the page that opens when the patient taps a notice.
type MedicalPage struct {
	Type     string `json:"page_type,omitempty"` // as listed on the official page of the status
	URL      string `json:"url,omitempty"`
	AppID    string `json:"app_id,omitempty"`   // of the mini program
	PagePath string `json:"fullpath,omitempty"` // of the page in the mini program
}

// SendMedicalMessage sends a notice about a visit to a patient (就医助手消息推送). It is
// only available to public hospitals and health authorities that use the assistant.
//
// https://developers.weixin.qq.com/doc/service/api/medicalassistant/api_cityservice_sendchannelmsg
func (c *Client) SendMedicalMessage(ctx context.Context, message MedicalMessage) error {
	if message.AppID == "" {
		message.AppID = c.cfg.appID
	}
	if err := message.check(); err != nil {
		return err
	}
	body := struct {
		MedicalMessage
		BusinessID int `json:"business_id"`
	}{message, 150}
	return c.post(ctx, "/cityservice/sendchannelmsg", body)
}
