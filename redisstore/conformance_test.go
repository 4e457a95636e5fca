package redisstore_test

import (
	"crypto/rand"
	"encoding/hex"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/redisstore"
	"github.com/wechatoa/wechat/storetest"
)

var (
	_ wechat.TokenStore      = (*redisstore.Store)(nil)
	_ wechat.TokenLocker     = (*redisstore.Store)(nil)
	_ callback.DedupeStore   = (*redisstore.Store)(nil)
	_ callback.ActivityStore = (*redisstore.Activity)(nil)
	_ callback.SessionStore  = (*redisstore.Sessions)(nil)
)

func newKey(t testing.TB) redisstore.Key {
	t.Helper()
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	key, err := redisstore.ParseKey(hex.EncodeToString(b))
	require.NoError(t, err)
	return key
}

func conforms(t *testing.T, client redis.UniversalClient, opts ...redisstore.Option) {
	t.Helper()
	store := redisstore.New(client, opts...)
	t.Run("tokens", func(t *testing.T) { storetest.TestTokenStore(t, func(*testing.T) wechat.TokenStore { return store }) })
	t.Run("locks", func(t *testing.T) { storetest.TestTokenLocker(t, func(*testing.T) wechat.TokenLocker { return store }) })
	t.Run("pushes", func(t *testing.T) {
		storetest.TestDedupeStore(t, func(*testing.T) callback.DedupeStore { return store })
	})
	t.Run("activity", func(t *testing.T) {
		storetest.TestActivityStore(t, func(*testing.T) callback.ActivityStore { return store.Activity("wx1") })
	})
	t.Run("sessions", func(t *testing.T) {
		storetest.TestSessionStore(t, func(*testing.T) callback.SessionStore { return store.Sessions("wx1", "a") })
	})
}

func TestStoreConforms(t *testing.T) {
	t.Parallel()
	conforms(t, startServer(t).client())
}

func TestStoreWithEncryptionConforms(t *testing.T) {
	t.Parallel()
	conforms(t, startServer(t).client(), redisstore.WithEncryption(newKey(t), newKey(t)))
}
