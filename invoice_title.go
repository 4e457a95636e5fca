package wechat

import (
	"context"
	"strings"
)

// GetInvoiceTitleURLRequest is an invoice title for the user to save.
type GetInvoiceTitleURLRequest struct {
	Title        string `json:"title,omitempty"`  // required unless FilledByUser is set
	Phone        string `json:"phone,omitempty"`  // digits and "-"
	TaxNumber    string `json:"tax_no,omitempty"` // up to 20 digits and ASCII letters; the official page requires at least 15, but its example has 10
	Address      string `json:"addr,omitempty"`   // of the company
	BankType     string `json:"bank_type,omitempty"`
	BankAccount  string `json:"bank_no,omitempty"`
	FilledByUser Flag   `json:"user_fill"` // the user fills in the title, and the fields above may be empty
	ExternalID   string `json:"out_title_id,omitempty"`
}

func (r GetInvoiceTitleURLRequest) check() error {
	if !r.FilledByUser {
		if err := notEmpty("Title", r.Title); err != nil {
			return err
		}
	}
	if strings.Trim(r.Phone, "0123456789-") != "" {
		return invalid("Phone", "must hold only digits and -")
	}
	if len(r.TaxNumber) > 20 || strings.ContainsFunc(r.TaxNumber, notAlphanumeric) {
		return invalid("TaxNumber", "must hold at most 20 digits and ASCII letters")
	}
	return nil
}

func notAlphanumeric(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// GetInvoiceTitleURL returns a page on which a user saves an invoice title in WeChat
// (录入抬头到用户微信).
//
// https://developers.weixin.qq.com/doc/service/api/invoice/name/api_invoicebizgetusertitleurl
func (c *Client) GetInvoiceTitleURL(ctx context.Context, req GetInvoiceTitleURLRequest) (string, error) {
	return c.titleURL(ctx, "/card/invoice/biz/getusertitleurl", req)
}

// GetInvoiceTitleChoiceURL returns a page on which a user chooses a title for the
// merchant (获取商户专属抬头链接); show it as a QR code. attach is returned with the event
// that contains the title, and businessName is shown to the user; both may be "".
//
// https://developers.weixin.qq.com/doc/service/api/invoice/name/api_invoicebizgetselecttitleurl
func (c *Client) GetInvoiceTitleChoiceURL(ctx context.Context, attach, businessName string) (string, error) {
	return c.titleURL(ctx, "/card/invoice/biz/getselecttitleurl", struct {
		Attach  string `json:"attach,omitempty"`
		BizName string `json:"biz_name,omitempty"`
	}{attach, businessName})
}

func (c *Client) titleURL(ctx context.Context, path string, body any) (string, error) {
	res, err := post[struct {
		URL string `json:"url"`
	}](ctx, c, path, body, idempotent)
	if err != nil {
		return "", err
	}
	return res.URL, nil
}

// InvoiceTitleType is the kind of recipient that an invoice is made out to.
type InvoiceTitleType int

// The types of titles.
const (
	InvoiceTitleCompany InvoiceTitleType = 0
	InvoiceTitlePerson  InvoiceTitleType = 1
)

// InvoiceTitle is an invoice title that a user has saved in WeChat.
type InvoiceTitle struct {
	Type        InvoiceTitleType `json:"title_type"`
	Title       string           `json:"title"`
	Phone       string           `json:"phone"`
	TaxNumber   string           `json:"tax_no"`
	Address     string           `json:"addr"`
	BankType    string           `json:"bank_type"`
	BankAccount string           `json:"bank_no"`
}

// ScanInvoiceTitle returns the title in the QR code that a user shows (扫描用户的发票抬头二维码).
// scanText is the text that a scanner reads from the code. It returns
// [ErrInvoiceTitleExpired] if the code has expired and the user must show a new one.
//
// https://developers.weixin.qq.com/doc/service/api/invoice/name/api_invoicescantitle
func (c *Client) ScanInvoiceTitle(ctx context.Context, scanText string) (*InvoiceTitle, error) {
	if err := notEmpty("scanText", scanText); err != nil {
		return nil, err
	}
	body := struct {
		ScanText string `json:"scan_text"`
	}{scanText}
	return post[InvoiceTitle](ctx, c, "/card/invoice/scantitle", body, idempotent)
}
