package callback

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// allowList knows the addresses that pushes come from. Without a list, because
// none could be fetched yet, everybody is let in: the signature still decides.
type allowList struct {
	fetch func(context.Context) ([]string, error)
	log   *slog.Logger

	mu      sync.Mutex // held while fetching
	list    atomic.Pointer[[]netip.Prefix]
	expires atomic.Int64 // when the list is fetched again, in seconds since 1970
}

const (
	allowListFor    = 24 * time.Hour
	allowListRetry  = time.Minute
	allowListWithin = 2 * time.Second
)

func (a *allowList) allows(ctx context.Context, remote string) bool {
	if a.fetch == nil {
		return true
	}
	if time.Now().Unix() >= a.expires.Load() {
		a.refresh(ctx)
	}
	list := a.list.Load()
	if list == nil {
		return true
	}
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	address = address.Unmap()
	for _, prefix := range *list {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// refresh fetches the list; who comes while another one fetches uses the old one.
func (a *allowList) refresh(ctx context.Context) {
	if !a.mu.TryLock() {
		return
	}
	defer a.mu.Unlock()
	now := time.Now()
	if now.Unix() < a.expires.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, allowListWithin)
	defer cancel()
	addresses, err := a.fetch(ctx)
	var list []netip.Prefix
	for _, s := range addresses {
		if prefix, err := netip.ParsePrefix(s); err == nil {
			list = append(list, prefix)
		} else if address, err := netip.ParseAddr(s); err == nil {
			list = append(list, netip.PrefixFrom(address, address.BitLen()))
		}
	}
	if err != nil || len(list) == 0 {
		a.expires.Store(now.Add(allowListRetry).Unix())
		a.log.LogAttrs(ctx, slog.LevelWarn, "callback: the platform's addresses can not be fetched", slog.Any("error", err))
		return
	}
	a.list.Store(&list)
	a.expires.Store(now.Add(allowListFor).Unix())
}
