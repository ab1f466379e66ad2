package token

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/keysource"
	"jwt/internal/loopback"
	"jwt/internal/verdict"
	"jwt/internal/web"
)

var Web = cli.Command{
	Use:   "web",
	Short: "show, verify, sign and compare tokens on a local page",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o webOptions
		c.Long = `Serve one page on loopback and open it in the browser, if a person is at the
terminal. The first line on stdout is its address, which nobody can guess. The
page decodes a token as you type, explains its claims and findings, verifies it,
edits and signs it again, and compares two tokens. This program does all of it;
the page loads nothing, stores nothing and writes no token into an address.

The page verifies with the keys given here, the issuers of jwt trust, or a key
pasted into it. It signs with a private key or secret given here, or one pasted
into it. The page can name no file and no address: only this command line can.

The page has one token with one signature at a time: paste the one that you
mean. For a text with several, there is jwt verify --field NAME; for a JSON
serialization with several signatures, jwt verify --require-signatures.

Ctrl-C ends it.`
		c.Example = `  jwt web
  jwt web --key public.pem --aud api
  jwt web --key oidc:https://login.example --key private.pem
  jwt web --secret env:JWT_SECRET --port 8888 --no-browser`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 7 8"}
		c.Args = cli.NoArgs
		o.addFlags(c.Flags())
		o.complete(c)
		c.RunE = func(c *cobra.Command, _ []string) error {
			o.flags = c.Flags()
			return runWeb(c.Context(), env, o)
		}
	},
}

type webOptions struct {
	keys      keysource.Options
	output    cli.Output
	expected  web.Expected
	leeway    string
	port      uint16
	noBrowser bool
	flags     *pflag.FlagSet
}

func (o *webOptions) addFlags(f *pflag.FlagSet) {
	o.keys.AddFlags(f)
	f.StringVar(&o.expected.Issuer, "iss", "", "require this `ISSUER` in iss; the page can change it")
	f.StringVar(&o.expected.Audience, "aud", "", "require this `AUDIENCE` in aud; the page can change it")
	f.StringVar(&o.expected.Profile, "profile", "", "check tokens against a specification, by `NAME`; the page can change it")
	f.StringVar(&o.leeway, "leeway", "0s", "accept clocks that differ by this `DURATION`, like 60s")
	f.Uint16Var(&o.port, "port", 0, "listen on this `PORT` of 127.0.0.1 (default: a free one)")
	f.BoolVar(&o.noBrowser, "no-browser", false, "open no browser: only print the address")
	cli.AddQuiet(f, &o.output.Quiet, "print only the address, no notes; errors are printed")
}

func (o *webOptions) complete(c *cobra.Command) {
	o.keys.Complete(c)
	cli.CompleteValues(c, "profile", web.Profiles()...)
	cli.CompleteValues(c, "port", "8888")
}

func (o *webOptions) check() error {
	if o.flags.Changed("profile") && !slices.Contains(web.Profiles(), o.expected.Profile) {
		return verdict.Errorf(verdict.Usage, "--profile: unknown profile %q, or one that the page does not check", o.expected.Profile).Hintf("one of %s", strings.Join(web.Profiles(), " "))
	}
	_, err := cli.Duration("leeway", o.leeway)
	return errors.Join(o.keys.CheckAlgs(), err)
}

func runWeb(ctx context.Context, env *cli.Env, o webOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	w := webVerifier{options: o, ctx: ctx, env: env, given: o.keys.Sources(ctx, env, o.output)}
	keys, err := w.given.Keys() // now, because a prompt needs the terminal
	if err != nil {
		return err
	}
	options := web.Options{Path: rand.Text(), Now: env.Now, Verify: w.verify, Command: w.command, Expected: o.expected}
	for _, k := range keys {
		name := k.Source
		if k.HasID {
			name += " " + k.ID
		}
		options.Given = append(options.Given, web.Given{Name: name, Key: k})
	}
	entries, err := keysource.Trusted(env)
	if err != nil {
		return err
	}
	for _, e := range entries {
		options.Trusted = append(options.Trusted, e.Name)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback.Addresses[0], strconv.Itoa(int(o.port))))
	if err != nil {
		return verdict.Errorf(verdict.IO, "--port: %w", err).Hintf("without --port, a free one is picked")
	}
	defer listener.Close()
	options.Host = listener.Addr().String()
	address := "http://" + options.Host + "/" + options.Path + "/"
	if _, err := io.WriteString(env.Stdout, address+"\n"); err != nil {
		return verdict.Errorf(verdict.IO, "writing the address: %w", err)
	}
	if env.StderrTTY {
		o.output.Note(env, "Ctrl-C ends it")
	}
	env.OpenBrowser(address, o.noBrowser, o.output)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	return web.New(options).Serve(ctx, listener)
}
