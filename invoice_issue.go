package wechat

import "context"

// InvoiceLineType is the type of a line on an invoice.
type InvoiceLineType string

// The types of lines.
const (
	InvoiceLineNormal     InvoiceLineType = "0"
	InvoiceLineDiscount   InvoiceLineType = "1" // subtracted from the previous line
	InvoiceLineDiscounted InvoiceLineType = "2" // reduced by the next line
)

// IssueInvoiceRequest is an invoice to be issued by the invoicing platform that was
// chosen in the account's console. Amounts are decimal numbers in yuan, such as "135.90".
type IssueInvoiceRequest struct {
	OpenID            string             `json:"wxopenid"`
	OrderID           string             `json:"ddh"`     // of an order that the user has authorized
	Serial            string             `json:"fpqqlsh"` // 6 letters that the platform assigns, then a number that you choose; a Serial issues only one invoice
	SellerTaxNumber   string             `json:"nsrsbh"`
	SellerName        string             `json:"nsrmc"`
	SellerAddress     string             `json:"nsrdz"`
	SellerPhone       string             `json:"nsrdh"`
	SellerBank        string             `json:"nsrbank"`
	SellerBankAccount string             `json:"nsrbankid"`
	BuyerTaxNumber    string             `json:"ghfnsrsbh,omitempty"`
	BuyerName         string             `json:"ghfmc,omitempty"`
	BuyerAddress      string             `json:"ghfdz,omitempty"`
	BuyerPhone        string             `json:"ghfdh,omitempty"`
	BuyerBank         string             `json:"ghfbank,omitempty"`
	BuyerBankAccount  string             `json:"ghfbankid,omitempty"`
	Drawer            string             `json:"kpr"`           // who issues the invoice
	Cashier           string             `json:"skr,omitempty"` // who received the money
	Reviewer          string             `json:"fhr,omitempty"` // who checked the invoice
	Total             string             `json:"jshj"`          // with tax
	Amount            string             `json:"hjje"`          // without tax
	Tax               string             `json:"hjse"`          // of all lines
	Remarks           string             `json:"bz,omitempty"`
	Industry          string             `json:"hylx,omitempty"` // "0" is commerce
	Lines             []IssueInvoiceLine `json:"invoicedetail_list"`
}

// IssueInvoiceLine is a line of an invoice to be issued.
type IssueInvoiceLine struct {
	Type          InvoiceLineType `json:"fphxz"`
	Code          string          `json:"spbm"` // the tax classification of the goods, 19 digits
	Name          string          `json:"xmmc"`
	Unit          string          `json:"dw"`
	Specification string          `json:"ggxh"`
	Quantity      string          `json:"xmsl"`
	Price         string          `json:"xmdj"` // of one unit, without tax
	Amount        string          `json:"xmje"` // without tax
	TaxRate       string          `json:"sl"`   // such as "0.13"
	Tax           string          `json:"se"`
}

func (r IssueInvoiceRequest) check() error {
	err := first(
		notEmpty("OpenID", r.OpenID), notEmpty("OrderID", r.OrderID), notEmpty("Serial", r.Serial),
		notEmpty("SellerTaxNumber", r.SellerTaxNumber), notEmpty("SellerName", r.SellerName), notEmpty("Drawer", r.Drawer),
		notEmpty("Total", r.Total), notEmpty("Amount", r.Amount), notEmpty("Tax", r.Tax))
	if err == nil && len(r.Lines) == 0 {
		err = invalid("Lines", "must not be empty")
	}
	if err != nil {
		return err
	}
	return each("Lines", r.Lines, func(at string, l IssueInvoiceLine) error {
		return first(notEmpty(at+".Type", string(l.Type)), notEmpty(at+".Name", l.Name), notEmpty(at+".Amount", l.Amount))
	})
}

// IssueInvoice requests an invoice (统一开票接口-开具蓝票). The event
// cloud_invoice_invoiceresult_event reports when it has been issued;
// [Client.GetIssuedInvoice] returns it. Retrying with the same Serial is safe. It returns
// [ErrInvoiceInProgress] or [ErrInvoiceSerialInProgress] if the invoice is still being
// issued.
//
// https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Vendor_API_List
func (c *Client) IssueInvoice(ctx context.Context, req IssueInvoiceRequest) error {
	if err := req.check(); err != nil {
		return err
	}
	return c.postInvoiceInfo(ctx, "/card/invoice/makeoutinvoice", req, req.Serial)
}

// ReverseInvoiceRequest identifies an invoice to be reversed by a credit note (红票).
type ReverseInvoiceRequest struct {
	OpenID          string `json:"wxopenid"`
	Serial          string `json:"fpqqlsh"` // a new one, as in [IssueInvoiceRequest]
	SellerTaxNumber string `json:"nsrsbh"`
	SellerName      string `json:"nsrmc"`
	BillingCode     string `json:"yfpdm"` // of the invoice (原发票代码)
	BillingNumber   string `json:"yfphm"` // of the invoice (原发票号码)
}

func (r ReverseInvoiceRequest) check() error {
	return first(
		notEmpty("OpenID", r.OpenID), notEmpty("Serial", r.Serial), notEmpty("SellerTaxNumber", r.SellerTaxNumber),
		notEmpty("SellerName", r.SellerName), notEmpty("BillingNumber", r.BillingNumber))
}

// ReverseInvoice requests the credit note (红票) that cancels an issued invoice
// (统一开票接口-发票冲红). Retrying with the same Serial is safe.
//
// https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Vendor_API_List
func (c *Client) ReverseInvoice(ctx context.Context, req ReverseInvoiceRequest) error {
	if err := req.check(); err != nil {
		return err
	}
	return c.postInvoiceInfo(ctx, "/card/invoice/clearoutinvoice", req, req.Serial)
}

func (c *Client) postInvoiceInfo(ctx context.Context, path string, info any, serial string) error {
	body := struct {
		Info any `json:"invoiceinfo"`
	}{info}
	return c.post(ctx, path, body, keyed(serial))
}

// IssuedInvoice is an invoice that [Client.IssueInvoice] requested.
type IssuedInvoice struct {
	Serial        string `json:"fpqqlsh"`
	BillingCode   string `json:"fpdm"` // 发票代码
	BillingNumber string `json:"fphm"` // 发票号码
	CheckCode     string `json:"jym"`  // 校验码
	BillingTime   string `json:"kprq"` // such as "20171204172159", in UTC+8
	PDFURL        string `json:"pdfurl"`
}

// GetIssuedInvoice returns the invoice that was requested with this Serial
// (统一开票接口-查询已开发票). It returns [ErrInvoiceSerialInProgress] if the invoice has not
// been issued yet.
//
// https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Vendor_API_List
func (c *Client) GetIssuedInvoice(ctx context.Context, serial, sellerTaxNumber string) (*IssuedInvoice, error) {
	if err := first(notEmpty("serial", serial), notEmpty("sellerTaxNumber", sellerTaxNumber)); err != nil {
		return nil, err
	}
	body := struct {
		Serial      string `json:"fpqqlsh"`
		SellerTaxNo string `json:"nsrsbh"`
	}{serial, sellerTaxNumber}
	res, err := post[struct {
		Invoice IssuedInvoice `json:"invoicedetail"`
	}](ctx, c, "/card/invoice/queryinvoceinfo", body, idempotent) // the platform spells it this way
	if err != nil {
		return nil, err
	}
	return &res.Invoice, nil
}
