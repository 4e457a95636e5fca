package callback

import (
	"context"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// HandlerFunc handles a push. Its context is not the request's: it ends after
// [Config.MaxRun], not when the platform hangs up. An error is logged and
// acknowledged to the platform; see [Config.RetryFailed].
type HandlerFunc func(ctx context.Context, m Message) (Reply, error)

// routes finds the handler of a push.
type routes struct {
	chain    atomic.Pointer[HandlerFunc] // what the first push builds from the rest
	building sync.Mutex                  // held while it does

	mu       sync.Mutex
	closed   bool // the first push has come: what follows does not change any more
	texts    []textRoute
	keys     map[string]HandlerFunc
	types    map[reflect.Type]HandlerFunc
	fallback HandlerFunc
	around   []func(HandlerFunc) HandlerFunc
}

type textRoute struct {
	matches TextMatcher
	handle  HandlerFunc
}

// On handles pushes of one type with handle, such as [*TextMessage] or
// [*SubscribeEvent]. A second handler for a type, and any after the first push,
// panics.
//
// A push goes to the first of these that there is: the [Handler.OnText] whose
// matcher accepts the text, the [Handler.OnEventKey] of its key, the On of its type,
// the [Handler.Fallback]. Without any it is acknowledged.
func On[M Message](h *Handler, handle func(ctx context.Context, m M) (Reply, error)) {
	kind := reflect.TypeFor[M]()
	if kind.Kind() == reflect.Interface {
		panic("callback: On needs a type of push, Fallback handles all of them")
	}
	h.routes.add("On for "+kind.String(), handle == nil, func(r *routes) {
		if r.types[kind] != nil {
			panic(fmt.Sprintf("callback: On has a handler for %s already", kind))
		}
		r.types[kind] = func(ctx context.Context, m Message) (Reply, error) {
			return handle(ctx, m.(M)) //nolint:forcetypeassert // routed by its type
		}
	})
}

// OnEventKey handles the events of one key with handle: menu buttons by their key and QR
// codes by their scene, of those who follow by it as well. See [EventKey]. An empty key,
// which all other pushes have, panics.
func (h *Handler) OnEventKey(key string, handle HandlerFunc) {
	if key == "" {
		panic("callback: OnKey needs a key, Fallback handles pushes without one")
	}
	h.routes.add("OnKey "+key, handle == nil, func(r *routes) {
		if r.keys[key] != nil {
			panic("callback: OnKey has a handler for " + key + " already")
		}
		r.keys[key] = handle
	})
}

// OnText handles the texts that match, in the order of the calls of OnText.
func (h *Handler) OnText(matches TextMatcher, handle func(ctx context.Context, m *TextMessage) (Reply, error)) {
	h.routes.add("OnText", matches == nil || handle == nil, func(r *routes) {
		r.texts = append(r.texts, textRoute{matches, func(ctx context.Context, m Message) (Reply, error) {
			return handle(ctx, m.(*TextMessage)) //nolint:forcetypeassert // only texts are matched
		}})
	})
}

// Fallback handles what no other handler does, unknown pushes as [*UnknownMessage]
// included. A second one panics.
func (h *Handler) Fallback(handle HandlerFunc) {
	h.routes.add("Fallback", handle == nil, func(r *routes) {
		if r.fallback != nil {
			panic("callback: there is a Fallback already")
		}
		r.fallback = handle
	})
}

// Use puts middleware around all handlers; the first one is the outermost.
func (h *Handler) Use(around ...func(next HandlerFunc) HandlerFunc) {
	isNil := func(a func(HandlerFunc) HandlerFunc) bool { return a == nil }
	h.routes.add("Use", slices.ContainsFunc(around, isNil), func(r *routes) { r.around = append(r.around, around...) })
}

// add changes the routes. It panics if what is added is nil, and after the first push.
func (r *routes) add(what string, isNil bool, change func(*routes)) {
	if isNil {
		panic("callback: " + what + " was given nil")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		panic("callback: " + what + " comes after the first push")
	}
	if r.types == nil {
		r.types, r.keys = map[reflect.Type]HandlerFunc{}, map[string]HandlerFunc{}
	}
	change(r)
}

// handle handles a push. A middleware that panics where it is built does so again
// with the next push.
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

// close ends registration, so that code of the program that is called while the
// chain is built cannot register either.
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
	if handle := r.keys[EventKey(m)]; handle != nil {
		return handle(ctx, m)
	}
	if handle := r.types[reflect.TypeOf(m)]; handle != nil {
		return handle(ctx, m)
	}
	if r.fallback != nil {
		return r.fallback(ctx, m)
	}
	return nil, nil //nolint:nilnil // nobody wants it: no reply, no error
}

// EventKey returns the key of the menu button or the scene of the QR code that an event
// came from, "" where it came from neither.
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

// menuKey returns the key of a menu event: what the button was given, and the
// address of buttons that open a page.
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

// TextMatcher chooses texts for [Handler.OnText].
type TextMatcher func(content string) bool

// TextEquals matches one text; white space around it and the case of Latin letters
// make no difference.
func TextEquals(text string) TextMatcher {
	text = strings.TrimSpace(text)
	return func(content string) bool { return strings.EqualFold(strings.TrimSpace(content), text) }
}

// TextPrefix matches texts that begin with one.
func TextPrefix(prefix string) TextMatcher {
	return func(content string) bool { return strings.HasPrefix(content, prefix) }
}

// TextMatches matches texts in which a regular expression finds something.
func TextMatches(re *regexp.Regexp) TextMatcher {
	if re == nil {
		panic("callback: Matching was given nil")
	}
	return re.MatchString
}
