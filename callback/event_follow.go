package callback

// SubscribeEvent is sent when a user follows the account (关注事件). If the user scanned a
// QR code with a scene, a handler of [Handler.OnEventKey] or [Handler.OnEventKeyPrefix] for
// the scene gets the event instead of that of [On]. Do what every follow requires, such as
// storing its time, in [Handler.Use].
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes
type SubscribeEvent struct {
	Header

	EventKey string // "qrscene_" followed by the scene, if the user scanned a QR code with one; see [EventKey]
	Ticket   string // ticket of that QR code
}

// UnsubscribeEvent is sent when a user unfollows the account, which must then delete
// their data (取消关注事件); see [Activity.Delete] and [Sessions.Delete].
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes
type UnsubscribeEvent struct {
	Header

	EventKey string
}

// ScanEvent is sent when a follower scans a QR code with a scene. If a user who is not a
// follower scans the code and follows the account, the platform sends a [SubscribeEvent]
// instead (扫描带参数二维码事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes
type ScanEvent struct {
	Header

	EventKey string // the scene, without "qrscene_"
	Ticket   string // ticket of the QR code
}

// LocationEvent reports where a follower is: when they open the chat, and every 5 seconds
// after that if the account is configured that way (上报地理位置事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes
type LocationEvent struct {
	Header

	Latitude  float64
	Longitude float64
	Precision float64 // in meters
}
