package callback

import (
	"context"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// HandlerFunc handles a push. Its context does not depend on the HTTP request: it ends
// after [Config.HandlerTimeout], even if the platform has closed the connection earlier. An
// error is logged, and the push is acknowledged; see [Config.RetryFailed].
type HandlerFunc func(ctx context.Context, m Message) (Reply, error)

// routes finds the handler of a push.
type routes struct {
	chain    atomic.Pointer[HandlerFunc] // built from the rest by the first push
	building sync.Mutex                  // held while it is built

	mu       sync.Mutex
	closed   bool // the first push has arrived; the rest no longer changes
	texts    []textRoute
	keys     map[string]HandlerFunc
	prefixes map[string]HandlerFunc
	types    map[reflect.Type]HandlerFunc
	fallback HandlerFunc
	around   []func(HandlerFunc) HandlerFunc
}

type textRoute struct {
	matches TextMatcher
	handle  HandlerFunc
}

// On registers the handler for one type of push, such as [*TextMessage] or
// [*SubscribeEvent]. It is a function because a method cannot have a type parameter.
// A push goes to the first of these handlers that is registered:
//
//  1. the handler of [Handler.OnText] whose matcher accepts the text
//  2. the handler of [Handler.OnEventKey] for its event key
//  3. the handler of [Handler.OnEventKeyPrefix] for the longest prefix of its event key
//  4. the handler of On for its type
//  5. the handler of [Handler.Fallback]
//
// If none of them is registered, the push is acknowledged. On panics if the type already
// has a handler. All registrations panic after the first push has arrived.
func On[M Message](h *Handler, handle func(ctx context.Context, m M) (Reply, error)) {
	push := reflect.TypeFor[M]()
	if push.Kind() == reflect.Interface {
		panic("callback: On needs a type of push; use Fallback to handle all of them")
	}
	h.routes.add("On for "+push.String(), handle == nil, func(r *routes) {
		register(r.types, push, "On for "+push.String(), func(ctx context.Context, m Message) (Reply, error) {
			return handle(ctx, m.(M)) //nolint:forcetypeassert // routed by its type
		})
	})
}

// OnEventKey registers the handler for the events with one key: the key of a menu button,
// or the scene of a QR code, both if a follower scans the code and if a user follows the
// account by scanning it. Such a user's [*SubscribeEvent] goes to this handler and not to
// that of [On]; do what every follow requires in [Handler.Use]. See [EventKey] for the key
// of an event. OnEventKey panics if the key is empty or already has a handler.
func (h *Handler) OnEventKey(key string, handle HandlerFunc) {
	if key == "" {
		panic("callback: OnEventKey needs a key; use Fallback for pushes without one")
	}
	h.routes.add("OnEventKey "+key, handle == nil, func(r *routes) { register(r.keys, key, "OnEventKey "+key, handle) })
}

// OnEventKeyPrefix registers the handler for the events whose key begins with prefix, such
// as QR codes with the scenes "shop-1" and "shop-2". [Handler.OnEventKey] takes precedence
// over prefixes, and a longer prefix over a shorter one. As for OnEventKey, a
// [*SubscribeEvent] with such a scene goes to this handler and not to that of [On]. The
// rest of the key is strings.TrimPrefix(callback.EventKey(m), prefix). OnEventKeyPrefix
// panics if the prefix is empty or already has a handler.
func (h *Handler) OnEventKeyPrefix(prefix string, handle HandlerFunc) {
	if prefix == "" {
		panic("callback: OnEventKeyPrefix needs a prefix; use Fallback for pushes without a key")
	}
	what := "OnEventKeyPrefix " + prefix
	h.routes.add(what, handle == nil, func(r *routes) { register(r.prefixes, prefix, what, handle) })
}

// OnText registers the handler for the texts that match. Matchers are tried in the
// order in which they were registered.
func (h *Handler) OnText(matches TextMatcher, handle func(ctx context.Context, m *TextMessage) (Reply, error)) {
	h.routes.add("OnText", matches == nil || handle == nil, func(r *routes) {
		r.texts = append(r.texts, textRoute{matches, func(ctx context.Context, m Message) (Reply, error) {
			return handle(ctx, m.(*TextMessage)) //nolint:forcetypeassert // only texts are matched
		}})
	})
}

// Fallback registers the handler for all pushes that no other handler is registered for,
// including those of unknown type ([*UnknownMessage]). It panics if there already is a
// fallback.
func (h *Handler) Fallback(handle HandlerFunc) {
	h.routes.add("Fallback", handle == nil, func(r *routes) {
		if r.fallback != nil {
			panic("callback: Fallback is registered already")
		}
		r.fallback = handle
	})
}

// Use wraps all handlers in middleware. The first one is outermost. Middleware gets every
// push, also those that no handler is registered for.
func (h *Handler) Use(middleware ...func(next HandlerFunc) HandlerFunc) {
	isNil := func(a func(HandlerFunc) HandlerFunc) bool { return a == nil }
	h.routes.add("Use", slices.ContainsFunc(middleware, isNil), func(r *routes) { r.around = append(r.around, middleware...) })
}

// register adds a handler. It panics if there is one already.
func register[K comparable](handlers map[K]HandlerFunc, key K, what string, handle HandlerFunc) {
	if handlers[key] != nil {
		panic("callback: " + what + " is registered already")
	}
	handlers[key] = handle
}

// add changes the routes. It panics if what is added is nil, or after the first push.
func (r *routes) add(what string, isNil bool, change func(*routes)) {
	if isNil {
		panic("callback: " + what + " was given nil")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		panic("callback: " + what + " must be registered before the first push")
	}
	if r.types == nil {
		r.types, r.keys, r.prefixes = map[reflect.Type]HandlerFunc{}, map[string]HandlerFunc{}, map[string]HandlerFunc{}
	}
	change(r)
}

// handle handles a push. If a middleware panics while the chain is built, the next push
// builds it again.
func (r *routes) handle(ctx context.Context, m Message) (Reply, error) {
	chain := r.chain.Load()
	if chain == nil {
		chain = r.build()
	}
	return (*chain)(ctx, m)
}

func (r *routes) build() *HandlerFunc {
	r.building.Lock()
	defer r.building.Unlock()
	if chain := r.chain.Load(); chain != nil {
		return chain
	}
	r.close()
	chain := HandlerFunc(r.dispatch)
	for _, around := range slices.Backward(r.around) {
		if chain = around(chain); chain == nil {
			panic("callback: a middleware returned nil")
		}
	}
	r.chain.Store(&chain)
	return &chain
}

// close ends registration, so that middleware cannot register anything either while the
// chain is built.
func (r *routes) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

func (r *routes) dispatch(ctx context.Context, m Message) (Reply, error) {
	if text, ok := m.(*TextMessage); ok {
		for _, route := range r.texts {
			if route.matches(text.Content) {
				return route.handle(ctx, m)
			}
		}
	}
	if handle := r.byKey(EventKey(m)); handle != nil {
		return handle(ctx, m)
	}
	if handle := r.types[reflect.TypeOf(m)]; handle != nil {
		return handle(ctx, m)
	}
	if r.fallback != nil {
		return r.fallback(ctx, m)
	}
	return nil, nil //nolint:nilnil // there is no handler: no reply, no error
}

// byKey returns the handler for an event key, or nil.
func (r *routes) byKey(key string) HandlerFunc {
	if handle := r.keys[key]; handle != nil {
		return handle
	}
	var longest string
	for prefix := range r.prefixes {
		if len(prefix) > len(longest) && strings.HasPrefix(key, prefix) {
			longest = prefix
		}
	}
	return r.prefixes[longest]
}

// EventKey returns the key of the menu button or the scene of the QR code that an event
// came from, and "" for all other pushes. The key of a button that opens a page is the
// page's URL. The scene never includes the prefix "qrscene_", which the platform adds if
// the user followed the account by scanning the code.
func EventKey(m Message) string {
	if key := menuKey(m); key != "" {
		return key
	}
	switch m := m.(type) {
	case *ScanEvent:
		return m.EventKey
	case *SubscribeEvent:
		return strings.TrimPrefix(m.EventKey, "qrscene_")
	}
	return ""
}

// menuKey returns the key of a menu event, and "" for all other pushes.
func menuKey(m Message) string {
	switch m := m.(type) {
	case *ClickEvent:
		return m.EventKey
	case *ViewEvent:
		return m.EventKey
	case *ScanCodePushEvent:
		return m.EventKey
	case *ScanCodeWaitEvent:
		return m.EventKey
	case *PhotoEvent:
		return m.EventKey
	case *PhotoOrAlbumEvent:
		return m.EventKey
	case *AlbumEvent:
		return m.EventKey
	case *LocationSelectEvent:
		return m.EventKey
	case *ViewMiniProgramEvent:
		return m.EventKey
	case *MediaEvent:
		return m.EventKey
	case *MediaLinkEvent:
		return m.EventKey
	}
	return ""
}

// TextMatcher reports whether [Handler.OnText] applies to a text.
type TextMatcher func(content string) bool

// TextEquals matches texts that equal text, ignoring case and surrounding white space.
func TextEquals(text string) TextMatcher {
	text = strings.TrimSpace(text)
	return func(content string) bool { return strings.EqualFold(strings.TrimSpace(content), text) }
}

// TextPrefix matches texts that begin with prefix.
func TextPrefix(prefix string) TextMatcher {
	return func(content string) bool { return strings.HasPrefix(content, prefix) }
}

// TextMatches matches texts that contain a match of the regular expression re.
func TextMatches(re *regexp.Regexp) TextMatcher {
	if re == nil {
		panic("callback: TextMatches was given nil")
	}
	return re.MatchString
}
