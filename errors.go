package wechat

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/wechatoa/wechat/internal/tokencache"
)

// Code is an errcode of the platform (全局返回码). It is an error itself, so a
// program compares with it directly:
//
//	if errors.Is(err, wechat.ErrInvalidOpenID) { … }
//
// Any number can be compared, whether it has a name here or not:
// errors.Is(err, wechat.Code(45157)).
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

// Is reports whether the code belongs to the family that target names.
func (c Code) Is(target error) bool {
	family, ok := target.(CodeFamily)
	return ok && family.has(c)
}

// CodeFamily groups codes that ask for the same reaction. It is an error only to be
// compared with: errors.Is(err, wechat.ErrQuotaExceeded). The platform uses some
// codes for two things; an [Error] belongs to the family that fits its Path. 50002
// is one frozen user on calls about users, the whole account elsewhere; 40013 is the
// mini program's AppID in messages and menus.
type CodeFamily string

// Error returns the name of the family.
func (f CodeFamily) Error() string { return string(f) }

// The families of codes.
const (
	// ErrInvalidToken: the access_token was refused. The client has already
	// refreshed it and tried again when a caller sees this.
	ErrInvalidToken CodeFamily = "access_token refused"
	// ErrConfiguration: the AppID, AppSecret, an API security key or the caller's IP
	// address is not accepted. Only a change in the console helps.
	ErrConfiguration CodeFamily = "account configuration refused"
	// ErrQuotaExceeded: a limit on the number of calls was reached.
	ErrQuotaExceeded CodeFamily = "quota exceeded"
	// ErrBusy: the platform asks to try again.
	ErrBusy CodeFamily = "platform busy"
	// ErrForbidden: the account may not call this API, or is punished.
	ErrForbidden CodeFamily = "not permitted"
	// ErrUnreachableUser: this user can not be reached, now or at all. The call
	// may work for other users.
	ErrUnreachableUser CodeFamily = "user can not be reached"
)

// Error is the platform's refusal of a call: it answered, and errcode was not 0.
type Error struct {
	Code      Code   // errcode
	Message   string // errmsg without the request id; meant for people, the platform changes it
	RequestID string // rid of the call, for [Client.GetRequestInfo] within 7 days; may be empty
	Method    string // HTTP method of the call
	Path      string // path of the call, without its query
	Status    int    // HTTP status; the platform normally refuses with 200

	// OutcomeUnknown: this attempt or one before it may have been executed, see
	// [ErrUnknownOutcome].
	OutcomeUnknown bool

	// RetryAfter is how long to wait before the same call can succeed; 0 where
	// that is not known. It is set for [ErrMinuteQuota].
	RetryAfter time.Duration
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
	return s
}

// Is reports whether target is the code of the refusal, a [Family] that the code
// belongs to on this path, or [ErrUnknownOutcome] when the outcome is unknown.
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
	return slog.GroupValue(
		slog.Int("code", int(e.Code)), slog.String("message", e.Message), slog.String("rid", e.RequestID),
		slog.String("method", e.Method), slog.String("path", e.Path), slog.Int("status", e.Status),
		slog.Bool("outcome_unknown", e.OutcomeUnknown))
}

// ErrUnknownOutcome marks the error of a call that may have been executed: a request
// went out, no attempt is known to have succeeded, and the call is neither a read nor
// idempotent. It can come with each type of error, also with a refusal: an attempt
// before it may have been executed. The program decides: look the result up, or send
// again and accept a possible duplicate.
var ErrUnknownOutcome = errors.New("outcome unknown, the platform may have executed the call")

// ErrClosed is the error of calls of a client after [Client.Close].
var ErrClosed = tokencache.ErrClosed

// RequestError is a call that did not get an answer from the platform: the
// connection failed, the time ran out, or a status other than 2xx came back
// without an errcode.
type RequestError struct {
	Method   string
	Path     string
	Status   int    // HTTP status, 0 where no answer came
	Excerpt  string // the first bytes of an answer that was no JSON, without secrets
	Attempts int    // how many times the call was sent
	Err      error  // the cause, without the URL

	// OutcomeUnknown: the call may have been executed, see [ErrUnknownOutcome].
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

// DecodeError is an answer that could not be read: no JSON, cut off, too large,
// or of another shape than documented. Nobody knows whether the platform gave it:
// unless the call is a read or idempotent, the error is [ErrUnknownOutcome].
type DecodeError struct {
	Method   string
	Path     string
	Status   int
	Excerpt  string // at most 512 bytes of the answer, without secrets
	Attempts int    // how many times the call was sent
	Err      error

	// OutcomeUnknown: the call may have been executed, see [ErrUnknownOutcome].
	OutcomeUnknown bool
}

// Error describes the unreadable answer.
func (e *DecodeError) Error() string {
	s := "wechat: " + e.Method + " " + e.Path + ": unreadable answer: " + e.Err.Error()
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

// ArgumentError is a call that was not sent because an argument can not be right.
type ArgumentError struct {
	Argument string // the argument or field, such as "openID" or "menu.Buttons[1].Name"
	Reason   string // what is wrong with it, such as "is empty"

	cause error
}

// Error names the argument and its problem.
func (e *ArgumentError) Error() string {
	return "wechat: invalid argument " + e.Argument + ": " + e.Reason
}

// Unwrap returns what stands behind the problem, such as the error of a reader, or
// nil.
func (e *ArgumentError) Unwrap() error { return e.cause }

func invalid(argument, format string, args ...any) error {
	problem := fmt.Errorf(format, args...)
	return &ArgumentError{Argument: argument, Reason: problem.Error(), cause: errors.Unwrap(problem)}
}

// callError is one of the errors of a call. Each can say that the outcome of the call
// is unknown; it does so in a copy, because callers who wait for the same token share
// an error.
type callError interface {
	error
	withOutcome(unknown bool) error
}

func (e *Error) withOutcome(unknown bool) error {
	c := *e
	c.OutcomeUnknown = unknown
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
	cause error // why there was no other
}

// Error describes the last attempt and why there was no other.
func (e *stopped) Error() string { return e.last.Error() + "; not retried: " + e.cause.Error() }

// Unwrap returns both.
func (e *stopped) Unwrap() []error { return []error{e.last, e.cause} }

func (e *stopped) withOutcome(unknown bool) error {
	return &stopped{last: withOutcome(e.last, unknown), cause: withOutcome(e.cause, false)}
}

// withOutcome returns err saying whether the outcome of its call is unknown.
func withOutcome(err error, unknown bool) error {
	if e, ok := err.(callError); ok { //nolint:errorlint // what is wrapped belongs to another call
		return e.withOutcome(unknown)
	}
	return err
}
