package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

const (
	patience = 15 * time.Second      // for what the page shows
	interval = 15 * time.Millisecond // between two looks at the page
)

// action is a step without a result.
type action = chromedp.Action[chromedp.Void]

// window is the page of a simulator in a browser window of its own.
type window struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string
	expected []string // parts of the problems that the test causes on purpose
}

// open opens the page. The test fails if the page reports an error in its console.
func open(t *testing.T, s *simulator, prepare ...action) *window {
	t.Helper()
	return openIn(chromium, t, s, []chromedp.ContextOption{chromedp.WithNewBrowserContext()}, prepare...)
}

// openTab opens the page in another tab of the window, which hides the ones before.
func (w *window) openTab(s *simulator) *window {
	w.t.Helper()
	return openIn(w.ctx, w.t, s, []chromedp.ContextOption{chromedp.WithNewWindow(false)})
}

func openIn(parent context.Context, t *testing.T, s *simulator, options []chromedp.ContextOption, prepare ...action) *window {
	t.Helper()
	w := &window{t: t}
	ctx, closeWindow := chromedp.NewContext(parent, append(options, chromedp.WithListener(w.listen))...)
	t.Cleanup(closeWindow)
	require.NoError(t, chromedp.Do(ctx), "the browser opens a window")
	var cancel context.CancelFunc
	w.ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	w.run(inSize(1440, 860))
	w.run(append(prepare, chromedp.Navigate(s.URL+"/simulator/"))...)
	w.until(`document.querySelector("#connection, #password") !== null`)
	t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.problems) > 0 {
			t.Errorf("the console of the page has errors:\n%s", strings.Join(w.problems, "\n"))
		}
	})
	return w
}

func (w *window) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		w.complain("exception: " + (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			w.complain(fmt.Sprintf("console: %s", e.Args[0].Value))
		}
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelError {
			w.complain(fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	}
}

func (w *window) complain(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.ContainsFunc(w.expected, func(part string) bool { return strings.Contains(text, part) }) {
		w.problems = append(w.problems, text)
	}
}

// The problems that a test may cause on purpose.
const (
	failedConnections   = "net::ERR_"
	failedVerifications = "/simulator/callback"
	failedLogins        = "/simulator/login"
	forgottenLogins     = "status of 401"
)

// expect tolerates problems that contain a text from now on.
func (w *window) expect(problem string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.expected = append(w.expected, problem)
}

func (w *window) run(actions ...action) {
	w.t.Helper()
	require.NoError(w.t, chromedp.Do(w.ctx, actions...))
}

// evaluate returns the value of an expression in the page.
func evaluate[T any](w *window, expression string) T {
	w.t.Helper()
	value, err := chromedp.Run(w.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(w.t, err, "%s", expression)
	return value
}

// until waits for an expression to be true.
func (w *window) until(expression string) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(interval) {
		if evaluate[bool](w, expression) {
			return
		}
		if time.Now().After(deadline) {
			body := evaluate[string](w, "document.body.innerText")
			w.shoot("failure")
			w.t.Fatalf("the page does not become %s\n%s", expression, body)
		}
	}
}

// see waits for an element that contains a text.
func (w *window) see(selector, text string) {
	w.t.Helper()
	w.until(fmt.Sprintf("[...document.querySelectorAll(%s)].some((e) => e.checkVisibility() && e.textContent.includes(%s))", quoted(selector), quoted(text)))
}

// seeNot waits until no element contains a text.
func (w *window) seeNot(selector, text string) {
	w.t.Helper()
	w.until(fmt.Sprintf("![...document.querySelectorAll(%s)].some((e) => e.checkVisibility() && e.textContent.includes(%s))", quoted(selector), quoted(text)))
}

// click clicks the element with the mouse, once it is there.
func (w *window) click(selector string) {
	w.t.Helper()
	w.until(fmt.Sprintf("Boolean(document.querySelector(%s)?.checkVisibility())", quoted(selector)))
	w.untilStill(selector)
	w.run(chromedp.Click(chromedp.CSS(selector)))
}

// clickText clicks the visible element with a text.
func (w *window) clickText(selector, text string) {
	w.t.Helper()
	const mark = "data-clicked-by-test"
	w.until(fmt.Sprintf(`(() => {
		for (const old of document.querySelectorAll("[%[1]s]")) old.removeAttribute("%[1]s");
		const found = [...document.querySelectorAll(%[2]s)].filter((e) => e.checkVisibility() && e.textContent.trim() === %[3]s);
		found.at(-1)?.setAttribute("%[1]s", "");
		return found.length > 0;
	})()`, mark, quoted(selector), quoted(text)))
	w.untilStill("[" + mark + "]")
	w.run(chromedp.Click(chromedp.CSS("[" + mark + "]")))
}

// untilStill waits until an element does not move, because a click takes time.
func (w *window) untilStill(selector string) {
	w.t.Helper()
	w.until(fmt.Sprintf(`(async () => {
		const place = () => JSON.stringify(document.querySelector(%s)?.getBoundingClientRect());
		const before = place();
		await new Promise((resolve) => setTimeout(resolve, 60));
		return before === place();
	})()`, quoted(selector)))
}

// fill replaces the text of a field, as typing does.
func (w *window) fill(selector, text string) {
	w.t.Helper()
	w.until(fmt.Sprintf("document.querySelector(%s) !== null", quoted(selector)))
	evaluate[chromedp.Void](w, fmt.Sprintf("document.querySelector(%[1]s).focus(), document.querySelector(%[1]s).select?.()", quoted(selector)))
	w.run(send(input.InsertText, input.InsertTextParams{Text: text}))
}

// choose chooses the option of a select.
func (w *window) choose(selector, value string) {
	w.t.Helper()
	w.run(chromedp.SetValue(chromedp.CSS(selector), value))
}

// press presses a key.
func (w *window) press(key string) {
	w.t.Helper()
	w.run(chromedp.KeyEvent(key))
}

// say writes a text as the follower and sends it.
func (w *window) say(text string) {
	w.t.Helper()
	w.fill("#message", text)
	w.click("#send")
	w.see(".item-mine .bubble", strings.TrimSpace(text))
}

// inLanguage makes the browser prefer a language.
func inLanguage(tag string) action {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		agent, err := chromedp.Evaluate[string]("navigator.userAgent")(ctx, t)
		if err != nil {
			return err
		}
		_, err = cdp.Call(ctx, t, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent, AcceptLanguage: tag})
		return err
	})
}

// inSize makes the window this wide and high, in pixels.
func inSize(width, height int64) action { return chromedp.EmulateViewport(width, height) }

// inDark makes the browser prefer dark colors.
func inDark() action {
	return send(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})
}

// send returns an action that sends a command to the window.
func send[P any](command cdp.Command[P, cdp.Empty], parameters P) action {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, parameters)
		return err
	})
}

func quoted(text string) string {
	data, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always encodes
	}
	return string(data)
}
