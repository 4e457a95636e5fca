package callback

// UserAuthorizeInvoiceEvent is sent when a user has allowed an invoice
// (用户授权开票事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Vendor_API_List
type UserAuthorizeInvoiceEvent struct {
	Header

	SucceededOrderID string
	FailedOrderID    string
	AuthorizeAppID   string
	Source           string
}

func (m *UserAuthorizeInvoiceEvent) read(n *node) {
	m.SucceededOrderID = n.string("SuccOrderId")
	m.FailedOrderID = n.string("FailOrderId")
	m.AuthorizeAppID = n.string("AuthorizeAppId")
	m.Source = n.string("Source")
}

// SubmitInvoiceTitleEvent is sent when a user has given the title for his
// invoice (用户提交发票抬头事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Vendor_API_List
type SubmitInvoiceTitleEvent struct {
	Header

	Title       string
	Phone       string
	TaxNumber   string
	Address     string
	BankType    string
	BankAccount string
	Attach      string
	TitleType   string
}

func (m *SubmitInvoiceTitleEvent) read(n *node) {
	m.Title = n.string("title")
	m.Phone = n.string("phone")
	m.TaxNumber = n.string("tax_no")
	m.Address = n.string("addr")
	m.BankType = n.string("bank_type")
	m.BankAccount = n.string("bank_no")
	m.Attach = n.string("attach")
	m.TitleType = n.string("title_type")
}

// UpdateInvoiceStatusEvent tells that the state of an invoice changed
// (更新发票卡券状态事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Vendor_API_List
type UpdateInvoiceStatusEvent struct {
	Header

	Status string
	CardID string
	Code   string
}

func (m *UpdateInvoiceStatusEvent) read(n *node) {
	m.Status = n.string("Status")
	m.CardID = n.string("CardId")
	m.Code = n.string("Code")
}

// CloudInvoiceResultEvent tells how the making of an invoice went (发票开具结果事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Vendor_API_List
type CloudInvoiceResultEvent struct {
	Header

	RequestSerial string
	TaxpayerID    string
	Status        int64
}

func (m *CloudInvoiceResultEvent) read(n *node) {
	m.RequestSerial = n.string("fpqqlsh")
	m.TaxpayerID = n.string("nsrsbh")
	m.Status = n.int("status")
}
