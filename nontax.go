package wechat

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/wechatoa/wechat/internal/wirejson"
)

// accountBody is a body that also names the account, by its AppID.
type accountBody struct {
	appID string
	body  any
}

func (c *Client) ownBody(body any) accountBody { return accountBody{c.cfg.appID, body} }

func (b accountBody) check() error {
	if err := notEmpty("appID", b.appID); err != nil {
		return err
	}
	if body, ok := b.body.(checker); ok {
		return body.check()
	}
	return nil
}

// MarshalJSON puts the AppID before the members of the body, which is not empty.
func (b accountBody) MarshalJSON() ([]byte, error) {
	members, err := wirejson.Encode(b.body)
	if err != nil {
		return nil, err
	}
	id, err := wirejson.Encode(b.appID)
	if err != nil {
		return nil, err
	}
	return bytes.Join([][]byte{[]byte(`{"appid":`), id, {','}, members[1:]}, nil), nil
}

// nontaxDay writes a day as 20060102, or "" if none is set.
func nontaxDay(d Date) string { return strings.ReplaceAll(d.String(), "-", "") }

// NontaxNoticeType is the type of a payment notice (缴费通知书).
type NontaxNoticeType int

// The types of payment notices.
const (
	NontaxNoticeOrdinary NontaxNoticeType = 1
	NontaxNoticePenalty  NontaxNoticeType = 2
)

// NontaxItem is an item of a payment. Amounts are in fen; 1 yuan is 100 fen.
type NontaxItem struct {
	Position int    `json:"no"` // from 1
	ID       string `json:"item_id"`
	Name     string `json:"item_name"`
	LateFee  int64  `json:"overdue"`           // fen
	Penalty  int64  `json:"penalty,omitempty"` // fen
	Fee      int64  `json:"fee"`               // fen
}

// GetNontaxFeeRequest identifies a payment notice.
type GetNontaxFeeRequest struct {
	ServiceID      int64            `json:"service_id"`        // can be 0
	BankID         string           `json:"bank_id,omitempty"` // "" lets the platform choose
	NoticeNumber   string           `json:"payment_notice_no"`
	DepartmentCode string           `json:"department_code"`
	NoticeType     NontaxNoticeType `json:"payment_notice_type,omitempty"`
	RegionCode     string           `json:"region_code"`
}

func (r GetNontaxFeeRequest) check() error {
	return first(notNegative("ServiceID", r.ServiceID), notEmpty("NoticeNumber", r.NoticeNumber),
		notEmpty("DepartmentCode", r.DepartmentCode), notEmpty("RegionCode", r.RegionCode))
}

// NontaxFee is the amount due on a payment notice.
type NontaxFee struct {
	UserName         string           `json:"user_name"`
	Fee              int64            `json:"fee"` // fen
	Items            []NontaxItem     `json:"items"`
	NoticeNumber     string           `json:"payment_notice_no"`
	DepartmentCode   string           `json:"department_code"`
	DepartmentName   string           `json:"department_name"`
	NoticeType       NontaxNoticeType `json:"payment_notice_type"`
	RegionCode       string           `json:"region_code"`
	NoticeCreateTime Timestamp        `json:"payment_notice_create_time"`
	DueDate          Date             `json:"payment_expire_date"` // the last day to pay
}

// GetNontaxFee returns the amount due on a payment notice (查询应收信息).
//
// https://developers.weixin.qq.com/doc/service/api/nontaxpay/api_nontaxqueryfee
func (c *Client) GetNontaxFee(ctx context.Context, req GetNontaxFeeRequest) (*NontaxFee, error) {
	return post[NontaxFee](ctx, c, "/nontax/queryfee", c.ownBody(req), idempotent)
}

// NontaxPayment describes a payment to a government department, such as a fee or a fine
// (非税缴费), and its recipient. Either NoticeNumber or OrderNumber is required.
type NontaxPayment struct {
	BankID           string           `json:"bank_id,omitempty"`      // "" lets the platform choose; the test environment requires it
	BankAccount      string           `json:"bank_account,omitempty"` // of a department whose money is split (清分)
	MerchantID       string           `json:"mch_id,omitempty"`       // "" lets the platform choose
	Description      string           `json:"desc"`                   // the name of the service
	Fee              int64            `json:"fee"`                    // fen
	NoticeNumber     string           `json:"payment_notice_no,omitempty"`
	OrderNumber      string           `json:"order_no,omitempty"` // if there is no notice
	DepartmentCode   string           `json:"department_code"`
	DepartmentName   string           `json:"department_name"`
	NoticeType       NontaxNoticeType `json:"payment_notice_type,omitempty"`
	RegionCode       string           `json:"region_code"`
	UserName         string           `json:"user_name,omitempty"`
	Items            []NontaxItem     `json:"items"`
	NoticeCreateTime Timestamp        `json:"payment_notice_create_time,omitzero"` // required by the official page, but missing in its example
	DueDate          Date             `json:"-"`                                   // the last day to pay, optional
}

func (p NontaxPayment) check() error {
	err := first(notEmpty("Description", p.Description), positive("Fee", p.Fee), notEmpty("NoticeNumber", p.NoticeNumber+p.OrderNumber),
		notEmpty("DepartmentCode", p.DepartmentCode), notEmpty("DepartmentName", p.DepartmentName),
		notEmpty("RegionCode", p.RegionCode), noTimeOr("NoticeCreateTime", p.NoticeCreateTime))
	if err != nil {
		return err
	}
	if len(p.Items) == 0 {
		return invalid("Items", "must not be empty")
	}
	return each("Items", p.Items, func(at string, item NontaxItem) error {
		return first(notEmpty(at+".ID", item.ID), notEmpty(at+".Name", item.Name))
	})
}

// NontaxScene says where a payment starts.
type NontaxScene string

// The scenes of payments. The last four occur only in orders that the platform returns.
const (
	NontaxSceneAccount     NontaxScene = "biz"
	NontaxSceneCityService NontaxScene = "ctiyservice" // the platform spells it this way
	NontaxSceneMiniProgram NontaxScene = "miniprogram"
	NontaxSceneOffline     NontaxScene = "offline"
	NontaxScenePC          NontaxScene = "pc"
	NontaxSceneApp         NontaxScene = "app"
	NontaxSceneOther       NontaxScene = "other"
)

// NontaxTradeType is the type of page on which a user pays.
type NontaxTradeType string

// The types of pages.
const (
	NontaxTradeJSAPI NontaxTradeType = "JSAPI" // in WeChat
	NontaxTradeMWEB  NontaxTradeType = "MWEB"  // in another browser
)

// CreateNontaxOrderRequest describes an order for a payment.
type CreateNontaxOrderRequest struct {
	NontaxPayment
	ServiceID   int64           `json:"service_id,omitempty"`
	OpenID      string          `json:"openid,omitempty"`     // of the payer; required unless TradeType is [NontaxTradeMWEB]
	ReturnURL   string          `json:"return_url,omitempty"` // the page to open after the payment; required unless Scene is [NontaxSceneMiniProgram]
	IP          string          `json:"ip"`                   // of the payer
	Scene       NontaxScene     `json:"scene,omitempty"`      // required by the official page, but missing in its example
	MobileAppID string          `json:"app_appid,omitempty"`
	TradeType   NontaxTradeType `json:"trade_type,omitempty"`
	AutoCallPay bool            `json:"auto_call_pay,omitempty"`
}

func (r CreateNontaxOrderRequest) check() error {
	err := first(r.NontaxPayment.check(), notEmpty("IP", r.IP))
	if err == nil && r.TradeType != NontaxTradeMWEB {
		err = notEmpty("OpenID", r.OpenID)
	}
	if err == nil && r.Scene != NontaxSceneMiniProgram {
		err = httpURL("ReturnURL", r.ReturnURL)
	}
	return err
}

// NontaxOrderResult is a new order and the page or mini program in which to pay it.
type NontaxOrderResult struct {
	OrderID     string             `json:"order_id"`
	PayURL      string             `json:"pay_url"`
	MiniProgram *NontaxMiniProgram `json:"miniprogram"`
}

// NontaxMiniProgram is a mini program in which a user pays an order.
type NontaxMiniProgram struct {
	AppID        string `json:"appid"`
	PagePath     string `json:"pagepath"`
	QueryString  string `json:"query_string"`
	BusinessType string `json:"business_type"`
}

// CreateNontaxOrder creates an order for a payment (缴费支付下单). Send the payer to the
// page or the mini program of the result.
//
// https://developers.weixin.qq.com/doc/service/api/nontaxpay/api_nontaxunifiedorder
func (c *Client) CreateNontaxOrder(ctx context.Context, req CreateNontaxOrderRequest) (*NontaxOrderResult, error) {
	body := struct {
		CreateNontaxOrderRequest
		ExpireDate string `json:"payment_expire_date,omitempty"`
	}{req, nontaxDay(req.DueDate)}
	return post[NontaxOrderResult](ctx, c, "/nontax/unifiedorder", c.ownBody(body))
}

// PayNontaxByCodeRequest describes a payment with the payment code in the payer's app.
type PayNontaxByCodeRequest struct {
	NontaxPayment
	AuthCode Secret `json:"auth_code"`          // the scanned code: 18 digits that begin with 10 to 15; spaces around it are ignored
	OrderID  string `json:"order_id,omitempty"` // the one that an earlier call for the same payment returned
}

func (p PayNontaxByCodeRequest) check() error {
	code := strings.TrimSpace(string(p.AuthCode))
	if len(code) != 18 || strings.Trim(code, "0123456789") != "" || code < "10" || code >= "16" {
		return invalid("AuthCode", "must be 18 digits that begin with 10 to 15")
	}
	return p.NontaxPayment.check()
}

// PayNontaxByCode charges the payer whose payment code was scanned (提交刷卡支付) and
// returns the ID of the order. An error does not mean that the payment failed, because
// the payer may still have to enter a password: call again every 10 seconds for about
// 30 seconds, or 5 seconds after [ErrSystemBusy]. Set OrderID to the returned order ID,
// which can be non-empty even if err is not nil. Without it, the payer might pay twice.
//
// https://developers.weixin.qq.com/doc/service/api/nontaxpay/api_nontaxmicropay
func (c *Client) PayNontaxByCode(ctx context.Context, req PayNontaxByCodeRequest) (orderID string, err error) {
	body := struct {
		PayNontaxByCodeRequest
		ExpireDate string `json:"payment_expire_date,omitempty"`
		AuthCode   string `json:"auth_code"` // not masked
	}{req, nontaxDay(req.DueDate), strings.TrimSpace(string(req.AuthCode))}
	var res struct {
		OrderID string `json:"order_id"`
	}
	err = c.Do(ctx, Request{Path: "/nontax/micropay", Body: c.ownBody(body)}, &res)
	return res.OrderID, err
}

// NontaxStatus is the status of an order or of its refund.
type NontaxStatus int

// The statuses of an order. A partial refund does not change the status.
const (
	NontaxStatusUnpaid    NontaxStatus = 1
	NontaxStatusPaid      NontaxStatus = 3 // 4 has the same meaning
	NontaxStatusRefunded  NontaxStatus = 5
	NontaxStatusRefunding NontaxStatus = 6
	NontaxStatusClosed    NontaxStatus = 12 // not paid in time
)

// NontaxOrder is an order with its history.
type NontaxOrder struct {
	AppID            string               `json:"appid"`
	OpenID           string               `json:"openid"`
	OrderID          string               `json:"order_id"`
	CreateTime       Timestamp            `json:"create_time"`
	PayFinishTime    Timestamp            `json:"pay_finish_time"`
	Description      string               `json:"desc"`
	Fee              int64                `json:"fee"`      // fen
	FeeType          int64                `json:"fee_type"` // 1 is CNY, 2 is USD
	TransactionID    string               `json:"trans_id"`
	Status           NontaxStatus         `json:"status"`
	BankID           string               `json:"bank_id"`
	BankName         string               `json:"bank_name"`
	BankAccount      string               `json:"bank_account"`
	RefundFinishTime Timestamp            `json:"refund_finish_time"`
	RefundReason     string               `json:"refund_reason"`
	RefundOrderID    string               `json:"refund_order_id"`
	RefundExternalID string               `json:"refund_out_id"` // the ExternalID of the request
	NoticeNumber     string               `json:"payment_notice_no"`
	OrderNumber      string               `json:"order_no"`
	DepartmentCode   string               `json:"department_code"`
	DepartmentName   string               `json:"department_name"`
	NoticeType       NontaxNoticeType     `json:"payment_notice_type"`
	RegionCode       string               `json:"region_code"`
	Items            []NontaxItem         `json:"items"`
	BillTypeCode     string               `json:"bill_type_code"`
	BillNumber       string               `json:"bill_no"`
	PaymentSource    int64                `json:"payment_info_source"` // who provided the amount due: 1 the treasury, 2 the department
	PartialRefunds   []NontaxRefund       `json:"partial_refund_info"`
	Notifications    []NontaxNotification `json:"notify_history"`
	Scene            NontaxScene          `json:"scene"`
}

// NontaxRefund is a partial refund of an order.
type NontaxRefund struct {
	RefundOrderID string       `json:"refund_order_id"`
	Reason        string       `json:"refund_reason"`
	Fee           int64        `json:"refund_fee"` // fen
	FinishTime    Timestamp    `json:"refund_finish_time"`
	ExternalID    string       `json:"refund_out_id"`
	Status        NontaxStatus `json:"refund_status"` // NontaxStatusRefunded or NontaxStatusRefunding
}

// NontaxNotification is the history of the notifications to one recipient.
type NontaxNotification struct {
	AppID    string                      `json:"appid"`
	Name     string                      `json:"name"`
	Attempts []NontaxNotificationAttempt `json:"notify_detail"`
	Count    int64                       `json:"notify_cnt"`
}

// NontaxNotificationAttempt is an attempt to notify a recipient.
type NontaxNotificationAttempt struct {
	Time          Timestamp `json:"notify_time"`
	ReturnCode    int64     `json:"ret"`
	ReturnMessage string    `json:"ret_errmsg"`
	Duration      int64     `json:"cost_time"`
	Request       string    `json:"wxnontaxstr"`
	Status        int64     `json:"status"`
	URL           string    `json:"url"`
	Code          int64     `json:"errcode"`
	Message       string    `json:"errmsg"`
	Response      string    `json:"third_resp"`
	ResponseData  string    `json:"third_resp_data"`
}

type nontaxOrderRef struct {
	ServiceID int64  `json:"service_id,omitempty"`
	OrderID   string `json:"order_id"`
}

func (r nontaxOrderRef) check() error { return notEmpty("orderID", r.OrderID) }

// GetNontaxOrder returns an order (获取缴费订单详情). Pass 0 for serviceID if there is
// none.
//
// https://developers.weixin.qq.com/doc/service/api/nontaxpay/api_nontaxgetorder
func (c *Client) GetNontaxOrder(ctx context.Context, orderID string, serviceID int64) (*NontaxOrder, error) {
	return post[NontaxOrder](ctx, c, "/nontax/getorder", c.ownBody(nontaxOrderRef{serviceID, orderID}), idempotent)
}

// ListNontaxOrderIDsRequest identifies a payment. Either NoticeNumber or OrderNumber is
// required.
type ListNontaxOrderIDsRequest struct {
	RegionCode     string `json:"region_code"`
	DepartmentCode string `json:"department_code"`
	NoticeNumber   string `json:"payment_notice_no,omitempty"`
	OrderNumber    string `json:"order_no,omitempty"`
}

func (r ListNontaxOrderIDsRequest) check() error {
	return first(notEmpty("RegionCode", r.RegionCode), notEmpty("DepartmentCode", r.DepartmentCode),
		notEmpty("NoticeNumber", r.NoticeNumber+r.OrderNumber))
}

// NontaxOrderIDs contains the IDs of all orders for one payment.
type NontaxOrderIDs struct {
	OrderIDs    []string `json:"order_id_list"`
	PaidOrderID string   `json:"paid_order_id"` // "" if none is paid
}

// ListNontaxOrderIDs returns the IDs of the orders for a payment notice or for an order
// number of your own, and the ID of the one that is paid (获取缴费订单列表).
//
// https://developers.weixin.qq.com/doc/service/api/nontaxpay/api_nontaxgetorderlist
func (c *Client) ListNontaxOrderIDs(ctx context.Context, req ListNontaxOrderIDsRequest) (*NontaxOrderIDs, error) {
	return post[NontaxOrderIDs](ctx, c, "/nontax/getorderlist", c.ownBody(req), idempotent)
}

// RefundNontaxOrderRequest describes a refund. Each partial refund needs a Fee and an
// ExternalID of its own.
type RefundNontaxOrderRequest struct {
	OrderID    string `json:"order_id"`
	Reason     string `json:"reason"`
	Fee        int64  `json:"refund_fee,omitempty"` // fen; 0 means the full amount
	ExternalID string `json:"refund_out_id,omitempty"`
}

func (r RefundNontaxOrderRequest) check() error {
	err := first(notEmpty("OrderID", r.OrderID), notEmpty("Reason", r.Reason), notNegative("Fee", r.Fee))
	if err == nil && r.Fee > 0 {
		err = notEmpty("ExternalID", r.ExternalID)
	}
	return err
}

// RefundNontaxOrder refunds an order or a part of it (缴费订单退款) and returns the ID of
// the refund.
//
// https://developers.weixin.qq.com/doc/service/api/nontaxpay/api_nontaxrefund
func (c *Client) RefundNontaxOrder(ctx context.Context, req RefundNontaxOrderRequest) (refundOrderID string, err error) {
	res, err := post[struct {
		RefundOrderID string `json:"refund_order_id"`
	}](ctx, c, "/nontax/refund", c.ownBody(req))
	if err != nil {
		return "", err
	}
	return res.RefundOrderID, nil
}

// NontaxBillType selects the orders in a statement.
type NontaxBillType string

// The types of statements.
const (
	NontaxBillAll     NontaxBillType = "ALL"
	NontaxBillPaid    NontaxBillType = "SUCCESS"
	NontaxBillRefunds NontaxBillType = "REFUND"
)

// DownloadNontaxBillRequest selects a daily statement of a merchant.
type DownloadNontaxBillRequest struct {
	MerchantID string
	Date       Date
	Type       NontaxBillType // "" means NontaxBillAll
}

// DownloadNontaxBill writes a daily statement to w (下载缴费对帐单): CSV with a header, a
// backquote before each value, and two lines of totals at the end. It is available from
// 6:00 on the next day.
//
// https://developers.weixin.qq.com/doc/service/api/nontaxpay/api_nontaxdownloadbill
func (c *Client) DownloadNontaxBill(ctx context.Context, req DownloadNontaxBillRequest, w io.Writer) (*DownloadInfo, error) {
	if err := first(notEmpty("MerchantID", req.MerchantID), isDay("Date", req.Date)); err != nil {
		return nil, err
	}
	body := struct {
		MerchantID string         `json:"mch_id"`
		Date       string         `json:"bill_date"`
		Type       NontaxBillType `json:"bill_type,omitempty"`
	}{req.MerchantID, nontaxDay(req.Date), req.Type}
	info, _, err := c.download(ctx, Request{
		Method: http.MethodPost, Path: "/nontax/downloadbill", Body: c.ownBody(body), Idempotent: true,
	}, w, nil)
	return info, err
}

// ResendNontaxNotification makes the platform send the notification of a payment again,
// unless an earlier one succeeded (通知不一致订单). Use it for an order that is in the
// statement but not in your records.
//
// https://developers.weixin.qq.com/doc/service/api/nontaxpay/api_nontaxnotifyinconsistentorder
func (c *Client) ResendNontaxNotification(ctx context.Context, orderID string) error {
	return c.post(ctx, "/nontax/notifyinconsistentorder", c.ownBody(nontaxOrderRef{OrderID: orderID}), idempotent)
}

type nontaxMock struct {
	URL     string `json:"url"`
	Version int64  `json:"version"`
}

func (m nontaxMock) check() error {
	return first(httpURL("url", m.URL), positive("version", m.Version))
}

// MockNontaxNotification makes the platform send test notifications of a payment to url
// (模拟支付结果通知). version is the version of the protocol, which is 1. The platform
// calls url twice: once to test that it decrypts the notification, and once to test
// that it checks the signature.
//
// https://developers.weixin.qq.com/doc/service/api/nontaxpay/api_nontaxmocknotification
func (c *Client) MockNontaxNotification(ctx context.Context, url string, version int64) error {
	return c.post(ctx, "/nontax/mocknotification", c.ownBody(nontaxMock{url, version}))
}

// MockNontaxQuery makes the platform send test queries to url, which ask for an amount
// due (模拟查询应收信息). version has the same meaning as in [Client.MockNontaxNotification].
//
// https://developers.weixin.qq.com/doc/service/api/nontaxpay/api_nontaxmockqueryfee
func (c *Client) MockNontaxQuery(ctx context.Context, url string, version int64) error {
	return c.post(ctx, "/nontax/mockqueryfee", c.ownBody(nontaxMock{url, version}))
}
