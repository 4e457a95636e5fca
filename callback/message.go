package callback

// TextMessage is a text message that a follower sent (文本消息).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages
type TextMessage struct {
	Header

	MsgID      int64
	Content    string
	MenuItemID string `push:"bizmsgmenuid"` // ID of the item, if the follower tapped one of a menu message
	MsgDataID  int64  // msg_data_id of the article that the message was sent from; 0 if none
	Position   int    `push:"Idx"` // of that article in its mass message or publication, starting at 1
}

// ImageMessage is a picture that a follower sent (图片消息).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages
type ImageMessage struct {
	Header

	MsgID      int64
	PictureURL string `push:"PicUrl"`
	MediaID    string
	MsgDataID  int64 // msg_data_id of the article that the message was sent from; 0 if none
	Position   int   `push:"Idx"` // of that article in its mass message or publication, starting at 1
}

// VoiceMessage is a voice recording that a follower sent (语音消息).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages
type VoiceMessage struct {
	Header

	MsgID       int64
	MediaID     string
	Format      string // "amr" or "speex"
	Recognition string // recognized text, if the account has speech recognition enabled
	MediaID16K  string // the recording as AMR at 16 kHz
	MsgDataID   int64  // msg_data_id of the article that the message was sent from; 0 if none
	Position    int    `push:"Idx"` // of that article in its mass message or publication, starting at 1
}

// VideoMessage is a video that a follower sent (视频消息).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages
type VideoMessage struct {
	Header

	MsgID        int64
	MediaID      string
	ThumbMediaID string
	MsgDataID    int64 // msg_data_id of the article that the message was sent from; 0 if none
	Position     int   `push:"Idx"` // of that article in its mass message or publication, starting at 1
}

// ShortVideoMessage is a short video that a follower recorded in the chat (小视频消息).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages
type ShortVideoMessage struct {
	Header

	MsgID        int64
	MediaID      string
	ThumbMediaID string
	MsgDataID    int64 // msg_data_id of the article that the message was sent from; 0 if none
	Position     int   `push:"Idx"` // of that article in its mass message or publication, starting at 1
}

// LocationMessage is a place that a follower picked on the map and sent (地理位置消息).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages
type LocationMessage struct {
	Header

	MsgID     int64
	Latitude  float64 `push:"Location_X"`
	Longitude float64 `push:"Location_Y"`
	Scale     int64   // zoom level of the map
	Label     string
	MsgDataID int64 // msg_data_id of the article that the message was sent from; 0 if none
	Position  int   `push:"Idx"` // of that article in its mass message or publication, starting at 1
}

// LinkMessage is a link to a page that a follower sent (链接消息).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages
type LinkMessage struct {
	Header

	MsgID       int64
	Title       string
	Description string
	URL         string
	MsgDataID   int64 // msg_data_id of the article that the message was sent from; 0 if none
	Position    int   `push:"Idx"` // of that article in its mass message or publication, starting at 1
}

// FileMessage is a file that a follower sent (文件消息).
//
// It has no current official page.
type FileMessage struct {
	Header

	MsgID       int64
	Title       string
	Description string
	FileKey     string
	FileMD5     string
	FileSize    int64 `push:"FileTotalLen"` // in bytes
}

// MiniProgramPageMessage is a mini program card that a user sent (小程序卡片消息).
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

// HardwareMessage is a message of the discontinued hardware platform (硬件消息).
//
// The platform has discontinued the feature, but may still send the push.
type HardwareMessage struct {
	Header

	MsgID    int64
	Hardware HardwareView
}

// HardwareView is how a [HardwareMessage] is shown to the follower.
type HardwareView struct {
	MessageView   string
	MessageAction string
}

// EnterEvent is sent when a follower opens the chat. Only very old accounts receive it
// (进入会话事件).
//
// The platform has discontinued the feature, but may still send the push.
type EnterEvent struct {
	Header
}
