package session

import (
	"context"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/authclient"
	"jwt/internal/cli"
	"jwt/internal/reltime"
	"jwt/internal/render"
	"jwt/internal/session"
	"jwt/internal/verdict"
)

var loginCommand = cli.Command{
	Use:   "login [SERVER]",
	Short: "log in and store the session",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o loginOptions
		c.Long = `Log in to a server and store the tokens it returns.

The password is read from a prompt without echo, or as a --password-… flag
says; it is never an argument. Without SERVER and --user, the server and user
of the session are used again. A session that had the name before is forgotten
but not revoked at its server: jwt session logout does that.

A preset describes the requests and responses of the server: --preset NAME, a
built-in one or your own in config.toml.`
		c.Example = `  jwt session login https://login.example --user alice
  jwt session login http://127.0.0.1:3000 --user demo --password-env PASSWORD
  pass login | jwt session login https://login.example -u alice --password-stdin
  jwt session login https://login.example -u alice --preset token --session work`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 8 9 130"}
		c.Args = cli.AtMostOneArg("one server")
		o.addFlags(c.Flags())
		o.complete(env, c)
		c.RunE = func(c *cobra.Command, args []string) error { return runLogin(c.Context(), env, o, args) }
	},
}

type loginOptions struct {
	session  options
	output   cli.Output
	password passwordOptions

	user, preset, store string
}

func (o *loginOptions) addFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.user, "user", "u", "", "the `NAME` to log in with")
	f.StringVar(&o.preset, "preset", "", "the preset that describes the server, a `NAME` (default cookie)")
	o.password.addFlags(f)
	f.StringVar(&o.store, "store", "auto", "how tokens are stored, a `MODE`: file, keyring (a file sealed with a key from the keyring), or auto (keyring if it answers)")
	o.session.addFlags(f)
	o.output.AddFlags(f)
}

func (o *loginOptions) complete(env *cli.Env, c *cobra.Command) {
	o.session.complete(env, c)
	o.output.Complete(c)
	cli.CompleteValues(c, "store", "auto", "keyring", "file")
	completeWith(c, "preset", func() []string {
		config, _ := readConfig(env)
		names, _ := authclient.PresetNames(config)
		return names
	})
}

func (o *loginOptions) check() error {
	if err := o.output.Check(); err != nil {
		return err
	}
	if !slices.Contains([]string{"auto", "keyring", "file"}, o.store) {
		return verdict.Errorf(verdict.Usage, "--store: is %q, must be auto, keyring or file", o.store)
	}
	return o.password.check()
}

func runLogin(ctx context.Context, env *cli.Env, o loginOptions, args []string) error {
	if err := o.check(); err != nil {
		return o.output.Fail(env, err)
	}
	s, err := o.login(ctx, env, args)
	if err != nil {
		return o.output.Fail(env, err)
	}
	return o.show(env, s)
}

func (o loginOptions) login(ctx context.Context, env *cli.Env, args []string) (*session.Session, error) {
	client, err := o.session.client(env, o.output)
	if err != nil {
		return nil, err
	}
	l, err := o.target(client, args)
	if err != nil {
		return nil, err
	}
	if _, err := preset(env, l.Preset); err != nil { // before anybody types a password
		return nil, err
	}
	if l.Password, err = o.password.read(env, l.User, l.Server); err != nil {
		return nil, err
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	s, err := client.Login(ctx, l)
	return s, interrupted(ctx, err)
}

// target says who logs in where: what was typed, and for the rest what the
// session of that name was before.
func (o loginOptions) target(client *session.Client, args []string) (session.Login, error) {
	l := session.Login{User: o.user, Preset: o.preset, Store: session.Storage(o.store)}
	before, err := client.Store.Peek(client.Name)
	known := err == nil
	server := ""
	switch {
	case len(args) > 0:
		server = args[0]
	case known:
		server = before.Server
	default:
		return l, verdict.Errorf(verdict.Usage, "which server?").Hintf("jwt session login https://login.example --user NAME")
	}
	if l.Server, err = authclient.ParseServer(server); err != nil {
		return l, err
	}
	if known && before.Server == l.Server.String() {
		if l.User == "" {
			l.User = before.User
		}
		if l.Preset == "" {
			l.Preset = before.Preset
		}
	}
	if l.Preset == "" {
		l.Preset = "cookie"
	}
	if l.User == "" {
		return l, verdict.Errorf(verdict.Usage, "which user?").Hintf("jwt session login %s --user NAME", l.Server)
	}
	return l, nil
}

func (o loginOptions) show(env *cli.Env, s *session.Session) error {
	if o.output.WantsJSON(env) {
		return o.output.WriteJSON(env, render.Object{
			{Name: "session", Value: s.Name},
			{Name: "server", Value: s.Server},
			{Name: "preset", Value: s.Preset},
			{Name: "user", Value: s.User},
			{Name: "store", Value: string(s.Store)},
			{Name: "access_expires_at", Value: timeJSON(s.AccessExpires)},
			{Name: "refresh_expires_at", Value: timeJSON(s.RefreshExpires)},
		})
	}
	t := o.output.Text(env)
	t.Styled(render.Good, "✓").Put(" logged in to ", s.Server, " as ", s.User)
	now := env.Now()
	if !s.AccessExpires.IsZero() {
		t.Put("; the access token lives ", reltime.Span(s.AccessExpires.Sub(now)))
		if !s.RefreshExpires.IsZero() {
			t.Put(", the session ", reltime.Span(s.RefreshExpires.Sub(now)), " without a refresh")
		}
	}
	return o.output.Write(env, t.Line().Bytes())
}
