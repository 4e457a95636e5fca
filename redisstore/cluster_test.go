package redisstore_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/redisstore"
	"github.com/wechatoa/wechat/wechattest"
)

// startCluster starts a cluster of three nodes.
func startCluster(t *testing.T) *redis.ClusterClient {
	t.Helper()
	nodes := make([]*server, 3)
	for i := range nodes {
		nodes[i] = startRealServer(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "2000")
	}
	ctx, slots := t.Context(), []int{0, 5461, 10923, 16384}
	for i, n := range nodes {
		require.NoError(t, n.client().ClusterAddSlotsRange(ctx, slots[i], slots[i+1]-1).Err())
		host, port, err := net.SplitHostPort(n.Addr)
		require.NoError(t, err)
		require.NoError(t, nodes[0].client().ClusterMeet(ctx, host, port).Err())
	}
	for _, n := range nodes {
		require.Eventually(t, func() bool {
			info, err := n.client().ClusterInfo(ctx).Result()
			return err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:3")
		}, 30*time.Second, 50*time.Millisecond)
	}
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{nodes[0].Addr, nodes[1].Addr, nodes[2].Addr}})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestB15AllKeysOfAnAccountLieInOneSlotOfACluster(t *testing.T) {
	c := startCluster(t)
	store := redisstore.New(c, redisstore.WithEncryption(newKey(t)))
	used := map[int64]bool{}
	for range 20 {
		srv := wechattest.NewServer(t)
		client := srv.Client(wechat.WithTokenStore(store), wechat.WithForcedRefresh())
		_, err := client.ListCallbackIPs(t.Context())
		require.NoError(t, err)
		_, err = client.GetTicket(t.Context(), wechat.TicketJSAPI)
		require.NoError(t, err)
		fill(t, store, srv.AppID)
		slots := map[int64]int{}
		var mu sync.Mutex
		err = c.ForEachMaster(t.Context(), func(_ context.Context, node *redis.Client) error {
			keys, err := node.Keys(t.Context(), "wechat:{"+srv.AppID+"}*").Result()
			for _, key := range keys {
				slot, err := node.ClusterKeySlot(t.Context(), key).Result()
				if err != nil {
					return err
				}
				mu.Lock()
				slots[slot]++
				mu.Unlock()
			}
			return err
		})
		require.NoError(t, err)
		assert.Len(t, slots, 1)
		for slot, n := range slots {
			assert.GreaterOrEqual(t, n, 7, "keys")
			used[slot] = true
		}
	}
	assert.Greater(t, len(used), 10, "accounts spread")
}

func TestStoreInAClusterConforms(t *testing.T) {
	t.Parallel()
	conforms(t, startCluster(t))
}
