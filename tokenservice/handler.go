// Package tokenservice implements the central token server (中控服务器) that the platform
// recommends. One program holds the AppSecrets and serves access tokens and tickets to
// the other programs of the accounts, in any language. These programs authenticate with
// a key instead of an AppSecret.
//
// [NewHandler] returns the service, and [NewSource] returns a client of it for Go
// programs. The requests are
//
//	POST /token   {"appid": "wx…", "rejected": "…"}
//	POST /ticket  {"appid": "wx…", "type": "jsapi"}
//
// with the key in the header "Authorization: Bearer …". The responses are
//
//	{"access_token": "…", "expires_in": 5400}
//	{"ticket": "…", "expires_in": 5400}
//
// expires_in is the remaining TTL in seconds, or 0 if it is unknown. If the platform
// has rejected a token, the program passes that token as rejected to get a different
// one. A response with a status other than 200 has the body
//
//	{"error": "…", "message": "…"}
package tokenservice

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/fleet"
	"github.com/wechatoa/wechat/internal/redact"
	"github.com/wechatoa/wechat/internal/usercode"
)

// Config configures a [Handler].
type Config struct {
	// Client returns the client of an account, or [wechat.ErrUnknownAccount] if the
	// account does not exist. Use the Get method of a [wechat.Clients], or [Only] for a
	// fixed set of clients. A function of your own must return when its context ends. If
	// 4 calls about an account have not, others for it fail until a minute is over.
	Client func(ctx context.Context, appID string) (*wechat.Client, error)

	// Programs are the programs that may use the service. [Handler.SetPrograms]
	// replaces them.
	Programs []Program

	// Logger receives a line for each request: the program, the AppID, what was
	// requested and the outcome. Anyone can send requests without a valid key, so at
	// most 60 of these per minute get a line; the next line contains the number of the
	// others. The default is [slog.Default].
	Logger *slog.Logger
}

// Only returns a function for [Config.Client] that serves a fixed set of clients.
func Only(clients ...*wechat.Client) func(ctx context.Context, appID string) (*wechat.Client, error) {
	byAppID := map[string]*wechat.Client{}
	for _, c := range clients {
		byAppID[c.AppID()] = c
	}
	return func(_ context.Context, appID string) (*wechat.Client, error) {
		if c := byAppID[appID]; c != nil {
			return c, nil
		}
		return nil, wechat.ErrUnknownAccount
	}
}

// Handler serves access tokens and tickets. It is an [http.Handler] for /token and
// /ticket; to mount it below another path, use [http.StripPrefix]. Serve it over TLS,
// with timeouts, and only in a private network: anyone who has a key controls the
// accounts that the key is for.
type Handler struct{ *service }

// service is behind a pointer so that no fmt verb prints what is in it.
type service struct {
	accounts *accounts
	programs atomic.Pointer[programs]
	log      *slog.Logger
	clean    *redact.Redactor

	strangers  *bucket // lines about requests without a valid key
	unreported atomic.Int64
}

const (
	maxBody    = 4 << 10
	bodyWithin = 5 * time.Second
	workWithin = 10 * time.Second

	strangersPerMinute = 60
)

// NewHandler returns the service. It returns a [*wechat.ArgumentError] if cfg is
// invalid.
func NewHandler(cfg Config) (*Handler, error) {
	if cfg.Client == nil {
		return nil, &wechat.ArgumentError{Argument: "Client", Reason: "must not be nil"}
	}
	h := &Handler{&service{
		accounts: newAccounts(cfg.Client), log: usercode.Logger(cfg.Logger), clean: redact.New(),
		strangers: newBucket(strangersPerMinute),
	}}
	if err := h.SetPrograms(cfg.Programs); err != nil {
		return nil, err
	}
	return h, nil
}

// SetPrograms replaces the programs that may use the service, for example to add a new
// key of a program or to remove an old one. If a program is invalid, SetPrograms
// changes nothing and returns a [*wechat.ArgumentError].
func (h *Handler) SetPrograms(list []Program) error {
	next, err := newPrograms(list, h.programs.Load())
	if err == nil {
		h.programs.Store(next)
	}
	return err
}

// request is what a program asks for.
type request struct {
	AppID    string            `json:"appid"`
	Rejected string            `json:"rejected,omitempty"` // of /token
	Type     wechat.TicketType `json:"type,omitempty"`     // of /ticket
}

// answer is the body of a response.
type answer struct {
	AccessToken string `json:"access_token,omitempty"`
	Ticket      string `json:"ticket,omitempty"`
	ExpiresIn   *int64 `json:"expires_in,omitempty"`

	Error   string      `json:"error,omitempty"`
	Message string      `json:"message,omitempty"`
	Code    wechat.Code `json:"errcode,omitempty"` // of the platform
}

// refusal is why a request is not served.
type refusal struct {
	status  int
	name    string // for programs
	message string // for people
	cause   error  // for the log; may be nil
}

func (r *refusal) Error() string { return r.name }

var (
	errUnauthorized = &refusal{http.StatusUnauthorized, "unauthorized", "the key is missing or not valid", nil}
	errNotFound     = &refusal{http.StatusNotFound, "not_found", "the paths are /token and /ticket", nil}
	errMethod       = &refusal{http.StatusMethodNotAllowed, "method_not_allowed", "the method must be POST", nil}
	errRate         = &refusal{http.StatusTooManyRequests, "rate_limited", "too many requests of this program", nil}
	errLarge        = &refusal{http.StatusRequestEntityTooLarge, "too_large", "the body must be at most 4 KiB", nil}
	errBody         = &refusal{http.StatusBadRequest, "bad_request", "the body must be a JSON object of appid, and rejected or type", nil}
	errAccount      = &refusal{http.StatusBadRequest, "bad_request", "appid must be an AppID", nil}
	errType         = &refusal{http.StatusBadRequest, "bad_request", "type must be jsapi or wx_card", nil}
	errForbidden    = &refusal{http.StatusForbidden, "forbidden", "this program may not use this account", nil}
	errUnknown      = &refusal{http.StatusNotFound, "unknown_account", "there is no such account here", nil}
)

var (
	errPanicked = errors.New("Config.Client panicked")
	errOther    = errors.New("Config.Client returned the client of another account")
)

// audit is the line about a request.
type audit struct {
	program string
	appID   string
	what    string
	renewal bool // a rejected token came with it
}

// ServeHTTP serves a token or a ticket.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	connection := http.NewResponseController(w)
	// Also a refusal is sent only when the body has come. If the server cannot set a
	// deadline, its own time-outs hold.
	_ = connection.SetReadDeadline(began.Add(bodyWithin))
	var seen audit
	out, err := h.serve(w, r, &seen)
	status := http.StatusOK
	var why *refusal
	if errors.As(err, &why) {
		status = why.status
		out = &answer{Error: why.name, Message: why.message}
		var platform *wechat.Error
		if errors.As(why.cause, &platform) {
			out.Code = platform.Code
		}
	}
	respond(w, status, out)
	_ = connection.Flush() // the log may be slow
	h.report(r, seen, why, time.Since(began))
}

// serve does the work. Its error is a [*refusal].
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, seen *audit) (*answer, error) {
	p := h.programs.Load().find(r.Header.Get("Authorization"))
	if p == nil {
		w.Header().Set("WWW-Authenticate", "Bearer")
		return nil, errUnauthorized
	}
	seen.program = p.Name
	seen.what = strings.TrimPrefix(r.URL.Path, "/")
	if seen.what != "token" && seen.what != "ticket" {
		seen.what = ""
		return nil, errNotFound
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, errMethod
	}
	if wait := p.limit.take(time.Now()); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
		return nil, errRate
	}
	in, err := read(w, r)
	if err != nil {
		return nil, err
	}
	if !fleet.IsAccount(in.AppID) {
		return nil, errAccount
	}
	seen.appID, seen.renewal = in.AppID, in.Rejected != ""
	if !p.may(in.AppID) {
		return nil, errForbidden
	}
	ctx, cancel := context.WithTimeout(r.Context(), workWithin)
	defer cancel()
	c, err := h.accounts.get(ctx, in.AppID)
	if err != nil || c == nil {
		return nil, unavailable(w, err)
	}
	if c.AppID() != in.AppID {
		return nil, unavailable(w, errOther)
	}
	if seen.what == "ticket" {
		return h.ticket(ctx, w, c, in, seen)
	}
	if in.Type != "" {
		return nil, errBody
	}
	token, ttl, err := c.TokenWithTTL(ctx, in.Rejected)
	if err != nil {
		return nil, unavailable(w, err)
	}
	return &answer{AccessToken: token, ExpiresIn: whole(ttl)}, nil
}

func (h *Handler) ticket(ctx context.Context, w http.ResponseWriter, c *wechat.Client, in *request, seen *audit) (*answer, error) {
	switch {
	case in.Rejected != "":
		return nil, errBody
	case in.Type != wechat.TicketJSAPI && in.Type != wechat.TicketCard:
		return nil, errType
	}
	seen.what = "ticket " + string(in.Type)
	ticket, ttl, err := c.TicketWithTTL(ctx, in.Type)
	if err != nil {
		return nil, unavailable(w, err)
	}
	return &answer{Ticket: string(ticket), ExpiresIn: whole(ttl)}, nil
}

func whole(ttl time.Duration) *int64 {
	seconds := int64(ttl / time.Second)
	return &seconds
}

// read reads the body of a request.
func read(w http.ResponseWriter, r *http.Request) (*request, error) {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	in := new(request)
	err := d.Decode(in)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
			return in, nil
		}
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, errLarge
	}
	return nil, errBody
}

// unavailable is the refusal of a request whose token or ticket could not be had.
func unavailable(w http.ResponseWriter, err error) *refusal {
	var platform *wechat.Error
	switch {
	case errors.Is(err, wechat.ErrUnknownAccount):
		return errUnknown
	case errors.As(err, &platform):
		return &refusal{http.StatusBadGateway, "refused", "the platform refused: errcode says why", err}
	}
	if panicked := (*usercode.PanicError)(nil); errors.As(err, &panicked) {
		err = errPanicked // without its value, which may be a secret
	}
	w.Header().Set("Retry-After", "1")
	return &refusal{http.StatusServiceUnavailable, "unavailable", "try again", err}
}

func respond(w http.ResponseWriter, status int, out *answer) {
	body, _ := json.Marshal(out) //nolint:errchkjson,gosec // strings and numbers, for a program that may have them
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)+1))
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // who does not read it has gone
}

// report logs a request. It shows neither a key nor a token.
func (h *Handler) report(r *http.Request, seen audit, why *refusal, took time.Duration) {
	outcome, level := "ok", slog.LevelInfo
	if why != nil {
		outcome, level = why.name, slog.LevelWarn
	}
	attrs := []slog.Attr{
		slog.String("program", seen.program), slog.String("app_id", seen.appID), slog.String("what", seen.what),
		slog.String("outcome", outcome), slog.Bool("renewal", seen.renewal), slog.String("remote", r.RemoteAddr), slog.Duration("took", took),
	}
	if why != nil && why.cause != nil {
		attrs = append(attrs, slog.Any("error", h.clean.Error(why.cause)))
	}
	if seen.program == "" {
		if h.strangers.take(time.Now()) > 0 {
			h.unreported.Add(1)
			return
		}
		attrs = append(attrs, slog.Int64("unreported", h.unreported.Swap(0)))
	}
	h.log.LogAttrs(context.WithoutCancel(r.Context()), level, "tokenservice: request", attrs...)
}
