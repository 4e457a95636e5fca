package wechattest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
)

// Reason is why a follower saw nothing or the notice that the account is unavailable, or
// why the platform did not accept a response of the callback.
type Reason string

// The reasons why nothing was sent.
const (
	ReasonNoCallback   Reason = "no_callback"    // no callback is configured
	ReasonNotFollowing Reason = "not_following"  // the user does not follow the account
	ReasonBlacklisted  Reason = "blacklisted"    // the user is on the blacklist
	ReasonQRCode       Reason = "qrcode_expired" // the QR code has expired
	ReasonPaused       Reason = "pushes_paused"  // pushes are paused after failures
)

// The reasons why a follower saw nothing, though the callback accepted the push.
const (
	ReasonNoReply     Reason = "empty"       // the response was empty or "success"
	ReasonNotShown    Reason = "not_shown"   // the app shows no reply to this event, or none of this type
	ReasonTransferred Reason = "transferred" // the reply forwards the message to the agents, or to another service
)

// The reasons why the callback did not respond.
const (
	ReasonTimeout     Reason = "timeout"      // no complete response within the push timeout
	ReasonRefused     Reason = "refused"      // nobody listens at the address
	ReasonUnknownHost Reason = "unknown_host" // the host name cannot be resolved
	ReasonUnreachable Reason = "unreachable"  // there is no connection for another reason
	ReasonClosed      Reason = "closed"       // the connection ended without a complete response
	ReasonCertificate Reason = "certificate"  // the TLS handshake failed, such as because of an untrusted certificate
	ReasonCanceled    Reason = "canceled"     // the context of the push has ended, or the platform was closed
)

// The reasons why the platform did not accept the response.
const (
	ReasonRedirect     Reason = "redirect"      // the platform does not follow redirects
	ReasonStatus       Reason = "status"        // HTTP status other than 200
	ReasonEchostr      Reason = "echostr"       // the response to the verification is not the echostr
	ReasonFormat       Reason = "format"        // neither XML nor JSON in UTF-8
	ReasonNotEncrypted Reason = "not_encrypted" // a plaintext reply in safe mode
	ReasonSignature    Reason = "signature"     // the MsgSignature is wrong
	ReasonEncryption   Reason = "encryption"    // the reply cannot be decrypted, or belongs to another AppID
	ReasonAddress      Reason = "address"       // ToUserName or FromUserName is wrong
	ReasonReplyType    Reason = "reply_type"    // unknown MsgType
	ReasonContent      Reason = "content"       // an element is missing, too long or malformed
	ReasonMedia        Reason = "media"         // the media ID does not exist
)

// CallbackError is why the platform did not accept a response of the callback.
type CallbackError struct {
	Reason Reason
	Status int    // HTTP status of the response, or 0 if there was none
	Body   []byte // of the response

	err error
}

func (e *CallbackError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *CallbackError) Unwrap() error { return e.err }

// rejected returns the error of a response that the platform does not accept.
func rejected(reason Reason, format string, args ...any) error {
	return &CallbackError{Reason: reason, err: fmt.Errorf(format, args...)}
}

// reasonOf returns the reason of an error, or "" if it is nil.
func reasonOf(err error) Reason {
	var e *CallbackError
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// unanswered classifies the error of a request to the callback. whole is the context of
// the push, which outlives its deliveries.
func unanswered(whole context.Context, err error) error {
	reason := ReasonUnreachable
	var (
		name        *net.DNSError
		dial        *net.OpError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		alert       tls.AlertError
	)
	switch {
	case whole.Err() != nil:
		reason = ReasonCanceled
	case errors.Is(err, context.DeadlineExceeded):
		reason = ReasonTimeout
	case errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &alert):
		reason = ReasonCertificate
	case errors.As(err, &name):
		reason = ReasonUnknownHost
	case errors.Is(err, syscall.ECONNREFUSED):
		reason = ReasonRefused
	case errors.As(err, &dial) && dial.Op == "dial":
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.As(err, &dial):
		reason = ReasonClosed
	}
	return &CallbackError{Reason: reason, err: err}
}

// checkStatus returns an error unless the status of a response is 200.
func checkStatus(status int) error {
	switch {
	case status == http.StatusOK:
		return nil
	case status >= http.StatusMultipleChoices && status < http.StatusBadRequest:
		return &CallbackError{
			Reason: ReasonRedirect, Status: status, err: fmt.Errorf("HTTP status %d, a redirect, which the platform does not follow", status),
		}
	}
	return &CallbackError{Reason: ReasonStatus, Status: status, err: fmt.Errorf("HTTP status %d", status)}
}

// quiet returns why a follower sees nothing after an accepted push, or "" if they see the
// reply.
func (r *Report) quiet() Reason {
	switch {
	case r.Reply == nil:
		return ReasonNoReply
	case r.shown():
		return ""
	case r.Push.Type == "event" && !takesReply(r.Push.Event):
		return ReasonNotShown
	case r.Reply.Type == "transfer_customer_service", r.Reply.Type == "transfer_biz_ai_ivr":
		return ReasonTransferred
	}
	return ReasonNotShown
}
