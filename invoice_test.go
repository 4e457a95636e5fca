package wechat

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const someSettingsJSON = `"auth_field":{"user_field":{"show_title":1,"show_phone":1,"show_email":0,"require_phone":1,"require_email":0,"custom_field":[{"key":"工号","is_require":1,"notice":"六位"}]},` +
	`"biz_field":{"show_title":1,"show_tax_no":1,"show_addr":0,"show_phone":0,"show_bank_type":0,"show_bank_no":0,"require_tax_no":1,"require_addr":0,"require_phone":0,"require_bank_type":0,"require_bank_no":0,"custom_field":[{"key":"部门","is_require":0,"notice":"可不填"}]}}`

var someFields = InvoiceAuthFields{
	Person: &InvoicePersonFields{
		ShowTitle: true, ShowPhone: true, RequirePhone: true, Custom: []InvoiceCustomField{{Key: "工号", Required: true, Notice: "六位"}},
	},
	Company: &InvoiceCompanyFields{
		ShowTitle: true, ShowTaxNumber: true, RequireTaxNumber: true, Custom: []InvoiceCustomField{{Key: "部门", Notice: "可不填"}},
	},
}

const someContentJSON = `"fee":2500,"title":"某公司","billing_time":1688721071,"billing_no":"67569521","billing_code":"032002200611","info":[{"name":"牙膏","num":1,"unit":"个","price":2500}],` +
	`"fee_without_tax":2350,"tax":150,"check_code":"17140148975963206428","buyer_number":"91232","buyer_address_and_phone":"A 1","buyer_bank_account":"B 2","seller_number":"91233",` +
	`"seller_address_and_phone":"C 3","seller_bank_account":"D 4","remarks":"无","cashier":"李雷","maker":"韩梅梅"`

var someContent = InvoiceContent{
	Fee: 2500, Title: "某公司", BillingTime: unix(1688721071), BillingNumber: "67569521", BillingCode: "032002200611",
	Items:         []InvoiceItem{{Name: "牙膏", Quantity: 1, Unit: "个", Price: 2500}},
	FeeWithoutTax: 2350, Tax: 150, CheckCode: "17140148975963206428", BuyerTaxNumber: "91232", BuyerAddressPhone: "A 1", BuyerBankAccount: "B 2",
	SellerTaxNumber: "91233", SellerAddressPhone: "C 3", SellerBankAccount: "D 4", Remarks: "无", Cashier: "李雷", Drawer: "韩梅梅",
}

const someInvoiceJSON = `"card_id":"pjZ8","begin_time":1688721071,"end_time":1720257071,"openid":"o1","type":"增值税普通发票","payee":"某店","detail":"牙膏",` +
	`"user_info":{` + someContentJSON + `,"pdf_url":"https://example.com/a.pdf","trip_pdf_url":"https://example.com/b.pdf","reimburse_status":"INVOICE_REIMBURSE_INIT","order_id":"1"},"user_card_status":"NORMAL"`

var someInvoice = Invoice{
	CardID: "pjZ8", BeginTime: unix(1688721071), EndTime: unix(1720257071), OpenID: "o1", Type: "增值税普通发票", Payee: "某店", Detail: "牙膏",
	UserData: InvoiceUserData{
		InvoiceContent: someContent, PDFURL: "https://example.com/a.pdf", TripPDFURL: "https://example.com/b.pdf", Status: InvoiceStatusOpen, OrderID: "1",
	},
	CardStatus: "NORMAL",
}

var (
	someRef   = InvoiceRef{CardID: "pjZ8", EncryptedCode: "fbdt/fWy1VitQwhbKtSjNeR3BJyfpeJXfZjjGsdCXiM="}
	someOrder = InvoiceOrder{OrderID: "1", CardID: "pjZ8", AppID: "wx2", Nonce: "n"}
	someAuth  = GetInvoiceAuthURLRequest{
		PlatformID: "d3JCEfhGLW+q0iGP+o9", OrderID: "1", Money: 11, Timestamp: unix(1474875876), Source: InvoiceSourceWeb,
		RedirectURL: "https://example.com", Ticket: "TICKET-CANARY", Type: InvoiceAuthFill,
	}
	someFiscalAuth = GetFiscalAuthURLRequest{
		TreasuryID: "wxabcd", OrderID: "1", Money: 11, Timestamp: unix(1474875876), Source: InvoiceSourceApp, RedirectURL: "https://example.com", Ticket: "TICKET-CANARY",
	}
	someReceipt = FiscalReceipt{Fee: 10, Title: "某人", BillingTime: unix(1688721071), BillingNumber: "6756", BillingCode: "0320", PDFMediaID: "17921206790189057"}
)

const someRefJSON = `"card_id":"pjZ8","encrypt_code":"fbdt/fWy1VitQwhbKtSjNeR3BJyfpeJXfZjjGsdCXiM="`

var _ = wireRows([]wireRow{
	{
		name: "GetInvoiceAuthURL", http: "POST /card/invoice/getauthurl",
		body:  `{"s_pappid":"d3JCEfhGLW+q0iGP+o9","order_id":"1","money":11,"timestamp":1474875876,"source":"web","redirect_url":"https://example.com","ticket":"TICKET-CANARY","type":1}`,
		reply: `{"errcode":0,"errmsg":"ok","auth_url":"https://mp.weixin.qq.com/a","appid":"wx3"}`,
		call: result(func(ctx context.Context, c *Client) (*InvoiceAuthURL, error) {
			return c.GetInvoiceAuthURL(ctx, someAuth)
		}),
		want: &InvoiceAuthURL{URL: "https://mp.weixin.qq.com/a", AppID: "wx3"},
	},
	{
		name: "GetInvoiceAuth", http: "POST /card/invoice/getauthdata", body: `{"s_pappid":"d3J","order_id":"1"}`,
		reply: `{"errcode":0,"errmsg":"ok","invoice_status":"auth success","auth_time":1480342498,"user_auth_info":{"user_field":{"title":"某人","phone":"123","email":"a@example.com","custom_field":[{"key":"工号","value":"1"}]}}}`,
		call:  result(func(ctx context.Context, c *Client) (*InvoiceAuth, error) { return c.GetInvoiceAuth(ctx, "d3J", "1") }),
		want: &InvoiceAuth{Status: "auth success", AuthTime: unix(1480342498), User: InvoiceAuthUser{
			Person: InvoicePerson{Title: "某人", Phone: "123", Email: "a@example.com", Custom: []InvoiceCustomValue{{Key: "工号", Value: "1"}}},
		}},
	},
	{
		name: "RejectInvoice", http: "POST /card/invoice/rejectinsert", body: `{"s_pappid":"d3J","order_id":"1","reason":"已退货","url":"https://example.com"}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.RejectInvoice(ctx, RejectInvoiceRequest{PlatformID: "d3J", OrderID: "1", Reason: "已退货", URL: "https://example.com"})
		}),
	},
	{
		name: "SetInvoiceAuthFields", http: "POST /card/invoice/setbizattr", query: "action=set_auth_field", body: `{` + someSettingsJSON + `}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.SetInvoiceAuthFields(ctx, someFields) }),
	},
	{
		name: "GetInvoiceAuthFields", http: "POST /card/invoice/setbizattr", query: "action=get_auth_field", body: `{}`,
		reply: `{"errcode":0,"errmsg":"ok",` + someSettingsJSON + `}`,
		call:  result(func(ctx context.Context, c *Client) (*InvoiceAuthFields, error) { return c.GetInvoiceAuthFields(ctx) }),
		want:  &someFields,
	},
	{
		name: "SetInvoiceMerchant", http: "POST /card/invoice/setbizattr", query: "action=set_pay_mch", body: `{"paymch_info":{"mchid":"1900","s_pappid":"d3J"}}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.SetInvoiceMerchant(ctx, InvoiceMerchant{MerchantID: "1900", PlatformID: "d3J"})
		}),
	},
	{
		name: "GetInvoiceMerchant", http: "POST /card/invoice/setbizattr", query: "action=get_pay_mch", body: `{}`,
		reply: `{"errcode":0,"errmsg":"ok","paymch_info":{"mchid":"1900","s_pappid":"d3J"}}`,
		call:  result(func(ctx context.Context, c *Client) (*InvoiceMerchant, error) { return c.GetInvoiceMerchant(ctx) }),
		want:  &InvoiceMerchant{MerchantID: "1900", PlatformID: "d3J"},
	},
	{
		name: "SetInvoiceContact", http: "POST /card/invoice/setbizattr", query: "action=set_contact", body: `{"contact":{"time_out":12345,"phone":"020-123"}}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.SetInvoiceContact(ctx, InvoiceContact{Timeout: 12345, Phone: "020-123"})
		}),
	},
	{
		name: "GetInvoiceContact", http: "POST /card/invoice/setbizattr", query: "action=get_contact", body: `{}`,
		reply: `{"errcode":0,"errmsg":"ok","contact":{"time_out":12345,"phone":"020-123"}}`,
		call:  result(func(ctx context.Context, c *Client) (*InvoiceContact, error) { return c.GetInvoiceContact(ctx) }),
		want:  &InvoiceContact{Timeout: 12345, Phone: "020-123"},
	},
	{
		name: "GetInvoiceTitleURL", http: "POST /card/invoice/biz/getusertitleurl",
		body:  `{"title":"某公司","phone":"020-123","tax_no":"91440300708461136T","addr":"A","bank_type":"B","bank_no":"1","user_fill":0,"out_title_id":"t1"}`,
		reply: `{"errcode":0,"errmsg":"ok","url":"https://mp.weixin.qq.com/t"}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.GetInvoiceTitleURL(ctx, GetInvoiceTitleURLRequest{
				Title: "某公司", Phone: "020-123", TaxNumber: "91440300708461136T", Address: "A", BankType: "B", BankAccount: "1", ExternalID: "t1",
			})
		},
		want: "https://mp.weixin.qq.com/t",
	},
	{
		name: "GetInvoiceTitleChoiceURL", http: "POST /card/invoice/biz/getselecttitleurl", body: `{"attach":"a","biz_name":"某店"}`,
		reply: `{"errcode":0,"errmsg":"ok","url":"https://mp.weixin.qq.com/t"}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.GetInvoiceTitleChoiceURL(ctx, "a", "某店")
		},
		want: "https://mp.weixin.qq.com/t",
	},
	{
		name: "ScanInvoiceTitle", http: "POST /card/invoice/scantitle", body: `{"scan_text":"https://w.url.cn/s/a"}`,
		reply: `{"errcode":0,"errmsg":"ok","title_type":1,"title":"某人","phone":"123"}`,
		call: result(func(ctx context.Context, c *Client) (*InvoiceTitle, error) {
			return c.ScanInvoiceTitle(ctx, "https://w.url.cn/s/a")
		}),
		want: &InvoiceTitle{Type: InvoiceTitlePerson, Title: "某人", Phone: "123"},
	},
	{
		name: "GetInvoicePlatform", http: "POST /card/invoice/seturl", body: `{}`,
		reply: `{"errcode":0,"errmsg":"ok","invoice_url":"https://mp.weixin.qq.com/bizmall/authinvoice?action=list&s_pappid=d3J"}`,
		call:  result(func(ctx context.Context, c *Client) (*InvoicePlatform, error) { return c.GetInvoicePlatform(ctx) }),
		want:  &InvoicePlatform{URL: "https://mp.weixin.qq.com/bizmall/authinvoice?action=list&s_pappid=d3J"},
	},
	{
		name: "CreateInvoiceCard", http: "POST /card/invoice/platform/createcard",
		body:  `{"invoice_info":{"base_info":{"logo_url":"https://mmbiz.qpic.cn/a","title":"某店","custom_url_name":"官网","custom_url":"https://example.com","custom_url_sub_title":"看看","promotion_url_name":"活动","promotion_url":"https://example.com/p","promotion_url_sub_title":"去看"},"payee":"某店有限公司","type":"广东省增值税普通发票"}}`,
		reply: `{"errcode":0,"errmsg":"ok","card_id":"pjZ8"}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.CreateInvoiceCard(ctx, InvoiceCard{
				Base: InvoiceCardBase{
					LogoURL: "https://mmbiz.qpic.cn/a", Title: "某店", CustomURLName: "官网", CustomURL: "https://example.com", CustomURLSubtitle: "看看",
					PromotionURLName: "活动", PromotionURL: "https://example.com/p", PromotionURLSubtitle: "去看",
				},
				Payee: "某店有限公司", Type: "广东省增值税普通发票",
			})
		},
		want: "pjZ8",
	},
	{
		name: "UploadInvoicePDF", http: "POST /card/invoice/platform/setpdf", form: multipartWith("pdf", "a.pdf", "%PDF", nil),
		reply: `{"errcode":0,"errmsg":"ok","s_media_id":"17921206790189057"}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.UploadInvoicePDF(ctx, File{Name: "a.pdf", Content: strings.NewReader("%PDF")})
		},
		want: "17921206790189057",
	},
	{
		name: "GetInvoicePDF", http: "POST /card/invoice/platform/getpdf", query: "action=get_url", body: `{"action":"get_url","s_media_id":"17921206790189057"}`,
		reply: `{"errcode":0,"errmsg":"ok","pdf_url":"https://example.com/a.pdf","pdf_url_expire_time":7200}`,
		call: result(func(ctx context.Context, c *Client) (*InvoicePDF, error) {
			return c.GetInvoicePDF(ctx, "17921206790189057")
		}),
		want: &InvoicePDF{URL: "https://example.com/a.pdf", ExpiresIn: 7200},
	},
	{
		name: "InsertInvoice", http: "POST /card/invoice/insert",
		body:  `{"order_id":"1","card_id":"pjZ8","appid":"wx2","card_ext":{"nonce_str":"n","user_card":{"invoice_user_data":{` + someContentJSON + `,"s_pdf_media_id":"1792","s_trip_pdf_media_id":"1793"}}}}`,
		reply: `{"errcode":0,"errmsg":"ok","code":"3902","openid":"o1","unionid":"u1"}`,
		call: result(func(ctx context.Context, c *Client) (*InsertedInvoice, error) {
			return c.InsertInvoice(ctx, someOrder, InvoiceData{InvoiceContent: someContent, PDFMediaID: "1792", TripPDFMediaID: "1793"})
		}),
		want: &InsertedInvoice{Code: "3902", OpenID: "o1", UnionID: "u1"},
	},
	{
		name: "SetIssuedInvoiceStatus", http: "POST /card/invoice/platform/updatestatus", body: `{"card_id":"pjZ8","code":"3902","reimburse_status":"INVOICE_REIMBURSE_CANCEL"}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.SetIssuedInvoiceStatus(ctx, "pjZ8", "3902", InvoiceStatusCanceled)
		}),
	},
	{
		name: "GetInvoice", http: "POST /card/invoice/reimburse/getinvoiceinfo", body: `{` + someRefJSON + `}`,
		reply: `{"errcode":0,"errmsg":"ok",` + someInvoiceJSON + `}`,
		call:  result(func(ctx context.Context, c *Client) (*Invoice, error) { return c.GetInvoice(ctx, someRef) }),
		want:  &someInvoice,
	},
	{
		name: "GetInvoices", http: "POST /card/invoice/reimburse/getinvoicebatch", body: `{"item_list":[{` + someRefJSON + `}]}`,
		reply: `{"errcode":0,"errmsg":"ok","item_list":[{` + someInvoiceJSON + `}]}`,
		call:  results(func(ctx context.Context, c *Client) ([]Invoice, error) { return c.GetInvoices(ctx, someRef) }),
		want:  []Invoice{someInvoice},
	},
	{
		name: "SetInvoiceStatus", http: "POST /card/invoice/reimburse/updateinvoicestatus", body: `{` + someRefJSON + `,"reimburse_status":"INVOICE_REIMBURSE_LOCK"}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.SetInvoiceStatus(ctx, someRef, InvoiceStatusLocked)
		}),
	},
	{
		name: "SetInvoiceStatuses", http: "POST /card/invoice/reimburse/updatestatusbatch", body: `{"openid":"o1","reimburse_status":"INVOICE_REIMBURSE_CLOSURE","invoice_list":[{` + someRefJSON + `}]}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.SetInvoiceStatuses(ctx, "o1", InvoiceStatusClosed, someRef)
		}),
	},
	{
		name: "GetFiscalAuthURL", http: "POST /nontax/getbillauthurl",
		body:  `{"s_pappid":"wxabcd","order_id":"1","money":11,"timestamp":1474875876,"source":"app","redirect_url":"https://example.com","ticket":"TICKET-CANARY"}`,
		reply: `{"errcode":0,"errmsg":"ok","auth_url":"https://mp.weixin.qq.com/a","expire_time":7200}`,
		call: result(func(ctx context.Context, c *Client) (*FiscalAuthURL, error) {
			return c.GetFiscalAuthURL(ctx, someFiscalAuth)
		}),
		want: &FiscalAuthURL{URL: "https://mp.weixin.qq.com/a", ExpiresIn: 7200},
	},
	{
		name: "CreateFiscalCard", http: "POST /nontax/createbillcard", body: `{"invoice_info":{"base_info":{"logo_url":"https://mmbiz.qpic.cn/a"},"payee":"某局"}}`,
		reply: `{"errcode":0,"errmsg":"ok","card_id":"pjZ8"}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.CreateFiscalCard(ctx, "某局", "https://mmbiz.qpic.cn/a")
		},
		want: "pjZ8",
	},
	{
		name: "InsertFiscalReceipt", http: "POST /nontax/insertbill",
		body:  `{"order_id":"1","card_id":"pjZ8","appid":"wx2","card_ext":{"nonce_str":"n","user_card":{"invoice_user_data":{"fee":10,"title":"某人","billing_time":1688721071,"billing_no":"6756","billing_code":"0320","s_pdf_media_id":"17921206790189057"}}}}`,
		reply: `{"errcode":0,"errmsg":"ok","code":"3902","openid":"o1","unionid":"u1"}`,
		call: result(func(ctx context.Context, c *Client) (*InsertedInvoice, error) {
			return c.InsertFiscalReceipt(ctx, someOrder, someReceipt)
		}),
		want: &InsertedInvoice{Code: "3902", OpenID: "o1", UnionID: "u1"},
	},
})

func TestAuthorizationPagesTakeTheClientsOwnTicketAndTheTimeOfTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var paths []string
		c, seen := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
			paths = append(paths, r.URL.Path)
			return answer(http.StatusOK, `{"ticket":"OWN","expires_in":7200,"auth_url":"https://mp.weixin.qq.com/a"}`)(r)
		})
		invoice, fiscal := someAuth, someFiscalAuth
		invoice.Ticket, invoice.Timestamp = "", Timestamp{}
		fiscal.Ticket, fiscal.Timestamp = "", Timestamp{}
		_, err := c.GetInvoiceAuthURL(t.Context(), invoice)
		require.NoError(t, err)
		assert.Contains(t, string(seen.body), `"ticket":"OWN"`)
		assert.Contains(t, string(seen.body), fmt.Sprintf(`"timestamp":%d`, time.Now().Unix()))
		_, err = c.GetFiscalAuthURL(t.Context(), fiscal)
		require.NoError(t, err)
		assert.Contains(t, string(seen.body), `"ticket":"OWN"`)
		assert.Equal(t, []string{"/cgi-bin/ticket/getticket", "/card/invoice/getauthurl", "/nontax/getbillauthurl"}, paths)
		require.NoError(t, c.Close())
	})
}

func TestAuthorizationPagesNeedATicket(t *testing.T) {
	c, _ := wireRow{}.client(answer(http.StatusOK, `{"errcode":48001,"errmsg":"api unauthorized"}`))
	invoice, fiscal := someAuth, someFiscalAuth
	invoice.Ticket, fiscal.Ticket = "", ""
	_, err := c.GetInvoiceAuthURL(t.Context(), invoice)
	require.ErrorIs(t, err, ErrForbidden)
	_, err = c.GetFiscalAuthURL(t.Context(), fiscal)
	require.ErrorIs(t, err, ErrForbidden)
}

func TestTheIDOfAnInvoicePlatformKeepsItsPlusSigns(t *testing.T) {
	for address, id := range map[string]string{
		"https://mp.weixin.qq.com/bizmall/authinvoice?action=list&s_pappid=d3JC+q0iGP+o9":      "d3JC+q0iGP+o9",
		"https://mp.weixin.qq.com/bizmall/authinvoice?s_pappid=d3JC%2Bq0&action=list":          "d3JC+q0",
		"https://mp.weixin.qq.com/bizmall/authinvoice?s_pappid=d3JC%zz#wechat_redirect":        "d3JC%zz",
		"https://mp.weixin.qq.com/bizmall/authinvoice?action=list&s_pappid=d3#wechat_redirect": "d3",
		"https://mp.weixin.qq.com/bizmall/authinvoice":                                         "",
	} {
		assert.Equal(t, id, InvoicePlatform{URL: address}.ID(), address)
	}
}

func TestInvoiceSettingsThatWereNeverMadeAreEmpty(t *testing.T) {
	c, _ := wireRow{}.client(answer(http.StatusOK, wireOK))
	fields, err := c.GetInvoiceAuthFields(t.Context())
	require.NoError(t, err)
	assert.Equal(t, &InvoiceAuthFields{}, fields)
	merchant, err := c.GetInvoiceMerchant(t.Context())
	require.NoError(t, err)
	assert.Equal(t, &InvoiceMerchant{}, merchant)
	contact, err := c.GetInvoiceContact(t.Context())
	require.NoError(t, err)
	assert.Equal(t, &InvoiceContact{}, contact)
}

func TestAnInvoiceIsInsertedWithANonceOfItsOwn(t *testing.T) {
	c, seen := wireRow{}.client(answer(http.StatusOK, wireOK))
	order := someOrder
	order.Nonce = ""
	_, err := c.InsertFiscalReceipt(t.Context(), order, someReceipt)
	require.NoError(t, err)
	assert.Regexp(t, `"nonce_str":"[0-9a-f]{16}"`, string(seen.body))
}

func TestARejectionThatIsRetriedFindsItDone(t *testing.T) {
	calls := 0
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		calls++
		if calls == 1 {
			_, _ = io.Copy(io.Discard, r.Body)
			return answer(http.StatusBadGateway, "")(r)
		}
		return answer(http.StatusOK, `{"errcode":72035,"errmsg":"rejected"}`)(r)
	})
	synctest.Test(t, func(t *testing.T) {
		c := NewClient("wx0000000000000001", "", WithHTTPClient(&http.Client{Transport: transport}), WithTokenSource(StaticToken("TOKEN")))
		require.NoError(t, c.RejectInvoice(t.Context(), RejectInvoiceRequest{PlatformID: "p", OrderID: "1", Reason: "r"}))
		assert.Equal(t, 2, calls)
	})
}

func TestFullyDigitalInvoicesNeedNoCode(t *testing.T) {
	data := InvoiceData{InvoiceContent: someContent, PDFMediaID: "1792"}
	data.BillingCode, data.CheckCode = "", ""
	insert := func(ctx context.Context, c *Client) error {
		_, err := c.InsertInvoice(ctx, someOrder, data)
		return err
	}
	refused(t, "BillingCode", insert)
	data.BillingCode, data.BillingNumber = "", "24317000000183259524"
	c, _ := wireRow{}.client(answer(http.StatusOK, wireOK))
	require.NoError(t, insert(t.Context(), c))
}

func TestInvoiceCallsRefuseWrongArguments(t *testing.T) {
	long := InvoiceCard{Base: InvoiceCardBase{LogoURL: "l", Title: "一二三四五六七八九"}, Payee: "p", Type: "t"}
	card := func(change func(*InvoiceCard)) func(context.Context, *Client) error {
		card := long
		change(&card)
		return func(ctx context.Context, c *Client) error { _, err := c.CreateInvoiceCard(ctx, card); return err }
	}
	title := func(r GetInvoiceTitleURLRequest) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error { _, err := c.GetInvoiceTitleURL(ctx, r); return err }
	}
	for _, wrong := range []struct {
		argument string
		call     func(context.Context, *Client) error
	}{
		{"Money", func(ctx context.Context, c *Client) error {
			_, err := c.GetInvoiceAuthURL(ctx, GetInvoiceAuthURLRequest{PlatformID: "p", OrderID: "1"})
			return err
		}},
		{"Source", func(ctx context.Context, c *Client) error {
			_, err := c.GetFiscalAuthURL(ctx, GetFiscalAuthURLRequest{TreasuryID: "p", OrderID: "1", Money: 1})
			return err
		}},
		{"orderID", func(ctx context.Context, c *Client) error { _, err := c.GetInvoiceAuth(ctx, "p", ""); return err }},
		{"Reason", func(ctx context.Context, c *Client) error {
			return c.RejectInvoice(ctx, RejectInvoiceRequest{PlatformID: "p", OrderID: "1"})
		}},
		{"fields", func(ctx context.Context, c *Client) error { return c.SetInvoiceAuthFields(ctx, InvoiceAuthFields{}) }},
		{"PlatformID", func(ctx context.Context, c *Client) error {
			return c.SetInvoiceMerchant(ctx, InvoiceMerchant{MerchantID: "1"})
		}},
		{"Phone", func(ctx context.Context, c *Client) error {
			return c.SetInvoiceContact(ctx, InvoiceContact{Timeout: 1})
		}},
		{"Base.Title", card(func(i *InvoiceCard) { i.Base.Title += "十" })},
		{"Base.CustomURLName", card(func(i *InvoiceCard) { i.Base.CustomURLName = "一二三四五六" })},
		{"Base.CustomURLSubtitle", card(func(i *InvoiceCard) { i.Base.CustomURLSubtitle = "一二三四五六七" })},
		{"Type", card(func(i *InvoiceCard) { i.Type = "" })},
		{"logoURL", func(ctx context.Context, c *Client) error { _, err := c.CreateFiscalCard(ctx, "p", ""); return err }},
		{"File.Content", func(ctx context.Context, c *Client) error { _, err := c.UploadInvoicePDF(ctx, File{}); return err }},
		{"mediaID", func(ctx context.Context, c *Client) error { _, err := c.GetInvoicePDF(ctx, ""); return err }},
		{"AppID", func(ctx context.Context, c *Client) error {
			_, err := c.InsertInvoice(ctx, InvoiceOrder{OrderID: "1", CardID: "p"}, InvoiceData{})
			return err
		}},
		{"PDFMediaID", func(ctx context.Context, c *Client) error {
			_, err := c.InsertInvoice(ctx, someOrder, InvoiceData{InvoiceContent: someContent})
			return err
		}},
		{"status", func(ctx context.Context, c *Client) error { return c.SetIssuedInvoiceStatus(ctx, "p", "c", "") }},
		{"Title", title(GetInvoiceTitleURLRequest{})},
		{"Phone", title(GetInvoiceTitleURLRequest{Title: "t", Phone: "+86"})},
		{"TaxNumber", title(GetInvoiceTitleURLRequest{Title: "t", TaxNumber: "914403007084611361234"})},
		{"TaxNumber", title(GetInvoiceTitleURLRequest{FilledByUser: true, TaxNumber: "91440300708461136-"})},
		{"File.Content", func(ctx context.Context, c *Client) error {
			_, err := c.UploadInvoicePDF(ctx, File{Content: &pattern{size: maxInvoicePDF + 1}, Size: maxInvoicePDF + 1})
			return err
		}},
		{"scanText", func(ctx context.Context, c *Client) error { _, err := c.ScanInvoiceTitle(ctx, ""); return err }},
		{"EncryptedCode", func(ctx context.Context, c *Client) error {
			_, err := c.GetInvoice(ctx, InvoiceRef{CardID: "p"})
			return err
		}},
		{"invoices", func(ctx context.Context, c *Client) error { _, err := c.GetInvoices(ctx); return err }},
		{"invoices[1].CardID", func(ctx context.Context, c *Client) error {
			_, err := c.GetInvoices(ctx, someRef, InvoiceRef{})
			return err
		}},
		{"status", func(ctx context.Context, c *Client) error { return c.SetInvoiceStatus(ctx, someRef, "") }},
		{"CardID", func(ctx context.Context, c *Client) error {
			return c.SetInvoiceStatus(ctx, InvoiceRef{}, InvoiceStatusOpen)
		}},
		{"invoices", func(ctx context.Context, c *Client) error { return c.SetInvoiceStatuses(ctx, "o1", InvoiceStatusOpen) }},
	} {
		refused(t, wrong.argument, wrong.call)
	}
}

func TestAuthorizationRequestsDoNotShowTheirTicket(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		assert.NotContains(t, fmt.Sprintf(verb, someAuth)+fmt.Sprintf(verb, someFiscalAuth), "CANARY")
	}
}
