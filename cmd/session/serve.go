package session

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/authserver"
	"jwt/internal/authserver/clients"
	"jwt/internal/authserver/faulty"
	"jwt/internal/authserver/signing"
	"jwt/internal/authserver/store"
	"jwt/internal/authserver/users"
	"jwt/internal/cli"
	"jwt/internal/loopback"
	"jwt/internal/verdict"
)

var serveCommand = cli.Command{
	Use:   "serve",
	Short: "run a local server: login, refresh with rotation, logout",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o serveOptions
		c.Long = `Run a small authorization server on loopback, for browsers, CI jobs and tests.
The first line on stdout is its address.

  POST /login     {"username","password"} → access token, and a refresh cookie
  POST /refresh   the cookie, or {"refreshToken"}
  POST /token     {"refreshToken"}, or a form of OAuth
  POST /logout    GET /me    GET /cart    POST /cart/items    POST /checkout
  GET  /.well-known/openid-configuration    lists those of OAuth 2.0 and OpenID
  Connect: /authorize /device_authorization /userinfo /revoke /introspect …

The public client native, with any redirect URI on loopback, is always there.
The grants are authorization code with PKCE, refresh token, client credentials,
device code and token exchange. Access tokens are bound to a key if the client
sends a DPoP proof. A file of more clients has the member names of RFC 7591; one
without a secret or keys is public, and must use PKCE:

  [{"client_id": "web", "client_secret": "…",
    "redirect_uris": ["http://localhost:8080/callback"]}]

Every refresh rotates the refresh token. A refresh token that is sent a second
time revokes its session, except within --reuse-grace, when it returns the same
successor. State is kept in a file, in memory, or in a Redis that several
servers share. Signing keys are generated on the first start, and are stored
unencrypted. Each request is logged to stderr, without secrets. On SIGTERM and
Ctrl-C, requests in progress are finished and the status is 0.

Failed logins are limited per user and address, and per user. Whoever can
reach the server can use the limit to keep a user from logging in.

A users file has NAME:PASSWORD on each line, or NAME: and an argon2id hash as
the argon2 command writes it with -e.

Faults are for testing clients and session flow. A fault is
NAME[=VALUE][,times=N][,path=/PATH]; rotate-key and clock-offset, which affect
the whole server, have no times and path:
` + faultLines()
		c.Example = `  jwt session serve                            user demo, with a random password
  jwt session serve --user alice:secret --access-ttl 30s --store memory
  jwt session serve --users users.txt --store redis://127.0.0.1:6379/0
  jwt session serve --clients clients.json     with OAuth clients of your own
  jwt session serve --allow-origin http://localhost:5173   for a browser app
  jwt session serve --fault drop-answer,times=1,path=/refresh --reuse-grace 10s
  jwt session serve --listen 0.0.0.0:443 --allow-remote \
      --issuer https://auth.example --users users.txt \
      --tls-cert cert.pem --tls-key key.pem`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 7 8", cli.Manual: serveManual}
		c.Args = cli.NoArgs
		o.addFlags(c.Flags())
		o.complete(c)
		c.RunE = func(c *cobra.Command, _ []string) error { return runServe(c.Context(), env, o) }
	},
}

type serveOptions struct {
	listen, store, issuer, audience, alg string

	users     []string
	usersFile string
	clients   string

	registration, passwordGrant, dpopNonce bool

	accessTTL, refreshTTL, reuseGrace, keyPeriod string

	faults       []string
	faultControl bool

	allowRemote     bool
	allowOrigins    []string
	allowHosts      []string
	tlsCert, tlsKey string
	quiet           bool
}

func (o *serveOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.listen, "listen", "127.0.0.1:3000", "`HOST:PORT` to listen on; port 0 picks one")
	f.StringVar(&o.store, "store", "", "where the state is kept: a `FILE`, memory, or Redis or Valkey at redis://HOST:PORT/DB, with ?addr=HOST:PORT for more nodes of a Cluster, &master_set=NAME for Sentinel, &wait=N to wait for replicas; env:NAME or @FILE has such a value (default: $XDG_STATE_HOME/jwt/serve/state.db)")
	f.StringArrayVar(&o.users, "user", nil, "a user who can log in: `NAME:PASSWORD` (repeatable)")
	f.StringVar(&o.usersFile, "users", "", "a `FILE` of users, one per line")
	f.StringVar(&o.clients, "clients", "", "a `FILE` of OAuth clients beside the public client native: a JSON array of objects with the member names of RFC 7591")
	f.BoolVar(&o.registration, "allow-registration", false, "let OAuth clients register themselves (RFC 7591); they are forgotten at the end")
	f.BoolVar(&o.passwordGrant, "allow-password-grant", false, "accept the OAuth password grant, which RFC 9700 forbids")
	f.BoolVar(&o.dpopNonce, "dpop-nonce", false, "require a nonce of the server in DPoP proofs (RFC 9449)")
	f.StringVar(&o.accessTTL, "access-ttl", "5m", "how long an access token lives, a `DURATION` like 30s")
	f.StringVar(&o.refreshTTL, "refresh-ttl", "24h", "how long each refresh token lives, a `DURATION`")
	f.StringVar(&o.reuseGrace, "reuse-grace", "0s", "return the same successor for a spent refresh token for this `DURATION`")
	f.StringVar(&o.keyPeriod, "key-period", "30d", "make a new signing key after this `DURATION`, and publish it before use")
	f.StringVar(&o.alg, "alg", authserver.DefaultAlg, "the signature `ALGORITHM`: ES256, EdDSA, RS256, …")
	f.StringVar(&o.issuer, "issuer", "", "the `URL` that clients use (default: the address it listens on)")
	f.StringVar(&o.audience, "audience", "", "the aud of access tokens, a `NAME` (default: the issuer)")
	f.StringArrayVar(&o.faults, "fault", nil, "inject a fault: `NAME[=VALUE]` as listed above (repeatable)")
	f.BoolVar(&o.faultControl, "fault-control", false, "set faults while the server runs: POST /faults {\"fault\":\"NAME\"}, DELETE /faults")
	f.BoolVar(&o.allowRemote, "allow-remote", false, "listen beyond loopback, which requires --tls-cert and --tls-key; or use a Redis beyond loopback without TLS")
	f.StringArrayVar(&o.allowOrigins, "allow-origin", nil, "let scripts of pages from this `ORIGIN` call the server with its cookies (repeatable); the page must use the server's host name, like http://localhost:5173 and http://localhost:3000")
	f.StringArrayVar(&o.allowHosts, "allow-host", nil, "answer requests whose Host header is `HOST` or HOST:PORT, as a proxy in front of the server sends it (repeatable)")
	f.StringVar(&o.tlsCert, "tls-cert", "", "the certificate chain for HTTPS, a PEM `FILE`")
	f.StringVar(&o.tlsKey, "tls-key", "", "the private key of the certificate, a PEM `FILE`")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "do not log requests, and print no notes; errors are printed")
	cli.KeepErrors(f)
}

func (o *serveOptions) complete(c *cobra.Command) {
	cli.CompleteValues(c, "alg", signing.Algs()...)
	cli.CompleteValues(c, "fault", completeFault()...)
	cli.CompleteValues(c, "allow-origin", "http://localhost:5173", "http://localhost:8080")
	cli.CompleteValues(c, "allow-host", "localhost:5173", "localhost:8080")
	cli.CompleteValues(c, "store", "memory", "redis://127.0.0.1:6379/0")
}

// faultLines lists the faults as help shows them.
func faultLines() string {
	var b strings.Builder
	all, width := faulty.All(), 0
	for _, k := range all {
		width = max(width, len(k.Usage()))
	}
	for _, k := range all {
		fmt.Fprintf(&b, "\n  %-*s  %s", width, k.Usage(), k.Help)
	}
	return b.String()[1:]
}

// completeFault returns the names of the faults, each with its help.
func completeFault() []string {
	var names []string
	for _, k := range faulty.All() {
		name := k.Name
		if k.Value != "" {
			name += "="
		}
		names = append(names, name+"\t"+k.Help)
	}
	return names
}

func (o *serveOptions) check() error {
	host, _, err := net.SplitHostPort(o.listen)
	switch {
	case err != nil:
		return verdict.Errorf(verdict.Usage, "--listen: is %q, must be HOST:PORT", o.listen).Hintf("--listen 127.0.0.1:3000")
	case (o.tlsCert == "") != (o.tlsKey == ""):
		return verdict.Errorf(verdict.Usage, "--tls-cert and --tls-key go together")
	case loopback.Host(host):
		return nil
	case !o.allowRemote:
		return verdict.Errorf(verdict.Usage, "--listen: %s is not loopback: other machines could reach the server", o.listen).
			Hintf("--listen 127.0.0.1:3000, or --allow-remote with --tls-cert and --tls-key")
	case o.tlsCert == "":
		return verdict.Errorf(verdict.Usage, "--allow-remote: requires --tls-cert and --tls-key, or passwords would cross the network unencrypted")
	case o.faultControl:
		return verdict.Errorf(verdict.Usage, "--fault-control: is allowed on loopback only")
	case o.issuer == "" && isUnspecified(host):
		return verdict.Errorf(verdict.Usage, "--issuer: is required with --listen %s, because clients need a URL to reach the server at", o.listen).
			Hintf("--issuer https://NAME:PORT, as clients write it")
	}
	return nil
}

// address returns the address to listen on. A loopback name is not resolved, because a
// resolver may return an address of the network.
func (o *serveOptions) address() string {
	host, port, _ := net.SplitHostPort(o.listen)
	if loopback.Name(host) {
		return net.JoinHostPort(loopback.Addresses[0], port)
	}
	return o.listen
}

func isUnspecified(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || ip != nil && ip.IsUnspecified()
}

func runServe(ctx context.Context, env *cli.Env, o serveOptions) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	options, password, err := o.options(env)
	if err != nil {
		return err
	}
	faults, err := faulty.ParseAll(o.faults)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(o.users, func(user string) bool { return !strings.Contains(user, ":$argon2id$") }) {
		o.note(env, "a password on the command line is visible to ps and in the shell's history; in a --users FILE it is not")
	}
	tlsConfig, err := o.tls()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if options.Store, err = o.open(ctx, env); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, options.Store.Close()) }()
	listener, err := net.Listen("tcp", o.address())
	if err != nil {
		return verdict.Errorf(verdict.IO, "--listen: %w", err).Hintf("--listen 127.0.0.1:0 picks a free port")
	}
	defer listener.Close()
	address := o.name(&options, listener.Addr(), tlsConfig != nil)
	server, err := faulty.New(ctx, options, faults, o.faultControl)
	if err != nil {
		return err
	}
	defer server.Close()
	first := "listening on " + address + "\n"
	if password != "" {
		first += "user: " + demoUser + "\npassword: " + password + "\n"
	}
	if _, err := env.Stdout.Write([]byte(first)); err != nil {
		return verdict.Errorf(verdict.IO, "writing the address: %w", err)
	}
	signal.Ignore(syscall.SIGPIPE) // the reader of the log may exit, the server stays
	defer signal.Reset(syscall.SIGPIPE)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	return server.Serve(ctx, listener, tlsConfig)
}

const demoUser = "demo"

// options turns flags into the options of the server. Without users it adds one and returns
// its password.
func (o *serveOptions) options(env *cli.Env) (options authserver.Options, password string, err error) {
	options = authserver.Options{
		Audience: o.audience, Alg: o.alg, Origins: o.allowOrigins,
		Clients: &clients.Registry{}, Registration: o.registration, PasswordGrant: o.passwordGrant, ProofNonce: o.dpopNonce,
		Users: &users.Set{}, Now: env.Now,
	}
	if err := o.lifetimes(&options); err != nil {
		return options, "", err
	}
	if !o.quiet {
		options.Log = env.Stderr
	}
	if o.usersFile != "" {
		if err := readFile("--users", o.usersFile, options.Users.Read); err != nil {
			return options, "", err
		}
	}
	for _, entry := range o.users {
		if err := options.Users.Add(entry); err != nil {
			return options, "", withUserHint(entry, err)
		}
	}
	if o.clients != "" {
		if err := readFile("--clients", o.clients, options.Clients.Read); err != nil {
			return options, "", err
		}
	}
	if options.Users.Len() == 0 {
		password, err = options.Users.AddGenerated(demoUser)
	}
	return options, password, err
}

// withUserHint adds what to type to the error of a user without a password.
func withUserHint(entry string, err error) error {
	var e *verdict.Error
	if name, password, _ := strings.Cut(entry, ":"); password != "" || name == "" || !errors.As(err, &e) {
		return err
	}
	return e.Hintf("--users FILE with a line NAME:PASSWORD, or --user NAME:PASSWORD; without a user, %s gets a random password", demoUser)
}

func (o *serveOptions) lifetimes(options *authserver.Options) (err error) {
	for _, d := range []struct {
		flag, text string
		to         *time.Duration
	}{
		{"access-ttl", o.accessTTL, &options.AccessTTL},
		{"refresh-ttl", o.refreshTTL, &options.RefreshTTL},
		{"reuse-grace", o.reuseGrace, &options.ReuseGrace},
		{"key-period", o.keyPeriod, &options.KeyPeriod},
	} {
		if *d.to, err = cli.Duration(d.flag, d.text); err != nil {
			return err
		}
	}
	return nil
}

// readFile reads the file of a flag.
func readFile(flag, path string, read func(io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := read(f); err != nil {
		failed := verdict.Errorf(verdict.ClassOf(err), "%s %s: %w", flag, path, err)
		var e *verdict.Error
		if errors.As(err, &e) {
			failed.Hint = e.Hint
		}
		return failed
	}
	return nil
}

func (o *serveOptions) tls() (*tls.Config, error) {
	if o.tlsCert == "" {
		return nil, nil
	}
	certificate, err := tls.LoadX509KeyPair(o.tlsCert, o.tlsKey)
	if err != nil {
		return nil, verdict.Errorf(verdict.KeyUnreadable, "--tls-cert, --tls-key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, nil
}

// open opens the store of --store.
func (o *serveOptions) open(ctx context.Context, env *cli.Env) (store.Store, error) {
	where, err := o.where(env)
	if err != nil {
		return nil, err
	}
	if where == "" {
		dir := env.StateDir()
		if dir == "" {
			return nil, verdict.Errorf(verdict.Usage, "--store: is required, because neither XDG_STATE_HOME nor HOME is set").
				Hintf("--store FILE, or --store memory")
		}
		where = filepath.Join(dir, "serve", "state.db")
	}
	if err := o.checkRedis(env, where); err != nil {
		return nil, err
	}
	o.checkDirectory(env, where)
	s, err := store.Open(ctx, where)
	var e *verdict.Error
	if errors.As(err, &e) && e.Class == verdict.Usage {
		e.Message = "--store: " + e.Message
	}
	return s, err
}

// where returns the value of --store, which may be in a variable or a file: the URL of a
// Redis may hold a password.
func (o *serveOptions) where(env *cli.Env) (string, error) {
	const limit = 4096
	if !strings.HasPrefix(o.store, "env:") && !strings.HasPrefix(o.store, "@") {
		if store.HasPassword(o.store) {
			o.note(env, "a password in --store is visible to ps and in the shell's history; in env:NAME or @FILE it is not")
		}
		return o.store, nil
	}
	source, err := env.Input().Bytes(o.store, "the store", limit)
	if err != nil {
		return "", verdict.Errorf(verdict.Usage, "--store: %w", err)
	}
	where := strings.TrimSpace(string(source.Data))
	if where == "" || strings.ContainsAny(where, "\r\n") {
		return "", verdict.Errorf(verdict.Usage, "--store: %s must have one line, a FILE, memory or a redis:// URL", source.Name)
	}
	return where, nil
}

// checkRedis refuses a Redis to which the private keys would cross the network in clear.
func (o *serveOptions) checkRedis(env *cli.Env, where string) error {
	if store.CrossesNetwork(where) && !o.allowRemote {
		return verdict.Errorf(verdict.Usage, "--store: the Redis is beyond loopback and without TLS: the private signing keys would cross the network unencrypted").
			Hintf("rediss://…, or --allow-remote if you trust the network")
	}
	if store.IsRedis(where) {
		o.note(env, "Redis holds the private signing keys unencrypted: its other users can sign tokens")
	}
	return nil
}

// checkDirectory notes a directory in which other users can replace the store.
func (o *serveOptions) checkDirectory(env *cli.Env, where string) {
	if where == "memory" || store.IsRedis(where) {
		return
	}
	dir := filepath.Dir(where)
	info, err := os.Stat(dir)
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0 && info.Mode()&os.ModeSticky == 0 {
		o.note(env, dir+": other users can replace the store in this directory: chmod go-w "+dir)
	}
}

// note writes a note, unless the server is quiet.
func (o *serveOptions) note(env *cli.Env, message string) {
	cli.Output{Quiet: o.quiet}.Note(env, message)
}

// name sets the issuer and the host names of the server, and returns the URL that it
// listens on.
func (o *serveOptions) name(options *authserver.Options, listening net.Addr, secure bool) string {
	scheme := "http"
	if secure {
		scheme = "https"
	}
	asked, _, _ := net.SplitHostPort(o.listen)
	_, port, _ := net.SplitHostPort(listening.String())
	if asked == "" {
		asked = "0.0.0.0"
	}
	address := (&url.URL{Scheme: scheme, Host: net.JoinHostPort(asked, port)}).String()
	options.Issuer = o.issuer
	if o.issuer == "" {
		options.Issuer = address
	}
	options.Hosts = append(o.allowHosts, net.JoinHostPort(asked, port))
	if loopback.Host(asked) {
		for _, host := range []string{"127.0.0.1", "::1", "localhost"} {
			options.Hosts = append(options.Hosts, net.JoinHostPort(host, port))
		}
	}
	return address
}
