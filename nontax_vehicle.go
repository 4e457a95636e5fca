package wechat

import (
	"context"
	"encoding/json"
)

// VehicleScene says where a driver pays.
type VehicleScene string

// The places where a driver pays.
const (
	VehicleSceneParking      VehicleScene = "PARKING"
	VehicleSceneParkingSpace VehicleScene = "PARKING SPACE"
	VehicleSceneHighway      VehicleScene = "HIGHWAY"
	VehicleSceneBridge       VehicleScene = "BRIDGE"
)

// VehicleStatus says whether a driver can be charged.
type VehicleStatus string

// The statuses of drivers.
const (
	VehicleStatusNormal       VehicleStatus = "NORMAL"
	VehicleStatusPaused       VehicleStatus = "PAUSED"
	VehicleStatusOverdue      VehicleStatus = "OVERDUE" // has not paid an earlier charge
	VehicleStatusUnauthorized VehicleStatus = "UNAUTHORIZED"
)

// VehicleMerchant identifies the recipient of the payment. If a field is empty, the
// platform chooses; the test environment requires BankID.
type VehicleMerchant struct {
	BankID      string `json:"bank_id,omitempty"`
	BankAccount string `json:"bank_account,omitempty"` // of a department whose money is split (清分)
	MerchantID  string `json:"mch_id,omitempty"`
}

// GetNontaxVehicleRequest identifies a driver by OpenID or PlateNumber.
type GetNontaxVehicleRequest struct {
	VehicleMerchant
	RegionCode  string       `json:"region_code"`
	Scene       VehicleScene `json:"trade_scene"`
	JumpScene   string       `json:"jump_scene,omitempty"` // "H5" or "APP"; "" means a mini program
	OpenID      string       `json:"openid,omitempty"`
	PlateNumber string       `json:"plate_number,omitempty"`
	Material    string       `json:"material_info,omitempty"`
	Channel     string       `json:"channel_type,omitempty"` // such as "ETC"
}

func (r GetNontaxVehicleRequest) check() error {
	return first(notEmpty("RegionCode", r.RegionCode), notEmpty("Scene", string(r.Scene)))
}

// NontaxVehicle is a driver and their vehicles.
type NontaxVehicle struct {
	Status       VehicleStatus   `json:"user_state"`
	OpenID       string          `json:"openid"`
	Path         string          `json:"path"` // of the page on which the driver authorizes or pays; "" if not needed
	PlateNumbers []string        `json:"plate_number_info"`
	Package      json.RawMessage `json:"authorize_package"` // pass it to that page unchanged
}

// GetNontaxVehicle returns a driver and their vehicles (用户状态查询). The Status of the
// result says whether the driver can be charged.
//
// https://developers.weixin.qq.com/doc/offiaccount/Non_tax_pay/Non-tax_driver_platform.html
func (c *Client) GetNontaxVehicle(ctx context.Context, req GetNontaxVehicleRequest) (*NontaxVehicle, error) {
	return post[NontaxVehicle](ctx, c, "/nontax/vehicle/querystate", c.ownBody(req), idempotent)
}

// NotifyNontaxEntranceRequest describes the entrance of a vehicle and the recipient of the
// payment.
type NotifyNontaxEntranceRequest struct {
	VehicleMerchant
	RegionCode string          `json:"region_code"`
	Scene      VehicleScene    `json:"trade_scene"`
	Entrance   VehicleEntrance `json:"scene_info"`
}

// VehicleEntrance describes a vehicle and the time and place at which it enters.
type VehicleEntrance struct {
	StartTime   Timestamp `json:"start_time"`
	PlateNumber string    `json:"plate_number"`
	CarType     string    `json:"car_type,omitempty"`
	NotifyURL   string    `json:"notify_url,omitempty"` // is notified when the driver's status changes
	ParkingName string    `json:"parking_name,omitempty"`
	OpenID      string    `json:"openid,omitempty"`
	FreeTime    int64     `json:"free_time,omitempty"` // seconds
}

func (r NotifyNontaxEntranceRequest) check() error {
	return first(
		notEmpty("RegionCode", r.RegionCode), notEmpty("Scene", string(r.Scene)),
		someTime("Entrance.StartTime", r.Entrance.StartTime), notEmpty("Entrance.PlateNumber", r.Entrance.PlateNumber))
}

// NotifyNontaxEntrance reports to the platform that a vehicle has entered
// (用户入场通知). The returned status says whether its driver can be charged. Use it at
// places that charge drivers after they leave.
//
// https://developers.weixin.qq.com/doc/offiaccount/Non_tax_pay/Non-tax_driver_platform.html
func (c *Client) NotifyNontaxEntrance(ctx context.Context, req NotifyNontaxEntranceRequest) (VehicleStatus, error) {
	res, err := post[struct {
		State VehicleStatus `json:"user_state"`
	}](ctx, c, "/nontax/vehicle/entrancenotify", c.ownBody(req), idempotent)
	if err != nil {
		return "", err
	}
	return res.State, nil
}

// ChargeNontaxVehicleRequest describes a charge. Either NoticeNumber or OrderNumber is
// required.
type ChargeNontaxVehicleRequest struct {
	VehicleMerchant
	Description    string           `json:"desc"`
	Fee            int64            `json:"fee"` // fen
	OrderNumber    string           `json:"order_no,omitempty"`
	NoticeNumber   string           `json:"payment_notice_no,omitempty"`
	NoticeType     NontaxNoticeType `json:"payment_notice_type,omitempty"`
	DepartmentCode string           `json:"department_code"`
	DepartmentName string           `json:"department_name"`
	RegionCode     string           `json:"region_code,omitempty"`
	GoodsTag       string           `json:"goods_tag,omitempty"`
	Scene          VehicleScene     `json:"trade_scene"`
	Visit          VehicleVisit     `json:"scene_info"`
}

// VehicleVisit is the visit or trip that a driver is charged for.
type VehicleVisit struct {
	StartTime        Timestamp `json:"start_time"`
	EndTime          Timestamp `json:"end_time,omitzero"`
	ChargingTime     int64     `json:"charging_time,omitempty"` // seconds
	PlateNumber      string    `json:"plate_number,omitempty"`  // required by the official page, but missing in one of its examples
	CarType          string    `json:"car_type,omitempty"`
	ParkingName      string    `json:"parking_name,omitempty"`
	SpaceNumber      string    `json:"space_number,omitempty"`
	OpenID           string    `json:"openid,omitempty"`
	EntranceName     string    `json:"entrance_name,omitempty"`
	ExitName         string    `json:"exit_name,omitempty"`
	CarryingCapacity string    `json:"carrying_capacity,omitempty"`
	CarryingRange    string    `json:"carrying_range,omitempty"`
	Channel          string    `json:"channel_type,omitempty"`
}

func (r ChargeNontaxVehicleRequest) check() error {
	return first(
		notEmpty("Description", r.Description), positive("Fee", r.Fee), notEmpty("NoticeNumber", r.NoticeNumber+r.OrderNumber),
		notEmpty("DepartmentCode", r.DepartmentCode), notEmpty("DepartmentName", r.DepartmentName),
		notEmpty("Scene", string(r.Scene)), someTime("Visit.StartTime", r.Visit.StartTime))
}

// ChargeNontaxVehicle charges a driver and returns the ID of the order (申请扣款). When
// it returns, the platform has accepted the charge but not yet collected the money. Each
// NoticeNumber or OrderNumber is charged only once, so a call with an unknown outcome is
// retried.
//
// https://developers.weixin.qq.com/doc/offiaccount/Non_tax_pay/Non-tax_driver_platform.html
func (c *Client) ChargeNontaxVehicle(ctx context.Context, req ChargeNontaxVehicleRequest) (orderID string, err error) {
	res, err := post[struct {
		OrderID string `json:"order_id"`
	}](ctx, c, "/nontax/vehicle/payapply", c.ownBody(req), idempotent)
	if err != nil {
		return "", err
	}
	return res.OrderID, nil
}
