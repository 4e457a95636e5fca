package wechat

import (
	"context"
	"net/http"
	"time"
)

// InvoiceSource is where a user requests an invoice.
type InvoiceSource string

// The places where a user can request an invoice.
const (
	InvoiceSourceApp         InvoiceSource = "app"
	InvoiceSourceWeb         InvoiceSource = "web" // a page in WeChat
	InvoiceSourceMiniProgram InvoiceSource = "wxa"
	InvoiceSourceBrowser     InvoiceSource = "wap" // a page in another browser
)

// InvoiceAuthType is what the user does on the authorization page of an invoice.
type InvoiceAuthType int

// The types of authorization pages.
const (
	InvoiceAuthApply InvoiceAuthType = 0 // requests an invoice; the merchant already has the title
	InvoiceAuthFill  InvoiceAuthType = 1 // requests an invoice and fills in the title; the only type for orders paid by WeChat Pay
	InvoiceAuthClaim InvoiceAuthType = 2 // claims an invoice that has been issued
)

// GetInvoiceAuthURLRequest describes the order to authorize and its authorization page.
type GetInvoiceAuthURLRequest struct {
	PlatformID  string          `json:"s_pappid"` // the ID of the invoicing platform; ask the platform for it
	OrderID     string          `json:"order_id"`
	Money       int64           `json:"money"`     // fen
	Timestamp   Timestamp       `json:"timestamp"` // zero means now
	Source      InvoiceSource   `json:"source"`
	RedirectURL string          `json:"redirect_url,omitempty"` // the page to open afterward, for InvoiceSourceWeb
	Ticket      Secret          `json:"ticket"`                 // of type [TicketCard]; "" means the client's own, see [Client.Ticket]
	Type        InvoiceAuthType `json:"type"`
}

func (r GetInvoiceAuthURLRequest) check() error {
	return first(notEmpty("PlatformID", r.PlatformID), notEmpty("OrderID", r.OrderID), positive("Money", r.Money),
		notEmpty("Source", string(r.Source)))
}

// InvoiceAuthURL is the URL of an authorization page.
type InvoiceAuthURL struct {
	URL   string `json:"auth_url"` // for InvoiceSourceMiniProgram, the path to navigate to
	AppID string `json:"appid"`    // of the mini program to navigate to, only for InvoiceSourceMiniProgram
}

// GetInvoiceAuthURL returns the page on which a user authorizes the invoice of an
// order (获取授权页链接). An invoice can only be inserted for an order that has been
// authorized. Before the first call, call [Client.SetInvoiceContact] once.
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

// cardTicket returns the given ticket, or the client's own if it is "".
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

// InvoiceAuth is the state of a user's authorization.
type InvoiceAuth struct {
	Status   string          `json:"invoice_status"` // such as "auth success"
	AuthTime Timestamp       `json:"auth_time"`
	User     InvoiceAuthUser `json:"user_auth_info"`
}

// InvoiceAuthUser is what a user filled in, as a person or for a company.
type InvoiceAuthUser struct {
	Person  InvoicePerson  `json:"user_field"`
	Company InvoiceCompany `json:"biz_field"`
}

// InvoicePerson is what a person filled in.
type InvoicePerson struct {
	Title  string               `json:"title"`
	Phone  string               `json:"phone"`
	Email  string               `json:"email"`
	Custom []InvoiceCustomValue `json:"custom_field"`
}

// InvoiceCompany is what a user filled in for a company.
type InvoiceCompany struct {
	Title       string               `json:"title"`
	TaxNumber   string               `json:"tax_no"`
	Address     string               `json:"addr"`
	Phone       string               `json:"phone"`
	BankType    string               `json:"bank_type"`
	BankAccount string               `json:"bank_no"`
	Custom      []InvoiceCustomValue `json:"custom_field"`
}

// InvoiceCustomValue is the value of an [InvoiceCustomField].
type InvoiceCustomValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// GetInvoiceAuth returns what a user filled in when authorizing the invoice of an
// order (查询授权信息). It also works for fiscal receipts, with the treasury's ID as
// platformID. It returns [ErrInvoiceNotAuthorized] if the user has not authorized yet.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/auth/api_invoicebizgetauthdata
func (c *Client) GetInvoiceAuth(ctx context.Context, platformID, orderID string) (*InvoiceAuth, error) {
	return post[InvoiceAuth](ctx, c, "/card/invoice/getauthdata", invoiceOrderRef{platformID, orderID}, idempotent)
}

// RejectInvoiceRequest identifies an order that gets no invoice and gives the reason.
type RejectInvoiceRequest struct {
	PlatformID string `json:"s_pappid"`
	OrderID    string `json:"order_id"`
	Reason     string `json:"reason"`        // shown to the user
	URL        string `json:"url,omitempty"` // a page where the user can proceed
}

func (r RejectInvoiceRequest) check() error {
	return first(notEmpty("PlatformID", r.PlatformID), notEmpty("OrderID", r.OrderID), notEmpty("Reason", r.Reason))
}

// RejectInvoice tells the user that an authorized order gets no invoice (拒绝开票).
// The rejection is final: another attempt needs a new OrderID.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/auth/api_invoicebizrejectinsert
func (c *Client) RejectInvoice(ctx context.Context, req RejectInvoiceRequest) error {
	return c.post(ctx, "/card/invoice/rejectinsert", req, idempotent, alreadyDone(ErrInvoiceRejected))
}

// invoiceSettings is the body and the response of the endpoint for all settings; its
// action selects the member.
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

// InvoiceAuthFields selects the fields of an authorization page of type [InvoiceAuthFill].
type InvoiceAuthFields struct {
	Person  *InvoicePersonFields  `json:"user_field,omitempty"` // for invoices made out to persons
	Company *InvoiceCompanyFields `json:"biz_field,omitempty"`  // for invoices made out to companies
}

// InvoicePersonFields selects the fields that a person sees and must fill in.
type InvoicePersonFields struct {
	ShowTitle    Flag                 `json:"show_title"`
	ShowPhone    Flag                 `json:"show_phone"`
	ShowEmail    Flag                 `json:"show_email"`
	RequirePhone Flag                 `json:"require_phone"`
	RequireEmail Flag                 `json:"require_email"`
	Custom       []InvoiceCustomField `json:"custom_field,omitempty"`
}

// InvoiceCompanyFields selects the fields that a company sees and must fill in.
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

// InvoiceCustomField is a field that the merchant defines.
type InvoiceCustomField struct {
	Key      string `json:"key"`
	Required Flag   `json:"is_require"`
	Notice   string `json:"notice,omitempty"` // the hint in the empty field
}

// SetInvoiceAuthFields sets the fields of the authorization pages of type
// [InvoiceAuthFill] (查询与设置授权页与商户信息). Call it only once per account.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/auth/api_invoicebizsetattr
func (c *Client) SetInvoiceAuthFields(ctx context.Context, fields InvoiceAuthFields) error {
	if fields.Person == nil && fields.Company == nil {
		return invalid("fields", "must have a Person or a Company")
	}
	_, err := c.invoiceSettings(ctx, "set_auth_field", invoiceSettings{Fields: &fields})
	return err
}

// GetInvoiceAuthFields returns the fields that [Client.SetInvoiceAuthFields] set
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

// InvoiceMerchant links a merchant of WeChat Pay to an invoicing platform.
type InvoiceMerchant struct {
	MerchantID string `json:"mchid"`
	PlatformID string `json:"s_pappid"`
}

// SetInvoiceMerchant links a merchant of WeChat Pay to the invoicing platform that
// serves it (查询与设置授权页与商户信息). Call it only once per account.
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

// InvoiceContact is how users reach the merchant about their invoices.
type InvoiceContact struct {
	Timeout int64  `json:"time_out"` // for issuing an invoice (开票超时时间); the platform documents no unit
	Phone   string `json:"phone"`
}

// SetInvoiceContact sets how users reach the merchant about their invoices
// (查询与设置授权页与商户信息). Call it once, before the first authorization page.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/auth/api_invoicebizsetattr
func (c *Client) SetInvoiceContact(ctx context.Context, contact InvoiceContact) error {
	if err := first(positive("Timeout", contact.Timeout), notEmpty("Phone", contact.Phone)); err != nil {
		return err
	}
	_, err := c.invoiceSettings(ctx, "set_contact", invoiceSettings{Contact: &contact})
	return err
}

// GetInvoiceContact returns how users reach the merchant about their invoices
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
