package callback

// ClickEvent is sent when a follower taps a menu button of type click
// (点击菜单拉取消息事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events
type ClickEvent struct {
	Header

	EventKey string // key of the button
}

func (m *ClickEvent) read(n *node) {
	m.EventKey = n.string("EventKey")
}

// ViewEvent is sent when a follower opens a page by the menu (点击菜单跳转链接事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events
type ViewEvent struct {
	Header

	EventKey string // the address
	MenuID   int64  // conditional menu that the button is in
}

func (m *ViewEvent) read(n *node) {
	m.EventKey = n.string("EventKey")
	m.MenuID = n.int("MenuId")
}

// ScanCodePushEvent is sent when a follower has scanned something by the menu
// (扫码推事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events
type ScanCodePushEvent struct {
	Header

	EventKey     string
	ScanCodeInfo ScanCodeInfo
}

func (m *ScanCodePushEvent) read(n *node) {
	m.EventKey = n.string("EventKey")
	m.ScanCodeInfo = readScanCodeInfo(n.get("ScanCodeInfo"))
}

// ScanCodeInfo is what was scanned.
type ScanCodeInfo struct {
	ScanType   string
	ScanResult string
}

func readScanCodeInfo(n *node) (v ScanCodeInfo) {
	v.ScanType = n.string("ScanType")
	v.ScanResult = n.string("ScanResult")
	return v
}

// ScanCodeWaitEvent is sent when a follower has scanned something by the menu
// and waits for a message (扫码推事件且弹出“消息接收中”提示框).
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events
type ScanCodeWaitEvent struct {
	Header

	EventKey     string
	ScanCodeInfo ScanCodeInfo
}

func (m *ScanCodeWaitEvent) read(n *node) {
	m.EventKey = n.string("EventKey")
	m.ScanCodeInfo = readScanCodeInfo(n.get("ScanCodeInfo"))
}

// PhotoEvent is sent when a follower has taken photos by the menu; they
// follow as image messages (弹出系统拍照发图事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events
type PhotoEvent struct {
	Header

	EventKey     string
	SentPictures SentPictures
}

func (m *PhotoEvent) read(n *node) {
	m.EventKey = n.string("EventKey")
	m.SentPictures = readSendPicsInfo(n.get("SendPicsInfo"))
}

// SentPicture is a picture that follows.
type SentPicture struct {
	MD5 string
}

func readSentPic(n *node) (v SentPicture) {
	v.MD5 = n.string("PicMd5Sum")
	return v
}

// SentPictures tells which pictures follow.
type SentPictures struct {
	Count    int64
	Pictures []SentPicture
}

func readSendPicsInfo(n *node) (v SentPictures) {
	v.Count = n.int("Count")
	v.Pictures = list(n, "PicList", "item", readSentPic)
	return v
}

// PhotoOrAlbumEvent is sent when a follower has picked photos by the menu;
// they follow as image messages (弹出拍照或者相册发图事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events
type PhotoOrAlbumEvent struct {
	Header

	EventKey     string
	SentPictures SentPictures
}

func (m *PhotoOrAlbumEvent) read(n *node) {
	m.EventKey = n.string("EventKey")
	m.SentPictures = readSendPicsInfo(n.get("SendPicsInfo"))
}

// AlbumEvent is sent when a follower has picked photos of his album by
// the menu; they follow as image messages (弹出微信相册发图器事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events
type AlbumEvent struct {
	Header

	EventKey     string
	SentPictures SentPictures
}

func (m *AlbumEvent) read(n *node) {
	m.EventKey = n.string("EventKey")
	m.SentPictures = readSendPicsInfo(n.get("SendPicsInfo"))
}

// LocationSelectEvent is sent when a follower has picked a place by the menu
// (弹出地理位置选择器事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events
type LocationSelectEvent struct {
	Header

	EventKey     string
	SentLocation SentLocation
}

func (m *LocationSelectEvent) read(n *node) {
	m.EventKey = n.string("EventKey")
	m.SentLocation = readSendLocationInfo(n.get("SendLocationInfo"))
}

// SentLocation is the place that was picked.
type SentLocation struct {
	Latitude  float64
	Longitude float64
	Scale     int64
	Label     string
	POIName   string
}

func readSendLocationInfo(n *node) (v SentLocation) {
	v.Latitude = n.float("Location_X")
	v.Longitude = n.float("Location_Y")
	v.Scale = n.int("Scale")
	v.Label = n.string("Label")
	v.POIName = n.string("Poiname")
	return v
}

// ViewMiniProgramEvent is sent when a follower opens a mini program by the
// menu (点击菜单跳转小程序事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events
type ViewMiniProgramEvent struct {
	Header

	EventKey string // page of the mini program
	MenuID   int64
}

func (m *ViewMiniProgramEvent) read(n *node) {
	m.EventKey = n.string("EventKey")
	m.MenuID = n.int("MenuId")
}

// MediaEvent is sent when a follower taps a menu button that sends a
// material (点击菜单下发素材事件).
//
// It has no current official page.
type MediaEvent struct {
	Header

	EventKey string
	MenuID   int64
}

func (m *MediaEvent) read(n *node) {
	m.EventKey = n.string("EventKey")
	m.MenuID = n.int("MenuId")
}

// MediaLinkEvent is sent when a follower opens an article by the menu
// (点击菜单跳转图文消息事件).
//
// It has no current official page.
type MediaLinkEvent struct {
	Header

	EventKey string
	MenuID   int64
}

func (m *MediaLinkEvent) read(n *node) {
	m.EventKey = n.string("EventKey")
	m.MenuID = n.int("MenuId")
}
