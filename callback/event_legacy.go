package callback

import "time"

// DeviceTextMessage is a message from a device of the discontinued hardware platform
// (设备文本消息).
//
// The platform has discontinued the feature, but may still send the push.
type DeviceTextMessage struct {
	Header

	DeviceType string
	DeviceID   string
	Content    string
	SessionID  int64
	MsgID      int64
	OpenID     string
}

// MerchantOrderEvent is sent when an order of the discontinued WeChat shop has been paid
// (微信小店订单付款事件).
//
// The platform has discontinued the feature, but may still send the push.
type MerchantOrderEvent struct {
	Header

	OrderID     string
	OrderStatus int64
	ProductID   string
	SKUInfo     string
}

// WiFiConnectedEvent is sent when a user has connected to the Wi-Fi of a store
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
	DeviceNumber string `push:"DeviceNo"`
}

// ShakeAroundUserShakeEvent is sent when a user shakes their phone near a beacon. It
// lists up to 5 beacons nearby (摇一摇事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Shake_Nearby/Shake_Event_Notifications
type ShakeAroundUserShakeEvent struct {
	Header

	ChosenBeacon  Beacon
	AroundBeacons []Beacon `push:"AroundBeacons,AroundBeacon"`
}

// Beacon is a beacon near the user.
type Beacon struct {
	UUID     string `push:"Uuid|BeaconUuid"`
	Major    int64
	Minor    int64
	Distance float64
}

// ShakeAroundLotteryBindEvent is sent when a red packet is assigned to a user
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

// DeviceEvent is sent when a user binds or unbinds a device of the discontinued hardware
// platform, or subscribes to or unsubscribes from its status; the field Event tells them
// apart (设备绑定解绑事件).
//
// It has no current official page.
type DeviceEvent struct {
	Header

	DeviceType    string
	DeviceID      string
	Content       string
	SessionID     int64
	OpenID        string
	OperationType int64 `push:"OpType"`
}

// UserScanProductEvent is sent when a user scans a product and opens its page
// (打开商品主页事件).
//
// It has no current official page.
type UserScanProductEvent struct {
	Header

	KeyStandard string
	KeyString   string `push:"KeyStr"`
	Country     string
	Province    string
	City        string
	Sex         int64
	Scene       int64
	RegionCode  string
	ExtraInfo   string `push:"ExtInfo"`
}

// UserScanProductEnterSessionEvent is sent when a user opens the chat from a
// product page (从商品主页进入公众号会话事件).
//
// It has no current official page.
type UserScanProductEnterSessionEvent struct {
	Header

	KeyStandard string
	KeyString   string `push:"KeyStr"`
	ExtraInfo   string `push:"ExtInfo"`
}

// UserScanProductAsyncEvent requests anti-counterfeit data for a scanned product
// (地理位置信息异步推送事件).
//
// It has no current official page.
type UserScanProductAsyncEvent struct {
	Header

	KeyStandard string
	KeyString   string `push:"KeyStr"`
	ExtraInfo   string `push:"ExtInfo"`
	RegionCode  string
}

// UserScanProductVerifyActionEvent reports the result of the review of a product
// (商品审核结果事件).
//
// It has no current official page.
type UserScanProductVerifyActionEvent struct {
	Header

	KeyStandard   string
	KeyString     string `push:"KeyStr"`
	Result        string
	ReasonMessage string `push:"ReasonMsg"`
}

// GuideQRCodeScanEvent is an event of the discontinued shopping-guide feature (顾问二维码扫码事件).
//
// The platform has discontinued the feature, but may still send the push.
type GuideQRCodeScanEvent struct {
	Header

	QRCodeGuideAccount string `push:"GuideScanEvent>qrcode_guide_account"`
	QRCodeGuideOpenID  string `push:"GuideScanEvent>qrcode_guide_openid"`
	OpenID             string `push:"GuideScanEvent>openid"`
	Action             int64  `push:"GuideScanEvent>action"`
	QRCodeInfo         string `push:"GuideScanEvent>qrcode_info"`
}

// GuideInviteResultEvent is an event of the discontinued shopping-guide feature (顾问邀请结果事件).
//
// The platform has discontinued the feature, but may still send the push.
type GuideInviteResultEvent struct {
	Header

	GuideAccount string `push:"GuideInviteEvent>guide_account"`
	OpenID       string `push:"GuideInviteEvent>openid"`
	InviteStatus int64  `push:"GuideInviteEvent>invite_status"`
}
