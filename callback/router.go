package callback

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wechatoa/wechat/internal/fleet"
	"github.com/wechatoa/wechat/internal/redact"
	"github.com/wechatoa/wechat/internal/usercode"
)

// ErrUnknownAccount is the error that [RouterConfig.Handler] must return for an account
// that the program does not have. The request gets status 404. So do later requests for
// the account within 30 seconds, without another call of the function.
var ErrUnknownAccount = fleet.ErrUnknownAccount

// RouterConfig configures a [Router]. Only Handler is required.
type RouterConfig struct {
	// Handler creates the handler of an account. The account is the last element of the
	// request path: the AppID, if the URL in the console is
	// https://example.com/wechat/{AppID}. Handler is called on the first request for
	// the account; concurrent requests share the call. It may take up to 5 seconds, but
	// a request waits for it for only 2 seconds. If Handler fails, hangs or panics, a
	// push gets no response, so that the platform delivers it again.
	Handler func(ctx context.Context, account string) (*Handler, error)

	// MaxHandlers is how many handlers are kept (default 10,000); beyond that, the
	// handler that has been idle the longest is dropped. A handler that receives no
	// request for IdleTimeout (default one hour) is dropped too. A dropped handler
	// finishes the pushes that it has accepted, but it no longer detects duplicates of
	// them, unless the handlers share a [Config.Dedupe].
	MaxHandlers int
	IdleTimeout time.Duration

	// Logger receives the failures of Handler and requests for unknown accounts. The
	// default is [slog.Default].
	Logger *slog.Logger
}

const (
	defaultMaxHandlers = 10_000
	defaultIdleTimeout = time.Hour
	accountWithin      = 2 * time.Second
)

// Router receives the pushes of many accounts (多账号) and passes each to the handler of
// its account, which it creates on demand. It is an [http.Handler]: mount it at
// "/wechat/", and set the URL of each account to /wechat/{AppID} in its console.
//
// Requests for unknown accounts get status 404. Requests with made-up account names
// cause only a limited number of calls of [RouterConfig.Handler]: none if the requests
// do not look signed, otherwise 100 at once and then 10 per second. Accounts that
// already have a handler are not affected.
type Router struct{ *router }

// router is behind a pointer so that no fmt verb prints what is in it.
type router struct {
	create     func(ctx context.Context, account string) (*Handler, error)
	asker      *fleet.Asker
	handlers   *fleet.Registry[*Handler]
	log        *slog.Logger
	complaints sync.Map // what was logged → when it was logged last

	mu      sync.Mutex
	closed  bool
	active  map[*Handler]int // requests in progress; 0 for a handler that may be at work all the same
	pruneAt int              // how many active handlers are too many to be true
}

// NewRouter returns a Router with no handlers. It returns a [*ConfigError] if cfg is
// invalid.
func NewRouter(cfg RouterConfig) (*Router, error) {
	switch {
	case cfg.Handler == nil:
		return nil, &ConfigError{"Handler", "must not be nil"}
	case cfg.MaxHandlers < 0:
		return nil, &ConfigError{"MaxHandlers", "is negative"}
	case cfg.IdleTimeout < 0:
		return nil, &ConfigError{"IdleTimeout", "is negative"}
	}
	setDefault(&cfg.MaxHandlers, defaultMaxHandlers)
	setDefault(&cfg.IdleTimeout, defaultIdleTimeout)
	r := &Router{&router{
		create: cfg.Handler, asker: fleet.NewAsker(), log: usercode.Logger(cfg.Logger), active: map[*Handler]int{},
	}}
	r.handlers = fleet.New(cfg.MaxHandlers, cfg.IdleTimeout, r.newHandler)
	return r, nil
}

// ServeHTTP passes a request to the handler of its account.
func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header()["X-Content-Type-Options"] = nosniff
	if req.Method != http.MethodGet && req.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		writeText(w, http.StatusMethodNotAllowed, []byte("method not allowed"))
		return
	}
	h, err := r.handlerOf(req)
	switch {
	case err == nil && r.enter(h):
		defer r.exit(h)
		h.ServeHTTP(w, req)
	case errors.Is(err, ErrUnknownAccount):
		writeText(w, http.StatusNotFound, []byte("not found"))
	case req.Method == http.MethodPost:
		leave(w, http.NewResponseController(w))
	default:
		writeText(w, http.StatusServiceUnavailable, []byte("try again"))
	}
}

// handlerOf returns the handler of the account that a request is for.
func (r *Router) handlerOf(req *http.Request) (*Handler, error) {
	account := req.URL.Path[strings.LastIndexByte(req.URL.Path, '/')+1:]
	if !fleet.IsAccount(account) || !looksSigned(req) && !r.handlers.Has(account) {
		return nil, ErrUnknownAccount
	}
	ctx, cancel := context.WithTimeout(req.Context(), accountWithin)
	defer cancel()
	h, err := r.handlers.Get(ctx, account)
	if err != nil && req.Context().Err() == nil && !errors.Is(err, fleet.ErrClosed) {
		r.complain(req.Context(), account, err)
	}
	return h, err
}

// looksSigned reports whether a request has what each of the platform's has.
func looksSigned(req *http.Request) bool {
	q := req.URL.Query()
	return q.Get("timestamp") != "" && q.Get("nonce") != "" && (q.Get("signature") != "" || q.Get("msg_signature") != "")
}

var (
	errPanicked  = errors.New("RouterConfig.Handler panicked")
	errNoHandler = errors.New("RouterConfig.Handler returned no handler")
)

// newHandler asks the program for the handler of an account.
func (r *router) newHandler(ctx context.Context, account string) (*Handler, error) {
	h, err := fleet.Ask(ctx, r.asker, account, func(ctx context.Context) (*Handler, error) { return r.create(ctx, account) })
	var panicked *usercode.PanicError
	switch {
	case errors.As(err, &panicked):
		if due(&r.complaints, errPanicked.Error()) {
			r.log.LogAttrs(ctx, slog.LevelError, "callback: "+errPanicked.Error(), slog.String("stack", string(panicked.Stack)))
		}
		return nil, errPanicked // without its value, which may be a secret
	case err == nil && (h == nil || h.engine == nil):
		return nil, errNoHandler
	}
	return h, err
}

// complain logs that an account could not be had, once a minute.
func (r *router) complain(ctx context.Context, account string, err error) {
	message := "callback: the handler of an account could not be made"
	if errors.Is(err, ErrUnknownAccount) {
		message = "callback: request for an unknown account"
	}
	if due(&r.complaints, message) {
		r.log.LogAttrs(ctx, slog.LevelWarn, message, slog.String("account", account), slog.Any("error", redact.New().Error(err)))
	}
}

// enter notes a request in progress, so that a shutdown finds its handler, also if it
// has been dropped. It reports false if one has begun.
func (r *router) enter(h *Handler) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.active[h]++
	}
	return !r.closed
}

func (r *router) exit(h *Handler) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.active[h]--
	if r.active[h] == 0 && !h.busy() {
		delete(r.active, h)
	}
	if len(r.active) >= r.pruneAt {
		maps.DeleteFunc(r.active, func(h *Handler, requests int) bool { return requests == 0 && !h.busy() })
		r.pruneAt = 2 * len(r.active)
	}
}

// busy reports whether the handler has anything to do that a shutdown would wait for.
func (h *Handler) busy() bool {
	h.pool.mu.Lock()
	defer h.pool.mu.Unlock()
	return h.pool.pending > 0
}

// Forget drops the handler of an account, so that the next request creates a new one.
// Call it after you change the configuration of an account, or add an account that was
// unknown. The old handler finishes the pushes that it has accepted.
func (r *Router) Forget(account string) { r.handlers.Forget(account) }

// Shutdown shuts down all handlers as [Handler.Shutdown] does, including dropped
// handlers that are still running. Later pushes get no response, so that the platform
// delivers them again, possibly to another replica.
func (r *Router) Shutdown(ctx context.Context) error {
	all := map[*Handler]bool{}
	for _, h := range r.handlers.Close() {
		all[h] = true
	}
	r.mu.Lock()
	r.closed = true
	for h := range r.active {
		all[h] = true
	}
	r.mu.Unlock()
	var ending sync.WaitGroup
	errs := make([]error, len(all))
	for i, h := range slices.Collect(maps.Keys(all)) {
		ending.Go(func() { errs[i] = h.Shutdown(ctx) })
	}
	ending.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
