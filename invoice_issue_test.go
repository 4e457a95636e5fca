package wechat

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func issueRequest() IssueInvoiceRequest {
	return IssueInvoiceRequest{
		OpenID: "o1", OrderID: "30000", Serial: "abcdef461", SellerTaxNumber: "110109500321654", SellerName: "店", SellerAddress: "深圳市",
		SellerPhone: "0755", SellerBank: "银行", SellerBankAccount: "1234", BuyerTaxNumber: "110109500321655", BuyerName: "周一", BuyerAddress: "广州市",
		BuyerPhone: "137", BuyerBank: "行", BuyerBankAccount: "5678", Drawer: "明", Cashier: "四", Reviewer: "王", Total: "159.0", Amount: "135.9",
		Tax: "23.1", Remarks: "注", Industry: "0",
		Lines: []IssueInvoiceLine{{
			Type: InvoiceLineNormal, Code: "1090418010000000000", Name: "洗衣机", Unit: "台", Specification: "60L", Quantity: "1",
			Price: "135.9", Amount: "135.9", TaxRate: "0.17", Tax: "23.1",
		}},
	}
}

func reverseRequest() ReverseInvoiceRequest {
	return ReverseInvoiceRequest{
		OpenID: "o1", Serial: "abcdef400", SellerTaxNumber: "110109500321654", SellerName: "店", BillingCode: "050003521100", BillingNumber: "30329969",
	}
}

var _ = wireRows([]wireRow{
	{
		name: "IssueInvoice", http: "POST /card/invoice/makeoutinvoice",
		body: `{"invoiceinfo":{"wxopenid":"o1","ddh":"30000","fpqqlsh":"abcdef461","nsrsbh":"110109500321654","nsrmc":"店","nsrdz":"深圳市",
			"nsrdh":"0755","nsrbank":"银行","nsrbankid":"1234","ghfnsrsbh":"110109500321655","ghfmc":"周一","ghfdz":"广州市","ghfdh":"137",
			"ghfbank":"行","ghfbankid":"5678","kpr":"明","skr":"四","fhr":"王","jshj":"159.0","hjje":"135.9","hjse":"23.1","bz":"注","hylx":"0",
			"invoicedetail_list":[{"fphxz":"0","spbm":"1090418010000000000","xmmc":"洗衣机","dw":"台","ggxh":"60L","xmsl":"1","xmdj":"135.9",
			"xmje":"135.9","sl":"0.17","se":"23.1"}]}}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.IssueInvoice(ctx, issueRequest()) }),
	},
	{
		name: "ReverseInvoice", http: "POST /card/invoice/clearoutinvoice",
		body: `{"invoiceinfo":{"wxopenid":"o1","fpqqlsh":"abcdef400","nsrsbh":"110109500321654","nsrmc":"店","yfpdm":"050003521100","yfphm":"30329969"}}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.ReverseInvoice(ctx, reverseRequest()) }),
	},
	{
		name: "GetIssuedInvoice", http: "POST /card/invoice/queryinvoceinfo", body: `{"fpqqlsh":"abcdef461","nsrsbh":"110109500321654"}`,
		reply: `{"errcode":0,"errmsg":"发票数据获取成功","invoicedetail":{"fpqqlsh":"abcdef461","fpdm":"088978450417","fphm":"21590001",
			"jym":"59004166725791147047","kprq":"20171204172159","pdfurl":"https://example.com/i"}}`,
		call: result(func(ctx context.Context, c *Client) (*IssuedInvoice, error) {
			return c.GetIssuedInvoice(ctx, "abcdef461", "110109500321654")
		}),
		want: &IssuedInvoice{
			Serial: "abcdef461", BillingCode: "088978450417", BillingNumber: "21590001", CheckCode: "59004166725791147047",
			BillingTime: "20171204172159", PDFURL: "https://example.com/i",
		},
	},
})

func TestAnInvoiceIsOrderedAgainOnlyWithItsSerial(t *testing.T) {
	c, bodies := lost(wireOK)
	require.NoError(t, c.IssueInvoice(t.Context(), issueRequest()))
	require.Len(t, *bodies, 2)
	assert.Equal(t, (*bodies)[0], (*bodies)[1])
	c, _ = wireRow{}.client(answer(http.StatusOK, `{"errcode":73105,"errmsg":"busy"}`))
	require.ErrorIs(t, c.IssueInvoice(t.Context(), issueRequest()), ErrBusy)

	for argument, spoil := range map[string]func(*IssueInvoiceRequest){
		"Serial":        func(r *IssueInvoiceRequest) { r.Serial = "" },
		"Drawer":        func(r *IssueInvoiceRequest) { r.Drawer = "" },
		"Lines":         func(r *IssueInvoiceRequest) { r.Lines = nil },
		"Lines[0].Name": func(r *IssueInvoiceRequest) { r.Lines[0].Name = "" },
	} {
		r := issueRequest()
		spoil(&r)
		refused(t, argument, func(ctx context.Context, c *Client) error { return c.IssueInvoice(ctx, r) })
	}
	refused(t, "Serial", func(ctx context.Context, c *Client) error {
		return c.ReverseInvoice(ctx, ReverseInvoiceRequest{OpenID: "o1"})
	})
	refused(t, "sellerTaxNumber", func(ctx context.Context, c *Client) error { _, err := c.GetIssuedInvoice(ctx, "s", ""); return err })
}
