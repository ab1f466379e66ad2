// Package httpclient limits the HTTP requests of the program: their time, the addresses
// of loopback names, and how URLs and failures are reported.
package httpclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"jwt/internal/loopback"
)

// Limits of one connection.
const (
	defaultConnectTimeout = 5 * time.Second
	maxHeaderBytes        = 64 << 10
)

// Transport returns the transport of the client, or the default one, with our limits. It
// clones a *http.Transport, and returns any other unchanged. connectTimeout limits the
// connection and its TLS handshake; 0 means 5 seconds.
func Transport(client *http.Client, connectTimeout time.Duration) http.RoundTripper {
	var transport http.RoundTripper
	if client != nil {
		transport = client.Transport
	}
	if transport == nil {
		transport = http.DefaultTransport
	}
	if t, ok := transport.(*http.Transport); ok {
		return bound(t.Clone(), cmp.Or(connectTimeout, defaultConnectTimeout))
	}
	return transport
}

func bound(t *http.Transport, limit time.Duration) *http.Transport {
	dial, proxy := t.DialContext, t.Proxy
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		return connect(ctx, dial, limit, network, addr)
	}
	if proxy != nil {
		t.Proxy = func(req *http.Request) (*url.URL, error) {
			if loopback.Host(req.URL.Hostname()) {
				return nil, nil // a proxy would read plain HTTP
			}
			return proxy(req)
		}
	}
	t.TLSHandshakeTimeout = limit
	t.MaxResponseHeaderBytes = maxHeaderBytes
	t.IdleConnTimeout = time.Second // for the key set after its discovery; then all goroutines end
	return t
}

var errConnect = errors.New("the host does not answer")

// notLoopback is the cause of an error for a loopback name that leads to another address.
type notLoopback struct{ name, addr string }

func (n notLoopback) Error() string { return n.name + " leads to " + n.addr }

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// connect dials within the limit.
func connect(outer context.Context, dial dialFunc, limit time.Duration, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(outer, limit)
	defer cancel()
	conn, err := dialName(ctx, dial, network, addr)
	if err != nil && outer.Err() == nil && ctx.Err() != nil {
		err = fmt.Errorf("no connection within %s: %w", limit, errConnect)
	}
	return conn, err
}

// dialName dials a loopback name at the loopback addresses and never resolves it, because
// plain HTTP is allowed for such a name only.
func dialName(ctx context.Context, dial dialFunc, network, addr string) (net.Conn, error) {
	name, port, err := net.SplitHostPort(addr)
	if err != nil || !loopback.Name(name) {
		return dial(ctx, network, addr)
	}
	var first error
	for _, host := range loopback.Addresses {
		conn, err := dial(ctx, network, net.JoinHostPort(host, port))
		if err == nil {
			return checkLoopback(conn, name)
		}
		first = cmp.Or(first, err)
	}
	return nil, first
}

// checkLoopback closes a connection of a custom dialler that is not to a loopback
// address.
func checkLoopback(conn net.Conn, name string) (net.Conn, error) {
	remote, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err == nil && !remote.Addr().IsLoopback() {
		conn.Close()
		return nil, notLoopback{name, remote.Addr().String()}
	}
	return conn, nil
}
