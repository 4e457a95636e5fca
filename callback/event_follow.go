package callback

// SubscribeEvent is sent when somebody follows the account (关注事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes
type SubscribeEvent struct {
	Header

	EventKey string // "qrscene_" and the scene, where a QR code led here
	Ticket   string // of that QR code
}

// UnsubscribeEvent is sent when a follower leaves. The account must delete his
// data (取消关注事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes
type UnsubscribeEvent struct {
	Header

	EventKey string
}

// ScanEvent is sent when a follower scans a QR code with a scene; who is no
// follower yet and follows by it sends a SubscribeEvent (扫描带参数二维码事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes
type ScanEvent struct {
	Header

	EventKey string // the scene, without "qrscene_"
	Ticket   string // of the QR code
}

// LocationEvent tells where a follower is, on entering the chat and then every
// 5 seconds where the account asked for it (上报地理位置事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes
type LocationEvent struct {
	Header

	Latitude  float64
	Longitude float64
	Precision float64 // metres
}
