package redisstore

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// loadScript returns a value, its remaining TTL in milliseconds, and the type of its key.
var loadScript = redis.NewScript(luaText + `
local value = text(KEYS[1])
return {value, value == '' and 0 or redis.call('PTTL', KEYS[1]), redis.call('TYPE', KEYS[1]).ok}
`)

// swapScript sets a value to ARGV[2] for ARGV[3] milliseconds if it is ARGV[1]. An
// empty string is no value.
var swapScript = redis.NewScript(luaText + `
if text(KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1])
else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1
`)

// lockScript takes or renews a lock for ARGV[1], for ARGV[2] milliseconds. It returns
// 0, or for how many milliseconds another owner has it. A lock that would not end is
// none of ours.
var lockScript = redis.NewScript(luaText + `
local owner = text(KEYS[1])
if owner ~= '' and owner ~= ARGV[1] then
  local wait = redis.call('PTTL', KEYS[1])
  if wait >= 0 then return math.max(wait, 1) end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 0
`)

// unlockScript deletes a lock of ARGV[1].
var unlockScript = redis.NewScript(luaText + `
if text(KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
`)

// luaText defines text, which returns a string, or an empty one if there is none. What another
// program has left there as a list or a hash counts as nothing and is overwritten.
const luaText = `
local function text(key)
  if redis.call('TYPE', key).ok ~= 'string' then return '' end
  return redis.call('GET', key) or ''
end
`

// Load returns the value of key and its remaining TTL.
func (s *Store) Load(ctx context.Context, key string) (value string, ttl time.Duration, err error) {
	stored, ttl, err := s.load(ctx, key)
	if err != nil {
		return "", 0, err
	}
	if value = s.open(ctx, key, stored); value == "" {
		return "", 0, nil
	}
	return value, ttl, nil
}

// load returns what is stored under key. A value without a TTL is none of ours: its
// TTL counts as over. One of another type counts as none.
func (s *Store) load(ctx context.Context, key string) (stored string, ttl time.Duration, err error) {
	result, err := results(s.run(ctx, loadScript, []string{key}), 3)
	if err != nil {
		return "", 0, err
	}
	stored, _ = result[0].(string)
	left, _ := result[1].(int64)
	kind, ok := result[2].(string)
	switch {
	case !ok:
		return "", 0, errResponse
	case kind != "string" && kind != "none":
		s.report(ctx, key, "redisstore: a key contains a "+kind+", which counts as missing")
	case left < 0:
		s.report(ctx, key, "redisstore: a stored value has no TTL and counts as expired")
	}
	return stored, time.Duration(max(left, 0)) * time.Millisecond, nil
}

// Swap sets the value of key if it is still old.
//
// What is compared in Redis are the stored bytes. Those of an encrypted value differ
// each time, so they are read first; if they change before the comparison although
// the value is still old, Swap begins anew. A store without keys reads them only if
// the comparison fails: an encrypted value is none to it.
func (s *Store) Swap(ctx context.Context, key, old, value string, ttl time.Duration) (bool, error) {
	sealed, err := s.ring.seal(key, value)
	if err != nil {
		return false, err
	}
	stored := old
	for read := s.ring != nil; ; read = true {
		if read {
			if stored, _, err = s.load(ctx, key); err != nil || s.open(ctx, key, stored) != old {
				return false, err
			}
		}
		swapped, err := s.run(ctx, swapScript, []string{key}, stored, sealed, milliseconds(ttl)).Bool()
		if swapped || err != nil {
			return swapped, err
		}
	}
}

// Lock acquires or renews the lock of key for owner. If another owner holds it, Lock
// returns how long to wait.
func (s *Store) Lock(ctx context.Context, key, owner string, ttl time.Duration) (wait time.Duration, err error) {
	left, err := s.run(ctx, lockScript, []string{key}, owner, milliseconds(ttl)).Int64()
	return time.Duration(left) * time.Millisecond, err
}

// Unlock releases the lock of key if owner holds it.
func (s *Store) Unlock(ctx context.Context, key, owner string) error {
	return s.run(ctx, unlockScript, []string{key}, owner).Err()
}
