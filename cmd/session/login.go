package session

import (
	"cmp"
	"context"
	"slices"
	"time"

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
	baseOptions
	password passwordOptions

	user, preset, store string
}

func (o *loginOptions) addFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.user, "user", "u", "", "the `NAME` to log in with")
	f.StringVar(&o.preset, "preset", "", "the preset that describes the server, a `NAME` (default cookie)")
	o.password.addFlags(f)
	f.StringVar(&o.store, "store", "auto", "how tokens are stored, a `MODE`: file, keyring (a file sealed with a key from the keyring), or auto (keyring if it answers)")
	o.baseOptions.addFlags(f)
}

func (o *loginOptions) complete(env *cli.Env, c *cobra.Command) {
	o.baseOptions.complete(env, c)
	cli.CompleteValues(c, "store", "auto", "keyring", "file")
	cli.CompleteWith(c, "preset", func() []string { return presetNames(env) })
}

func (o *loginOptions) check() error {
	if !slices.Contains([]string{"auto", "keyring", "file"}, o.store) {
		return verdict.Errorf(verdict.Usage, "--store: is %q, must be auto, keyring or file", o.store)
	}
	return o.password.check()
}

func runLogin(ctx context.Context, env *cli.Env, o loginOptions, args []string) error {
	s, err := o.login(ctx, env, args)
	if err != nil {
		return o.output.Fail(env, err)
	}
	if s.RefreshToken == "" {
		o.output.Note(env, "no refresh token was found in the answer: the session ends when the access token expires")
	}
	return o.output.Show(env,
		func() render.Object { return loginJSON(s) },
		func(t *render.Text) { loginText(t, s, env.Now()) })
}

func (o loginOptions) login(ctx context.Context, env *cli.Env, args []string) (*session.Session, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	client, err := o.client(env)
	if err != nil {
		return nil, err
	}
	l, err := o.target(client, args)
	if err != nil {
		return nil, err
	}
	if _, err := preset(env, l.Preset); err != nil { // before the user types a password
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

// target returns what to log in with. What the command line leaves out is taken from the
// session that has the name.
func (o loginOptions) target(client *session.Client, args []string) (session.Login, error) {
	l := session.Login{User: o.user, Preset: o.preset, Store: session.Storage(o.store)}
	before, err := client.Store.Peek(client.Name)
	if err != nil {
		before = &session.Session{}
	}
	server := before.Server
	if len(args) > 0 {
		server = args[0]
	} else if err != nil {
		return l, verdict.Errorf(verdict.Usage, "which server?").Hintf("jwt session login https://login.example --user NAME")
	}
	if l.Server, err = authclient.ParseServer(server); err != nil {
		return l, err
	}
	if before.Server == l.Server.String() {
		l.User, l.Preset = cmp.Or(l.User, before.User), cmp.Or(l.Preset, before.Preset)
	}
	l.Preset = cmp.Or(l.Preset, "cookie")
	if l.User == "" {
		return l, verdict.Errorf(verdict.Usage, "which user?").Hintf("jwt session login %s --user NAME", l.Server)
	}
	return l, nil
}

func loginText(t *render.Text, s *session.Session, now time.Time) {
	t.Styled(render.Good, "✓").Put(" logged in to ", s.Server, " as ", s.User)
	if !s.AccessExpires.IsZero() {
		t.Put("; the access token lives ", reltime.Span(s.AccessExpires.Sub(now)))
		if !s.RefreshExpires.IsZero() {
			t.Put(", the session ", reltime.Span(s.RefreshExpires.Sub(now)), " without a refresh")
		}
	}
	t.Line()
}
