// Package serve has the command of the local server.
package serve

import (
	"context"
	"errors"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"jwt/internal/authserver/faulty"
	"jwt/internal/cli"
	"jwt/internal/verdict"
)

var Command = cli.Command{
	Use:   "serve",
	Short: "run a local server: login, refresh with rotation, logout",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o flags
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
		c.Annotations = map[string]string{cli.Exits: "0 1 2 7 8", cli.Manual: manual}
		c.Args = cli.NoArgs
		o.addFlags(c.Flags())
		o.complete(c)
		c.RunE = func(c *cobra.Command, _ []string) error { return run(c.Context(), env, o) }
	},
}

func run(ctx context.Context, env *cli.Env, o flags) (err error) {
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
