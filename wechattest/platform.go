package wechattest

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/spec"
)

// Platform is the fake platform with one account: an [http.Handler] that answers
// the API, and what pushes messages and events to the account's callback. It is
// safe for concurrent use.
type Platform struct {
	// The account, as its settings in the console show it. They are not to be set:
	// [Platform.SetCallbackSettings] changes the callback's, [Platform.ResetAppSecret] the secret.
	AppID          string
	AppSecret      string
	Token          string // of the callback
	EncodingAESKey string // of the callback
	OriginalID     string // gh_…, the ToUserName of pushes
	OperatorID     string // openid of the account's administrator, the FromUserName of pushes that no follower caused

	set        *settings
	specs      map[string][]spec.Endpoint
	behaviours map[string]behaviour
	unknown    func(call, path string) // hears of calls of what is no API, or none any more

	base    context.Context //nolint:containedctx // parent of what runs in the background, ends with Close
	cancel  context.CancelFunc
	running background

	mu      sync.Mutex
	custom  map[string]func(Call) (any, error)
	calls   []Call            // the last ones
	counts  map[string]*count // of all, by path
	pending []*planned
	clients []*wechat.Client
	ids     ids

	tokens
	limits
	callback
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
	secured *security // nil where the account has no API security
}

// behaviour executes a call that is authorised and valid. It runs under the
// platform's lock.
type behaviour func(c *call) (any, error)

// NewPlatform returns a platform with an account that has no followers yet. It
// listens nowhere: serve it with net/http, or use the clients that [Platform.Client]
// returns. [Platform.Close] ends what it does in the background.
func NewPlatform(opts ...Option) *Platform {
	set := newSettings(opts)
	p := &Platform{
		AppID: set.appID, AppSecret: set.appSecret, Token: set.token, EncodingAESKey: set.aesKey,
		OriginalID: "gh_" + random(hexadecimal, 12), OperatorID: newOpenID(),

		set: set, specs: map[string][]spec.Endpoint{}, behaviours: map[string]behaviour{},
		unknown: func(string, string) {},

		custom: map[string]func(Call) (any, error){},
		counts: map[string]*count{},
		ids:    newIDs(),
	}
	p.pusher = newPusher()
	p.settings = newCallbackSettings(CallbackSettings{
		Token: set.token, EncodingAESKey: set.aesKey, Mode: set.mode, JSON: set.jsonPushes,
	})
	p.base, p.cancel = context.WithCancel(context.Background())
	for _, e := range spec.All() {
		p.specs[e.Path] = append(p.specs[e.Path], e)
	}
	p.newState()
	if set.security {
		p.secured, _ = newSecurity(p.AppID) // fails where the machine has no randomness
	}
	return p
}

// newState makes the account's state and says what answers which path.
func (p *Platform) newState() {
	p.tokens.init()
	p.limits.init(p.set.testAccount)
	p.people.init()
	p.templates.init()
	p.files.init()
	p.publications.init()
	p.masses.init()
	p.agents.init()
	p.codes.init()
	p.consents.init()
	p.statistics.init()
	for _, routes := range []map[string]behaviour{
		p.tokenRoutes(), p.limitRoutes(), p.baseRoutes(), p.userRoutes(), p.tagRoutes(), p.menuRoutes(), p.templateRoutes(),
		p.messageRoutes(), p.mediaRoutes(), p.materialRoutes(), p.draftRoutes(), p.publishRoutes(), p.commentRoutes(), p.massRoutes(),
		p.agentRoutes(), p.sessionRoutes(), p.codeRoutes(), p.subscriptionRoutes(), p.consentRoutes(), p.datacubeRoutes(),
	} {
		for path, b := range routes {
			p.behaviours[path] = b
		}
	}
}

// Client returns a client of the account that calls the platform in process. It is
// closed with the platform.
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

// Close ends pushes under way and waits for them, and closes the platform's clients.
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

// Wait waits until the platform has done what it does in the background: the events
// of finished jobs have been delivered.
func (p *Platform) Wait() { p.running.wait() }

// Handle gives a path a behaviour, in place of what the platform does there. fn
// gets calls whose token is right; what it returns is the answer: nil for errcode
// 0, []byte for a download, anything else as JSON. A [wechat.Code] as error
// refuses the call, any other error is a failure of the server (HTTP 500).
func (p *Platform) Handle(path string, fn func(Call) (any, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.custom[path] = fn
}

// Call is a request that the platform got.
type Call struct {
	At        time.Time
	Method    string
	Path      string
	Query     url.Values // without access_token
	Header    http.Header
	Body      []byte        // as it arrived, decrypted where the account has API security
	Form      *Form         // what a multipart body holds, nil for others
	Token     string        // access_token of the call
	Code      wechat.Code   // errcode of the answer, 0 for none
	Status    int           // HTTP status of the answer, 0 where none was sent
	Executed  bool          // the call was done, whatever became of its answer
	RequestID string        // request id
	Response  []byte        // body of the answer
	Duration  time.Duration // until it was answered
}

// Form is what a multipart body holds.
type Form struct {
	Values url.Values
	Files  map[string]File // by the names of their parts
}

// File is an uploaded file.
type File struct {
	Name        string
	ContentType string
	Data        []byte
}

// count is how often a path was asked for.
type count struct{ requests, executed int }

// keep is how many calls and reports a platform remembers at least.
const keep = 10_000

// remember appends to a list, and forgets its older half where it is twice as long
// as it needs to be.
func remember[T any](list []T, v T) []T {
	if len(list) >= 2*keep {
		list = slices.Clone(list[keep:])
	}
	return append(list, v)
}

// Calls returns the requests that the platform got, in the order of their answers:
// the last 10,000 at least.
func (p *Platform) Calls() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

// Requests returns how many requests a path got, "" for all paths.
func (p *Platform) Requests(path string) int {
	return p.sum(path, func(n *count) int { return n.requests })
}

// Executed returns how many calls of a path were executed, "" for all paths: those
// that were neither refused nor lost on the way in.
func (p *Platform) Executed(path string) int {
	return p.sum(path, func(n *count) int { return n.executed })
}

func (p *Platform) sum(path string, of func(*count) int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	total := 0
	for asked, n := range p.counts {
		if path == "" || asked == path {
			total += of(n)
		}
	}
	return total
}

// now is the platform's time.
func (p *Platform) now() time.Time { return p.set.clock() }

// background counts what runs in the background. A sync.WaitGroup would belong to
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
