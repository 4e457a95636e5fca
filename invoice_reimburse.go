package wechat

import "context"

// InvoiceRef identifies an invoice that a user submitted, as wx.chooseInvoice returns it.
type InvoiceRef struct {
	CardID        string `json:"card_id"`
	EncryptedCode string `json:"encrypt_code"`
}

func (r InvoiceRef) check() error {
	return first(notEmpty("CardID", r.CardID), notEmpty("EncryptedCode", r.EncryptedCode))
}

func checkInvoices(invoices []InvoiceRef) error {
	if len(invoices) == 0 {
		return invalid("invoices", "must not be empty")
	}
	return each("invoices", invoices, func(at string, r InvoiceRef) error {
		return first(notEmpty(at+".CardID", r.CardID), notEmpty(at+".EncryptedCode", r.EncryptedCode))
	})
}

// Invoice is an invoice that a user submitted for reimbursement.
type Invoice struct {
	CardID     string          `json:"card_id"`
	BeginTime  Timestamp       `json:"begin_time"` // of its validity
	EndTime    Timestamp       `json:"end_time"`
	OpenID     string          `json:"openid"`
	Type       string          `json:"type"`
	Payee      string          `json:"payee"`
	Detail     string          `json:"detail"`
	UserData   InvoiceUserData `json:"user_info"`
	CardStatus string          `json:"user_card_status"`
}

// InvoiceUserData contains the content and the status of an invoice that a user submitted.
type InvoiceUserData struct {
	InvoiceContent
	PDFURL     string        `json:"pdf_url"`
	TripPDFURL string        `json:"trip_pdf_url"` // the trip sheet (行程单)
	Status     InvoiceStatus `json:"reimburse_status"`
	OrderID    string        `json:"order_id"`
}

// GetInvoice returns an invoice that a user submitted (查询报销发票信息). It returns
// [ErrInvoiceLocked] if the invoice was submitted elsewhere.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/reimbursement/api_invoicebxgetinvoice
func (c *Client) GetInvoice(ctx context.Context, invoice InvoiceRef) (*Invoice, error) {
	return post[Invoice](ctx, c, "/card/invoice/reimburse/getinvoiceinfo", invoice, idempotent)
}

// GetInvoices returns invoices that users submitted (批量获取报销发票信息).
//
// https://developers.weixin.qq.com/doc/service/api/invoice/reimbursement/api_invoicereimbursegetinvoicebatch
func (c *Client) GetInvoices(ctx context.Context, invoices ...InvoiceRef) ([]Invoice, error) {
	if err := checkInvoices(invoices); err != nil {
		return nil, err
	}
	body := struct {
		Items []InvoiceRef `json:"item_list"`
	}{invoices}
	res, err := post[struct {
		Items []Invoice `json:"item_list"`
	}](ctx, c, "/card/invoice/reimburse/getinvoicebatch", body, idempotent)
	if err != nil {
		return nil, err
	}
	return res.Items, nil
}

// SetInvoiceStatus locks an invoice that a user submitted ([InvoiceStatusLocked]),
// releases it ([InvoiceStatusOpen]) or marks it as reimbursed ([InvoiceStatusClosed]),
// which is final (更新报销发票状态).
//
// https://developers.weixin.qq.com/doc/service/api/invoice/reimbursement/api_invoicebxupdatainvoicestatus
func (c *Client) SetInvoiceStatus(ctx context.Context, invoice InvoiceRef, status InvoiceStatus) error {
	if err := notEmpty("status", string(status)); err != nil {
		return err
	}
	body := struct {
		InvoiceRef
		Status InvoiceStatus `json:"reimburse_status"`
	}{invoice, status}
	return c.post(ctx, "/card/invoice/reimburse/updateinvoicestatus", body, idempotent)
}

// SetInvoiceStatuses is [Client.SetInvoiceStatus] for several invoices of one user. Either
// all of them are changed or none (批量更新报销发票状态).
//
// https://developers.weixin.qq.com/doc/service/api/invoice/reimbursement/api_invoicereimburseupdatestatusbatch
func (c *Client) SetInvoiceStatuses(ctx context.Context, openID string, status InvoiceStatus, invoices ...InvoiceRef) error {
	if err := first(notEmpty("openID", openID), notEmpty("status", string(status)), checkInvoices(invoices)); err != nil {
		return err
	}
	body := struct {
		OpenID   string        `json:"openid"`
		Status   InvoiceStatus `json:"reimburse_status"`
		Invoices []InvoiceRef  `json:"invoice_list"`
	}{openID, status, invoices}
	return c.post(ctx, "/card/invoice/reimburse/updatestatusbatch", body, idempotent)
}
