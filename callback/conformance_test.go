package callback_test

import (
	"testing"

	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/storetest"
)

func TestStoresInMemoryConform(t *testing.T) {
	storetest.TestActivityStore(t, func(*testing.T) callback.ActivityStore { return callback.NewMemoryActivityStore() })
	storetest.TestSessionStore(t, func(*testing.T) callback.SessionStore { return callback.NewMemorySessionStore() })
}
