package wechat

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func itemCodeActivity() ItemCodeActivity {
	return ItemCodeActivity{
		OrderID: 581865877, ActivityName: "扫码有礼", ProductBrand: "示例", ProductTitle: "茶饮料", ProductCode: "6900000000000",
		MiniProgramAppID: "wx0000000000000002", MiniProgramPath: "pages/index/index", MiniProgramVersion: MiniProgramVersionTrial,
		ItemCodeRange: ItemCodeRange{Start: 0, End: 9999},
	}
}

const itemCodeJSON = `{"errcode":0,"code":"ABC123DEF","application_id":581865877,"isv_application_id":"order-1","activity_name":"扫码有礼","product_brand":"示例","product_title":"茶饮料","product_code":"6900000000000","wxa_appid":"wx0000000000000002","wxa_path":"pages/index/index","wxa_type":2,"code_start":0,"code_end":9999}`

func itemCodeWanted() *ItemCode {
	return &ItemCode{Code: "ABC123DEF", OrderExternalID: "order-1", ItemCodeActivity: itemCodeActivity()}
}

var _ = wireRows([]wireRow{
	{
		name: "CreateItemCodeOrder", http: "POST /intp/marketcode/applycode", body: `{"code_count":100000,"isv_application_id":"order-1"}`,
		reply: `{"errcode":0,"errmsg":"ok","application_id":581865877}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.CreateItemCodeOrder(ctx, 100_000, "order-1")
		},
		want: int64(581865877),
	},
	{
		name: "GetItemCodeOrder", http: "POST /intp/marketcode/applycodequery", body: `{"application_id":581865877,"isv_application_id":"order-1"}`,
		reply: `{"errcode":0,"status":"FINISH","application_id":581865877,"isv_application_id":"order-1","code_generate_list":[{"code_start":0,"code_end":49999},{"code_start":50000,"code_end":99999}],"create_time":1581865877,"update_time":"1581865878"}`,
		call: result(func(ctx context.Context, c *Client) (*ItemCodeOrder, error) {
			return c.GetItemCodeOrder(ctx, 581865877, "order-1")
		}),
		want: &ItemCodeOrder{
			ID: 581865877, ExternalID: "order-1", Status: ItemCodeStatusReady, Ranges: []ItemCodeRange{{0, 49999}, {50000, 99999}},
			CreateTime: unix(1581865877), UpdateTime: unix(1581865878),
		},
	},
	{
		name: "DownloadItemCodes", http: "POST /intp/marketcode/applycodedownload", body: `{"application_id":581865877,"code_start":0,"code_end":49999}`,
		reply: `{"errcode":0,"errmsg":"ok","buffer":"QUJD"}`,
		call: result(func(ctx context.Context, c *Client) (*ItemCodeFile, error) {
			return c.DownloadItemCodes(ctx, 581865877, ItemCodeRange{0, 49999})
		}),
		want: &ItemCodeFile{Buffer: "QUJD"},
	},
	{
		name: "ActivateItemCodes", http: "POST /intp/marketcode/codeactive",
		body: `{"application_id":581865877,"activity_name":"扫码有礼","product_brand":"示例","product_title":"茶饮料","product_code":"6900000000000","wxa_appid":"wx0000000000000002","wxa_path":"pages/index/index","wxa_type":2,"code_start":0,"code_end":9999}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.ActivateItemCodes(ctx, itemCodeActivity()) }),
	},
	{
		name: "GetItemCode/by index", http: "POST /intp/marketcode/codeactivequery", body: `{"application_id":581865877,"code_index":0}`,
		reply: itemCodeJSON,
		call: result(func(ctx context.Context, c *Client) (*ItemCode, error) {
			return c.GetItemCode(ctx, GetItemCodeRequest{OrderID: 581865877})
		}),
		want: itemCodeWanted(),
	},
	{
		name: "GetItemCode/by code", http: "POST /intp/marketcode/codeactivequery", body: `{"code_url":"https://example.com/c/1","code":"ABC123DEF"}`,
		reply: itemCodeJSON,
		call: result(func(ctx context.Context, c *Client) (*ItemCode, error) {
			return c.GetItemCode(ctx, GetItemCodeRequest{URL: "https://example.com/c/1", Code: "ABC123DEF"})
		}),
		want: itemCodeWanted(),
	},
	{
		name: "GetItemCodeByTicket", http: "POST /intp/marketcode/tickettocode", body: `{"openid":"o1","code_ticket":"t1"}`,
		reply: itemCodeJSON,
		call: result(func(ctx context.Context, c *Client) (*ItemCode, error) {
			return c.GetItemCodeByTicket(ctx, "o1", "t1")
		}),
		want: itemCodeWanted(),
	},
})

func TestItemCodeFileIsOpenedWithItsKeyOnly(t *testing.T) {
	const key, wrong = Secret("0123456789abcdef"), Secret("fedcba9876543210")
	for _, content := range []string{"", "0\tABC", "0\tABC\t12345678\n1\tDEF\t", "exactly 16 bytes"} {
		padding := aes.BlockSize - len(content)%aes.BlockSize
		data := append([]byte(content), bytes.Repeat([]byte{byte(padding)}, padding)...)
		block, err := aes.NewCipher([]byte(key))
		require.NoError(t, err)
		cipher.NewCBCEncrypter(block, []byte(key)).CryptBlocks(data, data)
		file := &ItemCodeFile{Buffer: base64.StdEncoding.EncodeToString(data)}
		got, err := file.Decrypt(key)
		require.NoError(t, err)
		assert.Equal(t, content, string(got))
		_, err = file.Decrypt(wrong)
		assertArgument(t, err, "key")
		assert.NotContains(t, err.Error(), string(wrong))
	}
	_, err := (&ItemCodeFile{Buffer: "QUJD"}).Decrypt("short")
	assertArgument(t, err, "key")
	for _, buffer := range []string{"", "QUJD", "%%%"} {
		_, err := (&ItemCodeFile{Buffer: buffer}).Decrypt(key)
		assertArgument(t, err, "Buffer")
	}
}

func TestWrongItemCodeCallsAreRefused(t *testing.T) {
	for _, count := range []int64{0, 9_999, 10_001, 20_010_000} {
		refused(t, "count", func(ctx context.Context, c *Client) error {
			_, err := c.CreateItemCodeOrder(ctx, count, "order-1")
			return err
		})
	}
	refused(t, "orderID", func(ctx context.Context, c *Client) error {
		_, err := c.GetItemCodeOrder(ctx, 0, "")
		return err
	})
	for argument, codes := range map[string]ItemCodeRange{"End": {Start: 2, End: 1}, "Start": {Start: -1, End: 1}} {
		refused(t, argument, func(ctx context.Context, c *Client) error {
			_, err := c.DownloadItemCodes(ctx, 1, codes)
			return err
		})
	}
	refused(t, "req", func(ctx context.Context, c *Client) error {
		_, err := c.GetItemCode(ctx, GetItemCodeRequest{Index: 7})
		return err
	})
	refused(t, "Code", func(ctx context.Context, c *Client) error {
		_, err := c.GetItemCode(ctx, GetItemCodeRequest{Code: "ABC123DEFG"})
		return err
	})
	refused(t, "Index", func(ctx context.Context, c *Client) error {
		_, err := c.GetItemCode(ctx, GetItemCodeRequest{OrderID: 1, Index: -1})
		return err
	})
	refused(t, "ticket", func(ctx context.Context, c *Client) error {
		_, err := c.GetItemCodeByTicket(ctx, "o1", "")
		return err
	})
	activity := itemCodeActivity()
	activity.MiniProgramPath = ""
	refused(t, "MiniProgramPath", func(ctx context.Context, c *Client) error { return c.ActivateItemCodes(ctx, activity) })
}
