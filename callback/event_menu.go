package callback

// ClickEvent is sent when a follower taps a menu button of type click
// (点击菜单拉取消息事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events
type ClickEvent struct {
	Header

	EventKey string // key of the button
}

// ViewEvent is sent when a follower opens a page from the menu (点击菜单跳转链接事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events
type ViewEvent struct {
	Header

	EventKey string // URL of the page
	MenuID   int64  // conditional menu that contains the button
}

// ScanCodePushEvent is sent when a follower has scanned a code through the menu (扫码推事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events
type ScanCodePushEvent struct {
	Header

	EventKey     string
	ScanCodeInfo ScanCodeInfo
}

// ScanCodeInfo is the code that was scanned.
type ScanCodeInfo struct {
	ScanType   string
	ScanResult string
}

// ScanCodeWaitEvent is sent when a follower has scanned a code through the menu and is
// waiting for a message (扫码推事件且弹出“消息接收中”提示框).
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events
type ScanCodeWaitEvent struct {
	Header

	EventKey     string
	ScanCodeInfo ScanCodeInfo
}

// PhotoEvent is sent when a follower has taken photos through the menu. The photos arrive
// as separate image messages (弹出系统拍照发图事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events
type PhotoEvent struct {
	Header

	EventKey     string
	SentPictures SentPictures `push:"SendPicsInfo"`
}

// SentPicture is one picture that the follower sends.
type SentPicture struct {
	MD5 string `push:"PicMd5Sum"`
}

// SentPictures lists the pictures that the follower sends.
type SentPictures struct {
	Count    int64
	Pictures []SentPicture `push:"PicList,item"`
}

// PhotoOrAlbumEvent is sent when a follower has taken or picked photos through the menu.
// The photos arrive as separate image messages (弹出拍照或者相册发图事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events
type PhotoOrAlbumEvent struct {
	Header

	EventKey     string
	SentPictures SentPictures `push:"SendPicsInfo"`
}

// AlbumEvent is sent when a follower has picked photos from their album through the menu.
// The photos arrive as separate image messages (弹出微信相册发图器事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events
type AlbumEvent struct {
	Header

	EventKey     string
	SentPictures SentPictures `push:"SendPicsInfo"`
}

// LocationSelectEvent is sent when a follower has picked a place through the menu
// (弹出地理位置选择器事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events
type LocationSelectEvent struct {
	Header

	EventKey     string
	SentLocation SentLocation `push:"SendLocationInfo"`
}

// SentLocation is the place that the follower picked.
type SentLocation struct {
	Latitude  float64 `push:"Location_X"`
	Longitude float64 `push:"Location_Y"`
	Scale     int64
	Label     string
	POIName   string
}

// ViewMiniProgramEvent is sent when a follower opens a mini program from the menu
// (点击菜单跳转小程序事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events
type ViewMiniProgramEvent struct {
	Header

	EventKey string // path of the mini program page
	MenuID   int64
}

// MediaEvent is sent when a follower taps a menu button that sends them material
// (点击菜单下发素材事件).
//
// It has no current official page.
type MediaEvent struct {
	Header

	EventKey string
	MenuID   int64
}

// MediaLinkEvent is sent when a follower opens an article from the menu
// (点击菜单跳转图文消息事件).
//
// It has no current official page.
type MediaLinkEvent struct {
	Header

	EventKey string
	MenuID   int64
}
