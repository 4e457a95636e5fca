package wechattest

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/spec"
)

// Platform is a stateful fake of the platform with one account. It is an [http.Handler]
// that serves the API, and it pushes messages and events to the account's callback. It
// is safe for concurrent use.
type Platform struct {
	// The account, as the console shows it. Do not set these fields: use
	// [Platform.SetCallbackSettings] and [Platform.ResetAppSecret] instead.
	AppID          string
	AppSecret      string
	Token          string // of the callback
	EncodingAESKey string // of the callback
	OriginalID     string // gh_…, the ToUserName of pushes
	OperatorID     string // openid of the account's administrator, the FromUserName of pushes that no user caused

	set       *settings
	specs     map[string][]spec.Endpoint
	behaviors map[string]behavior
	unknown   func(call, path string) // called for APIs that are undocumented or withdrawn

	base    context.Context //nolint:containedctx // of everything in the background; canceled by Close
	cancel  context.CancelFunc
	running background
	ahead   atomic.Int64 // nanoseconds between the clock and the platform's time

	mu        sync.Mutex
	custom    map[string]func(Call) (any, error)
	named     map[string]string // what a test has asked for, by path; nil if it does not matter
	calls     history[Call]
	pending   []*planned
	lastFault int64
	clients   []*wechat.Client
	secured   *security // nil if API security is off

	observers
	callback
	state
}

// state is what the account has, and what has happened to it. [Platform.SaveState] saves
// it; see save_fields.go.
type state struct {
	ids    ids
	counts map[string]*count // of all calls, by path

	tokens
	limits
	people
	menus
	templates
	conversations
	files
	publications
	masses
	agents
	codes
	subscriptions
	consents
	statistics
}

func (s *state) init(testAccount bool) {
	s.ids, s.counts = newIDs(), map[string]*count{}
	s.tokens.init()
	s.limits.init(testAccount)
	s.people.init()
	s.templates.init()
	s.files.init()
	s.publications.init()
	s.masses.init()
	s.agents.init()
	s.codes.init()
	s.consents.init()
	s.statistics.init()
}

// behavior executes an authorized, valid call. It holds the platform's lock.
type behavior func(c *call) (any, error)

// NewPlatform returns a platform whose account has no followers yet. It does not
// listen: serve it with net/http, or use the clients of [Platform.Client]. Call
// [Platform.Close] to stop its background work.
func NewPlatform(opts ...Option) *Platform {
	set := newSettings(opts)
	p := &Platform{
		AppID: set.appID, AppSecret: set.appSecret, Token: set.token, EncodingAESKey: set.aesKey,
		OriginalID: "gh_" + random(hexadecimal, 12), OperatorID: newOpenID(),

		set: set, specs: map[string][]spec.Endpoint{}, behaviors: map[string]behavior{},
		unknown: func(string, string) {},

		custom: map[string]func(Call) (any, error){},
	}
	p.init(set.testAccount)
	p.pusher = newPusher()
	p.settings = newCallbackSettings(CallbackSettings{
		Token: set.token, EncodingAESKey: set.aesKey, Mode: set.mode, JSON: set.jsonPushes,
	})
	p.base, p.cancel = context.WithCancel(context.Background())
	for _, e := range spec.All() {
		p.specs[e.Path] = append(p.specs[e.Path], e)
	}
	p.addRoutes()
	if set.security {
		p.secured, _ = newSecurity(p.AppID) // only fails without a source of randomness
	}
	return p
}

// addRoutes sets the behavior of each path.
func (p *Platform) addRoutes() {
	for _, routes := range []map[string]behavior{
		p.tokenRoutes(), p.limitRoutes(), p.baseRoutes(), p.userRoutes(), p.tagRoutes(), p.menuRoutes(), p.templateRoutes(),
		p.messageRoutes(), p.mediaRoutes(), p.materialRoutes(), p.draftRoutes(), p.publishRoutes(), p.commentRoutes(), p.massRoutes(),
		p.agentRoutes(), p.sessionRoutes(), p.codeRoutes(), p.subscriptionRoutes(), p.consentRoutes(), p.datacubeRoutes(),
	} {
		for path, b := range routes {
			p.behaviors[path] = b
		}
	}
}

// Client returns a client of the account that calls the platform in process. Closing
// the platform closes it.
func (p *Platform) Client(opts ...wechat.Option) *wechat.Client {
	opts = append([]wechat.Option{wechat.WithHTTPClient(p.HTTPClient())}, opts...)
	return p.newClient(opts)
}

func (p *Platform) newClient(opts []wechat.Option) *wechat.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := wechat.NewClient(p.AppID, p.AppSecret, opts...)
	p.clients = append(p.clients, c)
	return c
}

// Close cancels pushes in flight, waits for them to stop, and closes the clients of
// [Platform.Client].
func (p *Platform) Close() {
	p.cancel()
	p.running.wait()
	p.mu.Lock()
	clients := p.clients
	p.clients = nil
	p.mu.Unlock()
	for _, c := range clients {
		_ = c.Close()
	}
	p.network.CloseIdleConnections()
}

// Wait waits for the background work of the platform. When it returns, the events of
// finished jobs have been delivered.
func (p *Platform) Wait() { p.running.wait() }

// Handle makes fn handle the calls to a path, in place of the platform. Calls with an
// invalid access token do not reach fn. fn returns the response: nil for errcode 0, a
// []byte for a download, or any other value as JSON. If it returns a [wechat.Code] as its
// error, the call fails with that errcode; any other error becomes HTTP status 500.
func (p *Platform) Handle(path string, fn func(Call) (any, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.custom[path] = fn
}

// Call is a request that the platform received.
type Call struct {
	At        time.Time
	Method    string
	Path      string
	Query     url.Values // without access_token
	Header    http.Header
	Body      []byte        // as received; decrypted if it used API security
	Form      *Form         // the content of a multipart body, or nil
	Token     string        // the access_token
	Code      wechat.Code   // errcode of the response, or 0
	Status    int           // HTTP status of the response, or 0 if none was sent
	Executed  bool          // the call took effect, even if its response was lost
	RequestID string        // the rid of the response
	Response  []byte        // body of the response
	Duration  time.Duration // time to the response
	Fault     *Fault        // the injected fault that was applied, or nil
}

// Form is the content of a multipart body.
type Form struct {
	Values url.Values
	Files  map[string]File // by the name of the part
}

// File is an uploaded file.
type File struct {
	Name        string
	ContentType string
	Data        []byte
}

// count counts the calls of a path.
type count struct{ requests, executed int }

// keep is the number of calls and reports that a platform remembers, and the minimum number
// of messages.
const keep = 10_000

// remember appends to a list, and drops the older half of a list that is twice as long
// as needed.
func remember[T any](list []T, v T) []T {
	if len(list) >= 2*keep {
		list = slices.Clone(list[keep:])
	}
	return append(list, v)
}

// keepBytes is the size of the bodies above which a platform forgets calls and reports.
const keepBytes = 256 << 20

// history is the most recent values, whose bodies have a size.
type history[T interface{ size() int }] struct {
	list  []T
	bytes int
}

// add remembers a value, and forgets the oldest ones.
func (h *history[T]) add(v T) {
	h.list, h.bytes = append(h.list, v), h.bytes+v.size()
	for len(h.list) > keep || h.bytes > keepBytes && len(h.list) > 1 {
		var none T
		h.bytes -= h.list[0].size()
		h.list[0] = none // do not keep what it refers to
		h.list = h.list[1:]
	}
}

// size returns the number of bytes of the bodies of a call.
func (c Call) size() int {
	n := len(c.Body) + len(c.Response)
	if c.Form != nil {
		for _, f := range c.Form.Files {
			n += len(f.Data)
		}
	}
	return n
}

// Calls returns the most recent requests that the platform received, in the order of their
// responses. The platform keeps the last 10,000, or fewer if their bodies exceed 256 MiB.
func (p *Platform) Calls() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls.list)
}

// CallCount returns the number of calls to a path, including those that failed. An empty
// path counts all paths.
func (p *Platform) CallCount(path string) int {
	return p.sum(path, func(n *count) int { return n.requests })
}

// ExecutedCallCount returns the number of calls to a path that took effect, because they
// were neither refused nor lost on the way to the platform. An empty path counts all paths.
func (p *Platform) ExecutedCallCount(path string) int {
	return p.sum(path, func(n *count) int { return n.executed })
}

func (p *Platform) sum(path string, of func(*count) int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.name(path, "the number of calls")
	total := 0
	for asked, n := range p.counts {
		if path == "" || asked == path {
			total += of(n)
		}
	}
	return total
}

// name records that a test has named a path. The caller holds mu.
func (p *Platform) name(path, what string) {
	if p.named != nil && path != "" {
		p.named[path] = what
	}
}

// strangePaths returns the named paths that are neither an API nor were called, and what
// the test has asked for.
func (p *Platform) strangePaths() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	strange := map[string]string{}
	for path, what := range p.named {
		_, withdrawn := findWithdrawn(path)
		if p.specs[path] == nil && p.custom[path] == nil && p.counts[path] == nil && !withdrawn {
			strange[path] = what
		}
	}
	return strange
}

// Now returns the platform's time: that of its clock, plus the durations of
// [Platform.Advance].
func (p *Platform) Now() time.Time { return p.now() }

// Advance moves the platform's time forward, so that tokens, quotas, reply windows, media
// and QR codes expire. d must not be negative. Pushes are still timed by the real clock.
func (p *Platform) Advance(d time.Duration) { p.ahead.Add(int64(max(d, 0))) }

func (p *Platform) now() time.Time { return p.set.clock().Add(time.Duration(p.ahead.Load())) }

// background counts the goroutines in the background. A sync.WaitGroup would belong to
// the testing/synctest bubble that used it first.
type background struct {
	mu      sync.Mutex
	running int
	idle    []chan struct{}
}

func (b *background) start(f func()) {
	b.mu.Lock()
	b.running++
	b.mu.Unlock()
	go func() {
		defer b.done()
		f()
	}()
}

func (b *background) done() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running--
	if b.running > 0 {
		return
	}
	for _, idle := range b.idle {
		close(idle)
	}
	b.idle = nil
}

func (b *background) wait() {
	b.mu.Lock()
	if b.running == 0 {
		b.mu.Unlock()
		return
	}
	idle := make(chan struct{})
	b.idle = append(b.idle, idle)
	b.mu.Unlock()
	<-idle
}
