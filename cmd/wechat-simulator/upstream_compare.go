package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/recording"
	"github.com/wechatoa/wechat/wechattest"
)

// compare reports where the fake platform differs from a recording. It returns the exit
// code: 0 if nothing differs.
func compare(ctx context.Context, file string, stdout, stderr io.Writer) int {
	different, err := compareRecording(ctx, file, stdout)
	if err != nil {
		complain(stderr, fmt.Errorf("-compare: %w", err))
	}
	if err != nil || different {
		return exitFailure
	}
	return 0
}

// comparison repeats recorded calls on a fake platform.
type comparison struct {
	platform *wechattest.Platform
	client   *http.Client
	values   map[string]string // of the fake platform, by placeholders and IDs of the recording
}

func compareRecording(ctx context.Context, file string, w io.Writer) (different bool, err error) {
	f, err := os.Open(file) //nolint:gosec // the user names the file
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.Size() == 0 {
		return false, fmt.Errorf("%s is empty", file)
	}
	exchanges, err := recording.Read(f)
	if err != nil {
		return false, err
	}
	appID, secret := accountOf(exchanges)
	p := wechattest.NewPlatform(wechattest.WithAccount(appID, secret))
	defer p.Close()
	c := &comparison{platform: p, client: p.HTTPClient(), values: map[string]string{appID: appID, secret: secret}}
	c.addUsers(exchanges)
	alike, differ, skipped := 0, 0, 0
	for i, e := range exchanges {
		findings, reason := c.exchange(ctx, e)
		switch {
		case reason != "":
			skipped++
			findings = []string{"not compared: " + reason}
		case len(findings) > 0:
			differ++
		default:
			alike++
			continue
		}
		_, _ = fmt.Fprintf(w, "%d %s %s\n", i+1, e.Method, e.Path)
		for _, finding := range findings {
			_, _ = fmt.Fprintf(w, "    %s\n", finding)
		}
	}
	_, _ = fmt.Fprintf(w, "%d calls: %d alike, %d different, %d not compared\n", len(exchanges), alike, differ, skipped)
	return differ > 0, nil
}

// accountOf returns the placeholders of the account with which tokens were fetched.
func accountOf(exchanges []*recording.Exchange) (appID, secret string) {
	appID, secret = "redacted-appid-1", "redacted-secret-1"
	for _, e := range exchanges {
		var in struct {
			AppID  string `json:"appid"`
			Secret string `json:"secret"`
		}
		if e.Request != nil && e.Request.JSON != nil {
			_ = json.Unmarshal(e.Request.JSON, &in) // other documents have no secret
		}
		if e.Query.Get("secret") != "" {
			in.AppID, in.Secret = e.Query.Get("appid"), e.Query.Get("secret")
		}
		if in.AppID != "" && in.Secret != "" {
			return in.AppID, in.Secret
		}
	}
	return appID, secret
}

// addUsers adds the users of the successful calls, because they were there before. Profiles
// come first, because they say more.
func (c *comparison) addUsers(exchanges []*recording.Exchange) {
	var mentioned []string
	for _, e := range exchanges {
		var answer any
		if e.Response != nil && e.Response.JSON != nil {
			answer, _ = decodeJSON(e.Response.JSON)
		}
		if errcode(answer) != "0" {
			continue
		}
		if profile, ok := answer.(map[string]any); ok {
			openID, _ := profile["openid"].(string)
			unionID, _ := profile["unionid"].(string)
			if isOpenID(openID) {
				c.platform.AddUser(wechattest.User{OpenID: openID, UnionID: unionID, NotFollowing: fmt.Sprint(profile["subscribe"]) == "0"})
			}
		}
		if text, err := json.Marshal(e); err == nil {
			mentioned = append(mentioned, placeholders.FindAllString(string(text), -1)...)
		}
	}
	for _, value := range mentioned {
		if isOpenID(value) {
			c.platform.AddUser(wechattest.User{OpenID: value})
		}
	}
}

func isOpenID(value string) bool { return recording.KindOfPlaceholder(value) == recording.KindOpenID }

// exchange repeats a call. It returns the differences, or the reason why the call cannot be
// repeated.
func (c *comparison) exchange(ctx context.Context, e *recording.Exchange) (findings []string, reason string) {
	fill := &filling{comparison: c, ctx: ctx, exchange: e}
	query := url.Values{}
	for _, name := range slices.Sorted(maps.Keys(e.Query)) {
		for _, v := range e.Query[name] {
			query.Add(name, fill.text(name, v))
		}
	}
	kind, body := fill.body(e.Request)
	if fill.missing != "" {
		return nil, fill.missing
	}
	req, err := http.NewRequestWithContext(ctx, e.Method, "https://api.weixin.qq.com"+e.Path+"?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return nil, err.Error()
	}
	req.Header.Set("Content-Type", kind)
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err.Error()
	}
	if reason := dependence(e.Response, answer); reason != "" {
		return nil, reason
	}
	if resp.StatusCode != e.Status {
		findings = append(findings, fmt.Sprintf("HTTP status %d, the fake has %d", e.Status, resp.StatusCode))
	}
	return append(findings, c.bodies(e.Response, resp.Header.Get("Content-Type"), answer)...), ""
}

// dependent are the errcodes that tell what has happened before, or what followers have done:
// a recording contains neither.
var dependent = map[wechat.Code]string{
	wechat.ErrReplyWindowClosed:   "when the follower has last written",
	wechat.ErrReplyLimit:          "when the follower has last written",
	wechat.ErrNoRecentInteraction: "when the follower has last written",
	wechat.ErrAlreadyTyping:       "when the follower has last written",
	wechat.ErrNotFollower:         "whether the user follows",
	wechat.ErrUserNotFollowing:    "whether the user follows",
	wechat.ErrMessagesRefused:     "whether the user refuses messages",
	wechat.ErrSubscriptionRefused: "what the user has subscribed to",
	wechat.ErrNoKFSession:         "the sessions with agents",
	wechat.ErrOtherKFSession:      "the sessions with agents",
	wechat.ErrKFOffline:           "whether the agent is online",
	wechat.ErrMenuNotFound:        "the menu before the recording",
	wechat.ErrDailyQuota:          "the calls before the recording",
	wechat.ErrMinuteQuota:         "the calls before the recording",
}

// dependence returns why the errcodes of two responses may differ though the platforms are
// alike, or "".
func dependence(recorded *recording.Body, fake []byte) string {
	if recorded == nil || recorded.JSON == nil {
		return ""
	}
	document, _ := decodeJSON(recorded.JSON)
	fakeDocument, _ := decodeJSON(fake)
	a, b := errcode(document), errcode(fakeDocument)
	if a == b {
		return ""
	}
	for _, code := range []string{a, b} {
		number, _ := strconv.Atoi(code) // 0, which is no key, if it is none
		if on, ok := dependent[wechat.Code(number)]; ok {
			return fmt.Sprintf("errcode %s, the fake has %s: it depends on %s", a, b, on)
		}
	}
	return ""
}

// bodies compares the bodies of two responses.
func (c *comparison) bodies(recorded *recording.Body, fakeType string, fake []byte) []string {
	fakeDocument, fakeIsJSON := decodeJSON(fake)
	if recorded == nil || recorded.JSON == nil {
		kind, _, _ := mime.ParseMediaType(fakeType)
		switch {
		case recorded == nil && len(fake) > 0:
			return []string{"no body, the fake has one"}
		case recorded != nil && fakeIsJSON:
			return []string{recorded.Type + ", the fake has JSON"}
		case recorded != nil && recorded.Type != kind:
			return []string{"Content-Type " + recorded.Type + ", the fake has " + kind}
		}
		return nil
	}
	if !fakeIsJSON {
		return []string{"JSON, the fake has " + fakeType}
	}
	document, _ := decodeJSON(recorded.JSON)
	if a, b := errcode(document), errcode(fakeDocument); a != b {
		return []string{"errcode " + a + ", the fake has " + b}
	}
	c.learn("", document, fakeDocument)
	return shapes("", document, fakeDocument)
}

func decodeJSON(data []byte) (any, bool) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	switch v.(type) {
	case map[string]any, []any:
		return v, err == nil
	}
	return nil, false
}

// errcode returns the errcode of a response, which is 0 if it has none.
func errcode(document any) string {
	object, _ := document.(map[string]any)
	if code := object["errcode"]; code != nil {
		return fmt.Sprint(code)
	}
	return "0"
}

// learn remembers which values of the fake stand for those of the recording.
func (c *comparison) learn(field string, recorded, fake any) {
	switch r := recorded.(type) {
	case map[string]any:
		f, _ := fake.(map[string]any)
		for name := range r {
			c.learn(name, r[name], f[name])
		}
	case []any:
		f, _ := fake.([]any)
		for i := range r[:min(len(r), len(f))] {
			c.learn(field, r[i], f[i])
		}
	case string:
		if f, ok := fake.(string); ok && (recording.KindOfPlaceholder(r) != "" || isID(field)) {
			c.values[r] = f
		}
	case json.Number:
		if f, ok := fake.(json.Number); ok && isID(field) {
			c.values[r.String()] = f.String()
		}
	}
}

// isID reports whether a field holds identifiers that the platform chooses.
func isID(field string) bool {
	field = strings.TrimSuffix(strings.ToLower(field), "s")
	return strings.HasSuffix(field, "id") && field != "client_msg_id" && field != "clientmsgid"
}

// shapes compares the fields of two documents and their types, not their values. at is the
// place in the document.
func shapes(at string, recorded, fake any) []string {
	if typeOf(recorded) != typeOf(fake) {
		return []string{at + ": " + typeOf(recorded) + ", the fake has " + typeOf(fake)}
	}
	switch r := recorded.(type) {
	case map[string]any:
		f, _ := fake.(map[string]any)
		var findings []string
		for _, name := range slices.Sorted(maps.Keys(r)) {
			inner := strings.TrimPrefix(at+"."+name, ".")
			if _, ok := f[name]; !ok {
				findings = append(findings, inner+": "+typeOf(r[name])+", the fake lacks it")
				continue
			}
			findings = append(findings, shapes(inner, r[name], f[name])...)
		}
		for _, name := range slices.Sorted(maps.Keys(f)) {
			if _, ok := r[name]; !ok {
				findings = append(findings, strings.TrimPrefix(at+"."+name, ".")+": only the fake has it")
			}
		}
		return findings
	case []any:
		f, _ := fake.([]any)
		if len(r) == 0 || len(f) == 0 {
			return nil // says nothing about the elements
		}
		return shapes(at+"[]", union(r), union(f))
	}
	return nil
}

// union returns an element that has the fields of all elements of a list.
func union(list []any) any {
	all := map[string]any{}
	for _, item := range list {
		object, ok := item.(map[string]any)
		if !ok {
			return item
		}
		maps.Copy(all, object)
	}
	return all
}

func typeOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number:
		return "number"
	case string:
		return "string"
	case []any:
		return "list"
	}
	return "object"
}
