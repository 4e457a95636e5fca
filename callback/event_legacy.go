package callback

import "time"

// DeviceTextMessage is a message that a device of the withdrawn hardware
// platform sent (设备文本消息).
//
// The platform has withdrawn the feature; the push can still come.
type DeviceTextMessage struct {
	Header

	DeviceType string
	DeviceID   string
	Content    string
	SessionID  int64
	MsgID      int64
	OpenID     string
}

func (m *DeviceTextMessage) read(n *node) {
	m.DeviceType = n.string("DeviceType")
	m.DeviceID = n.string("DeviceID")
	m.Content = n.string("Content")
	m.SessionID = n.int("SessionID")
	m.MsgID = n.int("MsgID")
	m.OpenID = n.string("OpenID")
}

// MerchantOrderEvent is an order of the withdrawn WeChat shop (微信小店订单付款事件).
//
// The platform has withdrawn the feature; the push can still come.
type MerchantOrderEvent struct {
	Header

	OrderID     string
	OrderStatus int64
	ProductID   string
	SKUInfo     string
}

func (m *MerchantOrderEvent) read(n *node) {
	m.OrderID = n.string("OrderId")
	m.OrderStatus = n.int("OrderStatus")
	m.ProductID = n.string("ProductId")
	m.SKUInfo = n.string("SkuInfo")
}

// WiFiConnectedEvent is sent when a user has gone online by Wi-Fi of a shop
// (Wi-Fi连网成功事件).
//
// It has no current official page.
type WiFiConnectedEvent struct {
	Header

	ConnectTime  time.Time
	ExpireTime   time.Time
	VendorID     string
	ShopID       int64
	PlaceID      int64
	DeviceNumber string
}

func (m *WiFiConnectedEvent) read(n *node) {
	m.ConnectTime = n.time("ConnectTime")
	m.ExpireTime = n.time("ExpireTime")
	m.VendorID = n.string("VendorId")
	m.ShopID = n.int("ShopId")
	m.PlaceID = n.int("PlaceId")
	m.DeviceNumber = n.string("DeviceNo")
}

// ShakeAroundUserShakeEvent is sent when a user shakes his phone near a
// beacon; up to 5 beacons are around (摇一摇事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Shake_Nearby/Shake_Event_Notifications
type ShakeAroundUserShakeEvent struct {
	Header

	ChosenBeacon  Beacon
	AroundBeacons []Beacon
}

func (m *ShakeAroundUserShakeEvent) read(n *node) {
	m.ChosenBeacon = readBeacon(n.get("ChosenBeacon"))
	m.AroundBeacons = list(n, "AroundBeacons", "AroundBeacon", readBeacon)
}

// Beacon is a beacon nearby.
type Beacon struct {
	UUID     string
	Major    int64
	Minor    int64
	Distance float64
}

func readBeacon(n *node) (v Beacon) {
	v.UUID = n.string("Uuid", "BeaconUuid")
	v.Major = n.int("Major")
	v.Minor = n.int("Minor")
	v.Distance = n.float("Distance")
	return v
}

// ShakeAroundLotteryBindEvent is sent when a red packet is bound to a user
// (摇一摇红包绑定用户事件).
//
// It has no current official page.
type ShakeAroundLotteryBindEvent struct {
	Header

	LotteryID string
	Ticket    string
	Money     int64
	BindTime  time.Time
}

func (m *ShakeAroundLotteryBindEvent) read(n *node) {
	m.LotteryID = n.string("LotteryId")
	m.Ticket = n.string("Ticket")
	m.Money = n.int("Money")
	m.BindTime = n.time("BindTime")
}

// DeviceEvent is sent when a device of the withdrawn hardware platform is
// bound, unbound or watched. Event tells which (设备绑定解绑事件).
//
// It has no current official page.
type DeviceEvent struct {
	Header

	DeviceType string
	DeviceID   string
	Content    string
	SessionID  int64
	OpenID     string
	OpType     int64
}

func (m *DeviceEvent) read(n *node) {
	m.DeviceType = n.string("DeviceType")
	m.DeviceID = n.string("DeviceID")
	m.Content = n.string("Content")
	m.SessionID = n.int("SessionID")
	m.OpenID = n.string("OpenID")
	m.OpType = n.int("OpType")
}

// UserScanProductEvent is sent when a user opens a product page by scanning
// (打开商品主页事件).
//
// It has no current official page.
type UserScanProductEvent struct {
	Header

	KeyStandard string
	KeyString   string
	Country     string
	Province    string
	City        string
	Sex         int64
	Scene       int64
	RegionCode  string
	ExtraInfo   string
}

func (m *UserScanProductEvent) read(n *node) {
	m.KeyStandard = n.string("KeyStandard")
	m.KeyString = n.string("KeyStr")
	m.Country = n.string("Country")
	m.Province = n.string("Province")
	m.City = n.string("City")
	m.Sex = n.int("Sex")
	m.Scene = n.int("Scene")
	m.RegionCode = n.string("RegionCode")
	m.ExtraInfo = n.string("ExtInfo")
}

// UserScanProductEnterSessionEvent is sent when a user opens the chat from a
// product page (从商品主页进入公众号会话事件).
//
// It has no current official page.
type UserScanProductEnterSessionEvent struct {
	Header

	KeyStandard string
	KeyString   string
	ExtraInfo   string
}

func (m *UserScanProductEnterSessionEvent) read(n *node) {
	m.KeyStandard = n.string("KeyStandard")
	m.KeyString = n.string("KeyStr")
	m.ExtraInfo = n.string("ExtInfo")
}

// UserScanProductAsyncEvent asks for anti-fake data of a scanned product
// (地理位置信息异步推送事件).
//
// It has no current official page.
type UserScanProductAsyncEvent struct {
	Header

	KeyStandard string
	KeyString   string
	ExtraInfo   string
	RegionCode  string
}

func (m *UserScanProductAsyncEvent) read(n *node) {
	m.KeyStandard = n.string("KeyStandard")
	m.KeyString = n.string("KeyStr")
	m.ExtraInfo = n.string("ExtInfo")
	m.RegionCode = n.string("RegionCode")
}

// UserScanProductVerifyActionEvent tells how the review of a product went
// (商品审核结果事件).
//
// It has no current official page.
type UserScanProductVerifyActionEvent struct {
	Header

	KeyStandard   string
	KeyString     string
	Result        string
	ReasonMessage string
}

func (m *UserScanProductVerifyActionEvent) read(n *node) {
	m.KeyStandard = n.string("KeyStandard")
	m.KeyString = n.string("KeyStr")
	m.Result = n.string("Result")
	m.ReasonMessage = n.string("ReasonMsg")
}

// GuideQRCodeScanEvent is an event of the withdrawn shopping guides
// (顾问二维码扫码事件).
//
// The platform has withdrawn the feature; the push can still come.
type GuideQRCodeScanEvent struct {
	Header

	QRCodeGuideAccount string
	QRCodeGuideOpenID  string
	OpenID             string
	Action             int64
	QRCodeInfo         string
}

func (m *GuideQRCodeScanEvent) read(n *node) {
	event := n.get("GuideScanEvent")
	m.QRCodeGuideAccount = event.string("qrcode_guide_account")
	m.QRCodeGuideOpenID = event.string("qrcode_guide_openid")
	m.OpenID = event.string("openid")
	m.Action = event.int("action")
	m.QRCodeInfo = event.string("qrcode_info")
}

// GuideInviteResultEvent is an event of the withdrawn shopping guides
// (顾问邀请结果事件).
//
// The platform has withdrawn the feature; the push can still come.
type GuideInviteResultEvent struct {
	Header

	GuideAccount string
	OpenID       string
	InviteStatus int64
}

func (m *GuideInviteResultEvent) read(n *node) {
	event := n.get("GuideInviteEvent")
	m.GuideAccount = event.string("guide_account")
	m.OpenID = event.string("openid")
	m.InviteStatus = event.int("invite_status")
}
