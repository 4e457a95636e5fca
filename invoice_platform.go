package wechat

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// InvoicePlatform is the account in its role as an invoicing platform (开票平台).
type InvoicePlatform struct {
	URL string `json:"invoice_url"`
}

// ID returns the platform's ID, which merchants pass as PlatformID, or "" if URL
// contains none.
func (p InvoicePlatform) ID() string {
	_, id, _ := strings.Cut(p.URL, "s_pappid=")
	id, _, _ = strings.Cut(id, "&")
	id, _, _ = strings.Cut(id, "#")
	plain, err := url.PathUnescape(id) // an ID may contain a plus sign
	if err != nil {
		return id
	}
	return plain
}

// GetInvoicePlatform returns the account's ID as an invoicing platform, as part of a
// URL (获取开票平台识别码). It never changes, so fetch it only once.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/platform/api_setinvoiceurl
func (c *Client) GetInvoicePlatform(ctx context.Context) (*InvoicePlatform, error) {
	return post[InvoicePlatform](ctx, c, "/card/invoice/seturl", struct{}{}, idempotent)
}

// InvoiceCard is the template for a payee's invoices in the users' cards.
type InvoiceCard struct {
	Base  InvoiceCardBase `json:"base_info"`
	Payee string          `json:"payee"` // the full name
	Type  string          `json:"type"`  // such as 广东省增值税普通发票
}

// InvoiceCardBase is the appearance of a template.
type InvoiceCardBase struct {
	LogoURL              string `json:"logo_url"`
	Title                string `json:"title"`                     // the name of the payee, at most as wide as 9 Chinese characters
	CustomURLName        string `json:"custom_url_name,omitempty"` // of a link to the payee, at most as wide as 5 Chinese characters
	CustomURL            string `json:"custom_url,omitempty"`
	CustomURLSubtitle    string `json:"custom_url_sub_title,omitempty"` // at most as wide as 6 Chinese characters
	PromotionURLName     string `json:"promotion_url_name,omitempty"`   // of a second link
	PromotionURL         string `json:"promotion_url,omitempty"`
	PromotionURLSubtitle string `json:"promotion_url_sub_title,omitempty"`
}

func (i InvoiceCard) check() error {
	return first(notEmpty("Base.LogoURL", i.Base.LogoURL), notEmpty("Base.Title", i.Base.Title), maxWidth("Base.Title", i.Base.Title, 9),
		maxWidth("Base.CustomURLName", i.Base.CustomURLName, 5), maxWidth("Base.CustomURLSubtitle", i.Base.CustomURLSubtitle, 6),
		notEmpty("Payee", i.Payee), notEmpty("Type", i.Type))
}

// CreateInvoiceCard creates the template for a payee's invoices and returns its card
// ID (创建发票卡券模板).
//
// https://developers.weixin.qq.com/doc/service/api/invoice/platform/api_invoiceplatformcreatecard
func (c *Client) CreateInvoiceCard(ctx context.Context, card InvoiceCard) (cardID string, err error) {
	if err := card.check(); err != nil {
		return "", err
	}
	return c.createInvoiceCard(ctx, "/card/invoice/platform/createcard", card)
}

func (c *Client) createInvoiceCard(ctx context.Context, path string, info any) (string, error) {
	body := struct {
		Info any `json:"invoice_info"`
	}{info}
	res, err := post[struct {
		CardID string `json:"card_id"`
	}](ctx, c, path, body)
	if err != nil {
		return "", err
	}
	return res.CardID, nil
}

const maxInvoicePDF = 10 << 20

// UploadInvoicePDF uploads the PDF of an invoice, at most 10 MB, and returns its
// media ID (上传发票PDF). The platform deletes it after 3 days unless an invoice uses it.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/platform/api_invoiceplatformsetpdf
func (c *Client) UploadInvoicePDF(ctx context.Context, file File) (mediaID string, err error) {
	res, err := upload[struct {
		MediaID string `json:"s_media_id"`
	}](ctx, c, "/card/invoice/platform/setpdf", nil, &Form{Field: "pdf", File: file, limit: maxInvoicePDF})
	if err != nil {
		return "", err
	}
	return res.MediaID, nil
}

// InvoicePDF is the temporary URL of an uploaded PDF.
type InvoicePDF struct {
	URL       string `json:"pdf_url"`
	ExpiresIn int64  `json:"pdf_url_expire_time"` // seconds
}

// GetInvoicePDF returns a temporary URL of an uploaded PDF (获取上传的发票PDF).
//
// https://developers.weixin.qq.com/doc/service/api/invoice/platform/api_invoiceplatformgetpdf
func (c *Client) GetInvoicePDF(ctx context.Context, mediaID string) (*InvoicePDF, error) {
	if err := notEmpty("mediaID", mediaID); err != nil {
		return nil, err
	}
	body := struct {
		Action  string `json:"action"` // in the query on the older page, in the body on the newer one
		MediaID string `json:"s_media_id"`
	}{"get_url", mediaID}
	return do[InvoicePDF](ctx, c, Request{
		Method: http.MethodPost, Path: "/card/invoice/platform/getpdf", Query: params("action", "get_url"), Body: body, Idempotent: true,
	})
}

// InvoiceOrder identifies the order that a user authorized and the template of its
// invoice.
type InvoiceOrder struct {
	OrderID string
	CardID  string
	AppID   string // of the account for which the user authorized the order, normally the merchant's
	Nonce   string // "" means a random one
}

func (o InvoiceOrder) check() error {
	return first(notEmpty("OrderID", o.OrderID), notEmpty("CardID", o.CardID), notEmpty("AppID", o.AppID))
}

// InvoiceContent is the content of an invoice.
type InvoiceContent struct {
	Fee                int64         `json:"fee"` // fen, with tax
	Title              string        `json:"title"`
	BillingTime        Timestamp     `json:"billing_time"`
	BillingNumber      string        `json:"billing_no"`   // 发票号码; 20 digits for fully digital invoices
	BillingCode        string        `json:"billing_code"` // 发票代码; "" for fully digital invoices
	Items              []InvoiceItem `json:"info,omitempty"`
	FeeWithoutTax      int64         `json:"fee_without_tax"` // fen
	Tax                int64         `json:"tax"`             // fen
	CheckCode          string        `json:"check_code"`      // 校验码; "" for fully digital invoices
	BuyerTaxNumber     string        `json:"buyer_number,omitempty"`
	BuyerAddressPhone  string        `json:"buyer_address_and_phone,omitempty"`
	BuyerBankAccount   string        `json:"buyer_bank_account,omitempty"`
	SellerTaxNumber    string        `json:"seller_number,omitempty"`
	SellerAddressPhone string        `json:"seller_address_and_phone,omitempty"`
	SellerBankAccount  string        `json:"seller_bank_account,omitempty"`
	Remarks            string        `json:"remarks,omitempty"`
	Cashier            string        `json:"cashier,omitempty"` // who received the money
	Drawer             string        `json:"maker,omitempty"`   // who issued the invoice
}

// InvoiceItem is a line of an invoice.
type InvoiceItem struct {
	Name     string `json:"name"`
	Quantity int64  `json:"num,omitempty"`
	Unit     string `json:"unit,omitempty"`
	Price    int64  `json:"price"` // fen, of one unit
}

// InvoiceData is an invoice to add to a user's cards.
type InvoiceData struct {
	InvoiceContent
	PDFMediaID     string `json:"s_pdf_media_id"`                // see [Client.UploadInvoicePDF]
	TripPDFMediaID string `json:"s_trip_pdf_media_id,omitempty"` // the trip sheet (行程单)
}

func (d InvoiceData) check() error {
	err := first(notEmpty("Title", d.Title), someTime("BillingTime", d.BillingTime), notEmpty("BillingNumber", d.BillingNumber),
		notEmpty("PDFMediaID", d.PDFMediaID))
	if err == nil && len(d.BillingNumber) != 20 {
		err = notEmpty("BillingCode", d.BillingCode)
	}
	return err
}

// InsertedInvoice identifies an invoice or a fiscal receipt in a user's cards.
type InsertedInvoice struct {
	Code    string `json:"code"`
	OpenID  string `json:"openid"`
	UnionID string `json:"unionid"`
}

// InsertInvoice adds an invoice to the cards of the user who authorized its order
// (将电子发票卡券插入用户卡包). Only the account that is the order's invoicing platform can
// call it. It returns [ErrInvoiceNotAuthorized] if the user has not authorized the
// order, [ErrInvoiceRejected] if the order was rejected, and [ErrDuplicateInvoice] if
// the invoice has already been added.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/platform/api_insertinvoice
func (c *Client) InsertInvoice(ctx context.Context, order InvoiceOrder, data InvoiceData) (*InsertedInvoice, error) {
	return insertInvoice(ctx, c, "/card/invoice/insert", order, data)
}

// invoiceInsertion is an invoice as it is sent.
type invoiceInsertion struct {
	OrderID string `json:"order_id"`
	CardID  string `json:"card_id"`
	AppID   string `json:"appid"`
	Ext     struct {
		Nonce string `json:"nonce_str"`
		Card  struct {
			Data any `json:"invoice_user_data"`
		} `json:"user_card"`
	} `json:"card_ext"`
}

func insertInvoice(ctx context.Context, c *Client, path string, order InvoiceOrder, data checker) (*InsertedInvoice, error) {
	if err := first(order.check(), data.check()); err != nil {
		return nil, err
	}
	body := invoiceInsertion{OrderID: order.OrderID, CardID: order.CardID, AppID: order.AppID}
	body.Ext.Nonce, body.Ext.Card.Data = order.Nonce, data
	if order.Nonce == "" {
		body.Ext.Nonce = newNonce()
	}
	return post[InsertedInvoice](ctx, c, path, body)
}

// InvoiceStatus is the reimbursement status of an invoice.
type InvoiceStatus string

// The statuses of invoices.
const (
	InvoiceStatusOpen     InvoiceStatus = "INVOICE_REIMBURSE_INIT"    // not locked; can be submitted for reimbursement
	InvoiceStatusLocked   InvoiceStatus = "INVOICE_REIMBURSE_LOCK"    // submitted for reimbursement
	InvoiceStatusClosed   InvoiceStatus = "INVOICE_REIMBURSE_CLOSURE" // reimbursed and removed from the user's cards; final
	InvoiceStatusCanceled InvoiceStatus = "INVOICE_REIMBURSE_CANCEL"  // no longer valid (冲红)
)

// SetIssuedInvoiceStatus sets the status of an invoice or fiscal receipt that the
// account issued (更新发票卡券状态). status is [InvoiceStatusCanceled] or
// [InvoiceStatusOpen]. Call it if the status changed outside WeChat.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/platform/api_invoicekpupdatainvoicestatus
func (c *Client) SetIssuedInvoiceStatus(ctx context.Context, cardID, code string, status InvoiceStatus) error {
	if err := first(notEmpty("cardID", cardID), notEmpty("code", code), notEmpty("status", string(status))); err != nil {
		return err
	}
	body := struct {
		CardID string        `json:"card_id"`
		Code   string        `json:"code"`
		Status InvoiceStatus `json:"reimburse_status"`
	}{cardID, code, status}
	return c.post(ctx, "/card/invoice/platform/updatestatus", body, idempotent)
}
