package wechat

import (
	"context"
	"net/http"
	"time"
)

// InvoiceSource is where a user asks for an invoice.
type InvoiceSource string

// The places to ask from.
const (
	InvoiceSourceApp         InvoiceSource = "app"
	InvoiceSourceWeb         InvoiceSource = "web" // a page inside WeChat
	InvoiceSourceMiniProgram InvoiceSource = "wxa"
	InvoiceSourceBrowser     InvoiceSource = "wap" // a page outside WeChat
)

// InvoiceAuthType is what the authorisation page of an invoice lets the user do.
type InvoiceAuthType int

// The kinds of authorisation pages.
const (
	InvoiceAuthApply InvoiceAuthType = 0 // ask for an invoice; the merchant knows the title
	InvoiceAuthFill  InvoiceAuthType = 1 // ask for an invoice and fill in the title; the only one for invoices after WeChat Pay
	InvoiceAuthClaim InvoiceAuthType = 2 // claim an invoice that is made
)

// GetInvoiceAuthURLRequest asks for the authorisation page of an order.
type GetInvoiceAuthURLRequest struct {
	PlatformID  string          `json:"s_pappid"` // of the invoicing platform, which tells it
	OrderID     string          `json:"order_id"`
	Money       int64           `json:"money"`     // fen
	Timestamp   Timestamp       `json:"timestamp"` // 0 is now
	Source      InvoiceSource   `json:"source"`
	RedirectURL string          `json:"redirect_url,omitempty"` // the page after authorising, for InvoiceSourceWeb
	Ticket      Secret          `json:"ticket"`                 // of [TicketCard]; "" is the client's own, see [Client.Ticket]
	Type        InvoiceAuthType `json:"type"`
}

func (r GetInvoiceAuthURLRequest) check() error {
	return first(notEmpty("PlatformID", r.PlatformID), notEmpty("OrderID", r.OrderID), positive("Money", r.Money),
		notEmpty("Source", string(r.Source)))
}

// InvoiceAuthURL is the address of an authorisation page.
type InvoiceAuthURL struct {
	URL   string `json:"auth_url"` // for InvoiceSourceMiniProgram the path to navigate to
	AppID string `json:"appid"`    // of the mini program to navigate to; for InvoiceSourceMiniProgram only
}

// GetInvoiceAuthURL returns the page on which a user authorises the invoice of an
// order (获取授权页链接). Only for an order that a user has authorised an invoice can
// be put into the user's cards. [Client.SetInvoiceContact] comes before this.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/auth/api_invoicebizgetauthurl
func (c *Client) GetInvoiceAuthURL(ctx context.Context, req GetInvoiceAuthURLRequest) (*InvoiceAuthURL, error) {
	if err := req.check(); err != nil {
		return nil, err
	}
	ticket, err := c.cardTicket(ctx, req.Ticket)
	if err != nil {
		return nil, err
	}
	req.Timestamp = orNow(req.Timestamp)
	body := struct {
		GetInvoiceAuthURLRequest
		Ticket string `json:"ticket"` // not masked
	}{req, ticket}
	return post[InvoiceAuthURL](ctx, c, "/card/invoice/getauthurl", body, idempotent)
}

// cardTicket returns the ticket, or the client's own where there is none.
func (c *Client) cardTicket(ctx context.Context, given Secret) (string, error) {
	if given == "" {
		own, err := c.Ticket(ctx, TicketCard)
		return string(own), err
	}
	return string(given), nil
}

func orNow(t Timestamp) Timestamp {
	if t.IsZero() {
		return Timestamp{time.Now()}
	}
	return t
}

type invoiceOrderRef struct {
	PlatformID string `json:"s_pappid"`
	OrderID    string `json:"order_id"`
}

func (r invoiceOrderRef) check() error {
	return first(notEmpty("platformID", r.PlatformID), notEmpty("orderID", r.OrderID))
}

// InvoiceAuth is how far a user authorised the invoice of an order.
type InvoiceAuth struct {
	Status   string          `json:"invoice_status"` // such as "auth success"
	AuthTime Timestamp       `json:"auth_time"`
	User     InvoiceAuthUser `json:"user_auth_info"`
}

// InvoiceAuthUser is what a user filled in: as a person, or for a company.
type InvoiceAuthUser struct {
	Person  InvoicePerson  `json:"user_field"`
	Company InvoiceCompany `json:"biz_field"`
}

// InvoicePerson is what a person filled in for an invoice.
type InvoicePerson struct {
	Title  string               `json:"title"`
	Phone  string               `json:"phone"`
	Email  string               `json:"email"`
	Custom []InvoiceCustomValue `json:"custom_field"`
}

// InvoiceCompany is what a company filled in for an invoice.
type InvoiceCompany struct {
	Title       string               `json:"title"`
	TaxNumber   string               `json:"tax_no"`
	Address     string               `json:"addr"`
	Phone       string               `json:"phone"`
	BankType    string               `json:"bank_type"`
	BankAccount string               `json:"bank_no"`
	Custom      []InvoiceCustomValue `json:"custom_field"`
}

// InvoiceCustomValue is what was filled into a field of the merchant's own.
type InvoiceCustomValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// GetInvoiceAuth returns whether a user authorised the invoice of an order, and what
// the user filled in (查询授权信息); for fiscal receipts too, where platformID is the
// treasury's. [ErrInvoiceNotAuthorized]: not yet.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/auth/api_invoicebizgetauthdata
func (c *Client) GetInvoiceAuth(ctx context.Context, platformID, orderID string) (*InvoiceAuth, error) {
	return post[InvoiceAuth](ctx, c, "/card/invoice/getauthdata", invoiceOrderRef{platformID, orderID}, idempotent)
}

// RejectInvoiceRequest says why an order gets no invoice.
type RejectInvoiceRequest struct {
	PlatformID string `json:"s_pappid"`
	OrderID    string `json:"order_id"`
	Reason     string `json:"reason"`        // for the user to read
	URL        string `json:"url,omitempty"` // a page where the user can go on
}

func (r RejectInvoiceRequest) check() error {
	return first(notEmpty("PlatformID", r.PlatformID), notEmpty("OrderID", r.OrderID), notEmpty("Reason", r.Reason))
}

// RejectInvoice tells the user that an authorised order gets no invoice (拒绝开票).
// The order can not have one any more: another try needs another OrderID.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/auth/api_invoicebizrejectinsert
func (c *Client) RejectInvoice(ctx context.Context, req RejectInvoiceRequest) error {
	return c.post(ctx, "/card/invoice/rejectinsert", req, idempotent, alreadyDone(ErrInvoiceRejected))
}

// invoiceSettings is what the endpoint of all settings takes and answers; its action
// says which.
type invoiceSettings struct {
	Fields   *InvoiceAuthFields `json:"auth_field,omitempty"`
	Merchant *InvoiceMerchant   `json:"paymch_info,omitempty"`
	Contact  *InvoiceContact    `json:"contact,omitempty"`
}

func (c *Client) invoiceSettings(ctx context.Context, action string, body invoiceSettings) (*invoiceSettings, error) {
	return do[invoiceSettings](ctx, c, Request{
		Method: http.MethodPost, Path: "/card/invoice/setbizattr", Query: params("action", action), Body: body,
		Idempotent: true,
	})
}

// InvoiceAuthFields are the fields of an authorisation page of [InvoiceAuthFill].
type InvoiceAuthFields struct {
	Person  *InvoicePersonFields  `json:"user_field,omitempty"` // for invoices to persons
	Company *InvoiceCompanyFields `json:"biz_field,omitempty"`  // for invoices to companies
}

// InvoicePersonFields says which fields a person sees and must fill in.
type InvoicePersonFields struct {
	ShowTitle    Flag                 `json:"show_title"`
	ShowPhone    Flag                 `json:"show_phone"`
	ShowEmail    Flag                 `json:"show_email"`
	RequirePhone Flag                 `json:"require_phone"`
	RequireEmail Flag                 `json:"require_email"`
	Custom       []InvoiceCustomField `json:"custom_field,omitempty"`
}

// InvoiceCompanyFields says which fields a company sees and must fill in.
type InvoiceCompanyFields struct {
	ShowTitle          Flag                 `json:"show_title"`
	ShowTaxNumber      Flag                 `json:"show_tax_no"`
	ShowAddress        Flag                 `json:"show_addr"`
	ShowPhone          Flag                 `json:"show_phone"`
	ShowBankType       Flag                 `json:"show_bank_type"`
	ShowBankAccount    Flag                 `json:"show_bank_no"`
	RequireTaxNumber   Flag                 `json:"require_tax_no"`
	RequireAddress     Flag                 `json:"require_addr"`
	RequirePhone       Flag                 `json:"require_phone"`
	RequireBankType    Flag                 `json:"require_bank_type"`
	RequireBankAccount Flag                 `json:"require_bank_no"`
	Custom             []InvoiceCustomField `json:"custom_field,omitempty"`
}

// InvoiceCustomField is a field of the merchant's own.
type InvoiceCustomField struct {
	Key      string `json:"key"`
	Required Flag   `json:"is_require"`
	Notice   string `json:"notice,omitempty"` // hint inside the field
}

// SetInvoiceAuthFields sets the fields of the authorisation page of
// [InvoiceAuthFill] (查询与设置授权页与商户信息). It is done once.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/auth/api_invoicebizsetattr
func (c *Client) SetInvoiceAuthFields(ctx context.Context, fields InvoiceAuthFields) error {
	if fields.Person == nil && fields.Company == nil {
		return invalid("fields", "must have a Person or a Company")
	}
	_, err := c.invoiceSettings(ctx, "set_auth_field", invoiceSettings{Fields: &fields})
	return err
}

// GetInvoiceAuthFields returns the fields of the authorisation page
// (查询与设置授权页与商户信息).
//
// https://developers.weixin.qq.com/doc/service/api/invoice/auth/api_invoicebizsetattr
func (c *Client) GetInvoiceAuthFields(ctx context.Context) (*InvoiceAuthFields, error) {
	res, err := c.invoiceSettings(ctx, "get_auth_field", invoiceSettings{})
	if err != nil {
		return nil, err
	}
	return orEmpty(res.Fields), nil
}

// InvoiceMerchant ties a merchant of WeChat Pay to an invoicing platform.
type InvoiceMerchant struct {
	MerchantID string `json:"mchid"`
	PlatformID string `json:"s_pappid"`
}

// SetInvoiceMerchant ties a merchant of WeChat Pay to the invoicing platform that
// serves it (查询与设置授权页与商户信息). It is done once.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/auth/api_invoicebizsetattr
func (c *Client) SetInvoiceMerchant(ctx context.Context, merchant InvoiceMerchant) error {
	if err := first(notEmpty("MerchantID", merchant.MerchantID), notEmpty("PlatformID", merchant.PlatformID)); err != nil {
		return err
	}
	_, err := c.invoiceSettings(ctx, "set_pay_mch", invoiceSettings{Merchant: &merchant})
	return err
}

// GetInvoiceMerchant returns the merchant and its invoicing platform
// (查询与设置授权页与商户信息).
//
// https://developers.weixin.qq.com/doc/service/api/invoice/auth/api_invoicebizsetattr
func (c *Client) GetInvoiceMerchant(ctx context.Context) (*InvoiceMerchant, error) {
	res, err := c.invoiceSettings(ctx, "get_pay_mch", invoiceSettings{})
	if err != nil {
		return nil, err
	}
	return orEmpty(res.Merchant), nil
}

// InvoiceContact is whom users reach about their invoices.
type InvoiceContact struct {
	Timeout int64  `json:"time_out"` // of making an invoice (开票超时时间); the platform names no unit
	Phone   string `json:"phone"`
}

// SetInvoiceContact sets whom users reach about their invoices
// (查询与设置授权页与商户信息). It is needed before the first authorisation page.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/auth/api_invoicebizsetattr
func (c *Client) SetInvoiceContact(ctx context.Context, contact InvoiceContact) error {
	if err := first(positive("Timeout", contact.Timeout), notEmpty("Phone", contact.Phone)); err != nil {
		return err
	}
	_, err := c.invoiceSettings(ctx, "set_contact", invoiceSettings{Contact: &contact})
	return err
}

// GetInvoiceContact returns whom users reach about their invoices
// (查询与设置授权页与商户信息).
//
// https://developers.weixin.qq.com/doc/service/api/invoice/auth/api_invoicebizsetattr
func (c *Client) GetInvoiceContact(ctx context.Context) (*InvoiceContact, error) {
	res, err := c.invoiceSettings(ctx, "get_contact", invoiceSettings{})
	if err != nil {
		return nil, err
	}
	return orEmpty(res.Contact), nil
}

func orEmpty[T any](p *T) *T {
	if p == nil {
		return new(T)
	}
	return p
}
