package fleet

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// redisLatency is how long a command takes.
const redisLatency = time.Millisecond

// virtualRedis is a Redis whose TTLs follow the virtual clock, and that counts commands.
// It answers on a goroutine outside the bubble of the virtual clock: the deadlines of
// real connections would be long over inside.
type virtualRedis struct {
	mini     *miniredis.Miniredis
	commands chan redis.Cmder
	answered chan struct{}

	mu       sync.Mutex
	now      time.Time
	count    int
	bySecond map[int64]int
}

func newVirtualRedis(t *testing.T) *virtualRedis {
	t.Helper()
	v := &virtualRedis{
		mini: miniredis.NewMiniRedis(), commands: make(chan redis.Cmder), answered: make(chan struct{}), bySecond: map[int64]int{},
	}
	require.NoError(t, v.mini.Start())
	c := redis.NewClient(&redis.Options{Addr: v.mini.Addr()})
	var worker sync.WaitGroup
	worker.Go(func() {
		for cmd := range v.commands {
			_ = c.Process(context.Background(), cmd) // its error is that of cmd
			v.answered <- struct{}{}
		}
	})
	t.Cleanup(func() {
		close(v.commands)
		worker.Wait()
		_ = c.Close()
		v.mini.Close()
	})
	return v
}

// client returns a client for use inside the bubble. It has no connection.
func (v *virtualRedis) client() *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"}) // an address, not a name to resolve
	c.AddHook(v)
	return c
}

// peak returns the number of commands in the busiest second.
func (v *virtualRedis) peak() (most int) {
	for _, n := range v.bySecond {
		most = max(most, n)
	}
	return most
}

// DialHook implements redis.Hook.
func (v *virtualRedis) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements redis.Hook.
func (v *virtualRedis) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, cmd redis.Cmder) error {
		time.Sleep(redisLatency / 2)
		defer time.Sleep(redisLatency / 2)
		v.mu.Lock()
		defer v.mu.Unlock()
		if now := time.Now(); now.After(v.now) {
			if !v.now.IsZero() {
				v.mini.FastForward(now.Sub(v.now))
			}
			v.now = now
			v.mini.SetTime(now)
		}
		v.count++
		v.bySecond[v.now.Unix()]++
		v.commands <- cmd
		<-v.answered
		return cmd.Err()
	}
}

// ProcessPipelineHook implements redis.Hook.
func (v *virtualRedis) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
