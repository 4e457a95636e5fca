package callback

// TextMessage is a text that a follower wrote (文本消息).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages
type TextMessage struct {
	Header

	MsgID      int64
	Content    string
	MenuItemID string // set when the follower tapped an item of a menu message
	MsgDataID  string // article that it was sent from
	Position   int64  // place in that article, from 1
}

func (m *TextMessage) read(n *node) {
	m.MsgID = n.int("MsgId")
	m.Content = n.string("Content")
	m.MenuItemID = n.string("bizmsgmenuid")
	m.MsgDataID = n.string("MsgDataId")
	m.Position = n.int("Idx")
}

// ImageMessage is a picture (图片消息).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages
type ImageMessage struct {
	Header

	MsgID      int64
	PictureURL string
	MediaID    string
	MsgDataID  string // article that it was sent from
	Position   int64  // place in that article, from 1
}

func (m *ImageMessage) read(n *node) {
	m.MsgID = n.int("MsgId")
	m.PictureURL = n.string("PicUrl")
	m.MediaID = n.string("MediaId")
	m.MsgDataID = n.string("MsgDataId")
	m.Position = n.int("Idx")
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
	MsgDataID   string // article that it was sent from
	Position    int64  // place in that article, from 1
}

func (m *VoiceMessage) read(n *node) {
	m.MsgID = n.int("MsgId")
	m.MediaID = n.string("MediaId")
	m.Format = n.string("Format")
	m.Recognition = n.string("Recognition")
	m.MediaID16K = n.string("MediaId16K")
	m.MsgDataID = n.string("MsgDataId")
	m.Position = n.int("Idx")
}

// VideoMessage is a video (视频消息).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages
type VideoMessage struct {
	Header

	MsgID        int64
	MediaID      string
	ThumbMediaID string
	MsgDataID    string // article that it was sent from
	Position     int64  // place in that article, from 1
}

func (m *VideoMessage) read(n *node) {
	m.MsgID = n.int("MsgId")
	m.MediaID = n.string("MediaId")
	m.ThumbMediaID = n.string("ThumbMediaId")
	m.MsgDataID = n.string("MsgDataId")
	m.Position = n.int("Idx")
}

// ShortVideoMessage is a short video, recorded in the chat (小视频消息).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages
type ShortVideoMessage struct {
	Header

	MsgID        int64
	MediaID      string
	ThumbMediaID string
	MsgDataID    string // article that it was sent from
	Position     int64  // place in that article, from 1
}

func (m *ShortVideoMessage) read(n *node) {
	m.MsgID = n.int("MsgId")
	m.MediaID = n.string("MediaId")
	m.ThumbMediaID = n.string("ThumbMediaId")
	m.MsgDataID = n.string("MsgDataId")
	m.Position = n.int("Idx")
}

// LocationMessage is a place that a follower picked on the map (地理位置消息).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages
type LocationMessage struct {
	Header

	MsgID     int64
	Latitude  float64
	Longitude float64
	Scale     int64 // of the map
	Label     string
	MsgDataID string // article that it was sent from
	Position  int64  // place in that article, from 1
}

func (m *LocationMessage) read(n *node) {
	m.MsgID = n.int("MsgId")
	m.Latitude = n.float("Location_X")
	m.Longitude = n.float("Location_Y")
	m.Scale = n.int("Scale")
	m.Label = n.string("Label")
	m.MsgDataID = n.string("MsgDataId")
	m.Position = n.int("Idx")
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
	MsgDataID   string // article that it was sent from
	Position    int64  // place in that article, from 1
}

func (m *LinkMessage) read(n *node) {
	m.MsgID = n.int("MsgId")
	m.Title = n.string("Title")
	m.Description = n.string("Description")
	m.URL = n.string("Url")
	m.MsgDataID = n.string("MsgDataId")
	m.Position = n.int("Idx")
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
	FileSize    int64 // bytes
}

func (m *FileMessage) read(n *node) {
	m.MsgID = n.int("MsgId")
	m.Title = n.string("Title")
	m.Description = n.string("Description")
	m.FileKey = n.string("FileKey")
	m.FileMD5 = n.string("FileMd5")
	m.FileSize = n.int("FileTotalLen")
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

func (m *MiniProgramPageMessage) read(n *node) {
	m.MsgID = n.int("MsgId")
	m.Title = n.string("Title")
	m.AppID = n.string("AppId")
	m.PagePath = n.string("PagePath")
	m.ThumbURL = n.string("ThumbUrl")
	m.ThumbMediaID = n.string("ThumbMediaId")
}

// HardwareMessage is a message of the withdrawn hardware platform (硬件消息).
//
// The platform has withdrawn the feature; the push can still come.
type HardwareMessage struct {
	Header

	MsgID    int64
	Hardware HardwareView
}

func (m *HardwareMessage) read(n *node) {
	m.MsgID = n.int("MsgId")
	m.Hardware = readHardwareView(n.get("HardWare"))
}

// HardwareView tells what the follower sees.
type HardwareView struct {
	MessageView   string
	MessageAction string
}

func readHardwareView(n *node) (v HardwareView) {
	v.MessageView = n.string("MessageView")
	v.MessageAction = n.string("MessageAction")
	return v
}

// EnterEvent is an event that only very old accounts get (进入会话事件).
//
// The platform has withdrawn the feature; the push can still come.
type EnterEvent struct {
	Header
}

func (*EnterEvent) read(*node) {}
