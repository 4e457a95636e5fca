package wechattest

import (
	"iter"
	"maps"
	"time"

	"github.com/wechatoa/wechat"
)

// defaultPerDay is the daily quota of all other APIs.
const defaultPerDay = 10_000_000

// quotas returns the daily quotas of a new account.
func quotas() map[string]int {
	return map[string]int{
		classicPath: 2000,
		stablePath:  500_000,

		"/cgi-bin/menu/create":         1000,
		"/cgi-bin/menu/delete":         1000,
		"/cgi-bin/menu/get":            10_000,
		"/cgi-bin/menu/addconditional": 2000,
		"/cgi-bin/menu/delconditional": 2000,
		"/cgi-bin/menu/trymatch":       20_000,

		"/cgi-bin/tags/create": 1000,
		"/cgi-bin/tags/get":    1000,
		"/cgi-bin/tags/update": 1000,
		"/cgi-bin/tags/delete": 1000,
		"/cgi-bin/user/get":    500,
		"/cgi-bin/user/info":   5_000_000,

		"/cgi-bin/user/info/updateremark": 10_000,

		"/cgi-bin/message/custom/send":   500_000,
		"/cgi-bin/message/template/send": 100_000,
		"/cgi-bin/message/mass/send":     100,
		"/cgi-bin/message/mass/sendall":  100,
		"/cgi-bin/message/mass/preview":  100,
		"/cgi-bin/message/mass/delete":   10,
		"/cgi-bin/media/uploadnews":      10,

		"/cgi-bin/media/upload":   100_000,
		"/cgi-bin/media/get":      200_000,
		"/cgi-bin/qrcode/create":  100_000,
		"/cgi-bin/draft/add":      1000,
		"/cgi-bin/draft/update":   1000,
		"/cgi-bin/draft/get":      500,
		"/cgi-bin/draft/delete":   1000,
		"/cgi-bin/draft/count":    1000,
		"/cgi-bin/draft/batchget": 1000,

		"/cgi-bin/freepublish/submit":     100,
		"/cgi-bin/freepublish/get":        100,
		"/cgi-bin/freepublish/delete":     10,
		"/cgi-bin/freepublish/getarticle": 100,
		"/cgi-bin/freepublish/batchget":   100,
	}
}

// testQuotas returns the daily quotas of a test account where they are lower.
func testQuotas() map[string]int {
	return map[string]int{
		classicPath: 200,

		"/cgi-bin/menu/create": 100,
		"/cgi-bin/menu/delete": 100,
		"/cgi-bin/menu/get":    1000,

		"/cgi-bin/tags/create": 100,
		"/cgi-bin/tags/get":    100,
		"/cgi-bin/tags/update": 100,
		"/cgi-bin/user/get":    100,
		"/cgi-bin/user/info":   500_000,

		"/cgi-bin/tags/members/batchtagging": 1000,

		"/cgi-bin/message/custom/send": 50_000,
		"/cgi-bin/media/upload":        500,
		"/cgi-bin/media/get":           1000,
		"/cgi-bin/qrcode/create":       10_000,
	}
}

// clearBySecretPath accepts its parameters in the body or in the query.
const clearBySecretPath = "/cgi-bin/clear_quota/v2"

const (
	clearsPerMonth    = 10
	clearsPerMonthAPI = 50
)

// limits counts calls against the quotas.
type limits struct {
	perDay, perMinute map[string]int
	used              map[string]*usage

	clearMonth       string
	clears, clearAPI int
}

// usage is the number of calls of an API in a day and in a minute.
type usage struct {
	day, minute     string
	inDay, inMinute int
}

func (l *limits) init(testAccount bool) {
	l.perDay, l.used = quotas(), map[string]*usage{}
	if testAccount {
		maps.Copy(l.perDay, testQuotas())
	}
	l.perMinute = map[string]int{
		stablePath:                      10_000,
		"/cgi-bin/message/mass/send":    60,
		"/cgi-bin/message/mass/sendall": 60,
	}
}

func (p *Platform) limitRoutes() map[string]behavior {
	return map[string]behavior{
		"/cgi-bin/clear_quota":         p.clearQuota,
		clearBySecretPath:              p.clearQuotaBySecret,
		"/cgi-bin/openapi/quota/clear": p.clearAPIQuota,
		"/cgi-bin/openapi/quota/get":   p.getAPIQuota,
		"/cgi-bin/openapi/rid/get":     p.getRequestInfo,
	}
}

func beijing(t time.Time) time.Time { return t.In(time.FixedZone("CST", 8*60*60)) }

// dayOf returns the day of a quota, which begins at midnight in Beijing.
func dayOf(t time.Time) string { return beijing(t).Format(time.DateOnly) }

// spend counts a call, or refuses it if a quota is used up.
func (p *Platform) spend(c *call) error {
	u := p.usage(c.Path, c.At)
	if u.inDay >= p.dayLimit(c.Path) {
		return refuse(wechat.ErrDailyQuota, "reach max api daily quota limit")
	}
	if limit, ok := p.minuteLimit(c.Path); ok && u.inMinute >= limit {
		return refuse(wechat.ErrMinuteQuota, "api minute-quota reach limit, must slower, retry next minute")
	}
	u.inDay++
	u.inMinute++
	return nil
}

// usage returns the usage of an API in the current day and minute.
func (p *Platform) usage(path string, now time.Time) *usage {
	u := p.used[path]
	if u == nil {
		u = &usage{}
		p.used[path] = u
	}
	if day := dayOf(now); u.day != day {
		u.day, u.inDay = day, 0
	}
	if minute := now.UTC().Format("2006-01-02T15:04"); u.minute != minute {
		u.minute, u.inMinute = minute, 0
	}
	return u
}

func (p *Platform) dayLimit(path string) int {
	if n, ok := p.set.perDay[path]; ok {
		return n
	}
	if n, ok := p.perDay[path]; ok {
		return n
	}
	return defaultPerDay
}

func (p *Platform) minuteLimit(path string) (int, bool) {
	if n, ok := p.set.perMinute[path]; ok {
		return n, true
	}
	n, ok := p.perMinute[path]
	return n, ok
}

// turnMonth resets the counts at the beginning of a month.
func (p *Platform) turnMonth(now time.Time) {
	if month := beijing(now).Format("2006-01"); month != p.clearMonth {
		p.clearMonth, p.clears, p.clearAPI = month, 0, 0
	}
}

func (p *Platform) clearQuota(c *call) (any, error) {
	if c.text("appid") != p.AppID {
		return nil, refuse(wechat.ErrInvalidAppID, "invalid appid")
	}
	return nil, p.clearAll(c.At)
}

func (p *Platform) clearQuotaBySecret(c *call) (any, error) {
	if err := p.checkSecret(c, "client_credential", c.text("appid"), c.text("appsecret")); err != nil {
		return nil, err
	}
	return nil, p.clearAll(c.At)
}

func (p *Platform) clearAll(now time.Time) error {
	p.turnMonth(now)
	if p.clears >= clearsPerMonth {
		return refuse(wechat.ErrClearQuotaLimit, "forbid to clear quota because of reaching the limit")
	}
	p.clears++
	for _, u := range p.used {
		u.inDay = 0
	}
	return nil
}

func (p *Platform) clearAPIQuota(c *call) (any, error) {
	path := c.text("cgi_path")
	if p.specs[path] == nil && p.custom[path] == nil {
		return nil, refuse(wechat.ErrUnknownAPIPath, "cgi_path not found, please check")
	}
	p.turnMonth(c.At)
	if p.clearAPI >= clearsPerMonthAPI {
		return nil, refuse(wechat.ErrDailyQuota, "reach max api daily quota limit")
	}
	p.clearAPI++
	p.usage(path, c.At).inDay = 0
	return okay{}, nil
}

func (p *Platform) getAPIQuota(c *call) (any, error) {
	path := c.text("cgi_path")
	if p.specs[path] == nil && p.custom[path] == nil {
		return nil, refuse(wechat.ErrUnknownAPIPath, "cgi_path not found, please check")
	}
	limit, used := p.dayLimit(path), p.usage(path, c.At).inDay
	out := map[string]any{
		"errcode": 0, "errmsg": "ok",
		"quota": map[string]any{"daily_limit": limit, "used": used, "remain": limit - used},
	}
	if perMinute, ok := p.minuteLimit(path); ok {
		out["rate_limit"] = map[string]any{"call_count": perMinute, "refresh_second": 60}
	}
	return out, nil
}

// Quotas returns the quotas of the APIs that were called today, or whose quota is below
// that of most APIs, by path.
func (p *Platform) Quotas() map[string]wechat.APIQuota {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := map[string]wechat.APIQuota{}
	for _, known := range []iter.Seq[string]{maps.Keys(p.perDay), maps.Keys(p.set.perDay), maps.Keys(p.used)} {
		for path := range known {
			limit, used := p.dayLimit(path), p.usage(path, p.now()).inDay
			q := wechat.APIQuota{DailyLimit: int64(limit), Used: int64(used), Remaining: int64(limit - used)}
			if perMinute, ok := p.minuteLimit(path); ok {
				q.RateLimit = &wechat.RateLimit{Calls: int64(perMinute), Seconds: 60}
			}
			list[path] = q
		}
	}
	return list
}

// ExhaustQuota uses up today's quota of an API: calls fail with [wechat.ErrDailyQuota]
// until it is reset.
func (p *Platform) ExhaustQuota(path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.name(path, "a quota")
	p.usage(path, p.now()).inDay = p.dayLimit(path)
}

// ResetQuota resets today's number of calls of an API, without counting against the resets
// that the account has. An empty path means all APIs.
func (p *Platform) ResetQuota(path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.name(path, "a quota")
	for used, u := range p.used {
		if path == "" || used == path {
			u.inDay = 0
		}
	}
}

const requestsKept = 7 * 24 * time.Hour

// getRequestInfo returns what the platform has stored about a call.
func (p *Platform) getRequestInfo(c *call) (any, error) {
	rid := c.text("rid")
	for _, old := range p.calls.list {
		if old.RequestID != rid {
			continue
		}
		if c.At.Sub(old.At) > requestsKept {
			return nil, refuse(76004, "rid is expired")
		}
		query := old.Query.Encode()
		if old.Token != "" {
			query = "access_token=" + old.Token + "&" + query
		}
		return map[string]any{"errcode": 0, "errmsg": "ok", "request": map[string]any{
			"invoke_time": old.At.Unix(), "cost_in_ms": old.Duration.Milliseconds(), "request_url": query,
			"request_body": string(old.Body), "response_body": string(old.Response), "client_ip": "127.0.0.1",
		}}, nil
	}
	return nil, refuse(wechat.ErrRequestIDNotFound, "rid not found")
}
