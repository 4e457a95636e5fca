package redisstore

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/wechatoa/wechat/callback"
)

// A push is a hash with the fields
//
//	owner, ends  of the claim: who has it, and until when, in milliseconds of Redis' time
//	done         1 once it is handled
//	way          of the reply
//	1, 2, 3      the owners that asked, in their order
//
// and its reply is a key of its own, which ends sooner.

// luaPush defines what the scripts of pushes share.
const luaPush = luaText + `
local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function push(...)
  local kind = redis.call('TYPE', KEYS[1]).ok
  if kind ~= 'hash' and kind ~= 'none' then redis.call('DEL', KEYS[1]) end
  return redis.call('HMGET', KEYS[1], ...)
end
local function keep(ttl)
  if redis.call('PTTL', KEYS[1]) < tonumber(ttl) then redis.call('PEXPIRE', KEYS[1], ttl) end
end
local function isFree(claimed, ends, owner)
  return not claimed or claimed == owner or now() >= (tonumber(ends) or 0)
end
`

// claimScript asks for a push on behalf of ARGV[1]; the claim lasts for ARGV[2], the
// push is kept for ARGV[3]. It returns the state, the place of the owner and the reply.
var claimScript = redis.NewScript(luaPush + `
local owner = ARGV[1]
local f = push('owner', 'ends', 'done', '1', '2', '3')
local place = 3
for i = 1, 3 do
  if not f[i + 3] then
    redis.call('HSET', KEYS[1], i, owner)
    f[i + 3] = owner
  end
  if f[i + 3] == owner then
    place = i
    break
  end
end
local state, reply = 'taken', ''
if f[3] then
  state, reply = 'done', text(KEYS[2])
elseif isFree(f[1], f[2], owner) then
  state = 'granted'
  redis.call('HSET', KEYS[1], 'owner', owner, 'ends', string.format('%.0f', now() + ARGV[2]))
end
keep(ARGV[3])
return {state, place, reply}
`)

// finishScript makes a push done on behalf of ARGV[1] and keeps it for ARGV[2], and
// the reply ARGV[3] for ARGV[4].
var finishScript = redis.NewScript(luaPush + `
local f = push('owner', 'ends', 'done')
if f[3] or not isFree(f[1], f[2], ARGV[1]) then return 0 end
redis.call('HDEL', KEYS[1], 'owner', 'ends')
redis.call('HSET', KEYS[1], 'done', 1)
keep(ARGV[2])
if ARGV[3] ~= '' then redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4]) end
return 1
`)

// settleScript records the method ARGV[1] of a reply if none is recorded, keeps the push
// for ARGV[2], and returns what is recorded.
var settleScript = redis.NewScript(luaPush + `
local way = push('way')[1]
if not way then
  way = ARGV[1]
  redis.call('HSET', KEYS[1], 'way', way)
end
keep(ARGV[2])
return way
`)

// releaseScript ends the claim of ARGV[1] and keeps the push for ARGV[2].
var releaseScript = redis.NewScript(luaPush + `
if push('owner')[1] == ARGV[1] then redis.call('HDEL', KEYS[1], 'owner', 'ends') end
keep(ARGV[2])
return 0
`)

// pushKeys returns the keys of a push and of its reply. key begins with the account
// and a colon.
func pushKeys(key string) []string {
	account, push, found := strings.Cut(key, ":")
	if found {
		push = ":" + push
	}
	return []string{name(account, "push") + push, name(account, "reply") + push}
}

// name returns the key of what belongs to an account. The braces keep all keys of an
// account in one slot of a cluster.
func name(account, kind string) string { return "wechat:{" + account + "}:" + kind }

// Claim claims a push for owner.
func (s *Store) Claim(ctx context.Context, key, owner string, ttl time.Duration) (callback.Claim, error) {
	keys := pushKeys(key)
	kept := max(ttl, callback.DedupeRetention)
	result, err := results(s.run(ctx, claimScript, keys, owner, milliseconds(ttl), milliseconds(kept)), 3)
	if err != nil {
		return callback.Claim{}, err
	}
	state, _ := result[0].(string)
	place, _ := result[1].(int64)
	stored, _ := result[2].(string)
	claim := callback.Claim{State: callback.ClaimState(state), Delivery: int(place)}
	if reply := s.open(ctx, keys[1], stored); reply != "" {
		claim.Reply = []byte(reply)
	}
	return claim, nil
}

// Finish marks a push as done and stores its reply.
func (s *Store) Finish(ctx context.Context, key, owner string, reply []byte, ttl time.Duration) error {
	keys := pushKeys(key)
	sealed, err := s.ring.seal(keys[1], string(reply))
	if err != nil {
		return err
	}
	kept := max(ttl, callback.DedupeRetention)
	return s.run(ctx, finishScript, keys, owner, milliseconds(kept), sealed, milliseconds(callback.DedupeReplyRetention)).Err()
}

// ChooseReplyMethod records how the reply to a push is sent, unless that is recorded
// already, and returns the recorded method.
func (s *Store) ChooseReplyMethod(ctx context.Context, key string, method callback.ReplyMethod) (callback.ReplyMethod, error) {
	settled, err := s.run(ctx, settleScript, pushKeys(key)[:1], string(method), milliseconds(callback.DedupeRetention)).Text()
	return callback.ReplyMethod(settled), err
}

// Release ends the claim of owner.
func (s *Store) Release(ctx context.Context, key, owner string) error {
	return s.run(ctx, releaseScript, pushKeys(key)[:1], owner, milliseconds(callback.DedupeRetention)).Err()
}
