package tokencache

import (
	"testing"
	"time"

	"github.com/wechatoa/wechat/internal/raceskip"
)

func TestAFreshValueIsReturnedWithoutAllocationAndWithoutLock(t *testing.T) {
	raceskip.Allocations(t)
	c := newCache(newSource(), nil)
	defer c.Close()
	ctx := t.Context()
	value, err := c.Token(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	c.mu.Lock() // a Token that locks waits
	defer c.mu.Unlock()
	allocations := make(chan float64, 1)
	go func() {
		allocations <- testing.AllocsPerRun(1000, func() {
			if v, err := c.Token(ctx, ""); err != nil || v != value {
				t.Error(v, err)
			}
		})
	}()
	select {
	case n := <-allocations:
		if n != 0 {
			t.Errorf("%.0f allocations", n)
		}
	case <-time.After(10 * time.Second):
		t.Error("Token waits for the lock")
	}
}
