package wechattest

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// Conn applies the faults of the network to the client's end of a connection: what is
// written is the request, what is read is the response. An exchange begins with the first
// write, and with the first write after a read. On an encrypted connection, the handshake
// is an exchange too; wrap the [crypto/tls.Conn] to leave it alone.
func (n *Network) Conn(c net.Conn) net.Conn { return n.wrap(c, false) }

// Listener applies the faults of the network to the connections that a server accepts:
// what is read is the request, what is written is the response. Refuse has no effect there.
func (n *Network) Listener(l net.Listener) net.Listener { return networkListener{l, n} }

type networkListener struct {
	net.Listener

	network *Network
}

func (l networkListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.network.wrap(c, true), nil
}

func (n *Network) wrap(inner net.Conn, server bool) *networkConn {
	c := &networkConn{
		Conn: inner, network: n, server: server, answered: true,
		closed: make(chan struct{}), reads: newDeadline(), writes: newDeadline(),
	}
	n.mu.Lock()
	n.conns[c] = struct{}{}
	n.mu.Unlock()
	return c
}

// networkConn is one end of a connection.
type networkConn struct {
	net.Conn

	network       *Network
	server        bool // reads requests
	closed        chan struct{}
	once          sync.Once
	reads, writes *deadline

	mu       sync.Mutex // guards the exchange
	fault    NetworkFault
	latency  time.Duration
	answered bool // the response has begun
	left     int  // bytes of a truncated response
	due      dues

	writing, reading sync.Mutex
	in               []byte // was read, but not returned yet
	buffer           [4 << 10]byte
}

// dues are the times at which something late arrives. They outlive a deadline that passes
// before them.
type dues struct{ request, response, end time.Time }

// until returns the time until something arrives, which is late by d if it was not
// waited for yet.
func until(due *time.Time, d time.Duration) time.Duration {
	if d <= 0 && due.IsZero() {
		return 0
	}
	if due.IsZero() {
		*due = time.Now().Add(d)
	}
	return time.Until(*due)
}

// verdict is what happens to the next bytes.
type verdict struct {
	size             int // at most
	wait             time.Duration
	reset, hang, end bool
}

// judge decides about bytes of the request or of the response.
func (c *networkConn) judge(response bool, size int) verdict {
	c.mu.Lock()
	defer c.mu.Unlock()
	var v verdict
	late := time.Duration(0)
	switch {
	case !response && c.answered:
		c.fault, c.latency = c.network.take(atExchange, "")
		c.answered, c.left = false, c.fault.Truncate
	case response && !c.answered:
		c.answered, late = true, c.latency
	}
	f := &c.fault
	now := f.AfterWrite == response
	if v.reset, v.hang = f.Reset && now, f.Hang && now; v.reset || v.hang {
		size = 0
	}
	if f.Slice > 0 {
		size = min(size, f.Slice)
	}
	if f.Bandwidth > 0 {
		size = min(size, max(1, f.Bandwidth/10))
	}
	if response && f.Truncate > 0 {
		v.end = c.left == 0
		size = min(size, c.left)
	}
	if f.Bandwidth > 0 {
		late += time.Duration(size) * time.Second / time.Duration(f.Bandwidth)
	}
	due := &c.due.request
	if response {
		due = &c.due.response
	}
	v.size, v.wait = size, until(due, late)
	return v
}

// passed records that bytes of the request or of the response have arrived.
func (c *networkConn) passed(response bool, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !response {
		c.due.request = time.Time{}
		return
	}
	c.due.response = time.Time{}
	c.left -= size
}

// Read returns bytes that have arrived. They stay in the connection if the deadline passes
// while they are late.
func (c *networkConn) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return c.Conn.Read(b)
	}
	c.reading.Lock()
	defer c.reading.Unlock()
	for {
		if c.isClosed() {
			return 0, net.ErrClosed
		}
		if len(c.in) == 0 {
			n, err := c.Conn.Read(c.buffer[:])
			if n == 0 {
				return 0, c.ended(err)
			}
			c.in = c.buffer[:n]
		}
		v := c.judge(!c.server, min(len(b), len(c.in)))
		if v.hang {
			c.in = nil
			continue
		}
		if err := c.reads.sleep(v.wait, c.closed); err != nil {
			return 0, err
		}
		switch {
		case v.reset:
			c.reset()
			return 0, reset("read")
		case v.end:
			_ = c.Close()
			return 0, io.EOF
		}
		n := copy(b[:v.size], c.in)
		c.in = c.in[n:]
		c.passed(!c.server, n)
		return n, nil
	}
}

// ended returns the error of a connection that has ended: late, or never, if the fault of
// the exchange says so.
func (c *networkConn) ended(err error) error {
	if c.isClosed() {
		return net.ErrClosed
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	c.mu.Lock()
	wait := until(&c.due.end, c.fault.SlowClose)
	if c.fault.Hang && !c.server {
		wait = forever
	}
	c.mu.Unlock()
	if broken := c.reads.sleep(wait, c.closed); broken != nil {
		return broken
	}
	return err
}

// Write writes in as many pieces as the fault demands.
func (c *networkConn) Write(b []byte) (n int, err error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	for n < len(b) {
		if c.isClosed() {
			return n, net.ErrClosed
		}
		v := c.judge(c.server, len(b)-n)
		if v.hang {
			return len(b), nil
		}
		if err := c.writes.sleep(v.wait, c.closed); err != nil {
			return n, err
		}
		switch {
		case v.reset:
			c.reset()
			return n, reset("write")
		case v.end:
			_ = c.Close()
			return n, reset("write")
		}
		written, err := c.Conn.Write(b[n : n+v.size])
		n += written
		c.passed(c.server, written)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (c *networkConn) isClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// Close closes the connection. The other end learns of it late if the fault says so.
func (c *networkConn) Close() error {
	c.mu.Lock()
	late := c.fault.SlowClose
	c.mu.Unlock()
	err := net.ErrClosed
	c.close(func() {
		if err = nil; late == 0 {
			err = c.Conn.Close()
			return
		}
		err = c.Conn.SetDeadline(time.Unix(1, 0)) // whoever reads or writes is woken
		time.AfterFunc(late, func() { _ = c.Conn.Close() })
	})
	return err
}

// reset closes the connection with an RST, if it is one of TCP.
func (c *networkConn) reset() {
	c.close(func() {
		raw := c.Conn
		if encrypted, ok := raw.(interface{ NetConn() net.Conn }); ok {
			raw = encrypted.NetConn()
		}
		if tcp, ok := raw.(interface{ SetLinger(seconds int) error }); ok {
			_ = tcp.SetLinger(0)
		}
		_ = raw.Close() // before the other end is told
		_ = c.Conn.Close()
	})
}

func (c *networkConn) close(inner func()) {
	c.once.Do(func() {
		close(c.closed)
		c.network.mu.Lock()
		delete(c.network.conns, c)
		c.network.mu.Unlock()
		inner()
	})
}

func (c *networkConn) SetDeadline(t time.Time) error {
	c.reads.set(t)
	c.writes.set(t)
	return c.open(c.Conn.SetDeadline(t))
}

func (c *networkConn) SetReadDeadline(t time.Time) error {
	c.reads.set(t)
	return c.open(c.Conn.SetReadDeadline(t))
}

func (c *networkConn) SetWriteDeadline(t time.Time) error {
	c.writes.set(t)
	return c.open(c.Conn.SetWriteDeadline(t))
}

// open returns the error of a deadline. In memory, a deadline cannot be set after the other
// end was closed. On a socket it can, and the end may arrive late here.
func (c *networkConn) open(err error) error {
	if errors.Is(err, io.ErrClosedPipe) && !c.isClosed() {
		return nil
	}
	return err
}

// deadline ends the waits of one direction of a connection.
type deadline struct {
	mu      sync.Mutex
	at      time.Time
	changed chan struct{}
}

func newDeadline() *deadline { return &deadline{changed: make(chan struct{})} }

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = t
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *deadline) look() (at time.Time, changed <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at, d.changed
}

// sleep waits until the time is over, the deadline passes or the connection is closed.
func (d *deadline) sleep(wait time.Duration, closed <-chan struct{}) error {
	if wait <= 0 {
		return nil
	}
	over := newTimer(wait)
	defer over.Stop()
	for {
		at, changed := d.look()
		passed := newTimer(forever)
		if !at.IsZero() {
			passed.Reset(time.Until(at))
		}
		select {
		case <-over.C:
			passed.Stop()
			return nil
		case <-passed.C:
			return os.ErrDeadlineExceeded
		case <-closed:
			passed.Stop()
			return net.ErrClosed
		case <-changed:
			passed.Stop()
		}
	}
}

// Listen returns a listener in memory, to which all later calls of [Network.DialContext]
// connect until it is closed. Its connections have no sockets, so that servers and clients
// on them work inside a testing/synctest bubble.
func (n *Network) Listen() net.Listener {
	l := &memoryListener{network: n, accept: make(chan net.Conn), closed: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.memory = l
	return l
}

type memoryListener struct {
	network *Network
	accept  chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (l *memoryListener) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.accept <- server:
		return client, nil
	case <-l.closed:
		return nil, (&NetworkFault{}).refuse(ctx, "memory", 0)
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: ctx.Err()}
	}
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accept:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.network.mu.Lock()
		defer l.network.mu.Unlock()
		if l.network.memory == l {
			l.network.memory = nil
		}
	})
	return nil
}

func (l *memoryListener) Addr() net.Addr { return memoryAddr{} }

type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return "memory" }
