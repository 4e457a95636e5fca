package redisstore_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/internal/testlog"
	"github.com/wechatoa/wechat/redisstore"
	"github.com/wechatoa/wechat/wechattest"
)

func TestParseKeyTakesBase64AndHexadecimalDigits(t *testing.T) {
	raw := strings.Repeat("\x07", 32)
	for encoded, ok := range map[string]bool{
		base64.StdEncoding.EncodeToString([]byte(raw)): true,
		fmt.Sprintf("%x\n", raw):                       true,
		"":                                             false,
		raw:                                            false,
		fmt.Sprintf("%x", raw[1:]):                     false,
		base64.StdEncoding.EncodeToString([]byte(raw + "x")): false,
	} {
		_, err := redisstore.ParseKey(encoded)
		if ok {
			require.NoError(t, err, "%q", encoded)
		} else {
			require.ErrorIs(t, err, redisstore.ErrKey, "%q", encoded)
		}
	}
}

func TestKeyIsPrintedMasked(t *testing.T) {
	raw := strings.Repeat("k", 32)
	key, err := redisstore.ParseKey(fmt.Sprintf("%x", raw))
	require.NoError(t, err)
	text, err := json.Marshal(map[string]any{"key": key})
	require.NoError(t, err)
	var log testlog.Output
	log.Logger().Info("", slog.Any("key", key))
	for _, out := range []string{
		fmt.Sprint(key), fmt.Sprintf("%v %+v %#v %s %x %d", key, key, key, key, key, key), fmt.Sprintf("%+v", struct{ K redisstore.Key }{key}),
		string(text), log.String(),
	} {
		assert.Contains(t, out, "[redacted]")
		assert.NotContains(t, out, raw)
		assert.NotContains(t, out, fmt.Sprintf("%x", raw))
		assert.NotContains(t, out, "107")
	}
}

func TestAZeroKeyEncryptsNothingAndStoresNothing(t *testing.T) {
	rdb := startServer(t)
	store := redisstore.New(rdb.client(), redisstore.WithEncryption(redisstore.Key{}))
	_, err := store.Swap(t.Context(), "wechat:{a}:token", "", "secret", time.Hour)
	require.ErrorIs(t, err, redisstore.ErrKey)
	require.ErrorIs(t, store.Finish(t.Context(), "a:b", "o", []byte("secret"), time.Hour), redisstore.ErrKey)
	require.ErrorIs(t, store.Sessions("a", "").SaveSession(t.Context(), "o", []byte("secret"), time.Hour), redisstore.ErrKey)
	_, _, err = store.Load(t.Context(), "wechat:{a}:token")
	require.NoError(t, err)
	assert.Empty(t, dump(t, rdb.client()))
}

func TestAnEncryptedValueBelongsToItsKey(t *testing.T) {
	ctx, rdb := t.Context(), startServer(t)
	c := rdb.client()
	store := redisstore.New(c, redisstore.WithEncryption(newKey(t)), redisstore.WithLogger(slog.New(slog.DiscardHandler)))
	one, other := "wechat:{wx1}:token:stable", "wechat:{wx2}:token:stable"
	swapped, err := store.Swap(ctx, one, "", "token", time.Hour)
	require.NoError(t, err)
	require.True(t, swapped)
	stored, err := c.Get(ctx, one).Result()
	require.NoError(t, err)
	require.NoError(t, c.Set(ctx, other, stored, time.Hour).Err())
	value, _, err := store.Load(ctx, one)
	require.NoError(t, err)
	assert.Equal(t, "token", value)
	value, _, err = store.Load(ctx, other)
	require.NoError(t, err)
	assert.Empty(t, value)
	for i := range stored { // no byte of it may change
		spoiled := []byte(stored)
		spoiled[i] ^= 1
		require.NoError(t, c.Set(ctx, one, spoiled, time.Hour).Err())
		value, _, err := store.Load(ctx, one)
		require.NoError(t, err)
		assert.Empty(t, value)
	}
}

// meanwhile does something once, after the first command.
type meanwhile struct{ do func() }

func (*meanwhile) DialHook(next redis.DialHook) redis.DialHook { return next }

func (m *meanwhile) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if do := m.do; do != nil && err == nil {
			m.do = nil
			do()
		}
		return err
	}
}

func (*meanwhile) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestASwapGoesOnWhenTheSameValueIsEncryptedAnew(t *testing.T) {
	ctx, rdb, key := t.Context(), startServer(t), newKey(t)
	other := redisstore.New(rdb.client(), redisstore.WithEncryption(key))
	for old, want := range map[string]bool{"a": true, "b": false} { // what others store meanwhile
		name := "wechat:{wx1}:" + old
		_, err := other.Swap(ctx, name, "", "a", time.Hour)
		require.NoError(t, err)
		c := rdb.client()
		require.NoError(t, c.Ping(ctx).Err())
		c.AddHook(&meanwhile{func() {
			swapped, err := other.Swap(ctx, name, "a", old, time.Hour)
			require.NoError(t, err)
			require.True(t, swapped)
		}})
		swapped, err := redisstore.New(c, redisstore.WithEncryption(key)).Swap(ctx, name, "a", "c", time.Hour)
		require.NoError(t, err)
		assert.Equal(t, want, swapped, "the value is %s again", old)
	}
}

func TestKeysAreReplacedWithoutARefresh(t *testing.T) {
	srv, rdb := wechattest.NewServer(t), startServer(t)
	old, next := newKey(t), newKey(t)
	for _, step := range []redisstore.Option{
		redisstore.WithEncryption(old),
		redisstore.WithEncryption(old, next), // rolled out everywhere before
		redisstore.WithEncryption(next, old),
	} {
		var log testlog.Output
		client := srv.Client(wechat.WithTokenStore(redisstore.New(rdb.client(), step)), wechat.WithLogger(log.Logger()))
		_, err := client.ListCallbackIPs(t.Context())
		require.NoError(t, err)
		skipIfBusy(t, &log)
		assert.Equal(t, 1, srv.CallCount(stablePath))
	}
}

func TestServersWithDifferentKeysDoNotStopEachOther(t *testing.T) {
	srv, rdb := wechattest.NewServer(t), startServer(t)
	var log testlog.Output
	var clients []*wechat.Client
	for _, opts := range [][]redisstore.Option{
		nil, {redisstore.WithEncryption(newKey(t))}, {redisstore.WithEncryption(newKey(t))},
	} {
		store := redisstore.New(rdb.client(), append(opts, redisstore.WithLogger(log.Logger()))...)
		clients = append(clients, srv.Client(wechat.WithTokenStore(store), quiet))
	}
	for range 2 {
		for range 20 {
			for _, c := range clients {
				_, err := c.ListCallbackIPs(t.Context())
				require.NoError(t, err)
			}
		}
		srv.RevokeTokens()
	}
	assert.LessOrEqual(t, srv.CallCount(stablePath), 2*len(clients), "each for itself, no more")
	assert.Equal(t, 3, strings.Count(log.String(), "cannot be decrypted"), "once for each store: %s", log.String())
	assert.NotContains(t, log.String(), "99_", "no token")
}

func TestAServerWithoutKeysTakesNoEncryptedValue(t *testing.T) {
	ctx, rdb := t.Context(), startServer(t)
	var log testlog.Output
	encrypted := redisstore.New(rdb.client(), redisstore.WithEncryption(newKey(t)))
	plain := redisstore.New(rdb.client(), redisstore.WithLogger(log.Logger()))

	require.NoError(t, encrypted.Finish(ctx, "wx1:1", "a", []byte("reply"), time.Minute))
	claim, err := plain.Claim(ctx, "wx1:1", "b", time.Minute)
	require.NoError(t, err)
	assert.Equal(t, callback.Claim{State: callback.ClaimStateDone, Delivery: 1}, claim, "no reply that a follower cannot read")

	theirs := callback.NewSessions[string](encrypted.Sessions("wx1", ""), time.Minute)
	ours := callback.NewSessions[string](plain.Sessions("wx1", ""), time.Minute)
	require.NoError(t, theirs.Set(ctx, "o", "theirs"))
	_, found, err := ours.Get(ctx, "o")
	require.NoError(t, err)
	assert.False(t, found)
	require.NoError(t, ours.Update(ctx, "o", func(current *string) (*string, error) {
		assert.Nil(t, current)
		next := "ours"
		return &next, nil
	}))
	value, _, err := ours.Get(ctx, "o")
	require.NoError(t, err)
	assert.Equal(t, "ours", value)
	assert.Equal(t, 1, strings.Count(log.String(), "cannot be decrypted"), log.String())
}

func TestTheLogNamesTheKindOfAValueAndNoFollower(t *testing.T) {
	ctx, rdb := t.Context(), startServer(t)
	require.NoError(t, redisstore.New(rdb.client()).Sessions("wx1", "a").SaveSession(ctx, "follower", []byte("1"), time.Minute))
	var log testlog.Output
	for _, l := range []*slog.Logger{log.Logger(), nil} {
		store := redisstore.New(rdb.client(), redisstore.WithEncryption(newKey(t)), redisstore.WithLogger(l))
		value, err := store.Sessions("wx1", "a").LoadSession(ctx, "follower")
		require.NoError(t, err)
		assert.Nil(t, value)
	}
	assert.Contains(t, log.String(), "key=wechat:{wx1}:session\n")
	assert.NotContains(t, log.String(), "follower")
}

func TestAnErrorQuotesNoValue(t *testing.T) {
	ctx, store := t.Context(), redisstore.New(startRealServer(t, "--rename-command", "EVALSHA", "").client())
	_, err := store.Swap(ctx, "wechat:{wx1}:token:stable", "OLD-CANARY", "NEW-CANARY", time.Hour)
	errFinish := store.Finish(ctx, "wx1:1", "a", []byte("REPLY-CANARY"), time.Minute)
	errActivity := store.Activity("wx1").RecordActivity(ctx, "OPENID-CANARY", time.Now(), time.Now())
	for _, err := range []error{err, errFinish, errActivity} {
		require.ErrorContains(t, err, "unknown command 'evalsha'")
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), "CANARY")
	}
}

// responds replaces the responses of all scripts.
type responds struct{ with any }

func (responds) DialHook(next redis.DialHook) redis.DialHook { return next }

func (r responds) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, cmd redis.Cmder) error {
		if script, ok := cmd.(*redis.Cmd); ok {
			script.SetVal(r.with)
		}
		return nil
	}
}

func (responds) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestAnswersOfAnotherShapeAreErrorsOrNoValue(t *testing.T) {
	ctx := t.Context()
	for _, answer := range []any{nil, "", "OK", int64(-1), []any{}, []any{"granted"}, []any{nil, nil, nil}, []any{int64(1), "x", []any{}}} {
		c := redis.NewClient(&redis.Options{})
		c.AddHook(responds{answer})
		store := redisstore.New(c)
		value, ttl, err := store.Load(ctx, "wechat:{wx1}:token")
		assert.Empty(t, value)
		assert.Zero(t, ttl)
		claim, errClaim := store.Claim(ctx, "wx1:1", "a", time.Minute)
		assert.Empty(t, claim.Reply)
		assert.NotEqual(t, callback.ClaimStateGranted, claim.State)
		assert.True(t, err != nil || errClaim != nil, "%v", answer)
		_, _ = store.Swap(ctx, "wechat:{wx1}:token", "", "a", time.Minute)
		_, _ = store.Lock(ctx, "wechat:{wx1}:token:lock", "a", time.Minute)
		_, _ = store.ChooseReplyMethod(ctx, "wx1:1", callback.ReplyMethodResponse)
		require.NoError(t, c.Close())
	}
}

func TestAnyTTLIsKept(t *testing.T) {
	ctx, rdb := t.Context(), startServer(t)
	c := rdb.client()
	store := redisstore.New(c)
	sessions := store.Sessions("wx1", "")
	for _, ttl := range []time.Duration{math.MaxInt64, math.MaxInt64 - 1, 1_000_000 * time.Hour} {
		_, err := store.Swap(ctx, "wechat:{wx1}:token", "", "a", ttl)
		require.NoError(t, err)
		require.NoError(t, sessions.SaveSession(ctx, "o", []byte("1"), ttl))
		_, err = store.Claim(ctx, "wx1:1", "a", ttl)
		require.NoError(t, err)
		require.NoError(t, store.Finish(ctx, "wx1:1", "a", nil, ttl))
		for _, key := range []string{"token", "session::o", "push:1"} {
			left, err := c.PTTL(ctx, "wechat:{wx1}:"+key).Result()
			require.NoError(t, err)
			assert.Greater(t, left, 90*365*24*time.Hour, "%s for %v", key, ttl)
		}
		require.NoError(t, c.FlushAll(ctx).Err())
	}
	for _, ttl := range []time.Duration{0, 1, -1, math.MinInt64} {
		_, err := store.Swap(ctx, "wechat:{wx1}:token", "", "a", ttl)
		require.NoError(t, err)
		require.NoError(t, sessions.SaveSession(ctx, "o", []byte("1"), ttl))
		left, err := c.PTTL(ctx, "wechat:{wx1}:token").Result()
		require.NoError(t, err)
		assert.LessOrEqual(t, left, time.Millisecond, "for %v; -2 if it is over", ttl)
		left, err = c.PTTL(ctx, "wechat:{wx1}:session::o").Result()
		require.NoError(t, err)
		assert.LessOrEqual(t, left, time.Millisecond, "for %v", ttl)
		assert.NotEqual(t, time.Duration(-1), left, "no TTL")
		require.NoError(t, c.FlushAll(ctx).Err())
	}
}

func TestTheMenuIsBounded(t *testing.T) {
	ctx, rdb := t.Context(), startServer(t)
	activity := redisstore.New(rdb.client()).Activity("wx1")
	begin := time.Now().Truncate(time.Second)
	for n := range 1010 {
		require.NoError(t, activity.AddMenuStatus(ctx, fmt.Sprint("key", n), callback.MenuStatus{Received: 1, LastTime: begin.Add(time.Duration(n) * time.Second)}))
	}
	menu, err := activity.LoadMenuStatuses(ctx)
	require.NoError(t, err)
	assert.Len(t, menu, 1000)
	assert.NotContains(t, menu, "key9")
	assert.Contains(t, menu, "key10")
	assert.Contains(t, menu, "key1009")
}

func TestWhatOthersLeftUnderOurKeysIsReplaced(t *testing.T) {
	ctx, rdb := t.Context(), startServer(t)
	c := rdb.client()
	store := redisstore.New(c)
	for _, key := range []string{"push:1", "reply:1", "menu", "user:o", "session::o"} {
		require.NoError(t, c.RPush(ctx, "wechat:{wx1}:"+key, "a").Err())
	}
	claim, err := store.Claim(ctx, "wx1:1", "a", time.Minute)
	require.NoError(t, err)
	assert.Equal(t, callback.ClaimStateGranted, claim.State)
	require.NoError(t, store.Finish(ctx, "wx1:1", "a", []byte("reply"), time.Minute))
	claim, err = store.Claim(ctx, "wx1:1", "b", time.Minute)
	require.NoError(t, err)
	assert.Equal(t, "reply", string(claim.Reply))

	require.NoError(t, c.Set(ctx, "wechat:{wx1}:token:lock", "a lock that does not end", 0).Err())
	wait, err := store.Lock(ctx, "wechat:{wx1}:token:lock", "a", time.Minute)
	require.NoError(t, err)
	assert.Zero(t, wait)

	activity, now := store.Activity("wx1"), time.Now().Truncate(time.Second)
	menu, err := activity.LoadMenuStatuses(ctx)
	require.NoError(t, err)
	assert.Empty(t, menu)
	_, until, err := activity.LoadActivity(ctx, "o")
	require.NoError(t, err)
	assert.Zero(t, until)
	require.NoError(t, activity.RecordActivity(ctx, "o", now, now))
	require.NoError(t, activity.AddMenuStatus(ctx, "a", callback.MenuStatus{Received: 1}))
	require.NoError(t, c.HSet(ctx, "wechat:{wx1}:menu", "b", "nonsense", "c", "1 2 3 4 99999999999999999999 x").Err())
	menu, err = activity.LoadMenuStatuses(ctx)
	require.NoError(t, err)
	assert.Equal(t, map[string]callback.MenuStatus{"a": {Received: 1}}, menu)
	require.NoError(t, activity.AddMenuStatus(ctx, "b", callback.MenuStatus{Failed: 1}))
	menu, err = activity.LoadMenuStatuses(ctx)
	require.NoError(t, err)
	assert.Equal(t, callback.MenuStatus{Failed: 1}, menu["b"])

	sessions := store.Sessions("wx1", "")
	swapped, err := sessions.SwapSession(ctx, "o", nil, []byte("1"), time.Minute)
	require.NoError(t, err)
	assert.True(t, swapped)
	dump(t, c)
}

func TestAccountsAndKindsOfSessionsAreApart(t *testing.T) {
	ctx, rdb := t.Context(), startServer(t)
	store := redisstore.New(rdb.client())
	require.NoError(t, store.Sessions("wx1", "a").SaveSession(ctx, "o", []byte("1"), time.Minute))
	require.NoError(t, store.Activity("wx1").AddMenuStatus(ctx, "k", callback.MenuStatus{Received: 1}))
	for _, other := range []*redisstore.Sessions{store.Sessions("wx1", "b"), store.Sessions("wx2", "a"), store.Sessions("wx1", "")} {
		value, err := other.LoadSession(ctx, "o")
		require.NoError(t, err)
		assert.Nil(t, value)
	}
	menu, err := store.Activity("wx2").LoadMenuStatuses(ctx)
	require.NoError(t, err)
	assert.Empty(t, menu)
}

// What docs/fleet.md says of the memory that a fleet needs.
func TestMemoryOfAnAccountAndOfAPush(t *testing.T) {
	ctx, rdb := t.Context(), startRealServer(t)
	c := rdb.client()
	appID, srv := "wx0123456789abcdef", wechattest.NewServer(t, wechattest.WithAccount("wx0123456789abcdef", strings.Repeat("0123456789abcdef", 2)))
	for name, opts := range map[string][]redisstore.Option{"in clear": nil, "encrypted": {redisstore.WithEncryption(newKey(t))}} {
		require.NoError(t, c.FlushAll(ctx).Err())
		store := redisstore.New(c, opts...)
		client := srv.Client(wechat.WithTokenStore(store))
		_, err := client.ListCallbackIPs(ctx)
		require.NoError(t, err)
		fill(t, store, appID)
		push := appID + ":fedcba9876543210fedcba9876543210"
		for n := range 3 {
			_, err := store.Claim(ctx, push, fmt.Sprintf("0123456789abcde%d", n), time.Second)
			require.NoError(t, err)
		}
		require.NoError(t, store.Finish(ctx, push, "0123456789abcde0", []byte(strings.Repeat("r", 500)), 10*time.Minute))
		for key := range dump(t, c) {
			bytes, err := c.MemoryUsage(ctx, key).Result()
			require.NoError(t, err)
			t.Logf("%s: %4d bytes: %s", name, bytes, key)
			assert.LessOrEqual(t, bytes, int64(1024), key)
		}
	}
}
