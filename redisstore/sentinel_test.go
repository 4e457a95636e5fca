package redisstore_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/testlog"
	"github.com/wechatoa/wechat/redisstore"
	"github.com/wechatoa/wechat/wechattest"
)

// startSentinel starts a sentinel that watches a master and returns its address.
func startSentinel(t *testing.T, master *server) string {
	t.Helper()
	addr, file := freeAddr(t), filepath.Join(t.TempDir(), "sentinel.conf")
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	_, masterPort, err := net.SplitHostPort(master.Addr)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `port %s
bind 127.0.0.1
dir %s
sentinel monitor fleet 127.0.0.1 %s 1
sentinel down-after-milliseconds fleet 500
sentinel failover-timeout fleet 3000
`, port, filepath.Dir(file), masterPort), 0o600))
	cmd := exec.Command("redis-server", file, "--sentinel")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return addr
}

func TestB8AFailoverFailsNoCall(t *testing.T) {
	master, replica := startRealServer(t), startRealServer(t)
	host, port, err := net.SplitHostPort(master.Addr)
	require.NoError(t, err)
	require.NoError(t, replica.client().ReplicaOf(t.Context(), host, port).Err())
	sentinel := startSentinel(t, master)
	watcher := redis.NewSentinelClient(&redis.Options{Addr: sentinel})
	t.Cleanup(func() { _ = watcher.Close() })
	require.Eventually(t, func() bool {
		known, err := watcher.Replicas(t.Context(), "fleet").Result()
		return err == nil && len(known) == 1 && known[0]["master-link-status"] == "ok"
	}, 90*time.Second, 100*time.Millisecond) // a sentinel asks every 10 seconds

	c := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "fleet", SentinelAddrs: []string{sentinel}})
	t.Cleanup(func() { _ = c.Close() })
	store := redisstore.New(c)
	srv := wechattest.NewServer(t)
	client := srv.Client(wechat.WithTokenStore(store), quiet)
	_, err = client.ListCallbackIPs(t.Context())
	require.NoError(t, err)
	require.NoError(t, c.Do(t.Context(), "WAIT", 1, 5000).Err())

	master.kill()
	calls, over := 0, make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		for {
			select {
			case <-over:
				return
			case <-time.After(10 * time.Millisecond):
				_, err := client.ListCallbackIPs(t.Context())
				assert.NoError(t, err)
				calls++
			}
		}
	})
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
		defer cancel()
		value, _, err := store.Load(ctx, "wechat:{"+srv.AppID+"}:token:stable")
		return err == nil && value == lastIssued(t, srv.Platform)
	}, 60*time.Second, 50*time.Millisecond, "the replica has the token and takes over")
	close(over)
	all.Wait()
	var log testlog.Output
	fresh := srv.Client(wechat.WithTokenStore(store), wechat.WithLogger(log.Logger()))
	_, err = fresh.ListCallbackIPs(t.Context())
	require.NoError(t, err)
	skipIfBusy(t, &log)
	assert.Equal(t, 1, srv.CallCount(stablePath))
	t.Logf("%d calls during the fail-over, none failed; tokens fetched in all: %d", calls, srv.CallCount(stablePath))
}
