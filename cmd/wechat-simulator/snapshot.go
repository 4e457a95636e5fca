package main

import (
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/wechatoa/wechat/wechattest"
)

// version returns the version of the module.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// getState returns all that a page needs to begin with. Its seq is the position in the
// live stream at which it continues.
func (s *simulator) getState(*http.Request) (any, error) {
	seq, p := s.stream.position(), s.current()
	followers := []followerSummary{}
	for _, f := range p.Followers() {
		followers = append(followers, s.journal.summaryOf(f))
	}
	environment := map[string]string{}
	for _, v := range s.variables() {
		environment[v.name] = v.value
	}
	return map[string]any{
		"instance": s.stream.instance, "version": version(), "seq": seq, "now": p.Now(),
		"account": map[string]any{
			"appid": p.AppID, "appsecret": s.secret(), "original_id": p.OriginalID, "base_url": s.url,
			"test_account": s.set.testAccount, "strict": s.set.strict,
		},
		"environment": environment, "callback": s.callbackState(p), "followers": followers, "tags": tagsOf(p),
		"clock": clockOf(p), "tokens": tokensOf(p)["tokens"], "faults": faultsOf(p)["faults"],
		"limits":          map[string]int{"calls": keptCalls, "pushes": keptPushes, "items": keptItems, "body_bytes": keptBody},
		"push_timeout_ms": s.set.pushTimeout.Milliseconds(),
	}, nil
}

type tagJSON struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Count int64  `json:"count"`
}

func tagsOf(p *wechattest.Platform) []tagJSON {
	list := []tagJSON{}
	for _, t := range p.Tags() {
		list = append(list, tagJSON(t))
	}
	return list
}

// clockOf returns the time of a platform, and how far it is ahead of this machine's.
func clockOf(p *wechattest.Platform) map[string]any {
	now := p.Now()
	return map[string]any{"now": now, "offset_s": int64(time.Until(now).Round(time.Second).Seconds())}
}

func (s *simulator) getClock(*http.Request) (any, error) { return clockOf(s.current()), nil }

// longestAdvance is the furthest that a request may move the clock: further than anything
// on the platform lives.
const longestAdvance = 10 * 365 * 24 * time.Hour

// patchClock moves the clock of the platform forward.
func (s *simulator) patchClock(r *http.Request) (any, error) {
	var in struct {
		Advance int64 `json:"advance_s"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.Advance < 0 || in.Advance > int64(longestAdvance.Seconds()) {
		return nil, invalid("advance_s must be 0 to %d seconds: the clock only moves forward", int64(longestAdvance.Seconds()))
	}
	p := s.current()
	p.Advance(time.Duration(in.Advance) * time.Second)
	s.stream.publish("clock", clockOf(p))
	s.stream.publish("tokens", tokensOf(p))
	return clockOf(p), nil
}

// tokenJSON is a token or ticket, without its value.
type tokenJSON struct {
	Kind        wechattest.TokenKind `json:"kind"`
	Masked      string               `json:"masked"`
	SecondsLeft int64                `json:"seconds_left"`
	State       string               `json:"state"` // current or previous
}

// tokensOf returns the valid tokens of a platform.
func tokensOf(p *wechattest.Platform) map[string]any {
	list := []tokenJSON{}
	for _, t := range p.Tokens() {
		out := tokenJSON{Kind: t.Kind, Masked: maskedToken(t.Value), SecondsLeft: int64(t.ExpireTime.Sub(p.Now()).Seconds()), State: "current"}
		if t.Replaced {
			out.State = "previous"
		}
		list = append(list, out)
	}
	return map[string]any{"tokens": list}
}

// maskedToken returns enough of a token to recognize it.
func maskedToken(value string) string {
	const shown = 6
	if len(value) <= 2*shown {
		return mask
	}
	return value[:shown] + "…" + value[len(value)-2:]
}

func (s *simulator) listTokens(*http.Request) (any, error) { return tokensOf(s.current()), nil }

func (s *simulator) expireTokens(*http.Request) (any, error) {
	p := s.current()
	p.ExpireTokens()
	s.stream.publish("tokens", tokensOf(p))
	return none{}, nil
}

func (s *simulator) revokeTokens(*http.Request) (any, error) {
	p := s.current()
	p.RevokeTokens()
	s.stream.publish("tokens", tokensOf(p))
	return none{}, nil
}

// quotaJSON is the quota of an API.
type quotaJSON struct {
	Path      string `json:"path"`
	Used      int64  `json:"used"`
	Limit     int64  `json:"limit"`
	PerMinute int64  `json:"per_minute,omitempty"`
}

func (s *simulator) listQuotas(*http.Request) (any, error) {
	list := []quotaJSON{}
	for path, q := range s.current().Quotas() {
		out := quotaJSON{Path: path, Used: q.Used, Limit: q.DailyLimit}
		if q.RateLimit != nil {
			out.PerMinute = q.RateLimit.Calls
		}
		list = append(list, out)
	}
	slices.SortFunc(list, func(a, b quotaJSON) int { return strings.Compare(a.Path, b.Path) })
	return map[string]any{"quotas": list}, nil
}

func (s *simulator) exhaustQuota(r *http.Request) (any, error) {
	path, err := pathIn(r)
	if err != nil {
		return nil, err
	}
	if path == "" {
		return nil, invalid("path is required")
	}
	s.current().ExhaustQuota(path)
	s.stream.publish("quota", map[string]string{"path": path})
	return none{}, nil
}

// clearQuotas resets all quotas, or that of one API.
func (s *simulator) clearQuotas(r *http.Request) (any, error) {
	path, err := pathIn(r)
	if err != nil {
		return nil, err
	}
	s.current().ResetQuota(path)
	s.stream.publish("quota", map[string]string{"path": path})
	return none{}, nil
}

// pathIn reads the path of an API from a request.
func pathIn(r *http.Request) (string, error) {
	var in struct {
		Path string `json:"path"`
	}
	if err := read(r, &in); err != nil {
		return "", err
	}
	if in.Path != "" && !strings.HasPrefix(in.Path, "/") {
		return "", invalid("path must begin with a slash, such as /cgi-bin/menu/create")
	}
	return in.Path, nil
}
