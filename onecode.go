package wechat

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
)

// ItemCodeStatus is the status of an order for item codes.
type ItemCodeStatus string

// The statuses of an order.
const (
	ItemCodeStatusNew        ItemCodeStatus = "INIT"
	ItemCodeStatusGenerating ItemCodeStatus = "GENERATING"
	ItemCodeStatusReady      ItemCodeStatus = "FINISH" // can be downloaded
)

// ItemCodeOrder is an order for item codes (一物一码): each item gets a code of its own.
type ItemCodeOrder struct {
	ID         int64           `json:"application_id"`
	ExternalID string          `json:"isv_application_id"` // your own ID for the order
	Status     ItemCodeStatus  `json:"status"`
	Ranges     []ItemCodeRange `json:"code_generate_list"` // each can be downloaded as one file
	CreateTime Timestamp       `json:"create_time"`
	UpdateTime Timestamp       `json:"update_time"`
}

// ItemCodeRange is a range of the codes in an order, including both ends.
type ItemCodeRange struct {
	Start int64 `json:"code_start"`
	End   int64 `json:"code_end"`
}

func (r ItemCodeRange) check() error {
	if r.End < r.Start {
		return invalid("End", "must not be less than Start, but is %d", r.End)
	}
	return notNegative("Start", r.Start)
}

// CreateItemCodeOrder orders item codes and returns the ID of the order
// (申请二维码接口). count must be a multiple of 10,000, from 10,000 to 20,000,000.
// externalID is your own ID for the order: a call with the same externalID returns the
// same order.
//
// https://developers.weixin.qq.com/doc/service/api/onecode/api_intp_marketcode_applycode
func (c *Client) CreateItemCodeOrder(ctx context.Context, count int64, externalID string) (orderID int64, err error) {
	if err := first(within("count", count, 10_000, 20_000_000), notEmpty("externalID", externalID)); err != nil {
		return 0, err
	}
	if count%10_000 != 0 {
		return 0, invalid("count", "must be a multiple of 10000, but is %d", count)
	}
	body := struct {
		Count      int64  `json:"code_count"`
		ExternalID string `json:"isv_application_id"`
	}{count, externalID}
	order, err := post[ItemCodeOrder](ctx, c, "/intp/marketcode/applycode", body, idempotent)
	if err != nil {
		return 0, err
	}
	return order.ID, nil
}

// GetItemCodeOrder returns an order (查询二维码申请单接口). The official pages disagree: the
// older one requires only one of the two IDs, and the newer one requires both.
//
// https://developers.weixin.qq.com/doc/service/api/onecode/api_intp_marketcode_applycodequery
func (c *Client) GetItemCodeOrder(ctx context.Context, orderID int64, externalID string) (*ItemCodeOrder, error) {
	if orderID <= 0 && externalID == "" {
		return nil, invalid("orderID", "must be positive if there is no externalID, but is %d", orderID)
	}
	body := struct {
		ID         int64  `json:"application_id,omitempty"`
		ExternalID string `json:"isv_application_id,omitempty"`
	}{orderID, externalID}
	return post[ItemCodeOrder](ctx, c, "/intp/marketcode/applycodequery", body, idempotent)
}

// ItemCodeFile is an encrypted file of item codes.
type ItemCodeFile struct {
	Buffer string `json:"buffer"` // base64
}

// Decrypt returns the content of the file. key is the 16-byte key that the platform
// sends by email when it grants access to the API.
func (f *ItemCodeFile) Decrypt(key Secret) ([]byte, error) {
	if len(key) != aes.BlockSize {
		return nil, invalid("key", "must have %d bytes, but has %d", aes.BlockSize, len(key))
	}
	data, err := base64.StdEncoding.DecodeString(f.Buffer)
	if err != nil {
		return nil, invalid("Buffer", "must be base64")
	}
	if len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, invalid("Buffer", "must contain whole blocks of %d bytes, but contains %d bytes", aes.BlockSize, len(data))
	}
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		return nil, err
	}
	cipher.NewCBCDecrypter(block, []byte(key)).CryptBlocks(data, data) // the key is also the IV
	plain, ok := unpad(data)
	if !ok {
		return nil, invalid("key", "must be the key that the file is encrypted with")
	}
	return plain, nil
}

// unpad removes the PKCS #7 padding from whole blocks.
func unpad(data []byte) (plain []byte, ok bool) {
	padding := int(data[len(data)-1])
	if padding == 0 || padding > aes.BlockSize {
		return nil, false
	}
	for _, b := range data[len(data)-padding:] {
		if int(b) != padding {
			return nil, false
		}
	}
	return data[:len(data)-padding], true
}

// DownloadItemCodes returns the file of a range of codes (下载二维码包接口). codes is one of
// the Ranges of an order whose Status is [ItemCodeStatusReady].
//
// https://developers.weixin.qq.com/doc/service/api/onecode/api_intp_marketcode_applycodedownload
func (c *Client) DownloadItemCodes(ctx context.Context, orderID int64, codes ItemCodeRange) (*ItemCodeFile, error) {
	if err := first(positive("orderID", orderID), codes.check()); err != nil {
		return nil, err
	}
	body := struct {
		OrderID int64 `json:"application_id"`
		ItemCodeRange
	}{orderID, codes}
	return post[ItemCodeFile](ctx, c, "/intp/marketcode/applycodedownload", body, idempotent)
}

// MiniProgramVersion is the version of a mini program that a code opens.
type MiniProgramVersion int

// The versions of a mini program.
const (
	MiniProgramVersionRelease     MiniProgramVersion = 0
	MiniProgramVersionDevelopment MiniProgramVersion = 1
	MiniProgramVersionTrial       MiniProgramVersion = 2
)

// ItemCodeActivity describes what the codes of a range open.
type ItemCodeActivity struct {
	OrderID            int64              `json:"application_id"`
	ActivityName       string             `json:"activity_name"`
	ProductBrand       string             `json:"product_brand"`
	ProductTitle       string             `json:"product_title"`
	ProductCode        string             `json:"product_code"`
	MiniProgramAppID   string             `json:"wxa_appid"`
	MiniProgramPath    string             `json:"wxa_path"`
	MiniProgramVersion MiniProgramVersion `json:"wxa_type"`
	ItemCodeRange
}

func (a ItemCodeActivity) check() error {
	return first(
		positive("OrderID", a.OrderID),
		notEmpty("ActivityName", a.ActivityName), notEmpty("ProductBrand", a.ProductBrand),
		notEmpty("ProductTitle", a.ProductTitle), notEmpty("ProductCode", a.ProductCode),
		notEmpty("MiniProgramAppID", a.MiniProgramAppID), notEmpty("MiniProgramPath", a.MiniProgramPath), a.ItemCodeRange.check())
}

// ActivateItemCodes makes the codes of a range open a mini program (激活二维码接口).
//
// https://developers.weixin.qq.com/doc/service/api/onecode/api_intp_marketcode_codeactive
func (c *Client) ActivateItemCodes(ctx context.Context, activity ItemCodeActivity) error {
	return c.post(ctx, "/intp/marketcode/codeactive", activity, idempotent)
}

// ItemCode is a code and what it opens.
type ItemCode struct {
	Code            string `json:"code"`
	OrderExternalID string `json:"isv_application_id"`
	ItemCodeActivity
}

// GetItemCodeRequest identifies a code by OrderID and Index, by URL, or by Code.
type GetItemCodeRequest struct {
	OrderID int64
	Index   int // of the code in the order, from 0
	URL     string
	Code    string // 9 characters
}

func (r GetItemCodeRequest) body() (any, error) {
	body := struct {
		OrderID int64  `json:"application_id,omitempty"`
		Index   *int   `json:"code_index,omitempty"`
		URL     string `json:"code_url,omitempty"`
		Code    string `json:"code,omitempty"`
	}{OrderID: r.OrderID, URL: r.URL, Code: r.Code}
	switch {
	case r.OrderID > 0:
		if err := notNegative("Index", r.Index); err != nil {
			return nil, err
		}
		body.Index = &r.Index
	case r.URL == "" && r.Code == "":
		return nil, invalid("req", "must have an OrderID, a URL or a Code")
	}
	return body, maxRunes("Code", r.Code, 9)
}

// GetItemCode returns a code and what it opens (查询二维码激活状态接口).
//
// https://developers.weixin.qq.com/doc/service/api/onecode/api_intp_marketcode_codeactivequery
func (c *Client) GetItemCode(ctx context.Context, req GetItemCodeRequest) (*ItemCode, error) {
	body, err := req.body()
	if err != nil {
		return nil, err
	}
	return post[ItemCode](ctx, c, "/intp/marketcode/codeactivequery", body, idempotent)
}

// GetItemCodeByTicket returns the code that a user scanned (CODE_TICKET换CODE接口). ticket
// is the code_ticket that the mini program was opened with.
//
// https://developers.weixin.qq.com/doc/service/api/onecode/api_intp_marketcode_tickettocode
func (c *Client) GetItemCodeByTicket(ctx context.Context, openID, ticket string) (*ItemCode, error) {
	if err := first(notEmpty("openID", openID), notEmpty("ticket", ticket)); err != nil {
		return nil, err
	}
	body := struct {
		OpenID string `json:"openid"`
		Ticket string `json:"code_ticket"`
	}{openID, ticket}
	return post[ItemCode](ctx, c, "/intp/marketcode/tickettocode", body, idempotent)
}
