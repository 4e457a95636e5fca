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

// ID returns the platform's id, which merchants name as PlatformID; "" where URL
// holds none.
func (p InvoicePlatform) ID() string {
	_, id, _ := strings.Cut(p.URL, "s_pappid=")
	id, _, _ = strings.Cut(id, "&")
	id, _, _ = strings.Cut(id, "#")
	plain, err := url.PathUnescape(id) // an id may hold a plus sign
	if err != nil {
		return id
	}
	return plain
}

// GetInvoicePlatform returns the account's id as an invoicing platform, inside an
// address (获取开票平台识别码). It does not change: fetch it once.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/platform/api_setinvoiceurl
func (c *Client) GetInvoicePlatform(ctx context.Context) (*InvoicePlatform, error) {
	return post[InvoicePlatform](ctx, c, "/card/invoice/seturl", struct{}{}, idempotent)
}

// InvoiceCard is the template of a payee's invoices among a user's cards.
type InvoiceCard struct {
	Base  InvoiceCardBase `json:"base_info"`
	Payee string          `json:"payee"` // full name of who is paid
	Type  string          `json:"type"`  // kind of the invoice, such as 广东省增值税普通发票
}

// InvoiceCardBase is how a template looks.
type InvoiceCardBase struct {
	LogoURL              string `json:"logo_url"`
	Title                string `json:"title"`                     // name of the payee, at most 9 Chinese letters wide
	CustomURLName        string `json:"custom_url_name,omitempty"` // of a link to the payee, at most 5 Chinese letters wide
	CustomURL            string `json:"custom_url,omitempty"`
	CustomURLSubtitle    string `json:"custom_url_sub_title,omitempty"` // at most 6 Chinese letters wide
	PromotionURLName     string `json:"promotion_url_name,omitempty"`   // of a second link
	PromotionURL         string `json:"promotion_url,omitempty"`
	PromotionURLSubtitle string `json:"promotion_url_sub_title,omitempty"`
}

func (i InvoiceCard) check() error {
	return first(notEmpty("Base.LogoURL", i.Base.LogoURL), notEmpty("Base.Title", i.Base.Title), maxWidth("Base.Title", i.Base.Title, 9),
		maxWidth("Base.CustomURLName", i.Base.CustomURLName, 5), maxWidth("Base.CustomURLSubtitle", i.Base.CustomURLSubtitle, 6),
		notEmpty("Payee", i.Payee), notEmpty("Type", i.Type))
}

// CreateInvoiceCard creates the template of a payee's invoices and returns its card
// id (创建发票卡券模板).
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
// media id (上传发票PDF). The platform drops it after 3 days, unless an invoice has it.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/platform/api_invoiceplatformsetpdf
func (c *Client) UploadInvoicePDF(ctx context.Context, pdf File) (mediaID string, err error) {
	res, err := upload[struct {
		MediaID string `json:"s_media_id"`
	}](ctx, c, "/card/invoice/platform/setpdf", nil, &Form{Field: "pdf", File: pdf, limit: maxInvoicePDF})
	if err != nil {
		return "", err
	}
	return res.MediaID, nil
}

// InvoicePDF is where the PDF of an invoice is.
type InvoicePDF struct {
	URL       string `json:"pdf_url"`
	ExpiresIn int64  `json:"pdf_url_expire_time"` // seconds
}

// GetInvoicePDF returns where an uploaded PDF can be fetched for a while
// (获取上传的发票PDF).
//
// https://developers.weixin.qq.com/doc/service/api/invoice/platform/api_invoiceplatformgetpdf
func (c *Client) GetInvoicePDF(ctx context.Context, mediaID string) (*InvoicePDF, error) {
	if err := notEmpty("mediaID", mediaID); err != nil {
		return nil, err
	}
	body := struct {
		Action  string `json:"action"` // the older page has it in the query, the newer one in the body
		MediaID string `json:"s_media_id"`
	}{"get_url", mediaID}
	return do[InvoicePDF](ctx, c, Request{
		Method: http.MethodPost, Path: "/card/invoice/platform/getpdf", Query: params("action", "get_url"), Body: body, Idempotent: true,
	})
}

// InvoiceOrder names the order that a user authorised, and the template of its
// invoice.
type InvoiceOrder struct {
	OrderID string
	CardID  string
	AppID   string // with which the user authorised the order, normally the merchant's
	Nonce   string // "" is a random one
}

func (o InvoiceOrder) check() error {
	return first(notEmpty("OrderID", o.OrderID), notEmpty("CardID", o.CardID), notEmpty("AppID", o.AppID))
}

// InvoiceContent is what stands on an invoice.
type InvoiceContent struct {
	Fee                int64         `json:"fee"` // fen, with tax
	Title              string        `json:"title"`
	BillingTime        Timestamp     `json:"billing_time"`
	BillingNumber      string        `json:"billing_no"`   // 发票号码; 20 digits for fully digital invoices
	BillingCode        string        `json:"billing_code"` // 发票代码; "" for fully digital invoices
	Items              []InvoiceItem `json:"info,omitempty"`
	FeeWithoutTax      int64         `json:"fee_without_tax"` // fen
	Tax                int64         `json:"tax"`             // fen
	CheckCode          string        `json:"check_code"`      // 校验码; "" for fully digital invoices, and in the page's example
	BuyerTaxNumber     string        `json:"buyer_number,omitempty"`
	BuyerAddressPhone  string        `json:"buyer_address_and_phone,omitempty"`
	BuyerBankAccount   string        `json:"buyer_bank_account,omitempty"`
	SellerTaxNumber    string        `json:"seller_number,omitempty"`
	SellerAddressPhone string        `json:"seller_address_and_phone,omitempty"`
	SellerBankAccount  string        `json:"seller_bank_account,omitempty"`
	Remarks            string        `json:"remarks,omitempty"`
	Cashier            string        `json:"cashier,omitempty"` // who took the money
	Drawer             string        `json:"maker,omitempty"`   // who made the invoice
}

// InvoiceItem is a line of an invoice.
type InvoiceItem struct {
	Name     string `json:"name"`
	Quantity int64  `json:"num,omitempty"`
	Unit     string `json:"unit,omitempty"`
	Price    int64  `json:"price"` // fen for one
}

// InvoiceData is an invoice to put among a user's cards.
type InvoiceData struct {
	InvoiceContent
	PDFMediaID     string `json:"s_pdf_media_id"`                // see [Client.UploadInvoicePDF]
	TripPDFMediaID string `json:"s_trip_pdf_media_id,omitempty"` // of the list of trips (行程单)
}

func (d InvoiceData) check() error {
	err := first(notEmpty("Title", d.Title), someTime("BillingTime", d.BillingTime), notEmpty("BillingNumber", d.BillingNumber),
		notEmpty("PDFMediaID", d.PDFMediaID))
	if err == nil && len(d.BillingNumber) != 20 {
		err = notEmpty("BillingCode", d.BillingCode)
	}
	return err
}

// InsertedInvoice is an invoice, or a fiscal receipt, among a user's cards.
type InsertedInvoice struct {
	Code    string `json:"code"`
	OpenID  string `json:"openid"`
	UnionID string `json:"unionid"`
}

// InsertInvoice puts an invoice among the cards of the user who authorised its order
// (将电子发票卡券插入用户卡包). It is for the account that is the invoicing platform
// of the order. [ErrInvoiceNotAuthorized]: the user did not authorise the order;
// [ErrInvoiceRejected]: it was rejected; [ErrInvoiceRepeated]: a user has it already.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/platform/api_insertinvoice
func (c *Client) InsertInvoice(ctx context.Context, order InvoiceOrder, data InvoiceData) (*InsertedInvoice, error) {
	return insertInvoice(ctx, c, "/card/invoice/insert", order, data)
}

// invoiceInsertion is an invoice as it goes over the wire.
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

// InvoiceStatus is whether an invoice can be handed in for reimbursement.
type InvoiceStatus string

// The states of invoices.
const (
	InvoiceStatusOpen     InvoiceStatus = "INVOICE_REIMBURSE_INIT"    // can be handed in
	InvoiceStatusLocked   InvoiceStatus = "INVOICE_REIMBURSE_LOCK"    // was handed in
	InvoiceStatusClosed   InvoiceStatus = "INVOICE_REIMBURSE_CLOSURE" // is reimbursed and gone from the user's cards; for good
	InvoiceStatusCanceled InvoiceStatus = "INVOICE_REIMBURSE_CANCEL"  // is not valid any more (冲红)
)

// SetIssuedInvoiceStatus tells the platform what became of an invoice that the account
// issued, elsewhere than in WeChat (更新发票卡券状态): InvoiceStatusCanceled, or
// InvoiceStatusOpen. Fiscal receipts too.
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
