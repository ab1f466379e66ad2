package session

import (
	"cmp"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/authclient"
	"jwt/internal/cli"
	"jwt/internal/flow"
	"jwt/internal/loopback"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

// flowOAuthOptions are the flags that judge a server as an OAuth 2.0 server.
type flowOAuthOptions struct {
	client                        clientOptions
	flow, scope, redirect, driver string
}

func (o *flowOAuthOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.client.id, "client-id", "", "judge an OAuth 2.0 or OpenID server, as the client `ID`")
	o.client.addFlags(f)
	f.StringVar(&o.flow, "flow", flow.FlowCode, "how the client logs in, a `NAME`: "+strings.Join(flow.Flows, ", "))
	f.StringVar(&o.scope, "scope", "", "the `SCOPE` to ask for (default: openid and offline_access, if the server has them)")
	f.StringVar(&o.redirect, "redirect-uri", "", "the `URI` that the client is registered with (default: a port of this machine)")
	f.StringVar(&o.driver, "driver", "", "run this `COMMAND` with the URL of each login page, to complete it")
}

func (o *flowOAuthOptions) complete(c *cobra.Command) {
	cli.CompleteValues(c, "flow", flow.Flows...)
	o.client.complete(c)
}

// check refuses flags without a client, and what the client cannot do.
func (o *flowOAuthOptions) check(server string) error {
	others := *o
	others.client.id, others.flow = "", strings.TrimPrefix(o.flow, flow.FlowCode)
	switch {
	case !slices.Contains(flow.Flows, o.flow):
		return verdict.Errorf(verdict.Usage, "--flow: is %q, must be %s", o.flow, strings.Join(flow.Flows, ", "))
	case o.client.id == "" && others != (flowOAuthOptions{}):
		return verdict.Errorf(verdict.Usage, "--client-…, --tls-…, --flow, --scope, --redirect-uri and --driver: require --client-id").Hintf("--client-id ID")
	case o.client.id != "" && server == "":
		return verdict.Errorf(verdict.Usage, "--client-id: requires --server; the local server has its own clients").Hintf("--server URL, or leave it out")
	case o.flow == flow.FlowClientCredentials && !o.client.hasCredential():
		return verdict.Errorf(verdict.Usage, "--flow %s: requires a client that authenticates", o.flow).Hintf("--client-secret env:NAME, --client-key FILE, or --tls-cert FILE --tls-key FILE")
	}
	return o.client.check()
}

// options returns the client for the run, and what ends its browser.
func (o *flowOAuthOptions) options(ctx context.Context, env *cli.Env, out cli.Output) (*flow.OAuth, func(), error) {
	var has authclient.OAuth
	if err := o.client.read(ctx, env, out, &has); err != nil {
		return nil, nil, err
	}
	b, err := openBrowser(env, o)
	if err != nil {
		return nil, nil, err
	}
	client := &flow.OAuth{Flow: o.flow, ClientID: o.client.id, Auth: has.ClientAuth, Secrets: has.OAuthSecrets, Scope: o.scope, Redirect: b.redirect}
	if b.arrived != nil || o.flow == flow.FlowDevice {
		client.Visit = b.visit
	}
	return client, b.close, nil
}

// A browser shows login pages to the user or to a driver, and waits for the answer at the
// redirect URI.
type browser struct {
	env      *cli.Env
	driver   []string
	device   bool // nothing arrives
	redirect string
	arrived  chan url.Values // nil if the redirect URI is not on this machine
	close    func()
}

// openBrowser opens the port of the redirect URI, if it is on loopback.
func openBrowser(env *cli.Env, o *flowOAuthOptions) (*browser, error) {
	b := &browser{env: env, driver: strings.Fields(o.driver), device: o.flow == flow.FlowDevice, redirect: o.redirect, close: func() {}}
	if o.flow != flow.FlowCode {
		return b, nil
	}
	u, err := url.Parse(cmp.Or(o.redirect, "http://127.0.0.1:0/callback"))
	if err != nil || u.Host == "" || u.Fragment != "" {
		return nil, verdict.Errorf(verdict.Usage, "--redirect-uri: is not an absolute URI").Hintf("--redirect-uri http://127.0.0.1:8400/callback")
	}
	if u.Scheme != "http" || !loopback.Host(u.Hostname()) {
		return b, nil
	}
	host := u.Hostname()
	if loopback.Name(host) {
		host = "127.0.0.1"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, cmp.Or(u.Port(), "80")))
	if err != nil {
		return nil, verdict.Errorf(verdict.IO, "the port of the redirect URI cannot be opened: %w", err)
	}
	if u.Port() == "0" {
		u.Host = l.Addr().String()
	}
	b.redirect, b.arrived = u.String(), make(chan url.Values, 1)
	s := &http.Server{Handler: b.callback(u), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, MaxHeaderBytes: 32 << 10, ErrorLog: log.New(io.Discard, "", 0)}
	go s.Serve(l) // ends with close
	b.close = func() { s.Close() }
	return b, nil
}

// callback takes the answers of login pages.
func (b *browser) callback(at *url.URL) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Referrer-Policy", "no-referrer")
		if r.Host != at.Host || r.URL.Path != at.Path {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		select {
		case b.arrived <- r.URL.Query():
			w.Write([]byte("You can close this page.\n"))
		default:
			w.WriteHeader(http.StatusGone)
		}
	})
}

// visit shows one page, and waits until the user has completed it.
func (b *browser) visit(ctx context.Context, page string) (url.Values, error) {
	select {
	case <-b.arrived: // of an earlier page
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if len(b.driver) == 0 {
		b.env.Stderr.Write([]byte("open " + render.Escape(page) + "\n"))
	} else if err := b.drive(ctx, page); err != nil {
		return nil, err
	}
	if b.device {
		return nil, nil
	}
	var late <-chan time.Time
	if len(b.driver) > 0 {
		late = time.After(2 * time.Second)
	}
	select {
	case params := <-b.arrived:
		return params, nil
	case <-late:
		return nil, verdict.Errorf(verdict.LoginRefused, "the driver ended, and nothing arrived at the redirect URI")
	case <-ctx.Done():
		return nil, verdict.Errorf(verdict.LoginRefused, "nothing arrived at the redirect URI")
	}
}

// drive runs the driver. What it prints goes to stderr.
func (b *browser) drive(ctx context.Context, page string) error {
	c := exec.CommandContext(ctx, b.driver[0], append(b.driver[1:len(b.driver):len(b.driver)], page)...)
	c.Stdout, c.Stderr = b.env.Stderr, b.env.Stderr
	if err := c.Run(); err != nil {
		return verdict.Errorf(verdict.LoginRefused, "the driver %s: %v", render.Escape(b.driver[0]), err)
	}
	return nil
}
