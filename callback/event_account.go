package callback

import "time"

// UserInfoModifiedEvent is sent when somebody who authorised the account
// changes his profile, within 30 days (授权用户资料变更事件).
//
// https://developers.weixin.qq.com/doc/service/guide/h5/auth
type UserInfoModifiedEvent struct {
	Header

	OpenID     string
	AppID      string
	UnionID    string
	RevokeInfo string
}

// UserAuthorizationRevokeEvent is sent when somebody withdraws his
// authorisation. The account must delete his data (授权用户资料撤回事件).
//
// https://developers.weixin.qq.com/doc/service/guide/h5/auth
type UserAuthorizationRevokeEvent struct {
	Header

	OpenID     string
	AppID      string
	UnionID    string
	RevokeInfo string // code of what was withdrawn
}

// UserAuthorizationCancellationEvent is sent when somebody who authorised the
// account closed his WeChat account. His data must be deleted (授权用户注销事件).
//
// https://developers.weixin.qq.com/doc/service/guide/h5/auth
type UserAuthorizationCancellationEvent struct {
	Header

	OpenID     string
	AppID      string
	UnionID    string
	RevokeInfo string
}

// QualificationVerifySuccessEvent tells that the qualification of the account
// was verified (资质认证成功事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation
type QualificationVerifySuccessEvent struct {
	Header

	ExpireTime time.Time `push:"ExpiredTime"`
}

// QualificationVerifyFailEvent tells that the qualification of the account was
// not verified (资质认证失败事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation
type QualificationVerifyFailEvent struct {
	Header

	FailTime   time.Time
	FailReason string
}

// NamingVerifySuccessEvent tells that the name of the account was verified
// (名称认证成功事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation
type NamingVerifySuccessEvent struct {
	Header

	ExpireTime time.Time `push:"ExpiredTime"`
}

// NamingVerifyFailEvent tells that the name of the account was not verified;
// its API permissions remain (名称认证失败事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation
type NamingVerifyFailEvent struct {
	Header

	FailTime   time.Time
	FailReason string
}

// AnnualRenewEvent reminds that the verification of the account must be
// renewed (年审通知事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation
type AnnualRenewEvent struct {
	Header

	ExpireTime time.Time `push:"ExpiredTime"`
}

// VerifyExpiredEvent tells that the verification of the account is over
// (认证过期失效通知事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation
type VerifyExpiredEvent struct {
	Header

	ExpireTime time.Time `push:"ExpiredTime"`
}

// VerifyPaySuccessEvent tells that the fee of a verification was paid
// (认证支付成功事件).
//
// It has no current official page.
type VerifyPaySuccessEvent struct {
	Header

	OrderID string
}

// VerifyDispatchEvent tells who reviews a verification (认证分配审核提供商事件).
//
// It has no current official page.
type VerifyDispatchEvent struct {
	Header

	Provider     string
	Contact      string
	DispatchTime time.Time
}

// VerifyRefillEvent tells that a verification needs more material
// (认证打回补充材料事件).
//
// It has no current official page.
type VerifyRefillEvent struct {
	Header
}

// VerifyFailEvent tells that a verification was rejected for good (认证最终失败事件).
//
// It has no current official page.
type VerifyFailEvent struct {
	Header
}

// MediaCheckEvent tells what a content check found (内容安全异步检测结果事件).
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

// MediaCheckDetail is what one strategy found.
type MediaCheckDetail struct {
	Strategy    string
	ErrorCode   int64  `push:"errcode"`
	Suggestion  string `push:"suggest"`
	Label       int64
	Probability int64 `push:"prob"`
}

// MediaCheckResult is the verdict.
type MediaCheckResult struct {
	Suggestion string `push:"suggest"`
	Label      int64
}
