package session

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/authclient"
	"jwt/internal/cli"
	"jwt/internal/httpclient"
	"jwt/internal/oauth"
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
built-in one or your own in config.toml.

At an OAuth 2.0 server or OpenID provider, give the --client-id, or --flow. The
server's metadata names the endpoints. The flows:

  code                the login page of the server answers at a loopback port
  device              you open the login page on any device and enter a code
  paste               you paste the address at which the login page ends
  client-credentials  a client without a user
  password            --user and a password, if the server still takes them
  exchange            --subject-token for a token of this server

The address of a login page is always printed on stderr, and opened in a browser
if you are at a terminal. The client's secret and key are kept with the session,
for its refreshes: login --session NAME alone repeats the login.`
		c.Example = `  jwt session login https://login.example --user alice
  jwt session login http://127.0.0.1:3000 --user demo --password-env PASSWORD
  pass login | jwt session login https://login.example -u alice --password-stdin
  jwt session login https://login.example -u alice --preset token --session work
  jwt session login https://idp.example/realms/shop --client-id my-cli
  jwt session login https://idp.example --flow device --client-id my-cli --qr
  jwt session login https://idp.example --flow client-credentials \
      --client-id ci --client-secret env:CLIENT_SECRET --scope deploy`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 4 5 6 7 8 9 130"}
		c.Args = cli.AtMostOneArg("one server")
		o.addFlags(c.Flags())
		o.complete(env, c)
		c.RunE = func(c *cobra.Command, args []string) error { return runLogin(c.Context(), env, o, args) }
	},
}

type loginOptions struct {
	baseOptions
	password passwordOptions
	oauth    oauthOptions

	user, preset, store string
}

func (o *loginOptions) addFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.user, "user", "u", "", "the `NAME` to log in with")
	f.StringVar(&o.preset, "preset", "", "the preset that describes the server, a `NAME` (default: cookie, or by the metadata of an OAuth 2.0 server)")
	o.password.addFlags(f)
	o.oauth.addFlags(f)
	f.StringVar(&o.store, "store", "auto", "how tokens are stored, a `MODE`: file, keyring (a file sealed with a key from the keyring), or auto (keyring if it answers)")
	o.baseOptions.addFlags(f)
}

func (o *loginOptions) complete(env *cli.Env, c *cobra.Command) {
	o.baseOptions.complete(env, c)
	cli.CompleteValues(c, "store", "auto", "keyring", "file")
	cli.CompleteWith(c, "preset", func() []string { return presetNames(env) })
	o.oauth.complete(c)
}

func (o *loginOptions) check() error {
	if !slices.Contains([]string{"auto", "keyring", "file"}, o.store) {
		return verdict.Errorf(verdict.Usage, "--store: is %q, must be auto, keyring or file", o.store)
	}
	return errors.Join(o.password.check(), o.oauth.check())
}

func runLogin(ctx context.Context, env *cli.Env, o loginOptions, args []string) error {
	s, err := o.login(ctx, env, args)
	if err != nil {
		return o.output.Fail(env, err)
	}
	if !s.HasRefresh() {
		o.output.Note(env, "no refresh token was found in the answer: the session ends when the access token expires"+offlineHint(s))
	}
	return o.output.Show(env,
		func() render.Object { return loginJSON(s) },
		func(t *render.Text) { loginText(t, s, env.Now()) })
}

// offlineHint says how to get a refresh token that was asked for.
func offlineHint(s *session.Session) string {
	if s.OAuth == nil || s.OAuth.Flow != authclient.FlowCode || !oauth.HasScope(s.OAuth.Scope, authclient.OfflineAccess) {
		return ""
	}
	return "; some servers give one with --param prompt=consent"
}

func (o loginOptions) login(ctx context.Context, env *cli.Env, args []string) (*session.Session, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	client, err := o.client(env)
	if err != nil {
		return nil, err
	}
	before := lastLogin(client)
	l, issuer, err := o.target(before, args)
	if err != nil {
		return nil, err
	}
	isOAuth, err := o.isOAuth(env, before, l)
	if err != nil {
		return nil, err
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	if isOAuth {
		err = o.prepareOAuth(ctx, env, client, &l, before.OAuth, issuer)
	} else {
		err = o.prepare(env, &l)
	}
	if err != nil {
		return nil, interrupted(ctx, err)
	}
	s, err := client.Login(ctx, l)
	return s, interrupted(ctx, err)
}

// prepare completes a login with a name and a password at the login step of a preset.
func (o loginOptions) prepare(env *cli.Env, l *session.Login) (err error) {
	l.Preset = cmp.Or(l.Preset, "cookie")
	if l.User == "" {
		return verdict.Errorf(verdict.Usage, "which user?").Hintf("jwt session login %s --user NAME, or --client-id ID for OAuth 2.0", l.Server)
	}
	l.Password, err = o.password.read(env, l.User, l.Server)
	return err
}

// lastLogin returns the session that has the name, or an empty one.
func lastLogin(client *session.Client) *session.Session {
	s, err := client.Store.Peek(client.Name)
	if err != nil {
		return &session.Session{}
	}
	if s.OAuth != nil {
		if whole, err := client.Store.Load(client.Name); err == nil { // without its secrets they must be given again
			return whole
		}
	}
	return s
}

// target returns what to log in with, and the URL of the server as it is spelled. What the
// command line leaves out is taken from the session that has the name.
func (o loginOptions) target(before *session.Session, args []string) (l session.Login, spelled string, err error) {
	l = session.Login{User: o.user, Preset: o.preset, Store: session.Storage(o.store)}
	spelled = before.Server
	if before.OAuth != nil {
		spelled = before.OAuth.Server.Issuer
	}
	if len(args) > 0 {
		spelled = args[0]
	} else if before.Server == "" {
		return l, "", verdict.Errorf(verdict.Usage, "which server?").Hintf("jwt session login https://login.example --user NAME")
	}
	if l.Server, err = httpclient.ParseServer(spelled); err != nil {
		return l, "", err
	}
	if before.Server == l.Server.String() {
		l.User, l.Preset = cmp.Or(l.User, before.User), cmp.Or(l.Preset, before.Preset)
	}
	return l, spelled, nil
}

func loginText(t *render.Text, s *session.Session, now time.Time) {
	t.Styled(render.Good, "✓").Put(" logged in to ", s.Server, " as ", s.Who())
	if !s.AccessExpires.IsZero() {
		t.Put("; the access token lives ", reltime.Span(s.AccessExpires.Sub(now)))
		if !s.RefreshExpires.IsZero() {
			t.Put(", the session ", reltime.Span(s.RefreshExpires.Sub(now)), " without a refresh")
		}
	}
	t.Line()
}
