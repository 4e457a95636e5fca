package wechattest

import (
	"context"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"
)

// NetworkFault is what happens to an exchange, which is a request and its response. The
// zero value changes nothing. Several fields of one fault apply together.
//
// A [Fault] is a failure of the platform. A NetworkFault lies between the platform and the
// program, or between the program and any other server, such as Redis.
type NetworkFault struct {
	// Name describes the fault, for the names of tests and for [Network.FaultCount].
	Name string

	// Path limits the fault to requests for one URL path in [Network.RoundTripper]. It
	// never applies to a connection, which carries any number of paths.
	Path string

	// Times is the number of exchanges that fail. 0 means one, and a negative number means
	// all.
	Times int

	// Chance is the probability, between 0 and 1, with which the fault applies to an
	// exchange. 0 means always.
	Chance float64

	Latency   time.Duration // before the response begins, or fails by Refuse or Reset
	Jitter    time.Duration // at most, added to Latency at random
	Bandwidth int           // bytes per second in each direction
	Slice     int           // largest number of bytes of one read or write
	SlowClose time.Duration // by which the end of the connection arrives late

	Refuse     bool // no connection is made; with Hang, the attempt hangs until the caller gives up
	Reset      bool // the connection is reset before the request is written
	Hang       bool // no response arrives until the caller gives up, and no request reaches the server
	Truncate   int  // the connection ends after this number of bytes of the response; in RoundTripper, of its body
	AfterWrite bool // Reset, Hang, Status, Body and GzipBomb apply after the server has handled the request

	// A fault with one of the other fields applies to requests in [Network.RoundTripper]
	// only.

	Status    int         // HTTP status of the response
	Header    http.Header // added to the response
	Body      []byte      // replaces the response, for example with a page of HTML
	GzipBomb  int64       // size of a JSON document that replaces the response, compressed to a 1,000th of it
	Duplicate bool        // the request is delivered twice, and the second response is returned
}

// NetworkFaults returns one fault of each kind, for one exchange each, so that a test can
// try them all with [Network.RoundTripper]. Faults that hang need a caller with a
// deadline.
func NetworkFaults() []NetworkFault {
	html := http.Header{"Content-Type": {"text/html"}}
	page := []byte("<html><body><center><h1>502 Bad Gateway</h1></center></body></html>")
	return []NetworkFault{
		{Name: "latency", Latency: time.Second, Jitter: time.Second},
		{Name: "bandwidth", Bandwidth: 100},
		{Name: "slices", Slice: 1},
		{Name: "slow close", SlowClose: 2 * time.Second},
		{Name: "refused", Refuse: true},
		{Name: "dial hangs", Refuse: true, Hang: true},
		{Name: "reset before the write", Reset: true},
		{Name: "reset after the write", Reset: true, AfterWrite: true},
		{Name: "hangs before the write", Hang: true},
		{Name: "hangs after the write", Hang: true, AfterWrite: true},
		{Name: "truncated", Truncate: 10},
		{Name: "wrong status", Status: http.StatusInternalServerError, AfterWrite: true},
		{Name: "gateway page", Status: http.StatusBadGateway, Header: html, Body: page},
		{Name: "gateway page after the write", Status: http.StatusBadGateway, Header: html, Body: page, AfterWrite: true},
		{Name: "page with status 200", Header: html, Body: page},
		{Name: "gzip bomb", GzipBomb: 1 << 30},
		{Name: "duplicate", Duplicate: true},
	}
}

// Network is an unreliable network. It damages connections ([Network.DialContext],
// [Network.Listener], [Network.Conn]) and HTTP requests ([Network.RoundTripper]) by the
// faults that were injected, and passes everything on without them. It is safe for
// concurrent use, heeds contexts and deadlines, and works inside a testing/synctest bubble
// on the connections of [Network.Listen].
type Network struct {
	mu     sync.Mutex
	random uint64
	faults []*NetworkFault
	counts map[string]int
	conns  map[*networkConn]struct{}
	memory *memoryListener
}

// NewNetwork returns a network without faults. The same seed makes the same random
// decisions about the same sequence of exchanges.
func NewNetwork(seed uint64) *Network {
	return &Network{random: seed, counts: map[string]int{}, conns: map[*networkConn]struct{}{}}
}

// InjectFault applies a fault to the next exchanges, including those on connections that
// are already open. An exchange has one fault: the first one that was injected and applies.
func (n *Network) InjectFault(f NetworkFault) {
	if f.Times == 0 {
		f.Times = 1
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults = append(n.faults, &f)
}

// ClearFaults removes all faults. Exchanges that have begun keep theirs.
func (n *Network) ClearFaults() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults = nil
}

// FaultCount returns the number of exchanges that a fault of this name was applied to.
func (n *Network) FaultCount(name string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.counts[name]
}

// ConnCount returns the number of open connections.
func (n *Network) ConnCount() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.conns)
}

// ResetConns resets all open connections, as a router that restarts does.
func (n *Network) ResetConns() {
	n.mu.Lock()
	open := make([]*networkConn, 0, len(n.conns))
	for c := range n.conns {
		open = append(open, c)
	}
	n.mu.Unlock()
	for _, c := range open {
		c.reset()
	}
}

// place is where a fault is taken.
type place int

const (
	atDial     place = iota // a connection is opened
	atExchange              // on a connection
	atRequest               // in a RoundTripper, which does both
)

// take returns the fault of an exchange and its latency. Without a fault, it returns the
// zero value.
func (n *Network) take(at place, path string) (NetworkFault, time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, f := range n.faults {
		switch {
		case at != atRequest && (f.Refuse != (at == atDial) || f.needsRequest()):
			continue
		case at == atRequest && f.Path != "" && f.Path != path:
			continue
		case f.Chance > 0 && float64(n.next()>>11)/(1<<53) >= f.Chance:
			continue
		}
		latency := f.Latency
		if f.Jitter > 0 {
			jitter := time.Duration(n.next() % uint64(f.Jitter))
			latency = min(latency, forever-jitter) + jitter
		}
		taken := *f
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				n.faults = append(n.faults[:i:i], n.faults[i+1:]...)
			}
		}
		n.counts[f.Name]++
		return taken, latency
	}
	return NetworkFault{}, 0
}

// needsRequest reports whether the fault has an effect that a connection cannot have.
func (f *NetworkFault) needsRequest() bool {
	return f.Path != "" || f.Status != 0 || f.Header != nil || f.Body != nil || f.GzipBomb > 0 || f.Duplicate
}

// next returns the next number of splitmix64, which a seed of any quality is good for.
func (n *Network) next() uint64 {
	n.random += 0x9e37_79b9_7f4a_7c15
	z := n.random
	z = (z ^ z>>30) * 0xbf58_476d_1ce4_e5b9
	z = (z ^ z>>27) * 0x94d0_49bb_1331_11eb
	return z ^ z>>31
}

// DialContext opens a connection to the listener of [Network.Listen], if there is one,
// and otherwise to the host and port. It has the signature that [http.Transport] and most
// clients of databases take.
func (n *Network) DialContext(ctx context.Context, network, hostPort string) (net.Conn, error) {
	if err := ctx.Err(); err != nil { // no attempt
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	if f, latency := n.take(atDial, ""); f.Refuse {
		return nil, f.refuse(ctx, network, latency)
	}
	n.mu.Lock()
	memory := n.memory
	n.mu.Unlock()
	if memory != nil {
		c, err := memory.dial(ctx)
		if err != nil {
			return nil, err
		}
		return n.Conn(c), nil
	}
	c, err := (&net.Dialer{}).DialContext(ctx, network, hostPort)
	if err != nil {
		return nil, err
	}
	return n.Conn(c), nil
}

// refuse returns the error of a connection that is not made.
func (f *NetworkFault) refuse(ctx context.Context, network string, latency time.Duration) error {
	if f.Hang {
		latency = forever
	}
	if err := sleep(ctx, latency); err != nil {
		return &net.OpError{Op: "dial", Net: network, Err: err}
	}
	return &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

func reset(operation string) error {
	return &net.OpError{Op: operation, Net: "tcp", Err: os.NewSyscallError(operation, syscall.ECONNRESET)}
}

const forever time.Duration = 1<<63 - 1

// newTimer returns a timer, which never fires if d is forever. The clock of a
// testing/synctest bubble would reach any other end.
func newTimer(d time.Duration) *time.Timer {
	timer := time.NewTimer(d)
	if d == forever {
		timer.Stop()
	}
	return timer
}

// sleep waits and returns the error of a context that has ended before.
func sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	timer := newTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
