package wechat

import "context"

// GetFiscalAuthURLRequest describes the order whose fiscal receipt (财政电子票据) is to be
// authorized.
type GetFiscalAuthURLRequest struct {
	TreasuryID  string        `json:"s_pappid"` // the ID of the treasury; ask the treasury for it
	OrderID     string        `json:"order_id"`
	Money       int64         `json:"money"`                  // fen
	Timestamp   Timestamp     `json:"timestamp"`              // zero means now
	Source      InvoiceSource `json:"source"`                 // InvoiceSourceWeb or InvoiceSourceApp
	RedirectURL string        `json:"redirect_url,omitempty"` // the page to open afterward
	Ticket      Secret        `json:"ticket"`                 // of type [TicketCard]; "" means the client's own, see [Client.Ticket]
}

func (r GetFiscalAuthURLRequest) check() error {
	return first(notEmpty("TreasuryID", r.TreasuryID), notEmpty("OrderID", r.OrderID), positive("Money", r.Money),
		notEmpty("Source", string(r.Source)))
}

// FiscalAuthURL is the URL of the authorization page of a fiscal receipt.
type FiscalAuthURL struct {
	URL       string `json:"auth_url"`
	ExpiresIn int64  `json:"expire_time"` // seconds
}

// GetFiscalAuthURL returns the page on which a user authorizes the fiscal receipt of
// an order (获取授权页链接). [Client.GetInvoiceAuth] returns the result.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/FiscalReceipt/api_notaxinvoicegetauthurl
func (c *Client) GetFiscalAuthURL(ctx context.Context, req GetFiscalAuthURLRequest) (*FiscalAuthURL, error) {
	if err := req.check(); err != nil {
		return nil, err
	}
	ticket, err := c.cardTicket(ctx, req.Ticket)
	if err != nil {
		return nil, err
	}
	req.Timestamp = orNow(req.Timestamp)
	body := struct {
		GetFiscalAuthURLRequest
		Ticket string `json:"ticket"` // not masked
	}{req, ticket}
	return post[FiscalAuthURL](ctx, c, "/nontax/getbillauthurl", body, idempotent)
}

// CreateFiscalCard creates the template of a department's fiscal receipts and returns
// its card ID (创建财政电子票据模板). payee is the department's full name, and logoURL is
// the treasury's logo.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/FiscalReceipt/api_notaxinvoicecreatecard
func (c *Client) CreateFiscalCard(ctx context.Context, payee, logoURL string) (cardID string, err error) {
	if err := first(notEmpty("payee", payee), notEmpty("logoURL", logoURL)); err != nil {
		return "", err
	}
	type base struct {
		LogoURL string `json:"logo_url"`
	}
	return c.createInvoiceCard(ctx, "/nontax/createbillcard", struct {
		Base  base   `json:"base_info"`
		Payee string `json:"payee"`
	}{base{logoURL}, payee})
}

// FiscalReceipt is a fiscal receipt to add to a user's cards.
type FiscalReceipt struct {
	Fee           int64     `json:"fee"` // fen
	Title         string    `json:"title"`
	BillingTime   Timestamp `json:"billing_time"`
	BillingNumber string    `json:"billing_no"`     // 票据代码; on an invoice, BillingCode is the code
	BillingCode   string    `json:"billing_code"`   // 票据号码; on an invoice, BillingNumber is the number
	PDFMediaID    string    `json:"s_pdf_media_id"` // see [Client.UploadInvoicePDF]
}

func (r FiscalReceipt) check() error {
	return first(notEmpty("Title", r.Title), someTime("BillingTime", r.BillingTime), notEmpty("BillingNumber", r.BillingNumber),
		notEmpty("BillingCode", r.BillingCode), notEmpty("PDFMediaID", r.PDFMediaID))
}

// InsertFiscalReceipt adds a fiscal receipt to the cards of the user who authorized
// its order (票据插入用户卡包). Only the treasury's account can call it.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/FiscalReceipt/api_notaxinvoiceinsert
func (c *Client) InsertFiscalReceipt(ctx context.Context, order InvoiceOrder, receipt FiscalReceipt) (*InsertedInvoice, error) {
	return insertInvoice(ctx, c, "/nontax/insertbill", order, receipt)
}
