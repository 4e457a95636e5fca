package callback

// UserAuthorizeInvoiceEvent is sent when a user has authorized an invoice
// (用户授权开票事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Vendor_API_List
type UserAuthorizeInvoiceEvent struct {
	Header

	SucceededOrderID string `push:"SuccOrderId"`
	FailedOrderID    string `push:"FailOrderId"`
	AuthorizeAppID   string
	Source           string
}

// SubmitInvoiceTitleEvent is sent when a user has submitted the title for their invoice
// (用户提交发票抬头事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Vendor_API_List
type SubmitInvoiceTitleEvent struct {
	Header

	Title       string
	Phone       string
	TaxNumber   string `push:"tax_no"`
	Address     string `push:"addr"`
	BankType    string
	BankAccount string `push:"bank_no"`
	Attach      string
	TitleType   string
}

// UpdateInvoiceStatusEvent is sent when the status of an invoice has changed
// (更新发票卡券状态事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Vendor_API_List
type UpdateInvoiceStatusEvent struct {
	Header

	Status string
	CardID string
	Code   string
}

// CloudInvoiceResultEvent reports whether an invoice was issued (发票开具结果事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Vendor_API_List
type CloudInvoiceResultEvent struct {
	Header

	RequestSerial string `push:"fpqqlsh"`
	TaxpayerID    string `push:"nsrsbh"`
	Status        int64
}
