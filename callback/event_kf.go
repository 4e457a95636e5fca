package callback

// KFCreateSessionEvent is sent when an agent accepts a session (客服接入会话事件).
//
// It has no current official page. An older one is:
//
// https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Session_control
type KFCreateSessionEvent struct {
	Header

	KFAccount string
}

// KFCloseSessionEvent is sent when a session with an agent is closed
// (客服关闭会话事件).
//
// It has no current official page. An older one is:
//
// https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Session_control
type KFCloseSessionEvent struct {
	Header

	KFAccount string
	CloseType string
}

// KFSwitchSessionEvent is sent when a session is transferred from one agent to another
// (客服转接会话事件).
//
// It has no current official page. An older one is:
//
// https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Session_control
type KFSwitchSessionEvent struct {
	Header

	FromKFAccount string
	ToKFAccount   string
}

// UserEnterTempSessionEvent is sent when a user opens the customer-service chat of a mini
// program (用户进入客服会话事件).
//
// It has no current official page.
type UserEnterTempSessionEvent struct {
	Header

	SessionFrom string
}
