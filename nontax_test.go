package wechat

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var somePayment = NontaxPayment{
	BankID: "B1", BankAccount: "6222", MerchantID: "1900000109", Description: "出入境办证", Fee: 16000, NoticeNumber: "340000190811", OrderNumber: "N1",
	DepartmentCode: "065080906", DepartmentName: "出入境管理处", NoticeType: NontaxNoticeOrdinary, RegionCode: "340000", UserName: "李雷",
	Items:            []NontaxItem{{Position: 1, ID: "I1", Name: "护照", LateFee: 1, Penalty: 2, Fee: 16000}},
	NoticeCreateTime: unix(1700000000), DueDate: Date{2026, time.March, 5},
}

const somePaymentJSON = `"bank_id":"B1","bank_account":"6222","mch_id":"1900000109","desc":"出入境办证","fee":16000,"payment_notice_no":"340000190811","order_no":"N1",` +
	`"department_code":"065080906","department_name":"出入境管理处","payment_notice_type":1,"region_code":"340000","user_name":"李雷",` +
	`"items":[{"no":1,"item_id":"I1","item_name":"护照","overdue":1,"penalty":2,"fee":16000}],` +
	`"payment_notice_create_time":1700000000,"payment_expire_date":"20260305"`

var someCodePayment = PayNontaxByCodeRequest{NontaxPayment: somePayment, AuthCode: "134567890123456789", OrderID: "AQCA"}

var _ = wireRows([]wireRow{
	{
		name: "GetNontaxFee", http: "POST /nontax/queryfee",
		body:  `{"appid":"wx0000000000000001","service_id":7,"bank_id":"B1","payment_notice_no":"340000190811","department_code":"065080906","payment_notice_type":2,"region_code":"340000"}`,
		reply: `{"errcode":0,"errmsg":"ok","user_name":"李雷","fee":16000,"items":[{"no":1,"item_id":"I1","item_name":"护照","fee":16000}],"payment_notice_no":"340000190811","department_code":"065080906","department_name":"出入境管理处","payment_notice_type":2,"region_code":"340000","payment_notice_create_time":1700000000,"payment_expire_date":20260305}`,
		call: result(func(ctx context.Context, c *Client) (*NontaxFee, error) {
			return c.GetNontaxFee(ctx, GetNontaxFeeRequest{
				ServiceID: 7, BankID: "B1", NoticeNumber: "340000190811", DepartmentCode: "065080906", NoticeType: NontaxNoticePenalty, RegionCode: "340000",
			})
		}),
		want: &NontaxFee{
			UserName: "李雷", Fee: 16000, Items: []NontaxItem{{Position: 1, ID: "I1", Name: "护照", Fee: 16000}}, NoticeNumber: "340000190811",
			DepartmentCode: "065080906", DepartmentName: "出入境管理处", NoticeType: NontaxNoticePenalty, RegionCode: "340000",
			NoticeCreateTime: unix(1700000000), DueDate: Date{2026, time.March, 5},
		},
	},
	{
		name: "CreateNontaxOrder", http: "POST /nontax/unifiedorder",
		body:  `{"appid":"wx0000000000000001",` + somePaymentJSON + `,"service_id":7,"openid":"o1","return_url":"https://example.com/paid","ip":"203.0.113.9","scene":"biz","app_appid":"wx2","trade_type":"JSAPI","auto_call_pay":true}`,
		reply: `{"errcode":0,"errmsg":"ok","order_id":"AQCA","pay_url":"https://payapp.weixin.qq.com/nontax/pay?x=1","miniprogram":{"appid":"wx3","pagepath":"p","query_string":"a=b","business_type":"t"}}`,
		call: result(func(ctx context.Context, c *Client) (*NontaxOrderResult, error) {
			return c.CreateNontaxOrder(ctx, CreateNontaxOrderRequest{
				NontaxPayment: somePayment, ServiceID: 7, OpenID: "o1", ReturnURL: "https://example.com/paid", IP: "203.0.113.9",
				Scene: NontaxSceneAccount, MobileAppID: "wx2", TradeType: NontaxTradeJSAPI, AutoCallPay: true,
			})
		}),
		want: &NontaxOrderResult{
			OrderID: "AQCA", PayURL: "https://payapp.weixin.qq.com/nontax/pay?x=1",
			MiniProgram: &NontaxMiniProgram{AppID: "wx3", PagePath: "p", QueryString: "a=b", BusinessType: "t"},
		},
	},
	{
		name: "PayNontaxByCode", http: "POST /nontax/micropay",
		body:  `{"appid":"wx0000000000000001",` + somePaymentJSON + `,"auth_code":"134567890123456789","order_id":"AQCA"}`,
		reply: `{"errcode":0,"errmsg":"ok","order_id":"AQCA"}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.PayNontaxByCode(ctx, someCodePayment)
		},
		want: "AQCA",
	},
	{
		name: "GetNontaxOrder", http: "POST /nontax/getorder", body: `{"appid":"wx0000000000000001","service_id":7,"order_id":"AQCA"}`,
		reply: `{"errcode":0,"errmsg":"ok","appid":"wx0000000000000001","openid":"o1","order_id":"AQCA","create_time":1700000000,"fee":16000,"fee_type":1,"status":5,"items":[{"no":1,"item_id":"I1","item_name":"护照","fee":16000}],"payment_info_source":2,"partial_refund_info":[{"refund_order_id":"R1","refund_fee":100,"refund_status":"6"}],"notify_history":[{"appid":"wx2","name":"某银行","notify_cnt":1,"notify_detail":[{"notify_time":1700000001,"ret":0,"cost_time":12,"errcode":-1,"errmsg":"timeout","third_resp":"<xml/>"}]}],"scene":"offline"}`,
		call: result(func(ctx context.Context, c *Client) (*NontaxOrder, error) {
			return c.GetNontaxOrder(ctx, "AQCA", 7)
		}),
		want: &NontaxOrder{
			AppID: "wx0000000000000001", OpenID: "o1", OrderID: "AQCA", CreateTime: unix(1700000000), Fee: 16000, FeeType: 1, Status: NontaxStatusRefunded,
			Items: []NontaxItem{{Position: 1, ID: "I1", Name: "护照", Fee: 16000}}, PaymentSource: 2,
			PartialRefunds: []NontaxRefund{{RefundOrderID: "R1", Fee: 100, Status: NontaxStatusRefunding}},
			Notifications: []NontaxNotification{{AppID: "wx2", Name: "某银行", Count: 1, Attempts: []NontaxNotificationAttempt{
				{Time: unix(1700000001), Duration: 12, Code: -1, Message: "timeout", Response: "<xml/>"},
			}}},
			Scene: NontaxSceneOffline,
		},
	},
	{
		name: "ListNontaxOrderIDs", http: "POST /nontax/getorderlist",
		body:  `{"appid":"wx0000000000000001","region_code":"340000","department_code":"065080906","payment_notice_no":"340000190811","order_no":"N1"}`,
		reply: `{"errcode":0,"errmsg":"ok","order_id_list":["AQCA","AQCB"],"paid_order_id":"AQCB"}`,
		call: result(func(ctx context.Context, c *Client) (*NontaxOrderIDs, error) {
			return c.ListNontaxOrderIDs(ctx, ListNontaxOrderIDsRequest{RegionCode: "340000", DepartmentCode: "065080906", NoticeNumber: "340000190811", OrderNumber: "N1"})
		}),
		want: &NontaxOrderIDs{OrderIDs: []string{"AQCA", "AQCB"}, PaidOrderID: "AQCB"},
	},
	{
		name: "RefundNontaxOrder", http: "POST /nontax/refund",
		body:  `{"appid":"wx0000000000000001","order_id":"AQCA","reason":"重复缴费","refund_fee":100,"refund_out_id":"OUT1"}`,
		reply: `{"errcode":0,"errmsg":"ok","refund_order_id":"R1"}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.RefundNontaxOrder(ctx, RefundNontaxOrderRequest{OrderID: "AQCA", Reason: "重复缴费", Fee: 100, ExternalID: "OUT1"})
		},
		want: "R1",
	},
	{
		name: "DownloadNontaxBill", http: "POST /nontax/downloadbill",
		body:  `{"appid":"wx0000000000000001","mch_id":"1900000109","bill_date":"20251201","bill_type":"SUCCESS"}`,
		reply: "交易时间,商户号\n`2025-12-01 10:00:00,`1900000109\n",
		call: result(func(ctx context.Context, c *Client) (*DownloadInfo, error) {
			return c.DownloadNontaxBill(ctx, DownloadNontaxBillRequest{MerchantID: "1900000109", Date: aDay, Type: NontaxBillPaid}, &bytes.Buffer{})
		}),
		want: &DownloadInfo{ContentType: "text/plain", Size: 56},
	},
	{
		name: "ResendNontaxNotification", http: "POST /nontax/notifyinconsistentorder", body: `{"appid":"wx0000000000000001","order_id":"AQCA"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.ResendNontaxNotification(ctx, "AQCA") }),
	},
	{
		name: "MockNontaxNotification", http: "POST /nontax/mocknotification", body: `{"appid":"wx0000000000000001","url":"https://example.com/n","version":1}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.MockNontaxNotification(ctx, "https://example.com/n", 1)
		}),
	},
	{
		name: "MockNontaxQuery", http: "POST /nontax/mockqueryfee", body: `{"appid":"wx0000000000000001","url":"https://example.com/n","version":1}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.MockNontaxQuery(ctx, "https://example.com/n", 1) }),
	},
})

func TestNontaxPaymentsRefuseWhatIsMissing(t *testing.T) {
	for argument, spoil := range map[string]func(*CreateNontaxOrderRequest){
		"Description":      func(r *CreateNontaxOrderRequest) { r.Description = "" },
		"Fee":              func(r *CreateNontaxOrderRequest) { r.Fee = 0 },
		"NoticeNumber":     func(r *CreateNontaxOrderRequest) { r.NoticeNumber, r.OrderNumber = "", "" },
		"DepartmentCode":   func(r *CreateNontaxOrderRequest) { r.DepartmentCode = "" },
		"DepartmentName":   func(r *CreateNontaxOrderRequest) { r.DepartmentName = "" },
		"RegionCode":       func(r *CreateNontaxOrderRequest) { r.RegionCode = "" },
		"NoticeCreateTime": func(r *CreateNontaxOrderRequest) { r.NoticeCreateTime = unix(-1) },
		"Items":            func(r *CreateNontaxOrderRequest) { r.Items = nil },
		"Items[0].Name":    func(r *CreateNontaxOrderRequest) { r.Items = []NontaxItem{{Position: 1, ID: "I1"}} },
		"IP":               func(r *CreateNontaxOrderRequest) { r.IP = "" },
		"OpenID":           func(r *CreateNontaxOrderRequest) { r.OpenID = "" },
		"ReturnURL":        func(r *CreateNontaxOrderRequest) { r.ReturnURL = "" },
	} {
		r := CreateNontaxOrderRequest{NontaxPayment: somePayment, OpenID: "o1", ReturnURL: "https://example.com", IP: "203.0.113.9", Scene: NontaxSceneAccount}
		spoil(&r)
		refused(t, argument, func(ctx context.Context, c *Client) error {
			_, err := c.CreateNontaxOrder(ctx, r)
			return err
		})
	}
	p := someCodePayment
	p.Items = nil
	refused(t, "Items", func(ctx context.Context, c *Client) error { _, err := c.PayNontaxByCode(ctx, p); return err })
}

func TestARefundOfEverythingNeedsNoNumber(t *testing.T) {
	c, seen := wireRow{}.client(answer(http.StatusOK, `{"refund_order_id":"R1"}`))
	_, err := c.RefundNontaxOrder(t.Context(), RefundNontaxOrderRequest{OrderID: "AQCA", Reason: "r"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"appid":"wx0000000000000001","order_id":"AQCA","reason":"r"}`, string(seen.body))
}

func TestNontaxOrderOfABrowserNeedsNoOpenIDAndThatOfAMiniProgramNoPage(t *testing.T) {
	c, _ := wireRow{}.client(answer(http.StatusOK, `{"order_id":"AQCA"}`))
	for _, r := range []CreateNontaxOrderRequest{
		{NontaxPayment: somePayment, IP: "203.0.113.9", Scene: NontaxSceneAccount, TradeType: NontaxTradeMWEB, ReturnURL: "https://example.com"},
		{NontaxPayment: somePayment, IP: "203.0.113.9", Scene: NontaxSceneMiniProgram, OpenID: "o1"},
	} {
		_, err := c.CreateNontaxOrder(t.Context(), r)
		require.NoError(t, err)
	}
}

func TestNontaxCallsRefuseWrongArguments(t *testing.T) {
	for _, code := range []Secret{"", "13456789012345678", "1345678901234567890", "164567890123456789", "094567890123456789", "13456789012345678x"} {
		p := someCodePayment
		p.AuthCode = code
		refused(t, "AuthCode", func(ctx context.Context, c *Client) error { _, err := c.PayNontaxByCode(ctx, p); return err })
	}
	for argument, r := range map[string]RefundNontaxOrderRequest{
		"OrderID": {Reason: "r"}, "Reason": {OrderID: "o"},
		"Fee": {OrderID: "o", Reason: "r", Fee: -1}, "ExternalID": {OrderID: "o", Reason: "r", Fee: 1},
	} {
		refused(t, argument, func(ctx context.Context, c *Client) error { _, err := c.RefundNontaxOrder(ctx, r); return err })
	}
	refused(t, "ServiceID", func(ctx context.Context, c *Client) error {
		_, err := c.GetNontaxFee(ctx, GetNontaxFeeRequest{ServiceID: -1})
		return err
	})
	refused(t, "orderID", func(ctx context.Context, c *Client) error { _, err := c.GetNontaxOrder(ctx, "", 0); return err })
	refused(t, "RegionCode", func(ctx context.Context, c *Client) error {
		_, err := c.ListNontaxOrderIDs(ctx, ListNontaxOrderIDsRequest{})
		return err
	})
	refused(t, "Date", func(ctx context.Context, c *Client) error {
		_, err := c.DownloadNontaxBill(ctx, DownloadNontaxBillRequest{MerchantID: "1"}, &bytes.Buffer{})
		return err
	})
	refused(t, "w", func(ctx context.Context, c *Client) error {
		_, err := c.DownloadNontaxBill(ctx, DownloadNontaxBillRequest{MerchantID: "1", Date: aDay}, nil)
		return err
	})
	refused(t, "url", func(ctx context.Context, c *Client) error { return c.MockNontaxQuery(ctx, "example.com", 1) })
	refused(t, "version", func(ctx context.Context, c *Client) error {
		return c.MockNontaxNotification(ctx, "https://example.com", 0)
	})
	assertArgument(t, NewClient("", "", WithTokenSource(StaticToken("TOKEN"))).ResendNontaxNotification(t.Context(), "AQCA"), "appID")
}

func TestAPaymentByCodeThatIsNotDoneYetTellsItsOrder(t *testing.T) {
	c, _ := wireRow{}.client(answer(http.StatusOK, `{"errcode":-1,"errmsg":"system error","order_id":"AQCA"}`))
	id, err := c.PayNontaxByCode(t.Context(), someCodePayment)
	require.ErrorIs(t, err, ErrSystemBusy)
	require.ErrorIs(t, err, ErrUnknownOutcome)
	assert.Equal(t, "AQCA", id)
}

func TestAPaymentByCodeDoesNotShowTheCode(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.NotContains(t, fmt.Sprintf(verb, someCodePayment), "134567890123456789")
	}
}

func TestANontaxBillThatIsNotThereYetIsAnError(t *testing.T) {
	c, _ := wireRow{}.client(answer(http.StatusOK, `{"errcode":40035,"errmsg":"invalid parameter"}`))
	var w bytes.Buffer
	_, err := c.DownloadNontaxBill(t.Context(), DownloadNontaxBillRequest{MerchantID: "1900000109", Date: aDay}, &w)
	require.ErrorIs(t, err, ErrInvalidParameter)
	assert.Empty(t, w.String())
}
