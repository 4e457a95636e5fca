package callback

import "time"

// UserInfoModifiedEvent is sent within 30 days after a user who authorized the account has
// changed their profile (授权用户资料变更事件).
//
// https://developers.weixin.qq.com/doc/service/guide/h5/auth
type UserInfoModifiedEvent struct {
	Header

	OpenID     string
	AppID      string
	UnionID    string
	RevokeInfo string
}

// UserAuthorizationRevokeEvent is sent when a user withdraws their authorization. The
// account must delete their data (授权用户资料撤回事件).
//
// https://developers.weixin.qq.com/doc/service/guide/h5/auth
type UserAuthorizationRevokeEvent struct {
	Header

	OpenID     string
	AppID      string
	UnionID    string
	RevokeInfo string // code of the permission that was withdrawn
}

// UserAuthorizationCancellationEvent is sent when a user who authorized the account
// closes their WeChat account. The account must delete their data (授权用户注销事件).
//
// https://developers.weixin.qq.com/doc/service/guide/h5/auth
type UserAuthorizationCancellationEvent struct {
	Header

	OpenID     string
	AppID      string
	UnionID    string
	RevokeInfo string
}

// QualificationVerifySuccessEvent is sent when the account's qualification has been
// verified (资质认证成功事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation
type QualificationVerifySuccessEvent struct {
	Header

	ExpireTime time.Time `push:"ExpiredTime"`
}

// QualificationVerifyFailEvent is sent when the verification of the account's qualification
// has failed (资质认证失败事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation
type QualificationVerifyFailEvent struct {
	Header

	FailTime   time.Time
	FailReason string
}

// NamingVerifySuccessEvent is sent when the account's name has been verified (名称认证成功事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation
type NamingVerifySuccessEvent struct {
	Header

	ExpireTime time.Time `push:"ExpiredTime"`
}

// NamingVerifyFailEvent is sent when the verification of the account's name has failed. The
// account keeps its API permissions (名称认证失败事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation
type NamingVerifyFailEvent struct {
	Header

	FailTime   time.Time
	FailReason string
}

// AnnualRenewEvent is a reminder to renew the account's verification (年审通知事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation
type AnnualRenewEvent struct {
	Header

	ExpireTime time.Time `push:"ExpiredTime"`
}

// VerifyExpiredEvent is sent when the account's verification has expired
// (认证过期失效通知事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation
type VerifyExpiredEvent struct {
	Header

	ExpireTime time.Time `push:"ExpiredTime"`
}

// VerifyPaySuccessEvent is sent when the fee for a verification has been paid (认证支付成功事件).
//
// It has no current official page.
type VerifyPaySuccessEvent struct {
	Header

	OrderID string
}

// VerifyDispatchEvent reports which provider reviews a verification (认证分配审核提供商事件).
//
// It has no current official page.
type VerifyDispatchEvent struct {
	Header

	Provider     string
	Contact      string
	DispatchTime time.Time
}

// VerifyRefillEvent is sent when a verification needs more documents
// (认证打回补充材料事件).
//
// It has no current official page.
type VerifyRefillEvent struct {
	Header
}

// VerifyFailEvent is sent when a verification has been rejected for good (认证最终失败事件).
//
// It has no current official page.
type VerifyFailEvent struct {
	Header
}

// MediaCheckEvent reports the result of a content check (内容安全异步检测结果事件).
//
// https://developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/sec-check
type MediaCheckEvent struct {
	Header

	AppID         string
	TraceID       string
	Version       int64
	Details       []MediaCheckDetail `push:"detail"`
	Result        MediaCheckResult
	StatusCode    int64
	IsRisky       bool
	ExtraInfoJSON string
}

// MediaCheckDetail is the result of one detection strategy.
type MediaCheckDetail struct {
	Strategy    string
	ErrorCode   int64  `push:"errcode"`
	Suggestion  string `push:"suggest"`
	Label       int64
	Probability int64 `push:"prob"`
}

// MediaCheckResult is the overall result of a content check.
type MediaCheckResult struct {
	Suggestion string `push:"suggest"`
	Label      int64
}
