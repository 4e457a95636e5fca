package wechat

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/wechatoa/wechat/internal/tokencache"
)

// Code is an errcode of the platform (全局返回码). It implements error, so that it can be
// the target of [errors.Is]:
//
//	if errors.Is(err, wechat.ErrInvalidOpenID) { … }
//
// So can a code that has no name: errors.Is(err, wechat.Code(40066)).
//
// https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html
type Code int

// Error returns the number of the code and, if it is known, what it means.
func (c Code) Error() string {
	number := strconv.Itoa(int(c))
	if text, ok := c.text(); ok {
		return number + " " + text
	}
	return number
}

// text returns what the code means, if it is known.
func (c Code) text() (string, bool) {
	if text, ok := _Code_map[c]; ok {
		return text, true
	}
	text, ok := unnamed[c]
	return text, ok
}

// Is reports whether target is a [CodeFamily] that the code belongs to.
func (c Code) Is(target error) bool {
	family, ok := target.(CodeFamily)
	return ok && family.has(c)
}

// CodeFamily is a group of codes that a program handles in the same way. It implements
// error only to be the target of [errors.Is]: errors.Is(err, wechat.ErrQuotaExceeded).
//
// The platform uses some codes for two purposes. Which family an [Error] belongs to then
// depends on its Path: 50002 means that a user is restricted if the call is about users,
// and otherwise that the account is; 40013 is about the AppID of a mini program if the
// call is about messages or menus, and otherwise about the account's own; 40001 is about
// the AppSecret, so that it belongs to [ErrConfiguration] too, if the call was to fetch a
// token.
type CodeFamily string

// Error returns the name of the family.
func (f CodeFamily) Error() string { return string(f) }

// The families of codes.
const (
	// ErrInvalidToken means that the access_token was rejected and that another one did
	// not help, or that there was no other one: the platform can issue a rejected stable
	// token again, see [WithForcedRefresh].
	//
	// Codes: [ErrInvalidCredential], [ErrInvalidAccessToken], [ErrMissingAccessToken],
	// [ErrExpiredAccessToken].
	ErrInvalidToken CodeFamily = "access_token refused"
	// ErrConfiguration means that the platform rejected the AppID, the AppSecret, a key
	// of API security or the IP address of the caller. Check them in the console.
	//
	// Codes: [ErrInvalidGrantType], [ErrInvalidAppID], [ErrInvalidSecret], [ErrSecretFrozen],
	// [ErrIPNotAllowed], [ErrMissingAppID], [ErrMissingSecret], [ErrIPNotRegistered],
	// [ErrIPUnconfirmed], [ErrIPPending], [ErrIPRejectedForDay], [ErrIPRejectedForHour],
	// 40236, 40237, 40238, 40239, 40240.
	ErrConfiguration CodeFamily = "account configuration refused"
	// ErrQuotaExceeded means that a limit on the number of calls was reached.
	//
	// Codes: [ErrDailyQuota], [ErrMinuteQuota], [ErrFrequencyLimit], [ErrMassQuota],
	// [ErrMassTooFast], [ErrClearQuotaLimit], [ErrOCRQuota], [ErrQRCodePublishLimit],
	// [ErrStoreChangeLimit], [ErrTemplateChangeLimit], 45010.
	ErrQuotaExceeded CodeFamily = "quota exceeded"
	// ErrBusy means that the platform is busy or its data is not ready yet. Send the
	// call again later.
	//
	// Codes: [ErrSystemBusy], [ErrSystemError], [ErrConcurrentTagging],
	// [ErrConcurrentSubscriptions], [ErrDataNotReady], [ErrInvoiceInProgress],
	// [ErrInvoiceSerialInProgress], 20001, 45061, 45112, 61450, 72036, 73102, 200001, 886001,
	// 9500001, 9500002, 268487001, 268487002, 268488001.
	ErrBusy CodeFamily = "platform busy"
	// ErrForbidden means that the account is not permitted to call this API, or is
	// restricted.
	//
	// Codes: [ErrUnauthorizedAPI], [ErrBannedAPI], [ErrRestricted], [ErrTokenForbidden],
	// [ErrAccountFrozen], [ErrWrongAccountType], [ErrStoresNotPermitted],
	// [ErrSubscriptionsBanned], [ErrKFNotEnabled], [ErrNoCommentPermission],
	// [ErrConditionalMenusUnsupported], [ErrConditionalMenusOff], 48003, 48023, 53404, 53406,
	// 61007, 65319, 200011, 200100.
	ErrForbidden CodeFamily = "not permitted"
	// ErrUnreachableUser means that the user cannot currently receive messages. Other
	// users may.
	//
	// Codes: [ErrInvalidOpenID], [ErrNotFollower], [ErrBlacklisted], [ErrReplyWindowClosed],
	// [ErrReplyLimit], [ErrSubscriptionRefused], [ErrTooManyTemplateMessages],
	// [ErrMessagesRefused], [ErrUserNotFound], [ErrUserNotFollowing], [ErrMatchUserNotFound],
	// 49003, 65315.
	ErrUnreachableUser CodeFamily = "user cannot be reached"
)

// Error reports that the platform refused a call: it returned an errcode other than 0. If
// a response has no errcode but reports that its data is delayed or that some openids
// failed, the client returns an Error with [ErrDataNotReady] or [ErrPartlyFailed].
type Error struct {
	Code      Code   // errcode
	Message   string // errmsg without the request ID; the platform may change the wording
	RequestID string // rid of the call, accepted by [Client.GetRequestInfo] for 7 days; may be empty
	Method    string // HTTP method of the call
	Path      string // path of the call, without its query
	Status    int    // HTTP status, normally 200

	// OutcomeUnknown means that this or a previous attempt may have been executed; see
	// [ErrUnknownOutcome].
	OutcomeUnknown bool

	// RetryAfter is the time to wait before the call can succeed, or 0 if it is not
	// known. It is set for [ErrMinuteQuota], and if the client did not send a request for
	// a token because the platform has just refused one.
	RetryAfter time.Duration

	note string // ends the text
}

// Error describes the refused call.
func (e *Error) Error() string {
	s := "wechat: " + e.Method + " " + e.Path + ": "
	if e.Message != "" {
		s += strconv.Itoa(int(e.Code)) + " " + e.Message
	} else {
		s += e.Code.Error()
	}
	if e.RequestID != "" {
		s += " (rid " + e.RequestID + ")"
	}
	if e.OutcomeUnknown {
		s += " (" + ErrUnknownOutcome.Error() + ")"
	}
	if e.note != "" {
		s += "; " + e.note
	}
	return s
}

// Is reports whether target is the Code, a [CodeFamily] that the code belongs to on this
// Path, or, if the outcome is unknown, [ErrUnknownOutcome].
func (e *Error) Is(target error) bool {
	switch target := target.(type) {
	case Code:
		return e.Code == target
	case CodeFamily:
		return target.hasAt(e.Path, e.Code)
	}
	return target == ErrUnknownOutcome && e.OutcomeUnknown
}

// As stores the code if target points to a [Code].
func (e *Error) As(target any) bool {
	code, ok := target.(*Code)
	if ok {
		*code = e.Code
	}
	return ok
}

// LogValue returns the error as a group of attributes.
func (e *Error) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.Int("code", int(e.Code)), slog.String("message", e.Message), slog.String("rid", e.RequestID),
		slog.String("method", e.Method), slog.String("path", e.Path), slog.Int("status", e.Status),
		slog.Bool("outcome_unknown", e.OutcomeUnknown),
	}
	if e.note != "" {
		attrs = append(attrs, slog.String("note", e.note))
	}
	return slog.GroupValue(attrs...)
}

// ErrUnknownOutcome marks the error of a call that is not idempotent and may have been
// executed. Errors of every type can be marked, even a refusal, because an earlier
// attempt may have been executed. Look up the result, or send the call again and accept
// a possible duplicate.
var ErrUnknownOutcome = errors.New("outcome unknown, the platform may have executed the call")

// ErrClosed is returned by calls of a client after [Client.Close].
var ErrClosed = tokencache.ErrClosed

// ErrTokenLock is returned by calls that need a new classic token while the
// [TokenStore] fails and no token may be fetched without its lock: always with
// [WithRequiredTokenLock], otherwise for 5 minutes after a token was fetched that way.
var ErrTokenLock = tokencache.ErrUnlocked

// RequestError reports that a call got no usable response: the connection failed, the
// time limit was exceeded, or the response had a status other than 2xx and no errcode.
type RequestError struct {
	Method   string
	Path     string
	Status   int    // HTTP status; 0 if there was no response
	Excerpt  string // the beginning of the response, without secrets
	Attempts int    // number of times that the call was sent
	Err      error  // the cause, without the URL

	// OutcomeUnknown means that the call may have been executed; see
	// [ErrUnknownOutcome].
	OutcomeUnknown bool
}

// Error describes the failed call.
func (e *RequestError) Error() string {
	s := "wechat: " + e.Method + " " + e.Path + ": "
	if e.Err != nil {
		s += e.Err.Error()
	} else {
		s += "HTTP status " + strconv.Itoa(e.Status)
	}
	if e.OutcomeUnknown {
		s += " (" + ErrUnknownOutcome.Error() + ")"
	}
	if e.Excerpt != "" {
		s += fmt.Sprintf(": %q", e.Excerpt)
	}
	return s
}

// Unwrap returns the cause.
func (e *RequestError) Unwrap() error { return e.Err }

// Is reports whether target is [ErrUnknownOutcome] and the outcome is unknown.
func (e *RequestError) Is(target error) bool { return e.OutcomeUnknown && target == ErrUnknownOutcome }

// LogValue returns the error as a group of attributes.
func (e *RequestError) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("method", e.Method), slog.String("path", e.Path), slog.Int("status", e.Status),
		slog.Int("attempts", e.Attempts), slog.Bool("outcome_unknown", e.OutcomeUnknown),
	}
	if e.Err != nil {
		attrs = append(attrs, slog.String("cause", e.Err.Error()))
	}
	return slog.GroupValue(attrs...)
}

// DecodeError reports that a response could not be decoded: it is not JSON, incomplete,
// too large, or not of the documented form. The call may have been executed: unless it
// is idempotent, the error is [ErrUnknownOutcome].
type DecodeError struct {
	Method   string
	Path     string
	Status   int
	Excerpt  string // the beginning of the response, at most 512 bytes, without secrets
	Attempts int    // number of times that the call was sent
	Err      error  // the cause

	// OutcomeUnknown means that the call may have been executed; see
	// [ErrUnknownOutcome].
	OutcomeUnknown bool
}

// Error describes the unreadable response.
func (e *DecodeError) Error() string {
	s := "wechat: " + e.Method + " " + e.Path + ": unreadable response: " + e.Err.Error()
	if e.OutcomeUnknown {
		s += " (" + ErrUnknownOutcome.Error() + ")"
	}
	if e.Excerpt != "" {
		s += fmt.Sprintf(": %q", e.Excerpt)
	}
	return s
}

// Unwrap returns the cause.
func (e *DecodeError) Unwrap() error { return e.Err }

// Is reports whether target is [ErrUnknownOutcome] and the outcome is unknown.
func (e *DecodeError) Is(target error) bool { return e.OutcomeUnknown && target == ErrUnknownOutcome }

// LogValue returns the error as a group of attributes.
func (e *DecodeError) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("method", e.Method), slog.String("path", e.Path), slog.Int("status", e.Status),
		slog.Int("attempts", e.Attempts), slog.Bool("outcome_unknown", e.OutcomeUnknown), slog.String("cause", e.Err.Error()))
}

// ArgumentError reports an invalid argument, field or option. No request was sent.
type ArgumentError struct {
	Argument string // such as "openID", "Buttons[1].Name" or "WithTimeout"
	Reason   string // what it must be, such as "must not be empty"

	cause error
}

// Error names the argument and what it must be.
func (e *ArgumentError) Error() string {
	return "wechat: invalid argument " + e.Argument + ": " + e.Reason
}

// Unwrap returns the cause, such as the error of a reader, or nil.
func (e *ArgumentError) Unwrap() error { return e.cause }

// invalid returns an [*ArgumentError] with a reason that begins with "must".
func invalid(argument, format string, args ...any) error {
	reason := fmt.Errorf(format, args...)
	return &ArgumentError{Argument: argument, Reason: reason.Error(), cause: errors.Unwrap(reason)}
}

// callError is an error of a call that can report an unknown outcome. It does so in a
// copy, because callers that wait for the same token share an error.
type callError interface {
	error
	withOutcome(unknown bool) error
}

func (e *Error) withOutcome(unknown bool) error {
	c := *e
	c.OutcomeUnknown = unknown
	return &c
}

// noted returns err with a note at the end of its text if it is an [*Error].
func noted(err error, note string) error {
	refusal, ok := err.(*Error) //nolint:errorlint // a wrapped error belongs to another call
	if !ok {
		return err
	}
	c := *refusal
	c.note = note
	return &c
}

func (e *RequestError) withOutcome(unknown bool) error {
	c := *e
	c.OutcomeUnknown = unknown
	return &c
}

func (e *DecodeError) withOutcome(unknown bool) error {
	c := *e
	c.OutcomeUnknown = unknown
	return &c
}

// stopped is the error of a call that ended between two attempts.
type stopped struct {
	last  error // of the last attempt
	cause error // why there was no further attempt
}

// Error describes the last attempt and why there was no further one.
func (e *stopped) Error() string { return e.last.Error() + "; not retried: " + e.cause.Error() }

// Unwrap returns both.
func (e *stopped) Unwrap() []error { return []error{e.last, e.cause} }

func (e *stopped) withOutcome(unknown bool) error {
	return &stopped{last: withOutcome(e.last, unknown), cause: withOutcome(e.cause, false)}
}

// withOutcome returns a copy of err that reports whether the outcome of its call is
// unknown.
func withOutcome(err error, unknown bool) error {
	if e, ok := err.(callError); ok { //nolint:errorlint // a wrapped error belongs to another call
		return e.withOutcome(unknown)
	}
	return err
}
