package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/format"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wechatoa/wechat/wechattest"
)

// writeText writes a snippet, which no browser takes for a page.
func writeText(w http.ResponseWriter, text string, err error) {
	if err != nil {
		endpoint(func(*http.Request) (any, error) { return nil, err }).ServeHTTP(w, nil)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(text)) //nolint:gosec // text/plain with nosniff
}

// callAsCurl returns a call as a curl command. The access token is in the variable
// ACCESS_TOKEN; secrets are not logged.
func (s *simulator) callAsCurl(w http.ResponseWriter, r *http.Request) {
	c, err := s.journal.call(r.PathValue("id"))
	if err != nil {
		writeText(w, "", err)
		return
	}
	writeText(w, c.curl(s.url), nil)
}

// curl returns the call as a command for a POSIX shell.
func (c *loggedCall) curl(base string) string {
	address := base + c.Path
	if query := queryOf(c.Query); query != "" {
		address += "?" + query
	}
	words := []string{"curl"}
	if c.Method != http.MethodGet {
		words = append(words, "-X", quoted(c.Method))
	}
	if !c.tokenUsed {
		words = append(words, quoted(address))
	} else {
		mark := "?"
		if strings.Contains(address, "?") {
			mark = "&"
		}
		words = append(words, quoted(address+mark+"access_token=")+`"$ACCESS_TOKEN"`)
	}
	switch {
	case c.Form != nil || c.Files != nil:
		for _, name := range slices.Sorted(maps.Keys(c.Form)) {
			for _, value := range c.Form[name] {
				words = append(words, "--form-string", quoted(name+"="+value))
			}
		}
		for _, part := range slices.Sorted(maps.Keys(c.Files)) {
			words = append(words, "-F", quoted(part+"=@"+safeName(c.Files[part].Name)))
		}
	case c.Body != "":
		words = append(words, "-H", quoted("Content-Type: "+c.contentType), "--data-raw", quoted(c.Body))
	}
	return strings.Join(words, " ") + "\n"
}

// queryOf encodes a query whose secrets are masked. The masks stay readable.
func queryOf(query map[string][]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		for _, value := range query[name] {
			if value != mask {
				value = url.QueryEscape(value)
			}
			parts = append(parts, url.QueryEscape(name)+"="+value)
		}
	}
	return strings.Join(parts, "&")
}

// pushAsGo returns a push as a Go test with wechattest.
func (s *simulator) pushAsGo(w http.ResponseWriter, r *http.Request) {
	p, err := s.journal.push(r.PathValue("id"))
	if err != nil {
		writeText(w, "", err)
		return
	}
	test := goTest{name: "TestPush", mode: s.current().CallbackSettings().Mode, user: wechattest.User{OpenID: p.report.Push.From}}
	if f := s.current().Follower(p.report.Push.From); f != nil {
		test.user = f.User()
	}
	test.steps = []step{stepOf(p.report)}
	text, err := test.source()
	writeText(w, text, err)
}

// chatAsGo returns the actions of a follower, and what they saw, as a Go test.
func (s *simulator) chatAsGo(w http.ResponseWriter, r *http.Request) {
	f, err := s.follower(r)
	if err != nil {
		writeText(w, "", err)
		return
	}
	test := goTest{
		name: "TestConversation", mode: s.current().CallbackSettings().Mode, user: f.User(), steps: s.journal.steps(f.OpenID),
	}
	text, err := test.source()
	writeText(w, text, err)
}

// steps returns what a follower has done, as far as it is in the log.
func (j *journal) steps(openID string) []step {
	j.mu.Lock()
	defer j.mu.Unlock()
	var list []step
	for _, it := range j.items.since(0) {
		if it.openID != openID || it.From != "follower" || it.State != "done" {
			continue
		}
		if entry, ok := j.pushes.get(it.PushID); ok {
			list = append(list, stepOf(entry.report))
		}
	}
	return list
}

// step is an action of a follower, and what they saw.
type step struct {
	act   string // a Go expression of a *wechattest.Report
	seen  wechattest.Seen
	reply string // the content of a text
}

func stepOf(r *wechattest.Report) step {
	out := step{act: actionOf(r.Push), seen: r.Seen}
	if r.Seen == wechattest.SeenReply && r.Reply != nil {
		out.reply = r.Reply.Content
	}
	return out
}

// actionOf returns an action as a Go expression: the method of a follower, or Push.
func actionOf(push wechattest.Push) string {
	text := func(name string) string { return strconv.Quote(textIn(push.Fields, name)) }
	kind := push.Type
	if kind == "event" {
		kind = push.Event
	}
	switch {
	case kind == "text" && len(push.Fields) == 1:
		return "user.Sends(ctx, " + text("Content") + ")"
	case kind == "subscribe" && textIn(push.Fields, "EventKey") == "":
		return "user.Follows(ctx)"
	case kind == "unsubscribe":
		return "user.Unfollows(ctx)"
	case kind == "CLICK":
		return "user.Clicks(ctx, " + text("EventKey") + ")"
	case kind == "VIEW":
		return "user.Opens(ctx, " + text("EventKey") + ")"
	}
	out := fmt.Sprintf("user.Push(ctx, wechattest.Push{Type: %q", push.Type)
	if push.Event != "" {
		out += fmt.Sprintf(", Event: %q", push.Event)
	}
	return out + ", Fields: " + literal(push.Fields) + "})"
}

// literal returns an element of a push as a Go literal.
func literal(value any) string {
	switch v := value.(type) {
	case wechattest.Fields:
		var b strings.Builder
		b.WriteString("wechattest.Fields{")
		for _, name := range slices.Sorted(maps.Keys(v)) {
			fmt.Fprintf(&b, "%q: %s, ", name, literal(v[name]))
		}
		return b.String() + "}"
	case []any:
		var b strings.Builder
		b.WriteString("[]any{")
		for _, item := range v {
			b.WriteString(literal(item) + ", ")
		}
		return b.String() + "}"
	case int, int64, bool:
		return fmt.Sprint(v)
	case float64:
		return "float64(" + strconv.FormatFloat(v, 'g', -1, 64) + ")"
	case json.Number:
		if _, err := v.Int64(); err == nil {
			return v.String()
		}
	}
	return strconv.Quote(fmt.Sprint(value))
}

// goTest is a test with wechattest.
type goTest struct {
	name  string
	mode  wechattest.CallbackMode
	user  wechattest.User
	steps []step
}

// modeNames are the constants of the modes.
var modeNames = []string{
	wechattest.CallbackModePlain: "Plain", wechattest.CallbackModeCompatible: "Compatible", wechattest.CallbackModeSafe: "Safe",
}

// seenNames are the constants of what a follower sees.
var seenNames = map[wechattest.Seen]string{
	wechattest.SeenNothing: "SeenNothing", wechattest.SeenReply: "SeenReply", wechattest.SeenUnavailable: "SeenUnavailable",
}

// source returns a file that compiles as it is. Its callback only acknowledges pushes, until
// it is replaced by that of the program under test.
func (g *goTest) source() (string, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, `package main

import (
	"net/http"
	"testing"

	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechattest"
)

// newCallback returns the callback under test. Replace it with that of your program.
func newCallback(t *testing.T, srv *wechattest.Server) http.Handler {
	t.Helper()
	h, err := callback.NewHandler(callback.Config{
		AppID: srv.AppID, Credentials: callback.NewCredentials(srv.Token, srv.EncodingAESKey), Mode: callback.Mode%[1]s,
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func %[2]s(t *testing.T) {
	srv := wechattest.NewServer(t, wechattest.WithCallbackMode(wechattest.CallbackMode%[1]s))
	srv.SetCallback(newCallback(t, srv))
	ctx := t.Context()
	user := srv.AddUser(wechattest.User{OpenID: %[3]q, Nickname: %[4]q, NotFollowing: %[5]t})
	for i, step := range []struct {
		act   func() *wechattest.Report
		seen  wechattest.Seen
		reply string // the content of a text
	}{
`, modeNames[g.mode], g.name, g.user.OpenID, g.user.Nickname, g.stranger())
	for _, s := range g.steps {
		fmt.Fprintf(&b, "{func() *wechattest.Report { return %s }, wechattest.%s, %q},\n", s.act, seenNames[s.seen], s.reply)
	}
	b.WriteString(`	} {
		report := step.act()
		if report.Seen != step.seen {
			t.Errorf("step %d: the follower saw %s (%s), not %s", i, report.Seen, report.Reason, step.seen)
		}
		if step.reply != "" && (report.Reply == nil || report.Reply.Content != step.reply) {
			t.Errorf("step %d: the reply is %+v, not %q", i, report.Reply, step.reply)
		}
	}
	for _, message := range user.Messages() {
		t.Logf("%s: %s %q", message.Via, message.Type, message.Content)
	}
}
`)
	out, err := format.Source(b.Bytes())
	return string(out), err
}

// stranger reports whether the user does not follow the account at the beginning.
func (g *goTest) stranger() bool {
	for _, s := range g.steps {
		switch s.act {
		case "user.Follows(ctx)":
			return true
		case "user.Unfollows(ctx)":
			return false
		}
	}
	return g.user.NotFollowing && len(g.steps) == 0
}
