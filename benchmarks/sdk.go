// Package benchmarks measures this SDK beside a floor, plain resty and three other
// SDKs, all in one run. The floor is the same task written by hand, without an SDK.
// No traffic leaves the process or the loopback interface.
package benchmarks

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// SDK is what is measured: one of the others, ours or the floor.
type SDK struct {
	Name string
	// Client makes a client whose calls go to p. Nil if there is none.
	Client func(p *Platform) Client
	// OnlyCalls leaves the client out of all rows but those of single calls.
	OnlyCalls bool
	// Receiver makes a handler that answers each text message with its text. Nil if
	// there is none.
	Receiver func(m Mode) http.Handler
	// Decode has the decoders of three documents, nil where they cannot be called alone.
	Decode Decoders
	// Deduplicates says that a receiver handles a push once, whatever number of times
	// it is delivered.
	Deduplicates bool
	// ShortLife is an expires_in with which a client fetches the next token soon.
	// Zero if there is none.
	ShortLife Life
}

// Client is what every SDK can do.
type Client interface {
	// GetUser returns the openid in the profile.
	GetUser(ctx context.Context, openID string) (string, error)
	// SendTemplate returns the ID of the message.
	SendTemplate(ctx context.Context, openID string) (int64, error)
}

// The rest is what a client may also be able to do.
type (
	// Uploader sends a file as an image.
	Uploader interface {
		Upload(ctx context.Context, path string) error
	}
	// Downloader writes a media file to w.
	Downloader interface {
		Download(ctx context.Context, mediaID string, w io.Writer) error
	}
	// Lister fetches the profiles of all followers, in order.
	Lister interface {
		Followers(ctx context.Context, each func(openID string)) error
	}
	// Blocker puts users on the blacklist, any number of them, and lists it.
	Blocker interface {
		Block(ctx context.Context, openIDs []string) error
		Blacklist(ctx context.Context, each func(openID string)) error
	}
	// Analyst fetches the new followers of days, any number of them, by their source.
	Analyst interface {
		NewFollowers(ctx context.Context, from, to time.Time, each func(day string, n int64)) error
	}
)

// Decoders read a document as the client of the SDK does.
type Decoders struct {
	User, OpenIDs, Users func(document []byte) error
}

// Mode is the way in which pushes arrive.
type Mode string

// The modes of the console.
const (
	Plain Mode = "plain"
	Safe  Mode = "safe"
)

// The account of all benchmarks.
const (
	AppID     = "wx0123456789abcdef"
	AppSecret = "0123456789abcdef0123456789abcdef"
	Token     = "abcdefghijklmnopqrstuvwxyz"
	AESKey    = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	OpenID    = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"
	MessageID = 200228332
)

// SDKs are all that are measured, in the order of the tables.
var SDKs = []SDK{floor, plainResty, ours, unobserved, oursOnResty, silenceper, chanxuehong, powerWeChat}

var errRefused = errors.New("refused")

// refusal makes an error of an errcode.
func refusal(code int64) error {
	if code == 0 {
		return nil
	}
	return errRefused
}
