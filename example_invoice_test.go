package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

// Send the user to the page on which they authorize the invoice of an order, then read
// what they filled in.
func ExampleClient_GetInvoiceAuthURL() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	// Once per account.
	if err := client.SetInvoiceContact(ctx, wechat.InvoiceContact{Timeout: 86_400, Phone: "021-12345678"}); err != nil {
		log.Fatal(err)
	}
	page, err := client.GetInvoiceAuthURL(ctx, wechat.GetInvoiceAuthURLRequest{
		PlatformID:  "d3JCEfhGLW+q0iGP+o9", // from the invoicing platform
		OrderID:     "order-1",
		Money:       1800, // fen
		Source:      wechat.InvoiceSourceWeb,
		RedirectURL: "https://example.com/orders/1",
		Type:        wechat.InvoiceAuthFill,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("open", page.URL)

	platform.FailNext("/card/invoice/getauthdata", wechat.ErrInvoiceNotAuthorized) // the user is still filling in the page
	for range 2 {
		auth, err := client.GetInvoiceAuth(ctx, "d3JCEfhGLW+q0iGP+o9", "order-1")
		if errors.Is(err, wechat.ErrInvoiceNotAuthorized) {
			fmt.Println("not authorized yet")
			continue
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("authorized, with a phone number:", auth.User.Person.Phone != "")
	}
	// Output:
	// open https://mp.weixin.qq.com/auth_url
	// not authorized yet
	// authorized, with a phone number: true
}

// A treasury adds a fiscal receipt to the cards of the user who authorized it.
func ExampleClient_InsertFiscalReceipt() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	cardID, err := client.CreateFiscalCard(ctx, "市财政局", "https://example.com/logo.png") // once per department
	if err != nil {
		log.Fatal(err)
	}
	pdf, err := client.UploadInvoicePDF(ctx, wechat.File{Name: "receipt.pdf", Content: strings.NewReader("%PDF-1.7 …")})
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.InsertFiscalReceipt(ctx,
		wechat.InvoiceOrder{OrderID: "order-1", CardID: cardID, AppID: client.AppID()},
		wechat.FiscalReceipt{
			Fee: 5000, Title: "张三", BillingTime: wechat.Timestamp{Time: time.Now()},
			BillingNumber: "00000001", BillingCode: "110000000000", PDFMediaID: pdf,
		})
	switch {
	case errors.Is(err, wechat.ErrInvoiceNotAuthorized):
		fmt.Println("send the user to the page of GetFiscalAuthURL")
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Println("the receipt is in the user's cards")
	}
	// Output:
	// the receipt is in the user's cards
}

// Order an invoice and wait until it has been issued.
func ExampleClient_IssueInvoice() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	const serial, seller = "ABCDEF0001", "91310000000000000X"
	err := client.IssueInvoice(ctx, wechat.IssueInvoiceRequest{
		OpenID: "oAlice", OrderID: "order-1", Serial: serial,
		SellerTaxNumber: seller, SellerName: "奶茶有限公司", Drawer: "李四",
		Total: "18.00", Amount: "16.98", Tax: "1.02",
		Lines: []wechat.IssueInvoiceLine{{
			Type: wechat.InvoiceLineNormal, Name: "奶茶", Quantity: "1", Price: "16.98", Amount: "16.98", TaxRate: "0.06", Tax: "1.02",
		}},
	})
	if err != nil {
		log.Fatal(err)
	}

	platform.FailNext("/card/invoice/queryinvoceinfo", wechat.ErrInvoiceSerialInProgress)
	for {
		invoice, err := client.GetIssuedInvoice(ctx, serial, seller)
		if errors.Is(err, wechat.ErrInvoiceSerialInProgress) {
			fmt.Println("in progress")
			time.Sleep(time.Millisecond) // in a program: a minute, or wait for the event
			continue
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(invoice.PDFURL)
		break
	}
	// Output:
	// in progress
	// https://mp.weixin.qq.com/pdfurl
}

// An invoicing platform adds an invoice to the cards of the user who authorized it.
func ExampleClient_InsertInvoice() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	cardID, err := client.CreateInvoiceCard(ctx, wechat.InvoiceCard{ // once per payee
		Base:  wechat.InvoiceCardBase{LogoURL: "https://example.com/logo.png", Title: "奶茶"},
		Payee: "奶茶有限公司",
		Type:  "上海增值税电子普通发票",
	})
	if err != nil {
		log.Fatal(err)
	}
	pdf, err := client.UploadInvoicePDF(ctx, wechat.File{Name: "invoice.pdf", Content: strings.NewReader("%PDF-1.7 …")})
	if err != nil {
		log.Fatal(err)
	}
	inserted, err := client.InsertInvoice(ctx,
		wechat.InvoiceOrder{OrderID: "order-1", CardID: cardID, AppID: "wx00000000000000cc"},
		wechat.InvoiceData{
			InvoiceContent: wechat.InvoiceContent{
				Fee: 1800, FeeWithoutTax: 1698, Tax: 102,
				Title: "张三", BillingTime: wechat.Timestamp{Time: time.Now()},
				BillingNumber: "26310000000000000001", // 20 digits: a fully digital invoice has no code
			},
			PDFMediaID: pdf,
		})
	switch {
	case errors.Is(err, wechat.ErrDuplicateInvoice):
		fmt.Println("the invoice was already there")
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Println(inserted.Code != "") // for SetIssuedInvoiceStatus, if the invoice is canceled
	}
	// Output:
	// true
}

// An employee submits invoices for reimbursement. They are locked, so that they cannot be
// submitted again, and closed when the employee has been paid.
func ExampleClient_SetInvoiceStatuses() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	// The fake platform has no invoices: this is its response.
	platform.Handle("/card/invoice/reimburse/getinvoicebatch", func(wechattest.Call) (any, error) {
		content := map[string]any{"fee": 1800, "title": "奶茶有限公司", "reimburse_status": wechat.InvoiceStatusOpen}
		return map[string]any{"item_list": []any{map[string]any{"payee": "出租车公司", "user_info": content}}}, nil
	})

	chosen := []wechat.InvoiceRef{{CardID: "pjZ8Yt5crPbAouhFqFf6JFgZv4Lc", EncryptedCode: "ymrtxCCs"}} // from wx.chooseInvoice
	invoices, err := client.GetInvoices(ctx, chosen...)
	if err != nil {
		log.Fatal(err)
	}
	var fen int64
	for _, invoice := range invoices {
		if invoice.UserData.Status != wechat.InvoiceStatusOpen {
			log.Fatal("an invoice has already been submitted")
		}
		fen += invoice.UserData.Fee
	}
	for _, status := range []wechat.InvoiceStatus{wechat.InvoiceStatusLocked, wechat.InvoiceStatusClosed} {
		err := client.SetInvoiceStatuses(ctx, "oAlice", status, chosen...)
		if errors.Is(err, wechat.ErrInvoiceLocked) {
			log.Fatal("an invoice has just been submitted elsewhere")
		}
		if err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("reimbursed", fen, "fen")
	// Output:
	// reimbursed 1800 fen
}

// A cashier scans the invoice title in the customer's WeChat.
func ExampleClient_ScanInvoiceTitle() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	// The fake platform has no titles: this is its response.
	platform.Handle("/card/invoice/scantitle", func(call wechattest.Call) (any, error) {
		if strings.Contains(string(call.Body), "old") {
			return nil, wechat.ErrInvoiceTitleExpired
		}
		return map[string]any{"title_type": 0, "title": "奶茶有限公司", "tax_no": "91310000000000000X"}, nil
	})

	for _, scanned := range []string{"https://w.url.cn/s/old", "https://w.url.cn/s/new"} {
		title, err := client.ScanInvoiceTitle(ctx, scanned)
		if errors.Is(err, wechat.ErrInvoiceTitleExpired) {
			fmt.Println("please show a new code")
			continue
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(title.Title, title.TaxNumber, title.Type == wechat.InvoiceTitleCompany)
	}
	// Output:
	// please show a new code
	// 奶茶有限公司 91310000000000000X true
}
