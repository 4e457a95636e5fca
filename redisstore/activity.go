package redisstore

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/wechatoa/wechat/callback"
)

const (
	// ActivityRetention is how long the times of a follower are kept after the follower
	// last did something, and the menu statuses after the last menu event.
	ActivityRetention = 30 * 24 * time.Hour

	maxMenuKeys = 1_000
)

// Activity is the [callback.ActivityStore] of one account. It stores times with a
// resolution of one millisecond. It keeps the 1,000 menu keys with the most recent
// events.
//
// [callback.ActivityStore]: https://pkg.go.dev/github.com/wechatoa/wechat/callback#ActivityStore
type Activity struct {
	store   *Store
	account string
}

// Activity returns the activity store of an account.
func (s *Store) Activity(appID string) *Activity { return &Activity{s, appID} }

// touchScript moves wrote and until, ARGV[1] and ARGV[2] in milliseconds, forward, and
// keeps them for ARGV[3]. An empty string is no time.
var touchScript = redis.NewScript(luaPush + `
local f = push('wrote', 'until')
for i, field in ipairs({'wrote', 'until'}) do
  local time, old = tonumber(ARGV[i]), tonumber(f[i] or '')
  if time and (not old or time > old) then redis.call('HSET', KEYS[1], field, ARGV[i]) end
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 0
`)

// RecordActivity records when a follower sent a message and when their reply window
// ends.
func (a *Activity) RecordActivity(ctx context.Context, openID string, messageTime, windowEnd time.Time) error {
	return a.store.run(ctx, touchScript, []string{a.user(openID)}, timeText(messageTime), timeText(windowEnd),
		milliseconds(ActivityRetention)).Err()
}

// LoadActivity returns when a follower last sent a message and when their reply window
// ends. A time that is unknown is zero.
func (a *Activity) LoadActivity(ctx context.Context, openID string) (messageTime, windowEnd time.Time, err error) {
	f, err := a.store.client.HMGet(ctx, a.user(openID), "wrote", "until").Result()
	if err != nil || len(f) != 2 {
		return time.Time{}, time.Time{}, unless(err, wrongType)
	}
	return parseTime(f[0]), parseTime(f[1]), nil
}

// DeleteActivity deletes both times of a follower.
func (a *Activity) DeleteActivity(ctx context.Context, openID string) error {
	return a.store.client.Del(ctx, a.user(openID)).Err()
}

func (a *Activity) user(openID string) string { return name(a.account, "user:") + openID }

// The status of a menu key is a field of one hash: received, answered, failed, last
// (milliseconds), latency (nanoseconds) and the last error, with spaces in between.

// menuScript adds the changes ARGV[2…7] to the field ARGV[1]. The hash is kept for
// ARGV[8] and has at most ARGV[9] fields.
var menuScript = redis.NewScript(luaPush + `
local function fields(status)
  return string.match(status or '', '^(%d+) (%d+) (%d+) (%d+) (%-?%d+) (.*)$')
end
local old = push(ARGV[1])[1]
if not old and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[9]) then
  local all, oldest, when = redis.call('HGETALL', KEYS[1]), nil, math.huge
  for i = 1, #all, 2 do
    local _, _, _, last = fields(all[i + 1])
    if (tonumber(last) or 0) < when then oldest, when = all[i], tonumber(last) or 0 end
  end
  redis.call('HDEL', KEYS[1], oldest)
end
local received, answered, failed, last, latency, problem = fields(old)
local function count(n, more) return string.format('%.0f', (tonumber(n) or 0) + more) end
last = string.format('%.0f', math.max(tonumber(last) or 0, tonumber(ARGV[5])))
if ARGV[6] ~= '0' then latency = ARGV[6] end
if ARGV[7] ~= '' then problem = ARGV[7] end
redis.call('HSET', KEYS[1], ARGV[1], table.concat({
  count(received, ARGV[2]), count(answered, ARGV[3]), count(failed, ARGV[4]), last, latency or '0', problem or ''}, ' '))
redis.call('PEXPIRE', KEYS[1], ARGV[8])
return 0
`)

// AddMenuStatus adds delta to the status of a menu key.
func (a *Activity) AddMenuStatus(ctx context.Context, key string, delta callback.MenuStatus) error {
	last := int64(0)
	if !delta.LastTime.IsZero() {
		last = max(delta.LastTime.UnixMilli(), 0)
	}
	return a.store.run(ctx, menuScript, []string{name(a.account, "menu")},
		key, delta.Received, delta.Succeeded, delta.Failed, last, int64(delta.LastDuration), delta.LastError,
		milliseconds(ActivityRetention), maxMenuKeys).Err()
}

// LoadMenuStatuses returns the status of every menu key.
func (a *Activity) LoadMenuStatuses(ctx context.Context) (map[string]callback.MenuStatus, error) {
	all, err := a.store.client.HGetAll(ctx, name(a.account, "menu")).Result()
	if err := unless(err, wrongType); err != nil {
		return nil, err
	}
	menu := make(map[string]callback.MenuStatus, len(all))
	for key, status := range all {
		if s, ok := parseStatus(status); ok {
			menu[key] = s
		}
	}
	return menu, nil
}

func parseStatus(text string) (s callback.MenuStatus, ok bool) {
	const numbers = 5
	f := strings.SplitN(text, " ", numbers+1)
	if len(f) != numbers+1 {
		return s, false
	}
	var n [numbers]int64
	for i := range n {
		var err error
		if n[i], err = strconv.ParseInt(f[i], 10, 64); err != nil {
			return s, false
		}
	}
	s = callback.MenuStatus{Received: n[0], Succeeded: n[1], Failed: n[2], LastDuration: time.Duration(n[4]), LastError: f[numbers]}
	if n[3] != 0 {
		s.LastTime = time.UnixMilli(n[3])
	}
	return s, true
}

// timeText returns a time in milliseconds, "" for the zero time.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}

func parseTime(field any) time.Time {
	text, _ := field.(string)
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// wrongType begins the error of a command for a key of another type, which is no
// record of ours.
const wrongType = "WRONGTYPE"

// unless returns err unless it begins with prefix.
func unless(err error, prefix string) error {
	if err != nil && strings.HasPrefix(err.Error(), prefix) {
		return nil
	}
	return err
}
