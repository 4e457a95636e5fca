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

// allowList holds the addresses that requests come from. The last list that could
// be fetched counts. Until the first one is there, requests wait for it and are then
// answered with 503: what shall be closed is not open when something fails.
type allowList struct {
	fetch func(context.Context) ([]string, error)
	log   *slog.Logger
	life  context.Context //nolint:containedctx // a fetch belongs to the handler, not to the request that began it

	mu      sync.Mutex
	list    []netip.Prefix // nil until the first one is there
	due     time.Time      // when it is fetched again
	pause   time.Duration  // before the next attempt after a failure
	running chan struct{}  // closed when the fetch under way has ended; nil if none is
	stuck   int            // fetches that were left behind and still run
}

const (
	allowListFor     = 24 * time.Hour
	allowListWithin  = 10 * time.Second // for a fetch
	allowListWait    = 2 * time.Second  // for the first list, of a request
	allowListPause   = time.Second      // doubles
	maxAllowPause    = time.Minute
	maxStuckFetches  = 4
	unlistedReason   = "the platform's addresses are not known yet: Config.Addresses did not return them"
	notAllowedReason = "address is none of the platform's; behind a proxy Config.Addresses cannot be used"
)

var errNoAddresses = errors.New("no addresses were returned")

// check reports whether a request may come from an address.
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

// current returns the list, and the end of the fetch that is under way. It begins one
// when it is time.
func (a *allowList) current() (list []netip.Prefix, running <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running == nil && !time.Now().Before(a.due) && a.stuck < maxStuckFetches && a.life.Err() == nil {
		a.running = make(chan struct{})
		go a.refresh(a.running)
	}
	return a.list, a.running
}

// refresh fetches the list. A fetch that does not end in time is left behind; those
// that still run are counted, so that they do not add up.
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

// settle keeps a list that was fetched, or the one from before.
func (a *allowList) settle(running chan struct{}, addresses []string, err error) {
	list := prefixes(addresses)
	if err == nil && len(list) == 0 {
		err = errNoAddresses
	}
	if err != nil && a.life.Err() == nil {
		a.log.LogAttrs(a.life, slog.LevelWarn, "callback: the platform's addresses cannot be fetched", slog.Any("error", err))
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

// fetch is one call of the program's function.
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

// prefixes reads addresses and CIDR blocks, and leaves out what is neither.
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
