package callback

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/wechatoa/wechat/internal/usercode"
)

// allowList contains the IP addresses that requests are accepted from, as of the last
// successful fetch. Until there has been one, requests wait for it and then get status
// 503, so that a failure never lets anybody in.
type allowList struct {
	fetch func(context.Context) ([]string, error)
	log   *slog.Logger
	life  context.Context //nolint:containedctx // a fetch belongs to the handler, not to the request that started it

	mu      sync.Mutex
	list    []netip.Prefix // nil until the first fetch has succeeded
	due     time.Time      // when to fetch it again
	pause   time.Duration  // before the next attempt, after a failure
	running chan struct{}  // closed when the fetch in progress ends; nil if there is none
	stuck   int            // fetches that timed out and are still running
}

const (
	allowListFor     = 24 * time.Hour
	allowListWithin  = 10 * time.Second // timeout of a fetch
	allowListWait    = 2 * time.Second  // how long a request waits for the first list
	allowListPause   = time.Second      // doubles after each failure
	maxAllowPause    = time.Minute
	maxStuckFetches  = 4
	unlistedReason   = "the allowed IP addresses are not known yet, because Config.AllowedIPs has not returned them"
	notAllowedReason = "IP address is not in Config.AllowedIPs, which cannot be used behind a proxy"
)

var errNoAddresses = errors.New("no IP addresses were returned")

// check returns an error unless a request from an address is accepted.
func (a *allowList) check(ctx context.Context, remote string) error {
	if a.fetch == nil {
		return nil
	}
	list, running := a.current()
	if list == nil && running != nil {
		wait, cancel := context.WithTimeout(ctx, allowListWait)
		defer cancel()
		select {
		case <-running:
		case <-wait.Done():
		}
		list, _ = a.current()
	}
	if list == nil {
		return &refusal{reason: unlistedReason, status: http.StatusServiceUnavailable}
	}
	if !contains(list, remote) {
		return &refusal{reason: notAllowedReason, detail: slog.String("remote", excerpt(remote))}
	}
	return nil
}

func contains(list []netip.Prefix, remote string) bool {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	address = address.Unmap().WithZone("")
	for _, prefix := range list {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// current returns the list, and a channel that is closed at the end of the fetch in
// progress. It starts a fetch if one is due.
func (a *allowList) current() (list []netip.Prefix, running <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running == nil && !time.Now().Before(a.due) && a.stuck < maxStuckFetches && a.life.Err() == nil {
		a.running = make(chan struct{})
		go a.refresh(a.running)
	}
	return a.list, a.running
}

// refresh fetches the list. It does not wait for a fetch that times out, but counts those
// that are still running, so that they do not accumulate.
func (a *allowList) refresh(running chan struct{}) {
	ctx, cancel := context.WithTimeout(a.life, allowListWithin)
	defer cancel()
	f := &fetch{done: make(chan struct{})}
	go f.run(ctx, a.fetch)
	select {
	case <-f.done:
		a.settle(running, f.addresses, f.err)
	case <-ctx.Done():
		a.settle(running, nil, ctx.Err())
		a.add(1)
		<-f.done
		a.add(-1)
	}
}

func (a *allowList) add(stuck int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stuck += stuck
}

// settle stores the list that was fetched, or keeps the previous one after a failure.
func (a *allowList) settle(running chan struct{}, addresses []string, err error) {
	list := prefixes(addresses)
	if err == nil && len(list) == 0 {
		err = errNoAddresses
	}
	if err != nil && a.life.Err() == nil {
		a.log.LogAttrs(a.life, slog.LevelWarn, "callback: Config.AllowedIPs failed", slog.Any("error", err))
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if err == nil {
		a.list, a.due, a.pause = list, now.Add(allowListFor), 0
	} else {
		a.pause = min(max(2*a.pause, allowListPause), maxAllowPause)
		a.due = now.Add(a.pause)
	}
	a.running = nil
	close(running)
}

// fetch is one call of Config.AllowedIPs.
type fetch struct {
	addresses []string
	err       error
	done      chan struct{}
}

func (f *fetch) run(ctx context.Context, call func(context.Context) ([]string, error)) {
	defer close(f.done)
	f.err = usercode.ErrGoexit // unless it returns
	f.err = usercode.Recover(func() (err error) {
		f.addresses, err = call(ctx)
		return err
	})
}

// prefixes parses IP addresses and CIDR blocks. It skips everything else.
func prefixes(addresses []string) []netip.Prefix {
	var list []netip.Prefix
	for _, s := range addresses {
		s = strings.TrimSpace(s)
		if address, err := netip.ParseAddr(s); err == nil {
			address = address.Unmap()
			list = append(list, netip.PrefixFrom(address, address.BitLen()))
		} else if prefix, err := netip.ParsePrefix(s); err == nil {
			list = append(list, prefix)
		}
	}
	return list
}
