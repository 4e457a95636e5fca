package redisstore_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/testlog"
	"github.com/wechatoa/wechat/redisstore"
	"github.com/wechatoa/wechat/wechattest"
)

var blocks = regexp.MustCompile("(?s)```(\\w*)\n(.*?)```")

// guide returns the blocks of code of the guide, which are the same in both languages.
func guide(t *testing.T) (code []string) {
	t.Helper()
	var other []string
	for name, to := range map[string]*[]string{"../docs/fleet.md": &code, "../docs/zh/fleet.md": &other} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, block := range blocks.FindAllStringSubmatch(string(text), -1) {
			*to = append(*to, block[2])
		}
	}
	require.Len(t, code, 5)
	assert.Equal(t, code, other)
	return code
}

func TestTheGuideCompiles(t *testing.T) {
	code := guide(t)
	program := `package main
import (
	"net/http"
	"os"
	"time"
	"github.com/redis/go-redis/v9"
	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/redisstore"
)
type Booking struct{}
var appID, appSecret, token, aesKey string
func main() {
` + code[1] + `
	_, _, _ = client, bookings, err
	http.Handle("/", handler)
	encrypted(rdb)
}
func encrypted(rdb redis.UniversalClient) {
` + code[3] + `
	_, _ = store, err
}`
	assert.LessOrEqual(t, strings.Count(code[1], "\n"), 10, "lines of the set-up")
	dir, err := os.MkdirTemp(".", "_guide") //nolint:usetesting // it must be inside the module
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main_test.go"), []byte(`package main
import (
	"testing"
	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/storetest"
)
func open(*testing.T) *wechat.MemoryTokenStore { return wechat.NewMemoryTokenStore() }
`+code[4]), 0o600))
	out, err := exec.CommandContext(t.Context(), "go", "vet", "./"+dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestTheCommandsOfTheGuideAreEnough(t *testing.T) {
	rdb := startRealServer(t)
	var rule []any
	for _, word := range strings.Fields(guide(t)[2]) {
		rule = append(rule, word)
	}
	require.NoError(t, rdb.client().Do(t.Context(), rule...).Err())
	c := rdb.client(func(o *redis.Options) { o.Username, o.Password = "wechat", "a-long-password" })
	store := redisstore.New(c, redisstore.WithEncryption(newKey(t)))
	srv := wechattest.NewServer(t)
	var log testlog.Output
	client := srv.Client(wechat.WithTokenStore(store), wechat.WithLogger(log.Logger()))
	_, err := client.ListCallbackIPs(t.Context())
	require.NoError(t, err)
	skipIfBusy(t, &log)
	assert.Empty(t, log.String())
	fill(t, store, srv.AppID)
	_, _, err = store.Activity(srv.AppID).LoadActivity(t.Context(), "o")
	require.NoError(t, err)
	require.NoError(t, store.Activity(srv.AppID).DeleteActivity(t.Context(), "o"))
	_, err = store.Activity(srv.AppID).LoadMenuStatuses(t.Context())
	require.NoError(t, err)
	require.NoError(t, store.Sessions(srv.AppID, "a").DeleteSession(t.Context(), "o"))
	require.NoError(t, store.Unlock(t.Context(), "wechat:{"+srv.AppID+"}:token:lock", "x"))
	require.NoError(t, store.Release(t.Context(), srv.AppID+":x", "x"))
	require.Error(t, c.Set(t.Context(), "other", "x", 0).Err(), "nothing but its keys")
	require.Error(t, c.FlushAll(t.Context()).Err())
}
