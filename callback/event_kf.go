package callback

// KFCreateSessionEvent is sent when an agent takes a conversation (客服接入会话事件).
//
// It has no current official page.
//
// https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Session_control
type KFCreateSessionEvent struct {
	Header

	KFAccount string
}

func (m *KFCreateSessionEvent) read(n *node) {
	m.KFAccount = n.string("KfAccount")
}

// KFCloseSessionEvent is sent when a conversation with an agent ends
// (客服关闭会话事件).
//
// It has no current official page.
//
// https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Session_control
type KFCloseSessionEvent struct {
	Header

	KFAccount string
	CloseType string
}

func (m *KFCloseSessionEvent) read(n *node) {
	m.KFAccount = n.string("KfAccount")
	m.CloseType = n.string("CloseType")
}

// KFSwitchSessionEvent is sent when a conversation goes from one agent to
// another (客服转接会话事件).
//
// It has no current official page.
//
// https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Session_control
type KFSwitchSessionEvent struct {
	Header

	FromKFAccount string
	ToKFAccount   string
}

func (m *KFSwitchSessionEvent) read(n *node) {
	m.FromKFAccount = n.string("FromKfAccount")
	m.ToKFAccount = n.string("ToKfAccount")
}

// UserEnterTempSessionEvent is sent when a user of a mini program opens the
// chat (用户进入客服会话事件).
//
// It has no current official page.
type UserEnterTempSessionEvent struct {
	Header

	SessionFrom string
}

func (m *UserEnterTempSessionEvent) read(n *node) {
	m.SessionFrom = n.string("SessionFrom")
}
