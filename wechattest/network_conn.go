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
// is an exchange too.
func (n *Network) Conn(c net.Conn) net.Conn { return n.wrap(c, false) }

// Listener applies the faults of the network to the connections that a server accepts:
// what is read is the request, what is written is the response.
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

	reading sync.Mutex
	in      []byte // was read, but not returned yet
	buffer  [4 << 10]byte
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
	switch {
	case !response && c.answered:
		c.fault, c.latency = c.network.take(atExchange, "")
		c.answered, c.left = false, c.fault.Truncate
	case response && !c.answered:
		c.answered, v.wait = true, c.latency
	}
	f := &c.fault
	now := f.AfterWrite == response
	v.reset, v.hang = f.Reset && now, f.Hang && now
	if f.Slice > 0 {
		size = min(size, f.Slice)
	}
	if f.Bandwidth > 0 {
		size = min(size, max(1, f.Bandwidth/10))
	}
	if response && f.Truncate > 0 {
		v.end = c.left == 0
		size = min(size, c.left)
		c.left -= size
	}
	if f.Bandwidth > 0 {
		v.wait += time.Duration(size) * time.Second / time.Duration(f.Bandwidth)
	}
	v.size = size
	return v
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
		if len(c.in) == 0 {
			n, err := c.Conn.Read(c.buffer[:])
			if n == 0 {
				return 0, c.ended(err)
			}
			c.in = c.buffer[:n]
		}
		v := c.judge(!c.server, min(len(b), len(c.in)))
		switch {
		case v.reset:
			c.reset()
			return 0, reset("read")
		case v.hang:
			c.in = nil
			continue
		case v.end:
			_ = c.Close()
			return 0, io.EOF
		}
		if err := c.reads.sleep(v.wait, c.closed); err != nil {
			return 0, err
		}
		n := copy(b[:v.size], c.in)
		c.in = c.in[n:]
		return n, nil
	}
}

// ended returns the error of a connection that has ended: late, or never, if the fault of
// the exchange says so.
func (c *networkConn) ended(err error) error {
	select {
	case <-c.closed:
		return net.ErrClosed
	default:
	}
	c.mu.Lock()
	late := c.fault.SlowClose
	if c.fault.Hang && !c.server {
		late = forever
	}
	c.mu.Unlock()
	if errors.Is(err, io.EOF) {
		if wait := c.reads.sleep(late, c.closed); wait != nil {
			return wait
		}
	}
	return err
}

// Write writes in as many pieces as the fault demands.
func (c *networkConn) Write(b []byte) (n int, err error) {
	for n < len(b) {
		v := c.judge(c.server, len(b)-n)
		switch {
		case v.reset:
			c.reset()
			return n, reset("write")
		case v.hang:
			return len(b), nil
		case v.end:
			_ = c.Close()
			return n, reset("write")
		}
		if err := c.writes.sleep(v.wait, c.closed); err != nil {
			return n, err
		}
		written, err := c.Conn.Write(b[n : n+v.size])
		n += written
		if err != nil {
			return n, err
		}
	}
	return n, nil
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
		if tcp, ok := c.Conn.(interface{ SetLinger(seconds int) error }); ok {
			_ = tcp.SetLinger(0)
		}
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
	return c.Conn.SetDeadline(t)
}

func (c *networkConn) SetReadDeadline(t time.Time) error {
	c.reads.set(t)
	return c.Conn.SetReadDeadline(t)
}

func (c *networkConn) SetWriteDeadline(t time.Time) error {
	c.writes.set(t)
	return c.Conn.SetWriteDeadline(t)
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
	over := time.NewTimer(wait)
	defer over.Stop()
	for {
		at, changed := d.look()
		passed := time.NewTimer(forever)
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
