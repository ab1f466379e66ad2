package flow_test

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
)

// inBubble runs a test in a synctest bubble, where time passes only while all goroutines
// wait. So nothing is late on a slow machine, and hours cost nothing. The network is in
// memory, because a bubble cannot wait for the kernel's.
func inBubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// network holds the servers by their address.
var network struct {
	sync.Mutex
	listeners map[string]*listener
}

// A listener accepts the ends of pipes.
type listener struct {
	addr   *net.TCPAddr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// listen listens at an unused address.
func listen() *listener {
	network.Lock()
	defer network.Unlock()
	l := &listener{
		addr:  &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1024 + len(network.listeners)},
		conns: make(chan net.Conn), closed: make(chan struct{}),
	}
	if network.listeners == nil {
		network.listeners = map[string]*listener{}
	}
	network.listeners[l.addr.String()] = l
	return l
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return l.addr }

// dial connects to a listener.
func dial(ctx context.Context, _, addr string) (net.Conn, error) {
	network.Lock()
	l := network.listeners[addr]
	network.Unlock()
	if l == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: net.UnknownNetworkError(addr)}
	}
	here, there := net.Pipe()
	select {
	case l.conns <- remote{there}:
		return here, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A remote is a connection whose client is on this machine.
type remote struct{ net.Conn }

func (remote) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1023} }

// transport connects to the servers in memory, until the test ends.
func transport(t *testing.T) http.RoundTripper {
	tr := &http.Transport{DialContext: dial}
	t.Cleanup(tr.CloseIdleConnections)
	return struct{ http.RoundTripper }{tr} // prevents a clone
}
