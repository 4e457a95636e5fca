package tokencache

import (
	"runtime/debug"
	"testing"
	"time"
)

func TestAFreshValueIsReturnedWithoutAllocationAndWithoutLock(t *testing.T) {
	info, _ := debug.ReadBuildInfo()
	for _, s := range info.Settings {
		if s.Key == "-race" && s.Value == "true" {
			t.Skip("the race detector allocates too")
		}
	}
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
