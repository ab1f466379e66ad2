package session

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/loopback"
	"jwt/internal/session"
	"jwt/internal/verdict"
)

var proxyCommand = cli.Command{
	Use:   "proxy",
	Short: "a local reverse proxy that adds the session's credentials",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o proxyOptions
		c.Long = `Start a reverse proxy on loopback, for programs that cannot log in themselves.
Each request goes to the server of the session with its access token and
cookies. If the server answers that the token has expired, the token is
refreshed and the request is sent once more; requests at the same time cause one
refresh. Streams, server-sent events and WebSockets pass through.

The first line on stdout is the address. While the proxy runs, every program on
this machine can use the session through it. Requests by pages of other sites
are refused, cookies stay in the session, and a body to send is limited to
64 MiB.`
		c.Example = `  jwt session proxy
  jwt session proxy --target https://api.example/v1 --listen 127.0.0.1:8080
  curl http://127.0.0.1:8080/me`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 8 9"}
		c.Args = cli.NoArgs
		o.addFlags(c.Flags())
		o.session.complete(env, c)
		cli.CompleteValues(c, "listen", "127.0.0.1:0", "127.0.0.1:8080")
		c.RunE = func(c *cobra.Command, _ []string) error { return runProxy(c.Context(), env, o) }
	},
}

type proxyOptions struct {
	session        productOptions
	target, listen string
}

func (o *proxyOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.target, "target", "", "the `URL` to send requests to, on the session's server or an --api of its login (default: the URL of the server)")
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "the loopback `HOST:PORT` to listen on; port 0 picks one")
	o.session.addFlags(f)
}

// address returns the address to listen on. A loopback name is not resolved.
func (o proxyOptions) address() (string, error) {
	host, port, err := net.SplitHostPort(o.listen)
	switch {
	case err != nil:
		return "", verdict.Errorf(verdict.Usage, "--listen: is %q, must be HOST:PORT", o.listen).Hintf("--listen 127.0.0.1:8080")
	case !loopback.Host(host):
		return "", verdict.Errorf(verdict.Usage, "--listen: %s is not loopback: other machines could use the session", o.listen).Hintf("--listen 127.0.0.1:0")
	case loopback.Name(host):
		host = loopback.Addresses[0]
	}
	return net.JoinHostPort(host, port), nil
}

// targetURL returns the URL that requests go to.
func (o proxyOptions) targetURL(client *session.Client) (*url.URL, error) {
	if o.target == "" {
		s, err := client.Store.Peek(client.Name)
		if err != nil {
			return nil, err
		}
		return url.Parse(s.Server)
	}
	u, err := url.Parse(o.target)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.User != nil {
		return nil, verdict.Errorf(verdict.Usage, "--target: %s is not the URL of a server", cli.QuoteArg(o.target)).Hintf("--target https://api.example")
	}
	return u, nil
}

// keepConnection is how long a connection to the server stays open between two requests.
const keepConnection = 90 * time.Second

func runProxy(ctx context.Context, env *cli.Env, o proxyOptions) error {
	address, err := o.address()
	if err != nil {
		return err
	}
	client, err := o.session.client(env)
	if err != nil {
		return err
	}
	client.Record, client.Idle = session.RecordRefused, keepConnection
	target, err := o.targetURL(client)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return verdict.Errorf(verdict.IO, "--listen: %w", err).Hintf("--listen 127.0.0.1:0 picks a free port")
	}
	defer listener.Close()
	proxy, err := session.NewProxy(client, target, listener.Addr())
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := (cli.Output{}).Write(env, []byte("listening on http://"+listener.Addr().String()+"\n")); err != nil {
		return err
	}
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	return serveProxy(ctx, listener, proxy)
}

// serveProxy serves until ctx ends, then waits a moment for running requests. Their bodies
// may be streams without an end, so only the time for headers is limited.
func serveProxy(ctx context.Context, listener net.Listener, h http.Handler) error {
	const headers, drain = 5 * time.Second, 2 * time.Second
	server := &http.Server{Handler: h, ReadHeaderTimeout: headers}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return verdict.Errorf(verdict.IO, "proxy: %w", err)
	case <-ctx.Done():
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := server.Shutdown(limited); err != nil {
		server.Close() // streams that are still open
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return verdict.Errorf(verdict.IO, "proxy: %w", err)
	}
	return nil
}
