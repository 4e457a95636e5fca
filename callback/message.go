package callback

// TextMessage is a text that a follower wrote (文本消息).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages
type TextMessage struct {
	Header

	MsgID      int64
	Content    string
	MenuItemID string `push:"bizmsgmenuid"` // set when the follower tapped an item of a menu message
	MsgDataID  int64  // article that it was sent from
	Position   int    `push:"Idx"` // place in that article, from 1
}

// ImageMessage is a picture (图片消息).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages
type ImageMessage struct {
	Header

	MsgID      int64
	PictureURL string `push:"PicUrl"`
	MediaID    string
	MsgDataID  int64 // article that it was sent from
	Position   int   `push:"Idx"` // place in that article, from 1
}

// VoiceMessage is a voice recording (语音消息).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages
type VoiceMessage struct {
	Header

	MsgID       int64
	MediaID     string
	Format      string // amr or speex
	Recognition string // recognised words, where the account has recognition
	MediaID16K  string // the recording in 16 kHz amr
	MsgDataID   int64  // article that it was sent from
	Position    int    `push:"Idx"` // place in that article, from 1
}

// VideoMessage is a video (视频消息).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages
type VideoMessage struct {
	Header

	MsgID        int64
	MediaID      string
	ThumbMediaID string
	MsgDataID    int64 // article that it was sent from
	Position     int   `push:"Idx"` // place in that article, from 1
}

// ShortVideoMessage is a short video, recorded in the chat (小视频消息).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages
type ShortVideoMessage struct {
	Header

	MsgID        int64
	MediaID      string
	ThumbMediaID string
	MsgDataID    int64 // article that it was sent from
	Position     int   `push:"Idx"` // place in that article, from 1
}

// LocationMessage is a place that a follower picked on the map (地理位置消息).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages
type LocationMessage struct {
	Header

	MsgID     int64
	Latitude  float64 `push:"Location_X"`
	Longitude float64 `push:"Location_Y"`
	Scale     int64   // of the map
	Label     string
	MsgDataID int64 // article that it was sent from
	Position  int   `push:"Idx"` // place in that article, from 1
}

// LinkMessage is a link to a page (链接消息).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages
type LinkMessage struct {
	Header

	MsgID       int64
	Title       string
	Description string
	URL         string
	MsgDataID   int64 // article that it was sent from
	Position    int   `push:"Idx"` // place in that article, from 1
}

// FileMessage is a file (文件消息).
//
// It has no current official page.
type FileMessage struct {
	Header

	MsgID       int64
	Title       string
	Description string
	FileKey     string
	FileMD5     string
	FileSize    int64 `push:"FileTotalLen"` // bytes
}

// MiniProgramPageMessage is a card of a mini program (小程序卡片消息).
//
// https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push
type MiniProgramPageMessage struct {
	Header

	MsgID        int64
	Title        string
	AppID        string
	PagePath     string
	ThumbURL     string
	ThumbMediaID string
}

// HardwareMessage is a message of the withdrawn hardware platform (硬件消息).
//
// The platform has withdrawn the feature; the push can still come.
type HardwareMessage struct {
	Header

	MsgID    int64
	Hardware HardwareView
}

// HardwareView tells what the follower sees.
type HardwareView struct {
	MessageView   string
	MessageAction string
}

// EnterEvent is an event that only very old accounts get (进入会话事件).
//
// The platform has withdrawn the feature; the push can still come.
type EnterEvent struct {
	Header
}
