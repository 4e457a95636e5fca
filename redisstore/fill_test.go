package redisstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/redisstore"
)

// fill puts one of everything into a store, besides a token.
func fill(t *testing.T, store *redisstore.Store, appID string) {
	t.Helper()
	ctx, now, push := t.Context(), time.Now(), appID+":0123456789abcdef0123456789abcdef"
	_, err := store.Lock(ctx, "wechat:{"+appID+"}:token:lock", "0123456789abcdef01234567ab", 10*time.Second)
	require.NoError(t, err)
	_, err = store.Claim(ctx, push, "0123456789abcdef", 3*time.Second)
	require.NoError(t, err)
	_, err = store.ChooseReplyMethod(ctx, push, callback.ReplyMethodResponse)
	require.NoError(t, err)
	require.NoError(t, store.Finish(ctx, push, "0123456789abcdef", []byte("a reply"), 10*time.Minute))
	require.NoError(t, store.Activity(appID).RecordActivity(ctx, "oABCDEFGHIJKLMNOPQRSTUVWXYZ1", now, now.Add(48*time.Hour)))
	require.NoError(t, store.Activity(appID).AddMenuStatus(ctx, "KEY", callback.MenuStatus{Received: 1, LastTime: now}))
	require.NoError(t, store.Sessions(appID, "a").SaveSession(ctx, "oABCDEFGHIJKLMNOPQRSTUVWXYZ1", []byte(`{"a":"a session"}`), time.Hour))
}
